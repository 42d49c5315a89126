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
from tests.oracle.packages import (
    Award,
    gap_of,
    kept_by_base,
    level,
    margin_seen,
    put_in,
    rate_at,
    returns,
    seen_of_terms,
    support_years,
)
from tests.oracle.programme import Sum, total
from tests.oracle.world import K, World, act, capacity, ramp_in

from lodestone.data.plan_data import Contract, Floor


def offers(world: World, n: int, g: str) -> list[str]:
    """Packages on offer at a decision: none to a committed project, none where it is bankable unaided, no blank floor
    above what it may be at most."""
    data, year = world.data(n), world.year(n)
    if data.projects[g].committed_year is not None or gap_of(world, n, g, year) <= 0:
        return []
    return [
        o
        for o, x in data.floors.items()
        if x.project == g
        and x.committed_year is None
        and x.is_honoured(world.tree.time[n])
        and level(world, n, (o, n, year)) is not None
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


def deemed(world: World, n: int, a: Award, year: int) -> Sum:
    """What could be made, made or not, as a rate, in a year (n: of it, or the leaf)."""
    data = world.data(n)
    row = data.floors[a[0]]
    unit = data.units[row.project]
    if row.project in data.plants:
        return unit.recipe[row.material] * capacity(world, n, row.project)
    ramp = ramp_in(data.projects[row.project], a[2], year)
    return unit.recipe[row.material] * data.projects[row.project].capacity * ramp * awarded(world, a)


def covered(world: World, n: int, a: Award, year: int) -> Sum:
    """Deemed output less what somebody is bound to take, as a rate, in a year (n: of it, or the leaf)."""
    data = world.data(n)
    row = data.floors[a[0]]
    found = deemed(world, n, a, year)
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


def floor_of(world: World, n: int, a: Award) -> float:
    """Of an award, worked out where it was made."""
    return level(world, n if a[1] is None else a[1], a) or 0.0


def pays(world: World, n: int, a: Award) -> bool:
    row = world.data(n).floors[a[0]]
    return world.year(n) in support_years(world, n, a) and row.is_honoured(world.tree.time[n])


def payment(world: World, n: int, a: Award, at_bank: bool = False) -> Sum:
    """Of a floor, at a node; at_bank: if the price were that of lenders."""
    data = world.data(n)
    row = data.floors[a[0]]
    if not pays(world, n, a):
        return Sum()
    region = data.units[row.project].region
    price = world.bank(n, row.material, region, world.year(n)) if at_bank else world.price(row.material, region, n)
    return world.length(n) * rate_at(row, floor_of(world, n, a), price) * covered(world, n, a, world.year(n))


def credit(world: World, n: int, a: Award) -> Sum:
    """On all deemed output, contracted or not, at a node."""
    row = world.data(n).floors[a[0]]
    if not row.credit or not pays(world, n, a):
        return Sum()
    return world.length(n) * K * row.credit * deemed(world, n, a, world.year(n))


def add_support(world: World) -> None:
    lp = world.lp
    for n in world.tree.nodes:
        data = world.data(n)
        for o, row in data.floors.items():
            for a in awards(world, n, o):
                world.cost[n] = world.cost[n] + payment(world, n, a) + credit(world, n, a)
                world.outlays[n].append(("floors", row.payer, credit(world, n, a)))
                if n in world.year_ends():
                    for kind, at_bank in (("floors", False), ("contingent", True)):
                        paid = lp.variable(kind, n, a)  # [cheat] receipts make no room in a budget
                        lp.least(total(payment(world, x, a, at_bank) for x in world.year_nodes(n)), paid)
                        world.outlays[n].append((kind, row.payer, paid))
                if row.project in data.projects:
                    _put_in(world, n, a)
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


def _put_in(world: World, n: int, a: Award) -> None:
    """Grant, loan and stake at the decision; what comes back of them."""
    row = world.data(n).floors[a[0]]
    project = world.data(n).projects[row.project]
    if a[2] == world.year(n) and world.starts(n):
        for kind, musd in (
            ("grants", row.capex_grant_share * project.capex),
            ("loans", row.loan_share * project.capex),
            ("equity", row.equity),
        ):
            world.cost[n] = world.cost[n] + K * musd * awarded(world, a)
            world.outlays[n].append((kind, row.payer, K * musd * awarded(world, a)))
    back = returns(world, n, a)
    money = back.repaid + back.dividends + back.repaid_after + back.dividends_after
    world.cost[n] = world.cost[n] - money * awarded(world, a)


def _lacks(world: World, x: int, u: str) -> Sum:
    """What a unit paid at market lacks at a node: operating and fixed cost less value added, packages and contracts."""
    data = world.data(x)
    row = data.units[u]
    used = total(act(world, x, u).values())
    lacks = (K * row.operating_cost - world.added(row, x)) * used + fixed_cost(world, x, u)
    for o, floor in data.floors.items():
        if floor.project == u:
            for a in awards(world, x, o):
                lacks = lacks - payment(world, x, a) - credit(world, x, a)
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

    decided_here = [(o, n, world.year(n)) for o in offers(world, n, g)]
    for x in world.tree.nodes:
        if n in world.tree.path[x]:
            earned = earned - weighed(x, world.year(x)) * _lacks(world, x, g)
            for a in decided_here:
                earned = earned - weighed(x, world.year(x)) * returns(world, x, a).owed * awarded(world, a)
            if x in world.year_ends():
                earned = earned + weighed(x, world.year(x)) * world.lp.variable("topup", x, g)
            if x in world.tree.leaves:
                earned = earned + weighed(x, world.year(n)) * _tail(world, n, g, x)
    given = total(put_in(world.data(n).floors[a[0]], project) * awarded(world, a) for a in decided_here)
    world.lp.least(K * project.capex * world.build(n, g) - given, earned + 1e-6)


def _tail(world: World, n: int, g: str, leaf: int) -> Sum:
    """What lenders count after the horizon, worth at the decision, but for promises that are broken at the leaf."""
    data, lp, last = world.data(leaf), world.lp, world.last_year()
    later = [year for year in producing(world, n, g, world.year(n)) if year[0] > last]
    margin = sum(d * margin_seen(world, n, g, t, ramp) for t, d, ramp in later)
    if margin > 0 and data.projects[g].fixed_cost:
        found = lp.variable("own", n, g, leaf)
        lp.least(found, margin * world.build(n, g))
        lp.least(found, margin * lp.variable("open", leaf, g))
    else:
        found = margin * world.build(n, g)
    return found + _promised(world, n, g, later, leaf)


def _promised(world: World, n: int, g: str, years: list[tuple[int, float, float]], leaf: int | None = None) -> Sum:
    """What contracts and packages of a decision are worth to lenders in some years of its life.

    leaf: of years after the horizon, without the promises that are broken there.
    """
    data, year = world.data(n), world.year(n)
    project, found = data.projects[g], Sum()
    offered = [(o, n, year) for o in offers(world, n, g)]
    signed_here = [
        Signing(c, n, year) for c, row in data.contracts.items() if row.supplier == g and n in sign_nodes(world, c)
    ]

    def counts(row: Floor | Contract, t: int) -> bool:
        if leaf is not None:
            now = world.data(leaf).floors if isinstance(row, Floor) else world.data(leaf).contracts
            if not now[row.name].is_honoured(world.tree.time[leaf]):
                return False
        return kept_by_base(world, row.base_honoured, t)

    for s in signed_here:
        row, value = data.contracts[s.contract], 0.0
        first = delivery_years(data, row, year)[0]
        for t, d, ramp in years:
            if t in delivery_years(data, row, year) and counts(row, t):
                bank = world.bank(n, row.material, project.region, t)
                price = price_of(row, bank, t, first)
                value += d * ramp * (row.take_or_pay_share * max(0.0, price - bank) - max(0.0, bank - price))
        found = found + value * volume(world, s)
        for a in offered:  # who has a stake takes a part of it
            if data.floors[a[0]].equity_share:
                found = found - data.floors[a[0]].equity_share * value * _if_awarded(world, a, s)
    for a in offered:
        floor = data.floors[a[0]]
        for t, d, ramp in years:
            if t in support_years(world, n, a) and counts(floor, t):
                sold = project.recipe[floor.material] * project.capacity * awarded(world, a)
                for s in signed_here:
                    row = data.contracts[s.contract]
                    if row.material == floor.material and t in delivery_years(data, row, year) and counts(row, t):
                        sold = sold - row.take_or_pay_share * _if_awarded(world, a, s)
                rate = rate_at(floor, floor_of(world, n, a), world.bank(n, floor.material, project.region, t))
                found = found + (1 - floor.equity_share) * d * ramp * rate * sold
        broken = leaf is not None and not world.data(leaf).floors[a[0]].is_honoured(world.tree.time[leaf])
        terms = seen_of_terms(world, n, a, None if leaf is None else world.last_year(), broken)
        found = found + terms * awarded(world, a)
    return found


def _lenders(world: World, n: int, g: str) -> None:
    """(10): what packages and contracts are worth to lenders is at least what is missing."""
    data, year = world.data(n), world.year(n)
    worth = _promised(world, n, g, producing(world, n, g, year))
    for o in offers(world, n, g):
        worth = worth + put_in(data.floors[o], data.projects[g]) * awarded(world, (o, n, year))
    world.lp.least(gap_of(world, n, g, year) * world.build(n, g), worth + 1e-9)


def owed_later(world: World, leaf: int) -> Sum:
    """Floors and credits after the horizon, at the prices of the last year; what would come back is not credited.

    Each year of it is held to the budget of the last year, as is what floors would pay at lenders' prices.
    """
    found, data = Sum(), world.data(leaf)
    for o, row in data.floors.items():
        for a in awards(world, leaf, o):
            for t in support_years(world, leaf, a):
                if t <= world.last_year() or not row.is_honoured(world.tree.time[leaf]):
                    continue
                region, floor = data.units[row.project].region, floor_of(world, leaf, a)
                here, bank = world.price(row.material, region, leaf), world.bank(leaf, row.material, region, t)
                due = max(0.0, rate_at(row, floor, here)) * covered(world, leaf, a, t)
                due = due + K * row.credit * deemed(world, leaf, a, t)
                world.later[leaf].append(("floors", row.payer, t, due))
                feared = max(0.0, rate_at(row, floor, bank)) * covered(world, leaf, a, t)
                world.later[leaf].append(("contingent", row.payer, t, feared))
                found = found + world.factor(t) * due
    return found
