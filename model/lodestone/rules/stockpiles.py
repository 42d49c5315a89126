"""Stockpiles: what is held, put in and taken out, and how many days it must cover.

For every stockpile s, node n and stream k:

    (12) stock[n,s,k] = (1 - loss) stock[parent(n),s,k] + fill[n,s,k] - release[n,s,k],   opening stock before the root
         release[n,s,k] <= (1 - loss) stock[parent(n),s,k]      [cheat] nothing passes through in one year
         sum_k stock <= capacity;  sum_k fill <= max_fill;  sum_k release <= max_release
    (13) sum_k stock + lacking >= days / 365 * consumption of the material in `covers` in that year
         consumption = demand of the sectors + intake of units;  lacking = 0 unless the cover is suspended

Cover is suspended in a scenario's emergency years and the refill_years after them; what is lacking at a leaf is owed
at the leaf's price [cheat]. At the leaves stock is credited at stock_end_value_share * price,

    (22) credited[leaf,s] <= sum_k stock;   credited <= opening + days / 365 * consumption     [cheat]

Units    t (stock, at year end), t/yr (fill, release), MUSD/yr (holding cost)
Sheets   in: Stockpiles, Materials; out: Stockpile
Source   days of cover as strategic reserves state them (60 days in Japan, 100 in Korea)
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, Stockpile
from lodestone.data.tree import Tree
from lodestone.rules.flows import intake_terms
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled, worth

DAYS_PER_YEAR = 365


def stockpiles(tree: Tree, net: Network, flow: pyo.Block) -> pyo.Block:
    """Build the block that owns stock, fill, release, lacking and credited."""
    block = pyo.Block(concrete=True)
    piles = list(tree.data[0].stockpiles)
    block.stock = pyo.Var([(n, s, k) for n in tree.nodes for s, k in net[n].stock], domain=pyo.NonNegativeReals)
    block.fill = pyo.Var([(n, s, k) for n in tree.nodes for s, k in net[n].fill], domain=pyo.NonNegativeReals)
    block.release = pyo.Var([(n, s, k) for n in tree.nodes for s, k in net[n].release], domain=pyo.NonNegativeReals)
    index = [(n, s) for n in tree.nodes for s in piles]
    _recursion(tree, block)
    _limits(tree, block, index)
    block.consumption = {(n, s): _consumption(tree, net, flow, n, tree.data[n].stockpiles[s]) for n, s in index}
    _cover(tree, block, index)
    block.cost = costs("stock_holding", "stock_credit", "owed_beyond_horizon")
    _end_credit(tree, block, piles)
    for n, s, k in block.stock:
        holding = tree.data[n].stockpiles[s].holding_cost
        block.cost["stock_holding"][n].append((holding, block.stock[n, s, k]))
    return block


def required_days(tree: Tree, n: int, s: str) -> float:
    """Days of cover asked for, emergency or not; 0 when not in force."""
    return tree.data[n].stockpiles[s].days.get(tree.time[n]) or 0.0


def suspended(tree: Tree, n: int) -> bool:
    return tree.data[n].scenario.cover_suspended(tree.time[n])


def _total(var: pyo.Var, n: int, s: str) -> Terms:
    return [(1.0, var[n, s, k]) for k in STREAMS if (n, s, k) in var]


def _recursion(tree: Tree, block: pyo.Block) -> None:
    """(12)"""

    def kept(n: int, s: str, k: str) -> tuple[Terms, float]:
        """What is left of the stock before: as terms and as a constant (the opening stock)."""
        data, parent = tree.data[n], tree.parent[n]
        pile = data.stockpiles[s]
        share = 1 - data.materials[pile.material].annual_loss_share
        if parent is None:
            return [], share * pile.opening[k]
        return ([(share, block.stock[parent, s, k])] if (parent, s, k) in block.stock else []), 0.0

    def balance(b: pyo.Block, n: int, s: str, k: str) -> object:
        before, opening = kept(n, s, k)
        fill = [(-1.0, b.fill[n, s, k])] if (n, s, k) in b.fill else []
        release = [(1.0, b.release[n, s, k])] if (n, s, k) in b.release else []
        return linear([(1.0, b.stock[n, s, k]), *scaled(-1.0, before), *fill, *release]) == opening

    def held(b: pyo.Block, n: int, s: str, k: str) -> object:
        before, opening = kept(n, s, k)
        return linear([(1.0, b.release[n, s, k]), *scaled(-1.0, before)]) <= opening

    block.balance = pyo.Constraint(block.stock.index_set(), rule=balance, doc="(12)")
    block.held = pyo.Constraint(block.release.index_set(), rule=held, doc="(12)")


def _limits(tree: Tree, block: pyo.Block, index: list[tuple[int, str]]) -> None:
    """(12)"""

    def limit(var: pyo.Var, most: str) -> pyo.Constraint:
        def rule(b: pyo.Block, n: int, s: str) -> object:
            bound, total = getattr(tree.data[n].stockpiles[s], most), _total(var, n, s)
            return pyo.Constraint.Skip if bound is None or not total else linear(total) <= bound

        return pyo.Constraint(index, rule=rule, doc="(12)")

    block.capacity = limit(block.stock, "capacity")
    block.max_fill = limit(block.fill, "max_fill")
    block.max_release = limit(block.release, "max_release")


def _consumption(tree: Tree, net: Network, flow: pyo.Block, n: int, pile: Stockpile) -> tuple[Terms, float]:
    """Consumption that the days refer to: intake as terms, demand as a number."""
    demand = sum(
        series[tree.time[n]]
        for (region, _, material), series in tree.data[n].demand.items()
        if material == pile.material and region in pile.covers
    )
    intake: Terms = []
    for (region, material), terms in intake_terms(tree, net, flow, n).items():
        if material == pile.material and region in pile.covers:
            intake += terms
    return intake, demand


def _cover(tree: Tree, block: pyo.Block, index: list[tuple[int, str]]) -> None:
    """(13)"""
    asked = [(n, s) for n, s in index if required_days(tree, n, s) > 0]
    leaves = set(tree.leaves)
    rows = [(n, s) for n, s in asked if not suspended(tree, n) or n in leaves]
    block.lacking = pyo.Var([(n, s) for n, s in rows if suspended(tree, n)], domain=pyo.NonNegativeReals)

    def rule(b: pyo.Block, n: int, s: str) -> object:
        intake, demand = b.consumption[n, s]
        share = required_days(tree, n, s) / DAYS_PER_YEAR
        lacking = [(1.0, b.lacking[n, s])] if (n, s) in b.lacking else []
        return linear([*_total(b.stock, n, s), *lacking, *scaled(-share, intake)]) >= share * demand

    block.cover = pyo.Constraint(rows, rule=rule, doc="(13)")


def _end_credit(tree: Tree, block: pyo.Block, piles: list[str]) -> None:
    """(22) and what is owed where the cover is suspended at a leaf."""
    index = [(leaf, s) for leaf in tree.leaves for s in piles if _total(block.stock, leaf, s)]
    block.credited = pyo.Var(index, domain=pyo.NonNegativeReals)

    def limit(b: pyo.Block, leaf: int, s: str) -> object:
        intake, demand = b.consumption[leaf, s]
        share = required_days(tree, leaf, s) / DAYS_PER_YEAR
        opening = sum(tree.data[leaf].stockpiles[s].opening.values())
        return linear([(1.0, b.credited[leaf, s]), *scaled(-share, intake)]) <= opening + share * demand

    block.credit_held = pyo.Constraint(
        index,
        rule=lambda b, leaf, s: linear([(1.0, b.credited[leaf, s]), *scaled(-1.0, _total(b.stock, leaf, s))]) <= 0,
        doc="(22)",
    )
    block.credit_limit = pyo.Constraint(index, rule=limit, doc="(22)")
    for leaf, s in index:
        data = tree.data[leaf]
        price = data.stock_price(s, tree.time[leaf])
        block.cost["stock_credit"][leaf].append((-data.stock_end_value_share * price, block.credited[leaf, s]))
    for n, s in block.lacking:
        data = tree.data[n]
        price = data.stock_price(s, tree.time[n])
        block.cost["owed_beyond_horizon"][n].append((price, block.lacking[n, s]))


def purchases(tree: Tree, net: Network, block: pyo.Block, n: int) -> Terms:
    """Fill x price, own production included, MUSD: the outlay that a stockpile budget caps."""
    data = tree.data[n]
    return [(data.stock_price(s, tree.time[n]), block.fill[n, s, k]) for s, k in net[n].fill]


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    def t(var: pyo.Var, *key: object) -> float:
        return amount(var[key]) if key in var else 0.0

    rows = []
    for (n, s), (intake, demand) in block.consumption.items():
        if n not in tree.year:
            continue
        pile, year = tree.data[n].stockpiles[s], tree.year[n]
        consumption = demand + worth(intake)
        held = {k: t(block.stock, n, s, k) for k in STREAMS}
        asked = None if pile.days.get(tree.time[n]) is None else required_days(tree, n, s)
        off = suspended(tree, n)
        rows.append(
            {
                "stockpile": s,
                "region": pile.region,
                "material": pile.material,
                "year": year,
                "stock_t": sum(held.values()),
                "exposed_t": held[EXPOSED],
                "fill_clean_t": t(block.fill, n, s, CLEAN),
                "fill_exposed_t": t(block.fill, n, s, EXPOSED),
                "release_clean_t": t(block.release, n, s, CLEAN),
                "release_exposed_t": t(block.release, n, s, EXPOSED),
                "consumption_t": consumption,
                "days_of_cover": sum(held.values()) / consumption * DAYS_PER_YEAR if consumption > 0 else None,
                "required_days": asked,
                "required_t": 0.0 if off or asked is None else asked / DAYS_PER_YEAR * consumption,
                "suspended": "yes" if off else "no",
            }
        )
    return rows
