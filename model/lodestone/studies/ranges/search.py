"""The least and the most of the figures of a run, among plans no dearer than a limit.

With builds, awards and signings as the run has them: two linear programmes a figure, each from the basis of the last.
For the headline figures also with decisions free: mixed-integer programmes. A share is a ratio; its least is found by
making what is above least, less the ratio found last times what is below, until that is nothing (Dinkelbach 1967).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lodestone.errors import NoPlanError, StoppedError
from lodestone.names import readable
from lodestone.plan.formatting import count
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import read_run, workbook_bytes, workbook_of
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built
from lodestone.rules.linear import Terms
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Solver
from lodestone.studies.alternatives.results import limit
from lodestone.studies.parallel.source import Source
from lodestone.studies.ranges.figures import HEADLINE, Figure, figures
from lodestone.studies.ranges.results import FREE, HELD, Range, Ranges
from lodestone.studies.what_binds.moved_limits import held_model, require_as_it_was, tree_of
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.inputs import Inputs

Tell = Callable[[int, int, str], None]  # how many are done, of how many, the latest
FREE_S = 60.0  # for one end of one figure with decisions free, unless more is allowed
MOST_RATIOS = 20
CLOSE = 1e-9
GAP = 1e-6


def ranges(
    run: Path,
    within: float,
    workbook: Path | None = None,
    time_limit: float | None = None,
    on_range: Tell | None = None,
    should_stop: ShouldStop | None = None,
) -> Ranges:
    """Of the run of one scenario, or of all together. within: share of its cost that others may cost more.

    time_limit: s, for what is sought with decisions free, all together. Raises UsageError when the workbook is not the
    one that was solved, StoppedError when the run's decisions cannot be held.
    """
    plan = read_run(run)
    path = workbook or workbook_of(plan, run)
    content = workbook_bytes(plan, run) if workbook is None else read_bytes(workbook)
    require_as_it_was(plan, path, content)
    inputs = Source(path.name, content, plan.scenario, tuple(plan.sets or ()), None, None).inputs()
    return ranges_of(plan, inputs, str(run), within, time_limit, on_range, should_stop)


def ranges_of(
    plan: Plan,
    inputs: Inputs,
    run: str,
    within: float,
    time_limit: float | None = None,
    on_range: Tell | None = None,
    should_stop: ShouldStop | None = None,
) -> Ranges:
    """As ranges, of a plan and the workbook that it was made of."""
    built, solver, whole = held_model(plan, tree_of(inputs, plan.scenario, plan.is_joint))
    search = Search(built, solver, should_stop or (lambda: False))
    cost = search.hold(whole)
    most = limit(cost, within) + CLOSE * max(1.0, abs(cost))
    solver.limit_cost(most)
    wanted = [f for f in search.figures if f.terms]
    free = [f for f in wanted if f.figure in HEADLINE]
    todo, found, remarks = len(wanted) + len(free), [], []
    if plan.secure:
        remarks.append("Threats that the plan stands are left out: other plans here need not stand them.")
    for figure in wanted:
        if search.should_stop():
            break
        found.append(search.held(figure))
        if on_range:
            on_range(len(found), todo, figure.of)
    ends = time.monotonic() + (FREE_S * 2 * len(free) if time_limit is None else time_limit)
    solver.restore()
    for i, figure in enumerate(free):
        if search.should_stop():
            break
        left = max(0.0, ends - time.monotonic()) / (len(free) - i)
        found.append(search.free(figure, left))
        if on_range:
            on_range(len(found), todo, figure.of)
    if len(found) < todo:
        remarks.append(f"Stopped after {len(found)} of {todo} ranges.")
    open_ = sum(not r.proved for r in found)
    if open_:
        remarks.append(f"{count(open_, 'range')} with decisions free may be wider: allow more time.")
    return Ranges(
        readable(inputs.path.name),
        plan.plan_name,
        run,
        plan.scenario,
        within,
        cost,
        limit(cost, within),
        tuple(found),
        tuple(remarks),
    )


@dataclass(frozen=True)
class _Sum:
    """Of columns, and what is fixed."""

    columns: np.ndarray
    weights: np.ndarray
    constant: float

    def at(self, values: np.ndarray) -> float:
        return float(self.weights @ values[self.columns]) + self.constant


class Search:
    """A loaded model with a limit on its cost, in which one sum after another is made least and most."""

    def __init__(self, built: Built, solver: Solver, should_stop: ShouldStop) -> None:
        self.built, self.solver, self.should_stop = built, solver, should_stop
        self.figures: list[Figure] = figures(built)
        self.planned: np.ndarray = np.zeros(0)

    def hold(self, whole: np.ndarray) -> float:
        """Hold whole decisions; the least cost with them. Raises StoppedError when they cannot be held."""
        planned = tidy(self.built, self.solver, whole)
        self.solver.drop_added_rows()
        self.solver.restore()
        self.solver.hold_integers(whole)
        cost = self.solver.solve_linear()
        if cost is None or planned is None:
            raise StoppedError("the decisions of the run cannot be held in this version's model; solve it again")
        self.planned = planned
        return cost

    def _sum(self, terms: Terms) -> _Sum:
        weights: dict[int, float] = {}
        constant = 0.0
        for weight, variable in terms:
            column = self.solver.column.get(id(variable))
            if column is None:
                constant += weight * float(variable.value or 0.0)
            else:
                weights[column] = weights.get(column, 0.0) + weight
        columns = np.array(list(weights), dtype=np.int64)
        return _Sum(columns, np.array(list(weights.values()), dtype=float), constant)

    def held(self, figure: Figure) -> Range:
        """With decisions held."""

        def values() -> np.ndarray | None:
            return self.solver.values() if self.solver.solve_linear() is not None else None

        least, most = (self.end(figure, sign, values) for sign in (1.0, -1.0))
        return Range(figure.figure, figure.of, figure.unit, HELD, self._planned(figure), least, most)

    def free(self, figure: Figure, seconds: float) -> Range:
        """With decisions free, in so many seconds."""
        ends, proved = time.monotonic() + seconds, True

        def values() -> np.ndarray | None:
            nonlocal proved
            left = ends - time.monotonic()
            if left <= 0:
                proved = False
                return self.planned
            try:
                outcome = self.solver.solve(GAP, left, None, self.should_stop)
            except NoPlanError:
                return None
            except StoppedError:
                proved = False
                return None
            proved = proved and outcome.optimal
            return self.solver.values()

        least, most = (self.end(figure, sign, values) for sign in (1.0, -1.0))
        return Range(figure.figure, figure.of, figure.unit, FREE, self._planned(figure), least, most, proved)

    def _planned(self, figure: Figure) -> float:
        above = self._sum(figure.terms).at(self.planned)
        if not figure.by:
            return above
        below = self._sum(figure.by).at(self.planned)
        return above / below if below > 0 else 0.0

    def end(self, figure: Figure, sign: float, solve: Callable[[], np.ndarray | None]) -> float | None:
        """The least (sign 1) or the most (-1) of a figure; None where nothing limits it."""
        above = self._sum(figure.terms)
        if not figure.by:
            values = self._solved(((sign, above),), solve)
            return None if values is None else above.at(values)
        below, ratio = self._sum(figure.by), self._planned(figure)
        for _ in range(MOST_RATIOS):
            values = self._solved(((sign, above), (-sign * ratio, below)), solve)
            if values is None or below.at(values) <= CLOSE:
                return ratio
            better = above.at(values) / below.at(values)
            if sign * (ratio - better) <= CLOSE:
                return ratio
            ratio = better
        return ratio

    def _solved(
        self, sums: tuple[tuple[float, _Sum], ...], solve: Callable[[], np.ndarray | None]
    ) -> np.ndarray | None:
        goal = np.zeros(len(self.solver.cost))
        for weight, of in sums:
            goal[of.columns] += weight * of.weights
        self.solver.set_cost(goal)
        return solve()
