"""What the plan of `rare_earth_magnets` does with plants, deals and trade: the figures behind docs/analyst.md.

Keys: use.UNIT.YEAR_t what a plant or project makes, capacity.UNIT.YEAR_t what it could; deal.NAME.YEAR_t what a
contract delivers, deal.NAME.YEAR_musd what a floor pays; imports.BUYER.plan and .trade the part of magnets from
regions of concern in what the buyer takes in by lanes, both grades together; imports.error all differences between
plan and Trade together, over all of Trade.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from openpyxl import load_workbook

from lodestone.template.examples import examples

EXAMPLE = "rare_earth_magnets"
YEARS = (2026, 2028, 2030)
MAGNETS = ("magnet", "magnet_ht")
Lane = tuple[str, str, str]  # material, from, to


def analyst(plan: dict[str, Any]) -> dict[str, Any]:
    """plan: plan.json of the base of the example."""
    tables = plan["tables"]
    figures: dict[str, float] = defaultdict(float)
    for row in tables["plants"]:
        if row["year"] in YEARS:
            figures[f"use.{row['unit']}.{row['year']}_t"] += row["clean_t"] + row["exposed_t"]
            figures[f"capacity.{row['unit']}.{row['year']}_t"] += row["capacity_t"]
    for row in tables["contract_years"]:
        if row["year"] in YEARS:
            figures[f"deal.{row['contract']}.{row['year']}_t"] += row["taken_t"]
    for row in tables["floor_payments"]:
        if row["year"] in YEARS:
            figures[f"deal.{row['floor']}.{row['year']}_musd"] += row["payment_musd"]
    return dict(figures) | _imports(tables["flows"], plan["horizon"][0])


def _imports(flows: list[dict[str, Any]], year: int) -> dict[str, float]:
    workbook = load_workbook(examples()[EXAMPLE], read_only=True, data_only=True)
    trade: dict[Lane, float] = {}
    _, *rows = workbook["Trade"].iter_rows(max_col=4, values_only=True)
    for start, end, material, t in rows:
        trade[str(material), str(start), str(end)] = float(str(t))
    known = {(material, end) for material, _, end in trade}
    planned: dict[Lane, float] = defaultdict(float)
    for row in flows:
        material, start, end = lane = row["material"], row["from_region"], row["to_region"]
        if row["year"] == year and start != end and (material, end) in known:
            planned[lane] += row["t"]
    concern = {str(row[0]) for row in workbook["Regions"].iter_rows(max_col=2, values_only=True) if row[1] == "yes"}
    figures: dict[str, float] = {}
    for buyer in sorted({end for _, _, end in trade}):
        for name, lanes in (("trade", trade), ("plan", planned)):
            into = {lane: t for lane, t in lanes.items() if lane[2] == buyer and lane[0] in MAGNETS}
            exposed = sum(t for lane, t in into.items() if lane[1] in concern)
            figures[f"imports.{buyer}.{name}"] = exposed / sum(into.values()) if into else 0.0
            figures[f"imports.{buyer}.{name}_t"] = sum(into.values())
    off = sum(abs(planned.get(lane, 0.0) - trade.get(lane, 0.0)) for lane in {*trade, *planned})
    figures["imports.error"] = off / sum(trade.values())
    return figures
