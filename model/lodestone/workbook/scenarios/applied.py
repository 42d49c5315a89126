"""Futures: what a scenario, or --set on the command line, makes of the workbook's values.

Changes act on values after interpolation, in row order, those of Settings first. A change of Lanes or Tariffs acts on
lanes, not on rows: it reaches every lane that its keys match, also one that a `*` row or the default freight opened.

--set changes the workbook itself: it comes before every scenario, reaches all years, and may change any cell but keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lodestone.errors import Problem
from lodestone.names import advice, listed, plain
from lodestone.workbook.reading.records import Base, Records
from lodestone.workbook.scenarios.changes import (
    LANE_SHEETS,
    Change,
    Key,
    RefusedChange,
    about_settings,
    column_of,
    matching_keys,
    matching_lanes,
    new_value,
    operand_of,
    require_from_start,
    sheet_of,
    years_of,
)
from lodestone.workbook.scenarios.lanes import LaneKey, resolve_lanes
from lodestone.workbook.schema.columns import YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import SETTINGS
from lodestone.workbook.tables import CellChange, Lane, Record, Tables, Years, row_name

CHANGEABLE_SETTINGS = ("default_freight_usd_per_kg", "tariffs_counted", "stock_end_value_share")


@dataclass
class Future:
    """The data of one scenario while changes are applied; `log` and `problems` are what came of them."""

    settings: dict[str, Any]
    records: Records = field(default_factory=dict)
    lanes: dict[LaneKey, Lane] = field(default_factory=dict)
    log: list[CellChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def horizon(self) -> range:
        return range(self.settings["first_year"], self.settings["last_year"] + 1)

    def carry_out(self, changes: Iterable[Change]) -> None:
        """Apply changes in order; one that cannot be carried out leaves a problem."""
        for change in changes:
            try:
                _apply(self, change)
            except RefusedChange as refused:
                self.problems.append(refused.problem)


def set_settings(given: Mapping[str, Any], sets: Iterable[Change]) -> Future:
    """The given settings after --set, before defaults, horizon and years are worked out from them."""
    future = Future(dict(given))
    future.carry_out(change for change in sets if about_settings(change))
    return future


def base_future(base: Base, sets: Sequence[Change]) -> Future:
    """The workbook itself, after --set (Settings are changed already)."""
    future = Future(dict(base.settings), {sheet: dict(rows) for sheet, rows in base.records.items()})
    future.lanes = _lanes(future)
    future.carry_out(change for change in sets if not about_settings(change))
    return future


def scenario_future(workbook: Future, scenario: str, sets: Sequence[Change]) -> Future:
    """What the changes of one scenario make of the workbook (which has every --set already)."""
    changes = _scenario_changes(workbook, scenario)
    future = Future(
        dict(workbook.settings), {sheet: dict(rows) for sheet, rows in workbook.records.items()}, dict(workbook.lanes)
    )
    future.carry_out(change for change in changes if about_settings(change))
    freight = "default_freight_usd_per_kg"
    if future.settings[freight] != workbook.settings[freight]:
        future.lanes = _lanes_after_sets(future, sets)
    future.carry_out(change for change in changes if not about_settings(change))
    return future


def _scenario_changes(future: Future, scenario: str) -> list[Change]:
    """The rows of Changes for one scenario, in order; unusable rows are left out, being problems already."""
    shows_in = future.records["Scenarios"][scenario,]["from_year"]
    if shows_in not in future.horizon:  # a problem reported elsewhere
        shows_in = future.horizon.start
    needed = ("sheet", "row", "column", "operation", "value")
    rows = [row for row in future.records["Changes"].values() if row["scenario"] == scenario]
    return [
        Change(
            sheet=row["sheet"],
            row=row["row"],
            column=row["column"],
            operation=row["operation"],
            value=row["value"],
            from_year=row["from_year"],
            to_year=row["to_year"],
            shows_in=shows_in,
            by=f"Changes!A{row.key[0]}",
            cells=row.cells,
        )
        for row in rows
        if all(row[part] is not None for part in needed)
    ]


def _lanes(future: Future) -> dict[LaneKey, Lane]:
    return resolve_lanes(
        future.records["Lanes"].values(),
        future.records["Tariffs"].values(),
        [name for (name,) in future.records["Regions"]],
        [name for (name,) in future.records["Materials"]],
        future.settings["default_freight_usd_per_kg"],
        future.horizon,
    )


def _lanes_after_sets(future: Future, sets: Iterable[Change]) -> dict[LaneKey, Lane]:
    """The lanes that another default freight gives, with --set applied to them again."""
    again = Future(future.settings, future.records, _lanes(future))
    again.carry_out(change for change in sets if plain(change.sheet) in ("lanes", "tariffs"))
    return again.lanes


def tables_of(future: Future, scenario: str, base: Base) -> Tables:
    """base: the workbook, whose settings tell where they stand."""
    records = {sheet: rows for sheet, rows in future.records.items() if sheet not in LANE_SHEETS}
    return Tables(scenario, future.settings, base.setting_cells, base.setting_remarks, records, future.lanes)


# --- carrying out -----------------------------------------------------------------------------------------------------


def _apply(future: Future, change: Change) -> None:
    sheet = sheet_of(change)
    if sheet is SETTINGS:
        _change_setting(future, change)
        return
    column = column_of(sheet, change)
    years = years_of(change, column, future.horizon)
    operand = operand_of(change, sheet, column, future.settings, future.records)
    if sheet.name in LANE_SHEETS:
        for lane_key in matching_lanes(sheet, future.lanes, change):
            _change_lane(future, sheet, lane_key, column, years, operand, change)
    else:
        records = future.records[sheet.name]
        for key in matching_keys(sheet, records.keys(), change):
            records[key] = _changed_record(future, records[key], column, years, operand, change)


def _change_setting(future: Future, change: Change) -> None:
    column = SETTINGS.by_name.get(plain(change.row))
    if column is None:
        raise change.refuse(
            "row", "there is no setting of this name", advice(change.row, SETTINGS.by_name, "enter one of")
        )
    if plain(change.column) != "value":
        raise change.refuse("column", "a setting has no column of this name", "write value")
    if change.shows_in is not None:
        if column.name not in CHANGEABLE_SETTINGS:
            raise change.refuse(
                "row",
                f"a scenario cannot change {column.name}",
                f"of Settings, only these can be changed: {listed(CHANGEABLE_SETTINGS)}",
            )
        require_from_start(change, future.settings["first_year"])
    old = future.settings.get(column.name, column.default)
    new = new_value(
        column, old, operand_of(change, SETTINGS, column, future.settings, future.records), change, column.name
    )
    future.settings[column.name] = new
    _log(future, "Settings", (column.name,), "value", None, old, new, change)


def _changed_record(
    future: Future, record: Record, column: Column, years: range | None, operand: Any, change: Change
) -> Record:
    if column.kind == YEARS:
        return replace(
            record, years=_changed_years(future, record.sheet, record.key, column, record.years, years, operand, change)
        )
    old = record[column.name]
    new = new_value(column, old, operand, change, f"{column.name} of {'/'.join(record.key)}")
    _log(future, record.sheet, record.key, column.name, None, old, new, change)
    blank = record.blank - {column.name} if change.value is not None else record.blank | {column.name}
    return replace(record, values={**record.values, column.name: new}, blank=blank)


def _change_lane(
    future: Future, sheet: Sheet, key: LaneKey, column: Column, years: range | None, operand: Any, change: Change
) -> None:
    lane = future.lanes[key]
    if column.kind != YEARS:
        old = getattr(lane, column.name)
        new = new_value(column, old, operand, change, f"{column.name} of {'/'.join(key)}")
        _log(future, sheet.name, key, column.name, None, old, new, change)
        future.lanes[key] = replace(lane, **{column.name: new})
    elif sheet.name == "Lanes":
        future.lanes[key] = replace(
            lane, capacity=_changed_years(future, sheet.name, key, column, lane.capacity, years, operand, change)
        )
    else:
        rates = _changed_years(future, sheet.name, key, column, lane.tariff, years, operand, change) or {}
        future.lanes[key] = replace(lane, tariff={year: rate or 0.0 for year, rate in rates.items()})


def _changed_years(
    future: Future,
    sheet: str,
    key: Key,
    column: Column,
    values: Years | None,
    years: range | None,
    operand: Any,
    change: Change,
) -> Years | None:
    """The year values after a change; None when none is left (unlimited, or never in force)."""
    changed = dict(values) if values is not None else dict.fromkeys(future.horizon)
    for year in changed if years is None else years:
        if year not in changed:
            raise change.refuse(
                "column",
                f"{'/'.join(key)} has no value for {year}",
                f"choose a year from {min(changed)} to {max(changed)}",
            )
        old = changed[year]
        changed[year] = new_value(column, old, operand, change, f"the value of {'/'.join(key)} for {year}")
        _log(future, sheet, key, YEARS, year, old, changed[year], change)
    if not column.required and all(value is None for value in changed.values()):
        return None
    return changed


def _log(
    future: Future, sheet: str, key: Key, column: str, year: int | None, old: Any, new: Any, change: Change
) -> None:
    if old != new:
        future.log.append(CellChange(sheet, row_name(sheet, key), column, year, old, new, change.by))
