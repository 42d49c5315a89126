"""China share: the largest allowed exposed part of what is consumed.

For every cap row c in force at node n and each of its materials m, over its regions:

    (23) deliveries  sum_j deliver[n,j,exposed] <= share * sum_j sum_k deliver[n,j,k]
    (24) intake      sum_r mixed[n,r,m,exposed] <= share * (sum_r intake of units)      rows without a sector only

A row with a sector caps its deliveries. A row without one caps deliveries to all sectors together and intake of all
units together, each of the two by itself [cheat: else a plant's large intake would dilute what people are sold].
Served consumption is the base: hoarding cannot dilute it, and unmet demand does not count as clean.

Units    t/yr
Sheets   in: ChinaShare; out: ChinaShare
Source   e.g. at most 65 % from one third country (EU 2024/1252), 0 for defence magnets (DFARS 252.225-7052)
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import EXPOSED
from lodestone.data.tree import Tree
from lodestone.rules.flows import intake_terms
from lodestone.rules.linear import Row, Terms, linear, worth

Key = tuple[int, str, str, str]  # node, cap, material, basis
DELIVERIES, INTAKE = "deliveries", "intake"


def china_share(tree: Tree, net: Network, flow: pyo.Block) -> pyo.Block:
    """Build the rows (23) and (24); block.consumption keeps their two sides for the output table."""
    block = pyo.Block(concrete=True)
    block.consumption = {}  # (n, cap, material, basis) -> (exposed terms, all terms)
    for n in tree.nodes:
        block.consumption |= _consumption(tree, net, flow, n)

    def rule(b: pyo.Block, n: int, c: str, m: str, basis: str) -> object:
        return linear(row_terms(b, (n, c, m, basis), _share(tree, n, c))) <= 0

    binding = [key for key, (exposed, _) in block.consumption.items() if exposed and _share(tree, *key[:2]) < 1]
    block.deliveries = pyo.Constraint([key for key in binding if key[3] == DELIVERIES], rule=rule, doc="(23)")
    block.intake = pyo.Constraint([key for key in binding if key[3] == INTAKE], rule=rule, doc="(24)")
    return block


def row_terms(block: pyo.Block, key: Key, share: float) -> Terms:
    """exposed - share x consumption, one coefficient for each variable; the row asks that it is at most 0."""
    exposed, total = block.consumption[key]
    tainted = {id(v): c for c, v in exposed}
    shared = [(c * -share + tainted.pop(id(v), 0.0), v) for c, v in total]
    return shared + [(c, v) for c, v in exposed if id(v) in tainted]


def _share(tree: Tree, n: int, cap: str) -> float:
    """The allowed share of a cap that is in force at the node."""
    return tree.data[n].caps[cap].share[tree.time[n]] or 0.0


def _consumption(tree: Tree, net: Network, flow: pyo.Block, n: int) -> dict[Key, tuple[Terms, Terms]]:
    data = tree.data[n]
    intake = intake_terms(tree, net, flow, n)
    sides: dict[Key, tuple[Terms, Terms]] = {}
    for cap in data.caps.values():
        if cap.share.get(tree.time[n]) is None:
            continue
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
        for (m, basis), terms in total.items():
            sides[n, cap.name, m, basis] = (exposed[m, basis], terms)
    return sides


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for (n, c, m, basis), (exposed, total) in block.consumption.items():
        if n not in tree.year:
            continue
        cap = tree.data[n].caps[c]
        consumption, part = worth(total), worth(exposed)
        rows.append(
            {
                "cap": c,
                "region": cap.region,
                "sector": cap.sector or "*",
                "material": m,
                "year": tree.year[n],
                "basis": basis,
                "consumption_t": consumption,
                "exposed_t": part,
                "share": part / consumption if consumption > 0 else 0.0,
                "limit": _share(tree, n, c),
            }
        )
    return sorted(rows, key=lambda row: (row["cap"], row["material"], row["basis"], row["year"]))
