"""`lodestone ranges`: how far the figures of a plan may move among plans that are hardly dearer."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import OUT_OF_STUDY, PATH, TIME_LIMIT, WORKBOOK_OF_RUN
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--within", default="0.1%", show_default=True, help="How much more the other plans may cost.")
@WORKBOOK_OF_RUN
@OUT_OF_STUDY
@TIME_LIMIT
@OUTPUT
@click.pass_context
def ranges(
    ctx: click.Context,
    run: Path,
    within: str,
    workbook: Path | None,
    out: Path | None,
    time_limit: float | None,
    output: Output,
) -> None:
    """Find the least and the most of a plan's figures among all plans that cost hardly more.

    RUN is the folder of a plan. With its builds, floors and contracts as they are: cost terms, use of plants, stocks
    and flows by origin, what each payer pays, exposed shares and shortages. The last three also with decisions free to
    change, which --time-limit bounds. Writes ranges.xlsx and ranges.json.

    \b
    Example:
      lodestone ranges outputs/my_case/base --within 0.5%
    """
    from lodestone.plan.labels import of
    from lodestone.plan.run_files import read_run, workbook_of
    from lodestone.report.studies.ranges_files import KIND, write_ranges
    from lodestone.report.terminal.progress_lines import Watch, tell_of_stop
    from lodestone.report.terminal.ranges import show_ranges
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.alternatives.search import parse_within
    from lodestone.studies.ranges.results import document
    from lodestone.studies.ranges.search import ranges as find

    share = parse_within(within)
    plan = read_run(run)
    target = KIND.check_out(out or KIND.default_out(workbook_of(plan, run), plan.scenario))
    with claimed([target]), Watch(output.silent) as watch:
        watch.stage("read")
        found = find(
            run,
            share,
            workbook,
            time_limit,
            lambda done, of, latest: watch.stage(f"{done} of {of}: {latest}"),
            watch.should_stop,
        )
        stopped = watch.should_stop()
        labels = of(plan)
        files = write_ranges(found, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    answer = {"files": [str(file) for file in files], **document(found)}
    output.answer(lambda: show_ranges(labels.shown(found), files), lambda: answer, exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
