"""What can go wrong with a workbook, as errors that say what to do and show themselves in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestone.errors import NoPlanError, Problem, WorkbookError

if TYPE_CHECKING:
    from lodestone.studies.explanation.results import Explanation

MOST_SHOWN = 20  # problems that a message lists


class InvalidWorkbook(WorkbookError):  # reads as what it is: except ls.InvalidWorkbook
    """The workbook has problems: each with its cell, what stands there, what is wrong and how to mend it."""

    def __str__(self) -> str:
        shown = [f"  {p.cell}: {p.found or 'blank'}: {p.wrong}; {p.mend}" for p in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - MOST_SHOWN
        return "\n".join([super().__str__(), *shown, *([f"  and {more} more"] if more > 0 else [])])

    def __repr__(self) -> str:
        return f"<InvalidWorkbook: {self}>"

    def _repr_html_(self) -> str:
        return problems_table(self.problems)


class Infeasible(NoPlanError):
    """It is proved that no plan satisfies all rules. `explain()` says why, and what would make one exist."""

    def __init__(self, message: str, explain: Callable[[float | None], Explanation]) -> None:
        super().__init__(f"{message}. Call explain() of this error to see why, and which cells to change")
        self._explain = explain

    def explain(self, time_limit: float | None = None) -> Explained:
        """The rules that cannot hold together, and the least changes that help; in at most so many seconds (300)."""
        return Explained(self._explain(time_limit))


@dataclass(frozen=True)
class Explained:
    """Why there is no plan. found: all of it, as plain data."""

    found: Explanation

    def __repr__(self) -> str:
        from lodestone.studies.explanation.results import conflict_heading

        e = self.found
        lines = [f"{x.cell}: {x.text}" for x in e.findings]
        lines += [conflict_heading(e), *(f"  {rule.cell}: {rule.text}" for rule in e.conflict)]
        for number, repair in enumerate(e.repairs, 1):
            lines += [f"Repair {number}:", *(f"  {change.cell}: {change.text}" for change in repair.changes)]
        return "\n".join([*lines, *e.remarks])


def problems_table(problems: Sequence[Problem]) -> str:
    """Problems or warnings as HTML."""
    headings = "".join(f"<th>{text}</th>" for text in ("Cell", "What stands there", "What is wrong", "How to mend"))
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in (p.cell, p.found, p.wrong, p.mend)) + "</tr>"
        for p in problems
    )
    return f"<table><tr>{headings}</tr>{rows}</table>"
