"""One table of a plan's workbook: its columns and rows, the question that it answers, and the cells to be coloured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from lodestone.plan.tables import Cell, Column


@dataclass(frozen=True)
class Mark:
    """Cells to be coloured. criteria: a formula for row 2, with {column} for the cells of a column."""

    criteria: str
    columns: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class TableSheet:
    """A table from A1 on. question: what it answers. totals: how many last rows are totals."""

    name: str
    question: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: int = 0
    marks: tuple[Mark, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [column.name for column in self.columns]

    def formula(self, mark: Mark) -> str:
        """For row 2 of the sheet."""
        cells = {name: f"${xl_col_to_name(j)}2" for j, name in enumerate(self.names)}
        return "=" + re.sub(r"{(\w+)}", lambda found: cells[found[1]], mark.criteria)
