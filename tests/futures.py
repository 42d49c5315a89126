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
