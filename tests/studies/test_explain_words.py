"""Every rule of the model, and every limit that an explanation puts back, has words and a cell."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo
import pytest
from tests.rules.everything import everything
from tests.solving import add, change, home, lane, market, read, recipe

from lodestone.data.tree import Branch, Tree, joint, with_branches
from lodestone.studies.explanation.adjustable_cells import STANDING
from lodestone.studies.explanation.elastic_rows import DataOf, Giving
from lodestone.studies.explanation.loosening import loosened
from lodestone.studies.explanation.row_words import BOUNDS, WORDS, bound_in_words, row_in_words
from lodestone.studies.explanation.rule_text import Speaker, component
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs


def constraints(model: Any) -> set[str]:
    return {part.name for part in model.component_objects(pyo.Constraint)}


def test_every_component_of_constraints_has_words() -> None:
    assert constraints(everything().model) <= WORDS.keys()


def crowded() -> Inputs:
    """A workbook in which nearly every rule has a row, with closed lanes, windows and limits of 0."""
    book = home(last=2028, risk_weight=0.2)
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(0.9)
    add(book, "Materials", material="ore", resourcing_share=0.2)
    add(book, "Trade", from_region="China", to_region="Home", material="ore", t_per_yr=100)
    add(book, "Prices", material="ore", years=5)
    market(book, "ore_china", "China", "ore", years=500)
    market(book, "ore_home", "Home", "ore", years=50, spot_share=0.4)
    market(book, "buyer", "Home", side="sell", years=70)
    lane(book, "China", "Home", "ore", years=400)
    lane(book, "China", "Home", open="no")
    lane(book, "Ally", "Home", years=0)
    market(book, "oxide_china", "China")
    market(book, "oxide_ally", "Ally")
    recipe(book, "refine", ore=-2, oxide=1)
    recipe(book, "mine", ore=1)
    for name, rule in (("refinery", "whole_plant"), ("other", "batch")):
        add(book, "Plants", plant=name, region="Home", process="refine", operating_cost_usd_per_kg=80, spot_share=0.5,
            exposure_rule=rule, fixed_cost_musd_per_yr=1, years=60)  # fmt: skip
    for name, cells in (
        ("pit", {"funding": "public", "capex_musd": 9, "group": "site", "max_builds": 1, "requires": None}),
        (
            "mill",
            {
                "funding": "private",
                "capex_musd": 50,
                "requires": "pit",
                "lead_years": 1,
                "process": "refine",
                "fixed_cost_musd_per_yr": 1,
            },
        ),
        ("late", {"funding": "public", "capex_musd": 1, "latest_year": 2026, "earliest_year": 2026, "max_builds": 2}),
        ("short", {"funding": "public", "capex_musd": 1, "life_years": 1, "max_builds": 2, "process": "refine"}),
        ("soon", {"funding": "public", "capex_musd": 1, "latest_year": 2028, "earliest_year": 2028}),
        ("twins", {"funding": "private", "capex_musd": 1, "max_builds": 2}),
    ):
        add(book, "Projects", project=name, **({"region": "Home", "process": "mine", "capacity_t_per_yr": 40} | cells))
    add(book, "PriceFloors", floor="f", project="mill", material="oxide", floor_usd_per_kg=90, tenor_years=9,
        equity_musd=1, equity_share=0.1)  # fmt: skip
    for name, supplier, cells in (
        ("built", "mill", {"take_or_pay_share": 0.5, "min_t_per_yr": 5}),
        ("made", "refinery", {"earliest_year": 2027, "latest_year": 2027}),
    ):
        add(
            book,
            "Contracts",
            contract=name,
            supplier=supplier,
            material="oxide",
            max_t_per_yr=20,
            tenor_years=5,
            **cells,
        )
    add(book, "Substitution", option="thrift", sector="industry", material="oxide", cost_usd_per_kg=5, years=0.1,
        requires="pit", ramp_share_per_yr=0.05, keep_share=0.5)  # fmt: skip
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=10, capacity_t=200,
        max_fill_t_per_yr=0, max_release_t_per_yr=5, least_t=5, years=30)  # fmt: skip
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.6)
    add(book, "ChinaShare", cap="ore_cap", material="ore", years=0.7)
    add(book, "ChinaShare", cap="ban", material="oxide", sector="industry", years=0.5)
    add(book, "Budgets", budget="all", covers="all", carry_over="yes", years=100)
    add(book, "Scenarios", scenario="shock", probability=0.3, from_year=2027, emergency_from=2027, emergency_to=2027)
    change(book, "shock", "Lanes", "China/Home/ore", 10)
    change(book, "shock", "ChinaShare", "oxide_cap", 0.1)
    sectors = book["Sectors"]
    column = sectors[0].index("secure_share") if "secure_share" in sectors[0] else len(sectors[0])
    for row, cell in zip(sectors, ["secure_share", *[0.5] * len(sectors)], strict=False):
        row[column:] = [cell]
    add(book, "Scenarios", scenario="cut", from_year=2027, threat="yes")
    change(book, "cut", "Lanes", "China/Home/oxide", 0)
    inputs = read(book)
    assert inputs.problems == ()
    return inputs


@pytest.fixture(scope="module")
def giving() -> Giving:
    def tree(data_of: DataOf) -> Tree:
        futures = joint(data_of("base"), [data_of("shock")])
        return with_branches(futures, [Branch("base", ("cut",), data_of("base", ("cut",)))])

    return loosened(Places(crowded()), tree)


def test_every_row_and_bound_of_a_crowded_workbook_can_be_said_with_a_cell(giving: Giving) -> None:
    speaker = Speaker(giving)
    rows = range(int(giving.solver.highs.getNumRow()))
    said = [row_in_words(speaker, row) for row in rows]
    said += [one for c in range(len(giving.solver.variables)) if (one := bound_in_words(speaker, c))]
    for one in said:
        assert one.text and "None" not in one.text
        sheet, _, place = one.cell.partition("!")
        assert sheet in {"Settings", "PriceFloors", "Lanes"} or place[:1].isalpha(), one
    used = {component(giving.solver.rows[row].constraint) for row in rows if row < len(giving.solver.rows)}
    used |= {name for name, _ in (*giving.added.values(), *giving.held.values())}
    assert WORDS.keys() - used == set(), "a rule that this workbook does not have: add it"


def test_bounds_that_say_something_have_words(giving: Giving) -> None:
    bounded = {
        component(v)
        for v, most in zip(giving.solver.variables, giving.solver.upper, strict=True)
        if most < 1e20 and not v.is_binary()
    }
    assert bounded - {"investments.build"} == BOUNDS.keys()  # builds have rows of their own


def test_what_may_give_way_has_a_standing(giving: Giving) -> None:
    for knob in giving.knobs.values():
        assert knob.weight > 0
    kinds = {
        (knob.place.sheet, knob.place.column if isinstance(knob.place.column, str) else "years")
        for knob in giving.knobs.values()
    }
    assert STANDING.keys() - kinds == set(), "a kind of cell that this workbook cannot change"


def test_a_year_of_a_scenario_is_governed_by_its_row_of_changes(giving: Giving) -> None:
    places = giving.places
    assert [p.cell for p in places.in_year("shock", "ChinaShare", ("oxide_cap",), 2026)] == ["ChinaShare!C2"]
    assert [p.cell for p in places.in_year("shock", "ChinaShare", ("oxide_cap",), 2027)] == ["Changes!E3"]
    assert [p.cell for p in places.in_year("base", "ChinaShare", ("oxide_cap",), 2027)] == ["ChinaShare!C2"]


def test_an_interpolated_year_is_governed_by_both_headings() -> None:
    book = home(last=2030)
    add(book, "ChinaShare", cap="c", material="oxide", years={2026: 0.8, 2030: 0.4})
    places = Places(read(book)).in_year("base", "ChinaShare", ("c",), 2027)
    assert [(p.cell, p.part, p.value) for p in places] == [("ChinaShare!C2", 0.75, 0.8), ("ChinaShare!D2", 0.25, 0.4)]


def test_an_edit_is_what_typing_it_would_be() -> None:
    book = home(last=2030)
    add(book, "ChinaShare", cap="c", material="oxide", years={2026: 0.8, 2030: 0.4})
    inputs = read(book)
    data = plan_data(inputs.edited({"ChinaShare!C2": 0.6}).tables(), inputs.tables())
    assert [data.caps["c"].share[y] for y in (202601, 202801, 203001)] == pytest.approx([0.6, 0.5, 0.4])
    assert inputs.edited({"ChinaShare!C2": 1.5}).problems != ()
