"""`lodestone frontier`: what each point of allowed China share costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lodestone.commands.options import SCENARIO, WORKBOOK, StudyOptions, study_options
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError

if TYPE_CHECKING:
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.source import Source


def _numbers(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """0,1,2 as numbers."""
    if value is None:
        return None
    share = option.name == "shares"
    most, wanted = (
        (1.0, "shares from 0 to 1, e.g. 0.5,0.8,1") if share else (math.inf, "numbers of threats, e.g. 0,1,2")
    )
    try:
        numbers = tuple(float(part) if share else int(part) for part in value.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(0 <= number <= most for number in numbers):
        raise click.BadParameter(f"give {wanted}")
    return numbers


@click.command()
@WORKBOOK
@click.option("--cap", help="Move this row of ChinaShare alone: its share is set. [default: all rows, scaled together]")
@click.option("--from", "start", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="First share.")
@click.option("--to", "end", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Last share.")
@click.option(
    "--steps", type=click.IntRange(min=1, max=1000), default=10, show_default=True, help="Steps between them."
)
@click.option("--from-year", type=int, help="Leave the limits of earlier years as they are.")
@click.option(
    "--secure",
    metavar="K,K,...",
    callback=_numbers,
    help="The cost of security instead: for each K.",
)
@click.option(
    "--secure-share",
    "shares",
    metavar="X,X,...",
    callback=_numbers,
    help="With --secure: for each share.",
)
@SCENARIO
@study_options
@OUTPUT
@click.pass_context
def frontier(
    ctx: click.Context,
    workbook: Path,
    cap: str | None,
    start: float,
    end: float,
    steps: int,
    from_year: int | None,
    secure: tuple[float, ...] | None,
    shares: tuple[float, ...] | None,
    scenario: str,
    asked: StudyOptions,
    output: Output,
) -> None:
    """Show what each point of allowed China share costs, and which share cannot be reached at all.

    Without --cap the limits of all rows are multiplied by the same factor. Writes frontier.xlsx and .json. With
    --secure it shows what it costs to stand any K threats at once, and writes secure.xlsx and .json.

    \b
    Example:
      lodestone frontier my_case.xlsx --cap magnet_cap --from 0.9 --to 0 --steps 10
      lodestone frontier my_case.xlsx --secure 0,1,2,3
    """
    if shares and not secure:
        raise click.UsageError("--secure-share goes with --secure")
    if secure:
        if cap or from_year is not None:
            raise click.UsageError("--secure moves no cap: leave out --cap and --from-year")
        ks = [int(k) for k in secure]
        source = asked.source(workbook, scenario)
        _secure(ctx, workbook, source, ks, shares or (), asked.where, asked.out, output)
        return
    from lodestone.report.studies import frontier_files
    from lodestone.report.terminal.frontier import show_frontier
    from lodestone.report.terminal.json_answers import frontier_answer
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.frontier import trace as study

    target = frontier_files.KIND.check_out(asked.out or frontier_files.KIND.default_out(workbook, scenario, cap))
    with claimed([target]), WatchMany((), output.silent) as watch:
        source = asked.source(workbook, scenario)
        found = study.frontier(
            source,
            study.scales(start, end, steps),
            cap,
            from_year,
            asked.where,
            watch.job,
            watch.should_stop,
        )
        unanswered, stopped = study.unanswered(found), watch.should_stop()
        place = frontier_files.KIND.place(target, stopped or unanswered == len(found.points))
        labels = source.labels()
        files = frontier_files.write_frontier(found, place, labels)
    exit_code = StoppedError.exit_code if stopped or unanswered else 0
    output.answer(lambda: show_frontier(labels.shown(found), files), lambda: frontier_answer(found, files), exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)


def _secure(
    ctx: click.Context,
    workbook: Path,
    source: Source,
    ks: Sequence[int],
    shares: Sequence[float],
    where: Where,
    out: Path | None,
    output: Output,
) -> None:
    """What it costs to stand any K threats."""
    from lodestone.report.studies.security_files import KIND, write_security_cost
    from lodestone.report.terminal.frontier import show_security_cost
    from lodestone.report.terminal.json_answers import security_answer
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.frontier.security import security_cost

    target = KIND.check_out(out or KIND.default_out(workbook, source.scenario))
    with claimed([target]), WatchMany((), output.silent) as watch:
        found = security_cost(source, ks, shares, where, watch.job, watch.should_stop)
        stopped = watch.should_stop()
        labels = source.labels()
        files = write_security_cost(found, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    output.answer(
        lambda: show_security_cost(labels.shown(found), files), lambda: security_answer(found, files), exit_code
    )
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
