"""Many solves at once: in processes of this machine, or on a Dask cluster; the same tasks, the same results.

A task carries all it needs, the workbook's bytes too, so that a worker needs no shared disk. Each is worked on its own:
one that fails does not stop the others, and one whose worker was killed is tried once more. On this machine the worker
also finishes its task (writes the run), so that writing is parallel too; what a cluster sends back is finished here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lodestone.errors import NoPlanError
from lodestone.plan.plan import Plan
from lodestone.plan.run_log import RunLog
from lodestone.progress import Progress, ShouldStop
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.explanation.explain import explain, time_for
from lodestone.studies.explanation.results import Explanation, sentence
from lodestone.studies.parallel.cluster import on_cluster
from lodestone.studies.parallel.local import on_this_machine, one_after_another
from lodestone.studies.parallel.source import Source, load_content
from lodestone.studies.parallel.tasks import Failure, News, OnNews, Task, Tell, Value


@dataclass(frozen=True)
class Where:
    """Where to solve: in processes of this machine (None: one per core; 0: in this one), or on a Dask cluster, by its
    address."""

    processes: int | None = None
    scheduler: str | None = None


HERE, IN_THIS_PROCESS = Where(), Where(0)
Answer = Plan | Explanation  # or why there is none
Write = Callable[[Answer, str], None]  # with the text of run.log


@dataclass(frozen=True)
class Job:
    """One solve. label: how it is shown; content: the workbook's bytes; gap and time_limit as in solve_scenario.

    keep: the tables of the plan that are handed back (None: all). command: the command line, for the log of the run.
    write: what is done with the plan, or with the explanation of why there is none, before; without it, none is sought.
    """

    label: str
    workbook: str
    content: bytes
    scenario: str = "base"
    sets: tuple[str, ...] = ()
    gap: float | None = None
    time_limit: float | None = None
    keep: tuple[str, ...] | None = None
    command: str = ""
    write: Write | None = None

    @classmethod
    def of(cls, label: str, source: Source, **how: Any) -> Job:
        """Of a workbook as a study carries it."""
        s = source
        return cls(label, s.workbook, s.content, s.scenario, s.sets, s.gap, s.time_limit, **how)

    def run(self, tell: Tell, should_stop: ShouldStop) -> tuple[Answer, str]:
        """The plan and the text of its log; where it is to be written and there is no plan, why."""
        inputs = load_content(self.workbook, self.content, self.sets)
        log = RunLog(self.command)
        try:
            effort = Effort(self.gap, self.time_limit, log.and_tell(tell), should_stop)
            plan = solve_scenario(inputs, self.scenario, effort)
        except NoPlanError:
            if self.write is None:
                raise
            return explain(inputs, self.scenario, self.gap, time_for(self.time_limit), tell, should_stop), ""
        return plan, log.text(plan)

    def finish(self, value: tuple[Answer, str]) -> Plan:
        """The plan, once written. Raises NoPlanError with the explanation in a sentence, once that is written."""
        answer, log = value
        if self.write is not None:
            self.write(answer, log)
        if isinstance(answer, Explanation):
            raise NoPlanError(sentence(answer))
        if self.keep is None:
            return answer
        return replace(answer, tables={name: rows for name, rows in answer.tables.items() if name in self.keep})


@dataclass(frozen=True)
class Done:
    """What became of a job: a plan, or a message and the exit code it stands for."""

    job: Job  # without the workbook's bytes
    plan: Plan | None
    exit_code: int = 0
    message: str = ""


OnJob = Callable[[str, Progress | Done], None]  # label, news


def solve_many(
    jobs: Sequence[Job],
    where: Where = HERE,
    on_job: OnJob | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Done]:
    """Solve all jobs; the answers come in their order."""

    def answer(i: int, value: Value) -> Done:
        job = replace(jobs[i], content=b"")
        if isinstance(value, Failure):
            return Done(job, None, value.exit_code, value.message)
        return Done(job, value)

    def news(i: int, told: News) -> None:
        if on_job:
            on_job(jobs[i].label, told if isinstance(told, Progress) else answer(i, told))

    values = run_tasks(jobs, where, news, should_stop)
    return [answer(i, value) for i, value in enumerate(values)]


def exit_code(answers: Sequence[Done]) -> int:
    """Of a whole study: 0 when every job has a plan, else the worst."""
    return max((done.exit_code for done in answers), default=0)


def task_count(most: int, where: Where) -> int:
    """Into how many tasks work is divided that is worth `most` at most: one for each process; on a cluster all, as it
    may grow."""
    if where == IN_THIS_PROCESS:
        return min(most, 1)
    return min(most, where.processes or (most if where.scheduler else os.cpu_count() or 1))


def run_tasks(
    tasks: Sequence[Task],
    where: Where = HERE,
    on_news: OnNews | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Value]:
    """The value of each task, or a Failure.

    Once should_stop says so, running tasks are asked to end with what they have, and waiting ones are not begun.
    """
    hear = on_news or _nothing
    stop = should_stop or _never
    if where.scheduler:
        return on_cluster(tasks, where.scheduler, hear, stop)
    if where == IN_THIS_PROCESS:
        return one_after_another(tasks, hear, stop)
    return on_this_machine(tasks, where.processes or os.cpu_count() or 1, hear, stop)


def _nothing(place: int, news: News) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False
