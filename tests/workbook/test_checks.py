"""Rules across rows: each problem and warning at its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.make import Book, changed, load_book, only_problem, tiny, warnings_of, with_plants

from lodestone.workbook.checks import PROBLEM_CHECKS, WARNING_CHECKS
from lodestone.workbook.checks.cycles import Step, gaining, rings, sustained

SCENARIO = ("Scenarios", 1)


@pytest.mark.parametrize(
    ("book", "cell", "says"),
    [
        (
            changed(("Projects", 1, "earliest_year", 2027), ("Projects", 1, "latest_year", 2026)),
            "Projects!I2",
            "before earliest_year (2027)",
        ),
        (
            changed(("Contracts", 1, "earliest_year", 2027), ("Contracts", 1, "latest_year", 2026)),
            "Contracts!I2",
            "before earliest_year (2027)",
        ),
        (
            changed(("Contracts", 1, "price_min_usd_per_kg", 9), ("Contracts", 1, "price_max_usd_per_kg", 8)),
            "Contracts!H2",
            "above price_max_usd_per_kg (8)",
        ),
        (changed(("Contracts", 1, "min_t_per_yr", 50)), "Contracts!H2", "above max_t_per_yr (40)"),
        (changed(("Stockpiles", 1, "opening_t", 201)), "Stockpiles!D2", "above capacity_t (200)"),
        (changed((*SCENARIO, "from_year", None)), "Scenarios!C2", "needs a from_year"),
        (
            changed((*SCENARIO, "scenario", "base"), ("Changes", 1, "scenario", "base")),
            "Scenarios!A2",
            "unchanged workbook",
        ),
        (changed((*SCENARIO, "from_year", 2030)), "Scenarios!C2", "outside the years planned"),
        (changed((*SCENARIO, "emergency_from", 2027)), "Scenarios!A2", "there is emergency_from, but no emergency_to"),
        (
            changed((*SCENARIO, "emergency_from", 2027), (*SCENARIO, "emergency_to", None)),
            "Scenarios!E2",
            "there is emergency_from, but no emergency_to",
        ),
        (changed((*SCENARIO, "emergency_to", 2027)), "Scenarios!A2", "there is emergency_to, but no emergency_from"),
        (
            changed((*SCENARIO, "emergency_from", 2027), (*SCENARIO, "emergency_to", 2028)),
            "Scenarios!E2",
            "emergency_to is outside",
        ),
        (
            changed((*SCENARIO, "emergency_from", 2026), (*SCENARIO, "emergency_to", 2027)),
            "Scenarios!D2",
            "before the scenario shows itself",
        ),
        (changed(("Contracts", 1, "material", "ore")), "Contracts!C2", "home_refinery does not make ore"),
        (
            changed(("Contracts", 1, "supplier", "china_oxide"), ("Contracts", 1, "material", "ore")),
            "Contracts!C2",
            "china_oxide does not trade ore",
        ),
        (
            changed(("Contracts", 1, "supplier", "china_refinery"), ("Plants", 1, "pricing", "cost")),
            "Contracts!B2",
            "china_refinery has pricing cost",
        ),
        (
            changed(("Contracts", 1, "supplier", "home_recycling"), ("Projects", 2, "funding", "public")),
            "Contracts!B2",
            "home_recycling is a public project",
        ),
        (changed(("Contracts", 1, "fixed_price_usd_per_kg", None)), "Contracts!E2", "needs fixed_price_usd_per_kg"),
        (
            changed(("PriceFloors", 1, "project", "home_recycling"), ("Projects", 2, "funding", "public")),
            "PriceFloors!B2",
            "public",
        ),
        (
            changed(("PriceFloors", 1, "project", "home_recycling"), ("Projects", 2, "max_builds", 2)),
            "PriceFloors!B2",
            "max_builds over 1",
        ),
        (changed(("PriceFloors", 1, "material", "ore")), "PriceFloors!C2", "home_refinery does not make ore"),
        (changed(("Projects", 1, "requires", "home_refinery")), "Projects!H2", "home_refinery -> home_refinery"),
        (
            changed(("Projects", 1, "requires", "home_recycling"), ("Projects", 2, "requires", "home_refinery")),
            "Projects!H2",
            "home_refinery -> home_recycling -> home_refinery",
        ),
        (changed(("Regions", 1, "group", "Home")), "Regions!C2", "cannot be the name of a group, being a region"),
        (changed(("Regions", 1, "group", "*")), "Regions!C2", "all regions"),
        (changed(("Stockpiles", 1, "covers", "domestik")), "Stockpiles!H2", "neither a region nor a group"),
        (changed(("ChinaShare", 1, "region", "Hame")), "ChinaShare!F2", "neither a region nor a group"),
    ],
)
def test_problem_across_rows(tmp_path: Path, book: Book, cell: str, says: str) -> None:
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == cell
    assert says in problem.wrong
    assert problem.found and problem.mend


def test_groups_may_be_named(tmp_path: Path) -> None:
    book = changed(("Stockpiles", 1, "covers", "domestic"), ("ChinaShare", 1, "region", "Home"))
    assert load_book(tmp_path, book).problems == ()


def test_probabilities_over_one(tmp_path: Path) -> None:
    book = with_plants()
    book["Scenarios"] += [["second", 0.5, 2027], ["third", 0.3, 2027]]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Scenarios!B4", "0.3")
    assert "add up to 1.1" in problem.wrong


def test_emergency_reversed(tmp_path: Path) -> None:
    book = changed((*SCENARIO, "emergency_from", 2028), (*SCENARIO, "emergency_to", 2027))
    book["Settings"]["last_year"] = 2028
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Scenarios!E2", "emergency_to is before emergency_from (2028)")


def test_contracts_on_several_outputs(tmp_path: Path) -> None:
    book = changed(("Projects", 1, "spot_share", 0.5))
    book["Processes"].append(["refine", "scrap", 0.1])
    book["Contracts"].append(["second", "home_refinery", "scrap", "index", None, 5, 5])
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Contracts!C3", "scrap")
    assert "oxide, Contracts!C2" in problem.wrong
    book["Projects"][1][-1] = 1
    assert load_book(tmp_path, book).problems == ()


# --- prices and volumes ---------------------------------------------------------------------------------------------


def without_price(material: str, book: Book) -> Book:
    book["Prices"] = [row for row in book["Prices"] if row[0] != material]
    return book


def test_price_missing_where_money_is_reckoned_at_it(tmp_path: Path) -> None:
    problems = load_book(tmp_path, without_price("oxide", with_plants())).problems
    assert {(problem.cell, problem.found) for problem in problems} == {
        ("Markets!C2", "oxide"),
        ("Stockpiles!C2", "oxide"),
        ("Contracts!C2", "oxide"),
        ("Processes!B3", "oxide"),
    }


def test_no_price_is_needed_where_nothing_is_paid_at_it(tmp_path: Path) -> None:
    book = changed(
        ("Plants", 1, "pricing", "cost"),
        ("Plants", 2, "pricing", "cost"),
        ("Projects", 1, "funding", "public"),
        ("Projects", 2, "funding", "public"),
    )
    for sheet in ("Markets", "Contracts", "Stockpiles", "PriceFloors"):
        book[sheet] = book[sheet][:1]
    del book["Prices"]
    assert load_book(tmp_path, book).problems == ()


def test_price_missing_where_taxed(tmp_path: Path) -> None:
    book = tiny()
    book["Materials"].append(["slag"])
    book["Lanes"].append(["China", "Home", "slag", 1])
    book["Tariffs"] = [["from_region", "to_region", "material", 2026], ["China", "*", "*", 0]]
    assert load_book(tmp_path, book).problems == ()
    book["Tariffs"][1][3] = 0.1
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Tariffs!C2", "slag")


def test_tariff_of_a_scenario_needs_a_price_too(tmp_path: Path) -> None:
    book = tiny()
    book["Materials"].append(["slag"])
    book["Lanes"].append(["China", "Home", "slag", 1])
    book["Scenarios"] = [["scenario"], ["trade_war"]]
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "value"],
        ["trade_war", "Tariffs", "China/*/*", "years", 0.5],
    ]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Tariffs", "slag")
    assert problem.wrong.startswith("in scenario trade_war: ")


@pytest.mark.parametrize(("columns", "cell"), [([], "Markets!D3"), ([2026, 2027], "Markets!E3")])
def test_sell_market_without_volume(tmp_path: Path, columns: list[int], cell: str) -> None:
    book = tiny()
    book["Markets"][0] += columns
    book["Markets"].append(["buyer", "Home", "oxide", "sell"])
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == cell
    assert "without a volume" in problem.wrong


# --- circles --------------------------------------------------------------------------------------------------------


def test_processes_that_sustain_themselves(tmp_path: Path) -> None:
    """[cheat] Dissolving and precipitating again loses 5 % a round: too little."""
    book = with_plants()
    book["Processes"] += [
        ["dissolve", "oxide", -1],
        ["dissolve", "scrap", 1],
        ["again", "scrap", -1],
        ["again", "oxide", 0.95],
    ]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Processes!A7", "dissolve, again")
    book["Processes"][-1][2] = 0.7
    inputs = load_book(tmp_path, book)
    assert inputs.problems == ()
    ring = [warning for warning in inputs.warnings if "ring" in warning.wrong]
    assert [warning.cell for warning in ring] == ["Processes!A5"]
    assert ring[0].found == "recycle, dissolve, again"


def test_returns_that_bring_back_more_than_went_in(tmp_path: Path) -> None:
    """[cheat] 2.2 t of scrap come back per tonne delivered, and 2 t of it make a new tonne."""
    problem = only_problem(load_book(tmp_path, changed(("Returns", 1, "t_per_t", 2.2))))
    assert (problem.cell, problem.found) == ("Processes!A5", "recycle, Returns of oxide from defence")
    assert load_book(tmp_path, changed(("Returns", 1, "t_per_t", 2))).problems == ()


def test_returns_of_the_same_material(tmp_path: Path) -> None:
    problem = only_problem(
        load_book(tmp_path, changed(("Returns", 1, "scrap", "oxide"), ("Returns", 1, "t_per_t", 1.1)))
    )
    assert problem.cell == "Returns"


LOSSES = st.lists(st.floats(0.2, 5), min_size=2, max_size=5)


@given(LOSSES)
@settings(max_examples=40, deadline=None)
def test_a_ring_sustains_itself_if_a_round_loses_less_than_a_tenth_at_each_step(yields: list[float]) -> None:
    """In a ring of n steps the stationary mix exists if the product of the yields is at least 0.9 ** n."""
    names = [f"m{i}" for i in range(len(yields))]
    steps = [Step(f"s{i}", {names[i]: 1.0}, {names[(i + 1) % len(names)]: y}) for i, y in enumerate(yields)]
    product = 1.0
    for y in yields:
        product *= y
    for loss, found in ((0.1, bool(sustained(steps))), (0.0, bool(gaining(steps)))):
        threshold = (1 - loss) ** len(yields)
        if abs(product / threshold - 1) > 1e-3:
            assert found == (product > threshold)
    assert len(rings(steps)) == 1
    assert not rings(steps[1:])


def test_two_inputs_need_both_to_come_back() -> None:
    """An alloy that also takes iron from outside cannot keep itself going."""
    alloy = Step("alloy", {"metal": 0.3, "iron": 0.7}, {"magnet": 1.0})
    recycle = Step("recycle", {"magnet": 1.0}, {"metal": 0.31})
    assert sustained([alloy, recycle]) == []
    assert rings([alloy, recycle]) == [["alloy", "recycle"]]
    assert sustained([Step("alloy", {"metal": 0.3}, {"magnet": 1.0}), recycle]) == ["alloy", "recycle"]


# --- warnings -------------------------------------------------------------------------------------------------------


def test_a_sound_workbook_has_no_warnings(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, with_plants()) == {}


def test_plant_that_no_lane_reaches(tmp_path: Path) -> None:
    book = with_plants()
    del book["Settings"]["default_freight_usd_per_kg"]
    warned = warnings_of(tmp_path, book)
    assert warned == {"Plants!B2": "no open lane brings ore to china_refinery"}


def test_plant_from_which_nothing_leads_to_a_user(tmp_path: Path) -> None:
    book = with_plants()
    book["Lanes"][0].append("open")
    book["Lanes"][1].append("no")
    assert warnings_of(tmp_path, book) == {
        "Plants!B2": "no open lane leads from china_refinery to anyone who uses what it makes",
        "Markets!B2": "no open lane leads from china_oxide to anyone who uses oxide",
        "Lanes!D2": "freight_usd_per_kg has no effect: the lane is closed (open is no)",
    }


def test_nothing_left_for_the_base(tmp_path: Path) -> None:
    assert "nothing for the base" in warnings_of(tmp_path, changed((*SCENARIO, "probability", 1)))["Scenarios!B2"]


def test_scenario_that_shows_itself_at_once(tmp_path: Path) -> None:
    assert "hedges nothing" in warnings_of(tmp_path, changed((*SCENARIO, "from_year", 2026)))["Scenarios!C2"]
    book = changed((*SCENARIO, "from_year", 2026), (*SCENARIO, "probability", 0))
    assert warnings_of(tmp_path, book) == {}


def test_co_product_that_nobody_wants(tmp_path: Path) -> None:
    book = with_plants()
    book["Materials"].append(["slag"])
    book["Prices"].append(["slag", 1, 1])
    book["Processes"].append(["refine", "slag", 2])
    assert "co-product" in warnings_of(tmp_path, book)["Processes!B7"]
    book["Markets"][0] += [2026]
    book["Markets"].append(["slag_buyer", "Home", "slag", "sell", 50])
    assert warnings_of(tmp_path, book) == {}


def test_whole_plant_under_last_stage(tmp_path: Path) -> None:
    book = changed(("Projects", 1, "exposure_rule", "whole_plant"))
    assert warnings_of(tmp_path, book) == {}
    book["Settings"]["china_share_basis"] = "last_stage"
    assert "no effect" in warnings_of(tmp_path, book)["Projects!H2"]


def test_negative_value_added(tmp_path: Path) -> None:
    book = with_plants()
    book["Prices"][2][2] = 7
    warned = warnings_of(tmp_path, book)
    assert warned == {
        "Processes!A2": "at market prices this process adds a negative value (-4 USD/kg in 2027)",
        "Projects!A2": "never built: lenders miss 29.5 MUSD or more, which no package or contract on offer closes",
    }


@pytest.mark.parametrize("recipe", [[], [["refine", "oxide", -1]]])
def test_nothing_can_be_promised_of_what_makes_nothing(tmp_path: Path, recipe: list[Any]) -> None:
    """A recipe of inputs only: there is nothing that a floor could hold up, or a contract deliver."""
    book = with_plants()
    book["Processes"][2:3] = recipe
    problems = {problem.cell: problem for problem in load_book(tmp_path, book).problems}
    assert list(problems) == ["PriceFloors!C2", "Contracts!C2"]
    assert all("does not make oxide" in problem.wrong for problem in problems.values())
    assert all("makes nothing" in problem.mend for problem in problems.values())


def test_a_project_that_no_package_makes_bankable(tmp_path: Path) -> None:
    """home_recycling at lenders' prices (x 0.8): 48 - 2 x 8 - 15 = 17 USD/kg in 2026, then 52.8 - 2 x 8 - 15 = 21.8.

    Of 10 t/yr over 25 years at 12 %: decided in 2026 0.17 + 0.218 x 7.784 = 1.867 MUSD, in 2027 0.218 x 8.784 = 1.915.
    """
    recycling, cost = ("Projects", 2), ("Projects", 2, "operating_cost_usd_per_kg", 15)
    dear = changed(cost, (*recycling, "capex_musd", 2.0))
    warned = warnings_of(tmp_path, dear)
    assert list(warned) == ["Projects!A3"] and "miss 0.085 MUSD or more" in warned["Projects!A3"]

    later = warnings_of(tmp_path, changed(cost, (*recycling, "capex_musd", 1.9)))["Projects!A3"]
    assert later.startswith("bankable unaided by 0.32 %"), "decided in 2027: 52.8 of 15 + 2 x 8 + 190 / 8.784 = 52.630"
    early = changed(cost, (*recycling, "capex_musd", 1.9), (*recycling, "latest_year", 2026))
    assert "never built" in warnings_of(tmp_path, early)["Projects!A3"]
    public = changed(cost, (*recycling, "capex_musd", 2.0), (*recycling, "funding", "public"))
    assert warnings_of(tmp_path, public) == {}
    decided = changed(cost, (*recycling, "capex_musd", 2.0), (*recycling, "committed_year", 2026))
    assert warnings_of(tmp_path, decided) == {}, "what is decided already asks no lender"
    beyond = warnings_of(tmp_path, changed(cost, (*recycling, "capex_musd", 2.0), (*recycling, "earliest_year", 2030)))
    assert list(beyond) == ["Projects!H3"] and "can never be decided" in beyond["Projects!H3"]
    dear["PriceFloors"][0].append("capex_grant_share")
    dear["PriceFloors"] += [["grant", "home_recycling", "oxide", 0, 1, 0.05]]  # 0.1 MUSD of 0.085 that are missing
    assert warnings_of(tmp_path, dear) == {}


def test_warnings_wait_until_the_problems_are_mended(tmp_path: Path) -> None:
    book = changed((*SCENARIO, "probability", 1), ("Demand", 1, 2026, -1))
    inputs = load_book(tmp_path, book)
    assert inputs.problems and not inputs.warnings


def test_every_check_says_what_it_finds() -> None:
    for check in (*PROBLEM_CHECKS, *WARNING_CHECKS):
        assert check.__name__.islower()
    assert len(set(PROBLEM_CHECKS)) == len(PROBLEM_CHECKS)
