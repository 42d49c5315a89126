"""Who makes, who uses, and which lanes lead from one to the other: reckoned once for the data of a scenario.

What is shipped does not move on in the same year, so that one lane, movement within a region included, must do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from weakref import WeakKeyDictionary

from lodestone.workbook.checks.rows import horizon_of, recipes_of, units_of
from lodestone.workbook.tables import Lane, Tables, Years

Regions = Mapping[str, set[str]]  # material -> regions


class Reached:
    """The question of reach for one scenario; regions without an entry have none."""

    def __init__(self, tables: Tables) -> None:
        horizon = horizon_of(tables)
        self.into: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.out: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.open_lanes = [lane for lane in tables.lanes.values() if lane.open and ever(lane.capacity, horizon)]
        for lane in self.open_lanes:
            self.into[lane.to_region, lane.material].add(lane.from_region)
            self.out[lane.from_region, lane.material].add(lane.to_region)
        self.consumers = _consumers(tables, horizon)
        self.users = _with_stocks(self.consumers, tables)
        self.sources = _sources(tables, horizon)
        self._add_stocks(tables)

    @cached_property
    def live_lanes(self) -> list[Lane]:
        """The lanes on which something can move to somebody who wants it."""
        return [
            lane
            for lane in self.open_lanes
            if lane.from_region in self.sources[lane.material] and lane.to_region in self.users[lane.material]
        ]

    def comes_to(self, region: str, material: str) -> bool:
        """Whether an open lane brings a material to a region."""
        return bool(self.sources[material] & self.into[region, material])

    def is_used_from(self, region: str, material: str) -> bool:
        """Whether somebody takes what stands in a region, be it to store it."""
        return bool(self.users[material] & self.out[region, material])

    def _add_stocks(self, tables: Tables) -> None:
        """A stockpile is a source if it holds something at first, or if something comes to it."""
        empty = [stock for stock in tables.rows("Stockpiles") if stock["capacity_t"]]
        while filled := [s for s in empty if s["opening_t"] or self.comes_to(s["region"], s["material"])]:
            known = {stock.key for stock in filled}
            empty = [stock for stock in empty if stock.key not in known]
            for stock in filled:
                self.sources[stock["material"]].add(stock["region"])


_KNOWN: WeakKeyDictionary[Tables, Reached] = WeakKeyDictionary()


def reached(tables: Tables) -> Reached:
    """Reckoned when first asked for, since there may be very many lanes."""
    if tables not in _KNOWN:
        _KNOWN[tables] = Reached(tables)
    return _KNOWN[tables]


def ever(values: Years | None, horizon: range) -> bool:
    """Whether there is something in some year planned; what has no figure is unlimited."""
    return values is None or any(values[year] is None or values[year] for year in horizon)


def _sources(tables: Tables, horizon: range) -> dict[str, set[str]]:
    """material -> regions where it is made, sold to us, or comes back as scrap."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g > 0:
                found[material].add(unit["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "buy" and ever(market.years, horizon):
            found[market["material"]].add(market["region"])
    for scrap in tables.rows("Returns"):
        found[scrap["scrap"]] |= {
            row["region"]
            for row in tables.rows("Demand")
            if (row["sector"], row["material"]) == (scrap["sector"], scrap["material"])
        }
    return found


def _consumers(tables: Tables, horizon: range) -> dict[str, set[str]]:
    """material -> regions where it is consumed, processed, or bought from us."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g < 0:
                found[material].add(unit["region"])
    for row in tables.rows("Demand"):
        found[row["material"]].add(row["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "sell" and ever(market.years, horizon):
            found[market["material"]].add(market["region"])
    return found


def _with_stocks(consumers: Regions, tables: Tables) -> dict[str, set[str]]:
    found = defaultdict(set, {material: set(regions) for material, regions in consumers.items()})
    for stock in tables.rows("Stockpiles"):
        found[stock["material"]].add(stock["region"])
    return found
