"""Budgets and cost: every term recomputed per year, discounted and added up."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books
from lodestone.audit.contracts import active, prices
from lodestone.audit.floors import covered, payment, value_added
from lodestone.audit.flows import lane_rates
from lodestone.audit.stockpiles import cover, held, suspended
from lodestone.audit.verdict import MUSD, Check, Rule, at_most, equal
from lodestone.data.plan_data import STREAMS, PlanData, time_of
from lodestone.plan.tables import COST_TERMS

Costs = Amounts[tuple[str, int]]  # term, year -> MUSD, undiscounted


def outlays(data: PlanData, books: Books) -> Amounts[tuple[str, int]]:
    """What budgets count, MUSD by kind and year."""
    result: Amounts[tuple[str, int]] = Amounts()
    for (name, year), copies in books.built.items():
        project = data.projects[name]
        if project.public:
            result.add(("capex", year), project.capex * copies)
    for award in books.awards:
        result.add(("grants", award.year), award.floor.capex_grant_share * award.project.capex)
    for year in data.years:
        result.add(("floors", year), max(0.0, sum(payment(data, books, a, year) for a in books.awards)))
    for signing in books.signings:
        result.add(("fees", signing.year), signing.contract.signing_fee)
    for (name, year, _k), amount in books.fill.items():
        result.add(("stockpile", year), amount * data.stock_price(name, time_of(year)))
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


def _budget_years(data: PlanData, books: Books) -> Iterator[tuple[str, int, float, float, float, float]]:
    """Budget, year, outlay, this year's money, and both as they are compared (cumulated with carry_over)."""
    spent = outlays(data, books)
    for budget in data.budgets.values():
        total = money = 0.0
        for year in data.years:
            limit = budget.limit.get(time_of(year))
            if limit is not None:
                outlay = sum(spent[kind, year] for kind in budget.covers)
                total, money = (total + outlay, money + limit) if budget.carry_over else (outlay, limit)
                yield budget.name, year, outlay, limit, total, money


def cost_terms(data: PlanData, books: Books) -> Costs:
    """Every term by year, undiscounted; tariffs counted or not. Topups are the plan's (rule (9) checks them)."""
    costs: Costs = Amounts()
    _investment_costs(data, books, costs)
    _support_costs(data, books, costs)
    _unit_costs(data, books, costs)
    _trade_costs(data, books, costs)
    _stock_costs(data, books, costs)
    costs["owed_beyond_horizon", data.last_year] = owed(data, books)
    return costs


def _investment_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, decision), copies in books.built.items():
        project = data.projects[name]
        if not project.public:
            continue
        first = decision + project.lead_years
        end = first + project.life_years  # first year after its life
        costs.add(("capex", decision), project.capex * copies)
        for year in range(first, min(end, data.last_year + 1)):
            costs.add(("public_fixed_cost", year), project.fixed_cost * copies)
        left = max(0, end - 1 - data.last_year)
        costs.add(("salvage", data.last_year), -project.capex * copies * left / project.life_years)


def _support_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for award in books.awards:
        costs.add(("grants", award.year), award.floor.capex_grant_share * award.project.capex)
        for year in data.years:
            costs.add(("floor_payments", year), payment(data, books, award, year))
    for signing in books.signings:
        costs.add(("signing_fees", signing.year), signing.contract.signing_fee)
        for year in data.years:
            price, otherwise = prices(data, signing, year)
            key = (*signing.key, year)
            costs.add(("contract_differences", year), (price - otherwise) * books.taken[key])
            costs.add(("take_or_pay", year), price * books.untaken[key])


def _unit_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, year, _k), act in books.act.items():
        unit = data.units[name]
        if unit.at_market:
            costs.add(("payments_to_units", year), value_added(data, unit, year) * act)
        else:
            term = "public_operating_cost" if name in data.projects else "cost_priced_plants"
            costs.add((term, year), unit.operating_cost * act)
    for (_name, year), amount in books.topup.items():
        costs.add(("topups", year), amount)


def _trade_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, year, _k), amount in books.traded.items():
        market = data.markets[name]
        price = data.price_of(market.material, market.region, time_of(year)) * (1 + market.premium_share)
        if market.buys:
            costs.add(("market_purchases", year), price * amount)
        else:
            costs.add(("market_sales", year), -price * amount)
    for (material, origin, to, year, _k), amount in books.shipped.items():
        if (material, origin, to) in data.lanes:
            freight, tariff = lane_rates(data, material, origin, to, year)
            costs.add(("freight", year), freight * amount)
            costs.add(("tariffs", year), tariff * amount)
    for (option, _region, year), amount in books.avoided.items():
        costs.add(("substitution", year), data.substitution[option].cost * amount)
    for (_region, sector, _material, year), amount in books.short.items():
        costs.add(("shortage", year), data.sectors[sector].shortage_cost * amount)


def _stock_costs(data: PlanData, books: Books, costs: Costs) -> None:
    last = data.last_year
    for site in data.stockpiles.values():
        for year in data.years:
            costs.add(("stock_holding", year), site.holding_cost * held(books, site, year))
        if data.stock_end_value_share:
            most = sum(site.opening[k] for k in STREAMS) + cover(data, books, site, last)
            credited = min(held(books, site, last), most)
            costs.add(
                ("stock_credit", last),
                -data.stock_end_value_share * data.stock_price(site.name, data.last_time) * credited,
            )


def owed(data: PlanData, books: Books) -> float:
    """What floors, take-or-pay and missing cover still cost after last_year, discounted to last_year.

    At the prices and force majeure of last_year; what would be received is not credited.
    """
    last, total = data.last_year, 0.0
    for award in books.awards:
        price = data.floor_price(award.floor, data.last_time)
        for year in range(last + 1, award.last + 1):
            total += _after(data, year) * covered(books, award, year) * max(0.0, award.floor.level - price)
    for signing in books.signings:
        for year in range(max(last + 1, signing.first), signing.last + 1):
            price, otherwise = prices(data, signing, year)
            paid = signing.contract.take_or_pay_share * active(data, signing, year)
            total += _after(data, year) * paid * max(0.0, price - otherwise)
    if suspended(data, last):
        for site in data.stockpiles.values():
            lacking = max(0.0, cover(data, books, site, last) - held(books, site, last))
            if lacking > 0:
                total += lacking * data.stock_price(site.name, data.last_time)
    return total


def _after(data: PlanData, year: int) -> float:
    """Discount factor to last_year."""
    return float((1 + data.discount_rate) ** (data.last_year - year))


def discount(data: PlanData, year: int) -> float:
    """Discount factor to first_year."""
    return float((1 + data.discount_rate) ** (data.first_year - year))


def costs_table(data: PlanData, books: Books) -> Iterator[Check]:
    expected = cost_terms(data, books)
    found: Costs = Amounts()
    for row in books.rows("costs"):
        found.add((row["term"], row["year"]), row["musd"])
    for term in COST_TERMS:
        for year in data.years:
            yield equal(f"{term} {year}", "cost", found[term, year], expected[term, year], MUSD)


def discounting(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("costs"):
        expected = row["musd"] * discount(data, row["year"])
        yield equal(f"{row['term']} {row['year']}", "discounted cost", row["discounted_musd"], expected, MUSD)


def totals(data: PlanData, books: Books) -> Iterator[Check]:
    """Discounted totals by term, and their sum."""
    document, by_term = books.document, totals_by_term(data, books)
    for term in COST_TERMS:
        found = document["costs_musd"].get(term, 0.0)
        yield equal(term, "discounted total", found, by_term[term], MUSD)
    total = sum(by_term.values())
    yield equal("plan", "expected cost", document["expected_cost_musd"], total, MUSD, *by_term.values())


def objective(data: PlanData, books: Books) -> Iterator[Check]:
    """A plan for one scenario has no risk term: the objective is the expected cost."""
    by_term, found = totals_by_term(data, books), books.document["objective_musd"]
    yield equal("plan", "objective", found, sum(by_term.values()), MUSD, *by_term.values())


def totals_by_term(data: PlanData, books: Books) -> Amounts[str]:
    result: Amounts[str] = Amounts()
    for (term, year), amount in cost_terms(data, books).items():
        if term != "tariffs" or data.tariffs_counted:
            result.add(term, amount * discount(data, year))
    return result


def tariff_revenue(data: PlanData, books: Books) -> Iterator[Check]:
    terms = cost_terms(data, books)
    total = sum(terms["tariffs", year] * discount(data, year) for year in data.years)
    yield equal("plan", "tariff revenue", books.document["tariff_revenue_musd"], total, MUSD)


BUDGETS: tuple[Rule[Books], ...] = (
    Rule("budgets", "Outlays keep within budgets, money carried over included.", MUSD, budgets),
    Rule("budgets table", "Outlays and this year's money are reported right.", MUSD, budgets_table),
)
COSTS: tuple[Rule[Books], ...] = (
    Rule("costs", "Every cost term follows from the plan's amounts and the workbook's prices.", MUSD, costs_table),
    Rule("discounting", "Costs are discounted from their year to the first.", MUSD, discounting),
    Rule("totals", "The terms are added up right, and their sum is the expected cost.", MUSD, totals),
    Rule("tariff revenue", "Tariffs are reported as revenue, counted or not.", MUSD, tariff_revenue),
)
OBJECTIVE: Rule[Books] = Rule("objective", "The objective is the expected cost.", MUSD, objective)
