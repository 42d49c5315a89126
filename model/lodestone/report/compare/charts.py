"""The Charts sheet of compare.xlsx: native charts, and below them the numbers they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import xlsxwriter

from lodestone.plan.formatting import term_label
from lodestone.plan.tables import COST_TERMS
from lodestone.report.excel.drawings import Drawing, Series, write_drawings
from lodestone.report.excel.styles import LIMIT, PAYER_COLOURS, SERIES_COLOURS, Styles, page
from lodestone.studies.compare.results import Comparison, ShareYear, StockYear

SHEET = "Charts"
MOST_STEPS, MOST_CAPS, MOST_STOCKS = 10, 4, 4
SMALL = 0.005  # MUSD: a term below it in every run is not drawn
TERM_COLOURS = {  # dark for public money, light for buyers, as in the plan
    "public": ("#1F3A4D", "#35607E", "#2B4A3F", "#4E7D6B", "#4A3F63", "#12222E", "#5B6B34", "#3D3D3D", "#6B4A2B"),
    "buyers": ("#6C9AB5", "#A9CBDF", "#B5B5B5", "#BDB0CC", "#D9CF9C", "#8C8C8C", "#B9C9A8", "#9484A8", "#D6D6D6"),
    "shortage": (PAYER_COLOURS["shortage"],),
}
MORE = "#5F5F5F"


def write_charts(book: xlsxwriter.Workbook, styles: Styles, comparison: Comparison) -> None:
    """Cost across the page, then two charts a row, then the tables."""
    drawings = [_costs(comparison), _differences(comparison), *_shares(comparison), *_stocks(comparison)]
    sheet = book.add_worksheet(SHEET)
    page(sheet, f"Comparison of {len(comparison.runs)} runs", SHEET)
    sheet.hide_gridlines(2)
    write_drawings(book, sheet, styles, [drawing for drawing in drawings if drawing.rows], top=0)


# --- what is drawn --------------------------------------------------------------------------------------------------


def _costs(comparison: Comparison) -> Drawing:
    """Stacked, one column for each run; terms below zero hang below the axis."""
    terms = [term for term, paid in comparison.costs.items() if any(abs(amount or 0.0) >= SMALL for amount in paid)]
    used: dict[str, int] = {}
    series = []
    for place, term in enumerate(terms, 1):
        payer = COST_TERMS.get(term, "")
        colours = TERM_COLOURS.get(payer, (MORE,))
        series.append(Series(term_label(term), place, colours[used.get(payer, 0) % len(colours)]))
        used[payer] = used.get(payer, 0) + 1
    rows = [[name, *(comparison.costs[term][n] for term in terms)] for n, name in enumerate(comparison.names)]
    headings, units = _headed("Run", [term_label(term) for term in terms], "MUSD")
    title = "Cost by term (MUSD, discounted)"
    return Drawing(title, "columns", headings, units, rows if terms else [], series, "MUSD", across=True, least=None)


def _differences(comparison: Comparison) -> Drawing:
    """The terms that make most of the difference, the largest at the top."""
    others = comparison.names[1:]
    steps = {term: [comparison.bridge[name].get(term, 0.0) for name in others] for term in comparison.costs}
    largest = sorted(steps, key=lambda term: max(map(abs, steps[term])))[-MOST_STEPS:]
    rows = [[term_label(term), *steps[term]] for term in largest if any(abs(step) >= SMALL for step in steps[term])]
    series = [Series(name, n, _colour(n)) for n, name in enumerate(others, 1)]
    title = f"What changes the cost against {comparison.names[0]} (MUSD, discounted)"
    headings, units = _headed("Cost term", others, "MUSD")
    return Drawing(title, "bars", headings, units, rows, series, "MUSD", across=True, least=None, labels=True)


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
        limit_names, columns = ["Limit"], [merged]
    else:
        limit_names = [f"Limit of {name}" for name in names]
        columns = [[year.limits[n] for year in line] for n in range(len(names))]
    rows = [[year.year, *year.values, *(column[n] for column in columns)] for n, year in enumerate(line)]
    colours = [LIMIT] if one_limit else [_colour(n) for n in range(len(names))]
    limits = [
        Series(name, 1 + len(names) + n, colour, "dashed")
        for n, (name, colour) in enumerate(zip(limit_names, colours, strict=True))
    ]
    parts = (first.cap, first.basis, first.material, first.sector, first.region, first.future)
    title = f"China share: {', '.join(part for part in parts if part not in ('', '*'))}"
    headings, units = _headed("Year", [*names, *limit_names], "share")
    most = (
        1 if max((value for _, *values in rows for value in values if value is not None), default=0.0) > 0.8 else None
    )
    return Drawing(title, "lines", headings, units, rows, [*_runs(names), *limits], "%", most=most)


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
        headings, units = _headed("Year", comparison.names, "t")
        drawings.append(Drawing(title, "lines", headings, units, rows, _runs(comparison.names), "t"))
    return drawings


def _weight(line: Sequence[StockYear]) -> tuple[float, float]:
    peak = max(value or 0.0 for year in line for value in year.values)
    moved = max((abs(value or 0.0) for year in line for value in year.differences), default=0.0)
    return round(moved / peak if peak else 0.0, 6), peak


def _runs(names: Sequence[str]) -> list[Series]:
    return [Series(name, n, _colour(n - 1), "line") for n, name in enumerate(names, 1)]


def _headed(first: str, names: Sequence[str], unit: str) -> tuple[list[str], list[str]]:
    """Headings and units of a table of figures of one unit."""
    shown = "%" if unit == "share" else unit
    return [first, *(f"{name} ({shown})" for name in names)], ["", *[unit] * len(names)]


def _colour(n: int) -> str:
    return SERIES_COLOURS[n % len(SERIES_COLOURS)]
