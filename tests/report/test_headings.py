"""Every heading over numbers has its unit, in every workbook that is written; what has none is declared here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from tests.futures import with_futures
from tests.plan_document import small_plan
from tests.solving import solved_all

from lodestone.plan.tables import COST_TERMS
from lodestone.report.compare.workbook import write_compare_workbook
from lodestone.report.excel.styles import DARK
from lodestone.report.plan.workbook import write_plan_workbook
from lodestone.report.studies.frontier_workbook import write_frontier_workbook
from lodestone.report.studies.stress_files import write_stress
from lodestone.report.studies.sweep_files import write_sweep
from lodestone.studies.compare.runs import compare
from lodestone.studies.frontier.results import Frontier, Least, Point
from lodestone.studies.stress.results import GaveWay, Outcome, Regret, Stress
from lodestone.studies.sweep.results import GridPoint, Sweep, Varied, figures_of

UNIT = re.compile(r".* \((MUSD|t|t/yr|USD/kg|%|days|s|points|share|year|years)(, (un)?discounted)?\)")
# Numbers without a unit: years of the calendar, counts, ranks, and values whose unit stands in a column beside them.
WITHOUT = {
    *("Year", "Decision year", "First year", "Last year", "Signing year", "First delivery year", "Last delivery year"),
    *("First supported year", "Last supported year", "From year", "Shows itself", "Builds", "Checked", "Rank"),
    *("Required days", "Days of cover", "Days until empty"),  # days, by name
    *("Worst", "Tolerance", "Missed by", "Before", "Value", "Old value", "New value", "Row"),  # the unit is beside
}


def plan(path: Path) -> None:
    write_plan_workbook(small_plan(), path)


def joint(path: Path) -> None:
    write_plan_workbook(solved_all(with_futures(), values=False), path)


def comparison(path: Path) -> None:
    runs = [small_plan(inputs={"Settings": {"discount_rate": {"value": rate}}}) for rate in (0.05, 0.08)]
    runs[1].tables["stockpile"][0]["stock_t"] = 300.0
    write_compare_workbook(compare(runs, ["a", "b"]), path)


def frontier(path: Path) -> None:
    points = (Point(0.9, 100.0, 99.9, {"works": [2027]}), Point(0.5, 120.0, 119.0, {"works": [2026]}))
    least = (Least("cap", 2027, 0.5, 0.1, True),)
    write_frontier_workbook(Frontier("w.xlsx", "plan", "base", "cap", None, (), least, points), path)


def sweep(path: Path) -> None:
    varied = (Varied("Settings/discount_rate", ("0.03",)),)
    figures = figures_of(small_plan(costs_musd=dict.fromkeys(COST_TERMS, 1.0)))
    write_sweep(Sweep("book.xlsx", varied, (), (GridPoint(("0.03",), figures),)), path)


def stress(path: Path) -> None:
    outcome = Outcome("a", "scenario", "embargo", 2027, 0.2, 110.0, 10.0, {"ev": 5.0}, {"ev": 0.1}, {"reserve": 30.0},
                      0.4, (GaveWay("days of cover", "reserve 2027", 3.0, "t"),))  # fmt: skip
    regret = Regret({"a": {"base": 0.0, "embargo": 2.0}}, {"a": 2.0}, "a")
    write_stress(Stress("plan", "book.xlsx", False, 2027, ("a",), (outcome,), regret, ()), path)


def headed_columns(sheet: Worksheet) -> Iterator[tuple[str, list[str], list[object]]]:
    """Each dark heading, with the other headings of its table, and what stands below it until the table ends."""
    for row in sheet.iter_rows():
        heads = [cell for cell in row if cell.fill.fgColor.rgb == f"FF{DARK[1:]}" and cell.value is not None]
        for head in heads:
            values = []
            for below in range(head.row + 1, sheet.max_row + 1):
                cells = [sheet.cell(below, other.column) for other in heads]
                if all(cell.value is None for cell in cells) or cells[0].fill.fgColor.rgb == f"FF{DARK[1:]}":
                    break
                values.append(sheet.cell(below, head.column).value)
            yield str(head.value), [str(other.value) for other in heads], values


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("write", [plan, joint, comparison, frontier, sweep, stress], ids=lambda write: write.__name__)
def test_every_heading_over_numbers_has_its_unit(write: Callable[[Path], None], tmp_path: Path):
    write(tmp_path / "book.xlsx")
    seen, bare = 0, []
    for sheet in load_workbook(tmp_path / "book.xlsx"):
        for heading, headings, values in headed_columns(sheet):
            if not any(map(is_number, values)):
                continue
            seen += 1
            beside = "Unit" in headings
            names_a_cell = heading.count("/") and heading.startswith("Settings/")  # of the workbook: what was varied
            if not (UNIT.fullmatch(heading) or heading in WITHOUT or beside or names_a_cell):
                bare.append(f"{sheet.title}: {heading}")
    assert bare == []
    assert seen >= {"stress": 10, "frontier": 8}.get(write.__name__, 15)
