"""Stress tests: a plan's decisions are held and meet what it was not made for.

Held are its investments, price floors and contracts, all years, and what it puts into and takes out of stock until the
future shows itself (or the one that it parts from). Everything else - purchases, use of plants, shipments, what the
stock gives afterwards - adapts; but until then no supplier is tried more than planned, no plant kept open and nothing
designed out that takes time. With `allow_new` the planner may also build, award and sign more from the time at which
the future shows itself.

A plan meets every scenario of the workbook, and every n-1 case, made here: from a year or month on, for some months or
for good

    exports cut        no lane leads out of a region
    plant lost         a plant makes nothing
    project lost       a project of the plan makes nothing
    contract broken    a contract of the plan delivers nothing, and nothing is owed for it

An n-1 case is an emergency as long as it lasts: days of cover may be drawn down, and are back REFILL_YEARS after it.
Where the decisions held leave no plan, rules give way, as little as possible, and are named (`GIVES_WAY`): first cover
and budgets, last the least service.

Extra cost is against the same decisions held in the base, where nothing shows itself in that year. Of several runs,
the regret of a run in a future is what it costs there beyond the best of these runs; the minimax-regret plan is the one
whose largest regret is least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lodestone.data.plan_data import BASE, LaneData, PlanData, Scenario, Time, time_of, year_of
from lodestone.data.times import MONTHS, month_of, named_time
from lodestone.data.tree import single
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.names import readable
from lodestone.plan.key_figures import Key, begin, exposed_share
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row, Rows
from lodestone.rules.build import Built, build
from lodestone.rules.stockpiles import DAYS_PER_YEAR
from lodestone.rules.tables import cost_totals, plan_tables
from lodestone.solve.effort import AS_SET, Effort, Search
from lodestone.solve.fixed_decisions import Decisions, decisions, hold, hold_promises, hold_readiness, hold_stocks
from lodestone.solve.one_scenario import load_model, scenario_data
from lodestone.solver.highs import Solver
from lodestone.solver.slack import Slacks
from lodestone.studies.stress.results import GaveWay, Outcome, Regret, Stress
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.schema.sheets import SHEETS

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
REFILL_YEARS = int(SHEETS["Scenarios"].by_name["refill_years"].default)  # as where a scenario says nothing
ROUNDING_T = 1e-3
LEAST_MISSED = 1e-4  # in the unit of the rule: less is the solver's tolerance, not a rule that gives way


@dataclass(frozen=True)
class Case:
    """What happens to a plan. begins: the period in which it shows itself."""

    kind: str
    name: str
    begins: Time
    data: PlanData

    @property
    def probability(self) -> float | None:
        """Of its scenario; None where it has none."""
        return self.data.scenario.probability if self.kind == SCENARIO else None


OnOutcome = Callable[[int, int, Outcome], None]  # how many are done, of how many, the latest


def stress(
    inputs: Inputs,
    plans: Mapping[str, Plan],
    allow_new: bool = False,
    begins: Time | None = None,
    months: int | None = None,
    effort: Effort = AS_SET,
    on_outcome: OnOutcome | None = None,
) -> Stress:
    """Try plans (by name of the run) in every scenario and n-1 case of a workbook.

    begins: when what is lost in the n-1 cases is lost; by default when the first scenario shows itself after the start.
    months: how long; None: for good. effort: of each case. Raises UsageError when a plan is not of this workbook's
    years, or a loss does not begin and end with periods.
    """
    base = scenario_data(inputs)
    remarks = [text for name, plan in plans.items() for text in _misfits(inputs, base, name, plan)]
    scenarios = [scenario_data(inputs, name) for name in inputs.scenario_names if name != BASE.name]
    loss = _loss(base, _first_shown(base, scenarios) if begins is None else begins, months)
    wanted = effort.search(base)
    met: list[Outcome] = []
    todo = [(name, plan, case) for name, plan in plans.items() for case in _cases(base, scenarios, plan, loss)]
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
        year_of(loss[0]),
        tuple(plans),
        tuple(sorted(met, key=lambda o: (list(plans).index(o.run), *_hurt(o)))),
        _regret(met, tuple(plans)),
        tuple(remarks),
        month_of(loss[0]),
        months,
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


def _first_shown(base: PlanData, scenarios: Sequence[PlanData]) -> Time:
    second_year = time_of(min(base.first_year + 1, base.last_year))
    shown = [data.scenario.shows for data in scenarios if data.scenario.shows is not None]
    return min((time for time in shown if time > base.times[0]), default=second_year)


def _loss(base: PlanData, begins: Time, months: int | None) -> tuple[Time, Time]:
    """The first and the last period of what is lost."""
    if begins not in base.times:
        wrong = f"is not in the horizon {base.first_year}-{base.last_year}"
        if year_of(begins) in base.years:
            wrong = f"begins no period of {year_of(begins)}: cut that year on the sheet Periods"
        raise UsageError(f"--from {named_time(begins)} {wrong}")
    if months is None:
        return begins, base.times[-1]
    after = 12 * year_of(begins) + month_of(begins) - 1 + months
    end = time_of(after // 12, after % 12 + 1)
    if end not in (*base.times, time_of(base.last_year + 1)):
        raise UsageError(f"--months {months}: no period begins after it, in {named_time(end)}")
    return begins, max(time for time in base.times if time < end)


def _hurt(outcome: Outcome) -> tuple[bool, bool, float]:
    """Least first: what hurts most."""
    extra = outcome.extra_musd if outcome.extra_musd is not None else 0.0
    return outcome.cost_musd is not None, not outcome.gave_way, -extra


# --- cases ----------------------------------------------------------------------------------------------------------


def _cases(base: PlanData, scenarios: Sequence[PlanData], plan: Plan, loss: tuple[Time, Time]) -> Iterator[Case]:
    """The base first, then every scenario, then what can be lost."""
    begins, ends = loss
    yield Case(AS_PLANNED, BASE.name, begins, base)
    for data in scenarios:
        yield Case(SCENARIO, data.scenario.name, _parts(base, scenarios, data), data)
    held = decisions(plan.tables_for(BASE.name))

    def case(kind: str, name: str, **changes: Any) -> Case:
        last = month_of(ends) + base.months_of(year_of(ends)) - 1
        refill = 0 if ends == base.times[-1] else REFILL_YEARS
        crisis = Scenario(f"{kind}: {name}", None, year_of(begins), year_of(begins), year_of(ends), refill, None,
                          month_of(begins), month_of(begins), last)  # fmt: skip
        return Case(kind, name, begins, replace(base, scenario=crisis, lost_until=ends, **changes))

    for region in base.regions:
        lanes = {key: _cut(lane, base, loss) if _leaves(key, region) else lane for key, lane in base.lanes.items()}
        if lanes != base.lanes:
            yield case("exports cut", region, lanes=lanes)
    for name, plant in base.plants.items():
        capacity = {time: 0.0 if begins <= time <= ends else t for time, t in plant.capacity.items()}
        if capacity != plant.capacity:
            yield case("plant lost", name, plants={**base.plants, name: replace(plant, capacity=capacity)})
    for name in dict.fromkeys(project for project, _ in held.builds):
        if name in base.projects:
            yield case("project lost", name, lost={name: begins})
    for name in dict.fromkeys(contract for contract, _ in held.volumes):
        if name in base.contracts:
            yield case("contract broken", name, lost={name: begins})


def _parts(base: PlanData, scenarios: Sequence[PlanData], data: PlanData) -> Time:
    """When a scenario, or the one whose path it leaves, parts from the base: from then on nobody plans as before."""
    known = {other.scenario.name: other for other in scenarios}
    shows = data.scenario.shows or base.times[0]
    parent = data.scenario.parent
    return shows if parent is None else min(shows, _parts(base, scenarios, known[parent]))


def _leaves(lane: tuple[str, str, str], region: str) -> bool:
    _, origin, to = lane
    return origin == region != to


def _cut(lane: LaneData, base: PlanData, loss: tuple[Time, Time]) -> LaneData:
    before, (begins, ends) = lane.capacity or {}, loss
    return replace(lane, capacity={time: 0.0 if begins <= time <= ends else before.get(time) for time in base.times})


# --- one plan in one case -------------------------------------------------------------------------------------------


def _meet(run: str, plan: Plan, case: Case, allow_new: bool, wanted: Search) -> Outcome:
    outcome = Outcome(
        run, case.kind, case.name, year_of(case.begins), case.probability, None, from_month=month_of(case.begins)
    )
    held = decisions(plan.tables_for(case.data.scenario.name))
    built = build(single(case.data))
    _hold(built, held, case, allow_new)
    try:
        gave_way = _solve(built, wanted)
    except (NoPlanError, StoppedError) as error:
        return replace(outcome, remark=str(error), no_plan=isinstance(error, NoPlanError))
    tables = plan_tables(built)
    short, wanted_t = _short(tables, case.begins)
    return replace(
        outcome,
        cost_musd=sum(cost_totals(built.tree, tables).values()),
        short_t=short,
        short_share={sector: t / wanted_t[sector] if wanted_t[sector] else 0.0 for sector, t in short.items()},
        stock_days={name: _lasts(case, tables, name) for name in case.data.stockpiles},
        china_share=_most_exposed(case, tables),
        gave_way=gave_way,
        remark=_lacking(built, held),
    )


def _most_exposed(case: Case, tables: Rows) -> float | None:
    """The exposed share of deliveries from then on; of several minerals, which are never added up, the largest."""
    rows: dict[str, list[Row]] = {}
    for row in tables["demand"]:
        if begin(row) >= case.begins:
            mineral = case.data.materials[row["material"]].mineral or row["material"]
            rows.setdefault(mineral, []).append(row)
    return max((share for own in rows.values() if (share := exposed_share(own)) is not None), default=None)


def in_scenario(
    run: str, plan: Plan, base: PlanData, scenarios: Sequence[PlanData], data: PlanData, wanted: Search
) -> Outcome:
    """A plan in one of the scenarios, with what it has decided and nothing new from when it, or its parent, parts."""
    return _meet(run, plan, Case(SCENARIO, data.scenario.name, _parts(base, scenarios, data), data), False, wanted)


def _hold(built: Built, held: Decisions, case: Case, allow_new: bool) -> None:
    time = built.tree.time
    before = [n for n in built.tree.nodes if time[n] < case.begins]
    after = [n for n in built.tree.nodes if time[n] >= case.begins]
    hold(built, held, before)
    hold(built, held, after, new_allowed=allow_new)
    hold_stocks(built, held, before)
    hold_readiness(built, held, before)
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
    """'reserve 2028': the row's names and year or month; of what is owed after the last year, that year."""
    node, *names = key
    when = named_time(built.tree.time[node], built.tree.months[node] < MONTHS and not path.startswith("china_share."))
    when = str(names.pop()) if path == "budgets.later" else when
    kept = [str(name) for name in names if name not in ("deliveries", "intake", "fills")]
    return f"{' '.join(kept)} {when}"


# --- figures --------------------------------------------------------------------------------------------------------


def _short(tables: Mapping[str, Sequence[Row]], begins: Time) -> tuple[dict[str, float], dict[str, float]]:
    """Demand not met, and all demand, from a time on: t by sector."""
    short: dict[str, float] = defaultdict(float)
    asked: dict[str, float] = defaultdict(float)
    for row in tables["demand"]:
        if begin(row) >= begins:
            short[row["sector"]] += row["short_t"]
            asked[row["sector"]] += row["demand_t"]
    return dict(short), dict(asked)


def _lasts(case: Case, tables: Mapping[str, Sequence[Row]], name: str) -> float | None:
    """Days from its begin until the stock is empty; None: it lasts, or none is missed."""
    data, pile = case.data, case.data.stockpiles[name]
    levels = {begin(row): row for row in tables["stockpile"] if row["stockpile"] == name}
    earlier = [time for time in data.times if time < case.begins]
    stock = levels[earlier[-1]]["stock_t"] if earlier else sum(pile.opening.values())
    days = 0.0
    for time in data.times[len(earlier) :]:
        row, part = levels[time], data.months_of(year_of(time)) / MONTHS
        short = sum(
            r["short_t"]
            for r in tables["demand"]
            if (begin(r), r["material"]) == (time, pile.material) and r["region"] in pile.covers
        )
        needed = row["release_clean_t"] + row["release_exposed_t"] + short
        there = stock * (1 - data.materials[pile.material].annual_loss_share) ** part
        if needed > there + ROUNDING_T:
            return float(days + DAYS_PER_YEAR * part * there / needed)
        emptied = there > ROUNDING_T and row["stock_t"] <= ROUNDING_T
        days += DAYS_PER_YEAR * part
        stock = row["stock_t"]
        if emptied and time < data.times[-1]:
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
