"""Rows and costs of a Pyomo model as plain numbers, to be compared with algebra written out by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import pyomo.environ as pyo
import pytest
from pyomo.repn import generate_standard_repn

Test = TypeVar("Test", bound=Callable[..., Any])
ZERO = 1e-14


def covers(*constraints: str) -> Callable[[Test], Test]:
    """Says which constraints ("block.component") a test checks; test_register.py reads it from the source."""
    return lambda test: test


def close(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def assert_row(constraint: Any, terms: Mapping[str, float], sense: str, rhs: float) -> None:
    """The row says: sum of coefficient x variable (by name) `sense` rhs."""
    found, constant = coefficients(constraint.body)
    lower, upper = pyo.value(constraint.lower), pyo.value(constraint.upper)
    assert constraint.equality == (sense == "==")
    assert constraint.equality or (lower is None) != (upper is None)
    bound = (lower if upper is None else upper) - constant
    if (upper is None and sense == "<=") or (lower is None and sense == ">="):  # written the other way round
        found, bound = {name: -c for name, c in found.items()}, -bound
    assert found == close(dict(terms))
    assert bound == close(rhs)


def coefficients(expression: Any) -> tuple[dict[str, float], float]:
    """{variable name: coefficient} without zeros, and the constant."""
    repn = generate_standard_repn(expression)
    assert repn.is_linear()
    found = {v.name: c for c, v in zip(repn.linear_coefs, repn.linear_vars, strict=True) if abs(c) > ZERO}
    return found, repn.constant


def total(terms: Iterable[tuple[float, Any]]) -> dict[str, float]:
    """Prepared terms as {variable name: coefficient}, terms of one variable added up, zeros left out."""
    found: dict[str, float] = defaultdict(float)
    for coefficient, variable in terms:
        found[variable.name] += coefficient
    return {name: c for name, c in found.items() if abs(c) > ZERO}


def keys(component: Any) -> set[Any]:
    return set(component.keys())


def costs(block: Any, term: str) -> dict[int, dict[str, float]]:
    """A cost term of a block: node -> {variable name: MUSD}, nodes without cost left out."""
    by_node = {n: total(terms) for n, terms in block.cost[term].items()}
    return {n: terms for n, terms in by_node.items() if terms}
