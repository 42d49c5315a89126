"""Costs and what is owed beyond the horizon as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import EXPECTED_COST, add, by_year, close, drop, judged, plan_document, put
from tests.audit.tiny_workbook import change, kg, workbook

from lodestone.audit.books import read_books
from lodestone.audit.budgets import budgets, budgets_table, outlays
from lodestone.audit.cost_items import owed
from lodestone.audit.costs import (
    cost_terms,
    costs_table,
    discounting,
    objective,
    tariff_revenue,
    totals,
    totals_by_term,
)


def test_stock_is_credited_up_to_the_opening_stock_where_no_cover_is_asked_for() -> None:
    site_data = replace(workbook().stockpiles["reserve"], opening={"clean": 2.0, "exposed": 1.0}, days={})
    data = workbook(stockpiles={"reserve": site_data})

    costs = cost_terms(data, read_books(data, plan_document()))

    assert costs["stock_credit", 203201] == pytest.approx(-0.5 * 0.010 * 3)


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


# --- terms, at prices that move --------------------------------------------------------------------------------------

PRICE = {
    "ore": {2030: kg(2), 2031: kg(3), 2032: kg(4)},
    "oxide": {2030: kg(10), 2031: kg(13), 2032: kg(11)},
    "scrap": {2030: kg(1), 2031: kg(1), 2032: kg(1)},
}


def test_a_public_project_costs_capex_at_its_decision_and_fixed_cost_while_it_stands() -> None:
    two = put("investments", {"project": "recycler"}, builds=2, decision_year=2030)
    late = change("projects", "recycler", lead_years=1, life_years=1)
    assert by_year("capex", two, **late) == close(1.2, 0, 0)
    assert by_year("public_fixed_cost", two, **late) == close(0, 0.02, 0)
    assert by_year("salvage", two, **late) == close(0, 0, 0)  # nothing of its life is left


def test_what_is_left_of_a_life_is_credited_at_the_end() -> None:
    """Two copies decided in 2030 stand from 2031 on for five years: three are left."""
    two = put("investments", {"project": "recycler"}, builds=2, decision_year=2030)

    assert by_year("salvage", two, **change("projects", "recycler", lead_years=1, life_years=5)) == close(
        0, 0, -1.2 * 3 / 5
    )


def test_private_projects_cost_no_capex() -> None:
    data = workbook()
    books = read_books(data, plan_document())
    assert outlays(data, books)["public", "capex", 2030] == 0
    assert by_year("capex") == close(0, 0.6, 0)


def test_support_and_contracts_at_the_prices_of_the_year() -> None:
    """11 and 22 t covered by a floor of 12; offtake at 14.3 and 12.1 against 13 and 11; 3 t untaken of it in 2032."""
    assert by_year("floor_payments", price=PRICE) == close(0, -11 * 0.0005, 22 * 0.001)
    offtake = 10 * 0.0013, 15 * 0.0011
    trade = 6 * 0.013 * (1.05 - 1.2), 3 * 0.011 * (1.05 - 1.2)
    ore = 20 * kg(1.9 - 2), 30 * kg(2.09 - 3)
    assert by_year("contract_differences", price=PRICE) == close(
        ore[0], offtake[0] + trade[0] + ore[1], offtake[1] + trade[1]
    )
    assert by_year("take_or_pay", price=PRICE) == close(0, 0, 3 * kg(12.1))


def test_units_are_paid_the_value_they_add_or_what_they_cost() -> None:
    added = {2030: 20 * 2 + 30 * 6, 2031: 56 * 3 + 11 * 7 + 18 * 7, 2032: 80 * 4 + 8 * 3 + 30 * 3}
    assert by_year("payments_to_units", price=PRICE) == close(*(kg(value) for value in added.values()))
    assert by_year("cost_priced_plants") == close(0.03, 0.03, 0.03)
    assert by_year("public_operating_cost") == close(0, 0.006, 0.006)


def test_markets_at_their_premium_and_tariffs_at_the_price() -> None:
    assert by_year("market_purchases", price=PRICE) == close(
        kg(60 * 2), kg(22 * 3 + 6 * 13 * 1.2), kg(16 * 4 + 3 * 11 * 1.2)
    )
    assert by_year("market_sales", price=PRICE) == close(0, 0, -kg(4 * 11 * 1.05))
    assert by_year("tariffs", price=PRICE) == close(kg(30 * 1), kg(11 * 1.3), kg(8 * 1.1))
    assert by_year("freight") == close(0.015, 0.0055, 0.004)


def test_stock_costs_what_it_is_held_and_is_credited_at_the_price_of_the_last_year() -> None:
    assert by_year("stock_holding") == close(0.0018, 0.00182, 0.001138)
    assert by_year("stock_credit", price=PRICE) == close(
        0, 0, -0.5 * 0.011 * 12
    )  # what is lacking counts as held: it is owed
    assert by_year("stock_credit", stock_end_value_share=0.0) == close(0, 0, 0)
    little = change("stockpiles", "reserve", opening={"clean": 3.0, "exposed": 4.0}, days={2032: 36.5})
    assert by_year("stock_credit", **little) == close(0, 0, -0.5 * 0.010 * 7)  # 7 t at first, 6 t of cover
    more = change("stockpiles", "reserve", opening={"clean": 3.0, "exposed": 4.0}, days={2032: 54.75})
    assert by_year("stock_credit", **more) == close(0, 0, -0.5 * 0.010 * 9)  # 15 % of 60 t
    least = change("stockpiles", "reserve", opening={"clean": 3.0, "exposed": 4.0}, days={}, least_t=8.0)
    assert by_year("stock_credit", **least) == close(0, 0, -0.5 * 0.010 * 8)


def test_what_is_owed_beyond_the_horizon_at_its_price() -> None:
    """Oxide at 11 in 2032: the floor owes 1 on 22 t, offtake 1.1 on 18 t, and 0.62 t of cover are lacking at 11."""
    promised = 22 * kg(1) / 1.25 + 18 * kg(1.1) / 1.25
    assert by_year("owed_beyond_horizon", price=PRICE) == close(0, 0, promised + 0.62 * kg(11))
    full = put("stockpile", {"year": 2032}, lacking_t=0.0)
    assert by_year("owed_beyond_horizon", full, price=PRICE) == close(0, 0, promised)


def test_take_or_pay_that_begins_beyond_the_horizon_is_owed_from_its_first_year() -> None:
    """ore_deal delivers in 2034 and 2035: 15 t at 2.5 and 2.75 against 2, discounted two and three years."""
    late = change("contracts", "ore_deal", start_delay_years=4, fixed_price=kg(2.5))
    plan = plan_document()
    for table in ("contracts", "contract_years"):
        plan["tables"][table] = [r for r in plan["tables"][table] if r["contract"] == "ore_deal"]
    plan["tables"]["price_floors"] = []
    data = workbook(stockpiles={}, **late)
    plan["tables"]["stockpile"] = []

    assert owed(data, read_books(data, plan)) == pytest.approx(15 * (kg(0.5) / 1.25**2 + kg(0.75) / 1.25**3))


# --- budgets, tables and totals --------------------------------------------------------------------------------------


def test_outlays_by_kind_and_year() -> None:
    data = workbook(price=PRICE)
    spent = outlays(data, read_books(data, plan_document()))

    assert {key: value for key, value in spent.items() if value} == pytest.approx({
        ("public", "capex", 2031): 0.6, ("public", "grants", 2030): 0.01, ("public", "floors", 2032): 0.022,
        ("public", "fees", 2030): 0.015, ("public", "stockpile", 2031): 0.026,
        ("public", "contingent", 2031): 11 * 0.004, ("public", "contingent", 2032): 22 * 0.004,
        ("public", "contracts", 2031): 10 * 0.0013, ("public", "contracts", 2032): 15 * 0.0011 + 3 * 0.0121,
    })  # fmt: skip


def test_budgets_year_by_year_or_carried_over() -> None:
    """0.01, 0.622 and 0.044 are spent of 0.2, 0.8 and 0.4."""
    tight = change("budgets", "treasury", limit={2030: 0.2, 2031: 0.4, 2032: 0.076})
    assert judged(budgets, **tight) == [("treasury 2031", "outlays at most 0.6 MUSD", "0.632 MUSD")]
    yearly = change("budgets", "treasury", carry_over=False, limit={2030: None, 2031: 0.6, 2032: 0.044})
    assert judged(budgets, **yearly) == [("treasury 2031", "outlays at most 0.6 MUSD", "0.622 MUSD")]
    later = change("budgets", "treasury", limit={2030: None, 2031: 0.6, 2032: 0.044})  # what 2030 took does not count
    assert judged(budgets, **later) == [
        ("treasury 2031", "outlays at most 0.6 MUSD", "0.622 MUSD"),
        ("treasury 2032", "outlays at most 0.644 MUSD", "0.666 MUSD"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("outlay_musd", 0.6, ("outlay_musd 0.622 MUSD", "0.6 MUSD")),
        ("limit_musd", 0.7, ("limit_musd 0.8 MUSD", "0.7 MUSD")),
        ("cumulated_outlay_musd", 0.6, ("cumulated_outlay_musd 0.632 MUSD", "0.6 MUSD")),
        ("cumulated_limit_musd", 0.9, ("cumulated_limit_musd 1 MUSD", "0.9 MUSD")),
    ],
)
def test_figures_of_a_budget(column: str, value: float, expected: tuple[str, str]) -> None:
    edit = put("budgets", {"budget": "treasury", "year": 2031}, **{column: value})

    assert judged(budgets_table, edit) == [("treasury 2031", *expected)]


def test_costs_of_a_term_and_year_are_added_up_and_compared() -> None:
    freight = {"term": "freight", "year": 2030}
    assert judged(costs_table, put("costs", freight, musd=0.016)) == [("freight 2030", "cost 0.015 MUSD", "0.016 MUSD")]

    def split(plan: dict[str, Any]) -> None:
        put("costs", freight, musd=0.010)(plan)
        add("costs", "freight", "buyers", 2030, 0.005, 0.005)(plan)

    assert judged(costs_table, split) == []
    assert judged(costs_table, drop("costs", term="shortage")) == [("shortage 2030", "cost 0.3 MUSD", "0 MUSD")]


def test_discounted_costs_and_totals() -> None:
    late = put("costs", {"term": "freight", "year": 2032}, discounted_musd=0.004)
    assert judged(discounting, late) == [("freight 2032", "discounted cost 0.00256 MUSD", "0.004 MUSD")]
    assert judged(totals, lambda plan: plan["costs_musd"].pop("shortage")) == [
        ("shortage", "discounted total 0.3 MUSD", "0 MUSD")
    ]
    assert judged(totals, lambda plan: plan.update(expected_cost_musd=1.0)) == [
        ("plan", f"expected cost {EXPECTED_COST:.10g} MUSD", "1 MUSD")
    ]
    assert judged(objective, lambda plan: plan.update(objective_musd=1.0)) == [
        ("plan", f"objective {EXPECTED_COST:.10g} MUSD", "1 MUSD")
    ]
    assert judged(tariff_revenue, lambda plan: plan.update(tariff_revenue_musd=0.0)) == [
        ("plan", "tariff revenue 0.04392 MUSD", "0 MUSD")
    ]


def test_sums_are_judged_by_the_largest_of_their_terms() -> None:
    """6000 MUSD of capex in 2031, most of it credited in 2032: their sum is less than half of the first."""
    data = workbook(**change("projects", "recycler", capex=6000.0))
    books = read_books(data, plan_document())
    largest = 1e-5 + 1e-6 * 0.8 * 6000

    (check,) = objective(data, books)
    assert check.tolerance == pytest.approx(largest)
    *_, check = totals(data, books)
    assert check.tolerance == pytest.approx(largest)


def test_every_year_beyond_the_horizon_is_owed() -> None:
    """The smelter stands until 2035, its floor pays as long: on 22 t in 2033, on all 40 t once offtake has ended."""
    longer = change("projects", "smelter", life_years=5) | change("floors", "support", tenor_years=5)

    floor = 22 * kg(2) / 1.25 + 40 * kg(2) / 1.25**2 + 40 * kg(2) / 1.25**3
    assert by_year("owed_beyond_horizon", **longer) == close(0, 0, floor + 0.018 / 1.25 + 0.0062)


def test_what_two_contracts_owe_adds_up() -> None:
    """Trade pays 12.6 against 12 from 2033 to 2035: 0.5 x 3 t each year."""
    longer = change("contracts", "trade", tenor_years=5, index_premium=0.26)

    trade = 1.5 * kg(0.6) * (1 / 1.25 + 1 / 1.25**2 + 1 / 1.25**3)
    assert by_year("owed_beyond_horizon", **longer) == close(0, 0, 0.044 / 1.25 + 0.018 / 1.25 + trade + 0.0062)


def test_tariffs_that_are_not_counted_are_in_no_total() -> None:
    for counted in (True, False):
        data = workbook(tariffs_counted=counted)
        found = totals_by_term(data, read_books(data, plan_document()))
        assert ("tariffs" in found) is counted
        assert found["freight"] == pytest.approx(0.015 + 0.8 * 0.0055 + 0.64 * 0.004)


def test_a_budget_row_of_a_year_not_in_force_is_left_to_the_complete_tables() -> None:
    later = change("budgets", "small", limit={2030: None, 2031: 0.05, 2032: 0.05})

    assert judged(budgets_table, **later) == []


# --- budgets of payers, and what being excused from cover costs ------------------------------------------------------


def test_a_budget_counts_what_its_payer_pays() -> None:
    """Japan pays for the recycler, whoever pays the rest."""
    abroad = {**change("projects", "recycler", payer="Japan")}
    limits = {2030: 0.2, 2031: 0.5, 2032: 0.4}

    def of(payer: str | None) -> Any:
        return {**abroad, **change("budgets", "treasury", payer=payer, limit=limits, carry_over=False)}

    assert judged(budgets, **of("public")) == []
    assert judged(budgets, **of("Japan")) == [("treasury 2031", "outlays at most 0.5 MUSD", "0.6 MUSD")]
    assert judged(budgets, **of(None)) == [("treasury 2031", "outlays at most 0.5 MUSD", "0.622 MUSD")]
    assert judged(budgets, **of("nobody")) == []


def test_what_one_floor_pays_in_makes_no_room_for_another() -> None:
    """At 13 the support is paid 0.0055 back in 2031; rescue pays 3 on 50 t: 0.15."""
    rescue = replace(workbook().floors["support"], name="rescue", project="refinery", floor=kg(16), upside_share=0.0,
                     committed_year=2031, tenor_years=1)  # fmt: skip
    data = workbook(price=PRICE, floors={**workbook().floors, "rescue": rescue})

    assert outlays(data, read_books(data, plan_document()))["public", "floors", 2031] == pytest.approx(0.15)


def test_being_excused_from_cover_earns_nothing() -> None:
    """0.62 t are lacking in 2031, where oxide costs 13 and in the next year 11.

    0.1 for holding, a quarter of 13 for interest, a tenth of 13 for loss, and 2 because it is cheaper next year.
    """
    lacks = put("stockpile", {"year": 2031}, lacking_t=0.62)

    assert by_year("lacking_cover", lacks, price=PRICE) == close(
        0, 0.62 * kg(0.1 + 3.25 + 1.3 + 2), 0.62 * kg(0.1 + 2.75 + 1.1)
    )


def test_what_is_built_in_the_last_year_has_most_of_its_life_left() -> None:
    late = put("investments", {"project": "recycler"}, decision_year=2032)
    assert by_year("salvage", late) == close(0, 0, -0.6 * 5 / 6)
