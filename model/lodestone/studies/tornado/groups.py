"""Figures of a workbook that may be wrong together: those of one sheet and column whose rows give the same source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS
from lodestone.workbook.tables import Lane, Record, Tables

ILLUSTRATIVE = "illustrative"
NOT_TRIED = ("Scenarios", "Changes", "Periods")
SEARCH_SETTINGS = ("mip_gap", "extra_gap", "time_limit_s", "risk_weight", "risk_tail")  # how, not what
LANE_SHEETS = {"Lanes": "cells", "Tariffs": "tariff_cells"}
LANE_FIELDS = {("Lanes", "freight_usd_per_kg"): "freight_usd_per_kg", ("Lanes", YEARS): "capacity"}
LANE_FIELDS |= {("Tariffs", "min_price_usd_per_kg"): "min_price_usd_per_kg", ("Tariffs", YEARS): "tariff"}


@dataclass(frozen=True)
class Group:
    """values: "Sheet!F7" -> what stands there. rows: their keys; a setting has its name there."""

    sheet: str
    column: str
    source: str
    rows: tuple[tuple[str, ...], ...]
    values: Mapping[str, float]

    @property
    def is_illustrative(self) -> bool:
        """Whether its source says that the figures are made up."""
        return ILLUSTRATIVE in self.source.casefold()

    @property
    def cells(self) -> str:
        """'Projects!I44:I47', or the first and last of those that do not stand together."""
        names = list(self.values)
        places = [name.partition("!")[2] for name in names]
        letters = {place.rstrip("0123456789") for place in places}
        numbers = sorted({int(place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for place in places})
        sheet = names[0].partition("!")[0]
        first, last = min(letters, key=lambda x: (len(x), x)), max(letters, key=lambda x: (len(x), x))
        if len(names) == 1:
            return names[0]
        if numbers == list(range(numbers[0], numbers[-1] + 1)) and len(names) == len(letters) * len(numbers):
            return f"{sheet}!{first}{numbers[0]}:{last}{numbers[-1]}"
        return f"{sheet}!{first}{numbers[0]} ... {last}{numbers[-1]}, {len(names)} cells"

    def edits(self, factor: float) -> dict[str, float]:
        """The cells with other values, within the limits of their column."""
        column = _column(self.sheet, self.column, self.rows)
        return {cell: _within(column, value * factor) for cell, value in self.values.items()}


def _column(sheet: str, column: str, rows: tuple[tuple[str, ...], ...]) -> Column:
    if sheet == SETTINGS.name:
        return SETTINGS.by_name[rows[0][0]]
    return next(c for c in SHEETS[sheet].columns if c.name == column)


def _within(column: Column, value: float) -> float:
    most, least = column.most, column.least
    if isinstance(most, int | float):
        value = min(value, float(most))
    return max(value, float(least)) if isinstance(least, int | float) else value


def groups(tables: Tables) -> list[Group]:
    """Every number that stands in a cell and is not 0, but whole numbers of years and pieces."""
    found: dict[tuple[str, str, str], tuple[list[tuple[str, ...]], dict[str, float]]] = defaultdict(lambda: ([], {}))
    for sheet, column, source, row, cells in _figures(tables):
        rows, values = found[sheet, column, source]
        rows.append(row)
        values.update(cells)
    return [Group(*key, tuple(dict.fromkeys(rows)), values) for key, (rows, values) in found.items() if values]


def _figures(tables: Tables) -> Iterator[tuple[str, str, str, tuple[str, ...], dict[str, float]]]:
    for name, cell in tables.setting_cells.items():
        column, value = SETTINGS.by_name.get(name), tables.settings.get(name)
        if column is not None and column.kind == "number" and value and name not in SEARCH_SETTINGS:
            source = tables.setting_remarks.get(name, {}).get("source", "")
            yield SETTINGS.name, name, source, (name,), {cell: float(value)}
    rows = [record for sheet, of in tables.records.items() if sheet not in NOT_TRIED for record in of.values()]
    for record in (*rows, *(record for of in tables.lane_rows.values() for record in of)):
        yield from _of_record(record)


def _of_record(record: Record) -> Iterator[tuple[str, str, str, tuple[str, ...], dict[str, float]]]:
    source = record.remarks.get("source", "")
    for column in SHEETS[record.sheet].columns:
        if column.kind == YEARS:
            given = {record.cells[y]: float(v) for y, v in record.given.items() if v and y in record.cells}
            if given:
                yield record.sheet, YEARS, source, record.key, given
        elif column.kind == "number" and column.name not in record.blank:
            value, cell = record.values.get(column.name), record.cells.get(column.name)
            if value and cell and isinstance(value, int | float):
                yield record.sheet, column.name, source, record.key, {cell: float(value)}


# --- without reading the workbook again -------------------------------------------------------------------------------


def changed(tables: Tables, group: Group, factor: float) -> Tables:
    """The tables as if the cells of a group were so many times as large: for a first look."""
    if group.sheet == SETTINGS.name:
        (name,) = group.rows[0]
        value = _within(SETTINGS.by_name[name], tables.settings[name] * factor)
        return replace(tables, settings={**tables.settings, name: value})
    if group.sheet in LANE_SHEETS:
        return replace(tables, lanes={key: _lane(lane, group, factor) for key, lane in tables.lanes.items()})
    records = dict(tables.records[group.sheet])
    column = _column(group.sheet, group.column, group.rows)
    for key in group.rows:
        records[key] = _record(records[key], column, factor)
    return replace(tables, records={**tables.records, group.sheet: records})


def _record(record: Record, column: Column, factor: float) -> Record:
    def times(value: float | None) -> float | None:
        return None if value is None else _within(column, value * factor)

    if column.kind != YEARS:
        return replace(record, values={**record.values, column.name: times(record.values[column.name])})
    years = None if record.years is None else {year: times(value) for year, value in record.years.items()}
    return replace(record, years=years, months={time: times(value) for time, value in record.months.items()})


def _lane(lane: Lane, group: Group, factor: float) -> Lane:
    field = LANE_FIELDS.get((group.sheet, group.column))
    cells = getattr(lane, LANE_SHEETS[group.sheet])
    if field is None or not any(cell in group.values for cell in cells.values()):
        return lane
    value: Any = getattr(lane, field)
    if isinstance(value, Mapping):
        new: Any = {year: None if v is None else v * factor for year, v in value.items()}
    else:
        new = None if value is None else value * factor
    fields: dict[str, Any] = {field: new}
    return replace(lane, **fields)
