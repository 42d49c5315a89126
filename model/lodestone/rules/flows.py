"""Flow of material: what is made, bought, shipped, used, sold, delivered, designed out and short.

For every region r, material m, node n and stream k in {clean, exposed}:

    (1) made      sum_u max(g,0) act[n,u,k] + buy + release + returns  >=  sum_r' ship[n,m,r,r',k]
    (2) used      sum_r' ship[n,m,r',r,k]  =  intake_k + sum_j deliver[n,j,k] + fill + sell[n,v,k]
    (3) intake    intake_clean = clean-mode intake + mixed[n,r,m,clean];  intake_exposed = mixed[n,r,m,exposed]
                  sum_k mixed[n,r,m,k] = all other intake;  intake of u is max(-g,0) act[n,u,k]
    (4) demand    sum_k deliver + sum_o avoid + short = w(n) demand;  short <= (1 - min_service_share) w(n) demand;
                  avoid <= w(n) share * demand (more of it: `substitution`)

What is shipped does not move on in the same period: (1) feeds lanes, (2) is what lanes bring. What is left over in (1)
is discarded, and reported. Returns are w(n) * t_per_t * the deliveries of all nodes of the year lag_years earlier on
the node's path, in the region of the delivery; [cheat] scrap in a region of concern is exposed. Basis provenance: clean
activity takes clean inputs only, exposed activity any mix, so a tonne is clean only if no step of its chain was
exposed. Basis last_stage: outputs take the colour of the unit; all intake is mixed.

A lane costs, per tonne, its freight and max(rate * price, min_price - price), the price being that of the region where
it starts, on the streams to which the duty applies.

Units    t in the period (yearly figures are rates: a period has w(n) of them); costs in MUSD
Sheets   in: Processes, Plants, Projects, Markets, Lanes, Tariffs, Demand, Sectors, Substitution, Returns;
         out: Sourcing, Demand, Plants
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, islice
from math import isinf

import pyomo.environ as pyo

from lodestone.data.network import Batch, Network, stream_of_scrap
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, LaneData, PlanData
from lodestone.data.tree import Tree
from lodestone.rules.linear import Terms, costs, keys, linear, scaled


def flows(tree: Tree, net: Network) -> pyo.Block:
    """Build the block that owns act, buy, sell, ship, deliver, avoid, short and mixed."""
    block = pyo.Block(concrete=True)
    nodes = tree.nodes

    def amounts(index: list[tuple[object, ...]]) -> pyo.Var:
        return pyo.Var(keys(index), domain=pyo.NonNegativeReals)

    block.act = amounts([(n, *key) for n in nodes for key in net[n].act])
    block.sell = amounts([(n, *key) for n in nodes for key in net[n].sell])
    block.deliver = amounts([(n, *j, k) for n in nodes for j, k in net[n].deliver])
    block.mixed = amounts([(n, *key) for n in nodes for key in net[n].mixed])
    block.buy = pyo.Var(
        keys([(n, v) for n in nodes for v in net[n].buy]),
        domain=pyo.NonNegativeReals,
        bounds=lambda b, n, v: (0, _volume(tree, n, v)),
    )
    block.ship = amounts([(n, *key) for n in nodes for key in net[n].ship])
    one_by_one = iter(block.ship._data.values())  # as values() has it, at a twentieth of the time
    block.ships = {n: list(islice(one_by_one, len(net[n].ship))) for n in nodes}  # in the order of net[n].ship
    block.avoid = pyo.Var(
        keys([(n, o, *j) for n in nodes for o, j in net[n].avoid]),
        domain=pyo.NonNegativeReals,
        bounds=lambda b, n, o, *j: (0, avoidable(tree, n, o, j)),
    )
    block.short = amounts([(n, *j) for n in nodes for j in net[n].short])
    block.period_before = pyo.Suffix()  # for the solver: amounts that may be summed over alike periods of a year
    for amount in (block.act, block.buy, block.sell, block.ship, block.deliver, block.mixed, block.short):
        block.period_before[amount] = tree.period_before
    _intake(tree, net, block)
    _demand_rows(tree, net, block)
    _limits(tree, net, block)
    block.cost = costs("market_purchases", "market_sales", "freight", "tariffs", "substitution", "shortage")
    _costs(tree, net, block)
    return block


def balances(tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block) -> pyo.Block:
    """Build the rows (1) and (2), once stocks exist."""
    block = pyo.Block(concrete=True)
    sources = {n: made_terms(tree, net, flow, piles, n) for n in tree.nodes}
    uses = {n: used_terms(tree, net, flow, piles, n) for n in tree.nodes}
    sent = ((n, *batch) for n in tree.nodes for batch in net[n].shipping.sent)
    brought = ((n, *batch) for n in tree.nodes for batch in net[n].shipping.brought)

    def made(b: pyo.Block, n: int, r: str, m: str, k: str) -> object:
        ships = flow.ships[n]
        return linear(sources[n][r, m, k] + [(-1.0, ships[i]) for i in net[n].shipping.sent[r, m, k]]) >= 0

    def used(b: pyo.Block, n: int, r: str, m: str, k: str) -> object:
        ships = flow.ships[n]
        arriving = [(1.0, ships[i]) for i in net[n].shipping.brought.get((r, m, k), ())]
        return linear(arriving + scaled(-1.0, uses[n][r, m, k])) == 0

    block.made = pyo.Constraint(keys(sent), rule=made, doc="(1)")
    block.used = pyo.Constraint(
        keys(chain(brought, ((n, *batch) for n in tree.nodes for batch in uses[n]))), rule=used, doc="(2)"
    )
    return block


def made_terms(tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block, n: int) -> dict[Batch, Terms]:
    """What is made, bought, released and returned at a node: (region, material, stream) -> t as prepared terms."""
    data = tree.data[n]
    made: dict[Batch, Terms] = defaultdict(list)
    for u, k in net[n].act:
        unit = data.units[u]
        for m, g in unit.outputs.items():
            made[unit.region, m, k].append((g, flow.act[n, u, k]))
    for v in net[n].buy:
        market = data.markets[v]
        made[market.region, market.material, EXPOSED if market.exposed else CLEAN].append((1.0, flow.buy[n, v]))
    for s, k in net[n].release:
        pile = data.stockpiles[s]
        made[pile.region, pile.material, k].append((1.0, piles.release[n, s, k]))
    for batch, back in returned(tree, net, flow, n).items():
        made[batch] += back
    return made


def used_terms(tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block, n: int) -> dict[Batch, Terms]:
    """What is taken in, delivered, stocked and sold at a node: (region, material, stream) -> t as prepared terms."""
    data = tree.data[n]
    used: dict[Batch, Terms] = defaultdict(list)
    for u, k in net[n].act:
        if k == CLEAN and data.provenance:
            unit = data.units[u]
            for m, g in unit.inputs.items():
                used[unit.region, m, CLEAN].append((g, flow.act[n, u, k]))
    for r, m, k in net[n].mixed:
        used[r, m, k].append((1.0, flow.mixed[n, r, m, k]))
    for (r, s, m), k in net[n].deliver:
        used[r, m, k].append((1.0, flow.deliver[n, r, s, m, k]))
    for s, k in net[n].fill:
        pile = data.stockpiles[s]
        used[pile.region, pile.material, k].append((1.0, piles.fill[n, s, k]))
    for v, k in net[n].sell:
        used[data.markets[v].region, data.markets[v].material, k].append((1.0, flow.sell[n, v, k]))
    return used


def returned(tree: Tree, net: Network, flow: pyo.Block, n: int) -> dict[tuple[str, str, str], Terms]:
    """Scrap that comes back at a node: (region, scrap, stream) -> t as prepared terms."""
    back: dict[tuple[str, str, str], Terms] = defaultdict(list)
    for row in tree.data[n].returns:
        part = tree.length[n] * row.t_per_t
        for earlier in tree.nodes_of(n, tree.year[n] - row.lag_years) if part else ():
            for (r, s, m), k in net[earlier].deliver:
                if (s, m) == (row.sector, row.material):
                    stream = stream_of_scrap(tree.data[n], row, r, k)
                    back[r, row.scrap, stream].append((part, flow.deliver[earlier, r, s, m, k]))
    return back


def intake_terms(tree: Tree, net: Network, flow: pyo.Block, n: int) -> dict[tuple[str, str], Terms]:
    """All intake of plants and projects at a node: (region, material) -> t as prepared terms."""
    intake: dict[tuple[str, str], Terms] = defaultdict(list)
    for u, k in net[n].act:
        unit = tree.data[n].units[u]
        for m, g in unit.inputs.items():
            intake[unit.region, m].append((g, flow.act[n, u, k]))
    return intake


def demand_at(tree: Tree, n: int, key: tuple[str, str, str]) -> float:
    """t/yr."""
    return tree.data[n].demand[key][tree.time[n]]


def period_demand(tree: Tree, n: int, key: tuple[str, str, str]) -> float:
    """t in the period."""
    return tree.length[n] * demand_at(tree, n, key)


def _volume(tree: Tree, n: int, market: str) -> float:
    """t in the period, infinite when unlimited."""
    return tree.length[n] * tree.data[n].markets[market].volume_in(tree.time[n])


def avoidable(tree: Tree, n: int, option: str, key: tuple[str, str, str]) -> float:
    """share * demand, t in the period."""
    return tree.data[n].substitution[option].share[tree.time[n]] * period_demand(tree, n, key)


def _intake(tree: Tree, net: Network, block: pyo.Block) -> None:
    """(3)"""
    mixed: dict[tuple[int, str, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        data = tree.data[n]
        for r, m, k in net[n].mixed:
            mixed[n, r, m].append((1.0, block.mixed[n, r, m, k]))
        for u, k in net[n].act:
            if k == EXPOSED or not data.provenance:
                unit = data.units[u]
                for m, g in unit.inputs.items():
                    mixed[n, unit.region, m].append((-g, block.act[n, u, k]))
    block.intake = pyo.Constraint(list(mixed), rule=lambda b, *key: linear(mixed[key]) == 0, doc="(3)")


def _demand_rows(tree: Tree, net: Network, block: pyo.Block) -> None:
    """(4)"""
    met: dict[tuple[int, str, str, str], Terms] = {
        (n, *j): [(1.0, block.short[n, *j])] for n in tree.nodes for j in net[n].short
    }
    for n in tree.nodes:
        for j, k in net[n].deliver:
            met[n, *j].append((1.0, block.deliver[n, *j, k]))
        for o, j in net[n].avoid:
            met[n, *j].append((1.0, block.avoid[n, o, *j]))

    def service(b: pyo.Block, n: int, r: str, s: str, m: str) -> object:
        least = tree.data[n].sectors[s].min_service_share
        return b.short[n, r, s, m] <= (1 - least) * period_demand(tree, n, (r, s, m))

    block.demand = pyo.Constraint(
        list(met), rule=lambda b, n, *j: linear(met[n, *j]) == period_demand(tree, n, j), doc="(4)"
    )
    served = [key for key in met if tree.data[key[0]].sectors[key[2]].min_service_share > 0]
    block.service = pyo.Constraint(served, rule=service, doc="(4)")


def _limits(tree: Tree, net: Network, block: pyo.Block) -> None:
    """Lane capacities and sell volumes: over both streams together."""
    lanes: dict[tuple[int, str, str, str], Terms] = {}
    sales: dict[tuple[int, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        for key, lane in tree.data[n].limited_lanes.items():
            if not isinf(lane.capacity_in(tree.time[n])):
                lanes[n, *key] = [(1.0, block.ship[n, *key, k]) for k in STREAMS if (n, *key, k) in block.ship]
        for v, k in net[n].sell:
            if not isinf(_volume(tree, n, v)):
                sales[n, v].append((1.0, block.sell[n, v, k]))

    def within(b: pyo.Block, n: int, m: str, r: str, to: str) -> object:
        limit = tree.length[n] * tree.data[n].lanes[m, r, to].capacity_in(tree.time[n])
        return linear(lanes[n, m, r, to]) <= limit

    block.lane = pyo.Constraint([key for key, terms in lanes.items() if terms], rule=within, doc="(5)")
    block.sales = pyo.Constraint(
        list(sales), rule=lambda b, n, v: linear(sales[n, v]) <= _volume(tree, n, v), doc="(5)"
    )


def _costs(tree: Tree, net: Network, block: pyo.Block) -> None:
    for n in tree.nodes:
        data, time = tree.data[n], tree.time[n]
        cost = {term: block.cost[term][n] for term in block.cost}
        cost["market_purchases"] += [(data.market_price(v, time), block.buy[n, v]) for v in net[n].buy]
        cost["market_sales"] += [(-data.market_price(v, time), block.sell[n, v, k]) for v, k in net[n].sell]
        cost["substitution"] += [(data.substitution[o].cost, block.avoid[n, o, *j]) for o, j in net[n].avoid]
        cost["shortage"] += [(data.sectors[j[1]].shortage_cost, block.short[n, *j]) for j in net[n].short]
        shipping, ships = net[n].shipping, block.ships[n]
        cost["freight"] += [(lane.freight, s) for lane, s in zip(shipping.lanes, ships, strict=True) if lane.freight]
        for i in shipping.taxed:
            m, r, _, k = shipping.ship[i]
            if rate := duty(data, shipping.lanes[i], m, r, k, time):
                cost["tariffs"].append((rate, ships[i]))


def duty(data: PlanData, lane: LaneData, material: str, origin: str, stream: str, time: int) -> float:
    """MUSD per t: the tariff on the price where the lane starts, or what lifts that to the least import price."""
    rate = lane.tariff[time]
    if (not rate and lane.min_price is None) or (lane.applies_to == EXPOSED and stream != EXPOSED):
        return 0.0
    price = data.price_of(material, origin, time)
    return max(rate * price, 0.0 if lane.min_price is None else lane.min_price - price)


def tainted(tree: Tree, net: Network, flow: pyo.Block, piles: pyo.Block) -> Terms:
    """Exposed deliveries, and exposed fills less releases, weighted by probability: the second goal of the tie rule."""
    found: Terms = []
    for n in (n for n in tree.nodes if tree.probability[n] > 0):
        terms = [(1.0, flow.deliver[n, *j, k]) for j, k in net[n].deliver if k == EXPOSED]
        terms += [(1.0, piles.fill[n, s, k]) for s, k in net[n].fill if k == EXPOSED]
        terms += [(-1.0, piles.release[n, s, k]) for s, k in net[n].release if k == EXPOSED]
        found += scaled(tree.probability[n], terms)
    return found
