"""Scenarios: their probabilities, years and emergencies."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import above, cell_of, horizon_of, problem_at
from lodestone.workbook.reading.cells import BLANK, show
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Tables


def scenario_named_base(tables: Tables) -> Iterator[Problem]:
    """The name base is taken."""
    if (BASE,) in tables.records["Scenarios"]:
        yield problem_at(
            tables.records["Scenarios"][BASE,],
            "scenario",
            "base is the unchanged workbook",
            "give the scenario another name",
        )


def probabilities_over_one(tables: Tables) -> Iterator[Problem]:
    """Probabilities add up to more than 1."""
    likely = [row for row in tables.rows("Scenarios") if row["probability"]]
    total = sum(row["probability"] for row in likely)
    if total > 1 + 1e-9:
        yield problem_at(
            likely[-1],
            "probability",
            f"the probabilities of the scenarios add up to {show(total)}",
            "lower them to at most 1 together; what is missing to 1 is the base",
        )


def nothing_left_for_base(tables: Tables) -> Iterator[Problem]:
    """Probabilities add up to 1: the base is no possible future."""
    likely = [row for row in tables.rows("Scenarios") if row["probability"]]
    if likely and sum(row["probability"] for row in likely) > 1 - 1e-9:
        yield problem_at(
            likely[-1],
            "probability",
            "the probabilities add up to 1 and leave nothing for the base",
            "lower them if the unchanged workbook is a possible future too",
        )


def probability_without_year(tables: Tables) -> Iterator[Problem]:
    """A likely scenario that never shows itself."""
    for row in tables.rows("Scenarios"):
        if row["probability"] and "from_year" in row.blank:
            yield Problem(
                cell_of(row, "from_year"),
                BLANK,
                "a scenario with a probability needs a from_year",
                "enter the year in which this future shows itself",
            )


def scenario_year_outside(tables: Tables) -> Iterator[Problem]:
    """A year of a scenario is not planned."""
    horizon = horizon_of(tables)
    for row in tables.rows("Scenarios"):
        for column in ("from_year", "emergency_from", "emergency_to"):
            if row[column] is not None and row[column] not in horizon:
                yield problem_at(
                    row,
                    column,
                    f"{column} is outside the years planned",
                    f"enter a year from {horizon[0]} to {horizon[-1]}",
                )


def shows_itself_at_once(tables: Tables) -> Iterator[Problem]:
    """A scenario that is known before anything is decided."""
    for row in tables.rows("Scenarios"):
        if row["probability"] and row["from_year"] == tables.settings["first_year"] and row["from_month"] == 1:
            yield problem_at(
                row,
                "from_year",
                "the scenario shows itself in the first year, so that it hedges nothing",
                "enter a later year if decisions are to be made before it is known",
            )


def emergency_incomplete(tables: Tables) -> Iterator[Problem]:
    """An emergency without a beginning or an end."""
    for row in tables.rows("Scenarios"):
        for column, other in (("emergency_from", "emergency_to"), ("emergency_to", "emergency_from")):
            if column in row.blank and row[other] is not None:
                yield Problem(
                    cell_of(row, column),
                    BLANK,
                    f"there is {other}, but no {column}",
                    f"enter {column}, or clear {other}",
                )


def emergency_reversed(tables: Tables) -> Iterator[Problem]:
    """An emergency that ends before it begins."""
    for row in tables.rows("Scenarios"):
        if above(row, "emergency_from", "emergency_to"):
            yield problem_at(
                row,
                "emergency_to",
                f"emergency_to is before emergency_from ({row['emergency_from']})",
                f"enter {row['emergency_from']} or later, or mend emergency_from",
            )


def emergency_before_scenario(tables: Tables) -> Iterator[Problem]:
    """An emergency that begins before its scenario shows itself."""
    for row in tables.rows("Scenarios"):
        if above(row, "from_year", "emergency_from"):
            yield problem_at(
                row,
                "emergency_from",
                f"the emergency begins before the scenario shows itself ({row['from_year']})",
                f"enter {row['from_year']} or later, or an earlier from_year",
            )
