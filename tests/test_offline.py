"""Nothing is asked of the network, and what others have made is known by name and licence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from docs.dependencies import page, runtime
from packaging.requirements import Requirement
from tests.make import with_plants, write_book

ROOT = Path(__file__).resolve().parents[1]

WITHOUT_SOCKETS = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError(f"the network is asked: {args}")

socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = socket.socket.sendto = refuse
socket.create_connection = socket.create_server = refuse
socket.getaddrinfo = socket.gethostbyname = socket.gethostbyname_ex = socket.getfqdn = refuse

class Refused(socket.socket):
    def __init__(self, family=-1, *args, **kwargs):
        if family not in (-1, socket.AF_INET, socket.AF_INET6):  # pipes between processes are none of the network's
            super().__init__(family, *args, **kwargs)
        else:
            refuse(family)

socket.socket = Refused
from lodestone.commands import main
"""
RUN = """
for words in sys.argv[1:]:  # in one process: each loads the same libraries
    assert not main(words.split(), standalone_mode=False), words
"""


def lodestone(folder: Path, *commands: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SOCKETS + RUN, *commands],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "model")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_no_command_asks_the_network(tmp_path: Path) -> None:
    write_book(tmp_path / "plan.xlsx", with_plants())
    lodestone(
        tmp_path,
        "new mine.xlsx --example tutorial",
        "check plan.xlsx --mark marked.xlsx",
        "solve plan.xlsx --out a",
        "solve plan.xlsx --scenario embargo --out b",
        "compare a b",
        "report a b",
        "verify a",
    )
    assert (tmp_path / "marked.xlsx").exists()
    assert (tmp_path / "compare.xlsx").exists()
    assert (tmp_path / "report.html").stat().st_size > 1000


@pytest.mark.slow
def test_the_block_would_be_felt(tmp_path: Path) -> None:
    probe = "import urllib.request; urllib.request.urlopen('http://localhost:9', timeout=1)"
    done = subprocess.run([sys.executable, "-c", WITHOUT_SOCKETS + probe], capture_output=True, text=True, check=False)
    assert "the network is asked" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="written on Linux")
def test_the_licences_of_dependencies_are_listed() -> None:
    """Those asked for by name; what they need themselves differs from system to system and from release to release."""
    written = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(line).name.lower() for line in project["dependencies"]}
    of_today = [line for line in page().splitlines() if line.startswith("| **")]
    assert {line.split("**")[1] for line in of_today} == asked
    assert [line for line in written if line.startswith("| **")] == of_today, "run: python -m docs.dependencies"


def test_every_licence_lets_people_use_the_tool_as_they_like() -> None:
    kind = re.compile("MIT|BSD|Apache|PSF|Python|HPND|ISC|MPL|Zlib|0BSD|CC0", re.IGNORECASE)
    for name, licence in runtime().items():
        assert kind.search(licence), f"{name}: {licence}"
        assert not re.search(r"\bA?GPL", licence), name
    assert metadata.version("pyomo")
