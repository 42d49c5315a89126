"""The hand-over to HiGHS: the same numbers as in Pyomo, and every way in which a solve can end."""

from __future__ import annotations

import random
import time

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn import generate_standard_repn
from scipy.sparse import csc_array
from tests.rules.everything import everything

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import Progress
from lodestone.solver.highs import Solver


def knapsack() -> pyo.ConcreteModel:
    """Most worth 5 a + 4 b + 3 c in room for 5, off 100: a and c."""
    m = pyo.ConcreteModel()
    m.take = pyo.Var(["a", "b", "c"], domain=pyo.Binary)
    m.room = pyo.Constraint(expr=3 * m.take["a"] + 4 * m.take["b"] + 2 * m.take["c"] <= 5)
    m.objective = pyo.Objective(expr=-5 * m.take["a"] - 4 * m.take["b"] - 3 * m.take["c"] + 100)
    return m


def market_split(exact: bool) -> pyo.ConcreteModel:
    """Divide 40 customers so that each of 5 products is halved: no solver proves this in an hour.

    exact: it must come out even, so that not even a first solution is found. Else the deviation is minimised.
    """
    draw = random.Random(1)
    weight = [[draw.randrange(100) for _ in range(40)] for _ in range(5)]
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(40), domain=pyo.Binary)
    m.over = pyo.Var(range(5), bounds=(0, 0 if exact else None))
    m.under = pyo.Var(range(5), bounds=(0, 0 if exact else None))
    m.half = pyo.Constraint(
        range(5),
        rule=lambda m, i: (
            sum(w * m.x[j] for j, w in enumerate(weight[i])) + m.over[i] - m.under[i] == sum(weight[i]) // 2
        ),
    )
    m.objective = pyo.Objective(expr=pyo.summation(m.over) + pyo.summation(m.under))
    return m


# --- hand-over ------------------------------------------------------------------------------------------------------


def test_highs_has_the_numbers_of_pyomo():
    model = everything().model
    solver = Solver(model)
    lp = solver.highs.getLp()
    names = [v.name for v in solver.variables]
    a = lp.a_matrix_
    assert a.format_ == highspy.MatrixFormat.kColwise  # however it was passed
    matrix = csc_array((a.value_, a.index_, a.start_), shape=(lp.num_row_, lp.num_col_)).tocsr()

    found = {}
    for i, row in enumerate(solver.rows):
        cells = zip(matrix[[i]].tocoo().col, matrix[[i]].data, strict=True)
        found[row.constraint.name] = ({names[j]: c for j, c in cells if c}, lp.row_lower_[i], lp.row_upper_[i])
    assert len(found) == len(solver.rows) == lp.num_row_

    expected = {}
    for constraint in model.component_data_objects(pyo.Constraint, active=True):
        repn = generate_standard_repn(constraint.body)
        terms = {v.name: c for v, c in zip(repn.linear_vars, repn.linear_coefs, strict=True) if c}
        low, high = pyo.value(constraint.lower), pyo.value(constraint.upper)
        expected[constraint.name] = (
            terms,
            -highspy.kHighsInf if low is None else low - repn.constant,
            highspy.kHighsInf if high is None else high - repn.constant,
        )
    assert found.keys() == expected.keys()
    for name, (terms, low, high) in expected.items():
        assert found[name][0] == pytest.approx(terms), name
        assert found[name][1:] == pytest.approx((low, high)), name


def test_highs_has_the_columns_of_pyomo():
    model = everything().model
    solver = Solver(model)
    lp = solver.highs.getLp()
    objective = generate_standard_repn(model.objective.expr)
    cost = {v.name: c for v, c in zip(objective.linear_vars, objective.linear_coefs, strict=True)}
    instead = {v.name: built.name for v, built in model.investments.branch_on.items()}
    assert instead

    assert {id(v): i for i, v in enumerate(solver.variables)} == solver.column
    for i, v in enumerate(solver.variables):
        assert lp.col_lower_[i] == (-highspy.kHighsInf if v.lb is None else v.lb), v.name
        assert lp.col_upper_[i] == (highspy.kHighsInf if v.ub is None else v.ub), v.name
        assert lp.col_cost_[i] == pytest.approx(cost.get(v.name, 0.0)), v.name
        integer = lp.integrality_[i] == highspy.HighsVarType.kInteger
        assert solver.integer[i] == v.is_integer(), v.name  # binaries are integer, too
        told = v.name in instead.values() or (v.is_integer() and v.name not in instead)
        assert integer == solver.branched[i] == told, v.name


# --- how a solve ends -----------------------------------------------------------------------------------------------


def test_optimal():
    m = knapsack()
    solver = Solver(m)
    outcome = solver.solve(1e-9, 60)

    assert outcome.optimal
    assert (outcome.objective, outcome.bound) == pytest.approx((92, 92))  # the constant of the objective counts
    solver.store(solver.values())
    assert [m.take[k].value for k in "abc"] == pytest.approx([1, 0, 1])


def test_a_linear_programme_is_its_own_bound():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(2, None))
    m.objective = pyo.Objective(expr=3 * m.x)

    outcome = Solver(m).solve(1e-9, 60)
    assert outcome.optimal and outcome.nodes == 0
    assert (outcome.objective, outcome.bound) == pytest.approx((6, 6))


@pytest.mark.parametrize("domain", [pyo.NonNegativeReals, pyo.NonNegativeIntegers])
def test_infeasible(domain):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], domain=domain)
    m.much = pyo.Constraint(expr=m.x[1] + m.x[2] >= 4)
    m.little = pyo.Constraint(expr=m.x[1] + 2 * m.x[2] <= 3)
    m.objective = pyo.Objective(expr=m.x[1])

    with pytest.raises(NoPlanError, match="no plan satisfies"):
        Solver(m).solve(1e-9, 60)


def test_infeasible_is_told_from_unbounded():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeReals)
    m.y = pyo.Var([1, 2], domain=pyo.NonNegativeIntegers)
    m.odd = pyo.Constraint(expr=2 * m.y[1] + 2 * m.y[2] == 3)
    m.free = pyo.Constraint(expr=m.x >= m.y[1])
    m.objective = pyo.Objective(expr=-m.x)

    with pytest.raises(NoPlanError):
        Solver(m).solve(1e-9, 60)


def test_the_solve_that_tells_them_apart_can_be_watched_too(monkeypatch):
    watched = []
    attempt = Solver._attempt

    def counted(self, on_progress, should_stop, started, cutoff):
        watched.append((self.highs.getOptionValue("presolve")[1], on_progress, should_stop))
        attempt(self, on_progress, should_stop, started, cutoff)

    def progress(news):
        pass

    def stop():
        return False

    monkeypatch.setattr(Solver, "_attempt", counted)
    m = pyo.ConcreteModel()
    m.sold = pyo.Var(domain=pyo.NonNegativeReals)
    m.bought = pyo.Var(domain=pyo.NonNegativeIntegers)
    m.had = pyo.Constraint(expr=m.sold <= m.bought)
    m.objective = pyo.Objective(expr=m.bought - 2 * m.sold)
    solver = Solver(m)
    with pytest.raises(StoppedError, match="the problem is unbounded: a sell market pays more"):
        solver.solve(1e-9, 60, progress, stop)

    assert watched == [("choose", progress, stop), ("off", progress, stop)]
    assert solver.highs.getOptionValue("presolve")[1] == "choose"


@pytest.mark.parametrize("domain", [pyo.NonNegativeReals, pyo.NonNegativeIntegers])
def test_unbounded(domain):
    m = pyo.ConcreteModel()
    m.sold = pyo.Var(domain=pyo.NonNegativeReals)
    m.bought = pyo.Var(domain=domain)
    m.had = pyo.Constraint(expr=m.sold <= m.bought)
    m.objective = pyo.Objective(expr=m.bought - 2 * m.sold)

    with pytest.raises(StoppedError, match="the problem is unbounded: a sell market pays more"):
        Solver(m).solve(1e-9, 60)


def test_time_limit_without_a_plan():
    with pytest.raises(StoppedError, match="time limit was reached before a first plan"):
        Solver(market_split(exact=True)).solve(1e-9, 0.2)


def test_time_limit_with_a_plan_in_hand():
    solver = Solver(market_split(exact=False))
    outcome = solver.solve(1e-9, 0.5)

    assert not outcome.optimal
    assert outcome.bound < outcome.objective
    assert solver.values() @ solver.cost == pytest.approx(outcome.objective)


def test_interrupted_without_a_plan():
    with pytest.raises(StoppedError, match="interrupted before a first plan"):
        Solver(market_split(exact=True)).solve(1e-9, 60, should_stop=lambda: True)


def test_interrupted_with_a_plan_in_hand():
    m = market_split(exact=False)
    seen: list[Progress] = []
    begun = time.monotonic()
    solver = Solver(m)
    outcome = solver.solve(1e-9, 60, seen.append, lambda: bool(seen) and seen[-1].best is not None)

    assert time.monotonic() - begun < 30
    assert not outcome.optimal
    assert outcome.bound < outcome.objective
    solver.store(solver.values())
    assert pyo.value(m.objective) == pytest.approx(outcome.objective)
    assert all(abs(pyo.value(row.body) - pyo.value(row.upper)) < 1e-4 for row in m.half.values())


def test_progress_is_told_from_the_start_of_the_run():
    seen: list[Progress] = []
    Solver(market_split(exact=False)).solve(1e-9, 0.4, seen.append, started=time.monotonic() - 100)

    assert seen
    assert all(p.stage == "solve" and p.seconds >= 100 for p in seen)
    known = [p for p in seen if p.best is not None and p.bound is not None]
    assert all(p.gap == pytest.approx(abs(p.best - p.bound) / abs(p.best)) for p in known)


def test_numbers_that_highs_does_not_take():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 1))
    m.row = pyo.Constraint(expr=1e300 * m.x <= 5)
    m.objective = pyo.Objective(expr=m.x)

    with pytest.raises(StoppedError, match="did not accept"):
        Solver(m)


def two(coefficient: float = 1.0, cost: float = 1.0) -> pyo.ConcreteModel:
    """At least 1 of ore and metal together, where ore counts by its coefficient."""
    m = pyo.ConcreteModel()
    m.use = pyo.Var(["ore", "metal"], bounds=(0, 10))
    m.row = pyo.Constraint(["Home"], rule=lambda m, r: coefficient * m.use["ore"] + m.use["metal"] >= 1)
    m.objective = pyo.Objective(expr=cost * m.use["ore"] + 3 * m.use["metal"])
    return m


@pytest.mark.parametrize("coefficient", [1e-9, -2e-10])
def test_a_coefficient_that_highs_drops_is_told_with_its_names(coefficient):
    with pytest.raises(StoppedError, match=r"for 0: (1e-09|2e-10), about Home, ore\."):
        Solver(two(coefficient))


def test_what_rounding_leaves_is_no_coefficient():
    """1 - 0.9 - 0.1 is -2.8e-17 in floating point: ore does not count, so that 1 of metal at 3 is taken."""
    rest = 1 - 0.9 - 0.1
    assert rest != 0
    solver = Solver(two(rest))
    assert solver.solve(1e-9, 60).objective == pytest.approx(3)
    assert solver.row_upper.tolist() == [float("inf")]


@pytest.mark.parametrize("cost", [2e15, 1e20, float("inf")])
def test_a_cost_that_highs_takes_for_infinite_is_told_with_its_name(cost):
    with pytest.raises(StoppedError, match=r"too large to reckon with: .* about ore\."):
        Solver(two(cost=cost))


def test_a_limit_on_the_cost_holds_for_costs_that_a_row_would_drop():
    """Ore at 1e-9 each and metal at 3e-9: with a limit of 2e-9 at most 2 of ore, however much there is to gain."""
    m = pyo.ConcreteModel()
    m.use = pyo.Var(["ore", "metal"], bounds=(0, 10))
    m.objective = pyo.Objective(expr=1e-9 * m.use["ore"] + 3e-9 * m.use["metal"])
    solver = Solver(m)
    solver.limit_cost(2e-9)
    solver.set_goal([(-1.0, m.use["ore"])])
    assert solver.solve_linear() == pytest.approx(-2)


# --- the solution, and what is done with it -------------------------------------------------------------------------


def test_stored_values_keep_within_bounds_and_lose_the_tolerance_at_the_lower_one():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2, 3, 4], bounds=(0, 5))
    m.objective = pyo.Objective(expr=pyo.summation(m.x))
    Solver(m).store(np.array([4e-10, -1e-8, 5.0000001, 2.5]))

    assert [v.value for v in m.x.values()] == pytest.approx([0, 0, 5, 2.5], abs=1e-15)


def test_with_its_integers_held_a_model_is_a_linear_programme():
    m = knapsack()
    solver = Solver(m)
    solver.hold_integers(np.array([0.0, 0.9999999, 0.0]))

    assert solver.solve_linear() == pytest.approx(96)
    assert solver.reduced_costs() == pytest.approx([-5, -4, -3])
    solver.hold(solver.column[id(m.take["a"])], 1)  # no room for both
    assert solver.solve_linear() is None
    solver.hold(solver.column[id(m.take["b"])], 0)
    assert solver.solve_linear() == pytest.approx(95)


def test_on_the_optimal_face_nothing_costs_more():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(["clean", "exposed", "dear"], domain=pyo.NonNegativeReals)
    m.demand = pyo.Constraint(expr=pyo.summation(m.x) == 10)
    m.scarce = pyo.Constraint(expr=m.x["clean"] <= 7)
    m.objective = pyo.Objective(expr=2 * m.x["clean"] + 2 * m.x["exposed"] + 3 * m.x["dear"] + 100)
    solver = Solver(m)
    solver.hold_integers(np.zeros(3))

    assert solver.solve_linear() == pytest.approx(120)
    solver.hold_optimal_face()
    solver.set_cost(np.array([float(v is m.x["exposed"]) for v in solver.variables]))
    assert solver.solve_linear() == pytest.approx(3 + 100)  # not 0: what is dear stays at 0
    solver.store(solver.values())
    assert pyo.value(m.objective) == pytest.approx(120)


# --- solving again with other numbers -------------------------------------------------------------------------------


def test_a_row_with_other_coefficients():
    m = knapsack()
    solver = Solver(m)
    assert solver.solve(1e-9, 60).objective == pytest.approx(92)

    solver.set_coefficients(m.room, [(5.0, m.take["a"])])
    assert solver.solve(1e-9, 60).objective == pytest.approx(95)
    solver.set_coefficients(m.room, [(3.0, m.take["a"]), (0.0, m.take["b"])])
    assert solver.solve(1e-9, 60).objective == pytest.approx(88)


def test_started_from_a_known_solution():
    m = market_split(exact=False)
    solver = Solver(m)
    first = solver.solve(1e-9, 0.4).objective
    again = Solver(m)
    again.start_from(solver.values())

    assert again.solve(1e-9, 0.4).objective <= first + 1e-6


def test_the_time_limit_is_that_of_each_solve():
    solver = Solver(market_split(exact=False))
    solver.solve(1e-9, 0.4)
    begun = time.monotonic()
    solver.solve(1e-9, 0.4)

    assert time.monotonic() - begun > 0.3


# --- starts and bounds ----------------------------------------------------------------------------------------------


def test_a_start_is_taken():
    solver = Solver(market_split(exact=False))
    found = solver.solve(1e-9, 0.5)
    best = solver.values()
    again = Solver(market_split(exact=False))
    again.start_from(best)
    assert again.solve(1e-9, 1e-6).objective <= found.objective + 1e-6, "no time to find anything better, or anything"


def test_a_start_takes_no_longer_than_the_run_may_and_can_be_stopped():
    m = market_split(exact=True)
    solver = Solver(m)
    asked = []

    def stop() -> bool:
        asked.append(True)
        return True

    assert not solver.start_near([(m.x[0], 1.0)], 30.0, stop)
    assert asked
    assert solver.highs.getOptionValue("time_limit")[1] == pytest.approx(30)
    assert not solver.start_near([(m.x[0], 1.0)], 0.1), "no time to find anything"


def test_a_linear_solve_says_nothing_of_what_costs_more_than_asked_for():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    m.need = pyo.Constraint(expr=m.x[1] + 2 * m.x[2] >= 6)
    m.objective = pyo.Objective(expr=m.x[1] + m.x[2])  # 3, from x[2]
    solver = Solver(m)
    assert solver.solve_linear() == pytest.approx(3)
    solver.hold(solver.column[id(m.x[2])], 0)  # now 6
    assert solver.solve_linear(most=5.9) is None
    assert solver.solve_linear(most=6.1) == pytest.approx(6)
    assert solver.solve_linear() == pytest.approx(6)


@pytest.mark.parametrize("seek", [False, True])
def test_a_start_is_not_taken_for_cheaper_than_it_is(seek):
    """4 t are needed: going short costs 5 MUSD a tonne, 20; the start builds a works for 28. HiGHS 1.16 loses the 28
    when it simplifies this model, and would call the start proved.
    """
    m = pyo.ConcreteModel()
    m.build = pyo.Var([1, 2], domain=pyo.Binary)
    m.use = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    m.spare = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    m.short = pyo.Var(domain=pyo.NonNegativeReals)
    m.extra = pyo.Var(domain=pyo.NonNegativeReals)
    m.room = pyo.Constraint([1, 2], rule=lambda m, g: m.use[g] + m.spare[g] <= {1: 4, 2: 7}[g] * m.build[g])
    m.need = pyo.Constraint(expr=m.use[1] + m.use[2] + m.short >= 4)
    m.port = pyo.Constraint(expr=m.use[1] - m.extra <= 4)
    m.objective = pyo.Objective(expr=28 * m.build[1] + 28 * m.build[2] + 2 * m.use[2] + 5 * m.short + m.extra)
    solver = Solver(m)
    start = np.zeros(len(solver.variables))
    start[solver.column[id(m.build[1])]], start[solver.column[id(m.use[1])]] = 1, 4
    solver.start_from(start)
    if seek:
        assert solver.seek(19.0, 60) == (False, 19.0)
    else:
        outcome = solver.solve(0.1, 60)
        assert (outcome.optimal, outcome.objective) == (True, pytest.approx(20))
        assert solver.cost @ solver.values() == pytest.approx(20)


def test_what_costs_more_than_asked_for_proves_no_more_than_that():
    """Works cost 10 each, and one is needed: nothing costs 7 or less, but 9.99 is not said of what was cut off."""
    m = pyo.ConcreteModel()
    m.build = pyo.Var([1, 2], domain=pyo.Binary)
    m.need = pyo.Constraint(expr=m.build[1] + m.build[2] >= 0.5)
    m.objective = pyo.Objective(expr=10 * m.build[1] + 11 * m.build[2])
    solver = Solver(m)
    assert solver.seek(7.0, 60) == (False, 7.0)
    assert solver.seek(10.0, 60)[0] is True
