"""What is asked for in Python, as the rest of Lodestone has it: changes as --set, where to solve, who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lodestone.progress import OnProgress
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.tasks import News, OnLabel

Value = str | float | bool | None  # of a cell; None clears it


def sets_of(changes: Mapping[str, Value] | None) -> tuple[str, ...]:
    """As --set has them."""
    return tuple(f"{cell}={typed(value)}" for cell, value in (changes or {}).items())


def typed(value: Value) -> str:
    """A value as somebody would type it into its cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def where_of(processes: int | None, scheduler: str | None) -> Where:
    """Here, one after another, where neither is given."""
    from lodestone.studies.parallel.solves import IN_THIS_PROCESS, Where

    return IN_THIS_PROCESS if processes is None and scheduler is None else Where(processes, scheduler)


@contextmanager
def bar(shown: bool) -> Iterator[Callable[[str, float | None], None]]:
    """A bar to be told a text and the share that is done; nothing is shown unless asked for."""
    if not shown:
        yield lambda text, part: None
        return
    from lodestone.report.terminal.progress_bar import progress_bar

    with progress_bar() as show:
        yield show


@contextmanager
def told(progress: bool | OnProgress) -> Iterator[OnProgress | None]:
    """Who is told of the progress of a solve."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        from lodestone.report.terminal.progress_bar import telling

        with bar(True) as show:
            yield telling(show)


@contextmanager
def counted(shown: bool, number: int) -> Iterator[OnLabel]:
    """Counts what is done of a study of so many solves, as it is told of them."""
    from lodestone.progress import Progress

    done = 0
    with bar(shown) as show:

        def hear(label: str, news: News) -> None:
            nonlocal done
            done += not isinstance(news, Progress | tuple)
            show(f"{label}: {news.stage}" if isinstance(news, Progress) else label, min(1.0, done / number))

        yield hear
