"""A workbook of several chains that do not touch, proved chain by chain.

Each chain is solved by itself, to the gap asked for, so that what is not known of a large one hides nothing of a small
one. Their bounds add up to a bound of the whole; their decisions are held in the whole model, and if what that costs is
within the gap of the bound, it is proved without a search. Budgets that chains share may make it dearer, or impossible:
then the whole is searched, from there on and with that bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from pyomo.environ import ConcreteModel

from lodestone.data.chains import chain_of, chains, decides
from lodestone.data.tree import Tree
from lodestone.errors import StoppedError
from lodestone.rules.build import build
from lodestone.rules.objective import risk_weight
from lodestone.solve.effort import Search
from lodestone.solver.highs import Outcome, Solver

PART = 0.5  # of the time, for all chains together


@dataclass(frozen=True)
class Apart:
    """What is known of the chains by themselves. bound: MUSD; whole: value of each integer column, by its name."""

    chains: int
    bound: float
    whole: Mapping[str, float]


def apart(tree: Tree, wanted: Search, load: Callable[[ConcreteModel], Solver]) -> Apart | None:
    """The chains of a tree solved one by one; None where there is one only, or they cannot be told apart.

    load: a Pyomo model in the solver. Raises NoPlanError where a chain has no plan, for then the whole has none.
    """
    if tree.twin or risk_weight(tree) > 0 or wanted.careful or wanted.start is not None:
        return None
    data = list({id(d): d for d in tree.data.values()}.values())
    found = chains(data)
    deciding = [chain for chain in found if any(decides(d, chain) for d in data)]
    if len(deciding) < 2:
        return None
    rest = frozenset(m for chain in found if chain not in deciding for m in chain)
    parts = [*deciding, *([rest] if rest else [])]
    ends = time.monotonic() + PART * wanted.time_limit
    bound, whole = 0.0, {}
    for i, chain in enumerate(parts):
        left = max(0.0, ends - time.monotonic()) / (len(parts) - i)
        part = wanted.named(f"chain {i + 1} of {len(parts)}")
        solver = load(build(chain_of(tree, chain)).model)
        try:
            outcome = solver.solve(wanted.gap, left, part.on_progress, part.should_stop)
        except StoppedError:
            return None
        bound += outcome.bound
        values = solver.values()
        for column in np.flatnonzero(solver.integer):
            whole[solver.variables[column].name] = round(float(values[column]))
    return Apart(len(parts), bound, whole)


def together(solver: Solver, known: Apart) -> tuple[Outcome, np.ndarray] | None:
    """The decisions of all chains in the whole model, as its start, and the solution; None where no plan has them."""
    values = np.zeros(len(solver.variables))
    for column in np.flatnonzero(solver.integer):
        values[column] = known.whole.get(solver.variables[column].name, 0.0)
    solver.hold_integers(values)
    cost = solver.solve_linear()
    if cost is None:
        solver.restore()
        return None
    held = solver.values()
    solver.restore()
    solver.start_from(held)
    return Outcome(True, cost, min(known.bound, cost), 0), held
