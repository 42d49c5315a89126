"""Capacity and access: how much plants, projects and markets can give, and how much of it without a contract.

For every unit u and node n:

    (5) capacity     sum_k act[n,u,k] <= w(n) * capacity of the plant in n, or w(n) * (8) of the project
    (5) access       sum_k act[n,u,k] <= spot_share * that + sum over its contracts of taken / g[u,m]
                     (not for public projects)
    (5) market       buy[n,v] <= w(n) * volume (a bound);  buy[n,v] <= spot_share * w(n) * volume + taken
    (11) whole plant act[n,u,clean] <= most[n,u] * whole[n,u],  act[n,u,exposed] <= most[n,u] * (1 - whole[n,u]),
                     whole binary: in a node such a unit is either clean or exposed

most[n,u] is the physical bound of the big-M: w(n) * the plant's capacity, or the project's with all copies built.

Units    t in the period
Sheets   in: Plants, Projects, Markets; out: Plants
"""

from __future__ import annotations

from collections import defaultdict
from math import isinf

import pyomo.environ as pyo

from lodestone.data.network import Network, largest_capacity
from lodestone.data.plan_data import CLEAN, EXPOSED, Unit
from lodestone.data.tree import Tree
from lodestone.rules.linear import Terms, linear, scaled


def capacity(tree: Tree, net: Network, flow: pyo.Block, invest: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the rows (5) and (11)."""
    block = pyo.Block(concrete=True)
    used: dict[tuple[int, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        for u, k in net[n].act:
            used[n, u].append((1.0, flow.act[n, u, k]))

    def within(b: pyo.Block, n: int, u: str) -> object:
        data = tree.data[n]
        if u in data.plants:
            return linear(used[n, u]) <= tree.length[n] * data.plants[u].capacity[tree.time[n]]
        return linear(used[n, u] + scaled(-tree.length[n], invest.capacity[n, u])) <= 0

    def access(b: pyo.Block, n: int, u: str) -> object:
        data = tree.data[n]
        unit = data.units[u]
        terms, part = used[n, u] + _taken_capacity(offtake, unit, n), tree.length[n] * unit.spot_share
        if u in data.plants:
            return linear(terms) <= part * data.plants[u].capacity[tree.time[n]]
        return linear(terms + scaled(-part, invest.capacity[n, u])) <= 0

    def market_access(b: pyo.Block, n: int, v: str) -> object:
        market = tree.data[n].markets[v]
        taken = offtake.taken_from.get((n, v, market.material), [])
        part = tree.length[n] * market.spot_share
        spot = part * market.volume_in(tree.time[n]) if market.spot_share else 0.0
        return linear([(1.0, flow.buy[n, v]), *scaled(-1.0, taken)]) <= spot

    limited = [(n, u) for n, u in used if not _public(tree, n, u) and tree.data[n].units[u].spot_share < 1]
    block.capacity = pyo.Constraint(list(used), rule=within, doc="(5)")
    block.access = pyo.Constraint(limited, rule=access, doc="(5)")
    block.market_access = pyo.Constraint(
        [(n, v) for n, v in flow.buy if _needs_contract(tree, n, v)], rule=market_access, doc="(5)"
    )
    _whole_plant(tree, net, block, flow)
    return block


def _public(tree: Tree, n: int, u: str) -> bool:
    return u in tree.data[n].projects and tree.data[n].projects[u].public


def _needs_contract(tree: Tree, n: int, v: str) -> bool:
    """Unlimited stays unlimited if spot_share > 0."""
    market = tree.data[n].markets[v]
    return market.spot_share == 0 or (market.spot_share < 1 and not isinf(market.volume_in(tree.time[n])))


def _taken_capacity(offtake: pyo.Block, unit: Unit, n: int) -> Terms:
    return [
        term
        for m, g in unit.outputs.items()
        for term in scaled(-1.0 / g, offtake.taken_from.get((n, unit.name, m), []))
    ]


def _whole_plant(tree: Tree, net: Network, block: pyo.Block, flow: pyo.Block) -> None:
    """(11)"""
    modes = {(n, u) for n in tree.nodes for u, k in net[n].act if k == CLEAN} & {
        (n, u) for n in tree.nodes for u, k in net[n].act if k == EXPOSED
    }
    index = sorted((n, u) for n, u in modes if tree.data[n].units[u].whole_plant)
    most = {(n, u): tree.length[n] * largest_capacity(tree, n, tree.data[n].units[u]) for n, u in index}
    block.whole = pyo.Var(index, domain=pyo.Binary)
    block.whole_clean = pyo.Constraint(
        index, rule=lambda b, n, u: flow.act[n, u, CLEAN] <= most[n, u] * b.whole[n, u], doc="(11)"
    )
    block.whole_exposed = pyo.Constraint(
        index, rule=lambda b, n, u: flow.act[n, u, EXPOSED] <= most[n, u] * (1 - b.whole[n, u]), doc="(11)"
    )
