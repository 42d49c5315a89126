"""Private projects that lenders would never finance, whatever support is on offer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lodestone.data.lenders import can_be_closed, decision_years, gap
from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Tables


def never_bankable(tables: Tables) -> Iterator[Problem]:
    """A private project whose gap no package and contracts can close in any year in which it can be decided.

    Only of the base: lenders know no scenario, and dearer projects are what some scenarios are for.
    """
    if tables.scenario != BASE:
        return
    bare = replace(tables, lanes={})  # of which there are many, and lenders look at none
    data = plan_data(bare, bare)
    for project in data.projects.values():
        years = () if project.public else decision_years(data, project)
        if years and not any(can_be_closed(data, project, year) for year in years):
            least = min(gap(data, project, year) for year in years)
            yield Problem(
                cell_of(tables.records["Projects"][project.name,], "project"),
                project.name,
                f"never built: lenders miss {least:.3g} MUSD or more, which no package or contract on offer closes",
                "offer a higher floor, a grant or a contract, or check its costs; lodestone bankability shows them",
            )
