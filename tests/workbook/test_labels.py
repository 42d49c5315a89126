"""Names that people read: the optional column `label` of every sheet with ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.make import changed, load_book, only_problem, warnings_of

from lodestone.workbook.schema.sheets import NAMED_SHEETS, SHEETS


def labels(folder: Path, *cells: tuple[str, int, str, Any]) -> dict[str, dict[str, str]]:
    return load_book(folder, changed(*cells)).labels


def test_sheets_that_name_something_have_labels_and_others_do_not() -> None:
    assert [name for name in NAMED_SHEETS if "label" in SHEETS[name].free] == [
        *("Regions", "Materials", "Processes", "Plants", "Projects", "PriceFloors", "Contracts", "Markets", "Sectors"),
        *("Substitution", "Stockpiles", "ChinaShare", "Budgets", "Scenarios"),
    ]


def test_a_label_is_told_by_sheet_and_id_and_blank_ones_are_not(tmp_path: Path) -> None:
    given = labels(tmp_path, ("Materials", 1, "label", "NdPr oxide, 99.5 %"), ("Regions", 1, "Label", "China (PRC)"))
    assert given == {"Materials": {"oxide": "NdPr oxide, 99.5 %"}, "Regions": {"China": "China (PRC)"}}


def test_a_workbook_without_labels_has_none_and_no_warning_of_them(tmp_path: Path) -> None:
    assert labels(tmp_path) == {}
    plain = load_book(tmp_path, changed())
    blank = load_book(tmp_path, changed(("Projects", 1, "label", None)))
    assert (blank.labels, blank.warnings) == ({}, plain.warnings)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("  blanks around  ", "blanks around"),
        ("REE / NdPr * <b>&\"'", "REE / NdPr * <b>&\"'"),
        ("磁石 №1", "磁石 №1"),
        (7, "7"),
    ],
)
def test_a_label_is_any_text_in_one_line(tmp_path: Path, typed: Any, shown: str) -> None:
    assert labels(tmp_path, ("Materials", 1, "label", typed)) == {"Materials": {"oxide": shown}}


def test_a_label_that_is_the_id_itself_says_nothing(tmp_path: Path) -> None:
    assert labels(tmp_path, ("Materials", 1, "label", "oxide")) == {}


def test_two_rows_of_one_label_are_shown_with_their_ids_and_told(tmp_path: Path) -> None:
    cells = (("Projects", 1, "label", "Home"), ("Plants", 1, "label", "Home"))  # which name suppliers together
    assert labels(tmp_path, *cells) == {
        "Plants": {"china_refinery": "Home (china_refinery)"},
        "Projects": {"home_refinery": "Home (home_refinery)"},
    }
    # with_plants has 7 columns on Projects and 6 on Plants, whose rows come first
    told = warnings_of(tmp_path, changed(*cells))
    assert told["Projects!H2"] == "Plants!G2 says the same: both are shown with their ids behind it"
    assert "Plants!G2" not in told


def test_one_label_on_two_sheets_that_name_different_things_is_no_doubt(tmp_path: Path) -> None:
    cells = (("Regions", 1, "label", "Same"), ("Materials", 1, "label", "Same"))
    assert labels(tmp_path, *cells) == {"Regions": {"China": "Same"}, "Materials": {"oxide": "Same"}}


@pytest.mark.parametrize(
    ("sheet", "label", "id_"),
    [
        ("Materials", "ore", "oxide"),  # another material
        ("Regions", "domestic", "China"),  # a group of regions
        ("Regions", "public", "China"),  # a payer
        ("Scenarios", "base", "embargo"),
    ],
)
def test_a_label_that_names_something_else_is_shown_with_its_id_and_told(
    tmp_path: Path, sheet: str, label: str, id_: str
) -> None:
    assert labels(tmp_path, (sheet, 1, "label", label)) == {sheet: {id_: f"{label} ({id_})"}}
    told = [x for x in warnings_of(tmp_path, changed((sheet, 1, "label", label))).values() if "something else" in x]
    assert told == [f"{label} is the name of something else: {id_} is shown with its id behind it"]


def test_a_recipe_has_the_first_label_of_its_rows_and_another_one_is_told(tmp_path: Path) -> None:
    second = (("Processes", 2, "label", "Separation"),)
    assert labels(tmp_path, *second) == {"Processes": {"refine": "Separation"}}
    both = (("Processes", 1, "label", "Refining"), *second)
    assert labels(tmp_path, *both) == {"Processes": {"refine": "Refining"}}
    told = warnings_of(tmp_path, changed(*both))
    assert told["Processes!D3"] == "Processes!D2 calls the same process Refining, which is what is shown"


def test_very_long_labels_are_told(tmp_path: Path) -> None:
    told = warnings_of(tmp_path, changed(("Sectors", 1, "label", "x" * 61)))
    assert told["Sectors!C2"] == "a label of 61 characters is cut in charts and tables"
    assert "Sectors!C2" not in warnings_of(tmp_path, changed(("Sectors", 1, "label", "x" * 60)))


def test_a_formula_that_excel_has_not_calculated_is_told(tmp_path: Path) -> None:
    told = warnings_of(tmp_path, changed(("Sectors", 1, "label", "=A2")))
    assert told["Sectors!C2"] == "the formula has no stored result"


def test_a_sheet_without_ids_has_no_label(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, changed(("Demand", 1, "label", "x"))))
    assert (problem.cell, problem.wrong) == ("Demand!F1", "the sheet Demand has no column of this name")


def test_the_heading_stands_once(tmp_path: Path) -> None:
    book = changed(("Materials", 1, "label", "x"))
    book["Materials"] = [[*row, row[-1]] for row in book["Materials"]]
    assert only_problem(load_book(tmp_path, book)).wrong == "this heading is there twice"


def test_a_misspelt_heading_is_told_what_was_meant(tmp_path: Path) -> None:
    problem = only_problem(load_book(tmp_path, changed(("Materials", 1, "labell", "x"))))
    assert problem.mend.startswith("did you mean label?")
