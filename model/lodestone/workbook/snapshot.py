"""The inputs of a run in short, kept in plan.json under "inputs", so that any two runs can be compared cell by cell.

    {sheet: {row: {column: value, ..., "years": {year: value}, "2027-04": value, "honoured 2028-01": value}}}

row: the keys joined by /, as in Changes. A period whose value is not that of its year has a column of its own, and so
has a period that a change of a dated column reached. Left out, because it goes without saying: blank values, also those
that then follow a setting, and those of columns that version 2 brought; a year whose value is that of the year before;
a lane that is what the default freight makes of it (within a region: free and open); a tariff of 0. Settings are
{setting: {"value": value}}. Changes are left out, as the values are those after changes; of Scenarios only the
emergencies of this run's own scenario and its parents stand, as they alone act on the plan other than by changes.
"""

from __future__ import annotations

from lodestone.data.times import Time, month_of, year_of
from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import SHEETS
from lodestone.workbook.tables import Lane, Months, Record, Tables, Value, Years, lineage, row_name

Told = dict[str, Value | list[str] | dict[int, float | None]]  # of a row: by column; of its years, by year
Snapshot = dict[str, dict[str, Told]]

UNTOLD_SETTINGS = ("plan_name",)  # a title, often the name of the file
EMERGENCY = ("emergency_from", "emergency_to", "refill_years")
MONTHS_OF_EMERGENCY = ("emergency_from_month", "emergency_to_month", "emergency_stockpiles")


def input_snapshot(tables: Tables) -> Snapshot:
    """What one scenario plans with, after its changes."""
    settings = {name: {"value": value} for name, value in tables.told_settings.items() if name not in UNTOLD_SETTINGS}
    snapshot: Snapshot = {"Settings": {name: cell for name, cell in settings.items() if cell["value"] is not None}}
    for sheet, records in tables.records.items():
        if sheet not in ("Scenarios", "Changes"):
            snapshot[sheet] = {row_name(sheet, key): _row(record) for key, record in records.items()}
    snapshot["Scenarios"] = _emergency(tables)
    snapshot["Lanes"], snapshot["Tariffs"] = _lanes(tables)
    return {sheet: rows for sheet, rows in snapshot.items() if rows}


def _row(record: Record) -> Told:
    columns = SHEETS[record.sheet].by_name
    untold = {*SHEETS[record.sheet].key, *(name for name in record.blank if _goes_without(columns[name]))}
    values = {name: value for name, value in record.values.items() if name not in untold and value is not None}
    row = {name: list(value) if isinstance(value, list | tuple) else value for name, value in values.items()}
    dated = {f"{name} {_month(t)}": value for name, values in record.dated.items() for t, value in values.items()}
    return row | _series(record.years, record.months) | dated


def _series(years: Years | None, months: Months) -> Told:
    told: Told = {} if years is None else {YEARS: _turns(years)}
    return told | {_month(time): value for time, value in months.items()}


def _month(time: Time) -> str:
    return f"{year_of(time)}-{month_of(time):02}"


def _goes_without(column: Column) -> bool:
    """Whether a blank cell is left out: it means a setting, such as last_year, and then it is the setting that differs
    between runs; or version 2 brought the column, so that workbooks of version 1 say what they always said."""
    return column.since > 1 or (column.kind == "integer" and isinstance(column.default, str))


def _turns(values: Years) -> dict[int, float | None]:
    """The first year, and every year whose value is not that of the year before."""
    turns: dict[int, float | None] = {}
    held: float | None = None
    for year in sorted(values):
        if not turns or values[year] != held:
            turns[year] = held = values[year]
    return turns


def _emergency(tables: Tables) -> dict[str, Told]:
    scenarios = tables.records.get("Scenarios", {})
    line = [scenarios[name,] for name in lineage(scenarios, tables.scenario) if (name,) in scenarios]
    return {row.key[0]: _of_emergency(row) for row in line if row["emergency_from"] is not None}


def _of_emergency(scenario: Record) -> Told:
    told = (*EMERGENCY, *(column for column in MONTHS_OF_EMERGENCY if column not in scenario.blank))
    return {column: scenario[column] for column in told if scenario[column] is not None}


def _lanes(tables: Tables) -> tuple[dict[str, Told], dict[str, Told]]:
    lanes, tariffs = {}, {}
    default: float | None = tables.settings.get("default_freight_usd_per_kg")
    for key, lane in tables.lanes.items():
        name = "/".join(key)
        if not _goes_without_saying(lane, default):
            lanes[name] = _lane(lane)
        if any((*lane.tariff.values(), *lane.tariff_months.values())) or lane.min_price_usd_per_kg is not None:
            tariffs[name] = _duty(lane)
    return lanes, tariffs


def _goes_without_saying(lane: Lane, default_freight: float | None) -> bool:
    usual = 0.0 if lane.from_region == lane.to_region else default_freight
    return lane.open and lane.capacity is None and lane.freight_usd_per_kg == usual


def _lane(lane: Lane) -> Told:
    row: Told = {"freight_usd_per_kg": lane.freight_usd_per_kg, "open": lane.open}
    return row | _series(lane.capacity, lane.capacity_months)


def _duty(lane: Lane) -> Told:
    row: Told = {}
    if lane.min_price_usd_per_kg is not None:
        row["min_price_usd_per_kg"] = lane.min_price_usd_per_kg
    if lane.applies_to != "all":
        row["applies_to"] = lane.applies_to
    return row | _series(lane.tariff, lane.tariff_months)
