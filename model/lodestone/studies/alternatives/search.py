"""Other good plans: which decisions every plan within some share of the least cost takes, and which plans differ most.

The least cost is that of the best plan found; the limit is that cost and `within` of its amount more. "Must" and
"never" are proved for all plans within the limit, so also for those within the share of the true least cost, which may
lie below the best plan by its gap. "May" is shown by two plans, one with and one without the decision.

First the best plan is sought; then several processes, or a cluster, each take some of the questions that it leaves;
last come the plans that differ most.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lodestone.audit import audit
from lodestone.names import readable
from lodestone.plan.formatting import parse_share
from lodestone.progress import Progress, ShouldStop
from lodestone.solve.one_scenario import audited, plan_of, scenario_data
from lodestone.studies.alternatives.far_plans import FarPlans
from lodestone.studies.alternatives.good_plans import WITH, WITHOUT, GoodPlans, Known, Places, Question, Whole, taken
from lodestone.studies.alternatives.results import MAY, MUST, NEVER, UNPROVED, Alternatives, Choice, Differing, limit
from lodestone.studies.parallel.solves import HERE, Where, run_tasks, task_count
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import AsItIs, Failure, OnLabel, Task, Tell, Value, by_label, value_of
from lodestone.workbook.inputs import Inputs

MOST_PLANS = 5  # beside the best
FEWEST_QUESTIONS = 4  # that are worth a process of their own
SHEETS = {"project": "Projects", "floor": "PriceFloors", "contract": "Contracts"}


def parse_within(text: str) -> float:
    """'2%', '2 %' or '0.02'. Raises UsageError for what is no share from 0 to 1."""
    return parse_share("--within", text, "give a share of the least cost from 0 to 1, e.g. 2% or 0.02")


def alternatives(
    source: Source,
    within: float,
    where: Where = HERE,
    on_news: OnLabel | None = None,
    should_stop: ShouldStop | None = None,
) -> Alternatives:
    """Must, may and never for every project, package and contract, and up to five plans that differ most.

    The gap of the source is of the best plan, its time limit of the best plan, of the questions and of the plans that
    differ, each. Raises NoPlanError, StoppedError when there is no plan to begin with.
    """
    inputs = source.inputs()
    inputs.tables(source.scenario)  # an unknown name is said before anything is solved

    def run(tasks: Sequence[Task]) -> list[Value]:
        return run_tasks(tasks, where, by_label(tasks, on_news), should_stop)

    best = value_of(run([BestTask(source, within)])[0])
    number = task_count(-(-len(best.questions) // FEWEST_QUESTIONS), where)
    tasks = [
        QuestionTask(source, best.limit, best.known, tuple(best.questions[i::number]), i + 1, number)
        for i in range(number)
    ]
    known, remarks = best.known, []
    for answer in run(tasks):
        if isinstance(answer, Failure):
            remarks.append(f"some questions were not put: {answer.message}")
        else:
            known = known.and_also(answer)
    differing = run([DifferTask(source, best.limit, best.whole, known)])[0]
    if isinstance(differing, Failure):
        remarks.append(f"plans that differ were not sought: {differing.message}")
        differing = Differ((Differing(best.cost, taken(best.places, best.whole)),), known)
    choices = _choices(inputs, source.scenario, best, differing.known)
    if open_ := sum(choice.verdict == UNPROVED for choice in choices):
        remarks.append(f"{open_} of {len(choices)} decisions were not proved in the time given: allow more time")
    return Alternatives(
        workbook=readable(source.workbook),
        plan_name=inputs.plan_name,
        scenario=source.scenario,
        sets=source.sets,
        within=within,
        best_musd=best.cost,
        bound_musd=best.bound,
        choices=choices,
        plans=differing.plans,
        remarks=(*remarks, *_cautions(best.cost, best.bound, within)),
    )


def _cautions(cost: float, bound: float, within: float) -> list[str]:
    cautions = []
    if cost - bound > within * abs(cost) + 1e-9:
        cautions.append(
            "the gap of the best plan is larger than the share asked for: decisions may be certain in the plans within "
            "the share of the true least cost, and only 'may' here; a smaller --gap says more"
        )
    if cost < 0:
        cautions.append("the least cost is negative: the share is taken of its amount, and added")
    return cautions


# --- verdicts -------------------------------------------------------------------------------------------------------


def _choices(inputs: Inputs, scenario: str, best: Best, known: Known) -> tuple[Choice, ...]:
    tables = inputs.tables(scenario)
    in_best = taken(best.places, best.whole)
    plans = [(cost, taken(best.places, whole)) for whole, cost in known.plans.items() if cost <= best.limit]
    choices = []
    for key, by_year in best.places.items():
        kind, name = key
        costs = {
            side: min((cost for cost, plan in plans if (key in plan) is side), default=None) for side in (WITH, WITHOUT)
        }
        beyond: dict[bool, float | None] = {side: known.beyond.get((key, side)) for side in (WITH, WITHOUT)}
        other = key not in in_best
        bound = beyond[other]
        choices.append(
            Choice(
                kind=kind,
                name=name,
                cell=tables.records[SHEETS[kind]][name,].cells[kind],
                verdict=_verdict(bool(by_year), costs, beyond),
                in_best=not other,
                years=tuple(sorted({year for _, plan in plans for year in plan.get(key, ())})),
                other_musd=costs[other],
                other_bound_musd=None if bound is None or math.isinf(bound) else bound,
            )
        )
    return tuple(choices)


def _verdict(can_be_taken: bool, shown: dict[bool, float | None], beyond: dict[bool, float | None]) -> str:
    if not can_be_taken or beyond[WITH] is not None:
        return NEVER
    if beyond[WITHOUT] is not None:
        return MUST
    return MAY if shown[WITH] is not None and shown[WITHOUT] is not None else UNPROVED


# --- tasks ----------------------------------------------------------------------------------------------------------


def _search(
    source: Source, inputs: Inputs, tell: Tell, should_stop: ShouldStop, known: Known | None = None
) -> tuple[GoodPlans, float]:
    """The loaded model, and when its time is over."""
    search = GoodPlans(scenario_data(inputs, source.scenario), tell, should_stop, known)
    seconds = search.data.time_limit_s if source.time_limit is None else source.time_limit
    return search, time.monotonic() + seconds


@dataclass(frozen=True)
class Best:
    """The best plan, and the questions it leaves."""

    whole: Whole
    cost: float
    bound: float
    limit: float
    places: Places
    known: Known
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class BestTask(AsItIs):
    """The best plan."""

    source: Source
    within: float
    label: str = "best plan"

    def run(self, tell: Tell, should_stop: ShouldStop) -> Best:
        search, _ = _search(self.source, self.source.inputs(), tell, should_stop)
        wanted = replace(self.source.effort, on_progress=tell, should_stop=should_stop).search(search.data)
        whole, cost, bound = search.best(wanted)
        search.limit = limit(cost, self.within) + 1e-9 * max(1.0, abs(cost))
        return Best(
            whole,
            cost,
            bound,
            search.limit,
            search.places,
            search.known,
            tuple(search.open_questions()),
        )


@dataclass(frozen=True)
class QuestionTask(AsItIs):
    """Some of the questions, in one model."""

    source: Source
    limit: float
    known: Known
    questions: tuple[Question, ...]
    part: int
    parts: int

    @property
    def label(self) -> str:
        return "questions" if self.parts == 1 else f"questions, part {self.part} of {self.parts}"

    def run(self, tell: Tell, should_stop: ShouldStop) -> Known:
        search, ends = _search(self.source, self.source.inputs(), tell, should_stop, self.known)
        search.limit = self.limit
        search.look_nearby(self.questions, ends)
        search.bound_all(self.questions, ends)
        search.seek_all(self.questions, ends)
        return search.known


@dataclass(frozen=True)
class Differ:
    """plans: the best first. known: with what was found on the way."""

    plans: tuple[Differing, ...]
    known: Known


@dataclass(frozen=True)
class DifferTask(AsItIs):
    """The plans that differ most, one after another, each audited."""

    source: Source
    limit: float
    best: Whole
    known: Known
    label: str = "plans that differ most"

    def run(self, tell: Tell, should_stop: ShouldStop) -> Differ:
        inputs = self.source.inputs()
        search, ends = _search(self.source, inputs, tell, should_stop, self.known)
        search.limit = self.limit
        far = FarPlans(search)
        chosen: list[tuple[Whole, float, bool]] = [(self.best, 0.0, False)]
        while len(chosen) <= MOST_PLANS and not should_stop() and (left := ends - time.monotonic()) > 0:
            tell(Progress(f"plan {len(chosen)} of {MOST_PLANS}", 0.0))
            before = [whole for whole, _, _ in chosen]
            found = far.differ_most(before, left / (MOST_PLANS + 1 - len(chosen)))
            if found is None:
                break
            chosen.append((found[0], far.distance(found[0], before), found[1]))
        tell(Progress("audit", 0.0))
        plans = [self._audited(inputs, search, *one) for one in chosen]
        return Differ(tuple(plans), search.known)

    @staticmethod
    def _audited(inputs: Inputs, search: GoodPlans, whole: Whole, distance: float, proved: bool) -> Differing:
        solved = search.solved(whole)
        audited(audit(search.data, plan_of(inputs, search.data, solved).document()))
        return Differing(solved.outcome.objective, search.taken(whole), distance, proved)
