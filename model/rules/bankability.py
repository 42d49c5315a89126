"""Bankability: a private project is decided only if lenders earn the hurdle rate at their prices.

For every private project g and decision node n:

    (10)  grants + sum over packages o and segments i of worth[o,i] * covered[o,n,i]
          + sum over contracts c of worth[c] * q[c,n]  >=  gap[g,n] * build[g,n]

gap, and what a floor or a contract is worth to lenders, are numbers (`model/lenders.py`): lenders look over the whole
life, at their own deck. [cheat] A floor that takes more than it gives, and a contract below their price, count
against the project. No big-M: covered and q are bounded by g * capacity.

Units    MUSD, present value at the decision
Sheets   in: Projects, PriceFloors, Contracts, BankPrices; out: Bankability
"""

from __future__ import annotations

import pyomo.environ as pyo

from model import lenders
from model.rules.linear import Row, Terms, amount, linear, scaled
from model.rules.price_floors import covered_at, supported_years
from model.tree import Tree


def bankability(tree: Tree, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the rows (10)."""
    block = pyo.Block(concrete=True)
    rows = [(g, n) for g, n in invest.build if not tree.data[n].projects[g].public]

    def rule(b: pyo.Block, g: str, n: int) -> object:
        data, year = tree.data[n], tree.year[n]
        missing = lenders.gap(data, data.projects[g], year)
        support = _support(tree, floors, offtake, g, n)
        if missing <= 0 and not support:
            return pyo.Constraint.Skip
        return linear([*support, (-missing, invest.build[g, n])]) >= 0

    block.bankable = pyo.Constraint(rows, rule=rule, doc="(10)")
    return block


def _support(tree: Tree, floors: pyo.Block, offtake: pyo.Block, project: str, node: int) -> Terms:
    """What grants, floors and contracts are worth to lenders, MUSD."""
    data, year = tree.data[node], tree.year[node]
    terms: Terms = []
    for o, floor in data.floors.items():
        if floor.project != project or (o, node) not in floors.award:
            continue
        terms.append((floor.capex_grant_share * data.projects[project].capex, floors.award[o, node]))
        first = supported_years(data, floor, year)[0]
        start = 0
        for end in floors.ends[o, node]:
            worth = lenders.floor_worth(data, floor, year, start, end)
            terms += scaled(worth, covered_at(tree, floors, o, node, first + start))
            start = end
    for c, contract in data.contracts.items():
        if contract.supplier == project and (c, node) in offtake.sign:
            terms.append((lenders.contract_worth(data, contract, year), offtake.q[c, node]))
    return terms


def table(tree: Tree, invest: pyo.Block, support: dict[tuple[str, int], list[str]]) -> list[Row]:
    """Every private project: in the year it is built, else in the first in which it can be decided."""
    rows = []
    root = tree.nodes[0]
    built = {g: n for (g, n), build in invest.build.items() if amount(build) > 0.5}
    for g, project in tree.data[root].projects.items():
        if project.public:
            continue
        if g in built:
            n = built[g]
            data, year = tree.data[n], tree.year[n]
            closed = "not needed" if lenders.gap(data, data.projects[g], year) <= 0 else ", ".join(support[g, year])
            rows.append(lenders.bankability_row(data, data.projects[g], year, True, closed))
        elif years := lenders.decision_years(tree.data[root], project):
            verdict = lenders.unaided_verdict(tree.data[root], project, years[0])
            rows.append(lenders.bankability_row(tree.data[root], project, years[0], False, verdict))
    return rows
