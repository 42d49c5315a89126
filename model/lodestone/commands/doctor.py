"""`lodestone doctor`: whether Lodestone works on this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import LodestoneError


@click.command()
@OUTPUT
@click.pass_context
def doctor(ctx: click.Context, output: Output) -> None:
    """Check the installation: versions, a solve whose result is known, rights to write in outputs.

    Exit code 0 when all is well, else 2. Send what it prints with every report of a fault.

    \b
    Example:
      lodestone doctor
    """
    from lodestone.report.terminal.progress_lines import Watch, show_findings
    from lodestone.runs.doctor import examine, healthy

    with Watch(output.silent) as watch:
        findings = examine(watch.stage)
    exit_code = 0 if healthy(findings) else LodestoneError.exit_code
    document = {"healthy": exit_code == 0, "findings": [asdict(finding) for finding in findings]}
    output.answer(lambda: show_findings([vars(finding) for finding in findings]), lambda: document, exit_code)
    ctx.exit(exit_code)
