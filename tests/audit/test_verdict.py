"""What the audit says of a right plan, of noise and of one violation; and that it shares nothing with the model."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.audit.tiny_plan import (
    broken,
    plan_document,
    row,
)
from tests.audit.tiny_workbook import workbook

from lodestone import audit as audit_package
from lodestone.audit import OF_ONE_FUTURE, RULES, audit
from lodestone.audit.books import read_books
from lodestone.audit.china_share import caps, china_share_table, exposed_stock
from lodestone.audit.contracts import contract_years_table, deliveries
from lodestone.audit.demand import service
from lodestone.audit.floors import floor_payments_table, plants_table, topups
from lodestone.audit.flows import balance_table
from lodestone.audit.lenders import bankability_table, least_floor
from lodestone.audit.reading import amounts
from lodestone.audit.stockpiles import days_of_cover, recursion
from lodestone.audit.verdict import (
    DAYS,
    MUSD,
    NAME,
    TONNES,
    AuditLine,
    Check,
    Finding,
    Rule,
    at_least,
    at_most,
    equal,
    holds,
    judge,
    same,
    tolerance,
)
from lodestone.plan.tables import TABLES


def test_a_right_plan_passes_and_exercises_every_rule() -> None:
    verdict = audit(workbook(), plan_document())

    assert verdict.ok, "\n".join(map(str, verdict.findings))
    assert all(line.ok and line.checked > 0 for line in verdict.lines), [x.rule for x in verdict.lines if not x.checked]
    assert {line.rule for line in verdict.lines} == {"tables", "names"} | {r.name for r in (*RULES, *OF_ONE_FUTURE)}


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


def test_a_comparison_is_kept_up_to_its_tolerance_and_words_what_is_beyond_it() -> None:
    """1e-4 t and a millionth of the 10 t."""
    kept = equal("mine 2030", "stock", 10.0, 10.0001, TONNES)
    assert (kept.kept, kept.where, kept.expected, kept.found) == (True, "mine 2030", "", "")
    assert kept.excess == pytest.approx(1e-4)
    assert kept.tolerance == pytest.approx(1e-4 + 1.00001e-5)
    missed = equal("mine 2030", "stock", 10.0, 10.5, TONNES)
    assert missed == Check("mine 2030", "stock 10.5 t", "10 t", 0.5, TONNES, missed.tolerance)
    assert not missed.kept


@pytest.mark.parametrize(
    ("compare", "found", "excess", "expected"),
    [
        (at_most, 10.5, 0.5, "use at most 10 t"),
        (at_least, 9.5, 0.5, "use at least 10 t"),
        (at_most, 9.5, -0.5, ""),
        (at_least, 10.5, -0.5, ""),
        (equal, 9.5, 0.5, "use 10 t"),
    ],
)
def test_what_exceeds_has_its_sign(compare: Any, found: float, excess: float, expected: str) -> None:
    check = compare("x", "use", found, 10.0, TONNES)
    assert (check.where, check.excess, check.expected, check.unit) == ("x", excess, expected, TONNES)
    assert check.kept == (excess < 0)


@pytest.mark.parametrize("compare", [equal, at_most, at_least])
def test_magnitudes_that_enter_a_sum_widen_its_tolerance(compare: Any) -> None:
    assert compare("x", "cost", 0.001, 0.001, MUSD, -2000.0, 5.0).tolerance == pytest.approx(1e-5 + 2e-3)


def test_names_are_right_or_wrong() -> None:
    assert holds("x", True, "this", "that") == Check("x", "this", "that", 0.0, NAME, 0.0)
    assert holds("x", False, "this", "that") == Check("x", "this", "that", 1.0, NAME, 0.0)
    assert same("x", "region", "USA", "USA").kept
    assert same("x", "region", "CHN", "USA") == Check("x", "region 'USA'", "'CHN'", 1.0, NAME, 0.0)


def test_at_its_tolerance_a_comparison_is_kept() -> None:
    assert Check("", "", "", 1e-4, TONNES, 1e-4).kept
    assert not Check("", "", "", 1.0001e-4, TONNES, 1e-4).kept


def test_severity_counts_tolerances() -> None:
    assert Check("", "", "", 3e-4, TONNES, 1e-4).severity == pytest.approx(3)
    assert Check("", "", "", -3.0, TONNES, 1e-4).severity == 0
    assert Check("", "", "", 0.0, NAME, 0.0).severity == 0
    assert Check("", "", "", 1.0, NAME, 0.0).severity == float("inf")


def test_a_line_counts_its_checks_and_shows_the_worst_of_several_units() -> None:
    """0.2 t are 2000 tolerances, 1e-6 days one."""
    checks = [at_most("a", "stock", 1.0, 2.0, TONNES), equal("b", "days", 0.0, 1e-6, DAYS),
              at_most("c", "stock", 0.2, 0.0, TONNES), at_most("d", "stock", 0.1, 0.0, TONNES)]  # fmt: skip
    rule = Rule("stock", "What is there.", DAYS, lambda data, source: source)

    verdict = judge((rule,), workbook(), checks)

    allowed = 1e-4 + 1e-6 * 0.2
    assert verdict.lines == (AuditLine("stock", "What is there.", 4, 0.2, TONNES, allowed, False),)
    assert verdict.findings == (
        Finding("stock", "c", "stock at most 0 t", "0.2 t"),
        Finding("stock", "d", "stock at most 0 t", "0.1 t"),
    )
    assert not verdict.ok


def test_a_line_without_a_violation_shows_none_in_the_unit_of_its_rule() -> None:
    rule = Rule("stock", "What is there.", TONNES, lambda data, source: [at_most("a", "days", 1.0, 2.0, DAYS)])

    verdict = judge((rule,), workbook(), None)

    assert verdict.lines == (AuditLine("stock", "What is there.", 1, 0.0, TONNES, 1e-4, True),)
    assert verdict.ok


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
    allowed = ("lodestone.audit", "lodestone.data.plan_data", "lodestone.plan.tables")
    for path in Path(audit_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                package = name.split(".")[0]
                known = f"{name}.".startswith(tuple(f"{a}." for a in allowed)) or package in sys.stdlib_module_names
                assert known, (path.name, name)


# --- differences are judged by the largest amount that enters them ---------------------------------------------------

MAGNITUDES: list[tuple[Any, str, int, float]] = [  # rule, place, which of its comparisons there, largest amount
    (caps, "all/oxide 2032 deliveries", 0, 55.0),
    (china_share_table, "all/oxide 2032 deliveries", 1, 55.0),
    (china_share_table, "all/oxide 2032 deliveries", 2, 55.0),
    (contract_years_table, "offtake 2030 in 2032", 3, 15 * 0.011),
    (deliveries, "ore_deal 2030 in 2030", 1, 30.0),
    (floor_payments_table, "support 2030 in 2032", 2, 22 * 0.010),
    (floor_payments_table, "support 2030 in 2032", 3, 22 * 0.010),
    (floor_payments_table, "support 2030 in 2032", 4, 22 * 0.008),
    (topups, "refinery 2030", 0, 30 * 0.007),
    (topups, "smelter 2032", 0, 30 * 0.006),
    (plants_table, "refinery 2030", 2, 50.0),
    (bankability_table, "smelter 2030", 2, 62.08 * 0.008),
    (least_floor, "smelter 2030", 0, 62.08 * 0.008),
    (service, "USA/defence/oxide 2030", 0, 10.0),
    (balance_table, "USA/scrap 2032 clean", 2, 3.2),
    (recursion, "reserve 2032 exposed", 0, 7.29),
    (exposed_stock, "all reserve 2032", 0, 11.38 + 0.62),
    (days_of_cover, "reserve 2032", 1, 11.38 + 0.62),
    (amounts, "stockpile reserve 2030", 0, 18.0),
]


@pytest.mark.parametrize(("rule", "where", "which", "largest"), MAGNITUDES)
def test_a_difference_is_judged_by_the_largest_amount_that_enters(
    rule: Any, where: str, which: int, largest: float
) -> None:
    data = workbook()
    check = [c for c in rule(data, read_books(data, plan_document())) if c.where == where][which]

    assert check.tolerance == pytest.approx({TONNES: 1e-4, MUSD: 1e-5}[check.unit] + 1e-6 * largest, rel=1e-9)


@pytest.mark.parametrize("compare", [equal, at_most, at_least])
@pytest.mark.parametrize(("found", "limit"), [(1.0, 100.0), (-100.0, 1.0)])
def test_either_side_of_a_comparison_can_be_the_largest(compare: Any, found: float, limit: float) -> None:
    assert compare("x", "cost", found, limit, TONNES).tolerance == pytest.approx(1e-4 + 1e-6 * 100)
