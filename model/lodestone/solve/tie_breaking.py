"""Ties: of equally cheap plans, the one that decides least and delivers and stores least exposed material (DESIGN 9).

(0)  with a risk weight, of plans with the same objective one of least expected cost, with the integers held: CVaR does
     not see what futures outside the tail cost (`run.settled` did the same for the integers, where CVaR is all);
(i)  builds, awards and signings that can be dropped one after another at no cost are dropped;
(ii) with the integers held, a second solve takes the least probability-weighted exposed deliveries, and exposed fills
     less releases.

None raises objective or expected cost. Which decisions can be dropped is asked of the linear programme with the
integers held: reduced costs bound from below what dropping costs, so only decisions without any need a solve of their
own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from lodestone.rules.build import Built
from lodestone.rules.flows import tainted
from lodestone.rules.objective import expected_cost, risk_weight
from lodestone.solver.highs import Solver
from lodestone.solver.large_model import LargeSolver
from lodestone.solver.matrix import Variable


def tidy(built: Built, solver: Solver, values: np.ndarray, kept: Collection[int] = frozenset()) -> np.ndarray | None:
    """The solution after the tie rules, or None when its integers cannot be fixed exactly. kept: columns to leave."""
    solver.hold_integers(values)
    if len(built.tree.leaf_of) > 1 and isinstance(solver, LargeSolver):
        solver.begin_anew()  # interior points leave half as many to try as simplex where it is (benchmarks/RESULTS.md)
    cost = solver.solve_linear()
    if cost is not None and risk_weight(built.tree) > 0:
        cost = _least_expected(built, solver, cost)
    if cost is None:
        return None
    limit = cost + 1e-9 * max(1.0, abs(cost))
    best, reduced = solver.values(), solver.reduced_costs()
    dropped = True
    while dropped:  # one drop may free another
        dropped = False
        for move in _moves(built, solver):
            if any(i in kept for i in move):
                continue
            held = [(i, best[i]) for i in move if best[i] > 0.5]
            if not held or held[0][0] != move[0] or sum(reduced[i] for i, _ in held) < cost - limit:
                continue
            for i, value in held:
                solver.hold(i, round(value) - 1)
            basis = solver.basis()
            without = solver.solve_linear(limit)
            if without is not None:
                best, reduced, dropped = solver.values(), solver.reduced_costs(), True
            else:
                solver.go_back_to(basis)
                for i, value in held:
                    solver.hold(i, round(value))
    return _least_exposed(built, solver, best)


def _least_expected(built: Built, solver: Solver, objective: float) -> float | None:
    """(0): limit the objective to its optimum, and minimise expected cost from here on."""
    solver.limit_cost(objective + 1e-9 * max(1.0, abs(objective)))
    solver.set_goal(expected_cost(built.tree, built.costs))
    return solver.solve_linear()


def _moves(built: Built, solver: Solver) -> list[list[int]]:
    """Columns to lower together: an award, a signing, a build, a build with its awards and signings.

    Each with what branches of threats take over of it; what they do not take over is no move, for it costs nothing.
    """
    m, tree = built.model, built.tree
    branches: dict[int, list[int]] = {}
    for n, twin in tree.twin.items():
        branches.setdefault(twin, []).append(n)

    def columns(decided: Mapping[tuple[int, str], Variable], n: int, name: str) -> list[int]:
        same = [decided[key] for key in ((n, name), *((b, name) for b in branches.get(n, ()))) if key in decided]
        return [i for v in same if (i := solver.column.get(id(v))) is not None]

    award, sign, build = m.price_floors.award, m.contracts.sign, m.investments.build
    alone = [columns(decided, n, x) for decided in (award, sign) for n, x in decided if n not in tree.twin]
    builds = []
    for n, g in (key for key in build if key[0] not in tree.twin):
        data = tree.data[n]
        package = [(award, o) for o, f in data.floors.items() if f.project == g and (n, o) in award]
        package += [(sign, c) for c, x in data.contracts.items() if x.supplier == g and (n, c) in sign]
        with_package = columns(build, n, g) + [i for decided, x in package for i in columns(decided, n, x)]
        builds += [columns(build, n, g), *([with_package] if package else [])]
    return [move for move in (*alone, *builds) if move]


def _least_exposed(built: Built, solver: Solver, best: np.ndarray) -> np.ndarray:
    """(ii); keeps the first solution where the second solve does not succeed, or would cost more."""
    terms = tainted(built.tree, built.net, built.model.flows, built.model.stockpiles)
    if not terms or solver.solve_linear() is None:
        return best
    solver.hold_optimal_face()
    solver.set_goal(terms)
    if solver.solve_linear() is None:
        return best
    cleaner = solver.values()
    dearer = solver.cost @ cleaner - solver.cost @ best  # by a dual that the solver took for 0
    return best if dearer > 1e-9 * max(1.0, abs(solver.cost @ best)) else cleaner
