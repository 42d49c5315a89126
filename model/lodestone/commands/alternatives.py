"""`lodestone alternatives`: which decisions every good plan takes, and the good plans that differ most."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import SCENARIO, WORKBOOK, StudyOptions, study_options
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.option("--within", default="2%", show_default=True, help="How much more a good plan may cost.")
@SCENARIO
@study_options
@OUTPUT
@click.pass_context
def alternatives(
    ctx: click.Context,
    workbook: Path,
    within: str,
    scenario: str,
    asked: StudyOptions,
    output: Output,
) -> None:
    """Say which builds, floors and contracts are in every plan, in some and in none within a share of the least cost.

    Each answer is proved by solves, or said to be unproved. Also up to 5 plans that differ most. --time-limit holds
    for the best plan, for all answers, and for the plans that differ. Writes alternatives.xlsx and .json.

    \b
    Example:
      lodestone alternatives my_case.xlsx --within 2% --gap 0.01
    """
    from lodestone.report.studies import alternatives_files
    from lodestone.report.terminal.alternatives import show_alternatives
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.alternatives import search as study
    from lodestone.studies.alternatives.results import document

    share = study.parse_within(within)
    target = alternatives_files.KIND.check_out(asked.out or alternatives_files.KIND.default_out(workbook, scenario))
    with claimed([target]), WatchMany((), output.silent) as watch:
        source = asked.source(workbook, scenario)
        found = study.alternatives(source, share, asked.where, watch.job, watch.should_stop)
        stopped = watch.should_stop()
        labels = source.labels()
        files = alternatives_files.write_alternatives(found, alternatives_files.KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    answer = {"files": [str(file) for file in files], **document(found)}
    output.answer(lambda: show_alternatives(labels.shown(found), files), lambda: answer, exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
