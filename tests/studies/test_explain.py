"""Workbooks without a plan, each with another cause: the cause is named with its cell; the first repair, typed into the
workbook, gives a plan; without any single part of it there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.make import Book, write_book
from tests.solving import add, home, lane, market, recipe

from lodestone.errors import NoPlanError
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.explanation.explain import explain
from lodestone.studies.explanation.results import INTEGERS, RELAXATION, Explanation, Repair
from lodestone.workbook.inputs import load


def serve(book: Book, least: float) -> None:
    """The first sector must get this part of what it wants: Sectors!C2."""
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(least)


def supplied(least: float = 1.0, **settings: Any) -> Book:
    """home() with an unlimited market in China, and a sector that must be served."""
    book = home(**settings)
    serve(book, least)
    market(book, "china", "China")
    lane(book, "China", "Home")
    return book


def clean_project(book: Book, name: str = "refinery", capacity: float = 200, **cells: Any) -> None:
    """A public project at Home that makes oxide out of nothing: for 1 MUSD unless said otherwise."""
    if "make" not in [row[0] for row in book.get("Processes", [[None]])]:
        recipe(book, "make", oxide=1)
    fixed = {"region": "Home", "process": "make", "funding": "public", "capacity_t_per_yr": capacity, "capex_musd": 1}
    add(book, "Projects", project=name, **(fixed | cells))


# --- the cases ------------------------------------------------------------------------------------------------------


def cap_too_early() -> Book:
    """At most 20 % exposed from 2026 on, and the only clean refinery is ready in 2028."""
    book = supplied(last=2029)
    clean_project(book, lead_years=2)
    add(book, "ChinaShare", cap="clean", material="oxide", region="Home", years=0.2)
    return book


def defence_ban() -> Book:
    """A ban for defence, and nothing anywhere is clean: a plant at Home works on ore from China."""
    book = supplied(0.5)
    book["Sectors"][1][0] = "defence"
    book["Demand"][1][1] = "defence"
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=5)
    market(book, "china_ore", "China", "ore")
    lane(book, "China", "Home", "ore")
    recipe(book, "refine", ore=-2, oxide=1)
    add(book, "Plants", plant="home_refinery", region="Home", process="refine", years=80)
    add(book, "ChinaShare", cap="ban", material="oxide", sector="defence", years=0)
    return book


def cover_over_capacity() -> Book:
    """400 days of cover of 1,095 t a year are 1,200 t; the stockpile holds 500 t."""
    book = supplied(0.0, demand=1095)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=500, years=400)
    return book


def service_without_supply() -> Book:
    """Nobody sells or makes more than 30 t of the 100 t that must be met."""
    book = home()
    serve(book, 0.8)
    market(book, "ally", "Ally", years=30)
    lane(book, "Ally", "Home")
    return book


def budget_too_small() -> Book:
    """The only supply is a public project of 50 MUSD; the budget has 20 MUSD."""
    book = home()
    serve(book, 1.0)
    clean_project(book, capex_musd=50)
    add(book, "Budgets", budget="plants", covers="capex", years=20)
    return book


def contract_minimum() -> Book:
    """All of a market's 40 t needs a contract, and the contract on offer asks for 50 t at least."""
    book = home()
    serve(book, 0.3)
    market(book, "ally", "Ally", spot_share=0, years=40)
    lane(book, "Ally", "Home")
    add(book, "Contracts", contract="offtake", supplier="ally", material="oxide", min_t_per_yr=50, max_t_per_yr=60,
        tenor_years=5)  # fmt: skip
    return book


def closed_lane() -> Book:
    """The only lane is closed."""
    book = home()
    serve(book, 1.0)
    market(book, "ally", "Ally")
    lane(book, "Ally", "Home", open="no")
    return book


def one_of_a_group() -> Book:
    """Two materials must be met, one project makes each, and only one of the two may be built. Half of each would
    do."""
    book = home()
    serve(book, 0.5)
    add(book, "Materials", material="metal")
    add(book, "Prices", material="metal", years=60)
    add(book, "Demand", region="Home", sector="industry", material="metal", years=100)
    recipe(book, "smelt", metal=1)
    clean_project(book, "refinery", 100, group="site")
    clean_project(book, "smelter", 100, group="site", process="smelt")
    return book


def release_too_slow() -> Book:
    """The reserve holds 100 t and may release 20 t a year; 80 t must be met."""
    book = home()
    serve(book, 0.8)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=100, capacity_t=100,
        max_release_t_per_yr=20)  # fmt: skip
    return book


def two_together() -> Book:
    """The cover takes 50 t of the 60 t of Ally; 20 t are left for those who must get 50 t. Each alone could be had."""
    book = home()
    serve(book, 0.5)
    market(book, "ally", "Ally", years=60)
    lane(book, "Ally", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=100, years=182.5)
    return book


def window_too_late() -> Book:
    """The only supply may be decided from 2028 on, and 2026 must be served. Two copies of it would be needed."""
    book = home(last=2028)
    serve(book, 0.9)
    clean_project(book, capacity=50, earliest_year=2028, max_builds=1)
    return book


def requires_in_its_group() -> Book:
    """The mill may be built only with the mine, and of the two only one may be built."""
    book = home()
    serve(book, 0.5)
    clean_project(book, "mine", 10, group="site", requires=None)
    clean_project(book, "mill", 100, group="site", requires="mine")
    return book


def floor_too_low() -> Book:
    """Lenders miss 38.5 of 50 MUSD: 100 t at 60 USD/kg in two years, discounted at 10 %, bring 11.5. The only package
    is a floor at their own price, which is worth nothing."""
    book = home(last=2027, price=60, bank_price_factor=1)
    serve(book, 0.5)
    clean_project(book, capacity=100, funding="private", capex_musd=50, life_years=2, hurdle_rate=0.1,
                  operating_cost_usd_per_kg=0)  # fmt: skip
    add(book, "PriceFloors", floor="low", project="refinery", material="oxide", floor_usd_per_kg=60, tenor_years=2)
    return book


def interpolated_cap() -> Book:
    """The cap falls from 100 % in 2026 to 0 in 2030, and half of what must be met can be clean: up to 2028."""
    book = supplied(last=2030)
    market(book, "ally", "Ally", years=50)
    lane(book, "Ally", "Home")
    add(book, "ChinaShare", cap="falling", material="oxide", region="Home", years={2026: 1, 2030: 0})
    return book


def filled_too_slowly() -> Book:
    """365 days of cover of 100 t in 2027, and 30 t may be put in each year."""
    book = supplied(0.0, last=2027)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=10, capacity_t=200,
        max_fill_t_per_yr=30, years={2027: 365})  # fmt: skip
    return book


def cover_over_budget() -> Book:
    """36.5 days of cover are 10 t: 0.6 MUSD at 60 USD/kg; the budget has 0.3 MUSD."""
    book = supplied(0.0)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=200, years=36.5)
    add(book, "Budgets", budget="stocks", covers="stockpile", years=0.3)
    return book


@dataclass(frozen=True)
class Case:
    """cells: which the conflict or the findings must name; kind: of the conflict; finding: part of a sentence."""

    make: Any
    cells: set[str]
    kind: str = RELAXATION
    finding: str | None = None


CASES = [
    Case(cap_too_early, {"ChinaShare!D2", "Projects!G2"}, finding="cannot produce before 2028"),
    Case(
        defence_ban,
        {"ChinaShare!D2", "Sectors!C2", "Plants!D2"},
        finding="50 t have to be clean in 2026, and at most 0 t can be: 0 t from home_refinery",
    ),
    Case(
        cover_over_capacity,
        {"Stockpiles!E2", "Stockpiles!D2"},
        finding="400 days of cover of oxide need 1,200 t in 2026, capacity_t is 500 t",
    ),
    Case(
        service_without_supply,
        {"Sectors!C2", "Markets!D2"},
        finding="must get 80 t of oxide in 2026, and at most 30 t can reach Home: 30 t from ally",
    ),
    Case(budget_too_small, {"Sectors!C2", "Budgets!C2"}, finding="50.0 MUSD of capex are more than plants has"),
    Case(
        contract_minimum,
        {"Contracts!D2"},
        INTEGERS,
        "as offtake asks for 50 t a year at least and ally cannot promise more than 40 t",
    ),
    Case(closed_lane, {"Sectors!C2", "Lanes!E2"}, finding="no open lane leads to Home"),
    Case(one_of_a_group, {"Projects!G2", "Sectors!C2"}, INTEGERS),
    Case(release_too_slow, {"Sectors!C2", "Stockpiles!F2"}, finding="at most 20 t can reach Home: 20 t from the stock"),
    Case(two_together, {"Sectors!C2", "Stockpiles!E2", "Markets!D2"}),
    Case(window_too_late, {"Sectors!C2", "Projects!G2"}, finding="industry in Home must get 90 t of oxide in 2026"),
    Case(requires_in_its_group, {"Sectors!C2", "Projects!G2", "Projects!H3"}, INTEGERS),
    Case(floor_too_low, {"Sectors!C2", "Projects!H2"}, finding="none from refinery, which no package makes bankable"),
    Case(interpolated_cap, {"ChinaShare!E2", "Sectors!C2"}, finding="75 t have to be clean in 2029, and at most 50 t"),
    Case(filled_too_slowly, {"Stockpiles!G2", "Stockpiles!F2"},
         finding="an opening stock of 10 t and max_fill 30 t a year it can hold 70 t by then"),
    Case(cover_over_budget, {"Budgets!C2", "Stockpiles!E2"},
         finding="the cover of reserve needs purchases of 0.60 MUSD at least by the end of 2026, and stocks has 0.30"),
]  # fmt: skip
IDS = [case.make.__name__ for case in CASES]


@pytest.fixture(scope="module")
def explained() -> Any:
    """Each case is explained once."""
    known: dict[str, Explanation] = {}

    def of(case: Case, folder: Path) -> tuple[Path, Explanation]:
        path = write_book(folder / "book.xlsx", case.make())
        inputs = load(path)
        assert inputs.problems == ()
        if case.make.__name__ not in known:
            known[case.make.__name__] = explain(inputs)
        return path, known[case.make.__name__]

    return of


def typed(path: Path, changes: dict[str, Any]) -> Path:
    """The workbook with other values in its cells, by openpyxl."""
    book = openpyxl.load_workbook(path)
    for cell, value in changes.items():
        sheet, _, place = cell.partition("!")
        book[sheet][place] = value
    new = path.with_name("changed.xlsx")
    book.save(new)
    return new


def has_plan(path: Path) -> bool:
    inputs = load(path)
    assert inputs.problems == ()
    try:
        solve_scenario(inputs, effort=Effort(gap=0.01))
    except NoPlanError:
        return False
    return True


def new_values(repair: Repair) -> dict[str, Any]:
    return {change.cell: change.new for change in repair.changes}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_there_is_no_plan_and_the_cause_is_named_with_its_cell(case: Case, explained: Any, tmp_path: Path) -> None:
    path, explanation = explained(case, tmp_path)
    assert not has_plan(path)
    named = {rule.cell for rule in explanation.conflict} | {cell for f in explanation.findings for cell in f.cells}
    assert case.cells <= named
    assert (explanation.conflict_kind, explanation.smallest) == (case.kind, True)
    if case.finding is None:
        assert explanation.findings == ()
    else:
        assert case.finding in explanation.findings[0].text


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_repair_typed_into_the_workbook_gives_a_plan(case: Case, explained: Any, tmp_path: Path) -> None:
    path, explanation = explained(case, tmp_path)
    assert explanation.repairs
    for repair in explanation.repairs:
        assert has_plan(typed(path, new_values(repair)))
        assert repair.objective_musd is not None


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_without_any_single_part_of_a_repair_there_is_no_plan(case: Case, explained: Any, tmp_path: Path) -> None:
    path, explanation = explained(case, tmp_path)
    for repair in explanation.repairs:
        assert repair.needed
        values = new_values(repair)
        for cell in values:
            assert not has_plan(typed(path, {other: value for other, value in values.items() if other != cell}))


def test_values_are_those_worked_out_by_hand(explained: Any, tmp_path: Path) -> None:
    by_hand = {
        "cap_too_early": {"ChinaShare!D2": 1.0},  # nothing is clean before 2028, and the one value holds for all years
        "cover_over_capacity": {"Stockpiles!E2": 166.0},  # 500 t x 365 / 1,095 t = 166.7 days
        "service_without_supply": {"Sectors!C2": 0.3},
        "budget_too_small": {"Budgets!C2": 50.0},
        "interpolated_cap": {"ChinaShare!E2": 0.5},  # 2029 is then 62.5 %: 37.5 t clean
        "floor_too_low": {"PriceFloors!D2": 262.0},  # 60 + 38.55 MUSD / (100 t x 1.909 years) = 261.9
        "filled_too_slowly": {"Stockpiles!G2": 255.0},  # 70 t of 100 t = 255.5 days
    }
    for case in CASES:
        if case.make.__name__ in by_hand:
            _, explanation = explained(case, tmp_path)
            assert by_hand[case.make.__name__] in [new_values(repair) for repair in explanation.repairs]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_repairs_differ_in_all_their_cells(case: Case, explained: Any, tmp_path: Path) -> None:
    _, explanation = explained(case, tmp_path)
    cells = [change.cell for repair in explanation.repairs for change in repair.changes]
    assert len(cells) == len(set(cells))
