"""Years that lie outside the plan: windows of decision, and what could only happen after the last year."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import count
from lodestone.workbook.checks.rows import horizon_of, problem_at, supplier_of
from lodestone.workbook.tables import Record, Tables


def window_outside(tables: Tables) -> Iterator[Problem]:
    """An earliest or latest year that is none of the years planned: it has no effect, or rules the row out."""
    horizon = horizon_of(tables)
    for row in (*tables.rows("Projects"), *tables.rows("Contracts")):
        for column in ("earliest_year", "latest_year"):
            year = row[column]
            if column in row.blank or year in horizon:
                continue
            early = year < horizon[0]
            never = early == (column == "latest_year")
            where = f"before planning starts in {horizon[0]}" if early else f"after planning ends in {horizon[-1]}"
            what = "signed" if row.sheet == "Contracts" else "decided"
            so = f"so that {row.key[0]} can never be {what}" if never else "and has no effect"
            yield problem_at(
                row,
                column,
                f"{column} is {where}, {so}",
                f"enter a year from {horizon[0]} to {horizon[-1]}, or clear the cell",
            )


def window_of(tables: Tables, row: Record) -> range:
    """The years planned in which a project can be decided, or a contract signed, by its own window."""
    horizon = horizon_of(tables)
    return range(max(row["earliest_year"], horizon[0]), min(row["latest_year"], horizon[-1]) + 1)


def decisions_of(tables: Tables, project: Record) -> range:
    """The years in which a project can be decided, and still produce in a year planned."""
    window = window_of(tables, project)
    return range(window.start, min(window.stop, horizon_of(tables).stop - project["lead_years"]))


def project_never_produces(tables: Tables) -> Iterator[Problem]:
    """A project whose lead time ends after the last year, whenever it is decided."""
    for project in tables.rows("Projects"):
        window = window_of(tables, project)
        if window and not decisions_of(tables, project):
            first, last = window.start + project["lead_years"], horizon_of(tables)[-1]
            yield problem_at(
                project,
                "lead_years",
                f"never built: decided in {window.start} it would produce from {first} on, and planning ends in {last}",
                "check lead_years (in years) and the window, or plan for longer",
            )


def requires_later_project(tables: Tables) -> Iterator[Problem]:
    """A project that can never be built because of the one that it requires."""
    for project in tables.rows("Projects"):
        other = tables.records["Projects"].get((project["requires"],))
        if other is None:
            continue
        own, needed = decisions_of(tables, project), decisions_of(tables, other)
        if own and not needed:
            wrong = f"never built: {project['requires']}, which it requires, can be decided in no year planned"
        elif own and needed[0] > own[-1]:
            wrong = (
                f"never built: {project['requires']}, which it requires, can be decided from {needed[0]} on, "
                f"and {project.key[0]} up to {own[-1]}"
            )
        elif project["group"] and project["group"] == other["group"]:
            wrong = f"never built: of the group {project['group']}, which both are in, only one build is made"
        else:
            continue
        yield problem_at(project, "requires", wrong, "clear requires, or mend the windows of the two projects")


def contract_never_delivers(tables: Tables) -> Iterator[Problem]:
    """A contract that cannot be signed with its project, or begins after the last year."""
    horizon = horizon_of(tables)
    for contract in tables.rows("Contracts"):
        supplier, window = supplier_of(tables, contract), window_of(tables, contract)
        if supplier is None or not window:
            continue
        if supplier.sheet == "Projects":
            built = decisions_of(tables, supplier)
            if built and not range(max(window.start, built.start), min(window.stop, built.stop)):
                yield problem_at(
                    contract,
                    "supplier",
                    f"never signed: that can be from {window[0]} to {window[-1]}, but {supplier.key[0]} is decided "
                    f"from {built[0]} to {built[-1]}; both must be in one year",
                    "mend the window of the contract or of the project",
                )
        elif window[0] + contract["start_delay_years"] > horizon[-1]:
            yield problem_at(
                contract,
                "start_delay_years",
                f"nothing is ever delivered: signed in {window[0]}, it would begin in "
                f"{window[0] + contract['start_delay_years']}, and planning ends in {horizon[-1]}",
                "check start_delay_years (in years) and the window",
            )


def refill_beyond_horizon(tables: Tables) -> Iterator[Problem]:
    """So many years that no plan of this length would ever have to refill."""
    horizon = horizon_of(tables)
    planned = count(len(horizon), "year")
    for row in tables.rows("Scenarios"):
        if row["emergency_to"] is not None and row["refill_years"] > len(horizon):
            yield problem_at(
                row,
                "refill_years",
                f"longer than the {planned} planned: after the emergency cover is never asked for again",
                "enter the years within which the stock must be full again",
            )
