"""Explanations in runs: where they are written, what is shown, what --set and scenarios have to do with it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from tests.make import Book, write_book
from tests.solving import add, change, home, lane, market, read

from lodestone.commands import main
from lodestone.data.tree import single
from lodestone.errors import NoPlanError
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.explanation.arithmetic import find
from lodestone.studies.explanation.explain import explain
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import load

FILES = {"book - base.plan.xlsx", "plan.json", "run.log"}  # of a run


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def served(least: float = 0.8, sold: float = 100, last: int = 2027) -> Book:
    """Ally sells what Home must get; the scenario `blockade` takes it away in 2027."""
    book = home(last=last)
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(least)
    market(book, "ally", "Ally", years=sold)
    lane(book, "Ally", "Home")
    add(book, "Scenarios", scenario="blockade", probability=0.4, from_year=2027)
    change(book, "blockade", "Markets", "ally", 30)
    return book


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_files_say_what_the_terminal_says(here: Path) -> None:
    write_book(here / "book.xlsx", served(sold=30))
    result = run("solve", "book.xlsx")
    assert (result.exit_code, result.stdout) == (3, "")
    assert (
        "Sectors!C2: industry in Home must get 80 t of oxide in 2026-2027, and at most 30 t can reach" in result.stderr
    )
    assert "  Sectors!C2: min_service_share of industry: 80.0% -> at most 30.0%" in result.stderr
    folder = Path("outputs/book/base")
    assert {p.name for p in folder.iterdir()} == {"explanation.json", "explanation.xlsx"}
    facts = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    assert {"cell", "text"} <= facts["conflict"][0].keys()
    first = facts["repairs"][0]
    # 0.03 t x 60 and 0.07 t short at 1,000, in both years, per thousand tonnes
    assert first["objective_musd"] == pytest.approx(2 * (30 * 60 + 70 * 1000) / 1000)
    assert [{k: c[k] for k in ("cell", "from", "to")} for c in first["changes"]] == [
        {"cell": "Sectors!C2", "from": 0.8, "to": 0.3}
    ]
    book = openpyxl.load_workbook(folder / "explanation.xlsx")
    assert book.sheetnames == ["What is wrong", "Repairs", "Smallest conflict"]
    repairs = list(book["Repairs"].iter_rows(min_row=4, values_only=True))
    assert repairs[0][:6] == ("Repair", "Cell", "What", "Now", "Change to", "Unit")
    assert repairs[1][:6] == (1, "Sectors!C2", "min_service_share of industry", 0.8, 0.3, "share")


def test_a_plan_of_an_earlier_run_stays_and_the_next_plan_takes_all_away(here: Path) -> None:
    write_book(here / "book.xlsx", served())
    assert run("solve", "book.xlsx").exit_code == 0
    plan = Path("outputs/book/base/plan.json").read_bytes()
    failed = run("solve", "book.xlsx", "--set", "Markets/ally/years=30")
    assert failed.exit_code == 3
    assert "The plan in outputs/book/base is of an earlier run." in failed.stderr
    assert Path("outputs/book/base/plan.json").read_bytes() == plan
    assert Path("outputs/book/base/explanation.json").exists()
    assert run("solve", "book.xlsx").exit_code == 0
    assert {p.name for p in Path("outputs/book/base").iterdir()} == {*FILES, "history"}


def test_a_folder_with_an_explanation_alone_takes_a_plan(here: Path) -> None:
    write_book(here / "book.xlsx", served(sold=30))
    assert run("solve", "book.xlsx", "--quiet").exit_code == 3
    write_book(here / "book.xlsx", served())
    assert run("solve", "book.xlsx", "--quiet").exit_code == 0


def test_what_set_has_set_is_mended_in_the_set(here: Path) -> None:
    path = write_book(here / "book.xlsx", served())
    explanation = explain(load(path, ["Markets/ally/years=30"]))
    cells = [change.cell for repair in explanation.repairs for change in repair.changes]
    assert cells == ["Sectors!C2", "--set Markets/ally/years"]
    (change,) = explanation.repairs[1].changes
    assert (change.old, change.new) == (30, 80)
    assert solve_scenario(load(path, [f"Markets/ally/years={change.new}"])).status == "optimal"


def test_what_a_scenario_has_set_is_mended_on_changes(here: Path) -> None:
    path = write_book(here / "book.xlsx", served())
    explanation = explain(load(path), "blockade")
    assert "Changes!E2" in explanation.findings[0].cells
    (change,) = explanation.repairs[1].changes
    assert (change.cell, change.old, change.new) == ("Changes!E2", 30, 80)
    assert solve_scenario(load(path).edited({change.cell: change.new}), "blockade").status == "optimal"


def test_of_many_scenarios_each_that_fails_gets_its_files_and_a_sentence(here: Path) -> None:
    write_book(here / "book.xlsx", served())
    result = run("solve", "book.xlsx", "--all-scenarios", "--jobs", "1")
    assert result.exit_code == 3
    row = next(line for line in result.stdout.splitlines() if line.startswith("blockade"))
    assert "no plan exists: Sectors!C2: industry in Home must get 80 t of oxide in 2027" in row
    assert "least repair: Sectors!C2 min_service_share of industry: 80.0% -> at most 30.0%" in row
    assert {p.name for p in Path("outputs/book/blockade").iterdir()} == {"explanation.json", "explanation.xlsx"}
    assert {p.name for p in Path("outputs/book/base").iterdir()} == FILES


def test_a_joint_plan_names_the_future_that_cannot_be(here: Path) -> None:
    path = write_book(here / "book.xlsx", served())
    result = run("solve", "book.xlsx", "--joint")
    assert result.exit_code == 3
    assert "in 2027, and at most 30 t can reach Home: 30 t from ally [blockade]" in result.stderr
    facts = json.loads(Path("outputs/book/joint/explanation.json").read_text(encoding="utf-8"))
    assert facts["scenario"] == "joint"
    assert any("[blockade]" in rule["text"] for rule in facts["conflict"])
    for repair in facts["repairs"]:
        values = {change["cell"]: change["to"] for change in repair["changes"]}
        assert solve_joint(load(path).edited(values), values=False).status == "optimal"
        for cell in values:
            with pytest.raises(NoPlanError):
                solve_joint(load(path).edited({c: v for c, v in values.items() if c != cell}), values=False)


def test_without_time_it_says_what_was_not_found() -> None:
    explanation = explain(read(served(sold=30)), time_limit=1e-9)
    assert explanation.findings != ()
    assert (explanation.conflict, explanation.repairs) == ((), ())
    assert explanation.remarks == ("The time for repairs was over before one was found.",)


def test_it_stops_when_asked_to() -> None:
    explanation = explain(read(served(sold=30)), should_stop=lambda: True)
    assert explanation.findings != ()
    assert explanation.repairs == ()
    assert "The explanation was stopped before it was complete." in explanation.remarks


def test_where_the_cells_of_a_kind_are_barred_later_repairs_use_others() -> None:
    explanation = explain(read(served(sold=30)))
    assert [[change.cell for change in repair.changes] for repair in explanation.repairs] == [
        ["Sectors!C2"],
        ["Markets!D2"],
    ]


@pytest.mark.parametrize("columns", [50, 80])
def test_no_line_is_wider_than_the_terminal(here: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    from lodestone.report.terminal import explanation as terminal_explanation

    monkeypatch.setattr(terminal_explanation.sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    shown: list[str] = []
    monkeypatch.setattr(terminal_explanation.click, "echo", lambda text, err: shown.extend(text.splitlines()))
    terminal_explanation.show_explanation(explain(read(served(sold=30))), Path("outputs"), older=True)
    assert shown
    assert max(map(len, shown)) <= columns


class Terminal:
    def isatty(self) -> bool:
        return True


# --- arithmetic is never false --------------------------------------------------------------------------------------


def findings(book: Book) -> Any:
    inputs = read(book)
    assert inputs.problems == ()
    return find(single(plan_data(inputs.tables(), inputs.tables())), Places(inputs))


@pytest.mark.skipif(os.name == "nt", reason="paths of the examples")
@pytest.mark.parametrize("example", ["tutorial", pytest.param("rare_earth_magnets", marks=pytest.mark.slow)])
def test_nothing_is_found_where_a_plan_exists(example: str) -> None:
    inputs = load(Path("inputs") / f"{example}.xlsx")
    for name in inputs.scenario_names:
        assert find(single(plan_data(inputs.tables(name), inputs.tables())), Places(inputs)) == ()


def test_what_is_just_enough_is_no_finding() -> None:
    """80 t of 100 t must be met; 40 t are sold, 30 t of stock are released, 10 t avoided: exactly enough."""
    book = home()
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(0.8)
    market(book, "ally", "Ally", years=40)
    lane(book, "Ally", "Home", years=40)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=30, capacity_t=30)
    add(book, "Substitution", option="thrift", sector="industry", material="oxide", cost_usd_per_kg=1, years=0.1)
    assert findings(book) == ()
    assert solve_scenario(read(book)).status == "optimal"
    book["Stockpiles"][1][3] = 29
    (finding,) = findings(book)
    assert "must get 70 t of oxide in 2026, and at most 69 t can reach Home" in finding.text
    with pytest.raises(NoPlanError):
        solve_scenario(read(book))


def test_stopped_at_any_moment_every_repair_it_tells_makes_a_plan() -> None:
    """Serve 30 % instead of 80 % (Sectors!C2), or let Ally sell 80 t (Markets!D2): each alone, or it is not told."""
    book = served(sold=30)
    told = set()
    for moment in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        asked = iter(range(moment))
        explanation = explain(read(book), should_stop=lambda asked=asked: next(asked, None) is None)
        for repair in explanation.repairs:
            values = {change.cell: change.new for change in repair.changes}
            mended = served(least=values.get("Sectors!C2", 0.8), sold=values.get("Markets!D2", 30))
            assert values.keys() <= {"Sectors!C2", "Markets!D2"}
            assert solve_scenario(read(mended), effort=Effort(gap=0.5)).status in ("optimal", "feasible")
            told.add(tuple(values))
        if len(explanation.repairs) < 2:
            assert explanation.remarks != ()
    assert told == {("Sectors!C2",), ("Markets!D2",)}
