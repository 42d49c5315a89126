"""The scenario tree: nodes, their years, parents, paths and probabilities.

Every rule of the model is written over nodes, so that nothing in it knows whether one scenario is planned or many.
A node is an integer; nodes are numbered so that a parent comes before its children.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lodestone.data.plan_data import PlanData

LEAST_PROBABILITY = 1e-9  # a base with less left to it has no nodes


@dataclass(frozen=True)
class Tree:
    """year, parent (None at the root), probability and data of each node."""

    year: Mapping[int, int]
    parent: Mapping[int, int | None]
    probability: Mapping[int, float]
    data: Mapping[int, PlanData]

    @cached_property
    def nodes(self) -> tuple[int, ...]:
        return tuple(self.year)

    @cached_property
    def path(self) -> dict[int, tuple[int, ...]]:
        """Nodes from the root to each node, itself included."""
        paths: dict[int, tuple[int, ...]] = {}
        for node in self.nodes:
            parent = self.parent[node]
            paths[node] = (node,) if parent is None else (*paths[parent], node)
        return paths

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        parents = set(self.parent.values())
        return tuple(n for n in self.nodes if n not in parents)

    @cached_property
    def leaf_of(self) -> dict[str, int]:
        """Scenario -> the leaf at which its future ends."""
        return {self.data[leaf].scenario.name: leaf for leaf in self.leaves}

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """Nodes through which more than one future passes."""
        passing = Counter(n for leaf in self.leaves for n in self.path[leaf])
        return tuple(n for n in self.nodes if passing[n] > 1)

    def along(self, leaf: int) -> Tree:
        """One future alone: the nodes on the way to a leaf, under their numbers, as if it were certain."""
        nodes = self.path[leaf]
        return Tree(
            year={n: self.year[n] for n in nodes},
            parent={n: self.parent[n] for n in nodes},
            probability=dict.fromkeys(nodes, 1.0),
            data={n: self.data[n] for n in nodes},
        )

    def ancestor(self, node: int, years_before: int) -> int | None:
        """The node on the path that lies so many years earlier; None before the root."""
        path = self.path[node]
        return path[-1 - years_before] if years_before < len(path) else None


def single(data: PlanData) -> Tree:
    """One scenario: one node a year, each the child of the one before."""
    years = list(data.years)
    return Tree(
        year=dict(enumerate(years)),
        parent={i: i - 1 if i else None for i in range(len(years))},
        probability=dict.fromkeys(range(len(years)), 1.0),
        data=dict.fromkeys(range(len(years)), data),
    )


def futures_of(base: PlanData, scenarios: Sequence[PlanData]) -> dict[str, float]:
    """Probability of each future of a joint plan; the base's is what the scenarios leave, unless that is nothing."""
    likely = {data.scenario.name: data.scenario.probability or 0.0 for data in scenarios}
    rest = 1.0 - sum(likely.values())
    futures = {base.scenario.name: rest} if rest >= LEAST_PROBABILITY else {}
    return futures | {name: p for name, p in likely.items() if p > 0}


def joint(base: PlanData, scenarios: Sequence[PlanData]) -> Tree:
    """All futures: a trunk with the base's data, which each scenario leaves at its from_year.

    Scenarios of the same from_year separate from each other in that year. The trunk comes first, one node a year, so
    that up to the first parting its nodes are numbered as those of the base alone. It goes on as long as the base, or a
    scenario that has not left yet, passes through it. Scenarios that show themselves in first_year share no node.
    """
    futures = futures_of(base, scenarios)
    leaving = [data for data in scenarios if data.scenario.name in futures]
    leaves_in = {data.scenario.name: data.scenario.from_year or base.first_year for data in leaving}
    stays = base.scenario.name in futures
    trunk_ends = base.last_year if stays else max(leaves_in.values()) - 1
    year: dict[int, int] = {}
    parent: dict[int, int | None] = {}
    probability: dict[int, float] = {}
    data_of: dict[int, PlanData] = {}

    def add(y: int, data: PlanData, before: int | None, likely: float) -> int:
        node = len(year)
        year[node], parent[node], probability[node], data_of[node] = y, before, likely, data
        return node

    last: int | None = None
    for y in range(base.first_year, trunk_ends + 1):
        together = sum(p for name, p in futures.items() if leaves_in.get(name, base.last_year + 1) > y)
        last = add(y, base, last, together)
    for data in leaving:
        start = leaves_in[data.scenario.name]
        last = start - 1 - base.first_year if start > base.first_year else None  # the trunk's node of the year before
        for y in range(start, base.last_year + 1):
            last = add(y, data, last, futures[data.scenario.name])
    return Tree(year, parent, probability, data_of)
