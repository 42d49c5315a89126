"""Support alone or together: every choice of works reckoned by itself, and the page."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path

import pytest
from benchmarks.backcast_allies import page, study

PAGE = Path(__file__).parents[1] / "docs" / "backcast_allies.md"
USED = {"USA": 3510, "EU": 7580, "Japan": 5760, "Korea": 3080}
WORKS = [  # who, t a year, MUSD, USD/kg beside feed
    ("USA", 5000, 410, 13), ("USA", 1400, 277, 19), ("USA", 430, 72.5, 19), ("USA", 1610, 270, 19),
    ("EU", 3300, 109, 14.5), ("Japan", 1500, 150, 14), ("Korea", 800, 80, 14),
]  # fmt: skip
YEARS = sum(1.05**-year for year in range(3, 10))  # 2029 to 2035 seen from 2026
MARGIN = 66 * (1 - 0.61 * 1.163)  # USD/kg over feed


def least(members: tuple[str, ...]) -> float:
    """Capex less what a kilogram earns beside Chinese oxide; freight of 0.3 is saved on what stays at home."""
    wanted = {member: 0.25 * USED[member] for member in members}
    offered = [work for work in WORKS if work[0] in members]
    found = []
    for chosen in chain.from_iterable(combinations(offered, n) for n in range(len(offered) + 1)):
        made = {member: sum(work[1] for work in chosen if work[0] == member) for member in USED}
        if sum(made.values()) < sum(wanted.values()):
            continue
        lent = sum(max(0.0, t - made[member]) for member, t in wanted.items())  # clean oxide that goes to others
        home = sum(min(t, USED[member]) for member, t in made.items())
        abroad = max(0.0, lent - (sum(made.values()) - home))  # what of it would have stayed at home
        saved = sum(work[1] * (MARGIN - work[3]) for work in chosen) + 0.3 * (home - abroad)
        found.append(sum(work[2] for work in chosen) - YEARS * saved / 1000)
    return min(found)


def test_every_coalition_costs_what_its_best_choice_of_works_costs():
    found = study().extra
    for count in range(1, 5):
        for members in combinations(USED, count):
            assert found[frozenset(members)] == pytest.approx(least(members), abs=1e-4), members


def test_the_page_is_what_the_workbook_gives():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(), "python -m benchmarks.backcast_allies --write docs/backcast_allies.md"
