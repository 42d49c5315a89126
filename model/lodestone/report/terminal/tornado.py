"""What the command line shows of a tornado: what to find out next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import count, one_line, share
from lodestone.report.terminal.progress_lines import echo_wrapped, show_table
from lodestone.studies.tornado.results import Side, Tornado, advice

MOST_ROWS = 15  # the files hold all
HEADINGS = ("Cells", "Column", "Lower (MUSD)", "Higher (MUSD)", "Cliff", "Other decisions", "Illustrative")


def show_tornado(found: Tornado, files: Sequence[Path]) -> None:
    """Cliffs first, then what costs most."""
    click.echo(f"{one_line(found.plan_name)}: what to find out next, figures {share(found.by)} lower and higher")
    rows = []
    for bar in found.bars[:MOST_ROWS]:
        flips = len({name for side in bar.sides for name in side.flips})
        said = [_cost(side) for side in bar.sides]
        rows.append(
            [
                one_line(bar.cells),
                one_line(bar.column),
                *said,
                "yes" if found.is_cliff(bar) else "",
                flips,
                "yes" if bar.illustrative else "",
            ]
        )
    show_table(HEADINGS, rows)
    click.echo()
    for number, line in enumerate(advice(found), 1):
        echo_wrapped(f"{number}. {one_line(line)}")
    click.echo()
    if cliffs := found.cliffs():
        click.echo(f"The plan breaks at {count(len(cliffs), 'group')} of figures.")
    for remark in found.remarks:
        click.echo(remark)
    book, facts = files
    click.echo(f"Files: {book} and {facts.name}")


def _cost(side: Side) -> float | str:
    if side.no_plan:
        return "no plan"
    return side.screened_musd if side.extra_musd is None else side.extra_musd
