"""The plan of tiny_workbook.py, worked out by hand, and what changes one thing in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.audit.tiny_workbook import DS, YEARS, workbook

from lodestone.audit import Audit
from lodestone.audit.books import read_books
from lodestone.audit.costs import cost_terms
from lodestone.data.plan_data import time_of
from lodestone.plan.tables import COST_TERMS, TABLES

FACTOR = {2030: 1.0, 2031: 0.8, 2032: 0.64}  # discount rate 25 %

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "investments": [
        ("smelter", "USA", "private", 2030, 2031, 2033, 1, 40.0, 0.1, "support, offtake"),
        ("recycler", "USA", "public", 2031, 2031, 2036, 1, 5.0, 0.6, ""),
    ],
    "committed": [("contract", "old_deal", "USA", 2028, 1.0, "t/yr")],
    "price_floors": [("smelter", "support", "oxide", 2030, 2031, 2033, 12.0, 0.5, 0.01, 0.0, 0.0, 0.0)],
    "floor_payments": [  # covered: ramp x (40 - 18 that the contract binds somebody to take)
        ("smelter", "support", 2030, 2031, 11.0, 10.0, 0.022, 0.0, 0.044, 0.0),
        ("smelter", "support", 2030, 2032, 22.0, 10.0, 0.044, 0.0, 0.088, 0.0),
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
        ("mine", "plant", "USA", "ore", 2030, 100.0, 20.0, 0.0, 0.2, 0.04, 0.0, 0.02, None, 0.0, 0.0),
        ("mine", "plant", "USA", "ore", 2031, 100.0, 56.0, 0.0, 0.56, 0.112, 0.0, 0.056, None, 0.0, 0.0),
        ("mine", "plant", "USA", "ore", 2032, 100.0, 80.0, 0.0, 0.8, 0.16, 0.0, 0.08, None, 0.0, 0.0),
        ("refinery", "plant", "CHN", "ore-oxide", 2030, 50.0, 0.0, 30.0, 0.6, 0.18, 0.03, 0.21, None, 0.0, 0.0),
        ("refinery", "plant", "CHN", "ore-oxide", 2031, 50.0, 0.0, 11.0, 0.22, 0.066, 0.011, 0.077, None, 0.0, 0.0),
        ("refinery", "plant", "CHN", "ore-oxide", 2032, 50.0, 0.0, 8.0, 0.16, 0.048, 0.008, 0.056, None, 0.0, 0.0),
        ("pilot", "plant", "USA", "ore-oxide", 2030, 10.0, 10.0, 0.0, 1.0, 0.0, 0.0, 0.03, None, 0.0, 0.0),
        ("pilot", "plant", "USA", "ore-oxide", 2031, 10.0, 10.0, 0.0, 1.0, 0.0, 0.0, 0.03, None, 0.0, 0.0),
        ("pilot", "plant", "USA", "ore-oxide", 2032, 10.0, 0.0, 10.0, 1.0, 0.0, 0.0, 0.03, None, 0.0, 0.0),
        ("smelter", "project", "USA", "ore-oxide", 2031, 20.0, 18.0, 0.0, 0.9, 0.108, 0.0, 0.09, 1.0, 0.02, 0.0),
        ("smelter", "project", "USA", "ore-oxide", 2032, 40.0, 30.0, 0.0, 0.75, 0.18, 0.0, 0.15, 1.0, 0.02, 0.0),
        ("recycler", "project", "USA", "scrap-oxide", 2031, 5.0, 0.0, 3.0, 0.6, 0.0, 0.0, 0.006, None, 0.0, 0.0),
        ("recycler", "project", "USA", "scrap-oxide", 2032, 5.0, 0.0, 3.0, 0.6, 0.0, 0.0, 0.006, None, 0.0, 0.0),
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
        ("reserve", "USA", "oxide", 2030, 18.0, 9.0, 0.0, 0.0, 0.0, 0.0, 50.0, 131.4, None, 0.0, "no", 0.0),
        ("reserve", "USA", "oxide", 2031, 18.2, 8.1, 2.0, 0.0, 0.0, 0.0, 50.0, 132.86, 73.0, 10.0, "no", 0.0),
        ("reserve", "USA", "oxide", 2032, 11.38, 2.29, 0.0, 0.0, 0.0, 5.0, 60.0, 4153.7 / 60, 73.0, 0.0, "yes", 0.62),
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
        ("treasury", 2031, 0.622, 0.8, 0.632, 1.0),
        ("treasury", 2032, 0.044, 0.4, 0.676, 1.4),
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
    "floor_payments": (0, 0.022, 0.044),
    "owed_beyond_horizon": (0, 0, 0.044 / 1.25 + 0.018 / 1.25 + 0.0062),  # floor, take-or-pay, 0.62 t of cover lacking
    "stock_holding": (0.0018, 0.00182, 0.001138),
    "lacking_cover": (
        0,
        0,
        0.002232,
    ),  # 0.62 t at 0.1 for holding, a quarter of 10 for interest, a tenth of 10 for loss
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
    "stock_credit": (0, 0, -0.06),  # half of 10 on 11.38 t and on 0.62 t owed; 20 t could be credited
    "shortage": (0.3, 0, 0),
    "credits": (0, 0, 0),
    "loans": (0, 0, 0),
    "equity": (0, 0, 0),
}
EXPECTED_COST = 0.7818 + 0.8 * 1.11502 + 0.64 * 0.18167  # COSTS added up by year, by hand


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


def plan_of_the_deal() -> dict[str, Any]:
    """The tiny plan with the deal of tiny_workbook.py: what it adds, by hand (test_stakes.py)."""
    first = 0.5 * (0.06 - DS)
    more = {
        "credits": (0.0, 0.02, 0.04),
        "loans": (0.05, -0.9 * DS, -0.9 * DS),
        "equity": (0.03, -first, -(0.03 - 0.8 * first) / 0.64),
        "owed_beyond_horizon": (0.0, 0.0, 0.04 / 1.25),
    }
    plan = plan_document()
    row(plan, "price_floors").update(credit_usd_per_kg=1.0, equity_musd=0.03, loan_musd=0.05)
    for year, amount in ((2031, 0.02), (2032, 0.04)):
        row(plan, "floor_payments", year=year)["credit_musd"] = amount
    for term, (a, b, c) in more.items():
        for year, factor, amount in ((2030, 1.0, a), (2031, 0.8, b), (2032, 0.64, c)):
            if term == "owed_beyond_horizon":
                if year == 2032:
                    there = row(plan, "costs", term=term, year=year)
                    there["musd"] += amount
                    there["discounted_musd"] += factor * amount
            elif amount:
                new = {"term": term, "payer": "public", "year": year}
                plan["tables"]["costs"].append(new | {"musd": amount, "discounted_musd": factor * amount})
            plan["costs_musd"][term] = plan["costs_musd"].get(term, 0.0) + factor * amount
            plan["objective_musd"] += factor * amount
            plan["expected_cost_musd"] += factor * amount
    for number, amount in ((1, 0.02), (2, 0.04)):  # the treasury pays for floors and credits
        there = row(plan, "budgets", budget="treasury", year=2030 + number)
        there["outlay_musd"] += amount
    row(plan, "budgets", budget="treasury", year=2031)["cumulated_outlay_musd"] += 0.02
    row(plan, "budgets", budget="treasury", year=2032)["cumulated_outlay_musd"] += 0.06
    return plan


def broken(verdict: Audit) -> set[str]:
    """Rules that report something; each of them must also show it in its line."""
    rules = {f.rule for f in verdict.findings}
    assert rules == {line.rule for line in verdict.lines if not line.ok}
    return rules


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


def site(year: int) -> dict[str, Any]:
    return {"stockpile": "reserve", "year": year}


def flow(material: str, to: str, year: int, stream: str, origin: str = "USA") -> dict[str, Any]:
    return {"material": material, "from_region": origin, "to_region": to, "year": year, "stream": stream}


def missed(checks: Any) -> list[tuple[str, str, str]]:
    """Place, expected and found of what is not kept."""
    return [(c.where, c.expected, c.found) for c in checks if not c.kept]


def judged(rule: Any, edit: Edit | None = None, **changes: Any) -> list[tuple[str, str, str]]:
    """What a rule finds in the tiny plan after an edit, against a changed workbook."""
    data, plan = workbook(**changes), plan_document()
    if edit:
        edit(plan)
    return missed(rule(data, read_books(data, plan)))


def by_year(term: str, edit: Edit | None = None, **changes: Any) -> Any:
    """A cost term of the tiny plan in 2030, 2031 and 2032."""
    data, plan = workbook(**changes), plan_document()
    if edit:
        edit(plan)
    costs = cost_terms(data, read_books(data, plan))
    return [costs[term, time_of(year)] for year in data.years]


def close(*values: float) -> Any:
    return pytest.approx(list(values), abs=1e-12)
