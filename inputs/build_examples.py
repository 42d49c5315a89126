"""Write the example workbooks from their source tables.

    python inputs/build_examples.py            writes inputs/<example>.xlsx
    python inputs/build_examples.py --check    writes nothing; exit code 1 if a workbook's cells part from its tables
    python inputs/build_examples.py --only rare_earth_magnets --without Periods --to FOLDER
                                               a variant elsewhere: here the example without periods within a year

Each folder under inputs/sources holds one CSV file per sheet of the workbook; a sheet that an example does not use has
no file. One that is built on another example (ON) holds only the rows that it adds, or columns of known rows. Figures
are mended there, never in the
workbook: a CSV file shows in a review which number changed, and its `source` column says why it may be believed.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook

from lodestone.template.filled import write_filled

INPUTS = Path(__file__).resolve().parent
SOURCES = INPUTS / "sources"
EXAMPLES = ("critical_minerals", "rare_earth_magnets", "rare_earth_magnets_threats", "tutorial")
ON = {"rare_earth_magnets_threats": "rare_earth_magnets"}
SHEETS = (
    "Settings", "Periods", "Regions", "Materials", "Prices", "BankPrices", "Processes", "Plants", "Projects",
    "PriceFloors", "Contracts", "Markets", "Trade", "Lanes", "Tariffs", "Sectors", "Demand", "Substitution", "Returns",
    "Stockpiles", "ChinaShare", "Budgets", "Scenarios", "Changes",
)  # fmt: skip
FREE_TEXT = frozenset({"source", "note", "description"})
NUMBER = re.compile(r"-?\d+(\.\d+)?")
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
    tables = {sheet: table for sheet, table in _whole_example(name).items() if sheet not in without}
    return without_months(tables) if "Periods" in without else tables


def _whole_example(name: str) -> dict[str, Table]:
    own = {sheet: read_table(path) for sheet in SHEETS if (path := SOURCES / name / f"{sheet}.csv").exists()}
    if name not in ON:
        return own
    below = _whole_example(ON[name])
    return {sheet: added(sheet, below.get(sheet), own.get(sheet)) for sheet in SHEETS if sheet in below or sheet in own}


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


def added(sheet: str, below: Table | None, own: Table | None) -> Table:
    """A sheet with the rows of both. A row whose first cell is known sets cells of that row; not so on Changes."""
    if below is None or own is None:
        return below or own or []
    headings = list(dict.fromkeys([*below[0], *own[0]]))
    headings.sort(key=lambda heading: heading in ("source", "note"))  # which stay the last
    rows = [dict(zip(below[0], row, strict=True)) for row in below[1:]]
    known = {} if sheet == "Changes" else {next(iter(row.values())): row for row in rows}
    for cells in own[1:]:
        row = dict(zip(own[0], cells, strict=True))
        if cells[0] in known:
            known[cells[0]].update(row)
        else:
            rows.append(row)
    return [headings, *([row.get(heading) for heading in headings] for row in rows)]


def build(name: str, path: Path, without: Collection[str] = ()) -> None:
    """Write the workbook of an example."""
    write_filled(path, read_example(name, without), BUILT)


def workbook_path(name: str) -> Path:
    return INPUTS / f"{name}.xlsx"


def differences(name: str) -> Iterator[str]:
    """Where the saved workbook of an example parts from its tables, one line each."""
    path = workbook_path(name)
    if not path.exists():
        yield f"{path.name} is missing"
        return
    with tempfile.TemporaryDirectory() as folder:
        build(name, Path(folder, path.name))
        saved, wanted = load_workbook(path), load_workbook(Path(folder, path.name))
    if saved.sheetnames != wanted.sheetnames:
        yield f"{path.name}: sheets {saved.sheetnames}, tables {wanted.sheetnames}"
        return
    for sheet in (wanted[title] for title in SHEETS if title in wanted.sheetnames):
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
            build(name, asked.to / f"{name}.xlsx", asked.without)
        elif workbook_path(name).exists() and not any(differences(name)):  # the same cells keep the same file
            continue
        else:
            build(name, workbook_path(name))
        print(f"wrote {name}.xlsx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
