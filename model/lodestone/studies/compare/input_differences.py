"""Which inputs of two or more runs differ, cell by cell: from the snapshots in their plans (workbook/snapshot.py).

Plans without a snapshot can still be compared when they come from one and the same workbook: then their lists of
changes say everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.studies.compare.results import InputDifference
from lodestone.studies.compare.side_by_side import union
from lodestone.workbook.schema.sheets import SHEETS
from lodestone.workbook.snapshot import Snapshot

YEARS = "years"
CELLWISE = ("Settings", "Scenarios")  # a row that is missing there is a row of blanks
NO_ROW = "no such row"
NO_LANE = "no such lane"
LONGEST_ROW = 300  # characters of a row that only some runs have


class _NotPlanned:
    """The value of a year before a run begins: differs from nothing."""


NOT_PLANNED = _NotPlanned()


def input_differences(plans: Sequence[Plan]) -> tuple[list[InputDifference], bool]:
    """The cells that differ, in the order of the sheets, and whether these are all."""
    snapshots = [plan.inputs for plan in plans if plan.inputs]
    horizons = [plan.horizon for plan in plans]
    if len(snapshots) == len(plans):
        return list(_from_snapshots(snapshots, horizons)), True
    if len({plan.workbook_sha256 for plan in plans}) == 1:
        return list(_from_changes(plans)), True
    return list(_from_snapshots([{"Settings": _settings(plan)} for plan in plans], horizons)), False


def _settings(plan: Plan) -> dict[str, Row]:
    return {name: {"value": value} for name, value in plan.settings.items() if name != "plan_name"}


# --- from snapshots -------------------------------------------------------------------------------------------------


def _from_snapshots(snapshots: Sequence[Snapshot], horizons: Sequence[Sequence[int]]) -> Iterable[InputDifference]:
    first_years = [first for first, _ in horizons]
    last_year = max(last for _, last in horizons)
    for sheet in union(snapshots):
        for name in union([snapshot.get(sheet, {}) for snapshot in snapshots]):
            rows = [_row(snapshot, sheet, name, first) for snapshot, first in zip(snapshots, first_years, strict=True)]
            yield from _row_differences(sheet, name, rows, first_years, last_year)


def _row(snapshot: Snapshot, sheet: str, name: str, first_year: int) -> Row | None:
    """The row of one run; None when it has none. What a snapshot leaves out as a matter of course is put back."""
    row = snapshot.get(sheet, {}).get(name)
    if row is not None:
        return row
    if sheet in CELLWISE:
        return {}
    if sheet in ("Lanes", "Tariffs"):
        return _usual_lane(snapshot, sheet, name, first_year)
    return None


def _usual_lane(snapshot: Snapshot, sheet: str, name: str, first_year: int) -> Row | None:
    start, end, material = name.split("/")
    regions = snapshot.get("Regions", {})
    if start not in regions or end not in regions or material not in snapshot.get("Materials", {}):
        return None
    if sheet == "Tariffs":
        return {YEARS: {first_year: 0.0}}
    default = snapshot.get("Settings", {}).get("default_freight_usd_per_kg", {}).get("value")
    freight = 0.0 if start == end else default
    return None if freight is None else {"freight_usd_per_kg": freight, "open": True}


def _row_differences(
    sheet: str, name: str, rows: Sequence[Row | None], first_years: Sequence[int], last_year: int
) -> Iterable[InputDifference]:
    there = [row for row in rows if row is not None]
    if len(there) < len(rows):
        missing = NO_LANE if sheet in ("Lanes", "Tariffs") else NO_ROW
        yield InputDifference(sheet, name, "", None, tuple(missing if r is None else _as_text(r) for r in rows))
    for column in union(there):
        if column != YEARS:
            values = [NOT_PLANNED if row is None else _value(sheet, row, column) for row in rows]
            yield from _cell(sheet, name, column, None, values)
    series = [_series(row) for row in there]
    if any(series):
        until = max(last_year, *(year for values in series for year in values))
        for year in range(min(first_years), until + 1):
            values = [
                NOT_PLANNED if row is None or year < first else _held(_series(row), year)
                for row, first in zip(rows, first_years, strict=True)
            ]
            yield from _cell(sheet, name, YEARS, year, values)


def _value(sheet: str, row: Row, column: str) -> Cell:
    """Of a period that has no value of its own, that of its year; of a dated column that no change reached, its own."""
    if column not in row and (period := re.fullmatch(r"(?:(\w+) )?([0-9]{4})-[0-9]{2}", column)):
        dated, year = period.groups()
        return row.get(dated, SHEETS[sheet].by_name[dated].default) if dated else _held(_series(row), int(year))
    return row.get(column)


def _cell(sheet: str, row: str, column: str, year: int | None, values: Sequence[Cell]) -> Iterable[InputDifference]:
    planned = [value for value in values if value is not NOT_PLANNED]
    if any(not _same(planned[0], value) for value in planned[1:]):
        shown = tuple(None if value is NOT_PLANNED else value for value in values)
        yield InputDifference(sheet, row, column, year, shown)


def _series(row: Row) -> dict[int, Cell]:
    """Years are texts once they have been through JSON."""
    return {int(year): value for year, value in (row.get(YEARS) or {}).items()}


def _held(values: Mapping[int, Cell], year: int) -> Cell:
    """The value of a year; a year that is not named has that of the one before."""
    named = [y for y in values if y <= year]
    return values[max(named)] if named else None


def _as_text(row: Row) -> str:
    parts = [f"{column} {_shown(value)}" for column, value in row.items() if column != YEARS]
    parts += [f"{year}: {_shown(value)}" for year, value in _series(row).items()]
    text = ", ".join(parts) or "a row without values"
    return text if len(text) <= LONGEST_ROW else f"{text[:LONGEST_ROW]}..."


def _shown(value: Cell) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(str, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "blank"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _same(a: Cell, b: Cell) -> bool:
    if _is_number(a) and _is_number(b):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return list(a) == list(b)
    return type(a) is type(b) and bool(a == b)


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- from lists of changes ------------------------------------------------------------------------------------------


def _from_changes(plans: Sequence[Plan]) -> Iterable[InputDifference]:
    """Of one workbook: a run that did not change a cell has its old value."""
    changed = [_changed(plan) for plan in plans]
    old = {cell: change["old"] for changes in reversed(changed) for cell, (change, _) in changes.items()}
    for cell in dict.fromkeys(cell for changes in changed for cell in changes):
        values = [changes[cell][1]["new"] if cell in changes else old[cell] for changes in changed]
        sheet, row, column, year = cell
        yield from _cell(sheet, row, column, year, values)


def _changed(plan: Plan) -> dict[tuple[str, str, str, int | None], tuple[Row, Row]]:
    """cell -> its first and its last change; a period is a cell of its own, as in a snapshot."""
    cells: dict[tuple[str, str, str, int | None], tuple[Row, Row]] = {}
    for change in plan.changes:
        column, year = change["column"], change["year"]
        if change.get("month"):
            period, year = f"{year}-{change['month']:02}", None
            column = period if column == YEARS else f"{column} {period}"
        cell = (change["sheet"], change["row"], column, year)
        cells[cell] = (cells.get(cell, (change, change))[0], change)
    return cells
