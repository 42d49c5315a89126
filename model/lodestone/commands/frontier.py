"""`lodestone frontier`: what each point of allowed China share costs."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import GAP, JOBS, OUT_OF_STUDY, SCENARIO, SCHEDULER, SET, TIME_LIMIT, WORKBOOK
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.option("--cap", help="Move this row of ChinaShare alone: its share is set. [default: all rows, scaled together]")
@click.option("--from", "start", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="First share.")
@click.option("--to", "end", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Last share.")
@click.option(
    "--steps", type=click.IntRange(min=1, max=1000), default=10, show_default=True, help="Steps between them."
)
@click.option("--from-year", type=int, help="Leave the limits of earlier years as they are.")
@SCENARIO
@OUT_OF_STUDY
@GAP
@TIME_LIMIT
@SET
@JOBS
@SCHEDULER
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
    scenario: str,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    output: Output,
) -> None:
    """Show what each point of allowed China share costs, and which share cannot be reached at all.

    Without --cap the limits of all rows are multiplied by the same factor. Writes frontier.xlsx and .json.

    \b
    Example:
      lodestone frontier plan.xlsx --cap magnet_cap --from 0.9 --to 0 --steps 10
    """
    from lodestone.report.studies import frontier_files
    from lodestone.report.terminal.frontier import show_frontier
    from lodestone.report.terminal.json_answers import frontier_answer
    from lodestone.report.terminal.many import WatchMany
    from lodestone.report.terminal.progress_lines import tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.effort import Effort
    from lodestone.studies.frontier import trace as study
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.source import Source

    target = frontier_files.KIND.check_out(out or frontier_files.KIND.default_out(workbook, scenario, cap))
    with claimed([target]), WatchMany((), output.silent) as watch:
        found = study.frontier(
            Source.read(workbook, scenario, sets, Effort(gap, time_limit)),
            study.scales(start, end, steps),
            cap,
            from_year,
            Where(jobs, scheduler),
            watch.job,
            watch.should_stop,
        )
        unanswered, stopped = study.unanswered(found), watch.should_stop()
        place = frontier_files.KIND.place(target, stopped or unanswered == len(found.points))
        files = frontier_files.write_frontier(found, place)
    exit_code = StoppedError.exit_code if stopped or unanswered else 0
    output.answer(lambda: show_frontier(found, files), lambda: frontier_answer(found, files), exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
