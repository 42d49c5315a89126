"""A year cut into periods: where nothing changes within it the optimum stays as it is, and what a short ban costs."""

from __future__ import annotations

import random

import pytest
from tests.cut_book import banned
from tests.make import Book
from tests.oracle.books import some_book
from tests.solving import add, close, costs

from lodestone.errors import NoPlanError

FIRST = 2026


def least(book: Book) -> float | None:
    try:
        return costs(book)
    except NoPlanError:
        return None


@pytest.mark.parametrize("months", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("seed", range(6))
def test_cutting_a_year_leaves_the_optimum_as_it_is(seed, months):
    """Random tiny cases without stocks and whole plants, every plant with a cost of being kept open."""
    book = some_book(random.Random(seed).choice)
    book.pop("Stockpiles", None)
    rule = book["Projects"][0]
    for row in book["Projects"][1:]:
        if "exposure_rule" in rule and len(row) > rule.index("exposure_rule"):
            row[rule.index("exposure_rule")] = "batch"
    book["Plants"][0].append("fixed_cost_musd_per_yr")
    for row in book["Plants"][1:]:
        row.extend([None] * (len(book["Plants"][0]) - 1 - len(row)) + [0.1])
    whole = least(book)
    add(book, "Periods", year=FIRST + seed % 2, months=months)
    cut = least(book)
    assert (whole is None) == (cut is None)
    assert whole is None or cut == pytest.approx(whole, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("months", [1, 3])
@pytest.mark.parametrize(("days", "short"), [(91.25, 0), (45.625, 15)])
def test_a_ban_of_three_months_takes_what_cover_does_not_give(days, short, months):
    """A quarter of 120 t is 30 t: 91.25 days hold them, half as many hold half.

    7.2 a year of purchases, less 0.06 a tonne for the 30 t that are not bought, and 1 a tonne short. What is lacking at
    the end is owed at 0.06; at the nodes from April on it costs nothing more, for nothing is discounted or held.
    """
    book = banned(days, months)
    lacking = 120 * days / 365
    assert costs(book, "ban") == close(2 * 7.2 - 30 * 0.06 + short * 1 + lacking * 0.06)


def test_in_a_year_that_is_not_cut_nobody_sees_a_ban_of_three_months():
    """The market sells three quarters of what it could, which is still without end."""
    assert costs(banned(45.625, None), "ban") == close(2 * 7.2 - 15 * 0.06 + 15 * 0.06)
