"""Stochastic programmes: what is decided in the first period must do for every future of the second.

One of the instance's scenarios is the base (the middle one where there is one); the others change it from the period
in which they show themselves. What is decided first and used later is a stocked material.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance

FIRST, SECOND = 1, 2
SITE = "site"
GOODS = "goods"


def _base_and_others(scenarios: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], dict[str, Mapping[str, Any]]]:
    """The middle scenario, and the others by name."""
    middle = len(scenarios) // 2
    return scenarios[middle], {f"s{i + 1}": s for i, s in enumerate(scenarios) if i != middle}


def sites(instance: Instance) -> Iterator[Case]:
    """Sites opened before demand is known."""
    data = instance.data
    names = list(data["scenarios"])
    base = data["scenarios"][names[len(names) // 2]]
    book = Book(2, musd=1e-6)
    for name, site in data["facilities"].items():
        book.project(f"open {name}", name, {GOODS: 1.0}, site["capacity"], site["fixed_cost"], life=2, period=FIRST)
        for customer, cost in zip(data["customers"], data["unit_cost"][name], strict=True):
            book.lane(name, customer, GOODS, cost)
    for customer, amount in zip(data["customers"], base["demand"], strict=True):
        book.demand(customer, GOODS, [0.0, amount])
    for name, scenario in data["scenarios"].items():
        if scenario is not base:
            book.scenario(name, scenario["probability"], SECOND)
            for customer, amount in zip(data["customers"], scenario["demand"], strict=True):
                book.demand_in(name, SECOND, customer, GOODS, amount)
    how = "sites as public projects of the first year, demand of the second by scenario"
    yield Case(instance.name, instance.references[0], book, how, joint="objective")


def farmer(instance: Instance) -> Iterator[Case]:
    """Land is sown in the first year; a field is harvested by the plant of the yield that comes true."""
    data = instance.data
    base, others = _base_and_others(data["scenarios"])
    how = "sown fields as stocked material, a harvest plant a crop and yield, of which scenarios open one"
    figures = ("objective", "known", "evpi", "vss")
    for figure, reference in zip(figures, instance.references, strict=True):
        book = Book(2, musd=1e-6)
        acres = data["acres"]
        book.plant("land", SITE, {"land": 1.0}, [acres, 0])
        for name, scenario in others.items():
            book.scenario(name, scenario["probability"], SECOND)
        for crop, terms in data["crops"].items():
            field = f"field of {crop}"
            book.plant(f"sow {crop}", SITE, {"land": -1.0, field: 1.0}, [acres, 0], terms["planting_cost"])
            book.price(field, 0)
            book.stock(field, SITE, field, acres)
            for name, scenario in {"base": base, **others}.items():
                harvest = f"harvest {crop} {name}"
                grown = {field: -1.0, crop: terms["mean_yield"] * scenario["yield_factor"]}
                book.plant(harvest, SITE, grown, [0, acres if name == "base" else 0])
                if name != "base":
                    book.plant_in(name, SECOND, f"harvest {crop} base", 0)
                    book.plant_in(name, SECOND, harvest, acres)
            _crop_markets(book, crop, terms, 10 * acres * terms["mean_yield"])
        yield Case(instance.name, reference, book, how, variant=figure, joint=figure)  # type: ignore[arg-type]


def _crop_markets(book: Book, crop: str, terms: Mapping[str, Any], plenty: float) -> None:
    if "buy" in terms:
        book.price(crop, terms["buy"])
        book.buy(f"buy {crop}", SITE, crop, [0, plenty])
        book.sell(f"sell {crop}", SITE, crop, [0, plenty], premium=terms["sell"] / terms["buy"] - 1)
        book.demand(SITE, crop, [0, terms["need"]])
    else:
        first, beyond = terms["sell_first"], terms["sell_beyond"]
        book.price(crop, first)
        book.sell(f"quota of {crop}", SITE, crop, [0, terms["quota"]])
        book.sell(f"more {crop}", SITE, crop, [0, plenty], premium=beyond / first - 1)


def furniture(instance: Instance) -> Iterator[Case]:
    """Resources are bought before it is known what will be asked for."""
    data = instance.data
    base, others = _base_and_others(data["scenarios"])
    book = Book(2, musd=1e-6)
    for resource, terms in data["resources"].items():
        most = data["purchase_budget_per_resource"]
        book.price(resource, terms["cost"])
        book.buy(f"buy {resource}", SITE, resource, [most, 0])
        book.stock(f"stock of {resource}", SITE, resource, most)
    for j, (item, price) in enumerate(zip(data["products"], data["price"], strict=True)):
        use = {resource: -terms["use"][j] for resource, terms in data["resources"].items()}
        book.plant(f"make {item}", SITE, use | {item: 1.0}, [0, max(s["demand"][j] for s in data["scenarios"])])
        book.price(item, price)
        book.sell(f"sell {item}", SITE, item, [0, base["demand"][j]])
    book.demand(SITE, data["products"][0], 0)
    for name, scenario in others.items():
        book.scenario(name, scenario["probability"], SECOND)
        for item, amount in zip(data["products"], scenario["demand"], strict=True):
            book.market_in(name, SECOND, f"sell {item}", amount)
    how = "resources bought and stocked in the first year, sales of the second limited by scenario"
    yield Case(instance.name, instance.references[0], book, how, maximise=True, joint="objective")


def power_plants(instance: Instance) -> Iterator[Case]:
    """Capacity of any size is bought before demand is known: stocked, and used up in the one year of operation.

    The least total capacity is a demand for certificates, of which each unit of capacity brings one; the money for
    capacity is a budget for stockpiles, capacity having its cost as price.
    """
    data = instance.data
    scenarios = data["scenarios"] if "scenarios" in data else list(_combined(data["demand_distribution"]))
    base, others = _base_and_others(scenarios)
    most = [max(s["demand"][j] for s in scenarios) for j in range(len(base["demand"]))]
    plenty = 2 * sum(most) + data["min_total_capacity"]
    book = Book(2, musd=1000.0)
    book.demand(SITE, "certificate", [data["min_total_capacity"], 0])
    book.budget("capacity", "stockpile", [data["budget"], 0])
    for i, (technology, cost) in enumerate(zip(data["technologies"], data["investment_cost"], strict=True)):
        power = f"power of {technology}"
        book.price(power, cost)
        book.plant(f"invest in {technology}", SITE, {power: 1.0, "certificate": 1.0}, [plenty, 0], cost)
        book.stock(technology, SITE, power, plenty)
        for j, operating in enumerate(data["operating_cost"][i]):
            book.plant(f"{technology} mode {j + 1}", SITE, {power: -1.0, f"mode {j + 1}": 1.0}, [0, plenty], operating)
        if "emergency_capacity_cost" in data:
            emergency = data["emergency_capacity_cost"]
            book.plant(f"emergency {technology}", SITE, {power: 1.0}, [0, plenty], emergency)
    for j, amount in enumerate(base["demand"]):
        book.demand(SITE, f"mode {j + 1}", [0.0, amount])
    for name, scenario in others.items():
        book.scenario(name, scenario["probability"], SECOND)
        for j, amount in enumerate(scenario["demand"]):
            if amount != base["demand"][j]:
                book.demand_in(name, SECOND, SITE, f"mode {j + 1}", amount)
    how = "capacity as stocked material, least capacity as certificates in demand, money as a stockpile budget"
    yield Case(instance.name, instance.references[0], book, how, joint="objective")


def _combined(distributions: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Independent demands in every combination."""
    for draw in product(*(d["value_probability"] for d in distributions)):
        yield {"probability": prod(p for _, p in draw), "demand": [value for value, _ in draw]}


def raw_materials(instance: Instance) -> Iterator[Case]:
    """kand. Both purchases are made before any demand is known, so that the second branching shares no decision."""
    data = instance.data
    futures = [
        {"probability": first["probability"] * second["probability"], "demand": [first["demand"], second["demand"]]}
        for first in data["tree"]
        for second in first["children"]
    ]
    base, others = _base_and_others(futures)
    limit, plenty = data["total_purchase_limit"], 10 * max(data["tree"][0]["demand"])
    book = Book(3)
    book.plant("tickets", SITE, {"ticket": 1.0}, [limit, 0, 0])
    for i, raw in enumerate(data["raw"]):
        made = {item: float(data["yield"][j][i]) for j, item in enumerate(data["products"])}
        for t in (1, 2):
            kept = f"{raw} for {t}"
            book.plant(f"buy {kept}", SITE, {"ticket": -1.0, kept: 1.0}, [limit, 0, 0], data["cost"][i])
            book.price(kept, 0)
            book.stock(kept, SITE, kept, limit)
            book.plant(f"use {kept}", SITE, {kept: -1.0, **made}, [0, limit * (t == 1), limit * (t == 2)])
    for j, item in enumerate(data["products"]):
        book.price(item, [0, *data["shortage_cost_by_period"][j]])
        book.buy(f"buy {item}", SITE, item, [0, plenty, plenty])
        book.demand(SITE, item, [0.0, *(demand[j] for demand in base["demand"])])
    for name, scenario in others.items():
        book.scenario(name, scenario["probability"], SECOND)
        for t, demand in enumerate(scenario["demand"]):
            for item, amount in zip(data["products"], demand, strict=True):
                book.demand_in(name, SECOND + t, SITE, item, amount)
    how = "raw materials bought and stocked in the first year, shortfalls bought; a scenario a path of the tree"
    yield Case(instance.name, instance.references[0], book, how, joint="objective")


def network(instance: Instance) -> Iterator[Case]:
    """Arcs are built before supply, demand, cost and capacity are known.

    A unit that moves along an arc takes one ticket of it; tickets are bought at the arc's unit cost, as many as it has
    capacity.
    """
    data = instance.data
    base, *rest = data["scenarios"]
    most = [max(s["capacity"][k] for s in data["scenarios"]) for k in range(len(data["arcs"]))]
    book = Book(2, musd=1e-3)
    for k, (start, end) in enumerate(data["arcs"]):
        moved = {f"at {start}": -1.0, f"ticket {k}": -1.0, f"at {end}": 1.0}
        book.project(f"arc {k}", SITE, moved, most[k], data["fixed_cost"][k], life=2, period=FIRST)
        book.price(f"ticket {k}", [0, base["unit_cost"][k]])
        book.buy(f"tickets {k}", SITE, f"ticket {k}", [0, base["capacity"][k]])
    nodes = range(data["nodes"])
    for i in nodes:
        if any(s["net_supply"][i] > 0 for s in data["scenarios"]):
            book.plant(f"supply {i}", SITE, {f"at {i}": 1.0}, [0, max(0, base["net_supply"][i])])
        if any(s["net_supply"][i] < 0 for s in data["scenarios"]):
            book.demand(SITE, f"at {i}", [0, max(0, -base["net_supply"][i])])
    for number, scenario in enumerate(rest, 2):
        name = f"s{number}"
        book.scenario(name, scenario["probability"], SECOND)
        for k in range(len(data["arcs"])):
            if scenario["unit_cost"][k] != base["unit_cost"][k]:
                book.price_in(name, SECOND, f"ticket {k}", scenario["unit_cost"][k])
            if scenario["capacity"][k] != base["capacity"][k]:
                book.market_in(name, SECOND, f"tickets {k}", scenario["capacity"][k])
        for i in nodes:
            if any(s["net_supply"][i] > 0 for s in data["scenarios"]):
                book.plant_in(name, SECOND, f"supply {i}", max(0, scenario["net_supply"][i]))
            if any(s["net_supply"][i] < 0 for s in data["scenarios"]):
                book.demand_in(name, SECOND, SITE, f"at {i}", max(0, -scenario["net_supply"][i]))
    how = "arcs as public projects of the first year; unit costs and capacities as price and volume of tickets"
    yield Case(instance.name, instance.references[0], book, how, joint="objective")
