"""How far a run is, told to whoever watches, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a run stands: stage, seconds since its start, best cost so far, proved bound, relative gap.

    said: what the solver itself has written since it was last asked.
    """

    stage: str
    seconds: float
    best: float | None = None
    bound: float | None = None
    gap: float | None = None
    said: str = ""


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
