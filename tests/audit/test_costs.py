"""Costs and what is owed beyond the horizon as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.audit.books import read_books
from model.audit.costs import cost_terms, owed
from tests.audit.tiny_plan import (
    plan_document,
)
from tests.audit.tiny_workbook import change, kg, workbook


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
