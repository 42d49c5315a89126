"""One future alone in the solver: priced, pulled towards what the others do, or held to what was agreed.

The vector x of what futures have in common (`shared`) is priced by the weights W of progressive hedging, and pulled to
its mean c over the futures by the proximal term. HiGHS takes no squares beside integers, so of a number with spread s

    pull = worth * z,   z >= r (x - c) - r^2 s / 2   for r in SLOPES       tangents of (x - c)^2 / (2 s)

Only the right hand sides move with c. Of a decision of 0 or 1 the square is linear. With a risk weight w a future has
the threshold of CVaR in common with the others too, and costs

    (1 - w) cost + w (threshold + excess / risk_tail),   excess >= cost - threshold,   excess >= 0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.build import build
from model.decomposition.shared import THRESHOLD, Key, in_common
from model.highs import INFINITY, OnProgress, Outcome, ShouldStop
from model.results import plan_tables
from model.rules.linear import Row
from model.run import load_model
from model.tidy import tidy
from model.tree import Tree

SLOPES = (-3.0, -1.0, -0.25, 0.25, 1.0, 3.0)


@dataclass(frozen=True)
class Effort:
    """Of one solve: relative gap, seconds, and who may stop it."""

    gap: float
    time_limit: float
    should_stop: ShouldStop | None = None
    on_progress: OnProgress | None = None


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
        self.binary = self.whole & np.append(self.upper == 1, np.full(len(self.keys) - len(self.held), False))
        self.z: np.ndarray | None = None
        self.start: np.ndarray | None = None  # values by column of what was found last
        self.last_agreed: np.ndarray | None = None

    @property
    def size_of_model(self) -> dict[str, int]:
        solver = self.solver
        return {
            "rows": len(solver.rows),
            "columns": len(solver.variables),
            "nonzeros": solver.nonzeros,
            "integers": int(solver.integer.sum()),
        }

    def _column(self, variable: Any) -> int:
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

    def priced(self, prices: np.ndarray, effort: Effort) -> Outcome:
        """Least cost with the numbers in common priced; the bound is that of the Lagrangian."""
        self._set_goal(prices)
        outcome = self._solve(effort, self.start)
        self.start = self.solver.all_values()
        return outcome

    def pulled(
        self, prices: np.ndarray, centre: np.ndarray, spread: np.ndarray, pull: float, effort: Effort
    ) -> Outcome:
        """Priced, and pulled to the centre; the outcome's bound means nothing."""
        self._set_goal(prices)
        steady = ~self.binary
        if self.z is None:
            self._add_pull(steady, spread)
        assert self.z is not None
        slopes = np.tile(SLOPES, len(self.z))
        c, s = np.repeat(centre[steady], len(SLOPES)), np.repeat(spread[steady], len(SLOPES))
        self.solver.set_least(self.pull_rows, -slopes * c - slopes**2 * s / 2)
        self.solver.set_costs(self.z, pull * self.worth[steady])
        of_binary = self.columns[self.binary]
        tilt = pull * (self.worth / spread)[self.binary] * (0.5 - centre[self.binary])
        self.solver.set_costs(of_binary, self.goal[of_binary] + tilt)
        if self.start is not None:
            x = self.start[self.columns[steady]]
            self.start = np.append(self.start, np.zeros(self.solver.width - len(self.start)))
            away = np.outer(np.ones(len(SLOPES)), x - centre[steady])
            tangents = np.array(SLOPES)[:, None] * away - np.array(SLOPES)[:, None] ** 2 * spread[steady] / 2
            self.start[self.z] = np.maximum(tangents.max(axis=0, initial=0.0), 0.0)
        try:
            outcome = self._solve(effort, self.start)
            self.start = self.solver.all_values()
            return outcome
        finally:
            self.solver.set_costs(self.z, np.zeros(len(self.z)))

    def _add_pull(self, steady: np.ndarray, spread: np.ndarray) -> None:
        self.z = np.array([self.solver.new_column() for _ in np.flatnonzero(steady)], dtype=int)
        rows = []
        for column, z in zip(self.columns[steady], self.z, strict=True):
            for slope in SLOPES:  # z - slope x >= - slope c - slope^2 s / 2
                rows.append(self.solver.new_row(0.0, INFINITY, [(1.0, z), (-slope, column)]))
        self.pull_rows = np.array(rows, dtype=int)

    def agreed(self, x: np.ndarray, effort: Effort) -> Outcome:
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
        self.solver.set_cost(self.goal)
        self.solver.set_offset(self.solver.offset)
        if self.weight > 0:
            self.solver.set_costs(np.array([self.threshold, self.excess]), np.zeros(2))

    def _set_goal(self, prices: np.ndarray) -> None:
        self.goal = (1 - self.weight) * self.cost
        np.add.at(self.goal, self.held, prices[: len(self.held)])
        self.solver.set_cost(self.goal)
        self.solver.set_offset((1 - self.weight) * self.solver.offset)
        if self.weight > 0:
            tail = np.array([self.weight + prices[-1], self.weight / self.tail])
            self.solver.set_costs(np.array([self.threshold, self.excess]), tail)

    def _solve(self, effort: Effort, start: np.ndarray | None) -> Outcome:
        if start is not None:
            self.solver.start_from(np.append(start, np.zeros(self.solver.width - len(start))))
        return self.solver.solve(effort.gap, effort.time_limit, effort.on_progress, effort.should_stop)

    # -- what was found ----------------------------------------------------------------------------------------------

    def common(self) -> np.ndarray:
        """The numbers in common, in the order of keys."""
        x = self.solver.all_values()[self.columns]
        x[: len(self.held)] = np.clip(x[: len(self.held)], self.lower, self.upper)
        return np.asarray(np.where(self.whole, np.round(x), x))

    def values(self) -> np.ndarray:
        return self.solver.values()

    def tables(self, x: np.ndarray, values: np.ndarray) -> dict[str, list[Row]]:
        """The tables of a solution that was found with x agreed, tidied in what is its own. The last solve of all."""
        self._hold(x)
        tidied = tidy(self.built, self.solver, values, kept=frozenset(self.held.tolist()))
        self.solver.store(values if tidied is None else tidied)
        for variable, agreed in zip(self.variables, x, strict=False):  # also those in no row
            variable.set_value(float(agreed), skip_validation=True)
        return plan_tables(self.built)
