"""The files of a run, and how it is read: its plan, and the workbook that it was made of.

Reading changes nothing on the disk. A run may come from anybody, so that its word is followed with care.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.formatting import one_line
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import read_plan_document
from lodestone.plan.shapes import read_regular
from lodestone.plan.tables import Document
from lodestone.workbook.file.archive import MOST_FILE

PLAN_JSON, RUN_LOG = "plan.json", "run.log"
PLAN_BOOK = ".plan.xlsx"  # how the name of a plan's workbook ends: <workbook> - <scenario>.plan.xlsx
OLD_PLAN_BOOK = "plan.xlsx"  # its name in runs of 0.2.0 and before
HISTORY = "history"  # in the folder of a run: the runs that it replaced, each in a folder named by its time
WRITTEN = re.compile(r"(\d{4}-\d\d-\d\dT\d{4})(\d\d)?(?:-(\d+))?", re.ASCII)  # name of such a folder
EXPLANATION = "explanation"  # of why there is no plan: .xlsx and .json
OF_A_RUN = {OLD_PLAN_BOOK, PLAN_JSON, RUN_LOG, f"{EXPLANATION}.xlsx", f"{EXPLANATION}.json"}  # a new run replaces them
ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]+:)?[\\/]{2}", re.IGNORECASE)  # \\host, //host, smb://host


def read_run(path: Path) -> Plan:
    """The plan of a run folder (or of a plan.json). Raises UsageError when there is none that can be read.

    Nothing is changed on the disk.
    """
    return Plan.from_document(read_run_document(path))


def read_run_document(path: Path) -> Document:
    """As read_run, word for word as it stands in the file."""
    return read_plan_document(run_place(path) / PLAN_JSON, named=path)


def run_place(path: Path) -> Path:
    """The folder in which a run is read; path: its folder or a file of it.

    Between the two renames of a run that is being written, or was when its machine stopped, that is the old one.
    """
    folder = folder_of(path)
    if not folder.exists():
        old = [left for left, _, _ in set_aside(folder.resolve(), "old") if (left / PLAN_JSON).exists()]
        return max(old, key=lambda left: left.stat().st_mtime, default=folder)
    return folder


def folder_of(path: Path) -> Path:
    """The folder of a run, which was named by that folder or by a file in it."""
    return path.parent if path.name == PLAN_JSON or is_plan_book(path) else path


def is_plan_book(path: Path) -> bool:
    """Whether a file is named as the workbook of a plan is."""
    name = path.name.lower()
    return name == OLD_PLAN_BOOK or (name.endswith(PLAN_BOOK) and not name.startswith((".", "~$")))


def plan_book(folder: Path) -> Path:
    """The workbook of the plan in the folder of a run: where it stands, or what an early run called it."""
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            if is_plan_book(path) and path.name != OLD_PLAN_BOOK:
                return path
    return folder / OLD_PLAN_BOOK


def kept_runs(folder: Path) -> list[Path]:
    """The runs that this one replaced and that are still kept, the oldest first."""
    found = []
    with suppress(OSError):
        for path in (folder / HISTORY).iterdir():
            if match := WRITTEN.fullmatch(path.name):
                found.append((match[1], match[2] or "", int(match[3] or 0), path))
    return [path for *_, path in sorted(found)]


def workbook_of(plan: Plan, run: Path) -> Path:
    """Where the workbook of a run stands, or stood when it was solved. run: its folder or a file of it."""
    folder = folder_of(run.resolve())
    if folder.parent.name == HISTORY and WRITTEN.fullmatch(folder.name):
        folder = folder.parent.parent  # where it stood when it was written
    return Path(os.path.normpath(folder / (plan.workbook_path or plan.workbook)))


def workbook_bytes(plan: Plan, run: Path) -> bytes:
    """What stands in `workbook_of`. A run may come from anybody, so that its word is followed with care: to a regular
    file of this machine or of where the run itself stands, no larger than a workbook may be.

    Raises UsageError when there is none.
    """
    path, said, mend = workbook_of(plan, run), plan.workbook_path or "", "say where it stands now with --workbook"
    if ELSEWHERE.match(said):
        raise UsageError(f"the run names a workbook on another host, {one_line(said)}, which is not followed: {mend}")
    try:
        return read_regular(path, MOST_FILE)
    except FileNotFoundError:
        raise UsageError(f"the workbook of the run, {one_line(path)}, does not exist: {mend}") from None
    except UsageError as error:
        raise UsageError(f"the workbook of the run: {error}: {mend}") from None


def starts_with(path: Path, start: str) -> bool:
    """Whether it is a text file that can be read and begins so."""
    begin = start.encode()
    try:
        return read_regular(path, len(begin), cut=True) == begin
    except (OSError, UsageError):
        return False


def set_aside(folder: Path, kind: str) -> list[tuple[Path, str, int]]:
    """Folders beside this one in which it is, or was, written or kept; by which machine ("" if unknown) and process."""
    pattern = re.compile(rf"\.{re.escape(folder.name)}\.{kind}-(?:([a-z0-9]+)-)?(\d+)", re.ASCII)
    with suppress(OSError):
        found = [(path, pattern.fullmatch(path.name)) for path in folder.parent.iterdir()]
        return [(path, match[1] or "", int(match[2])) for path, match in found if match and path.is_dir()]
    return []
