"""The frontier: least cost against the allowed China share.

One model is built and solved again for each limit, tightest first: a plan under a tighter cap also keeps a looser
one, so each solve starts from the one before. Before that, the least share that any plan attains is found for each
cap and year, so that a target out of reach is named instead of "infeasible".

A named cap is set to the allowed share itself in every year it is in force; without one all rows are scaled together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.build import Built, build
from model.errors import NoPlanError, StoppedError, UsageError
from model.highs import OnProgress, Solver
from model.names import advice
from model.plan_data import PlanData, ShareCap
from model.rules.china_share import Key, row_terms
from model.rules.investments import table as investments_table
from model.rules.linear import worth
from model.tree import single

SMALLEST_SHARE = 1e-6
ROUNDS = 20


@dataclass(frozen=True)
class Point:
    """One solve. scale: the allowed share (of a named cap) or the factor on all; objective None: no plan."""

    scale: float
    objective_musd: float | None
    bound_musd: float | None
    gap: float | None
    builds: dict[str, int]  # project -> decision year

    @property
    def exists(self) -> bool:
        return self.objective_musd is not None


@dataclass(frozen=True)
class Least:
    """The least share that any plan attains under a cap in a year, all other caps set aside."""

    cap: str
    year: int
    share: float | None  # None: no plan even without caps
    limit: float


@dataclass(frozen=True)
class Frontier:
    workbook: str
    scenario: str
    cap: str | None
    least_attainable: tuple[Least, ...]
    points: tuple[Point, ...]  # from the loosest to the tightest


def scales(start: float, end: float, steps: int) -> list[float]:
    """Evenly spaced from start to end, both included."""
    return [start + (end - start) * i / steps for i in range(steps + 1)]


def frontier(
    data: PlanData,
    workbook: str,
    at: Sequence[float],
    cap: str | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
    on_step: Callable[[Point | Least], None] | None = None,
) -> Frontier:
    """Solve for every limit. Raises UsageError for a cap that is not there."""
    if cap is not None and cap not in data.caps:
        raise UsageError(f"there is no cap {cap} on ChinaShare: {advice(cap, tuple(data.caps), 'there are')}")
    if not data.caps:
        raise UsageError("the workbook has no ChinaShare row: there is no cap to move")
    limits = sorted(set(at))
    tight = replace(data, caps={c: _allowing(row, min(*limits, 0.5), cap) for c, row in data.caps.items()})
    built = build(single(tight))
    solver = Solver(built.model)
    wanted, limit = data.mip_gap if gap is None else gap, data.time_limit_s if time_limit is None else time_limit
    least = _least_attainable(data, cap, wanted, limit, on_progress, on_step)
    points = []
    start = None
    for scale in limits:
        _set_shares(built, solver, {c: _allowing(row, scale, cap) for c, row in data.caps.items()})
        if start is not None:
            solver.start_from(start)
        try:
            outcome = solver.solve(wanted, limit, on_progress)
        except NoPlanError:
            points.append(Point(scale, None, None, None, {}))
        else:
            start = solver.values()
            solver.store(start)
            builds = {r["project"]: r["decision_year"] for r in investments_table(built.tree, built.model.investments)}
            relative = (outcome.objective - outcome.bound) / max(abs(outcome.objective), 1e-9)
            points.append(Point(scale, outcome.objective, outcome.bound, relative, builds))
        if on_step:
            on_step(points[-1])
    return Frontier(workbook, data.scenario.name, cap, least, tuple(reversed(points)))


def _allowing(row: ShareCap, scale: float, cap: str | None) -> ShareCap:
    """The row with its limits scaled, or set if it is the cap that is moved."""
    if cap is not None and row.name != cap:
        return row
    share = {y: s if s is None else min(1.0, scale if cap else scale * s) for y, s in row.share.items()}
    return replace(row, share=share)


def _set_shares(built: Built, solver: Solver, caps: dict[str, ShareCap]) -> None:
    share = built.model.china_share
    for rows in (share.deliveries, share.intake):
        for key, row in rows.items():
            n, cap = key[:2]
            allowed = caps[cap].share[built.tree.year[n]] or 0.0
            solver.set_coefficients(row, row_terms(share, key, allowed))


def _least_attainable(
    data: PlanData,
    cap: str | None,
    gap: float,
    time_limit: float,
    on_progress: OnProgress | None,
    on_step: Callable[[Point | Least], None] | None,
) -> tuple[Least, ...]:
    """Least exposed part of consumption by cap and year, by Dinkelbach's method: minimise exposed - share * consumption
    and take the share of the solution, until none is less."""
    free = replace(data, caps={c: _allowing(row, 1.0, c) for c, row in data.caps.items()})
    built = build(single(free))
    solver = Solver(built.model)
    consumption: dict[Key, Any] = built.model.china_share.consumption
    found = []
    for key, (exposed, _) in consumption.items():
        n, name, _, _ = key
        limit = data.caps[name].share[built.tree.year[n]] or 0.0
        if cap in (None, name):
            share = _least_ratio(solver, built, key, gap, time_limit, on_progress) if exposed else 0.0
            found.append(Least(name, built.tree.year[n], share, limit))
    worst: dict[tuple[str, int], Least] = {}
    for least in found:  # of a cap's materials and bases, the one hardest to free
        before = worst.get((least.cap, least.year))
        if before is None or (least.share or 0.0) > (before.share or 0.0):
            worst[least.cap, least.year] = least
    for least in worst.values():
        if on_step:
            on_step(least)
    return tuple(worst.values())


def _least_ratio(
    solver: Solver, built: Built, key: Key, gap: float, time_limit: float, on_progress: OnProgress | None
) -> float | None:
    exposed, total = built.model.china_share.consumption[key]
    share = 0.0  # first whether the share can be nothing at all: minimise the exposed tonnes alone
    for _ in range(ROUNDS):
        solver.set_goal([*exposed, *((-share * c, v) for c, v in total)])
        try:
            solver.solve(gap, time_limit, on_progress)
        except NoPlanError:
            return None
        except StoppedError:
            return share
        solver.store(solver.values())
        exposed_t, total_t = worth(exposed), worth(total)
        attained = exposed_t / total_t if total_t > 0 else 0.0
        if abs(attained - share) <= SMALLEST_SHARE:
            break
        share = attained
    return share
