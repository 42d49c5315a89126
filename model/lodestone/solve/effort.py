"""How far a solve goes: what is asked for, and what that means for one workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lodestone.data.plan_data import PlanData
from lodestone.plan.plan import Plan
from lodestone.progress import OnProgress, ShouldStop

Enough = Callable[[float], float | None]  # cost of the plan -> the gap that is small enough, MUSD; None: any


@dataclass(frozen=True)
class Effort:
    """What is asked of a solve: relative gap and seconds (None: as the workbook's settings say), and who watches.

    start: the plan of an earlier run, whose decisions the solver begins with. secure: threats at once that the plan
    must stand. of: what is planned with instead of the data of the workbook, threats then being left out, as for doing
    nothing (data/reference.py). enough: a smaller gap that is gone on for, once the one asked for is reached.
    """

    gap: float | None = None
    time_limit: float | None = None
    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None
    start: Plan | None = None
    secure: int | None = None
    of: Callable[[PlanData], PlanData] | None = None
    enough: Enough | None = None

    def threats(self, data: PlanData) -> int:
        """How many threats at once the plan must stand."""
        if self.of is not None:
            return 0
        return data.secure_against if self.secure is None else self.secure

    def search(self, data: PlanData) -> Search:
        """With what the settings say where nothing is asked for."""
        gap = data.mip_gap if self.gap is None else self.gap
        time_limit = data.time_limit_s if self.time_limit is None else self.time_limit
        return Search(gap, time_limit, self.on_progress, self.should_stop, self.start, enough=self.enough)

    def data(self, data: PlanData) -> PlanData:
        """What is planned with."""
        return data if self.of is None else self.of(data)


AS_SET = Effort()  # in the workbook


@dataclass(frozen=True)
class Search:
    """One solve: relative gap, seconds, who watches and may stop it, and the plan it starts from."""

    gap: float
    time_limit: float
    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None
    start: Plan | None = None
    careful: bool = False  # tighter tolerances, no presolve
    enough: Enough | None = None

    def named(self, stage: str) -> Search:
        """The same, with progress shown under another name."""
        tell = self.on_progress
        return self if tell is None else replace(self, on_progress=lambda shown: tell(replace(shown, stage=stage)))
