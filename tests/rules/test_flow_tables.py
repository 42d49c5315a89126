"""Tables of what flows where years are cut: one row for each period."""

from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo
from tests.rules.algebra import close
from tests.rules.tiny_data import cut, lane, market, plan

from lodestone.data.tree import single
from lodestone.plan.tables import columns_where
from lodestone.rules.build import build
from lodestone.rules.flow_tables import demand_table, flows_table, markets_table
from lodestone.rules.tables import plan_tables

J = ("Home", "cars", "oxide")


def halves():
    """2031 in two halves, in each of which 20 t come from Ally; nothing else happens."""
    data = plan(markets=[market("ally", region="Ally")], lanes={("oxide", "Ally", "Home"): lane(0.001, 0.5)},
                demand={J: 100.0})  # fmt: skip
    built = build(single(cut(data, y2031=6)))
    for variable in built.model.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    for n in (1, 2):
        built.model.flows.buy[n, "ally"].value = built.model.flows.ship[n, "oxide", "Ally", "Home", "clean"].value = 20
        built.model.flows.deliver[n, *J, "clean"].value = 20
    return built


def test_rows_have_the_first_month_of_their_period():
    built = halves()

    bought = [(r["year"], r["month"], r["t"]) for r in markets_table(built.tree, built.model.flows)]
    assert bought == [(2031, 1, 20), (2031, 7, 20)]
    moved = flows_table(built.tree, built.model.flows)
    assert [(r["year"], r["month"], r["tariff_musd"]) for r in moved] == [
        (2031, 1, close(20 * 0.033)), (2031, 7, close(20 * 0.033))
    ]  # fmt: skip
    wanted = demand_table(built.tree, built.net, built.model.flows)
    assert [(r["year"], r["month"], r["demand_t"]) for r in wanted] == [
        (2030, 1, 100), (2031, 1, 50), (2031, 7, 50), (2032, 1, 100)
    ]  # fmt: skip


def test_a_plan_has_months_where_years_are_cut_only():
    cut_, whole = plan_tables(halves()), build(single(plan(demand={J: 100.0})))
    for variable in whole.model.component_data_objects(pyo.Var):
        variable.set_value(0, skip_validation=True)
    uncut = plan_tables(whole)

    assert {"month" in row for row in cut_["costs"]} == {True}
    assert {"month" in row for row in uncut["costs"]} == {False}
    names = [column.name for column in columns_where("costs", cut=True, decided=False)]
    assert names == ["term", "payer", "year", "month", "musd", "discounted_musd"]
    assert "month" not in [column.name for column in columns_where("costs", cut=False, decided=False)]
    assert "month" not in [column.name for column in columns_where("china_share", cut=True, decided=False)]


def test_a_duty_on_what_is_exposed_is_in_its_rows_alone():
    """10 t of each stream from the ally, where a tonne costs 0.066, at a half."""
    markets = [market("clean", region="Ally"), market("dirty", region="Ally", exposed=True)]
    duty = replace(lane(0.001, 0.5), applies_to="exposed")
    built = build(single(plan(markets=markets, lanes={("oxide", "Ally", "Home"): duty}, demand={J: 100.0})))
    for k in ("clean", "exposed"):
        built.model.flows.ship[1, "oxide", "Ally", "Home", k].value = 10

    moved = flows_table(built.tree, built.model.flows)
    assert [(r["stream"], r["tariff_musd"]) for r in moved] == [("clean", 0), ("exposed", close(10 * 0.033))]
