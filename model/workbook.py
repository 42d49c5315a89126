"""From an .xlsx file to typed rows, with every problem named by its cell.

Sheets and headings are matched with the schema, cells converted to what their column wants, references looked up.
A problem never stops the reading: what is unusable is set aside and the rest goes on, so that one pass finds them all.
Where it is plain what was meant (a misspelt column or reference), reading goes on with that: no follow-on problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from model.cells import BLANK, UnusableCell, convert, show, wanted
from model.columns import YEARS, Column, Sheet, text
from model.errors import Problem
from model.names import advice, listed, nearest, plain
from model.schema import ANY, FIRST_HEADING, LAST_HEADING, NAMED_SHEETS, SETTINGS, SHEETS
from model.xlsx import CellValue, ErrorValue, NoValue, RawSheet, Row, column_letters

FREE_COLUMNS = ("note", "source")
FREE_SHEET = "readme"
FREE_SIGN = "#"
MOST_GUESSES = 1000  # unknown names for which the nearest known one is sought


class Cells(Mapping[str | int, str]):
    """Where a row's values stand: "Sheet!F7" for each column name and heading year that has a heading."""

    __slots__ = ("_letters", "_row", "_sheet")

    def __init__(self, sheet: str, letters: Mapping[str | int, str], row: int) -> None:
        self._sheet = sheet
        self._letters = letters
        self._row = row

    def __getitem__(self, name: str | int) -> str:
        return f"{self._sheet}!{self._letters[name]}{self._row}"

    def __contains__(self, name: object) -> bool:
        return name in self._letters

    def __iter__(self) -> Iterator[str | int]:
        return iter(self._letters)

    def __len__(self) -> int:
        return len(self._letters)


@dataclass(slots=True)
class TypedRow:
    """A row after conversion, before defaults and interpolation.

    values: given cells by column (blank ones absent); years: given year cells; remarks: its free text, by column
    (`source`, `note`); unusable: columns and years whose cell holds a problem; repaired: a reference was misspelt and
    has been replaced by the nearest name.
    """

    number: int
    cells: Mapping[str | int, str]
    values: dict[str, Any] = field(default_factory=dict)
    years: dict[int, float] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    unusable: set[str | int] = field(default_factory=set)
    repaired: bool = False

    def where(self, name: str | int) -> str:
        """The cell of a column; the whole sheet where the column has no heading."""
        return self.cells.get(name) or next(iter(self.cells.values())).partition("!")[0]


@dataclass
class TypedTable:
    """The rows of one sheet; year_cells: heading cell of each year, in the order of the years.

    complete: every key column has a heading, so that rows can be named and referred to.
    """

    rows: list[TypedRow] = field(default_factory=list)
    year_cells: dict[int, str] = field(default_factory=dict)
    complete: bool = True


@dataclass
class TypedWorkbook:
    """settings: those given; setting_cells: where; setting_remarks: the free text of their rows.

    tables: every sheet but Settings, empty ones for missing sheets. sheet_names: how each sheet found is really called.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    setting_cells: dict[str, str] = field(default_factory=dict)
    setting_remarks: dict[str, dict[str, str]] = field(default_factory=dict)
    unusable_settings: set[str] = field(default_factory=set)
    tables: dict[str, TypedTable] = field(default_factory=dict)
    sheet_names: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_workbook(sheets: list[RawSheet]) -> TypedWorkbook:
    """Convert all sheets of a file; problems are collected, none is raised."""
    book = TypedWorkbook()
    found, unclear = _match_sheets(sheets, book.problems)
    _require_sheets(found, unclear, book.problems)
    book.sheet_names = {name: raw.name for name, raw in found.items()}
    if "Settings" in found:
        _read_settings(found["Settings"], book)
    for name in NAMED_SHEETS:
        if name in found:
            book.tables[name] = _read_table(SHEETS[name], found[name], book.problems)
        else:
            missed = SHEETS[name].required or name in unclear
            book.tables[name] = TypedTable(complete=not missed)
    _look_up_references(book)
    return book


# --- sheets ---------------------------------------------------------------------------------------------------------


def is_free_sheet(name: str) -> bool:
    """ReadMe and sheets starting with # are the planner's own."""
    return name.startswith(FREE_SIGN) or plain(name).replace("_", "") == FREE_SHEET


def _match_sheets(sheets: list[RawSheet], problems: list[Problem]) -> tuple[dict[str, RawSheet], set[str]]:
    """The sheets of the schema that the file has, and those that it probably has under a misspelt name."""
    by_plain = {plain(name): name for name in SHEETS}
    found: dict[str, RawSheet] = {}
    unknown = []
    for sheet in sheets:
        name = by_plain.get(plain(sheet.name))
        if is_free_sheet(sheet.name):
            continue
        if name is None:
            unknown.append(sheet.name)
        elif name in found:
            problems.append(
                Problem(
                    sheet.name,
                    sheet.name,
                    f"the sheet {name} is there twice",
                    f"keep one, and rename the other to {FREE_SIGN}{name} or delete it",
                )
            )
        else:
            found[name] = sheet
    missing = [name for name in SHEETS if name not in found]
    problems += [_unknown_sheet(name, missing) for name in unknown]
    return found, {meant for name in unknown if (meant := nearest(name, missing))}


def _unknown_sheet(name: str, missing: list[str]) -> Problem:
    meant = nearest(name, missing) or nearest(name, SHEETS)
    mend = f"did you mean {meant}? Otherwise " if meant else ""
    return Problem(
        name,
        name,
        "there is no sheet of this name",
        f"{mend}delete the sheet, or rename it to {FREE_SIGN}{name} if it is your own",
    )


def _require_sheets(found: Mapping[str, RawSheet], unclear: set[str], problems: list[Problem]) -> None:
    for sheet in SHEETS.values():
        if not sheet.required or sheet.name in unclear:
            continue
        columns = ["setting", "value"] if sheet is SETTINGS else [_heading(column) for column in sheet.columns]
        if sheet.name not in found:
            problems.append(
                Problem(
                    sheet.name,
                    "no such sheet",
                    f"the sheet {sheet.name} is missing",
                    f"add it with the headings {listed(columns, 20)}",
                )
            )
        elif not any(number > 1 for number in found[sheet.name].rows):
            problems.append(
                Problem(
                    sheet.name,
                    "no rows",
                    f"the sheet {sheet.name} has no rows",
                    f"fill it below the headings {listed(columns, 20)}",
                )
            )


def _heading(column: Column) -> str:
    return "a column for each year" if column.kind == YEARS else column.name


# --- headings -------------------------------------------------------------------------------------------------------


@dataclass
class _Headings:
    """What each column of a sheet is: (its schema column, its name or year). Free text is ignored; remarks is kept."""

    targets: dict[int, tuple[Column, str | int]]
    ignored: set[int]
    letters: dict[str | int, str]
    remarks: dict[int, str] = field(default_factory=dict)  # source, note

    def remarks_of(self, cells: Row) -> dict[str, str]:
        """The free text of a row, by column."""
        return {name: show(cells[position]) for position, name in self.remarks.items() if position in cells}


def _read_headings(sheet: Sheet, raw: RawSheet, problems: list[Problem]) -> _Headings:
    headings = _Headings({}, set(), {})
    strange: list[tuple[int, str]] = []
    for position, value in raw.rows.get(1, {}).items():
        target = _target(sheet, value)
        cell = f"{sheet.name}!{column_letters(position)}1"
        if target == FREE_SIGN:
            headings.ignored.add(position)
            if plain(show(value)) in FREE_COLUMNS:
                headings.remarks[position] = plain(show(value))
        elif isinstance(target, str):
            headings.ignored.add(position)
            strange.append((position, show(value)))
        elif target[1] in headings.letters:
            headings.ignored.add(position)
            problems.append(
                Problem(
                    cell,
                    show(value),
                    "this heading is there twice",
                    f"keep one of the two columns, or start this heading with {FREE_SIGN}",
                )
            )
        else:
            headings.targets[position] = target
            headings.letters[target[1]] = column_letters(position)
    for position, name in strange:
        _unknown_heading(sheet, headings, position, name, problems)
    return headings


def _target(sheet: Sheet, heading: CellValue) -> tuple[Column, str | int] | str:
    """The column that a heading names; "#" for a free-text column, "" for an unknown one."""
    if isinstance(heading, bool | date | ErrorValue | NoValue):
        return ""
    name = show(heading)
    if name.startswith(FREE_SIGN) or plain(name) in FREE_COLUMNS:
        return FREE_SIGN
    if name.isdecimal() and FIRST_HEADING <= int(name) <= LAST_HEADING:
        return (sheet.years, int(name)) if sheet.years else ""
    column = sheet.by_name.get(plain(name))
    return (column, column.name) if column is not None and column.kind != YEARS else ""


def _unknown_heading(sheet: Sheet, headings: _Headings, position: int, name: str, problems: list[Problem]) -> None:
    """Report it, and take the column for the one that was probably meant if that one is missing."""
    cell = f"{sheet.name}!{column_letters(position)}1"
    own = f"start the heading with {FREE_SIGN} if the column is your own"
    if name.isdecimal():
        reason = (
            f"the sheet {sheet.name} has no year columns"
            if sheet.years is None
            else f"a year is from {FIRST_HEADING} to {LAST_HEADING}"
        )
        problems.append(Problem(cell, name, reason, f"delete the column, or {own}"))
        return
    missing = [column.name for column in sheet.plain if column.name not in headings.letters]
    meant = nearest(name, missing)
    if meant is not None:
        headings.targets[position] = (sheet.by_name[meant], meant)
        headings.letters[meant] = column_letters(position)
        headings.ignored.discard(position)
    hint = meant or nearest(name, [column.name for column in sheet.plain])
    problems.append(
        Problem(
            cell,
            name,
            f"the sheet {sheet.name} has no column of this name",
            f"did you mean {hint}? Otherwise {own}" if hint else own,
        )
    )


def _require_headings(sheet: Sheet, headings: _Headings, problems: list[Problem]) -> None:
    found = f"headings: {listed((str(name) for name in headings.letters), 20)}" if headings.letters else "no headings"
    for column in sheet.columns:
        if column.kind == YEARS:
            present = any(isinstance(name, int) for name in headings.letters)
        else:
            present = column.name in headings.letters
        if column.required and not present:
            what = "year columns" if column.kind == YEARS else f"column {column.name}"
            example = "each year" if column.kind == YEARS else column.name
            problems.append(
                Problem(
                    sheet.name,
                    found,
                    f"the sheet {sheet.name} lacks the {what}",
                    f"add a column with the heading {example} in row 1 ({wanted(column)})",
                )
            )


# --- rows -----------------------------------------------------------------------------------------------------------


def _read_table(sheet: Sheet, raw: RawSheet, problems: list[Problem]) -> TypedTable:
    table = TypedTable()
    if not raw.rows:
        return table
    if 1 not in raw.rows:
        names = listed([_heading(column) for column in sheet.columns], 20)
        problems.append(
            Problem(f"{sheet.name}!A1", BLANK, "row 1 has no headings", f"write the headings in row 1: {names}")
        )
        table.complete = False
        return table
    headings = _read_headings(sheet, raw, problems)
    _require_headings(sheet, headings, problems)
    years = sorted(name for name in headings.letters if isinstance(name, int))
    table.year_cells = {year: f"{sheet.name}!{headings.letters[year]}1" for year in years}
    table.complete = all(name in headings.letters for name in sheet.key)
    _refuse_stray_columns(sheet, headings, raw, problems)
    for number, cells in raw.rows.items():
        if number > 1:
            row = _read_row(sheet, headings, number, cells, problems)
            if row is not None:
                _require_cells(sheet, row, years, problems)
                table.rows.append(row)
    return table


def _refuse_stray_columns(sheet: Sheet, headings: _Headings, raw: RawSheet, problems: list[Problem]) -> None:
    """A value below no heading would be overlooked: the first of each such column is a problem."""
    known = headings.targets.keys() | headings.ignored
    stray: dict[int, tuple[int, CellValue]] = {}
    for number, cells in raw.rows.items():
        for position in cells.keys() - known:
            stray.setdefault(position, (number, cells[position]))
    for position, (number, value) in sorted(stray.items()):
        letters = column_letters(position)
        problems.append(
            Problem(
                f"{sheet.name}!{letters}{number}",
                show(value),
                "the column has no heading in row 1",
                f"give {letters}1 a heading (starting with {FREE_SIGN} if it is your own), or clear the column",
            )
        )


def _read_row(sheet: Sheet, headings: _Headings, number: int, cells: Row, problems: list[Problem]) -> TypedRow | None:
    """The typed row; None when it is blank but for free text."""
    row = TypedRow(number, Cells(sheet.name, headings.letters, number), remarks=headings.remarks_of(cells))
    for position, raw in cells.items():
        target = headings.targets.get(position)
        if target is None:
            continue
        column, name = target
        try:
            if isinstance(name, int):
                row.years[name] = convert(column, raw, f"the value for {name}")
            else:
                row.values[name] = convert(column, raw)
        except UnusableCell as problem:
            row.unusable.add(name)
            problems.append(Problem(row.cells[name], show(raw), problem.wrong, problem.mend))
            if column.kind == "id":
                row.values[column.name] = show(raw)  # so that references to it are not reported too
    return row if row.values or row.years or row.unusable else None


def _require_cells(sheet: Sheet, row: TypedRow, years: list[int], problems: list[Problem]) -> None:
    for column in sheet.columns:
        if not column.required:
            continue
        if column.kind == YEARS:
            if years and not row.years and not row.unusable.intersection(years):
                problems.append(
                    Problem(
                        row.cells[years[0]],
                        BLANK,
                        "the row has no value in any year",
                        f"enter {wanted(column)} in at least one year",
                    )
                )
        elif column.name in row.cells and column.name not in row.values and column.name not in row.unusable:
            row.unusable.add(column.name)
            problems.append(
                Problem(row.cells[column.name], BLANK, f"{column.name} is missing", f"enter {wanted(column)}")
            )


# --- settings -------------------------------------------------------------------------------------------------------

_SETTING_ROW = Sheet(
    "Settings",
    SETTINGS.meaning,
    (
        text("setting", "Name of the setting.", required=True),
        text("value", "Its value."),
    ),
    key=("setting",),
)


def _read_settings(raw: RawSheet, book: TypedWorkbook) -> None:
    headings = _read_headings(_SETTING_ROW, raw, book.problems)
    if not {"setting", "value"} <= headings.letters.keys():
        book.problems.append(
            Problem(
                "Settings!A1",
                show(raw.rows.get(1, {}).get(1)),
                "the sheet Settings needs the headings setting and value in row 1",
                "write setting in A1 and value in B1, and one setting in each row below",
            )
        )
        return
    positions = {name: position for position, (_, name) in headings.targets.items()}
    _refuse_stray_columns(_SETTING_ROW, headings, raw, book.problems)
    for number, cells in raw.rows.items():
        label, value = cells.get(positions["setting"]), cells.get(positions["value"])
        if number > 1 and (label is not None or value is not None):
            places = Cells("Settings", headings.letters, number)
            _read_setting(show(label), value, places, headings.remarks_of(cells), book)


def _read_setting(
    label: str, value: CellValue | None, places: Cells, remarks: dict[str, str], book: TypedWorkbook
) -> None:
    if label.startswith(FREE_SIGN):
        return
    column = SETTINGS.by_name.get(plain(label))
    if column is None:
        book.problems.append(
            Problem(
                places["setting"],
                label,
                "there is no setting of this name",
                advice(label, SETTINGS.by_name, "enter one of"),
            )
        )
        return
    if column.name in book.setting_cells:
        book.problems.append(
            Problem(
                places["setting"],
                label,
                f"{column.name} is given twice, first in {book.setting_cells[column.name]}",
                "delete one of the two rows",
            )
        )
        return
    book.setting_cells[column.name] = places["value"]
    book.setting_remarks[column.name] = remarks
    if value is None:
        return
    try:
        book.settings[column.name] = convert(column, value)
    except UnusableCell as problem:
        book.unusable_settings.add(column.name)
        book.problems.append(Problem(places["value"], show(value), problem.wrong, problem.mend))


# --- references -----------------------------------------------------------------------------------------------------


def _look_up_references(book: TypedWorkbook) -> None:
    names = {sheet: _ids(SHEETS[sheet], table) for sheet, table in book.tables.items()}
    meant: dict[tuple[tuple[str, ...], str], str | None] = {}
    for sheet, table in book.tables.items():
        for column in SHEETS[sheet].columns:
            if column.kind == "ref":
                known = _valid(column, names)
                if known is not None:
                    _look_up_column(column, table, known, meant, book.problems)


def _ids(sheet: Sheet, table: TypedTable) -> dict[str, None] | None:
    """The ids that stand on a sheet, in order; None when they cannot be known."""
    column = sheet.id_column
    if column is None or not table.complete or (sheet.required and not table.rows):
        return None
    return {row.values[column.name]: None for row in table.rows if column.name in row.values}


def _valid(column: Column, names: Mapping[str, dict[str, None] | None]) -> dict[str, None] | None:
    """Everything that a reference column may hold; None when that cannot be known."""
    valid: dict[str, None] = {}
    for sheet in column.refers_to:
        if sheet == ANY:
            valid[ANY] = None
            continue
        ids = names[sheet]
        if ids is None:
            return None
        valid.update(ids)
    return valid


def _look_up_column(
    column: Column,
    table: TypedTable,
    known: Mapping[str, None],
    meant: dict[tuple[tuple[str, ...], str], str | None],
    problems: list[Problem],
) -> None:
    for row in table.rows:
        value = row.values.get(column.name)
        if value is None or value in known:
            continue
        question = (column.refers_to, value)
        if question not in meant:
            meant[question] = nearest(value, known) if len(meant) < MOST_GUESSES else None
        guess = meant[question]
        problems.append(unknown_reference(column, value, known, guess, row.cells[column.name]))
        row.unusable.add(column.name)
        row.repaired = True
        if guess is None:
            del row.values[column.name]
        else:
            row.values[column.name] = guess


def unknown_reference(column: Column, value: str, known: Iterable[str], guess: str | None, cell: str) -> Problem:
    """A name that stands on none of the sheets that the column refers to; `guess`: the name that was probably meant."""
    sheets = [sheet for sheet in column.refers_to if sheet != ANY]
    names = [name for name in known if name != ANY]
    if guess is not None:
        mend = f"did you mean {guess}?"
    elif names:
        mend = f"add it to {sheets[0]}, or enter one of: {listed(names)}"
    else:
        mend = f"add it to {sheets[0]}, which is empty"
    return Problem(cell, value, f"{value} is not on the sheet {' or '.join(sheets)}", mend)
