"""Investments: which candidate projects are decided, when, and what capacity they give.

For every project g and every node n of its decision window that begins a year and whose production starts within the
horizon:

    build[n,g] integer, 0 .. max_builds[g] (less one that is committed; with a committed one of its group: none)

    (6) so far     built[n,g] = built[n',g] + build[n,g], n' the node before n on path(n) at which g may be decided
    (6) once       built[n,g] <= max_builds[g] - committed[g] at the last such node of a path
    (6) group      sum over g in a group and n on a path of build[n,g] <= 1
    (7) requires   sum over n' on path(n) of build[n',g] <= max_builds[g] * (sum over n' on path(n) of build[n',h]),
                   what is committed of h by then among them
    (8) capacity   capacity[n,g] = capacity[g] * sum over n' on path(n) of ramp(age) * build[n',g], committed ones too,
                   age = y(n) - y(n') - lead_years - delay_years, 0 <= age < life_years,
                   ramp(age) = min(1, (age + 1) / ramp_years)

built is a name for what is decided so far. It changes no plan: the solver branches on it instead of build, for "by
this year or later?" splits the plans more evenly than "in this year or not?".

delay_years is what is in force in the planned first year of production: a promise that is broken, which a scenario
tells of from the time it shows itself. Ramp and life move with it.

A public project costs capex at its decision and w(n) * fixed cost in every year of production; at the end of the
horizon capex * (years of life left) / life_years is credited, if it has produced by then. A private one costs the
planner nothing but what it is paid for its output and for being kept open (`payments`) and what made it bankable
(`price_floors`, `contracts`). What is committed asks nobody: it stands (`commitments`).

Units    t/yr (capacity), MUSD (capex, salvage), MUSD/yr (fixed cost)
Sheets   in: Projects; out: Investments, Committed
"""

from __future__ import annotations

from collections.abc import Iterator

import pyomo.environ as pyo

from lodestone.data.network import decision_nodes, most_choices
from lodestone.data.plan_data import Project
from lodestone.data.tree import Tree
from lodestone.rules.commitments import COMMITTED, Decision, committed_names, decision_year, held, paid_at
from lodestone.rules.linear import Row, Terms, Variable, amount, costs, linear


def investments(tree: Tree) -> pyo.Block:
    """Build the block that owns build; block.capacity[n, g] holds (8) as prepared terms.

    block.decided: every decision, the committed ones too, by node (or COMMITTED) and project.
    """
    block = pyo.Block(concrete=True)
    projects = tree.data[0].projects
    block.nodes = {g: list(decision_nodes(tree, g)) for g in projects}
    index = [(n, g) for g, nodes in block.nodes.items() for n in nodes]
    block.build = pyo.Var(
        index, domain=pyo.NonNegativeIntegers, bounds=lambda b, n, g: (0, most_choices(tree.data[n], g))
    )
    block.committed = held(committed_names(tree, "projects"))
    block.decided = _decided(block)
    block.capacity = _capacity(tree, block)
    _so_far(tree, block)
    _once(tree, block)
    _group(tree, block)
    _requires(tree, block)
    block.cost = costs("capex", "salvage", "public_fixed_cost")
    for d, g in block.decided:
        _public_cost(tree, block, d, g)
    return block


def _decided(block: pyo.Block) -> dict[Decision, Variable]:
    return {(COMMITTED, g): one for g, one in block.committed.items()} | dict(block.build.items())


def builds_before(tree: Tree, block: pyo.Block, project: str, node: int) -> Iterator[tuple[int, Variable]]:
    """(year of the decision, build) of everything of a project that is decided already, or on the path to a node."""
    row = tree.data[node].projects[project]
    if row.committed_year is not None and (COMMITTED, project) in block.decided:
        yield row.committed_year, block.decided[COMMITTED, project]
    for d in tree.path[node]:
        if (d, project) in block.build:
            yield tree.year[d], block.build[d, project]


def built_on_path(tree: Tree, block: pyo.Block, project: str, node: int) -> Terms:
    """Builds of a project decided at the node or before it, what is committed left out."""
    return [(1.0, block.build[n, project]) for n in tree.path[node] if (n, project) in block.build]


def in_production(tree: Tree, block: pyo.Block, project: str, node: int) -> Terms:
    """Builds that produce at a node."""
    row, year = tree.data[node].projects[project], tree.year[node]
    if tree.data[node].is_lost(project, tree.time[node]):
        return []
    return [
        (1.0, build) for decided, build in builds_before(tree, block, project, node) if row.ramp_in(decided, year) > 0
    ]


def _capacity(tree: Tree, block: pyo.Block) -> dict[tuple[int, str], Terms]:
    """(8)"""
    capacity: dict[tuple[int, str], Terms] = {}
    for g in block.nodes:
        for n in tree.nodes:
            project, year = tree.data[n].projects[g], tree.year[n]
            lost = tree.data[n].is_lost(g, tree.time[n])
            capacity[n, g] = [
                (project.capacity * ramp, build)
                for decided, build in builds_before(tree, block, g, n)
                if not lost and (ramp := project.ramp_in(decided, year)) > 0
            ]
    return capacity


def _so_far(tree: Tree, block: pyo.Block) -> None:
    """What is decided so far, of projects that may be decided in several years of a path.

    A branch counts what it takes over by itself.
    """
    before: dict[tuple[int, str], int | None] = {}
    for g, nodes in block.nodes.items():
        if not _may_be_decided_twice(tree, nodes):
            continue
        for n in nodes:
            earlier = [d for d in tree.path[n] if d != n and d in nodes and (d in tree.twin) == (n in tree.twin)]
            before[n, g] = earlier[-1] if earlier else None
    block.built = pyo.Var(list(before), domain=pyo.NonNegativeReals)

    def rule(b: pyo.Block, n: int, g: str) -> object:
        last = before[n, g]
        earlier = [] if last is None else [(-1.0, b.built[last, g])]
        return linear([(1.0, b.built[n, g]), (-1.0, b.build[n, g]), *earlier]) == 0

    block.so_far = pyo.Constraint(list(before), rule=rule, doc="(6)")
    block.branch_on = pyo.Suffix()
    for key, built in block.built.items():
        block.branch_on[block.build[key]] = built


def _may_be_decided_twice(tree: Tree, nodes: list[int]) -> bool:
    return any(len(set(nodes) & set(tree.path[leaf])) > 1 for leaf in tree.leaves)


def _once(tree: Tree, block: pyo.Block) -> None:
    rows = [
        (leaf, g)
        for g, nodes in block.nodes.items()
        for leaf in tree.leaves
        if len(set(nodes) & set(tree.path[leaf])) > 1
    ]

    def rule(b: pyo.Block, leaf: int, g: str) -> object:
        last = {n in tree.twin: b.built[n, g] for n in tree.path[leaf] if (n, g) in b.built}
        return linear([(1.0, built) for built in last.values()]) <= most_choices(tree.data[leaf], g)

    block.once = pyo.Constraint(rows, rule=rule, doc="(6)")


def _group(tree: Tree, block: pyo.Block) -> None:
    def members(group: str, leaf: int) -> Terms:
        names = [p.name for p in tree.data[leaf].projects.values() if p.group == group]
        return [term for g in names for term in built_on_path(tree, block, g, leaf)]

    groups = {p.group for data in tree.data.values() for p in data.projects.values() if p.group}
    rows = [(leaf, group) for group in sorted(groups) for leaf in tree.leaves if len(members(group, leaf)) > 0]
    block.group = pyo.Constraint(rows, rule=lambda b, leaf, group: linear(members(group, leaf)) <= 1, doc="(6)")


def _requires(tree: Tree, block: pyo.Block) -> None:
    def rule(b: pyo.Block, n: int, g: str) -> object:
        project, year = tree.data[n].projects[g], tree.year[n]
        needed = [
            (-float(project.max_builds), build)
            for decided, build in builds_before(tree, b, str(project.requires), n)
            if decided <= year
        ]
        return linear(built_on_path(tree, b, g, n) + needed) <= 0

    rows = [(n, g) for n, g in block.build if tree.data[n].projects[g].requires]
    block.requires = pyo.Constraint(rows, rule=rule, doc="(7)")


def _public_cost(tree: Tree, block: pyo.Block, decision: int, g: str) -> None:
    build = block.decided[decision, g]
    for n in paid_at(tree, decision, "projects", g):
        if tree.data[n].projects[g].public:
            block.cost["capex"][n].append((tree.data[n].projects[g].capex, build))
    for n in tree.nodes:
        project = tree.data[n].projects[g]
        decided = _on_path(tree, decision, project, n)
        if decided is not None and project.ramp_in(decided, tree.year[n]) > 0:
            block.cost["public_fixed_cost"][n].append((tree.length[n] * project.fixed_cost, build))
    for leaf in tree.leaves:
        project, last = tree.data[leaf].projects[g], tree.data[leaf].last_year
        decided = _on_path(tree, decision, project, leaf)
        if decided is not None and project.begins(decided) <= last < project.ends(decided):
            left = project.ends(decided) - last
            block.cost["salvage"][leaf].append((-project.capex * left / project.life_years, build))


def _on_path(tree: Tree, decision: int, project: Project, node: int) -> int | None:
    """The year of a decision of a public project that concerns a node; None where it does not."""
    if not project.public or (decision != COMMITTED and decision not in tree.path[node]):
        return None
    return decision_year(tree, decision, project)


def table(tree: Tree, block: pyo.Block) -> list[Row]:
    """What is built; `rules/tables.py` fills in supported_by."""
    rows = []
    for (n, g), build in block.build.items():
        builds = round(amount(build))
        if n in tree.time and builds:
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
