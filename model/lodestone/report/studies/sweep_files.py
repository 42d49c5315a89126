"""Sweep -> sweep.xlsx, sweep.csv and sweep.json."""

from __future__ import annotations

import csv
from pathlib import Path

import xlsxwriter

from lodestone import __version__
from lodestone.plan.formatting import one_line
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.styles import FORMULA_SIGNS, Styles, page, write_grid
from lodestone.report.studies.study_files import Kind, write_files
from lodestone.studies.sweep.results import SHAPE, Sweep, columns, document, rows

KIND = Kind("sweep", "sweep", "sweep_format", (".json", ".csv", ".xlsx"), SHAPE)


def write_sweep(sweep: Sweep, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write all three beside each other; returns their paths, the workbook first."""
    path = KIND.check_out(out)
    json, table, book = write_files(
        path,
        {
            ".json": lambda new: KIND.write_json(document(sweep), new),
            ".csv": lambda new: _write_csv(sweep, new),
            ".xlsx": lambda new: _write_book(labels.shown(sweep), new),
        },
    )
    return [book, table, json]


def _write_csv(sweep: Sweep, path: Path) -> None:
    """Comma and decimal point. Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_guarded(column.name) for column in columns(sweep)])
        writer.writerows([_guarded(value) for value in row] for row in rows(sweep))


def _guarded(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _write_book(sweep: Sweep, path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    title = f"Sweep of {sweep.workbook}"
    book.set_properties({"title": title, "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    sheet = book.add_worksheet("Sweep")
    page(sheet, title, "Sweep")
    write_grid(styles, sheet, columns(sweep), rows(sweep))
    sheet.freeze_panes(1, len(sweep.varied))
    about = book.add_worksheet("About")
    page(about, title, "About")
    facts: list[list[Cell]] = [
        ["workbook", sweep.workbook],
        *([varied.path, ", ".join(varied.values)] for varied in sweep.varied),
        ["changes for all points", "; ".join(sweep.sets) or "none"],
        ["points without a plan", sweep.failed],
        ["Lodestone", __version__],
    ]
    write_grid(styles, about, (Column("what", "", ""), Column("value", "any", "")), facts)
    book.close()
