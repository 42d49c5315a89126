"""The frontier: least cost against the allowed China share.

One model is built and solved again for each limit, tightest first: a plan under a tighter cap also keeps a looser one,
so each solve starts from the one before. Beside that, the least share that any plan attains is found for each cap and
year, so that a target out of reach is named instead of "infeasible".

A named cap is set to the allowed share itself in every year it is in force, and the others stay as they are; without
a name all rows are scaled together. Several processes, or a cluster, each take some neighbouring points.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from model.archive import read_bytes
from model.build import build
from model.errors import NoPlanError, StoppedError, UsageError
from model.highs import Progress, ShouldStop, Solver
from model.names import advice
from model.plan_data import PlanData, ShareCap
from model.report.frontier_results import Frontier, Least, Point
from model.rules.china_share import Key, row_terms
from model.rules.investments import table as investments_table
from model.rules.linear import worth
from model.run import scenario_data
from model.studies.many import load_content, run_tasks
from model.studies.tasks import NOT_BEGUN, Failure, OnNews, Tell
from model.tidy import tidy
from model.tree import single

PRECISION = 1e-4  # of a least attainable share
NOTHING = 1e-6  # a share that counts as 0
ROUNDS = 20
LEAST_S = 60.0  # for all least attainable shares together; what is not proved by then is said to be so
ONE_LEAST_S = 10.0
FEWEST_POINTS = 3  # that are worth a model of their own
NO_PLAN = "no plan keeps these limits"

Group = tuple[str, int]  # cap, year


@dataclass(frozen=True)
class Move:
    """What is moved: one cap, or all of them (None), from a year on."""

    cap: str | None = None
    from_year: int | None = None

    def moves(self, cap: str) -> bool:
        return self.cap in (None, cap)

    def allowing(self, row: ShareCap, scale: float) -> ShareCap:
        """The row with its limits scaled, or set if it is named."""
        if not self.moves(row.name):
            return row
        limit = {y: scale if self.cap else scale * (s or 0.0) for y, s in row.share.items()}
        return replace(row, share={y: min(1.0, limit[y]) if self._in(y, s) else s for y, s in row.share.items()})

    def lifting(self, row: ShareCap) -> ShareCap:
        """The row with all its limits set aside, if it is moved."""
        if not self.moves(row.name):
            return row
        return replace(row, share={y: s if s is None else 1.0 for y, s in row.share.items()})

    def _in(self, year: int, share: float | None) -> bool:
        return share is not None and (self.from_year is None or year >= self.from_year)


def scales(start: float, end: float, steps: int) -> list[float]:
    """Evenly spaced from start to end, both included: steps + 1 limits."""
    if not (min(start, end) >= 0 and max(start, end) < math.inf):
        raise UsageError("allowed shares are from 0 to 1, e.g. --from 0.9 --to 0")
    if steps < 1 or start == end:
        raise UsageError("a frontier needs two different ends and at least one step, e.g. --from 0.9 --to 0 --steps 10")
    return [round(start + (end - start) * i / steps, 12) for i in range(steps + 1)]


def frontier(
    workbook: Path,
    at: Sequence[float],
    cap: str | None = None,
    from_year: int | None = None,
    scenario: str = "base",
    sets: Sequence[str] = (),
    gap: float | None = None,
    time_limit: float | None = None,
    processes: int | None = None,
    scheduler: str | None = None,
    on_news: Callable[[str, Any], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> Frontier:
    """Solve for every limit; on_news hears (label, Progress | Point | tuple of Least) on the way, None at the end.

    gap and time_limit as in solve_scenario, for each point. processes and scheduler as in run_tasks.
    Raises UsageError for a cap or scenario that is not there, WorkbookError while a problem stands.
    """
    content = read_bytes(workbook)
    inputs = load_content(workbook.name, content, sets)
    data = scenario_data(inputs, scenario)
    move = Move(cap, from_year)
    _check(data, move, at)
    tasks = [
        FrontierTask(workbook.name, content, scenario, tuple(sets), move, tuple(limits), least, gap, time_limit)
        for limits, least in _division(sorted(set(at)), _workers(processes, scheduler, len(set(at))))
    ]
    hear = _hearing(tasks, on_news) if on_news else None
    answers = run_tasks(tasks, processes, hear, should_stop, scheduler)
    least, points = [], []
    for task, answer in zip(tasks, answers, strict=True):
        if isinstance(answer, Failure):
            points += [Point(scale, message=answer.message) for scale in task.limits]
        else:
            least += answer[0]
            points += answer[1]
    ordered = [_explained(data, move, point, least) for point in _consistent(points)]
    return Frontier(
        workbook=workbook.name,
        plan_name=inputs.plan_name,
        scenario=scenario,
        cap=cap,
        from_year=from_year,
        sets=tuple(sets),
        least_attainable=tuple(least),
        points=tuple(reversed(ordered)),
    )


def unanswered(found: Frontier) -> int:
    """Points of which nobody knows whether there is a plan: the solve was stopped, or its process lost."""
    return sum(point.objective_musd is None and point.message != NO_PLAN for point in found.points)


def _check(data: PlanData, move: Move, at: Sequence[float]) -> None:
    if not data.caps:
        raise UsageError("the workbook has no ChinaShare row: there is no cap to move")
    if move.cap is not None and move.cap not in data.caps:
        hint = advice(move.cap, tuple(data.caps), "there are")
        raise UsageError(f"there is no cap {move.cap} on ChinaShare: {hint}")
    if move.from_year is not None and move.from_year not in data.years:
        raise UsageError(f"limits can be moved from a year between {data.first_year} and {data.last_year} on")
    if not at or min(at) < 0 or (move.cap is not None and max(at) > 1):
        raise UsageError("allowed shares are from 0 to 1")


def _workers(processes: int | None, scheduler: str | None, points: int) -> int:
    """How many share the points; as many on a cluster as are worth it, for it may grow."""
    most = -(-points // FEWEST_POINTS)
    return min(most, processes or (most if scheduler else os.cpu_count() or 1))


def _division(limits: Sequence[float], parts: int) -> Iterable[tuple[Sequence[float], bool]]:
    """Neighbouring limits together; who has the tightest also looks for the least shares."""
    size, more = divmod(len(limits), parts)
    begin = 0
    for part in range(parts):
        end = begin + size + (part >= parts - more)
        yield limits[begin:end], part == 0
        begin = end


def _hearing(tasks: Sequence[FrontierTask], on_news: Callable[[str, Any], None]) -> OnNews:
    def hear(place: int, news: Any) -> None:
        told = isinstance(news, Progress | Point | Failure) or (len(news) > 0 and isinstance(news[0], Least))
        on_news(tasks[place].label, news if told else None)  # else it is the value of the task

    return hear


def _consistent(points: Iterable[Point]) -> list[Point]:
    """Tightest first. A plan of a tighter point is one of a looser point too, and the bound of a looser point is one
    of a tighter point too: within the gaps this mends what separate solves leave."""
    ordered = sorted(points, key=lambda p: p.scale)
    found = [i for i, point in enumerate(ordered) if point.objective_musd is not None]
    for tight, loose in pairwise(found):
        cheaper, point = ordered[tight], ordered[loose]
        if cheaper.cost < point.cost:
            ordered[loose] = replace(point, objective_musd=cheaper.objective_musd, builds=cheaper.builds)
    proved = -math.inf
    for i in reversed(found):
        point = ordered[i]
        proved = max(proved, point.bound_musd or -math.inf)
        ordered[i] = replace(point, bound_musd=min(proved, point.cost))
    return ordered


def _explained(data: PlanData, move: Move, point: Point, least: Iterable[Least]) -> Point:
    """A point without a plan, with the limits that cannot be attained."""
    if point.message != NO_PLAN:
        return point
    limits = {c: move.allowing(row, point.scale).share for c, row in data.caps.items()}
    beyond = tuple(
        x for x in least if x.proved and (x.share is None or x.share > (limits[x.cap][x.year] or 0.0) + 2 * PRECISION)
    )
    return replace(point, beyond=beyond)


@dataclass(frozen=True)
class FrontierTask:
    """Some neighbouring limits in one model, and the least attainable shares if `least`."""

    workbook: str
    content: bytes
    scenario: str
    sets: tuple[str, ...]
    move: Move
    limits: tuple[float, ...]  # tightest first
    least: bool
    gap: float | None = None
    time_limit: float | None = None

    @property
    def label(self) -> str:
        ends = dict.fromkeys((self.limits[-1], self.limits[0]))
        return f"{self.move.cap or 'all caps'} {' to '.join(f'{scale:.0%}' for scale in ends)}"

    def run(self, tell: Tell, should_stop: ShouldStop) -> tuple[tuple[Least, ...], tuple[Point, ...]]:
        inputs = load_content(self.workbook, self.content, self.sets)
        data = scenario_data(inputs, self.scenario)
        return trace(data, self.limits, self.move, self.least, self.gap, self.time_limit, tell, should_stop)

    def finish(self, value: Any) -> Any:
        return value


def trace(
    data: PlanData,
    limits: Sequence[float],
    move: Move,
    least: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    tell: Tell | None = None,
    should_stop: ShouldStop | None = None,
    warm: bool = True,
) -> tuple[tuple[Least, ...], tuple[Point, ...]]:
    """The least attainable shares and the points, tightest first, in one model. warm: start from the point before."""
    model = _Model(data, sorted(limits), move, gap, time_limit, tell or (lambda news: None), should_stop)
    attainable = model.least() if least else ()
    return attainable, tuple(model.points(warm))


class _Model:
    """The loaded model whose limits are moved."""

    def __init__(
        self,
        data: PlanData,
        limits: Sequence[float],
        move: Move,
        gap: float | None,
        time_limit: float | None,
        tell: Tell,
        should_stop: ShouldStop | None,
    ) -> None:
        self.data = data
        self.limits = limits
        self.move = move
        self.gap = data.mip_gap if gap is None else gap
        self.time_limit = data.time_limit_s if time_limit is None else time_limit
        self.tell = tell
        self.should_stop = should_stop or (lambda: False)
        tell(Progress("build", 0.0))
        everywhere = Move(move.cap)
        below_one = min(*limits, 0.5)  # a limit of 1 would have no row
        tight = {c: everywhere.allowing(row, below_one) for c, row in data.caps.items()}
        self.built = build(single(replace(data, caps=tight)))
        self.solver = Solver(self.built.model)
        block = self.built.model.china_share
        self.block = block
        self.rows: dict[Key, Any] = {**dict(block.deliveries.items()), **dict(block.intake.items())}
        self.start: Any = None  # of the tightest point

    def _allow(self, caps: Mapping[str, ShareCap]) -> None:
        for key in self.rows:
            self._allow_row(key, caps[key[1]].share[self._year(key)] or 0.0)

    def _allow_row(self, key: Key, share: float) -> None:
        self.solver.set_coefficients(self.rows[key], row_terms(self.block, key, share))

    def _year(self, key: Key) -> int:
        return self.built.tree.year[key[0]]

    def _solve(self, stage: str, **options: Any) -> Any:
        return self.solver.solve(
            on_progress=lambda progress: self.tell(replace(progress, stage=stage)),
            should_stop=self.should_stop,
            **options,
        )

    # --- points -----------------------------------------------------------------------------------------------------

    def points(self, warm: bool) -> Iterable[Point]:
        start = self.start if warm else None
        for scale in self.limits:
            point, values = self._point(scale, start)
            start = values if warm and values is not None else start
            self.tell(point)
            yield point

    def _point(self, scale: float, start: Any) -> tuple[Point, Any]:
        if self.should_stop():
            return Point(scale, message=NOT_BEGUN), None
        self._allow({c: self.move.allowing(row, scale) for c, row in self.data.caps.items()})
        if start is not None:
            self.solver.start_from(start)
        try:
            outcome = self._solve(f"share {scale:.1%}", gap=self.gap, time_limit=self.time_limit)
        except NoPlanError:
            return Point(scale, message=NO_PLAN), None
        except StoppedError as error:
            return Point(scale, message=str(error)), None
        values = self.solver.values()
        tidied = tidy(self.built, self.solver, values)
        self.solver.restore()
        cost = outcome.objective
        if tidied is not None:
            cost += float(self.solver.cost @ (tidied - values))
            values = tidied
        self.solver.store(values)
        builds: dict[str, list[int]] = {}
        for row in investments_table(self.built.tree, self.built.model.investments):
            builds.setdefault(row["project"], []).extend([row["decision_year"]] * row["builds"])
        return Point(scale, cost, min(outcome.bound, cost), dict(sorted(builds.items()))), values

    # --- the least attainable shares --------------------------------------------------------------------------------

    def least(self) -> tuple[Least, ...]:
        """By cap and year. Free years and, without a named cap, all other caps are set aside.

        The least of the largest of ratios exposed / consumption (of a cap's materials and bases), by Dinkelbach's
        method: find the plan that undercuts the best known share by most, take its share, until none undercuts it.
        """
        ends = time.monotonic() + min(self.time_limit, LEAST_S)
        known = _Shares(self)
        try:
            self._attain_nothing(known, known.groups, ends)
            if any(share is None or share > NOTHING for share in known.share.values()):
                self._attain_one_by_one(known, ends)
        except NoPlanError:
            known.share = dict.fromkeys(known.groups, None)
        except StoppedError:
            known.proved.clear()  # not even one plan was found in time
        self.solver.minimise_cost()
        found = tuple(self._least(known, group) for group in known.groups)
        self.tell(found)
        return found

    def _least(self, known: _Shares, group: Group) -> Least:
        cap, year = group
        share = known.share[group]
        proved = group in known.proved or (share is not None and share <= NOTHING)
        return Least(cap, year, 0.0 if share is not None and share <= NOTHING else share,
                     self.data.caps[cap].share[year] or 0.0, proved)  # fmt: skip

    def _attain_nothing(self, known: _Shares, groups: Iterable[Group], ends: float) -> bool:
        """Whether all these shares can be 0 in one plan; None of them is learnt if not."""
        self._set_aside()
        for group in groups:
            for key in known.groups[group]:
                self._allow_row(key, 0.0)
        try:
            self._first_plan(ends)
        except (NoPlanError, StoppedError):
            return False
        known.learn()
        self.start = self.solver.values()  # keeps every limit that is moved, if these are all
        return True

    def _attain_one_by_one(self, known: _Shares, ends: float) -> None:
        self.start = None
        self._set_aside()
        self._first_plan(ends)
        known.proved = set(known.groups)  # there is a plan; what time does not allow is taken out again
        known.learn()
        caps = dict.fromkeys(cap for cap, _ in known.groups)
        for cap in caps if len(caps) > 1 else ():
            self._attain_nothing(known, [group for group in known.groups if group[0] == cap], ends)
        self.start = None
        self._set_aside()
        for group, keys in known.groups.items():
            if (known.share[group] or 0.0) > NOTHING and not self._undercut(known, group, keys, ends):
                known.proved.discard(group)
            for key in keys:
                self._allow_row(key, 1.0)

    def _undercut(self, known: _Shares, group: Group, keys: Sequence[Key], ends: float) -> bool:
        """Whether the least share of the group was found and proved."""
        for _ in range(ROUNDS):
            self.solver.store(known.plan[group])
            self.solver.minimise_excess([(self.rows[key], max(worth(self._total(key)), 1.0)) for key in keys])
            for key in keys:
                self._allow_row(key, known.share[group] or 0.0)
            self.solver.start_from(known.plan[group])
            limit = min(ends - time.monotonic(), ONE_LEAST_S)
            if limit <= 0 or self.should_stop():
                return False
            try:
                outcome = self._solve("least share", gap=0.0, time_limit=limit, absolute_gap=PRECISION)
            except (NoPlanError, StoppedError):
                return False
            known.learn()
            if (known.share[group] or 0.0) <= NOTHING or not outcome.optimal:
                return bool(outcome.optimal)
            if outcome.objective >= -PRECISION:
                return True
        return False

    def _set_aside(self) -> None:
        """The caps that are moved allow everything; with a named cap the others hold."""
        self.solver.minimise_cost()
        self._allow({c: self.move.lifting(row) for c, row in self.data.caps.items()})

    def _first_plan(self, ends: float) -> None:
        """Any plan will do."""
        limit = max(ends - time.monotonic(), 0.1)
        self._solve("least share", gap=math.inf, time_limit=limit)

    def _total(self, key: Key) -> Any:
        return self.block.consumption[key][1]


class _Shares:
    """The best share known of each cap and year, and a plan that attains it."""

    def __init__(self, model: _Model) -> None:
        self.model = model
        self.groups: dict[Group, list[Key]] = {}
        for key in model.block.consumption:
            if model.move.moves(key[1]):
                keys = self.groups.setdefault((key[1], model._year(key)), [])
                if key in model.rows:  # else nothing exposed can be consumed
                    keys.append(key)
        self.share: dict[Group, float | None] = dict.fromkeys(self.groups)
        self.plan: dict[Group, Any] = {}
        self.proved: set[Group] = set()

    def learn(self) -> None:
        """From the solution that the solver has."""
        solver, consumption = self.model.solver, self.model.block.consumption
        values = solver.values()
        solver.store(values)
        for group, keys in self.groups.items():
            share = 0.0
            for key in keys:
                exposed, total = (worth(terms) for terms in consumption[key])
                share = max(share, exposed / total if total > NOTHING else 0.0)
            before = self.share[group]
            if before is None or share < before:
                self.share[group] = share
                self.plan[group] = values
