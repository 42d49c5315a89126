"""Suppliers, closure, commitments and substitution of version 2, worked out by hand on tiny workbooks."""

from __future__ import annotations

import pytest
from tests.make import Book
from tests.solving import FIRST, add, close, cost, home, kg, lane, market, recipe, rows, solve, spent, total

# --- (23): suppliers are not changed overnight ------------------------------------------------------------------------


def sourced(last: int, share: float, china: float | list[float] = 0, material: str = "oxide", **cells: object) -> Book:
    """100 t a year, all from China until now; Ally sells as much, at the same price. China's lane carries so much."""
    book = home(last, **cells)  # type: ignore[arg-type]
    book["Materials"] = [["material", "resourcing_share"], ["oxide", share]]
    market(book, "china", "China")
    market(book, "ally", "Ally")
    lane(book, "China", "Home", years=china)
    lane(book, "Ally", "Home")
    add(book, "Trade", from_region="China", to_region="Home", material="oxide", t_per_yr=100)
    return book


def short(plan: dict, **keys: object) -> float:  # type: ignore[type-arg]
    return total(plan, "demand", "short_t", **keys)


def test_who_is_cut_off_is_short_though_others_have_room_and_less_each_year() -> None:
    """A fifth of 100 t can be new each year: 20, 40, 60 t from Ally; 80, 60, 40 t short."""
    plan = solve(sourced(FIRST + 2, 0.2))
    assert [short(plan, year=FIRST + i) for i in range(3)] == pytest.approx([80, 60, 40], abs=1e-5)
    assert plan["objective_musd"] == kg(120 * 60 + 180 * 1000)


def test_who_knows_in_time_changes_in_time() -> None:
    """China closes in 2028: by then 20 and 40 t a year come from Ally already, though China would sell them."""
    plan = solve(sourced(FIRST + 2, 0.2, china=[1000, 1000, 0]))
    assert [short(plan, year=FIRST + i) for i in range(3)] == pytest.approx([0, 0, 40], abs=1e-5)


@pytest.mark.parametrize(("months", "new"), [(12, 20), (6, 15), (4, 40 / 3), (3, 12.5), (2, 35 / 3), (1, 65 / 6)])
def test_what_can_be_new_scales_with_the_period(months: int, new: float) -> None:
    """N periods: a fifth / N more in each, so that rates of 20/N, 40/N, ... 20 t a year come: 20 (N + 1) / 2N t in
    all."""
    book = sourced(FIRST, 0.2)
    add(book, "Periods", year=FIRST, months=months)
    plan = solve(book)
    assert short(plan) == pytest.approx(100 - new, abs=1e-5)


def test_cut_or_not_the_year_after_begins_where_the_year_ends() -> None:
    """2026 in quarters ends at a rate of 20 t a year, as if it were not cut: 40 t are had in 2027."""
    book = sourced(FIRST + 1, 0.2)
    add(book, "Periods", year=FIRST, months=3)
    assert short(solve(book), year=FIRST + 1) == pytest.approx(60, abs=1e-5)


def test_growth_finds_suppliers() -> None:
    """No change of suppliers at all; 50 t more are wanted in 2027, and China carries no more than 100 t: Ally sells
    them."""
    assert cost(sourced(FIRST + 1, 0, china=100, demand=[100, 150])) == kg(250 * 60)


def test_a_supplier_that_growth_brought_stays_known() -> None:
    """100, 150, 100, 150 t, of which China carries 100: Ally is new in 2027 with 50 t, and known in 2029."""
    book = sourced(FIRST + 3, 0, china=100, demand=[100, 150, 100, 150])
    assert cost(book) == kg(500 * 60)


def test_growth_back_to_what_was_does_not_excuse_a_new_supplier() -> None:
    """100, 60, 100 t; China carries 100, 100 and 60 t. In 2028 demand is back at its highest before: nothing is free,
    40 t are short."""
    book = sourced(FIRST + 2, 0, china=[100, 100, 60], demand=[100, 60, 100])
    assert cost(book) == kg((100 + 60 + 60) * 60 + 40 * 1000)


def test_who_was_a_supplier_once_stays_one() -> None:
    """Ally sold 100 t in 2025 too: with China closed all comes from there."""
    book = sourced(FIRST, 0)
    add(book, "Trade", from_region="Ally", to_region="Home", material="oxide", t_per_yr=100)
    assert cost(book) == kg(100 * 60)


def test_without_a_row_of_trade_the_first_year_is_free_and_the_second_is_not() -> None:
    """Nobody says who supplied before: all of 2026 from China. In 2027 only Ally sells, a fifth of 100 t."""
    book = sourced(FIRST + 1, 0.2)
    del book["Trade"], book["Lanes"]
    lane(book, "China", "Home", years=[1000, 0])
    lane(book, "Ally", "Home", years=[0, 1000])
    assert cost(book) == kg(100 * 60 + 20 * 60 + 80 * 1000)


@pytest.mark.parametrize(("kind", "supplied"), [("project", 100), ("plant", 0)])
def test_a_new_plant_finds_suppliers_and_an_old_one_does_not(kind: str, supplied: float) -> None:
    """Oxide is made at Home of twice its ore, at 8; only Ally sells ore still, and Home bought in China so far.

    What a project that begins production takes in is free; the plant that stood there goes without, as nothing may be
    new (a share of 0).
    """
    book = home()
    add(book, "Materials", material="ore", resourcing_share=0)
    add(book, "Prices", material="ore", years=8)
    recipe(book, "refine", ore=-2, oxide=1)
    market(book, "ally_ore", "Ally", "ore")
    lane(book, "Ally", "Home", "ore")
    add(book, "Trade", from_region="China", to_region="Home", material="ore", t_per_yr=200)
    if kind == "project":
        add(book, "Projects", project="works", region="Home", process="refine", funding="public", capacity_t_per_yr=100,
            capex_musd=1, life_years=1, committed_year=FIRST)  # fmt: skip
    else:
        add(book, "Plants", plant="works", region="Home", process="refine", pricing="cost", years=100)
    paid = 1000 if kind == "project" else 0
    assert cost(book) == kg(paid + 2 * supplied * 8 + (100 - supplied) * 1000)


def test_a_project_that_produced_before_is_no_new_plant() -> None:
    """The same project, decided in 2024 for three years: it stood there, and what it takes in counts in what could be
    used as far as it does. With a share of 0.5 half of its intake could be new each year: x <= 0.5 x, so nothing is."""
    book = home()
    add(book, "Materials", material="ore", resourcing_share=0.5)
    add(book, "Prices", material="ore", years=8)
    recipe(book, "refine", ore=-2, oxide=1)
    market(book, "ally_ore", "Ally", "ore")
    lane(book, "Ally", "Home", "ore")
    add(book, "Trade", from_region="China", to_region="Home", material="ore", t_per_yr=200)
    add(book, "Projects", project="works", region="Home", process="refine", funding="public", capacity_t_per_yr=100,
        capex_musd=1, life_years=3, committed_year=FIRST - 2)  # fmt: skip
    assert cost(book) == kg(100 * 1000)


def replaced(max_builds: int) -> Book:
    """Works for 10 t a year with a life of one year, committed in 2026; ore from China for it, which closes in 2027."""
    book = home(FIRST + 1, demand=[10, 20])
    add(book, "Materials", material="ore", resourcing_share=0)
    add(book, "Prices", material="ore", years=8)
    recipe(book, "refine", ore=-2, oxide=1)
    for region in ("China", "Ally"):
        market(book, f"{region}_ore", region, "ore")
        lane(book, region, "Home", "ore", years=[1000, 0] if region == "China" else [0, 1000])
    add(book, "Trade", from_region="China", to_region="Home", material="ore", t_per_yr=20)
    add(book, "Projects", project="works", region="Home", process="refine", funding="public", capacity_t_per_yr=10,
        capex_musd=1, life_years=1, committed_year=FIRST, max_builds=max_builds)  # fmt: skip
    return book


@pytest.mark.parametrize(("max_builds", "made"), [(2, 0), (3, 10)])
def test_a_build_that_replaces_another_is_no_new_plant(max_builds: int, made: float) -> None:
    """In 2027 only Ally sells ore, and nothing may be new but for what capacity gains against its highest before.

    One build more makes up for the one whose life has ended: 10 t a year as before, so nothing is free and all 20 t are
    short. Of two builds more one is a gain: 10 t are made of 20 t of ore at 8.
    """
    builds = 1 + 2 * (made > 0)  # what is built without ore is of no use
    expected = 1000 * builds + 10 * 16 + made * 16 + (20 - made) * 1000
    assert cost(replaced(max_builds)) == kg(expected)


# --- (25): what is closed stays closed --------------------------------------------------------------------------------


def idle(fixed: float, demand: list[float]) -> Book:
    """A plant priced at cost makes 100 t at 10; else oxide comes from China at 60."""
    book = home(FIRST + 2, demand=demand)
    market(book, "china", "China")
    lane(book, "China", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Plants", plant="works", region="Home", process="make", pricing="cost", operating_cost_usd_per_kg=10,
        fixed_cost_musd_per_yr=fixed, years=100)  # fmt: skip
    return book


@pytest.mark.parametrize(("fixed", "least"), [(1, 5), (2.4, 9.2), (2.6, 9.6), (4.9, 11.9), (5.1, 12)])
def test_a_plant_that_stands_idle_costs_what_keeping_it_costs(fixed: float, least: float) -> None:
    """100, 0 and 100 t. Kept for three years: 3 x fixed + 2. Closed after the first: fixed + 1 + 6. Never kept: 12.

    1: 5 against 8. 2.4: 9.2 against 9.4. 2.6: 9.8 against 9.6. 4.9: 11.9. 5.1: 12.1 against 12.
    """
    assert cost(idle(fixed, [100, 0, 100])) == close(least)


def test_part_of_a_plant_is_closed() -> None:
    """100, 30 and 30 t at fixed cost 2 a year: all of it in 2026 (2 + 1), three tenths after (0.6 + 0.3 a year)."""
    assert cost(idle(2, [100, 30, 30])) == close(2 + 1 + 2 * (0.6 + 0.3))


def test_a_plant_paid_at_market_is_owed_what_keeping_it_costs() -> None:
    """It makes 100 t at 10 and is paid 60: 5 more than it costs. Its fixed cost of 7 leaves 2 to be added: 8 against
    8.6 for what China sells at 60 x 1.4333."""
    book = home(price=60)
    market(book, "china", "China", premium_share=1 / 3 + 0.1)
    lane(book, "China", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Plants", plant="works", region="Home", process="make", operating_cost_usd_per_kg=10,
        fixed_cost_musd_per_yr=7, years=100)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60 + 2000)
    assert spent(plan, "topups") == kg(2000)


def test_a_private_project_waits_at_its_own_cost() -> None:
    """Bankable unaided; made at 10, paid 60. Nobody wants its 100 t in 2027: its fixed cost of 0.4 is owed for that
    year, or 66 a kg, 0.6 more, is paid in China in 2028."""
    book = home(FIRST + 2, demand=[100, 0, 100])
    market(book, "china", "China", premium_share=0.1)
    lane(book, "China", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region="Home", process="make", capacity_t_per_yr=100, capex_musd=1,
        operating_cost_usd_per_kg=10, fixed_cost_musd_per_yr=0.4, life_years=3, hurdle_rate=0)  # fmt: skip
    assert cost(book) == kg(100 * 60 + 400 + 100 * 60)


# --- what is committed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decided", "capex", "made"), [(FIRST - 1, 0, 100), (FIRST, 5, 200)])
def test_what_was_spent_before_is_spent(decided: int, capex: float, made: float) -> None:
    """100 t a year for two years at 10: from 2025 it serves 2026 alone and its capex is spent; from 2026 it costs 5."""
    book = home(FIRST + 1, shortage=90)
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region="Home", process="make", funding="public", capacity_t_per_yr=100,
        capex_musd=5, life_years=2, operating_cost_usd_per_kg=10, committed_year=decided)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(1000 * capex + made * 10 + (200 - made) * 90)
    assert [row["name"] for row in rows(plan, "committed")] == ["works"]


def test_a_committed_project_takes_the_place_of_its_group() -> None:
    """One site: the works that is committed makes 20 t at 10; the better one, of 100 t, is not built. 80 t are
    short."""
    book = home()
    recipe(book, "make", oxide=1)
    for name, capacity, year in (("poor", 20, FIRST), ("good", 100, None)):
        add(book, "Projects", project=name, region="Home", process="make", funding="public", capacity_t_per_yr=capacity,
            capex_musd=1, life_years=1, operating_cost_usd_per_kg=10, group="site", committed_year=year)  # fmt: skip
    assert cost(book) == kg(1000 + 20 * 10 + 80 * 1000)


def test_what_is_committed_serves_what_requires_it_and_asks_for_nothing() -> None:
    """The works (100 t) requires the road, decided in 2024; the road itself requires a port that nobody builds."""
    book = home()
    recipe(book, "make", oxide=1)
    recipe(book, "pave", oxide=0.0001)
    for name, process, requires, year in (
        ("port", "pave", None, None),
        ("road", "pave", "port", FIRST - 2),
        ("works", "make", "road", None),
    ):
        add(book, "Projects", project=name, region="Home", process=process, funding="public", capacity_t_per_yr=100,
            capex_musd=1, life_years=1, requires=requires, committed_year=year)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(1000)
    assert [row["project"] for row in rows(plan, "investments")] == ["works"]
    assert [row["name"] for row in rows(plan, "committed")] == ["road"]


def test_a_contract_that_is_signed_is_paid_also_where_it_is_a_bad_one() -> None:
    """50 t at 90 of the 100 t that cost 60: 30 too much each. Nobody would sign it."""
    book = home()
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Contracts", contract="c", supplier="china", material="oxide", price_rule="fixed", max_t_per_yr=50,
        fixed_price_usd_per_kg=90, tenor_years=3, take_or_pay_share=1, committed_year=FIRST - 2,
        committed_t_per_yr=50)  # fmt: skip
    assert cost(book) == kg(100 * 60 + 50 * 30)


def test_a_committed_floor_of_a_plant_pays_before_a_topup() -> None:
    """Made at 70, sold at 60; a floor of 75 pays 15 on all that it could make, so that no topup of 10 is needed.

    The floor pays for two years more than the plan has: 15 a year are owed.
    """
    book = home()
    recipe(book, "make", oxide=1)
    add(book, "Plants", plant="works", region="Home", process="make", operating_cost_usd_per_kg=70, years=100)
    add(book, "PriceFloors", floor="f", project="works", material="oxide", floor_usd_per_kg=75, tenor_years=3,
        committed_year=FIRST)  # fmt: skip
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 60 + 100 * 15 + 2 * 100 * 15)
    assert spent(plan, "topups") == kg(0)


# --- substitution -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "avoided"), [(12, 20), (3, 12.5)])
def test_what_is_designed_out_grows_with_time(months: int, avoided: float) -> None:
    """A fifth of demand more each year, at 20 instead of 60: 20 t at once, or in quarters rates of 5, 10, 15, 20."""
    book = home()
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Periods", year=FIRST, months=months)
    add(book, "Substitution", option="redesign", sector="industry", material="oxide", cost_usd_per_kg=20, years=0.5,
        ramp_share_per_yr=0.2)  # fmt: skip
    assert cost(book) == kg(avoided * 20 + (100 - avoided) * 60)


def test_what_is_designed_out_stays_out_as_far_as_it_still_can() -> None:
    """At 70 against a price of 60, and 500 in 2026 when nobody sells: 80 t at once. In 2027 at most 40 t can be
    avoided, half of 80: half of that (keep_share) is 20 t."""
    book = home(FIRST + 1, shortage=500)
    market(book, "china", "China")
    lane(book, "China", "Home", years=[0, 1000])
    add(book, "Substitution", option="redesign", sector="industry", material="oxide", cost_usd_per_kg=70,
        years=[0.8, 0.4], keep_share=0.5)  # fmt: skip
    assert cost(book) == kg(80 * 70 + 20 * 500 + 20 * 70 + 80 * 60)


def test_a_redesign_waits_for_its_research() -> None:
    """It needs a programme decided in 2026 that bears fruit in 2027 (and makes next to nothing itself): 50 t at 20."""
    book = home(FIRST + 1)
    market(book, "china", "China")
    lane(book, "China", "Home")
    recipe(book, "study", oxide=1)
    add(book, "Projects", project="research", region="China", process="study", funding="public", capex_musd=1,
        capacity_t_per_yr=0.001, operating_cost_usd_per_kg=100, lead_years=1, life_years=1)  # fmt: skip
    add(book, "Substitution", option="redesign", sector="industry", material="oxide", cost_usd_per_kg=20, years=0.5,
        requires="research")  # fmt: skip
    assert cost(book) == kg(100 * 60 + 1000 + 50 * 20 + 50 * 60)


# --- what is thrown away ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_what_is_thrown_away_is_told_under_any_cap(share: float) -> None:
    """Cerium, the first output, is thrown away: its 100 t take 200 t of clean ore at 8, none of which counts as used.
    With them come the 100 t of oxide that are wanted. Nothing is exposed, so that no share forbids it, nor fails its
    audit."""
    book = home()
    for material, price in (("ore", 8), ("cerium", 1)):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=price)
    recipe(book, "split", ore=-2, cerium=1, oxide=1)
    market(book, "home_ore", "Home", "ore")
    add(book, "Plants", plant="splitter", region="Home", process="split", pricing="cost", years=100)
    add(book, "ChinaShare", cap="all", material="*", years=share)
    plan = solve(book)
    assert plan["objective_musd"] == kg(200 * 8)
    (row,) = rows(plan, "china_share", material="ore", basis="intake")
    assert row["consumption_t"] == pytest.approx(0 if share < 1 else 200, abs=1e-5)
