"""Solve tiny workbooks from end to end: dict of sheets -> read -> solve -> audited plan document.

book = home()                                             # nobody supplies yet: 100 t of oxide a year are short
add(book, "Markets", market="china", region="China", material="oxide")
add(book, "Lanes", from_region="China", to_region="Home", material="oxide", freight_usd_per_kg=1)
plan = solve(book)                                        # proved to 1e-9, audited
assert plan["objective_musd"] == close(100 * 61)          # t x USD/kg, in MUSD
assert t(plan, "flows", from_region="China") == 100
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.make import Book, packed

from lodestone.data.tree import single
from lodestone.errors import Problem
from lodestone.plan.plan import Plan
from lodestone.rules.tables import cost_totals, plan_tables
from lodestone.solve.all_futures import all_futures, solve_joint
from lodestone.solve.effort import Effort, Search
from lodestone.solve.one_scenario import Clock, scenario_data, solve_scenario, solve_tree
from lodestone.workbook.inputs import Inputs, load_bytes

FIRST = 2026
Values = float | Iterable[float | None] | Mapping[int, float | None]


def home(last: int = FIRST, demand: Values = 100, shortage: float = 1000, price: Values = 60, **settings: Any) -> Book:
    """China (of concern), Ally and Home; oxide at 60 USD/kg, of which industry at Home wants 100 t a year.

    Nothing supplies it, no lane leads anywhere, nothing is discounted.
    """
    book: Book = {"Settings": {"first_year": FIRST, "last_year": last, "discount_rate": 0} | settings}
    add(book, "Regions", region="China", of_concern="yes")
    add(book, "Regions", region="Ally")
    add(book, "Regions", region="Home")
    add(book, "Materials", material="oxide")
    add(book, "Prices", material="oxide", years=price)
    add(book, "Sectors", sector="industry", shortage_cost_usd_per_kg=shortage)
    add(book, "Demand", region="Home", sector="industry", material="oxide", years=demand)
    return book


def add(book: Book, sheet: str, /, years: Values | None = None, **cells: Any) -> None:
    """Append a row; headings grow as needed. years: one value for all years, one a year from the first, or a dict."""
    rows = book.setdefault(sheet, [[]])
    headings = rows[0]
    values: dict[Any, Any] = {**cells, **_by_year(years)}
    for heading in values:
        if heading not in headings:
            headings.append(heading)
    rows.append([values.get(heading) for heading in headings])


def recipe(book: Book, process: str, **materials: float) -> None:
    """Rows of Processes: t per t of capacity used, inputs negative."""
    for material, t_per_t in materials.items():
        add(book, "Processes", process=process, material=material, t_per_t=t_per_t)


def lane(
    book: Book, from_region: str, to_region: str, material: str = "oxide", freight: float = 0, **cells: Any
) -> None:
    add(
        book,
        "Lanes",
        from_region=from_region,
        to_region=to_region,
        material=material,
        freight_usd_per_kg=freight,
        **cells,
    )


def market(book: Book, name: str, region: str, material: str = "oxide", **cells: Any) -> None:
    add(book, "Markets", market=name, region=region, material=material, **cells)


def change(book: Book, scenario: str, sheet: str, row: str, value: Any, column: str = "years", **cells: Any) -> None:
    """A row of Changes; the scenario itself is added when it is new."""
    if scenario not in [row[0] for row in book.get("Scenarios", [[None]])]:
        add(book, "Scenarios", scenario=scenario)
    add(book, "Changes", scenario=scenario, sheet=sheet, row=row, column=column, value=value, **cells)


def _by_year(years: Values | None) -> dict[int, float | None]:
    if years is None:
        return {}
    if isinstance(years, Mapping):
        return dict(years)
    if isinstance(years, Iterable):
        return {FIRST + i: value for i, value in enumerate(years)}
    return {FIRST: years}


# --- solving --------------------------------------------------------------------------------------------------------


def read(book: Mapping[str, Any]) -> Inputs:
    """What the reader makes of the workbook, problems included."""
    return load_bytes(Path("book.xlsx"), packed(book))


def problems(book: Mapping[str, Any]) -> tuple[Problem, ...]:
    return read(book).problems


def solve(book: Mapping[str, Any], scenario: str = "base") -> dict[str, Any]:
    """The audited plan of a scenario as plan.json holds it, proved optimal to 1e-9."""
    return solved(book, scenario).document()


def solve_all(book: Mapping[str, Any], values: bool = True) -> dict[str, Any]:
    """The audited plan for all futures as plan.json holds it, proved optimal to 1e-9."""
    return solved_all(book, values).document()


def solved(book: Mapping[str, Any], scenario: str = "base") -> Plan:
    """The audited plan of a scenario, proved optimal to 1e-9."""
    return solve_scenario(read(book), scenario, effort=Effort(gap=1e-9))


def solved_all(book: Mapping[str, Any], values: bool = True) -> Plan:
    """The audited plan for all futures, proved optimal to 1e-9."""
    return solve_joint(read(book), effort=Effort(gap=1e-9), values=values)


def cost(book: Mapping[str, Any], scenario: str = "base") -> float:
    """The least cost, MUSD."""
    return float(solve(book, scenario)["objective_musd"])


def costs(book: Book, run: str = "base") -> float:
    """The least cost, MUSD; of all futures together for `joint`."""
    inputs = read(book)
    tree = all_futures(inputs)[1] if run == "joint" else single(scenario_data(inputs, run))
    solved = solve_tree(tree, Search(1e-9, 60), Clock(None))
    by_future = {
        leaf: sum(cost_totals(tree.along(leaf), plan_tables(solved.built.along(leaf))).values()) for leaf in tree.leaves
    }
    total = sum(tree.probability[leaf] * cost for leaf, cost in by_future.items())
    assert total == close(solved.outcome.objective)  # the breakdown adds up
    return total


# --- reading a plan -------------------------------------------------------------------------------------------------


def rows(plan: Plan | Mapping[str, Any], table: str, **keys: Any) -> list[dict[str, Any]]:
    """Rows of a table whose columns have the given values."""
    tables = plan.tables if isinstance(plan, Plan) else plan["tables"]
    return [row for row in tables[table] if all(row[column] == value for column, value in keys.items())]


def only(plan: Plan | Mapping[str, Any], table: str, **keys: Any) -> dict[str, Any]:
    """The one row of a table with the given values."""
    (row,) = rows(plan, table, **keys)
    return row


def total(plan: Plan | Mapping[str, Any], table: str, column: str, **keys: Any) -> float:
    return float(sum(row[column] for row in rows(plan, table, **keys)))


def spent(plan: Plan | Mapping[str, Any], term: str, **keys: Any) -> float:
    """A cost term, undiscounted MUSD."""
    return total(plan, "costs", "musd", term=term, **keys)


def built(plan: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(project, decision year) of every investment."""
    return [(row["project"], row["decision_year"]) for row in rows(plan, "investments")]


def kg(tonnes_times_usd_per_kg: float) -> Any:
    """t x USD/kg as MUSD, to compare with a cost of the plan."""
    return close(tonnes_times_usd_per_kg / 1000)


def close(value: float | Sequence[float]) -> Any:
    return pytest.approx(value, rel=1e-6, abs=1e-6)
