"""Write the example workbooks from their source tables.

    python inputs/build_examples.py            writes inputs/<example>.xlsx
    python inputs/build_examples.py --check    writes nothing; exit code 1 if a workbook's cells part from its tables

Each folder under inputs/sources holds one CSV file per sheet of the workbook. Figures are mended there, never in the
workbook: a CSV file shows in a review which number changed, and its `source` column says why it may be believed.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook

from lodestone.template.filled import write_filled

INPUTS = Path(__file__).resolve().parent
SOURCES = INPUTS / "sources"
EXAMPLES = ("critical_minerals", "rare_earth_magnets", "tutorial")
SHEETS = (
    "Settings", "Regions", "Materials", "Prices", "BankPrices", "Processes", "Plants", "Projects", "PriceFloors",
    "Contracts", "Markets", "Lanes", "Tariffs", "Sectors", "Demand", "Substitution", "Returns", "Stockpiles",
    "ChinaShare", "Budgets", "Scenarios", "Changes",
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


def read_example(name: str) -> dict[str, Table]:
    """All sheets of an example, in the order of the workbook."""
    return {sheet: read_table(SOURCES / name / f"{sheet}.csv") for sheet in SHEETS}


def build(name: str, path: Path) -> None:
    """Write the workbook of an example."""
    write_filled(path, read_example(name), BUILT)


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
    for sheet in (wanted[title] for title in SHEETS):
        here, there = sheet, saved[sheet.title]
        for row in range(1, max(here.max_row, there.max_row) + 1):
            for column in range(1, max(here.max_column, there.max_column) + 1):
                old, new = there.cell(row, column), here.cell(row, column)
                if (old.value, type(old.value)) != (new.value, type(new.value)):
                    yield f"{path.name} {sheet.title}!{new.coordinate}: {old.value!r}, tables {new.value!r}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the example workbooks from inputs/sources.")
    parser.add_argument("--check", action="store_true", help="compare only; exit code 1 if anything differs")
    if parser.parse_args(arguments).check:
        found = [line for name in EXAMPLES for line in differences(name)]
        print("\n".join(found) or "workbooks and tables agree")
        return 1 if found else 0
    for name in EXAMPLES:
        if not workbook_path(name).exists() or any(differences(name)):  # the same cells keep the same file
            build(name, workbook_path(name))
            print(f"wrote {workbook_path(name).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
