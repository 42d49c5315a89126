"""Stockpiles as the audit recomputes them."""

from __future__ import annotations

from model.audit import audit
from tests.audit.tiny_plan import (
    add,
    broken,
    plan_document,
    row,
    site,
)
from tests.audit.tiny_workbook import change, workbook


def test_nothing_passes_through_a_stockpile_in_one_year() -> None:
    """12 t are put in and taken out in 2030: 9 t were there."""
    data = workbook(**change("stockpiles", "reserve", max_fill=None, max_release=None), budgets={})
    plan = plan_document()
    plan["tables"]["budgets"].clear()
    row(plan, "stockpile", **site(2030)).update(fill_exposed_t=12.0, release_exposed_t=12.0)
    add("flows", "oxide", "USA", "USA", 2030, "exposed", 12.0, 0.0, 0.0)(plan)
    add("balance", "USA", "oxide", 2030, "exposed", 12.0, 12.0, 0.0)(plan)

    assert broken(audit(data, plan)) == {"(12) release"}
