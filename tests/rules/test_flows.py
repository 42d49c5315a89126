"""One refinery at Home that takes Chinese and clean ore, and what becomes of its oxide."""

from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import assert_row, close, costs, covers, keys, total
from tests.rules.tiny_data import (
    fork,
    lane,
    market,
    plan,
    plant,
    project,
    scenario,
    sector,
    stockpile,
    substitution,
)

from lodestone.data.plan_data import PlanData, Return
from lodestone.data.tree import single
from lodestone.rules import flows
from lodestone.rules.build import Built, build
from lodestone.rules.flow_tables import (
    demand_table,
    flows_table,
    intake_table,
    markets_table,
)

DEFENCE = ("Home", "defence", "oxide")


def refining(**changes: object) -> PlanData:
    """Two kinds of ore at Home, where oxide is made, delivered, sold and stocked; some oxide comes from Ally."""
    parts: dict[str, object] = {
        "plants": [plant("refinery", recipe={"ore": -2.5, "oxide": 0.8, "scrap": 0.1})],
        "markets": [
            market("ore_home", "ore", volume=(300.0, 310.0, 320.0), premium_share=0.5),
            market("ore_china", "ore", "China"),
            market("oxide_ally", "oxide", "Ally"),
            market("buyer", "oxide", "Home", buys=False, volume=(70.0, 80.0, 90.0), premium_share=-0.1),
        ],
        "lanes": {("ore", "China", "Home"): lane(0.002, 0.3, (500.0, 510.0, 520.0)), ("oxide", "Ally", "Home"): lane()},
        "sectors": [sector("defence", 5.0, 0.9), sector("cars", 2.0)],
        "demand": {DEFENCE: (100.0, 110.0, 120.0), ("Home", "cars", "oxide"): 40.0},
        "substitution": [substitution("thrift", "defence", 0.2, (0.1, 0.0, 0.3))],
        "stockpiles": [stockpile("reserve", opening=(10.0, 20.0))],
    }
    return plan(**(parts | changes))


@pytest.fixture
def built() -> Built:
    return build(single(refining()))


@covers("balances.made")
def test_made(built: Built):
    m = built.model
    assert keys(m.balances.made) == {(n, *batch) for n in range(3) for batch in (
        ("Home", "ore", "clean"), ("China", "ore", "exposed"), ("Ally", "oxide", "clean"),
        ("Home", "oxide", "clean"), ("Home", "oxide", "exposed"),
    )}  # fmt: skip

    row = {"flows.buy[1,ore_china]": 1, "flows.ship[1,ore,China,Home,exposed]": -1}
    assert_row(m.balances.made[1, "China", "ore", "exposed"], row, ">=", 0)
    row = {
        "flows.act[1,refinery,exposed]": 0.8,
        "stockpiles.release[1,reserve,exposed]": 1,
        "flows.ship[1,oxide,Home,Home,exposed]": -1,
    }
    assert_row(m.balances.made[1, "Home", "oxide", "exposed"], row, ">=", 0)


@covers("balances.used")
def test_used(built: Built):
    m = built.model
    assert keys(m.balances.used) == {(n, "Home", *batch) for n in range(3) for batch in (
        ("ore", "clean"), ("ore", "exposed"), ("oxide", "clean"), ("oxide", "exposed"),
    )}  # fmt: skip

    row = {  # clean ore is taken by clean activity (clean mode), or mixed in
        "flows.ship[0,ore,Home,Home,clean]": 1,
        "flows.act[0,refinery,clean]": -2.5,
        "flows.mixed[0,Home,ore,clean]": -1,
    }
    assert_row(m.balances.used[0, "Home", "ore", "clean"], row, "==", 0)
    row = {"flows.ship[0,ore,China,Home,exposed]": 1, "flows.mixed[0,Home,ore,exposed]": -1}
    assert_row(m.balances.used[0, "Home", "ore", "exposed"], row, "==", 0)
    row = {
        "flows.ship[0,oxide,Home,Home,clean]": 1,
        "flows.ship[0,oxide,Ally,Home,clean]": 1,
        "flows.deliver[0,Home,defence,oxide,clean]": -1,
        "flows.deliver[0,Home,cars,oxide,clean]": -1,
        "stockpiles.fill[0,reserve,clean]": -1,
        "flows.sell[0,buyer,clean]": -1,
    }
    assert_row(m.balances.used[0, "Home", "oxide", "clean"], row, "==", 0)


@covers("flows.intake")
def test_mixed_intake_is_what_exposed_activity_takes(built: Built):
    m = built.model
    assert keys(m.flows.intake) == {(n, "Home", "ore") for n in range(3)}
    row = {
        "flows.mixed[2,Home,ore,clean]": 1, "flows.mixed[2,Home,ore,exposed]": 1, "flows.act[2,refinery,exposed]": -2.5
    }  # fmt: skip
    assert_row(m.flows.intake[2, "Home", "ore"], row, "==", 0)


@covers("flows.intake", "balances.made", "balances.used")
def test_last_stage_gives_outputs_the_colour_of_the_unit_and_mixes_all_intake():
    m = build(single(refining(provenance=False))).model

    assert keys(m.flows.act) == {(n, "refinery", "clean") for n in range(3)}
    row = {
        "flows.mixed[2,Home,ore,clean]": 1, "flows.mixed[2,Home,ore,exposed]": 1, "flows.act[2,refinery,clean]": -2.5
    }  # fmt: skip
    assert_row(m.flows.intake[2, "Home", "ore"], row, "==", 0)
    row = {"flows.ship[0,ore,Home,Home,clean]": 1, "flows.mixed[0,Home,ore,clean]": -1}
    assert_row(m.balances.used[0, "Home", "ore", "clean"], row, "==", 0)


@covers("flows.intake")
def test_units_of_concern_take_any_mix_and_give_exposed_outputs():
    owned = plant("owned", recipe={"ore": -3.0, "oxide": 1.0}, of_concern=True)
    m = build(single(refining(plants=[owned]))).model

    assert keys(m.flows.act) == {(n, "owned", "exposed") for n in range(3)}
    row = {
        "flows.mixed[0,Home,ore,clean]": 1, "flows.mixed[0,Home,ore,exposed]": 1, "flows.act[0,owned,exposed]": -3
    }  # fmt: skip
    assert_row(m.flows.intake[0, "Home", "ore"], row, "==", 0)


@covers("flows.demand")
def test_demand(built: Built):
    m = built.model
    rows = {(n, "Home", s, "oxide") for n in range(3) for s in ("defence", "cars")}
    assert keys(m.flows.demand) == keys(m.flows.short) == rows
    row = {
        "flows.deliver[2,Home,defence,oxide,clean]": 1,
        "flows.deliver[2,Home,defence,oxide,exposed]": 1,
        "flows.avoid[2,thrift,Home,defence,oxide]": 1,
        "flows.short[2,Home,defence,oxide]": 1,
    }
    assert_row(m.flows.demand[2, "Home", "defence", "oxide"], row, "==", 120)


@covers("flows.demand")
def test_no_demand_no_row():
    m = build(single(refining(demand={DEFENCE: (100.0, 0.0, 120.0)}))).model
    assert keys(m.flows.demand) == {(0, *DEFENCE), (2, *DEFENCE)}


def test_substitution_is_bounded_by_its_share_of_demand(built: Built):
    avoid = built.model.flows.avoid
    assert keys(avoid) == {(0, "thrift", *DEFENCE), (2, "thrift", *DEFENCE)}
    assert avoid[0, "thrift", *DEFENCE].bounds == (0, 10)
    assert avoid[2, "thrift", *DEFENCE].bounds == (0, 36)


@covers("flows.service")
def test_service(built: Built):
    m = built.model
    assert keys(m.flows.service) == {(n, *DEFENCE) for n in range(3)}  # cars may go without
    assert_row(m.flows.service[1, *DEFENCE], {"flows.short[1,Home,defence,oxide]": 1}, "<=", 11)


@covers("flows.lane")
def test_lane_capacity_holds_over_both_streams():
    lanes = {("oxide", "Ally", "Home"): lane(capacity=(60.0, 0.0, 62.0)), ("oxide", "China", "Home"): lane()}
    markets = [market("clean", region="Ally"), market("resold", region="Ally", exposed=True)]
    m = build(single(plan(lanes=lanes, markets=markets, demand={DEFENCE: 100.0}))).model

    assert keys(m.flows.lane) == {(0, "oxide", "Ally", "Home"), (2, "oxide", "Ally", "Home")}
    row = {"flows.ship[2,oxide,Ally,Home,clean]": 1, "flows.ship[2,oxide,Ally,Home,exposed]": 1}
    assert_row(m.flows.lane[2, "oxide", "Ally", "Home"], row, "<=", 62)
    assert (1, "oxide", "Ally", "Home", "clean") not in m.flows.ship


@covers("flows.lane")
def test_a_lane_may_be_unlimited_in_some_years():
    lanes = {("oxide", "Ally", "Home"): lane(capacity={2030: None, 2031: 61.0, 2032: None})}
    m = build(single(plan(lanes=lanes, markets=[market("ally", region="Ally")], demand={DEFENCE: 100.0}))).model

    assert keys(m.flows.lane) == {(1, "oxide", "Ally", "Home")}
    assert keys(m.flows.ship) == {(n, "oxide", "Ally", "Home", "clean") for n in range(3)}


@covers("flows.sales")
def test_sales_keep_within_the_volume_over_both_streams(built: Built):
    m = built.model
    assert keys(m.flows.sales) == {(n, "buyer") for n in range(3)}
    row = {"flows.sell[1,buyer,clean]": 1, "flows.sell[1,buyer,exposed]": 1}
    assert_row(m.flows.sales[1, "buyer"], row, "<=", 80)


def test_purchases_are_bounded_by_the_volume(built: Built):
    buy = built.model.flows.buy
    assert buy[1, "ore_home"].bounds == (0, 310)
    assert buy[1, "ore_china"].bounds == (0, None)

    m = build(single(plan(markets=[market("later", volume={2030: None, 2031: 5.0, 2032: 0.0})]))).model
    assert {key: v.bounds for key, v in m.flows.buy.items()} == {(0, "later"): (0, None), (1, "later"): (0, 5)}


@covers("balances.made")
def test_returns_come_back_on_the_path_in_the_region_and_stream_of_the_delivery():
    markets = [market("clean", "oxide", "Home"), market("dirty", "oxide", "Home", exposed=True)]
    recycler = plant("recycler", recipe={"scrap": -1.0, "oxide": 0.5})
    data = plan(markets=markets, plants=[recycler], demand={DEFENCE: 100.0, ("Home", "cars", "oxide"): 40.0},
                returns=(Return("defence", "oxide", "scrap", 0.25, 2, clean=False),))  # fmt: skip
    m = build(fork(data, data)).model

    scrap = {key for key in m.balances.made if key[2] == "scrap"}
    assert scrap == {(n, "Home", "scrap", k) for n in (2, 4) for k in ("clean", "exposed")}
    row = {"flows.deliver[0,Home,defence,oxide,exposed]": 0.25, "flows.ship[4,scrap,Home,Home,exposed]": -1}
    assert_row(m.balances.made[4, "Home", "scrap", "exposed"], row, ">=", 0)


@covers("balances.made")
def test_returns_of_one_year_are_those_of_the_parent_node():
    markets = [market("dirty", "oxide", "Home", exposed=True)]
    recycler = plant("recycler", recipe={"scrap": -1.0, "oxide": 0.5})
    data = plan(markets=markets, plants=[recycler], demand={DEFENCE: 100.0},
                returns=(Return("defence", "oxide", "scrap", 0.25, 1, clean=True),))  # fmt: skip
    built = build(fork(data, data))

    back = {n: {batch: total(terms) for batch, terms in flows.returned(
        built.tree, built.net, built.model.flows, n).items()} for n in built.tree.nodes}  # fmt: skip
    first = {("Home", "scrap", "clean"): {"flows.deliver[0,Home,defence,oxide,exposed]": 0.25}}
    assert back[0] == {}
    assert back[1] == back[3] == first
    # in the next year the recycler has made clean oxide of that scrap, so clean deliveries come back too
    clean_scrap = {
        "flows.deliver[3,Home,defence,oxide,clean]": 0.25, "flows.deliver[3,Home,defence,oxide,exposed]": 0.25
    }  # fmt: skip
    assert back[4] == {("Home", "scrap", "clean"): clean_scrap}


def test_costs(built: Built):
    block = built.model.flows
    assert costs(block, "market_purchases")[1] == pytest.approx({
        "flows.buy[1,ore_home]": 0.004 * 1.5, "flows.buy[1,ore_china]": 0.004, "flows.buy[1,oxide_ally]": 0.066
    })  # fmt: skip
    sold = {"flows.sell[1,buyer,clean]": -0.066 * 0.9, "flows.sell[1,buyer,exposed]": -0.066 * 0.9}
    assert costs(block, "market_sales")[1] == pytest.approx(sold)
    assert costs(block, "freight") == {n: {f"flows.ship[{n},ore,China,Home,exposed]": 0.002} for n in range(3)}
    tariffs = {n: {f"flows.ship[{n},ore,China,Home,exposed]": 0.3 * 0.004} for n in range(3)}
    assert costs(block, "tariffs") == tariffs
    thrift = {n: {f"flows.avoid[{n},thrift,Home,defence,oxide]": 0.2} for n in (0, 2)}
    assert costs(block, "substitution") == thrift
    short = {"flows.short[2,Home,defence,oxide]": 5.0, "flows.short[2,Home,cars,oxide]": 2.0}
    assert costs(block, "shortage")[2] == short


def test_costs_at_the_prices_of_the_scenario():
    shock = plan(price={"oxide": (0.06, 0.2, 0.3)}, markets=[market("home")], scenario=scenario())
    m = build(fork(plan(markets=[market("home")]), shock)).model

    purchases = costs(m.flows, "market_purchases")
    assert purchases == {n: {f"flows.buy[{n},home]": price} for n, price in
                         ((0, 0.06), (1, 0.066), (2, 0.072), (3, 0.2), (4, 0.3))}  # fmt: skip


def test_exposed_deliveries_and_fills_less_releases_are_weighted_by_probability():
    """[cheat] A tie does not deliver what is clean and store what is exposed."""
    data = plan(markets=[market("china", region="China")], lanes={("oxide", "China", "Home"): lane()},
                demand={DEFENCE: 100.0}, stockpiles=[stockpile("reserve", opening=(3.0, 5.0))])  # fmt: skip
    built = build(fork(data, data))

    weights = total(flows.tainted(built.tree, built.net, built.model.flows, built.model.stockpiles))
    likely = ((0, 1), (1, 0.75), (2, 0.75), (3, 0.25), (4, 0.25))
    assert weights == {
        **{f"flows.deliver[{n},Home,defence,oxide,exposed]": p for n, p in likely},
        **{f"stockpiles.fill[{n},reserve,exposed]": p for n, p in likely},
        **{f"stockpiles.release[{n},reserve,exposed]": -p for n, p in likely},
    }


def test_projects_make_and_take_like_plants():
    mill = project("mill", recipe={"ore": -2.0, "oxide": 1.0})
    m = build(single(plan(projects=[mill], markets=[market("ore", "ore")], demand={DEFENCE: 100.0}))).model

    row = {"flows.act[0,mill,clean]": 1, "flows.ship[0,oxide,Home,Home,clean]": -1}
    assert_row(m.balances.made[0, "Home", "oxide", "clean"], row, ">=", 0)
    row = {"flows.ship[0,ore,Home,Home,clean]": 1, "flows.act[0,mill,clean]": -2}
    assert_row(m.balances.used[0, "Home", "ore", "clean"], row, "==", 0)


def test_no_more_is_designed_out_than_a_share_of_the_demand(built: Built):
    bounds = {key: v.bounds for key, v in built.model.flows.avoid.items()}

    assert {key: most for key, most in bounds.items() if most[1]} == {
        (0, "thrift", *DEFENCE): (0, close(0.1 * 100)), (2, "thrift", *DEFENCE): (0, close(0.3 * 120)),
    }  # fmt: skip


def test_tables_of_what_cannot_be_delivered_or_is_not_wanted():
    """Nothing reaches Ally, and nobody wants anything in 2031: all is 0 but the demand, and what is short of it."""
    wanted = {("Ally", "cars", "oxide"): (7.0, 0.0, 9.0)}
    built = build(single(plan(demand=wanted)))
    for variable in built.model.flows.short.values():
        variable.value = 3.0

    rows = demand_table(built.tree, built.net, built.model.flows)

    found = [(r["year"], r["demand_t"], r["clean_t"], r["exposed_t"], r["substituted_t"], r["short_t"]) for r in rows]
    assert found == [(2030, 7, 0, 0, 0, 3), (2031, 0, 0, 0, 0, 0), (2032, 9, 0, 0, 0, 3)]


def test_table_adds_up_what_several_options_design_out():
    options = [substitution(name, "defence", 0.2, 0.3) for name in ("thrift", "ferrite")]
    built = build(single(plan(demand={DEFENCE: 100.0}, substitution=options)))
    for key, variable in built.model.flows.avoid.items():
        variable.value = 2.0 if key[1] == "thrift" else 5.0
    for variable in built.model.flows.short.values():
        variable.value = 0

    rows = demand_table(built.tree, built.net, built.model.flows)

    assert [r["substituted_t"] for r in rows] == [7, 7, 7]


def test_table_of_intake_where_only_one_stream_is_at_hand():
    """Exposed activity is made of clean ore: there is no other."""
    tainted = plant("tainted", recipe={"ore": -2.0, "oxide": 1.0}, of_concern=True)
    built = build(single(plan(plants=[tainted], markets=[market("ore_home", "ore")])))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.value = 0
    built.model.flows.act[1, "tainted", "exposed"].value = 0.2
    built.model.flows.mixed[1, "Home", "ore", "clean"].value = 0.4

    rows = intake_table(built.tree, built.net, built.model.flows)

    assert rows == [
        {"region": "Home", "material": "ore", "year": 2031, "month": 1, "clean_mode_t": 0.0, "mixed_clean_t": 0.4,
         "mixed_exposed_t": 0.0}
    ]  # fmt: skip


def test_table_of_markets_at_prices_that_rise_in_their_stream():
    built = build(single(plan(markets=[market("clean"), market("dirty", exposed=True)])))
    for variable in built.model.flows.buy.values():
        variable.value = 0.5

    rows = markets_table(built.tree, built.model.flows)

    assert [(r["market"], r["year"], r["stream"]) for r in rows] == [
        (name, year, stream)
        for name, stream in (("clean", "clean"), ("dirty", "exposed"))
        for year in (2030, 2031, 2032)
    ]
    assert [r["price_usd_per_kg"] for r in rows] == close([60, 66, 72, 60, 66, 72])


@covers("balances.made")
def test_scrap_that_is_made_and_scrap_that_comes_back():
    """One tonne for one, of both rows: that of two years before counts in 2032 only."""
    shredder = plant("shredder", recipe={"oxide": -1.0, "scrap": 0.5})
    smelter = plant("smelter", recipe={"scrap": -1.0, "ore": 1.0})
    back = tuple(Return("defence", "oxide", "scrap", share, lag, clean=False) for share, lag in ((0.3, 2), (1.0, 1)))
    data = plan(plants=[shredder, smelter], markets=[market("oxide")], demand={DEFENCE: 100.0}, returns=back)
    m = build(single(data)).model

    row = {
        "flows.act[1,shredder,clean]": 0.5,
        "flows.deliver[0,Home,defence,oxide,clean]": 1,
        "flows.ship[1,scrap,Home,Home,clean]": -1,
    }
    assert_row(m.balances.made[1, "Home", "scrap", "clean"], row, ">=", 0)
    row = {
        "flows.act[2,shredder,clean]": 0.5,
        "flows.deliver[1,Home,defence,oxide,clean]": 1,
        "flows.deliver[0,Home,defence,oxide,clean]": 0.3,
        "flows.ship[2,scrap,Home,Home,clean]": -1,
    }
    assert_row(m.balances.made[2, "Home", "scrap", "clean"], row, ">=", 0)


def test_table_of_a_material_that_has_no_price():
    """Slag is neither traded nor taxed."""
    mill = plant("mill", recipe={"oxide": 1.0, "slag": 1.0}, at_market=False)
    filler = plant("filler", recipe={"slag": -1.0, "scrap": 1.0}, at_market=False)
    data = plan(materials=("oxide", "scrap", "slag"), plants=[mill, filler])
    built = build(single(data))
    for key, ship in built.model.flows.ship.items():
        ship.value = 2.0 if key == (0, "slag", "Home", "Home", "clean") else 0.0

    assert flows_table(built.tree, built.model.flows) == [
        {"material": "slag", "from_region": "Home", "to_region": "Home", "year": 2030, "month": 1, "stream": "clean",
         "t": 2.0,
         "freight_musd": 0.0, "tariff_musd": 0.0}
    ]  # fmt: skip


@covers("balances.made")
def test_what_is_bought_has_the_colour_of_its_market():
    m = build(single(plan(markets=[market("clean"), market("dirty", exposed=True)], demand={DEFENCE: 100.0}))).model

    for name, stream in (("clean", "clean"), ("dirty", "exposed")):
        row = {f"flows.buy[0,{name}]": 1, f"flows.ship[0,oxide,Home,Home,{stream}]": -1}
        assert_row(m.balances.made[0, "Home", "oxide", stream], row, ">=", 0)


# --- version 2 ------------------------------------------------------------------------------------------------------


def test_prices_have_a_region():
    """Oxide is dear at Home and cheap in Ally: each market and each plant sees its own price."""
    mint = plant("mint", region="Ally", recipe={"oxide": 0.5})
    prices = {("oxide", "Home"): 0.1, ("oxide", "Ally"): 0.02, "oxide": 0.05}
    data = plan(plants=[mint], markets=[market("home"), market("ally", region="Ally")], price=prices)
    m = build(single(data)).model

    assert costs(m.flows, "market_purchases")[1] == {"flows.buy[1,home]": 0.1, "flows.buy[1,ally]": 0.02}
    assert costs(m.payments, "payments_to_units")[1] == {"flows.act[1,mint,clean]": close(0.01)}


@pytest.mark.parametrize(
    ("tariff", "least", "expected"),
    [
        (0.25, None, 0.005),  # of the price where the lane starts
        (0.25, 0.024, 0.005),  # the tariff is more than what lifts the price to 0.024
        (0.25, 0.03, 0.01),
        (0.0, 0.03, 0.01),
        (0.0, 0.01, 0.0),  # dearer already
    ],
)
def test_a_duty_lifts_the_price_to_the_least_import_price(tariff, least, expected):
    prices = {("oxide", "Home"): 0.1, ("oxide", "Ally"): 0.02, ("oxide", "China"): 0.05}
    lanes = {("oxide", "Ally", "Home"): replace(lane(0.0, tariff), min_price=least)}
    m = build(single(plan(markets=[market("ally", region="Ally")], price=prices, lanes=lanes,
                          demand={DEFENCE: 100.0}))).model  # fmt: skip

    duties = {1: {"flows.ship[1,oxide,Ally,Home,clean]": close(expected)}} if expected else {}
    assert {n: row for n, row in costs(m.flows, "tariffs").items() if n == 1} == duties


def test_a_duty_by_origin_is_paid_on_exposed_material_only():
    lanes = {("oxide", "Ally", "Home"): replace(lane(0.0, 0.5), applies_to="exposed")}
    markets = [market("clean", region="Ally"), market("dirty", region="Ally", exposed=True)]
    m = build(single(plan(markets=markets, lanes=lanes, demand={DEFENCE: 100.0}))).model

    assert costs(m.flows, "tariffs")[0] == {"flows.ship[0,oxide,Ally,Home,exposed]": close(0.03)}


@covers("balances.made")
def test_scrap_in_a_region_of_concern_is_exposed():
    """[cheat] Whatever its row says, and of clean deliveries too."""
    back = (Return("cars", "oxide", "scrap", 0.5, 1, clean=True),)
    smelter = plant("smelter", region="China", recipe={"scrap": -1.0, "ore": 1.0})
    clean = market("clean", region="China", exposed=False)
    data = plan(plants=[smelter], markets=[clean], demand={("China", "cars", "oxide"): 10.0}, returns=back)
    m = build(single(data)).model

    row = {"flows.deliver[0,China,cars,oxide,clean]": 0.5, "flows.ship[1,scrap,China,China,exposed]": -1}
    assert_row(m.balances.made[1, "China", "scrap", "exposed"], row, ">=", 0)
    assert (1, "China", "scrap", "clean") not in m.balances.made


@covers("balances.used")
def test_what_arrives_where_nobody_may_use_it_does_not_come():
    """A reserve of the ally's takes no exposed oxide, and nobody else there takes any."""
    pile = stockpile("reserve", region="Ally", covers=("Ally",), clean_only=True)
    markets = [market("clean"), market("dirty", exposed=True)]
    m = build(single(plan(markets=markets, lanes={("oxide", "Home", "Ally"): lane()}, stockpiles=[pile]))).model

    assert_row(m.balances.used[0, "Ally", "oxide", "exposed"], {"flows.ship[0,oxide,Home,Ally,exposed]": 1}, "==", 0)


def test_what_flows_may_be_summed_over_the_periods_of_a_year(built: Built):
    """What links periods may not: what is designed out has a ramp."""
    flow = built.model.flows
    told = {amount.local_name: before for amount, before in flow.period_before.items()}
    assert set(told) == {"act", "buy", "sell", "ship", "deliver", "mixed", "short"}
    assert all(before is built.tree.period_before for before in told.values())
