"""What must hold for every workbook, tried on small random ones (those of oracle/books.py)."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.make import Book
from tests.oracle.books import some_book
from tests.solving import add, cost, rows, solve, total

from lodestone.errors import NoPlanError

few = settings(max_examples=12, derandomize=True, deadline=None, database=None, phases=[Phase.generate])  # no shrinking
NEVER = float("inf")


@st.composite
def books(draw: st.DrawFn) -> Book:
    return some_book(lambda options: draw(st.sampled_from(options)))


def least(book: Book) -> float:
    """The least cost; infinite when there is no plan."""
    try:
        return cost(book)
    except NoPlanError:
        return NEVER


def not_dearer(less: float, more: float) -> bool:
    return less <= more + 1e-6 * max(1.0, abs(less)) if less < NEVER else more == NEVER


def without(book: Book, *sheets: str) -> Book:
    return {name: copy.deepcopy(rows) for name, rows in book.items() if name not in sheets}


def with_cells(book: Book, sheet: str, cells: dict[Any, Any], only: str | None = None) -> Book:
    """Every row of the sheet (or the one with that id) with these cells."""
    other = without(book)
    headings, *lines = other.get(sheet, [[]])
    for line in lines:
        line += [None] * (len(headings) - len(line))
        for heading, value in cells.items():
            if only in (None, line[0]):
                line[headings.index(heading)] = value
    return other


def halved(book: Book) -> Book:
    """Every allowed share of China by half."""
    other = without(book)
    headings, *lines = other.get("ChinaShare", [[]])
    for line in lines:
        for column, heading in enumerate(headings):
            if isinstance(heading, int) and column < len(line) and line[column] is not None:
                line[column] /= 2
    return other


@few
@given(books())
def test_halving_the_allowed_share_never_lowers_the_cost(book: Book) -> None:
    assert not_dearer(least(book), least(halved(book)))


@few
@given(books())
def test_without_a_cap_two_streams_cost_what_one_costs(book: Book) -> None:
    """With no region of concern and nothing exposed in stock there is one stream only."""
    free = without(book, "ChinaShare")
    one = with_cells(free, "Regions", {"of_concern": "no"})
    if "Stockpiles" in one:
        one = with_cells(one, "Stockpiles", {"opening_exposed_share": 0})
    two_streams, one_stream = least(free), least(one)
    assert two_streams == pytest.approx(one_stream, rel=1e-6, abs=1e-6)


@few
@given(books())
def test_every_plan_passes_its_audit_and_its_masses_balance(book: Book) -> None:
    """Opening stock, bought and made = taken in, delivered, sold, left in stock and discarded, for each material."""
    try:
        plan = solve(book)
    except NoPlanError:
        return
    assert plan["audit"] and all(line["ok"] for line in plan["audit"])
    there: dict[str, float] = defaultdict(float)
    for row in rows(plan, "markets"):
        there[row["material"]] += row["t"] if row["side"] == "buy" else -row["t"]
    for row in rows(plan, "plants"):
        there["oxide"] += row["clean_t"] + row["exposed_t"]
        there["ore"] -= 2 * (row["clean_t"] + row["exposed_t"])
    for row in rows(plan, "demand"):
        there[row["material"]] -= row["clean_t"] + row["exposed_t"]
        met = row["clean_t"] + row["exposed_t"] + row["substituted_t"] + row["short_t"]
        assert met == pytest.approx(row["demand_t"], abs=1e-5)
    for pile in book.get("Stockpiles", [[]])[1:]:
        opening = pile[book["Stockpiles"][0].index("opening_t")]
        there["oxide"] += opening - total(plan, "stockpile", "stock_t", year=plan["horizon"][1])
    for material, tonnes in there.items():
        assert tonnes == pytest.approx(total(plan, "balance", "discarded_t", material=material), abs=1e-4)


@few
@given(books(), st.sampled_from([50, 80, 110]), st.sampled_from([0, 1]), st.sampled_from([0, 0.4]))
def test_one_more_floor_on_the_menu_never_raises_the_cost(book: Book, usd: float, upside: float, grant: float) -> None:
    more = without(book)
    add(
        more,
        "PriceFloors",
        floor="one_more",
        project="private_home",
        material="oxide",
        floor_usd_per_kg=usd,
        tenor_years=3,
        upside_share=upside,
        capex_grant_share=grant,
    )
    assert not_dearer(least(more), least(book))


@few
@given(books(), st.sampled_from([40, 60, 90]), st.sampled_from([0, 1]), st.sampled_from(["private_home", "ally_oxide"]))
def test_one_more_contract_on_offer_never_raises_the_cost(book: Book, usd: float, share: float, supplier: str) -> None:
    more = without(book)
    add(
        more,
        "Contracts",
        contract="one_more",
        supplier=supplier,
        material="oxide",
        price_rule="fixed",
        fixed_price_usd_per_kg=usd,
        max_t_per_yr=40,
        take_or_pay_share=share,
        tenor_years=2,
    )
    assert not_dearer(least(more), least(book))


@few
@given(books(), st.sampled_from(["ally_oxide", "china_refinery"]), st.sampled_from([40, 60, 90]))
def test_no_fee_and_no_take_or_pay_never_raise_the_cost(book: Book, supplier: str, usd: float) -> None:
    """Of a contract with a plant or a market. (With a project take-or-pay can be what lenders want.)"""
    bound = without(book)
    add(
        bound,
        "Contracts",
        contract="offer",
        supplier=supplier,
        material="oxide",
        price_rule="fixed",
        tenor_years=2,
        fixed_price_usd_per_kg=usd,
        max_t_per_yr=30,
        min_t_per_yr=20,
        take_or_pay_share=0.8,
        signing_fee_musd=0.02,
    )
    loose = with_cells(bound, "Contracts", {"take_or_pay_share": 0, "signing_fee_musd": 0}, only="offer")
    assert not_dearer(least(loose), least(bound))


@few
@given(books())
def test_a_budget_never_lowers_the_cost(book: Book) -> None:
    tight = without(book)
    add(tight, "Budgets", budget="one_more", covers="all", years=0.3)
    assert not_dearer(least(book), least(tight))
