"""What stress tests find: each run in each case, and the regret of several runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GaveWay:
    """A rule that the decisions held make impossible, and by how much it is missed."""

    rule: str
    where: str
    by: float
    unit: str


@dataclass(frozen=True)
class Outcome:
    """A run in a case. cost None: no plan was found, `remark` says why; figures are then empty. no_plan: proved.

    short_t: demand not met from from_year on, by sector, and short_share its part of demand. stock_days: days from the
    start of its time until a stockpile is empty at the pace at which it is needed (releases and what is short of its
    material), None: it lasts. china_share: exposed part of deliveries from from_year on.
    """

    run: str
    kind: str
    case: str
    from_year: int
    probability: float | None
    cost_musd: float | None
    extra_musd: float | None = None
    short_t: Mapping[str, float] | None = None
    short_share: Mapping[str, float] | None = None
    stock_days: Mapping[str, float | None] | None = None
    china_share: float | None = None
    gave_way: tuple[GaveWay, ...] = ()
    remark: str = ""
    no_plan: bool = False
    from_month: int = 1

    @property
    def since(self) -> int | str:
        """When it comes: 2027 or 2027-04."""
        return self.from_year if self.from_month == 1 else f"{self.from_year}-{self.from_month:02}"

    @property
    def shortage_t(self) -> float:
        """Tonnes short in all sectors."""
        return sum((self.short_t or {}).values())

    @property
    def first_empty(self) -> tuple[str, float] | None:
        """The stockpile that is empty first, and after how many days."""
        empty = [(days, name) for name, days in (self.stock_days or {}).items() if days is not None]
        return None if not empty else (min(empty)[1], min(empty)[0])


@dataclass(frozen=True)
class Regret:
    """run -> future -> MUSD beyond the best of the runs in that future; least: the run whose worst regret is least."""

    by_run: Mapping[str, Mapping[str, float]]
    worst: Mapping[str, float]
    least: str


@dataclass(frozen=True)
class Stress:
    """outcomes: of each run what hurts most first; before all others those without a plan, or whose rules gave way.

    from_year, from_month, months: of the n-1 cases; months None: for good.
    """

    plan_name: str
    workbook: str
    allow_new: bool
    from_year: int
    runs: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    regret: Regret | None
    remarks: tuple[str, ...]
    from_month: int = 1
    months: int | None = None
