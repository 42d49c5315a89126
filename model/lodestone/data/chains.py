"""Chains that do not touch: materials that no recipe, scrap or condition joins, with what makes, moves and uses them.

What a plan of such a workbook costs is the sum over its chains, but for budgets, which several may share: a chain by
itself is planned without them, so that its least cost is a bound on what it costs in the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree

T = TypeVar("T")


def chains(data: Iterable[PlanData]) -> list[frozenset[str]]:
    """The materials of each chain, of all futures together; largest first."""
    joined: dict[str, str] = {}

    def root(material: str) -> str:
        joined.setdefault(material, material)
        while joined[material] != material:
            material = joined[material]
        return material

    def join(materials: Iterable[str]) -> None:
        names = list(materials)
        for name in names:
            joined[root(name)] = root(names[0])

    for one in data:
        for material in one.materials:
            root(material)
        for unit in one.units.values():
            join(unit.recipe)
        for row in one.returns:
            join((row.material, row.scrap))
        for project in one.projects.values():
            if project.requires is not None and project.requires in one.projects:
                join((project.main_output, one.projects[project.requires].main_output))
        groups: dict[str, list[str]] = {}
        for project in one.projects.values():
            if project.group is not None:
                groups.setdefault(project.group, []).append(project.main_output)
        for outputs in groups.values():
            join(outputs)
        for option in one.substitution.values():
            if option.requires is not None and option.requires in one.projects:
                join((option.material, one.projects[option.requires].main_output))
    found: dict[str, set[str]] = {}
    for material in joined:
        found.setdefault(root(material), set()).add(material)
    return sorted(map(frozenset, found.values()), key=lambda chain: (-len(chain), min(chain)))


def chain_of(tree: Tree, materials: frozenset[str]) -> Tree:
    """The tree with one chain alone, and without budgets."""
    parts: dict[int, PlanData] = {}
    for data in tree.data.values():
        if id(data) not in parts:
            parts[id(data)] = _part(data, materials)
    return Tree(tree.time, tree.parent, tree.probability, {n: parts[id(d)] for n, d in tree.data.items()}, tree.twin)


def decides(data: PlanData, materials: frozenset[str]) -> bool:
    """Whether there is anything to build, award or sign in a chain."""
    return any(p.main_output in materials for p in data.projects.values()) or any(
        c.material in materials for c in data.contracts.values()
    )


def _part(data: PlanData, materials: frozenset[str]) -> PlanData:
    def of(rows: Mapping[str, T], material: str = "material") -> dict[str, T]:
        return {name: row for name, row in rows.items() if getattr(row, material) in materials}

    plants, projects = of(data.plants, "main_output"), of(data.projects, "main_output")
    caps = {
        name: replace(cap, materials=tuple(m for m in cap.materials if m in materials))
        for name, cap in data.caps.items()
    }
    return replace(
        data,
        materials={name: row for name, row in data.materials.items() if name in materials},
        price={key: series for key, series in data.price.items() if key[0] in materials},
        bank_price={key: series for key, series in data.bank_price.items() if key[0] in materials},
        plants=plants,
        projects=projects,
        floors={name: f for name, f in data.floors.items() if f.project in plants or f.project in projects},
        contracts=of(data.contracts),
        markets=of(data.markets),
        lanes={key: lane for key, lane in data.lanes.items() if key[0] in materials},
        demand={key: series for key, series in data.demand.items() if key[2] in materials},
        substitution=of(data.substitution),
        returns=tuple(row for row in data.returns if row.material in materials),
        stockpiles=of(data.stockpiles),
        caps={name: cap for name, cap in caps.items() if cap.materials},
        budgets={},
        trade={key: t for key, t in data.trade.items() if key[0] in materials},
    )
