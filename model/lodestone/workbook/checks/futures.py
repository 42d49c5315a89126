"""How futures hang together: parents, threats, and what an emergency frees."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.data.times import Time, time_of
from lodestone.errors import Problem
from lodestone.names import advice, is_wild, wildcard
from lodestone.workbook.checks.rows import cell_of, problem_at
from lodestone.workbook.reading.cells import BLANK, show
from lodestone.workbook.scenarios.periods import shown
from lodestone.workbook.schema.sheets import ANY
from lodestone.workbook.tables import Record, Tables, lineage


def parents_in_a_ring(tables: Tables) -> Iterator[Problem]:
    """Scenarios each of which leaves the path of the next; told once, at the first."""
    told: set[str] = set()
    scenarios = tables.records["Scenarios"]
    for row in tables.rows("Scenarios"):
        line = lineage(scenarios, row.key[0])
        end = scenarios.get((line[-1],))
        if end is not None and end["parent"] == row.key[0] and not told.intersection(line):
            told.update(line)
            chain = " -> ".join((*line, row.key[0]))
            yield problem_at(
                row, "parent", f"these scenarios leave each other's paths: {chain}", "clear parent in one of them"
            )


def not_after_its_parent(tables: Tables) -> Iterator[Problem]:
    """A scenario leaves its parent's path after the parent has left the trunk, or they would be one and the same."""
    for row in tables.rows("Scenarios"):
        parent = tables.records["Scenarios"].get((row["parent"] or "",))
        if parent is None or parent is row:
            continue
        own, before = _shows(row), _shows(parent)
        if own is not None and before is not None and own <= before:
            name = parent.key[0]
            yield problem_at(
                row,
                "from_year",
                f"{row.key[0]} shows itself in {shown(own)}, and its parent {name} in {shown(before)}, not before it",
                f"enter a time after {shown(before)}, or clear parent",
            )


def _shows(row: Record) -> Time | None:
    return None if row["from_year"] is None else time_of(row["from_year"], row["from_month"] or 1)


def threat_not_allowed(tables: Tables) -> Iterator[Problem]:
    """A threat may come to any future, at a time of its own."""
    for row in tables.rows("Scenarios"):
        if not row["threat"]:
            continue
        if "from_year" in row.blank:
            yield Problem(
                cell_of(row, "from_year"), BLANK, "a threat needs a from_year", "enter the year in which it comes"
            )
        if row["parent"]:
            yield problem_at(
                row,
                "parent",
                "a threat comes to every future and has no parent",
                "clear parent, and write into Changes all that the threat changes; or set threat to no",
            )


def secure_against_nothing(tables: Tables) -> Iterator[Problem]:
    """A warning: there are fewer threats than the plan must stand."""
    asked, threats = tables.settings["secure_against"], sum(bool(row["threat"]) for row in tables.rows("Scenarios"))
    if asked > threats:
        yield Problem(
            tables.setting_cells.get("secure_against", "Settings"),
            show(asked),
            f"the plan must stand {asked} at once, and there {'is' if threats == 1 else 'are'} "
            f"{threats or 'no'} threat{'' if threats == 1 else 's'}",
            "set threat to yes for the scenarios that it must stand, or lower secure_against",
        )


def freed_stockpile_unknown(tables: Tables) -> Iterator[Problem]:
    """An emergency frees a stockpile that is not there."""
    piles = [name for (name,) in tables.records["Stockpiles"]]
    for row in tables.rows("Scenarios"):
        for part in (part.strip() for part in (row["emergency_stockpiles"] or ANY).split(",")):
            if part and part != ANY and not any(wildcard(part).fullmatch(pile) for pile in piles):
                wrong = f"no stockpile {'matches' if is_wild(part) else 'has the name'} {part}"
                yield problem_at(row, "emergency_stockpiles", wrong, advice(part, piles, "enter * or some of"))
