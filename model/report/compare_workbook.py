"""Comparison -> compare.xlsx: decisions and key figures side by side first, then charts, then what lies behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from model import __version__
from model.plan_tables import COST_TERMS
from model.report.compare_charts import write_charts
from model.report.compare_results import NOISE, Comparison, FlowDifference, InputDifference, Run
from model.report.key_figures import BINDING
from model.report.styles import (
    ALERT,
    DARK,
    FORMULA_SIGNS,
    LAST_ROW,
    LIGHT,
    LINE_HEIGHT,
    RULE,
    Styles,
    heading_height,
    page,
    width,
)
from model.report.words import count, one_line, term_label, year_ranges
from model.schema import SHEETS, YEARS

DIFFERENCE_FORMATS = {
    "MUSD": "+#,##0.00;-#,##0.00;0.00",
    "t": "+#,##0;-#,##0;0",
    "t/yr": "+#,##0;-#,##0;0",
    "share": "+0.0%;-0.0%;0.0%",
    "days": "+#,##0.0;-#,##0.0;0.0",
}
KINDS = {
    "build": ("Build: year of the decision", "not built"),
    "floor": ("Price floors: year of the award", "not awarded"),
    "contract": ("Contracts: year of signing", "not signed"),
    "contract volume": ("Contracts: annual volume", "none"),
    "stock": ("Stock at the end of key years", ""),
}
RUN_WIDTH, WIDEST_RUN, WIDEST_TEXT, WIDEST_NAME = 18, 28, 55, 68  # characters
MOST_LINES = 6  # of a cell
EXACT = "exact"  # cost cells keep every digit, so that the bridge adds up in Excel too


@dataclass(frozen=True)
class Line:
    """One row of a grid. units: one for each cell; total: set apart."""

    cells: Sequence[Any]
    units: Sequence[str]
    total: bool = False
    marked: frozenset[int] = field(default_factory=frozenset)  # cells to be noticed


def write_compare_workbook(comparison: Comparison, path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": _title(comparison), "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    _write_overview(book.add_worksheet("Compare"), styles, comparison)
    write_charts(book, styles, comparison)
    for name, titles, lines in (
        _bridge(comparison),
        _inputs(comparison),
        _flows(comparison),
        _flows_by_year(comparison),
        _china_share(comparison),
        _stocks(comparison),
        _runs(comparison),
    ):
        sheet = book.add_worksheet(name)
        page(sheet, _title(comparison), name)
        _write_grid(sheet, styles, titles, lines)
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
        sheet.write_string(1, j, title, _header(styles, title, is_text=j < 2))
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)

    row = 2
    for heading, lines in sections:
        sheet.set_row(row, 22)
        for j in range(len(titles)):
            sheet.write_string(row, j, heading if j == 0 else "", styles.section)
        for at, line in enumerate(lines, row + 1):
            _write_line(sheet, styles, at, line, widths, in_section=True)
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
    gaps: list[Any] = ["not known" if run.gap is None else run.gap for run in runs]
    return [*lines, Line(["Gap to the best possible cost", "%", *gaps], ["", "", *["gap"] * len(runs)])]


def _gap_line(runs: Sequence[Run]) -> Line:
    """Under the total: whether it is known which plan costs less."""
    said = [
        "no difference" if not run.difference_musd else "within gap" if run.within_gap else "beyond the gaps"
        for run in runs[1:]
    ]
    first = 2 + len(runs)
    cells = ["Difference against what the two gaps allow", "", *[None] * len(runs), *said]
    marked = frozenset(first + n for n, text in enumerate(said) if text == "within gap")
    return Line(cells, [""] * len(cells), marked=marked)


def _compared(
    name: str, unit: str, values: Sequence[Any], differences: Sequence[Any], marked: frozenset[int] = frozenset()
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


def _unlike(value: Any, first: Any) -> bool:
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


# --- the other sheets: headings and rows ----------------------------------------------------------------------------

Table = tuple[str, list[str], list[Line]]


def _bridge(comparison: Comparison) -> Table:
    names, costs = comparison.names, comparison.costs
    units = ["", "", *[EXACT] * len(names), *[f"difference {EXACT}"] * (len(names) - 1)]

    def line(label: str, payer: str, terms: Iterable[str], total: bool = True) -> Line:
        terms = list(terms)
        paid = [sum(costs[term][n] for term in terms) for n in range(len(names))]
        more = [sum(comparison.bridge[name].get(term, 0.0) for term in terms) for name in names[1:]]
        return Line([label, payer, *paid, *more], units, total)

    payers = {term: COST_TERMS.get(term, "") for term in costs}
    lines = [line(term_label(term), payers[term], [term], total=False) for term, paid in costs.items() if any(paid)]
    for payer in dict.fromkeys(COST_TERMS.values()):
        lines.append(line(f"All {payer}", payer, [term for term in costs if payers[term] == payer]))
    lines.append(line("Total", "", costs))
    more = [f"{name} costs more than {names[0]} (MUSD)" for name in names[1:]]
    return "Bridge", ["Cost term, discounted", "Payer", *(f"{name} (MUSD)" for name in names), *more], lines


def _inputs(comparison: Comparison) -> Table:
    titles = ["Cell", "Sheet", "Row", "Column or year", "Unit", *comparison.names]
    lines = []
    for difference in comparison.inputs:
        column = str(difference.year or difference.column or "whole row")
        unit = _unit_of(difference)
        where = [difference.cell, difference.sheet, difference.row, column, unit]
        values = [_as_cell(value) for value in difference.values]
        marked = frozenset(5 + n for n, value in enumerate(values) if n and value != values[0])
        lines.append(Line([*where, *values], [*[""] * 5, *["any"] * len(values)], marked=marked))
    nothing = "No input differs." if comparison.inputs_known else "No setting differs; other inputs are not known."
    return "Inputs", titles, lines or [Line([nothing], [""])]


def _unit_of(difference: InputDifference) -> str:
    column = difference.row if difference.sheet == "Settings" else YEARS if difference.year else difference.column
    known = SHEETS[difference.sheet].by_name.get(column)
    return known.unit if known else ""


def _as_cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "(blank)" if value is None else value


def _flows(comparison: Comparison) -> Table:
    """One row for each lane: what it carries in all years that the runs share."""
    years = comparison.common_years
    span = f"{years[0]}-{years[1]}" if years else "no common year"
    titles = ["Material", "From", "To", f"Years that differ, of {span}", *_amounts(comparison.names, "t")]
    changed: dict[tuple[str, ...], list[int]] = {}
    for flow in comparison.flows:
        if flow.year is not None:
            changed.setdefault(flow.lane, []).append(flow.year)
    lines = [_flow(flow, year_ranges(changed.get(flow.lane, ()))) for flow in comparison.flows if flow.year is None]
    nothing = "No flow differs." if years else "The runs share no year."
    return "Flows", titles, lines or [Line([nothing], [""])]


def _flows_by_year(comparison: Comparison) -> Table:
    titles = ["Material", "From", "To", "Year", *_amounts(comparison.names, "t")]
    lines = [_flow(flow, flow.year) for flow in comparison.flows if flow.year is not None]
    return "FlowsByYear", titles, lines or [Line(["No flow differs in a year that the runs share."], [""])]


def _flow(flow: FlowDifference, when: int | str) -> Line:
    where = [_with_future(flow.material, flow.future), flow.from_region, flow.to_region, when]
    units = [*[""] * 4, *["t"] * len(flow.values), *["difference t"] * (len(flow.values) - 1)]
    return Line([*where, *flow.values, *flow.differences[1:]], units)


def _china_share(comparison: Comparison) -> Table:
    names = comparison.names
    titles = [
        *("Cap", "Region", "Sector", "Material", "Basis", "Year"),
        *(f"{name} (%)" for name in names),
        *_against(names, "points"),
        *(f"Limit in {name} (%)" for name in names),
    ]
    units = [*[""] * 6, *["share"] * len(names), *["difference share"] * (len(names) - 1), *["share"] * len(names)]
    lines = []
    for share in comparison.china_share:
        where = [_with_future(share.cap, share.future), share.region, share.sector, share.material, share.basis]
        full = [
            value and limit is not None and limit - BINDING <= value and limit < 1
            for value, limit in zip(share.values, share.limits, strict=True)
        ]
        cells = [*where, share.year, *share.values, *share.differences[1:], *share.limits]
        lines.append(Line(cells, units, marked=frozenset(6 + n for n, is_full in enumerate(full) if is_full)))
    return "ChinaShare", titles, lines or [Line(["No cap is in force."], [""])]


def _stocks(comparison: Comparison) -> Table:
    names = comparison.names
    titles = [
        *("Stockpile", "Region", "Material", "Year"),
        *_amounts(names, "t"),
        *(f"Cover in {name} (days)" for name in names),
    ]
    units = [*[""] * 4, *["t"] * len(names), *["difference t"] * (len(names) - 1), *["days"] * len(names)]
    lines = [
        Line(
            [
                _with_future(stock.stockpile, stock.future),
                stock.region,
                stock.material,
                stock.year,
                *stock.values,
                *stock.differences[1:],
                *stock.days,
            ],
            units,
        )
        for stock in comparison.stocks
    ]
    return "Stock", titles, lines or [Line(["There is no stockpile."], [""])]


def _runs(comparison: Comparison) -> Table:
    titles = [
        *("Run", "Plan", "Scenario", "Workbook", "SHA-256 of the workbook, beginning", "Status"),
        *("First year", "Last year"),
        *("Objective (MUSD)", "Expected cost (MUSD)", "Gap (%)", "Against the first run (MUSD)"),
        *("Allowed by the two gaps (MUSD)", "Within gap"),
    ]
    units = [*[""] * 8, EXACT, EXACT, "gap", f"difference {EXACT}", EXACT, ""]
    lines = []
    for n, run in enumerate(comparison.runs):
        facts = [run.name, run.plan_name, run.scenario, run.workbook, run.workbook_sha256[:12], run.status]
        costs = [run.first_year, run.last_year, run.objective_musd, run.expected_cost_musd, run.gap]
        against = [run.difference_musd, run.allowed_musd, run.within_gap] if n else [None, None, None]
        lines.append(Line([*facts, *costs, *against], units))
    return "Runs", titles, lines


def _against(names: Sequence[str], unit: str) -> list[str]:
    return [f"{name} against {names[0]} ({unit})" for name in names[1:]]


def _amounts(names: Sequence[str], unit: str) -> list[str]:
    return [*(f"{name} ({unit})" for name in names), *_against(names, unit)]


def _with_future(name: str, future: str) -> str:
    return f"{name} [{future}]" if future else name


# --- writing --------------------------------------------------------------------------------------------------------


def _write_grid(sheet: Worksheet, styles: Styles, titles: Sequence[str], lines: Sequence[Line]) -> None:
    """As styles.write_grid, but headings are written as they are (names of runs), and units may differ by row."""
    left_out = len(lines) - LAST_ROW
    if left_out > 0:
        lines = [*lines[: LAST_ROW - 1], Line([f"... {left_out + 1} more rows in the JSON file"], [""])]
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    widths = [_width(title, j, lines) for j, title in enumerate(titles)]
    sheet.set_row(0, heading_height(titles, widths))
    for j, title in enumerate(titles):
        is_text = any(isinstance(line.cells[j], str) for line in lines[:1] if j < len(line.cells))
        sheet.write_string(0, j, title, _header(styles, title, is_text))
        sheet.set_column(j, j, widths[j])
    for i, line in enumerate(lines, 1):
        _write_line(sheet, styles, i, line, widths)
    totals = len(lines) - max((i for i, line in enumerate(lines, 1) if not line.total), default=0)
    sheet.autofilter(0, 0, max(len(lines) - totals, 1), len(titles) - 1)


def _width(title: str, j: int, lines: Sequence[Line]) -> float:
    """Text of several columns in one cell (a remark) does not count."""
    cells = [(line.cells[j], line.units[j].removeprefix("difference ")) for line in lines if 1 < len(line.cells) > j]
    units = {unit for _, unit in cells}
    unit = "MUSD" if units & {EXACT, "gap"} else next(iter(units), "")
    shown = [round(cell, 2) if isinstance(cell, float) and unit == "MUSD" else cell for cell, _ in cells]
    if any(isinstance(cell, str) for cell in shown):
        return min(width(title, shown, unit) + 1, WIDEST_TEXT)
    words = max(map(len, title.split()), default=0)  # over numbers, a heading may take three lines
    return min(max(width("", shown, unit) + 1, words + 4, len(title) / 3 + 4), WIDEST_RUN)


def _write_line(
    sheet: Worksheet, styles: Styles, row: int, line: Line, widths: Sequence[float], *, in_section: bool = False
) -> None:
    """in_section: names are set in a little, and what the runs say stands to the right, as numbers do."""
    look: dict[str, Any] = {"bold": True, "bg_color": LIGHT} if line.total else {}
    room = [int(size) - (4 if j == 0 else 0) if in_section else int(size) - 2 for j, size in enumerate(widths)]
    is_text = [isinstance(value, str) for value in line.cells]
    texts = [one_line(value) if text else "" for value, text in zip(line.cells, is_text, strict=True)]
    high = [len(wrap(text, max(room[j], 1))) if len(texts) > 1 else 1 for j, text in enumerate(texts)]
    height = min(max(high), MOST_LINES)
    if height > 1:
        sheet.set_row(row, LINE_HEIGHT * height)
        look["valign"] = "top"
    for j, (value, unit) in enumerate(zip(line.cells, line.units, strict=True)):
        more = {**look, "bg_color": ALERT} if j in line.marked else look
        if is_text[j]:
            place: dict[str, Any] = {"indent": 2} if in_section and j == 0 else {}
            if (in_section and j > 1) or unit == "any":
                place = {"align": "right", "indent": 0}
            if high[j] > 1:
                place["text_wrap"] = True
            styles.write(sheet, row, j, texts[j], **more, **place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _write_number(sheet, styles, row, j, value, unit, more)
        else:
            styles.write(sheet, row, j, value, **more)


def _write_number(
    sheet: Worksheet, styles: Styles, row: int, column: int, value: float, unit: str, look: dict[str, Any]
) -> None:
    is_difference = unit.startswith("difference ")
    unit = unit.removeprefix("difference ")
    if unit == "gap":
        sheet.write_number(row, column, value, styles.format(num_format="0.00%", **look))
    elif unit == EXACT or is_difference:
        plain = "MUSD" if unit == EXACT else unit
        number_format = DIFFERENCE_FORMATS[plain] if is_difference else "#,##0.00"
        number = value if unit == EXACT else round(value, 6)
        sheet.write_number(row, column, number + 0.0, styles.format(num_format=number_format, **look))
    else:
        styles.write(sheet, row, column, value, unit, **look)


def _header(styles: Styles, title: str, is_text: bool) -> Format:
    """As styles.header; a run's name that begins like a formula stays text when somebody edits the cell."""
    if not title.startswith(FORMULA_SIGNS):
        return styles.header(is_text)
    colours = {"font_color": "white", "bg_color": DARK, "border": 1, "border_color": RULE}
    return styles.format(bold=True, text_wrap=True, valign="vcenter", align="center", quote_prefix=True, **colours)


def _run_width(comparison: Comparison) -> float:
    """For the names of runs and of their workbooks."""
    longest = max(max(len(run.name) / 2 + 4, len(run.workbook) + 2) for run in comparison.runs)
    return float(min(max(RUN_WIDTH, longest), WIDEST_RUN))
