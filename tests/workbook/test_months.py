"""Years that are cut into periods: what a workbook says of months, and what becomes of it by time."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.make import Book, load_book, only_problem, with_plants
from tests.plan_document import small_plan

from lodestone.data.plan_data import PlanData
from lodestone.data.times import Calendar, at, yearly
from lodestone.studies.compare.input_differences import input_differences
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.origins import KINDS, origins
from lodestone.workbook.schema.sheets import each_column
from lodestone.workbook.snapshot import input_snapshot

HEAD = ["scenario", "sheet", "row", "column", "from_year", "from_month", "to_year", "to_month", "operation", "value"]
QUARTERS = (202601, 202701, 202704, 202707, 202710)


def quarterly(*changes: list[Any], shows: tuple[int, int | None] = (2027, None)) -> Book:
    """with_plants(), 2027 in quarters, its scenario showing itself in that year and month."""
    book = with_plants()
    book["Periods"] = [["year", "months"], [2027, 3]]
    book["Scenarios"] = [["scenario", "probability", "from_year", "from_month"], ["embargo", 0.3, *shows]]
    book["Changes"] = [HEAD, *changes]
    return book


def data_of(inputs: Inputs, scenario: str = "embargo") -> PlanData:
    inputs.require_valid()
    return plan_data(inputs.tables(scenario), inputs.tables())


DEMAND = ("Home", "defence", "oxide")


def demand(from_year: Any, from_month: Any, to_year: Any, to_month: Any, operation: str, value: Any) -> list[Any]:
    row = "Home/defence/oxide"
    return ["embargo", "Demand", row, "years", from_year, from_month, to_year, to_month, operation, value]


# --- time -----------------------------------------------------------------------------------------------------------


def test_a_calendar_knows_its_periods() -> None:
    calendar = Calendar(2026, 2028, {2027: 4})
    assert calendar.times == (202601, 202701, 202705, 202709, 202801)
    assert [m for m in range(1, 13) if calendar.begins(202700 + m)] == [1, 5, 9]
    assert [m for m in range(1, 13) if calendar.ends(202700 + m)] == [4, 8, 12]
    assert [m for m in range(1, 13) if calendar.begins(202800 + m)] == [1]
    assert [m for m in range(1, 13) if calendar.ends(202600 + m)] == [12]


def test_beyond_its_ends_a_series_holds_its_first_and_last_value() -> None:
    series = {202601: 1.0, 202701: 2.0, 202707: 4.0}
    assert [at(series, time) for time in (202001, 202601, 202707, 204001)] == [1.0, 1.0, 4.0, 4.0]


def test_a_year_as_a_whole_is_the_mean_of_its_periods() -> None:
    """Nine months at 2, three at 6: (9 x 2 + 3 x 6) / 12 = 3."""
    series = {202601: 1.0, 202701: 2.0, 202710: 6.0}
    assert [yearly(series, year) for year in (2025, 2026, 2027, 2040)] == [1.0, 1.0, 3.0, 6.0]


def test_values_of_a_year_hold_in_all_its_periods(tmp_path: Path) -> None:
    data = data_of(load_book(tmp_path, quarterly(demand(None, None, None, None, "multiply", 1))))
    assert data.times == QUARTERS
    assert data.periods == {2026: 12, 2027: 3}
    assert data.is_cut
    assert data.demand[DEMAND] == {202601: 100} | dict.fromkeys(QUARTERS[1:], 120)
    assert data.price["oxide", "Home"] == pytest.approx({202601: 0.06} | dict.fromkeys(QUARTERS[1:], 0.066))


def test_a_heading_after_the_horizon_is_a_year_of_its_own(tmp_path: Path) -> None:
    book = quarterly()
    for row, value in zip(book["Prices"], (2029, 70, 5, 10), strict=True):
        row.append(value)
    price = data_of(load_book(tmp_path, book), "base").price["oxide", "China"]
    assert {time: price[time] for time in price if time > 202710} == pytest.approx({202801: 0.068, 202901: 0.07})


def test_a_workbook_without_periods_has_one_a_year(tmp_path: Path) -> None:
    data = data_of(load_book(tmp_path, with_plants()))
    assert data.times == (202601, 202701)
    assert not data.is_cut


# --- changes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "shows", "expected"),
    [
        (demand(2027, 4, 2027, 6, "multiply", 0.5), (2027, None), (100, 120, 60, 120, 120)),
        (demand(2027, 4, 2027, 9, "add", 6), (2027, None), (100, 120, 126, 126, 120)),
        (demand(2027, 7, None, None, "set", 1), (2027, None), (100, 120, 120, 1, 1)),
        (demand(None, None, 2027, 6, "set", 1), (2027, None), (100, 1, 1, 120, 120)),
        (demand(None, None, None, None, "set", 1), (2027, 4), (100, 120, 1, 1, 1)),
        (demand(2027, None, None, None, "set", 1), (2027, 4), (100, 120, 1, 1, 1)),
        (demand(2027, None, None, None, "set", 1), (2026, None), (100, 1, 1, 1, 1)),
        (demand(2026, None, 2027, 3, "set", 1), (2026, None), (1, 1, 120, 120, 120)),
        (demand(2027, 7, 2030, None, "set", 1), (2027, None), (100, 120, 120, 1, 1)),
    ],
)
def test_a_change_within_a_year(
    tmp_path: Path, change: list[Any], shows: tuple[int, int | None], expected: tuple[float, ...]
) -> None:
    inputs = load_book(tmp_path, quarterly(change, shows=shows))
    assert tuple(data_of(inputs).demand[DEMAND].values()) == expected
    assert tuple(data_of(inputs, "base").demand[DEMAND].values()) == (100, 120, 120, 120, 120)


def test_later_changes_of_the_year_act_on_its_periods_too(tmp_path: Path) -> None:
    """120 halved in the second quarter, then doubled in all: 240, 120, 240, 240."""
    halved, doubled = demand(2027, 4, 2027, 6, "multiply", 0.5), demand(None, None, None, None, "multiply", 2)
    data = data_of(load_book(tmp_path, quarterly(halved, doubled)))
    assert list(data.demand[DEMAND].values()) == [100, 240, 120, 240, 240]
    record = load_book(tmp_path, quarterly(halved, doubled)).tables("embargo").records["Demand"][DEMAND]
    assert (record.years, record.months) == ({2026: 100, 2027: 240}, {202704: 120})


def test_a_period_set_to_what_its_year_has_is_none_of_its_own(tmp_path: Path) -> None:
    inputs = load_book(tmp_path, quarterly(demand(2027, 4, 2027, 6, "set", 120)))
    assert inputs.tables("embargo").records["Demand"][DEMAND].months == {}


def test_unlimited_and_not_in_force_survive_in_the_other_periods(tmp_path: Path) -> None:
    """A market without volumes is closed for a quarter, a lane too; cover, in force since 2027, is doubled in one."""
    inputs = load_book(
        tmp_path,
        quarterly(
            ["embargo", "Markets", "china_oxide", "years", 2027, 4, 2027, 6, "multiply", 0],
            ["embargo", "Lanes", "China/Home/oxide", "years", 2027, 10, 2027, 12, "set", 0],
            ["embargo", "Stockpiles", "reserve", "years", 2027, 4, 2027, 6, "multiply", 2],
        ),
    )
    data = data_of(inputs)
    assert data.markets["china_oxide"].volume == dict.fromkeys(QUARTERS) | {202704: 0.0}
    assert data.markets["china_oxide"].base_volume is None
    assert data.lanes["oxide", "China", "Home"].capacity == dict.fromkeys(QUARTERS) | {202710: 0.0}
    assert data.stockpiles["reserve"].days == {202601: None, 202701: 30, 202704: 60, 202707: 30, 202710: 30}


def test_tariffs_of_a_quarter(tmp_path: Path) -> None:
    change = ["embargo", "Tariffs", "China/*/oxide", "years", 2027, 7, 2027, 9, "set", 0.25]
    data = data_of(load_book(tmp_path, quarterly(change)))
    assert data.lanes["oxide", "China", "Home"].tariff == dict.fromkeys(QUARTERS, 0.0) | {202707: 0.25}


@pytest.mark.parametrize(
    ("change", "shows", "cell", "says"),
    [
        (demand(2027, 5, None, None, "set", 1), (2027, None), "F2", "no period begins with month 5: 2027 is cut into"),
        (demand(2026, 4, None, None, "set", 1), (2026, None), "F2", "with month 4: 2026 is one period"),
        (demand(2027, 4, 2027, 7, "set", 1), (2027, None), "H2", "no period ends with month 7"),
        (demand(None, 4, None, None, "set", 1), (2027, None), "F2", "there is no from_year"),
        (demand(None, None, None, 6, "set", 1), (2027, None), "H2", "there is no to_year"),
        (demand(2027, 1, None, None, "set", 1), (2027, 4), "F2", "earlier than 2027-04, the scenario is still"),
        (demand(2026, None, None, None, "set", 1), (2027, 4), "E2", "earlier than 2027-04"),
        (demand(2027, 7, 2027, 6, "set", 1), (2027, None), "H2", "to_month is before 2027-07, the first month changed"),
        (demand(2027, 4, 2027, 6, "add", -130), (2027, None), "J2", "for 2027-04 must be at least 0, but would become"),
        (
            ["embargo", "Projects", "*", "capex_musd", None, 4, None, None, "set", 1],
            (2027, None), "F2", 'from_month goes with "years" only',
        ),
        (
            ["embargo", "Projects", "*", "capex_musd", None, None, None, None, "set", 1],
            (2027, 4), "D2", "shows itself in 2027-04, so that only years can change",
        ),
        (
            ["embargo", "Periods", "2027", "months", None, None, None, None, "set", 12],
            (2027, None), "B2", "cannot change",
        ),
    ],
)  # fmt: skip
def test_refused_months(tmp_path: Path, change: list[Any], shows: tuple[int, int | None], cell: str, says: str) -> None:
    problem = only_problem(load_book(tmp_path, quarterly(change, shows=shows)))
    assert problem.cell == f"Changes!{cell}"
    assert says in problem.wrong


# --- dated columns --------------------------------------------------------------------------------------------------


def test_promises_are_broken_from_a_time_on(tmp_path: Path) -> None:
    inputs = load_book(
        tmp_path,
        quarterly(
            ["embargo", "Contracts", "offtake", "honoured", None, None, None, None, "set", "no"],
            ["embargo", "PriceFloors", "*", "honoured", 2027, 7, 2027, 9, "set", "no"],
            ["embargo", "Projects", "home_refinery", "delay_years", 2027, 10, None, None, "add", 2],
            shows=(2027, 4),
        ),
    )
    data, base = data_of(inputs), data_of(inputs, "base")
    times = (*QUARTERS, 203001)
    assert [data.contracts["offtake"].is_honoured(time) for time in times] == [True, True, False, False, False, False]
    assert [data.floors["floor_110"].is_honoured(time) for time in times] == [True, True, True, False, True, True]
    assert data.projects["home_refinery"].delay == {202601: 0, 202701: 0, 202704: 0, 202707: 0, 202710: 2}
    assert all(base.contracts["offtake"].is_honoured(time) for time in times)
    assert base.projects["home_refinery"].delay == dict.fromkeys(QUARTERS, 0)


def test_a_delay_counts_as_it_stands_in_the_planned_first_year(tmp_path: Path) -> None:
    """One year of lead: decided in 2026 it is due in January 2027, before the delay; in 2027 it is due in 2028, to
    which the last value holds. What was due before the horizon is there already."""
    change = ["embargo", "Projects", "home_refinery", "delay_years", 2027, 4, None, None, "set", 3]
    project = data_of(load_book(tmp_path, quarterly(change))).projects["home_refinery"]
    assert [project.delayed_by(year) for year in (2020, 2026, 2027)] == [0, 0, 3]


def test_what_is_not_honoured_in_the_workbook_itself_never_was(tmp_path: Path) -> None:
    book = with_plants()
    book["Contracts"][0].append("honoured")
    book["Contracts"][1].append("no")
    assert not any(data_of(load_book(tmp_path, book), "base").contracts["offtake"].honoured.values())


# --- what is said of it ---------------------------------------------------------------------------------------------


def test_changes_are_told_with_their_month(tmp_path: Path) -> None:
    inputs = load_book(
        tmp_path,
        quarterly(
            demand(2027, 4, 2027, 6, "multiply", 0.5),
            demand(None, None, None, None, "multiply", 2),
            ["embargo", "Contracts", "offtake", "honoured", 2027, 7, None, None, "set", "no"],
        ),
    )
    told = [(c.column, c.year, c.month, c.old, c.new, c.by) for c in inputs.changes("embargo")]
    assert told == [
        ("years", 2027, 4, 120, 60, "Changes!A2"),
        ("years", 2027, None, 120, 240, "Changes!A3"),
        ("years", 2027, 4, 60, 120, "Changes!A3"),
        ("honoured", 2027, 7, True, False, "Changes!A4"),
        ("honoured", 2027, 10, True, False, "Changes!A4"),
    ]
    assert [sorted(c.line()) for c in inputs.changes("embargo")][1] == [
        "by", "column", "new", "old", "row", "sheet", "year",
    ]  # fmt: skip


def test_the_cell_that_governs_a_period(tmp_path: Path) -> None:
    places = Places(load_book(tmp_path, quarterly(demand(2027, 4, 2027, 6, "set", 7))))
    cells = {m: [p.cell for p in places.in_year("embargo", "Demand", DEMAND, 2027, m)] for m in (None, 1, 4, 7)}
    assert cells == {None: ["Demand!E2"], 1: ["Demand!E2"], 4: ["Changes!J2"], 7: ["Demand!E2"]}


def test_a_snapshot_has_the_periods_that_differ(tmp_path: Path) -> None:
    inputs = load_book(
        tmp_path,
        quarterly(
            demand(2027, 4, 2027, 6, "set", 7),
            ["embargo", "Lanes", "China/Home/oxide", "years", 2027, 10, 2027, 12, "set", 0],
            ["embargo", "Contracts", "offtake", "honoured", 2027, 10, None, None, "set", "no"],
        ),
    )
    snapshot = input_snapshot(inputs.tables("embargo"))
    assert snapshot["Demand"]["Home/defence/oxide"] == {"years": {2026: 100, 2027: 120}, "2027-04": 7}
    assert snapshot["Lanes"]["China/Home/oxide"]["2027-10"] == 0
    assert snapshot["Contracts"]["offtake"]["honoured 2027-10"] is False
    assert snapshot["Periods"] == {"2027": {"months": "3"}}
    assert "2027-04" not in input_snapshot(inputs.tables())["Demand"]["Home/defence/oxide"]


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["2027-10", "2027/10", "Oct 2027", "October 2027", date(2027, 10, 1)])
def test_a_month_typed_into_a_year_says_which_two_cells_to_fill(tmp_path: Path, typed: Any) -> None:
    book = quarterly()
    book["Scenarios"][1][2] = typed
    problem = next(p for p in load_book(tmp_path, book).problems if p.cell == "Scenarios!C2")
    assert problem.wrong == "a year and a month stand in one cell"
    assert problem.mend == "enter 2027 here, and 10 in the column from_month"


def test_a_month_typed_where_there_is_none(tmp_path: Path) -> None:
    book = with_plants()
    book["Projects"][0].append("earliest_year")
    book["Projects"][1].append("2027-07")
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.mend) == ("Projects!H2", "enter 2027 here; there is no month to it")


@pytest.mark.parametrize(
    ("rows", "cell", "says"),
    [
        ([[2025, 3]], "Periods!A2", "none of the years planned"),
        ([[2027, 5]], "Periods!B2", "does not know this word"),
        ([[2027, None]], "Periods!B2", "months is missing"),
        ([[2027, 3], [2027, 6]], "Periods!A3", "is taken by Periods!A2"),
    ],
)
def test_refused_periods(tmp_path: Path, rows: list[list[Any]], cell: str, says: str) -> None:
    book = with_plants()
    book["Periods"] = [["year", "months"], *rows]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, says in problem.wrong) == (cell, True), problem


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"from_month": 5}, "from_month", "no period begins with month 5"),
        ({"from_month": 13}, "from_month", "must be at most 12"),
        ({"emergency_from": 2027, "emergency_to": 2027, "emergency_from_month": 6}, "emergency_from_month", "begins"),
        ({"emergency_from": 2027, "emergency_to": 2027, "emergency_to_month": 4}, "emergency_to_month", "ends with"),
        ({"emergency_to_month": 6}, "emergency_to_month", "there is no emergency_to"),
        (
            {"emergency_from": 2027, "emergency_from_month": 7, "emergency_to": 2027, "emergency_to_month": 6},
            "emergency_to_month", "ends before it begins (month 7 of 2027)",
        ),
        (
            {"from_month": 7, "emergency_from": 2027, "emergency_from_month": 4, "emergency_to": 2027},
            "emergency_from_month", "begins before the scenario shows itself (month 7)",
        ),
    ],
)  # fmt: skip
def test_refused_months_of_a_scenario(tmp_path: Path, cells: dict[str, int], column: str, says: str) -> None:
    book = quarterly()
    book["Scenarios"] = [["scenario", "from_year", *cells], ["embargo", 2027, *cells.values()]]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == f"Scenarios!{chr(ord('C') + list(cells).index(column))}2"
    assert says in problem.wrong


def test_cover_is_suspended_by_months(tmp_path: Path) -> None:
    """From April to September, and a year of refilling: periods that begin until September 2028."""
    book = quarterly()
    book["Settings"]["last_year"] = 2028
    book["Periods"].append([2028, 3])
    columns = ["emergency_from", "emergency_from_month", "emergency_to", "emergency_to_month", "refill_years"]
    book["Scenarios"] = [["scenario", "from_year", *columns], ["embargo", 2027, 2027, 4, 2027, 9, 1]]
    data = data_of(load_book(tmp_path, book))
    off = [time for time in data.times if data.scenario.cover_suspended(time)]
    assert off == [202704, 202707, 202710, 202801, 202804, 202807]


def test_an_emergency_frees_the_stockpiles_it_names(tmp_path: Path) -> None:
    book = quarterly()
    book["Stockpiles"].append(["other", "Home", "oxide", 0, 50, None, None])
    columns = ["emergency_from", "emergency_to", "emergency_stockpiles"]
    book["Scenarios"] = [["scenario", "from_year", *columns], ["embargo", 2027, 2027, 2027, "res*, x?"]]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Scenarios!E2", "no stockpile matches x?")
    book["Scenarios"][1][-1] = "res*"
    scenario = data_of(load_book(tmp_path, book)).scenario
    assert [scenario.cover_suspended(202704, pile) for pile in ("reserve", "other")] == [True, False]
    assert scenario.cover_suspended(202704)


def test_a_workbook_of_version_1_says_what_it_always_said(tmp_path: Path) -> None:
    """Nothing of what version 2 brought stands in its snapshot, its settings or the cells on which its plan rests."""
    inputs = load_book(tmp_path, with_plants())
    new = {(sheet.name, column.name) for sheet, column in each_column() if column.since > 1}
    snapshot = input_snapshot(inputs.tables("embargo"))
    told = {(sheet, name) for sheet, rows in snapshot.items() for cells in rows.values() for name in cells}
    assert not told & new
    assert set(snapshot["Prices"]) == {"oxide", "ore", "scrap"}
    assert "secure_against" not in inputs.tables().told_settings
    decided = {table: [] for table, _ in KINDS.values()} | {"investments": [{"project": "home_refinery"}]}
    lines = origins(inputs.tables(), inputs.changes(), decided)
    assert lines
    assert not {(line["sheet"], line["column"]) for line in lines} & new
    assert {line["row"] for line in lines if line["sheet"] == "Prices"} == {"oxide", "ore"}


def test_what_is_set_of_version_2_is_told(tmp_path: Path) -> None:
    book = with_plants()
    book["Settings"] |= {"secure_against": 0}
    book["Projects"][0].append("payer")
    book["Projects"][1].append("EU")
    inputs = load_book(tmp_path, book, ["Settings/secure_against=1"])
    assert inputs.tables().told_settings["secure_against"] == 1
    assert input_snapshot(inputs.tables())["Projects"]["home_refinery"]["payer"] == "EU"


def test_runs_that_differ_in_a_month(tmp_path: Path) -> None:
    """In the base the second quarter has what its year has, and the contract is honoured."""
    broken = ["embargo", "Contracts", "offtake", "honoured", 2027, 10, None, None, "set", "no"]
    inputs = load_book(tmp_path, quarterly(demand(2027, 4, 2027, 6, "set", 7), broken))
    plans = [
        small_plan(inputs=json.loads(json.dumps(input_snapshot(inputs.tables(name)))), horizon=[2026, 2027])
        for name in ("base", "embargo")
    ]
    found, complete = input_differences(plans)
    assert complete
    assert {d.cell: d.values for d in found} == {
        "Demand/Home/defence/oxide/2027-04": (120, 7),
        "Contracts/offtake/honoured 2027-10": (True, False),
    }


def test_set_reaches_periods_months_and_prices_of_a_region(tmp_path: Path) -> None:
    book = quarterly()
    book["Prices"][0].insert(1, "region")
    for row, region in zip(book["Prices"][1:], ("Home", None, None), strict=True):
        row.insert(1, region)
    book["Prices"].append(["oxide", None, 50, 50])
    sets = [
        "Periods/2027/months=6",
        "Scenarios/embargo/from_month=7",
        "Prices/oxide/Home/2027=70",
        "Prices/ore/years=6",
    ]
    inputs = load_book(tmp_path, book, sets)
    data = data_of(inputs)
    assert data.times == (202601, 202701, 202707)
    assert data.scenario.shows == 202707
    assert [data.price_of("oxide", region, 202707) for region in ("Home", "China")] == pytest.approx([0.07, 0.05])
    assert data.price_of("ore", "Home", 202601) == pytest.approx(0.006)
    assert [change.row for change in inputs.changes()][-3:] == ["oxide/Home", "ore", "ore"]
