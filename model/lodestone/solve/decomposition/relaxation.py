"""What the linear relaxation of the tree says: a bound, and what each future alone is to pay for what is in common.

The rows of the tree fall apart: those of shared nodes alone; those of one future, with variables of its own nodes and
of shared ones; and those that link the own nodes of several futures, which are rows (26). With their duals y, and the
probability p of a future, or P of a shared node, a future alone pays beside its cost, for each unit of a variable,

    at a shared node    sum over its own rows of y a / p  -  (sum over the own rows of all futures, and what links, of y a) / P
    at its own nodes    - sum over rows that link of y a / p

The futures' costs with these prices, weighed by probability, and `constant` add up to the cost of a joint plan less
what its linking rows have to spare, worth at y. So the bounds of the futures add up to a bound of the joint plan,
whatever y is, as long as it has the right sign; and the relaxed futures to that of the relaxed tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestone.data.tree import Tree
from lodestone.errors import StoppedError
from lodestone.progress import OnProgress, ShouldStop
from lodestone.rules.build import build
from lodestone.solve.decomposition.piece import Place, Prices, place
from lodestone.solve.one_scenario import load_model
from lodestone.solver.highs import Solver
from lodestone.solver.large_model import Whole

TOLERANCE = 1e-7  # of the cost, to which interior points end
# Simplex takes longer from where interior points end to a corner than they took: measured 210 s after 158 s.
INTERIOR = {"solver": "ipm", "run_crossover": "off"}
CORNER = {"solver": "choose", "run_crossover": "on"}
SHARED, LINKING = -1, -2  # in the place of a future


@dataclass(frozen=True)
class Relaxation:
    """bound: MUSD, of the joint plan; prices of each future; constant: MUSD, beside the futures; size of the model."""

    bound: float
    prices: dict[str, Prices]
    constant: float
    size: dict[str, int]


def relaxation(
    tree: Tree, careful: bool, time_limit: float, on_progress: OnProgress, should_stop: ShouldStop, started: float
) -> Relaxation:
    """Solve it. Raises NoPlanError when it has no solution, StoppedError when none is found in time."""
    solver = load_model(build(tree), careful)
    solver.relax(True)
    bound = _solved(solver, time_limit, on_progress, should_stop, started)
    whole, duals = Whole.of(solver.highs), solver.row_duals()
    owner = _owners(tree, solver)
    rows = _of_rows(owner, whole)
    side = np.where(duals > 0, whole.row_lower, whole.row_upper)
    duals = np.where(np.isfinite(side), duals, 0.0)
    linking = rows == LINKING
    worth = (duals[whole.row] * whole.coefficient, whole.column, rows[whole.row])
    return Relaxation(
        bound - TOLERANCE * abs(bound),
        _prices(tree, solver, owner, worth),
        float(duals[linking] @ np.where(np.isfinite(side), side, 0.0)[linking]),
        solver.size,
    )


def _solved(
    solver: Solver, time_limit: float, on_progress: OnProgress, should_stop: ShouldStop, started: float
) -> float:
    for way in (INTERIOR, CORNER):
        solver.set_options(way)
        try:
            outcome = solver.solve(0.0, time_limit, on_progress, should_stop, started)
        except StoppedError:
            if way is CORNER or should_stop():
                raise
            continue
        if outcome.optimal:
            return outcome.objective
    raise StoppedError("the relaxation of all futures was not solved in time; allow more time")


def _owners(tree: Tree, solver: Solver) -> np.ndarray:
    """Of each column the place of the future whose own node it is at, or SHARED."""
    of = dict.fromkeys(tree.shared, SHARED)
    for i, leaf in enumerate(tree.leaf_of.values()):
        of |= {n: i for n in tree.path[leaf] if n not in of}
    owners = np.full(solver.width, SHARED)
    for column, variable in enumerate(solver.variables):
        index = variable.index()
        owners[column] = of.get(index[0], SHARED) if isinstance(index, tuple) else SHARED
    return owners


def _of_rows(owner: np.ndarray, whole: Whole) -> np.ndarray:
    """Of each row the future whose own row it is, SHARED, or LINKING where several have variables in it."""
    height = len(whole.row_lower)
    own = owner[whole.column] != SHARED
    least, most = np.full(height, np.iinfo(int).max), np.full(height, SHARED)
    np.minimum.at(least, whole.row[own], owner[whole.column[own]])
    np.maximum.at(most, whole.row[own], owner[whole.column[own]])
    return np.where(most == SHARED, SHARED, np.where(least == most, most, LINKING))


def _prices(
    tree: Tree, solver: Solver, owner: np.ndarray, worth: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> dict[str, Prices]:
    value, column, row_of = worth
    width = solver.width

    def sums(which: np.ndarray) -> np.ndarray:
        return np.bincount(column[which], weights=value[which], minlength=width)

    linked = sums(row_of == LINKING)
    everything = linked + sums(row_of >= 0)
    found = {}
    for i, (name, leaf) in enumerate(tree.leaf_of.items()):
        path, p = tree.path[leaf], tree.probability[leaf]
        number = {n: k for k, n in enumerate(path)}
        mine = sums(row_of == i) / p
        prices: dict[Place, float] = {}
        for c in np.flatnonzero((owner == i) & (linked != 0)):
            prices[place(solver.variables[c], number)] = float(-linked[c] / p)
        for c in np.flatnonzero((owner == SHARED) & (everything != 0)):
            variable = solver.variables[c]
            node = variable.index()[0]
            if node in number:
                prices[place(variable, number)] = float(mine[c] - everything[c] / tree.probability[node])
        found[name] = prices
    return found
