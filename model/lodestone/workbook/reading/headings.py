"""Row 1 of a sheet: which column of the schema, or which year, each column is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from lodestone.errors import Problem
from lodestone.names import listed, nearest, plain
from lodestone.workbook.file.xlsx import CellValue, ErrorValue, NoValue, RawSheet, Row, column_letters
from lodestone.workbook.reading.cells import show, wanted
from lodestone.workbook.reading.layout import merged_heading
from lodestone.workbook.schema.columns import YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import FIRST_HEADING, LAST_HEADING

FREE_COLUMNS = ("note", "source")
FREE_SIGN = "#"


def heading_of(column: Column) -> str:
    """What to write in row 1 for a column, in words."""
    return "a column for each year" if column.kind == YEARS else column.name


@dataclass
class Headings:
    """What each column of a sheet is: (its schema column, its name or year). Free text is ignored; remarks is kept."""

    targets: dict[int, tuple[Column, str | int]]
    ignored: set[int]
    letters: dict[str | int, str]
    remarks: dict[int, str] = field(default_factory=dict)  # source, note

    def remarks_of(self, cells: Row) -> dict[str, str]:
        """The free text of a row, by column."""
        return {name: show(cells[position]) for position, name in self.remarks.items() if position in cells}


def read_headings(sheet: Sheet, raw: RawSheet, problems: list[Problem]) -> Headings:
    """The columns that row 1 names, a misspelt one taken for the one that was probably meant."""
    headings = Headings({}, set(), {})
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


def _unknown_heading(sheet: Sheet, headings: Headings, position: int, name: str, problems: list[Problem]) -> None:
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


def require_headings(sheet: Sheet, headings: Headings, problems: list[Problem]) -> None:
    """A required column, or all year columns, may be missing."""
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


def refuse_stray_columns(sheet: Sheet, headings: Headings, raw: RawSheet, problems: list[Problem]) -> None:
    """A value below no heading would be overlooked: the first of each such column is a problem."""
    known = headings.targets.keys() | headings.ignored
    stray: dict[int, tuple[int, CellValue]] = {}
    for number, cells in raw.rows.items():
        for position in cells.keys() - known:
            stray.setdefault(position, (number, cells[position]))
    for position, (number, value) in sorted(stray.items()):
        letters = column_letters(position)
        merged = merged_heading(raw, position)
        problems.append(
            Problem(
                f"{sheet.name}!{letters}{number}",
                show(value),
                "the column has no heading in row 1" + (f", where {merged} are merged" if merged else ""),
                ("unmerge them, and " if merged else "")
                + f"give {letters}1 a heading (starting with {FREE_SIGN} if it is your own), or clear the column",
            )
        )
