"""`lodestone watch`: solve again whenever the workbook is saved."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lodestone.commands.options import GAP, PATH, QUIET, SCENARIO, SET, TIME_LIMIT, WORKBOOK
from lodestone.errors import LodestoneError, WorkbookError
from lodestone.system.standard_output import library_prints

if TYPE_CHECKING:
    from lodestone.plan.plan import Plan
    from lodestone.report.terminal.progress_lines import Watch


@click.command()
@WORKBOOK
@SCENARIO
@click.option("--out", type=PATH, help="Folder of the run. [default: outputs/WORKBOOK/SCENARIO]")
@GAP
@TIME_LIMIT
@SET
@QUIET
@click.pass_context
def watch(
    ctx: click.Context,
    workbook: Path,
    scenario: str,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    quiet: bool,
) -> None:
    """Solve again whenever the workbook is saved, and say what has changed against the last plan.

    A workbook with problems is not solved: they are listed. A save during a solve starts it again. Ctrl-C ends the
    watch; during a solve the best plan so far is written first.

    \b
    Example:
      lodestone watch my_case.xlsx --gap 0.01
    """
    from lodestone.plan.run_log import RunLog
    from lodestone.report.plan.run_folder import check_target, run_folder, write_run
    from lodestone.report.terminal.progress_lines import Watch
    from lodestone.runs.folder_lock import claimed
    from lodestone.runs.saved_workbook import SavedWorkbook, last_plan
    from lodestone.solve.effort import Effort
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.file.archive import read_bytes
    from lodestone.workbook.inputs import load

    def solve_and_write(progress: Watch, held: ExitStack) -> tuple[Plan | None, Plan, Path] | None:
        """The plan before, the new plan and its folder; None when a newer version has been saved meanwhile."""
        log = RunLog(str(ctx.obj))
        inputs = load(workbook, sets)
        inputs.require_valid()
        inputs.tables(scenario)  # an unknown name is said before anything is written
        folder = out or run_folder(inputs.path, scenario, inputs.scenario_names)
        check_target(folder)
        held.enter_context(claimed([folder]))
        tell = log.and_tell(progress.progress)
        effort = Effort(gap, time_limit, tell, lambda: progress.should_stop() or saved.is_new())
        plan = solve_scenario(inputs, scenario, effort)
        if saved.is_new() and not progress.should_stop():
            return None
        before = last_plan(folder)
        first = not written  # the run from before the watch is kept, not each save
        write_run(plan, folder, inputs.path, log.text(plan), keep=first)
        written.append(folder)
        return before, plan, folder

    read_bytes(workbook)  # a wrong name is said at once
    saved = SavedWorkbook(workbook)
    stopped = False
    written: list[Path] = []
    try:
        while not stopped:
            saved.wait()
            _say(quiet, f"{datetime.now():%H:%M:%S}  {workbook.name}: solving")
            with library_prints(quiet), Watch(quiet) as progress, ExitStack() as held:
                try:
                    done = solve_and_write(progress, held)
                    failure = None
                except LodestoneError as error:
                    done, failure = None, error
                stopped = progress.should_stop()
            _tell(quiet, done, None if saved.is_new() else failure)
            if not (stopped or saved.is_new()):
                _say(quiet, "Waiting for the next save; Ctrl-C ends.")
    except KeyboardInterrupt:
        _say(quiet, "The watch has ended.")


def _say(quiet: bool, line: str) -> None:
    if not quiet:
        click.echo(line, err=True)


def _tell(quiet: bool, done: tuple[Plan | None, Plan, Path] | None, failure: LodestoneError | None) -> None:
    """The plan, or what has changed in it, or why there is none."""
    from lodestone.plan.labels import of
    from lodestone.report.terminal.compare import show_changes
    from lodestone.report.terminal.progress_lines import show_plan, show_problems
    from lodestone.studies.compare.runs import compare

    if isinstance(failure, WorkbookError):
        show_problems(failure.problems, err=True)
    if failure is not None:
        click.echo(f"Error: {failure}", err=True)
    if done is None or quiet:
        return
    before, plan, folder = done
    if before is None:
        show_plan(plan, folder)
    else:
        show_changes(of(plan).shown(compare([before, plan], ["before", "now"])), folder)
