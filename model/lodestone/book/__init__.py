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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lodestone.book.asked import Value, bar, counted, sets_of, told, typed, where_of
from lodestone.book.plans import Plan, Study, compare, read
from lodestone.book.problems import Explained, Infeasible, InvalidWorkbook, problems_table
from lodestone.errors import NoPlanError, Problem, UsageError
from lodestone.names import advice
from lodestone.names import count as in_words
from lodestone.plan.plan import Plan as AnyPlan

if TYPE_CHECKING:
    import pandas as pd

    from lodestone.progress import OnProgress
    from lodestone.studies.allies.results import Allies
    from lodestone.studies.alternatives.results import Alternatives
    from lodestone.studies.attack.results import Attack
    from lodestone.studies.explanation.results import Explanation
    from lodestone.studies.frontier.results import Frontier
    from lodestone.studies.parallel.source import Source
    from lodestone.studies.ranges.results import Ranges
    from lodestone.studies.reference.beside import Beside
    from lodestone.studies.stress.results import Stress
    from lodestone.studies.sweep.results import Sweep
    from lodestone.studies.tornado.results import Tornado
    from lodestone.workbook.inputs import Inputs

__all__ = ["Book", "Explained", "Infeasible", "InvalidWorkbook", "Plan", "Study", "compare", "load", "read"]


def load(workbook: str | Path, changes: Mapping[str, Value] | None = None) -> Book:
    """A workbook, read and checked, with some of its values changed.

    changes: cell as Sheet/row/column (column: a heading, a year, or "years" for all of them) -> value.
    Raises InvalidWorkbook, which lists the cells, and UsageError when the file is no workbook that can be read.
    """
    from lodestone.workbook.file.archive import read_bytes

    path = Path(workbook)
    return Book(path, read_bytes(path), sets_of(changes))


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
        return Book(self.path, self._content, (*self.sets, *sets_of(changes)))

    def sheet(self, name: str, scenario: str = "base") -> pd.DataFrame:
        """A sheet as it is planned with in a scenario: defaults filled in, a column for each year."""
        from lodestone.book.sheets import sheet_table
        from lodestone.plan.frames import frame
        from lodestone.workbook.schema.sheets import SHEETS

        if name not in SHEETS:
            raise UsageError(f"there is no sheet {name}: {advice(name, tuple(SHEETS), 'there are')}")
        columns, rows = sheet_table(self.inputs, name, scenario)
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
        reference: bool = False,
        progress: bool | OnProgress = False,
    ) -> Plan:
        """The audited plan of least cost, for one scenario, or (joint) one plan for all futures.

        gap (share) and time_limit (s): None for what the settings of the workbook say. start: a plan whose decisions
        the solver begins with. secure: threats at once that the plan must stand. values: of a joint plan, EVPI and VSS
        too. reference: solve doing nothing as well, for plan.extra_cost_musd; if no gap is given, the solve goes on
        until the gap is small against that (Settings, extra_gap). progress: True for a bar, or a function that is told.
        Raises Infeasible when it is proved that there is no plan, NoSecurePlanError when none stands the threats,
        StoppedError when none was found in time.
        """
        from lodestone.solve.all_futures import solve_joint
        from lodestone.solve.effort import Effort
        from lodestone.solve.one_scenario import solve_scenario
        from lodestone.solve.secure import NoSecurePlanError

        with told(progress) as tell:
            effort = Effort(gap, time_limit, tell, start=start, secure=secure)
            beside = self._beside(scenario, joint, gap, time_limit) if reference else None
            if beside is not None and gap is None:
                effort = replace(effort, enough=beside.enough)
            try:
                plan = (
                    solve_joint(self.inputs, effort, values) if joint else solve_scenario(self.inputs, scenario, effort)
                )
            except NoSecurePlanError:
                raise
            except NoPlanError as error:
                raise Infeasible(str(error), self._explainer(None if joint else scenario, gap)) from error
            if beside is not None:
                plan = beside.told(plan, self.inputs, effort)
        return replace(Plan.from_document(plan.document()), source=self.path if self.path.exists() else None)

    def _beside(self, scenario: str, joint: bool, gap: float | None, time_limit: float | None) -> Beside:
        from lodestone.studies.reference.beside import Beside

        share = float(self.inputs.tables(scenario).settings["extra_gap"])
        return Beside(self._source(scenario, gap, time_limit), joint, share, lambda: False)

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
        with counted(progress, len(limits)) as count:
            source, where = self._source(scenario, gap, time_limit), where_of(processes, scheduler)
            found = trace.frontier(source, limits, cap, from_year, where, count)
        return Study(found, columns_of(found), rows_of(found))

    def stress(
        self,
        *plans: AnyPlan,
        names: Sequence[str] | None = None,
        allow_new: bool = False,
        from_year: int | None = None,
        from_month: int = 1,
        months: int | None = None,
        gap: float | None = None,
        time_limit: float | None = None,
        progress: bool = False,
    ) -> Study[Stress]:
        """Hold the decisions of plans, and meet every scenario and loss with them; what hurts most comes first.

        from_year, from_month: when something is lost, for so many months, or for good.
        """
        from lodestone.data.times import time_of
        from lodestone.report.studies.stress_files import RANKED, ranked
        from lodestone.solve.effort import Effort
        from lodestone.studies.compare.runs import unique_names
        from lodestone.studies.stress.cases import stress

        called = unique_names(names if names is not None else [plan.scenario for plan in plans])
        with bar(progress) as show:
            found = stress(
                self.inputs,
                dict(zip(called, plans, strict=True)),
                allow_new,
                None if from_year is None else time_of(from_year, from_month),
                months,
                Effort(gap, time_limit),
                lambda done, of, latest: show(f"{latest.kind} {latest.case}", done / of),
            )
        return Study(found, RANKED, ranked(found))

    def attack(self, plan: AnyPlan, k: int = 2, *, progress: bool = False) -> Study[Attack]:
        """Every combination of at most k threats against a plan as it is; what hurts most comes first."""
        from lodestone.report.studies.attack_files import WORST, ranked
        from lodestone.studies.attack.attack import attack

        with bar(progress) as show:
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
        varied += [Varied(path, tuple(map(typed, some))) for path, some in values.items()]
        number = 1
        for one in varied:
            number *= len(one.values)
        with counted(progress, number) as count:
            source = self._source(scenarios[0] if scenarios else "base", gap, time_limit)
            found = sweep(source, varied, where_of(processes, scheduler), count)
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

        with counted(progress, 3) as count:
            source, where = self._source(scenario, gap, time_limit), where_of(processes, scheduler)
            found = alternatives(source, within, where, count)
        return Study(found, DECISIONS, decision_rows(found))

    def ranges(
        self, plan: AnyPlan, within: float = 0.001, *, time_limit: float | None = None, progress: bool = False
    ) -> Study[Ranges]:
        """The least and the most of its figures among plans that cost at most this share more."""
        from lodestone.report.studies.ranges_files import COLUMNS, rows
        from lodestone.studies.ranges.search import ranges_of

        with bar(progress) as show:
            found = ranges_of(
                plan,
                self.inputs,
                plan.scenario,
                within,
                time_limit,
                lambda done, of, latest: show(latest, done / of),
            )
        return Study(found, COLUMNS, rows(found))

    def tornado(
        self,
        by: float = 0.2,
        *,
        only: str = "",
        leaders: int = 10,
        scenario: str = "base",
        gap: float | None = None,
        time_limit: float | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> Study[Tornado]:
        """Which figures matter: what it costs when they are this share higher or lower, and where the plan breaks."""
        from lodestone.report.studies.tornado_files import COLUMNS, rows
        from lodestone.studies.tornado.search import tornado

        with counted(progress, 1 + 2 * leaders) as count:
            source, where = self._source(scenario, gap, time_limit), where_of(processes, scheduler)
            found = tornado(source, by, only, leaders, where, count)
        return Study(found, COLUMNS, rows(found))

    def allies(
        self,
        *members: str,
        extra_gap: float = 0.02,
        scenario: str = "base",
        gap: float | None = None,
        time_limit: float | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> Study[Allies]:
        """What every coalition of these regions or groups pays for security by itself; `.shapley()`: fair shares."""
        from lodestone.report.studies.allies_files import COALITIONS, rows
        from lodestone.studies.allies.search import allies, parse_members

        with counted(progress, 2 ** len(members)) as count:
            source, where = self._source(scenario, gap, time_limit), where_of(processes, scheduler)
            found = allies(source, parse_members(",".join(members)), extra_gap, where, count)
        return Study(found, COALITIONS, rows(found))

    def _source(self, scenario: str, gap: float | None, time_limit: float | None) -> Source:
        from lodestone.studies.parallel.source import Source

        return Source(self.path.name, self._content, scenario, self.sets, gap, time_limit)

    def __repr__(self) -> str:
        changes = f", {in_words(len(self.sets), 'value')} changed" if self.sets else ""
        return f"<Book {str(self.path)!r}: {self.inputs.plan_name!r}, scenarios {', '.join(self.scenarios)}{changes}>"

    def _repr_html_(self) -> str:
        doubtful = problems_table(self.warnings) if self.warnings else ""
        return f"<p>{html.escape(repr(self))}</p>{doubtful}"
