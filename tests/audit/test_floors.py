"""Floors and top-ups as the audit recomputes them, at an oxide price that moves: 10, 13 and 11 USD/kg."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.half_years import halves, in_halves
from tests.audit.tiny_plan import add, judged, missed, plan_document, put
from tests.audit.tiny_workbook import change, kg, workbook

from lodestone.audit.books import read_books
from lodestone.audit.floors import (
    awards,
    covered,
    floor_payments_table,
    floors_table,
    payment,
    plants_table,
    topups,
    value_added,
)
from lodestone.audit.packages import rate
from lodestone.data.plan_data import Floor, time_of

PRICE = {
    "ore": {2030: kg(2), 2031: kg(3), 2032: kg(4)},
    "oxide": {2030: kg(10), 2031: kg(13), 2032: kg(11)},
    "scrap": {2030: kg(1), 2031: kg(1), 2032: kg(1)},
}


def test_the_treasury_pays_below_the_floor_and_is_paid_back_above_it() -> None:
    floor = replace(workbook().floors["support"], floor=kg(12), upside_share=0.25)

    assert [rate(floor, kg(price)) for price in (10, 12, 16)] == pytest.approx([kg(2), 0, -kg(1)])


def test_covered_is_the_ramped_output_less_what_somebody_is_bound_to_take() -> None:
    """3 t of oxide from each of 40 t, half of it in the first year; 18 of 20 t bound in the first two years."""
    data = workbook(
        projects=change("projects", "smelter", recipe={"ore": -2.0, "oxide": 3.0})["projects"],
        contracts=change("contracts", "offtake", tenor_years=2)["contracts"],
    )
    books = read_books(data, plan_document())

    assert [covered(data, books, books.awards[0], time_of(year)) for year in range(2030, 2035)] == [0, 51, 102, 120, 0]


def test_payments_at_the_price_of_the_year() -> None:
    data = workbook(price=PRICE)
    books = read_books(data, plan_document())

    paid = [payment(data, books, books.awards[0], time) for time in data.times]

    assert paid == pytest.approx([0, -11 * 0.5 * 0.001, 22 * 0.001])


def test_value_added_is_what_a_unit_makes_less_what_it_takes() -> None:
    data = workbook(price=PRICE)
    assert [value_added(data, data.units["smelter"], time) for time in data.times] == pytest.approx(
        [kg(10 - 4), kg(13 - 6), kg(11 - 8)]
    )


def test_a_floor_goes_to_a_private_project_built_once_when_it_is_decided() -> None:
    later = put("price_floors", {}, decision_year=2031)
    assert judged(awards, later) == [("support 2031", "smelter decided in that year", "0 builds")]
    half = put("investments", {"project": "smelter"}, builds=0.5)
    assert judged(awards, half) == [("support 2030", "smelter decided in that year", "0.5 builds")]
    not_eligible = [("support 2030", "a private project built once", "smelter")]
    assert judged(awards, **change("projects", "smelter", public=True)) == not_eligible
    assert judged(awards, **change("projects", "smelter", max_builds=2)) == not_eligible
    both = add("price_floors", "smelter", "weak", "oxide", 2030, 2031, 2031, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert judged(awards, both) == [
        (f"{name} 2030", "one package per build", "support, weak") for name in ("support", "weak")
    ]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("first_supported_year", 2030, ("first supported year 2031", "2030")),
        ("last_supported_year", 2032, ("last supported year 2033", "2032")),
        ("floor_usd_per_kg", 11.0, ("floor 12 USD/kg", "11 USD/kg")),
        ("upside_share", 0.4, ("upside share 0.5 share", "0.4 share")),
        ("grant_musd", 0.02, ("grant 0.01 MUSD", "0.02 MUSD")),
    ],
)
def test_terms_are_those_of_the_package(column: str, value: float, expected: tuple[str, str]) -> None:
    assert judged(floors_table, put("price_floors", {}, **{column: value})) == [("support 2030", *expected)]


def test_a_tenor_ends_with_the_life_of_the_project() -> None:
    data = workbook(**change("floors", "support", tenor_years=9))
    assert read_books(data, plan_document()).awards[0].last == 2033
    data = workbook(**change("floors", "support", tenor_years=2))
    assert read_books(data, plan_document()).awards[0].last == 2032


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("covered_t", 9.0, ("covered 11 t", "9 t")),
        ("price_usd_per_kg", 10.0, ("price 13 USD/kg", "10 USD/kg")),
        ("payment_musd", 0.02, ("payment -0.0055 MUSD", "0.02 MUSD")),
        ("upside_musd", 0.0, ("upside 0.0055 MUSD", "0 MUSD")),
        ("payment_at_bank_prices_musd", 0.05, ("payment at bank prices 0.044 MUSD", "0.05 MUSD")),
    ],
)
def test_figures_of_a_payment(column: str, value: float, expected: tuple[str, str]) -> None:
    right: dict[str, Any] = {"price_usd_per_kg": 13.0, "payment_musd": -0.0055, "upside_musd": 0.0055}
    edit = put("floor_payments", {"year": 2031}, **(right | {column: value}))

    found = [said for said in judged(floor_payments_table, edit, price=PRICE) if said[0] == "support 2030 in 2031"]

    assert found == [("support 2030 in 2031", *expected)]


def test_upside_may_be_shown_with_either_sign() -> None:
    right = {"price_usd_per_kg": 13.0, "payment_musd": -0.0055, "upside_musd": -0.0055}
    edit = put("floor_payments", {"year": 2031}, **right)

    assert [said for said in judged(floor_payments_table, edit, price=PRICE) if "2031" in said[0]] == []


def test_a_payment_without_an_award_is_left_to_the_complete_tables() -> None:
    stranger = add("floor_payments", "smelter", "weak", 2030, 2031, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)

    assert judged(floor_payments_table, stranger) == []


def test_topups_count_floors_and_contracts_gains_and_losses_both() -> None:
    """At 13 in 2031 the smelter adds 7 for 5 and needs nothing; at 11 in 2032 it adds 3 for 5 and works 30 t.

    It is 0.06 short and owes a fixed cost of 0.02, less 0.022 from the floor; 15 t of offtake at 12.1 against 11 bring
    0.0165, and 3 t paid though not taken 0.0363.
    """
    assert ("smelter 2031", "topup at least 0 MUSD") not in {said[:2] for said in judged(topups, price=PRICE)}
    found = [said for said in judged(topups, price=PRICE) if said[0] == "smelter 2032"]
    assert found == [("smelter 2032", "topup at least 0.0052 MUSD", "0 MUSD")]
    enough = put("plants", {"unit": "smelter", "year": 2032}, topup_musd=0.0052)
    assert [said for said in judged(topups, enough, price=PRICE) if said[0] == "smelter 2032"] == []


def test_a_contract_below_the_market_takes() -> None:
    """ore_deal at 1.9 in 2030 takes 0.002 of the 0.02 that the mine earns: at an operating cost of 1.95 it is short."""
    dear = change("plants", "mine", operating_cost=kg(1.95))

    assert judged(topups, **dear)[0] == ("mine 2030", "topup at least 0.001 MUSD", "0 MUSD")


def test_only_what_is_paid_at_market_is_topped_up() -> None:
    assert judged(topups, put("plants", {"unit": "pilot", "year": 2031}, topup_musd=0.001)) == [
        ("pilot 2031", "topup of a unit not paid at market 0 MUSD", "0.001 MUSD")
    ]


@pytest.mark.parametrize(
    ("unit", "column", "value", "expected"),
    [
        ("refinery", "value_added_musd", 0.19, ("value added 0.18 MUSD", "0.19 MUSD")),
        ("pilot", "value_added_musd", 0.06, ("value added 0 MUSD", "0.06 MUSD")),
        ("refinery", "operating_cost_musd", 0.2, ("operating cost 0.21 MUSD", "0.2 MUSD")),
        ("refinery", "use_share", 0.5, ("use by its share of capacity 30 t", "25 t")),
    ],
)
def test_figures_of_a_unit(unit: str, column: str, value: float, expected: tuple[str, str]) -> None:
    found = judged(plants_table, put("plants", {"unit": unit, "year": 2030}, **{column: value}))

    assert found == [(f"{unit} 2030", *expected)]


def test_of_no_capacity_no_share_is_asked() -> None:
    none = change("plants", "refinery", capacity={2030: 0.0, 2031: 50.0, 2032: 50.0})

    assert judged(plants_table, **none) == []


def test_half_a_tonne_of_capacity_has_a_share() -> None:
    little = change("plants", "refinery", capacity={2030: 0.5, 2031: 50.0, 2032: 50.0})

    assert judged(plants_table, **little) == [("refinery 2030", "use by its share of capacity 30 t", "0.3 t")]


def test_a_payment_that_is_left_to_others_keeps_none_after_it_from_being_judged() -> None:
    def edit(plan: Any) -> None:
        add("floor_payments", "smelter", "weak", 2030, 2031, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)(plan)
        plan["tables"]["floor_payments"].reverse()
        put("floor_payments", {"floor": "support", "year": 2031}, covered_t=9.0)(plan)

    assert judged(floor_payments_table, edit) == [("support 2030 in 2031", "covered 11 t", "9 t")]


def test_a_topup_is_judged_by_what_contracts_bring_where_that_is_the_most() -> None:
    """20 t of ore at 100 USD/kg against 2."""
    data = workbook(**change("contracts", "ore_deal", fixed_price=kg(100)))

    (check,) = (c for c in topups(data, read_books(data, plan_document())) if c.where == "mine 2030")

    assert check.tolerance == pytest.approx(1e-5 + 1e-6 * 20 * 0.098)


def test_what_nobody_is_bound_to_take_stays_under_the_floor() -> None:
    """[cheat] An empty contract: without take-or-pay the floor covers all that the smelter could make."""
    data = workbook(**change("contracts", "offtake", take_or_pay_share=0.0))
    books = read_books(data, plan_document())

    assert [covered(data, books, books.awards[0], time) for time in data.times] == [0, 20, 40]


def test_a_floor_that_is_not_honoured_pays_nothing_from_then_on() -> None:
    broken_promise = change("floors", "support", honoured={203001: True, 203101: True, 203201: False})
    data = workbook(**broken_promise)
    books = read_books(data, plan_document())

    assert [payment(data, books, books.awards[0], time) for time in data.times] == pytest.approx([0, 0.022, 0])
    assert judged(floor_payments_table, **broken_promise) == [
        ("support 2030 in 2032", "payment 0 MUSD", "0.044 MUSD"),
        ("support 2030 in 2032", "payment at bank prices 0 MUSD", "0.088 MUSD"),
    ]


def test_a_floor_looks_at_the_price_of_its_own_region() -> None:
    """11 USD/kg in the USA, 7 in China: 1 below the floor of 12, on 11 and 22 t."""
    home = dict.fromkeys((203001, 203101, 203201), kg(11))
    price = {**workbook().price, ("oxide", "USA"): home, ("oxide", "CHN"): dict.fromkeys(home, kg(7))}
    data = workbook(price=price)
    books = read_books(data, plan_document())

    assert [payment(data, books, books.awards[0], time) for time in data.times] == pytest.approx([0, 0.011, 0.022])


def test_value_added_telescopes_along_a_chain_with_prices_by_region() -> None:
    """Ore at 2 is refined into oxide at 5 in China, at 9 in the USA: 2 per kg of ore, then 1 and 5 of value added.

    What the chain is paid is the price of oxide where it is made: 2 x 2 + 1 in China, 2 x 2 + 5 in the USA.
    """
    price = {("ore", r): {t: kg(2) for t in (203001, 203101, 203201)} for r in ("USA", "CHN")}
    price |= {("oxide", r): {t: kg(usd) for t in (203001, 203101, 203201)} for r, usd in (("USA", 9), ("CHN", 5))}
    data = workbook(price=price | {("scrap", r): price["ore", r] for r in ("USA", "CHN")})

    assert value_added(data, data.units["refinery"], 203001) == pytest.approx(kg(1))
    assert value_added(data, data.units["pilot"], 203001) == pytest.approx(kg(5))


def test_what_is_paid_though_not_taken_is_received() -> None:
    """At an operating cost of 9.5 the smelter is short 3.5 on 30 t and owes 0.02; it gets 0.044 and 0.048."""
    dear = change("projects", "smelter", operating_cost=kg(9.5))

    assert judged(topups, **dear)[-1] == ("smelter 2032", "topup at least 0.033 MUSD", "0 MUSD")


def test_terms_of_a_package_that_no_project_can_have_are_read_all_the_same() -> None:
    """A plant has no capex of which a part could be granted or lent."""
    plant = replace(workbook().floors["support"], name="plant", project="mine", material="ore", capex_grant_share=0.5)
    changes = {"floors": {**workbook().floors, "plant": plant}}
    award = add("price_floors", "mine", "plant", "ore", 2030, 2030, 2032, 12.0, 0.5, 0.0, 0.0, 0.0, 0.0)

    assert judged(floors_table, award, **changes) == []
    assert ("plant 2030", "a private project built once", "mine") in judged(awards, award, **changes)


def test_topups_are_of_the_end_of_a_year() -> None:
    """The mine is owed 0.0056 MUSD at the end of 2030: before, nothing is topped up."""
    data, plan = halves(), in_halves()
    assert missed(topups(data, read_books(data, plan))) == []
    plan["tables"]["plants"][0]["topup_musd"] = 0.001
    assert missed(topups(data, read_books(data, plan))) == [
        ("mine 2030-01", "topup before the end of the year 0 MUSD", "0.001 MUSD")
    ]


def test_a_plants_credit_helps_to_keep_it_from_losses() -> None:
    """The refinery lacks 0.03, 0.011 and 0.008; a credit of 0.5 USD/kg on 50 t brings 0.025 a year."""
    given = Floor("aid", "refinery", "oxide", 0.0, 3, 0.0, 0.0, committed_year=2030, credit=kg(0.5))

    def untouched(plan: Any) -> None:
        for year in (2030, 2031, 2032):
            put("plants", {"unit": "refinery", "year": year}, topup_musd=0.0)(plan)

    assert judged(topups, untouched, floors=workbook().floors | {"aid": given}) == [
        ("refinery 2030", "topup at least 0.005 MUSD", "0 MUSD")
    ]
