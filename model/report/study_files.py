"""Files of a study, side by side under one name (frontier.xlsx, .png, .json), replaced only by another of its kind.

Each is written beside its place and takes it in one rename once all are complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xlsxwriter.exceptions import FileCreateError

from model.errors import UsageError
from model.report.plan_json import dumps, finite
from model.report.run_folder import PLAN_JSON, safe_name

Write = Callable[[Path], None]


def default_out(kind: str, workbook: Path, *about: str | None) -> Path:
    """outputs/<workbook>/frontier-<scenario>-<cap>.xlsx, on every system a file inside outputs."""
    name = "-".join([kind, *(part for part in about if part)])
    return Path("outputs", safe_name(workbook.stem), f"{safe_name(name)}.xlsx")


def check_out(out: Path, kind: str, suffixes: Sequence[str]) -> Path:
    """The workbook that --out means; a folder gets <kind>.xlsx. Raises UsageError when it is not to be replaced."""
    path = out / f"{kind}.xlsx" if out.is_dir() or not out.suffix else out
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{out} is no name for a {kind}; end it in .xlsx, or name a folder")
    if (path.parent / PLAN_JSON).exists():
        raise UsageError(f"{path.parent} holds a run and nothing else may stand there; name another place with --out")
    facts = path.with_suffix(".json")
    for suffix in suffixes:
        there = path.with_suffix(suffix)
        if there.is_dir():
            raise UsageError(f"{there} is a folder; name a file")
        if there.exists() and not _is_of_kind(facts, kind):
            advice = "move it, or name another place with --out"
            raise UsageError(f"{there} was not written by lodestone {kind} and would be replaced; {advice}")
    return path


def write_files(path: Path, writers: Mapping[str, Write]) -> list[Path]:
    """Write <path> with every suffix; all are complete before the first takes its place."""
    made: list[tuple[Path, Path]] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, write in writers.items():
            new = _temporary(path.parent, suffix)
            made.append((new, path.with_suffix(suffix)))
            write(new)
            with new.open("r+b") as file:
                os.fsync(file.fileno())
        for new, place in made:
            new.replace(place)
    except (OSError, FileCreateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot write {path}: {reason} (is it open in another program?)") from error
    finally:
        for new, _ in made:
            with suppress(OSError):
                new.unlink(missing_ok=True)
    return [place for _, place in made]


def write_json(document: Mapping[str, Any], kind: str, path: Path) -> None:
    text = dumps(finite({f"{kind}_format": 1, **document}))
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _temporary(folder: Path, suffix: str) -> Path:
    """A new file with the rights that a new file of the user has."""
    handle, name = tempfile.mkstemp(suffix, ".lodestone-study-", folder)
    os.close(handle)
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
    return Path(name)


def _is_of_kind(facts: Path, kind: str) -> bool:
    start = f'{{\n"{kind}_format":'
    try:
        with facts.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(start)) == start
    except OSError:
        return False
