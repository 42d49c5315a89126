"""From a workbook's records to the data of one scenario: the only place where numbers are converted on the way in.

Money per mass enters as USD/kg and is held as MUSD/t; everything else has the unit of its heading already. Names of
groups become the regions they stand for, and `*` all that it stands for. Blank cells have their defaults by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from lodestone.data.plan_data import (
    BASE,
    BUDGET_KINDS,
    CLEAN,
    EXPOSED,
    MUSD_PER_T,
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
    Return,
    Scenario,
    Sector,
    Series,
    ShareCap,
    Stockpile,
    Substitution,
)
from lodestone.workbook.tables import Record, Tables


def plan_data(tables: Tables, base: Tables) -> PlanData:
    """Convert the records of one scenario, which have no problems.

    base: the unchanged workbook, by which lenders judge and force majeure is measured.
    """
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
        contracts={r.key[0]: _contract(r) for r in tables.rows("Contracts")},
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
            earliest_year=r["earliest_year"],
            latest_year=r["latest_year"],
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


def _contract(row: Record) -> Contract:
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
        earliest_year=row["earliest_year"],
        latest_year=row["latest_year"],
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
        from_year=row["from_year"],
        emergency_from=row["emergency_from"],
        emergency_to=row["emergency_to"],
        refill_years=row["refill_years"],
    )
