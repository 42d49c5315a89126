"""The parts of plan.json that have a shape of their own: tables, inputs, settings and changes (its keys: plan/plan.py).

The tables are those of plan/tables.py, the inputs those of workbook/schema/sheets.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lodestone.plan.shapes import (
    CHECKED,
    COUNT,
    FLAG,
    NUMBER,
    PART,
    SINGLE,
    TEXT,
    WHOLE,
    Json,
    Kind,
    ListOf,
    MapOf,
    Misfit,
    Part,
    Place,
    Shape,
    one_of,
    require_part,
    shown,
)
from lodestone.plan.tables import (
    DERIVED_TABLES,
    LATER,
    ORIGINS,
    SCENARIO,
    TABLES,
    WITH_COMMITTED,
    Column,
    PlanTable,
    columns_where,
    is_cut,
)
from lodestone.workbook.schema.columns import YEARS, Sheet
from lodestone.workbook.schema.columns import Column as InputColumn
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS
from lodestone.workbook.tables import PRICE_SHEETS

FIRST_YEAR, LAST_YEAR = int(SETTINGS.by_name["first_year"].least or 0), int(SETTINGS.by_name["last_year"].most or 0)
IN_HORIZON = ("year", "decision_year", "signing_year")
BEFORE_ITS_YEAR = (
    "bankability",
    "capital_stack",
    "committed",
)  # what could be or was decided: in any year

NUMBER_OR_BLANK, WHOLE_OR_BLANK = NUMBER.or_blank(), WHOLE.or_blank()
YEAR = Kind(f"a year from {FIRST_YEAR} to {LAST_YEAR}", lambda v: v.__class__ is int and FIRST_YEAR <= v <= LAST_YEAR)

RISK: dict[str, Shape] = dict.fromkeys(("risk_weight", "risk_tail"), NUMBER)  # settings of a plan for several futures


def require_futures(
    futures: Mapping[str, float], probabilities: Mapping[str, float], from_years: Mapping[str, int | None]
) -> None:
    """Raise Misfit where these do not have the same names."""
    if not futures:
        raise Misfit(("futures",), "at least one future", "none")
    for name, part in (("probabilities", probabilities), ("from_years", from_years)):
        if part.keys() != futures.keys():
            raise Misfit((name,), "every name of futures and no other", shown(part))


def horizon_of(years: list[int]) -> range:
    """The years planned, of the first and the last. Raises Misfit when they are in no order."""
    if len(years) != 2 or years[0] > years[1]:
        raise Misfit(("horizon",), "the first and the last year", ", ".join(map(str, years[:3])) or "nothing")
    return range(years[0], years[1] + 1)


# --- tables ---------------------------------------------------------------------------------------------------------


def require_tables(tables: Json, futures: tuple[str, ...] | None, horizon: range, place: Place = ("tables",)) -> None:
    """Raise Misfit where a table is not as plan/tables.py says. place: where the tables stand in plan.json."""
    require_part(tables, place)
    cut, decided = is_cut(tables), tables.get("committed")

    def rows(table: PlanTable) -> Shape:
        columns = columns_where(table.name, cut, bool(decided))
        later = LATER.get(table.name, {})
        within = ("year",) if decided and table.name in WITH_COMMITTED else IN_HORIZON
        return _Rows(columns, futures, horizon, () if table.name in BEFORE_ITS_YEAR else within, tuple(later))

    given = {name: rows(table) for name, table in TABLES.items() if name != "committed"}
    may_be = {"committed": rows(TABLES["committed"]), **{name: rows(table) for name, table in DERIVED_TABLES.items()}}
    Part(given, may_be).check(tables, place)


def require_origins(rows: Json, futures: tuple[str, ...] | None) -> None:
    """Raise Misfit where the rows are not as plan/tables.py says."""
    _Rows(ORIGINS.columns, futures, None, ()).check(rows, (ORIGINS.name,))


@dataclass(frozen=True)
class _Rows:
    """The rows of a table. futures: of the plan, one of which each row then names. within: years of the horizon."""

    columns: tuple[Column, ...]
    futures: tuple[str, ...] | None
    horizon: range | None
    within: tuple[str, ...] = IN_HORIZON
    later: tuple[str, ...] = ()  # columns that plans of before do not have
    wanted = "a list"

    def check(self, value: Json, place: Place) -> None:
        if value.__class__ is not list:
            raise Misfit(place, self.wanted, shown(value))
        kinds = {c.name: _kind(c, self.horizon if c.name in self.within else None) for c in self.columns}
        if self.futures is not None:
            kinds[SCENARIO.name] = one_of(*self.futures)
        fits = [(name, kind.fits) for name, kind in kinds.items()]
        for number, row in enumerate(value, 1):
            known = row.__class__ is dict and len(row) == len(fits)
            if not (known and all(name in row and good(row[name]) for name, good in fits)):
                late = {name: kinds[name] for name in self.later}
                asked = {name: kind for name, kind in kinds.items() if name not in late}
                Part(asked, late).check(row, (*place, f"row {number}"))  # says what is wrong, or that more is there


def _kind(column: Column, horizon: range | None) -> Kind:
    if column.words:
        return one_of(*column.words)
    if horizon is not None:
        return Kind(f"a year from {horizon[0]} to {horizon[-1]}", lambda v: v.__class__ is int and v in horizon)
    kinds = {"text": TEXT, "year": WHOLE, "count": COUNT, "any": SINGLE, "number": NUMBER}
    return kinds[column.kind].or_blank() if column.blank else kinds[column.kind]


# --- inputs ---------------------------------------------------------------------------------------------------------


def _input_kind(column: InputColumn | None) -> Shape:
    """Of the value of a cell of the workbook, as a plan keeps it; missing where the cell may be blank."""
    if column is None:
        return SINGLE
    if column.kind == "list":
        return ListOf(TEXT)
    kinds = {"integer": WHOLE, "number": NUMBER, "years": NUMBER, "yesno": FLAG}
    kind = kinds.get(column.kind, SINGLE if column.verbatim else TEXT)
    return kind if column.required and column.kind != YEARS else kind.or_blank()


INPUT_KINDS = {name: {c.name: _input_kind(c) for c in sheet.columns} for name, sheet in SHEETS.items()}
YEAR_KEY = Kind("a year", lambda v: v.__class__ is str and len(v) == 4 and v.isascii() and v.isdecimal())


SETTINGS_USED: Shape = Part({}, INPUT_KINDS[SETTINGS.name])


class _Inputs:
    """Sheet, row, column, as workbook/snapshot.py writes them."""

    wanted = PART

    def check(self, value: Json, place: Place) -> None:
        require_part(value, place)
        for name, rows in value.items():
            sheet, here = SHEETS.get(name), (*place, name)
            require_part(rows, here)
            for key, row in rows.items():
                if sheet is not None and key.count("/") not in _slashes(sheet):
                    raise Misfit(here, f"rows by {'/'.join(sheet.key)}", shown(key))
                if sheet is SETTINGS:
                    Part({"value": INPUT_KINDS[name].get(key, SINGLE)}).check(row, (*here, key))
                else:
                    INPUT_ROWS.get(name, OTHER_ROW).check(row, (*here, key))


def _slashes(sheet: Sheet) -> tuple[int, ...]:
    """How many / stand in the name of a row; a price that holds in every region names none."""
    most = len(sheet.key) - 1
    return (most - 1, most) if sheet.name in PRICE_SHEETS else (most,)


@dataclass(frozen=True)
class _InputRow:
    """What the plan keeps of a row: its keys name it, and what is blank is left out.

    Periods that differ from their year have a column each ("2027-04", "honoured 2027-04").
    """

    row: Part
    wanted = PART

    def check(self, value: Json, place: Place) -> None:
        self.row.check(value, place)
        for name, cell in value.items():
            if period := PERIOD.fullmatch(name):
                kind = self.row.optional.get(period[1], SINGLE) if period[1] else NUMBER_OR_BLANK
                kind.check(cell, (*place, name))


def _input_row(sheet: Sheet) -> _InputRow:
    kinds = {**INPUT_KINDS[sheet.name], YEARS: MapOf(NUMBER_OR_BLANK, YEAR_KEY)}
    asked = [c.name for c in sheet.plain if c.required and c.name not in sheet.key]
    return _InputRow(Part({name: kinds[name] for name in asked}, kinds))


PERIOD = re.compile(r"(?:(\w+) )?\d{4}-\d{2}", re.ASCII)
INPUT_ROWS = {name: _input_row(sheet) for name, sheet in SHEETS.items() if sheet is not SETTINGS}
OTHER_ROW = _InputRow(Part({}, {YEARS: MapOf(NUMBER_OR_BLANK, YEAR_KEY)}))  # of a sheet that another version has


class _Change:
    """A value that a scenario or --set changed."""

    wanted = PART

    def check(self, value: Json, place: Place) -> None:
        texts = dict.fromkeys(("sheet", "row", "column", "by"), TEXT)
        Part({**texts, "year": WHOLE_OR_BLANK, "old": CHECKED, "new": CHECKED}, {"scenario": TEXT}).check(value, place)
        kinds = INPUT_KINDS.get(value["sheet"], {})
        kind = kinds.get(value["row"] if value["sheet"] == SETTINGS.name else value["column"], SINGLE)
        for part in ("old", "new"):
            kind.check(value[part], (*place, part))


INPUTS: Shape = _Inputs()
CHANGES: Shape = ListOf(_Change(), "change")
