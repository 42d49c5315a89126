"""Investments: which candidate projects are decided, when, and what capacity they give.

For every project g and every node n of its decision window whose production starts within the horizon:

    build[n,g] integer, 0 .. max_builds[g]

    (6) once       sum over n on a path of build[n,g] <= max_builds[g]
    (6) group      sum over g in a group and n on a path of build[n,g] <= 1
    (7) requires   sum over n' on path(n) of build[n',g] <= max_builds[g] * (sum over n' on path(n) of build[n',h])
    (8) capacity   capacity[n,g] = capacity[g] * sum over n' on path(n) of ramp(age) * build[n',g],
                   age = y(n) - y(n') - lead_years, 0 <= age < life_years, ramp(age) = min(1, (age + 1) / ramp_years)

A public project costs capex at its decision and fixed cost in every year of production; at the end of the horizon
capex * (years of life left) / life_years is credited. A private one costs the planner nothing but what it is paid for
its output (`payments`) and what made it bankable (`price_floors`, `contracts`).

Units    t/yr (capacity), MUSD (capex, salvage), MUSD/yr (fixed cost)
Sheets   in: Projects; out: Investments
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestone.data.network import decision_nodes
from lodestone.data.plan_data import Project
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row, Terms, amount, costs, linear


def investments(tree: Tree) -> pyo.Block:
    """Build the block that owns build; block.capacity[n, g] holds (8) as prepared terms."""
    block = pyo.Block(concrete=True)
    projects = tree.data[0].projects
    block.nodes = {g: list(decision_nodes(tree, g)) for g in projects}
    index = [(n, g) for g, nodes in block.nodes.items() for n in nodes]
    block.build = pyo.Var(
        index, domain=pyo.NonNegativeIntegers, bounds=lambda b, n, g: (0, tree.data[n].projects[g].max_builds)
    )
    block.capacity = _capacity(tree, block)
    _once(tree, block)
    _group(tree, block)
    _requires(tree, block)
    block.cost = costs("capex", "salvage", "public_fixed_cost")
    for n, g in index:
        project = tree.data[n].projects[g]
        if project.public:
            _public_cost(tree, block, project, n)
    return block


def built_on_path(tree: Tree, block: pyo.Block, project: str, node: int) -> Terms:
    """Builds of a project decided at the node or before it."""
    return [(1.0, block.build[n, project]) for n in tree.path[node] if (n, project) in block.build]


def _capacity(tree: Tree, block: pyo.Block) -> dict[tuple[int, str], Terms]:
    """(8)"""
    capacity: dict[tuple[int, str], Terms] = {}
    for g, nodes in block.nodes.items():
        decided = set(nodes)
        for n in tree.nodes:
            project, year = tree.data[n].projects[g], tree.year[n]
            capacity[n, g] = [
                (project.capacity * ramp, block.build[d, g])
                for d in tree.path[n]
                if d in decided
                and not tree.data[n].is_lost(g, year)
                and (ramp := project.ramp(year - project.first_year(tree.year[d]))) > 0
            ]
    return capacity


def _once(tree: Tree, block: pyo.Block) -> None:
    rows = [
        (leaf, g)
        for g, nodes in block.nodes.items()
        for leaf in tree.leaves
        if len(set(nodes) & set(tree.path[leaf])) > 1
    ]
    block.once = pyo.Constraint(
        rows,
        rule=lambda b, leaf, g: linear(built_on_path(tree, b, g, leaf)) <= tree.data[leaf].projects[g].max_builds,
        doc="(6)",
    )


def _group(tree: Tree, block: pyo.Block) -> None:
    def members(group: str, leaf: int) -> Terms:
        names = [p.name for p in tree.data[leaf].projects.values() if p.group == group]
        return [term for g in names for term in built_on_path(tree, block, g, leaf)]

    groups = {p.group for data in tree.data.values() for p in data.projects.values() if p.group}
    rows = [(leaf, group) for group in sorted(groups) for leaf in tree.leaves if len(members(group, leaf)) > 0]
    block.group = pyo.Constraint(rows, rule=lambda b, leaf, group: linear(members(group, leaf)) <= 1, doc="(6)")


def _requires(tree: Tree, block: pyo.Block) -> None:
    def rule(b: pyo.Block, n: int, g: str) -> object:
        project = tree.data[n].projects[g]
        needed = built_on_path(tree, b, str(project.requires), n)
        return linear(built_on_path(tree, b, g, n) + [(-project.max_builds * c, v) for c, v in needed]) <= 0

    rows = [(n, g) for n, g in block.build if tree.data[n].projects[g].requires]
    block.requires = pyo.Constraint(rows, rule=rule, doc="(7)")


def _public_cost(tree: Tree, block: pyo.Block, project: Project, node: int) -> None:
    build, year = block.build[node, project.name], tree.year[node]
    block.cost["capex"][node].append((project.capex, build))
    for n in tree.nodes:
        if node not in tree.path[n]:
            continue
        if project.ramp(tree.year[n] - project.first_year(year)) > 0:
            block.cost["public_fixed_cost"][n].append((project.fixed_cost, build))
    for leaf in tree.leaves:
        left = project.last_life_year(year) - tree.data[leaf].last_year
        if node in tree.path[leaf] and left > 0:
            block.cost["salvage"][leaf].append((-project.capex * left / project.life_years, build))


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """What is built; supported_by is filled in by `results`."""
    rows = []
    for (n, g), build in block.build.items():
        builds = round(amount(build))
        if n in tree.year and builds:
            project, year = tree.data[n].projects[g], tree.year[n]
            rows.append(
                {
                    "project": g,
                    "region": project.region,
                    "funding": "public" if project.public else "private",
                    "decision_year": year,
                    "first_year": project.first_year(year),
                    "last_year": project.last_life_year(year),
                    "builds": builds,
                    "capacity_t_per_yr": builds * project.capacity,
                    "capex_musd": builds * project.capex,
                }
            )
    return sorted(rows, key=lambda row: (row["decision_year"], row["project"]))
