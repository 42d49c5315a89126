"""A combination of threats made ready for trials: its branch as arrays, without what lies before its first threat.

What its best answer does without is weighed here too: above all shortages, then cost.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from pyomo.common.errors import InfeasibleConstraintException

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Branch, Tree, with_branches
from lodestone.rules.build import Built, build
from lodestone.rules.secure import prepared
from lodestone.solve.branch_trial import LEAST_WEIGHT, MAY_LACK, SERVED, Key, Trial, place_of
from lodestone.solve.decomposition.shared import alone
from lodestone.solver.matrix import AT_MOST, Matrix, matrix

AVOIDED = 0.1  # MUSD per t, as dear as a magnet, of what other threats may take: with 1e-6 trials take longer
SHORT = 100.0  # times what a shortage costs: what is short, beside what an answer costs


def prepare(tree: Tree, branch: Branch, others: Collection[tuple[str, Any]] = ()) -> Trial:
    """The arrays of a branch that leaves a tree of futures. others: plants, markets and lanes that further threats may
    take."""
    whole = with_branches(tree, [branch])
    (leaf,) = whole.branch_ends
    path = whole.path[leaf]
    line = alone(whole, leaf)
    built = build(line)
    try:
        loaded = matrix(built.model)
    except InfeasibleConstraintException as error:
        return Trial(branch, None, impossible=f"a rule cannot hold: {error}")
    names: dict[int, str] = {}
    keys = [key_of(v, path, names) for v in loaded.variables]
    ours = {path[i] for i in line.twin}
    inside = np.array([node_of(key) in ours for key in keys], dtype=bool)
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
        row._replace(constraint=key_of(row.constraint, path, names))
        for row, here in zip(loaded.rows, concerned.tolist(), strict=True)
        if here
    ]
    low, high = loaded.row_lower[concerned], loaded.row_upper[concerned]
    before: list[tuple[int, Key, float]] = []
    for e in np.flatnonzero(~entries & concerned[row_of]).tolist():
        row, column = int(new_row[row_of[e]]), int(loaded.columns[e])
        coefficient = float(loaded.coefficients[e])
        if node_of(keys[column]) is None:  # committed: held by its bounds
            low[row] -= coefficient * loaded.lower[column]
            high[row] -= coefficient * loaded.lower[column]
        else:
            before.append((row, keys[column], coefficient))
    variables: list[Key] = [keys[i] for i in kept.tolist()]
    most = tuple(_most(built, whole, variables))
    arrays = Matrix(
        variables=list[Any](variables),
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
        most,
        tuple(_elastic(built, whole, arrays)),
        {n: (whole.time[n], whole.length[n]) for n in path},
        loaded.cost[kept],
        avoided=_avoided(loaded.cost[kept], variables, [column for column, _ in most], branch.data, others),
    )


def _avoided(
    cost: np.ndarray, variables: list[Key], decided: list[int], data: PlanData, others: Collection[tuple[str, Any]]
) -> np.ndarray:
    """What the best answer does without, by column: above all shortages, even those that cost hardly anything; then
    cost, and with it stocks and what further threats may take. What the plan has decided costs nothing more."""
    avoided = cost.copy()
    avoided[decided] = 0.0
    for column, key in enumerate(variables):
        name, index = key
        if name == "flows.short":
            avoided[column] = SHORT * max(AVOIDED, data.sectors[index[2]].shortage_cost)
        elif name == "stockpiles.release" or (others and place_of(key) in others):
            avoided[column] += AVOIDED
    return avoided


def key_of(part: Any, path: tuple[int, ...], names: dict[int, str]) -> Key:
    """A variable or constraint by its component and index, nodes numbered as in the tree that the path is of.

    names: of the components that were seen, for a name is put together from all blocks around it.
    """
    index = part._index  # part.index() looks up in its component whether that is so: a fifth of the time to prepare
    whole = index if isinstance(index, tuple) else (index,)
    component = part.parent_component()
    if id(component) not in names:
        names[id(component)] = str(component.name)
    name = names[id(component)]
    if whole and isinstance(whole[0], int):
        whole = (path[whole[0]], *whole[1:])
    if name in ("contracts.taken", "contracts.untaken", "contracts.in_force", "contracts.unpaid") and whole[2] >= 0:
        whole = (*whole[:2], path[whole[2]], *whole[3:])
    return name, whole


def node_of(key: Key) -> int | None:
    """The node of an index, which comes first; None where it has none."""
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
