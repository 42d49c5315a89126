"""Flow of material, per region r, material m, year y and stream k.

(1) sum_u max(g,0) act + buy + release + returns >= sum over lanes out of r of ship
(2) sum over lanes into r of ship = intake_k + deliver + fill + sell
(3) intake_clean = clean-mode intake + mixed_clean, intake_exposed = mixed_exposed; mixed = all other intake
(4) deliver + avoid + short = demand; short <= (1 - min_service_share) demand; avoid <= share x demand
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from lodestone.audit.books import Amounts, Books, limit
from lodestone.audit.verdict import MUSD, TONNES, USD_PER_KG, Check, Rule, at_most, equal
from lodestone.data.plan_data import CLEAN, EXPOSED, MUSD_PER_T, STREAMS, PlanData, Unit, time_of

K = TypeVar("K")
Place = tuple[str, str, int, str]  # region, material, year, stream


def returned(data: PlanData, books: Books) -> Amounts[Place]:
    """Scrap from deliveries lag_years earlier, in the region of the delivery; nothing from before first_year."""
    result: Amounts[Place] = Amounts()
    for row in data.returns:
        for (region, sector, material, year, stream), delivered in books.delivered.items():
            back = year + row.lag_years
            if (sector, material) == (row.sector, row.material) and back in data.years:
                result.add((region, row.scrap, back, CLEAN if row.clean else stream), row.t_per_t * delivered)
    return result


def made(data: PlanData, books: Books) -> Amounts[Place]:
    """Left of (1)."""
    result = returned(data, books)
    for (name, year, stream), act in books.act.items():
        unit = data.units[name]
        for material, g in unit.recipe.items():
            if g > 0:
                result.add((unit.region, material, year, stream), g * act)
    for (name, year, stream), bought in books.traded.items():
        market = data.markets[name]
        if market.buys:
            result.add((market.region, market.material, year, stream), bought)
    for (name, year, stream), released in books.release.items():
        site = data.stockpiles[name]
        result.add((site.region, site.material, year, stream), released)
    return result


def clean_mode(data: PlanData, books: Books) -> Amounts[tuple[str, str, int]]:
    """Intake of clean activity, which takes clean material only; none under last_stage. By region, material, year."""
    return _intake(data, books, (CLEAN,) if data.provenance else ())


def other_intake(data: PlanData, books: Books) -> Amounts[tuple[str, str, int]]:
    return _intake(data, books, (EXPOSED,) if data.provenance else STREAMS)


def _intake(data: PlanData, books: Books, streams: tuple[str, ...]) -> Amounts[tuple[str, str, int]]:
    result: Amounts[tuple[str, str, int]] = Amounts()
    for (name, year, stream), act in books.act.items():
        if stream in streams:
            unit = data.units[name]
            for material, g in unit.recipe.items():
                if g < 0:
                    result.add((unit.region, material, year), -g * act)
    return result


def used(data: PlanData, books: Books) -> Amounts[Place]:
    """Right of (2)."""
    result: Amounts[Place] = Amounts()
    for (region, material, year), amount in clean_mode(data, books).items():
        result.add((region, material, year, CLEAN), amount)
    for place, amount in books.mixed.items():
        result.add(place, amount)
    for (region, _sector, material, year, stream), amount in books.delivered.items():
        result.add((region, material, year, stream), amount)
    for (name, year, stream), amount in books.fill.items():
        site = data.stockpiles[name]
        result.add((site.region, site.material, year, stream), amount)
    for (name, year, stream), amount in books.traded.items():
        market = data.markets[name]
        if not market.buys:
            result.add((market.region, market.material, year, stream), amount)
    return result


def shipped_from(books: Books) -> Amounts[Place]:
    result: Amounts[Place] = Amounts()
    for (material, origin, _to, year, stream), amount in books.shipped.items():
        result.add((origin, material, year, stream), amount)
    return result


def shipped_to(books: Books) -> Amounts[Place]:
    result: Amounts[Place] = Amounts()
    for (material, _from, to, year, stream), amount in books.shipped.items():
        result.add((to, material, year, stream), amount)
    return result


def made_covers_shipped(data: PlanData, books: Books) -> Iterator[Check]:
    there, gone = made(data, books), shipped_from(books)
    for place in _keys(there, gone):
        yield at_most(_at(place), "shipped", gone[place], there[place], TONNES)


def used_is_what_arrives(data: PlanData, books: Books) -> Iterator[Check]:
    arrived, gone = shipped_to(books), used(data, books)
    for place in _keys(arrived, gone):
        yield equal(_at(place), "used, as it arrives,", gone[place], arrived[place], TONNES)


def balance_table(data: PlanData, books: Books) -> Iterator[Check]:
    there, gone = made(data, books), shipped_from(books)
    rows = {(r["region"], r["material"], r["year"], r["stream"]): r for r in books.rows("balance")}
    for place in _keys(there, gone, rows):
        row = rows.get(place, {})
        left = there[place] - gone[place]
        yield equal(_at(place), "made_t", row.get("made_t", 0.0), there[place], TONNES)
        yield equal(_at(place), "shipped_t", row.get("shipped_t", 0.0), gone[place], TONNES)
        yield equal(_at(place), "discarded_t", row.get("discarded_t", 0.0), left, TONNES, there[place])


def returns_table(data: PlanData, books: Books) -> Iterator[Check]:
    expected = returned(data, books)
    found: Amounts[Place] = Amounts()
    for row in books.rows("returns"):
        found.add((row["region"], row["material"], row["year"], row["stream"]), row["t"])
    for place in _keys(expected, found):
        yield equal(_at(place), "scrap that comes back", found[place], expected[place], TONNES)


def intake(data: PlanData, books: Books) -> Iterator[Check]:
    """(3)"""
    clean, other = clean_mode(data, books), other_intake(data, books)
    found: Amounts[tuple[str, str, int]] = Amounts()
    mixed: Amounts[tuple[str, str, int]] = Amounts()
    for row in books.rows("intake"):
        place = row["region"], row["material"], row["year"]
        found.add(place, row["clean_mode_t"])
        mixed.add(place, row["mixed_clean_t"] + row["mixed_exposed_t"])
    for place in _keys(clean, other, found, mixed):
        where = f"{place[0]}/{place[1]} {place[2]}"
        yield equal(where, "clean-mode intake", found[place], clean[place], TONNES)
        yield equal(where, "mixed intake", mixed[place], other[place], TONNES)


def colour(data: PlanData, books: Books) -> Iterator[Check]:
    """Which stream a unit or a market may make."""
    for (name, year, stream), act in books.act.items():
        if stream not in _streams(data, data.units[name]):
            yield at_most(f"{name} {year}", f"{stream} activity", act, 0.0, TONNES)
    for (name, year, stream), bought in books.traded.items():
        market = data.markets[name]
        if market.buys and market.exposed != (stream == EXPOSED):
            yield at_most(f"{name} {year}", f"{stream} purchases", bought, 0.0, TONNES)


def _streams(data: PlanData, unit: Unit) -> tuple[str, ...]:
    if unit.of_concern:
        return (EXPOSED,)
    has_inputs = any(g < 0 for g in unit.recipe.values())
    return STREAMS if data.provenance and has_inputs else (CLEAN,)


def whole_plants(data: PlanData, books: Books) -> Iterator[Check]:
    for unit in data.units.values():
        if unit.whole_plant and len(_streams(data, unit)) > 1:
            for year in data.years:
                lesser = min(books.act[unit.name, year, k] for k in STREAMS)
                yield at_most(f"{unit.name} {year}", "activity beside the other stream", lesser, 0.0, TONNES)


def lanes(data: PlanData, books: Books) -> Iterator[Check]:
    loads: Amounts[tuple[str, str, str, int]] = Amounts()
    for (material, origin, to, year, _stream), amount in books.shipped.items():
        loads.add((material, origin, to, year), amount)
    for (material, origin, to, year), load in loads.items():
        where = f"{material} {origin} to {to} {year}"
        lane = data.lanes.get((material, origin, to))
        if lane is None:
            yield at_most(where, "shipments without an open lane", load, 0.0, TONNES)
        else:
            capacity = limit(lane.capacity, year)
            yield at_most(where, "shipments", load, load if capacity is None else capacity, TONNES)


def freight_table(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("flows"):
        key = row["material"], row["from_region"], row["to_region"]
        if key in data.lanes:
            freight, tariff = lane_rates(data, *key, row["year"])
            where = f"{key[0]} {key[1]} to {key[2]} {row['year']} {row['stream']}"
            yield equal(where, "freight", row["freight_musd"], freight * row["t"], MUSD)
            yield equal(where, "tariff", row["tariff_musd"], tariff * row["t"], MUSD)


def lane_rates(data: PlanData, material: str, origin: str, to: str, year: int) -> tuple[float, float]:
    """Freight and tariff of an open lane, MUSD/t."""
    lane = data.lanes[material, origin, to]
    rate = lane.tariff[time_of(year)]
    return lane.freight, rate * data.price_of(material, origin, time_of(year)) if rate else 0.0


def demand(data: PlanData, books: Books) -> Iterator[Check]:
    avoided = _avoided(data, books)
    for need, series in data.demand.items():
        for year in data.years:
            at = (*need, year)
            met = sum(books.delivered[(*at, k)] for k in STREAMS) + avoided[at] + books.short[at]
            yield equal(_need(at), "delivered, avoided and short", met, series[time_of(year)], TONNES)


def service(data: PlanData, books: Books) -> Iterator[Check]:
    for need, series in data.demand.items():
        for year in data.years:
            most = (1 - data.sectors[need[1]].min_service_share) * series[time_of(year)]
            yield at_most(
                _need((*need, year)), "shortage", books.short[(*need, year)], most, TONNES, series[time_of(year)]
            )


def demand_table(data: PlanData, books: Books) -> Iterator[Check]:
    avoided = _avoided(data, books)
    for row in books.rows("demand"):
        at = row["region"], row["sector"], row["material"], row["year"]
        series = data.demand.get(at[:3])
        yield equal(_need(at), "demand_t", row["demand_t"], series[time_of(at[3])] if series else 0.0, TONNES)
        yield equal(_need(at), "substituted_t", row["substituted_t"], avoided[at], TONNES)


def substitution(data: PlanData, books: Books) -> Iterator[Check]:
    for (name, region, year), amount in books.avoided.items():
        option = data.substitution[name]
        series = data.demand.get((region, option.sector, option.material))
        most = option.share[time_of(year)] * series[time_of(year)] if series else 0.0
        yield at_most(f"{name} {region} {year}", "demand avoided", amount, most, TONNES)
    for row in books.rows("substitution"):
        cost = data.substitution[row["option"]].cost * row["t"]
        yield equal(f"{row['option']} {row['region']} {row['year']}", "cost", row["cost_musd"], cost, MUSD)


def _avoided(data: PlanData, books: Books) -> Amounts[tuple[str, str, str, int]]:
    result: Amounts[tuple[str, str, str, int]] = Amounts()
    for (name, region, year), amount in books.avoided.items():
        option = data.substitution[name]
        result.add((region, option.sector, option.material, year), amount)
    return result


def markets(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), third line: volumes, and purchases without a contract."""
    taken: Amounts[tuple[str, int]] = Amounts()
    for signing in books.signings:
        for year in data.years:
            taken.add((signing.contract.supplier, year), books.taken[(*signing.key, year)])
    for market in data.markets.values():
        for year in data.years:
            where, amount = f"{market.name} {year}", books.volume(market.name, year)
            volume = limit(market.volume, year)
            if volume is not None:
                yield at_most(where, "volume", amount, volume, TONNES)
            if market.buys and (volume is not None or market.spot_share == 0):
                spot = market.spot_share * (volume or 0.0)
                yield at_most(where, "purchases, spot and contracts,", amount, spot + taken[market.name, year], TONNES)


def market_prices(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("markets"):
        market, year = data.markets[row["market"]], row["year"]
        price = data.price_of(market.material, market.region, time_of(year)) * (1 + market.premium_share) / MUSD_PER_T
        yield equal(f"{market.name} {year}", "price", row["price_usd_per_kg"], price, USD_PER_KG)


def _keys(*mappings: Mapping[K, object]) -> list[K]:
    """Keys of any, in a fixed order."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _at(place: Place) -> str:
    return f"{place[0]}/{place[1]} {place[2]} {place[3]}"


def _need(at: tuple[str, str, str, int]) -> str:
    return f"{at[0]}/{at[1]}/{at[2]} {at[3]}"


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
    Rule("(4) demand", "Each demand is delivered, designed out or short.", TONNES, demand),
    Rule("(4) service", "No sector is shorter than its least service allows.", TONNES, service),
    Rule("(4) demand table", "Demand and what is designed out are reported right.", TONNES, demand_table),
    Rule("(4) substitution", "No more demand is designed out than can be, at its cost.", TONNES, substitution),
    Rule("(5) markets", "Purchases and sales keep within volumes, spot shares and contracts.", TONNES, markets),
    Rule("market prices", "Markets are paid the price with their premium.", USD_PER_KG, market_prices),
)
