"""The rows of a sheet below its headings: each cell converted to what its column wants."""

from __future__ import annotations

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.file.xlsx import RawSheet, Row, column_letters
from lodestone.workbook.reading.cells import BLANK, UnusableCell, convert, show, wanted
from lodestone.workbook.reading.doubts import is_note, is_total, refuse_totals
from lodestone.workbook.reading.headings import (
    Headings,
    heading_of,
    read_headings,
    refuse_stray_columns,
    require_headings,
)
from lodestone.workbook.reading.layout import covered_cells
from lodestone.workbook.reading.typed import Cells, TypedRow, TypedTable, TypedWorkbook
from lodestone.workbook.schema.columns import YEARS, Sheet


def read_table(sheet: Sheet, raw: RawSheet, book: TypedWorkbook) -> TypedTable:
    """A sheet other than Settings, references not looked up yet."""
    table, problems = TypedTable(), book.problems
    if not raw.rows:
        return table
    told: list[Problem] = []
    headings = read_headings(sheet, raw, told)
    if not headings.letters:
        names = listed([heading_of(column) for column in sheet.columns], 20)
        cells = raw.rows.get(1, {})
        wrong = "none of the headings of this sheet stands in row 1" if cells else "row 1 has no headings"
        first = min(cells, default=1)
        problems.append(
            Problem(
                f"{sheet.name}!{column_letters(first)}1",
                show(cells.get(first)),
                wrong,
                f"write the headings in row 1: {names}",
            )
        )
        table.complete = False
        return table
    problems += told
    require_headings(sheet, headings, problems)
    book.columns[sheet.name] = frozenset(headings.targets)
    table.years_as_they_stand = [name for _, (_, name) in sorted(headings.targets.items()) if isinstance(name, int)]
    years = sorted(table.years_as_they_stand)
    table.year_cells = {year: f"{sheet.name}!{headings.letters[year]}{headings.row}" for year in years}
    table.complete = all(name in headings.letters for name in sheet.key if sheet.by_name[name].default is None)
    refuse_stray_columns(sheet, headings, raw, problems)
    covered = covered_cells(sheet.name, raw, headings.targets, problems)
    for number, cells in raw.rows.items():
        if number > headings.row:
            row = _read_row(sheet, headings, number, cells, problems)
            if row is None or _refuse_aside(sheet, row, problems):
                continue
            row.unusable |= {headings.targets[column][1] for column in covered.get(number, ())}
            _require_cells(sheet, row, years, problems)
            table.rows.append(row)
    refuse_totals(sheet, table, problems)
    return table


def _refuse_aside(sheet: Sheet, row: TypedRow, problems: list[Problem]) -> bool:
    """Whether a row is none: its name reads like a total or a note, and what a row must have is missing."""
    first = sheet.key[0] if sheet.key else ""
    name = row.values.get(first, "")
    if not (isinstance(name, str) and name and (is_total(name) or is_note(name))):
        return False
    needed = [column.name for column in sheet.columns if column.required and column.name in row.cells]
    if all(column in row.values for column in needed):
        return False
    problems.append(
        Problem(
            row.cells[first],
            name,
            f"this reads like {'a total' if is_total(name) else 'a note'}, and not like a row of {sheet.name}",
            "delete the row; totals and notes may stand on a sheet whose name starts with #",
        )
    )
    return True


def _read_row(sheet: Sheet, headings: Headings, number: int, cells: Row, problems: list[Problem]) -> TypedRow | None:
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
