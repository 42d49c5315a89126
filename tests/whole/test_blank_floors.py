"""Floors left blank: the least that closes the gap, worked out for each year of decision.

As in test_cheats_support.py: 100 t of oxide a year are wanted, at 60 USD/kg, nothing is discounted.
"""

from __future__ import annotations

import pytest
from tests.make import Book
from tests.solving import add, built, change, close, kg, only, problems, read, rows, solve
from tests.support_books import SHORT, floor, mine

ALITTLE = 1.000001  # more than the least, so that no tolerance loses it


def dear(**cells: object) -> Book:
    """Work costs 70 and the capex is 4 MUSD over two years: lenders miss 4 + 2 * 100 t * 10 = 6, 30 a tonne."""
    return mine(2027, operating=70, capex=4, life=2, **cells)  # type: ignore[arg-type]


def test_a_blank_floor_is_the_least_that_closes_the_gap() -> None:
    """60 + 30 = 90 USD/kg; the plan pays 90 a tonne, for two years."""
    book = dear()
    floor(book, None, tenor=2)  # type: ignore[arg-type]
    plan = solve(book)
    assert only(plan, "price_floors")["floor_usd_per_kg"] == close(90 * ALITTLE)
    assert plan["objective_musd"] == kg(200 * 90 * ALITTLE)
    assert only(plan, "bankability")["least_floor_usd_per_kg"] == close(90 * ALITTLE)


@pytest.mark.parametrize("step", [4, 1, 0.25])
def test_a_blank_floor_is_the_least_of_a_fine_menu(step: float) -> None:
    """Of floors 60 + i * step the first at or above 90.3 is taken: as dear as the blank one to the step."""
    blank, menu = (mine(2027, operating=70, capex=4.06, life=2) for _ in range(2))
    floor(blank, None, tenor=2)  # type: ignore[arg-type]
    for i in range(int(40 / step)):
        floor(menu, 60 + i * step, tenor=2)
    least, chosen = (only(solve(book), "price_floors")["floor_usd_per_kg"] for book in (blank, menu))
    assert least == close(90.3 * ALITTLE)
    assert least <= chosen < least + step


@pytest.mark.parametrize(("most", "built_"), [(90.001, True), (89.999, False)])
def test_no_floor_above_its_most(most: float, built_: bool) -> None:
    book = dear()
    floor(book, None, tenor=2, floor_max_usd_per_kg=most)  # type: ignore[arg-type]
    assert built(solve(book)) == ([("mine_1", 2026)] if built_ else [])


def test_of_two_blank_floors_one_with_a_grant_is_lower() -> None:
    """Half of the capex granted: 2 MUSD less are missing, 4 of 200 t: 80."""
    book = dear()
    floor(book, None, tenor=2, capex_grant_share=0.5)  # type: ignore[arg-type]
    assert only(solve(book), "price_floors")["floor_usd_per_kg"] == close(80 * ALITTLE)


def test_each_year_of_decision_has_its_floor() -> None:
    """Lenders count on 60 in 2026 and 70 from 2027 on. Decided in 2026: 4 + 10 * 100 t + 0 = 5 over one tonne each of
    60 and 70: a floor f between them gives 100 t (f - 60) = 5 up to 70 and (2 f - 130) * 100 t above: 90. Decided in
    2027: 4 = 200 t * (f - 70): 90. With 1 MUSD less of capex: 85 in both. With capex 0.5: 1.5 = 100 t (f - 60)
    + 100 t (f - 70): 72.5 in 2026; 72.5 in 2027.
    """
    for capex, first, later in ((4, 90, 90), (0.5, 72.5, 72.5), (0, 70, None)):
        for year, least in ((2026, first), (2027, later)):
            book = mine(2028, operating=70, capex=capex, life=2, earliest_year=year, latest_year=year)
            add(book, "BankPrices", material="oxide", years=[60, 70, 70])
            floor(book, None, tenor=2)  # type: ignore[arg-type]
            plan = solve(book)
            awarded = rows(plan, "price_floors")
            assert [row["floor_usd_per_kg"] for row in awarded] == ([] if least is None else [close(least * ALITTLE)])


def test_a_committed_blank_floor_pays_what_would_have_made_it_bankable() -> None:
    """Committed in 2025, with the prices of the first year: 4 + 2 * 100 t * 10 = 6 over two years from 2025 on, of
    which one is left: 90 is paid for 100 t in 2026, nothing supplies 2027.
    """
    book = dear(committed_year=2025)
    floor(book, None, tenor=2, committed_year=2025)  # type: ignore[arg-type]
    plan = solve(book)
    assert only(plan, "committed", kind="floor")["amount"] == close(90 * ALITTLE)
    assert only(plan, "floor_payments")["payment_musd"] == kg(100 * (90 * ALITTLE - 60))
    assert plan["objective_musd"] == kg(100 * 90 * ALITTLE + SHORT)


def test_a_committed_blank_floor_is_owed_after_the_horizon() -> None:
    """Life and tenor two years, of which the plan has one: 30 a tonne in 2026, and as much after it."""
    book = mine(2026, operating=70, capex=4, life=2, committed_year=2026)
    floor(book, None, tenor=2, committed_year=2026)  # type: ignore[arg-type]
    assert solve(book)["objective_musd"] == kg(100 * 90 * ALITTLE + 100 * (90 * ALITTLE - 60))


def test_a_committed_blank_floor_has_its_level_whatever_the_most() -> None:
    """What is signed stands: dearer, 8 MUSD are missing, 100 USD/kg, though no more than 95 is offered."""
    book = dear(committed_year=2026)
    floor(book, None, tenor=2, committed_year=2026, floor_max_usd_per_kg=95)  # type: ignore[arg-type]
    change(book, "dearer", "Projects", "mine_1", 6, column="capex_musd")
    assert not problems(book)
    assert only(solve(book, "dearer"), "committed", kind="floor")["amount"] == close(100 * ALITTLE)


def test_costs_that_rise_lift_the_floor_and_leave_nobody_short() -> None:
    """A menu of 92 fits a capex of 4 and not one of 4.6; the blank floor moves from 90 to 93 USD/kg."""
    for capex, menu, blank in ((4, 92, 90), (4.6, None, 93)):
        fixed, free = (mine(2027, operating=70, capex=capex, life=2) for _ in range(2))
        floor(fixed, 92, tenor=2)
        floor(free, None, tenor=2)  # type: ignore[arg-type]
        assert solve(free)["objective_musd"] == kg(200 * blank * ALITTLE)
        assert solve(fixed)["objective_musd"] == kg(2 * SHORT if menu is None else 200 * menu)


def test_a_budget_beside_a_blank_floor_and_a_floor_of_a_plant_is_read() -> None:
    book = dear()
    floor(book, None, tenor=2)  # type: ignore[arg-type]
    add(book, "Plants", plant="mill", region="Home", process="mine", operating_cost_usd_per_kg=50, years=10)
    floor(book, 65, project="mill", tenor=2, committed_year=2026)
    for kind in ("all", "floors", "contingent", "loans", "equity", "contracts"):
        add(book, "Budgets", budget=kind, covers=kind, years=9)
    inputs = read(book)
    assert not inputs.problems
    nothing = {w.cell for w in inputs.warnings if "limits nothing" in w.wrong}
    assert nothing == {"Budgets!B5", "Budgets!B6", "Budgets!B7"}  # no loans, stakes or contracts are on offer
