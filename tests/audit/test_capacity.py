"""Decisions, copies and capacity as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import broken, missed, plan_document, put, row
from tests.audit.tiny_workbook import change, workbook

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.capacity import access, alternatives, capacities, decisions, lists, use
from lodestone.audit.projects import ramp
from lodestone.audit.verdict import Check
from lodestone.data.plan_data import PlanData


def decided(*builds: tuple[str, int, float], **changes: Any) -> tuple[PlanData, Any]:
    """The workbook, and the books of a plan that decides these projects and nothing else: (project, year, copies)."""
    plan = plan_document()
    plan["tables"]["price_floors"] = plan["tables"]["contracts"] = []
    plan["tables"]["investments"] = [{"project": g, "decision_year": y, "builds": n} for g, y, n in builds]
    data = workbook(**changes)
    return data, read_books(data, plan)


def named(*names: str, **values: Any) -> dict[str, Any]:
    """Projects like the spare one."""
    return {"projects": {name: replace(workbook().projects["spare"], name=name, **values) for name in names}}


def test_ramp_and_life() -> None:
    slow = replace(workbook().projects["smelter"], ramp_years=4, life_years=5)

    assert [ramp(slow, age) for age in range(-1, 6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 0.0]


def test_capacity_of_several_decisions_adds_up() -> None:
    """40 t each, ramped over two years after a year of lead: decided in 2030, and two copies in 2031."""
    data, books = decided(("smelter", 2030, 1), ("smelter", 2031, 2), **change("projects", "smelter", max_builds=3))

    assert [capacities(data, books)["smelter", time] for time in data.times] == [0.0, 20.0, 40.0 + 40.0]


@pytest.mark.parametrize(
    ("window", "copies", "expected"),
    [
        ({}, 1.0, []),
        ({"earliest_year": 2031}, 1.0, []),
        ({"earliest_year": 2032}, 1.0, [("spare 2031", "a decision from 2032 to 2032", "2031")]),
        ({"latest_year": 2031}, 1.0, []),
        ({"latest_year": 2030}, 1.0, [("spare 2031", "a decision from 2030 to 2030", "2031")]),
        ({"lead_years": 1}, 1.0, []),
        ({"lead_years": 2}, 1.0, [("spare 2031", "production by 2032", "production from 2033")]),
        ({}, 0.75, [("spare 2031", "whole copies, 1 copies", "0.75 copies")]),
        ({}, 0.0, [("spare 2031", "at least one copy", "0")]),
        ({}, 0.5, [("spare 2031", "whole copies, 0 copies", "0.5 copies"), ("spare 2031", "at least one copy", "0.5")]),
    ],
)
def test_decisions(window: dict[str, int], copies: float, expected: list[tuple[str, str, str]]) -> None:
    data, books = decided(("spare", 2031, copies), **named("spare", **window))

    assert missed(decisions(data, books)) == expected


def test_copies_over_all_years_keep_within_max_builds() -> None:
    data, books = decided(("a", 2030, 1), ("a", 2032, 2), **named("a", "b", max_builds=3, group=None))
    assert missed(alternatives(data, books)) == []

    data, books = decided(("a", 2030, 1), ("a", 2032, 2), **named("a", "b", max_builds=2, group=None))
    assert missed(alternatives(data, books)) == [("a", "copies at most 2 copies", "3 copies")]


def test_one_of_a_group_in_all_years() -> None:
    data, books = decided(("a", 2032, 1), **named("a", "b"))
    assert missed(alternatives(data, books)) == []

    data, books = decided(("a", 2030, 1), ("b", 2032, 1), **named("a", "b"))
    assert missed(alternatives(data, books)) == [("group west", "copies at most 1 copies", "2 copies")]


def test_what_is_required_comes_first_or_at_once() -> None:
    """Each copy of b allows as many of a as a may have."""
    both = named("a", "b", group=None, max_builds=2)
    both["projects"]["a"] = replace(both["projects"]["a"], requires="b")

    data, books = decided(("a", 2031, 2), ("b", 2031, 1), **both)
    assert missed(alternatives(data, books)) == []

    data, books = decided(("a", 2030, 1), ("b", 2031, 1), **both)
    expected = [("a 2030", "copies that need b, at most 0 copies", "1 copies")]
    assert missed(alternatives(data, books)) == expected


def test_use_of_both_streams_keeps_within_capacity() -> None:
    plan = plan_document()
    row(plan, "plants", unit="mine", year=2031).update(clean_t=60.0, exposed_t=40.5)
    data = workbook()

    assert missed(use(data, read_books(data, plan))) == [("mine 2031", "use of capacity at most 100 t", "100.5 t")]


def test_capacity_off_the_spot_market_is_opened_by_what_contracts_take() -> None:
    """The smelter makes 2 t of oxide per t: 15 t taken in 2032 open 7.5 t of its 40, a quarter is open to all."""
    recipe = {"ore": -4.0, "oxide": 2.0}
    data = workbook(**change("projects", "smelter", spot_share=0.25, recipe=recipe))
    books = read_books(data, plan_document())

    expected = [
        ("smelter 2031", "use, spot and contracts, at most 10 t", "18 t"),  # a quarter of 20 t, half of 10 t
        ("smelter 2032", "use, spot and contracts, at most 17.5 t", "30 t"),
    ]
    assert missed(access(data, books)) == expected


def test_public_projects_are_open_to_all() -> None:
    data = workbook(**change("projects", "recycler", spot_share=0.0))

    assert missed(access(data, read_books(data, plan_document()))) == []


def test_volumes_of_a_market_open_no_capacity() -> None:
    data = workbook(**change("plants", "mine", spot_share=0.0))

    found = missed(access(data, read_books(data, plan_document())))

    assert [where for where, _, _ in found] == ["mine 2031", "mine 2032"]  # in 2030 ore_deal takes all 20 t


@pytest.mark.parametrize(
    ("text", "names", "right"),
    [
        ("", [], True),
        ("a", [], False),
        ("a", ["a"], True),
        ("b, a", ["a", "b"], True),
        ("a", ["a", "b"], False),
        ("a, c", ["a", "b"], False),
        ("a, b, a", ["a", "b"], False),
        ("support, xxx", ["support", "sup"], False),  # sup is in support, but is not named
        ("a, b, c", ["b, c", "a"], True),  # a name with a comma
    ],
)
def test_names_in_a_cell_in_any_order(text: str, names: list[str], right: bool) -> None:
    assert lists(text, names) is right


def test_support_may_be_named_in_any_order() -> None:
    plan = plan_document()
    put("investments", {"project": "smelter"}, supported_by="offtake, support")(plan)
    put("investments", {"project": "recycler"}, supported_by=None)(plan)

    assert audit(workbook(), plan).ok


@pytest.mark.parametrize(
    ("column", "value"), [("first_year", 2030), ("last_year", 2034), ("capacity_t_per_yr", 41.0), ("capex_musd", 0.2)]
)
def test_figures_of_an_investment(column: str, value: float) -> None:
    plan = plan_document()
    put("investments", {"project": "smelter"}, **{column: value})(plan)

    assert broken(audit(workbook(), plan)) == {"investments"}


def test_checks_are_made_of_every_unit_and_year() -> None:
    data = workbook()
    books = read_books(data, plan_document())

    def places(checks: Any) -> set[str]:
        return {c.where for c in checks if isinstance(c, Check)}

    units = ("mine", "refinery", "pilot", "smelter", "spare", "recycler")
    assert places(use(data, books)) == {f"{unit} {year}" for unit in units for year in data.years}
    assert places(access(data, books)) == {f"{unit} {year}" for unit in units[:-1] for year in data.years}


def test_what_comes_after_a_public_project_is_judged_as_well() -> None:
    projects = workbook().projects
    data = workbook(projects={name: projects[name] for name in ("recycler", "smelter", "spare")})

    assert "smelter 2032" in {c.where for c in access(data, read_books(data, plan_document()))}
