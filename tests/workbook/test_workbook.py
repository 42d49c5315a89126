"""Reading: sheets, headings, cells, years and references, each problem at its cell."""

from __future__ import annotations

import datetime
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from tests.make import Book, load_book, only_problem, tiny, with_plants, write_book

from lodestone.data.plan_data import SMALLEST
from lodestone.workbook.file.xlsx import ErrorValue, NoValue, column_letters
from lodestone.workbook.inputs import load
from lodestone.workbook.reading.cells import LARGEST, UnusableCell, convert
from lodestone.workbook.reading.records import interpolate
from lodestone.workbook.schema.columns import Column
from lodestone.workbook.schema.sheets import SHEETS

NUMBER = Column("amount", "number")
ROOT = Path(__file__).resolve().parents[2]


def with_cell(sheet: str, row: int, column: int, value: Any, book: Book | None = None) -> Book:
    """A valid workbook with one cell replaced; row and column as in the list."""
    book = book or with_plants()
    book[sheet][row][column] = value
    return book


# --- a valid workbook -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("book", [tiny(), with_plants()])
def test_valid_workbooks_have_no_problems(tmp_path: Path, book: Book) -> None:
    inputs = load_book(tmp_path, book)
    assert inputs.problems == ()
    inputs.require_valid()


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    tables = load_book(tmp_path, with_plants()).tables()
    project = tables.records["Projects"]["home_refinery",]
    assert project["earliest_year"] == 2026
    assert project["latest_year"] == 2027
    assert project["funding"] == "private"
    assert project["hurdle_rate"] == pytest.approx(0.12)
    assert project["requires"] is None
    assert project.blank >= {"earliest_year", "latest_year"}
    assert tables.settings["discount_rate"] == pytest.approx(0.05)
    assert tables.settings["tariffs_counted"] is True


def test_plan_name_defaults_to_the_file_name(tmp_path: Path) -> None:
    assert load_book(tmp_path, tiny()).plan_name == "book"
    book = tiny()
    book["Settings"]["plan_name"] = "Magnets"
    assert load_book(tmp_path, book).plan_name == "Magnets"


def test_cells_name_where_values_stand(tmp_path: Path) -> None:
    tables = load_book(tmp_path, tiny()).tables()
    demand = tables.records["Demand"]["Home", "defence", "oxide"]
    assert demand.cells["material"] == "Demand!C2"
    assert demand.cells[2027] == "Demand!E2"
    assert tables.setting_cells == {"first_year": "Settings!B2", "last_year": "Settings!B3"}


def test_changes_are_keyed_by_their_row_number(tmp_path: Path) -> None:
    assert list(load_book(tmp_path, with_plants()).tables().records["Changes"]) == [("2",)]


# --- sheets and headings --------------------------------------------------------------------------------------------


def test_missing_sheet(tmp_path: Path) -> None:
    book = tiny()
    del book["Demand"]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Demand"
    assert "missing" in problem.wrong


def test_required_sheet_without_rows(tmp_path: Path) -> None:
    book = tiny()
    book["Demand"] = book["Demand"][:1]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Demand", "the sheet Demand has no rows")


def test_misspelt_sheet_names_the_nearest(tmp_path: Path) -> None:
    book = tiny()
    book["Demnd"] = book.pop("Demand")
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Demnd"
    assert "did you mean Demand?" in problem.mend


def test_sheet_twice(tmp_path: Path) -> None:
    book = tiny()
    book["Demand "] = book["Demand"]
    assert only_problem(load_book(tmp_path, book)).wrong == "the sheet Demand is there twice"


def test_free_sheets_and_columns_are_accepted(tmp_path: Path) -> None:
    book = tiny()
    book["ReadMe"] = [["anything", 1, "=1+1"]]
    book["#scratch"] = [["#REF!"]]
    book["Regions"] = [
        ["region", "note", "Source", "# mine"],
        ["China", "#REF!", "x", 1],
        ["Home", "=1+1", None, "y"],
        [None, "only a note", None, None],
    ]
    assert load_book(tmp_path, book).problems == ()


def test_names_are_forgiven_case_blanks_and_hyphens(tmp_path: Path) -> None:
    book = tiny()
    book[" sectors"] = [["Sector ", "Shortage cost-USD per KG"], ["defence", 1000]]
    del book["Sectors"]
    book["Settings"] = {"First year": 2026, "LAST-YEAR": 2027}
    assert load_book(tmp_path, book).problems == ()


def test_missing_column(tmp_path: Path) -> None:
    book = tiny()
    book["Sectors"] = [["sector"], ["defence"]]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Sectors"
    assert "shortage_cost_usd_per_kg" in problem.wrong


def test_headings_below_row_1(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"].insert(0, [None])
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Regions!A1"
    assert problem.wrong == "the headings stand in row 2, and have to stand in row 1"
    assert problem.mend == "delete row 1"


def test_missing_year_columns(tmp_path: Path) -> None:
    book = tiny()
    book["Demand"] = [row[:3] for row in book["Demand"]]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Demand", "the sheet Demand lacks the year columns")


def test_missing_key_column_has_no_follow_on_problems(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"] = [["of_concern"], ["yes"], ["no"]]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Regions"


def test_misspelt_column_names_the_nearest(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Projects", 0, 3, "capacity_t_per_year")))
    assert problem.cell == "Projects!D1"
    assert problem.found == "capacity_t_per_year"
    assert "did you mean capacity_t_per_yr?" in problem.mend


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        (2027, "twice"),
        ("2027 ", "twice"),
        (20270, "from 1900 to 2200"),
        ("=1+1", "no stored result"),
        (datetime.date(2027, 1, 1), "2027 has a column already, E"),
        ("FY2027", "2027 has a column already, E"),
        ("2027/28", "names two years"),
        ("#REF!", "holds an error"),
    ],
)
def test_bad_year_heading(tmp_path: Path, heading: Any, says: str) -> None:
    book = tiny()
    book["Demand"][0].append(heading)
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Demand!F1"
    assert says in problem.wrong


def test_years_as_text_or_decimal_are_headings(tmp_path: Path) -> None:
    book = tiny()
    book["Demand"][0][3:] = ["2026", 2027.0]
    assert load_book(tmp_path, book).tables().rows("Demand")[0].years == {2026: 100, 2027: 120}


def test_year_column_on_a_sheet_without_years(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"][0].append(2026)
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Regions!D1", "the sheet Regions has no year columns")


def test_value_below_no_heading(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"][2].append("stray")
    book["Regions"].append(["Ally", None, None, "another"])
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Regions!D3", "stray")


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "cell", "says"),
    [
        ("discont_rate", 0.1, "Settings!A4", "no setting"),
        ("discount_rate", 1.5, "Settings!B4", "at most 1"),
        ("discount_rate", "5 %", "Settings!B4", "percentage"),
        ("time_limit_s", 0, "Settings!B4", "at least 0.001"),
        ("china_share_basis", "provenence", "Settings!B4", "does not know"),
        ("tariffs_counted", "maybe", "Settings!B4", "neither yes nor no"),
        ("First year", 2026, "Settings!A4", "given twice"),
    ],
)
def test_bad_setting(tmp_path: Path, name: str, value: Any, cell: str, says: str) -> None:
    book = tiny()
    book["Settings"][name] = value
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == cell
    assert says in problem.wrong


@pytest.mark.parametrize("name", ["first_year", "last_year"])
def test_missing_year_setting(tmp_path: Path, name: str) -> None:
    book = tiny()
    del book["Settings"][name]
    assert only_problem(load_book(tmp_path, book)).cell == "Settings"
    book["Settings"][name] = None
    assert only_problem(load_book(tmp_path, book)).cell == "Settings!B3"


def test_last_year_before_first_year(tmp_path: Path) -> None:
    book = with_plants()
    book["Settings"]["last_year"] = 2020
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Settings!B3", "2020")
    assert "before first_year (2026)" in problem.wrong


def test_settings_without_headings(tmp_path: Path) -> None:
    book = tiny()
    book["Settings"] = [["first_year", 2026], ["last_year", 2027]]
    assert "needs the headings" in " ".join(problem.wrong for problem in load_book(tmp_path, book).problems)


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (-500, "must be greater than 0"),
        (0, "must be greater than 0"),
        ("lots", "not a number"),
        ("1,250", "more than one way"),
        ("1.250,5", "more than one way"),
        ("1 250", "more than one way"),
        ("1.250", "thousands or decimals"),
        ("12 %", "percentage"),
        (True, "yes/no"),
        (datetime.date(2026, 5, 1), "date"),
        ("=1+1", "no stored result"),
        ("#REF!", "holds an error"),
        ("#DIV/0!", "holds an error"),
        (None, "is missing"),
        ("nan", "not a number"),
        ("1e999", "not finite"),
    ],
)
def test_bad_number(tmp_path: Path, value: Any, says: str) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Projects", 1, 3, value)))
    assert problem.cell == "Projects!D2"
    assert says in problem.wrong
    assert problem.mend


def test_uncalculated_formula_says_open_and_save(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Demand", 1, 3, "=50*2")))
    assert problem.cell == "Demand!D2"
    assert problem.found == "=50*2"
    assert problem.mend == "open and save it in Excel"


def test_share_over_one(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("ChinaShare", 1, 4, 90)))
    assert problem.cell == "ChinaShare!E2"
    assert "at most 1" in problem.wrong
    assert "0.12 means 12 %" in problem.mend


def test_recipe_of_zero(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Processes", 3, 2, 0)))
    assert (problem.cell, problem.wrong) == ("Processes!C4", "t_per_t must not be 0")


def test_part_of_a_year_is_no_whole_number(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Projects", 1, 6, 1.5)))
    assert (problem.cell, problem.wrong) == ("Projects!G2", "this is not a whole number")


def test_name_with_reserved_sign_has_no_follow_on_problems(tmp_path: Path) -> None:
    book = with_cell("Regions", 2, 0, "Home/South", tiny())
    book["Demand"][1][0] = book["Lanes"][1][1] = "Home/South"
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Regions!A3"


def test_name_that_excel_turned_into_a_date(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Budgets", 1, 0, datetime.date(2026, 3, 1))))
    assert (problem.cell, problem.found) == ("Budgets!A2", "2026-03-01")
    assert "date" in problem.wrong


def test_wrong_word_in_a_list(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Budgets", 1, 1, "grants, flors")))
    assert problem.cell == "Budgets!B2"
    assert "did you mean floors?" in problem.mend


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("number", "1250", 1250.0),
        ("number", " 0.3", 0.3),
        ("number", "0.125", 0.125),
        ("number", "-2.5e-3", -0.0025),
        ("integer", 2026.0, 2026),
        ("integer", "2026", 2026),
        ("yesno", "Yes", True),
        ("yesno", "FALSE", False),
        ("yesno", True, True),
        ("yesno", "n", False),
        ("text", 5.0, "5"),
        ("id", 42.0, "42"),
    ],
)
def test_accepted_forms(kind: Any, raw: Any, value: Any) -> None:
    converted = convert(Column("x", kind), raw)
    assert converted == value
    assert type(converted) is type(value)


@given(st.floats(-LARGEST, LARGEST).filter(lambda number: number == 0 or abs(number) > SMALLEST))
def test_a_number_in_a_number_cell_is_never_changed(value: float) -> None:
    assert convert(NUMBER, value) == value


@given(st.floats(min_value=LARGEST, exclude_min=True, allow_nan=False))
def test_a_number_that_no_solver_could_tell_from_unlimited_is_refused(value: float) -> None:
    for number in (value, -value):
        with pytest.raises(UnusableCell):
            convert(NUMBER, number)


@given(st.text(max_size=12))
@example("0\x1f")
def test_text_becomes_a_number_only_without_doubt(text: str) -> None:
    try:
        value = convert(NUMBER, text)
    except UnusableCell:
        return
    assert set(text.strip()) <= set("0123456789+-.eE")
    assert value == pytest.approx(float(text.strip()), rel=1e-15, abs=0)  # float keeps what strip takes off, as 0x1F


@given(
    st.sampled_from([column for sheet in SHEETS.values() for column in sheet.columns]),
    st.one_of(
        st.text(max_size=8),
        st.floats(),
        st.booleans(),
        st.dates(),
        st.just(ErrorValue("#N/A")),
        st.just(NoValue("=A1")),
    ),
)
def test_no_cell_gives_a_traceback(column: Column, raw: Any) -> None:
    try:
        convert(column, raw)
    except UnusableCell as problem:
        assert problem.wrong and problem.mend


def test_formulas_count_with_their_stored_result(tmp_path: Path) -> None:
    """A formula with its stored result, and one whose stored result is an empty text."""
    path = write_book(tmp_path / "book.xlsx", tiny())
    sheet = sheet_part(path, "Demand")
    sheet = sheet.replace('<c r="D2" t="n"><v>100</v></c>', '<c r="D2"><f>50*2</f><v>100</v></c>')
    sheet = sheet.replace("</row></sheetData>", '<c r="F2" t="str"><f>""</f><v></v></c></row></sheetData>')
    assert sheet.count("<f>") == 2
    replace_part(path, "Demand", sheet)
    inputs = load(path)
    assert inputs.problems == ()
    assert inputs.tables().rows("Demand")[0].years == {2026: 100, 2027: 120}


def test_a_million_formatted_empty_rows_are_skipped(tmp_path: Path) -> None:
    path = write_book(tmp_path / "book.xlsx", tiny())
    rows = "".join(
        f'<row r="{number}" s="1" customFormat="1"><c r="A{number}" s="0"/></row>' for number in range(3, 200_000)
    )
    replace_part(path, "Demand", sheet_part(path, "Demand").replace("</sheetData>", rows + "</sheetData>"))
    assert load(path).problems == ()


def sheet_part(path: Path, sheet: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(part_name(path, sheet)).decode()


def part_name(path: Path, sheet: str) -> str:
    return f"xl/worksheets/sheet{load_workbook(path).sheetnames.index(sheet) + 1}.xml"


def replace_part(path: Path, sheet: str, content: str) -> None:
    name = part_name(path, sheet)
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in (parts | {name: content.encode()}).items():
            archive.writestr(part, data)


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")])
def test_column_letters(number: int, letters: str) -> None:
    assert column_letters(number) == letters


# --- references and keys --------------------------------------------------------------------------------------------


def test_misspelt_reference_names_the_nearest(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Demand", 1, 2, "oxyde")))
    assert problem.cell == "Demand!C2"
    assert problem.found == "oxyde"
    assert problem.mend == "did you mean oxide?"


def test_reference_to_nothing_near_lists_the_names(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Demand", 1, 2, "xyz")))
    assert problem.cell == "Demand!C2"
    assert "enter one of: oxide, ore, scrap" in problem.mend


def test_star_is_no_material_where_it_is_not_allowed(tmp_path: Path) -> None:
    assert only_problem(load_book(tmp_path, with_cell("Demand", 1, 2, "*"))).cell == "Demand!C2"


def test_contract_supplier_may_be_of_three_sheets(tmp_path: Path) -> None:
    for supplier in ("china_refinery", "home_refinery", "china_oxide"):
        assert load_book(tmp_path, with_cell("Contracts", 1, 1, supplier)).problems == ()
    assert only_problem(load_book(tmp_path, with_cell("Contracts", 1, 1, "nobody"))).cell == "Contracts!B2"


@pytest.mark.parametrize(
    "sheet",
    [
        "Regions",
        "Sectors",
        "Plants",
        "Projects",
        "Stockpiles",
        "Budgets",
        "Contracts",
        "PriceFloors",
        "ChinaShare",
        "Scenarios",
        "Materials",
        "Markets",
    ],
)
def test_duplicate_id(tmp_path: Path, sheet: str) -> None:
    book = with_plants()
    book[sheet].append(list(book[sheet][1]))
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == f"{sheet}!A{len(book[sheet])}"
    assert f"taken by {sheet}!A2" in problem.wrong


@pytest.mark.parametrize("sheet", ["Demand", "Lanes", "Returns", "Processes", "Prices"])
def test_duplicate_key(tmp_path: Path, sheet: str) -> None:
    book = with_plants()
    book[sheet].append(list(book[sheet][1]))
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == f"{sheet}!A{len(book[sheet])}"
    assert f"is {sheet}!A2" in problem.wrong


def test_ids_are_unique_across_plants_projects_and_markets(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Markets", 1, 0, "home_mine")))
    assert (problem.cell, problem.found) == ("Markets!A2", "home_mine")
    assert "Plants!A3" in problem.wrong


# --- years ----------------------------------------------------------------------------------------------------------


def test_gap_at_the_start(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, with_cell("Prices", 1, 1, None)))
    assert (problem.cell, problem.found) == ("Prices!B2", "(blank)")


def test_no_value_in_any_year(tmp_path: Path) -> None:
    book = with_cell("Demand", 1, 3, None)
    book["Demand"][1][4] = None
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.wrong) == ("Demand!D2", "the row has no value in any year")


@pytest.mark.parametrize("sheet", ["Lanes", "Markets"])
def test_leading_blank_of_lanes_and_markets(tmp_path: Path, sheet: str) -> None:
    book = tiny()
    for row, tail in zip(book[sheet], ([2026, 2027], [None, 50]), strict=True):
        row += tail
    assert only_problem(load_book(tmp_path, book)).cell == f"{sheet}!E2"


def test_year_columns_that_begin_late_are_one_problem(tmp_path: Path) -> None:
    book = with_plants()
    book["Prices"][0][1:] = [2027, 2028]
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.found) == ("Prices!B1", "2027")


def test_not_in_force_and_unlimited(tmp_path: Path) -> None:
    tables = load_book(tmp_path, with_plants()).tables()
    assert tables.rows("Stockpiles")[0].years == {2026: None, 2027: 30}
    assert tables.rows("ChinaShare")[0].years == {2026: None, 2027: 0.9}
    assert tables.rows("Markets")[0].years is None


def test_years_outside_the_horizon_count_for_interpolation(tmp_path: Path) -> None:
    book = tiny()
    book["Prices"] = [["material", 2020, 2030], ["oxide", 20, 40]]
    prices = load_book(tmp_path, book).tables().rows("Prices")[0].years
    assert prices == {2026: 32, 2027: 34, 2028: 36, 2029: 38, 2030: 40}


@given(
    st.dictionaries(st.integers(2000, 2040), st.floats(0, 1e6), min_size=1), st.integers(2000, 2040), st.integers(0, 20)
)
def test_interpolation(given_values: dict[int, float], first: int, length: int) -> None:
    span = range(first, first + length + 1)
    values = interpolate(given_values, span)
    assert list(values) == list(span)
    for year, value in values.items():
        before = [y for y in given_values if y <= year]
        after = [y for y in given_values if y >= year]
        if year in given_values:
            assert value == given_values[year]
        elif not before:
            assert value is None
        elif not after:
            assert value == given_values[max(before)]
        else:
            assert value is not None
            a, b = given_values[max(before)], given_values[min(after)]
            assert min(a, b) - 1e-6 <= value <= max(a, b) + 1e-6


# --- all in one pass ------------------------------------------------------------------------------------------------


def test_all_problems_come_in_one_pass(tmp_path: Path) -> None:
    book = with_plants()
    book["Projects"][1][3] = -5
    book["Demand"][1][2] = "oxyde"
    book["Settings"]["discont_rate"] = 0.1
    book["Stockpiles"][1][3] = 500
    book["Changes"][1][2] = "Chna/*/*"
    cells = [problem.cell for problem in load_book(tmp_path, book, ["x=1"]).problems]
    assert cells == ["--set x=1", "Settings!A5", "Projects!D2", "Demand!C2", "Stockpiles!D2", "Changes!C2"]


def test_front_door_starts_fast() -> None:
    """Nothing heavy is imported before it is needed."""
    code = "import sys, lodestone.workbook.inputs; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"pyomo", "highspy", "openpyxl", "pandas", "numpy", "click"} & set(modules.split())
