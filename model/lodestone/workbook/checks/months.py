"""Periods: years that are cut, and months from which or to which something is meant to hold."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.data.times import MONTHS, time_of
from lodestone.errors import Problem
from lodestone.workbook.checks.rows import horizon_of, problem_at
from lodestone.workbook.scenarios.periods import begins_no_period, ends_no_period
from lodestone.workbook.tables import Record, Tables

FIRST_MONTHS = {"from_month": "from_year", "emergency_from_month": "emergency_from"}
LAST_MONTHS = {"emergency_to_month": "emergency_to"}


def cut_year_outside(tables: Tables) -> Iterator[Problem]:
    """A row of Periods cuts a year that is not planned."""
    horizon = horizon_of(tables)
    for row in tables.rows("Periods"):
        if row["year"] not in horizon:
            yield problem_at(
                row, "year", "this is none of the years planned", f"enter a year from {horizon[0]} to {horizon[-1]}"
            )


def month_without_year(tables: Tables) -> Iterator[Problem]:
    """A month whose year is blank."""
    for row in tables.rows("Scenarios"):
        for month, year in (FIRST_MONTHS | LAST_MONTHS).items():
            if month not in row.blank and row[month] is not None and row[year] is None:
                yield problem_at(row, month, f"there is no {year}", f"enter {year}, or clear {month}")


def month_within_a_period(tables: Tables) -> Iterator[Problem]:
    """Of Scenarios; those of Changes are told where the change is carried out."""
    calendar = tables.calendar
    for row in tables.rows("Scenarios"):
        for month, year in (FIRST_MONTHS | LAST_MONTHS).items():
            if row[month] is None or row[year] not in calendar.years:
                continue
            time, first = time_of(row[year], row[month]), month in FIRST_MONTHS
            if first and not calendar.begins(time):
                yield problem_at(row, month, *begins_no_period(calendar, time))
            elif not first and not calendar.ends(time):
                yield problem_at(row, month, *ends_no_period(calendar, time))


def emergency_months_reversed(tables: Tables) -> Iterator[Problem]:
    """Within one year; years the wrong way round are told elsewhere."""
    for row in tables.rows("Scenarios"):
        same_year = row["emergency_from"] is not None and row["emergency_from"] == row["emergency_to"]
        if same_year and _month(row, "emergency_from_month", 1) > _month(row, "emergency_to_month", MONTHS):
            yield problem_at(
                row,
                "emergency_to_month",
                f"the emergency ends before it begins (month {row['emergency_from_month']} of {row['emergency_from']})",
                f"enter {row['emergency_from_month']} or later, or mend emergency_from_month",
            )


def emergency_months_before_scenario(tables: Tables) -> Iterator[Problem]:
    """Within one year, as above."""
    for row in tables.rows("Scenarios"):
        same_year = row["emergency_from"] is not None and row["emergency_from"] == row["from_year"]
        if same_year and _month(row, "emergency_from_month", 1) < _month(row, "from_month", 1):
            yield problem_at(
                row,
                "emergency_from_month",
                f"the emergency begins before the scenario shows itself (month {row['from_month']})",
                f"enter {row['from_month']} or later, or an earlier from_month",
            )


def _month(row: Record, column: str, otherwise: int) -> int:
    return otherwise if row[column] is None else int(row[column])
