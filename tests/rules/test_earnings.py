from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyomo.environ as pyo
from tests.rules.algebra import assert_row, close, coefficients, covers, keys
from tests.rules.tiny_data import contract, cut, floor, fork, plan, project, scenario

from lodestone.data.plan_data import time_of
from lodestone.data.tree import single
from lodestone.rules import earnings
from lodestone.rules.build import build

# 100 t of oxide a year, decided in 2030, hurdle and discount 10 %; the plan's price 0.06, 0.066, 0.072, lenders' 0.05
MILL = project("mill", capacity=100.0, capex=12.0, operating_cost=0.02, latest_year=2030, life_years=5)
BUILD, AWARD = "investments.build[0,mill]", "price_floors.award[0,f]"
D1, D2, D3, D4 = (1.1**-t for t in (1, 2, 3, 4))


def assert_keeps(m: Any, row: Any, terms: dict[str, float]) -> None:
    """The row with what is earned at each node written out says: sum of coefficient x variable >= 0."""
    found, _ = written_out(m, row)
    assert pyo.value(row.lower) == 0 and row.upper is None
    assert found == close({name: factor for name, factor in terms.items() if factor})


def written_out(m: Any, row: Any) -> tuple[dict[str, float], float]:
    found, constant = coefficients(row.body)
    for node, name in m.earnings.earned:
        factor = found.pop(f"earnings.earned[{node},{name}]", 0.0)
        earned, _ = coefficients(m.earnings.earns[node, name].body)
        assert earned.pop(f"earnings.earned[{node},{name}]") == 1 and pyo.value(m.earnings.earns[node, name].lower) == 0
        for variable, part in earned.items():
            found[variable] = found.get(variable, 0.0) - factor * part
    return {name: factor for name, factor in found.items() if factor}, constant


def works(node: int, factor: float) -> dict[str, float]:
    return {f"flows.act[{node},mill,clean]": factor}


@covers("earnings.keeps", "earnings.earns")
def test_what_is_built_earns_its_capex_in_the_plan():
    m = build(single(plan(projects=[MILL]))).model

    assert keys(m.earnings.keeps) == {(0, "mill")}
    assert keys(m.earnings.from_planned) == set()  # of several builds only
    row = {
        BUILD: -12 + 100 * 0.03 * (D3 + D4),  # what lenders count on after 2032
        **works(0, 0.04), **works(1, 0.046 * D1), **works(2, 0.052 * D2),
        "payments.topup[0,mill]": 1, "payments.topup[1,mill]": D1, "payments.topup[2,mill]": D2,
    }  # fmt: skip
    assert_keeps(m, m.earnings.keeps[0, "mill"], row)


@covers("earnings.keeps")
def test_topups_count_from_the_planned_first_year_of_production_on():
    mill = replace(MILL, lead_years=2, life_years=1)
    m = build(single(plan(projects=[mill]))).model

    row = {BUILD: -12, **works(2, 0.052 * D2), "payments.topup[2,mill]": D2}
    assert_keeps(m, m.earnings.keeps[0, "mill"], row)


@covers("earnings.keeps", "earnings.of_build", "earnings.of_kept")
def test_own_margin_after_the_horizon_counts_as_far_as_it_is_kept_open():
    mill = replace(MILL, fixed_cost=1.0)
    m = build(single(plan(projects=[mill]))).model

    own, margin = "earnings.own[0,mill,2]", (100 * 0.03 - 1) * (D3 + D4)
    assert_row(m.earnings.of_build[0, "mill", 2], {own: 1, BUILD: -margin}, "<=", 0)
    assert_row(m.earnings.of_kept[0, "mill", 2], {own: 1, "closure.kept[2,mill]": -margin}, "<=", 0)
    row = {
        BUILD: -12, own: 1,
        **works(0, 0.04), **works(1, 0.046 * D1), **works(2, 0.052 * D2),
        "closure.kept[0,mill]": -1, "closure.kept[1,mill]": -D1, "closure.kept[2,mill]": -D2,
        "payments.topup[0,mill]": 1, "payments.topup[1,mill]": D1, "payments.topup[2,mill]": D2,
    }  # fmt: skip
    assert_keeps(m, m.earnings.keeps[0, "mill"], row)


def test_what_comes_after_a_year_is_part_of_what_comes_after_the_horizon():
    """100 t ramp up over 2032 to 2036, 3 a year in full, less 2.9: a loss together, and 0.1 in the last year."""
    mill = replace(MILL, lead_years=2, ramp_years=5, fixed_cost=2.9)
    built = build(single(plan(projects=[mill])))
    m, parts = built.model, (built.model.investments, built.model.price_floors, built.model.contracts)
    yearly = {2031 + fifths: (3 * fifths / 5 - 2.9) * 1.1 ** -(1 + fifths) for fifths in range(1, 6)}
    for after in (2032, 2033, 2034, 2035):
        ((worth, build_),) = earnings._tail(built.tree, m.earnings, *parts, 0, "mill", 2, after)
        assert (worth, build_.name) == (close(sum(x for t, x in yearly.items() if t > after)), BUILD)


@covers("earnings.keeps")
def test_packages_and_contracts_bring_what_they_pay_and_take_what_they_are_owed():
    """A floor of 0.08 for two years, a grant of 1.2, a stake of 2 for a quarter, 3 lent for three years at no
    interest; a contract at 0.1, half of it bound. Dividends: of the cash with the floor, at market prices, less 1."""
    mill = replace(MILL, capex=30.0, life_years=3)
    deal = floor("f", "mill", floor=0.08, tenor_years=2, capex_grant_share=0.04, equity=2.0, equity_share=0.25,
                 loan_share=0.1, loan_rate=0.0, loan_years=3)  # fmt: skip
    offtake = contract("c", "mill", fixed=True, fixed_price=0.1, take_or_pay_share=0.5)
    m = build(single(plan(projects=[mill], floors=[deal], contracts=[offtake]))).model

    def owed(cash: float) -> float:
        return 1 + 0.25 * (cash - 1)

    row = {
        BUILD: -30,
        AWARD: 1.2 + 2 + 3 - owed(4 + 2) - owed(4.6 + 1.4) * D1 - owed(5.2) * D2,
        "price_floors.covered[0,f,0]": 0.02 + 0.014 * D1,
        **works(0, 0.04), **works(1, 0.046 * D1), **works(2, 0.052 * D2),
        **{f"contracts.taken[{n},c,0]": (0.1 - price) * 1.1**-n for n, price in enumerate((0.06, 0.066, 0.072))},
        **{f"contracts.untaken[{n},c,0]": 0.1 * 1.1**-n for n in range(3)},
        "payments.topup[0,mill]": 1, "payments.topup[1,mill]": D1, "payments.topup[2,mill]": D2,
    }  # fmt: skip
    assert_keeps(m, m.earnings.keeps[0, "mill"], row)


@covers("earnings.keeps")
def test_promises_after_the_horizon_count_in_full_unless_they_are_broken_there():
    """Floor of 0.08, contract of 0.09: 0.03 and half of 0.04 above the lenders' 0.05."""
    mill = replace(MILL, capex=90.0)
    offtake = contract("c", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=5)
    kept = floor("f", "mill", floor=0.08, tenor_years=5)
    for broken in (False, True):
        now = {203001: True, 203101: True, 203201: not broken}
        data = plan(projects=[mill], floors=[replace(kept, honoured=now)], contracts=[replace(offtake, honoured=now)])
        m = build(single(data)).model
        found, _ = written_out(m, m.earnings.keeps[0, "mill"])
        inside = 0.02 + 0.014 * D1 + (0 if broken else 0.008 * D2)
        assert found["price_floors.covered[0,f,0]"] == close(inside + (0 if broken else 0.03 * (D3 + D4)))
        assert found.get("contracts.q[0,c]", 0.0) == close(0 if broken else 0.02 * (D3 + D4))


@covers("earnings.keeps")
def test_credits_after_the_horizon_count_in_full_unless_they_are_broken_there():
    """0.01 on 100 t in each of five years, three of them within the horizon."""
    for broken in (False, True):
        now = {203001: True, 203101: True, 203201: not broken}
        given = floor("f", "mill", floor=0.0, tenor_years=5, credit=0.01, honoured=now)
        m = build(single(plan(projects=[replace(MILL, capex=90.0)], floors=[given]))).model
        found, _ = written_out(m, m.earnings.keeps[0, "mill"])
        assert found[AWARD] == close(1 + D1 + (0 if broken else D2 + D3 + D4))


@covers("earnings.keeps")
def test_after_the_horizon_a_stake_takes_its_share_of_floor_and_contract_too():
    """As above with a quarter for whoever put in 2: of the floor lenders count three quarters, of the contract too,
    where the package is awarded."""
    offtake = contract("c", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=5)
    deal = floor("f", "mill", floor=0.08, tenor_years=5, equity=2.0, equity_share=0.25)
    m = build(single(plan(projects=[replace(MILL, capex=90.0)], floors=[deal], contracts=[offtake]))).model
    found, _ = written_out(m, m.earnings.keeps[0, "mill"])
    inside = 0.02 + 0.014 * D1 + 0.008 * D2
    assert found["price_floors.covered[0,f,0]"] == close(inside + 0.75 * 0.03 * (D3 + D4))
    assert found["contracts.q[0,c]"] == close(0.02 * (D3 + D4))
    assert found["price_floors.under_award[0,f,c]"] == close(-0.25 * 0.02 * (D3 + D4))


@covers("earnings.keeps")
def test_over_all_futures_after_the_decision():
    """The shock of 25 % has lower prices; decided in 2031 of a future it is that future alone that counts."""
    mill = replace(MILL, latest_year=2031, life_years=1)
    shock = plan(projects=[mill], price={"oxide": (0.06, 0.03, 0.04)}, scenario=scenario())
    m = build(fork(plan(projects=[mill]), shock)).model

    assert keys(m.earnings.keeps) == {(0, "mill"), (1, "mill"), (3, "mill")}
    row = {
        BUILD: -12,
        **works(0, 0.04),
        **works(1, 0.75 * 0.046 * D1), **works(3, 0.25 * 0.01 * D1),
        "payments.topup[0,mill]": 1,
        **{f"payments.topup[{n},mill]": 0.75 * d for n, d in ((1, D1), (2, D2))},
        **{f"payments.topup[{n},mill]": 0.25 * d for n, d in ((3, D1), (4, D2))},
    }  # fmt: skip
    assert_keeps(m, m.earnings.keeps[0, "mill"], row)
    row = {
        "investments.build[3,mill]": -12,
        **works(3, 0.01),
        "payments.topup[3,mill]": 1, "payments.topup[4,mill]": D1,
    }  # fmt: skip
    assert_keeps(m, m.earnings.keeps[3, "mill"], row)


@covers("earnings.together")
def test_decisions_that_exclude_each_other_earn_together_what_each_must():
    """One build, in 2030 or in 2031 of either future: what it earns in all of them is there once."""
    mill = replace(MILL, latest_year=2031, life_years=1)
    shock = plan(projects=[mill], price={"oxide": (0.06, 0.03, 0.04)}, scenario=scenario())
    m = build(fork(plan(projects=[mill]), shock)).model

    assert keys(m.earnings.together) == {(0, "mill")}  # after the parting one node is left to each
    row = {
        BUILD: -12, "investments.build[1,mill]": -12 * 0.75 * D1, "investments.build[3,mill]": -12 * 0.25 * D1,
        **works(0, 0.04),
        **works(1, 0.75 * 0.046 * D1), **works(3, 0.25 * 0.01 * D1),
        "payments.topup[0,mill]": 1,
        **{f"payments.topup[{n},mill]": 0.75 * d for n, d in ((1, D1), (2, D2))},
        **{f"payments.topup[{n},mill]": 0.25 * d for n, d in ((3, D1), (4, D2))},
    }  # fmt: skip
    assert_keeps(m, m.earnings.together[0, "mill"], row)


@covers("earnings.together")
def test_on_one_path_decisions_earn_together_once():
    m = build(single(plan(projects=[replace(MILL, latest_year=2032)]))).model

    assert keys(m.earnings.together) == {(0, "mill")}


@covers("earnings.together")
def test_decisions_of_years_that_are_cut_earn_together():
    """Between those of 2030 and 2031 lies a half year in which nothing is decided."""
    m = build(single(cut(plan(projects=[replace(MILL, latest_year=2031)]), y2030=6))).model

    assert keys(m.earnings.together) == {(0, "mill")}


@covers("earnings.together")
def test_decisions_after_a_parting_earn_together_too():
    """Three years to decide in: 2031 and 2032 of each future, and all five nodes."""
    mill = replace(MILL, latest_year=2032)
    shock = plan(projects=[mill], scenario=scenario())
    m = build(fork(plan(projects=[mill]), shock)).model

    assert keys(m.earnings.together) == {(0, "mill"), (1, "mill"), (3, "mill")}
    found, _ = coefficients(m.earnings.together[3, "mill"].body)
    assert found["investments.build[3,mill]"] == close(-12 + 3 * (D2 + D3 + D4))  # lenders, after 2032
    assert found["investments.build[4,mill]"] == close(D1 * (-12 + 3 * (D1 + D2 + D3 + D4)))


@covers("earnings.from_planned")
def test_of_several_builds_none_is_paid_for_before_one_was_to_produce():
    """What could ever be lost: 12 of capex, and 0.01 a t of what 100 t make in each of two years of three, twice."""
    mill = replace(MILL, max_builds=2, lead_years=1, latest_year=2031)
    m = build(single(plan(projects=[mill], price={"oxide": (0.06, 0.01, 0.01)}))).model

    assert keys(m.earnings.from_planned) == {(1, "mill"), (2, "mill")}
    most = 2 * (12 + 2 * 100 * 0.01) * 1.1**2
    assert_row(m.earnings.from_planned[1, "mill"], {"payments.topup[1,mill]": 1, BUILD: -most}, "<=", 0)
    row = {"payments.topup[2,mill]": 1, BUILD: -most, "investments.build[1,mill]": -most}
    assert_row(m.earnings.from_planned[2, "mill"], row, "<=", 0)


def test_neither_public_nor_committed_projects():
    projects = [replace(MILL, name="public", public=True, at_market=False), replace(MILL, committed_year=2030)]
    m = build(single(plan(projects=projects))).model

    assert keys(m.earnings.keeps) == set()


@covers("earnings.keeps")
def test_of_one_build_what_came_before_it_could_work_is_anothers():
    """A year of lead: what is decided in 2031 earns from 2032 on, what may be built twice from its decision on."""
    for builds, years in ((1, {2}), (2, {1, 2})):
        mill = replace(MILL, lead_years=1, latest_year=2031, max_builds=builds)
        m = build(single(plan(projects=[mill]))).model
        found, _ = coefficients(m.earnings.keeps[1, "mill"].body)
        assert {n for n in range(3) if f"earnings.earned[{n},mill]" in found} == years


@covers("earnings.from_planned")
def test_the_most_that_several_small_builds_could_lose():
    """12 of capex, and 0.01 a t of what each makes, 1.5 t or at least 1, in each of two years."""
    for capacity, most in ((1.5, 1.5), (0.25, 1.0)):
        mill = replace(MILL, capacity=capacity, max_builds=2, lead_years=1)
        m = build(single(plan(projects=[mill], price={"oxide": (0.06, 0.01, 0.01)}))).model
        limit = 2 * (12 + 2 * most * 0.01) * 1.1**2
        assert_row(m.earnings.from_planned[1, "mill"], {"payments.topup[1,mill]": 1, BUILD: -limit}, "<=", 0)


@covers("earnings.keeps")
def test_a_loan_takes_nothing_after_its_last_instalment():
    """3 of capex lent for one year without interest come back in 2030."""
    deal = floor("f", "mill", floor=0.0, tenor_years=1, loan_share=0.25, loan_rate=0.0, loan_years=1)
    m = build(single(plan(projects=[replace(MILL, capex=12.0)], floors=[deal], bank_price={"oxide": 0.01}))).model
    found, _ = written_out(m, m.earnings.keeps[0, "mill"])
    assert found.get(AWARD, 0.0) == close(3 - 3)


@covers("earnings.together")
def test_what_may_be_built_twice_earns_by_itself():
    m = build(single(plan(projects=[replace(MILL, latest_year=2031, max_builds=2)]))).model

    assert keys(m.earnings.together) == set()


@covers("earnings.of_build")
def test_a_small_margin_after_the_horizon_counts_too():
    small = replace(MILL, capacity=10.0, fixed_cost=0.1)
    m = build(single(plan(projects=[small]))).model

    row = {"earnings.own[0,mill,2]": 1, BUILD: -0.2 * (D3 + D4)}
    assert_row(m.earnings.of_build[0, "mill", 2], row, "<=", 0)


@covers("earnings.keeps")
def test_a_contract_that_is_broken_at_the_end_gives_back_to_the_floor_after_it():
    """Of the floor of 0.08 half the volume of the contract: 0.008 a tonne in 2032, 0.03 in each year after."""
    offtake = contract("c", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=5,
                       honoured={203001: True, 203101: True, 203201: False})  # fmt: skip
    kept = floor("f", "mill", floor=0.08, tenor_years=5)
    m = build(single(plan(projects=[replace(MILL, capex=90.0)], floors=[kept], contracts=[offtake]))).model
    found, _ = written_out(m, m.earnings.keeps[0, "mill"])
    assert found["price_floors.under_award[0,f,c]"] == close(0.5 * (0.008 * D2 + 0.03 * (D3 + D4)))


@covers("earnings.of_build")
def test_what_lenders_count_nothing_on_after_the_horizon_has_no_row():
    """100 t at 0.05 without cost, less 5 of fixed cost."""
    m = build(single(plan(projects=[replace(MILL, operating_cost=0.0, fixed_cost=5.0)]))).model

    assert keys(m.earnings.of_build) == set()
    assert keys(m.earnings.keeps) == {(0, "mill")}


@covers("earnings.from_planned")
def test_a_future_that_is_less_likely_may_be_paid_more_for_what_is_lost_in_all():
    """12 of capex, and 0.01 a t of 100 t in each of four nodes: by the probability of its own node."""
    mill = replace(MILL, max_builds=2, lead_years=1)
    data = plan(projects=[mill], price={"oxide": (0.06, 0.01, 0.01)})
    m = build(fork(data, replace(data, scenario=scenario()))).model

    for node, likely in ((1, 0.75), (3, 0.25)):
        most = 2 * (12 + 4 * 100 * 0.01) * 1.1**2 / likely
        assert_row(m.earnings.from_planned[node, "mill"], {f"payments.topup[{node},mill]": 1, BUILD: -most}, "<=", 0)


@covers("earnings.keeps")
def test_what_is_lost_at_the_end_earns_nothing_after_it():
    """10 t at 0.03, less 0.1 a year, are a margin of 0.2 to who could keep it."""
    small = replace(MILL, capacity=10.0, fixed_cost=0.1)
    m = build(single(replace(plan(projects=[small]), lost={"mill": time_of(2032)}))).model

    found, _ = written_out(m, m.earnings.keeps[0, "mill"])
    assert found[BUILD] == close(-12)
