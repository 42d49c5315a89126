"""Tiny data for the tests of the rules: parts with sane defaults, put together by `plan`, and trees made by hand.

    base = plan(plants=[plant("refinery", recipe={"ore": -2, "oxide": 1})], markets=[market("ore_market", "ore")])
    m = build(single(base)).model

Three years, 2030-2032, unless `first_year` and `last_year` say otherwise; a number for a series holds in every year of
2026-2045. Money in MUSD, mass in t. Every material moves freely within every region; other lanes are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tests.periods import timed

from lodestone.data.plan_data import (
    BASE,
    CLEAN,
    EXPOSED,
    Budget,
    Contract,
    Floor,
    LaneData,
    Market,
    Material,
    PlanData,
    Plant,
    Project,
    Region,
    Scenario,
    Sector,
    ShareCap,
    Stockpile,
    Substitution,
    time_of,
)
from lodestone.data.tree import Tree

Y0, Y1, Y2 = 2030, 2031, 2032
REGIONS = {
    "China": Region("China", True, None),
    "Home": Region("Home", False, "domestic"),
    "Ally": Region("Ally", False, "allies"),
}
PRICE = {"ore": 0.004, "oxide": (0.06, 0.066, 0.072, *[0.1] * 10), "scrap": 0.01}  # dearer beyond the horizon
BANK_PRICE = {"ore": 0.003, "oxide": 0.05, "scrap": 0.008}


def series(value: Any) -> Any:
    """A number: the same in every year. A tuple: 2030, 2031, ... A dict: as it stands. None: None."""
    if isinstance(value, tuple):
        return dict(zip(range(Y0, Y0 + len(value)), value, strict=True))
    return dict.fromkeys(range(2026, 2046), value) if isinstance(value, int | float) else value


def plant(name: str, region: str = "Home", recipe: Mapping[str, float] | None = None, **changes: Any) -> Plant:
    changes["capacity"] = series(changes.get("capacity", 100.0))
    changes["base_capacity"] = series(changes.get("base_capacity", changes["capacity"]))
    default = Plant(
        name, region, f"{name}_process", recipe or {"ore": -2.0, "oxide": 1.0}, of_concern=region == "China",
        operating_cost=0.03, spot_share=1.0, whole_plant=False, at_market=True, capacity={}, base_capacity={},
    )  # fmt: skip
    return replace(default, **changes)


def project(name: str, region: str = "Home", recipe: Mapping[str, float] | None = None, **changes: Any) -> Project:
    """Private, bankable unaided unless its numbers say otherwise: no capex, no cost."""
    default = Project(
        name, region, f"{name}_process", recipe or {"oxide": 1.0}, of_concern=region == "China",
        operating_cost=0.0, spot_share=1.0, whole_plant=False, at_market=True, public=False, capacity=100.0, capex=0.0,
        fixed_cost=0.0, lead_years=0, ramp_years=1, life_years=20, earliest_year=Y0, latest_year=2045, max_builds=1,
        hurdle_rate=0.1, group=None, requires=None,
    )  # fmt: skip
    if changes.get("public"):
        changes.setdefault("at_market", False)
    return replace(default, **changes)


def market(name: str, material: str = "oxide", region: str = "Home", buys: bool = True, **changes: Any) -> Market:
    changes["volume"] = series(changes.get("volume"))
    changes["base_volume"] = series(changes.get("base_volume", changes["volume"]))
    default = Market(name, region, material, buys, region == "China", 0.0, 1.0, None, None)
    return replace(default, **changes)


def lane(freight: float = 0.0, tariff: Any = 0.0, capacity: Any = None) -> LaneData:
    return LaneData(freight, series(tariff), series(capacity))


def contract(name: str, supplier: str, **changes: Any) -> Contract:
    """Oxide at the index, at any volume up to 40 t/yr, for three years."""
    default = Contract(
        name, supplier, "oxide", fixed=False, fixed_price=0.0, escalation=0.0, index_premium=0.0, price_min=0.0,
        price_max=float("inf"), min_t=0.0, max_t=40.0, take_or_pay_share=0.0, earliest_year=Y0, latest_year=2045,
        start_delay_years=0, tenor_years=3, signing_fee=0.0,
    )  # fmt: skip
    return replace(default, **changes)


def floor(name: str, of: str, **changes: Any) -> Floor:
    return replace(Floor(name, of, "oxide", 0.08, 3, 0.0, 0.0), **changes)


def stockpile(name: str, **changes: Any) -> Stockpile:
    clean, exposed = changes.pop("opening", (0.0, 0.0))
    changes["days"] = series(changes.get("days", {}))
    default = Stockpile(name, "Home", "oxide", {CLEAN: clean, EXPOSED: exposed}, 500.0, None, None, 0.0, ("Home",), {})
    return replace(default, **changes)


def cap(name: str, share: Any, material: str = "oxide", regions: Iterable[str] = ("Home",), sector: str | None = None,
        materials: Iterable[str] = ()) -> ShareCap:  # fmt: skip
    return ShareCap(name, material, tuple(materials) or (material,), "*", tuple(regions), sector, series(share))


def budget(name: str, covers: str, limit: Any, carry_over: bool = False) -> Budget:
    return Budget(name, frozenset(covers.split()), carry_over, series(limit))


def substitution(name: str, sector: str, cost: float, share: Any, material: str = "oxide") -> Substitution:
    return Substitution(name, sector, material, cost, series(share))


def sector(name: str, shortage_cost: float = 1.0, min_service_share: float = 0.0) -> Sector:
    return Sector(name, shortage_cost, min_service_share)


def plan(**changes: Any) -> PlanData:
    """PlanData of these parts; lists of named parts become dicts, series are written as in `series`."""
    materials = changes.pop("materials", ("ore", "oxide", "scrap"))
    named = ("plants", "projects", "floors", "contracts", "markets", "sectors", "substitution", "stockpiles", "caps")
    for part in (*named, "budgets"):
        changes[part] = {thing.name: thing for thing in changes.get(part, ())}
    changes["demand"] = {key: series(value) for key, value in changes.get("demand", {}).items()}
    for part, default in (("price", PRICE), ("bank_price", BANK_PRICE)):
        changes[part] = {m: series(value) for m, value in (default | changes.get(part, {})).items()}
    if not changes["sectors"]:
        changes["sectors"] = {s: sector(s) for _, s, _ in changes.get("demand", {})}
    within = {(m, r, r): lane() for m in materials for r in REGIONS}
    empty = PlanData(
        "tiny", BASE, Y0, Y2, discount_rate=0.1, provenance=True, tariffs_counted=True, stock_end_value_share=0.5,
        risk_weight=0.0, risk_tail=0.1, mip_gap=1e-4, time_limit_s=60.0, regions=REGIONS,
        materials={m: Material(m, None, None, 0.0) for m in materials}, price={}, bank_price={},
        plants={}, projects={}, floors={}, contracts={}, markets={}, lanes={}, sectors={}, demand={}, substitution={},
        returns=(), stockpiles={}, caps={}, budgets={},
    )  # fmt: skip
    changes["lanes"] = within | changes.get("lanes", {})
    return timed(replace(empty, **changes))


def cut(data: PlanData, **periods: int) -> PlanData:
    """The same data with years cut into periods of so many months (y2031=3): what holds in a year holds in each."""
    months = {int(year.removeprefix("y")): length for year, length in periods.items()}

    def spread(part: Any) -> Any:
        if isinstance(part, Mapping) and part and all(isinstance(key, int) for key in part):
            more = {
                time_of(year, month): part[time_of(year)]
                for year, length in months.items()
                for month in range(1, 13, length)
                if time_of(year) in part
            }
            return {**more, **part}
        if isinstance(part, Mapping):
            return {key: spread(value) for key, value in part.items()}
        if is_dataclass(part) and not isinstance(part, type):
            changed = {f.name: spread(getattr(part, f.name)) for f in fields(part) if f.init}
            return replace(part, **changed)
        return part

    return replace(spread(replace(data, periods={})), periods=months)


def scenario(name: str = "shock", emergency: tuple[int, int] | None = None, refill_years: int = 0) -> Scenario:
    start, end = emergency or (None, None)
    return Scenario(name, 0.25, Y1, start, end, refill_years)


def fork(base: PlanData, other: PlanData) -> Tree:
    """Two futures that part after 2030: nodes 0, 1-2 (the base in 2031-2032), 3-4 (the other, probability 0.25)."""
    return Tree(
        time={n: time_of(year) for n, year in enumerate((Y0, Y1, Y2, Y1, Y2))},
        parent={0: None, 1: 0, 2: 1, 3: 0, 4: 3},
        probability={0: 1.0, 1: 0.75, 2: 0.75, 3: 0.25, 4: 0.25},
        data={0: base, 1: base, 2: base, 3: other, 4: other},
    )
