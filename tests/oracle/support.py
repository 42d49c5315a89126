"""Section 5: packages, what they pay, what lenders ask (10), what is added so that nobody works at a loss (9), and
what a build must earn in the plan (26)."""

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
                if data.projects[g].committed_year is None and world.tree.probability[n] > 0:
                    _earns(world, n, g)
        for u, unit in data.units.items():
            if unit.at_market:
                world.cost[n] = world.cost[n] + world.added(unit, n) * total(act(world, n, u).values())
                if n in world.year_ends():
                    _topped_up(world, n, u)


def _lacks(world: World, x: int, u: str) -> Sum:
    """What a unit paid at market lacks at a node: operating and fixed cost less value added, packages and contracts."""
    data = world.data(x)
    row = data.units[u]
    used = total(act(world, x, u).values())
    lacks = (K * row.operating_cost - world.added(row, x)) * used + fixed_cost(world, x, u)
    for o, floor in data.floors.items():
        if floor.project == u:
            for a in awards(world, x, o):
                lacks = lacks - payment(world, x, a)
    return lacks - extra(world, x, u)


def _topped_up(world: World, n: int, u: str) -> None:
    """(9): what the value added of a year and the packages leave open."""
    topup = world.lp.variable("topup", n, u)
    world.lp.least(total(_lacks(world, x, u) for x in world.year_nodes(n)), topup)
    world.cost[n] = world.cost[n] + topup
    if u in world.data(n).projects and world.data(n).projects[u].committed_year is None:
        begun = world.year(n) - world.data(n).projects[u].lead_years
        planned = total(number for decided, number in world.builds(n, u) if decided <= begun)
        world.lp.least(topup, UNBOUNDED * planned)  # nothing is added before the first planned year of production


UNBOUNDED = 1e8  # thousand USD a year


def _earns(world: World, n: int, g: str) -> None:
    """(26): what a build decided at a node earns in the plan, at its hurdle rate, is worth what it costs."""
    project, earned = world.data(n).projects[g], Sum()

    def weighed(x: int, year: int) -> float:
        return float(world.tree.probability[x] / world.tree.probability[n]) * (1 + project.hurdle_rate) ** (
            world.year(n) - year
        )

    for x in world.tree.nodes:
        if n in world.tree.path[x]:
            earned = earned - weighed(x, world.year(x)) * _lacks(world, x, g)
            if x in world.year_ends():
                earned = earned + weighed(x, world.year(x)) * world.lp.variable("topup", x, g)
            if x in world.tree.leaves:
                earned = earned + weighed(x, world.year(n)) * _tail(world, n, g, x)
    offered = offers(world, n, g)
    grants = total(world.data(n).floors[o].capex_grant_share * awarded(world, (o, n, 0)) for o in offered)
    world.lp.least(K * project.capex * (world.build(n, g) - grants), earned + 1e-6)


def _tail(world: World, n: int, g: str, leaf: int) -> Sum:
    """What lenders count after the horizon, worth at the decision, but for promises that are broken at the leaf."""
    data, year, time = world.data(leaf), world.year(n), world.tree.time[leaf]
    project, lp = data.projects[g], world.lp
    later = [(t, d, ramp) for t, d, ramp in producing(world, n, g, year) if t > world.last_year()]
    margin, found = 0.0, Sum()
    for t, d, ramp in later:
        value = sum(x * world.bank(n, m, project.region, t) for m, x in project.recipe.items())
        margin += d * (project.capacity * ramp * (value - K * project.operating_cost) - K * project.fixed_cost)
    if margin > 0 and project.fixed_cost:
        own = lp.variable("own", n, g, leaf)
        lp.least(own, margin * world.build(n, g))
        lp.least(own, margin * lp.variable("open", leaf, g))
        found = found + own
    else:
        found = found + margin * world.build(n, g)
    kept = [c for c, x in data.contracts.items() if x.supplier == g and n in sign_nodes(world, c)]
    kept = [c for c in kept if data.contracts[c].is_honoured(time)]
    for c in kept:
        row, years = data.contracts[c], delivery_years(data, data.contracts[c], year)
        for t, d, ramp in later:
            if t in years:
                bank = world.bank(n, row.material, project.region, t)
                price = price_of(row, bank, t, years[0])
                worth = d * ramp * (row.take_or_pay_share * max(0.0, price - bank) - max(0.0, bank - price))
                found = found + worth * volume(world, Signing(c, n, year))
    for o in offers(world, n, g):
        floor, a = data.floors[o], (o, n, year)
        for t, d, ramp in later if floor.is_honoured(time) else ():
            if t not in support_years(world, n, a):
                continue
            sold = project.recipe[floor.material] * project.capacity * awarded(world, a)
            for c in kept:
                row = data.contracts[c]
                if row.material == floor.material and t in delivery_years(data, row, year):
                    sold = sold - row.take_or_pay_share * _if_awarded(world, a, Signing(c, n, year))
            found = found + d * ramp * rate(floor, world.bank(n, floor.material, project.region, t)) * sold
    return found


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
