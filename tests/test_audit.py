"""The audit: one small plan worked out by hand passes every rule; whatever is tampered with is found by its rule."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model import audit as audit_package
from model.audit import RULES, Audit, audit
from model.audit.books import read_books
from model.audit.china_share import cap_bases
from model.audit.contracts import contract_price, force_majeure
from model.audit.costs import cost_terms, owed
from model.audit.verdict import MUSD, TONNES, tolerance
from model.plan_data import (
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
from model.plan_tables import COST_TERMS, TABLES

YEARS = (2030, 2031, 2032)
FACTOR = {2030: 1.0, 2031: 0.8, 2032: 0.64}  # discount rate 25 %
REFINE = {"ore": -2.0, "oxide": 1.0}


def flat(value: float) -> dict[int, float]:
    return dict.fromkeys(YEARS, value)


def kg(usd: float) -> float:
    """USD/kg in MUSD/t."""
    return usd / 1000


# --- the workbook --------------------------------------------------------------------------------------------------
# A US mine feeds a pilot plant and a smelter that lenders finance against a floor and an offtake contract; a Chinese
# refinery exports; scrap comes back to a public recycler. Scenario "crisis": in 2032 the trader has half its volume and
# cover is suspended.


def unit(name: str, region: str, recipe: dict[str, float], operating: float, **other: Any) -> dict[str, Any]:
    base = {"of_concern": region == "CHN", "spot_share": 1.0, "whole_plant": False, "at_market": True}
    names = {"name": name, "region": region, "process": "-".join(recipe), "recipe": recipe}
    return {**names, "operating_cost": kg(operating), **base, **other}


def plant(name: str, region: str, recipe: dict[str, float], operating: float, capacity: float, **other: Any) -> Plant:
    amounts: dict[str, Any] = {"capacity": flat(capacity), "base_capacity": flat(capacity)}
    return Plant(**unit(name, region, recipe, operating, **other), **amounts)


def project(name: str, recipe: dict[str, float], operating: float, **other: Any) -> Project:
    window = {"earliest_year": 2030, "latest_year": 2032, "max_builds": 1, "hurdle_rate": 0.25}
    ties = {"public": False, "lead_years": 0, "ramp_years": 1, "fixed_cost": 0.0, "group": None, "requires": None}
    return Project(**{**unit(name, "USA", recipe, operating), **window, **ties, **other})


def contract(name: str, supplier: str, material: str, **other: Any) -> Contract:
    price = {"fixed": False, "fixed_price": 0.0, "escalation": 0.0, "index_premium": 0.0}
    collar = {"price_min": 0.0, "price_max": float("inf"), "min_t": 0.0}
    window = {"earliest_year": 2030, "latest_year": 2030, "start_delay_years": 0, "signing_fee": 0.0}
    return Contract(name=name, supplier=supplier, material=material, **{**price, **collar, **window, **other})


def workbook(**changes: Any) -> PlanData:
    plants = [
        plant("mine", "USA", {"ore": 1.0}, 1, 100),
        plant("refinery", "CHN", REFINE, 7, 50),
        plant("pilot", "USA", REFINE, 3, 10, at_market=False, whole_plant=True),
    ]
    projects = [
        project(
            "smelter",
            REFINE,
            5,
            spot_share=0.5,
            capacity=40.0,
            capex=0.1,
            fixed_cost=0.02,
            lead_years=1,
            ramp_years=2,
            life_years=3,
        ),
        project("spare", REFINE, 5, capacity=10.0, capex=2.0, life_years=2, group="west"),
        project(
            "recycler",
            {"scrap": -2.0, "oxide": 1.0},
            2,
            at_market=False,
            public=True,
            capacity=5.0,
            capex=0.6,
            fixed_cost=0.01,
            life_years=6,
            group="west",
            requires="smelter",
        ),
    ]
    markets = [
        Market("ore_desk", "CHN", "ore", True, True, 0.0, 1.0, None, None),
        Market("trader", "USA", "oxide", True, True, 0.2, 0.5, {2030: 20.0, 2031: 20.0, 2032: 10.0}, flat(20)),
        Market("sink", "USA", "oxide", False, False, 0.05, 1.0, flat(5), flat(5)),
    ]
    contracts = [
        contract(
            "offtake",
            "smelter",
            "oxide",
            index_premium=0.1,
            price_min=kg(9),
            min_t=10.0,
            max_t=30.0,
            take_or_pay_share=0.9,
            tenor_years=3,
            signing_fee=0.01,
        ),
        contract(
            "trade",
            "trader",
            "oxide",
            index_premium=0.05,
            max_t=6.0,
            take_or_pay_share=0.5,
            start_delay_years=1,
            tenor_years=3,
            signing_fee=0.005,
        ),
        contract(
            "ore_deal",
            "mine",
            "ore",
            fixed=True,
            fixed_price=kg(1.9),
            escalation=0.1,
            max_t=30.0,
            take_or_pay_share=0.5,
            tenor_years=2,
        ),
    ]
    stockpile = Stockpile(
        name="reserve",
        region="USA",
        material="oxide",
        opening={"clean": 10.0, "exposed": 10.0},
        capacity=30.0,
        max_fill=5.0,
        max_release=6.0,
        holding_cost=kg(0.1),
        covers=("USA",),
        days={2030: None, 2031: 73.0, 2032: 73.0},
    )
    caps = [
        ShareCap("ban", "oxide", ("oxide",), "USA", ("USA",), "defence", flat(0)),
        ShareCap("all", "*", ("ore", "oxide", "scrap"), "*", ("USA",), None, {2030: None, 2031: None, 2032: 0.7}),
    ]
    free = LaneData(0.0, flat(0), None)
    whole = {
        "name": "tiny",
        "scenario": Scenario("crisis", None, 2032, 2032, 2032, 0),
        "first_year": 2030,
        "last_year": 2032,
        "discount_rate": 0.25,
        "provenance": True,
        "tariffs_counted": True,
        "stock_end_value_share": 0.5,
        "risk_weight": 0.0,
        "risk_tail": 0.1,
        "mip_gap": 1e-4,
        "time_limit_s": 60.0,
        "regions": {"USA": Region("USA", False, "ally"), "CHN": Region("CHN", True, None)},
        "materials": {
            "ore": Material("ore", None, None, 0.0),
            "oxide": Material("oxide", None, None, 0.1),
            "scrap": Material("scrap", None, None, 0.0),
        },
        "price": {"ore": flat(kg(2)), "oxide": flat(kg(10)), "scrap": flat(kg(1))},
        "bank_price": {"ore": flat(kg(1.6)), "oxide": flat(kg(8)), "scrap": flat(kg(0.8))},
        "plants": {p.name: p for p in plants},
        "projects": {p.name: p for p in projects},
        "floors": {
            "support": Floor("support", "smelter", "oxide", kg(12), 3, 0.5, 0.1),
            "weak": Floor("weak", "smelter", "oxide", kg(9), 1, 0.0, 0.0),
        },
        "contracts": {c.name: c for c in contracts},
        "markets": {m.name: m for m in markets},
        "lanes": {
            **{(m, r, r): free for m in ("ore", "oxide", "scrap") for r in ("USA", "CHN")},
            ("oxide", "CHN", "USA"): LaneData(kg(0.5), flat(0.1), flat(60)),
        },
        "sectors": {"defence": Sector("defence", kg(100), 0.9), "civil": Sector("civil", kg(50), 0.0)},
        "demand": {
            ("USA", "defence", "oxide"): flat(10),
            ("USA", "civil", "oxide"): {2030: 40.0, 2031: 40.0, 2032: 50.0},
        },
        "substitution": {"ferrite": Substitution("ferrite", "civil", "oxide", kg(3), flat(0.1))},
        "returns": (Return("civil", "oxide", "scrap", 0.2, 1, False),),
        "stockpiles": {"reserve": stockpile},
        "caps": {c.name: c for c in caps},
        "budgets": {
            "treasury": Budget(
                "treasury", frozenset({"capex", "grants", "floors"}), True, {2030: 0.2, 2031: 0.8, 2032: 0.4}
            ),
            "small": Budget("small", frozenset({"fees", "stockpile"}), False, flat(0.05)),
        },
    }
    return PlanData(**{**whole, **changes})


# --- the plan, worked out by hand ----------------------------------------------------------------------------------

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "investments": [
        ("smelter", "USA", "private", 2030, 2031, 2033, 1, 40.0, 0.1, "support, offtake"),
        ("recycler", "USA", "public", 2031, 2031, 2036, 1, 5.0, 0.6, ""),
    ],
    "price_floors": [("smelter", "support", "oxide", 2030, 2031, 2033, 12.0, 0.5, 0.01)],
    "floor_payments": [  # covered: ramp x (40 - 20 under contract)
        ("smelter", "support", 2030, 2031, 10.0, 10.0, 0.02, 0.0, 0.04),
        ("smelter", "support", 2030, 2032, 20.0, 10.0, 0.04, 0.0, 0.08),
    ],
    "contracts": [
        ("offtake", "smelter", "oxide", 2030, 2031, 2033, 20.0, 0.01),
        ("trade", "trader", "oxide", 2030, 2031, 2033, 6.0, 0.005),
        ("ore_deal", "mine", "ore", 2030, 2030, 2031, 30.0, 0.0),
    ],
    "contract_years": [
        ("offtake", "smelter", "oxide", 2030, 2031, 10.0, 10.0, 0.0, 11.0, 10.0, 0.01, 0.0),
        ("offtake", "smelter", "oxide", 2030, 2032, 20.0, 15.0, 3.0, 11.0, 10.0, 0.015, 0.033),
        ("trade", "trader", "oxide", 2030, 2031, 6.0, 6.0, 0.0, 10.5, 12.0, -0.009, 0.0),
        ("trade", "trader", "oxide", 2030, 2032, 3.0, 3.0, 0.0, 10.5, 12.0, -0.0045, 0.0),
        ("ore_deal", "mine", "ore", 2030, 2030, 30.0, 20.0, 0.0, 1.9, 2.0, -0.002, 0.0),
        ("ore_deal", "mine", "ore", 2030, 2031, 30.0, 30.0, 0.0, 2.09, 2.0, 0.0027, 0.0),
    ],
    "bankability": [  # smelter: discounted ramp 0.4 + 0.64 + 0.512 = 1.552, so 62.08 t; floor 12, bank 8, contract 9
        ("smelter", 2030, "yes", 0.151456, "oxide", 648.096 / 62.08, 8.0, "support", 12.0, "support, offtake"),
        ("spare", 2030, "no", 2.0036, "oxide", 2147.6 / 18, 8.0, None, None, "no package closes it"),
    ],
    "plants": [
        ("mine", "plant", "USA", "ore", 2030, 100.0, 20.0, 0.0, 0.2, 0.04, 0.0, 0.02),
        ("mine", "plant", "USA", "ore", 2031, 100.0, 56.0, 0.0, 0.56, 0.112, 0.0, 0.056),
        ("mine", "plant", "USA", "ore", 2032, 100.0, 80.0, 0.0, 0.8, 0.16, 0.0, 0.08),
        ("refinery", "plant", "CHN", "ore-oxide", 2030, 50.0, 0.0, 30.0, 0.6, 0.18, 0.03, 0.21),
        ("refinery", "plant", "CHN", "ore-oxide", 2031, 50.0, 0.0, 11.0, 0.22, 0.066, 0.011, 0.077),
        ("refinery", "plant", "CHN", "ore-oxide", 2032, 50.0, 0.0, 8.0, 0.16, 0.048, 0.008, 0.056),
        ("pilot", "plant", "USA", "ore-oxide", 2030, 10.0, 10.0, 0.0, 1.0, 0.0, 0.0, 0.03),
        ("pilot", "plant", "USA", "ore-oxide", 2031, 10.0, 10.0, 0.0, 1.0, 0.0, 0.0, 0.03),
        ("pilot", "plant", "USA", "ore-oxide", 2032, 10.0, 0.0, 10.0, 1.0, 0.0, 0.0, 0.03),
        ("smelter", "project", "USA", "ore-oxide", 2031, 20.0, 18.0, 0.0, 0.9, 0.108, 0.0, 0.09),
        ("smelter", "project", "USA", "ore-oxide", 2032, 40.0, 30.0, 0.0, 0.75, 0.18, 0.0, 0.15),
        ("recycler", "project", "USA", "scrap-oxide", 2031, 5.0, 0.0, 3.0, 0.6, 0.0, 0.0, 0.006),
        ("recycler", "project", "USA", "scrap-oxide", 2032, 5.0, 0.0, 3.0, 0.6, 0.0, 0.0, 0.006),
    ],
    "markets": [
        ("ore_desk", "buy", "CHN", "ore", 2030, "exposed", 60.0, 2.0),
        ("ore_desk", "buy", "CHN", "ore", 2031, "exposed", 22.0, 2.0),
        ("ore_desk", "buy", "CHN", "ore", 2032, "exposed", 16.0, 2.0),
        ("trader", "buy", "USA", "oxide", 2031, "exposed", 6.0, 12.0),
        ("trader", "buy", "USA", "oxide", 2032, "exposed", 3.0, 12.0),
        ("sink", "sell", "USA", "oxide", 2032, "clean", 4.0, 10.5),
    ],
    "flows": [
        ("ore", "USA", "USA", 2030, "clean", 20.0, 0.0, 0.0),
        ("ore", "CHN", "CHN", 2030, "exposed", 60.0, 0.0, 0.0),
        ("oxide", "USA", "USA", 2030, "clean", 10.0, 0.0, 0.0),
        ("oxide", "CHN", "USA", 2030, "exposed", 30.0, 0.015, 0.03),
        ("ore", "USA", "USA", 2031, "clean", 56.0, 0.0, 0.0),
        ("ore", "CHN", "CHN", 2031, "exposed", 22.0, 0.0, 0.0),
        ("scrap", "USA", "USA", 2031, "exposed", 6.0, 0.0, 0.0),
        ("oxide", "USA", "USA", 2031, "clean", 28.0, 0.0, 0.0),
        ("oxide", "USA", "USA", 2031, "exposed", 9.0, 0.0, 0.0),
        ("oxide", "CHN", "USA", 2031, "exposed", 11.0, 0.0055, 0.011),
        ("ore", "USA", "USA", 2032, "clean", 80.0, 0.0, 0.0),
        ("ore", "CHN", "CHN", 2032, "exposed", 16.0, 0.0, 0.0),
        ("scrap", "USA", "USA", 2032, "clean", 2.0, 0.0, 0.0),
        ("scrap", "USA", "USA", 2032, "exposed", 4.0, 0.0, 0.0),
        ("oxide", "USA", "USA", 2032, "clean", 30.0, 0.0, 0.0),
        ("oxide", "USA", "USA", 2032, "exposed", 21.0, 0.0, 0.0),
        ("oxide", "CHN", "USA", 2032, "exposed", 8.0, 0.004, 0.008),
    ],
    "intake": [
        ("USA", "ore", 2030, 20.0, 0.0, 0.0),
        ("CHN", "ore", 2030, 0.0, 0.0, 60.0),
        ("USA", "ore", 2031, 56.0, 0.0, 0.0),
        ("CHN", "ore", 2031, 0.0, 0.0, 22.0),
        ("USA", "scrap", 2031, 0.0, 0.0, 6.0),
        ("USA", "ore", 2032, 60.0, 20.0, 0.0),
        ("CHN", "ore", 2032, 0.0, 0.0, 16.0),
        ("USA", "scrap", 2032, 0.0, 2.0, 4.0),
    ],
    "balance": [
        ("USA", "ore", 2030, "clean", 20.0, 20.0, 0.0),
        ("CHN", "ore", 2030, "exposed", 60.0, 60.0, 0.0),
        ("USA", "oxide", 2030, "clean", 10.0, 10.0, 0.0),
        ("CHN", "oxide", 2030, "exposed", 30.0, 30.0, 0.0),
        ("USA", "ore", 2031, "clean", 56.0, 56.0, 0.0),
        ("CHN", "ore", 2031, "exposed", 22.0, 22.0, 0.0),
        ("USA", "scrap", 2031, "exposed", 6.0, 6.0, 0.0),
        ("USA", "oxide", 2031, "clean", 28.0, 28.0, 0.0),
        ("USA", "oxide", 2031, "exposed", 9.0, 9.0, 0.0),
        ("CHN", "oxide", 2031, "exposed", 11.0, 11.0, 0.0),
        ("USA", "ore", 2032, "clean", 80.0, 80.0, 0.0),
        ("CHN", "ore", 2032, "exposed", 16.0, 16.0, 0.0),
        ("USA", "scrap", 2032, "clean", 3.2, 2.0, 1.2),
        ("USA", "scrap", 2032, "exposed", 4.0, 4.0, 0.0),
        ("USA", "oxide", 2032, "clean", 30.0, 30.0, 0.0),
        ("USA", "oxide", 2032, "exposed", 21.0, 21.0, 0.0),
        ("CHN", "oxide", 2032, "exposed", 8.0, 8.0, 0.0),
    ],
    "demand": [
        ("USA", "defence", "oxide", 2030, 10.0, 10.0, 0.0, 0.0, 0.0),
        ("USA", "defence", "oxide", 2031, 10.0, 10.0, 0.0, 0.0, 0.0),
        ("USA", "defence", "oxide", 2032, 10.0, 10.0, 0.0, 0.0, 0.0),
        ("USA", "civil", "oxide", 2030, 40.0, 0.0, 30.0, 4.0, 6.0),
        ("USA", "civil", "oxide", 2031, 40.0, 16.0, 20.0, 4.0, 0.0),
        ("USA", "civil", "oxide", 2032, 50.0, 16.0, 29.0, 5.0, 0.0),
    ],
    "substitution": [
        ("ferrite", "USA", "civil", "oxide", 2030, 4.0, 0.012),
        ("ferrite", "USA", "civil", "oxide", 2031, 4.0, 0.012),
        ("ferrite", "USA", "civil", "oxide", 2032, 5.0, 0.015),
    ],
    "returns": [
        ("USA", "scrap", 2031, "exposed", 6.0),
        ("USA", "scrap", 2032, "clean", 3.2),
        ("USA", "scrap", 2032, "exposed", 4.0),
    ],
    "stockpile": [
        ("reserve", "USA", "oxide", 2030, 18.0, 9.0, 0.0, 0.0, 0.0, 0.0, 50.0, 131.4, None, 0.0, "no"),
        ("reserve", "USA", "oxide", 2031, 18.2, 8.1, 2.0, 0.0, 0.0, 0.0, 50.0, 132.86, 73.0, 10.0, "no"),
        ("reserve", "USA", "oxide", 2032, 11.38, 2.29, 0.0, 0.0, 0.0, 5.0, 60.0, 4153.7 / 60, 73.0, 0.0, "yes"),
    ],
    "china_share": [
        ("ban", "USA", "defence", "oxide", 2030, "deliveries", 10.0, 0.0, 0.0, 0.0),
        ("ban", "USA", "defence", "oxide", 2031, "deliveries", 10.0, 0.0, 0.0, 0.0),
        ("ban", "USA", "defence", "oxide", 2032, "deliveries", 10.0, 0.0, 0.0, 0.0),
        ("all", "*", "*", "oxide", 2032, "deliveries", 55.0, 29.0, 29 / 55, 0.7),
        ("all", "*", "*", "ore", 2032, "intake", 80.0, 0.0, 0.0, 0.7),
        ("all", "*", "*", "scrap", 2032, "intake", 6.0, 4.0, 4 / 6, 0.7),
    ],
    "budgets": [
        ("treasury", 2030, 0.01, 0.2, 0.01, 0.2),
        ("treasury", 2031, 0.62, 0.8, 0.63, 1.0),
        ("treasury", 2032, 0.04, 0.4, 0.67, 1.4),
        ("small", 2030, 0.015, 0.05, 0.015, 0.05),
        ("small", 2031, 0.02, 0.05, 0.02, 0.05),
        ("small", 2032, 0.0, 0.05, 0.0, 0.05),
    ],
}

COSTS: dict[str, tuple[float, float, float]] = {  # by year; what is not here costs nothing
    "capex": (0, 0.6, 0),
    "salvage": (0, 0, -0.4),  # 4 of 6 years left
    "public_fixed_cost": (0, 0.01, 0.01),
    "public_operating_cost": (0, 0.006, 0.006),
    "grants": (0.01, 0, 0),
    "floor_payments": (0, 0.02, 0.04),
    "owed_beyond_horizon": (0, 0, 0.04 / 1.25 + 0.018 / 1.25 + 0.0062),  # floor, take-or-pay, 0.62 t of cover lacking
    "stock_holding": (0.0018, 0.00182, 0.001138),
    "signing_fees": (0.015, 0, 0),
    "market_purchases": (0.12, 0.116, 0.068),
    "market_sales": (0, 0, -0.042),
    "payments_to_units": (0.22, 0.286, 0.388),
    "topups": (0.03, 0.011, 0.008),
    "cost_priced_plants": (0.03, 0.03, 0.03),
    "contract_differences": (-0.002, 0.0037, 0.0105),
    "take_or_pay": (0, 0, 0.033),
    "freight": (0.015, 0.0055, 0.004),
    "tariffs": (0.03, 0.011, 0.008),
    "substitution": (0.012, 0.012, 0.015),
    "stock_credit": (0, 0, -0.0569),
    "shortage": (0.3, 0, 0),
}
EXPECTED_COST = 0.7818 + 0.8 * 1.11302 + 0.64 * 0.175338  # COSTS added up by year, by hand


def plan_document() -> dict[str, Any]:
    tables = {name: [dict(zip(TABLES[name].names, row, strict=True)) for row in rows] for name, rows in ROWS.items()}
    tables["costs"] = [
        {"term": t, "payer": COST_TERMS[t], "year": y, "musd": v, "discounted_musd": v * FACTOR[y]}
        for t, values in COSTS.items()
        for y, v in zip(YEARS, values, strict=True)
        if v
    ]
    return {
        "scenario": "crisis",
        "objective_musd": EXPECTED_COST,
        "expected_cost_musd": EXPECTED_COST,
        "costs_musd": {t: a + 0.8 * b + 0.64 * c for t, (a, b, c) in COSTS.items()},
        "tariff_revenue_musd": 0.03 + 0.8 * 0.011 + 0.64 * 0.008,
        "tables": tables,
    }


def row(plan: dict[str, Any], table: str, **key: Any) -> dict[str, Any]:
    """The one row of a table with these values."""
    found = [r for r in plan["tables"][table] if all(r[k] == v for k, v in key.items())]
    assert len(found) == 1, (table, key)
    result: dict[str, Any] = found[0]
    return result


def broken(verdict: Audit) -> set[str]:
    """Rules that report something; each of them must also show it in its line."""
    rules = {f.rule for f in verdict.findings}
    assert rules == {line.rule for line in verdict.lines if not line.ok}
    return rules


# --- the plan as it should be --------------------------------------------------------------------------------------


def test_a_right_plan_passes_and_exercises_every_rule() -> None:
    verdict = audit(workbook(), plan_document())

    assert verdict.ok, "\n".join(map(str, verdict.findings))
    assert all(line.ok and line.checked > 0 for line in verdict.lines), [x.rule for x in verdict.lines if not x.checked]
    assert {line.rule for line in verdict.lines} == {"tables", "names", "objective"} | {rule.name for rule in RULES}


def test_solver_noise_passes() -> None:
    plan = plan_document()
    for table in ("plants", "markets", "flows", "demand", "stockpile", "intake"):
        for sign, entry in enumerate(plan["tables"][table]):
            for column in TABLES[table].columns:
                if column.unit == "t":
                    entry[column.name] += 1e-7 * (-1) ** sign

    assert audit(workbook(), plan).ok


def test_tolerance_has_an_absolute_and_a_relative_part() -> None:
    assert tolerance(TONNES) == pytest.approx(1e-4)
    assert tolerance(MUSD, -2000.0, 1.0) == pytest.approx(1e-5 + 2e-3)


def test_a_future_of_a_joint_run_is_not_judged_by_the_objective() -> None:
    plan = plan_document() | {"objective_musd": 99.0}

    assert broken(audit(workbook(), plan)) == {"objective"}
    assert audit(workbook(), plan, alone=False).ok


# --- one thing in the plan tampered with ---------------------------------------------------------------------------

Edit = Callable[[dict[str, Any]], None]
COST_RULES = {"costs", "totals", "objective"}


def put(table: str, key: dict[str, Any], **values: Any) -> Edit:
    """Overwrite columns of one row."""
    return lambda plan: row(plan, table, **key).update(values)


def add(table: str, *values: Any) -> Edit:
    return lambda plan: plan["tables"][table].append(dict(zip(TABLES[table].names, values, strict=True)))


def drop(table: str, **key: Any) -> Edit:
    return lambda plan: plan["tables"][table].remove(row(plan, table, **key))


def total(name: str, value: float) -> Edit:
    return lambda plan: plan.__setitem__(name, value)


def all_of(*edits: Edit) -> Edit:
    def edit(plan: dict[str, Any]) -> None:
        for one in edits:
            one(plan)

    return edit


def site(year: int) -> dict[str, Any]:
    return {"stockpile": "reserve", "year": year}


def flow(material: str, to: str, year: int, stream: str, origin: str = "USA") -> dict[str, Any]:
    return {"material": material, "from_region": origin, "to_region": to, "year": year, "stream": stream}


def a_lie_told_throughout(plan: dict[str, Any]) -> None:
    """All that China makes in 2030 is called clean, from the ore it buys to the scrap that comes back in 2031."""
    for table in ("flows", "markets", "balance"):
        for entry in plan["tables"][table]:
            if entry["year"] == 2030 or (entry["material"] == "scrap" and entry["year"] == 2031):
                entry["stream"] = "clean"
    row(plan, "plants", unit="refinery", year=2030).update(clean_t=30.0, exposed_t=0.0)
    row(plan, "intake", region="CHN", year=2030).update(clean_mode_t=60.0, mixed_exposed_t=0.0)
    row(plan, "demand", sector="civil", year=2030).update(clean_t=30.0, exposed_t=0.0)
    row(plan, "returns", year=2031).update(stream="clean")
    row(plan, "intake", material="scrap", year=2031).update(mixed_clean_t=6.0, mixed_exposed_t=0.0)


def batches_kept_apart(plan: dict[str, Any]) -> None:
    """The pilot plant makes 4 t clean and 6 t exposed in 2032, and everything else follows."""
    row(plan, "plants", unit="pilot", year=2032).update(clean_t=4.0, exposed_t=6.0)
    row(plan, "intake", region="USA", material="ore", year=2032).update(clean_mode_t=68.0, mixed_clean_t=12.0)
    for stream, tonnes in (("clean", 34.0), ("exposed", 17.0)):
        row(plan, "flows", **flow("oxide", "USA", 2032, stream)).update(t=tonnes)
        row(plan, "balance", region="USA", material="oxide", year=2032, stream=stream).update(
            made_t=tonnes, shipped_t=tonnes
        )
    row(plan, "demand", sector="civil", year=2032).update(clean_t=20.0, exposed_t=25.0)
    row(plan, "china_share", material="oxide", cap="all").update(exposed_t=25.0, share=25 / 55)


TAMPERED: dict[str, tuple[Edit, set[str]]] = {
    # what cannot be read
    "a table is missing": (lambda plan: plan["tables"].pop("returns"), {"tables"}),
    "there are no tables": (lambda plan: plan.pop("tables"), {"tables"}),
    "a column is missing": (lambda plan: row(plan, "returns", year=2031).pop("t"), {"tables"}),
    "a row is no row": (lambda plan: plan["tables"]["returns"].append(7), {"tables"}),
    "an amount is not a number": (put("flows", flow("ore", "USA", 2030, "clean"), t=float("nan")), {"tables"}),
    "a cost is infinite": (total("objective_musd", float("inf")), {"tables"}),
    "a region does not exist": (put("flows", flow("ore", "USA", 2030, "clean"), to_region="MARS"), {"names"}),
    "a year is outside the horizon": (put("returns", {"year": 2031}, year=2033), {"names"}),
    # what is not whole
    "another scenario's plan": (total("scenario", "base"), {"scenario"}),  # type: ignore[arg-type]
    "a mine is said to be in China": (put("plants", {"unit": "mine", "year": 2030}, region="CHN"), {"labels"}),
    "a row stands twice": (
        add("bankability", "spare", 2030, "no", 2.0036, "oxide", 2147.6 / 18, 8.0, None, None, "not built"),
        {"unique rows"},
    ),
    "a share is left out": (drop("china_share", cap="all", material="scrap"), {"complete tables"}),
    "a private project is left out": (drop("bankability", project="spare"), {"complete tables"}),
    "a cap that is not in force": (
        add("china_share", "all", "*", "*", "oxide", 2031, "deliveries", 46.0, 20.0, 20 / 46, 0.7),
        {"complete tables"},
    ),
    "an amount is negative": (
        put("balance", {"material": "ore", "year": 2030, "region": "USA"}, discarded_t=-1.0),
        {"no negative amounts", "(1) balance"},
    ),
    # flows
    "more is shipped than made": (
        put("flows", flow("scrap", "USA", 2032, "clean"), t=4.0),
        {"(1) made", "(1) balance", "(2) used"},
    ),
    "the balance hides a flow": (
        put("balance", {"region": "CHN", "material": "oxide", "year": 2030}, made_t=31.0),
        {"(1) balance"},
    ),
    "scrap comes back too early": (add("returns", "USA", "scrap", 2030, "clean", 1.0), {"(1) returns"}),
    "an exposed delivery is called clean": (
        put("demand", {"sector": "civil", "year": 2032}, clean_t=17.0, exposed_t=28.0),
        {"(2) used", "China share table"},
    ),
    "exposed scrap is called clean where it is used": (
        put("intake", {"material": "scrap", "year": 2032}, mixed_clean_t=6.0, mixed_exposed_t=0.0),
        {"(2) used", "China share table"},
    ),
    "a lie told throughout": (a_lie_told_throughout, {"(3) colour"}),
    "intake by clean activity": (
        put("intake", {"region": "USA", "material": "ore", "year": 2031}, clean_mode_t=50.0),
        {"(3) intake"},
    ),
    "batches kept apart in a whole plant": (batches_kept_apart, {"(3) whole plants"}),
    "freight forgotten": (
        put("flows", flow("oxide", "USA", 2030, "exposed", "CHN"), freight_musd=0.0),
        {"freight and tariffs"},
    ),
    "a shortage forgotten": (
        put("demand", {"sector": "civil", "year": 2030}, short_t=5.0),
        {"(4) demand"} | COST_RULES,
    ),
    "demand reported too low": (put("demand", {"sector": "civil", "year": 2030}, demand_t=39.0), {"(4) demand table"}),
    "a market paid too little": (
        put("markets", {"market": "trader", "year": 2031}, price_usd_per_kg=10.0),
        {"market prices"},
    ),
    # investments, floors, lenders
    "half a copy": (
        put("investments", {"project": "recycler"}, builds=0.5, capacity_t_per_yr=2.5, capex_musd=0.3),
        {"decisions", "(8) capacity", "(5) capacity", "use of plants", "budgets table"} | COST_RULES,
    ),
    "capacity before the lead time": (
        add("plants", "smelter", "project", "USA", "ore-oxide", 2030, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        {"(8) capacity"},
    ),
    "a later first year": (put("investments", {"project": "smelter"}, first_year=2032), {"investments"}),
    "support not named": (put("investments", {"project": "smelter"}, supported_by=""), {"investments"}),
    "a shorter tenor": (put("price_floors", {}, last_supported_year=2032), {"floor terms"}),
    "a floor on contracted output": (put("floor_payments", {"year": 2031}, covered_t=20.0), {"floor payments"}),
    "a payment too high": (put("floor_payments", {"year": 2032}, payment_musd=0.05), {"floor payments"}),
    "a second package": (
        add("price_floors", "smelter", "weak", "oxide", 2030, 2031, 2031, 9.0, 0.0, 0.0),
        {"floor awards", "complete tables", "investments", "(10) gaps"},
    ),
    "a plant works below its cost": (
        put("plants", {"unit": "refinery", "year": 2030}, topup_musd=0.0),
        {"(9) topups"} | COST_RULES,
    ),
    "value added forgotten": (put("plants", {"unit": "mine", "year": 2030}, value_added_musd=0.0), {"use of plants"}),
    "a gap made small": (put("bankability", {"project": "spare"}, gap_musd=-1.0), {"(10) gaps"}),
    "a floor that closes nothing": (
        put("bankability", {"project": "smelter"}, least_floor="weak", least_floor_usd_per_kg=9.0),
        {"(10) least floor"},
    ),
    "a floor overlooked": (put("bankability", {"project": "smelter"}, least_floor=None), {"(10) least floor"}),
    # contracts
    "a contract ends early": (put("contracts", {"contract": "trade"}, last_delivery_year=2032), {"contract terms"}),
    "more taken than in force": (
        put("contract_years", {"contract": "trade", "year": 2032}, taken_t=4.0, difference_musd=-0.006),
        {"contract deliveries", "contract supply"} | COST_RULES,
    ),
    "take-or-pay not paid": (
        put("contract_years", {"contract": "offtake", "year": 2032}, untaken_t=0.0, untaken_musd=0.0),
        {"contract deliveries"} | COST_RULES,
    ),
    "force majeure overlooked": (
        put("contract_years", {"contract": "trade", "year": 2032}, active_t=6.0),
        {"contract years"},
    ),
    "escalation overlooked": (
        put("contract_years", {"contract": "ore_deal", "year": 2031}, contract_price_usd_per_kg=1.9),
        {"contract years"},
    ),
    # stockpiles
    "a tonne out of nowhere": (
        put("stockpile", site(2032), stock_t=12.38, exposed_t=3.29, days_of_cover=12.38 / 60 * 365),
        {"(12) stock"} | COST_RULES,
    ),
    "cover reported too low": (put("stockpile", site(2031), required_t=5.0), {"stockpile table"}),
    "consumption reported too low": (put("stockpile", site(2032), consumption_t=50.0), {"stockpile table"}),
    "suspension hidden": (put("stockpile", site(2032), suspended="no"), {"stockpile table"}),
    # shares, budgets, cost
    "a share too low": (put("china_share", {"cap": "all", "material": "oxide"}, share=0.4), {"China share table"}),
    "an outlay hidden": (put("budgets", {"budget": "treasury", "year": 2031}, outlay_musd=0.02), {"budgets table"}),
    "a cost too low": (put("costs", {"term": "freight", "year": 2030}, musd=0.0, discounted_musd=0.0), {"costs"}),
    "a cost discounted too much": (
        put("costs", {"term": "freight", "year": 2031}, discounted_musd=0.0),
        {"discounting"},
    ),
    "a total too low": (lambda plan: plan["costs_musd"].update(shortage=0.0), {"totals"}),
    "a term left out": (lambda plan: plan["costs_musd"].pop("owed_beyond_horizon"), {"totals"}),
    "the expected cost too low": (total("expected_cost_musd", 1.7), {"totals"}),
    "the objective too low": (total("objective_musd", 1.7), {"objective"}),
    "tariff revenue too high": (total("tariff_revenue_musd", 1.0), {"tariff revenue"}),
}


@pytest.mark.parametrize(("edit", "rules"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_found(edit: Edit, rules: set[str]) -> None:
    plan = plan_document()
    edit(plan)

    assert broken(audit(workbook(), plan)) == rules


@pytest.mark.parametrize("table", ROWS | {"costs": []})
def test_every_cell_is_checked(table: str) -> None:
    """Whatever the cell of a row: with another value in it the plan fails."""
    for column in TABLES[table].columns:
        plan = plan_document()
        entry = plan["tables"][table][-1]
        value = entry[column.name]
        if isinstance(value, str):
            entry[column.name] = value + "x"
        elif value is None:
            entry[column.name] = 7.0 if column.unit else "weak"
        else:
            entry[column.name] = value + 1

        assert not audit(workbook(), plan).ok, column.name


@pytest.mark.parametrize("table", ROWS | {"costs": []})
def test_no_row_can_be_left_out(table: str) -> None:
    for number in range(len(plan_document()["tables"][table])):
        plan = plan_document()
        del plan["tables"][table][number]

        assert not audit(workbook(), plan).ok, number


@pytest.mark.parametrize("term", COSTS)
def test_every_cost_term_is_recomputed(term: str) -> None:
    plan = plan_document()
    for entry in plan["tables"]["costs"]:
        if entry["term"] == term:
            entry["musd"] *= 1.1
            entry["discounted_musd"] *= 1.1

    assert broken(audit(workbook(), plan)) == {"costs"}


# --- the same plan against a workbook that does not allow it -------------------------------------------------------


def change(kind: str, name: str, **values: Any) -> dict[str, Any]:
    """The workbook with one row of a sheet changed."""
    rows = dict(getattr(workbook(), kind))
    rows[name] = replace(rows[name], **values)
    return {kind: rows}


def lane(**values: Any) -> dict[str, Any]:
    lanes, key = dict(workbook().lanes), ("oxide", "CHN", "USA")
    return {"lanes": lanes | {key: replace(lanes[key], **values)}}


FORBIDDEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "decided before its window": (change("projects", "smelter", earliest_year=2031), {"decisions"}),
    "decided after its window": (change("projects", "recycler", latest_year=2030), {"decisions"}),
    "more copies than allowed": (change("projects", "recycler", max_builds=0), {"alternatives"}),
    "two of a group": (change("projects", "smelter", group="west"), {"alternatives"}),
    "without what it requires": (change("projects", "recycler", requires="spare"), {"alternatives"}),
    "a floor for a project with copies": (change("projects", "smelter", max_builds=2), {"floor awards"}),
    "a project that lenders refuse": (
        change("projects", "smelter", fixed_cost=0.03),
        {"(10) bankability", "(10) gaps"},
    ),
    "an owner of concern": (change("plants", "pilot", of_concern=True), {"(3) colour"}),
    "a mine of concern": (change("plants", "mine", of_concern=True), {"(3) colour"}),
    "a plant smaller than its use": (
        change("plants", "mine", capacity=flat(75), base_capacity=flat(75)),
        {"(8) capacity", "(5) capacity", "(5) access", "use of plants"},
    ),
    "capacity that only contracts open": (change("projects", "smelter", spot_share=0.2), {"(5) access"}),
    "an unlimited market without a contract": (change("markets", "ore_desk", spot_share=0.0), {"(5) markets"}),
    "a market that takes less": (change("markets", "sink", volume=flat(3)), {"(5) markets"}),
    "a clean market": (change("markets", "ore_desk", exposed=False), {"(3) colour"}),
    "a narrow lane": (lane(capacity=flat(25)), {"lanes"}),
    "a closed lane": (
        {"lanes": {key: value for key, value in workbook().lanes.items() if key[1] == key[2]}},
        {"lanes", "tariff revenue"} | COST_RULES,
    ),
    "a sector that must be served": (change("sectors", "civil", min_service_share=0.9), {"(4) service"}),
    "less to design out": (change("substitution", "ferrite", share=flat(0.05)), {"(4) substitution"}),
    "signed before the window": (change("contracts", "offtake", earliest_year=2031), {"contract signing"}),
    "a contract too small": (change("contracts", "offtake", min_t=25.0), {"contract signing"}),
    "a contract too large": (change("contracts", "offtake", max_t=15.0), {"contract signing"}),
    "contracts beyond the supplier": (change("plants", "mine", base_capacity=flat(20)), {"contract volumes"}),
    "an index contract too dear": (
        change("contracts", "trade", price_max=kg(10)),
        {"contract years"} | COST_RULES,
    ),
    "a small store": (change("stockpiles", "reserve", capacity=15.0), {"stock limits"}),
    "slow to fill": (change("stockpiles", "reserve", max_fill=1.0), {"stock limits"}),
    "slow to release": (change("stockpiles", "reserve", max_release=4.0), {"stock limits"}),
    "more days of cover": (
        change("stockpiles", "reserve", days={2030: None, 2031: 146.0, 2032: 73.0}),
        {"(13) cover", "stockpile table"},
    ),
    "no emergency": (
        {"scenario": Scenario("crisis", None, 2032, None, None, 0)},
        {"(13) cover", "stockpile table"} | COST_RULES,
    ),
    "a tighter cap": (
        change("caps", "all", share={2030: None, 2031: None, 2032: 0.6}),
        {"China share", "China share table"},
    ),
    "a ban": (change("caps", "ban", sector="civil"), {"labels", "China share", "China share table"}),
    "money that cannot be carried over": (
        change("budgets", "treasury", carry_over=False, limit={2030: 0.2, 2031: 0.5, 2032: 0.4}),
        {"budgets", "budgets table"},
    ),
    "money for stocks": (
        change("budgets", "small", limit={2030: 0.05, 2031: 0.01, 2032: 0.05}),
        {"budgets", "budgets table"},
    ),
    "another discount rate": (
        {"discount_rate": 0.2},
        {"discounting", "tariff revenue"} | COST_RULES,
    ),
    "tariffs not counted": ({"tariffs_counted": False}, {"totals", "objective"}),
}


@pytest.mark.parametrize(("changes", "rules"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_the_workbook_forbids_is_found(changes: dict[str, Any], rules: set[str]) -> None:
    assert broken(audit(workbook(**changes), plan_document())) == rules


def test_nothing_passes_through_a_stockpile_in_one_year() -> None:
    """12 t are put in and taken out in 2030: 9 t were there."""
    data = workbook(**change("stockpiles", "reserve", max_fill=None, max_release=None), budgets={})
    plan = plan_document()
    plan["tables"]["budgets"].clear()
    row(plan, "stockpile", **site(2030)).update(fill_exposed_t=12.0, release_exposed_t=12.0)
    add("flows", "oxide", "USA", "USA", 2030, "exposed", 12.0, 0.0, 0.0)(plan)
    add("balance", "USA", "oxide", 2030, "exposed", 12.0, 12.0, 0.0)(plan)

    assert broken(audit(data, plan)) == {"(12) release"}


def test_every_rule_has_a_tampering_that_it_finds() -> None:
    caught = set().union(*(rules for _, rules in (*TAMPERED.values(), *FORBIDDEN.values())))

    assert caught | {"(12) release"} == {"tables", "names", "objective"} | {rule.name for rule in RULES}


# --- rules that the plan above does not reach ----------------------------------------------------------------------


def test_under_last_stage_output_takes_the_colour_of_the_unit() -> None:
    """The pilot, which takes clean ore, may not make exposed oxide, and no intake is clean-mode."""
    found = broken(audit(workbook(provenance=False), plan_document()))

    assert {"(3) colour", "(3) intake"} <= found


def test_clean_returns_come_back_clean() -> None:
    changed = replace(workbook().returns[0], clean=True)

    verdict = audit(workbook(returns=(changed,)), plan_document())

    assert {"(1) returns", "(1) made"} <= broken(verdict)


def test_stock_is_credited_up_to_opening_stock_and_cover() -> None:
    site_data = replace(workbook().stockpiles["reserve"], opening={"clean": 2.0, "exposed": 1.0}, days={})
    data = workbook(stockpiles={"reserve": site_data})

    costs = cost_terms(data, read_books(data, plan_document()))

    assert costs["stock_credit", 2032] == pytest.approx(-0.5 * 0.010 * 3)


def test_a_floor_owes_nothing_beyond_the_horizon_at_a_price_above_it() -> None:
    """Price 13 above the floor of 12 in 2032: only cover and take-or-pay are left (contract 14.3, 1.3 above)."""
    data = workbook(price={**workbook().price, "oxide": {2030: kg(10), 2031: kg(10), 2032: kg(13)}})

    assert owed(data, read_books(data, plan_document())) == pytest.approx((18 * 0.0013) / 1.25 + 0.62 * 0.013)


def test_a_fixed_price_goes_on_escalating_beyond_the_horizon() -> None:
    """ore_deal signed for five years: 15 t of take-or-pay at 1.9 x 1.1^3 and 1.1^4 against 2 USD/kg."""
    plan = plan_document()
    for table in ("contracts", "contract_years"):
        plan["tables"][table] = [r for r in plan["tables"][table] if r["contract"] == "ore_deal"]
    data = workbook(**change("contracts", "ore_deal", tenor_years=5))
    dear = [15 * (kg(1.9) * 1.1**n - kg(2)) for n in (3, 4)]

    floor_alone = 40 * 0.002 / 1.25  # without the offtake contract the floor covers all 40 t
    take_or_pay = dear[0] / 1.25 + dear[1] / 1.25**2
    assert owed(data, read_books(data, plan)) == pytest.approx(floor_alone + take_or_pay + 0.0062)


@pytest.mark.parametrize(
    ("now", "base", "share"),
    [(10.0, 20.0, 0.5), (30.0, 20.0, 1.0), (5.0, 0.0, 1.0), (None, 20.0, 1.0), (5.0, None, 1.0), (0.0, None, 0.0)],
)
def test_force_majeure_of_a_market(now: float | None, base: float | None, share: float) -> None:
    volumes = {"volume": None if now is None else flat(now), "base_volume": None if base is None else flat(base)}
    data = workbook(**change("markets", "trader", **volumes))

    assert force_majeure(data, data.contracts["trade"], 2031) == share


def test_a_year_without_a_volume_or_capacity_is_unlimited() -> None:
    """As when a scenario sets single years of an unlimited row."""
    open_trader = change("markets", "trader", volume={2030: 0.0, 2031: None, 2032: 10.0})
    open_lane = lane(capacity={2030: None, 2031: 11.0, 2032: None})

    assert audit(workbook(**open_trader, **open_lane), plan_document()).ok


def test_force_majeure_of_a_plant_and_a_project() -> None:
    data = workbook(**change("plants", "mine", capacity=flat(25)))

    assert force_majeure(data, data.contracts["ore_deal"], 2031) == 0.25
    assert force_majeure(data, data.contracts["offtake"], 2031) == 1.0


def test_an_index_price_keeps_within_its_collar() -> None:
    offer = replace(workbook().contracts["offtake"], price_min=kg(9), price_max=kg(12))

    assert contract_price(offer, kg(8), 0) == kg(9)
    assert contract_price(offer, kg(10), 0) == pytest.approx(kg(11))
    assert contract_price(offer, kg(20), 0) == kg(12)


def test_shares_add_up_regions_and_leave_out_what_is_not_delivered() -> None:
    data = workbook()

    bases = cap_bases(data, read_books(data, plan_document()))

    assert bases["all", "oxide", 2032, "deliveries"].consumption == pytest.approx(
        55
    )  # not the 4 t sold, nor the 5 avoided
    assert bases["all", "ore", 2032, "intake"].consumption == pytest.approx(80)
    assert ("ban", "oxide", 2032, "intake") not in bases


def test_a_finding_says_where_what_and_how_much() -> None:
    plan = plan_document()
    row(plan, "demand", sector="civil", year=2030).update(short_t=5.0)

    finding = next(f for f in audit(workbook(), plan).findings if f.rule == "(4) demand")

    assert finding.where == "USA/civil/oxide 2030"
    assert finding.expected == "delivered, avoided and short 40 t"
    assert finding.found == "39 t"


def test_a_line_shows_the_worst_violation_in_its_unit() -> None:
    plan = plan_document()
    row(plan, "demand", sector="civil", year=2030).update(short_t=5.0)
    row(plan, "demand", sector="civil", year=2031).update(short_t=3.0)

    line = next(x for x in audit(workbook(), plan).lines if x.rule == "(4) demand")

    assert (line.checked, line.unit, line.ok) == (6, "t", False)
    assert line.worst == pytest.approx(3.0)


def test_the_audit_shares_nothing_with_the_model() -> None:
    """Imports of the package: its own files, the data, the declared tables and the standard library."""
    allowed = {"model.audit", "model.plan_data", "model.plan_tables"}
    for path in Path(audit_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                package = name.split(".")[0]
                known = ".".join(name.split(".")[:2]) in allowed or package in sys.stdlib_module_names
                assert known, (path.name, name)
