"""The cells of an .xlsx file, sparse and as they stand: no schema here.

Only the stored values are read. A spreadsheet is a zip of XML parts; reading the parts directly tells apart what a
reader library blurs: a formula never calculated, an error value, a number that is shown as a date.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from model.errors import UsageError


@dataclass(frozen=True)
class ErrorValue:
    """An Excel error that stands in a cell, e.g. #REF!."""

    text: str


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


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises UsageError when there is no such file or it may not be read."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the Excel workbook (.xlsx) in it")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist: check the name and the folder") from None
    except PermissionError:
        raise UsageError(
            f"{path} may not be read: if it is open in Excel, save and close it there; "
            "otherwise check the permissions of the file"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}): check the name and the drive") from None


def read_sheets(path: Path, data: bytes) -> list[RawSheet]:
    """All worksheets of a workbook, hidden ones too, in workbook order. Raises UsageError when it is not usable."""
    _require_zip(path, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_excel(path, archive)
            sheets = list(_sheets(archive))
    except (
        zipfile.BadZipFile,
        zlib.error,
        ElementTree.ParseError,
        EOFError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        raise UsageError(
            f"{path} is damaged or incomplete: copy or download it again, or open it in Excel, let Excel "
            "repair it, and save it as .xlsx"
        ) from None
    if not any(sheet.rows for sheet in sheets):
        raise UsageError(f"{path} is an empty workbook: start from the blank template or from an example")
    return sheets


def _require_zip(path: Path, data: bytes) -> None:
    """Raise UsageError for everything that is plainly not an .xlsx file, saying what it seems to be."""
    save_as = "open it in Excel and save it as Excel workbook (.xlsx)"
    if not data:
        raise UsageError(f"{path} is empty (0 bytes): copy or download it again")
    if data.startswith(b"PK"):
        return
    if data.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UsageError(
                f"{path} is protected with a password: remove it in Excel "
                "(File, Info, Protect Workbook, Encrypt with Password) and save"
            )
        raise UsageError(f"{path} is an Excel file in the old .xls format: {save_as}")
    if b"\x00" not in data[:4096]:
        raise UsageError(f"{path} is not an Excel workbook but a text file, perhaps a .csv that was renamed: {save_as}")
    raise UsageError(f"{path} is not an Excel workbook: {save_as}")


def _require_excel(path: Path, archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise UsageError(f"{path} is a binary workbook (.xlsb): open it in Excel and save it as .xlsx")
    if "content.xml" in names:
        raise UsageError(f"{path} is an OpenDocument file (.ods): open it and save it as Excel workbook (.xlsx)")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise UsageError(f"{path} is not an Excel workbook: name a file that was saved as .xlsx")


def _sheets(archive: zipfile.ZipFile) -> Iterator[RawSheet]:
    """Follow workbook.xml and its relations to each worksheet part."""
    book_part = next(target for kind, target in _relations(archive, "") if kind == "officeDocument")
    book = ElementTree.fromstring(archive.read(book_part))
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


def _identified_relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """(id, kind, part) of everything that a part points to."""
    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels" if part else "_rels/.rels"
    for relation in ElementTree.fromstring(archive.read(relations)):
        target = relation.attrib["Target"]
        full = target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"
        yield relation.attrib["Id"], relation.attrib["Type"].rpartition("/")[2], full.removeprefix("./")


def _relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str]]:
    return ((kind, target) for _, kind, target in _identified_relations(archive, part))


def _uses_1904(book: ElementTree.Element) -> bool:
    properties = (element for element in book.iter() if _tag(element) == "workbookPr")
    return any(element.attrib.get("date1904") in ("1", "true") for element in properties)


def _shared_strings(archive: zipfile.ZipFile, part: str | None) -> list[str]:
    if part is None or part not in archive.namelist():
        return []
    return [_plain_text(item) for item in ElementTree.fromstring(archive.read(part)) if _tag(item) == "si"]


def _plain_text(item: ElementTree.Element) -> str:
    """The text of a string item: its <t>, or those of its formatted runs; phonetic guides are left out."""
    if len(item) == 1 and item[0].tag.endswith("}t"):
        return _unescape(item[0].text or "")
    pieces = [child.text or "" for child in item if _tag(child) == "t"]
    runs = (run for run in item if _tag(run) == "r")
    pieces += [child.text or "" for run in runs for child in run if _tag(child) == "t"]
    return _unescape("".join(pieces))


def _unescape(text: str) -> str:
    """Excel writes control characters as _x000D_."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _date_styles(archive: zipfile.ZipFile, part: str | None) -> frozenset[str]:
    """The cell styles (as written in a cell) that show a number as a date or time."""
    if part is None or part not in archive.namelist():
        return frozenset()
    root = ElementTree.fromstring(archive.read(part))
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


ROWS_AT_ONCE = 4 * 2**20  # bytes of XML whose elements are in memory together
# Formatted but empty cells and rows, as Excel writes them; a sheet can hold millions, so they go before XML is parsed.
_EMPTY_CELLS = re.compile(rb'(?:<c r="[A-Z]+[0-9]+"[^<>/]*/>)+')
_EMPTY_ROWS = re.compile(rb'(?:<row r="[0-9]+"[^<>/]*(?:/>|></row>))+')


def _rows(xml: bytes, shared: list[str], dated: frozenset[str], epoch: datetime) -> dict[int, Row]:
    lean = _EMPTY_ROWS.sub(b"", _EMPTY_CELLS.sub(b"", xml)) if xml.count(b"/>") > 100 else xml
    try:
        return _read_rows(_pieces(lean), shared, dated, epoch)
    except ElementTree.ParseError:  # a sheet that is not written as Excel does, e.g. "</row>" stands in a text
        return _read_rows([xml], shared, dated, epoch)


def _pieces(xml: bytes) -> Iterator[bytes]:
    """The same sheet as several, each with some of the rows: parsing a piece at once is fast, and a piece is small."""
    start, end = xml.find(b"<sheetData>") + len(b"<sheetData>"), xml.rfind(b"</sheetData>")
    if not len(b"<sheetData>") <= start <= end:
        yield xml
        return
    head, tail = xml[:start], xml[end:]
    while start < end:
        stop = xml.find(b"</row>", start + ROWS_AT_ONCE, end)
        stop = end if stop < 0 else stop + len(b"</row>")
        yield b"".join((head, xml[start:stop], tail))
        start = stop


def _read_rows(pieces: Iterable[bytes], shared: list[str], dated: frozenset[str], epoch: datetime) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    number = 0
    for piece in pieces:
        root = ElementTree.fromstring(piece)
        space = root.tag.removesuffix("worksheet")
        cells = _Cells(space, shared, dated, epoch)
        for element in root.iterfind(f"{space}sheetData/{space}row"):
            number = int(element.get("r", number + 1))
            row: dict[int, CellValue] = {}
            column = 0
            for cell in element:
                place = cell.get("r")
                column = _column_number(place) if place else column + 1
                value = cells.value(cell)
                if value is not None:
                    row[column] = value
            if row:
                rows[number] = row
    return rows


_COLUMN_NUMBERS: dict[str, int] = {}


def _column_number(place: str) -> int:
    """B7 -> 2."""
    letters = place.rstrip("0123456789")
    if letters not in _COLUMN_NUMBERS:
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - 64
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
            return self.shared[int(stored)].strip() or None
        if kind == "b":
            return stored in ("1", "true")
        if kind == "e":
            return ErrorValue(stored)
        if kind == "d":
            return datetime.fromisoformat(stored.removesuffix("Z"))
        return sys.intern(_unescape(stored).strip()) or None  # names stand in many cells


def _as_date(serial: float, epoch: datetime) -> date | float:
    """An Excel day number as a date; the number itself where no calendar has it."""
    try:
        return epoch + timedelta(days=serial)
    except (OverflowError, ValueError):
        return serial
