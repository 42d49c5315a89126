"""Comparison -> compare.xlsx: decisions and key figures side by side first, then charts, then what lies behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone import __version__
from lodestone.plan.formatting import count
from lodestone.plan.tables import Cell
from lodestone.report.compare.charts import write_charts
from lodestone.report.compare.grid import WIDEST_RUN, Line, header, write_grid, write_line
from lodestone.report.compare.sheets import sheets
from lodestone.report.excel.styles import LINE_HEIGHT, Styles, heading_height, page
from lodestone.studies.compare.results import NOISE, Comparison, Run

KINDS = {
    "build": ("Build: year of the decision", "not built"),
    "floor": ("Price floors: year of the award", "not awarded"),
    "contract": ("Contracts: year of signing", "not signed"),
    "contract volume": ("Contracts: annual volume", "none"),
    "stock": ("Stock at the end of key years", ""),
}
RUN_WIDTH, WIDEST_NAME = 18, 68  # characters


def write_compare_workbook(comparison: Comparison, path: Path) -> None:
    """Write the workbook of a comparison."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": _title(comparison), "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    _write_overview(book.add_worksheet("Compare"), styles, comparison)
    write_charts(book, styles, comparison)
    for name, titles, lines in sheets(comparison):
        sheet = book.add_worksheet(name)
        page(sheet, _title(comparison), name)
        write_grid(sheet, styles, titles, lines)
    book.close()


def _title(comparison: Comparison) -> str:
    return f"Comparison of {count(len(comparison.runs), 'run')}"


# --- the first sheet ------------------------------------------------------------------------------------------------


def _write_overview(sheet: Worksheet, styles: Styles, comparison: Comparison) -> None:
    """Which runs, what they decide, what comes of it; names of the runs stay in sight."""
    page(sheet, _title(comparison), "Compare")
    sheet.hide_gridlines(2)
    names, first = comparison.names, comparison.names[0]
    titles = [f"Shaded: not as in {first}", "Unit", *names, *(f"{name} against {first}" for name in names[1:])]
    sections = list(_overview(comparison))
    longest = max(len(line.cells[0]) for _, lines in sections for line in lines)
    widths = [min(longest + 6, WIDEST_NAME), 9.0, *([_run_width(comparison)] * (2 * len(names) - 1))]
    for j, size in enumerate(widths):
        sheet.set_column(j, j, size)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, _title(comparison), styles.title)
    sheet.set_row(1, heading_height(titles, widths))
    for j, title in enumerate(titles):
        sheet.write_string(1, j, title, header(styles, title, is_text=j < 2))
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)

    row = 2
    for heading, lines in sections:
        sheet.set_row(row, 22)
        for j in range(len(titles)):
            sheet.write_string(row, j, heading if j == 0 else "", styles.section)
        for at, line in enumerate(lines, row + 1):
            write_line(sheet, styles, at, line, widths, in_section=True)
        row += 1 + len(lines)
        if heading == "Runs":
            row = _write_remarks(sheet, styles, row, comparison.remarks, widths)


def _overview(comparison: Comparison) -> Iterable[tuple[str, list[Line]]]:
    """Sections with their rows."""
    yield "Runs", _run_lines(comparison.runs)
    blank = [None] * (len(comparison.runs) - 1)
    for kind, (heading, nothing) in KINDS.items():
        lines = []
        for decision in comparison.decisions:
            if decision.kind == kind:
                cells = [nothing if value is None else value for value in decision.values]
                nil = None if kind == "stock" else 0.0  # a year that a run does not plan for has no stock, not even 0
                differences = _numeric_differences(decision.values, nil) if decision.unit else blank
                unlike = [decision.differs and _unlike(value, decision.values[0]) for value in decision.values]
                marked = frozenset(2 + n for n, other in enumerate(unlike) if other)
                lines.append(_compared(decision.name, decision.unit, cells, differences, marked))
        if lines:
            yield heading, lines
    groups = dict.fromkeys(figure.group for figure in comparison.key_figures)
    for group in groups:
        lines = [
            _compared(figure.name, figure.unit, figure.values, figure.differences[1:])
            for figure in comparison.key_figures
            if figure.group == group
        ]
        yield group, [*lines, _gap_line(comparison.runs)] if group == "Cost" else lines


def _run_lines(runs: Sequence[Run]) -> list[Line]:
    facts = (
        ("Plan", [run.plan_name for run in runs]),
        ("Workbook", [run.workbook for run in runs]),
        ("Scenario", [run.scenario for run in runs]),
        ("Years", [f"{run.first_year}-{run.last_year}" for run in runs]),
        ("Status", [run.status for run in runs]),
    )
    lines = [Line([label, "", *values], [""] * (len(runs) + 2)) for label, values in facts]
    gaps: list[Cell] = ["not known" if run.gap is None else run.gap for run in runs]
    return [*lines, Line(["Gap to the best possible cost", "%", *gaps], ["", "", *["gap"] * len(runs)])]


def _gap_line(runs: Sequence[Run]) -> Line:
    """Under the total: whether it is known which plan costs less."""
    said = ["no difference" if not run.difference_musd else "no" if run.within_gap else "yes" for run in runs[1:]]
    first = 2 + len(runs)
    cells = ["Is the difference proved, being more than the two gaps allow?", "", *[None] * len(runs), *said]
    marked = frozenset(first + n for n, text in enumerate(said) if text == "no")
    return Line(cells, [""] * len(cells), marked=marked)


def _compared(
    name: str, unit: str, values: Sequence[Cell], differences: Sequence[Cell], marked: frozenset[int] = frozenset()
) -> Line:
    shown = "%" if unit == "share" else unit
    return Line(
        [name, shown, *values, *differences],
        ["", "", *[unit] * len(values), *[f"difference {unit}"] * len(differences)],
        marked=marked,
    )


def _numeric_differences(values: Sequence[float | None], nil: float | None) -> list[float | None]:
    """Against the first run; what is not there counts as nil."""
    first, *others = (nil if value is None else value for value in values)
    return [None if first is None or value is None else value - first for value in others]


def _unlike(value: Cell, first: Cell) -> bool:
    if isinstance(value, float) and isinstance(first, float):
        return abs(value - first) > NOISE["t"]
    return bool(value != first)


def _write_remarks(sheet: Worksheet, styles: Styles, row: int, remarks: Sequence[str], widths: Sequence[float]) -> int:
    """What to bear in mind, across all columns; returns the next free row."""
    for remark in remarks:
        sheet.merge_range(row, 0, row, len(widths) - 1, "", styles.sentence)
        sheet.write_string(row, 0, remark, styles.format(text_wrap=True, valign="top", indent=2, italic=True))
        sheet.set_row(row, LINE_HEIGHT * (1 + len(remark) // int(sum(widths))))
        row += 1
    return row


def _run_width(comparison: Comparison) -> float:
    """For the names of runs and of their workbooks."""
    longest = max(max(len(run.name) / 2 + 4, len(run.workbook) + 2) for run in comparison.runs)
    return float(min(max(RUN_WIDTH, longest), WIDEST_RUN))
