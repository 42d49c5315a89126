"""Objective: the expected discounted cost of the plan, and what the worst futures cost.

    discounted[n] = (1 + discount_rate)^-(y(n) - first_year) * sum over terms of cost[term,n]
    expected      = sum over nodes n of p(n) * discounted[n]
    objective     = (1 - risk_weight) * expected + risk_weight * CVaR

CVaR is the mean cost of the worst risk_tail of futures. With a risk weight and several futures it enters by rows: for
every node n and every leaf l, where a future ends,

    (35) spent[n] = discounted[n]
    (36) excess[l] >= sum over n on path(l) of spent[n] - threshold,   excess >= 0
         CVaR = threshold + sum over leaves of p(l) / risk_tail * excess[l]

Every block brings its cost terms; this is the only place where they are discounted. Tariffs are left out of the sum
when tariffs_counted is no.

Units    MUSD
Sheets   in: Settings, Scenarios; out: Costs
Source   Rockafellar and Uryasev, Optimization of conditional value-at-risk, 2000
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyomo.environ as pyo

from lodestone.data.tree import Tree
from lodestone.plan.tables import COST_TERMS
from lodestone.rules.linear import Costs, Row, Terms, linear, scaled, worth


def all_costs(blocks: Iterable[pyo.Block]) -> Costs:
    """The terms of all blocks together: term -> node -> MUSD as prepared terms."""
    together: Costs = defaultdict(lambda: defaultdict(list))
    for block in blocks:
        for term, by_node in block.cost.items():
            for n, terms in by_node.items():
                together[term][n] += terms
    return together


def counted(tree: Tree, term: str, n: int) -> bool:
    """Whether a term is a cost of the plan at a node; tariffs may be left out."""
    return term != "tariffs" or tree.data[n].tariffs_counted


def expected_cost(tree: Tree, cost: Costs) -> Terms:
    """Expected discounted cost; a variable of several cost terms stands in it several times."""
    return [term for n, p in tree.probability.items() if p > 0 for term in discounted(tree, cost, n, p)]


def discounted(tree: Tree, cost: Costs, n: int, weight: float) -> Terms:
    """The counted cost of a node, discounted to first_year, times a weight."""
    factor = weight * tree.data[n].discount(tree.year[n])
    return [
        term for name, by_node in cost.items() if counted(tree, name, n) for term in scaled(factor, by_node.get(n, ()))
    ]


def risk_weight(tree: Tree) -> float:
    """Weight of CVaR; 0 of one future, whose CVaR is its cost."""
    return tree.data[0].risk_weight if len(tree.leaf_of) > 1 else 0.0


def risk(tree: Tree, cost: Costs) -> pyo.Block:
    """Build the block that owns spent, threshold and excess; block.cvar holds CVaR as prepared terms."""
    block = pyo.Block(concrete=True)
    leaves = list(tree.leaf_of.values()) if risk_weight(tree) > 0 else []
    nodes = [n for n in tree.nodes if n not in tree.twin] if leaves else []
    block.spent = pyo.Var(nodes, domain=pyo.Reals)
    block.threshold = pyo.Var(["all"] if leaves else [], domain=pyo.Reals)
    block.excess = pyo.Var(leaves, domain=pyo.NonNegativeReals)

    def adds_up(b: pyo.Block, n: int) -> object:
        return linear([(1.0, b.spent[n]), *discounted(tree, cost, n, weight=-1.0)]) == 0

    def beyond(b: pyo.Block, leaf: int) -> object:
        spent = [(-1.0, b.spent[n]) for n in tree.path[leaf]]
        return linear([(1.0, b.excess[leaf]), (1.0, b.threshold["all"]), *spent]) >= 0

    block.adds_up = pyo.Constraint(nodes, rule=adds_up, doc="(35)")
    block.beyond = pyo.Constraint(leaves, rule=beyond, doc="(36)")
    tail = tree.data[0].risk_tail
    block.cvar = [(1.0, v) for v in block.threshold.values()]
    block.cvar += [(tree.probability[leaf] / tail, block.excess[leaf]) for leaf in leaves]
    return block


def objective(tree: Tree, cost: Costs, block: pyo.Block) -> pyo.Objective:
    """The row to minimise."""
    weight = risk_weight(tree)
    terms = scaled(1 - weight, expected_cost(tree, cost)) + scaled(weight, block.cvar)
    return pyo.Objective(expr=linear(terms), sense=pyo.minimize)


def mean(costs: Mapping[str, float], probability: Mapping[str, float]) -> float:
    """The expected cost of futures."""
    return sum(probability[future] * cost for future, cost in costs.items())


def cvar(costs: Mapping[str, float], probability: Mapping[str, float], tail: float) -> float:
    """The mean cost of the worst `tail` of futures: of the future at its edge only the part that belongs to it."""
    left, total = tail, 0.0
    for future in sorted(costs, key=lambda f: -costs[f]):
        part = min(probability[future], left)
        total += part * costs[future]
        left -= part
    return total / (tail - left) if tail > left else max(costs.values())


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
                    "month": tree.month[n],
                    "musd": musd,
                    "discounted_musd": musd * tree.data[n].discount(tree.year[n]),
                }
            )
    return rows
