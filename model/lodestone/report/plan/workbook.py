"""A plan -> its workbook, for people: the Summary first, then charts, then one sheet for each question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from lodestone.plan.labels import labelled
from lodestone.plan.plan import Plan
from lodestone.report.excel.paper import MOST_PAGES, SET_ASIDE, leave_out, pages, within
from lodestone.report.excel.streamed import StreamedSheet
from lodestone.report.excel.styles import Links, Styles, page, write_grid
from lodestone.report.plan.charts import chart_breaks, drawings, write_charts
from lodestone.report.plan.cost_matrix import cost_matrix
from lodestone.report.plan.origins_sheet import SHEET as ORIGINS
from lodestone.report.plan.origins_sheet import Decision, Places, homes, origin_links
from lodestone.report.plan.run_info_sheet import lines_of, write_run_info
from lodestone.report.plan.sheets import table_sheets
from lodestone.report.plan.summary_sheet import MOST_SUMMARY_PAGES, write_summary
from lodestone.report.plan.table_sheet import TableSheet

SUMMARY = "Summary"
PRINTED_FIRST = ("Calendar", "Costs", "Investments")
RUN_INFO, MOST_RUN_INFO = "RunInfo", 90  # lines of it that can be read on one page
NEVER_PRINTED = ("Origins", "Audit")  # for whoever checks, at the screen


def write_plan_workbook(plan: Plan, path: Path) -> None:
    """Write plan.xlsx. Rows are streamed, so that hundreds of thousands of flows need little memory.

    In the names that people read; RunInfo, which is about the workbook, keeps its ids.
    """
    as_made, plan = plan, labelled(plan)
    costs = cost_matrix(plan)
    tables = table_sheets(plan, costs)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"title": plan.plan_name, "comments": f"Lodestone {plan.versions['lodestone']}"})
    styles = Styles(book)
    charts = drawings(plan, costs)
    printed = _printed(plan, tables, MOST_PAGES - MOST_SUMMARY_PAGES - len(chart_breaks(charts)))
    write_summary(book, styles, plan, costs, tables, charts=bool(charts), printed=printed)
    if charts:
        write_charts(book, styles, plan, charts)
    places = Places(plan)
    stand: dict[Decision, str] = {}
    for table in tables:
        stand |= homes(table.name, table.names, table.rows)
        links = places.links(table.name, table.names)
        if table.name == ORIGINS:
            links = origin_links(plan, table.names, stand)
        _write(book, styles, plan, table, links, printed.get(table.name))
    write_run_info(book, styles, as_made, RUN_INFO in printed)
    book.close()


def _printed(plan: Plan, tables: Sequence[TableSheet], left: int) -> dict[str, int]:
    """Sheet -> pages, of the tables that are printed: what is decided and what it costs, then the others in order."""
    first = [table for name in PRINTED_FIRST for table in tables if table.name == name]
    order = [*first, *(table for table in tables if table not in first and table.name not in NEVER_PRINTED)]
    asked = [(table.name, pages(table.columns, table.rows)) for table in order]
    return within(left, [*asked, (RUN_INFO, 1 if lines_of(plan) <= MOST_RUN_INFO else None)])


def _write(
    book: xlsxwriter.Workbook, styles: Styles, plan: Plan, table: TableSheet, links: Links, printed: int | None
) -> None:
    """printed: on so many pages; None: not at all."""
    sheet = book.add_worksheet(table.name, StreamedSheet)
    page(sheet, plan.plan_name, table.name)
    aside = "" if printed else SET_ASIDE.format(rows=len(table.rows))
    write_grid(styles, sheet, table.columns, table.rows, table.totals, links, back=SUMMARY, aside=aside)
    if printed:
        sheet.fit_to_pages(1, printed)
    else:
        leave_out(sheet, len(table.columns) + 2)
    last = max(len(table.rows) - table.totals, 1)
    for mark in table.marks:
        rule = {"type": "formula", "criteria": table.formula(mark), "format": styles.alert}
        for name in mark.columns:
            column = table.names.index(name)
            sheet.conditional_format(1, column, last, column, rule)
    if table.name == ORIGINS:
        named = xl_col_to_name(table.names.index("name"))
        rule = {"type": "formula", "criteria": f"=${named}2<>${named}1", "format": styles.new_group}
        sheet.conditional_format(1, 0, last, len(table.columns) - 1, rule)
