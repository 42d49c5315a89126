"""What was surely not meant, seen in the cells alone: each is told by its cell, and what is meant stays silent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from tests.make import Book, load_book, only_problem, tiny, with_plants, write_book

from lodestone.errors import MOST_OF_A_KIND, Problem
from lodestone.names import alike, nearest
from lodestone.workbook.inputs import Inputs, load


@pytest.fixture(autouse=True)
def _reading_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checks across rows say of these small workbooks has tests of its own."""
    monkeypatch.setattr("lodestone.workbook.inputs.find_warnings", lambda tables: [])


def only_warning(inputs: Inputs) -> Problem:
    assert inputs.problems == ()
    assert len(inputs.warnings) == 1, "\n".join(map(str, inputs.warnings)) or "no warnings"
    return inputs.warnings[0]


def changed(folder: Path, change: Callable[[Workbook], Any], book: Book | None = None) -> Inputs:
    """tiny() or another workbook with something done to it in a spreadsheet."""
    path = write_book(folder / "book.xlsx", book or tiny())
    workbook = load_workbook(path)
    change(workbook)
    workbook.save(path)
    return load(path)


# --- merged cells -----------------------------------------------------------------------------------------------------


def two_lanes() -> Book:
    """Both of 3 USD/kg; freight_usd_per_kg has a default, so that a blank would pass."""
    book = tiny()
    book["Lanes"] = [
        ["from_region", "to_region", "material", "freight_usd_per_kg", "note"],
        ["China", "Home", "oxide", 3, None],
        ["Home", "China", "oxide", 3, None],
    ]
    return book


@pytest.mark.parametrize(
    ("sheet", "area", "cell", "found"),
    [
        ("Lanes", "D2:D3", "Lanes!D2", "3"),  # a defaulted column
        ("Demand", "D2:E2", "Demand!D2", "100"),  # years: 2027 would be held at 100
        ("Lanes", "A2:B2", "Lanes!A2", "China"),  # a required column: told once
        ("Settings", "B2:B3", "Settings!B2", "2026"),
        ("Regions", "C1:C2", "Regions!C1", "group"),  # a heading over its first row
    ],
)
def test_merged_cells_that_count_are_a_problem(tmp_path, sheet, area, cell, found):
    inputs = changed(tmp_path, lambda book: book[sheet].merge_cells(area), two_lanes())
    problems = [problem for problem in inputs.problems if "merged" in problem.wrong]
    assert [(problem.cell, problem.found) for problem in problems] == [(cell, found)]
    assert area in problems[0].wrong
    assert "unmerge" in problems[0].mend
    assert sheet == "Settings" or inputs.problems == tuple(problems)


@pytest.mark.parametrize(
    ("sheet", "area"),
    [
        ("Lanes", "E2:E3"),  # a note over two rows
        ("Lanes", "E2:G2"),  # and over columns without a heading
        ("Lanes", "A5:E5"),  # below the table, blank
        ("Lanes", "E1:G1"),  # the heading of a note
        ("Lanes", "A2:A2"),
    ],
)
def test_merged_cells_that_do_not_count_are_no_matter(tmp_path, sheet, area):
    inputs = changed(tmp_path, lambda book: book[sheet].merge_cells(area), two_lanes())
    assert (inputs.problems, inputs.warnings) == ((), ())


def test_a_merged_heading_is_named_where_values_stand_below_it(tmp_path):
    book = tiny()
    book["Demand"][0][4] = None
    problem = only_problem(changed(tmp_path, lambda made: made["Demand"].merge_cells("D1:E1"), book))
    assert problem.cell == "Demand!E2"
    assert "D1:E1" in problem.wrong


# --- hidden and struck through ----------------------------------------------------------------------------------------


def hide_row(book: Workbook) -> None:
    book["Lanes"].row_dimensions[3].hidden = True


def hide_column(book: Workbook) -> None:
    book["Lanes"].column_dimensions["D"].hidden = True


def no_height(book: Workbook) -> None:
    book["Lanes"].row_dimensions[2].height = 0.2


def hide_sheet(book: Workbook) -> None:
    book["Lanes"].sheet_state = "veryHidden"


def strike(book: Workbook) -> None:
    book["Lanes"]["A3"].font = Font(strike=True)


@pytest.mark.parametrize(
    ("change", "cell", "says"),
    [
        (hide_row, "Lanes!A3", "row 3 is hidden"),
        (no_height, "Lanes!A2", "row 2 is hidden"),
        (hide_column, "Lanes!D1", "column D is hidden"),
        (hide_sheet, "Lanes", "the sheet Lanes is hidden"),
        (strike, "Lanes!A3", "struck through"),
    ],
)
def test_what_cannot_be_seen_counts_and_is_a_warning(tmp_path, change, cell, says):
    warning = only_warning(changed(tmp_path, change, two_lanes()))
    assert warning.cell == cell
    assert says in warning.wrong


def hide_what_does_not_count(book: Workbook) -> None:
    book["Lanes"].row_dimensions[9].hidden = True
    book["Lanes"].column_dimensions["E"].hidden = True  # note
    book["Lanes"].column_dimensions["H"].hidden = True
    book["Lanes"]["E2"].font = Font(strike=True)
    book.create_sheet("#Lists").sheet_state = "hidden"


def test_what_does_not_count_may_be_hidden(tmp_path):
    book = two_lanes()
    book["Lanes"][1][4] = "old"
    assert changed(tmp_path, hide_what_does_not_count, book).warnings == ()


def test_hidden_rows_are_named_in_one_line(tmp_path):
    book = tiny()
    book["Sectors"] += [[f"sector_{i}", 1000] for i in range(8)]

    def hide(made: Workbook) -> None:
        for number in (3, 5, 6, 7):
            made["Sectors"].row_dimensions[number].hidden = True

    assert "rows 3, 5 to 7 are hidden" in only_warning(changed(tmp_path, hide, book)).wrong


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    ["Rare Earth", "rare\N{NO-BREAK SPACE}earth", "rare  earth", "rare-earth", "rare\N{NON-BREAKING HYPHEN}earth",
     "rare\N{ZERO WIDTH SPACE} earth", "r\N{CYRILLIC SMALL LETTER A}re earth", "r.are earth"],
)  # fmt: skip
def test_names_that_look_alike(tmp_path, other):
    book = tiny()
    book["Materials"] = [["material", "mineral"], ["oxide", "rare earth"], ["metal", other]]
    warning = only_warning(load_book(tmp_path, book))
    assert (warning.cell, warning.found) == ("Materials!B3", other)
    assert "rare earth in Materials!B2" in warning.wrong


def test_accents_in_one_sign_or_two(tmp_path):
    book = tiny()
    book["Regions"] += [
        ["C\N{LATIN SMALL LETTER O WITH CIRCUMFLEX}te", "no", None],
        ["Co\N{COMBINING CIRCUMFLEX ACCENT}te", "no", None],
    ]
    assert only_warning(load_book(tmp_path, book)).cell == "Regions!A5"


def test_a_group_that_looks_like_another_or_like_a_region(tmp_path):
    book = tiny()
    book["Regions"] += [["Chile", "no", "Domestic"], ["Peru", "no", "home"]]
    warnings = load_book(tmp_path, book).warnings
    assert [warning.cell for warning in warnings] == ["Regions!C4", "Regions!C5"]


def test_plants_projects_and_markets_are_told_apart_together(tmp_path):
    book = with_plants()
    book["Markets"][1][0] = "Home Mine"
    assert "Markets!A2" in {warning.cell for warning in load_book(tmp_path, book).warnings}


@pytest.mark.parametrize(
    ("one", "two"), [("plant 1.5", "plant 15"), ("unit 1", "unit 11"), ("a b", "ab"), ("NdPr", "Nd")]
)
def test_names_that_do_not_look_alike(one, two):
    assert alike(one) != alike(two)


def test_the_name_that_looks_the_same_is_the_nearest():
    assert nearest("C\N{CYRILLIC SMALL LETTER U}B", ["CYA", "cyb"]) == "cyb"
    assert nearest("\N{CYRILLIC CAPITAL LETTER A}1", ["B1", "A1"]) == "A1"


# --- totals and notes -------------------------------------------------------------------------------------------------


def two_plants(*rows: list[Any]) -> Book:
    book = with_plants()
    book["Plants"] += [list(row) for row in rows]
    return book


def test_the_total_of_a_column_is_a_problem(tmp_path):
    """500 + 3000 in both years."""
    total = ["Total", "Home", "refine", 0, 3500, 3500]
    problem = only_problem(load_book(tmp_path, two_plants(total)))
    assert (problem.cell, problem.found) == ("Plants!A4", "Total")


def test_a_plant_of_that_name_with_other_figures_is_a_warning(tmp_path):
    inputs = load_book(tmp_path, two_plants(["Total", "Home", "refine", 0, 200, 3500]))
    assert inputs.problems == ()
    assert "reads like a total" in {w.cell: w.wrong for w in inputs.warnings}["Plants!A4"]


@pytest.mark.parametrize(
    "name", ["Total", "Sum:", "Grand total", "Sub-total", "Source: USGS 2026", "Note: in t per year"]
)
def test_a_row_that_lacks_what_it_must_have_is_one_problem(tmp_path, name):
    problem = only_problem(load_book(tmp_path, two_plants([name, None, None, None, 3500, None])))
    assert (problem.cell, problem.found) == ("Plants!A4", name)
    assert "delete the row" in problem.mend


@pytest.mark.parametrize("name", ["Source: USGS 2026", "All of these are figures of the year 2026"])
def test_a_note_that_would_be_a_region_is_a_warning(tmp_path, name):
    book = tiny()
    book["Regions"].append([name, None, None])
    assert "reads like a note" in only_warning(load_book(tmp_path, book)).wrong


@pytest.mark.parametrize("name", ["TotalEnergies", "Summit mine", "Resume", "United States of America", "Notes"])
def test_names_that_are_names(tmp_path, name):
    book = tiny()
    book["Regions"].append([name, None, None])
    assert load_book(tmp_path, book).warnings == ()


@pytest.mark.parametrize("found", ["#N/A", "#REF!", "=1+1"])
def test_an_error_is_no_name_of_a_setting(tmp_path, found):
    book = tiny()
    book["Settings"] |= {found: 0.2}
    assert only_problem(load_book(tmp_path, book)).cell == "Settings!A4"


# --- figures and years ------------------------------------------------------------------------------------------------


def tariff(value: float) -> Book:
    return {**tiny(), "Tariffs": [["from_region", "to_region", "material", 2026], ["China", "Home", "oxide", value]]}


def premium(value: float) -> Book:
    book = tiny()
    book["Markets"][0].append("premium_share")
    book["Markets"][1].append(value)
    return book


def setting(value: float) -> Book:
    book = tiny()
    book["Settings"] |= {"discount_rate": value}
    return book


def change(operation: str, value: float, sheet: str = "Demand") -> Book:
    book = tariff(0.05)
    book["Scenarios"] = [["scenario", "from_year"], ["boom", 2027]]
    book["Changes"] = [["scenario", "sheet", "row", "column", "operation", "value"],
                       ["boom", sheet, "*/*/oxide", "years", operation, value]]  # fmt: skip
    return book


@pytest.mark.parametrize(
    ("book", "cell", "percent"),
    [
        (tariff(25), "Tariffs!D2", "2,500 %"),
        (tariff(2), "Tariffs!D2", "200 %"),
        (premium(30), "Markets!E2", "3,000 %"),
        (setting(1), "Settings!B4", "100 %"),
        (change("set", 25, "Tariffs"), "Changes!F2", "2,500 %"),
        (change("add", 10, "Tariffs"), "Changes!F2", "1,000 %"),
        (change("multiply", 50), "Changes!F2", "50 %"),
    ],
)
def test_a_percentage_where_a_share_is_asked_for(tmp_path, book, cell, percent):
    warning = only_warning(load_book(tmp_path, book))
    assert warning.cell == cell
    assert percent in warning.wrong + warning.mend


@pytest.mark.parametrize("book", [tariff(1.45), premium(1), premium(-0.5), setting(0.12), change("multiply", 5)])
def test_shares_that_occur(tmp_path, book):
    assert load_book(tmp_path, book).warnings == ()


def years(*headings: int) -> Book:
    book = tiny()
    book["Demand"] = [["region", "sector", "material", *headings], ["Home", "defence", "oxide", *[100] * len(headings)]]
    return book


@pytest.mark.parametrize(
    ("headings", "cell"),
    [((2026, 2062), "Demand!E1"), ((1926, 2026), "Demand!D1"), ((2026, 2028, 2027), "Demand!F1")],
)
def test_a_year_that_is_hardly_meant(tmp_path, headings, cell):
    assert only_warning(load_book(tmp_path, years(*headings))).cell == cell


@pytest.mark.parametrize("headings", [(2026, 2027), (2027, 2026), (2026, 2030, 2040, 2050), (2020, 2026), (2026,)])
def test_years_that_are_meant(tmp_path, headings):
    assert load_book(tmp_path, years(*headings)).warnings == ()


# --- very many --------------------------------------------------------------------------------------------------------


def test_problems_of_one_kind_are_counted_after_the_first(tmp_path):
    book = tiny()
    rows = MOST_OF_A_KIND + 1234
    book["Lanes"] = [book["Lanes"][0], *(["China", "Home", f"unknown {i}", 1] for i in range(rows))]
    book["Demand"][1][3] = -5
    problems = load_book(tmp_path, book).problems
    assert len(problems) == MOST_OF_A_KIND + 2
    assert "Demand!D2" in {problem.cell for problem in problems}
    (more,) = [problem for problem in problems if problem.wrong == "and 1,234 more of this kind"]
    assert more.cell == f"Lanes!C{MOST_OF_A_KIND + 2}"
