"""Changes of a scenario that change nothing, stand twice, or reach past the last year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of, horizon_of, problem_at
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Record, Tables

PARTS = ("sheet", "row", "column", "from_year", "to_year", "operation", "value")


def _changes(tables: Tables) -> list[Record]:
    """The rows of Changes of this scenario."""
    return [row for row in tables.rows("Changes") if row["scenario"] == tables.scenario and row["scenario"] != BASE]


def change_twice(tables: Tables) -> Iterator[Problem]:
    """Two rows of Changes say the same."""
    for row, first in _twice(tables):
        yield problem_at(
            row,
            "value",
            f"this change stands twice: {cell_of(first, 'scenario')} is the same",
            "delete one of the two rows" + ("" if row["operation"] == "set" else ", or write both as one"),
        )


def _twice(tables: Tables) -> Iterator[tuple[Record, Record]]:
    """(row, the first that says the same)"""
    seen: dict[tuple[str, ...], Record] = {}
    for row in _changes(tables):
        said = tuple(str(row[part]).casefold() for part in PARTS)
        if said in seen:
            yield row, seen[said]
        seen.setdefault(said, row)


def change_without_effect(tables: Tables) -> Iterator[Problem]:
    """The values are as the change leaves them already, or a later row sets all of them again."""
    twice = {row.key for row, _ in _twice(tables)}
    last_set: dict[tuple[str, str, str, int | None], str] = {}
    touched: dict[str, list[tuple[str, str, str, int | None]]] = defaultdict(list)
    setting = {_name(row) for row in _changes(tables) if row["operation"] == "set"}
    for change in tables.changes:
        cell = (change.sheet, change.row, change.column, change.year)
        touched[change.by].append(cell)
        if change.by in setting:
            last_set[cell] = change.by
    order = {_name(row): position for position, row in enumerate(_changes(tables))}
    for row in _changes(tables):
        name = _name(row)
        if row.key in twice:
            continue
        if not touched[name]:
            wrong, mend = "this change changes nothing: all that it names has that value already", "delete the row"
            yield problem_at(row, "value", wrong, f"{mend}, or check sheet, row, column and value")
        elif all(order.get(last_set.get(cell, name), 0) > order[name] for cell in touched[name]):
            later = last_set[touched[name][0]]
            wrong = f"this change has no effect: {later} sets the same values again"
            yield problem_at(row, "value", wrong, "delete one of the two rows, or give them different years")


def _name(row: Record) -> str:
    """As in CellChange.by."""
    return f"Changes!A{row.key[0]}"


def change_past_horizon(tables: Tables) -> Iterator[Problem]:
    """A change runs on after the last year."""
    last = horizon_of(tables)[-1]
    for row in _changes(tables):
        if row["to_year"] is not None and row["to_year"] > last:
            yield problem_at(
                row, "to_year", f"planning ends in {last}, and so does this change", f"enter {last}, or clear the cell"
            )
