"""Tiny workbooks on which an optimiser was seen to cheat, or was suspected to: what each costs, worked out by hand.

1,000 t a year of metal are wanted in the USA, so 1 USD/kg is 1 MUSD a year; nothing is discounted unless said.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, change, close, costs, problems, recipe


def world(last: int, price: Any = 10, freight: float = 0, shortage: float = 100, demand: Any = 1000, of: str = "metal",
          **settings: Any) -> Book:  # fmt: skip
    """USA and AUS, allies, and CHN; metal from CHN costs the freight to the USA, from AUS nothing."""
    book: Book = {"Settings": {"first_year": 2026, "last_year": last, "discount_rate": 0} | settings}
    for region, concern in (("USA", "no"), ("AUS", "no"), ("CHN", "yes")):
        add(book, "Regions", region=region, of_concern=concern)
    add(book, "Materials", material="metal")
    add(book, "Prices", material="metal", years=price)
    for origin, cost in (("CHN", freight), ("AUS", 0)):
        add(book, "Lanes", from_region=origin, to_region="USA", material="*", freight_usd_per_kg=cost)
    add(book, "Sectors", sector="mag", shortage_cost_usd_per_kg=shortage)
    add(book, "Demand", region="USA", sector="mag", material=of, years=demand)
    recipe(book, "mine", metal=1)
    return book


def mine(book: Book, name: str = "P", **cells: Any) -> None:
    """A private project of 1,000 t a year; lenders ask for their money back, without interest."""
    given = {"region": "USA", "process": "mine", "funding": "private", "capacity_t_per_yr": 1000, "capex_musd": 10,
             "operating_cost_usd_per_kg": 7, "life_years": 5, "hurdle_rate": 0}  # fmt: skip
    add(book, "Projects", project=name, **(given | cells))


def market(book: Book, name: str, region: str, material: str = "metal", **cells: Any) -> None:
    add(book, "Markets", market=name, region=region, material=material, **cells)


# --- contracts and floors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [False, True])
def test_an_empty_contract_does_not_shorten_a_floor(empty):
    """[cheat] 6 a year for the metal and 6 a year of floor, for two years; three more years of floor are owed."""
    book = world(2027, price=6, freight=1)
    add(book, "BankPrices", material="metal", years=8)
    mine(book)
    add(book, "PriceFloors", floor="F", project="P", material="metal", floor_usd_per_kg=12, tenor_years=5)
    if empty:
        add(book, "Contracts", contract="E", supplier="P", material="metal", max_t_per_yr=1000, tenor_years=5)
    assert costs(book) == close(2 * 6 + 2 * 6 + 3 * 6)


@pytest.mark.parametrize("timed", [False, True])
def test_an_empty_contract_for_the_years_in_which_the_floor_pays(timed):
    """[cheat] The metal at 6, 6, 12; the floor of 10 pays 4, 4 and is paid back 2."""
    book = world(2028, price=(6, 6, 12), freight=1)
    add(book, "BankPrices", material="metal", years=8)
    mine(book)
    add(book, "PriceFloors", floor="F", project="P", material="metal", floor_usd_per_kg=10, tenor_years=5,
        upside_share=1)  # fmt: skip
    if timed:
        add(book, "Contracts", contract="E", supplier="P", material="metal", max_t_per_yr=1000, tenor_years=2)
    assert costs(book) == close(24 + 4 + 4 - 2)


@pytest.mark.parametrize("floor", [False, True])
def test_a_project_that_needs_nothing_gets_no_two_way_floor(floor):
    """[cheat] At lenders' 8 it earns 4 a year for its capex of 10: its metal costs 10, and nobody takes its upside."""
    book = world(2027, freight=1)
    add(book, "BankPrices", material="metal", years=8)
    mine(book, operating_cost_usd_per_kg=4)
    market(book, "M", "CHN")
    if floor:
        add(book, "PriceFloors", floor="F", project="P", material="metal", floor_usd_per_kg=7, tenor_years=5,
            upside_share=1)  # fmt: skip
    assert costs(book) == close(20)


def gold(book: Book, floor: float, upside: float, wanted: bool) -> None:
    add(book, "Materials", material="gold")
    add(book, "Prices", material="gold", years=50)
    add(book, "BankPrices", material="metal", years=8)
    add(book, "BankPrices", material="gold", years=20)
    recipe(book, "gmine", gold=1)
    mine(book)
    mine(book, "G", process="gmine", capex_musd=1, operating_cost_usd_per_kg=1)
    add(book, "PriceFloors", floor="F", project="P", material="metal", floor_usd_per_kg=9, tenor_years=5)
    add(book, "PriceFloors", floor="GF", project="G", material="gold", floor_usd_per_kg=floor, tenor_years=5,
        upside_share=upside)  # fmt: skip
    if wanted:
        add(book, "Demand", region="USA", sector="mag", material="gold", years=1000)
    add(book, "Budgets", budget="B", covers="floors", years=0)


@pytest.mark.parametrize(("floor", "upside", "wanted", "expected"), [(20, 1, False, 200), (40, 0.3, True, 300)])
def test_what_one_floor_pays_in_makes_no_room_for_another(floor, upside, wanted, expected):
    """[cheat] P needs a floor that pays 3 a year, and the budget has nothing: all metal is short, 200; gold costs 50 a
    year where it is wanted. G is bankable unaided: it gets no package, and its receipts would not count."""
    book = world(2027, price=6, freight=1)
    gold(book, floor, upside, wanted)
    assert costs(book) == close(expected)


@pytest.mark.parametrize("support", ["floor", "contract"])
def test_a_budget_for_everything_sees_a_contract_as_it_sees_a_floor(support):
    """Either would cost 3 a year more than the market; the budget has nothing: all is short."""
    book = world(2027, price=6, freight=1)
    add(book, "BankPrices", material="metal", years=8)
    mine(book)
    if support == "floor":
        add(book, "PriceFloors", floor="F", project="P", material="metal", floor_usd_per_kg=9, tenor_years=5)
    else:
        add(book, "Contracts", contract="C", supplier="P", material="metal", price_rule="fixed",
            fixed_price_usd_per_kg=9, max_t_per_yr=1000, take_or_pay_share=1, tenor_years=5)  # fmt: skip
    add(book, "Budgets", budget="B", covers="all", years=0)
    assert costs(book) == close(200)


def test_contracts_fit_what_the_base_makes():
    """The run's recipe gives 1,050 t, the base's 1,000 t: so much is had at 5 instead of 10."""
    book = world(2026, freight=1, demand=1050)
    add(book, "Plants", plant="R", region="USA", process="mine", operating_cost_usd_per_kg=1, years=1000)
    add(book, "Contracts", contract="C", supplier="R", material="metal", price_rule="fixed", fixed_price_usd_per_kg=5,
        max_t_per_yr=5000, tenor_years=1)  # fmt: skip
    change(book, "better", "Processes", "mine/metal", 1.05, "t_per_t", operation="multiply")
    assert costs(book, "better") == close(10.5 - 5)


def test_a_yield_that_is_lost_is_no_force_majeure():
    """500 t are made at 10 and 500 t bought at 11. Signed, 500 t would be had at 9 and 500 t paid at 9 for nothing."""
    book = world(2026, freight=1)
    add(book, "Plants", plant="R", region="USA", process="mine", operating_cost_usd_per_kg=1, years=1000)
    add(book, "Contracts", contract="C", supplier="R", material="metal", price_rule="fixed", fixed_price_usd_per_kg=9,
        min_t_per_yr=1000, max_t_per_yr=5000, take_or_pay_share=1, tenor_years=1)  # fmt: skip
    market(book, "M", "CHN")
    change(book, "worse", "Processes", "mine/metal", 0.5, "t_per_t", operation="multiply")
    assert costs(book, "worse") == close(5 + 5.5)


@pytest.mark.parametrize("volume", [None, 1000])
def test_a_stricken_market_delivers_its_part_also_where_it_was_unlimited(volume):
    """9 under contract in 2026. In 2027 9 again, or with 100 t left 0.9, and 900 t from China at 16."""
    book = world(2027, freight=6)
    add(book, "Contracts", contract="C", supplier="A", material="metal", price_rule="fixed", fixed_price_usd_per_kg=9,
        min_t_per_yr=1000, max_t_per_yr=1000, take_or_pay_share=1, latest_year=2026, tenor_years=2)  # fmt: skip
    market(book, "A", "AUS", premium_share=0.5, years=volume)
    market(book, "M", "CHN")
    add(book, "Scenarios", scenario="hit", probability=0.5, from_year=2027)
    change(book, "hit", "Markets", "A", 100)
    assert costs(book, "joint") == close(9 + 0.5 * 9 + 0.5 * (0.9 + 0.9 * 16))


def test_what_is_bought_cheap_may_be_sold_on():
    """Bought under contract at 5, sold at 10: known, and told in the limits."""
    book = world(2026, freight=1, demand=0)
    add(book, "Contracts", contract="C", supplier="A", material="metal", price_rule="fixed", fixed_price_usd_per_kg=5,
        max_t_per_yr=1000, tenor_years=1)  # fmt: skip
    market(book, "A", "AUS", side="buy", spot_share=0, years=1000)
    market(book, "S", "AUS", side="sell", years=1000)
    assert costs(book) == close(5 - 10)


# --- China share ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("melter", [False, True])
def test_clean_metal_melted_to_nothing_does_not_dilute(melter):
    """[cheat] Half of what the press takes in is clean, at 2 + 30; half costs 10."""
    book = world(2026, of="magnet")
    for material, price in (("magnet", 20), ("dross", 0)):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=price)
    recipe(book, "press", metal=-1, magnet=1)
    recipe(book, "melt", metal=-1, dross=1)
    add(book, "Plants", plant="R", region="USA", process="press", pricing="cost", years=1000)
    if melter:
        add(book, "Plants", plant="J", region="AUS", process="melt", pricing="cost", years=1000)
    market(book, "M", "CHN")
    market(book, "A", "AUS", premium_share=-0.8)
    add(book, "Lanes", from_region="AUS", to_region="USA", material="metal", freight_usd_per_kg=30)
    add(book, "ChinaShare", cap="K", material="metal", years=0.5)
    assert costs(book) == close(0.5 * 32 + 0.5 * 10)


def test_a_clean_reserve_is_not_run_down_and_refilled_to_meet_a_cap():
    """[cheat] 2026: 1,000 t at 10, and 1,000 t at 11 for the reserve. 2027: it must stay clean, and nobody sells clean:
    all is short. Half of the reserve's price is credited."""
    book = world(2027)
    market(book, "M", "CHN")
    market(book, "A", "AUS", premium_share=0.1, years=(1000, 0))
    add(book, "Stockpiles", stockpile="S", region="USA", material="metal", capacity_t=1000, covers="USA", years=365)
    add(book, "ChinaShare", cap="K", material="metal", years={2027: 0})
    assert costs(book) == close(10 + 11 + 100 - 5)


def test_scrap_in_a_region_of_concern_is_exposed():
    """[cheat] 2026: 10 + 10. 2027: of the scrap of the USA 600 t are made clean at 2, a tenth of what is delivered may
    be exposed: 66.7 t, and 333.3 t are short. China's scrap, 400 t of it, serves those 66.7 t and 333.3 t in China."""
    book = world(2027)
    add(book, "Materials", material="scrap")
    add(book, "Prices", material="scrap", years=1)
    recipe(book, "rec", scrap=-1, metal=1)
    add(book, "Plants", plant="R", region="USA", process="rec", pricing="cost", operating_cost_usd_per_kg=2, years=1000)
    market(book, "M", "CHN")
    add(book, "Lanes", from_region="USA", to_region="CHN", material="*", freight_usd_per_kg=0)
    add(book, "Demand", region="CHN", sector="mag", material="metal", years=1000)
    add(book, "Returns", sector="mag", material="metal", scrap="scrap", t_per_t=0.6, lag_years=1, stream="clean")
    add(book, "ChinaShare", cap="K", material="metal", region="USA", sector="mag", years={2027: 0.1})
    assert costs(book) == close(20 + 2 + 10 * 2 / 3 + 100 / 3)


def test_stock_in_a_region_of_concern_is_exposed():
    """[cheat] It is no help against a ban: all is short; half of its price is credited, for it is still there."""
    book = world(2026)
    add(book, "Stockpiles", stockpile="S", region="CHN", material="metal", opening_t=1000, capacity_t=1000)
    add(book, "ChinaShare", cap="ban", material="metal", sector="mag", years=0)
    assert costs(book) == close(100 - 5)


@pytest.mark.parametrize(
    ("rule", "stock", "expected"),
    [
        ("batch", True, 4 * (0.5 * 6 + 0.5 * 10)),
        ("whole_plant", False, 4 * 10),  # all clean: half exposed would need clean metal at 20
        ("whole_plant", True, 15 + 6 + 10 + 3),  # 1,500 t clean, 1,000 t exposed, 1,000 t clean, 500 t exposed
    ],
)
def test_a_whole_plant_may_turn_from_year_to_year(rule, stock, expected):
    """Exposed oxide at 4 and clean at 8, smelted at 2; half of deliveries may be exposed each year. Told in the
    limits."""
    book = world(2029, stock_end_value_share=0)
    add(book, "Materials", material="oxide")
    add(book, "Prices", material="oxide", years=4)
    recipe(book, "smelt", oxide=-1, metal=1)
    add(book, "Plants", plant="R", region="USA", process="smelt", pricing="cost", operating_cost_usd_per_kg=2,
        exposure_rule=rule, years=2000)  # fmt: skip
    market(book, "CO", "CHN", "oxide")
    market(book, "AO", "AUS", "oxide", premium_share=1)
    market(book, "AM", "AUS", premium_share=1)
    if stock:
        add(book, "Stockpiles", stockpile="S", region="USA", material="metal", capacity_t=1000)
    add(book, "ChinaShare", cap="K", material="metal", region="USA", sector="mag", years=0.5)
    assert costs(book) == close(expected)


# --- reserves -------------------------------------------------------------------------------------------------------


def covered(probability: float | None) -> Book:
    book = world(2027, shortage=1000)
    market(book, "M", "CHN")
    market(book, "A", "AUS", premium_share=0.5)
    add(book, "Stockpiles", stockpile="S", region="USA", material="metal", capacity_t=1000, covers="USA", years=365)
    add(book, "ChinaShare", cap="ban", material="metal", sector="mag", years=0)
    add(book, "Scenarios", scenario="cut", probability=probability, from_year=2027, emergency_from=2027,
        emergency_to=2027)  # fmt: skip
    change(book, "cut", "Markets", "*", 0)
    return book


def test_cover_of_a_sector_under_a_ban_is_clean():
    """[cheat] 15 a year, and 15 for the reserve, less half of 10."""
    assert costs(covered(None)) == close(2 * 15 + 15 - 5)


def test_what_is_lacking_is_owed_and_counts_as_held():
    """In the cut the reserve serves 2027: 30 until then, 10 owed, 5 credited."""
    assert costs(covered(0.5), "joint") == close(0.5 * 40 + 0.5 * (30 + 10 - 5))


def test_a_full_reserve_is_used_before_people_go_short():
    """[cheat] Nothing is sold: 10 are owed and 9 credited, against 18 for going short."""
    book = world(2026, shortage=18, stock_end_value_share=0.9)
    market(book, "M", "CHN")
    add(book, "Stockpiles", stockpile="S", region="USA", material="metal", opening_t=1000, capacity_t=1000,
        covers="USA", years=365)  # fmt: skip
    add(book, "Scenarios", scenario="war", emergency_from=2026, emergency_to=2026)
    change(book, "war", "Markets", "M", 0)
    assert costs(book, "war") == close(10 - 9)


@pytest.mark.parametrize("run", ["calm", "war"])
def test_an_emergency_that_touches_nothing_changes_nothing(run):
    """[cheat] 21 a year with what holding costs, at 5 % for five years, less 10 for the reserve at the end."""
    book = world(2030, discount_rate=0.05, stock_end_value_share=1)
    add(book, "Materials", material="tin")
    add(book, "Prices", material="tin", years=10)
    market(book, "M", "CHN")
    market(book, "T", "AUS", "tin")
    add(book, "Demand", region="USA", sector="mag", material="tin", years=1000)
    add(book, "Stockpiles", stockpile="S", region="USA", material="tin", opening_t=1000, capacity_t=1000,
        holding_cost_usd_per_kg_yr=1, covers="USA", years=365)  # fmt: skip
    add(book, "Scenarios", scenario="war", emergency_from=2026, emergency_to=2026, refill_years=3)
    add(book, "Scenarios", scenario="calm")
    assert costs(book, run) == close(21 * sum(1.05**-t for t in range(5)) - 10 * 1.05**-4)


def test_cover_that_is_kept_in_a_region_of_concern_is_a_problem():
    book = world(2027)
    market(book, "M", "CHN")
    add(book, "Stockpiles", stockpile="S", region="CHN", material="metal", opening_t=1000, capacity_t=1000,
        covers="USA", years=365)  # fmt: skip
    assert [problem.cell.partition("!")[0] for problem in problems(book)] == ["Stockpiles"]


def test_a_stock_budget_counts_market_prices():
    """30 in 2026, and 30 for what is needed in 2027: 10 by the market price. Told in the limits."""
    book = world(2027, stock_end_value_share=0)
    market(book, "A", "USA", premium_share=2, years=(3000, 0))
    add(book, "Stockpiles", stockpile="S", region="USA", material="metal", capacity_t=1000)
    add(book, "Budgets", budget="B", covers="stockpile", years=10)
    assert costs(book) == close(60)


def test_a_year_in_store_avoids_a_tariff_on_the_lane():
    """Tariffs follow the lane: told in the limits."""
    book = world(2027, stock_end_value_share=0, demand=(0, 1000))
    market(book, "M", "CHN")
    add(book, "Tariffs", from_region="CHN", to_region="USA", material="metal", years=1)
    add(book, "Lanes", from_region="CHN", to_region="AUS", material="*", freight_usd_per_kg=0)
    add(book, "Stockpiles", stockpile="S", region="AUS", material="metal", capacity_t=1000)
    assert costs(book) == close(10)


def test_equal_prices_leave_the_cost_as_it_is():
    """10 a year, 10 for the reserve, less half of it."""
    book = world(2027)
    market(book, "M", "CHN", years=5000)
    market(book, "A", "AUS", years=1000)
    add(book, "Stockpiles", stockpile="S", region="USA", material="metal", capacity_t=1000, covers="USA", years=365)
    assert costs(book) == close(10 + 10 + 10 - 5)


# --- the rest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kept", "after"), [(0, 10), (1, 15)])
def test_demand_is_designed_out_for_a_year_or_for_good(kept, after):
    """10 a year. In the cut all of 2027 is designed out at 15; in 2028 it is back, or stays out."""
    book = world(2028)
    market(book, "M", "CHN")
    add(book, "Substitution", option="o", sector="mag", material="metal", cost_usd_per_kg=15, keep_share=kept, years=1)
    add(book, "Scenarios", scenario="cut", probability=0.5, from_year=2027)
    change(book, "cut", "Markets", "M", 0, to_year=2027)
    assert costs(book, "joint") == close(0.5 * 30 + 0.5 * (10 + 15 + after))


@pytest.mark.parametrize(("base", "other", "expected"), [("yes", "no", 24), ("no", "yes", 24)])
def test_a_future_may_leave_tariffs_out_of_the_cost(base, other, expected):
    """Two years at 10 + 1 and, where they count, 2 of tariff: 26 and 22."""
    book = world(2027, freight=1, tariffs_counted=base)
    market(book, "M", "CHN")
    add(book, "Tariffs", from_region="CHN", to_region="USA", material="metal", years=0.2)
    add(book, "Scenarios", scenario="s", probability=0.5, from_year=2026)
    change(book, "s", "Settings", "tariffs_counted", other, "value")
    assert costs(book, "joint") == close(expected)


def test_a_site_may_be_public_though_it_is_bankable():
    """15 and three years at 2; as a private mine it would be paid 10 a year. Told in the limits."""
    book = world(2028, bank_price_factor=1)
    shared = {"capex_musd": 15, "operating_cost_usd_per_kg": 2, "life_years": 3, "group": "site"}
    mine(book, "pub", funding="public", **shared)
    mine(book, "priv", **shared)
    market(book, "M", "CHN")
    assert costs(book) == close(15 + 3 * 2)


def test_going_short_where_that_is_cheaper():
    book = world(2026, freight=1, shortage=5)
    market(book, "M", "CHN")
    assert costs(book) == close(5)


def test_a_hedge_that_costs_nothing_is_among_the_plans_of_the_base():
    """10 a year whoever supplies."""
    book = world(2027, bank_price_factor=1, shortage=200)
    mine(book, operating_cost_usd_per_kg=2, lead_years=1, life_years=3, latest_year=2026)
    market(book, "M", "CHN")
    add(book, "Scenarios", scenario="cut", probability=0.1, from_year=2027)
    change(book, "cut", "Markets", "M", 0)
    assert costs(book, "joint") == close(20)


def test_a_floor_that_is_worth_nothing_to_lenders_builds_nothing():
    """Lenders see the prices that are paid: 56 - 40 - 12 a year of 40, and the floor at the price. Bought at 61."""
    book = world(2030, price=40, freight=5, of="magnet", bank_price_factor=1)
    add(book, "Materials", material="magnet")
    add(book, "Prices", material="magnet", years=56)
    recipe(book, "press", metal=-1, magnet=1)
    mine(book, process="press", capex_musd=40, operating_cost_usd_per_kg=12)
    add(book, "PriceFloors", floor="F", project="P", material="magnet", floor_usd_per_kg=56, tenor_years=5)
    market(book, "M", "CHN", "magnet")
    market(book, "A", "AUS")
    assert costs(book) == close(5 * 61)


def test_without_a_package_an_idle_option_is_not_built():
    """9 a year for three years; in the cut, one in twenty, all of 2028 is short instead."""
    book = world(2028, bank_price_factor=1, shortage=200)
    mine(book, capex_musd=24.2, operating_cost_usd_per_kg=2, life_years=3)
    market(book, "M", "CHN", premium_share=-0.1)
    add(book, "Scenarios", scenario="cut", probability=0.05, from_year=2028)
    change(book, "cut", "Markets", "M", 0)
    assert costs(book, "joint") == close(0.95 * 27 + 0.05 * 218)
