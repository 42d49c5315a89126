"""Mexican steel (Kendrick, Meeraus, Alatorre): one year with given capacity, and five periods with expansion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance
from benchmarks.published.periods import only

Recipes = dict[str, dict[str, float]]


def recipes_of(coefficients: Mapping[str, Mapping[str, float]]) -> Recipes:
    """Coefficients by material and process, turned round."""
    recipes: Recipes = {}
    for material, uses in coefficients.items():
        for process, amount in uses.items():
            recipes.setdefault(process, {})[material] = amount
    return recipes


def one_year(instance: Instance) -> Iterator[Case]:
    """mexss. Quantities are million t, money million dollars."""
    data = instance.data
    book = Book(tonnes=1000, musd=1)
    recipes = recipes_of(data["process_coefficients"])
    for material, price in data["purchase_price"].items():
        book.price(material, price)
        for plant in data["plants"]:
            book.buy(f"{material} {plant}", plant, material)
    for unit, capacities in data["capacity"].items():
        (process,) = data["unit_use"][unit]
        for plant, capacity in capacities.items():
            book.plant(f"{unit} {plant}", plant, recipes[process], capacity)
    _steel_trade(book, data, data["export_limit"], data["transport"]["export"])
    for market, demand in data["demand"].items():
        book.demand(market, "steel", demand)
    yield Case(instance.name, instance.references[0], book, "a plant a furnace; raw material and trade as markets")


def five_periods(instance: Instance) -> Iterator[Case]:
    """mexsd, which is MIPLIB misc06. The recovery charges of later periods are paid at once when capacity is added."""
    data = instance.data
    weights = [data["objective_weight"][period] for period in data["periods"]]
    periods = len(weights)
    book = Book(periods, discount_rate=weights[0] / weights[1] - 1, tonnes=1000, musd=1)
    recipes = recipes_of(data["process_coefficients"])
    for plant in data["plants"]:
        book.plant(f"iron of {plant}", plant, {"iron allowance": 1}, data["iron_limit_per_plant_period"])
        for unit, uses in data["unit_use"].items():
            present = data["capacity"][unit].get(plant, 0.0)
            if present:
                book.plant(f"{unit} {plant}", plant, {f"{unit} time": 1}, present)
            if unit in data["expandable_units"]:
                _expansion(book, data, plant, unit, weights)
            elif not present:
                continue
            for process, time in uses.items():
                recipe = recipes[process] | {f"{unit} time": -time}
                if process in ("pig-iron", "sponge"):
                    recipe["iron allowance"] = -1.0
                book.plant(f"{process} {plant}", plant, recipe, data["iron_limit_per_plant_period"])
    _raw_material(book, data)
    _mines(book, data)
    _steel_trade(book, data, data["export_limit_per_period"], data["transport"]["export_and_raw_import"])
    for origin, freights in data["transport"]["plant_plant_sponge"].items():
        for to, freight in freights.items():
            book.lane(origin, to, "sponge", freight)
    for market in data["markets"]:
        book.demand(market, "steel", [data["demand"][period][market] for period in data["periods"]])
    how = (
        "a charge to expand as a public project, its size as plants of one period; capacity added is used, given back "
        "and kept in a stockpile; mine steps as stockpiles"
    )
    yield Case(instance.name, instance.references[0], book, how, weight=weights[0])


def _steel_trade(book: Book, data: Mapping[str, Any], limit: float, to_port: Mapping[str, float]) -> None:
    imported, exported = data["import_price"]["steel"], data["export_price"]["steel"]
    book.price("steel", imported)
    book.buy("imports", "abroad", "steel")
    book.sell("exports", "port", "steel", limit, premium=exported / imported - 1)
    for plant in data["plants"]:
        book.lane(plant, "port", "steel", to_port[plant])
        for market, freight in data["transport"]["plant_market"][plant].items():
            book.lane(plant, market, "steel", freight)
    for market, freight in data["transport"]["import_market"].items():
        book.lane("abroad", market, "steel", freight)


def _expansion(book: Book, data: Mapping[str, Any], plant: str, unit: str, weights: Sequence[float]) -> None:
    """Fixed charge plus a convex cost of size, in each expansion period; what is added stays."""
    points, site = data["investment_points"][unit], data["site_factor"][plant]
    periods, largest = len(weights), points[-1]["size"]
    first = periods - len(data["expansion_periods"]) + 1
    for t in range(first, periods + 1):
        charge = site * data["capital_recovery_factor"] * sum(weights[t - 1 :]) / weights[t - 1]
        new = f"new {unit} {t}"
        permit = f"permit {unit}"
        book.project(f"expand {unit} {plant} {t}", plant, {permit: 1.0}, largest, points[0]["cost"] * charge, period=t)
        for low, high in pairwise(points):
            size = high["size"] - low["size"]
            slope = (high["cost"] - low["cost"]) / size
            recipe = {permit: -1.0, new: 1.0}
            name = f"{unit} {plant} {t} up to {high['size']:g}"
            book.plant(name, plant, recipe, only(t, size, periods), slope * charge)
        use = {new: -1.0, f"{unit} time": 1.0} | ({f"new {unit} {t + 1}": 1.0} if t < periods else {})
        most = largest * (t - first + 1)
        book.plant(f"use new {unit} {plant} {t}", plant, use, only(t, most, periods))
        if t > first:
            book.stock(f"new {unit} {plant} {t}", plant, new, largest * periods)
        if plant == data["plants"][0]:
            book.price(new, 0)


def _raw_material(book: Book, data: Mapping[str, Any]) -> None:
    """Bought at each plant at a price by period, the first plant's with a premium; coke and pellets from abroad."""
    prices, first = [data["purchase_price"][period] for period in data["periods"]], data["plants"][0]
    for material in data["commodities"]["purchased"]:
        at_first = [by_plant[first][material] for by_plant in prices]
        book.price(material, at_first)
        for plant in data["plants"]:
            shares = [by_plant[plant][material] / p for by_plant, p in zip(prices, at_first, strict=True)]
            if max(shares) - min(shares) > 1e-12:
                raise ValueError(f"{material}: the premium of {plant} changes over the periods")
            book.buy(f"{material} {plant}", plant, material, premium=shares[0] - 1)
    for material in data["commodities"]["importable_raw"]:
        book.price(material, data["import_price"][material])
        book.buy(f"import {material}", "abroad", material)
        for plant in data["plants"]:
            book.lane("abroad", plant, material, data["transport"]["export_and_raw_import"][plant])


def _mines(book: Book, data: Mapping[str, Any]) -> None:
    """A step of a mine is a stock in the ground, and a plant that digs it at its cost."""
    for key, steps in data["mining_steps"].items():
        material, mine = key.split("@")
        for i, step in enumerate(steps, 1):
            ground, amount = f"{material} in step {i}", step["stock_mill_tons"] / data["mining_stock_divisor"]
            book.stock(f"{mine} step {i}", mine, ground, amount, opening=amount)
            book.plant(f"dig {mine} step {i}", mine, {ground: -1.0, material: 1.0}, amount, step["price"])
        for plant, freight in data["transport"]["mine_plant"][mine].items():
            book.lane(mine, plant, material, freight)
    for material in dict.fromkeys(key.split("@")[0] for key in data["mining_steps"]):
        for i in range(1, 1 + max(len(steps) for steps in data["mining_steps"].values())):
            book.price(f"{material} in step {i}", 0)
