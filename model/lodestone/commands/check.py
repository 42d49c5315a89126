"""`lodestone check`: every problem of a workbook at once."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH, SET, WORKBOOK
from lodestone.commands.output import OUTPUT, Output, problems_answer
from lodestone.errors import WorkbookError


@click.command()
@WORKBOOK
@SET
@click.option("--mark", type=PATH, metavar="COPY", help="Write a copy with the problem cells marked.")
@click.option("--force", is_flag=True, help="Replace a COPY that exists.")
@OUTPUT
@click.pass_context
def check(
    ctx: click.Context, workbook: Path, sets: tuple[str, ...], mark: Path | None, force: bool, output: Output
) -> None:
    """List every problem of a workbook at once, with its cell and how to mend it.

    With --mark a copy of the workbook shows them in place: red cells with comments, and a sheet that leads to them.
    It names what such a copy cannot keep.

    \b
    Example:
      lodestone check my_case.xlsx
      lodestone check my_case.xlsx --mark marked.xlsx
    """
    from lodestone.plan.formatting import count
    from lodestone.report.terminal.progress_lines import show_marked, show_problems
    from lodestone.workbook.inputs import load

    marked = None
    if mark is not None:
        from lodestone.report.excel.marked_copy import check_target, write_marked

        check_target(workbook, mark, force)
    inputs = load(workbook, sets)
    if mark is not None:
        marked = write_marked(workbook, mark, inputs.problems, inputs.warnings, force)

    def show() -> None:
        if inputs.problems:
            show_problems(inputs.problems)
        click.echo(f"{count(len(inputs.problems), 'problem')}, {count(len(inputs.warnings), 'warning')}.")
        if inputs.warnings:
            show_problems(inputs.warnings)
        if marked:
            show_marked(marked)

    exit_code = WorkbookError.exit_code if inputs.problems else 0
    copy = {"marked": str(marked.path), "not_kept": marked.lost, "remarks": marked.remarks} if marked else {}
    found = {"problems": problems_answer(inputs.problems), "warnings": problems_answer(inputs.warnings)}
    output.answer(show, lambda: {**found, **copy}, exit_code)
    ctx.exit(exit_code)
