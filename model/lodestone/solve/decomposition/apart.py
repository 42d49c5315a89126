"""A joint plan future by future, on any processes: no MPI, and no search in a model of all futures.

    1. the linear relaxation of the tree: a bound, and prices for what futures have in common (`relaxation`)
    2. some futures that pass all shared nodes do what is best for them with their prices, near to what the relaxed
       tree does, two at a time
    3. what each does is held in all of them, each solved to its end: a plan of the tree
    4. while the gap is too wide: each future is solved with its prices alone, which bounds the plan more closely; what
       those do that pass all shared nodes is held in all of them

Prices make a future look upon what is in common as all of them do together.

Example: two futures, equally likely, may build one works before they part. It costs 10; calm saves nothing by it,
crisis 30. To build costs 10 - 15 = -5 in the mean. Each alone calm does not build and crisis does. Relaxed, the tree
builds one; it is worth 0 to calm's own rows and 30 to those of crisis, 15 in the mean: prices of 0 - 15 and 30 - 15.
With these a works costs both -5, and both build.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lodestone.errors import StoppedError
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.rules.linear import Row
from lodestone.rules.objective import mean
from lodestone.solve.decomposition.order import Found, Order
from lodestone.solve.decomposition.piece import Answer, Held, Numbers, Piece, Priced, Pulled
from lodestone.solve.decomposition.relaxation import TOLERANCE, Relaxation, relaxation
from lodestone.solve.decomposition.shared import alone, stretches

Spread = Callable[[Sequence[Piece], ShouldStop], list[Answer | None]]  # works on pieces somewhere; in their order
PART = 0.25  # of the gap asked for, that each solve may leave
PULL = 1.0  # to the relaxed tree, in units of worth / spread: with 0.1 plans cost as much, with 0.01 more
AT_A_TIME, MOST = 2, 6  # futures that are pulled
INFINITY = float("inf")


@dataclass
class Apart:
    """A joint plan on its way: the best so far (cost, MUSD, and tables of each future), and the bound that is proved.

    tried: how many plans were held in all futures.
    """

    order: Order
    spread: Spread
    on_progress: OnProgress
    should_stop: ShouldStop
    started: float = field(default_factory=time.monotonic)
    cost: float = INFINITY
    bound: float = -INFINITY
    tables: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    common: Numbers = field(default_factory=dict)
    tried: int = 0

    def __post_init__(self) -> None:
        tree = self.order.tree
        ends = stretches(tree)
        self.paths = {name: alone(tree, leaf) for name, leaf in tree.leaf_of.items()}
        self.ends = {name: {n: ends[n] for n in tree.path[leaf] if n in ends} for name, leaf in tree.leaf_of.items()}
        self.likely = {name: tree.probability[leaf] for name, leaf in tree.leaf_of.items()}
        most = max(map(len, self.ends.values()))
        self.whole_way = [name for name, passed in self.ends.items() if len(passed) == most]
        self.first = self.whole_way[0]

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.order.time_limit - (time.monotonic() - self.started))

    @property
    def gap(self) -> float:
        """Between the best plan and the bound, relative."""
        return (self.cost - self.bound) / max(abs(self.cost), 1e-9)

    @property
    def over(self) -> bool:
        """Whether it is time to end."""
        return self.gap <= self.order.gap or self.left <= 0 or self.should_stop()

    def run(self) -> Found:
        """Until the gap is small enough, nothing more can be tried, or time ends.

        Raises NoPlanError where there is no plan, StoppedError where none was found for all futures.
        """
        tree, careful = self.order.tree, self.order.careful
        known = relaxation(tree, careful, self.left, self.on_progress, self.should_stop, self.started)
        self.bound = known.bound
        self._tell()
        for i in range(0, min(MOST, len(self.whole_way)), AT_A_TIME):
            near = [
                self._piece(Pulled, name, prices=known.prices[name], centre=known.common, pull=PULL)
                for name in self.whole_way[i : i + AT_A_TIME]
            ]
            self._try(self.spread(near, self.should_stop))
            if self.over:
                break
        if not self.over:
            self._try(self._bounded(known))
        if not self.tables:
            raise StoppedError("stopped before the futures agreed on a plan; allow more time")
        return self._found(known)

    def _bounded(self, known: Relaxation) -> list[Answer | None]:
        """What those do with their prices that pass all shared nodes; what all futures pay is a bound."""
        pieces = [self._piece(Priced, name, prices=known.prices[name]) for name in self.paths]
        answers = dict(zip(self.paths, self.spread(pieces, self.should_stop), strict=True))
        least = {name: answer.bound for name, answer in answers.items() if answer is not None}
        if len(least) == len(self.paths):
            paid = mean(least, self.likely)
            self.bound = max(self.bound, paid - TOLERANCE * abs(paid))
        return [answers[name] for name in self.whole_way]

    def _try(self, answers: Sequence[Answer | None]) -> None:
        """Hold what a future would do in all of them; what they then do is kept if it is the best."""
        for answer in answers:
            if answer is None or not answer.common or (self.over and self.tables):
                continue
            self.tried += 1
            pieces = [self._piece(Held, name, common=answer.common) for name in self.paths]
            told = dict(zip(self.paths, self.spread(pieces, self.should_stop), strict=True))
            plans = {name: plan for name, plan in told.items() if plan is not None}
            if len(plans) < len(self.paths):
                continue
            cost = mean({name: plan.cost for name, plan in plans.items()}, self.likely)
            if cost < self.cost:
                self.cost, self.common = cost, answer.common
                self.tables = {name: plan.tables for name, plan in plans.items()}
            self._tell()

    def _piece(self, kind: Callable[..., Piece], name: str, **asked: object) -> Piece:
        order = self.order
        return kind(name, self.paths[name], self.ends[name], PART * order.gap, self.left, order.careful, **asked)

    def _tell(self) -> None:
        best = self.cost if self.tables else None
        gap = None if best is None else self.gap
        self.on_progress(Progress("futures", time.monotonic() - self.started, best, self.bound, gap))

    def _found(self, known: Relaxation) -> Found:
        alone: Mapping[str, Answer | None] = {}
        if self.order.values:
            pieces = [self._piece(Held, name) for name in self.paths]
            alone = dict(zip(self.paths, self.spread(pieces, self.should_stop), strict=True))
        return Found(
            tables=self.tables,
            reference=self.first,
            bound=self.bound,
            iterations=self.tried,
            size=known.size,
            in_common=len(self.common),
            known={name: answer.cost for name, answer in alone.items() if answer is not None},
            known_proved=bool(alone) and all(answer is not None and answer.proved for answer in alone.values()),
            base_held=None,
        )
