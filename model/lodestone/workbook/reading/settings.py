"""The sheet Settings: one setting a row."""

from __future__ import annotations

from lodestone.errors import Problem
from lodestone.names import advice, plain
from lodestone.workbook.file.xlsx import CellValue, ErrorValue, NoValue, RawSheet
from lodestone.workbook.reading.cells import UnusableCell, convert, show
from lodestone.workbook.reading.headings import FREE_SIGN, read_headings, refuse_stray_columns
from lodestone.workbook.reading.layout import covered_cells
from lodestone.workbook.reading.typed import Cells, TypedWorkbook
from lodestone.workbook.schema.columns import Sheet, text
from lodestone.workbook.schema.sheets import SETTINGS

_SETTING_ROW = Sheet(
    "Settings",
    SETTINGS.meaning,
    (
        text("setting", "Name of the setting.", required=True),
        text("value", "Its value."),
    ),
    key=("setting",),
)


def read_settings(raw: RawSheet, book: TypedWorkbook) -> None:
    """Put the settings that are given into the book, and what is wrong with them into its problems."""
    told: list[Problem] = []
    headings = read_headings(_SETTING_ROW, raw, told)
    if not {"setting", "value"} <= headings.letters.keys():
        book.problems.append(
            Problem(
                "Settings!A1",
                show(raw.rows.get(1, {}).get(1)),
                "the sheet Settings needs the headings setting and value in row 1",
                "write setting in A1 and value in B1, and one setting in each row below",
            )
        )
        return
    book.problems += told
    positions = {name: position for position, (_, name) in headings.targets.items()}
    refuse_stray_columns(_SETTING_ROW, headings, raw, book.problems)
    book.columns["Settings"] = frozenset(positions.values())
    covered_cells("Settings", raw, positions.values(), book.problems)
    for number, cells in raw.rows.items():
        label, value = cells.get(positions["setting"]), cells.get(positions["value"])
        if number > headings.row and (label is not None or value is not None):
            places = Cells("Settings", headings.letters, number)
            if isinstance(label, ErrorValue | NoValue):
                wrong, mend = "the cell holds no name of a setting", "enter the name of the setting, or clear the row"
                book.problems.append(Problem(places["setting"], show(label), wrong, mend))
                continue
            _read_setting(show(label), value, places, headings.remarks_of(cells), book)


def _read_setting(
    label: str, value: CellValue | None, places: Cells, remarks: dict[str, str], book: TypedWorkbook
) -> None:
    if label.startswith(FREE_SIGN):
        return
    column = SETTINGS.by_name.get(plain(label))
    if column is None:
        book.problems.append(
            Problem(
                places["setting"],
                label,
                "there is no setting of this name",
                advice(label, SETTINGS.by_name, "enter one of"),
            )
        )
        return
    if column.name in book.setting_cells:
        book.problems.append(
            Problem(
                places["setting"],
                label,
                f"{column.name} is given twice, first in {book.setting_cells[column.name]}",
                "delete one of the two rows",
            )
        )
        return
    book.setting_cells[column.name] = places["value"]
    book.setting_remarks[column.name] = remarks
    if value is None:
        return
    try:
        book.settings[column.name] = convert(column, value)
    except UnusableCell as problem:
        book.unusable_settings.add(column.name)
        book.problems.append(Problem(places["value"], show(value), problem.wrong, problem.mend))
