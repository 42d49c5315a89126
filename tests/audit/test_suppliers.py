"""How fast suppliers can be changed, on rates that are worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.half_years import EARLY, LATE, NEXT, halves, in_halves
from tests.audit.tiny_plan import Edit, judged, missed, plan_document, put
from tests.audit.tiny_workbook import change, flat, workbook

from lodestone.audit.books import Amounts, read_books
from lodestone.audit.suppliers import _judged, _taken_up, allowed, suppliers
from lodestone.data.plan_data import Material, PlanData

LANE = {"material": "oxide", "from_region": "CHN"}


def oxide(share: float | None, trade: float | None, **changes: Any) -> dict[str, Any]:
    """The tiny workbook with so much of its oxide free to move to others, and so much trade with China before."""
    materials = {**workbook().materials, "oxide": Material("oxide", None, None, 0.1, resourcing_share=share)}
    known = {} if trade is None else {("oxide", "CHN", "USA"): trade}
    return {"materials": materials, "trade": known, **changes}


def test_a_supplier_that_is_known_can_be_gone_back_to() -> None:
    """30, 11 and 8 t come from China, from where 30 t came before."""
    assert judged(suppliers, **oxide(0.0, 30.0)) == []
    assert judged(suppliers, **oxide(0.0, 29.0)) == [
        ("USA/oxide 2030", "use of new suppliers at most 0 t", "1 t"),
    ]


def test_trade_in_other_things_and_with_other_regions_makes_no_supplier_known() -> None:
    others = {("ore", "CHN", "USA"): 99.0, ("oxide", "CHN", "ally"): 99.0}
    changes = oxide(0.0, 29.0)
    assert judged(suppliers, **changes | {"trade": {**changes["trade"], **others}}) == [
        ("USA/oxide 2030", "use of new suppliers at most 0 t", "1 t"),
    ]


def test_a_part_of_what_could_be_used_can_move_in_a_year() -> None:
    """50 t of demand: at 4 % 2 t a year, of the 30 t that are new 10 t can be in the fifth year. 60 t in 2032.

    Demand of 2032 is 10 t more than ever before: rise.
    """
    data = workbook(**oxide(0.04, 0.0))
    room = allowed(data, read_books(data, plan_document()), "oxide", "USA")
    assert room == pytest.approx({203001: 2.0, 203101: 2.0, 203201: 2.4 + 10.0})

    little = put("flows", {**LANE, "year": 2030}, t=1.5)
    little_more = put("flows", {**LANE, "year": 2031}, t=3.25)

    def edit(plan: Any) -> None:
        little(plan)
        little_more(plan)

    assert judged(suppliers, edit, **oxide(0.04, 0.0)) == []  # 1.5, then 1.75, then 4.75 of 12.4


def test_what_is_taken_up_earlier_than_needed_counts() -> None:
    """1 t in 2030 and 4 t in 2031, at 2 t a year: 1 t can be new in 2030, and no more than what is carried."""

    def carries(first: float, second: float) -> Edit:
        def edit(plan: Any) -> None:
            put("flows", {**LANE, "year": 2030}, t=first)(plan)
            put("flows", {**LANE, "year": 2031}, t=second)(plan)

        return edit

    assert judged(suppliers, carries(1, 4), **oxide(0.04, 0.0)) == [
        ("USA/oxide 2031", "use of new suppliers at most 2 t", "3 t")
    ]
    # 1 t is known; 1 t carried in 2030 can be qualified once more, for 2031: 1 + 1 + 2
    assert judged(suppliers, carries(1, 4), **oxide(0.04, 1.0)) == []
    assert judged(suppliers, carries(1, 4.5), **oxide(0.04, 1.0)) == [
        ("USA/oxide 2031", "use of new suppliers at most 3 t", "3.5 t")
    ]


def test_without_trade_before_the_first_year_is_free_and_is_what_is_known() -> None:
    """30 t in 2030; then 35 t, 2 t of them allowed."""
    more = put("flows", {**LANE, "year": 2031}, t=35.0)

    assert judged(suppliers, **oxide(0.0, None)) == []
    assert judged(suppliers, more, **oxide(0.04, None)) == [
        ("USA/oxide 2031", "use of new suppliers at most 2 t", "5 t")
    ]


def test_movement_at_home_and_materials_without_a_share_are_free() -> None:
    at_home = put("flows", {"material": "oxide", "from_region": "USA", "year": 2031, "stream": "clean"}, t=99.0)

    assert judged(suppliers, at_home, **oxide(0.0, 30.0)) == []
    assert judged(suppliers, **oxide(None, 0.0)) == []


def test_plants_at_full_use_and_projects_as_they_work_could_use_it() -> None:
    """Half a tonne of oxide from each t: a mine of 100 t could use 50 t, the smelter takes 9 and 15 of it.

    Demand is 50, 50 and 60 t. The smelter is new: it gains 20 t of capacity in 2031 and 2032, 10 t of intake each; it
    takes 9 t and 15 t. The mine has gained nothing.
    """
    projects = change("projects", "smelter", recipe={"oxide": -0.5, "ore": 1.0})["projects"]
    plants = change("plants", "mine", recipe={"oxide": -0.5, "ore": 1.0})["plants"]
    data = workbook(**oxide(0.1, 0.0, projects=projects, plants=plants))

    room = allowed(data, read_books(data, plan_document()), "oxide", "USA")

    assert room == pytest.approx({203001: 10.0, 203101: 0.1 * 109 + 9, 203201: 0.1 * 125 + 10 + 10})


def test_growth_is_against_the_highest_before() -> None:
    """Demand of 40, 20 and 45 t rises by 5; a mine of 60, 20 and 80 t gains 20 t, and takes half of the 80 it works."""
    plants = change("plants", "mine", recipe={"oxide": -0.5, "ore": 1.0}, capacity={2030: 60, 2031: 20, 2032: 80})
    demand = {("USA", "civil", "oxide"): {2030: 40.0, 2031: 20.0, 2032: 45.0}}
    data = workbook(**oxide(0.0, 0.0, demand=demand, **plants))

    room = allowed(data, read_books(data, plan_document()), "oxide", "USA")

    assert room == pytest.approx({203001: 0.0, 203101: 0.0, 203201: 5.0 + 10.0})


def test_a_project_that_produced_before_gains_nothing_at_first() -> None:
    """Two smelters of 40 t, committed to produce in 2029 and in 2030: the second brings 20 t of intake in 2030."""

    def first_room(committed: int) -> float:
        smelter = replace(workbook().projects["smelter"], recipe={"oxide": -0.5, "ore": 1.0}, ramp_years=1,
                          committed_year=committed, life_years=9)  # fmt: skip
        plan = plan_document()
        for table in ("investments", "price_floors", "contracts", "contract_years", "floor_payments"):
            plan["tables"][table] = []
        plan["tables"]["plants"].append(
            plan["tables"]["plants"][-4] | {"unit": "smelter", "year": 2030, "clean_t": 40.0}
        )
        data = workbook(**oxide(0.0, 0.0, projects={"smelter": smelter}, demand={}))
        return allowed(data, read_books(data, plan), "oxide", "USA")[203001]

    assert first_room(2028) == pytest.approx(0, abs=1e-12)
    assert first_room(2029) == pytest.approx(20.0)


def test_two_regions_share_the_room_and_the_path_with_more_to_carry_is_found() -> None:
    """Ally and Brim carry 2 t each in 2030; in 2031 Ally carries 4 t, Brim 3 t, at 4 t a year: 4 then 3 are new."""
    flows = [("ally", 2030, 2.0), ("brim", 2030, 2.0), ("ally", 2031, 4.0), ("brim", 2031, 3.0)]

    def edit(plan: Any) -> None:
        plan["tables"]["flows"] = [
            {"material": "oxide", "from_region": origin, "to_region": "USA", "year": year, "stream": "clean", "t": t}
            for origin, year, t in flows
        ]

    known = {("oxide", "ally", "USA"): 0.0}
    assert judged(suppliers, edit, **oxide(0.08, 0.0) | {"trade": known}) == []
    assert judged(suppliers, edit, **oxide(0.05, 0.0) | {"trade": known}) == [
        ("USA/oxide 2030", "use of new suppliers at most 2.5 t", "4 t"),
        ("USA/oxide 2031", "use of new suppliers at most 2.5 t", "3 t"),
    ]


def test_room_of_half_a_year_is_half_and_rates_are_of_a_year() -> None:
    """20, 16 and 20 t/yr; 30 t of demand, a tenth of it: 1.5 t in each half, 3 t in the year."""

    def data(trade: float) -> PlanData:
        return halves(trade={("oxide", "CHN", "USA"): trade})

    def found(trade: float) -> list[tuple[str, str, str]]:
        return missed(suppliers(data(trade), read_books(data(trade), in_halves())))

    room = allowed(data(20), read_books(data(20), in_halves()), "oxide", "USA")
    assert room == pytest.approx({EARLY: 1.5, LATE: 1.5, NEXT: 3.0})
    assert found(18.5) == []
    assert found(18) == [("USA/oxide 2030-01", "use of new suppliers at most 1.5 t", "2 t")]


def test_demand_that_never_was_is_no_growth_at_first() -> None:
    data = workbook(**oxide(0.0, 0.0, demand={("USA", "civil", "oxide"): flat(40)}))

    assert allowed(data, read_books(data, plan_document()), "oxide", "USA")[203001] == pytest.approx(0, abs=1e-12)


def test_intake_of_half_a_year_is_a_rate_and_that_of_all_adds_up() -> None:
    """Two mines of 20 t that take half a tonne of oxide a tonne, one of 10 t before July 2030: it takes 4 t in each
    half, 4 t/yr, of 5 that are new. 30 t of demand, 10 t of each mine, or 5: a tenth, half of it in half a year."""
    mine = replace(halves().plants["mine"], recipe={"oxide": -0.5, "ore": 1.0})
    grown = replace(mine, capacity={EARLY: 10.0, LATE: 20.0, NEXT: 20.0})
    other = replace(grown, name="other")
    plan = in_halves()
    plan["tables"]["plants"] += [
        row | {"unit": "other", "clean_t": row["clean_t"] / 2} for row in plan["tables"]["plants"]
    ]
    data = halves(plants={"mine": grown, "other": other})

    room = allowed(data, read_books(data, plan), "oxide", "USA")

    assert room == pytest.approx({EARLY: 0.05 * 40, LATE: 0.05 * 50 + 4 + 2, NEXT: 0.1 * 50})


@pytest.mark.parametrize(("ally", "brim"), [("ally", "brim"), ("brim", "ally")])
def test_room_of_an_earlier_year_makes_way_for_what_needs_the_last(ally: str, brim: str) -> None:
    """Ally carries 1 t, 1 t and 2 t, of which 1 t is known; Brim 2 t in 2032 alone, of 2 that can be new then. What
    Ally has more in 2032 can have been qualified in 2031, when it carried 1 t. Whichever comes first."""
    data = workbook()
    times = list(data.times)
    rate = Amounts({(ally, t): c for t, c in zip(times, (1.0, 1.0, 2.0), strict=True)} | {(brim, times[2]): 2.0})

    def found(room: float) -> list[tuple[str, str, str]]:
        rooms = dict(zip(times, (0.0, room, 2.0), strict=True))
        return missed(_judged(data, "USA/oxide", times, rate, Amounts({ally: 1.0}), rooms))

    assert found(1.0) == []
    assert found(0.5) == [("USA/oxide 2032", "use of new suppliers at most 2.5 t", "3 t")]


def test_what_ramped_up_before_the_first_year_gains_from_there() -> None:
    """A ramp of four years that began in 2029: the 20 t of 2030 are not new, 10 t a year after it are."""
    smelter = change("projects", "smelter", recipe={"oxide": -1.0, "ore": 1.0}, ramp_years=4, life_years=9,
                     committed_year=2028, fixed_cost=0.0)  # fmt: skip
    plan = plan_document()
    plan["tables"]["investments"] = [r for r in plan["tables"]["investments"] if r["project"] != "smelter"]
    for table in ("price_floors", "contracts"):
        plan["tables"][table] = []
    data = workbook(**oxide(0.0, 0.0, demand={}, **smelter))

    room = allowed(data, read_books(data, plan), "oxide", "USA")

    assert room == pytest.approx({203001: 0.0, 203101: 10.0, 203201: 10.0})


def test_what_one_lane_could_have_taken_up_is_no_room_for_another() -> None:
    """There is room in 2030 alone, when only the first carries anything; the second is needed in 2031."""
    carried = Amounts({("first", 203001): 1.0, ("first", 203101): 1.0, ("second", 203101): 1.0})
    needs = {203001: {"first": 0.0, "second": 0.0}, 203101: {"first": 0.0, "second": 1.0}}

    assert _taken_up([203001, 203101], carried, needs, {203001: 1.0, 203101: 0.0}) == {203001: 0, 203101: 0}
