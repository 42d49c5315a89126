"""A tiny workbook in which every sheet has rows: what `benchmarks.mutate` spoils beside the tutorial."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook

from lodestone.workbook.schema.sheets import SHEETS


def every_sheet() -> Workbook:
    """Home wants oxide, refined in China and at home; three years, one scenario."""
    sheets: dict[str, list[list[Any]]] = {
        "Settings": [["setting", "value"], ["first_year", 2026], ["last_year", 2028],
                     ["default_freight_usd_per_kg", 2]],
        "Regions": [["region", "of_concern", "group"], ["China", "yes", None], ["Home", "no", "domestic"]],
        "Materials": [["material", "annual_loss_share"], ["oxide", 0.01], ["ore", None], ["scrap", None],
                      ["alloy", None]],
        "Prices": [["material", 2026, 2028], ["oxide", 60, 66], ["ore", 5, 5], ["scrap", 10, 10], ["alloy", 80, 80]],
        "BankPrices": [["material", 2026], ["oxide", 55]],
        "Processes": [
            ["process", "material", "t_per_t"],
            ["refine", "ore", -10], ["refine", "oxide", 1], ["mine", "ore", 1], ["recycle", "scrap", -2],
            ["recycle", "oxide", 1],
        ],
        "Plants": [
            ["plant", "region", "process", "operating_cost_usd_per_kg", 2026, 2028],
            ["china_refinery", "China", "refine", 8, 500, 500],
            ["home_mine", "Home", "mine", 4, 3000, 3000],
        ],
        "Projects": [
            ["project", "region", "process", "capacity_t_per_yr", "capex_musd", "operating_cost_usd_per_kg",
             "lead_years", "funding", "requires"],
            ["home_refinery", "Home", "refine", 80, 4, 12, 1, "private", None],
            ["home_recycling", "Home", "recycle", 10, 0.2, 15, 0, "public", None],
        ],
        "PriceFloors": [
            ["floor", "project", "material", "floor_usd_per_kg", "tenor_years"],
            ["floor_110", "home_refinery", "oxide", 110, 10],
        ],
        "Markets": [
            ["market", "region", "material", "side", 2026], ["china_oxide", "China", "oxide", "buy", 400],
            ["alloy_market", "Home", "alloy", "buy", None],
        ],
        "Contracts": [
            ["contract", "supplier", "material", "price_rule", "fixed_price_usd_per_kg", "max_t_per_yr", "tenor_years"],
            ["offtake", "home_refinery", "oxide", "fixed", 90, 40, 10],
        ],
        "Lanes": [["from_region", "to_region", "material", "freight_usd_per_kg", 2026],
                  ["China", "Home", "oxide", 1, 300]],
        "Tariffs": [["from_region", "to_region", "material", 2026], ["China", "Home", "*", 0.1]],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["defence", 1000], ["industry", 300]],
        "Demand": [
            ["region", "sector", "material", 2026, 2028], ["Home", "defence", "oxide", 100, 120],
            ["Home", "industry", "oxide", 20, 30],
        ],
        "Substitution": [
            ["option", "sector", "material", "cost_usd_per_kg", 2026],
            ["thrift", "industry", "oxide", 90, 0.3]],
        "Returns": [["sector", "material", "scrap", "t_per_t", "lag_years"], ["defence", "oxide", "scrap", 0.2, 1]],
        "Stockpiles": [
            ["stockpile", "region", "material", "opening_t", "capacity_t", 2026, 2027],
            ["reserve", "Home", "oxide", 10, 200, None, 30],
        ],
        "ChinaShare": [["cap", "material", "sector", 2026, 2027], ["oxide_cap", "oxide", "defence", None, 0.9]],
        "Budgets": [["budget", "covers", 2026, 2027], ["support", "grants, floors", 50, 50]],
        "Scenarios": [["scenario", "probability", "from_year"], ["embargo", 0.3, 2027]],
        "Changes": [
            ["scenario", "sheet", "row", "column", "operation", "value"],
            ["embargo", "Lanes", "China/*/*", "years", "set", 0],
        ],
    }  # fmt: skip
    book = Workbook()
    book.remove(book.worksheets[0])
    for name in SHEETS:
        if name in sheets:
            page = book.create_sheet(name)
            for row in sheets[name]:
                page.append(row)
    return book
