"""Keeping open costs the fixed cost, used or not; what is closed stays closed.

For each plant and private project with a fixed cost, F is how much of it is kept open:

(25) a plant: F <= F before, 1 at first;   a project: F <= F before + builds that begin production, F <= builds in
     production;   use <= w x capacity (of a plant then; of one build) x F
     fixed cost: w x fixed cost x F, of a plant x its base capacity / the largest of its base capacities in the horizon

Where the plan does not say what is kept, it is the least that what is kept later allows.
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, once, time_in, when
from lodestone.audit.capacity import capacities
from lodestone.audit.projects import starts
from lodestone.audit.verdict import COPIES, MUSD, TONNES, Check, Rule, at_most, equal, same
from lodestone.data.plan_data import PlanData, Plant, Project, Time, Unit, year_of


def can_close(unit: Unit) -> bool:
    """Whether a unit has a fixed cost that closing saves."""
    if isinstance(unit, Project):
        return not unit.public and unit.fixed_cost > 0
    return isinstance(unit, Plant) and unit.fixed_cost > 0


@once
def kept_open(data: PlanData, books: Books) -> dict[tuple[str, Time], float]:
    """F of every unit that can close: 1 for all of a plant, builds of a project."""
    kept: dict[tuple[str, Time], float] = {}
    for unit in data.units.values():
        if can_close(unit):
            begun, needed = beginnings(data, books, unit), 0.0
            for time in reversed(data.times):
                kept[unit.name, time] = books.kept.get((unit.name, time), needed)
                needed = max(0.0, kept[unit.name, time] - begun[time])
    return kept


def beginnings(data: PlanData, books: Books, unit: Unit) -> Amounts[Time]:
    """Builds of a project that begin production at a time: where a year begins."""
    begun: Amounts[Time] = Amounts()
    if isinstance(unit, Project):
        year_begins = {year_of(time): time for time in reversed(data.times)}
        for (name, decision), copies in books.built.items():
            first = starts(unit, decision)
            if name == unit.name and first in year_begins:
                begun.add(year_begins[first], copies)
    return begun


def producing(books: Books, project: Project, year: int) -> float:
    """Builds in production."""
    return sum(
        copies
        for (name, decision), copies in books.built.items()
        if name == project.name and 0 <= year - starts(project, decision) < project.life_years
    )


@once
def fixed_costs(data: PlanData, books: Books) -> Amounts[tuple[str, Time]]:
    """MUSD in each period of what is kept open; none of public projects."""
    costs: Amounts[tuple[str, Time]] = Amounts()
    for (name, time), kept in kept_open(data, books).items():
        unit = data.units[name]
        if isinstance(unit, Project):
            costs[name, time] = books.length[time] * unit.fixed_cost * kept
        elif isinstance(unit, Plant):
            largest = max(unit.base_capacity[t] for t in data.times)
            share = unit.base_capacity[time] / largest if largest > 0 else 0.0
            costs[name, time] = books.length[time] * unit.fixed_cost * kept * share
    return costs


def closing(data: PlanData, books: Books) -> Iterator[Check]:
    """(25)"""
    capacity, kept = capacities(data, books), kept_open(data, books)
    for unit in data.units.values():
        if not can_close(unit):
            continue
        begun = beginnings(data, books, unit)
        for time in data.times:
            where, open_now, earlier = f"{unit.name} {when(data, time)}", kept[unit.name, time], books.before[time]
            if isinstance(unit, Project):
                there = producing(books, unit, year_of(time))
                yield at_most(where, "kept open of what produces,", open_now, there, COPIES)
                most = there if earlier is None else kept[unit.name, earlier] + begun[time]
                full = unit.capacity
            else:
                most = 1.0 if earlier is None else kept[unit.name, earlier]
                full = capacity[unit.name, time]
            yield at_most(where, "kept open", open_now, most, COPIES)
            used, room = books.use(unit.name, time), books.length[time] * full * open_now
            yield at_most(where, "use of what is kept open", used, room, TONNES, full)


def kept_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says what is kept open, and what that costs."""
    costs = fixed_costs(data, books)
    for row in books.rows("plants"):
        unit, time = data.units[row["unit"]], time_in(row)
        where = f"{unit.name} {when(data, time)}"
        if not can_close(unit):
            yield same(where, "kept open where it costs nothing", row["kept"], None)
        yield equal(where, "fixed cost", row["fixed_cost_musd"], costs[unit.name, time], MUSD)


CLOSING: tuple[Rule[Books], ...] = (
    Rule("(25) closing", "What is closed stays closed, and only what is kept open works.", TONNES, closing),
    Rule("(25) fixed cost", "What is kept open costs its fixed cost.", MUSD, kept_table),
)
