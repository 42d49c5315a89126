"""Many solves at once: in processes of this machine, or on a Dask cluster; the same tasks, the same results.

A task carries all it needs, the workbook's bytes too, so that a worker needs no shared disk. Each is worked on its own:
one that fails does not stop the others, and one whose worker was killed is tried once more. On this machine the worker
also finishes its task (writes the run), so that writing is parallel too; what a cluster sends back is finished here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lodestone.errors import NoPlanError
from lodestone.progress import Progress, ShouldStop
from lodestone.report.plan.run_folder import write_run
from lodestone.report.plan.run_log import RunLog
from lodestone.report.studies.explanation_files import write_explanation
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.explanation.explain import explain, time_for
from lodestone.studies.explanation.results import Explanation, sentence
from lodestone.studies.parallel.cluster import on_cluster
from lodestone.studies.parallel.local import on_this_machine
from lodestone.studies.parallel.source import load_content
from lodestone.studies.parallel.tasks import Failure, OnNews, Task, Tell
from lodestone.workbook.file.archive import read_bytes

LOG = "log"  # travels with the plan document, and is no part of it


@dataclass(frozen=True)
class Job:
    """One solve. label: how it is shown; content: the workbook's bytes; gap and time_limit as in solve_scenario.

    path: where the workbook stands; folder: where the run is written. keep: the tables of the plan that are handed
    back (None: all). command: the command line, for the log of the run.
    """

    label: str
    workbook: str
    content: bytes
    scenario: str = "base"
    sets: tuple[str, ...] = ()
    gap: float | None = None
    time_limit: float | None = None
    path: Path | None = None
    folder: Path | None = None
    keep: tuple[str, ...] | None = None
    command: str = ""

    def run(self, tell: Tell, should_stop: ShouldStop) -> dict[str, Any] | Explanation:
        """The plan document; where a run has a folder and there is no plan, why."""
        inputs = load_content(self.workbook, self.content, self.sets)
        log = RunLog(self.command)
        try:
            plan = solve_scenario(inputs, self.scenario, self.gap, self.time_limit, log.and_tell(tell), should_stop)
        except NoPlanError:
            if self.folder is None:
                raise
            return explain(inputs, self.scenario, self.gap, time_for(self.time_limit), tell, should_stop)
        return {**plan, LOG: log.text(plan)}

    def finish(self, value: dict[str, Any] | Explanation) -> dict[str, Any]:
        """The plan, once written. Raises NoPlanError with the explanation in a sentence, once that is written."""
        if isinstance(value, Explanation):
            if self.folder is not None:
                write_explanation(value, self.folder)
            raise NoPlanError(sentence(value))
        log = value.pop(LOG)
        if self.folder is not None:
            write_run(value, self.folder, self.path, log)
        if self.keep is None:
            return value
        return {**value, "tables": {name: rows for name, rows in value["tables"].items() if name in self.keep}}


@dataclass(frozen=True)
class Done:
    """What became of a job: a plan document, or a message and the exit code it stands for."""

    job: Job  # without the workbook's bytes
    plan: dict[str, Any] | None
    exit_code: int = 0
    message: str = ""


OnJob = Callable[[str, Progress | Done], None]  # label, news


def jobs_for(
    workbook: Path,
    scenarios: Sequence[str],
    sets: Sequence[str] = (),
    gap: float | None = None,
    time_limit: float | None = None,
    folders: Mapping[str, Path] | None = None,
    keep: Sequence[str] | None = None,
    command: str = "",
) -> list[Job]:
    """One job for each scenario of a workbook; folders: where their runs go. Raises UsageError if it is unreadable."""
    content = read_bytes(workbook)
    places = {s: folder.resolve() for s, folder in (folders or {}).items()}
    tables, path = None if keep is None else tuple(keep), workbook.resolve()
    return [
        Job(s, workbook.name, content, s, tuple(sets), gap, time_limit, path, places.get(s), tables, command)
        for s in dict.fromkeys(scenarios)
    ]


def solve_many(
    jobs: Sequence[Job],
    processes: int | None = None,
    on_job: OnJob | None = None,
    should_stop: ShouldStop | None = None,
    scheduler: str | None = None,
) -> list[Done]:
    """Solve all jobs; the answers come in their order. processes and scheduler as in run_tasks."""

    def answer(i: int, value: Any) -> Done:
        job = replace(jobs[i], content=b"")
        if isinstance(value, Failure):
            return Done(job, None, value.exit_code, value.message)
        return Done(job, value)

    def news(i: int, told: Any) -> None:
        if on_job:
            on_job(jobs[i].label, told if isinstance(told, Progress) else answer(i, told))

    values = run_tasks(jobs, processes, news, should_stop, scheduler)
    return [answer(i, value) for i, value in enumerate(values)]


def exit_code(answers: Sequence[Done]) -> int:
    """Of a whole study: 0 when every job has a plan, else the worst."""
    return max((done.exit_code for done in answers), default=0)


def task_count(most: int, processes: int | None, scheduler: str | None) -> int:
    """Into how many tasks work is divided that is worth `most` at most: one for each process; on a cluster all, as it
    may grow."""
    return min(most, processes or (most if scheduler else os.cpu_count() or 1))


def run_tasks(
    tasks: Sequence[Task],
    processes: int | None = None,
    on_news: OnNews | None = None,
    should_stop: ShouldStop | None = None,
    scheduler: str | None = None,
) -> list[Any]:
    """The value of each task, or a Failure. processes: one per core if not given; scheduler: a Dask address.

    Once should_stop says so, running tasks are asked to end with what they have, and waiting ones are not begun.
    """
    hear = on_news or _nothing
    stop = should_stop or _never
    if scheduler:
        return on_cluster(tasks, scheduler, hear, stop)
    return on_this_machine(tasks, processes or os.cpu_count() or 1, hear, stop)


def _nothing(place: int, news: Any) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False
