"""The Summary sheet: sentences to read in a minute, two charts, and the key figures below them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, in_words, share, term_label
from lodestone.plan.key_figures import CapFigure
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS, Cell, Row
from lodestone.report.excel.colours import EXPOSED_SHADES as EXPOSED
from lodestone.report.excel.drawings import Drawing, Series, draw
from lodestone.report.excel.paper import CLEAR, MOST_PAGES, Heights, upright
from lodestone.report.excel.styles import (
    DARK,
    LIGHT,
    LIMIT,
    LINE_HEIGHT,
    PAYER_COLOURS,
    Styles,
    heading_height,
    page,
    write_table,
)
from lodestone.report.plan.charts import SHEET as CHARTS
from lodestone.report.plan.charts import has_something
from lodestone.report.plan.cost_matrix import CostMatrix
from lodestone.report.plan.first_page import brief
from lodestone.report.plan.joint_summary import joint_brief, joint_sections, joint_tables
from lodestone.report.plan.security_cost import payers_more, shortage_more, unproved
from lodestone.report.plan.summary import sections, status
from lodestone.report.plan.table_sheet import TableSheet

WIDTHS = (30, 20, 20, 13, 13, 13, 13, 13)  # of columns A to H
LINE = 150  # characters of a sentence that fit into one line across A to H
BRIEF_LINE = 122  # across B to H
CHART_ROWS = 16
MOST_CAPS = 15
GREY = "#7F7F7F"  # what a better plan may do without
MOST_SUMMARY_PAGES = 4  # in print
MONEY = "[<100]#,##0.0;#,##0"
TILES = ((0, 0), (1, 1), (2, 3), (4, 5), (6, 7))  # first and last column of each

Table = tuple[str, Sequence[str], Sequence[str], Sequence[Sequence[Cell]]]  # title, headings, units, rows


def write_summary(
    book: xlsxwriter.Workbook,
    styles: Styles,
    plan: Plan,
    costs: CostMatrix,
    sheets: Sequence[TableSheet],
    charts: bool,
    printed: Collection[str],
) -> None:
    """What can be read in a minute on the first page; what explains it after that.

    sheets: those that follow. charts: whether there is a sheet of charts. printed: the tables that are printed.
    """
    sheet = book.add_worksheet("Summary")
    page(sheet, plan.plan_name, "Summary")
    sheet.hide_gridlines(2)
    heights = Heights(sheet)
    for j, width in enumerate(WIDTHS):
        sheet.set_column(j, j, width)
    shown = plan.future(next(iter(plan.futures))) if plan.is_joint else plan
    tightest = next(iter(figures.caps(shown)), None)
    row = _title(sheet, heights, styles, plan)
    row = _tiles(sheet, heights, styles, row, plan, shown, tightest)
    row = _payers(sheet, heights, styles, row, plan)
    row = _brief(sheet, heights, styles, row, plan, {table.name for table in sheets} | ({CHARTS} if charts else set()))
    chart_row, row = row, row + CHART_ROWS
    ends = [row]  # where a page may end
    row = _index(sheet, heights, styles, row, sheets, charts, printed)
    ends.append(row)
    row = _sections(sheet, heights, styles, row, plan, ends)
    by_year = _by_year(shown, costs, tightest)
    places = []
    tables = joint_tables(plan) if plan.is_joint else _tables(plan)
    for title, headings, units, rows in (by_year, *_cost_tables(plan), *tables):
        if not rows:
            continue
        places.append((row + 2, row + 1 + len(rows)))  # first and last row of numbers
        heights.set(row + 1, heading_height(headings, WIDTHS[: len(headings)]))
        row = 1 + write_table(styles, sheet, row, title, headings, units, rows, WIDTHS, wrapped=True)
        ends.append(row)
    _paper(sheet, heights, ends)
    _charts(book, sheet, chart_row, places[0], by_year, tightest, _deliveries(shown)[0])


def _title(sheet: Worksheet, heights: Heights, styles: Styles, plan: Plan) -> int:
    first_year, last_year = plan.horizon
    heights.set(0, 26)
    sheet.write_string(0, 0, plan.plan_name, styles.title)
    which = "All futures together" if plan.is_joint else f"Scenario {plan.scenario}"
    line = f"{which}, {first_year}-{last_year}, {status(plan)}, from {plan.workbook}"
    sheet.write_string(1, 0, line, styles.subtitle)
    return 3


def _tiles(
    sheet: Worksheet, heights: Heights, styles: Styles, row: int, plan: Plan, shown: Plan, tightest: CapFigure | None
) -> int:
    """The five figures that are asked for first; of several futures, averages."""
    minerals = len(figures.by_mineral(plan))
    exposed, short = figures.most_exposed(plan), figures.most_short(plan)
    worst = f"Of {exposed[0][0]} exposed, most of {minerals} minerals (%)" if minerals > 1 and exposed else ""
    shortest = f"Short of {short[0][0]}, most of {minerals} minerals (t)" if minerals > 1 and short else ""
    known_as = tightest.material if tightest else ""
    asked = f"Share at the tightest cap, {known_as} (limit {share(tightest.limit)})" if tightest else "No cap in force"
    first = plan.horizon[0]
    second: tuple[str, float | None, str] = (
        "Of which public (MUSD, discounted)",
        plan.payers_musd.get("public", 0.0),
        MONEY,
    )
    if plan.extra_cost_musd is not None:
        spared = shortage_more(plan)
        what = "Paid more than doing nothing" if spared else "More than doing nothing"
        second = (f"{what} (MUSD, discounted)", plan.extra_cost_musd - spared, MONEY)
    tiles: list[tuple[str, float | None, str]] = [
        (f"Cost (MUSD, discounted to {first})", plan.expected_cost_musd, MONEY),
        second,
        (worst or "Of all deliveries exposed (%)", exposed[0][1] if exposed else None, "0.0%"),
        (asked, tightest.share if tightest else None, "0.0%"),
        (shortest or "Short, over the horizon (t)", short[0][1] if short else 0.0, "#,##0"),
    ]
    box = {"bg_color": LIGHT, "align": "center", "valign": "vcenter"}
    heights.set(row, 30)
    heights.set(row + 1, 2 * LINE_HEIGHT)
    for at, look, part in ((row, {"bold": True, "font_size": 18, "font_color": DARK}, 1), (row + 1, {}, 0)):
        for (first_column, last_column), tile in zip(TILES, tiles, strict=True):
            form = styles.format(**box, **look, text_wrap=True, right=5, right_color="white",
                                 **({"num_format": tile[2]} if part else {"font_size": 9}))  # fmt: skip
            value = tile[1] if part else tile[0]
            if last_column > first_column:
                sheet.merge_range(at, first_column, at, last_column, "", form)
            if isinstance(value, float | int):
                sheet.write_number(at, first_column, round(value, 6) + 0.0, form)
            else:
                sheet.write_string(at, first_column, value or "-", form)
    return row + 3


def _payers(sheet: Worksheet, heights: Heights, styles: Styles, row: int, plan: Plan) -> int:
    """Who pays how much more than with doing nothing, where that is known: the most first."""
    paid = payers_more(plan)
    if not paid:
        return row
    shown, rest = paid[: len(WIDTHS) - 2], paid[len(WIDTHS) - 2 :]
    shown += [("all others", sum(m for _, m in rest))] if rest else []
    box = {"bg_color": LIGHT, "align": "center", "valign": "vcenter", "text_wrap": True}
    heights.set(row, 2 * LINE_HEIGHT)
    head = styles.format(**{**box, "align": "left"}, bold=True, font_color=DARK)
    sheet.write_string(row, 0, f"Who pays more (MUSD, discounted to {plan.horizon[0]})", head)
    for column, (payer, _) in enumerate(shown, 1):
        sheet.write_string(row, column, payer, styles.format(**box, font_size=9))
    gap = unproved(plan) or 0.0
    open_ = [abs(amount) <= gap for _, amount in shown]
    grey = f"; grey: less than the {gap:,.1f} that are not proved" if any(open_) else ""
    heights.set(row + 1, LINE_HEIGHT * (2 if grey else 1))
    sheet.write_string(
        row + 1, 0, f"than with doing nothing{grey}", styles.format(**{**box, "align": "left"}, font_size=9)
    )
    for column, (_, amount) in enumerate(shown, 1):
        look = {"font_color": GREY, "italic": True} if open_[column - 1] else {"bold": True}
        sheet.write_number(row + 1, column, amount, styles.format(**box, num_format="#,##0.0", **look))
    return row + 3


def _brief(sheet: Worksheet, heights: Heights, styles: Styles, row: int, plan: Plan, sheets: Collection[str]) -> int:
    """A label, which leads to the sheet that says more, and a sentence; returns the next free row."""
    for line in joint_brief(plan) if plan.is_joint else brief(plan):
        heights.set(row, LINE_HEIGHT * math.ceil(len(line.text) / BRIEF_LINE) + 2)
        if line.sheet in sheets:
            styles.link(sheet, row, 0, f"internal:{line.sheet}!A1", line.label, bold=True, valign="top")
        else:
            styles.write(sheet, row, 0, line.label, bold=True, valign="top")
        sheet.merge_range(row, 1, row, len(WIDTHS) - 1, "", styles.sentence)
        sheet.write_string(row, 1, line.text, styles.sentence)
        row += 1
    return row + 1


def _paper(sheet: Worksheet, heights: Heights, ends: Sequence[int]) -> None:
    """Print as many blocks as the pages of a summary hold, each block whole where it fits on a page.

    ends: the rows after the blocks.
    """
    breaks: list[int] = []
    full, used = upright(sheet, WIDTHS, ()), 0.0
    for start, end in pairwise((0, *ends)):
        high = heights.between(start, end)
        if used and used + high > full:
            if len(breaks) == MOST_SUMMARY_PAGES - 1:
                break
            breaks.append(start)
            used = 0.0
        used += high
        last = end
    breaks.append(last)
    sheet.set_h_pagebreaks(breaks)
    sheet.print_area(0, 0, last - 1, len(WIDTHS) - 1)


def _index(
    sheet: Worksheet,
    heights: Heights,
    styles: Styles,
    row: int,
    sheets: Sequence[TableSheet],
    charts: bool,
    printed: Collection[str],
) -> int:
    """Where to find what."""
    last = len(WIDTHS) - 1
    sheet.merge_range(row, 0, row, last, "Sheets", styles.section)
    drawn = (CHARTS, "How do builds, cost, China share, supply, stocks and use of capacity move over the years?")
    run_info = ("RunInfo", "From which workbook, with which changes, settings and versions?")
    for name, question in [*([drawn] if charts else []), *((t.name, t.question) for t in sheets), run_info]:
        row += 1
        styles.link(sheet, row, 0, f"internal:{name}!A1", name, valign="top")
        marks = next((t.marks for t in sheets if t.name == name), ())
        coloured = in_words(list(dict.fromkeys(mark.meaning for mark in marks)))
        text = f"{question} Coloured: {coloured}." if coloured else question
        sheet.merge_range(row, 1, row, last, "", styles.sentence)
        sheet.write_string(row, 1, text, styles.sentence)
        heights.set(row, LINE_HEIGHT * math.ceil(len(text) / BRIEF_LINE))
    kept = [table.name for table in sheets if table.name not in printed]
    if kept:
        row += 1
        why = f"so that a plan prints on at most {MOST_PAGES} pages"
        text = f"Set not to print, {why}: {', '.join(kept)}. To print one: {CLEAR}."
        sheet.merge_range(row, 0, row, last, "", styles.sentence)
        sheet.write_string(row, 0, text, styles.sentence)
        heights.set(row, LINE_HEIGHT * math.ceil(len(text) / LINE))
    return row + 2


def _sections(sheet: Worksheet, heights: Heights, styles: Styles, row: int, plan: Plan, ends: list[int]) -> int:
    """What explains the first lines; the row after each section is added to the ends."""
    last = len(WIDTHS) - 1
    for section in joint_sections(plan)[1:] if plan.is_joint else sections(plan):
        sheet.merge_range(row, 0, row, last, section.heading, styles.section)
        row += 1
        for sentence in section.sentences:
            heights.set(row, LINE_HEIGHT * math.ceil(len(sentence) / LINE))
            sheet.merge_range(row, 0, row, last, "", styles.sentence)
            sheet.write_string(row, 0, sentence, styles.sentence)
            row += 1
        row += 1
        ends.append(row)
    return row


def _by_year(plan: Plan, costs: CostMatrix, tightest: CapFigure | None) -> Table:
    """What both charts are drawn from."""
    by_payer = costs.by_payer
    what, rows_of = _deliveries(plan)
    delivered = figures.grouped(rows_of, "year")
    capped = {r["year"]: r for r in figures.cap_years(plan, tightest)} if tightest else {}
    rows = []
    for i, year in enumerate(costs.years):
        exposed = figures.exposed_share(delivered.get((year,), []))
        paid = [values[i] for values in by_payer.values()]
        cap = capped.get(year, {})
        rows.append([year, *paid, sum(paid), exposed, cap.get("share"), cap.get("limit")])
    name = f"{tightest.cap}, {tightest.material}, {tightest.basis}" if tightest else "no cap"
    headings = ["Year", *(f"{p.capitalize()} (MUSD)" for p in PAYERS), "Total (MUSD)", "Exposed (%)"]
    return (
        f"By year: cost, undiscounted; exposed share of {what}; share under the tightest cap ({name})",
        [*headings, "Tightest cap (%)", "Its limit (%)"],
        ["", *["MUSD"] * 4, *["share"] * 3],
        rows,
    )


def _deliveries(plan: Plan) -> tuple[str, list[Row]]:
    """All deliveries; of several minerals, which are never added up, those of the one that is most exposed."""
    exposed, mineral = figures.most_exposed(plan), figures.mineral_of(plan)
    rows = plan.rows("demand")
    if len(figures.by_mineral(plan)) == 1 or not exposed:
        return "all deliveries", rows
    worst = exposed[0][0]
    return f"deliveries of {worst}, the most exposed mineral", [r for r in rows if mineral(r["material"]) == worst]


def _cost_tables(plan: Plan) -> list[Table]:
    cost = plan.expected_cost_musd
    payers = [[p, plan.payers_musd.get(p, 0.0), plan.payers_musd.get(p, 0.0) / cost if cost else None] for p in PAYERS]
    terms = [
        [term_label(term), payer, plan.costs_musd[term]]
        for term, payer in COST_TERMS.items()
        if abs(plan.costs_musd.get(term, 0.0)) >= 0.005
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
    book: xlsxwriter.Workbook,
    sheet: Worksheet,
    row: int,
    rows: tuple[int, int],
    by_year: Table,
    tightest: CapFigure | None,
    deliveries: str,
) -> None:
    """Left: who pays in which year. Right: the China share against the cap that leaves least room."""
    _, headings, units, numbers = by_year
    paid = [n for n, payer in enumerate(PAYERS, 1) if any(abs(values[n]) >= 0.005 for values in numbers)]
    cost = Drawing(
        "Cost by year and payer (MUSD, undiscounted)",
        *("columns", headings, units, numbers),
        [Series(PAYERS[n - 1], n, PAYER_COLOURS[PAYERS[n - 1]]) for n in paid],
        *("MUSD", "", False, None),
    )
    _place(book, sheet, row, 0, cost, rows[0])
    lines = [Series(deliveries, 5, EXPOSED[2], "line")]
    if tightest:
        lines += [Series(f"under {tightest.cap}", 6, EXPOSED[0], "line"), Series("its limit", 7, LIMIT, "dashed")]
    title = f"Exposed share of consumption: {tightest.material}" if tightest else "Exposed share of deliveries"
    highest = max((v for values in numbers for v in values[5:] if v is not None), default=0.0)
    most = 1.0 if highest > 0.8 else None
    _place(book, sheet, row, 3, Drawing(title, "lines", headings, units, numbers, lines, "%", most=most), rows[0])


def _place(book: xlsxwriter.Workbook, sheet: Worksheet, row: int, column: int, drawing: Drawing, first: int) -> None:
    if not has_something(drawing):
        return
    chart = draw(book, sheet.name, drawing, first, 0)
    chart.set_size({"width": 480, "height": 20 * (CHART_ROWS - 1)})
    sheet.insert_chart(row, column, chart, {"y_offset": 6, "description": drawing.title[:250]})
