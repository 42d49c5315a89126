"""Pyomo model -> HiGHS: one matrix handed over at once, progress while it solves, status, bound and solution back.

The model is compiled to numpy arrays and passed in one call; nothing is copied row by row. The same HiGHS object then
serves the tie rules: bounds, costs and integrality are changed in place and solved again from the last basis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo

from model.errors import NoPlanError, StoppedError
from model.matrix import Matrix, matrix

FEASIBILITY = 1e-7
CAREFUL = 1e-9  # the same, where a plan did not pass its audit
PRICED = 1e-9  # MUSD per unit: a dual above this is not solver noise
GRACE_S = 10.0  # for a solver that was asked to stop
INFINITY = highspy.kHighsInf
START_GAP, START_S = 1e-4, 60.0  # relative gap and seconds for what goes with the decisions of a start
# The relaxation of these models is within half a percent of the best plan: branching early proves that sooner than
# sub-MIPs, restarts and ever more cuts do. Measured: a factor of 1 to 3, 2.5 on the large example.
SEARCH: dict[str, float | int | str | bool] = {
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_allow_restart": False,
    "mip_allow_cut_separation_at_nodes": False,
    "mip_pscost_minreliable": 1,
}


@dataclass(frozen=True)
class Progress:
    """Where a run stands: stage, seconds since its start, best cost so far, proved bound, relative gap.

    said: what the solver itself has written since it was last asked.
    """

    stage: str
    seconds: float
    best: float | None = None
    bound: float | None = None
    gap: float | None = None
    said: str = ""


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

    def __init__(self, model: pyo.ConcreteModel, careful: bool = False) -> None:
        """careful: tighter tolerances and no presolve, which takes longer and misses less."""
        loaded = matrix(model)
        self.variables, self.column = loaded.variables, loaded.column
        self.rows = loaded.rows  # (constraint, sense) by row
        self.row = {id(row.constraint): i for i, row in enumerate(loaded.rows)}
        self.integer, self.cost = loaded.integer, loaded.cost
        self.lower, self.upper = loaded.lower, loaded.upper
        self.row_lower, self.row_upper = loaded.row_lower, loaded.row_upper
        self.offset = loaded.offset
        self.nonzeros = len(loaded.coefficients)
        self.excess: int | None = None  # column of minimise_excess
        self.exceeded: list[int] = []  # rows it is in
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self.highs.silent()
        self._presolve = "off" if careful else "choose"
        self._whole_within = CAREFUL if careful else 1e-6
        tolerance = CAREFUL if careful else FEASIBILITY
        self._options(primal_feasibility_tolerance=tolerance, dual_feasibility_tolerance=tolerance, **SEARCH)
        self._options(presolve=self._presolve)
        self._load(loaded)

    def _options(self, **options: float | int | str | bool) -> None:
        for name, value in options.items():
            self.highs.setOptionValue(name, value)

    def _load(self, loaded: Matrix) -> None:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(loaded.variables), len(loaded.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = loaded.cost, loaded.lower, loaded.upper
        lp.row_lower_, lp.row_upper_ = loaded.row_lower, loaded.row_upper
        lp.offset_ = loaded.offset
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = loaded.starts
        lp.a_matrix_.index_ = loaded.columns
        lp.a_matrix_.value_ = loaded.coefficients
        if self.highs.passModel(lp) == highspy.HighsStatus.kError:
            raise StoppedError("the solver did not accept the model (a number is not finite or too large)")
        whole = np.flatnonzero(loaded.integer).astype(np.int32)
        if len(whole):
            kinds = np.full(len(whole), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            self.highs.changeColsIntegrality(len(whole), whole, kinds)

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
        began = time.monotonic() if started is None else started
        self._options(mip_rel_gap=gap, mip_abs_gap=absolute_gap, time_limit=time_limit)
        self._options(mip_feasibility_tolerance=self._whole_within)
        self._run(on_progress, should_stop, began)
        return self._outcome()

    def _run(
        self,
        on_progress: OnProgress | None,
        should_stop: ShouldStop | None,
        started: float,
        cutoff: float = INFINITY,
    ) -> None:
        """Run, if need be twice: presolve may leave open whether a model is infeasible or unbounded."""
        self._attempt(on_progress, should_stop, started, cutoff)
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self._options(presolve="off")
            self._attempt(on_progress, should_stop, started, cutoff)
            self._options(presolve=self._presolve)

    def _attempt(
        self, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float, cutoff: float
    ) -> None:
        """Run in a thread, so that this one can report and take Ctrl-C; end once the bound is beyond the cutoff."""
        lock = threading.Lock()
        latest: list[Progress] = []
        said: list[str] = []
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

        def interrupt_search(event: Any) -> None:
            if stop.is_set() or event.data_out.mip_dual_bound > cutoff:
                event.interrupt()

        def listen(event: Any) -> None:
            with lock:
                said.append(event.message)

        def report(tell: OnProgress) -> None:
            with lock:
                shown = latest[-1] if latest else Progress("solve", 0.0)
                lines = "".join(said)
                said.clear()
            tell(Progress("solve", time.monotonic() - started, shown.best, shown.bound, shown.gap, lines))

        highs = self.highs
        if on_progress:
            self._options(output_flag=True, log_to_console=False)
            highs.cbLogging += listen
        highs.cbMipInterrupt += interrupt_search
        highs.cbSimplexInterrupt += interrupt
        highs.cbIpmInterrupt += interrupt
        highs.cbMipLogging += note
        highs.cbMipImprovingSolution += note
        worker = threading.Thread(target=highs.run, daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(0.1)
                if should_stop and should_stop():
                    stop.set()
                if on_progress:
                    report(on_progress)
            if on_progress and said:
                report(on_progress)
        finally:  # also after a second Ctrl-C: a process that ends while the solver runs is aborted by the system
            stop.set()
            worker.join(GRACE_S)
            highs.cbMipInterrupt -= interrupt_search
            highs.cbSimplexInterrupt -= interrupt
            highs.cbIpmInterrupt -= interrupt
            highs.cbMipLogging -= note
            highs.cbMipImprovingSolution -= note
            if on_progress:
                highs.cbLogging -= listen
                self._options(output_flag=False)

    def _outcome(self) -> Outcome:
        status = self.highs.getModelStatus()
        kind = highspy.HighsModelStatus
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
        """Offer a solution (value by column) as the start of the next solve, to be called after all changes."""
        solution = highspy.HighsSolution()
        solution.col_value = [*values.tolist(), *([0.0] if self.excess is not None else [])]
        self.highs.setSolution(solution)

    def start_near(self, decisions: list[tuple[Any, float]]) -> bool:
        """Start the next solve from whole decisions (variable, number) and what goes best with them.

        False, and no start, where no plan has these decisions.
        """
        columns = np.array([self.column[id(variable)] for variable, _ in decisions], dtype=np.int32)
        numbers = np.array([number for _, number in decisions], dtype=float)
        self.highs.changeColsBounds(len(columns), columns, numbers, numbers)
        self._options(mip_rel_gap=START_GAP, time_limit=START_S)
        self.highs.run()
        found = self.highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = self.values()
        self.highs.changeColsBounds(len(columns), columns, self.lower[columns], self.upper[columns])
        if found:
            self.start_from(values)
        return bool(found)

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

    def solve_linear(self, most: float = INFINITY) -> float | None:
        """Solve with the integers held; the objective, or None when there is no solution, or none of at most `most`."""
        self._options(time_limit=INFINITY, objective_bound=most)
        self.highs.run()
        self._options(objective_bound=INFINITY)
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        objective = float(self.highs.getInfo().objective_function_value)
        return objective if objective <= most else None

    def basis(self) -> Any:
        """The basis of the last solve, to come back to."""
        return self.highs.getBasis()

    def go_back_to(self, basis: Any) -> None:
        """Start the next solve from this basis, where the last one moved away from it."""
        if self.highs.getInfo().simplex_iteration_count > 0:
            self.highs.setBasis(basis)

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

    # -- what binds, and other plans -----------------------------------------------------------------------------------

    def row_duals(self) -> np.ndarray:
        """By row, what one more on its right-hand side adds to the cost of the linear programme solved last."""
        return np.asarray(self.highs.getSolution().row_dual)

    def drop_added_rows(self) -> None:
        """Only the model's own rows again."""
        added = np.arange(len(self.rows), int(self.highs.getNumRow()), dtype=np.int32)
        if len(added):
            self.highs.deleteRows(len(added), added)

    def set_upper(self, constraint: Any, most: float) -> None:
        """Another right-hand side for a row "<="."""
        row = self.row[id(constraint)]
        self.row_upper[row] = most
        self.highs.changeRowBounds(row, -INFINITY, most)

    def loosen(self, constraint: Any, by: float) -> None:
        """A row "<=" with a little room, until restore."""
        row = self.row[id(constraint)]
        self.highs.changeRowBounds(row, -INFINITY, float(self.row_upper[row]) + by)

    def new_row(self, least: float, most: float, terms: Iterable[tuple[float, int]]) -> int:
        """A row over columns (coefficient, column), until drop_added_rows."""
        coefficients, columns = zip(*terms, strict=True)
        low, high = max(least, -INFINITY), min(most, INFINITY)
        self.highs.addRow(
            low, high, len(columns), np.array(columns, dtype=np.int32), np.array(coefficients, dtype=float)
        )
        return int(self.highs.getNumRow()) - 1

    def new_column(self, lower: float | None = 0.0, upper: float | None = None, cost: float = 0.0) -> int:
        """A continuous column in no row yet, no variable of the model; it stays (rest puts it out of use)."""
        least, most = -INFINITY if lower is None else lower, INFINITY if upper is None else upper
        self.highs.addCol(cost, least, most, 0, np.array([], dtype=np.int32), np.array([], dtype=float))
        return self.width - 1

    def rest(self, column: int) -> None:
        """Put an added column to rest."""
        self.highs.changeColCost(column, 0.0)
        self.highs.changeColBounds(column, 0.0, 0.0)

    def free(self, columns: list[int]) -> None:
        """Undo `hold`."""
        for column in columns:
            self.highs.changeColBounds(column, self.lower[column], self.upper[column])

    def linear_bound(self) -> float:
        """A bound on the cost by the linear programme: infinite when it has no solution, minus infinity if unknown."""
        if self.solve_linear() is not None:
            return float(self.highs.getInfo().objective_function_value)
        return INFINITY if self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible else -INFINITY

    def offer(self, columns: np.ndarray, values: np.ndarray) -> None:
        """Values of some columns as a start, from which the solver completes a solution if it can."""
        self.highs.setSolution(len(columns), columns.astype(np.int32), values)

    def seek(
        self,
        most: float,
        time_limit: float,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> tuple[bool | None, float]:
        """Whether some solution costs at most so much, and a bound that no solution undercuts.

        True: values() is one. False: proved that there is none. None: not known within the time limit.
        """
        self._options(
            mip_rel_gap=0.0, mip_abs_gap=1e-6, mip_feasibility_tolerance=self._whole_within, time_limit=time_limit
        )
        self._options(objective_target=most, objective_bound=most)
        self._run(on_progress, should_stop, time.monotonic(), most)
        self._options(objective_target=-INFINITY, objective_bound=INFINITY)
        info, status = self.highs.getInfo(), self.highs.getModelStatus()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if found and info.objective_function_value <= most:
            return True, float(info.mip_dual_bound)
        beyond = status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kObjectiveBound)
        if beyond or info.mip_dual_bound > most:
            return False, max(most, float(info.mip_dual_bound)) if np.isfinite(info.mip_dual_bound) else most
        return None, float(info.mip_dual_bound)

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
        kind.kUnboundedOrInfeasible: "the solver could not tell a cost that falls without limit from no plan at all",
        kind.kSolutionLimit: "the solver reached its limit of solutions",
        kind.kPresolveError: "the solver met numerical trouble while it simplified the model",
        kind.kPostsolveError: "the solver met numerical trouble while it worked out the plan",
        kind.kModelError: "the solver did not accept the model",
        kind.kLoadError: "the solver did not accept the model",
        kind.kUnknown: "the solver could not decide; the numbers of the workbook may be badly scaled",
    }
    return words.get(status, f"solver status {status.name}")
