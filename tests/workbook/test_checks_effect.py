"""Cells and rows without effect, and figures far from their like: each warning at its cell, and when there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.make import Book, changed, tiny, warnings_of, with_plants

from lodestone.workbook.checks.rows import rounded

FLOOR, CONTRACT, MARKET, STOCK = ("PriceFloors", 1), ("Contracts", 1), ("Markets", 1), ("Stockpiles", 1)
REFINERY, RECYCLING, SCENARIO = ("Projects", 1), ("Projects", 2), ("Scenarios", 1)


def public(*cells: tuple[str, int, str, Any]) -> Book:
    """home_recycling, which has neither floor nor contract, is public."""
    return changed((*RECYCLING, "funding", "public"), *cells)


def added(sheet: str, *values: Any, book: Book | None = None) -> Book:
    """One row more."""
    book = with_plants() if book is None else book
    book[sheet].append([*values])
    return book


def from_market(**cells: Any) -> Book:
    """The contract is with the market for Chinese oxide, at an index, and the refinery's project has none."""
    usual = {"supplier": "china_oxide", "price_rule": "index", "fixed_price_usd_per_kg": None} | cells
    return changed(*((*CONTRACT, name, value) for name, value in usual.items()))


def sells(*more: tuple[str, Any]) -> Book:
    """A market at Home that buys oxide."""
    book = with_plants()
    book["Markets"][0] += [2026, *(name for name, _ in more)]
    book["Markets"][1] += [None, *(None for _ in more)]
    book["Markets"].append(["buyer", "Home", "oxide", "sell", 50, *(value for _, value in more)])
    return book


def without_default_freight(book: Book) -> Book:
    """Only what Lanes gives: oxide from China, and within each region."""
    del book["Settings"]["default_freight_usd_per_kg"]
    return book


CELLS = [
    (public((*RECYCLING, "hurdle_rate", 0.2)), "Projects!I3", "hurdle_rate has no effect: the project is public"),
    (public((*RECYCLING, "spot_share", 0.5)), "Projects!I3", "spot_share has no effect: a public project"),
    (public((*RECYCLING, "ramp_years", 30)), "Projects!I3", "life_years is 25"),
    (
        changed((*RECYCLING, "exposure_rule", "whole_plant"), (*RECYCLING, "owner_of_concern", "yes")),
        "Projects!H3",
        "its owner",
    ),
    (changed(("Plants", 1, "exposure_rule", "whole_plant")), "Plants!G2", "China is of concern"),
    (changed(("Plants", 2, "exposure_rule", "whole_plant")), "Plants!G3", "it takes no inputs"),
    (changed((*CONTRACT, "index_premium_share", 0.1)), "Contracts!H2", "price_rule is fixed"),
    (changed((*CONTRACT, "price_min_usd_per_kg", 40)), "Contracts!H2", "price_rule is fixed"),
    (from_market(escalation_share_per_yr=0.02), "Contracts!H2", "price_rule is index"),
    (
        changed((*CONTRACT, "escalation_share_per_yr", 0.02), (*CONTRACT, "tenor_years", 1)),
        "Contracts!H2",
        "runs for one year",
    ),
    (changed((*CONTRACT, "start_delay_years", 1)), "Contracts!H2", "home_refinery is a project"),
    (changed((*CONTRACT, "tenor_years", 26)), "Contracts!G2", "beyond the life of home_refinery, 25 years"),
    (changed((*FLOOR, "tenor_years", 26)), "PriceFloors!E2", "beyond the life of home_refinery, 25 years"),
    (sells(("exposed", "yes")), "Markets!F3", "exposed has no effect: the market buys from us"),
    (sells(("spot_share", 0.5)), "Markets!F3", "spot_share has no effect: the market buys from us"),
    (changed((*STOCK, "opening_t", 0), (*STOCK, "opening_exposed_share", 0.5)), "Stockpiles!H2", "opening_t is 0"),
    (changed((*STOCK, 2027, None), (*STOCK, "covers", "Home")), "Stockpiles!H2", "no days of cover"),
    (changed((*SCENARIO, "refill_years", 1)), "Scenarios!D2", "the scenario has no emergency"),
]


@pytest.mark.parametrize(("book", "cell", "says"), CELLS)
def test_a_given_cell_that_its_row_makes_meaningless(tmp_path: Path, book: Book, cell: str, says: str) -> None:
    warned = warnings_of(tmp_path, book)
    assert list(warned) == [cell]
    assert says in warned[cell]


def test_a_given_default_and_a_blank_cell_do_no_harm(tmp_path: Path) -> None:
    book = public((*RECYCLING, "hurdle_rate", 0.12), (*RECYCLING, "spot_share", 1), (*STOCK, "refill", None))
    book["Stockpiles"] = [cells[:-1] for cells in book["Stockpiles"]]
    assert warnings_of(tmp_path, book) == {}


def test_a_cell_that_has_an_effect_in_a_scenario_has_one(tmp_path: Path) -> None:
    book = from_market(fixed_price_usd_per_kg=50)
    assert list(warnings_of(tmp_path, book)) == ["Contracts!E2"]
    book["Scenarios"].append(["promise", None, 2026])
    added("Changes", "promise", "Contracts", "offtake", "price_rule", "set", "fixed", book=book)
    assert warnings_of(tmp_path, book) == {}


def test_of_two_alternatives_one_is_built(tmp_path: Path) -> None:
    book = public((*REFINERY, "group", "site"), (*RECYCLING, "group", "site"), (*RECYCLING, "max_builds", 2))
    warned = warnings_of(tmp_path, book)
    assert warned == {"Projects!J3": "max_builds has no effect: of the group site only one build is made"}
    book["Projects"][2][8] = "side"
    assert set(warnings_of(tmp_path, book)) == {"Projects!I2", "Projects!I3", "Projects!J3"}


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("risk_weight", 0.5, "no scenario has a probability"),
        ("stock_end_value_share", 0.4, "there is no stockpile"),
        ("tariffs_counted", "no", "there is no tariff"),
        ("bank_price_factor", 0.7, "no project is private"),
    ],
)
def test_a_setting_that_nothing_asks_for(tmp_path: Path, setting: str, value: Any, says: str) -> None:
    book = tiny()
    book["Settings"][setting] = value
    warned = warnings_of(tmp_path, book)
    assert list(warned) == ["Settings!B4"]
    assert says in warned["Settings!B4"]


def test_a_risk_tail_without_a_weight(tmp_path: Path) -> None:
    book = with_plants()
    book["Settings"]["risk_tail"] = 0.2
    assert warnings_of(tmp_path, book) == {"Settings!B5": "risk_tail has no effect: risk_weight is 0"}
    book["Settings"]["risk_weight"] = 0.5
    assert warnings_of(tmp_path, book) == {}


# --- lanes ----------------------------------------------------------------------------------------------------------


def test_demand_that_no_lane_reaches(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"].append(["Away", "no", None])
    book["Demand"].append(["Away", "defence", "oxide", 5, 5])
    assert warnings_of(tmp_path, book) == {
        "Demand!C3": "no open lane brings oxide to Away, so that this demand is never met"
    }
    book["Stockpiles"] = [["stockpile", "region", "material", "capacity_t"], ["reserve", "Home", "oxide", 50]]
    book["Lanes"].append(["Home", "Away", "oxide", 1])  # from a reserve that is filled from China
    assert warnings_of(tmp_path, book) == {}


def test_markets_and_stockpiles_out_of_reach(tmp_path: Path) -> None:
    book = tiny()
    book["Regions"].append(["Away", "no", None])
    book["Markets"] = [[*cells, volume] for cells, volume in zip(book["Markets"], (2026, None), strict=True)]
    book["Markets"] += [["seller", "Away", "oxide", "buy", 5], ["buyer", "Away", "oxide", "sell", 5]]
    book["Stockpiles"] = [["stockpile", "region", "material", "opening_t", "capacity_t"]]
    assert warnings_of(tmp_path, book) == {}, "each is within reach of the other"
    book["Markets"][2][1] = "Home"
    assert warnings_of(tmp_path, book) == {"Markets!B4": "no open lane brings oxide to buyer"}
    book["Markets"][2:] = [["seller", "Away", "oxide", "buy", 5]]
    assert warnings_of(tmp_path, book) == {"Markets!B3": "no open lane leads from seller to anyone who uses oxide"}
    book["Markets"][2:] = []
    book["Stockpiles"].append(["reserve", "Away", "oxide", 0, 50])
    assert "empty at first" in warnings_of(tmp_path, book)["Stockpiles!B2"]
    book["Stockpiles"][1][3] = 5
    assert "leads from reserve to anyone" in warnings_of(tmp_path, book)["Stockpiles!B2"]


def test_lanes_that_change_nothing(tmp_path: Path) -> None:
    book = tiny()
    book["Lanes"].append(["China", "*", "oxide", 2])  # Home is given already, and there is no third region
    assert "other rows give every lane" in warnings_of(tmp_path, book)["Lanes!A3"]
    book["Lanes"][2] = ["Home", "China", "oxide", 2]
    assert warnings_of(tmp_path, book) == {
        "Lanes!A3": "nothing can move here: oxide is neither made nor sold nor stocked in Home; "
        "is it the way from China to Home that is meant?"
    }
    book["Lanes"] = [["from_region", "to_region", "material", "freight_usd_per_kg", "open", 2026]]
    book["Lanes"] += [["China", "Home", "oxide", 1, None, None], ["Home", "China", "oxide", None, "no", 5]]
    assert warnings_of(tmp_path, book) == {"Lanes!F3": "capacity has no effect: the lane is closed (open is no)"}
    book["Lanes"][2] = ["Home", "China", "oxide", None, "no", None]
    assert warnings_of(tmp_path, book) == {}, "that one lane is closed can be said"


def test_of_a_table_of_freights_only_a_lane_turned_round_is_told(tmp_path: Path) -> None:
    """42 lanes between seven regions, on one of which oxide could move: it is the one that is missing."""
    book = tiny()
    book["Regions"] += [[f"r{i}", "no", None] for i in range(5)]
    names = ["China", "Home", *(f"r{i}" for i in range(5))]
    book["Lanes"][1:] = [[a, b, "oxide", 1] for a in names for b in names if a != b]
    book["Plants"] = [["plant", "region", "process", 2026]] + [[f"p{i}", f"r{i}", "pit", 1] for i in range(5)]
    book["Materials"].append(["stone"])
    book["Prices"].append(["stone", 1, 1])
    book["Processes"] = [["process", "material", "t_per_t"], ["pit", "stone", 1]]
    book["Lanes"] += [[f"r{i}", "Home", "stone", 1] for i in range(5)]
    book["Markets"] = [[*cells, volume] for cells, volume in zip(book["Markets"], (2026, None), strict=True)]
    book["Markets"].append(["quarry", "Home", "stone", "sell", 9])
    assert warnings_of(tmp_path, book) == {}
    book["Lanes"] = [cells for cells in book["Lanes"] if cells[:2] != ["China", "Home"]]
    turned = 1 + next(i for i, cells in enumerate(book["Lanes"]) if cells[:2] == ["Home", "China"])
    assert set(warnings_of(tmp_path, book)) == {f"Lanes!A{turned}", "Demand!C2", "Markets!B2"}


def test_freight_left_blank_is_not_the_default(tmp_path: Path) -> None:
    book = changed(("Lanes", 1, "freight_usd_per_kg", None))
    assert warnings_of(tmp_path, book) == {"Lanes!D2": "blank is 0 USD/kg here, not the default freight of 2"}
    book["Lanes"][1][3] = 0
    assert warnings_of(tmp_path, book) == {}


def test_tariffs_that_tax_nothing(tmp_path: Path) -> None:
    book = tiny()
    book["Tariffs"] = [["from_region", "to_region", "material", 2026], ["Home", "China", "oxide", 0.1]]
    assert warnings_of(tmp_path, book) == {
        "Tariffs!A2": "this tariff taxes nothing: there is no lane from Home to China for oxide; "
        "is it the way from China to Home that is meant?"
    }
    book["Settings"]["default_freight_usd_per_kg"] = 1
    assert "neither made nor sold nor stocked in Home; is it" in warnings_of(tmp_path, book)["Tariffs!A2"]
    book["Tariffs"][1:] = [["China", "*", "*", 0.1], ["China", "Home", "oxide", 0]]
    assert list(warnings_of(tmp_path, book)) == ["Tariffs!A2"], "the one lane is exempt"
    book["Tariffs"][1:] = [["China", "Home", "oxide", 0.1]]
    assert warnings_of(tmp_path, book) == {}


# --- policies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "cell", "says"),
    [
        (changed(("ChinaShare", 1, 2027, 1)), "ChinaShare!A2", "a share of 1 is all"),
        (changed(("ChinaShare", 1, 2027, None), ("ChinaShare", 1, 2030, 0.5)), "ChinaShare!A2", "in no year planned"),
        (
            changed((*STOCK, "covers", "China"), (*STOCK, "material", "scrap")),
            "Stockpiles!H2",
            "no scrap is consumed in China",
        ),
        (changed(("Budgets", 1, "covers", "capex, fees")), "Budgets!B2", "nothing of it is on offer"),
        (
            added("Materials", "slag", None, book=changed(("Returns", 1, "scrap", "slag"))),
            "Returns!C2",
            "nobody uses the slag",
        ),
        (changed(("Returns", 1, "t_per_t", 0)), "Returns!D2", "nothing comes back"),
        (changed(("Returns", 1, "lag_years", 2)), "Returns!E2", "what is delivered in 2026 does so after 2027"),
    ],
)
def test_a_policy_with_nothing_to_act_on(tmp_path: Path, book: Book, cell: str, says: str) -> None:
    assert says in warnings_of(tmp_path, book)[cell]


def test_substitution_that_nobody_chooses(tmp_path: Path) -> None:
    book = with_plants()
    book["Substitution"] = [
        ["option", "sector", "material", "cost_usd_per_kg", 2026],
        ["less", "defence", "oxide", 1200, 0.1],
    ]
    assert "to go short costs defence 1000 USD/kg" in warnings_of(tmp_path, book)["Substitution!D2"]
    book["Sectors"] = [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["defence", 1000, 0.5]]
    assert warnings_of(tmp_path, book) == {}, "where some must be served, it may be needed all the same"
    book["Substitution"][1][2:4] = ["ore", 500]
    assert "defence has no demand for ore" in warnings_of(tmp_path, book)["Substitution!C2"]


def test_a_cover_that_fits_to_the_tonne(tmp_path: Path) -> None:
    """120 t a year in 2027: 365 days are 120 t."""
    assert warnings_of(tmp_path, changed((*STOCK, 2027, 365), (*STOCK, "capacity_t", 120))) == {}
    warned = warnings_of(tmp_path, changed((*STOCK, 2027, 366), (*STOCK, "capacity_t", 120)))
    assert "366 days are 120.3 t or more in 2027" in warned["Stockpiles!G2"]


# --- years ----------------------------------------------------------------------------------------------------------


def test_what_can_never_happen_in_the_years_planned(tmp_path: Path) -> None:
    assert "from 2028 on" in warnings_of(tmp_path, changed((*REFINERY, "lead_years", 2)))["Projects!G2"]
    warned = warnings_of(tmp_path, changed((*CONTRACT, "earliest_year", 2027)))
    assert "home_refinery is decided from 2026 to 2026" in warned["Contracts!B2"]
    assert list(warnings_of(tmp_path, from_market(start_delay_years=2))) == ["Contracts!H2"]
    assert warnings_of(tmp_path, from_market(start_delay_years=1)) == {}
    book = changed((*RECYCLING, "requires", "home_refinery"), (*REFINERY, "lead_years", 2))
    assert "can be decided in no year planned" in warnings_of(tmp_path, book)["Projects!H3"]
    book = changed((*RECYCLING, "requires", "home_refinery"), (*REFINERY, "group", "a"), (*RECYCLING, "group", "a"))
    assert "only one build is made" in warnings_of(tmp_path, book)["Projects!H3"]


# --- changes --------------------------------------------------------------------------------------------------------


def test_a_change_that_a_later_one_sets_again(tmp_path: Path) -> None:
    book = with_plants()
    added("Changes", "embargo", "Demand", "Home/defence/oxide", "years", "set", 50, book=book)
    added("Changes", "embargo", "Demand", "*", "years", "set", 60, book=book)
    assert warnings_of(tmp_path, book) == {
        "Changes!F3": "in scenario embargo: this change has no effect: Changes!A4 sets the same values again"
    }
    book["Changes"][3][4:] = ["multiply", 2]
    assert warnings_of(tmp_path, book) == {}


def test_a_change_out_of_all_proportion(tmp_path: Path) -> None:
    """66 USD/kg becomes 66,000."""
    warned = warnings_of(tmp_path, added("Changes", "embargo", "Prices", "oxide", "years", "set", 66_000))
    assert "oxide has 66000 instead of 66" in warned["Changes!F3"]
    assert warnings_of(tmp_path, added("Changes", "embargo", "Prices", "oxide", "years", "set", 6_600)) == {}


# --- magnitudes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "cell", "says"),
    [
        (changed(("Prices", 1, 2027, 66_000)), "Prices!C2", "600 times the usual price of oxide (110)"),
        (changed((*REFINERY, "capex_musd", 150_000_000)), "Projects!E2", "times what it sells in a year"),
        (
            changed((*REFINERY, "operating_cost_usd_per_kg", 20_000)),
            "Projects!F2",
            "the other operating cost of refine",
        ),
        (changed(("Plants", 2, "operating_cost_usd_per_kg", 4_000)), "Plants!D3", "800 times what its output brings"),
        (changed((*CONTRACT, "signing_fee_musd", 1_000_000)), "Contracts!H2", "times what a year of it is worth"),
        (changed((*CONTRACT, "max_t_per_yr", 40_000)), "Contracts!F2", "500 times what home_refinery has"),
        (
            changed((*CONTRACT, "fixed_price_usd_per_kg", 90_000)),
            "Contracts!E2",
            "818.2 times the usual price of oxide (110)",
        ),
        (changed((*STOCK, "holding_cost_usd_per_kg_yr", 2_000)), "Stockpiles!H2", "30.3 times the price of oxide"),
    ],
)
def test_a_figure_whose_unit_is_in_doubt(tmp_path: Path, book: Book, cell: str, says: str) -> None:
    warned = warnings_of(tmp_path, book)
    assert cell in warned
    assert says in warned[cell]


def test_demand_in_kg(tmp_path: Path) -> None:
    """90 t/yr of projects, 500 of the plant in China, and a market of 1,000 t/yr: 1,590 t in all."""
    book = changed(("Markets", 1, 2026, 1000), ("Demand", 1, 2026, 100_000), ("Demand", 1, 2027, 120_000))
    assert "75.47 times all that plants, projects and markets could bring" in warnings_of(tmp_path, book)["Demand!E2"]
    book["Markets"][1][-1] = None
    assert "Demand!E2" not in warnings_of(tmp_path, book), "the market is unlimited"


def test_a_figure_three_hundred_times_the_median_of_its_like(tmp_path: Path) -> None:
    """Three sell markets of 10, 20 and x t/yr: the median of the others is theirs whatever x is."""
    book = sells()
    book["Markets"][2][4] = 10
    book["Markets"] += [["second", "Home", "oxide", "sell", 20], ["third", "Home", "oxide", "sell", 5_999]]
    assert warnings_of(tmp_path, book) == {}
    book["Markets"][4][4] = 6_000
    assert warnings_of(tmp_path, book) == {"Markets!E5": "300 times the usual volume of oxide (20): is the unit right?"}


def test_one_year_a_thousand_times_off_its_neighbours(tmp_path: Path) -> None:
    book = tiny()
    book["Prices"] = [["material", 2026, 2027, 2028], ["oxide", 60, 0.06, 60]]
    assert warnings_of(tmp_path, book) == {"Prices!C2": "1/1,000 of what this row usually has (60): is the unit right?"}


@pytest.mark.parametrize(("value", "says"), [(5_142_857.14, "5,142,857"), (16.6667, "16.67"), (0.5, "0.5")])
def test_figures_in_sentences(value: float, says: str) -> None:
    assert rounded(value) == says
