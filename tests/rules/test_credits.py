from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, close, costs, covers
from tests.rules.tiny_data import contract, floor, fork, plan, plant, project, scenario

from lodestone.data.tree import single
from lodestone.rules.build import build

MILL = project("mill", recipe={"oxide": 0.5}, capacity=80.0, latest_year=2030, capex=9000.0)  # 40 t of oxide a year
CREDIT = floor("f", "mill", floor=0.0, credit=0.01, tenor_years=2)


def test_a_credit_is_paid_on_all_that_could_be_made_in_the_tenor():
    mill = replace(MILL, lead_years=1, ramp_years=2)
    offtake = contract("c", "mill", take_or_pay_share=1.0)  # takes nothing from it
    m = build(single(plan(projects=[mill], floors=[CREDIT], contracts=[offtake]))).model

    assert costs(m.credits, "credits") == {
        1: {"price_floors.award[0,f]": close(20 * 0.01)},
        2: {"price_floors.award[0,f]": close(40 * 0.01)},
    }
    assert costs(m.credits, "owed_beyond_horizon") == costs(m.price_floors, "floor_payments") == {}


def test_what_runs_beyond_the_horizon_is_owed():
    m = build(single(plan(projects=[MILL], floors=[replace(CREDIT, tenor_years=5)]))).model

    owed = 0.4 * (1 / 1.1 + 1 / 1.1**2)
    assert costs(m.credits, "owed_beyond_horizon") == {2: {"price_floors.award[0,f]": close(owed)}}


def test_not_paid_while_it_is_not_honoured():
    broken = replace(CREDIT, tenor_years=9, honoured={203001: True, 203101: False, 203201: False})
    base = plan(projects=[MILL], floors=[replace(CREDIT, tenor_years=4)])
    m = build(fork(base, plan(projects=[MILL], floors=[replace(broken, tenor_years=4)], scenario=scenario()))).model

    paid = {"price_floors.award[0,f]": close(0.4)}
    assert costs(m.credits, "credits") == {0: paid, 1: paid, 2: paid}
    assert costs(m.credits, "owed_beyond_horizon") == {2: {"price_floors.award[0,f]": close(0.4 / 1.1)}}


def test_a_plants_credit_is_on_its_capacity_of_the_year():
    refinery = plant("refinery", recipe={"oxide": 0.5}, capacity=(100.0, 60.0, 80.0))
    given = floor("g", "refinery", floor=0.0, credit=0.02, tenor_years=2, committed_year=2031)
    m = build(single(plan(plants=[refinery], floors=[given]))).model

    assert costs(m.credits, "credits") == {
        1: {"price_floors.committed[g]": close(30 * 0.02)},
        2: {"price_floors.committed[g]": close(40 * 0.02)},
    }


@covers("payments.pays")
def test_a_credit_counts_in_the_topup():
    mill = project("mill", operating_cost=0.09, capacity=80.0, latest_year=2030)
    m = build(single(plan(projects=[mill], floors=[replace(CREDIT, tenor_years=1)]))).model

    row = {"payments.topup[0,mill]": 1, "flows.act[0,mill,clean]": -0.03, "price_floors.award[0,f]": 0.8}
    assert_row(m.payments.pays[0, "mill"], row, ">=", 0)


@covers("bankability.bankable", "bankability.closing")
def test_lenders_count_a_credit_on_the_whole_output():
    mill = project("mill", capacity=100.0, capex=50.0, life_years=3, latest_year=2030)
    bank = {"oxide": 0.01}
    offtake = contract("c", "mill", take_or_pay_share=1.0, tenor_years=1)
    m = build(single(plan(projects=[mill], floors=[CREDIT], contracts=[offtake], bank_price=bank))).model

    gap = 50 - 100 * 0.01 * (1 + 1 / 1.1 + 1 / 1.1**2)
    credit = 100 * 0.01 * (1 + 1 / 1.1)
    row = {"price_floors.award[0,f]": credit, "investments.build[0,mill]": -gap}
    assert_row(m.bankability.bankable[0, "mill"], row, ">=", 0)
    row = {"price_floors.award[0,f]": -credit / gap, "investments.build[0,mill]": 1}
    assert_row(m.bankability.closing[0, "mill"], row, "<=", 0)


def test_credits_of_several_packages_add_up():
    mills, floors = [MILL, replace(MILL, name="twin")], [CREDIT, replace(CREDIT, name="g", project="twin")]
    m = build(single(plan(projects=mills, floors=floors))).model

    both = {"price_floors.award[0,f]": close(0.4), "price_floors.award[0,g]": close(0.4)}
    assert costs(m.credits, "credits") == {0: both, 1: both}


def test_what_several_packages_owe_adds_up():
    long = replace(CREDIT, tenor_years=4)
    mills, floors = [MILL, replace(MILL, name="twin")], [long, replace(long, name="g", project="twin")]
    m = build(single(plan(projects=mills, floors=floors))).model

    both = {f"price_floors.award[0,{o}]": close(0.4 / 1.1) for o in "fg"}
    assert costs(m.credits, "owed_beyond_horizon") == {2: both}
