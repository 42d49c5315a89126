"""What the command line shows of stress tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import days, in_words, one_line, share, tonnes
from lodestone.plan.tables import Cell
from lodestone.report.studies.stress_files import notes
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.stress.results import Outcome, Stress

MOST_ROWS = 15  # for each run; the files hold all
HEADINGS = ("Case", "Extra cost (MUSD, discounted)", "Short (t)", "Stock empty after", "China share", "Gave way")


def show_stress(stress: Stress, files: Sequence[Path]) -> None:
    """What hurts each run most, then what is to be said of all."""
    for run in stress.runs:
        if rows := _rows(stress, run):
            click.echo(f"{run}: what hurts most")
            show_table(HEADINGS, rows)
            click.echo()
    for note in notes(stress):
        click.echo(note)
    book, facts = files
    click.echo(f"Files: {book} and {facts.name}")


def _rows(stress: Stress, run: str) -> list[list[Cell]]:
    """What hurts a run most, for a table under HEADINGS."""
    rows: list[list[Cell]] = []
    for o in [o for o in stress.outcomes if o.run == run][:MOST_ROWS]:
        empty = o.first_empty
        rows.append(
            [
                f"{o.kind}: {one_line(o.case)}",
                _more(o),
                tonnes(o.shortage_t),
                "" if empty is None else f"{days(round(empty[1]))} ({one_line(empty[0])})",
                "" if o.china_share is None else share(o.china_share),
                in_words(list(dict.fromkeys(g.rule for g in o.gave_way))),
            ]
        )
    return rows


def _more(outcome: Outcome) -> float | str:
    """What it costs more; a time limit is no proof that there is no plan."""
    if outcome.extra_musd is not None:
        return outcome.extra_musd
    if outcome.cost_musd is not None:
        return "unknown"  # the run has no cost in the base
    return "no plan" if outcome.no_plan else "none found"
