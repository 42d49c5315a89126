"""The XML of a sheet read in pieces: the same cells, however it is cut and however it is written."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from tests.make import packed, tiny, with_plants, write_book

from lodestone.workbook.file import worksheet
from lodestone.workbook.file.xlsx import read_sheets

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheets(data: bytes):
    return {sheet.name: sheet.rows for sheet in read_sheets(Path("book.xlsx"), data)}


def rewritten(data: bytes, part: str, change) -> bytes:
    """A copy of a workbook in which the XML of a part is changed."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(new, "w") as copy:
        for name in old.namelist():
            content = old.read(name)
            copy.writestr(name, change(content) if name == part else content)
    return new.getvalue()


@pytest.fixture
def book(tmp_path: Path) -> bytes:
    return write_book(tmp_path / "book.xlsx", tiny()).read_bytes()


@pytest.mark.parametrize("at_once", [1, 200, 5000])
def test_pieces_hold_together_what_the_sheet_holds(book, monkeypatch, at_once):
    expected = sheets(book)
    assert all(rows for rows in expected.values())
    monkeypatch.setattr(worksheet, "AT_ONCE", at_once)
    assert sheets(book) == expected


def test_rows_without_numbers_are_counted_across_pieces(monkeypatch):
    monkeypatch.setattr(worksheet, "AT_ONCE", 1)
    rows = "".join(f"<row><c><v>{i}</v></c></row>" for i in (10, 20, 30))
    xml = f'<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    found = worksheet.read_sheet("sheet", xml, worksheet.Common()).rows
    assert found == {1: {1: 10.0}, 2: {1: 20.0}, 3: {1: 30.0}}


@pytest.mark.parametrize(
    "rows",
    [
        "<row><c t='str'><v><![CDATA[a </row> b]]></v></c></row><row><c><v>2</v></c></row>",
        "<row><!-- </row> --><c t='str'><v>a &lt;/row&gt; b</v></c></row><row><c><v>2</v></c></row>",
    ],
)
def test_an_end_of_row_that_is_none_is_seen_through(monkeypatch, rows):
    monkeypatch.setattr(worksheet, "AT_ONCE", 1)
    xml = f'<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    found = worksheet.read_sheet("sheet", xml, worksheet.Common()).rows
    assert found == {1: {1: "a </row> b"}, 2: {1: 2.0}}


def test_a_workbook_packed_for_a_test_is_read_as_one_that_was_written(tmp_path):
    for book in (tiny(), with_plants()):
        assert sheets(packed(book)) == sheets(write_book(tmp_path / "book.xlsx", book).read_bytes())


def test_names_with_a_prefix_are_read_whole(book):
    """Some programs write <x:row>; it is read in pieces all the same."""

    def prefixed(xml: bytes) -> bytes:
        text = xml.decode().replace(f'xmlns="{SPACE}"', f'xmlns:x="{SPACE}"')
        return re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", text).encode()

    part = "xl/worksheets/sheet2.xml"
    assert sheets(rewritten(book, part, prefixed)) == sheets(book)


def test_an_empty_sheet_has_no_rows():
    for data in ("<sheetData/>", "<sheetData></sheetData>", ""):
        xml = f'<worksheet xmlns="{SPACE}">{data}</worksheet>'.encode()
        assert worksheet.read_sheet("sheet", xml, worksheet.Common()).rows == {}


@pytest.mark.parametrize("cut", [len("et>"), len("</worksheet>"), len("</sheetData></worksheet>"), 200])
def test_a_sheet_that_is_cut_off_is_damaged(book, cut):
    """Also where all its rows are there: what is missing could say that cells are merged."""
    with pytest.raises(Exception, match="damaged"):
        sheets(rewritten(book, "xl/worksheets/sheet2.xml", lambda xml: xml.rstrip()[:-cut]))
