"""check --mark: the planner's own workbook with its problems in place, everything else kept or named."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from tests.make import Book, tiny, write_book
from tests.office import needs_office, saved_again

from lodestone.commands import main
from lodestone.errors import Problem, UsageError
from lodestone.report.excel.marked_copy import write_marked
from lodestone.template.blank import write_template
from lodestone.workbook.inputs import load

RED, AMBER = "00FF9B9B", "00FFD166"


def bad() -> Book:
    """Two problems: an unknown region in Demand!A2 and a negative demand in Demand!D2."""
    book = tiny()
    book["Demand"][1][0] = "Hone"
    book["Demand"][1][3] = -5
    return book


def doubtful() -> Book:
    """One warning: no lane reaches the plant of row 2 (Plants!B2)."""
    book = tiny()
    book["Processes"] = [["process", "material", "t_per_t"], ["mine", "oxide", 1]]
    book["Regions"].append(["Island", "no", None])
    book["Plants"] = [["plant", "region", "process", 2026], ["lonely", "Island", "mine", 5]]
    return book


def check(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["check", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "bad.xlsx", bad())
    return tmp_path


def test_problem_cells_are_red_with_the_message_as_a_comment(here: Path) -> None:
    before = Path("bad.xlsx").read_bytes()
    result = check("bad.xlsx", "--mark", "marked.xlsx")
    assert result.exit_code == 2
    assert "Marked copy: marked.xlsx (2 cells coloured)." in result.stdout
    assert Path("bad.xlsx").read_bytes() == before
    page = load_workbook("marked.xlsx")["Demand"]
    coloured = {cell.coordinate for row in page for cell in row if cell.fill.fill_type}
    assert coloured == {"A2", "D2"}
    assert page["D2"].fill.fgColor.rgb == RED
    assert page["D2"].value == -5
    said = page["A2"].comment
    assert said is not None
    assert said.text == "Problem: Hone is not on the sheet Regions\nTo mend: did you mean Home?"


def test_the_list_leads_to_the_cells(here: Path) -> None:
    check("bad.xlsx", "--mark", "marked.xlsx")
    book = load_workbook("marked.xlsx")
    page = book.worksheets[0]
    assert (book.active.title, page.title) == ("#Problems", "#Problems")
    assert page["A1"].value == "2 problems, 0 warnings in bad.xlsx"
    rows = {row[0].value: [cell.value for cell in row[1:]] for row in page.iter_rows(min_row=5)}
    assert rows["Demand!D2"][:2] == ["problem", "-5"]
    assert rows["Demand!A2"][3] == "did you mean Home?"
    assert {page["A5"].hyperlink.location, page["A6"].hyperlink.location} == {"'Demand'!A2", "'Demand'!D2"}
    assert [other.sheet_view.tabSelected for other in book.worksheets].count(True) <= 1


def test_the_copy_can_be_mended_and_checked_again(here: Path) -> None:
    check("bad.xlsx", "--mark", "marked.xlsx")
    book = load_workbook("marked.xlsx")
    book["Demand"]["A2"], book["Demand"]["D2"] = "Home", 100
    book.save("marked.xlsx")
    assert load("marked.xlsx").problems == ()
    assert check("marked.xlsx", "--mark", "again.xlsx").exit_code == 0
    assert load_workbook("again.xlsx").sheetnames[:2] == ["#Problems 2", "#Problems"]


def test_warnings_are_amber(here: Path) -> None:
    write_book(here / "lonely.xlsx", doubtful())
    assert check("lonely.xlsx", "--mark", "marked.xlsx").exit_code == 0
    book = load_workbook("marked.xlsx")
    marked = [c for page in book.worksheets[1:] for row in page for c in row if c.fill.fill_type]
    assert [(cell.parent.title, cell.coordinate, cell.fill.fgColor.rgb) for cell in marked] == [("Plants", "B2", AMBER)]
    assert book["#Problems"]["B5"].value == "warning"


def test_without_problems_the_copy_says_so(here: Path) -> None:
    write_book(here / "good.xlsx", tiny())
    assert "0 problems, 0 warnings.\nMarked copy" in check("good.xlsx", "--mark", "marked.xlsx").stdout
    assert load_workbook("marked.xlsx")["#Problems"]["A1"].value == "0 problems, 0 warnings in good.xlsx"


def test_comments_and_formats_of_the_planner_stay(here: Path) -> None:
    book = load_workbook("bad.xlsx")
    page = book["Demand"]
    page["D2"].comment = Comment("ask Mary", "Paul")
    page["D2"].font = Font(bold=True, italic=True)
    page["D2"].number_format = '0.0" t"'
    page["E2"].comment = Comment("from the 2024 survey", "Paul")
    page["E2"] = "=100+20"
    page.column_dimensions["A"].width = 44
    book.save("bad.xlsx")
    check("bad.xlsx", "--mark", "marked.xlsx")
    kept = load_workbook("marked.xlsx")["Demand"]
    assert kept["D2"].comment.text.startswith("Problem: ")
    assert kept["D2"].comment.text.endswith("\n\nask Mary")
    assert (kept["D2"].font.bold, kept["D2"].font.italic, kept["D2"].number_format) == (True, True, '0.0" t"')
    assert kept["E2"].comment.text.endswith("from the 2024 survey")  # E2 is a problem too: a formula never calculated
    assert kept["E2"].value == "=100+20"
    assert kept.column_dimensions["A"].width == 44


def test_nothing_is_overwritten_unasked(here: Path) -> None:
    Path("marked.xlsx").write_text("mine")
    Path("folder.xlsx").mkdir()
    for target, words in [
        ("marked.xlsx", "--force replaces it"),
        ("bad.xlsx", "is the workbook itself"),
        ("./bad.xlsx", "is the workbook itself"),
        ("marked.xls", "ends in .xlsx"),
        ("folder.xlsx", "is a folder"),
    ]:
        result = check("bad.xlsx", "--mark", target)
        assert result.exit_code == 2
        assert words in result.stderr
    assert "is the workbook itself" in check("bad.xlsx", "--mark", "bad.xlsx", "--force").stderr
    assert Path("marked.xlsx").read_text() == "mine"
    assert "Marked copy" in check("bad.xlsx", "--mark", "marked.xlsx", "--force").stdout
    assert not [path for path in here.iterdir() if path.name.startswith(".")]


def test_sheets_and_cells_that_cannot_be_marked_are_listed(here: Path) -> None:
    book = bad()
    book["demand "] = book.pop("Demand")  # a name that the reader forgives
    del book["Sectors"]
    book["=Wages"] = [["=1+1"]]
    path = write_book(here / "odd.xlsx", book)
    given = load_workbook(path)
    given["demand "].merge_cells("C2:D2")
    given.save(path)
    found = load(path).problems
    marked = write_marked(path, here / "marked.xlsx", [*found, Problem("--set A/b=c", "x", "wrong", "mend")], [])
    copy = load_workbook(marked.path)
    assert copy["demand "]["A2"].fill.fgColor.rgb == RED
    assert copy["=Wages"]["A1"].fill.fgColor.rgb == RED
    listed = {row[0].value: row[0].hyperlink for row in copy["#Problems"].iter_rows(min_row=5)}
    assert listed["Sectors"] is None
    assert listed["--set A/b=c"] is None
    assert listed["=Wages"].location == "'=Wages'!A1"
    assert all(cell.data_type != "f" for row in copy["#Problems"] for cell in row)


def test_a_merged_cell_is_marked_where_it_shows(here: Path) -> None:
    book = load_workbook("bad.xlsx")
    book["Demand"]["F1"] = "# own"
    book["Demand"].merge_cells("F2:G3")
    book.save("bad.xlsx")
    write_marked(Path("bad.xlsx"), Path("marked.xlsx"), [Problem("Demand!G3", "x", "wrong", "mend")], [])
    assert load_workbook("marked.xlsx")["Demand"]["F2"].comment is not None


# --- what cannot be kept --------------------------------------------------------------------------------------------


def png(path: Path) -> Path:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\x00\xff\x00\x00")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b""))
    return path


def rich_book(folder: Path) -> Path:
    """A workbook with one of everything that a planner may have added."""
    path = folder / "rich.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, content in bad().items():
        page = book.add_worksheet(name)
        rows: Any = [["setting", "value"], *content.items()] if isinstance(content, dict) else content
        for number, row in enumerate(rows):
            for position, value in enumerate(row):
                page.write(number, position, value)
    page = book.add_worksheet("#Mine")
    for row in range(5):
        page.write_number(row, 0, row)
    page.write_formula("B1", "=SUM(A1:A5)", None, 10)
    page.write_rich_string("B2", "plain ", book.add_format({"bold": True}), "bold")
    page.write_comment("A1", "mine")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "='#Mine'!$A$1:$A$5"})
    page.insert_chart("D1", chart)
    page.insert_image("D20", str(png(folder / "dot.png")))
    page.insert_textbox("F20", "a note in a box")
    page.add_sparkline("C1", {"range": "'#Mine'!A1:A5"})
    page.conditional_format("A1:A5", {"type": "data_bar", "data_bar_2010": True})
    page.conditional_format("A1:A5", {"type": "cell", "criteria": ">", "value": 3, "format": book.add_format()})
    page.data_validation("A9", {"validate": "list", "source": "=Regions!$A$2:$A$9"})
    page.add_table("H1:I3", {"columns": [{"header": "a"}, {"header": "b"}]})
    book.define_name("mine", "='#Mine'!$A$1")
    book.close()
    return path


def test_what_cannot_be_kept_is_named(here: Path) -> None:
    path = rich_book(here)
    result = check(str(path), "--mark", "marked.xlsx", "--json")
    answer = json.loads(result.stdout)
    assert sorted(answer["not_kept"]) == [
        "1 x extension of a conditional format (data bar, icon)",
        "1 x shape or text box",
        "1 x sparkline",
    ]
    assert [remark.split()[0] for remark in answer["remarks"]] == ["formulas", "charts", "comments"]


def test_what_is_said_to_be_kept_is_kept(here: Path) -> None:
    write_marked(rich_book(here), Path("marked.xlsx"), [], [])
    book = load_workbook("marked.xlsx", rich_text=True)
    page = book["#Mine"]
    assert page["B1"].value == "=SUM(A1:A5)"
    assert [str(run) for run in page["B2"].value] == ["plain ", "bold"]
    assert page["A1"].comment.text == "mine"
    assert (len(page._charts), len(page._images), len(page.tables)) == (1, 1, 1)
    assert page.data_validations.dataValidation[0].formula1 == "Regions!$A$2:$A$9"
    assert len(page.conditional_formatting) == 1
    assert "mine" in book.defined_names


def test_a_workbook_that_loses_nothing_says_nothing(here: Path) -> None:
    assert "cannot be kept" not in check("bad.xlsx", "--mark", "marked.xlsx").stdout


def test_a_workbook_that_cannot_be_copied(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("xl/theme")

    monkeypatch.setattr("lodestone.report.excel.marked_copy.load_workbook", fail)
    with pytest.raises(UsageError, match="call check without --mark"):
        write_marked(Path("bad.xlsx"), Path("marked.xlsx"), [], [])
    assert not Path("marked.xlsx").exists()


@needs_office
def test_a_spreadsheet_opens_the_copy(here: Path) -> None:
    write_marked(rich_book(here), Path("marked.xlsx"), load("rich.xlsx").problems, [])
    again = load_workbook(saved_again(Path("marked.xlsx"), here), data_only=True)
    assert again["#Mine"]["B1"].value == 10  # calculated anew
    assert again["Demand"]["D2"].comment is not None
    assert again["Demand"]["D2"].fill.fgColor.rgb.endswith("FF9B9B")


def test_macros_stay_in_a_workbook_with_macros(here: Path) -> None:
    Path("vba.bin").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"macro" * 400)
    book = xlsxwriter.Workbook("macros.xlsm")
    book.add_vba_project("vba.bin")
    book.add_worksheet("Settings").write_row(0, 0, ["setting", "value"])
    book.close()
    assert "ends in .xlsm" in check("macros.xlsm", "--mark", "marked.xlsx").stderr
    assert "cannot be kept" not in check("macros.xlsm", "--mark", "marked.xlsm").stdout
    with zipfile.ZipFile("marked.xlsm") as archive:
        assert archive.read("xl/vbaProject.bin") == Path("vba.bin").read_bytes()


def test_a_blank_cell_keeps_the_format_of_its_column(here: Path) -> None:
    book = load_workbook(write_template(here / "form.xlsx"))
    book["Sectors"]["A2"] = "defence"
    book.save("form.xlsx")
    check("form.xlsx", "--mark", "marked.xlsx")
    marked = load_workbook("marked.xlsx")["Sectors"]["B2"]  # the cost of shortage is missing
    assert marked.fill.fgColor.rgb == RED
    assert marked.number_format == "#,##0.00"
