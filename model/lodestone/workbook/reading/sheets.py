"""From an .xlsx file to typed rows, with every problem named by its cell.

Sheets and headings are matched with the schema, cells converted to what their column wants, references looked up.
A problem never stops the reading: what is unusable is set aside and the rest goes on, so that one pass finds them all.
Where it is plain what was meant (a misspelt column or reference), reading goes on with that: no follow-on problems.
"""

from __future__ import annotations

from collections.abc import Mapping

from lodestone.errors import Problem, Problems
from lodestone.names import did_you_mean, listed, nearest, plain
from lodestone.workbook.file.xlsx import RawSheet
from lodestone.workbook.reading.doubts import doubts_of_cells
from lodestone.workbook.reading.headings import FREE_SIGN, heading_of
from lodestone.workbook.reading.layout import doubts_of_layout
from lodestone.workbook.reading.references import look_up_references
from lodestone.workbook.reading.rows import read_table
from lodestone.workbook.reading.settings import read_settings
from lodestone.workbook.reading.typed import TypedTable, TypedWorkbook
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SETTINGS, SHEETS

FREE_SHEET = "readme"


def read_workbook(sheets: list[RawSheet]) -> TypedWorkbook:
    """Convert all sheets of a file; problems are collected, none is raised."""
    book = TypedWorkbook()
    found, unclear = _match_sheets(sheets, book.problems)
    _require_sheets(found, unclear, book.problems)
    book.sheet_names = {name: raw.name for name, raw in found.items()}
    if "Settings" in found:
        read_settings(found["Settings"], book)
    for name in NAMED_SHEETS:
        if name in found:
            book.tables[name] = read_table(SHEETS[name], found[name], book)
        else:
            missed = SHEETS[name].required or name in unclear
            book.tables[name] = TypedTable(complete=not missed)
    look_up_references(book)
    book.warnings = [*Problems([*doubts_of_layout(found, book), *doubts_of_cells(book)])]
    return book


def _is_free(name: str) -> bool:
    """ReadMe and sheets starting with # are the planner's own."""
    return name.startswith(FREE_SIGN) or plain(name).replace("_", "") == FREE_SHEET


def _match_sheets(sheets: list[RawSheet], problems: list[Problem]) -> tuple[dict[str, RawSheet], set[str]]:
    """The sheets of the schema that the file has, and those that it probably has under a misspelt name."""
    by_plain = {plain(name): name for name in SHEETS}
    found: dict[str, RawSheet] = {}
    unknown = []
    for sheet in sheets:
        name = by_plain.get(plain(sheet.name))
        if _is_free(sheet.name):
            continue
        if name is None:
            unknown.append(sheet.name)
        elif name in found:
            problems.append(
                Problem(
                    sheet.name,
                    sheet.name,
                    f"the sheet {name} is there twice",
                    f"keep one, and rename the other to {FREE_SIGN}{name} or delete it",
                )
            )
        else:
            found[name] = sheet
    missing = [name for name in SHEETS if name not in found]
    problems += [_unknown_sheet(name, missing) for name in unknown]
    return found, {meant for name in unknown if (meant := nearest(name, missing))}


def _unknown_sheet(name: str, missing: list[str]) -> Problem:
    meant = nearest(name, missing) or nearest(name, SHEETS)
    mend = f"{did_you_mean(name, meant)} Otherwise " if meant else ""
    return Problem(
        name,
        name,
        "there is no sheet of this name",
        f"{mend}delete the sheet, or rename it to {FREE_SIGN}{name} if it is your own",
    )


def _require_sheets(found: Mapping[str, RawSheet], unclear: set[str], problems: list[Problem]) -> None:
    for sheet in SHEETS.values():
        if not sheet.required or sheet.name in unclear:
            continue
        columns = ["setting", "value"] if sheet is SETTINGS else [heading_of(column) for column in sheet.columns]
        if sheet.name not in found:
            problems.append(
                Problem(
                    sheet.name,
                    "no such sheet",
                    f"the sheet {sheet.name} is missing",
                    f"add it with the headings {listed(columns, 20)}",
                )
            )
        elif not any(number > 1 for number in found[sheet.name].rows):
            problems.append(
                Problem(
                    sheet.name,
                    "no rows",
                    f"the sheet {sheet.name} has no rows",
                    f"fill it below the headings {listed(columns, 20)}",
                )
            )
