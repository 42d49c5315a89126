"""The search behind `alternatives`: questions put to one loaded model whose cost may not exceed a limit.

A question is a decision (a project built, a package awarded, a contract signed, in any year) and a side (with it or
without it): is there a plan within the limit? A plan that was found answers every question it decides; what is left is
asked of, in this order,

    - plans next to those known, a decision changed and the rest held: a linear programme each;
    - the linear relaxation: if it costs more than the limit, so does every plan;
    - the mixed-integer programme, stopped at the first plan within the limit or when its bound is beyond it.

Every plan that counts was priced with its integers held at whole numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from model.build import build
from model.errors import NoPlanError, StoppedError
from model.highs import Outcome, Progress, ShouldStop
from model.plan_data import PlanData
from model.run import Effort, Solved, load_model
from model.studies.tasks import Tell
from model.tidy import tidy
from model.tree import single

PROJECT, FLOOR, CONTRACT = "project", "floor", "contract"
WITH, WITHOUT = True, False
TRIES_S = (10.0, 60.0, math.inf)  # for one question, before any gets more
SMALL = 200  # integer columns: up to here the plan that differs most is proved to
STRIPPED, CLIMBS = 6, 120  # plans and choices that are tried for it in a larger model
IDLE_T = 1e-6

Key = tuple[str, str]  # kind, name
Question = tuple[Key, bool]  # a decision, and whether it is taken
Whole = tuple[int, ...]  # the integer columns of a plan


Places = Mapping[Key, Mapping[int, int]]  # decision -> year -> place in a Whole


def taken(places: Places, whole: Whole) -> dict[Key, tuple[int, ...]]:
    """Decisions of a plan, with their years."""
    decided = {key: tuple(year for year, i in by_year.items() if whole[i] > 0) for key, by_year in places.items()}
    return {key: years for key, years in decided.items() if years}


@dataclass(frozen=True)
class Known:
    """What is known of the plans within the limit. plans: by their integers, what they cost; beyond: questions that
    no plan within the limit answers, with a bound on the cost of those that do (inf: there is none)."""

    plans: Mapping[Whole, float] = field(default_factory=dict)
    beyond: Mapping[Question, float] = field(default_factory=dict)

    def and_also(self, other: Known) -> Known:
        return Known({**self.plans, **other.plans}, {**self.beyond, **other.beyond})


class GoodPlans:
    """A loaded model of one scenario, and what has been found out with it."""

    def __init__(self, data: PlanData, tell: Tell, should_stop: ShouldStop | None, known: Known | None = None) -> None:
        self.data = data
        self.tell = tell
        self.should_stop = should_stop or (lambda: False)
        tell(Progress("build", 0.0))
        self.built = build(single(data))
        self.solver = load_model(self.built)
        self.integers = np.flatnonzero(self.solver.integer)
        self.columns = self._columns()
        self.place = {int(column): i for i, column in enumerate(self.integers)}
        self.plans: dict[Whole, float] = dict(known.plans) if known else {}
        self.beyond: dict[Question, float] = dict(known.beyond) if known else {}
        self.limit = math.inf  # MUSD, with the room that rounding needs; set before the first question
        self._shown: set[Question] = set()
        self._read = 0  # how many plans _shown has seen

    @property
    def known(self) -> Known:
        return Known(self.plans, self.beyond)

    def _columns(self) -> dict[Key, dict[int, int]]:
        """Decision -> year -> column; a decision without one cannot be taken, or makes no difference."""
        m, year, column = self.built.model, self.built.tree.year, self.solver.column
        names = [(PROJECT, g) for g in self.data.projects]
        names += [(FLOOR, o) for o in self.data.floors] + [(CONTRACT, c) for c in self.data.contracts]
        found: dict[Key, dict[int, int]] = {key: {} for key in names}
        for kind, variables in self._variables(m):
            for (name, n), variable in variables.items():
                if id(variable) in column:
                    found[kind, name][year[n]] = column[id(variable)]
        return found

    @staticmethod
    def _variables(m: Any) -> tuple[tuple[str, Any], ...]:
        return (PROJECT, m.investments.build), (FLOOR, m.price_floors.award), (CONTRACT, m.contracts.sign)

    # --- the best plan ----------------------------------------------------------------------------------------------

    def best(self, wanted: Effort) -> tuple[Whole, float, float]:
        """The tidied best plan, its cost, and the bound. Raises NoPlanError, StoppedError."""
        outcome = self.solver.solve(wanted.gap, wanted.time_limit, wanted.on_progress, wanted.should_stop)
        values = self.solver.values()
        tidied = tidy(self.built, self.solver, values)
        whole = self._whole(values if tidied is None else tidied)
        cost = self.price(whole)
        if cost is None:
            raise StoppedError("the best plan's decisions cannot be held to the last digit; try a smaller --gap")
        self.plans[whole] = cost
        return whole, cost, min(outcome.bound, cost)

    def _whole(self, values: np.ndarray) -> Whole:
        return tuple(int(x) for x in np.round(values[self.integers]))

    def price(self, whole: Whole) -> float | None:
        """The least cost with these integers; None if there is no such plan."""
        self._reset()
        values = np.zeros(len(self.solver.variables))
        values[self.integers] = whole
        self.solver.hold_integers(values)
        return self.solver.solve_linear()

    def _reset(self) -> None:
        self.solver.drop_added_rows()
        self.solver.restore()

    # --- what plans answer ------------------------------------------------------------------------------------------

    def taken(self, whole: Whole) -> dict[Key, tuple[int, ...]]:
        return taken(self.places, whole)

    @cached_property
    def places(self) -> Places:
        """Where the integers of a plan say what is decided, and when."""
        return {key: {y: self.place[c] for y, c in columns.items()} for key, columns in self.columns.items()}

    def open_questions(self) -> list[Question]:
        """Of decisions that have a column: what no plan shows and nothing rules out."""
        keys = [key for key, columns in self.columns.items() if columns]
        for whole, cost in islice(self.plans.items(), self._read, None):
            if cost <= self.limit:
                taken = self.taken(whole)
                self._shown.update((key, key in taken) for key in keys)
        self._read = len(self.plans)
        questions = [(key, side) for key in keys for side in (WITH, WITHOUT)]
        return [question for question in questions if question not in self._shown and question not in self.beyond]

    # --- the linear relaxation --------------------------------------------------------------------------------------

    def bound_all(self, questions: Iterable[Question], ends: float) -> None:
        """Rule out what the linear relaxation rules out."""
        self._reset()
        self.solver.relax(True)
        questions = set(questions).intersection(self.open_questions())
        for i, question in enumerate(sorted(questions)):
            if time.monotonic() > ends or self.should_stop():
                return
            self.tell(Progress(f"bound {i + 1} of {len(questions)}", 0.0))
            with self._asked(question):
                bound = self.solver.linear_bound()
            if bound > self.limit:
                self.beyond[question] = bound

    def _asked(self, question: Question) -> _Asked:
        key, side = question
        return _Asked(self.solver, list(self.columns[key].values()), side)

    # --- plans nearby -----------------------------------------------------------------------------------------------

    def look_nearby(self, questions: Iterable[Question], ends: float) -> None:
        """Change one decision of a plan that is known, with what belongs to it."""
        for question in questions:
            if question not in self.open_questions():
                continue
            for whole in self._neighbours(question):
                if time.monotonic() > ends or self.should_stop():
                    return
                self.tell(Progress("look nearby", 0.0))
                cost = None if whole in self.plans else self.price(whole)
                if cost is not None:
                    self.plans[whole] = cost
                    if cost <= self.limit:
                        break

    def _neighbours(self, question: Question) -> Iterator[Whole]:
        key, side = question
        for plan in sorted(self.plans, key=lambda whole: self.plans[whole])[:2]:
            if side is WITHOUT:
                yield self._changed(plan, dict.fromkeys(self.columns[key].values(), 0))
                gone = [*self.columns[key].values(), *self._belongings(key)]
                yield self._changed(plan, dict.fromkeys(gone, 0))
            else:
                yield from self._added(plan, key)

    def _added(self, plan: Whole, key: Key) -> Iterator[Whole]:
        """The decision taken in some years: with its project, in place of other packages of it."""
        kind, name = key
        project = self._project_of(key)
        years = self.columns[key]
        standing = self.taken(plan).get((PROJECT, project), ()) if project else ()
        for year in [y for y in standing if y in years] or _spread(list(years)):
            change = {years[year]: 1}
            if kind != PROJECT and project in self.data.projects:
                change |= {self.columns[PROJECT, project][year]: 1}
            if kind == FLOOR:
                rivals = (o for o, floor in self.data.floors.items() if floor.project == project and o != name)
                change |= {self.columns[FLOOR, o][year]: 0 for o in rivals if year in self.columns[FLOOR, o]}
            yield self._changed(plan, change)

    def _project_of(self, key: Key) -> str:
        kind, name = key
        if kind == PROJECT:
            return name
        return self.data.floors[name].project if kind == FLOOR else self.data.contracts[name].supplier

    def _belongings(self, key: Key) -> list[int]:
        """Columns of the packages and contracts of a project."""
        kind, name = key
        if kind != PROJECT:
            return []
        belonging = [(FLOOR, o) for o, floor in self.data.floors.items() if floor.project == name]
        belonging += [(CONTRACT, c) for c, contract in self.data.contracts.items() if contract.supplier == name]
        return [column for other in belonging for column in self.columns[other].values()]

    def _changed(self, plan: Whole, change: Mapping[int, int]) -> Whole:
        whole = list(plan)
        for column, value in change.items():
            whole[self.place[column]] = value
        return tuple(whole)

    # --- the mixed-integer programme --------------------------------------------------------------------------------

    def seek_all(self, questions: Sequence[Question], ends: float) -> None:
        """Ask the mixed-integer programme; each question for a short time first, what is left for longer."""
        for most in TRIES_S:
            for i, question in enumerate(questions):
                left = ends - time.monotonic()
                if left <= 0 or self.should_stop():
                    return
                if question in self.open_questions():
                    self._seek(question, min(left, most), f"question {i + 1} of {len(questions)}")

    def _seek(self, question: Question, seconds: float, stage: str) -> None:
        self._reset()
        with self._asked(question):
            found, bound = self.solver.seek(
                self.limit, seconds, lambda p: self.tell(Progress(stage, p.seconds)), self.should_stop
            )
            whole = self._whole(self.solver.values()) if found else ()
        if found is False and not self.should_stop():
            self.beyond[question] = bound
        elif found:
            cost = self.price(whole)
            if cost is not None:
                self.plans[whole] = cost

    # --- plans that differ most -------------------------------------------------------------------------------------

    def differ_most(self, before: Sequence[Whole], seconds: float) -> tuple[Whole, bool] | None:
        """The plan within the limit whose distance to the nearest plan before is largest; whether that is proved.

        Distance: choices (project, package, contract, in any year) that differ; copies of a project count in parts. In
        a small model the mixed-integer programme finds it. In a large one it is the best of the plans known, from which
        one choice after another is changed while that helps. Decisions that do nothing are dropped at the end. None
        when no plan differs.
        """
        ends = time.monotonic() + seconds
        known = [whole for whole, cost in self.plans.items() if cost <= self.limit]
        farthest = sorted(known, key=lambda whole: (-self.distance(whole, before), self.plans[whole], whole))
        candidates = list(dict.fromkeys(self._stripped(whole) for whole in farthest[:STRIPPED]))
        start = max(candidates, key=lambda whole: self._merit(whole, before))
        if len(self.integers) <= SMALL:
            found, proved = self._farthest(start, before, seconds)
        else:
            found, proved = self._climbed(start, before, ends), False
        last = self._stripped(found)
        if self.distance(last, before) < self.distance(start, before):
            last, proved = start, False
        return (last, proved) if self.distance(last, before) > 0 else None

    def _farthest(self, start: Whole, before: Sequence[Whole], seconds: float) -> tuple[Whole, bool]:
        """By the mixed-integer programme; of plans as far away, a cheap one."""
        self._reset()
        span = max(self.limit - min(self.plans.values()), 1e-9)
        parts = max((project.max_builds for project in self.data.projects.values()), default=1)
        self.solver.limit_cost(self.limit)
        self.solver.set_cost(self.solver.cost * (0.4 / parts / span))
        distance = self.solver.new_column(0.0, float(len(self.columns)), -1.0)
        for plan in before:
            constant, terms = self._distance_terms(plan)
            self.solver.new_row(-math.inf, constant, [(1.0, distance), *((-c, column) for c, column in terms)])
        self.solver.offer(self.integers, np.array(start, dtype=float))
        try:
            outcome = self.solver.solve(0.0, seconds, None, self.should_stop, absolute_gap=0.5 / parts)
            found, proved = self._whole(self.solver.values()), outcome.optimal
        except (NoPlanError, StoppedError):
            found, proved = start, False
        self.solver.rest(distance)
        cost = self.price(found)
        if cost is None or cost > self.limit:
            return start, False
        self.plans[found] = cost
        return found, proved

    def _climbed(self, start: Whole, before: Sequence[Whole], ends: float) -> Whole:
        """One choice after another changed, the cheapest first, where that leads away from the plans before."""
        plan = start
        for key in sorted(self.columns, key=self._price_of_change)[:CLIMBS]:
            if time.monotonic() > ends or self.should_stop():
                break
            for other in self._flipped(plan, key):
                if self._merit(other, before) > self._merit(plan, before):
                    cost = self.plans[other] if other in self.plans else self.price(other)
                    if cost is not None and cost <= self.limit:
                        self.plans[other] = cost
                        plan = other
                        break
        return plan

    def _flipped(self, plan: Whole, key: Key) -> Iterator[Whole]:
        if key in self.taken(plan):
            gone = [*self.columns[key].values(), *self._belongings(key)]
            yield self._changed(plan, dict.fromkeys(gone, 0))
        else:
            yield from self._added(plan, key)

    def _price_of_change(self, key: Key) -> float:
        """The larger of the cheapest costs with and without the decision, of the plans known."""
        costs = {True: math.inf, False: math.inf}
        for whole, cost in self.plans.items():
            side = any(whole[self.place[column]] for column in self.columns[key].values())
            costs[side] = min(costs[side], cost)
        return max(costs.values())

    def _merit(self, whole: Whole, before: Sequence[Whole]) -> tuple[float, float, float]:
        """The nearest plan counts first, then all of them, then cost."""
        distances = [self.distance(whole, [plan]) for plan in before]
        return min(distances), sum(distances), -self.plans.get(whole, math.inf)

    def _stripped(self, whole: Whole) -> Whole:
        """The plan without idle projects and contracts from which nothing is taken, if that costs no more."""
        cost = self.price(whole)
        if cost is None:
            return whole
        values, m, column = self.solver.values(), self.built.model, self.solver.column

        def amount(variables: Iterable[Any]) -> float:
            return float(sum(values[column[id(v)]] for v in variables if id(v) in column))

        worked: set[str] = {u for (_, u, _), act in m.flows.act.items() if amount([act]) > IDLE_T}
        taken: set[str] = {c for (c, _, _), t in m.contracts.taken.items() if amount([t]) > IDLE_T}
        idle = [(PROJECT, g) for g in self.data.projects if g not in worked]
        idle += [(CONTRACT, c) for c in self.data.contracts if c not in taken]
        gone = [i for key in idle for i in (*self.columns[key].values(), *self._belongings(key))]
        less = self._changed(whole, dict.fromkeys(gone, 0))
        if less == whole:
            return whole
        cheaper = self.price(less)
        if cheaper is None or cheaper > cost + 1e-6:
            return whole
        self.plans[less] = cheaper
        return less

    def distance(self, whole: Whole, before: Sequence[Whole]) -> float:
        """To the nearest of the plans before."""
        distances = []
        for plan in before:
            constant, terms = self._distance_terms(plan)
            distances.append(constant + sum(c * whole[self.place[column]] for c, column in terms))
        return min(distances, default=math.inf)

    def _distance_terms(self, plan: Whole) -> tuple[float, list[tuple[float, int]]]:
        """Distance to a plan as a constant and terms; a project built in part counts neither way."""
        constant, terms = 0.0, []
        for (kind, name), columns in self.columns.items():
            most = self.data.projects[name].max_builds if kind == PROJECT else 1
            had = sum(plan[self.place[column]] for column in columns.values())
            if had == 0:
                terms += [(1.0 / most, column) for column in columns.values()]
            elif had == most:
                constant += 1.0
                terms += [(-1.0 / most, column) for column in columns.values()]
        return constant, terms

    # --- a plan in full ---------------------------------------------------------------------------------------------

    def solved(self, whole: Whole) -> Solved:
        """The plan in the model's variables, to make its tables and audit them."""
        cost = self.price(whole)
        if cost is None:
            raise StoppedError("a plan that was found cannot be held to the last digit")
        values = self.solver.values()
        self.solver.store(values)
        return Solved(self.built, Outcome(True, cost, cost, 0), {}, 0.0, self.solver, values)


class _Asked:
    """A question put to the model for the while of a `with`."""

    def __init__(self, solver: Any, columns: list[int], side: bool) -> None:
        self.solver, self.columns, self.side = solver, columns, side

    def __enter__(self) -> None:
        if self.side is WITH:
            self.solver.new_row(1.0, math.inf, [(1.0, column) for column in self.columns])
        else:
            for column in self.columns:
                self.solver.hold(column, 0.0)

    def __exit__(self, *_: object) -> None:
        if self.side is WITH:
            self.solver.drop_added_rows()
        else:
            self.solver.free(self.columns)


def _spread(years: list[int]) -> list[int]:
    """The first, the middle and the last."""
    return list(dict.fromkeys((years[0], years[len(years) // 2], years[-1]))) if years else []
