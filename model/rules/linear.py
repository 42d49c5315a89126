"""Prepared linear expressions: lists of (coefficient, variable), which Pyomo takes over without walking them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pyomo.core.expr import LinearExpression

SMALLEST = 1e-9  # t or MUSD: less than this in a solution is 0
Row = dict[str, Any]  # one row of an output table (model/plan_tables.py)
Terms = list[tuple[float, Any]]  # (coefficient, variable)
Costs = dict[str, dict[int, Terms]]  # cost term -> node -> MUSD of that year, undiscounted


def linear(terms: Iterable[tuple[float, Any]]) -> LinearExpression:
    """sum of coefficient x variable."""
    pairs = list(terms)
    return LinearExpression(linear_coefs=[c for c, _ in pairs], linear_vars=[v for _, v in pairs])


def scaled(factor: float, terms: Iterable[tuple[float, Any]]) -> Terms:
    return [(factor * c, v) for c, v in terms]


def worth(terms: Iterable[tuple[float, Any]]) -> float:
    """The value of the sum in the solved model."""
    return sum(c * amount(v) for c, v in terms)


def costs(*names: str) -> Costs:
    return {name: defaultdict(list) for name in names}


def amount(variable: Any) -> float:
    """The solved value of a variable; what the solver's tolerance leaves of a zero is 0."""
    number = variable.value
    return 0.0 if number is None or abs(number) < SMALLEST else float(number)
