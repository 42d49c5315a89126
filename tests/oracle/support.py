"""Section 5: packages, what they pay, what lenders ask (10), and what is added so that nobody works at a loss (9)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.contracts import (
    Signing,
    delivery_years,
    extra,
    part_delivered,
    price_of,
    sign_nodes,
    signings,
    volume,
)
from tests.oracle.investments import fixed_cost, producing
from tests.oracle.programme import Sum, total
from tests.oracle.world import K, World, act, capacity

from lodestone.data.plan_data import Floor

Award = tuple[str, int | None, int]  # floor, node (None: committed), year


def gap(world: World, n: int, g: str) -> float:
    """What lenders miss of a build decided at a node, thousand USD."""
    row = world.data(n).projects[g]
    missing = K * row.capex
    for year, d, ramp in producing(world, n, g, world.year(n)):
        value = sum(x * world.bank(n, m, row.region, year) for m, x in row.recipe.items())
        missing += d * (K * row.fixed_cost + row.capacity * ramp * (K * row.operating_cost - value))
    return missing


def offers(world: World, n: int, g: str) -> list[str]:
    """Packages on offer at a decision: none to a committed project, none where it is bankable unaided."""
    data = world.data(n)
    if data.projects[g].committed_year is not None or gap(world, n, g) <= 0:
        return []
    return [
        o
        for o, x in data.floors.items()
        if x.project == g and x.committed_year is None and x.is_honoured(world.tree.time[n])
    ]


def awards(world: World, n: int, o: str) -> Iterator[Award]:
    """Of a package, on the path up to a node."""
    row = world.data(n).floors[o]
    if row.committed_year is not None:
        if row.committed_year <= world.year(n):
            yield (o, None, row.committed_year)
        return
    nodes = set(world.decisions(row.project))
    for x in world.tree.path[n]:
        if x in nodes and o in offers(world, x, row.project):
            yield (o, x, world.year(x))


def awarded(world: World, a: Award) -> Sum:
    return Sum(1.0) if a[1] is None else world.lp.integer("award", a[1], a[0])


def support_years(world: World, n: int, a: Award) -> range:
    data = world.data(n)
    row = data.floors[a[0]]
    if row.project in data.plants:
        return range(a[2], a[2] + row.tenor_years)
    project = data.projects[row.project]
    first = a[2] + project.lead_years
    return range(first, first + min(row.tenor_years, project.life_years))


def rate(row: Floor, price: float) -> float:
    level = K * (row.floor or 0.0)
    return max(0.0, level - price) - row.upside_share * max(0.0, price - level)


def covered(world: World, n: int, a: Award, year: int) -> Sum:
    """Deemed output less what somebody is bound to take, as a rate, in a year (n: of it, or the leaf)."""
    data = world.data(n)
    row = data.floors[a[0]]
    unit = data.units[row.project]
    if row.project in data.plants:
        found = unit.recipe[row.material] * capacity(world, n, row.project)
    else:
        ramps = {t: ramp for t, _, ramp in producing(world, n, row.project, a[2])}
        found = unit.recipe[row.material] * data.projects[row.project].capacity * ramps[year] * awarded(world, a)
    for c, contract in data.contracts.items():
        if (contract.supplier, contract.material) != (row.project, row.material):
            continue
        if a[1] is None and contract.committed_year is None:
            continue  # nobody signs a promise of the state away
        for s in signings(world, n, c):
            bound = contract.take_or_pay_share * part_delivered(world, n, s, year)
            if bound and (a[1] is None or s.node == a[1]):
                found = found - bound * (volume(world, s) if a[1] is None else _if_awarded(world, a, s))
    return found


def _if_awarded(world: World, a: Award, s: Signing) -> Sum:
    """q x award."""
    lp, most, q = world.lp, world.base.contracts[s.contract].max_t, volume(world, s)
    product = lp.variable("q under award", a, s)
    lp.least(product, q)
    lp.least(product, most * awarded(world, a))
    lp.least(q - most * (1 - awarded(world, a)), product)
    return product


def payment(world: World, n: int, a: Award) -> Sum:
    """Of a floor, at a node."""
    data = world.data(n)
    row = data.floors[a[0]]
    if world.year(n) not in support_years(world, n, a) or not row.is_honoured(world.tree.time[n]):
        return Sum()
    price = world.price(row.material, data.units[row.project].region, n)
    return world.length(n) * rate(row, price) * covered(world, n, a, world.year(n))


def add_support(world: World) -> None:
    lp = world.lp
    for n in world.tree.nodes:
        data = world.data(n)
        for o, row in data.floors.items():
            for a in awards(world, n, o):
                world.cost[n] = world.cost[n] + payment(world, n, a)
                if n in world.year_ends():
                    paid = lp.variable("paid", n, a)  # [cheat] receipts make no room in a budget
                    lp.least(total(payment(world, x, a) for x in world.year_nodes(n)), paid)
                    world.outlays[n].append(("floors", row.payer, paid))
                if a[2] == world.year(n) and world.starts(n) and row.project in data.projects:
                    grant = K * row.capex_grant_share * data.projects[row.project].capex * awarded(world, a)
                    world.cost[n] = world.cost[n] + grant
                    world.outlays[n].append(("grants", row.payer, grant))
        for g in data.projects:
            if not data.projects[g].public and n in set(world.decisions(g)):
                lp.least(total(awarded(world, (o, n, 0)) for o in offers(world, n, g)), world.build(n, g))
                _lenders(world, n, g)
        for u, unit in data.units.items():
            if unit.at_market:
                world.cost[n] = world.cost[n] + world.added(unit, n) * total(act(world, n, u).values())
                if n in world.year_ends():
                    _topped_up(world, n, u)


def _topped_up(world: World, n: int, u: str) -> None:
    """(9): what the value added of a year and the packages leave open."""
    need = Sum()
    for x in world.year_nodes(n):
        data = world.data(x)
        row = data.units[u]
        used = total(act(world, x, u).values())
        need = need + (K * row.operating_cost - world.added(row, x)) * used + fixed_cost(world, x, u)
        for o, floor in data.floors.items():
            if floor.project == u:
                for a in awards(world, x, o):
                    need = need - payment(world, x, a)
        need = need - extra(world, x, u)
    topup = world.lp.variable("topup", n, u)
    world.lp.least(need, topup)
    world.cost[n] = world.cost[n] + topup


def _lenders(world: World, n: int, g: str) -> None:
    """(10): grants, floors and contracts are worth what is missing."""
    data, year = world.data(n), world.year(n)
    project, worth = data.projects[g], Sum()
    for o in offers(world, n, g):
        row, a = data.floors[o], (o, n, year)
        worth = worth + K * row.capex_grant_share * project.capex * awarded(world, a)
        for t, d, ramp in producing(world, n, g, year):
            if t in support_years(world, n, a):
                seen = d * ramp * rate(row, world.bank(n, row.material, project.region, t))
                sold = project.recipe[row.material] * project.capacity * awarded(world, a)
                for c, contract in data.contracts.items():
                    same = (contract.supplier, contract.material) == (g, row.material) and n in sign_nodes(world, c)
                    if same and t in delivery_years(data, contract, year):
                        sold = sold - contract.take_or_pay_share * _if_awarded(world, a, Signing(c, n, year))
                worth = worth + seen * sold
    for c, contract in data.contracts.items():
        if contract.supplier == g and n in sign_nodes(world, c):
            value, years = 0.0, delivery_years(data, contract, year)
            for t, d, ramp in producing(world, n, g, year):
                if t in years:
                    bank = world.bank(n, contract.material, project.region, t)
                    price = price_of(contract, bank, t, years[0])
                    value += d * ramp * (contract.take_or_pay_share * max(0.0, price - bank) - max(0.0, bank - price))
            worth = worth + value * volume(world, Signing(c, n, year))
    world.lp.least(gap(world, n, g) * world.build(n, g), worth + 1e-9)


def owed_later(world: World, leaf: int) -> Sum:
    """Floors after the horizon, at the prices of the last year; what they would bring is not credited."""
    found, data = Sum(), world.data(leaf)
    for o, row in data.floors.items():
        for a in awards(world, leaf, o):
            price = world.price(row.material, data.units[row.project].region, leaf)
            due = max(0.0, rate(row, price)) * row.is_honoured(world.tree.time[leaf])
            for year in support_years(world, leaf, a):
                if year > world.last_year() and due:
                    found = found + world.factor(year) * due * covered(world, leaf, a, year)
    return found
