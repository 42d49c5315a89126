"""`lodestone stress`: the decisions of runs held against every scenario and loss."""

from __future__ import annotations

from pathlib import Path

import click

from model.commands.options import SET, WORKBOOK, finite
from model.commands.output import OUTPUT, Output


@click.command()
@WORKBOOK
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN...]", type=click.Path(path_type=Path))
@click.option("--allow-new", is_flag=True, help="New builds, awards and signings once the future has shown itself.")
@click.option("--from-year", type=int, help="Year of the n-1 cases. [default: the first in which a scenario shows]")
@click.option(
    "--gap", type=click.FloatRange(0, 1), callback=finite, help="Stop each case at this share of its best cost."
)
@click.option("--time-limit", type=click.FloatRange(0, min_open=True), callback=finite, help="Seconds for each case.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="stress.xlsx",
    show_default=True,
    help="Workbook to write, or its folder; a JSON file of the same name stands beside it.",
)
@SET
@OUTPUT
def stress(
    workbook: Path,
    runs: tuple[Path, ...],
    allow_new: bool,
    from_year: int | None,
    gap: float | None,
    time_limit: float | None,
    out: Path,
    sets: tuple[str, ...],
    output: Output,
) -> None:
    """Hold the decisions of runs and meet every scenario, and the loss of every region, plant, project and contract.

    A RUN is the folder of a plan. Writes stress.xlsx and stress.json; with several runs their regret too.

    \b
    Example:
      lodestone stress plan.xlsx outputs/plan/base outputs/plan/joint
    """
    from model.inputs import load
    from model.report.answers import stress_answer
    from model.report.claim import claimed
    from model.report.run_folder import read_run
    from model.report.stress_report import HEADINGS, check_stress_out, notes, terminal_rows, write_stress
    from model.report.terminal import Watch, show_table
    from model.studies.compare import names_by_path
    from model.studies.stress import stress as stress_runs

    target = check_stress_out(out)
    with claimed([target]), Watch(output.silent) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        plans = {name: read_run(path) for name, path in zip(names_by_path(runs), runs, strict=True)}
        study = stress_runs(
            inputs,
            plans,
            allow_new,
            from_year,
            gap,
            time_limit,
            on_outcome=lambda done, of, latest: watch.stage(
                f"{done} of {of}: {latest.run}, {latest.kind} {latest.case}"
            ),
            should_stop=watch.should_stop,
        )
        book, facts = write_stress(study, target)

    def show() -> None:
        for run in study.runs:
            if rows := terminal_rows(study, run):
                click.echo(f"{run}: what hurts most")
                show_table(HEADINGS, rows)
                click.echo()
        for note in notes(study):
            click.echo(note)
        click.echo(f"Files: {book} and {facts.name}")

    output.answer(show, lambda: stress_answer(study, (book, facts)))
