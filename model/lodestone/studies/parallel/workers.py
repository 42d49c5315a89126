"""A crew of worker processes, each with a pipe of its own.

Nothing is shared but the pipes, so that a worker that is killed leaves no lock behind and takes only its own piece of
work with it; a new one takes its place. Processes are spawned, not forked: the same on every system, and safe beside
the solver's threads. A worker ends when its parent does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, TypeAlias

from lodestone.errors import StoppedError
from lodestone.studies.parallel.tasks import News, Value
from lodestone.system.signals import held_back, leave_to_leader

POLL_S = 0.2
FALSE_STARTS = 3  # workers that end before they are ready, one after another
GRACE_S = 2.0

Pipe: TypeAlias = "Connection[Any, Any]"  # pairs of a word and what it is about
Work = Callable[[Value, Callable[[News], None], Callable[[], bool]], Value]  # payload, tell, should_stop -> value
NextPiece = Callable[[], tuple[int, News] | None]  # its place and what a worker is sent; None: nothing is waiting


@dataclass(frozen=True)
class Event:
    """kind: "news", "value", or "lost" when the worker ended without an answer. place: of the piece of work."""

    kind: str
    place: int
    news: News = None


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Pipe
    ready: bool = False  # waits for work
    begun: bool = False  # was ready at least once
    place: int | None = None


class Crew:
    """Workers that each do one piece of work at a time."""

    def __init__(self, work: Work, size: int) -> None:
        self._work = work
        self._size = size
        self._context = get_context("spawn")
        self._workers: list[_Worker] = []
        self._false_starts = 0
        self._stopping = False

    def __enter__(self) -> Crew:
        self._workers = [self._hire() for _ in range(self._size)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()  # which ends it when it is idle
            if error is not None:
                worker.process.kill()  # it takes no heed of SIGTERM
        for worker in self._workers:
            worker.process.join(GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def events(self, next_piece: NextPiece) -> Iterator[Event]:
        """Give work to whoever is idle; then what happened within the next moment.

        Raises StoppedError when processes cannot be started.
        """
        for worker in self._workers:
            piece = next_piece() if worker.ready else None
            if piece is not None:
                worker.place, worker.ready = piece[0], False
                self._send(worker, ("work", piece[1]))
        handles = [worker.pipe for worker in self._workers]
        for pipe in wait(handles, POLL_S):
            worker = next(w for w in self._workers if w.pipe is pipe)
            try:
                kind, news = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._replace(worker)
                continue
            if kind == "ready":
                worker.ready = worker.begun = True
                self._false_starts = 0
            elif worker.place is not None:
                yield Event(kind, worker.place, news)
            if kind == "value":
                worker.place, worker.ready = None, True

    def ask_to_stop(self) -> None:
        """Ask every worker to end its piece of work with what it has; said once."""
        if not self._stopping:
            self._stopping = True
            for worker in self._workers:
                self._send(worker, ("stop", None))

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(self._work, theirs), daemon=True)
        if os.name == "posix":  # else the first start of a process starts this one as well, and lets signals through
            resource_tracker.ensure_running()
        with held_back():  # until it leaves them to this process
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _send(self, worker: _Worker, message: tuple[str, Value]) -> None:
        with suppress(OSError):  # it is gone: the next wait says so
            worker.pipe.send(message)

    def _replace(self, lost: _Worker) -> Iterator[Event]:
        lost.pipe.close()
        lost.process.join(GRACE_S)
        self._workers.remove(lost)
        if not lost.begun:
            self._false_starts += 1
            if self._false_starts >= FALSE_STARTS:
                raise StoppedError("worker processes end as soon as they are started; try --jobs 1 or free memory")
        self._workers.append(self._hire())
        if lost.place is not None:
            yield Event("lost", lost.place)


def _serve(work: Work, pipe: Pipe) -> None:
    """The life of a worker."""
    leave_to_leader()
    stopping = False

    def should_stop() -> bool:
        nonlocal stopping
        while not stopping and pipe.poll():
            pipe.recv()  # "stop", or the end of the parent, which raises
            stopping = True
        return stopping

    def tell(news: News) -> None:
        pipe.send(("news", news))

    try:
        pipe.send(("ready", None))
        while True:
            kind, payload = pipe.recv()
            if kind == "stop":
                stopping = True
            else:
                pipe.send(("value", work(payload, tell, should_stop)))
    except (EOFError, OSError):
        return  # the parent is gone, or has no more work
    except MemoryError:
        sys.exit(1)  # quietly: the parent says that its worker was lost
