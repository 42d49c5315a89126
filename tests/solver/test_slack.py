"""Rows that may be exceeded: by the least, weighted; by one excess; and the model as it was afterwards."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from lodestone.errors import NoPlanError
from lodestone.solver.highs import Solver
from lodestone.solver.slack import Excess, Slacks


def torn() -> pyo.ConcreteModel:
    """At least 5 is wanted where 3 is the most; each costs 7."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 10))
    m.one = pyo.Var(bounds=(1, 1))
    m.wanted = pyo.Constraint(expr=m.x >= 5)
    m.most = pyo.Constraint(expr=m.x - 3 * m.one <= 0)
    m.cost = pyo.Objective(expr=7 * m.x)
    return m


@pytest.mark.parametrize(("weights", "short", "over", "cost"), [((1, 2), 2, 0, 21), ((2, 1), 0, 2, 35)])
def test_what_weighs_less_gives_way_and_then_cost_is_least(weights, short, over, cost):
    m = torn()
    solver = Solver(m)
    slacks = Slacks(solver)
    wanted, most = slacks.add(m.wanted, weights[0]), slacks.add(m.most, weights[1])

    slacks.minimise()
    assert solver.solve(1e-9, 60).objective == pytest.approx(2)  # 2 units at the lower weight, 1
    slacks.keep()
    assert solver.solve(1e-9, 60).objective == pytest.approx(cost)
    assert slacks.used() == pytest.approx({wanted: short, most: over}, abs=1e-6)


def test_the_excess_is_in_units_of_each_rows_weight():
    m = torn()
    solver = Solver(m)
    excess = Excess(solver)
    assert solver.width == 2, "no column before it is wanted"

    excess.minimise([(m.most, 4.0)])
    assert solver.solve(1e-9, 60).objective == pytest.approx(0.5)  # 5 - 3 = 4 x 0.5
    excess.minimise([(m.most, 8.0)])
    assert solver.solve(1e-9, 60).objective == pytest.approx(0.25)

    excess.rest()
    with pytest.raises(NoPlanError):
        solver.solve(1e-9, 60)


def test_an_excess_may_be_negative():
    """With 2 wanted, 3 is undercut by 1: 2 - 3 = 2 x -0.5."""
    m = torn()
    m.wanted.set_value(m.x >= 2)
    solver = Solver(m)
    excess = Excess(solver)

    excess.minimise([(m.most, 2.0)])
    assert solver.solve(1e-9, 60).objective == pytest.approx(-0.5)
    excess.rest()
    assert solver.solve(1e-9, 60).objective == pytest.approx(14)
