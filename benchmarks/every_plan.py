"""What holds in every plan that costs no more than a given one: the least and the most of the figures that pages name.

A plan within the gap may build other works. What a page claims must hold in all of them, so its figures are bounded by
the linear relaxation with a row that limits the cost: no plan is outside. The bounds are safe, not tight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from math import ceil, floor, inf
from pathlib import Path

import numpy as np

from lodestone.errors import StoppedError
from lodestone.plan.run_files import read_run
from lodestone.rules.build import Built, build
from lodestone.rules.china_share import DELIVERIES
from lodestone.rules.linear import Terms, scaled
from lodestone.rules.objective import counted
from lodestone.solve.one_scenario import load_model
from lodestone.studies.ranges.figures import Figure
from lodestone.studies.ranges.search import Search
from lodestone.studies.what_binds.moved_limits import tree_of
from lodestone.workbook.inputs import load

CLOSE = 1e-6
COUNTS = ("projects", "magnet_works", "private", "floors")
TERMS = ("grants", "floor_payments", "substitution")
YEARS = (2026, 2028, 2030, 2035, 2040)


def every_plan(run: Path, workbook: Path, keys: Collection[str] = ()) -> dict[str, float]:
    """least.KEY and most.KEY of figures (keys; none: all), over all plans that cost no more than that of a folder."""
    plan = read_run(run)
    inputs = load(workbook, tuple(plan.sets or ()))
    built = build(tree_of(inputs, plan.scenario, plan.is_joint))
    wanted = [figure for figure in _figures(built) if not keys or figure.of in keys]
    bounds = outer_ranges(built, wanted, plan.objective_musd + CLOSE)
    found: dict[str, float] = {}
    for figure, (least, highest) in zip(wanted, bounds, strict=True):
        whole = figure.of in COUNTS
        found[f"least.{figure.of}"] = ceil(least - CLOSE) if whole and least > -inf else least
        found[f"most.{figure.of}"] = floor(highest + CLOSE) if whole and highest < inf else highest
    return found


def outer_ranges(built: Built, wanted: Sequence[Figure], most: float) -> list[tuple[float, float]]:
    """The least and the most of figures over the linear relaxation of all plans that cost at most so much (MUSD).

    Infinite where that is not known. Raises StoppedError where even the relaxation costs more.
    """
    solver = load_model(built)
    search = Search(built, solver, lambda: False)
    solver.relax(True)
    cost = solver.solve_linear()
    if cost is None or cost > most:
        raise StoppedError(f"no plan costs as little as {most:,.1f} MUSD")
    search.planned = solver.values()
    solver.limit_cost(most)

    def values() -> np.ndarray:
        solver.begin_anew()
        if solver.solve_linear() is None:
            raise StoppedError("not solved: what was found so far is no bound")
        return solver.values()

    def bound(figure: Figure, sign: float) -> float:
        try:
            found = search.end(figure, sign, values)
        except StoppedError:
            found = None
        return -sign * inf if found is None else found

    return [(bound(figure, 1.0), bound(figure, -1.0)) for figure in wanted]


def _figures(built: Built) -> Iterator[Figure]:
    """With the names that benchmarks/record.py gives them in a plan."""
    tree, m = built.tree, built.model
    projects = tree.data[tree.nodes[0]].projects
    builds: dict[str, Terms] = defaultdict(list)
    for (_, g), build_ in m.investments.build.items():
        builds["projects"].append((1.0, build_))
        if "_magnet" in g:
            builds["magnet_works"].append((1.0, build_))
        if not projects[g].public:
            builds["private"].append((1.0, build_))
    builds["floors"] = [(1.0, award) for award in m.price_floors.award.values()]
    yield from (Figure("", key, "", builds[key]) for key in COUNTS)
    capex = [(projects[g].capex, b) for (_, g), b in m.investments.build.items() if not projects[g].public]
    yield Figure("", "private_capex_musd", "MUSD", capex)
    for term in TERMS:
        terms: Terms = []
        for n, found in built.costs[term].items():
            if counted(tree, term, n):
                terms += scaled(tree.probability[n] * tree.data[n].discount(tree.year[n]), found)
        yield Figure("", f"{term}_musd", "MUSD", terms)
    for (n, cap, material, basis), (exposed, served) in m.china_share.consumption.items():
        if cap == f"ally_{material}" and basis == DELIVERIES and tree.year[n] in YEARS:
            yield Figure("", f"{material}.{tree.year[n]}.share", "share", exposed, served)
