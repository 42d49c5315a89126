"""The brief: three pages, whose tables and charts can be edited and say what the plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pptx import Presentation
from tests.plan_document import small_plan, without_rows

from lodestone.commands import main
from lodestone.report.plan.brief_slides import lines_of, write_brief
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
