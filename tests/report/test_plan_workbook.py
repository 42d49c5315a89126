"""plan.xlsx as Excel and as a program would read it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from tests.plan_document import small_plan, without_rows

from lodestone.plan.plan import Plan
from lodestone.plan.tables import TABLES, Column, PlanTable
from lodestone.report.excel.styles import heading
from lodestone.report.plan.workbook import write_plan_workbook

ALL_SHEETS = [
    *(
        "Summary",
        "Charts",
        "Calendar",
        "Investments",
        "PriceFloors",
        "Contracts",
        "Bankability",
        "Stockpile",
        "Sourcing",
    ),
    *("Plants", "CapacityUse", "ChinaShare", "Demand", "Costs", "Markets", "Intake", "Balance", "Substitution"),
    *("Returns", "Budgets", "Audit", "RunInfo"),
]


def written(tmp_path: Path, plan: Plan) -> Workbook:
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    return load_workbook(tmp_path / "plan.xlsx")


def records(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """Without the cell beside the headings that leads back to the Summary."""
    headings, *rows = (row[:-1] for row in book[sheet].iter_rows(values_only=True))
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def test_sheets_in_order(tmp_path: Path) -> None:
    assert written(tmp_path, small_plan()).sheetnames == ALL_SHEETS


def test_every_table_of_the_plan_has_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is declared and filled appears by itself."""
    columns = (Column("rule", "", "which rule"), Column("worth_usd_per_kg", "USD/kg", "what more room is worth"))
    monkeypatch.setitem(TABLES, "shadow_prices", PlanTable("shadow_prices", "What more room is worth.", columns))
    known = {"kind": "project", "name": "old", "region": "USA", "year": 2025, "amount": 100, "unit": "t/yr"}
    plan = small_plan(tables={"shadow_prices": [{"rule": "(8)", "worth_usd_per_kg": 1.5}], "committed": [known]})
    book = written(tmp_path, plan)
    assert records(book, "ShadowPrices")[0]["Worth (USD/kg)"] == pytest.approx(1.5)
    assert "What more room is worth." in [cell.value for cell in book["Summary"]["B"]]
    shown = {"investments": "Investments", "flows": "Sourcing", "floor_payments": "PriceFloors", "costs": "Costs",
             "contract_years": "Contracts"}  # fmt: skip
    for table in TABLES:
        name = shown.get(table, "".join(word.capitalize() for word in table.split("_")))
        assert name in book.sheetnames, table


def test_support_sheets_only_with_rows(tmp_path: Path) -> None:
    support = ("price_floors", "floor_payments", "contracts", "contract_years", "bankability")
    none: dict[str, list[Any]] = {table: [] for table in support}
    names = written(tmp_path, small_plan(tables=none)).sheetnames
    assert [name for name in ALL_SHEETS if name not in names] == ["PriceFloors", "Contracts", "Bankability"]


def test_a_plan_without_any_rows_can_be_written(tmp_path: Path) -> None:
    nothing = small_plan(tables=without_rows(), changes=[], warnings=[], audit=[])
    book = written(tmp_path, nothing)
    assert book["Sourcing"]["A1"].value == "Material"
    assert book["Sourcing"].max_row == 1


def test_every_table_stands_there_whole(tmp_path: Path) -> None:
    plan = small_plan()
    book = written(tmp_path, plan)
    sheets = {"Investments": "investments", "Stockpile": "stockpile", "Sourcing": "flows", "Plants": "plants"}
    for sheet, table in (sheets | {"ChinaShare": "china_share", "Demand": "demand"}).items():
        columns = TABLES[table].columns
        expected = [{heading(c): row[c.name] for c in columns} for row in plan.tables[table]]
        for got, want in zip(records(book, sheet), expected, strict=True):
            assert {k: v for k, v in got.items() if v is not None} == {
                k: pytest.approx(v, abs=1e-6) if isinstance(v, float) else v
                for k, v in want.items()
                if v not in (None, "")
            }


def test_floors_show_grant_and_yearly_payments(tmp_path: Path) -> None:
    award, *payments = records(written(tmp_path, small_plan()), "PriceFloors")
    assert (award["Row"], award["Year"], award["Grant (MUSD)"], award["Payment (MUSD)"]) == ("award", 2026, 30, None)
    assert [p["Payment (MUSD)"] for p in payments] == [24, -2.5]
    assert [p["Upside (MUSD)"] for p in payments] == [0, 2.5]
    assert [p["Payment at bank prices (MUSD)"] for p in payments] == [46.4, 23.2]


def test_contracts_show_fee_and_yearly_prices(tmp_path: Path) -> None:
    signing, *years = records(written(tmp_path, small_plan()), "Contracts")
    assert (signing["Row"], signing["Fee (MUSD)"]) == ("signing", 0.5)
    assert [y["Difference (MUSD)"] for y in years] == [1.5, 1, -0.5]
    assert [y["Taken (t)"] for y in years] == [500, 500, 500]


def test_costs_add_up_by_year_and_payer(tmp_path: Path) -> None:
    plan = small_plan()
    rows = {row["Cost term"]: row for row in records(written(tmp_path, plan), "Costs")}
    terms = [row for name, row in rows.items() if not name.startswith(("All ", "Total"))]
    for column in ("2026 (MUSD)", "2028 (MUSD)", "Total (MUSD)", "Discounted (MUSD)"):
        assert rows["Total"][column] == pytest.approx(sum(row[column] for row in terms))
    assert rows["All public"]["2026 (MUSD)"] == pytest.approx(150.9)
    assert rows["Total"]["Discounted (MUSD)"] == pytest.approx(plan.expected_cost_musd)


def test_tariffs_that_are_not_counted_are_not_in_the_totals(tmp_path: Path) -> None:
    plan = small_plan()
    plan.settings["tariffs_counted"] = False
    rows = {row["Cost term"]: row for row in records(written(tmp_path, plan), "Costs")}
    assert "Tariffs" not in rows
    assert rows["Total"]["2026 (MUSD)"] == pytest.approx(530.65 - 32.0)


def test_several_words_of_a_cell_that_was_changed_are_shown_as_they_are_typed(tmp_path: Path) -> None:
    change = {"sheet": "Budgets", "row": "support", "column": "covers", "year": None, "by": "Changes!A2"}
    plan = small_plan(changes=[{**change, "old": ["grants", "floors"], "new": ["grants"]}])
    shown = [row for row in written(tmp_path, plan)["RunInfo"].iter_rows(values_only=True) if row[0] == "Budgets"]
    assert shown[0][:7] == ("Budgets", "support", "covers", None, "grants, floors", "grants", "Changes!A2")


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    plan = small_plan(plan_name="=1+1", workbook="@x.xlsx")
    for row, text in zip(plan.tables["flows"], ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "{=1}"), strict=True):
        row["material"] = text
    plan.warnings[0]["found"] = '=HYPERLINK("http://example.org")'
    book = written(tmp_path, plan)
    assert [row["Material"] for row in records(book, "Sourcing")] == [r["material"] for r in plan.tables["flows"]]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["Sourcing"]["A2"].quotePrefix


def test_numbers_have_formats_by_unit(tmp_path: Path) -> None:
    book = written(tmp_path, small_plan())
    formats = {cell.value: book["Sourcing"].cell(2, cell.column).number_format for cell in book["Sourcing"][1]}
    assert formats["Year"] == "0"
    assert formats["Freight (MUSD)"] == "#,##0.00"
    assert "#,##0" in formats["Amount (t)"]
    assert book["ChinaShare"]["I2"].number_format == "0.0%"


def test_headers_frozen_filtered_and_ready_to_print(tmp_path: Path) -> None:
    book = written(tmp_path, small_plan())
    for name in ALL_SHEETS:
        assert book[name].page_setup.orientation == ("portrait" if name in ("Summary", "Charts") else "landscape")
        assert book[name].sheet_properties.pageSetUpPr.fitToPage
        assert (book[name].page_setup.fitToWidth or 1) == 1
        assert book[name].oddFooter.center.text == "Page &P of &N"
        assert book[name].oddHeader.left.text == "Magnets for the allies"
        if name not in ("Summary", "Charts", "RunInfo"):
            assert book[name].freeze_panes == "A2"
            assert book[name].auto_filter.ref.startswith("A1:")
            assert book[name].print_title_rows == "$1:$1"
            headings = [cell.value for cell in book[name][1]]
            assert headings.pop() == "Back to Summary"
            first, *last = book[name].print_area.split("!")[1].split(":")
            beside = not last and book[name][first].column > len(headings) + 1  # set not to print
            assert beside or (first, last[0].split("$")[1]) == ("$A$1", get_column_letter(len(headings)))
    assert book["Costs"].auto_filter.ref == "A1:G14"  # not the totals


def test_run_info_has_hash_and_changes_with_old_and_new(tmp_path: Path) -> None:
    rows = [tuple(r) for r in written(tmp_path, small_plan())["RunInfo"].iter_rows(values_only=True)]
    assert ("SHA-256 of the workbook", "5f" * 32) in [r[:2] for r in rows]
    assert ("Version of highspy", "1.15.1") in [r[:2] for r in rows]
    assert ("Prices", "ndpr_oxide", "years", 2027, 70, 56, "Changes!A2") in rows
    assert (
        "Lanes",
        "China/USA/ndpr_oxide",
        "open",
        None,
        "yes",
        "no",
        "--set Lanes/China/USA/ndpr_oxide/open=no",
    ) in rows


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("stock_t", "t", "Stock (t)"),
        ("capacity_t_per_yr", "t/yr", "Capacity (t/yr)"),
        ("floor_usd_per_kg", "USD/kg", "Floor (USD/kg)"),
        ("musd", "MUSD", "Amount (MUSD)"),
        ("t", "t", "Amount (t)"),
        ("share", "share", "Share (%)"),
        ("required_days", "days", "Required days"),
        ("last_year", "", "Last year"),
    ],
)
def test_headings_carry_units(name: str, unit: str, expected: str) -> None:
    assert heading(Column(name, unit, "")) == expected


def test_many_flows_are_written_in_steady_time(tmp_path: Path) -> None:
    """A tenth of the 200,000 rows that must be writable; 2 s would be 20 s, less than such a model takes to solve."""
    plan = small_plan()
    plan.tables["flows"] = plan.tables["flows"] * 4000
    started = time.process_time()
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    assert time.process_time() - started < 6  # generous: shared machines


def test_more_rows_than_a_sheet_holds_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lodestone.report.excel.styles.LAST_ROW", 4)
    sheet = written(tmp_path, small_plan())["Sourcing"]
    assert sheet.max_row == 5
    assert sheet["A5"].value == "... 2 more rows in plan.json"
