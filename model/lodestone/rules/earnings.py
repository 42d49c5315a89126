"""Earnings: what is built earns its keep in the plan itself.

For every private project g that is not committed and node n at which it can be decided, at its hurdle rate h and the
plan's own prices and sales, over n and all nodes n' after it:

    (26) sum of p(n') / p(n) * (1 + h)^(y(n) - y(n')) * (value added * act + topup + floor payments + credits
         + sum over its contracts of ((contract - market) * taken + contract price * untaken)
         - operating cost * act - fixed cost of what is kept
         - w(n') * (DS + sigma * max(0, CF - DS)) * award[n,o])
         + tail  >=  capex * build[n,g] - (grant + equity + loan) * award[n,o]

    tail: at the leaves after n what (10) counts after last_year of what is decided at n, weighed and discounted
          likewise; nothing of promises that are broken there. What own sales bring, if above 0, where keeping it open
          costs money: own <= margin * build[n,g],  own <= margin * kept[leaf,g]

    (26') of one build that can be decided at several nodes from n on: (26) summed over them, worth at n, for the first
          node and each after a parting; only one of them on a path is decided, so it is implied, and cuts parts off
    (26") of several builds: topup[n',g] <= M * builds that were planned to produce by n', M all that could be lost

[cheat] Lenders who see low prices of inputs under a floor on the output see a margin that nobody pays, and a plant that
is bankable on paper may stand idle for free. topup is what the planner adds where sales do not suffice: private money
is attracted, not trapped. It counts from the planned first year of production on.

Units    MUSD, present value at the decision
Sheets   in: Projects, Prices, BankPrices; out: Bankability
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data import lenders
from lodestone.data.capital import dividend
from lodestone.data.tree import Tree
from lodestone.rules.bankability import given_back
from lodestone.rules.linear import Terms, collected, linear, scaled
from lodestone.rules.payments import earners, planned_by
from lodestone.rules.price_floors import covered_at, package_of, packages_of


def earnings(
    tree: Tree, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, open_: pyo.Block, paid: pyo.Block
) -> pyo.Block:
    """Build the rows (26); block.decision[n, g]: what goes with a decision alone, as terms worth at the decision."""
    block = pyo.Block(concrete=True)
    private = set(earners(tree, invest))
    rows = [(n, g) for n, g in invest.build if g in private and n not in tree.twin]
    after: dict[int, list[int]] = defaultdict(list)
    for n in tree.nodes:
        for a in () if n in tree.twin else tree.path[n]:
            after[a].append(n)
    margins = {
        (n, g, leaf): margin
        for n, g in rows
        for leaf in after[n]
        if leaf in tree.leaves and (leaf, g) in open_.kept and (margin := _margin(tree, n, g, leaf)) > 0
    }
    block.own = pyo.Var(list(margins), domain=pyo.NonNegativeReals)
    block.of_build = pyo.Constraint(
        list(margins),
        rule=lambda b, n, g, leaf: b.own[n, g, leaf] <= margins[n, g, leaf] * invest.build[n, g],
        doc="(26)",
    )
    block.of_kept = pyo.Constraint(
        list(margins),
        rule=lambda b, n, g, leaf: b.own[n, g, leaf] <= margins[n, g, leaf] * open_.kept[leaf, g],
        doc="(26)",
    )
    block.received = {(n, g): _received(tree, paid, after[n], n, g) for n, g in rows}
    block.decision = {key: _decision(tree, block, invest, floors, offtake, after[key[0]], *key) for key in rows}

    def together(b: pyo.Block, first: int, g: str) -> object:
        terms = list(b.received[first, g])
        for n in stretches[first, g]:
            terms += scaled(_weight(tree, first, g, n), b.decision[n, g])
        return linear(collected(terms)) >= 0

    block.earns = pyo.Constraint(
        rows, rule=lambda b, n, g: linear(collected(b.received[n, g] + b.decision[n, g])) >= 0, doc="(26)"
    )
    many = [(a, g) for a, g in paid.topup if g in private and tree.data[a].projects[g].max_builds > 1 and a in after]
    block.from_planned = pyo.Constraint(
        many,
        rule=lambda b, a, g: (
            linear(
                [(1.0, paid.topup[a, g]), *scaled(-_most(tree, paid, after[0], a, g), planned_by(tree, invest, g, a))]
            )
            <= 0
        ),
        doc='(26")',
    )
    stretches = {key: nodes for key, nodes in _beginnings(tree, rows).items() if len(nodes) > 1}
    block.together = pyo.Constraint(list(stretches), rule=together, doc="(26')")
    return block


def _most(tree: Tree, paid: pyo.Block, nodes: list[int], a: int, g: str) -> float:
    """MUSD that a project of several builds is never topped up by more than in a year: all that it could ever lose."""
    project = tree.data[a].projects[g]
    most = max(1.0, *project.recipe.values()) * project.capacity  # t that act, or that a contract takes, of a build
    loss = sum(max(0.0, factor) * max(1.0, most) for n in nodes for factor, _ in paid.lacks.get((n, g), ()))
    growth = (1 + project.hurdle_rate) ** (tree.data[a].last_year - tree.data[a].first_year)
    return float(project.max_builds * (project.capex + loss) * growth / tree.probability[a])


def _received(tree: Tree, paid: pyo.Block, nodes: list[int], n: int, g: str) -> Terms:
    """What a project earns after a decision, worth at it. Of one build nothing before it was to produce."""
    project = tree.data[n].projects[g]
    begins = project.first_year(tree.year[n]) if project.max_builds == 1 else 0
    terms: Terms = []
    for a in nodes:
        if tree.year[a] >= begins:
            weight = _weight(tree, n, g, a)
            terms += scaled(-weight, paid.lacks.get((a, g), ()))
            if (a, g) in paid.topup:
                terms.append((weight, paid.topup[a, g]))
    return terms


def _decision(
    tree: Tree,
    block: pyo.Block,
    invest: pyo.Block,
    floors: pyo.Block,
    offtake: pyo.Block,
    after: list[int],
    n: int,
    g: str,
) -> Terms:
    """What goes with a decision at n alone: what is put in, what goes to payers, and the tail."""
    data = tree.data[n]
    terms: Terms = [(-data.projects[g].capex, invest.build[n, g])]
    terms += [(lenders.put_in(data, data.floors[o]), floors.award[n, o]) for o in packages_of(tree, floors, g, n)]
    for a in after:
        terms += scaled(-_weight(tree, n, g, a), _to_payers(tree, floors, n, g, a))
        if a in tree.leaves:
            tail = _tail(tree, block, invest, floors, offtake, n, g, a)
            terms += scaled(tree.probability[a] / tree.probability[n], tail)
    return terms


def _beginnings(tree: Tree, rows: list[tuple[int, str]]) -> dict[tuple[int, str], list[int]]:
    """(node, project) -> all nodes from it on at which its one build may be decided; of the nodes with none before
    them, and those after which futures have parted."""
    found: dict[tuple[int, str], list[int]] = {}
    before: dict[tuple[int, str], tuple[int, str] | None] = {}  # the beginning before each
    for n, g in sorted(rows):
        if tree.data[n].projects[g].max_builds > 1:
            continue
        parted, earlier = False, None
        a = tree.parent[n]
        while a is not None:
            parted = parted or len(tree.next_nodes[a]) > 1
            if (a, g) in before:
                earlier = (a, g) if (a, g) in found else before[a, g]
                break
            a = tree.parent[a]
        before[n, g] = earlier
        if earlier is None or parted:
            found[n, g] = []
        key: tuple[int, str] | None = (n, g) if (n, g) in found else earlier
        while key is not None:
            found[key].append(n)
            key = before[key]
    return found


def _weight(tree: Tree, n: int, g: str, a: int) -> float:
    """What a MUSD of a node is worth at an earlier decision: its probability, seen from there, and the hurdle rate."""
    hurdle = 1 + tree.data[n].projects[g].hurdle_rate
    return float(tree.probability[a] / tree.probability[n] * hurdle ** (tree.year[n] - tree.year[a]))


def _to_payers(tree: Tree, floors: pyo.Block, n: int, g: str, a: int) -> Terms:
    """Debt service and dividends of the packages awarded at n, in a node."""
    data, year, terms = tree.data[a], tree.year[a], []
    project = data.projects[g]
    for o in packages_of(tree, floors, g, n):
        floor = package_of(tree, floors, a, o, n)
        due = lenders.debt_service(project, floor, tree.year[n]).get(year, 0.0) if floor.loan_share else 0.0
        if floor.equity_share:
            honoured = data.floors[o].is_honoured(tree.time[a])
            due += dividend(data, floor, tree.year[n], year, tree.time[a], honoured)
        if due:
            terms.append((tree.length[a] * due, floors.award[n, o]))
    return terms


def _margin(tree: Tree, n: int, g: str, leaf: int) -> float:
    data = tree.data[leaf]
    return lenders.margin_after(data, data.projects[g], tree.year[n], data.last_year)


def _tail(
    tree: Tree,
    block: pyo.Block,
    invest: pyo.Block,
    floors: pyo.Block,
    offtake: pyo.Block,
    n: int,
    g: str,
    leaf: int,
) -> Terms:
    """What (10) counts after last_year of what is decided at n, with what is broken at the leaf left out."""
    data, time, year = tree.data[leaf], tree.time[leaf], tree.year[n]
    project, last = data.projects[g], data.last_year
    if project.last_life_year(year) <= last:
        return []
    own, margin = (n, g, leaf), _margin(tree, n, g, leaf)
    terms: Terms = []
    if own in block.own:
        terms.append((1.0, block.own[own]))
    elif margin < 0 or project.fixed_cost == 0:  # where it costs something and cannot be kept it earns nothing more
        terms.append((margin, invest.build[n, g]))
    values = {
        c: lenders.contract_worth(data, contract, year, last)
        for c, contract in data.contracts.items()
        if contract.supplier == g and (n, c) in offtake.sign and contract.is_honoured(time)
    }
    terms += [(value, offtake.q[n, c]) for c, value in values.items()]
    for o in packages_of(tree, floors, g, n):
        floor, honoured = package_of(tree, floors, leaf, o, n), data.floors[o].is_honoured(time)
        mine = 1 - floor.equity_share
        terms.append((lenders.worth_after(data, floor, year, last, honoured), floors.award[n, o]))
        terms += [
            (-floor.equity_share * value, floors.under_award[n, o, c])
            for c, value in values.items()
            if floor.equity_share
        ]
        if honoured:
            first = project.first_year(year)
            for t in range(last + 1, first + min(floor.tenor_years, project.life_years)):
                worth = lenders.floor_worth(data, floor, year, t - first, t - first + 1)
                terms += scaled(mine * worth, covered_at(tree, floors, o, n, t))
            broken = {c for c, x in data.contracts.items() if not x.is_honoured(time)}
            terms += scaled(mine, given_back(tree, floors, o, n, last, broken))
    return terms
