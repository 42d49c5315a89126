"""Section 4: builds, what is committed, what public projects cost, and (25) what idle capacity costs."""

from __future__ import annotations

from tests.oracle.programme import Sum, total
from tests.oracle.world import K, World, act, late_by, planned_ramp, worked_by


def add_investments(world: World) -> None:
    _windows(world)
    for n in world.tree.nodes:
        data, w = world.data(n), world.length(n)
        for name, plant in data.plants.items():
            if plant.fixed_cost:
                earlier = world.tree.parent[n]
                open_, before = world.lp.variable("open", n, name), Sum(1.0)
                if earlier is not None:
                    before = world.lp.variable("open", earlier, name)
                world.lp.least(open_, before)
                used = total(act(world, n, name).values())
                world.lp.least(used, w * plant.capacity[world.tree.time[n]] * open_)
            if not plant.at_market:
                used = total(act(world, n, name).values())
                world.cost[n] = world.cost[n] + K * plant.operating_cost * used + fixed_cost(world, n, name)
        for name, project in data.projects.items():
            if project.public:
                _public(world, n, name)
            elif project.fixed_cost:
                _private_open(world, n, name)


def fixed_cost(world: World, n: int, u: str) -> Sum:
    """Of what is kept open, at a node, thousand USD."""
    data, w = world.data(n), world.length(n)
    row = data.units[u]
    if not row.fixed_cost:  # type: ignore[attr-defined]
        return Sum()
    part = 1.0
    if u in data.plants:
        series = data.plants[u].base_capacity
        largest = max(series[time] for time in data.times)
        part = series[world.tree.time[n]] / largest if largest else 0.0
    return w * K * row.fixed_cost * part * world.lp.variable("open", n, u)  # type: ignore[attr-defined]


def _private_open(world: World, n: int, g: str) -> None:
    row, earlier = world.data(n).projects[g], world.tree.parent[n]
    open_ = world.lp.variable("open", n, g)
    world.lp.least(open_, worked_by(world, n, g))
    if earlier is not None:
        begin = Sum()
        for decided, number in world.builds(n, g):
            if world.starts(n) and decided + row.lead_years + late_by(row, decided) == world.year(n):
                begin = begin + number
        world.lp.least(open_, world.lp.variable("open", earlier, g) + begin)
    world.lp.least(total(act(world, n, g).values()), world.length(n) * row.capacity * open_)


def _public(world: World, n: int, g: str) -> None:
    """Capex at the decision, fixed cost while it runs, operating cost; at a leaf what of its life is left is
    credited."""
    row = world.data(n).projects[g]
    if world.starts(n):
        capex = total(K * row.capex * number for decided, number in world.builds(n, g) if decided == world.year(n))
        world.cost[n] = world.cost[n] + capex
        world.outlays[n].append(("capex", row.payer, capex))
    running = K * row.fixed_cost * world.length(n) * worked_by(world, n, g)
    used = total(act(world, n, g).values())
    world.cost[n] = world.cost[n] + running + K * row.operating_cost * used
    if n in world.tree.leaves:
        for decided, number in world.builds(n, g):
            first = decided + row.lead_years + late_by(row, decided)
            left = min(row.life_years, max(0, first + row.life_years - 1 - world.last_year()))
            if first <= world.last_year():
                world.cost[n] = world.cost[n] - K * row.capex * left / row.life_years * number


def _windows(world: World) -> None:
    """Builds on a path, of a group, and of what is required."""
    lp = world.lp
    for leaf in world.tree.leaves:
        data = world.data(leaf)
        groups = {row.group for row in data.projects.values() if row.group is not None}
        for g, row in data.projects.items():
            lp.least(_all_builds(world, leaf, g), row.max_builds)
        for group in groups:
            members = [g for g, row in data.projects.items() if row.group == group]
            lp.least(total(_all_builds(world, leaf, g) for g in members), 1.0)
    for n in world.tree.nodes:
        for g, row in world.data(n).projects.items():
            if row.requires is not None:
                needed = total(number for _, number in world.builds(n, row.requires))
                lp.least(_chosen(world, n, g), row.max_builds * needed)


def _chosen(world: World, n: int, g: str) -> Sum:
    nodes = set(world.decisions(g))
    return total(world.build(x, g) for x in world.tree.path[n] if x in nodes)


def _all_builds(world: World, leaf: int, g: str) -> Sum:
    committed = world.data(leaf).projects[g].committed_year is not None
    return _chosen(world, leaf, g) + (1.0 if committed else 0.0)


def producing(world: World, n: int, g: str, decided: int) -> list[tuple[int, float, float]]:
    """(year, discount factor to the decision at the hurdle rate, ramp) over the life of a build as
    planned."""
    row = world.data(n).projects[g]
    first = decided + row.lead_years
    return [
        (year, (1 + row.hurdle_rate) ** (decided - year), planned_ramp(row, decided, year))
        for year in range(first, first + row.life_years)
    ]
