"""What a workbook takes on paper: A4, how many pages a table fills, and what is set not to print.

A sheet is kept from print by a print area of one blank cell: Excel and LibreOffice leave out pages without content, and
whoever wants the sheet clears the print area.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from xlsxwriter.worksheet import Worksheet

from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.styles import LINE_HEIGHT, heading, heading_height, width

MOST_PAGES = 12  # of a plan
MOST_ROWS = 200  # of a table that is printed
SHORT, LONG = 538.0, 748.0  # points within the margins of `styles.page`, if the paper stands upright
LAID, LAID_HIGH = 784.0, 501.0  # and if it lies
SQUEEZED = 1.1  # rather than to begin one more page
LEAST_SCALE = 0.42  # smaller letters are not read
COMMENTS = 20  # columns over which one may hang
CLEAR = "Page Layout, Print Area, Clear Print Area"
SET_ASIDE = "Set not to print. To print all {rows:,} rows: " + CLEAR + "."


def upright(sheet: Worksheet, columns: Sequence[float], breaks: Sequence[int]) -> float:
    """A sheet that is read from top to bottom: as wide as the paper, broken at these rows; returns points on a page.

    Where columns turn out wider, for want of the usual letters, everything is printed smaller and more of it fits.
    """
    sheet.set_portrait()
    sheet.set_h_pagebreaks(breaks)
    return LONG / min(1.0, SHORT / sum(map(points, columns)))


class Heights:
    """Sets the heights of rows, and knows what rows take together."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._points: dict[int, float] = {}

    def set(self, row: int, points: float) -> None:
        """Make a row that high."""
        self._sheet.set_row(row, points)
        self._points[row] = points

    def between(self, first: int, end: int) -> float:
        """Points of the rows from the first to the one before the end."""
        return sum(self._points.get(row, LINE_HEIGHT) for row in range(first, end))


def points(characters: float) -> float:
    """The width of a column of so many characters."""
    return 0.75 * int(7 * characters + 5)


def pages(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int | None:
    """That a table fills when it is as wide as the paper that lies; None: too long, or too small to be read."""
    if len(rows) > MOST_ROWS:
        return None
    titles = [heading(column) for column in columns]
    widths = [width(titles[j], (row[j] for row in rows if j < len(row)), c.unit) for j, c in enumerate(columns)]
    scale = min(1.0, LAID / sum(map(points, widths)))
    if scale < LEAST_SCALE:
        return None
    held = (LAID_HIGH / scale - heading_height(titles, widths)) // LINE_HEIGHT
    return max(1, math.ceil(len(rows) / held / SQUEEZED))


def within(left: int, asked: Iterable[tuple[str, int | None]]) -> dict[str, int]:
    """Sheet -> pages, for as many as there are pages left for, the first first."""
    printed: dict[str, int] = {}
    for name, needed in asked:
        if needed is not None and needed <= left:
            printed[name] = needed
            left -= needed
    return printed


def leave_out(sheet: Worksheet, beside: int) -> None:
    """Keep a sheet from print. beside: a column to the right of all cells; comments on headings reach further."""
    sheet.print_area(1, beside + COMMENTS, 1, beside + COMMENTS)
