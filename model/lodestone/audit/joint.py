"""A plan for several futures: each future audited alone, then what they must have in common.

Each future's rows are a whole plan, so that `audit` judges it as it would a run of its own. Beyond that, decisions and
flows of the years before a future shows itself are the same in all, and the costs of the futures give the expected
cost, CVaR and the objective.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lodestone.audit.books import Row
from lodestone.audit.reading import AMOUNT_UNITS, KEYS
from lodestone.audit.verdict import MUSD, SHARE, Audit, AuditLine, Check, Rule, equal, holds, judge
from lodestone.data.plan_data import BASE, PlanData
from lodestone.plan.tables import COST_TERMS, TABLES

Document = Mapping[str, Any]
YEAR_COLUMNS = ("year", "decision_year", "signing_year")  # the first that a table has says when a row is decided
NOT_DECIDED = ("bankability",)  # what lenders make of a project, not what the plan does


def future_alone(plan: Document, name: str, data: PlanData) -> dict[str, Any]:
    """The plan of one future as a document of its own; data: of that future, which may count tariffs where others do
    not."""
    tables = {
        table: [{k: v for k, v in row.items() if k != "scenario"} for row in rows if row.get("scenario") == name]
        for table, rows in plan["tables"].items()
    }
    costs = dict.fromkeys(COST_TERMS, 0.0)
    for row in tables["costs"]:
        costs[row["term"]] += row["discounted_musd"]
    tariffs = costs["tariffs"]
    if not data.tariffs_counted:
        costs["tariffs"] = 0.0
    cost = plan["futures"][name]
    return {
        "scenario": name,
        "objective_musd": cost,
        "expected_cost_musd": cost,
        "tariff_revenue_musd": tariffs,
        "costs_musd": costs,
        "tables": tables,
    }


@dataclass(frozen=True)
class Plan:
    """A plan document with the data of its futures, by scenario."""

    futures: Mapping[str, PlanData]
    document: Document

    @property
    def any_data(self) -> PlanData:
        return next(iter(self.futures.values()))


def together(futures: Mapping[str, PlanData], document: Document) -> Audit:
    """What the futures of a plan must have in common."""
    plan = Plan(futures, document)
    known = judge((FUTURES,), plan.any_data, plan)
    if not known.ok:  # rows of nobody's future cannot be compared
        return known
    rest = judge(TOGETHER, plan.any_data, plan)
    return Audit(known.lines + rest.lines, rest.findings)


def merged(audits: Mapping[str, Audit]) -> Audit:
    """One line for each rule over all futures; findings name theirs."""
    by_rule: dict[str, list[AuditLine]] = defaultdict(list)
    for audit in audits.values():
        for line in audit.lines:
            by_rule[line.rule].append(line)
    lines = tuple(_worst(lines) for lines in by_rule.values())
    findings = (replace(f, where=f"{name}: {f.where}") for name, audit in audits.items() for f in audit.findings)
    return Audit(lines, tuple(findings))


def _worst(lines: Iterable[AuditLine]) -> AuditLine:
    lines = list(lines)
    worst = max(lines, key=lambda line: line.worst / line.tolerance if line.tolerance else line.worst)
    return replace(worst, checked=sum(line.checked for line in lines), ok=all(line.ok for line in lines))


def _futures(_data: PlanData, joint: Plan) -> Iterator[Check]:
    futures, plan = joint.futures, joint.document
    for part in ("futures", "probabilities"):
        found = plan[part].keys()
        yield holds(part, found == futures.keys(), f"{', '.join(futures)}", ", ".join(found))
    for table, rows in plan["tables"].items():
        strangers = {str(row.get("scenario")) for row in rows} - futures.keys()
        yield holds(table, not strangers, "rows of futures with a probability", ", ".join(sorted(strangers)))
    scenarios = {name: data.scenario.probability or 0.0 for name, data in futures.items() if name != BASE.name}
    expected = {BASE.name: 1.0 - sum(scenarios.values())} | scenarios
    for name, probability in plan["probabilities"].items():
        yield equal(name, "probability", probability, expected.get(name, 0.0), SHARE)


def _shared(_data: PlanData, joint: Plan) -> Iterator[Check]:
    """Against the future that stays with the base longest: the base itself, or the last to leave."""
    futures, plan = joint.futures, joint.document
    leaves = {name: _leaves(data) for name, data in futures.items()}
    stays = max(leaves, key=lambda name: leaves[name])
    for table, key in KEYS.items():
        if table in NOT_DECIDED:
            continue
        by_future: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in futures}
        for row in plan["tables"][table]:
            by_future[row["scenario"]][tuple(row[column] for column in key)] = row
        when = next(column for column in YEAR_COLUMNS if column in TABLES[table].names)
        for name in futures.keys() - {stays}:
            yield from _alike(table, name, leaves[name], when, by_future[name], by_future[stays])


def _leaves(data: PlanData) -> float:
    if data.scenario.name == BASE.name:
        return float("inf")
    return data.first_year if data.scenario.from_year is None else data.scenario.from_year


def _alike(
    table: str,
    name: str,
    until: float,
    when: str,
    own: Mapping[tuple[Any, ...], Row],
    other: Mapping[tuple[Any, ...], Row],
) -> Iterator[Check]:
    early = {key for rows in (own, other) for key, row in rows.items() if row[when] < until}
    for key in sorted(early, key=str):
        where = f"{table} {'/'.join(map(str, key))} {name}"
        if key not in own or key not in other:
            yield holds(where, False, "a row in every future", "none in one of them")
            continue
        for column in TABLES[table].columns:
            mine, theirs = own[key][column.name], other[key][column.name]
            if isinstance(mine, float) and isinstance(theirs, float):
                yield equal(where, column.name, mine, theirs, AMOUNT_UNITS.get(column.unit, SHARE))
            else:
                yield holds(where, mine == theirs, f"{column.name} {theirs!r}", repr(mine))


def _means(_data: PlanData, joint: Plan) -> Iterator[Check]:
    futures, plan = joint.futures, joint.document
    likely = plan["probabilities"]
    alone = {name: future_alone(plan, name, data) for name, data in futures.items()}
    for term in COST_TERMS:
        mean = sum(likely[name] * alone[name]["costs_musd"][term] for name in futures)
        yield equal(term, "discounted total", plan["costs_musd"].get(term, 0.0), mean, MUSD)
    revenue = sum(likely[name] * alone[name]["tariff_revenue_musd"] for name in futures)
    yield equal("plan", "tariff revenue", plan["tariff_revenue_musd"], revenue, MUSD)
    expected = sum(likely[name] * plan["futures"][name] for name in futures)
    yield equal("plan", "expected cost", plan["expected_cost_musd"], expected, MUSD, *plan["costs_musd"].values())


def _objective(data: PlanData, joint: Plan) -> Iterator[Check]:
    """CVaR from its dual form: the largest mean cost when no future weighs more than its probability / risk_tail."""
    plan = joint.document
    likely, cost = plan["probabilities"], plan["futures"]
    weight_left, tail = 1.0, 0.0
    for name in sorted(cost, key=lambda future: cost[future], reverse=True):
        weight = min(weight_left, likely[name] / data.risk_tail)
        tail += weight * cost[name]
        weight_left -= weight
    yield equal("plan", "CVaR", plan["cvar_musd"], tail, MUSD, *cost.values())
    objective = (1 - data.risk_weight) * plan["expected_cost_musd"] + data.risk_weight * tail
    yield equal("plan", "objective", plan["objective_musd"], objective, MUSD, *cost.values())


FUTURES: Rule[Plan] = Rule("futures", "Rows and probabilities are those of the workbook's futures.", SHARE, _futures)
TOGETHER: tuple[Rule[Plan], ...] = (
    Rule("shared decisions", "Before a future shows itself, its years are those of all others.", SHARE, _shared),
    Rule("expected cost", "Costs and revenue are means over the futures.", MUSD, _means),
    Rule("risk", "CVaR and the objective follow from the costs of the futures.", MUSD, _objective),
)
