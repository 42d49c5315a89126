"""Rows that show how each sheet is filled in: one made-up story that fits together and could be solved as it stands."""

from __future__ import annotations

from lodestone.workbook.tables import Value

ExampleRow = dict[str | int, Value]  # column or year -> what is typed


def example_rows(first_year: int, last_year: int) -> dict[str, list[ExampleRow]]:
    """Rows of every sheet but Settings. All figures are invented."""

    def path(first: float, last: float | None = None, start: int = first_year) -> ExampleRow:
        """A value in the first year; with `last` another one in the last, and a straight line between them."""
        row: ExampleRow = {min(start, last_year): first}
        return row if last is None else row | {last_year: last}

    soon = min(first_year + 2, last_year)
    # fmt: off
    return {
        "Periods": [{"year": soon, "months": 3}],
        "Regions": [
            {"region": "China", "of_concern": "yes"},
            {"region": "Australia", "of_concern": "no", "group": "ally"},
            {"region": "Home", "of_concern": "no", "group": "domestic"},
        ],
        "Materials": [
            {"material": "carbonate", "mineral": "rare earths", "stage": "mining"},
            {"material": "ndpr_oxide", "mineral": "rare earths", "stage": "refining", "annual_loss_share": 0.01},
            {"material": "magnet", "mineral": "rare earths", "stage": "magnet", "resourcing_share": 0.5},
            {"material": "magnet_scrap", "mineral": "rare earths", "stage": "recycling"},
        ],
        "Prices": [
            {"material": "carbonate", **path(12)},
            {"material": "ndpr_oxide", **path(60, 75)},
            {"material": "magnet", "region": "*", **path(65, 75)},
            {"material": "magnet", "region": "China", **path(55)},
            {"material": "magnet_scrap", **path(8)},
        ],
        "BankPrices": [{"material": "ndpr_oxide", "region": "Home", **path(50)}],
        "Processes": [
            {"process": "separate", "material": "carbonate", "t_per_t": -2},
            {"process": "separate", "material": "ndpr_oxide", "t_per_t": 1},
            {"process": "sinter", "material": "ndpr_oxide", "t_per_t": -0.4},
            {"process": "sinter", "material": "magnet", "t_per_t": 1},
            {"process": "recycle", "material": "magnet_scrap", "t_per_t": -3},
            {"process": "recycle", "material": "ndpr_oxide", "t_per_t": 1},
        ],
        "Plants": [
            {"plant": "home_magnets", "region": "Home", "process": "sinter", "owner_of_concern": "no",
             "pricing": "market", "operating_cost_usd_per_kg": 35, "fixed_cost_musd_per_yr": 0.5, "spot_share": 1,
             "exposure_rule": "batch", **path(500)},
            {"plant": "home_recycling", "region": "Home", "process": "recycle", **path(0, 30)},
        ],
        "Projects": [
            {"project": "home_refinery", "region": "Home", "process": "separate", "owner_of_concern": "no",
             "funding": "private", "capacity_t_per_yr": 200, "capex_musd": 20, "fixed_cost_musd_per_yr": 0.5,
             "operating_cost_usd_per_kg": 12, "lead_years": 2, "ramp_years": 2, "life_years": 20,
             "earliest_year": first_year, "latest_year": last_year, "max_builds": 1, "hurdle_rate": 0.12,
             "group": "refinery_site", "spot_share": 1, "exposure_rule": "batch"},
            {"project": "home_refinery_small", "region": "Home", "process": "separate", "funding": "public",
             "capacity_t_per_yr": 100, "capex_musd": 13, "group": "refinery_site"},
            {"project": "home_refinery_2", "region": "Home", "process": "separate", "funding": "public",
             "capacity_t_per_yr": 100, "capex_musd": 15, "requires": "home_refinery"},
            {"project": "home_recycling_2", "region": "Home", "process": "recycle", "funding": "public",
             "capacity_t_per_yr": 20, "capex_musd": 2, "payer": "Home", "committed_year": first_year, "delay_years": 0},
        ],
        "PriceFloors": [
            {"floor": "floor_80", "project": "home_refinery", "material": "ndpr_oxide", "floor_usd_per_kg": 80,
             "tenor_years": 10, "upside_share": 0.3, "capex_grant_share": 0.1},
            {"floor": "least_floor", "project": "home_refinery", "material": "ndpr_oxide", "floor_max_usd_per_kg": 95,
             "tenor_years": 10, "production_credit_usd_per_kg": 2, "equity_musd": 3, "equity_share": 0.15,
             "loan_share_of_capex": 0.4, "loan_rate": 0.04, "loan_years": 12, "loan_loss_share": 0.1, "payer": "Home"},
            {"floor": "magnet_floor", "project": "home_magnets", "material": "magnet", "floor_usd_per_kg": 60,
             "tenor_years": 5, "committed_year": first_year, "honoured": "yes"},
        ],
        "Contracts": [
            {"contract": "carbonate_fixed", "supplier": "au_carbonate", "material": "carbonate", "price_rule": "fixed",
             "fixed_price_usd_per_kg": 11, "escalation_share_per_yr": 0.02, "min_t_per_yr": 100, "max_t_per_yr": 300,
             "take_or_pay_share": 0.7, "earliest_year": first_year, "latest_year": last_year, "start_delay_years": 1,
             "tenor_years": 8, "signing_fee_musd": 0.1},
            {"contract": "oxide_index", "supplier": "home_refinery", "material": "ndpr_oxide", "price_rule": "index",
             "index_premium_share": 0.05, "price_min_usd_per_kg": 55, "price_max_usd_per_kg": 110, "max_t_per_yr": 100,
             "take_or_pay_share": 1, "tenor_years": 10},
            {"contract": "carbonate_signed", "supplier": "au_carbonate", "material": "carbonate", "price_rule": "index",
             "max_t_per_yr": 60, "tenor_years": 6, "payer": "Home", "committed_year": first_year,
             "committed_t_per_yr": 60, "honoured": "yes"},
        ],
        "Markets": [
            {"market": "cn_magnet", "region": "China", "material": "magnet", "side": "buy", "exposed": "yes"},
            {"market": "au_carbonate", "region": "Australia", "material": "carbonate", "side": "buy",
             "premium_share": 0.1, "spot_share": 0.5, **path(400, 800)},
        ],
        "Trade": [{"from_region": "China", "to_region": "Home", "material": "magnet", "t_per_yr": 250}],
        "Lanes": [
            {"from_region": "*", "to_region": "Home", "material": "*", "freight_usd_per_kg": 0.5, "open": "yes"},
            {"from_region": "China", "to_region": "Home", "material": "magnet", "freight_usd_per_kg": 1, **path(900)},
        ],
        "Tariffs": [
            {"from_region": "China", "to_region": "*", "material": "magnet", "min_price_usd_per_kg": 60,
             "applies_to": "exposed", **path(0.25)},
        ],
        "Sectors": [
            {"sector": "defence", "shortage_cost_usd_per_kg": 1000, "min_service_share": 0.3, "secure_share": 0.3},
        ],
        "Demand": [{"region": "Home", "sector": "defence", "material": "magnet", **path(300, 600)}],
        "Substitution": [
            {"option": "ferrite_motor", "sector": "defence", "material": "magnet", "cost_usd_per_kg": 90,
             "requires": "home_recycling_2", "ramp_share_per_yr": 0.05, "keep_share": 0.8, **path(0.02, 0.1)},
        ],
        "Returns": [
            {"sector": "defence", "material": "magnet", "scrap": "magnet_scrap", "t_per_t": 0.2, "lag_years": 5,
             "stream": "inherit"},
        ],
        "Stockpiles": [
            {"stockpile": "reserve", "region": "Home", "material": "magnet", "opening_t": 20,
             "opening_exposed_share": 1, "capacity_t": 150, "max_fill_t_per_yr": 60, "max_release_t_per_yr": 60,
             "holding_cost_usd_per_kg_yr": 2, "covers": "Home", "clean_only": "no", "least_t": 10, "counts": "demand",
             "payer": "Home", **path(15, 45, soon)},
        ],
        "ChinaShare": [
            {"cap": "magnet_cap", "material": "magnet", "region": "Home", "sector": "defence", **path(1, 0.7)},
        ],
        "Budgets": [{"budget": "support", "covers": "grants, floors", "payer": "*", "carry_over": "yes", **path(25)}],
        "Scenarios": [
            {"scenario": "embargo", "description": "China ships no magnets for two years.", "probability": 0.2,
             "from_year": soon, "from_month": 4, "emergency_from": soon, "emergency_from_month": 4,
             "emergency_to": min(soon + 1, last_year), "emergency_to_month": 12, "refill_years": 2,
             "emergency_stockpiles": "*", "threat": "yes"},
            {"scenario": "long_embargo", "description": "... or for longer: on its first day nobody knows.",
             "parent": "embargo", "probability": 0.1, "from_year": min(soon + 2, last_year)},
        ],
        "Changes": [
            {"scenario": "embargo", "sheet": "Lanes", "row": "China/*/*", "column": "years", "from_year": soon,
             "from_month": 4, "to_year": min(soon + 1, last_year), "to_month": 12, "operation": "multiply", "value": 0},
            {"scenario": "long_embargo", "sheet": "Lanes", "row": "China/*/*", "column": "years",
             "operation": "multiply", "value": 0},
            {"scenario": "base", "sheet": "Prices", "row": "carbonate", "column": "years",
             "from_year": min(first_year + 1, last_year), "operation": "multiply", "value": 1.05},
        ],
    }
    # fmt: on
