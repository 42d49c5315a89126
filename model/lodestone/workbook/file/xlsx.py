"""The cells of an .xlsx file, sparse and as they stand: no schema here.

Only the stored values are read. A spreadsheet is a zip of XML parts; reading the parts directly tells apart what a
reader library blurs: a formula never calculated, an error value, a number that is shown as a date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from lodestone.errors import UsageError
from lodestone.workbook.file.archive import Parts, Refused, opened, parsed


@dataclass(frozen=True)
class ErrorValue:
    """An Excel error that stands in a cell, e.g. #REF!.

    rich: it stands for something that only Excel can show, such as a linked data type.
    """

    text: str
    rich: bool = False


@dataclass(frozen=True)
class NoValue:
    """A formula whose result was never stored."""

    formula: str


CellValue = str | float | bool | date | ErrorValue | NoValue
Row = Mapping[int, CellValue]  # column (1 = A) -> value; blank cells are absent


@dataclass(frozen=True)
class RawSheet:
    """A worksheet: rows that hold a value, by Excel row number, in order."""

    name: str
    rows: Mapping[int, Row]


def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


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
    targets = {ident: (kind, target) for ident, kind, target in _identified_relations(archive, book_part)}
    parts = dict(_relations(archive, book_part))
    shared = _shared_strings(archive, parts.get("sharedStrings"))
    dated = _date_styles(archive, parts.get("styles"))
    epoch = datetime(1904, 1, 1) if _uses_1904(book) else datetime(1899, 12, 30)
    for sheet in (element for element in book.iter() if _tag(element) == "sheet"):
        ident = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
        kind, target = targets[ident]
        if kind == "worksheet":
            yield RawSheet(sheet.attrib["name"], _rows(archive.read(target), shared, dated, epoch))


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _identified_relations(archive: Parts, part: str) -> Iterator[tuple[str, str, str]]:
    """(id, kind, part) of everything that a part points to."""
    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels" if part else "_rels/.rels"
    for relation in archive.parse(relations):
        target = relation.attrib["Target"]
        full = target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"
        yield relation.attrib["Id"], relation.attrib["Type"].rpartition("/")[2], full.removeprefix("./")


def _relations(archive: Parts, part: str) -> Iterator[tuple[str, str]]:
    return ((kind, target) for _, kind, target in _identified_relations(archive, part))


def _uses_1904(book: ElementTree.Element) -> bool:
    properties = (element for element in book.iter() if _tag(element) == "workbookPr")
    return any(element.attrib.get("date1904") in ("1", "true") for element in properties)


def _shared_strings(archive: Parts, part: str | None) -> list[str]:
    if part is None or part not in archive.names:
        return []
    pieces = _pieces(archive.read(part), (b"sst",), b"si")
    return [_plain_text(item) for piece in pieces for item in parsed(piece) if _tag(item) == "si"]


def _plain_text(item: ElementTree.Element) -> str:
    """The text of a string item: its <t>, or those of its formatted runs; phonetic guides are left out."""
    if len(item) == 1 and item[0].tag.endswith("}t"):
        return _text(item[0].text or "")
    pieces = [child.text or "" for child in item if _tag(child) == "t"]
    runs = (run for run in item if _tag(run) == "r")
    pieces += [child.text or "" for run in runs for child in run if _tag(child) == "t"]
    return _text("".join(pieces))


def _text(stored: str) -> str:
    """Without blanks around it. Excel writes control characters as _x000D_; half a character is none."""
    if len(stored) > LONGEST_TEXT:
        raise Refused(
            f"holds a text of more than {LONGEST_TEXT:,} characters, the most a cell of Excel can: shorten it"
        )
    if "_x" in stored:
        stored = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), stored)
        stored = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", stored)
    return stored.strip()


def _date_styles(archive: Parts, part: str | None) -> frozenset[str]:
    """The cell styles (as written in a cell) that show a number as a date or time."""
    if part is None or part not in archive.names:
        return frozenset()
    root = archive.parse(part)
    custom = {
        element.attrib["numFmtId"]: element.attrib.get("formatCode", "")
        for element in root.iter()
        if _tag(element) == "numFmt"
    }
    formats = [element.attrib.get("numFmtId", "0") for group in root if _tag(group) == "cellXfs" for element in group]
    return frozenset(str(style) for style, number in enumerate(formats) if _is_date_format(number, custom))


BUILT_IN_DATES = frozenset(str(n) for n in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))


def _is_date_format(number: str, custom: Mapping[str, str]) -> bool:
    if number not in custom:
        return number in BUILT_IN_DATES
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", custom[number])
    return bare.lower() != "general" and re.search("[dmyhs]", bare, re.IGNORECASE) is not None


AT_ONCE = 4 * 2**20  # bytes of XML whose elements are in memory together
MOST_COLUMNS, MOST_ROWS, LONGEST_TEXT = 16_384, 1_048_576, 32_767  # of Excel: sheet, cell


def _rows(xml: bytes, shared: list[str], dated: frozenset[str], epoch: datetime) -> dict[int, Row]:
    return _read_rows(_pieces(xml, (b"worksheet", b"sheetData"), b"row"), shared, dated, epoch)


def _pieces(xml: bytes, within: Sequence[bytes], item: bytes) -> Iterator[bytes]:
    """The same part as several, each with some of the items: parsing a piece at once is fast, and a piece is small.

    within: the elements around the items, from the root. What else stands there is left out.
    """
    root = re.search(rb"<([\w.-]+:)?%s(?=[\s>])[^>]*>" % within[0], xml)
    if root is None or b"<!" in xml or xml.count(b"<?") > 1:  # a comment can hold what looks like an item
        yield xml
        return
    prefix = root[1] or b""
    begin = re.compile(rb"<%s%s(?=[\s/>])" % (prefix, item))
    first, end = begin.search(xml, root.end()), xml.rfind(b"</%s%s>" % (prefix, within[-1]))
    if first is None or first.start() > end:
        yield xml
        return
    head = root[0] + b"".join(b"<%s%s>" % (prefix, name) for name in within[1:])
    tail = b"".join(b"</%s%s>" % (prefix, name) for name in reversed(within))
    # formatted but empty cells and rows, as Excel writes them; a sheet can hold millions, so they go before parsing
    cells = re.compile(rb'(?:<%sc r="[A-Z]+[0-9]+"[^<>/]*/>)+' % prefix)
    rows = re.compile(rb'(?:<%srow r="[0-9]+"[^<>/]*(?:/>|></%srow>))+' % (prefix, prefix))
    start = first.start()
    while start < end:
        following = begin.search(xml, start + AT_ONCE, end)
        stop = following.start() if following else end
        yield b"".join((head, rows.sub(b"", cells.sub(b"", xml[start:stop])), tail))
        start = stop


def _read_rows(pieces: Iterable[bytes], shared: list[str], dated: frozenset[str], epoch: datetime) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    number = 0
    for piece in pieces:
        root = parsed(piece)
        space = root.tag.removesuffix("worksheet")
        cells = _Cells(space, shared, dated, epoch)
        for element in root.iterfind(f"{space}sheetData/{space}row"):
            before, number = number, int(element.get("r", number + 1))
            if not before < number <= MOST_ROWS:
                raise ValueError(f"row {number} after row {before}")
            row: dict[int, CellValue] = {}
            column = 0
            for cell in element:
                place = cell.get("r")
                column = _column_number(place) if place else column + 1
                value = cells.value(cell)
                if value is not None:
                    if column in row:
                        raise ValueError(f"two cells {place}")
                    row[column] = value
            if row:
                if column > MOST_COLUMNS:
                    raise ValueError(f"column {column}")
                rows[number] = row
    return rows


_COLUMN_NUMBERS: dict[str, int] = {}


def _column_number(place: str) -> int:
    """B7 -> 2."""
    letters = place.rstrip("0123456789")
    if letters not in _COLUMN_NUMBERS:
        number = 0
        for letter in letters:
            number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
        if not 0 < number <= MOST_COLUMNS:
            raise ValueError(f"column {letters}")
        _COLUMN_NUMBERS[letters] = number
    return _COLUMN_NUMBERS[letters]


class _Cells:
    """What is needed to tell the value of a <c> element."""

    def __init__(self, space: str, shared: list[str], dated: frozenset[str], epoch: datetime) -> None:
        self.stored, self.formula, self.inline = f"{space}v", f"{space}f", f"{space}is"
        self.shared, self.dated, self.epoch = shared, dated, epoch

    def value(self, cell: ElementTree.Element) -> CellValue | None:
        """None when it is blank."""
        kind = cell.get("t", "n")
        stored = cell.findtext(self.stored)
        if stored is None and (item := cell.find(self.inline)) is not None:
            stored = _plain_text(item)
        if not stored:
            formula = cell.findtext(self.formula)
            uncalculated = formula is not None and not (kind == "str" and stored == "")
            return NoValue(f"={formula}") if uncalculated else None
        if kind == "n":
            return _as_date(float(stored), self.epoch) if cell.get("s") in self.dated else float(stored)
        if kind == "s":
            return self.shared[_index(stored)] or None
        if kind == "b":
            return stored in ("1", "true")
        if kind == "e":
            return ErrorValue(stored, rich=cell.get("vm") is not None)
        if kind == "d":
            return datetime.fromisoformat(stored.removesuffix("Z"))
        return sys.intern(_text(stored)) or None  # names stand in many cells


def _index(stored: str) -> int:
    """Of a shared string; a negative one would count from the end."""
    if not stored.isdecimal():
        raise ValueError(stored)
    return int(stored)


def _as_date(serial: float, epoch: datetime) -> date | float:
    """An Excel day number as a date; the number itself where no calendar has it."""
    try:
        return epoch + timedelta(days=serial)
    except (OverflowError, ValueError):
        return serial
