"""The workbook of a study as its tasks carry it: as bytes, so that a worker needs no shared disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lodestone.plan.labels import Labels
from lodestone.solve.effort import AS_SET, Effort
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.inputs import Inputs, load_bytes


@dataclass(frozen=True)
class Source:
    """A workbook by its name and bytes, and what it is solved for. gap, time_limit (s): None for the workbook's own."""

    workbook: str
    content: bytes
    scenario: str
    sets: tuple[str, ...]
    gap: float | None
    time_limit: float | None

    @classmethod
    def read(cls, workbook: Path, scenario: str = "base", sets: Sequence[str] = (), effort: Effort = AS_SET) -> Source:
        """Of a workbook in a file; only gap and time limit of the effort travel."""
        return cls(workbook.name, read_bytes(workbook), scenario, tuple(sets), effort.gap, effort.time_limit)

    @property
    def effort(self) -> Effort:
        """How far to solve."""
        return Effort(self.gap, self.time_limit)

    def unchecked(self, sets: Sequence[str]) -> Inputs:
        """With these --set, and its problems."""
        return load_bytes(Path(self.workbook), self.content, sets)

    def inputs(self) -> Inputs:
        """Raises WorkbookError while a problem stands."""
        return load_content(self.workbook, self.content, self.sets)

    def labels(self) -> Labels:
        """What people read instead of ids. Raises WorkbookError while a problem stands."""
        return Labels(self.inputs().labels)


def load_content(workbook: str, content: bytes, sets: Sequence[str]) -> Inputs:
    """The Inputs of a workbook that came as bytes. Raises WorkbookError while a problem stands."""
    inputs = load_bytes(Path(workbook), content, sets)
    inputs.require_valid()
    return inputs
