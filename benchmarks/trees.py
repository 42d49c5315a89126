"""Trees of many futures: one model, or future by future? Time and memory to a gap.

    python -m benchmarks.trees WORKBOOK whole|apart|hedged --futures 16 --seed 1 --gap 0.01

Without --futures the tree is that of the workbook's own likely futures. Else futures are drawn: each leaves the base at
the start of a year, with embargoes on plants in regions of concern, a plant elsewhere that is lost, other prices and
other demand. `whole` solves one model as it is, `apart` future by future on two processes (or on a Dask cluster),
`hedged` by progressive hedging on two processes of MPI. One line of JSON says cost, bound, seconds, CPU seconds of all
processes, and the peak memory of the largest.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from lodestone.data.plan_data import PlanData, Series, Time, year_of
from lodestone.data.scenario import Scenario
from lodestone.data.tree import Tree, joint

FIRST, LAST = 2, 6  # years after the first in which futures show themselves
BASE_SHARE = 0.2  # of probability


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
        plants={
            n: replace(p, capacity=scaled(p.capacity, lost)) if n in hit else p for n, p in base.plants.items()
        },
        price={key: scaled(series, at_price) for key, series in base.price.items()},
        demand={key: scaled(series, wanted) for key, series in base.demand.items()},
    )


def scaled(series: Series, factor: Mapping[int, float]) -> dict[Time, float]:
    """A series times the factor of each year."""
    return {time: value * factor.get(year_of(time), 1.0) for time, value in series.items()}
