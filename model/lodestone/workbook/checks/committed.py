"""What is committed: decided already, so that it must fit the workbook as it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf

from lodestone.data.times import Time, year_of
from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of, problem_at, recipes_of, supplier_of, value_at
from lodestone.workbook.reading.cells import BLANK, show
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Record, Tables

COMMITTED_SHEETS = ("Projects", "PriceFloors", "Contracts")
TOLERANCE = 1e-9


def committed_after_horizon(tables: Tables) -> Iterator[Problem]:
    """Something is committed for a year after the last."""
    last = tables.settings["last_year"]
    for sheet in COMMITTED_SHEETS:
        for row in tables.rows(sheet):
            if row["committed_year"] is not None and row["committed_year"] > last:
                yield problem_at(
                    row,
                    "committed_year",
                    f"planning ends in {last}, and what is committed later has no place in it",
                    f"enter a year up to {last}, or clear committed_year",
                )


def volume_without_year(tables: Tables) -> Iterator[Problem]:
    """committed_year and committed_t_per_yr of a contract go together."""
    for row in tables.rows("Contracts"):
        for given, other in (
            ("committed_year", "committed_t_per_yr"),
            ("committed_t_per_yr", "committed_year"),
        ):
            if row[given] is not None and other in row.blank:
                what = "the annual volume that is signed" if other == "committed_t_per_yr" else "the year of signing"
                yield Problem(
                    cell_of(row, other), BLANK, f"there is {given}, but no {other}", f"enter {what}, or clear {given}"
                )


def volume_outside_limits(tables: Tables) -> Iterator[Problem]:
    """A committed volume is not within min_t_per_yr and max_t_per_yr."""
    for row in tables.rows("Contracts"):
        t, least, most = row["committed_t_per_yr"], row["min_t_per_yr"] or 0.0, row["max_t_per_yr"]
        if t is None or row["committed_year"] is None or most is None or least > most:
            continue
        if not least <= t <= most:
            yield problem_at(
                row,
                "committed_t_per_yr",
                f"the committed volume is outside min_t_per_yr and max_t_per_yr ({show(least)} to {show(most)})",
                f"enter a volume from {show(least)} to {show(most)}, or mend these",
            )


def committed_without_project(tables: Tables) -> Iterator[Problem]:
    """A package or contract of a project is committed with it, in its year."""
    for sheet, column in (("PriceFloors", "project"), ("Contracts", "supplier")):
        for row in tables.rows(sheet):
            project = tables.records["Projects"].get((row[column] or "",))
            if project is None or row["committed_year"] is None:
                continue
            year = project["committed_year"]
            if year is None:
                yield problem_at(
                    row,
                    "committed_year",
                    f"{project.key[0]} is not committed",
                    f"enter committed_year of {project.key[0]} ({cell_of(project, 'committed_year')}) too, "
                    "or clear it here",
                )
            elif year != row["committed_year"]:
                yield problem_at(
                    row,
                    "committed_year",
                    f"{project.key[0]} is committed in {year}",
                    f"enter {year} here, or mend {cell_of(project, 'committed_year')}",
                )


def two_of_a_group(tables: Tables) -> Iterator[Problem]:
    """Of a group at most one build is made."""
    first: dict[str, Record] = {}
    for row in tables.rows("Projects"):
        if row["group"] and row["committed_year"] is not None:
            other = first.setdefault(row["group"], row)
            if other is not row:
                yield problem_at(
                    row,
                    "committed_year",
                    f"{other.key[0]} of the same group {row['group']} is committed too "
                    f"({cell_of(other, 'committed_year')})",
                    "clear committed_year of one of them, or give them groups of their own",
                )


def two_packages_of_a_project(tables: Tables) -> Iterator[Problem]:
    """At most one package comes with a build."""
    first: dict[str, Record] = {}
    for row in tables.rows("PriceFloors"):
        if row["committed_year"] is not None and (row["project"],) in tables.records["Projects"]:
            other = first.setdefault(row["project"], row)
            if other is not row:
                yield problem_at(
                    row,
                    "committed_year",
                    f"{row['project']} has a committed package already ({cell_of(other, 'committed_year')})",
                    "clear committed_year of one of them: at most one package comes with a build",
                )


def volumes_beyond_supplier(tables: Tables) -> Iterator[Problem]:
    """What is signed with a supplier fits what it can make or sell in the base, its own changes included; in scenarios
    and under threats the supplier may be lost."""
    if tables.scenario != BASE or tables.threats:
        return
    by_supplier: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in tables.rows("Contracts"):
        if row["committed_year"] is not None and row["committed_t_per_yr"] is not None and row["material"]:
            by_supplier[row["supplier"], row["material"]].append(row)
    for (_, material), contracts in by_supplier.items():
        supplier = supplier_of(tables, contracts[0])
        if supplier is None:
            continue
        for time in tables.calendar.times:
            signed = [row for row in contracts if _delivers(supplier, row, year_of(time))]
            total, most = sum(row["committed_t_per_yr"] for row in signed), _can_give(tables, supplier, material, time)
            if total > most * (1 + TOLERANCE):
                does = "sells" if supplier.sheet == "Markets" else "can make"
                yield problem_at(
                    signed[-1],
                    "committed_t_per_yr",
                    f"committed volumes with {supplier.key[0]} add up to {show(total)} t in {year_of(time)}, "
                    f"and it {does} {show(most)} t of {material}",
                    "lower the committed volumes, or mend what the supplier has",
                )
                break


def _delivers(supplier: Record, contract: Record, year: int) -> bool:
    start = contract["committed_year"]
    tenor = contract["tenor_years"] or 0
    if supplier.sheet == "Projects":
        start += supplier["lead_years"] or 0
        tenor = min(tenor, supplier["life_years"] or 0)
    else:
        start += contract["start_delay_years"] or 0
    return bool(start <= year < start + tenor)


def _can_give(tables: Tables, supplier: Record, material: str, time: Time) -> float:
    """t/yr; infinite where it is unlimited, or where an unusable cell, told elsewhere, leaves it open."""
    if supplier.sheet == "Markets":
        volume = value_at(supplier, time)
        return inf if volume is None else volume
    g = recipes_of(tables).get(supplier["process"], {}).get(material)
    capacity = supplier["capacity_t_per_yr"] if supplier.sheet == "Projects" else value_at(supplier, time)
    return inf if g is None or g <= 0 or capacity is None else g * capacity
