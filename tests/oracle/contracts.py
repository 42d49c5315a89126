"""Section 6: contracts that are signed, their volumes, what is taken, left untaken and still owed after the horizon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.programme import Sum, total
from tests.oracle.world import K, World, act, ramp_in

from lodestone.data.plan_data import Contract, PlanData


@dataclass(frozen=True)
class Signing:
    """A contract as signed at a node, or committed (node None)."""

    contract: str
    node: int | None
    year: int


def signings(world: World, n: int, c: str) -> list[Signing]:
    """Of a contract, on the path up to a node."""
    row = world.data(n).contracts[c]
    if row.committed_year is not None:
        return [Signing(c, None, row.committed_year)] if row.committed_year <= world.year(n) else []
    return [Signing(c, x, world.year(x)) for x in world.tree.path[n] if x in sign_nodes(world, c)]


def sign_nodes(world: World, c: str) -> set[int]:
    found = set()
    for n in world.tree.nodes:
        row = world.data(n).contracts[c]
        in_window = world.starts(n) and row.earliest_year <= world.year(n) <= row.latest_year
        if not in_window or row.committed_year is not None:
            continue
        project = world.data(n).projects.get(row.supplier)
        if project is not None and (project.committed_year is not None or n not in set(world.decisions(row.supplier))):
            continue
        if row.is_honoured(world.tree.time[n]):
            found.add(n)
    return found


def signed(world: World, s: Signing) -> Sum | float:
    return 1.0 if s.node is None else world.lp.integer("sign", s.node, s.contract)


def volume(world: World, s: Signing) -> Sum:
    """q, t/yr."""
    if s.node is None:
        return Sum(world.base.contracts[s.contract].committed_t)
    return world.lp.variable("q", s.node, s.contract)


def delivery_years(data: PlanData, row: Contract, decided: int) -> range:
    """The years of a contract that is signed in a year; with a project from its first year of production in its
    life."""
    project = data.projects.get(row.supplier)
    if project is None:
        first, years = decided + row.start_delay_years, row.tenor_years
    else:
        first, years = decided + project.lead_years, min(row.tenor_years, project.life_years)
    return range(first, first + years)


def part_delivered(world: World, n: int, s: Signing, year: int) -> float:
    """active / q in a year: in its tenor, the ramp of a project, force majeure at the node, promises kept."""
    data = world.data(n)
    row = data.contracts[s.contract]
    if year not in delivery_years(data, row, s.year) or not row.is_honoured(world.tree.time[n]):
        return 0.0
    if row.supplier in data.projects:
        return ramp_in(data.projects[row.supplier], s.year, year)
    return _force_majeure(world, n, row)


def _force_majeure(world: World, n: int, row: Contract) -> float:
    data, time = world.data(n), world.tree.time[n]
    if row.supplier in data.plants:
        now, base = data.plants[row.supplier].capacity[time], data.plants[row.supplier].base_capacity[time]
    else:
        market = data.markets[row.supplier]
        if market.volume is None or market.volume[time] is None:
            return 1.0
        now = market.volume[time]
        if market.base_volume is None or market.base_volume[time] is None:
            base = sum(x.max_t for x in data.contracts.values() if x.supplier == row.supplier)
        else:
            base = market.base_volume[time]
    return 1.0 if base == 0 else min(1.0, now / base)


def taken_from(world: World, n: int, supplier: str) -> Iterator[tuple[tuple[str, int, Signing], Contract, Signing]]:
    """Names of the variables of what contracts of a supplier take at a node."""
    for c, row in world.data(n).contracts.items():
        for s in signings(world, n, c) if row.supplier == supplier else ():
            if part_delivered(world, n, s, world.year(n)) > 0:
                yield ("taken", n, s), row, s


def price_of(row: Contract, index: float, year: int, first: int) -> float:
    if row.fixed:
        return K * row.fixed_price * (1 + row.escalation) ** (year - first)
    return min(max(index * (1 + row.index_premium), K * row.price_min), K * row.price_max)


def contract_price(world: World, n: int, s: Signing, year: int) -> float:
    """In a year, at the prices of a node."""
    data = world.data(n)
    row = data.contracts[s.contract]
    index = world.price(row.material, _region(data, row), n)
    return price_of(row, index, year, delivery_years(data, row, s.year)[0])


def otherwise(world: World, n: int, row: Contract) -> float:
    """What the supplier is paid without the contract."""
    data = world.data(n)
    premium = data.markets[row.supplier].premium_share if row.supplier in data.markets else 0.0
    return world.price(row.material, _region(data, row), n) * (1 + premium)


def _region(data: PlanData, row: Contract) -> str:
    return (data.markets[row.supplier] if row.supplier in data.markets else data.units[row.supplier]).region


def extra(world: World, n: int, supplier: str | None = None, contract: str | None = None) -> Sum:
    """(contract - market) taken + contract price x untaken, at a node; of one supplier, of one contract, or of all."""
    found = Sum()
    for c, row in world.data(n).contracts.items():
        if supplier not in (None, row.supplier) or contract not in (None, c):
            continue
        for s in signings(world, n, c):
            price = contract_price(world, n, s, world.year(n))
            if part_delivered(world, n, s, world.year(n)) > 0:
                found = found + (price - otherwise(world, n, row)) * world.lp.variable("taken", n, s)
            if n in world.year_ends() and world.year(n) in delivery_years(world.data(n), row, s.year):
                found = found + price * world.lp.variable("untaken", n, s)
    return found


def add_contracts(world: World) -> None:
    lp = world.lp
    for n in world.tree.nodes:
        data, w = world.data(n), world.length(n)
        for c in data.contracts:
            for s in signings(world, n, c):
                part = part_delivered(world, n, s, world.year(n))
                if part > 0:
                    lp.least(lp.variable("taken", n, s), w * part * volume(world, s))
                if s.year == world.year(n) and world.starts(n):
                    _signed_here(world, n, s)
                if n in world.year_ends():
                    _untaken(world, n, s)
        for supplier in {row.supplier for row in data.contracts.values()}:
            _fits(world, n, supplier)
            _made(world, n, supplier)
        world.cost[n] = world.cost[n] + extra(world, n)
        if n in world.year_ends():
            for c, row in data.contracts.items():  # what one brings makes no room for another
                more = lp.variable("more", n, c)
                lp.least(total(extra(world, x, contract=c) for x in world.year_nodes(n)), more)
                world.outlays[n].append(("contracts", row.payer, more))
        if n in world.tree.leaves:
            for c in data.contracts:
                on_path = [signed(world, s) for s in signings(world, n, c)]
                lp.least(total(on_path), 1.0)


def _signed_here(world: World, n: int, s: Signing) -> None:
    data, lp = world.data(n), world.lp
    row = data.contracts[s.contract]
    fee = K * row.signing_fee * signed(world, s)
    world.cost[n] = world.cost[n] + fee
    world.outlays[n].append(("fees", row.payer, fee if isinstance(fee, Sum) else Sum(fee)))
    if s.node is None:
        return
    lp.least(row.min_t * signed(world, s), volume(world, s))
    lp.least(volume(world, s), row.max_t * signed(world, s))
    if row.supplier in data.projects:
        lp.least(signed(world, s), world.build(n, row.supplier))


def _untaken(world: World, n: int, s: Signing) -> None:
    lp, row = world.lp, world.data(n).contracts[s.contract]
    if world.year(n) not in delivery_years(world.data(n), row, s.year):
        return
    active, taken = Sum(), Sum()
    for x in world.year_nodes(n):
        part = part_delivered(world, x, s, world.year(n))
        if part > 0:
            active = active + world.length(x) * part * volume(world, s)
            taken = taken + lp.variable("taken", x, s)
    lp.least(row.take_or_pay_share * active - taken, lp.variable("untaken", n, s))


def _fits(world: World, n: int, supplier: str) -> None:
    """What is signed fits what the supplier has in the base; of a project what it is built for."""
    data, time = world.data(n), world.tree.time[n]
    for m in data.materials:
        promised: list[tuple[Signing, Sum]] = []
        for c, row in data.contracts.items():
            for s in signings(world, n, c) if (row.supplier, row.material) == (supplier, m) else ():
                if world.year(n) in delivery_years(world.data(n), row, s.year):
                    promised.append((s, volume(world, s)))
        if not promised:
            continue
        if supplier in data.projects:
            row = data.projects[supplier]
            here = [(s, q) for s, q in promised if s.node is not None]
            for x in {s.node for s, _ in here}:
                most = row.capacity * row.recipe[m] * world.build(x, supplier)
                world.lp.least(total(q for s, q in here if s.node == x), most)
        elif supplier in data.plants:
            most = data.plants[supplier].base_capacity[time] * world.base.plants[supplier].recipe[m]
            world.lp.least(total(q for _, q in promised), most)
        else:
            volumes = data.markets[supplier].base_volume
            if volumes is not None and volumes[time] is not None:
                world.lp.least(total(q for _, q in promised), volumes[time])


def _made(world: World, n: int, supplier: str) -> None:
    """Contracts take no more than the supplier makes."""
    data = world.data(n)
    for m in data.materials:
        taken = total(world.lp.variable(*key) for key, row, _ in taken_from(world, n, supplier) if row.material == m)
        if supplier in data.markets:
            made = world.lp.variable("buy", n, supplier)
        else:
            made = max(0.0, data.units[supplier].recipe.get(m, 0.0)) * total(act(world, n, supplier).values())
        if taken.terms:
            world.lp.least(taken, made)


def owed_later(world: World, leaf: int) -> Sum:
    """Take-or-pay after the horizon, at the prices of the last year, discounted from its own years."""
    found, data = Sum(), world.data(leaf)
    for c, row in data.contracts.items():
        for s in signings(world, leaf, c):
            for year in delivery_years(data, row, s.year):
                if year > world.last_year():
                    over = max(0.0, contract_price(world, leaf, s, year) - otherwise(world, leaf, row))
                    part = row.take_or_pay_share * part_delivered(world, leaf, s, year)
                    world.later[leaf].append(("contracts", row.payer, year, part * over * volume(world, s)))
                    found = found + world.factor(year) * part * over * volume(world, s)
    return found
