"""Tables that go straight to the sheet are those that xlsxwriter writes cell by cell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from openpyxl import load_workbook

from lodestone.plan.tables import Column
from lodestone.report.excel.streamed import StreamedSheet
from lodestone.report.excel.styles import Styles, write_grid

COLUMNS = (Column("name", "", ""), Column("t", "t", ""), Column("year", "", ""), Column("x", "any", ""))
ROWS: list[list[Any]] = [
    ["ore", 1.23456789, 2030, 1.23456789],
    ["ore", -1e-9, 2031, None],
    ["R&D <5", None, None, "=1+1"],
    ["=SUM(A1)", 2.0, 2030, True],
    [" led by a space", 3.0, 2032, ("a", "b")],
    ["tab\tand bell\a", 0.5, 2030, "ore"],
    ["", 7.0, 2030, 1e-12],
    ["ore", 8.0, 2030, "linked"],
    ["all", 9.0, None, 1],
]


def grid(path: Path, kind: type | None) -> list[list[tuple[Any, ...]]]:
    """Of each cell of the table: value, number format, bold, indent, and where it leads."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("T", kind)
    links = {3: lambda row: "internal:T!A1" if row[3] == "linked" else None}
    write_grid(Styles(book), sheet, COLUMNS, ROWS, totals=1, links=links, back="T")
    book.close()
    read = load_workbook(path)["T"]
    return [
        [(c.value, c.number_format, c.font.b, c.alignment.indent, c.hyperlink and c.hyperlink.location) for c in row]
        for row in read.iter_rows(min_row=1, max_row=len(ROWS) + 1, max_col=4)
    ]


def test_the_same_cells(tmp_path: Path) -> None:
    assert grid(tmp_path / "a.xlsx", StreamedSheet) == grid(tmp_path / "b.xlsx", None)


def test_what_stands_there(tmp_path: Path) -> None:
    values = [[cell[0] for cell in row] for row in grid(tmp_path / "a.xlsx", StreamedSheet)[1:]]
    assert values == [
        ["ore", 1.234568, 2030, 1.23456789],  # rounded but where the column is exact
        ["ore", 0, 2031, None],
        ["R&D <5", None, None, "=1+1"],
        ["=SUM(A1)", 2, 2030, "yes"],
        [" led by a space", 3, 2032, "a, b"],
        ["tab\tand bell_x0007_", 0.5, 2030, "ore"],  # as Excel writes it
        [None, 7, 2030, 1e-12],
        ["ore", 8, 2030, "linked"],
        ["all", 9, None, 1],
    ]


def test_a_text_stands_once_in_the_file_however_often_it_is_shown(tmp_path: Path) -> None:
    grid(tmp_path / "a.xlsx", StreamedSheet)
    with ZipFile(tmp_path / "a.xlsx") as file:
        shared = file.read("xl/sharedStrings.xml").decode()
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    # In the first column three times ore, and two other texts that begin with a letter.
    assert re.search(r'count="(\d+)" uniqueCount="(\d+)"', shared).groups() == ("5", "3")  # type: ignore[union-attr]
    assert len(re.findall(r't="s"', sheet)) == 5
    assert shared.count("ore") == 1


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True})
    with pytest.raises(TypeError, match="NAN/INF"):
        write_grid(Styles(book), book.add_worksheet("T", StreamedSheet), COLUMNS, [["ore", float("nan"), 1, 1]])
