"""Does Lodestone work here? Versions, a solve whose result is known, what is printed beside it, rights to write."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

import lodestone
from lodestone import __version__
from lodestone.errors import LodestoneError
from lodestone.plan.tables import Document
from lodestone.report.plan.run_folder import check_target
from lodestone.template.examples import examples

COMMAND = "from lodestone.commands import main; main(prog_name='lodestone')"
LONGEST = 200  # characters of what was printed
TUTORIAL_MUSD = 258.33  # docs/tutorial.md works it out by hand
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
    tell("solver")
    findings += _solve()
    tell("outputs")
    return [*findings, _outputs()]


def healthy(findings: list[Finding]) -> bool:
    """Whether no finding is bad."""
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
    """Every dependency against what is asked for and what was tested, and the extras."""
    tested = _tested()
    for asked in _required():
        try:
            yield _package(asked, version(asked.name), tested.get(asked.name))
        except PackageNotFoundError:
            yield Finding(asked.name, f"missing: pip install {asked.name}", False)
    for name, use in EXTRAS.items():
        try:
            yield Finding(name, version(name), None)
        except PackageNotFoundError:
            yield Finding(name, f"not installed; only for {use}", None)


def _package(asked: Requirement, found: str, tested: str | None) -> Finding:
    if not asked.specifier.contains(found, prereleases=True):
        mend = f"pip install '{asked.name}{asked.specifier}'"
        return Finding(asked.name, f"{found} cannot be used, Lodestone needs {asked.specifier}: {mend}", False)
    if tested is not None and tested != found:
        return Finding(asked.name, f"{found}; tested with {tested}", None)
    return Finding(asked.name, found, True)


def _required() -> list[Requirement]:
    """As the installed package declares them; a checkout that was never installed declares nothing."""
    try:
        declared = [Requirement(line) for line in requires("lodestone") or []]
    except PackageNotFoundError:
        return []
    return [asked for asked in declared if asked.marker is None or asked.marker.evaluate({"extra": ""})]


def _tested() -> dict[str, str]:
    """Package -> the version that was tested with this Python, from constraints.txt of the checkout or the package."""
    files = [folder / "constraints.txt" for folder in Path(__file__).resolve().parents[1:4]]
    text = next((file.read_text(encoding="utf-8") for file in files if file.is_file()), "")
    pins = [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in here}


def _solve() -> list[Finding]:
    """The tutorial from workbook to audited plan, as a command in a process of its own whose every word is read."""
    root = str(Path(lodestone.__file__).resolve().parents[1])
    paths = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    with tempfile.TemporaryDirectory(prefix="lodestone-") as folder:
        asked = ("solve", str(examples()["tutorial"]), "--gap", "1e-6", "--out", str(Path(folder, "run")), "--json")
        done = subprocess.run(
            [*_lodestone(), *asked],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    answer, beside = _apart(done.stdout)
    if answer is None:
        last = (done.stderr.strip() or done.stdout.strip() or "without a word")[-LONGEST:]
        return [Finding("solver", f"a solve of the tutorial ended with exit code {done.returncode}: {last}", False)]
    seen = "holds the answer and nothing else" if not beside else f"a library prints there: {beside[:LONGEST]}"
    return [_cost(answer), Finding("standard output", seen, not beside)]


def _lodestone() -> list[str]:
    """How to start this program again: a stand-alone bundle is no interpreter, but the program itself."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-c", COMMAND]


def _apart(text: str) -> tuple[Document | None, str]:
    """The JSON document in a text, and what else stands there."""
    start = max(text.find("{"), 0)
    try:
        answer, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None, text
    return answer, " ".join((text[:start] + text[end:]).split())


def _cost(answer: Document) -> Finding:
    """Against the cost by hand."""
    if "error" in answer:
        return Finding("solver", f"the tutorial has no plan: {answer['error']}", False)
    cost = answer["objective_musd"]
    right = math.isclose(cost, TUTORIAL_MUSD, rel_tol=1e-5)
    seen = f"the tutorial costs {cost:.4f} MUSD in {answer['seconds']:.1f} s"
    return Finding("solver", seen if right else f"{seen}, and should cost {TUTORIAL_MUSD}", right)


def _outputs() -> Finding:
    folder = Path("outputs", "doctor")
    try:
        check_target(folder)
    except LodestoneError as error:
        return Finding("outputs", str(error), False)
    return Finding("outputs", f"{folder.parent.resolve()} can be written", True)
