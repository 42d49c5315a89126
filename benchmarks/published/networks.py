"""Transport and distribution: lanes, routes with a shared capacity or a charge, depots, network design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance

GOODS, HANDLED, ROOM, CARRIED = "goods", "handled goods", "room", "carried "
DEPOSIT = 100.0  # per unit of room on a route; higher than any freight, so that no room is paid for and left empty


def transport(instance: Instance) -> Iterator[Case]:
    """The transport problem of textbooks."""
    data = instance.data
    book = Book()
    for mill, supply in data["supply"].items():
        book.plant(f"mill {mill}", mill, {GOODS: 1}, supply)
        for to, cost in data["unit_cost"][mill].items():
            if cost is not None:
                book.lane(mill, to, GOODS, cost)
    for place, demand in data["demand"].items():
        book.demand(place, GOODS, demand)
    yield Case(instance.name, instance.references[0], book, "plants, lanes, demand")


def transshipment(instance: Instance) -> Iterator[Case]:
    """AMPL net1: what arrives at a hub leaves it handled."""
    data = instance.data
    book = Book()
    hubs = data["hubs"]
    for place, supply in data["supply"].items():
        book.plant(f"plant {place}", place, {GOODS: 1}, supply)
    for hub in hubs:
        book.plant(f"hub {hub}", hub, {GOODS: -1, HANDLED: 1}, sum(data["supply"].values()))
    for link in data["links"]:
        material = HANDLED if link["from"] in hubs else GOODS
        book.lane(link["from"], link["to"], material, link["unit_cost"], link["capacity"])
    for place, demand in data["demand"].items():
        book.demand(place, HANDLED, demand)
    yield Case(instance.name, instance.references[0], book, "hubs as plants that handle goods; lanes with capacity")


# -- AMPL multi and multmip: three products share routes ---------------------------------------------------------------


def products(instance: Instance) -> Iterator[Case]:
    """multi and its relatives: each route is a region through which its goods go, with room that they share."""
    data = instance.data
    for reference in instance.references:
        dearest = max(max(costs.values()) for by_mill in data["unit_cost"].values() for costs in by_mill.values())
        turned = reference.problem.startswith("maximise")
        total = sum(sum(demand.values()) for demand in data["demand"].values())
        book = Book()
        _products(book, data, dearest if turned else None)
        constant, how = 0.0, "a route is a region with room that the products share"
        for mill in data["origins"]:
            if "max_destinations_per_origin" in data:
                _docks(book, data, mill)
            for place in data["destinations"]:
                charge = data.get("fixed_cost", {}).get(mill, {}).get(place)
                _route(book, data, mill, place, charge)
        if "fixed_cost" in data:
            how += ", opened by a public project"
        if "minimum_load" in data:
            how = "a route is a region whose room comes with a contract of minimum load (signing fee: charge)"
            constant = -DEPOSIT * total
        if "max_destinations_per_origin" in data:
            how += "; five docks a mill as project groups"
        if turned:
            constant, how = dearest * total, how + "; freight is the dearest rate less the rate"
        yield Case(
            instance.name,
            reference,
            book,
            how,
            maximise=turned,
            constant=constant,
            all_taken="minimum_load" in data,
            variant="maximised" if turned else "",
        )


def _products(book: Book, data: Mapping[str, Any], turned_at: float | None) -> None:
    """Supplies, demands and the ways to, through and from each route."""
    for product in data["products"]:
        for mill in data["origins"]:
            book.plant(f"{product} {mill}", mill, {product: 1}, data["supply"][product][mill])
            for place in data["destinations"]:
                route = f"{mill}-{place}"
                cost = data["unit_cost"][product][mill][place]
                book.lane(mill, route, product)
                book.plant(
                    f"carry {product} {route}",
                    route,
                    {product: -1, ROOM: -1, CARRIED + product: 1},
                    data["route_limit_all_products"],
                )
                book.lane(route, place, CARRIED + product, cost if turned_at is None else turned_at - cost)
        for place, demand in data["demand"][product].items():
            book.demand(place, CARRIED + product, demand)


def _route(book: Book, data: Mapping[str, Any], mill: str, place: str, charge: float | None) -> None:
    """Room on a route: there, to be opened at a charge, or under contract with a minimum load."""
    route, limit = f"{mill}-{place}", data["route_limit_all_products"]
    if charge is None:
        book.plant(f"room {route}", route, {ROOM: 1}, limit)
    elif "minimum_load" not in data:
        book.project(f"room {route}", route, {ROOM: 1}, limit, charge)
    else:
        room = ROOM
        if "max_destinations_per_origin" in data:  # room needs a dock
            room = "hired room"
            book.plant(f"room {route}", route, {room: -1, "dock": -1, ROOM: 1}, limit)
        if route == f"{data['origins'][0]}-{data['destinations'][0]}":
            book.price(room, DEPOSIT)
        book.buy(f"carrier {route}", route, room, spot_share=0)
        least = data["minimum_load"]
        book.contract(
            f"hire {route}", f"carrier {route}", room, least=least, most=limit, fee=charge, price=DEPOSIT, take_or_pay=1
        )


def _docks(book: Book, data: Mapping[str, Any], mill: str) -> None:
    """At most so many destinations: the k-th dock serves the k-th of the chosen ones."""
    places, docks = data["destinations"], data["max_destinations_per_origin"]
    for k in range(docks):
        for place in places[k : len(places) - docks + k + 1]:
            book.project(
                f"dock {k + 1} {mill}-{place}",
                f"{mill}-{place}",
                {"dock": 1},
                data["route_limit_all_products"],
                0,
                group=f"dock {k + 1} {mill}",
            )


def steel_mills(instance: Instance) -> Iterator[Case]:
    """AMPL steelP: hours are a material that each mill has and its products consume."""
    data = instance.data
    book = Book()
    for mill, hours in data["hours"].items():
        book.plant(f"hours {mill}", mill, {"hours": 1}, hours)
        for product in data["products"]:
            rate, cost = data["rate"][product][mill], data["make_cost"][product][mill]
            book.plant(f"{product} {mill}", mill, {"hours": -1 / rate, product: 1}, hours * rate, cost)
            for place, freight in data["unit_cost"][product][mill].items():
                book.lane(mill, place, product, freight)
    for product, demands in data["demand"].items():
        for place, demand in demands.items():
            book.demand(place, product, demand)
    yield Case(instance.name, instance.references[0], book, "mill hours as a material that recipes consume; lanes")


# -- Williams ----------------------------------------------------------------------------------------------------------


def distribution(instance: Instance) -> Iterator[Case]:
    """Williams 'Distribution' and 'Depot location': straight to the customer, or handled in a depot."""
    data = instance.data
    book = Book()
    everything = sum(data["customers"].values())
    for factory, capacity in data["factories"].items():
        book.plant(f"factory {factory}", factory, {"output": 1}, capacity)
        book.plant(f"to depots {factory}", factory, {"output": -1, GOODS: 1}, everything)
        book.plant(f"to customers {factory}", factory, {"output": -1, HANDLED: 1}, everything)
    how = "depots as plants that handle goods"
    for depot, terms in data["depots"].items():
        if isinstance(terms, Mapping):
            _depot(book, depot, terms)
        else:
            book.plant(f"depot {depot}", depot, {GOODS: -1, HANDLED: 1}, terms)
    if "max_open_depots" in data:
        needed = sum(1 for terms in data["depots"].values() if terms.get("must_be_open"))
        book.budget("open depots", "capex", data["max_open_depots"] - needed)
        how += ", optional ones as public projects; their number by a budget (capex 1 each, the rest a yearly cost)"
    for arc in data["arcs"]:
        to_depot = arc["to"] in data["depots"]
        book.lane(arc["from"], arc["to"], GOODS if to_depot else HANDLED, arc["unit_cost"])
    for customer, demand in data["customers"].items():
        book.demand(customer, HANDLED, demand)
    yield Case(instance.name, instance.references[0], book, how, constant=data.get("objective_constant", 0.0))


def _depot(book: Book, depot: str, terms: Mapping[str, Any]) -> None:
    recipe = {GOODS: -1.0, HANDLED: 1.0}
    if terms.get("must_be_open"):
        book.plant(f"depot {depot}", depot, recipe, terms["throughput"])
    else:
        book.project(f"depot {depot}", depot, recipe, terms["throughput"], 1, fixed_cost=terms["open_cost"] - 1)
    if "expansion" in terms:
        more = terms["expansion"]
        book.project(f"more {depot}", depot, recipe, more["extra_throughput"], 0, fixed_cost=more["cost"])


# -- FCNetLib ----------------------------------------------------------------------------------------------------------


def network_design(instance: Instance) -> Iterator[Case]:
    """Fixed-charge arcs: a material is what stands at a node, a project carries it along an arc.

    A pass that every project consumes, and of which there is enough, keeps the reader from taking arcs that run back
    and forth for processes that feed each other.
    """
    data = instance.data
    book = Book()
    arcs = data["arcs"]
    book.plant("passes", "network", {"pass": 1}, sum(arc["capacity"] for arc in arcs))
    for node, demand in data["demand"].items():
        if demand < 0:
            book.plant(f"supply {node}", "network", {f"at {node}": 1}, -demand)
        elif demand > 0:
            book.demand("network", f"at {node}", demand)
    for i, arc in enumerate(arcs):
        recipe = {f"at {arc['from']}": -1.0, "pass": -1.0, f"at {arc['to']}": 1.0}
        book.project(f"arc {i + 1}", "network", recipe, arc["capacity"], arc["fixed_cost"], cost=arc["unit_cost"])
    how = "a material a node, a public project an arc"
    yield Case(instance.name, instance.references[0], book, how)
