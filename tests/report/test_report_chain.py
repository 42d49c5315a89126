"""The chain of the report: stages from recipes, and tonnes that agree with the tables of the plan."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from tests.plan_document import small_plan, without_rows
from tests.report.pages import chained
from tests.solving import close, rows, solved

from lodestone.plan.plan import Plan
from lodestone.report.html.chain import MOST_NODES, OTHERS, chain, chain_stages

YEAR = 2030
Links = dict[tuple[str, str, str, str], tuple[float, float]]


def document(recipes: dict[str, Any], materials: dict[str, Any], **tables: Any) -> Plan:
    """A plan with these recipes and tables alone."""
    inputs = {
        "Processes": {f"{p}/{m}": {"t_per_t": t} for p, made in recipes.items() for m, t in made.items()},
        "Materials": materials,
    }
    settings = {"china_share_basis": "provenance"}
    return small_plan(inputs=inputs, settings=settings, horizon=[YEAR, YEAR], tables={**without_rows(), **tables})


def unit(process: str, region: str, clean: float = 0.0, exposed: float = 0.0, year: int = YEAR) -> dict[str, Any]:
    return {"unit": f"{process}_{region}", "process": process, "region": region, "year": year,
            "clean_t": clean, "exposed_t": exposed}  # fmt: skip


def flow(material: str, a: str, b: str, t: float, stream: str = "clean", year: int = YEAR) -> dict[str, Any]:
    return {"material": material, "from_region": a, "to_region": b, "t": t, "stream": stream, "year": year,
            "freight_musd": 0.0, "tariff_musd": 0.0}  # fmt: skip


def delivery(sector: str, region: str, material: str, clean: float = 0.0, exposed: float = 0.0) -> dict[str, Any]:
    return {"sector": sector, "region": region, "material": material, "year": YEAR, "demand_t": clean + exposed,
            "clean_t": clean, "exposed_t": exposed, "substituted_t": 0.0, "short_t": 0.0}  # fmt: skip


def links(plan: Plan, year: int | None = None) -> Links:
    """(stage, from, stage, to) -> t clean, t exposed; of all materials together."""
    found: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for y, _, _, *ends, clean, exposed in chain(plan).rows:
        if year in (None, y):
            found[tuple(ends)][0] += clean
            found[tuple(ends)][1] += exposed
    return {ends: (clean, exposed) for ends, (clean, exposed) in found.items()}


def test_makers_and_users_of_a_region_share_in_proportion():
    plan = document(
        {"mine": {"ore": 1}, "refine": {"ore": -2, "oxide": 1}, "burn": {"ore": -1, "fuel": 1}},
        {"ore": {"stage": "mining"}, "oxide": {"stage": "refining"}, "fuel": {"stage": "power"}},
        plants=[unit("mine", "A", clean=90, exposed=40), unit("refine", "B", clean=20), unit("burn", "B", clean=60)],
        markets=[{"market": "m", "side": "buy", "region": "A", "material": "ore", "year": YEAR, "stream": "clean",
                  "t": 30.0, "price_usd_per_kg": 1.0}],
        flows=[flow("ore", "A", "B", 100.0)],
        balance=[{"region": "A", "material": "ore", "year": YEAR, "stream": "clean", "made_t": 120.0,
                  "shipped_t": 100.0, "discarded_t": 20.0},
                 {"region": "A", "material": "ore", "year": YEAR, "stream": "exposed", "made_t": 40.0,
                  "shipped_t": 0.0, "discarded_t": 40.0}],
    )  # fmt: skip
    # of 120 t clean, 90 are mined and 30 bought; 40 t go to the refinery and 60 t to the furnace, 20 t are left over
    column = "refining / power"
    assert chain_stages(plan)[""].titles == ("mining", column, "use")
    expected = {
        ("mining", "A", column, "B, refining"): (30.0, 0.0),  # 40 x 90/120
        ("mining", "A (market)", column, "B, refining"): (10.0, 0.0),
        ("mining", "A", column, "B, power"): (45.0, 0.0),
        ("mining", "A (market)", column, "B, power"): (15.0, 0.0),
        ("mining", "A", column, "discarded"): (15.0, 40.0),
        ("mining", "A (market)", column, "discarded"): (5.0, 0.0),
    }
    assert links(plan) == {ends: pytest.approx(t) for ends, t in expected.items()}


def test_exposed_activity_takes_clean_and_exposed_as_they_are_mixed():
    plan = document(
        {"mine": {"ore": 1}, "refine": {"ore": -2, "oxide": 1}},
        {"ore": {}, "oxide": {}},
        plants=[unit("mine", "A", clean=140, exposed=60), unit("refine", "A", clean=20, exposed=80)],
        flows=[flow("ore", "A", "A", 140.0), flow("ore", "A", "A", 60.0, "exposed")],
        intake=[{"region": "A", "material": "ore", "year": YEAR, "clean_mode_t": 40.0, "mixed_clean_t": 100.0,
                 "mixed_exposed_t": 60.0}],
        demand=[delivery("motors", "A", "oxide", 20.0, 80.0)],
    )  # fmt: skip
    # clean activity takes 2 x 20 clean; exposed activity takes 2 x 80 of a mix of 100 clean and 60 exposed
    assert links(plan) == {("ore", "A", "oxide", "A"): pytest.approx((140.0, 60.0))}


def test_a_circle_of_recipes_is_cut_where_it_goes_back():
    plan = document(
        {"mine": {"ore": 1}, "refine": {"ore": -1, "oxide": 1}, "sinter": {"oxide": -1, "magnet": 1, "swarf": 0.2},
         "recycle": {"swarf": -1, "oxide": 0.9}},
        {"ore": {"stage": "mining"}, "oxide": {"stage": "refining"}, "magnet": {"stage": "magnet"},
         "swarf": {"stage": "scrap"}},
        plants=[unit("mine", "A", 100), unit("refine", "A", 100), unit("sinter", "A", 118), unit("recycle", "A", 20)],
        flows=[flow("ore", "A", "A", 100), flow("oxide", "A", "A", 118), flow("swarf", "A", "A", 20),
               flow("magnet", "A", "A", 118)],
        demand=[delivery("motors", "A", "magnet", 118)],
    )  # fmt: skip
    found = chain_stages(plan)[""]
    assert found.titles == ("mining", "refining", "magnet", "use")
    assert links(plan) == {
        ("mining", "A", "refining", "A"): (100.0, 0.0),
        ("refining", "A", "magnet", "A"): (118.0, 0.0),
        ("magnet", "A", "use", "motors"): (118.0, 0.0),
        ("magnet", "A", "use", "to refining"): (20.0, 0.0),
        ("mining", "from magnet", "refining", "A"): (20.0, 0.0),
    }
    titles = found.titles
    for a, _, b, _ in links(plan):
        assert titles.index(a) < titles.index(b)


def test_two_steps_of_one_stage_stand_side_by_side():
    plan = document(
        {"sinter": {"magnet": 1}, "diffuse": {"magnet": -1, "magnet_ht": 1}},
        {"magnet": {"stage": "magnets"}, "magnet_ht": {"stage": "magnets"}},
    )
    assert chain_stages(plan)[""].titles == ("magnet", "magnet_ht", "use")


def test_every_mineral_has_its_own_chain():
    plan = document(
        {"mine": {"spodumene": 1}, "dig": {"laterite": 1}, "cathode": {"spodumene": -1, "laterite": -2, "nmc": 1}},
        {"spodumene": {"mineral": "lithium", "stage": "mining"}, "laterite": {"mineral": "nickel", "stage": "ore"},
         "nmc": {"mineral": "batteries", "stage": "cathode"}},
        plants=[unit("mine", "A", 10), unit("dig", "B", 20), unit("cathode", "A", 10)],
        flows=[flow("spodumene", "A", "A", 10), flow("laterite", "B", "A", 20), flow("nmc", "A", "A", 10)],
        demand=[delivery("cars", "A", "nmc", 10)],
    )  # fmt: skip
    assert {mineral: found.titles for mineral, found in chain_stages(plan).items()} == {
        "lithium": ("mining", "cathode", "use"),
        "nickel": ("ore", "cathode", "use"),
        "batteries": ("cathode", "use"),
    }
    assert [(row[1], row[4], row[6], row[7]) for row in chain(plan).rows] == [
        ("lithium", "A", "A", 10.0), ("nickel", "B", "A", 20.0), ("batteries", "A", "cars", 10.0),
    ]  # fmt: skip


def test_small_nodes_become_others_and_no_tonne_is_lost():
    regions = [f"R{i}" for i in range(30)]
    plan = document(
        {"mine": {"ore": 1}},
        {"ore": {"stage": "mining"}},
        plants=[unit("mine", region, clean=i + 1) for i, region in enumerate(regions)],
        flows=[flow("ore", region, "R0", i + 1) for i, region in enumerate(regions)],
        demand=[delivery("motors", "R0", "ore", 465)],
    )
    found = {a: t for (_, a, _, _), (t, _) in links(plan).items()}
    assert len(found) == MOST_NODES
    assert found["R29"] == 30
    assert found[OTHERS] == sum(range(1, 30 - (MOST_NODES - 1) + 1))
    assert sum(found.values()) == 465  # 1 + ... + 30


def test_stage_names_that_collide_are_told_apart():
    plan = document({"mine": {"ore": 1}}, {"ore": {"stage": "use"}})
    assert chain_stages(plan)[""].titles == ("use", "use*")


def test_a_plan_without_recipes_or_without_inputs():
    plan = document({}, {"ore": {}}, flows=[flow("ore", "A", "B", 5)], demand=[delivery("motors", "B", "ore", 5)],
                    markets=[{"market": "m", "side": "buy", "region": "A", "material": "ore", "year": YEAR,
                              "stream": "clean", "t": 5.0, "price_usd_per_kg": 1.0}])  # fmt: skip
    assert links(plan) == {("supply", "A (market)", "use", "motors"): (5.0, 0.0)}
    assert chain(small_plan()).rows == []  # made before plans carried their inputs


def test_what_enters_and_leaves_every_node_is_what_the_tables_of_the_plan_say():
    plan = solved(chained())
    recipes: dict[str, dict[str, float]] = {
        "mine": {"ore": 1}, "refine": {"ore": -2, "oxide": 1}, "sinter": {"oxide": -0.5, "magnet": 1},
        "recycle": {"scrap": -2, "oxide": 1},
    }  # fmt: skip
    stage = {"mine": "ore", "refine": "oxide", "sinter": "magnet", "recycle": "oxide"}
    assert chain_stages(plan)[""].titles == ("ore", "oxide", "magnet", "use")
    for year in (2026, 2027, 2028):
        leaves: dict[tuple[str, str], float] = defaultdict(float)
        enters: dict[tuple[str, str], float] = defaultdict(float)
        for (a, i, b, j), (clean, exposed) in links(plan, year).items():
            leaves[a, i] += clean + exposed
            enters[b, j] += clean + exposed
        made: dict[tuple[str, str], float] = defaultdict(float)
        taken: dict[tuple[str, str], float] = defaultdict(float)
        for row in rows(plan, "plants", year=year):
            node = (stage[row["process"]], row["region"])
            for t in recipes[row["process"]].values():
                (made if t > 0 else taken)[node] += abs(t) * (row["clean_t"] + row["exposed_t"])
        for node, t in made.items():
            assert leaves[node] == pytest.approx(t, abs=0.01), (year, node)
        for node, t in taken.items():
            assert enters[node] == pytest.approx(t, abs=0.01), (year, node)
        (demand,) = rows(plan, "demand", year=year)
        assert enters["use", "industry"] == pytest.approx(demand["clean_t"] + demand["exposed_t"], abs=0.01)
        exposed = sum(e for (_, _, _, j), (_, e) in links(plan, year).items() if j == "industry")
        assert exposed == pytest.approx(demand["exposed_t"], abs=0.01)
        (stock,) = rows(plan, "stockpile", year=year)
        assert enters["use", "into stock"] == pytest.approx(stock["fill_clean_t"] + stock["fill_exposed_t"], abs=0.01)
        released = stock["release_clean_t"] + stock["release_exposed_t"]
        assert leaves["magnet", "Home (stock)"] == pytest.approx(released, abs=0.01)
        back = sum(row["t"] for row in rows(plan, "returns", year=year))
        assert leaves["ore", "Home (returned)"] == pytest.approx(back, abs=0.01)
        sold = sum(row["t"] for row in rows(plan, "markets", year=year, side="sell"))
        assert enters["magnet", "sold"] == pytest.approx(sold, abs=0.01)
        left = sum(row["discarded_t"] for row in rows(plan, "balance", year=year))
        assert sum(t for (_, j), t in enters.items() if j == "discarded") == pytest.approx(left, abs=0.01)
    assert sum(row["t"] for row in rows(plan, "returns")) == close(0.3 * 140)  # so that the case has scrap at all
