"""Budgets: caps on yearly outlays, undiscounted.

For every budget b and node n that ends a year, over the nodes n' of Y(n) in which the budget is in force:

    (34) sum over n' and the kinds it covers of outlay[kind,n'] <= sum over n' of w(n') * limit[b,n']
         carry_over: both sides cumulated along path(n), from the first year in force

    capex      capex of public projects          grants     capex grants of support packages
    floors     of each floor its payments of the year, at least 0: paid_out >= payments, paid_out >= 0
    fees       contract signing fees             stockpile  fill x market price, own production included

[cheat] Each floor counts by itself: what one pays in does not make room for another.

Units    MUSD/yr
Sheets   in: Budgets; out: Budgets
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import Budget
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, linear, scaled, worth
from lodestone.rules.price_floors import payments_at
from lodestone.rules.stockpiles import purchases


def budgets(
    tree: Tree, net: Network, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, piles: pyo.Block
) -> pyo.Block:
    """Build the rows (34); block.outlay[n, b] keeps the outlays of each year, block.paid its payments by floor."""
    block = pyo.Block(concrete=True)
    block.paid = _paid(tree, floors, offtake) if _floors_capped(tree) else {}
    block.paid_out = pyo.Var(list(block.paid), domain=pyo.NonNegativeReals)
    block.net = pyo.Constraint(
        list(block.paid),
        rule=lambda b, n, o: linear([(1.0, b.paid_out[n, o]), *scaled(-1.0, block.paid[n, o])]) >= 0,
        doc="(34)",
    )
    by_year: dict[int, list[str]] = defaultdict(list)
    for n, o in block.paid:
        by_year[n].append(o)

    def outlays(n: int, name: str, budget: Budget) -> Terms:
        found: Terms = []
        for a in years_nodes(tree, name, n):
            kinds: dict[str, Terms] = {
                "capex": invest.cost["capex"][a],
                "grants": floors.cost["grants"][a],
                "fees": offtake.cost["signing_fees"][a],
                "stockpile": purchases(tree, net, piles, a),
            }
            found += [term for kind in sorted(budget.covers) for term in kinds.get(kind, [])]
        return found + ([(1.0, block.paid_out[n, o]) for o in by_year[n]] if "floors" in budget.covers else [])

    block.outlay = {
        (n, b): outlays(n, b, budget)
        for n in tree.nodes
        if tree.ends_year(n)
        for b, budget in tree.data[n].budgets.items()
        if years_nodes(tree, b, n)
    }

    def rule(b: pyo.Block, n: int, name: str) -> object:
        years = counted(tree, name, n)
        spent = [term for node in years for term in b.outlay[node, name]]
        return linear(spent) <= sum(money(tree, name, node) for node in years)

    block.within = pyo.Constraint([key for key, terms in block.outlay.items() if terms], rule=rule, doc="(34)")
    return block


def _floors_capped(tree: Tree) -> bool:
    return any("floors" in b.covers for data in tree.data.values() for b in data.budgets.values())


def _paid(tree: Tree, floors: pyo.Block, offtake: pyo.Block) -> dict[tuple[int, str], Terms]:
    """(node that ends a year, package) -> its payments of the year."""
    of_node: dict[tuple[int, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        for o, _, payment in payments_at(tree, floors, offtake, n):
            of_node[n, o] += payment
    return {
        (n, o): terms
        for n in tree.nodes
        if tree.ends_year(n)
        for o in tree.data[n].floors
        if (terms := [term for a in tree.year_nodes(n) for term in of_node.get((a, o), ())])
    }


def years_nodes(tree: Tree, name: str, n: int) -> list[int]:
    """The nodes of the year that ends at n in which a budget is in force."""
    return [a for a in tree.year_nodes(n) if tree.data[a].budgets[name].limit.get(tree.time[a]) is not None]


def money(tree: Tree, name: str, n: int) -> float:
    """A budget's money of the year that ends at n, MUSD."""
    return sum(
        tree.length[a] * (tree.data[a].budgets[name].limit[tree.time[a]] or 0.0) for a in years_nodes(tree, name, n)
    )


def counted(tree: Tree, name: str, n: int) -> list[int]:
    """Ends of the years whose outlays and limits count in n's row."""
    if not tree.data[n].budgets[name].carry_over:
        return [n]
    return [a for a in tree.path[n] if tree.ends_year(a) and years_nodes(tree, name, a)]


def settle(block: pyo.Block) -> None:
    """Of a solution, what each floor pays out in a year, not what the limit would leave room for."""
    for key, variable in block.paid_out.items():
        variable.set_value(max(0.0, worth(block.paid[key])), skip_validation=True)


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for n, name in (key for key in block.outlay if key[0] in tree.time):
        years = counted(tree, name, n)
        rows.append(
            {
                "budget": name,
                "year": tree.year[n],
                "outlay_musd": worth(block.outlay[n, name]),
                "limit_musd": money(tree, name, n),
                "cumulated_outlay_musd": sum(worth(block.outlay[a, name]) for a in years),
                "cumulated_limit_musd": sum(money(tree, name, a) for a in years),
            }
        )
    return sorted(rows, key=lambda row: (row["budget"], row["year"]))
