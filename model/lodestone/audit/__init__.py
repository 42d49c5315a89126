"""The audit: a plan re-checked on plain numbers, from the workbook's data and the plan's tables alone.

It shares no code with the model: no Pyomo, nothing of rules/. What it takes from the plan are decisions and flows
(see `books`); capacities, balances, shares, payments and costs are recomputed and compared.

    audit(data, plan) -> Audit    with .ok, .lines (one per rule) and .findings (one per violation)

Units    t, t/yr, MUSD, USD/kg
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lodestone.audit.books import Beside, Books, Document, read_books
from lodestone.audit.budgets import BUDGETS
from lodestone.audit.capacity import CAPACITY
from lodestone.audit.china_share import CHINA_SHARE
from lodestone.audit.closing import CLOSING
from lodestone.audit.committed import COMMITTED
from lodestone.audit.contracts import CONTRACTS
from lodestone.audit.costs import COSTS, OBJECTIVE
from lodestone.audit.demand import DEMAND
from lodestone.audit.earnings import KEEPS
from lodestone.audit.floors import FLOORS
from lodestone.audit.flows import FLOWS
from lodestone.audit.joint import future_alone, merged, parting, together
from lodestone.audit.lenders import LENDERS
from lodestone.audit.reading import READING, WHOLE
from lodestone.audit.secure import SECURE, document, from_first_threat, lifted, with_what_was_before
from lodestone.audit.secure import Beside as BesideFuture
from lodestone.audit.stockpiles import STOCKPILES
from lodestone.audit.suppliers import SUPPLIERS
from lodestone.audit.verdict import Audit, AuditLine, Finding, Rule, judge
from lodestone.data.plan_data import PlanData, Scenario

__all__ = [
    "OF_ONE_FUTURE",
    "RULES",
    "Audit",
    "AuditLine",
    "BesideFuture",
    "Finding",
    "audit",
    "audit_branches",
    "audit_joint",
    "from_first_threat",
    "with_what_was_before",
]

RULES: tuple[Rule[Books], ...] = (
    *WHOLE,
    *COMMITTED,
    *FLOWS,
    *DEMAND,
    *SUPPLIERS,
    *CAPACITY,
    *CLOSING,
    *FLOORS,
    *LENDERS,
    *CONTRACTS,
    *STOCKPILES,
    *CHINA_SHARE,
    *BUDGETS,
    *COSTS,
)
OF_ONE_FUTURE = (KEEPS, OBJECTIVE)  # where there are several these hold over all of them


def audit(data: PlanData, plan: Document, *, alone: bool = True, beside: Iterable[Beside] = ()) -> Audit:
    """Judge the plan of one scenario (one path of periods); `plan` is the document of plan.json.

    alone: False for one future of a joint run, whose objective is not its own cost, and in which what is built may earn
    less than it must in all together. beside: the other futures of it.
    """
    lines: tuple[AuditLine, ...] = ()
    for rule in READING:  # each needs the one before, and everything else needs them all
        reading = judge((rule,), data, plan)
        lines += reading.lines
        if not reading.ok:
            return Audit(lines, reading.findings)
    judged = judge((*RULES, *OF_ONE_FUTURE) if alone else RULES, data, read_books(data, plan, beside))
    return Audit(lines + judged.lines, judged.findings)


def audit_joint(
    futures: Mapping[str, PlanData], plan: Document, scenarios: Mapping[str, Scenario] | None = None
) -> Audit:
    """Judge a plan for several futures: each by itself, then what they share.

    futures: data by scenario. scenarios: those of the workbook that are no futures of the plan, but parents of some.
    """
    known = {**(scenarios or {}), **{name: data.scenario for name, data in futures.items()}}
    each = {
        name: audit(data, future_alone(plan, name, data), alone=False, beside=others_beside(futures, name, known))
        for name, data in futures.items()
    }
    alone = merged(each)
    if not alone.ok:
        return alone
    common = together(futures, plan, known)
    return alone.and_also(common)


def others_beside(futures: Mapping[str, PlanData], name: str, scenarios: Mapping[str, Scenario]) -> list[Beside]:
    """The other futures of a joint plan, as one of them sees them; scenarios: futures, and parents of some."""
    known = {**scenarios, **{future: data.scenario for future, data in futures.items()}}
    return [Beside(d, parting(known, futures[name], d)) for other, d in futures.items() if other != name]


def audit_branches(branches: Mapping[str, tuple[PlanData, BesideFuture]]) -> Audit:
    """Judge the branches that a secure plan was made with: each as a plan of its own, and beside its future.

    branches: by name, the data with all its threats, and the tables of the branch and of its future.
    """
    of_plans: Sequence[Rule[Books]] = [rule for rule in RULES if rule not in COSTS]
    each = {}
    for name, (struck, beside) in branches.items():
        data = lifted(struck)
        plan = document(data, beside.branch)
        reading = judge(READING, data, plan)
        each[name] = reading
        if reading.ok:
            own, both = judge(of_plans, data, read_books(data, plan)), judge(SECURE, data, beside)
            each[name] = Audit(reading.lines + own.lines + both.lines, own.findings + both.findings)
    found = merged(each)
    lines = tuple(replace(line, rule=f"branches: {line.rule}") for line in found.lines)
    return Audit(lines, found.findings)
