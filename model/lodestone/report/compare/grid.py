"""Grids of compare.xlsx: each cell has a unit of its own, as runs and their differences stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from lodestone.plan.formatting import one_line
from lodestone.plan.tables import Cell
from lodestone.report.excel.styles import (
    ALERT,
    DARK,
    FORMULA_SIGNS,
    LAST_ROW,
    LIGHT,
    LINE_HEIGHT,
    RULE,
    Properties,
    Styles,
    heading_height,
    width,
)

DIFFERENCE_FORMATS = {
    "MUSD": "+#,##0.00;-#,##0.00;0.00",
    "t": "+#,##0;-#,##0;0",
    "t/yr": "+#,##0;-#,##0;0",
    "share": "+0.0%;-0.0%;0.0%",
    "days": "+#,##0.0;-#,##0.0;0.0",
}
WIDEST_RUN, WIDEST_TEXT = 28, 55  # characters
MOST_LINES = 6  # of a cell
EXACT = "exact"  # cost cells keep every digit, so that the bridge adds up in Excel too


@dataclass(frozen=True)
class Line:
    """One row of a grid. units: one for each cell; total: set apart."""

    cells: Sequence[Cell]
    units: Sequence[str]
    total: bool = False
    marked: frozenset[int] = field(default_factory=frozenset)  # cells to be noticed


def write_grid(sheet: Worksheet, styles: Styles, titles: Sequence[str], lines: Sequence[Line]) -> None:
    """As styles.write_grid, but headings are written as they are (names of runs), and units may differ by row."""
    left_out = len(lines) - LAST_ROW
    if left_out > 0:
        lines = [*lines[: LAST_ROW - 1], Line([f"... {left_out + 1} more rows in the JSON file"], [""])]
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    widths = [_width(title, j, lines) for j, title in enumerate(titles)]
    sheet.set_row(0, heading_height(titles, widths))
    for j, title in enumerate(titles):
        is_text = any(isinstance(line.cells[j], str) for line in lines[:1] if j < len(line.cells))
        sheet.write_string(0, j, title, header(styles, title, is_text))
        sheet.set_column(j, j, widths[j])
    for i, line in enumerate(lines, 1):
        write_line(sheet, styles, i, line, widths)
    totals = len(lines) - max((i for i, line in enumerate(lines, 1) if not line.total), default=0)
    sheet.autofilter(0, 0, max(len(lines) - totals, 1), len(titles) - 1)


def _width(title: str, j: int, lines: Sequence[Line]) -> float:
    """Text of several columns in one cell (a remark) does not count."""
    cells = [(line.cells[j], line.units[j].removeprefix("difference ")) for line in lines if 1 < len(line.cells) > j]
    units = {unit for _, unit in cells}
    unit = "MUSD" if units & {EXACT, "gap"} else next(iter(units), "")
    shown = [round(cell, 2) if isinstance(cell, float) and unit == "MUSD" else cell for cell, _ in cells]
    if any(isinstance(cell, str) for cell in shown):
        return min(width(title, shown, unit) + 1, WIDEST_TEXT)
    words = max(map(len, title.split()), default=0)  # over numbers, a heading may take three lines
    return min(max(width("", shown, unit) + 1, words + 4, len(title) / 3 + 4), WIDEST_RUN)


def write_line(
    sheet: Worksheet, styles: Styles, row: int, line: Line, widths: Sequence[float], *, in_section: bool = False
) -> None:
    """in_section: names are set in a little, and what the runs say stands to the right, as numbers do."""
    look: Properties = {"bold": True, "bg_color": LIGHT} if line.total else {}
    room = [int(size) - (4 if j == 0 else 0) if in_section else int(size) - 2 for j, size in enumerate(widths)]
    is_text = [isinstance(value, str) for value in line.cells]
    texts = [one_line(value) if text else "" for value, text in zip(line.cells, is_text, strict=True)]
    high = [len(wrap(text, max(room[j], 1))) if len(texts) > 1 else 1 for j, text in enumerate(texts)]
    height = min(max(high), MOST_LINES)
    if height > 1:
        sheet.set_row(row, LINE_HEIGHT * height)
        look["valign"] = "top"
    for j, (value, unit) in enumerate(zip(line.cells, line.units, strict=True)):
        more = {**look, "bg_color": ALERT} if j in line.marked else look
        if is_text[j]:
            place: Properties = {"indent": 2} if in_section and j == 0 else {}
            if (in_section and j > 1) or unit == "any":
                place = {"align": "right", "indent": 0}
            if high[j] > 1:
                place["text_wrap"] = True
            styles.write(sheet, row, j, texts[j], **more, **place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _write_number(sheet, styles, row, j, value, unit, more)
        else:
            styles.write(sheet, row, j, value, **more)


def _write_number(
    sheet: Worksheet, styles: Styles, row: int, column: int, value: float, unit: str, look: Properties
) -> None:
    is_difference = unit.startswith("difference ")
    unit = unit.removeprefix("difference ")
    if unit == "gap":
        sheet.write_number(row, column, value, styles.format(num_format="0.00%", **look))
    elif unit == EXACT or is_difference:
        plain = "MUSD" if unit == EXACT else unit
        number_format = DIFFERENCE_FORMATS[plain] if is_difference else "#,##0.00"
        number = value if unit == EXACT else round(value, 6)
        sheet.write_number(row, column, number + 0.0, styles.format(num_format=number_format, **look))
    else:
        styles.write(sheet, row, column, value, unit, **look)


def header(styles: Styles, title: str, is_text: bool) -> Format:
    """As styles.header; a run's name that begins like a formula stays text when somebody edits the cell."""
    if not title.startswith(FORMULA_SIGNS):
        return styles.header(is_text)
    colours = {"font_color": "white", "bg_color": DARK, "border": 1, "border_color": RULE}
    return styles.format(bold=True, text_wrap=True, valign="vcenter", align="center", quote_prefix=True, **colours)
