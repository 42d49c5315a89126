"""`lodestone check`: every problem of a workbook at once."""

from __future__ import annotations

from pathlib import Path

import click

from model.commands.options import SET, WORKBOOK
from model.errors import WorkbookError


@click.command()
@WORKBOOK
@SET
@click.pass_context
def check(ctx: click.Context, workbook: Path, sets: tuple[str, ...]) -> None:
    """List every problem of a workbook at once, with its cell and how to mend it.

    \b
    Example:
      lodestone check plan.xlsx
    """
    from model.inputs import load
    from model.report.terminal import show_problems
    from model.report.words import count

    inputs = load(workbook, sets)
    if inputs.problems:
        show_problems(inputs.problems)
    click.echo(f"{count(len(inputs.problems), 'problem')}, {count(len(inputs.warnings), 'warning')}.")
    if inputs.warnings:
        show_problems(inputs.warnings)
    ctx.exit(WorkbookError.exit_code if inputs.problems else 0)
