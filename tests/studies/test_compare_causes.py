"""Which input explains how much of a difference, from costs worked out by hand; and years of one cell as one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, tiny, write_book
from tests.plan_document import small_plan

from lodestone.commands import main
from lodestone.report.plan.run_folder import write_run
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.compare.causes import MOST_CHANGES, ROWS_OF_ONE, _changes, causes
from lodestone.studies.compare.input_lines import input_lines
from lodestone.studies.compare.results import Causes, InputDifference
from lodestone.studies.compare.runs import compare
from lodestone.workbook.inputs import load


def plain() -> Book:
    """220 t in two years at 60 + 1 USD/kg, not discounted: 13.42 MUSD."""
    book = tiny()
    book["Settings"] |= {"discount_rate": 0}
    return book


def explained(tmp_path: Path, first: Book, second: Book) -> Causes:
    cases = tuple((load(write_book(tmp_path / f"{n}.xlsx", book)), "base") for n, book in enumerate((first, second)))
    plans = [solve_scenario(inputs, scenario) for inputs, scenario in cases]
    costs = (plans[0].objective_musd, plans[1].objective_musd)
    return causes((cases[0], cases[1]), costs, compare(plans, ["a", "b"]).inputs, Effort())


def test_two_changes_by_hand(tmp_path: Path) -> None:
    """Price 60 to 70 of 220 t, then of 320 t; 100 t more at 71, then at 61 USD/kg."""
    book = plain()
    book["Prices"][1][1:] = [70, 70]
    book["Demand"][1][3] = 200
    found = explained(tmp_path, plain(), book)
    assert [(cause.change, pytest.approx(cause.steps), pytest.approx(cause.musd)) for cause in found.changes] == [
        ("Demand/Home/defence/oxide/2026", (7.1, 6.1), 6.6),
        ("Prices/oxide/2026-2027", (2.2, 3.2), 2.7),
    ]
    assert sum(cause.musd for cause in found.changes) == pytest.approx(320 * 0.071 - 220 * 0.061)
    assert found.remark == ""


def test_rows_that_one_has_alone_are_one_change(tmp_path: Path) -> None:
    """Another sector in another region needs 50 t in 2026: 50 t at 61 USD/kg, and the freight of both lanes is 1."""
    book = plain()
    book["Regions"].append(["Ally", "no", None])
    book["Lanes"].append(["China", "Ally", "oxide", 1])
    book["Demand"].append(["Ally", "defence", "oxide", 50, 0])
    found = explained(tmp_path, plain(), book)
    (cause,) = found.changes
    assert cause.change.startswith(ROWS_OF_ONE)
    assert cause.musd == pytest.approx(50 * 0.061)


def test_freight_that_opens_every_lane(tmp_path: Path) -> None:
    """Default freight 2 to 4 USD/kg on 220 t, 0.44 MUSD, whatever else changes; 100 t more at 62, then at 64."""
    first, second = plain(), plain()
    for book, freight in ((first, 2), (second, 4)):
        del book["Lanes"]
        book["Settings"]["default_freight_usd_per_kg"] = freight
    second["Demand"][1][3] = 200
    found = {cause.change: cause.steps for cause in explained(tmp_path, first, second).changes}
    assert found["Settings/default_freight_usd_per_kg"] == pytest.approx((0.44, 0.64))
    assert found["Demand/Home/defence/oxide/2026"] == pytest.approx((6.4, 6.2))


def test_a_step_without_a_plan_leaves_the_other_order(tmp_path: Path) -> None:
    """The lane takes 300 t, and 350 t are to be served: the demand can change only after the lane."""
    first, second = plain(), plain()
    for book, most, need in ((first, 300, 100), (second, 400, 350)):
        book["Lanes"] = [[*book["Lanes"][0], 2026], [*book["Lanes"][1], most]]
        book["Sectors"] = [[*book["Sectors"][0], "min_service_share"], [*book["Sectors"][1], 1]]
        book["Demand"][1][3] = need
    found = explained(tmp_path, first, second)
    assert {cause.change: len(cause.steps) for cause in found.changes} == {
        "Lanes/China/Home/oxide/2026-2027": 1,
        "Demand/Home/defence/oxide/2026": 1,
    }
    assert sum(cause.musd for cause in found.changes) == pytest.approx(250 * 0.061)
    assert found.remark.startswith("In one order only, since in the other there is no plan once ")


def test_other_years_are_not_explained(tmp_path: Path) -> None:
    book = plain()
    book["Settings"]["last_year"] = 2028
    assert "years planned are not the same" in explained(tmp_path, plain(), book).remark


def test_many_changes_are_told_by_sheet() -> None:
    rows = [InputDifference("Prices", f"m{n}", "years", 2026, (1, 2)) for n in range(MOST_CHANGES)]
    rows.append(InputDifference("Settings", "discount_rate", "value", None, (0, 1)))
    assert [change.name for change in _changes(rows)] == [f"Prices, {MOST_CHANGES} rows", "Settings/discount_rate"]


# --- the command ------------------------------------------------------------------------------------------------------


def test_two_workbooks_are_solved_and_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    book = plain()
    book["Prices"][1][1:] = [70, 70]
    write_book(tmp_path / "a.xlsx", plain())
    write_book(tmp_path / "b.xlsx", book)
    result = CliRunner().invoke(main, ["compare", "a.xlsx", "b.xlsx"])
    assert result.exit_code == 0, result.output
    assert "Prices/oxide/2026-2027 | 60 | 70" in result.stdout
    assert "Prices/oxide/2026-2027 | +2.20 | +2.20 | +2.20" in result.stdout
    facts = json.loads(Path("compare.json").read_text(encoding="utf-8"))
    assert [cause["musd"] for cause in facts["causes"]] == [pytest.approx(2.2)]
    rows = list(load_workbook("compare.xlsx")["Causes"].iter_rows(values_only=True))
    assert [row[:2] for row in rows[1:]] == [
        ("Prices/oxide/2026-2027", pytest.approx(2.2)),
        ("Together", pytest.approx(2.2)),
    ]


def test_the_last_run_and_a_folder_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(small_plan(plan_name="a"), tmp_path / "runs" / "base")
    alone = CliRunner().invoke(main, ["compare", "runs/base", "--last"])
    assert alone.exit_code == 2
    assert "keeps no earlier run" in alone.stderr
    write_run(small_plan(plan_name="b"), tmp_path / "runs" / "base")
    write_run(small_plan(plan_name="c"), tmp_path / "runs" / "a tight one")
    assert CliRunner().invoke(main, ["compare", "runs/base", "--last"]).exit_code == 0
    assert [run["plan_name"] for run in json.loads(Path("compare.json").read_text())["runs"]] == ["a", "b"]
    assert CliRunner().invoke(main, ["compare", "runs"]).exit_code == 0
    facts = json.loads(Path("compare.json").read_text())
    assert [run["name"] for run in facts["runs"]] == ["base", "a tight one"]


# --- lines ------------------------------------------------------------------------------------------------------------


def test_the_years_between_typed_cells_are_one_line() -> None:
    """2030 typed over: 10 to 30 up to it, back to 20 in 2033; 2040 is another."""
    now = {2027: 10.0, 2028: 50 / 3, 2029: 70 / 3, 2030: 30.0, 2031: 25.0, 2032: 20.0, 2040: 9.0}
    rows = [InputDifference("Demand", "Home/motors/magnet", "years", y, (5.0, v)) for y, v in now.items()]
    rows.append(InputDifference("Settings", "discount_rate", "value", None, (0.0, 0.05)))
    lines = input_lines(rows)
    assert [(line.cell, line.values) for line in lines] == [
        ("Demand/Home/motors/magnet/2027-2032", (5.0, "2027: 10, 2030: 30, 2032: 20")),
        ("Demand/Home/motors/magnet/2040", (5.0, 9.0)),
        ("Settings/discount_rate", (0.0, 0.05)),
    ]
