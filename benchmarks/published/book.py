"""A Lodestone workbook written in an instance's own units.

    book = Book(tonnes=1, musd=0.001)                  # one unit of quantity is 1 t, one unit of money 0.001 MUSD
    book.plant("Gary", "Gary", {"steel": 1}, 1400)     # a plant priced at cost: what it makes or consumes per unit
    book.lane("Gary", "Detroit", "steel", 14)
    book.demand("Detroit", "steel", 1200)
    book.write("plan.xlsx")

Quantities are multiplied by `tonnes`, money by `musd`, and money per quantity becomes USD/kg (1 t x 1 USD/kg =
0.001 MUSD). Regions, materials and processes are declared by being used. A quantity or price is one number for every
period, or one number for each. Periods are years from 2001 on, or so many months of 2001; demand must be met in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from lodestone.workbook.schema.sheets import SHEETS

FIRST_YEAR = 2001
KG_PER_T = 1000  # 1 MUSD/t = 1000 USD/kg
SECTOR = "customers"
SHORTAGE_COST_USD_PER_KG = 1e6  # never paid where min_service_share is 1

Amount = float | Sequence[float]


class Book:
    """Rows of a workbook by sheet; `write` saves them.

    periods: planning years. months: of a period, where all are of one year: what differs by period is a base row of
    Changes, and what is decided by year (builds, contracts) is decided at its start. discount_rate: share per period.
    tonnes: t in one unit of quantity. musd: MUSD in one unit of money. service: least share of demand that must be met.
    shortage_cost: per unit of demand not met.
    """

    def __init__(
        self,
        periods: int = 1,
        discount_rate: float = 0.0,
        tonnes: float = 1.0,
        musd: float = 0.001,
        service: float = 1.0,
        shortage_cost: float | None = None,
        months: int = 12,
    ) -> None:
        self.periods = range(1, periods + 1)
        self.months = months
        self.of_a_year = months / 12  # what a period has of a yearly figure
        self.tonnes = tonnes
        self.musd = musd
        self._rows: dict[str, list[dict[str | int, Any]]] = {}
        self._regions: set[str] = set()
        self._materials: set[str] = set()
        self._processes: dict[tuple[tuple[str, float], ...], str] = {}
        for setting, value in {
            "first_year": FIRST_YEAR,
            "last_year": FIRST_YEAR + periods - 1 if months == 12 else FIRST_YEAR,
            "discount_rate": discount_rate,
            "stock_end_value_share": 0,
        }.items():
            self._add("Settings", setting=setting, value=value)
        if months < 12:
            self._add("Periods", year=FIRST_YEAR, months=months)
        shortage = SHORTAGE_COST_USD_PER_KG if shortage_cost is None else self._usd_per_kg(shortage_cost)
        self._add("Sectors", sector=SECTOR, shortage_cost_usd_per_kg=shortage, min_service_share=service)

    # -- rows ------------------------------------------------------------------------------------------------------

    def price(self, material: str, price: Amount) -> None:
        """Market price of what is bought, sold, stocked or under contract."""
        self._material(material)
        self._add("Prices", years=[self._usd_per_kg(p) for p in self._series(price)], material=material)

    def plant(self, name: str, region: str, recipe: Mapping[str, float], capacity: Amount, cost: float = 0.0) -> None:
        """Existing capacity, paid its operating cost. recipe: made (+) or consumed (-) per unit of capacity used."""
        self._add(
            "Plants",
            years=self._quantities(capacity),
            plant=name,
            region=self._region(region),
            process=self._process(name, recipe),
            pricing="cost",
            operating_cost_usd_per_kg=self._usd_per_kg(cost),
        )

    def project(
        self,
        name: str,
        region: str,
        recipe: Mapping[str, float],
        capacity: float,
        capex: float,
        *,
        cost: float = 0.0,
        fixed_cost: float = 0.0,
        life: int = 1,
        period: int | None = None,
        max_builds: int = 1,
        group: str | None = None,
        requires: str | None = None,
    ) -> None:
        """A public investment that produces from its decision on, in `period` or in any."""
        year = None if period is None else FIRST_YEAR + period - 1
        self._add(
            "Projects",
            project=name,
            region=self._region(region),
            process=self._process(name, recipe),
            funding="public",
            capacity_t_per_yr=capacity * self.tonnes / self.of_a_year,
            capex_musd=capex * self.musd,
            fixed_cost_musd_per_yr=fixed_cost * self.musd,
            operating_cost_usd_per_kg=self._usd_per_kg(cost),
            life_years=life,
            earliest_year=year,
            latest_year=year,
            max_builds=max_builds,
            group=group,
            requires=requires,
        )

    def lane(self, origin: str, to: str, material: str, cost: float = 0.0, capacity: Amount | None = None) -> None:
        """A way for a material; without a row there is none."""
        self._add(
            "Lanes",
            years=None if capacity is None else self._quantities(capacity),
            from_region=self._region(origin),
            to_region=self._region(to),
            material=self._material(material),
            freight_usd_per_kg=self._usd_per_kg(cost),
        )

    def buy(
        self,
        name: str,
        region: str,
        material: str,
        volume: Amount | None = None,
        *,
        premium: float = 0.0,
        spot_share: float = 1.0,
    ) -> None:
        """A market that sells to the planner."""
        self._market("buy", name, region, material, volume, premium, spot_share)

    def sell(self, name: str, region: str, material: str, volume: Amount, *, premium: float = 0.0) -> None:
        """A market that buys from the planner."""
        self._market("sell", name, region, material, volume, premium, 1.0)

    def contract(
        self,
        name: str,
        supplier: str,
        material: str,
        *,
        least: float = 0.0,
        most: float,
        fee: float = 0.0,
        price: float | None = None,
        take_or_pay: float = 0.0,
        period: int = 1,
        tenor: int = 1,
    ) -> None:
        """An offtake contract, signed in `period` or never; at market price unless a price is given."""
        self._add(
            "Contracts",
            contract=name,
            supplier=supplier,
            material=self._material(material),
            price_rule="index" if price is None else "fixed",
            fixed_price_usd_per_kg=None if price is None else self._usd_per_kg(price),
            min_t_per_yr=least * self.tonnes,
            max_t_per_yr=most * self.tonnes,
            take_or_pay_share=take_or_pay,
            earliest_year=FIRST_YEAR + period - 1,
            latest_year=FIRST_YEAR + period - 1,
            tenor_years=tenor,
            signing_fee_musd=fee * self.musd,
        )

    def demand(self, region: str, material: str, amount: Amount) -> None:
        self._add(
            "Demand",
            years=self._quantities(amount),
            region=self._region(region),
            sector=SECTOR,
            material=self._material(material),
        )

    def stock(
        self, name: str, region: str, material: str, capacity: float, *, opening: float = 0.0, cost: float = 0.0
    ) -> None:
        """A store; cost per unit held at the end of a period. Its material needs a price."""
        self._add(
            "Stockpiles",
            stockpile=name,
            region=self._region(region),
            material=self._material(material),
            opening_t=opening * self.tonnes,
            capacity_t=capacity * self.tonnes,
            holding_cost_usd_per_kg_yr=self._usd_per_kg(cost) / self.of_a_year,
        )

    def budget(self, name: str, covers: str, amount: Amount) -> None:
        """A cap on what is spent in a period."""
        self._add("Budgets", years=[x * self.musd for x in self._series(amount)], budget=name, covers=covers)

    def scenario(self, name: str, probability: float, period: int) -> None:
        """A future that shows itself in `period`; what is missing to 1 is the book itself."""
        self._add("Scenarios", scenario=name, probability=probability, from_year=FIRST_YEAR + period - 1)

    def demand_in(self, scenario: str, period: int, region: str, material: str, amount: float) -> None:
        """The demand of a period in a scenario."""
        self._change(scenario, period, "Demand", f"{region}/{SECTOR}/{material}", amount * self.tonnes)

    def price_in(self, scenario: str, period: int, material: str, price: float) -> None:
        self._change(scenario, period, "Prices", material, self._usd_per_kg(price))

    def plant_in(self, scenario: str, period: int, plant: str, capacity: float) -> None:
        self._change(scenario, period, "Plants", plant, capacity * self.tonnes)

    def market_in(self, scenario: str, period: int, market: str, volume: float) -> None:
        self._change(scenario, period, "Markets", market, volume * self.tonnes)

    def _change(self, scenario: str, period: int, sheet: str, row: str, value: float) -> None:
        year = FIRST_YEAR + period - 1
        self._add(
            "Changes",
            scenario=scenario,
            sheet=sheet,
            row=row,
            column="years",
            from_year=year,
            to_year=year,
            value=value,
        )

    # -- the file --------------------------------------------------------------------------------------------------

    def write(self, path: str | Path) -> Path:
        """Save as .xlsx; returns the path."""
        workbook = Workbook(write_only=True)
        for name, rows in self._rows.items():
            sheet = workbook.create_sheet(name)
            headings = list(dict.fromkeys(heading for row in rows for heading in row))
            sheet.append(headings)
            for row in rows:
                sheet.append([row.get(heading) for heading in headings])
        workbook.save(path)
        return Path(path)

    # -- units and names -------------------------------------------------------------------------------------------

    def _usd_per_kg(self, unit_cost: float) -> float:
        return unit_cost * self.musd / self.tonnes * KG_PER_T

    def _series(self, amount: Amount) -> list[float]:
        if isinstance(amount, Sequence):
            if len(amount) != len(self.periods):
                raise ValueError(f"{len(amount)} values for {len(self.periods)} periods")
            return [float(x) for x in amount]
        return [float(amount)] * len(self.periods)

    def _quantities(self, amount: Amount) -> list[float]:
        return [x * self.tonnes / self.of_a_year for x in self._series(amount)]

    def _market(
        self,
        side: str,
        name: str,
        region: str,
        material: str,
        volume: Amount | None,
        premium: float,
        spot_share: float,
    ) -> None:
        self._add(
            "Markets",
            years=None if volume is None else self._quantities(volume),
            market=name,
            region=self._region(region),
            material=self._material(material),
            side=side,
            premium_share=premium,
            spot_share=spot_share,
        )

    def _region(self, name: str) -> str:
        if name not in self._regions:
            self._regions.add(name)
            self._add("Regions", region=name)
        return name

    def _material(self, name: str) -> str:
        if name not in self._materials:
            self._materials.add(name)
            self._add("Materials", material=name)
        return name

    def _process(self, name: str, recipe: Mapping[str, float]) -> str:
        """The process of this recipe, named after the first unit that has it."""
        key = tuple(recipe.items())
        if key not in self._processes:
            self._processes[key] = name
            for material, amount in recipe.items():
                self._add("Processes", process=name, material=self._material(material), t_per_t=amount)
        return self._processes[key]

    def _add(self, sheet: str, /, years: Sequence[float] | None = None, **cells: Any) -> None:
        row: dict[str | int, Any] = {}
        row |= cells  # type: ignore[arg-type]
        values = list(years or ())
        if self.months < 12:
            self._months_of(sheet, row, values)
            values = values[:1]
        row |= {FIRST_YEAR + i: value for i, value in enumerate(values)}
        self._rows.setdefault(sheet, []).append(row)

    def _months_of(self, sheet: str, row: Mapping[str | int, Any], values: Sequence[float]) -> None:
        """The periods of the year that differ from its first."""
        name = "/".join(str(row[key]) for key in SHEETS[sheet].key if key in row)
        for t, value in enumerate(values):
            if value != values[0]:
                first = t * self.months + 1
                self._add(
                    "Changes",
                    **{"scenario": "base", "sheet": sheet, "row": name, "column": "years"},
                    **{"from_year": FIRST_YEAR, "from_month": first, "to_year": FIRST_YEAR},
                    to_month=first + self.months - 1,
                    value=value,
                )
