"""Price floors, grants, and what units paid at market receive.

covered = ramp x (g x capacity - volumes under contract);  payment = covered x rate(price)
rate(price) = max(0, floor - price) - upside_share x max(0, price - floor)
(9) topup >= (operating cost - value added) act - floor payments - sum over contracts of (contract - market) taken
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Award, Books
from lodestone.audit.capacity import capacities, ramp
from lodestone.audit.contracts import prices, under_contract
from lodestone.audit.verdict import MUSD, NAME, TONNES, USD_PER_KG, Check, Rule, at_least, equal, holds, same
from lodestone.data.plan_data import MUSD_PER_T, Floor, PlanData, Unit, time_of


def rate(floor: Floor, price: float) -> float:
    """What the treasury pays per covered tonne, less the upside it is paid back, MUSD/t."""
    level = floor.level
    return max(0.0, level - price) - floor.upside_share * max(0.0, price - level)


def covered(books: Books, award: Award, year: int) -> float:
    """Deemed output less what is under contract, t; also beyond the horizon."""
    if not award.first <= year <= award.last:
        return 0.0
    material = award.floor.material
    output = award.project.recipe[material] * award.project.capacity
    sold_ahead = under_contract(books, award.project.name, award.year, material, year)
    return ramp(award.project, year - award.first) * (output - sold_ahead)


def payment(data: PlanData, books: Books, award: Award, year: int) -> float:
    """Net payment of the treasury in a year of the horizon, MUSD."""
    return covered(books, award, year) * rate(award.floor, data.floor_price(award.floor, time_of(year)))


def value_added(data: PlanData, unit: Unit, year: int) -> float:
    """MUSD per t of capacity used."""
    return sum(g * data.price_of(m, unit.region, time_of(year)) for m, g in unit.recipe.items())


def awards(_data: PlanData, books: Books) -> Iterator[Check]:
    for award in books.awards:
        project, where = award.project, award.where
        packages = [a.floor.name for a in books.awards if (a.project.name, a.year) == (project.name, award.year)]
        built = books.built[project.name, award.year]
        eligible = not project.public and project.max_builds == 1
        yield holds(where, eligible, "a private project built once", project.name)
        yield holds(where, built > 0.5, f"{project.name} decided in that year", f"{built:g} builds")
        yield holds(where, len(packages) == 1, "one package per build", ", ".join(packages))


def floors_table(_data: PlanData, books: Books) -> Iterator[Check]:
    for row, award in zip(books.rows("price_floors"), books.awards, strict=True):
        floor, where = award.floor, award.where
        yield same(where, "first supported year", row["first_supported_year"], award.first)
        yield same(where, "last supported year", row["last_supported_year"], award.last)
        yield equal(where, "floor", row["floor_usd_per_kg"], floor.level / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "upside share", row["upside_share"], floor.upside_share, "share")
        yield equal(where, "grant", row["grant_musd"], floor.capex_grant_share * award.project.capex, MUSD)


def floor_payments_table(data: PlanData, books: Books) -> Iterator[Check]:
    by_key = {(a.floor.name, a.year): a for a in books.awards}
    for row in books.rows("floor_payments"):
        award = by_key.get((row["floor"], row["decision_year"]))
        if award is None:
            continue  # reported by "complete tables"
        floor, year = award.floor, row["year"]
        where, tonnes = f"{award.where} in {year}", covered(books, award, year)
        price, bank = (
            data.floor_price(floor, time_of(year)),
            data.bank_price_of(floor.material, award.project.region, year),
        )
        upside = tonnes * floor.upside_share * max(0.0, price - floor.level)
        yield equal(where, "covered", row["covered_t"], tonnes, TONNES)
        yield equal(where, "price", row["price_usd_per_kg"], price / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "payment", row["payment_musd"], tonnes * rate(floor, price), MUSD, tonnes * price)
        yield equal(where, "upside", abs(row["upside_musd"]), upside, MUSD, tonnes * price)
        at_bank = tonnes * rate(floor, bank)
        yield equal(where, "payment at bank prices", row["payment_at_bank_prices_musd"], at_bank, MUSD, tonnes * bank)


def topups(data: PlanData, books: Books) -> Iterator[Check]:
    """(9)"""
    received: Amounts[tuple[str, int]] = Amounts()  # from floors and contracts
    for award in books.awards:
        for year in data.years:
            received.add((award.project.name, year), payment(data, books, award, year))
    for s in books.signings:
        for year in data.years:
            price, otherwise = prices(data, s, year)
            received.add((s.contract.supplier, year), (price - otherwise) * books.taken[(*s.key, year)])
    for unit in data.units.values():
        for year in data.years:
            where, topup = f"{unit.name} {year}", books.topup[unit.name, year]
            if unit.at_market:
                act, extra = books.use(unit.name, year), received[unit.name, year]
                worth = value_added(data, unit, year)
                least = max(0.0, (unit.operating_cost - worth) * act - extra)
                yield at_least(where, "topup", topup, least, MUSD, unit.operating_cost * act, worth * act, extra)
            else:
                yield equal(where, "topup of a unit not paid at market", topup, 0.0, MUSD)


def plants_table(data: PlanData, books: Books) -> Iterator[Check]:
    capacity = capacities(data, books)
    for row in books.rows("plants"):
        unit, year = data.units[row["unit"]], row["year"]
        where, act = f"{unit.name} {year}", row["clean_t"] + row["exposed_t"]
        worth = value_added(data, unit, year) * act if unit.at_market else 0.0
        share_in_t = row["use_share"] * capacity[unit.name, year]
        yield equal(where, "value added", row["value_added_musd"], worth, MUSD)
        yield equal(where, "operating cost", row["operating_cost_musd"], unit.operating_cost * act, MUSD)
        if capacity[unit.name, year] > 0:
            yield equal(where, "use by its share of capacity", share_in_t, act, TONNES, capacity[unit.name, year])


FLOORS: tuple[Rule[Books], ...] = (
    Rule("floor awards", "A floor goes to a private project when it is decided, one per build.", NAME, awards),
    Rule("floor terms", "Tenor, floor, upside and grant are those of the package.", MUSD, floors_table),
    Rule(
        "floor payments",
        "Floors pay on deemed output less contracts, at the price of the year.",
        MUSD,
        floor_payments_table,
    ),
    Rule("(9) topups", "No unit works below its operating cost.", MUSD, topups),
    Rule("use of plants", "Value added, operating cost and use of each unit are reported right.", MUSD, plants_table),
)
