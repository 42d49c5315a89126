"""The least attainable shares of a frontier: the least China share of any plan, by cap and year.

Free years and, without a named cap, all other caps are set aside. The least of the largest of the ratios exposed /
consumption (of a cap's materials and bases), by Dinkelbach's method: find the plan that undercuts the best known share
by most, take its share, until none undercuts it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence

import numpy as np

from lodestone.data.plan_data import time_of
from lodestone.errors import NoPlanError, StoppedError
from lodestone.rules.china_share import Key
from lodestone.rules.linear import worth
from lodestone.studies.frontier.moved_caps import MovedCaps
from lodestone.studies.frontier.results import Least

PRECISION = 1e-4  # of a least attainable share
NOTHING = 1e-6  # a share that counts as 0
ROUNDS = 20  # of Dinkelbach's method; a handful is usual
ALL_S = 60.0  # for all least attainable shares together; what is not proved by then is said to be so
ONE_S = 10.0  # for one round

Group = tuple[str, int]  # cap, year


def least_shares(caps: MovedCaps) -> tuple[Least, ...]:
    """By cap and year, each as if it alone mattered; what time or a stop did not allow is not proved.

    Leaves the model with its cost as goal, and with a start for the tightest point where one plan attains all shares.
    """
    found = _Search(caps).found()
    caps.excess.rest()
    if found:
        caps.tell(found)
    return found


class _Search:
    """The best share known of each cap and year, and a plan that attains it."""

    def __init__(self, caps: MovedCaps) -> None:
        self.caps = caps
        self.solver = caps.solver
        self.consumption = caps.block.consumption
        self.ends = time.monotonic() + min(caps.time_limit, ALL_S)
        self.groups: dict[Group, list[Key]] = {}
        for key in self.consumption:
            if caps.move.moves(key[1]):
                keys = self.groups.setdefault((key[1], caps.year(key)), [])
                if key in caps.rows:  # else nothing exposed can be consumed
                    keys.append(key)
        self.share: dict[Group, float | None] = dict.fromkeys(self.groups)
        self.plan: dict[Group, np.ndarray] = {}
        self.proved: set[Group] = set()

    def found(self) -> tuple[Least, ...]:
        try:
            self._attain_nothing(self.groups)
            if any(share is None or share > NOTHING for share in self.share.values()):
                self._attain_one_by_one()
        except NoPlanError:
            self.proved = set(self.groups)  # that there is no plan at any share
        except StoppedError:
            self.proved.clear()  # not even one plan was found in time
        return tuple(self._least(group) for group in self.groups)

    def _least(self, group: Group) -> Least:
        cap, year = group
        share = self.share[group]
        nothing = share is not None and share <= NOTHING
        limit = self.caps.data.caps[cap].share[time_of(year)] or 0.0
        return Least(cap, year, 0.0 if nothing else share, limit, nothing or group in self.proved)

    def _attain_nothing(self, groups: Iterable[Group]) -> None:
        """All these shares 0 in one plan; nothing is learnt where there is none."""
        self.caps.set_aside()
        for group in groups:
            for key in self.groups[group]:
                self.caps.allow_row(key, 0.0)
        try:
            self._first_plan()
        except (NoPlanError, StoppedError):
            return
        self._learn()
        self.caps.start = self.solver.values()  # keeps every limit that is moved, if these are all

    def _attain_one_by_one(self) -> None:
        self.caps.start = None
        self.caps.set_aside()
        self._first_plan()
        self.proved = set(self.groups)  # there is a plan; what time does not allow is taken out again
        self._learn()
        names = dict.fromkeys(cap for cap, _ in self.groups)
        for cap in names if len(names) > 1 else ():
            self._attain_nothing([group for group in self.groups if group[0] == cap])
        self.caps.start = None
        self.caps.set_aside()
        for group, keys in self.groups.items():
            if (self.share[group] or 0.0) > NOTHING and not self._undercut(group, keys):
                self.proved.discard(group)
            for key in keys:
                self.caps.allow_row(key, 1.0)

    def _undercut(self, group: Group, keys: Sequence[Key]) -> bool:
        """Whether the least share of the group was found and proved."""
        for _ in range(ROUNDS):
            self.solver.store(self.plan[group])
            totals = {key: worth(self.consumption[key][1]) for key in keys}
            self.caps.excess.minimise([(self.caps.rows[key], max(total, 1.0)) for key, total in totals.items()])
            for key in keys:
                self.caps.allow_row(key, self.share[group] or 0.0)
            self.solver.start_from(self.plan[group])
            limit = min(self.ends - time.monotonic(), ONE_S)
            if limit <= 0 or self.caps.should_stop():
                return False
            try:
                outcome = self.caps.solve("least share", gap=0.0, time_limit=limit, absolute_gap=PRECISION)
            except (NoPlanError, StoppedError):
                return False
            self._learn()
            if (self.share[group] or 0.0) <= NOTHING or not outcome.optimal:
                return bool(outcome.optimal)
            if outcome.objective >= -PRECISION:
                return True
        return False

    def _first_plan(self) -> None:
        """Whichever plan is found first."""
        limit = max(self.ends - time.monotonic(), 0.1)
        self.caps.solve("least share", gap=math.inf, time_limit=limit)

    def _learn(self) -> None:
        """From the solution that the solver has."""
        values = self.solver.values()
        self.solver.store(values)
        for group, keys in self.groups.items():
            share = 0.0
            for key in keys:
                exposed, total = (worth(terms) for terms in self.consumption[key])
                share = max(share, exposed / total if total > NOTHING else 0.0)
            before = self.share[group]
            if before is None or share < before:
                self.share[group] = share
                self.plan[group] = values
