"""Payments to units: what plants and private projects receive for what they make.

A unit paid at market receives value added = sum_m g[u,m] price[m] per unit of activity, at the prices of its region, so
that a chain's payments telescope to the price of the final product and nothing is paid twice. It never works below its
cost. At nodes that end a year:

    (9)  topup[n,u] >= 0,
         topup >= sum over Y(n) of (operating cost - value added) * sum_k act + fixed cost of what is kept open
                  - floor payments and credits
                  - sum over contracts of ((contract - market) * taken + contract price * untaken)

[cheat] Gains and losses both count: nobody pays to be allowed to work. A plant priced at cost, and a public project,
costs its operating cost per unit of activity, and the plant what keeping it open costs.

Units    MUSD/yr
Sheets   in: Prices, Plants, Projects; out: Plants
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import CLEAN, EXPOSED
from lodestone.data.tree import Tree
from lodestone.rules.contracts import owed_terms, prices
from lodestone.rules.credits import credits_at
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled, worth
from lodestone.rules.price_floors import payments_at


def payments(
    tree: Tree,
    net: Network,
    flow: pyo.Block,
    invest: pyo.Block,
    floors: pyo.Block,
    offtake: pyo.Block,
    open_: pyo.Block,
) -> pyo.Block:
    """Build the block that owns topup.

    block.lacks[n, u]: what a unit paid at market lacks at a node, as terms; block.needed[n, u]: in the year that ends
    there. A private project can be topped up in every year of production: it must earn its keep (`earnings`).
    """
    block = pyo.Block(concrete=True)
    block.cost = costs("payments_to_units", "topups", "cost_priced_plants", "public_operating_cost")
    lacks: dict[tuple[int, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        data, time = tree.data[n], tree.time[n]
        for u, k in net[n].act:
            unit, act = data.units[u], flow.act[n, u, k]
            if unit.at_market:
                value = data.value_added(unit, time)
                block.cost["payments_to_units"][n].append((value, act))
                lacks[n, u].append((unit.operating_cost - value, act))
            else:
                term = "public_operating_cost" if u in data.projects else "cost_priced_plants"
                block.cost[term][n].append((unit.operating_cost, act))
        for o, _, payment in payments_at(tree, floors, offtake, n):
            lacks[n, data.floors[o].project] += scaled(-1.0, payment)
        for o, _, credit in credits_at(tree, floors, n):
            lacks[n, data.floors[o].project] += scaled(-1.0, credit)
    for (n, u), terms in open_.fixed_cost.items():
        if tree.data[n].units[u].at_market:
            lacks[n, u] += terms
        else:
            block.cost["cost_priced_plants"][n] += terms
    for n, c, d in offtake.taken:
        supplier = tree.data[n].contracts[c].supplier
        if supplier in tree.data[n].units:
            price, market = prices(tree, offtake, n, c, d)
            lacks[n, supplier].append((market - price, offtake.taken[n, c, d]))
            if (n, c, d) in offtake.untaken:
                lacks[n, supplier].append((-price, offtake.untaken[n, c, d]))
    block.needed = defaultdict(list)
    years = {n: tree.year_nodes(n) for n in tree.nodes if tree.ends_year(n)}
    for n, year in years.items():
        for u in tree.data[n].units:
            terms = [term for a in year for term in lacks.get((a, u), ())]
            if any(coefficient > 0 for coefficient, _ in terms):
                block.needed[n, u] = terms
    block.lacks = lacks
    earns = {(n, g) for n in years for g in tree.data[n].projects if must_earn(tree, n, g)}
    earns = {(n, g) for n, g in earns if planned_by(tree, invest, g, n)}
    block.topup = pyo.Var(list(dict.fromkeys([*block.needed, *sorted(earns)])), domain=pyo.NonNegativeReals)
    block.pays = pyo.Constraint(
        list(block.needed),
        rule=lambda b, n, u: linear([(1.0, b.topup[n, u]), *scaled(-1.0, b.needed[n, u])]) >= 0,
        doc="(9)",
    )
    for n, u in block.topup:
        block.cost["topups"][n].append((1.0, block.topup[n, u]))
    return block


def planned_by(tree: Tree, invest: pyo.Block, g: str, n: int) -> Terms:
    """Builds of a project that were planned to produce by the year of a node."""
    project, decided = tree.data[n].projects[g], (d for d in tree.path[n] if (d, g) in invest.build)
    return [(1.0, invest.build[d, g]) for d in decided if project.first_year(tree.year[d]) <= tree.year[n]]


def must_earn(tree: Tree, n: int, unit: str) -> bool:
    """Whether a unit is a private project that the plan may decide: what is committed need not earn its keep."""
    project = tree.data[n].projects.get(unit)
    return project is not None and not project.public and project.committed_year is None


def settle(tree: Tree, offtake: pyo.Block, block: pyo.Block) -> None:
    """Nobody pays for what is taken after all: of a solution, untaken and topup at their least.

    What take-or-pay brings a unit it need not be topped up by: of equal cost, the solver may pay it under either name.
    What a project is paid on top to earn its keep is left where the solver has it.
    """
    renamed: dict[tuple[int, str], float] = defaultdict(float)
    for (n, c, d), untaken in ((key, v) for key, v in offtake.untaken.items() if key[0] in tree.time):
        before, least = amount(untaken), max(0.0, worth(owed_terms(tree, offtake, n, c, d)))
        untaken.set_value(least, skip_validation=True)
        renamed[n, tree.data[n].contracts[c].supplier] += prices(tree, offtake, n, c, d)[0] * (before - least)
    for (n, u), topup in ((key, v) for key, v in block.topup.items() if key[0] in tree.time):
        kept = amount(topup) + renamed[n, u] if must_earn(tree, n, u) and n not in tree.twin else 0.0
        topup.set_value(max(kept, worth(block.needed.get((n, u), ())), 0.0), skip_validation=True)


def plants_table(
    tree: Tree, net: Network, flow: pyo.Block, invest: pyo.Block, block: pyo.Block, open_: pyo.Block, share: pyo.Block
) -> list[Row]:
    """Use of capacity of every plant and built project."""
    rows = []
    for n in tree.nodes:
        data, time = tree.data[n], tree.time[n]
        used = {(u, k): amount(flow.act[n, u, k]) for u, k in net[n].act}
        for u, unit in data.units.items():
            plant = data.plants.get(u)
            rate = plant.capacity[time] if plant else worth(invest.capacity[n, u])
            capacity = tree.length[n] * rate
            clean, exposed = used.get((u, CLEAN), 0.0), used.get((u, EXPOSED), 0.0)
            kept = amount(open_.kept[n, u]) if (n, u) in open_.kept else None
            topup = amount(block.topup[n, u]) if (n, u) in block.topup else 0.0
            if capacity <= 0 and clean + exposed <= 0 and not kept and not topup:
                continue
            rows.append(
                {
                    "unit": u,
                    "kind": "plant" if plant else "project",
                    "region": unit.region,
                    "process": unit.process,
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "capacity_t": capacity,
                    "clean_t": clean,
                    "exposed_t": exposed,
                    "use_share": (clean + exposed) / capacity if capacity > 0 else 0.0,
                    "value_added_musd": data.value_added(unit, time) * (clean + exposed) if unit.at_market else 0.0,
                    "topup_musd": topup,
                    "operating_cost_musd": unit.operating_cost * (clean + exposed),
                    "kept": kept,
                    "fixed_cost_musd": worth(open_.fixed_cost.get((n, u), ())),
                    "waste_t": amount(share.waste[n, u]) if (n, u) in share.waste else 0.0,
                }
            )
    return rows
