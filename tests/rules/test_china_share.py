from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import cap, cut, fork, market, plan, plant, scenario, stockpile

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.rules.china_share import row_terms, settle, table
from lodestone.rules.tables import plan_tables

# clean and exposed ore and oxide at Home, exposed oxide in Ally; a refinery at Home
MARKETS = [
    market("ore_clean", "ore"), market("ore_dirty", "ore", exposed=True),
    market("oxide_clean"), market("oxide_dirty", exposed=True), market("ally_dirty", region="Ally", exposed=True),
]  # fmt: skip
DEMAND = {("Home", "defence", "oxide"): 100.0, ("Home", "cars", "oxide"): 50.0, ("Ally", "cars", "oxide"): 30.0,
          ("Home", "cars", "ore"): 5.0}  # fmt: skip
REFINERY = plant("refinery", recipe={"ore": -2.5, "oxide": 1.0})


def capped(*caps: object, **changes: object) -> PlanData:
    return plan(**({"markets": MARKETS, "demand": DEMAND, "plants": [REFINERY], "caps": caps} | changes))


def row_of(share: float, exposed: list[str], clean: list[str]) -> dict[str, float]:
    """exposed <= share x (exposed + clean)"""
    return dict.fromkeys(exposed, 1 - share) | dict.fromkeys(clean, -share)


@covers("china_share.deliveries")
def test_deliveries_of_all_sectors_together():
    m = build(single(capped(cap("oxide_cap", (None, 0.4, 0.3))))).model

    assert keys(m.china_share.deliveries) == {(n, "oxide_cap", "oxide", "deliveries") for n in (1, 2)}
    assert keys(m.china_share.intake) == set()  # no unit takes oxide in
    at_home = {k: [f"flows.deliver[2,Home,{s},oxide,{k}]" for s in ("defence", "cars")] for k in ("clean", "exposed")}
    row = row_of(0.3, at_home["exposed"], at_home["clean"])
    assert_row(m.china_share.deliveries[2, "oxide_cap", "oxide", "deliveries"], row, "<=", 0)


@covers("china_share.deliveries")
def test_deliveries_of_one_sector_over_all_its_regions():
    m = build(single(capped(cap("cars_cap", 0.2, sector="cars", regions=("Home", "Ally"))))).model

    assert keys(m.china_share.deliveries) == {(n, "cars_cap", "oxide", "deliveries") for n in range(3)}
    exposed = ["flows.deliver[0,Home,cars,oxide,exposed]", "flows.deliver[0,Ally,cars,oxide,exposed]"]
    row = row_of(0.2, exposed, ["flows.deliver[0,Home,cars,oxide,clean]"])
    assert_row(m.china_share.deliveries[0, "cars_cap", "oxide", "deliveries"], row, "<=", 0)


@covers("china_share.deliveries")
def test_a_ban_is_a_share_of_0():
    m = build(single(capped(cap("ban", 0.0, sector="defence")))).model

    row = {"flows.deliver[1,Home,defence,oxide,exposed]": 1}
    assert_row(m.china_share.deliveries[1, "ban", "oxide", "deliveries"], row, "<=", 0)


@covers("china_share.intake")
def test_intake_of_units_by_itself():
    """[cheat] What a plant takes in does not dilute what people are sold, nor the other way round."""
    m = build(single(capped(cap("ore_cap", 0.4, "ore")))).model

    assert keys(m.china_share.intake) == {(n, "ore_cap", "ore", "intake") for n in range(3)}
    assert keys(m.china_share.deliveries) == {(n, "ore_cap", "ore", "deliveries") for n in range(3)}
    row = {
        "flows.mixed[0,Home,ore,exposed]": 1,
        "flows.act[0,refinery,clean]": -0.4 * 2.5,
        "flows.act[0,refinery,exposed]": -0.4 * 2.5,
        "china_share.waste[0,refinery]": 0.4 * 2.5,
    }
    assert_row(m.china_share.intake[0, "ore_cap", "ore", "intake"], row, "<=", 0)
    row = row_of(0.4, ["flows.deliver[0,Home,cars,ore,exposed]"], ["flows.deliver[0,Home,cars,ore,clean]"])
    assert_row(m.china_share.deliveries[0, "ore_cap", "ore", "deliveries"], row, "<=", 0)


@covers("china_share.intake")
def test_intake_over_the_regions_of_the_cap():
    abroad = plant("abroad", "China", recipe={"ore": -2.0, "oxide": 1.0})
    ally = plant("ally", "Ally", recipe={"ore": -3.0, "oxide": 1.0})
    more = [*MARKETS, market("ore_china", "ore", "China"), market("ore_ally", "ore", "Ally")]
    data = capped(cap("cap", 0.4, "ore", regions=("Home", "Ally")), plants=[REFINERY, abroad, ally], markets=more)
    m = build(single(data)).model

    row = {
        "flows.mixed[0,Home,ore,exposed]": 1,  # none arrives exposed in Ally
        "flows.act[0,refinery,clean]": -1,
        "flows.act[0,refinery,exposed]": -1,
        "flows.act[0,ally,clean]": -0.4 * 3,
        "china_share.waste[0,refinery]": 0.4 * 2.5,
        "china_share.waste[0,ally]": 0.4 * 3,
    }
    assert_row(m.china_share.intake[0, "cap", "ore", "intake"], row, "<=", 0)


@covers("china_share.intake")
def test_intake_under_last_stage_is_all_mixed():
    m = build(single(capped(cap("ore_cap", 0.4, "ore"), provenance=False))).model

    row = {
        "flows.mixed[0,Home,ore,exposed]": 1,
        "flows.act[0,refinery,clean]": -1,
        "china_share.waste[0,refinery]": 0.4 * 2.5,
    }
    assert_row(m.china_share.intake[0, "ore_cap", "ore", "intake"], row, "<=", 0)


@covers("china_share.deliveries", "china_share.intake")
def test_each_material_by_itself():
    m = build(single(capped(cap("all", 0.4, "*", materials=("ore", "oxide", "scrap"))))).model

    rows = {(n, "all", m, "deliveries") for n in range(3) for m in ("ore", "oxide")}
    assert keys(m.china_share.deliveries) == rows
    assert keys(m.china_share.intake) == {(n, "all", "ore", "intake") for n in range(3)}


@covers("china_share.deliveries")
def test_no_row_without_exposed_material_or_limit():
    clean = [market("oxide_clean")]
    m = build(single(capped(cap("none_arrives", 0.4), markets=clean))).model
    assert keys(m.china_share.deliveries) == set()

    m = build(single(capped(cap("no_limit", 1.0)))).model
    assert keys(m.china_share.deliveries) == set()


@covers("china_share.deliveries")
def test_the_share_of_a_scenario():
    shock = capped(cap("ban", (0.5, 0.2, 0.1), sector="defence"), scenario=scenario())
    m = build(fork(capped(cap("ban", 0.5, sector="defence")), shock)).model

    for n, share in ((0, 0.5), (2, 0.5), (3, 0.2), (4, 0.1)):
        clean, exposed = (f"flows.deliver[{n},Home,defence,oxide,{k}]" for k in ("clean", "exposed"))
        row = row_of(share, [exposed], [clean])
        assert_row(m.china_share.deliveries[n, "ban", "oxide", "deliveries"], row, "<=", 0)


def test_a_variable_stands_once_in_a_row():
    """What is exposed is also consumed: 1 - share in one coefficient, not in two."""
    m = build(single(capped(cap("oxide_cap", 0.4)))).model

    terms = row_terms(m.china_share, (0, "oxide_cap", "oxide", "deliveries"), {0: 0.4})

    found = {variable.name: coefficient for coefficient, variable in terms}
    assert len(found) == len(terms) == 4
    assert found["flows.deliver[0,Home,cars,oxide,exposed]"] == pytest.approx(1 - 0.4)


@covers("china_share.deliveries")
def test_a_cap_that_is_not_in_force_yet_keeps_no_other_from_it():
    m = build(single(capped(cap("later", (None, None, 0.4)), cap("now", 0.3)))).model

    caps = {(key[0], key[1]) for key in keys(m.china_share.deliveries)}
    assert caps == {(0, "now"), (1, "now"), (2, "now"), (2, "later")}


def stocking(*caps: object, **changes: object) -> PlanData:
    pile = stockpile("reserve", opening=(10.0, 20.0), days=36.5, **changes)
    return capped(*caps, stockpiles=[pile])


@covers("china_share.fills")
def test_what_is_put_into_stocks_is_a_sum_of_its_own():
    """[cheat] A clean reserve is not refilled with exposed material to meet a cap."""
    m = build(single(stocking(cap("oxide_cap", 0.4)))).model

    assert keys(m.china_share.fills) == {(n, "oxide_cap", "oxide", "fills") for n in range(3)}
    row = row_of(0.4, ["stockpiles.fill[1,reserve,exposed]"], ["stockpiles.fill[1,reserve,clean]"])
    assert_row(m.china_share.fills[1, "oxide_cap", "oxide", "fills"], row, "<=", 0)


@covers("china_share.stock")
def test_what_is_held_beyond_the_exposed_opening_stock_keeps_the_share():
    """X = 20 t of exposed opening stock: exposed <= 20 + 0.4 x (stock - 20)."""
    m = build(single(stocking(cap("oxide_cap", 0.4)))).model

    row = {"stockpiles.stock[1,reserve,exposed]": 0.6, "stockpiles.stock[1,reserve,clean]": -0.4}
    assert_row(m.china_share.stock[1, "oxide_cap", "reserve"], row, "<=", 0.6 * 20)


@covers("china_share.stock")
def test_what_is_lacking_counts_as_held_and_the_opening_stock_loses_what_it_loses():
    """10 % a year: of 20 t 16.2 are left after two years."""
    data = stocking(cap("oxide_cap", 0.4))
    lossy = {m: replace(row, annual_loss_share=0.1) for m, row in data.materials.items()}
    m = build(single(replace(data, materials=lossy, scenario=scenario(emergency=(2031, 2031))))).model

    row = {
        "stockpiles.stock[1,reserve,exposed]": 0.6,
        "stockpiles.stock[1,reserve,clean]": -0.4,
        "stockpiles.lacking[1,reserve]": -0.4,
    }
    assert_row(m.china_share.stock[1, "oxide_cap", "reserve"], row, "<=", 0.6 * 16.2)


@covers("china_share.fills", "china_share.stock")
def test_stocks_elsewhere_of_other_materials_or_under_a_cap_of_a_sector_are_not_looked_at():
    caps = [cap("ally", 0.4, regions=("Ally",)), cap("ore", 0.4, "ore"), cap("cars", 0.4, sector="cars")]
    m = build(single(stocking(*caps))).model

    assert keys(m.china_share.fills) == keys(m.china_share.stock) == set()


@covers("china_share.waste_made", "china_share.discarded")
def test_what_is_made_and_not_shipped_is_wasted():
    """[cheat] Melting clean metal to nothing does not dilute. Two refineries make oxide, a third as a by-product."""
    twin = plant("twin", recipe={"ore": -3.0, "oxide": 0.5})
    by_product = plant("other", recipe={"ore": -1.0, "scrap": 1.0, "oxide": 0.1})
    m = build(single(capped(cap("ore_cap", 0.4, "ore"), plants=[REFINERY, twin, by_product]))).model

    assert {(u) for _, u in keys(m.china_share.waste)} == {"refinery", "twin", "other"}
    row = {
        "china_share.waste[1,twin]": 1,
        "flows.act[1,twin,clean]": -0.5,
        "flows.act[1,twin,exposed]": -0.5,
    }
    assert_row(m.china_share.waste_made[1, "twin"], row, "<=", 0)
    row = {"china_share.waste[1,twin]": 1, "china_share.waste[1,refinery]": 1}
    for k in ("clean", "exposed"):
        row |= {f"flows.act[1,twin,{k}]": -0.5, f"flows.act[1,refinery,{k}]": -1.0}
        row[f"flows.ship[1,oxide,Home,Home,{k}]"] = 1
    assert_row(m.china_share.discarded[1, "Home", "oxide"], row, ">=", 0)
    row = {"flows.mixed[1,Home,ore,exposed]": 1}
    for unit, intake in (("refinery", 2.5), ("twin", 3.0), ("other", 1.0)):
        row |= {f"flows.act[1,{unit},{k}]": -0.4 * intake for k in ("clean", "exposed")}
    row |= {
        "china_share.waste[1,refinery]": 0.4 * 2.5,
        "china_share.waste[1,twin]": 0.4 * 3 / 0.5,
        "china_share.waste[1,other]": 0.4 * 1,
    }
    assert_row(m.china_share.intake[1, "ore_cap", "ore", "intake"], row, "<=", 0)


@covers("china_share.intake")
def test_intake_of_units_that_make_nothing_is_no_consumption():
    furnace = plant("furnace", recipe={"ore": -1.0})
    m = build(single(capped(cap("ore_cap", 0.4, "ore"), plants=[furnace]))).model

    assert_row(m.china_share.intake[1, "ore_cap", "ore", "intake"], {"flows.mixed[1,Home,ore,exposed]": 1}, "<=", 0)


def test_waste_is_told_under_a_share_of_0_too():
    """It binds nothing, but the table says what is consumed as far as it is used, and the audit asks for it."""
    m = build(single(capped(cap("ore_ban", 0.0, "ore")))).model

    assert keys(m.china_share.waste) == {(n, "refinery") for n in range(3)}


def test_of_a_solution_only_what_is_thrown_away_is_waste():
    """5 t made, 3 t shipped: 2 t are wasted, whatever the rows leave room for."""
    built = build(single(capped(cap("ore_cap", 0.4, "ore"))))
    m = built.model
    for variable in m.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    m.flows.act[1, "refinery", "clean"].value = 5
    m.flows.ship[1, "oxide", "Home", "Home", "clean"].value = 3
    m.china_share.waste[1, "refinery"].value = 4

    settle(m.china_share)

    assert m.china_share.waste[1, "refinery"].value == 2
    (row,) = (r for r in plan_tables(built)["plants"] if r["year"] == 2031)
    assert (row["clean_t"], row["waste_t"]) == (5, 2)

    m.flows.ship[1, "oxide", "Home", "Home", "clean"].value = 4.5
    settle(m.china_share)
    assert m.china_share.waste[1, "refinery"].value == pytest.approx(0.5)

    m.china_share.waste[1, "refinery"].value = 0
    settle(m.china_share)
    assert m.china_share.waste[1, "refinery"].value == 0


@pytest.mark.parametrize("part", [1.0, 0.001])
def test_table_of_a_year_in_halves_with_a_limit_of_its_own_in_each(part):
    """10 of 40 t, then 20 of 60 t: 30 of 100 t, of which 0.4 x 40 and 0.2 x 60 may be exposed; or parts of it."""
    limit = cap("c", {2030: 0.4, 203101: 0.4, 203107: 0.2, 2032: 0.4})
    built = build(single(cut(capped(limit), y2031=6)))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.set_value(0.0, skip_validation=True)
    for n, clean, exposed in ((1, 30.0, 10.0), (2, 40.0, 20.0)):
        built.model.flows.deliver[n, "Home", "cars", "oxide", "clean"].value = clean * part
        built.model.flows.deliver[n, "Home", "cars", "oxide", "exposed"].value = exposed * part
    rows = {r["year"]: r for r in table(built.tree, built.model.china_share) if r["basis"] == "deliveries"}

    found = [rows[2031][name] for name in ("consumption_t", "exposed_t", "share", "limit")]
    assert found == pytest.approx([100 * part, 30 * part, 0.3, 0.28])
    assert (rows[2032]["consumption_t"], rows[2032]["share"], rows[2032]["limit"]) == (0, 0, 0.4)


def test_of_several_units_the_first_have_wasted_what_there_is():
    """6 t are left over of one material, and each of two may have wasted 5 t: 5 and 1."""
    twin = plant("twin", recipe={"ore": -2.5, "oxide": 1.0})
    built = build(single(capped(cap("ore_cap", 0.4, "ore"), plants=[REFINERY, twin])))
    m = built.model
    for variable in m.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    for u in ("refinery", "twin"):
        m.flows.act[1, u, "clean"].value, m.china_share.waste[1, u].value = 6, 5
    m.flows.ship[1, "oxide", "Home", "Home", "clean"].value = 6

    settle(m.china_share)

    assert [m.china_share.waste[1, u].value for u in ("refinery", "twin")] == [5, 1]


def test_what_is_exposed_is_told_from_all_that_is_consumed():
    m = build(single(capped(cap("oxide_cap", (None, 0.4, 0.3))))).model

    exposed, total = (
        {v.name for _, v in terms} for terms in m.china_share.consumption[2, "oxide_cap", "oxide", "deliveries"]
    )
    assert exposed == {f"flows.deliver[2,Home,{s},oxide,exposed]" for s in ("defence", "cars")}
    assert total == exposed | {f"flows.deliver[2,Home,{s},oxide,clean]" for s in ("defence", "cars")}


@covers("china_share.stock")
def test_stock_is_looked_at_where_a_year_ends():
    pile = stockpile("reserve", opening=(5.0, 5.0))
    m = build(single(cut(capped(cap("c", 0.4), stockpiles=[pile]), y2031=6))).model

    assert keys(m.china_share.stock) == {(n, "c", "reserve") for n in (0, 2, 3)}


def test_a_table_without_fills_has_all_that_comes_after_them():
    caps = [cap(name, 0.4) for name in ("a", "b")]
    built = build(single(capped(*caps, stockpiles=[stockpile("reserve", opening=(5.0, 5.0))])))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.set_value(0.0, skip_validation=True)

    rows = table(built.tree, built.model.china_share)

    assert {(r["cap"], r["year"]) for r in rows} == {(c, 2030 + n) for c in "ab" for n in range(3)}
    assert "fills" not in {r["basis"] for r in rows}


@covers("china_share.stock")
def test_a_share_of_1_asks_nothing_of_stocks():
    pile = stockpile("reserve", opening=(5.0, 5.0))
    m = build(single(capped(cap("c", (0.9, 1.0, 1.0)), stockpiles=[pile]))).model

    assert keys(m.china_share.stock) == {(0, "c", "reserve")}


@covers("china_share.waste_made")
def test_a_cap_of_a_sector_looks_at_no_intake():
    m = build(single(capped(cap("of_defence", 0.4, "ore", sector="defence")))).model

    assert keys(m.china_share.waste) == set()


@covers("china_share.discarded")
def test_a_share_of_1_looks_at_no_intake():
    m = build(single(capped(cap("free", 1.0, "ore")))).model

    assert keys(m.china_share.waste) == set()


def test_table_of_a_year_without_consumption_says_the_limit_at_its_end():
    limit = cap("c", {2030: 0.4, 203101: 0.4, 203107: 0.2, 2032: 0.4})
    built = build(single(cut(capped(limit), y2031=6)))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.set_value(0.0, skip_validation=True)

    limits = {r["year"]: r["limit"] for r in table(built.tree, built.model.china_share) if r["basis"] == "deliveries"}
    assert limits == {2030: 0.4, 2031: 0.2, 2032: 0.4}
