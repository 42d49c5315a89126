from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.algebra import assert_row, close, coefficients, costs, covers, keys
from tests.rules.tiny_data import contract, floor, fork, plan, project, scenario

from lodestone.data.tree import single
from lodestone.rules import bankability
from lodestone.rules.build import build

# Lenders believe in 0.05 MUSD/t from now on. Two years of life, 1 MUSD/yr fixed, 100 t of capacity at 0.04 MUSD/t:
# 2 t of oxide from 1 t of ore (at 0.003) are worth 0.097 a tonne of capacity. Discounting at 10 %.
MILL = project(
    "mill", recipe={"oxide": 2.0, "ore": -1.0}, capacity=100.0, capex=30.0, fixed_cost=1.0, operating_cost=0.04,
    life_years=2, latest_year=2030,
)  # fmt: skip
GAP = 30 + (1 + 100 * (0.04 - 0.097)) * (1 + 1 / 1.1)  # 21.03 MUSD


@covers("bankability.bankable")
def test_without_support_only_what_lenders_earn_on_is_built():
    unaided = project("unaided", latest_year=2030)
    even = project("even", capex=0.0, operating_cost=0.05, latest_year=2030)  # earns just its cost
    public = project("public", public=True, capex=30.0)
    m = build(single(plan(projects=[MILL, unaided, even, public]))).model

    assert keys(m.bankability.bankable) == {(0, "mill")}
    assert_row(m.bankability.bankable[0, "mill"], {"investments.build[0,mill]": -GAP}, ">=", 0)


@covers("bankability.bankable")
def test_grants_and_floors_on_the_whole_output():
    floors = [
        floor("short", "mill", floor=0.15, tenor_years=1),
        floor("long", "mill", floor=0.15, tenor_years=9),
        floor("granted", "mill", floor=0.06, capex_grant_share=0.5),
    ]
    m = build(single(plan(projects=[MILL], floors=floors))).model

    row = {
        "price_floors.award[0,short]": 200 * 0.1,
        "price_floors.award[0,long]": 200 * 0.1 * (1 + 1 / 1.1),
        "price_floors.award[0,granted]": 15 + 200 * 0.01 * (1 + 1 / 1.1),
        "investments.build[0,mill]": -GAP,
    }
    assert_row(m.bankability.bankable[0, "mill"], row, ">=", 0)


@covers("bankability.bankable")
def test_a_floor_is_worth_its_rate_on_what_is_not_under_contract():
    mill = project("mill", capex=30.0, capacity=100.0, lead_years=1, ramp_years=4, life_years=3, latest_year=2030)
    late = contract("c", "mill", tenor_years=2, take_or_pay_share=0.75, fixed=True, fixed_price=0.09, escalation=0.5)
    data = plan(projects=[mill], floors=[floor("f", "mill", floor=0.07)], contracts=[late])
    m = build(single(data)).model

    gap = 30 - 100 * 0.05 * (0.25 / 1.1 + 0.5 / 1.1**2 + 0.75 / 1.1**3)
    row = {
        "price_floors.covered[0,f,0]": (0.07 - 0.05) * (0.25 / 1.1 + 0.5 / 1.1**2),  # as long as the contract
        "price_floors.award[0,f]": 100 * (0.07 - 0.05) * 0.75 / 1.1**3,
        "contracts.q[0,c]": 0.75 * ((0.09 - 0.05) * 0.25 / 1.1 + (0.135 - 0.05) * 0.5 / 1.1**2),
        "investments.build[0,mill]": -gap,
    }
    assert_row(m.bankability.bankable[0, "mill"], row, ">=", 0)


@covers("bankability.bankable")
def test_what_takes_more_than_it_gives_counts_against_the_project():
    """[cheat] A floor below the lenders' price that pays its upside back, and a contract below it."""
    mill = project("mill", capacity=100.0, life_years=2, latest_year=2030, capex=20.0)
    low = floor("low", "mill", floor=0.04, upside_share=0.5)
    cheap = contract("cheap", "mill", index_premium=-0.2, take_or_pay_share=0.1, tenor_years=1)
    dear = contract("dear", "mill", index_premium=0.5, price_max=0.06, tenor_years=1)  # nothing is promised
    m = build(single(plan(projects=[mill], floors=[low], contracts=[cheap, dear]))).model

    row = {
        "price_floors.covered[0,low,0]": -0.5 * (0.05 - 0.04),
        "price_floors.award[0,low]": -100 * 0.5 * (0.05 - 0.04) / 1.1,
        "contracts.q[0,cheap]": -(0.05 - 0.04),
        "investments.build[0,mill]": 100 * 0.05 * (1 + 1 / 1.1) - 20,
    }
    assert_row(m.bankability.bankable[0, "mill"], row, ">=", 0)


@covers("bankability.bankable")
def test_each_decision_has_its_own_row_and_support():
    mill = project("mill", capex=50.0, capacity=100.0, life_years=1, max_builds=2)
    bank = {"oxide": (0.05, 0.04, 0.03, 0.02)}
    now = contract("now", "mill", take_or_pay_share=1.0, fixed=True, fixed_price=0.06, earliest_year=2031,
                   latest_year=2031)  # fmt: skip
    m = build(single(plan(projects=[mill], bank_price=bank, contracts=[now]))).model

    assert keys(m.bankability.bankable) == {(0, "mill"), (1, "mill"), (2, "mill")}
    assert_row(m.bankability.bankable[0, "mill"], {"investments.build[0,mill]": -(50 - 5)}, ">=", 0)
    row = {"contracts.q[1,now]": 0.06 - 0.04, "investments.build[1,mill]": -(50 - 4)}
    assert_row(m.bankability.bankable[1, "mill"], row, ">=", 0)


@covers("bankability.bankable")
def test_lenders_look_beyond_the_horizon():
    bank = {"oxide": {2030: 0.05, 2031: 0.05, 2032: 0.05, 2033: 0.02}}  # the last value holds
    mill = project("mill", capex=50.0, capacity=100.0, life_years=5, latest_year=2030)
    m = build(single(plan(projects=[mill], bank_price=bank))).model

    earned = 100 * (0.05 * (1 + 1 / 1.1 + 1 / 1.1**2) + 0.02 * (1 / 1.1**3 + 1 / 1.1**4))
    assert_row(m.bankability.bankable[0, "mill"], {"investments.build[0,mill]": -(50 - earned)}, ">=", 0)


@covers("bankability.bankable")
def test_lenders_do_not_know_the_scenario():
    mill = project("mill", capex=50.0, capacity=100.0, life_years=1)
    shock = plan(projects=[mill], price={"oxide": 9.0}, scenario=scenario())
    m = build(fork(plan(projects=[mill]), shock)).model

    assert keys(m.bankability.bankable) == {(n, "mill") for n in range(5)}
    for n in range(5):
        assert_row(m.bankability.bankable[n, "mill"], {f"investments.build[{n},mill]": -45}, ">=", 0)


# --- (10'): what follows from (10) for whole decisions ----------------------------------------------------------------


@covers("bankability.closing")
def test_a_build_needs_decisions_that_can_close_its_gap_together():
    floors = [
        floor("short", "mill", floor=0.15, tenor_years=1),
        floor("long", "mill", floor=0.15, tenor_years=9),
        floor("granted", "mill", floor=0.06, capex_grant_share=0.5),
        floor("useless", "mill", floor=0.0),
    ]
    contracts = [
        contract("small", "mill", fixed=True, fixed_price=0.15, take_or_pay_share=0.5, tenor_years=1),
        contract("all", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=9, max_t=999.0),
        contract("taking", "mill", fixed=True, fixed_price=0.01, tenor_years=1),
    ]
    m = build(single(plan(projects=[MILL], floors=floors, contracts=contracts))).model

    assert keys(m.bankability.closing) == {(0, "mill")}
    row = {
        "investments.build[0,mill]": 1,
        "price_floors.award[0,short]": -200 * 0.1 / GAP,
        "price_floors.award[0,long]": -1,  # more than enough by itself
        "price_floors.award[0,granted]": -(15 + 200 * 0.01 * (1 + 1 / 1.1)) / GAP,
        "contracts.sign[0,small]": -40 * 0.5 * 0.1 / GAP,
        "contracts.sign[0,all]": -200 * 0.5 * 0.04 * (1 + 1 / 1.1) / GAP,  # no more than it makes
    }
    assert_row(m.bankability.closing[0, "mill"], row, "<=", 0)


@covers("bankability.closing")
def test_years_in_which_a_floor_takes_can_be_under_contract():
    bank = {"oxide": (0.04, 0.06)}  # a floor of 0.05 gives in 2030 and takes in 2031
    mill = project("mill", capex=20.0, capacity=100.0, life_years=2, latest_year=2030)
    gap = 20 - 100 * (0.04 + 0.06 / 1.1)
    two_way = floor("two_way", "mill", floor=0.05, upside_share=0.5, tenor_years=2)
    short = contract("short", "mill", tenor_years=1, take_or_pay_share=0.1)
    m = build(single(plan(projects=[mill], floors=[two_way], contracts=[short], bank_price=bank))).model

    row = {  # the contract is worth nothing: its price is the lenders'
        "investments.build[0,mill]": 1, "price_floors.award[0,two_way]": -100 * 0.01 / gap
    }  # fmt: skip
    assert_row(m.bankability.closing[0, "mill"], row, "<=", 0)


@covers("bankability.closing")
def test_only_a_single_build_with_a_gap_needs_support():
    projects = [
        MILL,
        project("unaided"),
        project("even", capex=5.0, capacity=100.0, life_years=1, latest_year=2030),  # the gap is 0
        project("copied", capex=900.0, max_builds=2),
        project("public", public=True, capex=900.0),
    ]
    m = build(single(plan(projects=projects))).model

    assert keys(m.bankability.closing) == {(0, "mill")}
    assert_row(m.bankability.closing[0, "mill"], {"investments.build[0,mill]": 1}, "<=", 0)


def test_it_costs_nothing_by_itself():
    m = build(single(plan(projects=[MILL]))).model

    assert not hasattr(m.bankability, "cost")
    assert costs(m.investments, "capex") == {}


def test_table_of_a_project_built_on_a_gap_within_the_solvers_tolerance():
    data = plan(projects=[project("mill", capex=5.0 + 1e-9, capacity=100.0, life_years=1, latest_year=2030)])
    built = build(single(data))
    built.model.investments.build[0, "mill"].set_value(1)

    (row,) = bankability.table(built.tree, built.model.investments, support={})
    assert row["built"] == "yes"
    assert row["gap_musd"] == pytest.approx(0, abs=1e-8)


@covers("bankability.bankable", "bankability.closing")
def test_support_is_for_its_own_project():
    """Two mills that could both be decided in 2030, each with a floor and a contract."""
    twin = replace(MILL, name="twin")
    floors = [floor(f"floor_{g}", g, floor=0.15, tenor_years=1) for g in ("mill", "twin")]
    contracts = [contract(f"offtake_{g}", g, fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=1)
                 for g in ("mill", "twin")]  # fmt: skip
    m = build(single(plan(projects=[MILL, twin], floors=floors, contracts=contracts))).model

    row = {
        "price_floors.covered[0,floor_twin,0]": 0.1,
        "contracts.q[0,offtake_twin]": 0.5 * 0.04,
        "investments.build[0,twin]": -GAP,
    }
    assert_row(m.bankability.bankable[0, "twin"], row, ">=", 0)
    row = {
        "investments.build[0,mill]": 1,
        "price_floors.award[0,floor_mill]": -200 * 0.1 / GAP,
        "contracts.sign[0,offtake_mill]": -40 * 0.5 * 0.04 / GAP,
    }
    assert_row(m.bankability.closing[0, "mill"], row, "<=", 0)


@covers("bankability.closing")
def test_a_gap_that_is_no_more_than_rounding_needs_no_support():
    """A millionth of the capex, and of 1 MUSD where it is less: 1e-6 of 5, and of 0.5."""

    def bare(name, capex):  # earns 100 t x 0.05 MUSD/t in one year, the other 0.5
        return project(name, capex=capex, capacity=20 * capex // 1, life_years=1, latest_year=2030)

    projects = [
        replace(bare("under", 5.0), capex=5.0 + 4e-6),
        replace(bare("over", 5.0), capex=5.0 + 6e-6),
        replace(bare("small_under", 0.5), capex=0.5 + 0.9e-6),
        replace(bare("small_over", 0.5), capex=0.5 + 1.1e-6),
    ]
    m = build(single(plan(projects=projects))).model

    assert keys(m.bankability.closing) == {(0, "over"), (0, "small_over")}


def test_table_in_order_public_projects_apart():
    public = project("public", public=True, capex=1.0)
    even = project("even", capex=5.0, capacity=100.0, life_years=1, latest_year=2030)  # the gap is 0
    built = build(single(plan(projects=[public, even, MILL])))
    built.model.investments.build[0, "even"].set_value(1)

    rows = bankability.table(built.tree, built.model.investments, support={("even", 2030): ["f"]})

    assert [(r["project"], r["built"], r["closed_by"]) for r in rows] == [
        ("even", "yes", "not needed"),
        ("mill", "no", "no package closes it"),
    ]


def test_table_of_what_is_not_built_speaks_of_its_first_year_and_the_root():
    """Lenders believe in more from 2031 on; the capex of the shock is known from 2031 on only."""
    bank = {"oxide": (0.01, 0.9)}
    mill = project("mill", capex=5.0, capacity=100.0, life_years=1)
    shock = plan(projects=[replace(mill, capex=700.0)], bank_price=bank, scenario=scenario())
    built = build(fork(plan(projects=[mill], bank_price=bank), shock))

    (row,) = bankability.table(built.tree.along(4), built.model.investments, support={})

    assert (row["decision_year"], row["built"], row["closed_by"]) == (2030, "no", "no package closes it")
    assert row["gap_musd"] == pytest.approx(5 - 100 * 0.01)


@covers("bankability.bankable")
def test_a_gap_of_less_than_a_million_without_support_is_a_gap():
    mill = project("mill", capex=5.5, capacity=100.0, life_years=1, latest_year=2030)  # earns 5
    m = build(single(plan(projects=[mill]))).model

    assert_row(m.bankability.bankable[0, "mill"], {"investments.build[0,mill]": -0.5}, ">=", 0)


@covers("bankability.bankable")
def test_each_stake_takes_its_share_of_what_is_signed_beside_its_own_package():
    """A quarter, or a half, of what half of 0.04 MUSD/t above the lenders' price is worth in one year."""
    floors = [floor(o, "mill", floor=0.06, tenor_years=1, equity=1.0, equity_share=share)
              for o, share in (("f", 0.25), ("g", 0.5))]  # fmt: skip
    offtake = contract("c", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=1)
    m = build(single(plan(projects=[MILL], floors=floors, contracts=[offtake]))).model

    found, _ = coefficients(m.bankability.bankable[0, "mill"].body)
    under = {name: factor for name, factor in found.items() if "under_award" in name}
    shares = (("f", 0.25), ("g", 0.5))
    assert under == close({f"price_floors.under_award[0,{o},c]": -share * 0.02 for o, share in shares})


def test_a_contract_gives_the_floor_nothing_back_after_its_own_tenor():
    """It binds half of its volume in 2030 alone: that the base breaks it from 2031 on changes nothing."""
    broken = {203001: True, 203101: False, 203201: False}
    offtake = contract("c", "mill", take_or_pay_share=0.5, tenor_years=1, base_honoured=broken)
    built = build(single(plan(projects=[MILL], floors=[floor("f", "mill", floor=0.15)], contracts=[offtake])))
    block = built.model.price_floors

    assert keys(block.under_award) == {(0, "f", "c")}
    assert bankability.given_back(built.tree, block, "f", 0) == []
