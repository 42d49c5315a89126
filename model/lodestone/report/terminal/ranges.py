"""What the command line shows of ranges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import musd, one_line, share, share_at_most, tonnes
from lodestone.report.studies.ranges_files import spread
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.ranges.results import FREE, Range, Ranges, notes

MOST_ROWS = 15  # the files hold all
HEADINGS = ("Figure", "Decisions", "Plan", "Least", "Most")


def show_ranges(found: Ranges, files: Sequence[Path]) -> None:
    """What can move, headlines first."""
    moving = sorted((r for r in found.ranges if r.can_move), key=lambda r: (r.decisions != FREE, -spread(r)))
    rows = [
        [one_line(f"{r.figure}: {r.of}"), r.decisions, _said(r, r.plan), _said(r, r.least), _said(r, r.most)]
        for r in moving[:MOST_ROWS]
    ]
    click.echo(f"{one_line(found.plan_name)}: what may be otherwise within {share_at_most(found.within)} of its cost")
    if rows:
        show_table(HEADINGS, rows)
    click.echo()
    for note in notes(found):
        click.echo(note)
    book, facts = files
    click.echo(f"Files: {book} and {facts.name}")


def _said(r: Range, value: float | None) -> str:
    if value is None:
        return "no limit"
    return {"MUSD": musd, "share": share, "t": tonnes}[r.unit](value)
