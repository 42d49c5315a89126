"""`lodestone compare`: what differs between runs."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH, out_here
from lodestone.commands.output import OUTPUT, Output


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN...]", type=PATH)
@out_here("compare.xlsx", "Workbook")
@OUTPUT
def compare(runs: tuple[Path, ...], out: Path, output: Output) -> None:
    """Show what differs between runs, and which inputs explain it; the first run is the measure.

    A RUN is the folder of a plan. Writes compare.xlsx and compare.json.

    \b
    Example:
      lodestone compare outputs/my_case/base outputs/my_case/embargo
    """
    from lodestone.report.compare.files import KIND, write_comparison
    from lodestone.report.terminal.compare import show_comparison
    from lodestone.report.terminal.json_answers import comparison_answer
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.compare.runs import compare_runs

    target = KIND.check_out(out)
    with claimed([target]):
        comparison = compare_runs(runs)
        files = write_comparison(comparison, target)
    output.answer(lambda: show_comparison(comparison, files), lambda: comparison_answer(comparison, files))
