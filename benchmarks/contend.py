"""One way of one model to HiGHS and back, in a process of its own: `python -m benchmarks.contend WAY SETUP`.

SETUP is a JSON object: workbook, time_limit (s for HiGHS), gap, and folder; for the textbook also paid: operating_cost
or value_added. Prints what it took as a JSON object: seconds of wall clock and of CPU by stage, HiGHS's own time apart,
and the peak memory of the process.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from benchmarks.memory import peak_mb
from lodestone.data.plan_data import PlanData
from lodestone.solve.effort import Effort
from lodestone.system.gc_pause import at_rest

Setup = dict[str, Any]


class Stopwatch:
    """Seconds of wall clock and CPU by stage; what `Highs.run` takes is taken out of its stage and kept as "highs"."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.inside = [0.0, 0.0]
        run = highspy.Highs.run

        def timed(solver: highspy.Highs) -> Any:
            before = self._now()
            status = run(solver)
            self.inside = [i + n - b for i, n, b in zip(self.inside, self._now(), before, strict=True)]
            return status

        highspy.Highs.run = timed

    @staticmethod
    def _now() -> list[float]:
        return [time.perf_counter(), time.process_time()]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        before, inside = self._now(), self.inside
        yield
        spent = zip(self._now(), before, self.inside, inside, strict=True)
        self.seconds[name] = [n - b - (i1 - i0) for n, b, i1, i0 in spent]

    def report(self, **more: Any) -> dict[str, Any]:
        return {"seconds": {**self.seconds, "highs": self.inside}, "peak_mb": peak_mb(), **more}


def read(setup: Setup) -> PlanData:
    from lodestone.solve.one_scenario import scenario_data
    from lodestone.workbook.inputs import load

    return scenario_data(load(setup["workbook"]))


def lodestone(setup: Setup) -> dict[str, Any]:
    """This project: build, `model/lodestone/solver/matrix.py`, passModel; the matrix is left for the bare script."""
    from lodestone.data.tree import single
    from lodestone.rules.build import build
    from lodestone.solver.highs import Solver

    watch = Stopwatch()
    with watch.stage("read"):
        data = read(setup)
    with at_rest():
        with watch.stage("build"):
            built = build(single(data))
        with watch.stage("load"):
            solver = Solver(built.model)
        roots = RootGap(solver.highs)
        with watch.stage("back"):
            objective = _solved(lambda: solver.solve(setup["gap"], setup["time_limit"]).objective)
            if objective is not None:
                solver.store(solver.values())
    answer = watch.report(
        **solver.size,
        flows=len(built.model.flows.ship),
        objective=objective,
        **roots.report(),
    )
    _keep_matrix(built.model, Path(setup["folder"]))
    return answer


class RootGap:
    """The bound when the first node was done, and the nodes in all."""

    def __init__(self, highs: highspy.Highs) -> None:
        self.highs = highs
        self.bound: float | None = None
        highs.cbMipInterrupt += self._note

    def _note(self, event: Any) -> None:
        if event.data_out.mip_node_count <= 1:
            self.bound = event.data_out.mip_dual_bound

    def report(self) -> dict[str, Any]:
        info = self.highs.getInfo()
        objective, bound = info.objective_function_value, self.bound
        known = bound is not None and abs(bound) < highspy.kHighsInf and objective
        return {
            "root_gap": (objective - bound) / abs(objective) if known else None,
            "nodes": max(info.mip_node_count, 0),
            "gap": info.mip_gap if self.bound is not None else 0.0,
        }


def _solved(solve: Callable[[], Any]) -> Any:
    """The answer; None when the time did not suffice for a solution."""
    from lodestone.errors import StoppedError

    try:
        return solve()
    except StoppedError:
        return None


def _keep_matrix(model: Any, folder: Path) -> None:
    from lodestone.solver.matrix import matrix

    m = matrix(model)
    np.savez(
        folder / "matrix.npz", cost=m.cost, lower=m.lower, upper=m.upper, integer=m.integer, row_lower=m.row_lower,
        row_upper=m.row_upper, starts=m.starts, columns=m.columns, coefficients=m.coefficients,
    )  # fmt: skip


def appsi(setup: Setup) -> dict[str, Any]:
    """The same Pyomo model through `pyomo.contrib.appsi`."""
    return _same_model(setup, lambda watch, model: _by_appsi(watch, model, setup)["objective"])


def textbook(setup: Setup) -> dict[str, Any]:
    """The same network, or what a textbook makes of any workbook, in plain Pyomo and through appsi_highs."""
    from benchmarks import textbook

    watch = Stopwatch()
    with watch.stage("read"):
        data = read(setup)
    with watch.stage("build"):
        model = textbook.textbook(data, getattr(textbook, setup.get("paid", "value_added")))
    return watch.report(**_by_appsi(watch, model, setup))


def _by_appsi(watch: Stopwatch, model: Any, setup: Setup) -> dict[str, Any]:
    from pyomo.contrib.appsi.solvers import Highs

    solver = Highs()
    solver.config.load_solution = False
    solver.config.mip_gap = setup["gap"]
    solver.config.time_limit = setup["time_limit"]
    with watch.stage("load"):
        solver.set_instance(model)
    with watch.stage("back"):
        result = solver._solve(_timer())  # solve() would look for changes of the model first
        if result.best_feasible_objective is not None:
            result.solution_loader.load_vars()
    highs = solver._solver_model
    objective = result.best_feasible_objective if setup["time_limit"] else None  # it calls an empty plan feasible
    whole = sum(kind == highspy.HighsVarType.kInteger for kind in highs.getLp().integrality_)
    return {
        **_size(highs),
        "integers": whole,
        "objective": objective,
        "gap": highs.getInfo().mip_gap if whole and objective is not None else None,
    }


def contrib(setup: Setup) -> dict[str, Any]:
    """The same Pyomo model through `pyomo.contrib.solver`."""
    from pyomo.contrib.solver.solvers.highs import Highs

    def hand_over(watch: Stopwatch, model: Any) -> Any:
        solver = Highs()
        with watch.stage("load"):
            solver.set_instance(model)
        with watch.stage("back"):
            result = solver.solve(
                model,
                load_solutions=False,
                raise_exception_on_nonoptimal_result=False,
                rel_gap=setup["gap"],
                time_limit=setup["time_limit"],
            )
            if result.incumbent_objective is not None:
                result.solution_loader.load_vars()
        return result.incumbent_objective

    return _same_model(setup, hand_over)


def _timer() -> Any:
    from pyomo.common.timing import HierarchicalTimer

    return HierarchicalTimer()


def _same_model(setup: Setup, hand_over: Callable[[Stopwatch, Any], Any]) -> dict[str, Any]:
    from lodestone.data.tree import single
    from lodestone.rules.build import build

    watch = Stopwatch()
    with watch.stage("read"):
        data = read(setup)
    with watch.stage("build"):
        model = build(single(data)).model
    return watch.report(objective=hand_over(watch, model))


def bare(setup: Setup) -> dict[str, Any]:
    """The matrix alone, from arrays that are there already: the lower limit."""
    m = np.load(Path(setup["folder"]) / "matrix.npz")
    m = {name: m[name] for name in m.files}
    watch = Stopwatch()
    with watch.stage("load"):
        highs = highspy.Highs()
        highs.silent()
        highs.setOptionValue("mip_rel_gap", setup["gap"])
        highs.setOptionValue("time_limit", float(setup["time_limit"]))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(m["cost"]), len(m["row_lower"])
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = m["cost"], m["lower"], m["upper"]
        lp.row_lower_, lp.row_upper_ = m["row_lower"], m["row_upper"]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = m["starts"], m["columns"], m["coefficients"]
        highs.passModel(lp)
        whole = np.flatnonzero(m["integer"]).astype(np.int32)
        if len(whole):
            highs.changeColsIntegrality(len(whole), whole, np.ones(len(whole), dtype=np.uint8))
    return _run(watch, highs)


def linopy(setup: Setup) -> dict[str, Any]:
    """The same network in linopy, whose arrays are made beforehand as PlanData is."""
    from benchmarks.linopy_network import network

    return _by_linopy(setup, network)


def pypsa(setup: Setup) -> dict[str, Any]:
    """The same network in PyPSA, of the same arrays."""
    import logging

    from benchmarks.pypsa_network import model, network

    logging.getLogger("pypsa").setLevel(logging.ERROR)
    return _by_linopy(setup, lambda data: model(network(data)))


def _by_linopy(setup: Setup, build: Callable[[Any], Any]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    from benchmarks.linopy_network import arrays

    watch = Stopwatch()
    with watch.stage("read"):
        data = arrays(read(setup))
    with watch.stage("build"):
        model = build(data)
    with watch.stage("load"):
        highs = model.to_highspy()
        highs.silent()
    highs.setOptionValue("time_limit", float(setup["time_limit"]))
    return _run(watch, highs)


def _run(watch: Stopwatch, highs: highspy.Highs) -> dict[str, Any]:
    with watch.stage("back"):
        highs.run()
        np.asarray(highs.getSolution().col_value)
    info = highs.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return watch.report(**_size(highs), objective=info.objective_function_value if feasible else None)


def _size(highs: highspy.Highs) -> dict[str, int]:
    return {"rows": highs.getNumRow(), "columns": highs.getNumCol(), "nonzeros": highs.getNumNz()}


def whole(setup: Setup) -> dict[str, Any]:
    """`lodestone solve` from file to files."""
    from lodestone.report.plan.run_folder import write_run
    from lodestone.solve.all_futures import solve_joint
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.inputs import load

    watch = Stopwatch()
    workbook, folder = Path(setup["workbook"]), Path(setup["folder"], "run")
    with watch.stage("read"):
        inputs = load(workbook)
    with watch.stage("plan"):
        if len(inputs.scenario_names) > 1:
            plan = solve_joint(inputs, effort=Effort(gap=setup["gap"], time_limit=setup["time_limit"]), values=False)
        else:
            plan = solve_scenario(inputs, effort=Effort(gap=setup["gap"], time_limit=setup["time_limit"]))
    with watch.stage("write"):
        write_run(plan, folder, workbook)
    return watch.report(stages=plan.seconds, objective=plan.objective_musd, gap=plan.gap, **plan.model)


WAYS: dict[str, Callable[[Setup], dict[str, Any]]] = {
    way.__name__: way for way in (lodestone, appsi, contrib, bare, linopy, pypsa, textbook, whole)
}

if __name__ == "__main__":
    result = WAYS[sys.argv[1]](json.loads(sys.argv[2]))
    print(json.dumps(result, default=float))
