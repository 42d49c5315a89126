"""Workbooks that Excel opens although it writes none like them: the same cells, or one problem by name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from tests.make import load_book, only_problem, tiny, write_book

from lodestone.workbook.file.worksheet import Common, Unreadable, read_sheet
from lodestone.workbook.file.xlsx import ErrorValue, NoValue, read_sheets
from lodestone.workbook.inputs import load

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LANES = "xl/worksheets/sheet6.xml"  # of tiny()
Parts = dict[str, bytes]


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts) -> bytes:
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return new.getvalue()


def cells(data: bytes):
    return {sheet.name: sheet.rows for sheet in read_sheets(Path("book.xlsx"), data)}


@pytest.fixture
def written(tmp_path: Path) -> bytes:
    """tiny() with shared strings, as Excel has them."""
    path = tmp_path / "book.xlsx"
    content = tiny()
    content["Settings"] = [["setting", "value"], *map(list, content["Settings"].items())]
    with xlsxwriter.Workbook(path) as workbook:
        for name, rows in content.items():
            sheet = workbook.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path.read_bytes()


def in_relations(old: str, new: str) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        name = "xl/_rels/workbook.xml.rels"
        found = parts[name].decode()
        assert old in found
        return {**parts, name: found.replace(old, new).encode()}

    return change


def at_the_root(parts: Parts) -> Parts:
    """workbook.xml beside _rels, sheets beside both."""
    moved = {name.removeprefix("xl/").removeprefix("worksheets/"): xml for name, xml in parts.items()}
    moved["_rels/.rels"] = parts["_rels/.rels"].replace(b"xl/workbook.xml", b"workbook.xml")
    moved["_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"worksheets/", b"")
    return moved


WAYS = {
    "backslashes": lambda parts: {name.replace("/", "\\"): xml for name, xml in parts.items()},
    "capitals": lambda parts: {name.upper(): xml for name, xml in parts.items()},
    "SharedStrings.xml": lambda parts: {name.replace("shared", "Shared"): xml for name, xml in parts.items()},
    "a slash before": lambda parts: {"/" + name: xml for name, xml in parts.items()},
    "folders listed": lambda parts: {"xl/": b"", "xl/worksheets/": b"", **parts},
    "the package root": at_the_root,
    "./": in_relations('Target="worksheets/', 'Target="./worksheets/'),
    "../": in_relations('Target="worksheets/', 'Target="../xl/worksheets/'),
    "absolute": in_relations('Target="worksheets/', 'Target="/xl/worksheets/'),
    "absolute with backslashes": in_relations('Target="worksheets/', 'Target="\\xl\\worksheets\\'),
    "other case": in_relations('Target="worksheets/', 'Target="Worksheets/'),
    "per cent": in_relations('Target="worksheets/s', 'Target="worksheets/%73'),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_parts_are_found_however_they_are_written(written: bytes, way: Callable[[Parts], Parts]) -> None:
    assert cells(packed(way(parts_of(written)))) == cells(written)


def test_parts_that_differ_in_case_only_are_two_of_one_name(written: bytes) -> None:
    """Programs differ in which of them they read."""
    parts = parts_of(written)
    with pytest.raises(Exception, match="damaged"):
        cells(packed({**parts, LANES.upper(): parts[LANES]}))


def sheet(rows: str, **common):
    """The rows of a sheet with this in its sheetData."""
    xml = f'<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData></worksheet>'
    return read_sheet("sheet", xml.encode(), Common(**common)).rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # places: what has none follows what came before, blank or not
        ('<row><c r="D2" s="0"/><c><v>1</v></c></row>', {1: {5: 1}}),
        ('<row r="2"><c r="B2" s="0"/><c r="D2" s="0"/><c><v>1</v></c><c><v>2</v></c></row>', {2: {5: 1, 6: 2}}),
        ('<row r="2"><c r="B2"/></row><row><c><v>1</v></c></row>', {3: {1: 1}}),
        ('<row r="4"/><row r="7"></row><row><c><v>1</v></c></row>', {8: {1: 1}}),
        ('<row r="4"/><row r="7"/><row r="9"><c><v>1</v></c></row>', {9: {1: 1}}),
        ('<row><c><v>1</v></c><c/><c r="F1"/><c><v>2</v></c></row>', {1: {1: 1, 7: 2}}),
        ('<row r="2"><c r="C2"><v>1</v></c><c r="A2"><v>2</v></c></row>', {2: {3: 1, 1: 2}}),
        # texts
        ('<row><c t="inlineStr"><is><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r></is></c></row>', {1: {1: "ab"}}),
        ('<row><c t="inlineStr"><v>0</v><is><t>name</t></is></c></row>', {1: {1: "name"}}),
        ("<row><c><is><t>7</t></is></c></row>", {1: {1: "7"}}),
        ('<row><c t="inlineStr"><is><t xml:space="preserve"> a  b </t><rPh><t>x</t></rPh></is></c></row>',
         {1: {1: "a  b"}}),
        ('<row><c t="str"><f>A1</f><v></v></c><c t="str"/><c t="inlineStr"/></row>', {}),
        ('<row><c t="str"><v>a_x000D_b_x005F_x000D_</v></c></row>', {1: {1: "a\rb_x000D_"}}),
        ('<row><c t="str"><v>#N/A</v></c></row>', {1: {1: ErrorValue("#N/A")}}),
        # numbers and the like
        ('<row>\n<c>\n<v>\n 5 </v>\n</c>\n<c t="b"><v> 1\n</v></c></row>', {1: {1: 5, 2: True}}),
        ('<row><c t="b"><v>true</v></c><c t="b"><v>false</v></c><c t="b"><v>0</v></c></row>',
         {1: {1: True, 2: False, 3: False}}),
        ('<row><c t="n"><v>1E-2</v></c><c><v>-3.5e+2</v></c></row>', {1: {1: 0.01, 2: -350}}),
        ('<row><c t="s"><v> 1 </v></c></row>', {1: {1: "second"}}),
        # what says that it is something and is not
        ("<row><c><v>abc</v></c><c><v>1_000</v></c><c><v>\N{FULLWIDTH DIGIT ONE}</v></c></row>",
         {1: {1: Unreadable("abc"), 2: Unreadable("1_000"), 3: Unreadable("\N{FULLWIDTH DIGIT ONE}")}}),
        ('<row><c t="b"><v>2</v></c><c t="b"><v>yes</v></c></row>', {1: {1: Unreadable("2"), 2: Unreadable("yes")}}),
        ('<row><c t="d"><v>12:30:00</v></c><c t="d"><v>soon</v></c></row>',
         {1: {1: Unreadable("12:30:00"), 2: Unreadable("soon")}}),
        ('<row><c t="x"><v>1</v></c></row>', {1: {1: Unreadable("1")}}),
        ('<row><c t="e"><v></v></c><c><v> </v></c></row>', {1: {1: Unreadable("(an error)")}}),
        # formulas
        ('<row><c><f>1+1</f></c><c><f t="shared" si="0"/></c></row>', {1: {1: NoValue("=1+1"), 2: NoValue("=")}}),
        ('<row><c><f>1+1</f><v>2</v></c><c><f>A1-2</f><v>0</v></c></row>', {1: {1: 2, 2: 0}}),
    ],
)  # fmt: skip
def test_a_cell_is_what_excel_takes_it_for(rows: str, expected) -> None:
    assert sheet(rows, shared=["first", "second"]) == expected


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A5"><v>1</v></c></row>',  # a cell of another row
        '<row r="2"><c xmlns="urn:other"><v>1</v></c></row>',
        '<row xmlns="urn:other"><c><v>1</v></c></row>',
        '<row><c t="s"><v>7</v></c></row>',  # of two strings
    ],
)
def test_cells_are_not_lost_in_silence(rows: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        sheet(rows, shared=["first", "second"])


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace("<sheetData>", '<sheetData xmlns:q="urn:q">').replace("<row ", '<row q:note="1" '),
        lambda xml: xml.replace("<worksheet ", '<worksheet note="a > b" '),
        lambda xml: xml.replace("<worksheet ", "<worksheet note='\">' "),
        lambda xml: "\N{BYTE ORDER MARK}" + xml,
        lambda xml: xml.replace("</sheetData>", "</sheetData >"),
        lambda xml: xml.replace("<sheetData>", "<!-- <sheetData> --><sheetData>"),
        lambda xml: xml.replace(SPACE, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        lambda xml: re.sub(r"><(?=row|c |v|/row|/c>)", ">\n  <", xml),
        lambda xml: re.sub(r' r="[A-Z]+[0-9]+"', "", xml),
        lambda xml: re.sub(r'<row r="[0-9]+"', "<row", xml),
        lambda xml: re.sub(r'<c r="([A-Z]+[0-9]+)"([^>]*)>', r"<c\2 r='\1'>", xml),
        lambda xml: re.sub(r"<v>([0-9]+)</v>", r"<v><![CDATA[\1]]></v>", xml),
    ],
)  # fmt: skip
def test_one_sheet_written_in_other_ways(written: bytes, change: Callable[[str], str]) -> None:
    parts = parts_of(written)
    changed = change(parts[LANES].decode())
    assert changed != parts[LANES].decode()
    assert cells(packed({**parts, LANES: changed.encode()})) == cells(written)


def test_a_part_that_is_no_sheet_is_not_an_empty_one(written: bytes) -> None:
    parts = parts_of(written)
    renamed = parts[LANES].replace(b"<worksheet", b"<chartsheet").replace(b"</worksheet", b"</chartsheet")
    with pytest.raises(Exception, match="damaged"):
        cells(packed({**parts, LANES: renamed}))


def test_a_time_in_a_note_is_a_note_and_in_a_number_one_problem(tmp_path: Path) -> None:
    book = tiny()
    book["Lanes"][0] += ["note"]
    book["Lanes"][1] += ["when"]
    path = write_book(tmp_path / "book.xlsx", book)
    parts = parts_of(path.read_bytes())
    timed = parts[LANES].replace(b't="inlineStr"><is><t>when</t></is>', b't="d"><v>12:30:00</v>')
    assert timed != parts[LANES]
    path.write_bytes(packed({**parts, LANES: timed}))
    assert load(path).problems == ()

    broken = parts[LANES].replace(b'<c r="D2" t="n"><v>1</v>', b'<c r="D2" t="d"><v>12:30:00</v>')
    path.write_bytes(packed({**parts, LANES: broken}))
    problem = only_problem(load(path))
    assert (problem.cell, problem.found) == ("Lanes!D2", "12:30:00")
    assert "type it again" in problem.mend


# --- formulas that nobody calculated ----------------------------------------------------------------------------------


def with_formula(path: Path, formula: str, value: object = 0, array: bool = False) -> Path:
    """tiny() as XlsxWriter writes it, Demand!D2 being a formula."""
    content = tiny()
    content["Settings"] = [["setting", "value"], *map(list, content["Settings"].items())]
    with xlsxwriter.Workbook(path) as workbook:
        for name, rows in content.items():
            page = workbook.add_worksheet(name)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
        demand = workbook.get_worksheet_by_name("Demand")
        if array:
            demand.write_array_formula("D2:E2", formula, None, value)
        else:
            demand.write_formula("D2", formula, None, value)
    return path


def edited(path: Path, part: str, old: bytes, new: bytes) -> Path:
    parts = parts_of(path.read_bytes())
    assert old in parts[part]
    path.write_bytes(packed({**parts, part: parts[part].replace(old, new)}))
    return path


ON_OPENING = b' fullCalcOnLoad="1"'


def test_a_result_of_0_that_nobody_calculated(tmp_path: Path) -> None:
    """XlsxWriter, and so R and pandas, store 0 for every formula, and ask Excel to calculate when it opens the file."""
    problem = only_problem(load(with_formula(tmp_path / "book.xlsx", "=50*2")))
    assert (problem.cell, problem.found) == ("Demand!D2", "=50*2")
    assert problem.mend == "open and save it in Excel"


def test_an_array_formula_fills_its_other_cells_with_0(tmp_path: Path) -> None:
    inputs = load(with_formula(tmp_path / "book.xlsx", "={50*{2,3}}", array=True))
    assert [problem.cell for problem in inputs.problems] == ["Demand!D2", "Demand!E2"]


def test_a_result_of_0_that_excel_or_libreoffice_stored(tmp_path: Path) -> None:
    path = with_formula(tmp_path / "book.xlsx", "=50-50")
    assert load(edited(path, "xl/workbook.xml", ON_OPENING, b"")).problems == ()
    path = with_formula(path, "=50-50")
    calculated = path.with_name("calculated.xlsx")
    chain = '<Relationship Id="c" Type="http://x/relationships/calcChain" Target="calcChain.xml"/></Relationships>'
    edited(path, "xl/_rels/workbook.xml.rels", b"</Relationships>", chain.encode())
    calculated.write_bytes(packed({**parts_of(path.read_bytes()), "xl/calcChain.xml": b"<calcChain/>"}))
    assert load(calculated).problems == ()


@pytest.mark.parametrize(
    ("calculation", "says"),
    [
        (b' calcMode="manual"', "calculates by hand"),
        (b' calcCompleted="0"', "before its formulas were calculated"),
        (ON_OPENING, "asks for its formulas to be calculated"),
        (b"", None),
    ],
)
def test_results_that_may_be_old_are_a_warning(tmp_path: Path, calculation: bytes, says: str | None) -> None:
    path = edited(with_formula(tmp_path / "book.xlsx", "=50*2", 100), "xl/workbook.xml", ON_OPENING, calculation)
    inputs = load(path)
    assert inputs.problems == ()
    assert [(warning.cell, says in warning.wrong) for warning in inputs.warnings] == (
        [("Demand!D2", True)] if says else []
    )


def test_how_a_workbook_without_formulas_calculates_is_no_matter(tmp_path: Path) -> None:
    assert load_book(tmp_path, tiny()).warnings == ()
