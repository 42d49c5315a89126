"""A plan for two futures: the tiny plan in the crisis, and the same in a base that asks for no cover in 2032."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.audit.tiny_plan import EXPECTED_COST, plan_document
from tests.audit.tiny_workbook import workbook

from lodestone.data.plan_data import BASE, PlanData, Scenario

# 0.62 t of cover that the crisis lacks in 2032: the base does not owe it, nor pay for lacking it, nor is credited it
OWED, LACKING, CREDIT = 0.64 * 0.0062, 0.64 * 0.002232, 0.64 * 0.0031
COST = {"base": EXPECTED_COST - OWED - LACKING + CREDIT, "crisis": EXPECTED_COST}
LIKELY = {"base": 0.75, "crisis": 0.25}
TAIL = 0.25 / 0.4 * COST["crisis"] + 0.15 / 0.4 * COST["base"]  # the worst 40 %: the crisis and 15 % of the base


def futures(leaves: int = 2032, **changes: Any) -> dict[str, PlanData]:
    risk = {"risk_weight": 0.2, "risk_tail": 0.4} | changes
    site = workbook().stockpiles["reserve"]
    no_days = {"reserve": replace(site, days={2030: None, 2031: 73.0, 2032: None})}
    return {
        "base": workbook(scenario=BASE, stockpiles=no_days, **risk),
        "crisis": workbook(scenario=Scenario("crisis", 0.25, leaves, 2032, 2032, 0), **risk),
    }


def joint_document() -> dict[str, Any]:
    alone = {name: plan_document() for name in COST}
    base = alone["base"]["tables"]
    next(r for r in base["stockpile"] if r["year"] == 2032).update(required_days=None, suspended="no", lacking_t=0.0)
    (owed,) = (r for r in base["costs"] if r["term"] == "owed_beyond_horizon")
    owed.update(musd=owed["musd"] - 0.0062, discounted_musd=owed["discounted_musd"] - OWED)
    base["costs"] = [r for r in base["costs"] if r["term"] != "lacking_cover"]
    (credit,) = (r for r in base["costs"] if r["term"] == "stock_credit")
    credit.update(musd=credit["musd"] + 0.0031, discounted_musd=credit["discounted_musd"] + CREDIT)
    costs = dict(plan_document()["costs_musd"])
    costs["owed_beyond_horizon"] -= 0.75 * OWED
    costs["lacking_cover"] -= 0.75 * LACKING
    costs["stock_credit"] += 0.75 * CREDIT
    expected = 0.75 * COST["base"] + 0.25 * COST["crisis"]
    return {
        "settings": {"tariffs_counted": True},
        "futures": dict(COST),
        "probabilities": dict(LIKELY),
        "costs_musd": costs,
        "expected_cost_musd": expected,
        "cvar_musd": TAIL,
        "objective_musd": 0.8 * expected + 0.2 * TAIL,
        "tariff_revenue_musd": plan_document()["tariff_revenue_musd"],
        "tables": {
            table: [{"scenario": name, **r} for name in COST for r in alone[name]["tables"][table]] for table in base
        },
    }
