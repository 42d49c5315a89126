"""A copy of a planner's own workbook with its problems in red and its warnings in amber, and a list that leads to them.

openpyxl copies cells with their formats, formulas, comments, drop-downs, tables, charts and pictures. What it cannot
keep is found by comparing the parts of the file before and after, and named.
"""

from __future__ import annotations

import io
import os
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from lodestone import __version__
from lodestone.errors import Problem, UsageError
from lodestone.names import plain
from lodestone.plan.formatting import count, one_line
from lodestone.system.scratch import scratch
from lodestone.workbook.file.archive import MB, is_xml, read_bytes, require_harmless

RED, AMBER = PatternFill("solid", fgColor="FF9B9B"), PatternFill("solid", fgColor="FFD166")
HEADING = PatternFill("solid", fgColor="1F3A4D")
LIST = "#Problems"  # the reader skips sheets whose name starts with #
ADDRESS = re.compile(r"[A-Z]+[0-9]+")
COLUMNS = (("Cell", 24), ("Kind", 12), ("What stands there", 28), ("What is wrong", 60), ("How to mend", 60))

# What the parts of a file hold, by the beginning of their names, and elements inside of parts, by a pattern.
PARTS = {
    "xl/charts/chart": "chart",
    "xl/charts/style": "style of a chart",
    "xl/charts/colors": "colours of a chart",
    "xl/chartEx": "chart of a newer kind",
    "xl/media/": "picture",
    "xl/diagrams/data": "SmartArt",
    "xl/slicers/": "slicer",
    "xl/timelines/": "timeline",
    "xl/pivotTables/": "pivot table",
    "xl/tables/": "table",
    "xl/queryTables/": "query",
    "xl/connections": "list of data connections",
    "xl/model/": "data model",
    "customXml/item": "part of custom XML (such as a Power Query)",
    "xl/externalLinks/externalLink": "link to another workbook",
    "xl/ctrlProps/": "form control",
    "xl/activeX/activeX": "ActiveX control",
    "xl/embeddings/": "embedded object",
    "xl/threadedComments/": "thread of replies (its text stays as a comment)",
    "xl/richData/": "part of cells with data types or pictures",
    "xl/metadata.xml": "mark of dynamic array formulas",
    "xl/printerSettings/": "choice of a printer",
    "xl/vbaProject.bin": "set of macros",
    "_xmlsignatures/sig": "digital signature",
}
ELEMENTS = {
    rb"<(?:xdr:)?(?:sp|cxnSp|grpSp)[ >]": "shape or text box",
    rb"<x14:sparkline>": "sparkline",
    rb"<x14:dataValidation[ >]": "drop-down that refers to another sheet in the way of Excel 2010",
    rb"<x14:cfRule[ >]": "extension of a conditional format (data bar, icon)",
    rb"<(?:\w+:)?legacyDrawingHF[ >]": "picture in a header or footer",
}
AREAS = rb"<(?:[\w.-]+:)?(?:mergeCell|hyperlink)\s([^>]*)>"
MOST_COVERED = 200_000  # cells
MOST_COPIED = 48 * MB  # of XML, in which openpyxl takes up to 20 times as much memory
UNREADABLE = (AttributeError, IndexError, KeyError, ParseError, TypeError, ValueError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Marked:
    """The copy. cells: how many are coloured; lost: what it lacks; remarks: what looks different."""

    path: Path
    cells: int
    lost: tuple[str, ...]
    remarks: tuple[str, ...]


def check_target(source: Path, target: Path, force: bool) -> None:
    """Raise UsageError if the copy may not be written: over the workbook itself, over a file, of another kind."""
    if target.exists() and target.is_dir():
        raise UsageError(f"{target} is a folder; name a file")
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target} is the workbook itself; name another file for the marked copy")
    if target.exists() and not force:
        raise UsageError(f"{target} exists; --force replaces it")
    if target.suffix.lower() != source.suffix.lower():
        raise UsageError(f"{target}: the name of the copy ends in {source.suffix}, like that of the workbook")


def write_marked(
    source: Path, target: Path, problems: Sequence[Problem], doubts: Sequence[Problem], force: bool = False
) -> Marked:
    """Write the marked copy. doubts: the warnings.

    Raises UsageError when the target is not to be written, or the workbook cannot be copied.
    """
    check_target(source, target, force)
    data = read_bytes(source)
    book = _open(source, data)
    places = _places(book, [*((p, RED) for p in problems), *((p, AMBER) for p in doubts)])
    for cell, found in places.items():
        _mark(_as_its_column(book[cell[0]][cell[1]]), found)
    _list(book, source.name, problems, doubts)
    book.calculation.fullCalcOnLoad = True
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        copied = io.BytesIO()  # openpyxl leaves a broken zip file to complain about where the disk is full
        book.save(copied)
        lost, remarks = _lost(data, copied.getvalue()), _remarks(data)
        with scratch(target.parent) as folder:
            (folder / target.name).write_bytes(copied.getvalue())
            os.replace(folder / target.name, target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error} (is it open in Excel?)") from error
    return Marked(target, len(places), lost, remarks)


def _open(source: Path, data: bytes) -> Workbook:
    """openpyxl reads every part, and makes a cell of each that is under a merged area or a link."""
    require_harmless(source, data, MOST_COPIED)
    if _covered(data) > MOST_COVERED:
        raise UsageError(f"{source} has merged cells or links over whole columns: call check without --mark")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is not kept is said afterwards, in full
            return load_workbook(io.BytesIO(data), keep_vba=source.suffix.lower() == ".xlsm", rich_text=True)
    except UNREADABLE as error:
        raise UsageError(f"{source} cannot be copied ({one_line(error)}); call check without --mark") from error


def _covered(data: bytes) -> float:
    """How many cells merged areas and links cover."""
    covered = 0.0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if is_xml(name) and (areas := re.findall(AREAS, archive.read(name))):
                covered += sum(_size(unescape(area.decode(errors="replace"))) for area in areas)
    return covered


def _size(attributes: str) -> float:
    """Cells in the area that an element is about; infinite when it cannot be read."""
    found = re.search(r"""\bref\s*=\s*["']([^"']*)["']""", attributes)
    try:
        left, top, right, bottom = range_boundaries(found[1] if found else "")
        return float((right - left + 1) * (bottom - top + 1))
    except (TypeError, ValueError):
        return float("inf")


# --- cells ----------------------------------------------------------------------------------------------------------

Places = dict[tuple[str, str], list[tuple[Problem, PatternFill]]]


def _places(book: Workbook, found: Sequence[tuple[Problem, PatternFill]]) -> Places:
    """(sheet, cell) -> what is said of it; of a sheet as a whole its first cell. What stands nowhere is left out."""
    titles = {plain(page.title): page.title for page in book.worksheets}
    places: Places = {}
    for problem, fill in found:
        place = _place(problem, titles)
        if place is not None:
            places.setdefault(_uncovered(book[place[0]], place), []).append((problem, fill))
    return places


def _place(problem: Problem, titles: Mapping[str, str]) -> tuple[str, str] | None:
    sheet, _, address = problem.cell.rpartition("!") if "!" in problem.cell else (problem.cell, "", "A1")
    title = titles.get(plain(sheet))
    return (title, address) if title is not None and ADDRESS.fullmatch(address) else None


def _uncovered(page: Worksheet, place: tuple[str, str]) -> tuple[str, str]:
    """Of a cell that is hidden under a merged one, the cell that shows."""
    if isinstance(page[place[1]], MergedCell):
        covering = next(area for area in page.merged_cells.ranges if place[1] in area)
        return place[0], str(covering.start_cell.coordinate)
    return place


def _as_its_column(cell: Cell) -> Cell:
    """A blank cell that was not there before, with the format that its column gives it."""
    if cell.value is None and not cell.has_style:
        columns = cell.parent.column_dimensions.values()
        for column in columns:
            if column.min <= cell.column <= column.max:
                cell.number_format, cell.font = column.number_format, copy(column.font)
                cell.alignment, cell.border = copy(column.alignment), copy(column.border)
    return cell


def _mark(cell: Cell, found: Sequence[tuple[Problem, PatternFill]]) -> None:
    """Colour it, and say why in a comment, above what a comment there has said before."""
    said = [
        f"{'Problem' if fill is RED else 'Warning'}: {one_line(problem.wrong)}\nTo mend: {one_line(problem.mend)}"
        for problem, fill in found
    ]
    before = [cell.comment.text] if cell.comment else []
    text = "\n\n".join([*said, *before])
    cell.fill = RED if any(fill is RED for _, fill in found) else AMBER
    cell.comment = Comment(
        text, "Lodestone", width=340, height=30 + 18 * sum(1 + len(x) // 50 for x in text.split("\n"))
    )


# --- the list -------------------------------------------------------------------------------------------------------


def _list(book: Workbook, name: str, problems: Sequence[Problem], doubts: Sequence[Problem]) -> None:
    """The sheet of all problems, first in the workbook, with links to their cells."""
    taken = {title.casefold() for title in book.sheetnames}
    tries = (LIST if n == 1 else f"{LIST} {n}" for n in range(1, len(taken) + 2))
    page = book.create_sheet(next(title for title in tries if title.casefold() not in taken), 0)
    for other in book.worksheets:
        other.sheet_view.tabSelected = False  # with two sheets selected Excel would write into both
    book.active = 0
    page["A1"] = f"{count(len(problems), 'problem')}, {count(len(doubts), 'warning')} in {one_line(name)}"
    name_of_font = page["A1"].font.name  # the planner's own
    page["A1"].font = Font(name=name_of_font, bold=True, size=14)
    page["A2"] = f"Found by lodestone check {__version__}. A click on a cell's name leads to it."
    for position, (heading, width) in enumerate(COLUMNS, start=1):
        cell = page.cell(4, position, heading)
        cell.font, cell.fill = Font(name=name_of_font, bold=True, color="FFFFFF"), HEADING
        page.column_dimensions[cell.column_letter].width = width
    titles = {plain(other.title): other.title for other in book.worksheets}
    rows = [*(("problem", problem) for problem in problems), *(("warning", doubt) for doubt in doubts)]
    for row, (kind, problem) in enumerate(rows, start=5):
        for position, text in enumerate((problem.cell, kind, problem.found, problem.wrong, problem.mend), start=1):
            cell = page.cell(row, position)
            cell.value = one_line(text)
            cell.data_type = "s"  # a formula that is quoted stays text
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        texts = zip((problem.found, problem.wrong, problem.mend), (26, 56, 56), strict=True)  # characters in a line
        lines = max(1 + len(text) // wide for text, wide in texts)
        page.row_dimensions[row].height = 15 * lines
        page.cell(row, 2).fill = RED if kind == "problem" else AMBER
        place = _place(problem, titles)
        if place is not None:
            cell = page.cell(row, 1)
            sheet = place[0].replace("'", "''")
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet}'!{place[1]}")
            cell.font = Font(name=name_of_font, color="0563C1", underline="single")
    page.freeze_panes = "A5"
    page.auto_filter.ref = f"A4:E{max(4 + len(rows), 5)}"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "4:4"


# --- what is not kept -----------------------------------------------------------------------------------------------


def _features(data: bytes) -> Counter[str]:
    """What a workbook holds beside its cells."""
    found: Counter[str] = Counter()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith(".rels"):
                continue
            found.update(words for start, words in PARTS.items() if name.startswith(start))
            if name.startswith(("xl/worksheets/", "xl/drawings/")):
                part = archive.read(name)
                for pattern, words in ELEMENTS.items():
                    found[words] += len(re.findall(pattern, part))
    return found


def _lost(before: bytes, after: bytes) -> tuple[str, ...]:
    """'2 sparklines': what the copy has less of."""
    less = _features(before) - _features(after)
    return tuple(f"{number} x {words}" for words, number in less.items())


def _remarks(data: bytes) -> tuple[str, ...]:
    """What is kept, but not as it was."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        formulas = any(re.search(rb"<f[ >]", archive.read(n)) for n in names if n.startswith("xl/worksheets/sheet"))
    said: list[tuple[bool, str]] = [
        (formulas, "formulas are calculated anew when a spreadsheet opens the copy; save it there before a solve"),
        (any(n.startswith("xl/charts/chart") for n in names), "charts are drawn anew: finer formats may differ"),
        (any(n.startswith("xl/comments") for n in names), "comments keep their text, not their size and colours"),
    ]
    return tuple(remark for holds, remark in said if holds)
