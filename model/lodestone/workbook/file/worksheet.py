"""One worksheet: its cells, sparse and as they stand, and how it is laid out, from the XML of its part."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

from lodestone.workbook.file.archive import MOST_FILLED, MOST_ROWS_FILLED, Refused, parsed


@dataclass(frozen=True)
class ErrorValue:
    """An Excel error that stands in a cell, e.g. #REF!.

    rich: it stands for something that only Excel can show, such as a linked data type.
    """

    text: str
    rich: bool = False


@dataclass(frozen=True)
class Unreadable(ErrorValue):
    """What stands in a cell is not of the kind that the cell says, e.g. a text where it says number."""


@dataclass(frozen=True)
class NoValue:
    """A formula whose result was never stored."""

    formula: str


CellValue = str | float | bool | date | ErrorValue | NoValue
Row = Mapping[int, CellValue]  # column (1 = A) -> value; blank cells are absent
Area = tuple[int, int, int, int]  # top row, left column, bottom row, right column
Tally = dict[int, tuple[int, int]]  # column -> first row in which something stands there, and in how many


@dataclass(frozen=True)
class RawSheet:
    """A worksheet: rows that hold a value, by Excel row number, in order.

    merged: areas of merged cells. hidden: the sheet itself; hidden_rows: those of `rows`; hidden_columns: first and
    last. struck, formulas: cells that are struck through, or calculated. recalculation: why their stored results may be
    old ("manual", "unfinished", "on opening"); empty when there is no reason.
    """

    name: str
    rows: Mapping[int, Row]
    merged: Sequence[Area] = ()
    hidden: bool = False
    hidden_rows: Collection[int] = ()
    hidden_columns: Sequence[tuple[int, int]] = ()
    struck: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    formulas: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    recalculation: str = ""


def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def area_name(area: Area) -> str:
    """A2:B4."""
    top, left, bottom, right = area
    return f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"


AT_ONCE = 4 * 2**20  # bytes of XML whose elements are in memory together
MOST_COLUMNS, MOST_ROWS, LONGEST_TEXT = 16_384, 1_048_576, 32_767  # of Excel: sheet, cell
_ATTRIBUTES = rb"""(?:[^>"'/]++|"[^"]*+"|'[^']*+')*+"""  # whatever they hold


TRUE, FALSE = ("1", "true"), ("0", "false")
ERRORS = frozenset(("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!"))


@dataclass
class Common:
    """What the sheets of a workbook share.

    dated, struck: cell styles, as written in a cell. uncalculated: a formula that shows 0 never was calculated.
    cells, rows: read so far.
    """

    shared: Sequence[CellValue | None] = ()
    dated: frozenset[str] = frozenset()
    struck: frozenset[str] = frozenset()
    epoch: datetime = datetime(1899, 12, 30)
    uncalculated: bool = False
    recalculation: str = ""
    cells: int = 0
    rows: int = 0

    def count(self, cells: int) -> None:
        """Raises Refused when the cells that are kept take too much memory."""
        self.rows += 1
        self.cells += cells
        if self.rows > MOST_ROWS_FILLED or self.cells > MOST_FILLED:
            raise Refused(
                f"holds far more rows or cells than a plan needs (over {MOST_ROWS_FILLED:,} rows or "
                f"{MOST_FILLED:,} cells that are filled): delete what is not part of the plan, and save"
            )


def read_sheet(name: str, xml: bytes, book: Common, *, hidden: bool = False) -> RawSheet:
    """The cells of a sheet, of its XML; hidden: whether the sheet is."""
    reading = _Reading(book)
    for piece in pieces(xml, (b"worksheet", b"sheetData"), b"row"):
        reading.add(parsed(piece))
    reading.withhold_uncalculated()
    merged = [_area(item.attrib["ref"]) for item in _aside(xml, "mergeCells", after=True)]
    columns = [column for column in _aside(xml, "cols", after=False) if _is_hidden(column, "width")]
    return RawSheet(
        name,
        reading.rows,
        [area for area in merged if area[:2] != area[2:]],
        hidden,
        reading.hidden,
        [(int(column.attrib["min"]), int(column.attrib["max"])) for column in columns],
        reading.struck,
        reading.formulas,
        book.recalculation,
    )


def _is_hidden(element: ElementTree.Element, size: str) -> bool:
    """A row or column of hardly any height or width cannot be seen either."""
    return element.get("hidden") in TRUE or re.fullmatch(r"0*(\.([0-4][0-9]*)?)?", element.get(size, "1")) is not None


def _has_asides(xml: bytes) -> bool:
    """A comment and the like can hold what looks like an element."""
    return b"<!" in xml or xml.count(b"<?") > 1


def _aside(xml: bytes, name: str, *, after: bool) -> list[ElementTree.Element]:
    """What stands in an element before or after the cells of a sheet."""
    if _has_asides(xml):
        return [child for group in children(parsed(xml), name) for child in group]
    root = re.search(rb"<([\w.-]+:)?worksheet(?=[\s/>])%s>" % _ATTRIBUTES, xml)
    start, end = (xml.rfind(b"sheetData"), len(xml)) if after else (0, xml.find(b"sheetData"))
    if root is None or end < 0 or start < 0:
        return []
    tag = rb"[\w.-]*:?" + name.encode()
    begin = re.compile(rb"<%s(?=[\s>])%s>" % (tag, _ATTRIBUTES)).search(xml, start, end)
    stop = begin and re.compile(rb"</%s\s*>" % tag).search(xml, begin.end(), end)
    if not begin or not stop:
        return []
    return list(parsed(b"%s%s</%sworksheet>" % (root[0], xml[begin.start() : stop.end()], root[1] or b""))[0])


def pieces(xml: bytes, within: Sequence[bytes], item: bytes) -> Iterator[bytes]:
    """The same part as several, each with some of the items: parsing a piece at once is fast, and a piece is small.

    within: the elements around the items, from the root. What else stands there is left out.
    """
    root = re.search(rb"<([\w.-]+:)?%s(?=[\s>])%s>" % (within[0], _ATTRIBUTES), xml)
    if root is None or _has_asides(xml):
        yield xml
        return
    prefix, head, place = root[1] or b"", [root[0]], root.end()
    for name in within[1:]:
        around = re.compile(rb"<%s%s(?=[\s>])%s>" % (prefix, name, _ATTRIBUTES)).search(xml, place)
        if around is None:
            yield xml
            return
        head.append(around[0])
        place = around.end()
    begin = re.compile(rb"<%s%s(?=[\s/>])" % (prefix, item))
    first, end = begin.search(xml, place), xml.rfind(b"</%s%s>" % (prefix, within[-1]))
    whole = re.search(rb"</%s%s\s*>\s*\Z" % (prefix, within[0]), xml[-1000:])
    if first is None or first.start() > end or whole is None:
        yield xml
        return
    tail = b"".join(b"</%s%s>" % (prefix, name) for name in reversed(within))
    # Formatted but empty cells and rows, as Excel writes them; a sheet can hold millions, so they go before parsing.
    # The last of them stays if what follows has no place of its own, for it is counted from there.
    cells = re.compile(rb'(?:<%sc r="[A-Z]+[0-9]+"[^<>/]*/>)+(?=<%sc r="|</%srow>)' % (prefix, prefix, prefix))
    rows = re.compile(rb'(?:<%srow r="[0-9]+"[^<>/]*(?:/>|></%srow>))+(?=<%srow r=")' % (prefix, prefix, prefix))
    start = first.start()
    while start < end:
        following = begin.search(xml, start + AT_ONCE, end)
        stop = following.start() if following else end
        yield b"".join((*head, rows.sub(b"", cells.sub(b"", xml[start:stop])), tail))
        start = stop


def tag_of(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    """The children with a name."""
    return [child for child in element if tag_of(child) == tag]


def plain_text(item: ElementTree.Element) -> CellValue | None:
    """The text of a string item: its <t>, or those of its formatted runs; phonetic guides are left out."""
    if len(item) == 1 and item[0].tag.endswith("}t"):
        return _text(item[0].text or "")
    pieces = [child.text or "" for child in item if tag_of(child) == "t"]
    runs = (run for run in item if tag_of(run) == "r")
    pieces += [child.text or "" for run in runs for child in run if tag_of(child) == "t"]
    return _text("".join(pieces))


def _text(stored: str) -> CellValue | None:
    """Without blanks around it. Excel writes control characters as _x000D_; half a character is none."""
    if len(stored) > LONGEST_TEXT:
        raise Refused(
            f"holds a text of more than {LONGEST_TEXT:,} characters, the most a cell of Excel can: shorten it"
        )
    if "_x" in stored:
        stored = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), stored)
        stored = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", stored)
    text = sys.intern(stored.strip())  # names stand in many cells
    return ErrorValue(text) if text in ERRORS else text or None


class _Reading:
    """The rows of a sheet as they are read, piece by piece."""

    def __init__(self, book: Common) -> None:
        self.rows: dict[int, Row] = {}
        self.hidden: list[int] = []
        self.struck: Tally = {}
        self.formulas: Tally = {}
        self._book = book
        self._number = 0
        self._arrays: list[Area] = []  # that one formula fills

    def add(self, root: ElementTree.Element) -> None:
        """The rows below <worksheet>. Raises ValueError where something else stands, or stands elsewhere."""
        if tag_of(root) != "worksheet":
            raise ValueError(root.tag)
        space = root.tag.removesuffix("worksheet")
        self._stored, self._formula, self._inline = f"{space}v", f"{space}f", f"{space}is"
        for data in children(root, "sheetData"):
            for element in data:
                if element.tag != f"{space}row" or data.tag != f"{space}sheetData":
                    raise ValueError(element.tag)
                self._add_row(element, f"{space}c")

    def _add_row(self, element: ElementTree.Element, tag: str) -> None:
        before, self._number = self._number, int(element.get("r", self._number + 1))
        if not before < self._number <= MOST_ROWS:
            raise ValueError(f"row {self._number} after row {before}")
        row: dict[int, CellValue] = {}
        column, in_row, letters, struck = 0, str(self._number), "", self._book.struck
        for cell in element:
            if cell.tag != tag:
                if tag_of(cell) == "c":
                    raise ValueError(cell.tag)
                continue
            place = cell.get("r")
            if place:
                letters = place.rstrip("0123456789")
                column = _COLUMN_NUMBERS.get(letters) or _column_number(letters)
            else:
                column += 1
            value = self._value(cell, column)
            if value is not None:
                if column in row or (place and place[len(letters) :] != in_row):
                    raise ValueError(f"{place} in row {in_row}")
                row[column] = value
                if struck and cell.get("s") in struck:
                    self._note(self.struck, column)
        if row:
            if max(row) > MOST_COLUMNS:
                raise ValueError(f"column {max(row)}")
            self._book.count(len(row))
            self.rows[self._number] = row
            if _is_hidden(element, "ht"):
                self.hidden.append(self._number)

    def _value(self, cell: ElementTree.Element, column: int) -> CellValue | None:
        """Of a <c> element; None when it is blank."""
        kind = cell.get("t", "n")
        stored = cell.findtext(self._stored)
        if kind == "s" and stored and len(cell) == 1:
            return self._book.shared[_index(stored.strip())]
        formula = cell.find(self._formula) if len(cell) > 1 or stored is None else None
        if formula is not None:
            self._note(self.formulas, column)
            if self._book.uncalculated and formula.get("ref") and formula.get("t") in ("array", "dataTable"):
                self._arrays.append(_area(formula.attrib["ref"]))
            if _is_uncalculated(kind, stored, self._book.uncalculated):
                return NoValue(f"={formula.text or ''}")
        if (stored is None or kind == "inlineStr") and (item := cell.find(self._inline)) is not None:
            return plain_text(item)
        if not stored or stored.isspace():
            return Unreadable("(an error)") if kind == "e" else None
        value = _typed(kind, stored, cell.get("s") in self._book.dated, self._book)
        return replace(value, rich=cell.get("vm") is not None) if isinstance(value, ErrorValue) else value

    def _note(self, tally: Tally, column: int) -> None:
        first, times = tally.get(column, (self._number, 0))
        tally[column] = (first, times + 1)

    def withhold_uncalculated(self) -> None:
        """Cells that one array formula fills hold a bare 0 where nobody calculated it."""
        if sum(bottom - top for top, _, bottom, _ in self._arrays) > 4 * MOST_ROWS:
            raise ValueError("formulas over each other")
        for top, left, bottom, right in self._arrays:
            for number in range(top, min(bottom, self._number) + 1):
                row = self.rows.get(number, {})
                zeros = [i for i, v in row.items() if left <= i <= right and isinstance(v, float) and not v]
                if zeros:
                    self.rows[number] = {**row, **dict.fromkeys(zeros, NoValue("={...}"))}


def _is_uncalculated(kind: str, stored: str | None, uncalculated: bool) -> bool:
    """Whether what is stored of a formula is no result: nothing, or what such programs write instead."""
    if not stored:
        return kind != "str" or stored is None
    return uncalculated and kind == "n" and re.fullmatch(r"\s*0\s*", stored) is not None


def _typed(kind: str, stored: str, dated: bool, book: Common) -> CellValue | None:
    """What a cell holds, as its kind says."""
    if kind == "n":
        try:
            number = float(stored)
        except ValueError:
            return Unreadable(stored)
        if "_" in stored or not stored.isascii():  # Python takes them, no spreadsheet does
            return Unreadable(stored)
        return _as_date(number, book.epoch) if dated else number
    if kind == "s":
        return book.shared[_index(stored.strip())]
    if kind == "b":
        word = stored.strip()
        return Unreadable(stored) if word not in TRUE + FALSE else word in TRUE
    if kind == "e":
        return ErrorValue(stored.strip())
    if kind == "d":
        try:
            return datetime.fromisoformat(stored.strip().removesuffix("Z"))
        except ValueError:
            return Unreadable(stored)
    return _text(stored) if kind in ("str", "inlineStr") else Unreadable(stored)


_COLUMN_NUMBERS: dict[str, int] = {}


def _column_number(letters: str) -> int:
    """AA -> 27."""
    if letters not in _COLUMN_NUMBERS:
        number = 0
        for letter in letters:
            number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
        if not 0 < number <= MOST_COLUMNS:
            raise ValueError(f"column {letters}")
        _COLUMN_NUMBERS[letters] = number
    return _COLUMN_NUMBERS[letters]


def _area(ref: str) -> Area:
    """A2:B4 -> (2, 1, 4, 2)."""
    corners = re.fullmatch(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?", ref)
    if corners is None:
        raise ValueError(ref)
    left, top, right, bottom = corners[1], corners[2], corners[3] or corners[1], corners[4] or corners[2]
    return int(top), _column_number(left), int(bottom), _column_number(right)


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
