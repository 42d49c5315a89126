"""Lanes: between which regions a material can move, at what freight, capacity and tariff.

Of all Lanes rows that match a lane, the one with most named keys wins; ties go to the one that names the material, then
from, then to. The same holds for Tariffs rows. `*` never matches movement within one region: that is free and open
unless a row names the region twice. Where no row matches, the default freight opens the lane, if there is one.

Units    freight USD/kg, capacity t/yr, tariff share of the price
Sheets   Lanes, Tariffs, Settings (default_freight_usd_per_kg)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Lane, Record

LaneKey = tuple[str, str, str]  # from_region, to_region, material


def resolve_lanes(
    lane_rows: Iterable[Record],
    tariff_rows: Iterable[Record],
    regions: list[str],
    materials: list[str],
    default_freight: float | None,
    horizon: range,
) -> dict[LaneKey, Lane]:
    """Every lane that a row or the default freight gives, closed ones too."""
    winners = winning_rows(lane_rows, regions, materials)
    taxed = winning_rows(tariff_rows, regions, materials)
    untaxed = dict.fromkeys(horizon, 0.0)
    if default_freight is None:
        keys = sorted(winners.keys() | {(region, region, material) for region in regions for material in materials})
    else:
        keys = list(product(regions, regions, materials))
    lanes: dict[LaneKey, Lane] = {}
    for key in keys:
        row, tariff = winners.get(key), taxed.get(key)
        freight = 0.0 if key[0] == key[1] or default_freight is None else default_freight
        if row is not None:
            freight = row["freight_usd_per_kg"]
        lanes[key] = Lane(
            *key,
            freight,
            open=True if row is None else row["open"],
            capacity=None if row is None else row.years,
            tariff=untaxed if tariff is None else _rates(tariff),
            cells={} if row is None else row.cells,
            tariff_cells={} if tariff is None else tariff.cells,
            given={} if row is None else row.given,
            min_price_usd_per_kg=None if tariff is None else tariff["min_price_usd_per_kg"],
            applies_to="all" if tariff is None else tariff["applies_to"],
        )
    return lanes


def winning_rows(rows: Iterable[Record], regions: list[str], materials: list[str]) -> dict[LaneKey, Record]:
    """The most specific row of each lane that a row matches: less specific rows first, overwritten by later ones."""
    winners: dict[LaneKey, Record] = {}
    for row in sorted(rows, key=_rank):
        start, end, material = row.key
        for m in materials if material == ANY else (material,):
            for r in regions if start == ANY else (start,):
                for to in regions if end == ANY else (end,):
                    if r != to or ANY not in (start, end):
                        winners[r, to, m] = row
    return winners


def _rank(row: Record) -> tuple[int, bool, bool, bool]:
    start, end, material = (name != ANY for name in row.key)
    return (start + end + material, material, start, end)


def _rates(row: Record) -> Mapping[int, float]:
    return {year: rate or 0.0 for year, rate in (row.years or {}).items()}
