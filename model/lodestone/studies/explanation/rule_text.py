"""What it takes to say a rule in words: its data, its cell, its year."""

from __future__ import annotations

from collections.abc import Callable
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
        """The data of the future that a node belongs to."""
        return self.tree.data[n]

    def year(self, n: int) -> int:
        return self.tree.year[n]

    def time(self, n: int) -> Time:
        return self.tree.time[n]

    def cell(self, n: int, sheet: str, key: tuple[str, ...], column: str | int | None = None) -> str:
        """Where a figure stands; without a column, where the row is named."""
        return self.places.name(self.future(n), sheet, key, column)

    def future(self, n: int) -> str:
        """Whose cells a node has: of a branch of threats, those of its future."""
        return self.data(self.tree.twin.get(n, n)).scenario.name

    def sheet_of(self, n: int, supplier: str) -> str:
        """The sheet of a plant, project or market; their names are unique together."""
        data = self.data(n)
        return "Plants" if supplier in data.plants else "Projects" if supplier in data.projects else "Markets"

    def say(
        self, n: int, sheet: str, key: tuple[str, ...], column: str | int | None, text: str, rule: bool = True
    ) -> Said:
        """A text about a row of a sheet; with several futures it names its own."""
        future = self.data(n).scenario.name if len(self.tree.leaves) > 1 else ""
        told = f"{text} [{future}]" if future else text
        return Said(self.cell(n, sheet, key, column), told, self.year(n), rule)

    def logic(self, n: int, sheet: str, key: tuple[str, ...], text: str) -> Said:
        """A text about what holds of itself, and that no cell could change."""
        return self.say(n, sheet, key, None, text, rule=False)


def component(part: Pyomo) -> str:
    """The name of the part of the model that a row or variable is of."""
    return str(part.parent_component().name)


def index_of(part: Pyomo) -> Key:
    """The index of a row or variable, always as a tuple."""
    index = part.index()
    return index if isinstance(index, tuple) else (index,)


Words = Callable[..., Said]  # of a speaker and the index of a row


def holds(sheet: str, text: str, name: int = 0) -> Words:
    """What holds of itself. text: of the index, {0} its first name; name: which of them names the row of the sheet."""

    def words(w: Speaker, n: int, *index: int | str) -> Said:
        return w.logic(n, sheet, (str(index[name]),), f"{text.format(*index)} ({{years}})")

    return words


def asks(sheet: str, column: str, text: str, figure: Callable[[PlanData, str], str] | None = None) -> Words:
    """What a column asks for. text: of the name of the row, {0}, and of its figure, {1}."""

    def words(w: Speaker, n: int, name: str, *_: object) -> Said:
        told = text.format(name, figure(w.data(n), name) if figure else "")
        return w.say(n, sheet, (name,), column, told)

    return words


def always(words: Words) -> Words:
    """Of what is asked for once and for all, not in a year."""
    return lambda w, n, *index: timeless(words(w, n, *index))


def timeless(said: Said) -> Said:
    """The same without a year."""
    return Said(said.cell, said.text, None, said.rule)
