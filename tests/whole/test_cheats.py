"""Holes through which an optimiser was seen to cheat: reading, lanes, material, capacity, stocks and the China share.

Each test is a workbook of a few rows in which a plan without the rule would look cheaper; the honest optimum is worked
out beside it. Money is in USD/kg: 100 t at 60 USD/kg are kg(100 * 60) = 6 MUSD. If not said otherwise Home wants 100 t
of oxide a year, a tonne short costs 1000 USD/kg, the market price is 60 USD/kg and nothing is discounted.
Price floors, contracts and lenders: test_cheats_support.py.
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
    lane,
    market,
    only,
    problems,
    read,
    recipe,
    rows,
    solve,
    spent,
    total,
)

from lodestone.errors import WorkbookError

SHORT = 100 * 1000  # a year in which Home gets nothing


def chinese_oxide(last: int = 2026, freight: float = 1, **settings: Any) -> Book:
    """An unlimited market in China with a lane to Home."""
    book = home(last, **settings)
    market(book, "china", "China")
    lane(book, "China", "Home", freight=freight)
    return book


def ban(book: Book, years: Any = 0, material: str = "oxide", sector: str | None = "industry", **cells: Any) -> None:
    """At most this share of what is delivered (with sector None: also of what units take in) may be exposed."""
    add(
        book,
        "ChinaShare",
        cap=f"cap{len(book.get('ChinaShare', []))}",
        material=material,
        sector=sector,
        years=years,
        **cells,
    )


def material(book: Book, name: str, price: float) -> None:
    add(book, "Materials", material=name)
    add(book, "Prices", material=name, years=price)


# --- processes that feed each other round and round ------------------------------------------------------------------


def a_ring(back: float) -> Book:
    """Oxide is smelted into metal, and metal crushed back into oxide: `back` tonnes a tonne."""
    book = chinese_oxide()
    material(book, "metal", 60)
    recipe(book, "smelt", oxide=-1, metal=1)
    recipe(book, "crush", metal=-1, oxide=back)
    add(book, "Plants", plant="smelter", region="Home", process="smelt", years=100)
    add(book, "Plants", plant="crusher", region="Home", process="crush", years=100)
    return book


@pytest.mark.parametrize("back", [1.2, 1.0, 0.82])
def test_processes_that_make_material_from_nothing_are_refused(back: float) -> None:
    """Oxide needs back * crush >= 0.9 smelt, metal smelt >= 0.9 crush: together back >= 0.81 keeps itself going."""
    found = [problem for problem in problems(a_ring(back)) if problem.cell.startswith("Processes!")]
    assert found and "smelt" in found[0].found and "crush" in found[0].found
    with pytest.raises(WorkbookError):
        solve(a_ring(back))


@pytest.mark.parametrize("back", [0.80, 0.5])
def test_a_ring_that_loses_enough_is_named_in_a_warning_only(back: float) -> None:
    """A tenth is lost at each of two steps at least: 0.80 < 0.9 * 0.9."""
    inputs = read(a_ring(back))
    assert not inputs.problems
    assert any("smelt" in warning.found and "crush" in warning.found for warning in inputs.warnings)
    assert cost(a_ring(back)) == kg(100 * 61)


def scrap_comes_back(scraps: dict[str, float], oxide_from_scrap: float) -> Book:
    book = chinese_oxide(2027)
    for scrap, t_per_t in scraps.items():
        material(book, scrap, 10)
        recipe(book, f"recycle_{scrap}", **{scrap: -1, "oxide": oxide_from_scrap})
        add(book, "Returns", sector="industry", material="oxide", scrap=scrap, t_per_t=t_per_t, lag_years=1)
    return book


@pytest.mark.parametrize(
    "scraps, oxide_from_scrap, gains",
    [
        ({"swarf": 0.5}, 2.1, True),  # 0.5 * 2.1 = 1.05 t come back for each tonne delivered
        ({"swarf": 0.5}, 1.9, False),  # 0.95
        ({"swarf": 0.5, "drives": 0.5}, 1.1, True),  # 0.55 + 0.55: neither scrap gains alone
        ({"swarf": 0.5, "drives": 0.5}, 0.9, False),
    ],
)
def test_recycling_that_brings_back_more_than_was_delivered_is_refused(
    scraps: dict[str, float], oxide_from_scrap: float, gains: bool
) -> None:
    found = problems(scrap_comes_back(scraps, oxide_from_scrap))
    assert bool(found) == gains
    assert not gains or "recycle_swarf" in found[0].found


# --- changes of lanes act on lanes, however they were opened ---------------------------------------------------------


def opened_by(what: str) -> Book:
    """China sells at 60 + 1 freight; the lane is opened by a row that names it, by a * row or by the default
    freight.
    """
    book = home(default_freight_usd_per_kg=1) if what == "default" else home()
    market(book, "china", "China")
    if what != "default":
        start, end, name = what.split("/")
        lane(book, start, end, name, freight=1)
    return book


LANES = ["China/Home/oxide", "*/*/oxide", "China/*/*", "*/*/*", "default"]


@pytest.mark.parametrize("what", LANES)
def test_an_embargo_closes_every_lane_it_names(what: str) -> None:
    """A plan that kept the lane of a * row or of the default freight would pay 100 * 61; honest: all is short."""
    book = opened_by(what)
    change(book, "embargo", "Lanes", "China/*/*", "no", column="open")
    assert cost(book) == kg(100 * 61)
    assert cost(book, "embargo") == kg(SHORT)


@pytest.mark.parametrize("what", LANES)
def test_a_blockade_limits_every_lane_it_names(what: str) -> None:
    """30 t pass at 61, 70 t are short at 1000."""
    book = opened_by(what)
    change(book, "blockade", "Lanes", "*/Home/oxide", 30)
    assert cost(book, "blockade") == kg(30 * 61 + 70 * 1000)


@pytest.mark.parametrize("what", LANES)
def test_a_tariff_reaches_lanes_without_a_row_of_tariffs(what: str) -> None:
    """Half of 60 on top of 60 + 1: a lane that no Tariffs row names has rate 0, and the change sets it."""
    book = opened_by(what)
    change(book, "tariff", "Tariffs", "China/*/oxide", 0.5)
    assert cost(book, "tariff") == kg(100 * (60 + 1 + 30))


def test_wildcards_do_not_stop_movement_within_a_region() -> None:
    """Home can also buy at Home, 20 % above the price. An embargo on */*/* leaves that: 100 * 72."""
    book = opened_by("default")
    market(book, "home_trader", "Home", premium_share=0.2)
    change(book, "embargo", "Lanes", "*/*/*", "no", column="open")
    assert cost(book, "embargo") == kg(100 * 72)
    change(book, "strike", "Lanes", "*/*/*", "no", column="open")
    change(book, "strike", "Lanes", "Home/Home/oxide", "no", column="open")
    assert cost(book, "strike") == kg(SHORT)


def test_a_change_cannot_open_a_lane_that_is_none() -> None:
    """No row and no default freight give Home -> China: the change matches nothing, which is a problem."""
    book = opened_by("China/Home/oxide")
    change(book, "detour", "Lanes", "Home/China/oxide", "yes", column="open")
    (problem,) = problems(book)
    assert problem.cell.startswith("Changes!")


def test_a_lane_closed_in_one_year_is_open_in_the_others() -> None:
    """The lane is unlimited but for 2027, when a scenario that shows itself then sets it to 30 t: 61 * 100, 61 * 30."""
    book = opened_by("China/Home/oxide")
    book["Settings"]["last_year"] = 2028
    add(book, "Scenarios", scenario="blockade", from_year=2027)
    change(book, "blockade", "Lanes", "China/*/*", 30, from_year=2027, to_year=2027)
    assert cost(book, "blockade") == kg(2 * 100 * 61 + 30 * 61 + 70 * 1000)


def test_a_market_stricken_in_one_year_is_unlimited_in_the_others() -> None:
    """As above with the market itself, of which nothing is left in 2027; under contract (51 for 61) as without one.

    The contract is in force before and after: force majeure is the year's own. (It costs 50 + 1, all take-or-pay.)
    """
    book = opened_by("China/Home/oxide")
    book["Settings"]["last_year"] = 2028
    add(book, "Scenarios", scenario="strike", from_year=2027)
    change(book, "strike", "Markets", "china", 0, from_year=2027, to_year=2027)
    assert cost(book, "strike") == kg(2 * 100 * 61 + SHORT)
    add(
        book,
        "Contracts",
        contract="offtake",
        supplier="china",
        material="oxide",
        price_rule="fixed",
        tenor_years=3,
        fixed_price_usd_per_kg=50,
        max_t_per_yr=100,
        take_or_pay_share=1,
    )
    assert cost(book, "strike") == kg(2 * 100 * 51 + SHORT)


# --- exposed material stays exposed ----------------------------------------------------------------------------------


def ally_refines(**settings: Any) -> Book:
    """Ore at 10 USD/kg, in China or (at twice the price) in Ally; the only refinery stands in Ally; 1 t of ore a
    tonne.
    """
    book = home(**settings)
    material(book, "ore", 10)
    recipe(book, "refine", ore=-1, oxide=1)
    market(book, "china_ore", "China", "ore")
    market(book, "ally_ore", "Ally", "ore", premium_share=1)
    add(book, "Plants", plant="refinery", region="Ally", process="refine", years=100)
    lane(book, "China", "Ally", "ore")
    lane(book, "Ally", "Home")
    return book


def test_a_refinery_outside_china_does_not_launder_chinese_ore() -> None:
    """With Chinese ore 10 + value added 50 = 60; the ban asks for Ally's ore: 20 + 50 = 70."""
    book = ally_refines()
    assert cost(book) == kg(100 * 60)
    ban(book)
    assert cost(book) == kg(100 * 70)


def test_under_last_stage_only_the_last_step_counts() -> None:
    """The same ban, judged by the last step: Ally's refinery is clean whatever it takes in."""
    book = ally_refines(china_share_basis="last_stage")
    ban(book)
    assert cost(book) == kg(100 * 60)


def test_a_refinery_owned_from_china_is_exposed_wherever_it_stands() -> None:
    for basis in ("provenance", "last_stage"):
        book = ally_refines(china_share_basis=basis)
        add(book, "Plants", plant="subsidiary", region="Ally", process="refine", owner_of_concern="yes", years=100)
        del book["Plants"][1]  # the refinery that was Ally's own
        ban(book)
        assert cost(book) == kg(SHORT)


def test_one_exposed_input_taints_the_product() -> None:
    """Alloy is 0.3 oxide from China and 0.7 clean iron. Banned in defence, it cannot be made: 100 t short."""
    book = home(demand=0)
    material(book, "iron", 1)
    material(book, "alloy", 50)
    recipe(book, "melt", oxide=-0.3, iron=-0.7, alloy=1)
    market(book, "china", "China")
    market(book, "iron_mine", "Home", "iron")
    lane(book, "China", "Home")
    add(book, "Plants", plant="furnace", region="Home", process="melt", years=100)
    add(book, "Demand", region="Home", sector="industry", material="alloy", years=100)
    assert cost(book) == kg(100 * 50)
    ban(book, material="alloy")
    assert cost(book) == kg(SHORT)


def test_two_steps_outside_china_do_not_launder_either() -> None:
    """Chinese oxide becomes metal in Ally and magnets at Home: still exposed, so that 100 t of magnets are short."""
    book = home(demand=0)
    for name, price in (("metal", 70), ("magnet", 90)):
        material(book, name, price)
    recipe(book, "reduce", oxide=-1, metal=1)
    recipe(book, "press", metal=-1, magnet=1)
    market(book, "china", "China")
    lane(book, "China", "Ally")
    lane(book, "Ally", "Home", "metal")
    add(book, "Plants", plant="smelter", region="Ally", process="reduce", years=100)
    add(book, "Plants", plant="press", region="Home", process="press", years=100)
    add(book, "Demand", region="Home", sector="industry", material="magnet", years=100)
    assert cost(book) == kg(100 * 90)
    ban(book, material="magnet")
    assert cost(book) == kg(SHORT)


def test_shipping_through_an_ally_does_not_launder_and_takes_a_stock_and_a_year() -> None:
    """Only China -> Ally -> Home: nothing moves on in the year it arrives. With a stock in Ally it does a year
    later, bought at 60 in 2026: 2026 is short, 2027 is served; banned, 2027 is short too, since it stayed exposed.
    """
    book = home(2027)
    market(book, "china", "China")
    lane(book, "China", "Ally")
    lane(book, "Ally", "Home")
    assert cost(book) == kg(2 * SHORT)
    add(book, "Stockpiles", stockpile="depot", region="Ally", material="oxide", capacity_t=1000)
    assert cost(book) == kg(SHORT + 100 * 60)
    ban(book)
    assert cost(book) == kg(2 * SHORT)


@pytest.mark.parametrize(("exposed_share", "served"), [(1, 0), (0.25, 75), (0, 100)])
def test_a_stock_releases_what_was_put_in(exposed_share: float, served: float) -> None:
    """100 t lie at Home, partly exposed. Banned, only the clean part is delivered; the exposed one is credited at
    half the price (up to the opening stock, which it is part of).
    """
    book = home(stock_end_value_share=0.5)
    add(
        book,
        "Stockpiles",
        stockpile="depot",
        region="Home",
        material="oxide",
        opening_t=100,
        capacity_t=100,
        opening_exposed_share=exposed_share,
    )
    ban(book)
    plan = solve(book)
    assert total(plan, "demand", "clean_t") == close(served)
    assert plan["objective_musd"] == kg((100 - served) * (1000 - 30))


@pytest.mark.parametrize(("stream", "second_year"), [("inherit", SHORT), ("clean", 100 * 50)])
def test_scrap_of_exposed_deliveries_comes_back_exposed(stream: str, second_year: float) -> None:
    """2026: 100 t of Chinese oxide at 60. They come back as scrap in 2027, when exposed deliveries are banned.

    Recycling costs its value added, 60 - 10. Only the rule "clean" lets it serve the ban.
    """
    book = chinese_oxide(2027, freight=0)
    material(book, "scrap", 10)
    recipe(book, "recycle", scrap=-1, oxide=1)
    add(book, "Plants", plant="recycler", region="Home", process="recycle", years=100)
    add(book, "Returns", sector="industry", material="oxide", scrap="scrap", t_per_t=1, lag_years=1, stream=stream)
    ban(book, years=[None, 0])
    assert cost(book) == kg(100 * 60 + second_year)


def test_a_whole_plant_is_either_clean_or_exposed() -> None:
    """Defence wants 50 t without exposure, industry 50 t. In batches: 50 * 70 + 50 * 60. A whole plant that takes
    any Chinese ore makes exposed oxide only, and defence would be short: all 100 t from Ally's ore, 100 * 70.
    """
    book = ally_refines()
    book["Demand"][1][3] = 50
    add(book, "Sectors", sector="defence", shortage_cost_usd_per_kg=1000)
    add(book, "Demand", region="Home", sector="defence", material="oxide", years=50)
    ban(book, sector="defence")
    assert cost(book) == kg(50 * 70 + 50 * 60)
    del book["Plants"][1]
    add(book, "Plants", plant="refinery", region="Ally", process="refine", exposure_rule="whole_plant", years=100)
    assert cost(book) == kg(100 * 70)


# --- stocks ----------------------------------------------------------------------------------------------------------


def test_nothing_passes_through_a_stock_in_one_year() -> None:
    """A depot at Ally that could release in the year of filling would serve Home at once, for 60 + 1 + 1 each year.

    Honest: 2026 short; 2027 and 2028 served from what was filled the year before, 62 each; nothing is left to credit.
    """
    book = home(2028)
    market(book, "china", "China")
    lane(book, "China", "Ally", freight=1)
    lane(book, "Ally", "Home", freight=1)
    add(book, "Stockpiles", stockpile="depot", region="Ally", material="oxide", capacity_t=1000)
    plan = solve(book)
    assert plan["objective_musd"] == kg(SHORT + 2 * 100 * 62)
    assert [row["release_exposed_t"] for row in rows(plan, "stockpile")] == [0, close(100), close(100)]


def test_what_is_lost_in_a_stock_cannot_be_released() -> None:
    """10 % are lost in the first year already: of 100 t there are 90 to release, 10 are short; nothing is left."""
    book = home()
    book["Materials"] = [["material", "annual_loss_share"], ["oxide", 0.1]]
    add(book, "Stockpiles", stockpile="depot", region="Home", material="oxide", opening_t=100, capacity_t=100)
    assert cost(book) == kg(10 * 1000)


@pytest.mark.parametrize(
    "opening, days, credited",
    [
        (0, None, 0),  # nothing was there, nothing is asked for: what is hoarded is worth nothing
        (10, None, 10),  # the opening stock
        (10, 73, 20),  # or the cover, which is more: 73 days of 100 t are 20 t
    ],
)
def test_end_stock_is_credited_up_to_opening_stock_and_cover(
    opening: float, days: float | None, credited: float
) -> None:
    """China sells at a tenth of the price, 6, and a tonne left over is credited at half of it, 30: without a limit
    the plan would fill the 1000 t of the depot to earn 24 each. Honest: demand, and what is credited beyond the
    opening.
    """
    book = home()
    market(book, "china", "China", premium_share=-0.9)
    lane(book, "China", "Home")
    add(
        book,
        "Stockpiles",
        stockpile="depot",
        region="Home",
        material="oxide",
        opening_t=opening,
        capacity_t=1000,
        years=days,
    )
    assert cost(book) == kg((100 + credited - opening) * 6 - credited * 30)


def test_missing_cover_at_a_suspended_end_is_owed() -> None:
    """A year of demand, 100 t, lies at Home and fills its depot; as much cover is asked for. In 2027 the lane is
    closed, which suspends the cover: the reserve is used, and replacing it is owed at 60: 100 * 60 in 2026 and 100
    * 60 owed. What is lacking counts as held in what is credited: 100 t at 30, as in the base, which buys 100 t twice.
    Being excused from cover earns nothing.
    """
    book = chinese_oxide(2027, freight=0)
    pile = {"stockpile": "reserve", "region": "Home", "material": "oxide", "opening_t": 100, "capacity_t": 100}
    add(book, "Stockpiles", **pile, years=365)
    add(book, "Scenarios", scenario="crisis", from_year=2027, emergency_from=2027, emergency_to=2027)
    change(book, "crisis", "Lanes", "China/*/*", 0)
    plan = solve(book, "crisis")
    assert plan["objective_musd"] == kg(100 * 60 + 100 * 60 - 100 * 30)
    assert spent(plan, "owed_beyond_horizon") == kg(100 * 60)
    assert cost(book) == kg(2 * 100 * 60 - 100 * 30)


def test_refill_years_end_and_the_cover_is_back_in_force() -> None:
    """The emergency of 2026 and its one refill year are over in 2028, when the 100 t must lie there again.

    2026 is served from the reserve. 2027, 2028: demand at 60, and 100 t to refill at 60 by 2028; credited 100 at 30.
    """
    book = chinese_oxide(2028, freight=0)
    add(
        book,
        "Stockpiles",
        stockpile="reserve",
        region="Home",
        material="oxide",
        opening_t=100,
        capacity_t=1000,
        years=365,
    )
    add(book, "Scenarios", scenario="crisis", from_year=2026, emergency_from=2026, emergency_to=2026, refill_years=1)
    change(book, "crisis", "Lanes", "China/*/*", 0, to_year=2026)
    plan = solve(book, "crisis")
    assert plan["objective_musd"] == kg(2 * 100 * 60 + 100 * 60 - 100 * 30)
    assert spent(plan, "owed_beyond_horizon") == 0


# --- capacity --------------------------------------------------------------------------------------------------------


def public_mine(book: Book, **cells: Any) -> None:
    """Makes oxide from the ground at Home for 20 USD/kg, 100 t/yr."""
    if not any(row[0] == "mine" for row in book.get("Processes", [])):
        recipe(book, "mine", oxide=1)
    row = {
        "region": "Home",
        "process": "mine",
        "funding": "public",
        "capacity_t_per_yr": 100,
        "capex_musd": 1,
        "operating_cost_usd_per_kg": 20,
    }
    add(book, "Projects", **{**row, **cells})


def test_no_capacity_before_window_lead_and_ramp() -> None:
    """Decided in 2027 at the earliest, in production a year later, at half capacity first: 0, 0, 50, 100, 100 t.

    1 MUSD capex; 20 * 250 t; 250 t short; life 2028-2031, so that a quarter of capex is credited at the end of 2030.
    """
    book = home(2030)
    public_mine(book, project="pilot", earliest_year=2027, lead_years=1, ramp_years=2, life_years=4)
    plan = solve(book)
    assert built(plan) == [("pilot", 2027)]
    assert plan["objective_musd"] == kg(1000 + 20 * 250 + 250 * 1000 - 250)


def test_no_capacity_after_its_life() -> None:
    """Two years of life and one build: the years 2026 and 2027 (or any two), the third is short. No life is left."""
    book = home(2028)
    public_mine(book, project="pilot", life_years=2, latest_year=2026)
    assert cost(book) == kg(1000 + 200 * 20 + SHORT)


@pytest.mark.parametrize(("lead", "honest"), [(5, 2 * SHORT), (1, 1000 + 200 * 20 - 1000 * 23 / 25)])
def test_what_would_produce_beyond_the_horizon_cannot_be_decided(lead: int, honest: float) -> None:
    """The mine needs a port, which costs nothing. A port that would be ready in 2031 cannot be decided, and would
    else let the mine be built in 2026: both years are short. A port ready in 2027 can (capex 1, 23 of 25 years
    left).
    """
    book = home(2027)
    material(book, "services", 0)
    recipe(book, "serve", services=1)
    public_mine(book, project="port", process="serve", capex_musd=0, lead_years=lead)
    public_mine(book, project="pilot", requires="port")
    assert cost(book) == kg(honest)


def test_one_build_in_a_group() -> None:
    """Two sizes of one site: 100 t/yr for 1 MUSD or 60 t/yr for 0.1 MUSD, one year of life. Both would serve 160 t;
    honest: the large one, 1000 + 2000, and 60 t short; the small one would leave 100 t short.
    """
    book = home(demand=160)
    for name, capacity, capex in (("large", 100, 1), ("small", 60, 0.1)):
        public_mine(book, project=name, capacity_t_per_yr=capacity, capex_musd=capex, life_years=1, group="site")
    plan = solve(book)
    assert built(plan) == [("large", 2026)]
    assert plan["objective_musd"] == kg(1000 + 100 * 20 + 60 * 1000)


# --- China share -----------------------------------------------------------------------------------------------------


def half_from_china(last: int = 2026, **settings: Any) -> Book:
    """Chinese oxide at 60, clean oxide at Home at 120, at most half of all consumption of oxide exposed."""
    book = chinese_oxide(last, freight=0, **settings)
    market(book, "home_trader", "Home", premium_share=1)
    ban(book, years=0.5, sector=None)
    return book


def test_a_plants_clean_intake_does_not_dilute_what_people_are_sold() -> None:
    """Industry buys 100 t of oxide; a furnace takes 300 t for defence alloy, which must be clean: 120 + (150 - 60).

    Pooled, 100 of 400 t would be exposed and industry would pay 60. Honest: half of its 100 t are clean, 50 * 180.
    """
    book = half_from_china()
    material(book, "alloy", 150)
    recipe(book, "melt", oxide=-1, alloy=1)
    add(book, "Plants", plant="furnace", region="Home", process="melt", years=300)
    add(book, "Sectors", sector="defence", shortage_cost_usd_per_kg=1000)
    add(book, "Demand", region="Home", sector="defence", material="alloy", years=300)
    ban(book, material="alloy", sector="defence")
    plan = solve(book)
    assert plan["objective_musd"] == kg(300 * (120 + 90) + 50 * 60 + 50 * 120)
    assert only(plan, "china_share", cap="cap0", basis="deliveries")["share"] == close(0.5)
    assert only(plan, "china_share", cap="cap0", basis="intake")["share"] == close(0)


def test_clean_deliveries_do_not_dilute_a_plants_intake() -> None:
    """Defence must have its 100 t of oxide clean; the furnace takes 100 t for alloy that may be exposed. Pooled,
    half of 200 t would be exposed with an all-Chinese furnace. Honest: half of its own intake: 50 * 60 + 50 * 120,
    plus 90 each.
    """
    book = half_from_china()
    material(book, "alloy", 150)
    recipe(book, "melt", oxide=-1, alloy=1)
    add(book, "Plants", plant="furnace", region="Home", process="melt", years=300)
    add(book, "Demand", region="Home", sector="industry", material="alloy", years=100)
    ban(book, sector="industry")
    assert cost(book) == kg(100 * 120 + 50 * 60 + 50 * 120 + 100 * 90)


def test_sectors_are_pooled_within_deliveries() -> None:
    """A row without a sector caps deliveries to all sectors together: 100 t exposed to one, 100 t clean to the
    other.
    """
    book = half_from_china()
    add(book, "Sectors", sector="defence", shortage_cost_usd_per_kg=1000)
    add(book, "Demand", region="Home", sector="defence", material="oxide", years=100)
    ban(book, sector="defence")
    assert cost(book) == kg(100 * 60 + 100 * 120)


def test_hoarding_clean_material_does_not_dilute() -> None:
    """Clean oxide at 6 can be bought in Ally, which has a depot and no lane to Home. Counted as consumption, 100 t
    of it would allow 100 t of Chinese oxide at Home. Honest: Home cannot deliver any exposed tonne, and all is
    short.
    """
    book = chinese_oxide(freight=0)
    market(book, "ally_trader", "Ally", premium_share=-0.9)
    add(book, "Stockpiles", stockpile="depot", region="Ally", material="oxide", capacity_t=1000)
    ban(book, years=0.5, sector=None)
    plan = solve(book)
    assert plan["objective_musd"] == kg(SHORT)


def test_unmet_demand_is_not_clean() -> None:
    """30 t of clean oxide at 120 is all there is. If the unserved part counted as clean, 50 of 100 t could be
    Chinese.

    Honest: as much exposed as clean, 30 * 120 + 30 * 60, and 40 t short.
    """
    book = chinese_oxide(freight=0)
    market(book, "home_trader", "Home", premium_share=1, years=30)
    ban(book, years=0.5)
    assert cost(book) == kg(30 * 120 + 30 * 60 + 40 * 1000)


def test_designed_out_demand_is_not_clean() -> None:
    """Half of the demand can be designed out for 70. The other half may be exposed by half: 25 * 60 + 25 * 120.

    Each tonne designed out (70) is cheaper than a pair's mean (90). If it counted as clean, 50 t could be Chinese at
    60.
    """
    book = half_from_china()
    add(book, "Substitution", option="redesign", sector="industry", material="oxide", cost_usd_per_kg=70, years=0.5)
    assert cost(book) == kg(50 * 70 + 25 * 60 + 25 * 120)


def test_what_is_sold_on_is_not_consumption() -> None:
    """Home's clean oxide, bought at 120, can be sold in Ally at 119: for 1 each 100 t would allow 100 t of Chinese
    oxide.

    Honest: a sale is not consumption, and half of Home's 100 t are clean.
    """
    book = half_from_china()
    market(book, "exporter", "Ally", side="sell", premium_share=119 / 60 - 1, years=100)
    lane(book, "Home", "Ally")
    assert cost(book) == kg(50 * 60 + 50 * 120)


# --- markets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("premium", "profit_a_tonne"), [(-0.1, 0), (0, 0), (0.05, 2), (0.2, 11)])
def test_trading_on_earns_no_more_than_the_volume_allows(premium: float, profit_a_tonne: float) -> None:
    """Chinese oxide at 60 + 1 can be sold on at Home at 60 * (1 + premium): worth it above 61, and then for 40 t a
    year.
    """
    book = chinese_oxide()
    market(book, "exporter", "Home", side="sell", premium_share=premium, years=40)
    plan = solve(book)
    assert plan["objective_musd"] == kg(100 * 61 - 40 * profit_a_tonne)
    assert total(plan, "markets", "t", side="sell") == close(40 if profit_a_tonne else 0)


def test_a_unit_paid_at_market_leaves_nothing_to_the_trader() -> None:
    """A mine that costs 10 to work is paid 60 for its oxide: selling its 50 spare tonnes at 60 earns the planner
    nothing.

    At 66 it earns 6 a tonne, and at 54 nothing is sold.
    """
    for premium, profit in ((-0.1, 0), (0, 0), (0.1, 6)):
        book = home()
        recipe(book, "mine", oxide=1)
        add(book, "Plants", plant="mine", region="Home", process="mine", operating_cost_usd_per_kg=10, years=150)
        market(book, "exporter", "Home", side="sell", premium_share=premium, years=1000)
        assert cost(book) == kg(100 * 60 - 50 * profit)
