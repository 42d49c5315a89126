"""Solved model -> the tables of the plan (plan/tables.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestone.data.plan_data import time_of
from lodestone.data.tree import Tree
from lodestone.plan.tables import COMMITTED, COST_TERMS, MONTH, TABLES
from lodestone.rules import (
    bankability,
    budgets,
    capital,
    china_share,
    commitments,
    contracts,
    credits,
    earnings,
    flow_tables,
    investments,
    objective,
    payments,
    price_floors,
    stockpiles,
    substitution,
)
from lodestone.rules.build import Built
from lodestone.rules.linear import Row


def plan_tables(built: Built) -> dict[str, list[Row]]:
    """Every table of the plan, in the order and with the columns of plan_tables.TABLES."""
    built.settle()
    m, tree, net = built.model, built.tree, built.net
    awards = price_floors.awards_table(tree, m.price_floors)
    signed = contracts.signed_table(tree, m.contracts)
    support: dict[tuple[str, int], list[str]] = {}
    for row in awards:
        support.setdefault((row["project"], row["decision_year"]), []).append(row["floor"])
    for row in signed:
        support.setdefault((row["supplier"], row["signing_year"]), []).append(row["contract"])
    built_rows = investments.table(tree, m.investments)
    for row in built_rows:
        row["supported_by"] = ", ".join(support.get((row["project"], row["decision_year"]), []))
    tables = {
        "committed": commitments.table(tree),
        "investments": built_rows,
        "price_floors": awards,
        "floor_payments": credits.with_credits(
            tree, m.price_floors, price_floors.payments_table(tree, m.price_floors, m.contracts)
        ),
        "contracts": signed,
        "contract_years": contracts.yearly_table(tree, m.contracts),
        "bankability": bankability.table(tree, m.investments, support),
        "plants": payments.plants_table(tree, net, m.flows, m.investments, m.payments, m.closure, m.china_share),
        "markets": flow_tables.markets_table(tree, m.flows),
        "flows": flow_tables.flows_table(tree, m.flows),
        "intake": flow_tables.intake_table(tree, net, m.flows),
        "balance": flow_tables.balance_table(tree, net, m.flows, m.stockpiles),
        "demand": flow_tables.demand_table(tree, net, m.flows),
        "substitution": substitution.table(tree, m.flows),
        "returns": flow_tables.returns_table(tree, net, m.flows),
        "stockpile": stockpiles.table(tree, m.stockpiles),
        "china_share": china_share.table(tree, m.china_share),
        "budgets": budgets.table(tree, m.budgets),
        "costs": objective.table(tree, built.costs),
    }
    data = tree.data[tree.nodes[0]]
    left_out = {
        column for column, stands in ((MONTH.name, data.is_cut), (COMMITTED.name, tables["committed"])) if not stands
    }
    return {name: [_without(row, left_out) for row in tables[name]] for name in TABLES}


def money_tables(built: Built, whole: Tree) -> dict[str, list[Row]]:
    """Of one future of a solved model, beside the tables that are audited: who puts in what, and who earns what.

    whole: the tree of all its futures.
    """
    m = built.model
    stack = capital.stack_table(built.tree, m.flows, m.price_floors, m.contracts, m.capital)
    parts = m.flows, m.investments, m.price_floors, m.contracts, m.closure, m.payments, m.earnings
    return {"capital_stack": stack, "earnings": earnings.earned_table(whole, built.tree, *parts)}


def _without(row: Row, columns: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in columns} if columns else row


def cost_totals(tree: Tree, tables: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Discounted cost by term, adding up to the expected cost; tariffs 0 where they are not counted."""
    totals = dict.fromkeys(COST_TERMS, 0.0)
    counted = {tree.time[n]: data.tariffs_counted for n, data in tree.data.items()}
    for row in tables["costs"]:
        if row["term"] != "tariffs" or counted[time_of(row["year"], row.get("month", 1))]:
            totals[row["term"]] += row["discounted_musd"]
    return totals


def tariff_revenue(tables: Mapping[str, Sequence[Row]]) -> float:
    """Tariffs, discounted, counted in the cost or not."""
    return float(sum(row["discounted_musd"] for row in tables["costs"] if row["term"] == "tariffs"))
