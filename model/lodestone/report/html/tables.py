"""The table behind a figure: what the page draws from, shows below the figure and gives as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestone.plan.plan import Plan
from lodestone.plan.tables import MONTH, Cell, Column, Document, Row
from lodestone.report.excel.styles import heading


@dataclass(frozen=True)
class Table:
    """Rows in the order of the columns. Shares are parts of 1; the page shows and exports them as per cent."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]

    def as_json(self) -> Document:
        """As the page reads it."""
        columns = [{"name": c.name, "title": heading(c), "unit": c.unit} for c in self.columns]
        return {"columns": columns, "rows": [[_short(value) for value in row] for row in self.rows]}


def from_plan(plan: Plan, name: str, *names: str, rows: Iterable[Row] | None = None) -> Table:
    """Columns of a table of the plan, in the order given; all of them when none is named. Months follow their year."""
    columns = tuple(c for c in plan.columns(name) if not names or c.name in (*names, MONTH.name))
    columns = tuple(sorted(columns, key=lambda c: _place(c, names))) if names else columns
    found = plan.rows(name) if rows is None else rows
    return Table(columns, [[row[c.name] for c in columns] for row in found])


def _place(column: Column, names: Sequence[str]) -> tuple[int, bool]:
    month = column.name == MONTH.name
    return names.index("year" if month else column.name), month


def _short(value: Cell) -> Cell:
    """Digits below a gram or a dollar only make the page larger."""
    return round(value, 6) + 0.0 if isinstance(value, float) else value
