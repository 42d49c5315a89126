"""Files of public statistics as planners download them: text tables, plain or packed by gzip, told by their headings.

What is badly formed is an error that names file, row and column; rows count as a spreadsheet counts them.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from lodestone.errors import UsageError, in_words
from lodestone.names import count, listed

NO_FIGURE = {"", "na", "n/a", "w", "xx", "e", "inf", "nan", "none", "null", "..", "..."}  # not known, or withheld
NIL = {"-", "--", "---", "\u2013", "\u2014", "\u2014\u2014"}  # nothing
LIMIT = re.compile(r"^[<>]")  # "more than 95": no figure to plan with
GROUPED = re.compile(r"^-?\d{1,3}(,\d{3})+(\.\d*)?$")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True)
class Kind:
    """A table that is known. headings: by which it is told; terms: what its publisher asks."""

    name: str
    publisher: str
    headings: frozenset[str]
    terms: str


def _kind(name: str, publisher: str, headings: str, terms: str) -> Kind:
    return Kind(name, publisher, frozenset(headings.split("|")), terms)


COMTRADE_TERMS = "UN Comtrade terms of use: for your own work, not to be passed on"
KINDS = (
    _kind(
        "usgs",
        "USGS Mineral Commodity Summaries, data release",
        "mcs chapter|country|statistics|statistics_detail|unit|year|value",
        "US public domain; cite USGS",
    ),
    _kind(
        "usgs world",
        "USGS Mineral Commodity Summaries, world data",
        "commodity|country|type|unit_meas",
        "US public domain; cite USGS",
    ),
    _kind(
        "bgs",
        "BGS World Mineral Statistics",
        "country_trans|country_iso3_code|bgs_commodity_trans|units|year|quantity",
        "British Geological Survey, UKRI; acknowledge, not to be passed on",
    ),
    _kind(
        "comtrade",
        "UN Comtrade",
        "reportercode|partnercode|cmdcode|flowcode|netwgt|primaryvalue",
        COMTRADE_TERMS,
    ),
    _kind("comtrade short", "UN Comtrade", "reporter|partner|cmd|flow|value|netwgt", COMTRADE_TERMS),
    _kind("baci", "CEPII BACI", "t|i|j|k|v|q", "Etalab Open Licence 2.0; cite CEPII"),
    _kind("baci value", "CEPII BACI, values", "i|j|cmd|value", "Etalab Open Licence 2.0; cite CEPII"),
    _kind(
        "china months",
        "Chinese exports by month, derived from UN Comtrade",
        "period_dt|partner_name|hs6|val|qty",
        COMTRADE_TERMS,
    ),
)


@dataclass(frozen=True)
class Table:
    """A file that has been opened and recognised."""

    path: Path
    kind: Kind
    headings: Sequence[str]  # as they stand in the file

    def rows(self) -> Iterator[Row]:
        """Rows with something in them. Raises UsageError at one with more or fewer cells than the headings."""
        position = {heading.strip().casefold(): i for i, heading in reversed(list(enumerate(self.headings)))}
        for number, cells in enumerate(rows_of_text(self.path), start=1):
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self.headings):
                raise UsageError(
                    f"{self.path.name}: row {number} has {count(len(cells), 'cell')}, the headings "
                    f"{len(self.headings)}; download the file again, or mend the row"
                )
            yield Row(self, number, position, cells)

    def year_of_name(self) -> int | None:
        """The year in the file's name, for tables that have none inside."""
        years = YEAR.findall(self.path.name)
        return int(years[-1]) if years else None


@dataclass(frozen=True)
class Row:
    """A row of a table, its cells by heading. number: as a spreadsheet counts it."""

    table: Table
    number: int
    _position: Mapping[str, int]
    _cells: Sequence[str]

    def text(self, heading: str) -> str:
        """What stands under a heading, with single blanks."""
        return " ".join(self._cells[self._position[heading]].split())

    def has(self, heading: str) -> bool:
        """Whether the file has a column of this heading."""
        return heading in self._position

    def number_in(self, heading: str) -> float | None:
        """A figure that is not below 0; None where it is withheld or not known, 0 where a dash says nothing."""
        text = self.text(heading)
        if text.casefold() in NO_FIGURE or LIMIT.match(text):
            return None
        if text in NIL:
            return 0.0
        try:
            value = float(text.replace(",", "") if GROUPED.match(text) else text)
        except ValueError:
            raise self.wrong(heading, "is no number") from None
        if value < 0:
            raise self.wrong(heading, "is below 0")
        return value

    def year_in(self, heading: str) -> int:
        """The year under a heading. Raises UsageError where it is none."""
        match = re.match(r"\d{4}", self.text(heading))
        if match is None or not 1900 <= int(match[0]) <= 2200:
            raise self.wrong(heading, "is no year")
        return int(match[0])

    def source(self, year: int) -> str:
        """File and row of a figure, for the column source."""
        return f"{self.table.path.name}, row {self.number}, {year}"

    def wrong(self, heading: str, what: str) -> UsageError:
        """The error for a figure of this row, with file, line and heading."""
        column = self.table.headings[self._position[heading]].strip()
        return UsageError(
            f"{self.table.path.name}: row {self.number}, column {column}: {self.text(heading)!r} {what}; "
            "download the file again, or mend the cell"
        )


def open_table(path: Path) -> Table:
    """Tell a file's kind by its headings. Raises UsageError when it cannot be read, or is none of the kinds."""
    headings = next(rows_of_text(path), None)
    if headings is None:
        raise UsageError(f"{path.name} is empty")
    known = {heading.strip().casefold() for heading in headings}
    for kind in KINDS:
        if kind.headings <= known:
            return Table(path, kind, headings)
    nearest = max(KINDS, key=lambda kind: len(kind.headings & known) / len(kind.headings))
    missing = sorted(nearest.headings - known)
    raise UsageError(
        f"{path.name}: row 1: these headings are of no table that is known: {listed(headings, 8)}. "
        f"Nearest is {nearest.publisher}, which has {listed(missing, 8)} too; docs/import.md says what to download"
    )


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are Windows letters: dashes and apostrophes in the tables of the USGS."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows letters", _windows)


def rows_of_text(path: Path) -> Iterator[list[str]]:
    """Row by row, so that a file of all trade takes no memory."""
    read = 0
    try:
        with path.open("rb") as start:
            sign = start.read(2)
        if sign == b"PK":
            raise UsageError(f"{path.name} is a packed folder or a workbook; unpack it, or save the sheet as CSV")
        with (
            gzip.open(path) if sign == b"\x1f\x8b" else path.open("rb") as data,
            io.TextIOWrapper(cast(BinaryIO, data), "utf-8-sig", "windows letters", newline="") as text,
        ):
            for cells in csv.reader(text):
                read += 1
                yield cells
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{path.name} is damaged or was not loaded to its end ({error}); download it again") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {in_words(error)}") from None
    except csv.Error as error:
        raise UsageError(f"{path.name}: row {read + 1} cannot be read ({error}); download it again") from None
