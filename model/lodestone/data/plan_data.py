"""One scenario's data in model units: tonnes, million US dollars (MUSD) and years.

Money per mass is held as MUSD/t (1 t x 1 USD/kg = 0.001 MUSD); workbook/conversion.py makes it of a workbook's
records.
Nothing here can be changed once built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isinf

MUSD_PER_T = 0.001  # 1 USD/kg
SMALLEST = 1e-9  # a coefficient of this size or less is 0 for the solver
CLEAN, EXPOSED = "clean", "exposed"
STREAMS = (CLEAN, EXPOSED)

Series = Mapping[int, float]  # year -> value, over the horizon at least
OpenSeries = Mapping[int, float | None]  # None: not in force in that year


def at(series: Series, year: int) -> float:
    """The value of a year; the last value holds beyond the end of the series."""
    return series[year] if year in series else series[max(series)]


def _or_unlimited(series: OpenSeries | None, year: int) -> float:
    """Infinite where no limit is given, as a whole or in that year."""
    limit = None if series is None else series[year]
    return inf if limit is None else limit


@dataclass(frozen=True)
class Region:
    name: str
    of_concern: bool
    group: str | None


@dataclass(frozen=True)
class Material:
    name: str
    mineral: str | None
    stage: str | None
    annual_loss_share: float  # of what is in stock


@dataclass(frozen=True)
class Unit:
    """What plants and projects share.

    recipe: t per t of capacity used; operating_cost: MUSD per t of capacity used; at_market: paid the value it adds;
    of_concern: stands in, or is owned from, a region of concern.
    """

    name: str
    region: str
    process: str
    recipe: Mapping[str, float]
    of_concern: bool
    operating_cost: float
    spot_share: float
    whole_plant: bool
    at_market: bool

    @cached_property
    def inputs(self) -> dict[str, float]:
        """Tonnes taken per tonne of capacity used (positive)."""
        return {m: -g for m, g in self.recipe.items() if g < 0}

    @cached_property
    def outputs(self) -> dict[str, float]:
        """Tonnes made per tonne of capacity used."""
        return {m: g for m, g in self.recipe.items() if g > 0}

    @property
    def main_output(self) -> str:
        """The first output in the recipe, for break-even prices."""
        return next(iter(self.outputs))


@dataclass(frozen=True)
class Plant(Unit):
    capacity: Series  # t/yr
    base_capacity: Series  # the base scenario's, for force majeure


@dataclass(frozen=True)
class Project(Unit):
    """A candidate investment. capacity t/yr, capex MUSD, fixed_cost MUSD/yr; of one build."""

    public: bool
    capacity: float
    capex: float
    fixed_cost: float
    lead_years: int
    ramp_years: int
    life_years: int
    earliest_year: int
    latest_year: int
    max_builds: int
    hurdle_rate: float
    group: str | None
    requires: str | None

    def ramp(self, age: int) -> float:
        """Share of capacity in the (age + 1)-th year of production; 0 outside its life."""
        return min(1.0, (age + 1) / self.ramp_years) if 0 <= age < self.life_years else 0.0

    def first_year(self, decision_year: int) -> int:
        """Of production."""
        return decision_year + self.lead_years

    def last_life_year(self, decision_year: int) -> int:
        """Of production, also beyond the horizon."""
        return self.first_year(decision_year) + self.life_years - 1


@dataclass(frozen=True)
class Floor:
    """A support package for a private project; floor in MUSD/t."""

    name: str
    project: str
    material: str
    floor: float
    tenor_years: int
    upside_share: float
    capex_grant_share: float

    def rate(self, price: float) -> float:
        """MUSD per covered tonne at a price: what the treasury pays, less the upside it is paid back."""
        return max(0.0, self.floor - price) - self.upside_share * max(0.0, price - self.floor)


@dataclass(frozen=True)
class Contract:
    """An offtake contract on offer; prices in MUSD/t, volumes in t/yr, escalation a share per year, the fee in MUSD.

    fixed: at fixed_price, escalated; else at the index with its premium, between price_min and price_max.
    """

    name: str
    supplier: str
    material: str
    fixed: bool
    fixed_price: float
    escalation: float
    index_premium: float
    price_min: float
    price_max: float
    min_t: float
    max_t: float
    take_or_pay_share: float
    earliest_year: int
    latest_year: int
    start_delay_years: int
    tenor_years: int
    signing_fee: float

    def price(self, index: float, year: int, first_delivery_year: int) -> float:
        """Contract price of a year, MUSD/t; index: the price in Prices (or on the lenders' deck) of that year."""
        if self.fixed:
            return float(self.fixed_price * (1 + self.escalation) ** (year - first_delivery_year))
        return min(max(index * (1 + self.index_premium), self.price_min), self.price_max)


@dataclass(frozen=True)
class Market:
    """Outside supply or demand. volume: t/yr by year; None, as a whole or in a year: unlimited."""

    name: str
    region: str
    material: str
    buys: bool  # True: we buy from it; False: we sell to it
    exposed: bool
    premium_share: float
    spot_share: float
    volume: OpenSeries | None
    base_volume: OpenSeries | None

    def volume_in(self, year: int) -> float:
        """t/yr, infinite when unlimited."""
        return _or_unlimited(self.volume, year)

    def base_volume_in(self, year: int) -> float:
        """As volume_in, of the base scenario: what force majeure is measured by."""
        return _or_unlimited(self.base_volume, year)


@dataclass(frozen=True, slots=True)
class LaneData:
    """An open lane. freight MUSD/t, tariff share of price by year; capacity t/yr as volume in Market."""

    freight: float
    tariff: Series
    capacity: OpenSeries | None

    def capacity_in(self, year: int) -> float:
        """t/yr, infinite when unlimited."""
        return _or_unlimited(self.capacity, year)


@dataclass(frozen=True)
class Sector:
    name: str
    shortage_cost: float  # MUSD/t
    min_service_share: float


@dataclass(frozen=True)
class Substitution:
    name: str
    sector: str
    material: str
    cost: float  # MUSD/t avoided
    share: Series  # of demand, at most


@dataclass(frozen=True)
class Return:
    """Scrap that comes back: t per t delivered, lag_years later. clean: whatever was delivered; else of its stream."""

    sector: str
    material: str
    scrap: str
    t_per_t: float
    lag_years: int
    clean: bool


@dataclass(frozen=True)
class Stockpile:
    """A reserve. capacity t; max_fill and max_release t/yr, None: unlimited; days of cover by year."""

    name: str
    region: str
    material: str
    opening: Mapping[str, float]  # stream -> t
    capacity: float
    max_fill: float | None
    max_release: float | None
    holding_cost: float  # MUSD per t and year
    covers: tuple[str, ...]  # regions
    days: OpenSeries


@dataclass(frozen=True)
class ShareCap:
    """A China-share row; materials and regions are spelled out, sector None means all."""

    name: str
    material: str  # as written, "*" included
    materials: tuple[str, ...]
    region: str  # as written
    regions: tuple[str, ...]
    sector: str | None
    share: OpenSeries


@dataclass(frozen=True)
class Budget:
    """A cap on yearly outlays, undiscounted. covers: of BUDGET_KINDS; carry_over: what is not spent may be later."""

    name: str
    covers: frozenset[str]
    carry_over: bool
    limit: OpenSeries  # MUSD/yr


@dataclass(frozen=True)
class Scenario:
    """When a future shows itself and when cover may be drawn down; all None in the base."""

    name: str
    probability: float | None
    from_year: int | None
    emergency_from: int | None
    emergency_to: int | None
    refill_years: int

    def cover_suspended(self, year: int) -> bool:
        """In the emergency's years and the refill_years after them no days of cover are asked for."""
        if self.emergency_from is None or self.emergency_to is None:
            return False
        return self.emergency_from <= year <= self.emergency_to + self.refill_years


BUDGET_KINDS = ("capex", "grants", "floors", "fees", "stockpile")
BASE = Scenario("base", None, None, None, None, 0)


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
    price: Mapping[str, Series]  # MUSD/t, of this scenario
    bank_price: Mapping[str, Series]  # MUSD/t, the lenders' deck: always on the base
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
    lost: Mapping[str, int] = field(default_factory=dict)  # project or contract -> the year from which it gives nothing

    @property
    def years(self) -> range:
        """The horizon, last year included."""
        return range(self.first_year, self.last_year + 1)

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

    def value_added(self, unit: Unit, year: int) -> float:
        """MUSD per t of capacity used, at this scenario's prices (years beyond the horizon at the last price)."""
        return sum(g * at(self.price[m], year) for m, g in unit.recipe.items())

    def supplier_price(self, contract: Contract, year: int) -> float:
        """What the supplier is paid otherwise, MUSD/t: the market price, with a market's premium."""
        if contract.supplier in self.markets:
            return self.market_price(contract.supplier, year)
        return at(self.price[contract.material], year)

    def market_price(self, market: str, year: int) -> float:
        """Price of a market with its premium, MUSD/t."""
        row = self.markets[market]
        return at(self.price[row.material], year) * (1 + row.premium_share)

    def is_lost(self, name: str, year: int) -> bool:
        """Whether a project or contract gives nothing in a year; only stress tests lose any."""
        return name in self.lost and year >= self.lost[name]

    def force_majeure(self, contract: Contract, year: int) -> float:
        """min(1, capacity or volume of the supplier / the base's); 1 for projects; 0 of what is lost."""
        if self.is_lost(contract.name, year) or self.is_lost(contract.supplier, year):
            return 0.0
        if contract.supplier in self.projects:
            return 1.0
        if contract.supplier in self.plants:
            plant = self.plants[contract.supplier]
            now, base = plant.capacity[year], plant.base_capacity[year]
        else:
            market = self.markets[contract.supplier]
            now, base = market.volume_in(year), market.base_volume_in(year)
        if isinf(base):
            return 0.0 if now == 0 else 1.0
        return 1.0 if base == 0 else min(1.0, now / base)
