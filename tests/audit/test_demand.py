"""Substitution as the audit recomputes it: ferrite avoids 4, 4 and 5 t of the 40, 40 and 50 t of civil demand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import Edit, add, judged, put
from tests.audit.tiny_workbook import change, flat, workbook

from lodestone.audit.demand import demand_table, pace, substitution


def avoids(*tonnes: float) -> Edit:
    def edit(plan: Any) -> None:
        for year, t in zip((2030, 2031, 2032), tonnes, strict=True):
            put("substitution", {"year": year}, t=t, cost_musd=0.003 * t)(plan)

    return edit


def ferrite(**terms: Any) -> dict[str, Any]:
    return change("substitution", "ferrite", **({"ramp_share_per_yr": None, "keep_share": 0.0} | terms))


def test_an_option_grows_by_a_part_of_demand_a_year_from_nothing() -> None:
    """Of 40, 40 and 50 t a twentieth: 2, 2 and 2.5 t."""
    slow = ferrite(ramp_share_per_yr=0.05)

    assert judged(pace, avoids(2.0, 4.0, 5.0), **slow) == []
    assert judged(pace, avoids(2.5, 4.5, 5.0), **slow) == [
        ("ferrite USA 2030", "demand avoided, a year's worth, at most 2 t", "2.5 t"),
    ]
    assert judged(pace, avoids(1.0, 3.5, 6.5), **slow) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at most 3 t", "3.5 t"),
        ("ferrite USA 2032", "demand avoided, a year's worth, at most 6 t", "6.5 t"),
    ]
    assert judged(pace, avoids(9.0, 9.0, 9.0), **ferrite()) == []


def test_what_is_designed_out_stays_out() -> None:
    """Three quarters of 4 t, and of 3 t; 50 t of demand in 2032 ask for no more than 40."""
    keeps = ferrite(keep_share=0.75)

    assert judged(pace, avoids(4.0, 3.0, 2.25), **keeps) == []
    assert judged(pace, avoids(4.0, 2.0, 1.25), **keeps) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at least 3 t", "2 t"),
        ("ferrite USA 2032", "demand avoided, a year's worth, at least 1.5 t", "1.25 t"),
    ]


@pytest.mark.parametrize(
    ("share", "least"),
    [({2030: 0.1, 2031: 0.05, 2032: 0.1}, 1.5), ({2030: 0.1, 2031: 0.2, 2032: 0.1}, 3.0)],
)  # fmt: skip
def test_no_more_stays_out_than_can_be(share: dict[int, float], least: float) -> None:
    """Of 4 t three quarters, and half of that where only half as much of demand can be avoided."""
    assert judged(pace, avoids(4.0, least - 0.5, 4.0), **ferrite(keep_share=0.75, share=share)) == [
        ("ferrite USA 2031", f"demand avoided, a year's worth, at least {least:g} t", f"{least - 0.5:g} t")
    ]


def test_of_what_cannot_be_avoided_any_more_nothing_stays_out() -> None:
    share = {2030: 0.1, 2031: 0.0, 2032: 0.1}

    assert judged(pace, avoids(4.0, 0.0, 0.0), **ferrite(keep_share=0.75, share=share)) == []


def test_an_option_that_requires_a_project_waits_for_it() -> None:
    """The smelter produces from 2031 on; the spare one is never built."""
    assert judged(substitution, **ferrite(requires="smelter")) == [
        ("ferrite USA 2030", "demand avoided at most 0 t", "4 t")
    ]
    assert len(judged(substitution, **ferrite(requires="spare"))) == 3
    ended = change("projects", "smelter", life_years=1)
    assert [where for where, _, _ in judged(substitution, **ferrite(requires="smelter"), **ended)] == [
        "ferrite USA 2030", "ferrite USA 2032",
    ]  # fmt: skip


def test_a_tenth_can_be_avoided_and_no_more() -> None:
    assert judged(substitution, avoids(4.0, 4.5, 5.0), **ferrite(share=flat(0.1))) == [
        ("ferrite USA 2031", "demand avoided at most 4 t", "4.5 t")
    ]


def test_a_row_of_a_demand_that_is_not_in_the_workbook_asks_for_nothing() -> None:
    """10 t of ore for civil use, of which nobody wants any: found, and no error."""
    stranger = add("demand", "USA", "civil", "ore", 2031, 10.0, 10.0, 0.0, 0.0, 0.0)
    assert judged(demand_table, stranger) == [("USA/civil/ore 2031", "demand_t 0 t", "10 t")]


def test_what_was_avoided_where_nothing_could_be_stays_out_too() -> None:
    """4 t in 2030, where the share is 0, is for another rule to find: three quarters of them are asked for in 2031."""
    share = {2030: 0.0, 2031: 0.1, 2032: 0.1}

    assert judged(pace, avoids(4.0, 2.0, 2.0), **ferrite(keep_share=0.75, share=share)) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at least 3 t", "2 t")
    ]


def test_half_a_tonne_that_is_designed_out_stays_out() -> None:
    assert judged(pace, avoids(0.5, 0.25, 0.25), **ferrite(keep_share=0.75)) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at least 0.375 t", "0.25 t")
    ]


def test_pace_is_that_of_the_demand_that_an_option_is_for() -> None:
    alone = {"demand": {("USA", "civil", "oxide"): workbook().demand["USA", "civil", "oxide"]}}
    slow = ferrite(ramp_share_per_yr=0.05)

    assert [where for where, _, _ in judged(pace, avoids(9.0, 9.0, 9.0), **slow, **alone)] == ["ferrite USA 2030"]


def test_an_option_without_a_pace_keeps_none_after_it_from_being_held() -> None:
    slow = ferrite(ramp_share_per_yr=0.05)["substitution"]["ferrite"]
    free = replace(slow, name="free", ramp_share_per_yr=None)

    found = judged(pace, avoids(9.0, 9.0, 9.0), substitution={"free": free, "ferrite": slow})
    assert [where for where, _, _ in found] == ["ferrite USA 2030"]


def test_all_of_it_may_have_to_stay_out() -> None:
    assert judged(pace, avoids(4.0, 3.0, 4.0), **ferrite(keep_share=1.0)) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at least 4 t", "3 t")
    ]


def test_of_little_no_more_stays_out_than_can_be() -> None:
    """A hundredth of 40 t is 0.4 t, half as much a year later: three quarters of half of it."""
    share = {2030: 0.01, 2031: 0.005, 2032: 0.005}

    assert judged(pace, avoids(0.4, 0.1, 0.1), **ferrite(keep_share=0.75, share=share)) == [
        ("ferrite USA 2031", "demand avoided, a year's worth, at least 0.15 t", "0.1 t")
    ]
