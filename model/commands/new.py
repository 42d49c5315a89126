"""`lodestone new`: a blank workbook, or an example."""

from __future__ import annotations

from pathlib import Path

import click

from model.examples import examples


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--example", metavar="NAME", help=f"Copy an example: {', '.join(examples())}.")
@click.option("--force", is_flag=True, help="Replace a workbook that exists.")
def new(plan: Path, example: str | None, force: bool) -> None:
    """Write a new workbook PLAN: a blank one with help and drop-downs, or an example.

    \b
    Example:
      lodestone new plan.xlsx --example tutorial
    """
    from model.examples import new_workbook

    new_workbook(plan, example, force)
    click.echo(f"{plan} is written. Fill it in, then: lodestone solve {plan}")
