"""A small hand-made plan: every table has rows, its numbers fit together, no solver needed.

It has a private separation plant that a price floor makes bankable, a public magnet plant built twice, one contract,
one stockpile, a cap on the China share that binds in 2027, and 100 t of magnets short in 2026.
"""

from __future__ import annotations

import copy
from typing import Any

from lodestone.plan.plan import Plan
from lodestone.plan.tables import TABLES, Document, Rows

YEARS = (2026, 2027, 2028)
DISCOUNT = {2026: 1.0, 2027: 1 / 1.05, 2028: 1 / 1.05**2}

COSTS = {  # term -> (payer, undiscounted MUSD by year)
    "capex": ("public", (120.0, 0.0, 0.0)),
    "salvage": ("public", (0.0, 0.0, -96.0)),
    "grants": ("public", (30.0, 0.0, 0.0)),
    "floor_payments": ("public", (0.0, 24.0, -2.5)),
    "owed_beyond_horizon": ("public", (0.0, 0.0, 60.0)),
    "stock_holding": ("public", (0.4, 0.8, 0.8)),
    "signing_fees": ("public", (0.5, 0.0, 0.0)),
    "market_purchases": ("buyers", (320.0, 250.0, 180.0)),
    "payments_to_units": ("buyers", (0.0, 88.0, 160.0)),
    "contract_differences": ("buyers", (1.5, 1.0, -0.5)),
    "freight": ("buyers", (6.25, 5.0, 4.0)),
    "tariffs": ("buyers", (32.0, 20.0, 12.0)),
    "shortage": ("shortage", (20.0, 0.0, 0.0)),
}


def small_plan(**changes: Any) -> Plan:
    """The plan, with fields replaced; `tables` replaces single tables."""
    tables = {**_complete(_tables()), **changes.pop("tables", {})}
    discounted: dict[str, float] = {}
    payers = {"public": 0.0, "buyers": 0.0, "shortage": 0.0}
    for row in tables["costs"]:
        discounted[row["term"]] = discounted.get(row["term"], 0.0) + row["discounted_musd"]
        payers[row["payer"]] += row["discounted_musd"]
    cost = sum(discounted.values())
    document = {
        "format": 1,
        "plan_name": "Magnets for the allies",
        "status": "optimal",
        "objective_musd": cost,
        "expected_cost_musd": cost,
        "bound_musd": cost * (1 - 0.00005),
        "gap": 0.00005,
        "seconds": {"read": 0.21, "build": 0.84, "load": 0.1, "solve": 3.25, "write": 0.0},
        "versions": {"lodestone": "0.1.0", "python": "3.11.7", "pyomo": "6.10.1", "highspy": "1.15.1"},
        "workbook": "magnets.xlsx",
        "workbook_sha256": "5f" * 32,
        "scenario": "base",
        "changes": [
            {
                "sheet": "Prices",
                "row": "ndpr_oxide",
                "column": "years",
                "year": 2027,
                "old": 70.0,
                "new": 56.0,
                "by": "Changes!A2",
            },
            {
                "sheet": "Lanes",
                "row": "China/USA/ndpr_oxide",
                "column": "open",
                "year": None,
                "old": True,
                "new": False,
                "by": "--set Lanes/China/USA/ndpr_oxide/open=no",
            },
        ],
        "settings": {"first_year": 2026, "last_year": 2028, "discount_rate": 0.05, "china_share_basis": "provenance"},
        "horizon": [2026, 2028],
        "costs_musd": discounted,
        "payers_musd": payers,
        "tariff_revenue_musd": discounted.get("tariffs", 0.0),
        "warnings": [
            {
                "cell": "Plants!A4",
                "found": "old_mill",
                "wrong": "no lane reaches it",
                "mend": "add a row to Lanes, or remove the plant",
            }
        ],
        "model": {"rows": 812, "columns": 1044, "nonzeros": 3120, "integers": 14},
        "audit": [
            _rule("(1)", "what is made covers what is shipped", 144, 1.2e-9, "t", 1e-3),
            _rule("(8)", "capacity of projects", 6, 0.0, "t", 1e-3),
            _rule("cost", "cost terms add up to the expected cost", 13, 3.1e-8, "MUSD", 1e-4),
        ],
        "tables": tables,
    }
    return Plan.from_document(copy.deepcopy({**document, **changes}))


def _complete(tables: Rows) -> Rows:
    """With the columns in which nothing happens here: a cell that may be blank is, and no cost and no waste."""
    return {
        name: [{c.name: row.get(c.name, None if c.blank else 0.0) for c in TABLES[name].columns} for row in rows]
        for name, rows in tables.items()
    }


def earlier_document() -> Document:
    """The document as versions wrote it that knew no commitments, no closing of plants and no cost of lacking cover."""
    return small_plan().document() | {"tables": _tables()}


def without_rows() -> Rows:
    """Tables in which nothing happens."""
    return {name: [] for name in _complete(_tables())}


def _rule(rule: str, meaning: str, checked: int, worst: float, unit: str, tolerance: float) -> dict[str, Any]:
    names = ("rule", "meaning", "checked", "worst", "unit", "tolerance", "ok")
    return dict(zip(names, (rule, meaning, checked, worst, unit, tolerance, worst <= tolerance), strict=True))


def _rows(columns: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(columns.split(), row, strict=True)) for row in rows]


def _tables() -> dict[str, list[dict[str, Any]]]:
    return {
        "investments": _rows(
            "project region funding decision_year first_year last_year builds capacity_t_per_yr capex_musd"
            " supported_by",
            ("sep_texas", "USA", "private", 2026, 2027, 2046, 1, 2000.0, 300.0, "sep_texas_110"),
            ("magnets_saxony", "Germany", "public", 2026, 2028, 2042, 2, 3000.0, 120.0, ""),
        ),
        "price_floors": _rows(
            "project floor material decision_year first_supported_year last_supported_year floor_usd_per_kg"
            " upside_share grant_musd",
            ("sep_texas", "sep_texas_110", "ndpr_oxide", 2026, 2027, 2036, 68.0, 0.5, 30.0),
        ),
        "floor_payments": _rows(
            "project floor decision_year year covered_t price_usd_per_kg payment_musd upside_musd"
            " payment_at_bank_prices_musd",
            ("sep_texas", "sep_texas_110", 2026, 2027, 2000.0, 56.0, 24.0, 0.0, 46.4),
            ("sep_texas", "sep_texas_110", 2026, 2028, 2000.0, 70.5, -2.5, 2.5, 23.2),
        ),
        "contracts": _rows(
            "contract supplier material signing_year first_delivery_year last_delivery_year annual_t fee_musd",
            ("lynas_offtake", "lynas", "ndpr_oxide", 2026, 2026, 2030, 500.0, 0.5),
        ),
        "contract_years": _rows(
            "contract supplier material signing_year year active_t taken_t untaken_t contract_price_usd_per_kg"
            " market_price_usd_per_kg difference_musd untaken_musd",
            ("lynas_offtake", "lynas", "ndpr_oxide", 2026, 2026, 500.0, 500.0, 0.0, 73.0, 70.0, 1.5, 0.0),
            ("lynas_offtake", "lynas", "ndpr_oxide", 2026, 2027, 500.0, 500.0, 0.0, 72.0, 70.0, 1.0, 0.0),
            ("lynas_offtake", "lynas", "ndpr_oxide", 2026, 2028, 500.0, 500.0, 0.0, 71.0, 72.0, -0.5, 0.0),
        ),
        "bankability": _rows(
            "project decision_year built gap_musd main_output break_even_usd_per_kg bank_price_usd_per_kg least_floor"
            " least_floor_usd_per_kg closed_by",
            ("sep_texas", 2026, "yes", 85.2, "ndpr_oxide", 66.4, 56.4, "sep_texas_110", 68.0, "sep_texas_110"),
            ("alloy_estonia", 2026, "no", 12.0, "ndfeb_alloy", 71.0, 69.5, "", None, "no package closes it"),
        ),
        "plants": _rows(
            "unit kind region process year capacity_t clean_t exposed_t use_share value_added_musd topup_musd"
            " operating_cost_musd",
            ("lynas", "plant", "Australia", "separation", 2026, 5000.0, 5000.0, 0.0, 1.0, 350.0, 0.0, 120.0),
            ("sep_texas", "project", "USA", "separation", 2027, 2000.0, 1571.4286, 0.0, 0.785714, 88.0, 0.0, 39.0),
            ("sep_texas", "project", "USA", "separation", 2028, 2000.0, 1999.5, 0.5, 1.0, 160.0, 0.0, 50.0),
        ),
        "markets": _rows(
            "market side region material year stream t price_usd_per_kg",
            *(
                ("china_oxide", "buy", "China", "ndpr_oxide", y, "exposed", 4000.0 - 900 * i, 70.0)
                for i, y in enumerate(YEARS)
            ),
        ),
        "flows": _rows(
            "material from_region to_region year stream t freight_musd tariff_musd",
            *(
                ("ndpr_oxide", "China", "Germany", y, "exposed", 4000.0 - 900 * i, 2.0 - 0.45 * i, 7.0)
                for i, y in enumerate(YEARS)
            ),
            ("ndpr_oxide", "USA", "USA", 2027, "clean", 1571.4286, 0.0, 0.0),
            ("dysprosium_oxide", "USA", "Germany", 2028, "clean", 0.4, 0.0008, 0.0),
        ),
        "intake": _rows(
            "region material year clean_mode_t mixed_clean_t mixed_exposed_t",
            ("Germany", "ndpr_oxide", 2026, 1000.0, 0.0, 4000.0),
        ),
        "balance": _rows(
            "region material year stream made_t shipped_t discarded_t",
            ("USA", "ndpr_oxide", 2027, "clean", 1571.4286, 1571.4286, 0.0),
        ),
        "demand": _rows(
            "region sector material year demand_t clean_t exposed_t substituted_t short_t",
            ("USA", "defence", "ndfeb_magnet", 2026, 300.0, 300.0, 0.0, 0.0, 0.0),
            ("USA", "defence", "ndfeb_magnet", 2027, 310.0, 310.0, 0.0, 0.0, 0.0),
            ("USA", "defence", "ndfeb_magnet", 2028, 320.0, 320.0, 0.0, 0.0, 0.0),
            ("Germany", "ev_motors", "ndfeb_magnet", 2026, 4000.0, 1000.0, 2900.0, 0.0, 100.0),
            ("Germany", "ev_motors", "ndfeb_magnet", 2027, 4400.0, 2200.0, 2000.0, 200.0, 0.0),
            ("Germany", "ev_motors", "ndfeb_magnet", 2028, 4800.0, 3600.0, 1000.0, 200.0, 0.0),
        ),
        "substitution": _rows(
            "option region sector material year t cost_musd",
            ("ferrite", "Germany", "ev_motors", "ndfeb_magnet", 2027, 200.0, 4.0),
        ),
        "returns": _rows("region material year stream t", ("Germany", "magnet_scrap", 2028, "exposed", 12.5)),
        "stockpile": _rows(
            "stockpile region material year stock_t exposed_t fill_clean_t fill_exposed_t release_clean_t"
            " release_exposed_t consumption_t days_of_cover required_days required_t suspended",
            ("reserve", "USA", "ndpr_oxide", 2026, 400.0, 100.0, 300.0, 100.0, 0.0, 0.0, 5000.0, 29.2, None, 0.0, ""),
            ("reserve", "USA", "ndpr_oxide", 2027, 900.0, 100.0, 500.0, 0.0, 0.0, 0.0, 5475.0, 60.0, 60.0, 900.0, ""),
            ("reserve", "USA", "ndpr_oxide", 2028, 800.0, 0.0, 0.0, 0.0, 0.0, 100.0, 4866.7, 60.0, 60.0, 800.0, ""),
        ),
        "china_share": _rows(
            "cap region sector material year basis consumption_t exposed_t share limit",
            ("allies", "*", "*", "ndfeb_magnet", 2026, "deliveries", 4200.0, 2900.0, 2900 / 4200, 0.8),
            ("allies", "*", "*", "ndfeb_magnet", 2027, "deliveries", 4510.0, 2000.0, 2000 / 4510, 2000 / 4510),
            ("allies", "*", "*", "ndfeb_magnet", 2028, "deliveries", 4920.0, 1000.0, 1000 / 4920, 0.4),
            ("allies", "*", "*", "ndfeb_magnet", 2028, "intake", 0.0, 0.0, 0.0, 0.4),
            ("ban", "USA", "defence", "ndfeb_magnet", 2026, "deliveries", 300.0, 0.0, 0.0, 0.0),
        ),
        "budgets": _rows(
            "budget year outlay_musd limit_musd cumulated_outlay_musd cumulated_limit_musd",
            ("treasury", 2026, 150.0, 200.0, 150.0, 200.0),
        ),
        "costs": [
            {"term": term, "payer": payer, "year": y, "musd": v, "discounted_musd": v * DISCOUNT[y]}
            for term, (payer, values) in COSTS.items()
            for y, v in zip(YEARS, values, strict=True)
        ],
    }
