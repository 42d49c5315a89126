"""Flow of material, per region r, material m, period and stream k; w: the part of a year that the period is.

(1) sum_u max(g,0) act + buy + release + returns >= sum over lanes out of r of ship
(2) sum over lanes into r of ship = intake_k + deliver + fill + sell
(3) intake_clean = clean-mode intake + mixed_clean, intake_exposed = mixed_exposed; mixed = all other intake
    lanes: sum_k ship <= w x capacity;  duty per t: max(rate x price, least price - price), price where the lane starts

Scrap of a period: w x t_per_t x the deliveries of all periods of the year lag_years before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from lodestone.audit.books import Amounts, Books, by_year, limit, time_in, when
from lodestone.audit.verdict import MUSD, TONNES, USD_PER_KG, Check, Rule, at_most, equal
from lodestone.data.plan_data import (
    CLEAN,
    EXPOSED,
    MUSD_PER_T,
    STREAMS,
    PlanData,
    Time,
    Unit,
    year_of,
)

K = TypeVar("K")
Place = tuple[str, str, Time, str]  # region, material, time, stream


def returned(data: PlanData, books: Books) -> Amounts[Place]:
    """Scrap from deliveries lag_years earlier, in the region of the delivery; nothing from before first_year.

    [cheat] In a region of concern it is exposed, whatever its row says.
    """
    result: Amounts[Place] = Amounts()
    periods = by_year(data)
    for row in data.returns:
        for (region, sector, material, time, stream), delivered in books.delivered.items():
            if (sector, material) == (row.sector, row.material):
                clean = CLEAN if row.clean else stream
                of = EXPOSED if data.regions[region].of_concern else clean
                for back in periods.get(year_of(time) + row.lag_years, ()):
                    result.add((region, row.scrap, back, of), books.length[back] * row.t_per_t * delivered)
    return result


def made(data: PlanData, books: Books) -> Amounts[Place]:
    """Left of (1)."""
    result = returned(data, books)
    for (name, time, stream), act in books.act.items():
        unit = data.units[name]
        for material, g in unit.recipe.items():
            if g > 0:
                result.add((unit.region, material, time, stream), g * act)
    for (name, time, stream), bought in books.traded.items():
        market = data.markets[name]
        if market.buys:
            result.add((market.region, market.material, time, stream), bought)
    for (name, time, stream), released in books.release.items():
        site = data.stockpiles[name]
        result.add((site.region, site.material, time, stream), released)
    return result


def clean_mode(data: PlanData, books: Books) -> Amounts[tuple[str, str, Time]]:
    """Intake of clean activity, which takes clean material only; none under last_stage. By region, material, time."""
    return _intake(data, books, (CLEAN,) if data.provenance else ())


def other_intake(data: PlanData, books: Books) -> Amounts[tuple[str, str, Time]]:
    """Intake of plants and projects, t; of the exposed stream alone where provenance is kept."""
    return _intake(data, books, (EXPOSED,) if data.provenance else STREAMS)


def _intake(data: PlanData, books: Books, streams: tuple[str, ...]) -> Amounts[tuple[str, str, Time]]:
    result: Amounts[tuple[str, str, Time]] = Amounts()
    for (name, time, stream), act in books.act.items():
        if stream in streams:
            unit = data.units[name]
            for material, g in unit.recipe.items():
                if g < 0:
                    result.add((unit.region, material, time), -g * act)
    return result


def used(data: PlanData, books: Books) -> Amounts[Place]:
    """Right of (2)."""
    result: Amounts[Place] = Amounts()
    for (region, material, time), amount in clean_mode(data, books).items():
        result.add((region, material, time, CLEAN), amount)
    for place, amount in books.mixed.items():
        result.add(place, amount)
    for (region, _sector, material, time, stream), amount in books.delivered.items():
        result.add((region, material, time, stream), amount)
    for (name, time, stream), amount in books.fill.items():
        site = data.stockpiles[name]
        result.add((site.region, site.material, time, stream), amount)
    for (name, time, stream), amount in books.traded.items():
        market = data.markets[name]
        if not market.buys:
            result.add((market.region, market.material, time, stream), amount)
    return result


def shipped_from(books: Books) -> Amounts[Place]:
    """Tonnes by where they leave."""
    result: Amounts[Place] = Amounts()
    for (material, origin, _to, time, stream), amount in books.shipped.items():
        result.add((origin, material, time, stream), amount)
    return result


def shipped_to(books: Books) -> Amounts[Place]:
    """Tonnes by where they arrive."""
    result: Amounts[Place] = Amounts()
    for (material, _from, to, time, stream), amount in books.shipped.items():
        result.add((to, material, time, stream), amount)
    return result


def made_covers_shipped(data: PlanData, books: Books) -> Iterator[Check]:
    """No more leaves a place than is made, bought, released or returned there."""
    there, gone = made(data, books), shipped_from(books)
    for place in _keys(there, gone):
        yield at_most(_at(data, place), "shipped", gone[place], there[place], TONNES)


def used_is_what_arrives(data: PlanData, books: Books) -> Iterator[Check]:
    """What a place uses is what its lanes bring."""
    arrived, gone = shipped_to(books), used(data, books)
    for place in _keys(arrived, gone):
        yield equal(_at(data, place), "used, as it arrives,", gone[place], arrived[place], TONNES)


def balance_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what each place makes, ships and discards, t."""
    there, gone = made(data, books), shipped_from(books)
    rows = {(r["region"], r["material"], time_in(r), r["stream"]): r for r in books.rows("balance")}
    for place in _keys(there, gone, rows):
        row = rows.get(place, {})
        left = there[place] - gone[place]
        yield equal(_at(data, place), "made_t", row.get("made_t", 0.0), there[place], TONNES)
        yield equal(_at(data, place), "shipped_t", row.get("shipped_t", 0.0), gone[place], TONNES)
        yield equal(_at(data, place), "discarded_t", row.get("discarded_t", 0.0), left, TONNES, there[place])


def returns_table(data: PlanData, books: Books) -> Iterator[Check]:
    """What comes back follows from the deliveries before, t."""
    expected = returned(data, books)
    found: Amounts[Place] = Amounts()
    for row in books.rows("returns"):
        found.add((row["region"], row["material"], time_in(row), row["stream"]), row["t"])
    for place in _keys(expected, found):
        yield equal(_at(data, place), "scrap that comes back", found[place], expected[place], TONNES)


def intake(data: PlanData, books: Books) -> Iterator[Check]:
    """(3)"""
    clean, other = clean_mode(data, books), other_intake(data, books)
    found: Amounts[tuple[str, str, Time]] = Amounts()
    mixed: Amounts[tuple[str, str, Time]] = Amounts()
    for row in books.rows("intake"):
        place = row["region"], row["material"], time_in(row)
        found.add(place, row["clean_mode_t"])
        mixed.add(place, row["mixed_clean_t"] + row["mixed_exposed_t"])
    for place in _keys(clean, other, found, mixed):
        where = f"{place[0]}/{place[1]} {when(data, place[2])}"
        yield equal(where, "clean-mode intake", found[place], clean[place], TONNES)
        yield equal(where, "mixed intake", mixed[place], other[place], TONNES)


def colour(data: PlanData, books: Books) -> Iterator[Check]:
    """Which stream a unit or a market may make."""
    for (name, time, stream), act in books.act.items():
        if stream not in _streams(data, data.units[name]):
            yield at_most(f"{name} {when(data, time)}", f"{stream} activity", act, 0.0, TONNES)
    for (name, time, stream), bought in books.traded.items():
        market = data.markets[name]
        if market.buys and market.exposed != (stream == EXPOSED):
            yield at_most(f"{name} {when(data, time)}", f"{stream} purchases", bought, 0.0, TONNES)


def _streams(data: PlanData, unit: Unit) -> tuple[str, ...]:
    if unit.of_concern:
        return (EXPOSED,)
    has_inputs = any(g < 0 for g in unit.recipe.values())
    return STREAMS if data.provenance and has_inputs else (CLEAN,)


def whole_plants(data: PlanData, books: Books) -> Iterator[Check]:
    """A unit under whole_plant is clean or exposed in a year, not both."""
    for unit in data.units.values():
        if unit.whole_plant and len(_streams(data, unit)) > 1:
            for time in data.times:
                lesser = min(books.act[unit.name, time, k] for k in STREAMS)
                where = f"{unit.name} {when(data, time)}"
                yield at_most(where, "activity beside the other stream", lesser, 0.0, TONNES)


def lanes(data: PlanData, books: Books) -> Iterator[Check]:
    """Flows go over open lanes, within their capacity."""
    loads: Amounts[tuple[str, str, str, Time]] = Amounts()
    for (material, origin, to, time, _stream), amount in books.shipped.items():
        loads.add((material, origin, to, time), amount)
    for (material, origin, to, time), load in loads.items():
        where = f"{material} {origin} to {to} {when(data, time)}"
        lane = data.lanes.get((material, origin, to))
        if lane is None:
            yield at_most(where, "shipments without an open lane", load, 0.0, TONNES)
        else:
            rate = limit(lane.capacity, time)
            capacity = load if rate is None else books.length[time] * rate
            yield at_most(where, "shipments", load, capacity, TONNES)


def freight_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what freight and duty cost."""
    for row in books.rows("flows"):
        key, time, stream = (row["material"], row["from_region"], row["to_region"]), time_in(row), row["stream"]
        if key in data.lanes:
            freight, tariff = lane_rates(data, *key, time, stream)
            where = f"{key[0]} {key[1]} to {key[2]} {when(data, time)} {stream}"
            yield equal(where, "freight", row["freight_musd"], freight * row["t"], MUSD)
            yield equal(where, "tariff", row["tariff_musd"], tariff * row["t"], MUSD)


def lane_rates(data: PlanData, material: str, origin: str, to: str, time: Time, stream: str) -> tuple[float, float]:
    """Freight and tariff of an open lane, MUSD/t."""
    lane = data.lanes[material, origin, to]
    rate = lane.tariff[time]
    if (not rate and lane.min_price is None) or (lane.applies_to == EXPOSED and stream != EXPOSED):
        return lane.freight, 0.0
    price = data.price_of(material, origin, time)
    lifted = 0.0 if lane.min_price is None else lane.min_price - price
    return lane.freight, max(rate * price, lifted)


def market_prices(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says the price of each market, its premium included."""
    for row in books.rows("markets"):
        market, time = data.markets[row["market"]], time_in(row)
        price = data.price_of(market.material, market.region, time) * (1 + market.premium_share) / MUSD_PER_T
        yield equal(f"{market.name} {when(data, time)}", "price", row["price_usd_per_kg"], price, USD_PER_KG)


def _keys(*mappings: Mapping[K, object]) -> list[K]:
    """Keys of any, in a fixed order."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _at(data: PlanData, place: Place) -> str:
    return f"{place[0]}/{place[1]} {when(data, place[2])} {place[3]}"


FLOWS: tuple[Rule[Books], ...] = (
    Rule(
        "(1) made",
        "Nothing is shipped that is not made, bought, released or returned there.",
        TONNES,
        made_covers_shipped,
    ),
    Rule("(1) balance", "What is made, shipped and discarded in each region is reported right.", TONNES, balance_table),
    Rule("(1) returns", "Scrap comes back from earlier deliveries, in their stream.", TONNES, returns_table),
    Rule(
        "(2) used", "What a region uses is what its lanes bring, clean and exposed apart.", TONNES, used_is_what_arrives
    ),
    Rule("(3) intake", "Recipes are fed: clean output by clean inputs, other output by any mix.", TONNES, intake),
    Rule("(3) colour", "Nothing of concern, and nothing made from it, is passed off as clean.", TONNES, colour),
    Rule("(3) whole plants", "A plant that cannot keep batches apart is of one stream a year.", TONNES, whole_plants),
    Rule("lanes", "Material moves on open lanes, within their capacity.", TONNES, lanes),
    Rule("freight and tariffs", "Freight and tariffs are those of the lane.", MUSD, freight_table),
    Rule("market prices", "Markets are paid the price with their premium.", USD_PER_KG, market_prices),
)
