"""The worked example of CONTRIBUTING.md works: its rule, and its test of the rule."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import lodestone.rules

ROOT = Path(__file__).parents[1]
NAME = "lodestone.rules.construction"


def _blocks() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_the_rule_of_the_guide_passes_the_test_of_the_guide(monkeypatch: pytest.MonkeyPatch):
    rule, line, test = _blocks()
    module = ModuleType(NAME)
    exec(compile(rule, "CONTRIBUTING.md, rule", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setattr(lodestone.rules, "construction", module, raising=False)
    tests: dict[str, object] = {}
    exec(compile(test, "CONTRIBUTING.md, test", "exec"), tests)
    run = [check for name, check in tests.items() if name.startswith("test_")]
    assert len(run) == 1
    for check in run:
        check()  # type: ignore[operator]
    assert line.strip() == "m.construction = construction(tree, m.investments)"


def test_the_rule_takes_the_next_equation():
    numbers = [
        int(number)
        for path in (ROOT / "model" / "lodestone" / "rules").glob("*.py")
        for number in re.findall(r"^    \((\d+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert f"({max(numbers) + 1})" in _blocks()[0]


def test_every_command_of_the_guide_has_a_short_name():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`.+?`) \| ", text, flags=re.MULTILINE)
    listed = {command for cell in table for command in re.findall(r"`(.+?)`", cell)}
    recipes = re.findall(r"^    (?!@)(.+?)(?: \{\{options\}\})?$", (ROOT / "justfile").read_text(), flags=re.MULTILINE)
    assert listed == set(recipes)


def test_the_files_and_commands_that_the_guide_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+/[\w.]+)`", text)) - {
        "model/lodestone/rules/construction.py",
        "tests/rules/test_construction.py",
    }
    assert [path for path in named if not (ROOT / path).exists()] == []
