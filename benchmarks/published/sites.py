"""Which sites to open: one public project a site, one lane a site and customer."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Instance

GOODS = "goods"
MONEY = 0.001  # MUSD in one unit of money


def orlib(instance: Instance) -> Iterator[Case]:
    """OR-Library. allocation_cost[j][i] is the cost of serving all of customer j from site i."""
    data = instance.data
    for reference in instance.references:
        book = Book(musd=MONEY)
        capacities, variant = data["capacity"], ""
        if reference.problem.startswith("uncapacitated"):
            capacities, variant = [sum(data["demand"])] * data["warehouses"], "uncapacitated"
        elif "capacity" in reference.details:
            capacities = [reference.details["capacity"]] * data["warehouses"]
            variant = str(reference.details["capacity"])
        for i, (opening, own) in enumerate(zip(data["fixed_cost"], capacities, strict=True)):
            book.project(f"site {i + 1}", f"S{i + 1}", {GOODS: 1}, own, opening)
        for j, (demand, costs) in enumerate(zip(data["demand"], data["allocation_cost"], strict=True)):
            for i, cost in enumerate(costs):
                book.lane(f"S{i + 1}", f"C{j + 1}", GOODS, cost / demand)
            book.demand(f"C{j + 1}", GOODS, demand)
        how = "a public project a site (capex: opening cost), a lane a pair"
        yield Case(instance.name, reference, book, how, variant=variant)


def kuehn_hamburger(instance: Instance) -> Iterator[Case]:
    """MIPLIB khb05250."""
    data = instance.data
    book = Book(musd=1e-6)
    for name, site in data["plants"].items():
        if site["existing"]:
            book.plant(f"plant {name}", name, {GOODS: 1}, site["capacity"])
        else:
            book.project(f"plant {name}", name, {GOODS: 1}, site["capacity"], site["fixed_cost"])
        for customer, cost in data["unit_cost"][name].items():
            book.lane(name, customer, GOODS, cost)
    for customer, demand in data["demand"].items():
        book.demand(customer, GOODS, demand)
    yield Case(instance.name, instance.references[0], book, "24 public projects, the existing plant as a plant, lanes")


def fertilizer_sites(instance: Instance) -> Iterator[Case]:
    """Vietorisz and Manne: ammonia sites feed fertilizer sites, which feed demand centres."""
    data = instance.data
    book = Book(musd=MONEY)
    total, abroad = sum(data["demand"]), data["foreign_source"]
    for stage in ("ammonia", "fertilizer"):
        recipe = {"ammonia": 1.0} if stage == "ammonia" else {"ammonia": -1.0, "fertilizer": 1.0}
        for site in data[f"{stage}_sources"]:
            if site == abroad:
                book.plant(f"foreign {stage}", f"site {site}", {str(stage): 1.0}, total)
            else:
                book.project(f"{stage} {site}", f"site {site}", recipe, total, data["fixed_cost"][site][stage])
            for to, cost in data[f"{stage}_cost"][site].items():
                place = f"site {to}" if stage == "ammonia" else f"centre {to}"
                book.lane(f"site {site}", place, stage, cost)
    for centre, demand in zip(data["demand_centers"], data["demand"], strict=True):
        book.demand(f"centre {centre}", "fertilizer", demand)
    how = "a public project a site and stage, the foreign source as plants, lanes (also within a site, at a cost)"
    yield Case(instance.name, instance.references[0], book, how)
