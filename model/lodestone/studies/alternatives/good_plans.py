"""The search behind `alternatives`: questions put to one loaded model whose cost may not exceed a limit.

A question is a decision (a project built, a package awarded, a contract signed, in any year) and a side (with it or
without it): is there a plan within the limit? A plan that was found answers every question it decides; what is left is
asked of, in this order,

    - plans next to those known, a decision changed and the rest fixed: a linear programme each;
    - the linear relaxation: if it costs more than the limit, so does every plan;
    - the mixed-integer programme, stopped at the first plan within the limit or when its bound is beyond it.

Every plan that counts was priced with its integers fixed at whole numbers.

Example: the best plan builds a and costs 100 MUSD; the limit is 102. Without a? Its neighbour that builds b instead
costs 101.5: yes, so a may be built and need not, and so b. With c? The relaxation with c costs 103: never, and nothing
else has to be solved.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.errors import StoppedError
from lodestone.progress import Progress, ShouldStop
from lodestone.rules.build import build
from lodestone.solve.effort import Search
from lodestone.solve.one_scenario import Solved, load_model
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Outcome, Solver
from lodestone.studies.parallel.tasks import Tell

PROJECT, FLOOR, CONTRACT = "project", "floor", "contract"
WITH, WITHOUT = True, False
TRIES_S = (10.0, 60.0, math.inf)  # for one question, before any gets more

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
        """What both know."""
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
        """What the questions so far have told."""
        return Known(self.plans, self.beyond)

    def _columns(self) -> dict[Key, dict[int, int]]:
        """Decision -> year -> column; a decision without one cannot be taken, or makes no difference."""
        m, year, column = self.built.model, self.built.tree.year, self.solver.column
        names = [(PROJECT, g) for g in self.data.projects]
        names += [(FLOOR, o) for o in self.data.floors] + [(CONTRACT, c) for c in self.data.contracts]
        found: dict[Key, dict[int, int]] = {key: {} for key in names}
        for kind, variables in (
            (PROJECT, m.investments.build),
            (FLOOR, m.price_floors.award),
            (CONTRACT, m.contracts.sign),
        ):
            for (n, name), variable in variables.items():
                if id(variable) in column:
                    found[kind, name][year[n]] = column[id(variable)]
        return found

    # --- the best plan ----------------------------------------------------------------------------------------------

    def best(self, wanted: Search) -> tuple[Whole, float, float]:
        """The tidied best plan, its cost, and the bound. Raises NoPlanError, StoppedError."""
        outcome = self.solver.solve(wanted.gap, wanted.time_limit, wanted.on_progress, wanted.should_stop)
        values = self.solver.values()
        tidied = tidy(self.built, self.solver, values)
        whole = self.whole_of(values if tidied is None else tidied)
        cost = self.price(whole)
        if cost is None:
            raise StoppedError("the decisions of the best plan cannot be fixed exactly; try a smaller --gap")
        self.plans[whole] = cost
        return whole, cost, min(outcome.bound, cost)

    def whole_of(self, values: np.ndarray) -> Whole:
        """The whole numbers of a solution, by column."""
        return tuple(int(x) for x in np.round(values[self.integers]))

    def price(self, whole: Whole) -> float | None:
        """The least cost with these integers; None if there is no such plan."""
        self.reset()
        values = np.zeros(len(self.solver.variables))
        values[self.integers] = whole
        self.solver.hold_integers(values)
        return self.solver.solve_linear()

    def reset(self) -> None:
        """Take back what a question has changed."""
        self.solver.drop_added_rows()
        self.solver.restore()

    # --- what plans answer ------------------------------------------------------------------------------------------

    def taken(self, whole: Whole) -> dict[Key, tuple[int, ...]]:
        """Decision -> the years in which a plan takes it."""
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
        self.reset()
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
                yield self.without(plan, [key])
            else:
                yield from self.added(plan, key)

    def added(self, plan: Whole, key: Key) -> Iterator[Whole]:
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

    def without(self, plan: Whole, keys: Iterable[Key]) -> Whole:
        """The plan without these decisions, and without the packages and contracts of their projects."""
        gone = [column for key in keys for column in (*self.columns[key].values(), *self._belongings(key))]
        return self._changed(plan, dict.fromkeys(gone, 0))

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
        self.reset()
        with self._asked(question):
            found, bound = self.solver.seek(
                self.limit, seconds, lambda p: self.tell(Progress(stage, p.seconds)), self.should_stop
            )
            whole = self.whole_of(self.solver.values()) if found else ()
        if found is False and not self.should_stop():
            self.beyond[question] = bound
        elif found:
            cost = self.price(whole)
            if cost is not None:
                self.plans[whole] = cost

    # --- a plan in full ---------------------------------------------------------------------------------------------

    def solved(self, whole: Whole) -> Solved:
        """The plan in the model's variables, to make its tables and audit them."""
        cost = self.price(whole)
        if cost is None:
            raise StoppedError("the decisions of a plan that was found cannot be fixed exactly; try a smaller --gap")
        values = self.solver.values()
        self.solver.store(values)
        return Solved(self.built, Outcome(True, cost, cost, 0), {}, 0.0, self.solver, values)


class _Asked:
    """A question put to the model for the while of a `with`."""

    def __init__(self, solver: Solver, columns: list[int], side: bool) -> None:
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
