"""What the command line shows of what binds in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import count, one_line
from lodestone.report.terminal.progress_lines import echo_wrapped
from lodestone.studies.what_binds.results import WhatBinds, in_words, weightiest

MOST_FINDINGS = 15  # on the screen; the files hold all


def show_what_binds(found: WhatBinds, files: Sequence[Path]) -> None:
    """The weightiest findings with builds fixed, then what moving caps and budgets does with builds free."""
    rows = weightiest(found.what_binds)
    if rows:
        click.echo(f"What binds, builds as they are ({count(len(rows), 'finding')}, the weightiest first):")
    for row in rows[:MOST_FINDINGS]:
        future = f"{row['scenario']}: " if "scenario" in row else ""
        echo_wrapped(f"{future}{row['finding']}.")
    if not rows:
        click.echo("Nothing binds: no cap, budget, capacity, lane or cover would save anything by itself.")
    if found.moved:
        click.echo("Caps and budgets moved, builds free to change:")
    for moved in found.moved:
        echo_wrapped(f"{in_words(moved)}.")
    for remark in found.remarks:
        click.echo(f"Note: {one_line(remark)}.")
    click.echo(f"Files: {', '.join(map(str, files))}")
