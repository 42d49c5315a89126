"""Every payment of a plan by itself: when, who pays, and the plant, lane, reserve or demand that it is for.

Made of the plan's tables and the workbook's figures. Added up by term and year they are the table `costs`, which the
audit checks with them; `solve/accounts` says with them who pays what, and what a kilogram costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestone.audit.books import Award, Books, Signing
from lodestone.audit.closing import fixed_costs
from lodestone.audit.contracts import active, prices
from lodestone.audit.floors import covered, credit, output_of, payment, value_added
from lodestone.audit.flows import lane_rates
from lodestone.audit.packages import grant, loan
from lodestone.audit.projects import starts
from lodestone.audit.stakes import dividends, paid_back
from lodestone.audit.stockpiles import creditable, held, left_over
from lodestone.data.plan_data import PlanData, Project, Stockpile, Time, time_of, year_of

BUYERS, SHORTAGE = "buyers", "shortage"
# What a cost is: parts of the landed cost of a kilogram, in the order in which they arise.
PURCHASES, MINE, REFINING, MARGIN, FREIGHT, DUTY, SUPPORT, OTHER = (
    *("purchases", "mine", "refining", "margin", "freight", "duty", "support", "other"),
)
PARTS = (PURCHASES, MINE, REFINING, MARGIN, FREIGHT, DUTY, SUPPORT, OTHER)

UNIT, CONTRACT, MARKET, SALE, LANE, STOCK, RESERVE, DEMAND = (
    *("unit", "contract", "market", "sale", "lane", "stock", "reserve", "demand"),
)


@dataclass(frozen=True)
class Item:
    """musd: undiscounted, a receipt below 0. kind, key: what it is for; unit: (name,) or (name, stream); contract:
    (supplier, material); market: (name,); sale: (name, stream); lane: (material, from, to, stream); stock (which is
    released and then borne by who gets it) and reserve (which bears it itself): (name,); demand: (region, sector,
    material, what became of it)."""

    term: str
    time: Time
    musd: float
    payer: str
    part: str
    kind: str
    key: tuple[str, ...]


def items(data: PlanData, books: Books) -> Iterator[Item]:
    """All payments of the horizon that the cost of the plan counts; duties too where it does not count them."""
    for item in (
        *_investments(data, books),
        *_support(data, books),
        *_contracts(data, books),
        *_owed(data, books),
        *_units(data, books),
        *_trade(data, books),
        *_stocks(data, books),
    ):
        if item.musd:
            yield item


def _investments(data: PlanData, books: Books) -> Iterator[Item]:
    for (name, decision), copies in books.built.items():
        project = data.projects[name]
        if not project.public:
            continue

        def item(term: str, time: Time, musd: float, project: Project = project) -> Item:
            return Item(term, time, musd, project.payer, SUPPORT, UNIT, (project.name,))

        first = starts(project, decision)
        end = first + project.life_years  # first year after its life
        if decision in data.years:
            yield item("capex", time_of(decision), project.capex * copies)
        for time in data.times:
            if first <= year_of(time) < end:
                yield item("public_fixed_cost", time, books.length[time] * project.fixed_cost * copies)
        if first <= data.last_year:
            left = max(0, end - 1 - data.last_year)
            yield item("salvage", data.last_time, -project.capex * copies * left / project.life_years)


def _support(data: PlanData, books: Books) -> Iterator[Item]:
    for award in books.awards:
        payer, unit = award.floor.payer, (award.unit.name,)

        def item(term: str, time: Time, musd: float, payer: str = payer, unit: tuple[str, ...] = unit) -> Item:
            return Item(term, time, musd, payer, SUPPORT, UNIT, unit)

        if isinstance(award.unit, Project) and award.year in data.years:
            decided = time_of(award.year)
            yield item("grants", decided, grant(award.floor, award.unit))
            yield item("loans", decided, loan(award.floor, award.unit))
            yield item("equity", decided, award.floor.equity)
        back, shared = paid_back(data, books, award), dividends(data, books, award)
        for time in data.times:
            yield item("floor_payments", time, payment(data, books, award, time))
            yield item("credits", time, credit(data, books, award, time))
            yield item("loans", time, -back[time])
            yield item("equity", time, -shared[time])


def _contracts(data: PlanData, books: Books) -> Iterator[Item]:
    for signing in books.signings:
        contract = signing.contract
        supplied = (contract.supplier, contract.material)
        if signing.year in data.years:
            fee = contract.signing_fee
            yield Item("signing_fees", time_of(signing.year), fee, contract.payer, SUPPORT, CONTRACT, supplied)
        for time in data.times:
            price, otherwise = prices(data, signing, time)
            more, untaken = (price - otherwise) * books.taken[(*signing.key, time)], books.untaken[(*signing.key, time)]
            yield Item("contract_differences", time, more, BUYERS, MARGIN, CONTRACT, supplied)
            yield Item("take_or_pay", time, price * untaken, BUYERS, MARGIN, CONTRACT, supplied)


def _owed(data: PlanData, books: Books) -> Iterator[Item]:
    awards, signings, sites = owed_items(data, books)
    for award, musd in awards:
        unit = (award.unit.name,)
        yield Item("owed_beyond_horizon", data.last_time, musd, award.floor.payer, SUPPORT, UNIT, unit)
    for signing, musd in signings:
        contract = signing.contract
        supplied = (contract.supplier, contract.material)
        yield Item("owed_beyond_horizon", data.last_time, musd, contract.payer, SUPPORT, CONTRACT, supplied)
    for site, musd in sites:
        yield Item("owed_beyond_horizon", data.last_time, musd, site.payer, SUPPORT, RESERVE, (site.name,))


def _units(data: PlanData, books: Books) -> Iterator[Item]:
    """What a unit paid at market gets beyond its own cost is its margin; top-ups make good what a year lacks."""
    for (name, time, k), act in books.act.items():
        unit = data.units[name]
        cost, made = unit.operating_cost * act, REFINING if unit.inputs else MINE
        if unit.at_market:
            value = value_added(data, unit, time) * act
            yield Item("payments_to_units", time, cost, BUYERS, made, UNIT, (name, k))
            yield Item("payments_to_units", time, value - cost, BUYERS, MARGIN, UNIT, (name, k))
        elif name in data.projects:
            payer = data.projects[name].payer
            yield Item("public_operating_cost", time, cost, payer, SUPPORT, UNIT, (name, k))
        else:
            yield Item("cost_priced_plants", time, cost, BUYERS, made, UNIT, (name, k))
    for (name, time), cost in fixed_costs(data, books).items():
        unit = data.units[name]
        if not unit.at_market:
            made = REFINING if unit.inputs else MINE
            yield Item("cost_priced_plants", time, cost, BUYERS, made, UNIT, (name,))
    for (name, time), musd in books.topup.items():
        yield Item("topups", time, musd, BUYERS, MARGIN, UNIT, (name,))


def _trade(data: PlanData, books: Books) -> Iterator[Item]:
    for (name, time, k), t in books.traded.items():
        market = data.markets[name]
        value = data.price_of(market.material, market.region, time) * (1 + market.premium_share) * t
        if market.buys:
            yield Item("market_purchases", time, value, BUYERS, PURCHASES, MARKET, (name, k))
        else:
            yield Item("market_sales", time, -value, BUYERS, OTHER, SALE, (name, k))
    for (material, origin, to, time, k), t in books.shipped.items():
        if (material, origin, to) in data.lanes:
            freight, duty = lane_rates(data, material, origin, to, time, k)
            yield Item("freight", time, freight * t, BUYERS, FREIGHT, LANE, (material, origin, to, k))
            yield Item("tariffs", time, duty * t, BUYERS, DUTY, LANE, (material, origin, to, k))
    for (name, region, time), t in books.avoided.items():
        option = data.substitution[name]
        of = (region, option.sector, option.material, "substituted")
        yield Item("substitution", time, option.cost * t, BUYERS, OTHER, DEMAND, of)
    for (region, sector, material, time), t in books.short.items():
        cost = data.sectors[sector].shortage_cost * t
        yield Item("shortage", time, cost, SHORTAGE, OTHER, DEMAND, (region, sector, material, "short"))


def _stocks(data: PlanData, books: Books) -> Iterator[Item]:
    last = data.last_time
    for site in data.stockpiles.values():
        for time in data.times:
            holding = books.length[time] * site.holding_cost * held(books, site, time)
            yield Item("stock_holding", time, holding, site.payer, SUPPORT, STOCK, (site.name,))
            if lacking := books.lacking[site.name, time]:
                cost = lacking_cost(data, books, site, time) * lacking
                yield Item("lacking_cover", time, cost, site.payer, SUPPORT, RESERVE, (site.name,))
        counted = min(held(books, site, last) + books.lacking[site.name, last], creditable(data, site))
        credited = -data.stock_end_value_share * data.price_of(site.material, site.region, last) * counted
        if counted:
            yield Item("stock_credit", last, credited, BUYERS, OTHER, RESERVE, (site.name,))


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
