"""What can go wrong, as exceptions that carry data; the command line turns them into words and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong (or doubtful) in a workbook.

    cell: "Sheet!F7", or the sheet's name alone where no cell can be named.
    found: what stands there. wrong: what is wrong with it. mend: how to mend it.
    """

    cell: str
    found: str
    wrong: str
    mend: str


def in_words(error: OSError) -> str:
    """What the system says, and of which file if it names one."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


class LodestoneError(Exception):
    """Base of every error that Lodestone raises on purpose; str() is a message for the user."""

    exit_code = 2


class UsageError(LodestoneError):
    """The call cannot be carried out as asked: a file, folder or option is not usable."""


class WorkbookError(LodestoneError):
    """The workbook has problems; nothing is solved while one stands."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the workbook")


class NoPlanError(LodestoneError):
    """Proved: no plan satisfies all rules of the workbook."""

    exit_code = 3


class AnswerLostError(LodestoneError):
    """Standard output did not take the answer: its disk is full. What was written to files stands."""


class ReaderLeftError(AnswerLostError):
    """Whoever read standard output has left, as in `lodestone check plan.xlsx | head -1`: no more is said."""

    exit_code = 1


class StoppedError(LodestoneError):
    """The solve ended without a plan that can be written; the message says why."""

    exit_code = 4
