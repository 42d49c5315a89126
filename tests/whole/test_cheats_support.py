"""Holes through which an optimiser was seen to cheat: lenders, price floors, contracts, top-ups and what is owed.

As in test_cheats.py each test is a workbook of a few rows with its honest optimum worked out beside it: Home wants
100 t of oxide a year, a tonne short costs 1000 USD/kg, the market price is 60 USD/kg, nothing is discounted, and
lenders ask for no return (hurdle rate 0) at the market's prices, unless a test says otherwise. kg(t * USD/kg) is MUSD.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import (
    add,
    built,
    change,
    close,
    cost,
    home,
    kg,
    market,
    only,
    recipe,
    rows,
    solve,
    spent,
    total,
)
from tests.support_books import SHORT, contract, floor, mine

from lodestone.errors import NoPlanError


def mill(book: Book, operating: float = 10, capacity: Any = 100, **cells: Any) -> None:
    """A plant at Home paid at market that makes oxide from the ground."""
    if "Processes" not in book:
        recipe(book, "mine", oxide=1)
    row = {"plant": "mill", "region": "Home", "process": "mine", "operating_cost_usd_per_kg": operating}
    add(book, "Plants", years=capacity, **{**row, **cells})


# --- the break-even flip ---------------------------------------------------------------------------------------------

LENDERS = {"discount_rate": 0.05, "bank_price_factor": 0.8}
PROJECT = {
    "capex": 3,
    "operating": 40,
    "life": 5,
    "fixed_cost_musd_per_yr": 0.2,
    "lead_years": 1,
    "ramp_years": 2,
    "hurdle_rate": 0.1,
}


def break_even() -> float:
    """USD/kg at which the mine of PROJECT earns 10 %: produces 50, 100, 100, 100, 100 t from the year after its
    decision.

    discounted costs 3000 + 200 (d1 + ... + d5) + 40 * output, discounted output 50 d1 + 100 (d2 + ... + d5), d_t =
    1.1^-t
    """
    d = [1.1**-t for t in range(1, 6)]
    output = 50 * d[0] + 100 * sum(d[1:])
    return (3000 + 200 * sum(d) + 40 * output) / output


def test_the_plan_reports_the_break_even_price_of_a_project() -> None:
    row = only(solve(mine(2031, settings=LENDERS, **PROJECT)), "bankability", project="mine_1")
    assert row["break_even_usd_per_kg"] == close(break_even())
    assert row["bank_price_usd_per_kg"] == close(0.8 * 60)
    d = [1.1**-t for t in range(1, 6)]
    output = 50 * d[0] + 100 * sum(d[1:])
    assert row["gap_musd"] == kg((break_even() - 48) * output)
    assert row["built"] == "no" and row["closed_by"] == "no package closes it"


def test_a_floor_just_under_break_even_leaves_the_mine_unbuilt_and_at_it_builds() -> None:
    """One project, tenor = life, no upside: the floor on the menu decides alone, however dear the shortage."""
    reported = only(solve(mine(2031, settings=LENDERS, **PROJECT)), "bankability", project="mine_1")
    for usd_per_kg, decided in ((break_even() - 0.01, []), (reported["break_even_usd_per_kg"], [("mine_1", 2026)])):
        book = mine(2031, settings=LENDERS, **PROJECT)
        floor(book, usd_per_kg, tenor=5)
        plan = solve(book)
        assert built(plan) == decided
        assert total(plan, "demand", "short_t") == close(150 if decided else 600)
        assert only(plan, "bankability", project="mine_1")["least_floor"] == ("floor_1" if decided else "")


@pytest.mark.parametrize(("price", "decided"), [(60, True), (59.99, False)])
def test_a_mine_exactly_at_break_even_needs_no_support(price: float, decided: bool) -> None:
    """capex 1.7 MUSD = 100 t * (60 - 43): bankable unaided at 60, one cent lower not."""
    plan = solve(mine(operating=43, capex=1.7, price=price))
    assert bool(built(plan)) == decided
    assert only(plan, "bankability", project="mine_1")["closed_by"] == (
        "not needed" if decided else "no package closes it"
    )


# --- what closes a gap -----------------------------------------------------------------------------------------------


def test_a_grant_and_a_floor_close_a_gap_that_neither_closes_alone() -> None:
    """capex 10, earns (60 - 40) * 100 t = 2: gap 8. A grant of half the capex is 5; a floor of 100 is 40 * 100 t =
    4.

    Together 9 close it: 60 * 100 t to the mine, 5 grant, 4 floor.
    """
    apart = mine(operating=40, capex=10)
    floor(apart, 0, capex_grant_share=0.5)
    floor(apart, 100)
    plan = solve(apart)  # nor are two packages added up: at most one a build
    assert plan["objective_musd"] == kg(SHORT) and not rows(plan, "price_floors")
    together = mine(operating=40, capex=10)
    floor(together, 100, capex_grant_share=0.5)
    plan = solve(together)
    assert plan["objective_musd"] == kg(100 * 60 + 5000 + 100 * 40)
    row = only(plan, "bankability", project="mine_1")
    assert (row["gap_musd"], row["closed_by"]) == (kg(8000), "floor_1")
    assert (spent(plan, "grants"), spent(plan, "floor_payments")) == (close(5), close(4))


def test_take_or_pay_closes_a_gap_and_a_promise_to_buy_does_not() -> None:
    """capex 2, earns nothing at 60: gap 2. A contract at 90 with 70 % take-or-pay is worth 0.7 * 30 a tonne to
    lenders: 95.24 t close it, of which the planner takes 70 %, 66.67 t, at 30 above market: 6.0 + 2.0. Without
    take-or-pay: 0.
    """
    book = mine(operating=60, capex=2)
    contract(book, usd_per_kg=90, take_or_pay_share=0.7)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60 + 2000)
    assert only(plan, "contracts")["annual_t"] == close(2000 / 21)
    assert only(plan, "contract_years")["taken_t"] == close(2000 / 30)
    assert only(plan, "bankability", project="mine_1")["closed_by"] == "contract_1"

    book = mine(operating=60, capex=2)
    contract(book, usd_per_kg=90, take_or_pay_share=0)
    assert cost(book) == kg(SHORT)


def test_a_tonne_is_not_counted_under_the_floor_and_under_the_contract() -> None:
    """Lenders expect 50, so that capex 3.5 and work at 60 leave a gap of 4.5. To them the floor of 100 is worth 50
    a tonne and the contract at 80 is worth 30; at the market's 60 they cost 40 and 20. With q tonnes under contract
    the floor covers 100 - q: 50 (100 - q) + 30 q >= 4500 allows q = 25, which costs 75 * 40 + 25 * 20. If lenders
    counted tonnes twice, q = 40 and 66 t covered would do, for 3.44.
    """
    book = mine(operating=60, capex=3.5)
    add(book, "BankPrices", material="oxide", years=50)
    floor(book, 100)
    contract(book, usd_per_kg=80, take_or_pay_share=1, max_t_per_yr=40)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60 + 75 * 40 + 25 * 20)
    assert only(plan, "floor_payments")["covered_t"] == close(75)


def test_a_floor_covers_what_a_contract_leaves_once_it_has_ended() -> None:
    """Life and floor two years, contract one: 60 t are covered in 2026, all 100 t in 2027. capex 7.2 = 3.2 + 4.0."""
    book = mine(2027, operating=60, capex=7.2, life=2)
    floor(book, 100, tenor=2)
    contract(book, usd_per_kg=80, take_or_pay_share=1, min_t_per_yr=40, max_t_per_yr=40)
    plan = solve(book)
    assert [row["covered_t"] for row in rows(plan, "floor_payments")] == [close(60), close(100)]
    assert plan["objective_musd"] == kg(2 * 100 * 60 + 3200 + 4000)


def test_a_tenor_ends_with_the_life_of_the_mine() -> None:
    """A floor of 80 for ten years on a mine of one year is worth 20 * 100 t = 2 to lenders, not 20: a gap of 3
    stays.
    """
    for capex, honest in ((3, 3 * SHORT), (2, 100 * 60 + 2000 + 2 * SHORT)):
        book = mine(2028, operating=60, capex=capex)
        floor(book, 80, tenor=10)
        assert cost(book) == kg(honest)


# --- floors pay on deemed output -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shortage", "decided"), [(300, False), (400, True)])
def test_a_floor_pays_on_what_an_idle_plant_could_make(shortage: float, decided: bool) -> None:
    """Only 20 t are wanted. The floor of 110 pays 50 on the 100 t that could be made, 5 MUSD, plus 20 * 60 for the
    oxide.

    Paying on the 20 t made, it would cost 2.2 and beat a shortage of 20 * 300 = 6.0. Honest: 6.2 does not; it beats
    8.0.
    """
    book = mine(operating=60, capex=5, demand=20, shortage=shortage)
    floor(book, 110)
    plan = solve(book)
    assert bool(built(plan)) == decided
    assert plan["objective_musd"] == kg(100 * 50 + 20 * 60 if decided else 20 * shortage)


@pytest.mark.parametrize(("price", "one_way", "two_way"), [(50, 10, 10), (60, 0, 0), (70, 0, -10)])
def test_floors_pay_the_difference_one_way_or_two_ways(price: float, one_way: float, two_way: float) -> None:
    """A floor of 60: one way it pays nothing at or above it; two ways (upside_share 1) payment + price = 60 always."""
    for upside, payment in ((0, one_way), (1, two_way)):
        book = mine(operating=45, price=price)
        add(book, "BankPrices", material="oxide", years=40)
        floor(book, 60, upside_share=upside)
        plan = solve(book)
        row = only(plan, "floor_payments")
        assert row["payment_musd"] == kg(100 * payment)
        assert plan["objective_musd"] == kg(100 * price + 100 * payment)
        if upside:
            assert row["payment_musd"] / 100 * 1000 + price == close(60)


def test_payment_and_price_add_up_to_a_two_way_floor_in_every_supported_year() -> None:
    """Prices 50, 65, 90, 60; the floor of 60 runs three years: 10, -5, -30; in the fourth year the market stands
    alone.
    """
    prices = [50, 65, 90, 60]
    book = mine(2029, operating=45, price=prices, life=4)
    add(book, "BankPrices", material="oxide", years=40)
    floor(book, 60, tenor=3, upside_share=1)
    plan = solve(book)
    for row, price in zip(rows(plan, "floor_payments"), prices, strict=False):
        assert row["price_usd_per_kg"] == close(price)
        assert row["payment_musd"] / row["covered_t"] * 1000 + price == close(60)
    assert [row["year"] for row in rows(plan, "floor_payments")] == [2026, 2027, 2028]
    assert plan["objective_musd"] == kg(3 * 100 * 60 + 100 * 60)


@pytest.mark.parametrize(("usd_per_kg", "expected"), [(55, 100 * 55 + 1000), (54.99, SHORT)])
def test_a_floor_that_takes_more_than_it_gives_counts_against_the_project(usd_per_kg: float, expected: float) -> None:
    """The mine earns (60 - 45) * 100 t = 1.5 on a capex of 2: 0.5 are missing. A grant of 1 leaves 0.5 to spare, which
    a two-way floor of 55 just takes back.

    If `covered` could be less than the deemed output where it takes, the planner would collect the upside of any
    floor; honest: at 54.99 lenders would lose 0.501, the package closes nothing, and nobody builds.
    """
    book = mine(operating=45, capex=2)
    floor(book, usd_per_kg, upside_share=1, capex_grant_share=0.5)
    assert cost(book) == kg(expected)


@pytest.mark.parametrize(("capex", "least", "taken"), [(0.5, 0, 100), (0.51, 0, 99), (0.51, 100, 0)])
def test_a_contract_below_the_lenders_price_counts_in_full(capex: float, least: float, taken: float) -> None:
    """As above, 1.0 to spare (or 0.99). A contract at 50 without take-or-pay takes 10 a tonne from the mine if it
    is used: lenders reckon with all of it, so that 100 t (or 99 t) can be signed, and none where 100 t is the
    least.
    """
    book = mine(operating=45, capex=capex)
    contract(book, usd_per_kg=50, min_t_per_yr=least)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60 - taken * 10)
    assert total(plan, "contract_years", "taken_t") == close(taken)


# --- nobody pays to be allowed to work, and nobody is paid twice -----------------------------------------------------


def test_a_unit_is_paid_at_least_its_operating_cost() -> None:
    """A mill that costs 70 works for 70 although the market gives 60: 60 value added, 10 on top."""
    book = home()
    mill(book, operating=70)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 70)
    assert (spent(plan, "payments_to_units"), spent(plan, "topups")) == (kg(100 * 60), kg(100 * 10))


def test_ore_dearer_than_its_oxide_does_not_pay_the_planner() -> None:
    """Ore at 80 for oxide at 60 adds -20 and costs 5 to refine. The refinery is paid 5, not charged 20: 80 + 5 a
    tonne.
    """
    book = home()
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=80)
    recipe(book, "refine", ore=-1, oxide=1)
    market(book, "ore_trader", "Home", "ore")
    add(book, "Plants", plant="refinery", region="Home", process="refine", operating_cost_usd_per_kg=5, years=100)
    assert cost(book) == kg(100 * 85)


def test_a_chain_is_paid_the_price_of_what_comes_out_of_it() -> None:
    """Ore 5, oxide 60, magnets 100: mine 5 a tonne of ore, refinery 60 - 50, press 100 - 0.3 * 60. In all 100 a
    magnet tonne.

    100 t of magnets take 30 t of oxide and 300 t of ore: 300 * 5 + 30 * 10 + 100 * 82 = 100 * 100. Nothing is paid
    twice.
    """
    book = home(demand=0)
    for name, price in (("ore", 5), ("magnet", 100)):
        add(book, "Materials", material=name)
        add(book, "Prices", material=name, years=price)
    recipe(book, "mine", ore=1)
    recipe(book, "refine", ore=-10, oxide=1)
    recipe(book, "press", oxide=-0.3, magnet=1)
    for process in ("mine", "refine", "press"):
        add(
            book,
            "Plants",
            plant=f"{process}_1",
            region="Home",
            process=process,
            operating_cost_usd_per_kg=1,
            years=1000,
        )
    add(book, "Demand", region="Home", sector="industry", material="magnet", years=100)
    plan = solve(book)
    assert plan["objective_musd"] == kg(300 * 5 + 30 * 10 + 100 * 82) == kg(100 * 100)
    assert spent(plan, "topups") == 0


@pytest.mark.parametrize(
    "usd_per_kg, made, paid",
    [
        (75, 100, 60 * 100 + 15 * 100),  # the floor gives more than the 70 that work costs: no top-up
        (65, 100, 60 * 100 + 5 * 100 + 5 * 100),  # 65 of 70: the top-up is the 5 that are missing, not 10
        (65, 20, 60 * 20 + 5 * 100),  # 5 on 100 t deemed more than cover the loss of 10 on the 20 t made
    ],
)
def test_a_floor_is_not_topped_up_a_second_time(usd_per_kg: float, made: float, paid: float) -> None:
    """Work costs 70, the market gives 60, lenders expect 70: the capex of 2 is the gap, and the package grants it."""
    book = mine(operating=70, capex=2, demand=made)
    add(book, "BankPrices", material="oxide", years=70)
    floor(book, usd_per_kg, capex_grant_share=1)
    assert cost(book) == kg(paid + 2000)


def test_a_contract_is_not_topped_up_a_second_time() -> None:
    """Work costs 70, the market gives 60, a contract for at least 100 t gives 65: 60 + 5 contract + 5 top-up.

    A contract at 40 takes 20 from the mill, which is topped up by 30: it saves nothing and, with a fee, is not signed.
    """
    book = home()
    mill(book, operating=70, spot_share=0)
    contract(book, "mill", usd_per_kg=65)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 70)
    assert (spent(plan, "contract_differences"), spent(plan, "topups")) == (kg(100 * 5), kg(100 * 5))

    book = home()
    mill(book, operating=70)
    contract(book, "mill", usd_per_kg=40, signing_fee_musd=0.001)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 70) and not rows(plan, "contracts")


def test_gains_and_losses_both_count_so_that_nobody_pays_to_work() -> None:
    """Life 2026 and 2027, prices 60 and 100, work costs 50. A two-way floor of 40 takes 20 back in 2026, more than
    the margin of 10: honest, the mine is topped up to its 50. 2027 costs 100. Lenders keep 6 - 2 of what it earns, and
    miss 4 of the capex of 10 without the package: its grant of 6 less the 2 closes just that.
    """
    book = mine(2027, operating=50, price=[60, 100], life=2, capex=10)
    floor(book, 40, upside_share=1, capex_grant_share=0.6)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 50 + 100 * 100 + 6000)
    assert (spent(plan, "floor_payments"), spent(plan, "topups")) == (kg(-100 * 20), kg(100 * 10))


def test_an_idle_plant_has_nothing_to_pay_back() -> None:
    """A two-way floor of 50 for 2026 and 2027, prices 60 and 100, nothing wanted in 2027: 50 * 100 t of upside on
    paper.

    Honest: 10 back in 2026 out of the mine's margin of 20, nothing in 2027 when it earns nothing. Lenders count on
    2 + 6 for a capex of 10; a grant of 8 less the 1 + 5 paid back closes the 2 that are missing. It earns 1 in the
    plan, so that 1 is added (26).
    """
    book = mine(2027, operating=40, price=[60, 100], demand=[100, 0], life=2, capex=10)
    floor(book, 50, tenor=2, upside_share=1, capex_grant_share=0.8)
    assert cost(book) == kg(100 * 50 + 8000 + 1000)


# --- what runs beyond the horizon is owed ----------------------------------------------------------------------------

QUARTER = {"discount_rate": 0.25, "bank_price_factor": 1}


@pytest.mark.parametrize(("shortage", "decided"), [(125, False), (130, True)])
def test_a_floor_is_owed_after_the_last_year(shortage: float, decided: bool) -> None:
    """The plan ends in 2026, the floor of 80 runs five years: 2.0 in 2026 and 2.0 * (0.8 + 0.64 + 0.512 + 0.4096)
    after.

    With 6.0 for the oxide that is 12.72: a plan blind to what follows would pay 8.0 and build at any shortage above
    80.
    """
    book = mine(operating=60, capex=10, life=5, shortage=shortage, settings=QUARTER)
    floor(book, 80, tenor=5)
    plan = solve(book)
    owed = 2000 * (0.8 + 0.64 + 0.512 + 0.4096)
    assert bool(built(plan)) == decided
    assert plan["objective_musd"] == kg(100 * 60 + 2000 + owed if decided else 100 * shortage)
    assert spent(plan, "owed_beyond_horizon") == kg(owed if decided else 0)


def test_a_floor_that_starts_in_the_last_year_is_owed_on_the_full_ramp() -> None:
    """Decided 2026, produces 2027 (half), then in full: owed 100 t * 20 in 2028, at 80 % of its worth; 2027 pays 50
    * 20.
    """
    book = mine(2027, operating=60, capex=3, life=2, lead_years=1, ramp_years=2, settings=QUARTER)
    floor(book, 80, tenor=2)
    plan = solve(book)
    assert spent(plan, "floor_payments") == kg(50 * 20)
    assert spent(plan, "owed_beyond_horizon") == kg(100 * 20 * 0.8)
    assert plan["objective_musd"] == kg(SHORT + 0.8 * (50 * 60 + 50 * 1000 + 50 * 20 + 100 * 20 * 0.8))


@pytest.mark.parametrize(("shortage", "decided"), [(106, False), (107, True)])
def test_take_or_pay_is_owed_after_the_last_year(shortage: float, decided: bool) -> None:
    """A contract for 100 t at 90, growing by 10 % a year, half of it take-or-pay, for 2026 to 2028; the plan ends
    in 2026.

    2026: 50 t at 30 above market. Owed: half of 100 t at 99 - 60 and 108.9 - 60, discounted by 25 % a year.
    """
    book = mine(operating=60, capex=1, life=3, shortage=shortage, settings=QUARTER)
    contract(book, usd_per_kg=90, tenor=3, take_or_pay_share=0.5, min_t_per_yr=100, escalation_share_per_yr=0.1)
    plan = solve(book)
    owed = 50 * (99 - 60) * 0.8 + 50 * (108.9 - 60) * 0.64
    assert bool(built(plan)) == decided
    assert plan["objective_musd"] == kg(100 * 60 + 50 * 30 + owed if decided else 100 * shortage)


def test_take_or_pay_is_owed_on_what_a_stricken_supplier_can_still_give() -> None:
    """From 2026 on the mill has 40 of its 100 t. Signed for 100 t at 90 and full take-or-pay until 2027; the plan
    ends in 2026: 40 t at 90, 60 t short, and 40 t at 90 - 60 owed at 80 %.
    """
    book = home(discount_rate=0.25)
    mill(book, spot_share=0)
    contract(book, "mill", usd_per_kg=90, tenor=2, take_or_pay_share=1, min_t_per_yr=100)
    change(book, "flood", "Plants", "mill", 0.4, operation="multiply")
    assert cost(book, "flood") == kg(40 * 90 + 60 * 1000 + 0.8 * 40 * 30)


def test_later_receipts_are_not_credited() -> None:
    """A two-way floor of 50 runs 2026 to 2028 and the plan ends in 2026: 10 a tonne come back in 2026, and no more.

    Nor is a contract at 50 for three years credited with what it would save after 2026. (Lenders count on 6 for a capex
    of 10; a grant of 7 less the 3 paid back closes the 4 that are missing.)
    """
    book = mine(operating=40, life=3, capex=10)
    floor(book, 50, tenor=3, upside_share=1, capex_grant_share=0.7)
    assert cost(book) == kg(100 * 50 + 7000)
    book = mine(operating=40, life=3)
    contract(book, usd_per_kg=50, tenor=3, take_or_pay_share=1)
    assert cost(book) == kg(100 * 50)


# --- contracts -------------------------------------------------------------------------------------------------------


def test_nothing_is_bought_until_a_contract_is_signed() -> None:
    """A market with spot_share 0. Its contract can be signed from 2027 on, with delivery a year later: 2028 at 60."""
    book = home(2028)
    market(book, "trader", "Home", spot_share=0)
    assert cost(book) == kg(3 * SHORT)
    contract(book, "trader", earliest_year=2027, start_delay_years=1, tenor=5)
    plan = solve(book)
    assert plan["objective_musd"] == kg(2 * SHORT + 100 * 60)
    assert [row["year"] for row in rows(plan, "markets")] == [2028]


def test_half_of_a_plant_is_open_without_a_contract() -> None:
    """spot_share 0.5 and no contract on offer: 50 of 100 t. The contract for 30 t opens 30 more."""
    book = home()
    mill(book, spot_share=0.5)
    assert cost(book) == kg(50 * 60 + 50 * 1000)
    contract(book, "mill", max_t_per_yr=30)
    assert cost(book) == kg(80 * 60 + 20 * 1000)


@pytest.mark.parametrize(("capacity", "volume"), [([100, 100], 100), ([100, 70], 70)])
def test_contracts_together_promise_no_more_than_the_supplier_makes(capacity: list[float], volume: float) -> None:
    """Two contracts for up to 80 t each at 20 below market: together 100 t, or what the mill makes in its worst
    year.

    All capacity is under contract only, so that 100 - volume are short in each of the two years.
    """
    book = home(2027)
    mill(book, capacity=capacity, spot_share=0)
    for _ in range(2):
        contract(book, "mill", usd_per_kg=40, tenor=2, max_t_per_yr=80, earliest_year=2026, latest_year=2026)
    plan = solve(book)
    assert total(plan, "contracts", "annual_t") == close(volume)
    assert plan["objective_musd"] == kg(2 * (volume * 40 + (100 - volume) * 1000))


def test_contracts_together_take_no_more_than_is_made() -> None:
    """Contracts 20 below market for 160 t with a market of 100 t: the 20 are saved on the 100 t, not on 160."""
    book = home()
    market(book, "trader", "Home", years=100)
    for _ in range(2):
        contract(book, "trader", usd_per_kg=40, max_t_per_yr=80)
    assert cost(book) == kg(100 * 40)


def test_a_contract_below_market_saves_on_what_is_bought_and_on_nothing_else() -> None:
    """A contract for 100 t at 40 when 30 t are wanted: 30 * 40. The other 70 t, bought and discarded, would cost 40
    each.
    """
    book = home(demand=30)
    market(book, "trader", "Home")
    contract(book, "trader", usd_per_kg=40)
    plan = solve(book)
    assert plan["objective_musd"] == kg(30 * 40)
    assert total(plan, "balance", "discarded_t") == close(0)


def test_a_contract_with_a_project_is_signed_at_its_decision() -> None:
    """The mine can be decided in 2026 only, its contract at 50 signed in 2027 only: so it is not, and 60 are paid."""
    book = mine(2027, operating=40, life=2)
    contract(book, usd_per_kg=50, earliest_year=2027)
    assert cost(book) == kg(2 * 100 * 60)


def test_a_contract_with_a_project_grows_with_its_ramp() -> None:
    """Half of the capacity in 2026: a contract for 100 t at 50 delivers 50 t, then 100 t. Nothing is sold without
    one.
    """
    book = mine(2027, operating=40, life=2, ramp_years=2, spot_share=0)
    contract(book, usd_per_kg=50, tenor=2, take_or_pay_share=1)
    plan = solve(book)
    assert [row["active_t"] for row in rows(plan, "contract_years")] == [close(50), close(100)]
    assert plan["objective_musd"] == kg(150 * 50 + 50 * 1000)


def test_index_prices_keep_within_their_collar_and_leave_out_the_suppliers_premium() -> None:
    """Prices 40, 60, 100; index + 10 % between 50 and 90: 50 (not 44), 66, 90 (not 110). The market itself asks 20
    % more: 48, 72, 120, which the contract replaces.
    """
    book = home(2028, price=[40, 60, 100])
    market(book, "trader", "Home", premium_share=0.2, spot_share=0)
    contract(book, "trader", tenor=3, index_premium_share=0.1, price_min_usd_per_kg=50, price_max_usd_per_kg=90)
    plan = solve(book)
    years = rows(plan, "contract_years")
    assert [row["contract_price_usd_per_kg"] for row in years] == [close(50), close(66), close(90)]
    assert [row["market_price_usd_per_kg"] for row in years] == [close(48), close(72), close(120)]
    assert plan["objective_musd"] == kg(100 * (50 + 66 + 90))


def test_fixed_prices_escalate_from_the_first_delivery_year() -> None:
    """Signed in 2026, delivered from 2027: 50, 55, 60.5."""
    book = home(2029)
    market(book, "trader", "Home", spot_share=0)
    contract(book, "trader", usd_per_kg=50, tenor=3, start_delay_years=1, escalation_share_per_yr=0.1, latest_year=2026)
    plan = solve(book)
    prices = [row["contract_price_usd_per_kg"] for row in rows(plan, "contract_years")]
    assert prices == [close(50), close(55), close(60.5)]
    assert plan["objective_musd"] == kg(SHORT + 100 * (50 + 55 + 60.5))


def test_take_or_pay_is_paid_when_the_material_is_no_longer_wanted() -> None:
    """Only a contract for 100 t a year in 2026 and 2027 gives access: 80 each, three quarters take-or-pay. In the
    scenario nothing is wanted in 2027: 75 t at 80 are paid all the same. (Taken and discarded they would cost as
    much.)
    """
    book = home(2027)
    market(book, "trader", "Home", spot_share=0)
    contract(book, "trader", usd_per_kg=80, tenor=2, take_or_pay_share=0.75, min_t_per_yr=100, latest_year=2026)
    add(book, "Scenarios", scenario="obsolete", from_year=2027)
    change(book, "obsolete", "Demand", "Home/industry/oxide", 0)
    plan = solve(book, "obsolete")
    assert plan["objective_musd"] == kg(100 * 80 + 75 * 80)
    assert only(plan, "contract_years", year=2027)["untaken_t"] == close(75)
    assert cost(book) == kg(2 * 100 * 80)


def test_force_majeure_limits_deliveries_and_what_is_paid_for_them() -> None:
    """The mill loses 60 of its 100 t in 2027. A contract for 100 t at 50, all take-or-pay, then gives 40 t and asks
    for 40.

    2026: 100 * 50. 2027: 40 * 50 and 60 t short; the 60 t that cannot be delivered are not paid.
    """
    book = home(2027)
    mill(book, spot_share=0)
    contract(book, "mill", usd_per_kg=50, tenor=2, take_or_pay_share=1, min_t_per_yr=100)
    add(book, "Scenarios", scenario="flood", from_year=2027)
    change(book, "flood", "Plants", "mill", 0.4, operation="multiply")
    assert cost(book) == kg(2 * 100 * 50)
    plan = solve(book, "flood")
    assert plan["objective_musd"] == kg(100 * 50 + 40 * 50 + 60 * 1000)
    assert [row["active_t"] for row in rows(plan, "contract_years")] == [close(100), close(40)]


@pytest.mark.parametrize(("left", "delivered"), [(0, 0), (30, 30)])
def test_force_majeure_of_an_unlimited_market(left: float, delivered: float) -> None:
    """[cheat] Where the base is unlimited, what is left is measured by the contracts with the market: 30 t of 100 t.
    Nobody pays for what a stricken supplier cannot give.
    """
    book = home()
    market(book, "trader", "Home", spot_share=0)
    contract(book, "trader", usd_per_kg=50, take_or_pay_share=1, min_t_per_yr=100)
    change(book, "crisis", "Markets", "trader", left)
    plan = solve(book, "crisis")
    assert total(plan, "contract_years", "active_t") == close(delivered)
    assert plan["objective_musd"] == kg(left * 50 + (100 - left) * 1000)


# --- budgets ---------------------------------------------------------------------------------------------------------


def test_a_year_of_receipts_does_not_fill_a_budget() -> None:
    """A two-way floor of 60 receives 1.0 in 2026 (price 70) and pays 1.0 in 2027 (price 50). Net payments of a year
    are at least 0, also when money is carried over: a budget of 0 and 0.9 does not allow it, one of 0 and 1.0 does.
    """
    for money, decided in (([0, 0.9], False), ([0, 1.0], True)):
        book = mine(2027, operating=45, price=[70, 50], life=2, capex=1.0)
        add(book, "BankPrices", material="oxide", years=45)
        floor(book, 60, tenor=2, upside_share=1)
        add(book, "Budgets", budget="support", covers="floors", carry_over="yes", years=money)
        plan = solve(book)
        assert bool(built(plan)) == decided
        assert plan["objective_musd"] == kg(2 * 100 * 60 if decided else 2 * SHORT)


def test_filling_a_stock_from_a_public_plant_is_an_outlay_too() -> None:
    """The reserve needs 100 t at the end of 2026 (365 days of 100 t); own oxide put in counts at the price of 60: 6
    MUSD.
    """
    for money, possible in ((6.0, True), (5.99, False)):
        book = home()
        mill(book, operating=10, capacity=200, pricing="cost")
        add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=100, years=365)
        add(book, "Budgets", budget="reserve", covers="stockpile", years=money)
        if possible:
            assert cost(book) == kg(200 * 10 - 100 * 30)
        else:
            with pytest.raises(NoPlanError):
                solve(book)
