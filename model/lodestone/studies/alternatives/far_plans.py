"""The plan within the limit that differs most from those before it: among good plans that are known, or proved to.

The distance of two plans is the number of choices that differ (project, package, contract, in any year; copies of a
project count in parts). In a small model the mixed-integer programme finds the plan whose distance to the nearest plan
before is largest. In a large one it is the best of the plans known, from which one choice after another is changed
while that helps. Decisions that do nothing are dropped at the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from lodestone.errors import NoPlanError, StoppedError
from lodestone.solver.matrix import Variable
from lodestone.studies.alternatives.good_plans import CONTRACT, PROJECT, GoodPlans, Key, Whole

SMALL = 200  # integer columns: up to here the plan that differs most is proved to
STRIPPED, CLIMBS = 6, 120  # plans and choices that are tried for it in a larger model
IDLE_T = 1e-6


class FarPlans:
    """Good plans, and how far they are from others."""

    def __init__(self, good: GoodPlans) -> None:
        self.good = good

    def differ_most(self, before: Sequence[Whole], seconds: float) -> tuple[Whole, bool] | None:
        """The plan whose distance to the nearest plan before is largest, and whether that is proved.

        seconds: for the search. None when no plan differs.
        """
        ends = time.monotonic() + seconds
        known = [whole for whole, cost in self.good.plans.items() if cost <= self.good.limit]
        farthest = sorted(known, key=lambda whole: (-self.distance(whole, before), self.good.plans[whole], whole))
        candidates = list(dict.fromkeys(self._stripped(whole) for whole in farthest[:STRIPPED]))
        start = max(candidates, key=lambda whole: self._merit(whole, before))
        if len(self.good.integers) <= SMALL:
            found, proved = self._farthest(start, before, seconds)
        else:
            found, proved = self._climbed(start, before, ends), False
        last = self._stripped(found)
        if self.distance(last, before) < self.distance(start, before):
            last, proved = start, False
        return (last, proved) if self.distance(last, before) > 0 else None

    def _farthest(self, start: Whole, before: Sequence[Whole], seconds: float) -> tuple[Whole, bool]:
        """By the mixed-integer programme; of plans as far away, a cheap one."""
        self.good.reset()
        span = max(self.good.limit - min(self.good.plans.values()), 1e-9)
        parts = max((project.max_builds for project in self.good.data.projects.values()), default=1)
        self.good.solver.limit_cost(self.good.limit)
        self.good.solver.set_cost(self.good.solver.cost * (0.4 / parts / span))
        distance = self.good.solver.new_column(0.0, float(len(self.good.columns)), -1.0)
        for plan in before:
            constant, terms = self._distance_terms(plan)
            self.good.solver.new_row(-math.inf, constant, [(1.0, distance), *((-c, column) for c, column in terms)])
        self.good.solver.offer(self.good.integers, np.array(start, dtype=float))
        try:
            outcome = self.good.solver.solve(0.0, seconds, None, self.good.should_stop, absolute_gap=0.5 / parts)
            found, proved = self.good.whole_of(self.good.solver.values()), outcome.optimal
        except (NoPlanError, StoppedError):
            found, proved = start, False
        self.good.solver.rest(distance)
        cost = self.good.price(found)
        if cost is None or cost > self.good.limit:
            return start, False
        self.good.plans[found] = cost
        return found, proved

    def _climbed(self, start: Whole, before: Sequence[Whole], ends: float) -> Whole:
        """One choice after another changed, the cheapest first, where that leads away from the plans before."""
        plan = start
        for key in sorted(self.good.columns, key=self._price_of_change)[:CLIMBS]:
            if time.monotonic() > ends or self.good.should_stop():
                break
            for other in self._flipped(plan, key):
                if self._merit(other, before) > self._merit(plan, before):
                    cost = self.good.plans[other] if other in self.good.plans else self.good.price(other)
                    if cost is not None and cost <= self.good.limit:
                        self.good.plans[other] = cost
                        plan = other
                        break
        return plan

    def _flipped(self, plan: Whole, key: Key) -> Iterator[Whole]:
        if key in self.good.taken(plan):
            yield self.good.without(plan, [key])
        else:
            yield from self.good.added(plan, key)

    def _price_of_change(self, key: Key) -> float:
        """The larger of the cheapest costs with and without the decision, of the plans known."""
        costs = {True: math.inf, False: math.inf}
        for whole, cost in self.good.plans.items():
            side = any(whole[self.good.place[column]] for column in self.good.columns[key].values())
            costs[side] = min(costs[side], cost)
        return max(costs.values())

    def _merit(self, whole: Whole, before: Sequence[Whole]) -> tuple[float, float, float]:
        """The nearest plan counts first, then all of them, then cost."""
        distances = [self.distance(whole, [plan]) for plan in before]
        return min(distances), sum(distances), -self.good.plans.get(whole, math.inf)

    def _stripped(self, whole: Whole) -> Whole:
        """The plan without idle projects and contracts from which nothing is taken, if that costs no more."""
        cost = self.good.price(whole)
        if cost is None:
            return whole
        values, m, column = self.good.solver.values(), self.good.built.model, self.good.solver.column

        def is_idle(variable: Variable) -> bool:
            return id(variable) not in column or values[column[id(variable)]] <= IDLE_T

        worked: set[str] = {u for (_, u, _), act in m.flows.act.items() if not is_idle(act)}
        taken: set[str] = {c for (_, c, _), t in m.contracts.taken.items() if not is_idle(t)}
        idle = [(PROJECT, g) for g in self.good.data.projects if g not in worked]
        idle += [(CONTRACT, c) for c in self.good.data.contracts if c not in taken]
        less = self.good.without(whole, idle)
        if less == whole:
            return whole
        cheaper = self.good.price(less)
        if cheaper is None or cheaper > cost + 1e-6:
            return whole
        self.good.plans[less] = cheaper
        return less

    def distance(self, whole: Whole, before: Sequence[Whole]) -> float:
        """To the nearest of the plans before."""
        distances = []
        for plan in before:
            constant, terms = self._distance_terms(plan)
            distances.append(constant + sum(c * whole[self.good.place[column]] for c, column in terms))
        return min(distances, default=math.inf)

    def _distance_terms(self, plan: Whole) -> tuple[float, list[tuple[float, int]]]:
        """Distance to a plan as a constant and terms; a project built in part counts neither way."""
        constant, terms = 0.0, []
        for (kind, name), columns in self.good.columns.items():
            most = self.good.data.projects[name].max_builds if kind == PROJECT else 1
            had = sum(plan[self.good.place[column]] for column in columns.values())
            if had == 0:
                terms += [(1.0 / most, column) for column in columns.values()]
            elif had == most:
                constant += 1.0
                terms += [(-1.0 / most, column) for column in columns.values()]
        return constant, terms
