"""Japan and Lynas, 2010 to 2015: `python -m benchmarks.backcast_japan --write docs/backcast_japan.md`.

One material, rare-earth oxides of all kinds together, years as they were. What Lynas made and China shipped is put in;
who serves Japan, what lacks, and what lenders would have said to the expansion is the model's. A few seconds.
"""

from __future__ import annotations

from typing import Any

from benchmarks.backcasts import Row, page_command, read, solved
from lodestone.data.lenders import bankability_table
from lodestone.plan.plan import Plan
from lodestone.workbook.conversion import plan_data

REO = "rare_earths"
YEARS = tuple(range(2010, 2016))
USED = 15400 / 0.66  # t a year: 15,400 t in 2011 were 34 % less than the year before
CHINA_2010 = 20000.0  # t
OTHERS = {2010: USED - CHINA_2010, 2011: USED - CHINA_2010, 2012: 2 * (3007 / 0.493 - 3007)}
CHINA = {2010: CHINA_2010, 2011: 15400 - OTHERS[2011], 2012: 2 * 3007.0}  # t: customs; no limit afterwards
PRICE = {2010: 30.0, 2011: 100.0, 2012: 45.0, 2013: 25.0, 2014: 19.0, 2015: 16.0}  # USD/kg
SHORTAGE = 120.0  # USD/kg: the dearest quarter, when buyers began to do without
AS_IT_CAME = {2010: 0.0, 2012: 0.0, 2013: 1000.0, 2014: 10916 / 1.52, 2015: 10916.0}
PROMISED = {2010: 0.0, 2011: 0.0, 2012: 11000.0, 2013: 22000.0}
NONE = {2010: 0.0}
TO_JAPAN = 8500.0  # t a year
COST = 16.08  # USD/kg
CAPEX, SIZE, EQUITY, LOAN, RATE = 250.0, 11000.0, 25.0, 225.0, 0.07
BEFORE, SIGNED, CAME = 10.58, 79.90, 15.89  # USD/kg: prices that lenders may have looked at


def by_year(given: dict[int, float]) -> list[float | None]:
    return [given.get(year) for year in YEARS]


def book(lynas: dict[int, float], squeeze_stays: bool = False) -> dict[str, list[Row]]:
    """lynas: t a year that it could make. squeeze_stays: China lets out no more than in 2012."""
    china = CHINA if squeeze_stays else CHINA | {2013: 1e6}
    return {
        "Settings": [
            ["setting", "value"],
            ["first_year", YEARS[0]],
            ["last_year", YEARS[-1]],
            ["discount_rate", 0],
        ],
        "Regions": [
            ["region", "of_concern"],
            ["China", "yes"],
            ["Malaysia", "no"],
            ["Elsewhere", "no"],
            ["Japan", "no"],
        ],
        "Materials": [["material"], [REO]],
        "Prices": [["material", *YEARS], [REO, *by_year(PRICE)]],
        "Processes": [["process", "material", "t_per_t"], ["mine", REO, 1]],
        "Plants": [
            ["plant", "region", "process", "operating_cost_usd_per_kg", *YEARS],
            ["lynas", "Malaysia", "mine", COST, *by_year(lynas)],
        ],
        "Markets": [
            ["market", "region", "material", "side", *YEARS],
            ["china", "China", REO, "buy", *by_year({2010: 1e6})],
            ["others", "Elsewhere", REO, "buy", *by_year(OTHERS)],
        ],
        "Lanes": [
            ["from_region", "to_region", "material", "freight_usd_per_kg", *YEARS],
            ["China", "Japan", REO, 1.3, *by_year(china)],
            ["Malaysia", "Japan", REO, 0.3, *by_year({2010: TO_JAPAN})],
            ["Elsewhere", "Japan", REO, 0.3, *by_year({})],
        ],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["makers", SHORTAGE]],
        "Demand": [["region", "sector", "material", YEARS[0]], ["Japan", "makers", REO, USED]],
    }


def lenders(bank_price: float, floor: float | None) -> dict[str, Any]:
    """What lenders who count on a price make of the expansion. floor: USD/kg beside stake and loan; None: the least."""
    sheets = book(NONE)
    sheets["BankPrices"] = [["material", YEARS[0]], [REO, bank_price]]
    sheets["Projects"] = [
        ["project", "region", "process", "funding", "capacity_t_per_yr", "capex_musd", "operating_cost_usd_per_kg",
         "lead_years", "life_years", "earliest_year", "latest_year", "hurdle_rate"],
        ["expansion", "Malaysia", "mine", "private", SIZE, CAPEX, COST, 2, 15, 2011, 2011, 0.12],
    ]  # fmt: skip
    sheets["PriceFloors"] = [
        ["floor", "project", "material", "floor_usd_per_kg", "floor_max_usd_per_kg", "tenor_years", "equity_musd",
         "loan_share_of_capex", "loan_rate", "loan_years"],
        ["jare", "expansion", REO, floor, None if floor is not None else 100, 15, EQUITY, LOAN / CAPEX, RATE, 10],
    ]  # fmt: skip
    inputs = read(sheets)
    (row,) = bankability_table(plan_data(inputs.tables(), inputs.tables()))
    return row


def supply(plan: Plan) -> dict[int, dict[str, float]]:
    """t into Japan by year: from China, Malaysia and Elsewhere, and what is short."""
    found: dict[int, dict[str, float]] = {year: {} for year in YEARS}
    for row in plan.rows("flows"):
        if row["to_region"] == "Japan" and row["from_region"] != "Japan":
            year = found[row["year"]]
            year[row["from_region"]] = year.get(row["from_region"], 0.0) + row["t"]
    for row in plan.rows("demand"):
        found[row["year"]]["short"] = row["short_t"]
    return found


def china_share(year: dict[str, float]) -> float:
    came = sum(t for name, t in year.items() if name != "short")
    return year.get("China", 0.0) / came


def page() -> str:
    runs = NONE, AS_IT_CAME, PROMISED
    free, held = ([supply(solved(book(lynas, stays))) for lynas in runs] for stays in (False, True))
    lines = [HEAD, SUPPLY_COLUMNS]
    for year in YEARS:
        cells = [f"{free[0][year].get(origin, 0):,.0f}" for origin in ("China", "Elsewhere")]
        cells += [f"{run[year]['short']:,.0f}" for run in free]
        cells += [f"{100 * china_share(run[year]):.0f}" for run in free]
        lines.append(" | ".join([f"| {year}", *cells]) + " |")
    lines += [SUPPLY_SAYS, "| year | without Lynas, t | as it came, t | as promised, t |", "|---|--:|--:|--:|"]
    for year in YEARS[3:]:
        lines.append(" | ".join([f"| {year}", *(f"{run[year]['short']:,.0f}" for run in held)]) + " |")
    saved = {year: held[0][year]["short"] - held[2][year]["short"] for year in YEARS}
    worth = sum(t * (SHORTAGE - PRICE[year] - 0.3) / 1000 for year, t in saved.items())
    lines += [
        f"\nAs promised, {sum(saved.values()):,.0f} t less would have lacked to 2015, worth {worth:,.0f} MUSD.",
        MONEY,
    ]
    for name, price in (("10.58, May 2007", BEFORE), ("79.90, January 2011", SIGNED), ("15.89, end of 2015", CAME)):
        alone, level = lenders(price, 0.0), lenders(price, None)["least_floor_usd_per_kg"]
        least = "" if level is None else f"{level:.2f}"
        lines.append(f"| {name} | {max(0.0, alone['gap_musd']):,.0f} | {alone['closed_by']} | {least} |")
    return "\n".join([*lines, SAYS])


HEAD = """# Back-cast: Japan and Lynas, 2010 to 2015

In September 2010 China stopped rare earths for Japan; in March 2011 Japan (JOGMEC and Sojitz) put 250 million dollars
as stake and loan into Lynas, for 8,500 t a year over ten years. What did it buy? Oxides of all kinds, year by year.
Written by `python -m benchmarks.backcast_japan --write docs/backcast_japan.md`; a test holds the page to it.

- Japan: 20,000 t from China in 2010 (Minister Ohata, Wall Street Journal of January 2011); 15,400 t from all in 2011,
  34 % less than before, 3,007 t from China in the first half of 2012, 49.3 % of all (Nikkei, in Sina, September 2012).
- Lynas: 3,965 t to June 2014, 8,799 t to June 2015 (Mining Weekly, July 2016); 10,916 t in 2015 after 52 % more, at a
  cost of 16.08 and a price of 15.89 USD/kg at its end (Adamas, January 2016).
- As promised: 11,000 t a year from late 2011 and 22,000 t from late 2012 (Japan Metal Bulletin); the second step for
  250 million dollars (Sojitz, November 2010).
- Price of the Mt Weld mix: 10.58 USD/kg in May 2007 (Lynas, in International Mining), 62.18 in the last quarter of 2010
  and 79.90 on 21 January 2011 (Lynas); at the end of 2014 85 % under the peak of 2011 (Rare Element Resources).

Assumptions: the prices between these; 1,000 t of Lynas in 2013; use that stays at the 23,333 t of 2010; 120 USD/kg for
what lacks, the dearest quarter, when buyers began to do without. From 2013 on China lets out what is asked.
"""
SUPPLY_COLUMNS = """| | from China | elsewhere | lacked without Lynas | as it came | as promised \
| China's part without, % | as it came | as promised |
|---|--:|--:|--:|--:|--:|--:|--:|--:|"""
SUPPLY_SAYS = """
Tonnes; where from is that without Lynas.

- **2011 and 2012.** The model lacks what Japan did not import any more: a third, then nearly a half of use. In reality
  stores and thrift bore it; no figure was found for either.
- **Lynas came too late for the squeeze.** As promised, it would have covered three quarters of what lacked in 2012. Its
  works waited for a licence in Malaysia, and made 8,799 t only in the year to June 2015.
- **Part of China.** Over 90 % before 2009, 49 % in the first half of 2012, under 60 % later (Argus), some 70 % in 2024
  (JOGMEC). Without Lynas the model goes back to 73 %; with it to 37 % by 2015, since it takes all 8,500 t that Japan
  had a right to. The difference to 60 % is what Lynas sold elsewhere and what Japan used less than in 2010; the figures
  found do not part the two.

## Had the squeeze gone on

China at the rate of 2012 to the end of 2015; what would have lacked:
"""
MONEY = """
## What lenders would have said

The second step: 11,000 t for 250 million dollars, at 16.08 USD/kg, 12 % asked. Stake 25, loan 225 million at 7 % over
ten years (7 % is what Lynas paid until 2015; how the 250 part into stake and loan is recalled).

| lenders count on, USD/kg | they miss, MUSD | with stake and loan | least floor beside them, USD/kg |
|---|--:|---|--:|"""
SAYS = """
At the price of the day lenders would have needed no help. At the price before and after it, stake and loan alone would
not have closed their gap: it would have taken a floor near 19 USD/kg. So the deal was an insurance that no lender who
counts on past prices would have sold. What came fits: at 16 to 19 USD/kg Lynas lost 366 million Australian dollars in
the year to June 2014 (Argus), Molycorp, without such a lender, went bankrupt in June 2015 (Adamas), and Japan gave
later what the floor would have given: in 2015 205 of 225 million were still owed, 11.5 million of interest were let go,
and interest fell from 7 to 5.7, 3.75 and 2.5 % (Lynas reports, Mining Weekly). For 2015 as planned that floor would
have paid 29 MUSD.

**Not explained**: who bore the shortage of 2011 and 2012, and at what price; what of Lynas' output went to Japan; the
private bond of 225 million dollars of January 2012, which the lenders of this model would not have given.
"""


main = page_command(page, "Solve, and print the page.")

if __name__ == "__main__":
    main()
