from __future__ import annotations

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import coefficients

from lodestone.rules.linear import SMALLEST, amount, keys, linear, scaled, worth


def three() -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2, 3])
    return m


def test_a_prepared_sum():
    x = three().x
    assert coefficients(linear([(2.0, x[1]), (-3.0, x[2])])) == ({"x[1]": 2, "x[2]": -3}, 0)
    assert coefficients(linear(scaled(-2.0, [(2.0, x[1]), (-3.0, x[2])]))) == ({"x[1]": -4, "x[2]": 6}, 0)


def test_a_variable_that_comes_twice_is_added_up():
    x = three().x
    assert coefficients(linear([(1.0, x[1]), (-0.3, x[1])])) == ({"x[1]": 0.7}, 0)


def test_values_leave_out_what_tolerance_leaves():
    x = three().x
    x[1].set_value(5.0)
    x[2].set_value(-1e-10)
    assert [amount(v) for v in x.values()] == [5.0, 0.0, 0.0]  # the last one is in no row: never solved
    x[2].set_value(-SMALLEST)
    assert amount(x[2]) == pytest.approx(-1e-9, abs=0)
    x[2].set_value(-1e-10)
    assert worth([(2.0, x[1]), (1e6, x[2]), (7.0, x[3])]) == 10


def test_a_key_that_comes_twice_is_one_variable_and_order_stays():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(keys([(2026, "b"), (2026, "a"), (2026, "b")]))
    assert [v.name for v in m.x.values()] == ["x[2026,b]", "x[2026,a]"]
    assert (2027, "a") not in m.x


def test_what_is_added_to_a_prepared_sum_leaves_it_as_it_was():
    x = three().x
    prepared = linear([(2.0, x[1])])
    assert coefficients(prepared + x[2]) == ({"x[1]": 2, "x[2]": 1}, 0)
    assert coefficients(3 * x[3] + prepared) == ({"x[1]": 2, "x[3]": 3}, 0)
    assert coefficients((prepared <= x[2]).args[0]) == ({"x[1]": 2}, 0)
    assert coefficients(prepared) == ({"x[1]": 2}, 0)


def test_a_sum_of_nothing():
    assert coefficients(linear([])) == ({}, 0)


def test_one_term_by_its_place():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([0, 1])

    assert linear([(2.0, m.x[0]), (3.0, m.x[1])]).arg(1).args == (3.0, m.x[1])
