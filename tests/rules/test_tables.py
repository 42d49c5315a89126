"""The plan that was worked out by hand for the audit, put into the model: it keeps every row, costs what it costs by
hand, and stands in the tables as it was put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pyomo.environ as pyo
import pytest
from tests.audit.tiny_plan import EXPECTED_COST, plan_document
from tests.audit.tiny_workbook import workbook
from tests.rules.algebra import close, keys
from tests.rules.tiny_data import contract, floor, fork, plan, plant, project, stockpile

from lodestone.data.plan_data import BASE, PlanData
from lodestone.data.tree import Tree, single
from lodestone.plan.tables import COST_TERMS, TABLES, WITH_COMMITTED
from lodestone.rules.build import Built, build
from lodestone.rules.tables import cost_totals, plan_tables, tariff_revenue

STREAMS = (("clean", "clean_t"), ("exposed", "exposed_t"))
ALONE = {2030: 0, 2031: 1, 2032: 2}  # nodes by year: a run of this scenario
IN_A_FORK = {2030: 0, 2031: 3, 2032: 4}  # the second future of tiny_data.fork


def by_hand() -> Built:
    """The model of tiny_workbook.py with the values of tiny_plan.py; what the plan does not name is 0."""
    built = build(single(opened()))
    fill(built, lambda node: 0)
    for variable, value in values(built.model, plan_document()["tables"], ALONE):
        variable.value = value
    return built


def opened() -> PlanData:
    """One more lane: without exposed ore at hand the model knows that the pilot plant's exposed mode is of no use."""
    return workbook(lanes=workbook().lanes | {("ore", "CHN", "USA"): workbook().lanes["ore", "CHN", "CHN"]})


def fill(built: Built, value: Callable[[int], float]) -> None:
    """Give every variable the value of its node."""
    for component in built.model.component_objects(pyo.Var):
        for key, variable in component.items():
            numbers = [part for part in (key if isinstance(key, tuple) else (key,)) if isinstance(part, int)]
            variable.set_value(value(numbers[0]) if numbers else 0, skip_validation=True)


def values(m: Any, plan: dict[str, list[dict[str, Any]]], at: dict[int, int]) -> Iterator[tuple[Any, float]]:
    """Every variable of the model that the plan gives a value, from the cells of its tables."""
    for r in plan["investments"]:
        yield m.investments.build[at[r["decision_year"]], r["project"]], r["builds"]
        for n, g in m.investments.built:
            if g == r["project"] and n >= at[r["decision_year"]]:  # once decided, for good
                yield m.investments.built[n, g], r["builds"]
    yield m.price_floors.award[0, "support"], 1
    for segment in range(len(m.price_floors.ends[0, "support"])):
        yield m.price_floors.covered[0, "support", segment], 22  # 40 t less 18 t to be taken
    for r in plan["contracts"]:
        yield m.contracts.sign[at[r["signing_year"]], r["contract"]], 1
        yield m.contracts.q[at[r["signing_year"]], r["contract"]], r["annual_t"]
    for r in plan["contract_years"]:
        key = at[r["year"]], r["contract"], at[r["signing_year"]]
        yield m.contracts.taken[key], r["taken_t"]
        yield m.contracts.untaken[key], r["untaken_t"]
    for c, one in m.contracts.committed.items():
        yield one, 1
        yield m.contracts.committed_q[c], workbook().contracts[c].committed_t
    for r in plan["plants"]:
        n, u = at[r["year"]], r["unit"]
        for k, column in STREAMS:
            if r[column]:
                yield m.flows.act[n, u, k], r[column]
        if r["kept"] is not None:
            yield m.closure.kept[n, u], r["kept"]
        if r["topup_musd"]:
            yield m.payments.topup[n, u], r["topup_musd"]
    # value added, less work and what keeping it open costs, floor payments, contract above market, what was not taken
    yield m.earnings.earned[at[2031], "smelter"], 0.108 - 0.09 - 0.02 + 0.022 + 0.01
    yield m.earnings.earned[at[2032], "smelter"], 0.18 - 0.15 - 0.02 + 0.044 + 0.015 + 0.033
    for year, clean in ((2030, 1), (2031, 1), (2032, 0)):
        yield m.capacity.whole[at[year], "pilot"], clean
    for r in plan["markets"]:
        n, v = at[r["year"]], r["market"]
        yield (m.flows.buy[n, v] if r["side"] == "buy" else m.flows.sell[n, v, r["stream"]]), r["t"]
    yield from known(m, plan, at)
    for r in plan["flows"]:
        yield m.flows.ship[at[r["year"]], r["material"], r["from_region"], r["to_region"], r["stream"]], r["t"]
    for r in plan["intake"]:
        for k in ("clean", "exposed"):
            if r[f"mixed_{k}_t"]:
                yield m.flows.mixed[at[r["year"]], r["region"], r["material"], k], r[f"mixed_{k}_t"]
    for r in plan["demand"]:
        key = at[r["year"]], r["region"], r["sector"], r["material"]
        yield m.flows.short[key], r["short_t"]
        for k, column in STREAMS:
            if r[column]:
                yield m.flows.deliver[*key, k], r[column]
    for r in plan["substitution"]:
        yield m.flows.avoid[at[r["year"]], "ferrite", "USA", "civil", "oxide"], r["t"]
    for r in plan["stockpile"]:
        n = at[r["year"]]
        yield m.stockpiles.stock[n, "reserve", "clean"], r["stock_t"] - r["exposed_t"]
        yield m.stockpiles.stock[n, "reserve", "exposed"], r["exposed_t"]
        for what in ("fill", "release"):
            for k in ("clean", "exposed"):
                yield getattr(m.stockpiles, what)[n, "reserve", k], r[f"{what}_{k}_t"]
    yield m.stockpiles.lacking[at[2032], "reserve"], 0.62  # 73 days of 60 t are 12 t; 11.38 t are there
    yield m.stockpiles.credited[at[2032], "reserve"], 12.0  # what is lacking is owed, and counts as held
    for r in plan["floor_payments"]:
        yield m.budgets.paid_out[at[r["year"]], "floors", r["floor"]], r["payment_musd"]


def known(m: Any, plan: dict[str, list[dict[str, Any]]], at: dict[int, int]) -> Iterator[tuple[Any, float]]:
    """What a region has taken from a lane in a year, or before the first."""
    most = dict(workbook().trade)
    for year, n in sorted(at.items()):
        for lane in {key[1:] for key in m.suppliers.known if key[0] == n}:
            keys = dict(zip(("material", "from_region", "to_region"), lane, strict=True))
            shipped = [r["t"] for r in plan["flows"] if r["year"] == year and keys.items() <= r.items()]
            most[lane] = max(most.get(lane, 0.0), sum(shipped))
            yield m.suppliers.known[n, *lane], most[lane]


def test_the_tables_say_what_was_put_into_the_model():
    assert_tables(plan_tables(by_hand()))


def test_the_tables_of_one_future_of_several_are_those_of_its_plan():
    """Every variable of the other future is 1."""
    crisis = opened()
    built = build(fork(replace(crisis, scenario=BASE), crisis))
    fill(built, lambda node: 0 if node in IN_A_FORK.values() else 1)
    for variable, value in values(built.model, plan_document()["tables"], IN_A_FORK):
        variable.value = value

    assert_tables(plan_tables(built.along(4)))


def assert_tables(tables: dict[str, list[dict[str, Any]]]) -> None:
    expected = plan_document()["tables"]
    tables["costs"] = [r for r in tables["costs"] if r["musd"]]  # the model's has a row of every term and year
    for row in (row for name in WITH_COMMITTED for row in tables[name]):
        assert row.pop("committed", "no") == "no"  # a column where anything is committed
    for name, table in TABLES.items():
        assert {tuple(r) for r in tables[name]} == {tuple(r) for r in expected[name]}, f"columns of {name}"
        keys = [c.name for c in table.columns if not c.unit]
        assert by_keys(tables[name], keys) == close_rows(by_keys(expected[name], keys)), name


def test_of_nothing_decided_only_what_always_has_a_row_is_shown():
    """Shares of nothing consumed are 0, and plants stand idle."""
    built = build(single(opened()))
    fill(built, lambda node: 0)

    tables = plan_tables(built)

    decided = ("investments", "price_floors", "floor_payments", "contracts", "contract_years")
    moved = ("markets", "flows", "intake", "balance", "substitution", "returns")
    assert [name for name in (*decided, *moved) if tables[name]] == []
    assert {(r["share"], r["consumption_t"], r["exposed_t"]) for r in tables["china_share"]} == {(0, 0, 0)}
    assert {r["unit"] for r in tables["plants"]} == {"mine", "refinery", "pilot"}
    assert {(r["clean_t"], r["exposed_t"], r["use_share"]) for r in tables["plants"]} == {(0, 0, 0)}
    assert {(r["clean_t"], r["exposed_t"], r["substituted_t"], r["short_t"]) for r in tables["demand"]} == {
        (0, 0, 0, 0)
    }
    assert [(r["consumption_t"], r["days_of_cover"]) for r in tables["stockpile"]] == [(50, 0), (50, 0), (60, 0)]
    assert [(r["project"], r["built"], r["closed_by"]) for r in tables["bankability"]] == [
        ("smelter", "no", "not built"),
        ("spare", "no", "no package closes it"),
    ]
    assert {r["outlay_musd"] for r in tables["budgets"]} == {0}


def test_less_than_a_tonne_is_shown_and_half_a_decision_is_none():
    built = build(single(opened()))
    fill(built, lambda node: 0.5)
    m = built.model

    tables = plan_tables(built)

    decided = ("investments", "price_floors", "floor_payments", "contracts", "contract_years")
    assert [name for name in decided if tables[name]] == []
    assert {r["built"] for r in tables["bankability"]} == {"no"}
    assert {r["t"] for name in ("flows", "markets", "substitution") for r in tables[name]} == {0.5}
    assert {r["share"] for r in tables["china_share"] if r["cap"] == "ban"} == {0.5}  # half a tonne of one
    assert len(tables["flows"]) == len(m.flows.ship)
    assert len(tables["markets"]) == len(m.flows.buy) + len(m.flows.sell)
    assert len(tables["substitution"]) == len(m.flows.avoid)
    assert {(r["year"], r["stream"], r["t"]) for r in tables["returns"]} == {  # 0.2 of 0.5 t delivered a year before
        (year, k, 0.1) for year in (2031, 2032) for k in ("clean", "exposed")
    }
    made = {(r["region"], r["material"], r["year"], r["stream"]): r for r in tables["balance"]}
    mined = made["USA", "ore", 2030, "clean"]["made_t"]  # shipped at home and, by the lane, nowhere else
    assert mined == pytest.approx(0.5)
    assert made["USA", "scrap", 2031, "clean"] | {"discarded_t": 0} == {
        "region": "USA", "material": "scrap", "year": 2031, "stream": "clean", "made_t": 0.1, "shipped_t": 0.5,
        "discarded_t": 0,
    }  # fmt: skip


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


def test_a_horizon_of_one_year_is_enough():
    m = build(single(plan(
        last_year=2030, projects=[project("mill", capex=9000.0)], floors=[floor("f", "mill")],
        contracts=[contract("c", "mill")],
        stockpiles=[stockpile("reserve", opening=(1.0, 0.0))],
    ))).model  # fmt: skip

    assert [keys(v) for v in (m.investments.build, m.price_floors.award, m.contracts.sign, m.stockpiles.stock)] == [
        {(0, "mill")}, {(0, "f")}, {(0, "c")}, {(0, "reserve", "clean")},
    ]  # fmt: skip


def test_totals_of_costs_by_term_leave_out_tariffs_where_they_are_not_counted():
    """Not counted in the first half of 2031 alone: of 2, 4 and 8 MUSD 10 are cost, and all 14 are revenue."""
    counts, does_not = plan(), plan(tariffs_counted=False)
    tree = Tree(
        time={0: 203001, 1: 203101, 2: 203107}, parent={0: None, 1: 0, 2: 1}, probability={0: 1.0, 1: 1.0, 2: 1.0},
        data={0: counts, 1: does_not, 2: counts},
    )  # fmt: skip
    rows = [
        {"term": "freight", "year": 2031, "month": 1, "discounted_musd": 1.0},
        {"term": "tariffs", "year": 2030, "discounted_musd": 2.0},  # a year that is not cut
        {"term": "tariffs", "year": 2031, "month": 1, "discounted_musd": 4.0},
        {"term": "tariffs", "year": 2031, "month": 7, "discounted_musd": 8.0},
    ]

    totals = cost_totals(tree, {"costs": rows})

    assert totals == dict.fromkeys(COST_TERMS, 0.0) | {"freight": 1.0, "tariffs": 10.0}
    assert tariff_revenue({"costs": rows}) == close(14.0)


def test_a_plan_of_one_year_has_its_tables():
    built = build(single(plan(last_year=2030, plants=[plant("mint", recipe={"oxide": 0.5})])))
    fill(built, lambda node: 0)

    assert [(r["unit"], r["year"]) for r in plan_tables(built)["plants"]] == [("mint", 2030)]
