"""The cheapest plan that stands every combination of at most K threats: what trials show is added step by step.

The tree with a branch for every combination defines the plan. Few of them bind, so the tree without any is solved, and
every combination is tried with the decisions held (solve/branch_trial.py). The prices of a trial that fails say what
any plan must hold, more stock, another build, so that less is missing there: a row of the model ("cut"), which is
convex in the decisions and so holds for every secure plan. With these rows, first with the whole decisions as they
are, then with all open, it is solved again, until all stand.

The model with cuts asks for no more than the tree with all branches, so its bound is one for the secure plan too; a
plan that all trials stand is a plan of that tree at the same cost. Where a trial fails only because its decisions are
whole, no cut says why, and the combination gets its branch in the tree itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.errors import NoPlanError, StoppedError
from lodestone.plan.formatting import count
from lodestone.rules.build import Built
from lodestone.rules.flows import period_demand
from lodestone.solve.branch_answer import branch_built
from lodestone.solve.branch_trial import Cut, Held, Key
from lodestone.solve.effort import Search
from lodestone.solve.secure import NoSecurePlanError, Say, Security, Solved, Trials, in_plain_words
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Solver
from lodestone.solver.highs_model import INFINITY

S = TypeVar("S", bound=Solved)
PRICED = 1e-9  # MUSD: a cut whose price is above this limits the plan
MOST_ROUNDS = 500  # with whole decisions as they are: a guard, no limit that was ever seen


class Model:
    """The model of a tree with the cuts of combinations that have no branch in it."""

    def __init__(self, built: Built, solver: Solver, sector: str | None = None) -> None:
        """sector: whose secure share may give way, and is a column of the model."""
        self.built, self.solver, self.sector = built, solver, sector
        self.cuts: list[tuple[Branch, Cut]] = []
        self.components: dict[str, object] = {}
        self.share: int | None = None
        if sector is not None:
            self.share = self._share_of(sector)

    def _share_of(self, sector: str) -> int:
        """A column for the secure share of a sector, in the rows of branches of the tree as well."""
        tree, terms = self.built.tree, []
        for key, row in self.built.model.secure.served.items():
            if key[2] == sector:
                demand = period_demand(tree, key[0], key[1:])
                self.solver.set_upper(row, demand)
                terms.append((demand, self.solver.row[id(row)]))
        return self.solver.new_column(0.0, tree.data[0].sectors[sector].secure_share, 0.0, terms)

    def column(self, key: Key) -> int | None:
        """Of a variable by its component and index; None where the model has no such variable."""
        name, index = key
        if name not in self.components:
            self.components[name] = self.built.model.find_component(name)
        component = self.components[name]
        place = index if len(index) > 1 else index[0]
        return self.solver.column[id(component[place])] if place in component else None  # type: ignore[operator,index]

    def held(self, values: np.ndarray) -> Held:
        """What a solution gives a variable, cleaned of what tolerances leave behind."""
        clean = np.clip(values[: len(self.solver.lower)], self.solver.lower, self.solver.upper)
        whole = self.solver.integer
        clean[whole] = np.round(clean[whole])

        def value(key: Key) -> float:
            column = self.column(key)
            return 0.0 if column is None else float(clean[column])

        return value

    def asked(self, values: np.ndarray) -> tuple[str, float] | None:
        """The sector whose share may give way, and its share in a solution."""
        if self.sector is None or self.share is None:
            return None
        return self.sector, max(0.0, float(values[self.share]))

    def add(self, branch: Branch, cut: Cut) -> None:
        """Add the cut that a branch asks for."""
        self.cuts.append((branch, cut))
        self._row(cut)

    def _row(self, cut: Cut) -> None:
        terms = [(slope, column) for key, slope in cut.slopes.items() if (column := self.column(key)) is not None]
        if self.share is not None and cut.share_slope:
            terms.append((cut.share_slope, self.share))
        self.solver.new_row(-INFINITY, cut.most, terms)

    def open(self) -> None:
        """All decisions open again, with the cuts and nothing else."""
        self.solver.restore()
        self.solver.drop_added_rows()
        for _, cut in self.cuts:
            self._row(cut)
        if self.share is not None:
            self.solver.set_goal([])
            self.solver.set_costs(np.array([self.share]), np.array([-1.0]))

    def binding(self) -> list[Branch]:
        """Those whose cuts have a price in the linear programme solved last."""
        prices = self.solver.row_duals()[len(self.solver.rows) :]
        found = {b.name: b for (b, _), price in zip(self.cuts, prices, strict=False) if abs(price) > PRICED}
        return list(found.values())


@dataclass(frozen=True)
class Found:
    """A plan that all combinations stand. binding: those whose cuts limit it as it is."""

    values: np.ndarray
    cost: float
    binding: tuple[Branch, ...]


class Searching:
    """The search in one model, whose combinations have no branch in the tree."""

    def __init__(self, model: Model, trials: Trials, branches: Sequence[Branch], say: Say) -> None:
        self.model, self.trials, self.branches, self.say = model, trials, branches, say
        self.round = 0
        self.failed: dict[tuple[str, tuple[str, ...]], Branch] = {}  # at least once
        self.whole: list[Branch] = []  # for which no cut can be found

    def stands(self, values: np.ndarray, branches: Sequence[Branch] | None = None) -> bool:
        """Whether all stand a solution; where not, the model has cuts more."""
        tried = self.branches if branches is None else branches
        if branches is None:
            self.round += 1
            self.say(f"round {self.round}: tries {count(len(tried), 'combination')} of threats")
        failing = self.trials.meet(tried, self.model.held(values), self.model.asked(values))
        if failing and branches is None:
            worst, met = max(failing, key=lambda pair: pair[1].missing)
            more = f", and {len(failing) - 1} more fail" if len(failing) > 1 else ""
            self.say(f"round {self.round}: {in_plain_words(worst, met)}{more}; added")
        for branch, met in failing:
            self.failed[branch.name] = branch
            if met.cut is None:
                self.whole.append(branch)
            else:
                self.model.add(branch, met.cut)
        return not failing

    def with_decisions(self, values: np.ndarray) -> Found | None:
        """The best plan with these whole decisions that all stand; None where there is none."""
        solver = self.model.solver
        self.model.open()
        solver.hold_integers(values)
        for _ in range(MOST_ROUNDS):
            cost = solver.solve_linear()
            if cost is None:
                return None
            found, binding = solver.all_values(), self.model.binding()
            if self.stands(found, list(self.failed.values())) and self.stands(found):
                return Found(found, cost, tuple(binding))
            if self.whole:
                return None
        return None


def secured(
    tree: Tree,
    branches: Sequence[Branch],
    threats: Sequence[str],
    k: int,
    solve: Callable[[Tree], S],
    wanted: Search,
    say: Say | None = None,
) -> tuple[S, Security]:
    """The cheapest plan that stands all branches, and what it stands.

    solve: the solved model of a tree. Raises NoSecurePlanError, and what `solve` raises.
    """
    tell = say or (lambda _: None)
    trials = Trials(tree, branches, tell, wanted.should_stop)
    solved = solve(tree)
    plain, plain_values = solved.outcome.objective, solved.values
    inside: list[Branch] = []
    cuts: list[tuple[Branch, Cut]] = []
    while True:
        names = {branch.name for branch in inside}
        model = Model(solved.built, solved.solver)
        search = Searching(model, trials, [b for b in branches if b.name not in names], tell)
        for branch, cut in cuts:
            model.cuts.append((branch, cut))
            search.failed[branch.name] = branch
        try:
            found, bound = cheapest(search, solved.values, solved.outcome.objective, solved.outcome.bound, wanted)
        except NoPlanError as error:
            raise NoSecurePlanError(str(error), [*inside, *search.failed.values()]) from error
        if found is not None:
            break
        cuts = model.cuts
        inside += [b for b in search.whole if b.name not in {x.name for x in inside}]
        try:
            solved = solve(with_branches(tree, inside))
        except NoPlanError as error:
            raise NoSecurePlanError(str(error), [*inside, *search.failed.values()]) from error
    if search.failed:
        solved = _finished(search, solved, found, bound)
    chosen = [*inside, *_chosen(search, solved, found, plain_values)]
    held = model.held(solved.values)
    answers = trials.answers(branches, held, chosen)
    answered = dict((branch.name, best) for branch, best in answers)
    models = {b.name: branch_built(trials.of(b), answered[b.name].values, held, tree) for b in chosen}
    return solved, Security(k, tuple(threats), plain, tuple(chosen), answers, len(trials.known), models)


def cheapest(
    search: Searching, values: np.ndarray, cost: float, bound: float, wanted: Search
) -> tuple[Found | None, float]:
    """The cheapest plan that all stand, from one that was made without; and a bound that none undercuts.

    None where some combination needs its branch in the tree. Raises NoPlanError where there is no such plan.
    """
    solver, model = search.model.solver, search.model
    began = time.monotonic()
    best: Found | None = None
    if not search.failed and search.stands(values):
        return Found(values, cost, ()), bound
    while not search.whole:
        found = search.with_decisions(values)
        if found is not None and (best is None or found.cost < best.cost):
            best = found
        if search.whole or (best is not None and best.cost - bound <= max(1e-6, wanted.gap * abs(best.cost))):
            break
        if best is not None and time.monotonic() - began > wanted.time_limit:
            break
        model.open()
        if best is not None:
            solver.start_from(best.values)
        try:
            outcome = solver.solve(
                wanted.gap, wanted.time_limit, wanted.on_progress, wanted.should_stop, began, bound=bound
            )
        except StoppedError:
            if best is None:
                raise
            break
        bound, values = max(bound, outcome.bound), solver.all_values()
        if search.stands(values):  # and with these decisions nothing is cheaper than within the gap
            found = search.with_decisions(values)
            return found or Found(values, outcome.objective, ()), bound
    return (None if search.whole else best), bound


def _finished(search: Searching, solved: S, found: Found, bound: float) -> S:
    """The solution with ties broken, if all stand it then too, in the variables of the model."""
    model, solver = search.model, search.model.solver
    values = found.values[: len(solver.lower)]
    count = len(model.cuts)
    model.open()
    tidied = tidy(model.built, solver, values)
    if tidied is not None:
        if search.stands(tidied):
            values = tidied
        else:
            del model.cuts[count:]
    solver.store(values)
    outcome = replace(solved.outcome, objective=found.cost, bound=min(bound, found.cost))
    return replace(solved, outcome=outcome, values=values)  # type: ignore[type-var]


def _chosen(search: Searching, solved: Solved, found: Found, plain: np.ndarray) -> list[Branch]:
    """The combinations that bind: those whose cuts limit the plan, and those that ask for a whole decision of it."""
    chosen = {branch.name: branch for branch in found.binding}
    model, solver = search.model, search.model.solver
    values = solved.values.copy()
    more = np.flatnonzero(solver.integer & (values > np.resize(plain, len(values)) + 0.5))
    for column in more.tolist():
        without = values.copy()
        without[column] = plain[column] if column < len(plain) else 0.0
        missed = [(_value(model, cut, without), branch) for branch, cut in model.cuts]
        worst, branch = max(missed, key=lambda pair: pair[0], default=(0.0, None))
        if branch is not None and worst > 1e-6:
            chosen[branch.name] = branch
    return [branch for branch in search.branches if branch.name in chosen]


def _value(model: Model, cut: Cut, values: np.ndarray) -> float:
    """What a cut says is missing at least."""
    columns = ((slope, model.column(key)) for key, slope in cut.slopes.items())
    return sum(slope * float(values[c]) for slope, c in columns if c is not None) - cut.most
