"""What people and programs see of a plan for all futures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import write_book
from tests.solving import close, rows, solve_all
from tests.test_joint import with_futures

from lodestone.commands import main
from lodestone.report.plan.joint_summary import joint_key_lines, joint_sections
from lodestone.report.plan.workbook import write_plan_workbook


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    return solve_all(with_futures(risk_weight=0.2))


def text(plan: dict[str, Any]) -> dict[str, str]:
    return {section.heading: " ".join(section.sentences) for section in joint_sections(plan)}


def test_what_to_do_now_comes_first_then_each_future(plan: dict[str, Any]):
    headings = list(text(plan))
    assert headings == [
        "In brief", "Do now, 2026: the same in every future", "If base (40.0%)", "If embargo from 2027 (20.0%)",
        "If late from 2028 (10.0%)", "If dear from 2027 (30.0%)", "What knowing is worth", "How sure this is",
    ]  # fmt: skip
    assert "Hold 150 t of oxide in reserve (Home) at the end of 2026" in text(plan)[headings[1]]
    assert "Build works (Home): decide in 2027" in text(plan)["If embargo from 2027 (20.0%)"]
    assert "Build works" not in text(plan)["If late from 2028 (10.0%)"]
    assert "Minimised: 80.0% expected cost, 20.0% CVaR." in text(plan)["In brief"]


def test_what_knowing_is_worth_is_said_with_its_meaning(plan: dict[str, Any]):
    lines = dict(joint_key_lines(plan))
    assert lines["EVPI"].startswith(f"{plan['evpi_musd']:.2f} MUSD: what a perfect forecast")
    assert lines["VSS"].startswith(f"{plan['vss_musd']:.1f} MUSD: ")
    assert lines["Do now"] == "hold 150 t in reserve"
    assert lines["If embargo from 2027 (20.0%)"] == f"{plan['futures']['embargo']:.1f} MUSD"
    without = plan | {"evpi_musd": None, "vss_musd": None, "remarks": ["base alone: stopped"]}
    assert "EVPI" not in dict(joint_key_lines(without))
    assert text(without)["What knowing is worth"] == "Base alone: stopped."


def test_sheets_begin_with_the_scenario_and_costs_are_means(tmp_path: Path, plan: dict[str, Any]):
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    for sheet in ("Investments", "Stockpile", "Sourcing", "Plants", "ChinaShare", "Demand"):
        assert book[sheet]["A1"].value == "Scenario"
    assert book["Stockpile"].max_row - 1 == len(rows(plan, "stockpile")) == 4 * 3
    *_, total = book["Costs"].iter_rows(values_only=True)
    assert total[-2] == close(plan["expected_cost_musd"])  # the last column is that of the way back
    by_year = sum(
        row["musd"] * plan["probabilities"][row["scenario"]] for row in rows(plan, "costs") if row["term"] != "tariffs"
    )
    assert total[-2] == close(by_year)
    alerts = {str(rule) for rule in book["Demand"].conditional_formatting}
    assert alerts and book["Demand"]["J1"].value == "Short (t)"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "plan.xlsx", with_futures())
    result = CliRunner().invoke(main, ["solve", "plan.xlsx", "--joint", "--no-values"])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "outputs/plan/joint/plan.json").read_text(encoding="utf-8"))
    assert written["futures"].keys() == {"base", "embargo", "late", "dear"}
    assert written["evpi_musd"] is None
    assert "Do now" in result.stdout
    assert CliRunner().invoke(main, ["solve", "plan.xlsx", "--joint", "--scenario", "late"]).exit_code == 2
    assert CliRunner().invoke(main, ["solve", "plan.xlsx"]).exit_code == 0
    compared = CliRunner().invoke(main, ["compare", "outputs/plan/base", "outputs/plan/joint"])
    assert compared.exit_code == 0, compared.output
