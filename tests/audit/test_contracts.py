"""Force majeure and prices of contracts as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import add, judged, plan_document, put
from tests.audit.tiny_workbook import change, flat, kg, workbook

from lodestone.audit.books import read_books
from lodestone.audit.contracts import (
    active,
    contract_price,
    contract_years_table,
    contracts_table,
    deliveries,
    force_majeure,
    prices,
    signing,
    supplier_output,
    supplier_volumes,
    under_contract,
)
from lodestone.data.plan_data import time_of


@pytest.mark.parametrize(
    ("now", "base", "share"),
    [
        (10.0, 20.0, 0.5),
        (30.0, 20.0, 1.0),
        (5.0, 0.0, 1.0),
        (None, 20.0, 1.0),
        (4.5, None, 0.75),
        (0.0, None, 0.0),
        (9.0, None, 1.0),
        (None, None, 1.0),
    ],
)
def test_force_majeure_of_a_market(now: float | None, base: float | None, share: float) -> None:
    """Where the base is unlimited it is measured by the 6 t/yr that trade may be signed for."""
    volumes = {"volume": None if now is None else flat(now), "base_volume": None if base is None else flat(base)}
    data = workbook(**change("markets", "trader", **volumes))

    assert force_majeure(data, data.contracts["trade"], 203101) == share


def test_force_majeure_of_a_plant_and_a_project() -> None:
    data = workbook(**change("plants", "mine", capacity=flat(25)))

    assert force_majeure(data, data.contracts["ore_deal"], 203101) == pytest.approx(0.25)
    assert force_majeure(data, data.contracts["offtake"], 203101) == pytest.approx(1)


def test_an_index_price_keeps_within_its_collar() -> None:
    offer = replace(workbook().contracts["offtake"], price_min=kg(9), price_max=kg(12))

    assert contract_price(offer, kg(8), 0) == kg(9)
    assert contract_price(offer, kg(10), 0) == pytest.approx(kg(11))
    assert contract_price(offer, kg(20), 0) == kg(12)


# --- what is signed, in force and paid -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"earliest_year": 2030, "latest_year": 2030}, []),
        ({"earliest_year": 2031, "latest_year": 2032}, [("a signature from 2031 to 2032", "2030")]),
        ({"earliest_year": 2020, "latest_year": 2029}, [("a signature from 2020 to 2029", "2030")]),
        ({"min_t": 20.0, "max_t": 20.0}, []),
        ({"min_t": 21.0}, [("annual volume at least 21 t", "20 t")]),
        ({"max_t": 19.0}, [("annual volume at most 19 t", "20 t")]),
    ],
)
def test_a_signature(terms: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert judged(signing, **change("contracts", "offtake", **terms)) == [("offtake 2030", *said) for said in expected]


def test_a_contract_is_signed_once_and_with_its_project() -> None:
    twice = add("contracts", "trade", "trader", "oxide", 2030, 2031, 2033, 6.0, 0.005)
    assert judged(signing, twice) == [("trade 2030", "one signing", "2")] * 2
    later = put("investments", {"project": "smelter"}, decision_year=2031)
    assert judged(signing, later) == [("offtake 2030", "signed when smelter is decided", "0 builds in 2030")]
    half = put("investments", {"project": "smelter"}, builds=0.5)
    assert judged(signing, half) == [("offtake 2030", "signed when smelter is decided", "0.5 builds in 2030")]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("first_delivery_year", 2030, ("first delivery year 2031", "2030")),
        ("last_delivery_year", 2032, ("last delivery year 2033", "2032")),
        ("fee_musd", 0.02, ("fee 0.01 MUSD", "0.02 MUSD")),
    ],
)
def test_terms_are_those_of_the_contract(column: str, value: float, expected: tuple[str, str]) -> None:
    assert judged(contracts_table, put("contracts", {"contract": "offtake"}, **{column: value})) == [
        ("offtake 2030", *expected)
    ]


def test_a_tenor_ends_with_the_life_of_a_project_and_starts_after_the_delay() -> None:
    data = workbook(**change("contracts", "offtake", tenor_years=9, start_delay_years=5))
    offtake, trade, ore_deal = read_books(data, plan_document()).chosen_signings
    assert [(s.first, s.last) for s in (offtake, trade, ore_deal)] == [(2031, 2033), (2031, 2033), (2030, 2031)]
    assert [offtake.covers(year) for year in (2030, 2031, 2033, 2034)] == [False, True, True, False]


def test_volumes_signed_with_a_project_fit_what_is_built_of_it() -> None:
    """2 t of oxide from each of its 40 t: 80 t for each copy."""
    two_per_t = change("projects", "smelter", recipe={"ore": -4.0, "oxide": 2.0})
    assert judged(supplier_volumes, put("contracts", {"contract": "offtake"}, annual_t=80.0), **two_per_t) == []
    found = judged(supplier_volumes, put("contracts", {"contract": "offtake"}, annual_t=81.0), **two_per_t)
    assert found == [("smelter oxide 2030", "annual volumes at most 80 t", "81 t")]


def test_volumes_signed_with_a_plant_or_a_market_fit_what_they_have_in_the_base() -> None:
    """In the years of their tenor: ore_deal 30 t in 2030 and 2031, trade 6 t from 2031 on."""
    half = change("plants", "mine", recipe={"ore": 0.5}, base_capacity={2030: 60.0, 2031: 50.0, 2032: 0.0})
    assert judged(supplier_volumes, **half) == [("mine ore 2031", "annual volumes at most 25 t", "30 t")]
    little = change("markets", "trader", base_volume={2030: 0.0, 2031: 6.0, 2032: 5.0})
    assert judged(supplier_volumes, **little) == [("trader oxide 2032", "annual volumes at most 5 t", "6 t")]
    assert judged(supplier_volumes, **change("markets", "trader", base_volume=None)) == []


def test_what_is_in_force_ramps_and_knows_force_majeure() -> None:
    data = workbook()
    offtake, trade, _ = read_books(data, plan_document()).chosen_signings

    assert [active(data, offtake, time_of(year)) for year in range(2030, 2035)] == [0, 10, 20, 20, 0]
    assert [active(data, trade, time_of(year)) for year in range(2030, 2035)] == [
        0,
        6,
        3,
        3,
        0,
    ]  # beyond 2032 as in 2032


def test_taken_and_untaken() -> None:
    more = put("contract_years", {"contract": "offtake", "year": 2032}, taken_t=21.0)
    assert judged(deliveries, more) == [("offtake 2030 in 2032", "taken at most 20 t", "21 t")]
    unpaid = put("contract_years", {"contract": "offtake", "year": 2032}, untaken_t=2.5)
    assert judged(deliveries, unpaid) == [("offtake 2030 in 2032", "untaken at least 3 t", "2.5 t")]


def test_contracts_of_a_supplier_take_together_what_it_makes() -> None:
    """The smelter makes 0.4 t from each of the 18 and 30 t it works: 7.2 and 12 t, of which 10 and 15 are taken."""
    poor = change("projects", "smelter", recipe={"ore": -2.0, "oxide": 0.4})
    assert judged(supplier_output, **poor) == [
        ("smelter oxide 2031", "taken under contract at most 7.2 t", "10 t"),
        ("smelter oxide 2032", "taken under contract at most 12 t", "15 t"),
    ]
    less = put("markets", {"market": "trader", "year": 2031}, t=5.0)
    assert judged(supplier_output, less) == [("trader oxide 2031", "taken under contract at most 5 t", "6 t")]


def test_prices_rise_with_the_years_of_delivery_and_stay_beyond_the_horizon() -> None:
    """Oxide at 10, 10 and 13; trade at the index and 5 %, the trader at a premium of 20 %."""
    data = workbook(price={**workbook().price, "oxide": {2030: kg(10), 2031: kg(10), 2032: kg(13)}})
    _, trade, ore_deal = read_books(data, plan_document()).chosen_signings

    assert prices(data, trade, 203101) == pytest.approx((kg(10.5), kg(12)))
    assert prices(data, trade, 203301) == pytest.approx((kg(13.65), kg(15.6)))
    assert prices(data, ore_deal, 203101) == pytest.approx((kg(1.9 * 1.1), kg(2)))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("active_t", 19.0, ("volume in force 20 t", "19 t")),
        ("contract_price_usd_per_kg", 11.5, ("contract price 11 USD/kg", "11.5 USD/kg")),
        ("market_price_usd_per_kg", 10.5, ("market price 10 USD/kg", "10.5 USD/kg")),
        ("difference_musd", 0.02, ("difference 0.015 MUSD", "0.02 MUSD")),
        ("untaken_musd", 0.02, ("cost of untaken 0.033 MUSD", "0.02 MUSD")),
    ],
)
def test_figures_of_a_year_of_delivery(column: str, value: float, expected: tuple[str, str]) -> None:
    edit = put("contract_years", {"contract": "offtake", "year": 2032}, **{column: value})

    assert judged(contract_years_table, edit) == [("offtake 2030 in 2032", *expected)]


def test_volumes_under_contract_are_those_of_the_decision_the_material_and_the_year() -> None:
    data = workbook(**change("contracts", "offtake", tenor_years=2))
    books = read_books(data, plan_document())

    assert [under_contract(books, "smelter", 2030, "oxide", year) for year in (2030, 2031, 2032, 2033)] == [
        0,
        20,
        20,
        0,
    ]
    assert under_contract(books, "smelter", 2031, "oxide", 2032) == 0
    assert under_contract(books, "smelter", 2030, "ore", 2032) == 0
    assert under_contract(books, "trader", 2030, "oxide", 2032) == 6


def test_a_delivery_year_of_a_contract_that_is_not_signed_is_left_to_the_complete_tables() -> None:
    stranger = add("contract_years", "trade", "trader", "oxide", 2031, 2032, 3.0, 3.0, 0.0, 10.5, 12.0, -0.0045, 0.0)

    assert judged(contract_years_table, stranger) == []


def test_a_plant_that_the_base_does_not_have_knows_no_force_majeure() -> None:
    data = workbook(**change("plants", "mine", base_capacity={2030: 0.0, 2031: 0.5, 2032: 1.0}))

    assert [force_majeure(data, data.contracts["ore_deal"], time) for time in data.times] == [1, 1, 1]


def test_force_majeure_of_a_plant_of_half_a_tonne() -> None:
    data = workbook(**change("plants", "mine", base_capacity=flat(0.5), capacity=flat(0.2)))

    assert force_majeure(data, data.contracts["ore_deal"], 203001) == pytest.approx(0.4)


def test_a_delivery_that_is_left_to_others_keeps_none_after_it_from_being_judged() -> None:
    def edit(plan: Any) -> None:
        add("contract_years", "trade", "trader", "oxide", 2031, 2032, 3.0, 3.0, 0.0, 10.5, 12.0, -0.0045, 0.0)(plan)
        plan["tables"]["contract_years"].reverse()
        put("contract_years", {"contract": "offtake", "year": 2031}, active_t=9.0)(plan)

    assert judged(contract_years_table, edit) == [("offtake 2030 in 2031", "volume in force 10 t", "9 t")]


def test_what_is_untaken_is_judged_by_what_is_taken_where_that_is_the_most() -> None:
    plan = plan_document()
    put("contract_years", {"contract": "offtake", "year": 2032}, taken_t=4000.0)(plan)

    checks = deliveries(workbook(), read_books(workbook(), plan))

    _, untaken = (c for c in checks if c.where == "offtake 2030 in 2032")
    assert untaken.tolerance == pytest.approx(1e-4 + 4e-3)


def test_what_fits_is_what_the_supplier_yields_in_the_base() -> None:
    """100 t at 0.25 t in the base are 25 t, though this scenario's yield would make 100."""
    rich = change("plants", "mine", base_recipe={"ore": 0.25})

    assert judged(supplier_volumes, **rich) == [
        (f"mine ore {year}", "annual volumes at most 25 t", "30 t") for year in (2030, 2031)
    ]


def test_a_contract_that_is_not_honoured_has_nothing_in_force() -> None:
    data = workbook(**change("contracts", "offtake", honoured={203001: True, 203101: True, 203201: False}))
    offtake, *_ = read_books(data, plan_document()).chosen_signings

    assert [active(data, offtake, time_of(year)) for year in range(2030, 2034)] == [0, 10, 0, 0]


def test_a_late_project_delivers_with_its_ramp_and_ends_its_tenor_as_planned() -> None:
    """Planned for 2031 and a year late: half of 20 t in 2032, all of it in 2033."""
    data = workbook(**change("projects", "smelter", delay={203001: 1, 203101: 1, 203201: 1}))
    offtake, *_ = read_books(data, plan_document()).chosen_signings

    assert [active(data, offtake, time_of(year)) for year in range(2030, 2035)] == [0, 0, 10, 20, 0]


def test_a_contract_sees_the_price_of_its_suppliers_region() -> None:
    cheap = dict.fromkeys((203001, 203101, 203201), kg(6))
    data = workbook(price={**workbook().price, ("oxide", "CHN"): cheap})
    _, trade, _ = read_books(data, plan_document()).chosen_signings

    assert prices(data, trade, 203101) == pytest.approx((kg(10.5), kg(12)))
    abroad = workbook(price=data.price, **change("markets", "trader", region="CHN"))
    assert prices(abroad, trade, 203101) == pytest.approx((kg(6.3), kg(7.2)))


def test_a_supplier_that_makes_none_of_it_in_the_base_has_none_to_sign_away() -> None:
    """Its yield of ore is of a scenario."""
    assert ("mine ore 2030", "annual volumes at most 0 t", "30 t") in judged(
        supplier_volumes, **change("plants", "mine", base_recipe={"scrap": 1.0})
    )


def test_two_builds_can_sign_for_twice_as_much() -> None:
    def edit(plan: Any) -> None:
        put("investments", {"project": "smelter"}, builds=2)(plan)
        put("contracts", {"contract": "offtake"}, annual_t=80.0)(plan)

    assert [said for said in judged(supplier_volumes, edit) if "smelter" in said[0]] == []
