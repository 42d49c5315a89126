"""Price floors: which support package a private project is awarded, and what it costs the treasury.

For every package o of project g, decision node n' of g and node n on or after it within the package's tenor:

    award[n',o] binary
    (20) award      sum over packages o of g of award[n',o] <= build[n',g]
    (21) deemed     covered[n',o,i] = g[material] * capacity - q[i] if awarded, else 0,
                    q[i] = sum of the volumes of g's contracts for the material whose tenor covers segment i; as rows:
                    covered <= g * capacity * award
                    covered <= g * capacity * build - q[i]
                    covered >= g * capacity * award - q[i]
         payment[n] = ramp * covered * (max(0, floor - price) - upside_share * max(0, price - floor))
         grant      = capex_grant_share * capex * award, at the decision

[cheat] The floor pays on what the project could make, made or not, less what is under contract: nobody promises a
floor and lets the plant stand idle. A tenor is cut into segments at the years in which contracts end, so that covered
is one number per segment. [cheat] What runs beyond last_year is owed: charged at the leaf at the price of last_year,
discounted from its own year; later receipts are not credited.

Units    t/yr (covered), MUSD (grant), MUSD/yr (payment)
Sheets   in: PriceFloors; out: PriceFloors
Source   the two-way floor follows the public terms of the MP Materials agreement of July 2025
"""

from __future__ import annotations

from collections.abc import Iterator

import pyomo.environ as pyo

from lodestone.data.lenders import grant
from lodestone.data.plan_data import MUSD_PER_T, Floor, PlanData, Project, at
from lodestone.data.tree import Tree
from lodestone.rules.contracts import delivery_years
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled, worth


def supported_years(data: PlanData, floor: Floor, decision_year: int) -> tuple[int, int]:
    """First and last year in which an awarded package pays, also beyond the horizon."""
    project = data.projects[floor.project]
    first = project.first_year(decision_year)
    return first, first + min(floor.tenor_years, project.life_years) - 1


def price_floors(tree: Tree, invest: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the block that owns award and covered; block.covered_at gives (21) by year as prepared terms."""
    block = pyo.Block(concrete=True)
    awards = [
        (n, o) for o in tree.data[0].floors for n in tree.nodes if (n, tree.data[n].floors[o].project) in invest.build
    ]
    block.award = pyo.Var(awards, domain=pyo.Binary)
    packages = {(n, tree.data[n].floors[o].project) for n, o in awards}
    block.one_package = pyo.Constraint(
        sorted(packages),
        rule=lambda b, n, g: linear(_awards_of(tree, b, g, n)) <= invest.build[n, g],
        doc="(20)",
    )
    block.ends = {(n, o): _segment_ends(tree, offtake, o, n) for n, o in awards}
    segments = [(n, o, i) for n, o in awards for i in range(len(block.ends[n, o])) if _shared(tree, offtake, o, n, i)]
    block.covered = pyo.Var(segments, domain=pyo.NonNegativeReals)
    _deemed_output(tree, block, invest, offtake)
    block.cost = costs("grants", "floor_payments", "owed_beyond_horizon")
    _costs(tree, block)
    return block


def covered_at(tree: Tree, block: pyo.Block, o: str, decision: int, year: int) -> Terms:
    """Covered output of a year as if fully ramped, t/yr; empty outside the package's tenor."""
    data = tree.data[decision]
    floor = data.floors[o]
    first, last = supported_years(data, floor, tree.year[decision])
    if not first <= year <= last:
        return []
    segment = next(i for i, end in enumerate(block.ends[decision, o]) if year - first < end)
    if (decision, o, segment) in block.covered:
        return [(1.0, block.covered[decision, o, segment])]
    return [(_most(data.projects[floor.project], floor), block.award[decision, o])]


def payments_at(tree: Tree, block: pyo.Block, node: int) -> Iterator[tuple[str, int, Terms]]:
    """(package, decision node, payment of the node's year in MUSD as prepared terms)."""
    data, year = tree.data[node], tree.year[node]
    for d in tree.path[node]:
        for o in (o for o in data.floors if (d, o) in block.award):
            floor = data.floors[o]
            project = data.projects[floor.project]
            ramp = project.ramp(year - project.first_year(tree.year[d]))
            rate = floor.rate(data.price[floor.material][year])
            covered = covered_at(tree, block, o, d, year)
            if covered and ramp > 0:
                yield o, d, scaled(ramp * rate, covered)


def _most(project: Project, floor: Floor) -> float:
    return project.recipe[floor.material] * project.capacity


def _awards_of(tree: Tree, block: pyo.Block, project: str, node: int) -> Terms:
    return [
        (1.0, block.award[node, o])
        for o, floor in tree.data[node].floors.items()
        if floor.project == project and (node, o) in block.award
    ]


def _contract_ends(tree: Tree, offtake: pyo.Block, o: str, node: int) -> dict[str, int]:
    """Contracts of the project for the floor's material that can be signed at the node -> age at which they end."""
    data, year = tree.data[node], tree.year[node]
    floor = data.floors[o]
    ends = {}
    for c, contract in data.contracts.items():
        if (contract.supplier, contract.material) == (floor.project, floor.material) and (node, c) in offtake.sign:
            first, last = delivery_years(data, contract, year)
            ends[c] = last - first + 1
    return ends


def _segment_ends(tree: Tree, offtake: pyo.Block, o: str, node: int) -> list[int]:
    """Ages at which the set of running contracts changes, and the age at which the package ends."""
    first, last = supported_years(tree.data[node], tree.data[node].floors[o], tree.year[node])
    tenor = last - first + 1
    return sorted({tenor, *(end for end in _contract_ends(tree, offtake, o, node).values() if end < tenor)})


def _shared(tree: Tree, offtake: pyo.Block, o: str, node: int, segment: int) -> Terms:
    """Contract volumes that run through a segment of the tenor."""
    ends = _segment_ends(tree, offtake, o, node)
    start = ends[segment - 1] if segment else 0
    return [(1.0, offtake.q[node, c]) for c, end in _contract_ends(tree, offtake, o, node).items() if end > start]


def _deemed_output(tree: Tree, block: pyo.Block, invest: pyo.Block, offtake: pyo.Block) -> None:
    """(21)"""

    def parts(n: int, o: str, i: int) -> tuple[float, str, Terms]:
        floor = tree.data[n].floors[o]
        return _most(tree.data[n].projects[floor.project], floor), floor.project, _shared(tree, offtake, o, n, i)

    def awarded(b: pyo.Block, n: int, o: str, i: int) -> object:
        return b.covered[n, o, i] <= parts(n, o, i)[0] * b.award[n, o]

    def uncontracted(b: pyo.Block, n: int, o: str, i: int) -> object:
        most, project, volumes = parts(n, o, i)
        return linear([(1.0, b.covered[n, o, i]), (-most, invest.build[n, project]), *volumes]) <= 0

    def in_full(b: pyo.Block, n: int, o: str, i: int) -> object:
        most, _, volumes = parts(n, o, i)
        return linear([(1.0, b.covered[n, o, i]), (-most, b.award[n, o]), *volumes]) >= 0

    index = block.covered.index_set()
    block.awarded = pyo.Constraint(index, rule=awarded, doc="(21)")
    block.uncontracted = pyo.Constraint(index, rule=uncontracted, doc="(21)")
    block.in_full = pyo.Constraint(index, rule=in_full, doc="(21)")


def _costs(tree: Tree, block: pyo.Block) -> None:
    for n, o in block.award:
        block.cost["grants"][n].append((grant(tree.data[n], tree.data[n].floors[o]), block.award[n, o]))
    for n in tree.nodes:
        for _, _, payment in payments_at(tree, block, n):
            block.cost["floor_payments"][n] += payment
    for leaf in tree.leaves:
        for d in tree.path[leaf]:
            for o in (o for o in tree.data[d].floors if (d, o) in block.award):
                block.cost["owed_beyond_horizon"][leaf] += _owed(tree, block, o, d, leaf)


def _owed(tree: Tree, block: pyo.Block, o: str, decision: int, leaf: int) -> Terms:
    """Payments beyond last_year at its price, discounted to it. [cheat]"""
    data, last = tree.data[leaf], tree.data[leaf].last_year
    floor = data.floors[o]
    project = data.projects[floor.project]
    rate = max(0.0, floor.rate(data.price[floor.material][last]))
    first, end = supported_years(data, floor, tree.year[decision])
    owed: Terms = []
    for year in range(last + 1, end + 1):
        factor = (1 + data.discount_rate) ** (last - year) * project.ramp(year - first) * rate
        if factor > 0:
            owed += scaled(factor, covered_at(tree, block, o, decision, year))
    return owed


def awards_table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for (d, o), award in block.award.items():
        if d in tree.year and amount(award) > 0.5:
            data = tree.data[d]
            floor = data.floors[o]
            first, last = supported_years(data, floor, tree.year[d])
            rows.append(
                {
                    "project": floor.project,
                    "floor": o,
                    "material": floor.material,
                    "decision_year": tree.year[d],
                    "first_supported_year": first,
                    "last_supported_year": last,
                    "floor_usd_per_kg": floor.floor / MUSD_PER_T,
                    "upside_share": floor.upside_share,
                    "grant_musd": grant(data, floor),
                }
            )
    return sorted(rows, key=lambda row: (row["decision_year"], row["floor"]))


def payments_table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for n in tree.nodes:
        data, year = tree.data[n], tree.year[n]
        for o, d, _ in payments_at(tree, block, n):
            if amount(block.award[d, o]) <= 0.5:
                continue
            floor = data.floors[o]
            project = data.projects[floor.project]
            ramp = project.ramp(year - project.first_year(tree.year[d]))
            covered = ramp * worth(covered_at(tree, block, o, d, year))
            price = data.price[floor.material][year]
            rows.append(
                {
                    "project": floor.project,
                    "floor": o,
                    "decision_year": tree.year[d],
                    "year": year,
                    "covered_t": covered,
                    "price_usd_per_kg": price / MUSD_PER_T,
                    "payment_musd": covered * floor.rate(price),
                    "upside_musd": covered * floor.upside_share * max(0.0, price - floor.floor),
                    "payment_at_bank_prices_musd": covered * floor.rate(at(data.bank_price[floor.material], year)),
                }
            )
    return sorted(rows, key=lambda row: (row["floor"], row["year"]))
