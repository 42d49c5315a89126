"""Lanes and tariffs that change nothing, and what no lane reaches: of places that material cannot go between."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.reach import Reached, ever, reached
from lodestone.workbook.checks.rows import cell_of, horizon_of, problem_at
from lodestone.workbook.scenarios.lanes import winning_rows
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Record, Tables

MANY = 20  # lanes without use, from which most of a sheet is no slip


def demand_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """Demand to which no open lane brings the material."""
    reach, horizon = reached(tables), horizon_of(tables)
    for row in tables.rows("Demand"):
        if ever(row.years, horizon) and not reach.comes_to(row["region"], row["material"]):
            yield problem_at(
                row,
                "material",
                f"no open lane brings {row['material']} to {row['region']}, so that this demand is never met",
                f"add a lane for {row['material']}, or somebody who sells or makes it",
            )


def market_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """A market that sells what nobody can fetch, or buys what nobody can bring."""
    reach, horizon = reached(tables), horizon_of(tables)
    for market in tables.rows("Markets"):
        name, region, material = market.key[0], market["region"], market["material"]
        if not ever(market.years, horizon):
            continue
        if market["side"] == "buy" and not reach.is_used_from(region, material):
            wrong = f"no open lane leads from {name} to anyone who uses {material}"
        elif market["side"] == "sell" and not reach.comes_to(region, material):
            wrong = f"no open lane brings {material} to {name}"
        else:
            continue
        yield problem_at(market, "region", wrong, f"add a lane for {material}, or delete the row")


def stockpile_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """A reserve that nothing can fill, or from which nothing comes to anyone who uses it."""
    reach = reached(tables)
    for stock in tables.rows("Stockpiles"):
        name, region, material = stock.key[0], stock["region"], stock["material"]
        if not stock["opening_t"] and not reach.comes_to(region, material):
            wrong = f"no open lane brings {material} to {name}, which is empty at first"
        elif not reach.consumers[material] & reach.out[region, material]:
            wrong = f"no open lane leads from {name} to anyone who uses {material}"
        else:
            continue
        yield problem_at(stock, "region", wrong, f"add a lane for {material}, or delete the row")


def lane_without_effect(tables: Tables) -> Iterator[Problem]:
    """A row of Lanes that names no lane of its own, or closes widely what is closed already."""
    winning = {id(lane.cells) for lane in tables.lanes.values()}
    closing = _closing(tables)
    for row in tables.lane_rows.get("Lanes", ()):
        if id(row.cells) not in winning:
            wrong = "this row has no effect: other rows give every lane that it names, being more specific"
        elif not row["open"] and ANY in row.key and id(row.cells) not in closing:
            wrong = "this row has no effect: what it closes is closed anyway, and more specific rows stay open"
        else:  # to say of one lane that it is closed does no harm
            continue
        yield problem_at(row, "from_region", wrong, "check both regions and the material, or delete the row")


def lane_that_carries_nothing(tables: Tables) -> Iterator[Problem]:
    """A lane that starts where its material never is, or leads where nobody wants it.

    Where most rows are so, the sheet is a table of freights between all places, and only a lane that was turned round
    is told: the one way is given, and it is the other on which something could move.
    """
    reach = reached(tables)
    rows = [row for row in tables.lane_rows.get("Lanes", ()) if row["open"] and ANY not in row.key]
    live, horizon = {id(lane.cells) for lane in reach.live_lanes}, horizon_of(tables)
    idle = [row for row in rows if id(row.cells) not in live and ever(row.years, horizon)]
    if len(idle) > max(MANY, len(rows) / 2):
        ways = {(lane.from_region, lane.to_region, lane.material) for lane in reach.live_lanes}
        idle = [row for row in idle if _turned(reach, row) and (row.key[1], row.key[0], row.key[2]) not in ways]
    for row in idle:
        mend = "check both regions and the material, or delete the row"
        yield problem_at(row, "from_region", _why_nothing_moves(reach, row), mend)


def _turned(reach: Reached, row: Record) -> bool:
    """Whether something could move the other way."""
    start, end, material = row.key
    return end in reach.sources[material] and start in reach.users[material]


def _closing(tables: Tables) -> set[int]:
    """The rows that close a lane which would be open without them: by the default freight or a less specific row."""
    closed = [lane for lane in tables.lanes.values() if not lane.open]
    if not closed:
        return set()
    if tables.settings["default_freight_usd_per_kg"] is not None:
        return {id(lane.cells) for lane in closed}
    wide = [row for row in tables.lane_rows["Lanes"] if row["open"] and ANY in row.key]
    regions = [name for (name,) in tables.records["Regions"]]
    opened = winning_rows(wide, regions, [name for (name,) in tables.records["Materials"]])
    return {
        id(lane.cells)
        for lane in closed
        if lane.from_region == lane.to_region or (lane.from_region, lane.to_region, lane.material) in opened
    }


def _why_nothing_moves(reach: Reached, row: Record) -> str:
    start, end, material = row.key
    if start not in reach.sources[material]:
        why = f"{material} is neither made nor sold nor stocked in {start}"
    else:
        why = f"nobody in {end} uses {material}"
    meant = f"; is it the way from {end} to {start} that is meant?" if _turned(reach, row) else ""
    return f"nothing can move here: {why}{meant}"


def tariff_without_effect(tables: Tables) -> Iterator[Problem]:
    """A row of Tariffs that taxes nothing which could move; a rate of 0 that exempts from a wider row counts."""
    rows = tables.lane_rows.get("Tariffs", ())
    if not rows:
        return
    reach = reached(tables)
    winning = {id(lane.tariff_cells) for lane in tables.lanes.values()}
    live = {id(lane.tariff_cells) for lane in reach.live_lanes}
    horizon = horizon_of(tables)
    for row in rows:
        if id(row.cells) in live or not ever(row.years, horizon):
            continue
        start, end, material = row.key
        if ANY in row.key:
            wrong = "this tariff taxes nothing: nothing can move between the places that it names"
        elif tables.lanes.get((start, end, material)) is None:
            wrong = f"this tariff taxes nothing: there is no lane from {start} to {end} for {material}"
            if tables.lanes.get((end, start, material)) is not None:
                wrong += f"; is it the way from {end} to {start} that is meant?"
        elif id(row.cells) not in winning:
            wrong = "this tariff taxes nothing: more specific rows give the rate of every lane that it names"
        else:
            wrong = "this tariff taxes nothing: " + _why_nothing_moves(reach, row).partition(": ")[2]
        yield Problem(cell_of(row, "from_region"), row.key[0], wrong, "check both regions and the material")
