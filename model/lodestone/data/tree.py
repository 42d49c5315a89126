"""The scenario tree: nodes, their periods, parents, paths and probabilities.

Every rule of the model is written over nodes, so that nothing in it knows whether one scenario is planned or many.
A node is an integer; nodes are numbered so that a parent comes before its children. It is a period of a year: the whole
year, or one of the periods into which the sheet Periods cuts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from lodestone.data.plan_data import MONTHS, PlanData, Scenario, Time, month_of, year_of

LEAST_PROBABILITY = 1e-9  # a base with less left to it has no nodes


@dataclass(frozen=True)
class Tree:
    """time (when its period begins), parent (None at the root), probability and data of each node.

    twin: node of a branch of threats -> the node of the branch's future at that time.
    """

    time: Mapping[int, Time]
    parent: Mapping[int, int | None]
    probability: Mapping[int, float]
    data: Mapping[int, PlanData]
    twin: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> tuple[int, ...]:
        """All nodes."""
        return tuple(self.time)

    @cached_property
    def year(self) -> dict[int, int]:
        """Node -> its calendar year."""
        return {n: year_of(time) for n, time in self.time.items()}

    @cached_property
    def month(self) -> dict[int, int]:
        """The first month of each node."""
        return {n: month_of(time) for n, time in self.time.items()}

    @cached_property
    def months(self) -> dict[int, int]:
        """How long each node is."""
        return {n: self.data[n].months_of(self.year[n]) for n in self.nodes}

    @cached_property
    def length(self) -> dict[int, float]:
        """w(n): the part of a year that each node is."""
        return {n: months / MONTHS for n, months in self.months.items()}

    def begins_year(self, node: int) -> bool:
        """Where builds, awards and signings are decided."""
        return self.month[node] == 1

    def ends_year(self, node: int) -> bool:
        """Where the rules about a year are."""
        return self.month[node] + self.months[node] == MONTHS + 1

    def nodes_of(self, node: int, year: int) -> tuple[int, ...]:
        """The nodes of a year on the path to a node."""
        return tuple(n for n in self.path[node] if self.year[n] == year)

    def year_nodes(self, node: int) -> tuple[int, ...]:
        """Y(n): the nodes of its year on the path to a node, itself included."""
        return self.nodes_of(node, self.year[node])

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
        """Where futures and branches of threats end."""
        parents = set(self.parent.values())
        return tuple(n for n in self.nodes if n not in parents)

    @cached_property
    def next_nodes(self) -> dict[int, list[int]]:
        """The nodes that follow each node, branches of threats apart."""
        following: dict[int, list[int]] = {n: [] for n in self.nodes}
        for n, parent in self.parent.items():
            if parent is not None and (n in self.twin) == (parent in self.twin):
                following[parent].append(n)
        return following

    @cached_property
    def period_before(self) -> dict[int, int]:
        """Node -> the node of its year that it follows, where no other node does."""
        following = Counter(self.parent.values())
        return {
            n: parent
            for n, parent in self.parent.items()
            if parent is not None and following[parent] == 1 and self.year[parent] == self.year[n]
        }

    @cached_property
    def leaf_of(self) -> dict[str, int]:
        """Scenario -> the leaf at which its future ends; branches of threats are no futures."""
        return {self.data[leaf].scenario.name: leaf for leaf in self.leaves if leaf not in self.twin}

    @cached_property
    def branch_ends(self) -> tuple[int, ...]:
        """The leaves at which branches of threats end."""
        return tuple(leaf for leaf in self.leaves if leaf in self.twin)

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """Those on whose paths nodes are: of the futures, and of parents that are no futures themselves."""
        return {data.scenario.name: data.scenario for data in self.data.values()}

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """Nodes through which more than one future passes."""
        passing = Counter(n for leaf in self.leaf_of.values() for n in self.path[leaf])
        return tuple(n for n in self.nodes if passing[n] > 1)

    def along(self, leaf: int) -> Tree:
        """One future alone: the nodes on the way to a leaf, under their numbers, as if it were certain."""
        nodes = self.path[leaf]
        return Tree(
            time={n: self.time[n] for n in nodes},
            parent={n: self.parent[n] for n in nodes},
            probability=dict.fromkeys(nodes, 1.0),
            data={n: self.data[n] for n in nodes},
            twin={n: self.twin[n] for n in nodes if n in self.twin},
        )


def single(data: PlanData) -> Tree:
    """One scenario: one node a period, each the child of the one before."""
    nodes = range(len(data.times))
    return Tree(
        time=dict(zip(nodes, data.times, strict=True)),
        parent={n: n - 1 if n else None for n in nodes},
        probability=dict.fromkeys(nodes, 1.0),
        data=dict.fromkeys(nodes, data),
    )


def futures_of(base: PlanData, scenarios: Sequence[PlanData]) -> dict[str, float]:
    """Probability of each future of a joint plan; the base's is what the scenarios leave, unless that is nothing."""
    likely = {data.scenario.name: data.scenario.probability or 0.0 for data in scenarios}
    rest = 1.0 - sum(likely.values())
    futures = {base.scenario.name: rest} if rest >= LEAST_PROBABILITY else {}
    return futures | {name: p for name, p in likely.items() if p > 0}


def joint(base: PlanData, scenarios: Sequence[PlanData]) -> Tree:
    """All futures: a trunk with the base's data, which each scenario leaves when it shows itself.

    One with a parent leaves the path of that scenario instead. Futures that leave a path at the same time separate from
    each other then. The trunk comes first, one node a period, so that up to the first parting its nodes are numbered as
    those of the base alone. A path goes on as long as its own future, or one that has not left it yet, passes through
    it. Futures that show themselves at the start of first_year share no node.
    """
    futures = futures_of(base, scenarios)
    trunk, known = base.scenario.name, {data.scenario.name: data for data in scenarios}
    shows = {name: data.scenario.shows or base.times[0] for name, data in known.items()}
    nodes: dict[tuple[str, Time], int] = {}  # whose data a node has, and when it begins
    time: dict[int, Time] = {}
    parent: dict[int, int | None] = {}
    probability: dict[int, float] = {}
    data_of: dict[int, PlanData] = {}

    def path_of(future: str, begins: Time) -> str:
        """On whose path a future is then: its own once it has shown itself, else that of a parent or the trunk."""
        while future != trunk and shows[future] > begins:
            future = known[future].scenario.parent or trunk
        return future

    before = {begins: earlier for earlier, begins in pairwise(base.times)}
    for name in (trunk, *_parents_first(known)):
        for begins in base.times:
            through = [p for future, p in futures.items() if path_of(future, begins) == name]
            if through:
                node = nodes[name, begins] = len(time)
                earlier = before.get(begins)
                time[node], probability[node], data_of[node] = begins, sum(through), known.get(name, base)
                parent[node] = None if earlier is None else nodes[path_of(name, earlier), earlier]
    return Tree(time, parent, probability, data_of)


@dataclass(frozen=True)
class Branch:
    """A combination of threats that comes to a future: its data show themselves at the first of them."""

    future: str
    threats: tuple[str, ...]
    data: PlanData

    @property
    def name(self) -> tuple[str, tuple[str, ...]]:
        """Its future and its threats."""
        return self.future, self.threats


def with_branches(tree: Tree, branches: Sequence[Branch]) -> Tree:
    """Beside the futures of a tree, a branch of probability 0 for each combination of threats.

    It leaves the path of its future at the first of its threats. Nodes of the tree keep their numbers.
    """
    time, parent, data_of = dict(tree.time), dict(tree.parent), dict(tree.data)
    twin = dict(tree.twin)
    for branch in branches:
        before: int | None = None
        for n in tree.path[tree.leaf_of[branch.future]]:
            if tree.time[n] < (branch.data.scenario.shows or tree.time[n]):
                before = n
                continue
            node = len(time)
            time[node], parent[node], data_of[node], twin[node] = tree.time[n], before, branch.data, n
            before = node
    probability = {n: tree.probability.get(n, 0.0) for n in time}
    return Tree(time, parent, probability, data_of, twin)


def _parents_first(scenarios: Mapping[str, PlanData]) -> list[str]:
    """In their order, but none before its parent."""
    ordered: list[str] = []

    def add(name: str) -> None:
        parent = scenarios[name].scenario.parent
        if parent is not None and parent not in ordered:
            add(parent)
        if name not in ordered:
            ordered.append(name)

    for name in scenarios:
        add(name)
    return ordered
