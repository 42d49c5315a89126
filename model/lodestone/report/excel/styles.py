"""How workbooks look: number formats by unit, headings with units, column widths, page set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.streamed import StreamedSheet

NUMBER_FORMATS = {
    "": "0",  # years and counts
    "year": "0",
    "t": "[=0]0;[<10]0.00;#,##0",
    "t/yr": "[=0]0;[<10]0.00;#,##0",
    "MUSD": "#,##0.00",
    "USD/kg": "#,##0.00",
    "share": "0.0%",
    "days": "#,##0.0",
    "builds": "0.00",
    "s": "0.00",
    "any": "General",
    "tiny": "0.0E+00",
    "ratio": "0.0E+00",  # a share too small to be shown as per cent
}
EXACT = ("any", "tiny", "ratio")  # written without rounding
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")  # with which text could be taken for a formula
SUFFIXES = ("_usd_per_kg", "_t_per_yr", "_musd", "_t")
LONGEST_TEXT = 32_767  # of a cell
LINE_HEIGHT = 15.0  # points
WIDEST = 60  # column, in characters
LAST_ROW = 1_048_575  # of a sheet, counted from 0
MOST_LINKS = 65_000  # of a sheet; Excel allows 65,530
LONGEST_LINK = 2_000  # characters; Excel allows 2,080
DARK, LIGHT, RULE, ALERT, LINK = "#1F3A4D", "#EEF3F6", "#9DB2BF", "#FCE4D6", "#0B5C8A"
# One meaning, one colour, in every chart of a workbook (clean and exposed: `colours`); told apart by people who see
# colours differently, and in print by darkness.
LIMIT = "#222222"  # dashed
PAYER_COLOURS = {"public": "#1F3A4D", "buyers": "#6C9AB5", "shortage": "#7A3B8F"}
SERIES_COLOURS = ("#1F3A4D", "#D4A017", "#A0529C", "#56A0D3", "#7A7A2E", "#D48CB0", "#7F7F7F", "#6B4A2B")  # the rest
GRID = {"visible": True, "line": {"color": "#DDDDDD"}}

Property = Any  # of a format or a chart, as xlsxwriter takes it
Properties = dict[str, Property]


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Property], ...], Format] = {}
        self.title = self.format(bold=True, font_size=18, font_color=DARK)
        self.subtitle = self.format(italic=True, font_color="#555555")
        self.section = self.format(bold=True, font_size=12, font_color=DARK, bottom=1, bottom_color=RULE)
        self.heading = self.format(bold=True, font_size=12, font_color=DARK)
        self.sentence = self.format(text_wrap=True, valign="top")
        self.alert = self.format(bg_color=ALERT)
        self.new_group = self.format(top=1, top_color=RULE)

    def format(self, **properties: Property) -> Format:
        """A format of the workbook, made once for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def header(self, is_text: bool) -> Format:
        """Over text to the left, over numbers in the middle."""
        place = {"align": "left", "indent": 1} if is_text else {"align": "center"}
        colours = {"font_color": "white", "bg_color": DARK, "border": 1, "border_color": RULE}
        return self.format(bold=True, text_wrap=True, valign="vcenter", **colours, **place)

    def number(self, unit: str, **properties: Property) -> Format:
        """The format of a number in a unit."""
        return self.format(num_format=NUMBER_FORMATS[unit], **properties)

    def text(self, value: str, **properties: Property) -> Format:
        """Text that begins like a formula also stays text when somebody edits the cell."""
        guard = {"quote_prefix": True} if value.startswith(FORMULA_SIGNS) else {}
        return self.format(**{"indent": 1, "align": "left", **guard, **properties})

    def write(
        self, sheet: Worksheet, row: int, column: int, value: Cell, unit: str = "", **properties: Property
    ) -> None:
        """One cell. Text stays text, whatever it begins with; None and empty text are left blank."""
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if isinstance(value, list | tuple):  # several words in one cell, as in Budgets
            value = ", ".join(map(str, value))
        if isinstance(value, str) and value:
            sheet.write_string(row, column, value[:LONGEST_TEXT], self.text(value, **properties))
        elif value not in (None, ""):
            number = value if unit in EXACT else round(value, 6) + 0.0  # no -0.00 from a solver's -1e-9
            sheet.write_number(row, column, number, self.number(unit, **properties))
        elif properties:
            sheet.write_blank(row, column, None, self.format(**properties))

    def link(
        self, sheet: Worksheet, row: int, column: int, url: str, text: str, tip: str = "", **look: Property
    ) -> None:
        """Text that leads somewhere: "internal:Costs!A1" or what `external` makes. Too long an address is left out."""
        if len(url) > LONGEST_LINK:
            self.write(sheet, row, column, text, **look)
        else:
            cell = self.text(text, font_color=LINK, underline=1, **look)
            sheet.write_url(row, column, url, cell, text[:LONGEST_TEXT], tip)


def heading(column: Column) -> str:
    """'stock_t' in t -> 'Stock (t)'; shares are shown as per cent."""
    name = column.name
    if column.unit:
        name = next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
        name = "amount" if name in ("t", "musd") else name
    words = name.replace("_", " ")
    words = words[:1].upper() + words[1:]
    unit = {"share": "%", "ratio": "share"}.get(column.unit, column.unit)
    return words if unit in ("", "any", "tiny") or unit in words.lower().split() else f"{words} ({unit})"


def width(title: str, values: Iterable[Cell], unit: str) -> float:
    """Wide enough for every number and most text; a heading may take two lines, but no word of it is broken."""
    longest = max((len(_shown(v, unit)) for v in set(values)), default=0)
    words = max(map(len, title.split()), default=0)
    return min(max(longest + 2, words + 4, len(title) / 2 + 4), WIDEST)


def _shown(value: Cell, unit: str) -> str:
    """About as long as the cell will look."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if unit in ("", *EXACT):
        return f"{value:.6g}"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}" if unit[0] in "td" and abs(value) >= 10 else f"{value:,.2f}"


def heading_height(titles: Sequence[str], widths: Sequence[float]) -> float:
    """Points that a heading row needs when every heading is wrapped in its column."""
    lines = (len(wrap(title, max(int(w) - 3, 1))) for title, w in zip(titles, widths, strict=True))
    return LINE_HEIGHT * max(lines, default=1) + 3


def page(sheet: Worksheet, plan_name: str, sheet_name: str) -> None:
    """Landscape, as wide as the paper, named and numbered."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.set_header(f"&L{_escaped(plan_name)}&R{_escaped(sheet_name)}")
    sheet.set_footer("&CPage &P of &N")


def _escaped(text: str) -> str:
    return text[:100].replace("&", "&&")


def chart_text(text: str) -> str:
    """A title or name for a chart that xlsxwriter does not take for the address of a cell, such as a!B1."""
    return text[:255].replace("!", "!\u200b")


def external(path: str, sheet: str, cell: str) -> str:
    """The address of a cell in another workbook; path: with slashes, absolute or as seen from this workbook."""
    escaped = "".join(f"%{ord(c):02x}" if c in '%"<>[]^`{}# ' else c for c in path)
    name = sheet if sheet.isalnum() else "'" + sheet.replace("'", "''") + "'"
    return f"external:{escaped}#{name}!{cell}"


Links = Mapping[int, Callable[[Sequence[Cell]], str | None]]  # column -> where the cell of a row leads, None: nowhere


def write_grid(
    styles: Styles,
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    totals: int = 0,
    links: Links | None = None,
    back: str = "",
    aside: str = "",
) -> None:
    """A table from the top left cell on: heading row frozen and repeated in print, filters on, widths that fit.

    totals: how many of the last rows are totals; they are set apart and not filtered. back: a sheet to which a cell
    beside the headings leads; it is not printed. aside: a comment on it.
    """
    left_out = max(0, len(rows) - LAST_ROW)
    if left_out:
        rows = [*rows[: LAST_ROW - 1], (f"... {left_out + 1} more rows in plan.json",)]
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    titles = [heading(column) for column in columns]
    widths = [width(titles[j], (r[j] for r in rows if j < len(r)), c.unit) for j, c in enumerate(columns)]
    sheet.set_row(0, heading_height(titles, widths))
    for j, column in enumerate(columns):
        is_text = not column.unit and any(isinstance(r[j], str) for r in rows[:1])
        sheet.write_string(0, j, titles[j], styles.header(is_text))
        if column.meaning:
            sheet.write_comment(0, j, sentence(column.meaning), {"x_scale": 2, "y_scale": 0.6})
        sheet.set_column(j, j, widths[j])
    if back:
        styles.link(sheet, 0, len(columns), f"internal:{back}!A1", f"Back to {back}", valign="vcenter")
        sheet.set_column(len(columns), len(columns), len(back) + 12)
        if aside:
            sheet.write_comment(0, len(columns), aside, {"x_scale": 2, "y_scale": 0.6})
        sheet.print_area(0, 0, max(len(rows), 1), len(columns) - 1)
    places = links or {}
    linked = 0
    first_total = len(rows) - totals

    def write(i: int, j: int, value: Cell, row: Sequence[Cell]) -> None:
        nonlocal linked
        if j in places and isinstance(value, str) and linked < MOST_LINKS and (url := places[j](row)):
            styles.link(sheet, i, j, url, value)
            linked += 1
        else:
            styles.write(sheet, i, j, value, columns[j].unit)

    if isinstance(sheet, StreamedSheet):
        numbers = [styles.number(column.unit) for column in columns]
        exact = [column.unit in EXACT for column in columns]
        names = [None if j in places else styles.text("") for j in range(len(columns))]
        sheet.write_rows(1, rows[:first_total], numbers, exact, names, LONGEST_TEXT, write)
    else:
        for i, row in enumerate(rows[:first_total], 1):
            for j, value in enumerate(row):
                write(i, j, value, row)
    for i, row in enumerate(rows[first_total:], first_total + 1):
        for j, value in enumerate(row):
            styles.write(sheet, i, j, value, columns[j].unit, bold=True, bg_color=LIGHT)
    sheet.autofilter(0, 0, max(first_total, 1), len(columns) - 1)


def write_table(
    styles: Styles,
    sheet: Worksheet,
    row: int,
    title: str,
    headings: Sequence[str],
    units: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    wrapped: bool = False,
) -> int:
    """A table among others on a sheet: title, headings as they are, rows; returns the row that follows it.

    widths: of the sheet's columns. wrapped: long texts are broken into lines.
    """
    sheet.write_string(row, 0, title, styles.heading)
    sheet.set_row(row + 1, heading_height(headings, widths[: len(headings)]))
    for j, text in enumerate(headings):
        is_text = j == 0 or not rows or isinstance(rows[0][j], str)
        sheet.write_string(row + 1, j, text, styles.header(is_text))
    broken: Properties = {"valign": "top"} if wrapped else {}
    for i, cells in enumerate(rows, row + 2):
        for j, value in enumerate(cells):
            look: Properties = {"align": "left", "indent": 1} if j == 0 else {}
            if isinstance(value, str):
                look = {"text_wrap": True} if wrapped else {}
            styles.write(sheet, i, j, value, units[j], **look, **broken)
    return row + 2 + len(rows)


def sentence(text: str) -> str:
    """A text with a capital letter first and a full stop last."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
