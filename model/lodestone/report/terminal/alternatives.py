"""What the command line shows of other good plans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import count, in_words, musd, one_line, share, year_ranges
from lodestone.plan.tables import Cell
from lodestone.report.studies.alternatives_files import plan_name, sorted_choices
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.alternatives.results import (
    MAY,
    MUST,
    NEVER,
    UNPROVED,
    VERDICTS,
    Alternatives,
    Choice,
    differences,
)

MOST_DECISIONS = 30  # on the screen; the files hold all


def show_alternatives(found: Alternatives, files: Sequence[Path]) -> None:
    """The decisions that are certain and those that are open, then the plans that differ most."""
    click.echo(
        f"Limit: {musd(found.limit_musd)}, {share(found.within)} above the least cost of {musd(found.best_musd)} "
        f"(gap {found.gap_in_words})."
    )
    choices = [choice for choice in sorted_choices(found) if choice.verdict != NEVER]
    headings = ("Verdict", "Decision", "Best plan", "Years found", "Other way (MUSD more)")
    show_table(headings, [_row(choice, found) for choice in choices[:MOST_DECISIONS]])
    if len(choices) > MOST_DECISIONS:
        click.echo(f"... and {count(len(choices) - MOST_DECISIONS, 'decision')} more, in the files.")
    for verdict in (MUST, MAY, UNPROVED, NEVER):
        if of := found.of(verdict):
            click.echo(f"{verdict}: {count(len(of), 'decision')}, {VERDICTS[verdict]}.")
    best = found.plans[0]
    for i, plan in enumerate(found.plans[1:], 1):
        takes, leaves = differences(plan, best)
        words = [f"takes {in_words(takes, 6)}"] if takes else []
        words += [f"leaves out {in_words(leaves, 6)}"] if leaves else []
        click.echo(one_line(f"{plan_name(i).capitalize()}, {musd(plan.cost_musd)}: {', '.join(words)}."))
    for remark in found.remarks:
        click.echo(f"Note: {one_line(remark)}.")
    click.echo(f"Files: {', '.join(map(str, files))}")


def _row(choice: Choice, found: Alternatives) -> list[Cell]:
    other: str | float | None = None
    if choice.other_musd is not None:
        other = max(0.0, choice.other_musd - found.best_musd)
    elif choice.other_bound_musd is not None:
        other = f"over {choice.other_bound_musd - found.best_musd:,.2f}"
    elif choice.verdict == MUST:
        other = "no plan"
    kind = "" if choice.kind == "project" else f" ({choice.kind})"
    return [choice.verdict, f"{choice.name}{kind}", "yes" if choice.in_best else "no", year_ranges(choice.years), other]
