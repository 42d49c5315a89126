"""How much of a sector can be made secure, where no plan gives it its secure share.

Of the sector whose shortage costs most, the largest share that any plan attains in every combination of threats, the
other sectors keeping theirs: branches are added one after another, as for the cheapest secure plan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.errors import NoPlanError
from lodestone.plan.formatting import share as in_per_cent
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built, build
from lodestone.rules.flows import period_demand
from lodestone.solve.branch_trial import Trial
from lodestone.solve.secure import NoSecurePlanError, held_by, meet_all
from lodestone.solver.highs import Solver

WITHIN = 1e-4  # of the share: as near as it is told


class _Found:
    def __init__(self, built: Built) -> None:
        self.built = built


def dearest_sector(tree: Tree) -> str:
    """The sector with the highest shortage cost of those that have a secure share."""
    sectors = [s for s in tree.data[0].sectors.values() if s.secure_share > 0]
    return max(sectors, key=lambda sector: sector.shortage_cost).name


def largest_share(
    tree: Tree,
    trials: Sequence[Trial],
    chosen: Sequence[Branch],
    time_limit: float,
    should_stop: ShouldStop | None = None,
) -> tuple[str, float | None]:
    """The sector and its largest attainable share; None where no plan stands the threats even without it."""
    sector = dearest_sector(tree)
    branches = list(chosen)
    while True:
        try:
            found, most = _most(with_branches(tree, branches), sector, time_limit, should_stop)
        except NoPlanError:
            return sector, None
        known = {branch.name for branch in branches}
        waiting = [trial for trial in trials if trial.branch.name not in known]
        met = meet_all([trial.at_share(sector, most) for trial in waiting], held_by(found), should_stop)
        failing = [(trial, result) for trial, result in zip(waiting, met, strict=True) if not result.stands]
        if not failing:
            return sector, most
        branches.append(max(failing, key=lambda pair: pair[1].missing)[0].branch)


def _most(tree: Tree, sector: str, time_limit: float, should_stop: ShouldStop | None) -> tuple[_Found, float]:
    """The largest share in the branches of a tree, whatever it costs."""
    built = build(tree)
    solver = Solver(built.model)
    terms = []
    for key, row in built.model.secure.served.items():
        if key[2] == sector:
            wanted = period_demand(tree, key[0], key[1:])
            solver.set_upper(row, wanted)
            terms.append((wanted, solver.row[id(row)]))
    solver.set_goal([])
    column = solver.new_column(0.0, tree.data[0].sectors[sector].secure_share, -1.0, terms)
    solver.solve(0.0, time_limit, should_stop=should_stop, absolute_gap=WITHIN)
    most = float(solver.all_values()[column])
    solver.store(np.asarray(solver.values()))
    return _Found(built), most


def told(
    error: NoSecurePlanError, tree: Tree, time_limit: float, should_stop: ShouldStop | None = None
) -> NoSecurePlanError:
    """The same with the largest attainable share."""
    sector, most = largest_share(tree, error.trials, error.branches, time_limit, should_stop)
    if most is None:
        more = f"even if {sector} had no secure share, no plan would stand them"
    else:
        asked = tree.data[0].sectors[sector].secure_share
        more = (
            f"the largest share of {sector} that any plan attains is {in_per_cent(most)} ({in_per_cent(asked)} asked)"
        )
    return NoSecurePlanError(f"{error}; {more}", error.branches, error.trials, most)
