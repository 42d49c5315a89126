"""The cells of an .xlsx file: its parts found and put together; no schema here.

Only the stored values are read. A spreadsheet is a zip of XML parts; reading the parts directly tells apart what a
reader library blurs: a formula never calculated, an error value, a number that is shown as a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from lodestone.errors import UsageError
from lodestone.workbook.file.archive import Parts, Refused, opened, parsed, part_name
from lodestone.workbook.file.worksheet import (
    FALSE,
    TRUE,
    CellValue,
    Common,
    ErrorValue,
    NoValue,
    RawSheet,
    Row,
    Unreadable,
    area_name,
    children,
    column_letters,
    pieces,
    plain_text,
    read_sheet,
    tag_of,
)

__all__ = (
    "CellValue",
    "ErrorValue",
    "NoValue",
    "RawSheet",
    "Row",
    "Unreadable",
    "area_name",
    "column_letters",
    "read_sheets",
)


def read_sheets(path: Path, data: bytes) -> list[RawSheet]:
    """All worksheets of a workbook, hidden ones too, in workbook order. Raises UsageError when it is not usable."""
    with opened(path, data) as parts:
        sheets = list(_sheets(parts))
    if not any(sheet.rows for sheet in sheets):
        raise UsageError(f"{path} is an empty workbook: start from the blank template or from an example")
    return sheets


def _sheets(archive: Parts) -> Iterator[RawSheet]:
    """Follow workbook.xml and its relations to each worksheet part."""
    book_part = next(target for kind, target in _relations(archive, "") if kind == "officeDocument")
    book = archive.parse(book_part)
    if tag_of(book) != "workbook":
        raise Refused("is not an Excel workbook: name a file that was saved as .xlsx")
    targets = {ident: (kind, target) for ident, kind, target in _identified_relations(archive, book_part)}
    parts = dict(_relations(archive, book_part))
    common = _common(archive, book, parts)
    for sheet in (element for group in children(book, "sheets") for element in children(group, "sheet")):
        ident = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
        kind, target = targets[ident]
        if kind == "worksheet":
            hidden = sheet.get("state", "visible") != "visible"
            yield read_sheet(sheet.attrib["name"], archive.read(target), common, hidden=hidden)


def _identified_relations(archive: Parts, part: str) -> Iterator[tuple[str, str, str]]:
    """(id, kind, part) of everything that a part points to."""
    folder, _, name = part.rpartition("/")
    for relation in archive.parse(part_name(f"{folder}/_rels/{name}.rels")):
        target = relation.attrib["Target"]
        full = part_name(target if target[:1] in ("/", "\\") else f"{folder}/{target}")
        yield relation.attrib["Id"], relation.attrib["Type"].rpartition("/")[2], full


def _relations(archive: Parts, part: str) -> Iterator[tuple[str, str]]:
    return ((kind, target) for _, kind, target in _identified_relations(archive, part))


def _common(archive: Parts, book: ElementTree.Element, parts: Mapping[str, str]) -> Common:
    properties = {name: value for item in children(book, "workbookPr") for name, value in item.attrib.items()}
    calculation = {name: value for item in children(book, "calcPr") for name, value in item.attrib.items()}
    on_opening = calculation.get("fullCalcOnLoad") in TRUE
    recalculation = (
        "manual"
        if calculation.get("calcMode") == "manual"
        else "unfinished"
        if calculation.get("calcCompleted") in FALSE
        else "on opening"
        if on_opening
        else ""
    )
    dated, struck = _styles(archive, parts.get("styles"))
    return Common(
        shared=_shared_strings(archive, parts.get("sharedStrings")),
        dated=dated,
        struck=struck,
        epoch=datetime(1904, 1, 1) if properties.get("date1904") in TRUE else datetime(1899, 12, 30),
        # Programs that write formulas without calculating them ask for it on opening, and give 0 as result. Excel
        # keeps its order of calculation beside the sheets, and no program that does not calculate writes one.
        uncalculated=on_opening and parts.get("calcChain") not in archive.names,
        recalculation=recalculation,
    )


def _shared_strings(archive: Parts, part: str | None) -> list[CellValue | None]:
    if part is None or part not in archive.names:
        return []
    cut = pieces(archive.read(part), (b"sst",), b"si")
    return [plain_text(item) for piece in cut for item in parsed(piece) if tag_of(item) == "si"]


def _styles(archive: Parts, part: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """The cell styles (as written in a cell) that show a number as a date or time, and those that strike it through."""
    if part is None or part not in archive.names:
        return frozenset(), frozenset()
    root = archive.parse(part)
    custom = {
        element.attrib["numFmtId"]: element.attrib.get("formatCode", "")
        for element in root.iter()
        if tag_of(element) == "numFmt"
    }
    fonts = [font for group in children(root, "fonts") for font in children(group, "font")]
    lines = {
        str(number)
        for number, font in enumerate(fonts)
        if any(line.get("val", "1") in TRUE for line in children(font, "strike"))
    }
    formats = [style for group in children(root, "cellXfs") for style in group]
    dated = [str(i) for i, style in enumerate(formats) if _is_date_format(style.get("numFmtId", "0"), custom)]
    return frozenset(dated), frozenset(str(i) for i, style in enumerate(formats) if style.get("fontId") in lines)


BUILT_IN_DATES = frozenset(str(n) for n in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))


def _is_date_format(number: str, custom: Mapping[str, str]) -> bool:
    if number not in custom:
        return number in BUILT_IN_DATES
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", custom[number])
    return bare.lower() != "general" and re.search("[dmyhs]", bare, re.IGNORECASE) is not None
