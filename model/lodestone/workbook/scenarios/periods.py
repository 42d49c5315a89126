"""Times in words, and what is wrong with a month that begins or ends no period of its year."""

from __future__ import annotations

from collections.abc import Sequence

from lodestone.data.times import MONTHS, Calendar, Time, month_of, year_of
from lodestone.names import count, listed


def begins_no_period(calendar: Calendar, time: Time) -> tuple[str, str]:
    """What is wrong with a month from which something is meant to hold, and how to mend it."""
    year, months = year_of(time), calendar.months_of(year_of(time))
    good = [str(month) for month in range(1, MONTHS + 1, months)]
    return _no_period("begins", year, month_of(time), months, good)


def ends_no_period(calendar: Calendar, time: Time) -> tuple[str, str]:
    """As begins_no_period, of a month to which something is meant to hold."""
    year, months = year_of(time), calendar.months_of(year_of(time))
    good = [str(month) for month in range(months, MONTHS + 1, months)]
    return _no_period("ends", year, month_of(time), months, good)


def _no_period(verb: str, year: int, month: int, months: int, good: Sequence[str]) -> tuple[str, str]:
    cut = "is one period" if months == MONTHS else f"is cut into periods of {count(months, 'month')}"
    return (
        f"no period {verb} with month {month}: {year} {cut}",
        f"enter {good[0] if len(good) == 1 else 'one of: ' + listed(good, MONTHS)}, or cut {year} into shorter periods "
        "on the sheet Periods",
    )


def shown(time: Time) -> str:
    """2027, or 2027-04 where it is not the begin of a year."""
    return str(year_of(time)) if month_of(time) == 1 else f"{year_of(time)}-{month_of(time):02}"
