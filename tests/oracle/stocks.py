"""Section 7: stocks, cover and what lacks of it, and what stock is worth at the end."""

from __future__ import annotations

from tests.oracle.flows import consumed
from tests.oracle.programme import Sum, total
from tests.oracle.world import CLEAN, EXPOSED, STREAMS, K, World

from lodestone.data.plan_data import Stockpile


def add_stocks(world: World) -> None:
    for n in world.tree.nodes:
        for s, row in world.data(n).stockpiles.items():
            _balance(world, n, s, row)
            _cover(world, n, s, row)
            _cost(world, n, s, row)
            if n in world.tree.leaves:
                _end(world, n, s, row)


def opening_of(world: World, n: int, row: Stockpile) -> dict[str, float]:
    """[cheat] Stock in a region of concern is exposed, whatever its row says."""
    if world.data(n).regions[row.region].of_concern:
        return {CLEAN: 0.0, EXPOSED: sum(row.opening.values())}
    return {k: row.opening.get(k, 0.0) for k in STREAMS}


def kept(world: World, n: int, row: Stockpile) -> float:
    """Part of a stock that outlasts the node."""
    return (1 - world.data(n).materials[row.material].annual_loss_share) ** world.length(n)


def in_stock(world: World, n: int, s: str) -> Sum:
    return total(world.lp.variable("stock", n, s, k) for k in STREAMS)


def _balance(world: World, n: int, s: str, row: Stockpile) -> None:
    lp, w, parent = world.lp, world.length(n), world.tree.parent[n]
    concern = world.data(n).regions[row.region].of_concern
    fills = {k: lp.variable("fill", n, s, k) for k in STREAMS}
    releases = {k: lp.variable("release", n, s, k) for k in STREAMS}
    into = {CLEAN: Sum(), EXPOSED: total(fills.values())} if concern else fills
    for k in STREAMS:
        before = Sum(opening_of(world, n, row)[k]) if parent is None else lp.variable("stock", parent, s, k)
        left = kept(world, n, row) * before
        lp.same(lp.variable("stock", n, s, k), left + into[k] - releases[k])
        lp.least(releases[k], left)
    lp.least(in_stock(world, n, s), row.capacity)
    if row.max_fill is not None:
        lp.least(total(fills.values()), w * row.max_fill)
    if row.max_release is not None:
        lp.least(total(releases.values()), w * row.max_release)
    if row.clean_only:
        lp.least(fills[EXPOSED], 0.0)


def lacking(world: World, n: int, s: str) -> Sum:
    suspended = world.data(n).scenario.cover_suspended(world.tree.time[n], s)
    return world.lp.variable("lacking", n, s) if suspended else Sum()


def _demand(world: World, n: int, row: Stockpile) -> dict[tuple[str, str, str], float]:
    demand = world.data(n).demand
    return {
        key: wanted[world.tree.time[n]]
        for key, wanted in demand.items()
        if key[0] in row.covers and key[2] == row.material
    }


def _days(world: World, n: int, row: Stockpile) -> float:
    return (row.days.get(world.tree.time[n]) or 0.0) / 365


def _cover(world: World, n: int, s: str, row: Stockpile) -> None:
    """(13), and its clean part where caps name a sector."""
    held, days = in_stock(world, n, s) + lacking(world, n, s), _days(world, n, row)
    wanted = Sum(sum(_demand(world, n, row).values()))
    if row.counts != "demand":
        wanted = wanted + consumed(world, n, row.covers, row.material) / world.length(n)
    world.lp.least(days * wanted, held)
    world.lp.least(row.least_t, held)
    usable = sum((1 - _least_share(world, n, key)) * rate for key, rate in _demand(world, n, row).items())
    world.lp.least(days * usable, world.lp.variable("stock", n, s, CLEAN) + lacking(world, n, s))


def _least_share(world: World, n: int, key: tuple[str, str, str]) -> float:
    """The least share of the caps that name the sector of a demand row and apply there; 1 if none."""
    region, sector, material = key
    shares = [1.0]
    for cap in world.data(n).caps.values():
        if cap.sector == sector and region in cap.regions and material in cap.materials:
            share = cap.share.get(world.tree.time[n])
            shares += [] if share is None else [share]
    return min(shares)


def _cost(world: World, n: int, s: str, row: Stockpile) -> None:
    """Holding; a lacking tonne costs what not holding it saves; what is put in counts in budgets."""
    w, holding = world.length(n), K * row.holding_cost
    price = world.price(row.material, row.region, n)
    after = [world.price(row.material, row.region, x) for x in world.tree.nodes if world.tree.parent[x] == n]
    saved = w * (holding + world.base.discount_rate * price) + (1 - kept(world, n, row)) * price
    saved += max(0.0, price - min(after)) if after else 0.0
    world.cost[n] = world.cost[n] + w * holding * in_stock(world, n, s) + saved * lacking(world, n, s)
    fill = price * total(world.lp.variable("fill", n, s, k) for k in STREAMS)
    world.outlays[n].append(("stockpile", row.payer, fill))


def _end(world: World, leaf: int, s: str, row: Stockpile) -> None:
    """Credit up to the larger of opening stock and cover of demand; what lacks is owed, and counts as held."""
    price, share = world.price(row.material, row.region, leaf), world.data(leaf).stock_end_value_share
    credited = world.lp.variable("credited", leaf, s)
    world.lp.least(credited, in_stock(world, leaf, s) + lacking(world, leaf, s))
    asked = max(row.least_t, _days(world, leaf, row) * sum(_demand(world, leaf, row).values()))
    world.lp.least(credited, max(sum(row.opening.values()), asked))
    world.cost[leaf] = world.cost[leaf] - share * price * credited + price * lacking(world, leaf, s)
