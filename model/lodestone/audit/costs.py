"""Cost: every term recomputed per period, discounted by its year and added up; w: the part of a year of a period."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Award, Books, Signing, time_in, when
from lodestone.audit.closing import fixed_costs
from lodestone.audit.contracts import active, prices
from lodestone.audit.floors import covered, credit, output_of, payment, value_added
from lodestone.audit.flows import lane_rates
from lodestone.audit.packages import grant, loan
from lodestone.audit.projects import starts
from lodestone.audit.stakes import dividends, paid_back
from lodestone.audit.stockpiles import creditable, held, left_over
from lodestone.audit.verdict import MUSD, Check, Rule, equal
from lodestone.data.plan_data import PlanData, Project, Stockpile, Time, time_of, year_of
from lodestone.plan.tables import COST_TERMS

Costs = Amounts[tuple[str, Time]]  # term, time -> MUSD, undiscounted


def cost_terms(data: PlanData, books: Books) -> Costs:
    """Every term by time, undiscounted; tariffs counted or not. Topups are the plan's (rule (9) checks them).

    What was paid for commitments before first_year is spent, and no cost of the plan.
    """
    costs: Costs = Amounts()
    _investment_costs(data, books, costs)
    _support_costs(data, books, costs)
    _unit_costs(data, books, costs)
    _trade_costs(data, books, costs)
    _stock_costs(data, books, costs)
    costs["owed_beyond_horizon", data.last_time] = owed(data, books)
    return costs


def _investment_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, decision), copies in books.built.items():
        project = data.projects[name]
        if not project.public:
            continue
        first = starts(project, decision)
        end = first + project.life_years  # first year after its life
        if decision in data.years:
            costs.add(("capex", time_of(decision)), project.capex * copies)
        for time in data.times:
            if first <= year_of(time) < end:
                costs.add(("public_fixed_cost", time), books.length[time] * project.fixed_cost * copies)
        if first <= data.last_year:
            left = max(0, end - 1 - data.last_year)
            costs.add(("salvage", data.last_time), -project.capex * copies * left / project.life_years)


def _support_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for award in books.awards:
        if isinstance(award.unit, Project) and award.year in data.years:
            decided = time_of(award.year)
            costs.add(("grants", decided), grant(award.floor, award.unit))
            costs.add(("loans", decided), loan(award.floor, award.unit))
            costs.add(("equity", decided), award.floor.equity)
        back, shared = paid_back(data, books, award), dividends(data, books, award)
        for time in data.times:
            costs.add(("floor_payments", time), payment(data, books, award, time))
            costs.add(("credits", time), credit(data, books, award, time))
            costs.add(("loans", time), -back[time])
            costs.add(("equity", time), -shared[time])
    for signing in books.signings:
        if signing.year in data.years:
            costs.add(("signing_fees", time_of(signing.year)), signing.contract.signing_fee)
        for time in data.times:
            price, otherwise = prices(data, signing, time)
            key = (*signing.key, time)
            costs.add(("contract_differences", time), (price - otherwise) * books.taken[key])
            costs.add(("take_or_pay", time), price * books.untaken[key])


def _unit_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, time, _k), act in books.act.items():
        unit = data.units[name]
        if unit.at_market:
            costs.add(("payments_to_units", time), value_added(data, unit, time) * act)
        else:
            term = "public_operating_cost" if name in data.projects else "cost_priced_plants"
            costs.add((term, time), unit.operating_cost * act)
    for (name, time), cost in fixed_costs(data, books).items():
        if not data.units[name].at_market:  # who is paid at market is owed it through (9)
            costs.add(("cost_priced_plants", time), cost)
    for (_name, time), amount in books.topup.items():
        costs.add(("topups", time), amount)


def _trade_costs(data: PlanData, books: Books, costs: Costs) -> None:
    for (name, time, _k), amount in books.traded.items():
        market = data.markets[name]
        price = data.price_of(market.material, market.region, time) * (1 + market.premium_share)
        if market.buys:
            costs.add(("market_purchases", time), price * amount)
        else:
            costs.add(("market_sales", time), -price * amount)
    for (material, origin, to, time, k), amount in books.shipped.items():
        if (material, origin, to) in data.lanes:
            freight, tariff = lane_rates(data, material, origin, to, time, k)
            costs.add(("freight", time), freight * amount)
            costs.add(("tariffs", time), tariff * amount)
    for (option, _region, time), amount in books.avoided.items():
        costs.add(("substitution", time), data.substitution[option].cost * amount)
    for (_region, sector, _material, time), amount in books.short.items():
        costs.add(("shortage", time), data.sectors[sector].shortage_cost * amount)


def _stock_costs(data: PlanData, books: Books, costs: Costs) -> None:
    last = data.last_time
    for site in data.stockpiles.values():
        for time in data.times:
            costs.add(("stock_holding", time), books.length[time] * site.holding_cost * held(books, site, time))
            lacking = books.lacking[site.name, time]
            if lacking:
                costs.add(("lacking_cover", time), lacking_cost(data, books, site, time) * lacking)
        counted = min(held(books, site, last) + books.lacking[site.name, last], creditable(data, site))
        price = data.price_of(site.material, site.region, last)
        costs.add(("stock_credit", last), -data.stock_end_value_share * price * counted)


def lacking_cost(data: PlanData, books: Books, site: Stockpile, time: Time) -> float:
    """What not holding a tonne saves in a period, MUSD: [cheat] being excused from cover earns nothing.

    Holding and interest, what would be lost, and a price that may be lower next: in any future that goes on from here.
    """
    w, price = books.length[time], data.price_of(site.material, site.region, time)
    saved = w * (site.holding_cost + data.discount_rate * price) + (1 - left_over(data, books, site, time)) * price
    following = next((t for t in data.times if t > time), None)
    if following is None:
        return saved
    futures = [data] + [other.data for other in books.beside if other.parts > time]
    return saved + max(0.0, price - min(d.price_of(site.material, site.region, following) for d in futures))


def owed(data: PlanData, books: Books) -> float:
    """What floors, credits, take-or-pay and missing cover still cost after last_year, discounted to last_year.

    At the prices and force majeure of its last period; what would be received is not credited.
    """
    return sum(musd for found in owed_items(data, books) for _, musd in found)


def owed_items(
    data: PlanData, books: Books
) -> tuple[list[tuple[Award, float]], list[tuple[Signing, float]], list[tuple[Stockpile, float]]]:
    """The same by award, by signing and by stockpile, MUSD."""
    last = data.last_year
    awards, signings = [], []
    for award in books.awards:
        if award.floor.is_honoured(data.last_time):
            price, total = data.price_of(award.floor.material, award.unit.region, data.last_time), 0.0
            for year in range(max(last + 1, award.first), award.last + 1):
                per_t = max(0.0, award.floor.level - price)
                paid = covered(data, books, award, time_of(year)) * per_t
                paid += output_of(data, award, time_of(year)) * award.floor.credit
                total += _after(data, year) * paid
            awards.append((award, total))
    for signing in books.signings:
        total = 0.0
        for year in range(max(last + 1, signing.first), signing.last + 1):
            price, otherwise = prices(data, signing, time_of(year))
            paid = signing.contract.take_or_pay_share * active(data, signing, time_of(year))
            total += _after(data, year) * paid * max(0.0, price - otherwise)
        signings.append((signing, total))
    lacking = [
        (site, books.lacking[site.name, data.last_time] * data.price_of(site.material, site.region, data.last_time))
        for site in data.stockpiles.values()
        if books.lacking[site.name, data.last_time]
    ]
    return awards, signings, lacking


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
        found.add((row["term"], time_in(row)), row["musd"])
    for term in COST_TERMS:
        for time in data.times:
            yield equal(f"{term} {when(data, time)}", "cost", found[term, time], expected[term, time], MUSD)


def discounting(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("costs"):
        expected = row["musd"] * discount(data, row["year"])
        where = f"{row['term']} {when(data, time_in(row))}"
        yield equal(where, "discounted cost", row["discounted_musd"], expected, MUSD)


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
    for (term, time), amount in cost_terms(data, books).items():
        if term != "tariffs" or data.tariffs_counted:
            result.add(term, amount * discount(data, year_of(time)))
    return result


def tariff_revenue(data: PlanData, books: Books) -> Iterator[Check]:
    terms = cost_terms(data, books)
    total = sum(terms["tariffs", time] * discount(data, year_of(time)) for time in data.times)
    yield equal("plan", "tariff revenue", books.document["tariff_revenue_musd"], total, MUSD)


COSTS: tuple[Rule[Books], ...] = (
    Rule("costs", "Every cost term follows from the plan's amounts and the workbook's prices.", MUSD, costs_table),
    Rule("discounting", "Costs are discounted from their year to the first.", MUSD, discounting),
    Rule("totals", "The terms are added up right, and their sum is the expected cost.", MUSD, totals),
    Rule("tariff revenue", "Tariffs are reported as revenue, counted or not.", MUSD, tariff_revenue),
)
OBJECTIVE: Rule[Books] = Rule("objective", "The objective is the expected cost.", MUSD, objective)
