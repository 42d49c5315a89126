"""Combinations of threats, their trials on a plan, and what a plan that stands them all says of it.

How such a plan is found: solve/secure_search.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Protocol

import numpy as np

from lodestone.data.plan_data import BASE, PlanData
from lodestone.data.tree import Branch, Tree
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.formatting import in_words, tonnes
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built
from lodestone.solve.branch_answer import Answer, answer
from lodestone.solve.branch_preparation import prepare
from lodestone.solve.branch_trial import Held, Met, Trial
from lodestone.solve.no_worse import Used, smaller_answer, taken_by
from lodestone.solver.highs import Outcome, Solver
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs


class Solved(Protocol):
    """A solved model with its solver."""

    @property
    def built(self) -> Built: ...
    @property
    def solver(self) -> Solver: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def values(self) -> np.ndarray: ...


Say = Callable[[str], None]
DECIDED = (("investments.build", "projects"), ("price_floors.award", "floors"), ("contracts.sign", "contracts"))


class NoSecurePlanError(NoPlanError):
    """There is a plan, but none that stands these combinations of threats together."""

    def __init__(self, message: str, branches: Sequence[Branch] = (), share: float | None = None) -> None:
        """share: the largest that is attained of the sector with the highest shortage cost."""
        super().__init__(message)
        self.branches, self.share = tuple(branches), share


@dataclass(frozen=True)
class Security:
    """What a secure plan stands. chosen: the combinations that needed a branch; plain_musd: objective without any."""

    k: int
    threats: tuple[str, ...]
    plain_musd: float
    chosen: tuple[Branch, ...]
    answers: tuple[tuple[Branch, Answer], ...]
    prepared: int = 0  # combinations that had to be tried; of the others it is proved that they are no worse
    models: Mapping[tuple[str, tuple[str, ...]], Built] = field(default_factory=dict)  # of those chosen, answered

    def told(self, objective: float) -> dict[str, Any]:
        """As it stands in plan.json."""
        several = len({branch.future for branch, _ in self.answers}) > 1
        chosen = {branch.name for branch in self.chosen}
        return {
            "k": self.k,
            "threats": list(self.threats),
            "plain_musd": self.plain_musd,
            "price_musd": max(0.0, objective - self.plain_musd),
            "combinations": [
                {
                    **({"scenario": branch.future} if several else {}),
                    "threats": list(branch.threats),
                    "branch": "yes" if branch.name in chosen else "no",
                    "short_t": sum(found.short_t.values()),
                    "short_by_sector_t": dict(found.short_t),
                    "empty_after_days": dict(found.empty),
                    "binding": list(found.binding),
                }
                for branch, found in self.answers
            ],
        }


def threats_of(inputs: Inputs) -> tuple[str, ...]:
    """Scenarios that are threats, in the order of the workbook."""
    return tuple(row.key[0] for row in inputs.tables().rows("Scenarios") if row["threat"])


def require_threats(inputs: Inputs, k: int) -> tuple[str, ...]:
    """The threats of the workbook. Raises UsageError where a plan is to stand some and there are none."""
    if k < 0:
        raise UsageError(f"--secure {k}: give the number of threats that the plan must stand at once, 0 for none")
    threats = threats_of(inputs)
    if k and not threats:
        raise UsageError("there is no threat to be secure against: enter yes under threat on the sheet Scenarios")
    return threats


def branches_of(inputs: Inputs, futures: Iterable[str], threats: Sequence[str], k: int) -> list[Branch]:
    """Every combination of at most k threats, for every future; those of few threats first."""
    base = inputs.tables()

    def data(future: str, together: tuple[str, ...]) -> PlanData:
        return plan_data(inputs.combination(future, together), base)

    together = [c for size in range(1, min(k, len(threats)) + 1) for c in combinations(threats, size)]
    return [Branch(future, c, data(future, c)) for future in futures for c in together]


class Trials:
    """The trials of a tree's branches, each prepared when it is first needed."""

    def __init__(self, tree: Tree, branches: Sequence[Branch], say: Say, should_stop: ShouldStop | None = None) -> None:
        self.tree, self.say, self.should_stop = tree, say, should_stop
        self.known: dict[tuple[str, tuple[str, ...]], Trial] = {}
        self.taken: dict[tuple[str, str], set[tuple[str, Any]]] = {}  # by a threat alone, by future
        for branch in branches:
            if len(branch.threats) == 1:
                future = tree.data[tree.leaf_of[branch.future]]
                self.taken[branch.future, branch.threats[0]] = taken_by(future, branch.data)

    def of(self, branch: Branch) -> Trial:
        """The trial of a branch, prepared once. Raises StoppedError when asked to stop."""
        if branch.name not in self.known:
            if self.should_stop and self.should_stop():
                raise StoppedError("stopped before every combination of threats was tried")
            self.say(f"threats: {' + '.join(branch.threats)} is prepared")
            self.known[branch.name] = prepare(self.tree, branch, self._others(branch))
        return self.known[branch.name]

    def _others(self, branch: Branch) -> set[tuple[str, Any]]:
        """What threats take that are not in a combination."""
        others = (
            taken
            for (future, threat), taken in self.taken.items()
            if future == branch.future and threat not in branch.threats
        )
        return set().union(*others)

    def _smaller(self, branch: Branch) -> list[Trial]:
        """Of combinations of one threat less, as far as they were tried."""
        names = ((branch.future, tuple(t for t in branch.threats if t != left_out)) for left_out in branch.threats)
        return [self.known[name] for name in names if name in self.known]

    def meet(
        self, branches: Sequence[Branch], held: Held, share: tuple[str, float] | None = None
    ) -> list[tuple[Branch, Met]]:
        """The branches that fail. Those of few threats are tried first: where a further threat takes away only what
        the answer to them does not use, the larger combination is no worse, and is not tried. Nor is one that contains
        a combination that fails, as long as that one does.

        share: another secure share of a sector."""
        failing: list[tuple[Branch, Met]] = []
        known: dict[str, dict[tuple[str, ...], tuple[PlanData, Used]]] = {}
        left_alone = undecided(self.tree, held)
        for size in sorted({len(branch.threats) for branch in branches}):
            trials = []
            failed = [(branch.future, set(branch.threats)) for branch, _ in failing]
            for branch in (b for b in branches if len(b.threats) == size):
                if any(future == branch.future and threats < set(branch.threats) for future, threats in failed):
                    continue
                smaller_ones = known.setdefault(branch.future, {})
                smaller = smaller_answer(branch.threats, branch.data, smaller_ones, left_alone)
                if smaller is None:
                    trial = self.of(branch)
                    trial.begin_near(self._smaller(branch))
                    trials.append(trial if share is None else trial.at_share(*share))
                else:
                    smaller_ones[branch.threats] = (branch.data, smaller_ones[smaller][1])
            for trial, met in zip(trials, meet_all(trials, held, self.should_stop), strict=True):
                if np.isfinite(met.missing):
                    known[trial.branch.future][trial.branch.threats] = (trial.branch.data, met.used)
                if not met.stands:
                    failing.append((trial.branch, met))
        return failing

    def answers(
        self, branches: Sequence[Branch], held: Held, chosen: Sequence[Branch] = ()
    ) -> tuple[tuple[Branch, Answer], ...]:
        """The best answer to each, where all stand; to those chosen one of their own, as their tables are of it."""
        found: dict[tuple[str, tuple[str, ...]], Answer] = {}
        known: dict[str, dict[tuple[str, ...], tuple[PlanData, Used]]] = {}
        own, left_alone = {branch.name for branch in chosen}, undecided(self.tree, held)
        for size in sorted({len(branch.threats) for branch in branches}):
            asked = []
            for branch in (b for b in branches if len(b.threats) == size):
                answered = known.setdefault(branch.future, {})
                smaller = smaller_answer(branch.threats, branch.data, answered, left_alone)
                if smaller is None or branch.name in own:
                    asked.append(branch)
                else:
                    found[branch.name] = best = found[branch.future, smaller]
                    answered[branch.threats] = (branch.data, best.used)
            trials = [self.of(branch) for branch in asked]
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                answers = list(pool.map(lambda trial: answer(trial, held, self.tree), trials))
            for branch, best in zip(asked, answers, strict=True):
                found[branch.name] = best
                known[branch.future][branch.threats] = (branch.data, best.used)
        return tuple((branch, found[branch.name]) for branch in branches)


def undecided(tree: Tree, held: Held) -> frozenset[tuple[str, str]]:
    """Projects, packages and contracts that a plan leaves alone in all futures, and that are not committed."""
    found: set[tuple[str, str]] = set()
    for component, kind in DECIDED:
        parts = [part for data in tree.data.values() for part in getattr(data, kind).items()]
        offered = {name for name, part in parts if part.committed_year is None}
        found |= {(kind, name) for name in offered if not any(held((component, (n, name))) > 0.5 for n in tree.nodes)}
    return frozenset(found)


def meet_all(trials: Sequence[Trial], held: Held, should_stop: ShouldStop | None = None) -> list[Met]:
    """What each combination leaves missing: on threads, for HiGHS works outside of Python's lock."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        met = list(pool.map(lambda trial: trial.meet(held, should_stop), trials))
    if should_stop and should_stop():
        raise StoppedError("stopped before every combination of threats was tried")
    return met


def in_plain_words(branch: Branch, met: Met) -> str:
    """'exports of China and Lynas together leave defence 120 t short in 2028'"""
    names = in_words([*branch.threats])
    who = f"{names} together leave" if len(branch.threats) > 1 else f"{names} leaves"
    short = in_words([f"{sector} {tonnes(t)} short" for sector, t in met.short.items()])
    lacking = in_words(list(met.lacking), 3)
    when = f" in {met.worst_year}" if met.worst_year else ""
    who = who if branch.future == BASE.name else f"in {branch.future}, {who}"
    return f"{who} {' and '.join(x for x in (short, f'no {lacking}' if lacking else '') if x)}{when}"
