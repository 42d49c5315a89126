"""Ties: what can be dropped for nothing is dropped, and of equally cheap plans the least exposed one is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyomo.environ as pyo
import pytest
from tests.rules.everything import everything
from tests.rules.tiny_data import contract, floor, market, plan, plant, project

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules.build import Built, build
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Solver

HOME = ("Home", "cars", "oxide")


@dataclass
class Tidied:
    """A plan before and after: its cost, and the model with the solution in it."""

    before: float
    after: float
    model: Any

    def decided(self, variable: Any) -> set[Any]:
        return {key for key, v in variable.items() if v.value is not None and v.value > 0.5}


def tidied(built: Built, **decided: int) -> Tidied:
    """Tidy the optimum, with these integers put in its place: name of a variable without its block -> value."""
    solver = Solver(built.model)
    solver.solve(1e-9, 60)
    values = solver.values().copy()
    for name, value in decided.items():
        values[[v.name.split(".", 1)[1] for v in solver.variables].index(name)] = value
    before = cost_of(built, values)
    after = tidy(built, solver, values)
    assert after is not None
    solver.store(after)
    assert_feasible(built.model)
    return Tidied(before, pyo.value(built.model.objective), built.model)


def cost_of(built: Built, values: Any) -> float:
    """Least cost with the integers at these values."""
    solver = Solver(built.model)
    solver.hold_integers(values)
    cost = solver.solve_linear()
    assert cost is not None, "the test starts from a plan that breaks a rule"
    return cost


def assert_feasible(model: pyo.ConcreteModel) -> None:
    for row in model.component_data_objects(pyo.Constraint):
        assert row.lslack() > -1e-6, row.name
        assert row.uslack() > -1e-6, row.name


def supplied(**changes: Any) -> PlanData:
    """Demand of 100 t at Home, met by an open market, whatever else there is."""
    return plan(**({"markets": [market("home")], "demand": {HOME: 100.0}} | changes))


# --- what is dropped ------------------------------------------------------------------------------------------------


def test_an_idle_build_that_costs_nothing_is_dropped():
    built = build(single(supplied(projects=[project("mill", capacity=50.0)])))
    plan_ = tidied(built, **{"build[1,mill]": 1})

    assert plan_.decided(plan_.model.investments.build) == set()
    assert plan_.after == pytest.approx(plan_.before)


def test_every_idle_copy_is_dropped():
    built = build(single(supplied(projects=[project("mill", max_builds=3, latest_year=2030)])))
    plan_ = tidied(built, **{"build[0,mill]": 3})

    assert plan_.model.investments.build[0, "mill"].value == pytest.approx(0, abs=1e-9)


def test_of_two_copies_one_is_needed():
    mill = project("mill", capacity=100.0, max_builds=2, latest_year=2030)
    built = build(single(plan(projects=[mill], demand={HOME: 100.0})))
    plan_ = tidied(built, **{"build[0,mill]": 2})

    assert plan_.model.investments.build[0, "mill"].value == pytest.approx(1)


def test_a_build_that_saves_money_stays():
    built = build(single(supplied(projects=[project("mill", capacity=50.0, public=True, capex=1.0)])))
    plan_ = tidied(built)

    assert plan_.decided(plan_.model.investments.build) == {(0, "mill")}
    assert plan_.after == pytest.approx(plan_.before)


def test_an_award_is_dropped_with_the_build_that_needs_it():
    mill = project("mill", capex=30.0, life_years=1, latest_year=2030)
    high = floor("high", "mill", floor=0.4, tenor_years=1)  # lenders count on 0.05
    built = build(single(supplied(projects=[mill], floors=[high], price={"oxide": 0.4})))  # and it never pays
    plan_ = tidied(built, **{"build[0,mill]": 1, "award[0,high]": 1})

    assert plan_.decided(plan_.model.price_floors.award) == set()
    assert plan_.decided(plan_.model.investments.build) == set()


def test_an_award_that_a_needed_build_does_not_need_is_dropped():
    mill = project("mill", life_years=1, latest_year=2030, capacity=100.0, capex=5.5)  # lenders count on 5
    idle_floor = floor("f", "mill", floor=0.06, tenor_years=1)  # the price of 2030: it pays nothing
    sure = contract("sure", "mill", fixed=True, fixed_price=0.06, take_or_pay_share=1.0, max_t=100.0)  # 1 MUSD
    built = build(single(plan(projects=[mill], floors=[idle_floor], contracts=[sure], demand={HOME: 100.0})))
    plan_ = tidied(built, **{"build[0,mill]": 1, "award[0,f]": 1, "sign[0,sure]": 1})

    assert plan_.decided(plan_.model.price_floors.award) == set()
    assert plan_.decided(plan_.model.investments.build) == {(0, "mill")}


def test_a_contract_that_changes_nothing_is_dropped_and_one_that_saves_is_kept():
    contracts = [
        contract("idle", "mint", latest_year=2030),
        contract("cheap", "seller", latest_year=2030, index_premium=-0.5, max_t=10.0),
    ]
    markets = [market("home"), market("seller")]
    built = build(single(supplied(plants=[plant("mint", recipe={"oxide": 1.0}, operating_cost=0.0)], markets=markets,
                                  contracts=contracts)))  # fmt: skip
    plan_ = tidied(built, **{"sign[0,idle]": 1})

    assert plan_.decided(plan_.model.contracts.sign) == {(0, "cheap")}
    assert plan_.after == pytest.approx(plan_.before)


@pytest.mark.parametrize("first", ["mill", "mine"])
def test_a_build_and_what_it_requires_are_dropped_whichever_comes_first(first):
    mine, mill = project("mine", latest_year=2030), project("mill", latest_year=2030, requires="mine")
    built = build(single(supplied(projects=[mill, mine] if first == "mill" else [mine, mill])))
    plan_ = tidied(built, **{"build[0,mine]": 1, "build[0,mill]": 1})

    assert plan_.decided(plan_.model.investments.build) == set()


# --- what is delivered ----------------------------------------------------------------------------------------------


def test_of_equally_cheap_sources_the_clean_one_is_delivered():
    markets = [market("dirty", exposed=True), market("clean", volume=70.0), market("dear", premium_share=1.0)]
    plan_ = tidied(build(single(supplied(markets=markets))))

    deliver = plan_.model.flows.deliver
    for n in range(3):
        assert deliver[n, *HOME, "clean"].value == pytest.approx(70)
        assert deliver[n, *HOME, "exposed"].value == pytest.approx(30)  # clean at a higher price is no tie
    assert plan_.after == pytest.approx(plan_.before)


def test_what_reduced_costs_show_to_be_needed_is_not_tried(monkeypatch):
    """Without the build 80 t are short, with or without its award: only the award alone is tried."""
    mill = project("mill", capex=30.0, life_years=1, latest_year=2030, capacity=80.0)
    high = floor("high", "mill", floor=0.4, tenor_years=1)
    built = build(single(plan(projects=[mill], floors=[high], price={"oxide": 0.4}, demand={HOME: 100.0})))
    solved, linear = [], Solver.solve_linear

    def counted(solver, *most):
        solved.append(most)
        return linear(solver, *most)

    monkeypatch.setattr(Solver, "solve_linear", counted)
    plan_ = tidied(built)
    assert plan_.decided(plan_.model.price_floors.award) == {(0, "high")}
    assert len([most for most in solved if most]) == 1


# --- never dearer ---------------------------------------------------------------------------------------------------


def test_cost_is_never_raised_with_every_feature_on():
    plan_ = tidied(everything())

    assert plan_.after <= plan_.before + 1e-6


def test_an_idle_build_that_costs_money_makes_way_for_a_cheaper_plan():
    built = build(single(supplied(projects=[project("mill", public=True, capex=9.0, operating_cost=9.0)])))
    plan_ = tidied(built, **{"build[0,mill]": 1})

    assert plan_.after < plan_.before - 1
    assert plan_.decided(plan_.model.investments.build) == set()


def test_integers_that_cannot_be_held_leave_the_plan_as_it_was():
    built = build(single(plan(projects=[project("mill", capex=30.0, life_years=1)], demand={HOME: 100.0})))
    solver = Solver(built.model)
    solver.solve(1e-9, 60)
    values = solver.values().copy()
    values[solver.column[id(built.model.investments.build[0, "mill"])]] = 1  # not bankable

    assert tidy(built, solver, values) is None
