"""Tornado -> tornado.xlsx, with its chart, and tornado.json."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from lodestone.plan.formatting import count, musd, share
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.styles import Styles, page, write_grid
from lodestone.report.excel.table_book import FACTS
from lodestone.report.studies.study_files import Kind
from lodestone.studies.tornado.results import SHAPE, Bar, Side, Tornado, advice, document, finding

KIND = Kind("tornado", "tornado", "tornado_format", shape=SHAPE)
COLUMNS = (
    Column("name", "", "what is changed, as the chart calls it; marked where the plan breaks or nobody vouches for it"),
    Column("cells", "", "where the figures stand that are changed together"),
    Column("sheet", "", "sheet"),
    Column("column", "", "heading, or years"),
    Column("figures", "", "how many"),
    Column("illustrative", "", "yes where the source says so"),
    Column("cliff", "", "yes where the plan breaks: no plan, its decisions do not hold, or far dearer than it seemed"),
    Column("lower_musd", "MUSD", "more cost when they are lower; a first look where not solved again; empty: no plan"),
    Column("higher_musd", "MUSD", "more cost when they are higher; as beside"),
    Column("solved", "", "yes: solved again; no: a first look, with the plan as it is"),
    Column("flips", "", "decisions that are others when the figures are lower or higher"),
    Column("source", "", "of the rows"),
    Column("finding", "", "in words"),
)
SHOWN = 20  # bars of the chart
SHEET, CHART, NEXT = "Tornado", "Chart", "FindOutNext"
NEXT_COLUMNS = (
    Column("number", "", "the most important first"),
    Column("find_out", "", "figures, and what hangs on them"),
)


def write_tornado(found: Tornado, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    return KIND.write(out, document(found), lambda new: _write_workbook(labels.shown(found), new))


def rows(found: Tornado) -> list[list[Cell]]:
    """A row for each group, with the columns of COLUMNS: what to find out next first."""
    return [_row(bar, found) for bar in found.bars]


def _row(bar: Bar, found: Tornado) -> list[Cell]:
    cliff = found.is_cliff(bar)
    flips = sorted({name for side in bar.sides for name in side.flips})
    return [
        called(bar.name, cliff, bar.illustrative),
        *(bar.cells, bar.sheet, bar.column, bar.figures, "yes" if bar.illustrative else "no", "yes" if cliff else "no"),
        *(_cost(side) for side in bar.sides),
        "yes" if bar.low.solved else "no",
        ", ".join(flips),
        bar.source,
        finding(bar, found.cost_musd),
    ]


def called(name: str, cliff: bool, illustrative: bool) -> str:
    """'CLIFF: operating_cost_usd_per_kg (Projects!I44:I47), illustrative', as charts call figures."""
    return f"{'CLIFF: ' if cliff else ''}{name}{', illustrative' if illustrative else ''}"


def _cost(side: Side) -> float | None:
    return side.extra_musd if side.solved else side.screened_musd


def _write_workbook(found: Tornado, path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": f"{found.plan_name}: which inputs matter"})
    styles = Styles(book)
    chart_sheet = book.add_worksheet(CHART)
    told: list[list[Cell]] = [[number, line] for number, line in enumerate(advice(found), 1)]
    for name, columns, lines in (
        (NEXT, NEXT_COLUMNS, told),
        (SHEET, COLUMNS, rows(found)),
        ("About", FACTS, _about(found)),
    ):
        sheet = book.add_worksheet(name)
        page(sheet, found.plan_name, name)
        write_grid(styles, sheet, columns, lines)
    _chart(book, chart_sheet, found)
    book.close()


def _chart(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, found: Tornado) -> None:
    """Bars to both sides, the widest on top; native, so that it can be edited."""
    number = min(SHOWN, len(found.bars))
    names = [column.name for column in COLUMNS]
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    labels = (
        ("lower_musd", f"{share(found.by)} lower", "#7FB3D5"),
        ("higher_musd", f"{share(found.by)} higher", "#1F4E79"),
    )
    for column, label, colour in labels:
        at = names.index(column)
        chart.add_series(
            {
                "name": label,
                "categories": [SHEET, 1, 0, number, 0],
                "values": [SHEET, 1, at, number, at],
                "fill": {"color": colour},
                "gap": 40,
            }
        )
    chart.set_title(
        {"name": "More cost when figures are higher or lower (MUSD, discounted)", "name_font": {"size": 12}}
    )
    chart.set_y_axis({"reverse": True, "label_position": "low", "major_gridlines": {"visible": False}})
    chart.set_x_axis({"num_format": "#,##0.0"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1000, "height": 140 + 28 * number})
    sheet.hide_gridlines(2)
    sheet.insert_chart(0, 0, chart)


def _about(found: Tornado) -> list[list[Cell]]:
    cliffs = found.cliffs()
    return [
        ["plan", found.plan_name],
        ["workbook", found.workbook],
        ["scenario", found.scenario],
        ["figures", f"{share(found.by)} lower and higher{f', source with {found.only}' if found.only else ''}"],
        ["cost", musd(found.cost_musd)],
        ["cliffs", f"{count(len(cliffs), 'group')} of figures at which the plan breaks"],
        *(["note", remark] for remark in found.remarks),
    ]
