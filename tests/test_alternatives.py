"""Other good plans: must, may and never are what trying every combination of decisions gives."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.build import build
from model.highs import Solver
from model.inputs import load
from model.report.alternatives_results import Alternatives, limit
from model.run import effort, scenario_data
from model.studies.alternatives import alternatives
from model.studies.good_plans import GoodPlans
from model.tree import single
from tests.make import Book, write_book
from tests.test_brute_force import some_book

TIGHT = 1e-9


def study(folder: Path, book: Book, within: float = 0.02, **options: Any) -> Alternatives:
    path = write_book(folder / "plan.xlsx", book)
    return alternatives(path, within, gap=options.pop("gap", TIGHT), processes=1, **options)


def verdicts(found: Alternatives) -> dict[str, str]:
    return {choice.name: choice.verdict for choice in found.choices}


# --- against every combination ---------------------------------------------------------------------------------------


def every_plan(path: Path) -> list[tuple[float, frozenset[str]]]:
    """Cost and decisions taken of every combination of integers that has a plan, each a linear programme."""
    built = build(single(scenario_data(load(path))))
    solver = Solver(built.model)
    m = built.model
    names = {}
    for variables in (m.investments.build, m.price_floors.award, m.contracts.sign):
        for (name, _), variable in variables.items():
            if id(variable) in solver.column:
                names[solver.column[id(variable)]] = name
    integers = np.flatnonzero(solver.integer)
    assert set(names) == set(integers.tolist())
    ranges = [range(int(solver.lower[i]), int(solver.upper[i]) + 1) for i in integers]
    plans = []
    for whole in itertools.product(*ranges):
        values = np.zeros(len(solver.variables))
        values[integers] = whole
        solver.restore()
        solver.hold_integers(values)
        cost = solver.solve_linear()
        if cost is not None:
            plans.append((cost, frozenset(names[i] for i, x in zip(integers, whole, strict=True) if x)))
    return plans


def small_enough(path: Path, most: int = 4096) -> bool:
    solver = Solver(build(single(scenario_data(load(path)))).model)
    return float(np.prod(solver.upper[solver.integer] + 1)) <= most


def expected(plans: list[tuple[float, frozenset[str]]], name: str, within: float) -> str | None:
    """None: a plan lies too near to the limit for it to be said."""
    least = min(cost for cost, _ in plans)
    most = limit(least, within)
    if within and any(abs(cost - most) < 1e-6 for cost, _ in plans):
        return None
    taken = {name in decided for cost, decided in plans if cost <= most + 1e-7}
    return {frozenset({True}): "must", frozenset({False}): "never"}.get(frozenset(taken), "may")


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_every_combination_agrees(tmp_path, seed, shortcuts):
    within = [0.0, 0.01, 0.05, 0.3][seed % 4]
    for attempt in range(20):  # the first random workbook with few enough combinations and a plan
        path = write_book(tmp_path / f"{attempt}.xlsx", some_book(random.Random(1000 * seed + attempt).choice))
        if small_enough(path) and (plans := every_plan(path)):
            break
    search = found_by_search(path, within, shortcuts)
    names = {name for _, decided in plans for name in decided} | {name for name in search}
    compared = 0
    for name in names:
        if (verdict := expected(plans, name, within)) is not None:
            assert search[name] == verdict, name
            compared += 1
    assert compared or within


def found_by_search(path: Path, within: float, shortcuts: bool) -> dict[str, str]:
    """As the study does, in this process; without shortcuts the mixed-integer programme answers every question."""
    data = scenario_data(load(path))
    search = GoodPlans(data, lambda news: None, None)
    _, cost, _ = search.best(effort(data, TIGHT, 60))
    search.limit = limit(cost, within) + 1e-9 * max(1.0, abs(cost))
    if shortcuts:
        search.bound_all(1e18)
        search.look_nearby(search.open_questions(), 1e18)
    search.seek_all(search.open_questions(), 1e18)
    assert search.open_questions() == []
    taken = [search.taken(whole) for whole, cost in search.plans.items() if cost <= search.limit]
    found = {}
    for key, columns in search.columns.items():
        sides = {key in plan for plan in taken}
        found[key[1]] = "never" if not columns or sides == {False} else "must" if sides == {True} else "may"
        for side in (True, False):
            assert ((key, side) in search.beyond) == (side not in sides) or not columns
    return found
