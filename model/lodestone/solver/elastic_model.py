"""A model whose rules can give way: columns that loosen rows, at a price, and what is left when they may not.

The rules stay as `rules` wrote them; only columns and a few rows are added to what HiGHS holds.
`smallest_conflict` is HiGHS's irreducible infeasible subsystem of the relaxation, sought among the rows of a proof
that it is infeasible, since HiGHS solves one linear programme for each row and bound that it tries to leave out.

Example: 80 t must be delivered, and a market sells 30 t: deliver >= 80 and deliver <= 30. `add_column` with -1 in the
second row makes it deliver - x <= 30; minimised, x is 50 t: what the market would have to sell more. With x fixed at 0
both rows together are the smallest conflict.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import highspy
import numpy as np
import pyomo.environ as pyo

from lodestone.progress import ShouldStop
from lodestone.solver.highs import Solver
from lodestone.solver.highs_model import INFINITY, HighsObject
from lodestone.solver.matrix import Constraint, Variable
from lodestone.system.standard_output import muted

DUAL = 1e-9  # of the largest one: less is noise
IIS_STRATEGY = 2 | 4 | 16  # from the linear programme, reduced until irreducible, of the relaxation
FEASIBLE, INFEASIBLE, UNKNOWN = "feasible", "infeasible", "unknown"


@dataclass(frozen=True)
class Conflict:
    """Rows and columns (by their bounds) that cannot hold together; smallest: none of them can be left out."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    smallest: bool


class Elastic(Solver):
    """The loaded model with columns added, addressed by their numbers; rows by theirs."""

    def __init__(self, model: pyo.ConcreteModel) -> None:
        super().__init__(model)
        self.whole = {int(i) for i in np.flatnonzero(self.branched)}
        self.relaxed = False

    # --- what is added ----------------------------------------------------------------------------------------------

    def add_column(self, terms: Iterable[tuple[int, float]], most: float, integer: bool = False) -> int:
        """A column from 0 to `most` with these coefficients (row, coefficient), at no cost."""
        column = self.new_column(0.0, most, terms=((c, row) for row, c in terms))
        if integer:
            self.whole.add(column)
            self.highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        return column

    def add_row(self, terms: Iterable[tuple[int, float]], most: float) -> int:
        """sum of coefficient x column (column, coefficient) <= most."""
        return self.new_row(-INFINITY, most, ((c, column) for column, c in terms))

    def row_of(self, constraint: Constraint) -> int:
        """The row of a constraint. Raises KeyError when it has no variables and so no row."""
        return self.row[id(constraint)]

    def column_of(self, variable: Variable) -> int:
        """The column of a variable of the model."""
        return self.column[id(variable)]

    # --- solving ----------------------------------------------------------------------------------------------------

    def minimise(self, weights: Mapping[int, float]) -> None:
        """Minimise these columns and nothing else."""
        cost = np.zeros(self.width)
        for column, weight in weights.items():
            cost[column] = weight
        self.set_costs(np.arange(self.width), cost)
        self.highs.changeObjectiveOffset(0.0)

    def relax(self, relaxed: bool) -> None:
        """Relax integrality, or restore it."""
        if relaxed == self.relaxed or not self.whole:
            return
        kind = highspy.HighsVarType.kContinuous if relaxed else highspy.HighsVarType.kInteger
        self._set_kind(np.array(sorted(self.whole)), kind)
        self.relaxed = relaxed

    def decide(self, time_limit: float, should_stop: ShouldStop | None = None, gap: float = 1e-4) -> str:
        """Solve; FEASIBLE, INFEASIBLE, or UNKNOWN where the time did not suffice."""
        if time_limit <= 0:
            return UNKNOWN
        ends = time.monotonic() + time_limit  # HiGHS's own clock goes on from solve to solve
        self._options(mip_rel_gap=gap, mip_abs_gap=1e-9, time_limit=INFINITY, mip_feasibility_tolerance=1e-6)
        self._run(None, lambda: time.monotonic() > ends or bool(should_stop and should_stop()), time.monotonic())
        kind = highspy.HighsModelStatus
        status = self.highs.getModelStatus()
        if status == kind.kInfeasible:
            return INFEASIBLE
        found = self.highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return FEASIBLE if found else UNKNOWN

    @property
    def objective(self) -> float:
        """The objective of the last solve: the sum of the columns that were minimised."""
        return float(self.highs.getInfo().objective_function_value)

    # --- the smallest conflict --------------------------------------------------------------------------------------

    def proof(self) -> list[int]:
        """Rows with a dual in the solved relaxation: those that keep what is minimised above 0."""
        duals = np.abs(self.row_duals())
        return [int(i) for i in np.flatnonzero(duals > DUAL * max(1e-30, float(duals.max(initial=0.0))))]

    def smallest_conflict(self, rows: list[int], time_limit: float) -> Conflict | None:
        """An irreducible infeasible subsystem among these rows and the bounds of their columns, as they stand; all rows
        where these can hold together. None when no conflict was found in time."""
        ends = time.monotonic() + time_limit
        for among in (rows, list(range(int(self.highs.getNumRow())))):
            part, columns = self._part(among)
            part.setOptionValue("time_limit", max(1.0, ends - time.monotonic()))
            part.run()
            if part.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
                return _irreducible(part, among, columns, max(1.0, ends - time.monotonic()))
        return None

    def _part(self, rows: list[int]) -> tuple[HighsObject, list[int]]:
        """These rows alone, with the columns in them, as a linear programme without a goal."""
        lp = self.highs.getLp()
        place = np.full(lp.num_row_, -1)
        place[rows] = np.arange(len(rows))
        row, column, value = _entries(lp)
        kept = (place[row] >= 0) & (column < len(self.variables))  # rules in force: nothing gives way
        kept = np.flatnonzero(kept)[np.argsort(place[row[kept]], kind="stable")]
        columns, index = np.unique(column[kept], return_inverse=True)
        part = highspy.HighsLp()
        part.num_col_, part.num_row_ = len(columns), len(rows)
        part.col_cost_ = np.zeros(len(columns))
        part.col_lower_ = np.asarray(lp.col_lower_)[columns]
        part.col_upper_ = np.asarray(lp.col_upper_)[columns]
        part.row_lower_, part.row_upper_ = np.asarray(lp.row_lower_)[rows], np.asarray(lp.row_upper_)[rows]
        part.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        in_row = np.bincount(place[row[kept]], minlength=len(rows))
        part.a_matrix_.start_ = np.concatenate(([0], np.cumsum(in_row))).astype(np.int32)
        part.a_matrix_.index_, part.a_matrix_.value_ = index.astype(np.int32), value[kept]
        with muted():
            highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.silent()
        highs.setOptionValue("primal_feasibility_tolerance", 1e-7)
        highs.passModel(part)
        return highs, columns.tolist()


def _entries(lp: HighsObject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of every entry of the matrix, whichever way it is stored."""
    stored = lp.a_matrix_
    starts, across = np.asarray(stored.start_), np.asarray(stored.index_)
    along = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    row, column = (along, across) if stored.format_ == highspy.MatrixFormat.kRowwise else (across, along)
    return row, column, np.asarray(stored.value_)


def _irreducible(part: HighsObject, rows: list[int], columns: list[int], time_limit: float) -> Conflict:
    """HiGHS's subsystem; where it finds none, all that was infeasible together."""
    part.setOptionValue("iis_strategy", IIS_STRATEGY)
    part.setOptionValue("iis_time_limit", time_limit)
    status, iis = part.getIis()
    if status == highspy.HighsStatus.kError or not iis.valid_ or not len(iis.row_index_):
        return Conflict(tuple(rows), (), smallest=False)
    proved = all(iis.row_status_[i] == int(highspy.IisStatus.kIisStatusInConflict) for i in iis.row_index_)
    bounded = [
        columns[j]
        for j, bound in zip(iis.col_index_, iis.col_bound_, strict=True)
        if bound
        not in (int(highspy.IisBoundStatus.kIisBoundStatusFree), int(highspy.IisBoundStatus.kIisBoundStatusNull))
    ]
    return Conflict(tuple(rows[i] for i in iis.row_index_), tuple(bounded), bool(proved))
