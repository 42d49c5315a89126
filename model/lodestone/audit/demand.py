"""Demand, what is designed out of it, and markets; w: the part of a year that a period is.

(4) deliver + avoid + short = w x demand;  short <= (1 - min_service_share) x w x demand
    avoid <= w x share x demand, with `requires` a project: x its builds in production
    avoid / w <= avoid / w before + w x ramp_share_per_yr x demand
    avoid / w >= keep_share x min(1, share x demand / the same before) x avoid / w before;   before first_year: 0
(5) a market: buy, sell <= w x volume;  buy <= spot_share x w x volume + taken under contract
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, limit, time_in, when
from lodestone.audit.closing import producing
from lodestone.audit.verdict import MUSD, TONNES, Check, Rule, at_least, at_most, equal
from lodestone.data.plan_data import STREAMS, PlanData, Substitution, Time, year_of

Need = tuple[str, str, str, Time]  # region, sector, material, time


def demand(data: PlanData, books: Books) -> Iterator[Check]:
    """What is delivered, avoided and short is what was wanted, t."""
    avoided = _avoided(data, books)
    for need, series in data.demand.items():
        for time in data.times:
            at = (*need, time)
            met = sum(books.delivered[(*at, k)] for k in STREAMS) + avoided[at] + books.short[at]
            wanted = books.length[time] * series[time]
            yield equal(_need(data, at), "delivered, avoided and short", met, wanted, TONNES)


def service(data: PlanData, books: Books) -> Iterator[Check]:
    """Sectors get at least their min_service_share."""
    for need, series in data.demand.items():
        for time in data.times:
            at, wanted = (*need, time), books.length[time] * series[time]
            most = (1 - data.sectors[need[1]].min_service_share) * wanted
            yield at_most(_need(data, at), "shortage", books.short[at], most, TONNES, wanted)


def demand_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says the demand of the workbook, and what became of it."""
    avoided = _avoided(data, books)
    for row in books.rows("demand"):
        at = row["region"], row["sector"], row["material"], time_in(row)
        series = data.demand.get(at[:3])
        wanted = books.length[at[3]] * series[at[3]] if series else 0.0
        yield equal(_need(data, at), "demand_t", row["demand_t"], wanted, TONNES)
        yield equal(_need(data, at), "substituted_t", row["substituted_t"], avoided[at], TONNES)


def substitution(data: PlanData, books: Books) -> Iterator[Check]:
    """No more is designed out than options allow, and it costs what they say."""
    for (name, region, time), amount in books.avoided.items():
        most = books.length[time] * _open(data, books, data.substitution[name], region, time)
        yield at_most(f"{name} {region} {when(data, time)}", "demand avoided", amount, most, TONNES)
    for row in books.rows("substitution"):
        cost = data.substitution[row["option"]].cost * row["t"]
        where = f"{row['option']} {row['region']} {when(data, time_in(row))}"
        yield equal(where, "cost", row["cost_musd"], cost, MUSD)


def _demand(data: PlanData, option: Substitution, region: str, time: Time) -> float:
    """t/yr of which the option can avoid a share."""
    series = data.demand.get((region, option.sector, option.material))
    return series[time] if series else 0.0


def _open(data: PlanData, books: Books, option: Substitution, region: str, time: Time) -> float:
    """Most that can be avoided, t/yr."""
    most = option.share[time] * _demand(data, option, region, time)
    if option.requires is not None:
        most *= producing(books, data.projects[option.requires], year_of(time))
    return most


def pace(data: PlanData, books: Books) -> Iterator[Check]:
    """How fast an option can grow, and what of it stays."""
    for option in data.substitution.values():
        if option.ramp_share_per_yr is None and option.keep_share == 0:
            continue
        for region, sector, material in data.demand:
            if (sector, material) == (option.sector, option.material):
                yield from _pace(data, books, option, region)


def _pace(data: PlanData, books: Books, option: Substitution, region: str) -> Iterator[Check]:
    for time in data.times:
        earlier, w = books.before[time], books.length[time]
        where, rate = f"{option.name} {region} {when(data, time)}", books.avoided[option.name, region, time] / w
        wanted, had = _demand(data, option, region, time), 0.0
        if earlier is not None:
            had = books.avoided[option.name, region, earlier] / books.length[earlier]
        if option.ramp_share_per_yr is not None:
            most = had + w * option.ramp_share_per_yr * wanted
            yield at_most(where, "demand avoided, a year's worth,", rate, most, TONNES)
        if option.keep_share > 0 and earlier is not None and had > 0:
            usual = option.share[earlier] * _demand(data, option, region, earlier)
            kept = min(1.0, option.share[time] * wanted / usual) if usual > 0 else 1.0
            yield at_least(where, "demand avoided, a year's worth,", rate, option.keep_share * kept * had, TONNES)


def _avoided(data: PlanData, books: Books) -> Amounts[Need]:
    result: Amounts[Need] = Amounts()
    for (name, region, time), amount in books.avoided.items():
        option = data.substitution[name]
        result.add((region, option.sector, option.material, time), amount)
    return result


def markets(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), third line: volumes, and purchases without a contract."""
    taken: Amounts[tuple[str, Time]] = Amounts()
    for signing in books.signings:
        for time in data.times:
            taken.add((signing.contract.supplier, time), books.taken[(*signing.key, time)])
    for market in data.markets.values():
        for time in data.times:
            where, amount = f"{market.name} {when(data, time)}", books.volume(market.name, time)
            rate = limit(market.volume, time)
            volume = None if rate is None else books.length[time] * rate
            if volume is not None:
                yield at_most(where, "volume", amount, volume, TONNES)
            if market.buys and (volume is not None or market.spot_share == 0):
                spot = market.spot_share * (volume or 0.0)
                yield at_most(where, "purchases, spot and contracts,", amount, spot + taken[market.name, time], TONNES)


def _need(data: PlanData, at: Need) -> str:
    return f"{at[0]}/{at[1]}/{at[2]} {when(data, at[3])}"


DEMAND: tuple[Rule[Books], ...] = (
    Rule("(4) demand", "Each demand is delivered, designed out or short.", TONNES, demand),
    Rule("(4) service", "No sector is shorter than its least service allows.", TONNES, service),
    Rule("(4) demand table", "Demand and what is designed out are reported right.", TONNES, demand_table),
    Rule("(4) substitution", "No more demand is designed out than can be, at its cost.", TONNES, substitution),
    Rule("(4) pace", "What is designed out grows no faster than it can, and stays out.", TONNES, pace),
    Rule("(5) markets", "Purchases and sales keep within volumes, spot shares and contracts.", TONNES, markets),
)
