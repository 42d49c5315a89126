"""The worst combinations of threats against a plan as it is: what is short, what it costs, what would have helped.

What the plan builds, awards, signs and stocks is held until the first threat shows itself; from then on the best answer
is sought with what was prepared (solve/branch_trial.py), as in a secure plan, but at least cost, and with no share that
must be served. China-share caps are lifted. What rules ask for beyond what can be given is missed, and named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Branch, Tree, single
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.names import readable
from lodestone.plan.plan import Plan
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built, build
from lodestone.rules.linear import worth
from lodestone.rules.objective import discounted
from lodestone.solve.all_futures import all_futures
from lodestone.solve.branch_trial import (
    LEAST_WEIGHT,
    LIMITS,
    NOTHING_LEFT,
    PRICED,
    ROUNDING,
    Held,
    Trial,
    prepare,
    runs_empty,
    used_by,
)
from lodestone.solve.effort import Effort, Search
from lodestone.solve.fixed_decisions import decisions, hold, hold_stocks
from lodestone.solve.no_worse import Used, smaller_answer
from lodestone.solve.one_scenario import load_model, scenario_data
from lodestone.solve.secure import held_by, require_threats
from lodestone.studies.attack.results import Attack, Blow
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs

OnBlow = Callable[[int, int, Blow], None]  # how many are done, of how many, the latest
DEAR = 100.0  # times the dearest shortage: what a rule that gives way costs, so that none does without need
MOST_LIMITS = 5


def attack(
    inputs: Inputs,
    run: str,
    plan: Plan,
    k: int = 2,
    on_blow: OnBlow | None = None,
    should_stop: ShouldStop | None = None,
) -> Attack:
    """Every combination of at most k threats of the workbook against a plan, the worst first.

    Raises UsageError where there is no threat or the plan is not of this workbook's years, NoPlanError where the
    workbook does not allow the plan's decisions.
    """
    if k < 1:
        raise UsageError(f"--k {k}: give at least 1 threat at once")
    threats = require_threats(inputs, k)
    base, tree = all_futures(inputs) if plan.is_joint else _one(inputs, plan.scenario)
    if list(plan.horizon) != [base.first_year, base.last_year]:
        first, last = plan.horizon
        raise UsageError(f"{run} plans {first}-{last}, {inputs.path.name} {base.first_year}-{base.last_year}")
    remarks = []
    if plan.workbook_sha256 != inputs.sha256:
        remarks.append(f"{run} was made from another version of the workbook")
    plain = _as_planned(tree, plan, Effort(should_stop=should_stop).search(base), remarks)
    found: list[Blow] = []
    skipped = 0
    together = [c for size in range(1, min(k, len(threats)) + 1) for c in combinations(threats, size)]
    todo = len(together) * len(tree.leaf_of)
    for name in tree.leaf_of:
        known: dict[tuple[str, ...], tuple[PlanData, Used]] = {}
        for combination in together:
            if should_stop and should_stop():
                remarks.append(f"stopped after {len(found)} of {todo} combinations")
                return _result(inputs, base, run, k, threats, found, skipped, remarks)
            data = plan_data(inputs.combination(name, combination), inputs.tables())
            if smaller := smaller_answer(combination, data, known):
                known[combination] = (data, known[smaller][1])
                skipped += 1
                continue
            blow, used = _strike(plain, prepare(tree, Branch(name, combination, data)))
            if used is not None:
                known[combination] = (data, used)
            found.append(blow)
            if on_blow:
                on_blow(len(found) + skipped, todo, blow)
    return _result(inputs, base, run, k, threats, found, skipped, remarks)


def _one(inputs: Inputs, scenario: str) -> tuple[PlanData, Tree]:
    data = scenario_data(inputs, scenario)
    return data, single(data)


def _result(
    inputs: Inputs,
    base: PlanData,
    run: str,
    k: int,
    threats: tuple[str, ...],
    found: Iterable[Blow],
    skipped: int,
    remarks: list[str],
) -> Attack:
    prices = {name: sector.shortage_cost for name, sector in base.sectors.items()}

    def hurt(blow: Blow) -> tuple[bool, float, float]:
        worth_of = sum(prices[sector] * t for sector, t in blow.short_t.items())
        return blow.extra_musd is None, worth_of, blow.extra_musd or 0.0

    ranked = tuple(sorted(found, key=hurt, reverse=True))
    if not ranked:
        raise StoppedError("stopped before the first combination was tried")
    return Attack(
        base.name, readable(inputs.path.name), run, k, threats, tuple(prices), ranked, skipped, tuple(remarks)
    )


class _Planned:
    """The plan in its model, with every variable at its value."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self.held: Held = held_by(self)
        self.short: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for (n, _, sector, _), variable in built.model.flows.short.items():
            self.short[n][sector] += max(0.0, variable.value or 0.0)

    def cost(self, n: int) -> float:
        """MUSD of a node, discounted, as if it were certain."""
        return worth(discounted(self.built.tree, self.built.costs, n, 1.0))


def _as_planned(tree: Tree, plan: Plan, wanted: Search, remarks: list[str]) -> _Planned:
    """The model with the plan's decisions and stocks held, and the cheapest flows that go with them."""
    for stocks in (True, False):
        built = build(tree)
        for name, leaf in tree.leaf_of.items():
            shown = plan.future(name) if plan.is_joint else plan
            made = decisions(shown.tables)
            hold(built, made, tree.path[leaf])
            if stocks:
                hold_stocks(built, made, tree.path[leaf])
        solver = load_model(built)
        try:
            solver.solve(wanted.gap, wanted.time_limit, should_stop=wanted.should_stop)
        except NoPlanError:
            if not stocks:
                raise NoPlanError("the workbook does not allow what the run decides; solve it again") from None
            remarks.append("the workbook does not allow the stocks of the run: they are planned anew")
            continue
        solver.store(solver.values())
        return _Planned(built)
    raise AssertionError("unreachable")


def _strike(plain: _Planned, trial: Trial) -> tuple[Blow, Used | None]:
    """One combination; also what its answer uses, None where there is none."""
    branch, tree = trial.branch, plain.built.tree
    data = branch.data
    year = data.scenario.from_year or data.first_year
    if trial.arrays is None or trial.cost is None:
        return Blow(branch.future, branch.threats, year, {}, None, {}, (), (trial.impossible,)), None
    arrays = trial.arrays
    solver, slacks = trial.loaded(plain.held)
    dear = DEAR * max([LEAST_WEIGHT, *(sector.shortage_cost for sector in data.sectors.values())])
    for column, i in slacks.items():
        asked = arrays.rows[trial.elastic[i][0]].constraint[0] != "secure.served"
        solver.set_costs(np.array([column]), np.array([dear if asked else 0.0]))
    solver.set_costs(np.arange(len(trial.cost)), trial.cost)
    try:
        solver.solve(1e-6, np.inf)
    except NoPlanError:
        lost = (NOTHING_LEFT,)
        return Blow(branch.future, branch.threats, year, {}, None, {}, (), lost), None
    values = solver.all_values()
    short: dict[str, float] = defaultdict(float)
    for value, (name, index) in zip(values, arrays.variables, strict=False):
        if name == "flows.short":
            short[index[2]] += max(0.0, float(value))
    twins = [n for n in tree.path[tree.leaf_of[branch.future]] if tree.time[n] >= (data.scenario.shows or 0)]
    for n in twins:
        for sector, t in plain.short[n].items():
            short[sector] -= t
    lacking = dict.fromkeys(
        trial.lack(i)
        for column, i in slacks.items()
        if float(values[column]) > ROUNDING * max(1.0, trial.elastic[i][3]) and trial.lack(i)
    )
    extra = float(trial.cost @ values[: len(trial.cost)]) - sum(plain.cost(n) for n in twins)
    short_t = {sector: t for sector, t in short.items() if t > ROUNDING * 100}
    solver.hold_integers(values[: len(trial.cost)])
    solver.solve_linear()
    return (
        Blow(
            branch.future,
            branch.threats,
            year,
            short_t,
            extra,
            runs_empty(trial, values, plain.held, tree),
            _limits(trial, solver.row_duals(), solver.reduced_costs()) if short_t else (),
            tuple(lacking),
        ),
        used_by(trial, values),
    )


def _limits(trial: Trial, duals: np.ndarray, reduced: np.ndarray) -> tuple[str, ...]:
    """What limits the answer, the dearest first, by what one more unit of it would save."""
    assert trial.arrays is not None
    worth_of: dict[str, float] = defaultdict(float)
    keys = [(row.constraint, abs(dual)) for row, dual in zip(trial.arrays.rows, duals, strict=False)]
    keys += [(key, max(0.0, -cost)) for key, cost in zip(trial.arrays.variables, reduced, strict=False)]
    for (name, index), price in keys:
        if price > PRICED and name in LIMITS:
            said = LIMITS[name](*index)
            worth_of[said] = max(worth_of[said], price)
    return tuple(sorted(worth_of, key=lambda said: -worth_of[said])[:MOST_LIMITS])
