"""The Summary sheet: sentences to read in a minute, two charts, and the key figures below them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from model.plan_tables import COST_TERMS
from model.report import key_figures as figures
from model.report.joint_summary import joint_sections, joint_tables
from model.report.key_figures import CapFigure, Plan
from model.report.styles import LINE_HEIGHT, Styles, heading_height, page
from model.report.summary import sections, status
from model.report.words import PAYERS, term_label

WIDTHS = (30, 20, 20, 13, 13, 13, 13, 13)  # of columns A to H
LINE = 150  # characters of a sentence that fit into one line across A to H
CHART_ROWS = 16
MOST_CAPS = 15
COLOURS = {"public": "#1F3A4D", "buyers": "#6C9AB5", "shortage": "#C8553D"}

Table = tuple[str, Sequence[str], Sequence[str], Sequence[Sequence[Any]]]  # title, headings, units, rows


def write_summary(book: xlsxwriter.Workbook, styles: Styles, plan: Plan, costs: pd.DataFrame) -> None:
    sheet = book.add_worksheet("Summary")
    page(sheet, plan["plan_name"], "Summary")
    sheet.hide_gridlines(2)
    for j, width in enumerate(WIDTHS):
        sheet.set_column(j, j, width)
    row = _sentences(sheet, styles, plan)
    sheet.set_h_pagebreaks([row])
    chart_row, row = row, row + CHART_ROWS
    shown = figures.future(plan, next(iter(plan["futures"]))) if figures.is_joint(plan) else plan
    tightest = next(iter(figures.caps(shown)), None)
    by_year = _by_year(shown, costs, tightest)
    places = []
    for table in [by_year, *_cost_tables(plan), *(joint_tables(plan) if figures.is_joint(plan) else _tables(plan))]:
        if not table[3]:
            continue
        places.append((row + 2, row + 1 + len(table[3])))  # first and last row of numbers
        row = _table(sheet, styles, row, table)
    _charts(book, sheet, chart_row, places[0], tightest)


def _sentences(sheet: Worksheet, styles: Styles, plan: Plan) -> int:
    """Title, status and sentences; returns the next free row."""
    last = len(WIDTHS) - 1
    first_year, last_year = plan["horizon"]
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, plan["plan_name"], styles.title)
    joint = figures.is_joint(plan)
    which = "All futures together" if joint else f"Scenario {plan['scenario']}"
    line = f"{which}, {first_year}-{last_year}, {status(plan)}, from {plan['workbook']}"
    sheet.write_string(1, 0, line, styles.subtitle)
    row = 3
    for section in joint_sections(plan) if joint else sections(plan):
        sheet.merge_range(row, 0, row, last, section.heading, styles.section)
        row += 1
        for sentence in section.sentences:
            sheet.set_row(row, LINE_HEIGHT * math.ceil(len(sentence) / LINE))
            sheet.merge_range(row, 0, row, last, "", styles.sentence)
            sheet.write_string(row, 0, sentence, styles.sentence)
            row += 1
        row += 1
    return row


def _table(sheet: Worksheet, styles: Styles, row: int, table: Table) -> int:
    title, headings, units, rows = table
    sheet.write_string(row, 0, title, styles.heading)
    sheet.set_row(row + 1, heading_height(headings, WIDTHS[: len(headings)]))
    for j, text in enumerate(headings):
        is_text = isinstance(rows[0][j], str) if rows else True
        sheet.write_string(row + 1, j, text, styles.header(is_text or j == 0))
    for i, values in enumerate(rows, row + 2):
        for j, value in enumerate(values):
            properties = (
                {"text_wrap": True} if isinstance(value, str) else {"align": "left", "indent": 1} if j == 0 else {}
            )
            styles.write(sheet, i, j, value, units[j], valign="top", **properties)
    return row + len(rows) + 3


def _by_year(plan: Plan, costs: pd.DataFrame, tightest: CapFigure | None) -> Table:
    """What both charts are drawn from."""
    payers = costs.groupby(level="payer").sum().reindex(list(PAYERS), fill_value=0.0)
    delivered = figures.grouped(figures.table(plan, "demand"), "year")
    capped = {r["year"]: r for r in figures.cap_years(plan, tightest)} if tightest else {}
    rows = []
    for year in costs.columns:
        exposed = figures.exposed_share(delivered.get((year,), []))
        paid = payers[year].tolist()
        cap = capped.get(year, {})
        rows.append([year, *paid, sum(paid), exposed, cap.get("share"), cap.get("limit")])
    name = f"{tightest.cap}, {tightest.material}, {tightest.basis}" if tightest else "no cap"
    headings = ["Year", *(f"{p.capitalize()} (MUSD)" for p in PAYERS), "Total (MUSD)", "Exposed (%)"]
    return (
        f"By year: cost, undiscounted; exposed share of all deliveries; share under the tightest cap ({name})",
        [*headings, "Tightest cap (%)", "Its limit (%)"],
        ["", *["MUSD"] * 4, *["share"] * 3],
        rows,
    )


def _cost_tables(plan: Plan) -> list[Table]:
    cost = plan["expected_cost_musd"]
    payers = [
        [p, plan["payers_musd"].get(p, 0.0), plan["payers_musd"].get(p, 0.0) / cost if cost else None] for p in PAYERS
    ]
    terms = [
        [term_label(term), payer, plan["costs_musd"][term]]
        for term, payer in COST_TERMS.items()
        if abs(plan["costs_musd"].get(term, 0.0)) >= 0.005
    ]
    return [
        ("Cost by payer, discounted", ("Payer", "Cost (MUSD)", "Of total (%)"), ("", "MUSD", "share"), payers),
        ("Cost by term, discounted", ("Term", "Payer", "Cost (MUSD)"), ("", "", "MUSD"), terms),
    ]


def _tables(plan: Plan) -> list[Table]:
    caps = [
        [f.material, f.cap, f.region, f.sector, f.basis, f.year, f.share, f.limit]
        for f in figures.caps(plan)[:MOST_CAPS]
    ]
    stocks = [
        [f.stockpile, f.material, f.region, f.peak_t, f.peak_year, f.peak_days, f.end_t, f.released_t]
        for f in figures.stocks(plan)
    ]
    demand = [
        [f.sector, f.material, f.demand_t, f.clean_t, f.exposed_t, f.substituted_t, f.short_t, f.met_share]
        for f in figures.demand(plan)
    ]
    return [
        (
            "China share in the tightest year of each cap",
            ("Material", "Cap", "Region", "Sector", "Basis", "Year", "Exposed (%)", "Limit (%)"),
            ("", "", "", "", "", "", "share", "share"),
            caps,
        ),
        (
            "Stocks",
            ("Stockpile", "Material", "Region", "Most (t)", "Year", "Days of cover", "At the end (t)", "Released (t)"),
            ("", "", "", "t", "", "days", "t", "t"),
            stocks,
        ),
        (
            "Demand over the horizon",
            (
                "Sector",
                "Material",
                "Demand (t)",
                "Clean (t)",
                "Exposed (t)",
                "Designed out (t)",
                "Short (t)",
                "Met (%)",
            ),
            ("", "", "t", "t", "t", "t", "t", "share"),
            demand,
        ),
    ]


def _charts(
    book: xlsxwriter.Workbook, sheet: Worksheet, row: int, rows: tuple[int, int], tightest: CapFigure | None
) -> None:
    """Left: who pays in which year. Right: the China share against the cap that leaves least room."""
    first, last = rows
    years = ["Summary", first, 0, last, 0]
    cost = book.add_chart({"type": "column", "subtype": "stacked"})
    for j, payer in enumerate(PAYERS, 1):
        values = ["Summary", first, j, last, j]
        fill = {"color": COLOURS[payer]}
        cost.add_series({"name": payer, "categories": years, "values": values, "fill": fill, "gap": 60})
    _place(sheet, cost, row, 0, "Cost by year (MUSD, undiscounted)", "#,##0")

    shares = book.add_chart({"type": "line"})
    lines = [("all deliveries", 5, "#6C9AB5", "solid")]
    if tightest:
        lines += [(f"under {tightest.cap}", 6, "#1F3A4D", "solid"), ("its limit", 7, "#C8553D", "dash")]
    for name, j, colour, dash in lines:
        line = {"color": colour, "width": 2.25, "dash_type": dash}
        marker = {"type": "circle", "size": 4, "fill": {"color": colour}, "border": {"color": colour}}
        values = ["Summary", first, j, last, j]
        shares.add_series({"name": name, "categories": years, "values": values, "line": line, "marker": marker})
    title = f"Exposed share of consumption ({tightest.material})" if tightest else "Exposed share of deliveries"
    _place(sheet, shares, row, 3, title, "0%")


def _place(sheet: Worksheet, chart: Any, row: int, column: int, title: str, number_format: str) -> None:
    chart.set_title({"name": title, "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    grid = {"visible": True, "line": {"color": "#DDDDDD"}}
    chart.set_y_axis({"num_format": number_format, "major_gridlines": grid, "min": 0 if "%" in number_format else None})
    chart.set_x_axis({"label_position": "low"})
    chart.set_size({"width": 480, "height": 20 * (CHART_ROWS - 1)})
    sheet.insert_chart(row, column, chart, {"y_offset": 6})
