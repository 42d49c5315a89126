"""`lodestone stress`: the decisions of runs held against every scenario and loss."""

from __future__ import annotations

import re
from pathlib import Path

import click

from lodestone.commands.options import GAP, PATH, SET, TIME_LIMIT, WORKBOOK, out_here
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


def a_time(ctx: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """When a period begins, of what was typed: 2027 or 2027-04."""
    if value is None:
        return None
    typed = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?", value, re.ASCII)
    if typed is None or not 1 <= int(typed[2] or 1) <= 12:
        raise click.BadParameter(f"{value} is no year or month: write 2027 or 2027-04")
    return int(typed[1]) * 100 + int(typed[2] or 1)


@click.command()
@WORKBOOK
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN...]", type=PATH)
@click.option("--allow-new", is_flag=True, help="New builds, awards and signings once the future has shown itself.")
@click.option(
    "--from",
    "--from-year",
    "begins",
    metavar="YEAR[-MONTH]",
    callback=a_time,
    help="When it is lost, such as 2027 or 2027-04. [default: when the first scenario shows itself]",
)
@click.option("--months", type=click.IntRange(min=1), help="For how long it is lost. [default: for good]")
@GAP
@TIME_LIMIT
@out_here("stress.xlsx", "Workbook")
@SET
@OUTPUT
@click.pass_context
def stress(
    ctx: click.Context,
    workbook: Path,
    runs: tuple[Path, ...],
    allow_new: bool,
    begins: int | None,
    months: int | None,
    gap: float | None,
    time_limit: float | None,
    out: Path,
    sets: tuple[str, ...],
    output: Output,
) -> None:
    """Try the decisions of runs in every scenario, and when a region, plant, project or contract is lost.

    A RUN is the folder of a plan. --gap and --time-limit are of each case. Writes stress.xlsx and stress.json; with
    several runs their regret too.

    \b
    Example:
      lodestone stress my_case.xlsx outputs/my_case/base outputs/my_case/joint
      lodestone stress my_case.xlsx outputs/my_case/base --from 2027-04 --months 3
    """
    from lodestone.plan.labels import Labels
    from lodestone.plan.run_files import read_run
    from lodestone.report.studies.stress_files import KIND, write_stress
    from lodestone.report.terminal.json_answers import stress_answer
    from lodestone.report.terminal.progress_lines import Watch, tell_of_stop
    from lodestone.report.terminal.stress import show_stress
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.effort import Effort
    from lodestone.studies.compare.runs import names_by_path
    from lodestone.studies.stress.cases import stress as stress_runs
    from lodestone.workbook.inputs import load

    target = KIND.check_out(out)
    with claimed([target]), Watch(output.silent) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        plans = {name: read_run(path) for name, path in zip(names_by_path(runs), runs, strict=True)}
        study = stress_runs(
            inputs,
            plans,
            allow_new,
            begins,
            months,
            Effort(gap, time_limit, should_stop=watch.should_stop),
            on_outcome=lambda done, of, latest: watch.stage(
                f"{done} of {of}: {latest.run}, {latest.kind} {latest.case}"
            ),
        )
        stopped = watch.should_stop()
        labels = Labels(inputs.labels)
        files = write_stress(study, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    output.answer(lambda: show_stress(labels.shown(study), files), lambda: stress_answer(study, files), exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
