"""A sweep: the grid of any inputs, each point solved by itself, the results as one tidy table.

An input is named as with --set: Settings/discount_rate=0.03,0.05,0.08. Every point is the workbook with one value of
each; a point without a plan is a row that says why.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from lodestone.errors import Problem, UsageError, WorkbookError
from lodestone.progress import ShouldStop
from lodestone.runs.batch import Done, Job, OnJob, solve_many
from lodestone.studies.sweep.results import TABLES, GridPoint, Sweep, Varied, figures_of
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.inputs import load

SCENARIO = "scenario"
MOST_POINTS = 10_000
FORM = "write Sheet/key/column=value,value, e.g. Settings/discount_rate=0.03,0.05,0.08"


def parse_vary(texts: Sequence[str], scenarios: Sequence[str] = ()) -> tuple[Varied, ...]:
    """What is varied. A value that holds a comma stands in double quotes. Several scenarios are varied like a cell.

    Raises UsageError for what cannot be read, or a grid of too many points.
    """
    varied = [Varied(SCENARIO, tuple(dict.fromkeys(scenarios)))] if len(set(scenarios)) > 1 else []
    for text in texts:
        path, equals, listed = text.partition("=")
        path = "/".join(part.strip() for part in path.split("/"))
        values = [value.strip() for value in next(csv.reader([listed], skipinitialspace=True), [])]
        if not equals or "/" not in path or not values:
            raise UsageError(f"--vary {text}: this does not name a cell and its values; {FORM}")
        if path in [v.path for v in varied]:
            raise UsageError(f"--vary {text}: {path} is varied twice; give all its values at once")
        varied.append(Varied(path, tuple(dict.fromkeys(values))))
    if not varied:
        raise UsageError(f"a sweep needs something to vary: --vary, {FORM}")
    size = math.prod(len(v.values) for v in varied)
    if size > MOST_POINTS:
        raise UsageError(f"the grid has {size:,} points; give fewer values (at most {MOST_POINTS:,} points)")
    return tuple(varied)


def sweep(
    workbook: Path,
    varied: Sequence[Varied],
    scenario: str = "base",
    sets: Sequence[str] = (),
    gap: float | None = None,
    time_limit: float | None = None,
    processes: int | None = None,
    scheduler: str | None = None,
    on_job: OnJob | None = None,
    should_stop: ShouldStop | None = None,
) -> Sweep:
    """Solve every point of the grid, the last input varying fastest. gap, time_limit, processes, scheduler as in
    solve_many. Raises UsageError or WorkbookError when no point can be solved as asked."""
    content = read_bytes(workbook)
    _check(workbook, varied, scenario, sets)
    grid = list(product(*(v.values for v in varied)))
    jobs = []
    for values in grid:
        given = dict(zip((v.path for v in varied), values, strict=True))
        planned = given.pop(SCENARIO, scenario)
        changes = (*sets, *(f"{path}={value}" for path, value in given.items()))
        jobs.append(Job(_label(varied, values), workbook.name, content, planned, changes, gap, time_limit, keep=TABLES))
    answers = solve_many(jobs, processes, on_job, should_stop, scheduler)
    points = tuple(_point(values, done) for values, done in zip(grid, answers, strict=True))
    return Sweep(workbook.name, tuple(varied), tuple(sets), points)


def _check(workbook: Path, varied: Sequence[Varied], scenario: str, sets: Sequence[str]) -> None:
    """A name that is wrong in every point is said before any is solved; one bad value is a row."""
    for one in varied:
        if one.path == SCENARIO:
            inputs = load(workbook, sets)
            for name in one.values:
                inputs.tables(name)
            continue
        refused: list[Problem] = []
        for value in one.values:
            text = f"{one.path}={value}"
            problems = load(workbook, [text]).problems
            refused = [p for p in problems if p.cell == f"--set {text}"]
            if not refused:
                break
        if refused:
            raise WorkbookError(refused)
    load(workbook, sets).tables(scenario)


def _label(varied: Sequence[Varied], values: Sequence[str]) -> str:
    """Short, for the line that is shown: the last two parts of each path."""
    return ", ".join(f"{'/'.join(v.path.split('/')[-2:])}={x}" for v, x in zip(varied, values, strict=True))


def _point(values: tuple[str, ...], done: Done) -> GridPoint:
    if done.plan is None:
        return GridPoint(values, None, done.exit_code, done.message)
    return GridPoint(values, figures_of(done.plan))
