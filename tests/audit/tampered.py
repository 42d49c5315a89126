"""Right plans tampered with, and the rules that must find it."""

from __future__ import annotations

from typing import Any

from tests.audit.tiny_plan import (
    COST_RULES,
    Edit,
    add,
    drop,
    flow,
    put,
    row,
    site,
    total,
)
from tests.audit.tiny_workbook import DS


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
        add(
            "plants", "smelter", "project", "USA", "ore-oxide", 2030, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        ),
        {"(8) capacity"},
    ),
    "a later first year": (put("investments", {"project": "smelter"}, first_year=2032), {"investments"}),
    "support not named": (put("investments", {"project": "smelter"}, supported_by=""), {"investments"}),
    "a shorter tenor": (put("price_floors", {}, last_supported_year=2032), {"floor terms"}),
    "a floor on contracted output": (put("floor_payments", {"year": 2031}, covered_t=20.0), {"floor payments"}),
    "a payment too high": (put("floor_payments", {"year": 2032}, payment_musd=0.05), {"floor payments"}),
    "a second package": (
        add("price_floors", "smelter", "weak", "oxide", 2030, 2031, 2031, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0),
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
    "a reserve called exposed": (
        put("stockpile", site(2032), exposed_t=11.0),
        {"(12) stock", "exposed stock", "(13) cover"},
    ),
    # commitments
    "a commitment made larger": (put("committed", {}, amount=2.0), {"committed"}),
    # shares, budgets, cost
    "more thrown away than made": (
        put("plants", {"unit": "smelter", "year": 2032}, waste_t=31.0),
        {"waste", "China share table"},
    ),
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


def cost(term: str, year: int, musd: float) -> Edit:
    """Another amount of a term in a year, discounted right; its total is left as it was."""

    def edit(plan: dict[str, Any]) -> None:
        there = row(plan, "costs", term=term, year=year)
        there["discounted_musd"] *= musd / there["musd"]
        there["musd"] = musd

    return edit


def without(term: str) -> Edit:
    """Nothing of a cost term, its total and the objective in keeping."""

    def edit(plan: dict[str, Any]) -> None:
        plan["tables"]["costs"] = [entry for entry in plan["tables"]["costs"] if entry["term"] != term]
        for name in ("objective_musd", "expected_cost_musd"):
            plan[name] -= plan["costs_musd"][term]
        plan["costs_musd"][term] = 0.0

    return edit


# The plan with the deal: a credit of 1 USD/kg, a stake of 0.03 MUSD and a loan of 0.05.
TAMPERED_DEAL: dict[str, tuple[Edit, set[str]]] = {
    "a credit made larger": (put("price_floors", {}, credit_usd_per_kg=2.0), {"floor terms"}),
    "a stake made smaller": (put("price_floors", {}, equity_musd=0.02), {"floor terms"}),
    "a loan made larger": (put("price_floors", {}, loan_musd=0.06), {"floor terms"}),
    "a credit not paid": (put("floor_payments", {"year": 2032}, credit_musd=0.0), {"floor payments"}),
    "a credit hidden in the floor": (
        put("floor_payments", {"year": 2031}, payment_musd=0.042, credit_musd=0.0),
        {"floor payments"},
    ),
    "the award left out": (
        drop("price_floors"),
        {"complete tables", "investments", "(10) gaps", "(10) bankability", "(26) earns its keep", "budgets table"}
        | COST_RULES,
    ),
    "credits left out of the cost": (without("credits"), COST_RULES),
    "a loan left out of the cost": (without("loans"), COST_RULES),
    "a stake left out of the cost": (without("equity"), {"costs"}),  # at 25 % it all comes back: 0 in all
    "a loan repaid in full": (cost("loans", 2032, -DS), {"costs"}),
    "dividends beyond the stake": (cost("equity", 2032, -0.5 * (0.14 - DS)), {"costs"}),
    "credits kept out of the budget": (
        put("budgets", {"budget": "treasury", "year": 2032}, outlay_musd=0.044, cumulated_outlay_musd=0.696),
        {"budgets table"},
    ),
}
