"""Loans and stakes: what a payer puts into a project with a package, and what comes back.

    loans[n]   at the decision loan_share_of_capex * capex * award;  in each year of debt service
               - w(n) * repaid * award;  at a leaf less what is still to be paid back, at discount_rate
    equity[n]  at the decision equity_musd * award;  less dividends as far as they are counted;  at a leaf less what is
               counted of those to come

What is repaid, and what of dividends is counted along a path, are numbers of one award (`data/capital.py`): in the
cash of which dividends are paid nothing is contracted, so that the rules stay linear. [cheat] A loan never earns, and a
stake never earns more than it cost. Both are paid back whether floor and credit are honoured or not; what was put in
before first_year is spent, and what was counted before it does not come back.

Units    MUSD
Sheets   in: PriceFloors; out: CapitalStack
"""

from __future__ import annotations

from collections.abc import Iterator

import pyomo.environ as pyo

from lodestone.data.capital import dividend, repaid
from lodestone.data.lenders import grant, loan
from lodestone.data.plan_data import CLEAN, MUSD_PER_T, Floor
from lodestone.data.tree import Tree
from lodestone.rules.commitments import COMMITTED, Decision, decision_year, paid_at
from lodestone.rules.credits import credits_after, credits_at
from lodestone.rules.linear import Row, amount, costs, worth
from lodestone.rules.price_floors import discounted_after, owed_after, package_of, payments_at, supported_years

Back = dict[int, float]  # node -> MUSD that come back in it


def capital(tree: Tree, floors: pyo.Block) -> pyo.Block:
    """Build the block. block.repaid, block.dividends: what comes back of one award in each node; .._after: at the
    leaves, for what is to come."""
    block = pyo.Block(concrete=True)
    block.cost = costs("loans", "equity")
    block.repaid, block.dividends = {}, {}  # decision -> node -> MUSD
    block.repaid_after, block.dividends_after = {}, {}
    for d, o in (key for key in floors.decided if _puts_in(tree, key[1])):
        for n in paid_at(tree, d, "floors", o):
            data = tree.data[n]
            floor = data.floors[o]
            if floor.project in data.projects:
                block.cost["loans"][n].append((loan(data.projects[floor.project], floor), floors.decided[d, o]))
                block.cost["equity"][n].append((floor.equity, floors.decided[d, o]))
        nodes = list(_nodes(tree, (d, o)))
        block.repaid[d, o], block.repaid_after[d, o] = _repaid(tree, nodes)
        block.dividends[d, o], block.dividends_after[d, o] = _dividends(tree, floors, (d, o), nodes)
        for term, back in (
            ("loans", block.repaid[d, o]),
            ("loans", block.repaid_after[d, o]),
            ("equity", block.dividends[d, o]),
            ("equity", block.dividends_after[d, o]),
        ):
            for n, musd in back.items():
                block.cost[term][n].append((-musd, floors.decided[d, o]))
    return block


def _puts_in(tree: Tree, o: str) -> bool:
    return any(data.floors[o].loan_share or data.floors[o].equity for data in tree.data.values())


def _nodes(tree: Tree, decision: Decision) -> Iterator[tuple[int, Floor, int]]:
    """(node, package as it has it, year of the decision) of the nodes that a package for a project concerns."""
    d, o = decision
    for n in tree.nodes:
        floor = tree.data[n].floors[o]
        decided = decision_year(tree, d, floor)
        if decided is not None and (d == COMMITTED or d in tree.path[n]) and floor.project in tree.data[n].projects:
            yield n, floor, decided


def _repaid(tree: Tree, nodes: list[tuple[int, Floor, int]]) -> tuple[Back, Back]:
    back: Back = {}
    after: Back = {}
    for n, floor, decided in nodes:
        data, due = tree.data[n], {}
        if floor.loan_share:
            due = repaid(data, floor, decided)
        if due.get(tree.year[n]):
            back[n] = tree.length[n] * due[tree.year[n]]
        if n in tree.leaves:
            last = data.last_year
            to_come = sum((1 + data.discount_rate) ** (last - t) * musd for t, musd in due.items() if t > last)
            if to_come:
                after[n] = to_come
    return back, after


def _dividends(
    tree: Tree, floors: pyo.Block, decision: Decision, nodes: list[tuple[int, Floor, int]]
) -> tuple[Back, Back]:
    """Counted along each path until they are worth the stake at the decision, at the hurdle rate."""
    d, o = decision
    back: Back = {}
    after: Back = {}
    left: dict[int | None, float] = {}  # node -> what is left to the limit, worth at the decision
    for n, row, decided in nodes:
        if not (row.equity and row.equity_share):
            continue
        data, time, year = tree.data[n], tree.time[n], tree.year[n]
        floor, honoured = package_of(tree, floors, n, o, d), row.is_honoured(time)
        hurdle = 1 + data.projects[floor.project].hurdle_rate
        risk = min(1.0, (1 + data.discount_rate) / hurdle)
        limit = left.get(tree.parent[n], floor.equity)
        paid = tree.length[n] * dividend(data, floor, decided, year, time, honoured)
        counted = min(paid, limit * hurdle ** (year - decided))
        left[n] = max(0.0, limit - counted * hurdle ** (decided - year))
        if counted:
            back[n] = counted * risk ** (year - decided)
        if n in tree.leaves:
            end = data.projects[floor.project].ends(decided)
            later = ((t, dividend(data, floor, decided, t, time, honoured)) for t in range(year + 1, end + 1))
            to_come = sum(hurdle ** (year - t) * musd for t, musd in later)
            counted = min(left[n] * hurdle ** (year - decided), to_come)
            if counted:
                after[n] = counted * risk ** (year - decided)
    return back, after


def stack_table(tree: Tree, flow: pyo.Block, floors: pyo.Block, offtake: pyo.Block, block: pyo.Block) -> list[Row]:
    """Of one future: who puts what into each supported project, what is paid or comes back later, and what it costs."""
    rows: list[Row] = []
    (leaf,) = tree.leaves
    for (d, o), award in floors.decided.items():
        row = tree.data[leaf].floors[o]
        decided = decision_year(tree, d, row) if d == COMMITTED or d in tree.time else None
        if decided is not None and amount(award) > 0.5:
            parts = _parts(tree, floors, offtake, block, (d, o), decided)
            clean = _clean(tree, flow, row)
            cost = sum(part["cost_musd"] for part in parts)
            made = clean + amount(award) * _later(tree, leaf, row, parts)
            in_the_plan = decided >= tree.data[leaf].first_year  # else what was put in is spent, and in no cost
            support = {
                "project": row.project,
                "floor": o,
                "decision_year": decided,
                "clean_t": clean,
                "support_usd_per_kg": cost / made / MUSD_PER_T if clean > 0 and in_the_plan else None,
            }
            rows += [{**support, **part} for part in parts]
    return sorted(rows, key=lambda r: (r["decision_year"], r["floor"]))


def _parts(
    tree: Tree, floors: pyo.Block, offtake: pyo.Block, block: pyo.Block, key: Decision, decided: int
) -> list[Row]:
    """The rows of one award, what is nothing left out."""
    d, o = key
    (leaf,) = tree.leaves
    data, floor = tree.data[leaf], package_of(tree, floors, leaf, o, d)
    last, project = data.last_year, data.projects.get(floor.project)
    first, end = supported_years(data, floor, decided)
    parts: list[Row] = []

    def now(n: int) -> float:
        return tree.data[n].discount(tree.year[n])

    def add(source: str, put_in: float, first: int, end: int, later: dict[int, float], after: float = 0.0) -> None:
        """later: node -> MUSD paid (+) or coming back (-); after: in money of the last year."""
        if put_in or after or any(later.values()):
            spent = sum(put_in * now(n) for n in paid_at(tree, d, "floors", o) if n in tree.time)
            cost = spent + sum(now(n) * musd for n, musd in later.items()) + after * data.discount(last)
            parts.append(
                {
                    "source": source,
                    "payer": floor.payer,
                    "put_in_musd": put_in,
                    "first_year": first,
                    "last_year": end,
                    "later_musd": sum(later.values()),
                    "after_musd": after,
                    "cost_musd": cost,
                }
            )

    def back(musd: dict[Decision, Back]) -> Back:
        return {n: -m for n, m in musd.get(key, {}).items() if n in tree.time}

    if project:
        lent, granted = loan(project, floor), grant(data, floor)
        own = project.capex - granted - lent - floor.equity
        begins, ends = project.first_year(decided), project.last_life_year(decided)
        parts.append(
            {"source": "owners", "payer": "", "put_in_musd": own, "first_year": begins, "last_year": ends,
             "later_musd": 0.0, "after_musd": 0.0, "cost_musd": 0.0}
        )  # fmt: skip
        add("grant", granted, decided, decided, {})
        due = back(block.repaid_after).get(leaf, 0.0)
        add("loan", lent, begins, begins + floor.loan_years - 1, back(block.repaid), due)
        to_come = back(block.dividends_after).get(leaf, 0.0)
        add("stake", floor.equity, begins, ends, back(block.dividends), to_come)
    paid = {
        n: worth(terms)
        for n in tree.nodes
        for a, b, terms in payments_at(tree, floors, offtake, n, project=floor.project)
        if (b, a) == key
    }
    owed = worth(discounted_after(tree, leaf, owed_after(tree, floors, offtake, o, d, leaf)))
    add("floor", 0.0, first, end, paid, owed)
    given = {
        n: worth(terms)
        for n in tree.nodes
        for a, b, terms in credits_at(tree, floors, n, floor.project)
        if (b, a) == key
    }
    owed = worth(discounted_after(tree, leaf, credits_after(tree, floors, o, d, leaf)))
    add("credit", 0.0, first, end, given, owed)
    return parts


def _clean(tree: Tree, flow: pyo.Block, floor: Floor) -> float:
    """Clean tonnes of the supported material that the project or plant makes within the horizon."""
    g = tree.data[tree.nodes[0]].units[floor.project].recipe[floor.material]
    keys = ((n, floor.project, CLEAN) for n in tree.nodes)
    return float(g * sum(amount(flow.act[key]) for key in keys if key in flow.act))


def _later(tree: Tree, leaf: int, floor: Floor, parts: list[Row]) -> float:
    """Tonnes at full capacity in the years after the horizon in which something is paid or comes back, as what is
    counted of them takes for granted."""
    data, time = tree.data[leaf], tree.time[leaf]
    ends = max((part["last_year"] for part in parts if part["after_musd"]), default=data.last_year)
    unit, plant = data.units[floor.project], data.plants.get(floor.project)
    full = plant.capacity[time] if plant else data.projects[floor.project].capacity
    return float(unit.recipe[floor.material] * full * max(0, ends - data.last_year))
