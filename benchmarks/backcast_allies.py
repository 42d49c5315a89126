"""Support alone or together: `python -m benchmarks.backcast_allies --write docs/backcast_allies.md`.

A small workbook of NdPr oxide for four buyers, each of whom wants a quarter of it from elsewhere than China, with
public refineries of published sizes and costs. The study `allies` plans for every coalition. Half a minute.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from openpyxl import Workbook

from benchmarks.backcasts import Row, page_command
from lodestone.solve.effort import Effort
from lodestone.studies.allies.results import Allies
from lodestone.studies.allies.search import allies
from lodestone.studies.parallel.solves import IN_THIS_PROCESS
from lodestone.studies.parallel.source import Source

MEMBERS = ("USA", "EU", "Japan", "Korea")
USED = {"USA": 3510, "EU": 7580, "Japan": 5760, "Korea": 3080}  # t of oxide a year: magnets of 2026 x 0.351
FREE = 0.25  # part of use that has to come from elsewhere than China
PRICE = 66.0  # USD/kg
FEED = 0.61 * PRICE * 1.163  # USD/kg of oxide
PROJECTS = {  # name: who pays and where, t a year, MUSD of capex, USD/kg beside feed
    "white_mesa_2": ("USA", 5000, 410, 13),
    "aclara": ("USA", 1400, 277, 19),
    "ucore_1": ("USA", 430, 72.5, 19),
    "ucore_2": ("USA", 1610, 270, 19),
    "solvay_2": ("EU", 3300, 109, 14.5),
    "japan_works": ("Japan", 1500, 150, 14),
    "korea_works": ("Korea", 800, 80, 14),
}
FIRST, LAST, RATE = 2026, 2035, 0.05
IMF_ALONE, IMF_TOGETHER = 1.41, 0.96


def book(steps: int = 1) -> dict[str, list[Row]]:
    """steps: in how many equal works each can be built, or only some of them."""
    return {
        "Settings": [
            ["setting", "value"],
            ["first_year", FIRST],
            ["last_year", LAST],
            ["discount_rate", RATE],
            ["stock_end_value_share", 0],
        ],
        "Regions": [["region", "of_concern"], ["China", "yes"], *([member, "no"] for member in MEMBERS)],
        "Materials": [["material"], ["oxide"]],
        "Prices": [["material", FIRST], ["oxide", PRICE]],
        "Processes": [["process", "material", "t_per_t"], ["refine", "oxide", 1]],
        "Projects": [
            ["project", "region", "process", "funding", "payer", "capacity_t_per_yr", "capex_musd",
             "operating_cost_usd_per_kg", "lead_years", "life_years", "latest_year", "max_builds"],
            *([name, who, "refine", "public", who, size / steps, capex / steps, FEED + cost, 3, 7, FIRST, steps]
              for name, (who, size, capex, cost) in PROJECTS.items()),
        ],
        "Markets": [["market", "region", "material", "side"], ["china", "China", "oxide", "buy"]],
        "Lanes": [
            ["from_region", "to_region", "material", "freight_usd_per_kg"],
            *(["*", member, "oxide", 0.3] for member in MEMBERS),
        ],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["magnets", 1000]],
        "Demand": [
            ["region", "sector", "material", FIRST],
            *([member, "magnets", "oxide", t] for member, t in USED.items()),
        ],
        "ChinaShare": [
            ["cap", "material", "region", "sector", FIRST + 3],
            *([f"cap_{member}", "oxide", member, "*", 1 - FREE] for member in MEMBERS),
        ],
    }  # fmt: skip


def study(steps: int = 1) -> Allies:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in book(steps).items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backcast.xlsx"
        workbook.save(path)
        return allies(Source.read(path, effort=Effort(gap=1e-9)), MEMBERS, where=IN_THIS_PROCESS)


def page() -> str:
    whole, tenths = study(), study(steps=10)
    lines = [HEAD]
    shares, small = whole.shapley() or {}, tenths.shapley() or {}
    for member in MEMBERS:
        alone, market = whole.extra[frozenset((member,))], USED[member] * PRICE / 1000
        cells = [
            f"{FREE * USED[member]:,.0f}",
            *(text for musd in (alone, shares[member]) for text in (f"{musd:,.0f}", f"{100 * musd / market:.0f}")),
            *(f"{musd:,.0f}" for musd in (tenths.extra[frozenset((member,))], small[member])),
        ]
        lines.append(" | ".join([f"| {member}", *cells]) + " |")
    alone, together = whole.alone or 0.0, whole.together or 0.0
    parts = tenths.alone or 0.0, tenths.together or 0.0
    lines.append(f"| all | | {alone:,.0f} | | {together:,.0f} | | {parts[0]:,.0f} | {parts[1]:,.0f} |")
    usa = [share["USA"] / part.extra[frozenset(("USA",))] for share, part in ((shares, whole), (small, tenths))]
    ratios = together / alone, usa[0], IMF_TOGETHER / IMF_ALONE, parts[1] / parts[0], usa[1]
    lines.append(SAYS.format(*(f"{100 * ratio:.0f} %" for ratio in ratios)))
    return "\n".join(lines)


HEAD = """# Back-cast: support alone or together

The IMF (Working Paper 2026/072) reckons what it costs the USA to raise its own refining of rare earths from a tenth to
a quarter by subsidies for capex: 141 % of a year's American market if it acts alone, 96 % if importers act together.
Does a plan of cost say the same? Written by `python -m benchmarks.backcast_allies --write docs/backcast_allies.md`; a
test holds the page to it.

Four buyers of NdPr oxide want a quarter of it from elsewhere than China by 2029. Use is that of their magnets in 2026
(example `rare_earth_magnets`) times 0.351; oxide costs 66 USD/kg, the mean of 2023 to 2025 (USGS), feed 0.61 of that
(Aclara). Public refineries of the sizes and costs of that example: White Mesa, Aclara and Ucore in the USA, Solvay in
the EU; works of 1,500 and 800 t in Japan and Korea, at 100 USD of capex per kg a year, are assumptions. MUSD at 5 %, to
2035.

| buyer | t from elsewhere | alone | % of its market | fair share together | % | alone, works in tenths | share |
|---|--:|--:|--:|--:|--:|--:|--:|"""
SAYS = """
**Same direction, and more of it**: together the four pay {0} of what they would pay each for itself, the USA {1} of
what it pays alone; the IMF has {2}. Alone the USA builds White Mesa, five times what it needs, which costs less than
any smaller works that would do; together it buys from Solvay, which the EU has to spare. The fair share (Shapley's) of
the EU is below nothing: others pay it for what it brings.

Works that can be built in tenths part the two reasons: then together costs {3} of alone, and the USA pays {4} of what
it pays alone. That is what better sites save; the rest is that works are too large for one. The works of the IMF grow
by degrees, so the second figure is the one to compare.

**Not explained**: the IMF counts the budget, this study all that security costs; it counts what support does to the
price of the world, which is given here; its USA starts from a tenth, and ours from nothing.
"""


main = page_command(page, "Plan for every coalition, and print the page.")

if __name__ == "__main__":
    main()
