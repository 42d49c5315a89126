"""Suppliers are not changed overnight: how fast a region can take on suppliers abroad that it has not used before.

For every region r', material m with a resourcing_share and node n, over lanes l from other regions to r', with
rate[l,n] = sum_k ship[n,l,k] / w(n): known[n,l] is what r' is known to be able to take from l,

    (23) known[n,l] >= known[a(n),l],   known[n,l] >= rate[l,n],   known[n,l] - known[a(n),l] <= rate[l,n]
         before the root known is Trade, 0 where no row names the lane
         sum_l (known[n,l] - known[a(n),l])
             <= resourcing_share * w(n) * could[n] + rise[n] + sum over units u in r' of taken[n,u,m]
         could = demand for m in r' + intake of m at full use of plants in r' + what projects there take in, as rates
         rise  = what that demand exceeds its highest before on the path (0 at the root)
         taken <= intake of m at full use of what the capacity of u gains against its highest before
                  (at the root: of projects that did not produce before)
         taken <= what u takes in of m, as a rate

Qualification, approval and long contracts take time; who has once been qualified stays so. Growth and new plants find
suppliers as they come, old suppliers can always be gone back to, and one that is cut off is replaced only step by step.
Where Trade has no row for m into r', the sum is not limited at the root.

Of a project the gain is what each build gains: the step of its ramp. That is its capacity's gain against its highest
before, unless a build of several ends its life while another begins. Then, capacity being C, each x before n, M all
that can be built, and grows binary,

    (23) taken <= intake of m at full use of C[n] - C[x] + M (1 - grows[n,u])
         taken <= intake of m at full use of M grows[n,u]

Units    t/yr
Sheets   in: Materials, Trade, Demand, Plants, Projects; out: Sourcing
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import Plant
from lodestone.data.tree import Tree
from lodestone.rules.investments import builds_before
from lodestone.rules.linear import Terms, Variable, linear, scaled

Lane = tuple[str, str, str]  # material, from, to
Place = tuple[int, str, str]  # node, region, material


def suppliers(tree: Tree, net: Network, flow: pyo.Block, invest: pyo.Block) -> pyo.Block:
    """Build the block that owns known and taken."""
    block = pyo.Block(concrete=True)
    rates: dict[tuple[int, str, str, str], Terms] = defaultdict(list)  # node, lane -> rate
    limited = {n: _limited(tree, n) for n in tree.nodes}
    if any(limited.values()):
        for (n, m, r, to, _), ship in flow.ship.items():
            if r != to and m in limited[n]:
                rates[n, m, r, to].append((1.0 / tree.length[n], ship))
    block.known = pyo.Var(list(rates), domain=pyo.NonNegativeReals)
    before = _before(tree, block)

    def gained(key: tuple[int, str, str, str]) -> tuple[Terms, float]:
        """known - known before: as terms and as a constant."""
        earlier = before[key]
        if isinstance(earlier, float):
            return [(1.0, block.known[key])], -earlier
        return [(1.0, block.known[key]), (-1.0, earlier)], 0.0

    def stays(b: pyo.Block, *key: Any) -> object:
        terms, constant = gained(key)
        return linear(terms) >= -constant

    def by_use(b: pyo.Block, *key: Any) -> object:
        terms, constant = gained(key)
        return linear([*terms, *scaled(-1.0, rates[key])]) <= -constant

    block.stays = pyo.Constraint(list(rates), rule=stays, doc="(23)")
    block.used = pyo.Constraint(
        list(rates),
        rule=lambda b, *key: linear([(1.0, b.known[key]), *scaled(-1.0, rates[key])]) >= 0,
        doc="(23)",
    )
    block.by_use = pyo.Constraint(list(rates), rule=by_use, doc="(23)")
    into: dict[Place, list[tuple[int, str, str, str]]] = defaultdict(list)
    for n, m, r, to in rates:
        if tree.parent[n] is not None or any(m == x and to == y for x, _, y in tree.data[n].trade):
            into[n, to, m].append((n, m, r, to))
    _taken(tree, net, flow, invest, block, list(into))

    def resourcing(b: pyo.Block, n: int, to: str, m: str) -> object:
        terms: Terms = []
        constant = 0.0
        for key in into[n, to, m]:
            more, less = gained(key)
            terms += more
            constant += less
        could, projects = _could(tree, net, flow, n, to, m)
        part = (limited[n][m] or 0.0) * tree.length[n]
        terms += scaled(-part, projects)
        terms += [(-1.0, b.taken[n, u, m]) for u in _takers(tree, n, to, m) if (n, u, m) in b.taken]
        return linear(terms) <= part * could + _rise(tree, n, to, m) - constant

    block.resourcing = pyo.Constraint(list(into), rule=resourcing, doc="(23)")
    return block


def _limited(tree: Tree, n: int) -> dict[str, float]:
    """Materials whose suppliers are not changed at will."""
    rows = tree.data[n].materials.values()
    return {m.name: m.resourcing_share for m in rows if m.resourcing_share is not None}


def _before(tree: Tree, block: pyo.Block) -> dict[tuple[int, str, str, str], Variable]:
    """What is known of each lane before a node: a variable of an earlier node, or Trade."""
    found: dict[tuple[int, str, str, str], Variable] = {}
    for n, *lane in block.known:
        key = (lane[0], lane[1], lane[2])
        found[n, *key] = float(tree.data[n].trade.get(key, 0.0))
        for a in reversed(tree.path[n][:-1]):
            if (a, *key) in block.known:
                found[n, *key] = block.known[a, *key]
                break
    return found


def _demand(tree: Tree, n: int, region: str, material: str) -> float:
    """t/yr."""
    rows = tree.data[n].demand.items()
    return sum(series[tree.time[n]] for (r, _, m), series in rows if (r, m) == (region, material))


def _rise(tree: Tree, n: int, region: str, material: str) -> float:
    earlier = [_demand(tree, a, region, material) for a in tree.path[n][:-1]]
    return max(0.0, _demand(tree, n, region, material) - max(earlier)) if earlier else 0.0


def _takers(tree: Tree, n: int, region: str, material: str) -> list[str]:
    units = tree.data[n].units.items()
    return [u for u, unit in units if unit.region == region and material in unit.inputs]


def _intake(tree: Tree, net: Network, flow: pyo.Block, n: int, u: str, material: str) -> Terms:
    """What a unit takes in, as a rate."""
    g = tree.data[n].units[u].inputs[material] / tree.length[n]
    return [(g, flow.act[n, v, k]) for v, k in net[n].act if v == u]


def _could(tree: Tree, net: Network, flow: pyo.Block, n: int, region: str, material: str) -> tuple[float, Terms]:
    """t/yr of a material that a region can use: as a number, and what its projects take in as terms."""
    number, terms = _demand(tree, n, region, material), []
    for u in _takers(tree, n, region, material):
        unit = tree.data[n].units[u]
        if isinstance(unit, Plant):
            number += unit.inputs[material] * unit.capacity[tree.time[n]]
        else:
            terms += _intake(tree, net, flow, n, u, material)
    return number, terms


def _gains(tree: Tree, invest: pyo.Block, n: int, u: str) -> tuple[float, Terms]:
    """What the capacity of a unit gains at a node against its highest before, t/yr: a number, or terms of builds."""
    unit, path = tree.data[n].units[u], tree.path[n]
    if isinstance(unit, Plant):
        if len(path) == 1:
            return 0.0, []
        highest = max(tree.data[a].plants[u].capacity[tree.time[a]] for a in path[:-1])
        return max(0.0, unit.capacity[tree.time[n]] - highest), []
    if not tree.begins_year(n):
        return 0.0, []
    year, terms = tree.year[n], []
    for decided, build in builds_before(tree, invest, u, n):
        age = year - unit.begins(decided)
        if len(path) == 1 and age > 0:
            continue  # it produced before
        step = unit.ramp(age) - unit.ramp(age - 1)
        if step > 0:
            terms.append((unit.capacity * step, build))
    return 0.0, terms


def _taken(tree: Tree, net: Network, flow: pyo.Block, invest: pyo.Block, block: pyo.Block, places: list[Place]) -> None:
    gains: dict[tuple[int, str, str], tuple[float, Terms]] = {}
    for n, region, m in places:
        for u in _takers(tree, n, region, m):
            number, terms = _gains(tree, invest, n, u)
            intake = _intake(tree, net, flow, n, u, m)
            if intake and (number > 0 or terms):
                g = tree.data[n].units[u].inputs[m]
                gains[n, u, m] = (g * number, scaled(g, terms))
    block.taken = pyo.Var(list(gains), domain=pyo.NonNegativeReals)

    def new(b: pyo.Block, n: int, u: str, m: str) -> object:
        number, terms = gains[n, u, m]
        return linear([(1.0, b.taken[n, u, m]), *scaled(-1.0, terms)]) <= number

    def in_use(b: pyo.Block, n: int, u: str, m: str) -> object:
        return linear([(1.0, b.taken[n, u, m]), *scaled(-1.0, _intake(tree, net, flow, n, u, m))]) <= 0

    block.new = pyo.Constraint(list(gains), rule=new, doc="(23)")
    block.in_use = pyo.Constraint(list(gains), rule=in_use, doc="(23)")
    _replaced(tree, invest, block, list(gains))


def _replaced(tree: Tree, invest: pyo.Block, block: pyo.Block, takers: list[tuple[int, str, str]]) -> None:
    """What a build takes in that only replaces one whose life has ended is no gain of the project."""
    ending = [(n, u, m) for n, u, m in takers if _some_build_has_ended(tree, invest, n, u)]
    block.grows = pyo.Var(list(dict.fromkeys((n, u) for n, u, _ in ending)), domain=pyo.Binary)
    before = [(n, u, m, x) for n, u, m in ending for x in tree.path[n][:-1] if tree.begins_year(x)]

    def most(n: int, u: str, m: str) -> float:
        project = tree.data[n].projects[u]
        return project.inputs[m] * project.capacity * project.max_builds

    def replaced(b: pyo.Block, n: int, u: str, m: str, x: int) -> object:
        g, now, then = tree.data[n].units[u].inputs[m], _capacity(tree, invest, n, u), _capacity(tree, invest, x, u)
        terms = [(1.0, b.taken[n, u, m]), *scaled(-g, now), *scaled(g, then), (most(n, u, m), b.grows[n, u])]
        return linear(terms) <= most(n, u, m)

    def growing(b: pyo.Block, n: int, u: str, m: str) -> object:
        return linear([(1.0, b.taken[n, u, m]), (-most(n, u, m), b.grows[n, u])]) <= 0

    block.replaced = pyo.Constraint(before, rule=replaced, doc="(23)")
    block.growing = pyo.Constraint(ending, rule=growing, doc="(23)")


def _some_build_has_ended(tree: Tree, invest: pyo.Block, n: int, u: str) -> bool:
    project = tree.data[n].projects.get(u)
    if project is None or len(tree.path[n]) == 1:
        return False
    return any(project.last_life_year(year) < tree.year[n] for year, _ in builds_before(tree, invest, u, n))


def _capacity(tree: Tree, invest: pyo.Block, n: int, u: str) -> Terms:
    """Of a project at a node, t/yr, as terms of builds."""
    project, year = tree.data[n].projects[u], tree.year[n]
    built = [(project.ramp(year - project.first_year(d)), build) for d, build in builds_before(tree, invest, u, n)]
    return [(project.capacity * ramp, build) for ramp, build in built if ramp > 0]
