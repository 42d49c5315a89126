"""A year cut into periods: every yearly figure is a rate, and what is about a year is over its nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.algebra import assert_row, close, costs, covers, keys, total
from tests.rules.tiny_data import (
    budget,
    cap,
    contract,
    cut,
    floor,
    lane,
    market,
    plan,
    plant,
    project,
    sector,
    stockpile,
    substitution,
)

from lodestone.data.plan_data import PlanData, Return, Stockpile
from lodestone.data.tree import single
from lodestone.rules.build import build

J = ("Home", "cars", "oxide")


def halves(**parts: object) -> PlanData:
    """2031 in two halves: nodes 0 (2030), 1 and 2 (2031), 3 (2032)."""
    return cut(plan(**parts), y2031=6)


@covers("flows.demand", "flows.service", "flows.lane", "flows.sales", "capacity.capacity")
def test_yearly_figures_are_rates():
    data = halves(
        plants=[plant("mint", recipe={"oxide": 1.0}, capacity=80.0)],
        markets=[market("ally", region="Ally", volume=30.0), market("buyer", buys=False, volume=70.0)],
        lanes={("oxide", "Ally", "Home"): lane(capacity=40.0)},
        sectors=[sector("cars", min_service_share=0.9)],
        demand={J: 100.0},
        substitution=[substitution("thrift", "cars", 0.2, 0.1)],
    )
    m = build(single(data)).model

    assert m.flows.buy[1, "ally"].bounds == (0, 15)
    assert m.flows.avoid[1, "thrift", *J].bounds == (0, 5)
    assert_row(m.flows.service[1, *J], {"flows.short[1,Home,cars,oxide]": 1}, "<=", 0.1 * 50)
    assert_row(m.flows.lane[1, "oxide", "Ally", "Home"], {"flows.ship[1,oxide,Ally,Home,clean]": 1}, "<=", 20)
    assert_row(m.flows.sales[2, "buyer"], {"flows.sell[2,buyer,clean]": 1}, "<=", 35)
    assert_row(m.capacity.capacity[2, "mint"], {"flows.act[2,mint,clean]": 1}, "<=", 40)
    assert float(m.flows.demand[1, *J].upper) == pytest.approx(50)


def test_decisions_are_made_where_a_year_begins():
    mill = project("mill")
    mint = plant("mint", recipe={"oxide": 1.0})
    m = build(single(halves(projects=[mill], plants=[mint], contracts=[contract("c", "mint")]))).model

    assert keys(m.investments.build) == {(n, "mill") for n in (0, 1, 3)}
    assert keys(m.contracts.sign) == {(n, "c") for n in (0, 1, 3)}


@covers("capacity.capacity", "capacity.whole_clean")
def test_a_project_has_its_part_of_the_year_s_capacity():
    mill = project("mill", recipe={"ore": -1.0, "oxide": 1.0}, ramp_years=2, latest_year=2030, whole_plant=True)
    ores = [market("clean", "ore"), market("dirty", "ore", exposed=True)]
    m = build(single(halves(projects=[mill], markets=ores))).model

    row = {"flows.act[2,mill,clean]": 1, "flows.act[2,mill,exposed]": 1, "investments.build[0,mill]": -50}
    assert_row(m.capacity.capacity[2, "mill"], row, "<=", 0)
    row = {"flows.act[2,mill,clean]": 1, "capacity.whole[2,mill]": -50}
    assert_row(m.capacity.whole_clean[2, "mill"], row, "<=", 0)


@covers("balances.made")
def test_scrap_comes_back_over_the_year_from_all_of_the_year_before():
    back = (Return("cars", "oxide", "scrap", 0.4, 1, clean=False),)
    smelter = plant("smelter", recipe={"scrap": -1.0, "ore": 1.0})
    m = build(single(halves(plants=[smelter], markets=[market("oxide")], demand={J: 100.0}, returns=back))).model

    row = {"flows.deliver[0,Home,cars,oxide,clean]": 0.2, "flows.ship[1,scrap,Home,Home,clean]": -1}
    assert_row(m.balances.made[1, "Home", "scrap", "clean"], row, ">=", 0)
    row = {
        "flows.deliver[1,Home,cars,oxide,clean]": 0.4,
        "flows.deliver[2,Home,cars,oxide,clean]": 0.4,
        "flows.ship[3,scrap,Home,Home,clean]": -1,
    }
    assert_row(m.balances.made[3, "Home", "scrap", "clean"], row, ">=", 0)


@covers("contracts.in_force", "contracts.unpaid", "contracts.supply")
def test_take_or_pay_is_settled_at_the_end_of_the_year():
    mint = plant("mint", recipe={"oxide": 1.0}, capacity=80.0)
    offer = contract("c", "mint", take_or_pay_share=0.6, latest_year=2030)
    m = build(single(halves(plants=[mint], contracts=[offer]))).model

    row = {"contracts.taken[1,c,0]": 1, "contracts.q[0,c]": -0.5}
    assert_row(m.contracts.in_force[1, "c", 0], row, "<=", 0)
    assert keys(m.contracts.unpaid) == {(n, "c", 0) for n in (0, 2, 3)}
    row = {
        "contracts.untaken[2,c,0]": 1,
        "contracts.taken[1,c,0]": 1,
        "contracts.taken[2,c,0]": 1,
        "contracts.q[0,c]": -0.6,
    }
    assert_row(m.contracts.unpaid[2, "c", 0], row, ">=", 0)
    assert_row(m.contracts.supply[1, "mint", "oxide"], {"contracts.q[0,c]": 1}, "<=", 80)  # rates


@covers("payments.pays")
def test_topups_are_settled_over_the_year():
    """0.066 a tonne in 2031, against 0.07; what the contract brings and what it pays for nothing count."""
    dear = plant("dear", recipe={"oxide": 1.0}, operating_cost=0.07)
    offer = contract("c", "dear", fixed=True, fixed_price=0.068, take_or_pay_share=0.5, latest_year=2030)
    m = build(single(halves(plants=[dear], contracts=[offer]))).model

    assert keys(m.payments.pays) == {(0, "dear"), (2, "dear"), (3, "dear")}
    row = {
        "payments.topup[2,dear]": 1,
        "flows.act[1,dear,clean]": -0.004, "flows.act[2,dear,clean]": -0.004,
        "contracts.taken[1,c,0]": 0.002, "contracts.taken[2,c,0]": 0.002,
        "contracts.untaken[2,c,0]": 0.068,
    }  # fmt: skip
    assert_row(m.payments.pays[2, "dear"], row, ">=", 0)


def test_floors_pay_for_their_part_of_the_year():
    mill = project("mill", recipe={"oxide": 0.5}, capacity=80.0, latest_year=2030, capex=9000.0)
    m = build(single(halves(projects=[mill], floors=[floor("f", "mill")]))).model

    paid = costs(m.price_floors, "floor_payments")
    assert paid[1] == paid[2] == {"price_floors.award[0,f]": close(20 * 0.014)}


def pile(**changes: object) -> Stockpile:
    return stockpile("reserve", opening=(10.0, 5.0), **changes)


@covers("stockpiles.balance", "stockpiles.held", "stockpiles.max_fill", "stockpiles.max_release")
def test_a_stock_loses_its_part_of_the_year_s_loss():
    """19 % a year is 10 % in half a year."""
    data = halves(markets=[market("oxide")], stockpiles=[pile(max_fill=30.0, max_release=50.0)])
    lossy = {m: replace(row, annual_loss_share=0.19) for m, row in data.materials.items()}
    m = build(single(replace(data, materials=lossy))).model

    row = {
        "stockpiles.stock[1,reserve,clean]": 1,
        "stockpiles.stock[0,reserve,clean]": -0.9,
        "stockpiles.fill[1,reserve,clean]": -1,
        "stockpiles.release[1,reserve,clean]": 1,
    }
    assert_row(m.stockpiles.balance[1, "reserve", "clean"], row, "==", 0)
    row = {"stockpiles.release[1,reserve,clean]": 1, "stockpiles.stock[0,reserve,clean]": -0.9}
    assert_row(m.stockpiles.held[1, "reserve", "clean"], row, "<=", 0)
    row = {f"stockpiles.fill[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    assert_row(m.stockpiles.max_fill[1, "reserve"], row, "<=", 15)
    row = {f"stockpiles.release[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    assert_row(m.stockpiles.max_release[1, "reserve"], row, "<=", 25)


@covers("stockpiles.cover", "stockpiles.capacity")
def test_cover_is_of_consumption_as_a_rate():
    mill = plant("mill", recipe={"oxide": -1.5, "scrap": 1.0})
    data = halves(markets=[market("oxide")], plants=[mill], demand={J: 100.0}, stockpiles=[pile(days=73.0)])
    m = build(single(data)).model

    held = {f"stockpiles.stock[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    act = {f"flows.act[1,mill,{k}]": -0.2 * 1.5 / 0.5 for k in ("clean", "exposed")}
    assert_row(m.stockpiles.cover[1, "reserve"], held | act, ">=", 20)
    assert_row(m.stockpiles.capacity[1, "reserve"], held, "<=", 500)


def test_holding_costs_by_time():
    m = build(single(halves(markets=[market("oxide")], stockpiles=[pile(holding_cost=0.002)]))).model

    assert costs(m.stockpiles, "stock_holding")[1] == {
        f"stockpiles.stock[1,reserve,{k}]": 0.001 for k in ("clean", "exposed")
    }


@covers("china_share.deliveries")
def test_a_cap_is_kept_over_the_year_and_a_share_that_changes_by_the_consumption_of_its_nodes():
    """0.4 in the first half of 2031, 0.1 in the second."""
    markets = [market("clean"), market("dirty", exposed=True)]
    data = halves(markets=markets, demand={J: 100.0}, caps=[cap("ban", 0.4, sector="cars")])
    tighter = replace(data.caps["ban"], share={**data.caps["ban"].share, 203107: 0.1})
    m = build(single(replace(data, caps={"ban": tighter}))).model

    assert keys(m.china_share.deliveries) == {(n, "ban", "oxide", "deliveries") for n in (0, 2, 3)}
    sold = "flows.deliver[{},Home,cars,oxide,{}]"
    row = {
        sold.format(1, "exposed"): 0.6, sold.format(1, "clean"): -0.4,
        sold.format(2, "exposed"): 0.9, sold.format(2, "clean"): -0.1,
    }  # fmt: skip
    assert_row(m.china_share.deliveries[2, "ban", "oxide", "deliveries"], row, "<=", 0)


@covers("budgets.within", "budgets.net")
def test_a_budget_is_of_the_year_and_one_that_changes_has_the_sum_of_its_parts():
    """30 MUSD a year in the first half, 50 in the second: 40 for 2031. Payments are netted over the year."""
    data = halves(
        markets=[market("oxide")],
        projects=[project("mill", recipe={"oxide": 0.5}, capacity=80.0, latest_year=2030, capex=9000.0)],
        floors=[floor("f", "mill")],
        stockpiles=[stockpile("reserve")],
        budgets=[budget("treasury", "stockpile floors", 30.0)],
    )
    more = replace(data.budgets["treasury"], limit={**data.budgets["treasury"].limit, 203107: 50.0})
    m = build(single(replace(data, budgets={"treasury": more}))).model

    assert keys(m.budgets.within) == {(n, "treasury") for n in (0, 2, 3)}
    row = {
        "stockpiles.fill[1,reserve,clean]": 0.066,
        "stockpiles.fill[2,reserve,clean]": 0.066,
        "budgets.paid_out[2,floors,f]": 1,
    }
    assert_row(m.budgets.within[2, "treasury"], row, "<=", 40)
    row = {"budgets.paid_out[2,floors,f]": 1, "price_floors.award[0,f]": -40 * 0.014}
    assert_row(m.budgets.net[2, "floors", "f"], row, ">=", 0)


def test_all_nodes_of_a_year_are_discounted_alike():
    m = build(single(halves(markets=[market("oxide")], demand={J: 100.0}))).model

    found = total([(c, v) for c, v in zip(m.objective.expr.linear_coefs, m.objective.expr.linear_vars, strict=True)])
    assert found["flows.buy[1,oxide]"] == found["flows.buy[2,oxide]"] == close(0.066 / 1.1)
