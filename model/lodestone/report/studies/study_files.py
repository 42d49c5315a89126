"""Files of a study, side by side under one name (sweep.xlsx, .csv, .json), replaced only by another of its kind.

Each is written beside its place and takes it in one rename once all are complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from lodestone.errors import UsageError
from lodestone.plan.plan_json import dumps, finite
from lodestone.plan.run_files import PLAN_JSON, starts_with
from lodestone.plan.shapes import UNKNOWN, Misfit, Shape, damaged, read_document, shown
from lodestone.plan.tables import Document
from lodestone.report.plan.run_folder import reason, safe_name
from lodestone.system.scratch import scratch

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

    def place(self, out: Path, unfinished: bool) -> Path:
        """Where the study is written: one that was stopped leaves what stands at `out` as it is, and goes beside it."""
        if not unfinished or not any(out.with_suffix(suffix).exists() for suffix in self.suffixes):
            return out
        names = (f"{out.stem}-stopped{f'-{n}' if n > 1 else ''}" for n in count(1))
        return next(path for name in names if self._is_ours(path := out.with_name(f"{name}{out.suffix}")))

    def _is_ours(self, path: Path) -> bool:
        try:
            return self.check_out(path) == path
        except UsageError:
            return False

    def write(self, out: Path, document: Document, write_workbook: Write) -> list[Path]:
        """Write the workbook and the JSON file beside it; returns their paths, the workbook first."""
        writers: dict[str, Write] = {".json": lambda new: self.write_json(document, new), ".xlsx": write_workbook}
        facts, book = write_files(self.check_out(out), writers)
        return [book, facts]

    def read(self, path: Path) -> Document:
        """The JSON file of a study. Raises UsageError when it cannot be read, or is not as the shape says."""
        mend = f"run lodestone {self.command} again"
        document: Document = read_document(path, mend)
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

    def write_json(self, document: Document, path: Path) -> None:
        """Write the JSON file of a study, its format first."""
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


def write_files(path: Path, writers: Mapping[str, Write], beside: Path | None = None) -> list[Path]:
    """Write <path> with every suffix; all are complete before the first takes its place.

    beside: the folder in which they are made; that of the path where none is given.
    """
    places: list[Path] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(beside or path.parent) as folder:
            for suffix, write in writers.items():
                place = path.with_suffix(suffix)
                write(folder / place.name)
                with (folder / place.name).open("r+b") as file:
                    os.fsync(file.fileno())
                places.append(place)
            for place in places:
                (folder / place.name).replace(place)
    except (OSError, FileCreateError) as error:
        raise UsageError(f"cannot write {path}: {reason(error)} (is it open in another program?)") from error
    return places
