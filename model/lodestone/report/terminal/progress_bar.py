"""A bar that moves while something is solved in Python: on a terminal or in a notebook, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lodestone.plan.formatting import finite, share
from lodestone.progress import OnProgress, Progress

Show = Callable[[str, float | None], None]  # what is done now, and which part of all that is


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Show]:
    """Shows what it is told; nothing where nobody looks, as in a file or a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    console = Console()
    if not console.is_jupyter:
        console = Console(stderr=True)
    seen = shown and (console.is_jupyter or console.is_terminal)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with RichProgress(*columns, console=console, transient=True, disable=not seen) as bar:
        task = bar.add_task("", total=None)

        def show(text: str, part: float | None) -> None:
            bar.update(task, description=text, total=None if part is None else 1.0, completed=part or 0.0)

        yield show


def telling(show: Show) -> OnProgress:
    """Progress of a solve in a line: stage, best cost, bound and gap."""

    def tell(progress: Progress) -> None:
        parts = [progress.stage]
        for name, value in (("best", finite(progress.best)), ("bound", finite(progress.bound))):
            if value is not None:
                parts.append(f"{name} {value:,.1f}")
        if (gap := finite(progress.gap)) is not None:
            parts.append(f"gap {share(gap)}")
        show("  ".join(parts), None)

    return tell
