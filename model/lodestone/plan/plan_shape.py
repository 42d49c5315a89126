"""What plan.json holds, declared once: every key, what stands under it, and what goes with what.

The tables are those of plan/tables.py, the inputs those of workbook/schema/sheets.py. `require_plan` is called where a
run is read; whoever gets a plan after that need not look whether a key is there, a number is one, a year lies in the
horizon or a row belongs to a future of the plan. Whether the numbers are right is for the audit to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lodestone.plan.formatting import PAYERS
from lodestone.plan.shapes import (
    CHECKED,
    COUNT,
    FLAG,
    NUMBER,
    PART,
    SINGLE,
    TEXT,
    WHOLE,
    Kind,
    ListOf,
    MapOf,
    Misfit,
    OrBlank,
    Part,
    Place,
    Shape,
    one_of,
    require_part,
    shown,
)
from lodestone.plan.tables import (
    COST_TERMS,
    MONTH,
    ORIGINS,
    SCENARIO,
    TABLES,
    VALUE_TABLES,
    WITH_COMMITTED,
    Column,
    PlanTable,
    columns_where,
)
from lodestone.workbook.schema.columns import YEARS, Sheet
from lodestone.workbook.schema.columns import Column as InputColumn
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS
from lodestone.workbook.tables import PRICE_SHEETS

FIRST_YEAR, LAST_YEAR = int(SETTINGS.by_name["first_year"].least or 0), int(SETTINGS.by_name["last_year"].most or 0)
IN_HORIZON = ("year", "decision_year", "signing_year")
BEFORE_ITS_YEAR = ("bankability", "committed")  # may lie outside the horizon: what could be, what is decided already

NUMBER_OR_BLANK, WHOLE_OR_BLANK = NUMBER.or_blank(), WHOLE.or_blank()
YEAR = Kind(f"a year from {FIRST_YEAR} to {LAST_YEAR}", lambda v: v.__class__ is int and FIRST_YEAR <= v <= LAST_YEAR)

# --- what every plan holds ------------------------------------------------------------------------------------------

PLAN: dict[str, Shape] = {
    "format": WHOLE,
    "plan_name": TEXT,
    "scenario": TEXT,
    "status": one_of("optimal", "feasible"),
    "objective_musd": NUMBER,
    "expected_cost_musd": NUMBER,
    "bound_musd": NUMBER_OR_BLANK,
    "gap": NUMBER_OR_BLANK,
    "seconds": MapOf(NUMBER),
    "versions": Part({"lodestone": TEXT}, dict.fromkeys(("python", "pyomo", "highspy"), TEXT)),
    "workbook": TEXT,
    "workbook_sha256": TEXT,
    "horizon": ListOf(YEAR),
    "warnings": ListOf(Part(dict.fromkeys(("cell", "found", "wrong", "mend"), TEXT))),
    "model": MapOf(COUNT),
    "costs_musd": MapOf(NUMBER, one_of(*COST_TERMS)),
    "payers_musd": MapOf(NUMBER, one_of(*PAYERS)),
    "tariff_revenue_musd": NUMBER,
    "audit": ListOf(
        Part({"rule": TEXT, "meaning": TEXT, "checked": COUNT, "worst": NUMBER_OR_BLANK, "unit": TEXT,
              "tolerance": NUMBER, "ok": FLAG}),
        "line",
    ),
}  # fmt: skip
# What runs of earlier versions lack, and what a run has or has not.
MAY_BE: dict[str, Shape] = {
    "gap_asked": NUMBER,
    "sets": ListOf(TEXT),
    "sheet_names": MapOf(TEXT),
    "workbook_path": TEXT,
    "fingerprint": TEXT,
    "from_months": MapOf(WHOLE),  # of several futures, where one shows itself within a year
    "parting": WHOLE,  # where they part earlier than any shows itself: year and month, 202704
    "start": Part({"taken": COUNT, "left_out": ListOf(TEXT), "kept": FLAG}),
}
# Beside these in a plan for several futures; `futures` tells the one kind from the other.
JOINT: dict[str, Shape] = {
    "futures": MapOf(NUMBER),
    "probabilities": MapOf(NUMBER),
    "from_years": MapOf(WHOLE_OR_BLANK),
    "cvar_musd": NUMBER,
    "evpi_musd": NUMBER_OR_BLANK,
    "vss_musd": NUMBER_OR_BLANK,
    "known_musd": OrBlank(MapOf(NUMBER)),
    "base_held_musd": NUMBER_OR_BLANK,
    "remarks": ListOf(TEXT),
}


def require_plan(plan: Any) -> None:
    """Raise Misfit where a document is not what PLAN, JOINT, the tables and the inputs say."""
    require_part(plan, ())
    joint = "futures" in plan
    asked = {**PLAN, **(JOINT if joint else {}), "settings": _Settings(joint), "changes": ListOf(_Change(), "change")}
    Part({**asked, "tables": MapOf(CHECKED)}, {**MAY_BE, "inputs": _Inputs(), "origins": CHECKED}).check(plan, ())
    futures = tuple(plan["futures"]) if joint else None
    if joint:
        _require_futures(plan)
    _require_tables(plan["tables"], futures, _horizon(plan["horizon"]))
    _Rows(ORIGINS.columns, futures, _horizon(plan["horizon"]), ()).check(plan.get("origins", []), ("origins",))


def _require_futures(plan: Mapping[str, Any]) -> None:
    if not plan["futures"]:
        raise Misfit(("futures",), "at least one future", "none")
    for part in ("probabilities", "from_years"):
        if plan[part].keys() != plan["futures"].keys():
            raise Misfit((part,), "every name of futures and no other", shown(plan[part]))


def _horizon(years: list[int]) -> range:
    if len(years) != 2 or years[0] > years[1]:
        raise Misfit(("horizon",), "the first and the last year", ", ".join(map(str, years[:3])) or "nothing")
    return range(years[0], years[1] + 1)


# --- tables ---------------------------------------------------------------------------------------------------------


def _require_tables(tables: Any, futures: tuple[str, ...] | None, horizon: range) -> None:
    require_part(tables, ("tables",))
    costs, committed = tables.get("costs"), tables.get("committed")
    cut = isinstance(costs, list) and any(isinstance(row, dict) and MONTH.name in row for row in costs[:1])

    def rows(table: PlanTable) -> Shape:
        columns = columns_where(table.name, cut, bool(committed), earlier="committed" not in tables)
        within = ("year",) if committed and table.name in WITH_COMMITTED else IN_HORIZON
        return _Rows(columns, futures, horizon, () if table.name in BEFORE_ITS_YEAR else within)

    given = {name: rows(table) for name, table in TABLES.items()}
    may_be = {name: rows(table) for name, table in VALUE_TABLES.items()} | {"committed": given.pop("committed")}
    Part(given, may_be).check(tables, ("tables",))


@dataclass(frozen=True)
class _Rows:
    """The rows of a table. futures: of the plan, one of which each row then names. within: years of the horizon."""

    columns: tuple[Column, ...]
    futures: tuple[str, ...] | None
    horizon: range
    within: tuple[str, ...] = IN_HORIZON
    wanted = "a list"

    def check(self, value: Any, place: Place) -> None:
        if value.__class__ is not list:
            raise Misfit(place, self.wanted, shown(value))
        kinds = {c.name: _kind(c, self.horizon if c.name in self.within else None) for c in self.columns}
        if self.futures is not None:
            kinds[SCENARIO.name] = one_of(*self.futures)
        fits = [(name, kind.fits) for name, kind in kinds.items()]
        for number, row in enumerate(value, 1):
            known = row.__class__ is dict and len(row) == len(fits)
            if not (known and all(name in row and good(row[name]) for name, good in fits)):
                Part(kinds).check(row, (*place, f"row {number}"))  # says what is wrong, or that more is there


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


@dataclass(frozen=True)
class _Settings:
    """Settings by name; joint: with those that a plan for several futures was made by."""

    joint: bool
    wanted = PART

    def check(self, value: Any, place: Place) -> None:
        asked = ("risk_weight", "risk_tail") if self.joint else ()
        Part(dict.fromkeys(asked, NUMBER), INPUT_KINDS["Settings"]).check(value, place)


class _Inputs:
    """Sheet, row, column, as workbook/snapshot.py writes them."""

    wanted = PART

    def check(self, value: Any, place: Place) -> None:
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

    Periods that differ from their year have a column each: "2027-04", "honoured 2027-04".
    """

    row: Part
    wanted = PART

    def check(self, value: Any, place: Place) -> None:
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

    def check(self, value: Any, place: Place) -> None:
        texts = dict.fromkeys(("sheet", "row", "column", "by"), TEXT)
        Part({**texts, "year": WHOLE_OR_BLANK, "old": CHECKED, "new": CHECKED}, {"scenario": TEXT}).check(value, place)
        kinds = INPUT_KINDS.get(value["sheet"], {})
        kind = kinds.get(value["row"] if value["sheet"] == SETTINGS.name else value["column"], SINGLE)
        for part in ("old", "new"):
            kind.check(value[part], (*place, part))
