"""The blank workbook: made from the schema alone, helpful, and read back clean once it is filled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from tests.make import with_plants
from tests.office import needs_office, saved_again

from lodestone.errors import UsageError
from lodestone.solve.one_scenario import solve_scenario
from lodestone.template.blank import write_template
from lodestone.template.column_help import MEANINGS, MISTAKES
from lodestone.template.drop_downs import LIST_ROWS, name_of_list, rule
from lodestone.template.example_rows import example_rows
from lodestone.template.examples import new_workbook
from lodestone.workbook.inputs import load
from lodestone.workbook.reading.cells import convert
from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SETTINGS, SHEETS, each_column
from lodestone.workbook.snapshot import input_snapshot

FREE = ["source", "note", "# to ReadMe"]
WITH_IDS = [name for name in NAMED_SHEETS if SHEETS[name].id_column]  # labels stand instead of ids


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return load_workbook(write_template(tmp_path_factory.mktemp("blank") / "blank.xlsx", 2026, 2028))


def fill(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Type rows under the headings of a workbook, as a person would."""
    workbook = load_workbook(path)
    for name, (headings, *rows) in sheets.items():
        page = workbook[name]
        places = {cell.value: cell.column for cell in page[1]}
        for number, row in enumerate(rows, start=2):
            for heading, value in zip(headings, row, strict=True):
                page.cell(number, places[heading], value)
    workbook.save(path)


def rules(page: Worksheet) -> dict[str, DataValidation]:
    return {str(given.sqref): given for given in page.data_validations.dataValidation}


def asked(page: Worksheet) -> list[Any]:
    """The headings of which something is asked: all but the free text."""
    return [cell for cell in page[1] if cell.value not in ("label", *FREE)]


def headings(page: Worksheet) -> list[Any]:
    return [cell.value for cell in page[1]]


# --- one source -----------------------------------------------------------------------------------------------------


def test_it_has_every_sheet_and_column(blank: Workbook) -> None:
    assert blank.sheetnames == ["ReadMe", *SHEETS, "#Examples", "#Lists"]
    assert blank["#Lists"].sheet_state == "hidden"
    assert headings(blank["Settings"])[:2] == ["setting", "value"]
    assert [cell.value for cell in blank["Settings"]["A"]][1:] == [column.name for column in SETTINGS.columns]
    for name in NAMED_SHEETS:
        years = [2026, 2027, 2028] if SHEETS[name].years else []
        label = ["label"] if name in WITH_IDS else []
        assert headings(blank[name]) == [*(column.name for column in SHEETS[name].plain), *years, *label, *FREE]
        assert blank[name].freeze_panes
        assert not blank[name].protection.sheet


@pytest.mark.parametrize("name", NAMED_SHEETS)
def test_every_heading_says_meaning_unit_and_default(blank: Workbook, name: str) -> None:
    sheet = SHEETS[name]
    for cell in asked(blank[name]):
        column = sheet.by_name[YEARS if isinstance(cell.value, int) else cell.value]
        assert cell.comment is not None
        said = cell.comment.text
        assert column.meaning in said
        assert sheet.meaning not in said  # what the sheet is for stands on ReadMe
        assert "Mistake: " in said or column.kind == "text"
        assert column.unit.split(" ")[0] in said or column.unit in ("", "year")
        assert "Example: " in said or isinstance(cell.value, int)
        assert ("If blank: " in said) != column.required


def test_no_two_columns_have_the_same_help(blank: Workbook) -> None:
    """Their meaning, which is the first line, of all sheets; the rest of it may be the same."""
    first = Counter(
        str(cell.comment.text).split("\n")[0]
        for name in NAMED_SHEETS
        for cell in asked(blank[name])
        if cell.comment and not (isinstance(cell.value, int) and cell.value > 2026)
    )
    assert [text for text, times in first.items() if times > 1 or not text] == []


def test_every_help_is_of_a_column_that_is_there() -> None:
    for place in (*MEANINGS, *MISTAKES):
        name, _, column = place.partition("/")
        assert column in SHEETS[name].by_name, place


@pytest.mark.parametrize("name", NAMED_SHEETS)
def test_every_column_has_a_rule_and_a_note_for_its_cells(blank: Workbook, name: str) -> None:
    given = blank[name].data_validations.dataValidation
    assert len(given) == len(SHEETS[name].columns)
    for validation in given:
        assert validation.prompt.startswith("Enter ")
        assert len(validation.prompt) <= 255
    lists = [column for column in SHEETS[name].columns if column.kind in ("ref", "choice", "yesno", "list")]
    suggested = [column for column in SHEETS[name].columns if column.suggests]
    assert sum(validation.type == "list" for validation in given) == len(lists) + len(suggested)


def test_settings_show_their_default_and_unit(blank: Workbook) -> None:
    shown = {row[0].value: [cell.value for cell in row[1:5]] for row in blank["Settings"].iter_rows(min_row=2)}
    assert shown["discount_rate"][:3] == [None, "5%", "share per year"]
    assert shown["mip_gap"][1] == "0.01%"
    assert shown["first_year"][:2] == [2026, "required"]
    assert shown["tariffs_counted"][1] == "yes"
    assert len(blank["Settings"].data_validations.dataValidation) == len(SETTINGS.columns)


def test_cells_are_formatted_by_kind(blank: Workbook) -> None:
    def look(sheet: str, heading: str | int) -> str:
        place = headings(blank[sheet]).index(heading)
        letter = blank[sheet].cell(1, place + 1).column_letter
        return str(blank[sheet].column_dimensions[letter].number_format)

    assert look("Projects", "project") == "@"
    assert look("Projects", "hurdle_rate") == "0.0##%"
    assert look("Projects", "earliest_year") == "0"
    assert look("Projects", "capex_musd") == "#,##0.0##"
    assert look("Prices", 2026) == "#,##0.00"
    assert look("Changes", "value") == "General"  # a number typed into a text cell would be text


def test_the_index_leads_to_every_sheet_and_back(blank: Workbook) -> None:
    links = {cell.value: cell.hyperlink.location for row in blank["ReadMe"] for cell in row if cell.hyperlink}
    assert links == {name: f"'{name}'!A1" for name in (*SHEETS, "#Examples")}
    said = [cell.value for row in blank["ReadMe"] for cell in row if cell.value]
    assert all(sheet.meaning in said for sheet in SHEETS.values())
    for name in SHEETS:
        assert blank[name][1][-1].hyperlink.location == "'ReadMe'!A1"


# --- drop-downs -----------------------------------------------------------------------------------------------------


def test_drop_downs_offer_and_never_forbid_what_is_read(blank: Workbook) -> None:
    plants, changes = rules(blank["Plants"]), rules(blank["Changes"])
    assert plants["B2:B5000"].formula1 == "names_of_Regions"
    assert plants["B2:B5000"].errorStyle == "warning"  # a region that is added to Regions afterwards
    assert plants["E2:E5000"].formula1 == '"market,cost"'
    assert plants["E2:E5000"].errorStyle == "warning"  # Market is read too
    assert (plants["J2:L5000"].type, plants["J2:L5000"].errorStyle) == ("decimal", None)  # less than 0 is refused
    assert rules(blank["Lanes"])["A2:A5000"].formula1 == "names_of_any_Regions"
    assert rules(blank["Contracts"])["B2:B5000"].formula1 == "names_of_Plants_Projects_Markets"
    assert rules(blank["Stockpiles"])["J2:J5000"].formula1 == "names_of_any_Regions_Regions_group"
    covers = rules(blank["Budgets"])["B2:B5000"]
    assert covers.formula1 == '"capex,grants,floors,fees,stockpile,loans,equity,contracts,contingent,all"'
    assert not covers.showErrorMessage  # grants, floors
    assert changes["B2:B5000"].formula1 == "names_of_sheets"
    assert "$B2" in changes["D2:D5000"].formula1


@pytest.mark.parametrize("column", [column for _, column in each_column()], ids=lambda column: column.name)
def test_only_numbers_outside_their_limits_are_refused(column: Column) -> None:
    given = rule(column)
    numeric = column.kind in ("number", "integer", "years")
    refused = given["validate"] != "any" and given.get("show_error", True) and given.get("error_type") != "warning"
    assert refused == numeric


def test_every_list_has_a_name(blank: Workbook) -> None:
    for _, column in each_column():
        if column.refers_to:
            assert name_of_list(column) in blank.defined_names


def test_lists_of_changes_are_those_of_the_schema(blank: Workbook) -> None:
    columns = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in blank["#Lists"].columns}
    assert columns["sheets"] == [name for name in SHEETS if name not in ("Scenarios", "Changes", "Periods")]
    assert columns["Demand"] == ["years"]
    assert columns["Settings"] == ["value"]
    assert columns["Sectors"] == ["shortage_cost_usd_per_kg", "min_service_share", "secure_share"]


# --- examples -------------------------------------------------------------------------------------------------------


def test_examples_are_one_story_that_can_be_solved(tmp_path: Path) -> None:
    path = write_template(tmp_path / "story.xlsx", 2026, 2032)
    rows = example_rows(2026, 2032)
    assert list(rows) == list(NAMED_SHEETS)
    columns = {name: list(dict.fromkeys(heading for row in rows[name] for heading in row)) for name in rows}
    fill(path, {name: [columns[name], *([row.get(h) for h in columns[name]] for row in rows[name])] for name in rows})
    inputs = load(path)
    assert inputs.problems == ()
    assert inputs.warnings == ()
    assert solve_scenario(inputs, "embargo").status == "optimal"


@pytest.mark.parametrize("name", NAMED_SHEETS)
def test_every_column_has_an_example_that_is_read(name: str) -> None:
    rows = example_rows(2026, 2040)[name]
    for column in SHEETS[name].plain:
        given = [row[column.name] for row in rows if column.name in row]
        assert given, column.name
        for value in given:
            convert(column, float(value) if isinstance(value, int | float) else value)


def test_examples_stand_on_a_sheet_of_their_own(blank: Workbook) -> None:
    page = blank["#Examples"]
    assert all(cell.value is None for name in NAMED_SHEETS for cell in blank[name][2])
    shown = next(row for row in page.iter_rows() if row[0].value == "home_refinery")
    assert shown[0].font.color.rgb == "FF7F7F7F"
    assert shown[1].value == "Home"


# --- reading back ---------------------------------------------------------------------------------------------------


def test_blank_template_only_lacks_rows(tmp_path: Path) -> None:
    problems = load(write_template(tmp_path / "blank.xlsx")).problems
    assert {problem.wrong for problem in problems} == {
        f"the sheet {name} has no rows" for name in ("Regions", "Materials", "Sectors", "Demand")
    }


def filled(folder: Path) -> Path:
    path = write_template(folder / "plan.xlsx", 2026, 2027)
    fill(path, {name: rows for name, rows in with_plants().items() if name != "Settings"})
    workbook = load_workbook(path)
    workbook["Settings"]["B7"] = 2
    workbook["Demand"]["F2"] = "press article"
    workbook.save(path)
    return path


def test_filled_template_reads_back_clean(tmp_path: Path) -> None:
    inputs = load(filled(tmp_path))
    assert inputs.problems == ()
    assert inputs.tables().settings["default_freight_usd_per_kg"] == 2
    assert len(inputs.tables().rows("Projects")) == 2


@needs_office
def test_a_spreadsheet_opens_and_saves_it_whole(tmp_path: Path) -> None:
    path = filled(tmp_path)
    again = saved_again(path, tmp_path)
    ours, theirs = load(path), load(again)
    assert theirs.problems == ()
    assert theirs.scenario_names == ours.scenario_names
    for scenario in ours.scenario_names:
        assert input_snapshot(theirs.tables(scenario)) == input_snapshot(ours.tables(scenario))
        assert theirs.tables(scenario).settings == ours.tables(scenario).settings
    before, after = load_workbook(path), load_workbook(again)
    assert after.sheetnames == before.sheetnames
    for name in NAMED_SHEETS:
        kept = {(place.split(":")[0], given.type) for place, given in rules(after[name]).items() if given.type}
        assert {(place.split(":")[0], given.type) for place, given in rules(before[name]).items() if given.type} <= kept
        assert all(cell.comment for cell in after[name][1][: -len(FREE)])
        assert after[name].conditional_formatting


@needs_office
def test_a_new_name_shows_up_in_the_drop_downs(tmp_path: Path) -> None:
    """LibreOffice calculates the lists: stacked, without gaps, each name once."""
    path = write_template(tmp_path / "plan.xlsx", 2026, 2027)
    fill(
        path,
        {
            "Regions": [["region", "group"], ["China", None], [None, None], ["Home", "ally"], ["Canada", "ally"]],
            "Processes": [["process", "material"], ["refine", "ore"], ["refine", "oxide"], ["mine", "ore"]],
            "Plants": [["plant"], ["p1"], ["p2"]],
            "Markets": [["market"], ["m1"]],
        },
    )
    page = load_workbook(saved_again(path, tmp_path), data_only=True)["#Lists"]
    lists = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in page.columns}
    assert lists["names_of_Regions"] == ["China", "Home", "Canada"]
    assert lists["names_of_any_Regions"] == ["*", "China", "Home", "Canada"]
    assert lists["names_of_any_Regions_Regions_group"] == ["*", "China", "Home", "Canada", "ally"]
    assert lists["names_of_Processes"] == ["refine", "mine"]
    assert lists["names_of_Plants_Projects_Markets"] == ["p1", "p2", "m1"]
    assert lists["names_of_Sectors"] == []
    assert page.max_row == LIST_ROWS + 1


# --- the call -------------------------------------------------------------------------------------------------------


def test_template_is_not_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--force replaces it"):
        new_workbook(path)
    assert path.read_text() == "mine"
    new_workbook(path, force=True)
    assert load_workbook(path, read_only=True).sheetnames


def test_template_needs_years_in_order_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="before the first"):
        write_template(tmp_path / "plan.xlsx", 2030, 2026)
    with pytest.raises(UsageError, match="from 1900 to 2200"):
        write_template(tmp_path / "plan.xlsx", 2030, 2201)
    path = tmp_path / "nowhere" / "plan.xlsx"
    with pytest.raises(UsageError, match=f"cannot write {re.escape(str(path))}: No such file"):  # not of a helper file
        new_workbook(path)
    with pytest.raises(FileNotFoundError):
        write_template(path)


def test_a_label_can_be_typed_and_says_what_it_is_for(tmp_path: Path) -> None:
    path = write_template(tmp_path / "named.xlsx", 2026, 2026)
    page = load_workbook(path)["Materials"]
    (label,) = [cell for cell in page[1] if cell.value == "label"]
    assert label.comment and "instead of what stands under material," in label.comment.text
    assert [cell.value for cell in page[1]][-4:] == ["label", *FREE]
