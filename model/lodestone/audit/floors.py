"""Price floors, grants, and what units paid at market receive; w: the part of a year that a period is.

covered = g x capacity x ramp - sum over contracts of take_or_pay_share x active, t/yr, while it runs; of a committed
          floor over committed contracts only; of a plant its capacity then, without ramp
payment = w x covered x rate(price), 0 where it is not honoured;   credit: w x its rate x deemed output, likewise
rate(price) = max(0, floor - price) - upside_share x max(0, price - floor)
(9) topup >= sum over the year of (operating cost - value added) act + fixed cost of what is kept - floor payments
             and credits - sum over contracts of ((contract - market) taken + contract price x untaken), at its end
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Award, Books, by_year, time_in, when
from lodestone.audit.capacity import capacities
from lodestone.audit.closing import fixed_costs
from lodestone.audit.contracts import active, brought
from lodestone.audit.packages import rate
from lodestone.audit.projects import ramp, starts
from lodestone.audit.verdict import MUSD, NAME, TONNES, USD_PER_KG, Check, Rule, at_least, equal, holds, same
from lodestone.data.plan_data import MUSD_PER_T, PlanData, Plant, Project, Time, Unit, time_of, year_of


def covered(data: PlanData, books: Books, award: Award, time: Time) -> float:
    """Deemed output less what somebody is bound to take, t/yr; also beyond the horizon."""
    if not award.covers(year_of(time)):
        return 0.0
    unit, material = award.unit, award.floor.material
    bound = sum(
        s.contract.take_or_pay_share * active(data, s, time)
        for s in books.signings
        if (s.contract.supplier, s.contract.material) == (unit.name, material)
        and (isinstance(unit, Plant) or s.year == award.year)
        and (s.committed or not award.committed)
    )
    return output_of(data, award, time) - bound


def output_of(data: PlanData, award: Award, time: Time) -> float:
    """Deemed output of the material, made or not, t/yr; also beyond the horizon."""
    unit = award.unit
    if isinstance(unit, Project):
        capacity = unit.capacity * ramp(unit, year_of(time) - starts(unit, award.year))
    else:
        capacity = data.plants[unit.name].capacity[min(time, data.last_time)]
    return unit.recipe[award.floor.material] * capacity


def payment(data: PlanData, books: Books, award: Award, time: Time, price: float | None = None) -> float:
    """Net payment of the treasury in a period of the horizon, MUSD; price: instead of the market's, MUSD/t."""
    if not award.floor.is_honoured(time):
        return 0.0
    if price is None:
        price = data.price_of(award.floor.material, award.unit.region, time)
    return books.length[time] * covered(data, books, award, time) * rate(award.floor, price)


def credit(data: PlanData, books: Books, award: Award, time: Time) -> float:
    """What a production credit pays in a period of the horizon, contracted or not, MUSD."""
    if not award.covers(year_of(time)) or not award.floor.is_honoured(time):
        return 0.0
    return books.length[time] * award.floor.credit * output_of(data, award, time)


def value_added(data: PlanData, unit: Unit, time: Time) -> float:
    """MUSD per t of capacity used, at the prices where the unit stands."""
    return sum(g * data.price_of(m, unit.region, time) for m, g in unit.recipe.items())


def awards(_data: PlanData, books: Books) -> Iterator[Check]:
    """Packages are for private projects of one build that are decided then, one for each."""
    for award in books.chosen_awards:
        where, unit = award.where, award.unit
        packages = [a.floor.name for a in books.chosen_awards if (a.unit.name, a.year) == (unit.name, award.year)]
        chosen = books.decided[unit.name, award.year]
        eligible = isinstance(unit, Project) and not unit.public and unit.max_builds == 1
        yield holds(where, eligible, "a private project built once", unit.name)
        free = not isinstance(unit, Project) or unit.committed_year is None
        yield holds(where, free, "no package for a committed project", unit.name)
        yield holds(where, award.floor.committed_year is None, "a package that is not committed", award.floor.name)
        yield holds(where, chosen > 0.5, f"{unit.name} decided in that year", f"{chosen:g} builds")
        yield holds(where, len(packages) == 1, "one package per build", ", ".join(packages))
        honoured = award.floor.is_honoured(time_of(award.year))
        yield holds(where, honoured, "a package that is honoured then", "one that is not")


def floors_table(_data: PlanData, books: Books) -> Iterator[Check]:
    """What the table says of each award follows from its package."""
    for row, award in zip(books.rows("price_floors"), books.chosen_awards, strict=True):
        floor, where = award.floor, award.where
        capex = award.unit.capex if isinstance(award.unit, Project) else 0.0
        yield same(where, "first supported year", row["first_supported_year"], award.first)
        yield same(where, "last supported year", row["last_supported_year"], award.last)
        yield equal(where, "floor", row["floor_usd_per_kg"], floor.level / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "upside share", row["upside_share"], floor.upside_share, "share")
        yield equal(where, "grant", row["grant_musd"], floor.capex_grant_share * capex, MUSD)
        yield equal(where, "credit", row["credit_usd_per_kg"], floor.credit / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "stake", row["equity_musd"], floor.equity, MUSD)
        yield equal(where, "loan", row["loan_musd"], floor.loan_share * capex, MUSD)


def floor_payments_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what was covered, at which price, and what was paid."""
    by_key = {(a.floor.name, a.year): a for a in books.awards}
    for row in books.rows("floor_payments"):
        award = by_key.get((row["floor"], row["decision_year"]))
        if award is None:
            continue  # reported by "complete tables"
        floor, time, region = award.floor, time_in(row), award.unit.region
        where = f"{award.where} in {when(data, time)}"
        tonnes = books.length[time] * covered(data, books, award, time)
        price, bank = (
            data.price_of(floor.material, region, time),
            data.bank_price_of(floor.material, region, row["year"]),
        )
        paid = tonnes if floor.is_honoured(time) else 0.0
        upside = paid * floor.upside_share * max(0.0, price - floor.level)
        yield equal(where, "covered", row["covered_t"], tonnes, TONNES)
        yield equal(where, "price", row["price_usd_per_kg"], price / MUSD_PER_T, USD_PER_KG)
        yield equal(where, "payment", row["payment_musd"], paid * rate(floor, price), MUSD, tonnes * price)
        yield equal(where, "upside", abs(row["upside_musd"]), upside, MUSD, tonnes * price)
        at_bank = paid * rate(floor, bank)
        yield equal(where, "payment at bank prices", row["payment_at_bank_prices_musd"], at_bank, MUSD, tonnes * bank)
        yield equal(where, "credit", row["credit_musd"], credit(data, books, award, time), MUSD)


def topups(data: PlanData, books: Books) -> Iterator[Check]:
    """(9)"""
    received: Amounts[tuple[str, Time]] = Amounts()  # from floors, credits and contracts
    fixed = fixed_costs(data, books)
    for award in books.awards:
        for time in data.times:
            paid = payment(data, books, award, time) + credit(data, books, award, time)
            received.add((award.unit.name, time), paid)
    for s in books.signings:
        for time in data.times:
            received.add((s.contract.supplier, time), brought(data, books, s, time))
    years = by_year(data)
    for unit in data.units.values():
        for periods in years.values():
            for time in periods[:-1]:
                where, topup = f"{unit.name} {when(data, time)}", books.topup[unit.name, time]
                yield equal(where, "topup before the end of the year", topup, 0.0, MUSD)
            where, topup = f"{unit.name} {when(data, periods[-1])}", books.topup[unit.name, periods[-1]]
            if not unit.at_market:
                yield equal(where, "topup of a unit not paid at market", topup, 0.0, MUSD)
                continue
            cost = sum(unit.operating_cost * books.use(unit.name, time) for time in periods)
            worth = sum(value_added(data, unit, time) * books.use(unit.name, time) for time in periods)
            kept, extra = sum(fixed[unit.name, t] for t in periods), sum(received[unit.name, t] for t in periods)
            yield at_least(where, "topup", topup, max(0.0, cost + kept - worth - extra), MUSD, cost, worth, extra, kept)


def plants_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what each unit added in value, cost, and how far it was used."""
    capacity = capacities(data, books)
    for row in books.rows("plants"):
        unit, time = data.units[row["unit"]], time_in(row)
        where, act = f"{unit.name} {when(data, time)}", row["clean_t"] + row["exposed_t"]
        worth = value_added(data, unit, time) * act if unit.at_market else 0.0
        there = books.length[time] * capacity[unit.name, time]
        yield equal(where, "value added", row["value_added_musd"], worth, MUSD)
        yield equal(where, "operating cost", row["operating_cost_musd"], unit.operating_cost * act, MUSD)
        if there > 0:
            yield equal(where, "use by its share of capacity", row["use_share"] * there, act, TONNES, there)


FLOORS: tuple[Rule[Books], ...] = (
    Rule("floor awards", "A floor goes to a private project when it is decided, one per build.", NAME, awards),
    Rule(
        "floor terms",
        "Tenor, floor, upside, grant, credit, stake and loan are those of the package.",
        MUSD,
        floors_table,
    ),
    Rule(
        "floor payments",
        "Floors pay on deemed output less what is bound by contracts, at the price of the time; credits on all of it.",
        MUSD,
        floor_payments_table,
    ),
    Rule("(9) topups", "No unit works below its operating cost.", MUSD, topups),
    Rule("use of plants", "Value added, operating cost and use of each unit are reported right.", MUSD, plants_table),
)
