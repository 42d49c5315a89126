"""Flows, markets and lanes as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace

from model.audit import audit
from tests.audit.tiny_plan import (
    broken,
    plan_document,
)
from tests.audit.tiny_workbook import change, lane, workbook


def test_under_last_stage_output_takes_the_colour_of_the_unit() -> None:
    """The pilot, which takes clean ore, may not make exposed oxide, and no intake is clean-mode."""
    found = broken(audit(workbook(provenance=False), plan_document()))

    assert {"(3) colour", "(3) intake"} <= found


def test_clean_returns_come_back_clean() -> None:
    changed = replace(workbook().returns[0], clean=True)

    verdict = audit(workbook(returns=(changed,)), plan_document())

    assert {"(1) returns", "(1) made"} <= broken(verdict)


def test_a_year_without_a_volume_or_capacity_is_unlimited() -> None:
    """As when a scenario sets single years of an unlimited row."""
    open_trader = change("markets", "trader", volume={2030: 0.0, 2031: None, 2032: 10.0})
    open_lane = lane(capacity={2030: None, 2031: 11.0, 2032: None})

    assert audit(workbook(**open_trader, **open_lane), plan_document()).ok
