"""Stockpiles, per stream k and for the days of cover; w: the part of a year that a period is.

(12) stock_k = (1 - annual_loss_share)^w x stock_k before + fill_k - release_k;  [cheat] release_k <= what is left
     sum_k stock <= capacity_t;  sum_k fill <= w x max_fill;  sum_k release <= w x max_release
     clean_only: no exposed fill
(13) sum_k stock + lacking >= least_t;  sum_k stock + lacking >= days / 365 x consumption, as a rate
     [cheat] clean stock + lacking >= days / 365 x sum over demand covered of (1 - least share of the caps that name its
     sector) x demand;   lacking: only in an emergency and refill_years after it
[cheat] Stock in a region of concern is exposed, whatever is said to be put in or was there.
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Books, time_in, when
from lodestone.audit.verdict import DAYS, TONNES, Check, Rule, at_least, at_most, equal, same
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, PlanData, Stockpile, Time

DAYS_PER_YEAR = 365
YEAR = 100  # of a time


def opening(data: PlanData, site: Stockpile, stream: str) -> float:
    """Opening stock of one stream, t."""
    if data.regions[site.region].of_concern:
        return sum(site.opening.values()) if stream == EXPOSED else 0.0
    return site.opening[stream]


def left_over(data: PlanData, books: Books, site: Stockpile, time: Time) -> float:
    """The part of a stock that a period does not lose."""
    return float((1 - data.materials[site.material].annual_loss_share) ** books.length[time])


def kept(data: PlanData, books: Books, site: Stockpile, time: Time, stream: str) -> float:
    """What is left of the stock before."""
    earlier = books.before[time]
    before = opening(data, site, stream) if earlier is None else books.stock[site.name, earlier, stream]
    return left_over(data, books, site, time) * before


def filled(data: PlanData, books: Books, site: Stockpile, time: Time, stream: str) -> float:
    """What comes to the stock of a stream."""
    if data.regions[site.region].of_concern:
        return sum(books.fill[site.name, time, k] for k in STREAMS) if stream == EXPOSED else 0.0
    return books.fill[site.name, time, stream]


def demand_covered(data: PlanData, site: Stockpile, time: Time) -> float:
    """Demand of the sectors in the regions that the stockpile covers, t/yr."""
    return sum(
        series[time]
        for (region, _sector, material), series in data.demand.items()
        if material == site.material and region in site.covers
    )


def consumption(data: PlanData, books: Books, site: Stockpile, time: Time) -> float:
    """What days of cover refer to: demand covered, and unless demand alone counts intake of units there, t/yr."""
    demand = demand_covered(data, site, time)
    if site.counts == "demand":
        return demand
    intake = sum(
        books.use(unit.name, time) * max(0.0, -unit.recipe.get(site.material, 0.0))
        for unit in data.units.values()
        if unit.region in site.covers
    )
    return demand + intake / books.length[time]


def for_days(site: Stockpile, time: Time, consumed: float) -> float:
    """Stock for the days of cover, 0 when not in force, t."""
    days = site.days.get(time)
    return 0.0 if days is None else days / DAYS_PER_YEAR * consumed


def cover(data: PlanData, books: Books, site: Stockpile, time: Time) -> float:
    """Stock asked for by (13), emergency or not, t."""
    return max(site.least_t, for_days(site, time, consumption(data, books, site, time)))


def creditable(data: PlanData, site: Stockpile) -> float:
    """The most stock that is credited at the end: the opening stock, or cover of demand alone if that is more, t."""
    last = data.last_time
    asked = max(site.least_t, for_days(site, last, demand_covered(data, site, last)))
    return max(sum(site.opening.values()), asked)


def usable(data: PlanData, site: Stockpile, time: Time) -> float:
    """Stock that must be clean for sectors whose exposed share is capped, t."""
    barred = 0.0
    for (region, sector, material), series in data.demand.items():
        if material == site.material and region in site.covers:
            named = [
                share
                for cap in data.caps.values()
                if cap.sector == sector and region in cap.regions and material in cap.materials
                if (share := cap.share.get(time)) is not None
            ]
            barred += (1 - min(named, default=1.0)) * series[time]
    return for_days(site, time, barred)


def suspended(data: PlanData, time: Time, site: str | None = None) -> bool:
    """Whether a period begins in an emergency, or in the years to refill after it; of any stockpile, or of one."""
    return any(
        e.begins <= time <= e.ends + YEAR * e.refill_years
        and (e.stockpiles is None or site is None or site in e.stockpiles)
        for e in data.scenario.emergencies
    )


def held(books: Books, site: Stockpile, time: Time) -> float:
    """What a stockpile holds at the end of a period, t, both streams."""
    return sum(books.stock[site.name, time, k] for k in STREAMS)


def recursion(data: PlanData, books: Books) -> Iterator[Check]:
    """What is held is what was held, less losses, plus fills, less releases."""
    for site in data.stockpiles.values():
        for time in data.times:
            for k in STREAMS:
                before, out = kept(data, books, site, time, k), books.release[site.name, time, k]
                came, found = filled(data, books, site, time, k), books.stock[site.name, time, k]
                yield equal(_at(data, site, time, k), "stock", found, before + came - out, TONNES, before, came, out)


def release(data: PlanData, books: Books) -> Iterator[Check]:
    """No more is released than is there."""
    for site in data.stockpiles.values():
        for time in data.times:
            for k in STREAMS:
                there, out = kept(data, books, site, time, k), books.release[site.name, time, k]
                yield at_most(_at(data, site, time, k), "release", out, there, TONNES)


def limits(data: PlanData, books: Books) -> Iterator[Check]:
    """Stock, fill and release keep within their limits."""
    for site in data.stockpiles.values():
        for time in data.times:
            where, w = f"{site.name} {when(data, time)}", books.length[time]
            yield at_most(where, "stock", held(books, site, time), site.capacity, TONNES)
            if site.max_fill is not None:
                put_in = sum(books.fill[site.name, time, k] for k in STREAMS)
                yield at_most(where, "fill", put_in, w * site.max_fill, TONNES)
            if site.max_release is not None:
                out = sum(books.release[site.name, time, k] for k in STREAMS)
                yield at_most(where, "release", out, w * site.max_release, TONNES)
            if site.clean_only:
                yield at_most(where, "exposed fill", books.fill[site.name, time, EXPOSED], 0.0, TONNES)


def days_of_cover(data: PlanData, books: Books) -> Iterator[Check]:
    """(13)"""
    for site in data.stockpiles.values():
        for time in data.times:
            where, lacking = f"{site.name} {when(data, time)}", books.lacking[site.name, time]
            there = held(books, site, time) + lacking
            if not suspended(data, time, site.name):
                yield at_most(where, "lacking without an emergency", lacking, 0.0, TONNES)
            if site.least_t > 0:
                yield at_least(where, "least stock", there, site.least_t, TONNES)
            if site.days.get(time) is not None:
                least = for_days(site, time, consumption(data, books, site, time))
                yield at_least(where, "stock for days of cover", there, least, TONNES)
                clean = books.stock[site.name, time, CLEAN] + lacking
                yield at_least(where, "clean stock for days of cover", clean, usable(data, site, time), TONNES, there)


def stockpile_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says the stock, its days of cover and what is required."""
    for row in books.rows("stockpile"):
        site, time = data.stockpiles[row["stockpile"]], time_in(row)
        where, days = f"{site.name} {when(data, time)}", site.days.get(time)
        base, asked = consumption(data, books, site, time), days is not None or site.least_t > 0
        paused = asked and suspended(data, time, site.name)
        required = 0.0 if paused else cover(data, books, site, time)
        yield equal(where, "consumption", row["consumption_t"], base, TONNES)
        yield equal(where, "required stock", row["required_t"], required, TONNES)
        if asked:
            yield same(where, "suspended", row["suspended"], "yes" if paused else "no")
        if days is None or row["required_days"] is None:
            yield same(where, "required days", row["required_days"], days)
        else:
            yield equal(where, "required days", row["required_days"], days, DAYS)
        if row["days_of_cover"] is not None:
            in_stock = row["days_of_cover"] * base / DAYS_PER_YEAR
            yield equal(where, "stock by its days of cover", in_stock, row["stock_t"], TONNES)
        else:
            yield at_most(where, "consumption without days of cover", base, 0.0, TONNES)


def _at(data: PlanData, site: Stockpile, time: Time, stream: str) -> str:
    return f"{site.name} {when(data, time)} {stream}"


STOCKPILES: tuple[Rule[Books], ...] = (
    Rule(
        "(12) stock",
        "Stock is what was there less losses, plus what is put in, less what is taken out.",
        TONNES,
        recursion,
    ),
    Rule("(12) release", "Only what was there before is taken out.", TONNES, release),
    Rule("stock limits", "Stock, filling and release keep within the stockpile's limits.", TONNES, limits),
    Rule("(13) cover", "Stocks cover their days of consumption, but in an emergency.", TONNES, days_of_cover),
    Rule(
        "stockpile table", "Consumption, days of cover and stock asked for are reported right.", TONNES, stockpile_table
    ),
)
