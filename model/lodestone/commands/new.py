"""`lodestone new`: a blank workbook, or an example."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH
from lodestone.commands.output import OUTPUT, Output
from lodestone.template.examples import FIRST_YEAR, LAST_YEAR, examples


@click.command()
@click.argument("workbook", type=PATH, default="my_case.xlsx")
@click.option("--example", metavar="NAME", help=f"Copy an example: {', '.join(examples())}.")
@click.option("--first-year", type=int, help=f"First year of a blank workbook. [default: {FIRST_YEAR}]")
@click.option("--last-year", type=int, help=f"Its last year. [default: {LAST_YEAR - FIRST_YEAR} years later]")
@click.option("--force", is_flag=True, help="Replace a workbook that exists.")
@OUTPUT
def new(
    workbook: Path, example: str | None, first_year: int | None, last_year: int | None, force: bool, output: Output
) -> None:
    """Write a new workbook, my_case.xlsx if no other is named: a blank one with help and drop-downs, or an example.

    \b
    Example:
      lodestone new my_case.xlsx --example tutorial
      lodestone new my_case.xlsx --first-year 2026 --last-year 2045
    """
    from lodestone.template.examples import new_workbook

    if example is not None and (first_year is not None or last_year is not None):
        raise click.UsageError("an example has its own years; leave out --first-year and --last-year")
    start = first_year if first_year is not None else FIRST_YEAR
    end = last_year if last_year is not None else start + LAST_YEAR - FIRST_YEAR
    new_workbook(workbook, example, force, start, end)
    output.answer(
        lambda: click.echo(f"{workbook} is written. Fill it in, then: lodestone solve {workbook}"),
        lambda: {"workbook": str(workbook)},
    )
