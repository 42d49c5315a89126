"""A model as HiGHS has it now, with all that was changed since it was loaded, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from lodestone.solver.highs_model import HighsObject
from lodestone.solver.matrix import AT_LEAST, Flags, Floats, Ints, Matrix, Row

BROKEN = 1e-6  # t or MUSD by which a row does not hold


@dataclass(frozen=True)
class CurrentModel:
    """By row, by column, and by entry of the matrix in the order of rows."""

    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    integer: Flags
    row_lower: Floats
    row_upper: Floats
    row: Ints
    column: Ints
    coefficient: Floats

    @classmethod
    def of(cls, highs: HighsObject) -> CurrentModel:
        """Read it out of HiGHS."""
        return cls.of_lp(highs.getLp())

    @classmethod
    def of_lp(cls, lp: HighsObject) -> CurrentModel:
        """Of what HiGHS hands out."""
        entries = lp.a_matrix_
        inner = np.asarray(entries.index_, dtype=np.int32)
        outer = np.repeat(np.arange(len(entries.start_) - 1, dtype=np.int32), np.diff(entries.start_))
        by_row = entries.format_ != highspy.MatrixFormat.kColwise
        row, column = (outer, inner) if by_row else (inner, outer)
        order = np.argsort(row, kind="stable")
        whole = highspy.HighsVarType.kInteger
        integer = np.fromiter((kind == whole for kind in lp.integrality_), dtype=bool)
        return cls(
            cost=np.asarray(lp.col_cost_),
            offset=lp.offset_,
            lower=np.asarray(lp.col_lower_),
            upper=np.asarray(lp.col_upper_),
            integer=integer if len(integer) else np.zeros(lp.num_col_, dtype=bool),
            row_lower=np.asarray(lp.row_lower_),
            row_upper=np.asarray(lp.row_upper_),
            row=row[order],
            column=column[order],
            coefficient=np.asarray(entries.value_)[order],
        )

    def put_back(self, highs: HighsObject) -> None:
        """Restore bounds and whole numbers of columns."""
        columns = np.arange(len(self.lower), dtype=np.int32)
        highs.changeColsBounds(len(columns), columns, self.lower, self.upper)
        whole, part = int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)
        highs.changeColsIntegrality(len(columns), columns, np.where(self.integer, whole, part).astype(np.uint8))

    @property
    def always(self) -> Flags:
        """Rows that every part has: equalities, and those with a whole number."""
        with_whole = np.bincount(self.row[self.integer[self.column]], minlength=len(self.row_lower)) > 0
        always: Flags = with_whole | (self.row_lower == self.row_upper)
        return always

    def broken(self, values: np.ndarray) -> Flags:
        """Rows that do not hold."""
        terms = self.coefficient * values[self.column]
        total = np.bincount(self.row, weights=terms, minlength=len(self.row_lower))
        return (total < self.row_lower - BROKEN) | (total > self.row_upper + BROKEN)

    def part(self, matters: Flags) -> Matrix:
        """All columns, and the rows that matter."""
        kept = matters[self.row]
        counts = np.bincount(self.row[kept], minlength=len(matters))[matters]
        return Matrix(
            variables=list(range(len(self.lower))),
            lower=self.lower,
            upper=self.upper,
            integer=self.integer,
            branched=self.integer,
            cost=self.cost,
            offset=self.offset,
            rows=[Row(i, AT_LEAST) for i in np.flatnonzero(matters).tolist()],
            row_lower=self.row_lower[matters],
            row_upper=self.row_upper[matters],
            starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
            columns=self.column[kept],
            coefficients=self.coefficient[kept],
        )
