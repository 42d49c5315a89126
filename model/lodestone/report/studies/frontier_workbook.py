"""Frontier -> frontier.xlsx: the table with its chart, what is built at each point, the least attainable shares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone import __version__
from lodestone.plan.formatting import share
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.styles import GRID, Styles, chart_text, page, write_grid
from lodestone.report.excel.table_book import FACTS
from lodestone.studies.frontier.results import Frontier, Least, Point, knee, years

SHEET = "Frontier"
COLUMNS = (
    Column("least_cost_musd", "MUSD", "discounted; the cost of a plan that was found"),
    Column("bound_musd", "MUSD", "no plan is cheaper than this"),
    Column("gap", "ratio", "(least cost - bound) / least cost"),
    Column("price_per_point_musd", "MUSD", "for each percentage point, from the point above to this one"),
    Column("within_gap", "", "yes: the two costs may be the same, as far as is proved"),
    Column("what_changes", "", "builds that differ from the point above"),
)
CHART_PIXELS = {"width": 900, "height": 420}


def write_frontier_workbook(frontier: Frontier, path: Path) -> None:
    """Write the workbook of a frontier, with its chart."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": frontier.plan_name, "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    _frontier(book, styles, frontier)
    _least(_sheet(book, "LeastAttainable", frontier), styles, frontier)
    _builds(_sheet(book, "Builds", frontier), styles, frontier)
    _about(_sheet(book, "About", frontier), styles, frontier)
    book.close()


def _sheet(book: xlsxwriter.Workbook, name: str, frontier: Frontier) -> Worksheet:
    sheet = book.add_worksheet(name)
    page(sheet, frontier.plan_name, name)
    return sheet


def _frontier(book: xlsxwriter.Workbook, styles: Styles, frontier: Frontier) -> None:
    sheet = _sheet(book, SHEET, frontier)
    write_grid(styles, sheet, columns_of(frontier), rows_of(frontier))
    if len(frontier.found) > 1:
        _chart(book, sheet, frontier)


def columns_of(frontier: Frontier) -> tuple[Column, ...]:
    """What was allowed, and what it costs."""
    return (Column(frontier.scale_name, "share", "what was allowed"), *COLUMNS)


def rows_of(frontier: Frontier) -> list[list[Cell]]:
    """A row for each point, from the loosest on."""
    steps = {step.to_scale: step for step in frontier.steps}
    rows: list[list[Cell]] = []
    for point in frontier.points:
        step = steps.get(point.scale)
        price = (None, None) if step is None else (step.price_musd, step.within_gap)
        change = in_words(point) if step is None else "; ".join(step.changes)
        rows.append([point.scale, point.objective_musd, point.bound_musd, point.gap, *price, change])
    return rows


def in_words(point: Point) -> str:
    """Why a point has no plan, naming the limits that are out of reach."""
    if point.objective_musd is not None:
        return ""
    if not point.beyond:
        return point.message
    return f"{point.message}: " + "; ".join(
        f"{x.cap} in {x.year}: " + ("no plan at any share" if x.share is None else f"at least {share(x.share)}")
        for x in point.beyond
    )


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, frontier: Frontier) -> None:
    last = len(frontier.points)
    chart = book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    colours = ("#1F3A4D", "#9DB2BF")
    for column, colour in ((1, colours[0]), (2, colours[1])):
        dash = {} if column == 1 else {"dash_type": "dash"}
        chart.add_series(
            {
                "name": ("least cost", "no plan is cheaper")[column - 1],
                "categories": [SHEET, 1, 0, last, 0],
                "values": [SHEET, 1, column, last, column],
                "line": {"color": colour, "width": 2, **dash},
                "marker": {"type": "circle" if column == 1 else "none", "size": 5, "fill": {"color": colour}},
            }
        )
    costs = [value for p in frontier.found for value in (p.objective_musd, p.bound_musd) if value is not None]
    room = max(max(costs) - min(costs), 1e-3 * abs(max(costs)), 1e-6) * 0.1
    chart.set_title(
        {"name": "Least cost (MUSD, discounted) against the allowed China share (%)", "name_font": {"size": 11}}
    )
    x_axis = {"name": chart_text(frontier.scale_name), "num_format": "0%", "reverse": True, "major_gridlines": GRID}
    ends = [point.scale for point in frontier.points]
    chart.set_x_axis({**x_axis, "min": min(ends), "max": max(ends)} if len(ends) > 1 else x_axis)
    y_axis = {"name": "MUSD, discounted", "num_format": "#,##0" if room > 1 else "#,##0.00", "major_gridlines": GRID}
    chart.set_y_axis({**y_axis, "min": min(costs) - room, "max": max(costs) + room, "label_position": "high"})
    chart.set_legend({"position": "bottom"})
    chart.show_blanks_as("gap")
    chart.set_size(CHART_PIXELS)
    sheet.insert_chart(last + 2, 0, chart, {"x_offset": 4, "y_offset": 4})


def _least(sheet: Worksheet, styles: Styles, frontier: Frontier) -> None:
    columns = (
        Column("cap", "", "row of ChinaShare"),
        Column("year", "", "planning year"),
        Column("allowed", "share", "what the workbook allows"),
        Column("least_attainable", "share", "the least share of any plan when this year alone matters"),
        Column("remark", "", ""),
    )
    rows = [[x.cap, x.year, x.limit, x.share, _remark(x)] for x in frontier.least_attainable]
    write_grid(styles, sheet, columns, rows)


def _remark(least: Least) -> str:
    if least.share is None:
        return "no plan was found, even without this cap" if not least.proved else "no plan, even without this cap"
    if not least.proved:
        return "attained; perhaps less is possible"
    return "above what the workbook allows" if least.share > least.limit + 2e-4 else ""


def _builds(sheet: Worksheet, styles: Styles, frontier: Frontier) -> None:
    """One row for each project, one column for each point."""
    points = frontier.found
    projects = dict.fromkeys(project for p in points for project in p.builds or {})
    columns = [
        Column("project", "", ""),
        *(Column(f"decided at {share(p.scale)}", "year", "years of decision") for p in points),
    ]
    rows: list[Sequence[Cell]] = []
    for project in projects:
        decided = [(p.builds or {}).get(project, ()) for p in points]
        rows.append([project, *(d[0] if len(d) == 1 else years(d) for d in decided)])
    write_grid(styles, sheet, columns, rows)


def _about(sheet: Worksheet, styles: Styles, frontier: Frontier) -> None:
    moved = f"{frontier.cap} is set to the allowed share" if frontier.cap else "all rows of ChinaShare are multiplied"
    since = f"from {frontier.from_year} on" if frontier.from_year else "in every year in force"
    rows = [
        ["plan", frontier.plan_name],
        ["workbook", frontier.workbook],
        ["scenario", frontier.scenario],
        ["changes for this study", "; ".join(frontier.sets) or "none"],
        ["what is moved", f"{moved}, {since}"],
        *([["from which year", frontier.remark]] if frontier.remark else []),
        *([["knee", knee(frontier)]] if knee(frontier) else []),
        ["price", "finite difference between neighbouring points: an average, not a marginal price"],
        ["least attainable", "each cap and year by itself" + ("" if frontier.cap else ", all other caps set aside")],
        ["Lodestone", __version__],
    ]
    write_grid(styles, sheet, FACTS, rows)
