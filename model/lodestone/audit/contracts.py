"""Offtake contracts: signing, volumes, deliveries and prices.

active = annual x ramp (project) x force majeure;  taken <= active;  untaken >= take_or_pay_share x active - taken
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, Signing, limit
from lodestone.audit.capacity import ramp
from lodestone.audit.verdict import MUSD, TONNES, USD_PER_KG, Check, Rule, at_least, at_most, equal, holds, same
from lodestone.data.plan_data import MUSD_PER_T, Contract, PlanData, time_of


def force_majeure(data: PlanData, contract: Contract, year: int) -> float:
    """Share of the volume in force when the supplier has less than in the base; always 1 for a project."""
    name = contract.supplier
    if name in data.projects:
        return 1.0
    if name in data.plants:
        now, base = data.plants[name].capacity[time_of(year)], data.plants[name].base_capacity[time_of(year)]
        return min(1.0, now / base) if base > 0 else 1.0
    volume, usual = limit(data.markets[name].volume, year), limit(data.markets[name].base_volume, year)
    if usual is None:
        return 0.0 if volume == 0 else 1.0
    return 1.0 if volume is None or usual == 0 else min(1.0, volume / usual)


def signing_ramp(data: PlanData, signing: Signing, year: int) -> float:
    """1 unless the supplier is a project, whose output rises with its ramp."""
    project = data.projects.get(signing.contract.supplier)
    return ramp(project, year - signing.first) if project else 1.0


def active(data: PlanData, signing: Signing, year: int) -> float:
    """t in force in a year; beyond the horizon force majeure is that of last_year."""
    if not signing.covers(year):
        return 0.0
    share = force_majeure(data, signing.contract, min(year, data.last_year))
    return signing.annual * signing_ramp(data, signing, year) * share


def contract_price(contract: Contract, index: float, years_delivered: int) -> float:
    """MUSD/t; index: the market's or the lenders' price, without a supplier's premium."""
    if contract.fixed:
        return float(contract.fixed_price * (1 + contract.escalation) ** years_delivered)
    return max(contract.price_min, min(contract.price_max, index * (1 + contract.index_premium)))


def prices(data: PlanData, signing: Signing, year: int) -> tuple[float, float]:
    """Contract price and the price paid otherwise, MUSD/t; beyond the horizon at prices of last_year."""
    contract = signing.contract
    index = data.index_price(contract, time_of(min(year, data.last_year)))
    market = data.markets.get(contract.supplier)
    otherwise = index * (1 + market.premium_share) if market else index
    return contract_price(contract, index, year - signing.first), otherwise


def under_contract(books: Books, supplier: str, decision: int, material: str, year: int) -> float:
    """Annual volumes of a project's contracts for a material whose tenor covers the year, before the ramp."""
    return sum(
        s.annual
        for s in books.signings
        if (s.contract.supplier, s.year, s.contract.material) == (supplier, decision, material) and s.covers(year)
    )


def signing(data: PlanData, books: Books) -> Iterator[Check]:
    times = Counter(s.contract.name for s in books.signings)
    for s in books.signings:
        c = s.contract
        yield holds(s.where, times[c.name] == 1, "one signing", str(times[c.name]))
        window = f"a signature from {c.earliest_year} to {c.latest_year}"
        yield holds(s.where, c.earliest_year <= s.year <= c.latest_year, window, str(s.year))
        if c.supplier in data.projects:
            built = books.built[c.supplier, s.year]
            yield holds(s.where, built > 0.5, f"signed when {c.supplier} is decided", f"{built:g} builds in {s.year}")
        yield at_least(s.where, "annual volume", s.annual, c.min_t, TONNES)
        yield at_most(s.where, "annual volume", s.annual, c.max_t, TONNES)


def contracts_table(_data: PlanData, books: Books) -> Iterator[Check]:
    for row, s in zip(books.rows("contracts"), books.signings, strict=True):
        yield same(s.where, "first delivery year", row["first_delivery_year"], s.first)
        yield same(s.where, "last delivery year", row["last_delivery_year"], s.last)
        yield equal(s.where, "fee", row["fee_musd"], s.contract.signing_fee, MUSD)


def supplier_volumes(data: PlanData, books: Books) -> Iterator[Check]:
    """Annual volumes fit what the supplier has in the base."""
    for supplier, material in sorted({(s.contract.supplier, s.contract.material) for s in books.signings}):
        where = f"{supplier} {material}"
        if supplier in data.projects:
            project = data.projects[supplier]
            for decision in data.years:
                first = decision + project.lead_years
                signed = under_contract(books, supplier, decision, material, first)
                most = project.capacity * project.recipe[material] * books.built[supplier, decision]
                yield at_most(f"{where} {decision}", "annual volumes", signed, most, TONNES)
        else:
            for year in data.years:
                fits = _base_output(data, supplier, material, year)
                signed = sum(
                    s.annual
                    for s in books.signings
                    if (s.contract.supplier, s.contract.material) == (supplier, material) and s.covers(year)
                )
                if fits is not None:
                    yield at_most(f"{where} {year}", "annual volumes", signed, fits, TONNES)


def _base_output(data: PlanData, supplier: str, material: str, year: int) -> float | None:
    if supplier in data.plants:
        plant = data.plants[supplier]
        return plant.base_capacity[time_of(year)] * plant.recipe[material]
    return limit(data.markets[supplier].base_volume, year)


def deliveries(data: PlanData, books: Books) -> Iterator[Check]:
    """Volume in force, taken, and paid though not taken."""
    for s in books.signings:
        for year in data.years:
            if s.covers(year):
                where, force = f"{s.where} in {year}", active(data, s, year)
                taken, untaken = books.taken[(*s.key, year)], books.untaken[(*s.key, year)]
                least = s.contract.take_or_pay_share * force - taken
                yield at_most(where, "taken", taken, force, TONNES)
                yield at_least(where, "untaken", untaken, least, TONNES, force, taken)


def supplier_output(data: PlanData, books: Books) -> Iterator[Check]:
    """What the contracts of a supplier take together is at most what it makes or sells in the year."""
    taken: Amounts[tuple[str, str, int]] = Amounts()
    for s in books.signings:
        for year in data.years:
            taken.add((s.contract.supplier, s.contract.material, year), books.taken[(*s.key, year)])
    for (supplier, material, year), amount in taken.items():
        unit = data.units.get(supplier)
        output = unit.recipe[material] * books.use(supplier, year) if unit else books.volume(supplier, year)
        yield at_most(f"{supplier} {material} {year}", "taken under contract", amount, output, TONNES)


def contract_years_table(data: PlanData, books: Books) -> Iterator[Check]:
    by_key = {s.key: s for s in books.signings}
    for row in books.rows("contract_years"):
        s = by_key.get((row["contract"], row["signing_year"]))
        if s is None:
            continue  # reported by "complete tables"
        year = row["year"]
        where, (price, otherwise) = f"{s.where} in {year}", prices(data, s, year)
        difference, untaken = (price - otherwise) * row["taken_t"], price * row["untaken_t"]
        yield equal(where, "volume in force", row["active_t"], active(data, s, year), TONNES)
        yield equal(where, "contract price", row["contract_price_usd_per_kg"], price / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "market price", row["market_price_usd_per_kg"], otherwise / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "difference", row["difference_musd"], difference, MUSD, price * row["taken_t"])
        yield equal(where, "cost of untaken", row["untaken_musd"], untaken, MUSD)


CONTRACTS: tuple[Rule[Books], ...] = (
    Rule("contract signing", "Contracts are signed once, in their window, for a volume on offer.", TONNES, signing),
    Rule("contract terms", "First and last delivery year and fee are right.", MUSD, contracts_table),
    Rule("contract volumes", "Volumes signed with a supplier fit what it has in the base.", TONNES, supplier_volumes),
    Rule(
        "contract deliveries", "Nothing is taken beyond the volume in force; take-or-pay is paid.", TONNES, deliveries
    ),
    Rule("contract supply", "Contracts take no more than their supplier makes.", TONNES, supplier_output),
    Rule("contract years", "Volumes in force, prices and differences are reported right.", MUSD, contract_years_table),
)
