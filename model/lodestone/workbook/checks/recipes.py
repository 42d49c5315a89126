"""Recipes that feed each other (workbook/checks/cycles.py does the reckoning)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.checks.cycles import Step, gaining, rings, sustained
from lodestone.workbook.checks.rows import cell_of_process, recipes_of
from lodestone.workbook.tables import Tables


def processes_sustain_themselves(tables: Tables) -> Iterator[Problem]:
    """[cheat] Processes that feed each other and lose next to nothing on the way would go round for ever."""
    names = sustained(_process_steps(tables))
    if names:
        yield Problem(
            cell_of_process(tables, names[0]),
            listed(names),
            "these processes feed each other round and round, and lose too little on the way",
            "check the signs and sizes of t_per_t: each step of a round has to lose more than 10 % of what it takes in",
        )


def returns_gain(tables: Tables) -> Iterator[Problem]:
    """[cheat] Processes and Returns that bring back more than went in would make material from nothing."""
    steps = [*_process_steps(tables), *_return_steps(tables)]
    names = gaining(steps)
    if names and not sustained(_process_steps(tables)):
        recipes = recipes_of(tables)
        processes = [name for name in names if name in recipes]
        cell = cell_of_process(tables, processes[0]) if processes else "Returns"
        yield Problem(
            cell,
            listed(names),
            "going round through these, more material comes back than went in",
            "check t_per_t of the recipes and of Returns",
        )


def recipes_on_a_ring(tables: Tables) -> Iterator[Problem]:
    """Allowed, but material that goes round counts each time in the base of the China share of intake."""
    for names in rings(_process_steps(tables)):
        yield Problem(
            cell_of_process(tables, names[0]),
            listed(names),
            "these processes feed each other in a ring",
            "make sure that this is meant: material that goes round counts as consumed in every round",
        )


def _process_steps(tables: Tables) -> list[Step]:
    """Processes with inputs."""
    steps = [
        Step(process, {m: -g for m, g in recipe.items() if g < 0}, {m: g for m, g in recipe.items() if g > 0})
        for process, recipe in recipes_of(tables).items()
    ]
    return [step for step in steps if step.takes]


def _return_steps(tables: Tables) -> list[Step]:
    """One for each sector and material, with all its scraps."""
    scraps: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in tables.rows("Returns"):
        if row["t_per_t"]:
            scraps[row["sector"], row["material"]][row["scrap"]] = row["t_per_t"]
    return [
        Step(f"Returns of {material} from {sector}", {material: 1.0}, made)
        for (sector, material), made in scraps.items()
    ]
