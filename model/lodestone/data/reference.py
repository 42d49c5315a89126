"""Doing nothing: what would be done, and what it would cost, without any measure of this plan.

The reference of a plan has the same data without caps on the China share, cover of reserves, budgets and secure shares,
and without public projects, packages and contracts, but for those that are committed. Private projects that are
bankable unaided may be built. What a plan costs more than its reference is what security costs.
"""

from __future__ import annotations

from dataclasses import replace

from lodestone.data.parts import Project, Stockpile
from lodestone.data.plan_data import PlanData


def reference_data(data: PlanData) -> PlanData:
    """The data of doing nothing. What needs a project that nobody would build goes with it."""
    projects = {name: p for name, p in data.projects.items() if not p.public or p.committed_year is not None}
    while lacking := [name for name, p in projects.items() if _lacks(p, projects)]:
        projects = {name: p for name, p in projects.items() if name not in lacking}
    return replace(
        without_measures(data),
        projects=projects,
        floors={name: floor for name, floor in data.floors.items() if floor.committed_year is not None},
        contracts={name: deal for name, deal in data.contracts.items() if deal.committed_year is not None},
        substitution={
            name: option
            for name, option in data.substitution.items()
            if option.requires is None or option.requires in projects
        },
    )


def without_measures(data: PlanData) -> PlanData:
    """Nothing is asked of a plan: no caps, cover, budgets or secure shares."""
    return replace(
        data,
        sectors={name: replace(sector, secure_share=0.0) for name, sector in data.sectors.items()},
        stockpiles={name: _without_cover(pile) for name, pile in data.stockpiles.items()},
        caps={},
        budgets={},
        secure_against=0,
    )


def _lacks(project: Project, projects: dict[str, Project]) -> bool:
    """Whether it asks for what is not there; a committed project asks for nothing."""
    return project.committed_year is None and project.requires is not None and project.requires not in projects


def _without_cover(pile: Stockpile) -> Stockpile:
    return replace(pile, days=dict.fromkeys(pile.days), least_t=0.0)
