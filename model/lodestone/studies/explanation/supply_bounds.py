"""What can reach a region at most, by plain arithmetic: never less than what any plan could bring there.

Everything is taken at its best and counted for everyone who might want it: each source gives all it has to each lane,
each project is built as soon as it can be, each stock is filled from the start. Chains are followed from the top, so
that every round only takes away what its inputs cannot feed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from lodestone.data import lenders
from lodestone.data.network import decision_nodes, makes_clean
from lodestone.data.plan_data import (
    CLEAN,
    MONTHS,
    STREAMS,
    Budget,
    Contract,
    Market,
    PlanData,
    Project,
    Unit,
    time_of,
    year_of,
)
from lodestone.data.tree import Tree
from lodestone.rules.contracts import delivery_years

ROUNDS = 8  # steps of a chain that are followed; what lies further up counts as if all of it came
At = tuple[str, str]  # region, material
Decidable = Mapping[str, Sequence[int]]  # project -> nodes


@dataclass
class Year:
    """Upper bounds of one node, t: made by source, made and reaching by (region, material), stock at the end."""

    sources: dict[At, dict[tuple[str, str], float]] = field(default_factory=dict)  # -> (sheet, name) -> t
    made: dict[At, float] = field(default_factory=dict)
    into: dict[At, float] = field(default_factory=dict)
    stock: dict[str, float] = field(default_factory=dict)


def reach(tree: Tree, decidable: Decidable, clean: bool = False) -> dict[int, Year]:
    """The bounds of every node of one future; clean: of what no step of its chain exposes."""
    years: dict[int, Year] = {}
    for n in tree.nodes:
        parent = tree.parent[n]
        years[n] = _year(tree, n, decidable, None if parent is None else years[parent], clean)
    return years


def decidable(tree: Tree) -> Decidable:
    """The nodes at which each project can be decided."""
    projects = tree.data[tree.nodes[0]].projects.values()
    return {p.name: [d for d in decision_nodes(tree, p.name) if why_not(tree, d, p) is None] for p in projects}


def _year(tree: Tree, n: int, decided: Decidable, before: Year | None, clean: bool) -> Year:
    data, part = tree.data[n], tree.length[n]
    given: dict[At, dict[tuple[str, str], float]] = defaultdict(dict)
    for market in data.markets.values():
        if market.buys and not (clean and market.exposed):
            given[market.region, market.material]["Markets", market.name] = part * market_gives(tree, n, market)
    for pile in data.stockpiles.values():
        kept = _kept(data, before, pile.name, clean, part)
        given[pile.region, pile.material]["Stockpiles", pile.name] = min(kept, part * _limit(pile.max_release))
    for row in data.returns:
        earlier = tree.nodes_of(n, tree.year[n] - row.lag_years)
        for (r, s, m), series in data.demand.items() if earlier else ():
            if (s, m) == (row.sector, row.material):
                t = part * row.t_per_t * sum(tree.length[a] * series[tree.time[a]] for a in earlier)
                given[r, row.scrap]["Returns", row.sector] = given[r, row.scrap].get(("Returns", row.sector), 0.0) + t
    units = [u for u in data.units.values() if not clean or makes_clean(u)]
    most = {u.name: part * unit_works(tree, n, u, decided) for u in units}
    result = Year()
    result.into = defaultdict(lambda: inf)
    for _ in range(ROUNDS):
        sources: dict[At, dict[tuple[str, str], float]] = {at: dict(by) for at, by in given.items()}
        for unit in units:
            feeds = [result.into[unit.region, m] / need for m, need in unit.inputs.items()]
            if clean and not data.provenance:
                feeds = []  # the last step alone counts; what it takes in may be exposed
            act = min([most[unit.name], *feeds])
            sheet = "Plants" if unit.name in data.plants else "Projects"
            for m, g in unit.outputs.items():
                sources.setdefault((unit.region, m), {})[sheet, unit.name] = g * act
        result.sources = sources
        result.made = {at: sum(by.values()) for at, by in sources.items()}
        into: dict[At, float] = defaultdict(float)
        for (m, r, to), lane in data.lanes.items():
            into[to, m] += min(part * lane.capacity_in(tree.time[n]), result.made.get((r, m), 0.0))
        result.into = into
    for pile in data.stockpiles.values():
        fill = min(part * _limit(pile.max_fill), result.into.get((pile.region, pile.material), 0.0))
        result.stock[pile.name] = min(pile.capacity, _kept(data, before, pile.name, clean, part) + fill)
    return result


def _limit(value: float | None) -> float:
    return inf if value is None else value


def _kept(data: PlanData, before: Year | None, name: str, clean: bool, part: float) -> float:
    pile = data.stockpiles[name]
    share: float = (1 - data.materials[pile.material].annual_loss_share) ** part
    opening = sum(pile.opening[k] for k in ((CLEAN,) if clean else STREAMS))
    return share * (opening if before is None else before.stock[name])


def market_gives(tree: Tree, n: int, market: Market) -> float:
    """What a market sells at most, t/yr: without contracts only the part for which none is needed."""
    volume = market.volume_in(tree.time[n])
    if market.spot_share == 1 or (volume == inf and market.spot_share > 0):
        return volume
    spot = market.spot_share * volume if market.spot_share else 0.0
    return min(volume, spot + sum(c.max_t for c in _contracts(tree, n, market.name)))


def unit_works(tree: Tree, n: int, unit: Unit, decided: Decidable) -> float:
    """The capacity of a unit that can be used at most, t/yr."""
    data = tree.data[n]
    if isinstance(unit, Project):
        return project_works(tree, n, unit, decided)
    capacity = data.plants[unit.name].capacity[tree.time[n]]
    if unit.spot_share == 1:
        return capacity
    opened = sum(c.max_t / unit.recipe[c.material] for c in _contracts(tree, n, unit.name))
    return min(capacity, unit.spot_share * capacity + opened)


def project_works(tree: Tree, n: int, project: Project, decided: Decidable) -> float:
    """The capacity of a project at a node (t/yr) if all its copies were decided when that gives most, and what is
    committed."""
    year, path = tree.year[n], set(tree.path[n])
    if tree.data[n].is_lost(project.name, tree.time[n]):
        return 0.0
    ramps = (project.ramp_in(tree.year[d], year) for d in decided[project.name] if d in path)
    standing, left = 0.0, project.max_builds
    if project.committed_year is not None:
        standing, left = project.ramp_in(project.committed_year, year), left - 1
    return project.capacity * (standing + left * max(ramps, default=0.0))


def ready(tree: Tree, project: Project, decided: Decidable) -> int | None:
    """The first year in which it can produce; None if it cannot be decided at all."""
    given = [] if project.committed_year is None else [project.first_year(project.committed_year)]
    return min((*given, *(project.first_year(tree.year[d]) for d in decided[project.name])), default=None)


def why_not(tree: Tree, n: int, project: Project) -> str | None:
    """Why a project cannot be decided at a node of its window: "lenders", or the budget that its capex exceeds."""
    data, year = tree.data[n], tree.year[n]
    if not project.public:
        short = lenders.gap(data, project, year) > 1e-6 * max(1.0, project.capex)
        return "lenders" if short and not lenders.can_be_closed(data, project, year) else None
    for budget in data.budgets.values():
        if "capex" in budget.covers and budget.limit.get(tree.time[n]) is not None:
            first = data.first_year if budget.carry_over else year
            if project.capex > money(data, budget, range(first, year + 1)) + 1e-6:
                return budget.name
    return None


def money(data: PlanData, budget: Budget, years: Iterable[int]) -> float:
    """What a budget has in these years together, MUSD."""
    times = [t for t in data.times if year_of(t) in years]
    return sum((budget.limit.get(t) or 0.0) * data.months_of(year_of(t)) / MONTHS for t in times)


def _contracts(tree: Tree, n: int, supplier: str) -> list[Contract]:
    """Contracts with a plant or market that can be in force at a node, or are committed."""
    data, year = tree.data[n], tree.year[n]
    return [
        c
        for c in data.contracts.values()
        if c.supplier == supplier
        and (
            c.committed_year is not None
            or any(
                c.earliest_year <= tree.year[d] <= c.latest_year
                and delivery_years(data, c, tree.year[d])[0] <= year <= delivery_years(data, c, tree.year[d])[1]
                and not too_much(tree, d, c)
                for d in tree.path[n]
            )
        )
    ]


def too_much(tree: Tree, signed: int, contract: Contract) -> tuple[int, float] | None:
    """The year, and what the supplier can promise in it, where that is less than the contract's least volume."""
    data = tree.data[signed]
    first, last = delivery_years(data, contract, tree.year[signed])
    for year in range(max(first, data.first_year), min(last, data.last_year) + 1):
        if contract.supplier in data.markets:
            most = data.markets[contract.supplier].base_volume_in(time_of(year))
        else:
            plant = data.plants[contract.supplier]
            most = plant.recipe[contract.material] * plant.base_capacity[time_of(year)]
        if contract.min_t > most + 1e-9:
            return year, most
    return None
