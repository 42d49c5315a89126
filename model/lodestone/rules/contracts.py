"""Offtake contracts: which are signed, for how much, what is taken, and what is paid for what is not.

For every contract c, signing node n' of its window and node n on or after it whose year its tenor covers:

    sign[c,n'] binary, q[c,n'] annual volume
    (14) once       sum over n' on a path of sign[c,n'] <= 1;  for a project: sign[c,n'] <= build[g,n']
    (15) volume     min_t * sign[c,n'] <= q[c,n'] <= max_t * sign[c,n']
    (16) supply     sum over contracts of a supplier and material whose tenor covers y(n) of q <= what its base capacity
                    makes in that year (a market: its volume); for a project: <= g * capacity * build[g,n']
    (17) active     active[c,n',n] = ramp * force_majeure * q[c,n'];  taken <= active
    (18) unpaid     untaken >= take_or_pay_share * active - taken
    (19) made       taken from a supplier of a material, all contracts together <= what it makes of it in n

    cost = (contract price - market price) * taken + contract price * untaken

force_majeure = min(1, capacity or volume of the supplier / the base's in that year), so that a contract never gives
more than a stricken supplier can. Tenors count from start_delay_years after signing; for a project from its first
year of production, and end with its life. What take-or-pay owes beyond last_year is charged at the leaf:
take_or_pay_share * active * max(0, contract - market price of last_year), discounted from its own year.

Units    t/yr (q, taken, untaken), MUSD (fee), MUSD/yr (cost)
Sheets   in: Contracts; out: Contracts
Source   the terms follow public agreements: MP Materials 10X, Lynas-JARE
"""

from __future__ import annotations

from collections import defaultdict
from math import isinf

import pyomo.environ as pyo

from lodestone.data.network import Network
from lodestone.data.plan_data import MUSD_PER_T, Contract, PlanData, Time, year_of
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, amount, costs, linear, scaled


def delivery_years(data: PlanData, contract: Contract, signing_year: int) -> tuple[int, int]:
    """First and last year of the tenor of a contract signed in a year."""
    project = data.projects.get(contract.supplier)
    if project:
        first = project.first_year(signing_year)
        return first, first + min(contract.tenor_years, project.life_years) - 1
    first = signing_year + contract.start_delay_years
    return first, first + contract.tenor_years - 1


def delivered_share(data: PlanData, contract: Contract, signing_year: int, time: Time) -> float:
    """active / q in a year of the tenor: ramp of a project, force majeure of any other supplier."""
    project = data.projects.get(contract.supplier)
    if project:
        return project.ramp(year_of(time) - project.first_year(signing_year)) * data.force_majeure(contract, time)
    return data.force_majeure(contract, time)


def contracts(tree: Tree, invest: pyo.Block) -> pyo.Block:
    """Build the block that owns sign, q, taken and untaken."""
    block = pyo.Block(concrete=True)
    signings = [
        (c, n)
        for c in tree.data[0].contracts
        for n in tree.nodes
        if _can_sign(tree, invest, tree.data[n].contracts[c], n)
    ]
    spans = {(c, d): delivery_years(tree.data[d], tree.data[d].contracts[c], tree.year[d]) for c, d in signings}
    by_node = defaultdict(list)
    for c, d in signings:
        by_node[d].append(c)
    deliveries = [
        (c, d, n)
        for n in tree.nodes
        for d in tree.path[n]
        for c in by_node[d]
        if spans[c, d][0] <= tree.year[n] <= spans[c, d][1]
    ]
    block.spans = spans
    block.sign = pyo.Var(signings, domain=pyo.Binary)
    block.q = pyo.Var(signings, domain=pyo.NonNegativeReals)
    block.taken = pyo.Var(deliveries, domain=pyo.NonNegativeReals)
    block.untaken = pyo.Var(
        [(c, d, n) for c, d, n in deliveries if tree.data[n].contracts[c].take_or_pay_share > 0],
        domain=pyo.NonNegativeReals,
    )
    _signing_rows(tree, block, invest)
    _supply_rows(tree, block, invest)
    _delivery_rows(tree, block)
    block.taken_from = _taken_from(tree, block)
    block.cost = costs("signing_fees", "contract_differences", "take_or_pay", "owed_beyond_horizon")
    _costs(tree, block)
    return block


def taken_is_made(tree: Tree, net: Network, block: pyo.Block, act: pyo.Var, buy: pyo.Var) -> None:
    """(19), added once activity exists."""

    def rule(b: pyo.Block, supplier: str, material: str, n: int) -> object:
        unit = tree.data[n].units.get(supplier)
        if unit:
            made = [(-unit.recipe[material], act[n, u, k]) for u, k in net[n].act if u == supplier]
        else:
            made = [(-1.0, buy[n, supplier])] if supplier in net[n].buy else []
        return linear(b.taken_from[supplier, material, n] + made) <= 0

    block.made = pyo.Constraint(list(block.taken_from), rule=rule, doc="(19)")


def _can_sign(tree: Tree, invest: pyo.Block, contract: Contract, node: int) -> bool:
    data, year = tree.data[node], tree.year[node]
    if not contract.earliest_year <= year <= contract.latest_year:
        return False
    if contract.supplier in data.projects:
        return (contract.supplier, node) in invest.build
    return delivery_years(data, contract, year)[0] <= data.last_year


def _signing_rows(tree: Tree, block: pyo.Block, invest: pyo.Block) -> None:
    def contract(c: str, n: int) -> Contract:
        return tree.data[n].contracts[c]

    paths = [(c, leaf) for c in tree.data[0].contracts for leaf in tree.leaves]
    on_path = {
        (c, leaf): [(1.0, block.sign[c, n]) for n in tree.path[leaf] if (c, n) in block.sign] for c, leaf in paths
    }
    block.once = pyo.Constraint(
        [key for key in paths if len(on_path[key]) > 1],
        rule=lambda b, c, leaf: linear(on_path[c, leaf]) <= 1,
        doc="(14)",
    )
    block.with_project = pyo.Constraint(
        [(c, n) for c, n in block.sign if contract(c, n).supplier in tree.data[n].projects],
        rule=lambda b, c, n: b.sign[c, n] <= invest.build[contract(c, n).supplier, n],
        doc="(14)",
    )
    block.volume_min = pyo.Constraint(
        [(c, n) for c, n in block.sign if contract(c, n).min_t > 0],
        rule=lambda b, c, n: contract(c, n).min_t * b.sign[c, n] <= b.q[c, n],
        doc="(15)",
    )
    block.volume_max = pyo.Constraint(
        block.sign.index_set(), rule=lambda b, c, n: b.q[c, n] <= contract(c, n).max_t * b.sign[c, n], doc="(15)"
    )


def _supply_rows(tree: Tree, block: pyo.Block, invest: pyo.Block) -> None:
    """(16)"""
    fits: dict[tuple[str, str, int], Terms] = defaultdict(list)
    for c, d in block.sign:
        contract = tree.data[d].contracts[c]
        if contract.supplier in tree.data[d].projects:
            fits[contract.supplier, contract.material, d].append((1.0, block.q[c, d]))
    for c, d, n in block.taken:
        contract = tree.data[n].contracts[c]
        if contract.supplier not in tree.data[n].projects:
            fits[contract.supplier, contract.material, n].append((1.0, block.q[c, d]))

    def rule(b: pyo.Block, supplier: str, material: str, n: int) -> object:
        data, volumes = tree.data[n], fits[supplier, material, n]
        if supplier in data.projects:
            project = data.projects[supplier]
            most = project.recipe[material] * project.capacity
            return linear([*volumes, (-most, invest.build[supplier, n])]) <= 0
        if supplier in data.plants:
            plant = data.plants[supplier]
            return linear(volumes) <= plant.recipe[material] * plant.base_capacity[tree.time[n]]
        volume = data.markets[supplier].base_volume_in(tree.time[n])
        return pyo.Constraint.Skip if isinf(volume) else linear(volumes) <= volume

    block.supply = pyo.Constraint(list(fits), rule=rule, doc="(16)")


def _delivery_rows(tree: Tree, block: pyo.Block) -> None:
    """(17), (18)"""
    active = {
        (c, d, n): delivered_share(tree.data[n], tree.data[n].contracts[c], tree.year[d], tree.time[n])
        for c, d, n in block.taken
    }
    block.active_share = active
    block.in_force = pyo.Constraint(
        block.taken.index_set(), rule=lambda b, c, d, n: b.taken[c, d, n] <= active[c, d, n] * b.q[c, d], doc="(17)"
    )

    def unpaid(b: pyo.Block, c: str, d: int, n: int) -> object:
        owed = tree.data[n].contracts[c].take_or_pay_share * active[c, d, n]
        return b.untaken[c, d, n] >= owed * b.q[c, d] - b.taken[c, d, n]

    block.unpaid = pyo.Constraint(block.untaken.index_set(), rule=unpaid, doc="(18)")


def _taken_from(tree: Tree, block: pyo.Block) -> dict[tuple[str, str, int], Terms]:
    taken: dict[tuple[str, str, int], Terms] = defaultdict(list)
    for c, d, n in block.taken:
        contract = tree.data[n].contracts[c]
        taken[contract.supplier, contract.material, n].append((1.0, block.taken[c, d, n]))
    return dict(taken)


def prices(tree: Tree, c: str, signing: int, node: int) -> tuple[float, float]:
    """Contract price and market price (with a market's premium) at a node, MUSD/t."""
    data, year = tree.data[node], tree.year[node]
    contract = data.contracts[c]
    first = delivery_years(data, contract, tree.year[signing])[0]
    return contract.price(data.index_price(contract, tree.time[node]), year, first), data.supplier_price(
        contract, tree.time[node]
    )


def _costs(tree: Tree, block: pyo.Block) -> None:
    for c, n in block.sign:
        block.cost["signing_fees"][n].append((tree.data[n].contracts[c].signing_fee, block.sign[c, n]))
    for c, d, n in block.taken:
        price, market = prices(tree, c, d, n)
        block.cost["contract_differences"][n].append((price - market, block.taken[c, d, n]))
        if (c, d, n) in block.untaken:
            block.cost["take_or_pay"][n].append((price, block.untaken[c, d, n]))
    for leaf in tree.leaves:
        for d in tree.path[leaf]:
            for c in (c for c in tree.data[d].contracts if (c, d) in block.sign):
                owed = owed_share(tree.data[leaf], c, tree.year[d])
                if owed > 0:
                    block.cost["owed_beyond_horizon"][leaf] += scaled(owed, [(1.0, block.q[c, d])])


def owed_share(data: PlanData, c: str, signing_year: int) -> float:
    """MUSD per t/yr of volume that take-or-pay owes beyond last_year, discounted to last_year. [cheat]"""
    contract, last = data.contracts[c], data.last_year
    first, end = delivery_years(data, contract, signing_year)
    market = data.supplier_price(contract, data.last_time)
    index = data.index_price(contract, data.last_time)
    owed = 0.0
    for year in range(last + 1, end + 1):
        project = data.projects.get(contract.supplier)
        share = (project.ramp(year - first) if project else 1.0) * data.force_majeure(contract, data.last_time)
        over = max(0.0, contract.price(index, year, first) - market)
        owed += (1 + data.discount_rate) ** (last - year) * contract.take_or_pay_share * share * over
    return owed


def signed_table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for (c, d), sign in block.sign.items():
        if d in tree.year and amount(sign) > 0.5:
            contract = tree.data[d].contracts[c]
            first, last = block.spans[c, d]
            rows.append(
                {
                    "contract": c,
                    "supplier": contract.supplier,
                    "material": contract.material,
                    "signing_year": tree.year[d],
                    "first_delivery_year": first,
                    "last_delivery_year": last,
                    "annual_t": amount(block.q[c, d]),
                    "fee_musd": contract.signing_fee,
                }
            )
    return sorted(rows, key=lambda row: (row["signing_year"], row["contract"]))


def yearly_table(tree: Tree, block: pyo.Block) -> list[Row]:
    rows = []
    for (c, d, n), taken in block.taken.items():
        if n in tree.year and amount(block.sign[c, d]) > 0.5:
            contract = tree.data[n].contracts[c]
            price, market = prices(tree, c, d, n)
            active = block.active_share[c, d, n] * amount(block.q[c, d])
            untaken = max(0.0, contract.take_or_pay_share * active - amount(taken))
            rows.append(
                {
                    "contract": c,
                    "supplier": contract.supplier,
                    "material": contract.material,
                    "signing_year": tree.year[d],
                    "year": tree.year[n],
                    "active_t": active,
                    "taken_t": amount(taken),
                    "untaken_t": untaken,
                    "contract_price_usd_per_kg": price / MUSD_PER_T,
                    "market_price_usd_per_kg": market / MUSD_PER_T,
                    "difference_musd": (price - market) * amount(taken),
                    "untaken_musd": price * untaken,
                }
            )
    return sorted(rows, key=lambda row: (row["contract"], row["year"]))
