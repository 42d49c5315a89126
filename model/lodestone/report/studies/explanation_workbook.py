"""explanation.xlsx: what is wrong, what would mend it, and which rules cannot hold together."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone import __version__
from lodestone.plan.formatting import count, musd, share_at_most
from lodestone.plan.tables import Cell
from lodestone.report.excel.styles import LINE_HEIGHT, NUMBER_FORMATS, Styles, page
from lodestone.studies.explanation.results import Change, Explanation, Repair, conflict_heading

WRONG, REPAIRS, CONFLICT = "What is wrong", "Repairs", "Smallest conflict"
FIRST = 4  # row of the table's heading, counted from 1


def write_explanation_workbook(explanation: Explanation, path: Path) -> None:
    """Three sheets: the findings of plain arithmetic, the repairs, the conflict."""
    book = xlsxwriter.Workbook(str(path))
    title = f"No plan exists: {explanation.plan_name}, scenario {explanation.scenario}"
    book.set_properties({"title": title, "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    _wrong(styles, book, title, explanation)
    _repairs(styles, book, title, explanation)
    _conflict(styles, book, title, explanation)
    book.close()


def _wrong(styles: Styles, book: xlsxwriter.Workbook, title: str, explanation: Explanation) -> None:
    if explanation.findings:
        lead = "Plain arithmetic shows that the following cannot be met, whatever is decided."
        table = [(f.cell, f.text, ", ".join(f.cells[1:])) for f in explanation.findings]
    else:
        lead = "Plain arithmetic shows nothing impossible. These rules cannot all be kept together:"
        table = [(rule.cell, rule.text, "") for rule in explanation.conflict if rule.kind == "rule"]
    sheet = _sheet(styles, book, WRONG, title, lead)
    _table(styles, sheet, (("Cell", 30), ("What is wrong", 90), ("It rests on", 40)), table)
    row = FIRST + len(table) + 1
    for remark in (*explanation.remarks, "How to read this: docs/explain.md."):
        sheet.write_string(row, 0, remark, styles.subtitle)
        row += 1


def _repairs(styles: Styles, book: xlsxwriter.Workbook, title: str, explanation: Explanation) -> None:
    if explanation.repairs:
        lead = (
            f"{count(len(explanation.repairs), 'repair')}, the least change first; any one of them is enough. "
            "Type the new values into the workbook: each repair was proved by solving the workbook with them."
        )
    else:
        lead = "No repair was found."
    sheet = _sheet(styles, book, REPAIRS, title, lead)
    columns = (
        ("Repair", 8), ("Cell", 30), ("What", 44), ("Now", 12), ("Change to", 12), ("Unit", 10),
        ("Cost of the plan (MUSD, discounted)", 14), ("Proved", 52),
    )  # fmt: skip
    _headings(styles, sheet, columns)
    row = FIRST
    for number, repair in enumerate(explanation.repairs, 1):
        for i, change in enumerate(repair.changes):
            line: tuple[Cell, ...] = (number, change.cell, change.what)
            for column, value in enumerate(line):
                _put(styles, sheet, row, column, value)
            for column, value in ((3, change.old), (4, change.new)):
                _value(styles, sheet, row, column, value, change)
            _put(styles, sheet, row, 5, unit_words(change.unit))
            if i == 0:
                styles.write(sheet, row, 6, repair.objective_musd, "MUSD", valign="top")
                _put(styles, sheet, row, 7, proof_words(repair))
            sheet.set_row(
                row, _height([(change.cell, 30), (change.what, 44), (proof_words(repair) if i == 0 else "", 52)])
            )
            row += 1


def _conflict(styles: Styles, book: xlsxwriter.Workbook, title: str, explanation: Explanation) -> None:
    sheet = _sheet(styles, book, CONFLICT, title, conflict_heading(explanation))
    kinds = {"rule": "asked or limited by the cell", "logic": "how the model adds up"}
    table = [(rule.cell, rule.text, kinds[rule.kind]) for rule in explanation.conflict]
    _table(styles, sheet, (("Cell", 30), ("What it says", 90), ("Kind", 36)), table)


def proof_words(repair: Repair) -> str:
    """What is known of a repair."""
    if repair.objective_musd is None or repair.gap is None:
        cost = "A plan exists with it; there was no time to find its least cost."
    else:
        known = f"within {share_at_most(repair.gap)} of the least cost"
        cost = f"A plan of {musd(repair.objective_musd)} exists with it ({known})."
    if not repair.needed:
        return cost + " Not every part was proved to be needed."
    return cost + (" Without any one of its parts there is none." if len(repair.changes) > 1 else "")


def unit_words(unit: str) -> str:
    """What a figure in this unit is called."""
    return {"share": "share", "count": "builds", "": "word"}.get(unit, unit)


# --- tables ---------------------------------------------------------------------------------------------------------


def _sheet(styles: Styles, book: xlsxwriter.Workbook, name: str, title: str, lead: str) -> Worksheet:
    sheet: Worksheet = book.add_worksheet(name)
    page(sheet, title, name)
    sheet.write_string(0, 0, title, styles.title)
    sheet.write_string(1, 0, lead, styles.subtitle)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(FIRST, 0)
    return sheet


def _table(
    styles: Styles, sheet: Worksheet, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[str]]
) -> None:
    _headings(styles, sheet, columns)
    for i, row in enumerate(rows, FIRST):
        for j, text in enumerate(row):
            _put(styles, sheet, i, j, text)
        sheet.set_row(i, _height([(text, columns[j][1]) for j, text in enumerate(row)]))


def _headings(styles: Styles, sheet: Worksheet, columns: Sequence[tuple[str, float]]) -> None:
    for j, (name, width) in enumerate(columns):
        sheet.set_column(j, j, width)
        sheet.write_string(FIRST - 1, j, name, styles.header(is_text=True))
    sheet.set_row(FIRST - 1, 2 * LINE_HEIGHT + 3)


def _put(styles: Styles, sheet: Worksheet, row: int, column: int, value: Cell) -> None:
    styles.write(sheet, row, column, value, text_wrap=True, valign="top")


def _value(styles: Styles, sheet: Worksheet, row: int, column: int, value: Cell, change: Change) -> None:
    """As the cell of the workbook would show it."""
    if value is None:
        _put(styles, sheet, row, column, "(blank)")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        _put(styles, sheet, row, column, value)
    else:
        form = "0.0%" if change.unit == "share" else "0" if change.unit in ("year", "count") else "#,##0.###"
        if float(value).is_integer() and change.unit not in ("share", "year", "count"):
            form = NUMBER_FORMATS["t"]
        sheet.write_number(row, column, value, styles.format(num_format=form, valign="top"))


def _height(cells: Sequence[tuple[str, float]]) -> float:
    lines = max((ceil(len(str(text)) / max(width - 3, 1)) for text, width in cells), default=1)
    return LINE_HEIGHT * max(lines, 1) + 2
