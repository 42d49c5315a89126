"""Private projects that lenders would never finance, whatever support is on offer."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.data.lenders import can_be_closed, decision_years, gap, package_worth
from lodestone.data.plan_data import MUSD_PER_T
from lodestone.errors import Problem
from lodestone.workbook.checks.packages import base_data
from lodestone.workbook.checks.rows import cell_of, problem_at
from lodestone.workbook.tables import Tables


def never_bankable(tables: Tables) -> Iterator[Problem]:
    """A private project whose gap no package and contracts can close in any year in which it can be decided.

    Only of the base: lenders know no scenario, and dearer projects are what some scenarios are for.
    """
    data = base_data(tables)
    for project in data.projects.values():
        decided = project.committed_year is not None and project.max_builds == 1
        years = () if project.public or decided else decision_years(data, project)
        if years and not any(can_be_closed(data, project, year) for year in years):
            least = min(gap(data, project, year) for year in years)
            yield Problem(
                cell_of(tables.records["Projects"][project.name,], "project"),
                project.name,
                f"never built: lenders miss {least:.3g} MUSD or more, which no package or contract on offer closes",
                "offer a higher floor, a grant or a contract, or check its costs; lodestone bankability shows them",
            )


def floor_worth_nothing(tables: Tables) -> Iterator[Problem]:
    """A package that is worth nothing to lenders at their prices, so that it closes no gap."""
    data = base_data(tables)
    for floor in data.floors.values():
        if floor.floor is None or floor.project not in data.projects:  # of a plant: what is committed
            continue
        project = data.projects[floor.project]
        years = decision_years(data, project)
        if not years or any(package_worth(data, floor, year) > 0 for year in years):
            continue
        first = (project.first_year(year) for year in years)
        low = min(data.bank_price_of(floor.material, project.region, year) for year in first) / MUSD_PER_T
        wrong = f"closes no gap: lenders count on {low:.4g} USD/kg of {floor.material} or more without it"
        if not floor.floor:
            wrong = "gives nothing: there is neither a floor nor a grant" + (
                ", and part of the price is paid back" if floor.upside_share else ""
            )
        yield problem_at(
            tables.records["PriceFloors"][floor.name,],
            "floor_usd_per_kg",
            wrong,
            "enter a floor above the lenders' price, or a grant, or delete the row",
        )
