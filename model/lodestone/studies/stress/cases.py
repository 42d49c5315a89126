"""Stress tests: a plan's decisions are held and meet what it was not made for.

Held are its investments, price floors and contracts, all years, and what it puts into and takes out of stock until the
future shows itself. Everything else - purchases, use of plants, shipments, what the stock gives afterwards - adapts.
With `allow_new` the planner may also build, award and sign more from the year in which the future shows itself.

A plan meets every scenario of the workbook, and every n-1 case, made here: from a year on

    exports cut        no lane leads out of a region
    plant lost         a plant makes nothing
    project lost       a project of the plan makes nothing
    contract broken    a contract of the plan delivers nothing, and nothing is owed for it

An n-1 case is an emergency from its year on: days of cover may be drawn down. Where the decisions held leave no plan,
rules give way, as little as possible, and are named (`GIVES_WAY`): first cover and budgets, last the least service.

Extra cost is against the same decisions held in the base, where nothing shows itself in that year. Of several runs,
the regret of a run in a future is what it costs there beyond the best of these runs; the minimax-regret plan is the one
whose largest regret is least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lodestone.data.plan_data import BASE, LaneData, PlanData, Scenario, time_of, year_of
from lodestone.data.tree import single
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.names import readable
from lodestone.plan.key_figures import Key, exposed_share
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.rules.build import Built, build
from lodestone.rules.stockpiles import DAYS_PER_YEAR
from lodestone.rules.tables import cost_totals, plan_tables
from lodestone.solve.effort import AS_SET, Effort, Search
from lodestone.solve.fixed_decisions import Decisions, decisions, hold, hold_promises, hold_stocks
from lodestone.solve.one_scenario import load_model, scenario_data
from lodestone.solver.highs import Solver
from lodestone.solver.slack import Slacks
from lodestone.studies.stress.results import GaveWay, Outcome, Regret, Stress
from lodestone.workbook.inputs import Inputs

# Rules that may give way: constraint, what it is called, its unit, and how dear a unit of it is.
GIVES_WAY: tuple[tuple[str, str, str, float], ...] = (
    ("stockpiles.cover", "days of cover", "t", 1e-3),
    ("stockpiles.least", "least stock", "t", 1e-3),
    ("stockpiles.usable", "usable cover", "t", 1e-3),
    ("budgets.within", "budget", "MUSD", 1e-2),
    ("budgets.later", "budget for what is owed", "MUSD", 1e-2),
    ("bankability.bankable", "bankability", "MUSD", 1e-1),
    ("bankability.closing", "bankability", "builds", 1e-1),
    ("china_share.deliveries", "China share of deliveries", "t", 1.0),
    ("china_share.intake", "China share of intake", "t", 1.0),
    ("china_share.fills", "China share of what is put into stock", "t", 1.0),
    ("china_share.stock", "China share of stocks", "t", 1.0),
    ("flows.service", "least service", "t", 1e2),
)
AS_PLANNED, SCENARIO = "as planned", "scenario"
ROUNDING_T = 1e-3
LEAST_MISSED = 1e-4  # in the unit of the rule: less is the solver's tolerance, not a rule that gives way


@dataclass(frozen=True)
class Case:
    """What happens to a plan. from_year: the year in which it shows itself."""

    kind: str
    name: str
    from_year: int
    data: PlanData

    @property
    def probability(self) -> float | None:
        return self.data.scenario.probability if self.kind == SCENARIO else None


OnOutcome = Callable[[int, int, Outcome], None]  # how many are done, of how many, the latest


def stress(
    inputs: Inputs,
    plans: Mapping[str, Plan],
    allow_new: bool = False,
    from_year: int | None = None,
    effort: Effort = AS_SET,
    on_outcome: OnOutcome | None = None,
) -> Stress:
    """Try plans (by name of the run) in every scenario and n-1 case of a workbook.

    from_year: of the n-1 cases; by default the first year in which a scenario shows itself after first_year. effort:
    of each case. Raises UsageError when a plan is not of this workbook's years.
    """
    base = scenario_data(inputs)
    remarks = [text for name, plan in plans.items() for text in _misfits(inputs, base, name, plan)]
    scenarios = [scenario_data(inputs, name) for name in inputs.scenario_names if name != BASE.name]
    year = _from_year(base, scenarios) if from_year is None else from_year
    if year not in base.years:
        raise UsageError(f"--from-year {year} is not in the horizon {base.first_year}-{base.last_year}")
    wanted = effort.search(base)
    met: list[Outcome] = []
    todo = [(name, plan, case) for name, plan in plans.items() for case in _cases(base, scenarios, plan, year)]
    planned: dict[str, float | None] = {}
    for number, (name, plan, case) in enumerate(todo, 1):
        if effort.should_stop and effort.should_stop():
            remarks.append(f"stopped after {len(met)} of {len(todo)} cases")
            break
        outcome = _meet(name, plan, case, allow_new, wanted)
        cost = planned.setdefault(name, outcome.cost_musd)  # the first case of each run is the base
        if cost is not None and outcome.cost_musd is not None:
            outcome = replace(outcome, extra_musd=outcome.cost_musd - cost)
        met.append(outcome)
        if on_outcome:
            on_outcome(number, len(todo), outcome)
    if not met:
        raise StoppedError("stopped before the first case was met")
    return Stress(
        base.name,
        readable(inputs.path.name),
        allow_new,
        year,
        tuple(plans),
        tuple(sorted(met, key=lambda o: (list(plans).index(o.run), *_hurt(o)))),
        _regret(met, tuple(plans)),
        tuple(remarks),
    )


def _misfits(inputs: Inputs, base: PlanData, name: str, plan: Plan) -> Iterator[str]:
    if plan.horizon != [base.first_year, base.last_year]:
        first, last = plan.horizon
        raise UsageError(f"{name} plans {first}-{last}, {inputs.path.name} {base.first_year}-{base.last_year}")
    if plan.workbook_sha256 != inputs.sha256:
        yield f"{name} was made from another version of the workbook"
    held = decisions(plan.tables_for(BASE.name))
    unknown = {g for g, _ in held.builds} - base.projects.keys() | {c for c, _ in held.volumes} - base.contracts.keys()
    unknown |= {o for o, _ in held.awards} - base.floors.keys()
    if unknown:
        yield f"{name} decides what the workbook does not have: {', '.join(sorted(unknown))}"


def _from_year(base: PlanData, scenarios: Sequence[PlanData]) -> int:
    shown = [s.scenario.from_year for s in scenarios if s.scenario.from_year is not None]
    return min((year for year in shown if year > base.first_year), default=min(base.first_year + 1, base.last_year))


def _hurt(outcome: Outcome) -> tuple[bool, bool, float]:
    """Least first: what hurts most."""
    extra = outcome.extra_musd if outcome.extra_musd is not None else 0.0
    return outcome.cost_musd is not None, not outcome.gave_way, -extra


# --- cases ----------------------------------------------------------------------------------------------------------


def _cases(base: PlanData, scenarios: Sequence[PlanData], plan: Plan, year: int) -> Iterator[Case]:
    """The base first, then every scenario, then what can be lost."""
    yield Case(AS_PLANNED, BASE.name, year, base)
    for data in scenarios:
        yield Case(SCENARIO, data.scenario.name, data.scenario.from_year or base.first_year, data)
    held = decisions(plan.tables_for(BASE.name))

    def case(kind: str, name: str, **changes: Any) -> Case:
        crisis = Scenario(f"{kind}: {name}", None, year, year, base.last_year, 0)
        return Case(kind, name, year, replace(base, scenario=crisis, **changes))

    for region in base.regions:
        lanes = {key: _cut(lane, base, year) if _leaves(key, region) else lane for key, lane in base.lanes.items()}
        if lanes != base.lanes:
            yield case("exports cut", region, lanes=lanes)
    for name, plant in base.plants.items():
        capacity = {time: 0.0 if year_of(time) >= year else t for time, t in plant.capacity.items()}
        if capacity != plant.capacity:
            yield case("plant lost", name, plants={**base.plants, name: replace(plant, capacity=capacity)})
    for name in dict.fromkeys(project for project, _ in held.builds):
        if name in base.projects:
            yield case("project lost", name, lost={name: time_of(year)})
    for name in dict.fromkeys(contract for contract, _ in held.volumes):
        if name in base.contracts:
            yield case("contract broken", name, lost={name: time_of(year)})


def _leaves(lane: tuple[str, str, str], region: str) -> bool:
    _, origin, to = lane
    return origin == region != to


def _cut(lane: LaneData, base: PlanData, year: int) -> LaneData:
    before = lane.capacity or {}
    return replace(lane, capacity={time: 0.0 if year_of(time) >= year else before.get(time) for time in base.times})


# --- one plan in one case -------------------------------------------------------------------------------------------


def _meet(run: str, plan: Plan, case: Case, allow_new: bool, wanted: Search) -> Outcome:
    outcome = Outcome(run, case.kind, case.name, case.from_year, case.probability, None)
    held = decisions(plan.tables_for(case.data.scenario.name))
    built = build(single(case.data))
    _hold(built, held, case, allow_new)
    try:
        gave_way = _solve(built, wanted)
    except (NoPlanError, StoppedError) as error:
        return replace(outcome, remark=str(error), no_plan=isinstance(error, NoPlanError))
    tables = plan_tables(built)
    short, wanted_t = _short(tables, case.from_year)
    return replace(
        outcome,
        cost_musd=sum(cost_totals(built.tree, tables).values()),
        short_t=short,
        short_share={sector: t / wanted_t[sector] if wanted_t[sector] else 0.0 for sector, t in short.items()},
        stock_days={name: _lasts(case, tables, name) for name in case.data.stockpiles},
        china_share=exposed_share([row for row in tables["demand"] if row["year"] >= case.from_year]),
        gave_way=gave_way,
        remark=_lacking(built, held),
    )


def _hold(built: Built, held: Decisions, case: Case, allow_new: bool) -> None:
    year = built.tree.year
    before = [n for n in built.tree.nodes if year[n] < case.from_year]
    after = [n for n in built.tree.nodes if year[n] >= case.from_year]
    hold(built, held, before)
    hold(built, held, after, new_allowed=allow_new)
    hold_stocks(built, held, before)
    hold_promises(built, held)


def _lacking(built: Built, held: Decisions) -> str:
    """Decisions that the case's data has no place for, say because a project takes longer."""
    m, year = built.model, built.tree.year
    places = {(name, year[n]) for v in (m.investments.build, m.price_floors.award, m.contracts.sign) for n, name in v}
    lost = sorted({*held.builds, *held.awards, *held.volumes} - places)
    return f"cannot be decided here: {', '.join(f'{name} {y}' for name, y in lost)}" if lost else ""


def _solve(built: Built, wanted: Search) -> tuple[GaveWay, ...]:
    """Solve and store the solution; what had to give way."""
    solver = load_model(built)
    try:
        _run(solver, wanted)
        gave_way: tuple[GaveWay, ...] = ()
    except NoPlanError:
        gave_way = _give_way(built, solver, wanted)
    solver.store(solver.values())
    return gave_way


def _run(solver: Solver, wanted: Search) -> None:
    solver.solve(wanted.gap, wanted.time_limit, wanted.on_progress, wanted.should_stop)


def _give_way(built: Built, solver: Solver, wanted: Search) -> tuple[GaveWay, ...]:
    """First the least that rules must give way by, weighted, then the least cost with that."""
    slacks = Slacks(solver)
    given: dict[int, tuple[str, str, str]] = {}  # slack -> rule, where, unit
    for path, rule, unit, weight in GIVES_WAY:
        rows = built.model.find_component(path)
        for key, row in rows.items():
            if id(row) in solver.row:
                given[slacks.add(row, weight)] = (rule, _place(built, path, key), unit)
    slacks.minimise()
    _run(solver, wanted)
    slacks.keep()
    _run(solver, wanted)
    used = slacks.used()
    return tuple(
        GaveWay(rule, where, used[column], unit)
        for column, (rule, where, unit) in given.items()
        if used[column] > LEAST_MISSED
    )


def _place(built: Built, path: str, key: Key) -> str:
    """'reserve 2028': the row's names and year; of what is owed after the last year, that year."""
    node, *names = key
    year = names.pop() if path == "budgets.later" else built.tree.year[node]
    kept = [str(name) for name in names if name not in ("deliveries", "intake")]
    return f"{' '.join(kept)} {year}"


# --- figures --------------------------------------------------------------------------------------------------------


def _short(tables: Mapping[str, Sequence[Row]], year: int) -> tuple[dict[str, float], dict[str, float]]:
    """Demand not met, and all demand, from a year on: t by sector."""
    short: dict[str, float] = defaultdict(float)
    asked: dict[str, float] = defaultdict(float)
    for row in tables["demand"]:
        if row["year"] >= year:
            short[row["sector"]] += row["short_t"]
            asked[row["sector"]] += row["demand_t"]
    return dict(short), dict(asked)


def _lasts(case: Case, tables: Mapping[str, Sequence[Row]], name: str) -> float | None:
    """Days from the start of from_year until the stock is empty; None: it lasts, or none is missed."""
    data, pile = case.data, case.data.stockpiles[name]
    levels = {row["year"]: row for row in tables["stockpile"] if row["stockpile"] == name}
    before = levels.get(case.from_year - 1)
    stock = sum(pile.opening.values()) if before is None else before["stock_t"]
    days = 0.0
    for year in range(case.from_year, data.last_year + 1):
        row = levels[year]
        short = sum(
            r["short_t"]
            for r in tables["demand"]
            if (r["year"], r["material"]) == (year, pile.material) and r["region"] in pile.covers
        )
        needed = row["release_clean_t"] + row["release_exposed_t"] + short
        there = stock * (1 - data.materials[pile.material].annual_loss_share)
        if needed > there + ROUNDING_T:
            return float(days + DAYS_PER_YEAR * there / needed)
        emptied = there > ROUNDING_T and row["stock_t"] <= ROUNDING_T
        days += DAYS_PER_YEAR
        stock = row["stock_t"]
        if emptied and year < data.last_year:
            return days
    return None


def _regret(outcomes: Sequence[Outcome], runs: tuple[str, ...]) -> Regret | None:
    """Over the base and the scenarios that every run has a plan in; None with a single run."""
    if len(runs) < 2:
        return None
    cost: dict[str, dict[str, float]] = defaultdict(dict)
    for o in outcomes:
        if o.kind in (AS_PLANNED, SCENARIO) and o.cost_musd is not None:
            cost[o.case][o.run] = o.cost_musd
    shared = {case: by_run for case, by_run in cost.items() if len(by_run) == len(runs)}
    if not shared:
        return None
    by_run = {run: {case: costs[run] - min(costs.values()) for case, costs in shared.items()} for run in runs}
    worst = {run: max(regrets.values()) for run, regrets in by_run.items()}
    return Regret(by_run, worst, min(worst, key=lambda run: worst[run]))
