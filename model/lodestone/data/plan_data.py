"""One scenario's data in model units: tonnes, million US dollars (MUSD) and years.

Money per mass is held as MUSD/t (1 t x 1 USD/kg = 0.001 MUSD); workbook/conversion.py makes it of a workbook's
records. A year is one period, or is cut into shorter ones (sheet Periods): series are read by the time at which a
period begins, and every yearly figure is a rate per year, in a period of any length.
Nothing here can be changed once built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isinf
from typing import Any

from lodestone.data.parts import (
    ALL_KINDS,
    BUDGET_KINDS,
    PUBLIC,
    Budget,
    Contract,
    Floor,
    LaneData,
    Market,
    Material,
    Plant,
    Project,
    Region,
    Return,
    Sector,
    ShareCap,
    Stockpile,
    Substitution,
    Unit,
)
from lodestone.data.scenario import BASE, Emergency, Scenario
from lodestone.data.times import (
    LAST_TIME,
    MONTHS,
    Calendar,
    OpenSeries,
    Series,
    Time,
    at,
    month_of,
    time_of,
    year_of,
    yearly,
)

MUSD_PER_T = 0.001  # 1 USD/kg
SMALLEST = 1e-9  # a coefficient of this size or less is 0 for the solver
CLEAN, EXPOSED = "clean", "exposed"
STREAMS = (CLEAN, EXPOSED)

__all__ = [
    "ALL_KINDS",
    "BASE",
    "BUDGET_KINDS",
    "CLEAN",
    "EXPOSED",
    "MONTHS",
    "MUSD_PER_T",
    "PUBLIC",
    "STREAMS",
    "Budget",
    "Contract",
    "Emergency",
    "Floor",
    "LaneData",
    "Market",
    "Material",
    "OpenSeries",
    "PlanData",
    "Plant",
    "Project",
    "Region",
    "Return",
    "Scenario",
    "Sector",
    "Series",
    "ShareCap",
    "Stockpile",
    "Substitution",
    "Time",
    "Unit",
    "at",
    "month_of",
    "time_of",
    "year_of",
    "yearly",
]


@dataclass(frozen=True)
class PlanData:
    """Everything one scenario says, in model units; keys are the workbook's ids."""

    name: str
    scenario: Scenario
    first_year: int
    last_year: int
    discount_rate: float
    provenance: bool  # False: china_share_basis is last_stage
    tariffs_counted: bool
    stock_end_value_share: float
    risk_weight: float
    risk_tail: float
    mip_gap: float
    time_limit_s: float
    regions: Mapping[str, Region]
    materials: Mapping[str, Material]
    price: Mapping[tuple[str, str], Series]  # (material, region) -> MUSD/t, of this scenario
    bank_price: Mapping[tuple[str, str], Series]  # (material, region) -> MUSD/t, the lenders' deck: always on the base
    plants: Mapping[str, Plant]
    projects: Mapping[str, Project]
    floors: Mapping[str, Floor]
    contracts: Mapping[str, Contract]
    markets: Mapping[str, Market]
    lanes: Mapping[tuple[str, str, str], LaneData]  # (material, from, to); open lanes only
    sectors: Mapping[str, Sector]
    demand: Mapping[tuple[str, str, str], Series]  # (region, sector, material) -> t/yr
    substitution: Mapping[str, Substitution]
    returns: tuple[Return, ...]
    stockpiles: Mapping[str, Stockpile]
    caps: Mapping[str, ShareCap]
    budgets: Mapping[str, Budget]
    lost: Mapping[str, Time] = field(
        default_factory=dict
    )  # project or contract -> the time from which it gives nothing
    lost_until: Time = LAST_TIME  # ... to the period that begins then
    periods: Mapping[int, int] = field(default_factory=dict)  # year -> months of its periods; 12 where it is not cut
    trade: Mapping[tuple[str, str, str], float] = field(default_factory=dict)  # (material, from, to) -> t/yr, before
    secure_against: int = 0  # threats that the plan must stand at once

    @property
    def years(self) -> range:
        """The horizon, last year included."""
        return range(self.first_year, self.last_year + 1)

    @cached_property
    def calendar(self) -> Calendar:
        """The horizon, and into which periods its years are cut."""
        return Calendar(self.first_year, self.last_year, self.periods)

    def months_of(self, year: int) -> int:
        """Length of the periods of a year."""
        return self.calendar.months_of(year)

    @property
    def times(self) -> tuple[Time, ...]:
        """When the periods of the horizon begin."""
        return self.calendar.times

    @property
    def last_time(self) -> Time:
        """When the last period begins."""
        return self.times[-1]

    @property
    def is_cut(self) -> bool:
        """Whether any year is cut into shorter periods, so that tables have a column month."""
        return any(months < MONTHS for months in self.periods.values())

    @cached_property
    def units(self) -> dict[str, Plant | Project]:
        """Plants and projects by name; their ids are unique together."""
        return {**self.plants, **self.projects}

    @cached_property
    def limited_lanes(self) -> dict[tuple[str, str, str], LaneData]:
        """The lanes with a capacity: usually few of many."""
        return {key: lane for key, lane in self.lanes.items() if lane.capacity is not None}

    @cached_property
    def leads_to(self) -> dict[tuple[str, str], list[str]]:
        """(from, material) -> where lanes lead to."""
        found: dict[tuple[str, str], list[str]] = {}
        for material, origin, to in self.lanes:
            found.setdefault((origin, material), []).append(to)
        return found

    def discount(self, year: int) -> float:
        """Factor to first_year; the only discounting of the objective."""
        return float((1 + self.discount_rate) ** (self.first_year - year))

    def price_of(self, material: str, region: str, time: Time) -> float:
        """Market price, MUSD/t; the last one beyond the horizon."""
        return at(self.price[material, region], time)

    def bank_price_of(self, material: str, region: str, year: int) -> float:
        """Lenders' price, MUSD/t: the mean of the year; before first_year its price, beyond their deck the last."""
        place = ("bank price", material, region, max(year, self.first_year))
        if place not in self.reckoned:
            self.reckoned[place] = yearly(self.bank_price[material, region], place[3])
        return float(self.reckoned[place])

    @cached_property
    def reckoned(self) -> dict[tuple[str | int, ...], Any]:
        """What follows from the data alone and is asked for again and again, by what it is; kept once it is known."""
        return {}

    def value_added(self, unit: Unit, time: Time) -> float:
        """MUSD per t of capacity used, at the prices of its region (after the horizon at the last price)."""
        return sum(g * self.price_of(m, unit.region, time) for m, g in unit.recipe.items())

    def bank_value_added(self, unit: Unit, year: int) -> float:
        """MUSD per t of capacity used, at the lenders' prices of its region."""
        return sum(g * self.bank_price_of(m, unit.region, year) for m, g in unit.recipe.items())

    def region_of(self, supplier: str) -> str:
        """Where a plant, project or market stands: contracts and floors see the prices there."""
        return self.units[supplier].region if supplier in self.units else self.markets[supplier].region

    def index_price(self, contract: Contract, time: Time) -> float:
        """What an index contract is priced by, MUSD/t: the price where the supplier stands, without its premium."""
        return self.price_of(contract.material, self.region_of(contract.supplier), time)

    def floor_price(self, floor: Floor, time: Time) -> float:
        """Market price against which a floor pays, MUSD/t: that of the project's region."""
        return self.price_of(floor.material, self.region_of(floor.project), time)

    def stock_price(self, stockpile: str, time: Time) -> float:
        """Market price of what is in stock, MUSD/t."""
        pile = self.stockpiles[stockpile]
        return self.price_of(pile.material, pile.region, time)

    def supplier_price(self, contract: Contract, time: Time) -> float:
        """What the supplier is paid otherwise, MUSD/t: the market price, with a market's premium."""
        if contract.supplier in self.markets:
            return self.market_price(contract.supplier, time)
        return self.index_price(contract, time)

    def market_price(self, market: str, time: Time) -> float:
        """Price of a market with its premium, MUSD/t."""
        row = self.markets[market]
        return self.price_of(row.material, row.region, time) * (1 + row.premium_share)

    def is_lost(self, name: str, time: Time) -> bool:
        """Whether a project or contract gives nothing at a time; only stress tests lose any."""
        return name in self.lost and self.lost[name] <= time <= self.lost_until

    def force_majeure(self, contract: Contract, time: Time) -> float:
        """min(1, capacity or volume of the supplier / the base's); 1 for projects; 0 of what is lost or not honoured.

        Where the base's volume is unlimited, it is measured by the largest volumes of all contracts with the market.
        """
        if self.is_lost(contract.name, time) or self.is_lost(contract.supplier, time) or not contract.is_honoured(time):
            return 0.0
        if contract.supplier in self.projects:
            return 1.0
        if contract.supplier in self.plants:
            plant = self.plants[contract.supplier]
            now, base = plant.capacity[time], plant.base_capacity[time]
        else:
            market = self.markets[contract.supplier]
            now, base = market.volume_in(time), market.base_volume_in(time)
        if isinf(base):
            largest = sum(c.max_t for c in self.contracts.values() if c.supplier == contract.supplier)
            return min(1.0, now / largest) if largest > 0 else 1.0
        return 1.0 if base == 0 else min(1.0, now / base)
