"""Write the example workbooks from their source tables.

    python inputs/build_examples.py            writes inputs/<example>.xlsx
    python inputs/build_examples.py --check    writes nothing; exit code 1 if a workbook's cells part from its tables
    python inputs/build_examples.py --only rare_earth_magnets --without Periods --to FOLDER
                                               a variant elsewhere: here the example without periods within a year

Each folder under inputs/sources holds one CSV file per sheet of the workbook; a sheet that an example does not use has
no file. Figures are mended there, never in the
workbook: a CSV file shows in a review which number changed, and its `source` column says why it may be believed.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

INPUTS = Path(__file__).resolve().parent
SOURCES = INPUTS / "sources"
EXAMPLES = ("critical_minerals", "rare_earth_magnets", "tutorial")
SHEETS = (
    "Settings", "Periods", "Regions", "Materials", "Prices", "BankPrices", "Processes", "Plants", "Projects",
    "PriceFloors", "Contracts", "Markets", "Trade", "Lanes", "Tariffs", "Sectors", "Demand", "Substitution", "Returns",
    "Stockpiles", "ChinaShare", "Budgets", "Scenarios", "Changes",
)  # fmt: skip
FREE_TEXT = frozenset({"source", "note", "description"})
NUMBER = re.compile(r"-?\d+(\.\d+)?")
CALENDAR = re.compile(r".*_(year|from|to)")
HEADER_FILL = PatternFill("solid", fgColor="DCE6F1")
WIDEST = {"source": 60, "note": 60, "description": 60}
BUILT = datetime(2026, 1, 1)

Value = str | int | float | None
Table = list[list[Value]]


def typed(column: str, cell: str) -> Value:
    """A CSV cell as the workbook holds it: numbers as numbers, nothing as an empty cell."""
    if not cell:
        return None
    if column in FREE_TEXT or not NUMBER.fullmatch(cell):
        return cell
    number = float(cell)
    return int(number) if number.is_integer() else number


def read_table(path: Path) -> Table:
    """Heading row and rows of one sheet; years become integer headings."""
    with path.open(encoding="utf-8", newline="") as file:
        headings, *rows = csv.reader(file)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(headings):
            raise ValueError(f"{path.name} line {number}: {len(row)} cells under {len(headings)} headings")
    return [[typed("", heading) for heading in headings]] + [
        [typed(heading, cell) for heading, cell in zip(headings, row, strict=True)] for row in rows
    ]


def read_example(name: str, without: Collection[str] = ()) -> dict[str, Table]:
    """All sheets of an example, in the order of the workbook."""
    found = {sheet: SOURCES / name / f"{sheet}.csv" for sheet in SHEETS if sheet not in without}
    tables = {sheet: read_table(path) for sheet, path in found.items() if path.exists()}
    return without_months(tables) if "Periods" in without else tables


def without_months(tables: dict[str, Table]) -> dict[str, Table]:
    """The scenarios that need periods within a year are left out too, with their Changes."""
    in_a_year: set[Value] = set()
    for sheet in ("Scenarios", "Changes"):
        headings, *rows = tables[sheet]
        months = [column for column, heading in enumerate(headings) if str(heading).endswith("_month")]
        in_a_year |= {row[0] for row in rows if any(row[column] is not None for column in months)}
    return tables | {
        sheet: [row for row in tables[sheet] if row[0] not in in_a_year] for sheet in ("Scenarios", "Changes")
    }


def number_format(sheet: str, column: Value, value: Value) -> str:
    """Years of the calendar without separators, all else with."""
    if isinstance(value, float):
        return "#,##0.0####"
    if sheet == "Settings" or CALENDAR.fullmatch(str(column)):
        return "0"
    return "#,##0"


def fill(worksheet: Worksheet, table: Table) -> None:
    """One sheet: cells, frozen bold headings, filter, widths."""
    headings = table[0]
    for row in table:
        worksheet.append(row)
    for cell in worksheet[1]:
        cell.font = Font(bold=True)
        cell.fill = HEADER_FILL
        cell.alignment = Alignment(vertical="top", wrap_text=isinstance(cell.value, str))
    for cells in worksheet.iter_rows(min_row=2):
        for heading, cell in zip(headings, cells, strict=True):
            if isinstance(cell.value, int | float):
                cell.number_format = number_format(worksheet.title, heading, cell.value)
            elif heading in FREE_TEXT:
                cell.alignment = Alignment(vertical="top", wrap_text=True)
    for position, heading in enumerate(headings):
        longest = max(len(str(row[position])) for row in table if row[position] is not None)
        most = WIDEST.get(str(heading), 32)
        worksheet.column_dimensions[get_column_letter(position + 1)].width = min(most, max(9, longest + 2))
    worksheet.freeze_panes = "B2"
    worksheet.auto_filter.ref = worksheet.dimensions


def build(name: str, without: Collection[str] = ()) -> Workbook:
    """The workbook of an example, not yet saved."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = "inputs/build_examples.py"
    workbook.properties.created = BUILT
    for sheet, table in read_example(name, without).items():
        fill(workbook.create_sheet(sheet), table)
    return workbook


def workbook_path(name: str) -> Path:
    return INPUTS / f"{name}.xlsx"


def differences(name: str) -> Iterator[str]:
    """Where the saved workbook of an example parts from its tables, one line each."""
    path = workbook_path(name)
    if not path.exists():
        yield f"{path.name} is missing"
        return
    saved, wanted = load_workbook(path), build(name)
    if saved.sheetnames != wanted.sheetnames:
        yield f"{path.name}: sheets {saved.sheetnames}, tables {wanted.sheetnames}"
        return
    for sheet in wanted:
        here, there = sheet, saved[sheet.title]
        for row in range(1, max(here.max_row, there.max_row) + 1):
            for column in range(1, max(here.max_column, there.max_column) + 1):
                old, new = there.cell(row, column), here.cell(row, column)
                if (old.value, type(old.value)) != (new.value, type(new.value)):
                    yield f"{path.name} {sheet.title}!{new.coordinate}: {old.value!r}, tables {new.value!r}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the example workbooks from inputs/sources.")
    parser.add_argument("--check", action="store_true", help="compare only; exit code 1 if anything differs")
    parser.add_argument("--only", choices=EXAMPLES, action="append", help="this example; repeatable")
    parser.add_argument(
        "--without", choices=SHEETS, action="append", default=[], help="leave out this sheet; with --to"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write there instead, whatever stands there")
    asked = parser.parse_args(arguments)
    names = asked.only or EXAMPLES
    if asked.without and asked.to is None:
        parser.error("--without makes another workbook than the example: say where to write it, with --to FOLDER")
    if asked.check:
        found = [line for name in names for line in differences(name)]
        print("\n".join(found) or "workbooks and tables agree")
        return 1 if found else 0
    for name in names:
        if asked.to is not None:
            build(name, asked.without).save(asked.to / f"{name}.xlsx")
        elif workbook_path(name).exists() and not any(differences(name)):  # the same cells keep the same file
            continue
        else:
            build(name).save(workbook_path(name))
        print(f"wrote {name}.xlsx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
