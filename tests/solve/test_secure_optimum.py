"""Adding branches one after another finds what the model with all of them finds, and what trying every build finds."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.make import Book
from tests.oracle.books import some_book
from tests.secure_books import prepared_home, reserve, secure_share, threat
from tests.solving import FIRST, add, close, lane, market, read, recipe

from lodestone.data.tree import single, with_branches
from lodestone.errors import NoPlanError
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_scenario, solve_tree
from lodestone.solve.secure import branches_of, threats_of


def least(book: Book, k: int) -> float | None:
    try:
        return float(solve_scenario(read(book), effort=Effort(1e-9, secure=k)).objective_musd)
    except NoPlanError:
        return None


def all_at_once(book: Book, k: int) -> float | None:
    """The least cost of the model with a branch for every combination."""
    inputs = read(book)
    data = scenario_data(inputs)
    tree = with_branches(single(data), branches_of(inputs, ["base"], threats_of(inputs), k))
    try:
        return solve_tree(tree, Effort(1e-9).search(data), Clock(None)).outcome.objective
    except NoPlanError:
        return None


@pytest.mark.parametrize("seed", range(8))
def test_branches_one_after_another_give_the_optimum_of_all_at_once(seed: int) -> None:
    pick = random.Random(seed).choice
    book = some_book(pick)
    secure_share(book, pick([0.3, 0.5, 0.7]))
    year = FIRST + 1
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=pick([FIRST, year]))
    threat(book, "less_ore", "Markets", "ally_ore", pick([0, 0.5]), from_year=year, operation="multiply")
    threat(book, "boom", "Demand", "Home/defence/oxide", pick([1.5, 2]), from_year=year, operation="multiply")
    costs = []
    for k in (0, 1, 2, 3):
        found = least(book, k)
        assert found == (None if (all_ := all_at_once(book, k)) is None else close(all_))
        costs.append(float("inf") if found is None else found)
    assert costs == sorted(costs) or np.allclose(costs, sorted(costs), atol=1e-6), "more threats cost no less"


# --- every build tried -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Suppliers (price, volume), plants that can be built (capex, capacity, operating cost), threats (supplier or
    plant that is lost, from which year): all of oxide at Home, 2026 to 2026 + years - 1."""

    years: int
    demand: tuple[float, ...]
    share: float
    shortage: float
    holding: float
    suppliers: tuple[tuple[float, float], ...]
    plants: tuple[tuple[float, float, float], ...]
    threats: tuple[tuple[str, int], ...]


def some_case(seed: int) -> Case:
    pick = random.Random(seed).choice
    years = pick([2, 3])
    return Case(
        years,
        tuple(pick([60, 100]) for _ in range(years)),
        pick([0.5, 0.8, 1.0]),
        pick([80, 300]),
        pick([1, 10]),
        ((40, pick([100, 200])), (pick([60, 90]), pick([30, 60]))),
        ((pick([1, 4]), pick([20, 50]), 30), (pick([2, 8]), 60, 50)),
        tuple((name, pick(range(years))) for name in ("s0", "s1", "p0")),
    )


def case_book(case: Case) -> Book:
    book = prepared_home(FIRST + case.years - 1, case.share, demand=case.demand, shortage=case.shortage)
    recipe(book, "dig", oxide=1)
    for i, (price, volume) in enumerate(case.suppliers):
        market(book, f"s{i}", "Ally", premium_share=price / 60 - 1, years=volume)
    lane(book, "Ally", "Home")
    for i, (capex, capacity, operating) in enumerate(case.plants):
        add(book, "Regions", region=f"mine_{i}")
        lane(book, f"mine_{i}", "Home")
        add(book, "Projects", project=f"p{i}", region=f"mine_{i}", process="dig", funding="public", capex_musd=capex,
            capacity_t_per_yr=capacity, operating_cost_usd_per_kg=operating, lead_years=1,
            life_years=10)  # fmt: skip
    reserve(book, case.holding)
    for name, year in case.threats:
        if name.startswith("s"):
            threat(book, f"no_{name}", "Markets", name, 0, from_year=FIRST + year)
        else:
            threat(book, f"no_{name}", "Lanes", f"mine_{name[1:]}/Home/*", 0, from_year=FIRST + year)
    return book


def brute_force(case: Case, k: int) -> float | None:
    """The least cost over every way to decide builds; what follows is a linear programme written here."""
    choices = itertools.product(*[[None, *range(case.years - 1)] for _ in case.plants])
    return min((cost for choice in choices if (cost := _with_builds(case, k, choice)) is not None), default=None)


def _with_builds(case: Case, k: int, built: tuple[int | None, ...]) -> float | None:
    """MUSD."""
    columns: list[float] = []
    upper: list[float] = []
    rows: list[dict[int, float]] = []
    limits: list[float] = []

    def new(cost: float, most: float = np.inf) -> int:
        columns.append(cost)
        upper.append(most)
        return len(columns) - 1

    def at_most(terms: dict[int, float], limit: float) -> None:
        rows.append(terms)
        limits.append(limit)

    def node(year: int, counts: float, before: int | None, lost: dict[str, int]) -> int:
        """Returns the column of the stock at its end."""
        supply = {
            new(counts * price / 1000, volume): 1.0
            for i, (price, volume) in enumerate(case.suppliers)
            if lost.get(f"s{i}", 99) > year
        }
        for i, (_, capacity, operating) in enumerate(case.plants):
            decided = built[i]
            if decided is not None and decided + 1 <= year and lost.get(f"p{i}", 99) > year:
                supply[new(counts * operating / 1000, capacity)] = 1.0
        stock, fill, release = new(counts * case.holding / 1000, 500), new(0), new(0)
        short = new(counts * case.shortage / 1000, case.demand[year] * (1 if counts else 1 - case.share))
        earlier = {} if before is None else {before: 1.0}
        served = {**supply, release: 1.0, fill: -1.0, short: 1.0}
        at_most({column: -c for column, c in served.items()}, -case.demand[year])
        for sign in (1.0, -1.0):
            change = {stock: sign, fill: -sign, release: sign}
            at_most({**change, **{column: -sign * c for column, c in earlier.items()}}, 0)
        at_most({release: 1.0, **{column: -c for column, c in earlier.items()}}, 0)
        return stock

    trunk: list[int] = []
    for year in range(case.years):
        trunk.append(node(year, 1.0, trunk[-1] if trunk else None, {}))
    for size in range(1, k + 1):
        for together in itertools.combinations(case.threats, size):
            first = min(year for _, year in together)
            before = trunk[first - 1] if first else None
            for year in range(first, case.years):
                before = node(year, 0.0, before, dict(together))
    fixed = 0.0
    for (capex, _, _), decided in zip(case.plants, built, strict=True):
        if decided is not None:  # credited at the end for the years of its ten that are left
            fixed += capex - capex * (10 - (case.years - 1 - decided)) / 10
    matrix = np.zeros((len(rows), len(columns)))
    for i, terms in enumerate(rows):
        for column, c in terms.items():
            matrix[i, column] = c
    found = linprog(columns, matrix, limits, bounds=[(0, u) for u in upper], method="highs")
    return None if found.status == 2 else float(found.fun) + fixed


@pytest.mark.parametrize("seed", range(12))
def test_no_way_to_build_is_cheaper(seed: int) -> None:
    case = some_case(seed)
    book = case_book(case)
    assert read(book).problems == ()
    for k in (0, 1, 2, 3):
        wanted: Any = brute_force(case, k)
        assert least(book, k) == (None if wanted is None else close(wanted)), f"K = {k}"


def test_cost_rises_with_the_secure_share() -> None:
    case = some_case(3)
    found = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        book = case_book(case)
        secure_share(book, share)
        found.append(least(book, 2) or float("inf"))
    assert all(a <= b + 1e-6 for a, b in itertools.pairwise(found)) and found[0] < found[-1]


def test_no_threats_at_once_is_the_plain_plan() -> None:
    plain, none = (solve_scenario(read(case_book(some_case(5))), effort=Effort(1e-9, secure=k)) for k in (None, 0))
    assert none.secure is None
    assert plain.tables == none.tables and plain.objective_musd == none.objective_musd
