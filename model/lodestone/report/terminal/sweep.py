"""What the command line shows of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.tables import Cell
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.sweep.results import Sweep, columns, rows

SHOWN = ("status", "objective_musd", "gap", "shortage_t", "builds", "message")  # columns; the files hold all


def show_sweep(sweep: Sweep, files: Sequence[Path]) -> None:
    """What was varied and what comes of it; the files hold all columns."""
    names = [column.name for column in columns(sweep)]
    shown = [i for i, name in enumerate(names) if i < len(sweep.varied) or name in SHOWN]
    show_table([names[i] for i in shown], [[_given(row[i]) for i in shown] for row in rows(sweep)])
    click.echo(f"Files: {', '.join(map(str, files))}")


def _given(value: Cell) -> Cell:
    """Short: 0.05 is not 0.05000, and a gap is no money."""
    return f"{value:.6g}" if isinstance(value, float) else value
