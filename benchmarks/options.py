"""What options of HiGHS gain: `python -m benchmarks.options WORKBOOK --gap 0.001 --try mip_pscost_minreliable=2`.

Each --try is one more solve of the same model, with one or several options (joined by commas) set differently. Shown
are CPU seconds in HiGHS, nodes, and how far the bound of the first node is from the best plan.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from benchmarks.contend import RootGap
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.solve.one_scenario import scenario_data
from lodestone.solver.highs import Solver
from lodestone.workbook.inputs import load


def setting(text: str) -> tuple[str, float | int | bool | str]:
    """name=value; the value as JSON writes it, else as a text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


@click.command()
@click.argument("workbook", type=click.Path(path_type=Path))
@click.option("--gap", default=1e-3, show_default=True)
@click.option("--time-limit", default=3600.0, show_default=True)
@click.option("--try", "tries", multiple=True, help="option=value[,option=value]; repeatable.")
def main(workbook: Path, gap: float, time_limit: float, tries: tuple[str, ...]) -> None:
    """Solve a workbook's base with other options of HiGHS."""
    tree = single(scenario_data(load(workbook)))
    for asked in ("", *tries):
        solver = Solver(build(tree).model)
        for text in asked.split(",") if asked else ():
            name, value = setting(text)
            solver.highs.setOptionValue(name, value)
        root = RootGap(solver.highs)
        began = time.process_time()
        outcome = solver.solve(gap, time_limit)
        spent = time.process_time() - began
        found = root.report()
        gap_at_root = "" if found["root_gap"] is None else f"{found['root_gap']:.3%}"
        click.echo(
            f"| {asked or 'as it is'} | {spent:.1f} | {outcome.objective:,.1f} | {outcome.nodes} | {gap_at_root} |"
        )


if __name__ == "__main__":
    main()
