"""From a workbook's records to the data of one scenario: the only place where numbers are converted on the way in.

Money per mass enters as USD/kg and is held as MUSD/t; everything else has the unit of its heading already. Names of
groups become the regions they stand for, and `*` all that it stands for. Blank cells have their defaults by now. Year
values, and those of periods that differ from their year's, become series by the time at which a period begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from lodestone.data.plan_data import (
    ALL_KINDS,
    BASE,
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
    ShareCap,
    Stockpile,
    Substitution,
)
from lodestone.names import wildcard
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.series import Spread, bank_prices, prices
from lodestone.workbook.tables import Record, Tables, lineage


def plan_data(tables: Tables, base: Tables) -> PlanData:
    """Convert the records of one scenario, which have no problems.

    base: the unchanged workbook, by which lenders judge and force majeure is measured.
    """
    settings = tables.settings
    spread, before = Spread(tables.calendar), Spread(base.calendar)
    regions = {r.key[0]: Region(r.key[0], bool(r["of_concern"]), r["group"] or None) for r in tables.rows("Regions")}
    processes = _recipes(tables)
    materials = {
        r.key[0]: Material(r.key[0], r["mineral"], r["stage"], r["annual_loss_share"], r["resourcing_share"])
        for r in tables.rows("Materials")
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
        price=prices(tables, "Prices", regions, spread),
        bank_price=bank_prices(base, regions, before),
        plants=_plants(tables, base, regions, processes, spread, before),
        projects=_projects(tables, regions, processes, spread),
        floors={r.key[0]: _floor(r, base, spread) for r in tables.rows("PriceFloors")},
        contracts={r.key[0]: _contract(r, base, spread) for r in tables.rows("Contracts")},
        markets={r.key[0]: _market(r, base, regions, spread, before) for r in tables.rows("Markets")},
        lanes={
            (lane.material, lane.from_region, lane.to_region): LaneData(
                lane.freight_usd_per_kg * MUSD_PER_T,
                spread.numbers(lane.tariff, lane.tariff_months),
                None if lane.capacity is None else spread(lane.capacity, lane.capacity_months),
                None if lane.min_price_usd_per_kg is None else lane.min_price_usd_per_kg * MUSD_PER_T,
                lane.applies_to,
            )
            for lane in tables.lanes.values()
            if lane.open
        },
        sectors={
            r.key[0]: Sector(
                r.key[0], r["shortage_cost_usd_per_kg"] * MUSD_PER_T, r["min_service_share"], r["secure_share"]
            )
            for r in tables.rows("Sectors")
        },
        demand={
            (r["region"], r["sector"], r["material"]): spread.numbers(r.years or {}, r.months)
            for r in tables.rows("Demand")
        },
        substitution={
            r.key[0]: Substitution(
                r.key[0],
                r["sector"],
                r["material"],
                r["cost_usd_per_kg"] * MUSD_PER_T,
                spread.numbers(r.years or {}, r.months),
                r["requires"] or None,
                r["ramp_share_per_yr"],
                r["keep_share"],
            )
            for r in tables.rows("Substitution")
        },
        returns=tuple(
            Return(r["sector"], r["material"], r["scrap"], r["t_per_t"], r["lag_years"], r["stream"] == "clean")
            for r in tables.rows("Returns")
        ),
        stockpiles={r.key[0]: _stockpile(r, regions, spread) for r in tables.rows("Stockpiles")},
        caps={r.key[0]: _cap(r, regions, materials, spread) for r in tables.rows("ChinaShare")},
        budgets={r.key[0]: _budget(r, spread) for r in tables.rows("Budgets")},
        periods={year: tables.calendar.months_of(year) for year in tables.calendar.years},
        trade={(r["material"], r["from_region"], r["to_region"]): r["t_per_yr"] for r in tables.rows("Trade")},
        secure_against=settings["secure_against"],
    )


def _recipes(tables: Tables) -> dict[str, dict[str, float]]:
    processes: dict[str, dict[str, float]] = {}
    for row in tables.rows("Processes"):
        processes.setdefault(row["process"], {})[row["material"]] = row["t_per_t"]
    return processes


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
    tables: Tables,
    base: Tables,
    regions: Mapping[str, Region],
    processes: Mapping[str, Mapping[str, float]],
    spread: Spread,
    before: Spread,
) -> dict[str, Plant]:
    usual, usual_recipes = base.records["Plants"], _recipes(base)
    return {
        r.key[0]: Plant(
            **_unit(r, regions, processes),  # type: ignore[arg-type]
            at_market=r["pricing"] == "market",
            capacity=spread.numbers(r.years or {}, r.months),
            base_capacity=before.numbers(usual[r.key].years or {}, usual[r.key].months),
            fixed_cost=r["fixed_cost_musd_per_yr"],
            base_recipe=usual_recipes[usual[r.key]["process"]],
        )
        for r in tables.rows("Plants")
    }


def _projects(
    tables: Tables, regions: Mapping[str, Region], processes: Mapping[str, Mapping[str, float]], spread: Spread
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
            payer=r["payer"],
            committed_year=r["committed_year"],
            delay=spread.dated(r, "delay_years"),
        )
        for r in tables.rows("Projects")
    }


def _floor(row: Record, base: Tables, spread: Spread) -> Floor:
    def usd(column: str) -> float | None:
        return None if row[column] is None else row[column] * MUSD_PER_T

    return Floor(
        name=row.key[0],
        project=row["project"],
        material=row["material"],
        floor=usd("floor_usd_per_kg"),
        tenor_years=row["tenor_years"],
        upside_share=row["upside_share"],
        capex_grant_share=row["capex_grant_share"],
        floor_max=usd("floor_max_usd_per_kg"),
        credit=row["production_credit_usd_per_kg"] * MUSD_PER_T,
        equity=row["equity_musd"],
        equity_share=row["equity_share"],
        loan_share=row["loan_share_of_capex"],
        loan_rate=row["loan_rate"],
        loan_years=row["loan_years"],
        loan_loss_share=row["loan_loss_share"],
        payer=row["payer"],
        committed_year=row["committed_year"],
        honoured=spread.dated(row, "honoured"),
        base_honoured=spread.dated(base.records["PriceFloors"][row.key], "honoured"),
    )


def _contract(row: Record, base: Tables, spread: Spread) -> Contract:
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
        payer=row["payer"],
        committed_year=row["committed_year"],
        committed_t=row["committed_t_per_yr"] or 0.0,
        honoured=spread.dated(row, "honoured"),
        base_honoured=spread.dated(base.records["Contracts"][row.key], "honoured"),
    )


def _market(row: Record, base: Tables, regions: Mapping[str, Region], spread: Spread, before: Spread) -> Market:
    exposed, usual = row["exposed"], base.records["Markets"][row.key]
    return Market(
        name=row.key[0],
        region=row["region"],
        material=row["material"],
        buys=row["side"] == "buy",
        exposed=regions[row["region"]].of_concern if exposed is None else exposed == "yes",
        premium_share=row["premium_share"],
        spot_share=row["spot_share"],
        volume=None if row.years is None else spread(row.years, row.months),
        base_volume=None if usual.years is None else before(usual.years, usual.months),
    )


def _named_regions(name: str, regions: Mapping[str, Region]) -> tuple[str, ...]:
    """A region, the members of a group, or `*`: all regions not of concern."""
    if name == "*":
        return tuple(r.name for r in regions.values() if not r.of_concern)
    if name in regions:
        return (name,)
    return tuple(r.name for r in regions.values() if r.group == name)


def _stockpile(row: Record, regions: Mapping[str, Region], spread: Spread) -> Stockpile:
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
        days=spread(row.years or {}, row.months),
        clean_only=row["clean_only"],
        least_t=row["least_t"],
        counts=row["counts"],
        payer=row["payer"],
    )


def _cap(row: Record, regions: Mapping[str, Region], materials: Mapping[str, Material], spread: Spread) -> ShareCap:
    return ShareCap(
        name=row.key[0],
        material=row["material"],
        materials=tuple(materials) if row["material"] == "*" else (row["material"],),
        region=row["region"],
        regions=_named_regions(row["region"], regions),
        sector=None if row["sector"] == "*" else row["sector"],
        share=spread(row.years or {}, row.months),
    )


def _budget(row: Record, spread: Spread) -> Budget:
    covers = frozenset(row["covers"])
    return Budget(
        name=row.key[0],
        covers=frozenset(ALL_KINDS) | (covers - {"all"}) if "all" in covers else covers,
        carry_over=row["carry_over"],
        limit=spread(row.years or {}, row.months),
        payer=None if row["payer"] == ANY else row["payer"],
    )


def _scenario(tables: Tables) -> Scenario:
    scenarios = tables.records["Scenarios"]
    line = lineage(scenarios, tables.scenario) if tables.scenario != BASE.name else []
    known = [_alone(tables, scenarios[name,]) for name in line]
    own = replace(known[0], inherited=tuple(e for each in known[1:] for e in each.emergencies)) if known else BASE
    if not tables.threats:
        return own
    threats = [_alone(tables, scenarios[name,]) for name in tables.threats]
    return _struck(own, threats, [threat for threat in threats if threat.name not in line])


def _struck(own: Scenario, threats: Sequence[Scenario], new: Sequence[Scenario]) -> Scenario:
    """A scenario to which threats come: it shows itself at the first of them, and has the emergencies of all.

    new: those of them that have not come to it already.
    """
    first = min(threats, key=lambda threat: threat.shows or 0)
    together = " + ".join(threat.name for threat in threats)
    return Scenario(
        name=together if own.name == BASE.name else f"{own.name}: {together}",
        probability=None,
        from_year=first.from_year,
        emergency_from=None,
        emergency_to=None,
        refill_years=0,
        from_month=first.from_month,
        inherited=(*own.emergencies, *(e for threat in new for e in threat.emergencies)),
    )


def _alone(tables: Tables, row: Record) -> Scenario:
    """A scenario without what it takes over from its parents."""
    return Scenario(
        name=row.key[0],
        probability=row["probability"],
        from_year=row["from_year"],
        emergency_from=row["emergency_from"],
        emergency_to=row["emergency_to"],
        refill_years=row["refill_years"],
        parent=row["parent"],
        from_month=row["from_month"],
        emergency_from_month=row["emergency_from_month"],
        emergency_to_month=row["emergency_to_month"],
        emergency_stockpiles=_freed(tables, row["emergency_stockpiles"]),
        threat=row["threat"],
    )


def _freed(tables: Tables, named: str) -> frozenset[str] | None:
    """The stockpiles that an emergency frees; None: all."""
    patterns = [wildcard(part.strip()) for part in named.split(",") if part.strip()]
    if ANY in named.split(","):
        return None
    piles = [name for (name,) in tables.records["Stockpiles"]]
    return frozenset(name for name in piles if any(pattern.fullmatch(name) for pattern in patterns))
