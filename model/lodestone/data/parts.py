"""What the rows of a workbook are, in model units: plants, projects, packages, contracts, markets, lanes, reserves ...

Money per mass is in MUSD/t, mass in t, yearly figures per year. Nothing here can be changed once built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from lodestone.data.times import OpenSeries, Series, Time, time_of, year_of

PUBLIC = "public"  # who pays, where nobody is named
ALL_KINDS = ("capex", "grants", "floors", "fees", "stockpile", "loans", "equity", "contracts")  # what `all` covers
BUDGET_KINDS = (*ALL_KINDS, "contingent")


def _or_unlimited(series: OpenSeries | None, time: Time) -> float:
    """Infinite where no limit is given, as a whole or in that period."""
    limit = None if series is None else series[time]
    return inf if limit is None else limit


@dataclass(frozen=True)
class Region:
    """A place where things are made, traded and used."""

    name: str
    of_concern: bool
    group: str | None


@dataclass(frozen=True)
class Material:
    """What is mined, made, traded and used, in t."""

    name: str
    mineral: str | None
    stage: str | None
    annual_loss_share: float  # of what is in stock
    resourcing_share: float | None = None  # of a region's use that can change suppliers in a year; None: no limit


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
    """A unit that stands in the first year."""

    capacity: Series  # t/yr
    base_capacity: Series  # the base scenario's, for force majeure
    fixed_cost: float = 0.0  # MUSD/yr of keeping all of it open
    base_recipe: Mapping[str, float] | None = None  # the base scenario's, where it is another

    def base_makes(self, material: str) -> float:
        """t per t of capacity used, in the base: what contracts with it are measured by."""
        return (self.recipe if self.base_recipe is None else self.base_recipe).get(material, 0.0)


@dataclass(frozen=True)
class Project(Unit):
    """A candidate investment. capacity t/yr, capex MUSD, fixed_cost MUSD/yr; of one build.

    committed_year: the year in which it is decided already, perhaps before first_year. delay: years by which builds
    come late that should begin production at that time or later.
    """

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
    payer: str = PUBLIC
    committed_year: int | None = None
    delay: Mapping[Time, int] = field(default_factory=dict)

    @cached_property
    def may_be_late(self) -> bool:
        """Whether a build may come late in some year."""
        return any(self.delay.values())

    def ramp(self, age: int) -> float:
        """Share of capacity in the (age + 1)-th year of production; 0 outside its life."""
        return min(1.0, (age + 1) / self.ramp_years) if 0 <= age < self.life_years else 0.0

    def first_year(self, decision_year: int) -> int:
        """Of production, as planned: what tenors and debt service count from, and lenders."""
        return decision_year + self.lead_years

    def last_life_year(self, decision_year: int) -> int:
        """Of production as planned, also beyond the horizon."""
        return self.first_year(decision_year) + self.life_years - 1

    def delayed_by(self, decision_year: int) -> int:
        """Years by which a build comes late: what holds in its planned first year; 0 if that is before first_year."""
        planned = time_of(self.first_year(decision_year))
        if not self.may_be_late or planned < min(self.delay):
            return 0
        return self.delay[planned] if planned in self.delay else self.delay[max(self.delay)]

    def begins(self, decision_year: int) -> int:
        """First year of production as it comes, late or not."""
        return self.first_year(decision_year) + self.delayed_by(decision_year)

    def ends(self, decision_year: int) -> int:
        """Last year of production as it comes, also beyond the horizon."""
        return self.begins(decision_year) + self.life_years - 1

    def ramp_in(self, decision_year: int, year: int) -> float:
        """Share of capacity that a build has in a year, late or not."""
        return self.ramp(year - self.begins(decision_year))


@dataclass(frozen=True)
class Floor:
    """A support package for a private project; floor, floor_max and credit in MUSD/t, equity in MUSD.

    project: or a plant, if the package is committed. floor: None is the least that makes the project bankable, not on
    offer above floor_max. credit: paid on all deemed output. equity buys equity_share of the cash after debt service.
    loan_share of capex is lent at loan_rate and paid back in loan_years instalments, of which the payer expects to lose
    loan_loss_share. committed_year: of a committed project its year; a plant is supported from that year on.
    """

    name: str
    project: str
    material: str
    floor: float | None
    tenor_years: int
    upside_share: float
    capex_grant_share: float
    floor_max: float | None = None
    credit: float = 0.0
    equity: float = 0.0
    equity_share: float = 0.0
    loan_share: float = 0.0
    loan_rate: float = 0.05
    loan_years: int = 10
    loan_loss_share: float = 0.1
    payer: str = PUBLIC
    committed_year: int | None = None
    honoured: Mapping[Time, bool] = field(default_factory=dict)
    base_honoured: Mapping[Time, bool] = field(default_factory=dict)  # what lenders know

    @property
    def level(self) -> float:
        """The floor, MUSD/t. Raises ValueError where it is left blank, and so depends on the year of the decision."""
        if self.floor is None:
            raise ValueError(f"the floor of {self.name} depends on the year of the decision")
        return self.floor

    def rate(self, price: float, floor: float | None = None) -> float:
        """MUSD per covered tonne at a price: what the treasury pays, less the upside it is paid back.

        floor: stands in for one that is left blank, MUSD/t.
        """
        level = self.level if floor is None else floor
        return max(0.0, level - price) - self.upside_share * max(0.0, price - level)

    def is_honoured(self, time: Time) -> bool:
        """Whether it pays; after the horizon as at its end."""
        return _kept(self.honoured, time)

    def counts_in(self, year: int) -> bool:
        """Whether lenders count on it in a year: not where the base itself breaks it."""
        return _kept_all_year(self.base_honoured, year)


@dataclass(frozen=True)
class Contract:
    """An offtake contract on offer; prices in MUSD/t, volumes in t/yr, escalation a share per year, the fee in MUSD.

    fixed: at fixed_price, escalated; else at the index with its premium, between price_min and price_max.
    committed_year, committed_t: signed already, in that year (perhaps before first_year), for so many t/yr.
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
    payer: str = PUBLIC
    committed_year: int | None = None
    committed_t: float = 0.0
    honoured: Mapping[Time, bool] = field(default_factory=dict)
    base_honoured: Mapping[Time, bool] = field(default_factory=dict)  # what lenders know

    def is_honoured(self, time: Time) -> bool:
        """Whether it delivers and is owed for; after the horizon as at its end."""
        return _kept(self.honoured, time)

    def counts_in(self, year: int) -> bool:
        """Whether lenders count on it in a year: not where the base itself breaks it."""
        return _kept_all_year(self.base_honoured, year)

    def price(self, index: float, year: int, first_delivery_year: int) -> float:
        """Contract price of a year, MUSD/t; index: the price in Prices (or on the lenders' deck) of that year."""
        if self.fixed:
            return float(self.fixed_price * (1 + self.escalation) ** (year - first_delivery_year))
        return min(max(index * (1 + self.index_premium), self.price_min), self.price_max)


def _kept(honoured: Mapping[Time, bool], time: Time) -> bool:
    if time in honoured or not honoured:
        return honoured.get(time, True)
    return time < min(honoured) or honoured[max(honoured)]


def _kept_all_year(honoured: Mapping[Time, bool], year: int) -> bool:
    """In each of its periods."""
    if all(honoured.values()):
        return True
    within = [time for time in honoured if year_of(time) == year]
    return all(honoured[time] for time in within) if within else _kept(honoured, time_of(year))


@dataclass(frozen=True)
class Market:
    """Outside supply or demand. volume: t/yr by time; None, as a whole or at a time: unlimited."""

    name: str
    region: str
    material: str
    buys: bool  # True: we buy from it; False: we sell to it
    exposed: bool
    premium_share: float
    spot_share: float
    volume: OpenSeries | None
    base_volume: OpenSeries | None

    def volume_in(self, time: Time) -> float:
        """t/yr, infinite when unlimited."""
        return _or_unlimited(self.volume, time)

    def base_volume_in(self, time: Time) -> float:
        """As volume_in, of the base scenario: what force majeure is measured by."""
        return _or_unlimited(self.base_volume, time)


@dataclass(frozen=True, slots=True)
class LaneData:
    """An open lane. freight MUSD/t, tariff share of price by time; capacity t/yr as volume in Market.

    min_price: MUSD/t, to which the duty lifts the price at least; None: none. applies_to: "all" streams or "exposed".
    """

    freight: float
    tariff: Series
    capacity: OpenSeries | None
    min_price: float | None = None
    applies_to: str = "all"

    @property
    def may_be_taxed(self) -> bool:
        """Whether there is any duty on it."""
        return self.min_price is not None or any(self.tariff.values())

    def capacity_in(self, time: Time) -> float:
        """t/yr, infinite when unlimited."""
        return _or_unlimited(self.capacity, time)


@dataclass(frozen=True)
class Sector:
    """A user of materials; demand is by region and material."""

    name: str
    shortage_cost: float  # MUSD/t
    min_service_share: float
    secure_share: float = 0.0  # of demand, that must be met in every combination of threats


@dataclass(frozen=True)
class Substitution:
    """A way to need less of a material in a sector, at a cost."""

    name: str
    sector: str
    material: str
    cost: float  # MUSD/t avoided
    share: Series  # of demand, at most
    requires: str | None = None  # possible only while this project is in production
    ramp_share_per_yr: float | None = None  # of demand, by which it can grow in a year; None: no limit
    keep_share: float = 0.0  # of what was designed out, that stays out in the next period


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
    """A reserve. capacity t; max_fill and max_release t/yr, None: unlimited; days of cover by time.

    clean_only: nothing exposed is put in. least_t: t, whatever the days say. counts: what days refer to, "consumption"
    (demand and intake) or "demand".
    """

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
    clean_only: bool = False
    least_t: float = 0.0
    counts: str = "consumption"
    payer: str = PUBLIC


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
    """A cap on yearly outlays, undiscounted. covers: of BUDGET_KINDS; carry_over: what is not spent may be later.

    payer: whose outlays count; None: those of all.
    """

    name: str
    covers: frozenset[str]
    carry_over: bool
    limit: OpenSeries  # MUSD/yr
    payer: str | None = None
