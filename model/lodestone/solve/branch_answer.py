"""What a branch looks like once the plan stands its threats: what is short, what lasts how long, what limits it.

The best answer is sought with what the plan decided and stocked before. It also fills the branch's tables, which are
audited and kept in plan.json.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyomo.environ as pyo

from lodestone.data.plan_data import STREAMS
from lodestone.data.tree import Tree, with_branches
from lodestone.rules.build import Built, build
from lodestone.solve.branch_preparation import key_of, node_of
from lodestone.solve.branch_trial import PRICED, ROUNDING, Held, Key, Trial, used_by
from lodestone.solve.decomposition.shared import alone
from lodestone.solve.no_worse import Used

MORE = 0.01  # by how much more is asked for, to see what binds


@dataclass(frozen=True)
class Answer:
    """The best answer to a combination. short_t: t by sector; empty: stockpile -> days from the first threat until it
    is empty; binding: what limits how much is served, where hardly more than is asked for could be."""

    short_t: Mapping[str, float]
    empty: Mapping[str, float]
    binding: tuple[str, ...]
    used: Used = field(default_factory=dict, repr=False)
    values: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)  # by column of the trial


def answer(trial: Trial, held: Held, tree: Tree) -> Answer:
    """Of a combination that the plan stands: the least shortage, weighed by what it costs, and what limits it."""
    assert trial.arrays is not None
    solver, slacks = trial.loaded(held)
    if not trial.seek_best(solver, slacks):
        solver.relax(False)
        solver.solve(0.0, np.inf)
    values = solver.values()
    missed: dict[str, float] = defaultdict(float)
    for column, (name, index) in enumerate(trial.arrays.variables):
        if name == "flows.short":
            missed[index[2]] += max(0.0, float(values[column]))
    short_t = {sector: t for sector, t in missed.items() if t > ROUNDING}
    empty = runs_empty(trial, values, held, tree)
    return Answer(short_t, empty, _binding(trial, held, values), used_by(trial, values), values)


def branch_built(trial: Trial, values: np.ndarray, held: Held, tree: Tree) -> Built:
    """The model of a branch with the answer in its variables: before the first threat they are as the plan has them."""
    assert trial.arrays is not None
    whole = with_branches(tree, [trial.branch])
    (leaf,) = whole.branch_ends
    path = whole.path[leaf]
    built = build(alone(whole, leaf))
    place = {key: i for i, key in enumerate(trial.arrays.variables)}
    names: dict[int, str] = {}
    for component in built.model.component_objects(pyo.Var):
        for variable in component.values():
            key = key_of(variable, path, names)
            low, high = variable.bounds
            value = float(values[place[key]]) if key in place else (low or 0.0) if node_of(key) is None else held(key)
            value = max(value, low) if low is not None else value
            variable.set_value(min(value, high) if high is not None else value, skip_validation=True)
    return built


def values_by_key(built: Built) -> dict[Key, float]:
    """What the variables of a model hold, by component and index, where it is not 0."""
    return {
        (str(component.name), index if isinstance(index, tuple) else (index,)): float(variable.value)
        for component in built.model.component_objects(pyo.Var)
        for index, variable in component.items()
        if variable.value
    }


def runs_empty(trial: Trial, values: np.ndarray, held: Held, tree: Tree) -> dict[str, float]:
    """Stockpile -> days from the first threat until it is empty; those that last are left out."""
    assert trial.arrays is not None
    stock: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for value, (name, index) in zip(values, trial.arrays.variables, strict=False):
        if name == "stockpiles.stock":
            stock[index[1]][index[0]] += float(value)
    data = trial.branch.data
    path = tree.path[tree.leaf_of[trial.branch.future]]
    first = data.scenario.shows or tree.time[path[0]]
    before = [n for n in path if tree.time[n] < first]
    lasts: dict[str, float] = {}
    for pile, by_node in stock.items():
        opening = (
            sum(held(("stockpiles.stock", (before[-1], pile, k))) for k in STREAMS)
            if before
            else sum(data.stockpiles[pile].opening.values())
        )
        days = 0.0
        after = [n for n in path if tree.time[n] >= first]
        for n, node in zip(after, sorted(by_node), strict=True):
            days += 365 * tree.length[n]
            if opening > ROUNDING and by_node[node] <= ROUNDING * max(1.0, opening):
                lasts[pile] = days
                break
    return lasts


LIMITS: Mapping[str, Callable[..., str]] = {  # rows and columns that limit what is served, in words
    "capacity.within": lambda n, u: f"capacity of {u}",
    "closure.works": lambda n, u: f"capacity of {u}",
    "closure.standing": lambda n, u: f"capacity of {u}",
    "closure.stays": lambda n, u: f"what is kept open of {u}",
    "capacity.access": lambda n, u: f"contracts with {u}",
    "capacity.market_access": lambda n, v: f"contracts with {v}",
    "contracts.in_force": lambda n, c, d: f"volume of {c}",
    "flows.lane": lambda n, m, r, to: f"lane from {r} to {to} for {m}",
    "flows.buy": lambda n, v: f"volume of {v}",
    "flows.avoid": lambda n, o, *j: f"what {o} can avoid",
    "stockpiles.balance": lambda n, s, k: f"stock of {s}",
    "stockpiles.held": lambda n, s, k: f"stock of {s}",
    "stockpiles.max_release": lambda n, s: f"release of {s}",
    "stockpiles.cover": lambda n, s: f"days of cover of {s}",
    "stockpiles.least": lambda n, s: f"least stock of {s}",
    "suppliers.resourcing": lambda n, to, m: f"new suppliers of {m} in {to}",
    "budgets.within": lambda n, b: f"budget {b}",
    "budgets.later": lambda n, b, year: f"budget {b}",
}


def _binding(trial: Trial, held: Held, values: np.ndarray) -> tuple[str, ...]:
    """What limits how much is served: with a little more demand something would be missing, and these have a price."""
    assert trial.arrays is not None
    arrays = trial.arrays
    more = np.zeros(len(arrays.rows))
    data = trial.branch.data
    for i, row in enumerate(arrays.rows):
        name, index = row.constraint
        if name == "flows.demand" and data.sectors[index[2]].secure_share > 0:
            more[i] = MORE * arrays.row_lower[i]
    raised = replace(
        trial, arrays=replace(arrays, row_lower=arrays.row_lower + more, row_upper=arrays.row_upper + more)
    )
    solver, slacks = raised.loaded(held)
    solver.hold_integers(values)
    total = raised.seek_least(solver, slacks, near="best")
    if total is None or total <= PRICED:
        return ()
    found: dict[str, None] = {}
    duals, reduced = solver.row_duals(), solver.reduced_costs()
    for dual, row in zip(duals, arrays.rows, strict=False):
        name, index = row.constraint
        if abs(dual) > PRICED and name in LIMITS:
            found[LIMITS[name](*index)] = None
    for cost, (name, index) in zip(reduced, arrays.variables, strict=False):
        if cost < -PRICED and name in LIMITS:
            found[LIMITS[name](*index)] = None
    return tuple(found)
