"""Names that no other row uses, and rows of zeros: most are half of something that was to be entered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.reach import ever
from lodestone.workbook.checks.rows import cell_of_process, horizon_of, outputs_of, problem_at, units_of
from lodestone.workbook.tables import Tables


def region_unused(tables: Tables) -> Iterator[Problem]:
    """A region in which nothing happens."""
    used = {row["region"] for sheet in ("Markets", "Demand", "Stockpiles") for row in tables.rows(sheet)}
    used |= {row["region"] for sheet in ("Plants", "Projects") for row in tables.rows(sheet)}
    yield from _unused(tables, "Regions", used, "nothing is made, sold, stocked or consumed there")


def material_unused(tables: Tables) -> Iterator[Problem]:
    """A material that nobody makes, wants or keeps."""
    used = {
        row["material"]
        for sheet in ("Processes", "Markets", "Demand", "Stockpiles", "Returns")
        for row in tables.rows(sheet)
    }
    used |= {row["scrap"] for row in tables.rows("Returns")}
    yield from _unused(tables, "Materials", used, "no recipe, market, demand or stockpile has it")


def sector_unused(tables: Tables) -> Iterator[Problem]:
    """A sector without demand."""
    used = {row["sector"] for row in tables.rows("Demand")}
    yield from _unused(tables, "Sectors", used, "it has no demand")


def _unused(tables: Tables, sheet: str, used: set[str], why: str) -> Iterator[Problem]:
    for row in tables.rows(sheet):
        if row.key[0] not in used:
            column = next(iter(row.values))
            yield problem_at(row, column, f"this row has no effect: {why}", "add what is missing, or delete the row")


def process_unused(tables: Tables) -> Iterator[Problem]:
    """A recipe that nobody runs."""
    used = {unit["process"] for unit in units_of(tables)}
    for process in dict.fromkeys(row["process"] for row in tables.rows("Processes")):
        if process not in used:
            yield Problem(
                cell_of_process(tables, process),
                process,
                "this recipe has no effect: no plant or project runs it",
                "add a plant or project, or delete its rows",
            )


def recipe_without_output(tables: Tables) -> Iterator[Problem]:
    """A recipe in use that makes nothing."""
    told = set()
    for unit in units_of(tables):
        if unit["process"] not in told and not outputs_of(tables, unit):
            told.add(unit["process"])
            yield Problem(
                cell_of_process(tables, unit["process"]),
                unit["process"],
                "this process makes nothing: all its t_per_t are negative, which is what it takes in",
                "enter what it makes as a positive t_per_t",
            )


def nothing_in_any_year(tables: Tables) -> Iterator[Problem]:
    """Rows of zeros. A scenario may give them a figure, and then they have an effect."""
    horizon = horizon_of(tables)
    for sheet, column, what in (
        ("Plants", "plant", "capacity"),
        ("Markets", "market", "volume"),
        ("Demand", "material", "demand"),
        ("Substitution", "option", "share"),
    ):
        for row in tables.rows(sheet):
            if not ever(row.years, horizon):
                yield problem_at(
                    row,
                    column,
                    f"this row has no effect: its {what} is 0 in every year planned",
                    f"enter the {what}, or delete the row",
                )
    for sheet, column, what in (("Contracts", "max_t_per_yr", "volume"), ("Stockpiles", "capacity_t", "capacity")):
        for row in tables.rows(sheet):
            if not row[column]:
                yield problem_at(
                    row, column, f"this row has no effect: its {what} is 0", f"enter the {what}, or delete the row"
                )


def group_of_one(tables: Tables) -> Iterator[Problem]:
    """A group with one project."""
    size = Counter(row["group"] for row in tables.rows("Projects") if row["group"])
    for project in tables.rows("Projects"):
        if size.get(project["group"]) == 1:
            yield problem_at(
                project,
                "group",
                "no other project has this group, so that it rules nothing out",
                "write it as the alternatives do, or clear the cell",
            )


def spot_share_of_nothing(tables: Tables) -> Iterator[Problem]:
    """Nothing can be had without a contract, and no contract is on offer."""
    contracted = {row["supplier"] for row in tables.rows("Contracts")}
    sellers = [row for row in tables.rows("Markets") if row["side"] == "buy"]
    private = [row for row in tables.rows("Projects") if row["funding"] == "private"]
    for row in (*tables.rows("Plants"), *private, *sellers):
        if not row["spot_share"] and row.key[0] not in contracted:
            yield problem_at(
                row,
                "spot_share",
                f"nothing of {row.key[0]} can be bought: spot_share is 0, and no contract with it is on offer",
                "enter the share that is free, 1 for all of it, or add a row to Contracts",
            )


def scenario_empty(tables: Tables) -> Iterator[Problem]:
    """A scenario that no row of Changes names."""
    changed = {row["scenario"] for row in tables.rows("Changes")}
    for row in tables.rows("Scenarios"):
        if row["scenario"] not in changed:
            alone = "" if row["emergency_from"] is None else " but the cover that it lifts"
            yield problem_at(
                row,
                "scenario",
                f"this scenario changes nothing{alone}: no row of Changes names it",
                "add what changes to the sheet Changes, or delete the row",
            )
