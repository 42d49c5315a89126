"""Files of a study, side by side under one name (frontier.xlsx, .png, .json), replaced only by another of its kind.

Each is written beside its place and takes it in one rename once all are complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlsxwriter.exceptions import FileCreateError

from lodestone.errors import UsageError
from lodestone.plan.plan_json import dumps, finite
from lodestone.plan.shapes import UNKNOWN, Misfit, Shape, damaged, read_document, shown
from lodestone.report.plan.run_folder import PLAN_JSON, reason, safe_name, starts_with

FORMAT = 1  # of every JSON file of a study

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """What a study writes side by side. name: of its files, where none is given; command: that writes them; field: with
    which their JSON begins, before its version; suffixes: in the order in which they are looked at; shape: of the JSON
    of a study that is read again."""

    name: str
    command: str
    field: str
    suffixes: tuple[str, ...] = (".json", ".xlsx")
    shape: Shape = UNKNOWN

    @property
    def start(self) -> str:
        """Of every JSON file of the kind."""
        return f'{{\n"{self.field}":'

    def default_out(self, workbook: Path, scenario: str = "base", *about: str | None) -> Path:
        """outputs/<workbook>/frontier-<scenario>-<cap>.xlsx, on every system a file inside outputs; the base is not
        named."""
        named = [self.name, scenario if scenario != "base" else None, *about]
        return Path("outputs", safe_name(workbook.stem), f"{safe_name('-'.join(part for part in named if part))}.xlsx")

    def check_out(self, out: Path) -> Path:
        """The workbook that --out means; a folder gets <name>.xlsx. Raises UsageError when it is not to be replaced."""
        path = out / f"{self.name}.xlsx" if out.is_dir() or not out.suffix else out
        if path.suffix.lower() != ".xlsx":
            wanted = f"for what lodestone {self.command} writes; end it in .xlsx, or name a folder"
            raise UsageError(f"{out} is no name {wanted}")
        refuse_runs(path)
        for suffix in self.suffixes:
            there = path.with_suffix(suffix)
            if there.is_dir():
                raise UsageError(f"{there} is a folder; name a file")
            if there.exists() and not starts_with(path.with_suffix(".json"), self.start):
                raise not_ours(there, self.command)
        return path

    def write(self, out: Path, document: Mapping[str, Any], write_workbook: Write) -> list[Path]:
        """Write the workbook and the JSON file beside it; returns their paths, the workbook first."""
        writers: dict[str, Write] = {".json": lambda new: self.write_json(document, new), ".xlsx": write_workbook}
        facts, book = write_files(self.check_out(out), writers)
        return [book, facts]

    def read(self, path: Path) -> dict[str, Any]:
        """The JSON file of a study. Raises UsageError when it cannot be read, or is not as the shape says."""
        mend = f"run lodestone {self.command} again"
        document: Any = read_document(path, mend)
        version = document.get(self.field) if isinstance(document, dict) else None
        if version != FORMAT:
            raise UsageError(
                f"{path} is of another version of Lodestone ({self.field} {shown(version)}, not {FORMAT}); {mend}"
            )
        try:
            self.shape.check(document, ())
        except Misfit as misfit:
            raise damaged(path, str(misfit), mend) from None
        return dict(document)

    def write_json(self, document: Mapping[str, Any], path: Path) -> None:
        text = dumps(finite({self.field: FORMAT, **document}))
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def refuse_runs(path: Path) -> None:
    """Raise UsageError for a file in the folder of a run, which the next run would replace as a whole."""
    if (path.parent / PLAN_JSON).exists():
        raise UsageError(f"{path.parent} holds a run and nothing else may stand there; name another place with --out")


def not_ours(path: Path, command: str) -> UsageError:
    """Said of a file that the command has not written."""
    advice = "move it, or name another place with --out"
    return UsageError(f"{path} was not written by lodestone {command} and would be replaced; {advice}")


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
        raise UsageError(f"cannot write {path}: {reason(error)} (is it open in another program?)") from error
    finally:
        for new, _ in made:
            with suppress(OSError):
                new.unlink(missing_ok=True)
    return [place for _, place in made]


def _temporary(folder: Path, suffix: str) -> Path:
    """A new file with the rights that a new file of the user has."""
    handle, name = tempfile.mkstemp(suffix, ".lodestone-study-", folder)
    os.close(handle)
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
    return Path(name)
