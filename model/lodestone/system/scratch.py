"""Scratch folders, and what killed processes left in theirs.

Each is held by a lock of the system on a file in it, which ends with its process however that ends: a folder whose lock
can be taken is abandoned. Its name tells the host, since on a disk that several share one host may not see the locks of
another. Whoever makes a scratch folder first removes what is abandoned beside it: of this user, on this host.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

LOCK = ".lock"


@contextmanager
def scratch(beside: Path | None = None) -> Iterator[Path]:
    """A new folder that is gone after the block, in the system's place for such, or hidden beside a file to be made."""
    parent = Path(tempfile.gettempdir()) if beside is None else beside
    start = _start(hidden=beside is not None)
    if beside is None:
        _tidied(parent, start)
    else:
        _tidy(parent, start)
    folder = Path(tempfile.mkdtemp(prefix=start, dir=parent))
    handle = None
    try:
        with suppress(OSError):  # a full disk: nobody removes it then
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            lock_file(handle)
        yield folder
    finally:
        if handle is not None:
            os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


def is_abandoned(folder: Path) -> bool:
    """Whether its process has surely ended: of a folder of this host."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return lock_file(handle) is None  # where the file system knows no locks, none is taken for free
    finally:
        os.close(handle)


def _start(hidden: bool) -> str:
    """What the names of such folders begin with on this host."""
    host = sha256(platform.node().encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{'.' if hidden else ''}lodestone-{host}-"


@cache
def _tidied(parent: Path, start: str) -> None:
    """Once for each process: there may be many files."""
    _tidy(parent, start)


def _tidy(parent: Path, start: str) -> None:
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(start) and _is_own_folder(entry) and is_abandoned(Path(entry.path)):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        about = entry.stat(follow_symlinks=False)
        return stat.S_ISDIR(about.st_mode) and (sys.platform == "win32" or about.st_uid == os.getuid())
    return False


def lock_file(handle: int) -> OSError | None:
    """Lock a file until it is closed, or its process ends. What the system says against it; None where it is held."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error
    return None
