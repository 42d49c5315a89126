"""When a future shows itself, and when its emergency lets cover be drawn down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lodestone.data.times import MONTHS, Time, month_of, time_of, year_of


@dataclass(frozen=True)
class Emergency:
    """When cover may be drawn down: from a month to a month, both included, and refill_years on.

    stockpiles: those that it frees; None: all.
    """

    begins: Time
    ends: Time
    refill_years: int
    stockpiles: frozenset[str] | None = None

    def suspends(self, time: Time, stockpile: str | None = None) -> bool:
        """Whether no cover is asked for in a period that begins then (stockpile None: of any)."""
        freed = self.stockpiles is None or (
            bool(self.stockpiles) if stockpile is None else stockpile in self.stockpiles
        )
        return freed and self.begins <= time <= time_of(year_of(self.ends) + self.refill_years, month_of(self.ends))


@dataclass(frozen=True)
class Scenario:
    """When a future shows itself and when cover may be drawn down; all None in the base.

    parent: the scenario whose path it leaves; None: the base. inherited: emergencies that are its own too (its
    parent's). emergency_stockpiles: those that its own emergency frees; None: all. threat: one of those that a secure
    plan must stand.
    """

    name: str
    probability: float | None
    from_year: int | None
    emergency_from: int | None
    emergency_to: int | None
    refill_years: int
    parent: str | None = None
    from_month: int = 1
    emergency_from_month: int = 1
    emergency_to_month: int = MONTHS
    emergency_stockpiles: frozenset[str] | None = None
    threat: bool = False
    inherited: tuple[Emergency, ...] = ()

    @property
    def shows(self) -> Time | None:
        """When it shows itself; None: from the start."""
        return None if self.from_year is None else time_of(self.from_year, self.from_month)

    @cached_property
    def emergencies(self) -> tuple[Emergency, ...]:
        """Its own, if it has one, and those of its parents."""
        if self.emergency_from is None or self.emergency_to is None:
            return self.inherited
        begins = time_of(self.emergency_from, self.emergency_from_month)
        ends = time_of(self.emergency_to, self.emergency_to_month)
        return (Emergency(begins, ends, self.refill_years, self.emergency_stockpiles), *self.inherited)

    def cover_suspended(self, time: Time, stockpile: str | None = None) -> bool:
        """In an emergency and the refill_years after it no cover is asked for (stockpile None: of any)."""
        return any(emergency.suspends(time, stockpile) for emergency in self.emergencies)


BASE = Scenario("base", None, None, None, None, 0)
