"""The rows of a sheet below its headings: each cell converted to what its column wants."""

from __future__ import annotations

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.file.xlsx import RawSheet, Row
from lodestone.workbook.reading.cells import BLANK, UnusableCell, convert, show, wanted
from lodestone.workbook.reading.headings import (
    Headings,
    heading_of,
    read_headings,
    refuse_stray_columns,
    require_headings,
)
from lodestone.workbook.reading.typed import Cells, TypedRow, TypedTable
from lodestone.workbook.schema.columns import YEARS, Sheet


def read_table(sheet: Sheet, raw: RawSheet, problems: list[Problem]) -> TypedTable:
    """A sheet other than Settings, references not looked up yet."""
    table = TypedTable()
    if not raw.rows:
        return table
    if 1 not in raw.rows:
        names = listed([heading_of(column) for column in sheet.columns], 20)
        problems.append(
            Problem(f"{sheet.name}!A1", BLANK, "row 1 has no headings", f"write the headings in row 1: {names}")
        )
        table.complete = False
        return table
    headings = read_headings(sheet, raw, problems)
    require_headings(sheet, headings, problems)
    years = sorted(name for name in headings.letters if isinstance(name, int))
    table.year_cells = {year: f"{sheet.name}!{headings.letters[year]}1" for year in years}
    table.complete = all(name in headings.letters for name in sheet.key if sheet.by_name[name].default is None)
    refuse_stray_columns(sheet, headings, raw, problems)
    for number, cells in raw.rows.items():
        if number > 1:
            row = _read_row(sheet, headings, number, cells, problems)
            if row is not None:
                _require_cells(sheet, row, years, problems)
                table.rows.append(row)
    return table


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
