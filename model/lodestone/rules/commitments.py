"""Committed: what is decided already, and no choice of the plan.

A project, a package or a contract with a committed year is built, awarded or signed in that year, which may lie before
first_year. It stands beside the decisions of the plan as a variable held at its number, under COMMITTED in the place
of the node of its decision, so that all rules about decisions hold for it with the same terms:

    build[COMMITTED,g] = 1,   award[COMMITTED,o] = 1,   sign[COMMITTED,c] = 1,   q[COMMITTED,c] = committed_t_per_yr

What is paid at a decision (capex, grants, fees) is paid at the nodes that begin the committed year; before first_year
it is spent.

Units    years; t/yr (contracts)
Sheets   in: Projects, PriceFloors, Contracts; out: Committed
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyomo.environ as pyo

from lodestone.data.lenders import committed_terms, filled_in
from lodestone.data.plan_data import MUSD_PER_T, Contract, Floor, PlanData, Project
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row

COMMITTED = -1  # in the place of the node of a decision

Decision = tuple[int, str]  # node of the decision, name
Decided = Project | Floor | Contract


def held(names: Iterable[str]) -> pyo.Var:
    """What is committed, each held at 1."""
    return pyo.Var(list(names), bounds=(1.0, 1.0))


def committed_names(tree: Tree, sheet: str) -> list[str]:
    """Rows of a part of the data (projects, floors, contracts) that are committed in some future."""
    names: dict[str, None] = {}
    for n in tree.nodes:
        if tree.parent[n] is None:
            names |= {x: None for x, row in getattr(tree.data[n], sheet).items() if row.committed_year is not None}
    return list(names)


def decision_year(tree: Tree, decision: int, row: Decided) -> int | None:
    """The year of a decision; row: as the data of the node has it that asks. None: not committed in that future."""
    return row.committed_year if decision == COMMITTED else tree.year[decision]


def decisions_before(tree: Tree, node: int) -> tuple[int, ...]:
    """Where what matters at a node can have been decided: already, or on the path to it."""
    return (COMMITTED, *tree.path[node])


def paid_at(tree: Tree, decision: int, rows: str, name: str) -> Iterator[int]:
    """Nodes at which what a decision costs at once is paid."""
    if decision != COMMITTED:
        yield decision
        return
    for n in tree.nodes:
        if tree.begins_year(n) and getattr(tree.data[n], rows)[name].committed_year == tree.year[n]:
            yield n


def contract_year(data: PlanData, contract: Contract) -> int | None:
    """When a committed contract was signed: one with a project at its decision."""
    if contract.committed_year is None:
        return None
    project = data.projects.get(contract.supplier)
    return project.committed_year if project and project.committed_year is not None else contract.committed_year


def table(tree: Tree) -> list[Row]:
    """Everything that is committed, by kind and name."""
    data = tree.data[tree.nodes[0]]
    rows: list[Row] = []

    def add(kind: str, name: str, region: str, year: int | None, amount: float | None, unit: str) -> None:
        if year is not None:
            row = {"kind": kind, "name": name, "region": region, "year": year, "amount": amount, "unit": unit}
            rows.append(row)

    for g, project in data.projects.items():
        add("project", g, project.region, project.committed_year, project.capacity, "t/yr")
    for o, floor in data.floors.items():
        terms = None if floor.committed_year is None else filled_in(data, committed_terms(floor), floor.committed_year)
        level = None if terms is None else terms.level / MUSD_PER_T
        add("floor", o, data.region_of(floor.project), floor.committed_year, level, "USD/kg")
    for c, contract in data.contracts.items():
        signed = contract_year(data, contract)
        add("contract", c, data.region_of(contract.supplier), signed, contract.committed_t, "t/yr")
    return rows
