"""(23): a region takes on new suppliers abroad only step by step."""

from __future__ import annotations

from tests.oracle.flows import sent
from tests.oracle.programme import Sum, total
from tests.oracle.world import World, capacity, intake_of, ramp_in


def add_suppliers(world: World) -> None:
    for r in world.base.regions:
        for m in world.base.materials:
            lanes = sorted(
                {
                    lane
                    for n in world.tree.nodes
                    for lane in world.data(n).lanes
                    if lane[0] == m and lane[2] == r != lane[1]
                }
                | {
                    lane
                    for n in world.tree.nodes
                    for lane in world.data(n).trade
                    if lane[0] == m and lane[2] == r != lane[1]
                }
            )
            for n in world.tree.nodes:
                if world.data(n).materials[m].resourcing_share is not None:
                    _region(world, n, r, m, lanes)


def _region(world: World, n: int, r: str, m: str, lanes: list[tuple[str, str, str]]) -> None:
    data, w, parent = world.data(n), world.length(n), world.tree.parent[n]
    known = any(lane[0] == m and lane[2] == r for lane in data.trade)
    new = Sum()
    for lane in lanes:
        now, rate = world.lp.variable("known", n, *lane), sent(world, n, lane) / w
        if parent is None:
            before = Sum(data.trade.get(lane, 0.0)) if known else Sum()
        else:
            before = world.lp.variable("known", parent, *lane)
        world.lp.least(before, now)
        world.lp.least(rate, now)
        world.lp.least(now - before, rate)
        new = new + now - before
    if parent is None and not known:
        return
    share = data.materials[m].resourcing_share or 0.0
    world.lp.least(new, share * w * _could(world, n, r, m) + _rise(world, n, r, m) + _taken(world, n, r, m))


def _demand(world: World, n: int, r: str, m: str) -> float:
    time = world.tree.time[n]
    return sum(wanted[time] for row, wanted in world.data(n).demand.items() if (row[0], row[2]) == (r, m))


def _could(world: World, n: int, r: str, m: str) -> Sum:
    """Demand, plants at full use, and what projects take in, as rates."""
    found = Sum(_demand(world, n, r, m))
    for u, row in world.data(n).units.items():
        if row.region == r:
            if u in world.data(n).plants:
                found = found + max(0.0, -row.recipe.get(m, 0.0)) * capacity(world, n, u)
            else:
                found = found + intake_of(world, n, u, m) / world.length(n)
    return found


def _rise(world: World, n: int, r: str, m: str) -> float:
    """What demand exceeds its highest before."""
    highest = max((_demand(world, x, r, m) for x in world.before(n)), default=None)
    return 0.0 if highest is None else max(0.0, _demand(world, n, r, m) - highest)


def _taken(world: World, n: int, r: str, m: str) -> Sum:
    """What units take in with capacity that they did not have before, each by itself."""
    data, found = world.data(n), []
    for u, row in data.units.items():
        need = max(0.0, -row.recipe.get(m, 0.0))
        if row.region != r or not need:
            continue
        taken = world.lp.variable("with new capacity", n, u, m)
        world.lp.least(taken, intake_of(world, n, u, m) / world.length(n))
        world.lp.least(taken, need * _gain(world, n, u))
        found.append(taken)
    return total(found)


def _gain(world: World, n: int, u: str) -> Sum:
    """Capacity above its highest before; at the root: of projects that did not produce before."""
    data, before = world.data(n), world.before(n)
    if u in data.plants:
        if not before:
            return Sum()
        now = capacity(world, n, u).number
        return Sum(max(0.0, now - max(capacity(world, x, u).number for x in before)))
    row = data.projects[u]
    if not before:
        early = row.committed_year
        produced = early is not None and any(ramp_in(row, early, y) > 0 for y in range(early, world.year(n)))
        return Sum() if produced else capacity(world, n, u)
    if row.max_builds > 1:
        return _gain_of_several(world, n, u)
    gain = Sum()
    for decided, number in world.builds(n, u):
        highest = max(ramp_in(world.data(x).projects[u], decided, world.year(x)) for x in before)
        gain = gain + row.capacity * max(0.0, ramp_in(row, decided, world.year(n)) - highest) * number
    return gain


def _gain_of_several(world: World, n: int, u: str) -> Sum:
    """max(0, capacity now - each before): a binary says whether there is any gain."""
    row = world.data(n).projects[u]
    most = row.capacity * row.max_builds
    gain, any_gain = world.lp.variable("gain", n, u), world.lp.integer("any gain", n, u)
    world.lp.least(gain, most * any_gain)
    for x in world.before(n):
        world.lp.least(gain, capacity(world, n, u) - capacity(world, x, u) + most * (1 - any_gain))
    return gain
