"""Changes of scenarios and --set: what they do, what they may not do, and at which cell that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.make import Book, load_book, only_problem, with_plants

from lodestone.errors import UsageError
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.tables import CellChange

HEADINGS = ["scenario", "sheet", "row", "column", "from_year", "to_year", "operation", "value"]


def book_with(
    *changes: list[Any], from_year: int | None = 2027, probability: float | None = None, last_year: int = 2029
) -> Book:
    """A workbook until `last_year` with one scenario `s`; each change is [sheet, row, column, from, to, op, value]."""
    book = with_plants()
    book["Settings"]["last_year"] = last_year
    book["Scenarios"] = [["scenario", "probability", "from_year"], ["s", probability, from_year]]
    book["Changes"] = [HEADINGS, *(["s", *change] for change in changes)]
    return book


def loaded(folder: Path, *changes: list[Any], **options: Any) -> Inputs:
    inputs = load_book(folder, book_with(*changes, **options))
    assert inputs.problems == ()
    return inputs


# --- years ----------------------------------------------------------------------------------------------------------


def test_years_from_the_scenario_to_the_end(tmp_path: Path) -> None:
    inputs = loaded(tmp_path, ["Demand", "Home/defence/oxide", "years", None, None, "multiply", 2])
    key = ("Home", "defence", "oxide")
    assert inputs.tables().records["Demand"][key].years == {2026: 100, 2027: 120, 2028: 120, 2029: 120}
    assert inputs.tables("s").records["Demand"][key].years == {2026: 100, 2027: 240, 2028: 240, 2029: 240}


def test_a_window_of_years(tmp_path: Path) -> None:
    inputs = loaded(tmp_path, ["Prices", "oxide", "years", 2028, 2028, "add", -6])
    assert inputs.tables("s").records["Prices"]["oxide", "*"].years == {2026: 60, 2027: 66, 2028: 60, 2029: 66}
    assert inputs.changes("s") == (CellChange("Prices", "oxide", "years", 2028, 66, 60, "Changes!A2"),)
    assert inputs.changes() == ()


def test_years_beyond_the_horizon_are_never_touched(tmp_path: Path) -> None:
    book = book_with(["Prices", "*", "years", 2027, 2035, "set", 1])
    book["Prices"][0].append(2031)
    for row in book["Prices"][1:]:
        row.append(row[1])
    prices = load_book(tmp_path, book).tables("s").records["Prices"]["ore", "*"].years
    assert prices == {2026: 5, 2027: 1, 2028: 1, 2029: 1, 2030: 5, 2031: 5}


def test_later_rows_act_on_what_earlier_ones_left(tmp_path: Path) -> None:
    inputs = loaded(
        tmp_path,
        ["Prices", "oxide", "years", None, None, "set", 10],
        ["Prices", "ox*", "years", None, None, "multiply", 3],
        ["Prices", "o?ide", "years", None, None, "add", 1],
    )
    assert inputs.tables("s").records["Prices"]["oxide", "*"].years == {2026: 60, 2027: 31, 2028: 31, 2029: 31}


def test_not_in_force_survives_multiply_and_add_and_set_ends_it(tmp_path: Path) -> None:
    inputs = loaded(tmp_path, ["ChinaShare", "oxide_cap", "years", None, None, "multiply", 0.5], from_year=2026)
    assert inputs.tables("s").records["ChinaShare"]["oxide_cap",].years == {
        2026: None,
        2027: 0.45,
        2028: 0.45,
        2029: 0.45,
    }
    inputs = loaded(tmp_path, ["Stockpiles", "reserve", "years", None, 2026, "set", 7], from_year=2026)
    assert inputs.tables("s").records["Stockpiles"]["reserve",].years == {2026: 7, 2027: 30, 2028: 30, 2029: 30}


@pytest.mark.parametrize(
    ("operation", "value", "years"),
    [
        ("multiply", 0.5, None),
        ("add", 5, None),
        ("multiply", 0, {2026: None, 2027: 0, 2028: 0, 2029: 0}),
        ("set", 8, {2026: None, 2027: 8, 2028: 8, 2029: 8}),
    ],
)
def test_unlimited_volume(tmp_path: Path, operation: str, value: float, years: Any) -> None:
    inputs = loaded(tmp_path, ["Markets", "china_oxide", "years", None, None, operation, value])
    assert inputs.tables("s").records["Markets"]["china_oxide",].years == years


def test_unlimited_fill_times_zero_is_zero(tmp_path: Path) -> None:
    inputs = loaded(tmp_path, ["Stockpiles", "reserve", "max_fill_t_per_yr", None, None, "multiply", 0], from_year=2026)
    assert inputs.tables("s").records["Stockpiles"]["reserve",]["max_fill_t_per_yr"] == 0


# --- other columns, settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "row", "column", "operation", "value", "new"),
    [
        ("Projects", "home_refinery", "capex_musd", "multiply", 1.5, 30),
        ("Projects", "home_*", "Lead-Years", "add", 2, 3),
        ("Plants", "home_mine", "pricing", "set", "cost", "cost"),
        ("Regions", "China", "of_concern", "set", "no", False),
        ("Regions", "China", "of_concern", "set", False, False),
        ("Processes", "refine/ore", "t_per_t", "set", -12, -12),
        ("Projects", "home_refinery", "requires", "set", "home_recycling", "home_recycling"),
        ("Processes", "refine/ore", "t_per_t", "multiply", 1.125, -11.25),
    ],
)
def test_column_from_the_start(
    tmp_path: Path, sheet: str, row: str, column: str, operation: str, value: Any, new: Any
) -> None:
    inputs = loaded(tmp_path, [sheet, row, column, None, None, operation, value], from_year=None)
    change = inputs.changes("s")[0]
    assert change.new == new
    assert inputs.tables("s").records[sheet][tuple(change.row.split("/"))][change.column] == new


def test_settings_are_changed_first_and_open_lanes(tmp_path: Path) -> None:
    book = book_with(
        ["Lanes", "Home/China/ore", "freight_usd_per_kg", None, None, "set", 9],
        ["Settings", "default_freight_usd_per_kg", "value", None, None, "set", 4],
        from_year=2026,
    )
    del book["Settings"]["default_freight_usd_per_kg"]
    inputs = load_book(tmp_path, book, ["Lanes/China/*/*/open=no"])
    assert inputs.problems == ()
    assert ("Home", "China", "ore") not in inputs.tables().lanes
    lanes = inputs.tables("s").lanes
    assert lanes["Home", "China", "ore"].freight_usd_per_kg == 9
    assert lanes["Home", "China", "oxide"].freight_usd_per_kg == 4
    assert not lanes["China", "Home", "ore"].open


# --- lanes ----------------------------------------------------------------------------------------------------------


def test_lane_changes_reach_lanes_of_the_default_freight(tmp_path: Path) -> None:
    """[cheat] An embargo holds on lanes that no row names."""
    inputs = loaded(
        tmp_path,
        ["Lanes", "China/*/*", "years", None, None, "set", 0],
        ["Tariffs", "China/Home/ore", "years", 2028, None, "add", 0.25],
    )
    lanes = inputs.tables("s").lanes
    assert lanes["China", "Home", "scrap"].capacity == {2026: None, 2027: 0, 2028: 0, 2029: 0}
    assert lanes["China", "Home", "ore"].tariff == {2026: 0, 2027: 0, 2028: 0.25, 2029: 0.25}
    assert lanes["Home", "China", "ore"].capacity is None
    assert inputs.tables().lanes["China", "Home", "scrap"].capacity is None


def test_wildcards_never_name_movement_within_one_region(tmp_path: Path) -> None:
    """[cheat] An embargo does not stop a region from using its own material, unless it is named twice."""
    lanes = loaded(tmp_path, ["Lanes", "*", "years", None, None, "set", 0]).tables("s").lanes
    assert {key for key, lane in lanes.items() if lane.capacity is None} == {
        (region, region, material) for region in ("China", "Home") for material in ("oxide", "ore", "scrap")
    }
    lanes = loaded(tmp_path, ["Lanes", "Home/Home/*", "years", None, None, "set", 0]).tables("s").lanes
    assert lanes["Home", "Home", "ore"].capacity is not None


def test_pair_that_nothing_gives_is_no_lane(tmp_path: Path) -> None:
    book = book_with(["Lanes", "Home/China/oxide", "years", None, None, "set", 5])
    del book["Settings"]["default_freight_usd_per_kg"]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Changes!C2"
    assert "no lane" in problem.wrong


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "cell", "says"),
    [
        (["Demnd", "*", "years", None, None, "set", 1], "B2", "no sheet"),
        (["Scenarios", "s", "probability", None, None, "set", 1], "B2", "cannot change"),
        (
            ["Demand", "Home/defense/oxide", "years", None, None, "set", 1],
            "C2",
            "no row of Demand has the name defense",
        ),
        (["Demand", "*/x*/oxide", "years", None, None, "set", 1], "C2", "no row of Demand matches"),
        (["Demand", "Home/a/b/c", "years", None, None, "set", 1], "C2", "is named by region/sector/material"),
        (["Lanes", "Chna/*/*", "years", None, None, "set", 1], "C2", "no lane has the name Chna"),
        (["Lanes", "Hom?/Home/*", "years", None, None, "set", 1], "C2", "no lane matches"),
        (["Settings", "mip_gap", "value", None, None, "set", 0], "C2", "cannot change mip_gap"),
        (["Settings", "default_freight", "value", None, None, "set", 0], "C2", "no setting"),
        (["Settings", "tariffs_counted", "years", None, None, "set", "no"], "D2", "no column"),
        (["Demand", "*", "yeers", None, None, "set", 1], "D2", "no column"),
        (["Demand", "*", 2027, None, None, "set", 1], "D2", "not a column that can be changed"),
        (["Projects", "*", "years", None, None, "set", 1], "D2", "not a column that can be changed"),
        (["Demand", "*", "sector", None, None, "set", "civil"], "D2", "names the row"),
        (["Projects", "*", "capex_musd", None, None, "set", 1], "D2", "only years can change"),
        (["Demand", "*", "years", 2026, None, "set", 1], "E2", "earlier than 2027"),
        (["Demand", "*", "years", 2031, None, "set", 1], "E2", "planning ends in 2029"),
        (["Demand", "*", "years", 2029, 2028, "set", 1], "F2", "to_year is before 2029"),
        (["Demand", "*", "years", None, None, "set", -1], "H2", "at least 0"),
        (["Demand", "*", "years", None, None, "add", -110], "H2", "at least 0, but would become -"),
        (["Demand", "*", "years", None, None, "multiply", "1,5"], "H2", "more than one way"),
        (["Demand", "*", "years", None, None, "double", 2], "G2", "does not know"),
        (["ChinaShare", "*", "years", None, None, "multiply", 2], "H2", "at most 1"),
        (["Demand", "*", "years", None, None, "set", None], "H2", "is missing"),
    ],
)
def test_refused_change(tmp_path: Path, change: list[Any], cell: str, says: str) -> None:
    book = book_with(change)
    book["Demand"].append(["Home", "defence", "ore", 100, 100])
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == f"Changes!{cell}"
    assert says in problem.wrong
    assert problem.mend


@pytest.mark.parametrize(
    ("change", "cell", "says"),
    [
        (["Projects", "*", "capex_musd", 2026, None, "set", 1], "E2", 'goes with "years" only'),
        (["Plants", "*", "pricing", None, None, "multiply", 2], "G2", "not a number"),
        (["Plants", "*", "region", None, None, "set", "Hoem"], "H2", "not on the sheet Regions"),
        (["Projects", "*", "lead_years", None, None, "multiply", 0.3], "H2", "not a whole number"),
    ],
)
def test_refused_change_of_a_plain_column(tmp_path: Path, change: list[Any], cell: str, says: str) -> None:
    problem = only_problem(load_book(tmp_path, book_with(change, from_year=2026)))
    assert problem.cell == f"Changes!{cell}"
    assert says in problem.wrong


def test_unknown_scenario_of_a_change(tmp_path: Path) -> None:
    book = book_with(["Demand", "*", "years", None, None, "set", 1])
    book["Changes"][1][0] = "embrgo"
    assert only_problem(load_book(tmp_path, book)).cell == "Changes!A2"


def test_problem_of_a_scenario_alone_names_it(tmp_path: Path) -> None:
    book = book_with(["Stockpiles", "reserve", "opening_t", None, None, "set", 900], from_year=2026)
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Stockpiles!D2", "900")
    assert problem.wrong.startswith("in scenario s: ")


def test_unknown_scenario_names_the_nearest(tmp_path: Path) -> None:
    inputs = load_book(tmp_path, with_plants())
    assert inputs.scenario_names == ("base", "embargo")
    with pytest.raises(UsageError, match="did you mean embargo"):
        inputs.tables("embrago")
    with pytest.raises(UsageError, match="there are: base, embargo"):
        inputs.changes("xyz")


# --- --set ----------------------------------------------------------------------------------------------------------


def set_in(folder: Path, *sets: str) -> Inputs:
    inputs = load_book(folder, with_plants(), sets)
    assert inputs.problems == ()
    return inputs


def test_set_changes_settings_before_everything(tmp_path: Path) -> None:
    inputs = set_in(tmp_path, "Settings/last_year=2030", "Settings/discount_rate=0.03")
    tables = inputs.tables()
    assert tables.settings["discount_rate"] == pytest.approx(0.03)
    assert list(tables.rows("Demand")[0].years or ()) == [2026, 2027, 2028, 2029, 2030]
    assert tables.rows("Projects")[0]["latest_year"] == 2030
    assert inputs.changes()[0] == CellChange(
        "Settings", "last_year", "value", None, 2027, 2030, "--set Settings/last_year=2030"
    )


def test_set_reaches_all_years_and_comes_before_scenarios(tmp_path: Path) -> None:
    inputs = set_in(tmp_path, "Lanes/China/Home/oxide/years=70", "Prices/oxide/years=50")
    assert inputs.tables().lanes["China", "Home", "oxide"].capacity == {2026: 70, 2027: 70}
    assert inputs.tables("embargo").lanes["China", "Home", "oxide"].capacity == {2026: 70, 2027: 0}
    assert inputs.tables("embargo").records["Prices"]["oxide", "*"].years == {2026: 50, 2027: 50}
    assert [change.by for change in inputs.changes("embargo")][-1] == "Changes!A2"
    assert inputs.changes("embargo")[: len(inputs.changes())] == inputs.changes()


def test_set_of_one_year_a_plain_column_and_a_blank(tmp_path: Path) -> None:
    inputs = set_in(
        tmp_path,
        "Prices/oxide/2027=50",
        "Contracts/offtake/price_rule=index",
        "Contracts/offtake/fixed_price_usd_per_kg=",
        "Plants/*/operating_cost_usd_per_kg=1.250",
    )
    records = inputs.tables().records
    assert records["Prices"]["oxide", "*"].years == {2026: 60, 2027: 50}
    assert records["Contracts"]["offtake",]["fixed_price_usd_per_kg"] is None
    assert {plant["operating_cost_usd_per_kg"] for plant in records["Plants"].values()} == {1.25}


def test_set_may_change_scenarios_and_changes(tmp_path: Path) -> None:
    inputs = set_in(tmp_path, "Scenarios/embargo/from_year=2026", "Changes/2/value=5")
    assert inputs.tables("embargo").lanes["China", "Home", "ore"].capacity == {2026: 5, 2027: 5}


def test_set_may_mend_a_missing_setting(tmp_path: Path) -> None:
    book = with_plants()
    del book["Settings"]["last_year"]
    assert load_book(tmp_path, book, ["Settings/last_year=2027"]).problems == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "does not name a cell"),
        ("Settings=1", "does not name a cell"),
        ("Demand/x", "does not name a cell"),
        ("Settings/discont_rate=1", "no setting"),
        ("Settings/discount_rate=2", "at most 1"),
        ("Settings/first_year=", "cannot be blank"),
        ("Settings/discount_rate=1,5", "more than one way"),
        ("Prices/oxid/years=1", "no row of Prices has the name oxid"),
        ("Prices/oxide/2050=1", "no value for 2050"),
        ("Prices/oxide/years=", "cannot be blank"),
        ("Prices/oxide/material=ore", "names the row"),
        ("Contracts/offtake/supplier=nobody", "is not on the sheet"),
        ("Pries/oxide/years=1", "no sheet"),
    ],
)
def test_refused_set(tmp_path: Path, text: str, says: str) -> None:
    problem = only_problem(load_book(tmp_path, with_plants(), [text]))
    assert problem.cell == f"--set {text}"
    assert says in problem.wrong
    assert problem.mend
