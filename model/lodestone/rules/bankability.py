"""Bankability: a private project is decided only if lenders earn the hurdle rate at their prices.

For every private project g and decision node n:

    (10)  sum over packages o of (beside[o] * award[n,o] + (1 - sigma[o]) * sum over segments i of worth[o,i]
          * covered[n,o,i]) + sum over contracts c of worth[c] * (q[n,c] - sum over o of sigma[o] * under_award[n,o,c])
          >=  gap[g,n] * build[n,g]

    (10') build[n,g] <= sum over packages o of min(1, most[o] / gap) * award[n,o]
                        + sum over contracts c of min(1, most[c] / gap) * sign[n,c]      where gap > 0

beside is what a package is worth but for its floor: grant, loan and stake, credits, less debt service and what the
stake takes: sigma, its equity_share, of what is left after debt service; so of floors and contracts too. What the base
itself breaks counts nothing in those years; such a contract takes nothing from under the floor.

most is the largest worth to lenders: of a package with all output covered, of a contract at its largest
volume. (10') follows from (10) for whole decisions; without it the relaxation pays only the part of a package that a
part of a project needs.

gap, and what a floor or a contract is worth to lenders, are numbers (`data/lenders.py`): lenders look over the whole
life, at their own deck. [cheat] A floor that takes more than it gives, and a contract below their price, count
against the project. No big-M: covered and q are bounded by g * capacity.

Units    MUSD, present value at the decision
Sheets   in: Projects, PriceFloors, Contracts, BankPrices; out: Bankability
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data import lenders
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, amount, linear, scaled
from lodestone.rules.price_floors import covered_at, package_of, packages_of, supported_years


def bankability(tree: Tree, invest: pyo.Block, floors: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the rows (10)."""
    block = pyo.Block(concrete=True)
    rows = [(n, g) for n, g in invest.build if not tree.data[n].projects[g].public]

    def rule(b: pyo.Block, n: int, g: str) -> object:
        data, year = tree.data[n], tree.year[n]
        missing = lenders.gap(data, data.projects[g], year)
        support = _support(tree, floors, offtake, g, n)
        if missing <= 0 and not support:
            return pyo.Constraint.Skip
        return linear([*support, (-missing, invest.build[n, g])]) >= 0

    def closing(b: pyo.Block, n: int, g: str) -> object:
        missing = lenders.gap(tree.data[n], tree.data[n].projects[g], tree.year[n])
        closers = [(min(1.0, most / missing), v) for most, v in _most_support(tree, floors, offtake, g, n) if most > 0]
        return linear([(1.0, invest.build[n, g]), *scaled(-1.0, closers)]) <= 0

    block.bankable = pyo.Constraint(rows, rule=rule, doc="(10)")
    block.closing = pyo.Constraint([key for key in rows if _needs_support(tree, *key)], rule=closing, doc="(10')")
    return block


def _needs_support(tree: Tree, node: int, project: str) -> bool:
    """Whether a single build has a gap beyond what rounding leaves."""
    data = tree.data[node]
    row = data.projects[project]
    return row.max_builds == 1 and lenders.gap(data, row, tree.year[node]) > 1e-6 * max(1.0, row.capex)


def _most_support(tree: Tree, floors: pyo.Block, offtake: pyo.Block, project: str, node: int) -> Terms:
    """The most that each package and contract can be worth to lenders, MUSD, with its decision."""
    data, year = tree.data[node], tree.year[node]
    row = data.projects[project]
    most: Terms = []
    for o in packages_of(tree, floors, project, node):
        floor = package_of(tree, floors, node, o, node)
        worths = _segment_worths(tree, floors, o, node).values()  # a contract may take any of them away
        output = row.recipe[floor.material] * row.capacity
        worth = (1 - floor.equity_share) * output * sum(max(0.0, w) for w in worths)
        most.append((lenders.worth_beside_floor(data, floor, year) + worth, floors.award[node, o]))
    for c, contract in data.contracts.items():
        if contract.supplier == project and (node, c) in offtake.sign:
            volume = min(contract.max_t, row.recipe[contract.material] * row.capacity)
            most.append((lenders.contract_worth(data, contract, year) * volume, offtake.sign[node, c]))
    return most


def _segment_worths(tree: Tree, floors: pyo.Block, o: str, node: int) -> dict[int, float]:
    """First age of each segment of a package's tenor -> MUSD per t/yr covered through it."""
    data, year = tree.data[node], tree.year[node]
    ends = floors.ends[node, o]
    starts = [0, *ends[:-1]]
    return {
        start: lenders.floor_worth(data, package_of(tree, floors, node, o, node), year, start, end)
        for start, end in zip(starts, ends, strict=True)
    }


def _support(tree: Tree, floors: pyo.Block, offtake: pyo.Block, project: str, node: int) -> Terms:
    """What grants, floors and contracts are worth to lenders, MUSD."""
    data, year = tree.data[node], tree.year[node]
    terms: Terms = []
    for o in packages_of(tree, floors, project, node):
        floor = package_of(tree, floors, node, o, node)
        mine, first = 1 - floor.equity_share, supported_years(data, floor, year)[0]
        terms.append((lenders.worth_beside_floor(data, floor, year), floors.award[node, o]))
        for start, worth in _segment_worths(tree, floors, o, node).items():
            terms += scaled(mine * worth, covered_at(tree, floors, o, node, first + start))
        terms += scaled(mine, _given_back(tree, floors, o, node))
        terms += [
            (-floor.equity_share * lenders.contract_worth(data, data.contracts[c], year), under)
            for (n, package, c), under in floors.under_award.items()
            if (n, package) == (node, o) and floor.equity_share
        ]
    for c, contract in data.contracts.items():
        if contract.supplier == project and (node, c) in offtake.sign:
            terms.append((lenders.contract_worth(data, contract, year), offtake.q[node, c]))
    return terms


def _given_back(tree: Tree, floors: pyo.Block, o: str, node: int) -> Terms:
    """The worth of what contracts that the base breaks leave under the floor in those years."""
    data, year, floor = tree.data[node], tree.year[node], package_of(tree, floors, node, o, node)
    terms: Terms = []
    for c in (c for n, package, c in floors.under_award if (n, package) == (node, o)):
        contract = data.contracts[c]
        if contract.material == floor.material:
            worth = sum(
                lenders.floor_worth(data, floor, year, age, age + 1)
                for age, (t, _, _) in enumerate(lenders.producing_years(data.projects[floor.project], year))
                if age < contract.tenor_years and not contract.counts_in(t)
            )
            terms.append((contract.take_or_pay_share * worth, floors.under_award[node, o, c]))
    return [(factor, under) for factor, under in terms if factor]


def table(tree: Tree, invest: pyo.Block, support: dict[tuple[str, int], list[str]]) -> list[Row]:
    """Every private project: in the year it is built, else in the first in which it can be decided."""
    rows = []
    root = tree.nodes[0]
    built = {g: n for (n, g), build in invest.build.items() if n in tree.time and amount(build) > 0.5}
    for g, project in tree.data[root].projects.items():
        if project.public or project.committed_year is not None:
            continue
        if g in built:
            n = built[g]
            data, year = tree.data[n], tree.year[n]
            unaided = lenders.gap(data, data.projects[g], year) <= 0 or (g, year) not in support
            closed = "not needed" if unaided else ", ".join(support[g, year])
            rows.append(lenders.bankability_row(data, data.projects[g], year, True, closed))
        elif years := lenders.decision_years(tree.data[root], project):
            verdict = lenders.unaided_verdict(tree.data[root], project, years[0])
            rows.append(lenders.bankability_row(tree.data[root], project, years[0], False, verdict))
    return rows
