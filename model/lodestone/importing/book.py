"""Rows of an import written into a workbook: a new one made from the template, or a copy of a planner's own.

Defaults of ours are orange, cells that no file fills are yellow; both stand on the sheet #To fill, the most influential
first. #Import says which files were read and what was set aside. Nothing that stands in a workbook is written over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from lodestone import __version__
from lodestone.errors import UsageError, in_words
from lodestone.importing.countries import country
from lodestone.importing.rows import Gap, Import, SheetRow, Value
from lodestone.names import count, plain
from lodestone.system.scratch import scratch
from lodestone.template.blank import number_format, write_template
from lodestone.workbook.schema.columns import YEARS
from lodestone.workbook.schema.sheets import SHEETS

YELLOW, ORANGE = PatternFill("solid", fgColor="FFF2A8"), PatternFill("solid", fgColor="FCD9B6")
HEADING = PatternFill("solid", fgColor="1F3A4D")
TO_FILL, ABOUT = "#To fill", "#Import"
REGION_COLUMNS = ("region", "from_region", "to_region")
IMPORTED = re.compile(r", rows? \d+|rows of Trade")  # in a source that an import wrote
NEAR = 1e-9  # figures that differ by less are the same


@dataclass(frozen=True)
class Difference:
    """A cell that the files would change. cell: where it stands, the sheet's name alone for a row that is not there."""

    cell: str
    row: str
    column: str
    stands: Value
    new: Value
    source: str


def write_new(path: Path, made: Import, force: bool = False) -> None:
    """A new workbook. Raises UsageError when it may not or cannot be written."""
    _check(path, force)
    with _replacing(path) as target:
        write_template(target, made.first_year, made.last_year)
        book = load_workbook(target)
        _settings(book["Settings"], made)
        _fill(book, made)
        book.save(target)


def write_into(source: Path, path: Path, made: Import, force: bool = False) -> list[Difference]:
    """A copy of a workbook with the rows that it lacks; what stands there stays, and is returned where it differs."""
    if path.exists() and path.samefile(source):
        raise UsageError(f"{path} is the workbook itself; name another file for the copy")
    _check(path, force)
    book = _opened(source)
    made = _named_as(made, book)
    differing = [d for d in _differences(book, made) if "!" in d.cell]
    with _replacing(path) as target:
        _fill(book, made)
        book.save(target)
    return differing


def differences(path: Path, made: Import) -> list[Difference]:
    """What the files would change in a workbook, cell by cell, in the order of its sheets."""
    book = _opened(path)
    return list(_differences(book, _named_as(made, book)))


def horizon_of(path: Path) -> tuple[int, int]:
    """first_year and last_year of a workbook."""
    sheet = _sheet(_opened(path), "Settings")
    found = (
        {plain(str(row[0])): row[1] for row in sheet.iter_rows(max_col=2, values_only=True) if row[0]} if sheet else {}
    )
    years = [found.get(name) for name in ("first_year", "last_year")]
    if not all(isinstance(year, int | float) for year in years):
        raise UsageError(f"{path}: the sheet Settings gives no first_year and last_year")
    return int(years[0]), int(years[1])  # type: ignore[arg-type]


# --- the file ---------------------------------------------------------------------------------------------------------


def _check(path: Path, force: bool) -> None:
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path}: the name of a workbook ends in .xlsx")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; --force replaces it, --refresh shows what the files would change in it")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write beside the target, which takes its place when all went well."""
    try:
        with scratch(path.parent) as folder:
            yield folder / path.name
            os.replace(folder / path.name, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror} (is it open in Excel?)") from error


def _opened(path: Path) -> Workbook:
    try:
        return load_workbook(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {in_words(error)}") from None
    except Exception as error:
        raise UsageError(f"{path} is no workbook that can be read: {error}") from None


def _sheet(book: Workbook, name: str) -> Worksheet | None:
    return next((sheet for sheet in book.worksheets if plain(sheet.title) == plain(name)), None)


def _named_as(made: Import, book: Workbook) -> Import:
    """With regions called as the workbook calls them (USA, South_Korea), where both name one country."""
    sheet = _sheet(book, "Regions")
    names: dict[str, str] = {}
    if sheet is not None:
        page = _Page(sheet, "Regions")
        for (name,) in page.rows:
            names.setdefault(country(name.replace("_", " ")) or name, name)
    rows = {}
    for row in made.rows:
        cells = {
            heading: names.get(str(value), value) if heading in REGION_COLUMNS else value
            for heading, value in row.cells.items()
        }
        rows[id(row)] = replace(row, cells=cells)
    gaps = [replace(gap, row=rows[id(gap.row)] if gap.row is not None else None) for gap in made.gaps]
    return replace(made, rows=list(rows.values()), gaps=gaps)


# --- rows -------------------------------------------------------------------------------------------------------------


class _Page:
    """A sheet with its headings and the rows that stand on it."""

    def __init__(self, sheet: Worksheet, name: str) -> None:
        self.sheet, self.name, self.schema = sheet, name, SHEETS[name]
        self.columns: dict[str | int, int] = {}
        for cell in sheet[1]:
            if cell.value is not None:
                self.columns.setdefault(_heading(cell.value), cell.column)
        self.rows: dict[tuple[str, ...], int] = {}
        self.last = 1
        for number in range(2, sheet.max_row + 1):
            if any(sheet.cell(number, column).value is not None for column in self.columns.values()):
                self.last = number
                self.rows.setdefault(self._key_of(number), number)

    def key(self, row: SheetRow) -> tuple[str, ...]:
        return tuple(_text(row.cells.get(name)) or ("*" if name == "region" else "") for name in self.schema.key)

    def _key_of(self, number: int) -> tuple[str, ...]:
        found = []
        for name in self.schema.key:
            column = self.columns.get(name)
            value = self.sheet.cell(number, column).value if column else None
            found.append(_text(value) or ("*" if name == "region" else ""))
        return tuple(found)

    def imported(self, number: int, ours: Collection[Value]) -> bool:
        """Whether a row came from files of statistics, and is about one of these materials and processes."""
        found = [self.cell(number, name) for name in ("source", "material", "process")]
        source, *about = [_text(cell.value) if cell is not None else "" for cell in found]
        return bool(IMPORTED.search(source)) and any(text in ours for text in about)

    def format_of(self, heading: str | int) -> str:
        column = self.schema.years if isinstance(heading, int) else self.schema.by_name.get(heading)
        return "General" if column is None else number_format(column)

    def cell(self, number: int, heading: str | int, *, make: bool = False) -> Cell | None:
        """The cell under a heading, which is added where asked for."""
        if heading not in self.columns:
            if not make:
                return None
            self.columns[heading] = max(self.columns.values(), default=0) + 1
            self.sheet.cell(1, self.columns[heading], heading)
        return self.sheet.cell(number, self.columns[heading])


def _heading(value: object) -> str | int:
    text = str(value).strip()
    return int(float(text)) if text.replace(".0", "").isdigit() and len(text) in (4, 6) else plain(text)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _pages(book: Workbook, rows: Sequence[SheetRow], *, make: bool = False) -> dict[str, _Page]:
    found = {}
    for name in dict.fromkeys(row.sheet for row in rows):
        sheet = _sheet(book, name)
        if sheet is None and make:
            sheet = book.create_sheet(name)
            plain_columns = [column.name for column in SHEETS[name].columns if column.kind != YEARS]
            sheet.append(plain_columns)
        if sheet is not None:
            found[name] = _Page(sheet, name)
    return found


def _fill(book: Workbook, made: Import) -> None:
    places: dict[int, int] = {}  # of a row of the import: where it stands
    pages = _pages(book, made.rows, make=True)
    for row in made.rows:
        page = pages[row.sheet]
        if page.key(row) in page.rows:
            places[id(row)] = page.rows[page.key(row)]
            continue
        page.last += 1
        places[id(row)] = page.rows[page.key(row)] = page.last
        written: dict[str | int, Value] = {**row.cells, "source": row.source or None, "note": row.note or None}
        for heading, value in written.items():
            cell = page.cell(page.last, heading, make=True)
            assert cell is not None
            if value is not None:
                cell.value = value
                cell.number_format = page.format_of(heading)
            if heading in row.guessed:
                cell.fill = ORANGE
            elif heading in row.blank and value is None:
                cell.fill = YELLOW
    _to_fill(book, made.gaps, pages, places)
    _about(book, made)


def _differences(book: Workbook, made: Import) -> Iterator[Difference]:
    pages = _pages(book, made.rows)
    for row in made.rows:
        page = pages.get(row.sheet)
        key = tuple(_text(row.cells.get(name)) for name in SHEETS[row.sheet].key)
        number = page.rows.get(page.key(row)) if page else None
        if page is None or number is None:
            column, new = next(((k, v) for k, v in row.cells.items() if isinstance(v, int | float)), ("", None))
            yield Difference(row.sheet, "/".join(key), str(column), None, new, row.source)
            continue
        for heading, value in row.cells.items():
            cell = page.cell(number, heading)
            stands = cell.value if cell is not None else None
            if value is not None and not _same(stands, value):
                letter = get_column_letter(page.columns[heading]) if cell is not None else ""
                place = f"{row.sheet}!{letter}{number}"
                yield Difference(place, "/".join(key), str(heading), stands, value, row.source)
    ours = {row.cells[name] for row in made.rows for name in ("material", "process") if row.cells.get(name)}
    for name, page in pages.items():
        coming = {page.key(row) for row in made.rows if row.sheet == name}
        for key, number in page.rows.items():
            if key not in coming and page.imported(number, ours):
                yield Difference(f"{name}!A{number}", "/".join(key), "", "row", None, "no longer in the files")


def _same(stands: object, value: Value) -> bool:
    if isinstance(stands, int | float) and isinstance(value, int | float):
        return abs(stands - value) <= NEAR * max(abs(stands), abs(value))
    return _text(stands) == _text(value)


# --- sheets for the reader --------------------------------------------------------------------------------------------


def _settings(sheet: Worksheet, made: Import) -> None:
    given: dict[str, Value] = {
        "plan_name": f"{made.mineral.replace('_', ' ').capitalize()} from public statistics of {made.base_year}",
        "china_share_basis": "last_stage",
    }
    for number in range(2, sheet.max_row + 1):
        name = sheet.cell(number, 1).value
        if name in given:
            sheet.cell(number, 2).value = given[name]


def _table(book: Workbook, name: str, headings: Sequence[tuple[str, int]]) -> Worksheet:
    """An empty sheet of this name, in place of one that is there."""
    old = _sheet(book, name)
    at = book.worksheets.index(old) if old is not None else min(1, len(book.worksheets))
    if old is not None:
        book.remove(old)
    sheet = book.create_sheet(name, at)
    for position, (heading, width) in enumerate(headings, start=1):
        cell = sheet.cell(1, position, heading)
        cell.font, cell.fill = Font(name="Calibri", size=11, bold=True, color="FFFFFF"), HEADING
        sheet.column_dimensions[get_column_letter(position)].width = width
    sheet.freeze_panes = "A2"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return sheet


def _to_fill(book: Workbook, gaps: Sequence[Gap], pages: dict[str, _Page], places: dict[int, int]) -> None:
    headings = (
        ("MUSD/yr", 12),
        ("Cell", 20),
        ("Row", 44),
        ("Column", 28),
        ("What to find out", 80),
        ("Stands there", 16),
    )
    sheet = _table(book, TO_FILL, headings)
    for number, gap in enumerate(gaps, start=2):
        where, row, stands = gap.sheet, "", None
        if gap.row is not None:
            page = pages[gap.sheet]
            at = places[id(gap.row)]
            cell = page.cell(at, gap.heading, make=True)
            assert cell is not None
            where, stands = f"{gap.sheet}!{cell.coordinate}", cell.value
            row = "/".join(text for name in page.schema.key if (text := _text(gap.row.cells.get(name))))
        values = (round(gap.musd, 1), where, row, str(gap.heading), gap.what, stands)
        for position, value in enumerate(values, start=1):
            cell = sheet.cell(number, position, value)
            if position == len(values):
                cell.alignment = Alignment(horizontal="left")
        sheet.cell(number, 1).number_format = "#,##0.0"
        title, _, address = where.partition("!")
        link = Hyperlink(ref=f"B{number}", location=f"'{title}'!{address or 'A1'}")
        sheet.cell(number, 2).hyperlink = link
        sheet.cell(number, 2).font = Font(name="Calibri", size=11, color="0563C1", underline="single")
    note = (
        "In order of influence: the value that passes through what is asked for. Yellow cells are blank, orange ones "
        "hold a default of ours; a sheet without a cell is empty."
    )
    sheet.cell(len(gaps) + 3, 1, note).font = Font(italic=True)


def _about(book: Workbook, made: Import) -> None:
    sheet = _table(book, ABOUT, (("What", 36), ("", 110), ("Used", 10), ("Years", 18), ("Terms", 70)))
    lines: list[tuple[Value, ...]] = [
        ("Mineral", made.mineral),
        ("Base year", f"trade of {made.base_year}, planned as {made.first_year}"),
        ("Written by", f"Lodestone {__version__}"),
    ]
    if made.exposed_share is not None:
        concern = ", ".join(made.of_concern)
        lines.append(("Exposed share", f"{made.exposed_share:.1%} of use outside {concern}, by the trade table itself"))
    for file in made.statistics.files:
        years = f"{min(file.years)}-{max(file.years)}" if file.years else ""
        lines.append((file.name, file.publisher, file.used, years, file.terms))
    lines += [("Set aside", remark) for remark in made.remarks]
    for name, times in made.statistics.unknown.most_common():
        lines.append(
            ("No country", f"{name}: no country that is known, counted with the others ({count(times, 'row')})")
        )
    for number, line in enumerate(lines, start=2):
        for position, value in enumerate(line, start=1):
            sheet.cell(number, position, value).alignment = Alignment(horizontal="left")
