"""What the reader says: what stands there is called what it is, and the remedy keeps the figures."""

from __future__ import annotations

import datetime
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.make import Book, load_book, only_problem, tiny, with_plants, write_book

from lodestone.commands import main
from lodestone.errors import Problem, UsageError
from lodestone.names import difference, nearest
from lodestone.workbook.inputs import load
from lodestone.workbook.reading.cells import UnusableCell, convert
from lodestone.workbook.schema.columns import Column
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SHEETS

# --- above the headings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["Regions", "Prices", "Demand", "Projects", "Settings"])
def test_a_title_above_the_headings_is_one_line(tmp_path: Path, sheet: str) -> None:
    """A title and a blank row: everything below is read where it stands."""
    book = with_plants()
    rows = [["setting", "value"], *map(list, book["Settings"].items())] if sheet == "Settings" else book[sheet]
    book[sheet] = [["Our plan for magnets", None, "in May"], [], *rows]
    inputs = load_book(tmp_path, book)
    assert only_problem(inputs) == Problem(
        f"{sheet}!A1",
        "Our plan for magnets",
        "the headings stand in row 3, and have to stand in row 1",
        "delete rows 1 to 2; what they say can go to the sheet ReadMe",
    )


def test_what_is_wrong_below_a_title_is_told_too_at_its_cell(tmp_path: Path) -> None:
    book = tiny()
    book["Demand"] = [["Demand"], *book["Demand"]]
    book["Demand"][2][4] = "lots"
    title, number = load_book(tmp_path, book).problems
    assert (title.cell, title.wrong) == ("Demand!A1", "the headings stand in row 2, and have to stand in row 1")
    assert (number.cell, number.wrong) == ("Demand!E3", "this is not a number")


def test_a_title_that_is_a_heading_by_chance(tmp_path: Path) -> None:
    book = tiny()
    book["Materials"] = [["material"], ["material", "stage"], ["oxide", "refining"]]
    assert only_problem(load_book(tmp_path, book)).wrong == "the headings stand in row 2, and have to stand in row 1"


@pytest.mark.parametrize("sheet", ["Regions", "Demand", "Prices"])
def test_no_headings_at_all_are_one_line(tmp_path: Path, sheet: str) -> None:
    book = tiny()
    book[sheet] = [*book[sheet][1:], *book[sheet][1:]]
    (problem,) = (p for p in load_book(tmp_path, book).problems if p.cell.startswith(sheet))
    assert problem.cell == f"{sheet}!A1"
    assert problem.wrong == "none of the headings of this sheet stands in row 1"
    assert problem.mend.startswith("write the headings in row 1: ")


def test_settings_without_headings_are_one_line(tmp_path: Path) -> None:
    book = tiny()
    book["Settings"] = [["first_year", 2026], ["last_year", 2027]]
    settings = [p for p in load_book(tmp_path, book).problems if p.cell == "Settings!A1"]
    assert [p.mend for p in settings] == ["write setting in A1 and value in B1, and one setting in each row below"]


def test_a_foreign_workbook_is_one_line(tmp_path: Path) -> None:
    path = write_book(tmp_path / "mine.xlsx", {"Sheet1": [["cost", 5]], "Pivot of sales": [["a"]]})
    with pytest.raises(
        UsageError, match=r"mine\.xlsx is no workbook of Lodestone: it has none of the sheets Settings, "
    ):
        load(path)
    told = CliRunner().invoke(main, ["check", str(path)])
    assert told.exit_code == 2
    assert len(told.stderr.strip().splitlines()) == 1


# --- years as headings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "wrong", "mend"),
    [
        (datetime.date(2027, 1, 1), "a date stands where the heading is a year",
         "set the format of the cell to General and write 2027"),
        (datetime.datetime(2027, 12, 31, 12), "a date stands where the heading is a year",
         "set the format of the cell to General and write 2027"),
        (46388, "the heading of a year is the year alone", "write 2027"),  # Excel's number of 1 January 2027
        ("2027.0", "the heading of a year is the year alone", "write 2027"),
        ("FY2027", "the heading of a year is the year alone", "write 2027"),
        ("FY 2027", "the heading of a year is the year alone", "write 2027"),
        ("2027E", "the heading of a year is the year alone", "write 2027"),
        ("2027 (t/yr)", "the heading of a year is the year alone", "write 2027"),
        ("2027*", "the heading of a year is the year alone", "write 2027"),
    ],
)  # fmt: skip
def test_a_year_in_other_words_is_read_as_that_year_and_told(
    tmp_path: Path, heading: Any, wrong: str, mend: str
) -> None:
    book = tiny()
    book["Demand"][0][4] = heading
    inputs = load_book(tmp_path, book)
    problem = only_problem(inputs)
    assert (problem.cell, problem.wrong, problem.mend) == ("Demand!E1", wrong, mend)
    assert inputs.tables().rows("Demand")[0].given == {2026: 100, 2027: 120}


@pytest.mark.parametrize(
    ("heading", "mend"),
    [
        (27, "write 2027"),
        ("27", "write 2027"),
        (20270, "write the year that is meant"),
        ("2027/28", "write the one that is meant: 2027 or 2028"),
        ("2027\u20132028", "write the one that is meant: 2027 or 2028"),
        ("2026-27", "write the one that is meant: 2026 or 2027"),
    ],
)
def test_which_year_is_meant_is_asked_where_it_is_open(tmp_path: Path, heading: Any, mend: str) -> None:
    book = tiny()
    book["Demand"][0][4] = heading
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.mend) == ("Demand!E1", mend)


YEAR_LIKE = [datetime.date(2028, 1, 1), "2028.0", "FY2028", "2028E", "2028/29", 20280, 28, "28", 46753, "Q1 2028"]


@pytest.mark.parametrize("heading", YEAR_LIKE)
def test_no_remedy_drops_the_figures_of_a_year(tmp_path: Path, heading: Any) -> None:
    """A heading that starts with # is a note of the planner's own: the column would not be read."""
    book = tiny()
    for row, value in zip(book["Demand"], (heading, 130), strict=True):
        row.append(value)
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Demand!F1"
    assert "#" not in problem.mend
    assert "delete" not in problem.mend


def test_lacking_years_are_asked_for_by_example(tmp_path: Path) -> None:
    book = tiny()
    book["Demand"] = [row[:3] for row in book["Demand"]]
    problem = only_problem(load_book(tmp_path, book))
    assert problem.mend == (
        "add a column for each year, with the year as its heading, such as 2026, in row 1 "
        "(a number of at least 0 in t/yr)"
    )


def test_no_message_asks_for_a_column_that_is_called_each_year(tmp_path: Path) -> None:
    """Neither where years are missing, nor the headings, nor the sheet."""
    for sheet in NAMED_SHEETS:
        for rows in ([["nothing"], ["x"]], [[None], ["x"]], [[SHEETS[sheet].plain[0].name], ["x"]]):
            for problem in load_book(tmp_path, {**with_plants(), sheet: rows}).problems:
                assert "heading each year" not in problem.mend
                assert not problem.mend.endswith("a column for each year")
                assert "years" not in problem.mend.replace("in years", "").split(": ")[-1].split(", "), problem


# --- names that look alike --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("\u0421hina", "this name holds the Cyrillic letter \u0421, which looks like the Latin C"),
        ("China\u200b", "this name holds an invisible sign (zero width space)"),
        ("Chi\u00adna", "this name holds an invisible sign (soft hyphen)"),
        ("China\u00a0Sea", "this name holds a no-break space instead of a blank"),
        ("CHINA", "they differ in capital letters"),
        ("China  Sea", "they differ in the number of blanks"),
        ("China_Sea", "they differ in blanks, hyphens or dashes"),
        ("China\u2013Sea", "they differ in blanks, hyphens or dashes"),
    ],
)
def test_names_that_look_alike_say_what_differs(tmp_path: Path, written: str, says: str) -> None:
    meant = "China Sea" if "Sea" in written else "China"
    book = tiny()
    book["Regions"][1][0] = meant
    book["Markets"][1][1] = meant
    book["Lanes"][1][0] = written
    problem = only_problem(load_book(tmp_path, book))
    assert problem.cell == "Lanes!A2"
    assert problem.mend == f"did you mean {meant}? ({says})"


def test_accents_are_stored_in_two_ways() -> None:
    composed = unicodedata.normalize("NFC", "C\u00f4te")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert difference(decomposed, composed) == "the accents look alike and are stored in two ways"
    assert difference("Cote", composed) == "they differ in accents"


def test_the_other_name_may_be_the_one_with_the_sign() -> None:
    assert difference("Chile", "Chi\u200ble") == "the other name holds an invisible sign (zero width space)"


@pytest.mark.parametrize(("name", "meant"), [("Chile", "Chile"), ("Chle", "Chile"), ("Peru", "Chile")])
def test_where_anybody_sees_the_difference_nothing_is_added(name: str, meant: str) -> None:
    assert difference(name, meant) == ""


def test_a_short_name_in_another_alphabet_finds_its_twin() -> None:
    """No letter of the two is the same sign."""
    assert nearest("\u0421\u041d", ["US", "CH"]) == "CH"


# --- what is no number ------------------------------------------------------------------------------------------------

VOLUME = SHEETS["Demand"].by_name["years"]
REQUIRED = SHEETS["Projects"].by_name["capacity_t_per_yr"]
RATE = SHEETS["Projects"].by_name["hurdle_rate"]
FILL = SHEETS["Stockpiles"].by_name["max_fill_t_per_yr"]
UNIT = "a unit or a word stands beside the number"
FOOTNOTE = "a footnote sign stands beside the number"
RANGE = "two numbers stand in the cell, a range"
ROUGH = "the cell says about how much, and no number"
LEFT = "enter a number of at least 0 in t/yr, or leave the year blank: it follows from those beside it"


@pytest.mark.parametrize(
    ("column", "text", "wrong", "mend"),
    [
        (RATE, "12 %", "the percentage was typed as text, with a percent sign",
         "enter it as a number, e.g. 0.12 for 12 %"),
        (RATE, "7.5%", "the percentage was typed as text, with a percent sign",
         "enter it as a number, e.g. 0.075 for 7.5 %"),
        (VOLUME, "500 t", UNIT, "enter the number alone; the column is in t/yr"),
        (VOLUME, "1,250 kt", UNIT, "enter the number alone; the column is in t/yr"),
        (VOLUME, "$5", UNIT, "enter the number alone; the column is in t/yr"),
        (VOLUME, "W", "W is what USGS writes for a figure that it withholds", LEFT),
        (REQUIRED, "W", "W is what USGS writes for a figure that it withholds",
         "enter a number greater than 0 in t/yr"),
        (VOLUME, "NA", "this stands for not available", LEFT),
        (VOLUME, "n/a", "this stands for not available", LEFT),
        (VOLUME, "\u2026", "this stands for not available", LEFT),
        (RATE, "NA", "this stands for not available",
         "enter a number from 0 to 1 (share per year; 0.12 means 12 %), or leave the cell blank for 0.12"),
        (VOLUME, "XX", "XX stands for not applicable", LEFT),
        (VOLUME, "\u2014", "a dash can mean nothing, or not known", LEFT),
        (VOLUME, "--", "a dash can mean nothing, or not known", LEFT),
        (VOLUME, "tbd", "this says that the figure is not known", LEFT),
        (FILL, "unlimited", "this stands for no limit",
         "enter a number of at least 0 in t/yr, or leave the cell blank for unlimited"),
        (VOLUME, "500*", FOOTNOTE, "enter 500 alone, and the footnote in the column note"),
        (VOLUME, "500\u00b9", FOOTNOTE, "enter 500 alone, and the footnote in the column note"),
        (VOLUME, "500 (2)", FOOTNOTE, "enter 500 alone, and the footnote in the column note"),
        (VOLUME, "e500", FOOTNOTE, "enter 500 alone, and the footnote in the column note"),
        (VOLUME, "50\u201360", RANGE, "enter one number of it, and the range in the column note"),
        (VOLUME, "50 to 60 t", RANGE, "enter one number of it, and the range in the column note"),
        (VOLUME, "~50", ROUGH, "enter one number, and in the column note that it is rough"),
        (VOLUME, "about 50", ROUGH, "enter one number, and in the column note that it is rough"),
        (VOLUME, "\u22125", "the minus sign is a dash", "type -5 with the minus sign of the keyboard"),
        (VOLUME, "(5)", "brackets can mean a number below 0, or a footnote", "enter 5 or -5"),
        (VOLUME, "lots", "this is not a number", "enter a number of at least 0 in t/yr"),
    ],
)  # fmt: skip
def test_a_text_for_a_number_is_called_what_it_is(column: Column, text: str, wrong: str, mend: str) -> None:
    with pytest.raises(UnusableCell) as refused:
        convert(column, text)
    assert (refused.value.wrong, refused.value.mend) == (wrong, mend)


def test_a_decimal_comma_of_the_command_line_is_no_matter_of_excel(tmp_path: Path) -> None:
    (problem,) = load_book(tmp_path, tiny(), ["Settings/discount_rate=0,05"]).problems
    assert problem.found == "0,05"
    assert problem.mend == "write the number with a decimal point and nothing else, e.g. 0.05 or 1250"


# --- linked data types ------------------------------------------------------------------------------------------------


def linked(tmp_path: Path, book: Book, sheet: str, cell: str) -> Path:
    """The workbook with what Excel stores for a linked data type: an error that points to rich data."""
    path = write_book(tmp_path / "book.xlsx", book)
    part = f"xl/worksheets/sheet{list(book).index(sheet) + 1}.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    plain = f'<c r="{cell}" t="e"><v>#VALUE!</v></c>'.encode()
    assert plain in parts[part]
    parts[part] = parts[part].replace(plain, plain.replace(b' t="e"', b' t="e" vm="1"'))
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(("sheet", "row", "column", "cell"), [("Regions", 2, 0, "A3"), ("Demand", 1, 4, "E2"),
                                                              ("Demand", 0, 4, "E1")])  # fmt: skip
def test_a_linked_data_type_is_to_be_converted_to_text(
    tmp_path: Path, sheet: str, row: int, column: int, cell: str
) -> None:
    book = tiny()
    book[sheet][row][column] = "#VALUE!"
    problem = next(p for p in load(linked(tmp_path, book, sheet, cell)).problems if p.cell == f"{sheet}!{cell}")
    assert "a linked data type" in problem.wrong
    assert "Convert to Text" in problem.mend
    (plain,) = (p for p in load_book(tmp_path, book).problems if p.cell == f"{sheet}!{cell}")
    assert "linked" not in plain.wrong


# --- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["compare", "report", "verify", "explain"])
def test_a_run_that_is_not_there_is_named_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("no folder", encoding="utf-8")
    for typed in ("outputs/plan/bse", "notes.txt"):
        told = CliRunner().invoke(main, [command, typed])
        assert told.exit_code == 2
        assert f"there is no plan at {typed}: name the folder" in told.stderr
