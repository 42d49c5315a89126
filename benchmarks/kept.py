"""Where measured figures are kept: benchmarks/results/WHAT-VERSION-MACHINE.json, and beside it the same as Markdown.

A file for each version on each kind of machine, so that a release can be held against those before it. Measuring the
same version on the same machine again replaces its file, and no other. What is measured while the changelog has
something unreleased is of no version yet: 0.2.0+dev is what came after 0.2.0.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.tables import TABLES, markdown
from lodestone import __version__

FOLDER = Path(__file__).with_name("results")
CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
PACKAGES = ("pyomo", "highspy", "linopy", "pypsa", "numpy")
DEV = "+dev"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What one call of a benchmark found.

    what: the file's first word, e.g. planning. tables: name of a table in benchmarks/tables.py -> its rows. note: what
    must be known to read the figures, above all what else the machine did. on: date, None where it is not known.
    """

    what: str
    version: str
    machine: str
    packages: Mapping[str, str]
    on: str | None
    note: str
    tables: Mapping[str, Sequence[Row]]

    @property
    def name(self) -> str:
        return f"{self.what}-{self.version}-{self.machine}"

    @property
    def order(self) -> tuple[str, tuple[int, ...], bool, str]:
        """By version as numbers, what is not released after what is, then by machine."""
        release = self.version.removesuffix(DEV)
        numbers = tuple(int(part) for part in re.findall(r"\d+", release))
        return self.what, numbers, self.version.endswith(DEV), self.machine

    def page(self) -> str:
        """Everything as Markdown."""
        used = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        parts = [
            f"# {self.what}, {self.version}",
            f"`python -m benchmarks {self.what.partition('-')[0]}`: {self.machine}"
            + (f", {used}" if used else "")
            + (f", {self.on}" if self.on else "")
            + f". {self.note}",
        ]
        for name, rows in self.tables.items():
            table = TABLES[name]
            parts += [f"## {table.title}", table.text, markdown(table, rows)]
        return "\n\n".join(part for part in parts if part) + "\n"


def machine() -> str:
    """System, processor and number of cores."""
    return f"{platform.system()}-{platform.machine()}-{os.cpu_count()}".lower()


def measured_version() -> str:
    """The version, and +dev while the changelog begins with what is not released."""
    first = next((line for line in CHANGELOG.read_text(encoding="utf-8").splitlines() if line.startswith("## ")), "")
    return __version__ + (DEV if "unreleased" in first.casefold() else "")


def load() -> float | None:
    """How many programs wanted a core in the minute before; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def result(what: str, tables: Mapping[str, Sequence[Row]], note: str) -> Result:
    """What was measured just now, here."""
    found = {}
    for name in ("python", *PACKAGES):
        try:
            found[name] = platform.python_version() if name == "python" else version(name)
        except PackageNotFoundError:
            continue
    rounded = {name: [{key: _rounded(v) for key, v in row.items()} for row in rows] for name, rows in tables.items()}
    return Result(what, measured_version(), machine(), found, date.today().isoformat(), note, rounded)


def _rounded(value: Any) -> Any:
    """Ten digits: a cost can still be compared to 1e-6."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def keep(kept: Result) -> Path:
    """Write it as JSON, and as Markdown beside it; returns the path of the first."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{kept.name}.json"
    path.write_text(json.dumps(asdict(kept), indent=1) + "\n", encoding="utf-8")
    path.with_name(f"{kept.name}.md").write_text(kept.page(), encoding="utf-8")
    return path


def kept() -> list[Result]:
    """All that is kept, version by version."""
    found = [Result(**json.loads(path.read_text(encoding="utf-8"))) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda result: result.order)
