"""Loans, stakes and credits from end to end: when they make a project bankable, and what they cost.

As in test_cheats_support.py: 100 t of oxide a year are wanted at Home, the price is 60 USD/kg, nothing is discounted, a
tonne short costs 1000 USD/kg. Expected costs are written out by hand.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, close, cost, read, solved
from tests.support_books import SHORT, floor, mine

from lodestone.data.tree import single
from lodestone.report.plan.first_page import brief
from lodestone.rules.build import build
from lodestone.rules.tables import money_tables
from lodestone.solve.one_scenario import load_model, scenario_data


def deal(book: Book, tenor: int = 1, **cells: Any) -> None:
    """A package without a floor."""
    floor(book, 0, tenor, **cells)


# --- the break-even flip: one unit under what closes the gap leaves it unbuilt ---


@pytest.mark.parametrize(("credit", "built"), [(20, True), (19.99, False)])
def test_a_credit_closes_a_gap(credit: float, built: bool) -> None:
    """Work costs 60, capex 2: 20 a tonne of 100 t are missing. It is paid on all that could be made."""
    book = mine(operating=60, capex=2)
    deal(book, production_credit_usd_per_kg=credit)
    assert cost(book) == close((100 * 60 + 2000) / 1000 if built else SHORT / 1000)


@pytest.mark.parametrize(("equity", "built"), [(2.5, True), (2.49, False)])
def test_a_stake_closes_a_gap(equity: float, built: bool) -> None:
    """Work costs 50: cash 2 over two years, capex 4, 2 are missing. A stake of a quarter takes 0.5 of the cash: 2.5 are
    needed. Its dividends, 0.25 a year, come back: 2.0 are lost.
    """
    book = mine(2027, operating=50, capex=4, life=2)
    deal(book, equity_musd=equity, equity_share=0.25)
    assert cost(book) == close((2 * 100 * 60 + 2500 - 500) / 1000 if built else 2 * SHORT / 1000)


@pytest.mark.parametrize(("rate", "built"), [(0.05, True), (0.08, False)])
def test_a_loan_closes_a_gap_where_it_is_cheaper_than_the_hurdle(rate: float, built: bool) -> None:
    """Hurdle 20 %: a cash of 1.2 (100 t x 12) in each of two years is worth 1.2 + 1.2 / 1.2 = 2.2. A loan of 1.38 paid
    back in the same two years is worth 1.38 - DS (1 + 1 / 1.2) to the owners: 0.084 at 5 %, 0.065 at 8 %. So a capex of
    2.2 and that is just closed; a hair more is not.
    """
    ds = 1.38 / (1 + 1 / (1 + rate))
    worth = 1.38 - ds * (1 + 1 / 1.2)
    capex = 2.2 + worth - (0.0001 if built else -0.0001)  # to either side of what the loan closes
    book = mine(2027, operating=48, capex=capex, life=2, hurdle_rate=0.2)
    deal(book, loan_share_of_capex=1.38 / capex, loan_rate=rate, loan_years=2, loan_loss_share=0)
    assert cost(book) == close(2 * 100 * 60 / 1000 if built else 2 * SHORT / 1000)  # all of it comes back


# --- never cheaper by lending to, or buying into, who needs none ---


@pytest.mark.parametrize(
    "terms",
    [
        {"equity_musd": 1, "equity_share": 0.9},
        {"loan_share_of_capex": 0.5, "loan_rate": 0.5, "loan_loss_share": 0, "loan_years": 2},
        {"production_credit_usd_per_kg": 1},
    ],
)
def test_nothing_is_on_offer_to_who_needs_none(terms: dict[str, float]) -> None:
    book = mine(2027, operating=30, capex=4, life=2)
    before = cost(book)
    deal(book, **terms)
    assert cost(book) == before == close(2 * 100 * 60 / 1000)


@pytest.mark.parametrize("discount", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_stake_never_earns(discount: float, share: float) -> None:
    """Lenders count on 30 and miss a lot; the market gives 60, so that the stake would earn more than it cost."""
    settings = {"discount_rate": discount}
    book = mine(2028, operating=20, capex=4, life=3, settings=settings, hurdle_rate=0.1)
    add(book, "BankPrices", material="oxide", years=30)
    deal(book, equity_musd=2, equity_share=share, capex_grant_share=0.5)
    paid = sum(100 * 60 / 1000 / (1 + discount) ** t for t in range(3))
    assert cost(book) >= paid + 2.0 - 1e-9  # the grant; of the stake not more than it cost comes back


def test_a_loan_at_any_interest_is_no_business() -> None:
    """It needs 2 MUSD of a capex of 4; half of it lent at 60 % a year, and granted the rest."""
    book = mine(2027, operating=50, capex=4, life=2, hurdle_rate=0)
    deal(book, loan_share_of_capex=0.5, loan_rate=0.6, loan_loss_share=0, loan_years=1, capex_grant_share=0.5)
    assert cost(book) == close((2 * 100 * 60 + 2000) / 1000)


# --- a stake in who sells under contract ---


@pytest.mark.parametrize(("least", "built"), [(80, True), (79, False)])
def test_a_stake_takes_its_share_of_what_a_contract_brings(least: float, built: bool) -> None:
    """Work costs 60, so that nothing is earned; capex 3. The stake pays 1.8 for half: the contract at 90, all of it
    paid, brings 30 a tonne, of which owners keep 15: 1.2 are left, 80 t. It costs 30 * 80 t more than the market, and
    the stake, whose dividends are counted as if nothing were contracted, all of its 1.8.
    """
    book = mine(operating=60, capex=3)
    deal(book, equity_musd=1.8, equity_share=0.5)
    add(book, "Contracts", contract="offtake", supplier="mine_1", material="oxide", price_rule="fixed",
        fixed_price_usd_per_kg=90, take_or_pay_share=1, tenor_years=1, max_t_per_yr=least)  # fmt: skip
    assert cost(book) == close((100 * 60 + 80 * 30 + 1800) / 1000 if built else SHORT / 1000)


# --- budgets ---


@pytest.mark.parametrize(
    ("kind", "money", "built"),
    [("loans", 2, True), ("loans", 1.99, False), ("equity", 1, True), ("equity", 0.99, False),
     ("floors", 0.5, True), ("floors", 0.49, False), ("all", 3.5, True), ("all", 3.49, False), ("contingent", 0, True)],
)  # fmt: skip
def test_a_budget_of_each_kind(kind: str, money: float, built: bool) -> None:
    """Capex 4, half of it lent for a year without interest, 1 put in for nothing, a credit of 5 on 100 t of each of two
    years: 1 in all; 2 are missing, and a grant is not needed."""
    book = mine(2027, operating=50, capex=4, life=2)
    deal(book, tenor=2, loan_share_of_capex=0.5, loan_rate=0, loan_years=1, loan_loss_share=0, equity_musd=1,
         production_credit_usd_per_kg=5)  # fmt: skip
    add(book, "Budgets", budget="money", covers=kind, years=money)
    assert cost(book) == close((2 * 100 * 60 + 1000 + 1000) / 1000 if built else 2 * SHORT / 1000)


@pytest.mark.parametrize(("money", "built"), [(1, True), (0.99, False)])
def test_contingent_payments_keep_to_their_budget_in_years_to_come(money: float, built: bool) -> None:
    """Lenders expect 60 in 2026 and 50 from 2027 on. A floor of 60, two years, pays nothing at the market's 60; at the
    lenders' it would pay 10 a tonne in 2027, after the plan."""
    book = mine(2026, operating=50, capex=2, life=2)
    add(book, "BankPrices", material="oxide", years={2026: 60, 2027: 50})
    floor(book, 60, tenor=2)
    add(book, "Budgets", budget="money", covers="contingent", years=money)
    assert cost(book) == close(100 * 60 / 1000 if built else SHORT / 1000)


# --- the capital stack ---


def stack(book: Book) -> dict[str, dict[str, Any]]:
    """The rows of the capital stack by source, of the least-cost plan."""
    built = build(single(scenario_data(read(book))))
    solver = load_model(built)
    solver.solve(1e-9, 60)
    solver.store(solver.values())
    return {row["source"]: row for row in money_tables(built, built.tree)["capital_stack"]}


def test_who_puts_in_what_and_what_comes_back() -> None:
    """Capex 4: half of it lent for a year without interest, 1 put in for nothing, 1 left to the owners. The credit of
    5 on 200 t pays 1: 2 MUSD for 200 t of clean oxide, 10 USD/kg."""
    book = mine(2027, operating=50, capex=4, life=2)
    deal(book, tenor=2, loan_share_of_capex=0.5, loan_rate=0, loan_years=1, loan_loss_share=0, equity_musd=1,
         production_credit_usd_per_kg=5, payer="Home")  # fmt: skip
    found = stack(book)
    assert {s: (r["put_in_musd"], r["later_musd"], r["cost_musd"]) for s, r in found.items()} == {
        "owners": (close(1), 0, 0),
        "loan": (close(2), close(-2), close(0)),
        "stake": (close(1), 0, close(1)),
        "credit": (0, close(1), close(1)),
    }
    assert {r["payer"] for s, r in found.items() if s != "owners"} == {"Home"} and found["owners"]["payer"] == ""
    assert (found["loan"]["first_year"], found["loan"]["last_year"]) == (2026, 2026)
    assert all((r["clean_t"], r["support_usd_per_kg"]) == (close(200), close(10)) for r in found.values())


def test_what_comes_after_the_last_year_is_in_the_stack() -> None:
    """Half of the life of two years lies after 2026: the second instalment of a loan of 2 without losses, 1, and the
    second year of a floor of 80, 2.0. A grant of 1 besides. Per kg that is 20 of the floor and 5 of the grant."""
    book = mine(2026, operating=60, capex=4, life=2)
    floor(book, 80, tenor=2, loan_share_of_capex=0.5, loan_rate=0, loan_years=2, loan_loss_share=0,
          capex_grant_share=0.25)  # fmt: skip
    found = stack(book)
    assert (found["loan"]["later_musd"], found["loan"]["after_musd"]) == (close(-1), close(-1))
    assert (found["floor"]["later_musd"], found["floor"]["after_musd"]) == (close(2), close(2))
    assert (found["grant"]["put_in_musd"], found["owners"]["put_in_musd"]) == (close(1), close(1))
    assert found["grant"]["support_usd_per_kg"] == close((1 + 4) * 1000 / 200)


def earlier() -> Book:
    """Capex 4 in 2025, for 2025 to 2028: 2 lent for four years without interest or losses, so that 0.5 comes back in
    each; half of what 100 t earn beyond the work, 0.5 a year after the debt is paid, is due to a stake of 1."""
    book = mine(2027, operating=50, capex=4, life=4, committed_year=2025)
    deal(book, tenor=1, loan_share_of_capex=0.5, loan_rate=0, loan_years=4, loan_loss_share=0, equity_musd=1,
         equity_share=0.5, committed_year=2025)  # fmt: skip
    return book


def test_what_was_put_in_before_the_plan_is_spent_and_has_no_price_per_kg() -> None:
    """1 is earned a year and 0.5 goes into the debt: of the rest the stake has 0.25 in 2026, 2027 and 2028, which are
    0.75 of its 1; 0.5 of the loan comes back in each. None of the 3 that were put in in 2025 is a cost of the plan."""
    book = earlier()
    found = stack(book)
    assert {s: (r["put_in_musd"], r["later_musd"], r["after_musd"], r["cost_musd"]) for s, r in found.items()} == {
        "owners": (close(1), 0, 0, 0),
        "loan": (close(2), close(-1), close(-0.5), close(-1.5)),
        "stake": (close(1), close(-0.5), close(-0.25), close(-0.75)),
    }
    assert {r["support_usd_per_kg"] for r in found.values()} == {None}
    assert all(r["clean_t"] == close(200) for r in found.values())
    plan = solved(book)
    assert plan.expected_cost_musd == close((2 * 100 * 60 - 1500 - 750) / 1000)


def test_what_comes_back_of_earlier_loans_is_said_beside_the_cost() -> None:
    plan = solved(earlier())
    (cost_line,) = (line.text for line in brief(plan) if line.label == "Cost")
    assert cost_line.endswith("It is lower by 2.25 MUSD that come back of loans and stakes of before 2026.")
    book = mine(2027, operating=50, capex=4, life=2)
    deal(book, tenor=2, loan_share_of_capex=0.5, loan_rate=0, loan_years=1, loan_loss_share=0, equity_musd=1,
         production_credit_usd_per_kg=5)  # fmt: skip
    assert "come back" not in str(brief(solved(book)))
