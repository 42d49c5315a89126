"""Arguments and options that several commands share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.source import Source

F = TypeVar("F", bound=Callable[..., object])


PATH = click.Path(path_type=Path)


def finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """For click: refuse nan and inf, which float() reads."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("must be a finite number")
    return value


def out_here(name: str, what: str) -> Callable[[F], F]:
    """--out of what is written where the command is called, under this name if no other is given."""
    return click.option("--out", type=PATH, default=name, show_default=True, help=f"{what} to write, or its folder.")


WORKBOOK = click.argument("workbook", type=PATH)
SCENARIO = click.option("--scenario", default="base", show_default=True, help="Scenario of the workbook to plan for.")
SET = click.option(
    "--set", "sets", multiple=True, metavar="SHEET/ROW/COLUMN=VALUE", help="Change a cell for this call; repeatable."
)
JOBS = click.option("--jobs", type=click.IntRange(min=1), help="Solves at a time. [default: one per core]")
SCHEDULER = click.option("--scheduler", metavar="ADDRESS", help="Solve on this Dask cluster, e.g. tcp://host:8786.")
GAP = click.option(
    "--gap", type=click.FloatRange(0, 1), callback=finite, help="Stop at this share of the best possible cost."
)
TIME_LIMIT = click.option(
    "--time-limit", type=click.FloatRange(0, min_open=True), callback=finite, help="Stop after so many seconds."
)
OUT_OF_STUDY = click.option("--out", type=PATH, help="Workbook to write, or its folder. [default: in outputs/WORKBOOK]")
WORKBOOK_OF_RUN = click.option(
    "--workbook", type=PATH, help="Where the workbook of the run stands now. [default: where it was]"
)
QUIET = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


@dataclass(frozen=True)
class StudyOptions:
    """What every study of many solves is asked: where its files go, how far and where it solves, and changed cells."""

    out: Path | None
    gap: float | None
    time_limit: float | None
    sets: tuple[str, ...]
    jobs: int | None
    scheduler: str | None

    def source(self, workbook: Path, scenario: str) -> Source:
        """The workbook as the study carries it to its tasks. Raises UsageError when it cannot be read."""
        from lodestone.solve.effort import Effort
        from lodestone.studies.parallel.source import Source

        return Source.read(workbook, scenario, self.sets, Effort(self.gap, self.time_limit))

    @property
    def where(self) -> Where:
        """Where the study solves."""
        from lodestone.studies.parallel.solves import Where

        return Where(self.jobs, self.scheduler)


def study_options(command: Callable[..., object]) -> Callable[..., None]:
    """--out, --gap, --time-limit, --set, --jobs and --scheduler, passed to the command together as `asked`."""

    @functools.wraps(command)
    def together(**options: object) -> None:
        names = StudyOptions.__dataclass_fields__
        asked = StudyOptions(**{name: options.pop(name) for name in names})  # type: ignore[arg-type]
        command(asked=asked, **options)

    for option in (SCHEDULER, JOBS, SET, TIME_LIMIT, GAP, OUT_OF_STUDY):
        together = option(together)
    return together
