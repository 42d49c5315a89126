"""Many solves at once: in a pool of processes on this machine, or on a Dask cluster; the same jobs, the same results.

A job carries the workbook itself, so that a worker needs no shared disk. Each is solved on its own: one that fails does
not stop the others, and one whose worker was killed is tried once more.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import Any

from model.errors import LodestoneError, UsageError, WorkbookError
from model.highs import Progress

TRIES = 2
POLL_S = 0.2


@dataclass(frozen=True)
class Job:
    """One solve. label: how it is shown; content: the workbook's bytes; gap and time_limit as in solve_scenario."""

    label: str
    workbook: str
    content: bytes
    scenario: str = "base"
    sets: tuple[str, ...] = ()
    gap: float | None = None
    time_limit: float | None = None


@dataclass(frozen=True)
class Done:
    """What became of a job: a plan document, or a message and the exit code it stands for."""

    job: Job
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
) -> list[Job]:
    """One job for each scenario of a workbook. Raises UsageError when it cannot be read."""
    try:
        content = workbook.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {workbook}: {error.strerror}") from error
    return [Job(s, workbook.name, content, s, tuple(sets), gap, time_limit) for s in scenarios]


def solve_job(job: Job, on_progress: Callable[[Progress], None] | None = None, should_stop: Any = None) -> Done:
    """Solve one job here; every known error becomes part of the answer."""
    from model.inputs import load
    from model.run import solve_scenario

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(job.workbook).name)
        path.write_bytes(job.content)
        try:
            plan = solve_scenario(load(path, job.sets), job.scenario, job.gap, job.time_limit, on_progress, should_stop)
        except WorkbookError as error:
            cells = "; ".join(f"{p.cell}: {p.wrong}" for p in error.problems[:3])
            return Done(job, None, error.exit_code, f"{error}: {cells}")
        except LodestoneError as error:
            return Done(job, None, error.exit_code, str(error))
    return Done(job, plan)


def solve_many(
    jobs: Sequence[Job],
    processes: int | None = None,
    on_job: OnJob | None = None,
    should_stop: Callable[[], bool] | None = None,
    scheduler: str | None = None,
) -> list[Done]:
    """Solve all jobs, in their order of asking; processes defaults to one per core, scheduler is a Dask address."""
    if scheduler:
        return _on_cluster(jobs, scheduler, on_job)
    return _Pool(jobs, processes or os.cpu_count() or 1, on_job, should_stop).run()


class _Pool:
    """A pool of processes that is made anew when one of them is killed."""

    def __init__(
        self, jobs: Sequence[Job], processes: int, on_job: OnJob | None, should_stop: Callable[[], bool] | None
    ) -> None:
        self.jobs = jobs
        self.processes = min(processes, len(jobs)) or 1
        self.on_job = on_job
        self.should_stop = should_stop
        self.done: dict[int, Done] = {}
        self.tries = dict.fromkeys(range(len(jobs)), 0)

    def run(self) -> list[Done]:
        context = get_context("spawn")
        with context.Manager() as manager:
            news, stop, running = manager.Queue(), manager.Event(), manager.dict()
            while len(self.done) < len(self.jobs):
                self._one_pool(context, news, stop, running)
        return [self.done[i] for i in range(len(self.jobs))]

    def _one_pool(self, context: Any, news: Any, stop: Any, running: Any) -> None:
        """Work until all is done or the pool breaks; then the jobs that were running count one try more."""
        running.clear()
        left = [i for i in range(len(self.jobs)) if i not in self.done]
        with ProcessPoolExecutor(self.processes, context, _ignore_interrupt) as pool:
            waiting: dict[Future[Done], int] = {
                pool.submit(_work, i, self.jobs[i], news, stop, running): i for i in left
            }
            broken = False
            while waiting and not broken:
                finished, _ = wait(waiting, POLL_S, FIRST_COMPLETED)
                self._tell(news)
                if self.should_stop and self.should_stop():
                    stop.set()
                for future in finished:
                    try:
                        self._finish(waiting.pop(future), future.result())
                    except BrokenProcessPool:
                        broken = True
            self._tell(news)
        if broken:
            self._count_tries(dict(running))

    def _count_tries(self, running: dict[int, bool]) -> None:
        suspects = [i for i in running if i not in self.done]
        for i in suspects or [i for i in self.tries if i not in self.done]:
            self.tries[i] += 1
            if self.tries[i] >= TRIES:
                self._finish(i, Done(self.jobs[i], None, 4, f"its worker process was killed {TRIES} times"))

    def _tell(self, news: Any) -> None:
        while True:
            try:
                i, progress = news.get_nowait()
            except Empty:
                return
            if self.on_job and i not in self.done:
                self.on_job(self.jobs[i].label, progress)

    def _finish(self, i: int, done: Done) -> None:
        self.done[i] = done
        if self.on_job:
            self.on_job(self.jobs[i].label, done)


def _ignore_interrupt() -> None:
    """Ctrl-C is for the parent, which asks its workers to stop with the best plan so far."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(i: int, job: Job, news: Any, stop: Any, running: Any) -> Done:
    running[i] = True
    done = solve_job(job, lambda progress: news.put((i, progress)), stop.is_set)
    running.pop(i, None)
    return replace(done, job=replace(job, content=b""))


def _on_cluster(jobs: Sequence[Job], scheduler: str, on_job: OnJob | None) -> list[Done]:
    """The same jobs on a Dask cluster, which itself retries what a lost worker had."""
    try:
        from distributed import Client, as_completed
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise UsageError("a scheduler needs Dask: pip install 'lodestone[dask]'") from error
    done: dict[str, Done] = {}
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise UsageError(f"no Dask scheduler answers at {scheduler}") from error
    with client:
        futures = {client.submit(solve_job, job, pure=False): job for job in jobs}
        for future in as_completed(futures):
            job = futures[future]
            try:
                answer = future.result()
            except KilledWorker:
                answer = Done(job, None, 4, "its worker was lost again and again")
            done[future.key] = answer
            if on_job:
                on_job(job.label, answer)
        return [done[future.key] for future in futures]
