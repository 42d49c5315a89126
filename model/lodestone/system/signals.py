"""Signals that ask a run to end: Ctrl-C, and what a system sends before it kills.

SIGTERM comes from `kill`, `timeout` and batch systems whose time is up, SIGHUP when the terminal has gone, SIGBREAK on
Windows. While a plan is sought they ask for the best plan so far (`report.terminal.Watch`); at any other time they
break the command off as Ctrl-C does, so that it puts away what it has begun. Workers leave them to the process that
leads.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

CTRL_C = signal.SIGINT
# SIGTERM may come twice at once: `timeout` sends it to the process and to its group. Only Ctrl-C is counted.
TO_END = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def handled(handler: Handler, numbers: tuple[int, ...] = (CTRL_C, *TO_END)) -> Iterator[None]:
    """Until the end of the block these signals go to the handler; not one that whoever started us ignores (`nohup`).

    Ctrl-C, where it is among them, is taken in any case: a shell ignores it in all that a script puts aside.
    """
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    before = {n: signal.getsignal(n) for n in numbers if n == CTRL_C or signal.getsignal(n) is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)


def break_off(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does where nobody has another use for it."""
    raise KeyboardInterrupt


@contextmanager
def held_back() -> Iterator[None]:
    """Signals wait until the end of the block. A process that is started within begins with them held back."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (CTRL_C, *TO_END))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_to_leader() -> None:
    """In a worker: the process that leads is asked to end, and asks its workers."""
    for number in (CTRL_C, *TO_END):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (CTRL_C, *TO_END))
