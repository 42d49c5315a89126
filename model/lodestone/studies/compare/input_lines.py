"""Inputs that differ, as people read them: the years that follow from one typed cell are one line.

A cell under a year heading fills the years up to the next heading, so that one typed figure makes many years differ.
Years of a row that follow each other are therefore one line, told by the years in which the values turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from lodestone.plan.formatting import year_ranges
from lodestone.plan.tables import Cell
from lodestone.studies.compare.results import InputDifference

MOST_TURNS = 4  # that a line tells; of more, the first and the last


@dataclass(frozen=True)
class InputLine:
    """One or more differences: of one cell, or of years of one row that follow each other."""

    differences: tuple[InputDifference, ...]

    @property
    def first(self) -> InputDifference:
        """The difference of its first year."""
        return self.differences[0]

    @property
    def years(self) -> list[int]:
        """The years that differ."""
        return [difference.year for difference in self.differences if difference.year is not None]

    @property
    def cell(self) -> str:
        """As --set names it, with a span of years: Demand/Home/motors/magnet/2027-2033."""
        if len(self.differences) == 1:
            return self.first.cell
        return "/".join((self.first.sheet, self.first.row, year_ranges(self.years)))

    @property
    def values(self) -> tuple[Cell, ...]:
        """Of each run: the value where it is one, else text, '2027: 10, 2030: 16, 2033: 12'."""
        return tuple(_told(self.years, column) for column in zip(*(d.values for d in self.differences), strict=True))


def input_lines(differences: Iterable[InputDifference]) -> list[InputLine]:
    """In the order in which the differences come."""
    lines: list[InputLine] = []
    for (_, _, year), group in groupby(differences, lambda d: (d.sheet, d.row, d.year is not None)):
        block: list[InputDifference] = []
        for difference in group:
            if block and not (year and difference.year == (block[-1].year or 0) + 1):
                lines.append(InputLine(tuple(block)))
                block = []
            block.append(difference)
        lines.append(InputLine(tuple(block)))
    return lines


def _told(years: Sequence[int], values: Sequence[Cell]) -> Cell:
    if all(_same(value, values[0]) for value in values):
        return values[0]
    turns = [n for n in range(len(values)) if n in (0, len(values) - 1) or not _goes_on(*values[n - 1 : n + 2])]
    if len(turns) > MOST_TURNS:
        return f"{_text(values[0])} in {years[0]}, ..., {_text(values[-1])} in {years[-1]}"
    return ", ".join(f"{years[n]}: {_text(values[n])}" for n in turns)


def _goes_on(before: Cell, value: Cell, after: Cell) -> bool:
    """Whether a value lies on the line between its neighbours."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in (before, value, after)):
        return math.isclose(value - before, after - value, rel_tol=1e-6, abs_tol=1e-9)
    return _same(before, value) and _same(value, after)


def _same(a: Cell, b: Cell) -> bool:
    return type(a) is type(b) and bool(a == b)


def _text(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "blank" if value is None else str(value)
