"""China share: the largest allowed exposed part of what is consumed.

For every cap row c, node n that ends a year and each of its materials m, over its regions and over the nodes n' of Y(n)
in which the row is in force:

    (29) deliveries  sum_n' sum_j deliver[n',j,exposed] <= sum_n' share(n') * sum_j sum_k deliver[n',j,k]
    (30) intake      sum_n' sum_r mixed[n',r,m,exposed] <= sum_n' share(n') * (intake as far as it is used)
    (31) fills       sum_n' sum_s fill[n',s,exposed]    <= sum_n' share(n') * sum_s sum_k fill[n',s,k]
    (32) stock       stock[n,s,exposed] <= X + share(n) * (sum_k stock[n,s,k] + lacking - X)     for each stockpile s
                     X = what the exposed opening stock would be without release

(30) to (32) are for rows without a sector. A row with a sector caps its deliveries. A row without one caps deliveries
to all sectors together and intake of all units together, each of the two by itself [cheat: else a plant's large intake
would dilute what people are sold]. [cheat] (31), (32): a clean reserve is not run down and refilled with exposed
material to meet a cap. Served consumption is the base: hoarding cannot dilute it, and unmet demand does not count as
clean. [cheat] Intake counts in the base only as far as its output is used: for each unit u whose main output is m',

    (33) waste[n,u] <= what it makes of m';  in each region and node
         sum_u waste[n,u] >= sum_u what they make of m' - what is shipped of it, both streams

that is what is discarded there less what returns, purchases, releases and other units bring of it. From the base is
taken sum_u its intake of m per t of m' * waste[n,u], and all intake of units that make nothing. Melting clean metal to
nothing does not dilute; a by-product that is thrown away does no harm.

Units    t in the year
Sheets   in: ChinaShare; out: ChinaShare
Source   e.g. at most 65 % from one third country (EU 2024/1252), 0 for defence magnets (DFARS 252.225-7052)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyomo.environ as pyo

from lodestone.data.network import Network, opening_stock
from lodestone.data.plan_data import EXPOSED, STREAMS, ShareCap
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, linear, scaled, worth
from lodestone.rules.stockpiles import kept_share

Key = tuple[int, str, str, str]  # node that ends a year, cap, material, basis
DELIVERIES, INTAKE, FILLS = "deliveries", "intake", "fills"
NUMBERS = {DELIVERIES: "(29)", INTAKE: "(30)", FILLS: "(31)"}


def china_share(tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block) -> pyo.Block:
    """Build the rows (29) to (33); block.consumption keeps the two sides of the first three for the output table."""
    block = pyo.Block(concrete=True)
    _waste(tree, net, block, flow)
    sides = {n: _sides(tree, net, flow, piles, block, n) for n in tree.nodes}
    block.consumption = {}  # (n, cap, material, basis) -> (exposed terms, all terms) of the year
    block.parts = {}  # (n, cap, material, basis) -> node of the year -> (exposed terms, all terms)
    for n in (n for n in tree.nodes if tree.ends_year(n)):
        keys = dict.fromkeys(key for a in tree.year_nodes(n) for key in sides[a])
        for key in keys:
            parts = {a: sides[a][key] for a in tree.year_nodes(n) if key in sides[a]}
            block.parts[n, *key] = parts
            exposed, total = ([term for part in parts.values() for term in part[i]] for i in (0, 1))
            block.consumption[n, *key] = exposed, total

    def rule(b: pyo.Block, n: int, c: str, m: str, basis: str) -> object:
        key = (n, c, m, basis)
        return linear(row_terms(b, key, {a: share_at(tree, a, c) for a in b.parts[key]})) <= 0

    binding = [key for key in block.parts if _binds(tree, block, key)]
    for basis, number in NUMBERS.items():
        rows = pyo.Constraint([key for key in binding if key[3] == basis], rule=rule, doc=number)
        setattr(block, basis, rows)
    _stock(tree, block, piles)
    return block


def row_terms(block: pyo.Block, key: Key, share: Mapping[int, float]) -> Terms:
    """exposed - share x consumption, one coefficient for each variable; the row asks that it is at most 0.

    share: what is allowed, by node of the year.
    """
    together: dict[int, tuple[float, object]] = {}
    for a, (exposed, total) in block.parts[key].items():
        for c, v in [*exposed, *scaled(-share[a], total)]:
            together[id(v)] = (together[id(v)][0] + c if id(v) in together else c, v)
    return list(together.values())


def share_at(tree: Tree, n: int, cap: str) -> float:
    """The allowed share of a cap that is in force at the node."""
    return tree.data[n].caps[cap].share[tree.time[n]] or 0.0


def _binds(tree: Tree, block: pyo.Block, key: Key) -> bool:
    """Not in a year that ends in a branch of threats: caps are lifted there."""
    return key[0] not in tree.twin and any(
        exposed and share_at(tree, a, key[1]) < 1 for a, (exposed, _) in block.parts[key].items()
    )


def in_force(tree: Tree, n: int) -> Iterator[ShareCap]:
    """Rows with a share at a node."""
    return (cap for cap in tree.data[n].caps.values() if cap.share.get(tree.time[n]) is not None)


def _sides(
    tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block, block: pyo.Block, n: int
) -> dict[tuple[str, str, str], tuple[Terms, Terms]]:
    """(cap, material, basis) -> exposed and all consumption of a node."""
    data = tree.data[n]
    intake = _used_intake(tree, net, flow, block, n)
    sides: dict[tuple[str, str, str], tuple[Terms, Terms]] = {}
    for cap in in_force(tree, n):
        regions, materials = set(cap.regions), set(cap.materials)
        exposed: dict[tuple[str, str], Terms] = defaultdict(list)
        total: dict[tuple[str, str], Terms] = defaultdict(list)
        for (r, s, m), k in net[n].deliver:
            if r in regions and m in materials and cap.sector in (None, s):
                term = (1.0, flow.deliver[n, r, s, m, k])
                total[m, DELIVERIES].append(term)
                if k == EXPOSED:
                    exposed[m, DELIVERIES].append(term)
        if cap.sector is None:
            for (r, m), terms in intake.items():
                if r in regions and m in materials:
                    total[m, INTAKE] += terms
            for r, m, k in net[n].mixed:
                if k == EXPOSED and r in regions and m in materials:
                    exposed[m, INTAKE].append((1.0, flow.mixed[n, r, m, k]))
            for s, k in net[n].fill:
                pile = data.stockpiles[s]
                if pile.region in regions and pile.material in materials:
                    term = (1.0, piles.fill[n, s, k])
                    total[pile.material, FILLS].append(term)
                    if k == EXPOSED:
                        exposed[pile.material, FILLS].append(term)
        for m, basis in dict.fromkeys([*total, *exposed]):
            sides[cap.name, m, basis] = (exposed[m, basis], total[m, basis])
    return sides


def _used_intake(tree: Tree, net: Network, flow: pyo.Block, block: pyo.Block, n: int) -> dict[tuple[str, str], Terms]:
    """Intake at a node that counts in the base: (region, material) -> t as prepared terms."""
    intake: dict[tuple[str, str], Terms] = defaultdict(list)
    for u, k in net[n].act:
        unit = tree.data[n].units[u]
        for m, g in unit.inputs.items():
            intake[unit.region, m] += [(g, flow.act[n, u, k])] if unit.outputs else []
    for (node, u), waste in block.by_node.get(n, ()):
        unit = tree.data[node].units[u]
        for m, g in unit.inputs.items():
            intake[unit.region, m].append((-g / unit.outputs[unit.main_output], waste))
    return intake


def _waste(tree: Tree, net: Network, block: pyo.Block, flow: pyo.Block) -> None:
    """(33), where a cap looks at the intake of a unit and its share is not 1, which allows everything."""
    groups: dict[tuple[int, str, str], list[str]] = {}  # node, region, main output -> units
    for n in tree.nodes:
        data = tree.data[n]
        looked_at = {
            (r, m)
            for cap in in_force(tree, n)
            if cap.sector is None and share_at(tree, n, cap.name) < 1
            for r in cap.regions
            for m in cap.materials
        }
        together: dict[tuple[str, str], list[str]] = defaultdict(list)
        counted = set()
        for u in dict.fromkeys(u for u, _ in net[n].act):
            unit = data.units[u]
            if unit.outputs:
                together[unit.region, unit.main_output].append(u)
                if any((unit.region, m) in looked_at for m in unit.inputs):
                    counted.add((unit.region, unit.main_output))
        groups |= {(n, *place): units for place, units in together.items() if place in counted}
    made: dict[tuple[int, str], Terms] = defaultdict(list)
    places = {(n, u): (n, r, m) for (n, r, m), units in groups.items() for u in units}
    for n in {n for n, _, _ in groups}:
        for u, k in net[n].act:
            if (n, u) in places:
                unit = tree.data[n].units[u]
                made[n, u].append((unit.outputs[unit.main_output], flow.act[n, u, k]))
    shipped: dict[tuple[int, str, str], Terms] = defaultdict(list)
    for (n, m, r, _, _), ship in flow.ship.items() if groups else ():
        if (n, r, m) in groups:
            shipped[n, r, m].append((1.0, ship))
    block.waste = pyo.Var(list(places), domain=pyo.NonNegativeReals)
    block.waste_made = pyo.Constraint(
        list(places),
        rule=lambda b, n, u: linear([(1.0, b.waste[n, u]), *scaled(-1.0, made[n, u])]) <= 0,
        doc="(33)",
    )

    def discarded(b: pyo.Block, n: int, r: str, m: str) -> object:
        units = groups[n, r, m]
        wasted = [(1.0, b.waste[n, u]) for u in units]
        return linear([*wasted, *shipped[n, r, m], *(t for u in units for t in scaled(-1.0, made[n, u]))]) >= 0

    block.discarded = pyo.Constraint(list(groups), rule=discarded, doc="(33)")
    block.made_by, block.shipped_from, block.groups = made, shipped, groups
    block.by_node = defaultdict(list)
    for key, waste in block.waste.items():
        block.by_node[key[0]].append((key, waste))


def settle(block: pyo.Block) -> None:
    """Of a solution, no more waste than there is: the rows only ask for enough."""
    for key, units in block.groups.items():
        left = max(0.0, sum(worth(block.made_by[key[0], u]) for u in units) - worth(block.shipped_from[key]))
        for u in units:
            waste = block.waste[key[0], u]
            waste.set_value(min(waste.value or 0.0, left), skip_validation=True)
            left -= waste.value


def _stock(tree: Tree, block: pyo.Block, piles: pyo.Block) -> None:
    """(32)"""
    rows = [
        (n, cap.name, s)
        for n in tree.nodes
        if tree.ends_year(n) and n not in tree.twin
        for cap in in_force(tree, n)
        if cap.sector is None and share_at(tree, n, cap.name) < 1
        for s, pile in tree.data[n].stockpiles.items()
        if pile.region in cap.regions and pile.material in cap.materials and (n, s, EXPOSED) in piles.stock
    ]

    def rule(b: pyo.Block, n: int, c: str, s: str) -> object:
        terms, most = stock_row(tree, piles, n, s, share_at(tree, n, c))
        return linear(terms) <= most

    block.stock = pyo.Constraint(rows, rule=rule, doc="(32)")


def stock_row(tree: Tree, piles: pyo.Block, n: int, s: str, share: float) -> tuple[Terms, float]:
    """What (32) asks to be at most how much at a share."""
    held = [k for k in STREAMS if (n, s, k) in piles.stock]
    terms: Terms = [((1.0 if k == EXPOSED else 0.0) - share, piles.stock[n, s, k]) for k in held]
    missing: Terms = [(-share, piles.lacking[n, s])] if (n, s) in piles.lacking else []
    return [*terms, *missing], (1 - share) * unreleased(tree, n, s)


def unreleased(tree: Tree, n: int, s: str) -> float:
    """What the exposed opening stock would be at the end of a node without release, t."""
    left = 1.0
    for a in tree.path[n]:
        left *= kept_share(tree, a, s)
    root = tree.data[tree.path[n][0]]
    return left * opening_stock(root, root.stockpiles[s], EXPOSED)


def sums(tree: Tree, block: pyo.Block, key: Key) -> tuple[float, float, float]:
    """Exposed, all, and allowed exposed consumption of a year, t, in the solved model."""
    exposed = total = allowed = 0.0
    for a, (part, whole) in block.parts[key].items():
        exposed += worth(part)
        consumption = worth(whole)
        total += consumption
        allowed += share_at(tree, a, key[1]) * consumption
    return exposed, total, allowed


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Exposed and total consumption by cap, region, material and year."""
    rows = []
    for n, c, m, basis in block.parts:
        if n not in tree.time:
            continue
        cap, nodes = tree.data[n].caps[c], list(block.parts[n, c, m, basis])
        exposed, total, allowed = sums(tree, block, (n, c, m, basis))
        if basis == FILLS and not total:
            continue  # nothing was put into stock
        limit = {share_at(tree, a, c) for a in nodes}
        rows.append(
            {
                "cap": c,
                "region": cap.region,
                "sector": cap.sector or "*",
                "material": m,
                "year": tree.year[n],
                "basis": basis,
                "consumption_t": total,
                "exposed_t": exposed,
                "share": exposed / total if total > 0 else 0.0,
                "limit": allowed / total if len(limit) > 1 and total > 0 else share_at(tree, nodes[-1], c),
            }
        )
    return sorted(rows, key=lambda row: (row["cap"], row["material"], row["basis"], row["year"]))
