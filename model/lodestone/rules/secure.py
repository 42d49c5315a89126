"""Secure: what is served when threats come, and that the answer to them is what was prepared.

For every node n of a branch of threats, t its twin, the node of the branch's future at the same time:

    (24) served     short[n,j] <= (1 - secure_share of the sector) * w(n) * demand
    (24) prepared   build[n,g] <= build[t,g],   award[n,o] <= award[t,o],   sign[n,c] <= sign[t,c],   q[n,c] <= q[t,c]
                    (what cannot be decided at t cannot be decided at n)

[cheat] Money is no object in a branch, which has no part in the objective; so nothing is built, awarded or signed there
that its future does not build, award or sign in the same year. All other rules hold there, but for China-share caps,
which are lifted for every year that ends in a branch, and for usable cover, which asks nothing.

Units    t in the period
Sheets   in: Sectors, Scenarios, Settings (secure_against); out: Secure
Source   security of power grids against the loss of any one or two elements (N-1, N-2)
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data.tree import Tree
from lodestone.rules.flows import period_demand
from lodestone.rules.linear import linear


def secure(tree: Tree, short: pyo.Var, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the rows (24)."""
    block = pyo.Block(concrete=True)
    asked = [key for key in short if key[0] in tree.twin and most_short(tree, *key) is not None] if tree.twin else []
    block.served = pyo.Constraint(asked, rule=lambda b, *key: short[key] <= most_short(tree, *key), doc="(24)")
    for name, decided in prepared(invest, floors, offtake).items():
        setattr(block, name, _at_most(tree, decided))
    return block


def prepared(invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block) -> dict[str, pyo.Var]:
    """Decisions that a branch takes over from its future, by node and name."""
    return {"builds": invest.build, "awards": floors.award, "signings": offtake.sign, "volumes": offtake.q}


def most_short(tree: Tree, n: int, region: str, sector: str, material: str) -> float | None:
    """t that may be short at a node of a branch; None: all that least service leaves open."""
    share = tree.data[n].sectors[sector].secure_share
    return (1 - share) * period_demand(tree, n, (region, sector, material)) if share > 0 else None


def _at_most(tree: Tree, decided: pyo.Var) -> pyo.Constraint:
    rows = [(n, x) for n, x in decided if n in tree.twin and tree.twin[n] in tree.time] if tree.twin else []

    def rule(b: pyo.Block, n: int, x: str) -> object:
        ours, theirs = decided[n, x], (tree.twin[n], x)
        return linear([(1.0, ours), *([(-1.0, decided[theirs])] if theirs in decided else [])]) <= 0

    return pyo.Constraint(rows, rule=rule, doc="(24)")
