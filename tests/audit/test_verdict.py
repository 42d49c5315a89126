"""What the audit says of a right plan, of noise and of one violation; and that it shares nothing with the model."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from model import audit as audit_package
from model.audit import RULES, audit
from model.audit.verdict import MUSD, TONNES, tolerance
from model.plan_tables import TABLES
from tests.audit.tiny_plan import (
    broken,
    plan_document,
    row,
)
from tests.audit.tiny_workbook import workbook


def test_a_right_plan_passes_and_exercises_every_rule() -> None:
    verdict = audit(workbook(), plan_document())

    assert verdict.ok, "\n".join(map(str, verdict.findings))
    assert all(line.ok and line.checked > 0 for line in verdict.lines), [x.rule for x in verdict.lines if not x.checked]
    assert {line.rule for line in verdict.lines} == {"tables", "names", "objective"} | {rule.name for rule in RULES}


def test_solver_noise_passes() -> None:
    plan = plan_document()
    for table in ("plants", "markets", "flows", "demand", "stockpile", "intake"):
        for sign, entry in enumerate(plan["tables"][table]):
            for column in TABLES[table].columns:
                if column.unit == "t":
                    entry[column.name] += 1e-7 * (-1) ** sign

    assert audit(workbook(), plan).ok


def test_tolerance_has_an_absolute_and_a_relative_part() -> None:
    assert tolerance(TONNES) == pytest.approx(1e-4)
    assert tolerance(MUSD, -2000.0, 1.0) == pytest.approx(1e-5 + 2e-3)


def test_a_future_of_a_joint_run_is_not_judged_by_the_objective() -> None:
    plan = plan_document() | {"objective_musd": 99.0}

    assert broken(audit(workbook(), plan)) == {"objective"}
    assert audit(workbook(), plan, alone=False).ok


def test_a_finding_says_where_what_and_how_much() -> None:
    plan = plan_document()
    row(plan, "demand", sector="civil", year=2030).update(short_t=5.0)

    finding = next(f for f in audit(workbook(), plan).findings if f.rule == "(4) demand")

    assert finding.where == "USA/civil/oxide 2030"
    assert finding.expected == "delivered, avoided and short 40 t"
    assert finding.found == "39 t"


def test_a_line_shows_the_worst_violation_in_its_unit() -> None:
    plan = plan_document()
    row(plan, "demand", sector="civil", year=2030).update(short_t=5.0)
    row(plan, "demand", sector="civil", year=2031).update(short_t=3.0)

    line = next(x for x in audit(workbook(), plan).lines if x.rule == "(4) demand")

    assert (line.checked, line.unit, line.ok) == (6, "t", False)
    assert line.worst == pytest.approx(3.0)


def test_the_audit_shares_nothing_with_the_model() -> None:
    """Imports of the package: its own files, the data, the declared tables and the standard library."""
    allowed = {"model.audit", "model.plan_data", "model.plan_tables"}
    for path in Path(audit_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                package = name.split(".")[0]
                known = ".".join(name.split(".")[:2]) in allowed or package in sys.stdlib_module_names
                assert known, (path.name, name)
