"""A plan on three pages for those who sign: brief.pptx, whose tables and charts are native and can be edited.

Page one is the first page of plan.xlsx, page two the chain (where material comes from, and what it costs by year), page
three this year's decisions, what comes later, and the risks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.util import Emu, Inches, Pt

from lodestone.plan.formatting import one_line
from lodestone.plan.labels import labelled
from lodestone.plan.plan import Plan
from lodestone.report.excel.drawings import Drawing
from lodestone.report.plan.calendar import entries
from lodestone.report.plan.charts import cost_by_year, has_something, supplies
from lodestone.report.plan.cost_matrix import cost_matrix
from lodestone.report.plan.first_page import Line, brief, look_next
from lodestone.report.plan.joint_summary import joint_brief
from lodestone.report.plan.summary import status

WIDTH, HEIGHT, EDGE = Inches(13.333), Inches(7.5), Inches(0.5)  # 16:9, as paper turned sideways
TEXT, SMALL, TITLE = Pt(13), Pt(11), Pt(26)
MOST_ROWS, MOST_LATER = 9, 6  # decisions of this year, and of later ones
BLANK = 6  # layout without placeholders
KINDS = {"columns": XL_CHART_TYPE.COLUMN_STACKED, "bars": XL_CHART_TYPE.BAR_STACKED, "lines": XL_CHART_TYPE.LINE}
MOST_LETTERS = 260  # of a sentence; the plan has the rest


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
    first, last = plan.horizon
    which = "all futures together" if plan.is_joint else f"scenario {plan.scenario}"
    slide = _page(deck, plan.plan_name, f"{which}, {first}-{last}, {status(plan)}")
    lines = [line for line in lines_of(plan) if line.label != "Look next"]
    rows = [[line.label, _cut(line.text)] for line in lines]
    _table(slide, rows, (1.6, 10.7), Inches(1.3), header=False)


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
    now, later = [e for e in found if e.year == year], [e for e in found if e.year > year]
    slide = _page(deck, f"Decisions of {year}, and what comes later", _cut(f"Risks: {look_next(own)}"))
    rows = [["What", "Name", "Where", "Whose money", "MUSD", "Waits for"]]
    for entry in sorted(now, key=lambda e: -(e.musd or 0.0))[:MOST_ROWS]:
        money = "" if entry.musd is None else f"{entry.musd:,.1f}"
        rows.append([entry.what, entry.name, entry.where, entry.payer, money, entry.waits_for])
    if len(now) > MOST_ROWS:
        rows.append(["", f"and {len(now) - MOST_ROWS} more: sheet Calendar", "", "", "", ""])
    rows += [[f"{e.year}: {e.what}", e.name, e.where, e.payer, "", e.waits_for] for e in later[:MOST_LATER]]
    _table(slide, rows, (1.6, 3.4, 2.2, 1.7, 1.0, 2.4), Inches(1.4))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 4].rsplit(' ', 1)[0]} ..."


def _table(slide: Any, rows: Sequence[Sequence[str]], widths: Sequence[float], top: Any, header: bool = True) -> None:
    height = Inches(0.36 * len(rows))
    frame = slide.shapes.add_table(len(rows), len(widths), EDGE, top, WIDTH - 2 * EDGE, height)
    table = frame.table
    table.first_row, table.horz_banding = header, True
    for j, width in enumerate(widths):
        table.columns[j].width = Inches(width)
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            cell = table.cell(i, j)
            cell.text = one_line(text)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = SMALL
                paragraph.font.bold = bool((header and i == 0) or (not header and j == 0))


def _chart(slide: Any, drawing: Drawing, left: Any, top: Any, width: Any, height: Any) -> None:
    shown = [series for series in drawing.series if series.look != "hidden" and not series.second]
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = [str(row[0]) for row in drawing.rows]
    for series in shown:
        data.add_series(series.name, [row[series.column] for row in drawing.rows])  # type: ignore[no-untyped-call]
    chart = slide.shapes.add_chart(KINDS[drawing.kind], left, top, width, height, data).chart
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
    chart.font.size = SMALL
