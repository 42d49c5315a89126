"""Section 8: the China share of deliveries, of intake as far as it is used, and of what is put into stocks."""

from __future__ import annotations

from tests.oracle.flows import delivered, intake_of, made, made_by_units, released, returned, shipped
from tests.oracle.programme import Sum, total
from tests.oracle.stocks import in_stock, kept, lacking, opening_of
from tests.oracle.world import EXPOSED, STREAMS, World, act

from lodestone.data.plan_data import ShareCap


def add_shares(world: World) -> None:
    for n in world.year_ends():
        for cap in world.data(n).caps.values():
            for m in cap.materials:
                _deliveries(world, n, cap, m)
                if cap.sector is None:
                    _intake(world, n, cap, m)
                    _stocks(world, n, cap, m)
    for n in world.tree.nodes:
        _waste(world, n)


def _in_force(world: World, n: int, cap: ShareCap) -> list[tuple[int, float]]:
    """The nodes of the year in which the cap holds, with its share there."""
    found = []
    for x in world.year_nodes(n):
        share = world.data(x).caps[cap.name].share.get(world.tree.time[x])
        if share is not None:
            found.append((x, share))
    return found


def _deliveries(world: World, n: int, cap: ShareCap, m: str) -> None:
    exposed, allowed = Sum(), Sum()
    for x, share in _in_force(world, n, cap):
        for row in world.data(x).demand:
            if row[0] in cap.regions and row[2] == m and cap.sector in (None, row[1]):
                exposed = exposed + delivered(world, x, row, EXPOSED)
                allowed = allowed + share * total(delivered(world, x, row, k) for k in STREAMS)
    world.lp.least(exposed, allowed)


def _intake(world: World, n: int, cap: ShareCap, m: str) -> None:
    """Exposed intake against intake as far as its output is used; a share of 1 allows everything."""
    exposed, allowed = Sum(), Sum()
    for x, share in _in_force(world, n, cap):
        for r in cap.regions:
            exposed = exposed + world.lp.variable("mixed", x, r, m, EXPOSED)
        for u, row in world.data(x).units.items():
            if row.region in cap.regions and (share == 1 or _outputs(world, u)):
                allowed = allowed + share * intake_of(world, x, u, m)
                if share < 1:
                    per_t = max(0.0, -row.recipe.get(m, 0.0)) / row.recipe[_outputs(world, u)[0]]
                    allowed = allowed - share * per_t * world.lp.variable("waste", x, u)
    world.lp.least(exposed, allowed)


def _outputs(world: World, u: str) -> list[str]:
    return [m for m, g in world.base.units[u].recipe.items() if g > 0]


def _waste(world: World, n: int) -> None:
    """Of what is discarded of a main output in a region, units there made what nothing else brought."""
    data = world.data(n)
    mains: dict[tuple[str, str], list[str]] = {}
    for u, row in data.units.items():
        if _outputs(world, u):
            mains.setdefault((row.region, _outputs(world, u)[0]), []).append(u)
    for (r, m), units in mains.items():
        slack, brought, wasted = Sum(), Sum(), Sum()
        for k in STREAMS:
            slack = slack + made(world, n, r, m, k) - shipped(world, n, r, m, k)
            brought = brought + returned(world, n, r, m, k) + released(world, n, r, m, k)
            brought = brought + made_by_units(world, n, r, m, k)
        for u in units:
            mine = data.units[u].recipe[m] * total(act(world, n, u).values())
            waste = world.lp.variable("waste", n, u)
            world.lp.least(waste, mine)
            brought, wasted = brought - mine, wasted + waste
        for name, market in data.markets.items():
            if market.buys and (market.region, market.material) == (r, m):
                brought = brought + world.lp.variable("buy", n, name)
        world.lp.least(slack - brought, wasted)


def _stocks(world: World, n: int, cap: ShareCap, m: str) -> None:
    """What is put into stocks in a year; and no clean reserve is run down and refilled with exposed material."""
    exposed, allowed = Sum(), Sum()
    there = [s for s, x in world.data(n).stockpiles.items() if x.region in cap.regions and x.material == m]
    for x, share in _in_force(world, n, cap):
        for s in there:
            exposed = exposed + world.lp.variable("fill", x, s, EXPOSED)
            allowed = allowed + share * total(world.lp.variable("fill", x, s, k) for k in STREAMS)
    world.lp.least(exposed, allowed)
    share_now = world.data(n).caps[cap.name].share.get(world.tree.time[n])
    if share_now is None:
        return
    for s in there:
        row = world.data(n).stockpiles[s]
        opening = opening_of(world, n, row)[EXPOSED]
        for x in world.tree.path[n]:
            opening *= kept(world, x, row)
        held = in_stock(world, n, s) + lacking(world, n, s)
        world.lp.least(world.lp.variable("stock", n, s, EXPOSED), opening + share_now * (held - opening))
