"""What the command line shows: tables, the line that moves while a plan is sought, and the plan in a handful of lines.

On a terminal with rich; into a file or pipe as plain lines, one fact a line and no escape codes.
"""

from __future__ import annotations

import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

import click

from lodestone.plan.formatting import count, finite, one_line, share
from lodestone.plan.run_files import plan_book
from lodestone.plan.tables import Cell, Row
from lodestone.system.signals import CTRL_C, handled

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from lodestone.errors import Problem
    from lodestone.plan.plan import Plan
    from lodestone.progress import Progress
    from lodestone.report.excel.marked_copy import Marked

PROBLEM_HEADINGS = ("Sheet!Cell", "What stands there", "What is wrong", "How to mend")
PLAIN_EVERY_S = 10.0  # between two plain lines of a solve


class Watch:
    """Shows the progress of a solve on stderr; the first Ctrl-C asks it to stop, the second one breaks off. What a
    system sends to end a process asks it to stop as well, however often it comes."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._started = time.monotonic()
        self._latest = ""
        self._stopping = False
        self._told = False
        self._printed = (-PLAIN_EVERY_S, "", "")  # when, which stage, which line
        self._live: Live | None = None
        self._handled = ExitStack()

    def __enter__(self) -> Self:
        self._handled.enter_context(handled(self._interrupt))
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            if not console.is_dumb_terminal:
                self._live = Live(get_renderable=self._line, console=console, transient=True, refresh_per_second=4)
                self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._handled.close()

    def end(self) -> None:
        """Clear the line, before anything else is shown."""
        if self._live:
            self._live.stop()

    def stage(self, name: str) -> None:
        """Tell a new stage."""
        self._show(name, name)

    def progress(self, progress: Progress) -> None:
        """Tell how far the solver is."""
        gap = told_gap(progress.gap)
        costs = [("best", progress.best), ("bound", None if gap is None else progress.bound)]
        parts = [f"{name} {value:,.1f}" for name, value in costs if finite(value) is not None and value is not None]
        if gap is not None:
            parts.append(f"gap {share(gap)}")
        self._show(progress.stage, "  ".join([progress.stage, *parts]))

    def should_stop(self) -> bool:
        """Whether somebody asked to stop; the first time it says what follows."""
        if self._stopping and not self._told:
            self._told = True
            click.echo("Stopping with the best plan so far; Ctrl-C again gives up.", err=True)
        return self._stopping

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        if number == CTRL_C:
            signal.signal(CTRL_C, signal.default_int_handler)

    def _line(self) -> Text:
        from rich.text import Text

        return Text(f"{self._latest}  {self._seconds:.0f} s", no_wrap=True, overflow="ellipsis")

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _show(self, stage: str, line: str) -> None:
        self._latest = line
        if self._quiet or self._live:
            return
        when, last_stage, last_line = self._printed
        if stage != last_stage or (line != last_line and self._seconds - when >= PLAIN_EVERY_S):
            self._printed = (self._seconds, stage, line)
            click.echo(f"{line}  {self._seconds:.1f} s", err=True)


def told_gap(gap: float | None) -> float | None:
    """A gap that says something: not that of a bound that the solver only begins with (-1.0, and a gap of 124 %)."""
    return gap if gap is not None and finite(gap) is not None and 0 <= gap < 1 else None


def show_plan(plan: Plan, folder: Path) -> None:
    """The plan in a handful of lines, and where it is."""
    from lodestone.plan.labels import labelled
    from lodestone.report.plan.joint_summary import joint_key_lines
    from lodestone.report.plan.summary import key_lines

    plan = labelled(plan)
    shown = joint_key_lines(plan) if plan.is_joint else key_lines(plan)
    lines = [*shown, ("Files", f"{plan_book(folder)} and plan.json")]
    if plan.warnings:
        lines.insert(-1, ("Warnings", f"{len(plan.warnings)}, see lodestone check"))
    label = max(len(name) for name, _ in lines) + 2
    for name, text in lines:
        click.echo(_wrapped(name.ljust(label) + one_line(text), label))


def tell_of_stop(target: Path, files: Sequence[Path], silent: bool) -> None:
    """Of a study that was stopped: that it has not replaced the one before."""
    if target not in files and not silent:
        click.echo(_wrapped(f"Stopped before its end: {target} stays as it was, see {files[0]}.", 2), err=True)


def show_problems(problems: Sequence[Problem], err: bool = False) -> None:
    """Print problems as a table."""
    show_table(PROBLEM_HEADINGS, [(p.cell, p.found, p.wrong, p.mend) for p in problems], err)


def show_marked(marked: Marked) -> None:
    """Where the marked copy is, and what it lacks."""
    click.echo(_wrapped(f"Marked copy: {marked.path} ({count(marked.cells, 'cell')} coloured).", 2))
    if marked.lost:
        click.echo(_wrapped(f"Not in the copy, since it cannot be kept: {', '.join(marked.lost)}.", 2))
    for remark in marked.remarks:
        click.echo(_wrapped(f"In the copy, {remark}.", 2))


def show_findings(findings: Sequence[Row]) -> None:
    """What the doctor has found."""
    verdicts = {True: "ok", False: "FAULT", None: ""}
    show_table(("What", "Found", ""), [(f["name"], f["found"], verdicts[f["ok"]]) for f in findings])
    faults = sum(finding["ok"] is False for finding in findings)
    click.echo("All is well." if not faults else f"{count(faults, 'fault')} found.")


def show_bankability(rows: Sequence[Row]) -> None:
    """Print what lenders make of each project."""
    columns = {
        "project": "Project",
        "decision_year": "Decided",
        "gap_musd": "Gap (MUSD)",
        "break_even_usd_per_kg": "Break-even (USD/kg)",
        "bank_price_usd_per_kg": "Lenders' price (USD/kg)",
        "margin_share": "Margin",
        "dearer_gap_musd": "Gap at cost +10%",
        "cheaper_gap_musd": "Gap at price -10%",
        "least_floor": "Least floor",
        "least_floor_usd_per_kg": "Floor (USD/kg)",
        "closed_by": "Verdict",
    }
    shown = [row | {"margin_share": _percent(row["margin_share"])} for row in rows]
    show_table(list(columns.values()), [[row[name] for name in columns] for row in shown])


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def show_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], err: bool = False) -> None:
    """A table where it fits, one fact a line where it does not, `a | b | c` where nobody looks."""
    texts = [[_cell(value) for value in row] for row in rows]
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        for row in [headings, *texts]:
            click.echo(" | ".join(row), err=err)
    elif _narrowest(headings, texts) > (columns := shutil.get_terminal_size().columns):
        label = min(max(map(len, headings)) + 2, columns // 2)
        for row in texts:
            for name, text in zip(headings, row, strict=True):
                if len(name) + 2 > label:  # a long heading has a line of its own
                    click.echo(_wrapped(name, 0), err=err)
                    name = ""
                click.echo(_wrapped(name.ljust(label) + text, label), err=err)
            click.echo(err=err)
    else:
        _rich_table(headings, rows, texts, err)


def _rich_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], texts: list[list[str]], err: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for j, name in enumerate(headings):
        numbers = any(isinstance(row[j], int | float) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in texts:
        table.add_row(*(Text(text) for text in row))
    Console(stderr=err, highlight=False).print(table)


def _cell(value: Cell) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else "" if value is None else one_line(value)


def _narrowest(headings: Sequence[str], texts: Sequence[Sequence[str]]) -> int:
    """Width at which no word has to be broken (a long one may)."""
    columns = zip(headings, *texts, strict=True)
    return sum(min(max(len(w) for text in column for w in text.split() or [""]), 16) + 2 for column in columns)


def echo_wrapped(text: str) -> None:
    """A sentence, its further lines indented."""
    click.echo(_wrapped(one_line(text), 2))


def _wrapped(text: str, indent: int) -> str:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    return textwrap.fill(text, max(width - 1, indent + 20), subsequent_indent=" " * indent, break_on_hyphens=False)
