"""What it takes to say a rule in words: its data, its cell, its year."""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.data.plan_data import PlanData, Time
from lodestone.data.tree import Tree
from lodestone.plan.key_figures import Key
from lodestone.solver.matrix import Pyomo
from lodestone.studies.explanation.elastic_rows import Giving


@dataclass(frozen=True)
class Said:
    """A rule in words. text holds {years}; rule: it limits or asks for something, and is not the logic of the model."""

    cell: str
    text: str
    year: int | None
    rule: bool = True


class Speaker:
    """What the words need to know: data by node, and cells."""

    def __init__(self, giving: Giving) -> None:
        self.places = giving.places
        self.tree: Tree = giving.plain
        self.giving = giving

    def data(self, n: int) -> PlanData:
        return self.tree.data[n]

    def year(self, n: int) -> int:
        return self.tree.year[n]

    def time(self, n: int) -> Time:
        return self.tree.time[n]

    def cell(self, n: int, sheet: str, key: tuple[str, ...], column: str | int | None = None) -> str:
        return self.places.name(self.future(n), sheet, key, column)

    def future(self, n: int) -> str:
        """Whose cells a node has: of a branch of threats, those of its future."""
        return self.data(self.tree.twin.get(n, n)).scenario.name

    def say(
        self, n: int, sheet: str, key: tuple[str, ...], column: str | int | None, text: str, rule: bool = True
    ) -> Said:
        future = self.data(n).scenario.name if len(self.tree.leaves) > 1 else ""
        told = f"{text} [{future}]" if future else text
        return Said(self.cell(n, sheet, key, column), told, self.year(n), rule)

    def logic(self, n: int, sheet: str, key: tuple[str, ...], text: str) -> Said:
        return self.say(n, sheet, key, None, text, rule=False)


def component(part: Pyomo) -> str:
    return str(part.parent_component().name)


def index_of(part: Pyomo) -> Key:
    index = part.index()
    return index if isinstance(index, tuple) else (index,)
