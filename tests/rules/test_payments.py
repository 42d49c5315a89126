from __future__ import annotations

import pyomo.environ as pyo
from tests.rules.algebra import assert_row, close, costs, covers, keys
from tests.rules.tiny_data import contract, floor, fork, lane, market, plan, plant, project, scenario

from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.rules.payments import plants_table, settle

ORE = [market("ore_home", "ore"), market("ore_china", "ore", "China")]
IMPORT = {("ore", "China", "Home"): lane()}


def test_units_paid_at_market_receive_the_value_they_add():
    refinery = plant("refinery", recipe={"ore": -2.0, "oxide": 1.0, "scrap": 0.5}, operating_cost=0.01)
    m = build(single(plan(plants=[refinery], markets=ORE, lanes=IMPORT))).model

    value = {0: 0.06 - 0.008 + 0.005, 1: 0.066 - 0.008 + 0.005, 2: 0.072 - 0.008 + 0.005}
    assert costs(m.payments, "payments_to_units") == {
        n: {f"flows.act[{n},refinery,{k}]": close(v) for k in ("clean", "exposed")} for n, v in value.items()
    }
    assert costs(m.payments, "cost_priced_plants") == costs(m.payments, "public_operating_cost") == {}


def test_a_chain_is_paid_the_price_of_its_product():
    mine = plant("mine", recipe={"ore": 1.0})
    refinery = plant("refinery", recipe={"ore": -2.0, "oxide": 1.0})
    m = build(single(plan(plants=[mine, refinery]))).model

    paid = costs(m.payments, "payments_to_units")[0]
    assert 2 * paid["flows.act[0,mine,clean]"] + paid["flows.act[0,refinery,clean]"] == close(0.06)


def test_units_not_paid_at_market_cost_what_they_cost():
    at_cost = plant("at_cost", recipe={"oxide": 1.0}, at_market=False, operating_cost=0.02)
    public = project("public", public=True, operating_cost=0.03, earliest_year=2032)
    m = build(single(plan(plants=[at_cost], projects=[public]))).model

    assert costs(m.payments, "cost_priced_plants") == {n: {f"flows.act[{n},at_cost,clean]": 0.02} for n in range(3)}
    assert costs(m.payments, "public_operating_cost") == {2: {"flows.act[2,public,clean]": 0.03}}
    assert costs(m.payments, "payments_to_units") == {}
    assert keys(m.payments.topup) == set()


@covers("payments.pays")
def test_topup_of_what_works_at_a_loss():
    dear = plant("dear", recipe={"ore": -2.0, "oxide": 1.0}, operating_cost=0.06)  # value added 0.052, 0.058, 0.064
    m = build(single(plan(plants=[dear], markets=ORE, lanes=IMPORT))).model

    assert keys(m.payments.pays) == keys(m.payments.topup) == {(0, "dear"), (1, "dear")}  # worth its cost in 2032
    row = {"payments.topup[1,dear]": 1, "flows.act[1,dear,clean]": -0.002, "flows.act[1,dear,exposed]": -0.002}
    assert_row(m.payments.pays[1, "dear"], row, ">=", 0)
    assert m.payments.topup[1, "dear"].bounds == (0, None)
    topups = {n: {f"payments.topup[{n},dear]": 1} for n in (0, 1)}
    assert costs(m.payments, "topups") == topups


@covers("payments.pays")
def test_contracts_count_in_the_topup_gains_and_losses_both():
    mint = plant("mint", recipe={"oxide": 0.5}, operating_cost=0.025)  # value added 0.03, 0.033, 0.036
    contracts = [
        contract("low", "mint", fixed=True, fixed_price=0.05, latest_year=2030),
        contract("high", "mint", fixed=True, fixed_price=0.09, latest_year=2030),
    ]
    m = build(single(plan(plants=[mint], contracts=contracts))).model

    assert keys(m.payments.pays) == {(0, "mint"), (1, "mint"), (2, "mint")}
    row = {
        "payments.topup[1,mint]": 1,
        "flows.act[1,mint,clean]": -(0.025 - 0.033),
        "contracts.taken[1,low,0]": 0.05 - 0.066,
        "contracts.taken[1,high,0]": 0.09 - 0.066,
    }
    assert_row(m.payments.pays[1, "mint"], row, ">=", 0)


@covers("payments.pays")
def test_a_contract_with_a_market_needs_no_topup():
    offtake = contract("offtake", "seller", fixed=True, fixed_price=0.01)
    m = build(single(plan(markets=[market("seller")], contracts=[offtake]))).model

    assert keys(m.payments.pays) == set()


@covers("payments.pays")
def test_floor_payments_count_in_the_topup():
    mill = project("mill", operating_cost=0.09, capacity=80.0, ramp_years=2, latest_year=2030)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill", floor=0.085, tenor_years=2)]))).model

    assert keys(m.payments.pays) == {(0, "mill"), (1, "mill"), (2, "mill")}
    row = {
        "payments.topup[0,mill]": 1,
        "flows.act[0,mill,clean]": -(0.09 - 0.06),
        "price_floors.award[0,f]": 0.5 * 80 * (0.085 - 0.06),
    }
    assert_row(m.payments.pays[0, "mill"], row, ">=", 0)
    row = {"payments.topup[2,mill]": 1, "flows.act[2,mill,clean]": -(0.09 - 0.072)}  # the tenor is over
    assert_row(m.payments.pays[2, "mill"], row, ">=", 0)


@covers("payments.pays")
def test_upside_paid_back_is_topped_up_where_the_project_cannot_bear_it():
    mill = project("mill", capacity=80.0, latest_year=2030, capex=9000.0)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill", floor=0.05, upside_share=0.5)]))).model

    row = {
        "payments.topup[1,mill]": 1,
        "flows.act[1,mill,clean]": 0.066,
        "price_floors.award[0,f]": -80 * 0.5 * (0.066 - 0.05),
    }
    assert_row(m.payments.pays[1, "mill"], row, ">=", 0)


@covers("payments.pays")
def test_topup_in_a_scenario_is_at_its_prices():
    dear = plant("dear", recipe={"oxide": 1.0}, operating_cost=0.08)
    shock = plan(plants=[dear], price={"oxide": (0.06, 0.03, 0.1)}, scenario=scenario())
    m = build(fork(plan(plants=[dear]), shock)).model

    assert keys(m.payments.pays) == {(0, "dear"), (1, "dear"), (2, "dear"), (3, "dear")}
    row = {"payments.topup[3,dear]": 1, "flows.act[3,dear,clean]": -0.05}
    assert_row(m.payments.pays[3, "dear"], row, ">=", 0)


def test_table_of_small_plants_idle_ones_and_of_what_has_no_capacity():
    """Half a tonne of capacity is one; what works without any is shown all the same, with no share of it."""
    plants = [plant("half", recipe={"oxide": 1.0}, capacity=0.5), plant("none", recipe={"oxide": 1.0}, capacity=0.0)]
    refinery = project("refinery", recipe={"ore": -2.0, "oxide": 1.0}, operating_cost=0.01, latest_year=2030)
    built = build(single(plan(plants=plants, projects=[refinery], markets=ORE, lanes=IMPORT)))
    m = built.model
    for variable in [*m.flows.act.values(), *m.investments.build.values(), *m.payments.topup.values()]:
        variable.value = 0
    m.flows.act[1, "half", "clean"].value = 0.25
    m.flows.act[1, "refinery", "clean"].value = m.flows.act[1, "refinery", "exposed"].value = 0.3

    rows = plants_table(built.tree, built.net, m.flows, m.investments, m.payments, m.closure, m.china_share)

    assert [(r["unit"], r["year"], r["capacity_t"], r["use_share"]) for r in rows] == [
        ("half", 2030, 0.5, 0.0), ("half", 2031, 0.5, 0.5), ("refinery", 2031, 0.0, 0.0), ("half", 2032, 0.5, 0.0),
    ]  # fmt: skip
    assert [r["value_added_musd"] for r in rows] == close([0, 0.25 * 0.066, 0.6 * (0.066 - 0.008), 0])


@covers("payments.pays")
def test_what_is_worth_exactly_its_cost_needs_no_topup():
    even = plant("even", recipe={"oxide": 1.0}, operating_cost=0.066)  # value added 0.06, 0.066, 0.072
    m = build(single(plan(plants=[even]))).model

    assert keys(m.payments.pays) == {(0, "even")}


def test_of_a_solution_a_project_keeps_what_it_is_paid_to_earn_its_keep():
    """Of each of two contracts for 10 t at 0.05 nine tenths are due; 7 and 8 t are taken, 5 and 4 t paid for as
    untaken instead of 2 and 1: 6 t at 0.05 are paid on top. A plant is topped up by what it lacks: 7 x 0.014."""
    mill = project("mill", latest_year=2030, capex=9.0)
    dear = plant("dear", recipe={"oxide": 1.0}, operating_cost=0.08)
    deals = [contract(c, "mill", take_or_pay_share=0.9, fixed=True, fixed_price=0.05) for c in ("a", "b")]
    built = build(single(plan(plants=[dear], projects=[mill], contracts=deals)))
    m = built.model
    for variable in m.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    for c, taken, untaken in (("a", 7, 5), ("b", 8, 4)):
        m.contracts.sign[0, c].value, m.contracts.q[0, c].value = 1, 10
        m.contracts.taken[1, c, 0].value, m.contracts.untaken[1, c, 0].value = taken, untaken
    m.flows.act[1, "mill", "clean"].value, m.flows.act[1, "dear", "clean"].value = 15, 7
    m.payments.topup[1, "mill"].value, m.payments.topup[1, "dear"].value = 1, 5

    settle(built.tree, m.contracts, m.payments)

    assert m.payments.topup[1, "mill"].value == close(1 + 6 * 0.05)
    assert m.payments.topup[1, "dear"].value == close(7 * 0.014)

    m.payments.topup[1, "mill"].value = m.contracts.untaken[1, "a", 0].value = 0  # less than what is due, by noise
    settle(built.tree, m.contracts, m.payments)
    assert m.payments.topup[1, "mill"].value == 0
