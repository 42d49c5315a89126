"""The cheapest plan that stands every combination of at most K threats: branches are added one after another.

The tree with a branch for every combination defines the plan. Few of them bind, so the tree is solved with none, every
combination is tried with the decisions held (solve/branch_trial.py), the worst gets its branch, and so on until all
hold. Each tree asks for less than the whole one, so its bound is one for the secure plan too; the last plan stands all
combinations with what it holds, so it is a plan of the whole tree at that cost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

from lodestone.data.plan_data import BASE, PlanData
from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.formatting import in_words, tonnes
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built
from lodestone.solve.branch_trial import Answer, Held, Met, Trial, answer, prepare
from lodestone.solve.no_worse import Used, smaller_answer
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs


class HasModel(Protocol):
    """A solved model whose variables hold its solution."""

    @property
    def built(self) -> Built: ...


Say = Callable[[str], None]


class NoSecurePlanError(NoPlanError):
    """There is a plan, but none that stands these combinations of threats together."""

    def __init__(
        self, message: str, branches: Sequence[Branch] = (), trials: Sequence[Trial] = (), share: float | None = None
    ) -> None:
        """share: the largest that is attained of the sector with the highest shortage cost."""
        super().__init__(message)
        self.branches, self.trials, self.share = tuple(branches), tuple(trials), share


@dataclass(frozen=True)
class Security:
    """What a secure plan stands. chosen: the combinations that needed a branch; plain_musd: objective without any."""

    k: int
    threats: tuple[str, ...]
    plain_musd: float
    chosen: tuple[Branch, ...]
    answers: tuple[tuple[Branch, Answer], ...]

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

    def __init__(self, tree: Tree, say: Say, should_stop: ShouldStop | None) -> None:
        self.tree, self.say, self.should_stop = tree, say, should_stop
        self.known: dict[tuple[str, tuple[str, ...]], Trial] = {}

    def of(self, branch: Branch) -> Trial:
        if branch.name not in self.known:
            if self.should_stop and self.should_stop():
                raise StoppedError("stopped before every combination of threats was tried")
            self.say(f"threats: {' + '.join(branch.threats)} is prepared")
            self.known[branch.name] = prepare(self.tree, branch)
        return self.known[branch.name]

    def meet(self, branches: Sequence[Branch], chosen: Sequence[Branch], held: Held) -> list[tuple[Branch, Met]]:
        """The branches that fail. Those of few threats are tried first, so that what a further threat takes away
        without need is seen, and the larger combination not tried."""
        failing: list[tuple[Branch, Met]] = []
        stand: dict[str, dict[tuple[str, ...], tuple[PlanData, Used]]] = {}
        names = {branch.name for branch in chosen}
        waiting = [branch for branch in branches if branch.name not in names]
        for size in sorted({len(branch.threats) for branch in waiting}):
            trials = []
            for branch in (b for b in waiting if len(b.threats) == size):
                known = stand.setdefault(branch.future, {})
                smaller = smaller_answer(branch.threats, branch.data, known)
                if smaller is None:
                    trials.append(self.of(branch))
                else:
                    known[branch.threats] = (branch.data, known[smaller][1])
            for trial, met in zip(trials, meet_all(trials, held, self.should_stop), strict=True):
                if met.stands:
                    stand[trial.branch.future][trial.branch.threats] = (trial.branch.data, met.used)
                else:
                    failing.append((trial.branch, met))
        return failing

    def answers(self, branches: Sequence[Branch], held: Held) -> tuple[tuple[Branch, Answer], ...]:
        """The best answer to each, where all stand."""
        found: dict[tuple[str, tuple[str, ...]], Answer] = {}
        known: dict[str, dict[tuple[str, ...], tuple[PlanData, Used]]] = {}
        for branch in branches:
            answered = known.setdefault(branch.future, {})
            smaller = smaller_answer(branch.threats, branch.data, answered)
            best = answer(self.of(branch), held, self.tree) if smaller is None else found[branch.future, smaller]
            found[branch.name] = best
            answered[branch.threats] = (branch.data, best.used)
        return tuple((branch, found[branch.name]) for branch in branches)


def secured(
    tree: Tree,
    branches: Sequence[Branch],
    threats: Sequence[str],
    k: int,
    solve: Callable[[Tree], tuple[Any, float]],
    say: Say | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[Any, Security]:
    """What `solve` makes of the tree with the branches that it takes, and what that stands.

    solve: the solved model (with `.built`) of a tree, and its objective. Raises NoSecurePlanError, and what it raises.
    """
    tell = say or (lambda _: None)
    solved, plain = solve(tree)
    trials = Trials(tree, tell, should_stop)
    chosen: list[Branch] = []
    for number in range(1, len(branches) + 2):
        held = held_by(solved)
        tell(f"round {number}: {len(branches) - len(chosen)} combinations of threats are tried")
        failing = trials.meet(branches, chosen, held)
        if not failing:
            return solved, Security(k, tuple(threats), plain, tuple(chosen), trials.answers(branches, held))
        worst, result = max(failing, key=lambda pair: pair[1].missing)
        chosen.append(worst)
        tell(f"round {number}: {in_plain_words(worst, result)}; added")
        try:
            solved, _ = solve(with_branches(tree, chosen))
        except NoPlanError as error:
            raise NoSecurePlanError(_no_plan(chosen), chosen, [trials.of(b) for b in branches]) from error
    raise AssertionError("every combination has its branch, and one still fails")


def held_by(solved: HasModel) -> Held:
    """The values of a solved model by component and index."""
    model, components = solved.built.model, dict[str, Any]()

    def held(key: tuple[str, tuple[Any, ...]]) -> float:
        name, index = key
        if name not in components:
            components[name] = model.find_component(name)
        place = index if len(index) > 1 else index[0]
        return float(components[name][place].value or 0.0) if place in components[name] else 0.0

    return held


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


def _no_plan(chosen: Sequence[Branch]) -> str:
    names = "; ".join(" + ".join(branch.threats) for branch in chosen)
    return f"no plan gives every sector its secure share in each of these combinations of threats: {names}"
