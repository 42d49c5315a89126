"""run.log: what was called, with which software, and what the solver said, in the folder of the run."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lodestone.plan.formatting import one_line, share
from lodestone.plan.plan import Plan

if TYPE_CHECKING:
    from lodestone.progress import Progress

MOST_CHARACTERS = 5_000_000  # of what the solver says; a long search could fill a disk


class RunLog:
    """Collects the stages of a run, and the solver's own lines, while it goes on."""

    def __init__(self, command: str = "") -> None:
        self._command = command
        self._began = datetime.now().astimezone()
        self._started = time.monotonic()
        self._stage = ""
        self._parts: list[str] = []
        self._length = 0

    def and_tell(self, tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """Note all progress, and pass it on without the solver's lines."""

        def noted(progress: Progress) -> None:
            self._note(progress)
            tell(replace(progress, said=""))

        return noted

    def text(self, plan: Plan) -> str:
        """The log, with what became of the run."""
        versions = ", ".join(f"{name} {version}" for name, version in plan.versions.items())
        head = [
            ("began", self._began.isoformat(timespec="seconds")),
            ("command", self._command or "not from the command line"),
            ("workbook", f"{plan.workbook}, SHA-256 {plan.workbook_sha256}"),
            ("software", f"{versions}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
            ("model", ", ".join(f"{count:,} {what}" for what, count in plan.model.items())),
        ]
        gap = "not known" if plan.gap is None else share(plan.gap)
        end = [
            *(("warning", f"{warning['cell']}: {warning['wrong']}") for warning in plan.warnings),
            ("plan", f"{plan.status}, objective {plan.objective_musd:.6f} MUSD, gap {gap}"),
        ]
        return f"{_lines(head)}\n{''.join(self._parts)}\n{_lines(end)}"

    def _note(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._add(f"[{time.monotonic() - self._started:8.2f} s] {one_line(progress.stage)}\n")
        if progress.said:
            self._add(progress.said)

    def _add(self, text: str) -> None:
        if self._length < MOST_CHARACTERS:
            self._parts.append(text)
            self._length += len(text)


def _lines(facts: list[tuple[str, str]]) -> str:
    return "".join(f"{name.ljust(10)}{one_line(value)}\n" for name, value in facts)
