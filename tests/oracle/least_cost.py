"""Section 9: budgets, the objective, and the least cost of a workbook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.oracle import contracts, support
from tests.oracle.flows import add_flows
from tests.oracle.investments import add_investments
from tests.oracle.programme import INFINITE, Sum, total
from tests.oracle.shares import add_shares
from tests.oracle.stocks import add_stocks
from tests.oracle.suppliers import add_suppliers
from tests.oracle.world import K, World
from tests.solving import read

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree, joint, single
from lodestone.workbook.conversion import plan_data


def world_of(tree: Tree, base: PlanData) -> World:
    """The whole programme, its cost included."""
    world = World(tree, base)
    add_flows(world)
    contracts.add_contracts(world)
    add_suppliers(world)
    add_investments(world)
    support.add_support(world)
    add_stocks(world)
    add_shares(world)
    later = {leaf: contracts.owed_later(world, leaf) + support.owed_later(world, leaf) for leaf in tree.leaves}
    _budgets(world)
    _budgets_later(world)
    _objective(world, later)
    return world


def oracle_cost(book: Mapping[str, Any], scenario: str = "base", trying: bool = False) -> float:
    """The least cost of a scenario, MUSD; scenario "*": of all futures together. Infinite where there is no plan."""
    world = oracle_world(book, scenario)
    cost = world.lp.by_trying() if trying else world.lp.by_scipy()
    return cost if cost == INFINITE else cost / K


def oracle_world(book: Mapping[str, Any], scenario: str = "base") -> World:
    inputs = read(book)
    inputs.require_valid()
    base_tables = inputs.tables()
    base = plan_data(base_tables, base_tables)
    if scenario != "*":
        return world_of(single(plan_data(inputs.tables(scenario), base_tables)), base)
    names = [row[0] for row in book.get("Scenarios", [[]])[1:]]
    return world_of(joint(base, [plan_data(inputs.tables(name), base_tables) for name in names]), base)


def _budgets(world: World) -> None:
    """Undiscounted outlays of a year; with carry_over of all years since it came into force."""
    for n in world.year_ends():
        for b in world.data(n).budgets:
            spent, money, asked = Sum(), 0.0, False
            for x in world.tree.path[n]:
                row = world.data(x).budgets[b]
                limit = row.limit.get(world.tree.time[x])
                if limit is None or not (row.carry_over or world.year(x) == world.year(n)):
                    continue
                asked, money = True, money + K * limit * world.length(x)
                spent = spent + total(
                    amount
                    for kind, payer, amount in world.outlays[x]
                    if kind in row.covers and row.payer in (None, payer)
                )
            if asked:
                world.lp.least(spent, money)


def _budgets_later(world: World) -> None:
    """What is owed after the horizon, each year of it, fits the budget of the last year."""
    for leaf in world.tree.leaves:
        for b, row in world.data(leaf).budgets.items():
            here = [(x, world.data(x).budgets[b].limit.get(world.tree.time[x])) for x in world.year_nodes(leaf)]
            if all(limit is None for _, limit in here):
                continue
            money = sum(K * (limit or 0.0) * world.length(x) for x, limit in here)
            for year in {year for _, _, year, _ in world.later[leaf]}:
                due = total(
                    amount
                    for kind, payer, t, amount in world.later[leaf]
                    if t == year and kind in row.covers and row.payer in (None, payer)
                )
                world.lp.least(due, money)


def _objective(world: World, later: dict[int, Sum]) -> None:
    """Expected cost, weighed with the mean of the worst outcomes."""
    here: dict[int, Sum] = defaultdict(Sum)
    for n in world.tree.nodes:
        here[n] = world.weight(n) * world.cost[n] + later.get(n, Sum())
    expected = total(world.tree.probability[n] * here[n] for n in world.tree.nodes)
    weight, tail = world.base.risk_weight, world.base.risk_tail
    world.lp.cost = expected
    if weight and len(world.tree.leaves) > 1:
        level, worst = world.lp.variable("value at risk", least=-INFINITE), Sum()
        for leaf in world.tree.leaves:
            over = world.lp.variable("over", leaf)
            world.lp.least(total(here[n] for n in world.tree.path[leaf]) - level, over)
            worst = worst + world.tree.probability[leaf] / tail * over
        world.lp.cost = (1 - weight) * expected + weight * (level + worst)
