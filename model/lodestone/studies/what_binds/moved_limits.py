"""What binds in a run: with its builds held, and what caps and budgets are worth with builds free to change.

The workbook of the run is loaded again and must be as it was. With builds, awards and signings held the linear
programme gives marginal values. A cap or budget with all its years moved a step - one point of a
share below 100 %, a tenth of a budget - is a solve of its own, looser ones from the run's plan; what the gaps of run
and solve leave open is said. A step that the run's plan takes anyway needs none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from lodestone.data.plan_data import BASE, OpenSeries, PlanData
from lodestone.data.tree import Tree, joint, single
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.names import listed, readable
from lodestone.plan.key_figures import begin
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import read_run, workbook_bytes, workbook_of
from lodestone.plan.tables import Rows
from lodestone.progress import Progress, ShouldStop
from lodestone.rules.budgets import counted, money
from lodestone.rules.build import Built, build
from lodestone.rules.china_share import row_terms, share_at, stock_row
from lodestone.solve.effort import AS_SET, Effort
from lodestone.solve.fixed_decisions import decisions
from lodestone.solve.marginal_values import duals, value_tables
from lodestone.solve.one_scenario import load_model, scenario_data
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Solver
from lodestone.solver.matrix import Variable
from lodestone.studies.parallel.solves import HERE, Where, run_tasks, task_count
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import NOT_BEGUN, AsItIs, Failure, OnLabel, Tell, by_label
from lodestone.studies.what_binds.results import NO_PLAN, Moved, WhatBinds
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.inputs import Inputs

POINT, TENTH = 0.01, 0.1
CAP, BUDGET = "China share", "budget"
STEP = {CAP: "one point", BUDGET: "10%"}
SAME = 1e-6  # relative: a cost that is the run's


def what_binds(
    run: Path,
    workbook: Path | None = None,
    effort: Effort = AS_SET,
    where: Where = HERE,
    on_news: OnLabel | None = None,
) -> WhatBinds:
    """What binds in the run of one scenario, or of all together.

    workbook: where it stands now. effort: of each solve with builds free; the gap is that of the run
    unless another is asked for. Raises UsageError when the workbook is not the one that was solved.
    """
    plan = read_run(run)
    path = workbook or workbook_of(plan, run)
    content = workbook_bytes(plan, run) if workbook is None else read_bytes(workbook)
    require_as_it_was(plan, path, content)
    asked = (plan.gap if plan.gap_asked is None else plan.gap_asked) if effort.gap is None else effort.gap
    source = Source(path.name, content, plan.scenario, tuple(plan.sets or ()), asked, effort.time_limit)
    inputs = source.inputs()
    built, solver, whole = held_model(plan, tree_of(inputs, plan.scenario, plan.is_joint))
    rows, remarks = _values(plan, inputs, built, solver, whole)
    moved = _moved(plan, inputs, built, source, whole, where, on_news, effort.should_stop)
    return WhatBinds(
        run=str(run),
        workbook=readable(path.name),
        plan_name=plan.plan_name,
        scenario=plan.scenario,
        objective_musd=plan.objective_musd,
        bound_musd=plan.bound_musd,
        what_binds=rows["what_binds"],
        supply_cost=rows["supply_cost"],
        moved=moved,
        remarks=remarks,
    )


def require_as_it_was(plan: Plan, path: Path, content: bytes) -> None:
    """Raise UsageError when the workbook of the run has changed since."""
    if sha256(content).hexdigest() != plan.workbook_sha256:
        raise UsageError(
            f"{path} has changed since the run was solved: solve it again, "
            "or name the workbook as it was with --workbook"
        )


def tree_of(inputs: Inputs, scenario: str, all_futures: bool) -> Tree:
    """The tree that a run was planned on."""
    if not all_futures:
        return single(scenario_data(inputs, scenario))
    scenarios = [scenario_data(inputs, name) for name in inputs.scenario_names if name != BASE.name]
    return joint(scenario_data(inputs), scenarios)


# --- builds held ----------------------------------------------------------------------------------------------------


def held_model(plan: Plan, tree: Tree) -> tuple[Built, Solver, np.ndarray]:
    """The model, loaded, and the run's whole-number decisions by column (0 elsewhere)."""
    if plan.is_joint and plan.futures.keys() != tree.leaf_of.keys():
        raise UsageError(f"the run is for the futures {listed(plan.futures)}, the workbook for {listed(tree.leaf_of)}")
    built = build(tree)
    solver = load_model(built)
    values = np.zeros(len(solver.variables))
    for name, leaf in tree.leaf_of.items():
        alone = plan.future(name) if plan.is_joint else plan
        for variable, value in _whole_numbers(built, alone, set(tree.path[leaf])):
            if id(variable) in solver.column:
                values[solver.column[id(variable)]] = value
    return built, solver, values


def _whole_numbers(built: Built, plan: Plan, nodes: set[int]) -> Iterable[tuple[Variable, float]]:
    m, year, held = built.model, built.tree.year, decisions(plan.tables)
    for (n, g), build_ in m.investments.build.items():
        if n in nodes:
            yield build_, held.builds.get((g, year[n]), 0)
    for (n, o), award in m.price_floors.award.items():
        if n in nodes:
            yield award, (o, year[n]) in held.awards
    for (n, c), sign in m.contracts.sign.items():
        if n in nodes:
            yield sign, (c, year[n]) in held.volumes
    clean = {(row["unit"], begin(row)) for row in plan.rows("plants") if row["clean_t"] > 0}
    for (n, u), whole in m.capacity.whole.items():
        if n in nodes:
            yield whole, (u, built.tree.time[n]) in clean


def _values(plan: Plan, inputs: Inputs, built: Built, solver: Solver, whole: np.ndarray) -> tuple[Rows, list[str]]:
    """The tables of marginal values. Raises StoppedError when the run's decisions cannot be held."""
    values = tidy(built, solver, whole)
    if values is None:
        raise StoppedError("the decisions of the run cannot be held in this version's model; solve it again")
    solver.store(values)
    remarks = []
    cost = float(solver.cost @ values)
    if abs(cost - plan.objective_musd) > SAME * max(1.0, abs(cost)):
        remarks.append(f"with its decisions held the plan costs {cost:,.3f} MUSD, not as the run says: solve it again")
    given = duals(built, solver, values)
    places = Places(inputs)
    rows: Rows = {}
    for name, leaf in built.tree.leaf_of.items():
        scenario = {"scenario": name} if plan.is_joint else {}
        for key, found in value_tables(built, given, places, leaf).items():
            rows.setdefault(key, []).extend({**scenario, **row} for row in found)
    return rows, remarks


# --- builds free ----------------------------------------------------------------------------------------------------


def _moved(
    plan: Plan,
    inputs: Inputs,
    built: Built,
    source: Source,
    whole: np.ndarray,
    where: Where,
    on_news: OnLabel | None,
    should_stop: ShouldStop | None,
) -> list[Moved]:
    tables = inputs.tables()
    names = [(CAP, c, "ChinaShare", "cap") for c in _in_force(built.tree, _shares)]
    names += [(BUDGET, b, "Budgets", "budget") for b in _in_force(built.tree, _money)]
    steps = [
        Moved(rule, name, tables.records[sheet][name,].cells[column], STEP[rule], more)
        for rule, name, sheet, column in names
        for more in (True, False)
    ]
    asked = [step for step in steps if step.more or not _kept_anyway(plan, step)]
    number = task_count(len(asked), where)
    start = tuple(whole.tolist())
    tasks = [MoveTask(source, plan.is_joint, tuple(asked[i::number]), start, i + 1, number) for i in range(number)]
    hear = by_label(tasks, on_news)
    solved: dict[Moved, _Solve] = {}
    for task, answer in zip(tasks, run_tasks(tasks, where, hear, should_stop), strict=True):
        failed = _Solve(message=answer.message) if isinstance(answer, Failure) else None
        solved |= {step: failed or answer[i] for i, step in enumerate(task.steps)}
    known = _Solve(plan.objective_musd, -math.inf if plan.bound_musd is None else plan.bound_musd)
    return [_difference(step, known, solved.get(step, known)) for step in steps]


def _in_force(tree: Tree, limits: Callable[[PlanData], Mapping[str, OpenSeries]]) -> list[str]:
    """Caps or budgets with a limit in some year."""
    by_node = [(tree.time[n], limits(tree.data[n])) for n in tree.nodes]
    return list(dict.fromkeys(c for time, rows in by_node for c, limit in rows.items() if limit.get(time) is not None))


def _shares(data: PlanData) -> dict[str, OpenSeries]:
    return {name: row.share for name, row in data.caps.items()}


def _money(data: PlanData) -> dict[str, OpenSeries]:
    return {name: row.limit for name, row in data.budgets.items()}


def _kept_anyway(plan: Plan, step: Moved) -> bool:
    """Whether the run's plan keeps the tighter limit."""
    if step.rule == CAP:
        rows = [row for row in plan.rows("china_share") if row["cap"] == step.name and row["limit"] < 1]
        return all(row["share"] <= max(0.0, row["limit"] - POINT) + 1e-9 for row in rows)
    rows = [row for row in plan.rows("budgets") if row["budget"] == step.name]
    return all(row["cumulated_outlay_musd"] <= (1 - TENTH) * row["cumulated_limit_musd"] + 1e-9 for row in rows)


@dataclass(frozen=True)
class _Solve:
    objective: float | None = None
    bound: float = 0.0
    message: str = ""


def _difference(step: Moved, run: _Solve, new: _Solve) -> Moved:
    """What the step saves or costs: as found, and what is proved. A looser limit never costs, a tighter never saves."""
    if new.objective is None or run.objective is None:
        return replace(step, message=new.message)
    loose, tight = (new, run) if step.more else (run, new)
    dear, cheap = tight.objective or 0.0, min(loose.objective or 0.0, tight.objective or 0.0)
    at_most = dear - min(loose.bound, cheap)  # infinite when a solve was stopped before it had a bound
    return replace(
        step,
        musd=dear - cheap,
        at_least=max(0.0, tight.bound - cheap),
        at_most=at_most if math.isfinite(at_most) else None,
    )


@dataclass(frozen=True)
class MoveTask(AsItIs):
    """Some steps in one model. start: the run's whole numbers by column, for looser limits."""

    source: Source
    all_futures: bool
    steps: tuple[Moved, ...]
    start: tuple[float, ...]
    part: int
    parts: int

    @property
    def label(self) -> str:
        return "caps and budgets moved" + ("" if self.parts == 1 else f", part {self.part} of {self.parts}")

    def run(self, tell: Tell, should_stop: ShouldStop) -> list[_Solve]:
        limits = _Limits(tree_of(self.source.inputs(), self.source.scenario, self.all_futures))
        gap = limits.data.mip_gap if self.source.gap is None else self.source.gap
        seconds = limits.data.time_limit_s if self.source.time_limit is None else self.source.time_limit
        found: dict[Moved, _Solve] = {}
        for step in sorted(self.steps, key=lambda s: s.more):  # tighter ones first: a start is only for looser ones
            named = _renaming(tell, f"{step.name}, {step.step} {'more' if step.more else 'less'}")
            named(Progress("", 0.0))
            if should_stop():
                found[step] = _Solve(message=NOT_BEGUN)
                continue
            limits.move(step)
            if step.more:
                limits.offer(np.array(self.start))
            try:
                outcome = limits.solver.solve(gap, seconds, named, should_stop)
                found[step] = _Solve(outcome.objective, outcome.bound)
            except NoPlanError:
                found[step] = _Solve(message=NO_PLAN)
            except StoppedError as error:
                found[step] = _Solve(message=str(error))
        return [found[step] for step in self.steps]


def _renaming(tell: Tell, stage: str) -> Callable[[Progress], None]:
    return lambda progress: tell(replace(progress, stage=stage))


class _Limits:
    """A loaded model whose caps and budgets are moved one at a time."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.data = tree.data[0]
        rows_for_all = {id(data): _below_one(data) for data in tree.data.values()}  # a share of 1 would have no row
        self.built = build(replace(tree, data={n: rows_for_all[id(data)] for n, data in tree.data.items()}))
        self.solver = load_model(self.built)

    def move(self, step: Moved) -> None:
        """All limits as in the workbook, but this one moved in every year."""
        self.solver.restore()
        m, tree, change = self.built.model, self.tree, 1 if step.more else -1

        def allowed(n: int, cap: str) -> float:
            share = share_at(tree, n, cap)
            if (step.rule, step.name) == (CAP, cap) and share < 1:
                share = min(1.0, max(0.0, share + change * POINT))
            return share

        for rows in (m.china_share.deliveries, m.china_share.intake, m.china_share.fills):
            for key, row in rows.items():
                shares = {a: allowed(a, key[1]) for a in m.china_share.parts[key]}
                self.solver.set_coefficients(row, row_terms(m.china_share, key, shares))
        for (n, cap, pile), row in m.china_share.stock.items():
            terms, most = stock_row(tree, m.stockpiles, n, pile, allowed(n, cap))
            self.solver.set_coefficients(row, terms)
            self.solver.set_upper(row, most)
        for (n, b), row in m.budgets.within.items():
            most = sum(money(tree, b, a) for a in counted(tree, b, n))
            factor = 1 + change * TENTH if (step.rule, step.name) == (BUDGET, b) else 1.0
            self.solver.set_upper(row, factor * most)

    def offer(self, whole: np.ndarray) -> None:
        """The run's decisions as a start; they also keep a looser limit."""
        self.solver.hold_integers(whole)
        if self.solver.solve_linear() is not None:
            values = self.solver.values()
            self.solver.restore()
            self.solver.start_from(values)
        else:
            self.solver.restore()


def _below_one(data: PlanData) -> PlanData:
    caps = {
        name: replace(row, share={y: s if s is None else min(s, 0.5) for y, s in row.share.items()})
        for name, row in data.caps.items()
    }
    return replace(data, caps=caps)
