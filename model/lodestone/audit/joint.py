"""A plan for several futures: each future audited alone, then what they must have in common.

Each future's rows are a whole plan, so that `audit` judges it as it would a run of its own. Beyond that, decisions and
flows of the periods before two futures part are the same in both, and the costs of the futures give the expected cost,
CVaR and the objective. A future is on the path of the base, then on those of its parents, and from the time at which
it shows itself on its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lodestone.audit.books import Document, Key, Row, read_books, time_in
from lodestone.audit.earnings import Path, earns_its_keep
from lodestone.audit.reading import AMOUNT_UNITS, BY_YEAR, KEYS, key_of
from lodestone.audit.verdict import MUSD, SHARE, Audit, AuditLine, Check, Rule, equal, holds, judge
from lodestone.data.plan_data import BASE, MONTHS, PlanData, Scenario, Time, time_of
from lodestone.plan.tables import COST_TERMS, TABLES

YEAR_COLUMNS = ("year", "decision_year", "signing_year")  # the first that a table has says when a row is decided
NOT_DECIDED = ("bankability",)  # what lenders make of a project, not what the plan does


def future_alone(plan: Document, name: str, data: PlanData) -> Document:
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
    """A plan document with the data of its futures, by scenario; scenarios: theirs, and those of their parents."""

    futures: Mapping[str, PlanData]
    document: Document
    scenarios: Mapping[str, Scenario]

    @property
    def any_data(self) -> PlanData:
        """The data of one future, for what all have in common."""
        return next(iter(self.futures.values()))


NEVER: Time = 10**9


def parting(scenarios: Mapping[str, Scenario], one: PlanData, other: PlanData) -> Time:
    """From when on two futures are not the same; what comes before is decided once for both."""
    return next(
        (t for t in one.times if _path(scenarios, one.scenario, t) != _path(scenarios, other.scenario, t)), NEVER
    )


def _path(scenarios: Mapping[str, Scenario], scenario: Scenario, time: Time) -> str:
    """Whose path a future is on: its own once it shows itself, before that its parent's, or the base's.

    A parent that nobody knows is taken to have left the base at the start: less is compared then, nothing wrongly.
    """
    while scenario.name != BASE.name:
        if scenario.shows is None or time >= scenario.shows:
            return scenario.name
        if scenario.parent is None:
            break
        if scenario.parent not in scenarios:
            return scenario.parent
        scenario = scenarios[scenario.parent]
    return BASE.name


def together(
    futures: Mapping[str, PlanData], document: Document, scenarios: Mapping[str, Scenario] | None = None
) -> Audit:
    """What the futures of a plan must have in common."""
    known = {name: data.scenario for name, data in futures.items()} | dict(scenarios or {})
    plan = Plan(futures, document, known)
    named = judge((FUTURES,), plan.any_data, plan)
    if not named.ok:  # rows of nobody's future cannot be compared
        return named
    rest = judge(TOGETHER, plan.any_data, plan)
    return Audit(named.lines + rest.lines, rest.findings)


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
    """Each future against the one before it in the list from which it parts last: so all that share are compared."""
    futures, plan = joint.futures, joint.document
    names = list(futures)
    beside: dict[str, tuple[Time, str]] = {}
    for number, name in enumerate(names[1:], 1):
        partings = {other: parting(joint.scenarios, futures[name], futures[other]) for other in names[:number]}
        last = max(partings, key=lambda other: partings[other])
        beside[name] = partings[last], last
    for table in KEYS:
        if table in NOT_DECIDED or table not in plan["tables"]:
            continue
        by_future: dict[str, dict[Key, Row]] = {name: {} for name in futures}
        for row in plan["tables"][table]:
            by_future[row["scenario"]][key_of(table, row)] = row
        for name, (until, other) in beside.items():
            yield from _alike(table, name, until, by_future[name], by_future[other])


def known_by(table: str, row: Row) -> Time:
    """From when on a row may differ: decisions from the start of their year on, sums over a year from its end on."""
    if table in BY_YEAR:
        return time_of(row["year"], MONTHS)
    if "year" in TABLES[table].names:
        return time_in(row)
    return time_of(row[next(column for column in YEAR_COLUMNS if column in TABLES[table].names)])


def _alike(table: str, name: str, until: Time, own: Mapping[Key, Row], other: Mapping[Key, Row]) -> Iterator[Check]:
    early = {key for rows in (own, other) for key, row in rows.items() if known_by(table, row) < until}
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


def _keeps(_data: PlanData, joint: Plan) -> Iterator[Check]:
    """(26) of each decision, over the futures that share it."""
    futures, likely = joint.futures, joint.document["probabilities"]
    paths = {
        name: Path(data, read_books(data, future_alone(joint.document, name, data)), likely[name])
        for name, data in futures.items()
    }
    judged: set[tuple[str, str, int]] = set()  # future, project, decision
    for name, path in paths.items():
        for project, decision in path.books.decided:
            private = not path.data.projects[project].public and path.data.projects[project].committed_year is None
            if not private or (name, project, decision) in judged:
                continue
            node = [
                other
                for other, data in futures.items()
                if other == name or parting(joint.scenarios, path.data, data) > time_of(decision)
            ]
            judged |= {(other, project, decision) for other in node}
            check = earns_its_keep([paths[other] for other in node], path.data.projects[project], decision)
            yield check._replace(where=f"{name}: {check.where}")


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
    Rule("(26) earns its keep", "Private projects earn their hurdle rate, in all futures together.", MUSD, _keeps),
    Rule("risk", "CVaR and the objective follow from the costs of the futures.", MUSD, _objective),
)
