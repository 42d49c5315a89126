"""Futures: what a scenario, or --set on the command line, makes of the workbook's values.

Changes act on values after interpolation, in row order, those of Settings first. A change of Lanes or Tariffs acts on
lanes, not on rows: it reaches every lane that its keys match, also one that a `*` row or the default freight opened.
Within a year that is cut into periods a change may reach some of them: their values then stand beside that of the year.

--set changes the workbook itself: it comes before every scenario, reaches all years, and may change any cell but keys.
Then come the rows of Changes for `base`, which change all futures; then those of a scenario's parent, and its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lodestone.data.times import Calendar, Time, month_of, time_of, year_of
from lodestone.errors import Problems
from lodestone.names import advice, listed, plain
from lodestone.workbook.reading.records import Base, Records
from lodestone.workbook.scenarios.changes import (
    LANE_SHEETS,
    Change,
    Key,
    Reach,
    RefusedChange,
    about_settings,
    column_of,
    matching_keys,
    matching_lanes,
    new_value,
    operand_of,
    reach_of,
    require_from_start,
    sheet_of,
)
from lodestone.workbook.scenarios.lanes import LaneKey, resolve_lanes
from lodestone.workbook.schema.columns import YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import BASE, SETTINGS
from lodestone.workbook.tables import (
    CellChange,
    Lane,
    Months,
    Record,
    Settings,
    Tables,
    Value,
    Years,
    calendar_of,
    row_name,
)

CHANGEABLE_SETTINGS = ("default_freight_usd_per_kg", "tariffs_counted", "stock_end_value_share")


@dataclass
class Future:
    """The data of one scenario while changes are applied; `log` and `problems` are what came of them.

    of_lanes: the changes of Lanes and Tariffs so far, for when another default freight opens other lanes.
    """

    settings: dict[str, Value]
    records: Records = field(default_factory=dict)
    lanes: dict[LaneKey, Lane] = field(default_factory=dict)
    log: list[CellChange] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    of_lanes: list[Change] = field(default_factory=list)

    @property
    def calendar(self) -> Calendar:
        """The years and periods planned."""
        return calendar_of(self.settings, self.records)

    def carry_out(self, changes: Iterable[Change]) -> None:
        """Apply changes in order; one that cannot be carried out leaves a problem."""
        for change in changes:
            try:
                _apply(self, change)
            except RefusedChange as refused:
                self.problems.append(refused.problem)


def set_settings(given: Settings, sets: Iterable[Change]) -> Future:
    """The given settings after --set, before defaults, horizon and years are worked out from them."""
    future = Future(dict(given))
    future.carry_out(change for change in sets if about_settings(change))
    return future


def base_future(base: Base, sets: Sequence[Change]) -> Future:
    """The workbook itself, after --set (Settings are changed already) and the rows of Changes for `base`."""
    future = Future(dict(base.settings), {sheet: dict(rows) for sheet, rows in base.records.items()})
    future.lanes = _lanes(future)
    future.carry_out(change for change in sets if not about_settings(change))
    if base.horizon_known:  # without one nothing can be said about what changes
        _carry_out_rows(future, (BASE,))
    return future


def scenario_future(before: Future, scenario: str) -> Future:
    """What the changes of one scenario make of its parent's data, or the base's."""
    return combined_future(before, (scenario,))


def combined_future(before: Future, scenarios: Collection[str]) -> Future:
    """What the changes of several scenarios together make of a future: in row order, each from its own time on."""
    records = {sheet: dict(rows) for sheet, rows in before.records.items()}
    future = Future(
        dict(before.settings), records, dict(before.lanes), list(before.log), of_lanes=list(before.of_lanes)
    )
    _carry_out_rows(future, scenarios)
    return future


def _carry_out_rows(future: Future, scenarios: Collection[str]) -> None:
    """The rows of Changes for scenarios or the base, those of Settings first."""
    changes = _scenario_changes(future, scenarios)
    freight = future.settings["default_freight_usd_per_kg"]
    future.carry_out(change for change in changes if about_settings(change))
    if future.settings["default_freight_usd_per_kg"] != freight:
        again = Future(future.settings, future.records, _lanes(future))
        again.carry_out(future.of_lanes)
        future.lanes = again.lanes
    future.carry_out(change for change in changes if not about_settings(change))


def _scenario_changes(future: Future, scenarios: Collection[str]) -> list[Change]:
    """The rows of Changes for scenarios, in order; unusable rows are left out, being problems already."""
    shows, parents = dict.fromkeys(scenarios, time_of(future.calendar.first_year)), dict[str, str]()
    for scenario in (name for name in scenarios if name != BASE):
        row = future.records["Scenarios"][scenario,]
        parents[scenario] = row["parent"]
        if row["from_year"] in future.calendar.years:  # else a problem reported elsewhere
            shows[scenario] = time_of(row["from_year"], row["from_month"] or 1)
    needed = ("sheet", "row", "column", "operation", "value")
    rows = [row for row in future.records["Changes"].values() if row["scenario"] in shows]
    return [
        Change(
            sheet=row["sheet"],
            row=row["row"],
            column=row["column"],
            operation=row["operation"],
            value=row["value"],
            from_year=row["from_year"],
            to_year=row["to_year"],
            shows=shows[row["scenario"]],
            by=f"Changes!A{row.key[0]}",
            cells=row.cells,
            from_month=row["from_month"],
            to_month=None if "to_month" in row.blank else row["to_month"],
            parent=parents.get(row["scenario"]) or "the base",
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
        future.calendar.years,
    )


def tables_of(future: Future, scenario: str, base: Base) -> Tables:
    """base: the workbook, whose settings tell where they stand."""
    records = {sheet: rows for sheet, rows in future.records.items() if sheet not in LANE_SHEETS}
    lane_rows = {sheet: tuple(base.records[sheet].values()) for sheet in LANE_SHEETS}
    return Tables(
        scenario,
        future.settings,
        base.setting_cells,
        base.setting_remarks,
        records,
        future.lanes,
        lane_rows,
        tuple(future.log),
    )


# --- carrying out -----------------------------------------------------------------------------------------------------


def _apply(future: Future, change: Change) -> None:
    sheet = sheet_of(change)
    if sheet is SETTINGS:
        _change_setting(future, change)
        return
    column = column_of(sheet, change)
    reach = reach_of(change, column, future.calendar)
    operand = operand_of(change, sheet, column, future.settings, future.records)
    if sheet.name in LANE_SHEETS:
        for lane_key in matching_lanes(sheet, future.lanes, change):
            _change_lane(future, sheet, lane_key, column, reach, operand, change)
        future.of_lanes.append(change)
    else:
        records = future.records[sheet.name]
        for key in matching_keys(sheet, records.keys(), change):
            records[key] = _changed_record(future, records[key], column, reach, operand, change)


def _change_setting(future: Future, change: Change) -> None:
    column = SETTINGS.by_name.get(plain(change.row))
    if column is None:
        raise change.refuse(
            "row", "there is no setting of this name", advice(change.row, SETTINGS.by_name, "enter one of")
        )
    if plain(change.column) != "value":
        raise change.refuse("column", "a setting has no column of this name", "write value")
    if change.shows is not None:
        if column.name not in CHANGEABLE_SETTINGS:
            raise change.refuse(
                "row",
                f"a scenario cannot change {column.name}",
                f"of Settings, only these can be changed: {listed(CHANGEABLE_SETTINGS)}",
            )
        require_from_start(change, time_of(future.settings["first_year"]))
    old = future.settings.get(column.name, column.default)
    new = new_value(
        column, old, operand_of(change, SETTINGS, column, future.settings, future.records), change, column.name
    )
    future.settings[column.name] = new
    _log(future, "Settings", (column.name,), "value", old, new, change)


def _changed_record(
    future: Future, record: Record, column: Column, reach: Reach | None, operand: Value, change: Change
) -> Record:
    place = record.sheet, record.key, column
    if column.kind == YEARS:
        years, months = _changed_years(future, place, record.years, record.months, reach, operand, change)
        return replace(record, years=years, months=months)
    old = record[column.name]
    if reach is not None:
        return replace(
            record, dated={**record.dated, column.name: _changed_times(future, record, column, reach, operand, change)}
        )
    new = new_value(column, old, operand, change, f"{column.name} of {'/'.join(record.key)}")
    _log(future, record.sheet, record.key, column.name, old, new, change)
    blank = record.blank - {column.name} if change.value is not None else record.blank | {column.name}
    return replace(record, values={**record.values, column.name: new}, blank=blank)


def _changed_times(
    future: Future, record: Record, column: Column, reach: Reach, operand: Value, change: Change
) -> Mapping[Time, Value]:
    """The values of a dated column in the periods that changes have reached so far."""
    values = dict(record.dated.get(column.name, {}))
    for year in reach.years:
        for time in future.calendar.times_of(year):
            old = values.get(time, record[column.name])
            values[time] = new_value(column, old, operand, change, f"{column.name} of {'/'.join(record.key)}")
        _log(future, record.sheet, record.key, column.name, old, values[time], change, time_of(year), whole=True)
    for time in reach.times:
        old = values.get(time, record[column.name])
        values[time] = new_value(column, old, operand, change, f"{column.name} of {'/'.join(record.key)}")
        _log(future, record.sheet, record.key, column.name, old, values[time], change, time)
    return values


def _change_lane(
    future: Future, sheet: Sheet, key: LaneKey, column: Column, reach: Reach | None, operand: Value, change: Change
) -> None:
    lane, place = future.lanes[key], (sheet.name, key, column)
    if column.kind != YEARS:
        old = getattr(lane, column.name)
        new = new_value(column, old, operand, change, f"{column.name} of {'/'.join(key)}")
        _log(future, sheet.name, key, column.name, old, new, change)
        future.lanes[key] = replace(lane, **{column.name: new})
    elif sheet.name == "Lanes":
        years, months = _changed_years(future, place, lane.capacity, lane.capacity_months, reach, operand, change)
        future.lanes[key] = replace(lane, capacity=years, capacity_months=months)
    else:
        years, months = _changed_years(future, place, lane.tariff, lane.tariff_months, reach, operand, change)
        future.lanes[key] = replace(
            lane,
            tariff={year: rate or 0.0 for year, rate in (years or {}).items()},
            tariff_months={time: rate or 0.0 for time, rate in months.items()},
        )


Place = tuple[str, Key, Column]  # sheet, key of the row or lane, column


def _changed_years(
    future: Future,
    place: Place,
    values: Years | None,
    months: Months,
    reach: Reach | None,
    operand: Value,
    change: Change,
) -> tuple[Years | None, Months]:
    """The values of years and of periods after a change; None when none is left (unlimited, or never in force)."""
    sheet, key, column = place
    changed = dict(values) if values is not None else dict.fromkeys(future.calendar.years)
    parts = dict(months)
    for year in changed if reach is None else reach.years:
        _require_year(changed, key, year, change)
        old = changed[year]
        changed[year] = new_value(column, old, operand, change, f"the value of {'/'.join(key)} for {year}")
        _log(future, sheet, key, YEARS, old, changed[year], change, time_of(year), whole=True)
        for time in (time for time in months if year_of(time) == year):
            parts[time] = _changed_period(future, place, months[time], operand, change, time)
    for time in () if reach is None else reach.times:
        _require_year(changed, key, year_of(time), change)
        parts[time] = _changed_period(future, place, parts.get(time, changed[year_of(time)]), operand, change, time)
    parts = {time: value for time, value in parts.items() if value != changed[year_of(time)]}
    if not column.required and not parts and all(value is None for value in changed.values()):
        return None, {}
    return changed, parts


def _require_year(values: Years, key: Key, year: int, change: Change) -> None:
    if year not in values:
        raise change.refuse(
            "column",
            f"{'/'.join(key)} has no value for {year}",
            f"choose a year from {min(values)} to {max(values)}",
        )


def _changed_period(future: Future, place: Place, old: Value, operand: Value, change: Change, time: Time) -> Value:
    sheet, key, column = place
    new = new_value(
        column, old, operand, change, f"the value of {'/'.join(key)} for {year_of(time)}-{month_of(time):02}"
    )
    _log(future, sheet, key, YEARS, old, new, change, time)
    return new


def _log(
    future: Future,
    sheet: str,
    key: Key,
    column: str,
    old: Value,
    new: Value,
    change: Change,
    time: Time | None = None,
    whole: bool = False,
) -> None:
    """whole: the time stands for its year."""
    if old != new:
        year = None if time is None else year_of(time)
        month = None if time is None or whole else month_of(time)
        future.log.append(CellChange(sheet, row_name(sheet, key), column, year, old, new, change.by, month))
