"""The plan of doing nothing, solved in a second process while the plan itself is sought.

A process takes seconds to start, so it is started only when the search goes on for a while; a small workbook is solved
here, after its plan.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from lodestone.data.plan_data import BASE
from lodestone.data.reference import reference_data, without_measures
from lodestone.errors import StoppedError
from lodestone.plan.plan import Plan
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import Failure, Task, Tell, Value, attempt
from lodestone.studies.parallel.workers import Crew
from lodestone.studies.reference.told import with_reference
from lodestone.studies.stress.cases import in_scenario
from lodestone.studies.stress.results import Outcome
from lodestone.workbook.inputs import Inputs

START_AFTER_S = 3.0
QUICK_S = 20.0  # a plan that took no longer is compared with doing nothing unasked
S_PER_COLUMN = 5e-5  # a plan in a scenario takes longer, on the examples twice as long
LEAST_GAP = 1e-5  # of the reference, which would else be part of what is not known of the extra cost
REFERENCE = "reference"
LEAST_EXTRA = 1e-5  # of the cost: a gap that is small enough where security costs nothing


@dataclass(frozen=True)
class Nothing:
    """The plan of doing nothing, and how it fares in every scenario that shows itself, where that was asked for."""

    plan: Plan
    outcomes: tuple[Outcome, ...] | None


def in_scenarios(inputs: Inputs, run: str, plan: Plan, effort: Effort) -> tuple[Outcome, ...]:
    """A plan of the base, or of all futures, in the scenarios that show themselves, with nothing asked of it there."""
    return in_scenarios_if_quick(inputs, run, plan, effort, float("inf")) or ()


def in_scenarios_if_quick(
    inputs: Inputs, run: str, plan: Plan, effort: Effort, at_most_s: float = QUICK_S / 2
) -> tuple[Outcome, ...] | None:
    """The same; None as soon as it is clear that it takes longer than so many seconds."""
    if plan.scenario != BASE.name and not plan.is_joint:
        return ()
    if float(plan.model.get("columns", 0)) * S_PER_COLUMN * len(_others(inputs)) > at_most_s:
        return None
    found: list[Outcome] = []
    base, *others = (without_measures(scenario_data(inputs, name)) for name in (BASE.name, *_others(inputs)))
    shown = [data for data in others if data.scenario.from_year is not None]
    began = time.monotonic()
    for data in shown:
        if effort.should_stop and effort.should_stop():
            break
        found.append(in_scenario(run, plan, base, others, data, effort.search(data)))
        if (time.monotonic() - began) / len(found) * len(shown) > at_most_s:
            return None
    return tuple(found)


def _others(inputs: Inputs) -> list[str]:
    return [name for name in inputs.scenario_names if name != BASE.name]


@dataclass(frozen=True)
class NothingTask:
    """Plan for doing nothing. joint: for all futures together; in_scenarios: and see how it fares in each."""

    source: Source
    joint: bool
    in_scenarios: bool = True

    label = "doing nothing"

    def run(self, tell: Tell, should_stop: ShouldStop) -> Nothing:
        inputs = self.source.inputs()
        effort = Effort(LEAST_GAP, self.source.time_limit, None, should_stop, of=reference_data)
        if self.joint:
            plan = solve_joint(inputs, effort, values=False)
        else:
            plan = solve_scenario(inputs, self.source.scenario, effort)
        return Nothing(plan, in_scenarios(inputs, REFERENCE, plan, effort) if self.in_scenarios else None)

    def finish(self, value: Value) -> Value:
        return value


class Beside:
    """Seeks the plan of doing nothing while another is sought.

    share: of the extra cost, that its gap may be. asked: solved however long the plan itself takes; in_scenarios: both
    are tried in all scenarios, too. What is not asked for is solved where the plan was found quickly.
    """

    def __init__(
        self,
        source: Source,
        joint: bool,
        share: float | None,
        should_stop: ShouldStop,
        asked: bool = True,
        in_scenarios: bool = True,
    ) -> None:
        self._asked = asked
        self._in_scenarios = in_scenarios
        self._task = NothingTask(source, joint, in_scenarios)
        self._share = share
        self._should_stop = should_stop
        self._began = time.monotonic()
        self._crew: Crew | None = None
        self._sent = False
        self._alone = False  # no other process can help
        self._value: Value = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._crew is not None:
            self._crew.__exit__(kind, error or StoppedError("not needed any more"), trace)

    def while_solving(self, effort: Effort) -> Effort:
        """The effort of the plan itself, which then keeps this going."""
        tell = effort.on_progress

        def told(progress: Progress) -> None:
            if tell:
                tell(progress)
            self._keep_going()

        if self._share is None:
            return replace(effort, on_progress=told)
        return replace(effort, on_progress=told, enough=self.enough)

    def _keep_going(self) -> None:
        if self._alone or not self._asked or time.monotonic() - self._began < START_AFTER_S:
            return
        if self._crew is None:
            self._crew = Crew(_work, 1).__enter__()
        elif not self._sent:
            self._hear(self._crew)

    @property
    def is_under_way(self) -> bool:
        """Whether the second process has begun."""
        return self._sent

    def _hear(self, crew: Crew) -> None:
        try:
            for event in crew.events(self._next):
                if event.kind != "news":
                    self._value = event.news if event.kind == "value" else Failure(4, "its process was ended")
        except StoppedError as error:  # no process can be started here, as from a script without a guard
            crew.__exit__(StoppedError, error, None)
            self._crew, self._sent, self._alone = None, False, True

    def _next(self) -> tuple[int, Task] | None:
        if self._sent:
            return None
        self._sent = True
        return 0, self._task

    def answer(self, on_progress: OnProgress | None = None) -> Nothing | Failure:
        """The plan of doing nothing, waited for; or why there is none."""
        if on_progress and self._value is None:
            on_progress(Progress(self._task.label, 0.0))
        asked_to_stop = False
        while self._value is None:
            if self._crew is None or not self._sent:
                self._value = attempt(lambda: self._task.run(lambda news: None, self._should_stop))
                break
            if self._should_stop() and not asked_to_stop:
                self._crew.ask_to_stop()
                asked_to_stop = True
            self._hear(self._crew)
        found: Nothing | Failure = self._value
        return found

    def told(self, plan: Plan, inputs: Inputs, effort: Effort) -> Plan:
        """The plan with what it costs and buys beyond doing nothing; why that is not known stands in its remarks."""
        quick = time.monotonic() - self._began <= QUICK_S
        if not self._asked and not quick:
            return replace(plan, reference_note="what doing nothing would cost is not solved: add --reference for it")
        nothing = self.answer(effort.on_progress)
        if isinstance(nothing, Failure):
            return replace(plan, reference_note=f"what doing nothing would cost is not known: {nothing.message}")
        ours = its = None
        if self._in_scenarios:
            ours, its = in_scenarios(inputs, plan.scenario, plan, effort), nothing.outcomes
        elif quick:
            ours = in_scenarios_if_quick(inputs, plan.scenario, plan, effort)
        if ours is None:
            note = "what it buys in the scenarios is not solved: add --reference for it"
            return replace(with_reference(plan, nothing.plan, (), ()), reference_note=note)
        if its is None:
            its = in_scenarios(inputs, REFERENCE, nothing.plan, effort)
        return with_reference(plan, nothing.plan, ours, its)

    def enough(self, objective: float) -> float | None:
        """How large the gap of a plan of this cost may be, MUSD."""
        nothing = self.answer()
        if isinstance(nothing, Failure) or self._share is None:
            return None
        return max(self._share * abs(objective - nothing.plan.objective_musd), LEAST_EXTRA * abs(objective))


def _work(task: Task, tell: Tell, should_stop: ShouldStop) -> Value:
    return attempt(lambda: task.run(tell, should_stop))
