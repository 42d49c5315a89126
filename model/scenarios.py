"""Changes: what a scenario, or --set on the command line, makes of the workbook's values.

Changes act on values after interpolation, in row order, those of Settings first. Each must match something, and a value
that leaves the limits of its column is a problem. A change of Lanes or Tariffs acts on lanes, not on rows: it reaches
every lane that its keys match, also one that a `*` row or the default freight opened.

--set changes the workbook itself: it comes before every scenario, reaches all years, and may change any cell but keys.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model.cells import UnusableCell, check_limits, convert, plain_number, show
from model.columns import YEARS, Column, Sheet
from model.errors import Problem
from model.lanes import LaneKey, resolve_lanes
from model.names import advice, is_wild, listed, nearest, plain, wildcard
from model.records import Base, Records, default_of
from model.schema import ANY, SETTINGS, SHEETS, UNLIMITED
from model.tables import CellChange, Lane, Record, Tables, Years
from model.workbook.references import unknown_reference
from model.xlsx import CellValue

BASE = "base"
LANE_SHEETS = ("Lanes", "Tariffs")
SCENARIO_SHEETS = ("Scenarios", "Changes")
CHANGEABLE_SETTINGS = ("default_freight_usd_per_kg", "tariffs_counted", "stock_end_value_share")
NUMERIC = ("number", "integer", "years")
OPERAND = Column("value", "number")  # a factor or summand: any number
SET_FORM = "write Sheet/key/column=value, e.g. Sectors/defence/min_service_share=0.9 or Settings/discount_rate=0.03"

Key = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One row of Changes, or one --set.

    row: keys joined by /, with wildcards. from_year, to_year: the years that "years" reaches (None: first, last).
    shows_in: from_year of the scenario; None for --set. by: "Changes!A4" or "--set ...". cells: where each part stands.
    """

    sheet: str
    row: str
    column: str
    operation: str
    value: CellValue | None
    from_year: int | None
    to_year: int | None
    shows_in: int | None
    by: str
    cells: Mapping[str | int, str] = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        return self.shows_in is None

    def refuse(self, part: str, wrong: str, mend: str) -> RefusedChange:
        """The problem at the cell of Changes (or the --set) where `part` stands."""
        found = show(getattr(self, part))
        return RefusedChange(Problem(self.cells.get(part, self.by), found, wrong, mend))


class RefusedChange(Exception):
    """A change that cannot be carried out, with its problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.wrong)


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


# --- which changes there are ----------------------------------------------------------------------------------------


def parse_sets(sets: Sequence[str]) -> tuple[list[Change], list[Problem]]:
    """The changes asked for by --set, each 'Sheet/key/.../column=value' ('Settings/name=value' for a setting).

    The column may be "years" for all years, or one year. An empty value leaves the cell blank.
    """
    changes, problems = [], []
    for text in sets:
        label = f"--set {text}"
        path, equals, value = text.partition("=")
        sheet, *names = (part.strip() for part in path.split("/"))
        if plain(sheet) == "settings" and len(names) == 1:
            names.append("value")
        if not equals or len(names) < 2:
            problems.append(Problem(label, text, "this does not name a cell and its value", SET_FORM))
            continue
        *keys, column = names
        year = int(column) if re.fullmatch("[0-9]{4}", column) else None
        changes.append(
            Change(
                sheet,
                "/".join(keys),
                column if year is None else YEARS,
                "set",
                value.strip() or None,
                year,
                year,
                None,
                label,
            )
        )
    return changes, problems


def _scenario_changes(future: Future, scenario: str) -> list[Change]:
    """The rows of Changes for one scenario, in order; unusable rows are left out, being problems already."""
    shows_in = future.records["Scenarios"][scenario,]["from_year"]
    if shows_in not in future.horizon:  # a problem reported elsewhere
        shows_in = future.horizon.start
    needed = ("sheet", "row", "column", "operation", "value")
    rows = [row for row in future.records["Changes"].values() if row["scenario"] == scenario]
    return [
        Change(
            row["sheet"],
            row["row"],
            row["column"],
            row["operation"],
            row["value"],
            row["from_year"],
            row["to_year"],
            shows_in,
            _first_cell(row),
            row.cells,
        )
        for row in rows
        if all(row[part] is not None for part in needed)
    ]


def _first_cell(row: Record) -> str:
    """Cell A of a row of Changes."""
    return f"Changes!A{row.key[0]}"


def _about_settings(change: Change) -> bool:
    return plain(change.sheet) == "settings"


# --- futures --------------------------------------------------------------------------------------------------------


def set_settings(given: Mapping[str, Any], sets: Iterable[Change]) -> Future:
    """The given settings after --set, before defaults, horizon and years are worked out from them."""
    future = Future(dict(given))
    future.carry_out(change for change in sets if _about_settings(change))
    return future


def base_future(base: Base, sets: Sequence[Change]) -> Future:
    """The workbook itself, after --set (Settings are changed already)."""
    future = Future(dict(base.settings), {sheet: dict(rows) for sheet, rows in base.records.items()})
    future.lanes = _lanes(future)
    future.carry_out(change for change in sets if not _about_settings(change))
    return future


def scenario_future(workbook: Future, scenario: str, sets: Sequence[Change]) -> Future:
    """What the changes of one scenario make of the workbook (which has every --set already)."""
    changes = _scenario_changes(workbook, scenario)
    future = Future(
        dict(workbook.settings), {sheet: dict(rows) for sheet, rows in workbook.records.items()}, dict(workbook.lanes)
    )
    future.carry_out(change for change in changes if _about_settings(change))
    freight = "default_freight_usd_per_kg"
    if future.settings[freight] != workbook.settings[freight]:
        future.lanes = _lanes_after_sets(future, sets)
    future.carry_out(change for change in changes if not _about_settings(change))
    return future


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


# --- one change -----------------------------------------------------------------------------------------------------


def _apply(future: Future, change: Change) -> None:
    sheet = _sheet_of(change)
    if sheet is SETTINGS:
        _change_setting(future, change)
        return
    column = _column_of(sheet, change)
    years = _years_of(future, change, column)
    operand = _operand(future, sheet, column, change)
    if sheet.name in LANE_SHEETS:
        for lane_key in _matching_lanes(sheet, future.lanes, change):
            _change_lane(future, sheet, lane_key, column, years, operand, change)
    else:
        records = future.records[sheet.name]
        for key in _matching_keys(sheet, records.keys(), change):
            records[key] = _changed_record(future, records[key], column, years, operand, change)


def _sheet_of(change: Change) -> Sheet:
    names = [name for name in SHEETS if change.is_set or name not in SCENARIO_SHEETS]
    found = next((name for name in names if plain(name) == plain(change.sheet)), None)
    if found is not None:
        return SHEETS[found]
    if plain(change.sheet) in ("scenarios", "changes"):
        raise change.refuse("sheet", "a scenario cannot change this sheet", "change the rows of the sheet itself")
    raise change.refuse("sheet", "there is no sheet of this name", advice(change.sheet, names, "enter one of"))


def _column_of(sheet: Sheet, change: Change) -> Column:
    name = plain(change.column)
    if name in sheet.key:
        raise change.refuse("column", f"{name} names the row, and names cannot be changed", "change another column")
    column = sheet.by_name.get(name)
    if column is not None:
        return column
    if name == YEARS or re.fullmatch("[0-9]{4}", name):
        mend = 'write "years" here, and the year in from_year and to_year' if sheet.years else "change another column"
        raise change.refuse("column", "this is not a column that can be changed", mend)
    columns = [other for other in sheet.by_name if other not in sheet.key]
    raise change.refuse(
        "column", f"the sheet {sheet.name} has no column of this name", advice(change.column, columns, "enter one of")
    )


def _years_of(future: Future, change: Change, column: Column) -> range | None:
    """The years that a change reaches; None: all that the row has. Other columns: checks that they may be changed."""
    first, last = future.settings["first_year"], future.settings["last_year"]
    if change.shows_in is None:
        return None if change.from_year is None else range(change.from_year, change.from_year + 1)
    if column.kind != YEARS:
        _require_from_start(change, first)
        return None
    start = change.shows_in if change.from_year is None else change.from_year
    end = last if change.to_year is None else min(change.to_year, last)
    if start < change.shows_in:
        raise change.refuse(
            "from_year",
            f"earlier than {change.shows_in}, the scenario is still the base",
            f"enter {change.shows_in} or later, or an earlier from_year on the sheet Scenarios",
        )
    if start > last:
        raise change.refuse("from_year", f"planning ends in {last}", f"enter a year up to {last}")
    if start > end:
        raise change.refuse("to_year", f"to_year is before {start}, the first year changed", f"enter {start} or later")
    return range(start, end + 1)


def _require_from_start(change: Change, first_year: int) -> None:
    """A value that is no year's cannot be one thing before from_year and another after it."""
    for part in ("from_year", "to_year"):
        if getattr(change, part) is not None:
            raise change.refuse(part, f'{part} goes with "years" only', "clear the cell")
    if change.shows_in != first_year:
        raise change.refuse(
            "column",
            f"the scenario shows itself in {change.shows_in}, so that only years can change",
            f'change "years", or set from_year of the scenario to {first_year}',
        )


def _operand(future: Future, sheet: Sheet, column: Column, change: Change) -> Any:
    """The new value, factor or summand, read as the column wants it."""
    if change.operation != "set" and column.kind not in NUMERIC:
        raise change.refuse("operation", f"{column.name} is not a number", "use the operation set")
    if change.value is None:
        return _blank_value(future, sheet, column, change)
    raw = change.value
    if change.is_set and isinstance(raw, str) and column.kind in NUMERIC:
        number = plain_number(raw)
        raw = raw if number is None else number
    try:
        value = convert(column if change.operation == "set" else OPERAND, raw, "the value")
    except UnusableCell as problem:
        raise change.refuse("value", problem.wrong, problem.mend) from None
    if column.kind == "ref":
        _require_name(future, column, value, change)
    return value


def _blank_value(future: Future, sheet: Sheet, column: Column, change: Change) -> Any:
    if column.required and not (column.kind == YEARS and sheet.gaps == "not in force"):
        raise change.refuse("value", f"{column.name} of {sheet.name} cannot be blank", "give a value after =")
    return None if column.kind == YEARS else default_of(column, future.settings)


def _require_name(future: Future, column: Column, name: str, change: Change) -> None:
    known = [key[0] for sheet in column.refers_to if sheet != ANY for key in future.records[sheet]]
    known += [ANY] if ANY in column.refers_to else []
    if name not in known:
        cell = change.cells.get("value", change.by)
        raise RefusedChange(unknown_reference(column, name, known, nearest(name, known), cell))


def _new_value(column: Column, old: Any, operand: Any, change: Change, place: str) -> Any:
    """The value after the operation. "Not in force" and "unlimited" survive, but unlimited times 0 is 0."""
    if change.operation == "set":
        return operand
    if old is None:
        return 0.0 if column.blank == UNLIMITED and change.operation == "multiply" and operand == 0 else None
    new = old * operand if change.operation == "multiply" else old + operand
    if column.kind == "integer":
        if new != int(new):
            raise change.refuse(
                "value",
                f"{place} would become {show(new)}, which is not a whole number",
                "choose a value that leaves a whole number",
            )
        new = int(new)
    try:
        check_limits(column, new, place)
    except UnusableCell as problem:
        raise change.refuse(
            "value", f"{problem.wrong}, but would become {show(new)}", "choose a value that leaves it within its limits"
        ) from None
    return new


# --- which rows and lanes -------------------------------------------------------------------------------------------


def _matching_keys(sheet: Sheet, keys: Collection[Key], change: Change) -> list[Key]:
    """The rows that a change names; none is a problem."""
    parts = _key_parts(sheet, change)
    if not any(is_wild(part) for part in parts):
        matches = [parts] if parts in keys else []
    else:
        patterns = [wildcard(part) for part in parts]
        matches = [key for key in keys if all(p.fullmatch(name) for p, name in zip(patterns, key, strict=True))]
    if not matches:
        raise _matches_nothing(sheet, keys, parts, change)
    return matches


def _matching_lanes(sheet: Sheet, lanes: Mapping[LaneKey, Lane], change: Change) -> list[LaneKey]:
    """As for rows, but wildcards in the region keys never name movement within one region."""
    start, end, _ = parts = _key_parts(sheet, change)
    matches = [
        (a, b, m)
        for a, b, m in _matching_keys(sheet, lanes.keys(), change)
        if a != b or not (is_wild(start) or is_wild(end))
    ]
    if not matches:
        raise _matches_nothing(sheet, lanes.keys(), parts, change)
    return matches


def _key_parts(sheet: Sheet, change: Change) -> Key:
    names = sheet.key or ("row number",)
    parts = tuple(part.strip() for part in change.row.split("/"))
    if parts == (ANY,):
        return (ANY,) * len(names)
    if len(parts) != len(names):
        raise change.refuse(
            "row",
            f"a row of {sheet.name} is named by {'/'.join(names)}",
            "write a name or * for each of them, joined by /",
        )
    return parts


def _matches_nothing(sheet: Sheet, keys: Iterable[Key], parts: Key, change: Change) -> RefusedChange:
    what = "lane" if sheet.name in LANE_SHEETS else f"row of {sheet.name}"
    for position, part in enumerate(parts):
        known = dict.fromkeys(key[position] for key in keys)
        if not is_wild(part) and part not in known:
            meant = nearest(part, known)
            mend = f"did you mean {meant}?" if meant else f"enter one of: {listed(known)}"
            return change.refuse("row", f"no {what} has the name {part}", mend)
    more = " (movement within one region is named by the region twice)" if sheet.name in LANE_SHEETS else ""
    return change.refuse("row", f"no {what} matches", f"check the names, or add such a row to {sheet.name}{more}")


# --- carrying out ---------------------------------------------------------------------------------------------------


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
        _require_from_start(change, future.settings["first_year"])
    old = future.settings.get(column.name, column.default)
    new = _new_value(column, old, _operand(future, SETTINGS, column, change), change, column.name)
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
    new = _new_value(column, old, operand, change, f"{column.name} of {'/'.join(record.key)}")
    _log(future, record.sheet, record.key, column.name, None, old, new, change)
    blank = record.blank - {column.name} if change.value is not None else record.blank | {column.name}
    return replace(record, values={**record.values, column.name: new}, blank=blank)


def _change_lane(
    future: Future, sheet: Sheet, key: LaneKey, column: Column, years: range | None, operand: Any, change: Change
) -> None:
    lane = future.lanes[key]
    if column.kind != YEARS:
        old = getattr(lane, column.name)
        new = _new_value(column, old, operand, change, f"{column.name} of {'/'.join(key)}")
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
        changed[year] = _new_value(column, old, operand, change, f"the value of {'/'.join(key)} for {year}")
        _log(future, sheet, key, YEARS, year, old, changed[year], change)
    if not column.required and all(value is None for value in changed.values()):
        return None
    return changed


def _log(
    future: Future, sheet: str, key: Key, column: str, year: int | None, old: Any, new: Any, change: Change
) -> None:
    if old != new:
        future.log.append(CellChange(sheet, "/".join(key), column, year, old, new, change.by))
