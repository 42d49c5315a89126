"""A combination of threats tried on a plan: what was decided before it comes is held, and its branch alone is solved.

The model of the branch's path is built once and its arrays are kept, without what lies before the branch: every later
trial only moves right-hand sides by what another plan holds there. What is served less than rules ask for is missing,
weighed by what a shortage costs; the least of it is sought. Nothing missing: the plan stands the combination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pyomo.common.errors import InfeasibleConstraintException

from lodestone.data.plan_data import STREAMS, Time, year_of
from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.errors import NoPlanError
from lodestone.progress import ShouldStop
from lodestone.rules.build import Built, build
from lodestone.rules.secure import prepared
from lodestone.solve.decomposition.shared import alone
from lodestone.solve.no_worse import Used
from lodestone.solver.highs import Solver
from lodestone.solver.matrix import AT_MOST, Matrix, matrix

Key = tuple[str, tuple[Any, ...]]  # component of the model, index
Held = Callable[[Key], float]  # the value that a plan gives a variable, 0 where it has none

SERVED = (
    "secure.served",
    "flows.service",
)  # rows that say how much is served at least: (node, region, sector, material)
MAY_LACK: Mapping[str, tuple[str, float]] = {  # other rows that may be missed: in words, MUSD of a unit in the ranking
    "stockpiles.cover": ("days of cover", 0.1),
    "stockpiles.least": ("least stock", 0.1),
    "budgets.within": ("budget", 1.0),
}
LEAST_WEIGHT = 1e-3  # MUSD per t, where a shortage costs next to nothing
ROUNDING = 1e-6  # of a demand, or of a limit: less is the solver's tolerance
MORE = 0.01  # by how much more is asked for, to see what binds
PRICED = 1e-6
GAP = 1e-2  # of what is missing where decisions are whole: how bad it is serves to rank only
NOTHING_LEFT = "what was decided before leaves nothing that can be done"


@dataclass(frozen=True)
class Met:
    """What a combination leaves of what rules ask for. missing: how bad it is, MUSD, to rank by; 0: it stands.

    short: t by sector beyond what may be short, year in which most is; lacking: other rules that are missed. used: what
    the answer takes of plants, markets and lanes.
    """

    missing: float
    short: Mapping[str, float]
    worst_year: int | None = None
    lacking: tuple[str, ...] = ()
    used: Used = field(default_factory=dict, repr=False)

    @property
    def stands(self) -> bool:
        return self.missing <= 0


@dataclass(frozen=True)
class Trial:
    """The arrays of one branch. rows, variables of `arrays` are keys with the nodes of the tree.

    before: (row, key, coefficient) of what is held before the branch; most: (column, key) of decisions that may be at
    most those of the future; elastic: (row, sign, weight, unit size); impossible: a rule that cannot hold at all.
    """

    branch: Branch
    arrays: Matrix | None
    before: tuple[tuple[int, Key, float], ...] = ()
    most: tuple[tuple[int, Key], ...] = ()
    elastic: tuple[tuple[int, float, float, float], ...] = ()
    periods: Mapping[int, tuple[Time, float]] = field(default_factory=dict)  # node -> when it begins, part of a year
    cost: np.ndarray | None = None  # MUSD per unit of each column, discounted, as if the branch were certain
    impossible: str = ""

    def meet(self, held: Held, should_stop: ShouldStop | None = None) -> Met:
        """Whether the plan stands it, and if not, what is missing at least.

        What is missing even where parts of decisions may be taken over is missing; only where nothing is, and parts
        would be, whole decisions are sought.
        """
        if self.arrays is None:
            return Met(np.inf, {}, lacking=(self.impossible,))
        solver, slacks = self.loaded(held)
        solver.relax(True)
        if solver.solve_linear() is None:
            return Met(np.inf, {}, lacking=(NOTHING_LEFT,))
        met = self._missing(solver.all_values(), slacks)
        whole = solver.values()[self.arrays.integer]
        if not met.stands or np.all(np.abs(whole - np.round(whole)) < ROUNDING):
            return met
        solver.relax(False)
        try:
            solver.solve(GAP, np.inf, should_stop=should_stop)
        except NoPlanError:
            return Met(np.inf, {}, lacking=(NOTHING_LEFT,))
        return self._missing(solver.all_values(), slacks)

    def at_share(self, sector: str, share: float) -> Trial:
        """The same with another secure share of a sector."""
        if self.arrays is None:
            return self
        upper = self.arrays.row_upper.copy()
        for i, _, _, size in self.elastic:
            name, index = self.arrays.rows[i].constraint
            if name == "secure.served" and index[2] == sector:
                upper[i] = (1 - share) * size
        return replace(self, arrays=replace(self.arrays, row_upper=upper))

    def loaded(self, held: Held) -> tuple[Solver, dict[int, int]]:
        """The branch in the solver, to minimise what is missing; slack column -> its place in `elastic`."""
        assert self.arrays is not None
        arrays = self.arrays
        given: dict[Key, float] = {}
        shift = np.zeros(len(arrays.rows))
        for row, key, coefficient in self.before:
            if key not in given:
                given[key] = held(key)
            shift[row] += coefficient * given[key]
        upper = arrays.upper.copy()
        for column, key in self.most:
            upper[column] = max(arrays.lower[column], min(upper[column], held(key)))
        solver = Solver(
            replace(arrays, upper=upper, row_lower=arrays.row_lower - shift, row_upper=arrays.row_upper - shift)
        )
        slacks = {
            solver.new_column(cost=weight, terms=[(sign, row)]): i
            for i, (row, sign, weight, _) in enumerate(self.elastic)
        }
        return solver, slacks

    def lack(self, i: int) -> str:
        """What is missed of an elastic row, in words; none of those that say how much is served."""
        assert self.arrays is not None
        name, index = self.arrays.rows[self.elastic[i][0]].constraint
        if name == "flows.service":
            return f"least service of {index[2]}"
        return f"{MAY_LACK[name][0]} {index[1]}" if name in MAY_LACK else ""

    def _missing(self, values: np.ndarray, slacks: Mapping[int, int]) -> Met:
        assert self.arrays is not None
        missing, short, by_year = 0.0, defaultdict[str, float](float), defaultdict[int, float](float)
        lacking: dict[str, None] = {}
        for column, i in slacks.items():
            row, _, weight, size = self.elastic[i]
            amount = float(values[column])
            if amount <= ROUNDING * max(1.0, size):
                continue
            missing += weight * amount
            name, index = self.arrays.rows[row].constraint
            year = year_of(self.periods[index[0]][0])
            by_year[year] += weight * amount
            if name in SERVED:
                short[index[2]] = max(short[index[2]], 0.0) + amount
            else:
                lacking[self.lack(i)] = None
        worst = max(by_year, key=lambda year: by_year[year], default=None)
        return Met(missing, dict(short), worst, tuple(lacking), used_by(self, values))


def used_by(trial: Trial, values: np.ndarray) -> Used:
    """What an answer takes of plants, markets and lanes, as rates."""
    assert trial.arrays is not None
    used: dict[tuple[str, Any, Time], float] = defaultdict(float)
    places = {"flows.act": "plant", "flows.buy": "market", "flows.ship": "lane"}
    for value, (name, index) in zip(values, trial.arrays.variables, strict=False):
        if name in places and value > 0:
            time, length = trial.periods[index[0]]
            used[places[name], index[1:4] if name == "flows.ship" else index[1], time] += float(value) / length
    return dict(used)


def prepare(tree: Tree, branch: Branch) -> Trial:
    """The arrays of a branch that leaves a tree of futures."""
    whole = with_branches(tree, [branch])
    (leaf,) = whole.branch_ends
    path = whole.path[leaf]
    line = alone(whole, leaf)
    built = build(line)
    try:
        loaded = matrix(built.model)
    except InfeasibleConstraintException as error:
        return Trial(branch, None, impossible=f"a rule cannot hold: {error}")
    keys = [_key(v, path) for v in loaded.variables]
    ours = {path[i] for i in line.twin}
    inside = np.array([_node(key) in ours for key in keys], dtype=bool)
    kept = np.flatnonzero(inside)
    place = np.full(len(keys), -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    row_of = np.repeat(np.arange(len(loaded.rows)), np.diff(loaded.starts))
    concerned = np.zeros(len(loaded.rows), dtype=bool)
    concerned[row_of[inside[loaded.columns]]] = True
    new_row = np.cumsum(concerned) - 1
    entries = inside[loaded.columns]
    counts = np.bincount(new_row[row_of[entries]], minlength=int(concerned.sum()))
    rows = [
        row._replace(constraint=_key(row.constraint, path))
        for row, here in zip(loaded.rows, concerned.tolist(), strict=True)
        if here
    ]
    low, high = loaded.row_lower[concerned], loaded.row_upper[concerned]
    before: list[tuple[int, Key, float]] = []
    for e in np.flatnonzero(~entries & concerned[row_of]).tolist():
        row, column = int(new_row[row_of[e]]), int(loaded.columns[e])
        coefficient = float(loaded.coefficients[e])
        if _node(keys[column]) is None:  # committed: held by its bounds
            low[row] -= coefficient * loaded.lower[column]
            high[row] -= coefficient * loaded.lower[column]
        else:
            before.append((row, keys[column], coefficient))
    variables: list[Any] = [keys[i] for i in kept.tolist()]
    arrays = Matrix(
        variables=variables,
        column={},
        lower=loaded.lower[kept],
        upper=loaded.upper[kept],
        integer=loaded.integer[kept],
        branched=loaded.branched[kept],
        cost=np.zeros(len(kept)),
        offset=0.0,
        rows=rows,
        row_lower=low,
        row_upper=high,
        starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        columns=place[loaded.columns[entries]],
        coefficients=loaded.coefficients[entries],
    )
    return Trial(
        branch,
        arrays,
        tuple(before),
        tuple(_most(built, whole, variables)),
        tuple(_elastic(built, whole, arrays)),
        {n: (whole.time[n], whole.length[n]) for n in path},
        loaded.cost[kept],
    )


def _key(part: Any, path: tuple[int, ...]) -> Key:
    """A variable or constraint by its component and index, nodes numbered as in the tree that the path is of."""
    index = part.index()
    whole = index if isinstance(index, tuple) else (index,)
    name = str(part.parent_component().name)
    if whole and isinstance(whole[0], int):
        whole = (path[whole[0]], *whole[1:])
    if name in ("contracts.taken", "contracts.untaken", "contracts.in_force", "contracts.unpaid") and whole[2] >= 0:
        whole = (*whole[:2], path[whole[2]], *whole[3:])
    return name, whole


def _node(key: Key) -> int | None:
    first = key[1][0] if key[1] else None
    return first if isinstance(first, int) else None


def _most(built: Built, whole: Tree, variables: list[Key]) -> list[tuple[int, Key]]:
    m = built.model
    decided = {str(v.name) for v in prepared(m.investments, m.price_floors, m.contracts).values()}
    return [
        (column, (name, (whole.twin[index[0]], *index[1:])))
        for column, (name, index) in enumerate(variables)
        if name in decided
    ]


def _elastic(built: Built, whole: Tree, arrays: Matrix) -> list[tuple[int, float, float, float]]:
    found = []
    for i, row in enumerate(arrays.rows):
        name, index = row.constraint
        sign = -1.0 if row.bound_type == AT_MOST else 1.0
        if name in SERVED:
            n, region, sector, material = index
            data = whole.data[n]
            size = whole.length[n] * data.demand[region, sector, material][whole.time[n]]
            found.append((i, sign, max(LEAST_WEIGHT, data.sectors[sector].shortage_cost), size))
        elif name in MAY_LACK:
            side = arrays.row_upper[i] if sign < 0 else arrays.row_lower[i]
            found.append((i, sign, MAY_LACK[name][1], abs(float(side))))
    return found


# --- what a branch looks like once the plan stands it ---------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """The best answer to a combination. short_t: t by sector; empty: stockpile -> days from the first threat until it
    is empty; binding: what limits how much is served, where hardly more than is asked for could be."""

    short_t: Mapping[str, float]
    empty: Mapping[str, float]
    binding: tuple[str, ...]
    used: Used = field(default_factory=dict, repr=False)


def answer(trial: Trial, held: Held, tree: Tree) -> Answer:
    """Of a combination that the plan stands: the least shortage, weighed by what it costs, and what limits it."""
    assert trial.arrays is not None
    arrays = trial.arrays
    solver, slacks = trial.loaded(held)
    data = trial.branch.data
    solver.solve(0.0, np.inf)
    allowed = solver.all_values()
    for column in slacks:  # what is within tolerance stays within it
        solver.bound(column, 0.0, max(0.0, float(allowed[column])))
        solver.set_costs(np.array([column]), np.zeros(1))
    short = [(c, index) for c, (name, index) in enumerate(arrays.variables) if name == "flows.short"]
    prices = [max(LEAST_WEIGHT, data.sectors[index[2]].shortage_cost) for _, index in short]
    if short:
        solver.set_costs(np.array([c for c, _ in short]), np.array(prices))
    release = np.array([c for c, (name, _) in enumerate(arrays.variables) if name == "stockpiles.release"], dtype=int)
    if len(release):  # stocks are drawn where nothing else helps
        solver.set_costs(release, np.full(len(release), LEAST_WEIGHT / 1000))
    solver.solve(0.0, np.inf)
    values = solver.values()
    missed: dict[str, float] = defaultdict(float)
    for column, index in short:
        missed[index[2]] += max(0.0, float(values[column]))
    short_t = {sector: t for sector, t in missed.items() if t > ROUNDING}
    return Answer(short_t, runs_empty(trial, values, held, tree), _binding(trial, held, values), used_by(trial, values))


def runs_empty(trial: Trial, values: np.ndarray, held: Held, tree: Tree) -> dict[str, float]:
    """Stockpile -> days from the first threat until it is empty; those that last are left out."""
    assert trial.arrays is not None
    stock: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for value, (name, index) in zip(values, trial.arrays.variables, strict=False):
        if name == "stockpiles.stock":
            stock[index[1]][index[0]] += float(value)
    data = trial.branch.data
    path = tree.path[tree.leaf_of[trial.branch.future]]
    first = data.scenario.shows or tree.time[path[0]]
    before = [n for n in path if tree.time[n] < first]
    lasts: dict[str, float] = {}
    for pile, by_node in stock.items():
        opening = (
            sum(held(("stockpiles.stock", (before[-1], pile, k))) for k in STREAMS)
            if before
            else sum(data.stockpiles[pile].opening.values())
        )
        days = 0.0
        after = [n for n in path if tree.time[n] >= first]
        for n, node in zip(after, sorted(by_node), strict=True):
            days += 365 * tree.length[n]
            if opening > ROUNDING and by_node[node] <= ROUNDING * max(1.0, opening):
                lasts[pile] = days
                break
    return lasts


LIMITS: Mapping[str, Callable[..., str]] = {  # rows and columns that limit what is served, in words
    "capacity.within": lambda n, u: f"capacity of {u}",
    "closure.works": lambda n, u: f"capacity of {u}",
    "closure.standing": lambda n, u: f"capacity of {u}",
    "closure.stays": lambda n, u: f"what is kept open of {u}",
    "capacity.access": lambda n, u: f"contracts with {u}",
    "capacity.market_access": lambda n, v: f"contracts with {v}",
    "contracts.in_force": lambda n, c, d: f"volume of {c}",
    "flows.lane": lambda n, m, r, to: f"lane from {r} to {to} for {m}",
    "flows.buy": lambda n, v: f"volume of {v}",
    "flows.avoid": lambda n, o, *j: f"what {o} can avoid",
    "stockpiles.balance": lambda n, s, k: f"stock of {s}",
    "stockpiles.held": lambda n, s, k: f"stock of {s}",
    "stockpiles.max_release": lambda n, s: f"release of {s}",
    "stockpiles.cover": lambda n, s: f"days of cover of {s}",
    "stockpiles.least": lambda n, s: f"least stock of {s}",
    "suppliers.resourcing": lambda n, to, m: f"new suppliers of {m} in {to}",
    "budgets.within": lambda n, b: f"budget {b}",
}


def _binding(trial: Trial, held: Held, values: np.ndarray) -> tuple[str, ...]:
    """What limits how much is served: with a little more demand something would be missing, and these have a price."""
    assert trial.arrays is not None
    arrays = trial.arrays
    more = np.zeros(len(arrays.rows))
    data = trial.branch.data
    for i, row in enumerate(arrays.rows):
        name, index = row.constraint
        if name == "flows.demand" and data.sectors[index[2]].secure_share > 0:
            more[i] = MORE * arrays.row_lower[i]
    raised = replace(
        trial, arrays=replace(arrays, row_lower=arrays.row_lower + more, row_upper=arrays.row_upper + more)
    )
    solver, _ = raised.loaded(held)
    solver.hold_integers(values)
    total = solver.solve_linear()
    if total is None or total <= PRICED:
        return ()
    found: dict[str, None] = {}
    duals, reduced = solver.row_duals(), solver.reduced_costs()
    for dual, row in zip(duals, arrays.rows, strict=False):
        name, index = row.constraint
        if abs(dual) > PRICED and name in LIMITS:
            found[LIMITS[name](*index)] = None
    for cost, (name, index) in zip(reduced, arrays.variables, strict=False):
        if cost < -PRICED and name in LIMITS:
            found[LIMITS[name](*index)] = None
    return tuple(found)
