"""The blank workbook: complete, helpful, and read back clean once it is filled."""

from __future__ import annotations

from pathlib import Path

import pytest
from make import with_plants
from openpyxl import load_workbook

from model.errors import UsageError
from model.inputs import load
from model.schema import SHEETS, YEARS
from model.template import write_template


def test_template_has_every_sheet_and_column(tmp_path: Path) -> None:
    workbook = load_workbook(write_template(tmp_path / "blank.xlsx", 2026, 2028))
    assert workbook.sheetnames == ["ReadMe", *SHEETS]
    for name, sheet in SHEETS.items():
        headings = [cell.value for cell in workbook[name][1]]
        if name == "Settings":
            assert headings[:2] == ["setting", "value"]
            assert [cell.value for cell in workbook[name]["A"]][1:] == [column.name for column in sheet.columns]
        else:
            assert headings == [*(column.name for column in sheet.plain), *([2026, 2027, 2028] if sheet.years else [])]
            assert all(cell.comment and cell.comment.text for cell in workbook[name][1])
        assert workbook[name].freeze_panes


def test_drop_downs(tmp_path: Path) -> None:
    workbook = load_workbook(write_template(tmp_path / "blank.xlsx"))
    rules = {str(rule.sqref): rule for rule in workbook["Plants"].data_validations.dataValidation}
    assert rules["B2:B5000"].formula1 == "=names_of_Regions"
    assert rules["E2:E5000"].formula1 == '"market,cost"'
    assert rules["I2:W5000"].type == "decimal"
    assert "names_of_Regions" in workbook.defined_names
    lanes = {str(rule.sqref): rule for rule in workbook["Lanes"].data_validations.dataValidation}
    assert lanes["A2:A5000"].showErrorMessage is False  # * is not on the list


def test_blank_template_only_lacks_rows(tmp_path: Path) -> None:
    problems = load(write_template(tmp_path / "blank.xlsx")).problems
    assert {problem.wrong for problem in problems} == {
        f"the sheet {name} has no rows" for name in ("Regions", "Materials", "Sectors", "Demand")
    }


def test_filled_template_reads_back_clean(tmp_path: Path) -> None:
    path = write_template(tmp_path / "plan.xlsx", 2026, 2027)
    workbook = load_workbook(path)
    for name, content in with_plants().items():
        if name == "Settings":
            continue
        page, (headings, *rows) = workbook[name], content
        places = {cell.value: cell.column for cell in page[1]}
        for number, row in enumerate(rows, start=2):
            for heading, value in zip(headings, row, strict=True):
                page.cell(number, places[heading], value)
    workbook["Settings"]["B7"] = 2
    workbook.save(path)
    inputs = load(path)
    assert inputs.problems == ()
    assert inputs.tables().settings["default_freight_usd_per_kg"] == 2
    assert len(inputs.tables().rows("Projects")) == 2


@pytest.mark.parametrize("name", [name for name, sheet in SHEETS.items() if YEARS in sheet.by_name])
def test_year_columns_say_their_unit(tmp_path: Path, name: str) -> None:
    workbook = load_workbook(write_template(tmp_path / "blank.xlsx", 2026, 2026))
    column = SHEETS[name].years
    assert column is not None
    comment = workbook[name].cell(1, len(SHEETS[name].columns)).comment
    assert comment is not None and column.unit in comment.text


def test_template_is_not_written_over_a_file(tmp_path: Path) -> None:
    path = write_template(tmp_path / "plan.xlsx")
    with pytest.raises(UsageError, match="exists already"):
        write_template(path)
    write_template(path, overwrite=True)


def test_template_needs_years_in_order_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="before the first"):
        write_template(tmp_path / "plan.xlsx", 2030, 2026)
    with pytest.raises(UsageError, match="cannot be written"):
        write_template(tmp_path / "nowhere" / "plan.xlsx")
