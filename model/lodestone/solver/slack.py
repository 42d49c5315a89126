"""Rows that may be exceeded: each by a slack of its own at a price, or several by one excess that is minimised.

The rules stay as `rules` wrote them; a column is added to the rows of the loaded model that may give way. The
first is for stress tests, the second for frontiers; explanations let every rule give way (solver/elastic_model.py).
"""

from __future__ import annotations

import numpy as np

from lodestone.solver.highs_model import FEASIBILITY, INFINITY, LoadedModel
from lodestone.solver.matrix import AT_MOST, Constraint, Variable


class Slacks:
    """Inequalities of a model that may be exceeded: first by the least, weighted, then at least cost with that."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.weights: dict[int, float] = {}  # slack -> its weight, per unit of the row

    def add(self, constraint: Constraint, weight: float) -> int:
        """The column by which an inequality may be exceeded."""
        row = self.loaded.row[id(constraint)]
        sign = -1.0 if self.loaded.rows[row].bound_type == AT_MOST else 1.0
        column = self.loaded.new_column(terms=[(sign, row)])
        self.weights[column] = weight
        return column

    def minimise(self) -> None:
        """Minimise the weighted slacks instead of the cost."""
        self.loaded.set_goal([])
        self._price(list(self.weights.values()))

    def keep(self) -> None:
        """Fix the weighted sum of the slacks at its present value, and minimise the cost again."""
        used = self.used()
        most = sum(weight * used[column] for column, weight in self.weights.items())
        self._price([0.0] * len(self.weights))
        terms = [(weight, column) for column, weight in self.weights.items()]
        self.loaded.new_row(-INFINITY, most + FEASIBILITY, terms)
        self.loaded.set_goal(None)

    def used(self) -> dict[int, float]:
        """By how much each row is exceeded, by slack, in the unit of the row."""
        values = self.loaded.all_values()
        return {column: max(0.0, float(values[column])) for column in self.weights}

    def _price(self, costs: list[float]) -> None:
        self.loaded.set_costs(np.array(list(self.weights)), np.array(costs))


class Excess:
    """The x, of either sign, by which rows "<= 0" are exceeded: each of them becomes "<= weight * x"."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.column: int | None = None  # until it is wanted: without it HiGHS solves the very model that was loaded
        self.rows: list[int] = []  # those that it is in

    def minimise(self, weights: list[tuple[Variable, float]]) -> None:
        """Minimise the excess of these rows, and nothing else."""
        self._leave()
        if self.column is None:
            self.column = self.loaded.new_column()
        for constraint, weight in weights:
            self.rows.append(self.loaded.row[id(constraint)])
            self.loaded.highs.changeCoeff(self.rows[-1], self.column, -weight)
        self.loaded.bound(self.column, -INFINITY, INFINITY)
        self.loaded.set_goal([])
        self.loaded.set_costs(np.array([self.column]), np.ones(1))

    def rest(self) -> None:
        """Minimise the model's cost again, with every row as it was."""
        self._leave()
        self.loaded.set_goal(None)

    def _leave(self) -> None:
        if self.column is not None:
            for row in self.rows:
                self.loaded.highs.changeCoeff(row, self.column, 0.0)
            self.rows.clear()
            self.loaded.rest(self.column)
