"""The loaded model of a frontier: one model whose caps are moved, and solved again for each limit, tightest first.

A plan under a tighter cap also keeps a looser one, so each solve starts from the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lodestone.data.plan_data import PlanData, ShareCap, Time, year_of
from lodestone.data.tree import single
from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import Progress, ShouldStop
from lodestone.rules.build import build
from lodestone.rules.china_share import Key, row_terms, stock_row
from lodestone.rules.investments import table as investments_table
from lodestone.solve.one_scenario import load_model
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Outcome
from lodestone.solver.matrix import Constraint
from lodestone.solver.slack import Excess
from lodestone.studies.frontier.results import Point
from lodestone.studies.parallel.tasks import NOT_BEGUN, Tell

NO_PLAN = "no plan keeps these limits"


@dataclass(frozen=True)
class Move:
    """What is moved: one cap, or all of them (None), from a year on."""

    cap: str | None = None
    from_year: int | None = None

    def moves(self, cap: str) -> bool:
        """Whether a cap is one of those that move."""
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

    def _in(self, time: Time, share: float | None) -> bool:
        return share is not None and (self.from_year is None or year_of(time) >= self.from_year)


class MovedCaps:
    """The loaded model whose limits are moved. Raises NoPlanError when a row cannot hold at any limit."""

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
        self.solver = load_model(self.built)
        self.excess = Excess(self.solver)
        block = self.built.model.china_share
        self.block = block
        self.rows: dict[Key, Constraint] = {
            **dict(block.deliveries.items()),
            **dict(block.intake.items()),
            **dict(block.fills.items()),
        }
        self.start: np.ndarray | None = (
            None  # the values of a plan that the tightest point can begin with, where one is known
        )

    def allow(self, caps: Mapping[str, ShareCap]) -> None:
        """Set the shares of all caps."""
        time = self.built.tree.time
        for key in self.rows:
            shares = {a: caps[key[1]].share[time[a]] or 0.0 for a in self.block.parts[key]}
            self.solver.set_coefficients(self.rows[key], row_terms(self.block, key, shares))
        for n, cap, pile in self.block.stock:
            self._allow_stock(n, cap, pile, caps[cap].share[time[n]] or 0.0)

    def allow_row(self, key: Key, share: float) -> None:
        """Allow this share in one row, and in what it asks of stocks; 1 allows everything."""
        shares = dict.fromkeys(self.block.parts[key], share)
        self.solver.set_coefficients(self.rows[key], row_terms(self.block, key, shares))
        for n, cap, pile in self.block.stock:
            if (n, cap) == key[:2] and self.data.stockpiles[pile].material == key[2]:
                self._allow_stock(n, cap, pile, share)

    def _allow_stock(self, n: int, cap: str, pile: str, share: float) -> None:
        terms, most = stock_row(self.built.tree, self.built.model.stockpiles, n, pile, share)
        self.solver.set_coefficients(self.block.stock[n, cap, pile], terms)
        self.solver.set_upper(self.block.stock[n, cap, pile], most)

    def year(self, key: Key) -> int:
        """The year of a row."""
        return self.built.tree.year[key[0]]

    def solve(self, stage: str, **options: float) -> Outcome:
        """Solve the model as it stands, told under this stage. Raises NoPlanError, StoppedError."""
        return self.solver.solve(
            on_progress=lambda progress: self.tell(replace(progress, stage=stage)),
            should_stop=self.should_stop,
            **options,
        )

    def set_aside(self) -> None:
        """The caps that are moved allow everything; with a named cap the others hold."""
        self.excess.rest()
        self.allow({c: self.move.lifting(row) for c, row in self.data.caps.items()})

    def points(self, warm: bool) -> Iterable[Point]:
        """The least cost at each limit, tightest first."""
        start = self.start if warm else None
        for scale in self.limits:
            point, values = self._point(scale, start)
            start = values if warm and values is not None else start
            self.tell(point)
            yield point

    def _point(self, scale: float, start: np.ndarray | None) -> tuple[Point, np.ndarray | None]:
        if self.should_stop():
            return Point(scale, message=NOT_BEGUN), None
        self.allow({c: self.move.allowing(row, scale) for c, row in self.data.caps.items()})
        if start is not None:
            self.solver.start_from(start)
        try:
            outcome = self.solve(f"share {scale:.1%}", gap=self.gap, time_limit=self.time_limit)
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
