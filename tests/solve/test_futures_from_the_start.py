"""Futures that part from the base at the start: nothing is shared, and each has commitments and payers of its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import FIRST, add, change, home, kg, lane, market, recipe, solve_all


def deal(book: Book, **terms: Any) -> None:
    """The ally sells 100 t at the price of 60, up to 90 t of them at 50 to who signs."""
    market(book, "ally", "Ally", years=100)
    lane(book, "Ally", "Home")
    add(book, "Contracts", contract="deal", supplier="ally", material="oxide", price_rule="fixed", take_or_pay_share=1,
        fixed_price_usd_per_kg=50, max_t_per_yr=90, tenor_years=1, **terms)  # fmt: skip


def mill(book: Book, funding: str) -> None:
    """100 t at 20 USD/kg and 0.1 MUSD a year, from 3 MUSD that last for ten years."""
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="mill", region="Home", process="make", capacity_t_per_yr=100, capex_musd=3,
        fixed_cost_musd_per_yr=0.1, operating_cost_usd_per_kg=20, earliest_year=FIRST, latest_year=FIRST, lead_years=0,
        life_years=10, hurdle_rate=0.1, funding=funding)  # fmt: skip


SIGNED = {"committed_year": FIRST, "committed_t_per_yr": 30}
OF_30, OF_60, CHOSEN = 6000 - 300, 6000 - 600, 6000 - 900  # 10 less for each t
PRIVATE, PUBLIC = 6000, 3000 - 2700 + 100 + 2000  # bought at the price; built, nine years of ten left


@pytest.mark.parametrize(
    ("supply", "changes", "costs"),
    [
        (lambda book: deal(book, **SIGNED), {"Contracts/deal/committed_t_per_yr": 60}, (OF_30, OF_60)),
        (lambda book: deal(book, **SIGNED | {"committed_t_per_yr": 60}), {"Contracts/deal/committed_t_per_yr": 30},
         (OF_60, OF_30)),
        (deal, {"Contracts/deal/committed_year": FIRST, "Contracts/deal/committed_t_per_yr": 60}, (CHOSEN, OF_60)),
        (lambda book: mill(book, "private"), {"Projects/mill/funding": "public"}, (PRIVATE, PUBLIC)),
        (lambda book: mill(book, "public"), {"Projects/mill/funding": "private"}, (PUBLIC, PRIVATE)),
    ],
)  # fmt: skip
def test_what_a_future_from_the_first_year_on_has_of_its_own(supply: Any, changes: Any, costs: Any):
    """Nothing is shared with the base: another volume that is signed already, another who pays for the works."""
    book = home(shortage=400)
    supply(book)
    add(book, "Scenarios", scenario="other", probability=0.5, from_year=FIRST)
    for cell, value in changes.items():
        sheet, row, column = cell.split("/")
        change(book, "other", sheet, row, value, column)
    plan = solve_all(book, values=False)
    assert plan["futures"] == {"base": kg(costs[0]), "other": kg(costs[1])}
    assert plan["expected_cost_musd"] == kg(sum(costs) / 2)
