"""Promises that are broken from a time on: floors and contracts not honoured, plants that come late.

As in test_cheats_support.py: 100 t of oxide a year are wanted at Home, the price is 60 USD/kg, nothing is discounted, a
tonne short costs 1000 USD/kg. Every plan is audited.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, built, change, close, cost, home, kg, lane, market, recipe, rows, solve, solve_all, spent
from tests.support_books import SHORT, contract, floor, mine


def later(book: Book, sheet: str, row: str, column: str, value: Any, year: int, scenario: str = "broken") -> None:
    """From a year on, in a scenario that shows itself then; or in the base."""
    if scenario != "base" and "Scenarios" not in book:
        add(book, "Scenarios", scenario=scenario, from_year=year, probability=0.5)
    change_of = {"from_year": year} if scenario == "base" else {}
    if scenario == "base":
        add(book, "Changes", scenario="base", sheet=sheet, row=row, column=column, value=value, **change_of)
    else:
        change(book, scenario, sheet, row, value, column=column)


def test_a_floor_that_is_not_honoured_pays_nothing_from_then_on() -> None:
    """Work costs 60 and capex 4 over 2026-2027: a floor of 80 pays 2.0 a year; nothing in 2027 where it is broken. What
    the mine then lacks of its 4 is added, for nobody builds where that is known; in the mean of both futures that is 1.
    """
    book = mine(2027, operating=60, capex=4, life=2)
    floor(book, 80, tenor=2)
    later(book, "PriceFloors", "floor_1", "honoured", "no", 2027)
    paid = {"base": 4.0, "broken": 2.0}
    for scenario, musd in paid.items():
        plan = solve(book, scenario)
        assert spent(plan, "floor_payments") == close(musd)
        assert spent(plan, "topups") == close(4 - musd)
        assert plan["objective_musd"] == close(2 * 100 * 60 / 1000 + 4)
    both = solve_all(book, values=False)
    assert both["costs_musd"]["topups"] == close(1)
    assert both["objective_musd"] == close(12 + 3 + 1)


def test_a_contract_that_is_broken_leaves_its_tonnes_under_the_floor() -> None:
    """60 t at 80, all of it bound to be paid, 40 t under the floor of 80; broken in 2027 all 100 t are: 2.0 is paid
    above the market each year either way, of it 0.8 and then 2.0 by the floor.
    """
    book = mine(2027, operating=60, capex=4, life=2)
    floor(book, 80, tenor=2)
    contract(book, usd_per_kg=80, tenor=2, take_or_pay_share=1, min_t_per_yr=60, max_t_per_yr=60)
    later(book, "Contracts", "contract_1", "honoured", "no", 2027)
    book["Projects"][0].append("spot_share")  # only with the contract is it open to us
    book["Projects"][1].append(0.4)
    plan = solve_all(book, values=False)
    covered = {(r["scenario"], r["year"]): r["covered_t"] for r in rows(plan, "floor_payments")}
    assert covered == {("base", 2026): close(40), ("base", 2027): close(40), ("broken", 2026): close(40),
                       ("broken", 2027): close(100)}  # fmt: skip
    taken = {(r["scenario"], r["year"]): r["taken_t"] for r in rows(plan, "contract_years")}
    assert taken["broken", 2027] == 0 and taken["base", 2027] == close(60)


@pytest.mark.parametrize(("capex", "is_built"), [(2, True), (2.01, False)])
def test_what_the_base_itself_breaks_counts_nothing_with_lenders(capex: float, is_built: bool) -> None:
    """The floor of 80 is worth 2.0 in 2026; it is known that it is not honoured in 2027."""
    book = mine(2027, operating=60, capex=capex, life=2)
    floor(book, 80, tenor=2)
    later(book, "PriceFloors", "floor_1", "honoured", "no", 2027, "base")
    assert cost(book) == (close(12 + 2) if is_built else close(2 * SHORT / 1000))


@pytest.mark.parametrize(("capex", "is_built"), [(3.6, True), (3.61, False)])
def test_a_contract_that_the_base_breaks_leaves_the_floor_whole_in_the_eyes_of_lenders(
    capex: float, is_built: bool
) -> None:
    """2026: 60 t at 73.33 and 40 t under the floor of 80 are worth 0.8 + 0.8; 2027: all 100 t under the floor, 2.0.
    Nothing is open to us without the contract: 60 t come in 2026, of which 0.8 is paid, and nothing in 2027.
    """
    book = mine(2027, operating=60, capex=capex, life=2)
    floor(book, 80, tenor=2)
    contract(book, usd_per_kg=60 + 40 / 3, tenor=2, take_or_pay_share=1, min_t_per_yr=60, max_t_per_yr=60)
    book["Projects"][0].append("spot_share")
    book["Projects"][1].append(0)  # nothing without the contract
    later(book, "Contracts", "contract_1", "honoured", "no", 2027, "base")
    assert cost(book) == close((60 * 60 + 1600 + 40 * 1000 + 2000 if is_built else SHORT) / 1000 + SHORT / 1000)


def test_a_blank_floor_makes_up_for_the_years_in_which_it_will_be_broken() -> None:
    """4 MUSD are missing, over 100 t of 2026 alone: 100 USD/kg instead of 80."""
    book = mine(2027, operating=60, capex=4, life=2)
    floor(book, None, tenor=2)  # type: ignore[arg-type]
    later(book, "PriceFloors", "floor_1", "honoured", "no", 2027, "base")
    assert cost(book) == close(2 * 100 * 60 / 1000 + 100 * (100 * 1.000001 - 60) / 1000)


# --- late plants ------------------------------------------------------------------------------------------------------


def test_a_plant_comes_late_ramps_late_and_lives_late() -> None:
    """Decided in 2026 for 2027, ramped in two years, life two: two years late it makes 50 t in 2029 and 100 in 2030."""
    book = mine(2031, operating=20, capex=1, life=2, lead_years=1, ramp_years=2)
    later(book, "Projects", "mine_1", "delay_years", 2, 2027)
    used = {r["year"]: r["clean_t"] for r in rows(solve(book, "broken"), "plants")}
    assert {y: t for y, t in used.items() if t} == {2029: close(50), 2030: close(100)}
    used = {r["year"]: r["clean_t"] for r in rows(solve(book), "plants")}
    assert {y: t for y, t in used.items() if t} == {2027: close(50), 2028: close(100)}


@pytest.mark.parametrize(("from_year", "first"), [(2027, 2029), (2028, 2027)])
def test_only_what_is_planned_from_then_on_comes_late(from_year: int, first: int) -> None:
    book = mine(2030, operating=20, capex=1, life=9, lead_years=1)
    later(book, "Projects", "mine_1", "delay_years", 2, from_year)
    assert min(r["year"] for r in rows(solve(book, "broken"), "plants") if r["clean_t"]) == first


def test_a_tenor_keeps_its_planned_years() -> None:
    """Floor of 90 for 2027 and 2028; one year late the mine is covered in 2028 alone, and owed nothing after. Its 3 are
    half of the capex: the other half is added."""
    book = mine(2029, operating=60, capex=6, life=3, lead_years=1)
    floor(book, 90, tenor=2)
    later(book, "Projects", "mine_1", "delay_years", 1, 2027)
    plan = solve(book, "broken")
    assert {r["year"]: r["payment_musd"] for r in rows(plan, "floor_payments") if r["covered_t"]} == {2028: close(3)}
    assert plan["objective_musd"] == kg(2 * SHORT + 100 * 60 + 3000 + 100 * 60 + 3000)


def test_a_public_plant_that_comes_late_keeps_more_of_its_worth_and_costs_nothing_while_it_waits() -> None:
    """Capex 8 over a life of 4, fixed cost 1 a year; from 2027 on, or one year late: 2 of 4 or 3 of 4 years are left at
    the end of 2028."""
    for delay, fixed, left in ((0, 2, 4), (1, 1, 6)):
        book = mine(2028, operating=20, capex=8, life=4, lead_years=1, funding="public", fixed_cost_musd_per_yr=1)
        later(book, "Projects", "mine_1", "delay_years", delay, 2027)
        plan = solve(book, "broken")
        assert (spent(plan, "public_fixed_cost"), spent(plan, "salvage")) == (close(fixed), close(-left))


def hedge(probability: float) -> Book:
    """Demand from 2028 on; a mine decided in 2026 or 2027 and ready a year later, which may come two years late from
    2028 on. Holding a tonne costs 10 a year; the mine's fixed cost is 0.3 a year."""
    book = home(2029, demand=[0, 0, 100, 100], price=60)
    recipe(book, "mine", oxide=1)
    add(book, "Projects", project="mine_1", region="Home", process="mine", capacity_t_per_yr=100, capex_musd=2,
        operating_cost_usd_per_kg=20, fixed_cost_musd_per_yr=0.3, lead_years=1, life_years=20, latest_year=2027,
        funding="public")  # fmt: skip
    add(book, "Scenarios", scenario="late", from_year=2028, probability=probability)
    change(book, "late", "Projects", "mine_1", 2, column="delay_years")
    return book


def test_a_plan_for_all_futures_builds_before_plants_can_come_late() -> None:
    """Decided in 2026 the mine stands in 2027, before the scenario shows itself, and idles a year for 0.3. Decided in
    2027 it saves that, and in 30 % of futures leaves both years short, 200 t at 1000."""
    likely, sure = solve_all(hedge(0.3)), solve(hedge(0.3))
    assert built(sure) == [("mine_1", 2027)]
    assert {row["decision_year"] for row in rows(likely, "investments")} == {2026}


def test_a_plan_for_all_futures_holds_stock_against_plants_that_come_late() -> None:
    """Ready in 2028 at the earliest; whether separators come late shows in 2028. A tonne bought at 61 in 2027 and held
    for a year at 1 is worth 1000 in 30 % of futures."""
    book = hedge(0.3)
    book["Projects"][1][book["Projects"][0].index("lead_years")] = 2
    book["Projects"][1][book["Projects"][0].index("latest_year")] = 2026
    market(book, "china", "China", years=[100, 100, 0, 0])
    lane(book, "China", "Home", freight=1)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=1000,
        holding_cost_usd_per_kg_yr=1)  # fmt: skip
    sure, likely = solve(book), solve_all(book)
    assert max(row["stock_t"] for row in rows(sure, "stockpile")) == 0
    held = [row["stock_t"] for row in rows(likely, "stockpile", scenario="late", year=2027)]
    assert held == [close(200)]
