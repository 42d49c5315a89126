"""Projects and their price floors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import not_made, problem_at
from lodestone.workbook.tables import Tables


def floor_not_allowed(tables: Tables) -> Iterator[Problem]:
    for floor in tables.rows("PriceFloors"):
        project = tables.records["Projects"].get((floor["project"],))
        if project is not None and project["funding"] == "public":
            yield problem_at(
                floor,
                "project",
                "the project is public, and price floors are for private projects",
                "delete the row, or set funding of the project to private",
            )
        elif project is not None and project["max_builds"] > 1:
            yield problem_at(
                floor,
                "project",
                "the project has max_builds over 1, and a price floor is for one build",
                "set max_builds to 1 and add a project for each further build",
            )


def floor_for_no_output(tables: Tables) -> Iterator[Problem]:
    for floor in tables.rows("PriceFloors"):
        project = tables.records["Projects"].get((floor["project"],))
        if project is not None:
            yield from not_made(tables, floor, project)


def circular_requires(tables: Tables) -> Iterator[Problem]:
    """A ring of projects each of which waits for another; told once, at its first project."""
    told: set[str] = set()
    for project in tables.rows("Projects"):
        ring = _ring_from(tables, project.key[0])
        if ring and not told.intersection(ring):
            told.update(ring)
            chain = " -> ".join((*ring, ring[0]))
            yield problem_at(
                project, "requires", f"these projects wait for each other: {chain}", "clear requires in one of them"
            )


def _ring_from(tables: Tables, start: str) -> list[str]:
    """The projects on the way from `start` along requires, if it leads back to `start`; otherwise none."""
    way: list[str] = []
    name: Any = start
    while (name,) in tables.records["Projects"] and name not in way:
        way.append(name)
        name = tables.records["Projects"][name,]["requires"]
    return way if name == start else []
