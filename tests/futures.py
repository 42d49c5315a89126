"""A tiny workbook with futures: oxide from China, which may be closed, late closed or dear."""

from __future__ import annotations

from typing import Any

from tests.make import Book
from tests.solving import FIRST, add, change, home, lane, market

LAST = FIRST + 2


def crisis(shortage: float = 600, **settings: Any) -> Book:
    """Oxide from China at 60, some from Ally at 120; a reserve and a refinery of our own against what may come."""
    book = home(LAST, shortage=shortage, **{"stock_end_value_share": 0.5} | settings)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=1, years=30)
    lane(book, "China", "Home", freight=1)
    lane(book, "Ally", "Home", freight=1)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=150,
        holding_cost_usd_per_kg_yr=8)  # fmt: skip
    add(book, "Processes", process="make", material="oxide", t_per_t=1)
    add(book, "Projects", project="works", region="Home", process="make", funding="public", capacity_t_per_yr=50,
        capex_musd=6, operating_cost_usd_per_kg=40, lead_years=1, life_years=2)  # fmt: skip
    return book


def future(
    book: Book, name: str, probability: float, from_year: int, sheet: str, row: str, /, **change_of: Any
) -> None:
    add(book, "Scenarios", scenario=name, probability=probability, from_year=from_year)
    change(book, name, sheet, row, **change_of)


def with_futures(**settings: Any) -> Book:
    book = crisis(**settings)
    future(book, "embargo", 0.2, FIRST + 1, "Lanes", "China/*/*", value=0)
    future(book, "late", 0.1, FIRST + 2, "Lanes", "China/*/*", value=0)
    future(book, "dear", 0.3, FIRST + 1, "Prices", "oxide", value=2, operation="multiply")
    return book


def everything() -> Book:
    """Futures that part in two years, with all that links the years before to those after.

    A reserve; scrap that comes back two years later; a contract; a private works that needs a floor; a budget with
    carry-over that counts what is put into stock.
    """
    book = home(FIRST + 3, shortage=300, stock_end_value_share=0.5)
    add(book, "Materials", material="scrap")
    add(book, "Prices", material="scrap", years=5)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=1, spot_share=0.2, years=60)
    lane(book, "China", "Home", freight=1)
    lane(book, "Ally", "Home", freight=2)
    add(book, "Processes", process="recycle", material="scrap", t_per_t=-1)
    add(book, "Processes", process="recycle", material="oxide", t_per_t=1)
    add(book, "Processes", process="make", material="oxide", t_per_t=1)
    add(book, "Plants", plant="recycler", region="Home", process="recycle", operating_cost_usd_per_kg=3, years=40)
    add(book, "Projects", project="works", region="Home", process="make", funding="private", capacity_t_per_yr=40,
        capex_musd=5, operating_cost_usd_per_kg=50, lead_years=1, life_years=8)  # fmt: skip
    add(book, "PriceFloors", floor="floor", project="works", material="oxide", floor_usd_per_kg=110, tenor_years=8)
    add(book, "Contracts", contract="offtake", supplier="ally", material="oxide", max_t_per_yr=50, min_t_per_yr=10,
        tenor_years=4, take_or_pay_share=0.5, signing_fee_musd=0.1)  # fmt: skip
    add(book, "Returns", sector="industry", material="oxide", scrap="scrap", t_per_t=0.2, lag_years=2)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=150, opening_t=10,
        holding_cost_usd_per_kg_yr=4)  # fmt: skip
    add(book, "Budgets", budget="reserve", covers="stockpile", carry_over="yes", years=3)
    future(book, "embargo", 0.3, FIRST + 2, "Lanes", "China/*/*", value=0)
    future(book, "late", 0.2, FIRST + 3, "Lanes", "China/*/*", value=0)
    future(book, "dear", 0.1, FIRST + 2, "Prices", "oxide", value=2, operation="multiply")
    return book
