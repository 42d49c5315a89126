"""Flows, markets and lanes as the audit recomputes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.half_years import halves, in_halves
from tests.audit.tiny_plan import Edit, add, broken, drop, judged, plan_document, put
from tests.audit.tiny_workbook import change, flat, kg, lane, workbook

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.demand import demand, demand_table, markets, service, substitution
from lodestone.audit.flows import (
    _streams,
    balance_table,
    clean_mode,
    colour,
    freight_table,
    intake,
    lane_rates,
    lanes,
    made,
    made_covers_shipped,
    market_prices,
    other_intake,
    returned,
    returns_table,
    used,
    used_is_what_arrives,
    whole_plants,
)
from lodestone.data.plan_data import LaneData, year_of


def test_under_last_stage_output_takes_the_colour_of_the_unit() -> None:
    """The pilot, which takes clean ore, may not make exposed oxide, and no intake is clean-mode."""
    found = broken(audit(workbook(provenance=False), plan_document()))

    assert {"(3) colour", "(3) intake"} <= found


def test_clean_returns_come_back_clean() -> None:
    changed = replace(workbook().returns[0], clean=True)

    verdict = audit(workbook(returns=(changed,)), plan_document())

    assert {"(1) returns", "(1) made"} <= broken(verdict)


def test_a_year_without_a_volume_or_capacity_is_unlimited() -> None:
    """As when a scenario sets single years of an unlimited row."""
    open_trader = change("markets", "trader", volume={2030: 0.0, 2031: None, 2032: 10.0})
    open_lane = lane(capacity={2030: None, 2031: 11.0, 2032: None})

    assert audit(workbook(**open_trader, **open_lane), plan_document()).ok


# --- one rule at a time: what it says of one thing wrong -------------------------------------------------------------


def amounts(function: Any, **changes: Any) -> dict[Any, float]:
    """What a function finds in the tiny plan, by year."""
    data = workbook(**changes)
    found = function(data, read_books(data, plan_document())).items()
    return {tuple(year_of(k) if isinstance(k, int) else k for k in key): value for key, value in found if value}


def test_scrap_comes_back_lag_years_later_in_its_stream_or_clean() -> None:
    """A fifth of what civil users got: 30 t exposed in 2030, 16 and 20 t in 2031; nothing after 2032."""
    assert amounts(returned) == pytest.approx({
        ("USA", "scrap", 2031, "exposed"): 6.0, ("USA", "scrap", 2032, "clean"): 3.2,
        ("USA", "scrap", 2032, "exposed"): 4.0,
    })  # fmt: skip
    two_years = (replace(workbook().returns[0], lag_years=2, clean=True),)
    assert amounts(returned, returns=two_years) == pytest.approx({("USA", "scrap", 2032, "clean"): 6.0})
    at_once = (replace(workbook().returns[0], lag_years=0, sector="defence"),)
    assert amounts(returned, returns=at_once) == {("USA", "scrap", year, "clean"): 2.0 for year in (2030, 2031, 2032)}


def test_what_is_made_by_recipe_bought_released_and_returned() -> None:
    """The pilot's recipe makes 3 t of oxide; 5 t of exposed oxide are released in 2032."""
    made_in_2032 = {
        place: tonnes
        for place, tonnes in amounts(made, **change("plants", "pilot", recipe={"ore": -2.0, "oxide": 3.0})).items()
        if place[2] == 2032
    }
    assert made_in_2032 == pytest.approx({
        ("USA", "ore", 2032, "clean"): 80.0, ("CHN", "ore", 2032, "exposed"): 16.0,
        ("CHN", "oxide", 2032, "exposed"): 8.0, ("USA", "oxide", 2032, "clean"): 30.0,
        ("USA", "oxide", 2032, "exposed"): 3 * 10.0 + 3.0 + 3.0 + 5.0,
        ("USA", "scrap", 2032, "clean"): 3.2, ("USA", "scrap", 2032, "exposed"): 4.0,
    })  # fmt: skip


def test_what_is_used_by_stream() -> None:
    used_in_2031 = {place: tonnes for place, tonnes in amounts(used).items() if place[2] == 2031}
    assert used_in_2031 == pytest.approx({
        ("USA", "ore", 2031, "clean"): 56.0, ("CHN", "ore", 2031, "exposed"): 22.0,
        ("USA", "scrap", 2031, "exposed"): 6.0, ("USA", "oxide", 2031, "clean"): 10 + 16 + 2.0,
        ("USA", "oxide", 2031, "exposed"): 20.0,
    })  # fmt: skip
    assert amounts(used)["USA", "oxide", 2032, "clean"] == pytest.approx(10 + 16 + 4)  # 4 t are sold


def test_intake_of_clean_and_of_other_activity() -> None:
    """Three t of ore for each t: the smelter's clean 18 t in 2031 take 54."""
    three = change("projects", "smelter", recipe={"ore": -3.0, "oxide": 1.0})
    assert amounts(clean_mode, **three)["USA", "ore", 2031] == 54 + 20
    assert amounts(other_intake) == {
        ("CHN", "ore", 2030): 60, ("CHN", "ore", 2031): 22, ("CHN", "ore", 2032): 16, ("USA", "ore", 2032): 20,
        ("USA", "scrap", 2031): 6, ("USA", "scrap", 2032): 6,
    }  # fmt: skip
    assert amounts(clean_mode, provenance=False) == {}
    assert amounts(other_intake, provenance=False)["USA", "ore", 2032] == 20 + 60


ORE = {"material": "ore", "from_region": "USA", "year": 2031}
CIVIL = {"sector": "civil", "year": 2031}
PLACE = "USA/oxide 2031 clean"

ONE_THING_WRONG: dict[str, tuple[Any, Edit, list[tuple[str, str, str]]]] = {
    "shipped without being made": (
        made_covers_shipped, put("flows", ORE, t=57.0), [("USA/ore 2031 clean", "shipped at most 56 t", "57 t")],
    ),
    "used without arriving": (
        used_is_what_arrives, put("demand", CIVIL, clean_t=17.0),
        [("USA/oxide 2031 clean", "used, as it arrives, 28 t", "29 t")],
    ),
    "arriving without being used": (
        used_is_what_arrives, put("demand", CIVIL, clean_t=15.0),
        [("USA/oxide 2031 clean", "used, as it arrives, 28 t", "27 t")],
    ),
    "made, in the table": (
        balance_table, put("balance", {"region": "USA", "material": "ore", "year": 2031}, made_t=55.0),
        [("USA/ore 2031 clean", "made_t 56 t", "55 t")],
    ),
    "shipped, in the table": (
        balance_table, put("balance", {"region": "USA", "material": "ore", "year": 2031}, shipped_t=55.0),
        [("USA/ore 2031 clean", "shipped_t 56 t", "55 t")],
    ),
    "discarded, in the table": (
        balance_table, put("balance", {"region": "USA", "material": "scrap", "year": 2032, "stream": "clean"},
                           discarded_t=1.0),
        [("USA/scrap 2032 clean", "discarded_t 1.2 t", "1 t")],
    ),
    "left out of the table": (
        balance_table, drop("balance", region="USA", material="scrap", year=2032, stream="clean"),
        [("USA/scrap 2032 clean", "made_t 3.2 t", "0 t"), ("USA/scrap 2032 clean", "shipped_t 2 t", "0 t"),
         ("USA/scrap 2032 clean", "discarded_t 1.2 t", "0 t")],
    ),
    "returns": (
        returns_table, put("returns", {"year": 2032, "stream": "clean"}, t=3.0),
        [("USA/scrap 2032 clean", "scrap that comes back 3.2 t", "3 t")],
    ),
    "clean-mode intake": (
        intake, put("intake", {"region": "USA", "material": "ore", "year": 2031}, clean_mode_t=55.0),
        [("USA/ore 2031", "clean-mode intake 56 t", "55 t")],
    ),
    "mixed intake": (
        intake, put("intake", {"region": "USA", "material": "scrap", "year": 2032}, mixed_clean_t=1.0),
        [("USA/scrap 2032", "mixed intake 6 t", "5 t")],
    ),
    "clean from China": (
        colour, put("plants", {"unit": "refinery", "year": 2031}, clean_t=2.0),
        [("refinery 2031", "clean activity at most 0 t", "2 t")],
    ),
    "exposed from a mine": (
        colour, put("plants", {"unit": "mine", "year": 2031}, exposed_t=2.0),
        [("mine 2031", "exposed activity at most 0 t", "2 t")],
    ),
    "clean from an exposed market": (
        colour, put("markets", {"market": "ore_desk", "year": 2031}, stream="clean"),
        [("ore_desk 2031", "clean purchases at most 0 t", "22 t")],
    ),
    "sold exposed": (colour, put("markets", {"market": "sink"}, stream="exposed"), []),
    "two batches in a whole plant": (
        whole_plants, put("plants", {"unit": "pilot", "year": 2031}, exposed_t=0.5),
        [("pilot 2031", "activity beside the other stream at most 0 t", "0.5 t")],
    ),
    "freight": (
        freight_table, put("flows", {"from_region": "CHN", "to_region": "USA", "year": 2031}, freight_musd=0.005),
        [("oxide CHN to USA 2031 exposed", "freight 0.0055 MUSD", "0.005 MUSD")],
    ),
    "tariff": (
        freight_table, put("flows", {"from_region": "CHN", "to_region": "USA", "year": 2031}, tariff_musd=0.01),
        [("oxide CHN to USA 2031 exposed", "tariff 0.011 MUSD", "0.01 MUSD")],
    ),
    "demand unmet": (
        demand, put("demand", CIVIL, exposed_t=19.0),
        [("USA/civil/oxide 2031", "delivered, avoided and short 40 t", "39 t")],
    ),
    "service": (
        service, put("demand", {"sector": "defence", "year": 2031}, short_t=1.5),
        [("USA/defence/oxide 2031", "shortage at most 1 t", "1.5 t")],
    ),
    "demand, in the table": (
        demand_table, put("demand", CIVIL, demand_t=39.0), [("USA/civil/oxide 2031", "demand_t 40 t", "39 t")],
    ),
    "designed out, in the table": (
        demand_table, put("demand", CIVIL, substituted_t=3.0), [("USA/civil/oxide 2031", "substituted_t 4 t", "3 t")],
    ),
    "a demand that nobody has": (
        demand_table, add("demand", "CHN", "civil", "oxide", 2031, 1.0, 0.0, 0.0, 0.0, 0.0),
        [("CHN/civil/oxide 2031", "demand_t 0 t", "1 t")],
    ),
    "more designed out than can be": (
        substitution, put("substitution", {"year": 2031}, t=4.5, cost_musd=0.0135),
        [("ferrite USA 2031", "demand avoided at most 4 t", "4.5 t")],
    ),
    "designed out where nobody wants anything": (
        substitution, add("substitution", "ferrite", "CHN", "civil", "oxide", 2031, 1.0, 0.003),
        [("ferrite CHN 2031", "demand avoided at most 0 t", "1 t")],
    ),
    "its cost": (
        substitution, put("substitution", {"year": 2031}, cost_musd=0.01),
        [("ferrite USA 2031", "cost 0.012 MUSD", "0.01 MUSD")],
    ),
    "market prices": (
        market_prices, put("markets", {"market": "sink"}, price_usd_per_kg=10.0),
        [("sink 2032", "price 10.5 USD/kg", "10 USD/kg")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "edit", "expected"), ONE_THING_WRONG.values(), ids=ONE_THING_WRONG.keys())
def test_a_rule_says_what_is_wrong_and_nothing_else(
    rule: Any, edit: Edit, expected: list[tuple[str, str, str]]
) -> None:
    assert judged(rule, edit) == expected


def test_colours_of_units() -> None:
    def streams(name: str, **changes: Any) -> tuple[str, ...]:
        data = workbook(**changes)
        return _streams(data, data.units[name])

    both = ("clean", "exposed")
    assert [streams(name) for name in ("mine", "refinery", "pilot")] == [("clean",), ("exposed",), both]
    assert streams("pilot", provenance=False) == ("clean",)
    assert streams("refinery", provenance=False) == ("exposed",)
    assert streams("mine", **change("plants", "mine", of_concern=True)) == ("exposed",)


def test_a_whole_plant_of_one_stream_is_not_judged() -> None:
    data = workbook(**change("plants", "refinery", whole_plant=True))
    checks = whole_plants(data, read_books(data, plan_document()))

    assert {c.where for c in checks} == {"pilot 2030", "pilot 2031", "pilot 2032"}


def test_lanes_hold_over_both_streams_where_they_have_a_capacity() -> None:
    """28 t clean and 9 t exposed move at home in 2031."""
    lanes_of = dict(workbook().lanes)
    lanes_of["oxide", "USA", "USA"] = LaneData(0.0, flat(0), {2030: None, 2031: 36.5, 2032: 51.0})
    assert judged(lanes, lanes=lanes_of) == [("oxide USA to USA 2031", "shipments at most 36.5 t", "37 t")]
    del lanes_of["oxide", "CHN", "USA"]
    closed = [(where, expected) for where, expected, _ in judged(lanes, lanes=lanes_of)]
    assert closed[0] == ("oxide CHN to USA 2030", "shipments without an open lane at most 0 t")
    assert judged(freight_table, lanes=lanes_of) == []  # left to the lanes


def test_rates_of_a_lane() -> None:
    assert lane_rates(workbook(), "oxide", "CHN", "USA", 203101, "exposed") == pytest.approx((kg(0.5), 0.1 * kg(10)))
    assert lane_rates(workbook(), "oxide", "USA", "USA", 203101, "exposed") == (0, 0)


@pytest.mark.parametrize(
    ("market", "terms", "expected"),
    [
        ("sink", {"volume": flat(3.5)}, [("sink 2032", "volume at most 3.5 t", "4 t")]),
        ("sink", {"volume": flat(4.5), "spot_share": 0.0}, []),  # what is sold needs no contract
        ("trader", {"volume": flat(5.5), "spot_share": 1.0}, [("trader 2031", "volume at most 5.5 t", "6 t")]),
        ("ore_desk", {"spot_share": 0.5}, []),  # unlimited stays unlimited
        ("ore_desk", {"spot_share": 0.0}, [
            (f"ore_desk {year}", "purchases, spot and contracts, at most 0 t", f"{t} t")
            for year, t in ((2030, 60), (2031, 22), (2032, 16))
        ]),
        ("ore_desk", {"spot_share": 0.25, "volume": {2030: None, 2031: 80.0, 2032: None}}, [
            ("ore_desk 2031", "purchases, spot and contracts, at most 20 t", "22 t")
        ]),
    ],
)  # fmt: skip
def test_volumes_and_spot_shares_of_markets(market: str, terms: dict[str, Any], expected: Any) -> None:
    assert judged(markets, **change("markets", market, **terms)) == expected


def test_what_contracts_take_is_bought_on_top_of_the_spot_share() -> None:
    """A twentieth of 20 and 10 t is open: 1 and 0.5 t; 6 and 3 t are taken under contract."""
    edit = put("markets", {"market": "trader", "year": 2031}, t=7.5)

    assert judged(markets, edit, **change("markets", "trader", spot_share=0.05)) == [
        ("trader 2031", "purchases, spot and contracts, at most 7 t", "7.5 t")
    ]


def test_what_is_used_where_nothing_arrives() -> None:
    no_scrap = drop("flows", material="scrap", year=2031)

    assert judged(used_is_what_arrives, no_scrap) == [("USA/scrap 2031 exposed", "used, as it arrives, 0 t", "6 t")]


def test_what_is_shipped_where_nothing_is_made() -> None:
    from_nowhere = add("flows", "scrap", "CHN", "CHN", 2031, "exposed", 7.0, 0.0, 0.0)

    assert judged(made_covers_shipped, from_nowhere) == [("CHN/scrap 2031 exposed", "shipped at most 0 t", "7 t")]
    assert judged(balance_table, from_nowhere) == [
        ("CHN/scrap 2031 exposed", "shipped_t 7 t", "0 t"), ("CHN/scrap 2031 exposed", "discarded_t -7 t", "0 t"),
    ]  # fmt: skip


def test_a_balance_where_nothing_happens() -> None:
    invented = add("balance", "CHN", "scrap", 2031, "exposed", 7.0, 0.0, 7.0)

    assert judged(balance_table, invented) == [
        ("CHN/scrap 2031 exposed", "made_t 0 t", "7 t"), ("CHN/scrap 2031 exposed", "discarded_t 0 t", "7 t"),
    ]  # fmt: skip


def test_intake_where_nothing_works() -> None:
    """Left out where something does, and said where nothing does: of each kind."""
    assert judged(intake, drop("intake", region="USA", material="ore", year=2030)) == [
        ("USA/ore 2030", "clean-mode intake 20 t", "0 t")
    ]
    assert judged(intake, drop("intake", region="CHN", year=2030)) == [("CHN/ore 2030", "mixed intake 60 t", "0 t")]
    left_out = judged(intake, drop("intake", region="CHN", year=2030), provenance=False)
    assert ("CHN/ore 2030", "mixed intake 60 t", "0 t") in left_out
    assert judged(intake, add("intake", "CHN", "scrap", 2030, 1.0, 2.0, 3.0)) == [
        ("CHN/scrap 2030", "clean-mode intake 0 t", "1 t"), ("CHN/scrap 2030", "mixed intake 0 t", "5 t"),
    ]  # fmt: skip


def test_less_than_a_tonne_out_is_no_input() -> None:
    data = workbook(**change("plants", "mine", recipe={"ore": 0.5, "scrap": 0.0}))

    assert _streams(data, data.units["mine"]) == ("clean",)


def test_what_arrives_where_nobody_uses_it() -> None:
    for_nobody = add("flows", "scrap", "CHN", "CHN", 2031, "exposed", 7.0, 0.0, 0.0)

    assert judged(used_is_what_arrives, for_nobody) == [("CHN/scrap 2031 exposed", "used, as it arrives, 7 t", "0 t")]


def test_a_material_without_a_price_moves_free_of_tariff() -> None:
    data = workbook(price={m: series for m, series in workbook().price.items() if m[0] != "scrap"})

    assert lane_rates(data, "scrap", "USA", "USA", 203101, "clean") == (0, 0)


def test_what_is_made_and_left_lying_stands_in_the_balance() -> None:
    def edit(plan: Any) -> None:
        for table in ("flows", "balance"):
            drop(table, material="scrap", year=2032, stream="clean")(plan)

    found = judged(balance_table, edit)

    assert found == [("USA/scrap 2032 clean", f"{what} 3.2 t", "0 t") for what in ("made_t", "discarded_t")]


def test_scrap_that_is_left_out_of_the_table() -> None:
    found = judged(returns_table, drop("returns", year=2032, stream="clean"))

    assert found == [("USA/scrap 2032 clean", "scrap that comes back 3.2 t", "0 t")]


def test_half_a_tonne_out_is_not_taken_in() -> None:
    half = change("plants", "mine", recipe={"ore": 0.5})

    assert amounts(clean_mode, **half) == amounts(clean_mode)


# --- duties, and scrap where nothing is clean ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "stream", "usd"),
    [
        ({}, "clean", 1.0),  # a tenth of 10
        ({"applies_to": "exposed"}, "clean", 0.0),
        ({"applies_to": "exposed"}, "exposed", 1.0),
        ({"min_price": kg(10.5)}, "clean", 1.0),  # lifted by 0.5
        ({"min_price": kg(12.5)}, "clean", 2.5),
        ({"min_price": kg(12.5), "applies_to": "exposed"}, "clean", 0.0),
        ({"min_price": kg(12.5), "tariff": flat(0)}, "exposed", 2.5),
        ({"min_price": kg(9), "tariff": flat(0)}, "exposed", 0.0),
    ],
)
def test_the_duty_of_a_stream(terms: dict[str, Any], stream: str, usd: float) -> None:
    assert lane_rates(workbook(**lane(**terms)), "oxide", "CHN", "USA", 203101, stream) == pytest.approx(
        (kg(0.5), kg(usd))
    )


def test_a_duty_is_taken_on_the_price_where_the_lane_starts() -> None:
    cheap = dict.fromkeys((203001, 203101, 203201), kg(6))
    data = workbook(price={**workbook().price, ("oxide", "CHN"): cheap})

    assert lane_rates(data, "oxide", "CHN", "USA", 203101, "exposed") == pytest.approx((kg(0.5), kg(0.6)))


def test_scrap_in_a_region_of_concern_is_exposed_whatever_its_row_says() -> None:
    clean = replace(workbook().returns[0], clean=True)
    data = workbook(returns=(clean,))
    plan = plan_document()
    add("demand", "CHN", "civil", "oxide", 2030, 0.0, 10.0, 0.0, 0.0, 0.0)(plan)

    back = returned(data, read_books(data, plan))

    assert (back["CHN", "scrap", 203101, "exposed"], back["CHN", "scrap", 203101, "clean"]) == (2.0, 0.0)
    assert back["USA", "scrap", 203101, "clean"] == pytest.approx(6.0)


def test_scrap_of_a_year_comes_back_over_the_periods_of_another() -> None:
    """18 t were delivered exposed in the halves of 2030, 10 t clean: a fifth of them in the whole of 2031."""
    data = halves(returns=(replace(workbook().returns[0], sector="civil"),))
    back = returned(data, read_books(data, in_halves()))

    assert back["USA", "scrap", 203101, "exposed"] == pytest.approx(3.6)
    cut = halves(periods={2031: 3}, returns=(replace(workbook().returns[0], sector="civil"),))
    back = returned(cut, replace(read_books(halves(), in_halves()), length=dict.fromkeys(cut.times, 0.25)))
    assert [back["USA", "scrap", time, "exposed"] for time in (203101, 203104, 203110)] == pytest.approx([0.9] * 3)


def test_of_a_market_without_volume_nothing_is_bought() -> None:
    none = change("markets", "ore_desk", volume={2030: 60.0, 2031: 22.0, 2032: 0.0})

    assert judged(markets, **none) == [
        ("ore_desk 2032", "volume at most 0 t", "16 t"),
        ("ore_desk 2032", "purchases, spot and contracts, at most 0 t", "16 t"),
    ]
