"""Squeezes that have happened: what lacked month by month, by hand and as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.backcasts import graphite_2023, most_stored, page, plan, short, spring_of_2025

PAGE = Path(__file__).parents[1] / "docs" / "backcasts.md"


def test_the_page_is_what_the_workbooks_give():
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m benchmarks.backcasts --write docs/backcasts.md"


def test_the_usa_lacked_half_a_year_of_use_less_what_came():
    """7,444 t a year; 2,510 t came in the half year, and none of it was above use before April."""
    lacked = short(plan(spring_of_2025(), stores=False))["USA"]
    assert sum(lacked.values()) == pytest.approx(7444 / 2 - 2510)
    assert lacked[2025, 5] == pytest.approx(7444 / 12 - 46)


def test_what_a_store_saves_of_the_spring_is_what_came_above_use_before():
    squeeze = spring_of_2025()
    bare, seen = (sum(short(plan(squeeze, stores))["EU"].values()) for stores in (False, True))
    above = sum(squeeze.came["EU"][2025, month] - squeeze.used["EU"] for month in (1, 2, 3))
    assert bare - seen == pytest.approx(above)
    assert seen == pytest.approx(8360 / 0.776 - 8360)  # the half year as a whole, against the one before


def test_the_rush_of_november_2023_goes_into_the_store():
    """12.3667 kt a month: 40.52 came in November, so 28.1533 are above use; all of it is needed by May."""
    stored = plan(graphite_2023(), stores=True)
    usual = 111.30 / 9
    assert most_stored(stored) == pytest.approx(1000 * (40.52 - usual))
    lacked = short(stored)["buyers"]
    winter = [2.73, 4.18, 5.06, 10.30, 10.42, 10.97]
    gone = (usual - 11.78) + sum(usual - kt for kt in winter) - (40.52 - usual)
    assert sum(lacked.values()) == pytest.approx(1000 * gone)
