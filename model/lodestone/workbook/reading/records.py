"""From typed rows to records: defaults filled in, years interpolated, rows found by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from lodestone.errors import Problem, Problems
from lodestone.workbook.reading.cells import BLANK, show, wanted
from lodestone.workbook.reading.typed import TypedRow, TypedTable, TypedWorkbook
from lodestone.workbook.schema.columns import Column, Sheet
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SETTINGS, SHEETS
from lodestone.workbook.tables import Record, Settings, Value, Years, row_name

Records = dict[str, dict[tuple[str, ...], Record]]  # sheet -> key -> record
UNIQUE_TOGETHER = ("Plants", "Projects", "Markets")


@dataclass(frozen=True)
class Base:
    """The workbook itself, before lanes are resolved and scenarios applied; Lanes and Tariffs rows are in `records`.

    horizon_known: False when first_year or last_year could not be used, and a horizon was made up to go on checking.
    """

    settings: Settings
    setting_cells: Mapping[str, str]
    setting_remarks: Mapping[str, Mapping[str, str]]
    records: Records
    horizon_known: bool


def build_base(book: TypedWorkbook, plan_name: str) -> tuple[Base, Problems]:
    """Settings and records of the workbook; plan_name is the default of that setting."""
    problems = Problems()
    known = _check_horizon(book, problems)
    settings = _fill_settings(book, plan_name, known)
    records = {name: _records(SHEETS[name], book.tables[name], settings, known, problems) for name in NAMED_SHEETS}
    _refuse_shared_ids(records, problems)
    return Base(settings, book.setting_cells, book.setting_remarks, records, known), problems


# --- settings -------------------------------------------------------------------------------------------------------


def _check_horizon(book: TypedWorkbook, problems: list[Problem]) -> bool:
    """Whether both years are given and in order."""
    given = True
    for column in SETTINGS.columns:
        if column.required and column.name not in book.settings:
            given = False
            if column.name not in book.unusable_settings:
                cell = book.setting_cells.get(column.name, "Settings")
                problems.append(
                    Problem(
                        cell,
                        BLANK,
                        f"the setting {column.name} is missing",
                        f"enter {column.name} in column A and {wanted(column)} in column B",
                    )
                )
    if not given:
        return False
    first, last = book.settings["first_year"], book.settings["last_year"]
    if last < first:
        cell = book.setting_cells.get("last_year", "Settings")
        problems.append(
            Problem(
                cell,
                show(last),
                f"last_year is before first_year ({first})",
                f"enter a year from {first} on, or mend first_year",
            )
        )
    return bool(first <= last)


def _fill_settings(book: TypedWorkbook, plan_name: str, known: bool) -> dict[str, Value]:
    settings = {column.name: column.default for column in SETTINGS.columns} | book.settings
    settings["plan_name"] = settings["plan_name"] or plan_name
    if not known:
        headings = [year for table in book.tables.values() for year in table.year_cells] or [2026]
        settings |= {"first_year": min(headings), "last_year": max(headings)}
    return settings


def default_of(column: Column, settings: Settings) -> Value:
    """What stands in for a blank cell of the column."""
    if column.kind == "integer" and isinstance(column.default, str):
        return settings[column.default]
    return column.default


# --- records --------------------------------------------------------------------------------------------------------


def _records(
    sheet: Sheet, table: TypedTable, settings: Settings, known: bool, problems: list[Problem]
) -> dict[tuple[str, ...], Record]:
    """The sheet's rows by key. Rows whose key is unusable are left out; of rows with one key the first stays."""
    if not table.complete:
        return {}
    defaults = {column.name: default_of(column, settings) for column in sheet.plain}
    until = max([settings["last_year"], *table.year_cells])
    span = range(settings["first_year"], until + 1)
    late = _starts_late(sheet, table, settings, problems) if known else True
    blanks: dict[frozenset[str], frozenset[str]] = {}
    records: dict[tuple[str, ...], Record] = {}
    for row in table.rows:
        named = defaults | row.values
        if any(named[name] is None or (name in row.unusable and name not in row.values) for name in sheet.key):
            continue
        key = tuple(str(named[name]) for name in sheet.key) or (str(row.number),)
        if key in records:
            if not row.repaired:
                problems.append(_twice(sheet, key, records[key], row))
            continue
        if not late:
            _refuse_gap(sheet, table, row, settings["first_year"], problems)
        blank = frozenset(defaults.keys() - row.values.keys() - row.unusable)
        records[key] = Record(
            sheet.name,
            key,
            named,
            _years(sheet, row, span),
            row.cells,
            blanks.setdefault(blank, blank),
            row.years,
            row.remarks,
        )
    return records


def _twice(sheet: Sheet, key: tuple[str, ...], first: Record, row: TypedRow) -> Problem:
    if len(key) == 1:
        wrong, mend = f"the name {key[0]} is taken by {first.cells[sheet.key[0]]}", "give each row a name of its own"
    else:
        keys = ", ".join(sheet.key)
        wrong, mend = f"a row with the same {keys} is {first.cells[sheet.key[0]]}", "keep one of the two rows"
    return Problem(row.cells[sheet.key[0]], row_name(sheet.name, key), wrong, mend)


def _refuse_shared_ids(records: Records, problems: list[Problem]) -> None:
    """Plants, Projects and Markets name suppliers of contracts, so that their ids are unique together."""
    seen: dict[str, str] = {}
    for sheet in UNIQUE_TOGETHER:
        for (name,), record in records[sheet].items():
            cell = record.cells[SHEETS[sheet].key[0]]
            if name in seen:
                problems.append(
                    Problem(
                        cell,
                        name,
                        f"the name {name} is taken by {seen[name]}",
                        "give plants, projects and markets names of their own",
                    )
                )
            seen.setdefault(name, cell)


# --- years ----------------------------------------------------------------------------------------------------------


def _years(sheet: Sheet, row: TypedRow, span: range) -> Years | None:
    """Interpolated values; None where the row has none (a required but unusable row keeps years without value)."""
    if sheet.years is None:
        return None
    if not row.years:
        return dict.fromkeys(span) if sheet.years.required else None
    return interpolate(row.years, span, hold_back=sheet.gaps == "problem")


def interpolate(given: Mapping[int, float], span: range, *, hold_back: bool = False) -> dict[int, float | None]:
    """A value for each year of `span`: linear between given years, the last one held, None before the first.

    hold_back: the first value also stands before the first given year (where that is a problem reported elsewhere).
    """
    years = sorted(given)
    first, last = years[0], years[-1]
    values: dict[int, float | None] = dict.fromkeys(span, given[last])
    for year in range(span.start, min(first, span.stop)):
        values[year] = given[first] if hold_back else None
    for start, end in pairwise(years):
        step = (given[end] - given[start]) / (end - start)
        for year in range(max(start, span.start), min(end, span.stop)):
            values[year] = given[start] + step * (year - start)
    return values


def _starts_late(sheet: Sheet, table: TypedTable, settings: Settings, problems: list[Problem]) -> bool:
    """Whether the first year column is after first_year: one problem for the sheet, not one for each row."""
    first = settings["first_year"]
    if sheet.gaps == "not in force" or not table.year_cells or not any(row.years for row in table.rows):
        return False
    heading = min(table.year_cells)
    if heading <= first:
        return False
    problems.append(
        Problem(
            table.year_cells[heading],
            str(heading),
            f"planning starts in {first}, before the first year column",
            f"add a column {first}, or start planning in {heading}",
        )
    )
    return True


def _refuse_gap(sheet: Sheet, table: TypedTable, row: TypedRow, first_year: int, problems: list[Problem]) -> None:
    """A blank before the first given year is a problem, unless the sheet takes it as not in force yet."""
    if sheet.gaps == "not in force" or not row.years:
        return
    given = min(row.years)
    gap = [year for year in table.year_cells if year < given]
    if given <= first_year or row.unusable.intersection(gap):
        return
    cell_year = max((year for year in gap if year <= first_year), default=given)
    problems.append(
        Problem(
            row.cells[cell_year],
            BLANK,
            f"the first value is for {given}, but planning starts in {first_year}",
            f"enter a value for {first_year} or an earlier year",
        )
    )
