"""A large model solved on the rows that matter.

Most rows of a large model limit nothing: without them its linear programmes are solved in a third of the time, and what
no plan of the rest undercuts, no plan of the whole does. So:

1. The relaxation of the whole tells which rows have a price. They, the equalities and all rows with whole numbers are
   the *part*.
2. The part is solved. Its whole numbers, held in the whole model, make a plan; rows that have a price there join.
3. The part is asked for anything cheaper than that plan less the gap asked for; while that is far, for a third of the
   way to the bound by heuristics alone. What it finds is a better plan, or rows that it lacks. When it proves that
   there is nothing, the bound is there.
4. Near to a better plan others are sought (`nearby_plans`), as the better the plan, the less there is to prove.

    three works A, B, C, of which two are needed; A and B together need a port, and the part does not know
    2.  the part builds A and B for 95 MUSD. Held in the whole, the port costs 30 more: a plan of 125; its row joins
    3.  the bound is 80; anything under 109? Nothing. Under 124? A and C, 115, in the whole too. Under 114? Nothing:
        within 1 MUSD

Each round adds a row or finds a cheaper plan, so it ends; measured in benchmarks/RESULTS.md. A start is a plan to begin
with, as its numbers are held in the whole: the solver's own way with starts may take a cost for less than it is.

Where years are cut into many periods that are alike, all this is first done with their sums (`alike_periods`): their
bound is one of the whole, and their whole numbers, held in the whole, make a plan.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

import highspy
import numpy as np
import pyomo.environ as pyo

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solver.alike_periods import AlikePeriods, alike_periods
from lodestone.solver.current_model import CurrentModel
from lodestone.solver.highs import ABSOLUTE_GAP, Outcome, Solver, in_words
from lodestone.solver.highs_model import INFINITY, PRICED, HighsObject
from lodestone.solver.matrix import Flags, Ints, Matrix, matrix
from lodestone.solver.nearby_plans import there_and_back, windows

LARGE = 10_000  # columns
FIRST_GAP = 5e-3  # of the first part: quick, for it shows which rows are missing
TIGHT = 1e-4  # gap asked for, below which too many rounds would each gain too little: all rows at once
MOST_ROUNDS = 8
WAY = 0.35  # from the plan to the bound, that is sought first: half of it is often too far (benchmarks/RESULTS.md)
NEAR = 2.0  # times the gap asked for: from there on only the tree helps, and no heuristic
NEARER = 1.8  # times the gap asked for: from there on it takes longer to find a better plan than to prove this one
LEAST_GAIN = 0.25  # of the gap asked for: what a plan nearby must save
FEWER = 0.8  # of the columns: sums of alike periods are searched first where they leave no more
SUMS_GAP = 0.85  # of the gap asked for, to which the sums are solved; the rest is for what they do not see
MOST_SUMS = 3  # times that the sums are solved
# Interior points solve the first linear programme in a fraction of the time that simplex takes, and a sub-MIP (RENS)
# finds a plan worth having sooner than luck in the tree. Devex prices linear programmes that begin at a basis: the
# steepest edge weighs all rows anew each time, half a second instead of a tenth (benchmarks/RESULTS.md).
SEARCH_LARGE: dict[str, float | int | str | bool] = {
    "mip_lp_solver": "ipm",
    "mip_heuristic_run_rens": True,
    "simplex_dual_edge_weight_strategy": 1,
}
FEW_NODES: dict[str, float | int | str | bool] = {"mip_max_nodes": 10}
TREE_ONLY: dict[str, float | int | str | bool] = {"mip_heuristic_run_rens": False, "mip_heuristic_effort": 0.0}


def solver_of(model: pyo.ConcreteModel | Matrix, careful: bool = False) -> Solver:
    """The model in the solver that suits its size."""
    loaded = model if isinstance(model, Matrix) else matrix(model)
    if len(loaded.variables) <= LARGE:
        return Solver(loaded, careful)
    return LargeSolver(loaded, careful, None if isinstance(model, Matrix) else alike_periods(model, loaded))


class LargeSolver(Solver):
    """A large model: linear programmes of the whole, and searches on the rows that matter."""

    def __init__(
        self, model: pyo.ConcreteModel | Matrix, careful: bool = False, alike: AlikePeriods | None = None
    ) -> None:
        """As of any solver. alike: periods that can be summed."""
        loaded = model if isinstance(model, Matrix) else matrix(model)
        super().__init__(loaded, careful)
        self._options(**SEARCH_LARGE)
        self.careful = careful
        self._year = np.zeros(len(loaded.variables), dtype=np.int32) if loaded.year is None else loaded.year
        self._alike = alike if alike and alike.columns_left <= FEWER * len(self.variables) else None
        self._start: np.ndarray | None = None  # by column
        self._best: np.ndarray | None = None  # solution of the last search, by column
        self._matters: Flags = np.zeros(0, dtype=bool)  # by row, for the next search too

    def values(self) -> np.ndarray:
        """Value of each column."""
        return self.all_values()[: len(self.variables)]

    def all_values(self) -> np.ndarray:
        """Value of each column, those that were added included."""
        return super().all_values() if self._best is None else self._best

    def start_from(self, values: np.ndarray) -> None:
        """Offer a solution (value by column) as the start of the next solve."""
        self._start = values

    @property
    def year(self) -> Ints:
        """Of the decision that each column is, those that were added included; 0 where it is not known."""
        return np.concatenate([self._year, np.zeros(self.width - len(self._year), dtype=np.int32)])

    def solve_linear(self, most: float = INFINITY) -> float | None:
        """Solve the linear programme with the integers fixed; None when no solution costs at most `most`."""
        self._best = None
        self._options(solver="choose" if self.basis().valid else "ipm")  # simplex is quick from a basis only
        found = super().solve_linear(most)
        self._options(solver="choose")
        return found

    def solve(
        self,
        gap: float,
        time_limit: float,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        started: float | None = None,
        absolute_gap: float = ABSOLUTE_GAP,
        bound: float = -INFINITY,
    ) -> Outcome:
        """Solve the mixed-integer programme as every solver does, on the rows that matter."""
        start, self._start = self._start, None
        too_tight = gap < TIGHT and absolute_gap <= ABSOLUTE_GAP
        whole = None if too_tight or not self.branched.any() else CurrentModel.of(self.highs)
        if whole is None or not whole.integer.any():
            if start is not None:
                super().start_from(start)
            return super().solve(gap, time_limit, on_progress, should_stop, started, absolute_gap, bound)
        matters = np.full(len(whole.row_lower), self._matters.any())  # rows that were added since do
        known = self._matters[: len(matters)]
        matters[: len(known)] = known
        self._matters = matters
        wanted = Wanted(gap, absolute_gap, time.monotonic() + time_limit, on_progress, should_stop, started)
        search = SearchOfRows(self, whole, self._matters, wanted, bound, self._alike)
        try:
            search.run(start)
        finally:
            whole.put_back(self.highs)
            if search.basis is not None:
                self.begin_at(search.basis)
        if search.best is None:
            return super().solve(gap, search.left, on_progress, should_stop, started, absolute_gap, search.bound)
        best, cost, low, nodes = search.best, search.cost, search.bound, search.nodes
        if not search.done and not search.over:  # too many rounds: all rows at once
            with suppress(StoppedError):
                more = super().solve(gap, search.left, on_progress, should_stop, started, absolute_gap, low)
                if more.objective < cost:
                    best, cost = super().all_values(), more.objective
                low, nodes = more.bound, nodes + more.nodes
        self._best = best
        return Outcome(cost - low <= max(absolute_gap, gap * abs(cost)) * (1 + 1e-9), cost, min(low, cost), nodes)

    def relaxed(
        self, time_limit: float, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float
    ) -> float:
        """Solve the model without whole numbers; its cost is a bound, and its duals can be asked for.

        Raises NoPlanError when it has no solution, StoppedError when none is found in time.
        """
        columns = np.arange(self.width, dtype=np.int32)
        part = int(highspy.HighsVarType.kContinuous)
        self.highs.changeColsIntegrality(len(columns), columns, np.full(len(columns), part, dtype=np.uint8))
        self._options(time_limit=time_limit, solver="choose" if self.basis().valid else "ipm")
        self._run(on_progress, should_stop, started)
        self._options(time_limit=INFINITY, solver="choose")
        objective = self._outcome().objective
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise StoppedError(f"stopped without a plan: {in_words(self.highs.getModelStatus())}")
        return objective

    def held(self, values: np.ndarray) -> tuple[float, np.ndarray, Flags] | None:
        """Cost, solution, and the rows that have a price, with the whole numbers of a solution; None where no plan
        has them."""
        self.hold_integers(values)
        cost = self.solve_linear()
        return None if cost is None else (cost, super().all_values(), np.abs(self.row_duals()) > PRICED)

    def _run(
        self, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float, cutoff: float = INFINITY
    ) -> None:
        self._best = None
        super()._run(on_progress, should_stop, started, cutoff)


@dataclass(frozen=True)
class Wanted:
    """What is asked of a search: relative and absolute gap (MUSD), until when (time.monotonic), and who watches."""

    gap: float
    absolute_gap: float
    ends: float
    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None
    started: float | None = None  # time.monotonic, when the run began


class SearchOfRows:
    """The best plan so far (cost, MUSD, and best, by column), and the bound that none undercuts.

    is_first: whether the best plan is that of the first part, a poor one. too_far: whether the first part of the way
    from it to the bound was. most: what is sought costs no more, and beyond it nothing is proved.
    """

    def __init__(
        self,
        solver: LargeSolver,
        whole: CurrentModel,
        matters: Flags,
        wanted: Wanted,
        bound: float,
        alike: AlikePeriods | None = None,
    ) -> None:
        """matters: by row, to which rows are added; bound: what is proved already; alike: periods to be summed."""
        self.solver, self.whole, self.matters, self.wanted, self.alike = solver, whole, matters, wanted, alike
        self.started = time.monotonic() if wanted.started is None else wanted.started
        self.cost, self.bound, self.most, self.nodes, self.rounds = INFINITY, bound, INFINITY, 0, 0
        self.best: np.ndarray | None = None
        self.basis: HighsObject = None  # of the best plan
        self.is_first = self.too_far = False

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.wanted.ends - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it is time to end."""
        stop = self.wanted.should_stop
        return self.left <= 0 or bool(stop and stop())

    @property
    def enough(self) -> float:
        """The gap that is small enough, MUSD."""
        return max(self.wanted.absolute_gap, self.wanted.gap * abs(self.cost))

    @property
    def done(self) -> bool:
        """Whether the gap is small enough."""
        return self.best is not None and self.cost - self.bound <= self.enough * (1 + 1e-9)

    def run(self, start: np.ndarray | None) -> None:
        """Until the gap is small enough, or time ends.

        Raises NoPlanError when there is no plan, StoppedError when none is found in time.
        """
        if start is not None:
            self._hold(start)
        if self.alike is not None and not self.done:
            self._search_sums(self.alike)
        if self.best is not None and (self.done or self.over):
            return
        if not self.matters.any() or not np.isfinite(self.bound):
            self.whole.put_back(self.solver.highs)
            try:
                relaxed = self.solver.relaxed(self.left, self.tell, self.wanted.should_stop, self.started)
            except StoppedError:
                if self.best is None:
                    raise
                return  # what was begun with stands
            self.bound = max(self.bound, relaxed)
            self.matters |= self.whole.always | (np.abs(self.solver.row_duals()) > PRICED)
        more = True
        while more and not self.done and self.rounds < MOST_ROUNDS and (self.best is None or not self.over):
            more = self._round()
            self.rounds += 1

    def tell(self, shown: Progress) -> None:
        """Of a part, whose own plans are none of the whole."""
        if self.wanted.on_progress is None:
            return
        best = self.cost if np.isfinite(self.cost) else None
        low = max(self.bound, -INFINITY if shown.bound is None else min(shown.bound, self.most))
        bound = low if np.isfinite(low) else None
        gap = None if best is None or bound is None else (best - bound) / max(abs(best), 1e-9)
        self.wanted.on_progress(replace(shown, best=best, bound=bound, gap=gap))

    def _search_sums(self, alike: AlikePeriods) -> None:
        """Solve the sums of alike periods, and hold what they decide in the whole, until that is close enough, or
        what the sums do not see is too much of the gap. Progress shows what the sums cost meanwhile."""
        summed, wanted = alike.summed(self.whole, self.solver.year), self.wanted
        small = solver_of(summed.matrix, self.solver.careful)
        gap, absolute_gap, best = SUMS_GAP * wanted.gap, SUMS_GAP * wanted.absolute_gap, INFINITY
        if self.best is not None:  # each plan of the whole is one of the sums
            values = np.bincount(summed.of, weights=self.best)
            best = min(self.cost, small.cost_with(values) or self.cost)
        for _ in range(MOST_SUMS):
            if self.best is not None:
                unseen = self.cost - best
                if self.done or self.over or unseen > self.enough / 2:
                    return
                gap, absolute_gap = 0.0, self.enough - unseen
                small.start_from(values)
            try:
                outcome = small.solve(
                    gap, self.left, wanted.on_progress, wanted.should_stop, self.started, absolute_gap, self.bound
                )
            except StoppedError:
                return  # what is known already stands
            self.nodes, self.bound = self.nodes + outcome.nodes, max(self.bound, outcome.bound)
            if outcome.objective < best:
                best, values = outcome.objective, small.all_values()
                self._hold(values[summed.of])
            if self.best is None:  # no plan of the whole decides like the sums
                return

    def _round(self) -> bool:
        """Solve the part and hold what it finds in the whole; False where nothing more is found out."""
        part = Solver(self.whole.part(self.matters), self.solver.careful)
        part.set_options(SEARCH_LARGE)
        stop = self.wanted.should_stop
        found: bool | None = True
        if self.best is None:
            gap = max(self.wanted.gap, FIRST_GAP)
            outcome = part.solve(gap, self.left, self.tell, stop, self.started, self.wanted.absolute_gap)
            proved, self.is_first = outcome.bound, True
        else:
            found, proved = self._seek(part)
        self.nodes += part.nodes
        self.bound = max(self.bound, proved)
        if not found:
            self.too_far = True
            return not self.done and not self.over
        values, known, cost = part.all_values(), int(self.matters.sum()), self.cost
        self._hold(values)
        if self.matters.sum() == known:
            self.matters |= self.whole.broken(values)
        if self.cost < cost < INFINITY:
            self.is_first = self.too_far = False
            self._look_nearby()
        return self.cost < cost or bool(self.matters.sum() > known)

    def _seek(self, part: Solver) -> tuple[bool | None, float]:
        """Whether the part has anything cheaper, and what is proved."""
        gap, self.most = self.cost - self.bound, self.cost - self.enough
        if gap <= (NEARER if self.is_first else NEAR) * self.enough:
            part.set_options(TREE_ONLY)
        elif not self.too_far:
            self.most = self.cost - gap * WAY
            part.set_options(FEW_NODES)
        return part.seek(self.most, self.left, self.tell, self.wanted.should_stop)

    def _look_nearby(self) -> None:
        """Seek better plans in which few years differ, each window of years anew when others have gained much, until
        there is little left to prove."""
        self.most = self.bound  # what is proved with decisions held says nothing of others
        open_at_a_time = windows(self.solver.year, self.whole.integer)
        tried: dict[int, float] = {}  # window -> cost of the best plan then
        for i in there_and_back(len(open_at_a_time)):
            if self.cost - self.bound <= NEARER * self.enough or self.over:
                return
            if tried.get(i, INFINITY) - self.cost > LEAST_GAIN * self.enough:
                self._seek_within(open_at_a_time[i])
                tried[i] = self.cost

    def _seek_within(self, window: Flags) -> None:
        part, held = Solver(self.whole.part(self.matters), self.solver.careful), self.whole.integer & ~window
        assert self.best is not None
        at, least = np.round(self.best[held]), LEAST_GAIN * self.enough
        part.set_bounds(np.flatnonzero(held), at, at)
        part.set_options({**SEARCH_LARGE, **FEW_NODES, "objective_bound": self.cost - least})
        with suppress(NoPlanError, StoppedError):
            found = part.solve(0.0, self.left, self.tell, self.wanted.should_stop, self.started, least)
            if found.objective < self.cost:
                self._hold(part.all_values())
        self.nodes += part.nodes

    def _hold(self, values: np.ndarray) -> None:
        """Make a plan of the whole numbers of a solution; what has a price in it matters."""
        held = self.solver.held(values)
        if held is None:
            return
        cost, solution, priced = held
        if self.matters.any():  # before the relaxation nothing is known of them
            self.matters |= priced
        if cost < self.cost:
            self.cost, self.best, self.basis = cost, solution, self.solver.basis()
