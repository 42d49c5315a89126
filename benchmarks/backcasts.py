"""Two squeezes that have happened, month by month: `python -m benchmarks.backcasts --write docs/backcasts.md`.

Small workbooks of one material, periods of a month, and what customs counted as the most that could be shipped (rows of
the scenario base on sheet Changes). What buyers lacked is the plan's, not put in: with no store, and with a store that
is filled by those who see it coming. A few seconds.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from openpyxl import Workbook

from lodestone.plan.plan import Plan
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.workbook.inputs import Inputs, load

Month = tuple[int, int]
Row = list[Any]
CHINA = "China"
DAYS = 365 / 12


@dataclass(frozen=True)
class Squeeze:
    """came: t that could be shipped to a buyer in a month; in other months what is used."""

    material: str
    usd_per_kg: float
    shortage_usd_per_kg: float
    years: tuple[int, ...]
    used: Mapping[str, float]  # t a month, by buyer
    came: Mapping[str, Mapping[Month, float]]


def spring_of_2025() -> Squeeze:
    """Chinese magnets to four buyers; the page says from which figures."""
    used = {"USA": 7444 / 12, "EU": 8360 / 0.776 / 6, "Korea": 5140 / 12, "Japan": 2763 / 12}
    whole = 22319 / 0.811 / 6  # t a month to all the world, first half of 2024
    world = {4: 1238 / (1 - 0.529), 5: 1238.0, 6: 3188.0}
    first = (22319 - sum(world.values())) / 3
    eu = 8360 - 3 * used["EU"] * first / whole  # what is left for April to June
    came = {
        "USA": {4: 2510 - 3 * used["USA"] - 46 - 353, 5: 46.0, 6: 353.0},
        "EU": {4: eu - 0.32 * world[5] - 1364, 5: 0.32 * world[5], 6: 1364.0},
        **{buyer: {month: used[buyer] * t / whole for month, t in world.items()} for buyer in ("Korea", "Japan")},
    }
    ahead = {buyer: (used[buyer] if buyer == "USA" else used[buyer] * first / whole) for buyer in used}
    return Squeeze(
        material="magnet",
        usd_per_kg=45.7,
        shortage_usd_per_kg=700,
        years=(2025,),
        used=used,
        came={
            buyer: {(2025, month): ahead[buyer] for month in (1, 2, 3)}
            | {(2025, month): t for month, t in months.items()}
            for buyer, months in came.items()
        },
    )


GRAPHITE = {  # kt a month, HS 250410: what China sent to all the world
    (2023, 10): 11.78, (2023, 11): 40.52, (2023, 12): 2.73, (2024, 1): 4.18, (2024, 2): 5.06, (2024, 3): 10.30,
    (2024, 4): 10.42, (2024, 5): 10.97, (2024, 6): 13.19,
}  # fmt: skip
BEFORE = (14.78, 9.47, 12.94, 11.03, 12.91, 12.73, 11.98, 13.26, 12.20)  # January to September 2023


def graphite_2023() -> Squeeze:
    """Natural graphite around the licences of 1 December 2023. Before the notice nobody buys ahead."""
    usual = sum(BEFORE) / len(BEFORE)
    quiet = {(2023, month): 1000 * usual for month in range(1, 10)}
    return Squeeze(
        material="graphite",
        usd_per_kg=1.0,
        shortage_usd_per_kg=40,
        years=(2023, 2024),
        used={"buyers": 1000 * usual},
        came={"buyers": quiet | {month: 1000 * kt for month, kt in GRAPHITE.items()}},
    )


def book(squeeze: Squeeze, stores: bool) -> dict[str, list[Row]]:
    """The sheets of the workbook. stores: whether buyers may hold as much as they like, from nothing on."""
    m, first = squeeze.material, squeeze.years[0]
    changes: list[Row] = []
    for buyer, months in squeeze.came.items():
        for (year, month), t in months.items():
            row = ["base", "Lanes", f"{CHINA}/{buyer}/{m}", "years", year, month, year, month, "set", 12 * t]
            changes.append(row)
    sheets: dict[str, list[Row]] = {
        "Settings": [
            ["setting", "value"],
            *([name, value] for name, value in (("first_year", first), ("last_year", squeeze.years[-1]))),
            *([name, 0] for name in ("discount_rate", "stock_end_value_share")),
        ],
        "Periods": [["year", "months"], *([year, 1] for year in squeeze.years)],
        "Regions": [["region", "of_concern"], [CHINA, "yes"], *([buyer, "no"] for buyer in squeeze.used)],
        "Materials": [["material"], [m]],
        "Prices": [["material", first], [m, squeeze.usd_per_kg]],
        "Markets": [["market", "region", "material", "side"], ["exports", CHINA, m, "buy"]],
        "Lanes": [
            ["from_region", "to_region", "material", "freight_usd_per_kg"],
            *([CHINA, buyer, m, 0] for buyer in squeeze.used),
        ],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["makers", squeeze.shortage_usd_per_kg]],
        "Demand": [
            ["region", "sector", "material", first],
            *([buyer, "makers", m, 12 * t] for buyer, t in squeeze.used.items()),
        ],
        "Scenarios": [["scenario", "description"]],
        "Changes": [
            [
                "scenario",
                "sheet",
                "row",
                "column",
                "from_year",
                "from_month",
                "to_year",
                "to_month",
                "operation",
                "value",
            ],
            *changes,
        ],
    }
    if stores:
        sheets["Stockpiles"] = [
            ["stockpile", "region", "material", "capacity_t", "holding_cost_usd_per_kg_yr", "covers"],
            *([f"store_{buyer}", buyer, m, 1e6, 0.03 * squeeze.usd_per_kg, buyer] for buyer in squeeze.used),
        ]
    return sheets


def plan(squeeze: Squeeze, stores: bool) -> Plan:
    return solved(book(squeeze, stores))


def solved(sheets: dict[str, list[Row]]) -> Plan:
    """The plan of a workbook, a heading row and rows for each sheet."""
    return solve_scenario(read(sheets), effort=Effort(gap=1e-9))


def read(sheets: dict[str, list[Row]]) -> Inputs:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backcast.xlsx"
        workbook.save(path)
        inputs = load(path)
    inputs.require_valid()
    return inputs


def short(plan: Plan) -> dict[str, dict[Month, float]]:
    """t lacking, by buyer and month."""
    found: dict[str, dict[Month, float]] = defaultdict(dict)
    for row in plan.rows("demand"):
        found[row["region"]][row["year"], row["month"]] = row["short_t"]
    return found


def most_stored(plan: Plan) -> float:
    """t in all stores together at the end of the month in which they hold most."""
    held: dict[Month, float] = defaultdict(float)
    for row in plan.rows("stockpile"):
        held[row["year"], row["month"]] += row["stock_t"]
    return max(held.values())


def page() -> str:
    spring, graphite = spring_of_2025(), graphite_2023()
    without, seen = short(plan(spring, stores=False)), short(plan(spring, stores=True))
    lines = [HEAD, SPRING]
    lines += [
        "| buyer | used a month, t | came in April, May, June, t | lacked without a store, t | days of use "
        "| lacked if the first quarter was put by, t |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    total = [0.0, 0.0, 0.0]
    for buyer, used in spring.used.items():
        gone, left = sum(without[buyer].values()), sum(seen[buyer].values())
        came = ", ".join(f"{spring.came[buyer][2025, month]:,.0f}" for month in (4, 5, 6))
        lines.append(f"| {buyer} | {used:,.0f} | {came} | {gone:,.0f} | {gone / used * DAYS:.0f} | {left:,.0f} |")
        total = [total[0] + used, total[1] + gone, total[2] + left]
    days = total[1] / total[0] * DAYS
    lines.append(f"| all | {total[0]:,.0f} | | {total[1]:,.0f} | {days:.0f} | {total[2]:,.0f} |")
    lines.append(SPRING_SAYS)
    bare, stored = plan(graphite, stores=False), plan(graphite, stores=True)
    lacked, lacked_seen = short(bare)["buyers"], short(stored)["buyers"]
    lines.append(GRAPHITE_HEAD)
    lines += ["| month | came, kt | lacked without a store, kt | lacked with one, kt |", "|---|--:|--:|--:|"]
    for (year, month), kt in GRAPHITE.items():
        key = year, month
        lines.append(
            f"| {year}-{month:02d} | {kt:.1f} | {lacked[key] / 1000:.1f} | {lacked_seen[key] / 1000 + 0.0:.1f} |"
        )
    lines.append(
        f"| all | | {sum(lacked.values()) / 1000:.1f} | {sum(lacked_seen.values()) / 1000:.1f} |\n\n"
        f"The plan with a store holds {most_stored(stored) / 1000:.1f} kt at most."
    )
    lines.append(GRAPHITE_SAYS)
    return "\n".join(lines) + "\n"


HEAD = """# Back-casts: what the model says of squeezes that have happened

Two squeezes, month by month. Each is a workbook of one material in which no more can be shipped than customs counted;
the model then says what buyers lacked. Written by `python -m benchmarks.backcasts --write docs/backcasts.md`; a test
holds the page to it. Other back-casts: [Japan and Lynas](backcast_japan.md), a ban on [gallium and
germanium](backcast_gallium.md), [support alone or together](backcast_allies.md), payments under the
[floor of MP](deals.md#what-was-paid-in-the-first-two-quarters).
"""
SPRING = """## Magnets, spring of 2025

China asked for licences from 4 April 2025. All magnet exports were 2,628 t in April, 1,238 t in May (52.9 % less) and
3,188 t in June, 22,319 t in the half year, 18.9 % under 2024 (customs, as reported by Automotive World, Trading
Economics and Rare Earth Exchanges). Use is taken as the usual imports: USA 7,444 t in 2024, EU 8,360 t in the half
year after 22.4 % more the year before, Korea 5,140 t and Japan 2,763 t by value (UN Comtrade 2024). The USA got 46 t
in May, 353 t in June, and 2,510 t in the half year; the EU 32 % in May and 1,364 t in June (South China Morning Post).
By month Korea and Japan are not public: they get the world's path.
"""
SPRING_SAYS = """
Figures quoted in public are some 4,200 t lacking at the four, and 27 to 45 days of stock that would have bridged it.
Without any store the model is above that: in reality makers lived on what they had. If what came above use in the first
quarter is stored, as some did, the model comes near. The USA had no such quarter, and lacked two months of use: the 60
days of Project Vault would just have been enough.
"""
GRAPHITE_HEAD = """
## Graphite, December 2023

Licences for natural graphite were announced on 20 October 2023 and held from 1 December. Chinese exports (HS 250410,
UN Comtrade by month, compiled by qennis, ChinaCriticalMineralComtrade) were 12.4 kt a month from January to September
2023, taken as use.
"""
GRAPHITE_SAYS = """
In November, after six weeks of notice, buyers took 28 kt more than they used. The plan with a store does the same, and
that carries it through the winter: what still lacks is what came short in October and in the spring after. So six weeks
of notice were worth more than two months of use. The squeeze of magnets in 2025 came without notice.
"""


def page_command(page: Callable[[], str], does: str) -> click.Command:
    """The command of a back-cast: print its page, and write it where that is asked for."""

    @click.command(help=does)
    @click.option("--write", type=click.Path(path_type=Path), help="Write the page in Markdown.")
    def command(write: Path | None) -> None:
        text = page()
        click.echo(text)
        if write:
            write.write_text(text, encoding="utf-8")

    return command


main = page_command(page, "Solve both, and print the page.")

if __name__ == "__main__":
    main()
