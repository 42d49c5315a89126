"""A comparison as small tables of text, for the terminal: what differs, what it costs, which inputs explain it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestone.plan.formatting import count, one_line, signed, term_label
from lodestone.plan.tables import Cell
from lodestone.studies.compare.input_lines import input_lines
from lodestone.studies.compare.results import Comparison, InputDifference, Run

MOST_ROWS = 15
SMALL = 0.005  # MUSD: a step of the bridge below it is not shown
KINDS = {
    "build": "Build {}",
    "floor": "Floor {}",
    "contract": "Contract {}",
    "contract volume": "Volume of {}",
    "stock": "Stock {}",
}


@dataclass(frozen=True)
class TextTable:
    """Every cell is text on one line; the heading of the first column says what the table shows."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary(comparison: Comparison) -> list[TextTable]:
    """Tables with nothing to show are left out; the workbook has what is cut short here."""
    names = comparison.names
    tables = [
        _table("Decisions that differ", names, _decisions(comparison)),
        _table("Key figures", names, _key_figures(comparison), most=60),
        _table(f"Cost against {names[0]} (MUSD, discounted)", names[1:], _bridge(comparison), most=60),
        _table(
            "What explains the difference (MUSD, discounted)", ["mean", "one order", "other order"], _causes(comparison)
        ),
        _table("Inputs that differ", names, _inputs(comparison.inputs)),
        _table(f"Flows that differ most (t){_span(comparison)}", names, _flows(comparison), most=8),
    ]
    return [table for table in tables if table.rows]


def changes(comparison: Comparison) -> list[TextTable]:
    """What has changed from one plan to the next: inputs, decisions, cost."""
    names = comparison.names
    tables = [
        _table("Inputs that changed", names, _inputs(comparison.inputs)),
        _table("Decisions that changed", names, _decisions(comparison)),
        _table("Cost (MUSD, discounted)", names[1:], _bridge(comparison)),
    ]
    return [table for table in tables if table.rows]


def in_a_line(comparison: Comparison) -> str:
    """'258.30 MUSD, +1.20 against before': the cost of the last run, and what it differs by."""
    run = comparison.runs[-1]
    changed = f"{_certainty(run)} against {comparison.names[0]}" if run.difference_musd else "as before"
    decided = "" if any(d.differs for d in comparison.decisions) else "; all decisions are the same"
    return f"Objective {run.objective_musd:,.2f} MUSD (discounted), {changed}{decided}."


def notes(comparison: Comparison) -> list[str]:
    """Sentences to print below the tables."""
    said = list(comparison.remarks)
    if not any(decision.differs for decision in comparison.decisions):
        said.insert(0, "All decisions are the same.")
    if not comparison.inputs:
        said.append("No input differs." if comparison.inputs_known else "No setting differs.")
    if comparison.causes and comparison.causes.remark:
        said.append(comparison.causes.remark)
    return said


def _causes(comparison: Comparison) -> Iterable[list[str]]:
    """Largest first, then their sum, which is the difference."""
    changes = comparison.causes.changes if comparison.causes else ()
    if changes:
        columns = list(zip(*((c.musd, *c.steps, *[None] * (2 - len(c.steps))) for c in changes), strict=True))
        rows = [[c.change, *map(_told_step, row)] for c, row in zip(changes, zip(*columns, strict=True), strict=True)]
        sums = [None if None in column else sum(column) for column in columns]
        yield from [*rows, ["Together", *map(_told_step, sums)]]


def _told_step(value: float | None) -> str:
    return "-" if value is None else _step(value)


def _table(title: str, names: Sequence[str], rows: Iterable[Sequence[str]], most: int = MOST_ROWS) -> TextTable:
    shown = [tuple(map(one_line, row)) for row in rows]
    if len(shown) > most:
        rest = f"... and {len(shown) - most + 1} more in the workbook"
        shown = [*shown[: most - 1], (rest, *[""] * len(names))]
    return TextTable((title, *names), tuple(shown))


def _decisions(comparison: Comparison) -> Iterable[list[str]]:
    for decision in comparison.decisions:
        if decision.differs:
            name = KINDS.get(decision.kind, "{}").format(decision.name)
            label = f"{name} ({decision.unit})" if decision.unit else name
            yield [label, *(_value(value, decision.unit) for value in decision.values)]


def _key_figures(comparison: Comparison) -> Iterable[list[str]]:
    """Costs by term are in the bridge."""
    for figure in comparison.key_figures:
        if figure.group in ("Cost", "Cost by payer", "China share", "Shortage"):
            name = figure.name
            if figure.group != "Cost":
                name = f"{figure.group}: {name[:1].lower()}{name[1:]}"
            unit = "" if figure.unit == "share" else f" ({figure.unit})"
            yield [f"{name}{unit}", *(_value(value, figure.unit) for value in figure.values)]
            if figure.name == "Total cost":
                yield ["Difference of the objective (MUSD, discounted)", "", *map(_certainty, comparison.runs[1:])]


def _certainty(run: Run) -> str:
    if not run.difference_musd:
        return "none"
    return f"{signed(run.difference_musd)}{', within gap' if run.within_gap else ''}"


def _bridge(comparison: Comparison) -> Iterable[list[str]]:
    """Largest steps first, then their sum; nothing when all costs are the same."""
    others = comparison.names[1:]
    steps = {term: [comparison.bridge[name].get(term, 0.0) for name in others] for term in comparison.costs}
    largest = sorted(steps.items(), key=lambda step: max(map(abs, step[1])), reverse=True)
    shown = [[term_label(term), *map(_step, step)] for term, step in largest if max(map(abs, step)) >= SMALL]
    sums = [sum(step[n] for step in steps.values()) for n in range(len(others))]
    return [*shown, ["Total", *map(_step, sums)]] if shown else []


def _step(value: float) -> str:
    return signed(value) if abs(value) >= SMALL else "0.00"


def _inputs(differences: Sequence[InputDifference]) -> Iterable[list[str]]:
    for line in input_lines(differences):
        yield [line.cell, *map(_input, line.values)]


def _input(value: Cell) -> str:
    if value is None or isinstance(value, bool):
        return {None: "blank", True: "yes", False: "no"}[value]
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _span(comparison: Comparison) -> str:
    years = comparison.common_years
    return f", {years[0]}-{years[1]}" if years else ""


def _flows(comparison: Comparison) -> Iterable[list[str]]:
    for flow in comparison.flows:
        if flow.year is None:
            future = f" [{flow.future}]" if flow.future else ""
            lane = f"{flow.material}: {flow.from_region} to {flow.to_region}{future}"
            yield [lane, *(_value(value, "t") for value in flow.values)]


def _value(value: Cell, unit: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, str) or not unit:
        return str(value)
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.2f}" if unit == "MUSD" or 0 < abs(value) < 10 else f"{value:,.0f}"


def runs_line(comparison: Comparison) -> str:
    """'3 runs, 4 decisions and 2 inputs differ'."""
    decisions = sum(decision.differs for decision in comparison.decisions)
    return (
        f"{count(len(comparison.runs), 'run')}: {count(decisions, 'decision')} and "
        f"{count(len(input_lines(comparison.inputs)), 'input')} differ"
    )
