"""Suppliers are not changed overnight: how fast a region can take material from suppliers abroad that are new to it.

Where a material has a resourcing_share, for each region r', over lanes l from other regions, rates in t/yr:

(23) Q[l] >= Q[l] before,  Q[l] >= rate[l],  Q[l] - Q[l] before <= rate[l];   at first Q is the trade of the year before
     sum_l (Q[l] - Q[l] before) <= resourcing_share x w x could + rise + taken
     could: demand, intake of its plants at full use, and what its projects take in;  rise: of demand above its highest
     before;  taken: intake of each unit there, up to what its capacity has gained against its highest before

Q is no figure of the plan. The least of it is what was used at most; where that once grows too fast, Q may have been
taken up earlier: whether it can have been is a question of flow, from the room of each period through what each lane
carries in it to what the lane needs. In a plan for several futures each future is judged by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from math import inf

from lodestone.audit.books import Amounts, Books, when
from lodestone.audit.capacity import capacities
from lodestone.audit.projects import starts
from lodestone.audit.verdict import TONNES, Check, Rule, at_most, tolerance
from lodestone.data.plan_data import PlanData, Project, Time

Rates = Amounts[tuple[str, Time]]  # origin, time -> t/yr


def rates(data: PlanData, books: Books) -> dict[tuple[str, str], Rates]:
    """What each region takes from others of each material that is held to (23): (material, region) -> by lane, t/yr."""
    found: dict[tuple[str, str], Rates] = {}
    for (material, origin, to, time, _stream), amount in books.shipped.items():
        if origin != to and data.materials[material].resourcing_share is not None:
            found.setdefault((material, to), Amounts()).add((origin, time), amount / books.length[time])
    return found


def allowed(data: PlanData, books: Books, material: str, region: str) -> dict[Time, float]:
    """Right of (23): by how much suppliers can grow in each period, t/yr."""
    share = data.materials[material].resourcing_share or 0.0
    demands = [series for (r, _, m), series in data.demand.items() if (r, m) == (region, material)]
    capacity = capacities(data, books)
    users = [u for u in data.units.values() if u.region == region and u.recipe.get(material, 0.0) < 0]
    highest = {u.name: _at_first(data, books, u.name, capacity) for u in users}
    most_demand = sum(series[data.times[0]] for series in demands)
    result = {}
    for time in data.times:
        w, demand = books.length[time], sum(series[time] for series in demands)
        could, taken = demand, 0.0
        for unit in users:
            per_t, there = -unit.recipe[material], capacity[unit.name, time]
            intake = per_t * books.use(unit.name, time) / w
            could += intake if isinstance(unit, Project) else per_t * there
            taken += min(intake, per_t * max(0.0, there - highest[unit.name]))
            highest[unit.name] = max(highest[unit.name], there)
        result[time] = share * w * could + max(0.0, demand - most_demand) + taken
        most_demand = max(most_demand, demand)
    return result


def _at_first(data: PlanData, books: Books, unit: str, capacity: Amounts[tuple[str, Time]]) -> float:
    """The capacity against which a gain in the first period is measured, t/yr: none of a project that is new."""
    project = data.projects.get(unit)
    if project is None:
        return capacity[unit, data.times[0]]
    old = any(name == unit and starts(project, decision) < data.first_year for name, decision in books.built)
    return capacity[unit, data.times[0]] if old else 0.0


def suppliers(data: PlanData, books: Books) -> Iterator[Check]:
    """(23)"""
    for (material, region), rate in rates(data, books).items():
        room = allowed(data, books, material, region)
        trade = {f: t for (m, f, to), t in data.trade.items() if (m, to) == (material, region) and f != region}
        known: Amounts[str] = Amounts(trade)
        times = list(data.times)
        if not any((m, to) == (material, region) for m, _, to in data.trade):
            for origin, time in rate:
                if time == times[0]:
                    known[origin] = rate[origin, time]
            times = times[1:]
        yield from _judged(data, f"{region}/{material}", times, rate, known, room)


def _judged(
    data: PlanData, where: str, times: list[Time], rate: Rates, known: Amounts[str], room: dict[Time, float]
) -> Iterator[Check]:
    origins = {origin for origin, _ in rate}
    needs: dict[Time, dict[str, float]] = {}  # by how much the most that was used grows
    used = {origin: known[origin] for origin in origins}
    for time in times:
        needs[time] = {origin: max(0.0, rate[origin, time] - used[origin]) for origin in origins}
        used = {origin: used[origin] + more for origin, more in needs[time].items()}
    grown = {time: sum(by_lane.values()) for time, by_lane in needs.items()}
    late = all(grown[time] <= room[time] + tolerance(TONNES, room[time], grown[time]) for time in times)
    most = room if late else _taken_up(times, rate, needs, room)
    for time in times:
        yield at_most(
            f"{where} {when(data, time)}", "use of new suppliers", grown[time], most[time], TONNES, room[time]
        )


def _taken_up(
    times: list[Time], rate: Rates, needs: dict[Time, dict[str, float]], room: dict[Time, float]
) -> dict[Time, float]:
    """How much of what is needed by each time can have been taken up by then, the earliest needs first, t/yr."""
    edges: dict[Hashable, dict[Hashable, float]] = {}

    def edge(start: Hashable, end: Hashable, capacity: float) -> None:
        edges.setdefault(start, {})[end] = capacity
        edges.setdefault(end, {}).setdefault(start, 0.0)

    met, earlier = {}, None
    for time in times:
        edge("source", time, room[time])
        for origin, need in needs[time].items():
            edge(time, (origin, time), rate[origin, time])
            if earlier is not None:
                edge((origin, earlier), (origin, time), inf)
            edge((origin, time), "sink", need)
        met[time] = _more_flow(edges)
        earlier = time
    return met


def _more_flow(edges: dict[Hashable, dict[Hashable, float]]) -> float:
    """What more can flow from source to sink; takes it from the edges, shortest ways first."""
    total = 0.0
    while True:
        came: dict[Hashable, Hashable] = {"source": "source"}
        queue: deque[Hashable] = deque(["source"])
        while queue and "sink" not in came:
            here = queue.popleft()
            for there, left in edges[here].items():
                if left > LITTLE and there not in came:
                    came[there] = here
                    queue.append(there)
        if "sink" not in came:
            return total
        way: list[tuple[Hashable, Hashable]] = []
        end: Hashable = "sink"
        while end != "source":
            way.append((came[end], end))
            end = came[end]
        least = min(edges[a][b] for a, b in way)
        for a, b in way:
            edges[a][b] -= least
            edges[b][a] += least
        total += least


LITTLE = 1e-9  # t/yr, of which no way is made

SUPPLIERS: tuple[Rule[Books], ...] = (
    Rule("(23) suppliers", "New suppliers abroad are taken up no faster than they can be.", TONNES, suppliers),
)
