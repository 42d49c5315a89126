"""A small workbook with all that version 2 brought, on which every command is run.

2027 is cut into quarters. China bans exports of magnets from April 2027 on, for three months (`ban`), and that may go
on to the end of the year (`long_ban`, which leaves the path of `ban` in July: nobody knows in April how long it lasts).
Oxide and magnets are cheaper in China than elsewhere; Home buys magnets from China and from an ally, has a works of its
own with a fixed cost, one more that is committed, one it may build with a floor, a floor for the works that is agreed,
and a contract with the ally that is signed.
"""

from __future__ import annotations

from tests.make import Book
from tests.solving import add, change, home, lane, market


def cut_book() -> Book:
    return {
        "Settings": {"first_year": 2026, "last_year": 2029, "default_freight_usd_per_kg": 1, "discount_rate": 0.05},
        "Periods": [["year", "months"], [2027, 3]],
        "Regions": [["region", "of_concern"], ["China", "yes"], ["Home", "no"], ["Ally", "no"]],
        "Materials": [
            ["material", "resourcing_share", "stage"],
            ["oxide", None, "refining"],
            ["magnet", 0.6, "magnets"],
        ],
        "Prices": [
            ["material", "region", 2026],
            ["oxide", "*", 50],
            ["oxide", "China", 40],
            ["magnet", "*", 80],
            ["magnet", "China", 60],
        ],
        "Processes": [["process", "material", "t_per_t"], ["works", "oxide", -0.4], ["works", "magnet", 1]],
        "Plants": [
            ["plant", "region", "process", "operating_cost_usd_per_kg", "fixed_cost_musd_per_yr", 2026],
            ["home_works", "Home", "works", 50, 1, 300],
        ],
        "Projects": [
            ["project", "region", "process", "funding", "capacity_t_per_yr", "capex_musd", "operating_cost_usd_per_kg",
             "fixed_cost_musd_per_yr", "lead_years", "life_years", "committed_year"],
            ["old_plan", "Home", "works", "private", 100, 5, 50, 0.5, 2, 10, 2025],
            ["new_works", "Home", "works", "private", 300, 30, 50, 1, 1, 10, None],
            ["state_works", "Home", "works", "public", 200, 20, 50, 1, 1, 10, None],
        ],
        "PriceFloors": [
            ["floor", "project", "material", "floor_usd_per_kg", "tenor_years", "committed_year"],
            ["works_floor", "home_works", "magnet", 85, 5, 2025],
            ["new_floor", "new_works", "magnet", 110, 8, None],
        ],
        "Contracts": [
            ["contract", "supplier", "material", "price_rule", "fixed_price_usd_per_kg", "max_t_per_yr",
             "take_or_pay_share", "tenor_years", "committed_year", "committed_t_per_yr"],
            ["ally_deal", "ally_magnets", "magnet", "fixed", 82, 100, 0.8, 4, 2026, 60],
            ["ally_more", "ally_magnets", "magnet", "fixed", 79, 100, 0.5, 3, None, None],
        ],
        "Markets": [
            ["market", "region", "material", "side", "premium_share", 2026],
            ["china_magnets", "China", "magnet", "buy", 0, 5000],
            ["china_oxide", "China", "oxide", "buy", 0, 5000],
            ["ally_magnets", "Ally", "magnet", "buy", 0.05, 400],
            ["ally_oxide", "Ally", "oxide", "buy", 0, 5000],
        ],
        "Trade": [
            ["from_region", "to_region", "material", "t_per_yr"],
            ["China", "Home", "magnet", 900],
            ["Ally", "Home", "magnet", 60],
        ],
        "Tariffs": [
            ["from_region", "to_region", "material", "min_price_usd_per_kg", "applies_to", 2026],
            ["China", "Home", "magnet", 62, "exposed", 0.02],
        ],
        "Sectors": [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["motors", 400, 0.1]],
        "Demand": [["region", "sector", "material", 2026], ["Home", "motors", "magnet", 1200]],
        "Substitution": [
            ["option", "sector", "material", "cost_usd_per_kg", "ramp_share_per_yr", "keep_share", 2026],
            ["ferrite", "motors", "magnet", 300, 0.05, 0.5, 0.1],
        ],
        "Stockpiles": [
            ["stockpile", "region", "material", "opening_t", "capacity_t", "holding_cost_usd_per_kg_yr",
             "max_fill_t_per_yr", "max_release_t_per_yr", "clean_only", "least_t", "counts", 2026, 2027],
            ["reserve", "Home", "magnet", 60, 400, 2, 400, 1200, "no", 20, "demand", None, 30],
        ],
        "ChinaShare": [
            ["cap", "material", "region", "sector", 2026, 2029],
            ["magnet_cap", "magnet", "Home", "*", 0.9, 0.6],
        ],
        "Budgets": [["budget", "covers", 2026], ["support", "grants, floors, capex", 60]],
        "Scenarios": [
            ["scenario", "parent", "probability", "from_year", "from_month", "emergency_from", "emergency_from_month",
             "emergency_to", "emergency_to_month", "refill_years"],
            ["ban", None, 0.2, 2027, 4, 2027, 4, 2027, 6, 1],
            ["long_ban", "ban", 0.1, 2027, 7, 2027, 7, 2027, 12, 1],
        ],
        "Changes": [
            ["scenario", "sheet", "row", "column", "from_year", "from_month", "to_year", "to_month", "operation",
             "value"],
            ["base", "Demand", "Home/motors/magnet", "years", 2027, 10, 2027, 12, "multiply", 1.1],
            ["ban", "Markets", "china_magnets", "years", 2027, 4, 2027, 6, "set", 0],
            ["long_ban", "Markets", "china_magnets", "years", 2027, 7, 2027, 12, "set", 0],
        ],
    }  # fmt: skip


def banned(days: float, months: int | None) -> Book:
    """120 t a year at 60, all from China, which sells nothing from April to June 2027; a reserve of some days."""
    book = home(2027, demand=120, shortage=1000, stock_end_value_share=0)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=100, covers="Home",
        opening_t=120 * days / 365, max_fill_t_per_yr=0, years=days)  # fmt: skip
    add(book, "Scenarios", scenario="ban", from_year=2027, emergency_from=2027, emergency_to=2027, refill_years=0)
    if months:
        add(book, "Periods", year=2027, months=months)
        column = {"from_month": 4, "to_month": 6, "from_year": 2027, "to_year": 2027}
        change(book, "ban", "Markets", "china", 0, **column)
    return book
