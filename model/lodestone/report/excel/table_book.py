"""A workbook of plain tables, one a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from lodestone import __version__
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.styles import Styles, page, write_grid

Table = tuple[str, Sequence[Column], Sequence[Sequence[Cell]]]  # sheet, columns, rows

FACTS = (Column("what", "", ""), Column("value", "", ""))  # of a sheet that says how the others came about


def write_tables(path: Path, plan_name: str, tables: Iterable[Table], about: str = "") -> None:
    """plan_name: at the head of every printed page. about: what the workbook is of that plan, for its properties."""
    book = xlsxwriter.Workbook(str(path))
    title = f"{plan_name}: {about}" if about else plan_name
    book.set_properties({"title": title, "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    for name, columns, rows in tables:
        sheet = book.add_worksheet(name)
        page(sheet, plan_name, name)
        write_grid(styles, sheet, columns, rows)
    book.close()
