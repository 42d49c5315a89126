"""What is kept open, on the tiny plan: the mine works 20, 56 and 80 of 100 t, the smelter 18 of 20 and 30 of 40 t."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import Edit, judged, plan_document, put
from tests.audit.tiny_workbook import change, flat, workbook

from lodestone.audit.books import read_books
from lodestone.audit.closing import closing, fixed_costs, kept_open, kept_table
from lodestone.audit.floors import topups

MINE = change("plants", "mine", fixed_cost=0.05)


def kept(*shares: float | None, unit: str = "mine") -> Edit:
    def edit(plan: Any) -> None:
        for year, share in zip((2030, 2031, 2032), shares, strict=True):
            put("plants", {"unit": unit, "year": year}, kept=share)(plan)

    return edit


def smelter(first: float, second: float) -> Edit:
    def edit(plan: Any) -> None:
        put("plants", {"unit": "smelter", "year": 2031}, kept=first)(plan)
        put("plants", {"unit": "smelter", "year": 2032}, kept=second)(plan)

    return edit


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((1.0, 1.0, 1.0), []),
        ((0.9, 0.85, 0.8), []),
        ((1.1, 0.8, 0.8), [("mine 2030", "kept open at most 1 copies", "1.1 copies")]),
        ((0.7, 0.8, 0.8), [("mine 2031", "kept open at most 0.7 copies", "0.8 copies")]),  # closed, and open again
        ((0.8, 0.8, 0.7), [("mine 2032", "use of what is kept open at most 70 t", "80 t")]),
    ],
)  # fmt: skip
def test_what_is_closed_stays_closed_and_limits_use(shares: tuple[float, ...], expected: Any) -> None:
    assert judged(closing, kept(*shares), **MINE) == expected


def test_what_a_plan_does_not_say_is_the_least_that_is_needed_later() -> None:
    data, plan = workbook(**MINE), plan_document()
    kept(None, 0.8, None)(plan)

    open_now = kept_open(data, read_books(data, plan))

    assert [open_now["mine", time] for time in data.times] == [0.8, 0.8, 0.0]
    assert ("mine 2032", "use of what is kept open at most 0 t", "80 t") in judged(
        closing, kept(None, 0.8, None), **MINE
    )


def test_builds_of_a_project_are_kept_open_as_they_begin_and_no_more_of_them() -> None:
    """One smelter produces from 2031 on: at its full 40 t, half of it would do for the 18 t of its first year."""
    assert judged(closing, smelter(0.75, 0.75)) == []
    assert judged(closing, smelter(0.5, 0.75)) == [("smelter 2032", "kept open at most 0.5 copies", "0.75 copies")]
    assert judged(closing, smelter(0.7, 0.7)) == [
        ("smelter 2032", "use of what is kept open at most 28 t", "30 t"),
    ]
    assert ("smelter 2031", "kept open of what produces, at most 1 copies", "2 copies") in judged(
        closing, smelter(2, 1)
    )


def test_a_committed_project_that_stood_before_may_be_kept_open_at_first() -> None:
    old = replace(workbook().projects["smelter"], committed_year=2027, life_years=4, ramp_years=1)
    data, plan = workbook(projects=workbook().projects | {"smelter": old}), plan_document()
    plan["tables"]["investments"] = [r for r in plan["tables"]["investments"] if r["project"] != "smelter"]
    row = next(r for r in plan["tables"]["plants"] if r["unit"] == "smelter")
    plan["tables"]["plants"] = [row | {"year": 2030, "kept": 1.0}, row | {"year": 2031, "kept": 1.0}]

    found = [(c.where, c.found) for c in closing(data, read_books(data, plan)) if not c.kept and "smelter" in c.where]

    assert found == []  # it stands from 2028 to 2031
    plan["tables"]["plants"].append(row | {"year": 2032, "kept": 1.0, "clean_t": 0.0})
    found = [(c.where, c.found) for c in closing(data, read_books(data, plan)) if not c.kept and "smelter" in c.where]
    assert found == [("smelter 2032", "1 copies")]


def test_a_plant_costs_what_is_kept_by_the_size_it_has_in_the_base() -> None:
    """0.05 MUSD at the largest 100 t; 60 t in 2030; what an embargo takes from it saves nothing."""
    sized = change(
        "plants", "mine", fixed_cost=0.05, base_capacity={2030: 60.0, 2031: 100.0, 2032: 80.0}, capacity=dict.fromkeys(
            (2030, 2031, 2032), 10.0))  # fmt: skip
    data, plan = workbook(**sized), plan_document()
    kept(1.0, 0.9, 0.8)(plan)

    costs = fixed_costs(data, read_books(data, plan))

    assert [costs["mine", time] for time in data.times] == pytest.approx([0.03, 0.045, 0.032])
    assert [costs["smelter", time] for time in data.times] == pytest.approx([0, 0.02, 0.02])
    assert [costs["recycler", time] for time in data.times] == [0, 0, 0]  # public: costs it in every year of production


def test_a_plant_that_is_nothing_in_the_base_costs_nothing_to_keep() -> None:
    """Not even where a scenario gives it capacity: there is nothing to measure it by."""
    data, plan = workbook(**change("plants", "mine", fixed_cost=0.05, base_capacity=flat(0))), plan_document()
    kept(1.0, 1.0, 1.0)(plan)
    costs = fixed_costs(data, read_books(data, plan))
    assert [costs["mine", time] for time in data.times] == [0, 0, 0]

    data = workbook(**change("plants", "mine", fixed_cost=0.05, base_capacity=flat(0.5)))  # however little it is
    costs = fixed_costs(data, read_books(data, plan))
    assert [costs["mine", time] for time in data.times] == pytest.approx([0.05, 0.05, 0.05])


def test_figures_of_what_is_kept() -> None:
    assert judged(kept_table, put("plants", {"unit": "smelter", "year": 2031}, fixed_cost_musd=0.01)) == [
        ("smelter 2031", "fixed cost 0.02 MUSD", "0.01 MUSD")
    ]
    assert judged(kept_table, put("plants", {"unit": "mine", "year": 2031}, kept=1.0)) == [
        ("mine 2031", "kept open where it costs nothing None", "1.0")
    ]


def test_who_is_paid_at_market_is_owed_it_and_who_is_paid_its_cost_costs_it() -> None:
    """The refinery adds 6 for 7 USD/kg on 30, 11 and 8 t: 0.03, 0.011 and 0.008 of topup, and 0.05 when kept open."""

    def edit(plan: Any) -> None:
        kept(1.0, 1.0, 1.0, unit="refinery")(plan)

    assert judged(topups, edit, **change("plants", "refinery", fixed_cost=0.05)) == [
        (f"refinery {year}", f"topup at least {least} MUSD", f"{said} MUSD")
        for year, least, said in ((2030, 0.08, 0.03), (2031, 0.061, 0.011), (2032, 0.058, 0.008))
    ]


def test_use_is_judged_by_the_size_of_what_is_there() -> None:
    """A tenth of 40 t is open in 2032."""
    data, plan = workbook(), plan_document()
    smelter(0.1, 0.1)(plan)

    *_, check = (c for c in closing(data, read_books(data, plan)) if c.where == "smelter 2032")

    assert check.tolerance == pytest.approx(1e-4 + 1e-6 * 40)
