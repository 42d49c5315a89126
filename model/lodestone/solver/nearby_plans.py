"""Plans near to one that is known: the decisions of a few years are open, all others stand.

A plan found quickly builds too early here and too late there. To mend that, only decisions of neighbouring years need
to change together, and with all others held a search of them takes seconds. The years are gone through forwards and
back: what has changed in later years may make an early decision worth while that was not before.

    a works and a port, each built once, in the last of five years; neither is of use alone
    years 1 to 3 open: nothing, as both stand in year 5;  2 to 4: nothing;  3 to 5: both in year 3
    back, 2 to 4 open: both in year 2
"""

from __future__ import annotations

import numpy as np

from lodestone.solver.matrix import Flags, Ints

AT_A_TIME = 3  # years in which something is decided


def windows(year: Ints, whole: Flags) -> list[Flags]:
    """Which whole numbers are open at a time, by column, in the order of years; none where years are few.

    year: of each decision, 0 where it is not known (open in all). whole: which columns are whole numbers.
    """
    years = np.unique(year[whole & (year > 0)])
    starts = range(len(years) - AT_A_TIME + 1) if len(years) > AT_A_TIME else ()
    return [whole & ((year == 0) | np.isin(year, years[i : i + AT_A_TIME])) for i in starts]


def there_and_back(count: int) -> list[int]:
    """0, 1, 2, 1 for three."""
    return [*range(count), *range(count - 2, 0, -1)]
