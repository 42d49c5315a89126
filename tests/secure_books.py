"""Tiny workbooks with threats, for tests of secure plans.

book = prepared_home(secure=0.8)         # home() with a secure share for industry
threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
"""

from __future__ import annotations

from typing import Any

from tests.make import Book
from tests.solving import add, change, home


def secure_share(book: Book, share: float) -> None:
    """For all sectors of a workbook."""
    headings, *sectors = book["Sectors"]
    if "secure_share" not in headings:
        headings.append("secure_share")
    for row in sectors:
        row += [None] * (len(headings) - len(row))
        row[headings.index("secure_share")] = share


def threat(book: Book, name: str, sheet: str, row: str, value: Any, from_year: int, **cells: Any) -> None:
    """A threat with one change of year values; further changes of it with the same name."""
    known = [r[0] for r in book.get("Scenarios", [[None]])]
    if name not in known:
        add(book, "Scenarios", scenario=name, from_year=from_year, threat="yes")
    change(book, name, sheet, row, value, **cells)


def prepared_home(last: int = 2027, secure: float = 1.0, **settings: Any) -> Book:
    """home() until 2027, whose industry must get a part of its 100 t/yr whatever comes; stocks are worth nothing at the
    end, and a shortage costs 100 USD/kg."""
    book = home(last, **{"shortage": 100, "stock_end_value_share": 0, **settings})
    secure_share(book, secure)
    return book


def reserve(book: Book, holding: float = 1, **cells: Any) -> None:
    """An empty stockpile of 500 t at Home that can be filled and emptied at any pace."""
    given = {"opening_t": 0, "capacity_t": 500, "holding_cost_usd_per_kg_yr": holding, **cells}
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", **given)
