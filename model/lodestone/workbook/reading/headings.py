"""The headings of a sheet: which column of the schema, or which year, each column is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from lodestone.errors import Problem
from lodestone.names import did_you_mean, listed, nearest, plain
from lodestone.workbook.file.xlsx import CellValue, ErrorValue, NoValue, RawSheet, Row, column_letters
from lodestone.workbook.reading.cells import BLANK, LINKED, UNSAVED, show, wanted
from lodestone.workbook.reading.layout import merged_heading
from lodestone.workbook.schema.columns import LABEL, YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import FIRST_HEADING, LAST_HEADING

FREE_SIGN = "#"
TITLE_ROWS = 30  # down to which headings are looked for where row 1 has none


def heading_of(column: Column) -> str:
    """What to write in row 1 for a column, in words."""
    return "and a column for each year, headed 2026, 2027 and so on" if column.kind == YEARS else column.name


@dataclass
class Headings:
    """What each column of a sheet is: (its schema column, its name or year). Free text is ignored; remarks is kept.

    row: where they stand, which is row 1 unless something was written above them.
    """

    targets: dict[int, tuple[Column, str | int]]
    ignored: set[int]
    letters: dict[str | int, str]
    remarks: dict[int, str] = field(default_factory=dict)  # source, note, label
    row: int = 1

    def remarks_of(self, cells: Row) -> dict[str, str]:
        """The free text of a row, by column."""
        return {name: show(cells[position]) for position, name in self.remarks.items() if position in cells}


def read_headings(sheet: Sheet, raw: RawSheet, problems: list[Problem]) -> Headings:
    """The columns that row 1 names, a misspelt one taken for the one that was probably meant."""
    headings = Headings({}, set(), {}, row=_row_of_headings(sheet, raw))
    if headings.row > 1:
        problems.append(_title_above(sheet, raw, headings.row))
    strange: list[tuple[int, CellValue]] = []
    for position, value in raw.rows.get(headings.row, {}).items():
        target = _target(sheet, value)
        cell = f"{sheet.name}!{column_letters(position)}{headings.row}"
        if target == FREE_SIGN:
            headings.ignored.add(position)
            name = plain(show(value))
            if name == LABEL and LABEL in headings.letters:
                problems.append(_twice(cell, value))
            elif name in sheet.free:
                headings.remarks[position] = name
            if name == LABEL and name in sheet.free:  # doubts about it name its cell
                headings.letters.setdefault(LABEL, column_letters(position))
        elif isinstance(target, str):
            headings.ignored.add(position)
            strange.append((position, value))
        elif target[1] in headings.letters:
            headings.ignored.add(position)
            problems.append(_twice(cell, value))
        else:
            headings.targets[position] = target
            headings.letters[target[1]] = column_letters(position)
    for position, value in strange:
        if not _year_in_other_words(sheet, headings, position, value, problems):
            _unknown_heading(sheet, headings, position, value, problems)
    return headings


def _twice(cell: str, heading: CellValue) -> Problem:
    mend = f"keep one of the two columns, or start this heading with {FREE_SIGN}"
    return Problem(cell, show(heading), "this heading is there twice", mend)


def _row_of_headings(sheet: Sheet, raw: RawSheet) -> int:
    """Row 1, unless it says at most one word that is a heading by chance, and a row below is the one of headings."""

    def known(number: int) -> int:
        cells = raw.rows.get(number, {}).values()
        return sum(
            1 for value in cells if isinstance(target := _target(sheet, value), tuple) and target[0].kind != YEARS
        )

    if known(1) > 1 or (known(1) and len(raw.rows[1]) > 1):
        return 1
    most = max((known(number), -number) for number in range(1, TITLE_ROWS + 1))
    needed = sum(column.required for column in sheet.plain)
    return -most[1] if most[0] >= max(1, min(2, needed)) else 1


def _title_above(sheet: Sheet, raw: RawSheet, row: int) -> Problem:
    above = "row 1" if row == 2 else f"rows 1 to {row - 1}"
    number = next((number for number, cells in raw.rows.items() if number < row and cells), 1)
    position = min(raw.rows.get(number, {}), default=1)
    found = raw.rows.get(number, {}).get(position)
    return Problem(
        f"{sheet.name}!{column_letters(position)}{number}",
        BLANK if found is None else show(found),
        f"the headings stand in row {row}, and have to stand in row 1",
        f"delete {above}; what they say can go to the sheet ReadMe" if found is not None else f"delete {above}",
    )


def _target(sheet: Sheet, heading: CellValue) -> tuple[Column, str | int] | str:
    """The column that a heading names; "#" for a free-text column, "" for an unknown one."""
    if isinstance(heading, bool | date | ErrorValue | NoValue):
        return ""
    name = show(heading)
    if name.startswith(FREE_SIGN) or plain(name) in sheet.free:
        return FREE_SIGN
    if name.isdecimal() and FIRST_HEADING <= int(name) <= LAST_HEADING:
        return (sheet.years, int(name)) if sheet.years else ""
    column = sheet.by_name.get(plain(name))
    return (column, column.name) if column is not None and column.kind != YEARS else ""


def _year_in_other_words(
    sheet: Sheet, headings: Headings, position: int, value: CellValue, problems: list[Problem]
) -> bool:
    """A heading that says a year and something else is taken for that year, and told; False where it says none."""
    if sheet.years is None:
        return False
    years = _years_in(value)
    if not years:
        return False
    cell, found = f"{sheet.name}!{column_letters(position)}{headings.row}", show(value)
    if isinstance(value, date):
        wrong = "a date stands where the heading is a year"
        mend = f"set the format of the cell to General and write {years[0]}"
    elif len(years) > 1:
        wrong, mend = "the heading names two years", f"write the one that is meant: {years[0]} or {years[1]}"
    else:
        wrong, mend = "the heading of a year is the year alone", f"write {years[0]}"
    if len(years) == 1:
        if years[0] in headings.letters:
            wrong = f"{years[0]} has a column already, {headings.letters[years[0]]}"
            mend = "keep one of the two columns, or write the year that is meant"
        else:
            headings.targets[position] = (sheet.years, years[0])
            headings.letters[years[0]] = column_letters(position)
            headings.ignored.discard(position)
    problems.append(Problem(cell, found, wrong, mend))
    return True


def _years_in(value: CellValue) -> list[int]:
    """The years that a heading says: of a date, its serial number, FY2026, 2026.0, 2026E, 2026 (t/yr), 2026/27."""
    if isinstance(value, date):
        years = [value.year]
    elif isinstance(value, bool | ErrorValue | NoValue):
        return []
    else:
        text = show(value)
        if re.fullmatch("[0-9]{5}", text):  # Excel's number of the first or the last day of a year
            day = date(1899, 12, 30) + timedelta(days=int(text))
            return [day.year] if (day.month, day.day) in ((1, 1), (12, 31)) and _is_year(day.year) else []
        if re.search(r"[0-9]{4}\.[0-9]*[1-9]", text):
            return []
        spans = re.findall(r"(?<![0-9])([0-9]{2})([0-9]{2})\s*[/\u2013-]\s*([0-9]{4}|[0-9]{2})(?![0-9])", text)
        if spans:
            century, year, until = spans[0]
            years = [int(century + year), int(until if len(until) == 4 else century + until)]
        else:
            years = [int(year) for year in re.findall(r"(?<![0-9])[0-9]{4}(?![0-9])", text)]
    years = list(dict.fromkeys(years))
    return years if len(years) <= 2 and all(map(_is_year, years)) else []


def _is_year(number: int) -> bool:
    return FIRST_HEADING <= number <= LAST_HEADING


def _unknown_heading(
    sheet: Sheet, headings: Headings, position: int, value: CellValue, problems: list[Problem]
) -> None:
    """Report it, and take the column for the one that was probably meant if that one is missing."""
    name = show(value)
    cell = f"{sheet.name}!{column_letters(position)}{headings.row}"
    own = f"start the heading with {FREE_SIGN} if the column is your own"
    if isinstance(value, ErrorValue):
        wrong, mend = LINKED if value.rich else ("the heading holds an error", f"mend the formula in Excel, or {own}")
        problems.append(Problem(cell, name, wrong, mend))
        return
    if isinstance(value, NoValue):
        problems.append(Problem(cell, name, *UNSAVED))
        return
    if name.isdecimal() and sheet.years is None:
        problems.append(
            Problem(cell, name, f"the sheet {sheet.name} has no year columns", f"delete the column, or {own}")
        )
        return
    if name.isdecimal():
        mend = f"write {2000 + int(name)}" if len(name) == 2 else "write the year that is meant"
        problems.append(Problem(cell, name, f"a year is from {FIRST_HEADING} to {LAST_HEADING}", mend))
        return
    missing = [column.name for column in sheet.plain if column.name not in headings.letters]
    meant = nearest(name, missing)
    if meant is not None:
        headings.targets[position] = (sheet.by_name[meant], meant)
        headings.letters[meant] = column_letters(position)
        headings.ignored.discard(position)
    hint = meant or nearest(name, [*(column.name for column in sheet.plain), *sheet.free])
    problems.append(
        Problem(
            cell,
            name,
            f"the sheet {sheet.name} has no column of this name",
            f"{did_you_mean(name, hint)} Otherwise {own}" if hint else own,
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
            example = (
                "for each year, with the year as its heading, such as 2026,"
                if column.kind == YEARS
                else f"with the heading {column.name}"
            )
            problems.append(
                Problem(
                    sheet.name,
                    found,
                    f"the sheet {sheet.name} lacks the {what}",
                    f"add a column {example} in row 1 ({wanted(column)})",
                )
            )


def refuse_stray_columns(sheet: Sheet, headings: Headings, raw: RawSheet, problems: list[Problem]) -> None:
    """A value below no heading would be overlooked: the first of each such column is a problem."""
    known = headings.targets.keys() | headings.ignored
    stray: dict[int, tuple[int, CellValue]] = {}
    for number, cells in raw.rows.items():
        if number <= headings.row:
            continue
        for position in cells.keys() - known:
            stray.setdefault(position, (number, cells[position]))
    for position, (number, value) in sorted(stray.items()):
        letters = column_letters(position)
        merged = merged_heading(raw, position)
        problems.append(
            Problem(
                f"{sheet.name}!{letters}{number}",
                show(value),
                f"the column has no heading in row {headings.row}" + (f", where {merged} are merged" if merged else ""),
                ("unmerge them, and " if merged else "")
                + f"give {letters}{headings.row} a heading (starting with {FREE_SIGN} if it is your own), "
                "or clear the column",
            )
        )
