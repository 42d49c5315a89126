"""Progressive hedging over the futures of a tree, by mpi-sppy; all ranks run it together.

Two cylinders, in mpi-sppy's words: the hub hedges, first with whole decisions relaxed, then tries after each iteration
what the futures nearly agree on; the spoke works out the Lagrangian bound from the hub's weights. Each cylinder has
half of the ranks, and its futures are dealt out among them. mpi-sppy sees of a future only the vector of what is in
common; `Future` solves.

    bound   sum over futures of probability x proved bound of the future with weights, for weights of mean 0; before the
            first weights that of each future planned for alone
    plan    the consensus, or what one future would do, held in all of them, each then solved to its end

What a future does not pass has probability 0 in it, so that futures may part in different years.

Example: two futures, each with probability 0.5, have one build in common. Calm costs 10 x build, crisis 30 - 20 x
build. Alone, calm goes without and crisis builds: the bound is 0.5 x 0 + 0.5 x 10 = 5. Held in both, building costs
0.5 x 10 + 0.5 x 10 = 10 and not building 15: the plan costs 10. A weight of -10 for calm, whose build lies below the
mean, and of 10 for crisis makes calm cost 0 either way, and crisis 30 - 10 x build, which is 20: the bound is 10 too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyomo.environ as pyo
from mpi4py import MPI
from mpisppy.cylinders.hub import PHHub
from mpisppy.cylinders.lagrangian_bounder import LagrangianOuterBound
from mpisppy.cylinders.spwindow import Field
from mpisppy.opt.ph import PH
from mpisppy.scenario_tree import ScenarioNode
from mpisppy.spin_the_wheel import WheelSpinner

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import Progress, ShouldStop
from lodestone.solve.all_futures import weighed
from lodestone.solve.decomposition.future import Future
from lodestone.solve.decomposition.order import Found
from lodestone.solve.decomposition.shared import alone
from lodestone.solve.decomposition.task import Common, Known, Task, what_is_common
from lodestone.solver.matrix import Pyomo

ROUNDS = 40  # at most, with whole decisions relaxed: cheap, and after them the weights are nearly right
PULLS = (5.0, 0.95, 0.3)  # of the proximal term there, in units of worth / spread: first, times each round, least
MOST_PULL = 0.3  # of it afterwards
REST = 2  # iterations in which the weights then stay, so that the spoke gets to them
LEAST_SPREAD = 0.01  # of a number's usual amount
INSIDE = 0.999  # of the interval of prices within which the threshold of CVaR is bounded
IDLE_S = 0.05
OPTIONS = {  # of mpi-sppy; what ends the hedging is the hub's to say
    "solver_name": "highs",
    "PHIterLimit": 10**9,
    "defaultPHrho": 1.0,
    "convthresh": -1.0,
    "verbose": False,
    "display_progress": False,
    "toc": False,
}


class _Hedging(PH):  # type: ignore[misc]
    """PH whose scenarios are vectors of what is in common; the futures themselves are solved by `Future`."""

    def __init__(
        self,
        *args: Pyomo,
        task: Task,
        common: Common,
        futures: dict[str, Future],
        known: Mapping[str, Known],
        **kwargs: Pyomo,
    ) -> None:
        self.task, self.common, self.futures, self.known = task, common, futures, known
        self.pull = MOST_PULL
        self.open_gap = np.inf  # MUSD between the best plan and the bound
        self.relaxed, self.resting = True, 0
        self.weights: list[dict[str, np.ndarray]] = []  # of the later rounds, by future
        self.interrupted: ShouldStop | None = None  # asked while a solve runs
        super().__init__(*args, **kwargs)

    # -- mpi-sppy's ways of solving a Pyomo model are not needed ----------------------------------------------------

    def _create_solvers(self, presolve: bool = True) -> None:
        pass

    def attach_PH_to_objective(self, *args: Pyomo, **kwargs: Pyomo) -> None:
        self._prox_approx = False

    def _attach_PH_to_objective_after_iter0(self) -> None:
        pass

    def _prox_is_quadratic(self) -> bool:
        return False

    def solve_one(self, solver_options: Pyomo, k: str, s: Pyomo, *args: Pyomo, **kwargs: Pyomo) -> float:
        if self._PHIter == 0:
            return self._recall(k, s)
        began = time.monotonic()
        future, place = self.futures[k], np.array(s.place, dtype=int)
        model, data = s._mpisppy_model, s._mpisppy_data
        effort = self.task.effort(self.interrupted)
        future.relax(self.relaxed and model.prox_on.value == 1)
        weights = self._vector(model.W)[place] if model.W_on.value else np.zeros(len(place))
        data.outer_bound = -np.inf
        try:
            if model.prox_on.value:
                centre = self._vector(model.xbars)[place]
                outcome = future.pulled(weights, centre, self.spread[place], self.pull, effort)
            else:
                outcome = future.priced(weights, effort)
                data.outer_bound = outcome.bound
        except StoppedError:  # what it did before stands
            return time.monotonic() - began
        self._put(s, future.common())
        return time.monotonic() - began

    def _recall(self, k: str, s: Pyomo) -> float:
        """Iteration 0, each future planned for alone, was done before by all ranks."""
        known, data = self.known[k], s._mpisppy_data
        data.outer_bound, data.inner_bound, data.solution_available = known.bound, known.cost, True
        self._put(s, known.common)
        return 0.0

    @staticmethod
    def _put(s: Pyomo, common: np.ndarray) -> None:
        for i, value in zip(s.place, common, strict=True):
            s.x[i]._value = float(value)

    @staticmethod
    def _vector(parameters: Pyomo) -> np.ndarray:
        return np.array([parameters["ROOT", i]._value for i in range(len(parameters))])

    # -- weights -----------------------------------------------------------------------------------------------------

    def Iter0(self) -> float:
        bound = float(super().Iter0())
        self.Compute_Xbar(False)
        apart = np.sqrt(self._variance())
        least = np.maximum(LEAST_SPREAD * self.common.size, 0.1 * np.abs(self._mean()))
        self.spread = np.where(self.common.whole, 1.0, np.maximum(np.maximum(apart, least), 1e-6))
        return bound

    def _mean(self) -> np.ndarray:
        return self._vector(next(iter(self.local_scenarios.values()))._mpisppy_model.xbars)

    def _variance(self) -> np.ndarray:
        """Of each number over the futures that have it, at what they did last."""
        square = self._vector(next(iter(self.local_scenarios.values()))._mpisppy_model.xsqbars)
        return np.asarray(np.maximum(square - self._mean() ** 2, 0.0))

    def Update_W(self, verbose: bool) -> None:
        """While decisions are relaxed with falling steps; then from the mean of those weights on with that of Polyak:
        as far as the gap between plan and bound is wide and the futures are apart."""
        metric = np.maximum(self.common.worth / self.spread, 1e-12)
        distance = float(metric @ (self.common.share * self._variance()))
        first, falling, least = PULLS
        if self.relaxed and (self._PHIter > ROUNDS or distance <= 1e-6 * max(1.0, abs(self.trivial_bound))):
            self._end_of_relaxation()
        if self._PHIter <= self.resting:
            return
        polyak = min(MOST_PULL, self.open_gap / distance) if distance > 0 else MOST_PULL
        self.pull = max(first * falling**self._PHIter, least) if self.relaxed else max(polyak, 1e-9)
        for s in self.local_scenarios.values():
            for i, value in enumerate(self.pull * metric):
                s._mpisppy_model.rho["ROOT", i]._value = float(value)
        super().Update_W(verbose)
        self._bound_threshold()
        if self.relaxed and self._PHIter > ROUNDS // 2:
            self.weights.append({k: self._vector(s._mpisppy_model.W) for k, s in self.local_scenarios.items()})

    def _end_of_relaxation(self) -> None:
        """The weights swing about the best ones; the bound of their mean is no worse than the mean of their bounds."""
        self.relaxed = False
        self.resting = self._PHIter + REST
        for k, s in self.local_scenarios.items() if self.weights else ():
            for i, value in enumerate(np.mean([weights[k] for weights in self.weights], axis=0)):
                s._mpisppy_model.W["ROOT", i]._value = float(value)

    def _bound_threshold(self) -> None:
        """Beyond these prices a future would move the threshold of CVaR without end. The mean of prices stays 0."""
        weight, tail = self.task.order.base.risk_weight, self.task.order.base.risk_tail
        if weight == 0:
            return
        threshold = "ROOT", self.common.agreed
        prices = [s._mpisppy_model.W[threshold] for s in self.local_scenarios.values()]
        over = [max(p._value / (weight * (1 / tail - 1)) if tail < 1 else np.inf, -p._value / weight) for p in prices]
        worst = self.mpicomm.allreduce(max([*over, 0.0]), op=MPI.MAX)
        for price in prices:
            price._value *= min(1.0, INSIDE / worst) if worst > 0 else 1.0


@dataclass
class _Best:
    cost: float = np.inf
    x: np.ndarray = field(default_factory=lambda: np.array([]))
    values: dict[str, np.ndarray] = field(default_factory=dict)


class _Hub(PHHub):  # type: ignore[misc]
    """Runs progressive hedging, tries candidate plans, and decides when to stop."""

    def __init__(self, *args: Pyomo, **kwargs: Pyomo) -> None:
        super().__init__(*args, **kwargs)
        self.best = _Best()
        self.tried: dict[bytes, float | None] = {}
        self.base_held: float | None = None
        self.turn = 0
        self.ended = ""

    @property
    def hedging(self) -> _Hedging:
        return self.opt  # type: ignore[no-any-return]

    def setup_hub(self) -> None:
        pass

    def is_converged(self, screen_trace: bool = True) -> bool:
        opt, task = self.hedging, self.hedging.task
        if opt._PHIter == 0:
            self._begin()
        elif not opt.relaxed:
            self._try(self._of_one())
            self._try(self._consensus())
        self.BestOuterBound = self.OuterBoundUpdate(opt.best_bound_obj_val)
        self.BestInnerBound = self.InnerBoundUpdate(self.best.cost)
        self.sync_bounds()
        best, bound = (opt.mpicomm.bcast(v, root=0) for v in (float(self.BestInnerBound), float(self.BestOuterBound)))
        opt.open_gap = best - bound
        gap = opt.open_gap / max(abs(best), 1e-9) if np.isfinite(best) else np.inf
        if opt.cylinder_rank == 0:
            shown = (best, bound, gap) if np.isfinite(best) else (None, bound, None)
            task.on_progress(Progress("hedge", time.monotonic() - task.started, *shown))
        if gap <= task.order.gap or opt.open_gap <= 1e-6:
            self.ended = "gap"
        elif opt.allreduce_or(task.should_stop()):
            self.ended = "stopped"
        elif opt.allreduce_or(task.seconds_left <= 0):
            self.ended = "time"
        return bool(self.ended)

    def _begin(self) -> None:
        """After each future was planned for alone."""
        common, order = self.hedging.common, self.hedging.task.order
        if order.values and common.reference == order.base.scenario.name:
            self.base_held = self._try(self._of(common.reference))

    def _consensus(self) -> np.ndarray:
        self.hedging.Compute_Xbar(False)
        return self.hedging.common.rounded(self.hedging._mean())

    def _of(self, name: str) -> np.ndarray:
        """What one future does; it passes every shared node."""
        opt = self.hedging
        s = opt.local_scenarios.get(name)
        told = None if s is None else np.array([variable._value for variable in s.x.values()])
        return next(x for x in opt.mpicomm.allgather(told) if x is not None)

    def _of_one(self) -> np.ndarray:
        """The decisions of the future of highest cost; at the next call of the second, and so on."""
        opt = self.hedging
        names = sorted(opt.common.whole_way, key=lambda name: -opt.known[name].cost)
        self.turn += 1
        return self._of(names[(self.turn - 1) % len(names)])

    def _try(self, x: np.ndarray) -> float | None:
        """The objective with x fixed in every future, kept when it is the best; None when some future is infeasible."""
        opt, task = self.hedging, self.hedging.task
        seen = np.round(x[: opt.common.agreed], 6).tobytes()
        if seen in self.tried:
            return self.tried[seen]
        self.tried[seen] = None
        costs: dict[str, float] | None = {}
        values = {}
        for name, s in opt.local_scenarios.items():
            future = opt.futures[name]
            try:
                outcome = future.agreed(x[s.place], task.effort())
            except (NoPlanError, StoppedError):
                costs = None
                break
            assert costs is not None
            costs[name], values[name] = outcome.objective, future.values()
        parts = opt.mpicomm.allgather(costs)
        if any(part is None for part in parts):
            return None
        all_costs = {name: cost for part in parts for name, cost in part.items()}
        likely = {name: task.order.tree.probability[leaf] for name, leaf in task.order.tree.leaf_of.items()}
        cost = weighed(task.order.base, all_costs, likely)
        self.tried[seen] = cost
        if cost < self.best.cost:
            self.best = _Best(cost, x, values)
        return cost

    def found(self) -> Found | None:
        """On the first rank. Raises StoppedError when nothing was agreed on in time."""
        opt = self.hedging
        if not np.isfinite(self.best.cost):
            raise StoppedError("stopped before the futures agreed on a plan; allow more time")
        sizes = {name: opt.futures[name].solver.size for name in opt.local_scenarios}
        mine = {
            name: opt.futures[name].tables(self.best.x[s.place], self.best.values[name])
            for name, s in opt.local_scenarios.items()
        }
        parts = opt.mpicomm.gather((mine, sizes), root=0)
        if parts is None:
            return None
        largest = max((size for _, sizes in parts for size in sizes.values()), key=lambda size: size["rows"])
        return Found(
            tables={name: tables for part, _ in parts for name, tables in part.items()},
            reference=opt.common.reference,
            bound=float(self.BestOuterBound),
            iterations=opt._PHIter,
            size=largest,
            in_common=len(opt.common.keys),
            known={name: known.cost for name, known in opt.known.items()},
            known_proved=all(known.proved for known in opt.known.values()),
            base_held=self.base_held,
        )


class _Bounder(LagrangianOuterBound):  # type: ignore[misc]
    """The bound from the hub's weights; it waits without keeping a core busy, and stops when the hub has ended."""

    def main(self, need_solution: bool = False) -> None:
        self.verbose = False
        self.lagrangian_prep()
        self.opt._PHIter = 1
        self.opt.interrupted = self._hub_has_ended
        while not self.got_kill_signal():
            if self.update_Ws():
                self.send_bound(self._set_weights_and_solve(need_solution=False))
            else:
                time.sleep(IDLE_S)

    def _hub_has_ended(self) -> bool:
        """Asked by this rank alone, while it solves."""
        buffer = self.receive_buffers[self._make_key(Field.SHUTDOWN, 0)]
        self.get_receive_buffer(buffer, Field.SHUTDOWN, 0, synchronize=False)
        return bool(buffer[0] == 1.0)  # noqa: RUF069  # a flag, sent as it is


def hedge(task: Task) -> Found | None:
    """Run by every rank; what was found, on the first. Raises NoPlanError and StoppedError on the rank that finds out.

    An even number of ranks, at most two for each future.
    """
    world, tree = MPI.COMM_WORLD, task.order.tree
    common = world.bcast(what_is_common(task.order) if world.rank == 0 else None)
    futures: dict[str, Future] = {}
    known = _each_alone(task, common, futures)
    likely = {name: tree.probability[leaf] for name, leaf in tree.leaf_of.items()}
    position = {key: i for i, key in enumerate(common.keys)}

    def vector(name: str) -> Pyomo:
        """What mpi-sppy takes for the model of a scenario: the numbers in common, 0 where it does not pass."""
        if name not in futures:
            futures[name] = Future(alone(tree, tree.leaf_of[name]), common.passed[name], task.order.careful)
        futures[name].start = known[name].values
        s = pyo.ConcreteModel(name=name)
        s.x = pyo.Var(range(len(common.keys)), initialize=0.0)
        s.cost = pyo.Objective(expr=0.0)
        s.place = [position[key] for key in futures[name].keys]
        s._mpisppy_probability = likely[name]
        s._mpisppy_node_list = [ScenarioNode("ROOT", 1.0, 1, s.cost, [s.x], s)]
        return s

    def probabilities(s: Pyomo) -> list[tuple[int, float]]:
        """How likely the future is among those that have a number."""
        mine = set(s.place)
        return [(id(v), likely[s.name] / common.share[i] if i in mine else 0.0) for i, v in s.x.items()]

    def cylinder() -> dict[str, Pyomo]:
        kwargs = {
            "options": OPTIONS.copy(),
            "all_scenario_names": list(likely),
            "scenario_creator": vector,
            "variable_probability": probabilities,
            "task": task,
            "common": common,
            "futures": futures,
            "known": known,
        }
        return {"opt_class": _Hedging, "opt_kwargs": kwargs}

    wheel = WheelSpinner({"hub_class": _Hub, **cylinder()}, [{"spoke_class": _Bounder, **cylinder()}])
    wheel.spin(world)
    return wheel.spcomm.found() if wheel.on_hub() else None


def _each_alone(task: Task, common: Common, futures: dict[str, Future]) -> dict[str, Known]:
    """Each future planned for alone, dealt out among all ranks, which keep the models they built."""
    world, tree = MPI.COMM_WORLD, task.order.tree
    mine = {}
    for name in list(tree.leaf_of)[world.rank :: world.size]:
        future = futures[name] = Future(alone(tree, tree.leaf_of[name]), common.passed[name], task.order.careful)
        try:
            outcome = future.alone(task.effort())
        except NoPlanError as error:
            raise NoPlanError(f"{name}: {error}, not even if this future is known from the start") from error
        values = future.solver.all_values()
        mine[name] = Known(outcome.objective, outcome.bound, outcome.optimal, future.common(), values)
    known = {name: one for part in world.allgather(mine) for name, one in part.items()}
    return {name: known[name] for name in tree.leaf_of}
