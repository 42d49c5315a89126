from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.algebra import assert_row, close, coefficients, costs, covers, keys
from tests.rules.tiny_data import contract, cut, floor, fork, plan, project, scenario

from lodestone.data.tree import single
from lodestone.rules.build import build

# 100 t of oxide a year at 0.06, 0.066, 0.072; costs 0.016, 0.02 MUSD/t: cash 4, 4.6, 5.2; discounted and hurdle at 10 %
MILL = project("mill", capacity=100.0, capex=50.0, operating_cost=0.02, latest_year=2030, life_years=5)
BANK = {"oxide": 0.025}  # to lenders it earns 0.5 a year
LOAN = floor("f", "mill", floor=0.0, tenor_years=1, loan_share=0.4, loan_rate=0.05, loan_years=4, loan_loss_share=0.1)
STAKE = floor("f", "mill", floor=0.0, tenor_years=1, equity=2.0, equity_share=0.25)
AWARD = "price_floors.award[0,f]"

DS = 20 / (1 + 1 / 1.05 + 1 / 1.05**2 + 1 / 1.05**3)


def test_a_loan_is_lent_and_comes_back_less_what_is_lost():
    """Interest is less than the discount rate: worth less than the loan, so that f is 1."""
    m = build(single(plan(projects=[MILL], floors=[LOAN], bank_price=BANK))).model

    back = 0.9 * DS
    assert costs(m.capital, "loans") == {
        0: {AWARD: close(20 - back)},
        1: {AWARD: close(-back)},
        2: {AWARD: close(-back - back / 1.1)},  # the last instalment comes after the horizon
    }
    assert costs(m.capital, "equity") == {}


def test_interest_is_added_while_it_is_built():
    mill = replace(MILL, lead_years=2)
    m = build(single(plan(projects=[mill], floors=[replace(LOAN, loan_years=1)], bank_price=BANK))).model

    assert costs(m.capital, "loans") == {0: {AWARD: close(20)}, 2: {AWARD: close(-0.9 * 20 * 1.05**2)}}


def test_a_loan_never_earns():
    """At 30 % interest and without losses the instalments are worth more than the loan: cut to what it is worth."""
    dear = replace(LOAN, loan_rate=0.3, loan_loss_share=0.0, loan_years=2)
    m = build(single(plan(projects=[MILL], floors=[dear], bank_price=BANK))).model

    back = 20 / (1 + 1 / 1.1)  # equal, and worth 20 at 10 %
    assert costs(m.capital, "loans") == {0: {AWARD: close(20 - back)}, 1: {AWARD: close(-back)}}


def test_what_is_all_lost_does_not_come_back():
    m = build(single(plan(projects=[MILL], floors=[replace(LOAN, loan_loss_share=1.0)], bank_price=BANK))).model

    assert costs(m.capital, "loans") == {0: {AWARD: close(20)}}


def test_a_stake_is_put_in_and_paid_dividends_until_it_is_worth_what_it_cost():
    """A quarter of 4, 4.6, 5.2: 1, and of 1.15 at 10 % what 1 is worth at the decision: 1.1."""
    m = build(single(plan(projects=[MILL], floors=[STAKE], bank_price=BANK))).model

    assert costs(m.capital, "equity") == {0: {AWARD: close(2 - 1)}, 1: {AWARD: close(-1.1)}}


def test_dividends_to_come_count_at_the_last_years_prices_up_to_the_limit():
    """After 1 + 1.15 + 1.3, two more of 1.3 (the price of 2032 holds): of a stake of 4 what is left, of 9 all of it."""
    for equity in (4.0, 9.0):
        stake = replace(STAKE, equity=equity)
        m = build(single(plan(projects=[MILL], floors=[stake], bank_price=BANK))).model

        counted = 1 + 1.15 / 1.1 + 1.3 / 1.1**2
        to_come = min((equity - counted) * 1.1**2, 1.3 / 1.1 + 1.3 / 1.1**2)
        assert costs(m.capital, "equity") == {
            0: {AWARD: close(equity - 1)}, 1: {AWARD: close(-1.15)}, 2: {AWARD: close(-1.3 - to_come)}
        }  # fmt: skip


def test_risk_is_valued_as_those_who_bear_it_value_it():
    """Hurdle 20 %, discounted at 10 %: a dividend of 2031 counts 1.1 / 1.2, and as much of the limit as at 20 %."""
    risky = replace(MILL, hurdle_rate=0.2)
    m = build(single(plan(projects=[risky], floors=[STAKE], bank_price=BANK))).model

    left = (2 - 1 - 1.15 / 1.2) * 1.2**2  # of the 1.3 of 2032
    assert costs(m.capital, "equity") == {
        0: {AWARD: close(1)},
        1: {AWARD: close(-1.15 * 1.1 / 1.2)},
        2: {AWARD: close(-left * (1.1 / 1.2) ** 2)},
    }


def test_fixed_cost_comes_before_dividends():
    """A quarter of 4, 4.6 and 5.2 less 2, and of two more of 5.2 less 2 after the horizon."""
    mill, large = replace(MILL, fixed_cost=2.0), replace(STAKE, equity=90.0)
    m = build(single(plan(projects=[mill], floors=[large], bank_price=BANK))).model

    assert costs(m.capital, "equity") == {
        0: {AWARD: close(90 - 0.5)}, 1: {AWARD: close(-0.65)}, 2: {AWARD: close(-0.8 * (1 + 1 / 1.1 + 1 / 1.1**2))}
    }  # fmt: skip


def test_risk_of_dividends_to_come_is_valued_at_the_last_year():
    """Of a large stake all counts: 1, 1.15, 1.3 and two more of 1.3, worth less by 1.1 / 1.2 each year of the horizon.
    At a hurdle rate under the discount rate a dividend counts once, and not more."""
    large = replace(STAKE, equity=90.0)
    m = build(single(plan(projects=[replace(MILL, hurdle_rate=0.2)], floors=[large], bank_price=BANK))).model
    assert costs(m.capital, "equity")[2] == {
        AWARD: close(-(1.3 + 1.3 / 1.2 + 1.3 / 1.44) * (1.1 / 1.2) ** 2)
    }  # fmt: skip
    m = build(single(plan(projects=[replace(MILL, hurdle_rate=0.05)], floors=[large], bank_price=BANK))).model
    assert costs(m.capital, "equity")[1] == {AWARD: close(-1.15)}
    assert costs(m.capital, "equity")[2] == {AWARD: close(-1.3 - 1.3 / 1.05 - 1.3 / 1.05**2)}


def test_what_is_put_in_on_one_branch_comes_back_on_it():
    mill = replace(MILL, earliest_year=2031, latest_year=2031)
    deal = replace(LOAN, equity=90.0, equity_share=0.25)
    data = plan(projects=[mill], floors=[deal], bank_price=BANK)
    m = build(fork(data, replace(data, scenario=scenario()))).model

    names = {n: {f"price_floors.award[{d},f]"} for n, d in ((1, 1), (2, 1), (3, 3), (4, 3))}
    for term in ("loans", "equity"):
        assert {n: set(found) for n, found in costs(m.capital, term).items()} == names


def test_debt_service_comes_before_dividends():
    """Of a cash of 4, 4.6 and 5.2, 4 go to the lender of 4 years without interest; then one year with 5.2."""
    deal = replace(LOAN, loan_share=0.32, loan_rate=0.0, loan_loss_share=0.0, equity=20.0, equity_share=0.25)
    m = build(single(plan(projects=[MILL], floors=[deal], bank_price=BANK))).model

    to_come = 0.3 / 1.1 + 1.3 / 1.1**2
    assert costs(m.capital, "equity") == {
        0: {AWARD: close(20)}, 1: {AWARD: close(-0.15)}, 2: {AWARD: close(-0.3 - to_come)}
    }  # fmt: skip


def test_floor_and_credit_are_cash_in_the_tenor_unless_they_are_not_honoured():
    """A floor of 0.08 and a credit of 0.01 add 100 t x (0.02 + 0.01) in 2030; capex and dividends are its own."""
    deal = replace(STAKE, floor=0.08, credit=0.01, equity=90.0, tenor_years=2)
    broken = replace(deal, honoured={203001: True, 203101: False, 203201: False})
    base = plan(projects=[MILL], floors=[deal], bank_price=BANK)
    other = plan(projects=[MILL], floors=[broken], bank_price=BANK, scenario=scenario())
    m = build(fork(base, other)).model

    paid = costs(m.capital, "equity")
    assert paid[0] == {AWARD: close(90 - 0.25 * (4 + 3))}
    assert (paid[1], paid[3]) == ({AWARD: close(-0.25 * (4.6 + 2.4))}, {AWARD: close(-0.25 * 4.6)})


def test_dividends_along_each_path_at_its_own_prices():
    """In the shock there is nothing to share in 2031, and 2 in 2032: of 1 that is left what is worth 1 then, 1.21."""
    shock = plan(projects=[MILL], floors=[STAKE], bank_price=BANK, price={"oxide": (0.06, 0.01, 0.1)},
                 scenario=scenario())  # fmt: skip
    m = build(fork(plan(projects=[MILL], floors=[STAKE], bank_price=BANK), shock)).model

    assert costs(m.capital, "equity") == {
        0: {AWARD: close(1)}, 1: {AWARD: close(-1.1)}, 4: {AWARD: close(-1.21)}
    }  # fmt: skip


def test_in_a_period_its_part_of_a_year():
    data = cut(plan(projects=[MILL], floors=[replace(LOAN, equity=90.0, equity_share=0.25)], bank_price=BANK), y2031=3)
    m = build(single(data)).model

    quarter = {AWARD: close(-0.9 * DS / 4)}
    assert [costs(m.capital, "loans")[n] for n in (1, 2, 3, 4)] == [quarter] * 4
    assert keys(m.price_floors.award) == {(0, "f")}


@pytest.mark.parametrize("year", [2029, 2030])
def test_what_is_committed_before_the_horizon_is_spent_and_its_first_dividends_are_gone(year):
    deal = replace(LOAN, equity=2.0, equity_share=0.25, committed_year=year)
    m = build(single(plan(projects=[replace(MILL, committed_year=year)], floors=[deal], bank_price=BANK))).model

    held, back = "price_floors.committed[f]", 0.9 * DS
    lent = {held: close(20 - back)} if year == 2030 else {held: close(-back)}
    assert costs(m.capital, "loans")[0] == lent
    last = close(-back - back / 1.1) if year == 2030 else close(-back)
    assert costs(m.capital, "loans")[2] == {held: last}


@covers("bankability.bankable", "bankability.closing")
def test_lenders_count_the_stake_against_what_it_takes():
    """sigma 0.25; a floor of 0.03 gives 0.5 in each of two years; the contract of 0.035 is worth 1 a tonne and year."""
    deal = replace(LOAN, floor=0.03, tenor_years=2, equity=5.0, equity_share=0.25, capex_grant_share=0.1)
    offtake = contract("c", "mill", fixed=True, fixed_price=0.035, take_or_pay_share=1.0, tenor_years=5)
    data = plan(projects=[MILL], floors=[deal], contracts=[offtake], bank_price=BANK)
    m = build(single(data)).model

    life = sum(1.1**-t for t in range(5))
    gap = 50 - 0.5 * life
    debt = DS * sum(1.1**-t for t in range(4))
    beside = 5 + 20 + 5 - 0.75 * debt - 0.25 * 0.5 * life
    row = {
        AWARD: beside,
        "price_floors.covered[0,f,0]": 0.75 * 0.005 * (1 + 1 / 1.1),
        "contracts.q[0,c]": 0.01 * life,
        "price_floors.under_award[0,f,c]": -0.25 * 0.01 * life,
        "investments.build[0,mill]": -gap,
    }
    assert_row(m.bankability.bankable[0, "mill"], row, ">=", 0)
    row = {
        AWARD: -(beside + 0.75 * 0.5 * (1 + 1 / 1.1)) / gap,
        "contracts.sign[0,c]": -40 * 0.01 * life / gap,
        "investments.build[0,mill]": 1,
    }
    assert_row(m.bankability.closing[0, "mill"], row, "<=", 0)


@covers("price_floors.part_of_volume", "price_floors.only_awarded", "price_floors.all_of_volume")
def test_the_volume_under_an_award():
    """Told apart of every contract where there is a stake, else only where a contract may be broken."""
    contracts = [contract("c", "mill"), contract("bound", "mill", take_or_pay_share=0.5)]
    floors = [STAKE, replace(STAKE, name="plain", equity=0.0, equity_share=0.0)]
    data = plan(projects=[MILL], floors=floors, contracts=contracts, bank_price=BANK)
    m = build(single(data)).model

    assert keys(m.price_floors.under_award) == {(0, "f", "c"), (0, "f", "bound")}
    z, q = "price_floors.under_award[0,f,c]", "contracts.q[0,c]"
    assert_row(m.price_floors.part_of_volume[0, "f", "c"], {z: 1, q: -1}, "<=", 0)
    assert_row(m.price_floors.only_awarded[0, "f", "c"], {z: 1, AWARD: -40}, "<=", 0)
    assert_row(m.price_floors.all_of_volume[0, "f", "c"], {z: 1, q: -1, AWARD: -40}, ">=", -40)


@covers("bankability.bankable")
def test_what_the_base_breaks_of_a_contract_is_given_back_to_the_floor():
    """Half the volume under the floor of 0.03, 0.005 above lenders' 0.025, in 2032 and ever after."""
    deal = replace(LOAN, floor=0.03, tenor_years=5)
    offtake = contract("c", "mill", fixed=True, fixed_price=0.035, take_or_pay_share=0.5, tenor_years=5,
                       base_honoured={203001: True, 203101: True, 203201: False})  # fmt: skip
    m = build(single(plan(projects=[MILL], floors=[deal], contracts=[offtake], bank_price=BANK))).model
    found, _ = coefficients(m.bankability.bankable[0, "mill"].body)

    assert found["price_floors.under_award[0,f,c]"] == close(0.5 * 0.005 * sum(1.1**-t for t in (2, 3, 4)))
    assert found["contracts.q[0,c]"] == close(0.5 * 0.01 * (1 + 1 / 1.1))
