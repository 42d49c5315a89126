"""Names that other sheets could not tell apart, or do not find."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import advice
from lodestone.workbook.checks.rows import problem_at
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Tables


def group_named_like_a_region(tables: Tables) -> Iterator[Problem]:
    """Other sheets name regions and groups in one column, so that a group needs a name of its own."""
    for region in tables.rows("Regions"):
        if region["group"] == ANY or (region["group"],) in tables.records["Regions"]:
            yield problem_at(
                region,
                "group",
                f"{region['group']} cannot be the name of a group, being "
                + ("all regions" if region["group"] == ANY else "a region"),
                "give the group another name",
            )


def region_or_group_unknown(tables: Tables) -> Iterator[Problem]:
    """Stockpiles!covers and ChinaShare!region name a region, a group or *."""
    regions = tables.rows("Regions")
    known = {region["region"] for region in regions} | {region["group"] for region in regions if region["group"]}
    for sheet, column in (("Stockpiles", "covers"), ("ChinaShare", "region")):
        for row in tables.rows(sheet):
            if regions and row[column] not in known | {ANY}:
                yield problem_at(
                    row,
                    column,
                    f"{row[column]} is neither a region nor a group",
                    advice(row[column], sorted(known), "enter * or one of"),
                )
