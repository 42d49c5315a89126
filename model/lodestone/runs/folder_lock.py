"""One run at a time in a folder, one study at a time under a name: a lock file beside it, held by the process at work.

The lock is the system's (flock), not the file: it ends with its process, however that ends, so that a file that was
left behind stands in nobody's way.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lodestone.errors import UsageError

HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what systems say of a lock that is taken


@contextmanager
def claimed(places: Iterable[Path]) -> Iterator[None]:
    """Hold the folders of runs, or the workbook of a study for all its files, until all are written.

    Raises UsageError when another process holds one.
    """
    with ExitStack() as held:
        for place in places:
            held.enter_context(_claimed(place.resolve()))
        yield


@contextmanager
def _claimed(place: Path) -> Iterator[None]:
    made = [parent for parent in place.parents if not parent.exists()]
    lock = place.with_name(f".{place.name}.lock")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = _taken(lock)
    except OSError as error:
        raise UsageError(f"cannot write to {place}: {error.strerror or error}") from error
    if handle is None:
        raise UsageError(f"another run{_holder(lock)} is writing to {place}: wait for it, or name another with --out")
    try:
        with suppress(OSError):  # a full disk: the lock holds all the same
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        with suppress(OSError):
            lock.unlink()  # while it is held: nobody else takes a file that is on its way out
        os.close(handle)
        for parent in made:
            with suppress(OSError):  # a run is in it
                parent.rmdir()


def _taken(lock: Path) -> int | None:
    """The handle of the locked file; None when another process holds it."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if not _lock(handle):
            os.close(handle)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(lock)):
                return handle
        os.close(handle)  # its holder has removed it meanwhile


def _lock(handle: int) -> bool:
    """False when another process holds it. Where the file system knows no locks there are none to respect."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in HELD
    return True


def _holder(lock: Path) -> str:
    try:
        number = lock.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
    return f" (process {number})" if number.isdecimal() else ""
