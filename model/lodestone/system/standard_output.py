"""Standard output belongs to the answer, whatever a library prints.

A library in C writes to file descriptor 1 behind Python's back: HiGHS 1.16 says its name there whenever a solver is
made. So a command keeps a copy of the descriptor for its answer, and number 1 becomes another name of standard error,
or of nothing where --quiet or --json asks for silence. Worker processes inherit it so. Who uses Lodestone from Python
keeps standard output as it is, but for the moment in which a solver is made.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

OUT, ERR = 1, 2

_kept = False  # whether this process keeps its answer apart
_one_at_a_time = threading.Lock()


def keep_for_answers() -> None:
    """When a command begins: sys.stdout goes on with a copy of descriptor 1, and number 1 is standard error.

    Nothing changes where sys.stdout is somebody else's, as in a test or a notebook.
    """
    global _kept
    if _kept or sys.stdout is not sys.__stdout__:
        return
    if sys.stdout is None:  # it was closed: no file that is opened later may get its number
        _occupy()
        return
    try:
        if sys.stdout.fileno() != OUT:
            return
        sys.stdout.flush()
        answers = os.dup(OUT)
    except (OSError, ValueError):  # closed by whoever runs us
        return
    before = sys.stdout
    sys.stdout = os.fdopen(answers, "w", encoding=before.encoding, errors=before.errors)
    sys.__stdout__ = sys.stdout  # type: ignore[misc]  # whose width is asked for
    _kept = True
    try:
        os.dup2(ERR, OUT)
    except OSError:  # there is no standard error
        _to_nothing()


@contextmanager
def library_prints(silent: bool) -> Iterator[None]:
    """While a command works: what is printed is no answer. It goes to standard error, or nowhere."""
    if silent and _kept:
        _to_nothing()
    with redirect_stdout(io.StringIO() if silent else sys.stderr):
        yield


@contextmanager
def muted() -> Iterator[None]:
    """For a moment nothing reaches descriptor 1. For calls that print and cannot be told not to."""
    with _one_at_a_time:
        try:
            kept = os.dup(OUT)
        except OSError:  # it is closed
            yield
            return
        try:
            _to_nothing()
            yield
        finally:
            os.dup2(kept, OUT)
            os.close(kept)


def _to_nothing() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, OUT)
    finally:
        if nothing != OUT:
            os.close(nothing)


def _occupy() -> None:
    try:
        os.fstat(OUT)
    except OSError:
        with suppress(OSError):
            _to_nothing()
