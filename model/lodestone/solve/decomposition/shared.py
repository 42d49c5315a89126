"""What futures have in common, as a vector of numbers: enough of it that the rest can differ without anybody gaining.

The trunk falls into stretches of nodes through which the same futures pass. Held in common are, of a stretch,

- builds, awards, signings and their volumes at each of its nodes;
- the stock at its last node, by stream, and what is kept open, known of suppliers and designed out there;
- deliveries that come back as scrap after its last node;
- what is put into stock and taken under contracts at each, where a budget with carry-over counts it;
- where it ends within a year, all that rules about a year add up: activity, deliveries, intake, fills, what is taken,
  kept open and thrown away at the nodes of that year.

Nothing else at a node of the stretch stands in a row with a node after it. So when two futures agree on these numbers,
the rest of the stretch is the same problem for both, and the one may do there what the other does, at no cost: the
optimum is that of the tree in one model. (`sign` and `q` settle what a floor covers and what a contract delivers.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lodestone.data.tree import Tree
from lodestone.rules.build import Built
from lodestone.solver.matrix import Variable

Key = tuple[str, ...]  # what is held in common, e.g. ("stock", "2", "reserve", "clean")
OUTSIDE = -1  # in the place of a node that this tree does not have
THRESHOLD: Key = ("threshold",)  # of CVaR: beyond which cost a future belongs to the tail


@dataclass(frozen=True)
class CommonNumber:
    """One number of the vector. worth: MUSD of one unit, about; size: a usual amount of it, in its unit."""

    key: Key
    variable: Variable
    whole: bool
    worth: float
    size: float


def alone(tree: Tree, leaf: int) -> Tree:
    """One future, or branch of threats, as if it were certain, its nodes numbered from 0; shared ones as they are."""
    path = tree.path[leaf]
    return Tree(
        time={i: tree.time[n] for i, n in enumerate(path)},
        parent={i: i - 1 if i else None for i in range(len(path))},
        probability=dict.fromkeys(range(len(path)), 1.0),
        data={i: tree.data[n] for i, n in enumerate(path)},
        twin={i: OUTSIDE for i, n in enumerate(path) if n in tree.twin},
    )


def stretches(tree: Tree) -> dict[int, int]:
    """Each shared node -> the last node of its stretch."""
    passing = {n: frozenset(leaf for leaf in tree.leaves if n in tree.path[leaf]) for n in tree.shared}
    return {n: max(other for other in passing if passing[other] == futures) for n, futures in passing.items()}


def in_common(built: Built, ends: Mapping[int, int]) -> Iterator[CommonNumber]:
    """The numbers that a future, alone in its model, has in common with others; ends: the shared nodes it passes."""
    m, tree = built.model, built.tree
    nodes = set(ends)

    def price(n: int, material: str, region: str) -> float:
        data = tree.data[n]
        known = (material, region) in data.price
        return data.price_of(material, region, tree.time[n]) * data.discount(tree.year[n]) if known else 0.0

    def capex(n: int, project: str) -> float:
        data = tree.data[n]
        return data.projects[project].capex * data.discount(tree.year[n])

    for (n, g), build in m.investments.build.items():
        if n in nodes:
            yield CommonNumber(("build", str(n), g), build, True, 0.3 * capex(n, g), 1.0)
    for (n, o), award in m.price_floors.award.items():
        if n in nodes:
            worth = 0.1 * capex(n, tree.data[n].floors[o].project)
            yield CommonNumber(("award", str(n), o), award, True, worth, 1.0)
    for (n, c), sign in m.contracts.sign.items():
        if n in nodes:
            data = tree.data[n]
            contract = data.contracts[c]
            worth = (
                0.1
                * price(n, contract.material, data.region_of(contract.supplier))
                * min(contract.tenor_years, len(tree.nodes) - n)
            )
            yield CommonNumber(("sign", str(n), c), sign, True, worth * contract.max_t, 1.0)
            yield CommonNumber(("volume", str(n), c), m.contracts.q[n, c], False, worth, contract.max_t)
    for (n, s, k), stock in m.stockpiles.stock.items():
        if n in nodes and n == ends[n]:
            pile = tree.data[n].stockpiles[s]
            yield CommonNumber(
                ("stock", str(n), s, k), stock, False, price(n, pile.material, pile.region), pile.capacity
            )
    for (n, r, s, material, k), deliver in m.flows.deliver.items():
        if n in nodes and _comes_back(tree, n, ends[n], s, material):
            demand = tree.data[n].demand[r, s, material][tree.time[n]]
            yield CommonNumber(
                ("deliver", str(n), r, s, material, k), deliver, False, 0.1 * price(n, material, r), demand
            )
    for (n, s, k), fill in m.stockpiles.fill.items():
        if n in nodes and _is_budgeted(tree, n):
            pile = tree.data[n].stockpiles[s]
            yield CommonNumber(
                ("fill", str(n), s, k), fill, False, 0.1 * price(n, pile.material, pile.region), pile.capacity
            )

    yield from _carried_on(built, ends)


def _carried_on(built: Built, ends: Mapping[int, int]) -> Iterator[CommonNumber]:
    """What else later nodes begin with, and what the rest of a year that is cut adds up. A MUSD of each, about."""
    m, tree = built.model, built.tree
    at_end = {n for n in ends if n == ends[n]}
    within = {n for n, end in ends.items() if not tree.ends_year(end) and n in tree.year_nodes(end)}
    counted = within | {n for n in ends if _is_budgeted(tree, n, "contracts")}
    fills = {n for n in within if not _is_budgeted(tree, n)}
    for name, variables, nodes in (
        ("kept", m.closure.kept, at_end | within),
        ("known", m.suppliers.known, at_end),
        ("avoid", m.flows.avoid, at_end),
        ("taken", m.contracts.taken, counted),
        ("act", m.flows.act, within),
        ("mixed", m.flows.mixed, within),
        ("served", m.flows.deliver, within),
        ("filled", m.stockpiles.fill, fills),
        ("waste", m.china_share.waste, within),
    ):
        for (n, *key), variable in variables.items():
            if n in nodes:
                size = variable.ub if variable.ub else 1.0
                yield CommonNumber((name, str(n), *map(str, key)), variable, False, 0.01, size)


def _comes_back(tree: Tree, n: int, end: int, sector: str, material: str) -> bool:
    """Whether what is delivered at a node comes back as scrap after its stretch, within the horizon."""
    later = {tree.year[a] for a in tree.nodes if a > end}
    return any(
        (row.sector, row.material) == (sector, material) and row.t_per_t > 0 and tree.year[n] + row.lag_years in later
        for row in tree.data[n].returns
    )


def _is_budgeted(tree: Tree, n: int, kind: str = "stockpile") -> bool:
    """Whether money laid out for stock (or another kind) at a node counts in later years of a budget."""
    return any(
        budget.carry_over and kind in budget.covers and budget.limit.get(tree.time[n]) is not None
        for budget in tree.data[n].budgets.values()
    )
