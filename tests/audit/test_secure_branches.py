"""The audit of branches says what is wrong with a branch, and nothing of one that is right."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from tests.secure_books import prepared_home, reserve, threat
from tests.solving import add, lane, market, read, recipe

from lodestone.audit import audit_branches
from lodestone.audit.secure import Beside
from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules.tables import plan_tables
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_secure

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def struck() -> tuple[PlanData, Tables, Tables]:
    """An embargo in 2027 that is answered with stock and a mine: its data, its branch, and its future."""
    book = prepared_home(secure=0.8)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "ChinaShare", cap="half", material="oxide", years=1)
    recipe(book, "dig", oxide=1)
    add(book, "Projects", project="mine", region="Home", process="dig", funding="public", capex_musd=0.01,
        capacity_t_per_yr=50, operating_cost_usd_per_kg=60, lead_years=1, life_years=1)  # fmt: skip
    reserve(book)
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    inputs = read(book)
    data = scenario_data(inputs)
    solved, security = solve_secure(inputs, single(data), 1, Effort(1e-9).search(data), Clock(None))
    assert security is not None
    (branch,), (model,) = security.chosen, security.models.values()
    return branch.data, plan_tables(model), plan_tables(solved.built)


def broken(data: PlanData, branch: Tables, future: Tables) -> set[str]:
    return {finding.rule for finding in audit_branches({"embargo": (data, Beside(branch, future))}).findings}


def test_a_right_branch_passes(struck: tuple[PlanData, Tables, Tables]) -> None:
    data, branch, future = struck
    verdict = audit_branches({"embargo": (data, Beside(branch, future))})

    assert verdict.ok
    assert {line.rule for line in verdict.lines} >= {
        f"branches: {rule}" for rule in ("tables", "names", "(4) demand", "(12) stock", "(24) served", "(24) prepared")
    }
    assert all(line.rule.startswith("branches: ") and line.ok for line in verdict.lines)


def test_too_little_is_served(struck: tuple[PlanData, Tables, Tables]) -> None:
    """20 t may be short; 30 t are, less being delivered."""
    data, branch, future = struck
    branch = deepcopy(branch)
    (row,) = [row for row in branch["demand"] if row["year"] == 2027]
    row["short_t"] = 30.0
    assert "(24) served" in broken(data, branch, future)


def test_something_is_built_in_the_crisis_only(struck: tuple[PlanData, Tables, Tables]) -> None:
    data, branch, future = struck
    without = {**future, "investments": []}
    assert "(24) prepared" in broken(data, branch, without)


def test_the_past_is_another(struck: tuple[PlanData, Tables, Tables]) -> None:
    data, branch, future = struck
    future = deepcopy(future)
    (row,) = [row for row in future["stockpile"] if row["year"] == 2026]
    row["stock_t"] += 10
    assert "(24) before" in broken(data, branch, future)


def test_what_cannot_be_read_is_found(struck: tuple[PlanData, Tables, Tables]) -> None:
    data, branch, future = struck
    branch = deepcopy(branch)
    branch["flows"][0]["material"] = "nothing"
    assert broken(data, branch, future) == {"names"}
