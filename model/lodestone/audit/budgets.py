"""Budgets: yearly outlays, undiscounted, over the periods of a year.

capex (public), grants, floors, fees, stockpile (fill x price) and contracts, of one payer or of all
[cheat] each floor, and each contract, counts with max(0, what it costs in the year)
A year's money: sum of w x the amount, over its periods in force; with carry_over cumulated from the first year in force
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, by_year
from lodestone.audit.contracts import brought
from lodestone.audit.floors import payment
from lodestone.audit.verdict import MUSD, Check, Rule, at_most, equal
from lodestone.data.plan_data import PlanData, Project, year_of

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
            result.add((floor.payer, "grants", award.year), floor.capex_grant_share * award.unit.capex)
        for year, periods in years.items():
            paid = sum(payment(data, books, award, time) for time in periods)
            result.add((floor.payer, "floors", year), max(0.0, paid))
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


def budgets(data: PlanData, books: Books) -> Iterator[Check]:
    for name, year, _, _, total, money in _budget_years(data, books):
        yield at_most(f"{name} {year}", "outlays", total, money, MUSD)


def budgets_table(data: PlanData, books: Books) -> Iterator[Check]:
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
    Rule("budgets table", "Outlays and this year's money are reported right.", MUSD, budgets_table),
)
