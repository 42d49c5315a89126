"""Many solves at once: in processes of this machine, or on a Dask cluster; the same tasks, the same results.

A task carries all it needs, the workbook's bytes too, so that a worker needs no shared disk. Each is worked on its own:
one that fails does not stop the others, and one whose worker was killed is tried once more. On this machine the worker
also finishes its task (writes the run), so that writing is parallel too; what a cluster sends back is finished here.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from model.errors import LodestoneError, StoppedError, UsageError, WorkbookError
from model.highs import Progress, ShouldStop
from model.studies.workers import Crew

TRIES = 2  # of a task whose worker is killed
TELL_EVERY_S = 0.5
LONGEST_MESSAGE = 2000  # characters
Tell = Callable[[Any], None]


class Task(Protocol):
    """What can be sent to a worker: pickled, run there, and finished there or here."""

    @property
    def label(self) -> str: ...

    def run(self, tell: Tell, should_stop: ShouldStop) -> Any:
        """Do the work; raises LodestoneError. tell: news on the way."""

    def finish(self, value: Any) -> Any:
        """What is done with the value of run on the machine of the user."""


@dataclass(frozen=True)
class Failure:
    """Why a task has no value, with the exit code it stands for."""

    exit_code: int
    message: str


@dataclass(frozen=True)
class Job:
    """One solve. label: how it is shown; content: the workbook's bytes; gap and time_limit as in solve_scenario.

    folder: where the run is written. keep: the tables of the plan that are handed back (None: all).
    """

    label: str
    workbook: str
    content: bytes
    scenario: str = "base"
    sets: tuple[str, ...] = ()
    gap: float | None = None
    time_limit: float | None = None
    folder: Path | None = None
    keep: tuple[str, ...] | None = None

    def run(self, tell: Tell, should_stop: ShouldStop) -> dict[str, Any]:
        from model.run import solve_scenario

        inputs = load_content(self.workbook, self.content, self.sets)
        return solve_scenario(inputs, self.scenario, self.gap, self.time_limit, tell, should_stop)

    def finish(self, value: dict[str, Any]) -> dict[str, Any]:
        from model.report.run_folder import write_run

        if self.folder is not None:
            write_run(value, self.folder)
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
OnNews = Callable[[int, Any], None]  # place of the task, what it tells, or in the end its value or Failure


def jobs_for(
    workbook: Path,
    scenarios: Sequence[str],
    sets: Sequence[str] = (),
    gap: float | None = None,
    time_limit: float | None = None,
    folders: Mapping[str, Path] | None = None,
    keep: Sequence[str] | None = None,
) -> list[Job]:
    """One job for each scenario of a workbook; folders: where their runs go. Raises UsageError if it is unreadable."""
    content = read_content(workbook)
    places = {s: folder.resolve() for s, folder in (folders or {}).items()}
    tables = None if keep is None else tuple(keep)
    return [
        Job(s, workbook.name, content, s, tuple(sets), gap, time_limit, places.get(s), tables)
        for s in dict.fromkeys(scenarios)
    ]


def read_content(workbook: Path) -> bytes:
    try:
        return workbook.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {workbook}: {error.strerror}") from error


def load_content(workbook: str, content: bytes, sets: Sequence[str]) -> Any:
    """The Inputs of a workbook that came as bytes. Raises WorkbookError while a problem stands."""
    from model.inputs import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(workbook).name)
        path.write_bytes(content)
        inputs = load(path, sets)
    inputs.require_valid()
    return inputs


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
        from model.studies.cluster import on_cluster

        return on_cluster(tasks, scheduler, hear, stop)
    return _Local(tasks, processes or os.cpu_count() or 1, hear, stop).run()


def attempt(work: Callable[[], Any]) -> Any:
    """The value of a piece of work, or what went wrong as a Failure: the line behind which no failure spreads."""
    try:
        return work()
    except WorkbookError as error:
        cells = "; ".join(f"{p.cell}: {p.wrong}" for p in error.problems[:3])
        return Failure(error.exit_code, f"{error}: {cells}"[:LONGEST_MESSAGE])
    except LodestoneError as error:
        return Failure(error.exit_code, str(error)[:LONGEST_MESSAGE])
    except Exception as error:  # a mistake in the program spoils one task, not a night's study
        return unexpected(error)


def unexpected(error: Exception) -> Failure:
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    message = f"a mistake in the program, please report it: {type(error).__name__}: {error}{place}"
    return Failure(StoppedError.exit_code, message[:LONGEST_MESSAGE])


def sparing(tell: Tell) -> Tell:
    """Progress comes ten times a second; passed on are a new stage, and twice a second the rest. Other news: always."""
    last: list[Any] = [0.0, ""]

    def told(news: Any) -> None:
        now = time.monotonic()
        if not isinstance(news, Progress) or news.stage != last[1] or now - last[0] >= TELL_EVERY_S:
            last[:] = [now, getattr(news, "stage", "")]
            tell(news)

    return told


def _nothing(place: int, news: Any) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


# --- on this machine ------------------------------------------------------------------------------------------------


class _Local:
    """The tasks on a crew of processes of this machine."""

    def __init__(self, tasks: Sequence[Task], processes: int, hear: OnNews, should_stop: ShouldStop) -> None:
        self.tasks = tasks
        self.processes = min(processes, len(tasks))
        self.hear = hear
        self.should_stop = should_stop
        self.values: dict[int, Any] = {}
        self.tries = dict.fromkeys(range(len(tasks)), 0)
        self.waiting = list(range(len(tasks)))

    def run(self) -> list[Any]:
        with Crew(_work, self.processes) as crew:
            while len(self.values) < len(self.tasks):
                if self.should_stop():
                    self._stop(crew)
                for event in crew.events(self._next):
                    if event.kind == "news":
                        self.hear(event.place, event.news)
                    elif event.kind == "value":
                        self._finish(event.place, event.news)
                    else:
                        self._lost(event.place)
        return [self.values[i] for i in range(len(self.tasks))]

    def _next(self) -> tuple[int, Task] | None:
        if not self.waiting:
            return None
        place = self.waiting.pop(0)
        return place, self.tasks[place]

    def _stop(self, crew: Crew) -> None:
        crew.ask_to_stop()
        while self.waiting:
            self._finish(self.waiting.pop(0), Failure(StoppedError.exit_code, "stopped before it was begun"))

    def _lost(self, place: int) -> None:
        self.tries[place] += 1
        if self.tries[place] < TRIES and not self.should_stop():
            self.waiting.insert(0, place)
        else:
            times = "" if self.tries[place] == 1 else f" {self.tries[place]} times"
            memory = "; if memory is short, use fewer --jobs" if self.tries[place] >= TRIES else ""
            message = f"its worker process ended without an answer{times} (killed?){memory}"
            self._finish(place, Failure(StoppedError.exit_code, message))

    def _finish(self, place: int, value: Any) -> None:
        self.values[place] = value
        self.hear(place, value)


def _work(task: Task, tell: Tell, should_stop: ShouldStop) -> Any:
    """In a worker: the whole of a task."""
    return attempt(lambda: task.finish(task.run(sparing(tell), should_stop)))
