"""Support packages: for whom, on what terms, and whether one that is worked out can do its work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from weakref import WeakKeyDictionary

from lodestone.data.lenders import NARROW, blank_floor, committed_terms, decision_years, gap, margin
from lodestone.data.plan_data import MUSD_PER_T, Floor, PlanData
from lodestone.errors import Problem
from lodestone.names import count
from lodestone.workbook.checks.rows import cell_of, not_made, paid_at_market, problem_at
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.reading.cells import BLANK, show
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Record, Tables


def _supported(tables: Tables, floor: Record) -> Record | None:
    """The project or plant of a package."""
    key = (floor["project"] or "",)
    return tables.records["Projects"].get(key) or tables.records["Plants"].get(key)


def floor_not_allowed(tables: Tables) -> Iterator[Problem]:
    """Packages are for private projects of one build, and for plants where they are committed."""
    for floor in tables.rows("PriceFloors"):
        unit = _supported(tables, floor)
        if unit is None:
            continue
        if unit.sheet == "Plants":
            yield from _of_a_plant(floor, unit)
        elif unit["funding"] == "public":
            yield problem_at(
                floor,
                "project",
                "the project is public, and price floors are for private projects",
                "delete the row, or set funding of the project to private",
            )
        elif unit["max_builds"] is not None and unit["max_builds"] > 1:
            yield problem_at(
                floor,
                "project",
                "the project has max_builds over 1, and a price floor is for one build",
                "set max_builds to 1 and add a project for each further build",
            )


def _of_a_plant(floor: Record, plant: Record) -> Iterator[Problem]:
    """Support of a plant is no choice of the plan: it is committed, or it is not there."""
    if "committed_year" in floor.blank:
        yield problem_at(
            floor,
            "project",
            f"{plant.key[0]} is a plant, and only packages that are committed are for plants",
            "enter committed_year, from which on it is supported, or a private project",
        )
    if not paid_at_market(plant):
        yield problem_at(
            floor,
            "project",
            f"{plant.key[0]} has pricing cost, so that no price matters to it",
            "set pricing of the plant to market, or delete the row",
        )
    if "floor_usd_per_kg" in floor.blank:
        yield Problem(
            cell_of(floor, "floor_usd_per_kg"),
            BLANK,
            f"{plant.key[0]} is a plant: there is no gap from which a floor could be worked out",
            "enter the floor in USD/kg",
        )


def floor_for_no_output(tables: Tables) -> Iterator[Problem]:
    """A package is for what its unit does not make."""
    for floor in tables.rows("PriceFloors"):
        unit = _supported(tables, floor)
        if unit is not None:
            yield from not_made(tables, floor, unit)


def support_over_capex(tables: Tables) -> Iterator[Problem]:
    """Grant, loan and equity together are at most what is spent."""
    for floor in tables.rows("PriceFloors"):
        unit = _supported(tables, floor)
        capex = None if unit is None else 0.0 if unit.sheet == "Plants" else unit["capex_musd"]
        parts = [floor[column] for column in ("capex_grant_share", "loan_share_of_capex", "equity_musd")]
        if capex is None or None in parts:
            continue
        grant, loan, equity = parts[0] * capex, parts[1] * capex, parts[2]
        if grant + loan + equity > capex * (1 + 1e-9) + 1e-9:
            column = "equity_musd" if equity else "loan_share_of_capex"
            yield problem_at(
                floor,
                column,
                f"grant, loan and equity come to {show(round(grant + loan + equity, 6))} MUSD, "
                f"more than the capex of {show(capex)} MUSD",
                "lower capex_grant_share, loan_share_of_capex or equity_musd",
            )


def loan_longer_than_life(tables: Tables) -> Iterator[Problem]:
    """A loan runs longer than its project lives."""
    for floor in tables.rows("PriceFloors"):
        project = tables.records["Projects"].get((floor["project"] or "",))
        if project is None or not floor["loan_share_of_capex"] or floor["loan_years"] is None:
            continue
        if project["life_years"] is not None and floor["loan_years"] > project["life_years"]:
            yield problem_at(
                floor,
                "loan_years",
                f"the loan runs longer than {project.key[0]} lives ({count(project['life_years'], 'year')})",
                f"enter {project['life_years']} or less",
            )


_KNOWN: WeakKeyDictionary[Tables, PlanData] = WeakKeyDictionary()  # five checks ask for it


def base_data(tables: Tables) -> PlanData:
    """As lenders see it: without lanes, of which there are many."""
    if tables not in _KNOWN:
        bare = replace(tables, lanes={})
        _KNOWN[tables] = plan_data(bare, bare)
    return _KNOWN[tables]


def _without_floor(tables: Tables) -> Iterator[tuple[Record, Floor, float | None]]:
    """Blank floors that no year of decision can have: the row, the package, and the least floor without floor_max.

    None where no floor closes the gap within the tenor. Of a scenario only what is committed, which has to have its
    floor whatever the scenario costs.
    """
    if not any("floor_usd_per_kg" in row.blank for row in tables.rows("PriceFloors")):
        return
    data = base_data(tables)
    for floor in data.floors.values():
        if floor.floor is not None or floor.project not in data.projects:
            continue
        project = data.projects[floor.project]
        committed = floor.committed_year
        if tables.scenario != BASE and committed is None:
            continue
        years = [committed] if committed is not None else list(decision_years(data, project))
        terms = floor if committed is None else committed_terms(floor)
        if years and all(gap(data, project, y) > 0 and blank_floor(data, terms, y) is None for y in years):
            free = replace(floor, floor_max=None)
            levels = [level for y in years if (level := blank_floor(data, free, y)) is not None]
            yield tables.records["PriceFloors"][floor.name,], floor, min(levels, default=None)


def floor_that_closes_no_gap(tables: Tables) -> Iterator[Problem]:
    """A floor left blank, where no floor closes the gap within the tenor in any year of decision."""
    for row, floor, least in _without_floor(tables):
        if least is None:
            yield Problem(
                cell_of(row, "floor_usd_per_kg"),
                BLANK,
                f"no floor makes {floor.project} bankable within the tenor",
                "enter a longer tenor, a grant or a loan",
            )


def floor_beyond_its_most(tables: Tables) -> Iterator[Problem]:
    """A floor left blank that would close the gap above floor_max only: the package is never on offer."""
    for row, floor, least in _without_floor(tables):
        if least is not None:
            yield problem_at(
                row,
                "floor_max_usd_per_kg",
                f"the package is never on offer: {floor.project} takes a floor of {least / MUSD_PER_T:.4g} USD/kg",
                "raise floor_max_usd_per_kg, or add a grant, a loan or a longer tenor",
            )


def narrow_margin(tables: Tables) -> Iterator[Problem]:
    """A private project that is bankable unaided by a hair and has no package: a small change, and it cannot be built.

    Only of the base, as above.
    """
    if tables.scenario != BASE:
        return
    data = base_data(tables)
    supported = {floor.project for floor in data.floors.values()}
    for project in data.projects.values():
        if project.public or project.committed_year is not None or project.name in supported:
            continue
        margins = [
            by
            for year in decision_years(data, project)
            if gap(data, project, year) <= 0 and (by := margin(data, project, year)) is not None
        ]
        if margins and max(margins) < NARROW:
            yield problem_at(
                tables.records["Projects"][project.name,],
                "project",
                f"bankable unaided by {100 * max(margins):.2g} % of its break-even price, and without a package: "
                "a small change of a figure, and it cannot be built at all",
                "make sure that its figures are known so well, or add a row to PriceFloors",
            )
