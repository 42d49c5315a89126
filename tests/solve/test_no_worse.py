"""What need not be tried: a threat that takes only what the answer to the others does not use.

A market of 100 t a year of which a threat leaves 40 t.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.rules.tiny_data import contract, lane, market, plan, plant

from lodestone.data.plan_data import PlanData
from lodestone.solve.no_worse import no_worse, smaller_answer


def data(volume: float | None = 100, **changes: Any) -> PlanData:
    return plan(markets=[market("desk", volume=volume, base_volume=100)], **changes)


def used(kind: str, which: Any, t: float, of: PlanData | None = None) -> dict[tuple[str, Any, int], float]:
    return {(kind, which, time): t for time in (of or data()).times}


@pytest.mark.parametrize(("t", "spared"), [(0, True), (40, True), (41, False)])
def test_a_market_that_still_sells_what_is_used(t: float, spared: bool) -> None:
    assert no_worse(data(), data(40), used("market", "desk", t)) == spared


def test_what_becomes_more_or_dearer_is_tried() -> None:
    assert not no_worse(data(), data(120), {})
    dearer = data(40, price={"oxide": 99})
    assert not no_worse(data(), dearer, {})


def test_a_market_that_buys_from_us_is_tried() -> None:
    before, after = (plan(markets=[market("desk", buys=False, volume=v)]) for v in (100, 40))
    assert not no_worse(before, after, {})


def test_a_supplier_under_contract_is_tried_unless_the_plan_signs_none() -> None:
    """Force majeure scales what is delivered and owed, whatever is bought beside it."""
    before, after = (data(v, contracts=[contract("deal", "desk")]) for v in (100, 40))
    assert not no_worse(before, after, {})
    assert no_worse(before, after, {}, {("contracts", "deal")})
    assert not no_worse(before, after, {}, {("projects", "deal")})


@pytest.mark.parametrize(("share", "spared"), [(None, True), (0.5, False)])
def test_a_plant_whose_inputs_take_time_to_find_is_tried(share: float | None, spared: bool) -> None:
    def mill(t: float) -> PlanData:
        found = plan(plants=[plant("mill", recipe={"ore": -2, "oxide": 1}, capacity=t, base_capacity=100)])
        ore = replace(found.materials["ore"], resourcing_share=share)
        return replace(found, materials=found.materials | {"ore": ore})

    assert no_worse(mill(100), mill(40), used("plant", "mill", 40)) == spared


def test_a_plant_that_is_kept_open_in_part_is_tried() -> None:
    """(25): of half a plant that is kept, half of what is left works: 20 t, not 40."""
    before, after = (plan(plants=[plant("mill", capacity=t, base_capacity=100, fixed_cost=1.0)]) for t in (100, 40))
    assert not no_worse(before, after, used("plant", "mill", 40))


def test_a_lane_that_still_carries_what_is_used() -> None:
    key = ("oxide", "Ally", "Home")
    before, after = (data(lanes={key: lane(capacity=t)}) for t in (100, 40))
    assert no_worse(before, after, used("lane", key, 40))
    assert not no_worse(before, after, used("lane", key, 41))
    assert not no_worse(before, data(lanes={}), {})


def test_a_combination_is_spared_by_one_of_one_threat_less() -> None:
    known = {("ban",): (data(), used("market", "desk", 30)), ("strike",): (data(), used("market", "desk", 90))}
    assert smaller_answer(("ban", "strike"), data(40), known) == ("ban",)
    assert smaller_answer(("ban", "strike"), data(20), known) is None
    assert smaller_answer(("flood", "quake"), data(40), known) is None
