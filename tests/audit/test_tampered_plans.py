"""Whatever is tampered with in a right plan is found by its rule."""

from __future__ import annotations

import pytest
from tests.audit.tampered import TAMPERED, TAMPERED_DEAL
from tests.audit.tiny_plan import (
    COSTS,
    ROWS,
    Edit,
    broken,
    plan_document,
    plan_of_the_deal,
)
from tests.audit.tiny_workbook import deal, workbook

from lodestone.audit import audit
from lodestone.plan.tables import TABLES


@pytest.mark.parametrize(("edit", "rules"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_found(edit: Edit, rules: set[str]) -> None:
    plan = plan_document()
    edit(plan)

    assert broken(audit(workbook(), plan)) == rules


@pytest.mark.parametrize(("edit", "rules"), TAMPERED_DEAL.values(), ids=TAMPERED_DEAL.keys())
def test_tampering_with_credits_loans_and_stakes_is_found(edit: Edit, rules: set[str]) -> None:
    plan = plan_of_the_deal()
    assert broken(audit(workbook(**deal()), plan)) == set()
    edit(plan)

    assert broken(audit(workbook(**deal()), plan)) == rules


@pytest.mark.parametrize("table", ROWS | {"costs": []})
def test_every_cell_is_checked(table: str) -> None:
    """Whatever the cell of a row: with another value in it the plan fails."""
    for column in TABLES[table].columns:
        plan = plan_document()
        entry = plan["tables"][table][-1]
        value = entry[column.name]
        if isinstance(value, str):
            entry[column.name] = value + "x"
        elif value is None:
            entry[column.name] = 7.0 if column.unit else "weak"
        else:
            entry[column.name] = value + 1

        assert not audit(workbook(), plan).ok, column.name


@pytest.mark.parametrize("table", ROWS | {"costs": []})
def test_no_row_can_be_left_out(table: str) -> None:
    for number in range(len(plan_document()["tables"][table])):
        plan = plan_document()
        del plan["tables"][table][number]

        assert not audit(workbook(), plan).ok, number


@pytest.mark.parametrize("term", [term for term, values in COSTS.items() if any(values)])
def test_every_cost_term_is_recomputed(term: str) -> None:
    plan = plan_document()
    for entry in plan["tables"]["costs"]:
        if entry["term"] == term:
            entry["musd"] *= 1.1
            entry["discounted_musd"] *= 1.1

    assert broken(audit(workbook(), plan)) == {"costs"}
