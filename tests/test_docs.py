"""The docs that are made from the code are up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.generate import PAGES, RULES

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_from_the_code_is_up_to_date(name):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), "write it again: python docs/generate.py"


def test_every_rule_file_is_in_the_mathematics():
    files = {path.stem for path in (ROOT / "model" / "lodestone" / "rules").glob("*.py")} - {
        "__init__",
        "linear",
        "build",
        "tables",
        "flow_tables",
    }
    assert files == set(RULES)
    assert all((ROOT / "tests" / "rules" / f"test_{name}.py").exists() for name in RULES)


def test_links_of_readme_and_docs_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_validation_says_of_each_unproved_instance_how_far_it_came():
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    unproved = re.findall(r"^\| (\S+) \|.*\| not proved in time \|$", page, flags=re.MULTILINE)
    section = page.partition("## Not proved in time, and why")[2].partition("\n## ")[0]
    assert re.findall(r"^- (\S+): after", section, flags=re.MULTILINE) == unproved
    assert f"{len(unproved)} not proved in time" in page


def test_what_is_said_of_mutants_is_what_was_counted():
    page = (ROOT / "benchmarks" / "MUTANTS.md").read_text(encoding="utf-8")
    rows = {name: list(map(int, counts)) for name, *counts in re.findall(
        r"^\| `(model/.*\.py)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) ", page, flags=re.MULTILINE)}  # fmt: skip
    made, judged, killed, timed_out, survived = (sum(column) for column in zip(*rows.values(), strict=True))
    assert judged == killed + timed_out + survived
    files = {f"model/lodestone/{part}/{path.name}" for part in ("rules", "audit")
             for path in (ROOT / "model" / "lodestone" / part).glob("[!_]*.py")
             if path.stem != "build"} - {"model/lodestone/audit/secure.py"}  # fmt: skip
    assert files <= rows.keys()
    assert len(re.findall(r"^- (?:rules|audit|data)/", page, flags=re.MULTILINE)) == survived
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    often = f"all {made:,}" if judged == made else f"{judged:,} of {made:,}, drawn by lot"
    told = f"| {often} | {killed + timed_out:,} noticed by tests; the other {survived} are"
    assert told in readme
