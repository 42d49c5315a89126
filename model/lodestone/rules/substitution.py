"""Substitution: what it takes to design a material out, how fast that goes, and that it stays.

For every option o, demand row j and node n, beside avoid[n,o,j] <= w(n) share * demand (`flows`):

    (4) required  avoid <= w(n) share * demand * builds in production of the project that it requires
    (4) growth    avoid[n] / w(n) <= avoid[a(n)] / w(a(n)) + w(n) * ramp_share_per_yr * demand    (0 before the root)
    (4) kept      avoid[n] / w(n) >= keep_share * min(1, share * demand / the same at a(n)) * avoid[a(n)] / w(a(n))

share * demand is compared as rates. A redesign is not switched on for a year and off again.

Units    t in the period
Sheets   in: Substitution; out: Substitution
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data.plan_data import Substitution
from lodestone.data.tree import Tree
from lodestone.rules.flows import avoidable, period_demand
from lodestone.rules.investments import in_production
from lodestone.rules.linear import Row, Terms, amount, linear, scaled


def substitution(tree: Tree, avoid: pyo.Var, invest: pyo.Block) -> pyo.Block:
    """Build the rows (4) about options."""
    block = pyo.Block(concrete=True)

    def option(n: int, o: str) -> Substitution:
        return tree.data[n].substitution[o]

    def before(n: int, o: str, j: tuple[str, ...]) -> Terms:
        """What was avoided in the node before, as a rate."""
        parent = tree.parent[n]
        if parent is None or (parent, o, *j) not in avoid:
            return []
        return [(1.0 / tree.length[parent], avoid[parent, o, *j])]

    def required(b: pyo.Block, n: int, o: str, *j: str) -> object:
        builds = in_production(tree, invest, str(option(n, o).requires), n)
        return linear([(1.0, avoid[n, o, *j]), *scaled(-avoidable(tree, n, o, (j[0], j[1], j[2])), builds)]) <= 0

    def growth(b: pyo.Block, n: int, o: str, *j: str) -> object:
        rate = [(1.0 / tree.length[n], avoid[n, o, *j])]
        step = period_demand(tree, n, (j[0], j[1], j[2])) * (option(n, o).ramp_share_per_yr or 0.0)
        return linear([*rate, *scaled(-1.0, before(n, o, j))]) <= step

    def kept(b: pyo.Block, n: int, o: str, *j: str) -> object:
        key, parent = (j[0], j[1], j[2]), tree.parent[n]
        assert parent is not None
        now, then = avoidable(tree, n, o, key) / tree.length[n], avoidable(tree, parent, o, key) / tree.length[parent]
        stays = option(n, o).keep_share * min(1.0, now / then)
        return linear([(1.0 / tree.length[n], avoid[n, o, *j]), *scaled(-stays, before(n, o, j))]) >= 0

    index = list(avoid)
    block.required = pyo.Constraint([key for key in index if option(*key[:2]).requires], rule=required, doc="(4)")
    block.growth = pyo.Constraint(
        [key for key in index if option(*key[:2]).ramp_share_per_yr is not None], rule=growth, doc="(4)"
    )
    block.kept = pyo.Constraint(
        [key for key in index if option(*key[:2]).keep_share > 0 and before(key[0], key[1], key[2:])],
        rule=kept,
        doc="(4)",
    )
    return block


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """What is designed out, by option, region and period."""
    return [
        {
            "option": o,
            "region": r,
            "sector": s,
            "material": m,
            "year": tree.year[n],
            "month": tree.month[n],
            "t": amount(avoid),
            "cost_musd": amount(avoid) * tree.data[n].substitution[o].cost,
        }
        for (n, o, r, s, m), avoid in block.avoid.items()
        if n in tree.time and amount(avoid) > 0
    ]
