"""What can exist at each node, as sparse index lists; no Pyomo.

A variable is only made where it can be non-zero: material moves on open lanes, out of regions where something makes
it and into regions where something uses it, in a stream in which it can arrive. Whether it can is found by following
the chain node by node, stocks and returns included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, LaneData, PlanData, Project, Return, Stockpile, Unit
from lodestone.data.tree import Tree

Place = tuple[str, str]  # (region, material)
Batch = tuple[str, str, str]  # (region, material, stream)
DemandKey = tuple[str, str, str]  # (region, sector, material)


@dataclass(frozen=True)
class Shipping:
    """What can be shipped at a node, and all of it by where it starts and where it arrives, as places in `ship`.

    Mostly of many nodes at once: it differs only where chains do.
    """

    ship: list[tuple[str, str, str, str]]  # (material, from, to, stream)
    lanes: list[LaneData]
    taxed: list[int]  # those on which a duty may be due
    sent: dict[Batch, list[int]]
    brought: dict[Batch, list[int]]


@dataclass
class Net:
    """Index lists of one node."""

    act: list[tuple[str, str]] = field(default_factory=list)  # (unit, stream)
    buy: list[str] = field(default_factory=list)
    sell: list[tuple[str, str]] = field(default_factory=list)  # (market, stream)
    shipping: Shipping = field(default_factory=lambda: Shipping([], [], [], {}, {}))
    opened: tuple[object, ...] = ()  # what shipping follows from
    deliver: list[tuple[DemandKey, str]] = field(default_factory=list)
    avoid: list[tuple[str, DemandKey]] = field(default_factory=list)
    short: list[DemandKey] = field(default_factory=list)
    mixed: list[Batch] = field(default_factory=list)
    fill: list[tuple[str, str]] = field(default_factory=list)  # (stockpile, stream)
    stock: list[tuple[str, str]] = field(default_factory=list)
    held: set[tuple[str, str]] = field(default_factory=set)  # the stocks that can be more than 0
    release: list[tuple[str, str]] = field(default_factory=list)
    arrives: set[Batch] = field(default_factory=set)

    @property
    def ship(self) -> list[tuple[str, str, str, str]]:
        """(material, from, to, stream)"""
        return self.shipping.ship


Network = dict[int, Net]


def network(tree: Tree) -> Network:
    """Index lists for every node of the tree."""
    nets: Network = {}
    for node in tree.nodes:
        parent = tree.parent[node]
        nets[node] = _net(tree, node, nets, set() if parent is None else nets[parent].held)
    return nets


def most_choices(data: PlanData, project: str) -> int:
    """How many builds of a project can be decided: what is committed takes up one, and all of its group."""
    row = data.projects[project]
    taken = row.committed_year is not None
    if row.group and any(p.group == row.group and p.committed_year is not None for p in data.projects.values()):
        return 0
    return max(0, row.max_builds - taken)


def decision_nodes(tree: Tree, project: str) -> Iterator[int]:
    """Nodes at which a project can be decided: inside its window, and producing within the horizon. [cheat]

    Decisions are made where a year begins.
    """
    for node in tree.nodes:
        data, year = tree.data[node], tree.year[node]
        p = data.projects[project]
        in_window = p.earliest_year <= year <= p.latest_year and p.first_year(year) <= data.last_year
        if in_window and tree.begins_year(node) and most_choices(data, project) > 0:
            yield node


def largest_capacity(tree: Tree, node: int, unit: Unit) -> float:
    """The most capacity (t/yr) a unit can have at a node, whatever is built; the physical bound of its rows."""
    data, year = tree.data[node], tree.year[node]
    if not isinstance(unit, Project):
        return data.plants[unit.name].capacity[tree.time[node]]
    ramps = (
        unit.ramp_in(tree.year[n], year)
        for n in tree.path[node]
        if unit.earliest_year <= tree.year[n] <= unit.latest_year
    )
    chosen = most_choices(data, unit.name) * max(ramps, default=0.0)
    stands = 0.0 if unit.committed_year is None else unit.ramp_in(unit.committed_year, year)
    return unit.capacity * (chosen + stands)


def stream_of_scrap(data: PlanData, row: Return, region: str, delivered: str) -> str:
    """[cheat] Scrap in a region of concern is exposed, whatever its row says."""
    if data.regions[region].of_concern:
        return EXPOSED
    return CLEAN if row.clean else delivered


def opening_stock(data: PlanData, pile: Stockpile, stream: str) -> float:
    """t. [cheat] Stock in a region of concern is exposed, whatever its row says."""
    if data.regions[pile.region].of_concern:
        return sum(pile.opening.values()) if stream == EXPOSED else 0.0
    return pile.opening[stream]


def stream_held(data: PlanData, pile: Stockpile, stream: str) -> str:
    """The stream to which belongs what is put into a stockpile. [cheat] As opening_stock."""
    return EXPOSED if data.regions[pile.region].of_concern else stream


def makes_clean(unit: Unit) -> bool:
    """Whether the unit has clean activity."""
    return not unit.of_concern


def makes_exposed(data: PlanData, unit: Unit) -> bool:
    """Whether the unit has exposed activity; one not of concern only by what it takes in, and only under provenance."""
    return unit.of_concern or (data.provenance and bool(unit.inputs))


def _net(tree: Tree, node: int, nets: Network, held: set[tuple[str, str]]) -> Net:
    data, time = tree.data[node], tree.time[node]
    net = Net()
    units = [u for u in data.units.values() if largest_capacity(tree, node, u) > 0]
    made = _made_without_units(tree, node, nets, net, held)
    closed = {key for key, lane in data.limited_lanes.items() if lane.capacity_in(time) <= 0}
    leads_to = _without(data.leads_to, closed)
    done: set[Batch] = set()
    active: set[tuple[str, str]] = set()
    while True:  # follow the chain until nothing new can be made
        for batch in made - done:
            region, material, stream = batch
            net.arrives.update([(to, material, stream) for to in leads_to.get((region, material), ())])
        done = set(made)
        for unit in units:
            for stream in _possible_streams(data, unit, net.arrives):
                if (unit.name, stream) not in active:
                    active.add((unit.name, stream))
                    made.update((unit.region, m, stream) for m in unit.outputs)
        if made == done:
            break
    net.act = [(u.name, k) for u in units for k in STREAMS if (u.name, k) in active]
    _uses(tree, node, net, held)
    parent, net.opened = tree.parent[node], (_wanted(data, net), made, closed)
    if parent is not None and tree.data[parent] is data and nets[parent].opened == net.opened:
        net.shipping = nets[parent].shipping
    else:
        net.shipping = _shipping(data, *net.opened)
    return net


def _shipping(data: PlanData, wanted: set[Place], made: set[Batch], closed: set[tuple[str, str, str]]) -> Shipping:
    streams = {(r, m): [k for k in STREAMS if (r, m, k) in made] for r, m, _ in made}
    open_ = [
        ((m, r, to, k), lane)
        for (m, r, to), lane in data.lanes.items()
        if (to, m) in wanted and (m, r, to) not in closed
        for k in streams.get((r, m), ())
    ]
    sent: dict[Batch, list[int]] = defaultdict(list)
    brought: dict[Batch, list[int]] = defaultdict(list)
    for i, ((m, r, to, k), _) in enumerate(open_):
        sent[r, m, k].append(i)
        brought[to, m, k].append(i)
    taxed = [i for i, (_, lane) in enumerate(open_) if lane.may_be_taxed]
    return Shipping([key for key, _ in open_], [lane for _, lane in open_], taxed, dict(sent), dict(brought))


def _without(leads_to: Mapping[Place, list[str]], closed: set[tuple[str, str, str]]) -> dict[Place, list[str]]:
    """Where lanes lead, those (material, from, to) left out that are closed."""
    reached = dict(leads_to)
    for region, material in {(r, m) for m, r, _ in closed}:
        reached[region, material] = [to for to in reached[region, material] if (material, region, to) not in closed]
    return reached


def _made_without_units(tree: Tree, node: int, nets: Network, net: Net, held: set[tuple[str, str]]) -> set[Batch]:
    """Markets, opening and earlier stocks, and returns; fills the buy and release lists on the way."""
    data, time = tree.data[node], tree.time[node]
    made: set[Batch] = set()
    for market in data.markets.values():
        if market.buys and market.volume_in(time) > 0:
            net.buy.append(market.name)
            made.add((market.region, market.material, EXPOSED if market.exposed else CLEAN))
    root = tree.parent[node] is None
    for pile in data.stockpiles.values():
        for stream in STREAMS:
            before = opening_stock(data, pile, stream) > 0 if root else (pile.name, stream) in held
            if before and pile.max_release != 0:
                net.release.append((pile.name, stream))
                made.add((pile.region, pile.material, stream))
    for row in data.returns:
        for earlier in tree.nodes_of(node, tree.year[node] - row.lag_years):
            for (region, sector, material), stream in nets[earlier].deliver:
                if (sector, material) == (row.sector, row.material) and row.t_per_t > 0:
                    made.add((region, row.scrap, stream_of_scrap(data, row, region, stream)))
    return made


def _possible_streams(data: PlanData, unit: Unit, arrives: set[Batch]) -> Iterator[str]:
    """Streams of activity whose inputs can arrive.

    Exposed activity of a unit not of concern is left out while none of its inputs can arrive exposed: clean activity
    then does the same and better.
    """

    def some(material: str) -> bool:
        return any((unit.region, material, k) in arrives for k in STREAMS)

    inputs = unit.inputs
    if makes_clean(unit):
        clean_inputs = data.provenance
        if all((unit.region, m, CLEAN) in arrives if clean_inputs else some(m) for m in inputs):
            yield CLEAN
    tainted = unit.of_concern or any((unit.region, m, EXPOSED) in arrives for m in inputs)
    if makes_exposed(data, unit) and tainted and all(some(m) for m in inputs):
        yield EXPOSED


def _uses(tree: Tree, node: int, net: Net, held: set[tuple[str, str]]) -> None:
    """Deliveries, substitution, sales, stocks and mixed intake of what can arrive."""
    data, time = tree.data[node], tree.time[node]
    root = tree.parent[node] is None
    for key, series in data.demand.items():
        region, sector, material = key
        if series[time] <= 0:
            continue
        net.deliver += [(key, k) for k in STREAMS if (region, material, k) in net.arrives]
        net.short.append(key)
        net.avoid += [
            (option.name, key)
            for option in data.substitution.values()
            if (option.sector, option.material) == (sector, material) and option.share[time] > 0
        ]
    for market in data.markets.values():
        if not market.buys and market.volume_in(time) > 0:
            net.sell += [(market.name, k) for k in STREAMS if (market.region, market.material, k) in net.arrives]
    for pile in data.stockpiles.values():
        for stream in STREAMS:
            fillable = pile.max_fill != 0 and (pile.region, pile.material, stream) in net.arrives
            fillable = fillable and not (pile.clean_only and stream == EXPOSED)
            if fillable:
                net.fill.append((pile.name, stream))
                net.held.add((pile.name, stream_held(data, pile, stream)))
            if opening_stock(data, pile, stream) > 0 if root else (pile.name, stream) in held:
                net.held.add((pile.name, stream))
        for stream in STREAMS:
            if (pile.name, stream) in net.held or stream == CLEAN:  # an empty reserve too, so that its cover has a row
                net.stock.append((pile.name, stream))
    places = dict.fromkeys(
        (data.units[u].region, m)
        for u, k in net.act
        if k == EXPOSED or not data.provenance
        for m in data.units[u].inputs
    )
    net.mixed = [(r, m, k) for r, m in places for k in STREAMS if (r, m, k) in net.arrives]


def _wanted(data: PlanData, net: Net) -> set[Place]:
    wanted = {(region, material) for (region, _, material), _ in net.deliver}
    wanted |= {(data.units[u].region, m) for u, _ in net.act for m in data.units[u].inputs}
    wanted |= {(data.markets[v].region, data.markets[v].material) for v, _ in net.sell}
    wanted |= {(data.stockpiles[s].region, data.stockpiles[s].material) for s, _ in net.fill}
    return wanted
