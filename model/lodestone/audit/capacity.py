"""Investments and the capacity that comes of them, and how much of it may be used.

(8) capacity of g in y = capacity x sum over decisions of ramp(age) x copies, age = y - decision - lead_years
(5) use <= capacity;  use <= spot_share x capacity + sum over contracts of taken / g[u,m]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books
from lodestone.audit.verdict import COPIES, MUSD, NAME, TONNES, Check, Rule, at_most, equal, holds, same
from lodestone.data.plan_data import PlanData, Project, time_of


def ramp(project: Project, age: int) -> float:
    """Share of capacity in the (age + 1)-th year of production, 0 outside its life."""
    if age < 0 or age >= project.life_years:
        return 0.0
    return min(1.0, (age + 1) / project.ramp_years)


def capacities(data: PlanData, books: Books) -> Amounts[tuple[str, int]]:
    """(8) t/yr by unit and year."""
    result: Amounts[tuple[str, int]] = Amounts()
    for plant in data.plants.values():
        for year in data.years:
            result[plant.name, year] = plant.capacity[time_of(year)]
    for (name, decision), copies in books.built.items():
        project = data.projects[name]
        for year in data.years:
            age = year - decision - project.lead_years
            result.add((name, year), project.capacity * ramp(project, age) * copies)
    return result


def decisions(data: PlanData, books: Books) -> Iterator[Check]:
    for (name, year), copies in books.built.items():
        project, where = data.projects[name], f"{name} {year}"
        window = f"a decision from {project.earliest_year} to {project.latest_year}"
        yield holds(where, project.earliest_year <= year <= project.latest_year, window, str(year))
        first = year + project.lead_years
        yield holds(where, first <= data.last_year, f"production by {data.last_year}", f"production from {first}")
        yield equal(where, "whole copies,", copies, round(copies), COPIES)
        yield holds(where, copies > 0.5, "at least one copy", f"{copies:g}")


def alternatives(data: PlanData, books: Books) -> Iterator[Check]:
    """max_builds, group and requires."""
    by_group: dict[str, list[str]] = defaultdict(list)
    for project in data.projects.values():
        copies = _copies(data, books, project.name, data.last_year)
        yield at_most(project.name, "copies", copies, project.max_builds, COPIES)
        if project.group is not None:
            by_group[project.group].append(project.name)
        if project.requires is not None:
            for year in data.years:
                allowed = project.max_builds * _copies(data, books, project.requires, year)
                copies = _copies(data, books, project.name, year)
                what = f"copies that need {project.requires},"
                yield at_most(f"{project.name} {year}", what, copies, allowed, COPIES)
    for group, members in by_group.items():
        copies = sum(_copies(data, books, name, data.last_year) for name in members)
        yield at_most(f"group {group}", "copies", copies, 1.0, COPIES)


def _copies(data: PlanData, books: Books, project: str, until: int) -> float:
    return sum(books.built[project, y] for y in range(data.first_year, until + 1))


def investments_table(data: PlanData, books: Books) -> Iterator[Check]:
    for row in books.rows("investments"):
        project, year, copies = data.projects[row["project"]], row["decision_year"], row["builds"]
        where = f"{project.name} {year}"
        yield same(where, "first year of production", row["first_year"], year + project.lead_years)
        yield same(where, "last year of life", row["last_year"], year + project.lead_years + project.life_years - 1)
        yield equal(where, "capacity", row["capacity_t_per_yr"], project.capacity * copies, TONNES)
        yield equal(where, "capex", row["capex_musd"], project.capex * copies, MUSD)
        support = [a.floor.name for a in books.awards if (a.project.name, a.year) == (project.name, year)]
        support += [s.contract.name for s in books.signings if (s.contract.supplier, s.year) == (project.name, year)]
        text = row["supported_by"] or ""
        yield holds(where, lists(text, support), f"supported_by {', '.join(support)!r}", repr(text))


def lists(text: str, names: list[str]) -> bool:
    """Whether a text is these names in any order, with commas."""
    return sorted(text.split(", ")) == sorted(", ".join(names).split(", "))  # a name may have a comma itself


def capacity_table(data: PlanData, books: Books) -> Iterator[Check]:
    """(8) as reported."""
    capacity = capacities(data, books)
    for row in books.rows("plants"):
        unit, year = row["unit"], row["year"]
        yield equal(f"{unit} {year}", "capacity", row["capacity_t"], capacity[unit, year], TONNES)


def use(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), first line."""
    capacity = capacities(data, books)
    for unit in data.units:
        for year in data.years:
            yield at_most(f"{unit} {year}", "use of capacity", books.use(unit, year), capacity[unit, year], TONNES)


def access(data: PlanData, books: Books) -> Iterator[Check]:
    """(5), second line: without a contract only spot_share of capacity can be used."""
    capacity = capacities(data, books)
    under_contract: Amounts[tuple[str, int]] = Amounts()  # in t of capacity used
    for signing in books.signings:
        unit = data.units.get(signing.contract.supplier)
        if unit:
            for year in data.years:
                taken = books.taken[(*signing.key, year)]
                under_contract.add((unit.name, year), taken / unit.recipe[signing.contract.material])
    for unit in data.units.values():
        if isinstance(unit, Project) and unit.public:
            continue
        for year in data.years:
            open_to_us = unit.spot_share * capacity[unit.name, year] + under_contract[unit.name, year]
            found = books.use(unit.name, year)
            yield at_most(f"{unit.name} {year}", "use, spot and contracts,", found, open_to_us, TONNES)


CAPACITY: tuple[Rule[Books], ...] = (
    Rule("decisions", "Investments are decided in their window and whole, and produce in time.", NAME, decisions),
    Rule("alternatives", "Copies, groups and required projects are respected.", COPIES, alternatives),
    Rule("investments", "Years, capacity, capex and support of each investment are right.", MUSD, investments_table),
    Rule("(8) capacity", "Capacity follows from decision, lead time, ramp and life.", TONNES, capacity_table),
    Rule("(5) capacity", "No unit works above its capacity.", TONNES, use),
    Rule("(5) access", "Capacity that is not on the spot market is used under contract only.", TONNES, access),
)
