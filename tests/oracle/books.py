"""Small random workbooks of version 1: every way to decide in them can be tried one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.make import Book
from tests.solving import FIRST, add, home, lane, market, recipe

Pick = Callable[[Sequence[Any]], Any]


def some_book(pick: Pick) -> Book:
    """Ore is refined into oxide in China, in Ally and, if somebody builds, at Home; industry and defence want oxide."""
    last = FIRST + pick([1, 1, 2])
    book = home(
        last,
        discount_rate=pick([0, 0.1]),
        bank_price_factor=pick([0.8, 1]),
        stock_end_value_share=0.5,
        demand=[pick([60, 100]), pick([0, 60, 120])],
        price=[60, pick([40, 60, 90])],
        shortage=pick([100, 200, 400]),
    )
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=pick([3, 8]))
    recipe(book, "refine", ore=-2, oxide=1)
    add(book, "Sectors", sector="defence", shortage_cost_usd_per_kg=300, min_service_share=pick([0, 0, 0.2]))
    add(book, "Demand", region="Home", sector="defence", material="oxide", years=pick([10, 30]))
    _supply(book, pick)
    _projects(book, pick)
    _rules(book, pick)
    return book


def _supply(book: Book, pick: Pick) -> None:
    market(book, "china_ore", "China", "ore")
    market(book, "ally_ore", "Ally", "ore", premium_share=pick([0.5, 2]), years=pick([100, 300]))
    market(book, "china_oxide", "China", premium_share=pick([-0.2, 0]), years=pick([20, 60]))
    market(book, "ally_oxide", "Ally", premium_share=0.4, years=40, spot_share=pick([0, 0.5]))
    if pick([True, False]):
        market(book, "exporter", "Home", side="sell", premium_share=pick([-0.3, 0.1]), years=30)
    for name, region, pricing in (
        ("china_refinery", "China", "market"),
        ("ally_refinery", "Ally", pick(["market", "cost"])),
    ):
        add(
            book,
            "Plants",
            plant=name,
            region=region,
            process="refine",
            pricing=pricing,
            years=[30, pick([0, 30])],
            operating_cost_usd_per_kg=pick([10, 60]),
            spot_share=pick([0.5, 1]),
        )
    for start, end in (("China", "Home"), ("Ally", "Home"), ("China", "Ally")):
        lane(book, start, end, "*", freight=pick([0, 2]))
    if pick([True, False]):
        add(book, "Tariffs", from_region="China", to_region="*", material="oxide", years=0.25)


def _projects(book: Book, pick: Pick) -> None:
    shared = {
        "region": "Home",
        "process": "refine",
        "life_years": pick([1, 3]),
        "ramp_years": pick([1, 2]),
        "group": pick([None, "site"]),
    }
    add(
        book,
        "Projects",
        project="private_home",
        capacity_t_per_yr=60,
        capex_musd=pick([0.1, 1, 2]),
        hurdle_rate=0.1,
        operating_cost_usd_per_kg=pick([20, 50]),
        lead_years=pick([0, 1]),
        spot_share=pick([0, 1, 1]),
        funding="private",
        **shared,
    )
    if pick([True, False]):
        add(
            book,
            "Projects",
            project="public_home",
            capacity_t_per_yr=30,
            capex_musd=pick([0.5, 2]),
            funding="public",
            fixed_cost_musd_per_yr=0.1,
            operating_cost_usd_per_kg=30,
            **shared,
        )
    for i in range(pick([1, 2])):
        add(
            book,
            "PriceFloors",
            floor=f"floor_{i}",
            project="private_home",
            material="oxide",
            tenor_years=pick([1, 4]),
            floor_usd_per_kg=pick([55, 75, 100]),
            upside_share=pick([0, 0, 1]),
            capex_grant_share=pick([0, 0.5]),
        )
    for supplier in ("private_home", pick(["ally_oxide", "china_refinery"])):
        if pick([True, False]):
            add(
                book,
                "Contracts",
                contract=f"offtake_{supplier}",
                supplier=supplier,
                material="oxide",
                price_rule=pick(["fixed", "index"]),
                fixed_price_usd_per_kg=pick([45, 70, 95]),
                tenor_years=pick([1, 3]),
                escalation_share_per_yr=pick([0, 0.1]),
                index_premium_share=pick([-0.2, 0.3]),
                price_min_usd_per_kg=45,
                price_max_usd_per_kg=80,
                min_t_per_yr=pick([0, 30]),
                max_t_per_yr=pick([30, 60]),
                take_or_pay_share=pick([0, 0.7, 1]),
                signing_fee_musd=pick([0, 0.05]),
                start_delay_years=pick([0, 1]),
            )


def _rules(book: Book, pick: Pick) -> None:
    if pick([True, True, False]):
        add(book, "ChinaShare", cap="cap_all", material="*", sector="*", years=[pick([0.3, 1]), pick([0, 0.1, 0.3])])
    if pick([True, False]):
        add(book, "ChinaShare", cap="cap_defence", material="oxide", sector="defence", years=[None, 0])
    if pick([True, False]):
        add(
            book,
            "Stockpiles",
            stockpile="reserve",
            region="Home",
            material="oxide",
            opening_t=pick([0, 20]),
            opening_exposed_share=pick([0, 0.5]),
            capacity_t=60,
            max_fill_t_per_yr=40,
            holding_cost_usd_per_kg_yr=1,
            years=pick([[None, 30], [0, 60], [None, None]]),
        )
    if pick([True, False]):
        add(
            book, "Substitution", option="redesign", sector="industry", material="oxide", cost_usd_per_kg=100, years=0.2
        )
    if pick([True, False, False]):
        add(
            book,
            "Budgets",
            budget="support",
            covers="grants, floors, capex, fees",
            carry_over=pick(["yes", "no"]),
            years=pick([[0.5, 1.5], [2, 2]]),
        )
