"""Two limits the wrong way round, and prices that grow out of all limits."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import count
from lodestone.workbook.checks.rows import above, horizon_of, problem_at, supplier_of
from lodestone.workbook.reading.cells import LARGEST, show
from lodestone.workbook.tables import Tables


def year_window_reversed(tables: Tables) -> Iterator[Problem]:
    """latest_year is before earliest_year."""
    for row in (*tables.rows("Projects"), *tables.rows("Contracts")):
        if above(row, "earliest_year", "latest_year") and not row.blank & {"earliest_year", "latest_year"}:
            yield problem_at(
                row,
                "latest_year",
                f"latest_year is before earliest_year ({row['earliest_year']})",
                f"enter {row['earliest_year']} or later, or mend earliest_year",
            )


def collar_reversed(tables: Tables) -> Iterator[Problem]:
    """The least price of a contract is above its most."""
    yield from _reversed(tables, "Contracts", "price_min_usd_per_kg", "price_max_usd_per_kg")


def volumes_reversed(tables: Tables) -> Iterator[Problem]:
    """The least volume of a contract is above its most."""
    yield from _reversed(tables, "Contracts", "min_t_per_yr", "max_t_per_yr")


def opening_over_capacity(tables: Tables) -> Iterator[Problem]:
    """A stockpile opens with more than it can hold."""
    yield from _reversed(tables, "Stockpiles", "opening_t", "capacity_t")


def fixed_price_out_of_bounds(tables: Tables) -> Iterator[Problem]:
    """A fixed price grows each year; lenders look at it beyond the horizon, over the life of a project."""
    for row in tables.rows("Contracts"):
        price, growth, tenor = (
            row[name] for name in ("fixed_price_usd_per_kg", "escalation_share_per_yr", "tenor_years")
        )
        supplier = supplier_of(tables, row)
        if row["price_rule"] != "fixed" or not price or growth is None or tenor is None or supplier is None:
            continue
        life = supplier["life_years"] if supplier.sheet == "Projects" else len(horizon_of(tables))
        years = min(tenor, tenor if life is None else life) - 1
        grown = price * (1 + max(growth, 0.0)) ** years
        if grown > LARGEST:
            yield problem_at(
                row,
                "escalation_share_per_yr",
                f"the price would grow from {show(price)} to {grown:.2g} USD/kg in {count(years, 'year')}",
                "enter the growth of one year as a share (0.02 means 2 %), or a shorter tenor",
            )


def least_over_capacity(tables: Tables) -> Iterator[Problem]:
    """A stockpile must hold more than it can."""
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
