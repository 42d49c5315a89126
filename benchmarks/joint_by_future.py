"""From how many futures on does `solve --joint --decompose` pay? Time and memory against the extensive form.

    python -m benchmarks.joint_by_future WORKBOOK FUTURES whole|apart --gap 0.01 --set SHEET/ROW/COLUMN=VALUE

The workbook's futures with a probability are copied until there are so many; the copies share their probabilities, so
that the optimum stays. `whole` solves one model, `apart` two processes; one line of JSON says cost, bound, seconds,
CPU seconds of all processes, and the peak memory of the largest.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from lodestone.commands.options import SET, WORKBOOK
from lodestone.data.plan_data import BASE
from lodestone.data.tree import Tree, joint
from lodestone.rules.tables import cost_totals
from lodestone.solve.all_futures import weighed
from lodestone.solve.decomposition.launch import run_ranks
from lodestone.solve.decomposition.order import Order
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_tree
from lodestone.workbook.inputs import load


def copied(path: Path, sets: Sequence[str], futures: int) -> Tree:
    """The tree of the workbook's futures, each copied as often as it takes."""
    inputs = load(path, sets)
    base = scenario_data(inputs)
    likely = [data for name in inputs.scenario_names if name != BASE.name and (data := scenario_data(inputs, name))]
    likely = [data for data in likely if data.scenario.probability]
    copies, rest = divmod(futures - 1, len(likely))
    scenarios = []
    for i, data in enumerate(likely):
        n = copies + (i < rest)
        for j in range(n):
            scenario = replace(
                data.scenario, name=f"{data.scenario.name} {j}", probability=data.scenario.probability / n
            )
            scenarios.append(replace(data, scenario=scenario))
    return joint(base, scenarios)


@click.command()
@WORKBOOK
@click.argument("futures", type=click.IntRange(min=2))
@click.argument("way", type=click.Choice(["whole", "apart"]))
@click.option("--gap", default=0.01, show_default=True)
@click.option("--time-limit", default=600.0, show_default=True)
@SET
def main(workbook: Path, futures: int, way: str, gap: float, time_limit: float, sets: tuple[str, ...]) -> None:
    """Plan for so many futures of a workbook in one model (whole) or future by future (apart)."""
    tree = copied(workbook, sets, futures)
    base = tree.data[0]
    began = time.monotonic()
    if way == "whole":
        solved = solve_tree(tree, Effort(gap, time_limit).search(base), Clock(None))
        best, bound, who = solved.outcome.objective, solved.outcome.bound, resource.RUSAGE_SELF
        more = {"rows": solved.size["rows"]}
    else:
        found = run_ranks(Order(base, tree, gap, time_limit, values=False), 2, None, None)
        costs = {n: sum(cost_totals(tree.along(leaf), found.tables[n]).values()) for n, leaf in tree.leaf_of.items()}
        best = weighed(base, costs, {n: tree.probability[leaf] for n, leaf in tree.leaf_of.items()})
        bound, who = found.bound, resource.RUSAGE_CHILDREN
        more = {"rows": found.size["rows"], "iterations": found.iterations}
    usage = resource.getrusage(who)
    figures = {
        "futures": futures,
        "way": way,
        "best": round(best, 1),
        "bound": round(bound, 1),
        "gap": round((best - bound) / abs(best), 5),
        "seconds": round(time.monotonic() - began, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }
    click.echo(json.dumps(figures | more))


if __name__ == "__main__":
    main()
