"""A workbook that is being worked on: when has a new version of it been saved?

By looking at it, not by events of the file system: those do not come from network drives and synchronised folders,
where planners keep their workbooks. A version counts once it has rested for a moment and is whole; Excel writes beside
the file and renames, so that the file is missing or locked for a while, which is waited for. Its ~$ files have other
names.
"""

from __future__ import annotations

import io
import time
import zipfile
from hashlib import sha256
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import read_run

LOOK_EVERY_S = 0.5
RESTED_S = 1.0  # since its last change, before it is read
GIVE_UP_S = 10.0  # then a file that is not whole is taken as it is, so that what is wrong with it is said

Stamp = tuple[int, int, int]  # time of the last change, size, number of the file


class SavedWorkbook:
    """Tells new versions of a file from the one that was taken last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken = ""  # SHA-256 of the version taken last
        self._stamp: Stamp | None = None
        self._since = time.monotonic()  # when the stamp changed
        self._version: str | None = None  # SHA-256 of what has the stamp, once it has been read

    def is_new(self) -> bool:
        """Whether a version is there that was not taken yet, whole and at rest. Never waits."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp, self._since, self._version = stamp, time.monotonic(), None
        if stamp is not None and self._version is None:
            self._version = self._read(time.monotonic() - self._since)
        return self._version is not None and self._version != self._taken

    def wait(self) -> None:
        """Until there is a new version, which is then taken."""
        while not self.is_new():
            time.sleep(LOOK_EVERY_S)
        self._taken = self._version or ""

    def _look(self) -> Stamp | None:
        """None while the file is missing or cannot be looked at."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self, rested: float) -> str | None:
        if rested < RESTED_S:
            return None
        try:
            content = self._path.read_bytes()
        except OSError:  # locked while it is saved
            return None
        return sha256(content).hexdigest() if _whole(content) or rested >= GIVE_UP_S else None


def _whole(content: bytes) -> bool:
    """A zip file ends with its table of contents: it is there when all has been written."""
    return zipfile.is_zipfile(io.BytesIO(content))


# --- the plan before ------------------------------------------------------------------------------------------------


def last_plan(folder: Path) -> Plan | None:
    """The plan that stands in a run folder, if one does that can be compared with a new one."""
    try:
        return read_run(folder)
    except UsageError:
        return None
