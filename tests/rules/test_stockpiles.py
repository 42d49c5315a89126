from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import assert_row, close, costs, covers, keys
from tests.rules.tiny_data import cap, fork, market, plan, plant, project, scenario, stockpile

from lodestone.data.plan_data import Material, PlanData, ShareCap
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.rules.stockpiles import credited_demand, table

LOSS = {m: Material(m, None, None, share) for m, share in (("ore", 0.0), ("oxide", 0.1), ("scrap", 0.0))}
MARKETS = [market("clean"), market("dirty", exposed=True)]  # both at Home, where the reserve stands


def stocked(**reserve: object) -> PlanData:
    return plan(markets=MARKETS, stockpiles=[stockpile("reserve", **reserve)])


@covers("stockpiles.balance")
def test_stock_is_what_is_left_plus_fill_less_release():
    m = build(single(replace(stocked(opening=(30.0, 50.0)), materials=LOSS))).model

    rows = {(n, "reserve", k) for n in range(3) for k in ("clean", "exposed")}
    assert keys(m.stockpiles.balance) == keys(m.stockpiles.stock) == keys(m.stockpiles.fill) == rows
    row = {
        "stockpiles.stock[0,reserve,exposed]": 1,
        "stockpiles.fill[0,reserve,exposed]": -1,
        "stockpiles.release[0,reserve,exposed]": 1,
    }
    assert_row(m.stockpiles.balance[0, "reserve", "exposed"], row, "==", 45)  # the opening stock loses too
    row = {
        "stockpiles.stock[2,reserve,clean]": 1,
        "stockpiles.stock[1,reserve,clean]": -0.9,
        "stockpiles.fill[2,reserve,clean]": -1,
        "stockpiles.release[2,reserve,clean]": 1,
    }
    assert_row(m.stockpiles.balance[2, "reserve", "clean"], row, "==", 0)


@covers("stockpiles.balance", "stockpiles.held")
def test_stock_follows_the_path():
    data = stocked(opening=(30.0, 0.0))
    m = build(fork(data, data)).model

    row = {
        "stockpiles.stock[3,reserve,clean]": 1,
        "stockpiles.stock[0,reserve,clean]": -1,
        "stockpiles.fill[3,reserve,clean]": -1,
        "stockpiles.release[3,reserve,clean]": 1,
    }
    assert_row(m.stockpiles.balance[3, "reserve", "clean"], row, "==", 0)
    row = {"stockpiles.release[3,reserve,clean]": 1, "stockpiles.stock[0,reserve,clean]": -1}
    assert_row(m.stockpiles.held[3, "reserve", "clean"], row, "<=", 0)


@covers("stockpiles.held")
def test_release_comes_out_of_what_was_there_before():
    """[cheat] Nothing passes through a stockpile in one year."""
    m = build(single(replace(stocked(opening=(30.0, 0.0)), materials=LOSS))).model

    # nothing exposed can be released in 2030: none was there
    released = {(0, "reserve", "clean"), *((n, "reserve", k) for n in (1, 2) for k in ("clean", "exposed"))}
    assert keys(m.stockpiles.held) == keys(m.stockpiles.release) == released
    assert_row(m.stockpiles.held[0, "reserve", "clean"], {"stockpiles.release[0,reserve,clean]": 1}, "<=", 27)
    row = {"stockpiles.release[1,reserve,exposed]": 1, "stockpiles.stock[0,reserve,exposed]": -0.9}
    assert_row(m.stockpiles.held[1, "reserve", "exposed"], row, "<=", 0)


@covers("stockpiles.capacity", "stockpiles.max_fill", "stockpiles.max_release")
def test_limits_hold_over_both_streams():
    data = stocked(opening=(30.0, 50.0), capacity=400.0, max_fill=25.0, max_release=35.0)
    m = build(single(data)).model

    every_year = {(n, "reserve") for n in range(3)}
    assert keys(m.stockpiles.capacity) == keys(m.stockpiles.max_fill) == keys(m.stockpiles.max_release) == every_year
    both = {"stockpiles.{}[1,reserve,clean]": 1, "stockpiles.{}[1,reserve,exposed]": 1}
    for row, variable, most in (("capacity", "stock", 400), ("max_fill", "fill", 25), ("max_release", "release", 35)):
        terms = {name.format(variable): c for name, c in both.items()}
        assert_row(getattr(m.stockpiles, row)[1, "reserve"], terms, "<=", most)


@covers("stockpiles.max_fill", "stockpiles.max_release")
def test_blank_limits_are_none():
    m = build(single(stocked(opening=(30.0, 50.0)))).model

    assert keys(m.stockpiles.max_fill) == keys(m.stockpiles.max_release) == set()


def consuming(**reserve: object) -> PlanData:
    """Oxide is consumed by two sectors and a mill at Home, by a sector in Ally and in China."""
    mill = plant("mill", recipe={"oxide": -1.5, "scrap": 1.0})
    demand = {("Home", "defence", "oxide"): (100.0, 110.0, 120.0), ("Home", "cars", "oxide"): 40.0,
              ("Ally", "cars", "oxide"): 1000.0, ("Home", "cars", "ore"): 7.0}  # fmt: skip
    return plan(markets=MARKETS, plants=[mill], demand=demand, stockpiles=[stockpile("reserve", **reserve)])


@covers("stockpiles.cover")
def test_days_of_cover_of_demand_and_intake():
    m = build(single(consuming(opening=(1.0, 0.0), days={2031: 73.0, 2032: 146.0}))).model

    assert keys(m.stockpiles.cover) == {(1, "reserve"), (2, "reserve")}
    row = {  # a fifth of a year: of 110 + 40 t of demand, and of what the mill takes in
        "stockpiles.stock[1,reserve,clean]": 1,
        "stockpiles.stock[1,reserve,exposed]": 1,
        "flows.act[1,mill,clean]": -0.2 * 1.5,
        "flows.act[1,mill,exposed]": -0.2 * 1.5,
    }
    assert_row(m.stockpiles.cover[1, "reserve"], row, ">=", 0.2 * 150)


@covers("stockpiles.cover")
def test_cover_counts_every_region_it_names_and_days_of_0_ask_for_nothing():
    m = build(single(consuming(days=(0.0, None, 36.5), covers=("Home", "Ally")))).model

    assert keys(m.stockpiles.cover) == {(2, "reserve")}
    row = {
        "stockpiles.stock[2,reserve,clean]": 1,
        "stockpiles.stock[2,reserve,exposed]": 1,
        "flows.act[2,mill,clean]": -0.1 * 1.5,
        "flows.act[2,mill,exposed]": -0.1 * 1.5,
    }
    assert_row(m.stockpiles.cover[2, "reserve"], row, ">=", 0.1 * 1160)


@covers("stockpiles.cover")
def test_cover_of_a_reserve_that_cannot_be_filled_has_a_row():
    data = plan(demand={("Home", "cars", "oxide"): 100.0}, stockpiles=[stockpile("reserve", days=73.0)])
    m = build(single(data)).model

    assert_row(m.stockpiles.cover[0, "reserve"], {"stockpiles.stock[0,reserve,clean]": 1}, ">=", 20)
    assert_row(m.stockpiles.balance[0, "reserve", "clean"], {"stockpiles.stock[0,reserve,clean]": 1}, "==", 0)


@covers("stockpiles.cover")
def test_cover_is_suspended_in_an_emergency_and_while_it_is_refilled():
    reserve = stockpile("reserve", days=73.0)
    emergency = scenario(emergency=(2031, 2032), refill_years=1)
    data = plan(demand={("Home", "cars", "oxide"): 40.0}, stockpiles=[reserve], last_year=2034, scenario=emergency)
    m = build(single(data)).model

    assert keys(m.stockpiles.cover) == {(n, "reserve") for n in range(5)}
    assert keys(m.stockpiles.lacking) == {(n, "reserve") for n in (1, 2, 3)}


@covers("stockpiles.cover")
def test_what_a_suspended_cover_lacks_at_the_end_is_owed():
    """[cheat] In the scenario only, at its price of 2032; the base covers its days."""
    base = consuming(days=73.0)
    price = {key: {203001: 0.06, 203101: 0.2, 203201: 0.3} for key in base.price if key[0] == "oxide"}
    shock = replace(base, price=base.price | price, scenario=scenario(emergency=(2031, 2031), refill_years=1))
    m = build(fork(base, shock)).model

    assert keys(m.stockpiles.cover) == {(n, "reserve") for n in range(5)}
    assert keys(m.stockpiles.lacking) == {(3, "reserve"), (4, "reserve")}
    row = {
        "stockpiles.stock[4,reserve,clean]": 1,
        "stockpiles.stock[4,reserve,exposed]": 1,
        "stockpiles.lacking[4,reserve]": 1,
        "flows.act[4,mill,clean]": -0.3,
        "flows.act[4,mill,exposed]": -0.3,
    }
    assert_row(m.stockpiles.cover[4, "reserve"], row, ">=", 0.2 * 160)
    assert costs(m.stockpiles, "owed_beyond_horizon") == {4: {"stockpiles.lacking[4,reserve]": 0.3}}


@covers("stockpiles.credit_held", "stockpiles.credit_limit")
def test_stock_at_the_end_is_credited_up_to_the_opening_stock_and_the_cover():
    """[cheat] Emergency or not: hoarding to the end earns nothing."""
    m = build(single(consuming(opening=(5.0, 3.0), days=73.0))).model

    assert keys(m.stockpiles.credit_held) == keys(m.stockpiles.credit_limit) == {(2, "reserve")}
    row = {
        "stockpiles.credited[2,reserve]": 1,
        "stockpiles.stock[2,reserve,clean]": -1,
        "stockpiles.stock[2,reserve,exposed]": -1,
    }
    assert_row(m.stockpiles.credit_held[2, "reserve"], row, "<=", 0)
    row = {"stockpiles.credited[2,reserve]": 1}
    assert_row(m.stockpiles.credit_limit[2, "reserve"], row, "<=", 0.2 * 160)  # of demand alone; more than 8
    assert costs(m.stockpiles, "stock_credit") == {2: {"stockpiles.credited[2,reserve]": close(-0.5 * 0.072)}}


@covers("stockpiles.credit_limit")
def test_credit_of_a_suspended_leaf_still_counts_the_cover():
    base = consuming(opening=(5.0, 3.0), days=73.0)
    shock = replace(base, scenario=scenario(emergency=(2031, 2032)))
    m = build(fork(base, shock)).model

    assert keys(m.stockpiles.credit_limit) == {(2, "reserve"), (4, "reserve")}
    row = {"stockpiles.credited[4,reserve]": 1}
    assert_row(m.stockpiles.credit_limit[4, "reserve"], row, "<=", 0.2 * 160)
    row = {  # [cheat] what is lacking is owed, and counts as held
        "stockpiles.credited[4,reserve]": 1,
        "stockpiles.stock[4,reserve,clean]": -1,
        "stockpiles.stock[4,reserve,exposed]": -1,
        "stockpiles.lacking[4,reserve]": -1,
    }
    assert_row(m.stockpiles.credit_held[4, "reserve"], row, "<=", 0)


@covers("stockpiles.credit_limit")
def test_credit_without_cover_is_up_to_the_opening_stock():
    m = build(single(stocked(opening=(5.0, 3.0)))).model

    assert_row(m.stockpiles.credit_limit[2, "reserve"], {"stockpiles.credited[2,reserve]": 1}, "<=", 8)


def test_holding_costs_what_is_held_at_year_end():
    m = build(single(stocked(opening=(30.0, 0.0), holding_cost=0.002))).model

    assert costs(m.stockpiles, "stock_holding") == {
        n: {f"stockpiles.stock[{n},reserve,{k}]": 0.002 for k in ("clean", "exposed")} for n in range(3)
    }


@pytest.mark.parametrize("covers_", [("Home",), ("Ally",)])
def test_intake_of_a_project_is_consumption_where_it_stands(covers_):
    mill = project("mill", recipe={"oxide": -2.0, "scrap": 1.0}, latest_year=2030)
    data = plan(projects=[mill], markets=MARKETS, stockpiles=[stockpile("reserve", days=365.0, covers=covers_)])
    m = build(single(data)).model

    row = {"stockpiles.stock[0,reserve,clean]": 1, "stockpiles.stock[0,reserve,exposed]": 1}
    if covers_ == ("Home",):
        row |= {"flows.act[0,mill,clean]": -2, "flows.act[0,mill,exposed]": -2}
    assert_row(m.stockpiles.cover[0, "reserve"], row, ">=", 0)


@covers("stockpiles.cover")
def test_cover_adds_up_the_intake_of_every_region():
    mills = [plant(f"mill_{r}", r, recipe={"oxide": -1.0, "scrap": 1.0}) for r in ("Home", "Ally")]
    markets = [*MARKETS, market("ally", region="Ally")]
    pile = stockpile("reserve", days=73.0, covers=("Home", "Ally"))
    m = build(single(plan(markets=markets, plants=mills, stockpiles=[pile]))).model

    row = {f"stockpiles.stock[0,reserve,{k}]": 1 for k in ("clean", "exposed")}
    row |= {f"flows.act[0,mill_Home,{k}]": -0.2 for k in ("clean", "exposed")} | {"flows.act[0,mill_Ally,clean]": -0.2}
    assert_row(m.stockpiles.cover[0, "reserve"], row, ">=", 0)


def test_table_of_a_stream_that_is_not_there_and_of_little_consumption():
    """Only clean oxide can be bought; 0.4 t are consumed in 2031 and nothing in 2030."""
    demand = {("Home", "cars", "oxide"): (0.0, 0.4, 100.0)}
    built = build(single(plan(markets=MARKETS[:1], demand=demand, stockpiles=[stockpile("reserve")])))
    block = built.model.stockpiles
    for variable in [*block.stock.values(), *block.fill.values(), *block.release.values()]:
        variable.value = 0
    block.stock[1, "reserve", "clean"].value = 0.2

    rows = table(built.tree, block)

    assert [r["days_of_cover"] for r in rows] == [None, close(0.5 * 365), 0.0]
    assert [(r["exposed_t"], r["fill_exposed_t"], r["release_exposed_t"]) for r in rows] == [(0, 0, 0)] * 3


def test_table_counts_intake_as_consumption():
    built = build(single(consuming()))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.value = 0
    built.model.flows.act[0, "mill", "clean"].value = 10.0

    assert [r["consumption_t"] for r in table(built.tree, built.model.stockpiles)] == close([140 + 15, 150, 160])


def test_table_of_what_is_put_in_and_taken_out_of_each_stream():
    built = build(single(stocked(opening=(30.0, 50.0))))
    block = built.model.stockpiles
    for variable in built.model.component_data_objects(pyo.Var):
        variable.value = 0
    for number, (var, k) in enumerate(((v, k) for v in ("stock", "fill", "release") for k in ("clean", "exposed")), 1):
        getattr(block, var)[1, "reserve", k].value = number

    (row,) = (r for r in table(built.tree, block) if r["year"] == 2031)

    columns = ("stock_t", "exposed_t", "fill_clean_t", "fill_exposed_t", "release_clean_t", "release_exposed_t")
    assert [row[column] for column in columns] == [3, 2, 3, 4, 5, 6]


@covers("stockpiles.cover")
def test_half_a_day_of_cover_is_asked_for():
    m = build(single(consuming(days=0.5))).model

    assert keys(m.stockpiles.cover) == {(n, "reserve") for n in range(3)}


@covers("stockpiles.balance", "stockpiles.held")
def test_a_stream_that_comes_later_has_no_stock_before():
    """Exposed oxide can be bought from 2031 on."""
    late = market("dirty", exposed=True, volume=(0.0, 50.0, 50.0))
    m = build(single(plan(markets=[MARKETS[0], late], stockpiles=[stockpile("reserve")]))).model

    assert (0, "reserve", "exposed") not in keys(m.stockpiles.stock)
    row = {"stockpiles.stock[1,reserve,exposed]": 1, "stockpiles.fill[1,reserve,exposed]": -1}
    assert_row(m.stockpiles.balance[1, "reserve", "exposed"], row, "==", 0)


@covers("stockpiles.least")
def test_a_least_stock_is_asked_for_whatever_the_days_say():
    m = build(single(consuming(opening=(50.0, 0.0), least_t=0.5))).model
    assert len(keys(m.stockpiles.least)) == 3  # however little
    m = build(single(consuming(opening=(50.0, 0.0), days=73.0, least_t=40.0))).model

    held = {f"stockpiles.stock[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    assert keys(m.stockpiles.least) == {(n, "reserve") for n in range(3)}
    assert_row(m.stockpiles.least[1, "reserve"], held, ">=", 40)
    assert_row(m.stockpiles.credit_limit[2, "reserve"], {"stockpiles.credited[2,reserve]": 1}, "<=", 50)


@covers("stockpiles.least", "stockpiles.lacking_most")
def test_what_is_lacking_is_no_more_than_what_is_asked_for():
    emergency = scenario(emergency=(2031, 2031))
    data = replace(consuming(opening=(50.0, 0.0), days=73.0, least_t=40.0), scenario=emergency)
    m = build(single(data)).model

    assert keys(m.stockpiles.lacking) == {(1, "reserve")}
    held = {f"stockpiles.stock[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    assert_row(m.stockpiles.least[1, "reserve"], held | {"stockpiles.lacking[1,reserve]": 1}, ">=", 40)
    act = {f"flows.act[1,mill,{k}]": -0.3 for k in ("clean", "exposed")}
    row = {"stockpiles.lacking[1,reserve]": 1} | act
    assert_row(m.stockpiles.lacking_most[1, "reserve"], row, "<=", 0.2 * 150 + 40)


def test_an_emergency_frees_the_stockpiles_that_it_names():
    emergency = replace(scenario(emergency=(2031, 2031)), emergency_stockpiles=frozenset({"other"}))
    built = build(single(replace(consuming(days=73.0), scenario=emergency)))
    m = built.model

    assert [(r["suspended"], r["required_t"]) for r in table(built.tree, m.stockpiles)] == [
        ("no", close(0.2 * t)) for t in (140, 150, 160)
    ]  # fmt: skip
    assert keys(m.stockpiles.lacking) == set()
    assert keys(m.stockpiles.cover) == {(n, "reserve") for n in range(3)}


def test_a_lacking_tonne_costs_what_not_holding_it_saves():
    """[cheat] In 2031: 0.002 to hold and 0.1 x 0.066 of interest, 1 % lost of 0.066, and it is cheaper in 2032."""
    base = consuming(days=73.0, holding_cost=0.002)
    lossy = {m: replace(row, annual_loss_share=0.01) for m, row in base.materials.items()}
    prices = {key: {203001: 0.06, 203101: 0.066, 203201: 0.05} for key in base.price if key[0] == "oxide"}
    data = replace(base, materials=lossy, price=base.price | prices,
                   scenario=scenario(emergency=(2031, 2032)))  # fmt: skip
    m = build(single(data)).model

    assert costs(m.stockpiles, "lacking_cover") == {
        1: {"stockpiles.lacking[1,reserve]": close(0.002 + 0.0066 + 0.00066 + 0.016)},
        2: {"stockpiles.lacking[2,reserve]": close(0.002 + 0.005 + 0.0005)},
    }
    assert costs(m.stockpiles, "owed_beyond_horizon") == {2: {"stockpiles.lacking[2,reserve]": 0.05}}


def test_a_lacking_tonne_costs_by_the_cheapest_of_the_next_nodes():
    base = replace(consuming(days=73.0), scenario=scenario("base", emergency=(2030, 2030)))
    prices = {key: {203001: 0.06, 203101: 0.02, 203201: 0.05} for key in base.price if key[0] == "oxide"}
    m = build(fork(base, replace(base, price=base.price | prices, scenario=scenario(emergency=(2030, 2030))))).model

    # 0.1 x 0.06 of interest, and 0.06 - 0.02
    assert costs(m.stockpiles, "lacking_cover") == {0: {"stockpiles.lacking[0,reserve]": close(0.006 + 0.04)}}


@covers("stockpiles.cover")
def test_days_may_count_demand_alone():
    m = build(single(consuming(opening=(1.0, 0.0), days=73.0, counts="demand"))).model

    held = {f"stockpiles.stock[1,reserve,{k}]": 1 for k in ("clean", "exposed")}
    assert_row(m.stockpiles.cover[1, "reserve"], held, ">=", 0.2 * 150)


@covers("stockpiles.usable")
def test_cover_must_be_usable_where_caps_name_sectors():
    """[cheat] Defence may take nothing exposed: its 110 t are covered clean. Cars may take 30 %, the least of two."""
    caps = [cap("ban", 0.0, sector="defence"), cap("loose", 0.9, sector="cars"), cap("cars", 0.3, sector="cars"),
            cap("elsewhere", 0.0, sector="cars", regions=("Ally",)), cap("all", 0.1)]  # fmt: skip
    data = replace(consuming(opening=(1.0, 0.0), days=73.0), caps={c.name: c for c in timed_caps(caps)})
    m = build(single(data)).model

    row = {"stockpiles.stock[1,reserve,clean]": 1}
    assert_row(m.stockpiles.usable[1, "reserve"], row, ">=", 0.2 * (110 + 0.7 * 40))


def timed_caps(caps: list[ShareCap]) -> list[ShareCap]:
    return list(plan(caps=caps).caps.values())


@covers("stockpiles.usable")
def test_without_caps_of_sectors_any_stock_is_usable():
    m = build(single(consuming(opening=(1.0, 0.0), days=73.0))).model

    assert keys(m.stockpiles.usable) == set()


def test_a_reserve_for_clean_material_takes_no_other():
    m = build(single(stocked(opening=(3.0, 5.0), clean_only=True))).model

    assert keys(m.stockpiles.fill) == {(n, "reserve", "clean") for n in range(3)}
    assert (0, "reserve", "exposed") in m.stockpiles.release  # what is there may leave


@covers("stockpiles.balance", "stockpiles.held")
def test_what_is_held_in_a_region_of_concern_is_exposed():
    """[cheat] Whatever its row says, and what is put in clean too."""
    markets = [market("clean", region="China", exposed=False), market("dirty", region="China")]
    pile = stockpile("abroad", region="China", opening=(30.0, 5.0), covers=("China",))
    m = build(single(plan(markets=markets, stockpiles=[pile]))).model

    row = {
        "stockpiles.stock[0,abroad,exposed]": 1,
        "stockpiles.fill[0,abroad,clean]": -1,
        "stockpiles.fill[0,abroad,exposed]": -1,
        "stockpiles.release[0,abroad,exposed]": 1,
    }
    assert_row(m.stockpiles.balance[0, "abroad", "exposed"], row, "==", 35)
    assert_row(m.stockpiles.held[0, "abroad", "exposed"], {"stockpiles.release[0,abroad,exposed]": 1}, "<=", 35)
    assert {k for _, _, k in keys(m.stockpiles.release)} == {"exposed"}
    assert_row(m.stockpiles.balance[0, "abroad", "clean"], {"stockpiles.stock[0,abroad,clean]": 1}, "==", 0)


@pytest.mark.parametrize(
    ("opening", "least", "by_which"),
    [((10.0, 9.0), 0.0, 100.0), ((10.0, 10.0), 0.0, 100.0), ((10.0, 11.0), 0.0, 0.0), ((1.0, 0.0), 21.0, 0.0)],
)
def test_a_day_more_moves_what_is_credited_where_the_days_are_the_limit(opening, least, by_which):
    """73 days of 100 t are 20 t; of ore, and of what others consume, nothing counts."""
    demand = {("Home", "cars", "oxide"): (70.0, 80.0, 60.0), ("Home", "toys", "oxide"): 40.0,
              ("Ally", "cars", "oxide"): 9.0, ("Home", "cars", "ore"): 9.0}  # fmt: skip
    pile = stockpile("reserve", opening=opening, least_t=least, days=73.0)
    assert credited_demand(single(plan(demand=demand, stockpiles=[pile])), 2, "reserve") == close(by_which)


@covers("stockpiles.usable")
def test_a_sector_that_no_cap_names_takes_any_stock():
    caps = timed_caps([cap("half", 0.5, sector="defence")])
    data = replace(consuming(opening=(1.0, 0.0), days=73.0), caps={c.name: c for c in caps})
    m = build(single(data)).model

    assert_row(m.stockpiles.usable[1, "reserve"], {"stockpiles.stock[1,reserve,clean]": 1}, ">=", 0.2 * 0.5 * 110)


@covers("stockpiles.usable", "stockpiles.least")
def test_what_is_lacking_need_not_be_usable():
    emergency = scenario(emergency=(2031, 2031))
    caps = timed_caps([cap("ban", 0.0, sector="defence")])
    data = replace(consuming(opening=(1.0, 0.0), days=73.0), caps={c.name: c for c in caps}, scenario=emergency)
    m = build(single(data)).model

    row = {"stockpiles.stock[1,reserve,clean]": 1, "stockpiles.lacking[1,reserve]": 1}
    assert_row(m.stockpiles.usable[1, "reserve"], row, ">=", 0.2 * 110)
    assert keys(m.stockpiles.least) == set()


@covers("stockpiles.usable")
def test_a_day_of_little_is_asked_for_clean():
    caps = timed_caps([cap("ban", 0.0, sector="defence")])
    data = replace(consuming(opening=(1.0, 0.0), days=1.0), caps={c.name: c for c in caps})
    m = build(single(data)).model

    assert_row(m.stockpiles.usable[1, "reserve"], {"stockpiles.stock[1,reserve,clean]": 1}, ">=", 110 / 365)
