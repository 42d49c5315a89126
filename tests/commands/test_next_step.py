"""`lodestone` without a command offers what fits what lies here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from lodestone.commands import main
from lodestone.commands.next_step import next_steps
from lodestone.template.examples import examples


def commands(folder: Path) -> list[str]:
    return [command for command, _ in next_steps(folder)]


def test_in_an_empty_folder_a_workbook_is_offered(tmp_path: Path) -> None:
    assert commands(tmp_path)[:2] == ["lodestone new my_case.xlsx --example tutorial", "lodestone new my_case.xlsx"]


def test_the_workbook_that_lies_here_is_checked_and_solved(tmp_path: Path) -> None:
    """The newest first; no plan, nothing that Excel holds open, no workbook of something else."""
    ages = {"old.xlsx": 2000, "my case.xlsx": 1000, "my case - base.plan.xlsx": 0, "~$my case.xlsx": 0}
    for name, age in ages.items():
        shutil.copy(examples()["tutorial"], tmp_path / name)
        os.utime(tmp_path / name, (2e9 - age, 2e9 - age))
    Workbook().save(tmp_path / "budget.xlsx")
    (tmp_path / "broken.xlsx").write_bytes(b"PK")
    run = tmp_path / "outputs" / "my case" / "base"
    run.mkdir(parents=True)
    (run / "plan.json").write_text("{}")
    assert commands(tmp_path) == [
        'lodestone check "my case.xlsx"',
        'lodestone solve "my case.xlsx"',
        "lodestone check old.xlsx",
        "lodestone solve old.xlsx",
        'lodestone report "outputs/my case/base"',
        'lodestone pack "outputs/my case/base"',
        "lodestone --help",
        "lodestone doctor",
    ]


def test_a_program_gets_the_help_and_an_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert result.output.startswith("Usage: ")
