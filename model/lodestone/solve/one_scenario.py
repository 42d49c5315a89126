"""One scenario from workbook to audited plan; `joint_run` strings the same stages together for all futures."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np
import pyomo.version
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.environ import ConcreteModel

from lodestone import __version__
from lodestone.audit import Audit, BesideFuture, audit, audit_branches, from_first_threat
from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree, single
from lodestone.errors import NoPlanError, StoppedError
from lodestone.names import readable
from lodestone.plan.formatting import count
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import FORMAT
from lodestone.plan.tables import COST_TERMS, Row, Rows
from lodestone.progress import OnProgress, Progress
from lodestone.rules.build import Built, build
from lodestone.rules.objective import expected_cost, risk_weight
from lodestone.rules.tables import cost_totals, money_tables, plan_tables, tariff_revenue
from lodestone.solve.accounts.tables import account_tables
from lodestone.solve.by_chain import Apart, apart, together
from lodestone.solve.effort import AS_SET, Effort, Search
from lodestone.solve.largest_share import told
from lodestone.solve.marginal_values import Duals, duals, value_tables
from lodestone.solve.secure import NoSecurePlanError, Security, branches_of, require_threats
from lodestone.solve.secure_search import secured
from lodestone.solve.tie_breaking import tidy
from lodestone.solve.warm_start import Start, start_from
from lodestone.solver.highs import ABSOLUTE_GAP, Outcome, Solver
from lodestone.solver.highs import version as highs_version
from lodestone.solver.large_model import solver_of
from lodestone.system.gc_pause import at_rest
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.origins import origins
from lodestone.workbook.snapshot import input_snapshot

LEAST_S = 0.1  # that is worth going on for
MOST_ROUNDS = 5  # a better plan costs less more than doing nothing, and so needs a smaller gap
T = TypeVar("T")


class Clock:
    """Seconds by stage, told to whoever watches."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self.seconds: dict[str, float] = {}
        self.started = self.last = time.monotonic()
        self.on_progress = on_progress

    def enter(self, stage: str) -> None:
        """Tell that a stage begins."""
        if self.on_progress:
            self.on_progress(Progress(stage, time.monotonic() - self.started))

    def leave(self, stage: str) -> None:
        """Count the seconds since the last one was left."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.last
        self.last = now


@dataclass(frozen=True)
class Proof:
    """What a solve proved (bound in MUSD), of a model of which size, which gap was asked for, and its start if any."""

    optimal: bool
    bound: float
    size: Mapping[str, int]
    gap_asked: float
    start: Start | None = None


@dataclass(frozen=True)
class Solved:
    """A solved model; values: its solution by column of the solver, which its variables hold once ties are broken."""

    built: Built
    outcome: Outcome
    size: dict[str, int]
    gap_asked: float
    solver: Solver
    values: np.ndarray
    start: Start | None = None

    def duals(self) -> Duals:
        """Solve the linear programme with the integers as they are, from the last basis: what limits are worth."""
        return duals(self.built, self.solver, self.values)

    @property
    def proof(self) -> Proof:
        """What is proved, as the plan has it."""
        return Proof(self.outcome.optimal, self.outcome.bound, self.size, self.gap_asked, self.start)


def scenario_data(inputs: Inputs, scenario: str = "base") -> PlanData:
    """A scenario's data in model units. Raises WorkbookError while a problem stands."""
    inputs.require_valid()
    return plan_data(inputs.tables(scenario), inputs.tables("base"))


@at_rest()
def solve_scenario(inputs: Inputs, scenario: str = "base", effort: Effort = AS_SET) -> Plan:
    """The audited plan of one scenario, which knows its future.

    Raises WorkbookError, NoPlanError when it is proved that there is no plan, StoppedError when the solve ends without
    one that passes the audit.
    """
    clock = Clock(effort.on_progress)
    clock.enter("read")
    data = effort.data(scenario_data(inputs, scenario))
    clock.leave("read")
    wanted = effort.search(data)
    k = effort.threats(data)

    def attempt(careful: bool) -> tuple[tuple[Solved, Plan], Audit]:
        whole, security = solve_secure(inputs, single(data), k, replace(wanted, careful=careful), clock)
        (leaf,) = whole.built.tree.leaf_of.values()
        solved = replace(whole, built=whole.built.along(leaf)) if security else whole
        clock.enter("audit")
        plan = plan_of(inputs, data, solved)
        result = audit(data, plan.document())
        if security:
            branches, more = audited_branches(security, {data.scenario.name: plan.tables})
            plan = replace(plan, secure=security.told(plan.objective_musd) | branches)
            result = result.and_also(more)
        clock.leave("audit")
        return (solved, plan), result

    (solved, plan), lines = passing(attempt)
    (leaf,) = solved.built.tree.leaves
    tables = (
        plan.tables
        | account_tables(data, plan.tables)
        | value_tables(solved.built, solved.duals(), Places(inputs), leaf)
        | money_tables(solved.built, solved.built.tree)
    )
    clock.leave("values")
    return replace(plan, audit=lines, tables=tables, seconds=clock.seconds)


def audited_branches(security: Security, futures: Mapping[str, Rows]) -> tuple[Row, Audit]:
    """The branches that a plan was made with, as plan.json keeps them, and their audit.

    futures: the tables of the plan, by scenario.
    """
    kept, besides = [], {}
    for branch in security.chosen:
        tables = plan_tables(security.models[branch.name])
        rows = from_first_threat(branch.data, tables)
        kept.append({"scenario": branch.future, "threats": list(branch.threats), "tables": rows})
        besides[branch.data.scenario.name] = (branch.data, BesideFuture(tables, futures[branch.future]))
    return {"branches": kept}, audit_branches(besides)


def solve_secure(inputs: Inputs, tree: Tree, k: int, wanted: Search, clock: Clock) -> tuple[Solved, Security | None]:
    """The solved tree, with the branches that it takes to stand every combination of at most k threats."""
    threats = require_threats(inputs, k)
    if k == 0:
        return solve_tree(tree, wanted, clock), None
    wanted = replace(wanted, enough=None)  # every round is solved to the gap asked for

    branches = branches_of(inputs, tree.leaf_of, threats, k)
    clock.leave("threats")
    try:
        found = secured(tree, branches, threats, k, lambda asked: solve_tree(asked, wanted, clock), wanted, clock.enter)
    except NoSecurePlanError as error:
        clock.enter("largest share")
        raise told(error, tree, branches, wanted, clock.enter) from error
    clock.leave("threats")
    return found


@at_rest()
def solve_tree(tree: Tree, wanted: Search, clock: Clock) -> Solved:
    """Build, solve and tidy the model of a tree. Raises NoPlanError, and StoppedError where it ends without a plan."""
    began = time.monotonic()
    solved = optimised(tree, wanted, clock)
    built, solver = solved.built, solved.solver
    clock.enter("tidy")
    left = max(0.0, wanted.time_limit - (time.monotonic() - began))
    values = settled(built, solver, solved.values, solved.outcome.objective, replace(wanted, time_limit=left))
    solver.store(values)
    tidied = tidy(built, solver, values)
    if tidied is not None:
        solver.store(tidied)
    clock.leave("solve")
    return replace(solved, values=values if tidied is None else tidied)


def optimised(tree: Tree, wanted: Search, clock: Clock) -> Solved:
    """Build and solve the model of a tree: of equally cheap solutions any, and its variables hold none. Raises what
    solve_tree raises."""
    began = time.monotonic()
    known = apart(tree, wanted, load_model_of)
    spent = time.monotonic() - began  # on chains by themselves, of the time that there is for all
    clock.enter("build")
    built = build(tree)
    clock.leave("build")
    clock.enter("load")
    solver = load_model(built, wanted.careful)
    clock.leave("load")
    start = start_from(built, wanted.start) if wanted.start is not None else None
    if start is not None and not solver.start_near(start.values, wanted.time_limit, wanted.should_stop):
        start = replace(start, kept=False)
    began = time.monotonic() - spent

    def left() -> Search:
        return replace(wanted, time_limit=max(0.0, wanted.time_limit - (time.monotonic() - began)))

    outcome, values = searched(solver, known, left, clock)
    outcome, values = closer(solver, outcome, values, left, clock)
    return Solved(built, outcome, solver.size, wanted.gap, solver, values, start)


def searched(
    solver: Solver, known: Apart | None, wanted: Callable[[], Search], clock: Clock
) -> tuple[Outcome, np.ndarray]:
    """The solution of the whole, by column; known: what its chains by themselves have proved."""
    start = None if known is None else together(solver, known)
    search = wanted()
    if start is not None and start[0].objective - start[0].bound <= search.gap * abs(start[0].objective) + ABSOLUTE_GAP:
        return start
    outcome = solver.solve(search.gap, search.time_limit, search.on_progress, search.should_stop, clock.started)
    if known is not None:
        outcome = replace(outcome, bound=min(max(outcome.bound, known.bound), outcome.objective))
    return outcome, solver.values()


def closer(
    solver: Solver, outcome: Outcome, values: np.ndarray, wanted: Callable[[], Search], clock: Clock
) -> tuple[Outcome, np.ndarray]:
    """Go on from a solution until its gap is small enough, or time ends; what is known of it then, and it by column.

    wanted: with the time that is left.
    """
    for _ in range(MOST_ROUNDS):
        enough = wanted().enough
        most = None if enough is None else enough(outcome.objective)
        search = wanted()  # to know what is enough may have taken its time
        if enough is None or most is None:
            break
        if outcome.objective - outcome.bound <= most or search.time_limit <= LEAST_S:
            break
        # A plan as cheap as the bound needs less; a bound that says nothing asks for nothing.
        asked = min(most, max(most / 2, enough(outcome.bound) or 0.0))
        solver.start_from(values)
        try:
            more = solver.solve(
                0.0,
                search.time_limit,
                search.on_progress,
                search.should_stop,
                clock.started,
                absolute_gap=asked,
                bound=outcome.bound,
            )
        except StoppedError:  # what was found stands
            break
        if more.objective <= outcome.objective:
            values = solver.values()
        best = min(more.objective, outcome.objective)
        bound = min(best, max(more.bound, outcome.bound))
        done = not more.optimal
        outcome = Outcome(outcome.optimal or more.optimal, best, bound, outcome.nodes + more.nodes)
        if done:
            break
    return outcome, values


def settled(built: Built, solver: Solver, values: np.ndarray, objective: float, wanted: Search) -> np.ndarray:
    """Return the solution by column.

    With risk_weight = 1 the objective ignores futures outside the tail, so solve again for least expected cost.
    """
    if risk_weight(built.tree) < 1:
        return values
    solver.limit_cost(objective + 1e-9 * max(1.0, abs(objective)))
    solver.set_goal(expected_cost(built.tree, built.costs))
    with suppress(NoPlanError, StoppedError):  # what was found stands
        solver.solve(wanted.gap, wanted.time_limit, wanted.on_progress, wanted.should_stop)
        values = solver.values()
    solver.set_goal(None)
    return values


def load_model(built: Built, careful: bool = False) -> Solver:
    """The model in the solver. Raises NoPlanError when a row cannot hold, whatever is decided."""
    return load_model_of(built.model, careful)


def load_model_of(model: ConcreteModel, careful: bool = False) -> Solver:
    """The same of a Pyomo model."""
    try:
        return solver_of(model, careful)
    except InfeasibleConstraintException as error:
        raise NoPlanError(f"no plan satisfies all rules of the workbook: {error}") from error


def passing(attempt: Callable[[bool], tuple[T, Audit]]) -> tuple[T, list[Row]]:
    """What passes its audit, with the lines of that; where the first attempt does not, a careful one is made.

    attempt: solves and audits; told whether to take tighter tolerances and no presolve.
    Raises StoppedError when neither passes.
    """
    found, result = attempt(False)
    if not result.ok:
        with suppress(NoPlanError, StoppedError):
            found, result = attempt(True)
    return found, audited(result)


def audited(result: Audit) -> list[Row]:
    """The lines of an audit that was passed. Raises StoppedError when it was not."""
    if not result.ok:
        finding = result.findings[0]
        raise StoppedError(
            f"the plan did not pass its audit and is not written: {finding.rule}, {finding.where}: "
            f"expected {finding.expected}, found {finding.found} ({count(len(result.findings), 'finding')})"
        )
    return [asdict(line) for line in result.lines]


def plan_of(inputs: Inputs, data: PlanData, solved: Solved) -> Plan:
    """The plan of one scenario before its audit."""
    tables = plan_tables(solved.built)
    costs = cost_totals(solved.built.tree, tables)
    cost = sum(costs.values())
    scenario = data.scenario.name
    return Plan(
        **heading(inputs, data, solved.proof, cost, cost),
        scenario=scenario,
        changes=[change.line() for change in inputs.changes(scenario)],
        settings=inputs.tables(scenario).told_settings,
        inputs=input_snapshot(inputs.tables(scenario)),
        **totals(costs, tariff_revenue(tables)),
        sheet_names=renamed(inputs),
        labels=inputs.labels or None,
        origins=origins(inputs.tables(scenario), inputs.changes(scenario), tables),
        tables=tables,
        audit=[],
    )


def renamed(inputs: Inputs) -> dict[str, str]:
    """The sheets whose name in the workbook is not quite that of the schema, such as "pricefloors"."""
    return {sheet: name for sheet, name in inputs.sheet_names.items() if name != sheet}


def heading(inputs: Inputs, data: PlanData, proof: Proof, objective: float, expected: float) -> Row:
    """What a plan says of its solve, whatever kind of run it is."""
    bound = min(proof.bound, objective)
    gap = (objective - bound) / max(abs(objective), 1e-9)
    return {
        "format": FORMAT,
        "plan_name": data.name,
        "status": "optimal" if proof.optimal or gap <= proof.gap_asked else "feasible",
        "objective_musd": objective,
        "expected_cost_musd": expected,
        "bound_musd": bound,
        "gap": gap,
        "gap_asked": proof.gap_asked,
        "seconds": {},
        "versions": {
            "lodestone": __version__,
            "python": platform.python_version(),
            "pyomo": pyomo.version.version,
            "highspy": highs_version(),
        },
        "workbook": readable(inputs.path.name),
        "workbook_sha256": inputs.sha256,
        "sets": list(inputs.sets),
        "horizon": [data.first_year, data.last_year],
        "warnings": [asdict(warning) for warning in inputs.warnings],
        "model": dict(proof.size),
        **({} if proof.start is None else {"start": proof.start.told()}),
    }


def totals(costs: Mapping[str, float], tariffs: float) -> Row:
    """Cost by term and by payer, and the treasury's revenue."""
    payers = {
        payer: sum(costs[t] for t, p in COST_TERMS.items() if p == payer) for payer in ("public", "buyers", "shortage")
    }
    return {"costs_musd": dict(costs), "payers_musd": payers, "tariff_revenue_musd": tariffs}
