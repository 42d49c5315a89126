"""`lodestone tornado`: which inputs matter, and where the plan breaks."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import SCENARIO, WORKBOOK, StudyOptions, study_options
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.option("--by", default="20%", show_default=True, help="By how much figures are higher and lower.")
@click.option("--only", default="", metavar="WORD", help="Only figures whose source has this word, e.g. illustrative.")
@click.option(
    "--leaders", type=click.IntRange(min=1), default=10, show_default=True, help="Groups to solve again, beside cliffs."
)
@SCENARIO
@study_options
@OUTPUT
@click.pass_context
def tornado(
    ctx: click.Context,
    workbook: Path,
    by: str,
    only: str,
    leaders: int,
    scenario: str,
    asked: StudyOptions,
    output: Output,
) -> None:
    """Say which figures of a workbook matter: what it costs when they are higher or lower, and where the plan breaks.

    Figures of one sheet and column whose rows give the same source are changed together. All are looked at with the
    plan as it is; cliffs and what costs most are solved again. Writes tornado.xlsx, with its chart, and tornado.json.

    \b
    Example:
      lodestone tornado my_case.xlsx --by 20% --only illustrative --gap 0.01
    """
    from lodestone.report.studies.tornado_files import KIND, write_tornado
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.report.terminal.tornado import show_tornado
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.tornado.results import document
    from lodestone.studies.tornado.search import parse_by
    from lodestone.studies.tornado.search import tornado as find

    share = parse_by(by)
    target = KIND.check_out(asked.out or KIND.default_out(workbook, scenario))
    with claimed([target]), WatchMany((), output.silent) as watch:
        source = asked.source(workbook, scenario)
        found = find(source, share, only, leaders, asked.where, watch.job, watch.should_stop)
        stopped = watch.should_stop()
        labels = source.labels()
        files = write_tornado(found, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    answer = {"files": [str(file) for file in files], **document(found)}
    output.answer(lambda: show_tornado(labels.shown(found), files), lambda: answer, exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
