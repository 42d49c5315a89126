"""The front door: a workbook loaded, checked and ready to plan with.

inputs = load("my_case.xlsx", sets=["Settings/discount_rate=0.03"])
inputs.require_valid()
tables = inputs.tables("embargo")
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from lodestone.errors import Problem, Problems, UsageError, WorkbookError
from lodestone.names import advice, limited_guesses, listed, plain, readable
from lodestone.system.gc_pause import at_rest
from lodestone.workbook.checks import find_last_problems, find_problems, find_warnings
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.file.xlsx import CellValue, RawSheet, column_letters, read_sheets
from lodestone.workbook.labels import Labels, labels
from lodestone.workbook.reading.records import Base, build_base
from lodestone.workbook.reading.sheets import read_workbook
from lodestone.workbook.scenarios.applied import (
    Future,
    base_future,
    combined_future,
    scenario_future,
    set_settings,
    tables_of,
)
from lodestone.workbook.scenarios.changes import parse_sets
from lodestone.workbook.schema.sheets import ANY, BASE, SHEETS
from lodestone.workbook.tables import CellChange, Tables, lineage, parent_of, parents_first


@dataclass(frozen=True)
class Inputs:
    """A workbook after --set, and what each of its scenarios makes of it.

    sha256: of the file's bytes. sets: as given. scenario_names: base first. problems stop a solve; warnings do not.
    sheet_names: how each sheet that was found is really called, such as "pricefloors" for PriceFloors.
    """

    path: Path
    sha256: str
    sets: tuple[str, ...]
    plan_name: str
    sheet_names: Mapping[str, str]
    scenario_names: tuple[str, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    _tables: Mapping[str, Tables] = field(repr=False)
    _changes: Mapping[str, tuple[CellChange, ...]] = field(repr=False)
    _data: bytes = field(repr=False)
    _futures: Mapping[str, Future] = field(repr=False)
    _base: Base = field(repr=False)

    def tables(self, scenario: str = BASE) -> Tables:
        """The data of one scenario. Raises UsageError when there is no such scenario."""
        return self._tables[self._known(scenario)]

    @property
    def labels(self) -> Labels:
        """What people read instead of ids, sheet by sheet; empty where no label is given."""
        return labels(self.tables())

    def changes(self, scenario: str = BASE) -> tuple[CellChange, ...]:
        """What --set changed, then what the scenario changed."""
        return self._changes[self._known(scenario)]

    def combination(self, scenario: str, threats: Sequence[str]) -> Tables:
        """The data of a scenario to which threats come: its own, and the changes of them all in row order.

        A threat that the scenario is, or goes back to, has come already. Raises WorkbookError where the threats
        together take a value beyond its limits, or break a rule across rows.
        """
        before = self._futures[self._known(scenario)]
        there = lineage(before.records["Scenarios"], scenario)
        future = combined_future(before, [name for name in threats if name not in there])
        tables = replace(tables_of(future, scenario, self._base), threats=tuple(threats))
        problems = [*future.problems, *find_problems([self._tables[BASE], tables], horizon_known=True)]
        if problems:
            together = listed([*threats], len(threats))
            raise WorkbookError([replace(p, wrong=f"{p.wrong} (where {together} come together)") for p in problems])
        return tables

    def require_valid(self) -> None:
        """Raise WorkbookError when the workbook has a problem."""
        if self.problems:
            raise WorkbookError(self.problems)

    def edited(self, edits: Mapping[str, CellValue | None], sets: Sequence[str] | None = None) -> Inputs:
        """The same workbook as if somebody had typed these values ("Sheet!F7" -> value; None: blank), and with other
        --set if given. Problems of the edited workbook are in its `problems`."""
        return _loaded(self.path, self._data, self.sets if sets is None else sets, edits)

    @property
    def content(self) -> bytes:
        """The workbook as it was read, for another process."""
        return self._data

    def with_tables(self, tables: Mapping[str, Tables]) -> Inputs:
        """With the data of some scenarios replaced, which the caller has checked."""
        return replace(self, _tables={**self._tables, **tables})

    def _known(self, scenario: str) -> str:
        if scenario not in self._tables:
            hint = advice(scenario, self.scenario_names, "there are")
            raise UsageError(f"{self.path.name} has no scenario {scenario}: {hint}")
        return scenario


@at_rest()
@limited_guesses()
def load(path: str | Path, sets: Sequence[str] = ()) -> Inputs:
    """Read and check a workbook. Problems are collected; raises UsageError only when the file is not usable."""
    path = Path(path)
    return load_bytes(path, read_bytes(path), sets)


@at_rest()
def load_bytes(path: Path, data: bytes, sets: Sequence[str] = ()) -> Inputs:
    """The same of a workbook that has been read already; path: what it goes by."""
    return _loaded(path, data, sets, {})


def _loaded(path: Path, data: bytes, sets: Sequence[str], edits: Mapping[str, CellValue | None]) -> Inputs:
    book = read_workbook([_typed_over(sheet, edits) for sheet in read_sheets(path, data)])
    if not book.sheet_names:
        raise UsageError(
            f"{path} is no workbook of Lodestone: it has none of the sheets {listed(SHEETS, 3)}; "
            "start from the blank template (lodestone new) or from an example"
        )
    asked, bad_sets = parse_sets(sets)
    given = set_settings(book.settings, asked)
    book.settings = given.settings
    base, misfits = build_base(book, readable(path.stem))
    _require_size(path, base)

    workbook = base_future(base, asked)
    names = [name for (name,) in workbook.records["Scenarios"] if name != BASE]
    futures = {BASE: workbook}
    for name in parents_first(workbook.records["Scenarios"]):  # without a horizon nothing can be said about a scenario
        before = futures[parent_of(workbook.records["Scenarios"], name) or BASE]
        futures[name] = scenario_future(before, name) if base.horizon_known else workbook
    futures = {name: futures[name] for name in (BASE, *names)}
    tables = {name: tables_of(future, name, base) for name, future in futures.items()}

    problems = [*book.problems, *bad_sets, *given.problems, *misfits]
    problems += [problem for future in futures.values() for problem in future.problems]
    problems += find_problems(list(tables.values()), horizon_known=base.horizon_known)
    if not problems:
        problems += find_last_problems(list(tables.values()))
    kept = Problems(sorted(dict.fromkeys(problems), key=_place))
    left_out = [collected.more() for collected in (book.problems, misfits, kept)]
    left_out += [future.problems.more() for future in futures.values()]
    problems = [*kept, *dict.fromkeys(problem for more in left_out for problem in more)]
    return Inputs(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        sets=tuple(sets),
        plan_name=base.settings["plan_name"],
        sheet_names=book.sheet_names,
        scenario_names=tuple(tables),
        problems=tuple(sorted(problems, key=_place)),
        warnings=() if problems else (*book.warnings, *find_warnings(list(tables.values()))),
        _tables=tables,
        _changes={name: tuple([*given.log, *future.log]) for name, future in futures.items()},
        _data=data,
        _futures=futures,
        _base=base,
    )


MOST_LANES, MOST_IN_ALL = 1_000_000, 10_000_000  # of one future; lanes and rows of all futures


def _require_size(path: Path, base: Base) -> None:
    """Raise UsageError where a few rows would open more lanes, or as many futures, as no memory holds."""
    regions, materials = len(base.records["Regions"]), len(base.records["Materials"])
    named = sum(
        (regions if start == ANY else 1) * (regions if end == ANY else 1) * (materials if material == ANY else 1)
        for start, end, material in base.records["Lanes"]
    )
    lanes = regions * regions * materials  # those within a region included
    if base.settings["default_freight_usd_per_kg"] is None:
        lanes = min(lanes, named + regions * materials)
    if lanes > MOST_LANES:
        raise UsageError(
            f"{path} opens {lanes:,} lanes between {regions:,} regions for {materials:,} materials, more than can be "
            f"planned with ({MOST_LANES:,}): leave default_freight_usd_per_kg blank, name the lanes that are used "
            "instead of *, or join regions or materials"
        )
    futures = 1 + len(base.records["Scenarios"])
    rows = sum(len(rows) for rows in base.records.values())
    if futures * (lanes + rows) > MOST_IN_ALL:
        raise UsageError(
            f"{path} has {futures:,} futures of {lanes + rows:,} rows and lanes each, more than can be planned with "
            f"({MOST_IN_ALL:,} in all): give fewer scenarios"
        )


def _typed_over(sheet: RawSheet, edits: Mapping[str, CellValue | None]) -> RawSheet:
    """The sheet with other values in some of its cells."""
    rows = {number: dict(row) for number, row in sheet.rows.items()}
    for cell, value in edits.items():
        name, _, place = cell.partition("!")
        if plain(name) != plain(sheet.name):
            continue
        letters = place.rstrip("0123456789")
        row = rows.setdefault(int(place[len(letters) :]), {})
        column = next(i for i in count(1) if column_letters(i) == letters)
        row.pop(column, None)
        if value is not None:
            row[column] = value
    return replace(sheet, rows=rows)


def _place(problem: Problem) -> tuple[int, int, int, str]:
    """--set first, then sheets in the order of the schema, rows and columns in theirs."""
    sheet, _, cell = problem.cell.partition("!")
    letters = cell.rstrip("0123456789")
    number = int(cell[len(letters) :] or 0) if letters.isalpha() else 0
    order = -1 if problem.cell.startswith("--set") else list(SHEETS).index(sheet) if sheet in SHEETS else len(SHEETS)
    return order, number, len(letters), letters
