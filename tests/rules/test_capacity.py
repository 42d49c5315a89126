from __future__ import annotations

from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import contract, fork, lane, market, plan, plant, project, scenario

from lodestone.data.tree import single
from lodestone.rules.build import build

ORE = [market("ore_home", "ore"), market("ore_china", "ore", "China")]
IMPORT = {("ore", "China", "Home"): lane()}


@covers("capacity.capacity")
def test_capacity_of_a_plant_holds_over_both_streams():
    data = plan(plants=[plant("refinery", capacity=(100.0, 90.0, 0.0))], markets=ORE, lanes=IMPORT)
    m = build(single(data)).model

    assert keys(m.capacity.capacity) == {(0, "refinery"), (1, "refinery")}  # none in 2032: no activity, no row
    both = {"flows.act[1,refinery,clean]": 1, "flows.act[1,refinery,exposed]": 1}
    assert_row(m.capacity.capacity[1, "refinery"], both, "<=", 90)


@covers("capacity.capacity")
def test_capacity_of_a_project_is_what_was_built():
    mill = project("mill", capacity=80.0, ramp_years=2, earliest_year=2031, max_builds=2)
    m = build(single(plan(projects=[mill]))).model

    assert keys(m.capacity.capacity) == {(1, "mill"), (2, "mill")}
    row = {"flows.act[2,mill,clean]": 1, "investments.build[1,mill]": -80, "investments.build[2,mill]": -40}
    assert_row(m.capacity.capacity[2, "mill"], row, "<=", 0)


@covers("capacity.capacity")
def test_capacity_in_a_scenario_is_the_scenarios():
    base = plan(plants=[plant("refinery", recipe={"oxide": 1}, capacity=100.0)])
    shock = plan(plants=[plant("refinery", recipe={"oxide": 1}, capacity=(100.0, 30.0, 40.0))], scenario=scenario())
    m = build(fork(base, shock)).model

    assert_row(m.capacity.capacity[2, "refinery"], {"flows.act[2,refinery,clean]": 1}, "<=", 100)
    assert_row(m.capacity.capacity[4, "refinery"], {"flows.act[4,refinery,clean]": 1}, "<=", 40)


@covers("capacity.access")
def test_access_to_a_plant_without_contract_is_its_spot_share():
    plants = [
        plant("refinery", recipe={"oxide": 0.5, "scrap": 0.2}, capacity=100.0, spot_share=0.3),
        plant("open", recipe={"oxide": 1}),
    ]
    m = build(single(plan(plants=plants, contracts=[contract("offtake", "refinery", latest_year=2031)]))).model

    assert keys(m.capacity.access) == {(0, "refinery"), (1, "refinery"), (2, "refinery")}
    row = {
        "flows.act[1,refinery,clean]": 1,
        "contracts.taken[1,offtake,0]": -2,  # a tonne of oxide is 2 t of capacity
        "contracts.taken[1,offtake,1]": -2,
    }
    assert_row(m.capacity.access[1, "refinery"], row, "<=", 30)


@covers("capacity.access")
def test_access_to_private_projects_only():
    private = project("private", capacity=80.0, recipe={"oxide": 2.0}, spot_share=0.25, latest_year=2030)
    public = project("public", public=True, spot_share=0.25)
    offtake = contract("offtake", "private")
    m = build(single(plan(projects=[private, public], contracts=[offtake]))).model

    assert keys(m.capacity.access) == {(0, "private"), (1, "private"), (2, "private")}
    row = {
        "flows.act[1,private,clean]": 1, "contracts.taken[1,offtake,0]": -0.5, "investments.build[0,private]": -20
    }  # fmt: skip
    assert_row(m.capacity.access[1, "private"], row, "<=", 0)


@covers("capacity.market_access")
def test_access_to_markets():
    markets = [
        market("part", volume=(200.0, 210.0, 220.0), spot_share=0.4),
        market("closed", spot_share=0.0),  # unlimited, but under contract only
        market("endless", spot_share=0.5),  # unlimited stays unlimited
        market("later", spot_share=0.5, volume={2030: None, 2031: 30.0, 2032: None}),
        market("open", volume=50.0),
    ]
    contracts = [contract("some", "part", tenor_years=1, start_delay_years=1), contract("all", "closed", tenor_years=1)]
    m = build(single(plan(markets=markets, contracts=contracts))).model

    rows = {(n, v) for n in range(3) for v in ("part", "closed")} | {(1, "later")}
    assert keys(m.capacity.market_access) == rows
    assert_row(m.capacity.market_access[1, "later"], {"flows.buy[1,later]": 1}, "<=", 15)
    assert_row(m.capacity.market_access[0, "part"], {"flows.buy[0,part]": 1}, "<=", 80)
    row = {"flows.buy[1,part]": 1, "contracts.taken[1,some,0]": -1}
    assert_row(m.capacity.market_access[1, "part"], row, "<=", 84)
    row = {"flows.buy[1,closed]": 1, "contracts.taken[1,all,1]": -1}
    assert_row(m.capacity.market_access[1, "closed"], row, "<=", 0)


@covers("capacity.whole_clean", "capacity.whole_exposed")
def test_a_whole_plant_is_clean_or_exposed():
    plants = [plant("whole", capacity=100.0, whole_plant=True), plant("batch")]
    mill = project("mill", recipe={"ore": -1.0, "oxide": 1.0}, whole_plant=True, capacity=60.0, ramp_years=2,
                   max_builds=2, latest_year=2030)  # fmt: skip
    data = plan(plants=plants, projects=[mill], markets=ORE, lanes=IMPORT)
    m = build(single(data)).model

    expected = {(n, u) for n in range(3) for u in ("whole", "mill")}
    assert keys(m.capacity.whole_clean) == keys(m.capacity.whole_exposed) == keys(m.capacity.whole) == expected
    assert all(v.is_binary() for v in m.capacity.whole.values())
    row = {"flows.act[0,whole,clean]": 1, "capacity.whole[0,whole]": -100}
    assert_row(m.capacity.whole_clean[0, "whole"], row, "<=", 0)
    row = {"flows.act[0,whole,exposed]": 1, "capacity.whole[0,whole]": 100}
    assert_row(m.capacity.whole_exposed[0, "whole"], row, "<=", 100)
    row = {"flows.act[0,mill,clean]": 1, "capacity.whole[0,mill]": -60}  # half of two
    assert_row(m.capacity.whole_clean[0, "mill"], row, "<=", 0)
    row = {"flows.act[1,mill,exposed]": 1, "capacity.whole[1,mill]": 120}
    assert_row(m.capacity.whole_exposed[1, "mill"], row, "<=", 120)


def test_a_whole_plant_that_only_gets_clean_ore_needs_no_binary():
    m = build(single(plan(plants=[plant("whole", whole_plant=True)], markets=ORE))).model

    assert keys(m.capacity.whole) == set()


def test_a_plant_of_one_stream_has_nothing_to_choose():
    """A mine is clean, what stands in China is exposed: neither could be the other."""
    plants = [
        plant("mine", recipe={"ore": 1.0}, whole_plant=True),
        plant("chinese", "China", recipe={"ore": -2.0, "oxide": 1.0}, whole_plant=True),
    ]
    m = build(single(plan(plants=plants, markets=ORE))).model

    assert {(key[1], key[2]) for key in keys(m.flows.act)} == {("mine", "clean"), ("chinese", "exposed")}
    assert keys(m.capacity.whole) == set()
