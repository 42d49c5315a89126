"""Packages as the audit recomputes them: floors left blank, credits, stakes and loans, at bank prices that move.

The smelter of test_lenders.py, decided in 2030: it works 2031-2033 at half, full and full capacity of 40 t; discounted
at 25 % these are 16, 25.6 and 20.48 t, on which lenders see 9, 7 and 7 USD/kg. By itself it earns -0.02 MUSD in 2031,
at 5 USD/kg added and as much spent, and -0.18 in each year after, at 1 USD/kg: -0.22336 at the decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.moving_prices import BANK, GAP, moving
from tests.audit.tiny_plan import add, judged, missed, plan_document, row
from tests.audit.tiny_workbook import change, kg

from lodestone.audit.books import read_books
from lodestone.audit.committed import committed
from lodestone.audit.lenders import bankable, contract_worth, floor_worth, least_floor, on_offer
from lodestone.audit.packages import alone, instalments, least_level, with_level
from lodestone.data.plan_data import Floor

OPERATIONS = -0.22336


# --- floors that are left blank --------------------------------------------------------------------------------------

BLANK = Floor("support", "smelter", "oxide", None, 3, 0.0, 0.1)


def level(usd: float) -> Any:
    return pytest.approx(kg(usd) * 1.000001, rel=1e-12)


def blank(operating_cost: float = 5.0, **terms: Any) -> float | None:
    data = moving(**change("projects", "smelter", operating_cost=kg(operating_cost)))
    offer = with_level(data, replace(BLANK, **terms), 2030)
    return offer and offer.level


def test_a_floor_left_blank_is_the_lowest_that_closes_the_gap() -> None:
    """Lenders see 9 and then 7 USD/kg on 16 and 46.08 t, and miss GAP less a grant of 0.01.

    Up to 9 only the later tonnes earn: 0.09216 at 9. Beyond it all 62.08 do.
    """
    missing = GAP - 0.01
    assert missing > 46.08 * 0.002
    assert blank() == level(9 + 1000 * (missing - 46.08 * 0.002) / 62.08)


def test_a_grant_leaves_less_for_the_floor() -> None:
    """Capex of 0.1, granted in full, at 2.5 USD/kg less to run: the later tonnes alone close what is left."""
    missing = GAP - 62.08 * 0.0025 - 0.1
    assert 0 < missing < 46.08 * 0.002
    assert blank(2.5, capex_grant_share=1.0) == level(7 + 1000 * missing / 46.08)


def test_what_is_paid_back_above_the_floor_counts_against_it() -> None:
    """Half of what is above it: at 7 16 t lose 0.016. Up to 9 they win back half a USD/kg, the others one."""
    missing = GAP - 62.08 * 0.0025 - 0.1
    assert missing + 0.016 < 54.08 * 0.002
    assert blank(2.5, capex_grant_share=1.0, upside_share=0.5) == level(7 + 1000 * (missing + 0.016) / 54.08)


def test_of_a_short_tenor_only_its_years_count() -> None:
    assert blank(tenor_years=1) == level(9 + 1000 * (GAP - 0.01) / 16)


def test_a_floor_above_its_largest_is_not_on_offer() -> None:
    """The test is on the floor itself, not on the millionth more."""
    lowest = 9 + 1000 * (GAP - 0.01 - 46.08 * 0.002) / 62.08
    assert blank(floor_max=kg(lowest) * (1 + 1e-9)) == level(lowest)
    assert blank(floor_max=kg(lowest) * (1 - 1e-9)) is None


def test_where_nothing_is_missing_the_lowest_floor_is_none_at_all() -> None:
    cheap = replace(moving().projects["smelter"], capex=-9.0)
    data = moving(projects={**moving().projects, "smelter": cheap})
    assert least_level(data, BLANK, cheap, 2030) == pytest.approx(0)


def test_of_a_small_project_a_blank_floor_closes_a_small_gap() -> None:
    """A thousandth of it all: the same floor."""
    smelter = moving().projects["smelter"]
    small = replace(smelter, capacity=smelter.capacity / 1000, capex=smelter.capex / 1000,
                    fixed_cost=smelter.fixed_cost / 1000)  # fmt: skip
    data = moving(projects={**moving().projects, "smelter": small})
    assert least_level(data, BLANK, small, 2030) == pytest.approx(least_level(moving(), BLANK, smelter, 2030))


def test_a_package_with_a_blank_floor_pays_its_floor_and_closes_the_gap() -> None:
    data = moving(floors={"support": BLANK}, contracts={})
    plan = plan_document()
    plan["tables"]["contracts"] = plan["tables"]["contract_years"] = []
    books = read_books(data, plan)

    assert floor_worth(data, books, books.awards[0]) == pytest.approx(GAP, rel=1e-5)
    assert missed(bankable(data, books)) == []
    assert missed(on_offer(data, books)) == []
    dear = moving(floors={"support": replace(BLANK, floor_max=kg(8))}, contracts={})
    assert missed(on_offer(dear, read_books(dear, plan))) == [
        ("support 2030", "a floor that closes the gap, up to its largest", "none")
    ]


def test_the_least_of_blank_floors_is_known_by_its_level() -> None:
    plan = plan_document()
    lowest = 9 + 1000 * (GAP - 0.01 - 46.08 * 0.002) / 62.08
    row(plan, "bankability", project="smelter").update(least_floor_usd_per_kg=lowest)
    data = moving(floors={"support": BLANK, "other": replace(BLANK, name="other", floor_max=kg(8))})

    assert [said for said in missed(least_floor(data, read_books(data, plan))) if "smelter" in said[0]] == []
    row(plan, "bankability", project="smelter").update(least_floor="other")
    assert ("smelter 2030", "a package on offer to smelter", "other") in missed(
        least_floor(data, read_books(data, plan))
    )


# --- credits, stakes and loans ---------------------------------------------------------------------------------------

NOTHING = Floor("support", "smelter", "oxide", 0.0, 3, 0.0, 0.0)  # no floor, no grant


def worth(**terms: Any) -> float:
    data = moving()
    return alone(data, replace(NOTHING, **terms), data.projects["smelter"], 2030)


def test_a_credit_is_worth_its_rate_on_all_output_of_its_tenor() -> None:
    assert worth(credit=kg(1)) == pytest.approx(0.06208)
    assert worth(credit=kg(1), tenor_years=2) == pytest.approx((16 + 25.6) * 0.001)


def test_a_loan_at_the_hurdle_rate_is_worth_nothing_and_a_cheaper_one_its_difference() -> None:
    """Half of a capex of 0.1; without interest 0.025 come back in 2031 and 2032."""
    assert worth(loan_share=0.5, loan_rate=0.25, loan_years=2) == pytest.approx(0, abs=1e-15)
    assert worth(loan_share=0.5, loan_rate=0.0, loan_years=2) == pytest.approx(0.05 - 0.025 * 1.44)


def test_interest_is_added_before_production() -> None:
    """0.05 at 25 %: 0.8 and 0.64 of each instalment."""
    data = moving()
    terms = replace(NOTHING, loan_share=0.5, loan_rate=0.25, loan_years=2)
    paid_back = instalments(terms, data.projects["smelter"], 2030)
    assert paid_back == pytest.approx({2031: 0.05 / 1.44, 2032: 0.05 / 1.44})


def test_a_stake_takes_its_share_of_all_that_comes_in_and_of_losses() -> None:
    assert worth(equity=0.02, equity_share=0.5) == pytest.approx(0.02 - 0.5 * OPERATIONS)
    both = worth(equity=0.02, equity_share=0.5, credit=kg(1), floor=kg(12))
    floor = 16 * 0.003 + 46.08 * 0.005
    assert both == pytest.approx(0.02 - 0.5 * OPERATIONS + 0.5 * (0.06208 + floor))
    debt = worth(equity=0.02, equity_share=0.5, loan_share=0.5, loan_rate=0.0, loan_years=2)
    assert debt == pytest.approx(0.02 - 0.5 * OPERATIONS + 0.05 - 0.5 * 0.025 * 1.44)


def test_what_a_stake_takes_of_a_year_follows_the_ramp() -> None:
    """At 4 USD/kg of work half of 40 t earn 1 in 2031, which is the fixed cost; 40 t lose 3 in each year after."""
    cheaper = replace(moving().projects["smelter"], operating_cost=kg(4))
    data = moving(projects={**moving().projects, "smelter": cheaper})
    found = alone(data, replace(NOTHING, equity=0.02, equity_share=0.5), cheaper, 2030)
    assert found == pytest.approx(0.02 + 0.5 * (0.64 + 0.512) * (0.12 + 0.02))


def test_a_floor_left_blank_leaves_out_what_the_rest_of_its_package_brings() -> None:
    """Beyond 9 USD/kg all 62.08 t earn, up to it 46.08 t."""
    assert blank(credit=kg(1)) == level(9 + 1000 * (GAP - 0.01 - 0.06208 - 46.08 * 0.002) / 62.08)
    cheap = GAP - 0.01 - 0.05 + 0.036
    assert blank(loan_share=0.5, loan_rate=0.0, loan_years=2) == level(9 + 1000 * (cheap - 46.08 * 0.002) / 62.08)


def test_half_of_a_floor_left_blank_goes_to_who_holds_half() -> None:
    missing = (GAP - 0.01 - 0.02 + 0.5 * OPERATIONS) / 0.5
    found = blank(equity=0.02, equity_share=0.5)
    assert found == level(9 + 1000 * (missing - 46.08 * 0.002) / 62.08)


def test_a_stake_takes_its_share_of_an_offtake_too() -> None:
    """The whole of (10): support and offtake together are half of what they were, and what is put in."""
    data = moving(**change("floors", "support", equity=0.02, equity_share=0.5))
    books = read_books(data, plan_document())
    whole = moving()
    plain = floor_worth(whole, read_books(whole, plan_document()), read_books(whole, plan_document()).awards[0])
    (check,) = bankable(data, books)

    offtake = contract_worth(data, books.signings[0])
    support = 0.01 + 0.02 - 0.5 * OPERATIONS + 0.5 * (plain - 0.01) + 0.5 * offtake
    assert check.excess == pytest.approx(GAP - support)


# --- committed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "largest"), [(2030, None), (2030, kg(1)), (2027, None)])
def test_a_committed_floor_left_blank_is_worked_out_for_its_year(year: int, largest: float | None) -> None:
    """floor_max is for what is on offer. Before 2030 lenders see its prices: oxide at 8, ore at 1."""
    if year == 2030:
        lowest = 9 + 1000 * (GAP - 0.01 - 46.08 * 0.002) / 62.08
    else:  # all three years have the price of 2030: 8 and ore at 1, so that a tonne earns 1 USD/kg
        lowest = 8 + 1000 * (0.1 - 0.01 + 0.02 * 1.952 - 62.08 * 0.001) / 62.08
    data = {
        "floors": {"support": replace(BLANK, committed_year=year, floor_max=largest)},
        **change("projects", "smelter", committed_year=year),
    }

    def shown(usd: float) -> Any:
        def edit(plan: Any) -> None:
            add("committed", "project", "smelter", "USA", year, 40.0, "t/yr")(plan)
            add("committed", "floor", "support", "USA", year, usd, "USD/kg")(plan)
            plan["tables"]["price_floors"] = plan["tables"]["floor_payments"] = []

        return edit

    assert judged(committed, shown(lowest * 1.000001), bank_price=BANK, **data) == []
    wrong = judged(committed, shown(lowest + 0.01), bank_price=BANK, **data)
    assert [where for where, _, _ in wrong] == ["floor support"]


# --- promises that are broken ----------------------------------------------------------------------------------------

KEPT_UNTIL_2031 = {203001: True, 203101: True, 203201: False}


def test_what_the_base_breaks_counts_nothing_from_then_on() -> None:
    """Only the 16 t of 2031 are left, at 9 USD/kg; after the horizon it stays broken."""
    broken = {"base_honoured": KEPT_UNTIL_2031}
    assert worth(credit=kg(1), **broken) == pytest.approx(0.016)
    assert worth(floor=kg(12), **broken) == pytest.approx(16 * 0.003)
    assert blank(**broken) == level(9 + 1000 * (GAP - 0.01) / 16)
    never = {"base_honoured": dict.fromkeys(KEPT_UNTIL_2031, False)}
    assert blank(**never) is None


def test_a_year_that_is_broken_in_part_counts_nothing() -> None:
    part = {203001: True, 203101: True, 203107: False, 203201: True}
    assert worth(credit=kg(1), base_honoured=part) == pytest.approx((25.6 + 20.48) * 0.001)


def test_lenders_foresee_nothing_that_a_scenario_breaks() -> None:
    assert worth(credit=kg(1), honoured=KEPT_UNTIL_2031) == pytest.approx(0.06208)


def test_a_broken_package_still_has_its_loan_and_its_stake() -> None:
    terms = {"equity": 0.02, "equity_share": 0.5, "loan_share": 0.5, "loan_rate": 0.0, "loan_years": 2}
    never = dict.fromkeys(KEPT_UNTIL_2031, False)
    assert worth(**terms, credit=kg(1), base_honoured=never) == pytest.approx(worth(**terms))


def test_a_contract_that_the_base_breaks_is_worth_nothing_then_and_takes_nothing_from_the_floor() -> None:
    """Of 2031 it brings 20 t x 0.9 x 0.9 USD/kg; from 2032 on the floor covers all 40 t."""
    data = moving(**change("contracts", "offtake", base_honoured=KEPT_UNTIL_2031))
    books = read_books(data, plan_document())
    assert contract_worth(data, books.signings[0]) == pytest.approx(20 * 0.4 * 0.9 * 0.0009)
    covered = (22 * 0.4, 40 * 0.64 + 40 * 0.512)
    assert floor_worth(data, books, books.awards[0]) == pytest.approx(0.01 + covered[0] * 0.003 + covered[1] * 0.005)
