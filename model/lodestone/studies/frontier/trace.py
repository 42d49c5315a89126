"""The frontier: least cost against the allowed China share.

One loaded model is solved again for each limit (`moved_caps`). Beside that, the least share that any plan attains is
found for each cap and year (`least_share`), so that a target out of reach is named instead of "infeasible".

A named cap is set to the allowed share itself in every year it is in force, and the others stay as they are; without
a name all rows are scaled together. Several processes, or a cluster, each take some neighbouring points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lodestone.data.plan_data import PlanData, time_of
from lodestone.errors import UsageError
from lodestone.names import advice, readable
from lodestone.progress import Progress, ShouldStop
from lodestone.solve.one_scenario import scenario_data
from lodestone.studies.frontier.least_share import PRECISION, least_shares
from lodestone.studies.frontier.moved_caps import NO_PLAN, Move, MovedCaps
from lodestone.studies.frontier.results import Frontier, Least, Point
from lodestone.studies.parallel.solves import HERE, Where, run_tasks, task_count
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import AsItIs, Failure, OnLabel, Tell, by_label

FEWEST_POINTS = 3  # that are worth a model of their own


def scales(start: float, end: float, steps: int) -> list[float]:
    """Evenly spaced from start to end, both included: steps + 1 limits."""
    if not (min(start, end) >= 0 and max(start, end) < math.inf):
        raise UsageError("allowed shares are from 0 to 1, e.g. --from 0.9 --to 0")
    if steps < 1 or start == end:
        raise UsageError("a frontier needs two different ends and at least one step, e.g. --from 0.9 --to 0 --steps 10")
    return [round(start + (end - start) * i / steps, 12) for i in range(steps + 1)]


def frontier(
    source: Source,
    at: Sequence[float],
    cap: str | None = None,
    from_year: int | None = None,
    where: Where = HERE,
    on_news: OnLabel | None = None,
    should_stop: ShouldStop | None = None,
) -> Frontier:
    """Solve for every limit; on_news hears (label, Progress | Point | tuple of Least) on the way, None at the end.

    The effort of the source is that of each point. Where no two limits have a plan, since the share of early years
    cannot be changed any more, the limits of those years stay as they are and all is done again. Raises UsageError for
    a cap or scenario that is not there, WorkbookError while a problem stands.
    """
    found = _traced(source, at, cap, from_year, where, on_news, should_stop)
    start = _movable_from(found) if from_year is None and len(found.found) < 2 else None
    if start is None or (should_stop is not None and should_stop()):
        return found
    again = _traced(source, at, cap, start, where, on_news, should_stop)
    remark = (
        f"Before {start} no plan can go below the limits of the workbook: they stay, and the frontier starts there."
    )
    return replace(again, remark=remark)


def _movable_from(found: Frontier) -> int | None:
    """The first year from which on every cap can be brought down; None where that is the first year, or none."""
    stuck = [x.year for x in found.least_attainable if x.share is None or x.share >= x.limit - 2 * PRECISION]
    years = sorted({x.year for x in found.least_attainable})
    after = [year for year in years if not stuck or year > max(stuck)]
    return after[0] if stuck and after else None


def _traced(
    source: Source,
    at: Sequence[float],
    cap: str | None,
    from_year: int | None,
    where: Where,
    on_news: OnLabel | None,
    should_stop: ShouldStop | None,
) -> Frontier:
    inputs = source.inputs()
    data = scenario_data(inputs, source.scenario)
    move = Move(cap, from_year)
    _check(data, move, at)
    limits = sorted(set(at))
    number = task_count(-(-len(limits) // FEWEST_POINTS), where)
    tasks = [FrontierTask(source, move, tuple(some), least) for some, least in _division(limits, number)]
    hear = by_label(tasks, on_news, (Progress, Point, tuple))
    answers = run_tasks(tasks, where, hear, should_stop)
    least, points = [], []
    for task, answer in zip(tasks, answers, strict=True):
        if isinstance(answer, Failure):
            points += [Point(scale, message=answer.message) for scale in task.limits]
        else:
            least += answer.least
            points += answer.points
    ordered = [_explained(data, move, point, least) for point in _consistent(points)]
    return Frontier(
        workbook=readable(source.workbook),
        plan_name=inputs.plan_name,
        scenario=source.scenario,
        cap=cap,
        from_year=from_year,
        sets=source.sets,
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


def _division(limits: Sequence[float], parts: int) -> Iterable[tuple[Sequence[float], bool]]:
    """Neighbouring limits together; who has the tightest also looks for the least shares."""
    size, more = divmod(len(limits), parts)
    begin = 0
    for part in range(parts):
        end = begin + size + (part >= parts - more)
        yield limits[begin:end], part == 0
        begin = end


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
        x
        for x in least
        if x.proved and (x.share is None or x.share > (limits[x.cap][time_of(x.year)] or 0.0) + 2 * PRECISION)
    )
    return replace(point, beyond=beyond)


@dataclass(frozen=True)
class Traced:
    """What a task found. points: tightest first."""

    least: tuple[Least, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class FrontierTask(AsItIs):
    """Some neighbouring limits in one model, and the least attainable shares if `least`."""

    source: Source
    move: Move
    limits: tuple[float, ...]  # tightest first
    least: bool

    @property
    def label(self) -> str:
        ends = dict.fromkeys((self.limits[-1], self.limits[0]))
        return f"{self.move.cap or 'all caps'} {' to '.join(f'{scale:.0%}' for scale in ends)}"

    def run(self, tell: Tell, should_stop: ShouldStop) -> Traced:
        source = self.source
        data = scenario_data(source.inputs(), source.scenario)
        found = trace(data, self.limits, self.move, self.least, source.gap, source.time_limit, tell, should_stop)
        return Traced(*found)


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
    caps = MovedCaps(data, sorted(limits), move, gap, time_limit, tell or (lambda news: None), should_stop)
    attainable = least_shares(caps) if least else ()
    return attainable, tuple(caps.points(warm))
