"""Lot sizing: setups against stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance
from benchmarks.published.periods import only

SITE = "site"
BY_REGION = (
    "periods as regions of one year: lanes forward are stock, lanes back are backlog; not in months: demand cannot wait"
)
IN_MONTHS = (
    "in months: one year cut by Periods, what changes by month as base rows of Changes; a setup is a public project "
    "for the material of its month, decided at the start of the year"
)
DEPOSIT = 100.0  # paid for a setup and paid back when it is done


def wagner_whitin(instance: Instance) -> Iterator[Case]:
    """One contract a month, with a signing fee, from a market without spot supply; a stockpile."""
    data = instance.data
    demand = data["demand"]
    book = Book(len(demand), musd=1)
    book.price("item", data["unit_cost"])
    book.demand(SITE, "item", demand)
    book.buy("supplier", SITE, "item", spot_share=0)
    book.stock("stock", SITE, "item", sum(demand), opening=data["initial_stock"], cost=data["holding_cost"])
    for t, setup in enumerate(data["setup_cost"], 1):
        book.contract(f"order {t}", "supplier", "item", most=sum(demand[t - 1 :]), fee=setup, period=t)
    how = "a one-year contract a month with a signing fee, spot_share 0, a stockpile"
    yield Case(instance.name, instance.references[0], book, how)
    yield Case(instance.name, instance.references[0], _orders_of_a_year(data), IN_MONTHS, variant="in months")


def _orders_of_a_year(data: Mapping[str, Any]) -> Book:
    demand = data["demand"]
    book = Book(len(demand), musd=1, months=1)
    book.price("item", data["unit_cost"])
    book.demand(SITE, "item", demand)
    book.stock("stock", SITE, "item", sum(demand), opening=data["initial_stock"], cost=data["holding_cost"])
    for t, setup in enumerate(data["setup_cost"], 1):
        most = sum(demand[t - 1 :])
        book.plant(f"month {t}", SITE, {f"order of {t}": 1}, only(t, most, len(demand)))
        book.project(f"order {t}", SITE, {f"order of {t}": -1.0, "item": 1.0}, most, setup)
    return book


def shared_resources(instance: Instance) -> Iterator[Case]:
    """CLSP: a setup is a project that lives one period."""
    data = instance.data
    periods = data["periods"]
    book = Book(periods, musd=1)
    for resource, capacity in data["capacity"].items():
        book.plant(resource, SITE, {f"time {resource}": 1}, capacity)
    for item, terms in data["items"].items():
        total = sum(terms["demand"])
        recipe = {f"time {resource}": -1.0 for resource in data["capacity"]} | {item: 1.0}
        book.project(f"make {item}", SITE, recipe, total, terms["setup_cost"], max_builds=periods)
        book.price(item, 0)
        book.demand(SITE, item, terms["demand"])
        book.stock(f"stock {item}", SITE, item, total, cost=terms["holding_cost"])
    how = "a setup is a public project of one year's life; capacity as a material; stockpiles"
    yield Case(instance.name, instance.references[0], book, how)
    yield Case(instance.name, instance.references[0], _resources_of_a_year(data), IN_MONTHS, variant="in months")


def _resources_of_a_year(data: Mapping[str, Any]) -> Book:
    periods = data["periods"]
    book = Book(periods, musd=1, months=12 // periods)
    for resource, capacity in data["capacity"].items():
        for t in range(1, periods + 1):
            book.plant(f"{resource} {t}", SITE, {f"{resource} of {t}": 1}, only(t, capacity[t - 1], periods))
    for item, terms in data["items"].items():
        total = sum(terms["demand"])
        for t in range(1, periods + 1):
            recipe = {f"{resource} of {t}": -1.0 for resource in data["capacity"]} | {item: 1.0}
            book.project(f"make {item} {t}", SITE, recipe, total, terms["setup_cost"])
        book.price(item, 0)
        book.demand(SITE, item, terms["demand"])
        book.stock(f"stock {item}", SITE, item, total, cost=terms["holding_cost"])
    return book


def overtime(instance: Instance) -> Iterator[Case]:
    """set1ch."""
    how = "a setup is a public project of one year's life; overtime as dearer plants; stockpiles"
    yield Case(instance.name, instance.references[0], _with_overtime(instance.data, 12), how)
    book = _with_overtime(instance.data, 1)
    yield Case(instance.name, instance.references[0], book, IN_MONTHS, variant="in months")


def _with_overtime(data: Mapping[str, Any], months: int) -> Book:
    """Periods of so many months; in those of one year a setup is for the time of its month alone."""
    periods = data["periods"]
    book = Book(periods, months=months)
    times = [f"time of {t}" if months < 12 else "time" for t in range(1, periods + 1)]
    if months < 12:
        for t, time in enumerate(times, 1):
            book.plant(f"regular {t}", SITE, {time: 1}, only(t, data["capacity"][t - 1], periods))
    else:
        book.plant("regular", SITE, {"time": 1}, data["capacity"])
    for t, cost in enumerate(data["overtime_cost"], 1):
        most = sum(bound[t - 1] for bound in data["production_bound"])
        book.plant(f"overtime {t}", SITE, {times[t - 1]: 1}, only(t, most, periods), cost)
    for i in range(data["items"]):
        item, demand = f"item {i + 1}", data["demand"][i]
        holding = set(data["holding_cost"][i])
        if len(holding) != 1:
            raise ValueError(f"{item}: the holding cost changes over the periods")
        for t in range(1, periods + 1):
            bound, setup = data["production_bound"][i][t - 1], data["setup_cost"][i][t - 1]
            if bound > 0:
                recipe = {times[t - 1]: -1.0, item: 1.0}
                book.project(f"{item} {t}", SITE, recipe, bound, setup, period=t if months == 12 else None)
        book.price(item, 0)
        book.demand(SITE, item, demand)
        book.stock(f"stock {item}", SITE, item, sum(demand), cost=holding.pop())
    return book


def backlog(instance: Instance) -> Iterator[Case]:
    """pp08a: periods are regions of one year; a lane forward is stock, a lane back is backlog."""
    data = instance.data
    periods = range(data["periods"])
    book = Book()
    for t in periods:
        book.plant(f"time {t + 1}", f"period {t + 1}", {"time": 1}, data["capacity"][t])
    for i in range(data["items"]):
        item = f"item {i + 1}"
        hold, wait = data["holding_cost"][i], data["backlog_cost"][i]
        for t in periods:
            recipe = {"time": -1.0, item: 1.0}
            bound, setup = data["production_bound"][i][t], data["setup_cost"][i][t]
            book.project(f"{item} {t + 1}", f"period {t + 1}", recipe, bound, setup)
            book.demand(f"period {t + 1}", item, data["demand"][i][t])
            for u in periods:
                if u != t:
                    cost = sum(hold[t:u]) if u > t else sum(wait[u:t])
                    book.lane(f"period {t + 1}", f"period {u + 1}", item, cost)
    yield Case(instance.name, instance.references[0], book, BY_REGION)


def backlog_to_the_end(instance: Instance) -> Iterator[Case]:
    """The Pyomo book: as `backlog`, one item, with a first stock, and demand may still wait at the end."""
    data = instance.data
    demand = data["demand"]
    periods = range(len(demand))
    book = Book(musd=1)
    book.plant("first stock", "start", {"item": 1}, data["initial_stock"])
    book.plant("never made", "end", {"item": 1}, sum(demand))
    for t in periods:
        here = f"period {t + 1}"
        book.project(f"make {t + 1}", here, {"item": 1}, data["production_limit"], data["setup_cost"])
        book.demand(here, "item", demand[t])
        book.lane("start", here, "item", t * data["holding_cost"])
        book.lane("end", here, "item", (len(demand) - t) * data["backlog_cost"])
        for u in periods:
            if u != t:
                cost = (u - t) * data["holding_cost"] if u > t else (t - u) * data["backlog_cost"]
                book.lane(here, f"period {u + 1}", "item", cost)
    yield Case(instance.name, instance.references[0], book, BY_REGION)


def setup_times(instance: Instance) -> Iterator[Case]:
    """Trigeiro: a setup takes time, however little is made.

    A setup is a contract on a fixed volume of rights: taken whole, they take the setup time and bring the deposit back;
    what is not taken is paid for. So a setup that is signed is done.
    """
    data = instance.data
    periods, capacity = data["periods"], data["capacity"]
    book = Book(periods)
    book.plant("machine", SITE, {"time": 1}, capacity)
    book.price("deposit", DEPOSIT)
    for i, terms in enumerate(data["item"]):
        item, demand = f"item {i + 1}", [row[i] for row in data["demand_by_period"]]
        token, right = f"token {i + 1}", f"right {i + 1}"
        book.price(item, 0)
        book.price(token, DEPOSIT)
        book.buy(f"setups {item}", SITE, token, spot_share=0)
        book.demand(SITE, item, demand)
        book.stock(f"stock {item}", SITE, item, sum(demand), cost=terms["holding_cost"])
        recipe = {"time": -float(terms["unit_time"]), right: -1.0, item: 1.0}
        book.plant(f"make {item}", SITE, recipe, sum(demand))
        for t in range(1, periods + 1):
            most = min(sum(demand[t - 1 :]), (capacity - terms["setup_time"]) / terms["unit_time"])
            if most <= 0:
                continue
            book.contract(
                f"setup {i + 1} in {t}",
                f"setups {item}",
                token,
                least=most,
                most=most,
                fee=terms["setup_cost"],
                price=DEPOSIT,
                take_or_pay=1,
                period=t,
            )
            recipe = {token: -1.0, "time": -terms["setup_time"] / most, right: 1.0, "deposit": 1.0}
            book.plant(f"set up {i + 1} in {t}", SITE, recipe, only(t, most, periods))
    book.sell("deposits back", SITE, "deposit", data["items"] * capacity * 10)
    how = "a setup is a one-year contract (signing fee, fixed volume, take-or-pay) whose rights take the setup time; "
    how += "not in months: there are 15, and a contract spreads its volume over the year"
    yield Case(instance.name, instance.references[0], book, how, all_taken=True)
