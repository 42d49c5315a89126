"""The front door for those who go on in Python: `import lodestone as ls`.

    book = ls.load("my_case.xlsx", {"ChinaShare/magnet_cap/2029": 0.4})
    plan = book.solve(gap=1e-3)
    plan.cost, plan["investments"], plan.future("embargo")
    ls.compare(plan, book.solve(scenario="embargo")).bridge
    book.frontier(cap="magnet_cap", points=5).table
    plan.save("outputs/x")

Tables are pandas DataFrames with the units in `attrs["units"]`. Nothing is written but by `save`. Importing this loads
neither pandas nor Pyomo; the first table and the first solve do. Described in docs/python.md.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lodestone.errors import NoPlanError, Problem, UsageError, WorkbookError
from lodestone.names import advice
from lodestone.plan.plan import Plan as AnyPlan
from lodestone.plan.tables import Cell, Column, Row

if TYPE_CHECKING:
    import pandas as pd

    from lodestone.progress import OnProgress
    from lodestone.studies.alternatives.results import Alternatives
    from lodestone.studies.attack.results import Attack
    from lodestone.studies.compare.results import Comparison
    from lodestone.studies.explanation.results import Explanation
    from lodestone.studies.frontier.results import Frontier
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.source import Source
    from lodestone.studies.parallel.tasks import News, OnLabel
    from lodestone.studies.stress.results import Stress
    from lodestone.studies.sweep.results import Sweep
    from lodestone.workbook.inputs import Inputs

Value = str | float | bool | None  # of a cell; None clears it
Found = TypeVar("Found")
MOST_SHOWN = 20  # problems that a message lists


# --- what can go wrong ------------------------------------------------------------------------------------------------


class InvalidWorkbook(WorkbookError):  # reads as what it is: except ls.InvalidWorkbook
    """The workbook has problems: each with its cell, what stands there, what is wrong and how to mend it."""

    def __str__(self) -> str:
        shown = [f"  {p.cell}: {p.found or 'blank'}: {p.wrong}; {p.mend}" for p in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - MOST_SHOWN
        return "\n".join([super().__str__(), *shown, *([f"  and {more} more"] if more > 0 else [])])

    def __repr__(self) -> str:
        return f"<InvalidWorkbook: {self}>"

    def _repr_html_(self) -> str:
        return _table_of(self.problems)


class Infeasible(NoPlanError):
    """It is proved that no plan satisfies all rules. `explain()` says why, and what would make one exist."""

    def __init__(self, message: str, explain: Callable[[float | None], Explanation]) -> None:
        super().__init__(f"{message}. Call explain() of this error to see why, and which cells to change")
        self._explain = explain

    def explain(self, time_limit: float | None = None) -> Explained:
        """The rules that cannot hold together, and the least changes that help; in at most so many seconds (300)."""
        return Explained(self._explain(time_limit))


@dataclass(frozen=True)
class Explained:
    """Why there is no plan. found: all of it, as plain data."""

    found: Explanation

    def __repr__(self) -> str:
        from lodestone.studies.explanation.results import conflict_heading

        e = self.found
        lines = [f"{x.cell}: {x.text}" for x in e.findings]
        lines += [conflict_heading(e), *(f"  {rule.cell}: {rule.text}" for rule in e.conflict)]
        for number, repair in enumerate(e.repairs, 1):
            lines += [f"Repair {number}:", *(f"  {change.cell}: {change.text}" for change in repair.changes)]
        return "\n".join([*lines, *e.remarks])


# --- plans ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan(AnyPlan):
    """A plan, with what can be done with one in Python. source: the workbook that it was made of, if it is known."""

    source: Path | None = None

    def save(self, folder: str | Path) -> Path:
        """Write the plan, as a workbook and as plan.json, into the folder of a run, as `lodestone solve` does.

        Returns the folder. Raises UsageError for one that holds anything but a run.
        """
        from lodestone.report.plan.run_folder import check_target, write_run
        from lodestone.runs.folder_lock import claimed

        place = Path(folder)
        check_target(place)
        with claimed([place]):
            write_run(self, place, self.source)
        return place

    def _repr_html_(self) -> str:
        about = [("Cost (MUSD)", f"{self.cost:,.2f}"), ("Status", self.status), ("Scenario", self.scenario)]
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in about)
        return f"<table><caption>{html.escape(self.plan_name)}</caption>{rows}</table>"


def read(run: str | Path) -> Plan:
    """The plan of a run: its folder, or its plan.json. Raises UsageError when there is none that can be read."""
    from lodestone.plan.run_files import read_run_document, workbook_of

    place = Path(run)
    plan = Plan.from_document(read_run_document(place))
    source = workbook_of(plan, place)
    return replace(plan, source=source if source.exists() else None)


def compare(*plans: AnyPlan, names: Sequence[str] | None = None) -> Study[Comparison]:
    """Plans side by side, against the first. `.bridge`: plan -> cost term -> MUSD more; `.table`: the same."""
    from lodestone.studies.compare.runs import compare as compare_plans

    found = compare_plans(plans, names)
    columns = [Column("term", "", "cost term"), *(Column(name, "MUSD", "more than the first") for name in found.bridge)]
    rows = [[term, *(steps[term] for steps in found.bridge.values())] for term in found.costs]
    return Study(found, columns, rows)


# --- studies ----------------------------------------------------------------------------------------------------------


class Study(Generic[Found]):
    """What a study found: `.table` as a DataFrame; everything else under the names of `.found`, its plain data."""

    def __init__(self, found: Found, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        self.found = found
        self._columns, self._rows = columns, rows

    @property
    def table(self) -> pd.DataFrame:
        from lodestone.plan.frames import frame

        names = [column.name for column in self._columns]
        return frame([dict(zip(names, row, strict=True)) for row in self._rows], self._columns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "found":
            raise AttributeError(name)
        return getattr(self.found, name)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


# --- workbooks --------------------------------------------------------------------------------------------------------


def load(workbook: str | Path, changes: Mapping[str, Value] | None = None) -> Book:
    """A workbook, read and checked, with some of its values changed.

    changes: cell as Sheet/row/column (column: a heading, a year, or "years" for all of them) -> value.
    Raises InvalidWorkbook, which lists the cells, and UsageError when the file is no workbook that can be read.
    """
    from lodestone.workbook.file.archive import read_bytes

    path = Path(workbook)
    return Book(path, read_bytes(path), _sets(changes))


class Book:
    """A workbook that is ready to plan with. Every solve and study works on it as it was when it was loaded."""

    def __init__(self, path: Path, content: bytes, sets: tuple[str, ...] = ()) -> None:
        from lodestone.workbook.inputs import load_bytes

        self.path = path
        self.sets = sets
        self._content = content
        self.inputs: Inputs = load_bytes(path, content, sets)
        if self.inputs.problems:
            raise InvalidWorkbook(self.inputs.problems)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the scenarios, the base first."""
        return self.inputs.scenario_names

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful, though it can be planned with."""
        return self.inputs.warnings

    def changed(self, changes: Mapping[str, Value]) -> Book:
        """The same workbook with other values, as for `load`; the file is left alone."""
        return Book(self.path, self._content, (*self.sets, *_sets(changes)))

    def sheet(self, name: str, scenario: str = "base") -> pd.DataFrame:
        """A sheet as it is planned with in a scenario: defaults filled in, a column for each year."""
        from lodestone.plan.frames import frame
        from lodestone.workbook.schema.sheets import SHEETS

        if name not in SHEETS:
            raise UsageError(f"there is no sheet {name}: {advice(name, tuple(SHEETS), 'there are')}")
        columns, rows = _sheet(self.inputs, name, scenario)
        return frame(rows, columns, SHEETS[name].meaning)

    def __getitem__(self, sheet: str) -> pd.DataFrame:
        return self.sheet(sheet)

    # --- plans ---

    def solve(
        self,
        scenario: str = "base",
        *,
        joint: bool = False,
        gap: float | None = None,
        time_limit: float | None = None,
        start: AnyPlan | None = None,
        secure: int | None = None,
        values: bool = True,
        progress: bool | OnProgress = False,
    ) -> Plan:
        """The audited plan of least cost, for one scenario, or (joint) one plan for all futures.

        gap (share) and time_limit (s): None for what the settings of the workbook say. start: a plan whose decisions
        the solver begins with. secure: threats at once that the plan must stand. values: of a joint plan, EVPI and VSS
        too. progress: True for a bar, or a function that is told. Raises Infeasible when it is proved that there is no
        plan, NoSecurePlanError when none stands the threats, StoppedError when none was found in time.
        """
        from lodestone.solve.all_futures import solve_joint
        from lodestone.solve.effort import Effort
        from lodestone.solve.one_scenario import solve_scenario
        from lodestone.solve.secure import NoSecurePlanError

        with _told(progress) as tell:
            effort = Effort(gap, time_limit, tell, start=start, secure=secure)
            try:
                plan = (
                    solve_joint(self.inputs, effort, values) if joint else solve_scenario(self.inputs, scenario, effort)
                )
            except NoSecurePlanError:
                raise
            except NoPlanError as error:
                raise Infeasible(str(error), self._explainer(None if joint else scenario, gap)) from error
        return replace(Plan.from_document(plan.document()), source=self.path if self.path.exists() else None)

    def _explainer(self, scenario: str | None, gap: float | None) -> Callable[[float | None], Explanation]:
        from lodestone.studies.explanation.explain import explain

        return lambda time_limit: explain(self.inputs, scenario, gap, time_limit)

    def bankability(self, scenario: str = "base") -> pd.DataFrame:
        """What lenders make of every private project, before anything is solved."""
        from lodestone.data.lenders import bankability_table
        from lodestone.plan.frames import frame
        from lodestone.plan.tables import TABLES
        from lodestone.workbook.conversion import plan_data

        table = TABLES["bankability"]
        rows = bankability_table(plan_data(self.inputs.tables(scenario), self.inputs.tables()))
        return frame(rows, table.columns, table.meaning)

    # --- studies ---
    # processes: None solves here, one after another; more needs `if __name__ == "__main__":` in a script, as each
    # process imports it. scheduler: the address of a Dask cluster.

    def frontier(
        self,
        cap: str | None = None,
        points: int = 11,
        *,
        at: Sequence[float] | None = None,
        start: float = 1.0,
        end: float = 0.0,
        from_year: int | None = None,
        scenario: str = "base",
        gap: float | None = None,
        time_limit: float | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> Study[Frontier]:
        """What each point of allowed China share costs: of one cap, or of all rows scaled together.

        points: from `start` to `end`, or the shares in `at`.
        """
        from lodestone.report.studies.frontier_workbook import columns_of, rows_of
        from lodestone.studies.frontier import trace

        limits = trace.scales(start, end, points - 1) if at is None else at
        with _counted(progress, len(limits)) as count:
            source, where = self._source(scenario, gap, time_limit), _where(processes, scheduler)
            found = trace.frontier(source, limits, cap, from_year, where, count)
        return Study(found, columns_of(found), rows_of(found))

    def stress(
        self,
        *plans: AnyPlan,
        names: Sequence[str] | None = None,
        allow_new: bool = False,
        from_year: int | None = None,
        gap: float | None = None,
        time_limit: float | None = None,
        progress: bool = False,
    ) -> Study[Stress]:
        """Hold the decisions of plans, and meet every scenario and loss with them; what hurts most comes first."""
        from lodestone.report.studies.stress_files import RANKED, ranked
        from lodestone.solve.effort import Effort
        from lodestone.studies.compare.runs import unique_names
        from lodestone.studies.stress.cases import stress

        called = unique_names(names if names is not None else [plan.scenario for plan in plans])
        with _bar(progress) as show:
            found = stress(
                self.inputs,
                dict(zip(called, plans, strict=True)),
                allow_new,
                from_year,
                Effort(gap, time_limit),
                lambda done, of, latest: show(f"{latest.kind} {latest.case}", done / of),
            )
        return Study(found, RANKED, ranked(found))

    def attack(self, plan: AnyPlan, k: int = 2, *, progress: bool = False) -> Study[Attack]:
        """Every combination of at most k threats against a plan as it is; what hurts most comes first."""
        from lodestone.report.studies.attack_files import WORST, ranked
        from lodestone.studies.attack.attack import attack

        with _bar(progress) as show:
            found = attack(
                self.inputs,
                plan.scenario,
                plan,
                k,
                lambda done, of, latest: show(" + ".join(latest.threats), done / of),
            )
        return Study(found, WORST, ranked(found))

    def sweep(
        self,
        values: Mapping[str, Iterable[Value]],
        *,
        scenarios: Sequence[str] = (),
        gap: float | None = None,
        time_limit: float | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> Study[Sweep]:
        """Solve for every combination: cell -> values, as for `load`; several scenarios are varied like a cell."""
        from lodestone.studies.sweep.grid import SCENARIO, sweep
        from lodestone.studies.sweep.results import Varied, columns, rows

        varied = [Varied(SCENARIO, tuple(scenarios))] if len(scenarios) > 1 else []
        varied += [Varied(path, tuple(map(_typed, some))) for path, some in values.items()]
        number = 1
        for one in varied:
            number *= len(one.values)
        with _counted(progress, number) as count:
            source = self._source(scenarios[0] if scenarios else "base", gap, time_limit)
            found = sweep(source, varied, _where(processes, scheduler), count)
        return Study(found, columns(found), rows(found))

    def alternatives(
        self,
        within: float = 0.02,
        *,
        scenario: str = "base",
        gap: float | None = None,
        time_limit: float | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> Study[Alternatives]:
        """Which decisions are in every plan, in some and in none that costs at most this share more than the best."""
        from lodestone.report.studies.alternatives_files import DECISIONS, decision_rows
        from lodestone.studies.alternatives.search import alternatives

        with _counted(progress, 3) as count:
            source, where = self._source(scenario, gap, time_limit), _where(processes, scheduler)
            found = alternatives(source, within, where, count)
        return Study(found, DECISIONS, decision_rows(found))

    def _source(self, scenario: str, gap: float | None, time_limit: float | None) -> Source:
        from lodestone.studies.parallel.source import Source

        return Source(self.path.name, self._content, scenario, self.sets, gap, time_limit)

    def __repr__(self) -> str:
        changes = f", {len(self.sets)} values changed" if self.sets else ""
        return f"<Book {str(self.path)!r}: {self.inputs.plan_name!r}, scenarios {', '.join(self.scenarios)}{changes}>"

    def _repr_html_(self) -> str:
        doubtful = _table_of(self.warnings) if self.warnings else ""
        return f"<p>{html.escape(repr(self))}</p>{doubtful}"


# --- details ----------------------------------------------------------------------------------------------------------


def _sets(changes: Mapping[str, Value] | None) -> tuple[str, ...]:
    """As --set has them."""
    return tuple(f"{cell}={_typed(value)}" for cell, value in (changes or {}).items())


def _typed(value: Value) -> str:
    """A value as somebody would type it into its cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _sheet(inputs: Inputs, name: str, scenario: str) -> tuple[list[Column], list[Row]]:
    """The columns and rows of a sheet; of Settings a row for each, of Lanes and Tariffs the rows as they stand."""
    from lodestone.workbook.schema.sheets import SETTINGS, SHEETS

    sheet, tables = SHEETS[name], inputs.tables(scenario)
    if sheet is SETTINGS:
        settings = [{"setting": key, "value": value} for key, value in tables.settings.items()]
        return [Column("setting", "", ""), Column("value", "any", "")], settings
    records = tables.lane_rows[name] if name in tables.lane_rows else tables.rows(name)
    years = sorted({year for record in records for year in record.years or ()})
    rows = [{**dict(zip(sheet.key, r.key, strict=False)), **r.values, **_by_year(r.years or {})} for r in records]
    unit = sheet.years.unit if sheet.years else ""
    plain = [Column(c.name, c.unit, c.meaning) for c in sheet.plain]
    return [*plain, *(Column(str(year), unit, "") for year in years)], rows


def _by_year(years: Mapping[int, float | None]) -> dict[str, float | None]:
    return {str(year): value for year, value in years.items()}


def _where(processes: int | None, scheduler: str | None) -> Where:
    from lodestone.studies.parallel.solves import IN_THIS_PROCESS, Where

    return IN_THIS_PROCESS if processes is None and scheduler is None else Where(processes, scheduler)


@contextmanager
def _bar(shown: bool) -> Iterator[Callable[[str, float | None], None]]:
    if not shown:
        yield lambda text, part: None
        return
    from lodestone.report.terminal.progress_bar import progress_bar

    with progress_bar() as show:
        yield show


@contextmanager
def _told(progress: bool | OnProgress) -> Iterator[OnProgress | None]:
    """Who is told of the progress of a solve."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        from lodestone.report.terminal.progress_bar import telling

        with _bar(True) as show:
            yield telling(show)


@contextmanager
def _counted(shown: bool, number: int) -> Iterator[OnLabel]:
    """Counts what is done of a study of so many solves, as it is told of them."""
    from lodestone.progress import Progress

    done = 0
    with _bar(shown) as show:

        def hear(label: str, news: News) -> None:
            nonlocal done
            done += not isinstance(news, Progress | tuple)
            show(f"{label}: {news.stage}" if isinstance(news, Progress) else label, min(1.0, done / number))

        yield hear


def _table_of(problems: Sequence[Problem]) -> str:
    """Problems or warnings as HTML."""
    headings = "".join(f"<th>{text}</th>" for text in ("Cell", "What stands there", "What is wrong", "How to mend"))
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in (p.cell, p.found, p.wrong, p.mend)) + "</tr>"
        for p in problems
    )
    return f"<table><tr>{headings}</tr>{rows}</table>"
