"""The model of a plan that does not exist, with every rule that a cell could loosen loosened by a column of its own.

What the model leaves out because it can never be used is put back, held at nothing by a limit of its own, so that it
can be named and loosened: closed lanes, decisions outside their windows, stockpiles that take or give nothing.

A column that loosens a share or a cover multiplies consumption, which the plan itself decides. It is counted on the
most consumption there can be, so that it never promises too much; `needed` then works out from the plan what is truly
needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree
from lodestone.rules.build import build
from lodestone.rules.linear import Terms
from lodestone.rules.stockpiles import DAYS_PER_YEAR
from lodestone.solver.elastic_model import Elastic
from lodestone.solver.highs_model import INFINITY
from lodestone.studies.explanation.adjustable_cells import SMALLEST, Knob
from lodestone.workbook.cell_locations import Place, Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.tables import Lane, Tables


class DataOf(Protocol):
    """The data of a scenario, and of threats that come to it."""

    def __call__(self, scenario: str, threats: tuple[str, ...] = ()) -> PlanData: ...


MakeTree = Callable[[DataOf], Tree]


class Giving:
    """The loosened model of a run: `knobs` by cell; `added` and `held` say what was put back (row or column ->
    what)."""

    def __init__(self, places: Places, make_tree: MakeTree) -> None:
        self.places = places
        self.inputs = inputs = places.inputs
        base = inputs.tables()
        self.struck: dict[str, tuple[tuple[str, ...], Tables]] = {}  # branch -> its threats and tables

        def as_it_is(scenario: str, threats: tuple[str, ...] = ()) -> PlanData:
            tables = struck(inputs, scenario, threats)
            data = plan_data(tables, base)
            if threats:
                self.struck[data.scenario.name] = (threats, tables)
            return data

        self.plain = make_tree(as_it_is)
        self.tree = make_tree(lambda scenario, threats=(): _widened(inputs, scenario, threats))
        self.built = build(self.tree)
        self.solver = Elastic(self.built.model)
        self.knobs: dict[str, Knob] = {}
        self.added: dict[int, tuple[str, tuple[object, ...]]] = {}
        self.held: dict[int, tuple[str, tuple[object, ...]]] = {}
        self._parts: dict[tuple[int, str], float] = {}  # row, cell -> its part in the row's year
        self.shares: list[tuple[int, Terms, Terms, float]] = []  # row, exposed, all, allowed share
        self.covers: list[tuple[int, Terms, Terms, float, float]] = []  # row, stock, intake, demand, days

    def finish(self) -> None:
        """Give the knobs their columns, once all rules have been loosened."""
        for knob in self.knobs.values():
            if not knob.windows:
                knob.column = self.solver.add_column(knob.terms.items(), knob.most, knob.integer)

    # --- building ---------------------------------------------------------------------------------------------------

    def data(self, n: int) -> PlanData:
        """The data of a node as the workbook has it."""
        return self.plain.data[n]

    def scenario(self, n: int) -> str:
        """Whose cells a node has: of a branch of threats, those of its future."""
        return self.plain.data[self.plain.twin.get(n, n)].scenario.name

    def tables(self, n: int) -> Tables:
        """The tables of a node; of a branch of threats, as those leave them."""
        name = self.plain.data[n].scenario.name
        return self.struck[name][1] if n in self.plain.twin else self.inputs.tables(name)

    def is_struck(self, n: int, sheet: str, key: tuple[str, ...]) -> bool:
        """Whether threats change the value of the node's year, so that the cell behind it may loosen nothing."""
        if n not in self.plain.twin:
            return False
        threats, _ = self.struck[self.plain.data[n].scenario.name]
        return any(self.places.changed(threat, sheet, key, self.tree.year[n]) for threat in threats)

    def knob(
        self, place: Place, how: str, unit: str, scale: float, most: float = INFINITY, integer: bool = False
    ) -> Knob:
        """The knob of a cell; the first to ask for it says what it is, a later one may widen it."""
        found = self.knobs.get(place.cell)
        if found is None:
            found = self.knobs[place.cell] = Knob(place, how, unit, max(scale, 1e-6), most, integer)
        found.most = max(found.most, most)
        return found

    def yearly(
        self, n: int, sheet: str, key: tuple[str, ...], how: str, unit: str, rows: Sequence[tuple[int, float]],
        reference: float = 1.0,
    ) -> None:  # fmt: skip
        """Loosen rows (row, effect of one unit) by the cells of a value of the node's year."""
        if self.is_struck(n, sheet, key):
            return
        for place in self.places.in_year(self.scenario(n), sheet, key, self.tree.year[n]):
            if unit == "share":
                scale, most = 1.0, 1.0 - place.value if how == "raise" else place.value
            else:
                scale, most = place.value or reference, place.value if how == "lower" else INFINITY
            if most <= 0:
                continue
            knob = self.knob(place, how, unit, scale, most)
            for row, effect in rows:
                knob.loosen(row, effect * place.part)

    def cell(self, n: int, sheet: str, key: tuple[str, ...], column: str) -> Place | None:
        """The place of a figure in the workbook; None where it is not a cell."""
        return self.places.of(self.scenario(n), sheet, key, column)

    def columns(self, terms: Terms) -> list[tuple[int, float]]:
        """Terms by the columns of the solver."""
        return [(self.solver.column_of(v), c) for c, v in terms]

    # --- which rules are in force -----------------------------------------------------------------------------------

    def release(self, cells: Iterable[str]) -> None:
        """These cells may give way; all others are in force as they stand."""
        free = set(cells)
        for cell, knob in self.knobs.items():
            for column in knob.columns():
                most = float(self.solver.upper[column]) if knob.windows else knob.most
                self.solver.bound(column, 0.0, most if cell in free else 0.0)

    def weights(self) -> dict[int, float]:
        """What a unit of each knob counts."""
        return {
            column: knob.weight * (knob.about[column] if knob.windows else 1.0)
            for knob in self.knobs.values()
            for column in knob.columns()
        }

    def counts(self, cell: str, used: float) -> float:
        """What a change counts, as `used` tells it."""
        knob = self.knobs[cell]
        return knob.weight * (abs(used - float(knob.place.value)) if knob.windows else used)

    # --- what a solution needs --------------------------------------------------------------------------------------

    def used(self, x: np.ndarray) -> dict[str, float]:
        """Cell -> by how much its knob must move for this solution, in the unit of the cell; windows: the year."""
        used = {}
        ratio = self._true_ratios(x)
        for cell, knob in self.knobs.items():
            if knob.windows:
                years = [year for column, year in knob.windows.items() if x[column] > 0.5]
                if years:
                    used[cell] = float(max(years) if knob.how == "later" else min(years))
            elif x[knob.column] > SMALLEST * min(1.0, knob.scale):
                change = float(x[knob.column]) * ratio.get(cell, 1.0)
                if change > SMALLEST * min(1.0, knob.scale):
                    used[cell] = change
        return used

    def _true_ratios(self, x: np.ndarray) -> dict[str, float]:
        """Of shares and covers: the true change for each unit of the column."""
        by_row: dict[int, float] = {}
        for row, exposed, total, share in self.shares:
            consumed = self._worth(total, x)
            by_row[row] = max(0.0, self._worth(exposed, x) / consumed - share) if consumed > SMALLEST else 0.0
        for row, stock, intake, demand, days in self.covers:
            consumed = demand + self._worth(intake, x)
            covered = DAYS_PER_YEAR * self._worth(stock, x) / consumed if consumed > SMALLEST else days
            by_row[row] = max(0.0, days - covered)
        moved: dict[int, float] = defaultdict(float)
        parts = defaultdict(list)
        for cell, knob in self.knobs.items():
            for row in knob.terms.keys() & by_row.keys():
                part = self._parts[row, cell]
                moved[row] += part * x[knob.column]
                parts[cell].append(row)
        return {
            cell: max((by_row[row] / moved[row] for row in rows if moved[row] > 1e-12), default=0.0)
            for cell, rows in parts.items()
        }

    def _worth(self, terms: Terms, x: np.ndarray) -> float:
        return sum(c * max(0.0, float(x[self.solver.column_of(v)])) for c, v in terms)

    def bend(self, n: int, row: int, sheet: str, key: tuple[str, ...], how: str, unit: str, effect: float) -> None:
        """As yearly, for a row whose true effect the plan decides."""
        self.yearly(n, sheet, key, how, unit, [(row, effect)])
        for place in self.places.in_year(self.scenario(n), sheet, key, self.tree.year[n]):
            self._parts[row, place.cell] = self._parts.get((row, place.cell), 0.0) + place.part


def struck(inputs: Inputs, scenario: str, threats: tuple[str, ...]) -> Tables:
    """The tables of a scenario, or of threats that come to it together."""
    return inputs.combination(scenario, threats) if threats else inputs.tables(scenario)


def _widened(inputs: Inputs, scenario: str, threats: tuple[str, ...]) -> PlanData:
    """The data with what is closed opened."""
    tables = struck(inputs, scenario, threats)
    lanes = {key: _opened(lane) for key, lane in tables.lanes.items()}
    data = plan_data(replace(tables, lanes=lanes), inputs.tables())
    first, last = data.first_year, data.last_year
    return replace(
        data,
        projects={g: replace(p, earliest_year=first, latest_year=last) for g, p in data.projects.items()},
        contracts={c: replace(p, earliest_year=first, latest_year=last) for c, p in data.contracts.items()},
        stockpiles={
            s: replace(
                pile,
                max_fill=None if pile.max_fill == 0 else pile.max_fill,
                max_release=None if pile.max_release == 0 else pile.max_release,
            )
            for s, pile in data.stockpiles.items()
        },
    )


def _opened(lane: Lane) -> Lane:
    if lane.open and (lane.capacity is None or all(t != 0 for t in lane.capacity.values())):
        return lane
    capacity = None if lane.capacity is None else {y: t or None for y, t in lane.capacity.items()}
    return replace(lane, open=True, capacity=capacity)
