"""Offtake contracts: which are signed, for how much, what is taken, and what is paid for what is not.

For every contract c, signing node n' of its window that begins a year, and node n on or after it whose year its tenor
covers (a committed contract was signed in its committed year, for its committed volume; `commitments`):

    sign[n',c] binary, q[n',c] annual volume
    (14) once       sum over n' on a path of sign[n',c] <= 1;  for a project: sign[n',c] <= build[n',g]
    (15) volume     min_t * sign[n',c] <= q[n',c] <= max_t * sign[n',c]
    (16) supply     sum over contracts of a supplier and material whose tenor covers y(n) of q <= what its base capacity
                    makes in that year by the recipe of the base (a market: its volume); for a project:
                    <= g * capacity * build[n',g]
    (17) active     active[n,c,n'] = w(n) * ramp * force_majeure * q[n',c];  taken <= active
    (18) unpaid     untaken >= sum over Y(n) of (take_or_pay_share * active - taken)      at nodes that end a year
    (19) made       taken from a supplier of a material, all contracts together <= what it makes of it in n

    cost = (contract price - market price) * taken + contract price * untaken

force_majeure = min(1, capacity or volume of the supplier / the base's in that year), so that a contract never gives
more than a stricken supplier can; where the base is unlimited, what is left / the largest volumes of all contracts with
it. It is 0 from the time a contract is not honoured. Tenors count from start_delay_years after signing; for a project
from its first year of production, and end with its life. No contract but a committed one is on offer with a committed
project. What take-or-pay owes beyond last_year is charged at the leaf: take_or_pay_share * active * max(0, contract -
market price of last_year), discounted from its own year.

Units    t/yr (q), t (taken, untaken), MUSD (fee), MUSD/yr (cost)
Sheets   in: Contracts; out: Contracts
Source   the terms follow public agreements: MP Materials 10X, Lynas-JARE
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import isinf

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import MUSD_PER_T, Contract, PlanData, year_of
from lodestone.data.tree import Tree
from lodestone.rules.commitments import COMMITTED, Decision, committed_names, contract_year, held, paid_at
from lodestone.rules.linear import Row, Term, Terms, Variable, amount, costs, linear, scaled, worth


def delivery_years(data: PlanData, contract: Contract, signing_year: int) -> tuple[int, int]:
    """First and last year of the tenor of a contract signed in a year."""
    project = data.projects.get(contract.supplier)
    if project:
        first = project.first_year(signing_year)
        return first, first + min(contract.tenor_years, project.life_years) - 1
    first = signing_year + contract.start_delay_years
    return first, first + contract.tenor_years - 1


def delivered_share(data: PlanData, contract: Contract, first_delivery_year: int, time: int) -> float:
    """active / q at a time of the tenor, as rates: ramp of a project, force majeure of any other supplier."""
    project = data.projects.get(contract.supplier)
    ramp = project.ramp_in(first_delivery_year - project.lead_years, year_of(time)) if project else 1.0
    return ramp * data.force_majeure(contract, time)


def signing_year(tree: Tree, decision: int, c: str, node: int) -> int | None:
    """The year of a signing, as the data of a node has it."""
    return (
        contract_year(tree.data[node], tree.data[node].contracts[c]) if decision == COMMITTED else tree.year[decision]
    )


def volume_at(tree: Tree, block: pyo.Block, d: int, c: str, node: int) -> Term:
    """The annual volume of a signing: what is committed may be less in a future that is on its own from the start."""
    volume, share = block.volume[d, c], 1.0
    if d == COMMITTED and volume.ub:
        share = tree.data[node].contracts[c].committed_t / volume.ub
    return share, volume


def contracts(tree: Tree, invest: pyo.Block) -> pyo.Block:
    """Build the block that owns sign, q, taken and untaken.

    block.signed, block.volume: every signing and its volume, committed ones too, by node (or COMMITTED) and contract.
    """
    block = pyo.Block(concrete=True)
    signings = [
        (n, c)
        for c in tree.data[0].contracts
        for n in tree.nodes
        if _can_sign(tree, invest, tree.data[n].contracts[c], n)
    ]
    block.sign = pyo.Var(signings, domain=pyo.Binary)
    block.q = pyo.Var(signings, domain=pyo.NonNegativeReals)
    block.committed = held(committed_names(tree, "contracts"))
    most = {c: max(data.contracts[c].committed_t for data in tree.data.values()) for c in block.committed}
    block.committed_q = pyo.Var(block.committed.index_set(), bounds=lambda b, c: (most[c], most[c]))
    block.signed = _with(block.committed, block.sign)
    block.volume = _with(block.committed_q, block.q)
    deliveries = list(_deliveries(tree, block))
    block.spans = {(d, c): delivery_years(tree.data[d], tree.data[d].contracts[c], tree.year[d]) for d, c in signings}
    block.taken = pyo.Var([key for key, _ in deliveries], domain=pyo.NonNegativeReals)
    block.first_year = dict(deliveries)
    _signing_rows(tree, block, invest)
    _supply_rows(tree, block, invest)
    _delivery_rows(tree, block)
    block.taken_from = _taken_from(tree, block)
    block.cost = costs("signing_fees", "contract_differences", "take_or_pay", "owed_beyond_horizon")
    _costs(tree, block)
    return block


def _with(committed: pyo.Var, chosen: pyo.Var) -> dict[Decision, Variable]:
    return {(COMMITTED, c): variable for c, variable in committed.items()} | dict(chosen.items())


def _deliveries(tree: Tree, block: pyo.Block) -> Iterator[tuple[tuple[int, str, int], int]]:
    """(node, contract, node of the signing) of every delivery there can be, and the first year of its tenor."""
    by_node = defaultdict(list)
    for d, c in block.signed:
        by_node[d].append(c)
    for n in tree.nodes:
        data, year = tree.data[n], tree.year[n]
        for d in (COMMITTED, *tree.path[n]):
            for c in by_node[d]:
                signed = signing_year(tree, d, c, n)
                if signed is None:
                    continue
                first, last = delivery_years(data, data.contracts[c], signed)
                if first <= year <= last:
                    yield (n, c, d), first


def taken_is_made(tree: Tree, net: Network, block: pyo.Block, act: pyo.Var, buy: pyo.Var) -> None:
    """(19), added once activity exists."""

    def rule(b: pyo.Block, n: int, supplier: str, material: str) -> object:
        unit = tree.data[n].units.get(supplier)
        if unit:
            made = [(-unit.recipe[material], act[n, u, k]) for u, k in net[n].act if u == supplier]
        else:
            made = [(-1.0, buy[n, supplier])] if supplier in net[n].buy else []
        return linear(b.taken_from[n, supplier, material] + made) <= 0

    block.made = pyo.Constraint(list(block.taken_from), rule=rule, doc="(19)")


def _can_sign(tree: Tree, invest: pyo.Block, contract: Contract, node: int) -> bool:
    data, year = tree.data[node], tree.year[node]
    if contract.committed_year is not None or not tree.begins_year(node):
        return False
    if not contract.earliest_year <= year <= contract.latest_year or not contract.is_honoured(tree.time[node]):
        return False
    if contract.supplier in data.projects:
        project = data.projects[contract.supplier]
        return project.committed_year is None and (node, contract.supplier) in invest.build
    return delivery_years(data, contract, year)[0] <= data.last_year


def _signing_rows(tree: Tree, block: pyo.Block, invest: pyo.Block) -> None:
    def contract(n: int, c: str) -> Contract:
        return tree.data[n].contracts[c]

    paths = [(leaf, c) for c in tree.data[0].contracts for leaf in tree.leaves]
    on_path = {
        (leaf, c): [(1.0, block.sign[n, c]) for n in tree.path[leaf] if (n, c) in block.sign] for leaf, c in paths
    }
    block.once = pyo.Constraint(
        [key for key in paths if len(on_path[key]) > 1],
        rule=lambda b, leaf, c: linear(on_path[leaf, c]) <= 1,
        doc="(14)",
    )
    block.with_project = pyo.Constraint(
        [(n, c) for n, c in block.sign if contract(n, c).supplier in tree.data[n].projects],
        rule=lambda b, n, c: b.sign[n, c] <= invest.build[n, contract(n, c).supplier],
        doc="(14)",
    )
    block.volume_min = pyo.Constraint(
        [(n, c) for n, c in block.sign if contract(n, c).min_t > 0],
        rule=lambda b, n, c: contract(n, c).min_t * b.sign[n, c] <= b.q[n, c],
        doc="(15)",
    )
    block.volume_max = pyo.Constraint(
        block.sign.index_set(), rule=lambda b, n, c: b.q[n, c] <= contract(n, c).max_t * b.sign[n, c], doc="(15)"
    )


def _supply_rows(tree: Tree, block: pyo.Block, invest: pyo.Block) -> None:
    """(16)"""
    fits: dict[tuple[int, str, str], Terms] = defaultdict(list)
    for d, c in block.sign:
        contract = tree.data[d].contracts[c]
        if contract.supplier in tree.data[d].projects:
            fits[d, contract.supplier, contract.material].append((1.0, block.q[d, c]))
    for n, c, d in block.taken:
        contract = tree.data[n].contracts[c]
        if contract.supplier not in tree.data[n].projects:
            fits[n, contract.supplier, contract.material].append(volume_at(tree, block, d, c, n))

    def rule(b: pyo.Block, n: int, supplier: str, material: str) -> object:
        data, time, volumes = tree.data[n], tree.time[n], fits[n, supplier, material]
        if supplier in data.projects:
            project = data.projects[supplier]
            most = project.recipe[material] * project.capacity
            return linear([*volumes, (-most, invest.build[n, supplier])]) <= 0
        if supplier in data.plants:
            plant = data.plants[supplier]
            return linear(volumes) <= plant.base_makes(material) * plant.base_capacity[time]
        volume = data.markets[supplier].base_volume_in(time)
        return pyo.Constraint.Skip if isinf(volume) else linear(volumes) <= volume

    chosen = [key for key, terms in fits.items() if any(not v.fixed and v.lb != v.ub for _, v in terms)]
    block.supply = pyo.Constraint(chosen, rule=rule, doc="(16)")


def _delivery_rows(tree: Tree, block: pyo.Block) -> None:
    """(17), (18)"""
    active = {
        (n, c, d): tree.length[n] * delivered_share(tree.data[n], tree.data[n].contracts[c], first, tree.time[n])
        for (n, c, d), first in block.first_year.items()
    }
    block.active_share = active

    def in_force(b: pyo.Block, n: int, c: str, d: int) -> object:
        return linear([(1.0, b.taken[n, c, d]), *scaled(-active[n, c, d], [volume_at(tree, b, d, c, n)])]) <= 0

    block.in_force = pyo.Constraint(block.taken.index_set(), rule=in_force, doc="(17)")
    block.untaken = pyo.Var(
        [(n, c, d) for n, c, d in block.taken if tree.ends_year(n) and tree.data[n].contracts[c].take_or_pay_share > 0],
        domain=pyo.NonNegativeReals,
    )

    def unpaid(b: pyo.Block, n: int, c: str, d: int) -> object:
        return linear([(1.0, b.untaken[n, c, d]), *scaled(-1.0, owed_terms(tree, b, n, c, d))]) >= 0

    block.unpaid = pyo.Constraint(block.untaken.index_set(), rule=unpaid, doc="(18)")


def owed_terms(tree: Tree, block: pyo.Block, n: int, c: str, d: int) -> Terms:
    """take_or_pay_share * active - taken, over the year that ends at a node."""
    share = tree.data[n].contracts[c].take_or_pay_share
    year = [a for a in tree.year_nodes(n) if (a, c, d) in block.taken]
    owed = share * sum(block.active_share[a, c, d] for a in year)
    return [*scaled(owed, [volume_at(tree, block, d, c, n)]), *((-1.0, block.taken[a, c, d]) for a in year)]


def _taken_from(tree: Tree, block: pyo.Block) -> dict[tuple[int, str, str], Terms]:
    taken: dict[tuple[int, str, str], Terms] = defaultdict(list)
    for n, c, d in block.taken:
        contract = tree.data[n].contracts[c]
        taken[n, contract.supplier, contract.material].append((1.0, block.taken[n, c, d]))
    return dict(taken)


def prices(tree: Tree, block: pyo.Block, n: int, c: str, d: int) -> tuple[float, float]:
    """Contract price and market price (with a market's premium) of a delivery, MUSD/t."""
    data, time = tree.data[n], tree.time[n]
    contract = data.contracts[c]
    price = contract.price(data.index_price(contract, time), tree.year[n], block.first_year[n, c, d])
    return price, data.supplier_price(contract, time)


def _costs(tree: Tree, block: pyo.Block) -> None:
    for d, c in block.signed:
        for n in paid_at(tree, d, "contracts", c):
            block.cost["signing_fees"][n].append((tree.data[n].contracts[c].signing_fee, block.signed[d, c]))
    for n, c, d in block.taken:
        price, market = prices(tree, block, n, c, d)
        block.cost["contract_differences"][n].append((price - market, block.taken[n, c, d]))
        if (n, c, d) in block.untaken:
            block.cost["take_or_pay"][n].append((price, block.untaken[n, c, d]))
    for leaf in tree.leaves:
        on_path = {COMMITTED, *tree.path[leaf]}
        for d, c in block.signed:
            signed = signing_year(tree, d, c, leaf) if d in on_path else None
            owed = 0.0 if signed is None else owed_share(tree, leaf, c, signed)
            if owed > 0:
                block.cost["owed_beyond_horizon"][leaf] += scaled(owed, [volume_at(tree, block, d, c, leaf)])


def owed_share(tree: Tree, leaf: int, c: str, signed: int) -> float:
    """MUSD per t/yr of volume that take-or-pay owes beyond last_year, discounted to last_year. [cheat]"""
    factor, last = 1 + tree.data[leaf].discount_rate, tree.data[leaf].last_year
    return sum(factor ** (last - year) * owed for year, owed in owed_by_year(tree, leaf, c, signed).items())


def owed_by_year(tree: Tree, leaf: int, c: str, signed: int) -> dict[int, float]:
    """Year after the last -> MUSD of that year that take-or-pay owes per t/yr of volume."""
    data, time = tree.data[leaf], tree.time[leaf]
    contract, last = data.contracts[c], data.last_year
    first, end = delivery_years(data, contract, signed)
    market, index = data.supplier_price(contract, time), data.index_price(contract, time)
    project = data.projects.get(contract.supplier)
    owed = {}
    for year in range(max(last + 1, first), end + 1):
        share = (project.ramp_in(signed, year) if project else 1.0) * data.force_majeure(contract, time)
        over = max(0.0, contract.price(index, year, first) - market)
        owed[year] = contract.take_or_pay_share * share * over
    return owed


def signed_table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Contracts that are signed, with their volumes."""
    rows = []
    for (d, c), sign in block.sign.items():
        if d in tree.time and amount(sign) > 0.5:
            contract = tree.data[d].contracts[c]
            first, last = block.spans[d, c]
            rows.append(
                {
                    "contract": c,
                    "supplier": contract.supplier,
                    "material": contract.material,
                    "signing_year": tree.year[d],
                    "first_delivery_year": first,
                    "last_delivery_year": last,
                    "annual_t": amount(block.q[d, c]),
                    "fee_musd": contract.signing_fee,
                }
            )
    return sorted(rows, key=lambda row: (row["signing_year"], row["contract"]))


def yearly_table(tree: Tree, block: pyo.Block) -> list[Row]:
    """What is due, taken and paid under each contract, by period."""
    rows = []
    for (n, c, d), taken in block.taken.items():
        if n in tree.time and amount(block.signed[d, c]) > 0.5:
            contract = tree.data[n].contracts[c]
            price, market = prices(tree, block, n, c, d)
            untaken = amount(block.untaken[n, c, d]) if (n, c, d) in block.untaken else 0.0
            rows.append(
                {
                    "contract": c,
                    "supplier": contract.supplier,
                    "material": contract.material,
                    "signing_year": signing_year(tree, d, c, n),
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "active_t": block.active_share[n, c, d] * worth([volume_at(tree, block, d, c, n)]),
                    "taken_t": amount(taken),
                    "untaken_t": untaken,
                    "contract_price_usd_per_kg": price / MUSD_PER_T,
                    "market_price_usd_per_kg": market / MUSD_PER_T,
                    "difference_musd": (price - market) * amount(taken),
                    "untaken_musd": price * untaken,
                    "committed": "yes" if d == COMMITTED else "no",
                }
            )
    return sorted(rows, key=lambda row: (row["contract"], row["year"], row["month"]))
