"""Production, purchase, stock and sales over several periods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance

SITE = "site"
DEPOSIT = 1000.0  # paid for a right and paid back when it is used: more than leaving it unused can save


def only(period: int, value: float, periods: int) -> list[float]:
    """A value in one period (1, 2, ...), 0 in the others."""
    return [value if t == period else 0.0 for t in range(1, periods + 1)]


def warehouse(instance: Instance) -> Iterator[Case]:
    """whouse: buy low, hold, sell high."""
    data = instance.data
    periods = len(data["price"])
    book = Book(periods, musd=1)
    plenty = 10 * data["storage_capacity"]
    book.price("goods", data["price"])
    book.buy("buy", SITE, "goods", plenty)
    book.sell("sell", SITE, "goods", plenty)
    book.demand(SITE, "goods", 0)
    book.stock(
        "store", SITE, "goods", data["storage_capacity"], opening=data["initial_stock"], cost=data["storage_cost"]
    )
    yield Case(instance.name, instance.references[0], book, "a buy and a sell market, a stockpile")


def raw_stock(instance: Instance) -> Iterator[Case]:
    """robert: raw material comes once, before the first period, and what is left is sold in the last.

    Storage is paid on the stock at the start of a period, which is the stock at the end of the one before.
    """
    data = instance.data
    periods = data["periods"] + 1
    book = Book(periods, musd=1)
    for raw, stock in data["max_initial_stock"].items():
        book.price(raw, [0.0] + [data["residual_value"][raw]] * data["periods"])
        book.buy(f"first {raw}", SITE, raw, only(1, stock, periods))
        book.sell(f"rest of {raw}", SITE, raw, only(periods, stock, periods))
        book.stock(f"store of {raw}", SITE, raw, stock, cost=data["storage_cost"][raw])
    book.plant("machine", SITE, {"machine time": 1}, [0.0] + [data["max_production"]] * data["periods"])
    for product in data["products"]:
        recipe = {"machine time": -1.0} | {raw: -float(use[product]) for raw, use in data["use"].items()}
        book.plant(f"make {product}", SITE, recipe | {product: 1.0}, data["max_production"])
        book.price(product, [0.0, *data["profit"][product]])
        book.sell(f"sell {product}", SITE, product, data["max_production"])
        book.demand(SITE, product, 0)
    how = "a year before for the first stock; what is left is sold in the last year"
    yield Case(instance.name, instance.references[0], book, how, maximise=True)


def steel_weeks(instance: Instance) -> Iterator[Case]:
    """AMPL steelT: two products share the hours of a mill."""
    data = instance.data
    book = Book(len(data["weeks"]))
    book.plant("mill", SITE, {"hours": 1}, data["hours"])
    for product, terms in data["products"].items():
        market = terms["market"]
        book.plant(
            f"make {product}", SITE, {"hours": -1 / terms["rate"], product: 1.0}, sum(market), terms["production_cost"]
        )
        book.price(product, terms["revenue"])
        book.sell(f"sell {product}", SITE, product, market)
        book.demand(SITE, product, 0)
        book.stock(
            f"stock of {product}",
            SITE,
            product,
            sum(market),
            opening=terms["initial_stock"],
            cost=terms["holding_cost"],
        )
    how = "mill hours as a material; stockpiles; sell markets with a price by week"
    yield Case(instance.name, instance.references[0], book, how, maximise=True)


def two_seasons(instance: Instance) -> Iterator[Case]:
    """uimp. The least sales are demand, what goes beyond is sold."""
    data = instance.data
    seasons = data["seasons"]
    book = Book(len(seasons), musd=1)
    extra = [0.0, data["winter_extra_available"]]
    for machine, shifts in data["available"].items():
        for shift, hours in shifts.items():
            book.plant(f"{machine} {shift}", SITE, {f"hours {machine} {shift}": 1}, [hours + more for more in extra])
            for product, need in data["hours"][machine].items():
                for t, season in enumerate(seasons, 1):
                    hours_each = need + data["hours_add"][season][shift]
                    cost = data["cost"][machine][product] + data["cost_add"][season][shift]
                    recipe = {f"hours {machine} {shift}": -float(hours_each), product: 1.0}
                    most = only(t, 2 * hours, len(seasons))
                    book.plant(f"{product} {machine} {shift} {season}", SITE, recipe, most, cost)
    revenue = 0.0
    for product in data["products"]:
        demand = [data["demand"][season][product] for season in seasons]
        price = [data["price"][season][product] for season in seasons]
        revenue += sum(d * p for d, p in zip(demand, price, strict=True))
        book.price(product, price)
        book.demand(SITE, product, demand)
        book.sell(f"sell {product}", SITE, product, 1000)
        book.stock(
            f"stock of {product}",
            SITE,
            product,
            data["stock_limit"][product],
            cost=data["holding_cost"][product],
        )
    how = "machine hours by shift as materials; least sales as demand (their revenue a constant), the rest as sales"
    yield Case(instance.name, instance.references[0], book, how, maximise=True, constant=revenue)


def capacity_expansion(instance: Instance) -> Iterator[Case]:
    """AMPL capacity expansion: capacity added is kept, so it is a stock from which growth of demand is served."""
    data = instance.data
    stages = data["stages"]
    book = Book(len(stages), musd=1)
    before = [0.0, *data["demand"][:-1]]
    book.price("capacity", 0)
    book.demand(SITE, "capacity", [now - then for now, then in zip(data["demand"], before, strict=True)])
    book.stock("kept", SITE, "capacity", data["demand"][-1])
    for t, stage in enumerate(stages):
        for i, resource in enumerate(data["resources"]):
            once = resource in data["choose_at_most_once"]
            size = data["cap_ub"][t][i]
            book.project(
                f"{resource} {stage}",
                SITE,
                {"capacity": 1.0},
                size,
                data["fix_cost"][t][i],
                cost=data["var_cost"][t][i],
                period=t + 1,
                max_builds=1 if once else math.ceil(data["demand"][-1] / size),
                group=resource if once else None,
            )
    how = "added capacity as a material kept in a stockpile; units as public projects (max_builds, group)"
    yield Case(instance.name, instance.references[0], book, how)


def running_factories(instance: Instance) -> Iterator[Case]:
    """JuMP factory schedule: to run is a contract of one period with a fee and a least volume, taken or paid.

    Demand is more than the least volumes together, so that paying without taking is never better than taking.
    """
    data = instance.data
    months = data["months"]
    book = Book(len(months), service=0.0, shortage_cost=data["unmet_penalty"])
    book.price("goods", 0)
    book.demand("market", "goods", data["demand"])
    for factory, terms in data["factories"].items():
        book.buy(f"factory {factory}", f"factory {factory}", "goods", spot_share=0)
        book.lane(f"factory {factory}", "market", "goods")
        for month in terms:
            if month["max"] > 0:
                book.contract(
                    f"{factory} {month['month']}",
                    f"factory {factory}",
                    "goods",
                    least=month["min"],
                    most=month["max"],
                    fee=month["fixed_cost"],
                    price=month["variable_cost"],
                    take_or_pay=1,
                    period=month["month"],
                )
    how = "a contract a factory and month: signing fee, least volume, take-or-pay; unmet demand at its cost"
    yield Case(instance.name, instance.references[0], book, how, all_taken=True)


# -- Williams ----------------------------------------------------------------------------------------------------------


def factory_planning(instance: Instance) -> Iterator[Case]:
    """Williams 'Factory planning'. A month more, in which the stock asked for at the end is delivered."""
    data = instance.data
    months = len(data["months"])
    book = Book(months + 1)
    hours = data["hours_per_machine_month"]
    down = {(x["month"], x["machine"]): x["count"] for x in data.get("machines_down", [])}
    for machine, installed in data["machines_installed"].items():
        if "down_required" in data:  # so many machine-months in all, to be placed
            up = months * installed - data["down_required"][machine]
            book.plant(f"{machine}s", SITE, {f"{machine} standing": 1}, [hours * installed] * months + [0])
            recipe = {f"{machine} standing": -1.0, f"{machine} hours": 1.0}
            book.project(f"{machine} up", SITE, recipe, hours, 0, max_builds=up)
        else:
            running = [installed - down.get((month, machine), 0) for month in data["months"]]
            book.plant(f"{machine}s", SITE, {f"{machine} hours": 1}, [hours * n for n in running] + [0])
    final = [0.0] * months + [data["final_stock"]]
    for product, terms in data["products"].items():
        recipe = {f"{machine} hours": -need for machine, need in terms["hours"].items()} | {product: 1.0}
        sales = [*terms["max_sales_by_month"], 0]
        book.plant(f"make {product}", SITE, recipe, sum(sales))
        book.price(product, terms["profit_per_unit_sold"])
        book.sell(f"sell {product}", SITE, product, sales)
        book.demand(SITE, product, final)
        book.stock(
            f"stock of {product}",
            SITE,
            product,
            data["max_stock_per_product"],
            opening=data["initial_stock"],
            cost=data["holding_cost_per_unit_month"],
        )
    how = "machine hours as materials; stockpiles; final stock as demand of a month more"
    if "down_required" in data:
        how += "; machine-months up as one public project with max_builds"
    yield Case(instance.name, instance.references[0], book, how, maximise=True)


def food(instance: Instance) -> Iterator[Case]:
    """Williams 'Food manufacture'. Hardness within limits: each oil brings, or takes, room below and above."""
    data = instance.data
    months = len(data["months"])
    book = Book(months + 1)
    lines = data["refining_capacity"]
    softest, hardest = data["hardness_range"]
    for line, capacity in lines.items():
        book.plant(f"{line} line", SITE, {f"{line} time": 1}, [capacity] * months + [0])
    rules = "max_oils_per_month" in data
    if rules:
        _oil_rules(book, data)
    for oil, terms in data["oils"].items():
        capacity = lines[terms["type"]]
        recipe = {
            oil: -1.0,
            f"{terms['type']} time": -1.0,
            "product": 1.0,
            "hard enough": terms["hardness"] - softest,
            "soft enough": hardest - terms["hardness"],
        }
        recipe = {material: amount for material, amount in recipe.items() if amount}
        if rules:
            recipe |= {f"choice of {oil}": -1.0, f"deposit {oil}": 1.0}
        book.plant(f"blend {oil}", SITE, recipe, capacity)
        book.price(oil, [*terms["price_by_month"], 0])
        book.buy(f"buy {oil}", SITE, oil, [terms["max_stock"] + capacity] * months + [0])
        book.demand(SITE, oil, [0.0] * months + [terms["final_stock"]])
        book.stock(
            f"stock of {oil}",
            SITE,
            oil,
            terms["max_stock"],
            opening=terms["initial_stock"],
            cost=data["holding_cost_per_ton_month"],
        )
    book.price("product", data["product_price"])
    book.sell("sell product", SITE, "product", sum(lines.values()))
    how = "blending as recipes with two balances for the hardness limits; final stock as demand of a month more"
    if rules:
        how += "; oils of a month as project groups with requires, and a deposit that the least use brings back"
    yield Case(instance.name, instance.references[0], book, how, maximise=True)


def _oil_rules(book: Book, data: Mapping[str, Any]) -> None:
    """So many oils a month, a least use of each, and oils that need another one.

    The k-th place of a month goes to the k-th of the chosen oils, the one that others need first. A place costs a
    deposit, which the least use of the oil brings back.
    """
    places, least = data["max_oils_per_month"], data["minimum_use_if_used"]
    needed = {oil: other for oil, other in data["implications"]}
    oils = sorted(data["oils"], key=lambda oil: oil not in needed.values())
    for j, oil in enumerate(oils):
        capacity = data["refining_capacity"][data["oils"][oil]["type"]]
        book.price(f"deposit {oil}", DEPOSIT)
        book.sell(f"deposit back {oil}", SITE, f"deposit {oil}", least)
        for t in range(1, len(data["months"]) + 1):
            for k in range(max(0, j - len(oils) + places), min(places, j + 1)):
                if oil in needed and k == 0:
                    continue  # the first place is the needed oil's
                book.project(
                    f"place {k + 1} {oil} {t}",
                    SITE,
                    {f"choice of {oil}": 1.0},
                    capacity,
                    DEPOSIT * least,
                    period=t,
                    group=f"place {k + 1} month {t}",
                    requires=f"place 1 {needed[oil]} {t}" if oil in needed else None,
                )


def mining(instance: Instance) -> Iterator[Case]:
    """Williams 'Mining'. A mine is open for its first k years, k chosen; crews choose mines each year.

    Quality is exact: quality and its complement are balances, and a deposit on ore comes back when it is blended, so
    that nothing is left over.
    """
    data = instance.data
    years = data["years"]
    book = Book(len(years), data["discount_per_year"], tonnes=0.001, musd=1e-6)
    top = 1 + max(mine["quality"] for mine in data["mines"].values())
    mines, crews = list(data["mines"]), data["max_operating_mines"]
    everything = sum(mine["capacity"] for mine in data["mines"].values())
    for j, (mine, terms) in enumerate(data["mines"].items()):
        capacity = terms["capacity"]
        for k in years:
            book.project(
                f"mine {mine} for {k}",
                SITE,
                {f"face {mine}": 1.0},
                capacity,
                0,
                fixed_cost=terms["royalty"],
                life=k,
                period=1,
                group=f"mine {mine}",
            )
        for t in years:
            for crew in range(max(0, j - len(mines) + crews), min(crews, j + 1)):
                book.project(
                    f"crew {crew + 1} mine {mine} year {t}",
                    SITE,
                    {f"work {mine}": 1.0},
                    capacity,
                    0,
                    period=t,
                    group=f"crew {crew + 1} year {t}",
                )
        recipe = {
            f"face {mine}": -1.0,
            f"work {mine}": -1.0,
            "ticket": -1.0,
            "ore": 1.0,
            "quality": terms["quality"],
            "rest": top - terms["quality"],
        }
        book.plant(f"dig {mine}", SITE, recipe, capacity)
    for t in years:
        target = data["target_quality"][str(t)]
        recipe = {"ore": -1.0, "quality": -target, "rest": target - top, "blend": 1.0, "ticket back": 1.0}
        book.plant(f"blend {t}", SITE, recipe, only(t, everything, len(years)))
    book.price("blend", data["price"])
    book.sell("sell", SITE, "blend", everything)
    for side, material in ((book.buy, "ticket"), (book.sell, "ticket back")):
        book.price(material, DEPOSIT)
        side(material, SITE, material, everything)
    book.demand(SITE, "blend", 0)
    how = "mines as alternative public projects by years open; crews as project groups; quality as two balances"
    exact = ("ore", "quality", "rest")
    yield Case(instance.name, instance.references[0], book, how, maximise=True, all_used=exact)


def distribution_centres(instance: Instance) -> Iterator[Case]:
    """pdi. The level of a customer is a contract over all months: what is not taken is paid for and not paid back."""
    data = instance.data
    months = len(data["months"])
    book = Book(months + 1)
    _plants(book, data)
    for name, centre in data["dc"].items():
        most = centre["max_handled"]
        book.plant(f"space {name}", name, {"space": 1}, [most] * months + [0])
        book.plant(f"receive {name}", name, {"goods": -1.0, "space": -1.0, "handled": 1.0}, most)
        for t in range(1, months + 1):
            kept = f"kept from month {t}"
            book.plant(f"keep {name} {t}", name, {"handled": -1.0, kept: 1.0}, only(t, most, months + 1))
            book.stock(f"stock {name} {t}", name, kept, most, cost=centre["holding_cost"])
            if t < months:
                again = {kept: -1.0, "space": -1.0, "handled": 1.0}
                book.plant(f"bring {name} {t}", name, again, only(t + 1, most, months + 1))
        book.demand(name, f"kept from month {months}", only(months + 1, data["final_stock_min"], months + 1))
        for customer, cost in data["dc_customer_cost"][name].items():
            book.lane(name, f"customer {customer}", "handled", cost)
    for t in range(1, months + 1):
        book.price(f"kept from month {t}", 0)
    book.price("deposit", DEPOSIT)
    constant = data["objective_constant"]
    for customer, terms in data["customers"].items():
        place, right, served = f"customer {customer}", f"level of {customer}", f"served {customer}"
        revenue = [terms["revenue"] * factor for factor in data["revenue_factor_by_month"]]
        book.price(right, DEPOSIT)
        book.buy(f"rights {customer}", place, right, spot_share=0)
        book.contract(
            f"level {customer}",
            f"rights {customer}",
            right,
            least=terms["min"],
            most=terms["max"],
            price=DEPOSIT,
            take_or_pay=1,
            tenor=months,
        )
        recipe = {"handled": -1.0, right: -1.0, served: 1.0, "deposit": 1.0}
        book.plant(f"serve {customer}", place, recipe, terms["max"])
        book.sell(f"deposit {customer}", place, "deposit", terms["max"])
        book.price(served, [*revenue, 0])
        book.demand(place, served, [terms["min"]] * months + [0])
        book.sell(f"sell {customer}", place, served, [terms["max"] - terms["min"]] * months + [0])
        constant += terms["min"] * sum(revenue)
    how = "levels as contracts over all months (take-or-pay); handling space as a material; stock by month of origin"
    reference = instance.references[0]
    yield Case(
        instance.name,
        reference,
        book,
        how,
        maximise=True,
        constant=constant,
        all_used=("goods", "handled"),
        all_taken=True,
    )


def _plants(book: Book, data: Mapping[str, Any]) -> None:
    """Regular output up to the minimum is certified and the certificates are demanded; the rest is free."""
    months = len(data["months"])
    for name, plant in data["plants"].items():
        least, most, overtime = plant["min"], plant["max"], plant["overtime_max"]
        for t in range(1, months + 1):
            cost = plant["cost"] + data["regular_cost_increase_by_month"][t - 1]
            over = plant["overtime_cost"] + data["overtime_cost_increase_by_month"][t - 1]
            if least > 0:
                both = {"goods": 1.0, "certificate": 1.0}
                book.plant(f"{name} base {t}", name, both, only(t, least, months + 1), cost)
            book.plant(f"{name} regular {t}", name, {"goods": 1.0}, only(t, most - least, months + 1), cost)
            if overtime > 0:
                book.plant(f"{name} overtime {t}", name, {"goods": 1.0}, only(t, overtime, months + 1), over)
        if least > 0:
            book.demand(name, "certificate", [least] * months + [0])
        for centre, cost in data["plant_dc_cost"][name].items():
            book.lane(name, centre, "goods", cost)
