"""One scenario's data in model units: tonnes, million US dollars (MUSD) and years.

Money per mass enters as USD/kg and is held as MUSD/t (1 t x 1 USD/kg = 0.001 MUSD). This is the only place where
numbers are converted on the way in. Nothing here can be changed once built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isinf
from typing import Any

from model.tables import Record, Tables

MUSD_PER_T = 0.001  # 1 USD/kg
CLEAN, EXPOSED = "clean", "exposed"
STREAMS = (CLEAN, EXPOSED)

Series = Mapping[int, float]  # year -> value, over the horizon at least
OpenSeries = Mapping[int, float | None]  # None: not in force in that year


def at(series: Series, year: int) -> float:
    """The value of a year; the last value holds beyond the end of the series."""
    return series[year] if year in series else series[max(series)]


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
    annual_loss_share: float


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
    """A candidate investment. capacity t/yr, capex MUSD, fixed_cost MUSD/yr."""

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
        return decision_year + self.lead_years

    def last_life_year(self, decision_year: int) -> int:
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
    """An offtake contract on offer; prices in MUSD/t, volumes in t/yr."""

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
    share: Series


@dataclass(frozen=True)
class Return:
    sector: str
    material: str
    scrap: str
    t_per_t: float
    lag_years: int
    clean: bool


@dataclass(frozen=True)
class Stockpile:
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
    name: str
    covers: frozenset[str]
    carry_over: bool
    limit: OpenSeries  # MUSD/yr


@dataclass(frozen=True)
class Scenario:
    """When a future shows itself and when cover may be drawn down."""

    name: str
    probability: float | None
    from_year: int | None
    emergency_from: int | None
    emergency_to: int | None
    refill_years: int

    def cover_suspended(self, year: int) -> bool:
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
        return range(self.first_year, self.last_year + 1)

    @cached_property
    def units(self) -> dict[str, Plant | Project]:
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

    @cached_property
    def not_of_concern(self) -> tuple[str, ...]:
        return tuple(r.name for r in self.regions.values() if not r.of_concern)

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


def plan_data(tables: Tables, base: Tables) -> PlanData:
    """Convert the records of one scenario; `base` gives what lenders believe and what force majeure is measured by."""
    settings = tables.settings
    regions = {r.key[0]: Region(r.key[0], bool(r["of_concern"]), r["group"] or None) for r in tables.rows("Regions")}
    processes: dict[str, dict[str, float]] = {}
    for row in tables.rows("Processes"):
        processes.setdefault(row["process"], {})[row["material"]] = row["t_per_t"]
    materials = {
        r.key[0]: Material(r.key[0], r["mineral"], r["stage"], r["annual_loss_share"]) for r in tables.rows("Materials")
    }
    return PlanData(
        name=str(settings["plan_name"]),
        scenario=_scenario(tables),
        first_year=settings["first_year"],
        last_year=settings["last_year"],
        discount_rate=settings["discount_rate"],
        provenance=settings["china_share_basis"] == "provenance",
        tariffs_counted=settings["tariffs_counted"],
        stock_end_value_share=settings["stock_end_value_share"],
        risk_weight=settings["risk_weight"],
        risk_tail=settings["risk_tail"],
        mip_gap=settings["mip_gap"],
        time_limit_s=settings["time_limit_s"],
        regions=regions,
        materials=materials,
        price=_prices(tables),
        bank_price=_bank_prices(base),
        plants=_plants(tables, base, regions, processes),
        projects=_projects(tables, regions, processes),
        floors={r.key[0]: _floor(r) for r in tables.rows("PriceFloors")},
        contracts={r.key[0]: _contract(r, settings) for r in tables.rows("Contracts")},
        markets={r.key[0]: _market(r, base, regions) for r in tables.rows("Markets")},
        lanes={
            (lane.material, lane.from_region, lane.to_region): LaneData(
                lane.freight_usd_per_kg * MUSD_PER_T, lane.tariff, lane.capacity
            )
            for lane in tables.lanes.values()
            if lane.open
        },
        sectors={
            r.key[0]: Sector(r.key[0], r["shortage_cost_usd_per_kg"] * MUSD_PER_T, r["min_service_share"])
            for r in tables.rows("Sectors")
        },
        demand={(r["region"], r["sector"], r["material"]): _series(r) for r in tables.rows("Demand")},
        substitution={
            r.key[0]: Substitution(r.key[0], r["sector"], r["material"], r["cost_usd_per_kg"] * MUSD_PER_T, _series(r))
            for r in tables.rows("Substitution")
        },
        returns=tuple(
            Return(r["sector"], r["material"], r["scrap"], r["t_per_t"], r["lag_years"], r["stream"] == "clean")
            for r in tables.rows("Returns")
        ),
        stockpiles={r.key[0]: _stockpile(r, regions) for r in tables.rows("Stockpiles")},
        caps={r.key[0]: _cap(r, regions, materials) for r in tables.rows("ChinaShare")},
        budgets={r.key[0]: _budget(r) for r in tables.rows("Budgets")},
    )


def _or_unlimited(series: OpenSeries | None, year: int) -> float:
    limit = None if series is None else series[year]
    return inf if limit is None else limit


def _series(row: Record) -> Series:
    return {y: v for y, v in (row.years or {}).items() if v is not None}


def _prices(tables: Tables) -> dict[str, Series]:
    return {r["material"]: {y: v * MUSD_PER_T for y, v in _series(r).items()} for r in tables.rows("Prices")}


def _bank_prices(base: Tables) -> dict[str, Series]:
    factor = base.settings["bank_price_factor"]
    deck: dict[str, Series] = {m: {y: v * factor for y, v in series.items()} for m, series in _prices(base).items()}
    for row in base.rows("BankPrices"):
        deck[row["material"]] = {y: v * MUSD_PER_T for y, v in _series(row).items()}
    return deck


def _unit(
    row: Record, regions: Mapping[str, Region], processes: Mapping[str, Mapping[str, float]]
) -> dict[str, object]:
    return {
        "name": row.key[0],
        "region": row["region"],
        "process": row["process"],
        "recipe": processes[row["process"]],
        "of_concern": regions[row["region"]].of_concern or bool(row["owner_of_concern"]),
        "operating_cost": row["operating_cost_usd_per_kg"] * MUSD_PER_T,
        "spot_share": row["spot_share"],
        "whole_plant": row["exposure_rule"] == "whole_plant",
    }


def _plants(
    tables: Tables, base: Tables, regions: Mapping[str, Region], processes: Mapping[str, Mapping[str, float]]
) -> dict[str, Plant]:
    return {
        r.key[0]: Plant(
            **_unit(r, regions, processes),  # type: ignore[arg-type]
            at_market=r["pricing"] == "market",
            capacity=_series(r),
            base_capacity=_series(base.records["Plants"][r.key]),
        )
        for r in tables.rows("Plants")
    }


def _projects(
    tables: Tables, regions: Mapping[str, Region], processes: Mapping[str, Mapping[str, float]]
) -> dict[str, Project]:
    settings = tables.settings
    return {
        r.key[0]: Project(
            **_unit(r, regions, processes),  # type: ignore[arg-type]
            at_market=r["funding"] == "private",
            public=r["funding"] == "public",
            capacity=r["capacity_t_per_yr"],
            capex=r["capex_musd"],
            fixed_cost=r["fixed_cost_musd_per_yr"],
            lead_years=r["lead_years"],
            ramp_years=r["ramp_years"],
            life_years=r["life_years"],
            earliest_year=_or(r["earliest_year"], settings["first_year"]),
            latest_year=_or(r["latest_year"], settings["last_year"]),
            max_builds=r["max_builds"],
            hurdle_rate=r["hurdle_rate"],
            group=r["group"] or None,
            requires=r["requires"] or None,
        )
        for r in tables.rows("Projects")
    }


def _floor(row: Record) -> Floor:
    return Floor(
        row.key[0],
        row["project"],
        row["material"],
        row["floor_usd_per_kg"] * MUSD_PER_T,
        row["tenor_years"],
        row["upside_share"],
        row["capex_grant_share"],
    )


def _contract(row: Record, settings: Mapping[str, Any]) -> Contract:
    def usd(column: str, blank: float) -> float:
        return blank if row[column] is None else row[column] * MUSD_PER_T

    return Contract(
        name=row.key[0],
        supplier=row["supplier"],
        material=row["material"],
        fixed=row["price_rule"] == "fixed",
        fixed_price=usd("fixed_price_usd_per_kg", 0.0),
        escalation=row["escalation_share_per_yr"],
        index_premium=row["index_premium_share"],
        price_min=usd("price_min_usd_per_kg", 0.0),
        price_max=usd("price_max_usd_per_kg", inf),
        min_t=row["min_t_per_yr"],
        max_t=row["max_t_per_yr"],
        take_or_pay_share=row["take_or_pay_share"],
        earliest_year=_or(row["earliest_year"], settings["first_year"]),
        latest_year=_or(row["latest_year"], settings["last_year"]),
        start_delay_years=row["start_delay_years"],
        tenor_years=row["tenor_years"],
        signing_fee=row["signing_fee_musd"],
    )


def _market(row: Record, base: Tables, regions: Mapping[str, Region]) -> Market:
    exposed = row["exposed"]
    return Market(
        name=row.key[0],
        region=row["region"],
        material=row["material"],
        buys=row["side"] == "buy",
        exposed=regions[row["region"]].of_concern if exposed is None else exposed == "yes",
        premium_share=row["premium_share"],
        spot_share=row["spot_share"],
        volume=row.years,
        base_volume=base.records["Markets"][row.key].years,
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _named_regions(name: str, regions: Mapping[str, Region]) -> tuple[str, ...]:
    """A region, the members of a group, or `*`: all regions not of concern."""
    if name == "*":
        return tuple(r.name for r in regions.values() if not r.of_concern)
    if name in regions:
        return (name,)
    return tuple(r.name for r in regions.values() if r.group == name)


def _stockpile(row: Record, regions: Mapping[str, Region]) -> Stockpile:
    opening, exposed = row["opening_t"], row["opening_exposed_share"]
    return Stockpile(
        name=row.key[0],
        region=row["region"],
        material=row["material"],
        opening={CLEAN: opening * (1 - exposed), EXPOSED: opening * exposed},
        capacity=row["capacity_t"],
        max_fill=row["max_fill_t_per_yr"],
        max_release=row["max_release_t_per_yr"],
        holding_cost=row["holding_cost_usd_per_kg_yr"] * MUSD_PER_T,
        covers=_named_regions(row["covers"], regions),
        days=row.years or {},
    )


def _cap(row: Record, regions: Mapping[str, Region], materials: Mapping[str, Material]) -> ShareCap:
    return ShareCap(
        name=row.key[0],
        material=row["material"],
        materials=tuple(materials) if row["material"] == "*" else (row["material"],),
        region=row["region"],
        regions=_named_regions(row["region"], regions),
        sector=None if row["sector"] == "*" else row["sector"],
        share=row.years or {},
    )


def _budget(row: Record) -> Budget:
    covers = frozenset(row["covers"])
    return Budget(
        name=row.key[0],
        covers=frozenset(BUDGET_KINDS) if "all" in covers else covers,
        carry_over=row["carry_over"],
        limit=row.years or {},
    )


def _scenario(tables: Tables) -> Scenario:
    if tables.scenario == BASE.name:
        return BASE
    row = tables.records["Scenarios"][(tables.scenario,)]
    return Scenario(
        name=row.key[0],
        probability=row["probability"],
        from_year=_or(row["from_year"], tables.settings["first_year"]),
        emergency_from=row["emergency_from"],
        emergency_to=row["emergency_to"],
        refill_years=row["refill_years"],
    )
