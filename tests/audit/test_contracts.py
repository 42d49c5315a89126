"""Force majeure and prices of contracts as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.audit.contracts import contract_price, force_majeure
from tests.audit.tiny_workbook import change, flat, kg, workbook


@pytest.mark.parametrize(
    ("now", "base", "share"),
    [(10.0, 20.0, 0.5), (30.0, 20.0, 1.0), (5.0, 0.0, 1.0), (None, 20.0, 1.0), (5.0, None, 1.0), (0.0, None, 0.0)],
)
def test_force_majeure_of_a_market(now: float | None, base: float | None, share: float) -> None:
    volumes = {"volume": None if now is None else flat(now), "base_volume": None if base is None else flat(base)}
    data = workbook(**change("markets", "trader", **volumes))

    assert force_majeure(data, data.contracts["trade"], 2031) == share


def test_force_majeure_of_a_plant_and_a_project() -> None:
    data = workbook(**change("plants", "mine", capacity=flat(25)))

    assert force_majeure(data, data.contracts["ore_deal"], 2031) == 0.25
    assert force_majeure(data, data.contracts["offtake"], 2031) == 1.0


def test_an_index_price_keeps_within_its_collar() -> None:
    offer = replace(workbook().contracts["offtake"], price_min=kg(9), price_max=kg(12))

    assert contract_price(offer, kg(8), 0) == kg(9)
    assert contract_price(offer, kg(10), 0) == pytest.approx(kg(11))
    assert contract_price(offer, kg(20), 0) == kg(12)
