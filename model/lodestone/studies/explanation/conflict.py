"""The smallest conflict: rules that cannot hold together, none of which can be left out.

Where the relaxation (projects built in part) is infeasible already: HiGHS's irreducible infeasible subsystem, sought
among the rows that prove it. Otherwise the integers are to blame, and rules are left out one after another, many at a
time first, as long as the rest has no plan: what stays is a conflict of cells, given recipes, lead times and flows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestone.plan.formatting import year_ranges
from lodestone.progress import ShouldStop
from lodestone.solver.elastic_model import FEASIBLE, INFEASIBLE
from lodestone.studies.explanation.adjustable_cells import SMALLEST
from lodestone.studies.explanation.elastic_rows import Giving
from lodestone.studies.explanation.results import INTEGERS, NOT_FOUND, RELAXATION, Rule
from lodestone.studies.explanation.row_words import bound_in_words, row_in_words
from lodestone.studies.explanation.rule_text import Said, Speaker

ONE_S = 20.0  # to decide whether some of the rules leave a plan


@dataclass(frozen=True)
class Found:
    """Rules that cannot hold together. kind: how this is known; smallest: none of them can be left out."""

    rules: tuple[Rule, ...] = ()
    kind: str = NOT_FOUND
    smallest: bool = False


def find_conflict(giving: Giving, time_limit: float, should_stop: ShouldStop | None) -> Found:
    """The conflict in words; what could not be found in time is left out."""
    ends = time.monotonic() + time_limit
    solver = giving.solver
    giving.release(giving.knobs)
    solver.minimise(giving.weights())
    solver.relax(True)
    decided = solver.decide(time_limit, should_stop)
    needs_change = decided == FEASIBLE and solver.objective > SMALLEST
    rows = solver.proof() if needs_change else []
    solver.relax(False)
    if decided == INFEASIBLE or needs_change:
        giving.release(())
        conflict = solver.smallest_conflict(rows, ends - time.monotonic())
        if conflict is None:
            return Found()
        speaker = Speaker(giving)
        said = [row_in_words(speaker, row) for row in conflict.rows]
        said += [words for column in conflict.columns if (words := bound_in_words(speaker, column))]
        return Found(merged(said), RELAXATION, conflict.smallest)
    return _whole_conflict(giving, ends, should_stop) if decided == FEASIBLE else Found()


def _whole_conflict(giving: Giving, ends: float, should_stop: ShouldStop | None) -> Found:
    """Leave out rules as long as there is no plan: halves first, then one by one."""
    solver = giving.solver
    solver.minimise({})

    def impossible(cells: Iterable[str]) -> bool | None:
        giving.release(giving.knobs.keys() - set(cells))
        decided = solver.decide(min(ONE_S, ends - time.monotonic()), should_stop)
        return {FEASIBLE: False, INFEASIBLE: True}.get(decided)

    kept = list(giving.knobs)
    if not impossible(kept):
        return Found()
    sure = True
    size = max(1, len(kept) // 2)
    while True:
        place = 0
        while place < len(kept):
            rest = kept[:place] + kept[place + size :]
            verdict = impossible(rest)
            if verdict:
                kept = rest
                continue
            sure = sure and (verdict is not None or size > 1)
            place += size
        if size == 1:
            break
        size = max(1, size // 2)
    speaker = Speaker(giving)
    said: list[Said] = []
    for cell in kept:
        knob = giving.knobs[cell]
        said += [row_in_words(speaker, row) for row in knob.terms]
        said += [words for column in knob.windows if (words := bound_in_words(speaker, column))]
    return Found(merged(said), INTEGERS, sure)


def merged(said: Sequence[Said]) -> tuple[Rule, ...]:
    """One line for what holds in several years; rules before logic."""
    years: dict[tuple[str, str, bool], set[int]] = {}
    for one in said:
        years.setdefault((one.cell, one.text, one.rule), set()).update(() if one.year is None else (one.year,))
    lines = [
        Rule(cell, text.replace("{years}", year_ranges(of)), "rule" if rule else "logic")
        for (cell, text, rule), of in years.items()
    ]
    return tuple(sorted(lines, key=lambda line: line.kind != "rule"))
