"""The Charts sheet of compare.xlsx: native charts, and below them the numbers they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lodestone.plan.formatting import term_label
from lodestone.plan.tables import COST_TERMS, Cell
from lodestone.report.excel.styles import (
    GRID,
    LIMIT,
    PAYER_COLOURS,
    SERIES_COLOURS,
    Properties,
    Styles,
    chart_text,
    page,
    write_table,
)
from lodestone.studies.compare.results import Comparison, ShareYear, StockYear

SHEET = "Charts"
MOST_STEPS, MOST_CAPS, MOST_STOCKS = 10, 4, 4
CHARTS = {"stacked": {"type": "column", "subtype": "stacked"}, "bars": {"type": "bar"}, "lines": {"type": "line"}}
SMALL = 0.005  # MUSD: a term below it in every run is not drawn
CHART_ROWS = 18
COLUMNS, FIRST_WIDTH, COLUMN_WIDTH = 7, 32, 15  # of the sheet, in characters
WIDTH = 229 + 110 * (COLUMNS - 1)  # of these columns, in pixels
ROW_HEIGHT = 20  # in pixels
TERM_COLOURS = {  # dark for public money, light for buyers, as in the plan
    "public": ("#1F3A4D", "#35607E", "#2B4A3F", "#4E7D6B", "#4A3F63", "#12222E", "#5B6B34", "#3D3D3D", "#6B4A2B"),
    "buyers": ("#6C9AB5", "#A9CBDF", "#B5B5B5", "#BDB0CC", "#D9CF9C", "#8C8C8C", "#B9C9A8", "#9484A8", "#D6D6D6"),
    "shortage": (PAYER_COLOURS["shortage"],),
}
MORE = "#5F5F5F"
NUMBERS = {"share": "0%", "MUSD": "#,##0", "t": "#,##0"}


@dataclass(frozen=True)
class Series:
    """One line or stack: its place in the table, its colour, dashed when it is a limit."""

    place: int
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Drawing:
    """A chart and its table; headings[0] is over the first column.

    kind: "stacked" columns, whose series are rows of the table, across the page; "bars" also across the page; "lines".
    """

    title: str
    headings: Sequence[str]
    unit: str
    rows: Sequence[Sequence[Cell]]
    series: Sequence[Series]
    kind: str = "lines"

    @property
    def across(self) -> bool:
        """Whether it has bars, and not lines."""
        return self.kind != "lines"


def write_charts(book: xlsxwriter.Workbook, styles: Styles, comparison: Comparison) -> None:
    """Cost across the page, then two charts a row, then the tables."""
    drawings = [_costs(comparison), _differences(comparison), *_shares(comparison), *_stocks(comparison)]
    drawings = [drawing for drawing in drawings if drawing.rows]
    sheet = book.add_worksheet(SHEET)
    page(sheet, f"Comparison of {len(comparison.runs)} runs", SHEET)
    sheet.hide_gridlines(2)
    columns = max((len(drawing.headings) for drawing in drawings), default=0)
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, max(columns, COLUMNS) - 1, COLUMN_WIDTH)
    across = sum(drawing.across for drawing in drawings)
    pairs = ((CHART_ROWS * (across + n // 2), WIDTH // 2 * (n % 2)) for n in range(len(drawings) - across))
    places = [*((CHART_ROWS * n, 0) for n in range(across)), *pairs]
    row = CHART_ROWS * (across + (len(drawings) - across + 1) // 2)
    breaks = [*range(2 * CHART_ROWS, row, 2 * CHART_ROWS), row]
    for drawing, (top, left) in zip(drawings, places, strict=True):
        if row + 2 + len(drawing.rows) > breaks[-1] + 2 * CHART_ROWS:
            breaks.append(row)
        _chart(book, sheet, top, left, drawing, row + 2)
        widths = [FIRST_WIDTH, *[COLUMN_WIDTH] * len(drawing.headings)]
        units = ["", *[drawing.unit] * len(drawing.headings)]
        row = 1 + write_table(styles, sheet, row, drawing.title, drawing.headings, units, drawing.rows, widths)
    sheet.set_h_pagebreaks(breaks)


# --- what is drawn --------------------------------------------------------------------------------------------------


def _costs(comparison: Comparison) -> Drawing:
    """Stacked, one column for each run; terms below zero hang below the axis."""
    terms = [term for term, paid in comparison.costs.items() if any(abs(amount or 0.0) >= SMALL for amount in paid)]
    used: dict[str, int] = {}
    series = []
    for place, term in enumerate(terms):
        payer = COST_TERMS.get(term, "")
        colours = TERM_COLOURS.get(payer, (MORE,))
        series.append(Series(place, colours[used.get(payer, 0) % len(colours)]))
        used[payer] = used.get(payer, 0) + 1
    rows = [[term_label(term), *comparison.costs[term]] for term in terms]
    headings = ["Cost term", *_with_unit(comparison.names, "MUSD")]
    return Drawing("Cost by term (MUSD, discounted)", headings, "MUSD", rows, series, "stacked")


def _differences(comparison: Comparison) -> Drawing:
    """The terms that make most of the difference, the largest at the top."""
    others = comparison.names[1:]
    steps = {term: [comparison.bridge[name].get(term, 0.0) for name in others] for term in comparison.costs}
    largest = sorted(steps, key=lambda term: max(map(abs, steps[term])))[-MOST_STEPS:]
    rows = [[term_label(term), *steps[term]] for term in largest if any(abs(step) >= SMALL for step in steps[term])]
    series = [Series(n, _colour(n)) for n in range(1, len(comparison.names))]
    title = f"What changes the cost against {comparison.names[0]} (MUSD, discounted)"
    return Drawing(title, ["Cost term", *_with_unit(others, "MUSD")], "MUSD", rows, series, "bars")


def _shares(comparison: Comparison) -> list[Drawing]:
    """The caps with least room in any run, each with a line for each run and the limit."""
    lines: dict[tuple[str, ...], list[ShareYear]] = {}
    for share in comparison.china_share:
        lines.setdefault(share.line, []).append(share)
    tightest = sorted(lines.values(), key=_room)[:MOST_CAPS]
    return [_share(comparison, line) for line in tightest]


def _room(line: Sequence[ShareYear]) -> tuple[float, float]:
    pairs = [p for year in line for p in zip(year.values, year.limits, strict=True)]
    room = min((limit - value for value, limit in pairs if value is not None and limit is not None), default=1.0)
    return round(room, 4), -max((value or 0.0 for value, _ in pairs), default=0.0)


def _share(comparison: Comparison, line: Sequence[ShareYear]) -> Drawing:
    names, first = comparison.names, line[0]
    one_limit = all(len({round(v, 9) for v in year.limits if v is not None}) <= 1 for year in line)
    if one_limit:
        merged = [next((limit for limit in year.limits if limit is not None), None) for year in line]
        headings, columns = ["Limit"], [merged]
    else:
        headings = [f"Limit of {name}" for name in names]
        columns = [[year.limits[n] for year in line] for n in range(len(names))]
    rows = [[year.year, *year.values, *(column[n] for column in columns)] for n, year in enumerate(line)]
    dashed = [Series(1 + len(names) + n, LIMIT if one_limit else _colour(n), True) for n in range(len(columns))]
    parts = (first.cap, first.basis, first.material, first.sector, first.region, first.future)
    title = f"China share: {', '.join(part for part in parts if part not in ('', '*'))}"
    return Drawing(title, ["Year", *_with_unit([*names, *headings], "%")], "share", rows, [*_runs(names), *dashed])


def _stocks(comparison: Comparison) -> list[Drawing]:
    """The stockpiles that differ most between runs, then the largest."""
    lines: dict[tuple[str, ...], list[StockYear]] = {}
    for stock in comparison.stocks:
        lines.setdefault(stock.line, []).append(stock)
    held = [line for line in lines.values() if any(value for year in line for value in year.values)]
    drawings = []
    for line in sorted(held, key=_weight, reverse=True)[:MOST_STOCKS]:
        first = line[0]
        title = f"Stock (t at year end): {', '.join(part for part in (*first.line[::2], first.future) if part)}"
        rows = [[year.year, *year.values] for year in line]
        drawings.append(
            Drawing(title, ["Year", *_with_unit(comparison.names, "t")], "t", rows, _runs(comparison.names))
        )
    return drawings


def _weight(line: Sequence[StockYear]) -> tuple[float, float]:
    peak = max(value or 0.0 for year in line for value in year.values)
    moved = max((abs(value or 0.0) for year in line for value in year.differences), default=0.0)
    return round(moved / peak if peak else 0.0, 6), peak


def _runs(names: Sequence[str]) -> list[Series]:
    return [Series(n + 1, _colour(n)) for n in range(len(names))]


def _with_unit(names: Sequence[str], unit: str) -> list[str]:
    return [f"{name} ({unit})" for name in names]


def _colour(n: int) -> str:
    return SERIES_COLOURS[n % len(SERIES_COLOURS)]


# --- writing --------------------------------------------------------------------------------------------------------


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, row: int, left: int, drawing: Drawing, first: int) -> None:
    """The unit stands in the headings and in the title, not at each series."""
    last_row, last_column = first + len(drawing.rows) - 1, len(drawing.headings) - 1
    chart = book.add_chart(CHARTS[drawing.kind])
    for series in drawing.series:
        if drawing.kind == "stacked":
            at = first + series.place
            ranges: Properties = {
                "name": [SHEET, at, 0],
                "categories": [SHEET, first - 1, 1, first - 1, last_column],
                "values": [SHEET, at, 1, at, last_column],
            }
        else:
            ranges = {
                "name": chart_text(drawing.headings[series.place].rsplit(" (", 1)[0]),
                "categories": [SHEET, first, 0, last_row, 0],
                "values": [SHEET, first, series.place, last_row, series.place],
            }
        chart.add_series({**ranges, **(_bar(series) if drawing.across else _line(series))})
    chart.set_title({"name": chart_text(drawing.title), "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"position": "right" if drawing.across else "bottom", "font": {"size": 8}})
    least = None if drawing.across else 0
    most = 1 if drawing.unit == "share" and _highest(drawing) > 0.8 else None
    numbers = {"num_format": NUMBERS[drawing.unit], "major_gridlines": GRID, "min": least, "max": most}
    names = {"label_position": "low", "num_font": {"size": 8}, "major_gridlines": {"visible": False}}
    upright = drawing.kind != "bars"  # xlsxwriter calls the axis along the bottom x, whatever it shows
    chart.set_x_axis(names if upright else numbers)
    chart.set_y_axis(numbers if upright else names)
    chart.show_blanks_as("gap")
    width = WIDTH if drawing.across else WIDTH // 2
    chart.set_size({"width": width - 8, "height": ROW_HEIGHT * (CHART_ROWS - 1)})
    sheet.insert_chart(row, 0, chart, {"x_offset": left + 2, "y_offset": 6})


def _bar(series: Series) -> Properties:
    return {"fill": {"color": series.colour}, "gap": 60}


def _line(series: Series) -> Properties:
    """The first run is drawn broad, so that it shows under a run that lies on it."""
    if series.dashed:
        return {"line": {"color": series.colour, "width": 1.75, "dash_type": "dash"}, "marker": {"type": "none"}}
    mark = {"color": series.colour}
    line = {"color": series.colour, "width": 4.5 if series.place == 1 else 2}
    return {"line": line, "marker": {"type": "circle", "size": 5, "fill": mark, "border": mark}}


def _highest(drawing: Drawing) -> float:
    return max((value for _, *values in drawing.rows for value in values if value is not None), default=0.0)
