"""Linear programmes by interior points alone, against what simplex says."""

from __future__ import annotations

import random

import numpy as np
import pyomo.environ as pyo
import pytest

from lodestone.solver.current_model import CurrentModel
from lodestone.solver.highs import Solver
from lodestone.solver.interior_point import interior_optimum


def shipments(seed: int, size: int = 8, missing: float = 0.0) -> pyo.ConcreteModel:
    """So many mines ship to as many works, which need a tenth less than all have; missing: t too little."""
    draw = random.Random(seed)
    model = pyo.ConcreteModel()
    model.places = pyo.RangeSet(size)
    needs = [draw.uniform(1, 9) for _ in model.places]
    model.ship = pyo.Var(model.places, model.places, domain=pyo.NonNegativeReals)
    cost = {(i, j): draw.uniform(1, 20) for i in model.places for j in model.places}
    has = (1.1 * sum(needs) - missing) / size
    model.most = pyo.Constraint(model.places, rule=lambda m, i: sum(m.ship[i, j] for j in m.places) <= has)
    model.needs = pyo.Constraint(model.places, rule=lambda m, j: sum(m.ship[i, j] for i in m.places) >= needs[j - 1])
    model.cost = pyo.Objective(expr=sum(cost[key] * model.ship[key] for key in cost))
    return model


def asked(model: pyo.ConcreteModel, careful: bool = False) -> tuple[Solver, float | None]:
    solver = Solver(model, careful)
    return solver, interior_optimum(solver, 60.0, None, None, 0.0)


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_cost_values_and_prices_are_those_of_the_optimum(seed: int, chain: bool, careful: bool):
    """With and without something that presolve takes away."""

    def made() -> pyo.ConcreteModel:
        model = shipments(seed)
        if chain:
            model.sent = pyo.Var()
            model.sum = pyo.Constraint(expr=model.sent == sum(model.ship[1, j] for j in model.places))
        return model

    solver, cost = asked(made(), careful)
    other = Solver(made())
    assert cost == pytest.approx(other.solve_linear(), rel=1e-7)
    assert solver.cost @ solver.values() == pytest.approx(cost, rel=1e-7)
    rows, prices = CurrentModel.of(solver.highs), solver.row_duals()
    assert not rows.broken(solver.values()).any()
    side = np.where(prices > 0, rows.row_lower, rows.row_upper)
    worth = prices[np.abs(prices) > 1e-9] @ side[np.abs(prices) > 1e-9]
    assert worth == pytest.approx(cost, rel=1e-6)  # prices alone prove it
    assert len(np.flatnonzero(np.abs(prices) > 1e-6)) > 1


def test_it_tells_nothing_where_there_is_no_solution():
    assert asked(shipments(1, missing=20.0))[1] is None


def test_it_tells_nothing_where_presolve_found_all():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(1, 5))
    model.cost = pyo.Objective(expr=2 * model.x)
    solver, cost = asked(model)
    assert cost is None
    assert solver.solve_linear() == pytest.approx(2)  # it can be asked as before
