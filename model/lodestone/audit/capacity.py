"""Investments and the capacity that comes of them, and how much of it may be used.

(8) capacity of g in y = capacity x sum over decisions of ramp(age) x copies, age = y - decision - lead_years - delay
(5) use <= w x capacity;  use <= spot_share x w x capacity + sum over contracts of taken / g[u,m]

What is committed counts as built. A build comes late by the delay in force when it was planned to begin production.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, once, time_in, when
from lodestone.audit.projects import ramp, starts
from lodestone.audit.verdict import COPIES, MUSD, NAME, TONNES, Check, Rule, at_most, equal, holds, same
from lodestone.data.plan_data import PlanData, Project, Time, year_of


@once
def capacities(data: PlanData, books: Books) -> Amounts[tuple[str, Time]]:
    """(8) t/yr by unit and time."""
    result: Amounts[tuple[str, Time]] = Amounts()
    for plant in data.plants.values():
        for time in data.times:
            result[plant.name, time] = plant.capacity[time]
    for (name, decision), copies in books.built.items():
        project = data.projects[name]
        first = starts(project, decision)
        for time in data.times:
            result.add((name, time), project.capacity * ramp(project, year_of(time) - first) * copies)
    return result


def decisions(data: PlanData, books: Books) -> Iterator[Check]:
    """Builds are whole, in their window, and in production by the last year."""
    for (name, year), copies in books.decided.items():
        project, where = data.projects[name], f"{name} {year}"
        window = f"a decision from {project.earliest_year} to {project.latest_year}"
        yield holds(where, project.earliest_year <= year <= project.latest_year, window, str(year))
        first = year + project.lead_years
        yield holds(where, first <= data.last_year, f"production by {data.last_year}", f"production from {first}")
        yield equal(where, "whole copies,", copies, round(copies), COPIES)
        yield holds(where, copies > 0.5, "at least one copy", f"{copies:g}")


def alternatives(data: PlanData, books: Books) -> Iterator[Check]:
    """max_builds, group and requires. What is committed takes up its places, and asks for nothing that it requires."""
    by_group: dict[str, list[str]] = defaultdict(list)
    for project in data.projects.values():
        copies = _copies(books.built, project.name, data.last_year)
        yield at_most(project.name, "copies", copies, project.max_builds, COPIES)
        if project.group is not None:
            by_group[project.group].append(project.name)
        if project.requires is not None:
            for year in data.years:
                allowed = project.max_builds * _copies(books.built, project.requires, year)
                copies = _copies(books.decided, project.name, year)
                what = f"copies that need {project.requires},"
                yield at_most(f"{project.name} {year}", what, copies, allowed, COPIES)
    for group, members in by_group.items():
        copies = sum(_copies(books.built, name, data.last_year) for name in members)
        yield at_most(f"group {group}", "copies", copies, 1.0, COPIES)


def _copies(built: Amounts[tuple[str, int]], project: str, until: int) -> float:
    return sum(copies for (name, year), copies in built.items() if name == project and year <= until)


def investments_table(data: PlanData, books: Books) -> Iterator[Check]:
    """What the table says of each build follows from its project and year of decision."""
    for row in books.rows("investments"):
        project, year, copies = data.projects[row["project"]], row["decision_year"], row["builds"]
        where = f"{project.name} {year}"
        yield same(where, "first year of production", row["first_year"], year + project.lead_years)
        yield same(where, "last year of life", row["last_year"], year + project.lead_years + project.life_years - 1)
        yield equal(where, "capacity", row["capacity_t_per_yr"], project.capacity * copies, TONNES)
        yield equal(where, "capex", row["capex_musd"], project.capex * copies, MUSD)
        support = [a.floor.name for a in books.chosen_awards if (a.unit.name, a.year) == (project.name, year)]
        support += [
            s.contract.name for s in books.chosen_signings if (s.contract.supplier, s.year) == (project.name, year)
        ]
        text = row["supported_by"] or ""
        yield holds(where, lists(text, support), f"supported_by {', '.join(support)!r}", repr(text))


def lists(text: str, names: list[str]) -> bool:
    """Whether a text is these names in any order, with commas."""
    return sorted(text.split(", ")) == sorted(", ".join(names).split(", "))  # a name may have a comma itself


def capacity_table(data: PlanData, books: Books) -> Iterator[Check]:
    """(8) as reported."""
    capacity = capacities(data, books)
    for row in books.rows("plants"):
        unit, time = row["unit"], time_in(row)
        there = books.length[time] * capacity[unit, time]
        yield equal(f"{unit} {when(data, time)}", "capacity", row["capacity_t"], there, TONNES)


def use(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), first line."""
    capacity = capacities(data, books)
    for unit in data.units:
        for time in data.times:
            there = books.length[time] * capacity[unit, time]
            yield at_most(f"{unit} {when(data, time)}", "use of capacity", books.use(unit, time), there, TONNES)


def access(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), second line: without a contract only spot_share of capacity can be used."""
    capacity = capacities(data, books)
    under_contract: Amounts[tuple[str, Time]] = Amounts()  # in t of capacity used
    for signing in books.signings:
        unit = data.units.get(signing.contract.supplier)
        if unit:
            for time in data.times:
                taken = books.taken[(*signing.key, time)]
                under_contract.add((unit.name, time), taken / unit.recipe[signing.contract.material])
    for unit in data.units.values():
        if isinstance(unit, Project) and unit.public:
            continue
        for time in data.times:
            spot = unit.spot_share * books.length[time] * capacity[unit.name, time]
            open_to_us, found = spot + under_contract[unit.name, time], books.use(unit.name, time)
            where = f"{unit.name} {when(data, time)}"
            yield at_most(where, "use, spot and contracts,", found, open_to_us, TONNES)


CAPACITY: tuple[Rule[Books], ...] = (
    Rule("decisions", "Investments are decided in their window and whole, and produce in time.", NAME, decisions),
    Rule("alternatives", "Copies, groups and required projects are respected.", COPIES, alternatives),
    Rule("investments", "Years, capacity, capex and support of each investment are right.", MUSD, investments_table),
    Rule("(8) capacity", "Capacity follows from decision, lead time, ramp and life.", TONNES, capacity_table),
    Rule("(5) capacity", "No unit works above its capacity.", TONNES, use),
    Rule("(5) access", "Capacity that is not on the spot market is used under contract only.", TONNES, access),
)
