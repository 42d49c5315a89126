"""Budgets: caps on yearly outlays, undiscounted.

For every budget b in force at node n:

    (25) sum over the kinds it covers of outlay[kind,n] <= limit[b,y(n)]
         carry_over: both sides cumulated along path(n), from the first year in force

    capex      capex of public projects          grants     capex grants of support packages
    floors     net floor payments of the year, at least 0 (net[n] >= payments, net[n] >= 0)
    fees       contract signing fees             stockpile  fill x market price, own production included

Units    MUSD/yr
Sheets   in: Budgets; out: Budgets
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import Budget
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, linear, scaled, worth
from lodestone.rules.stockpiles import purchases


def budgets(
    tree: Tree, net: Network, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, piles: pyo.Block
) -> pyo.Block:
    """Build the rows (25); block.outlay[n, b] keeps the outlays of each year, block.paid[n] the floor payments."""
    block = pyo.Block(concrete=True)
    capped = any("floors" in b.covers for data in tree.data.values() for b in data.budgets.values())
    block.net_floors = pyo.Var(tree.nodes if capped else [], domain=pyo.NonNegativeReals)
    block.net = pyo.Constraint(
        block.net_floors.index_set(),
        rule=lambda b, n: linear([(1.0, b.net_floors[n]), *scaled(-1.0, floors.cost["floor_payments"][n])]) >= 0,
        doc="(25)",
    )

    block.paid = floors.cost["floor_payments"]

    def outlays(n: int, budget: Budget) -> Terms:
        kinds: dict[str, Terms] = {
            "capex": invest.cost["capex"][n],
            "grants": floors.cost["grants"][n],
            "floors": [(1.0, block.net_floors[n])] if capped else [],
            "fees": offtake.cost["signing_fees"][n],
            "stockpile": purchases(tree, net, piles, n),
        }
        return [term for kind in sorted(budget.covers) for term in kinds.get(kind, [])]

    block.outlay = {
        (n, b): outlays(n, budget)
        for n in tree.nodes
        for b, budget in tree.data[n].budgets.items()
        if budget.limit.get(tree.time[n]) is not None
    }

    def rule(b: pyo.Block, n: int, name: str) -> object:
        years = counted(tree, name, n)
        spent = [term for node in years for term in b.outlay[node, name]]
        return linear(spent) <= sum(_limit(tree, name, node) for node in years)

    block.within = pyo.Constraint([key for key, terms in block.outlay.items() if terms], rule=rule, doc="(25)")
    return block


def _limit(tree: Tree, name: str, n: int) -> float:
    """This year's money of a budget in force, MUSD."""
    return tree.data[n].budgets[name].limit[tree.time[n]] or 0.0


def counted(tree: Tree, name: str, n: int) -> list[int]:
    """Nodes whose outlays and limits count in n's row."""
    if not tree.data[n].budgets[name].carry_over:
        return [n]
    return [a for a in tree.path[n] if tree.data[a].budgets[name].limit.get(tree.time[a]) is not None]


def _spent(block: pyo.Block, name: str, n: int) -> float:
    """MUSD laid out in a year. Floors by their payments: net_floors itself may stand anywhere up to the limit."""
    netted = {id(v) for v in block.net_floors.values()}
    others = [(c, v) for c, v in block.outlay[n, name] if id(v) not in netted]
    floors = max(0.0, worth(block.paid[n])) if len(others) < len(block.outlay[n, name]) else 0.0
    return worth(others) + floors


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for n, name in (key for key in block.outlay if key[0] in tree.year):
        years = counted(tree, name, n)
        rows.append(
            {
                "budget": name,
                "year": tree.year[n],
                "outlay_musd": _spent(block, name, n),
                "limit_musd": _limit(tree, name, n),
                "cumulated_outlay_musd": sum(_spent(block, name, a) for a in years),
                "cumulated_limit_musd": sum(_limit(tree, name, a) for a in years),
            }
        )
    return sorted(rows, key=lambda row: (row["budget"], row["year"]))
