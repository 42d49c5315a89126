"""Stockpiles as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import (
    add,
    broken,
    judged,
    plan_document,
    put,
    row,
    site,
)
from tests.audit.tiny_workbook import change, workbook

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.stockpiles import (
    consumption,
    cover,
    days_of_cover,
    limits,
    recursion,
    release,
    stockpile_table,
    suspended,
    usable,
)
from lodestone.data.plan_data import Emergency, Scenario, ShareCap, time_of


def test_nothing_passes_through_a_stockpile_in_one_year() -> None:
    """12 t are put in and taken out in 2030: 9 t were there."""
    data = workbook(**change("stockpiles", "reserve", max_fill=None, max_release=None), budgets={})
    plan = plan_document()
    plan["tables"]["budgets"].clear()
    row(plan, "stockpile", **site(2030)).update(fill_exposed_t=12.0, release_exposed_t=12.0)
    add("flows", "oxide", "USA", "USA", 2030, "exposed", 12.0, 0.0, 0.0)(plan)
    add("balance", "USA", "oxide", 2030, "exposed", 12.0, 12.0, 0.0)(plan)

    assert broken(audit(data, plan)) == {"(12) release"}


def test_stock_is_last_years_less_losses_plus_what_is_put_in_less_what_is_taken_out() -> None:
    """A tenth is lost: 9 of the 10 t clean, 2 put in and 0.1 too few in 2031."""
    edit = put("stockpile", site(2031), stock_t=18.1)
    assert judged(recursion, edit) == [
        ("reserve 2031 clean", "stock 10.1 t", "10 t"),
        ("reserve 2032 clean", "stock 9 t", "9.09 t"),
    ]
    less = put("stockpile", site(2032), stock_t=11.28, exposed_t=2.19)
    assert judged(recursion, less) == [("reserve 2032 exposed", "stock 2.29 t", "2.19 t")]
    assert judged(recursion, **change("stockpiles", "reserve", opening={"clean": 10.0, "exposed": 12.0})) == [
        ("reserve 2030 exposed", "stock 10.8 t", "9 t")
    ]


def test_release_by_stream() -> None:
    """9 of 10 t clean are left in 2030, 8.1 and 2 in 2031."""
    assert judged(release, put("stockpile", site(2030), release_clean_t=9.5)) == [
        ("reserve 2030 clean", "release at most 9 t", "9.5 t")
    ]
    assert judged(release, put("stockpile", site(2032), release_clean_t=9.5)) == [
        ("reserve 2032 clean", "release at most 9.09 t", "9.5 t")
    ]


@pytest.mark.parametrize(
    ("limit", "cells", "expected"),
    [
        ({"capacity": 18.1}, {}, [("reserve 2031", "stock at most 18.1 t", "18.2 t")]),
        ({"max_fill": 3.5}, {"fill_exposed_t": 2.0}, [("reserve 2031", "fill at most 3.5 t", "4 t")]),
        ({"max_release": 6.5}, {"release_clean_t": 3.0, "release_exposed_t": 4.0},
         [("reserve 2031", "release at most 6.5 t", "7 t")]),
        ({"max_fill": None, "max_release": None}, {"fill_exposed_t": 99.0, "release_clean_t": 99.0}, []),
    ],
)  # fmt: skip
def test_limits_hold_over_both_streams(limit: dict[str, Any], cells: dict[str, float], expected: Any) -> None:
    assert judged(limits, put("stockpile", site(2031), **cells), **change("stockpiles", "reserve", **limit)) == expected


def test_days_of_cover_of_demand_and_intake_in_the_regions_covered() -> None:
    """Demand of 50 t in the USA; a mill there takes 0.5 t of oxide from each of the 20 and 56 t the mine works."""
    mill = change("plants", "mine", recipe={"oxide": -0.5, "ore": 1.0})
    data = workbook(**mill)
    books = read_books(data, plan_document())
    reserve = data.stockpiles["reserve"]
    assert [consumption(data, books, reserve, time) for time in data.times] == [60, 78, 100]
    assert [cover(data, books, reserve, time) for time in data.times] == pytest.approx([0, 78 / 5, 100 / 5])
    abroad = replace(reserve, covers=("CHN",))
    assert [consumption(data, books, abroad, time) for time in data.times] == [0, 0, 0]
    of_ore = replace(reserve, material="ore", covers=("CHN", "USA"))
    assert [consumption(workbook(), books, of_ore, time) for time in data.times] == [60 + 20, 22 + 56, 16 + 80]


def test_cover_falls_short() -> None:
    more = change("stockpiles", "reserve", days={2030: 146.0, 2031: 146.0, 2032: 146.0})
    assert judged(days_of_cover, **more) == [
        ("reserve 2030", "stock for days of cover at least 20 t", "18 t"),
        ("reserve 2031", "stock for days of cover at least 20 t", "18.2 t"),
        ("reserve 2032", "stock for days of cover at least 24 t", "12 t"),  # 0.62 t are said to be lacking
    ]


@pytest.mark.parametrize(
    ("first", "last", "refill", "years"),
    [(2031, 2031, 0, [2031]), (2030, 2031, 0, [2030, 2031]), (2030, 2030, 1, [2030, 2031]), (None, None, 0, []),
     (2031, None, 0, []), (None, 2031, 0, [])],
)  # fmt: skip
def test_cover_is_suspended_in_an_emergency_and_the_years_to_refill(
    first: int | None, last: int | None, refill: int, years: list[int]
) -> None:
    data = workbook(scenario=Scenario("crisis", None, 2030, first, last, refill))

    assert [year for year in data.years if suspended(data, time_of(year))] == years


@pytest.mark.parametrize(
    ("year", "column", "value", "expected"),
    [
        (2031, "consumption_t", 51.0, ("consumption 50 t", "51 t")),
        (2031, "required_t", 11.0, ("required stock 10 t", "11 t")),
        (2032, "required_t", 12.0, ("required stock 0 t", "12 t")),
        (2031, "suspended", "yes", ("suspended 'no'", "'yes'")),
        (2032, "suspended", "no", ("suspended 'yes'", "'no'")),
        (2031, "required_days", None, ("required days 73.0", "None")),
        (2030, "required_days", 73.0, ("required days None", "73.0")),
        (2031, "required_days", 73.5, ("required days 73 days", "73.5 days")),
        (2031, "days_of_cover", 146.0, ("stock by its days of cover 18.2 t", "20 t")),
        (2031, "days_of_cover", None, ("consumption without days of cover at most 0 t", "50 t")),
    ],
)
def test_figures_of_a_stockpile(year: int, column: str, value: Any, expected: tuple[str, str]) -> None:
    found = judged(stockpile_table, put("stockpile", site(year), **{column: value}))

    assert found == [(f"reserve {year}", *expected)]


def test_a_year_without_days_may_say_either_of_suspension() -> None:
    for said in ("yes", "no"):
        assert judged(stockpile_table, put("stockpile", site(2030), suspended=said)) == []


def test_of_nothing_consumed_there_are_no_days_of_cover() -> None:
    nobody = change("stockpiles", "reserve", covers=("CHN",), days={})
    edit = put("stockpile", site(2030), consumption_t=0.0, days_of_cover=None)

    assert [said for said in judged(stockpile_table, edit, **nobody) if said[0] == "reserve 2030"] == []


@pytest.mark.parametrize("moved", [{"release_exposed_t": 200.0}, {"fill_exposed_t": 200.0, "release_exposed_t": 150.0}])
def test_a_stock_is_judged_by_what_is_put_in_or_taken_out_where_that_is_the_most(moved: dict[str, float]) -> None:
    plan = plan_document()
    put("stockpile", site(2030), **moved)(plan)

    (check,) = (c for c in recursion(workbook(), read_books(workbook(), plan)) if c.where == "reserve 2030 exposed")

    assert check.tolerance == pytest.approx(1e-4 + 200e-6)


# --- stock rules of version 2 ----------------------------------------------------------------------------------------


def test_what_is_lacking_counts_only_in_an_emergency() -> None:
    """10 t of cover are asked for in 2031; 18.2 t are there, so that nothing needs to be lacking: nor may it be."""
    edit = put("stockpile", site(2031), lacking_t=1.0)

    assert judged(days_of_cover, edit) == [("reserve 2031", "lacking without an emergency at most 0 t", "1 t")]
    assert judged(days_of_cover, put("stockpile", site(2032), lacking_t=0.5)) == [
        ("reserve 2032", "stock for days of cover at least 12 t", "11.88 t")
    ]


def test_an_emergency_frees_the_stockpiles_it_names() -> None:
    def crisis(*names: str) -> Any:
        return {"scenario": replace(workbook().scenario, emergency_stockpiles=frozenset(names))}

    assert judged(days_of_cover, **crisis("reserve")) == []
    assert judged(days_of_cover, **crisis("other")) == [
        ("reserve 2032", "lacking without an emergency at most 0 t", "0.62 t")
    ]
    assert judged(stockpile_table, **crisis("other")) == [
        ("reserve 2032", "required stock 12 t", "0 t"), ("reserve 2032", "suspended 'no'", "'yes'"),
    ]  # fmt: skip


def test_an_emergency_of_its_parent_is_a_futures_own() -> None:
    inherited = Emergency(203101, 203112, 0)
    data = workbook(scenario=replace(workbook().scenario, inherited=(inherited,)))

    assert [suspended(data, time) for time in data.times] == [False, True, True]


def test_refilling_goes_on_for_years_after_the_month_in_which_an_emergency_ends() -> None:
    ends_in_june = Scenario("crisis", None, 2030, 2030, 2030, 1, emergency_to_month=6)
    data = workbook(scenario=ends_in_june)

    assert [suspended(data, time) for time in (203001, 203007, 203101, 203106, 203107)] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("least", "expected"),
    [(18.0, []), (18.1, [("reserve 2030", "least stock at least 18.1 t", "18 t")]), (0.0, [])],
)
def test_the_least_stock_whatever_the_days_say(least: float, expected: Any) -> None:
    changes = change("stockpiles", "reserve", least_t=least, days={})

    assert [said for said in judged(days_of_cover, **changes) if "2032" not in said[0]] == expected


def test_the_least_stock_is_asked_for_in_the_table() -> None:
    changes = change("stockpiles", "reserve", least_t=11.0)

    assert judged(stockpile_table, **changes) == [
        ("reserve 2030", "required stock 11 t", "0 t"), ("reserve 2031", "required stock 11 t", "10 t"),
    ]  # fmt: skip


def test_days_of_demand_alone() -> None:
    """A mill that takes 0.5 t of oxide from each of the 20 t that the mine works does not count."""
    mill = change("plants", "mine", recipe={"oxide": -0.5, "ore": 1.0})
    data = workbook(**mill)
    books, reserve = read_books(data, plan_document()), data.stockpiles["reserve"]

    assert consumption(data, books, replace(reserve, counts="consumption"), 203001) == 60
    assert consumption(data, books, replace(reserve, counts="demand"), 203001) == 50


def test_nothing_exposed_is_put_into_a_clean_reserve() -> None:
    clean = change("stockpiles", "reserve", clean_only=True)

    assert judged(limits, **clean) == []
    assert judged(limits, put("stockpile", site(2031), fill_exposed_t=0.5), **clean) == [
        ("reserve 2031", "exposed fill at most 0 t", "0.5 t")
    ]


@pytest.mark.parametrize(
    ("shares", "tonnes"),
    [({}, 2.0), ({"civil": 0.25}, 2.0 + 0.75 * 8), ({"civil": None}, 2.0), ({"defence": 0.5}, 2.0)],
)
def test_cover_of_sectors_whose_share_is_capped_must_be_clean(shares: dict[str, float | None], tonnes: float) -> None:
    """A fifth of a year: 2 t for defence, which may take nothing exposed; 8 t for civil use, which may take a quarter.

    The least share counts: half for defence beside the ban changes nothing.
    """
    more = {
        f"of {sector}": ShareCap(
            "c", "oxide", ("oxide",), "USA", ("USA",), sector, dict.fromkeys((2030, 2031, 2032), s)
        )
        for sector, s in shares.items()
    }
    data = workbook(caps=workbook().caps | more)

    assert usable(data, data.stockpiles["reserve"], 203101) == pytest.approx(tonnes)
    assert usable(data, data.stockpiles["reserve"], 203001) == pytest.approx(0, abs=1e-12)  # no days yet
    elsewhere = replace(data.stockpiles["reserve"], covers=("CHN",))
    assert usable(data, elsewhere, 203101) == pytest.approx(0, abs=1e-12)


def test_an_exposed_reserve_does_not_cover_a_sector_that_may_not_use_it() -> None:
    """1.9 t clean of 18.2 t where defence needs 2; in the emergency 0.62 t of 2 t are lacking, 1.38 must be there."""
    edit = put("stockpile", site(2031), exposed_t=16.3)
    assert judged(days_of_cover, edit) == [("reserve 2031", "clean stock for days of cover at least 2 t", "1.9 t")]
    assert judged(days_of_cover, put("stockpile", site(2032), exposed_t=10.0)) == []
    assert judged(days_of_cover, put("stockpile", site(2032), exposed_t=10.1)) == [
        ("reserve 2032", "clean stock for days of cover at least 2 t", "1.9 t")
    ]


def test_stock_in_a_region_of_concern_is_exposed_whatever_is_said() -> None:
    """In China: 20 t at first, 10 of them said to be clean; 2 t of what is said to be clean come in 2031."""
    in_china = change("stockpiles", "reserve", region="CHN")

    def edit(plan: Any) -> None:
        for year, stock in ((2030, 18.0), (2031, 16.2 + 2.0), (2032, 16.38 - 5.0)):
            put("stockpile", site(year), stock_t=stock, exposed_t=stock)(plan)

    assert judged(recursion, edit, **in_china) == []
    assert [where for where, _, _ in judged(recursion, **in_china)][:2] == [
        "reserve 2030 clean",
        "reserve 2030 exposed",
    ]
    assert judged(release, put("stockpile", site(2030), release_clean_t=1.0), **in_china) == [
        ("reserve 2030 clean", "release at most 0 t", "1 t")
    ]


def test_half_a_tonne_at_least_is_asked_for() -> None:
    """Nothing is held in 2030 and 2031, of half a tonne that has to be."""
    empty = change("stockpiles", "reserve", least_t=0.5, days={})

    def edit(plan: Any) -> None:
        put("stockpile", site(2030), stock_t=0.0, exposed_t=0.0)(plan)

    assert judged(days_of_cover, edit, **empty)[0] == ("reserve 2030", "least stock at least 0.5 t", "0 t")


def test_of_half_a_tonne_that_is_asked_for_it_is_said_whether_it_is_suspended() -> None:
    little = change("stockpiles", "reserve", least_t=0.5, days={})

    found = judged(stockpile_table, put("stockpile", site(2030), suspended="yes"), **little)
    assert ("reserve 2030", "suspended 'no'", "'yes'") in found
