"""Who pays what, and for what: every payment of the tiny plan with its deal, by hand; the accounts rest on these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.audit.tiny_plan import plan_of_the_deal, put
from tests.audit.tiny_workbook import DEAL, DS, change, deal, workbook

from lodestone.audit.books import read_books
from lodestone.audit.cost_items import items
from lodestone.data.plan_data import Floor, time_of

Payments = dict[tuple[Any, ...], tuple[float, ...]]  # term, payer, part, kind, key -> MUSD in 2030, 2031 and 2032

FIRST = 0.5 * (0.06 - DS)  # dividend of 2031
SMELTER, RECYCLER = ("support", "unit", ("smelter",)), ("support", "unit", ("recycler",))
OFFTAKE, TRADE, ORE = (("contract", key) for key in (("smelter", "oxide"), ("trader", "oxide"), ("mine", "ore")))
LANE = ("lane", ("oxide", "CHN", "USA", "exposed"))

OF_THE_PLAN: Payments = {
    ("capex", "Japan", *RECYCLER): (0, 0.6, 0),
    ("public_fixed_cost", "Japan", *RECYCLER): (0, 0.01, 0.01),
    ("salvage", "Japan", *RECYCLER): (0, 0, -0.4),
    ("grants", "DLA", *SMELTER): (0.01, 0, 0),
    ("loans", "DLA", *SMELTER): (0.05, -0.9 * DS, -0.9 * DS),
    ("equity", "DLA", *SMELTER): (0.03, -FIRST, -(0.03 - 0.8 * FIRST) / 0.64),
    ("floor_payments", "DLA", *SMELTER): (0, 0.022, 0.044),
    ("credits", "DLA", *SMELTER): (0, 0.02, 0.04),
    ("owed_beyond_horizon", "DLA", *SMELTER): (0, 0, (0.044 + 0.04) / 1.25),
    ("signing_fees", "EXIM", "support", *OFFTAKE): (0.01, 0, 0),
    ("owed_beyond_horizon", "EXIM", "support", *OFFTAKE): (0, 0, 0.018 / 1.25),
    ("contract_differences", "buyers", "margin", *OFFTAKE): (0, 0.01, 0.015),
    ("take_or_pay", "buyers", "margin", *OFFTAKE): (0, 0, 0.033),
    ("signing_fees", "public", "support", *TRADE): (0.005, 0, 0),
    ("contract_differences", "buyers", "margin", *TRADE): (0, -0.009, -0.0045),
    ("contract_differences", "buyers", "margin", *ORE): (-0.002, 0.0027, 0),
    ("payments_to_units", "buyers", "mine", "unit", ("mine", "clean")): (0.02, 0.056, 0.08),
    ("payments_to_units", "buyers", "margin", "unit", ("mine", "clean")): (0.02, 0.056, 0.08),
    ("payments_to_units", "buyers", "refining", "unit", ("refinery", "exposed")): (0.21, 0.077, 0.056),
    ("payments_to_units", "buyers", "margin", "unit", ("refinery", "exposed")): (-0.03, -0.011, -0.008),
    ("payments_to_units", "buyers", "refining", "unit", ("smelter", "clean")): (0, 0.09, 0.15),
    ("payments_to_units", "buyers", "margin", "unit", ("smelter", "clean")): (0, 0.018, 0.03),
    ("topups", "buyers", "margin", "unit", ("refinery",)): (0.03, 0.011, 0.008),
    ("cost_priced_plants", "buyers", "refining", "unit", ("pilot", "clean")): (0.03, 0.03, 0),
    ("cost_priced_plants", "buyers", "refining", "unit", ("pilot", "exposed")): (0, 0, 0.03),
    ("public_operating_cost", "Japan", "support", "unit", ("recycler", "exposed")): (0, 0.006, 0.006),
    ("market_purchases", "buyers", "purchases", "market", ("ore_desk", "exposed")): (0.12, 0.044, 0.032),
    ("market_purchases", "buyers", "purchases", "market", ("trader", "exposed")): (0, 0.072, 0.036),
    ("market_sales", "buyers", "other", "sale", ("sink", "clean")): (0, 0, -0.042),
    ("freight", "buyers", "freight", *LANE): (0.015, 0.0055, 0.004),
    ("tariffs", "buyers", "duty", *LANE): (0.03, 0.011, 0.008),
    ("substitution", "buyers", "other", "demand", ("USA", "civil", "oxide", "substituted")): (0.012, 0.012, 0.015),
    ("shortage", "shortage", "other", "demand", ("USA", "civil", "oxide", "short")): (0.3, 0, 0),
    ("stock_holding", "JOGMEC", "support", "stock", ("reserve",)): (0.0018, 0.00182, 0.001138),
    ("lacking_cover", "JOGMEC", "support", "reserve", ("reserve",)): (0, 0, 0.002232),
    ("owed_beyond_horizon", "JOGMEC", "support", "reserve", ("reserve",)): (0, 0, 0.0062),
    ("stock_credit", "buyers", "other", "reserve", ("reserve",)): (0, 0, -0.06),
}


def payments(*edits: Callable[[Any], None], **changes: Any) -> Payments:
    """By year, in the horizon and in no other."""
    data, plan = workbook(**changes), plan_of_the_deal()
    for edit in edits:
        edit(plan)
    found: Payments = {}
    for item in items(data, read_books(data, plan)):
        key = (item.term, item.payer, item.part, item.kind, item.key)
        years = list(found.get(key, (0.0, 0.0, 0.0)))
        years[[time_of(year) for year in data.years].index(item.time)] += item.musd
        found[key] = tuple(years)
    return found


def near(expected: Payments) -> Any:
    return {key: pytest.approx(musd, abs=1e-12) for key, musd in expected.items()}


def test_every_payment_of_the_plan() -> None:
    found = payments(
        **change("floors", "support", **DEAL, payer="DLA"),
        **change("projects", "recycler", payer="Japan"),
        **change("contracts", "offtake", payer="EXIM"),
        **change("stockpiles", "reserve", payer="JOGMEC"),
    )

    assert found == near(OF_THE_PLAN)


def test_what_plants_priced_at_cost_cost_kept_open() -> None:
    """0.02 of fixed cost a year of the pilot, 0.03 of a mine without inputs, which works at 1 USD/kg."""
    kept = [put("plants", {"unit": u, "year": y}, kept=1.0) for u in ("pilot", "mine") for y in (2030, 2031, 2032)]
    plants = change("plants", "pilot", fixed_cost=0.02)["plants"]
    plants |= {"mine": change("plants", "mine", fixed_cost=0.03, at_market=False)["plants"]["mine"]}
    found = payments(*kept, plants=plants)

    costs = {key[2:]: musd for key, musd in found.items() if key[:2] == ("cost_priced_plants", "buyers")}
    assert costs == near({
        ("refining", "unit", ("pilot", "clean")): (0.03, 0.03, 0),
        ("refining", "unit", ("pilot", "exposed")): (0, 0, 0.03),
        ("refining", "unit", ("pilot",)): (0.02, 0.02, 0.02),
        ("mine", "unit", ("mine", "clean")): (0.02, 0.056, 0.08),
        ("mine", "unit", ("mine",)): (0.03, 0.03, 0.03),
    })  # fmt: skip


def test_nothing_is_put_into_a_plant_nor_paid_again_of_what_is_spent() -> None:
    """A credit of 1 USD/kg to the refinery: 50 t a year from 2030 on. The smelter's package is of 2028."""
    aid = Floor("aid", "refinery", "oxide", 0.0, 4, 0.0, 0.5, credit=0.001, loan_share=0.5, loan_years=1,
                equity=1.0, committed_year=2030)  # fmt: skip
    spent = deal(committed_year=2028) | change("projects", "smelter", committed_year=2028)
    spent["floors"] |= {"aid": aid}
    found = payments(
        lambda plan: [plan["tables"].update({t: []}) for t in ("investments", "price_floors", "floor_payments")],
        **spent,
    )

    of_aid = {key[0]: musd for key, musd in found.items() if key[-1] == ("refinery",) and key[0] != "topups"}
    assert of_aid == near({"credits": (0.05, 0.05, 0.05), "owed_beyond_horizon": (0, 0, 0.05 / 1.25)})
    put_in = {key[0]: musd[0] for key, musd in found.items() if key[-1] == ("smelter",)}
    assert "grants" not in put_in and put_in["loans"] < 0 and put_in["equity"] < 0
