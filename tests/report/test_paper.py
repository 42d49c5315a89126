"""What a plan takes on paper, counted from the page set-up: no spreadsheet program is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet
from tests.plan_document import small_plan

from lodestone.plan.plan import Plan
from lodestone.plan.tables import Column
from lodestone.report.excel.paper import pages, within
from lodestone.report.plan.charts import cost_by_term, cost_without_the_largest
from lodestone.report.plan.cost_matrix import CostMatrix
from lodestone.report.plan.workbook import write_plan_workbook

MOST_PAGES = 12


def written(tmp_path: Path, plan: Plan) -> Workbook:
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    return load_workbook(tmp_path / "plan.xlsx")


def pages_of(sheet: Worksheet) -> int:
    """As the page set-up limits them: none where the print area is blank, else those of its height or its breaks."""
    left, top, right, bottom = range_boundaries(sheet.print_area.split("!")[1])
    cells = [c.value for row in sheet.iter_rows(top, bottom, left, right) for c in row]
    if all(value is None for value in cells) and not sheet._charts:
        return 0
    high = sheet.page_setup.fitToHeight  # None: one page, 0: as many as there are breaks
    return 1 if high is None else int(high) or len(sheet.row_breaks.brk)


def many_flows(count: int) -> Plan:
    flow = small_plan().tables["flows"][0]
    return small_plan(tables={"flows": [{**flow, "t": float(n)} for n in range(count)]})


@pytest.mark.parametrize("flows", [1, 60, 3_000])
def test_a_plan_prints_on_twelve_pages(tmp_path: Path, flows: int) -> None:
    book = written(tmp_path, many_flows(flows))
    printed = {name: pages_of(book[name]) for name in book.sheetnames}
    assert sum(printed.values()) <= MOST_PAGES
    for name in ("Summary", "Charts", "Calendar", "Costs", "Investments"):
        assert printed[name] >= 1, name
    assert all(
        book[name].page_setup.fitToHeight != 0 for name, n in printed.items() if n and name not in ("Summary", "Charts")
    )


def test_a_long_table_is_kept_from_print_and_says_so(tmp_path: Path) -> None:
    book = written(tmp_path, many_flows(3_000))
    assert pages_of(book["Sourcing"]) == 0
    back = next(cell for cell in book["Sourcing"][1] if cell.value == "Back to Summary")
    assert "To print all 3,000 rows: Page Layout, Print Area, Clear Print Area" in back.comment.text
    told = [
        c.value for c in book["Summary"]["A"] if isinstance(c.value, str) and c.value.startswith("Set not to print")
    ]
    assert len(told) == 1 and "Sourcing" in told[0]
    assert "Calendar" not in told[0]


def test_pages_of_a_table_by_hand() -> None:
    """One column of 60 characters is 318.75 points wide and printed as it is: 501 points hold a heading row of 18
    and 32 rows of 15. Three of them need a scale of 784 / 956.25, and 501 / 0.8199 - 18 = 593.1 points hold 39 rows."""
    text = "x" * 80
    assert pages([Column("name", "", "")], [[text]] * 32) == 1
    assert pages([Column("name", "", "")], [[text]] * 64) == 2
    assert pages([Column(name, "", "") for name in ("a", "b", "c")], [[text] * 3] * 39) == 1
    assert pages([Column("name", "", "")], [[text]] * 201) is None  # too long
    assert pages([Column(f"n{n}", "", "") for n in range(7)], [[text] * 7]) is None  # 784 / 2,231.25 = 0.35: too small


def test_pages_go_to_the_first_that_fit() -> None:
    assert within(4, [("a", 3), ("b", 2), ("c", None), ("d", 1), ("e", 1)]) == {"a": 3, "d": 1}


def test_a_chart_leaves_out_the_term_beside_which_the_others_vanish() -> None:
    costs = {"payments_to_units": 900.0, "freight": 50.0, "tariffs": 40.0}
    (flat,) = cost_by_term(small_plan(costs_musd=costs))
    assert flat.title.endswith(", without payments to plants for value added: 900.0 MUSD")
    assert [row[0] for row in flat.rows] == ["Tariffs", "Freight"]
    (even,) = cost_by_term(small_plan(costs_musd={**costs, "freight": 200.0}))  # 900 is not six times 200
    assert [row[0] for row in even.rows] == ["Tariffs", "Freight", "Payments to plants for value added"]


def test_two_terms_of_one_size_are_left_out_together() -> None:
    costs = {"payments_to_units": 900.0, "market_purchases": 800.0, "freight": 50.0, "tariffs": 40.0}
    (drawing,) = cost_by_term(small_plan(costs_musd=costs))
    assert [row[0] for row in drawing.rows] == ["Tariffs", "Freight"]


def test_the_payers_that_are_flattened_have_a_chart_of_their_own() -> None:
    years = (2026, 2027)
    tall = CostMatrix(years, {("public", "grants"): [5.0, 9.0], ("buyers", "freight"): [90.0, 54.0]})
    (drawing,) = cost_without_the_largest(tall)
    assert drawing.title == "Cost by year and payer (MUSD, undiscounted), without buyers"
    assert drawing.rows == [[2026, 5.0], [2027, 9.0]]
    assert not cost_without_the_largest(
        CostMatrix(years, {("public", "grants"): [5.0, 9.0], ("buyers", "freight"): [9.0, 50.0]})
    )
