"""What an audit says: one line per rule, one finding per violation; and the one tolerance that all rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from lodestone.data.plan_data import PlanData

S = TypeVar("S")

TONNES, MUSD, USD_PER_KG, SHARE, DAYS, COPIES, NAME = "t", "MUSD", "USD/kg", "share", "days", "copies", ""
ABSOLUTE = {TONNES: 1e-4, MUSD: 1e-5, USD_PER_KG: 1e-6, SHARE: 1e-6, DAYS: 1e-6, COPIES: 1e-6, NAME: 0.0}
RELATIVE = 1e-6


def tolerance(unit: str, *magnitudes: float) -> float:
    """What a rule may be missed by: an absolute part for its unit plus 1e-6 of the largest magnitude involved.

    Solvers keep rows within 1e-7 of their scaled numbers: this passes their noise, and nothing a planner would notice.
    """
    return ABSOLUTE[unit] + RELATIVE * max(map(abs, magnitudes), default=0.0)


class Check(NamedTuple):
    """One comparison. excess: by how much it is missed, in its unit; kept when not above the tolerance.

    A large plan has 100,000 of them: a tuple is made in a third of the time of a frozen dataclass.
    """

    where: str
    expected: str
    found: str
    excess: float
    unit: str
    tolerance: float

    @property
    def kept(self) -> bool:
        """Whether it is missed by no more than the tolerance."""
        return self.excess <= self.tolerance

    @property
    def severity(self) -> float:
        """Excess in tolerances, to tell which of several units is worst."""
        if self.excess <= 0:
            return 0.0
        return self.excess / self.tolerance if self.tolerance > 0 else float("inf")


@dataclass(frozen=True)
class Finding:
    """One violation in words. where: e.g. "USA/defence/ndfeb_magnet 2031"."""

    rule: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: expected {self.expected}; found {self.found}"


@dataclass(frozen=True)
class AuditLine:
    """One rule for the planner. worst: the largest violation, tolerated or not, in `unit`; 0 when there is none."""

    rule: str
    meaning: str
    checked: int
    worst: float
    unit: str
    tolerance: float
    ok: bool


@dataclass(frozen=True)
class Audit:
    """The verdict on a plan. Where a table cannot be read, only the lines on reading it are there."""

    lines: tuple[AuditLine, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is violated."""
        return not self.findings

    def and_also(self, other: Audit) -> Audit:
        """Both verdicts."""
        return Audit(self.lines + other.lines, self.findings + other.findings)


@dataclass(frozen=True)
class Rule(Generic[S]):
    """A rule, what it means to a planner, its main unit, and the function that yields its checks.

    S: what of the plan it is judged on, the document or what was read from it.
    """

    name: str
    meaning: str
    unit: str
    checks: Callable[[PlanData, S], Iterable[Check]]


def judge(rules: Iterable[Rule[S]], data: PlanData, source: S) -> Audit:
    """Run rules over a plan: a line for each, and every violation."""
    lines, findings = [], []
    for rule in rules:
        line, broken = _judge_one(rule, rule.checks(data, source))
        lines.append(line)
        findings += [Finding(rule.name, c.where, c.expected, c.found) for c in broken]
    return Audit(tuple(lines), tuple(findings))


def _judge_one(rule: Rule[S], checks: Iterable[Check]) -> tuple[AuditLine, list[Check]]:
    count, worst, broken = 0, Check("", "", "", 0.0, rule.unit, ABSOLUTE[rule.unit]), []
    for check in checks:
        count += 1
        if check.excess > 0 and check.severity > worst.severity:
            worst = check
        if not check.kept:
            broken.append(check)
    line = AuditLine(rule.name, rule.meaning, count, worst.excess, worst.unit, worst.tolerance, not broken)
    return line, broken


def equal(where: str, what: str, found: float, expected: float, unit: str, *scale: float) -> Check:
    """`found` is `expected`; scale: further magnitudes that enter, e.g. the terms of a sum."""
    return _compare(where, what, found, "", expected, abs(found - expected), unit, scale)


def at_most(where: str, what: str, found: float, limit: float, unit: str, *scale: float) -> Check:
    """That what is found is no more than a limit; scale: magnitudes for the tolerance."""
    return _compare(where, what, found, "at most ", limit, found - limit, unit, scale)


def at_least(where: str, what: str, found: float, limit: float, unit: str, *scale: float) -> Check:
    """That what is found is no less than a limit; scale: magnitudes for the tolerance."""
    return _compare(where, what, found, "at least ", limit, limit - found, unit, scale)


def holds(where: str, true: bool, expected: str, found: str) -> Check:
    """For what is right or wrong, without a more or less."""
    return Check(where, expected, found, 0.0 if true else 1.0, NAME, 0.0)


def same(where: str, what: str, found: object, expected: object) -> Check:
    """For names."""
    return holds(where, found == expected, f"{what} {expected!r}", f"{found!r}")


def _compare(
    where: str, what: str, found: float, relation: str, limit: float, excess: float, unit: str, scale: tuple[float, ...]
) -> Check:
    allowed = tolerance(unit, found, limit, *scale)
    if excess <= allowed:  # the words are for findings only
        return Check(where, "", "", excess, unit, allowed)
    return Check(where, f"{what} {relation}{limit:.10g} {unit}", f"{found:.10g} {unit}", excess, unit, allowed)
