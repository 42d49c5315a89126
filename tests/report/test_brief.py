"""The brief: three pages, whose tables and charts can be edited and say what the plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pptx import Presentation
from pptx.util import Pt
from tests.plan_document import small_plan, without_rows

from lodestone.commands import main
from lodestone.plan.plan import Plan
from lodestone.report.plan.brief_slides import HEIGHT, WIDTH, _size, lines_of, risks, who_pays, write_brief
from lodestone.report.plan.run_folder import write_run


def pages(path: Path) -> list[Any]:
    return list(Presentation(str(path)).slides)


def cells(slide: Any) -> list[list[str]]:
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.fixture
def brief(tmp_path: Path) -> list[Any]:
    path = tmp_path / "brief.pptx"
    write_brief(small_plan(), path)
    return pages(path)


def test_it_has_three_pages_and_the_first_says_what_the_first_page_says(brief: list[Any]) -> None:
    assert len(brief) == 3
    told = {label: text for label, text in cells(brief[0])}
    for line in lines_of(small_plan()):
        if line.label != "Look next":
            assert told[line.label][:100] == line.text[:100]


def test_its_charts_are_native_and_hold_the_numbers(brief: list[Any]) -> None:
    charts = [shape.chart for shape in brief[1].shapes if shape.has_chart]
    cost = charts[-1]
    assert list(cost.plots[0].categories) == ["2026", "2027", "2028"]
    public = next(series for series in cost.plots[0].series if series.name == "public")
    # 120 + 30 + 0.4 + 0.5; 24 + 0.8; -96 - 2.5 + 60 + 0.8
    assert list(public.values) == pytest.approx([150.9, 24.8, -37.7])


def test_its_decisions_are_those_of_this_year_then_later_ones(brief: list[Any]) -> None:
    rows = cells(brief[2])
    assert rows[1][:5] == ["build", "sep_texas", "USA", "private", "300.0"]
    assert ["build", "magnets_saxony", "Germany", "public", "120.0", ""] in rows


def test_a_plan_in_which_nothing_happens_has_a_brief_too(tmp_path: Path) -> None:
    write_brief(small_plan(tables=without_rows()), tmp_path / "brief.pptx")
    assert len(pages(tmp_path / "brief.pptx")) == 3


def test_the_command_writes_it_and_refuses_other_names(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run(replace(small_plan(), workbook_path=None), run)

    def call(out: str) -> Any:
        return CliRunner().invoke(main, ["brief", str(run), "--out", str(tmp_path / out)])

    assert call("for_the_minister.pptx").exit_code == 0
    assert len(pages(tmp_path / "for_the_minister.pptx")) == 3
    assert "end it in .pptx" in call("brief.pdf").output
    assert call("run/brief.pptx").exit_code == 2


# --- who pays, and what may go wrong ----------------------------------------------------------------------------------


def bought(of: str, scenario: str, unit: str, plan: float | None, reference: float | None) -> dict[str, Any]:
    return {"figure": "x", "of": of, "scenario": scenario, "unit": unit, "plan": plan, "reference": reference}


def referred(**changes: Any) -> Plan:
    """With a reference by hand: 60 MUSD more, of which buyers save 5."""
    buys = [
        bought("oxide", "", "share", 0.4, 0.8),
        bought("cars", "short embargo", "t", 40.0, 90.0),
        bought("cars", "embargo", "t", 70.0, 300.0),
        bought("defence", "embargo", "t", 5.0, 50.0),
        bought("wind", "embargo", "t", 0.0, 50.0),
        bought("store", "embargo", "days", 30.0, 3.0),
        bought("store", "short embargo", "days", 80.0, 3.0),
        bought("vault", "embargo", "days", 0.0, 0.0),
        bought("pile", "embargo", "days", None, 9.0),
    ]
    reference = {"bound_musd": 1.0, "payers_musd": {"USA": 50.0, "buyers": -5.0, "EU": 15.0, "Fund": 0.001}}
    return small_plan(reference_musd=900.0, extra_cost_musd=60.0, reference={**reference, "buys": buys}, **changes)


def proved(plan: Plan, gap: float) -> Plan:
    return replace(plan, bound_musd=plan.objective_musd - gap)


def test_the_first_page_shows_who_pays_more_the_most_at_the_top(tmp_path: Path) -> None:
    write_brief(proved(referred(), 0.0), tmp_path / "brief.pptx")
    (chart,) = [shape.chart for shape in pages(tmp_path / "brief.pptx")[0].shapes if shape.has_chart]
    # bars are drawn from the bottom; what is less than half a per cent of a million is rounding
    assert list(chart.plots[0].categories) == ["buyers", "EU", "USA"]
    assert list(chart.plots[0].series[0].values) == [-5.0, 15.0, 50.0]
    assert (
        chart.chart_title.text_frame.text == "Who pays how much more than with doing nothing (MUSD, discounted to 2026)"
    )
    assert chart.value_axis.minimum_scale == pytest.approx(
        -5.0 - 0.2 * 55.0
    )  # room for the number of a bar to the left


def test_without_a_reference_it_shows_who_pays() -> None:
    drawing = who_pays(proved(small_plan(), 4.0))
    assert drawing.title == "Who pays (MUSD, discounted to 2026; 4.00 MUSD of it not proved)"
    paid = small_plan().payers_musd
    assert {row[0]: row[1] for row in drawing.rows} == {payer: m for payer, m in paid.items() if m}


def test_risks_tell_the_worst_scenario_of_each_sector_and_stock() -> None:
    told = risks(referred())
    assert told[:4] == [
        "cars: 70 t short in embargo (300 t without the plan).",
        "defence: 5.00 t short in embargo (50 t without the plan).",
        "vault: empty at once in embargo.",
        "store: empty after 30 days in embargo.",
    ]
    assert len(told) == 5  # and what leaves no room


def test_a_later_decision_is_told_once_and_what_is_filled_comes_last_in_its_year(tmp_path: Path) -> None:
    write_brief(small_plan(), tmp_path / "brief.pptx")
    later = [row[:2] for row in cells(pages(tmp_path / "brief.pptx")[2]) if row[0][:2] == "20"]
    assert len(later) == len({tuple(row) for row in later}) == len({name for _, name in later})


# Eight sentences, 7.1 inches wide. Of 150 letters, 70 stand on a line of 14 points: 24 lines, 410 points and 64 between
# them; in 13 points 75, and 16 lines: 254 + 64, which fit into 415. Of 320 nothing fits: the smallest type.
@pytest.mark.parametrize(("letters", "points"), [(20, 14), (150, 13), (320, 11)])
def test_the_type_is_the_largest_in_which_the_sentences_fit(letters: int, points: int) -> None:
    assert _size([["label", "x" * letters]] * 8, 7.1) == Pt(points)


def test_every_picture_of_it_is_a_native_chart_or_table(tmp_path: Path) -> None:
    write_brief(referred(), tmp_path / "brief.pptx")
    for slide in pages(tmp_path / "brief.pptx"):
        assert all(shape.has_chart or shape.has_table or shape.has_text_frame for shape in slide.shapes)
        for shape in slide.shapes:  # and on the page
            assert shape.left + shape.width <= WIDTH
            assert shape.top + shape.height <= HEIGHT
