"""A sweep: the grid of any inputs, each point solved by itself, the results as one tidy table.

An input is named as with --set: Settings/discount_rate=0.03,0.05,0.08. Every point is the workbook with one value of
each; a point without a plan is a row that says why.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

from lodestone.errors import Problem, UsageError, WorkbookError
from lodestone.names import readable
from lodestone.progress import ShouldStop
from lodestone.studies.parallel.solves import HERE, Done, Job, OnJob, Where, solve_many
from lodestone.studies.parallel.source import Source
from lodestone.studies.sweep.results import TABLES, GridPoint, Sweep, Varied, figures_of

SCENARIO = "scenario"
MOST_POINTS = 10_000
POINT = "a comma separates values; the decimal sign is a point"
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
        if any(re.fullmatch("[+-]?(0|[1-9][0-9]*),0[0-9]+", ",".join(pair)) for pair in pairwise(values)):
            raise UsageError(f"--vary {text}: this was read as {_listed(values)}; {POINT}")
        if path in [v.path for v in varied]:
            raise UsageError(f"--vary {text}: {path} is varied twice; give all its values at once")
        varied.append(Varied(path, tuple(dict.fromkeys(values))))
    if not varied:
        raise UsageError(f"a sweep needs something to vary: --vary, {FORM}")
    size = math.prod(len(v.values) for v in varied)
    if size > MOST_POINTS:
        raise UsageError(f"the grid has {size:,} points; give fewer values (at most {MOST_POINTS:,} points)")
    return tuple(varied)


def what_was_read(varied: Sequence[Varied]) -> list[str]:
    """The values of each input in words, and a doubt where they may be the two halves of one number."""
    lines = []
    for one in varied:
        values = f"{len(one.values)} value{'s' if len(one.values) > 1 else ''}"
        halves = (
            all(map(str.isdecimal, one.values)) and len(one.values) == 2 and int(one.values[0]) > int(one.values[1])
        )
        doubt = f" (if {'.'.join(one.values)} was meant: {POINT})" if halves else ""
        lines.append(f"{one.path}: {values}, {_listed(one.values)}{doubt}")
    return lines


def _listed(values: Sequence[str]) -> str:
    """'0.03, 0.05 and 0.08'."""
    shown = [value or "blank" for value in values]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def sweep(
    source: Source,
    varied: Sequence[Varied],
    where: Where = HERE,
    on_job: OnJob | None = None,
    should_stop: ShouldStop | None = None,
) -> Sweep:
    """Solve every point of the grid, the last input varying fastest.

    Raises UsageError or WorkbookError when no point can be solved as asked.
    """
    _check(source, varied)
    grid = list(product(*(v.values for v in varied)))
    jobs = []
    for values in grid:
        given = dict(zip((v.path for v in varied), values, strict=True))
        planned = given.pop(SCENARIO, source.scenario)
        sets = (*source.sets, *(f"{path}={value}" for path, value in given.items()))
        point = replace(source, scenario=planned, sets=sets)
        jobs.append(Job.of(_label(varied, values), point, keep=TABLES))
    answers = solve_many(jobs, where, on_job, should_stop)
    points = tuple(_point(values, done) for values, done in zip(grid, answers, strict=True))
    return Sweep(readable(source.workbook), tuple(varied), source.sets, points)


def _check(source: Source, varied: Sequence[Varied]) -> None:
    """A name that is wrong in every point is said before any is solved; one bad value is a row."""
    for one in varied:
        if one.path == SCENARIO:
            inputs = source.unchecked(source.sets)
            for name in one.values:
                inputs.tables(name)
            continue
        refused: list[Problem] = []
        for value in one.values:
            text = f"{one.path}={value}"
            problems = source.unchecked([text]).problems
            refused = [p for p in problems if p.cell == f"--set {text}"]
            if not refused:
                break
        if refused:
            raise WorkbookError(refused)
    source.unchecked(source.sets).tables(source.scenario)


def _label(varied: Sequence[Varied], values: Sequence[str]) -> str:
    """Short, for the line that is shown: the last two parts of each path."""
    return ", ".join(f"{'/'.join(v.path.split('/')[-2:])}={x}" for v, x in zip(varied, values, strict=True))


def _point(values: tuple[str, ...], done: Done) -> GridPoint:
    if done.plan is None:
        return GridPoint(values, None, done.exit_code, done.message)
    return GridPoint(values, figures_of(done.plan))
