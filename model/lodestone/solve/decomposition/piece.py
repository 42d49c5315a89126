"""What is asked of one future when it is planned for apart from the others: tasks that any process can do.

A task carries the future's own path of the tree, so that a worker needs nothing else. It builds the model, solves it,
and hands back numbers by name:

    Priced  with prices: what it would do
    Pulled  with prices: what it would do near to what the relaxed tree does
    Held    with the numbers in common held: its plan

`apart` says where prices come from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from lodestone.data.tree import Tree
from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import ShouldStop
from lodestone.rules.linear import Row
from lodestone.solve.decomposition.future import Future
from lodestone.solve.decomposition.shared import Key
from lodestone.solve.effort import Search
from lodestone.solver.highs_model import INFINITY
from lodestone.solver.matrix import Variable

Numbers = Mapping[Key, float]  # what is in common
Place = tuple[str, tuple[object, ...]]  # a variable: its kind and index, nodes numbered along the path of the future
Prices = Mapping[Place, float]  # MUSD per unit: what a future pays instead of its own cost
OF_LEAF = "earnings.own"  # by decision node, project, leaf
LEAST_S = 0.1  # of a solve, when time is up
LEAST_SPREAD = 0.01  # of a number's usual amount
EARNED = "earned"  # no decision: what promises to a project come to


@dataclass(frozen=True)
class Answer:
    """bound: MUSD, proved; common: numbers that it would have; size: of its model; tables: of its plan, at that cost.

    What was not asked for is empty.
    """

    bound: float = -INFINITY
    cost: float = INFINITY
    proved: bool = False
    common: Numbers = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    size: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """A future apart. tree: its path alone; ends: the shared nodes it passes (`shared.stretches`).

    gap: of one solve; time_limit: s from asked_at (time.time) on, however long the piece waits for a process.
    """

    label: str
    tree: Tree
    ends: Mapping[int, int]
    gap: float
    time_limit: float
    careful: bool = False
    asked_at: float = field(default_factory=time.time)

    def run(self, tell: Callable[[object], None], should_stop: ShouldStop) -> Answer | None:
        """The answer; None where there is none with what is held. tell is not used: a solve takes seconds."""
        future = Future(self.tree, self.ends, self.careful)
        waited = max(0.0, time.time() - self.asked_at)
        return self.ask(future, Search(self.gap, max(LEAST_S, self.time_limit - waited), should_stop=should_stop))

    def finish(self, value: Answer | None) -> Answer | None:
        """As it came."""
        return value

    def ask(self, future: Future, effort: Search) -> Answer | None:
        """What kind of piece this is."""
        raise NotImplementedError


@dataclass(frozen=True)
class Priced(Piece):
    """What a future does with prices, and what it pays at least."""

    prices: Prices = field(default_factory=dict)

    def ask(self, future: Future, effort: Search) -> Answer | None:
        """Raises NoPlanError where the future has no plan, whatever is agreed."""
        price(future, self.prices)
        try:
            outcome = future.solver.solve(effort.gap, effort.time_limit, None, effort.should_stop)
        except NoPlanError as error:
            raise NoPlanError(f"{self.label}: {error}, not even if this future is known from the start") from error
        except StoppedError:
            return None
        return Answer(bound=outcome.bound, common=_promised(future))


@dataclass(frozen=True)
class Pulled(Piece):
    """What a future does with prices that is not far from what the relaxed tree does: prices alone leave it without a
    choice between much and nothing. pull: how strongly."""

    prices: Prices = field(default_factory=dict)
    centre: Numbers = field(default_factory=dict)
    pull: float = 1.0

    def ask(self, future: Future, effort: Search) -> Answer | None:
        """None where nothing is found in time."""
        price(future, self.prices)
        centre = np.array([self.centre.get(key, 0.0) for key in future.keys])
        spread = np.maximum(np.maximum(LEAST_SPREAD * future.size, 0.1 * np.abs(centre)), 1e-6)
        spread = np.where(future.whole, 1.0, spread)
        try:
            future.pulled(np.zeros(len(centre)), centre, spread, self.pull, effort)
        except (NoPlanError, StoppedError):
            return None
        return Answer(common=_promised(future))


@dataclass(frozen=True)
class Held(Piece):
    """The plan of a future with the numbers in common agreed; without any, as if it were known from the start."""

    common: Numbers | None = None

    def ask(self, future: Future, effort: Search) -> Answer | None:
        """None where there is none, or none was found in time."""
        try:
            if self.common is None:
                outcome = future.alone(effort)
                return Answer(outcome.bound, outcome.objective, outcome.optimal)
            x = np.array([self.common[key] for key in future.keys])
            outcome = future.agreed(x, effort)
        except (NoPlanError, StoppedError):
            return None
        tables = future.tables(x, future.values())
        return Answer(cost=outcome.objective, proved=outcome.optimal, tables=tables, size=future.solver.size)


def node_of(variable: Variable) -> int:
    """The node of the tree that a variable is about; what is committed is about the first."""
    kind, key = place(variable)
    if not isinstance(key[0], int):
        return 0
    node = key[-1] if kind == OF_LEAF else key[0]
    assert isinstance(node, int)
    return node


def place(variable: Variable, number: Mapping[int, int] | None = None) -> Place:
    """A variable by its kind and index; number: node of a tree -> its number along the path of a future."""
    index, kind = variable.index(), variable.parent_component().name
    first, *rest = index if isinstance(index, tuple) else (index,)
    if number is None or not isinstance(first, int):
        return kind, (first, *rest)
    if kind == OF_LEAF:
        rest[-1] = number[rest[-1]]
    return kind, (number[first], *rest)


def price(future: Future, prices: Prices) -> None:
    """Let it minimise its cost, with prices where there are any, without the rows (26) that are asked of the mean of
    all futures."""
    for column, variable in enumerate(future.solver.variables):
        future.cost[column] = prices.get(place(variable), future.cost[column])
    future.solver.set_cost(future.cost, future.solver.offset)
    future.solver.set_least(future.keeps, np.full(len(future.keeps), -INFINITY))


def _promised(future: Future) -> Numbers:
    """What it does, with as much in promises to projects as it takes to keep them in this future."""
    solver, common = future.solver, dict(zip(future.keys, future.common().tolist(), strict=True))
    solver.restore()
    places = [i for i, key in enumerate(future.keys) if key[0] != EARNED]
    at = np.clip([common[future.keys[i]] for i in places], future.lower[places], future.upper[places])
    solver.set_bounds(future.columns[places], at, at)
    future.relax(True)
    if solver.solve_linear() is None:
        return common
    found = dict(zip(future.keys, future.common().tolist(), strict=True))
    return {key: found[key] if key[0] == EARNED else value for key, value in common.items()}
