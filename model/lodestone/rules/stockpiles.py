"""Stockpiles: what is held, put in and taken out, and how many days it must cover.

For every stockpile s, node n and stream k, kept = (1 - annual_loss_share)^w(n):

    (12) stock[n,s,k] = kept * stock[a(n),s,k] + fill[n,s,k] - release[n,s,k],   opening stock before the root
         release[n,s,k] <= kept * stock[a(n),s,k]               [cheat] nothing passes through in one node
         sum_k stock <= capacity;  sum_k fill <= w(n) * max_fill;  sum_k release <= w(n) * max_release
         clean_only: fill[n,s,exposed] = 0
    (13) sum_k stock + lacking >= days / 365 * consumption of the material in `covers`, as a rate in that node
         sum_k stock + lacking >= least_t
         consumption = demand of the sectors + intake of units, or with counts = demand the demand alone
         lacking = 0 unless the cover is suspended;  lacking <= the two sides on the right together
    (13) usable     stock[n,s,clean] + lacking >= days / 365 * sum over the demand rows covered of (1 - the least share
                    of the caps that name its sector and apply to its region and material, 1 if none) * demand  [cheat]

[cheat] Stock in a region of concern is exposed, whatever its row says, and so is what is put into it. Cover is
suspended in a scenario's emergency and the refill_years after it, for the stockpiles that it frees. [cheat] Being
excused earns nothing: a lacking tonne costs what not holding it saves,

    w(n) * (holding cost + discount_rate * price) + (1 - kept) * price + max(0, price - least price at the next nodes)

and what is lacking at a leaf is owed at price. At the leaves stock is credited at stock_end_value_share * price,

    (22) credited[leaf,s] <= sum_k stock + lacking;   credited <= max(opening, least_t, days / 365 * demand)   [cheat]

Units    t (stock, at the end of the node), t in the period (fill, release), MUSD (holding cost, lacking cover)
Sheets   in: Stockpiles, Materials, Scenarios; out: Stockpile
Source   days of cover as strategic reserves state them (60 days in Japan, 100 in Korea)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyomo.environ as pyo

from lodestone.data.network import Network, opening_stock, stream_held
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, Series, Stockpile
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
    intake = {n: intake_terms(tree, net, flow, n) if piles else {} for n in tree.nodes}
    block.consumption = {(n, s): _consumption(tree, intake[n], n, tree.data[n].stockpiles[s]) for n, s in index}
    _cover(tree, block, index)
    block.cost = costs("stock_holding", "stock_credit", "lacking_cover", "owed_beyond_horizon")
    _end_credit(tree, block, piles)
    for n, s, k in block.stock:
        holding = tree.length[n] * tree.data[n].stockpiles[s].holding_cost
        block.cost["stock_holding"][n].append((holding, block.stock[n, s, k]))
    for n, s in block.lacking:
        block.cost["lacking_cover"][n].append((lacking_cost(tree, n, s), block.lacking[n, s]))
    return block


def required_days(tree: Tree, n: int, s: str) -> float:
    """Days of cover asked for, emergency or not; 0 when not in force."""
    return tree.data[n].stockpiles[s].days.get(tree.time[n]) or 0.0


def suspended(tree: Tree, n: int, s: str) -> bool:
    """Whether an emergency suspends the cover at a node."""
    return tree.data[n].scenario.cover_suspended(tree.time[n], s)


def kept_share(tree: Tree, n: int, s: str) -> float:
    """What a node leaves of a stock."""
    data = tree.data[n]
    return float((1 - data.materials[data.stockpiles[s].material].annual_loss_share) ** tree.length[n])


def lacking_cost(tree: Tree, n: int, s: str) -> float:
    """MUSD that a tonne less in stock at the end of a node saves. [cheat]"""
    data = tree.data[n]
    price = data.stock_price(s, tree.time[n])
    cost = tree.length[n] * (data.stockpiles[s].holding_cost + data.discount_rate * price)
    cost += (1 - kept_share(tree, n, s)) * price
    later = [tree.data[m].stock_price(s, tree.time[m]) for m in tree.next_nodes[n]]
    return cost + max(0.0, price - min(later, default=price))


def _total(var: pyo.Var, n: int, s: str) -> Terms:
    return [(1.0, var[n, s, k]) for k in STREAMS if (n, s, k) in var]


def _recursion(tree: Tree, block: pyo.Block) -> None:
    """(12)"""

    def kept(n: int, s: str, k: str) -> tuple[Terms, float]:
        """What is left of the stock before: as terms and as a constant (the opening stock)."""
        parent, share = tree.parent[n], kept_share(tree, n, s)
        if parent is None:
            return [], share * opening_stock(tree.data[n], tree.data[n].stockpiles[s], k)
        return ([(share, block.stock[parent, s, k])] if (parent, s, k) in block.stock else []), 0.0

    def balance(b: pyo.Block, n: int, s: str, k: str) -> object:
        before, opening = kept(n, s, k)
        data = tree.data[n]
        put_in = [x for x in STREAMS if stream_held(data, data.stockpiles[s], x) == k and (n, s, x) in b.fill]
        fill = [(-1.0, b.fill[n, s, x]) for x in put_in]
        release = [(1.0, b.release[n, s, k])] if (n, s, k) in b.release else []
        return linear([(1.0, b.stock[n, s, k]), *scaled(-1.0, before), *fill, *release]) == opening

    def held(b: pyo.Block, n: int, s: str, k: str) -> object:
        before, opening = kept(n, s, k)
        return linear([(1.0, b.release[n, s, k]), *scaled(-1.0, before)]) <= opening

    block.balance = pyo.Constraint(block.stock.index_set(), rule=balance, doc="(12)")
    block.held = pyo.Constraint(block.release.index_set(), rule=held, doc="(12)")


def _limits(tree: Tree, block: pyo.Block, index: list[tuple[int, str]]) -> None:
    """(12)"""

    def limit(var: pyo.Var, most: str, yearly: bool) -> pyo.Constraint:
        def rule(b: pyo.Block, n: int, s: str) -> object:
            bound, total = getattr(tree.data[n].stockpiles[s], most), _total(var, n, s)
            if bound is None or not total:
                return pyo.Constraint.Skip
            return linear(total) <= (tree.length[n] * bound if yearly else bound)

        return pyo.Constraint(index, rule=rule, doc="(12)")

    block.capacity = limit(block.stock, "capacity", yearly=False)
    block.max_fill = limit(block.fill, "max_fill", yearly=True)
    block.max_release = limit(block.release, "max_release", yearly=True)


def _consumption(tree: Tree, taken_in: Mapping[tuple[str, str], Terms], n: int, pile: Stockpile) -> tuple[Terms, float]:
    """Consumption that the days refer to, as rates: intake as terms, demand as a number.

    taken_in: what all plants and projects take in at the node, by region and material.
    """
    demand = sum(series[tree.time[n]] for series in _covered(tree, n, pile).values())
    intake: Terms = []
    if pile.counts == "consumption":
        for (region, material), terms in taken_in.items():
            if material == pile.material and region in pile.covers:
                intake += scaled(1.0 / tree.length[n], terms)
    return intake, demand


def _covered(tree: Tree, n: int, pile: Stockpile) -> dict[tuple[str, str, str], Series]:
    """The demand rows that a stockpile answers for."""
    return {
        key: series for key, series in tree.data[n].demand.items() if key[2] == pile.material and key[0] in pile.covers
    }


def usable_t(tree: Tree, n: int, s: str) -> float:
    """Clean part of the stock that days of cover ask for where caps name sectors. [cheat]"""
    data, time = tree.data[n], tree.time[n]
    asked = 0.0
    for (region, sector, material), series in _covered(tree, n, data.stockpiles[s]).items():
        shares = [
            share
            for cap in data.caps.values()
            if cap.sector == sector and region in cap.regions and material in cap.materials
            if (share := cap.share.get(time)) is not None
        ]
        asked += (1 - min(shares, default=1.0)) * series[time]
    return required_days(tree, n, s) / DAYS_PER_YEAR * asked


def _cover(tree: Tree, block: pyo.Block, index: list[tuple[int, str]]) -> None:
    """(13)"""

    def least(n: int, s: str) -> float:
        return tree.data[n].stockpiles[s].least_t

    asked = [(n, s) for n, s in index if required_days(tree, n, s) > 0]
    at_least = [(n, s) for n, s in index if least(n, s) > 0]
    usable = [(n, s) for n, s in asked if n not in tree.twin and usable_t(tree, n, s) > 0]
    block.lacking = pyo.Var(
        [key for key in dict.fromkeys([*asked, *at_least]) if suspended(tree, *key)], domain=pyo.NonNegativeReals
    )

    def missing(n: int, s: str) -> Terms:
        return [(1.0, block.lacking[n, s])] if (n, s) in block.lacking else []

    def cover(b: pyo.Block, n: int, s: str) -> object:
        intake, demand = b.consumption[n, s]
        share = required_days(tree, n, s) / DAYS_PER_YEAR
        return linear([*_total(b.stock, n, s), *missing(n, s), *scaled(-share, intake)]) >= share * demand

    def no_more(b: pyo.Block, n: int, s: str) -> object:
        intake, demand = b.consumption[n, s]
        share = required_days(tree, n, s) / DAYS_PER_YEAR
        return linear([(1.0, b.lacking[n, s]), *scaled(-share, intake)]) <= share * demand + least(n, s)

    def clean(b: pyo.Block, n: int, s: str) -> object:
        return linear([(1.0, b.stock[n, s, CLEAN]), *missing(n, s)]) >= usable_t(tree, n, s)

    block.cover = pyo.Constraint(asked, rule=cover, doc="(13)")
    block.least = pyo.Constraint(
        at_least, rule=lambda b, n, s: linear([*_total(b.stock, n, s), *missing(n, s)]) >= least(n, s), doc="(13)"
    )
    block.usable = pyo.Constraint(usable, rule=clean, doc="(13)")
    block.lacking_most = pyo.Constraint(block.lacking.index_set(), rule=no_more, doc="(13)")


def credited_demand(tree: Tree, leaf: int, s: str) -> float:
    """Demand by which one day more of cover moves the limit of what is credited, t/yr."""
    pile = tree.data[leaf].stockpiles[s]
    demand = sum(series[tree.time[leaf]] for series in _covered(tree, leaf, pile).values())
    days = required_days(tree, leaf, s) / DAYS_PER_YEAR * demand
    return demand if days >= max(pile.least_t, sum(pile.opening.values())) else 0.0


def credit_limit(tree: Tree, leaf: int, s: str) -> float:
    """t that may be credited at a leaf: the opening stock, or the cover of demand that is asked for. [cheat]"""
    pile = tree.data[leaf].stockpiles[s]
    demand = sum(series[tree.time[leaf]] for series in _covered(tree, leaf, pile).values())
    cover = max(pile.least_t, required_days(tree, leaf, s) / DAYS_PER_YEAR * demand)
    return max(sum(pile.opening.values()), cover)


def _end_credit(tree: Tree, block: pyo.Block, piles: Iterable[str]) -> None:
    """(22) and what is owed where the cover is suspended at a leaf."""
    index = [(leaf, s) for leaf in tree.leaves for s in piles if _total(block.stock, leaf, s)]
    block.credited = pyo.Var(index, domain=pyo.NonNegativeReals)

    def held(b: pyo.Block, leaf: int, s: str) -> object:
        there = [*_total(b.stock, leaf, s), *([(1.0, b.lacking[leaf, s])] if (leaf, s) in b.lacking else [])]
        return linear([(1.0, b.credited[leaf, s]), *scaled(-1.0, there)]) <= 0

    block.credit_held = pyo.Constraint(index, rule=held, doc="(22)")
    block.credit_limit = pyo.Constraint(
        index, rule=lambda b, leaf, s: linear([(1.0, b.credited[leaf, s])]) <= credit_limit(tree, leaf, s), doc="(22)"
    )
    for leaf, s in index:
        data = tree.data[leaf]
        price = data.stock_price(s, tree.time[leaf])
        block.cost["stock_credit"][leaf].append((-data.stock_end_value_share * price, block.credited[leaf, s]))
    for leaf, s in ((leaf, s) for leaf in tree.leaves for s in piles if (leaf, s) in block.lacking):
        price = tree.data[leaf].stock_price(s, tree.time[leaf])
        block.cost["owed_beyond_horizon"][leaf].append((price, block.lacking[leaf, s]))


def purchases(tree: Tree, net: Network, block: pyo.Block, n: int) -> Terms:
    """Fill x price, own production included, MUSD: the outlay that a stockpile budget caps."""
    data = tree.data[n]
    return [(data.stock_price(s, tree.time[n]), block.fill[n, s, k]) for s, k in net[n].fill]


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Stocks, fills, releases and cover, by period."""

    def t(var: pyo.Var, *key: object) -> float:
        return amount(var[key]) if key in var else 0.0

    rows = []
    for (n, s), (intake, demand) in block.consumption.items():
        if n not in tree.time:
            continue
        pile, time = tree.data[n].stockpiles[s], tree.time[n]
        rate = demand + worth(intake)
        held = {k: t(block.stock, n, s, k) for k in STREAMS}
        asked = None if pile.days.get(time) is None else required_days(tree, n, s)
        off = suspended(tree, n, s)
        cover = max(pile.least_t, (asked or 0.0) / DAYS_PER_YEAR * rate)
        rows.append(
            {
                "stockpile": s,
                "region": pile.region,
                "material": pile.material,
                "year": tree.year[n],
                "month": tree.month[n],
                "stock_t": sum(held.values()),
                "exposed_t": held[EXPOSED],
                "fill_clean_t": t(block.fill, n, s, CLEAN),
                "fill_exposed_t": t(block.fill, n, s, EXPOSED),
                "release_clean_t": t(block.release, n, s, CLEAN),
                "release_exposed_t": t(block.release, n, s, EXPOSED),
                "consumption_t": rate,
                "days_of_cover": sum(held.values()) / rate * DAYS_PER_YEAR if rate > 0 else None,
                "required_days": asked,
                "required_t": 0.0 if off else cover,
                "suspended": "yes" if off else "no",
                "lacking_t": t(block.lacking, n, s),
            }
        )
    return rows
