"""Payments to units: what plants and private projects receive for what they make.

A unit paid at market receives value added = sum_m g[u,m] price[m] per unit of activity, so that a chain's payments
telescope to the price of the final product and nothing is paid twice. It never works below its operating cost:

    (9)  topup[n,u] >= 0,
         topup >= (operating cost - value added) * sum_k act - floor payments
                  - sum over contracts of (contract - market) * taken

[cheat] Gains and losses both count: nobody pays to be allowed to work. A plant priced at cost, and a public project,
costs its operating cost per unit of activity.

Units    MUSD/yr
Sheets   in: Prices, Plants, Projects; out: Plants
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import CLEAN, EXPOSED
from lodestone.data.tree import Tree
from lodestone.rules.contracts import prices
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled, worth
from lodestone.rules.price_floors import payments_at


def payments(tree: Tree, net: Network, flow: pyo.Block, floors: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the block that owns topup."""
    block = pyo.Block(concrete=True)
    block.cost = costs("payments_to_units", "topups", "cost_priced_plants", "public_operating_cost")
    needed: dict[tuple[int, str], Terms] = defaultdict(list)  # what must be topped up
    for n in tree.nodes:
        data = tree.data[n]
        for u, k in net[n].act:
            unit, act = data.units[u], flow.act[n, u, k]
            if unit.at_market:
                value = data.value_added(unit, tree.time[n])
                block.cost["payments_to_units"][n].append((value, act))
                needed[n, u].append((unit.operating_cost - value, act))
            else:
                term = "public_operating_cost" if u in data.projects else "cost_priced_plants"
                block.cost[term][n].append((unit.operating_cost, act))
        for o, _, payment in payments_at(tree, floors, n):
            needed[n, data.floors[o].project] += scaled(-1.0, payment)
    for c, d, n in offtake.taken:
        supplier = tree.data[n].contracts[c].supplier
        if supplier in tree.data[n].units:
            price, market = prices(tree, c, d, n)
            needed[n, supplier].append((market - price, offtake.taken[c, d, n]))
    rows = [key for key, terms in needed.items() if any(coefficient > 0 for coefficient, _ in terms)]
    block.topup = pyo.Var(rows, domain=pyo.NonNegativeReals)
    block.pays = pyo.Constraint(
        rows, rule=lambda b, n, u: linear([(1.0, b.topup[n, u]), *scaled(-1.0, needed[n, u])]) >= 0, doc="(9)"
    )
    for n, u in rows:
        block.cost["topups"][n].append((1.0, block.topup[n, u]))
    return block


def plants_table(tree: Tree, net: Network, flow: pyo.Block, invest: pyo.Block, block: pyo.Block) -> list[Row]:
    """Use of capacity of every plant and built project."""
    rows = []
    for n in tree.nodes:
        data, year = tree.data[n], tree.year[n]
        used = {(u, k): amount(flow.act[n, u, k]) for u, k in net[n].act}
        for u, unit in data.units.items():
            plant = data.plants.get(u)
            capacity = plant.capacity[tree.time[n]] if plant else worth(invest.capacity[u, n])
            clean, exposed = used.get((u, CLEAN), 0.0), used.get((u, EXPOSED), 0.0)
            if capacity <= 0 and clean + exposed <= 0:
                continue
            rows.append(
                {
                    "unit": u,
                    "kind": "plant" if plant else "project",
                    "region": unit.region,
                    "process": unit.process,
                    "year": year,
                    "capacity_t": capacity,
                    "clean_t": clean,
                    "exposed_t": exposed,
                    "use_share": (clean + exposed) / capacity if capacity > 0 else 0.0,
                    "value_added_musd": data.value_added(unit, tree.time[n]) * (clean + exposed)
                    if unit.at_market
                    else 0.0,
                    "topup_musd": amount(block.topup[n, u]) if (n, u) in block.topup else 0.0,
                    "operating_cost_musd": unit.operating_cost * (clean + exposed),
                }
            )
    return rows
