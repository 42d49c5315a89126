"""Pyomo model -> HiGHS: one matrix handed over at once, progress while it solves, status, bound and solution back.

The model is compiled to numpy arrays and passed in one call; nothing is copied row by row. The same HiGHS object then
serves the tie rules: bounds, costs and integrality are changed in place and solved again from the last basis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from model.errors import NoPlanError, StoppedError

FEASIBILITY = 1e-7
PRICED = 1e-9  # MUSD per unit: a dual above this is not solver noise
INFINITY = highspy.kHighsInf
WITH_A_START: dict[str, float | int | str | bool] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_allow_restart": False,
    "mip_allow_cut_separation_at_nodes": False,
    "mip_pscost_minreliable": 1,
}


@dataclass(frozen=True)
class Progress:
    """Where a run stands: stage, seconds since its start, best cost so far, proved bound, relative gap."""

    stage: str
    seconds: float
    best: float | None = None
    bound: float | None = None
    gap: float | None = None


@dataclass(frozen=True)
class Outcome:
    """A solve that has a solution. optimal: proved within the gap asked for; gap: relative."""

    optimal: bool
    objective: float
    bound: float
    nodes: int


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class Solver:
    """HiGHS with one model loaded; columns are addressed by the Pyomo variables they came from."""

    def __init__(self, model: pyo.ConcreteModel) -> None:
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
        self.variables = form.columns
        self.column = {id(v): i for i, v in enumerate(form.columns)}
        self.rows = form.rows  # (constraint, sense) by row
        self.row = {id(row.constraint): i for i, row in enumerate(form.rows)}
        self.integer = np.array([not v.is_continuous() for v in form.columns], dtype=bool)
        self.cost = np.asarray(form.c.todense()).reshape(-1)
        self.lower = np.array([-INFINITY if v.lb is None else v.lb for v in form.columns])
        self.upper = np.array([INFINITY if v.ub is None else v.ub for v in form.columns])
        self.offset = float(np.sum(form.c_offset))
        self.nonzeros = int(form.A.nnz)
        self.excess: int | None = None  # column of minimise_excess
        self.exceeded: list[int] = []  # rows it is in
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self.highs.silent()
        self.usual = {name: self.highs.getOptionValue(name)[1] for name in WITH_A_START}
        self._options(primal_feasibility_tolerance=FEASIBILITY, dual_feasibility_tolerance=1e-7)
        self._load(form)

    def _options(self, **options: float | int | str | bool) -> None:
        for name, value in options.items():
            self.highs.setOptionValue(name, value)

    def _load(self, form: Any) -> None:
        matrix = form.A.tocsr()
        sense = np.array([row.bound_type for row in form.rows], dtype=int)
        rhs = np.asarray(form.rhs, dtype=float)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(form.columns), len(form.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.lower, self.upper
        self.row_lower = lp.row_lower_ = np.where(sense == 1, -INFINITY, rhs)
        self.row_upper = lp.row_upper_ = np.where(sense == -1, INFINITY, rhs)
        lp.offset_ = self.offset
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.indptr
        lp.a_matrix_.index_ = matrix.indices
        lp.a_matrix_.value_ = matrix.data
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous for whole in self.integer
        ]
        if self.highs.passModel(lp) == highspy.HighsStatus.kError:
            raise StoppedError("the solver did not accept the model (a number is not finite or too large)")

    def solve(
        self,
        gap: float,
        time_limit: float,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        started: float | None = None,
        absolute_gap: float = 1e-6,
    ) -> Outcome:
        """Solve the mixed-integer programme until the relative or the absolute gap is reached.

        Raises NoPlanError when it is proved that there is no plan, StoppedError when the solve ends without one.
        """
        self._options(mip_rel_gap=gap, mip_abs_gap=absolute_gap, time_limit=time_limit)
        self._options(mip_feasibility_tolerance=1e-6)
        self._run(on_progress, should_stop, time.monotonic() if started is None else started)
        return self._outcome(gap)

    def _run(self, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float) -> None:
        """Run in a thread, so that this one can report and take Ctrl-C."""
        lock = threading.Lock()
        latest: list[Progress] = []
        stop = threading.Event()

        def note(event: Any) -> None:
            out = event.data_out
            best, bound = _finite(out.mip_primal_bound), _finite(out.mip_dual_bound)
            relative = None if best is None or bound is None else abs(best - bound) / max(abs(best), 1e-9)
            with lock:
                latest[:] = [Progress("solve", time.monotonic() - started, best, bound, relative)]

        def interrupt(event: Any) -> None:
            if stop.is_set():
                event.interrupt()

        highs = self.highs
        highs.cbMipInterrupt += interrupt
        highs.cbSimplexInterrupt += interrupt
        highs.cbIpmInterrupt += interrupt
        highs.cbMipLogging += note
        highs.cbMipImprovingSolution += note
        worker = threading.Thread(target=highs.run, daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(0.1)
            if should_stop and should_stop():
                stop.set()
            if on_progress:
                with lock:
                    shown = latest[-1] if latest else Progress("solve", 0.0)
                on_progress(Progress("solve", time.monotonic() - started, shown.best, shown.bound, shown.gap))
        highs.cbMipInterrupt -= interrupt
        highs.cbSimplexInterrupt -= interrupt
        highs.cbIpmInterrupt -= interrupt
        highs.cbMipLogging -= note
        highs.cbMipImprovingSolution -= note

    def _outcome(self, gap: float) -> Outcome:
        status = self.highs.getModelStatus()
        kind = highspy.HighsModelStatus
        if status == kind.kUnboundedOrInfeasible:
            status = self._without_presolve()
        if status == kind.kInfeasible:
            raise NoPlanError("no plan satisfies all rules of the workbook")
        if status == kind.kUnbounded:
            raise StoppedError("cost falls without limit: something is sold above what it costs, without a volume")
        info = self.highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise StoppedError(f"stopped without a plan: {_in_words(status)}")
        objective = info.objective_function_value
        optimal = status == kind.kOptimal
        bound = info.mip_dual_bound if self.integer.any() else objective if optimal else -INFINITY
        return Outcome(optimal, objective, min(bound, objective), max(int(info.mip_node_count), 0))

    def _without_presolve(self) -> Any:
        """Presolve may leave open whether a model is infeasible or unbounded; without it HiGHS decides."""
        self._options(presolve="off")
        self.highs.run()
        self._options(presolve="choose")
        return self.highs.getModelStatus()

    def values(self) -> np.ndarray:
        """Value of each column."""
        return np.asarray(self.highs.getSolution().col_value)[: len(self.variables)]

    def store(self, values: np.ndarray) -> None:
        """Put values into the Pyomo variables, cleaned of what the feasibility tolerance leaves behind."""
        low = np.where(np.abs(values - self.lower) < 1e-9, self.lower, values)
        clean = np.clip(low, self.lower, self.upper)
        for variable, value in zip(self.variables, clean.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)

    # -- solving again with other numbers: frontiers ---------------------------------------------------------------

    def set_coefficients(self, constraint: Any, terms: list[tuple[float, Any]]) -> None:
        """Replace the coefficients of the given variables in a row."""
        row = self.row[id(constraint)]
        for coefficient, variable in terms:
            self.highs.changeCoeff(row, self.column[id(variable)], coefficient)

    def start_from(self, values: np.ndarray) -> None:
        """Offer a solution (value by column) as the start of the next solve, to be called after all changes.

        With a start the solver's own search for solutions costs more than it finds; branching early proves faster.
        """
        solution = highspy.HighsSolution()
        solution.col_value = [*values.tolist(), *([0.0] if self.excess is not None else [])]
        self.highs.setSolution(solution)
        self._options(**WITH_A_START)

    def start_afresh(self) -> None:  # the solver searches for solutions itself again
        self._options(**self.usual)

    def set_goal(self, terms: list[tuple[float, Any]] | None) -> None:
        """Minimise other terms than the model's cost; None: the cost again."""
        goal = np.zeros(len(self.cost)) if terms is not None else self.cost
        for coefficient, variable in terms or ():
            goal[self.column[id(variable)]] += coefficient
        self.set_cost(goal)

    def relax(self, relaxed: bool) -> None:
        """Let whole numbers be parts, or as they were loaded."""
        columns = np.arange(len(self.variables), dtype=np.int32)
        whole, part = int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)
        kinds = np.where(self.integer & (not relaxed), whole, part).astype(np.uint8)
        self.highs.changeColsIntegrality(len(columns), columns, kinds)

    def restore(self) -> None:
        """Undo the tie rules: bounds, whole numbers and cost as they were loaded; coefficients stay as they are set."""
        columns = np.arange(len(self.variables), dtype=np.int32)
        rows = np.arange(len(self.rows), dtype=np.int32)
        self.highs.changeColsBounds(len(columns), columns, self.lower, self.upper)
        self.relax(False)
        self.highs.changeRowsBounds(len(rows), rows, self.row_lower, self.row_upper)  # type: ignore[attr-defined]
        self.set_cost(self.cost)

    def minimise_excess(self, weights: list[tuple[Any, float]]) -> None:
        """Minimise the x, of either sign, by which rows "<= 0" are exceeded: each becomes "<= weight * x"."""
        if self.excess is None:
            self.excess = len(self.variables)
            self.highs.addCol(0.0, 0.0, 0.0, 0, np.array([], dtype=np.int32), np.array([], dtype=float))
        self._drop_excess()
        for constraint, weight in weights:
            self.exceeded.append(self.row[id(constraint)])
            self.highs.changeCoeff(self.exceeded[-1], self.excess, -weight)
        self.highs.changeColBounds(self.excess, -INFINITY, INFINITY)
        self.set_cost(np.zeros(len(self.cost)))
        self.highs.changeColCost(self.excess, 1.0)

    def minimise_cost(self) -> None:
        """The model as it was loaded again, after minimise_excess."""
        self._drop_excess()
        self.set_cost(self.cost)

    def _drop_excess(self) -> None:
        if self.excess is not None:
            for row in self.exceeded:
                self.highs.changeCoeff(row, self.excess, 0.0)
            self.exceeded.clear()
            self.highs.changeColBounds(self.excess, 0.0, 0.0)
            self.highs.changeColCost(self.excess, 0.0)

    # -- rules that give way ----------------------------------------------------------------------------------------

    def add_slack(self, constraint: Any) -> int:
        """A column by which an inequality may be exceeded, at no cost yet."""
        row = self.row[id(constraint)]
        sign = -1.0 if self.rows[row].bound_type == 1 else 1.0
        self.highs.addCol(0.0, 0.0, INFINITY, 1, np.array([row], dtype=np.int32), np.array([sign]))
        return int(self.highs.getNumCol()) - 1

    def minimise_slacks(self, weights: dict[int, float]) -> None:
        """Minimise the weighted slacks instead of the cost."""
        self.set_cost(np.zeros(len(self.cost)))
        for column, weight in weights.items():
            self.highs.changeColCost(column, weight)

    def keep_slacks(self, weights: dict[int, float]) -> None:
        """Hold the weighted slacks at what they are together, and minimise the cost again."""
        values = self.slacks(list(weights))
        most = sum(weight * values[column] for column, weight in weights.items())
        for column in weights:
            self.highs.changeColCost(column, 0.0)
        columns = np.array(list(weights), dtype=np.int32)
        self.highs.addRow(-INFINITY, most + FEASIBILITY, len(columns), columns, np.array(list(weights.values())))
        self.set_cost(self.cost)

    def slacks(self, columns: list[int]) -> dict[int, float]:
        """By how much each is used."""
        values = self.highs.getSolution().col_value
        return {column: max(0.0, values[column]) for column in columns}

    # -- the tie rules: a linear programme with the integers held --------------------------------------------------

    def hold_integers(self, values: np.ndarray) -> None:
        """Turn the model into a linear programme with the integer columns fixed at their rounded values."""
        columns = np.flatnonzero(self.integer).astype(np.int32)
        fixed = np.round(values[columns])
        continuous = [highspy.HighsVarType.kContinuous] * len(columns)
        if len(columns):
            self.highs.changeColsIntegrality(
                len(columns), columns, np.array([int(v) for v in continuous], dtype=np.uint8)
            )
            self.highs.changeColsBounds(len(columns), columns, fixed, fixed)

    def hold(self, column: int, value: float) -> None:
        self.highs.changeColBounds(column, value, value)

    def solve_linear(self) -> float | None:
        """Solve with the integers held; the objective, or None when there is no solution."""
        self._options(time_limit=INFINITY)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return float(self.highs.getInfo().objective_function_value)

    def reduced_costs(self) -> np.ndarray:
        return np.asarray(self.highs.getSolution().col_dual)

    def hold_optimal_face(self) -> None:
        """Hold every column and row that has a price, so that whatever is solved next costs the same."""
        solution = self.highs.getSolution()
        for duals, values, change in (
            (solution.col_dual, solution.col_value, self.highs.changeColsBounds),
            (solution.row_dual, solution.row_value, self.highs.changeRowsBounds),  # type: ignore[attr-defined]
        ):
            priced = np.flatnonzero(np.abs(np.asarray(duals)) > PRICED).astype(np.int32)
            held = np.asarray(values)[priced]
            if len(priced):
                change(len(priced), priced, held, held)

    def limit_cost(self, most: float) -> None:
        """Add the row that the model's cost stays within a limit, whatever is minimised next."""
        columns = np.flatnonzero(self.cost).astype(np.int32)
        offset = self.highs.getLp().offset_
        self.highs.addRow(-INFINITY, most - offset, len(columns), columns, self.cost[columns])

    def set_cost(self, cost: np.ndarray, offset: float | None = None) -> None:
        self.set_costs(np.arange(len(cost)), cost)
        if offset is not None:
            self.highs.changeObjectiveOffset(offset)

    # -- more columns and rows: futures that are solved apart -------------------------------------------------------

    @property
    def width(self) -> int:
        """Columns, those that were added included."""
        return int(self.highs.getNumCol())

    def add_column(self, lower: float | None = None, upper: float | None = None) -> int:
        """A continuous column in no row yet, at no cost."""
        least, most = -INFINITY if lower is None else lower, INFINITY if upper is None else upper
        self.highs.addCol(0.0, least, most, 0, np.array([], dtype=np.int32), np.array([], dtype=float))
        return self.width - 1

    def add_row(self, least: float, coefficients: np.ndarray, columns: np.ndarray) -> int:
        """coefficients x columns >= least"""
        self.highs.addRow(least, INFINITY, len(columns), columns.astype(np.int32), coefficients)
        return int(self.highs.getNumRow()) - 1

    def set_least(self, rows: np.ndarray, least: np.ndarray) -> None:
        """The right hand sides of rows that were added."""
        most = np.full(len(rows), INFINITY)
        self.highs.changeRowsBounds(len(rows), rows.astype(np.int32), least, most)  # type: ignore[attr-defined]

    def set_costs(self, columns: np.ndarray, costs: np.ndarray) -> None:
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def set_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def all_values(self) -> np.ndarray:
        """Value of each column, those that were added included."""
        return np.asarray(self.highs.getSolution().col_value)


def version() -> str:
    """The version of HiGHS in use."""
    return str(highspy.Highs().version())  # type: ignore[no-untyped-call]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) and abs(value) < 1e30 else None


def _in_words(status: Any) -> str:
    kind = highspy.HighsModelStatus
    words = {
        kind.kTimeLimit: "the time limit was reached before a first plan was found; allow more time",
        kind.kInterrupt: "it was interrupted before a first plan was found",
        kind.kIterationLimit: "the solver reached its iteration limit",
        kind.kMemoryLimit: "the solver ran out of memory",
        kind.kSolveError: "the solver met numerical trouble",
        kind.kUnknown: "the solver could not decide; the numbers of the workbook may be badly scaled",
    }
    return words.get(status, f"solver status {status.name}")
