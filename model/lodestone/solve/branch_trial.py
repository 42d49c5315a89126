"""A combination of threats tried on a plan: what was decided before it comes is held, and its branch alone is solved.

The model of the branch's path is built once and its arrays are kept, without what lies before the branch: every later
trial only moves right-hand sides by what another plan holds there. What is served less than rules ask for is missing,
weighed by what a shortage costs; the least of it is sought. Nothing missing: the plan stands the combination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lodestone.data.plan_data import SMALLEST, Time, year_of
from lodestone.data.tree import Branch
from lodestone.errors import NoPlanError
from lodestone.progress import ShouldStop
from lodestone.solve.no_worse import Used
from lodestone.solver.highs import Solver
from lodestone.solver.highs_model import carried_over
from lodestone.solver.large_model import solver_of
from lodestone.solver.matrix import Matrix

Key = tuple[str, tuple[Any, ...]]  # component of the model, index
Held = Callable[[Key], float]  # the value that a plan gives a variable, 0 where it has none

SERVED = (
    "secure.served",
    "flows.service",
)  # rows that say how much is served at least: (node, region, sector, material)
MAY_LACK: Mapping[str, tuple[str, float]] = {  # other rows that may be missed: in words, MUSD of a unit in the ranking
    "stockpiles.cover": ("days of cover", 0.1),
    "stockpiles.least": ("least stock", 0.1),
    "budgets.within": ("budget", 1.0),
    "budgets.later": ("budget for what is owed", 1.0),
}
LEAST_WEIGHT = 1e-3  # MUSD per t, where a shortage costs next to nothing
ROUNDING = 1e-6  # of a demand, or of a limit: less is the solver's tolerance
PRICED = 1e-6
MISSED = 1e4  # times its weight: what rules ask for and is missing
ALIKE = 0.02  # of the columns: where no more differ, simplex goes on from another combination; else it takes longer
GAP = 1e-2  # of what is missing where decisions are whole: how bad it is serves to rank only
NOTHING_LEFT = "what was decided before leaves nothing that can be done"


@dataclass(frozen=True)
class Cut:
    """What any plan must hold so that less is missing: missing + slopes (x - at) + share_slope (share - share_at) <= 0.

    slopes: by variable of the plan, MUSD of the ranking for one unit more; share: secure share of the sector that is
    asked about. What is missing is convex in what was decided before, parts of decisions taken over included, so this
    holds for every plan that stands the combination.
    """

    missing: float
    slopes: Mapping[Key, float]
    at: Mapping[Key, float]
    share_slope: float = 0.0
    share_at: float = 0.0

    @property
    def most(self) -> float:
        """The right-hand side: slopes x + share_slope share <= most."""
        return sum(c * self.at[key] for key, c in self.slopes.items()) + self.share_slope * self.share_at - self.missing


@dataclass(frozen=True)
class Met:
    """What a combination leaves of what rules ask for. missing: how bad it is, MUSD, to rank by; 0: it stands.

    short: t by sector beyond what may be short, year in which most is; lacking: other rules that are missed. used: what
    the answer takes of plants, markets and lanes. cut: what a plan must hold to do better, where that is known.
    """

    missing: float
    short: Mapping[str, float]
    worst_year: int | None = None
    lacking: tuple[str, ...] = ()
    used: Used = field(default_factory=dict, repr=False)
    cut: Cut | None = field(default=None, repr=False)

    @property
    def stands(self) -> bool:
        """Whether nothing is missing."""
        return self.missing <= 0


@dataclass(frozen=True)
class Trial:
    """The arrays of one branch. rows, variables of `arrays` are keys with the nodes of the tree.

    before: (row, key, coefficient) of what is held before the branch; most: (column, key) of decisions that may be at
    most those of the future; elastic: (row, sign, weight, unit size); impossible: a rule that cannot hold at all.
    """

    branch: Branch
    arrays: Matrix | None
    before: tuple[tuple[int, Key, float], ...] = ()
    most: tuple[tuple[int, Key], ...] = ()
    elastic: tuple[tuple[int, float, float, float], ...] = ()
    periods: Mapping[int, tuple[Time, float]] = field(default_factory=dict)  # node -> when it begins, part of a year
    cost: np.ndarray | None = None  # MUSD per unit of each column, discounted, as if the branch were certain
    impossible: str = ""
    avoided: np.ndarray = field(default_factory=lambda: np.zeros(0))  # by column: what the best answer does without
    share: tuple[str, float] | None = None  # sector whose secure share may give way, and what it is here
    basis: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # by what was sought

    def meet(self, held: Held, should_stop: ShouldStop | None = None) -> Met:
        """Whether the plan stands it, and if not, what is missing at least.

        First the best answer is sought with all that the plan decides taken over whole. What other threats may take is
        dearer in it: beside threats that an answer does without, the combination need not be tried. What is missing
        then, and even where parts of decisions may be taken over, is missing; only where nothing is, and parts would
        be, whole decisions are sought.
        """
        if self.arrays is None:
            return Met(np.inf, {}, lacking=(self.impossible,))
        solver, slacks = self.loaded(held)
        if self.seek_best(solver, slacks):
            return self._missing(solver.all_values(), slacks)
        total = self.seek_least(solver, slacks)
        if total is None:
            return Met(np.inf, {}, lacking=(NOTHING_LEFT,))
        met = self._missing(solver.all_values(), slacks)
        if not met.stands:
            return replace(met, cut=self._cut(solver, held, total))
        if self.is_whole(solver.values()):
            return met
        solver.relax(False)
        try:
            solver.solve(GAP, np.inf, should_stop=should_stop)
        except NoPlanError:
            return Met(np.inf, {}, lacking=(NOTHING_LEFT,))
        return self._missing(solver.all_values(), slacks)

    def seek_best(self, solver: Solver, slacks: Mapping[int, int]) -> bool:
        """The best answer with all that the plan decides taken over whole, if it leaves nothing missing.

        The least is missing in it, then short, and it costs least. Whether it was found; if not, decisions are open.
        """
        taken = np.array([column for column, _ in self.most], dtype=int)
        solver.relax(True)
        solver.set_bounds(taken, solver.upper[taken], solver.upper[taken])
        found = self._seek(solver, slacks, self.avoided, MISSED, "best")
        if found is not None and self.is_whole(solver.values()) and self._missing(solver.all_values(), slacks).stands:
            return True
        solver.set_bounds(taken, solver.lower[taken], solver.upper[taken])
        return False

    def seek_least(self, solver: Solver, slacks: Mapping[int, int], near: str = "least") -> float | None:
        """What is missing at least, MUSD of the ranking, as a linear programme. near: the kind that it begins at."""
        return self._seek(solver, slacks, np.zeros(len(self.avoided)), 1.0, "least", near)

    def _seek(
        self, solver: Solver, slacks: Mapping[int, int], cost: np.ndarray, times: float, kind: str, near: str = ""
    ) -> float | None:
        """Begins where the last of its kind ended, or the one that is near; any other is further away than none."""
        weights = np.array([self.elastic[i][2] for i in slacks.values()])
        solver.set_costs(np.arange(len(cost)), cost)
        solver.set_costs(np.array(list(slacks), dtype=int), times * weights)
        if (near or kind) in self.basis:
            solver.begin_at(self.basis[near or kind])
        else:
            solver.begin_anew()
        found = solver.solve_linear()
        if found is not None:
            self.basis[kind] = solver.basis()
        return found

    def begin_near(self, others: Iterable[Trial]) -> None:
        """Begin at what was found for the combination that is most like this one, where one is like enough."""
        if self.arrays is None or self.basis:
            return
        columns = set(self.arrays.variables)
        differ = {}
        for other in others:
            if other.arrays is not None and "best" in other.basis:
                differ[len(columns.symmetric_difference(other.arrays.variables))] = other
        if differ and min(differ) <= ALIKE * len(columns):
            near = differ[min(differ)]
            self.basis["best"] = carried_over(near.basis["best"], near._names(), self._names())

    def _names(self) -> tuple[list[Any], list[Any]]:
        """Of the columns in the solver, slacks included, and of the rows."""
        assert self.arrays is not None
        rows = [(row.constraint, row.bound_type) for row in self.arrays.rows]
        return [*self.arrays.variables, *(rows[i] for i, _, _, _ in self.elastic)], rows

    def is_whole(self, values: np.ndarray) -> bool:
        """Whether all decisions are whole numbers."""
        assert self.arrays is not None
        whole = values[self.arrays.integer]
        return bool(np.all(np.abs(whole - np.round(whole)) < ROUNDING))

    def _cut(self, solver: Solver, held: Held, total: float) -> Cut:
        """From the prices of the linear programme solved last, in which `total` is missing."""
        assert self.arrays is not None
        duals, reduced = solver.row_duals(), solver.reduced_costs()
        slopes = defaultdict[Key, float](float)
        for row, key, coefficient in self.before:
            if duals[row]:
                slopes[key] -= coefficient * float(duals[row])
        for column, key in self.most:
            if reduced[column] < 0 and held(key) < self.arrays.upper[column]:
                slopes[key] += float(reduced[column])
        kept = {key: slope for key, slope in slopes.items() if abs(slope) > SMALLEST}
        at = {key: held(key) for key in kept}
        if self.share is None:
            return Cut(total, kept, at)
        sector, share = self.share
        served = (i for i in self.elastic if self._serves(i[0], sector))
        return Cut(total, kept, at, -sum(float(duals[row]) * size for row, _, _, size in served), share)

    def _serves(self, row: int, sector: str) -> bool:
        assert self.arrays is not None
        name, index = self.arrays.rows[row].constraint
        return bool(name == "secure.served" and index[2] == sector)

    def at_share(self, sector: str, share: float) -> Trial:
        """The same with another secure share of a sector."""
        if self.arrays is None:
            return self
        upper = self.arrays.row_upper.copy()
        for i, _, _, size in self.elastic:
            if self._serves(i, sector):
                upper[i] = (1 - share) * size
        return replace(self, arrays=replace(self.arrays, row_upper=upper), share=(sector, share))

    def loaded(self, held: Held) -> tuple[Solver, dict[int, int]]:
        """The branch in the solver, nothing sought yet; slack column -> its place in `elastic`."""
        assert self.arrays is not None
        arrays = self.arrays
        given: dict[Key, float] = {}
        shift = np.zeros(len(arrays.rows))
        for row, key, coefficient in self.before:
            if key not in given:
                given[key] = held(key)
            shift[row] += coefficient * given[key]
        upper = arrays.upper.copy()
        for column, key in self.most:
            upper[column] = max(arrays.lower[column], min(upper[column], held(key)))
        solver = solver_of(
            replace(arrays, upper=upper, row_lower=arrays.row_lower - shift, row_upper=arrays.row_upper - shift)
        )
        slacks = {solver.new_column(terms=[(sign, row)]): i for i, (row, sign, _, _) in enumerate(self.elastic)}
        return solver, slacks

    def lack(self, i: int) -> str:
        """What is missed of an elastic row, in words; none of those that say how much is served."""
        assert self.arrays is not None
        name, index = self.arrays.rows[self.elastic[i][0]].constraint
        if name == "flows.service":
            return f"least service of {index[2]}"
        return f"{MAY_LACK[name][0]} {index[1]}" if name in MAY_LACK else ""

    def _missing(self, values: np.ndarray, slacks: Mapping[int, int]) -> Met:
        assert self.arrays is not None
        missing, short, by_year = 0.0, defaultdict[str, float](float), defaultdict[int, float](float)
        lacking: dict[str, None] = {}
        for column, i in slacks.items():
            row, _, weight, size = self.elastic[i]
            amount = float(values[column])
            if amount <= ROUNDING * max(1.0, size):
                continue
            missing += weight * amount
            name, index = self.arrays.rows[row].constraint
            year = year_of(self.periods[index[0]][0])
            by_year[year] += weight * amount
            if name in SERVED:
                short[index[2]] = max(short[index[2]], 0.0) + amount
            else:
                lacking[self.lack(i)] = None
        worst = max(by_year, key=lambda year: by_year[year], default=None)
        return Met(missing, dict(short), worst, tuple(lacking), used_by(self, values))


def used_by(trial: Trial, values: np.ndarray) -> Used:
    """What an answer takes of plants, markets and lanes, as rates."""
    assert trial.arrays is not None
    used: dict[tuple[str, Any, Time], float] = defaultdict(float)
    for value, key in zip(values, trial.arrays.variables, strict=False):
        if value > 0 and (place := place_of(key)):
            time, length = trial.periods[key[1][0]]
            used[(*place, time)] += float(value) / length
    return dict(used)


def place_of(key: Key) -> tuple[str, Any] | None:
    """The plant, market or lane that a flow uses."""
    kind = {"flows.act": "plant", "flows.buy": "market", "flows.ship": "lane"}.get(key[0])
    return None if kind is None else (kind, key[1][1:4] if kind == "lane" else key[1][1])
