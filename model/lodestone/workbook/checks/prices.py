"""Prices and volumes that are needed, and recipes that lose money by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import (
    cell_of,
    cell_of_process,
    horizon_of,
    paid_at_market,
    problem_at,
    recipes_of,
    rounded,
    supplier_of,
    units_of,
)
from lodestone.workbook.reading.cells import BLANK
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Lane, Record, Tables


def sell_market_without_volume(tables: Tables) -> Iterator[Problem]:
    """A market that would buy without end."""
    for market in tables.rows("Markets"):
        if market["side"] == "sell" and _without_volume(market):
            cell = next((cell for name, cell in market.cells.items() if isinstance(name, int)), cell_of(market, "side"))
            yield Problem(
                cell,
                BLANK,
                f"{market.key[0]} is a sell market without a volume",
                "enter in the year columns the largest volume that it takes, in t/yr",
            )


def _without_volume(market: Record) -> bool:
    return market.years is None or None in market.years.values() or None in market.months.values()


def price_missing(tables: Tables) -> Iterator[Problem]:
    """A price is needed wherever money is reckoned at market prices; told once for each material and sheet."""
    priced = set(tables.records["Prices"])
    known = {material for material, _ in priced}
    everywhere = {material for material, region in priced if region == ANY}
    missing = {material for (material,) in tables.records["Materials"] if material not in everywhere}
    if not missing:
        return
    told: set[tuple[str, ...]] = set()
    for material, region, sheet, cell, use in _uses_of_prices(tables, missing):
        there = f" in {region}" if material in known else ""
        if (material, region) not in priced and (material, sheet, there) not in told:
            told.add((material, sheet, there))
            row = f"a row for {material}, with the region {region} or *," if there else f"a row for {material}"
            yield Problem(cell, material, f"{material} has no price{there}, but {use}", f"add {row} to Prices")


def _uses_of_prices(tables: Tables, materials: set[str]) -> Iterator[tuple[str, str, str, str, str]]:
    """(material, region, sheet, cell, use in words) for these materials."""
    for sheet, use in (
        ("Markets", "is bought or sold here"),
        ("Stockpiles", "is stocked here"),
        ("Contracts", "is under contract here"),
    ):
        for row in tables.rows(sheet):
            at = supplier_of(tables, row) if sheet == "Contracts" else row
            if row["material"] in materials and at is not None and at["region"] is not None:
                yield row["material"], at["region"], sheet, cell_of(row, "material"), use
    paid: dict[str, list[Record]] = defaultdict(list)
    for unit in units_of(tables):
        if paid_at_market(unit) and unit["region"] is not None:
            paid[unit["process"]].append(unit)
    for row in tables.rows("Processes"):
        for unit in paid[row["process"]] if row["material"] in materials and row["process"] in paid else ():
            yield (
                row["material"],
                unit["region"],
                "Processes",
                cell_of(row, "material"),
                f"is in the recipe of {unit.key[0]}, which is paid the value that it adds",
            )
    for lane in tables.lanes.values():
        if lane.material in materials and lane.open and taxed(tables, lane):
            cell = lane.tariff_cells.get("material", "Tariffs")
            use = f"is taxed from {lane.from_region} to {lane.to_region}"
            yield lane.material, lane.from_region, "Tariffs", cell, use


def taxed(tables: Tables, lane: Lane) -> bool:
    """Whether a lane has a tariff in some year planned."""
    rates = (*(lane.tariff.get(year) for year in horizon_of(tables)), *lane.tariff_months.values())
    return any(rates) or lane.min_price_usd_per_kg is not None


def value_added_negative(tables: Tables) -> Iterator[Problem]:
    """A recipe paid at market whose inputs cost more than its outputs bring; told once, with its worst year."""
    recipes = recipes_of(tables)
    paid: dict[str, set[str]] = defaultdict(set)
    for unit in units_of(tables):
        if paid_at_market(unit):
            paid[unit["process"]].add(unit["region"])
    for process in (name for name in recipes if name in paid):
        several = any(price_row(tables, m, r).key[1] != ANY for m in recipes[process] for r in paid[process])
        value, worst, region = min(
            (_value_added(tables, recipes[process], region, year), year, region)
            for year in horizon_of(tables)
            for region in paid[process]
        )
        if value < 0:
            there = f" in {region}" if several else ""
            yield Problem(
                cell_of_process(tables, process),
                process,
                f"at market prices{there} this process adds a negative value ({rounded(value)} USD/kg in {worst})",
                "check the recipe and the prices of its materials",
            )


def _priced(tables: Tables, row: Record) -> Record | None:
    """The row of Prices for the material and region of a row, if there is one."""
    prices = tables.records["Prices"]
    return prices.get((row["material"], row["region"])) or prices.get((row["material"], ANY))


def price_row(tables: Tables, material: str, region: str) -> Record:
    """The row of Prices that names the region, else that of all regions. Raises KeyError where there is none."""
    prices = tables.records["Prices"]
    return prices.get((material, region)) or prices[material, ANY]


def _value_added(tables: Tables, recipe: Mapping[str, float], region: str, year: int) -> float:
    """USD per kg of capacity used."""
    prices = {material: price_row(tables, material, region).years or {} for material in recipe}
    return sum(g * (prices[material][year] or 0.0) for material, g in recipe.items())


def shortage_cheaper_than_price(tables: Tables) -> Iterator[Problem]:
    """Where going short costs less than the material, nothing is bought; told once for a sector, at its dearest."""
    horizon = horizon_of(tables)
    for sector in tables.rows("Sectors"):
        prices = [
            (price, -year, row["material"])
            for row in tables.rows("Demand")
            if row["sector"] == sector["sector"] and (priced := _priced(tables, row)) is not None
            for year in horizon
            if (row.years or {}).get(year) and (price := (priced.years or {}).get(year)) is not None
        ]
        dearest = max(prices, default=None)
        if dearest is not None and dearest[0] > sector["shortage_cost_usd_per_kg"]:
            price, year, material = dearest
            yield problem_at(
                sector,
                "shortage_cost_usd_per_kg",
                f"to go short is cheaper than to buy: {material} costs {rounded(price)} USD/kg in {-year}",
                "enter what a missing kg costs the sector, far above the price",
            )
