"""One combination of threats against a plan, in this process or another: the best answer with what was prepared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Branch, Tree, single
from lodestone.errors import NoPlanError
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built
from lodestone.rules.linear import worth
from lodestone.rules.objective import discounted
from lodestone.solve.all_futures import all_futures
from lodestone.solve.branch_answer import LIMITS, runs_empty, values_by_key
from lodestone.solve.branch_preparation import prepare
from lodestone.solve.branch_trial import LEAST_WEIGHT, NOTHING_LEFT, PRICED, ROUNDING, Key, Trial, used_by
from lodestone.solve.no_worse import Used
from lodestone.solve.one_scenario import scenario_data
from lodestone.studies.attack.results import Blow
from lodestone.studies.parallel.source import load_content
from lodestone.studies.parallel.tasks import AsItIs, Tell
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs

DEAR = 100.0  # times the dearest shortage: what a rule that gives way costs, so that none does without need
MOST_LIMITS = 5


@dataclass(frozen=True)
class Standing:
    """A plan in its model, as plain numbers. values: of its variables, where not 0; short (t by sector) and cost (MUSD,
    discounted, as if it were certain) of each node."""

    values: Mapping[Key, float]
    short: Mapping[int, Mapping[str, float]]
    cost: Mapping[int, float]

    def held(self, key: Key) -> float:
        """What is held under a key; 0 where nothing is."""
        return self.values.get(key, 0.0)


def standing(built: Built) -> Standing:
    """The plan that the variables of a model hold."""
    short: dict[int, dict[str, float]] = {n: {} for n in built.tree.nodes}
    for (n, _, sector, _), variable in built.model.flows.short.items():
        short[n][sector] = short[n].get(sector, 0.0) + max(0.0, variable.value or 0.0)
    cost = {n: worth(discounted(built.tree, built.costs, n, 1.0)) for n in built.tree.nodes}
    return Standing(values_by_key(built), short, cost)


@dataclass(frozen=True)
class Strike(AsItIs):
    """A combination against a plan, as it is sent to another process; scenario: None for a plan for all futures."""

    workbook: str
    content: bytes
    sets: tuple[str, ...]
    scenario: str | None
    future: str
    threats: tuple[str, ...]
    plan: Standing

    @property
    def label(self) -> str:
        return " + ".join(self.threats)

    def run(self, _tell: Tell, _should_stop: ShouldStop) -> tuple[Blow, Used | None]:
        inputs, tree = _read(self.workbook, self.content, self.sets, self.scenario)
        data = plan_data(inputs.combination(self.future, self.threats), inputs.tables())
        return strike(tree, self.plan, prepare(tree, Branch(self.future, self.threats, data)))


@lru_cache(maxsize=1)
def _read(workbook: str, content: bytes, sets: tuple[str, ...], scenario: str | None) -> tuple[Inputs, Tree]:
    """Once in a process."""
    inputs = load_content(workbook, content, sets)
    return inputs, planned_tree(inputs, scenario)[1]


def planned_tree(inputs: Inputs, scenario: str | None) -> tuple[PlanData, Tree]:
    """The base's data and the tree of a plan; scenario: None for all futures."""
    if scenario is None:
        return all_futures(inputs)
    data = scenario_data(inputs, scenario)
    return data, single(data)


def strike(tree: Tree, plain: Standing, trial: Trial) -> tuple[Blow, Used | None]:
    """One combination; also what its answer uses, None where there is none."""
    branch = trial.branch
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
    extra = float(trial.cost @ values[: len(trial.cost)]) - sum(plain.cost[n] for n in twins)
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
