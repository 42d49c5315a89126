"""What the command line shows of allies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import one_line
from lodestone.report.studies.allies_files import rows, shares
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.allies.results import Allies, notes


def show_allies(found: Allies, files: Sequence[Path]) -> None:
    """Every coalition, then the shares."""
    click.echo(f"{one_line(found.plan_name)}: what the security of each coalition costs (MUSD, discounted)")
    headings = ("Members", "Extra cost", "Each alone", "Gain", "May cost less by")
    show_table(headings, [[row[0], *row[2:6]] for row in rows(found)])
    if of := shares(found):
        click.echo()
        show_table(("Member", "Alone", "Share", "Gain"), of)
    click.echo()
    for note in notes(found):
        click.echo(note)
    book, facts = files
    click.echo(f"Files: {book} and {facts.name}")
