"""Budgets: caps on yearly outlays, undiscounted.

For every budget b and node n that ends a year, over the nodes n' of Y(n) in which the budget is in force:

    (34) sum over n' and the kinds it covers of outlay[kind,n'] <= sum over n' of w(n') * limit[b,n']
         carry_over: both sides cumulated along path(n), from the first year in force

    capex      capex of public projects          grants     capex grants of support packages
    loans      what is lent                      equity     what is put in
    floors     of each floor its payments of the year, at least 0: paid_out >= payments, paid_out >= 0; credits in full
    contingent as floors, what they would pay at the lenders' prices, without credits
    contracts  of each contract (contract - market price) * taken + contract price * untaken of the year, at least 0
    fees       contract signing fees             stockpile  fill x market price, own production included

After last_year what is owed is held to the budget of last_year, year by year, of each leaf and year t:

    (34) sum over floors, credits, take-or-pay and contingent payments owed in t, as covered  <=  the money of last_year

A budget with a payer counts the outlays of that payer only. [cheat] Each floor and each contract counts by itself: what
one pays in does not make room for another.

Units    MUSD/yr
Sheets   in: Budgets; out: Budgets
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import pyomo.environ as pyo

from lodestone.data.lenders import grant, loan
from lodestone.data.network import Network
from lodestone.data.plan_data import Budget, Contract, Floor
from lodestone.data.tree import Tree
from lodestone.rules.commitments import decisions_before, paid_at
from lodestone.rules.contracts import owed_by_year, prices, signing_year, volume_at
from lodestone.rules.credits import credits_after, credits_at
from lodestone.rules.linear import Row, Terms, linear, scaled, worth
from lodestone.rules.price_floors import owed_after, payments_at
from lodestone.rules.stockpiles import purchases


def budgets(
    tree: Tree, net: Network, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block, piles: pyo.Block
) -> pyo.Block:
    """Build the rows (34); block.outlay[n, b] keeps the outlays of each year, block.paid what may be receipts."""
    block = pyo.Block(concrete=True)
    block.paid = {}  # (node that ends a year, kind, name) -> payments of the year
    if _capped(tree, "floors"):
        block.paid |= _of_years(tree, "floors", _floor_payments(tree, floors, offtake))
    if _capped(tree, "contingent"):
        block.paid |= _of_years(tree, "contingent", _floor_payments(tree, floors, offtake, at_bank=True))
    if _capped(tree, "contracts"):
        block.paid |= _of_years(tree, "contracts", _contract_payments(tree, offtake))
    block.paid_out = pyo.Var(list(block.paid), domain=pyo.NonNegativeReals)
    block.net = pyo.Constraint(
        list(block.paid),
        rule=lambda b, *key: linear([(1.0, b.paid_out[key]), *scaled(-1.0, block.paid[key])]) >= 0,
        doc="(34)",
    )
    by_year: dict[tuple[int, str], list[str]] = defaultdict(list)
    for n, kind, name in block.paid:
        by_year[n, kind].append(name)

    def outlays(n: int, name: str, budget: Budget) -> Terms:
        data, payer = tree.data[n], budget.payer

        def counts(who: str) -> bool:
            return payer is None or payer == who

        found: Terms = []
        for a in years_nodes(tree, name, n):
            at_once: dict[str, Callable[[int], Iterator[tuple[str, Terms]]]] = {
                "capex": lambda a: _capex(tree, invest, a),
                "grants": lambda a: _grants(tree, floors, a),
                "loans": lambda a: _loans(tree, floors, a),
                "equity": lambda a: _stakes(tree, floors, a),
                "floors": lambda a: _credits(tree, floors, a),
                "fees": lambda a: _fees(tree, offtake, a),
                "stockpile": lambda a: _fills(tree, net, piles, a),
            }
            for kind in sorted(budget.covers & at_once.keys()):
                found += [term for who, terms in at_once[kind](a) if counts(who) for term in terms]
        payers: dict[str, Mapping[str, Floor | Contract]] = {
            **{kind: data.floors for kind in ("floors", "contingent")},
            "contracts": data.contracts,
        }
        for kind in sorted(budget.covers & payers.keys()):
            found += [(1.0, block.paid_out[n, kind, x]) for x in by_year[n, kind] if counts(payers[kind][x].payer)]
        return found

    block.outlay = {
        (n, b): outlays(n, b, budget)
        for n in tree.nodes
        if tree.ends_year(n)
        for b, budget in tree.data[n].budgets.items()
        if years_nodes(tree, b, n)
    }

    def rule(b: pyo.Block, n: int, name: str) -> object:
        years = counted(tree, name, n)
        spent = [term for node in years for term in b.outlay[node, name]]
        return linear(spent) <= sum(money(tree, name, node) for node in years)

    def spends(n: int, name: str) -> bool:
        """Whether anything that costs money counts: a package without a grant spends none of a budget for grants."""
        return any(c for node in counted(tree, name, n) for c, _ in block.outlay[node, name])

    block.within = pyo.Constraint(
        [k for k, terms in block.outlay.items() if terms and spends(*k)], rule=rule, doc="(34)"
    )
    block.owed = _owed(tree, floors, offtake)
    block.later = pyo.Constraint(
        [key for key, terms in block.owed.items() if any(c for c, _ in terms)],
        rule=lambda b, n, name, year: linear(b.owed[n, name, year]) <= money(tree, name, n),
        doc="(34)",
    )
    return block


def _capped(tree: Tree, kind: str) -> bool:
    return any(kind in b.covers for data in tree.data.values() for b in data.budgets.values())


def _capex(tree: Tree, invest: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    """(payer, MUSD) of the public projects decided at a node."""
    for (d, g), build in invest.decided.items():
        project = tree.data[n].projects[g]
        if project.public and n in paid_at(tree, d, "projects", g):
            yield project.payer, [(project.capex, build)]


def _grants(tree: Tree, floors: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for (d, o), award in floors.decided.items():
        data = tree.data[n]
        if data.floors[o].project in data.projects and n in paid_at(tree, d, "floors", o):
            yield data.floors[o].payer, [(grant(data, data.floors[o]), award)]


def _loans(tree: Tree, floors: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for (d, o), award in floors.decided.items():
        data = tree.data[n]
        floor = data.floors[o]
        if floor.loan_share and floor.project in data.projects and n in paid_at(tree, d, "floors", o):
            yield floor.payer, [(loan(data.projects[floor.project], floor), award)]


def _stakes(tree: Tree, floors: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for (d, o), award in floors.decided.items():
        floor = tree.data[n].floors[o]
        if floor.equity and floor.project in tree.data[n].projects and n in paid_at(tree, d, "floors", o):
            yield floor.payer, [(floor.equity, award)]


def _credits(tree: Tree, floors: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for o, _, credit in credits_at(tree, floors, n):
        yield tree.data[n].floors[o].payer, credit


def _owed(tree: Tree, floors: pyo.Block, offtake: pyo.Block) -> dict[tuple[int, str, int], Terms]:
    """(leaf, budget, year after the last) -> what is owed then and counts in it, MUSD of that year."""
    owed: dict[tuple[int, str, int], Terms] = defaultdict(list)
    for leaf in tree.leaves:
        for name, budget in tree.data[leaf].budgets.items():
            if years_nodes(tree, name, leaf):
                for kind, payer, year, terms in _owed_at(tree, floors, offtake, leaf, budget.covers):
                    if terms and budget.payer in (None, payer) and kind in budget.covers:
                        owed[leaf, name, year] += terms
    return owed


def _owed_at(
    tree: Tree, floors: pyo.Block, offtake: pyo.Block, leaf: int, covers: frozenset[str]
) -> Iterator[tuple[str, str, int, Terms]]:
    """(kind, payer, year, MUSD) of all that is owed after the last year of a leaf."""
    data = tree.data[leaf]
    for d in decisions_before(tree, leaf) if covers & {"floors", "contingent"} else ():
        for o in (o for o in data.floors if (d, o) in floors.decided):
            payer = data.floors[o].payer
            for year, terms in owed_after(tree, floors, offtake, o, d, leaf).items():
                yield "floors", payer, year, terms
            for year, terms in credits_after(tree, floors, o, d, leaf).items():
                yield "floors", payer, year, terms
            for year, terms in owed_after(tree, floors, offtake, o, d, leaf, at_bank=True).items():
                yield "contingent", payer, year, terms
    for d, c in offtake.signed if "contracts" in covers else ():
        signed = signing_year(tree, d, c, leaf) if d in decisions_before(tree, leaf) else None
        for year, per_t in owed_by_year(tree, leaf, c, signed).items() if signed is not None else ():
            if per_t:
                owed = scaled(per_t, [volume_at(tree, offtake, d, c, leaf)])
                yield "contracts", data.contracts[c].payer, year, owed


def _fees(tree: Tree, offtake: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for (d, c), sign in offtake.signed.items():
        if n in paid_at(tree, d, "contracts", c):
            contract = tree.data[n].contracts[c]
            yield contract.payer, [(contract.signing_fee, sign)]


def _fills(tree: Tree, net: Network, piles: pyo.Block, n: int) -> Iterator[tuple[str, Terms]]:
    for (s, _), term in zip(net[n].fill, purchases(tree, net, piles, n), strict=True):
        yield tree.data[n].stockpiles[s].payer, [term]


def _floor_payments(
    tree: Tree, floors: pyo.Block, offtake: pyo.Block, at_bank: bool = False
) -> dict[tuple[int, str], Terms]:
    """(node, package) -> what it pays, or would pay at the lenders' prices."""
    of_node: dict[tuple[int, str], Terms] = defaultdict(list)
    for n in tree.nodes:
        for o, _, payment in payments_at(tree, floors, offtake, n, at_bank):
            of_node[n, o] += payment
    return of_node


def _contract_payments(tree: Tree, offtake: pyo.Block) -> dict[tuple[int, str], Terms]:
    """(node, contract) -> what it costs more than the market, and what is paid though not taken."""
    of_node: dict[tuple[int, str], Terms] = defaultdict(list)
    for n, c, d in offtake.taken:
        price, market = prices(tree, offtake, n, c, d)
        of_node[n, c].append((price - market, offtake.taken[n, c, d]))
        if (n, c, d) in offtake.untaken:
            of_node[n, c].append((price, offtake.untaken[n, c, d]))
    return of_node


def _of_years(tree: Tree, kind: str, of_node: Mapping[tuple[int, str], Terms]) -> dict[tuple[int, str, str], Terms]:
    """(node that ends a year, kind, name) -> payments of the year."""
    names = dict.fromkeys(name for _, name in of_node)
    return {
        (n, kind, name): terms
        for n in tree.nodes
        if tree.ends_year(n)
        for name in names
        if (terms := [term for a in tree.year_nodes(n) for term in of_node.get((a, name), ())])
    }


def years_nodes(tree: Tree, name: str, n: int) -> list[int]:
    """The nodes of the year that ends at n in which a budget is in force."""
    return [a for a in tree.year_nodes(n) if tree.data[a].budgets[name].limit.get(tree.time[a]) is not None]


def money(tree: Tree, name: str, n: int) -> float:
    """A budget's money of the year that ends at n, MUSD."""
    return sum(
        tree.length[a] * (tree.data[a].budgets[name].limit[tree.time[a]] or 0.0) for a in years_nodes(tree, name, n)
    )


def counted(tree: Tree, name: str, n: int) -> list[int]:
    """Ends of the years whose outlays and limits count in n's row."""
    if not tree.data[n].budgets[name].carry_over:
        return [n]
    return [a for a in tree.path[n] if tree.ends_year(a) and years_nodes(tree, name, a)]


def settle(block: pyo.Block) -> None:
    """Of a solution, what each floor pays out in a year, not what the limit would leave room for."""
    for key, variable in block.paid_out.items():
        variable.set_value(max(0.0, worth(block.paid[key])), skip_validation=True)


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """What is spent and allowed, by budget and year."""
    rows = []
    for n, name in (key for key in block.outlay if key[0] in tree.time):
        years = counted(tree, name, n)
        rows.append(
            {
                "budget": name,
                "year": tree.year[n],
                "outlay_musd": worth(block.outlay[n, name]),
                "limit_musd": money(tree, name, n),
                "cumulated_outlay_musd": sum(worth(block.outlay[a, name]) for a in years),
                "cumulated_limit_musd": sum(money(tree, name, a) for a in years),
            }
        )
    return sorted(rows, key=lambda row: (row["budget"], row["year"]))
