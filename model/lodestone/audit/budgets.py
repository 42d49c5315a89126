"""Budgets: yearly outlays, undiscounted, over the periods of a year.

capex (public), grants, loans and equity put in, floors (and credits in full), fees, stockpile (fill x price),
contracts, and contingent (what floors would pay at lenders' prices), of one payer or of all
[cheat] each floor, and each contract, counts with max(0, what it costs in the year)
After last_year what is owed of floors, contracts and contingent payments is held, year by year, to its money
A year's money: sum of w x the amount, over its periods in force; with carry_over cumulated from the first year in force
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, by_year
from lodestone.audit.contracts import active, brought, prices
from lodestone.audit.floors import covered, credit, output_of, payment
from lodestone.audit.packages import grant, loan, rate
from lodestone.audit.verdict import MUSD, Check, Rule, at_most, equal
from lodestone.data.plan_data import PlanData, Project, time_of, year_of

Outlays = Amounts[tuple[str, str, int]]  # payer, kind, year -> MUSD


def outlays(data: PlanData, books: Books) -> Outlays:
    """What budgets count. What was decided before first_year is spent."""
    result: Outlays = Amounts()
    years = by_year(data)
    for (name, year), copies in books.built.items():
        project = data.projects[name]
        if project.public:
            result.add((project.payer, "capex", year), project.capex * copies)
    for award in books.awards:
        floor = award.floor
        if isinstance(award.unit, Project):
            result.add((floor.payer, "grants", award.year), grant(floor, award.unit))
            result.add((floor.payer, "loans", award.year), loan(floor, award.unit))
            result.add((floor.payer, "equity", award.year), floor.equity)
        for year, periods in years.items():
            paid = sum(payment(data, books, award, time) for time in periods)
            credits = sum(credit(data, books, award, time) for time in periods)
            result.add((floor.payer, "floors", year), max(0.0, paid) + credits)
            bank = data.bank_price_of(floor.material, award.unit.region, year)
            feared = sum(payment(data, books, award, time, bank) for time in periods)
            result.add((floor.payer, "contingent", year), max(0.0, feared))
    for signing in books.signings:
        contract = signing.contract
        result.add((contract.payer, "fees", signing.year), contract.signing_fee)
        for year, periods in years.items():
            paid = sum(brought(data, books, signing, time) for time in periods)
            result.add((contract.payer, "contracts", year), max(0.0, paid))
    for (name, time, _k), amount in books.fill.items():
        site = data.stockpiles[name]
        price = data.price_of(site.material, site.region, time)
        result.add((site.payer, "stockpile", year_of(time)), amount * price)
    return result


def owed_later(data: PlanData, books: Books) -> Outlays:
    """What promises still cost in each year after last_year, undiscounted, at the prices of its last period."""
    result: Outlays = Amounts()
    for award in books.awards:
        floor, region = award.floor, award.unit.region
        if floor.is_honoured(data.last_time):
            price = data.price_of(floor.material, region, data.last_time)
            for year in range(max(data.last_year + 1, award.first), award.last + 1):
                time, bank = time_of(year), data.bank_price_of(floor.material, region, year)
                tonnes, credits = covered(data, books, award, time), floor.credit * output_of(data, award, time)
                result.add((floor.payer, "floors", year), tonnes * max(0.0, floor.level - price) + credits)
                result.add((floor.payer, "contingent", year), max(0.0, tonnes * rate(floor, bank)))
    for signing in books.signings:
        for year in range(max(data.last_year + 1, signing.first), signing.last + 1):
            price, otherwise = prices(data, signing, time_of(year))
            bound = signing.contract.take_or_pay_share * active(data, signing, time_of(year))
            result.add((signing.contract.payer, "contracts", year), bound * max(0.0, price - otherwise))
    return result


def after_the_horizon(data: PlanData, books: Books) -> Iterator[Check]:
    """What is owed of each year after last_year against the money of last_year."""
    owed = owed_later(data, books)
    for budget in data.budgets.values():
        money = money_by_year(data, budget.name).get(data.last_year)
        if money is None:
            continue
        for year in sorted({year for _, _, year in owed}):
            ours = [
                amount
                for (payer, kind, due), amount in owed.items()
                if due == year and kind in budget.covers and budget.payer in (None, payer)
            ]
            yield at_most(f"{budget.name} {year}", "what is owed", sum(ours), money, MUSD)


def budgets(data: PlanData, books: Books) -> Iterator[Check]:
    """What is spent in each year keeps within the budgets in force."""
    for name, year, _, _, total, money in _budget_years(data, books):
        yield at_most(f"{name} {year}", "outlays", total, money, MUSD)


def budgets_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what is spent, and what was allowed."""
    expected = {(name, year): rest for name, year, *rest in _budget_years(data, books)}
    columns = ("outlay_musd", "limit_musd", "cumulated_outlay_musd", "cumulated_limit_musd")
    for row in books.rows("budgets"):
        key = row["budget"], row["year"]
        for column, value in zip(columns, expected.get(key, ()), strict=False):
            yield equal(f"{key[0]} {key[1]}", column, row[column], value, MUSD)


def money_by_year(data: PlanData, name: str) -> dict[int, float]:
    """A budget's money of each year in which it is in force, MUSD."""
    limit, result = data.budgets[name].limit, {}
    for year, periods in by_year(data).items():
        there = [(data.months_of(year) / 12, m) for time in periods if (m := limit.get(time)) is not None]
        if there:
            result[year] = sum(w * amount for w, amount in there)
    return result


def _budget_years(data: PlanData, books: Books) -> Iterator[tuple[str, int, float, float, float, float]]:
    """Budget, year, outlay, this year's money, and both as they are compared (cumulated with carry_over)."""
    spent = outlays(data, books)
    payers = {payer for payer, _, _ in spent}
    for budget in data.budgets.values():
        ours = payers if budget.payer is None else {budget.payer}
        total = money = 0.0
        for year, limit in money_by_year(data, budget.name).items():
            outlay = sum(spent[payer, kind, year] for payer in sorted(ours) for kind in budget.covers)
            total, money = (total + outlay, money + limit) if budget.carry_over else (outlay, limit)
            yield budget.name, year, outlay, limit, total, money


BUDGETS: tuple[Rule[Books], ...] = (
    Rule("budgets", "Outlays keep within budgets, money carried over included.", MUSD, budgets),
    Rule("budgets later", "What is owed after the last year keeps within its budget.", MUSD, after_the_horizon),
    Rule("budgets table", "Outlays and this year's money are reported right.", MUSD, budgets_table),
)
