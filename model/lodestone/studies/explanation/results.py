"""Why there is no plan, and what would make one: plain data between the study that finds it and the files that show
it. Of a plan that exists, `what_binds_results` says what limits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lodestone.plan.tables import Cell, Document

RELAXATION, INTEGERS, NOT_FOUND = "relaxation", "whole decisions", "not found"


@dataclass(frozen=True)
class Finding:
    """Something that plain arithmetic proves to be impossible. cells: all that it rests on, the first one included."""

    cell: str
    text: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A member of the conflict. kind: "rule" (a cell asks or limits), or "logic" (how flows, stocks and money add
    up)."""

    cell: str
    text: str
    kind: str = "rule"


@dataclass(frozen=True)
class Change:
    """One cell and what should stand in it instead; to is None where the cell is to be cleared.

    unit: of both values; least: proved that one rounding step less would not do (the other changes being as they are).
    """

    cell: str
    old: Cell
    new: Cell
    unit: str
    what: str  # "share of oxide_cap in 2028"
    text: str  # the whole change in words
    least: bool


@dataclass(frozen=True)
class Repair:
    """Changes that together make a plan exist. objective_musd: of the plan found with them, within `gap`; None where no
    time was left to find its cost. needed: proved that without any single one of them there is none."""

    changes: tuple[Change, ...]
    objective_musd: float | None
    gap: float | None
    needed: bool


@dataclass(frozen=True)
class Explanation:
    """All that was found. smallest: no member of the conflict can be left out; seconds: by stage."""

    workbook: str
    workbook_sha256: str
    plan_name: str
    scenario: str
    sets: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    conflict: tuple[Rule, ...] = ()
    conflict_kind: str = NOT_FOUND
    smallest: bool = False
    repairs: tuple[Repair, ...] = ()
    remarks: tuple[str, ...] = ()
    seconds: Mapping[str, float] | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # what people read instead of ids


def document(explanation: Explanation) -> Document:
    """explanation.json."""
    facts = asdict(explanation)
    facts.pop("labels")  # files for programs keep ids
    for change in (change for repair in facts["repairs"] for change in repair["changes"]):
        change |= {"from": change.pop("old"), "to": change.pop("new")}
    return facts


def conflict_heading(explanation: Explanation) -> str:
    """What the conflict is, and what it proves."""
    if not explanation.conflict:
        return "No conflict was found in time."
    if explanation.conflict_kind == INTEGERS:
        start = "These cannot all hold together as long as decisions are whole (a project is built, or it is not)"
    else:
        start = "These cannot all hold together, even if projects could be built in part"
    end = "; without any one of them, the others could." if explanation.smallest else "; not all of them may be needed."
    return start + end


def sentence(explanation: Explanation) -> str:
    """All of it in one sentence, for a line among many."""
    rules = [rule for rule in explanation.conflict if rule.kind == "rule"]
    first = explanation.findings[0] if explanation.findings else rules[0] if rules else None
    why = f"{first.cell}: {first.text}" if first else "no conflict was found in time"
    if not explanation.repairs:
        return f"no plan exists: {why}; no repair was found"
    changes = "; ".join(f"{change.cell} {change.text}" for change in explanation.repairs[0].changes)
    return f"no plan exists: {why}; least repair: {changes}"
