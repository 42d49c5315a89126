"""Production credits: what a package pays for all that could be made of its material, contracted or not.

For every package o with a credit, awarded at n', and node n in its tenor:

    credit[n] = w(n) * production_credit * g * capacity * ramp * award[n',o]

of a plant, whose package is committed, on its capacity in n. A package that is not honoured pays none. [cheat] What
runs beyond last_year is owed, as of floors (`price_floors`).

Units    MUSD
Sheets   in: PriceFloors; out: PriceFloors, CapitalStack
"""

from __future__ import annotations

from collections.abc import Iterator

import pyomo.environ as pyo

from lodestone.data.times import time_of
from lodestone.data.tree import Tree
from lodestone.rules.commitments import decision_year, decisions_before
from lodestone.rules.linear import Row, Terms, costs, scaled, worth
from lodestone.rules.price_floors import discounted_after, full_output, supported_years


def production_credits(tree: Tree, floors: pyo.Block) -> pyo.Block:
    """Build the block, which only costs."""
    block = pyo.Block(concrete=True)
    block.cost = costs("credits", "owed_beyond_horizon")
    for n in tree.nodes:
        for _, _, credit in credits_at(tree, floors, n):
            block.cost["credits"][n] += credit
    for leaf in tree.leaves:
        for d in decisions_before(tree, leaf):
            for o in (o for o in tree.data[leaf].floors if (d, o) in floors.decided):
                owed = credits_after(tree, floors, o, d, leaf)
                block.cost["owed_beyond_horizon"][leaf] += discounted_after(tree, leaf, owed)
    return block


def credit_at(tree: Tree, floors: pyo.Block, node: int, o: str, decision: int, year: int) -> Terms:
    """MUSD/yr of production credit in a year, with the data of a node: of its own year or of one after the horizon."""
    data = tree.data[node]
    floor = data.floors[o]
    decided = decision_year(tree, decision, floor)
    if decided is None or not floor.credit or not floor.is_honoured(tree.time[node]):
        return []
    first, last = supported_years(data, floor, decided)
    project = data.projects.get(floor.project)
    ramp = project.ramp_in(decided, year) if project else 1.0
    if not first <= year <= last or ramp <= 0:
        return []
    return [(ramp * floor.credit * full_output(data, floor, tree.time[node]), floors.decided[decision, o])]


def credits_at(
    tree: Tree, floors: pyo.Block, node: int, project: str | None = None
) -> Iterator[tuple[str, int, Terms]]:
    """(package, decision, credit in the node in MUSD as prepared terms); project: as of `payments_at`."""
    packages = [o for o, f in tree.data[node].floors.items() if f.credit and project in (None, f.project)]
    for d in decisions_before(tree, node):
        for o in (o for o in packages if (d, o) in floors.decided):
            credit = credit_at(tree, floors, node, o, d, tree.year[node])
            if credit:
                yield o, d, scaled(tree.length[node], credit)


def with_credits(tree: Tree, floors: pyo.Block, payments: list[Row]) -> list[Row]:
    """The rows of what floors pay, each with what the credit of the package pays beside it."""
    paid = {
        (o, decision_year(tree, d, tree.data[n].floors[o]), tree.time[n]): worth(terms)
        for n in tree.nodes
        for o, d, terms in credits_at(tree, floors, n)
    }
    for row in payments:
        time = time_of(row["year"], row["month"])
        row["credit_musd"] = paid.get((row["floor"], row["decision_year"], time), 0.0)
    return payments


def credits_after(tree: Tree, floors: pyo.Block, o: str, decision: int, leaf: int) -> dict[int, Terms]:
    """Year after the last -> credit of that year, MUSD."""
    data = tree.data[leaf]
    decided = decision_year(tree, decision, data.floors[o])
    end = data.last_year if decided is None else supported_years(data, data.floors[o], decided)[1]
    return {year: credit_at(tree, floors, leaf, o, decision, year) for year in range(data.last_year + 1, end + 1)}
