"""The example workbooks: one with their tables, every figure with its source."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from openpyxl import load_workbook

ROOT = Path(__file__).resolve().parents[1]
KEYS = {"source", "note", "setting", "description"}
ILLUSTRATIVE = re.compile(r"(^|[;,] )([^;:]+ )?illustrative: \S")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_examples", ROOT / "inputs" / "build_examples.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = _script()


def _rows(name: str):
    """(sheet, line, row) for every row of every table of an example."""
    for sheet, (headings, *rows) in examples.read_example(name).items():
        for line, row in enumerate(rows, start=2):
            yield sheet, line, dict(zip(headings, row, strict=True))


def _figures(row: dict) -> list:
    return [value for column, value in row.items() if column not in KEYS and isinstance(value, int | float)]


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_workbook_holds_what_its_tables_say(name):
    assert list(examples.differences(name)) == [], "run: python inputs/build_examples.py"


def test_check_notices_an_edited_cell_and_a_missing_workbook(tmp_path, monkeypatch, capsys):
    for name in examples.EXAMPLES:
        shutil.copy(examples.workbook_path(name), tmp_path)
    monkeypatch.setattr(examples, "INPUTS", tmp_path)
    assert examples.main(["--check"]) == 0
    path = tmp_path / "tutorial.xlsx"
    workbook = load_workbook(path)
    workbook["Demand"]["D2"] = "1000"
    workbook.save(path)
    assert examples.main(["--check"]) == 1
    assert "tutorial.xlsx Demand!D2: '1000', tables 1000" in capsys.readouterr().out
    path.unlink()
    assert examples.main(["--check"]) == 1


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_every_row_with_a_figure_has_a_source(name):
    without = [f"{sheet} line {line}" for sheet, line, row in _rows(name) if _figures(row) and not row["source"]]
    assert without == []


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_illustrative_figures_say_so_in_one_way(name):
    """`illustrative: why` for a whole row, `...; part illustrative: why` where a row mixes."""
    sources = [(sheet, line, row["source"]) for sheet, line, row in _rows(name) if row.get("source")]
    odd = [
        f"{sheet} line {line}: {source}"
        for sheet, line, source in sources
        if "illustrative" in source.lower() and not ILLUSTRATIVE.search(source)
    ]
    assert odd == []


def test_figures_of_the_tutorial_are_all_made_up():
    claims = [
        f"{sheet} line {line}"
        for sheet, line, row in _rows("tutorial")
        if _figures(row) and not row["source"].startswith(("illustrative: ", "by definition"))
    ]
    assert claims == []


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_numbers_are_numbers_and_years_are_integers(name):
    book = load_workbook(examples.workbook_path(name))
    for sheet in (book[title] for title in examples.SHEETS):
        headings = [cell.value for cell in sheet[1]]
        assert not [heading for heading in headings if isinstance(heading, str) and heading.isdigit()], sheet.title
        for row in sheet.iter_rows(min_row=2, values_only=True):
            texts = [v for h, v in zip(headings, row, strict=True) if isinstance(v, str) and h not in KEYS]
            assert not [value for value in texts if examples.NUMBER.fullmatch(value)], sheet.title


def test_the_real_example_is_as_large_as_promised():
    tables = examples.read_example("rare_earth_magnets")
    assert len(tables["Regions"]) - 1 >= 15
    assert len(tables["Projects"]) - 1 >= 25


def test_the_example_for_scale_is_as_large_as_promised():
    """Nine minerals from mine to use in thirty countries and more."""
    tables = examples.read_example("critical_minerals")
    headings, *rows = tables["Materials"]
    stages: dict = {}
    for row in rows:
        material = dict(zip(headings, row, strict=True))
        stages.setdefault(material["mineral"], set()).add(material["stage"])
    assert set(stages) == {
        "lithium", "cobalt", "nickel", "copper", "graphite", "gallium", "germanium", "manganese", "rare earths",
    }  # fmt: skip
    assert all("refining" in found and found & {"mining", "intermediate"} for found in stages.values()), stages
    assert len(tables["Regions"]) - 1 >= 30
    assert len(tables["Plants"]) - 1 >= 120
    assert len(tables["Projects"]) - 1 >= 40


@pytest.mark.parametrize("name", ["critical_minerals", "rare_earth_magnets"])
def test_probabilities_of_a_real_example_leave_something_to_the_base(name):
    headings, *rows = examples.read_example(name)["Scenarios"]
    likely = [row[headings.index("probability")] or 0 for row in rows]
    assert sum(share > 0 for share in likely) >= 2
    assert 0 < sum(likely) < 1


def test_an_example_has_the_help_of_the_blank_workbook():
    """Comments, drop-downs, ReadMe with an index, per cent for shares, wrapped sources; cells stand where pages say."""
    book = load_workbook(examples.workbook_path("tutorial"))
    assert book.sheetnames == ["ReadMe", *examples.SHEETS, "#Lists"]
    assert book["#Lists"].sheet_state == "hidden"
    linked = {cell.value for row in book["ReadMe"].iter_rows() for cell in row if cell.hyperlink}
    assert linked == set(examples.SHEETS)
    for name in examples.SHEETS[1:]:
        own = [cell for cell in book[name][1] if cell.value not in ("source", "note", "# to ReadMe")]
        assert [cell.coordinate for cell in own if cell.comment is None] == [], name
        assert len(book[name].data_validations.dataValidation) == len(own), name
    demand = book["Demand"]
    assert [cell.value for cell in demand[2]][:5] == ["Home", "motors", "magnet", 1000, "illustrative: round number"]
    assert demand["E2"].alignment.wrap_text
    cap = book["ChinaShare"]
    assert cap["G2"].value == pytest.approx(0.6)
    assert cap["G2"].number_format.endswith("%")
