"""Suppliers are not changed overnight: Home uses oxide and buys it in Ally and China."""

from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import cut, fork, lane, market, plan, plant, project, scenario

from lodestone.data.plan_data import Material, PlanData, Project
from lodestone.data.tree import single
from lodestone.rules.build import build

MARKETS = [market("china", region="China"), market("ally", region="Ally")]
LANES = {("oxide", "China", "Home"): lane(), ("oxide", "Ally", "Home"): lane()}


def buying(share: float = 0.2, **changes: object) -> PlanData:
    """100 t a year from China and none from Ally in the year before; a fifth of use can move in a year."""
    materials = ("ore", "oxide", "scrap")
    trade = changes.pop("trade", {("oxide", "China", "Home"): 100.0})
    parts: dict[str, object] = {
        "markets": MARKETS, "lanes": LANES, "demand": {("Home", "cars", "oxide"): (100.0, 90.0, 120.0)}
    }  # fmt: skip
    data = plan(**(parts | changes))
    rows = {m: Material(m, None, None, 0.0, share if m == "oxide" else None) for m in materials}
    return replace(data, materials=rows, trade=trade)


@covers("suppliers.stays", "suppliers.used", "suppliers.by_use")
def test_a_supplier_is_qualified_by_being_used_and_stays_so():
    m = build(single(buying())).model

    assert keys(m.suppliers.known) == {(n, "oxide", r, "Home") for n in range(3) for r in ("China", "Ally")}
    known, ship = "suppliers.known[{},oxide,China,Home]", "flows.ship[{},oxide,China,Home,exposed]"
    key = "oxide", "China", "Home"
    assert_row(m.suppliers.stays[0, *key], {known.format(0): 1}, ">=", 100)  # Trade
    assert_row(m.suppliers.stays[1, *key], {known.format(1): 1, known.format(0): -1}, ">=", 0)
    assert_row(m.suppliers.used[1, *key], {known.format(1): 1, ship.format(1): -1}, ">=", 0)
    assert_row(m.suppliers.by_use[0, *key], {known.format(0): 1, ship.format(0): -1}, "<=", 100)
    row = {known.format(1): 1, known.format(0): -1, ship.format(1): -1}
    assert_row(m.suppliers.by_use[1, *key], row, "<=", 0)


@covers("suppliers.resourcing")
def test_a_part_of_use_can_move_and_growth_finds_suppliers():
    """At first 0.2 x 100 t beside the 100 t known; then 0.2 x 90; then 0.2 x 120 and the 20 t beyond the highest."""
    m = build(single(buying())).model

    lanes = [f"suppliers.known[{{}},oxide,{r},Home]" for r in ("China", "Ally")]
    rows = {n: {name.format(n): 1 for name in lanes} for n in range(3)}
    before = {n: {name.format(n - 1): -1 for name in lanes} for n in (1, 2)}
    assert_row(m.suppliers.resourcing[0, "Home", "oxide"], rows[0], "<=", 20 + 100)
    assert_row(m.suppliers.resourcing[1, "Home", "oxide"], rows[1] | before[1], "<=", 18)
    assert_row(m.suppliers.resourcing[2, "Home", "oxide"], rows[2] | before[2], "<=", 24 + 20)


@covers("suppliers.resourcing")
def test_without_a_row_in_trade_the_first_year_is_free():
    m = build(single(buying(trade={}))).model

    assert keys(m.suppliers.resourcing) == {(1, "Home", "oxide"), (2, "Home", "oxide")}
    row = {"suppliers.known[0,oxide,Ally,Home]": 1, "flows.ship[0,oxide,Ally,Home,clean]": -1}
    assert_row(m.suppliers.by_use[0, "oxide", "Ally", "Home"], row, "<=", 0)  # known is the rate


@covers("suppliers.resourcing")
def test_trade_in_other_things_leaves_the_first_year_free():
    m = build(single(buying(trade={("ore", "China", "Home"): 9.0, ("oxide", "China", "Ally"): 9.0}))).model

    assert keys(m.suppliers.resourcing) == {(1, "Home", "oxide"), (2, "Home", "oxide")}


@covers("suppliers.resourcing", "suppliers.used")
def test_in_a_period_the_limit_is_that_part_of_the_year_s():
    m = build(single(cut(buying(), y2031=3))).model

    lanes = [f"suppliers.known[{{}},oxide,{r},Home]" for r in ("China", "Ally")]
    row = {name.format(2): 1 for name in lanes} | {name.format(1): -1 for name in lanes}
    assert_row(m.suppliers.resourcing[2, "Home", "oxide"], row, "<=", 0.2 * 90 / 4)
    row = {"suppliers.known[2,oxide,Ally,Home]": 1, "flows.ship[2,oxide,Ally,Home,clean]": -4}
    assert_row(m.suppliers.used[2, "oxide", "Ally", "Home"], row, ">=", 0)


@covers("suppliers.resourcing")
def test_a_lane_that_is_closed_for_a_year_is_gone_back_to():
    """The cut: no Chinese lane in 2031; in 2032 what was known in 2030 still is."""
    embargo = LANES | {("oxide", "China", "Home"): lane(capacity=(None, 0.0, None))}
    m = build(fork(buying(), buying(lanes=embargo, scenario=scenario()))).model

    assert (3, "oxide", "China", "Home") not in m.suppliers.known
    row = {"suppliers.known[4,oxide,China,Home]": 1, "suppliers.known[0,oxide,China,Home]": -1}
    assert_row(m.suppliers.stays[4, "oxide", "China", "Home"], row, ">=", 0)
    row = {"suppliers.known[3,oxide,Ally,Home]": 1, "suppliers.known[0,oxide,Ally,Home]": -1}
    assert_row(m.suppliers.resourcing[3, "Home", "oxide"], row, "<=", 18)


@covers("suppliers.resourcing", "suppliers.new", "suppliers.in_use")
def test_plants_can_use_and_new_capacity_finds_its_own_suppliers():
    """A plant takes 2 t of oxide per t; from 2031 on it has 30 t instead of 10 t: 40 t of oxide more at full use."""
    mill = plant("mill", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=(10.0, 30.0, 30.0))
    m = build(single(buying(plants=[mill]))).model

    lanes = [f"suppliers.known[{{}},oxide,{r},Home]" for r in ("China", "Ally")]
    assert keys(m.suppliers.taken) == {(1, "mill", "oxide")}
    row = {name.format(1): 1 for name in lanes} | {name.format(0): -1 for name in lanes}
    row["suppliers.taken[1,mill,oxide]"] = -1
    assert_row(m.suppliers.resourcing[1, "Home", "oxide"], row, "<=", 0.2 * (90 + 60))
    assert_row(m.suppliers.new[1, "mill", "oxide"], {"suppliers.taken[1,mill,oxide]": 1}, "<=", 40)
    row = {"suppliers.taken[1,mill,oxide]": 1, "flows.act[1,mill,clean]": -2, "flows.act[1,mill,exposed]": -2}
    assert_row(m.suppliers.in_use[1, "mill", "oxide"], row, "<=", 0)


@covers("suppliers.resourcing", "suppliers.new")
def test_a_project_counts_by_what_it_takes_in_and_gains_by_the_steps_of_its_ramp():
    mill = project("mill", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, ramp_years=2, latest_year=2031)
    m = build(single(buying(projects=[mill]))).model

    lanes = [f"suppliers.known[{{}},oxide,{r},Home]" for r in ("China", "Ally")]
    row = {name.format(1): 1 for name in lanes} | {name.format(0): -1 for name in lanes}
    row |= {f"flows.act[1,mill,{k}]": -0.2 * 2 for k in ("clean", "exposed")}
    row["suppliers.taken[1,mill,oxide]"] = -1
    assert_row(m.suppliers.resourcing[1, "Home", "oxide"], row, "<=", 0.2 * 90)
    row = {  # half of 10 t at 2 t each, from the build before and from the new one
        "suppliers.taken[1,mill,oxide]": 1,
        "investments.build[0,mill]": -10,
        "investments.build[1,mill]": -10,
    }
    assert_row(m.suppliers.new[1, "mill", "oxide"], row, "<=", 0)


@covers("suppliers.new")
def test_a_project_that_produced_before_the_first_year_gains_nothing_then():
    old = project("old", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, ramp_years=4, committed_year=2029)
    new = project("new", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, committed_year=2030)
    m = build(single(buying(projects=[old, new]))).model

    assert keys(m.suppliers.taken) == {(0, "new", "oxide"), (1, "old", "oxide"), (2, "old", "oxide")}
    row = {"suppliers.taken[1,old,oxide]": 1, "investments.committed[old]": -5}  # a quarter of 20 t
    assert_row(m.suppliers.new[1, "old", "oxide"], row, "<=", 0)


def taking_ore(mill: Project) -> pyo.ConcreteModel:
    """A mill whose ore comes from a pit of the ally, and no supplier that may be new but by it."""
    data = buying(
        projects=[mill],
        lanes=LANES | {("ore", "Ally", "Home"): lane()},
        markets=[market("pit", region="Ally", material="ore")],
    )
    materials = {m: replace(row, resourcing_share=0.0) for m, row in data.materials.items()}
    return build(single(replace(data, materials=materials))).model


@covers("suppliers.replaced", "suppliers.growing")
def test_a_build_that_replaces_another_is_no_gain():
    """Two builds of 50 t, which live for a year, take 2 t of ore a tonne: at most 200 t, if capacity grows at all."""
    mill = project("mill", recipe={"ore": -2.0, "oxide": 1.0}, capacity=50.0, life_years=1, max_builds=2)
    m = taking_ore(mill)

    taken, grows = "suppliers.taken[1,mill,ore]", "suppliers.grows[1,mill]"
    assert keys(m.suppliers.growing) == {(n, "mill", "ore") for n in (1, 2)}
    assert_row(m.suppliers.growing[1, "mill", "ore"], {taken: 1, grows: -200}, "<=", 0)
    terms = {taken: 1, "investments.build[1,mill]": -100, "investments.build[0,mill]": 100, grows: 200}
    assert_row(m.suppliers.replaced[1, "mill", "ore", 0], terms, "<=", 200)


def test_what_has_no_limit_has_no_rows():
    m = build(single(plan(markets=MARKETS, lanes=LANES, demand={("Home", "cars", "oxide"): 100.0}))).model

    assert keys(m.suppliers.known) == keys(m.suppliers.resourcing) == set()


@covers("suppliers.resourcing")
def test_growth_is_measured_against_the_highest_demand_before():
    """100, 130 and 120 t: what rose to 130 does not rise again in 2032."""
    m = build(single(buying(demand={("Home", "cars", "oxide"): (100.0, 130.0, 120.0)}))).model

    lanes = [f"suppliers.known[{{}},oxide,{r},Home]" for r in ("China", "Ally")]
    rows = [{name.format(n): 1 for name in lanes} | {name.format(n - 1): -1 for name in lanes} for n in (1, 2)]
    assert_row(m.suppliers.resourcing[1, "Home", "oxide"], rows[0], "<=", 26 + 30)
    assert_row(m.suppliers.resourcing[2, "Home", "oxide"], rows[1], "<=", 24)


@covers("suppliers.resourcing", "suppliers.new", "suppliers.in_use")
def test_in_a_quarter_every_project_counts_by_its_rate():
    """Of 2 t of oxide a tonne, a quarter at a rate of 4; a plant of 10 t that gains half a tonne in 2031 brings 1 t."""
    mills = [project(name, recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, latest_year=2030) for name in "ab"]
    old = plant("old", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=(10.0, 10.5, 10.5))
    m = build(single(cut(buying(projects=mills, plants=[old]), y2031=3))).model

    row = {f"suppliers.known[1,oxide,{r},Home]": 1.0 for r in ("China", "Ally")}
    row |= {f"suppliers.known[0,oxide,{r},Home]": -1.0 for r in ("China", "Ally")}
    row |= {f"flows.act[1,{u},{k}]": -0.05 * 8 for u in "ab" for k in ("clean", "exposed")}
    row |= {"suppliers.taken[1,old,oxide]": -1.0}
    assert_row(m.suppliers.resourcing[1, "Home", "oxide"], row, "<=", 0.05 * (90 + 21))
    assert_row(m.suppliers.new[1, "old", "oxide"], {"suppliers.taken[1,old,oxide]": 1}, "<=", 1)
    row = {"suppliers.taken[0,a,oxide]": 1, "flows.act[0,a,clean]": -2, "flows.act[0,a,exposed]": -2}
    assert_row(m.suppliers.in_use[0, "a", "oxide"], row, "<=", 0)
    row = {"suppliers.taken[1,old,oxide]": 1, "flows.act[1,old,clean]": -8, "flows.act[1,old,exposed]": -8}
    assert_row(m.suppliers.in_use[1, "old", "oxide"], row, "<=", 0)


@covers("suppliers.resourcing")
def test_where_nothing_may_move_nothing_may():
    m = build(single(buying(share=0.0))).model

    row = {f"suppliers.known[0,oxide,{r},Home]": 1.0 for r in ("China", "Ally")}
    assert_row(m.suppliers.resourcing[0, "Home", "oxide"], row, "<=", 100)


@covers("suppliers.new")
def test_a_second_build_gains_where_the_first_produced_before():
    old = project("old", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, committed_year=2029, max_builds=2)
    m = build(single(buying(projects=[old]))).model

    row = {"suppliers.taken[0,old,oxide]": 1, "investments.build[0,old]": -20}
    assert_row(m.suppliers.new[0, "old", "oxide"], row, "<=", 0)


@covers("suppliers.replaced")
def test_what_is_replaced_is_measured_at_its_ramp():
    """50 t, 2 t of ore a tonne, half in the first of two years: in 2032 100 - 50 t of the second build, 50 of the new
    one, less 100 of the first, whose life has ended."""
    mill = project("mill", recipe={"ore": -2.0, "oxide": 1.0}, capacity=50.0, ramp_years=2, life_years=2, max_builds=2)
    m = taking_ore(mill)

    assert keys(m.suppliers.growing) == {(2, "mill", "ore")}  # nothing has ended its life in 2031
    builds = {f"investments.build[{n},mill]": c for n, c in enumerate((100.0, -50.0, -50.0))}
    terms = {"suppliers.taken[2,mill,ore]": 1.0, "suppliers.grows[2,mill]": 200.0} | builds
    assert_row(m.suppliers.replaced[2, "mill", "ore", 1], terms, "<=", 200)


@covers("suppliers.new")
def test_a_project_gains_where_a_year_begins():
    mill = project("mill", recipe={"oxide": -2.0, "scrap": 1.0}, capacity=10.0, latest_year=2031)
    m = build(single(cut(buying(projects=[mill]), y2031=6))).model

    assert keys(m.suppliers.taken) == {(n, "mill", "oxide") for n in (0, 1)}  # 2: the second half of 2031
