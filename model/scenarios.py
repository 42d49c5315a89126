"""Changes: what a scenario, or --set on the command line, makes of the workbook's values.

Changes act on values after interpolation, in row order, those of Settings first. Each must match something, and a value
that leaves the limits of its column is a problem. A change of Lanes or Tariffs acts on lanes, not on rows: it reaches
every lane that its keys match, also one that a `*` row or the default freight opened.

--set changes the workbook itself: it comes before every scenario, reaches all years, and may change any cell but keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.cells import BLANK, UnusableCell, check_limits, convert, show
from model.errors import Problem
from model.lanes import LaneKey, resolve_lanes
from model.names import advice, is_wild, listed, nearest, plain, wildcard
from model.records import Base, Records, default_of
from model.schema import ANY, NAMED_SHEETS, SETTINGS, SHEETS, YEARS, Column, Sheet
from model.tables import CellChange, Lane, Record, Tables, Years
from model.workbook import unknown_reference
from model.xlsx import CellValue

BASE = "base"
LANE_SHEETS = ("Lanes", "Tariffs")
CHANGEABLE_SETTINGS = ("default_freight_usd_per_kg", "tariffs_counted", "stock_end_value_share")
UNLIMITED = "unlimited"
SET_FORM = "write Sheet/key/column=value, e.g. Sectors/defence/min_service_share=0.9"


@dataclass(frozen=True)
class Change:
    """One row of Changes, or one --set.

    row: keys joined by /, with wildcards. years: first and last year that "years" may reach; None: all of them.
    scenario_from: the scenario's from_year; None for --set. cells: where each part stands, for problems.
    """

    sheet: str
    row: str
    column: str
    operation: str
    value: CellValue | None
    years: tuple[int | None, int | None]
    scenario_from: int | None
    by: str
    cells: Mapping[str | int, str]

    @property
    def is_set(self) -> bool:
        return self.scenario_from is None


class Refused(Exception):
    """A change cannot be carried out; carries the Problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.wrong)


def refuse(change: Change, part: str, found: Any, wrong: str, mend: str) -> Refused:
    """The problem at the cell of Changes (or the --set) where `part` stands."""
    return Refused(Problem(change.cells.get(part, change.by), show(found), wrong, mend))


@dataclass
class Future:
    """The data of one scenario while changes are applied; `log` and `problems` are what came of them."""

    settings: dict[str, Any]
    records: Records
    lanes: dict[LaneKey, Lane]
    log: list[CellChange]
    problems: list[Problem]

    @property
    def horizon(self) -> range:
        return range(self.settings["first_year"], self.settings["last_year"] + 1)


# --- the changes that a workbook and a command line ask for ---------------------------------------------------------

def scenario_changes(base: Base, scenario: str) -> list[Change]:
    """The rows of Changes for one scenario, in order; unusable rows are left out (they are problems already)."""
    if (scenario,) not in base.records["Scenarios"]:
        return []
    from_year = base.records["Scenarios"][scenario,]["from_year"]
    rows = (record for record in base.records["Changes"].values() if record["scenario"] == scenario)
    return [_change(record, from_year) for record in rows
            if all(record[part] is not None for part in ("sheet", "row", "column", "value"))]


def _change(record: Record, scenario_from: int) -> Change:
    return Change(record["sheet"], record["row"], record["column"], record["operation"], record["value"],
                  (record["from_year"], record["to_year"]), scenario_from,
                  next(iter(record.cells.values())).partition("!")[0] + "!A" + record.key[0], record.cells)


def parse_sets(sets: Sequence[str]) -> tuple[list[Change], list[Problem]]:
    """The changes asked for by --set, each 'Sheet/key/.../column=value' ('Settings/name=value' for a setting)."""
    changes, problems = [], []
    for text in sets:
        label = f"--set {text}"
        path, equals, value = text.partition("=")
        sheet, *keys = (part.strip() for part in path.split("/"))
        if plain(sheet) == "settings" and len(keys) == 1:
            keys.append("value")
        if not equals or len(keys) < 2:
            problems.append(Problem(label, text, "this is not a change of a cell", SET_FORM))
            continue
        year = int(keys[-1]) if re.fullmatch("[0-9]{4}", keys[-1]) else None
        column = keys[-1] if year is None else YEARS
        changes.append(Change(sheet, "/".join(keys[:-1]), column, "set", value.strip() or None, (year, year), None,
                              label, {}))
    return changes, problems


def set_settings(settings: Mapping[str, Any], sets: Iterable[Change]) -> tuple[dict[str, Any], Future]:
    """The given settings after --set, before horizon, defaults and years are worked out."""
    future = Future(dict(settings), {}, {}, [], [])
    for change in sets:
        _carry_out(future, change)
    return future.settings, future


# --- one future -----------------------------------------------------------------------------------------------------

def future_of(base: Base, scenario: str, sets: Sequence[Change], changes: Sequence[Change]) -> Future:
    """The workbook as this scenario has it: --set first, then the scenario's changes, those of Settings first."""
    records = {sheet: dict(rows) for sheet, rows in base.records.items()}
    future = Future(dict(base.settings), records, {}, [], [])
    first = [change for change in changes if plain(change.sheet) == "settings"]
    for change in first:
        _carry_out(future, change)
    future.lanes = lanes_of(base, future)
    for change in [*sets, *(change for change in changes if change not in first)]:
        _carry_out(future, change)
    return future
