"""What a change asks for: of which sheet, rows or lanes, column and years, which operation, with which value.

A change is a row of Changes, or a --set on the command line; applied.py carries it out. Each must match
something, and a value that leaves the limits of its column is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lodestone.data.times import MONTHS, Calendar, Time, month_of, time_of, year_of
from lodestone.errors import Problem
from lodestone.names import advice, did_you_mean, is_wild, listed, nearest, plain, wildcard
from lodestone.workbook.file.xlsx import CellValue
from lodestone.workbook.reading.cells import UnusableCell, check_limits, convert, plain_number, show
from lodestone.workbook.reading.records import Records, default_of
from lodestone.workbook.reading.references import unknown_reference
from lodestone.workbook.scenarios.lanes import LaneKey
from lodestone.workbook.scenarios.periods import begins_no_period, ends_no_period, shown
from lodestone.workbook.schema.columns import YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import ANY, SHEETS, UNLIMITED, WORDS
from lodestone.workbook.tables import Lane, Settings, Value

LANE_SHEETS = ("Lanes", "Tariffs")
FIXED_SHEETS = ("Scenarios", "Changes", "Periods")  # that a scenario cannot change
NUMERIC = ("number", "integer", "years")
OPERAND = Column("value", "number", smallest=0)  # a factor or summand: any number
ROUNDING = 1e-14  # of a sum that cancels: what is left of it, as a part of a summand
SET_FORM = "write Sheet/key/column=value, e.g. Sectors/defence/min_service_share=0.9 or Settings/discount_rate=0.03"

Key = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One row of Changes, or one --set.

    row: keys joined by /, with wildcards. from_year to to_month: what "years" and dated columns reach (None: from the
    time the scenario shows itself, to the end). shows: when that is; None for --set. parent: whose path it leaves.
    by: "Changes!A4" or "--set ...". cells: where each part stands.
    """

    sheet: str
    row: str
    column: str
    operation: str
    value: CellValue | None
    from_year: int | None
    to_year: int | None
    shows: Time | None
    by: str
    cells: Mapping[str | int, str] = field(default_factory=dict)
    from_month: int | None = None
    to_month: int | None = None
    parent: str = "the base"

    @property
    def is_set(self) -> bool:
        """Whether it is a --set, and no row of Changes."""
        return self.shows is None

    def refuse(self, part: str, wrong: str, mend: str) -> RefusedChange:
        """The problem at the cell of Changes (or the --set) where `part` stands."""
        found = show(getattr(self, part))
        return RefusedChange(Problem(self.cells.get(part, self.by), found, wrong, mend))


class RefusedChange(Exception):
    """A change that cannot be carried out, with its problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.wrong)


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
                sheet=sheet,
                row="/".join(keys),
                column=column if year is None else YEARS,
                operation="set",
                value=value.strip() or None,
                from_year=year,
                to_year=year,
                shows=None,
                by=label,
            )
        )
    return changes, problems


def about_settings(change: Change) -> bool:
    """These come before all others, since defaults and the horizon follow from them."""
    return plain(change.sheet) == "settings"


# --- what it names ----------------------------------------------------------------------------------------------------


def sheet_of(change: Change) -> Sheet:
    """The sheet that a change names. Raises RefusedChange, as all of these do."""
    names = [name for name in SHEETS if change.is_set or name not in FIXED_SHEETS]
    found = next((name for name in names if plain(name) == plain(change.sheet)), None)
    if found is not None:
        return SHEETS[found]
    if plain(change.sheet) in map(plain, FIXED_SHEETS):
        raise change.refuse("sheet", "a scenario cannot change this sheet", "change the rows of the sheet itself")
    raise change.refuse("sheet", "there is no sheet of this name", advice(change.sheet, names, "enter one of"))


def column_of(sheet: Sheet, change: Change) -> Column:
    """The column that a change names, which is no key."""
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


@dataclass(frozen=True)
class Reach:
    """The times that a change reaches: whole years, and single periods of years that it reaches in part."""

    years: tuple[int, ...]
    times: tuple[Time, ...]


def reach_of(change: Change, column: Column, calendar: Calendar) -> Reach | None:
    """What a change of year values or of a dated column reaches; None: all that the row has.

    Of other columns: checks that they may be changed.
    """
    if change.shows is None:
        return None if change.from_year is None else Reach((change.from_year,), ())
    if column.kind != YEARS and not column.dated:
        require_from_start(change, time_of(calendar.first_year))
        return None
    start, end = _from(change, change.shows, calendar), _to(change, calendar)
    last = calendar.last_year
    if start < change.shows:
        since = shown(change.shows)
        raise change.refuse(
            "from_year" if change.from_year is None or change.from_year < year_of(change.shows) else "from_month",
            f"earlier than {since}, the scenario is still {change.parent}",
            f"enter {since} or later, or an earlier from_year on the sheet Scenarios",
        )
    if year_of(start) > last:
        raise change.refuse("from_year", f"planning ends in {last}", f"enter a year up to {last}")
    if start > end:
        part = "to_month" if year_of(start) == year_of(end) and change.to_month is not None else "to_year"
        raise change.refuse(
            part, f"{part} is before {shown(start)}, the first {_unit(start)} changed", f"enter {shown(start)} or later"
        )
    spanned = range(year_of(start), year_of(end) + 1)
    whole = [y for y in spanned if start <= time_of(y) and time_of(y, MONTHS) <= end]
    parts = [t for y in spanned if y not in whole for t in calendar.times_of(y) if start <= t <= end]
    return Reach(tuple(whole), tuple(parts))


def _from(change: Change, shows: Time, calendar: Calendar) -> Time:
    """The first month that a change reaches."""
    if change.from_month is not None and change.from_year is None:
        raise change.refuse("from_month", "there is no from_year", "enter from_year, or clear from_month")
    if change.from_year is None:
        return shows
    if change.from_month is None:
        return shows if change.from_year == year_of(shows) else time_of(change.from_year)
    start = time_of(change.from_year, change.from_month)
    if not calendar.begins(start):
        raise change.refuse("from_month", *begins_no_period(calendar, start))
    return start


def _to(change: Change, calendar: Calendar) -> Time:
    """The last month that a change reaches, within the horizon."""
    last = time_of(calendar.last_year, MONTHS)
    if change.to_year is None:
        if change.to_month is not None:
            raise change.refuse("to_month", "there is no to_year", "enter to_year, or clear to_month")
        return last
    end = time_of(change.to_year, change.to_month or MONTHS)
    if not calendar.ends(end):
        raise change.refuse("to_month", *ends_no_period(calendar, end))
    return min(end, last)


def _unit(time: Time) -> str:
    return "year" if month_of(time) == 1 else "month"


def require_from_start(change: Change, first: Time) -> None:
    """A value that is no year's cannot be one thing before from_year and another after it."""
    for part in ("from_year", "from_month", "to_year", "to_month"):
        if getattr(change, part) is not None:
            raise change.refuse(part, f'{part} goes with "years" only', "clear the cell")
    if change.shows is not None and change.shows != first:
        raise change.refuse(
            "column",
            f"the scenario shows itself in {shown(change.shows)}, so that only years can change",
            f'change "years", or set from_year of the scenario to {year_of(first)}',
        )


def matching_keys(sheet: Sheet, keys: Collection[Key], change: Change) -> list[Key]:
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


def matching_lanes(sheet: Sheet, lanes: Mapping[LaneKey, Lane], change: Change) -> list[LaneKey]:
    """As for rows, but wildcards in the region keys never name movement within one region."""
    start, end, _ = parts = _key_parts(sheet, change)
    matches = [
        (a, b, m)
        for a, b, m in matching_keys(sheet, lanes.keys(), change)
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
    if len(parts) < len(names):  # whatever stands in the other keys
        return (*parts, *(ANY,) * (len(names) - len(parts)))
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
            mend = did_you_mean(part, meant) if meant else f"enter one of: {listed(known)}"
            return change.refuse("row", f"no {what} has the name {part}", mend)
    more = " (movement within one region is named by the region twice)" if sheet.name in LANE_SHEETS else ""
    return change.refuse("row", f"no {what} matches", f"check the names, or add such a row to {sheet.name}{more}")


# --- what it makes of a value -----------------------------------------------------------------------------------------


def operand_of(change: Change, sheet: Sheet, column: Column, settings: Settings, records: Records) -> Value:
    """The new value, factor or summand, read as the column wants it."""
    if change.operation != "set" and column.kind not in NUMERIC:
        raise change.refuse("operation", f"{column.name} is not a number", "use the operation set")
    if change.value is None:
        return _blank_value(change, sheet, column, settings)
    raw = change.value
    if change.is_set and isinstance(raw, str) and column.kind in NUMERIC:
        number = plain_number(raw)
        if number is None and re.fullmatch(r"[+-]?[0-9][0-9.,'\s]*", raw):
            raise change.refuse(
                "value",
                "a comma, a blank or a second point can be read in more than one way",
                "write the number with a decimal point and nothing else, e.g. 0.05 or 1250",
            )
        raw = raw if number is None else number
    try:
        value = convert(column if change.operation == "set" else OPERAND, raw, "the value")
    except UnusableCell as problem:
        raise change.refuse("value", problem.wrong, problem.mend) from None
    if column.kind == "ref":
        _require_name(change, column, value, records)
    return value


def _blank_value(change: Change, sheet: Sheet, column: Column, settings: Settings) -> Value:
    if column.required and not (column.kind == YEARS and sheet.gaps == "not in force"):
        raise change.refuse("value", f"{column.name} of {sheet.name} cannot be blank", "give a value after =")
    return None if column.kind == YEARS else default_of(column, settings)


def _require_name(change: Change, column: Column, name: str, records: Records) -> None:
    known = [key[0] for sheet in column.refers_to if sheet not in WORDS for key in records[sheet]]
    known += [word for word in column.refers_to if word in WORDS]
    if name not in known:
        cell = change.cells.get("value", change.by)
        raise RefusedChange(unknown_reference(column, name, known, nearest(name, known), cell))


def new_value(column: Column, old: Value, operand: Value, change: Change, place: str) -> Value:
    """The value after the operation. "Not in force" and "unlimited" survive, but unlimited times 0 is 0."""
    if change.operation == "set":
        return operand
    if old is None:
        return 0.0 if column.blank == UNLIMITED and change.operation == "multiply" and operand == 0 else None
    new = old * operand if change.operation == "multiply" else old + operand
    if change.operation == "add" and abs(new) <= ROUNDING * abs(old):
        new = 0.0  # 0.3 less 0.1 less 0.2
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
