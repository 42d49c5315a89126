"""Gap, support and break-even price of a project as the audit recomputes them, at the prices of
moving_prices.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.moving_prices import BANK, COST, GAP, OXIDE, moving
from tests.audit.tiny_plan import broken, missed, plan_document, put, row
from tests.audit.tiny_workbook import change, kg, workbook

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.lenders import (
    bankability_table,
    bankable,
    contract_worth,
    floor_worth,
    least_floor,
)
from lodestone.audit.projects import bank_price, gap
from lodestone.data.plan_data import Floor, PlanData

GRANT_AND_FLOOR = 0.01 + 8.8 * 0.003 + (14.08 + 11.264) * 0.005  # 18 of 40 t are bound by contract; floor 12
OFFTAKE = 20 * 0.9 * (0.4 * 0.0009 + (0.64 + 0.512) * 0.002)  # 9.9 against 9, then at least 9 against 7


def test_the_last_bank_price_holds() -> None:
    assert [bank_price(moving(), "oxide", "USA", year) for year in (2030, 2032, 2040)] == [kg(8), kg(7), kg(7)]


def test_gap_and_break_even_price() -> None:
    seen = gap(moving(), moving().projects["smelter"], 2030)

    assert seen.gap == pytest.approx(GAP)
    assert seen.break_even == pytest.approx((GAP + OXIDE) / 62.08)
    assert seen.scale == pytest.approx(OXIDE)  # the largest amount that enters


def test_the_scale_of_a_gap_is_its_cost_or_its_worth_where_these_are_larger() -> None:
    dear = replace(moving().projects["smelter"], capex=9.0)
    assert gap(moving(), dear, 2030).scale == pytest.approx(COST + 8.9)
    lossy = replace(moving().projects["smelter"], recipe={"oxide": 0.1, "ore": -20.0})
    loss = 0.1 * OXIDE - 20 * (16 * 0.002 + (25.6 + 20.48) * 0.003)
    assert gap(moving(), lossy, 2030).scale == pytest.approx(-loss)


def test_the_main_output_is_the_first_and_a_project_may_have_none() -> None:
    both = replace(moving().projects["smelter"], recipe={"ore": -1.0, "scrap": 2.0, "oxide": 1.0})
    worth_of_scrap = 2 * 62.08 * kg(0.8)
    seen = gap(moving(), both, 2030)
    assert seen.break_even == pytest.approx((seen.gap + worth_of_scrap) / (2 * 62.08))
    none = replace(moving().projects["smelter"], recipe={"ore": -1.0})
    assert gap(moving(), none, 2030).break_even is None


def test_what_a_floor_and_a_contract_are_worth() -> None:
    books = read_books(moving(), plan_document())

    assert floor_worth(moving(), books, books.awards[0]) == pytest.approx(GRANT_AND_FLOOR)
    assert contract_worth(moving(), books.signings[0]) == pytest.approx(OFFTAKE)


def test_what_a_contract_below_the_bank_price_takes_counts_in_full() -> None:
    """At most 8: a loss of 1 in 2031, take-or-pay on 0.7 above 7 after it."""
    data = moving(**change("contracts", "offtake", price_min=0.0, price_max=kg(8)))
    books = read_books(data, plan_document())

    found = contract_worth(data, books.signings[0])

    assert found == pytest.approx(20 * (0.4 * -0.001 + (0.64 + 0.512) * 0.9 * 0.0007))


def test_a_fixed_contract_price_escalates_from_the_first_delivery() -> None:
    data = moving(**change("contracts", "offtake", fixed=True, fixed_price=kg(10), escalation=0.5))
    books = read_books(data, plan_document())

    found = contract_worth(data, books.signings[0])

    assert found == pytest.approx(20 * 0.9 * (0.4 * 0.001 + 0.64 * 0.008 + 0.512 * 0.0155))


def test_support_falls_short_of_the_gap() -> None:
    data = moving()
    (check,) = bankable(data, read_books(data, plan_document()))

    assert (check.where, check.kept) == ("smelter 2030", False)
    assert check.excess == pytest.approx(GAP - GRANT_AND_FLOOR - OFFTAKE)
    assert check.tolerance == pytest.approx(1e-5 + 1e-6 * OXIDE)


def test_each_copy_has_its_gap_and_support_of_another_decision_does_not_count() -> None:
    data = moving()
    plan = plan_document()
    put("investments", {"project": "smelter"}, builds=2, decision_year=2031)(plan)

    (check,) = bankable(data, read_books(data, plan))

    assert check.excess == pytest.approx(2 * gap(data, data.projects["smelter"], 2031).gap)


@pytest.mark.parametrize(
    ("project", "column", "value", "expected"),
    [
        ("smelter", "built", "no", ("built 'yes'", "'no'")),
        ("spare", "built", "yes", ("built 'no'", "'yes'")),
        ("smelter", "gap_musd", 0.15, ("gap 0.151456 MUSD", "0.15 MUSD")),
        ("smelter", "main_output", "ore", ("main output 'oxide'", "'ore'")),
        ("smelter", "main_output", "", ("main output 'oxide'", "None")),
        ("spare", "break_even_usd_per_kg", 119.0, ("break-even price 119.3111111 USD/kg", "119 USD/kg")),
        ("spare", "bank_price_usd_per_kg", 7.9, ("average bank price at least 8 USD/kg", "7.9 USD/kg")),
        ("spare", "bank_price_usd_per_kg", 8.1, ("average bank price at most 8 USD/kg", "8.1 USD/kg")),
        ("smelter", "closed_by", "support", ("closed_by 'support, offtake'", "'support'")),
        ("smelter", "closed_by", None, ("closed_by 'support, offtake'", "''")),
        ("smelter", "closed_by", "not needed", ("closed_by 'support, offtake'", "'not needed'")),
        ("spare", "closed_by", "not needed", ("closed_by 'not built' or 'no package closes it'", "'not needed'")),
    ],
)
def test_what_is_reported_of_a_project(project: str, column: str, value: Any, expected: tuple[str, str]) -> None:
    plan = plan_document()
    row(plan, "bankability", project=project)[column] = value
    data = workbook()

    found = missed(bankability_table(data, read_books(data, plan)))

    assert found == [(f"{project} 2030", *expected)]


def test_what_is_not_built_is_shown_in_the_first_year_in_which_it_can_be_decided() -> None:
    plan = plan_document()
    row(plan, "bankability", project="spare").update(decision_year=2031)
    found = missed(bankability_table(workbook(), read_books(workbook(), plan)))
    assert found == [("spare 2031", "first possible decision 2030", "2031")]

    later = workbook(**change("projects", "spare", earliest_year=2031))
    assert missed(bankability_table(later, read_books(later, plan))) == []
    sooner = workbook(**change("projects", "spare", earliest_year=2020))
    found = missed(bankability_table(sooner, read_books(sooner, plan_document())))
    assert found == []


def test_public_projects_are_not_shown_to_lenders() -> None:
    data = workbook(**change("projects", "spare", public=True))

    found = missed(bankability_table(data, read_books(data, plan_document())))

    assert found == [("spare 2030", "a private project", "a public one")]


def test_the_average_bank_price_lies_between_those_of_its_life() -> None:
    plan = plan_document()
    data = workbook(bank_price=BANK)
    for price, keeps in ((6.9, False), (7.0, True), (9.0, True), (9.1, False)):
        row(plan, "bankability", project="smelter").update(bank_price_usd_per_kg=price)
        found = {expected for _, expected, _ in missed(bankability_table(data, read_books(data, plan)))}
        assert any("average bank price" in text for text in found) is not keeps, price


@pytest.mark.parametrize(("said", "right"), [("not needed", True), ("not built", False), ("support, offtake", False)])
def test_what_is_bankable_unaided_needs_nothing(said: str, right: bool) -> None:
    """Without capex and fixed cost and with half the operating cost the smelter earns by itself."""
    data = workbook(**change("projects", "smelter", capex=0.0, fixed_cost=0.0, operating_cost=kg(2.5)))
    plan = plan_document()
    row(plan, "bankability", project="smelter")["closed_by"] = said

    found = {expected for _, expected, _ in missed(bankability_table(data, read_books(data, plan)))}

    assert ("closed_by 'not needed'" in found) is not right


@pytest.mark.parametrize("said", ["not needed", "not built", "anything"])
def test_of_a_gap_within_the_tolerance_anything_can_be_said(said: str) -> None:
    capex = 0.1 - 0.151456  # exactly as much less as the gap is
    data = workbook(**change("projects", "smelter", capex=capex))
    plan = plan_document()
    row(plan, "bankability", project="smelter").update(closed_by=said, gap_musd=0.0)

    found = {expected for _, expected, _ in missed(bankability_table(data, read_books(data, plan)))}

    assert not any("closed_by" in text or text == "anything" for text in found)


# --- the least floor -------------------------------------------------------------------------------------------------
# At a bank price of 8 the smelter's gap is 0.151456; 62.08 discounted t at 12 and a grant of 0.01 are worth 0.25832.


def menu(*floors: Floor) -> PlanData:
    return workbook(floors={f.name: f for f in floors})


SUPPORT = Floor("support", "smelter", "oxide", kg(12), 3, 0.5, 0.1)


def test_a_lower_floor_that_closes_the_gap_is_the_least() -> None:
    """11 USD/kg: 3 x 62.08 = 0.18624 and the grant."""
    data = menu(SUPPORT, replace(SUPPORT, name="lower", floor=kg(11)))

    found = missed(least_floor(data, read_books(data, plan_document())))

    assert found == [("smelter 2030", "the lower floor lower, which closes the gap", "'support'")]


@pytest.mark.parametrize(
    "other",
    [
        {"floor": kg(10)},  # 2 x 62.08 = 0.12416 and the grant: too little
        {"floor": kg(12)},  # not lower
        {"floor": kg(13)},
        {"floor": kg(11), "tenor_years": 1},  # 3 x 16 t
        {"floor": kg(11), "project": "spare"},
    ],
)
def test_floors_that_are_not_the_least(other: dict[str, Any]) -> None:
    data = menu(SUPPORT, replace(SUPPORT, name="other", **other))

    found = missed(least_floor(data, read_books(data, plan_document())))

    assert [place for place, *_ in found if place == "smelter 2030"] == []


def test_a_floor_that_runs_longer_than_the_life_pays_no_longer() -> None:
    """10 USD/kg for 9 years: still 0.12416 and the grant, as the smelter stands after three."""
    data = menu(SUPPORT, replace(SUPPORT, name="long", floor=kg(10), tenor_years=9))

    assert missed(least_floor(data, read_books(data, plan_document()))) == []


def test_the_named_floor_closes_the_gap_and_is_on_the_menu() -> None:
    plan = plan_document()
    row(plan, "bankability", project="smelter").update(least_floor="weak", least_floor_usd_per_kg=9.0)
    data = workbook()
    alone = 16 * 0.001  # one year, 1 USD/kg above the bank price, half the capacity
    found = missed(least_floor(data, read_books(data, plan)))
    assert found == [("smelter 2030", "support by weak at least 0.151456 MUSD", f"{alone:g} MUSD")]

    row(plan, "bankability", project="smelter").update(least_floor="support", least_floor_usd_per_kg=11.0)
    found = missed(least_floor(data, read_books(data, plan)))
    assert found == [("smelter 2030", "its floor 12 USD/kg", "11 USD/kg")]

    row(plan, "bankability", project="smelter").update(least_floor_usd_per_kg=12.0)
    row(plan, "bankability", project="spare").update(least_floor="support", least_floor_usd_per_kg=12.0)
    found = missed(least_floor(data, read_books(data, plan)))
    assert found == [("spare 2030", "a package on offer to spare", "support")]


def test_no_floor_is_named_where_none_closes_the_gap() -> None:
    plan = plan_document()
    row(plan, "bankability", project="spare").update(least_floor_usd_per_kg=9.0)
    assert broken(audit(workbook(), plan)) == {"(10) least floor"}

    row(plan, "bankability", project="spare").update(least_floor_usd_per_kg=None)
    row(plan, "bankability", project="smelter").update(least_floor=None, least_floor_usd_per_kg=None)
    found = missed(least_floor(workbook(), read_books(workbook(), plan)))
    assert found == [("smelter 2030", "the lower floor support, which closes the gap", "None")]


def test_a_lower_floor_that_closes_the_gap_by_less_than_the_tolerance_is_not_held_against_the_plan() -> None:
    """The largest amount is the oxide, 62.08 t at 8: 1e-5 and 5e-7 MUSD."""
    for excess, found in ((1.02e-5, 0), (1.08e-5, 1)):
        floor = kg(8) + (0.151456 + excess - 0.01) / 62.08
        data = menu(SUPPORT, replace(SUPPORT, name="lower", floor=floor))
        assert len(missed(least_floor(data, read_books(data, plan_document())))) == found, excess


def test_where_no_floor_is_named_every_one_that_closes_the_gap_is_lower() -> None:
    """Also one that is called like nothing at all."""
    plan = plan_document()
    row(plan, "bankability", project="smelter").update(least_floor=None, least_floor_usd_per_kg=None)
    data = menu(SUPPORT, replace(SUPPORT, name="XXXX"))

    found = missed(least_floor(data, read_books(data, plan)))

    assert [expected for _, expected, _ in found] == [
        f"the lower floor {name}, which closes the gap" for name in ("support", "XXXX")
    ]


def test_break_even_of_half_a_tonne_a_year() -> None:
    """A seventieth of the smelter, and a seventieth of its costs."""
    small = replace(moving().projects["smelter"], capacity=4 / 7, capex=0.1 / 70, fixed_cost=0.02 / 70)

    assert gap(moving(), small, 2030).break_even == pytest.approx((GAP + OXIDE) / 62.08)


def test_a_project_without_an_output_has_no_price_to_average() -> None:
    data = workbook(**change("projects", "spare", recipe={"ore": -1.0}))
    plan = plan_document()
    row(plan, "bankability", project="spare").update(
        main_output=None, gap_musd=gap(data, data.projects["spare"], 2030).gap
    )

    assert missed(bankability_table(data, read_books(data, plan))) == []


def test_a_floor_that_is_named_without_its_price() -> None:
    plan = plan_document()
    row(plan, "bankability", project="smelter").update(least_floor_usd_per_kg=None)

    found = missed(least_floor(workbook(), read_books(workbook(), plan)))

    assert found == [("smelter 2030", "its floor 12 USD/kg", "0 USD/kg")]


def test_a_package_alone_at_bank_prices_that_move() -> None:
    """3 on 16 t, 5 on 25.6 and 20.48 t, and the grant: less than the gap."""
    alone = 0.01 + 16 * 0.003 + (25.6 + 20.48) * 0.005

    found = missed(least_floor(moving(), read_books(moving(), plan_document())))

    assert found == [("smelter 2030", f"support by support at least {GAP:.10g} MUSD", f"{alone:g} MUSD")]


def test_support_is_judged_by_the_largest_amount_of_gap_and_support() -> None:
    """Two copies have twice the amounts; a floor of 100 USD/kg is worth more, less what a contract near 0 takes."""
    two = plan_document()
    put("investments", {"project": "smelter"}, builds=2)(two)
    (check,) = bankable(moving(), read_books(moving(), two))
    assert check.tolerance == pytest.approx(1e-5 + 2e-6 * OXIDE)

    cheap = change("contracts", "offtake", price_min=0.0, price_max=kg(0.1))
    dear = moving(**change("floors", "support", floor=kg(100)), **cheap)
    books = read_books(dear, plan_document())
    (check,) = bankable(dear, books)
    assert check.tolerance == pytest.approx(1e-5 + 1e-6 * floor_worth(dear, books, books.awards[0]))


def test_prices_that_mean_nothing_may_be_blank() -> None:
    plan = plan_document()
    row(plan, "bankability", project="spare").update(break_even_usd_per_kg=None, bank_price_usd_per_kg=None)

    assert missed(bankability_table(workbook(), read_books(workbook(), plan))) == []


def test_a_gap_is_none_within_the_tolerance_of_its_largest_amount() -> None:
    """62.08 t at 8 USD/kg: 1e-5 and 5e-7 MUSD."""
    for excess, free in ((1.02e-5, True), (1.08e-5, False)):
        data = workbook(**change("projects", "smelter", capex=0.1 - 0.151456 + excess))
        plan = plan_document()
        row(plan, "bankability", project="smelter").update(closed_by="anything", gap_musd=excess)

        said = [expected for _, expected, _ in missed(bankability_table(data, read_books(data, plan)))]

        assert any("closed_by" in text for text in said) is not free, excess


def test_a_contract_is_worth_nothing_after_its_tenor() -> None:
    """The smelter goes on for a year."""
    data = moving(**change("contracts", "offtake", tenor_years=2))
    books = read_books(data, plan_document())

    assert contract_worth(data, books.signings[0]) == pytest.approx(20 * 0.9 * (0.4 * 0.0009 + 0.64 * 0.002))


def test_what_a_recipe_makes_none_of_is_not_its_main_output() -> None:
    data = moving(**change("projects", "smelter", recipe={"scrap": 0.0, "ore": -2.0, "oxide": 1.0}))
    assert gap(data, data.projects["smelter"], 2030).break_even == pytest.approx((GAP + OXIDE) / 62.08)

    found = missed(bankability_table(data, read_books(data, plan_document())))
    assert not any("main output" in expected for _, expected, _ in found)


def test_where_nothing_is_missing_no_package_need_be_named() -> None:
    """At a capex of -0.06 the smelter lacks -0.0085, though two packages would bring it more."""
    data, plan = workbook(**change("projects", "smelter", capex=-0.06)), plan_document()
    row(plan, "bankability", project="smelter").update(least_floor=None, least_floor_usd_per_kg=None)

    assert missed(least_floor(data, read_books(data, plan))) == []
