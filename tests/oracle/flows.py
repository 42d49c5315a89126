"""(1) to (5): what is made, bought, shipped, taken in, delivered and designed out at each node, and what it costs."""

from __future__ import annotations

from tests.oracle.contracts import taken_from
from tests.oracle.programme import Sum, total
from tests.oracle.world import CLEAN, EXPOSED, STREAMS, K, World, act, capacity, intake_of, worked_by


def add_flows(world: World) -> None:
    for n in world.tree.nodes:
        _capacity(world, n)
        _markets(world, n)
        _lanes(world, n)
        _demand(world, n)
        _substitution(world, n)
        _intake(world, n)
        data = world.data(n)
        for r in data.regions:
            for m in data.materials:
                for k in STREAMS:
                    world.lp.least(shipped(world, n, r, m, k), made(world, n, r, m, k))
                    world.lp.same(used(world, n, r, m, k), _arriving(world, n, r, m, k))


def made(world: World, n: int, r: str, m: str, k: str) -> Sum:
    """The left side of (1)."""
    data = world.data(n)
    found = made_by_units(world, n, r, m, k)
    for name, row in data.markets.items():
        if row.buys and (row.region, row.material, EXPOSED if row.exposed else CLEAN) == (r, m, k):
            found = found + world.lp.variable("buy", n, name)
    return found + released(world, n, r, m, k) + returned(world, n, r, m, k)


def made_by_units(world: World, n: int, r: str, m: str, k: str) -> Sum:
    found = Sum()
    for u, row in world.data(n).units.items():
        streams = act(world, n, u) if row.region == r else {}
        if k in streams:
            found = found + max(0.0, row.recipe.get(m, 0.0)) * streams[k]
    return found


def released(world: World, n: int, r: str, m: str, k: str) -> Sum:
    piles = world.data(n).stockpiles
    return total(world.lp.variable("release", n, s, k) for s, x in piles.items() if (x.region, x.material) == (r, m))


def returned(world: World, n: int, r: str, m: str, k: str) -> Sum:
    """Scrap of earlier deliveries in the region; [cheat] in a region of concern it is exposed whatever its row says."""
    data, found = world.data(n), Sum()
    for row in data.returns:
        if row.scrap != m or (r, row.sector, row.material) not in data.demand:
            continue
        for x in world.tree.path[n]:
            if world.year(x) != world.year(n) - row.lag_years:
                continue
            for stream in STREAMS:
                back = EXPOSED if data.regions[r].of_concern else CLEAN if row.clean else stream
                if back == k:
                    found = found + world.length(n) * row.t_per_t * delivered(
                        world, x, (r, row.sector, row.material), stream
                    )
    return found


def delivered(world: World, n: int, row: tuple[str, str, str], k: str) -> Sum:
    return world.lp.variable("deliver", n, *row, k)


def shipped(world: World, n: int, r: str, m: str, k: str) -> Sum:
    return total(_ship(world, n, lane, k) for lane in world.data(n).lanes if lane[:2] == (m, r))


def _arriving(world: World, n: int, r: str, m: str, k: str) -> Sum:
    return total(_ship(world, n, lane, k) for lane in world.data(n).lanes if (lane[0], lane[2]) == (m, r))


def _ship(world: World, n: int, lane: tuple[str, str, str], k: str) -> Sum:
    return world.lp.variable("ship", n, *lane, k)


def sent(world: World, n: int, lane: tuple[str, str, str]) -> Sum:
    """On a lane, both streams; nothing where it is closed."""
    return total(_ship(world, n, lane, k) for k in STREAMS) if lane in world.data(n).lanes else Sum()


def used(world: World, n: int, r: str, m: str, k: str) -> Sum:
    """The right side of (2)."""
    data = world.data(n)
    found = world.lp.variable("mixed", n, r, m, k)
    if k == CLEAN and data.provenance:
        for u, row in data.units.items():
            streams = act(world, n, u) if row.region == r else {}
            if CLEAN in streams:
                found = found + max(0.0, -row.recipe.get(m, 0.0)) * streams[CLEAN]
    for row in data.demand:
        if (row[0], row[2]) == (r, m):
            found = found + delivered(world, n, row, k)
    for s, pile in data.stockpiles.items():
        if (pile.region, pile.material) == (r, m):
            found = found + world.lp.variable("fill", n, s, k)
    for name, place in data.markets.items():
        if not place.buys and (place.region, place.material) == (r, m):
            found = found + world.lp.variable("sell", n, name, k)
    return found


def _intake(world: World, n: int) -> None:
    """(3): all that is not taken in clean-mode is mixed."""
    data = world.data(n)
    for r in data.regions:
        for m in data.materials:
            other = Sum()
            for u, row in data.units.items():
                for k, used_t in act(world, n, u).items() if row.region == r else ():
                    if k == EXPOSED or not data.provenance:
                        other = other + max(0.0, -row.recipe.get(m, 0.0)) * used_t
            world.lp.same(total(world.lp.variable("mixed", n, r, m, k) for k in STREAMS), other)


def _capacity(world: World, n: int) -> None:
    """(5) for units; a unit by the whole-plant rule is clean or exposed in a node."""
    data, w = world.data(n), world.length(n)
    for u, row in data.units.items():
        streams, there = act(world, n, u), capacity(world, n, u)
        everything = total(streams.values())
        world.lp.least(everything, w * there)
        if u in data.plants or not data.projects[u].public:
            bought = total(world.lp.variable(*key) / row.recipe[c.material] for key, c, _ in taken_from(world, n, u))
            world.lp.least(everything, row.spot_share * w * there + bought)
        if row.whole_plant and data.provenance and len(streams) > 1:
            exposed = world.lp.integer("turned", n, u)
            most = (
                data.plants[u].capacity[world.tree.time[n]]
                if u in data.plants
                else data.projects[u].capacity * data.projects[u].max_builds
            )
            world.lp.least(streams[EXPOSED], most * exposed)
            world.lp.least(streams[CLEAN], most - most * exposed)


def _markets(world: World, n: int) -> None:
    data, w, time = world.data(n), world.length(n), world.tree.time[n]
    for name, row in data.markets.items():
        price = world.price(row.material, row.region, n) * (1 + row.premium_share)
        volume = None if row.volume is None else row.volume[time]
        if not row.buys:
            sold = total(world.lp.variable("sell", n, name, k) for k in STREAMS)
            if volume is not None:
                world.lp.least(sold, w * volume)
            world.cost[n] = world.cost[n] - price * sold
            continue
        buy = world.lp.variable("buy", n, name)
        taken = total(world.lp.variable(*key) for key, _, _ in taken_from(world, n, name))
        world.cost[n] = world.cost[n] + price * buy
        if volume is not None:
            world.lp.least(buy, w * volume)
            world.lp.least(buy, row.spot_share * w * volume + taken)
        elif row.spot_share == 0:
            world.lp.least(buy, taken)


def _lanes(world: World, n: int) -> None:
    """Capacity, freight and duty: at least what lifts the price where the lane starts to the minimum price."""
    data, time = world.data(n), world.tree.time[n]
    for lane, row in data.lanes.items():
        if row.capacity is not None and row.capacity[time] is not None:
            world.lp.least(sent(world, n, lane), world.length(n) * row.capacity[time])
        rate = duty_rate(world, n, lane)
        for k in STREAMS:
            taxed = data.tariffs_counted and (k == EXPOSED or row.applies_to == "all")
            world.cost[n] = world.cost[n] + (K * row.freight + taxed * rate) * _ship(world, n, lane, k)


def duty_rate(world: World, n: int, lane: tuple[str, str, str]) -> float:
    row = world.data(n).lanes[lane]
    rate = row.tariff[world.tree.time[n]]
    if not rate and row.min_price is None:
        return 0.0
    price = world.price(lane[0], lane[1], n)
    duty = rate * price
    return duty if row.min_price is None else max(duty, K * row.min_price - price)


def _demand(world: World, n: int) -> None:
    """(4): delivered, designed out or short."""
    data, w = world.data(n), world.length(n)
    for row, wanted in data.demand.items():
        rate, sector = wanted[world.tree.time[n]], data.sectors[row[1]]
        short = world.lp.variable("short", n, *row)
        out = total(world.lp.variable("avoid", n, o, row) for o in _options(world, n, row))
        world.lp.same(total(delivered(world, n, row, k) for k in STREAMS) + out + short, w * rate)
        world.lp.least(short, (1 - sector.min_service_share) * w * rate)
        world.cost[n] = world.cost[n] + K * sector.shortage_cost * short


def _options(world: World, n: int, row: tuple[str, str, str]) -> list[str]:
    options = world.data(n).substitution
    return [o for o, x in options.items() if (x.sector, x.material) == row[1:]]


def _substitution(world: World, n: int) -> None:
    """(4): what can be designed out, how fast it grows, and what of it stays out."""
    data, w = world.data(n), world.length(n)
    for row in data.demand:
        for o in _options(world, n, row):
            option, avoid = data.substitution[o], world.lp.variable("avoid", n, o, row)
            demand = data.demand[row][world.tree.time[n]]
            limit = option.share[world.tree.time[n]] * demand
            needs = 1.0 if option.requires is None else worked_by(world, n, option.requires)
            world.lp.least(avoid, w * limit * needs)
            world.cost[n] = world.cost[n] + K * option.cost * avoid
            earlier, before = world.tree.parent[n], Sum()
            if earlier is not None:
                before = world.lp.variable("avoid", earlier, o, row) / world.length(earlier)
                old = world.data(earlier)
                then = old.substitution[o].share[world.tree.time[earlier]] * old.demand[row][world.tree.time[earlier]]
                if then > 0:
                    world.lp.least(option.keep_share * min(1.0, limit / then) * before, avoid / w)
            if option.ramp_share_per_yr is not None:
                world.lp.least(avoid / w, before + w * option.ramp_share_per_yr * demand)


def consumed(world: World, n: int, regions: tuple[str, ...], m: str) -> Sum:
    """Intake of units in the regions, t."""
    units = world.data(n).units
    return total(intake_of(world, n, u, m) for u, row in units.items() if row.region in regions)
