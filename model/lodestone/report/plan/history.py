"""The history of a run: what it replaced is kept in its folder, `history/2026-11-29T2114/`, the last 20.

Each step is one rename, so that a crash leaves every run whole; the next run that is written there goes on.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import zipfile
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from lodestone.plan.run_files import HISTORY, OLD_PLAN_BOOK, PLAN_BOOK, PLAN_JSON, kept_runs, plan_book

KEPT = 20
DEEPER = "..\\..\\"  # history/2026-11-29T2114
EXTERNAL = re.compile(rb'Target="(?![a-z]+:|/|\\)([^"]*" TargetMode="External")', re.IGNORECASE)  # relative ones


def keep_in_history(old: Path, folder: Path, keep: bool = True) -> None:
    """Put what stood in the folder of a run, set aside as `old`, into the history of the run that stands there now.

    A folder without a plan is not kept, nor any when `keep` is False; the history that it has is carried on.
    """
    if not old.is_dir():
        return
    history = folder / HISTORY
    with suppress(OSError):  # a file that is open on Windows: `old` stays, and the next run goes on from here
        if (old / HISTORY).is_dir():
            _carry_on(old / HISTORY, history)
        if keep and (old / PLAN_JSON).is_file():
            history.mkdir(exist_ok=True)
            kept = _free(history, (old / PLAN_JSON).stat().st_mtime)
            old.rename(kept)
            _lead_home(_name_by_time(kept))
            for oldest in kept_runs(folder)[:-KEPT]:
                shutil.rmtree(oldest, ignore_errors=True)
        else:
            shutil.rmtree(old, ignore_errors=True)


def _carry_on(before: Path, history: Path) -> None:
    """The history of the run before, into that of the new one."""
    if not history.exists():
        before.rename(history)
        return
    for path in before.iterdir():  # a crash came between: the new run has begun one of its own
        path.rename(history / path.name)
    before.rmdir()


def _free(history: Path, written: float) -> Path:
    """A folder that is not there yet, named by the time: to the minute where that is enough."""
    at = time.localtime(written)
    minute, second = (time.strftime(form, at) for form in ("%Y-%m-%dT%H%M", "%Y-%m-%dT%H%M%S"))
    names = chain((minute, second), (f"{second}-{n}" for n in count(2)))
    return next(path for name in names if not (path := history / name).exists())


def _name_by_time(kept: Path) -> Path:
    """Its workbook gets the time into its name: Excel opens no two of one name. Returns the workbook."""
    book = plan_book(kept)
    stem = "plan" if book.name == OLD_PLAN_BOOK else book.name.removesuffix(PLAN_BOOK)
    with suppress(OSError):
        return book.rename(kept / f"{stem} {kept.name}{PLAN_BOOK}")
    return book


def _lead_home(book: Path) -> None:
    """The links of a plan lead to the workbook beside which it was written, from where it is kept now."""
    new = book.with_name(f".{book.name}")
    with suppress(OSError, zipfile.BadZipFile):
        with zipfile.ZipFile(book) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as moved:
            for part in old.infolist():
                content = old.read(part)
                if part.filename.endswith(".rels"):
                    content = EXTERNAL.sub(lambda found: b'Target="' + DEEPER.encode() + found[1], content)
                moved.writestr(part, content)
        os.replace(new, book)
    new.unlink(missing_ok=True)
