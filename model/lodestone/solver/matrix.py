"""Pyomo model -> the arrays of a mixed-integer programme, its matrix row by row.

The rules prepare their rows (`rules/linear.py`): their coefficients and variables are strung together and looked up at
once. Other expressions are walked by Pyomo, one term after the other. Variables are mostly alike: each kind is asked
once for its bounds.
Measured on 220,000 columns and 450,000 non-zeros: 0.3 of the time of Pyomo's `LinearStandardFormCompiler`, which walks
every term; and start-up is 0.6 s shorter, since that loads scipy's statistics with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.core.expr import LinearExpression
from pyomo.repn import generate_standard_repn

from lodestone.system.gc_pause import at_rest

AT_MOST, EQUAL, AT_LEAST = 1, 0, -1
Shape = tuple[int, ...]  # of an array
Pyomo = Any  # which has no types for what a model holds
Variable: TypeAlias = Pyomo
Constraint: TypeAlias = Pyomo
Expression: TypeAlias = Pyomo
Floats = np.ndarray[Shape, np.dtype[np.float64]]
Flags = np.ndarray[Shape, np.dtype[np.bool_]]
Ints = np.ndarray[Shape, np.dtype[np.int32]]


BRANCH_ON = "branch_on"  # suffix: whole number -> variable that is whole where it is, and better to branch on
YEAR_OF = "year_of"  # suffix: model -> node -> its year; whole numbers are indexed by their node first


class Row(NamedTuple):
    """A row of the matrix: the constraint it came from, and which of its sides it is."""

    constraint: Constraint
    bound_type: int


@dataclass(frozen=True)
class Matrix:
    """lower <= x <= upper, row_lower <= A x <= row_upper, least cost x + offset.

    variables: by column; integer: which of them are whole numbers; branched: which of them the solver is told are, so
    that the others follow (a suffix `branch_on` names one for the other); year: in which those are decided, 0 where it
    is not known. Row i of A has `coefficients` at `columns` from starts[i] to starts[i + 1].
    """

    variables: list[Variable]
    lower: Floats
    upper: Floats
    integer: Flags
    branched: Flags
    cost: Floats
    offset: float
    rows: list[Row]
    row_lower: Floats
    row_upper: Floats
    starts: Ints
    columns: Ints
    coefficients: Floats
    year: Ints | None = None


@at_rest()
def matrix(model: pyo.ConcreteModel) -> Matrix:
    """The arrays of a linear model with one objective to minimise.

    Raises InfeasibleConstraintException when a row without variables does not hold.
    """
    variables = [v for component in model.component_objects(pyo.Var) for v in _members(component)]
    lower, upper, integer = _kinds(variables)
    (objective,) = model.component_data_objects(pyo.Objective, active=True)
    prices, priced, offset = _terms(objective.expr)
    rows, sides, starts, coefficients, entered = _rows(model)
    columns = _columns(variables, [*priced, *entered])
    cost = np.bincount(columns[: len(priced)], weights=prices, minlength=len(variables)).astype(float)
    starts, columns, coefficients = _added_up(starts, columns[len(priced) :], coefficients, len(variables))
    branched = _branched(model, variables, integer)
    return Matrix(
        variables=variables,
        lower=lower,
        upper=upper,
        integer=integer,
        branched=branched,
        cost=cost,
        offset=offset,
        rows=rows,
        row_lower=sides[:, 0],
        row_upper=sides[:, 1],
        starts=starts,
        columns=columns,
        coefficients=coefficients,
        year=_years(model, variables, branched),
    )


def _members(component: Pyomo) -> Iterable[Pyomo]:
    """What an indexed component holds, in the order in which it was made: as values() has it, at a twentieth of the
    time, for Pyomo looks up each index."""
    held: Mapping[object, Pyomo] = component._data
    return held.values()


def _kinds(variables: Sequence[Variable]) -> tuple[Floats, Floats, Flags]:
    """Lower and upper bounds, and which are whole numbers; those of one domain with the same bounds of their own are
    one kind."""
    domains = map(id, map(attrgetter("_domain"), variables))
    kinds = list(zip(domains, map(attrgetter("_lb"), variables), map(attrgetter("_ub"), variables), strict=True))
    one_of = dict(zip(kinds, variables, strict=True))
    bounds = np.array([v.bounds for v in one_of.values()], dtype=float).reshape(-1, 2)  # None, no bound, became nan
    whole = np.array([not v.is_continuous() for v in one_of.values()], dtype=bool)
    number = {kind: i for i, kind in enumerate(one_of)}
    of = np.fromiter(map(number.__getitem__, kinds), dtype=np.int32, count=len(kinds))
    low, high = np.nan_to_num(bounds[:, 0], nan=-np.inf), np.nan_to_num(bounds[:, 1], nan=np.inf)
    return low[of], high[of], whole[of]


def _branched(model: pyo.ConcreteModel, variables: Sequence[Variable], integer: Flags) -> Flags:
    branched = integer.copy()
    for suffix in model.component_objects(pyo.Suffix):
        if suffix.local_name == BRANCH_ON and len(suffix):
            branched[_columns(variables, list(suffix.keys()))] = False
            branched[_columns(variables, list(suffix.values()))] = True
    return branched


def _years(model: pyo.ConcreteModel, variables: Sequence[Variable], branched: Flags) -> Ints:
    """In which year each of the whole numbers is decided that the solver knows of."""
    years = np.zeros(len(variables), dtype=np.int32)
    for suffix in model.component_objects(pyo.Suffix):
        if suffix.local_name == YEAR_OF:
            for year_of in suffix.values():
                for j in np.flatnonzero(branched).tolist():
                    index = variables[j].index()
                    years[j] = year_of.get(index[0] if isinstance(index, tuple) else index, 0)
    return years


def _rows(model: pyo.ConcreteModel) -> tuple[list[Row], Floats, Ints, Floats, list[Variable]]:
    """Rows, their sides, starts and coefficients, and the variable of each, which may stand in a row twice."""
    rows: list[Row] = []
    sides: list[tuple[float, float]] = []
    starts = [0]
    all_coefficients: list[float] = []
    all_variables: list[Variable] = []
    for component in model.component_objects(pyo.Constraint, active=True):
        for constraint in _members(component):
            low, body, high = constraint.to_bounded_expression(evaluate_bounds=True)
            coefficients, variables, constant = _terms(body)
            low = -np.inf if low is None else low - constant
            high = np.inf if high is None else high - constant
            if not any(coefficients):
                if low <= 0 <= high:
                    continue
                raise InfeasibleConstraintException(f"'{constraint.name}' cannot hold, whatever is decided")
            rows.append(Row(constraint, EQUAL if low == high else AT_MOST if low == -np.inf else AT_LEAST))
            sides.append((low, high))
            all_coefficients += coefficients
            all_variables += variables
            starts.append(len(all_coefficients))
    return (
        rows,
        np.array(sides, dtype=float).reshape(-1, 2),
        np.array(starts, dtype=np.int32),
        np.array(all_coefficients, dtype=float),
        all_variables,
    )


def _terms(expression: Expression) -> tuple[Sequence[float], Sequence[Variable], float]:
    """Coefficients, variables and constant of a linear expression."""
    if expression.__class__ is LinearExpression and hasattr(terms := expression._args_, "coefficients"):
        return terms.coefficients, terms.variables, 0.0
    walked = generate_standard_repn(expression, quadratic=False)
    assert walked.is_linear(), "the model has an expression that is not linear"
    return walked.linear_coefs, walked.linear_vars, walked.constant


def _columns(variables: Sequence[Variable], wanted: Sequence[Variable]) -> Ints:
    """Where the wanted variables stand among all; measured at 0.6 of the time of a dictionary."""
    ids, known = (np.fromiter(map(id, some), dtype=np.int64, count=len(some)) for some in (wanted, variables))
    order = np.argsort(known)
    columns = order[np.searchsorted(known[order[:-1]], ids)].astype(np.int32)  # what is beyond all: the last, and wrong
    if not np.array_equal(known[columns], ids):
        raise KeyError("a variable of the objective or of a row is not in the model")
    return columns


def _added_up(starts: Ints, columns: Ints, coefficients: Floats, width: int) -> tuple[Ints, Ints, Floats]:
    """One coefficient for each variable of a row, and none that is 0, as HiGHS wants it."""
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    places, place = np.unique(row * width + columns, return_inverse=True)
    if len(places) < len(columns):
        coefficients = np.bincount(place, weights=coefficients, minlength=len(places)).astype(float)
        row, columns = places // width, (places % width).astype(np.int32)
    kept = coefficients != 0
    counts = np.bincount(row[kept], minlength=len(starts) - 1)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32), columns[kept], coefficients[kept]
