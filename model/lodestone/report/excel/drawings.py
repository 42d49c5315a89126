"""Native charts with the numbers they are drawn from: charts first, two a row, their tables below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import xlsxwriter
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from lodestone.plan.tables import Cell
from lodestone.report.excel.paper import upright
from lodestone.report.excel.styles import GRID, Properties, Styles, chart_text, write_table

COLUMNS, FIRST_WIDTH, COLUMN_WIDTH = 11, 30, 11  # of a sheet of charts, in characters
WIDTH = 215 + 82 * (COLUMNS - 1)  # of these columns, in pixels
ROW_HEIGHT = 20  # in pixels
CHART_ROWS, LINE_ROWS = 14, 0.9  # of a chart, and of each bar of one across the page
PAGE_ROWS = 71  # of a printed page
AXIS_FORMATS = {"%": "0%", "year": "0"}
LABELS = "[>=100]#,##0;[<=-100]-#,##0;0.0"
AXIS_NAMES = {"%": "", "year": ""}  # where the numbers say it themselves

Look = Literal["fill", "line", "dashed", "hidden"]


@dataclass(frozen=True)
class Series:
    """A column of the table. second: on an axis of its own, to the right."""

    name: str
    column: int
    colour: str
    look: Look = "fill"
    second: bool = False


@dataclass(frozen=True)
class Drawing:
    """A chart and its table, whose first column is along the axis.

    kind: stacked "columns", stacked "bars" from left to right, or "lines". axis, second_axis: units of the two axes.
    across: as wide as the page. least, most: ends of the axis where they are not left to the spreadsheet. step: between
    its lines. labels: numbers at the ends of bars of which each row has one.
    """

    title: str
    kind: Literal["columns", "bars", "lines"]
    headings: Sequence[str]
    units: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    series: Sequence[Series]
    axis: str
    second_axis: str = ""
    across: bool = False
    least: float | None = 0
    most: float | None = None
    step: float | None = None
    labels: bool = False

    @property
    def height(self) -> int:
        """In rows of the sheet."""
        many = self.kind == "bars" and self.across
        return max(CHART_ROWS, round(5 + LINE_ROWS * len(self.rows))) if many else CHART_ROWS


def write_drawings(
    book: xlsxwriter.Workbook, sheet: Worksheet, styles: Styles, drawings: Sequence[Drawing], top: int
) -> None:
    """From row `top` on."""
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, max([COLUMNS, *(len(d.headings) for d in drawings)]) - 1, COLUMN_WIDTH)
    places, row = _places(drawings, top)
    sheet.print_area(0, 0, row - 1, COLUMNS - 1)  # the charts, not the numbers below them
    paper = [FIRST_WIDTH, *[COLUMN_WIDTH] * (COLUMNS - 1)]
    upright(sheet, paper, page_breaks(drawings, top))
    for drawing, (at, left) in zip(drawings, places, strict=True):
        _insert(book, sheet, at, left, drawing, row + 2)
        widths = [FIRST_WIDTH, *[COLUMN_WIDTH] * len(drawing.headings)]
        row = 1 + write_table(styles, sheet, row, drawing.title, drawing.headings, drawing.units, drawing.rows, widths)


def page_breaks(drawings: Sequence[Drawing], top: int) -> list[int]:
    """The rows at which the printed pages of the charts end, the last included: no chart is cut."""
    places, last = _places(drawings, top)
    ends = [*sorted({at for at, _ in places if at > top}), last]
    breaks, start = [], 0
    for row, following in zip(ends, [*ends[1:], None], strict=True):
        if following is None or following - start > PAGE_ROWS:
            breaks.append(row)
            start = row
    return breaks


def _places(drawings: Sequence[Drawing], top: int) -> tuple[list[tuple[int, int]], int]:
    """(row, pixels from the left) of each chart, and the first row below them all."""
    places, row, left = [], top, 0
    for drawing in drawings:
        if drawing.across and left:
            row, left = row + CHART_ROWS, 0
        places.append((row, left))
        row, left = (row + drawing.height, 0) if drawing.across or left else (row, WIDTH // 2)
    return places, row + CHART_ROWS if left else row


def _insert(book: xlsxwriter.Workbook, sheet: Worksheet, row: int, left: int, drawing: Drawing, first: int) -> None:
    chart = draw(book, sheet.name, drawing, first, 0)
    width = WIDTH if drawing.across else WIDTH // 2
    chart.set_size({"width": width - 8, "height": ROW_HEIGHT * (drawing.height - 1)})
    options = {"x_offset": left + 2, "y_offset": 6, "description": drawing.title[:250]}
    sheet.insert_chart(row, 0, chart, options)


def draw(book: xlsxwriter.Workbook, sheet: str, drawing: Drawing, first: int, column: int) -> Chart:
    """The chart of a table whose first row of numbers is `first`, and whose first column is `column`."""
    kinds = {"columns": ("column", "stacked"), "bars": ("bar", "stacked"), "lines": ("line", None)}
    kind, subtype = kinds[drawing.kind]
    subtype = None if drawing.labels else subtype  # numbers can stand at the end of a bar that is not stacked
    chart = book.add_chart({"type": kind, "subtype": subtype} if subtype else {"type": kind})
    lines = [s for s in drawing.series if s.second or (s.look in ("line", "dashed") and drawing.kind != "lines")]
    over = book.add_chart({"type": "line"}) if lines else None
    for series in drawing.series:
        (over if over is not None and series in lines else chart).add_series(
            _series(sheet, drawing, series, first, column)
        )
    if over is not None:
        chart.combine(over)
    form = AXIS_FORMATS.get(drawing.axis, "#,##0")
    numbers: Properties = {"num_format": form, "num_font": {"size": 8}, "major_gridlines": GRID}
    numbers |= {"name": AXIS_NAMES.get(drawing.axis, drawing.axis), "name_font": {"size": 8, "bold": False}}
    numbers |= {"min": drawing.least, "max": drawing.most, "major_unit": drawing.step, "line": {"none": True}}
    names: Properties = {"label_position": "low", "num_font": {"size": 8}, "major_gridlines": {"visible": False}}
    names |= {"interval_unit": 1} if drawing.kind == "bars" else {}
    upright = drawing.kind != "bars"  # xlsxwriter calls the axis along the bottom x, whatever it shows
    chart.set_x_axis(names if upright else numbers)
    chart.set_y_axis(numbers if upright else names)
    if over is not None and drawing.second_axis:
        right = {"name": drawing.second_axis, "num_format": "#,##0", "min": 0, "num_font": {"size": 8}}
        over.set_y2_axis({**right, "name_font": {"size": 8, "bold": False}, "major_gridlines": {"visible": False}})
    chart.set_title({"name": chart_text(drawing.title), "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": {"size": 8}})
    chart.show_blanks_as("gap")
    return chart


def _series(sheet: str, drawing: Drawing, series: Series, first: int, column: int) -> Properties:
    """Numbers are kept in the chart too, for programs that show it without working it out."""
    last, at = first + len(drawing.rows) - 1, column + series.column
    ranges = {
        "name": chart_text(series.name),
        "categories": [sheet, first, column, last, column],
        "values": [sheet, first, at, last, at],
        "categories_data": [row[0] for row in drawing.rows],
        "values_data": [row[series.column] for row in drawing.rows],
    }
    if series.look in ("fill", "hidden"):
        fill: Properties = {"none": True} if series.look == "hidden" else {"color": series.colour}
        return {**ranges, "fill": fill, "border": {"none": True}, "gap": 40, **_labels(drawing, series)}
    broad = drawing.kind == "lines" and series.column == 1  # so that it shows under what lies on it
    line = {"color": series.colour, "width": 4 if broad else 2.25}
    if series.look == "dashed":
        line = {"color": series.colour, "width": 1.75, "dash_type": "dash"}
    mark = {"color": series.colour}
    marker = {"type": "circle", "size": 4, "fill": mark, "border": mark} if series.look == "line" else {"type": "none"}
    return {**ranges, "line": line, "marker": marker, "y2_axis": series.second}


def _labels(drawing: Drawing, series: Series) -> Properties:
    """Numbers where there is a bar."""
    if not drawing.labels:
        return {}
    blank = [{"delete": True} if row[series.column] is None else None for row in drawing.rows]
    labels = {"value": True, "position": "outside_end", "num_format": LABELS, "font": {"size": 7}, "custom": blank}
    return {"data_labels": labels, "overlap": 100}
