"""Who pays and what a kilogram costs, on tiny chains by hand; everything adds up to the cost of the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, change, close, home, kg, lane, market, only, recipe, rows, solve, solve_all, total

PARTS = ("purchases", "mine", "refining", "margin", "freight", "duty", "support", "other")


def adds_up(plan: dict[str, Any]) -> None:
    """Accounts, payers and landed costs each add up to the plan, and to its terms and payers."""
    likely = plan.get("probabilities", {})

    def summed(table: str, column: str, **keys: Any) -> float:
        return sum(likely.get(row.get("scenario", ""), 1.0) * row[column] for row in rows(plan, table, **keys))

    def exactly(value: float) -> Any:
        return pytest.approx(value, rel=1e-9, abs=1e-6)

    for term, musd in plan["costs_musd"].items():
        assert summed("accounts", "discounted_musd", term=term, in_cost="yes") == exactly(musd), term
    for payer in ("buyers", "shortage"):
        assert summed("who_pays", "discounted_musd", payer=payer) == exactly(plan["payers_musd"][payer])
    assert summed("who_pays", "discounted_musd") == exactly(plan["expected_cost_musd"])
    assert summed("landed_costs", "discounted_musd") == exactly(plan["expected_cost_musd"])
    assert sum(summed("landed_costs", f"{part}_musd") for part in PARTS) == exactly(plan["expected_cost_musd"])
    assert summed("landed_costs", "support_musd") == exactly(plan["payers_musd"]["public"])


def parts(row: dict[str, Any]) -> dict[str, Any]:
    """In MUSD, those that are not 0."""
    return {part: row[f"{part}_musd"] for part in PARTS if abs(row[f"{part}_musd"]) > 1e-9}


# A mine at Ally (cost 4, paid at market: ore 5) and a refinery there (10 t ore and 8 USD/kg for 1 t of oxide at 60).
# Ally uses 20 t, Home 80 t over a lane of 2 USD/kg with 10 % duty on 60 = 6. Per kg of oxide: mine 40, its margin 10,
# refining 8, its margin 60 - 50 - 8 = 2; Home also 2 + 6.
def two_regions() -> Book:
    book = home(demand=80)
    add(book, "Demand", region="Ally", sector="industry", material="oxide", years=20)
    add(book, "Materials", material="ore", mineral="rock")
    add(book, "Prices", material="ore", years=5)
    recipe(book, "mine", ore=1)
    recipe(book, "refine", ore=-10, oxide=1)
    add(book, "Plants", plant="pit", region="Ally", process="mine", operating_cost_usd_per_kg=4, years=2000)
    add(book, "Plants", plant="works", region="Ally", process="refine", operating_cost_usd_per_kg=8, years=200)
    lane(book, "Ally", "Home", freight=2)
    add(book, "Tariffs", from_region="Ally", to_region="Home", material="oxide", years=0.1)
    return book


def test_two_regions_pay_for_one_chain():
    plan = solve(two_regions())
    at_home = only(plan, "landed_costs", use="delivered", region="Home")
    assert at_home["landed_usd_per_kg"] == close(60 + 2 + 6)
    assert parts(at_home) == {
        "mine": kg(80 * 40),
        "refining": kg(80 * 8),
        "margin": kg(80 * 12),
        "freight": kg(80 * 2),
        "duty": kg(80 * 6),
    }
    at_ally = only(plan, "landed_costs", use="delivered", region="Ally")
    assert at_ally["landed_usd_per_kg"] == close(60)
    assert {row["region"]: row["discounted_musd"] for row in rows(plan, "who_pays")} == {
        "Ally": kg(20 * 60),
        "Home": kg(80 * 68),
    }
    duty = only(plan, "accounts", payer="treasury of Home")
    assert (duty["receipts_musd"], duty["in_cost"]) == (kg(80 * 6), "no")
    adds_up(plan)


def test_duties_that_are_not_counted_are_only_received():
    book = two_regions()
    book["Settings"]["tariffs_counted"] = "no"
    plan = solve(book)
    assert only(plan, "landed_costs", region="Home")["landed_usd_per_kg"] == close(62)
    assert only(plan, "accounts", payer="treasury of Home")["receipts_musd"] == kg(80 * 6)
    adds_up(plan)


# A works at cost makes 1 t of oxide (60) and 1 t of a by-product (20) for 40 USD/kg: by value 30 and 10 a kg. All
# by-product is sold at 20. Where nobody buys it, the oxide bears all 40.
def by_product(sold: bool) -> Book:
    book = home()
    add(book, "Materials", material="side")
    add(book, "Prices", material="side", years=20)
    recipe(book, "split", oxide=1, side=1)
    costs = {"operating_cost_usd_per_kg": 40, "pricing": "cost"}
    add(book, "Plants", plant="works", region="Home", process="split", years=100, **costs)
    if sold:
        market(book, "outlet", "Home", "side", side="sell", years=1000)
    return book


def test_a_by_product_bears_its_part_by_value():
    plan = solve(by_product(sold=True))
    assert only(plan, "landed_costs", use="delivered")["landed_usd_per_kg"] == close(30)
    sale = only(plan, "landed_costs", use="sold")
    assert (sale["landed_usd_per_kg"], sale["to"], sale["t"]) == (close(10), "outlet", close(100))
    assert parts(sale) == {"mine": kg(100 * 10), "other": kg(-100 * 20)}
    adds_up(plan)


def test_what_nobody_wants_costs_nothing():
    plan = solve(by_product(sold=False))
    assert only(plan, "landed_costs", use="delivered")["landed_usd_per_kg"] == close(40)
    adds_up(plan)


# 2026: 100 t bought at 60. 2027: half a kg of scrap a kg comes back; a public recycler of Ministry (operating cost 10)
# makes 50 t of it, 50 t are bought. So 2027 costs (50 x 60 + 50 x 10) / 100 = 35 a kg, 30 of it bought.
def test_scrap_comes_back_free_of_charge():
    book = home(2027)
    add(book, "Materials", material="scrap")
    add(book, "Prices", material="scrap", years=10)
    recipe(book, "recycle", scrap=-1, oxide=1)
    market(book, "desk", "Home")
    add(book, "Returns", sector="industry", material="oxide", scrap="scrap", t_per_t=0.5, lag_years=1)
    cells = {"capacity_t_per_yr": 100, "capex_musd": 0, "operating_cost_usd_per_kg": 10, "funding": "public"}
    add(book, "Projects", project="loop", region="Home", process="recycle", payer="Ministry", lead_years=0, **cells)
    plan = solve(book)
    second = only(plan, "landed_costs", use="delivered", year=2027)
    assert second["landed_usd_per_kg"] == close(35)
    assert parts(second) == {"purchases": kg(50 * 60), "support": kg(50 * 10)}
    assert total(plan, "who_pays", "discounted_musd", payer="Ministry") == kg(50 * 10)
    adds_up(plan)


# Interest 25 %. The desk sells in 2026 only: 100 t are used at once, 100 t wait for 2027 in a reserve that holds them
# for 8 USD/kg at the end of 2026. A kg of 2027 has cost 60 + 8 the year before: 68 x 1.25 = 85 in money of 2027.
def in_between(**settings: Any) -> Book:
    book = home(2027, discount_rate=0.25, stock_end_value_share=0, **settings)
    market(book, "desk", "Home", years=[1000, 0])
    holding = {"capacity_t": 500, "holding_cost_usd_per_kg_yr": 8, "payer": "Agency"}
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", **holding)
    return book


def test_what_comes_from_stock_has_cost_its_year_with_interest():
    plan = solve(in_between())
    assert only(plan, "landed_costs", use="delivered", year=2026)["landed_usd_per_kg"] == close(60)
    second = only(plan, "landed_costs", use="delivered", year=2027)
    assert second["landed_usd_per_kg"] == close(85)
    assert parts(second) == {"purchases": kg(100 * 60), "support": kg(100 * 8)}
    assert only(plan, "accounts", payer="Agency")["outlay_musd"] == kg(100 * 8)
    adds_up(plan)


def test_an_idle_reserve_and_an_idle_plant_bear_their_own_cost():
    """50 t of opening stock are held for 8 a year, twice; a plant at cost stands for 1 MUSD a year and never works."""
    book = home(2027)
    market(book, "desk", "Home")
    cover = {"opening_t": 50, "capacity_t": 50, "least_t": 50, "holding_cost_usd_per_kg_yr": 8}
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", **cover)
    recipe(book, "mine", oxide=1)
    cells = {"capacity_t_per_yr": 10, "capex_musd": 3, "funding": "public", "committed_year": 2026, "lead_years": 0}
    costs = {"operating_cost_usd_per_kg": 500, "fixed_cost_musd_per_yr": 1}
    add(book, "Projects", project="folly", region="Home", process="mine", payer="Ministry", **cells, **costs)
    plan = solve(book)
    reserve = only(plan, "landed_costs", use="held in reserve")
    assert (reserve["to"], reserve["t"]) == ("reserve", close(50))
    assert parts(reserve)["support"] == kg(2 * 50 * 8)
    idle = rows(plan, "landed_costs", use="idle")
    assert {row["to"] for row in idle} == {"folly"}
    # capex 3, two of 25 years of its life used, and fixed cost of two years
    assert total(plan, "landed_costs", "discounted_musd", use="idle") == close(3 - 3 * 23 / 25 + 2)
    adds_up(plan)


# Recycling within the year: 1 t of oxide of the desk at 60 is worked up to 0.5 t of alloy and 0.5 t of dust, from
# which 0.45 t of oxide is won back for nothing: 100 t of alloy take 200 t of oxide, of which 90 t go round.
def test_a_loop_of_recipes_is_followed_until_all_has_come_out():
    book = home(demand=0)
    for material in ("alloy", "dust"):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=1)
    add(book, "Demand", region="Home", sector="industry", material="alloy", years=100)
    recipe(book, "cast", oxide=-1, alloy=0.5, dust=0.5)
    recipe(book, "win", dust=-1, oxide=0.9)
    for plant, process in (("caster", "cast"), ("winner", "win")):
        add(book, "Plants", plant=plant, region="Home", process=process, years=1000, pricing="cost")
    market(book, "desk", "Home")
    plan = solve(book)
    assert only(plan, "landed_costs", use="delivered")["landed_usd_per_kg"] == close(60 * (200 - 90) / 100)
    adds_up(plan)


# Support: a private recycler bankable only with a grant; the grant goes with its use over both years of production.
def test_a_grant_goes_with_what_it_makes_over_the_years():
    book = home(2028, demand=[100, 100, 200], price=60)
    recipe(book, "mine", oxide=1)
    cells = {"capacity_t_per_yr": 200, "capex_musd": 30, "operating_cost_usd_per_kg": 30, "lead_years": 1}
    add(book, "Projects", project="pit", region="Home", process="mine", life_years=10, hurdle_rate=0.1, **cells)
    add(book, "PriceFloors", floor="help", project="pit", material="oxide", floor_usd_per_kg=0, tenor_years=1,
        capex_grant_share=0.9, payer="Ministry")  # fmt: skip
    plan = solve(book)
    grants = {row["year"]: row["support_musd"] for row in rows(plan, "landed_costs", use="delivered")}
    assert grants == {2027: close(27 / 3), 2028: close(27 * 2 / 3)}
    assert only(plan, "accounts", payer="Ministry", term="grants")["outlay_musd"] == close(27)
    adds_up(plan)


def test_every_future_of_a_joint_plan_adds_up():
    book = in_between()
    book["Markets"][0].append(2028)
    change(book, "dear", "Prices", "oxide", 90)
    book["Scenarios"] = [["scenario", "probability", "from_year"], ["dear", 0.25, 2027]]
    plan = solve_all(book, values=False)
    assert {row["scenario"] for row in rows(plan, "who_pays")} == {"base", "dear"}
    adds_up(plan)


@pytest.mark.parametrize("example", ["tutorial"])
def test_the_accounts_of_the_example_add_up(example: str):
    from lodestone.solve.effort import Effort
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.inputs import load

    path = Path(__file__).resolve().parents[2] / "inputs" / f"{example}.xlsx"
    adds_up(solve_scenario(load(path), "embargo", Effort(gap=1e-6)).document())
