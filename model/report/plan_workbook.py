"""plan.json document -> plan.xlsx, for people: the Summary first, then one sheet for each question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from model.plan_tables import COST_TERMS, SCENARIO, TABLES, VALUE_TABLES, Column
from model.report import key_figures as figures
from model.report.key_figures import Plan, Row
from model.report.run_info_sheet import write_run_info
from model.report.styles import Styles, page, write_grid
from model.report.summary_sheet import write_summary
from model.report.words import PAYERS, term_label

AWARD = (
    "project",
    "floor",
    "material",
    "first_supported_year",
    "last_supported_year",
    "floor_usd_per_kg",
    "upside_share",
)
PAYMENT = ("covered_t", "price_usd_per_kg", "payment_musd", "upside_musd", "payment_at_bank_prices_musd")
SIGNING = ("contract", "supplier", "material", "first_delivery_year", "last_delivery_year", "annual_t")
DELIVERY = (
    *("active_t", "taken_t", "untaken_t", "contract_price_usd_per_kg", "market_price_usd_per_kg"),
    *("difference_musd", "untaken_musd"),
)
NO_ROOM = "=AND({consumption_t}>0,{limit}<1,{limit}-{share}<=0.0001)"
AUDIT = (
    Column("rule", "", "rule of the model that was re-checked"),
    Column("meaning", "", "what it says"),
    Column("checked", "", "how many cases were checked"),
    Column("worst", "tiny", "largest violation found"),
    Column("unit", "", "unit of the violation"),
    Column("tolerance", "tiny", "largest violation allowed"),
    Column("ok", "", "whether the rule holds"),
)


@dataclass(frozen=True)
class Sheet:
    """A table from A1 on. totals: how many last rows are totals; alert: formula, for row 2, of rows to be marked."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    totals: int = 0
    alert: str = ""


def write_plan_workbook(plan: Plan, path: Path) -> None:
    """Write plan.xlsx. Rows are streamed, so that hundreds of thousands of flows need little memory."""
    costs = cost_matrix(plan)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"title": plan["plan_name"], "comments": f"Lodestone {plan['versions']['lodestone']}"})
    styles = Styles(book)
    write_summary(book, styles, plan, costs)
    for table in sheets(plan, costs):
        sheet = book.add_worksheet(table.name)
        page(sheet, plan["plan_name"], table.name)
        write_grid(styles, sheet, table.columns, table.rows, table.totals)
        if table.alert:
            rule = {"type": "formula", "criteria": table.alert, "format": styles.alert}
            sheet.conditional_format(1, 0, max(len(table.rows), 1), len(table.columns) - 1, rule)
    write_run_info(book, styles, plan)
    book.close()


def sheets(plan: Plan, costs: pd.DataFrame) -> list[Sheet]:
    """The sheets between Summary and RunInfo. Support sheets are there only when the plan has something for them."""
    support = [_price_floors(plan), _contracts(plan), _as_is("Bankability", "bankability", plan)]
    return [
        _as_is("Investments", "investments", plan),
        *(sheet for sheet in support if sheet.rows),
        _as_is("Stockpile", "stockpile", plan),
        _as_is("Sourcing", "flows", plan),
        _as_is("Plants", "plants", plan),
        _as_is("ChinaShare", "china_share", plan, alert=NO_ROOM),
        _as_is("Demand", "demand", plan, alert="={short_t}>=0.5"),
        _costs(plan, costs),
        *(sheet for sheet in _values_of_limits(plan) if sheet.rows),
        Sheet("Audit", AUDIT, [_values(row, [c.name for c in AUDIT]) for row in plan["audit"]], alert='=$G2="no"'),
    ]


def _values_of_limits(plan: Plan) -> list[Sheet]:
    return [_as_is("WhatBinds", "what_binds", plan), _as_is("SupplyCost", "supply_cost", plan)]


def cost_matrix(plan: Plan) -> pd.DataFrame:
    """Undiscounted MUSD: one row per counted term (index: payer, term), in the order of the breakdown, by year."""
    first, last = plan["horizon"]
    frame = pd.DataFrame(figures.table(plan, "costs"), columns=["payer", "term", "year", "musd", "scenario"])
    if figures.is_joint(plan):
        frame["musd"] *= frame["scenario"].map(plan["probabilities"])
    matrix = frame.groupby(["payer", "term", "year"])["musd"].sum().unstack("year")
    counted = [term for term in COST_TERMS if term != "tariffs" or plan["settings"].get("tariffs_counted", True)]
    order = [(COST_TERMS[term], term) for term in counted if (COST_TERMS[term], term) in matrix.index]
    index = pd.MultiIndex.from_tuples(order, names=["payer", "term"])
    return matrix.reindex(index=index, columns=range(first, last + 1)).fillna(0.0)


def _as_is(name: str, table: str, plan: Plan, alert: str = "") -> Sheet:
    """alert: column names in braces stand for their cells in row 2."""
    columns = [*_scenario(plan), *{**TABLES, **VALUE_TABLES}[table].columns]
    names = [c.name for c in columns]
    cells = {column: f"${xl_col_to_name(j)}2" for j, column in enumerate(names)}
    rows = [_values(row, names) for row in figures.table(plan, table)]
    return Sheet(name, columns, rows, alert=alert.format(**cells))


def _scenario(plan: Plan) -> list[Column]:
    """The column that the tables of a joint run begin with."""
    return [SCENARIO] if figures.is_joint(plan) else []


def _price_floors(plan: Plan) -> Sheet:
    """One row for each award, with its grant, and one for each year in which it pays."""
    own = [c.name for c in _scenario(plan)]
    columns = [
        *_scenario(plan),
        *_columns("price_floors", AWARD),
        Column("row", "", "award: the grant at the decision; payment: one supported year"),
        Column("year", "", "planning year"),
        *_columns("price_floors", ("grant_musd",)),
        *_columns("floor_payments", PAYMENT),
    ]
    payments = figures.grouped(figures.table(plan, "floor_payments"), *own, "project", "floor", "decision_year")
    rows: list[list[Any]] = []
    for award in figures.table(plan, "price_floors"):
        common = _values(award, [*own, *AWARD])
        rows.append([*common, "award", award["decision_year"], award["grant_musd"], *[None] * len(PAYMENT)])
        for paid in payments.get(tuple(_values(award, [*own, "project", "floor", "decision_year"])), []):
            rows.append([*common, "payment", paid["year"], None, *_values(paid, PAYMENT)])
    return Sheet("PriceFloors", columns, rows)


def _contracts(plan: Plan) -> Sheet:
    """One row for each signing, with its fee, and one for each year of its tenor."""
    own = [c.name for c in _scenario(plan)]
    columns = [
        *_scenario(plan),
        *_columns("contracts", SIGNING),
        Column("row", "", "signing: the fee; delivery: one year of the tenor"),
        Column("year", "", "planning year"),
        *_columns("contracts", ("fee_musd",)),
        *_columns("contract_years", DELIVERY),
    ]
    years = figures.grouped(figures.table(plan, "contract_years"), *own, "contract", "signing_year")
    rows: list[list[Any]] = []
    for signing in figures.table(plan, "contracts"):
        common = _values(signing, [*own, *SIGNING])
        rows.append([*common, "signing", signing["signing_year"], signing["fee_musd"], *[None] * len(DELIVERY)])
        for year in years.get(tuple(_values(signing, [*own, "contract", "signing_year"])), []):
            rows.append([*common, "delivery", year["year"], None, *_values(year, DELIVERY)])
    return Sheet("Contracts", columns, rows)


def _costs(plan: Plan, costs: pd.DataFrame) -> Sheet:
    """Cost terms by year, then what each payer pays, then everything."""
    columns = [
        Column("cost term", "", ""),
        Column("payer", "", "public, buyers or shortage"),
        *(
            Column(str(year), "MUSD", "undiscounted; owed beyond the last year: discounted to it")
            for year in costs.columns
        ),
        Column("total", "MUSD", "undiscounted"),
        Column("discounted_musd", "MUSD", "discounted to the first year; adds up to the expected cost"),
    ]
    rows = [
        [term_label(term), payer, *values, sum(values), plan["costs_musd"].get(term, 0.0)]
        for (payer, term), values in zip(costs.index, costs.to_numpy().tolist(), strict=True)
    ]
    by_payer = costs.groupby(level="payer").sum().reindex(list(PAYERS), fill_value=0.0)
    for payer, values in zip(PAYERS, by_payer.to_numpy().tolist(), strict=True):
        rows.append([f"All {payer}", payer, *values, sum(values), plan["payers_musd"].get(payer, 0.0)])
    values = costs.sum().tolist()
    rows.append(["Total", "", *values, sum(values), plan["expected_cost_musd"]])
    return Sheet("Costs", columns, rows, totals=len(PAYERS) + 1)


def _columns(table: str, names: Sequence[str]) -> list[Column]:
    by_name = {c.name: c for c in TABLES[table].columns}
    return [by_name[name] for name in names]


def _values(row: Row, names: Sequence[str]) -> list[Any]:
    return [row[name] for name in names]
