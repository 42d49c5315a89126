"""What can go wrong, as exceptions that carry data; the command line turns them into words and exit codes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self


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


MOST_OF_A_KIND, MOST_ON_A_SHEET = 1_000, 10_000
_OF_ONE_CELL = re.compile(r"[A-Za-z]+![A-Z]+[0-9]+|[0-9][0-9.,]*")  # what differs between problems of one kind


class Problems(list[Problem]):
    """Problems as they are found: the first of each kind are kept, the others counted, so that no file fills memory.

    Of a kind are those of one column with the same words.
    """

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        super().__init__()
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._sheets: Counter[str] = Counter()
        self._more: dict[str, tuple[Problem, int]] = {}  # column -> first that is left out, and how many
        self.extend(found)

    def append(self, problem: Problem) -> None:
        """Add a problem; after the most that a sheet may have it is only counted."""
        column = problem.cell.rstrip("0123456789")
        sheet = column.partition("!")[0]
        kind = column, _OF_ONE_CELL.sub("", problem.wrong.replace(problem.found, ""))
        if self._kinds[kind] < MOST_OF_A_KIND and self._sheets[sheet] < MOST_ON_A_SHEET:
            self._kinds[kind] += 1
            self._sheets[sheet] += 1
            super().append(problem)
        else:
            self.leave_out(problem)

    def leave_out(self, problem: Problem) -> None:
        """Count a problem that is not told."""
        column = problem.cell.rstrip("0123456789")
        first, times = self._more.get(column, (problem, 0))
        self._more[column] = first, times + 1

    def extend(self, found: Iterable[Problem]) -> None:
        """Add several."""
        for problem in found:
            self.append(problem)

    def __iadd__(self, found: Iterable[Problem]) -> Self:  # type: ignore[override,misc]
        self.extend(found)
        return self

    def full(self, cell: str) -> bool:
        """Whether a further problem of this cell's column would be left out: no need to find words for it."""
        return cell.rstrip("0123456789") in self._more

    def more(self) -> Iterator[Problem]:
        """What was left out, in one line for each column."""
        for first, times in self._more.values():
            wrong = f"and {times:,} more of this kind"
            yield Problem(first.cell, first.found, wrong, "mend those that are listed, and check again")


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
    """Whoever read standard output has left, as in `lodestone check my_case.xlsx | head -1`: no more is said."""

    exit_code = 1


class StoppedError(LodestoneError):
    """The solve ended without a plan that can be written; the message says why."""

    exit_code = 4
