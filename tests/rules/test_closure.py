"""[cheat] Idle plants do not wait for free: what costs money to keep open is closed, and stays closed."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, close, covers, keys, total
from tests.rules.tiny_data import cut, fork, plan, plant, project, scenario

from lodestone.data.plan_data import time_of
from lodestone.data.tree import single
from lodestone.rules.build import build

MINT = plant("mint", recipe={"oxide": 0.5}, capacity=(100.0, 60.0, 80.0), base_capacity=(100.0, 120.0, 80.0),
             fixed_cost=6.0, operating_cost=0.01)  # fmt: skip
MILL = project("mill", recipe={"oxide": 1.0}, capacity=40.0, fixed_cost=3.0, lead_years=1, life_years=1, max_builds=2,
               latest_year=2031)  # fmt: skip


@covers("closure.stays", "closure.works")
def test_a_plant_is_open_at_first_and_what_is_closed_stays_closed():
    m = build(single(plan(plants=[MINT]))).model

    assert keys(m.closure.kept) == {(0, "mint"), (1, "mint"), (2, "mint")}
    assert_row(m.closure.stays[0, "mint"], {"closure.kept[0,mint]": 1}, "<=", 1)
    assert_row(m.closure.stays[2, "mint"], {"closure.kept[2,mint]": 1, "closure.kept[1,mint]": -1}, "<=", 0)
    row = {"flows.act[1,mint,clean]": 1, "closure.kept[1,mint]": -60}
    assert_row(m.closure.works[1, "mint"], row, "<=", 0)


@covers("closure.stays")
def test_futures_close_by_themselves_after_they_part():
    data = plan(plants=[MINT])
    m = build(fork(data, plan(plants=[MINT], scenario=scenario()))).model

    row = {"closure.kept[3,mint]": 1, "closure.kept[0,mint]": -1}
    assert_row(m.closure.stays[3, "mint"], row, "<=", 0)


def test_the_fixed_cost_of_a_plant_follows_its_base_capacity():
    """6 MUSD a year at the largest base capacity of 120 t: 5 at 100 t, 4 at 80 t; half of it in half a year."""
    m = build(single(cut(plan(plants=[MINT]), y2032=6))).model

    costs = {n: total(m.closure.fixed_cost[n, "mint"]) for n in range(4)}
    assert costs == {
        0: {"closure.kept[0,mint]": close(5)},
        1: {"closure.kept[1,mint]": close(6)},
        2: {"closure.kept[2,mint]": close(2)},
        3: {"closure.kept[3,mint]": close(2)},
    }


@covers("closure.stays", "closure.standing", "closure.works")
def test_a_project_is_kept_open_from_its_first_year_of_production():
    """One year of lead and of life: what is decided in 2030 produces in 2031 alone."""
    m = build(single(plan(projects=[MILL]))).model

    assert keys(m.closure.kept) == {(1, "mill"), (2, "mill")}  # nothing can stand in 2030
    row = {"closure.kept[1,mill]": 1, "investments.build[0,mill]": -1}
    assert_row(m.closure.stays[1, "mill"], row, "<=", 0)
    row = {"closure.kept[2,mill]": 1, "closure.kept[1,mill]": -1, "investments.build[1,mill]": -1}
    assert_row(m.closure.stays[2, "mill"], row, "<=", 0)
    row = {"closure.kept[2,mill]": 1, "investments.build[1,mill]": -1}  # the other has ended its life
    assert_row(m.closure.standing[2, "mill"], row, "<=", 0)
    row = {"flows.act[2,mill,clean]": 1, "closure.kept[2,mill]": -40}
    assert_row(m.closure.works[2, "mill"], row, "<=", 0)


@covers("closure.stays")
def test_a_project_committed_before_the_first_year_stands_at_the_root():
    old = project("old", recipe={"oxide": 1.0}, capacity=40.0, fixed_cost=3.0, committed_year=2027)
    m = build(single(plan(projects=[old]))).model

    row = {"closure.kept[0,old]": 1, "investments.committed[old]": -1}
    assert_row(m.closure.stays[0, "old"], row, "<=", 0)
    row = {"closure.kept[1,old]": 1, "closure.kept[0,old]": -1}
    assert_row(m.closure.stays[1, "old"], row, "<=", 0)


@covers("closure.works")
def test_in_a_period_it_works_at_its_part_of_the_year():
    m = build(single(cut(plan(plants=[MINT]), y2031=3))).model

    row = {"flows.act[2,mint,clean]": 1, "closure.kept[2,mint]": -60 / 4}
    assert_row(m.closure.works[2, "mint"], row, "<=", 0)


def test_without_a_fixed_cost_nothing_is_kept_open_and_public_projects_are_not_closed():
    public = project("state", recipe={"oxide": 1.0}, public=True, fixed_cost=3.0)
    m = build(single(plan(plants=[plant("free")], projects=[public, project("idle")]))).model

    assert keys(m.closure.kept) == set()


@covers("payments.pays")
def test_what_is_paid_at_market_is_topped_up_to_the_cost_of_being_kept_open():
    """Value added 0.5 x 0.066 a tonne, less 0.01 to operate."""
    m = build(single(plan(plants=[MINT]))).model

    row = {"payments.topup[1,mint]": 1, "flows.act[1,mint,clean]": 0.033 - 0.01, "closure.kept[1,mint]": -6}
    assert_row(m.payments.pays[1, "mint"], row, ">=", 0)


def test_a_plant_priced_at_cost_costs_what_keeping_it_open_costs():
    state = plant("state", recipe={"oxide": 0.5}, fixed_cost=6.0, operating_cost=0.01, at_market=False)
    m = build(single(plan(plants=[state]))).model

    assert total(m.payments.cost["cost_priced_plants"][1]) == {
        "flows.act[1,state,clean]": 0.01, "closure.kept[1,state]": 6
    }  # fmt: skip


def test_a_plant_that_never_has_capacity_costs_nothing():
    none = plant("none", recipe={"oxide": 0.5}, capacity=0.0, base_capacity=0.0, fixed_cost=6.0)
    small = plant("small", recipe={"oxide": 0.5}, capacity=0.5, fixed_cost=6.0)
    m = build(single(plan(plants=[none, small]))).model

    assert total(m.closure.fixed_cost[0, "small"]) == {"closure.kept[0,small]": close(6)}

    assert {n: total(m.closure.fixed_cost[n, "none"]) for n in range(3)} == {0: {}, 1: {}, 2: {}}


def test_what_is_lost_is_kept_open_no_longer():
    mill = project("mill", recipe={"oxide": 1.0}, fixed_cost=3.0, latest_year=2030)
    m = build(single(replace(plan(projects=[mill]), lost={"mill": time_of(2031)}))).model

    assert keys(m.closure.kept) == {(0, "mill")}


def test_a_small_fixed_cost_is_a_cost():
    m = build(single(plan(plants=[plant("mint", recipe={"oxide": 0.5}, fixed_cost=0.5)]))).model

    assert total(m.closure.fixed_cost[0, "mint"]) == {"closure.kept[0,mint]": close(0.5)}
