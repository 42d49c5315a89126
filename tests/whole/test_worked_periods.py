"""Months, prices by region and duties, worked out by hand on tiny workbooks."""

from __future__ import annotations

import pytest
from tests.make import Book
from tests.solving import FIRST, add, change, cost, home, kg, lane, market, only, recipe, solve, solve_all, spent, total

SECOND = FIRST + 1
HALVES, QUARTERS, MONTHS = 6, 3, 1


def cut(book: Book, months: int, year: int = SECOND) -> Book:
    add(book, "Periods", year=year, months=months)
    return book


def known(book: Book, sheet: str, row: str, value: float, months: tuple[int, int], operation: str = "set") -> None:
    """What is known to happen within the second year."""
    add(book, "Changes", scenario="base", sheet=sheet, row=row, column="years", from_year=SECOND, from_month=months[0],
        to_year=SECOND, to_month=months[1], operation=operation, value=value)  # fmt: skip


# --- a ban of three months --------------------------------------------------------------------------------------------


def banned(days: float, room: float, months: int = MONTHS) -> Book:
    """365 t a year, all from China; one future in ten brings a ban from April to June of the second year.

    A quarter of a year needs 91.25 t. The reserve holds its days of cover from the start and has room for `room`
    tonnes.
    """
    book = cut(home(SECOND, demand=365, stock_end_value_share=0), months)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=days, capacity_t=room,
        covers="Home", years=days)  # fmt: skip
    add(book, "Scenarios", scenario="ban", probability=0.1, from_year=SECOND, from_month=4, emergency_from=SECOND,
        emergency_from_month=4, emergency_to=SECOND, emergency_to_month=6, refill_years=0)  # fmt: skip
    add(book, "Changes", scenario="ban", sheet="Markets", row="china", column="years", from_year=SECOND, from_month=4,
        to_year=SECOND, to_month=6, operation="set", value=0)  # fmt: skip
    return book


@pytest.mark.parametrize("months", [MONTHS, QUARTERS])
@pytest.mark.parametrize(("days", "room", "short"), [(90, 100, 0), (90, 90, 1.25), (45, 45, 46.25)])
def test_with_90_days_of_cover_nobody_is_short_in_a_ban_of_three_months(
    days: float, room: float, short: float, months: int
) -> None:
    """A quarter needs 91.25 t. 90 days hold 90 t: with a little room 1.25 t more is stored before anybody knows, and
    used afterwards if no ban comes, so that it costs nothing. 45 days hold half: 46.25 t are short.

    21.9 a year; in the ban, one in ten, each tonne short costs 1000 instead of 60. From July on cover is full again.
    """
    plan = solve_all(banned(days, room, months), values=False)
    assert plan["objective_musd"] == kg(2 * 365 * 60 + 0.1 * short * (1000 - 60))
    assert total(plan, "demand", "short_t", scenario="ban") == pytest.approx(short, abs=1e-5)


def test_a_model_of_years_does_not_see_the_ban() -> None:
    """500 t on sale, three quarters of which are 375 t: enough for 365 t. In months 91.25 t are short."""
    book = home(SECOND, demand=365)
    market(book, "china", "China", years=500)
    lane(book, "China", "Home")
    add(book, "Scenarios", scenario="ban", from_year=SECOND)
    yearly = {**book, "Changes": [[]]}
    change(yearly, "ban", "Markets", "china", 0.75, operation="multiply")
    assert cost(yearly, "ban") == kg(2 * 365 * 60)
    monthly = cut({**book, "Changes": [[]]}, MONTHS)
    change(monthly, "ban", "Markets", "china", 0, from_year=SECOND, from_month=4, to_year=SECOND, to_month=6)
    assert cost(monthly, "ban") == kg((2 * 365 - 91.25) * 60 + 91.25 * 1000)


def test_a_reserve_gives_a_month_what_it_gives_in_a_month() -> None:
    """240 t a year are 20 t a month: of 365 / 12 t each month, 10.41667 t are short, three times, whatever is in
    store."""
    book = banned(90, 100)
    book["Stockpiles"][0].append("max_release_t_per_yr")
    book["Stockpiles"][1].append(240)
    plan = solve_all(book, values=False)
    assert total(plan, "demand", "short_t", scenario="ban") == pytest.approx(3 * (365 / 12 - 20), abs=1e-5)


@pytest.mark.parametrize(("months", "short"), [(12, 19), (6, 14)])
def test_stock_is_lost_month_by_month_as_in_a_year(months: int, short: float) -> None:
    """100 t, of which 19 % spoil in a year: 81 t of the 100 t wanted are left. In halves a tenth spoils in each (0.9 x
    0.9 = 0.81): of 90 t, 50 t are used at once, and 0.9 x 40 = 36 t of the 50 t that the second half wants are left."""
    book = cut(home(stock_end_value_share=0), months, FIRST)
    book["Materials"] = [["material", "annual_loss_share"], ["oxide", 0.19]]
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=100, capacity_t=100)
    assert cost(book) == kg(short * 1000)


# --- rules about a year, and rates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "untaken"), [(1, 30), (0.75, 0), (0.8, 6)])
def test_take_or_pay_is_counted_over_the_year(share: float, untaken: float) -> None:
    """120 t a year at 50 from Ally; its lane is closed from April to June: 90 t are taken, 30 t are short.

    Bound to take 120, 90 or 96 t, it pays 30, 0 or 6 t at 50 for nothing. What a quarter leaves cannot be made up.
    """
    book = cut(home(SECOND, demand={FIRST: 0, SECOND: 120}), QUARTERS)
    market(book, "ally", "Ally", years=120)
    lane(book, "Ally", "Home")
    known(book, "Lanes", "Ally/Home/oxide", 0, (4, 6))
    add(book, "Contracts", contract="c", supplier="ally", material="oxide", price_rule="fixed", max_t_per_yr=120,
        fixed_price_usd_per_kg=50, tenor_years=1, take_or_pay_share=share, committed_year=SECOND,
        committed_t_per_yr=120)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(90 * 50 + untaken * 50 + 30 * 1000)


def test_the_china_share_is_that_of_a_year() -> None:
    """Ally is closed until June, so that half of the year is Chinese: just what is allowed, with all of the rest
    clean."""
    book = cut(home(SECOND, demand={FIRST: 0, SECOND: 120}), HALVES)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=0.5)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    add(book, "ChinaShare", cap="half", material="oxide", years=0.5)
    known(book, "Lanes", "Ally/Home/oxide", 0, (1, 6))
    assert cost(book) == kg(60 * 60 + 60 * 90)


def test_a_share_that_changes_within_a_year_is_summed_over_it() -> None:
    """All may be Chinese until June, nothing after it: 60 t in the year. China sells from July on only, and may
    then."""
    book = cut(home(SECOND, demand={FIRST: 0, SECOND: 120}), HALVES)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=0.5)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    add(book, "ChinaShare", cap="falls", material="oxide", years=1)
    known(book, "ChinaShare", "falls", 0, (7, 12))
    known(book, "Lanes", "China/Home/oxide", 0, (1, 6))
    assert cost(book) == kg(60 * 90 + 60 * 60)


def test_a_good_half_year_pays_for_a_bad_one() -> None:
    """50 t at 60 and 50 t at 80, made at 70: paid 7.0 at market, which is what it costs. By halves 0.5 were added."""
    book = cut(home(SECOND, demand={FIRST: 0, SECOND: 100}), HALVES)
    recipe(book, "make", oxide=1)
    add(book, "Plants", plant="works", region="Home", process="make", operating_cost_usd_per_kg=70, years=100)
    known(book, "Prices", "oxide", 80, (7, 12))
    assert cost(book) == kg(50 * 60 + 50 * 80)


@pytest.mark.parametrize(("capex", "built"), [(5.0, True), (5.1, False)])
def test_a_budget_that_ends_in_june_gives_half_a_year_of_it(capex: float, built: bool) -> None:
    """10 a year until June are 5. A mine of 100 t for one year at 10, or all is short."""
    book = cut(home(SECOND, demand={FIRST: 0, SECOND: 100}), HALVES)
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region="Home", process="make", funding="public", capacity_t_per_yr=100,
        capex_musd=capex, life_years=1, earliest_year=SECOND, operating_cost_usd_per_kg=10)  # fmt: skip
    add(book, "Budgets", budget="state", covers="capex", years=10)
    known(book, "Budgets", "state", 0, (7, 12))
    assert cost(book) == (kg(5000 + 100 * 10) if built else kg(100 * 1000))


@pytest.mark.parametrize("months", [1, 2, 3, 4, 6, 12])
def test_fixed_and_holding_cost_are_those_of_the_time_that_passes(months: int) -> None:
    """Capex 5, fixed cost 1.2 a year, 100 t at 10; 10 t held at 3 a year: the same however the year is cut."""
    book = home(demand=100, stock_end_value_share=0)
    cut(book, months, FIRST)
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region="Home", process="make", funding="public", capacity_t_per_yr=100,
        capex_musd=5, fixed_cost_musd_per_yr=1.2, life_years=1, operating_cost_usd_per_kg=10)  # fmt: skip
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=10, capacity_t=10,
        least_t=10, holding_cost_usd_per_kg_yr=3)  # fmt: skip
    assert cost(book) == kg(5000 + 1200 + 100 * 10 + 10 * 3)


def test_a_ban_of_unknown_length_is_hedged_by_what_either_needs() -> None:
    """From July no imports; whether they come back in October is told in October (half and half), not in July.

    40 t a year; 10 t in store. A quarter needs 10 t: used in the third quarter, for what is kept is no use if imports
    come back. Short: 10 t in the fourth quarter if they do not. 0.2 x 0.5 of all futures: p(longer) = 0.1.
    """
    book = cut(home(SECOND, demand=40, stock_end_value_share=0), QUARTERS)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=10, capacity_t=10)
    add(book, "Scenarios", scenario="ban", probability=0.1, from_year=SECOND, from_month=7)
    add(book, "Scenarios", scenario="longer", probability=0.1, from_year=SECOND, from_month=10, parent="ban")
    for scenario, first, end in (("ban", 7, 9), ("longer", 10, 12)):
        add(book, "Changes", scenario=scenario, sheet="Lanes", row="China/Home/oxide", column="years", operation="set",
            value=0, from_year=SECOND, from_month=first, to_year=SECOND, to_month=end)  # fmt: skip
    plan = solve_all(book, values=False)
    # base: 80 t less 10 t in store; ban: a quarter from store; longer: that, and a quarter short
    expected = 0.8 * 70 * 60 + 0.1 * 70 * 60 + 0.1 * (60 * 60 + 10 * 1000)
    assert plan["objective_musd"] == kg(expected)


# --- prices by region, and duties -------------------------------------------------------------------------------------


def with_two_prices(china: float = 40, home_price: float = 60) -> Book:
    book = home(price=china)
    add(book, "Prices", material="oxide", region="Home", years=home_price)
    return book


def test_a_chain_is_paid_the_price_of_its_product_less_what_regions_differ() -> None:
    """Ore is 10 in Ally and 14 at Home, oxide 60 at Home. 200 t of ore at 10, freight 1, and 100 t at 60 - 2 x 14.

    That is 60 a kg of oxide, less 2 x 4 by which ore is dearer at Home, and 2 x 1 of freight.
    """
    book = with_two_prices()
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", region="*", years=10)
    add(book, "Prices", material="ore", region="Home", years=14)
    recipe(book, "mine", ore=1)
    recipe(book, "refine", ore=-2, oxide=1)
    add(book, "Plants", plant="pit", region="Ally", process="mine", years=200)
    add(book, "Plants", plant="refinery", region="Home", process="refine", years=100)
    lane(book, "Ally", "Home", "ore", freight=1)
    assert cost(book) == kg(200 * 10 + 200 * 1 + 100 * (60 - 2 * 14)) == kg(100 * (60 - 2 * 4 + 2 * 1))


@pytest.mark.parametrize(("region", "paid", "floor"), [("Home", 60, 10), ("Ally", 100, 0)])
def test_a_floor_looks_at_the_price_of_its_own_region(region: str, paid: float, floor: float) -> None:
    """Oxide is 60 at Home, 100 elsewhere; lenders see four fifths. 100 t made at 40 for one year, capex 2, floor 70.

    At Home lenders miss 2 - 0.8 and are given 2.2; the floor pays 10. In Ally it is bankable unaided and gets nothing.
    """
    book = with_two_prices(china=100)
    lane(book, "Ally", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region=region, process="make", capacity_t_per_yr=100, capex_musd=2,
        operating_cost_usd_per_kg=40, life_years=1, hurdle_rate=0)  # fmt: skip
    add(book, "PriceFloors", floor="f", project="works", material="oxide", floor_usd_per_kg=70, tenor_years=1)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * (paid + floor))
    assert spent(plan, "floor_payments") == kg(100 * floor)


def test_lenders_have_a_deck_for_each_region() -> None:
    """The same works, prices 60 everywhere; lenders see 75 in Ally and 30 elsewhere: built in Ally, unaided."""
    book = home()
    lane(book, "Ally", "Home")
    add(book, "BankPrices", material="oxide", region="*", years=30)
    add(book, "BankPrices", material="oxide", region="Ally", years=75)
    recipe(book, "make", oxide=1)
    for region in ("Home", "Ally"):
        add(book, "Projects", project=f"works_{region}", region=region, process="make", capacity_t_per_yr=100,
            capex_musd=2, operating_cost_usd_per_kg=40, life_years=1, hurdle_rate=0)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60)
    assert only(plan, "investments")["project"] == "works_Ally"


def test_a_reserve_is_worth_the_price_where_it_lies() -> None:
    """10 t must be kept; at the end half of 60 is credited, not half of 40. 100 t from China at 40."""
    book = with_two_prices()
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(
        book,
        "Stockpiles",
        stockpile="reserve",
        region="Home",
        material="oxide",
        opening_t=10,
        capacity_t=10,
        least_t=10,
    )
    assert cost(book) == kg(100 * 40 - 10 * 30)


@pytest.mark.parametrize(
    ("rate", "least", "duty"), [(0.25, None, 10), (0.25, 45, 10), (0.25, 55, 15), (0.5, 55, 20), (0, 30, 0)]
)
def test_a_duty_is_on_the_price_where_the_lane_starts(rate: float, least: float | None, duty: float) -> None:
    """40 in China, 60 at Home: a quarter of 40, or what lifts 40 to the least price, whichever is more."""
    book = with_two_prices()
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(
        book, "Tariffs", from_region="China", to_region="Home", material="oxide", years=rate, min_price_usd_per_kg=least
    )
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * (40 + duty))


@pytest.mark.parametrize(
    ("applies", "exposed", "duty"), [("exposed", "yes", 30), ("exposed", "no", 0), ("all", "no", 30)]
)
def test_a_duty_by_origin_follows_what_ally_resells(applies: str, exposed: str, duty: float) -> None:
    """Half of 60 on the lane from Ally: on what was made in China only, or on all of it."""
    book = home()
    market(book, "ally", "Ally", exposed=exposed)
    lane(book, "Ally", "Home")
    add(book, "Tariffs", from_region="Ally", to_region="Home", material="oxide", years=0.5, applies_to=applies)
    assert cost(book) == kg(100 * (60 + duty))
