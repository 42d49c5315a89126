"""What Lodestone needs to run, with licences, as the installed packages state them: python -m docs.dependencies"""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
HEAD = """# What it is built on

The packages that are installed with Lodestone, with their licences as they state them; those it asks for by name are in
bold, why stands beside each in `pyproject.toml`. None is reached over the network when it runs. Written by
`python -m docs.dependencies`; a test compares those in bold.

| package | licence |
|---|---|
"""
FOOT = """
## Known holes

`pip install pip-audit && pip-audit`, in an environment with Lodestone, asks the public database of advisories. It needs
the network, so no test does it. Where this version was made the database could not be reached: `constraints.txt` holds
the newest releases that were there, and nothing more is claimed.
"""


def runtime() -> dict[str, str]:
    """Package -> licence: what pyproject.toml asks for, and what that needs."""
    found: dict[str, str] = {}
    waiting = asked()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        about = metadata.distribution(name)
        found[name] = _licence(about)
        needs = [Requirement(line) for line in about.requires or ()]
        waiting += [r.name for r in needs if r.marker is None or r.marker.evaluate({"extra": ""})]
    return dict(sorted(found.items()))


def asked() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line).name.lower() for line in project["dependencies"]]


def _licence(about: metadata.Distribution) -> str:
    stated = about.metadata.get("License-Expression") or about.metadata.get("License") or ""
    classified = [
        line.rpartition(" :: ")[2] for line in about.metadata.get_all("Classifier", []) if line.startswith("License")
    ]
    return stated if stated and "\n" not in stated and len(stated) < 80 else ", ".join(classified) or "not stated"


def page() -> str:
    names = asked()
    lines = [f"| {f'**{name}**' if name in names else name} | {licence} |" for name, licence in runtime().items()]
    return HEAD + "\n".join(lines) + "\n" + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
