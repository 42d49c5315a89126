"""Sectors of the GAMS library in one year: recipes, shared machines, imports."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance
from benchmarks.published.steel import recipes_of


def fertilizer(instance: Instance) -> Iterator[Case]:
    """ferts. Quantities are thousand t, money thousand pounds."""
    data = instance.data
    book = Book(tonnes=1, musd=0.001)
    recipes = recipes_of(data["process_coefficients"])
    everything = sum(sum(demand.values()) for demand in data["demand"].values())
    for plant in data["plants"]:
        for unit, processes in data["unit_processes"].items():
            capacity = data["capacity"][unit].get(plant)
            if capacity is None:
                continue
            book.plant(f"unit {unit} {plant}", f"plant {plant}", {f"{unit} time": 1}, data["utilization"] * capacity)
            for process in processes:
                if process in data["processes_at_plant"][plant]:
                    recipe = recipes[process] | {f"{unit} time": -1.0}
                    book.plant(f"{process} {plant}", f"plant {plant}", recipe, capacity)
    prices: dict[str, dict[str, float]] = {}
    for plant, bought in data["domestic_price"].items():
        for material, price in bought.items():
            prices.setdefault(material, {})[plant] = price
    for material, price in data["import_price_usd_raw"].items():
        for plant in data["plants"]:
            landed = data["exchange_rate"] * price + data["transport"]["raw_import"][plant]
            prices.setdefault(material, {})[plant] = landed
    for material, by_plant in prices.items():
        dearest = max(by_plant.values())
        book.price(material, dearest)
        for plant, price in by_plant.items():
            book.buy(f"{material} {plant}", f"plant {plant}", material, premium=price / dearest - 1)
    for material in data["final"]:
        book.price(material, data["exchange_rate"] * data["import_price_usd_final"][material])
        book.buy(f"import {material}", "port", material, everything)
        for plant in data["plants"]:
            for region, cost in data["transport"]["plant_region"][plant].items():
                book.lane(f"plant {plant}", f"region {region}", material, cost)
        for region, cost in data["transport"]["import_region"].items():
            book.lane("port", f"region {region}", material, cost)
            book.demand(f"region {region}", material, data["demand"][region].get(material, 0.0))
    yield Case(instance.name, instance.references[0], book, "time on units as a material; raw material prices by plant")


def paper_machines(instance: Instance) -> Iterator[Case]:
    """ajax. Sales are fixed, so that their revenue is a constant."""
    data = instance.data
    book = Book(musd=0.001)
    for i, hours in enumerate(data["hours"]):
        book.plant(f"machine {i + 1}", "mill", {f"hours {i + 1}": 1}, hours)
    for grade, terms in data["grades"].items():
        for i, (rate, cost) in enumerate(zip(terms["rate"], terms["cost"], strict=True)):
            recipe = {f"hours {i + 1}": -1 / rate, grade: 1.0}
            book.plant(f"{grade} {i + 1}", "mill", recipe, rate * data["hours"][i], cost)
        book.demand("mill", grade, terms["demand"])
    revenue = sum(terms["demand"] * terms["price"] for terms in data["grades"].values())
    how = "machine hours as a material; revenue of the fixed sales is a constant"
    yield Case(instance.name, instance.references[0], book, how, maximise=True, constant=revenue)


def paper_company(instance: Instance) -> Iterator[Case]:
    """paperco: logs, wood, pulp, paper. The least sales are demand, what goes beyond is sold."""
    data = instance.data
    book = Book(musd=1)
    site = "mill"
    plenty = 10 * sum(paper["max"] for paper in data["papers"].values())
    book.price("logs", data["log_price"])
    book.buy("forest", site, "logs")
    for wood, cost in data["wood_preparation_cost"].items():
        book.plant(f"prepare {wood}", site, {"logs": -1 / data["wood_yield"], wood: 1.0}, plenty, cost)
    for pulp, shares in data["wood_share_in_pulp"].items():
        recipe = {wood: -share for wood, share in shares.items()} | {pulp: 1.0}
        book.plant(f"make {pulp}", site, recipe, plenty, data["pulping_cost_per_wood"][pulp])
        book.price(pulp, data["pulp_price"][pulp])
        book.buy(f"buy {pulp}", site, pulp, data["pulp_trade_limit"][pulp])
        book.sell(f"sell {pulp}", site, pulp, data["pulp_trade_limit"][pulp])
    revenue = 0.0
    for paper, terms in data["papers"].items():
        shares = data["pulp_share_in_paper"][paper]
        cost = sum(share * data["paper_making_cost_per_pulp"][pulp][paper] for pulp, share in shares.items())
        book.plant(f"make {paper}", site, {pulp: -share for pulp, share in shares.items()} | {paper: 1.0}, plenty, cost)
        book.price(paper, terms["price"])
        book.demand(site, paper, terms["min"])
        book.sell(f"sell {paper}", site, paper, terms["max"] - terms["min"])
        revenue += terms["min"] * terms["price"]
    how = "recipes of three stages; least sales as demand (their revenue a constant), the rest as sales"
    yield Case(instance.name, instance.references[0], book, how, maximise=True, constant=revenue)
