"""A loaded model solved: progress while it runs, how it ended, its bound.

What is loaded and what can be changed in it stands in solver/highs_model.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np
import pyomo.environ as pyo

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solver.highs_model import FEASIBILITY, INFINITY, HighsObject, LoadedModel
from lodestone.solver.matrix import Matrix, Variable
from lodestone.system.standard_output import muted

ABSOLUTE_GAP = 1e-6  # MUSD: a plan this close to its bound is proved, whatever the relative gap
CAREFUL = 1e-9  # tolerance instead of FEASIBILITY, where a plan did not pass its audit
GRACE_S = 10.0  # for a solver that was asked to stop
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
class Outcome:
    """A solve that has a solution. optimal: proved within the gap asked for; objective and bound: MUSD."""

    optimal: bool
    objective: float
    bound: float
    nodes: int


class Solver(LoadedModel):
    """A loaded model that can be solved, again after every change."""

    def __init__(self, model: pyo.ConcreteModel | Matrix, careful: bool = False) -> None:
        """careful: tighter tolerances and no presolve, which takes longer and misses less."""
        super().__init__(model)
        self._presolve = "off" if careful else "choose"
        self._whole_within = CAREFUL if careful else 1e-6
        tolerance = CAREFUL if careful else FEASIBILITY
        self._options(primal_feasibility_tolerance=tolerance, dual_feasibility_tolerance=tolerance, **SEARCH)
        self._options(presolve=self._presolve)

    @property
    def nodes(self) -> int:
        """Nodes of the search tree of the last solve."""
        return max(int(self.highs.getInfo().mip_node_count), 0)

    def set_options(self, options: Mapping[str, float | int | str | bool]) -> None:
        """Options of HiGHS for the solves to come."""
        self._options(**options)

    def solve(
        self,
        gap: float,
        time_limit: float,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        started: float | None = None,
        absolute_gap: float = ABSOLUTE_GAP,
        bound: float = -INFINITY,
    ) -> Outcome:
        """Solve the mixed-integer programme until the relative or the absolute gap (MUSD) is reached.

        time_limit: s, of this solve. started: when the run began (time.monotonic), for the seconds that progress shows.
        bound: MUSD, what is proved already.
        Raises NoPlanError when it is proved that there is no plan, StoppedError when the solve ends without one.
        """
        began = time.monotonic() if started is None else started
        self._options(mip_rel_gap=gap, mip_abs_gap=absolute_gap, time_limit=time_limit)
        self._options(mip_feasibility_tolerance=self._whole_within)
        self._run(on_progress, should_stop, began)
        outcome = self._outcome()
        return replace(outcome, bound=min(max(outcome.bound, bound), outcome.objective))

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
            return True, min(most, float(info.mip_dual_bound))
        beyond = status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kObjectiveBound)
        if beyond or info.mip_dual_bound > most:  # dearer ones were cut off: of them nothing is proved
            return False, most
        return None, min(most, float(info.mip_dual_bound))

    def solve_linear(self, most: float = INFINITY) -> float | None:
        """Solve the linear programme with the integers fixed; None when no solution costs at most `most`."""
        self._options(time_limit=INFINITY, objective_bound=most)
        self.highs.run()
        self._options(objective_bound=INFINITY)
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        objective = float(self.highs.getInfo().objective_function_value)
        return objective if objective <= most else None

    def cost_with(self, values: np.ndarray) -> float | None:
        """The least cost with the whole numbers of a solution, MUSD; None where no solution has them."""
        self.hold_integers(values)
        cost = self.solve_linear()
        self.restore()
        return cost

    def linear_bound(self) -> float:
        """The bound of the linear relaxation: infinite when it is infeasible, minus infinity when it was not solved."""
        if self.solve_linear() is not None:
            return float(self.highs.getInfo().objective_function_value)
        return INFINITY if self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible else -INFINITY

    def start_near(
        self,
        decisions: list[tuple[Variable, float]],
        time_limit: float = START_S,
        should_stop: ShouldStop | None = None,
    ) -> bool:
        """Start the next solve from integer values (variable, number), the rest chosen at least cost.

        False, and no start, where no plan has these decisions, or none was found in time (s; START_S at most).
        """
        columns = np.array([self.column[id(variable)] for variable, _ in decisions], dtype=np.int32)
        numbers = np.array([number for _, number in decisions], dtype=float)
        self.highs.changeColsBounds(len(columns), columns, numbers, numbers)
        self._options(mip_rel_gap=START_GAP, time_limit=min(START_S, time_limit))
        self._run(None, should_stop, time.monotonic())
        found = self.highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = self.values()
        self.highs.changeColsBounds(len(columns), columns, self.lower[columns], self.upper[columns])
        if found:
            self.start_from(values)
        return bool(found)

    def _run(
        self,
        on_progress: OnProgress | None,
        should_stop: ShouldStop | None,
        started: float,
        cutoff: float = INFINITY,
    ) -> None:
        """Run, if need be twice: presolve may leave open whether a model is infeasible or unbounded, and may take a
        start, or what was found last, for cheaper than it is (HiGHS 1.16), which then seems proved."""
        self._attempt(on_progress, should_stop, started, cutoff)
        left_open = self.highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible
        if left_open or self._is_dearer_than_told():
            self._options(presolve="off")
            self._attempt(on_progress, should_stop, started, cutoff)
            self._options(presolve=self._presolve)

    def _is_dearer_than_told(self) -> bool:
        """Whether the solution costs more than the solver says."""
        info = self.highs.getInfo()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if not found or not self.integer.any():
            return False
        lp = self.highs.getLp()
        cost, told = float(np.asarray(lp.col_cost_) @ self.all_values()) + lp.offset_, info.objective_function_value
        return cost > told + 1e-6 * max(1.0, abs(told))

    def _attempt(
        self, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float, cutoff: float
    ) -> None:
        """Run in a thread, so that this one can report and take Ctrl-C; end once the bound is beyond the cutoff."""
        lock = threading.Lock()
        latest: list[Progress] = []
        said: list[str] = []
        stop = threading.Event()

        def note(event: HighsObject) -> None:
            out = event.data_out
            best, bound = _finite(out.mip_primal_bound), _finite(out.mip_dual_bound)
            relative = None if best is None or bound is None else abs(best - bound) / max(abs(best), 1e-9)
            with lock:
                latest[:] = [Progress("solve", time.monotonic() - started, best, bound, relative)]

        def interrupt(event: HighsObject) -> None:
            if stop.is_set():
                event.interrupt()

        def interrupt_search(event: HighsObject) -> None:
            if stop.is_set() or event.data_out.mip_dual_bound > cutoff:
                event.interrupt()

        def listen(event: HighsObject) -> None:
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
            raise StoppedError(
                "the problem is unbounded: a sell market pays more than supplying it costs and has no volume limit; "
                "enter a volume on Markets"
            )
        info = self.highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise StoppedError(f"stopped without a plan: {in_words(status)}")
        objective = info.objective_function_value
        optimal = status == kind.kOptimal
        bound = info.mip_dual_bound if self.integer.any() else objective if optimal else -INFINITY
        return Outcome(optimal, objective, min(bound, objective), self.nodes)


def version() -> str:
    """The version of HiGHS in use."""
    with muted():
        return str(highspy.Highs().version())  # type: ignore[no-untyped-call]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) and abs(value) < 1e30 else None


def in_words(status: HighsObject) -> str:
    """How a solve without a solution ended."""
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
