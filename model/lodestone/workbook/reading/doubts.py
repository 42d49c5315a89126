"""What was surely not meant, seen in the cells alone.

Names that look alike, totals and notes that count as rows, shares typed as percentages, years that no plan reaches:
warnings. A total that is sure to be one is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lodestone.errors import Problem
from lodestone.names import alike, plain
from lodestone.workbook.reading.cells import plain_number, show
from lodestone.workbook.reading.typed import TypedRow, TypedTable, TypedWorkbook
from lodestone.workbook.schema.columns import YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS
from lodestone.workbook.tables import Value

# Columns whose names are of one kind, which other sheets and reports must be able to tell apart.
NAMES = (
    ("Regions.region", "Regions.group"),
    ("Plants.plant", "Projects.project", "Markets.market"),
    ("Materials.material",),
    ("Materials.mineral",),
    ("Materials.stage",),
    ("Processes.process",),
    ("Projects.group",),
    ("PriceFloors.floor",),
    ("Contracts.contract",),
    ("Sectors.sector",),
    ("Substitution.option",),
    ("Stockpiles.stockpile",),
    ("ChinaShare.cap",),
    ("Budgets.budget",),
    ("Scenarios.scenario",),
)
SIZES = ("capacity_t_per_yr", "capacity_t", "max_t_per_yr")  # what a total adds up where there are no year columns
_TOTAL = re.compile(
    r"(grand|sub|overall)?[\s_-]*(totals?|sum|summe|gesamt|insgesamt|average|mean)([\s:_-].*)?", re.IGNORECASE
)
_NOTE = re.compile(
    r"(sources?|notes?|remarks?|comments?|n\.?b\.?|quellen?|updated|prepared by|as of)\s*:.*", re.IGNORECASE
)
MOST_WORDS = 7  # of a name
MOST_TOTALS = 20  # rows of a sheet that are added up
FAR_OFF = 10  # years
LARGE_FACTOR = 10.0


def is_total(name: str) -> bool:
    """Whether a name says that its row adds up others."""
    return _TOTAL.fullmatch(name) is not None


def is_note(name: str) -> bool:
    """Whether a name is a remark."""
    return _NOTE.fullmatch(name) is not None or len(name.split()) > MOST_WORDS


def doubts_of_cells(book: TypedWorkbook) -> Iterator[Problem]:
    """All of them; references are looked up."""
    yield from _names_alike(book)
    for name, table in book.tables.items():
        yield from _totals_and_notes(SHEETS[name], table)
        yield from _large_shares(SHEETS[name], table)
    for column in SETTINGS.columns:
        yield from _large_share(column, book.settings.get(column.name), book.setting_cells.get(column.name))
    if "Changes" in book.tables:
        yield from _large_changes(book.tables["Changes"])
    yield from _odd_headings(book)


# --- names ------------------------------------------------------------------------------------------------------------


def _names_alike(book: TypedWorkbook) -> Iterator[Problem]:
    for places in NAMES:
        first: dict[str, tuple[str, str]] = {}  # as it looks -> the name and its cell
        told: set[str] = set()
        for place in places:
            sheet, _, column = place.partition(".")
            table = book.tables.get(sheet)
            for row in table.rows if table else ():
                name = row.values.get(column)
                if not isinstance(name, str) or name in told:
                    continue
                known, cell = first.setdefault(alike(name), (name, row.where(column)))
                if known != name:
                    told.add(name)
                    yield Problem(
                        row.where(column),
                        name,
                        f"this looks like {known} in {cell}, and counts as another name",
                        "write both in the same way, or make plain how they differ",
                    )


def _totals_and_notes(sheet: Sheet, table: TypedTable) -> Iterator[Problem]:
    """Rows whose name says that they are none of their kind (those that are sure are refused already)."""
    if sheet.id_column is None:
        return
    name = sheet.id_column.name
    for row in table.rows:
        value = row.values.get(name, "")
        if row.unusable or not (is_total(value) or is_note(value)):
            continue
        what = "a total" if is_total(value) else "a note"
        yield Problem(
            row.where(name),
            value,
            f"this reads like {what}, and counts as a {name} of its own",
            f"delete the row if it is {what}; else give it another name",
        )


def refuse_totals(sheet: Sheet, table: TypedTable, problems: list[Problem]) -> None:
    """A row that is called a total and is the sum of the others would count twice; it is left out."""
    if sheet.id_column is None:
        return
    name = sheet.id_column.name
    called = [row for row in table.rows if is_total(row.values.get(name, ""))][:MOST_TOTALS]
    sure = {row.number: row for row in called if _is_sum(row, table.rows)}
    for row in sure.values():
        problems.append(
            Problem(
                row.where(name),
                row.values[name],
                f"this row is the total of the others, and would count as a {name} beside them",
                "delete the row; totals may stand on a sheet whose name starts with #",
            )
        )
    if sure:
        table.rows[:] = [row for row in table.rows if row.number not in sure]


def _is_sum(total: TypedRow, rows: list[TypedRow]) -> bool:
    """Whether each of its figures adds up those of all rows that are no totals."""
    others = [row for row in rows if row is not total and not is_total(str(next(iter(row.values.values()), "")))]
    figures: list[tuple[float, float]] = [
        (value, sum(row.years.get(year, 0) for row in others)) for year, value in total.years.items()
    ]
    figures += [
        (total.values[size], sum(row.values.get(size) or 0 for row in others))
        for size in SIZES
        if total.values.get(size) is not None
    ]
    return bool(others and figures) and all(abs(a - b) <= 1e-6 * max(abs(a), abs(b)) and a for a, b in figures)


# --- figures ----------------------------------------------------------------------------------------------------------


def _large_shares(sheet: Sheet, table: TypedTable) -> Iterator[Problem]:
    for column in sheet.columns:
        if column.usual is None:
            continue
        for row in table.rows:
            given = row.years if column.kind == YEARS else {column.name: row.values.get(column.name)}
            for name, value in given.items():
                yield from _large_share(column, value, row.cells.get(name))


def _large_share(column: Column, value: Value, cell: str | None) -> Iterator[Problem]:
    if column.usual is None or not isinstance(value, float | int) or value <= column.usual or cell is None:
        return
    yield Problem(
        cell,
        show(value),
        f"{show(value)} means {100 * value:,.15g} %, which is hardly meant",
        f"shares are fractions, {value / 100:g} for {show(value)} %; leave it if it is meant",
    )


def _large_changes(changes: TypedTable) -> Iterator[Problem]:
    """A factor of 50 where 50 % was meant, and shares as above."""
    sheets = {plain(name): sheet for name, sheet in SHEETS.items()}
    for row in changes.rows:
        raw = row.values.get("value")
        value = plain_number(raw) if isinstance(raw, str) else raw
        sheet = sheets.get(plain(row.values.get("sheet", "")))
        if sheet is None or isinstance(value, bool) or not isinstance(value, float | int):
            continue
        if row.values.get("operation", "set") != "multiply":
            column = sheet.by_name.get(plain(row.values.get("column", "")))
            if sheet.name == SETTINGS.name:
                column = sheet.by_name.get(plain(row.values.get("row", "")))
            if column is not None:
                yield from _large_share(column, value, row.cells.get("value"))
        elif value > LARGE_FACTOR:
            yield Problem(
                row.where("value"),
                show(value),
                f"to multiply by {show(value)} makes it {show(value)} times as much, which is hardly meant",
                f"enter {value / 100:g} for {show(value)} % of it, {1 + value / 100:g} for {show(value)} % more, "
                "or leave it if it is meant",
            )


def _odd_headings(book: TypedWorkbook) -> Iterator[Problem]:
    """A year that stands out of its order, or far from the horizon and from all other headings."""
    first, last = book.settings.get("first_year"), book.settings.get("last_year")
    for table in book.tables.values():
        years = table.years_as_they_stand
        if sorted(years) not in (years, years[::-1]):
            odd = next(b for a, b in pairwise(years) if b < a)
            yield Problem(
                table.year_cells[odd],
                str(odd),
                f"the years are out of order: {', '.join(map(str, years[:12]))}{', ...' if len(years) > 12 else ''}",
                "check that each heading is the year that is meant",
            )
        if first is None or last is None:
            continue
        for year in years:
            away = min((abs(year - other) for other in years if other != year), default=FAR_OFF + 1)
            if away > FAR_OFF and (year > last + FAR_OFF or year < first - FAR_OFF):
                yield Problem(
                    table.year_cells[year],
                    str(year),
                    f"{year} is far from the years planned, {first} to {last}, and from the other headings",
                    "check the year; what stands there counts for the years between, by interpolation",
                )
