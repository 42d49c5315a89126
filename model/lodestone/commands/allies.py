"""`lodestone allies`: what allies gain by acting together, and how they may share it."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import SCENARIO, WORKBOOK, StudyOptions, study_options
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.option("--members", required=True, metavar="A,B,...", help="Regions or groups, e.g. USA,EU,Japan,Korea.")
@click.option(
    "--extra-gap",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    help="Go on, while there is time, until the gap is this share of what a coalition pays.",
)
@SCENARIO
@study_options
@OUTPUT
@click.pass_context
def allies(
    ctx: click.Context,
    workbook: Path,
    members: str,
    extra_gap: float,
    scenario: str,
    asked: StudyOptions,
    output: Output,
) -> None:
    """Plan for every coalition of allies by itself: what its security costs, what acting together saves, fair shares.

    A coalition keeps the caps and the cover of its own regions, and has the support that its members pay; the others do
    nothing. Shares are Shapley's, with who would do better by leaving. Writes allies.xlsx and allies.json.

    \b
    Example:
      lodestone allies my_case.xlsx --members USA,EU,Japan --time-limit 600
    """
    from lodestone.report.studies.allies_files import KIND, write_allies
    from lodestone.report.terminal.allies import show_allies
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.allies.results import document
    from lodestone.studies.allies.search import allies as find
    from lodestone.studies.allies.search import parse_members

    names = parse_members(members)
    target = KIND.check_out(asked.out or KIND.default_out(workbook, scenario))
    with claimed([target]), WatchMany((), output.silent) as watch:
        source = asked.source(workbook, scenario)
        found = find(source, names, extra_gap, asked.where, watch.job, watch.should_stop)
        stopped = watch.should_stop()
        labels = source.labels()
        files = write_allies(found, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    answer = {"files": [str(file) for file in files], **document(found)}
    output.answer(lambda: show_allies(labels.shown(found), files), lambda: answer, exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
