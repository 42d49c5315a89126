"""The calendar by hand: what is put into stocks, what is designed out, and what a deal puts in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.plan_document import small_plan

from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.report.plan.calendar import Entry, entries


def of(plan: Plan, what: str) -> list[Entry]:
    return [entry for entry in entries(plan) if entry.what == what]


def halves(rows: list[Row], **values: tuple[float, float]) -> list[Row]:
    """Each row twice, of January and of July, with the first and the second of these values."""
    return [
        {**row, "month": month, **{name: pair[i] for name, pair in values.items()}}
        for row in rows
        for i, month in enumerate((1, 7))
    ]


def test_what_is_put_into_a_reserve_stands_in_the_year_of_the_fill() -> None:
    """300 t clean and 100 t exposed in 2026, 500 t in 2027; in 2028 100 t are released and nothing is put in."""
    plan = replace(small_plan(), inputs={"Stockpiles": {"reserve": {"payer": "DLA"}}})
    assert of(plan, "fill") == [
        Entry(2026, "fill", "reserve", "USA", None, "DLA", None, "400 t of ndpr_oxide", ""),
        Entry(2027, "fill", "reserve", "USA", None, "DLA", None, "500 t of ndpr_oxide", ""),
    ]
    assert {entry.payer for entry in of(small_plan(), "fill")} == {"public"}


def test_fills_of_a_cut_year_are_added_up_and_crumbs_are_left_out() -> None:
    (row,) = (r for r in small_plan().rows("stockpile") if r["year"] == 2027)
    for clean, told in (((0.3, 0.25), ["0.55 t of ndpr_oxide"]), ((0.3, 0.1), [])):
        plan = small_plan(tables={"stockpile": halves([row], fill_clean_t=clean)})
        assert [entry.detail for entry in of(plan, "fill")] == told


def ferrite(year: int, t: float, **other: Any) -> Row:
    return {**small_plan().rows("substitution")[0], "year": year, "t": t, **other}


def test_an_option_stands_in_its_first_year_with_what_it_waits_for() -> None:
    """0.4 t in 2026 are crumbs; 200 t in 2027, 300 t in 2028; in Japan from 2028 on."""
    rows = [ferrite(2028, 300.0), ferrite(2027, 200.0), ferrite(2026, 0.4), ferrite(2028, 50.0, region="Japan")]
    inputs = {"Substitution": {"ferrite": {"requires": "new_line"}}}
    plan = replace(small_plan(tables={"substitution": rows}), inputs=inputs)
    said = "t of ndfeb_magnet in the first year"
    assert of(plan, "design out") == [
        Entry(2027, "design out", "ferrite", "Germany", None, "buyers", None, f"200 {said}", "new_line"),
        Entry(2028, "design out", "ferrite", "Japan", None, "buyers", None, f"50 {said}", "new_line"),
    ]
    assert of(small_plan(tables={"substitution": [ferrite(2026, 0.4)]}), "design out") == []


def test_the_first_year_of_an_option_is_all_of_it() -> None:
    """80 t in the first half of 2027 and 120 t in the second are 200 t in that year."""
    plan = small_plan(tables={"substitution": halves([ferrite(2027, 0.0), ferrite(2028, 0.0)], t=(80.0, 120.0))})
    assert [(e.year, e.detail) for e in of(plan, "design out")] == [(2027, "200 t of ndfeb_magnet in the first year")]


def test_an_award_tells_all_that_is_put_in() -> None:
    """A grant of 30, a stake of 5 and a loan of 12."""
    (award,) = small_plan().rows("price_floors")
    plan = small_plan(tables={"price_floors": [{**award, "equity_musd": 5.0, "loan_musd": 12.0}]})
    assert [entry.musd for entry in of(plan, "award")] == [47.0]
    plan = small_plan(tables={"price_floors": [{**award, "grant_musd": 0.0}]})
    assert [entry.musd for entry in of(plan, "award")] == [None]
