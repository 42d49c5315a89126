from __future__ import annotations

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import assert_row, close, coefficients, covers, keys
from tests.rules.tiny_data import fork, lane, market, plan, project, scenario, stockpile

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree, single
from lodestone.rules import objective
from lodestone.rules.build import build

HOME = ("Home", "cars", "oxide")


def importing(**changes: object) -> PlanData:
    """100 t a year from China, at 0.06, 0.066, 0.072 MUSD/t, 0.002 freight and 25 % tariff."""
    parts: dict[str, object] = {
        "markets": [market("china", region="China")],
        "lanes": {("oxide", "China", "Home"): lane(0.002, 0.25)},
        "demand": {HOME: 100.0},
    }
    return plan(**(parts | changes))


def weights(data_or_tree: PlanData | Tree) -> dict[str, float]:
    tree = single(data_or_tree) if isinstance(data_or_tree, PlanData) else data_or_tree
    model = build(tree).model
    assert model.objective.sense == pyo.minimize
    found, constant = coefficients(model.objective.expr)
    assert constant == 0
    return found


def test_discounted_to_the_first_year():
    found = weights(importing())
    assert found == close({
        "flows.buy[0,china]": 0.06,
        "flows.buy[1,china]": 0.066 / 1.1,
        "flows.buy[2,china]": 0.072 / 1.1**2,
        "flows.ship[0,oxide,China,Home,exposed]": 0.002 + 0.25 * 0.06,
        "flows.ship[1,oxide,China,Home,exposed]": (0.002 + 0.25 * 0.066) / 1.1,
        "flows.ship[2,oxide,China,Home,exposed]": (0.002 + 0.25 * 0.072) / 1.1**2,
        "flows.short[0,Home,cars,oxide]": 1.0,
        "flows.short[1,Home,cars,oxide]": 1 / 1.1,
        "flows.short[2,Home,cars,oxide]": 1 / 1.1**2,
    })  # fmt: skip


def test_tariffs_that_are_not_counted_are_left_out_but_shown():
    data = importing(tariffs_counted=False)
    built = build(single(data))

    found, _ = coefficients(built.model.objective.expr)
    assert found["flows.ship[1,oxide,China,Home,exposed]"] == close(0.002 / 1.1)
    built.model.flows.ship[1, "oxide", "China", "Home", "exposed"].set_value(100)
    shown = {(row["term"], row["year"]): row["discounted_musd"] for row in objective.table(built.tree, built.costs)}
    assert shown["tariffs", 2031] == close(0.25 * 0.066 * 100 / 1.1)


def test_futures_are_weighted_by_their_probability():
    shock = importing(price={"oxide": (0.06, 0.2, 0.3)}, scenario=scenario())
    found = weights(fork(importing(), shock))
    purchases = {name: c for name, c in found.items() if name.startswith("flows.buy")}
    assert purchases == close({
        "flows.buy[0,china]": 0.06,
        "flows.buy[1,china]": 0.75 * 0.066 / 1.1,
        "flows.buy[2,china]": 0.75 * 0.072 / 1.1**2,
        "flows.buy[3,china]": 0.25 * 0.2 / 1.1,
        "flows.buy[4,china]": 0.25 * 0.3 / 1.1**2,
    })  # fmt: skip


def test_a_variable_in_several_terms_has_one_coefficient():
    mill = project("mill", public=True, capex=50.0, fixed_cost=3.0, life_years=4, latest_year=2030)
    reserve = stockpile("reserve", holding_cost=0.002, opening=(8.0, 0.0))
    found = weights(plan(projects=[mill], stockpiles=[reserve]))

    fixed = 3 * (1 + 1 / 1.1 + 1 / 1.1**2)
    assert found["investments.build[0,mill]"] == close(50 + fixed - 50 / 4 / 1.1**2)
    assert found["stockpiles.credited[2,reserve]"] == close(-0.5 * 0.072 / 1.1**2)
    assert found["stockpiles.stock[2,reserve,clean]"] == close(0.002 / 1.1**2)


def test_table_has_every_term_and_year():
    built = build(single(importing()))
    built.model.flows.buy[2, "china"].set_value(10)

    table = objective.table(built.tree, built.costs)
    rows = {(row["term"], row["year"]): row for row in table}
    assert len(rows) == len(table) == 3 * len(objective.COST_TERMS)
    assert rows["market_purchases", 2032] == {
        "term": "market_purchases", "payer": "buyers", "year": 2032, "month": 1, "musd": close(0.72),
        "discounted_musd": close(0.72 / 1.1**2),
    }  # fmt: skip


def risky(**settings: object) -> Tree:
    """A fork in which only one future, of probability 0.25, is dear."""
    return fork(importing(**settings), importing(price={"oxide": (0.06, 0.2, 0.3)}, scenario=scenario(), **settings))


def test_without_a_risk_weight_or_with_one_future_there_are_no_rows():
    for tree in (risky(), single(importing(risk_weight=0.5))):
        model = build(tree).model
        assert not keys(model.risk.adds_up) | keys(model.risk.beyond)
        assert not keys(model.risk.spent) | keys(model.risk.threshold) | keys(model.risk.excess)
        assert not any(name.startswith("risk.") for name in coefficients(model.objective.expr)[0])


@covers("risk.adds_up")
def test_what_is_spent_at_a_node_is_its_discounted_cost():
    model = build(risky(risk_weight=0.4)).model
    assert keys(model.risk.adds_up) == {0, 1, 2, 3, 4}
    assert_row(
        model.risk.adds_up[4],
        {
            "risk.spent[4]": 1.0,
            "flows.buy[4,china]": -0.3 / 1.1**2,
            "flows.ship[4,oxide,China,Home,exposed]": -(0.002 + 0.25 * 0.3) / 1.1**2,
            "flows.short[4,Home,cars,oxide]": -1 / 1.1**2,
        },
        "==",
        0,
    )


@covers("risk.beyond")
def test_the_excess_of_a_future_is_what_it_costs_beyond_the_threshold():
    model = build(risky(risk_weight=0.4)).model
    assert keys(model.risk.beyond) == {2, 4}
    assert_row(
        model.risk.beyond[4],
        {"risk.excess[4]": 1, "risk.threshold[all]": 1, **{f"risk.spent[{n}]": -1 for n in (0, 3, 4)}},
        ">=",
        0,
    )
    assert model.risk.excess[4].lb == 0
    assert model.risk.threshold["all"].lb is None


def test_the_objective_weighs_expected_cost_and_cvar():
    found = weights(risky(risk_weight=0.4, risk_tail=0.05))
    assert found["flows.buy[4,china]"] == close(0.6 * 0.25 * 0.3 / 1.1**2)
    assert {name: c for name, c in found.items() if name.startswith("risk.")} == close(
        {"risk.threshold[all]": 0.4, "risk.excess[2]": 0.4 * 0.75 / 0.05, "risk.excess[4]": 0.4 * 0.25 / 0.05}
    )


def test_cvar_is_the_mean_of_the_worst_share():
    likely = {"good": 0.5, "fair": 0.3, "bad": 0.2}
    costs = {"good": 10.0, "fair": 20.0, "bad": 50.0}
    assert objective.mean(costs, likely) == close(21.0)
    assert objective.cvar(costs, likely, 0.1) == close(50.0)
    assert objective.cvar(costs, likely, 0.4) == close((0.2 * 50 + 0.2 * 20) / 0.4)
    assert objective.cvar(costs, likely, 1.0) == close(21.0)


def test_cvar_of_a_tail_that_is_longer_than_all_futures_together():
    """Probabilities need not add up to the tail: the mean is over what there is. Costs come in no order."""
    costs, likely = {"b": 20.0, "c": 50.0, "a": 10.0}, {"a": 0.5, "b": 0.2, "c": 0.2}
    assert objective.cvar(costs, likely, 0.3) == close((0.2 * 50 + 0.1 * 20) / 0.3)
    assert objective.cvar(costs, likely, 2.0) == close((0.2 * 50 + 0.2 * 20 + 0.5 * 10) / 0.9)


def test_cvar_without_a_probability_is_the_worst():
    assert objective.cvar({"a": 1.0, "b": 7.0}, {"a": 0.0, "b": 0.0}, 0.1) == pytest.approx(7)


def test_a_node_that_never_comes_costs_nothing():
    """A branch of threats has the probability 0; what it costs is in no term of the expected cost."""
    data = plan()
    tree = Tree(
        time={0: 203001, 1: 203101}, parent={0: None, 1: 0}, probability={0: 1.0, 1: 0.0}, data={0: data, 1: data}
    )
    x, y = "now", "never"

    terms = objective.expected_cost(tree, {"freight": {0: [(2.0, x)], 1: [(3.0, y)]}})

    assert terms == [(2.0, x)]
