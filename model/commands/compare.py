"""`lodestone compare`: what differs between runs."""

from __future__ import annotations

from pathlib import Path

import click

from model.commands.output import OUTPUT, Output


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN...]", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="compare.xlsx",
    show_default=True,
    help="Workbook to write, or its folder; a JSON file of the same name stands beside it.",
)
@OUTPUT
def compare(runs: tuple[Path, ...], out: Path, output: Output) -> None:
    """Show what differs between runs, and which inputs explain it; the first run is the measure.

    A RUN is the folder of a plan. Writes compare.xlsx and compare.json.

    \b
    Example:
      lodestone compare outputs/plan/base outputs/plan/embargo
    """
    from model.report.answers import comparison_answer
    from model.report.claim import claimed
    from model.report.compare_files import check_out, write_comparison
    from model.report.compare_summary import notes, runs_line, summary
    from model.report.terminal import show_table
    from model.studies.compare import compare_runs

    target = check_out(out)
    with claimed([target]):
        comparison = compare_runs(runs)
        book, facts = write_comparison(comparison, target)

    def show() -> None:
        for table in summary(comparison):
            show_table(table.headings, table.rows)
            click.echo()
        for note in notes(comparison):
            click.echo(note)
        click.echo(f"{runs_line(comparison)}. Files: {book} and {facts.name}")

    output.answer(show, lambda: comparison_answer(comparison, (book, facts)))
