"""One run at a time in a folder, one study at a time under a name: a lock file beside it, held by the process at work.

The lock is the system's (flock), not the file: it ends with its process, however that ends, so that a file that was
left behind stands in nobody's way. Who else may write beside the run can put a link or another file under its name:
that is not followed, emptied or removed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.shapes import read_regular
from lodestone.system.scratch import lock_file

CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no link, and no waiting for a pipe
A_LINK = (errno.ELOOP, errno.EMLINK)  # what systems say of a link that is not followed
LONGEST_NUMBER = 20  # digits
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
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        with suppress(OSError):
            if _stands_at(handle, lock):
                lock.unlink()  # while it is held: nobody else takes a file that is on its way out
        os.close(handle)
        for parent in made:
            with suppress(OSError):  # a run is in it
                parent.rmdir()


def _taken(lock: Path) -> int | None:
    """The handle of the locked file; None when another process holds it. Raises UsageError for what is not ours."""
    while True:
        if lock.is_symlink():  # O_NOFOLLOW, which Windows does not have, is for one that is put there now
            raise _not_ours(lock)
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | CAREFULLY, 0o666)
        except OSError as error:
            raise _not_ours(lock) if error.errno in A_LINK else error from error
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise _not_ours(lock)
            if not _lock(handle):
                os.close(handle)
                return None
            if _stands_at(handle, lock):
                _require_ours(handle, lock)
                return handle
        except UsageError:
            os.close(handle)
            raise
        os.close(handle)  # its holder has removed it meanwhile


def _stands_at(handle: int, lock: Path) -> bool:
    """Whether the file that is open is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(lock))
    except FileNotFoundError:
        return False


def _require_ours(handle: int, lock: Path) -> None:
    """A lock file of Lodestone has one name and holds the number of a process, or nothing."""
    content = os.read(handle, LONGEST_NUMBER + 1)
    if os.fstat(handle).st_nlink > 1 or len(content) > LONGEST_NUMBER or content.strip(b"0123456789"):
        raise _not_ours(lock)


def _not_ours(lock: Path) -> UsageError:
    return UsageError(f"{lock} is no lock file of Lodestone and is left alone: remove it, or name another with --out")


def _lock(handle: int) -> bool:
    """False when another process holds it. Where the file system knows no locks there are none to respect."""
    error = lock_file(handle)
    return error is None or error.errno not in HELD


def _holder(lock: Path) -> str:
    try:
        number = read_regular(lock, LONGEST_NUMBER, cut=True).decode("ascii")
    except (OSError, ValueError, UsageError):
        return ""
    return f" (process {number})" if number.isdecimal() else ""
