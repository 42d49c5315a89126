"""A ban on gallium and germanium: what lacks, by hand and as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.backcast_gallium import book, implied, lacks, page, stored
from benchmarks.backcasts import solved

PAGE = Path(__file__).parents[1] / "docs" / "backcast_gallium.md"
ALL = ("USA", "Others")
CHINA = {"gallium": 4 * 15.341, "germanium": 4 * 12.6}
ELSEWHERE = {"gallium": 79.0, "germanium": 55.5}
USED = {"gallium": 18.7, "germanium": 30.0}


def test_the_page_is_what_the_workbooks_give():
    wanted = page()
    text = PAGE.read_text(encoding="utf-8")
    assert text == wanted, "python -m benchmarks.backcast_gallium --write docs/backcast_gallium.md"


def test_a_ban_on_the_usa_alone_is_gone_round():
    assert lacks(solved(book(("USA",)))) == pytest.approx({"gallium": 0, "germanium": 0}, abs=1e-6)


def test_under_a_ban_on_all_the_usa_gets_its_part_of_what_is_left():
    """Gallium: 79 t of 140.4; germanium: 55.5 t of 105.9."""
    plan = solved(book(ALL))
    part = {mineral: CHINA[mineral] / (CHINA[mineral] + ELSEWHERE[mineral]) for mineral in CHINA}
    assert lacks(plan) == pytest.approx({mineral: USED[mineral] * part[mineral] for mineral in part}, rel=1e-6)
    outside = {mineral: CHINA[mineral] + ELSEWHERE[mineral] - USED[mineral] for mineral in CHINA}
    assert lacks(plan, "Others") == pytest.approx(
        {mineral: outside[mineral] * part[mineral] for mineral in part}, rel=1e-6
    )
    costs = implied(lacks(plan))
    assert costs["gallium"][1] == pytest.approx(3100e3 / (18.7 * part["gallium"]), rel=1e-6)


def test_a_store_holds_a_year_of_use_and_nothing_lacks():
    plan = solved(book(ALL, stores=True))
    assert stored(plan) == pytest.approx(USED)
    assert lacks(plan) == pytest.approx({"gallium": 0, "germanium": 0}, abs=1e-6)
