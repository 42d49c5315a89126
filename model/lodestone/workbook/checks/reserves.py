"""Stockpiles that could not do what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.policies import regions_named
from lodestone.workbook.checks.rows import problem_at
from lodestone.workbook.tables import Record, Tables


def cover_held_by_a_rival(tables: Tables) -> Iterator[Problem]:
    """[cheat] A stockpile in a region of concern is no cover for anybody else."""
    for pile in tables.rows("Stockpiles"):
        region = tables.records["Regions"].get((pile["region"] or "",))
        if region is None or not region["of_concern"] or not _names_days(pile):
            continue
        if regions_named(tables, pile["covers"]) != {pile["region"]}:
            yield problem_at(
                pile,
                "covers",
                f"{pile['region']} is of concern: a stock there is no cover for other regions",
                f"enter {pile['region']}, clear the days of cover, or hold the stock elsewhere",
            )


def _names_days(pile: Record) -> bool:
    return any(days for days in (*(pile.years or {}).values(), *pile.months.values()))
