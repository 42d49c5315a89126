"""What is decided already: counted from the workbook, in the plan's table of commitments, and no choice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import Edit, add, drop, judged, missed, plan_document, put
from tests.audit.tiny_workbook import change, kg, workbook

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.budgets import outlays
from lodestone.audit.capacity import alternatives, capacities, decisions
from lodestone.audit.committed import committed
from lodestone.audit.contracts import signing, supplier_volumes
from lodestone.audit.costs import cost_terms
from lodestone.audit.floors import awards, covered, payment
from lodestone.audit.lenders import bankable, on_offer
from lodestone.audit.projects import starts
from lodestone.audit.verdict import Finding
from lodestone.data.plan_data import Floor, PlanData

OLD_DEAL = {"name": "old_deal"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (put("committed", OLD_DEAL, year=2029), [("contract old_deal", "year 2028", "2029")]),
        (put("committed", OLD_DEAL, region="CHN"), [("contract old_deal", "region 'USA'", "'CHN'")]),
        (put("committed", OLD_DEAL, amount=2.0), [("contract old_deal", "amount 1 t", "2 t")]),
        (put("committed", OLD_DEAL, unit="t"), [("contract old_deal", "unit 't/yr'", "'t'")]),
        (drop("committed", **OLD_DEAL),
         [("contract old_deal", "what the workbook commits", "in one of plan and workbook only")]),
        (add("committed", "project", "smelter", "USA", 2030, 40.0, "t/yr"),
         [("project smelter", "what the workbook commits", "in one of plan and workbook only")]),
    ],
)  # fmt: skip
def test_the_table_says_what_the_workbook_commits(edit: Edit, expected: list[tuple[str, str, str]]) -> None:
    assert judged(committed, edit) == expected


def test_projects_and_floors_are_shown_with_their_capacity_and_level() -> None:
    floors = change("floors", "support", committed_year=2030)
    projects = change("projects", "smelter", committed_year=2030)

    def shown(plan: Any) -> None:
        add("committed", "project", "smelter", "USA", 2030, 40.0, "t/yr")(plan)
        add("committed", "floor", "support", "USA", 2030, 12.0, "USD/kg")(plan)

    assert judged(committed, shown, **floors, **projects) == []
    assert [where for where, _, _ in judged(committed, **floors, **projects)] == ["floor support", "project smelter"]


def standing(**values: Any) -> tuple[PlanData, Any]:
    """The recycler (public, 5 t, capex 0.6, six years of life) is committed; the plan decides nothing."""
    recycler = replace(workbook().projects["recycler"], **values)
    data, plan = workbook(projects={**workbook().projects, "recycler": recycler}), plan_document()
    for table in ("investments", "price_floors", "contracts", "contract_years", "floor_payments"):
        plan["tables"][table] = []
    return data, read_books(data, plan)


@pytest.mark.parametrize(
    ("year", "capacity", "capex", "salvage"),
    [(2028, [5, 5, 5], [0, 0, 0], 0.6 * 1 / 6), (2031, [0, 5, 5], [0, 0.6, 0], 0.6 * 4 / 6),
     (2025, [5, 0, 0], [0, 0, 0], 0.0)],
)  # fmt: skip
def test_what_stands_since_before_the_horizon_is_there_and_paid(
    year: int, capacity: list[float], capex: list[float], salvage: float
) -> None:
    """It costs its fixed cost while it stands, and what is left of its life is credited."""
    data, books = standing(committed_year=year)
    costs = cost_terms(data, books)

    assert [capacities(data, books)["recycler", time] for time in data.times] == capacity
    assert [costs["capex", time] for time in data.times] == capex
    assert [costs["public_fixed_cost", time] for time in data.times] == [0.01 if there else 0 for there in capacity]
    assert costs["salvage", 203201] == pytest.approx(-salvage)
    assert [outlays(data, books)["public", "capex", y] for y in data.years] == capex


def test_it_takes_up_its_place_and_its_group_and_asks_for_nothing_it_requires() -> None:
    data, books = standing(committed_year=2030)
    assert missed(alternatives(data, books)) == []  # it requires the smelter, which is not built
    assert missed(decisions(data, books)) == []

    def edit(plan: Any) -> None:
        add("investments", "spare", "USA", "private", 2031, 2031, 2032, 1, 10.0, 2.0, "")(plan)

    committed_too = change("projects", "recycler", committed_year=2029)
    assert judged(alternatives, **committed_too)[0] == ("recycler", "copies at most 1 copies", "2 copies")
    assert ("group west", "copies at most 1 copies", "3 copies") in judged(alternatives, edit, **committed_too)


def test_it_serves_as_what_others_require() -> None:
    """The recycler requires the smelter, committed in 2031: not yet there when the recycler is decided in 2030."""

    def edit(plan: Any) -> None:
        drop("investments", project="smelter")(plan)

    assert judged(alternatives, edit, **change("projects", "smelter", committed_year=2029)) == []
    assert judged(alternatives, edit, **change("projects", "smelter", committed_year=2032)) == [
        ("recycler 2031", "copies that need smelter, at most 0 copies", "1 copies")
    ]


def test_no_lender_is_asked_and_nothing_is_on_offer_with_it() -> None:
    """The smelter is committed, and the plan says that it awards a package and signs a contract with it as well."""
    it = change("projects", "smelter", committed_year=2030, capex=99.0, max_builds=2)
    alone = drop("investments", project="smelter")

    assert judged(bankable, alone, **it) == []
    assert ("support 2030", "no package for a committed project", "smelter") in judged(awards, **it)
    assert ("offtake 2030", "no contract with a committed project", "smelter") in judged(signing, **it)


def test_a_committed_package_is_no_choice() -> None:
    assert ("support 2030", "a package that is not committed", "support") in judged(
        awards, **change("floors", "support", committed_year=2030)
    )


def committed_smelter(**contract: Any) -> tuple[PlanData, Any]:
    """Smelter, its floor (three years) and offtake contract (20 t, 0.9 of it to be paid) committed in 2029.

    It produces 40 t x 1/2 in 2030, 40 t in 2031 and 2032.
    """
    changes = {
        **change("projects", "smelter", committed_year=2029),
        **change("floors", "support", committed_year=2029),
        **change("contracts", "offtake", **({"committed_year": 2029, "committed_t": 20.0} | contract)),
    }
    data, plan = workbook(**changes), plan_document()
    for table in ("investments", "price_floors", "contracts", "contract_years", "floor_payments"):
        plan["tables"][table] = []
    if contract:  # signed by the plan
        plan["tables"]["contracts"] = [{"contract": "offtake", "signing_year": 2029, "annual_t": 20.0}]
    return data, read_books(data, plan)


def test_only_committed_contracts_shorten_a_committed_floor() -> None:
    data, books = committed_smelter()
    floor = books.awards[0]
    assert (floor.first, floor.last, floor.committed) == (2030, 2032, True)
    assert [covered(data, books, floor, time) for time in data.times] == pytest.approx([20 - 9, 40 - 18, 40 - 18])
    assert [payment(data, books, floor, time) for time in data.times] == pytest.approx([0.022, 0.044, 0.044])

    data, books = committed_smelter(committed_year=None)
    assert [covered(data, books, books.awards[0], time) for time in data.times] == [20, 40, 40]


def test_what_was_granted_and_signed_before_the_horizon_is_spent() -> None:
    data, books = committed_smelter()
    costs = cost_terms(data, books)

    assert [costs["grants", time] + costs["signing_fees", time] for time in data.times] == [0, 0, 0]
    old = change("contracts", "old_deal", committed_year=2031, signing_fee=0.007)
    data = workbook(**old)
    books = read_books(data, plan_document())
    assert cost_terms(data, books)["signing_fees", 203101] == pytest.approx(0.007)
    assert outlays(data, books)["public", "fees", 2031] == pytest.approx(0.007)


def test_volumes_of_committed_contracts_take_up_their_supplier() -> None:
    """100 t of ore; ore_deal has 30 t in 2030 and 2031, the old deal 75 t from 2029 on for two years."""
    old = change("contracts", "old_deal", committed_year=2029, committed_t=75.0)

    assert judged(supplier_volumes, **old) == [("mine ore 2030", "annual volumes at most 100 t", "105 t")]


def test_a_plant_is_supported_on_its_capacity_from_the_year_on() -> None:
    """50 t of oxide from 2031 on for two years at a floor of 12 against 10; a committed contract binds 0.5 of 30 t."""
    floor = Floor("rescue", "refinery", "oxide", kg(12), 2, 0.0, 0.0, committed_year=2031)
    offer = replace(workbook().contracts["ore_deal"], name="bound", supplier="refinery", material="oxide",
                    committed_year=2032, committed_t=30.0, tenor_years=1)  # fmt: skip
    data = workbook(
        floors={**workbook().floors, "rescue": floor}, contracts={**workbook().contracts, "bound": offer},
        **change("plants", "refinery", capacity={2030: 50, 2031: 40, 2032: 50}),
    )  # fmt: skip
    books = read_books(data, plan_document())
    award = books.awards[-1]

    assert (award.unit.name, award.first, award.last) == ("refinery", 2031, 2032)
    assert [covered(data, books, award, time) for time in data.times] == pytest.approx([0, 40, 35])
    assert [payment(data, books, award, time) for time in data.times] == pytest.approx([0, 0.08, 0.07])


def test_rows_say_what_is_committed() -> None:
    """ore_deal, which the plan signs, is not: a row that says so is wrong."""

    def edit(plan: Any) -> None:
        put("contract_years", {"contract": "ore_deal", "year": 2030}, committed="yes")(plan)

    plan = plan_document()
    edit(plan)
    assert audit(workbook(), plan).findings == (
        Finding("labels", "contract_years ore_deal/2030/2030", "committed 'no'", "'yes'"),
    )


def test_no_package_goes_to_a_project_that_needs_none() -> None:
    """The smelter misses 0.151456 at a capex of 0.1: at -0.051456 nothing is missing."""
    assert judged(on_offer) == []
    assert judged(on_offer, **change("projects", "smelter", capex=-0.06)) == [
        ("support 2030", "a package that is needed", "a gap of -0.008544 MUSD")
    ]


def test_nothing_is_promised_where_it_is_not_honoured() -> None:
    broken_from = {203001: False, 203101: False, 203201: False}
    assert ("support 2030", "a package that is honoured then", "one that is not") in judged(
        awards, **change("floors", "support", honoured=broken_from)
    )
    assert ("offtake 2030", "a contract that is honoured then", "one that is not") in judged(
        signing, **change("contracts", "offtake", honoured=broken_from)
    )


def test_a_build_comes_late_by_the_delay_of_its_planned_first_year() -> None:
    """Decided in 2030, planned for 2031: a delay from 2031 on makes it 2032, one from 2032 on comes too late."""

    def production(**delay: Any) -> list[float]:
        data = workbook(**change("projects", "smelter", **delay))
        books = read_books(data, plan_document())
        return [capacities(data, books)["smelter", time] for time in data.times]

    assert production() == [0, 20, 40]
    assert production(delay={203001: 0, 203101: 1, 203201: 1}) == [0, 0, 20]
    assert production(delay={203001: 0, 203101: 0, 203201: 1}) == [0, 20, 40]


def test_what_is_planned_for_after_the_horizon_comes_as_late_as_at_its_end() -> None:
    smelter = replace(workbook().projects["smelter"], delay={203001: 0, 203101: 0, 203201: 2})

    assert [starts(smelter, decision) for decision in (2028, 2030, 2031, 2032)] == [2029, 2031, 2034, 2035]
