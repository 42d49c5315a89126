"""From the values of years and periods to series by time, and from rows of prices to a series for every region."""

from __future__ import annotations

from collections.abc import Mapping

from lodestone.data.plan_data import MUSD_PER_T, OpenSeries, Region, Series, Time, time_of
from lodestone.data.times import Calendar
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Months, Record, Tables, Value, Years


class Spread:
    """Spreads the values of years over their periods; what is the same for many lanes is spread once."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._done: dict[int, tuple[Years, OpenSeries]] = {}  # by identity, which the kept key makes safe

    def __call__(self, years: Years, months: Months) -> OpenSeries:
        """By the begin of each period of the horizon, and of each later year."""
        if months:
            return self._spread(years, months)
        if id(years) not in self._done:
            self._done[id(years)] = years, self._spread(years, months)
        return self._done[id(years)][1]

    def numbers(self, years: Years, months: Months, factor: float | None = None) -> Series:
        """Where every year has a value; factor: by which they are multiplied."""
        values = self(years, months)
        if factor is None and None not in values.values():
            return values  # type: ignore[return-value]
        return {
            time: value if factor is None else value * factor for time, value in values.items() if value is not None
        }

    def dated(self, row: Record, column: str) -> dict[Time, Value]:
        """A column that a scenario changes from a time on, by the begin of each period of the horizon."""
        return dict.fromkeys(self.calendar.times, row[column]) | dict(row.dated.get(column, {}))

    def _spread(self, years: Years, months: Months) -> dict[Time, float | None]:
        planned = self.calendar.years
        return {
            time: months.get(time, value)
            for year, value in years.items()
            for time in (self.calendar.times_of(year) if year in planned else (time_of(year),))
        }


def prices(
    tables: Tables, sheet: str, regions: Mapping[str, Region], spread: Spread, factor: float = 1.0
) -> dict[tuple[str, str], Series]:
    """For every region, from the row that names it, else from the row of all regions."""
    rows = {r.key: r for r in tables.rows(sheet)}
    series = {key: spread.numbers(r.years or {}, r.months, MUSD_PER_T) for key, r in rows.items()}
    series = {key: {time: v * factor for time, v in values.items()} for key, values in series.items()}
    return {
        (material, region): series[material, region if (material, region) in series else ANY]
        for material in dict.fromkeys(material for material, _ in series)
        for region in regions
        if (material, region) in series or (material, ANY) in series
    }


def bank_prices(base: Tables, regions: Mapping[str, Region], spread: Spread) -> dict[tuple[str, str], Series]:
    """Where BankPrices gives the material there, its row; elsewhere Prices x bank_price_factor."""
    factor = base.settings["bank_price_factor"]
    return prices(base, "Prices", regions, spread, factor) | prices(base, "BankPrices", regions, spread)
