"""A small mixed-integer programme: sums of variables, rows between them, the least cost by scipy or by trying all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Union

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix

INFINITE = float("inf")
Name = Hashable
Value = Union["Sum", float]


class Sum:
    """number + sum of coefficient * variable."""

    def __init__(self, number: float = 0.0, terms: dict[Name, float] | None = None) -> None:
        self.number = number
        self.terms: dict[Name, float] = terms or {}

    def __add__(self, other: Value) -> Sum:
        if not isinstance(other, Sum):
            return Sum(self.number + other, dict(self.terms))
        terms = dict(self.terms)
        for name, factor in other.terms.items():
            terms[name] = terms.get(name, 0.0) + factor
        return Sum(self.number + other.number, terms)

    __radd__ = __add__

    def __mul__(self, factor: float) -> Sum:
        return Sum(self.number * factor, {name: x * factor for name, x in self.terms.items()})

    __rmul__ = __mul__

    def __neg__(self) -> Sum:
        return self * -1.0

    def __sub__(self, other: Value) -> Sum:
        return self + -1.0 * other

    def __rsub__(self, other: Value) -> Sum:
        return -self + other

    def __truediv__(self, divisor: float) -> Sum:
        return self * (1 / divisor)


def total(parts: Iterable[Value]) -> Sum:
    result = Sum()
    for part in parts:
        result = result + part
    return result


@dataclass
class Programme:
    """Variables by name, 0 or more unless said otherwise; rows of them; a cost to be least."""

    rows: list[tuple[dict[Name, float], str, float]] = field(default_factory=list)
    bounds: dict[Name, tuple[float, float]] = field(default_factory=dict)
    integers: dict[Name, int] = field(default_factory=dict)  # name -> largest value
    impossible: bool = False  # a row without variables that does not hold
    cost: Sum = field(default_factory=Sum)

    def variable(self, *name: Hashable, least: float = 0.0) -> Sum:
        self.bounds.setdefault(name, (least, INFINITE))
        return Sum(0.0, {name: 1.0})

    def integer(self, *name: Hashable, most: int = 1) -> Sum:
        self.bounds[name] = (0.0, float(most))
        self.integers[name] = most
        return Sum(0.0, {name: 1.0})

    def least(self, left: Value, right: Value) -> None:
        """left <= right."""
        self._row(left - right, "<=")

    def same(self, left: Value, right: Value) -> None:
        self._row(left - right, "==")

    def _row(self, difference: Value, sense: str) -> None:
        if not isinstance(difference, Sum):
            difference = Sum(difference)
        terms = {name: x for name, x in difference.terms.items() if x}
        if terms:
            self.rows.append((terms, sense, -difference.number))
        elif difference.number > 1e-9 or (sense == "==" and difference.number < -1e-9):
            self.impossible = True

    def by_scipy(self) -> float:
        """The least cost, proved by branch and bound; then once more with the integers rounded."""
        if self.impossible:
            return INFINITE
        if not self.integers:
            return self._with({})
        columns, matrix, low, high = self._matrix()
        result = milp(
            self._costs(columns),
            constraints=LinearConstraint(matrix, low, high),
            bounds=Bounds(*zip(*(self.bounds[name] for name in columns), strict=True)),
            integrality=[int(name in self.integers) for name in columns],
            options={"mip_rel_gap": 0.0},
        )
        if result.status == 2:
            return INFINITE
        assert result.status == 0, result.message
        found = dict(zip(columns, result.x, strict=True))
        self.values = found
        return self._with({name: round(found[name]) for name in self.integers})

    def by_trying(self, most: int = 5000) -> float:
        """The least cost over every combination of the integers that rows of integers alone allow."""
        if self.impossible:
            return INFINITE
        names = list(self.integers)
        pure = [row for row in self.rows if all(name in self.integers for name in row[0])]
        ends = defaultdict(list)  # rows that can be judged once a name has its value
        for row in pure:
            ends[max(names.index(name) for name in row[0])].append(row)
        best, tried = INFINITE, 0
        stack: list[dict[Name, int]] = [{}]
        while stack:
            chosen = stack.pop()
            if len(chosen) == len(names):
                tried += 1
                assert tried <= most, "too many combinations to try"
                best = min(best, self._with(chosen))
                continue
            name = names[len(chosen)]
            for value in range(self.integers[name] + 1):
                more = {**chosen, name: value}
                if all(_holds(row, more) for row in ends[len(chosen)]):
                    stack.append(more)
        return best

    def _with(self, chosen: dict[Name, int]) -> float:
        columns, matrix, low, high = self._matrix()
        equal = low == high
        result = linprog(
            self._costs(columns),
            A_ub=matrix[~equal] if (~equal).any() else None,
            b_ub=high[~equal] if (~equal).any() else None,
            A_eq=matrix[equal] if equal.any() else None,
            b_eq=high[equal] if equal.any() else None,
            bounds=[(chosen[name],) * 2 if name in chosen else self.bounds[name] for name in columns],
        )
        if result.status == 2:
            return INFINITE
        assert result.status == 0, result.message
        self.values = dict(zip(columns, result.x, strict=True))
        return float(result.fun) + self.cost.number

    def _costs(self, columns: list[Name]) -> np.ndarray:
        return np.array([self.cost.terms.get(name, 0.0) for name in columns])

    def _matrix(self) -> tuple[list[Name], csr_matrix, np.ndarray, np.ndarray]:
        columns = list(self.bounds)
        place = {name: j for j, name in enumerate(columns)}
        entries = [(i, place[name], x) for i, (terms, _, _) in enumerate(self.rows) for name, x in terms.items()]
        rows, cols, values = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = csr_matrix((values, (rows, cols)), shape=(len(self.rows), len(columns)))
        high = np.array([number for _, _, number in self.rows])
        low = np.array([number if sense == "==" else -np.inf for _, sense, number in self.rows])
        return columns, matrix, low, high


def _holds(row: tuple[dict[Name, float], str, float], values: dict[Name, int]) -> bool:
    terms, sense, number = row
    left = sum(x * values[name] for name, x in terms.items())
    return left <= number + 1e-9 and (sense == "<=" or left >= number - 1e-9)
