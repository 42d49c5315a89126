"""Earnings: what is built earns its keep in the plan itself.

For every private project g that is not committed and node n at which it can be decided, at its hurdle rate h and the
plan's own prices and sales, over n and all nodes n' after it:

    (26) sum of p(n') / p(n) * (1 + h)^(y(n) - y(n')) * (earned[n',g] - w(n') * paid[n,n',o] * award[n,o])
         + tail  >=  capex * build[n,g] - (grant + equity + loan) * award[n,o]
         earned[n,g] = value added * act + topup + floor payments + credits - operating cost * act
                       - fixed cost of what is kept
                       + sum over its contracts of ((contract - market) * taken + contract price * untaken)

    paid: debt service and dividends of the package, DS + sigma * max(0, CF - DS) (`capital`)
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
Sheets   in: Projects, Prices, BankPrices; out: Earnings
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import pyomo.environ as pyo

from lodestone.data import lenders
from lodestone.data.capital import dividend
from lodestone.data.plan_data import CLEAN, EXPOSED
from lodestone.data.tree import Tree
from lodestone.rules.bankability import given_back
from lodestone.rules.credits import credits_at
from lodestone.rules.linear import Row, Terms, amount, collected, linear, scaled, worth
from lodestone.rules.payments import must_earn, planned_by
from lodestone.rules.price_floors import covered_at, package_of, packages_of, payments_at


def earnings(
    tree: Tree, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, open_: pyo.Block, paid: pyo.Block
) -> pyo.Block:
    """Build the rows (26); block.decision[n, g]: what goes with a decision alone, as terms worth at the decision."""
    block = pyo.Block(concrete=True)
    rows = [(n, g) for n, g in invest.build if must_earn(tree, n, g) and n not in tree.twin]
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
    _add_earned(block, paid, rows, after)
    block.received = {(n, g): _received(tree, block, after[n], n, g) for n, g in rows}
    block.margins = margins
    block.decision = {key: _decision(tree, block, invest, floors, offtake, after[key[0]], *key) for key in rows}

    def together(b: pyo.Block, first: int, g: str) -> object:
        terms = list(b.received[first, g])
        for n in stretches[first, g]:
            terms += scaled(_weight(tree, first, g, n), b.decision[n, g])
        return linear(collected(terms)) >= 0

    block.keeps = pyo.Constraint(
        rows, rule=lambda b, n, g: linear(collected(b.received[n, g] + b.decision[n, g])) >= 0, doc="(26)"
    )
    earners = [(a, g) for a, g in paid.topup if must_earn(tree, a, g) and a in after]
    many = [(a, g) for a, g in earners if tree.data[a].projects[g].max_builds > 1]

    def from_planned(b: pyo.Block, a: int, g: str) -> object:
        most = _most(tree, paid, after[tree.path[a][0]], a, g)
        return linear([(1.0, paid.topup[a, g]), *scaled(-most, planned_by(tree, invest, g, a))]) <= 0

    block.from_planned = pyo.Constraint(many, rule=from_planned, doc='(26")')
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


def _add_earned(block: pyo.Block, paid: pyo.Block, rows: list[tuple[int, str]], after: Mapping[int, list[int]]) -> None:
    """earned[n, g]: what a project that may be there earns at a node."""
    index = dict.fromkeys((a, g) for n, g in rows for a in after[n] if (a, g) in paid.topup or paid.lacks.get((a, g)))
    block.earned = pyo.Var(list(index))

    def rule(b: pyo.Block, a: int, g: str) -> object:
        topup = [(-1.0, paid.topup[a, g])] if (a, g) in paid.topup else []
        return linear(collected([(1.0, b.earned[a, g]), *paid.lacks.get((a, g), ()), *topup])) == 0

    block.earns = pyo.Constraint(list(index), rule=rule, doc="(26)")


def _received(tree: Tree, block: pyo.Block, nodes: list[int], n: int, g: str) -> Terms:
    """What a project earns after a decision, worth at it. Of one build nothing before it was to produce."""
    project = tree.data[n].projects[g]
    begins = project.first_year(tree.year[n]) if project.max_builds == 1 else tree.year[n]
    return [
        (_weight(tree, n, g, a), block.earned[a, g]) for a in nodes if tree.year[a] >= begins and (a, g) in block.earned
    ]


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
    terms = _put_in(tree, invest, floors, n, g)
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
    after: int | None = None,
) -> Terms:
    """What (10) counts after last_year (or a later one) of what is decided at n, without what is broken at the leaf."""
    data, time, year = tree.data[leaf], tree.time[leaf], tree.year[n]
    project, last = data.projects[g], data.last_year if after is None else after
    if project.last_life_year(year) <= last:
        return []
    own, margin = (n, g, leaf), lenders.margin_after(data, project, year, last)
    terms: Terms = []
    if own in block.own:
        terms.append((margin / block.margins[own], block.own[own]))
    elif _margin(tree, n, g, leaf) < 0 or project.fixed_cost == 0:  # what cannot be kept earns nothing more
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


def earned_table(
    whole: Tree, tree: Tree, flow: pyo.Block, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block,
    open_: pyo.Block, paid: pyo.Block, block: pyo.Block,
) -> list[Row]:  # fmt: skip
    """Of one future (tree) of all (whole): what each private project earns in the plan, and what topped it up."""
    rows: list[Row] = []
    decided = [(n, g) for n, g in block.decision if n in tree.time and amount(invest.build[n, g]) >= 0.5]
    times = Counter(g for _, g in decided)
    for n, g in decided:
        alone = times[g] == 1
        project, nodes = tree.data[n].projects[g], [a for a in tree.nodes if n in tree.path[a]]
        parts: dict[str, float] = dict.fromkeys(("sales", "support", "contracts", "topups", "to_payers"), 0.0)
        for a in nodes:
            for part, musd in _earned_at(tree, flow, floors, offtake, open_, paid, n, g, a).items():
                parts[part] += (1 + project.hurdle_rate) ** (tree.year[n] - tree.year[a]) * musd
        put_in = -worth(_put_in(tree, invest, floors, n, g))
        (leaf,) = (a for a in nodes if a in tree.leaves)
        after = worth(_tail(tree, block, invest, floors, offtake, n, g, leaf))
        rows.append(
            {
                "project": g,
                "decision_year": tree.year[n],
                "hurdle_rate": project.hurdle_rate,
                "return_rate": irr(_cash(tree, block, invest, floors, offtake, n, g)) if alone else None,
                "expected_return_rate": irr(_cash(whole, block, invest, floors, offtake, n, g)) if alone else None,
                "put_in_musd": put_in,
                **{f"{part}_musd": musd for part, musd in parts.items()},
                "after_musd": after,
                "surplus_musd": sum(parts.values()) + after - put_in,
            }
        )
    return rows


def _put_in(tree: Tree, invest: pyo.Block, floors: pyo.Block, n: int, g: str) -> Terms:
    """What owners and lenders do not put in: capex counts against them, packages for them."""
    data = tree.data[n]
    terms: Terms = [(-data.projects[g].capex, invest.build[n, g])]
    return terms + [(lenders.put_in(data, data.floors[o]), floors.award[n, o]) for o in packages_of(tree, floors, g, n)]


def _earned_at(
    tree: Tree, flow: pyo.Block, floors: pyo.Block, offtake: pyo.Block, open_: pyo.Block, paid: pyo.Block,
    n: int, g: str, a: int,
) -> dict[str, float]:  # fmt: skip
    """MUSD of a node, by where it comes from; contracts: with what is paid for nothing."""
    data = tree.data[a]
    project = data.projects[g]
    margin = data.value_added(project, tree.time[a]) - project.operating_cost
    used = sum(amount(flow.act[a, g, k]) for k in (CLEAN, EXPOSED) if (a, g, k) in flow.act)
    sales = margin * used - worth(open_.fixed_cost.get((a, g), ()))
    given = [terms for _, _, terms in payments_at(tree, floors, offtake, a, project=g)]
    given += [terms for _, _, terms in credits_at(tree, floors, a, g)]
    support = sum(worth(terms) for terms in given)
    topup = amount(paid.topup[a, g]) if (a, g) in paid.topup else 0.0
    return {
        "sales": sales,
        "support": support,
        "contracts": -worth(paid.lacks.get((a, g), ())) - sales - support,
        "topups": topup,
        "to_payers": -worth(_to_payers(tree, floors, n, g, a)),
    }


def _cash(
    tree: Tree, block: pyo.Block, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, n: int, g: str
) -> dict[int, float]:
    """Years after a decision -> MUSD to owners and their lenders, in the mean of the futures that share it."""
    cash: dict[int, float] = defaultdict(float)
    year, hurdle = tree.year[n], 1 + tree.data[n].projects[g].hurdle_rate
    cash[0] = worth(_put_in(tree, invest, floors, n, g))
    for a in (a for a in tree.nodes if n in tree.path[a] and a not in tree.twin):
        likely = tree.probability[a] / tree.probability[n]
        earned = amount(block.earned[a, g]) if (a, g) in block.earned else 0.0
        cash[tree.year[a] - year] += likely * (earned - worth(_to_payers(tree, floors, n, g, a)))
        if a in tree.leaves:
            later = worth(_tail(tree, block, invest, floors, offtake, n, g, a))
            for t in range(tree.data[a].last_year + 1, tree.data[a].projects[g].last_life_year(year) + 1):
                rest = worth(_tail(tree, block, invest, floors, offtake, n, g, a, t))
                cash[t - year] += likely * (later - rest) * hurdle ** (t - year)
                later = rest
    return cash


def irr(cash: Mapping[int, float]) -> float | None:
    """The rate at which money by year is worth nothing; none where it has no sign to change, or far from any rate."""

    def value(rate: float) -> float:
        return sum(musd * (1 + rate) ** -t for t, musd in cash.items())

    low, high = -0.9, 10.0
    if not value(low) > 0 > value(high):
        return None
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) > 0 else (low, middle)
    return (low + high) / 2
