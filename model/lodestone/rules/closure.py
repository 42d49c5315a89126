"""Closure: how much of a plant or of a private project is kept open, where that costs money.

For every plant, and every private project, with a fixed cost, and every node n, kept[n,u] >= 0 is what is kept open: a
part of the plant, or builds of the project.

    (25) stays closed  a plant:    kept[n,u] <= kept[a(n),u],  1 before the root
                       a project:  kept[n,g] <= kept[a(n),g] + builds that begin production at n
                                   (at the root: + those in production before it)
    (25) standing      a project:  kept[n,g] <= builds in production
    (25) works open    sum_k act[n,u,k] <= w(n) * capacity * kept[n,u],   of the plant in n, of one build

         fixed cost    w(n) * fixed_cost * kept[n,u], of a plant * its base capacity in n / the largest of its base
                       capacities in the horizon

What is closed stays closed. [cheat] Idle plants do not wait for free: who is paid at market is owed the fixed cost of
what it keeps through (9), a plant priced at cost costs it (`payments`).

Units    part of a plant, builds of a project; MUSD/yr
Sheets   in: Plants, Projects; out: Plants
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import Plant
from lodestone.data.tree import Tree
from lodestone.rules.investments import builds_before, in_production
from lodestone.rules.linear import Terms, linear, scaled

Key = tuple[int, str]


def closure(tree: Tree, net: Network, act: pyo.Var, invest: pyo.Block) -> pyo.Block:
    """Build the block that owns kept; block.fixed_cost[n, u] holds the fixed cost of what is kept, as terms."""
    block = pyo.Block(concrete=True)
    index = [(n, u) for n in tree.nodes for u in _with_fixed_cost(tree, n) if _can_stand(tree, invest, n, u)]
    block.kept = pyo.Var(index, domain=pyo.NonNegativeReals)
    used: dict[Key, Terms] = defaultdict(list)
    for n in tree.nodes:
        for u, k in net[n].act:
            if (n, u) in block.kept:
                used[n, u].append((1.0, act[n, u, k]))

    def stays(b: pyo.Block, n: int, u: str) -> object:
        parent = tree.parent[n]
        before: Terms = [(-1.0, b.kept[parent, u])] if (parent, u) in b.kept else []
        if u in tree.data[n].plants:
            return linear([(1.0, b.kept[n, u]), *before]) <= (1.0 if parent is None else 0.0)
        return linear([(1.0, b.kept[n, u]), *before, *scaled(-1.0, _begun(tree, invest, n, u))]) <= 0

    def standing(b: pyo.Block, n: int, u: str) -> object:
        return linear([(1.0, b.kept[n, u]), *scaled(-1.0, in_production(tree, invest, u, n))]) <= 0

    def works(b: pyo.Block, n: int, u: str) -> object:
        unit = tree.data[n].units[u]
        capacity = unit.capacity[tree.time[n]] if isinstance(unit, Plant) else unit.capacity
        return linear([*used[n, u], (-tree.length[n] * capacity, b.kept[n, u])]) <= 0

    block.stays = pyo.Constraint(index, rule=stays, doc="(25)")
    block.standing = pyo.Constraint([(n, u) for n, u in index if u in tree.data[n].projects], rule=standing, doc="(25)")
    block.works = pyo.Constraint(list(used), rule=works, doc="(25)")
    block.fixed_cost = {
        (n, u): [(tree.length[n] * fixed_cost(tree, n, u), kept)] for (n, u), kept in block.kept.items()
    }
    return block


def fixed_cost(tree: Tree, n: int, u: str) -> float:
    """MUSD/yr of all of a plant, or of one build, kept open in a node."""
    data = tree.data[n]
    unit = data.units[u]
    if not isinstance(unit, Plant):
        return unit.fixed_cost
    largest = max(unit.base_capacity[time] for time in data.times)
    return unit.fixed_cost * unit.base_capacity[tree.time[n]] / largest if largest > 0 else 0.0


def _with_fixed_cost(tree: Tree, n: int) -> list[str]:
    data = tree.data[n]
    found = [u for u, plant in data.plants.items() if plant.fixed_cost > 0]
    return found + [g for g, project in data.projects.items() if project.fixed_cost > 0 and not project.public]


def _can_stand(tree: Tree, invest: pyo.Block, n: int, u: str) -> bool:
    """Every plant, closed for a year or not; a project where a build can be in production."""
    return u in tree.data[n].plants or bool(in_production(tree, invest, u, n))


def _begun(tree: Tree, invest: pyo.Block, n: int, g: str) -> Terms:
    """Builds that begin production at a node; at the root those too that produced before."""
    project, year = tree.data[n].projects[g], tree.year[n]
    root = tree.parent[n] is None
    if not tree.begins_year(n):
        return []
    return [
        (1.0, build)
        for decided, build in builds_before(tree, invest, g, n)
        if project.begins(decided) == year or (root and project.begins(decided) < year)
    ]
