"""What the linear relaxation of the tree says: a bound, and what each future alone is to pay for what is in common.

A row of the tree belongs to the last node that it has variables of, and to the futures that pass it; but for rows that
link the own nodes of several futures, which are rows (26). Duals y, P the probability of a node, c the cost of a
variable in the tree. A future alone pays for each unit of a variable

    at a shared node    (c - sum over all rows of y a) / P(variable)  +  sum over rows of this future of y a / P(row)
    at its own nodes    (c - sum over rows that link of y a) / P(variable)

In the mean of all futures that comes to c - sum over rows that link of y a, and those rows ask for at least 0. So what
futures pay at least is a bound of the joint plan (Lagrange): the relaxation's own if all parts are allowed, and a
closer one where each future decides whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from lodestone.data.tree import Tree
from lodestone.errors import StoppedError
from lodestone.progress import OnProgress, ShouldStop
from lodestone.rules.build import Built, build
from lodestone.solve.decomposition.piece import Numbers, Prices, node_of, place
from lodestone.solve.decomposition.shared import in_common, stretches
from lodestone.solve.one_scenario import load_model
from lodestone.solver.current_model import CurrentModel
from lodestone.solver.highs import Solver
from lodestone.solver.interior_point import interior_optimum
from lodestone.solver.matrix import Flags, Floats, Ints

KEEPS, TOGETHER = "earnings.keeps", "earnings.together"
LEAST = 1e-12  # MUSD per unit
TOLERANCE = 1e-7  # of the cost: what a relaxation leaves open


@dataclass(frozen=True)
class Relaxation:
    """bound: MUSD, of the joint plan; prices of each future; size of the model.

    common: what is in common, as the relaxed tree has it.
    """

    bound: float
    prices: dict[str, Prices]
    size: dict[str, int]
    common: Numbers


def relaxation(
    tree: Tree, careful: bool, time_limit: float, on_progress: OnProgress, should_stop: ShouldStop, started: float
) -> Relaxation:
    """Solve it. Raises NoPlanError when it has no solution, StoppedError when none is found in time."""
    built = build(tree)
    solver = load_model(built, careful)
    solver.relax(True)
    began = time.monotonic()
    bound = interior_optimum(solver, time_limit, on_progress, should_stop, started)
    if bound is None:
        solver.set_options({"solver": "ipm", "run_crossover": "on"})
        left = max(0.0, time_limit - (time.monotonic() - began))
        outcome = solver.solve(0.0, left, on_progress, should_stop, started)
        if not outcome.optimal:
            raise StoppedError("the relaxation of all futures was not solved in time; allow more time")
        bound = outcome.objective
    whole, duals = CurrentModel.of(solver.highs), solver.row_duals()
    side = np.where(duals > 0, whole.row_lower, whole.row_upper)
    duals = np.where(np.isfinite(side), duals, 0.0)
    node = np.fromiter(map(node_of, solver.variables), dtype=np.int32)
    links = _linking(tree, node, whole) | _not_alone(tree, solver)
    return Relaxation(
        bound - TOLERANCE * abs(bound),
        _prices(built, solver, node, (whole, duals, links)),
        solver.size,
        _common(built, solver),
    )


def _common(built: Built, solver: Solver) -> Numbers:
    values, column = solver.all_values(), solver.column
    parts = in_common(built, stretches(built.tree))
    return {part.key: float(values[column[id(part.variable)]]) for part in parts if id(part.variable) in column}


def _linking(tree: Tree, node: Ints, whole: CurrentModel) -> Flags:
    """Rows with variables at the own nodes of several futures."""
    futures = len(tree.leaf_of)
    owner = np.full(len(tree.nodes), -1)
    for i, leaf in enumerate(tree.leaf_of.values()):
        owner[[n for n in tree.path[leaf] if n not in set(tree.shared)]] = i
    of = owner[node[whole.column]]
    least, most = np.full(len(whole.row_lower), futures), np.full(len(whole.row_lower), -1)
    np.minimum.at(least, whole.row[of >= 0], of[of >= 0])
    np.maximum.at(most, whole.row, of)
    links: Flags = (most >= 0) & (least < most)
    return links


def _not_alone(tree: Tree, solver: Solver) -> Flags:
    """Rows (26) that a future alone is not asked for: of decisions at shared nodes, or such as begin where futures
    part."""
    shared = set(tree.shared)
    constraints = [row.constraint for row in solver.rows]
    names = [constraint.parent_component().name for constraint in constraints]
    return np.array(
        [
            name == TOGETHER or (name == KEEPS and constraint.index()[0] in shared)
            for name, constraint in zip(names, constraints, strict=True)
        ],
        dtype=bool,
    )


def _prices(built: Built, solver: Solver, node: Ints, rows: tuple[CurrentModel, Floats, Flags]) -> dict[str, Prices]:
    tree, (whole, duals, links) = built.tree, rows
    likely = np.array([tree.probability[n] for n in tree.nodes])
    last = np.zeros(len(duals), dtype=np.int32)  # a parent's number is less than its children's
    np.maximum.at(last, whole.row, node[whole.column])
    worth = duals[whole.row] * whole.coefficient
    shared = np.isin(node, tree.shared)

    def sums(which: Flags, value: Floats) -> Floats:
        return np.bincount(whole.column[which], weights=value[which], minlength=len(node)).astype(float)

    linked = sums(links[whole.row], worth) / likely[node]
    all_rows = sums(np.ones(len(worth), dtype=bool), worth) / likely[node]
    own, cost = worth / likely[last[whole.row]], solver.cost / likely[node]
    found: dict[str, Prices] = {}
    for name, leaf in tree.leaf_of.items():
        number = {n: i for i, n in enumerate(tree.path[leaf])}
        passed = np.isin(np.arange(len(tree.nodes)), tree.path[leaf])
        mine = sums((~links & passed[last])[whole.row], own)
        price = cost + np.where(shared, mine - all_rows, -linked)
        columns = np.flatnonzero(passed[node] & (shared | (np.abs(linked) > LEAST)))
        found[name] = {place(solver.variables[c], number): float(price[c]) for c in columns}
    return found
