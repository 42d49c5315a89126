"""Caps, covers, budgets, substitution and returns that have nothing to act on, or that cannot bind."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.checks.reach import reached
from lodestone.workbook.checks.rows import cell_of, horizon_of, kinds_of, problem_at, recipes_of, rounded, units_of
from lodestone.workbook.reading.cells import BLANK, show
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Record, Tables

DAYS_PER_YEAR = 365


def regions_named(tables: Tables, name: str | None) -> set[str]:
    """The regions of a cell that names a region, a group, or with * all regions not of concern."""
    rows = tables.rows("Regions")
    if name == ANY:
        return {row["region"] for row in rows if not row["of_concern"]}
    return {row["region"] for row in rows if name is not None and name in (row["region"], row["group"])}


def _demands(tables: Tables, material: str, regions: set[str], sector: str = ANY) -> list[Record]:
    """The rows of Demand for a material (* for any) in some regions."""
    return [
        row
        for row in tables.rows("Demand")
        if material in (ANY, row["material"]) and row["region"] in regions and sector in (ANY, row["sector"])
    ]


def _taken_in(tables: Tables, material: str, regions: set[str]) -> bool:
    """Whether a plant or project there takes the material in."""
    recipes = recipes_of(tables)
    return any(
        g < 0 and material in (ANY, m)
        for unit in units_of(tables)
        if unit["region"] in regions
        for m, g in recipes.get(unit["process"], {}).items()
    )


def _where(name: str) -> str:
    return "the regions not of concern" if name == ANY else name


def _what(material: str) -> str:
    return "nothing" if material == ANY else f"no {material}"


def cap_without_consumption(tables: Tables) -> Iterator[Problem]:
    """A cap for what nobody consumes."""
    for cap in tables.rows("ChinaShare"):
        regions, sector, material = regions_named(tables, cap["region"]), cap["sector"], cap["material"]
        if _demands(tables, material, regions, sector) or (sector == ANY and _taken_in(tables, material, regions)):
            continue
        by = "consumed" if sector == ANY else f"delivered to {sector}"
        yield problem_at(
            cap,
            "material",
            f"this cap limits nothing: {_what(material)} is {by} in {_where(cap['region'])}",
            "check material, region and sector, or delete the row",
        )


def cap_never_binds(tables: Tables) -> Iterator[Problem]:
    """A cap that is in force in no year, or allows everything."""
    horizon = horizon_of(tables)
    for cap in tables.rows("ChinaShare"):
        shares = [share for year in horizon if (share := (cap.years or {}).get(year)) is not None]
        if not shares:
            wrong = "this cap is in force in no year planned"
        elif min(shares) >= 1:
            wrong = "this cap limits nothing: a share of 1 is all of consumption"
        else:
            continue
        yield problem_at(cap, "cap", wrong, "enter the largest share allowed, such as 0.6 for 60 %, or delete the row")


def nothing_is_exposed(tables: Tables) -> Iterator[Problem]:
    """Caps, but nothing that is made or sold can be exposed: any plan meets them."""
    exposed = (
        any(row["of_concern"] for row in tables.rows("Regions"))
        or any(unit["owner_of_concern"] for unit in units_of(tables))
        or any(market["exposed"] == "yes" for market in tables.rows("Markets"))
    )
    if not tables.rows("ChinaShare") or exposed:
        return
    stocks = any(stock["opening_t"] and stock["opening_exposed_share"] for stock in tables.rows("Stockpiles"))
    but = "but opening stock is exposed" if stocks else "is exposed"
    yield _of_concern(tables, f"no region is of concern, so that nothing {but} and caps limit nothing", "yes")


def all_is_of_concern(tables: Tables) -> Iterator[Problem]:
    """Caps, and nobody who could supply clean material."""
    if tables.rows("ChinaShare") and all(row["of_concern"] for row in tables.rows("Regions")):
        yield _of_concern(tables, "every region is of concern, so that all that is made is exposed", "no")


def _of_concern(tables: Tables, wrong: str, enter: str) -> Problem:
    first = tables.rows("Regions")[0]
    where = "China and the like" if enter == "yes" else "the regions that plan"
    found = BLANK if "of_concern" in first.blank else "yes" if first["of_concern"] else "no"
    mend = f"enter {enter} under of_concern for {where}, or delete the rows of ChinaShare"
    return Problem(cell_of(first, "of_concern"), found, wrong, mend)


def market_of_concern_called_clean(tables: Tables) -> Iterator[Problem]:
    """A market in a region of concern whose goods count as clean."""
    for market in tables.rows("Markets"):
        region = tables.records["Regions"][market["region"],]
        if region["of_concern"] and market["exposed"] == "no" and market["side"] == "buy":
            yield problem_at(
                market,
                "exposed",
                f"{market['region']} is of concern, but what this market sells there counts as clean",
                "clear the cell, unless the material comes from elsewhere",
            )


def cover_without_consumption(tables: Tables) -> Iterator[Problem]:
    """Days of cover for what nobody consumes."""
    horizon = horizon_of(tables)
    for stock in tables.rows("Stockpiles"):
        regions, material = regions_named(tables, stock["covers"]), stock["material"]
        if stock.years is None or not any(stock.years[year] for year in horizon):
            continue
        if not _demands(tables, material, regions) and not _taken_in(tables, material, regions):
            yield problem_at(
                stock,
                "covers",
                f"days of cover ask for nothing: {_what(material)} is consumed in {_where(stock['covers'])}",
                "check covers and material, or clear the days",
            )


def cover_over_capacity(tables: Tables) -> Iterator[Problem]:
    """Days of cover of the demand alone, without what plants take in, that the stockpile cannot hold."""
    for stock in tables.rows("Stockpiles"):
        demands = _demands(tables, stock["material"], regions_named(tables, stock["covers"]))
        for year in horizon_of(tables):
            days = (stock.years or {}).get(year) or 0.0
            needed = days / DAYS_PER_YEAR * sum((row.years or {}).get(year) or 0.0 for row in demands)
            if needed > stock["capacity_t"] * (1 + 1e-9):
                heading = max((given for given in stock.given if given <= year), default=year)
                yield Problem(
                    cell_of(stock, heading),
                    show(stock.given.get(heading, days)),
                    f"{rounded(days)} days are {rounded(needed)} t or more in {year}, but capacity_t is "
                    f"{show(stock['capacity_t'])}: there is no such plan",
                    "enter fewer days, or a larger capacity_t",
                )
                break


def substitution_of_no_demand(tables: Tables) -> Iterator[Problem]:
    """An option for what no sector wants."""
    for option in tables.rows("Substitution"):
        if not _demands(tables, option["material"], _everywhere(tables), option["sector"]):
            yield problem_at(
                option,
                "material",
                f"there is nothing to design out: {option['sector']} has no demand for {option['material']}",
                "check sector and material, or delete the row",
            )


def substitution_dearer_than_shortage(tables: Tables) -> Iterator[Problem]:
    """An option that costs more than going short."""
    for option in tables.rows("Substitution"):
        sector = tables.records["Sectors"][option["sector"],]
        if option["cost_usd_per_kg"] > sector["shortage_cost_usd_per_kg"] and not sector["min_service_share"]:
            yield problem_at(
                option,
                "cost_usd_per_kg",
                f"never chosen: to go short costs {option['sector']} {show(sector['shortage_cost_usd_per_kg'])} USD/kg",
                "check the cost, and shortage_cost_usd_per_kg of the sector",
            )


def _everywhere(tables: Tables) -> set[str]:
    return {name for (name,) in tables.records["Regions"]}


def returns_of_no_demand(tables: Tables) -> Iterator[Problem]:
    """Scrap of what is delivered to nobody."""
    for row in tables.rows("Returns"):
        if not _demands(tables, row["material"], _everywhere(tables), row["sector"]):
            yield problem_at(
                row,
                "material",
                f"nothing comes back: no {row['material']} is delivered to {row['sector']}",
                "check sector and material, or delete the row",
            )


def returns_nobody_uses(tables: Tables) -> Iterator[Problem]:
    """Scrap that no plant or project takes in."""
    users = reached(tables).users
    for row in tables.rows("Returns"):
        if not users[row["scrap"]]:
            yield problem_at(
                row,
                "scrap",
                f"nobody uses the {row['scrap']} that comes back, so that it is thrown away",
                "add a plant or project that takes it in, or delete the row",
            )


def returns_after_horizon(tables: Tables) -> Iterator[Problem]:
    """Scrap that comes back after the last year, or not at all."""
    horizon = horizon_of(tables)
    for row in tables.rows("Returns"):
        if row["lag_years"] >= len(horizon):
            yield problem_at(
                row,
                "lag_years",
                f"nothing comes back in the years planned: what is delivered in {horizon[0]} does so after "
                f"{horizon[-1]}, the last of them",
                f"enter at most {len(horizon) - 1}, or delete the row",
            )
        elif not row["t_per_t"]:
            yield problem_at(row, "t_per_t", "nothing comes back", "enter a figure above 0, or delete the row")


def budget_for_nothing(tables: Tables) -> Iterator[Problem]:
    """A budget for what is not on offer, or in force in no year."""
    offered = _on_offer(tables)
    for budget in tables.rows("Budgets"):
        if not any(offered[kind] for kind in kinds_of(budget)):
            yield problem_at(
                budget,
                "covers",
                "this budget limits nothing: nothing of it is on offer",
                "check covers, or delete the row",
            )
        elif not any((budget.years or {}).get(year) is not None for year in horizon_of(tables)):
            yield problem_at(
                budget, "budget", "this budget is in force in no year planned", "enter an amount, or delete the row"
            )


def budget_words_without_effect(tables: Tables) -> Iterator[Problem]:
    """Other words beside `all`."""
    for budget in tables.rows("Budgets"):
        words = [word for word in budget["covers"] if word not in ("all", "contingent")]
        if "all" in budget["covers"] and words:
            yield problem_at(
                budget,
                "covers",
                f"all covers every kind of outlay, so that {listed(words)} beside it has no effect",
                f"write all, or {listed(words)}",
            )


def _on_offer(tables: Tables) -> dict[str, bool]:
    """Whether there is anything on which each kind of outlay could be made."""
    floors = tables.rows("PriceFloors")
    promises = any(row["floor_usd_per_kg"] is None or row["floor_usd_per_kg"] or row["upside_share"] for row in floors)
    return {
        "capex": any(row["funding"] == "public" and row["capex_musd"] for row in tables.rows("Projects")),
        "grants": any(row["capex_grant_share"] for row in floors),
        "floors": promises or any(row["production_credit_usd_per_kg"] for row in floors),
        "contingent": promises,
        "loans": any(row["loan_share_of_capex"] for row in floors),
        "equity": any(row["equity_musd"] for row in floors),
        "contracts": bool(tables.rows("Contracts")),
        "fees": any(row["signing_fee_musd"] for row in tables.rows("Contracts")),
        "stockpile": any(row["capacity_t"] for row in tables.rows("Stockpiles")),
    }
