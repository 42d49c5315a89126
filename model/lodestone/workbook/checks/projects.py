"""Projects that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import problem_at
from lodestone.workbook.tables import Tables


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
    name: str = start
    while (name,) in tables.records["Projects"] and name not in way:
        way.append(name)
        name = tables.records["Projects"][name,]["requires"]
    return way if name == start else []
