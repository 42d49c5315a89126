"""Plants and projects that cannot do what they are there for, or not as it was meant: warnings only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.checks.reach import reached
from lodestone.workbook.checks.rows import problem_at, recipes_of, units_of
from lodestone.workbook.tables import Record, Tables


def unit_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """A plant or project to which no open lane brings an input, or from which none leads to anyone who wants it.

    Only of the base: to cut lanes is what many scenarios are for.
    """
    reach = reached(tables)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        recipe, region = recipes.get(unit["process"], {}), unit["region"]
        for material in (m for m, g in recipe.items() if g < 0):
            if not reach.comes_to(region, material):
                yield problem_at(
                    unit,
                    "region",
                    f"no open lane brings {material} to {unit.key[0]}",
                    f"add a lane for {material}, or somebody who sells or makes it",
                )
        outputs = [m for m, g in recipe.items() if g > 0]
        if outputs and not any(reach.is_used_from(region, material) for material in outputs):
            yield problem_at(
                unit,
                "region",
                f"no open lane leads from {unit.key[0]} to anyone who uses what it makes",
                f"add a lane for {listed(outputs)}",
            )


def co_product_unwanted(tables: Tables) -> Iterator[Problem]:
    """An output beside others that nobody takes: it is discarded, although it counts in the value added."""
    users = reached(tables).users
    used = {unit["process"] for unit in units_of(tables)}
    outputs: dict[str, list[Record]] = defaultdict(list)
    for row in tables.rows("Processes"):
        if row["t_per_t"] > 0:
            outputs[row["process"]].append(row)
    for process, rows in outputs.items():
        for row in rows if len(rows) > 1 and process in used else ():
            if not users.get(row["material"]):
                yield problem_at(
                    row,
                    "material",
                    f"{row['material']}, a co-product, has neither demand nor a sell market",
                    "add a row to Markets with side sell, or to Demand, if somebody takes it",
                )
