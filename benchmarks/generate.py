"""Workbooks of any size: minerals that are mined, refined and smelted in every region, and shipped between all of them.

    write_book(Size(regions=20, minerals=10, years=10), Path("large.xlsx"))

The first region is China, which refines most. The allowed China share falls from year to year, so that allied
refineries, candidate projects with their floors and contracts, or shortage have to step in. All figures are drawn from
a fixed seed: invented, but of the order of magnitude of the example workbooks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

CHINA = "China"
FIRST_YEAR = 2026
STAGES = ("ore", "oxide", "metal")
RECIPES = {"mine": {"ore": 1.0}, "refine": {"ore": -2.0, "oxide": 1.0}, "smelt": {"oxide": -1.25, "metal": 1.0}}
COSTS = {"mine": 4.0, "refine": 12.0, "smelt": 20.0}  # USD/kg of capacity used
PRICES = {"ore": 8.0, "oxide": 45.0, "metal": 100.0}  # USD/kg

Book = dict[str, list[list[Any]]]  # sheet -> heading row and data rows


@dataclass(frozen=True)
class Size:
    """How large a workbook is; about 5 x minerals x regions^2 x years flow variables.

    projects: candidate refineries, each with two price floors and a contract. scenarios: beside the base, each with its
    probability. lane_rows: every lane a row of its own (regions^2 x 3 x minerals), else one for each pair of regions.
    """

    regions: int
    minerals: int
    years: int
    projects: int = 0
    scenarios: int = 0
    lane_rows: bool = False
    seed: int = 1


def book(size: Size) -> Book:
    """The sheets of a valid workbook."""
    draw = random.Random(size.seed)
    years = list(range(FIRST_YEAR, FIRST_YEAR + size.years))
    regions = [CHINA, *(f"land_{i}" for i in range(1, size.regions))]
    minerals = [f"m{i}" for i in range(1, size.minerals + 1)]
    demand = {(r, m): round(draw.uniform(50, 500), 1) for r in regions for m in minerals}
    world = {m: sum(demand[r, m] for r in regions) for m in minerals}
    sheets: Book = {
        "Settings": [["setting", "value"], ["first_year", years[0]], ["last_year", years[-1]], ["mip_gap", 1e-4]],
        "Regions": [["region", "of_concern"], *([r, "yes" if r == CHINA else "no"] for r in regions)],
        "Materials": [["material", "mineral", "stage"], *([f"{s}_{m}", m, s] for m in minerals for s in STAGES)],
        "Prices": [["material", years[0]], *([f"{s}_{m}", PRICES[s]] for m in minerals for s in STAGES)],
        "Processes": [
            ["process", "material", "t_per_t"],
            *(
                [f"{step}_{m}", f"{s}_{m}", g]
                for m in minerals
                for step, recipe in RECIPES.items()
                for s, g in recipe.items()
            ),
        ],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["industry", 1000]],
        "Demand": [
            ["region", "sector", "material", years[0], years[-1] + 1],
            *([r, "industry", f"metal_{m}", t, round(1.3 * t, 1)] for (r, m), t in demand.items()),
        ],
        "Plants": _plants(draw, regions, minerals, world, years[0]),
        "Lanes": _lanes(draw, size, regions, minerals),
        "Tariffs": [["from_region", "to_region", "material", years[0]], [CHINA, "*", "*", 0.25]],
        "ChinaShare": [
            ["cap", "material", years[0], years[-1] + 1],
            *([f"cap_{m}", f"metal_{m}", 0.9, 0.4] for m in minerals),
        ],
    }
    if size.projects:
        sheets |= _projects(draw, size, regions[1:], minerals, world)
    if size.scenarios:
        sheets |= _scenarios(size, years)
    return sheets


def write_book(size: Size, path: Path) -> Path:
    """Write the workbook of a size."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        for name, rows in book(size).items():
            sheet = workbook.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


def _plants(
    draw: random.Random, regions: list[str], minerals: list[str], world: dict[str, float], year: int
) -> list[list[Any]]:
    """Allies mine enough, but refine and smelt little; China could serve the world."""
    rows: list[list[Any]] = [["plant", "region", "process", "operating_cost_usd_per_kg", year]]
    for r in regions:
        for m in minerals:
            for step in RECIPES:
                share = 1.0 if r == CHINA else draw.uniform(0.5, 1.5) / len(regions) * (1.5 if step == "mine" else 0.5)
                need = 3.0 if step == "mine" else 1.3
                cost = COSTS[step] * (0.7 if r == CHINA else draw.uniform(0.9, 1.6))
                rows.append([f"{step}_{m}_{r}", r, f"{step}_{m}", round(cost, 2), round(share * need * world[m], 1)])
    return rows


def _lanes(draw: random.Random, size: Size, regions: list[str], minerals: list[str]) -> list[list[Any]]:
    rows: list[list[Any]] = [["from_region", "to_region", "material", "freight_usd_per_kg"]]
    materials = [f"{s}_{m}" for m in minerals for s in STAGES] if size.lane_rows else ["*"]
    for a in regions:
        for b in regions:
            if a != b:
                freight = round(draw.uniform(0.2, 3.0), 2)
                rows += [[a, b, material, freight] for material in materials]
    return rows


def _projects(
    draw: random.Random, size: Size, regions: list[str], minerals: list[str], world: dict[str, float]
) -> Book:
    """Candidate refineries of allies: one in four public, the others in need of a floor or a contract."""
    projects: list[list[Any]] = [
        ["project", "region", "process", "funding", "capacity_t_per_yr", "capex_musd", "fixed_cost_musd_per_yr",
         "operating_cost_usd_per_kg", "lead_years", "ramp_years", "life_years", "hurdle_rate"]
    ]  # fmt: skip
    floors: list[list[Any]] = [["floor", "project", "material", "floor_usd_per_kg", "tenor_years", "upside_share"]]
    contracts: list[list[Any]] = [
        ["contract", "supplier", "material", "price_rule", "fixed_price_usd_per_kg", "max_t_per_yr",
         "take_or_pay_share", "tenor_years", "signing_fee_musd"]
    ]  # fmt: skip
    for i in range(1, size.projects + 1):
        m, public = minerals[i % len(minerals)], i % 4 == 0
        capacity = round(draw.uniform(0.04, 0.15) * world[m], 1)
        capex = round(capacity * draw.uniform(0.1, 0.2), 2)  # USD 100-200 per kg of yearly output
        cost = round(draw.uniform(13, 20), 2)
        projects.append(
            [f"refinery_{i}", draw.choice(regions), f"refine_{m}", "public" if public else "private", capacity, capex,
             round(0.03 * capex, 3), cost, draw.randint(0, 2), draw.randint(1, 3), 15, 0.1]
        )  # fmt: skip
        if not public:
            for kind, floor, tenor in (("high", 75, 7), ("low", 65, 12)):
                floors.append([f"floor_{i}_{kind}", f"refinery_{i}", f"oxide_{m}", floor, tenor, 0.3])
            contracts.append(
                [f"offtake_{i}", f"refinery_{i}", f"oxide_{m}", "fixed", 70, round(capacity / 2, 1), 0.5, 8, 0.5]
            )
    sheets: Book = {"Projects": projects}
    if len(floors) > 1:
        sheets |= {"PriceFloors": floors, "Contracts": contracts}
    return sheets


def _scenarios(size: Size, years: list[int]) -> Book:
    """China exports less and less from the third year on, each future by another factor."""
    start = years[min(2, len(years) - 1)]
    scenarios: list[list[Any]] = [["scenario", "probability", "from_year"]]
    changes: list[list[Any]] = [["scenario", "sheet", "row", "column", "operation", "value"]]
    for i in range(1, size.scenarios + 1):
        scenarios.append([f"future_{i}", round(0.9 / size.scenarios, 6), start])
        for step in ("refine", "smelt"):
            changes.append(
                [f"future_{i}", "Plants", f"{step}_*_{CHINA}", "years", "multiply", round(0.9 * i / size.scenarios, 3)]
            )
    return {"Scenarios": scenarios, "Changes": changes}
