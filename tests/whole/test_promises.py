"""What is promised from 1.0 on (docs/promises.md): nothing of it has gone, and the page says what the code asks for."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from docs.promised import RECORD, gone, promised
from packaging.requirements import Requirement

import lodestone

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")


def test_nothing_that_is_promised_has_gone_or_changed():
    before = json.loads(RECORD.read_text(encoding="utf-8"))
    assert list(gone(before, promised())) == []
    assert {kind: bool(names) for kind, names in before.items()} == dict.fromkeys(promised(), True)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"a": {"x": "t", "y": "USD"}, "b": {}}, []),
        ({"a": {"x": "t", "y": "USD", "new": "t"}, "b": {}, "new": {}}, []),
        ({"a": {"x": "t"}, "b": {}}, ["a / y is gone"]),
        ({"a": {"x": "kg", "y": "USD"}}, ["a / x was 't' and is 'kg'", "b is gone"]),
    ],
)
def test_more_may_come_but_nothing_may_go_or_change(now: dict[str, dict[str, str]], said: list[str]):
    assert list(gone({"a": {"x": "t", "y": "USD"}, "b": {}}, now)) == said


def test_the_page_names_all_that_import_lodestone_has():
    (row,) = re.findall(r"^\| `import lodestone` \|(.*?)\|", PAGE, flags=re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(lodestone.__all__) - {"__version__"}


def test_the_page_on_python_has_every_name_that_is_promised():
    words = set(re.findall(r"\w+", (ROOT / "docs" / "python.md").read_text(encoding="utf-8")))
    named = {word for name, arguments in promised()["python"].items() for word in (name.rpartition(".")[2], *arguments)}
    assert named - words == set()


def test_the_page_says_with_what_it_runs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^(pyomo|highspy)==(\S+)", lock, flags=re.MULTILINE))
    told = {what: cells for what, *cells in re.findall(r"^\| (\w+)[^|]* \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)}

    assert told["Pyomo"] == [pinned["pyomo"], "from 6.9 on"]
    assert str(asked["pyomo"]) == ">=6.9"
    assert told["HiGHS"] == [pinned["highspy"], "from 1.13 on, below 1.17"]
    assert str(asked["highspy"]) == "<1.17,>=1.13"
    assert told["Python"][0].startswith(project["requires-python"].removeprefix(">="))
