"""Names that refer to another sheet, looked up there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lodestone.errors import Problem
from lodestone.names import listed, nearest
from lodestone.workbook.reading.typed import TypedTable, TypedWorkbook
from lodestone.workbook.schema.columns import Column, Sheet
from lodestone.workbook.schema.sheets import ANY, SHEETS, WORDS

MOST_GUESSES = 1000  # unknown names for which the nearest known one is sought


def look_up_references(book: TypedWorkbook) -> None:
    """Replace a misspelt reference by the name that was probably meant; set others that name nothing aside."""
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
        if sheet in WORDS:
            valid[sheet] = None
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
    sheets = [sheet for sheet in column.refers_to if sheet not in WORDS]
    names = [name for name in known if name != ANY]
    if guess is not None:
        mend = f"did you mean {guess}?"
    elif names:
        mend = f"add it to {sheets[0]}, or enter one of: {listed(names)}"
    else:
        mend = f"add it to {sheets[0]}, which is empty"
    return Problem(cell, value, f"{value} is not on the sheet {' or '.join(sheets)}", mend)
