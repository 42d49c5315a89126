"""Trees of many futures: one model, or future by future? Time and memory to a gap.

    python -m benchmarks.trees WORKBOOK whole|apart|hedged --futures 16 --seed 1 --gap 0.01

Without --futures the tree is that of the workbook's own likely futures. Else futures are drawn: each leaves the base at
the start of a year, with embargoes on plants in regions of concern, a plant elsewhere that is lost, other prices and
other demand. `whole` solves one model as it is, `apart` future by future on two processes (or on a Dask cluster),
`hedged` by progressive hedging on two processes of MPI. One line of JSON says cost, bound, seconds, CPU seconds of all
processes, and the peak memory of the largest.
"""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lodestone.commands.options import SCHEDULER, SET, WORKBOOK
from lodestone.data.plan_data import PlanData, Series, Time, year_of
from lodestone.data.scenario import Scenario
from lodestone.data.tree import Tree, joint
from lodestone.progress import Progress
from lodestone.rules.tables import cost_totals
from lodestone.solve.all_futures import all_futures, weighed
from lodestone.solve.decomposition.apart import Apart, Spread
from lodestone.solve.decomposition.launch import run_ranks
from lodestone.solve.decomposition.order import Order
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_tree
from lodestone.studies.parallel.pieces import spread_over
from lodestone.studies.parallel.solves import Where
from lodestone.workbook.inputs import load

FIRST, LAST = 2, 6  # years after the first in which futures show themselves
BASE_SHARE = 0.2  # of probability
Row = Mapping[str, Any]


def drawn_tree(base: PlanData, futures: int, seed: int = 1) -> Tree:
    """The base and so many futures less one, drawn from a seed; all of them differ."""
    rng = random.Random(f"{seed} {futures}")
    weights = [rng.uniform(0.5, 1.5) for _ in range(futures - 1)]
    likely = [(1 - BASE_SHARE) * weight / sum(weights) for weight in weights]
    return joint(base, [drawn_future(base, rng, f"future {i + 1}", p) for i, p in enumerate(likely)])


def drawn_future(base: PlanData, rng: random.Random, name: str, probability: float) -> PlanData:
    """One future: what befalls plants and for how long, and what prices and demand then are."""
    shows = min(base.first_year + rng.randint(FIRST, LAST), base.last_year)
    ends = min(shows + rng.randint(0, 2), base.last_year)
    concern = [p for p in base.plants.values() if p.of_concern]
    others = [p for p in base.plants.values() if not p.of_concern]
    embargo = rng.random() < 0.5
    hit = {p.name for p in concern} if embargo else {rng.choice(others or concern).name}
    left = rng.uniform(0.0, 0.3)
    prices = rng.uniform(0.6, 1.3)
    dearer = rng.uniform(1.1, 1.5) if embargo else 1.0
    demand = rng.uniform(0.9, 1.12)

    def within(factor: float, after: float = 1.0) -> Mapping[int, float]:
        return {y: 1.0 if y < shows else factor if y <= ends else after for y in base.years}

    scenario = Scenario(name, probability, shows, shows, ends, refill_years=2)
    lost, at_price, wanted = within(left), within(prices * dearer, prices), within(demand, demand)
    return replace(
        base,
        scenario=scenario,
        plants={n: replace(p, capacity=scaled(p.capacity, lost)) if n in hit else p for n, p in base.plants.items()},
        price={key: scaled(series, at_price) for key, series in base.price.items()},
        demand={key: scaled(series, wanted) for key, series in base.demand.items()},
    )


def scaled(series: Series, factor: Mapping[int, float]) -> dict[Time, float]:
    """A series times the factor of each year."""
    return {time: value * factor.get(year_of(time), 1.0) for time, value in series.items()}


def whole(base: PlanData, tree: Tree, effort: Effort) -> Row:
    """All futures in one model."""
    solved = solve_tree(tree, effort.search(base), clock := Clock(None))
    seconds = {stage: round(s, 1) for stage, s in clock.seconds.items()}
    return found(solved.outcome.objective, solved.outcome.bound) | {"size": solved.size, "stages": seconds}


def apart(base: PlanData, tree: Tree, effort: Effort, spread: Spread) -> Row:
    """Future by future, in pieces on two processes or on a cluster."""
    search = effort.search(base)
    way = Apart(Order(base, tree, search.gap, search.time_limit, values=False), spread, _unheard, lambda: False)
    size = dict(way.run().size)
    return found(way.cost, way.bound) | {"size": size, "plans_tried": way.tried}


def hedged(base: PlanData, tree: Tree, effort: Effort) -> Row:
    """By progressive hedging on two processes of MPI."""
    search = effort.search(base)
    got = run_ranks(Order(base, tree, search.gap, search.time_limit, values=False), 2, None, None)
    costs = {n: sum(cost_totals(tree.along(leaf), got.tables[n]).values()) for n, leaf in tree.leaf_of.items()}
    cost = weighed(base, costs, {n: tree.probability[leaf] for n, leaf in tree.leaf_of.items()})
    return found(cost, got.bound) | {"size": got.size, "iterations": got.iterations}


def found(cost: float, bound: float) -> dict[str, Any]:
    """MUSD, and the gap between them."""
    return {"cost_musd": round(cost, 1), "bound_musd": round(bound, 1), "gap": round((cost - bound) / abs(cost), 5)}


def used(way: str) -> dict[str, Any]:
    """CPU seconds of all processes, peak memory of the first and of the largest other one."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(use.ru_utime + use.ru_stime for use in (own, others))
    return {"way": way, "cpu_s": round(cpu, 1), "peak_mb": [round(use.ru_maxrss / 1024) for use in (own, others)]}


def _unheard(progress: Progress) -> None:
    """Nobody watches."""


@click.command()
@WORKBOOK
@click.argument("way", type=click.Choice(["whole", "apart", "hedged"]))
@click.option("--futures", type=click.IntRange(min=2), help="So many, drawn. [default: those of the workbook]")
@click.option("--seed", default=1, show_default=True)
@click.option("--gap", default=0.01, show_default=True)
@click.option("--time-limit", default=1200.0, show_default=True)
@SCHEDULER
@SET
def main(
    workbook: Path,
    way: str,
    futures: int | None,
    seed: int,
    gap: float,
    time_limit: float,
    scheduler: str | None,
    sets: tuple[str, ...],
) -> None:
    """Plan for a tree of futures of a workbook in one of three ways."""
    inputs = load(workbook, sets)
    if futures is None:
        base, tree = all_futures(inputs)
    else:
        tree = drawn_tree(base := scenario_data(inputs), futures, seed)
    began, effort = time.monotonic(), Effort(gap, time_limit)
    ways = {
        "whole": lambda: whole(base, tree, effort),
        "apart": lambda: apart(base, tree, effort, spread_over(Where(None if scheduler else 2, scheduler))),
        "hedged": lambda: hedged(base, tree, effort),
    }
    figures = ways[way]()
    shown = {"futures": len(tree.leaf_of), "nodes": len(tree.nodes)} | figures
    click.echo(json.dumps(shown | {"seconds": round(time.monotonic() - began, 1)} | used(way)))


if __name__ == "__main__":
    main()
