"""`lodestone explain`: what binds in a run, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import GAP, JOBS, OUT_OF_STUDY, PATH, SCHEDULER, TIME_LIMIT, WORKBOOK_OF_RUN
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@click.argument("run", type=PATH)
@WORKBOOK_OF_RUN
@OUT_OF_STUDY
@GAP
@TIME_LIMIT
@JOBS
@SCHEDULER
@OUTPUT
@click.pass_context
def explain(
    ctx: click.Context,
    run: Path,
    workbook: Path | None,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    jobs: int | None,
    scheduler: str | None,
    output: Output,
) -> None:
    """Say what binds in a run: what a unit more of every cap, budget, capacity, lane and cover is worth.

    RUN is the folder of a plan. First: what one unit more of each limit saves, with the builds as they are. Then each
    cap and budget is moved and the workbook solved again, with builds free to change. Writes what_binds.xlsx and .json.

    \b
    Example:
      lodestone explain outputs/my_case/base
    """
    from lodestone.plan.labels import of
    from lodestone.plan.run_files import read_run, workbook_of
    from lodestone.report.studies import what_binds_files
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.report.terminal.what_binds import show_what_binds
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.effort import Effort
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.what_binds import moved_limits as study
    from lodestone.studies.what_binds.results import document

    plan = read_run(run)
    usual = what_binds_files.KIND.default_out(workbook_of(plan, run), plan.scenario)
    target = what_binds_files.KIND.check_out(out or usual)
    with claimed([target]), WatchMany((), output.silent) as watch:
        effort = Effort(gap, time_limit, should_stop=watch.should_stop)
        found = study.what_binds(run, workbook, effort, Where(jobs, scheduler), watch.job)
        stopped = watch.should_stop()
        labels = of(plan)
        files = what_binds_files.write_what_binds(found, what_binds_files.KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    answer = {"files": [str(file) for file in files], **document(found)}
    output.answer(lambda: show_what_binds(labels.shown(found), files), lambda: answer, exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
