"""Tasks that can be sent away, and what comes back: a value or a failure in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lodestone.errors import LodestoneError, NoPlanError, StoppedError, UsageError, WorkbookError, in_words
from lodestone.progress import Progress, ShouldStop

TELL_EVERY_S = 0.5
LONGEST_MESSAGE = 2000  # characters
NOT_BEGUN = "stopped before it was begun"

News = Any  # what a task tells on its way: each kind of task its own
Value = Any  # what comes of a task
Tell = Callable[[News], None]
OnNews = Callable[[int, News], None]  # place of the task, what it tells, or in the end its value or Failure
OnLabel = Callable[[str, News], None]  # label of the task, what it tells, or in the end its Failure, None for a value


class Task(Protocol):
    """What can be sent to a worker: pickled, run there, and finished there or here."""

    @property
    def label(self) -> str:
        """What it is called where progress is shown."""

    def run(self, tell: Tell, should_stop: ShouldStop) -> Value:
        """Do the work; raises LodestoneError. tell: news on the way."""

    def finish(self, value: Value) -> Value:
        """What is done with the value of run on the machine of the user."""


@dataclass(frozen=True)
class Failure:
    """Why a task has no value, with the exit code it stands for."""

    exit_code: int
    message: str


def value_of(value: Value) -> Value:
    """The value of a task without which a study cannot go on.

    Raises NoPlanError, StoppedError or UsageError in the words of a Failure.
    """
    if isinstance(value, Failure):
        kinds = {error.exit_code: error for error in (NoPlanError, StoppedError)}
        raise kinds.get(value.exit_code, UsageError)(value.message)
    return value


class AsItIs:
    """A task with whose value nothing is done on the machine of the user."""

    def finish(self, value: Value) -> Value:
        return value


def by_label(tasks: Sequence[Task], on_label: OnLabel | None, told: tuple[type, ...] = (Progress,)) -> OnNews:
    """For run_tasks: pass on what tasks tell, under their labels. told: the types of news that are no value."""

    def hear(place: int, news: News) -> None:
        if on_label:
            on_label(tasks[place].label, news if isinstance(news, (*told, Failure)) else None)

    return hear


def attempt(work: Callable[[], Value]) -> Value:
    """The value of a piece of work, or what went wrong as a Failure: the line behind which no failure spreads."""
    try:
        return work()
    except WorkbookError as error:
        cells = "; ".join(f"{p.cell}: {p.wrong}" for p in error.problems[:3])
        return Failure(error.exit_code, f"{error}: {cells}"[:LONGEST_MESSAGE])
    except LodestoneError as error:
        return Failure(error.exit_code, str(error)[:LONGEST_MESSAGE])
    except OSError as error:  # a full disk
        return Failure(LodestoneError.exit_code, in_words(error)[:LONGEST_MESSAGE])
    except Exception as error:  # a mistake in the program spoils one task, not a night's study
        return unexpected(error)


def unexpected(error: Exception) -> Failure:
    """A mistake in the program in one line, with the place where it was made."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    message = f"a mistake in the program, please report it: {type(error).__name__}: {error}{place}"
    return Failure(StoppedError.exit_code, message[:LONGEST_MESSAGE])


def sparing(tell: Tell) -> Tell:
    """Progress comes ten times a second; passed on are a new stage, and twice a second the rest. Other news: always."""
    last_time, last_stage = 0.0, ""

    def told(news: News) -> None:
        nonlocal last_time, last_stage
        now = time.monotonic()
        if not isinstance(news, Progress) or news.stage != last_stage or now - last_time >= TELL_EVERY_S:
            last_time, last_stage = now, news.stage if isinstance(news, Progress) else ""
            tell(news)

    return told
