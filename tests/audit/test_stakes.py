"""Credits, loans and stakes as the audit recomputes them, in the tiny plan.

The smelter, decided in 2030, could make 20 t in 2031 and 40 t in 2032 and 2033, after the horizon. At 10 USD/kg of
oxide and 2 of ore it earns 1 USD/kg and spends 0.02 MUSD a year; a floor of 12 pays 2 USD/kg and a credit 1 on all of
it: 0.06 MUSD in 2031, and 0.14 in each year after. Money and lenders count 25 %.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import broken, by_year, close, judged, plan_document, plan_of_the_deal, put, row
from tests.audit.tiny_workbook import DEAL, DS, change, deal, kg, workbook

from lodestone.audit import audit
from lodestone.audit.books import Award, read_books
from lodestone.audit.cost_items import owed
from lodestone.audit.floors import credit, floor_payments_table, floors_table, topups
from lodestone.audit.stakes import cash, dividends, paid_back
from lodestone.data.plan_data import Floor, PlanData, time_of


def of_the_smelter(data: PlanData) -> tuple[Any, Award]:
    books = read_books(data, plan_document())
    return books, books.awards[0]


def test_a_credit_is_paid_on_all_output_contracted_or_not_and_owed_after_the_horizon() -> None:
    assert by_year("credits", **deal()) == close(0, 0.02, 0.04)
    both = [workbook(**deal(credit=per_t)) for per_t in (0.0, kg(1))]
    without, owing = (owed(data, read_books(data, plan_document())) for data in both)
    assert owing - without == pytest.approx(0.04 / 1.25)


def test_a_credit_is_paid_in_its_tenor() -> None:
    assert by_year("credits", **deal(tenor_years=1)) == close(0, 0.02, 0)


def test_cash_is_deemed_and_counts_the_floor_in_its_tenor() -> None:
    data = workbook(**deal())
    _, award = of_the_smelter(data)
    smelter = data.projects["smelter"]
    assert [cash(data, award, smelter, time_of(year)) for year in range(2030, 2035)] == close(0, 0.06, 0.14, 0.14, 0)
    data = workbook(**deal(tenor_years=1))
    _, award = of_the_smelter(data)
    assert [cash(data, award, smelter, time_of(year)) for year in (2031, 2032)] == close(0.06, 0.02)


def test_cash_is_of_what_is_worked_not_of_what_comes_out() -> None:
    """Two tonnes of oxide from each of 40 t: 16 USD/kg of value less 5 on 40 t, floor and credit of 3 on 80 t."""
    smelter = replace(workbook().projects["smelter"], recipe={"ore": -2.0, "oxide": 2.0})
    data = workbook(**deal(), projects={**workbook().projects, "smelter": smelter})
    _, award = of_the_smelter(data)
    assert cash(data, award, smelter, time_of(2032)) == pytest.approx(0.04 * 11 - 0.02 + 0.08 * 3)


def test_a_loan_is_lent_at_the_decision_and_paid_back_but_for_what_is_expected_to_be_lost() -> None:
    assert by_year("loans", **deal()) == close(0.05, -0.9 * DS, -0.9 * DS)


def test_what_is_still_to_be_paid_back_is_counted_at_the_end() -> None:
    third = 0.05 / 1.952
    assert by_year("loans", **deal(loan_years=3)) == close(0.05, -0.9 * third, -0.9 * third * 1.8)


def test_a_loan_never_earns() -> None:
    """At 50 % each of two instalments is 0.045, worth 0.0648 together at 25 %: 0.05 / 0.0648 of it counts."""
    lent, first, second = by_year("loans", **deal(loan_rate=0.5, loan_loss_share=0.0))
    assert (first, second) == (pytest.approx(-0.045 * 0.05 / 0.0648), pytest.approx(-0.045 * 0.05 / 0.0648))
    assert lent + 0.8 * first + 0.64 * second == pytest.approx(0)


def test_a_dear_loan_may_cover_its_losses_and_no_more() -> None:
    """Each 0.045 at 50 %; 0.9 of it is 0.0405, worth 0.05832 together, 0.7 of it 0.0315, worth 0.04536: all of that."""
    terms = {"loan_rate": 0.5}
    assert by_year("loans", **deal(**terms, loan_loss_share=0.1))[1] == pytest.approx(-0.0405 * 0.05 / 0.05832)
    assert by_year("loans", **deal(**terms, loan_loss_share=0.3))[1] == pytest.approx(-0.0315)


def test_a_cheap_loan_costs_what_its_interest_lacks() -> None:
    assert by_year("loans", **deal(loan_rate=0.0, loan_loss_share=0.0)) == close(0.05, -0.025, -0.025)


def test_dividends_are_counted_up_to_what_was_put_in() -> None:
    """Half of 0.06 - DS and of 0.14 - DS: the first is worth 0.8 of it; of 0.03 the rest is counted in 2032."""
    first = 0.5 * (0.06 - DS)
    assert by_year("equity", **deal()) == close(0.03, -first, -(0.03 - 0.8 * first) / 0.64)


def test_dividends_to_come_are_counted_at_the_end_up_to_the_limit() -> None:
    first, second = 0.5 * (0.06 - DS), 0.5 * (0.14 - DS)
    assert by_year("equity", **deal(equity=0.1)) == close(0.1, -first, -second - 0.5 * 0.14 / 1.25)
    left = 0.06 - 0.8 * first - 0.64 * second
    assert 0 < left / 0.64 < 0.056
    assert by_year("equity", **deal(equity=0.06)) == close(0.06, -first, -second - left / 0.64)


def test_who_bears_the_risk_asks_for_more() -> None:
    """At a hurdle rate of 60 % a year counts 1.25 / 1.6 of what it counts at 25 %; the limit is worth its own rate."""
    terms = deal(equity=0.02)
    terms |= change("projects", "smelter", hurdle_rate=0.6)
    e, first = 1.25 / 1.6, 0.5 * (0.06 - DS)
    left = 0.02 - first / 1.6
    assert 0 < left * 1.6**2 < 0.5 * (0.14 - DS)
    assert by_year("equity", **terms) == close(0.02, -first * e, -left * 1.6**2 * e * e)
    low = change("projects", "smelter", hurdle_rate=0.0)
    assert by_year("equity", **deal(equity=0.02), **low) == close(0.02, -first, -(0.02 - first))


def test_a_plant_pays_no_dividend() -> None:
    """Its package may name a share, of which there is nothing to be had: a stake is in a project."""
    terms = {"credit": kg(1), "equity_share": 0.5, "equity": 1.0, "committed_year": 2030}
    package = Floor("aid", "refinery", "oxide", 0.0, 3, 0.0, 0.0, **terms)
    data = workbook(floors=workbook().floors | {"aid": package})
    books = read_books(data, plan_document())
    (award,) = (a for a in books.awards if a.floor.name == "aid")
    assert [dividends(data, books, award)[time] for time in data.times] == [0, 0, 0]


def test_a_year_of_losses_brings_no_dividend() -> None:
    cheap = {"price": {**workbook().price, "oxide": {2030: kg(10), 2031: kg(4), 2032: kg(10)}}}
    terms = deal(floor=0.0, upside_share=0.0, equity=1.0)  # 20 t at -5 USD/kg, and a credit of 1
    assert by_year("equity", **terms, **cheap)[1] == pytest.approx(0)


def test_what_was_agreed_before_the_horizon_is_spent_and_pays_from_its_first_year_on() -> None:
    """Decided in 2028: 20 t in 2029, 40 t in 2030 and 2031; DS in 2029 and 2030; of the stake 0.1 can still come."""
    terms = {
        "floors": {"support": replace(workbook().floors["support"], **{**DEAL, "equity": 0.1}, committed_year=2028)},
        **change("projects", "smelter", committed_year=2028),
    }

    def edit(plan: Any) -> None:
        for table in ("investments", "price_floors", "contracts", "contract_years"):
            plan["tables"][table] = []

    assert by_year("loans", edit, **terms) == close(-0.9 * DS, 0, 0)
    assert by_year("credits", edit, **terms) == close(0.04, 0.04, 0)
    first = 0.5 * (0.14 - DS)
    second = (0.1 - 0.64 * first) / 0.512
    assert second < 0.5 * 0.14 + 0.06
    assert by_year("equity", edit, **terms) == close(-first, -min(0.07, second), 0)
    assert by_year("grants", edit, **terms) == close(0, 0, 0)


def test_a_build_that_comes_late_pays_back_as_planned() -> None:
    """A year late: nothing is earned in 2031, 20 t in 2032, 40 t in 2033 and 2034; the floor ends in 2033."""
    data = workbook(**deal(equity=1.0), **change("projects", "smelter", delay=dict.fromkeys((2030, 2031, 2032), 1)))
    books, award = of_the_smelter(data)
    assert [paid_back(data, books, award)[time] for time in data.times] == close(0, 0.9 * DS, 0.9 * DS)
    second = 0.5 * (0.06 - DS) + 0.5 * (0.14 / 1.25 + 0.02 / 1.5625)
    assert [dividends(data, books, award)[time] for time in data.times] == close(0, 0, second)
    assert [credit(data, books, award, time) for time in data.times] == close(0, 0, 0.02)


def test_what_is_not_honoured_is_neither_paid_nor_earned() -> None:
    broken_in = {2030: True, 2031: True, 2032: False}
    terms = deal(equity=1.0, honoured=broken_in)
    assert by_year("credits", **terms) == close(0, 0.02, 0)
    later = 0.5 * (0.02 / 1.25)  # in 2032 0.02 are less than DS
    assert by_year("equity", **terms) == close(1.0, -0.5 * (0.06 - DS), -later)
    data = workbook(**terms)
    whole = workbook(**terms | change("floors", "support", **DEAL, honoured=broken_in))
    assert owed(data, read_books(data, plan_document())) == pytest.approx(0.018 / 1.25 + 0.0062)
    assert owed(whole, read_books(whole, plan_document())) == pytest.approx(0.018 / 1.25 + 0.0062)


def test_a_credit_helps_to_keep_a_unit_from_losses() -> None:
    """The smelter at 9 USD/kg of operating cost, 2032: 30 t lose 3 USD/kg each, and 0.02 are owed.

    The floor brings 0.044, the contract 0.015 and 0.033, a credit 0.04 more.
    """
    dear = change("projects", "smelter", operating_cost=kg(9))
    for terms, lacking in ((dear, 0.018), (dear | deal(), 0.0)):
        found = [said for said in judged(topups, **terms) if said[0] == "smelter 2032"]
        assert found == ([("smelter 2032", f"topup at least {lacking} MUSD", "0 MUSD")] if lacking else [])


def test_terms_shown_are_those_of_the_package() -> None:
    right = {"credit_usd_per_kg": 1.0, "equity_musd": 0.03, "loan_musd": 0.05}
    assert judged(floors_table, put("price_floors", {}, **right), **deal()) == []
    for column, said, unit in (
        ("credit_usd_per_kg", "credit 1", "USD/kg"),
        ("equity_musd", "stake 0.03", "MUSD"),
        ("loan_musd", "loan 0.05", "MUSD"),
    ):
        found = judged(floors_table, put("price_floors", {}, **{**right, column: 9.0}), **deal())
        assert found == [("support 2030", f"{said} {unit}", f"9 {unit}")]


def test_a_credit_is_shown_beside_each_payment() -> None:
    found = judged(floor_payments_table, put("floor_payments", {"year": 2032}, credit_musd=0.04), **deal())
    assert found == [("support 2030 in 2031", "credit 0.02 MUSD", "0 MUSD")]
    found = judged(floor_payments_table, put("floor_payments", {"year": 2031}, credit_musd=0.02), **deal())
    assert found == [("support 2030 in 2032", "credit 0.04 MUSD", "0 MUSD")]


def test_a_plan_with_all_of_it_passes() -> None:
    assert audit(workbook(**deal()), plan_of_the_deal()).findings == ()


@pytest.mark.parametrize("term", ["credits", "loans", "equity"])
def test_a_plan_that_forgets_a_part_of_it_is_caught(term: str) -> None:
    plan = plan_of_the_deal()
    row(plan, "costs", term=term, year=2032)["musd"] *= 1.01
    assert broken(audit(workbook(**deal()), plan)) == {"costs", "discounting"}
    plan = plan_of_the_deal()
    plan["costs_musd"][term] -= 0.001
    assert broken(audit(workbook(**deal()), plan)) == {"totals"}


def test_a_plant_pays_nothing_back() -> None:
    plant = replace(workbook().floors["support"], name="plant", project="mine", material="ore", committed_year=2030)
    data = workbook(floors={**workbook().floors, "plant": plant})
    books = read_books(data, plan_document())
    award = next(award for award in books.awards if award.unit.name == "mine")
    assert [paid_back(data, books, award)[time] for time in data.times] == [0, 0, 0]


def test_dividends_to_come_are_worth_what_they_are_to_those_who_bear_the_risk() -> None:
    """At 10 % against a hurdle of 25 %: of a stake of 9 half of 0.06 - DS in 2031, of 0.14 - DS in 2032, and 0.07 of
    2033, each worth less by 1.1 / 1.25 for every year since 2030 within the horizon."""
    risk = 1.1 / 1.25
    found = by_year("equity", **deal(equity=9.0), discount_rate=0.1)
    assert found == close(9, -0.5 * (0.06 - DS) * risk, -(0.5 * (0.14 - DS) + 0.07 / 1.25) * risk**2)
