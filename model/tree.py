"""The scenario tree: nodes, their years, parents, paths and probabilities.

Every rule of the model is written over nodes, so that nothing in it knows whether one scenario is planned or many.
A node is an integer; nodes are numbered so that a parent comes before its children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from model.plan_data import PlanData


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
