"""Offtake contracts: signing, volumes, deliveries and prices; w: the part of a year that a period is.

active = annual x ramp (project) x force majeure, t/yr; 0 from the time it is not honoured;  taken <= w x active
untaken >= take_or_pay_share x active - taken, both over the year; it is counted at its end, at the price then
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, Signing, by_year, limit, time_in, when
from lodestone.audit.projects import ramp, starts
from lodestone.audit.verdict import MUSD, TONNES, USD_PER_KG, Check, Rule, at_least, at_most, equal, holds, same
from lodestone.data.plan_data import MUSD_PER_T, Contract, PlanData, Time, time_of, year_of


def force_majeure(data: PlanData, contract: Contract, time: Time) -> float:
    """Share of the volume in force when the supplier has less than in the base; always 1 for a project.

    A market that is unlimited in the base is measured by the largest volumes of all contracts with it.
    """
    name = contract.supplier
    if name in data.projects:
        return 1.0
    if name in data.plants:
        now, base = data.plants[name].capacity[time], data.plants[name].base_capacity[time]
        return min(1.0, now / base) if base > 0 else 1.0
    volume, usual = limit(data.markets[name].volume, time), limit(data.markets[name].base_volume, time)
    if usual is None:
        usual = sum(c.max_t for c in data.contracts.values() if c.supplier == name)
    return 1.0 if volume is None or usual == 0 else min(1.0, volume / usual)


def signing_ramp(data: PlanData, signing: Signing, year: int) -> float:
    """1 unless the supplier is a project, whose output rises with its ramp, late where it comes late."""
    project = data.projects.get(signing.contract.supplier)
    return ramp(project, year - starts(project, signing.year)) if project else 1.0


def active(data: PlanData, signing: Signing, time: Time) -> float:
    """t/yr in force; beyond the horizon force majeure is that of its last period."""
    if not signing.covers(year_of(time)) or not signing.contract.is_honoured(time):
        return 0.0
    share = force_majeure(data, signing.contract, min(time, data.last_time))
    return signing.annual * signing_ramp(data, signing, year_of(time)) * share


def contract_price(contract: Contract, index: float, years_delivered: int) -> float:
    """MUSD/t; index: the market's or the lenders' price, without a supplier's premium."""
    if contract.fixed:
        return float(contract.fixed_price * (1 + contract.escalation) ** years_delivered)
    return max(contract.price_min, min(contract.price_max, index * (1 + contract.index_premium)))


def prices(data: PlanData, signing: Signing, time: Time) -> tuple[float, float]:
    """Contract price and the price paid otherwise, MUSD/t; beyond the horizon at its last prices."""
    contract = signing.contract
    index = data.price_of(contract.material, data.region_of(contract.supplier), min(time, data.last_time))
    market = data.markets.get(contract.supplier)
    otherwise = index * (1 + market.premium_share) if market else index
    return contract_price(contract, index, year_of(time) - signing.first), otherwise


def brought(data: PlanData, books: Books, signing: Signing, time: Time) -> float:
    """What a contract brings its supplier beside the market price of what it delivers, MUSD."""
    price, otherwise = prices(data, signing, time)
    key = (*signing.key, time)
    return (price - otherwise) * books.taken[key] + price * books.untaken[key]


def under_contract(books: Books, supplier: str, decision: int, material: str, year: int) -> float:
    """Annual volumes of a project's contracts for a material whose tenor covers the year, before the ramp."""
    return sum(s.annual for s in with_project(books, supplier, decision, material) if s.covers(year))


def with_project(books: Books, supplier: str, decision: int, material: str) -> list[Signing]:
    """Signings for a material with a supplier, in the year in which it is decided."""
    wanted = supplier, decision, material
    return [s for s in books.signings if (s.contract.supplier, s.year, s.contract.material) == wanted]


def signing(data: PlanData, books: Books) -> Iterator[Check]:
    """Contracts are signed once, in their window, within their volumes."""
    times = Counter(s.contract.name for s in books.signings)
    for s in books.chosen_signings:
        c = s.contract
        yield holds(s.where, times[c.name] == 1, "one signing", str(times[c.name]))
        window = f"a signature from {c.earliest_year} to {c.latest_year}"
        yield holds(s.where, c.earliest_year <= s.year <= c.latest_year, window, str(s.year))
        yield holds(s.where, c.is_honoured(time_of(s.year)), "a contract that is honoured then", "one that is not")
        if c.supplier in data.projects:
            chosen, committed = books.decided[c.supplier, s.year], data.projects[c.supplier].committed_year
            yield holds(s.where, chosen > 0.5, f"signed when {c.supplier} is decided", f"{chosen:g} builds in {s.year}")
            yield holds(s.where, committed is None, "no contract with a committed project", c.supplier)
        yield at_least(s.where, "annual volume", s.annual, c.min_t, TONNES)
        yield at_most(s.where, "annual volume", s.annual, c.max_t, TONNES)


def contracts_table(_data: PlanData, books: Books) -> Iterator[Check]:
    """What the table says of each signing follows from its contract."""
    for row, s in zip(books.rows("contracts"), books.chosen_signings, strict=True):
        yield same(s.where, "first delivery year", row["first_delivery_year"], s.first)
        yield same(s.where, "last delivery year", row["last_delivery_year"], s.last)
        yield equal(s.where, "fee", row["fee_musd"], s.contract.signing_fee, MUSD)


def supplier_volumes(data: PlanData, books: Books) -> Iterator[Check]:
    """Annual volumes fit what the supplier has in the base, in every period."""
    for supplier, material in sorted({(s.contract.supplier, s.contract.material) for s in books.signings}):
        where = f"{supplier} {material}"
        if supplier in data.projects:
            project = data.projects[supplier]
            for (name, decision), copies in books.built.items():
                if name == supplier:
                    first = decision + project.lead_years
                    signed = under_contract(books, supplier, decision, material, first)
                    most = project.capacity * project.recipe[material] * copies
                    yield at_most(f"{where} {decision}", "annual volumes", signed, most, TONNES)
        else:
            ours = [s for s in books.signings if (s.contract.supplier, s.contract.material) == (supplier, material)]
            for time in data.times:
                fits = _base_output(data, supplier, material, time)
                signed = sum(s.annual for s in ours if s.covers(year_of(time)))
                if fits is not None:
                    yield at_most(f"{where} {when(data, time)}", "annual volumes", signed, fits, TONNES)


def _base_output(data: PlanData, supplier: str, material: str, time: Time) -> float | None:
    """What it can make in the base, its yield of the base included, t/yr; None: any amount."""
    if supplier in data.plants:
        plant = data.plants[supplier]
        recipe = plant.recipe if plant.base_recipe is None else plant.base_recipe
        return plant.base_capacity[time] * recipe.get(material, 0.0)
    return limit(data.markets[supplier].base_volume, time)


def deliveries(data: PlanData, books: Books) -> Iterator[Check]:
    """Volume in force, taken, and at the end of the year paid though not taken."""
    for s in books.signings:
        for year, periods in by_year(data).items():
            if not s.covers(year):
                continue
            force = {time: books.length[time] * active(data, s, time) for time in periods}
            for time in periods:
                where = f"{s.where} in {when(data, time)}"
                yield at_most(where, "taken", books.taken[(*s.key, time)], force[time], TONNES)
                if time != periods[-1]:
                    untaken = books.untaken[(*s.key, time)]
                    yield equal(where, "untaken before the end of the year", untaken, 0.0, TONNES)
            taken, total = sum(books.taken[(*s.key, time)] for time in periods), sum(force.values())
            least, untaken = s.contract.take_or_pay_share * total - taken, books.untaken[(*s.key, periods[-1])]
            where = f"{s.where} in {when(data, periods[-1])}"
            yield at_least(where, "untaken", untaken, least, TONNES, total, taken)


def supplier_output(data: PlanData, books: Books) -> Iterator[Check]:
    """What the contracts of a supplier take together is at most what it makes or sells."""
    taken: Amounts[tuple[str, str, Time]] = Amounts()
    for s in books.signings:
        for time in data.times:
            taken.add((s.contract.supplier, s.contract.material, time), books.taken[(*s.key, time)])
    for (supplier, material, time), amount in taken.items():
        unit = data.units.get(supplier)
        output = unit.recipe[material] * books.use(supplier, time) if unit else books.volume(supplier, time)
        yield at_most(f"{supplier} {material} {when(data, time)}", "taken under contract", amount, output, TONNES)


def contract_years_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what was due, taken and paid in each year."""
    by_key = {s.key: s for s in books.signings}
    for row in books.rows("contract_years"):
        s = by_key.get((row["contract"], row["signing_year"]))
        if s is None:
            continue  # reported by "complete tables"
        time = time_in(row)
        where, (price, otherwise) = f"{s.where} in {when(data, time)}", prices(data, s, time)
        difference, untaken = (price - otherwise) * row["taken_t"], price * row["untaken_t"]
        force = books.length[time] * active(data, s, time)
        yield equal(where, "volume in force", row["active_t"], force, TONNES)
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
