"""Deals that governments have signed, from public terms: what the model makes of them. docs/deals.md tells of it.

MP Materials and the Department of War, price protection since October 2025: the difference between 110 USD/kg and the
market price on NdPr that is sold or stockpiled, as oxide or in concentrate. Reported: 51.0 MUSD for the last quarter of
2025 and 42.3 for the first of 2026. Output of separated NdPr was 718 and 917 t, and some 1,060 t a quarter more stayed
in concentrate.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docs.run_pages import DOCS, work_through
from tests.make import Book
from tests.solving import add, close, recipe, rows, solve

SEPARATED = {(2025, 10): 718.0, (2026, 1): 917.0}  # t in the quarter
CONCENTRATE = 1060.0
PRICE = {(2025, 10): 69.0, (2026, 1): 96.0}  # USD/kg, China without value added tax, mean of the quarter
REPORTED = {(2025, 10): 51.0, (2026, 1): 42.3}


def now(book: Book, sheet: str, row: str, value: object, column: str = "years", **when: int) -> None:
    """A change that is known already."""
    add(book, "Changes", scenario="base", sheet=sheet, row=row, column=column, value=value, **when)


def mountain_pass() -> Book:
    """Quarters; rates are yearly, so four times the output of a quarter."""
    book: Book = {"Settings": {"first_year": 2025, "last_year": 2026, "discount_rate": 0}}
    add(book, "Regions", region="USA")
    add(book, "Materials", material="ndpr")
    add(book, "Materials", material="ndpr_in_conc")
    for year in (2025, 2026):
        add(book, "Periods", year=year, months=3)
    for material in ("ndpr", "ndpr_in_conc"):
        add(book, "Prices", material=material, years={2025: PRICE[2025, 10]})
        now(book, "Prices", f"{material}/*", PRICE[2026, 1], from_year=2026)
    for plant, material, tonnes in (
        ("separation", "ndpr", SEPARATED[2025, 10]),
        ("stockpiled", "ndpr_in_conc", CONCENTRATE),
    ):
        recipe(book, plant, **{material: 1.0})
        add(
            book,
            "Plants",
            plant=plant,
            region="USA",
            process=plant,
            operating_cost_usd_per_kg=0,
            years={2025: 4 * tonnes},
        )
        add(book, "PriceFloors", floor=f"floor_{plant}", project=plant, material=material, floor_usd_per_kg=110,
            tenor_years=10, committed_year=2025)  # fmt: skip
    now(book, "Plants", "separation", 4 * SEPARATED[2026, 1], from_year=2026)
    now(book, "PriceFloors", "*", "no", "honoured", from_year=2025, from_month=1, to_year=2025, to_month=9)
    add(book, "Sectors", sector="magnets", shortage_cost_usd_per_kg=1000)
    add(book, "Demand", region="USA", sector="magnets", material="ndpr", years={2025: 1000})
    return book


def test_what_the_agreement_pays_in_its_first_two_quarters() -> None:
    plan = solve(mountain_pass())
    for (year, month), price in PRICE.items():
        paid = {r["floor"]: r["payment_musd"] for r in rows(plan, "floor_payments", year=year, month=month)}
        owed = {"floor_separation": SEPARATED[year, month], "floor_stockpiled": CONCENTRATE}
        assert paid == {name: close(t * (110 - price) / 1000) for name, t in owed.items()}
    assert not [r for r in rows(plan, "floor_payments", year=2025) if r["month"] < 10 and r["payment_musd"]]


def test_what_remains_unexplained() -> None:
    """72.9 computed against 51.0 reported, and 27.7 against 42.3: 100.6 against 93.3 for both."""
    computed = {quarter: (SEPARATED[quarter] + CONCENTRATE) * (110 - PRICE[quarter]) / 1000 for quarter in REPORTED}
    assert computed == {(2025, 10): pytest.approx(72.9, abs=0.05), (2026, 1): pytest.approx(27.7, abs=0.05)}
    assert sum(computed.values()) == pytest.approx(100.6, abs=0.05)
    assert sum(REPORTED.values()) == pytest.approx(93.3)
    page = (DOCS / "deals.md").read_text(encoding="utf-8")
    assert f"| computed, MUSD | {' | '.join(f'{musd:.1f}' for musd in computed.values())} |" in page
    left = (REPORTED[quarter] - musd for quarter, musd in computed.items())
    assert f"| unexplained, MUSD | {' | '.join(f'{musd:.1f}' for musd in left)} |" in page


def test_what_of_it_a_lag_of_the_price_explains() -> None:
    """At the price of the quarter before, 1,006 t sold in the first of 2026; 562 t sold in the last of 2025."""
    assert pytest.approx(41.2, abs=0.05) == 1006 * (110 - 69) / 1000
    sold = 562 * (110 - 69) / 1000
    assert sold == pytest.approx(23.0, abs=0.05)
    page = (DOCS / "deals.md").read_text(encoding="utf-8")
    assert f"at the price of the last of 2025, MUSD | {sold:.1f} | {1006 * (110 - 69) / 1000:.1f} |" in page
    assert (51.0 - sold) / (CONCENTRATE * 41 / 1000) == pytest.approx(2 / 3, abs=0.03)


def test_the_stack_of_the_page(tmp_path: Path) -> None:
    """3,000 t x 41 USD/kg in 2027-2029 and seven years more; 11.5 % of 1,300 lent at 5.5 % for twelve years, which come
    back without interest, for a loan never earns; 15 % of the cash after debt service."""
    page = (DOCS / "deals.md").read_text(encoding="utf-8")
    work_through(page[: page.index("## A loan instead")], tmp_path)
    plan = json.loads((tmp_path / "outputs" / "my_case" / "base" / "plan.json").read_text(encoding="utf-8"))
    stack = {row["source"]: row for row in rows(plan, "capital_stack", project="mp_expansion")}
    assert stack["owners"]["put_in_musd"] == close(1300 - 400 - 0.115 * 1300)
    assert (stack["floor"]["later_musd"], stack["floor"]["after_musd"]) == (close(3 * 123), close(7 * 123))
    assert stack["loan"]["later_musd"] == close(-0.115 * 1300 * 3 / 12)
    assert stack["loan"]["cost_musd"] == pytest.approx(0, abs=1e-6)
    due = 0.115 * 1300 * 1.055 * 0.055 / (1 - 1.055**-12) / 1.055
    cash = 3000 * (110 - 50) / 1000
    risk = sum((1 / 1.12) ** t for t in (1, 2, 3))
    assert stack["stake"]["later_musd"] == pytest.approx(-0.15 * (cash - due) * risk)
