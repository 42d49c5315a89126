"""The hand-over from Pyomo: rows, sides and columns as arrays, whatever way an expression was written."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from tests.rules.everything import everything

from lodestone.rules.linear import linear
from lodestone.solver.matrix import AT_LEAST, AT_MOST, EQUAL, matrix


def model(*rows, goal=None):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(["a", "b"], domain=pyo.NonNegativeReals)
    m.whole = pyo.Var(domain=pyo.Integers, bounds=(-2, 5))
    m.row = pyo.Constraint(range(len(rows)), rule=lambda b, i: rows[i](m))
    m.objective = pyo.Objective(expr=goal(m) if goal else m.x["a"])
    return m


def dense(found):
    """Row by row: (coefficient of each variable by name, lower, upper)."""
    rows = []
    for i in range(len(found.rows)):
        part = slice(found.starts[i], found.starts[i + 1])
        names = [found.variables[j].name for j in found.columns[part]]
        rows.append((dict(zip(names, found.coefficients[part], strict=True)), found.row_lower[i], found.row_upper[i]))
    return rows


def test_prepared_and_ordinary_expressions_give_the_same_rows():
    found = matrix(
        model(
            lambda m: linear([(2.0, m.x["a"]), (-3.0, m.x["b"])]) <= 4,
            lambda m: 2 * m.x["a"] - 3 * m.x["b"] <= 4,
            lambda m: 2 * m.x["a"] + 1 <= 3 * m.x["b"] + 5,
        )
    )
    assert dense(found) == [({"x[a]": 2, "x[b]": -3}, -np.inf, 4)] * 3
    assert [row.bound_type for row in found.rows] == [AT_MOST] * 3


def test_sides():
    found = matrix(
        model(
            lambda m: linear([(1.0, m.x["a"])]) >= 1,
            lambda m: linear([(1.0, m.x["a"])]) == 2,
            lambda m: (1, m.x["a"] + m.x["b"] + 1, 3),
        )
    )
    assert [row[1:] for row in dense(found)] == [(1, np.inf), (2, 2), (0, 2)]
    assert [row.bound_type for row in found.rows[:2]] == [AT_LEAST, EQUAL]


def test_a_variable_that_stands_twice_is_added_up_and_one_that_cancels_goes():
    found = matrix(
        model(
            lambda m: linear([(1.0, m.x["a"]), (2.0, m.x["b"]), (0.5, m.x["a"])]) <= 4,
            lambda m: linear([(1.0, m.x["a"]), (1.0, m.x["b"]), (-1.0, m.x["a"])]) <= 3,
            goal=lambda m: linear([(1.0, m.x["a"]), (2.0, m.x["a"])]),
        )
    )
    assert dense(found) == [({"x[a]": 1.5, "x[b]": 2}, -np.inf, 4), ({"x[b]": 1}, -np.inf, 3)]
    assert dict(zip((v.name for v in found.variables), found.cost, strict=True)) == {"x[a]": 3, "x[b]": 0, "whole": 0}


def test_columns_have_their_bounds_and_kinds():
    found = matrix(model())
    assert [v.name for v in found.variables] == ["x[a]", "x[b]", "whole"]
    assert found.lower.tolist() == [0, 0, -2]
    assert found.upper.tolist() == [np.inf, np.inf, 5]
    assert found.integer.tolist() == [False, False, True]


def test_a_row_without_variables_is_left_out_if_it_holds():
    assert matrix(model(lambda m: linear([(0.0, m.x["a"])]) <= 1)).rows == []
    with pytest.raises(InfeasibleConstraintException, match=r"row\[0\]"):
        matrix(model(lambda m: linear([(0.0, m.x["a"])]) >= 1))


def test_what_is_not_linear_is_refused():
    with pytest.raises(AssertionError, match="not linear"):
        matrix(model(lambda m: m.x["a"] * m.x["b"] <= 1))


def test_the_whole_model_is_what_pyomo_compiles():
    built = everything().model
    found, form = matrix(built), LinearStandardFormCompiler().write(built, mixed_form=True)
    ours = {
        row.constraint.name: sides[0] | {"low": sides[1], "high": sides[2]}
        for row, sides in zip(found.rows, dense(found), strict=True)
    }
    theirs = {}
    rows = form.A.tocsr()
    for i, row in enumerate(form.rows):
        cells = rows[[i]].tocoo()
        theirs[row.constraint.name] = {form.columns[j].name: c for j, c in zip(cells.col, cells.data, strict=True)} | {
            "low": -np.inf if row.bound_type == 1 else form.rhs[i],
            "high": np.inf if row.bound_type == -1 else form.rhs[i],
        }
    assert ours.keys() == theirs.keys()
    for name, numbers in theirs.items():
        assert ours[name] == pytest.approx(numbers), name


def test_a_variable_of_another_model_is_not_taken_for_one_of_this():
    other = model()
    for goal in ("row", "objective"):
        m = model(lambda m: other.x["b"] <= 1) if goal == "row" else model(goal=lambda m: m.x["a"] + other.x["b"])
        with pytest.raises(KeyError, match="not in the model"):
            matrix(m)
