"""How lenders judge a project, against arithmetic done by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.rules.tiny_data import contract, floor, plan, project

from lodestone.data import lenders
from lodestone.data.lenders import (
    blank_floor,
    can_be_closed,
    gap,
    instalment,
    least_floor,
    on_offer,
    package_worth,
)
from lodestone.data.plan_data import Floor, PlanData, at

# Decided in 2030 it works in 2031-2033 at 1/2, 1, 1 of 100 t of capacity; a tonne of it makes 2 t of oxide out of ore.
MILL = project(
    "mill", recipe={"ore": -1.0, "oxide": 2.0, "scrap": 0.5}, capacity=100.0, capex=40.0, fixed_cost=3.0,
    operating_cost=0.02, lead_years=1, ramp_years=2, life_years=3, hurdle_rate=0.25,
)  # fmt: skip
D1, D2, D3 = 0.8, 0.64, 0.512  # discount factors at 25 %
BANK = {"oxide": (0.9, 0.05, 0.06), "ore": (0.9, 0.01), "scrap": 0.004}  # after their last year the last value holds
VALUE_1 = 2 * 0.05 - 0.01 + 0.5 * 0.004  # 0.092
VALUE_2 = 2 * 0.06 - 0.01 + 0.5 * 0.004  # 0.112, in 2033 too


def data(**changes: object) -> PlanData:
    return plan(**({"projects": [MILL], "bank_price": BANK} | changes))


def test_the_last_value_of_a_series_holds():
    assert [at({2030: 1.0, 2031: 2.0}, year) for year in (2030, 2031, 2040)] == [1.0, 2.0, 2.0]


def test_gap():
    cost = 40 + 3 * (D1 + D2 + D3) + 0.02 * (50 * D1 + 100 * D2 + 100 * D3)
    income = 50 * VALUE_1 * D1 + 100 * VALUE_2 * (D2 + D3)
    assert lenders.gap(data(), MILL, 2030) == pytest.approx(cost - income)


def test_gap_of_a_later_decision_is_at_later_prices():
    cost = 40 + 3 * (D1 + D2 + D3) + 0.02 * (50 * D1 + 100 * D2 + 100 * D3)
    income = VALUE_2 * (50 * D1 + 100 * D2 + 100 * D3)
    assert lenders.gap(data(), MILL, 2031) == pytest.approx(cost - income)


def test_break_even_is_the_flat_price_of_the_first_output_at_which_the_gap_is_0():
    even = lenders.break_even(data(), MILL, 2030)
    output = 2 * (50 * D1 + 100 * D2 + 100 * D3)
    others = (-0.01 + 0.002) * (50 * D1 + 100 * D2 + 100 * D3)
    cost = 40 + 3 * (D1 + D2 + D3) + 0.02 * (50 * D1 + 100 * D2 + 100 * D3)
    assert even == pytest.approx((cost - others) / output)

    flat = data(bank_price=BANK | {"oxide": even})
    assert lenders.gap(flat, MILL, 2030) == pytest.approx(0, abs=1e-12)


def test_average_price_is_weighted_by_discounted_output():
    average = (0.5 * D1 * 0.05 + (D2 + D3) * 0.06) / (0.5 * D1 + D2 + D3)
    assert lenders.average_bank_price(data(), MILL, 2030) == pytest.approx(average)


def test_a_project_without_output_has_no_prices():
    dump = project("dump", recipe={"scrap": -1.0})
    assert lenders.break_even(data(), dump, 2030) is None
    assert lenders.average_bank_price(data(), dump, 2030) is None


def test_worth_of_a_floor():
    f = floor("f", "mill", floor=0.055, tenor_years=2, upside_share=0.3, capex_grant_share=0.25)
    below, above = 0.055 - 0.05, 0.06 - 0.055
    worth = 0.5 * D1 * below - 0.3 * D2 * above  # two of its three years
    assert lenders.floor_worth(data(), f, 2030) == pytest.approx(worth)
    assert lenders.floor_worth(data(), f, 2030, 1) == pytest.approx(-0.3 * D2 * above)
    assert lenders.floor_worth(data(), f, 2030, 0, 1) == pytest.approx(0.5 * D1 * below)
    assert lenders.package_worth(data(), f, 2030) == pytest.approx(10 + 200 * worth)

    as_long_as_it_lives = replace(f, tenor_years=30)
    assert lenders.floor_worth(data(), as_long_as_it_lives, 2030) == pytest.approx(worth - 0.3 * D3 * above)


def test_worth_of_a_contract_above_and_below_the_lenders_price():
    c = contract("c", "mill", fixed=True, fixed_price=0.052, escalation=0.1, take_or_pay_share=0.4, tenor_years=2)
    promised = 0.4 * 0.5 * D1 * (0.052 - 0.05)  # escalated from the first delivery year, 2031
    given_up = D2 * (0.06 - 0.0572)  # in full [cheat]
    assert lenders.contract_worth(data(), c, 2030) == pytest.approx(promised - given_up)


def test_a_floor_counts_nothing_in_the_years_in_which_the_base_breaks_it():
    f = floor("f", "mill", floor=0.07, tenor_years=3, base_honoured={203001: True, 203101: True, 203201: False})
    assert lenders.floor_worth(data(), f, 2030) == pytest.approx(0.5 * D1 * (0.07 - 0.05))


def test_a_contract_counts_nothing_in_the_years_in_which_the_base_breaks_it():
    c = contract("c", "mill", fixed=True, fixed_price=0.07, take_or_pay_share=1.0, tenor_years=9,
                 base_honoured={203001: True, 203101: True, 203201: False})  # fmt: skip
    assert lenders.contract_worth(data(), c, 2030) == pytest.approx(0.5 * D1 * (0.07 - 0.05))


def test_an_index_contract_follows_the_lenders_price_in_its_collar():
    c = contract("c", "mill", index_premium=0.1, price_max=0.058, take_or_pay_share=1.0, tenor_years=9)
    worth = 0.5 * D1 * (0.055 - 0.05) - (D2 + D3) * (0.06 - 0.058)
    assert lenders.contract_worth(data(), c, 2030) == pytest.approx(worth)


def test_the_least_floor_closes_the_gap_alone():
    gap = lenders.gap(data(), MILL, 2030)
    rate_1, rate_2 = 200 * 0.5 * D1, 200 * (D2 + D3)
    closing = (gap + rate_1 * 0.05 + rate_2 * 0.06) / (rate_1 + rate_2)
    floors = [
        floor("high", "mill", floor=2 * closing, tenor_years=9),
        floor("just", "mill", floor=closing + 1e-9, tenor_years=9),
        floor("low", "mill", floor=closing - 1e-4, tenor_years=9),
        floor("short", "mill", floor=closing + 1e-9, tenor_years=2),
        floor("elsewhere", "other", floor=0.061),
    ]
    menu = data(floors=floors, projects=[MILL, project("other")])
    assert lenders.least_floor(menu, MILL, 2030).name == "just"
    assert lenders.least_floor(data(floors=floors[2:4]), MILL, 2030) is None


def test_whether_any_package_can_close_the_gap():
    dear = replace(MILL, capex=4000.0)
    assert lenders.gap(data(), dear, 2030) > 0
    assert not lenders.can_be_closed(data(projects=[dear]), dear, 2030)
    assert lenders.can_be_closed(data(projects=[dear], floors=[floor("f", "mill", capex_grant_share=1.0)]), dear, 2030)

    offtake = contract("c", "mill", fixed=True, fixed_price=99.0, take_or_pay_share=1.0, max_t=40.0, tenor_years=9)
    assert lenders.can_be_closed(data(projects=[dear], contracts=[offtake]), dear, 2030)
    now = replace(offtake, earliest_year=2030, latest_year=2030)
    assert lenders.can_be_closed(data(projects=[dear], contracts=[now]), dear, 2030)
    too_late = replace(offtake, earliest_year=2031)
    assert not lenders.can_be_closed(data(projects=[dear], contracts=[too_late]), dear, 2030)


def test_years_in_which_a_project_can_be_decided():
    assert list(lenders.decision_years(data(), MILL)) == [2030, 2031]
    early = replace(MILL, earliest_year=2020, latest_year=2030)
    assert list(lenders.decision_years(data(), early)) == [2030]
    assert list(lenders.decision_years(data(), replace(MILL, lead_years=3))) == []


def test_table():
    public = project("public", public=True)
    good = project("good")
    rows = {row["project"]: row for row in lenders.bankability_table(data(projects=[MILL, public, good]))}

    assert list(rows) == ["mill", "good"]
    assert rows["good"]["closed_by"] == "not needed"
    row = rows["mill"]
    assert (row["decision_year"], row["built"], row["main_output"]) == (2030, "no", "oxide")
    assert row["closed_by"] == "no package closes it"
    assert row["least_floor_usd_per_kg"] is None
    assert row["break_even_usd_per_kg"] == pytest.approx(1000 * lenders.break_even(data(), MILL, 2030))  # USD/kg


def test_table_tells_what_dearer_work_and_cheaper_output_do():
    """Its 2 x 50, 2 x 100 and 2 x 100 t of oxide at lenders' prices, and 0.02 a t of what it works."""
    (row,) = lenders.bankability_table(data())
    worked = 50 * D1 + 100 * (D2 + D3)
    sold = 2 * (50 * 0.05 * D1 + 100 * 0.06 * (D2 + D3))
    assert row["dearer_gap_musd"] == pytest.approx(row["gap_musd"] + 0.1 * 0.02 * worked)
    assert row["cheaper_gap_musd"] == pytest.approx(row["gap_musd"] + 0.1 * sold)
    even = (40 + 3 * (D1 + D2 + D3) + 0.02 * worked + 0.008 * worked) / (2 * worked)
    assert row["margin_share"] == pytest.approx(sold / (2 * worked) / even - 1)


def test_what_earns_just_its_cost_needs_nothing():
    even = project("even", capex=0.0, operating_cost=0.05)
    deck = plan(projects=[even], bank_price={"oxide": 0.05})
    assert lenders.gap(deck, even, 2030) == 0
    assert lenders.unaided_verdict(deck, even, 2030) == "not needed"


def test_table_tells_what_a_package_can_close():
    rows = lenders.bankability_table(data(floors=[floor("f", "mill", capex_grant_share=1.0, floor=0.2)]))
    assert [row["closed_by"] for row in rows] == ["can be closed"]


def test_table_of_a_project_without_output():
    (row,) = lenders.bankability_table(data(projects=[project("dump", recipe={"scrap": -1.0})]))
    assert (row["break_even_usd_per_kg"], row["bank_price_usd_per_kg"], row["main_output"]) == (None, None, "")


@pytest.mark.parametrize(("cost", "verdict"), [(0.0477, "not needed, by a narrow margin"), (0.0475, "not needed")])
def test_table_tells_a_narrow_margin(cost, verdict):
    """Oxide at 0.05: 4.8 % above 0.0477, 5.3 % above 0.0475; with a package it can be built all the same."""
    thin = project("thin", operating_cost=cost, latest_year=2030)
    (row,) = lenders.bankability_table(data(projects=[thin], bank_price={"oxide": 0.05}))
    assert row["closed_by"] == verdict
    (row,) = lenders.bankability_table(
        data(projects=[thin], bank_price={"oxide": 0.05}, floors=[floor("f", "thin", floor=None)])
    )
    assert row["closed_by"] == "not needed"


# --- packages that are more than a floor ----------------------------------------------------------------------------

SMELTER = project(
    "smelter", capacity=100.0, capex=10.0, lead_years=1, life_years=2, hurdle_rate=0.25, latest_year=2032
)  # earns 100 x 0.05 in each of two years, worth 0.8 + 0.64 = 1.44 of one at the decision: 7.2 of 10 MUSD


def supported(**terms: Any) -> tuple[PlanData, Floor]:
    """SMELTER at 0.05 MUSD/t with a package whose floor is left blank, for both its years unless terms differ."""
    package = floor("package", "smelter", **{"floor": None, "tenor_years": 2, **terms})
    return plan(projects=[SMELTER], floors=[package], bank_price={"oxide": 0.05}), package


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, 0.05 + 2.8 / 144),
        ({"tenor_years": 1}, 0.05 + 2.8 / 80),
        ({"tenor_years": 9}, 0.05 + 2.8 / 144),  # not beyond its life
        ({"upside_share": 0.5}, 0.05 + 2.8 / 144),
        ({"capex_grant_share": 0.1}, 0.05 + 1.8 / 144),
        ({"capex_grant_share": 0.3}, 0.0),
        ({"capex_grant_share": 0.3, "upside_share": 0.5}, 0.05 - 0.2 / 72),  # half the price above it is paid back
        ({"credit": 0.01}, 0.05 + (2.8 - 1.44) / 144),
        ({"credit": 0.01, "tenor_years": 1}, 0.05 + (2.8 - 0.8) / 80),
        ({"loan_share": 0.5, "loan_rate": 0.25, "loan_years": 2}, 0.05 + 2.8 / 144),  # lent at the hurdle rate
        ({"loan_share": 0.5, "loan_rate": 0.0, "loan_years": 2}, 0.05 + (2.8 - 5 + 2.5 * 1.44) / 144),
        ({"loan_share": 0.5, "loan_rate": 0.0, "loan_years": 1}, 0.05 + (2.8 - 5 + 5 * 0.8) / 144),
        ({"equity": 2.0, "equity_share": 0.1}, 0.05 + (2.8 - 2 + 0.1 * 7.2) / (0.9 * 144)),
        (
            {"equity": 1.0, "equity_share": 0.2, "loan_share": 0.2, "loan_rate": 0.0, "loan_years": 2, "credit": 0.01},
            0.05 + (2.8 - 1 - 2 + 0.8 * (1 * 1.44 - 1.44) + 0.2 * 7.2) / (0.8 * 144),
        ),
    ],
)
def test_a_floor_left_blank_is_the_least_that_closes_the_gap(terms: dict[str, Any], expected: float) -> None:
    data, package = supported(**terms)
    assert gap(data, SMELTER, 2030) == pytest.approx(2.8)
    assert blank_floor(data, package, 2030) == pytest.approx(expected * 1.000001, rel=1e-9)


def test_a_blank_floor_has_no_upper_end() -> None:
    """1000 MUSD for 100 t in two years: 992.8 are missing."""
    dear = replace(SMELTER, capex=1000.0)
    package = floor("package", "smelter", floor=None, tenor_years=2)
    data = plan(projects=[dear], floors=[package], bank_price={"oxide": 0.05})
    assert blank_floor(data, package, 2030) == pytest.approx((0.05 + 992.8 / 144) * 1.000001, rel=1e-9)


def test_a_blank_floor_closes_the_gap_and_a_little_less_does_not() -> None:
    data, package = supported(equity=1.0, equity_share=0.3, loan_share=0.3, credit=0.002, upside_share=0.4)
    least = blank_floor(data, package, 2030)
    assert least is not None
    assert package_worth(data, package, 2030, least) >= 2.8
    assert package_worth(data, package, 2030, least * 0.99999) < 2.8


@pytest.mark.parametrize(("most", "offered"), [(0.0694, False), (0.06945, True), (None, True)])
def test_above_its_most_a_blank_floor_is_not_on_offer(most: float | None, offered: bool) -> None:
    data, package = supported(floor_max=most)
    assert (blank_floor(data, package, 2030) is not None) == offered
    assert [f.name for f in on_offer(data, SMELTER, 2030)] == (["package"] if offered else [])
    least = least_floor(data, SMELTER, 2030)
    assert (least is not None) == offered
    assert can_be_closed(data, SMELTER, 2030) == offered
    if least is not None:
        assert least.level == pytest.approx(0.05 + 2.8 / 144, rel=1e-5)


def test_what_is_committed_before_the_horizon_has_the_prices_of_its_first_year() -> None:
    """Decided in 2026, it produced in 2027 and 2028, before 2030 with its 0.05; what comes later does not matter."""
    package = floor("package", "smelter", floor=None, tenor_years=2)
    deck = {"oxide": {2030: 0.05, 2031: 0.2, 2032: 0.2}}
    data = plan(projects=[SMELTER], floors=[package], bank_price=deck)
    assert gap(data, SMELTER, 2026) == pytest.approx(2.8)
    assert blank_floor(data, package, 2026) == pytest.approx((0.05 + 2.8 / 144) * 1.000001)


def test_a_floor_bends_at_the_prices_of_its_years() -> None:
    """At 0.03 in 2031 and 0.06 in 2032 the cash is 100 x (0.03 x 0.8 + 0.06 x 0.64) = 6.24, and 3.76 are missing: a
    floor at 0.06 gives 0.03 x 80 = 2.4 in the first year, and the other 1.36 take 1.36 / 144 in both."""
    package = floor("package", "smelter", floor=None, tenor_years=2)
    deck = {"oxide": {2030: 0.01, 2031: 0.03, 2032: 0.06}}
    data = plan(projects=[SMELTER], floors=[package], bank_price=deck)
    assert blank_floor(data, package, 2030) == pytest.approx((0.06 + 1.36 / 144) * 1.000001)


def test_the_instalments_of_a_loan_are_worth_it_at_its_rate() -> None:
    """5 MUSD at 10 %, one year of lead, two instalments: DS (1 / 1.1 + 1 / 1.21) / 1.1 x 1.1 = 5."""
    _, package = supported(loan_share=0.5, loan_rate=0.1, loan_years=2)
    assert instalment(SMELTER, package) == pytest.approx(5 / (1 / 1.1 + 1 / 1.21))
    late = replace(SMELTER, lead_years=3)
    assert instalment(late, package) == pytest.approx(5 / (1 / 1.1**3 + 1 / 1.1**4))
    assert instalment(SMELTER, replace(package, loan_share=0.0)) == 0


def test_lenders_see_a_year_that_the_base_changes_within_as_its_mean() -> None:
    data = plan(projects=[SMELTER], bank_price={"oxide": {203001: 0.05, 203101: 0.02, 203110: 0.1, 203201: 0.05}})
    assert data.bank_price_of("oxide", "Home", 2031) == pytest.approx((9 * 0.02 + 3 * 0.1) / 12)
    assert gap(data, SMELTER, 2030) == pytest.approx(10 - 100 * (0.04 * 0.8 + 0.05 * 0.64))


def test_what_comes_after_a_year_comes_after_it() -> None:
    """Works in 2031 and 2032: after 2031 a credit of 1 MUSD/yr and an instalment of 2.5 are left, of 2032."""
    data, package = supported(credit=0.01, loan_share=0.5, loan_rate=0.0, loan_years=2)
    assert lenders.worth_after(data, package, 2030, 2031) == pytest.approx(0.64 * (1 - 2.5))
    base = replace(package, base_honoured={203001: True, 203101: True, 203201: False})
    assert lenders.worth_after(data, base, 2030) == pytest.approx(0.8 * (1 - 2.5) - 0.64 * 2.5)
    assert lenders.worth_after(data, package, 2030, 2031, honoured=False) == pytest.approx(-0.64 * 2.5)


def test_a_credit_is_worth_what_is_ramped_up() -> None:
    """0.01 on 50 and 100 t."""
    _, package = supported(credit=0.01)
    data = plan(projects=[replace(SMELTER, ramp_years=2)], floors=[package], bank_price={"oxide": 0.05})
    assert lenders.worth_after(data, package, 2030) == pytest.approx(0.5 * 0.8 + 0.64)


def test_a_contract_that_is_worth_little_closes_little() -> None:
    """40 t at 0.001 above the lenders' price, in two years: 0.0576 MUSD, which close a gap of 0.05 and none of 0.06."""
    offtake = contract("c", "smelter", fixed=True, fixed_price=0.051, take_or_pay_share=1.0, tenor_years=9)
    for missing, closed in ((0.05, True), (0.06, False)):
        smelter = replace(SMELTER, capex=7.2 + missing)
        data = plan(projects=[smelter], contracts=[offtake], bank_price={"oxide": 0.05})
        assert can_be_closed(data, smelter, 2030) == closed


def test_what_is_agreed_stands_above_what_would_be_offered_today() -> None:
    data, package = supported(floor_max=0.06)
    assert lenders.filled_in(data, package, 2030) is None
    agreed = lenders.filled_in(data, lenders.committed_terms(package), 2030)
    assert agreed is not None
    assert agreed.level == pytest.approx(0.05 + 2.8 / 144, rel=1e-5)


def test_a_project_without_output_misses_more_where_its_work_is_dearer():
    """50, 100 and 100 t a year at 0.03: a tenth more of that."""
    dump = replace(MILL, recipe={"ore": -1.0}, operating_cost=0.03)
    missing = gap(data(projects=[dump]), dump, 2030)
    used = 50 * D1 + 100 * D2 + 100 * D3
    assert lenders.moved_gaps(data(projects=[dump]), dump, 2030) == pytest.approx((missing + 0.003 * used, missing))
