"""A ban on gallium and germanium: `python -m benchmarks.backcast_gallium --write docs/backcast_gallium.md`.

Two years, the second with a ban: on the USA alone, as from December 2024 to November 2025, or on all, as USGS has
reckoned it. Who lacks what is the model's; what a lacking kilogram costs is put in, and what it would have to be for
the bill of USGS is worked out. A few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.backcasts import Row, page_command, solved
from lodestone.plan.plan import Plan

MINERALS = ("gallium", "germanium")
USA = {"gallium": 18.7, "germanium": 30.0}  # t a year
CHINA = {  # t a year: three months before the licences, as far as customs figures were found, times four
    "gallium": 4 * (3.25 + 5.611 + 6.480),
    "germanium": 4 * (2.41 + 5.488 + 4.702),
}
ELSEWHERE = {"gallium": 3.0 + 6.0 + 70.0, "germanium": 159.7 - 104.2}  # t a year, made outside China
PRICE = {"gallium": 439.0, "germanium": 1991.0}  # USD/kg
SHORTAGE = 70000.0  # USD/kg: sector semiconductors of critical_minerals
FIRST, BANNED = 2023, 2024
USGS = {"gallium": (1700, 3100, 8200), "germanium": (10, 400, 1100)}  # MUSD: least, middle, most
BOTH = (1700, 3400, 9000)


def left(mineral: str) -> float:
    """Part of use outside China that is left when China sends nothing."""
    return ELSEWHERE[mineral] / (ELSEWHERE[mineral] + CHINA[mineral])


def book(banned: tuple[str, ...], stores: bool = False) -> dict[str, list[Row]]:
    """banned: regions to which China sends nothing in the second year. Each buyer gets at least its part of what is
    left. stores: whether the USA may lay in what it likes in the first year."""
    sheets: dict[str, list[Row]] = {
        "Settings": [
            ["setting", "value"],
            ["first_year", FIRST],
            ["last_year", BANNED],
            ["discount_rate", 0],
            ["stock_end_value_share", 0],
        ],
        "Regions": [["region", "of_concern"], ["China", "yes"], ["USA", "no"], ["Others", "no"]],
        "Materials": [["material"], *([mineral] for mineral in MINERALS)],
        "Prices": [["material", FIRST], *([mineral, PRICE[mineral]] for mineral in MINERALS)],
        "Markets": [
            ["market", "region", "material", "side", FIRST],
            *([f"china_{mineral}", "China", mineral, "buy", 1000] for mineral in MINERALS),
            *([f"others_{mineral}", "Others", mineral, "buy", ELSEWHERE[mineral]] for mineral in MINERALS),
        ],
        "Lanes": [
            ["from_region", "to_region", "material", "freight_usd_per_kg", FIRST, BANNED],
            *(
                ["China", region, mineral, 3, 1000, 0 if region in banned else 1000]
                for region in ("USA", "Others")
                for mineral in MINERALS
            ),
            *(["Others", "USA", mineral, 3, 1000, 1000] for mineral in MINERALS),
        ],
        "Sectors": [
            ["sector", "shortage_cost_usd_per_kg", "min_service_share"],
            *([f"{mineral}_users", SHORTAGE, left(mineral) - 1e-9] for mineral in MINERALS),
        ],
        "Demand": [
            ["region", "sector", "material", FIRST],
            *(["USA", f"{mineral}_users", mineral, USA[mineral]] for mineral in MINERALS),
            *(
                ["Others", f"{mineral}_users", mineral, CHINA[mineral] + ELSEWHERE[mineral] - USA[mineral]]
                for mineral in MINERALS
            ),
        ],
    }
    if stores:
        sheets["Stockpiles"] = [
            ["stockpile", "region", "material", "capacity_t", "holding_cost_usd_per_kg_yr", "covers"],
            *([f"us_{mineral}", "USA", mineral, 100, 0.03 * PRICE[mineral], "USA"] for mineral in MINERALS),
        ]
    return sheets


def lacks(plan: Plan, region: str = "USA") -> dict[str, float]:
    """t in the second year, by mineral."""
    rows = [row for row in plan.rows("demand") if row["year"] == BANNED and row["region"] == region]
    return {row["material"]: row["short_t"] for row in rows}


def stored(plan: Plan) -> dict[str, float]:
    """t in store at the end of the first year, by mineral."""
    return {row["material"]: row["stock_t"] for row in plan.rows("stockpile") if row["year"] == FIRST}


def implied(short: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
    """USD/kg that a lacking kilogram would have to cost for the bill of USGS: least, middle, most."""
    return {mineral: tuple(1000 * musd / short[mineral] for musd in USGS[mineral]) for mineral in MINERALS}


def page() -> str:
    usual, alone, all_banned = (solved(book(banned)) for banned in ((), ("USA",), ("USA", "Others")))
    store = solved(book(("USA", "Others"), stores=True))
    short, held, worth = lacks(all_banned), stored(store), implied(lacks(all_banned))
    lines = [HEAD]
    for name, plan in (("none", usual), ("on the USA alone", alone), ("on all", all_banned)):
        gallium, germanium = (lacks(plan)[mineral] for mineral in MINERALS)
        bill = (gallium + germanium) * SHORTAGE / 1000
        lines.append(f"| {name} | {gallium:.1f} | {germanium:.1f} | {bill:,.0f} |")
    lines.append(COSTS)
    for mineral in MINERALS:
        least, middle, most = (f"{float(f'{usd_per_kg:.2g}'):,.0f}" for usd_per_kg in worth[mineral])
        reckoned = " to ".join(f"{musd:,}" for musd in USGS[mineral][::2])
        lines.append(
            f"| {mineral} | {USGS[mineral][1]:,} ({reckoned}) | {short[mineral]:.1f} | {middle} ({least} to {most}) "
            f"| {PRICE[mineral]:,.0f} |"
        )
    value = sum(held[mineral] * PRICE[mineral] for mineral in MINERALS) / 1000
    holding = 0.03 * value
    lines.append(SAYS.format(ga=held["gallium"], ge=held["germanium"], value=value, holding=holding))
    return "\n".join(lines)


HEAD = f"""# Back-cast: a ban on gallium and germanium

USGS (Open-File Report 2024-1057) reckons that American output falls by 3.4 billion dollars (1.7 to 9.0) in a year in
which China exports neither. From 3 December 2024 to 9 November 2025 China did ban both, for the USA alone. What does
this model say? Written by `python -m benchmarks.backcast_gallium --write docs/backcast_gallium.md`; a test holds
the page to it.

- Use in the USA: 18.7 t of gallium (2024), 30 t of germanium (USGS MCS 2026).
- China sent {CHINA["gallium"]:.0f} t and {CHINA["germanium"]:.0f} t a year before its licences: October and November
  2022 and March 2023 times four (customs, in rawmaterials.net, rohstoff.net and germanium.com).
- Elsewhere {ELSEWHERE["gallium"]:.0f} t are made: 9 t primary in 2024 (USGS MCS 2026), 70 t from Japanese scrap
  (JOGMEC, in Australian Mining Review); and {ELSEWHERE["germanium"]:.1f} t of germanium in 2017 (Ameco Research).
- Under a ban on all, each buyer gets its part of what is left.

| ban | gallium lacks in the USA, t | germanium, t | at 70,000 USD/kg, MUSD |
|---|--:|--:|--:|"""
COSTS = """
**On the USA alone** nothing lacks: others buy Chinese metal and sell theirs. So it came: the USA used 19 t of gallium
in 2025, as the year before, and paid 580 USD/kg for 439; germanium in Europe went from 1,991 to 4,100 USD/kg (USGS MCS
2026). That rise the model, whose prices are given, does not foresee.

**On all**, what a lacking kilogram would have to cost for the bill of USGS:

| mineral | USGS, MUSD | lacks, t | USD/kg | price, USD/kg |
|---|--:|--:|--:|--:|"""
SAYS = """
The price says nothing of what hangs on the metal. The example `critical_minerals` has 70,000 USD/kg for chips, the 3.4
billion dollars over all that the USA uses; since not quite half of it lacks, its bill is not quite half of theirs, just
below the lower end of their range. One figure for both minerals is crude: a kilogram of gallium weighs ten times more.

**What it costs not to need it.** Who sees the ban coming a year ahead lays in {ga:.1f} t and {ge:.1f} t, a whole year
of use, so that others get all that is made elsewhere: {value:.0f} MUSD, and {holding:.1f} MUSD a year to keep. That is
a twenty-fifth of the least that USGS reckons for one such year.

**Not explained**: prices (USGS has 150 % more for gallium and 26 % for germanium); what thrift and other materials
would save; output beyond the chip makers, which stands in the figure of USGS and not in this model.
"""


main = page_command(page, "Solve, and print the page.")

if __name__ == "__main__":
    main()
