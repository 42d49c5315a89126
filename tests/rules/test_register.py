"""No rule without its test, no cost without its place in the objective: on a model with every feature on."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import close, coefficients
from tests.rules.everything import everything

from lodestone.plan.tables import COST_TERMS
from lodestone.rules.build import Built

RULE_TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def built() -> Built:
    return everything()


def constraints(model: pyo.ConcreteModel) -> dict[str, pyo.Constraint]:
    return {c.name: c for c in model.component_objects(pyo.Constraint)}


def covered() -> set[str]:
    """What stands in @covers(...) above the tests of tests/rules."""
    names: set[str] = set()
    for path in RULE_TESTS.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "covers":
                        names |= {ast.literal_eval(argument) for argument in mark.args}
    return names


def test_the_model_has_a_row_of_every_constraint(built: Built):
    assert [name for name, constraint in constraints(built.model).items() if len(constraint) == 0] == []


def test_every_constraint_has_a_test_of_its_algebra(built: Built):
    missing = constraints(built.model).keys() - covered()
    assert not missing, f"no test in tests/rules says @covers({sorted(missing)})"


def test_no_test_covers_a_constraint_that_is_gone(built: Built):
    assert covered() <= constraints(built.model).keys()


def test_every_constraint_names_its_equation(built: Built):
    assert [name for name, constraint in constraints(built.model).items() if not constraint.doc] == []


def test_nothing_can_be_negative_but_what_a_future_costs(built: Built):
    """Costs may be gains: what is spent in a year, and the threshold of the worst futures."""
    variables = built.model.component_data_objects(pyo.Var)
    free = {v.parent_component().name for v in variables if v.lb is None or v.lb < 0}
    assert free == {"risk.spent", "risk.threshold"}


def test_decisions_are_whole(built: Built):
    whole = {v.parent_component().name for v in built.model.component_data_objects(pyo.Var) if not v.is_continuous()}
    assert whole == {"investments.build", "contracts.sign", "price_floors.award", "capacity.whole", "suppliers.grows"}


def test_every_rule_file_has_a_test_file():
    rules = {path.stem for path in (Path(__file__).parents[2] / "model" / "lodestone" / "rules").glob("*.py")} - {
        "__init__",
        "build",
        "tables",
    }
    assert rules <= {path.stem.removeprefix("test_") for path in RULE_TESTS.glob("test_*.py")}


def test_the_costs_of_all_blocks_are_the_objective(built: Built):
    tree = built.tree
    expected: dict[str, float] = defaultdict(float)
    terms_seen = set()
    for block in built.model.component_objects(pyo.Block):
        for term, by_node in getattr(block, "cost", {}).items():
            for n, terms in by_node.items():
                for coefficient, variable in terms:
                    weight = 0.8 * tree.probability[n]  # the rest is CVaR's
                    expected[variable.name] += weight * 1.1 ** (2030 - tree.year[n]) * coefficient
                    if coefficient:
                        terms_seen.add(term)

    found, constant = coefficients(built.model.objective.expr)
    assert constant == 0
    costs = {name: c for name, c in found.items() if not name.startswith("risk.")}
    assert costs == close({name: c for name, c in expected.items() if abs(c) > 1e-14})
    assert terms_seen == set(COST_TERMS)


def test_every_cost_term_belongs_to_one_payer_and_to_the_breakdown(built: Built):
    terms = {term for block in built.model.component_objects(pyo.Block) for term in getattr(block, "cost", {})}
    assert terms == set(COST_TERMS)
    assert set(COST_TERMS.values()) == {"public", "buyers", "shortage"}
