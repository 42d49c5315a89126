"""Where a value of the plan's data stands: the cell that governs it, in the workbook, in Changes or in a --set.

A year between two headings follows from both, one after the last from the last. What --set or a scenario has set comes
from there and not from the cell: then the place is the --set, or the cell `value` of the row of Changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lodestone.data.times import time_of
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.schema.columns import YEARS
from lodestone.workbook.schema.sheets import SHEETS
from lodestone.workbook.tables import Lane, Record, Value, row_name

SET = "--set "


@dataclass(frozen=True)
class Place:
    """A cell ("Sheet!F7", or "--set Sheet/key/column" without its value), and its part in the value of a year.

    sheet, key, column: what it says something about (of several rows the first); scenario: whose Changes it is in.
    """

    cell: str
    sheet: str
    key: tuple[str, ...]
    column: str | int
    value: Value
    part: float = 1.0
    scenario: str | None = None
    holds_on: bool = False  # the value of the last heading, which goes on for ever


class Places:
    """The cells of one workbook, for all its scenarios."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._by: dict[str, dict[tuple[str, str, str, int | None, int | None], str]] = {}

    def row(self, scenario: str, sheet: str, key: tuple[str, ...]) -> Record | Lane | None:
        """The record, or the lane by (from, to, material)."""
        tables = self.inputs.tables(scenario)
        return tables.lanes.get(key) if sheet == "Lanes" else tables.records.get(sheet, {}).get(key)  # type: ignore[arg-type]

    def name(self, scenario: str, sheet: str, key: tuple[str, ...], column: str | int | None = None) -> str:
        """The cell in which a value stands, for a text; without a heading of its own, the cell that names the row."""
        if column is not None:
            places: Sequence[Place | None] = (
                self.in_year(scenario, sheet, key, column)
                if isinstance(column, int)
                else [self.of(scenario, sheet, key, column)]
            )
            if places and places[0]:
                return places[0].cell
            by = self.changed(scenario, sheet, key, column)
            if by:
                return by
        row = self.row(scenario, sheet, key)
        if row is None or not row.cells:
            cells = self.inputs.tables().setting_cells
            return cells.get("default_freight_usd_per_kg", "Settings") if sheet == "Lanes" else sheet
        return row.cells.get(column) or row.cells[SHEETS[sheet].key[0]]  # type: ignore[arg-type]

    def of(self, scenario: str, sheet: str, key: tuple[str, ...], column: str) -> Place | None:
        """The place of a value that is no year's; None if no cell can be named or changed."""
        row = self.row(scenario, sheet, key)
        if row is None:
            return None
        value = getattr(row, column) if isinstance(row, Lane) else row[column]
        by = self.changed(scenario, sheet, key, column)
        if by:
            return self._changer(by, sheet, key, column, value, scenario)
        cell = row.cells.get(column)
        return Place(cell, sheet, key, column, value) if cell else None

    def in_year(
        self, scenario: str, sheet: str, key: tuple[str, ...], year: int, month: int | None = None
    ) -> list[Place]:
        """The places that govern the value of a year, with their parts; none if it is not in force or not given.

        month: the first of a period that a change may have reached alone.
        """
        row = self.row(scenario, sheet, key)
        values = None if row is None else row.capacity if isinstance(row, Lane) else row.years
        if row is None or values is None:
            return []
        months = row.capacity_months if isinstance(row, Lane) else row.months
        value = values.get(year) if month is None else months.get(time_of(year, month), values.get(year))
        if value is None:
            return []
        by = self.changed(scenario, sheet, key, year, month)
        if by:
            place = self._changer(by, sheet, key, YEARS, value, scenario)
            return [place] if place else []
        return [
            Place(row.cells[heading], sheet, key, heading, row.given[heading], part, holds_on=heading == max(row.given))
            for heading, part in _parts(row.given, year)
        ]

    def changed(
        self, scenario: str, sheet: str, key: tuple[str, ...], column: str | int, month: int | None = None
    ) -> str | None:
        """The --set, or the first cell of the row of Changes, that made the value what it is."""
        known = self._by.get(scenario)
        if known is None:
            known = self._by[scenario] = {
                (change.sheet, change.row, change.column, change.year, change.month): change.by
                for change in self.inputs.changes(scenario)
            }
        row = row_name(sheet, key)
        if isinstance(column, int):
            whole = known.get((sheet, row, YEARS, column, None))
            return known.get((sheet, row, YEARS, column, month), whole)
        return known.get((sheet, row, column, None, None))

    def _changer(
        self, by: str, sheet: str, key: tuple[str, ...], column: str, value: Value, scenario: str
    ) -> Place | None:
        """The --set or the row of Changes, if it sets the value; a factor or summand is no place to mend it."""
        if by.startswith(SET):
            return Place(by.partition("=")[0].strip(), sheet, key, column, value)
        row = self.inputs.tables(scenario).records["Changes"].get((by.removeprefix("Changes!A"),))
        if row is None or row["operation"] != "set":
            return None
        return Place(row.cells["value"], sheet, key, column, value, scenario=scenario)


def _parts(given: Iterable[int], year: int) -> list[tuple[int, float]]:
    """(heading, its part in the value of a year)."""
    headings = sorted(given)
    if not headings or year < headings[0]:
        return []
    if year >= headings[-1]:
        return [(headings[-1], 1.0)]
    start, end = next(pair for pair in pairwise(headings) if pair[0] <= year < pair[1])
    part = (year - start) / (end - start)
    return [(start, 1 - part), (end, part)] if part else [(start, 1.0)]
