"""One future alone in the solver: priced, pulled towards what the others do, or held to what was agreed.

The vector x of what futures have in common (`shared`) is priced by the weights W of progressive hedging, and pulled to
its mean c over the futures by the proximal term. HiGHS takes no squares beside integers, so of a number with spread s

    pull = worth * z,   z >= r (x - c) - r^2 s / 2   for r in SLOPES       tangents of (x - c)^2 / (2 s)

Only the right hand sides move with c. Whole decisions may be relaxed for a while. With a risk weight w a future has
the threshold of CVaR in common with the others too, and costs

    (1 - w) cost + w (threshold + excess / risk_tail),   excess >= cost - threshold,   excess >= 0
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lodestone.data.tree import Tree
from lodestone.rules.build import build
from lodestone.rules.linear import Row
from lodestone.rules.tables import plan_tables
from lodestone.solve.decomposition.shared import THRESHOLD, Key, in_common
from lodestone.solve.effort import Search
from lodestone.solve.one_scenario import load_model
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Outcome
from lodestone.solver.highs_model import INFINITY
from lodestone.solver.matrix import Variable

SLOPES = (-3.0, -1.0, -0.25, 0.25, 1.0, 3.0)


class Future:
    """The model of one future, loaded once and solved again and again."""

    def __init__(self, tree: Tree, ends: Mapping[int, int], careful: bool = False) -> None:
        """tree: its path alone; ends: the shared nodes it passes (`shared.stretches`). Raises NoPlanError."""
        self.built = build(tree)
        self.solver = load_model(self.built, careful)
        common = list(in_common(self.built, ends))
        self.keys: list[Key] = [part.key for part in common]
        self.variables = [part.variable for part in common]
        self.columns = np.array([self._column(variable) for variable in self.variables], dtype=int)
        self.held = self.columns  # all but the threshold
        self.lower = np.array([-np.inf if v.lb is None else v.lb for v in self.variables])
        self.upper = np.array([np.inf if v.ub is None else v.ub for v in self.variables])
        self.cost = np.concatenate((self.solver.cost, np.zeros(self.solver.width - len(self.solver.cost))))
        self.whole = np.array([part.whole for part in common], dtype=bool)
        self.worth = np.array([part.worth for part in common])
        self.size = np.array([part.size for part in common])
        self.weight, self.tail = tree.data[0].risk_weight, tree.data[0].risk_tail
        if self.weight > 0:
            self._add_tail()
        self.z: np.ndarray | None = None
        self.start: np.ndarray | None = None  # values by column of what was found last
        self.last_agreed: np.ndarray | None = None
        self.relaxed = False

    def _column(self, variable: Variable) -> int:
        """A variable that matters to others only is in no row here: it gets a column all the same."""
        known = self.solver.column.get(id(variable))
        return self.solver.new_column(variable.lb, variable.ub) if known is None else known

    def _add_tail(self) -> None:
        """The columns threshold and excess, and the row between them."""
        self.threshold = self.solver.new_column(None)
        self.excess = self.solver.new_column()
        spent = np.flatnonzero(self.cost)
        costs = zip((-self.cost[spent]).tolist(), spent.tolist(), strict=True)
        self.solver.new_row(self.solver.offset, INFINITY, [(1.0, self.threshold), (1.0, self.excess), *costs])
        self.keys.append(THRESHOLD)
        self.columns = np.append(self.columns, self.threshold)
        self.whole = np.append(self.whole, False)
        self.worth = np.append(self.worth, self.weight)
        self.size = np.append(self.size, 0.0)

    # -- solves ------------------------------------------------------------------------------------------------------

    def priced(self, prices: np.ndarray, effort: Search) -> Outcome:
        """Least cost with the numbers in common priced; the bound is that of the Lagrangian."""
        self._set_goal(prices)
        outcome = self._solve(effort, self.start)
        self.start = self.solver.all_values()
        return outcome

    def pulled(
        self, prices: np.ndarray, centre: np.ndarray, spread: np.ndarray, pull: float, effort: Search
    ) -> Outcome:
        """Priced, and pulled to the centre; the outcome's bound means nothing."""
        self._set_goal(prices)
        if self.z is None:
            self._add_pull()
        assert self.z is not None
        slopes = np.tile(SLOPES, len(self.z))
        c, s = np.repeat(centre, len(SLOPES)), np.repeat(spread, len(SLOPES))
        self.solver.set_least(self.pull_rows, -slopes * c - slopes**2 * s / 2)
        self.solver.set_costs(self.z, pull * self.worth)
        start = None if self.relaxed or self.start is None else self._with_pull(self.start, centre, spread)
        try:
            outcome = self._solve(effort, start)
            if not self.relaxed:
                self.start = self.solver.all_values()
            return outcome
        finally:
            self.solver.set_costs(self.z, np.zeros(len(self.z)))

    def relax(self, relaxed: bool) -> None:
        """Let whole decisions be parts, or be whole again."""
        if relaxed != self.relaxed:
            self.relaxed = relaxed
            self.solver.relax(relaxed)

    def _add_pull(self) -> None:
        self.z = np.array([self.solver.new_column() for _ in self.columns], dtype=int)
        rows = []
        for column, z in zip(self.columns, self.z, strict=True):
            for slope in SLOPES:  # z - slope x >= - slope c - slope^2 s / 2
                rows.append(self.solver.new_row(0.0, INFINITY, [(1.0, z), (-slope, column)]))
        self.pull_rows = np.array(rows, dtype=int)

    def _with_pull(self, values: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """A start in which z is what it must be."""
        start = np.append(values, np.zeros(self.solver.width - len(values)))
        slopes = np.array(SLOPES)[:, None]
        tangents = slopes * (start[self.columns] - centre) - slopes**2 * spread / 2
        start[self.z] = np.maximum(tangents.max(axis=0, initial=0.0), 0.0)
        return start

    def agreed(self, x: np.ndarray, effort: Search) -> Outcome:
        """Least cost with what is in common held, but for the threshold. Raises NoPlanError where that cannot be."""
        self._hold(x)
        known, decided = self.last_agreed, np.flatnonzero(self.whole)
        same = known is not None and np.array_equal(np.round(known[self.columns[decided]]), np.round(x[decided]))
        try:
            outcome = self._solve(effort, known if same else None)
            self.last_agreed = self.solver.all_values()
            return outcome
        finally:
            self.solver.set_bounds(self.held, self.lower, self.upper)

    def _hold(self, x: np.ndarray) -> None:
        at = np.clip(x[: len(self.held)], self.lower, self.upper)
        self.solver.set_bounds(self.held, at, at)
        self.goal = self.cost.copy()
        self.solver.set_cost(self.goal, self.solver.offset)
        if self.weight > 0:
            self.solver.set_costs(np.array([self.threshold, self.excess]), np.zeros(2))

    def _set_goal(self, prices: np.ndarray) -> None:
        self.goal = (1 - self.weight) * self.cost
        np.add.at(self.goal, self.held, prices[: len(self.held)])
        self.solver.set_cost(self.goal, (1 - self.weight) * self.solver.offset)
        if self.weight > 0:
            tail = np.array([self.weight + prices[-1], self.weight / self.tail])
            self.solver.set_costs(np.array([self.threshold, self.excess]), tail)

    def _solve(self, effort: Search, start: np.ndarray | None) -> Outcome:
        if start is not None:
            self.solver.start_from(start)
        return self.solver.solve(effort.gap, effort.time_limit, effort.on_progress, effort.should_stop)

    # -- what was found ----------------------------------------------------------------------------------------------

    def common(self) -> np.ndarray:
        """The numbers in common, in the order of keys."""
        x = self.solver.all_values()[self.columns]
        x[: len(self.held)] = np.clip(x[: len(self.held)], self.lower, self.upper)
        return x if self.relaxed else np.asarray(np.where(self.whole, np.round(x), x))

    def values(self) -> np.ndarray:
        """Of the variables of the model, by column."""
        return self.solver.values()

    def tables(self, x: np.ndarray, values: np.ndarray) -> dict[str, list[Row]]:
        """The tables of a solution that was found with x agreed, tidied in what is its own. The last solve of all."""
        self._hold(x)
        tidied = tidy(self.built, self.solver, values, kept=frozenset(self.held.tolist()))
        self.solver.store(values if tidied is None else tidied)
        for variable, agreed in zip(self.variables, x, strict=False):  # also those in no row
            variable.set_value(float(agreed), skip_validation=True)
        return plan_tables(self.built)
