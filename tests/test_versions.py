"""Versions: the lock of those that were tested, the bounds of those that may be installed, Python's, and our own."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from lodestone import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"].values()
ASKED = [Requirement(line) for lines in (PROJECT["dependencies"], *EXTRAS) for line in lines]
LOCK = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in LOCK.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_whatever_can_be_asked_for_has_one_tested_version(python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.9"}
    pinned = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(here)]
    versions = {pin.name: str(pin.specifier) for pin in pinned}
    assert len(versions) == len(pinned)
    assert all(re.fullmatch(r"==[\w.]+", version) for version in versions.values())
    for asked in ASKED:
        if asked.marker is None or asked.marker.evaluate(here):
            assert asked.specifier.contains(versions[asked.name].removeprefix("==")), asked


def test_the_lock_says_nothing_about_where_packages_come_from() -> None:
    assert not any(sign in LOCK for sign in ("//", "--index", "--extra-index", "--find-links"))


def test_only_highspy_and_mpi_sppy_have_upper_bounds() -> None:
    bounded = {asked.name for asked in ASKED if any(bound.operator != ">=" for bound in asked.specifier)}
    assert bounded == {"highspy", "mpi-sppy"}


def test_the_readme_installs_what_was_tested() -> None:
    commands = re.findall(r"^pip install .*$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(commands) == 2
    assert all(command.startswith("pip install -c constraints.txt -e ") for command in commands)


def test_our_own_version_is_the_same_everywhere() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (latest, day), *_ = re.findall(r"^## (\d\S+) - (\d{4}-\d\d-\d\d)$", changes, flags=re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert latest == __version__
    assert f"\nversion: {latest}\ndate-released: {day}\n" in citation


@pytest.mark.parametrize("start", ["from lodestone.commands import main", "import lodestone.solve.one_scenario"])
def test_a_python_that_is_too_old_is_named(start: str) -> None:
    code = f"import sys; sys.version_info = (3, 10, 13); sys.version = '3.10.13 (main)'; {start}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Lodestone needs Python 3.11 or later, not 3.10.13 of {sys.executable}\n"
