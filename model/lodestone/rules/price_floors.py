"""Price floors: which support package a private project is awarded, and what it costs the treasury.

For every package o of project g, decision node n' of g and node n on or after it within the package's tenor:

    award[n',o] binary
    (20) award      sum over packages o of g of award[n',o] <= build[n',g]
    (21) deemed     covered[n',o,i] = g[material] * capacity - q[i] if awarded, else 0,
                    q[i] = sum of take_or_pay_share * volume of g's contracts for the material whose tenor covers
                    segment i; as rows:
                    covered <= g * capacity * award
                    covered <= g * capacity * build - q[i]
                    covered >= g * capacity * award - q[i]
         payment[n] = w(n) * ramp * covered * (max(0, floor - price) - upside_share * max(0, price - floor))
         grant      = capex_grant_share * capex * award, at the decision

Where the volume of a contract has to be told apart, under_award = q * award of it:

    (27) product    under_award <= q,  under_award <= max_t * award,  under_award >= q - max_t * (1 - award)

that is where a stake takes its share of it (`bankability`), and where it may be broken: a contract that is not honoured
takes nothing from under the floor. A package that is not honoured pays nothing.

A package that is committed is awarded: to a committed project in its year, or to a plant from its committed year on,
where it covers g * capacity of the plant in n - sum of take_or_pay_share * active volumes of its committed contracts.

A floor that is left blank is the least that closes the gap of its decision (`data/lenders.py`).

[cheat] The floor pays on what the project could make, made or not, less what somebody is bound to take under a
contract: nobody promises a floor and lets the plant stand idle, and an empty contract does not shorten it. A tenor is
cut into segments at the years in which contracts end, so that covered is one number per segment. [cheat] No package is
on offer where the project is bankable unaided. [cheat] Only committed contracts shorten a committed floor. [cheat] What
runs beyond last_year is owed: charged at the leaf at the price of last_year, discounted from its own year; later
receipts are not credited.

Units    t/yr (covered, under_award), MUSD (grant), MUSD/yr (payment)
Sheets   in: PriceFloors; out: PriceFloors
Source   the two-way floor follows the public terms of the MP Materials agreement of July 2025
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyomo.environ as pyo

from lodestone.data.lenders import committed_terms, filled_in, gap, grant, loan
from lodestone.data.plan_data import MUSD_PER_T, Floor, PlanData, Project, year_of
from lodestone.data.tree import Tree
from lodestone.rules.commitments import COMMITTED, committed_names, decision_year, decisions_before, held, paid_at
from lodestone.rules.contracts import delivery_years, signing_year, volume_at
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled, worth


def supported_years(data: PlanData, floor: Floor, decision_year: int) -> tuple[int, int]:
    """First and last year in which an awarded package pays, also beyond the horizon."""
    project = data.projects.get(floor.project)
    if project is None:  # a plant
        return decision_year, decision_year + floor.tenor_years - 1
    first = project.first_year(decision_year)
    return first, first + min(floor.tenor_years, project.life_years) - 1


def price_floors(tree: Tree, invest: pyo.Block, offtake: pyo.Block) -> pyo.Block:
    """Build the block that owns award and covered; block.decided: every award, committed ones too."""
    block = pyo.Block(concrete=True)
    awards = [(n, o) for o in tree.data[0].floors for n in tree.nodes if _on_offer(tree, invest, n, o)]
    block.award = pyo.Var(awards, domain=pyo.Binary)
    block.committed = held(committed_names(tree, "floors"))
    block.package = _packages(tree, awards)
    block.decided = {(COMMITTED, o): one for o, one in block.committed.items()} | dict(block.award.items())

    def one(b: pyo.Block, n: int, g: str) -> object:
        return linear(_awards_of(tree, b, g, n)) <= invest.build[n, g]

    packages = sorted({(n, tree.data[n].floors[o].project) for n, o in awards})
    block.one_package = pyo.Constraint(packages, rule=one, doc="(20)")
    block.ends = {(n, o): _segment_ends(tree, offtake, n, o) for n, o in awards}
    segments = [(n, o, i) for n, o in awards for i in range(len(block.ends[n, o])) if _shared(tree, offtake, n, o, i)]
    block.covered = pyo.Var(segments, domain=pyo.NonNegativeReals)
    _deemed_output(tree, block, invest, offtake)
    block.contracts_under = {(n, o): _told_apart(tree, offtake, n, o) for n, o in awards}
    products = [(n, o, c) for (n, o), contracts in block.contracts_under.items() for c in contracts]
    block.under_award = pyo.Var(products, domain=pyo.NonNegativeReals)
    _products(tree, block, offtake)
    block.cost = costs("grants", "floor_payments", "owed_beyond_horizon")
    _costs(tree, block, offtake)
    return block


def _on_offer(tree: Tree, invest: pyo.Block, n: int, o: str) -> bool:
    """[cheat] Not to those who need nothing, nor where it is not honoured; to what is committed only what is too."""
    data, floor = tree.data[n], tree.data[n].floors[o]
    if (n, floor.project) not in invest.build or filled_in(data, floor, tree.year[n]) is None:
        return False
    project = data.projects[floor.project]
    free = floor.committed_year is None and project.committed_year is None
    return free and floor.is_honoured(tree.time[n]) and gap(data, project, tree.year[n]) > 0


def _packages(tree: Tree, awards: list[tuple[int, str]]) -> dict[tuple[int, str, int], Floor]:
    """(decision, package, root of the path) -> its terms, the floor worked out where it is left blank.

    Of a committed one the root says them, the same all along its path: what lenders look at is changed from there on.
    """
    terms = {(n, o, tree.path[n][0]): filled_in(tree.data[n], tree.data[n].floors[o], tree.year[n]) for n, o in awards}
    for root in (n for n in tree.nodes if tree.parent[n] is None):
        data = tree.data[root]
        for o, floor in data.floors.items():
            if floor.committed_year is not None:
                terms[COMMITTED, o, root] = filled_in(data, committed_terms(floor), floor.committed_year)
    return {key: floor for key, floor in terms.items() if floor is not None}


def package_of(tree: Tree, block: pyo.Block, node: int, o: str, decision: int) -> Floor:
    """The terms of a package awarded at a decision, for a node of its path."""
    package: Floor = block.package[decision, o, tree.path[node][0]]
    return package


def covered_at(tree: Tree, block: pyo.Block, o: str, decision: int, year: int) -> Terms:
    """Covered output of a year as if fully ramped, t/yr, of a package of the menu; empty outside its tenor."""
    data = tree.data[decision]
    floor = data.floors[o]
    first, last = supported_years(data, floor, tree.year[decision])
    if not first <= year <= last:
        return []
    segment = next(i for i, end in enumerate(block.ends[decision, o]) if year - first < end)
    if (decision, o, segment) in block.covered:
        return [(1.0, block.covered[decision, o, segment])]
    return [(_most(data.projects[floor.project], floor), block.award[decision, o])]


def deemed_at(tree: Tree, block: pyo.Block, offtake: pyo.Block, node: int, o: str, decision: int, year: int) -> Terms:
    """Covered output of a year, ramped, t/yr: with the data of a node, of its own year or of one after the horizon."""
    data = tree.data[node]
    floor = data.floors[o]
    decided = decision_year(tree, decision, floor)
    if decided is None:
        return []
    first, last = supported_years(data, floor, decided)
    project = data.projects.get(floor.project)
    ramp = project.ramp_in(decided, year) if project else 1.0
    if not first <= year <= last:
        return []
    if decision != COMMITTED:
        return scaled(ramp, covered_at(tree, block, o, decision, year) + _broken(tree, block, node, o, decision, year))
    output = ramp * full_output(data, floor, tree.time[node])
    contracted: Terms = []
    for d, c in offtake.volume:
        contract = data.contracts[c]
        if d != COMMITTED or (contract.supplier, contract.material) != (floor.project, floor.material):
            continue
        signed = signing_year(tree, d, c, node)
        if signed is None:
            continue
        begins, ends = delivery_years(data, contract, signed)
        if begins <= year <= ends:
            active = data.force_majeure(contract, tree.time[node]) * (project.ramp_in(signed, year) if project else 1.0)
            contracted += scaled(-contract.take_or_pay_share * active, [volume_at(tree, offtake, d, c, node)])
    return [(output, block.decided[decision, o]), *contracted]


def _broken(tree: Tree, block: pyo.Block, node: int, o: str, decision: int, year: int) -> Terms:
    """What contracts that are not honoured at a node give back to the floor, as if fully ramped."""
    data = tree.data[node]
    back: Terms = []
    for c in block.contracts_under.get((decision, o), ()):
        contract = data.contracts[c]
        if contract.material == data.floors[o].material:
            first, last = delivery_years(data, contract, tree.year[decision])
            if first <= year <= last and not contract.is_honoured(tree.time[node]):
                back.append((contract.take_or_pay_share, block.under_award[decision, o, c]))
    return back


def full_output(data: PlanData, floor: Floor, time: int) -> float:
    """t/yr that a project could make of the material once it is fully ramped, or a plant at a time of the horizon."""
    plant = data.plants.get(floor.project)
    return plant.recipe[floor.material] * plant.capacity[time] if plant else _most(data.projects[floor.project], floor)


def payments_at(
    tree: Tree, block: pyo.Block, offtake: pyo.Block, node: int, at_bank: bool = False, project: str | None = None
) -> Iterator[tuple[str, int, Terms]]:
    """(package, decision, payment in the node in MUSD); at_bank: at the lenders' price of the year.

    project: or plant, whose packages alone are wanted.
    """
    data, time = tree.data[node], tree.time[node]
    packages = [o for o, floor in data.floors.items() if project in (None, floor.project)]
    for d in decisions_before(tree, node):
        for o in (o for o in packages if (d, o) in block.decided):
            floor = data.floors[o]
            covered = deemed_at(tree, block, offtake, node, o, d, tree.year[node])
            if covered:
                deck = data.bank_price_of(floor.material, data.region_of(floor.project), tree.year[node])
                price = deck if at_bank else data.floor_price(floor, time)
                rate = package_of(tree, block, node, o, d).rate(price)
                kept = tree.length[node] if floor.is_honoured(time) else 0.0
                yield o, d, scaled(kept * rate, covered)


def _most(project: Project, floor: Floor) -> float:
    return project.recipe[floor.material] * project.capacity


def packages_of(tree: Tree, block: pyo.Block, project: str, node: int) -> list[str]:
    """The packages on offer to a project that is decided at a node."""
    return [o for o, f in tree.data[node].floors.items() if f.project == project and (node, o) in block.award]


def _awards_of(tree: Tree, block: pyo.Block, project: str, node: int) -> Terms:
    return [(1.0, block.award[node, o]) for o in packages_of(tree, block, project, node)]


def _told_apart(tree: Tree, offtake: pyo.Block, node: int, o: str) -> list[str]:
    """Contracts of the project whose volume under the award has to be known."""
    data, stake = tree.data[node], tree.data[node].floors[o].equity_share > 0
    mine = [c for c, x in data.contracts.items() if x.supplier == data.floors[o].project and (node, c) in offtake.sign]
    return [c for c in mine if stake or (c in _contract_ends(tree, offtake, node, o) and _may_break(tree, node, c))]


def _may_break(tree: Tree, node: int, c: str) -> bool:
    """Whether a contract that is signed at a node is not honoured at some time after it, or in the eyes of lenders."""
    after = (tree.data[n].contracts[c] for n in tree.nodes if node in tree.path[n])
    return any(not (all(x.honoured.values()) and all(x.base_honoured.values())) for x in after)


def _products(tree: Tree, block: pyo.Block, offtake: pyo.Block) -> None:
    """(27)"""

    def most(n: int, c: str) -> float:
        return tree.data[n].contracts[c].max_t

    def part(b: pyo.Block, n: int, o: str, c: str) -> object:
        return b.under_award[n, o, c] <= offtake.q[n, c]

    def awarded(b: pyo.Block, n: int, o: str, c: str) -> object:
        return b.under_award[n, o, c] <= most(n, c) * b.award[n, o]

    def whole(b: pyo.Block, n: int, o: str, c: str) -> object:
        all_of_it = [(1.0, b.under_award[n, o, c]), (-1.0, offtake.q[n, c]), (-most(n, c), b.award[n, o])]
        return linear(all_of_it) >= -most(n, c)

    index = block.under_award.index_set()
    block.part_of_volume = pyo.Constraint(index, rule=part, doc="(27)")
    block.only_awarded = pyo.Constraint(index, rule=awarded, doc="(27)")
    block.all_of_volume = pyo.Constraint(index, rule=whole, doc="(27)")


def _contract_ends(tree: Tree, offtake: pyo.Block, node: int, o: str) -> dict[str, int]:
    """Contracts of the project for the floor's material, with take-or-pay, that can be signed at the node -> age at
    which they end. [cheat] An empty contract does not shorten a floor."""
    data, year = tree.data[node], tree.year[node]
    floor = data.floors[o]
    ends = {}
    for c, contract in data.contracts.items():
        bound = contract.take_or_pay_share > 0 and (node, c) in offtake.sign
        if bound and (contract.supplier, contract.material) == (floor.project, floor.material):
            first, last = delivery_years(data, contract, year)
            ends[c] = last - first + 1
    return ends


def _segment_ends(tree: Tree, offtake: pyo.Block, node: int, o: str) -> list[int]:
    """Ages at which the set of running contracts changes, and the age at which the package ends."""
    first, last = supported_years(tree.data[node], tree.data[node].floors[o], tree.year[node])
    tenor = last - first + 1
    return sorted({tenor, *(end for end in _contract_ends(tree, offtake, node, o).values() if end < tenor)})


def _shared(tree: Tree, offtake: pyo.Block, node: int, o: str, segment: int) -> Terms:
    """What contracts that run through a segment of the tenor bind somebody to take."""
    ends = _segment_ends(tree, offtake, node, o)
    start = ends[segment - 1] if segment else 0
    return [
        (tree.data[node].contracts[c].take_or_pay_share, offtake.q[node, c])
        for c, end in _contract_ends(tree, offtake, node, o).items()
        if end > start
    ]


def _deemed_output(tree: Tree, block: pyo.Block, invest: pyo.Block, offtake: pyo.Block) -> None:
    """(21)"""

    def parts(n: int, o: str, i: int) -> tuple[float, str, Terms]:
        floor = tree.data[n].floors[o]
        return _most(tree.data[n].projects[floor.project], floor), floor.project, _shared(tree, offtake, n, o, i)

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


def _costs(tree: Tree, block: pyo.Block, offtake: pyo.Block) -> None:
    for d, o in block.decided:
        for n in paid_at(tree, d, "floors", o):
            data = tree.data[n]
            if data.floors[o].project in data.projects:
                block.cost["grants"][n].append((grant(data, data.floors[o]), block.decided[d, o]))
    for n in tree.nodes:
        for _, _, payment in payments_at(tree, block, offtake, n):
            block.cost["floor_payments"][n] += payment
    for leaf in tree.leaves:
        for d in decisions_before(tree, leaf):
            for o in (o for o in tree.data[leaf].floors if (d, o) in block.decided):
                owed = owed_after(tree, block, offtake, o, d, leaf)
                block.cost["owed_beyond_horizon"][leaf] += discounted_after(tree, leaf, owed)


def owed_after(
    tree: Tree, block: pyo.Block, offtake: pyo.Block, o: str, decision: int, leaf: int, at_bank: bool = False
) -> dict[int, Terms]:
    """Year after the last -> payments at its price, MUSD of that year; receipts do not count. [cheat]

    at_bank: at the lenders' price of that year instead.
    """
    data, time = tree.data[leaf], tree.time[leaf]
    floor = data.floors[o]
    decided = decision_year(tree, decision, floor)
    if decided is None or not floor.is_honoured(time):
        return {}
    package, now, owed = package_of(tree, block, leaf, o, decision), data.floor_price(floor, time), {}
    for year in range(data.last_year + 1, supported_years(data, floor, decided)[1] + 1):
        price = data.bank_price_of(floor.material, data.region_of(floor.project), year) if at_bank else now
        rate = package.rate(price)
        if rate > 0:
            owed[year] = scaled(rate, deemed_at(tree, block, offtake, leaf, o, decision, year))
    return owed


def discounted_after(tree: Tree, leaf: int, owed: Mapping[int, Terms]) -> Terms:
    """What is owed in years after the last, in money of the last."""
    factor = 1 + tree.data[leaf].discount_rate
    return [term for year, terms in owed.items() for term in scaled(factor ** (tree.year[leaf] - year), terms)]


def awards_table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Packages that are awarded, with their terms."""
    rows = []
    for (d, o), award in block.award.items():
        if d in tree.time and amount(award) > 0.5:
            data = tree.data[d]
            floor = package_of(tree, block, d, o, d)
            first, last = supported_years(data, floor, tree.year[d])
            rows.append(
                {
                    "project": floor.project,
                    "floor": o,
                    "material": floor.material,
                    "decision_year": tree.year[d],
                    "first_supported_year": first,
                    "last_supported_year": last,
                    "floor_usd_per_kg": floor.level / MUSD_PER_T,
                    "upside_share": floor.upside_share,
                    "grant_musd": grant(data, floor),
                    "credit_usd_per_kg": floor.credit / MUSD_PER_T,
                    "equity_musd": floor.equity,
                    "loan_musd": loan(data.projects[floor.project], floor),
                }
            )
    return sorted(rows, key=lambda row: (row["decision_year"], row["floor"]))


def payments_table(tree: Tree, block: pyo.Block, offtake: pyo.Block) -> list[Row]:
    """What each floor covers and pays, by period."""
    rows = []
    for n in tree.nodes:
        data, time = tree.data[n], tree.time[n]
        for o, d, payment in payments_at(tree, block, offtake, n):
            if amount(block.decided[d, o]) <= 0.5:
                continue
            floor = package_of(tree, block, n, o, d)
            deck = data.bank_price_of(floor.material, data.region_of(floor.project), year_of(time))
            covered = tree.length[n] * worth(deemed_at(tree, block, offtake, n, o, d, tree.year[n]))
            kept = covered if data.floors[o].is_honoured(time) else 0.0
            price = data.floor_price(floor, time)
            rows.append(
                {
                    "project": floor.project,
                    "floor": o,
                    "decision_year": decision_year(tree, d, floor),
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "covered_t": covered,
                    "price_usd_per_kg": price / MUSD_PER_T,
                    "payment_musd": worth(payment),
                    "upside_musd": kept * floor.upside_share * max(0.0, price - floor.level),
                    "payment_at_bank_prices_musd": kept * floor.rate(deck),
                    "committed": "yes" if d == COMMITTED else "no",
                }
            )
    return sorted(rows, key=lambda row: (row["floor"], row["year"], row["month"]))
