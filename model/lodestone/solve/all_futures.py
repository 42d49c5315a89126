"""All futures in one plan: from workbook to audited plan, and what knowing the future would be worth.

The plan is made on the tree of all scenarios with a probability (`tree.joint`): what is decided before a future shows
itself is the same in all of them.

    EVPI = objective of this plan - objective if each future were known from the start (each planned for alone)
    VSS  = least objective of plans whose base future costs at most its own optimum * (1 + gap) - objective of this plan

The objective is the expected cost, or with a risk weight its mean with CVaR. VSS is the least that planning for the
base alone loses, whichever of its good plans is taken. When each of them leaves some future without a plan there is no
VSS, nor where the base has no probability.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from lodestone.audit import Audit, audit_joint, others_beside
from lodestone.data.plan_data import BASE, PlanData
from lodestone.data.tree import Branch, Tree, joint, single, with_branches
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.tables import VALUE_TABLES, Document, Row, Rows
from lodestone.rules.build import build
from lodestone.rules.objective import cvar, discounted, mean
from lodestone.rules.tables import cost_totals, money_tables, plan_tables, tariff_revenue
from lodestone.solve.accounts.tables import account_tables
from lodestone.solve.effort import AS_SET, Effort, Search
from lodestone.solve.marginal_values import value_tables
from lodestone.solve.one_scenario import (
    Clock,
    Proof,
    Solved,
    audited_branches,
    heading,
    load_model,
    optimised,
    passing,
    renamed,
    scenario_data,
    solve_secure,
    totals,
)
from lodestone.solver.highs import ABSOLUTE_GAP, Outcome, Solver
from lodestone.solver.highs_model import INFINITY
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.origins import origins
from lodestone.workbook.snapshot import input_snapshot

JOINT = "joint"  # stands for the scenario in a plan for all of them


def joint_name(inputs: Inputs) -> str:
    """What the folder of such a run is called: not like a scenario's."""
    taken = {name.casefold() for name in inputs.scenario_names}
    name = JOINT
    while name in taken:
        name += " run"
    return name


def solve_joint(inputs: Inputs, effort: Effort = AS_SET, values: bool = True) -> Plan:
    """The audited plan for all futures together; every table has a column `scenario`.

    effort: of each solve; its `secure` asks for every future. values: EVPI and VSS too, which take one more solve for
    each future and two for the base. Raises what solve_scenario raises, and UsageError when no scenario has a
    probability.
    """
    clock = Clock(effort.on_progress)
    clock.enter("read")
    base, tree = all_futures(inputs, effort)
    clock.leave("read")
    wanted = effort.search(base)
    k = effort.threats(base)
    futures = {name: tree.data[leaf] for name, leaf in tree.leaf_of.items()}
    branches: list[Branch] = []

    def attempt(careful: bool) -> tuple[tuple[Solved, Plan], Audit]:
        solved, security = solve_secure(inputs, tree, k, replace(wanted, careful=careful), clock)
        clock.enter("audit")
        plan = _plan_of(inputs, base, solved)
        result = audit_joint(futures, plan.document(), tree.scenarios)
        if security:
            shown = {name: plan.future(name).tables for name in futures}
            kept, more = audited_branches(security, shown)
            plan = replace(plan, secure=security.told(plan.objective_musd) | kept)
            result = result.and_also(more)
            branches[:] = security.chosen
        clock.leave("audit")
        return (solved, plan), result

    (solved, plan), lines = passing(attempt)
    tables = plan.tables | accounts_of_all(tree, plan) | _values(inputs, solved)
    plan = replace(plan, audit=lines, tables=tables)
    clock.leave("marginal values")
    if values:
        plan = replace(
            plan,
            **asdict(_worth_of_knowing(base, tree, solved, plan, replace(wanted, start=None, enough=None), branches)),
        )
        clock.leave("values")
    return replace(plan, seconds=clock.seconds)


def all_futures(inputs: Inputs, effort: Effort = AS_SET) -> tuple[PlanData, Tree]:
    """The base's data, and the tree of all futures. Raises UsageError when no scenario has a probability."""
    base = effort.data(scenario_data(inputs))
    scenarios = [effort.data(scenario_data(inputs, name)) for name in inputs.scenario_names if name != BASE.name]
    if not any(data.scenario.probability for data in scenarios):
        raise UsageError("no scenario has a probability: enter one on the sheet Scenarios")
    return base, joint(base, scenarios)


def _plan_of(inputs: Inputs, base: PlanData, solved: Solved) -> Plan:
    tree = solved.built.tree
    tables = {name: plan_tables(solved.built.along(leaf)) for name, leaf in tree.leaf_of.items()}
    return joint_plan(inputs, base, tree, tables, solved.proof)


def joint_plan(
    inputs: Inputs,
    base: PlanData,
    tree: Tree,
    tables: Mapping[str, Mapping[str, Sequence[Row]]],
    proof: Proof,
) -> Plan:
    """The plan of all futures from the tables of each, wherever they were solved; not audited yet."""
    futures = tree.leaf_of
    likely = {name: tree.probability[leaf] for name, leaf in futures.items()}
    costs = {name: cost_totals(tree.along(leaf), tables[name]) for name, leaf in futures.items()}
    cost = {name: sum(by_term.values()) for name, by_term in costs.items()}
    terms = next(iter(costs.values()))
    expected_costs = {term: mean({name: costs[name][term] for name in futures}, likely) for term in terms}
    tariffs = mean({name: tariff_revenue(tables[name]) for name in futures}, likely)
    return Plan(
        **heading(inputs, base, proof, weighed(base, cost, likely), mean(cost, likely)),
        cvar_musd=cvar(cost, likely, base.risk_tail),
        scenario=JOINT,
        probabilities=likely,
        from_years={name: tree.data[leaf].scenario.from_year for name, leaf in futures.items()},
        **_within_years(tree),
        futures=cost,
        **asdict(Values()),
        changes=_changes(inputs, likely),
        settings=inputs.tables().told_settings,
        inputs=input_snapshot(inputs.tables()),
        **totals(expected_costs, tariffs),
        sheet_names=renamed(inputs),
        labels=inputs.labels or None,
        origins=[
            {"scenario": name, **line}
            for name in futures
            for line in origins(inputs.tables(name), inputs.changes(name), tables[name])
        ],
        tables={
            table: [{"scenario": name, **row} for name in futures for row in tables[name][table]]
            for table in next(iter(tables.values()))
        },
        audit=[],
    )


def _within_years(tree: Tree) -> Document:
    """Where some future shows itself within a year, or parts earlier, with a parent that is no future itself."""
    scenarios = {name: tree.data[leaf].scenario for name, leaf in tree.leaf_of.items()}
    months = {name: row.from_month for name, row in scenarios.items()}
    found: Document = {"from_months": months} if any(month > 1 for month in months.values()) else {}
    first, shown = (
        min((row.shows for row in rows.values() if row.shows is not None), default=0)
        for rows in (tree.scenarios, scenarios)
    )
    return found | ({"parting": first} if first < shown else {})


def accounts_of_all(tree: Tree, plan: Plan) -> Rows:
    """Who pays in each future."""
    futures = {name: tree.data[leaf] for name, leaf in tree.leaf_of.items()}
    found: Rows = {}
    for name, data in futures.items():
        beside = others_beside(futures, name, tree.scenarios)
        for table, rows in account_tables(data, plan.future(name).tables, beside).items():
            found.setdefault(table, []).extend({"scenario": name, **row} for row in rows)
    return found


def _values(inputs: Inputs, solved: Solved) -> Rows:
    """What limits and supply are worth in each future."""
    given, places, leaf_of = solved.duals(), Places(inputs), solved.built.tree.leaf_of
    by_future = {
        name: value_tables(solved.built, given, places, leaf)
        | money_tables(solved.built.along(leaf), solved.built.tree)
        for name, leaf in leaf_of.items()
    }
    return {
        table: [{"scenario": name, **row} for name, tables in by_future.items() for row in tables[table]]
        for table in VALUE_TABLES
    }


def weighed(base: PlanData, cost: Mapping[str, float], likely: Mapping[str, float]) -> float:
    """What is minimised, of the costs of the futures."""
    weight = base.risk_weight
    return (1 - weight) * mean(cost, likely) + weight * cvar(cost, likely, base.risk_tail)


def _changes(inputs: Inputs, futures: Mapping[str, float]) -> list[Row]:
    """What --set changed, once, then what each scenario changed."""
    for_all = inputs.changes()
    own = {name: inputs.changes(name)[len(for_all) :] for name in futures if name != BASE.name}
    rows = [{"scenario": "", **change.line()} for change in for_all]
    return rows + [{"scenario": name, **change.line()} for name, changes in own.items() for change in changes]


# --- EVPI and VSS ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Values:
    """known_musd: least cost of each future known from the start. base_held_musd: least objective of plans that are
    good for the base.
    EVPI may be below 0: who knows the future asks each project to earn its keep in it, not in the mean of all.

    remarks: why a value is missing, or says little.
    """

    evpi_musd: float | None = None
    vss_musd: float | None = None
    known_musd: Mapping[str, float] | None = None
    base_held_musd: float | None = None
    remarks: tuple[str, ...] = ()


def _worth_of_knowing(
    base: PlanData, tree: Tree, joint: Solved, plan: Plan, wanted: Search, branches: Sequence[Branch]
) -> Values:
    """Best effort: a value that cannot be had leaves a remark, never the plan.

    branches: combinations of threats that a plan must stand, whether it knows its future or not.
    """
    remarks: list[str] = []
    objective, likely = plan.objective_musd, plan.probabilities
    alone = {name: tree.data[leaf] for name, leaf in tree.leaf_of.items()}
    known: dict[str, float] = {}
    base_plan = _alone(base, wanted, remarks, branches)
    for name, data in alone.items():
        solved = base_plan if name == base.scenario.name else _alone(data, wanted, remarks, branches)
        if solved:
            known[name] = solved.outcome.objective
    noise = wanted.gap * abs(objective) + ABSOLUTE_GAP
    evpi = gain(objective - weighed(base, known, likely), noise) if len(known) == len(alone) else None
    held = None
    if not tree.shared:  # nothing is decided before one knows
        held = objective
    elif base_plan and base.scenario.name not in likely:
        remarks.append("the scenarios leave the base no probability: there is no VSS")
    elif base_plan:
        optimum = base_plan.outcome.objective
        most = optimum + wanted.gap * abs(optimum) + 1e-9 * max(1.0, abs(optimum))
        if plan.futures[base.scenario.name] <= most:
            held = objective
        else:
            secure = with_branches(tree, branches) if branches else None
            held = _good_for_base(base.scenario.name, most, joint, secure, wanted, remarks)
    vss = None if held is None else gain(held - objective, noise)
    return with_remarks(plan, Values(evpi, vss, known if evpi is not None else None, held, tuple(remarks)), noise)


def with_remarks(plan: Plan, values: Values, noise: float) -> Values:
    """Remarks added that say how far the values can be trusted; noise: MUSD that the gaps of the solves leave open."""
    remarks = list(values.remarks)
    if plan.status != "optimal":
        remarks.append("the plan itself was not proved within the gap: EVPI is at most, VSS at least what is shown")
    if any(value is not None and 0 < value <= noise for value in (values.evpi_musd, values.vss_musd)):
        remarks.append(f"a value of less than {noise:.3g} MUSD is within what the solves leave open")
    return replace(values, remarks=tuple(remarks))


def gain(value: float, noise: float) -> float:
    """What the gaps of two solves make of 0 may be negative."""
    return 0.0 if -noise <= value < 0 else value


def _alone(data: PlanData, wanted: Search, remarks: list[str], branches: Sequence[Branch]) -> Solved | None:
    """The plan of one scenario that knows its future."""
    name = data.scenario.name
    tree = with_branches(single(data), [branch for branch in branches if branch.future == name])
    try:
        solved = optimised(tree, wanted.named(f"{name} alone"), Clock(None))
    except (NoPlanError, StoppedError) as error:
        remarks.append(f"{name} alone: {error}")
        return None
    return solved if _proved(solved.outcome, f"{name} alone", remarks) else None


def _good_for_base(
    name: str, most: float, joint: Solved, secure: Tree | None, wanted: Search, remarks: list[str]
) -> float | None:
    """The least objective of plans whose base future, of this name, costs so much at most (MUSD).

    joint: the model of all futures, which is used again. secure: the tree of plans that must stand threats."""
    built, solver, bound = joint.built, joint.solver, joint.outcome.bound
    if secure is not None:
        built, bound = build(secure), -INFINITY
        solver = load_model(built)
    solver.drop_added_rows()
    solver.restore()
    tree = built.tree
    costs = [term for n in tree.path[tree.leaf_of[name]] for term in discounted(tree, built.costs, n, 1.0)]
    solver.limit(costs, most)
    named = wanted.named("good for the base")
    try:
        outcome = _seen_apart(solver, named, joint.outcome.objective, bound)
    except NoPlanError:
        remarks.append("every plan that is good for the base leaves some future without a plan: there is no VSS")
        return None
    except StoppedError as error:
        remarks.append(f"good for the base: {error}")
        return None
    return outcome.objective if _proved(outcome, "good for the base", remarks) else None


def _seen_apart(solver: Solver, wanted: Search, objective: float, bound: float) -> Outcome:
    """Solved until what it costs is proved, or known to be within the gap of an objective that is less: to tell those
    two apart is more than the gap allows."""
    began, noise = time.monotonic(), wanted.gap * abs(objective) + ABSOLUTE_GAP
    watched = (wanted.on_progress, wanted.should_stop, began)
    near = max(ABSOLUTE_GAP, objective + noise - bound) if bound > -INFINITY else ABSOLUTE_GAP
    outcome = solver.solve(wanted.gap, wanted.time_limit, *watched, near, bound)
    if not outcome.optimal or outcome.objective <= objective + noise:
        return outcome
    if outcome.objective - outcome.bound <= wanted.gap * abs(outcome.objective):
        return outcome
    solver.start_from(solver.values())
    left = max(0.0, wanted.time_limit - (time.monotonic() - began))
    return solver.solve(wanted.gap, left, *watched, bound=outcome.bound)


def _proved(outcome: Outcome, what: str, remarks: list[str]) -> bool:
    if not outcome.optimal:
        remarks.append(f"{what}: not solved within the gap in time")
    return outcome.optimal
