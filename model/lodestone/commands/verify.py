"""`lodestone verify`: whether a run is what was written, and still follows from its workbook."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lodestone.commands.options import PATH, WORKBOOK_OF_RUN
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import WorkbookError


@click.command()
@click.argument("run", type=PATH)
@WORKBOOK_OF_RUN
@OUTPUT
@click.pass_context
def verify(ctx: click.Context, run: Path, workbook: Path | None, output: Output) -> None:
    """Recompute the hashes and the audit of a run, and say whether its workbook has changed since.

    RUN is the folder of a plan. Exit code 0 when all of it holds, else 2.

    \b
    Example:
      lodestone verify outputs/my_case/base
    """
    from lodestone.plan.formatting import one_line
    from lodestone.runs.verify import holds
    from lodestone.runs.verify import verify as verify_run

    findings = verify_run(run, workbook)
    exit_code = 0 if holds(findings) else WorkbookError.exit_code

    def show() -> None:
        for finding in findings:
            mark = {True: "ok", False: "NO", None: "?"}[finding.ok]
            click.echo(f"{mark:>2}  {finding.what}: {one_line(finding.text)}")

    output.answer(show, lambda: {"findings": [asdict(finding) for finding in findings]}, exit_code)
    ctx.exit(exit_code)
