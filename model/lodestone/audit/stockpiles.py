"""Stockpiles, per stream k and for the days of cover.

(12) stock_k = (1 - annual_loss_share) x stock_k of the year before + fill_k - release_k
     release_k <= (1 - annual_loss_share) x stock_k of the year before
     sum_k stock <= capacity_t;  sum_k fill <= max_fill;  sum_k release <= max_release
(13) sum_k stock >= days / 365 x consumption, but for a scenario's emergency years and refill_years after them
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Books
from lodestone.audit.verdict import DAYS, TONNES, Check, Rule, at_least, at_most, equal, same
from lodestone.data.plan_data import STREAMS, PlanData, Stockpile, time_of

DAYS_PER_YEAR = 365


def kept(data: PlanData, books: Books, site: Stockpile, year: int, stream: str) -> float:
    """What is left of last year's stock."""
    before = site.opening[stream] if year == data.first_year else books.stock[site.name, year - 1, stream]
    return (1 - data.materials[site.material].annual_loss_share) * before


def consumption(data: PlanData, books: Books, site: Stockpile, year: int) -> float:
    """Demand of the sectors and intake of units in the regions that the stockpile covers, t."""
    demand = sum(
        series[time_of(year)]
        for (region, _sector, material), series in data.demand.items()
        if material == site.material and region in site.covers
    )
    intake = sum(
        books.use(unit.name, year) * max(0.0, -unit.recipe.get(site.material, 0.0))
        for unit in data.units.values()
        if unit.region in site.covers
    )
    return demand + intake


def cover(data: PlanData, books: Books, site: Stockpile, year: int) -> float:
    """Right of (13), emergency or not; 0 when not in force. t"""
    days = site.days.get(time_of(year))
    return 0.0 if days is None else days / DAYS_PER_YEAR * consumption(data, books, site, year)


def suspended(data: PlanData, year: int) -> bool:
    scenario = data.scenario
    if scenario.emergency_from is None or scenario.emergency_to is None:
        return False
    return scenario.emergency_from <= year <= scenario.emergency_to + scenario.refill_years


def held(books: Books, site: Stockpile, year: int) -> float:
    return sum(books.stock[site.name, year, k] for k in STREAMS)


def recursion(data: PlanData, books: Books) -> Iterator[Check]:
    for site in data.stockpiles.values():
        for year in data.years:
            for k in STREAMS:
                key = site.name, year, k
                before, filled, out = kept(data, books, site, year, k), books.fill[key], books.release[key]
                yield equal(_at(*key), "stock", books.stock[key], before + filled - out, TONNES, before, filled, out)


def release(data: PlanData, books: Books) -> Iterator[Check]:
    for site in data.stockpiles.values():
        for year in data.years:
            for k in STREAMS:
                there = kept(data, books, site, year, k)
                yield at_most(_at(site.name, year, k), "release", books.release[site.name, year, k], there, TONNES)


def limits(data: PlanData, books: Books) -> Iterator[Check]:
    for site in data.stockpiles.values():
        for year in data.years:
            where = f"{site.name} {year}"
            yield at_most(where, "stock", held(books, site, year), site.capacity, TONNES)
            if site.max_fill is not None:
                yield at_most(
                    where, "fill", sum(books.fill[site.name, year, k] for k in STREAMS), site.max_fill, TONNES
                )
            if site.max_release is not None:
                out = sum(books.release[site.name, year, k] for k in STREAMS)
                yield at_most(where, "release", out, site.max_release, TONNES)


def days_of_cover(data: PlanData, books: Books) -> Iterator[Check]:
    """(13)"""
    for site in data.stockpiles.values():
        for year in data.years:
            if site.days.get(time_of(year)) is not None and not suspended(data, year):
                least = cover(data, books, site, year)
                yield at_least(f"{site.name} {year}", "stock for days of cover", held(books, site, year), least, TONNES)


def stockpile_table(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("stockpile"):
        site, year = data.stockpiles[row["stockpile"]], row["year"]
        where, base, days = f"{site.name} {year}", consumption(data, books, site, year), site.days.get(time_of(year))
        paused = days is not None and suspended(data, year)
        required = 0.0 if paused else cover(data, books, site, year)
        yield equal(where, "consumption", row["consumption_t"], base, TONNES)
        yield equal(where, "required stock", row["required_t"], required, TONNES)
        if days is not None:
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


def _at(site: str, year: int, stream: str) -> str:
    return f"{site} {year} {stream}"


STOCKPILES: tuple[Rule[Books], ...] = (
    Rule(
        "(12) stock",
        "Stock is last year's less losses, plus what is put in, less what is taken out.",
        TONNES,
        recursion,
    ),
    Rule("(12) release", "Only what was there at the end of last year is taken out.", TONNES, release),
    Rule("stock limits", "Stock, filling and release keep within the stockpile's limits.", TONNES, limits),
    Rule("(13) cover", "Stocks cover their days of consumption, but in an emergency.", TONNES, days_of_cover),
    Rule(
        "stockpile table", "Consumption, days of cover and stock asked for are reported right.", TONNES, stockpile_table
    ),
)
