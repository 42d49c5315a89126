"""What the command line shows of a frontier, on the way and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import in_words as words
from lodestone.plan.formatting import musd, one_line, share
from lodestone.plan.tables import Cell
from lodestone.report.studies.frontier_workbook import in_words as without_plan
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.frontier.results import Frontier, Least, Point, knee
from lodestone.studies.frontier.security_results import SecurityCost


def show_frontier(frontier: Frontier, files: Sequence[Path]) -> None:
    """The table of the points, and what stands out."""
    click.echo(least_in_words(frontier.least_attainable))
    steps = {step.to_scale: step for step in frontier.steps}
    table: list[list[Cell]] = []
    for point in frontier.points:
        step = steps.get(point.scale)
        price = None if step is None else step.price_musd
        changes = "" if step is None else "; ".join(step.changes)
        gap = None if point.gap is None else share(point.gap)
        table.append([share(point.scale), point.objective_musd, gap, price, without_plan(point) or changes])
    scale = "Share" if frontier.cap else "Factor"
    show_table((scale, "Cost (MUSD, discounted)", "Gap", "MUSD per point", "What changes"), table)
    for sentence in (frontier.remark, knee(frontier)):
        if sentence:
            click.echo(sentence)
    click.echo(f"Files: {', '.join(map(str, files))}")


def show_security_cost(study: SecurityCost, files: Sequence[Path]) -> None:
    """Cost against the number of threats, and what is bought at each step."""
    table: list[list[Cell]] = [
        [
            *(p.k, "" if p.share is None else share(p.share), p.objective_musd, p.price_musd),
            *(one_line(p.message or words(p.new, 5)), one_line(words(p.binding, 3))),
        ]
        for p in study.points
    ]
    show_table(("K", "Share", "Cost (MUSD, discounted)", "Price of security", "What is new", "Binding"), table)
    click.echo(f"Files: {', '.join(map(str, files))}")


def point_in_words(point: Point) -> str:
    """One point in a line."""
    cost = f"least cost {musd(point.cost)}" if point.objective_musd is not None else point.message
    return f"{share(point.scale)}: {cost}"


def least_in_words(least: Sequence[Least]) -> str:
    """Only caps and years that cannot be brought to nothing."""
    stuck = [x for x in least if x.share is None or x.share > 0]
    if not least:
        return "Least attainable shares: not known."
    if not stuck:
        return "Least attainable share: 0% under every cap in every year."
    words = [
        f"{x.cap} {x.year}: " + ("no plan" if x.share is None else ("" if x.proved else "at most ") + share(x.share))
        for x in stuck
    ]
    return f"Least attainable shares above 0%: {one_line('; '.join(words))}"
