"""What every rule of the oracle asks: nodes, data, and how decisions, flows and money are named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.oracle.programme import Programme, Sum

from lodestone.data.plan_data import PlanData, Project, Unit
from lodestone.data.tree import Tree

K = 1000.0  # MUSD -> thousand USD; MUSD/t -> USD/kg
CLEAN, EXPOSED = STREAMS = ("clean", "exposed")


@dataclass
class World:
    """A tree, the base's data, and the programme that grows."""

    tree: Tree
    base: PlanData
    lp: Programme = field(default_factory=Programme)
    cost: dict[int, Sum] = field(default_factory=lambda: defaultdict(Sum))  # node -> of this year's money
    outlays: dict[int, list[tuple[str, str, Sum]]] = field(default_factory=lambda: defaultdict(list))  # kind, payer
    later: dict[int, list[tuple[str, str, int, Sum]]] = field(default_factory=lambda: defaultdict(list))  # leaf -> owed

    # --- nodes ---

    def data(self, n: int) -> PlanData:
        return self.tree.data[n]

    def length(self, n: int) -> float:
        return self.tree.months[n] / 12

    def year(self, n: int) -> int:
        return self.tree.time[n] // 100

    def starts(self, n: int) -> bool:
        """Whether a year begins with the node, so that decisions are taken there."""
        return self.tree.time[n] % 100 == 1

    def year_nodes(self, n: int) -> list[int]:
        """Y(n)."""
        return [x for x in self.tree.path[n] if self.year(x) == self.year(n)]

    def year_ends(self) -> list[int]:
        return [n for n in self.tree.nodes if self.tree.time[n] % 100 + self.tree.months[n] == 13]

    def before(self, n: int) -> tuple[int, ...]:
        """Nodes on the path before it."""
        return self.tree.path[n][:-1]

    def last_year(self) -> int:
        return self.base.last_year

    def weight(self, n: int) -> float:
        """Discount factor of a node's money."""
        return self.factor(self.year(n))

    def factor(self, year: int) -> float:
        return (1 + self.base.discount_rate) ** (self.base.first_year - year)

    # --- prices, USD/kg ---

    def price(self, material: str, region: str, n: int) -> float:
        return K * self.data(n).price_of(material, region, self.tree.time[n])

    def bank(self, n: int, material: str, region: str, year: int) -> float:
        return K * self.data(n).bank_price_of(material, region, year)

    def added(self, unit: Unit, n: int) -> float:
        """Value that a t of capacity used adds, at the prices of the unit's region."""
        return sum(g * self.price(m, unit.region, n) for m, g in unit.recipe.items())

    # --- projects ---

    def decisions(self, g: str) -> Iterator[int]:
        """Nodes at which a project may be decided."""
        for n in self.tree.nodes:
            row = self.data(n).projects[g]
            latest = min(row.latest_year, self.last_year() - row.lead_years)
            free = row.max_builds - (row.committed_year is not None)
            if self.starts(n) and row.earliest_year <= self.year(n) <= latest and free > 0:
                yield n

    def build(self, n: int, g: str) -> Sum:
        row = self.data(n).projects[g]
        free = row.max_builds - (row.committed_year is not None)
        return self.lp.integer("build", n, g, most=free)

    def builds(self, n: int, g: str) -> list[tuple[int, Sum | float]]:
        """(decision year, how many) of all builds decided on the path up to n; what is committed among them."""
        row = self.data(n).projects[g]
        found: list[tuple[int, Sum | float]] = []
        if row.committed_year is not None and row.committed_year <= self.year(n):
            found.append((row.committed_year, 1.0))
        nodes = set(self.decisions(g))
        return found + [(self.year(x), self.build(x, g)) for x in self.tree.path[n] if x in nodes]


def late_by(row: Project, decided: int) -> int:
    """Years by which a build comes late: what is in force in its planned first year."""
    planned = 100 * (decided + row.lead_years) + 1
    if not row.delay or planned < min(row.delay):
        return 0
    return row.delay[max(time for time in row.delay if time <= planned)]


def ramp_in(row: Project, decided: int, year: int) -> float:
    """(8): the part of capacity there in a year, late or not."""
    return planned_ramp(row, decided + late_by(row, decided), year)


def planned_ramp(row: Project, decided: int, year: int) -> float:
    age = year - decided - row.lead_years
    return min(1.0, (age + 1) / row.ramp_years) if 0 <= age < row.life_years else 0.0


def worked_by(world: World, n: int, g: str) -> Sum:
    """Builds of a project in production."""
    row = world.data(n).projects[g]
    found = Sum()
    for decided, number in world.builds(n, g):
        if ramp_in(row, decided, world.year(n)) > 0:
            found = found + number
    return found


def capacity(world: World, n: int, u: str) -> Sum:
    """What a unit can use at a node, as a rate: t/yr."""
    data = world.data(n)
    if u in data.plants:
        return Sum(data.plants[u].capacity[world.tree.time[n]])
    row = data.projects[u]
    found = Sum()
    for decided, number in world.builds(n, u):
        found = found + row.capacity * ramp_in(row, decided, world.year(n)) * number
    return found


def streams_of(data: PlanData, unit: Unit) -> tuple[str, ...]:
    """The streams a unit can work in."""
    if unit.of_concern:
        return (EXPOSED,)
    if not data.provenance or all(g > 0 for g in unit.recipe.values()):
        return (CLEAN,)
    return STREAMS


def act(world: World, n: int, u: str) -> dict[str, Sum]:
    """Capacity used in each stream, t."""
    data = world.data(n)
    return {k: world.lp.variable("act", n, u, k) for k in streams_of(data, data.units[u])}


def intake_of(world: World, n: int, u: str, material: str) -> Sum:
    """What a unit takes in of a material, t."""
    need = max(0.0, -world.data(n).units[u].recipe.get(material, 0.0))
    found = Sum()
    for used in act(world, n, u).values():
        found = found + used * need
    return found
