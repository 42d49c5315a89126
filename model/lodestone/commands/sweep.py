"""`lodestone sweep`: a grid of inputs."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import WORKBOOK, StudyOptions, study_options
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.option("--vary", multiple=True, metavar="SHEET/ROW/COLUMN=VALUE,VALUE", help="Values of one input; repeatable.")
@click.option("--scenario", "scenarios", multiple=True, help="Several are varied like an input. [default: base]")
@study_options
@OUTPUT
@click.pass_context
def sweep(
    ctx: click.Context,
    workbook: Path,
    vary: tuple[str, ...],
    scenarios: tuple[str, ...],
    asked: StudyOptions,
    output: Output,
) -> None:
    """Solve for every combination of some inputs; one row of a table for each. Writes .xlsx, .csv and .json.

    \b
    Example:
      lodestone sweep my_case.xlsx --vary Settings/discount_rate=0.03,0.05,0.08
    """
    from lodestone.report.studies import sweep_files
    from lodestone.report.terminal.json_answers import sweep_answer
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.report.terminal.sweep import show_sweep
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.sweep import grid as study

    varied = study.parse_vary(vary, scenarios)
    if not output.silent:
        for line in study.what_was_read(varied):
            click.echo(line, err=True)
    target = sweep_files.KIND.check_out(asked.out or sweep_files.KIND.default_out(workbook))
    scenario = scenarios[0] if scenarios else "base"
    with claimed([target]), WatchMany((), output.silent) as watch:
        source = asked.source(workbook, scenario)
        found = study.sweep(source, varied, asked.where, watch.job, watch.should_stop)
        stopped = watch.should_stop()
        place = sweep_files.KIND.place(target, stopped or found.unanswered == len(found.points))
        labels = source.labels()
        files = sweep_files.write_sweep(found, place, labels)
    exit_code = StoppedError.exit_code if stopped or found.failed else 0
    output.answer(lambda: show_sweep(labels.shown(found), files), lambda: sweep_answer(found, files), exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
