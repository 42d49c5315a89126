"""What the command line shows of a comparison: of runs, or of a plan with the one before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.run_files import plan_book
from lodestone.report.compare.summary import changes, in_a_line, notes, runs_line, summary
from lodestone.report.terminal.progress_lines import echo_wrapped, show_table
from lodestone.studies.compare.results import Comparison


def show_comparison(comparison: Comparison, files: Sequence[Path]) -> None:
    """What differs between runs, and where the rest is."""
    for table in summary(comparison):
        show_table(table.headings, table.rows)
        click.echo()
    for note in notes(comparison):
        click.echo(note)
    book, facts = files
    click.echo(f"{runs_line(comparison)}. Files: {book} and {facts.name}")


def show_changes(comparison: Comparison, folder: Path) -> None:
    """What a new plan has changed, and where it is."""
    for table in changes(comparison):
        show_table(table.headings, table.rows)
        click.echo()
    echo_wrapped(in_a_line(comparison))
    echo_wrapped(f"Files: {plan_book(folder)} and plan.json")
