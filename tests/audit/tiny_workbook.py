"""A workbook whose plan can be worked out by hand (tiny_plan.py), three years long.

A US mine feeds a pilot plant and a smelter that lenders finance against a floor and an offtake contract; a Chinese
refinery exports; scrap comes back to a public recycler. Scenario "crisis": in 2032 the trader has half its volume and
cover is suspended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.periods import timed

from lodestone.data.plan_data import (
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

YEARS = (2030, 2031, 2032)
REFINE = {"ore": -2.0, "oxide": 1.0}


def flat(value: float) -> dict[int, float]:
    return dict.fromkeys(YEARS, value)


def kg(usd: float) -> float:
    """USD/kg in MUSD/t."""
    return usd / 1000


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
    other.setdefault("take_or_pay_share", 0.0)
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
    contracts.append(  # signed before the horizon, and at its end by then
        contract("old_deal", "mine", "ore", max_t=1.0, tenor_years=2, committed_year=2028, committed_t=1.0)
    )
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
            "oxide": Material("oxide", None, None, 0.1, resourcing_share=0.05),
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
        "substitution": {"ferrite": Substitution("ferrite", "civil", "oxide", kg(3), flat(0.1), None, 0.1, 0.5)},
        "trade": {("oxide", "CHN", "USA"): 30.0},
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
    return timed(PlanData(**{**whole, **changes}))


def change(kind: str, name: str, **values: Any) -> dict[str, Any]:
    """The workbook with one row of a sheet changed."""
    rows = dict(getattr(workbook(), kind))
    rows[name] = replace(rows[name], **values)
    return {kind: rows}


def lane(**values: Any) -> dict[str, Any]:
    lanes, key = dict(workbook().lanes), ("oxide", "CHN", "USA")
    return {"lanes": lanes | {key: replace(lanes[key], **values)}}


LOAN = {"loan_share": 0.5, "loan_rate": 0.25, "loan_years": 2, "loan_loss_share": 0.1}
STAKE = {"equity": 0.03, "equity_share": 0.5}
DEAL = {"credit": kg(1), **LOAN, **STAKE}


DS = 0.05 / 1.44  # debt service of half of a capex of 0.1, in 2031 and 2032


def deal(**terms: Any) -> dict[str, Any]:
    return change("floors", "support", **{**DEAL, **terms})
