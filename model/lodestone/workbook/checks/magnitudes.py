"""Figures that are so far from their like that their unit is in doubt: USD for MUSD, per t for per kg, kt for t.

A figure is held against the others of its column for the same material or process (`far_from_its_like`), and against
what it must have to do with: a capex with what the plant sells in a year, a freight with the price of what is moved.
The second tells a slip where there is no other row to compare with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from statistics import median

from lodestone.data.parts import BUDGET_KINDS
from lodestone.errors import Problem
from lodestone.workbook.checks.rows import (
    cell_of,
    horizon_of,
    kinds_of,
    problem_at,
    recipes_of,
    rounded,
    supplier_of,
    units_of,
)
from lodestone.workbook.reading.cells import show
from lodestone.workbook.schema.columns import YEARS
from lodestone.workbook.schema.sheets import ANY, SETTINGS, SHEETS
from lodestone.workbook.tables import Record, Tables

FAR = 300.0  # a slip of units is 1,000 or more; what differs in kind, 300 at most
DEAR = 10.0  # nobody pays ten times what a material is worth to move or to keep it
BEYOND = 30.0  # times all that could ever be supplied: tonnes are 1,000 kg
KG_PER_T = 1000.0
USD_PER_MUSD = 1e6
OWN = "what this row usually has"

Place = str | int  # a column, or the year of a year column


@dataclass(frozen=True)
class Figure:
    """A number of the workbook, and where it stands."""

    row: Record
    place: Place
    value: float

    def problem(self, wrong: str, mend: str) -> Problem:
        """The problem of this figure, at its cell."""
        return Problem(cell_of(self.row, self.place), show(self.value), wrong, mend)


def unit_in_doubt(tables: Tables) -> Iterator[Problem]:
    """Each cell once, whatever it has been held against."""
    told: set[str] = set()
    for comparison in COMPARISONS:
        for problem in comparison(tables):
            if problem.cell not in told:
                told.add(problem.cell)
                yield problem


# --- the like ---------------------------------------------------------------------------------------------------------


def far_from_its_like(tables: Tables) -> Iterator[Problem]:
    """A figure 300 times or more away from the median of its column for the same material or process; one a row."""
    for (what, subject), figures in _alike(tables).items():
        rows: dict[int, list[Figure]] = defaultdict(list)
        for figure in figures:
            rows[id(figure.row)].append(figure)
        usual = {key: median(f.value for f in row) for key, row in rows.items()}
        pair, first = len(rows) == 2, next(iter(rows))
        centre = usual[first] if pair else median(usual.values())
        whose = OWN if len(rows) == 1 else f"the {'other' if pair else 'usual'} {what} of {subject}"
        for key, row in rows.items():
            for figure in row if key != first or not pair else ():  # of two nobody knows which is wrong: told once
                if _apart(figure.value, centre) >= FAR:
                    yield _unlike(figure, centre, whose, pair)
                    break
            else:
                for figure in row if len(row) > 2 else ():
                    if _apart(figure.value, usual[key]) >= FAR:
                        yield _unlike(figure, usual[key], OWN, False)
                        break


def _apart(a: float, b: float) -> float:
    return max(a / b, b / a)


def _unlike(figure: Figure, centre: float, of: str, pair: bool) -> Problem:
    times = figure.value / centre
    ratio = f"{rounded(times)} times" if times >= 1 else f"1/{rounded(1 / times)} of"
    column = SHEETS[figure.row.sheet].by_name[YEARS if isinstance(figure.place, int) else figure.place]
    return figure.problem(
        f"{ratio} {of} ({rounded(centre)}): is the unit right?",
        f"enter it in {column.unit}" + (", and check the other too" if pair else ""),
    )


def _alike(tables: Tables) -> Mapping[tuple[str, str], list[Figure]]:
    """(what, of which material or process) -> the figures that can be compared; without zeros."""
    found: dict[tuple[str, str], list[Figure]] = defaultdict(list)

    def add(what: str, subject: str, row: Record, *places: Place) -> None:
        for place in places:
            value = row.given[place] if isinstance(place, int) else row[place]
            if value and place not in row.blank:
                found[what, subject].append(Figure(row, place, abs(value)))

    for sheet in ("Prices", "BankPrices"):
        for row in tables.rows(sheet):
            add("price", row["material"], row, *row.given)
    for row in tables.rows("Contracts"):
        add("price", row["material"], row, "fixed_price_usd_per_kg", "price_min_usd_per_kg", "price_max_usd_per_kg")
        add("contract volume", row["material"], row, "max_t_per_yr")
    for row in tables.rows("PriceFloors"):
        add("price", row["material"], row, "floor_usd_per_kg")
    for row in tables.rows("Substitution"):
        add("cost of doing without", row["material"], row, "cost_usd_per_kg")
    for row in tables.rows("Demand"):
        add("demand", f"{row['material']} for {row['sector']}", row, *row.given)
    for row in tables.rows("Markets"):
        add("volume", row["material"], row, *row.given)
    for row in tables.rows("Stockpiles"):
        add("capacity", row["material"], row, "capacity_t")
        add("holding cost", row["material"], row, "holding_cost_usd_per_kg_yr")
    for row in tables.lane_rows.get("Lanes", ()):
        subject = "any material" if row["material"] == ANY else row["material"]
        add("freight", subject, row, "freight_usd_per_kg")
        add("lane capacity", subject, row, *row.given)
    for unit in units_of(tables):
        add("capacity", unit["process"], unit, *(unit.given or ["capacity_t_per_yr"]))
        add("operating cost", unit["process"], unit, "operating_cost_usd_per_kg")
        if unit.sheet == "Projects":
            add("capex", unit["process"], unit, "capex_musd")
            add("fixed cost", unit["process"], unit, "fixed_cost_musd_per_yr")
    return found


# --- what a figure has to do with -------------------------------------------------------------------------------------


def _price(tables: Tables, material: str) -> float:
    """Its highest price in the years planned, anywhere, USD/kg; 0 where there is none."""
    rows = (row for row in tables.rows("Prices") if row["material"] == material)
    return max(((row.years or {}).get(year) or 0.0 for row in rows for year in horizon_of(tables)), default=0.0)


def _output_worth(tables: Tables, process: str) -> float:
    """USD/kg of capacity used that the outputs of a process bring."""
    return sum(g * _price(tables, m) for m, g in recipes_of(tables).get(process, {}).items() if g > 0)


def cost_out_of_proportion(tables: Tables) -> Iterator[Problem]:
    """Costs of a plant or project that are 300 times or more what its output brings in a year."""
    for unit in units_of(tables):
        worth = _output_worth(tables, unit["process"])
        if not worth:
            continue
        if unit["operating_cost_usd_per_kg"] >= FAR * worth:
            times = unit["operating_cost_usd_per_kg"] / worth
            yield _slip(unit, "operating_cost_usd_per_kg", f"{rounded(times)} times what its output brings", "USD/kg")
        if unit.sheet == "Plants":
            continue
        sales = unit["capacity_t_per_yr"] * worth * KG_PER_T / USD_PER_MUSD
        for column in ("capex_musd", "fixed_cost_musd_per_yr"):
            if unit[column] >= FAR * sales:
                than = f"{rounded(unit[column] / sales)} times what it sells in a year"
                yield _slip(unit, column, than, "MUSD, and capacity_t_per_yr in t/yr")


def input_dearer_than_output(tables: Tables) -> Iterator[Problem]:
    """A price of an input with which a recipe takes in 300 times or more what it brings; told once for a price."""
    told: set[str] = set()
    for process, recipe in recipes_of(tables).items():
        worth = _output_worth(tables, process)
        for material, g in recipe.items():
            times = -g * _price(tables, material) / worth if worth else 0.0
            if times >= FAR and material not in told:
                told.add(material)
                rows = [row for row in tables.rows("Prices") if row["material"] == material and row.given]
                row = max(rows, key=lambda row: max(row.given.values()))
                year = max(row.given, key=lambda y: (row.given[y], -y))
                yield Figure(row, year, row.given[year]).problem(
                    f"with this price {process} takes in {rounded(times)} times what it brings: is the unit right?",
                    "enter it in USD/kg, and check t_per_t of the recipe",
                )


def change_out_of_proportion(tables: Tables) -> Iterator[Problem]:
    """A value set by a scenario that is 300 times or more away from what it was; told once for a change."""
    told: set[str] = set()
    rows = {f"Changes!A{row.key[0]}": row for row in tables.rows("Changes")}
    for change in tables.changes:
        figures = isinstance(change.old, float | int) and isinstance(change.new, float | int)
        if change.by in told or change.by not in rows or not figures or not (change.old and change.new):
            continue
        times = change.new / change.old
        if times > 0 and _apart(change.new, change.old) >= FAR:
            told.add(change.by)
            yield problem_at(
                rows[change.by],
                "value",
                f"with this {change.row} has {show(change.new)} instead of {show(change.old)}: is the unit right?",
                "check the value and the operation",
            )


def _slip(row: Record, column: str, than: str, unit: str) -> Problem:
    return problem_at(row, column, f"this is {than}: is the unit right?", f"enter it in {unit}")


def dearer_than_the_material(tables: Tables) -> Iterator[Problem]:
    """Freight and holding cost ten times or more the price of what is moved or kept."""
    for row in tables.lane_rows.get("Lanes", ()):
        price = 0.0 if row["material"] == ANY else _price(tables, row["material"])
        if price and row["open"] and row["freight_usd_per_kg"] >= DEAR * price:
            times = row["freight_usd_per_kg"] / price
            yield _slip(row, "freight_usd_per_kg", f"{rounded(times)} times the price of {row['material']}", "USD/kg")
    for row in tables.rows("Stockpiles"):
        price = _price(tables, row["material"])
        if price and row["holding_cost_usd_per_kg_yr"] >= DEAR * price:
            times = row["holding_cost_usd_per_kg_yr"] / price
            than = f"{rounded(times)} times the price of {row['material']}"
            yield _slip(row, "holding_cost_usd_per_kg_yr", than, "USD/kg per year")


def fee_out_of_proportion(tables: Tables) -> Iterator[Problem]:
    """A signing fee of 300 times or more what a year of the contract is worth."""
    for row in tables.rows("Contracts"):
        worth = row["max_t_per_yr"] * _price(tables, row["material"]) * KG_PER_T / USD_PER_MUSD
        if worth and row["signing_fee_musd"] >= FAR * worth:
            times = row["signing_fee_musd"] / worth
            yield _slip(row, "signing_fee_musd", f"{rounded(times)} times what a year of it is worth", "MUSD")


def volume_out_of_proportion(tables: Tables) -> Iterator[Problem]:
    """A contract for 300 times or more what its supplier has."""
    for row in tables.rows("Contracts"):
        supplier = supplier_of(tables, row)
        most = None if supplier is None else _most(tables, supplier, row["material"])
        if most and row["max_t_per_yr"] >= FAR * most:
            times = row["max_t_per_yr"] / most
            yield _slip(row, "max_t_per_yr", f"{rounded(times)} times what {row['supplier']} has", "t/yr")


def demand_beyond_supply(tables: Tables) -> Iterator[Problem]:
    """Demand of 30 times or more all that plants, projects and markets could bring, in its largest year."""
    supply: dict[str, float | None] = defaultdict(float)  # None: unlimited
    markets = [row for row in tables.rows("Markets") if row["side"] == "buy"]
    for row in (*units_of(tables), *markets):
        recipe = recipes_of(tables)[row["process"]] if row.sheet != "Markets" else {row["material"]: 1.0}
        for material in (m for m, g in recipe.items() if g > 0):
            before, more = supply[material], _most(tables, row, material)
            supply[material] = None if before is None or more is None else before + more
    for row in tables.rows("Demand"):
        most, year = max((value, -year) for year, value in row.given.items()) if row.given else (0.0, 0)
        brings = supply[row["material"]]
        if brings and most >= BEYOND * brings:
            yield Figure(row, -year, most).problem(
                f"{rounded(most / brings)} times all that plants, projects and markets could bring: is the unit right?",
                "enter it in t/yr",
            )


def _most(tables: Tables, row: Record, material: str) -> float | None:
    """The largest amount of a material that a plant, project or market has in a year planned; None: unlimited."""
    if row.sheet == "Markets":
        figures = None if row.years is None else [row.years[year] for year in horizon_of(tables)]
        return None if figures is None or None in figures else max(f for f in figures if f is not None)
    g = recipes_of(tables)[row["process"]].get(material, 0.0)
    if row.sheet == "Projects":
        return float(g * row["capacity_t_per_yr"] * row["max_builds"])
    return g * max((row.years or {}).get(year) or 0.0 for year in horizon_of(tables))


def budget_out_of_proportion(tables: Tables) -> Iterator[Problem]:
    """A budget of 300 times or more all on which it could be spent."""
    outlays = _outlays(tables)
    for row in tables.rows("Budgets"):
        kinds = kinds_of(row)
        most, given = sum(outlays.get(kind, inf) for kind in kinds), row.given
        if given and most:
            year = max(given, key=lambda y: (given[y], -y))
            if given[year] >= FAR * most:
                times = f"{rounded(given[year] / most)} times all that it covers ({rounded(most)} MUSD)"
                yield Figure(row, year, given[year]).problem(f"this is {times}: is the unit right?", "enter it in MUSD")


def _outlays(tables: Tables) -> dict[str, float]:
    """MUSD that each kind of outlay could come to in a year at the very most; inf where nobody can say."""
    found, units = dict.fromkeys(BUDGET_KINDS, 0.0), {unit.key[0]: unit for unit in units_of(tables)}
    per_kg = KG_PER_T / USD_PER_MUSD
    for row in tables.rows("Projects"):
        if row["funding"] == "public":
            found["capex"] += row["capex_musd"] * row["max_builds"]
    for row in tables.rows("PriceFloors"):
        unit = units[row["project"]]
        output = _most(tables, unit, row["material"]) or 0.0
        capex = unit["capex_musd"] if unit.sheet == "Projects" else 0.0
        level = row["floor_max_usd_per_kg"] if row["floor_usd_per_kg"] is None else row["floor_usd_per_kg"]
        promised = inf if level is None else level * output * per_kg
        found["grants"] += row["capex_grant_share"] * capex
        found["loans"] += row["loan_share_of_capex"] * capex
        found["equity"] += row["equity_musd"]
        found["contingent"] += promised
        found["floors"] += promised + row["production_credit_usd_per_kg"] * output * per_kg
    for row in tables.rows("Contracts"):
        found["fees"] += row["signing_fee_musd"]
        found["contracts"] = inf  # whatever it costs more than the market, which may be worth nothing
    for row in tables.rows("Stockpiles"):
        found["stockpile"] += row["capacity_t"] * _price(tables, row["material"]) * per_kg
    return found


COMPARISONS = (
    far_from_its_like,
    cost_out_of_proportion,
    input_dearer_than_output,
    dearer_than_the_material,
    fee_out_of_proportion,
    volume_out_of_proportion,
    demand_beyond_supply,
    budget_out_of_proportion,
)


# --- rates and settings -----------------------------------------------------------------------------------------------


def time_limit_very_short(tables: Tables) -> Iterator[Problem]:
    """Under a second, where perhaps minutes were meant."""
    limit = tables.settings["time_limit_s"]
    if limit < 1 and "time_limit_s" in tables.setting_cells:
        yield Problem(
            tables.setting_cells["time_limit_s"],
            show(limit),
            "the time is in seconds, and hardly any plan is found in that",
            f"enter seconds, such as {SETTINGS.by_name['time_limit_s'].default}",
        )
