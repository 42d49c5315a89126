"""The sheets of compare.xlsx behind the first: headings and rows of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lodestone.plan.formatting import term_label, year_ranges
from lodestone.plan.key_figures import BINDING
from lodestone.plan.tables import COST_TERMS, Cell
from lodestone.report.compare.grid import EXACT, Line
from lodestone.studies.compare.input_lines import input_lines
from lodestone.studies.compare.results import Comparison, FlowDifference, InputDifference
from lodestone.workbook.schema.columns import YEARS
from lodestone.workbook.schema.sheets import SHEETS

Table = tuple[str, list[str], list[Line]]  # name of the sheet, headings, rows


def sheets(comparison: Comparison) -> list[Table]:
    """In their order."""
    tables = (_bridge, _inputs, _flows, _flows_by_year, _china_share, _stocks, _runs)
    found = [table(comparison) for table in tables]
    return [*found[:2], _causes(comparison), *found[2:]] if comparison.causes else found


def _causes(comparison: Comparison) -> Table:
    """Which change of the input explains how much of the difference of the objective."""
    titles = ["Change of the input", "Explains (MUSD)", "First to last (MUSD)", "Last to first (MUSD)"]
    found = comparison.causes
    assert found is not None
    more = f"difference {EXACT}"
    lines = [
        Line([c.change, c.musd, *c.steps, *[None] * (2 - len(c.steps))], ["", more, more, more]) for c in found.changes
    ]
    if found.changes:
        lines.append(Line(["Together", sum(c.musd for c in found.changes), None, None], ["", more, "", ""], True))
    return "Causes", titles, [*lines, *([Line([found.remark], [""])] if found.remark else [])]


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
    more = [f"{name} costs more than {names[0]} (MUSD, discounted)" for name in names[1:]]
    return "Bridge", ["Cost term, discounted", "Payer", *(f"{name} (MUSD)" for name in names), *more], lines


def _inputs(comparison: Comparison) -> Table:
    titles = ["Cell", "Sheet", "Row", "Column or year", "Unit", *comparison.names]
    lines = []
    for each in input_lines(comparison.inputs):
        first = each.first
        column = year_ranges(each.years) if each.years else first.column or "whole row"
        where = [each.cell, first.sheet, first.row, column, _unit_of(first)]
        values = [_as_cell(value) for value in each.values]
        marked = frozenset(5 + n for n, value in enumerate(values) if n and value != values[0])
        lines.append(Line([*where, *values], [*[""] * 5, *["any"] * len(values)], marked=marked))
    nothing = "No input differs." if comparison.inputs_known else "No setting differs; other inputs are not known."
    return "Inputs", titles, lines or [Line([nothing], [""])]


def _unit_of(difference: InputDifference) -> str:
    column = difference.row if difference.sheet == "Settings" else YEARS if difference.year else difference.column
    known = SHEETS[difference.sheet].by_name.get(column)
    return known.unit if known else ""


def _as_cell(value: Cell) -> Cell:
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
        *(
            "Objective (MUSD, discounted)",
            "Expected cost (MUSD, discounted)",
            "Gap (%)",
            "Against the first run (MUSD)",
        ),
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
