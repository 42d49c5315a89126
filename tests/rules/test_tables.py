"""The plan that was worked out by hand for the audit, put into the model: it keeps every row, costs what it costs by
hand, and stands in the tables as it was put in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo

from model.build import Built, build
from model.plan_tables import TABLES
from model.results import plan_tables
from model.tree import single
from tests.audit.tiny_plan import EXPECTED_COST, plan_document
from tests.audit.tiny_workbook import workbook
from tests.rules.algebra import close

STREAMS = (("clean", "clean_t"), ("exposed", "exposed_t"))
FIRST = 2030  # node 0


def by_hand() -> Built:
    """The model of tiny_workbook.py with the values of tiny_plan.py; what the plan does not name is 0.

    One more lane: without exposed ore at hand the model knows that the pilot plant's exposed mode is of no use.
    """
    lanes = workbook().lanes | {("ore", "CHN", "USA"): workbook().lanes["ore", "CHN", "CHN"]}
    built = build(single(workbook(lanes=lanes)))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.value = 0
    for variable, value in values(built.model, plan_document()["tables"]):
        variable.value = value
    return built


def values(m: Any, plan: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[Any, float]]:
    """Every variable of the model that the plan gives a value, from the cells of its tables."""
    for r in plan["investments"]:
        yield m.investments.build[r["project"], r["decision_year"] - FIRST], r["builds"]
    yield m.price_floors.award["support", 0], 1
    for segment in range(len(m.price_floors.ends["support", 0])):
        yield m.price_floors.covered["support", 0, segment], 20  # 40 t less 20 t under contract
    for r in plan["contracts"]:
        yield m.contracts.sign[r["contract"], r["signing_year"] - FIRST], 1
        yield m.contracts.q[r["contract"], r["signing_year"] - FIRST], r["annual_t"]
    for r in plan["contract_years"]:
        key = r["contract"], r["signing_year"] - FIRST, r["year"] - FIRST
        yield m.contracts.taken[key], r["taken_t"]
        yield m.contracts.untaken[key], r["untaken_t"]
    for r in plan["plants"]:
        n, u = r["year"] - FIRST, r["unit"]
        for k, column in STREAMS:
            if r[column]:
                yield m.flows.act[n, u, k], r[column]
        if r["topup_musd"]:
            yield m.payments.topup[n, u], r["topup_musd"]
    for n, clean in enumerate((1, 1, 0)):
        yield m.capacity.whole[n, "pilot"], clean
    for r in plan["markets"]:
        n, v = r["year"] - FIRST, r["market"]
        yield (m.flows.buy[n, v] if r["side"] == "buy" else m.flows.sell[n, v, r["stream"]]), r["t"]
    for r in plan["flows"]:
        yield m.flows.ship[r["year"] - FIRST, r["material"], r["from_region"], r["to_region"], r["stream"]], r["t"]
    for r in plan["intake"]:
        for k in ("clean", "exposed"):
            if r[f"mixed_{k}_t"]:
                yield m.flows.mixed[r["year"] - FIRST, r["region"], r["material"], k], r[f"mixed_{k}_t"]
    for r in plan["demand"]:
        key = r["year"] - FIRST, r["region"], r["sector"], r["material"]
        yield m.flows.short[key], r["short_t"]
        for k, column in STREAMS:
            if r[column]:
                yield m.flows.deliver[*key, k], r[column]
    for r in plan["substitution"]:
        yield m.flows.avoid[r["year"] - FIRST, "ferrite", "USA", "civil", "oxide"], r["t"]
    for r in plan["stockpile"]:
        n = r["year"] - FIRST
        yield m.stockpiles.stock[n, "reserve", "clean"], r["stock_t"] - r["exposed_t"]
        yield m.stockpiles.stock[n, "reserve", "exposed"], r["exposed_t"]
        for what in ("fill", "release"):
            for k in ("clean", "exposed"):
                yield getattr(m.stockpiles, what)[n, "reserve", k], r[f"{what}_{k}_t"]
    yield m.stockpiles.lacking[2, "reserve"], 0.62  # 73 days of 60 t are 12 t; 11.38 t are there
    yield m.stockpiles.credited[2, "reserve"], 11.38
    for r in plan["floor_payments"]:
        yield m.budgets.net_floors[r["year"] - FIRST], r["payment_musd"]


def test_the_tables_say_what_was_put_into_the_model():
    tables, expected = plan_tables(by_hand()), plan_document()["tables"]
    tables["costs"] = [r for r in tables["costs"] if r["musd"]]  # the model's has a row of every term and year
    for name, table in TABLES.items():
        assert {tuple(r) for r in tables[name]} == {tuple(r) for r in expected[name]}, f"columns of {name}"
        keys = [c.name for c in table.columns if not c.unit]
        assert by_keys(tables[name], keys) == close_rows(by_keys(expected[name], keys)), name


def by_keys(table: list[dict[str, Any]], keys: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Numbers of every row, by its names and years."""
    result = {tuple(r[k] or "" for k in keys): {c: v for c, v in r.items() if c not in keys} for r in table}
    assert len(result) == len(table)
    return result


def close_rows(table: dict[tuple[Any, ...], dict[str, Any]]) -> dict[tuple[Any, ...], Any]:
    return {key: {c: v if v is None else close(v) for c, v in r.items()} for key, r in table.items()}


def test_the_plan_keeps_every_row_and_bound_of_the_model():
    m = by_hand().model
    broken = [c.name for c in m.component_data_objects(pyo.Constraint) if min(c.lslack(), c.uslack()) < -1e-9]
    below = [v.name for v in m.component_data_objects(pyo.Var) if v.lb is not None and v.value < v.lb]
    above = [v.name for v in m.component_data_objects(pyo.Var) if v.ub is not None and v.value > v.ub]
    assert (broken, below, above) == ([], [], [])


def test_the_objective_is_what_the_plan_costs_by_hand():
    assert pyo.value(by_hand().model.objective) == close(EXPECTED_COST)
