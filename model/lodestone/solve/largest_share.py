"""How much of a sector can be made secure, where no plan gives it its secure share.

Of the sector whose shortage costs most, the largest share that any plan attains in every combination of threats, the
other sectors keeping theirs: sought as the cheapest secure plan is (solve/secure_search.py), the share being a number
of the model and its goal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.errors import NoPlanError, StoppedError
from lodestone.plan.formatting import share as in_per_cent
from lodestone.rules.build import build
from lodestone.solve.effort import Search
from lodestone.solve.secure import NoSecurePlanError, Say, Trials
from lodestone.solve.secure_search import Model, Searching, cheapest
from lodestone.solver.large_model import solver_of

WITHIN = 1e-4  # of the share: as near as it is told
MOST_NAMED = 3


def dearest_sector(tree: Tree) -> str:
    """The sector with the highest shortage cost of those that have a secure share."""
    sectors = [s for s in tree.data[0].sectors.values() if s.secure_share > 0]
    return max(sectors, key=lambda sector: sector.shortage_cost).name


def largest_share(
    tree: Tree, branches: Sequence[Branch], wanted: Search, say: Say
) -> tuple[str, float | None, list[Branch]]:
    """The sector, its largest attainable share, and the combinations that limit it.

    The share is None where no plan stands the threats even without it.
    """
    sector = dearest_sector(tree)
    near = replace(wanted, gap=WITHIN, start=None)
    trials = Trials(tree, branches, say, wanted.should_stop)
    inside: list[Branch] = []
    while True:
        built = build(with_branches(tree, inside))
        model = Model(built, solver_of(built.model), sector)
        names = {branch.name for branch in inside}
        search = Searching(model, trials, [b for b in branches if b.name not in names], say)
        try:
            model.open()
            outcome = model.solver.solve(near.gap, near.time_limit, should_stop=near.should_stop, absolute_gap=WITHIN)
            found, _ = cheapest(search, model.solver.all_values(), outcome.objective, outcome.bound, near)
        except NoPlanError:
            return sector, None, [*inside, *search.failed.values()]
        if found is not None:
            return sector, max(0.0, -found.cost), [*inside, *found.binding]
        inside += [b for b in search.whole if b.name not in names]


def told(
    error: NoSecurePlanError, tree: Tree, branches: Sequence[Branch], wanted: Search, say: Say
) -> NoSecurePlanError:
    """The same with the largest attainable share, and the combinations that leave no more."""
    try:
        sector, most, limiting = largest_share(tree, branches, wanted, say)
    except StoppedError:  # that there is no plan is proved all the same
        return NoSecurePlanError(f"{error}; the largest attainable share was not found in time", error.branches)
    names = "; ".join(" + ".join(branch.threats) for branch in (limiting or error.branches)[:MOST_NAMED])
    if most is None:
        more = f"even if {sector} had no secure share, no plan would stand them"
    else:
        asked = tree.data[0].sectors[sector].secure_share
        more = (
            f"the largest share of {sector} that any plan attains is {in_per_cent(most)} ({in_per_cent(asked)} asked)"
        )
    said = f"no plan gives every sector its secure share in each of these combinations of threats: {names}; {more}"
    return NoSecurePlanError(said, limiting or error.branches, most)
