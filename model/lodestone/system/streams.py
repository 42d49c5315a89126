"""Standard streams that are closed, full or gone: what is told there is a courtesy, what is answered there is not.

A run must not fail because nobody reads its progress, so that standard error swallows what it cannot say. An answer
that does not arrive on standard output is an error of its own kind, told apart from every other error of the system. A
stream that was closed (`2>&-`) is opened to nowhere: the next file that a run opens would else get its number, and what
a library prints would go into it.
"""

from __future__ import annotations

import errno
import io
import os
import sys

from lodestone.errors import AnswerLostError, ReaderLeftError

CLOSED_PIPE = (errno.EPIPE, errno.EINVAL) if os.name == "nt" else (errno.EPIPE,)


def guard_streams() -> None:
    """Make the streams of this process so, once each; those that a caller put in their place stay as they are."""
    _open_closed()
    if sys.stdout is sys.__stdout__:
        sys.stdout = sys.__stdout__ = _guarded(sys.stdout, 1, _Answer)  # type: ignore[misc]
    if sys.stderr is sys.__stderr__:
        sys.stderr = sys.__stderr__ = _guarded(sys.stderr, 2, _Courtesy)  # type: ignore[misc]
    for stream in (sys.stdout, sys.stderr):  # names of the workbook may not fit the terminal's character set
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class _Answer(io.FileIO):
    """Standard output."""

    lost = False

    def write(self, data: object) -> int:
        if self.lost:  # what is left in buffers when the process ends
            return _length(data)
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError as error:
            self.lost = True
            if error.errno in CLOSED_PIPE:
                raise ReaderLeftError("whoever read standard output has left") from error
            raise AnswerLostError(f"cannot write to standard output: {error.strerror or error}") from error


class _Courtesy(io.FileIO):
    """Standard error."""

    def write(self, data: object) -> int:
        try:
            return super().write(data) or _length(data)  # type: ignore[arg-type]
        except OSError:
            return _length(data)


def _length(data: object) -> int:
    return memoryview(data).nbytes  # type: ignore[arg-type]


def _guarded(stream: object, number: int, kind: type[_Answer | _Courtesy]) -> io.TextIOWrapper:
    if not isinstance(stream, io.TextIOWrapper):  # None: it was closed
        return io.TextIOWrapper(io.BufferedWriter(kind(number, "w", closefd=False)), encoding="utf-8")
    raw = getattr(stream.buffer, "raw", None)
    if isinstance(raw, kind) or (os.name == "nt" and stream.isatty()):  # a console there is no file
        return stream
    stream.flush()
    guard = kind(stream.fileno(), "w", closefd=False)
    guard.over = stream  # type: ignore[union-attr]  # which would close the descriptor when it goes
    buffer = io.BufferedWriter(guard)
    return io.TextIOWrapper(buffer, stream.encoding, "replace", line_buffering=stream.line_buffering)


def _open_closed() -> None:
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the least number that is free
            os.dup2(opened, number) if opened != number else os.set_inheritable(number, True)
            if opened != number:
                os.close(opened)
