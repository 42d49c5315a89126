"""Objective: the expected discounted cost of the plan.

    expected cost = sum over nodes n of p(n) * (1 + discount_rate)^-(y(n) - first_year) * sum over terms of cost[term,n]

Every block brings its cost terms; this is the only place where they are discounted. Tariffs are left out of the sum
when tariffs_counted is no.

Units    MUSD
Sheets   in: Settings; out: Costs
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyomo.environ as pyo

from model.plan_tables import COST_TERMS
from model.rules.linear import Costs, Row, Terms, linear, scaled, worth
from model.tree import Tree


def all_costs(blocks: Iterable[pyo.Block]) -> Costs:
    """The terms of all blocks together: term -> node -> MUSD as prepared terms."""
    together: Costs = defaultdict(lambda: defaultdict(list))
    for block in blocks:
        for term, by_node in block.cost.items():
            for n, terms in by_node.items():
                together[term][n] += terms
    return together


def counted(tree: Tree, term: str, n: int) -> bool:
    return term != "tariffs" or tree.data[n].tariffs_counted


def expected_cost(tree: Tree, cost: Costs) -> Terms:
    """Expected discounted cost, one coefficient per variable."""
    weights: dict[int, float] = defaultdict(float)
    variables = {}
    for term, by_node in cost.items():
        for n, terms in by_node.items():
            if counted(tree, term, n):
                for c, v in scaled(tree.probability[n] * tree.data[n].discount(tree.year[n]), terms):
                    weights[id(v)] += c
                    variables[id(v)] = v
    return [(weights[key], v) for key, v in variables.items()]


def objective(tree: Tree, cost: Costs) -> pyo.Objective:
    """The row to minimise."""
    return pyo.Objective(expr=linear(expected_cost(tree, cost)), sense=pyo.minimize)


def table(tree: Tree, cost: Costs) -> list[Row]:
    """Cost by term and year, every term and year; tariffs also where they are not counted."""
    rows = []
    for term, payer in COST_TERMS.items():
        for n in tree.nodes:
            musd = worth(cost[term][n])
            rows.append(
                {
                    "term": term,
                    "payer": payer,
                    "year": tree.year[n],
                    "musd": musd,
                    "discounted_musd": musd * tree.data[n].discount(tree.year[n]),
                }
            )
    return rows
