"""Tasks on a Dask cluster that is there already; what its workers send back is finished on this machine.

Dask itself gives the work of a lost worker to another one. Pyomo knows one model at a time, so a worker process does
one task at a time, however many threads it has: start workers with one thread each (dask worker --nthreads 1).

A worker must be what this process is, or its plans would be another program's: all are asked before the study begins,
and whoever comes later looks before each task.
"""

from __future__ import annotations

import asyncio
import math
import pickle
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

import lodestone
from lodestone.errors import StoppedError, UsageError
from lodestone.plan.tables import Document
from lodestone.progress import ShouldStop
from lodestone.solver.highs import version as highs_version
from lodestone.studies.parallel.tasks import NOT_BEGUN, Failure, News, OnNews, Task, Value, attempt, sparing, unexpected

Dask = Any  # its module and objects: loaded only where a cluster is asked for, and without types
ANSWER_S = 5.0  # in which a scheduler must answer,
WORKER_S = 3.0  # and then have a worker
IMPORTED_S = 30.0  # in which a worker that is there should have loaded Lodestone
POLL_S = 0.2
REMIND_S = 5.0
SHOWN = 3  # workers that a message names

Versions = Mapping[str, str]

_one_at_a_time = threading.Lock()
_stopped: set[str] = set()  # studies, in a worker process


def on_cluster(tasks: Sequence[Task], scheduler: str, hear: OnNews, should_stop: ShouldStop) -> list[Value]:
    """As run_tasks. Raises UsageError without Dask, a scheduler at the address, a worker, or with a strange one."""
    try:
        import distributed
    except ImportError as error:
        raise UsageError("a scheduler needs Dask: pip install 'lodestone[dask]'") from error
    _require_worker(scheduler)
    connect: Dask = distributed.Client
    try:
        client = connect(scheduler, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _no_answer(scheduler) from error
    with client:
        _require_same(client)
        return _Study(client, tasks, hear, should_stop).run()


# --- before a study -------------------------------------------------------------------------------------------------


def _require_worker(scheduler: str) -> None:
    """Ask a scheduler for its workers; Dask's own client may wait for ever for something else that has the port."""
    answers: list[Mapping[str, Any] | Exception] = []

    def ask() -> None:
        try:
            answers.append(asyncio.run(_workers(scheduler)))
        except Exception as error:  # whatever something else may answer
            answers.append(error)

    asking = threading.Thread(target=ask, daemon=True)  # which the search for a host's name may hold up
    asking.start()
    asking.join(ANSWER_S + WORKER_S + 1)
    answer = answers[0] if answers else TimeoutError()
    if isinstance(answer, ValueError | TypeError | AttributeError):  # what Dask makes of an address it cannot read
        form = "write it like tcp://host:8786, or tls:// where Dask is configured for it"
        raise UsageError(f"{scheduler!r} is no address of a Dask scheduler: {form} ({answer})") from answer
    if isinstance(answer, Exception):
        raise _no_answer(scheduler) from answer
    if not answer:
        start = f"dask worker {scheduler} --nthreads 1"
        raise UsageError(f"the Dask scheduler at {scheduler} has no worker: start some, each with {start}")


def _no_answer(scheduler: str) -> UsageError:
    return UsageError(f"no Dask scheduler answers at {scheduler}; write it like tcp://host:8786")


async def _workers(scheduler: str) -> Document:
    """Its workers, once there is one or the time is up."""
    import distributed

    dask: Dask = distributed
    secured = dask.Security().get_connection_args("client")
    comm = await asyncio.wait_for(dask.comm.connect(scheduler, timeout=ANSWER_S, **secured), ANSWER_S)
    try:
        ends = time.monotonic() + WORKER_S
        while True:
            await asyncio.wait_for(comm.write({"op": "identity", "n_workers": -1, "reply": True}), ANSWER_S)
            workers: Document = dict((await asyncio.wait_for(comm.read(), ANSWER_S))["workers"])
            if workers or time.monotonic() > ends:
                return workers
            await asyncio.sleep(POLL_S)
    finally:
        comm.abort()


def _require_same(client: Dask) -> None:
    """Raise UsageError when a worker is not what this process is; one that does not answer yet is asked at its task."""
    try:
        said = client.sync(client._run, versions, on_error="return", callback_timeout=IMPORTED_S)
    except TimeoutError:
        return
    here = versions()
    strange = [_strange(worker, found, here) for worker, found in said.items() if found != here]
    if strange:
        more = f"; and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        raise UsageError(f"{'; '.join(strange[:SHOWN])}{more}. Install the same as here, or its plans are others")


def _strange(worker: str, found: Versions | Exception, asked: Versions) -> str:
    """What a worker has in the place of what it must have."""
    if isinstance(found, Exception):
        return f"the worker {worker} has no Lodestone {lodestone.__version__} ({found})"
    other = [what for what in asked if found.get(what) != asked[what]]
    return f"the worker {worker} has {', '.join(f'{w} {found.get(w)} instead of {asked[w]}' for w in other)}"


def versions() -> dict[str, str]:
    """What must be the same for the same plan, and for what is sent to and fro to be read."""
    return {
        "Lodestone": f"{lodestone.__version__} (code {_code()})",
        "Python": ".".join(map(str, sys.version_info[:2])),
        "NumPy": ".".join(version("numpy").split(".")[:2]),
        "Pyomo": version("pyomo"),
        "HiGHS": highs_version(),
    }


@cache
def _code() -> str:
    """In short, of all that Lodestone is made of: of one version there are several between two releases."""
    root = Path(lodestone.__file__).parent
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*.py")}
    text = sha256()
    for name in sorted(files):
        text.update(name.encode() + b"\0" + files[name].read_bytes().replace(b"\r\n", b"\n"))
    return text.hexdigest()[:8]


# --- a study --------------------------------------------------------------------------------------------------------


class _Study:
    """One study on a cluster."""

    def __init__(self, client: Dask, tasks: Sequence[Task], hear: OnNews, should_stop: ShouldStop) -> None:
        self.client = client
        self.tasks = tasks
        self.hear = hear
        self.should_stop = should_stop
        self.name = f"lodestone-{uuid4().hex}"
        self.news: SimpleQueue[tuple[int, News]] = SimpleQueue()
        self.values: dict[int, Value] = {}

    def run(self) -> list[Value]:
        self.client.subscribe_topic(self.name, self._take)
        here = versions()
        pending: dict[Dask, int] = {}
        try:
            pending = {
                self.client.submit(_work, task, i, self.name, here, key=f"{self.name}-{i}", pure=False): i
                for i, task in enumerate(self.tasks)
            }
            told, stopping = -math.inf, False
            while pending:
                self._tell()
                stopping = stopping or self.should_stop()
                if stopping and time.monotonic() - told >= REMIND_S:  # workers may join, or have missed it
                    self._stop(pending)
                    told = time.monotonic()
                for future in [future for future in pending if future.done()]:
                    i = pending.pop(future)
                    self.values[i] = self._value(i, future, stopping)
                    self.hear(i, self.values[i])
        finally:
            if pending:  # broken off
                self._stop(pending)
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

    def _pass_on(self, place: int, news: News) -> None:
        if place not in self.values:
            self.hear(place, news)

    def _stop(self, pending: dict[Dask, int]) -> None:
        """Running tasks end with what they have; those that come to a worker later are not begun."""
        with suppress(TimeoutError):
            run = self.client._run
            if not self.client.sync(run, _note_stop, self.name, on_error="ignore", callback_timeout=ANSWER_S):
                self.client.cancel(list(pending))  # there is no worker

    def _value(self, place: int, future: Dask, stopping: bool) -> Value:
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


def _work(task: Task, place: int, study: str, asked: Versions) -> Value:
    """In a worker of the cluster. asked: what it must be."""
    from distributed import get_worker

    worker = get_worker()

    def tell(news: News) -> None:
        worker.log_event(study, (place, pickle.dumps(news)))

    if versions() != asked:
        return Failure(UsageError.exit_code, _strange(worker.address, versions(), asked))
    with _one_at_a_time:
        if study in _stopped:
            return Failure(StoppedError.exit_code, NOT_BEGUN)
        return attempt(lambda: task.run(sparing(tell), lambda: study in _stopped))
