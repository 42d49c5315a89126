"""WhatBinds as people read it: the dearest first, rounded to what is known."""

from __future__ import annotations

from lodestone.report.plan.sheets import _by_money, _rounded


def test_one_per_cent_of_each_limit_in_money_the_dearest_first() -> None:
    """1% of 50 t at 2,000 USD/kg: 1 MUSD; of a share of 40% at 4 MUSD a point: 1.6; of 200 MUSD at 0.1: 0.2."""
    rows = [
        {"name": name, "limit": limit, "unit": unit, "present_value": value, "value": value, "value_unit": worth}
        for name, limit, unit, value, worth in (
            ("plant", 50.0, "t", 2000.0, "USD/kg of capacity"),
            ("cap", 0.4, "share", 4.0, "MUSD per point"),
            ("budget", 200.0, "MUSD", 0.1, "MUSD per MUSD"),
        )
    ]
    assert [row["name"] for row in _by_money(rows)] == ["cap", "plant", "budget"]


def test_it_is_rounded_to_four_figures() -> None:
    assert [_rounded(value) for value in (0.123456, 98765.4, 7, "none", None)] == [0.1235, 98770.0, 7, "none", None]
