"""`lodestone bankability`: what lenders make of every private project."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import SCENARIO, SET, WORKBOOK
from lodestone.commands.output import OUTPUT, Output


@click.command()
@WORKBOOK
@SCENARIO
@SET
@OUTPUT
def bankability(workbook: Path, scenario: str, sets: tuple[str, ...], output: Output) -> None:
    """Show what lenders make of every private project, without seeking a plan.

    \b
    Example:
      lodestone bankability my_case.xlsx
    """
    from lodestone.data.lenders import bankability_table
    from lodestone.plan.labels import Labels
    from lodestone.report.terminal.progress_lines import show_bankability
    from lodestone.workbook.conversion import plan_data
    from lodestone.workbook.inputs import load

    inputs = load(workbook, sets)
    inputs.require_valid()
    rows = bankability_table(plan_data(inputs.tables(scenario), inputs.tables()))
    output.answer(lambda: show_bankability(Labels(inputs.labels).shown(rows)), lambda: {"projects": rows})
