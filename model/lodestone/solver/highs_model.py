"""A Pyomo model as HiGHS holds it: one matrix handed over at once, and everything that can be changed in it afterwards.

The model is compiled to numpy arrays and passed in one call; nothing is copied row by row. The same HiGHS object then
serves the tie rules and studies: bounds, costs and integrality are changed in place and solved again (solver/highs.py)
from the last basis.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo

from lodestone.data.plan_data import SMALLEST
from lodestone.errors import StoppedError
from lodestone.solver.matrix import Constraint, Matrix, Pyomo, Variable, matrix
from lodestone.system.standard_output import muted

HighsObject = Any  # what HiGHS hands out without types: a basis, an event, a part of its model
FEASIBILITY = 1e-7
PRICED = 1e-9  # MUSD per unit: a dual above this is not solver noise
INFINITY = highspy.kHighsInf
ROUNDING = 1e-12  # a coefficient as near to 0 is what subtracting shares left, no figure of the workbook
LARGEST_COST = 1e15  # MUSD per unit; HiGHS takes 1e20 for infinite and says nothing


class LoadedModel:
    """HiGHS with one model loaded; its rows and columns go by the Pyomo constraints and variables they came from.

    By column: variables, lower, upper, integer, branched, cost (MUSD per unit); by row: rows, row_lower, row_upper; all
    as they were loaded. Columns and rows that are added come after these. offset: MUSD, the constant of the cost.
    """

    def __init__(self, model: pyo.ConcreteModel | Matrix) -> None:
        """model: also its arrays, whose variables and constraints may then be anything that names them.

        Raises InfeasibleConstraintException when a row without variables does not hold, StoppedError when HiGHS does
        not take the numbers."""
        loaded = model if isinstance(model, Matrix) else matrix(model)
        self.variables = loaded.variables
        self.rows = loaded.rows  # (constraint, sense) by row
        self.integer, self.branched, self.cost = loaded.integer, loaded.branched, loaded.cost
        self.lower, self.upper = loaded.lower, loaded.upper
        self.row_lower, self.row_upper = loaded.row_lower, loaded.row_upper
        self.offset = loaded.offset
        self.size = {
            "rows": len(loaded.rows),
            "columns": len(loaded.variables),
            "nonzeros": len(loaded.coefficients),
            "integers": int(loaded.integer.sum()),
        }
        with muted():
            self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self.highs.silent()
        self._load(loaded)

    @cached_property
    def column(self) -> dict[int, int]:
        """id of a variable of the model -> its column. A tenth of the memory of a large model: made when asked for."""
        return dict(zip(map(id, self.variables), range(len(self.variables)), strict=True))

    @cached_property
    def row(self) -> dict[int, int]:
        """id of a constraint of the model -> its row."""
        return {id(row.constraint): i for i, row in enumerate(self.rows)}

    def _options(self, **options: float | int | str | bool) -> None:
        for name, value in options.items():
            self.highs.setOptionValue(name, value)

    def _load(self, loaded: Matrix) -> None:
        """Raises StoppedError where HiGHS would solve another model than this."""
        if not np.all(np.abs(loaded.cost) <= LARGEST_COST):
            raise StoppedError(_too_large(loaded))
        loaded = _without_rounding(loaded)
        status = self.highs.passModel(  # arrays as they are: through a HighsLp each number becomes a Python object
            len(loaded.variables), len(loaded.rows), len(loaded.coefficients), int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize), loaded.offset, loaded.cost, loaded.lower, loaded.upper, loaded.row_lower,
            loaded.row_upper, loaded.starts, loaded.columns, loaded.coefficients, loaded.branched.astype(np.int32),
        )  # fmt: skip
        if status == highspy.HighsStatus.kError:
            raise StoppedError("the solver did not accept the model (a number is not finite or too large)")
        if status != highspy.HighsStatus.kOk:
            raise StoppedError(_dropped(loaded))

    # -- what was found -----------------------------------------------------------------------------------------------

    def values(self) -> np.ndarray:
        """Value of each column."""
        return np.asarray(self.highs.getSolution().col_value)[: len(self.variables)]

    def all_values(self) -> np.ndarray:
        """Value of each column, those that were added included."""
        return np.asarray(self.highs.getSolution().col_value)

    def reduced_costs(self) -> np.ndarray:
        """By column, MUSD per unit, those that were added included."""
        return np.asarray(self.highs.getSolution().col_dual)

    def row_duals(self) -> np.ndarray:
        """By row, MUSD that one more on its right-hand side adds to the linear programme solved last."""
        return np.asarray(self.highs.getSolution().row_dual)

    def store(self, values: np.ndarray) -> None:
        """Put values into the Pyomo variables, cleaned of what the feasibility tolerance leaves behind."""
        low = np.where(np.abs(values - self.lower) < 1e-9, self.lower, values)
        clean = np.clip(low, self.lower, self.upper)
        for variable, value in zip(self.variables, clean.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)

    # -- where the next solve begins ----------------------------------------------------------------------------------

    def start_from(self, values: np.ndarray) -> None:
        """Offer a solution (value by column) as the start of the next solve, to be called after all changes.

        Columns that were added since start at 0.
        """
        solution = highspy.HighsSolution()
        solution.col_value = [*values.tolist(), *[0.0] * (self.width - len(values))]
        self.highs.setSolution(solution)

    def offer(self, columns: np.ndarray, values: np.ndarray) -> None:
        """Values of some columns as a start, from which the solver completes a solution if it can."""
        self.highs.setSolution(len(columns), columns.astype(np.int32), values)

    def basis(self) -> HighsObject:
        """The basis of the last solve, for `go_back_to`."""
        return self.highs.getBasis()

    def begin_at(self, basis: HighsObject) -> None:
        """Start the next solve from a basis of the same rows and columns, with other numbers."""
        self.highs.setBasis(basis)

    def begin_anew(self) -> None:
        """Start the next solve from nothing: where the goal is another, a basis of the last one may be far away."""
        self.highs.clearSolver()

    def go_back_to(self, basis: HighsObject) -> None:
        """Start the next solve from this basis, where the last one moved away from it."""
        if self.highs.getInfo().simplex_iteration_count > 0:
            self.highs.setBasis(basis)

    # -- costs --------------------------------------------------------------------------------------------------------

    def set_cost(self, cost: np.ndarray, offset: float | None = None) -> None:
        """The cost of every column of the model, MUSD per unit, and if need be the constant beside them."""
        self.set_costs(np.arange(len(cost)), cost)
        if offset is not None:
            self.highs.changeObjectiveOffset(offset)

    def set_costs(self, columns: np.ndarray, costs: np.ndarray) -> None:
        """Of some columns, MUSD per unit."""
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def set_goal(self, terms: list[tuple[float, Variable]] | None) -> None:
        """Minimise these terms instead of the cost; None: the cost again."""
        goal = np.zeros(len(self.cost)) if terms is not None else self.cost
        for coefficient, variable in terms or ():
            goal[self.column[id(variable)]] += coefficient
        self.set_cost(goal)

    def limit_cost(self, most: float) -> None:
        """Add a row that limits the cost, for solves that minimise something else."""
        columns = np.flatnonzero(self.cost).astype(np.int32)
        offset = self.highs.getLp().offset_
        least = np.abs(self.cost[columns]).min(initial=1.0)
        unit = 1.0 if least > SMALLEST else 2 * SMALLEST / least  # a cost is dropped from a row, not from the objective
        self.highs.addRow(-INFINITY, (most - offset) * unit, len(columns), columns, self.cost[columns] * unit)

    def limit(self, terms: list[tuple[float, Any]], most: float) -> None:
        """Add the row that a sum over variables of the model stays within a limit, until drop_added_rows."""
        total = np.zeros(len(self.cost))
        for coefficient, variable in terms:
            column = self.column.get(id(variable))
            if column is not None:
                total[column] += coefficient
        columns = np.flatnonzero(np.abs(total) > ROUNDING)
        self.new_row(-INFINITY, most, zip(total[columns].tolist(), columns.tolist(), strict=True))

    # -- whole decisions ----------------------------------------------------------------------------------------------

    def relax(self, relaxed: bool) -> None:
        """Relax integrality, or restore it."""
        columns = np.arange(len(self.variables), dtype=np.int32)
        whole, part = int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)
        kinds = np.where(self.branched & (not relaxed), whole, part).astype(np.uint8)
        self.highs.changeColsIntegrality(len(columns), columns, kinds)

    def hold_integers(self, values: np.ndarray) -> None:
        """Turn the model into a linear programme with the integer columns fixed at their rounded values."""
        columns = np.flatnonzero(self.integer).astype(np.int32)
        fixed = np.round(values[columns])
        if len(columns):
            self._set_kind(np.flatnonzero(self.branched), highspy.HighsVarType.kContinuous)
            self.highs.changeColsBounds(len(columns), columns, fixed, fixed)

    def _set_kind(self, columns: np.ndarray, kind: HighsObject) -> None:
        kinds = np.full(len(columns), int(kind), dtype=np.uint8)
        self.highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds)

    # -- bounds of columns --------------------------------------------------------------------------------------------

    def hold(self, column: int, value: float) -> None:
        """Fix a column at a value, until `free` or `restore`."""
        self.bound(column, value, value)

    def bound(self, column: int, least: float, most: float) -> None:
        """Change the bounds of one column, which may have been added."""
        self.highs.changeColBounds(column, least, most)

    def free(self, columns: list[int]) -> None:
        """Restore the bounds that these columns were loaded with."""
        for column in columns:
            self.bound(column, self.lower[column], self.upper[column])

    def set_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Change the bounds of many columns, by their numbers."""
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def hold_optimal_face(self) -> None:
        """Fix every column with a reduced cost and every row with a dual value: what is solved next costs the same."""
        solution = self.highs.getSolution()
        for duals, values, change in (
            (solution.col_dual, solution.col_value, self.highs.changeColsBounds),
            (solution.row_dual, solution.row_value, self.highs.changeRowsBounds),  # type: ignore[attr-defined]
        ):
            priced = np.flatnonzero(np.abs(np.asarray(duals)) > PRICED).astype(np.int32)
            held = np.asarray(values)[priced]
            if len(priced):
                change(len(priced), priced, held, held)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def set_coefficients(self, constraint: Constraint, terms: list[tuple[float, Variable]]) -> None:
        """Replace the coefficients of the given variables in a row."""
        row = self.row[id(constraint)]
        for coefficient, variable in terms:
            self.highs.changeCoeff(row, self.column[id(variable)], coefficient)

    def set_upper(self, constraint: Constraint, most: float) -> None:
        """Change the right-hand side of a row "<=" for good: `restore` keeps it."""
        row = self.row[id(constraint)]
        self.row_upper[row] = most
        self.highs.changeRowBounds(row, -INFINITY, most)

    def loosen(self, constraint: Constraint, by: float) -> None:
        """Raise the right-hand side of a row "<=", until `restore`."""
        row = self.row[id(constraint)]
        self.highs.changeRowBounds(row, -INFINITY, float(self.row_upper[row]) + by)

    def restore(self) -> None:
        """Restore bounds, integrality and cost as they were loaded. Coefficients that were set stay."""
        columns = np.arange(len(self.variables), dtype=np.int32)
        rows = np.arange(len(self.rows), dtype=np.int32)
        self.highs.changeColsBounds(len(columns), columns, self.lower, self.upper)
        self.relax(False)
        self.highs.changeRowsBounds(len(rows), rows, self.row_lower, self.row_upper)  # type: ignore[attr-defined]
        self.set_cost(self.cost)

    # -- rows and columns beside the model's own ----------------------------------------------------------------------

    @property
    def width(self) -> int:
        """Columns, those that were added included."""
        return int(self.highs.getNumCol())

    def new_row(self, least: float, most: float, terms: Iterable[tuple[float, int]]) -> int:
        """Add a row over columns (coefficient, column); it stays until `drop_added_rows`."""
        coefficients, columns = _apart(terms)
        low, high = max(least, -INFINITY), min(most, INFINITY)
        self.highs.addRow(low, high, len(columns), columns, coefficients)
        return int(self.highs.getNumRow()) - 1

    def set_least(self, rows: np.ndarray, least: np.ndarray) -> None:
        """Change the right-hand sides of added rows ">="."""
        most = np.full(len(rows), INFINITY)
        self.highs.changeRowsBounds(len(rows), rows.astype(np.int32), least, most)  # type: ignore[attr-defined]

    def drop_added_rows(self) -> None:
        """Delete all added rows."""
        added = np.arange(len(self.rows), int(self.highs.getNumRow()), dtype=np.int32)
        if len(added):
            self.highs.deleteRows(len(added), added)

    def new_column(
        self,
        lower: float | None = 0.0,
        upper: float | None = None,
        cost: float = 0.0,
        terms: Iterable[tuple[float, int]] = (),
    ) -> int:
        """Add a continuous column with coefficients in some rows (coefficient, row). It cannot be deleted (see `rest`).

        lower, upper: None where there is none.
        """
        least, most = -INFINITY if lower is None else lower, INFINITY if upper is None else upper
        coefficients, rows = _apart(terms)
        self.highs.addCol(cost, least, most, len(rows), rows, coefficients)
        return self.width - 1

    def rest(self, column: int) -> None:
        """Fix an added column at 0, at no cost."""
        self.highs.changeColCost(column, 0.0)
        self.bound(column, 0.0, 0.0)


def _without_rounding(loaded: Matrix) -> Matrix:
    """Without the coefficients that are 0 but for rounding, such as 1 - 0.9 - 0.1."""
    kept = np.abs(loaded.coefficients) > ROUNDING
    if kept.all():
        return loaded
    starts = np.concatenate(([0], np.cumsum(kept)))[loaded.starts].astype(np.int32)
    return replace(loaded, starts=starts, columns=loaded.columns[kept], coefficients=loaded.coefficients[kept])


def _dropped(loaded: Matrix) -> str:
    """What HiGHS left out of a model, in words."""
    small = np.flatnonzero(np.abs(loaded.coefficients) <= SMALLEST)
    if not len(small):
        return "the solver did not accept the model as it stands"
    entry = small[0]
    row = int(np.searchsorted(loaded.starts, entry, side="right")) - 1
    about = _names(loaded.rows[row].constraint, loaded.variables[loaded.columns[entry]])
    return (
        f"the solver would take a number of the model for 0: {abs(loaded.coefficients[entry]):.2g}, about {about}. "
        "Look for a very small figure in rows of these names; enter 0, or a larger one"
    )


def _too_large(loaded: Matrix) -> str:
    column = int(np.argmax(np.where(np.isfinite(loaded.cost), np.abs(loaded.cost), np.inf)))
    return (
        f"a cost is too large to reckon with: {abs(loaded.cost[column]):.2g} MUSD per unit, about "
        f"{_names(loaded.variables[column])}. Look for a very large figure in rows of these names"
    )


def _names(*parts: Pyomo) -> str:
    """The names of the workbook under which constraints and variables stand."""
    keys = [key if isinstance(key, tuple) else (key,) for key in (part.index() for part in parts)]
    return ", ".join(dict.fromkeys(name for key in keys for name in key if isinstance(name, str))) or parts[0].name


def _apart(terms: Iterable[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and the rows or columns they stand at, as HiGHS takes them."""
    pairs = list(terms)
    return np.array([c for c, _ in pairs], dtype=float), np.array([i for _, i in pairs], dtype=np.int32)


def carried_over(
    basis: HighsObject, theirs: tuple[list[Hashable], list[Hashable]], ours: tuple[list[Hashable], list[Hashable]]
) -> HighsObject:
    """A basis for a model like the one that it is of, which the solver completes. theirs, ours: names of the columns
    and of the rows; what both have is as it was, new columns are at their bounds, new rows limit nothing."""
    status = highspy.HighsBasisStatus
    columns, rows = (
        dict(zip(theirs[0], basis.col_status, strict=True)),
        dict(zip(theirs[1], basis.row_status, strict=False)),
    )
    new = highspy.HighsBasis()
    new.col_status = [columns.get(name, status.kLower) for name in ours[0]]
    new.row_status = [rows.get(name, status.kBasic) for name in ours[1]]
    new.valid = new.alien = True
    return new
