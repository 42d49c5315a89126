"""Time: a year is one period of twelve months, or is cut into shorter ones; values are read by when a period begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

MONTHS = 12  # of a year
LAST_TIME = 999912  # after every horizon

Time = int  # when a period begins: year * 100 + month, such as 202704
Series = Mapping[Time, float]  # over all periods of the horizon, and later years for which a value is given
OpenSeries = Mapping[Time, float | None]  # None: not in force then


def time_of(year: int, month: int = 1) -> Time:
    """A month as a whole number that sorts: 202704."""
    return year * 100 + month


def year_of(time: Time) -> int:
    """The year of a time."""
    return time // 100


def month_of(time: Time) -> int:
    """The month of a time, 1 to 12."""
    return time % 100


def named_time(time: Time, by_month: bool | None = None) -> str:
    """'2027', or '2027-04' for a period of a year that is cut; by default where it does not begin with the year."""
    by_month = month_of(time) > 1 if by_month is None else by_month
    return f"{year_of(time)}-{month_of(time):02}" if by_month else str(year_of(time))


@dataclass(frozen=True)
class Calendar:
    """The years planned, last_year included; cut: the months of the periods into which a year is cut."""

    first_year: int
    last_year: int
    cut: Mapping[int, int] = field(default_factory=dict)

    @property
    def years(self) -> range:
        """The years planned."""
        return range(self.first_year, self.last_year + 1)

    def months_of(self, year: int) -> int:
        """Length of the periods of a year."""
        return self.cut.get(year, MONTHS)

    def times_of(self, year: int) -> tuple[Time, ...]:
        """When the periods of a year begin."""
        return tuple(time_of(year, month) for month in range(1, MONTHS + 1, self.months_of(year)))

    @cached_property
    def times(self) -> tuple[Time, ...]:
        """When the periods of the horizon begin."""
        return tuple(time for year in self.years for time in self.times_of(year))

    def begins(self, time: Time) -> bool:
        """Whether a period of its year begins then."""
        return (month_of(time) - 1) % self.months_of(year_of(time)) == 0

    def ends(self, time: Time) -> bool:
        """Whether the month is the last of a period of its year."""
        return month_of(time) % self.months_of(year_of(time)) == 0


def at(series: Series, time: Time) -> float:
    """The value of a period; the last value holds beyond the end of the series, the first before its begin."""
    if time in series:
        return series[time]
    return series[max(series) if time > min(series) else min(series)]


def yearly(series: Series, year: int) -> float:
    """The value of a year as a whole: the mean over its periods, weighed by their lengths; beyond the end the last."""
    begins = [time for time in range(time_of(year), time_of(year, MONTHS + 1)) if time in series]
    if len(begins) < 2:
        return at(series, time_of(year))
    ends = [*begins[1:], time_of(year, MONTHS + 1)]
    return sum(series[a] * (b - a) for a, b in zip(begins, ends, strict=True)) / MONTHS
