"""Periods of a year that are alike, summed: a smaller model, and what it proves holds for the whole.

A year in months has twelve times the flows of a year, and mostly nothing differs between its months. Rows that hold in
each of them hold in sum, too. Where a flow has the same cost and the same coefficients in all months of these sums,
only its own sum matters: one column. So each plan of the whole is one of the sums, at the same cost, and what no plan
of the sums undercuts, no plan of the whole does: nothing is assumed of the months. Stocks, qualified suppliers and what
is designed out stay by month; whole numbers are decided by year and can be held in the whole.

    two halves of a year, 10 t needed in each; a works makes up to 12 t in each, or a stock gives 0 to 3 t
    made 1 <= 12,            made 2 <= 12             sum: made <= 24
    made 1 + released 1 = 10, made 2 + released 2 = 10  sum: made + released 1 + released 2 = 20
    released 1 + released 2 <= 3                      as it is: nothing flows in it

Which periods are taken for alike decides only how good the bound is: those with the same flows at the same cost and the
same limits, one after the other in one year. The first of a year and the first after futures part stay by themselves:
new suppliers are few then and stocks as they were left, and the sum with others would not see it
(benchmarks/RESULTS.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from lodestone.solver.current_model import CurrentModel
from lodestone.solver.matrix import AT_LEAST, Floats, Ints, Matrix, Row

PERIOD_BEFORE = "period_before"  # suffix: variables of flows -> node of a period -> the one before in its year
Key = tuple[Hashable, ...]  # component, and index without its node
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class AlikePeriods:
    """row: which sum each row is part of, by row; column: which sum each flow may be part of, by column (any other: of
    its own)."""

    row: Ints
    column: Ints

    @property
    def columns_left(self) -> int:
        """How many columns the sums have, at best."""
        return int(self.column.max(initial=-1)) + 1

    def summed(self, whole: CurrentModel, year: Ints | None = None) -> Summed:
        """The sums of a model, whose rows and columns that were added stay as they are. year: of each column's decision
        (`Matrix`)."""
        row_of = _and_more(self.row, len(whole.row_lower))
        may_be = _and_more(self.column, len(whole.lower))
        width = len(may_be)
        places, place = np.unique(row_of[whole.row].astype(np.int64) * width + whole.column, return_inverse=True)
        value = np.bincount(place, weights=whole.coefficient, minlength=len(places))
        row, column = places // width, places % width
        kept = value != 0
        by_column = np.lexsort((row[kept], column[kept]))
        row, column, value = row[kept][by_column], column[kept][by_column], value[kept][by_column]
        starts = np.searchsorted(column, np.arange(width + 1))
        known: dict[Hashable, int] = {}
        often = np.bincount(may_be) > 1
        of = np.zeros(width, dtype=np.int32)
        for j, may in enumerate(may_be.tolist()):
            key: Hashable = may
            if often[may]:
                part = slice(starts[j], starts[j + 1])
                key = (may, float(whole.cost[j]), row[part].tobytes(), value[part].tobytes())
            of[j] = known.setdefault(key, len(known))
        first = np.full(len(known), width)
        np.minimum.at(first, of, np.arange(width))
        stands = first[of[column]] == column
        row, column, value = row[stands], of[column[stands]], value[stands]
        by_row = np.lexsort((column, row))
        height = int(row_of.max()) + 1
        matrix = Matrix(
            variables=list(range(len(known))),
            lower=_sums(of, whole.lower),
            upper=_sums(of, whole.upper),
            integer=whole.integer[first],
            branched=whole.integer[first],
            cost=whole.cost[first],
            offset=whole.offset,
            rows=[Row(i, AT_LEAST) for i in range(height)],
            row_lower=_sums(row_of, whole.row_lower),
            row_upper=_sums(row_of, whole.row_upper),
            starts=np.searchsorted(row[by_row], np.arange(height + 1)).astype(np.int32),
            columns=column[by_row],
            coefficients=value[by_row],
            year=None if year is None else year[first],
        )
        return Summed(matrix, of)


@dataclass(frozen=True)
class Summed:
    """A model of sums, and which of its columns each column of the whole is part of."""

    matrix: Matrix
    of: Ints


def alike_periods(model: pyo.ConcreteModel, loaded: Matrix) -> AlikePeriods | None:
    """Which periods of a model are alike; None where no two are."""
    before = {
        id(variable): nodes
        for suffix in model.component_objects(pyo.Suffix)
        if suffix.local_name == PERIOD_BEFORE
        for variable, nodes in suffix.items()
    }
    if not any(before.values()):
        return None
    flows = _flows(model, before)
    has_flow = np.zeros(len(loaded.variables), dtype=bool)
    has_flow[list(flows)] = True
    in_row = np.repeat(np.arange(len(loaded.rows)), np.diff(loaded.starts))
    with_flow = np.flatnonzero(np.bincount(in_row[has_flow[loaded.columns]], minlength=len(loaded.rows)))
    limits = {i: _key(loaded.rows[i]) for i in with_flow.tolist()}
    columns: dict[int, dict[Key, Numbers]] = defaultdict(dict)
    for j, (node, key) in flows.items():
        columns[node][key] = (float(loaded.cost[j]), float(loaded.lower[j]), float(loaded.upper[j]))
    rows: dict[int, dict[Key, Numbers]] = defaultdict(dict)
    for i, (node, key) in limits.items():
        rows[node][key] = (float(loaded.row_lower[i]), float(loaded.row_upper[i]))
    first = _first_alike(next(iter(before.values())), columns, rows)
    if all(node == one for node, one in first.items()):
        return None
    return AlikePeriods(_sum_of(limits, first, len(loaded.rows)), _sum_of(flows, first, len(loaded.variables)))


def _flows(model: pyo.ConcreteModel, before: Mapping[int, object]) -> dict[int, tuple[int, Key]]:
    """Column of a flow -> its node, and what it is in each node."""
    flows: dict[int, tuple[int, Key]] = {}
    j = 0
    for component in model.component_objects(pyo.Var):
        if id(component) in before:
            for place, index in enumerate(component, start=j):
                flows[place] = index[0], (id(component), *index[1:])
        j += len(component)
    return flows


def _key(row: Row) -> tuple[int, Key]:
    """The node of a row, and which one it is there."""
    index = row.constraint._index  # .index() looks up whether that is so
    parts = index if isinstance(index, tuple) else (index,)
    return parts[0], (id(row.constraint.parent_component()), row.bound_type, *parts[1:])


def _first_alike(
    before: Mapping[int, int], columns: Mapping[int, Mapping[Key, Numbers]], rows: Mapping[int, Mapping[Key, Numbers]]
) -> dict[int, int]:
    """Node -> the first of the nodes that it is summed with, or itself."""
    first: dict[int, int] = {}
    for node in sorted(columns):
        one = before.get(node, node)
        alike = (
            one in before  # the first of a year or after futures part stays by itself
            and columns[node] == columns[one]
            and all(sides == rows[node].get(key, sides) for key, sides in rows[one].items())  # some are of a year
        )
        first[node] = first[one] if alike else node
    return first


def _sum_of(keys: Mapping[int, tuple[int, Key]], first: Mapping[int, int], count: int) -> Ints:
    """Number of the sum that each row or column is part of."""
    known: dict[Hashable, int] = {}
    numbers = np.zeros(count, dtype=np.int32)
    for i in range(count):
        at = keys.get(i)
        numbers[i] = known.setdefault(i if at is None else (first.get(at[0], at[0]), at[1]), len(known))
    return numbers


def _and_more(numbers: Ints, count: int) -> Ints:
    """With what was added since, each by itself."""
    beyond = int(numbers.max(initial=-1)) + 1
    return np.concatenate([numbers, np.arange(beyond, beyond + count - len(numbers), dtype=np.int32)])


def _sums(of: Ints, sides: Floats) -> Floats:
    return np.bincount(of, weights=sides).astype(float)
