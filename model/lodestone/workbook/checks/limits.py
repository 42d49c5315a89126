"""Two limits the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import above, problem_at
from lodestone.workbook.reading.cells import show
from lodestone.workbook.tables import Tables


def year_window_reversed(tables: Tables) -> Iterator[Problem]:
    for row in (*tables.rows("Projects"), *tables.rows("Contracts")):
        if above(row, "earliest_year", "latest_year") and not row.blank & {"earliest_year", "latest_year"}:
            yield problem_at(
                row,
                "latest_year",
                f"latest_year is before earliest_year ({row['earliest_year']})",
                f"enter {row['earliest_year']} or later, or mend earliest_year",
            )


def collar_reversed(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Contracts", "price_min_usd_per_kg", "price_max_usd_per_kg")


def volumes_reversed(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Contracts", "min_t_per_yr", "max_t_per_yr")


def opening_over_capacity(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Stockpiles", "opening_t", "capacity_t")


def least_over_capacity(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Stockpiles", "least_t", "capacity_t")


def _reversed(tables: Tables, sheet: str, low: str, high: str) -> Iterator[Problem]:
    for row in tables.rows(sheet):
        if above(row, low, high):
            yield problem_at(
                row,
                low,
                f"{low} is above {high} ({show(row[high])})",
                f"enter {show(row[high])} or less, or mend {high}",
            )
