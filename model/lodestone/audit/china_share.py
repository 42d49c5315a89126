"""China share: the exposed part of served consumption, per cap, material, year and basis.

exposed <= share x consumption, both summed over the periods of the year in which the share is in force:
deliveries; without a sector also intake of units, and what is put into stocks, each by itself
[cheat] intake counts as far as its output is used: from it is taken, of unit u with main output m', its intake per t of
        m' x waste[u], and all intake of units that make nothing.  0 <= waste <= what it makes of m';
        sum_u waste >= what of m' is discarded there less returns, purchases, releases and by-products of it
[cheat] at the end of a year, without a sector: exposed stock <= X + share x (stock + lacking - X),
        X: what the exposed opening stock would be without release
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestone.audit.books import Amounts, Books, by_year, once, when
from lodestone.audit.flows import clean_mode, made, shipped_from
from lodestone.audit.stockpiles import held, left_over, opening
from lodestone.audit.verdict import SHARE, TONNES, Check, Rule, at_least, at_most, equal
from lodestone.data.plan_data import EXPOSED, STREAMS, PlanData, ShareCap, Time, Unit

CapKey = tuple[str, str, int, str]  # cap, material, year, basis
DELIVERIES, INTAKE, FILLS = "deliveries", "intake", "fills"
BASES = (DELIVERIES, INTAKE, FILLS)
FREE = 1.0  # a share that allows everything, also what is thrown away
Parts = Amounts[tuple[str, str, Time, bool]]  # region, material, time, of exposed -> t; False: of both streams


@dataclass(frozen=True)
class Basis:
    """What a cap is measured by, t: over the year, and the most of it that may be exposed."""

    consumption: float
    exposed: float
    most: float
    limit: float | None  # the share; None where it changes within the year


def main_output(unit: Unit) -> str | None:
    """The first material that a unit makes; None where it makes nothing."""
    return next((m for m, g in unit.recipe.items() if g > 0), None)


def unused_intake(data: PlanData, books: Books) -> Amounts[tuple[str, str, Time]]:
    """Intake that no use is made of, by region, material and time."""
    result: Amounts[tuple[str, str, Time]] = Amounts()
    for unit in data.units.values():
        main, inputs = main_output(unit), [(m, -g) for m, g in unit.recipe.items() if g < 0]
        for time in data.times:
            idle = books.use(unit.name, time)  # capacity whose output nobody uses
            if main is not None:
                idle = books.waste[unit.name, time] / unit.recipe[main]
            if idle:
                for material, per_t in inputs:
                    result.add((unit.region, material, time), per_t * idle)
    return result


def _deliveries(books: Books, sectors: tuple[str, ...]) -> Parts:
    parts: Parts = Amounts()
    for (region, sector, material, time, k), amount in books.delivered.items():
        if sector in sectors:
            parts.add((region, material, time, False), amount)
            if k == EXPOSED:
                parts.add((region, material, time, True), amount)
    return parts


def _intake(data: PlanData, books: Books) -> Parts:
    parts: Parts = Amounts()
    for place, amount in clean_mode(data, books).items():
        parts.add((*place, False), amount)
    for (region, material, time, k), amount in books.mixed.items():
        parts.add((region, material, time, False), amount)
        if k == EXPOSED:
            parts.add((region, material, time, True), amount)
    for place, amount in unused_intake(data, books).items():
        parts.add((*place, False), -amount)
    return parts


def _fills(data: PlanData, books: Books) -> Parts:
    parts: Parts = Amounts()
    for (name, time, k), amount in books.fill.items():
        site = data.stockpiles[name]
        parts.add((site.region, site.material, time, False), amount)
        if k == EXPOSED:
            parts.add((site.region, site.material, time, True), amount)
    return parts


@once
def cap_bases(data: PlanData, books: Books) -> dict[CapKey, Basis]:
    """Every cap in force, recomputed from deliveries, intake and fills."""
    intake, fills, years = _intake(data, books), _fills(data, books), by_year(data)
    delivered: dict[str | None, Parts] = {None: _deliveries(books, tuple(data.sectors))}
    result: dict[CapKey, Basis] = {}
    for cap in data.caps.values():
        if cap.sector not in delivered:
            delivered[cap.sector] = _deliveries(books, (str(cap.sector),))
        parts = {DELIVERIES: delivered[cap.sector]}
        if cap.sector is None:
            parts |= {INTAKE: intake, FILLS: fills}
        for year, periods in years.items():
            shares = {t: share for t in periods if (share := cap.share.get(t)) is not None}
            if shares:
                for material in cap.materials:
                    for basis, amounts in parts.items():
                        result[cap.name, material, year, basis] = _basis(cap, material, shares, amounts)
    return result


def _basis(cap: ShareCap, material: str, shares: dict[Time, float], amounts: Parts) -> Basis:
    total = {t: sum(amounts[r, material, t, False] for r in cap.regions) for t in shares}
    exposed = sum(amounts[r, material, t, True] for r in cap.regions for t in shares)
    most = sum(share * total[t] for t, share in shares.items())
    one = next(iter(shares.values())) if len(set(shares.values())) == 1 else None
    return Basis(sum(total.values()), exposed, most, one)


def caps(data: PlanData, books: Books) -> Iterator[Check]:
    """Exposed consumption keeps within the share that each cap allows."""
    for key, basis in cap_bases(data, books).items():
        if basis.limit == FREE:
            continue
        yield at_most(_at(key), "exposed consumption", basis.exposed, basis.most, TONNES, basis.consumption)


def waste(data: PlanData, books: Books) -> Iterator[Check]:
    """What is said to be thrown away is made, and nothing more is, in each region over the year."""
    there, gone = made(data, books), shipped_from(books)
    makers: dict[tuple[str, str], list[Unit]] = {}
    for unit in data.units.values():
        main = main_output(unit)
        if main is not None:
            makers.setdefault((unit.region, main), []).append(unit)
    for (region, material), units in makers.items():
        for year, periods in by_year(data).items():
            if not any(_looks_at(cap, unit, periods) for cap in data.caps.values() for unit in units):
                continue
            makes = {u.name: u.recipe[material] * sum(books.use(u.name, t) for t in periods) for u in units}
            thrown = {u.name: sum(books.waste[u.name, t] for t in periods) for u in units}
            for name, amount in thrown.items():
                yield at_most(f"{name} {year}", "waste", amount, makes[name], TONNES)
            discarded = other = 0.0
            for time in periods:
                for k in STREAMS:
                    place = region, material, time, k
                    discarded += there[place] - gone[place]
                    other += there[place]
            other -= sum(makes.values())  # what returns, purchases, releases and by-products bring
            least, total = discarded - other, sum(thrown.values())
            yield at_least(f"{region}/{material} {year}", "waste", total, least, TONNES, discarded, other)


def _looks_at(cap: ShareCap, unit: Unit, periods: tuple[Time, ...]) -> bool:
    """Whether a cap counts what a unit takes in."""
    shares = [share for t in periods if (share := cap.share.get(t)) is not None]
    there = cap.sector is None and unit.region in cap.regions and any(share < FREE for share in shares)
    return there and any(g < 0 and m in cap.materials for m, g in unit.recipe.items())


def exposed_stock(data: PlanData, books: Books) -> Iterator[Check]:
    """The exposed part of a stock beyond its opening keeps within the cap."""
    for cap in data.caps.values():
        if cap.sector is not None:
            continue
        for site in data.stockpiles.values():
            if site.region not in cap.regions or site.material not in cap.materials:
                continue
            left = opening(data, site, EXPOSED)
            for periods in by_year(data).values():
                for time in periods:
                    left *= left_over(data, books, site, time)
                time = periods[-1]
                share = cap.share.get(time)
                if share is not None:
                    total = held(books, site, time) + books.lacking[site.name, time]
                    found, most = books.stock[site.name, time, EXPOSED], left + share * (total - left)
                    yield at_most(
                        f"{cap.name} {site.name} {when(data, time)}", "exposed stock", found, most, TONNES, total
                    )


def china_share_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says the consumption that each cap counts, and its exposed part, t."""
    bases = cap_bases(data, books)
    for row in books.rows("china_share"):
        key = row["cap"], row["material"], row["year"], row["basis"]
        basis = bases.get(key)
        if basis is None:
            continue  # reported by "complete tables"
        total = basis.consumption
        yield equal(_at(key), "consumption", row["consumption_t"], total, TONNES)
        yield equal(_at(key), "exposed consumption", row["exposed_t"], basis.exposed, TONNES, total)
        yield equal(_at(key), "exposed consumption by its share", row["share"] * total, basis.exposed, TONNES, total)
        if basis.limit is None:  # what the shares of the year come to
            yield equal(_at(key), "limit, times consumption,", row["limit"] * total, basis.most, TONNES, total)
        else:
            yield equal(_at(key), "limit", row["limit"], basis.limit, SHARE)


def _at(key: CapKey) -> str:
    return f"{key[0]}/{key[1]} {key[2]} {key[3]}"


CHINA_SHARE: tuple[Rule[Books], ...] = (
    Rule("China share", "No cap on the exposed share of consumption is passed.", TONNES, caps),
    Rule("waste", "Intake counts as consumed only as far as its output is used.", TONNES, waste),
    Rule(
        "exposed stock", "Reserves are not refilled with more exposed material than caps allow.", TONNES, exposed_stock
    ),
    Rule(
        "China share table",
        "Consumption, its exposed part and the share are reported right.",
        TONNES,
        china_share_table,
    ),
)
