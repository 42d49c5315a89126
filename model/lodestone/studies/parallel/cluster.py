"""Tasks on a Dask cluster that is there already; what its workers send back is finished on this machine.

Dask itself gives the work of a lost worker to another one. Pyomo knows one model at a time, so a worker process does
one task at a time, however many threads it has: start workers with one thread each (dask worker --nthreads 1).
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from lodestone.errors import StoppedError, UsageError
from lodestone.progress import ShouldStop
from lodestone.studies.parallel.tasks import NOT_BEGUN, Failure, OnNews, Task, attempt, sparing, unexpected

CONNECT = "10s"
POLL_S = 0.2

_one_at_a_time = threading.Lock()
_stopped: set[str] = set()  # studies, in a worker process


def on_cluster(tasks: Sequence[Task], scheduler: str, hear: OnNews, should_stop: ShouldStop) -> list[Any]:
    """As run_tasks. Raises UsageError when there is no Dask or no scheduler at the address."""
    try:
        import distributed
    except ImportError as error:
        raise UsageError("a scheduler needs Dask: pip install 'lodestone[dask]'") from error
    connect: Any = distributed.Client
    try:
        client = connect(scheduler, timeout=CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {scheduler}; write it like tcp://host:8786") from error
    with client:
        return _Study(client, tasks, hear, should_stop).run()


class _Study:
    """One study on a cluster."""

    def __init__(self, client: Any, tasks: Sequence[Task], hear: OnNews, should_stop: ShouldStop) -> None:
        self.client = client
        self.tasks = tasks
        self.hear = hear
        self.should_stop = should_stop
        self.name = f"lodestone-{uuid4().hex}"
        self.news: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self.values: dict[int, Any] = {}

    def run(self) -> list[Any]:
        self.client.subscribe_topic(self.name, self._take)
        try:
            pending = {
                self.client.submit(_work, task, i, self.name, key=f"{self.name}-{i}", pure=False): i
                for i, task in enumerate(self.tasks)
            }
            stopping = False
            while pending:
                self._tell()
                if self.should_stop() and not stopping:
                    stopping = True
                    self._stop(pending)
                for future in [future for future in pending if future.done()]:
                    i = pending.pop(future)
                    self.values[i] = self._value(i, future, stopping)
                    self.hear(i, self.values[i])
        finally:
            self.client.unsubscribe_topic(self.name)
        return [self.values[i] for i in range(len(self.tasks))]

    def _take(self, event: tuple[float, tuple[int, bytes]]) -> None:
        """In the client's own thread: what a worker tells."""
        place, news = event[1]
        self.news.put((place, pickle.loads(news)))

    def _tell(self) -> None:
        """Wait a moment for news, and pass on what there is."""
        with suppress(Empty):
            self._pass_on(*self.news.get(timeout=POLL_S))
            for _ in range(self.news.qsize()):
                self._pass_on(*self.news.get_nowait())

    def _pass_on(self, place: int, news: Any) -> None:
        if place not in self.values:
            self.hear(place, news)

    def _stop(self, pending: dict[Any, int]) -> None:
        """Running tasks end with what they have; those that come to a worker later are not begun."""
        if not self.client.run(_note_stop, self.name, on_error="ignore"):
            self.client.cancel(list(pending))  # there is no worker

    def _value(self, place: int, future: Any, stopping: bool) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            value = future.result()
        except KilledWorker:
            return Failure(StoppedError.exit_code, "its worker was lost again and again (killed? short of memory?)")
        except CancelledError:
            why = NOT_BEGUN if stopping else "the cluster gave it up (is its scheduler there?)"
            return Failure(StoppedError.exit_code, why)
        except Exception as error:  # what a worker cannot even begin, e.g. one without Lodestone
            return unexpected(error)
        return value if isinstance(value, Failure) else attempt(lambda: self.tasks[place].finish(value))


def _note_stop(study: str) -> None:
    """In every worker of the cluster, beside its task."""
    _stopped.add(study)


def _work(task: Task, place: int, study: str) -> Any:
    """In a worker of the cluster."""
    from distributed import get_worker

    worker = get_worker()

    def tell(news: Any) -> None:
        worker.log_event(study, (place, pickle.dumps(news)))

    with _one_at_a_time:
        if study in _stopped:
            return Failure(StoppedError.exit_code, NOT_BEGUN)
        return attempt(lambda: task.run(sparing(tell), lambda: study in _stopped))
