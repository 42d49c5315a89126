"""Plants and projects that cannot do what they are there for, or not as it was meant: warnings only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.checks.rows import problem_at, recipes_of, units_of
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Record, Tables


def unit_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """A plant or project to which no open lane brings an input, or from which none leads to anyone who wants it.

    Only of the base: to cut lanes is what many scenarios are for.
    """
    if tables.scenario != BASE:
        return
    sources, users = _sources(tables), _users(tables)
    reach_in, reach_out = _open_lanes(tables)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        recipe, region = recipes.get(unit["process"], {}), unit["region"]
        for material in (m for m, g in recipe.items() if g < 0):
            if not sources[material] & reach_in[region, material]:
                yield problem_at(
                    unit,
                    "region",
                    f"no open lane brings {material} to {unit.key[0]}",
                    f"add a lane for {material}, or somebody who sells or makes it",
                )
        outputs = [m for m, g in recipe.items() if g > 0]
        if outputs and not any(users[material] & reach_out[region, material] for material in outputs):
            yield problem_at(
                unit,
                "region",
                f"no open lane leads from {unit.key[0]} to anyone who uses what it makes",
                f"add a lane for {listed(outputs)}",
            )


def _sources(tables: Tables) -> dict[str, set[str]]:
    """material -> regions where it is made, sold to us, held in stock, or comes back as scrap."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g > 0:
                found[material].add(unit["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "buy":
            found[market["material"]].add(market["region"])
    for stock in tables.rows("Stockpiles"):
        if stock["opening_t"]:
            found[stock["material"]].add(stock["region"])
    for scrap in tables.rows("Returns"):
        found[scrap["scrap"]] |= {
            row["region"]
            for row in tables.rows("Demand")
            if (row["sector"], row["material"]) == (scrap["sector"], scrap["material"])
        }
    return found


def _users(tables: Tables) -> dict[str, set[str]]:
    """material -> regions where it is consumed, processed, bought from us, or stocked."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g < 0:
                found[material].add(unit["region"])
    for row in (*tables.rows("Demand"), *tables.rows("Stockpiles")):
        found[row["material"]].add(row["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "sell":
            found[market["material"]].add(market["region"])
    return found


Reach = Mapping[tuple[str, str], set[str]]


def _open_lanes(tables: Tables) -> tuple[Reach, Reach]:
    """(region, material) -> regions from which, and to which, an open lane leads in some year."""
    into: dict[tuple[str, str], set[str]] = defaultdict(set)
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (start, end, material), lane in tables.lanes.items():
        if lane.open and (lane.capacity is None or any(t is None or t > 0 for t in lane.capacity.values())):
            into[end, material].add(start)
            out[start, material].add(end)
    return into, out


def co_product_unwanted(tables: Tables) -> Iterator[Problem]:
    """An output beside others that nobody takes: it is discarded, although it counts in the value added."""
    users = _users(tables)
    used = {unit["process"] for unit in units_of(tables)}
    outputs: dict[str, list[Record]] = defaultdict(list)
    for row in tables.rows("Processes"):
        if row["t_per_t"] > 0:
            outputs[row["process"]].append(row)
    for process, rows in outputs.items():
        for row in rows if len(rows) > 1 and process in used else ():
            if row["material"] not in users:
                yield problem_at(
                    row,
                    "material",
                    f"{row['material']}, a co-product, has neither demand nor a sell market",
                    "add a row to Markets with side sell, or to Demand, if somebody takes it",
                )


def whole_plant_without_effect(tables: Tables) -> Iterator[Problem]:
    if tables.settings["china_share_basis"] != "last_stage":
        return
    for unit in units_of(tables):
        if unit["exposure_rule"] == "whole_plant":
            yield problem_at(
                unit,
                "exposure_rule",
                "whole_plant has no effect when china_share_basis is last_stage",
                "set china_share_basis to provenance, or exposure_rule to batch",
            )
