"""Prices and volumes that are needed, and recipes that lose money by them."""

from __future__ import annotations

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
    units_of,
)
from lodestone.workbook.reading.cells import BLANK
from lodestone.workbook.tables import Tables


def sell_market_without_volume(tables: Tables) -> Iterator[Problem]:
    for market in tables.rows("Markets"):
        if market["side"] == "sell" and (market.years is None or None in market.years.values()):
            cell = next((cell for name, cell in market.cells.items() if isinstance(name, int)), cell_of(market, "side"))
            yield Problem(
                cell,
                BLANK,
                f"{market.key[0]} is a sell market without a volume",
                "enter in the year columns the largest volume that it takes, in t/yr",
            )


def price_missing(tables: Tables) -> Iterator[Problem]:
    """A price is needed wherever money is reckoned at market prices; told once for each material and sheet."""
    priced = {material for (material,) in tables.records["Prices"]}
    missing = [material for (material,) in tables.records["Materials"] if material not in priced]
    if not missing:
        return
    told: set[tuple[str, str]] = set()
    for material, sheet, cell, use in _uses_of_prices(tables, set(missing)):
        if (material, sheet) not in told:
            told.add((material, sheet))
            yield Problem(cell, material, f"{material} has no price, but {use}", f"add a row for {material} to Prices")


def _uses_of_prices(tables: Tables, materials: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """(material, sheet, cell, use in words) for these materials."""
    for sheet, use in (
        ("Markets", "is bought or sold here"),
        ("Stockpiles", "is stocked here"),
        ("Contracts", "is under contract here"),
    ):
        for row in tables.rows(sheet):
            if row["material"] in materials:
                yield row["material"], sheet, cell_of(row, "material"), use
    paid = {unit["process"]: unit for unit in reversed(units_of(tables)) if paid_at_market(unit)}
    for row in tables.rows("Processes"):
        if row["material"] in materials and row["process"] in paid:
            unit = paid[row["process"]]
            yield (
                row["material"],
                "Processes",
                cell_of(row, "material"),
                f"is in the recipe of {unit.key[0]}, which is paid the value that it adds",
            )
    horizon = horizon_of(tables)
    for lane in tables.lanes.values():
        if lane.material in materials and lane.open and any(lane.tariff.get(year) for year in horizon):
            cell = lane.tariff_cells.get("material", "Tariffs")
            yield lane.material, "Tariffs", cell, f"is taxed from {lane.from_region} to {lane.to_region}"


def value_added_negative(tables: Tables) -> Iterator[Problem]:
    """A recipe paid at market whose inputs cost more than its outputs bring; told once, with its worst year."""
    recipes = recipes_of(tables)
    paid = {unit["process"] for unit in units_of(tables) if paid_at_market(unit)}
    for process in (name for name in recipes if name in paid):
        value, worst = min((_value_added(tables, recipes[process], year), year) for year in horizon_of(tables))
        if value < 0:
            yield Problem(
                cell_of_process(tables, process),
                process,
                f"at market prices this process adds a negative value ({rounded(value)} USD/kg in {worst})",
                "check the recipe and the prices of its materials",
            )


def _value_added(tables: Tables, recipe: Mapping[str, float], year: int) -> float:
    """USD per kg of capacity used."""
    prices = {material: tables.records["Prices"][material,].years or {} for material in recipe}
    return sum(g * (prices[material][year] or 0.0) for material, g in recipe.items())


def shortage_cheaper_than_price(tables: Tables) -> Iterator[Problem]:
    """Where going short costs less than the material, nothing is bought; told once for a sector, at its dearest."""
    horizon = horizon_of(tables)
    for sector in tables.rows("Sectors"):
        prices = [
            (price, -year, row["material"])
            for row in tables.rows("Demand")
            if row["sector"] == sector["sector"] and (row["material"],) in tables.records["Prices"]
            for year in horizon
            if (row.years or {}).get(year)
            and (price := (tables.records["Prices"][row["material"],].years or {}).get(year)) is not None
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
