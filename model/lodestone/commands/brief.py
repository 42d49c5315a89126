"""`lodestone brief`: a plan on three pages for those who sign."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import UsageError


@click.command()
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--out", type=PATH, default="brief.pptx", show_default=True, help="Slides to write, or their folder.")
@OUTPUT
def brief(run: Path, out: Path, output: Output) -> None:
    """Write three pages for those who sign, with tables and charts that can be edited: page one, the chain, decisions.

    RUN is the folder of a plan. The slides print as they are, or save as PDF.

    \b
    Example:
      lodestone brief outputs/my_case/base --out brief.pptx
    """
    from lodestone.plan.run_files import read_run
    from lodestone.report.plan.brief_slides import write_brief
    from lodestone.report.studies.study_files import refuse_runs, write_files

    path = out / "brief.pptx" if out.is_dir() or not out.suffix else out
    if path.suffix.lower() != ".pptx":
        raise UsageError(f"{out} is no name for slides; end it in .pptx, or name a folder")
    refuse_runs(path)
    plan = read_run(run)
    write_files(path, {path.suffix: lambda new: write_brief(plan, new)})
    output.answer(lambda: click.echo(f"The brief: {path}"), lambda: {"files": [str(path)]})
