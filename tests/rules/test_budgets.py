from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import budget, contract, floor, fork, market, plan, project, scenario, stockpile

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules import budgets
from lodestone.rules.build import build


def spending(*limits: object, **changes: object) -> PlanData:
    """Every kind of outlay: a public and a granted project, a floor, a fee and a stockpile."""
    parts: dict[str, object] = {
        "projects": [
            project("public", public=True, capex=50.0, fixed_cost=9.0, latest_year=2031, max_builds=2),
            project("mill", capacity=40.0, capex=20.0, latest_year=2030),
        ],
        "floors": [floor("f", "mill", floor=0.065, upside_share=0.5, capex_grant_share=0.3)],
        "contracts": [contract("c", "seller", signing_fee=1.5, latest_year=2031)],
        "markets": [market("seller"), market("dirty", exposed=True)],
        "stockpiles": [stockpile("reserve", opening=(10.0, 0.0))],
        "budgets": limits,
        "bank_price": {"oxide": 0.01},  # so that the mill is not bankable unaided
    }
    return plan(**(parts | changes))


@covers("budgets.within")
def test_outlays_of_every_kind():
    m = build(single(spending(budget("all", "capex grants floors fees stockpile", (200.0, 210.0, 220.0))))).model

    assert keys(m.budgets.within) == {(n, "all") for n in range(3)}
    row = {
        "investments.build[0,public]": 50,
        "price_floors.award[0,f]": 6,
        "budgets.paid_out[0,floors,f]": 1,
        "contracts.sign[0,c]": 1.5,
        "stockpiles.fill[0,reserve,clean]": 0.06,
        "stockpiles.fill[0,reserve,exposed]": 0.06,
    }
    assert_row(m.budgets.within[0, "all"], row, "<=", 200)
    row = {
        "budgets.paid_out[2,floors,f]": 1,
        "stockpiles.fill[2,reserve,clean]": 0.072,
        "stockpiles.fill[2,reserve,exposed]": 0.072,
    }
    assert_row(m.budgets.within[2, "all"], row, "<=", 220)


@covers("budgets.within")
@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("capex", {"investments.build[0,public]": 50}),
        ("grants", {"price_floors.award[0,f]": 6}),
        ("floors", {"budgets.paid_out[0,floors,f]": 1}),
        ("fees", {"contracts.sign[0,c]": 1.5}),
        ("stockpile", {"stockpiles.fill[0,reserve,clean]": 0.06, "stockpiles.fill[0,reserve,exposed]": 0.06}),
    ],
)
def test_outlays_of_one_kind(kind, row):
    m = build(single(spending(budget("one", kind, 30.0)))).model

    assert_row(m.budgets.within[0, "one"], row, "<=", 30)


@covers("budgets.within")
def test_years_without_a_limit_or_an_outlay_have_no_row():
    m = build(single(spending(budget("late", "capex", {2031: 30.0, 2032: 40.0})))).model

    assert keys(m.budgets.within) == {(1, "late")}  # nothing can be decided in 2032


@covers("budgets.within")
def test_carry_over_cumulates_from_the_first_year_in_force():
    m = build(single(spending(budget("fund", "fees", {2031: 30.0, 2032: 40.0}, carry_over=True),
                              contracts=[contract("c", "seller", signing_fee=1.5)]))).model  # fmt: skip

    assert keys(m.budgets.within) == {(1, "fund"), (2, "fund")}
    assert_row(m.budgets.within[1, "fund"], {"contracts.sign[1,c]": 1.5}, "<=", 30)
    assert_row(m.budgets.within[2, "fund"], {"contracts.sign[1,c]": 1.5, "contracts.sign[2,c]": 1.5}, "<=", 70)


@covers("budgets.within")
def test_carry_over_runs_along_the_path():
    contracts = [contract("c", "seller", signing_fee=1.5)]
    base = spending(budget("fund", "fees", (10.0, 20.0, 30.0), carry_over=True), contracts=contracts)
    shock = spending(budget("fund", "fees", (10.0, 5.0, 6.0), carry_over=True), contracts=contracts,
                     scenario=scenario())  # fmt: skip
    m = build(fork(base, shock)).model

    assert keys(m.budgets.within) == {(n, "fund") for n in range(5)}
    row = {f"contracts.sign[{n},c]": 1.5 for n in (0, 3, 4)}
    assert_row(m.budgets.within[4, "fund"], row, "<=", 21)


@covers("budgets.net")
def test_floors_count_what_is_paid_in_the_year_but_no_receipts():
    m = build(single(spending(budget("all", "floors", 30.0)))).model

    assert keys(m.budgets.net) == {(n, "floors", "f") for n in range(3)}
    assert m.budgets.paid_out[1, "floors", "f"].bounds == (0, None)
    # 40 t at 0.065 against 0.06, 0.066, 0.072: paid in 2030, half of the upside paid back later
    row = {"budgets.paid_out[0,floors,f]": 1, "price_floors.award[0,f]": -40 * 0.005}
    assert_row(m.budgets.net[0, "floors", "f"], row, ">=", 0)
    row = {"budgets.paid_out[1,floors,f]": 1, "price_floors.award[0,f]": 40 * 0.5 * 0.001}
    assert_row(m.budgets.net[1, "floors", "f"], row, ">=", 0)


@covers("budgets.net")
def test_without_a_budget_for_floors_there_is_nothing_to_net():
    m = build(single(spending(budget("capex", "capex", 30.0)))).model

    assert keys(m.budgets.net) == keys(m.budgets.paid_out) == set()


def test_table_shows_what_floors_pay_whatever_room_the_budget_leaves():
    built = build(single(spending(budget("all", "floors", 30.0))))
    m = built.model
    m.price_floors.award[0, "f"].set_value(1)
    m.budgets.paid_out[0, "floors", "f"].set_value(17.0)  # anything from the payments to the limit is a solution

    budgets.settle(m.budgets)
    outlay = {row["year"]: row["outlay_musd"] for row in budgets.table(built.tree, m.budgets)}
    assert outlay == pytest.approx({2030: 40 * 0.005, 2031: 0, 2032: 0})


@covers("budgets.within")
def test_a_budget_of_nothing_allows_nothing():
    mill = project("mill", public=True, capex=30.0)
    m = build(single(plan(projects=[mill], budgets=[budget("none", "capex", 0.0)]))).model

    assert_row(m.budgets.within[0, "none"], {"investments.build[0,mill]": 30}, "<=", 0)


@covers("budgets.within", "budgets.net")
def test_contracts_count_with_what_they_cost_more_than_the_market_and_no_receipts():
    """Fixed at 0.062 against 0.06 and 0.066; half of the volume is paid, taken or not."""
    offer = contract("c", "seller", latest_year=2030, fixed=True, fixed_price=0.062, take_or_pay_share=0.5)
    m = build(single(spending(budget("all", "contracts", 30.0), contracts=[offer]))).model

    row = {
        "budgets.paid_out[0,contracts,c]": 1,
        "contracts.taken[0,c,0]": -0.002,
        "contracts.untaken[0,c,0]": -0.062,
    }
    assert_row(m.budgets.net[0, "contracts", "c"], row, ">=", 0)
    row = {
        "budgets.paid_out[1,contracts,c]": 1,
        "contracts.taken[1,c,0]": 0.004,
        "contracts.untaken[1,c,0]": -0.062,
    }
    assert_row(m.budgets.net[1, "contracts", "c"], row, ">=", 0)
    assert_row(m.budgets.within[1, "all"], {"budgets.paid_out[1,contracts,c]": 1}, "<=", 30)


@covers("budgets.within")
def test_a_budget_with_a_payer_counts_what_that_payer_pays():
    data = spending(replace(budget("usa", "capex grants floors fees stockpile", 30.0), payer="USA"))
    projects = data.projects | {"public": replace(data.projects["public"], payer="USA")}
    piles = {"reserve": replace(data.stockpiles["reserve"], payer="Japan")}
    m = build(single(replace(data, projects=projects, stockpiles=piles))).model

    assert_row(m.budgets.within[0, "usa"], {"investments.build[0,public]": 50}, "<=", 30)
