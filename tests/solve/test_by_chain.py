"""Chains that do not touch, by hand: which they are, and that the whole is what they are together."""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, built, close, home, read, recipe, rows, solve

from lodestone.data.chains import chain_of, chains, decides
from lodestone.data.tree import single
from lodestone.solve import one_scenario
from lodestone.solve.by_chain import Apart, apart
from lodestone.solve.effort import Search
from lodestone.solve.one_scenario import load_model_of, scenario_data


def two_minerals(budget: float | None = None) -> Book:
    """Home wants 100 t of oxide and 50 t of wafer; a public mine of each saves the shortage of 1000 a kg."""
    book = home()
    add(book, "Materials", material="wafer")
    add(book, "Prices", material="wafer", years=200)
    add(book, "Demand", region="Home", sector="industry", material="wafer", years=50)
    for mineral, t, capex in (("oxide", 100, 8.0), ("wafer", 50, 6.0)):
        recipe(book, f"make_{mineral}", **{mineral: 1})
        cells = {"capacity_t_per_yr": t, "capex_musd": capex, "operating_cost_usd_per_kg": 10, "funding": "public"}
        dates = {"lead_years": 0, "life_years": 1}
        add(book, "Projects", project=f"{mineral}_mine", region="Home", process=f"make_{mineral}", **cells, **dates)
    if budget is not None:
        add(book, "Budgets", budget="all", covers="capex", years=budget)
    return book


def known(book: Book) -> Apart | None:
    return apart(single(scenario_data(read(book))), Search(1e-9, 60.0), load_model_of)


# 8 + 100 t x 10 for oxide; 6 + 50 t x 10 for wafer.
def test_the_bounds_of_the_chains_add_up():
    found = known(two_minerals())
    assert found is not None
    assert (found.chains, found.bound) == (2, close(8 + 1 + 6 + 0.5))
    plan = solve(two_minerals())
    assert plan["objective_musd"] == close(15.5)
    assert plan["bound_musd"] == close(15.5)
    assert built(plan) == [("oxide_mine", 2026), ("wafer_mine", 2026)]


# 10 MUSD of capex: one of the two. Without the oxide mine 100 t are short, without the other 50: so oxide.
def test_a_budget_that_chains_share_is_kept():
    plan = solve(two_minerals(budget=10))
    assert built(plan) == [("oxide_mine", 2026)]
    assert plan["objective_musd"] == close(8 + 1 + 50)
    assert plan["bound_musd"] == close(59)


def test_the_same_plan_comes_of_it_as_of_the_whole(monkeypatch: pytest.MonkeyPatch):
    apart_plan = solve(two_minerals())
    monkeypatch.setattr(one_scenario, "apart", lambda *_: None)
    whole = solve(two_minerals())
    assert apart_plan["tables"] == whole["tables"]
    assert apart_plan["objective_musd"] == close(whole["objective_musd"])


def joined(**cells: Any) -> list[frozenset[str]]:
    book = two_minerals()
    for heading, value in cells.items():
        book["Projects"][0].append(heading)
        book["Projects"][1].append(value)
        book["Projects"][2].append(value if heading == "group" else None)
    return chains([scenario_data(read(book))])


def test_what_joins_chains():
    assert joined() == [{"oxide"}, {"wafer"}]
    assert joined(requires="wafer_mine") == [{"oxide", "wafer"}]
    assert joined(group="either") == [{"oxide", "wafer"}]
    book = two_minerals()
    add(book, "Returns", sector="industry", material="oxide", scrap="wafer", t_per_t=0.1, lag_years=1)
    assert chains([scenario_data(read(book))]) == [{"oxide", "wafer"}]


def test_one_chain_alone_has_its_own_rows_only():
    book = two_minerals(budget=10)
    add(book, "ChinaShare", cap="both", material="*", years=0.5)
    data = scenario_data(read(book))
    part = next(iter(chain_of(single(data), frozenset({"wafer"})).data.values()))
    assert (set(part.projects), set(part.materials)) == ({"wafer_mine"}, {"wafer"})
    assert [cap.materials for cap in part.caps.values()] == [("wafer",)]
    assert not part.budgets
    assert decides(data, frozenset({"wafer"}))
    assert not decides(data, frozenset({"nothing"}))


def test_a_chain_in_which_nothing_is_decided_is_no_reason_to_take_apart():
    book = two_minerals()
    book["Projects"] = book["Projects"][:2]
    assert known(book) is None
    assert rows(solve(book), "demand", material="wafer")[0]["short_t"] == close(50)
