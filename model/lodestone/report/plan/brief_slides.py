"""A plan on three pages for those who sign: brief.pptx, whose tables and charts are native and can be edited.

Page one is the first page of the plan's workbook, page two the chain (where material comes from, and what it costs by
year), page three this year's decisions, what comes later, and the risks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Inches, Pt

from lodestone.plan.formatting import days, musd, one_line, tonnes
from lodestone.plan.labels import labelled
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.report.excel.colours import PAYERS as PAYER_COLOURS
from lodestone.report.excel.drawings import Drawing, Series
from lodestone.report.plan.calendar import SHEET as CALENDAR
from lodestone.report.plan.calendar import Entry, entries
from lodestone.report.plan.certainty import certain_line
from lodestone.report.plan.charts import cost_by_year, has_something, supplies
from lodestone.report.plan.cost_matrix import cost_matrix
from lodestone.report.plan.first_page import Line, brief, look_next
from lodestone.report.plan.joint_summary import joint_brief
from lodestone.report.plan.secure import secure_line
from lodestone.report.plan.security_cost import payers_more, unproved
from lodestone.report.plan.summary import status

WIDTH, HEIGHT, EDGE = Inches(13.333), Inches(7.5), Inches(0.5)  # 16:9, as paper turned sideways
TEXT, SMALL, TITLE = Pt(13), Pt(11), Pt(26)
MOST_ROWS, MOST_LATER = 9, 6  # decisions of this year, and of later ones
MOST_PAYERS, MOST_RISKS, LEAST_MUSD, LEAST_SHORT_T = 10, 3, 0.005, 0.5
ROOM = 415  # points below the title of a page
BLANK = 6  # layout without placeholders
KINDS = {"columns": XL_CHART_TYPE.COLUMN_STACKED, "bars": XL_CHART_TYPE.BAR_STACKED, "lines": XL_CHART_TYPE.LINE}
MOST_LETTERS = 320  # of a sentence; the plan has the rest


def write_brief(plan: Plan, path: Path) -> None:
    """Write the three pages, in the names that people read."""
    plan = labelled(plan)
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    deck.core_properties.title = one_line(plan.plan_name)
    _first(deck, plan)
    _chain(deck, plan)
    _decisions(deck, plan)
    deck.save(str(path))


def lines_of(plan: Plan) -> list[Line]:
    """What the first page says."""
    return joint_brief(plan) if plan.is_joint else brief(plan)


def _page(deck: Any, title: str, below: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    box = slide.shapes.add_textbox(EDGE, Inches(0.3), WIDTH - 2 * EDGE, Inches(0.9)).text_frame
    box.word_wrap = True
    _write(box.paragraphs[0], title, TITLE, bold=True)
    _write(box.add_paragraph(), below, SMALL)
    return slide


def _write(paragraph: Any, text: str, size: Any, bold: bool = False) -> None:
    run = paragraph.add_run()
    run.text = one_line(text)
    run.font.size, run.font.bold = size, bold
    run.font.color.rgb = RGBColor(0x22, 0x2B, 0x36)  # type: ignore[no-untyped-call]


def _first(deck: Any, plan: Plan) -> None:
    """What the first page says, and beside it who pays."""
    first, last = plan.horizon
    which = "all futures together" if plan.is_joint else f"scenario {plan.scenario}"
    slide = _page(deck, plan.plan_name, f"{which}, {first}-{last}, {status(plan)}")
    lines = [line for line in lines_of(plan) if line.label != "Look next"]
    rows = [[line.label, _cut(line.text)] for line in lines]
    payers = who_pays(plan)
    wide = 8.6 if has_something(payers) else 12.3
    _table(slide, rows, (1.3, wide - 1.3), Inches(1.3), header=False, size=_size(rows, wide - 1.5))
    if has_something(payers):
        _chart(slide, payers, Inches(9.3), Inches(1.3), Inches(3.6), Inches(5.7))


def who_pays(plan: Plan) -> Drawing:
    """What each payer pays more than without the plan, the most at the top; of a plan without a reference: in all."""
    alone = plan.reference is None
    amounts = plan.payers_musd if alone else dict(payers_more(plan))
    shown = sorted((p for p in amounts if abs(amounts[p]) >= LEAST_MUSD), key=lambda p: abs(amounts[p]))
    rows = [[payer, amounts[payer]] for payer in shown[-MOST_PAYERS:]]
    title = "Who pays" if alone else "Who pays how much more than with doing nothing"
    headings, units = ["Payer", "Paid (MUSD)"], ["", "MUSD"]
    series = [Series("paid", 1, PAYER_COLOURS["public"])]
    gap = unproved(plan)
    known = f"; {musd(gap)} of it not proved" if gap is not None else ""
    drawn = f"{title} (MUSD, discounted to {plan.horizon[0]}{known})"
    return Drawing(drawn, "bars", headings, units, rows, series, "MUSD", least=None, labels=True)


def _size(rows: Sequence[Sequence[str]], wide: float) -> Any:
    """The largest type in which the sentences fit on the page, `wide` inches each."""
    for points in (14, 13, 12, 11):
        letters = wide * 72 / (0.52 * points)
        lines = sum(1 + int(len(text) / letters) for *_, text in rows)
        if lines * points * 1.22 + len(rows) * 8 <= ROOM:
            return Pt(points)
    return SMALL


def _chain(deck: Any, plan: Plan) -> None:
    slide = _page(deck, "Where material comes from, and what it costs", "tonnes by origin; cost by payer and year")
    shown = [d for d in (*supplies(plan), cost_by_year(cost_matrix(plan))) if has_something(d)]
    chosen = [*shown[:-1][:2], shown[-1]] if len(shown) > 1 else shown
    width = (WIDTH - 2 * EDGE) // max(len(chosen), 1)
    for i, drawing in enumerate(chosen):
        _chart(slide, drawing, Emu(EDGE + i * width), Inches(1.4), Emu(width - Inches(0.15)), Inches(5.6))


def _decisions(deck: Any, plan: Plan) -> None:
    own = plan.future(next(iter(plan.futures))) if plan.is_joint else plan
    found, year = entries(own), own.horizon[0]
    now, later = [e for e in found if e.year == year], _later(found, year)
    of = f"as planned if {own.scenario} comes" if plan.is_joint else "what, where, with whose money, waiting for what"
    slide = _page(deck, f"Decisions of {year}, risks, and what comes later", of)
    rows = [["What", "Name", "Where", "Whose money", "MUSD", "Waits for"]]
    rows += [_decided(entry.what, entry) for entry in sorted(now, key=lambda e: -(e.musd or 0.0))[:MOST_ROWS]]
    if len(now) > MOST_ROWS:
        rows.append(["", f"and {len(now) - MOST_ROWS} more: sheet {CALENDAR}", "", "", "", ""])
    rows += [_decided(f"{entry.year}: {entry.what}", entry) for entry in later[:MOST_LATER]]
    if len(later) > MOST_LATER:
        rows.append(["", f"and {len(later) - MOST_LATER} more later: sheet {CALENDAR}", "", "", "", ""])
    _table(slide, rows, (1.25, 2.2, 1.55, 1.15, 0.85, 1.6), Inches(1.3), numbers=4)
    box = slide.shapes.add_textbox(Inches(9.3), Inches(1.25), Inches(3.6), Inches(5.6)).text_frame
    box.word_wrap = True
    _write(box.paragraphs[0], "Risks", TEXT, bold=True)
    for line in (*risks(plan), f"Amounts are undiscounted, of {year} and later."):
        paragraph = box.add_paragraph()
        paragraph.space_before = Pt(6)
        _write(paragraph, _cut(line), SMALL)


def _later(found: Sequence[Entry], year: int) -> list[Entry]:
    """Each decision once, in its first year; what is filled year after year says nothing new."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in found:
        first.setdefault((entry.what, entry.name), entry)
    later = [entry for entry in first.values() if entry.year > year]
    return sorted(later, key=lambda entry: (entry.year, entry.what == "fill", -(entry.musd or 0.0)))


def _decided(what: str, entry: Entry) -> list[str]:
    money = "" if entry.musd is None else f"{entry.musd:,.1f}"
    return [what, entry.name, entry.where, entry.payer, money, entry.waits_for]


def risks(plan: Plan) -> list[str]:
    """What may go wrong, as far as the plan knows: what the scenarios do to it, what is short, what leaves no room."""
    buys = [row for row in (plan.reference or {}).get("buys", []) if row["scenario"]]
    lines = []
    for row in _worst(r for r in buys if r["unit"] == "t" and (r["plan"] or 0.0) >= LEAST_SHORT_T):
        without = f" ({tonnes(row['reference'])} without the plan)" if row["reference"] is not None else ""
        lines.append(f"{row['of']}: {tonnes(row['plan'])} short in {row['scenario']}{without}.")
    for row in _worst((r for r in buys if r["unit"] == "days" and r["plan"] is not None), -1):
        when = f"after {days(row['plan'])}" if row["plan"] >= 1 else "at once"
        lines.append(f"{row['of']}: empty {when} in {row['scenario']}.")
    lines += [line for line in (secure_line(plan), certain_line(plan)) if line]
    whole = plan.future(next(iter(plan.futures))) if plan.is_joint else plan
    return [*lines, look_next(whole).partition(" Where a number")[0]]


def _worst(rows: Iterable[Row], sign: int = 1) -> list[Row]:
    """Of each sector or stockpile the scenario that hits it hardest, the worst of them first."""
    worst: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: -sign * r["plan"]):
        worst.setdefault(row["of"], row)
    return list(worst.values())[:MOST_RISKS]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 4].rsplit(' ', 1)[0]} ..."


def _table(
    slide: Any,
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    top: Any,
    *,
    header: bool = True,
    size: Any = SMALL,
    numbers: int | None = None,
) -> None:
    """numbers: the column that is aligned to the right."""
    height = Inches(0.3 * len(rows))
    frame = slide.shapes.add_table(len(rows), len(widths), EDGE, top, Inches(sum(widths)), height)
    table = frame.table
    table.first_row, table.horz_banding = header, True
    for j, width in enumerate(widths):
        table.columns[j].width = Inches(width)
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            cell = table.cell(i, j)
            cell.text = one_line(text)
            cell.margin_top = cell.margin_bottom = Pt(2)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = size
                paragraph.alignment = PP_ALIGN.RIGHT if j == numbers else PP_ALIGN.LEFT
                paragraph.font.bold = bool((header and i == 0) or (not header and j == 0))


def _chart(slide: Any, drawing: Drawing, left: Any, top: Any, width: Any, height: Any) -> None:
    shown = [series for series in drawing.series if series.look != "hidden" and not series.second]
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = [str(row[0]) for row in drawing.rows]
    for series in shown:
        data.add_series(series.name, [row[series.column] for row in drawing.rows])  # type: ignore[no-untyped-call]
    kind = XL_CHART_TYPE.BAR_CLUSTERED if drawing.labels else KINDS[drawing.kind]  # whose numbers can stand at the end
    chart = slide.shapes.add_chart(kind, left, top, width, height, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = drawing.title
    chart.chart_title.text_frame.paragraphs[0].font.size = TEXT
    chart.has_legend = len(shown) > 1
    if chart.has_legend:
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
        chart.legend.font.size = SMALL
    for series, line in zip(shown, chart.plots[0].series, strict=True):
        colour = RGBColor.from_string(series.colour.lstrip("#").upper())  # type: ignore[no-untyped-call]
        if drawing.kind == "lines":
            line.format.line.color.rgb = colour
        else:
            line.format.fill.solid()
            line.format.fill.fore_color.rgb = colour
    plot, axis = chart.plots[0], chart.value_axis
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "#,##0", False
    axis.major_gridlines.format.line.color.rgb = RGBColor(0xD9, 0xD9, 0xD9)  # type: ignore[no-untyped-call]
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW  # also where bars go below zero
    if drawing.kind != "lines":
        plot.gap_width = 40
    if drawing.labels:
        plot.has_data_labels = True
        plot.data_labels.number_format, plot.data_labels.number_format_is_linked = "#,##0.0", False
        plot.data_labels.font.size, plot.data_labels.position = SMALL, XL_LABEL_POSITION.OUTSIDE_END
        axis.visible = axis.has_major_gridlines = False
        values = [row[series.column] or 0.0 for series in shown for row in drawing.rows]
        if min(values) < 0:  # room for its number, left of which the names stand
            axis.minimum_scale = min(values) - 0.2 * (max(0.0, *values) - min(values))
    chart.font.size = SMALL
