"""A workbook that is filled already, with all the help that the blank one has: an example.

It keeps the columns of its tables and their order; headings, comments, drop-downs, number formats, ReadMe and index are
those of the blank workbook. What is read by people alone (sources, notes) is wrapped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone.plan.tables import Cell
from lodestone.report.excel.styles import DARK, LINE_HEIGHT, RULE, Styles, page
from lodestone.template.blank import BACK, README, heading_look, help_text, look_of, note_on, write_readme
from lodestone.template.column_help import label_help
from lodestone.template.drop_downs import LAST_ROW, LISTS, rule, write_lists
from lodestone.template.example_rows import ExampleRow, example_rows
from lodestone.workbook.file.xlsx import column_letters
from lodestone.workbook.schema.columns import LABEL, YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS

Table = Sequence[Sequence[Cell]]  # headings, then rows
WIDE = {"source": 60, "note": 60, "description": 60}  # columns that are wrapped
WIDEST = 32
ROOM = 30  # rows of the lists for names that are added


def write_filled(path: Path, tables: Mapping[str, Table], built: datetime) -> None:
    """Write the tables (sheet -> headings and rows) with help; built: the date that the file says, whenever it is."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": "Lodestone workbook", "author": "Lodestone", "created": built})
    styles = Styles(book)
    pages = {name: book.add_worksheet(name) for name in (README, *tables, LISTS)}
    places = {name: _places(name, table[0]) for name, table in tables.items()}
    write_readme(styles, pages[README], {name: places[name] for name in tables})
    shown = example_rows(built.year, built.year + 1)
    for name, table in tables.items():
        sheet = pages[name]
        page(sheet, "Lodestone workbook", name)
        sheet.set_tab_color(DARK if SHEETS[name].required else RULE)
        for position, heading in enumerate(table[0]):
            _write_column(styles, sheet, SHEETS[name], position, heading, table, shown.get(name, []))
        position = len(table[0])
        sheet.set_column(position, position, 13)
        sheet.write_url(0, position, f"internal:'{README}'!A1", heading_look(styles, False), BACK)
        sheet.freeze_panes(1, 1 if name == "Settings" else len(SHEETS[name].key) or 1)
        sheet.autofilter(0, 0, len(table) - 1, position - 1)
        for number, row in enumerate(table[1:], start=1):
            sheet.set_row(number, LINE_HEIGHT * _lines(table[0], row))
    named = sum(len(tables[name]) for name in ("Plants", "Projects", "Markets") if name in tables)  # the longest list
    write_lists(book, pages[LISTS], places, max(named, *(len(table) for table in tables.values())) + ROOM)
    book.close()


def _places(name: str, headings: Sequence[Cell]) -> dict[str, str]:
    """Column -> its letters; the first year stands for all."""
    found: dict[str, str] = {}
    for position, heading in enumerate(headings, start=1):
        found.setdefault(YEARS if isinstance(heading, int) else str(heading), column_letters(position))
    return found


def _write_column(
    styles: Styles, sheet: Worksheet, listed: Sheet, position: int, heading: Cell, table: Table, shown: list[ExampleRow]
) -> None:
    """A heading with its help, and the cells below it."""
    column = listed.by_name.get(YEARS if isinstance(heading, int) else str(heading)) if listed is not SETTINGS else None
    values = [row[position] for row in table[1:]]
    sheet.write(0, position, heading, heading_look(styles, column is not None and column.required))
    sheet.set_column(position, position, _width(heading, values))
    if heading == LABEL and LABEL in listed.free:
        sheet.write_comment(0, position, *note_on(label_help(listed)))
    if column is not None:
        sheet.write_comment(0, position, *note_on(help_text(listed, column, shown, _example_of(heading, shown))))
        sheet.data_validation(1, position, LAST_ROW - 1, position, rule(column))
    for number, (row, value) in enumerate(zip(table[1:], values, strict=True), start=1):
        cell_of = SETTINGS.by_name.get(str(row[0])) if listed is SETTINGS and heading == "value" else column
        look = _look(styles, cell_of, heading, value)
        if value is None:
            sheet.write_blank(number, position, None, look)
        else:
            sheet.write(number, position, value, look)
        if listed is SETTINGS and cell_of is not None:
            sheet.data_validation(number, position, number, position, rule(cell_of))


def _example_of(heading: Cell, shown: list[ExampleRow]) -> str | int:
    """A year of the story of the blank workbook, where it has not the year of the heading."""
    if not isinstance(heading, int):
        return str(heading)
    years = [year for row in shown for year in row if isinstance(year, int)]
    return heading if heading in years or not years else years[0]


def _look(styles: Styles, column: Column | None, heading: Cell, value: Cell) -> object:
    if heading in WIDE:
        return styles.format(text_wrap=True, valign="top", font_color="#595959")
    more = {"align": "left"} if isinstance(value, str) or column is None else {}
    return styles.format(valign="top", **more) if column is None else look_of(styles, column, valign="top", **more)


def _width(heading: Cell, values: Sequence[Cell]) -> float:
    longest = max(len(str(value)) for value in (heading, *values) if value is not None) + 3
    return min(WIDE.get(str(heading), WIDEST), max(10, longest))


def _lines(headings: Sequence[Cell], row: Sequence[Cell]) -> int:
    wrapped = [
        math.ceil(len(value) * 1.15 / WIDE[str(heading)])
        for heading, value in zip(headings, row, strict=True)
        if isinstance(value, str) and heading in WIDE
    ]
    return max(1, *wrapped, 1)
