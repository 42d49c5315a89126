"""Does Lodestone work here? Versions, a solve whose result is known, rights to write, what else is installed."""

from __future__ import annotations

import math
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from lodestone import __version__
from lodestone.errors import LodestoneError
from lodestone.report.plan.run_folder import check_target
from lodestone.solve.one_scenario import solve_scenario
from lodestone.template.examples import examples
from lodestone.workbook.inputs import load

TUTORIAL_MUSD = 258.3  # docs/tutorial.md works it out by hand
EXTRAS = {"distributed": "solves on a Dask cluster: pip install 'lodestone[dask]'"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ok None: it is not needed, or only told."""

    name: str
    found: str
    ok: bool | None


def examine(on_check: Callable[[str], None] | None = None) -> list[Finding]:
    """All findings; never raises. on_check: told what is looked at."""
    tell = on_check or _nobody
    findings = [*_machine(), *_packages()]
    for name, look in (("solver", _solver), ("outputs", _outputs)):
        tell(name)
        findings.append(look())
    return findings


def healthy(findings: list[Finding]) -> bool:
    return not any(finding.ok is False for finding in findings)


def _nobody(name: str) -> None:
    """Nobody listens."""


def _machine() -> Iterator[Finding]:
    yield Finding("lodestone", f"{__version__} in {Path(__file__).resolve().parents[2]}", None)
    yield Finding("python", f"{platform.python_version()} ({sys.executable})", sys.version_info >= (3, 11))
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}", None)
    yield Finding("cores", str(os.cpu_count() or "not known"), None)
    yield Finding("memory", _memory(), None)


def _memory() -> str:
    """Windows does not say it in this way."""
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return "not known on this system"
    return f"{pages * size / 2**30:.1f} GiB"


def _packages() -> Iterator[Finding]:
    """Every dependency, and the extras."""
    for name in _required():
        try:
            yield Finding(name, version(name), True)
        except PackageNotFoundError:
            yield Finding(name, f"missing: pip install {name}", False)
    for name, use in EXTRAS.items():
        try:
            yield Finding(name, version(name), None)
        except PackageNotFoundError:
            yield Finding(name, f"not installed; only for {use}", None)


def _required() -> list[str]:
    """As the installed package declares them; a checkout that was never installed declares nothing."""
    try:
        declared = requires("lodestone") or []
    except PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in declared if "extra ==" not in line]


def _solver() -> Finding:
    """The tutorial from workbook to audited plan, against its cost by hand."""
    try:
        plan = solve_scenario(load(examples()["tutorial"]), gap=1e-6)
    except LodestoneError as error:
        return Finding("solver", f"the tutorial has no plan: {error}", False)
    cost = plan["objective_musd"]
    right = math.isclose(cost, TUTORIAL_MUSD, rel_tol=1e-5)
    took = f"in {sum(plan['seconds'].values()):.1f} s"
    seen = f"the tutorial costs {cost:.4f} MUSD {took}"
    return Finding("solver", seen if right else f"{seen}, and should cost {TUTORIAL_MUSD}", right)


def _outputs() -> Finding:
    folder = Path("outputs", "doctor")
    try:
        check_target(folder)
    except LodestoneError as error:
        return Finding("outputs", str(error), False)
    return Finding("outputs", f"{folder.parent.resolve()} can be written", True)
