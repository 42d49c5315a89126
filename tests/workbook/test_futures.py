"""What is already known (rows of Changes for base), futures that part from a future, threats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.make import Book, load_book, only_problem, tiny, with_plants

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import joint
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs

HEAD = ["scenario", "sheet", "row", "column", "from_year", "from_month", "to_year", "to_month", "operation", "value"]


def row(scenario: str, sheet: str, name: str, operation: str, value: Any, *when: int | None) -> list[Any]:
    """A change of year values; when: from_year, from_month, to_year, to_month."""
    times = [*when, *[None] * (4 - len(when))]
    return [scenario, sheet, name, "years", *times, operation, value]


def book_of(scenarios: list[list[Any]], *changes: list[Any]) -> Book:
    """tiny() over 2026-2028, demand 100, 120, 120; scenarios: name, parent, probability, from_year, from_month."""
    book = tiny()
    book["Settings"] |= {"last_year": 2028, "default_freight_usd_per_kg": 5}
    book["Scenarios"] = [["scenario", "parent", "probability", "from_year", "from_month"], *map(list, scenarios)]
    book["Changes"] = [HEAD, *changes]
    return book


def data_of(inputs: Inputs, scenario: str) -> PlanData:
    inputs.require_valid()
    return plan_data(inputs.tables(scenario), inputs.tables())


def demand(inputs: Inputs, scenario: str) -> list[float]:
    return list(data_of(inputs, scenario).demand["Home", "defence", "oxide"].values())


# --- base -----------------------------------------------------------------------------------------------------------


def test_rows_for_base_come_first_and_change_all_futures(tmp_path: Path) -> None:
    """Known: twice as much from 2027 on. The scenario then adds 7 in 2028, though its row stands before."""
    changes = [row("more", "Demand", "*", "add", 7, 2028), row("base", "Demand", "*", "multiply", 2, 2027)]
    inputs = load_book(tmp_path, book_of([["more", None, 0, 2027, None]], *changes))
    assert demand(inputs, "base") == [100, 240, 240]
    assert demand(inputs, "more") == [100, 240, 247]
    assert [change.by for change in inputs.changes()] == ["Changes!A3", "Changes!A3"]
    assert [change.by for change in inputs.changes("more")] == ["Changes!A3", "Changes!A3", "Changes!A2"]


def test_base_may_change_within_a_year_from_the_first_on(tmp_path: Path) -> None:
    """A ban that is on since April and ends in September: lenders see a third of the price rise over the year."""
    book = book_of([], row("base", "Prices", "oxide", "set", 96, 2026, 4, 2026, 9))
    book["Periods"] = [["year", "months"], [2026, 3]]
    data = data_of(load_book(tmp_path, book), "base")
    assert list(data.price["oxide", "Home"].values()) == pytest.approx([0.06, 0.096, 0.096, 0.06, 0.06, 0.06])
    assert data.bank_price_of("oxide", "Home", 2026) == pytest.approx(0.8 * (0.06 + 0.096) / 2)


def test_base_may_change_what_is_no_years(tmp_path: Path) -> None:
    change = ["base", "Sectors", "defence", "min_service_share", None, None, None, None, "set", 0.5]
    inputs = load_book(tmp_path, book_of([["late", None, 0, 2028, None]], change))
    assert data_of(inputs, "late").sectors["defence"].min_service_share == pytest.approx(0.5)


def test_force_majeure_is_measured_by_the_base_after_its_own_changes(tmp_path: Path) -> None:
    book = with_plants()
    book["Contracts"][1][1] = "home_mine"
    book["Contracts"][1][2] = "ore"
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "operation", "value"],
        ["base", "Plants", "home_mine", "years", "multiply", 0.5],
        ["embargo", "Plants", "home_mine", "years", "multiply", 0.5],
    ]
    data = data_of(load_book(tmp_path, book), "embargo")
    assert data.plants["home_mine"].capacity == {202601: 1500, 202701: 750}
    assert data.force_majeure(data.contracts["offtake"], 202701) == pytest.approx(0.5)


def test_a_default_freight_that_base_changes_opens_lanes_for_all(tmp_path: Path) -> None:
    """The scenario's own default freight keeps what base and parent have done to lanes."""
    book = book_of(
        [["dear", None, 0, 2026, None], ["dearer", "dear", 0, 2027, None]],
        ["base", "Lanes", "Home/China", "freight_usd_per_kg", None, None, None, None, "add", 1],
        ["base", "Settings", "default_freight_usd_per_kg", "value", None, None, None, None, "set", 7],
        ["dear", "Settings", "default_freight_usd_per_kg", "value", None, None, None, None, "set", 9],
    )
    inputs = load_book(tmp_path, book)
    freight = {name: data_of(inputs, name).lanes["oxide", "Home", "China"].freight for name in inputs.scenario_names}
    assert freight == pytest.approx({"base": 0.008, "dear": 0.010, "dearer": 0.010})


def test_a_problem_of_base_is_told_once(tmp_path: Path) -> None:
    scenarios = [["a", None, 0, 2027, None], ["b", "a", 0, 2028, None]]
    problem = only_problem(load_book(tmp_path, book_of(scenarios, row("base", "Demand", "Hme", "set", 1))))
    assert (problem.cell, problem.wrong) == ("Changes!C2", "no row of Demand has the name Hme")


# --- row keys -------------------------------------------------------------------------------------------------------


def test_a_row_key_may_name_the_first_keys_only(tmp_path: Path) -> None:
    book = book_of(
        [["s", None, 0, 2026, None]], row("s", "Prices", "oxide", "add", 1), row("s", "Demand", "Ho*", "set", 3)
    )
    book["Prices"] = [["material", "region", 2026], ["oxide", None, 60], ["oxide", "Home", 80]]
    inputs = load_book(tmp_path, book, ["Prices/oxide/Home/years=70"])
    data = data_of(inputs, "s")
    assert [data.price_of("oxide", region, 202801) for region in ("China", "Home")] == pytest.approx([0.061, 0.071])
    assert demand(inputs, "s") == [3, 3, 3]


# --- prices by region -----------------------------------------------------------------------------------------------


def test_each_region_has_the_row_that_names_it_else_that_of_all(tmp_path: Path) -> None:
    """Lenders: BankPrices where it gives the material there, else Prices x 0.8 of the region."""
    book = with_plants()
    book["Prices"] = [
        ["material", "region", 2026], ["oxide", "*", 60], ["oxide", "China", 40], ["ore", None, 5], ["scrap", None, 10],
    ]  # fmt: skip
    book["BankPrices"] = [["material", "region", 2026], ["oxide", "Home", 50]]
    data = data_of(load_book(tmp_path, book), "base")
    assert [data.price_of("oxide", region, 202701) for region in ("Home", "China")] == pytest.approx([0.06, 0.04])
    assert [data.bank_price_of("oxide", r, 2027) for r in ("Home", "China")] == pytest.approx([0.05, 0.032])
    assert data.value_added(data.plants["china_refinery"], 202601) == pytest.approx(0.04 - 10 * 0.005)
    assert data.bank_value_added(data.projects["home_refinery"], 2026) == pytest.approx(0.05 - 10 * 0.004)
    assert data.market_price("china_oxide", 202601) == pytest.approx(0.04)
    assert data.index_price(data.contracts["offtake"], 202601) == pytest.approx(0.06)
    assert data.floor_price(data.floors["floor_110"], 202601) == pytest.approx(0.06)
    assert data.stock_price("reserve", 202601) == pytest.approx(0.06)


def test_a_price_missing_in_one_region(tmp_path: Path) -> None:
    book = with_plants()
    book["Prices"] = [
        ["material", "region", 2026], ["oxide", "Home", 60], ["ore", None, 5], ["scrap", None, 10],
    ]  # fmt: skip
    problems = load_book(tmp_path, book).problems
    assert {(p.cell, p.wrong.split(",")[0]) for p in problems} == {
        ("Markets!C2", "oxide has no price in China"),
        ("Processes!B3", "oxide has no price in China"),
    }
    assert "the region China or *" in problems[0].mend


def test_a_second_price_of_a_region(tmp_path: Path) -> None:
    book = tiny()
    book["Prices"] = [["material", "region", 2026], ["oxide", "Home", 60], ["oxide", "*", 60], ["oxide", "Home", 61]]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Prices!A4", "oxide/Home")


# --- parents --------------------------------------------------------------------------------------------------------


BAN = ["ban", None, 0.2, 2027, None]
LONG = ["long", "ban", 0.1, 2028, None]


def test_a_scenario_starts_from_its_parents_data(tmp_path: Path) -> None:
    """The ban halves demand from 2027 on; if it lasts, a quarter is left in 2028. The child stands first."""
    changes = [row("long", "Demand", "*", "multiply", 0.5), row("ban", "Demand", "*", "multiply", 0.5)]
    inputs = load_book(tmp_path, book_of([LONG, BAN], *changes))
    assert inputs.scenario_names == ("base", "long", "ban")
    assert demand(inputs, "ban") == [100, 60, 60]
    assert demand(inputs, "long") == [100, 60, 30]
    assert [change.by for change in inputs.changes("long")] == ["Changes!A3", "Changes!A3", "Changes!A2"]


def test_its_parents_emergency_is_its_own_too(tmp_path: Path) -> None:
    book = book_of([BAN, LONG])
    for line, cells in zip(
        book["Scenarios"],
        (["emergency_from", "emergency_to", "refill_years"], [2027, 2027, 0], [None] * 3),
        strict=True,
    ):
        line += cells
    data = data_of(load_book(tmp_path, book), "long")
    assert data.scenario.parent == "ban"
    assert [data.scenario.cover_suspended(time) for time in data.times] == [False, True, False]


def test_a_joint_tree_of_a_workbook_with_parents(tmp_path: Path) -> None:
    """2026; 2027 with the base, and with the ban; 2028 with the base, the ban that ended, and the one that lasts."""
    inputs = load_book(tmp_path, book_of([LONG, BAN]))
    tree = joint(data_of(inputs, "base"), [data_of(inputs, "long"), data_of(inputs, "ban")])
    assert list(tree.time.values()) == [202601, 202701, 202801, 202701, 202801, 202801]
    assert tree.parent == {0: None, 1: 0, 2: 1, 3: 0, 4: 3, 5: 3}
    assert tree.leaf_of == {"base": 2, "ban": 4, "long": 5}
    assert list(tree.probability.values()) == pytest.approx([1, 0.7, 0.7, 0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("scenarios", "cell", "says"),
    [
        ([["a", "b", 0, 2027, None], ["b", "a", 0, 2028, None]], "B2", "a -> b -> a"),
        ([["a", "a", 0, 2027, None]], "B2", "a -> a"),
        ([BAN, ["long", "ban", 0.1, 2027, None]], "D3", "long shows itself in 2027, and its parent ban in 2027"),
        ([BAN, ["long", "bam", 0.1, 2028, None]], "B3", "bam is not on the sheet Scenarios"),
    ],
)
def test_refused_parents(tmp_path: Path, scenarios: list[list[Any]], cell: str, says: str) -> None:
    problems = load_book(tmp_path, book_of(scenarios)).problems
    assert [p.cell for p in problems if says in p.wrong] == [f"Scenarios!{cell}"], problems


def test_a_child_changes_nothing_before_it_leaves_its_parent(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, book_of([BAN, LONG], row("long", "Demand", "*", "set", 1, 2027))))
    assert problem.wrong == "earlier than 2028, the scenario is still ban"


# --- threats --------------------------------------------------------------------------------------------------------


def threatened(*scenarios: list[Any], secure: int = 0) -> Book:
    book = tiny()
    book["Settings"] |= {"secure_against": secure}
    book["Scenarios"] = [["scenario", "threat", "from_year", "parent"], *scenarios]
    return book


@pytest.mark.parametrize(
    ("scenarios", "cell", "says"),
    [
        ([["ban", "yes", None, None]], "C2", "a threat needs a from_year"),
        ([["war", "no", 2026, None], ["ban", "yes", 2027, "war"]], "D3", "has no parent"),
    ],
)
def test_refused_threats(tmp_path: Path, scenarios: list[list[Any]], cell: str, says: str) -> None:
    problem = only_problem(load_book(tmp_path, threatened(*scenarios)))
    assert (problem.cell, says in problem.wrong) == (f"Scenarios!{cell}", True), problem


def test_a_plan_that_must_stand_more_threats_than_there_are(tmp_path: Path) -> None:
    inputs = load_book(tmp_path, threatened(["ban", "yes", 2027, None], ["calm", "no", 2027, None], secure=2))
    told = [(w.cell, w.wrong) for w in inputs.warnings]
    idle = "this scenario changes nothing: no row of Changes names it"
    assert told == [
        ("Scenarios!A2", idle),
        ("Scenarios!A3", idle),
        ("Settings!B4", "the plan must stand 2 at once, and there is 1 threat"),
    ]
    assert data_of(inputs, "ban").secure_against == 2
    assert data_of(inputs, "ban").scenario.threat
