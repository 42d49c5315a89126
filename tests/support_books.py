"""Tiny workbooks with a private mine that needs support: its floors and contracts."""

from __future__ import annotations

from typing import Any

from tests.make import Book
from tests.solving import (
    add,
    home,
    recipe,
)

SHORT = 100 * 1000  # a year in which Home gets nothing


def mine(
    last: int = 2026, *, operating: float, capex: float = 0, life: int = 1, settings: Any = (), **cells: Any
) -> Book:
    """A private mine at Home that could be decided in 2026: 100 t/yr of oxide from the ground at `operating` USD/kg."""
    keys = ("demand", "shortage", "price")
    asked = {key: cells.pop(key) for key in keys if key in cells}
    book = home(last, **{"bank_price_factor": 1, **asked, **dict(settings)})
    recipe(book, "mine", oxide=1)
    row = {
        "project": "mine_1",
        "region": "Home",
        "process": "mine",
        "capacity_t_per_yr": 100,
        "capex_musd": capex,
        "operating_cost_usd_per_kg": operating,
        "life_years": life,
        "hurdle_rate": 0,
        "latest_year": 2026,
    }
    add(book, "Projects", **{**row, **cells})
    return book


def floor(book: Book, usd_per_kg: float, tenor: int = 1, **cells: Any) -> None:
    row = {"floor": f"floor_{len(book.get('PriceFloors', [0]))}", "project": "mine_1", "material": "oxide"}
    add(book, "PriceFloors", **{**row, "floor_usd_per_kg": usd_per_kg, "tenor_years": tenor, **cells})


def contract(
    book: Book, supplier: str = "mine_1", usd_per_kg: float | None = None, tenor: int = 1, **cells: Any
) -> None:
    """A contract for up to 100 t/yr; with a price it is fixed, otherwise at the index."""
    row = {
        "contract": f"contract_{len(book.get('Contracts', [0]))}",
        "supplier": supplier,
        "material": "oxide",
        "price_rule": "index" if usd_per_kg is None else "fixed",
        "fixed_price_usd_per_kg": usd_per_kg,
        "tenor_years": tenor,
        "max_t_per_yr": 100,
    }
    add(book, "Contracts", **{**row, **cells})
