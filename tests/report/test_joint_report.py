"""What people and programs see of a plan for all futures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.futures import with_futures
from tests.make import Book, write_book
from tests.solving import FIRST, add, change, close, home, lane, market, recipe, rows, solved_all

from lodestone.commands import main
from lodestone.plan.plan import Plan
from lodestone.report.html.views import views
from lodestone.report.plan.charts import supplies
from lodestone.report.plan.joint_summary import joint_key_lines, joint_sections
from lodestone.report.plan.workbook import write_plan_workbook


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solved_all(with_futures(risk_weight=0.2))


def text(plan: Plan) -> dict[str, str]:
    return {section.heading: " ".join(section.sentences) for section in joint_sections(plan)}


def test_what_to_do_now_comes_first_then_each_future(plan: Plan):
    headings = list(text(plan))
    assert headings == [
        "In brief", "Do now, 2026: the same in every future", "If base (40.0%)", "If embargo from 2027 (20.0%)",
        "If late from 2028 (10.0%)", "If dear from 2027 (30.0%)", "What knowing is worth", "How sure this is",
    ]  # fmt: skip
    assert "Hold 150 t of oxide in reserve (Home) at the end of 2026" in text(plan)[headings[1]]
    assert "Build works (Home): decide in 2027" in text(plan)["If embargo from 2027 (20.0%)"]
    assert "Build works" not in text(plan)["If late from 2028 (10.0%)"]
    assert "Minimised: 80.0% expected cost, 20.0% CVaR." in text(plan)["In brief"]


def test_what_knowing_is_worth_is_said_with_its_meaning(plan: Plan):
    lines = dict(joint_key_lines(plan))
    assert lines["EVPI"].startswith(f"{plan.evpi_musd:.2f} MUSD: what a perfect forecast")
    assert lines["VSS"].startswith(f"{plan.vss_musd:.1f} MUSD: ")
    assert lines["Do now"] == "hold 150 t in reserve"
    assert lines["If embargo from 2027 (20.0%)"] == f"{plan.futures['embargo']:.1f} MUSD"
    without = replace(plan, evpi_musd=None, vss_musd=None, remarks=["base alone: stopped"])
    assert "EVPI" not in dict(joint_key_lines(without))
    assert text(without)["What knowing is worth"] == "Base alone: stopped."


def test_sheets_begin_with_the_scenario_and_costs_are_means(tmp_path: Path, plan: Plan):
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    for sheet in ("Investments", "Stockpile", "Sourcing", "Plants", "ChinaShare", "Demand"):
        assert book[sheet]["A1"].value == "Scenario"
    assert book["Stockpile"].max_row - 1 == len(rows(plan, "stockpile")) == 4 * 3
    *_, total = book["Costs"].iter_rows(values_only=True)
    assert total[-2] == close(plan.expected_cost_musd)  # the last column is that of the way back
    by_year = sum(
        row["musd"] * plan.probabilities[row["scenario"]] for row in rows(plan, "costs") if row["term"] != "tariffs"
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


# --- what a scenario that shows itself in the first year may change ---------------------------------------------------


def from_the_start(book: Book, sheet: str, row: str, column: str, value: Any) -> Plan:
    """The plan for the base and for one scenario, half likely each, which differs in one cell."""
    add(book, "Scenarios", scenario="other", probability=0.5, from_year=FIRST)
    change(book, "other", sheet, row, value, column)
    return solved_all(book, values=False)


def supplied(**settings: Any) -> Book:
    """100 t a year for two years from China at 60 USD/kg, freight 1."""
    book = home(FIRST + 1, **settings)
    market(book, "china", "China")
    return book


@pytest.mark.parametrize(("base", "other"), [("yes", "no"), ("no", "yes")])
def test_tariffs_that_count_in_one_future_alone(tmp_path: Path, base: str, other: str):
    """200 t at 61 USD/kg are 12.2 MUSD in each future, a tariff of 20 % of 60 is 2.4 more where it counts."""
    book = supplied(tariffs_counted=base)
    lane(book, "China", "Home", freight=1)
    add(book, "Tariffs", from_region="China", to_region="Home", material="oxide", years=0.2)
    plan = from_the_start(book, "Settings", "tariffs_counted", "value", other)
    counts = {"base": base == "yes", "other": other == "yes"}

    assert plan.futures == {name: close(12.2 + 2.4 * yes) for name, yes in counts.items()}
    assert plan.expected_cost_musd == close(13.4)
    assert plan.costs_musd["tariffs"] == close(1.2)
    assert plan.tariff_revenue_musd == close(2.4)

    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    *_, total = load_workbook(tmp_path / "plan.xlsx")["Costs"].iter_rows(values_only=True)
    assert total[2:4] == (close(6.7), close(6.7))  # of each year
    assert total[5] == close(13.4)

    for view in views({"run": plan}):
        terms = {row[0]: row[3] for row in view["tables"]["costs"]["rows"]}
        assert ("Tariffs" in terms) == counts[view["future"]]


def test_freight_that_is_another_where_no_lane_is_named():
    """200 t at 61 USD/kg, or at 63."""
    plan = from_the_start(supplied(default_freight_usd_per_kg=1), "Settings", "default_freight_usd_per_kg", "value", 3)
    assert plan.futures == {"base": close(12.2), "other": close(12.6)}
    assert plan.expected_cost_musd == close(12.4)


def test_stock_that_is_worth_something_in_one_future_alone():
    """Of 150 t in stock 100 are used; the other 50 are worth nothing, or half of 60 USD/kg."""
    book = home(stock_end_value_share=0)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=150, capacity_t=150)
    plan = from_the_start(book, "Settings", "stock_end_value_share", "value", 0.5)
    assert plan.futures == {"base": close(0), "other": close(-1.5)}


def test_a_region_that_is_of_concern_in_one_future_alone():
    """Ally uses 10 t of its own: supply outside regions of concern in the base, half likely."""
    book = home()
    market(book, "ally", "Ally", years=10)
    lane(book, "Ally", "Ally")
    add(book, "Demand", region="Ally", sector="industry", material="oxide", years=10)
    plan = from_the_start(book, "Regions", "Ally", "of_concern", "yes")

    (drawing,) = supplies(plan)
    assert drawing.headings == ["Year", "Ally, clean (t)"]
    assert drawing.rows == [[FIRST, close(5)]]

    origins = {view["future"]: view["tables"]["origins"]["rows"] for view in views({"run": plan})}
    assert origins == {"base": [["oxide", "Ally", FIRST, close(10), 0]], "other": []}


def test_a_recipe_that_is_another_in_one_future_alone():
    """Of 10 t of ore a tonne of oxide is made, or of 5: the chain of each future is drawn with its own recipe."""
    book = home(demand=1)
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=1)
    recipe(book, "refine", ore=-10, oxide=1)
    market(book, "mine", "Home", "ore")
    add(book, "Plants", plant="mill", region="Home", process="refine", pricing="cost", years=1)
    lane(book, "Home", "Home", "*")
    plan = from_the_start(book, "Processes", "refine/ore", "t_per_t", -5)

    taken = {}
    for view in views({"run": plan}):
        columns = [column["name"] for column in view["tables"]["chain"]["columns"]]
        links = [dict(zip(columns, row, strict=True)) for row in view["tables"]["chain"]["rows"]]
        taken[view["future"]] = sum(link["clean_t"] for link in links if link["material"] == "ore")
    assert taken == {"base": close(10), "other": close(5)}
