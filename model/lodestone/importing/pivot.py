"""A table in long layout (one row for each year) as the sheets of a workbook want it: one column for each year.

Amounts and prices in other units are brought to t and USD/kg on the way.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import xlsxwriter

from lodestone.errors import UsageError
from lodestone.importing.files import GROUPED, NO_FIGURE, rows_of_text
from lodestone.importing.statistics import KG_PER_POUND
from lodestone.names import advice, listed
from lodestone.system.scratch import scratch
from lodestone.workbook.schema.sheets import FIRST_HEADING, LAST_HEADING

KG_PER_TROY_OUNCE = 0.0311034768
KG_PER_SHORT_TON = 2_000 * KG_PER_POUND
IN_KG = {
    "kg": 1.0,
    "t": 1_000.0,
    "kt": 1e6,
    "Mt": 1e9,  # million tonnes; mt and MT can mean tonnes as well, and are asked back
    "lb": KG_PER_POUND,
    "ozt": KG_PER_TROY_OUNCE,
    "st": KG_PER_SHORT_TON,
    "stu": KG_PER_SHORT_TON / 100,  # short ton unit: one per cent of a short ton, as tungsten is sold
    "mtu": 10.0,  # metric ton unit, the same of a tonne
}
UNITS = tuple([*(f"USD/{unit}" for unit in IN_KG), *(f"USc/{unit}" for unit in ("lb", "kg")), *IN_KG])
Line = Sequence[str | int | float | None]
MOST_KEYS = 12  # columns beside year and value


@dataclass(frozen=True)
class Pivoted:
    """keys: headings of the columns beside the years. rows: their cells, then one value for each year, None: no row."""

    keys: Sequence[str]
    years: Sequence[int]
    rows: Sequence[tuple[tuple[str, ...], tuple[float | None, ...]]]
    unit: str  # of the values now; empty: as they were


def factor(unit: str) -> tuple[float, str] | None:
    """By what an amount or a price in a unit is multiplied, and the unit that it has then; None: it is not known."""
    money, slash, weight = unit.strip().rpartition("/")
    kg = IN_KG.get(weight) or (IN_KG.get(weight.casefold()) if weight.casefold() != "mt" else None)
    if kg is None:
        return None
    if not slash:
        return kg / 1_000, "t"
    paid = {"usd": 1.0, "$": 1.0, "us$": 1.0, "usc": 0.01, "cents": 0.01}.get(money.strip().casefold())
    return None if paid is None else (paid / kg, "USD/kg")


def pivot(path: Path, year: str = "year", value: str = "value", unit: str | None = None) -> Pivoted:
    """Raises UsageError by file, row and column. unit: of all values; None: of the column unit, if there is one."""
    table = _rows(path)
    _, headings = next(table, (0, []))
    if not headings:
        raise UsageError(f"{path.name} is empty")
    names = [" ".join(heading.split()) for heading in headings]
    at = [_column(path, names, wanted, f"--{option}") for wanted, option in ((year, "year-in"), (value, "value-in"))]
    if unit is not None and factor(unit) is None:
        raise UsageError(f"--unit {unit}: {advice(unit, UNITS, 'there are')}")
    stands = _named(names, "unit") if unit is None else None
    keys = [j for j, name in enumerate(names) if name and j not in (*at, stands)]
    if len(keys) > MOST_KEYS:
        raise UsageError(
            f"{path.name}: row 1: {len(keys)} columns beside {year} and {value}: keep those that name a row"
        )
    found: dict[tuple[str, ...], dict[int, tuple[float, int]]] = {}
    units: dict[str, int] = {}
    for number, cells in table:
        cells = [*cells, *[""] * (len(names) - len(cells))]
        if not any(cell.strip() for cell in cells):
            continue
        own, amount = _year(path, number, names[at[0]], cells[at[0]]), _number(path, number, names[at[1]], cells[at[1]])
        key = tuple(" ".join(cells[j].split()) for j in keys)
        times, is_in = 1.0, unit and factor(unit)
        if stands is not None:
            is_in = factor(cells[stands])
            if is_in is None:
                advised = advice(cells[stands], UNITS, "known are")
                raise UsageError(f"{path.name}: row {number}, column {names[stands]}: no unit that is known; {advised}")
        if is_in:
            times = is_in[0]
            units.setdefault(is_in[1], number)
        years = found.setdefault(key, {})
        if amount is None:
            continue
        if own in years:
            of = "/".join(key) or "the table"
            raise UsageError(
                f"{path.name}: row {number}, column {names[at[0]]}: {own} of {of} stands in row {years[own][1]} too; "
                "delete one of them, or add a column that tells them apart"
            )
        years[own] = amount * times, number
    if len(units) > 1:
        told = listed(f"{name} (row {row})" for name, row in units.items())
        raise UsageError(f"{path.name}: prices and amounts stand in one column, {told}: make a file of each")
    columns = sorted({own for years in found.values() for own in years})
    rows = [(key, tuple(years[own][0] if own in years else None for own in columns)) for key, years in found.items()]
    return Pivoted([names[j] for j in keys], columns, rows, next(iter(units), ""))


def write_pivot(pivoted: Pivoted, path: Path, force: bool = False) -> None:
    """As xlsx or csv, by its name. A file is replaced whole, and only with `force`."""
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UsageError(f"{path}: end the name in .xlsx or .csv")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; --force replaces it")
    unit = [pivoted.unit] if pivoted.unit else []
    lines: list[Line] = [[*pivoted.keys, *("unit" for _ in unit), *pivoted.years]]
    lines += [[*key, *unit, *years] for key, years in pivoted.rows]
    try:
        with scratch(path.parent) as folder:
            (_write_csv if path.suffix.lower() == ".csv" else _write_xlsx)(lines, folder / path.name)
            os.replace(folder / path.name, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror} (is it open in Excel?)") from error


def _write_csv(lines: Sequence[Line], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(lines)


def _write_xlsx(lines: Sequence[Line], path: Path) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("By year")
    for i, line in enumerate(lines):
        for j, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(i, j, cell)
            elif cell is not None:
                sheet.write_number(i, j, cell)
    sheet.freeze_panes(1, 0)
    book.close()


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells as text, of a text table or of the first sheet of a workbook."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        yield from enumerate(rows_of_text(path), start=1)
        return
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # whatever openpyxl finds in a damaged file
        raise UsageError(f"{path.name} is no workbook that can be read: {error}") from None
    for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
        yield (
            number,
            ["" if cell is None else f"{cell:.15g}" if isinstance(cell, float) else str(cell) for cell in cells],
        )


def _named(names: Sequence[str], wanted: str) -> int | None:
    return next((j for j, name in enumerate(names) if name.casefold() == wanted.casefold()), None)


def _column(path: Path, names: Sequence[str], wanted: str, option: str) -> int:
    found = _named(names, wanted)
    if found is None:
        raise UsageError(f"{path.name}: row 1: no column {wanted}; say which it is with {option}: {listed(names, 12)}")
    return found


def _year(path: Path, number: int, column: str, text: str) -> int:
    digits = re.fullmatch(r"\s*(\d{4})(?:\.0)?\s*", text)
    if digits and FIRST_HEADING <= int(digits[1]) <= LAST_HEADING:
        return int(digits[1])
    raise UsageError(f"{path.name}: row {number}, column {column}: {text!r} is no year; write it as 2027")


def _number(path: Path, number: int, column: str, text: str) -> float | None:
    """None: not known."""
    bare = text.strip()
    if bare.casefold() in NO_FIGURE:
        return None
    try:
        return float(bare.replace(",", "") if GROUPED.match(bare) else bare)
    except ValueError:
        raise UsageError(
            f"{path.name}: row {number}, column {column}: {text!r} is no number; mend the cell, or leave it blank"
        ) from None
