"""The folder of a run: the workbook of the plan and plan.json, replaced whole or not at all.

A run is written into a hidden folder beside its place, flushed to disk, and takes the place of the old one by two
renames. A crash leaves the old run or the new one, never half; what it leaves beside them is put right by the next run
that is written there, never by a command that only reads. On a disk that several machines share, what another of them
is writing is left alone. What is replaced is kept (`history`).
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from lodestone.errors import UsageError
from lodestone.names import listed, readable
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import START, finite, stamped
from lodestone.plan.run_files import (
    EXPLANATION,
    HISTORY,
    OF_A_RUN,
    PLAN_BOOK,
    PLAN_JSON,
    RUN_LOG,
    is_plan_book,
    plan_book,
    set_aside,
    starts_with,
)
from lodestone.report.plan.history import keep_in_history
from lodestone.report.plan.workbook import write_plan_workbook

LONGEST_NAME = 100  # bytes; file systems allow 255
LONGEST_PART = 50  # of a file name made of several; Excel opens no path of more than 218 characters
ABANDONED_AFTER_S = 3600
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)  # devices of Windows, with any suffix
HOST = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:20] or "here"  # names folders that are being written
LITTER = re.compile(r"~\$.*|\.~lock\..*|\.DS_Store|Thumbs\.db|desktop\.ini", re.IGNORECASE)  # not made by people


def run_folder(workbook: Path, scenario: str, scenarios: Iterable[str] = ()) -> Path:
    """outputs/<workbook>/<scenario>; `scenarios`: all of the workbook, as some may differ in upper case only."""
    alike = {s for s in (*scenarios, scenario) if s.casefold() == scenario.casefold()}
    return Path("outputs", safe_name(workbook.stem), safe_name(scenario, unique=len(alike) > 1))


def safe_name(text: str, unique: bool = False, longest: int = LONGEST_NAME) -> str:
    """A folder name on every system. What was changed, or must be `unique`, gets a mark made from the whole text."""
    text = unicodedata.normalize("NFC", text)
    name = re.sub(r"[^\w .()+,=@-]", "_", text).encode()[:longest].decode(errors="ignore").strip(". ")
    if RESERVED.fullmatch(name.split(".")[0].strip()):
        name = f"_{name}"
    if name and name == text and not unique:
        return name
    return f"{name or '_'}-{sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}"


def plan_book_name(plan: Plan, folder: Path) -> str:
    """<workbook> - <scenario>.plan.xlsx: no two inputs and outputs that lie open together have one name.

    A folder of another name than the scenario's is part of it, since its run is another of the same scenario.
    """
    stem, scenario, place = (
        safe_name(text, longest=LONGEST_PART) for text in (Path(plan.workbook).stem, plan.scenario, folder.name)
    )
    return f"{stem} - {scenario}{'' if place == scenario else f' ({place})'}{PLAN_BOOK}"


def check_target(folder: Path) -> None:
    """Raise UsageError if a run could not be written to the folder: asked before a long solve."""
    folder = folder.resolve()
    _refuse(folder)
    try:
        place = next(p for p in folder.parents if p.exists())
        probe = _beside(place / folder.name, "try")
        probe.mkdir(exist_ok=True)
        probe.rmdir()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {reason(error)}") from error
    for path in (plan_book(folder), *(folder / name for name in sorted(OF_A_RUN))):
        try:
            with suppress(FileNotFoundError), path.open("r+b"):
                pass
        except OSError as error:
            raise UsageError(f"{path} is read-only or open in another program; close it and try again") from error


def write_run(plan: Plan, folder: Path, workbook: Path | None = None, log: str = "", keep: bool = True) -> None:
    """Write the run, replacing an older one only when the new one is complete.

    workbook: where it stands, kept in plan.json as seen from the folder, so that the run finds it again.
    log: the text of run.log; no such file without it.
    keep: whether the run that it replaces is kept in its history.
    """
    folder = folder.resolve()
    if workbook is not None:
        plan = replace(plan, workbook_path=readable(_seen_from(folder, workbook.resolve())))
    _refuse(folder)
    new = _beside(folder, "new")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _put_right(folder)
        new.mkdir()
        _write_files(plan, new, log, plan_book_name(plan, folder))
        _replace(folder, new, keep)
    except (OSError, FileCreateError) as error:
        raise UsageError(f"cannot write to {folder}: {reason(error)}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)  # gone already if all went well


def _seen_from(folder: Path, workbook: Path) -> str:
    try:
        return Path(os.path.relpath(workbook, folder)).as_posix()
    except ValueError:  # another drive
        return str(workbook)


def _refuse(folder: Path) -> None:
    """Never replace what is not a run."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the run")
    if folder == Path.cwd() or os.path.ismount(folder):
        raise UsageError(f"{folder} cannot be replaced as a whole; name a folder inside it")
    if folder.is_dir():
        names = {p.name for p in folder.iterdir() if not LITTER.fullmatch(p.name)}
        books = {name for name in names if is_plan_book(Path(name))}
        ours = OF_A_RUN | (books if len(books) < 2 else set()) | ({HISTORY} if (folder / HISTORY).is_dir() else set())
        foreign = sorted(names - ours) or sorted(names if not _is_run(folder) else ())
        if foreign:
            raise UsageError(
                f"{folder} holds files that are no run of Lodestone ({listed(foreign, 3)}) and would be replaced; "
                "move them, or name another folder with --out"
            )


def _is_run(folder: Path) -> bool:
    """A plan, or the explanation of why there is none."""
    starts = {PLAN_JSON: START, f"{EXPLANATION}.json": f'{{\n"{EXPLANATION}_format":'}
    return any(starts_with(folder / name, start) for name, start in starts.items())


def _write_files(plan: Plan, folder: Path, log: str, book: str) -> None:
    started = time.monotonic()
    plan = Plan.from_document(finite(plan.document()))
    write_plan_workbook(plan, folder / book)
    plan = replace(plan, seconds={**plan.seconds, "write": time.monotonic() - started})
    (folder / PLAN_JSON).write_text(stamped(plan), encoding="utf-8", errors="backslashreplace", newline="\n")
    if log:
        seconds = ", ".join(f"{stage} {value:.2f}" for stage, value in plan.seconds.items())
        text = f"{log}seconds   {seconds}\n"
        (folder / RUN_LOG).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    _sync_folder(folder)


def _replace(folder: Path, new: Path, keep: bool) -> None:
    """Two renames; a run that cannot be replaced (open in Excel) stays, and the new one gets a place beside it."""
    old = _beside(folder, "old")
    try:
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        spare = next(p for n in count(2) if not (p := folder.with_name(f"{folder.name}-{n}")).exists())
        new.rename(spare)
        hint = f"{reason(error)} (is {plan_book(folder).name} open in Excel?)"
        raise UsageError(f"{folder} could not be replaced: {hint}. The new plan is in {spare}") from error
    _sync_folder(folder.parent)
    keep_in_history(old, folder, keep)


def _beside(folder: Path, kind: str) -> Path:
    return folder.with_name(f".{folder.name}.{kind}-{HOST}-{os.getpid()}")


def _put_right(folder: Path) -> None:
    """After a crash: bring back the old run if no new one took its place, and remove what else is left over."""
    for kind in ("old", "new"):
        for left in _left_over(folder, kind):
            if kind == "old" and not folder.exists():
                left.rename(folder)
            elif kind == "old":
                keep_in_history(left, folder)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _left_over(folder: Path, kind: str) -> Iterator[Path]:
    """What no process is at any more."""
    return (path for path, host, pid in set_aside(folder, kind) if not _still_written(path, host, pid))


def _still_written(path: Path, host: str, pid: int) -> bool:
    """Whether another process is at it. Of another machine's nobody can tell, nor on Windows, where to ask is to end
    it: what has rested for long is abandoned there."""
    if host != HOST or os.name == "nt":
        with suppress(OSError):
            latest = max(place.stat().st_mtime for place in (path, *path.iterdir()))
            return time.time() - latest < ABANDONED_AFTER_S
        return True
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except OverflowError:  # no process has such a number
        return False
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def reason(error: Exception) -> str:
    """What the system says, which xlsxwriter wraps."""
    cause = error.args[0] if isinstance(error, FileCreateError) and error.args else error
    return getattr(cause, "strerror", None) or str(cause)
