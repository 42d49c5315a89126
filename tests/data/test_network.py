"""Index lists hold what can be more than 0, and nothing else: a chain is followed node by node."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.make import Book, tiny, with_plants, write_book
from tests.rules.tiny_data import fork, lane, market, plan, plant, project, scenario, stockpile, substitution

from lodestone.data.network import decision_nodes, largest_capacity, network
from lodestone.data.plan_data import PlanData, Return, Series, time_of
from lodestone.data.tree import single
from lodestone.solve.one_scenario import scenario_data
from lodestone.workbook.inputs import load

HOME = ("Home", "cars", "oxide")
BOTH = ["clean", "exposed"]


def test_nothing_is_made_so_nothing_moves():
    net = network(single(plan(demand={HOME: 100.0})))[0]

    assert net.short == [HOME]
    assert (net.buy, net.ship, net.deliver, net.act, net.avoid, net.sell) == ([], [], [], [], [], [])


def test_material_moves_only_where_someone_wants_it():
    lanes = {("oxide", "China", "Home"): lane(), ("oxide", "China", "Ally"): lane()}
    net = network(single(plan(markets=[market("china", region="China")], lanes=lanes, demand={HOME: 100.0})))[0]

    assert net.ship == [("oxide", "China", "Home", "exposed")]
    assert net.deliver == [(HOME, "exposed")]


def test_nothing_moves_on_in_the_year_in_which_it_came():
    lanes = {("oxide", "China", "Ally"): lane(), ("oxide", "Ally", "Home"): lane()}
    net = network(single(plan(markets=[market("china", region="China")], lanes=lanes, demand={HOME: 100.0})))[0]

    assert net.ship == net.deliver == []  # Ally makes none


def test_a_lane_without_capacity_is_shut_for_that_year():
    lanes = {("oxide", "China", "Home"): lane(capacity=(10.0, 0.0, 10.0))}
    nets = network(single(plan(markets=[market("china", region="China")], lanes=lanes, demand={HOME: 100.0})))

    assert [bool(nets[n].ship) for n in range(3)] == [bool(nets[n].deliver) for n in range(3)] == [True, False, True]


def test_markets_without_volume_and_years_without_demand():
    data = plan(markets=[market("home", volume=(0.0, 5.0, 5.0)), market("buyer", buys=False, volume=(5.0, 5.0, 0.0))],
                demand={HOME: (100.0, 0.0, 100.0)})  # fmt: skip
    nets = network(single(data))

    assert [nets[n].buy for n in range(3)] == [[], ["home"], ["home"]]
    assert [nets[n].sell for n in range(3)] == [[], [("buyer", "clean")], []]
    assert [nets[n].short for n in range(3)] == [[HOME], [], [HOME]]
    assert [nets[n].deliver for n in range(3)] == [[], [], [(HOME, "clean")]]


def test_units_work_once_all_their_inputs_can_arrive():
    chain = [
        plant("refinery", recipe={"ore": -2.0, "scrap": -1.0, "oxide": 1.0}),
        plant("mine", recipe={"ore": 1.0}),
        plant("collector", recipe={"scrap": 1.0}, capacity=(0.0, 10.0, 10.0)),
    ]
    nets = network(single(plan(plants=chain)))

    assert nets[0].act == [("mine", "clean")]
    assert nets[1].act == [("refinery", "clean"), ("mine", "clean"), ("collector", "clean")]


@pytest.mark.parametrize(
    ("ore", "streams"),
    [
        ([], []),
        ([market("clean", "ore")], ["clean"]),
        ([market("dirty", "ore", exposed=True)], ["exposed"]),
        ([market("clean", "ore"), market("dirty", "ore", exposed=True)], BOTH),
    ],
)
def test_exposure_reaches_along_the_chain(ore, streams):
    """Refinery, then magnet maker: each is exposed where its input can be, and clean where all its input can be."""
    chain = [plant("maker", recipe={"oxide": -1.0, "scrap": 1.0}), plant("refinery", recipe={"ore": -2.0, "oxide": 1})]
    net = network(single(plan(plants=chain, markets=ore, demand={("Home", "cars", "scrap"): 9.0})))[0]

    assert net.act == [(u, k) for u in ("maker", "refinery") for k in streams]
    assert [k for _, k in net.deliver] == streams
    assert {k for _, _, k in net.mixed} == ({"exposed", *streams} if "exposed" in streams else set())


def test_two_inputs_of_which_one_is_exposed():
    two = plant("refinery", recipe={"ore": -2.0, "scrap": -1.0, "oxide": 1.0})
    markets = [market("dirty_ore", "ore", exposed=True), market("scrap", "scrap")]
    net = network(single(plan(plants=[two], markets=markets)))[0]

    assert net.act == [("refinery", "exposed")]
    assert net.mixed == [("Home", "ore", "exposed"), ("Home", "scrap", "clean")]


def test_units_of_concern_have_exposed_activity_only():
    mines = [plant("owned", recipe={"ore": 1.0}, of_concern=True), plant("abroad", "China", recipe={"ore": 1.0})]
    net = network(single(plan(plants=mines)))[0]

    assert net.act == [("owned", "exposed"), ("abroad", "exposed")]


def test_last_stage_gives_each_unit_one_colour():
    plants = [plant("home"), plant("owned", of_concern=True)]
    markets = [market("clean", "ore"), market("dirty", "ore", exposed=True)]
    net = network(single(plan(plants=plants, markets=markets, provenance=False)))[0]

    assert net.act == [("home", "clean"), ("owned", "exposed")]
    assert net.mixed == [("Home", "ore", "clean"), ("Home", "ore", "exposed")]


def test_substitution_where_there_is_a_share():
    options = [substitution("thrift", "cars", 0.1, (0.0, 0.5, 0.5)), substitution("ore", "cars", 0.1, 0.5, "ore"),
               substitution("defence", "defence", 0.1, 0.5)]  # fmt: skip
    nets = network(single(plan(demand={HOME: 100.0}, substitution=options)))

    assert nets[0].avoid == []
    assert nets[1].avoid == [("thrift", HOME)]


# --- over time ------------------------------------------------------------------------------------------------------


def test_stock_is_carried_to_later_nodes():
    dirty_in_2031 = market("dirty", exposed=True, volume=(0.0, 50.0, 0.0))
    data = plan(markets=[dirty_in_2031], stockpiles=[stockpile("reserve")], demand={HOME: 100.0})
    nets = network(single(data))

    assert [nets[n].fill for n in range(2)] == [[], [("reserve", "exposed")]]
    assert [nets[n].release for n in range(3)] == [[], [], [("reserve", "exposed")]]
    assert nets[2].deliver == [(HOME, "exposed")]
    # the clean side of a reserve is there even when it is empty, so that its cover has a row
    assert nets[0].stock == [("reserve", "clean")]
    assert nets[1].stock == nets[2].stock == [("reserve", "clean"), ("reserve", "exposed")]


def test_opening_stock_can_be_released_at_once():
    data = plan(stockpiles=[stockpile("reserve", opening=(0.0, 5.0))], demand={HOME: 100.0})
    nets = network(single(data))

    assert nets[0].release == [("reserve", "exposed")]
    assert nets[0].deliver == nets[2].deliver == [(HOME, "exposed")]


def test_stockpiles_that_cannot_be_filled_or_emptied():
    closed = stockpile("closed", opening=(5.0, 0.0), max_fill=0.0, max_release=0.0)
    nets = network(single(plan(markets=[market("home")], stockpiles=[closed])))

    assert nets[0].fill == nets[0].release == nets[2].release == []
    assert nets[2].stock == [("closed", "clean")]


def test_stock_of_one_future_is_not_that_of_another():
    base = plan(markets=[market("dirty", exposed=True, volume=0.0)], stockpiles=[stockpile("reserve")])
    other = plan(markets=[market("dirty", exposed=True, volume=9.0)], stockpiles=[stockpile("reserve")])
    nets = network(fork(base, replace(other, scenario=scenario())))

    assert [nets[n].release for n in range(5)] == [[], [], [], [], [("reserve", "exposed")]]


def test_scrap_comes_back_from_what_could_be_delivered():
    back = Return("cars", "oxide", "scrap", 0.1, 1, clean=False)
    recycler = plant("recycler", recipe={"scrap": -1.0, "oxide": 0.5})
    dirty_in_2030 = market("dirty", exposed=True, volume=(50.0, 0.0, 0.0))
    data = plan(markets=[dirty_in_2030], plants=[recycler], demand={HOME: 100.0}, returns=(back,))
    nets = network(single(data))

    assert [nets[n].act for n in range(3)] == [[], [("recycler", "exposed")], [("recycler", "exposed")]]
    assert nets[2].deliver == [(HOME, "exposed")]  # of scrap of scrap

    clean = replace(data, returns=(replace(back, clean=True),))
    assert [network(single(clean))[n].act for n in (1, 2)] == [[("recycler", "clean")], [("recycler", "clean")]]

    none = replace(data, returns=(replace(back, t_per_t=0.0),))
    assert network(single(none))[1].act == []


# --- projects -------------------------------------------------------------------------------------------------------


def test_a_project_can_work_once_it_could_have_been_built():
    mill = project("mill", lead_years=1, life_years=1, latest_year=2030)
    nets = network(single(plan(projects=[mill])))

    assert [nets[n].act for n in range(3)] == [[], [("mill", "clean")], []]


def test_decision_nodes():
    data = plan(projects=[project("mill", lead_years=1, earliest_year=2031)])

    assert list(decision_nodes(single(data), "mill")) == [1]
    assert list(decision_nodes(fork(data, data), "mill")) == [1, 3]


def test_the_most_a_project_can_have_is_all_copies_at_their_best_age():
    mill = project("mill", capacity=60.0, ramp_years=4, max_builds=2, life_years=2, latest_year=2030)
    tree = single(plan(projects=[mill]))

    assert [largest_capacity(tree, n, mill) for n in range(3)] == [30.0, 60.0, 0.0]


def test_the_most_a_plant_can_have_is_its_capacity_in_the_future_of_the_node():
    base = plant("mint", capacity=(90.0, 80.0, 70.0))
    shock = replace(base, capacity=capacity(90.0, 8.0, 7.0))
    tree = fork(plan(plants=[base]), plan(plants=[shock], scenario=scenario()))

    assert [largest_capacity(tree, n, base) for n in range(5)] == [90.0, 80.0, 70.0, 8.0, 7.0]


def capacity(*values: float) -> Series:
    return dict(zip((2030, 2031, 2032), values, strict=True))


# --- from a workbook ------------------------------------------------------------------------------------------------


def data_of(folder: Path, book: Book, scenario_name: str) -> PlanData:
    return scenario_data(load(write_book(folder / "book.xlsx", book)), scenario_name)


def test_lanes_closed_from_a_later_year_on_are_open_before(tmp_path: Path):
    nets = network(single(data_of(tmp_path, with_plants(), "embargo")))  # years of China/*/* set 0 from 2027

    abroad = [[s for s in nets[n].ship if s[1:3] == ("China", "Home")] for n in (0, 1)]
    assert abroad[0]
    assert not abroad[1]


def test_a_market_limited_from_a_later_year_on_is_unlimited_before(tmp_path: Path):
    book = tiny()
    book["Scenarios"] = [["scenario", "from_year"], ["ban", 2027]]
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "operation", "value"],
        ["ban", "Markets", "china_oxide", "years", "set", 0],
    ]
    nets = network(single(data_of(tmp_path, book, "ban")))

    assert [nets[n].buy for n in (0, 1)] == [["china_oxide"], []]


def test_a_contract_with_such_a_market_is_in_force_before(tmp_path: Path):
    book = tiny()
    book["Contracts"] = [["contract", "supplier", "material", "max_t_per_yr", "tenor_years"],
                         ["offtake", "china_oxide", "oxide", 40, 10]]  # fmt: skip
    book["Scenarios"] = [["scenario", "from_year"], ["ban", 2027]]
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "operation", "value"],
        ["ban", "Markets", "china_oxide", "years", "set", 0],
    ]
    data = data_of(tmp_path, book, "ban")

    assert [data.force_majeure(data.contracts["offtake"], time_of(year)) for year in (2026, 2027)] == [1, 0]
