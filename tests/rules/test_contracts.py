from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import assert_row, close, costs, covers, keys, total
from tests.rules.tiny_data import contract, fork, market, plan, plant, project, scenario

from lodestone.data.plan_data import time_of
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.rules.contracts import signed_table, yearly_table
from lodestone.rules.payments import settle

MINT = plant("mint", recipe={"oxide": 0.5, "scrap": 0.25}, capacity=(100.0, 110.0, 120.0))


def test_signing_window_and_years_of_delivery():
    contracts = [
        contract("late", "mint", earliest_year=2031, latest_year=2031, start_delay_years=1),
        contract("too_late", "mint", start_delay_years=2),
    ]
    m = build(single(plan(plants=[MINT], contracts=contracts))).model

    assert keys(m.contracts.sign) == keys(m.contracts.q) == {(1, "late"), (0, "too_late")}
    assert keys(m.contracts.taken) == {(2, "late", 1), (2, "too_late", 0)}
    assert all(v.is_binary() for v in m.contracts.sign.values())
    assert all(v.bounds == (0, None) for v in m.contracts.q.values())


def test_delivery_ends_with_the_tenor():
    m = build(single(plan(plants=[MINT], contracts=[contract("short", "mint", tenor_years=2)]))).model

    assert keys(m.contracts.taken) == {(n, "short", d) for d, n in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2))}


def test_a_contract_with_a_project_starts_with_production_and_ends_with_its_life():
    mill = project("mill", lead_years=1, life_years=2, latest_year=2031)
    offtake = contract("offtake", "mill", tenor_years=9, start_delay_years=5)
    m = build(single(plan(projects=[mill], contracts=[offtake], last_year=2034))).model

    assert keys(m.contracts.sign) == {(0, "offtake"), (1, "offtake")}
    assert keys(m.contracts.taken) == {(1, "offtake", 0), (2, "offtake", 0), (2, "offtake", 1), (3, "offtake", 1)}


def test_deliveries_follow_the_path_of_the_signing():
    data = plan(plants=[MINT], contracts=[contract("offtake", "mint")])
    m = build(fork(data, data)).model

    assert keys(m.contracts.taken) == {
        (n, "offtake", d) for d, n in
        ((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2), (2, 2), (3, 3), (3, 4), (4, 4))
    }  # fmt: skip


@covers("contracts.once")
def test_signed_once_on_a_path():
    contracts = [contract("offtake", "mint"), contract("now", "mint", latest_year=2030)]
    data = plan(plants=[MINT], contracts=contracts)
    m = build(fork(data, data)).model

    assert keys(m.contracts.once) == {(2, "offtake"), (4, "offtake")}
    row = {"contracts.sign[0,offtake]": 1, "contracts.sign[3,offtake]": 1, "contracts.sign[4,offtake]": 1}
    assert_row(m.contracts.once[4, "offtake"], row, "<=", 1)


@covers("contracts.with_project")
def test_a_contract_with_a_project_is_signed_when_it_is_decided():
    mill = project("mill", latest_year=2031, max_builds=2)
    contracts = [contract("early", "mill", latest_year=2030), contract("any", "mill"), contract("plant", "mint")]
    m = build(single(plan(plants=[MINT], projects=[mill], contracts=contracts))).model

    assert keys(m.contracts.with_project) == {(0, "early"), (0, "any"), (1, "any")}
    row = {"contracts.sign[1,any]": 1, "investments.build[1,mill]": -1}
    assert_row(m.contracts.with_project[1, "any"], row, "<=", 0)


@covers("contracts.volume_min", "contracts.volume_max")
def test_volume():
    contracts = [contract("large", "mint", min_t=15.0, max_t=35.0, latest_year=2030), contract("any", "mint")]
    m = build(single(plan(plants=[MINT], contracts=contracts))).model

    assert keys(m.contracts.volume_min) == {(0, "large")}
    row = {"contracts.q[0,large]": 1, "contracts.sign[0,large]": -15}
    assert_row(m.contracts.volume_min[0, "large"], row, ">=", 0)
    assert keys(m.contracts.volume_max) == {(0, "large"), (0, "any"), (1, "any"), (2, "any")}
    row = {"contracts.q[0,large]": 1, "contracts.sign[0,large]": -35}
    assert_row(m.contracts.volume_max[0, "large"], row, "<=", 0)


@covers("contracts.supply")
def test_volumes_fit_the_base_capacity_of_a_plant_in_every_year_of_their_tenor():
    stricken = replace(MINT, capacity={2030: 100.0, 2031: 0.0, 2032: 0.0})
    contracts = [
        contract("one", "mint", tenor_years=1),
        contract("two", "mint", tenor_years=2, latest_year=2030),
        contract("scrap", "mint", material="scrap", tenor_years=1, latest_year=2030),
    ]
    base = plan(plants=[MINT], contracts=contracts)
    m = build(fork(base, plan(plants=[stricken], contracts=contracts, scenario=scenario()))).model

    assert keys(m.contracts.supply) == {(n, "mint", "oxide") for n in range(5)} | {(0, "mint", "scrap")}
    assert_row(m.contracts.supply[0, "mint", "scrap"], {"contracts.q[0,scrap]": 1}, "<=", 25)
    row = {"contracts.q[1,one]": 1, "contracts.q[0,two]": 1}
    assert_row(m.contracts.supply[1, "mint", "oxide"], row, "<=", 55)
    row = {"contracts.q[3,one]": 1, "contracts.q[0,two]": 1}  # force majeure lets down what is in force, not what fits
    assert_row(m.contracts.supply[3, "mint", "oxide"], row, "<=", 55)
    assert_row(m.contracts.supply[4, "mint", "oxide"], {"contracts.q[4,one]": 1}, "<=", 60)


@covers("contracts.supply")
def test_volumes_fit_the_volume_of_a_market():
    later = market("later", volume=9.0, base_volume={2030: None, 2031: 8.0, 2032: None})
    markets = [market("some", volume=(30.0, 31.0, 32.0), base_volume=(40.0, 41.0, 42.0)), market("endless"), later]
    contracts = [contract(f"with_{m.name}", m.name, latest_year=2030) for m in markets]
    m = build(single(plan(markets=markets, contracts=contracts))).model

    assert keys(m.contracts.supply) == {(n, "some", "oxide") for n in range(3)} | {(1, "later", "oxide")}
    assert_row(m.contracts.supply[1, "later", "oxide"], {"contracts.q[0,with_later]": 1}, "<=", 8)
    assert_row(m.contracts.supply[2, "some", "oxide"], {"contracts.q[0,with_some]": 1}, "<=", 42)


@covers("contracts.supply")
def test_volumes_fit_what_is_built_of_a_project_at_its_decision():
    mill = project("mill", capacity=80.0, recipe={"oxide": 0.5}, ramp_years=4, max_builds=2)
    contracts = [contract("a", "mill", latest_year=2031), contract("b", "mill")]
    m = build(single(plan(projects=[mill], contracts=contracts))).model

    assert keys(m.contracts.supply) == {(0, "mill", "oxide"), (1, "mill", "oxide"), (2, "mill", "oxide")}
    row = {"contracts.q[1,a]": 1, "contracts.q[1,b]": 1, "investments.build[1,mill]": -40}
    assert_row(m.contracts.supply[1, "mill", "oxide"], row, "<=", 0)


@covers("contracts.in_force")
def test_in_force_ramps_with_a_project():
    mill = project("mill", lead_years=1, ramp_years=4, latest_year=2030)
    m = build(single(plan(projects=[mill], contracts=[contract("offtake", "mill")]))).model

    assert keys(m.contracts.in_force) == {(1, "offtake", 0), (2, "offtake", 0)}
    row = {"contracts.taken[2,offtake,0]": 1, "contracts.q[0,offtake]": -0.5}
    assert_row(m.contracts.in_force[2, "offtake", 0], row, "<=", 0)


@covers("contracts.in_force")
@pytest.mark.parametrize(
    ("now", "base", "share"),
    [
        (30.0, 40.0, 0.75),
        (50.0, 40.0, 1.0),  # never more than signed
        (30.0, 0.0, 1.0),  # nothing in the base: nothing to measure by
        (None, 40.0, 1.0),
        (30.0, None, 0.75),  # unlimited in the base: of the 40 t that contracts with it may be for
        (50.0, None, 1.0),
        (0.0, None, 0.0),  # unlimited in the base, none now
        (None, None, 1.0),
    ],
)
def test_force_majeure_of_a_market(now, base, share):
    supplier = market("supplier", volume=now, base_volume=base)
    m = build(single(plan(markets=[supplier], contracts=[contract("offtake", "supplier", latest_year=2030)]))).model

    row = {"contracts.taken[1,offtake,0]": 1}
    if share:
        row["contracts.q[0,offtake]"] = -share
    assert_row(m.contracts.in_force[1, "offtake", 0], row, "<=", 0)


@covers("contracts.in_force")
def test_force_majeure_of_a_plant_strikes_in_its_scenario():
    stricken = replace(MINT, capacity={2030: 100.0, 2031: 11.0, 2032: 90.0})
    contracts = [contract("offtake", "mint", latest_year=2030)]
    base = plan(plants=[MINT], contracts=contracts)
    m = build(fork(base, plan(plants=[stricken], contracts=contracts, scenario=scenario()))).model

    assert keys(m.contracts.in_force) == {(n, "offtake", 0) for n in range(5)}
    for n, share in ((1, 1), (2, 1), (3, 0.1), (4, 0.75)):
        row = {f"contracts.taken[{n},offtake,0]": 1, "contracts.q[0,offtake]": -share}
        assert_row(m.contracts.in_force[n, "offtake", 0], row, "<=", 0)


@covers("contracts.unpaid")
def test_take_or_pay():
    mill = project("mill", ramp_years=2, latest_year=2030)
    contracts = [contract("offtake", "mill", take_or_pay_share=0.8), contract("free", "mill")]
    m = build(single(plan(projects=[mill], contracts=contracts))).model

    assert keys(m.contracts.unpaid) == keys(m.contracts.untaken) == {(n, "offtake", 0) for n in range(3)}
    row = {"contracts.untaken[0,offtake,0]": 1, "contracts.q[0,offtake]": -0.4, "contracts.taken[0,offtake,0]": 1}
    assert_row(m.contracts.unpaid[0, "offtake", 0], row, ">=", 0)


@covers("contracts.made")
def test_what_is_taken_is_made():
    contracts = [
        contract("one", "mint", latest_year=2030),
        contract("two", "mint", latest_year=2030),
        contract("bought", "seller", latest_year=2030, tenor_years=1),
        contract("built", "mill", latest_year=2030, tenor_years=1),
    ]
    mill = project("mill", recipe={"oxide": 0.4}, latest_year=2030)
    data = plan(plants=[MINT], projects=[mill], markets=[market("seller")], contracts=contracts)
    m = build(single(data)).model

    rows = {(n, "mint", "oxide") for n in range(3)} | {(0, "seller", "oxide"), (0, "mill", "oxide")}
    assert keys(m.contracts.made) == rows
    row = {"contracts.taken[1,one,0]": 1, "contracts.taken[1,two,0]": 1, "flows.act[1,mint,clean]": -0.5}
    assert_row(m.contracts.made[1, "mint", "oxide"], row, "<=", 0)
    row = {"contracts.taken[0,bought,0]": 1, "flows.buy[0,seller]": -1}
    assert_row(m.contracts.made[0, "seller", "oxide"], row, "<=", 0)
    row = {"contracts.taken[0,built,0]": 1, "flows.act[0,mill,clean]": -0.4}
    assert_row(m.contracts.made[0, "mill", "oxide"], row, "<=", 0)


@covers("contracts.made")
def test_nothing_is_taken_from_a_stricken_supplier():
    stricken = replace(MINT, capacity={2030: 100.0, 2031: 0.0, 2032: 0.0})
    m = build(single(plan(plants=[stricken], contracts=[contract("offtake", "mint", latest_year=2030)]))).model

    assert_row(m.contracts.made[1, "mint", "oxide"], {"contracts.taken[1,offtake,0]": 1}, "<=", 0)


def test_costs_of_a_fixed_price():
    offtake = contract("offtake", "mint", fixed=True, fixed_price=0.05, escalation=0.2, start_delay_years=1,
                       take_or_pay_share=0.6, signing_fee=1.5, latest_year=2030)  # fmt: skip
    m = build(single(plan(plants=[MINT], contracts=[offtake]))).model

    assert costs(m.contracts, "signing_fees") == {0: {"contracts.sign[0,offtake]": 1.5}}
    assert costs(m.contracts, "contract_differences") == {
        1: {"contracts.taken[1,offtake,0]": close(0.05 - 0.066)},
        2: {"contracts.taken[2,offtake,0]": close(0.05 * 1.2 - 0.072)},
    }
    assert costs(m.contracts, "take_or_pay") == {
        1: {"contracts.untaken[1,offtake,0]": close(0.05)}, 2: {"contracts.untaken[2,offtake,0]": close(0.06)}
    }  # fmt: skip


def test_costs_of_an_index_price_in_a_collar_against_a_market_with_premium():
    seller = market("seller", premium_share=0.25)
    offtake = contract("offtake", "seller", index_premium=0.1, price_min=0.07, price_max=0.075, latest_year=2030)
    m = build(single(plan(markets=[seller], contracts=[offtake]))).model

    # index 0.066, 0.0726, 0.0792: the premium of the market is no part of it
    assert costs(m.contracts, "contract_differences") == {
        0: {"contracts.taken[0,offtake,0]": close(0.07 - 0.06 * 1.25)},
        1: {"contracts.taken[1,offtake,0]": close(0.0726 - 0.066 * 1.25)},
        2: {"contracts.taken[2,offtake,0]": close(0.075 - 0.072 * 1.25)},
    }
    assert costs(m.contracts, "take_or_pay") == {}


def test_what_take_or_pay_owes_beyond_the_horizon():
    offtake = contract("offtake", "mint", fixed=True, fixed_price=0.08, escalation=0.1, tenor_years=4,
                       take_or_pay_share=0.5, earliest_year=2031, latest_year=2031)  # fmt: skip
    price = {"oxide": {2030: 0.06, 2031: 0.07, 2032: 0.09, 2033: 0.5, 2034: 0.5}}
    halved = replace(MINT, capacity={2030: 100.0, 2031: 110.0, 2032: 60.0})
    m = build(single(plan(plants=[halved], contracts=[offtake], price=price))).model

    # signed in 2031, delivers 2031-2034; beyond 2032 at the price of 2032, not that of 2033, and half in force
    over_2033 = 0.08 * 1.1**2 - 0.09
    over_2034 = 0.08 * 1.1**3 - 0.09
    owed = 0.5 * 0.5 * (over_2033 / 1.1 + over_2034 / 1.1**2)
    assert costs(m.contracts, "owed_beyond_horizon") == {2: {"contracts.q[1,offtake]": close(owed)}}


def test_what_is_owed_to_a_project_ramps_and_ends_with_its_life():
    mill = project("mill", lead_years=1, ramp_years=4, life_years=4, earliest_year=2031, latest_year=2031)
    offtake = contract("offtake", "mill", fixed=True, fixed_price=0.1, tenor_years=9, take_or_pay_share=0.5)
    m = build(single(plan(projects=[mill], contracts=[offtake]))).model

    # works 2032-2035 at 1/4, 1/2, 3/4, 1 of its capacity; the market price of 2032 is 0.072
    owed = 0.5 * 0.028 * (0.5 / 1.1 + 0.75 / 1.1**2 + 1 / 1.1**3)
    assert costs(m.contracts, "owed_beyond_horizon") == {2: {"contracts.q[1,offtake]": close(owed)}}


def test_what_is_owed_on_a_tree_is_owed_at_each_leaf_at_its_price():
    offtake = contract("offtake", "mint", fixed=True, fixed_price=0.1, tenor_years=4, take_or_pay_share=1.0,
                       latest_year=2030)  # fmt: skip
    base = plan(plants=[MINT], contracts=[offtake])
    shock = plan(plants=[MINT], contracts=[offtake], price={"oxide": (0.06, 0.09, 0.095)}, scenario=scenario())
    m = build(fork(base, shock)).model

    assert costs(m.contracts, "owed_beyond_horizon") == {
        2: {"contracts.q[0,offtake]": close(0.028 / 1.1)}, 4: {"contracts.q[0,offtake]": close(0.005 / 1.1)}
    }  # fmt: skip


def test_taken_from_a_supplier_adds_up_its_contracts():
    data = plan(plants=[MINT], contracts=[contract("a", "mint", latest_year=2030), contract("b", "mint")])
    m = build(fork(data, data)).model

    assert total(m.contracts.taken_from[3, "mint", "oxide"]) == {
        "contracts.taken[3,a,0]": 1, "contracts.taken[3,b,0]": 1, "contracts.taken[3,b,3]": 1
    }  # fmt: skip


def test_tables_of_one_future_leave_out_what_another_signs():
    """Signed for 8 t in the second future, for 5 t in the first; a premium of 10 % on prices that rise."""
    data = plan(plants=[MINT], contracts=[contract("b", "mint", index_premium=0.1), contract("a", "mint")])
    built = build(fork(data, data))
    block = built.model.contracts
    for variable in [*block.sign.values(), *block.q.values(), *block.taken.values()]:
        variable.value = 0
    for c, d, n, tonnes in (("b", 1, 2, 5.0), ("b", 3, 4, 8.0), ("a", 4, 4, 0.4), ("a", 2, 2, 0.3)):
        block.sign[d, c].value, block.q[d, c].value, block.taken[n, c, d].value = 1, tonnes, tonnes

    signed = signed_table(built.tree.along(4), block)
    yearly = yearly_table(built.tree.along(4), block)

    assert [(r["contract"], r["signing_year"], r["annual_t"]) for r in signed] == [("b", 2031, 8.0), ("a", 2032, 0.4)]
    found = [(r["contract"], r["year"], r["active_t"], r["taken_t"]) for r in yearly]
    assert found == [("a", 2032, 0.4, 0.4), ("b", 2031, 8.0, 0.0), ("b", 2032, 8.0, 8.0)]
    assert [r["difference_musd"] for r in yearly] == close([0, 0, 8 * 0.0072])
    assert [r["untaken_t"] for r in yearly] == [0, 0, 0]


@covers("contracts.in_force")
def test_a_contract_that_is_lost_gives_nothing_from_then_on():
    """Also one with a project, which else knows no force majeure."""
    mill = project("mill", latest_year=2030)
    data = replace(plan(projects=[mill], contracts=[contract("offtake", "mill")]), lost={"offtake": time_of(2031)})
    m = build(single(data)).model

    row = {"contracts.taken[0,offtake,0]": 1, "contracts.q[0,offtake]": -1}
    assert_row(m.contracts.in_force[0, "offtake", 0], row, "<=", 0)
    assert_row(m.contracts.in_force[1, "offtake", 0], {"contracts.taken[1,offtake,0]": 1}, "<=", 0)


@covers("contracts.once", "contracts.volume_min")
def test_two_years_to_sign_in_and_half_a_tonne_at_least():
    m = build(single(plan(plants=[MINT], contracts=[contract("c", "mint", latest_year=2031, min_t=0.5)]))).model

    assert keys(m.contracts.once) == {(2, "c")}
    assert keys(m.contracts.volume_min) == {(0, "c"), (1, "c")}


def test_what_is_owed_to_several_suppliers_adds_up():
    terms = {"fixed": True, "fixed_price": 0.1, "tenor_years": 4, "take_or_pay_share": 1.0, "latest_year": 2030}
    offers = [contract(name, "mint", **terms) for name in ("a", "b")]
    m = build(single(plan(plants=[MINT], contracts=offers))).model

    owed = close(0.028 / 1.1)
    assert costs(m.contracts, "owed_beyond_horizon") == {2: {"contracts.q[0,a]": owed, "contracts.q[0,b]": owed}}


@covers("contracts.supply")
def test_what_contracts_fit_is_measured_by_the_recipe_of_the_base():
    better = replace(MINT, recipe={"oxide": 0.7}, base_recipe={"oxide": 0.5})
    m = build(single(plan(plants=[better], contracts=[contract("c", "mint", latest_year=2030)]))).model

    assert_row(m.contracts.supply[1, "mint", "oxide"], {"contracts.q[0,c]": 1}, "<=", 55)


@covers("contracts.in_force")
def test_a_contract_that_is_not_honoured_delivers_nothing_and_is_not_on_offer():
    honoured = {203001: True, 203101: False, 203201: False}
    m = build(single(plan(plants=[MINT], contracts=[contract("c", "mint", honoured=honoured)]))).model

    assert keys(m.contracts.sign) == {(0, "c")}
    assert_row(m.contracts.in_force[1, "c", 0], {"contracts.taken[1,c,0]": 1}, "<=", 0)


@covers("contracts.unpaid")
def test_of_a_solution_what_is_taken_is_not_paid_for_as_untaken():
    """9 of 10 t are due, 7 t taken: 2 t are paid for; what that brings the plant it need not be topped up by."""
    dear = replace(MINT, recipe={"oxide": 1.0}, operating_cost=0.08)
    built = build(single(plan(plants=[dear], contracts=[contract("c", "mint", take_or_pay_share=0.9)])))
    m = built.model
    for variable in m.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    m.contracts.sign[0, "c"].value, m.contracts.q[0, "c"].value = 1, 10
    m.contracts.taken[1, "c", 0].value = m.flows.act[1, "mint", "clean"].value = 7
    m.contracts.untaken[1, "c", 0].value = 5

    settle(built.tree, m.contracts, m.payments)

    assert m.contracts.untaken[1, "c", 0].value == pytest.approx(2)
    assert m.payments.topup[1, "mint"].value == pytest.approx(0)  # 7 x (0.08 - 0.066) - 2 x 0.066 < 0


def test_what_is_owed_in_a_future_is_what_was_signed_on_its_path():
    terms = {"fixed": True, "fixed_price": 0.1, "take_or_pay_share": 1.0, "earliest_year": 2031, "latest_year": 2031}
    data = plan(plants=[MINT], contracts=[contract("c", "mint", **terms)])
    m = build(fork(data, replace(data, scenario=scenario()))).model

    owed = {leaf: {f"contracts.q[{d},c]": close(0.028 / 1.1)} for leaf, d in ((2, 1), (4, 3))}
    assert costs(m.contracts, "owed_beyond_horizon") == owed
