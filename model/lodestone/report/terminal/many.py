"""What the command line shows while many solves run: one line for each on a terminal, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from lodestone.plan.formatting import count, finite, one_line, share
from lodestone.plan.tables import Cell
from lodestone.progress import Progress
from lodestone.report.terminal.frontier import least_in_words, point_in_words
from lodestone.report.terminal.progress_lines import PLAIN_EVERY_S, Watch, show_table, told_gap
from lodestone.studies.frontier.results import Point
from lodestone.studies.parallel.tasks import News, Value

if TYPE_CHECKING:
    from rich.table import Table

MOST_LINES = 12  # on the screen at once; what is done makes way
WAITING = "waiting"


@dataclass
class _Line:
    """One solve as it is shown."""

    label: str
    stage: str = WAITING
    best: float | None = None
    gap: float | None = None
    began: float | None = None
    ended: float | None = None
    printed: float = 0.0  # when its last plain line was

    @property
    def running(self) -> bool:
        return self.began is not None and self.ended is None

    @property
    def seconds(self) -> float:
        return 0.0 if self.began is None else (self.ended or time.monotonic()) - self.began

    @property
    def cells(self) -> tuple[str, ...]:
        best = "" if self.best is None else f"{self.best:,.1f} MUSD"
        gap = "" if self.gap is None else f"gap {share(self.gap)}"
        return one_line(self.label), one_line(self.stage), best, gap, f"{self.seconds:.0f} s" if self.began else ""


class WatchMany(Watch):
    """Progress of many solves on stderr; Ctrl-C as in Watch: the first asks all to stop, the second breaks off."""

    def __init__(self, labels: Sequence[str], quiet: bool = False) -> None:
        super().__init__(quiet)
        self._lines = {label: _Line(label) for label in labels}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.transient = False  # the end of each solve stays on the screen
        super().__exit__(kind, error, trace)

    def job(self, label: str, news: News) -> None:
        """news: Progress; of a frontier its points and least shares; at the end what became of the job, with its plan
        or a message, or None."""
        line = self._lines.setdefault(label, _Line(label))
        if line.began is None:
            line.began = time.monotonic()
        if isinstance(news, Progress):
            self._progress(line, news)
        elif isinstance(news, Point):
            self._tell(point_in_words(news))
        elif isinstance(news, Sequence):
            self._tell(least_in_words(news))
        else:
            self._end(line, news)

    def _progress(self, line: _Line, progress: Progress) -> None:
        best, gap = progress.best, progress.gap
        changed, line.stage = line.stage != progress.stage, progress.stage
        if changed:  # the figures of one point of a frontier are not those of the next
            line.best = line.gap = None
        line.best = line.best if best is None else finite(best)
        line.gap = line.gap if gap is None else told_gap(gap)
        if changed or time.monotonic() - line.printed >= PLAIN_EVERY_S:
            self._plain(line)

    def _end(self, line: _Line, done: News) -> None:
        line.ended = time.monotonic()
        plan, message = getattr(done, "plan", None), getattr(done, "message", "")
        line.stage = f"failed: {message}" if message else "done"
        if plan is not None:
            line.best, line.gap = plan.objective_musd, plan.gap
        self._plain(line)

    def _plain(self, line: _Line) -> None:
        if not self._quiet and self._live is None:
            line.printed = time.monotonic()
            click.echo("  ".join(cell for cell in line.cells if cell), err=True)

    def _tell(self, text: str) -> None:
        """A fact that stays on the screen, above the lines that move."""
        if self._quiet:
            return
        if self._live:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)

    def _line(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table: Table = Table.grid(padding=(0, 2))
        for justify in ("left", "left", "right", "right", "right"):
            table.add_column(justify=justify, no_wrap=True, overflow="ellipsis")
        shown, left_out = _shown(list(self._lines.values()))
        for line in shown:
            table.add_row(*(Text(cell) for cell in line.cells))
        if left_out:
            ended = sum(line.ended is not None for line in self._lines.values())
            table.add_row(Text(f"{ended} of {len(self._lines)} done"))
        return table


def _shown(lines: Sequence[_Line]) -> tuple[list[_Line], int]:
    """All if they fit; else the running ones, then the latest done, then the next to come."""
    if len(lines) <= MOST_LINES:
        return list(lines), 0
    running = [line for line in lines if line.running]
    ended = sorted((line for line in lines if line.ended is not None), key=lambda line: -(line.ended or 0.0))
    waiting = [line for line in lines if line.began is None]
    chosen = {id(line) for line in [*running, *ended[: MOST_LINES // 2], *waiting][:MOST_LINES]}
    return [line for line in lines if id(line) in chosen], len(lines) - len(chosen)


# --- what is shown at the end ---------------------------------------------------------------------------------------


def show_many(answers: Sequence[Value], folders: Mapping[str, Path]) -> None:
    """A row for each scenario: cost and what it leaves short, or why there is no plan."""
    table: list[list[Cell]] = []
    for done in answers:
        if done.plan is None:
            table.append([done.job.label, "failed", None, None, None, done.message])
            continue
        plan = done.plan
        short = plan.payers_musd["shortage"]
        folder = folders.get(done.job.label, "")
        table.append([done.job.label, plan.status, plan.objective_musd, share(plan.gap), short, str(folder)])
    show_table(("Scenario", "Status", "Cost (MUSD, discounted)", "Gap", "Shortage (MUSD)", "Files, or why not"), table)
    failed = sum(done.plan is None for done in answers)
    click.echo(f"{count(len(answers) - failed, 'plan')} written" + (f", {failed} failed." if failed else "."))
