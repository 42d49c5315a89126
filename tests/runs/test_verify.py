"""Verify: every way in which a run and its workbook can have come apart, and that the same run is made twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from lodestone.commands import main
from lodestone.plan.plan_json import OF_THE_RUN
from lodestone.plan.run_files import plan_book
from lodestone.runs.verify import holds, verify

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tutorial and a run of it."""
    place = tmp_path_factory.mktemp("verify")
    shutil.copy(ROOT / "inputs" / "tutorial.xlsx", place / "plan.xlsx")
    arguments = ["solve", str(place / "plan.xlsx"), "--out", str(place / "run"), "--quiet"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return place


@pytest.fixture
def place(solved: Path, tmp_path: Path) -> Path:
    shutil.copytree(solved, tmp_path / "copy")
    return tmp_path / "copy"


def found(place: Path) -> dict[str, tuple[bool | None, str]]:
    return {finding.what: (finding.ok, finding.text) for finding in verify(place / "run")}


def test_a_run_as_it_was_written_holds(place: Path) -> None:
    assert {ok for ok, _ in found(place).values()} == {True}
    result = CliRunner().invoke(main, ["verify", str(place / "run" / "plan.json")])
    assert result.exit_code == 0
    assert "has not changed" in result.output


def test_a_number_changed_in_plan_json_is_noticed_twice(place: Path) -> None:
    path = place / "run" / "plan.json"
    plan = json.loads(path.read_text())
    plan["costs_musd"]["freight"] += 1
    path.write_text(json.dumps(plan))
    findings = found(place)
    assert findings["plan.json"] == (False, "was changed after it was written")
    assert findings["audit"][0] is False
    assert CliRunner().invoke(main, ["verify", str(place / "run"), "--quiet"]).exit_code == 2


def test_a_cell_changed_in_plan_xlsx_is_named(place: Path) -> None:
    path = plan_book(place / "run")
    book = load_workbook(path)
    book["Audit"]["A2"] = "all is well"
    book.save(path)
    ok, text = found(place)["plan - base (run).plan.xlsx"]
    assert ok is False
    assert "Audit!A2" in text
    path.unlink()
    assert found(place)["plan.xlsx"][0] is False  # as early runs call it


def test_a_workbook_that_changed_is_told_by_its_inputs_and_audited_again(place: Path) -> None:
    book = load_workbook(place / "plan.xlsx")
    for row in book["Settings"].iter_rows(min_row=2):
        if row[0].value == "discount_rate":
            row[1].value = 0.2
    book.save(place / "plan.xlsx")
    findings = found(place)
    assert findings["workbook"] == (False, "plan.xlsx has changed since: Settings/discount_rate/value")
    assert findings["audit"][0] is False
    assert "with the workbook of today" in findings["audit"][1]


def test_a_workbook_that_was_only_saved_again_still_carries_the_plan(place: Path) -> None:
    book = load_workbook(place / "plan.xlsx")
    book.properties.title = "another file, the same inputs"
    book.save(place / "plan.xlsx")
    findings = found(place)
    assert findings["workbook"] == (False, "plan.xlsx has changed since: no input of this plan has changed")
    assert findings["audit"][0] is True


def test_a_workbook_that_was_moved_can_be_named(place: Path) -> None:
    (place / "plan.xlsx").rename(place / "moved.xlsx")
    findings = verify(place / "run")
    assert not holds(findings)
    assert [f.ok for f in findings] == [True, True, None, None]
    assert "--workbook" in findings[2].text
    assert holds(verify(place / "run", place / "moved.xlsx"))


def test_a_joint_run_holds_too(place: Path) -> None:
    book = load_workbook(place / "plan.xlsx")
    names = [cell.value for cell in book["Scenarios"][1]]
    row = {cell.value: cell.row for cell in book["Scenarios"]["A"]}
    scenario = next(name for name in row if name not in ("scenario", None))
    book["Scenarios"].cell(row[scenario], names.index("probability") + 1).value = 0.4
    book.save(place / "plan.xlsx")
    arguments = ["solve", str(place / "plan.xlsx"), "--joint", "--no-values", "--quiet", "--out", str(place / "run")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert holds(verify(place / "run"))


def test_the_same_workbook_gives_the_same_plan_byte_for_byte(solved: Path, tmp_path: Path) -> None:
    """In another process, another folder and with another order of hashes; times and places apart."""
    written = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        shutil.copy(solved / "plan.xlsx", folder / "plan.xlsx")
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "model")}
        command = [
            sys.executable,
            "-c",
            "from lodestone.commands import main; main()",
            "solve",
            "plan.xlsx",
            "--scenario",
            "base",
            "--quiet",
        ]
        subprocess.run(command, cwd=folder, env=environment, check=True)
        lines = (folder / "outputs" / "plan" / "base" / "plan.json").read_text(encoding="utf-8").splitlines()
        of_the_run = tuple(f'"{key}":' for key in OF_THE_RUN if key != "fingerprint")
        written.append([line for line in lines if not line.startswith(of_the_run)])
    assert written[0] == written[1]
    assert any(line.startswith('"fingerprint"') for line in written[0])


def test_a_run_of_an_earlier_version_is_neither_right_nor_wrong(place: Path) -> None:
    path = place / "run" / "plan.json"
    plan = json.loads(path.read_text())
    del plan["fingerprint"]
    plan["versions"]["lodestone"] = "0.0.1"
    path.write_text(json.dumps(plan))
    findings = found(place)
    assert findings["plan.json"] == (None, "has no fingerprint: an earlier version of Lodestone wrote it")
    assert findings["plan - base (run).plan.xlsx"][0] is None
    assert findings["plan - base (run).plan.xlsx"][1].startswith("was written by Lodestone 0.0.1, this is ")
    assert not holds(verify(place / "run"))


def test_a_workbook_with_problems_is_told_by_their_cells(place: Path) -> None:
    book = load_workbook(place / "plan.xlsx")
    book["Demand"]["D2"] = -5
    book.save(place / "plan.xlsx")
    findings = found(place)
    assert findings["workbook"] == (False, "plan.xlsx has changed since, and has problems now: Demand!D2")
    assert findings["audit"] == (None, "not repeated, as the workbook has problems")


def test_a_scenario_that_is_gone_cannot_carry_its_plan(place: Path) -> None:
    path = place / "run" / "plan.json"
    plan = json.loads(path.read_text())
    plan["scenario"] = "dropped"
    path.write_text(json.dumps(plan))
    ok, text = found(place)["audit"]
    assert (ok, text) == (False, "cannot be passed: there is no scenario dropped")
