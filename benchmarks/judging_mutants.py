"""Does a test fail for a mutant? Tests are collected once; then a process is forked for each mutant.

Before that each test runs alone, without mutants, in a process of its own: which lines it runs, and in what time. A
mutant is put to the tests that run a line of its statement; to no other can it make a difference, since each test began
anew when its lines were counted. The first are those that killed most of its function, then of its file, in least time.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import resource
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import coverage
import pytest
from _pytest.config import _prepareconfig

from benchmarks.making_mutants import BASE, ROOT, Mutant, put_in

REACHED = ROOT / "mutants" / "reached"
CPU_SECONDS, TIMES = 3, 5  # of a test under a mutant: so much, and so many times what it takes without
WALL_SECONDS = 600  # who waits for ever does not use a processor

OPTIONS = (  # of pytest: without what costs more than the tests
    *("-s", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest"),
    "--assert=plain",  # that a test fails is enough
    *("--deselect", "tests/audit/test_tampered_plans.py::test_no_row_can_be_left_out"),  # test_reading.py says the same
)

# What takes longer than all others of its folder; of the file whose tests they are, they judge all the same.
LEFT_OUT = {
    "rules": ("secure",),  # solves
    "audit": ("random_books", "secure_branches", "reading", "joint"),  # the first two solve
    "data": (),
}
OF_PART = {"rules": ("rules",), "audit": ("audit",), "data": ("data", "rules", "audit")}
OTHERS = {  # of what has no test file of its name
    "audit/__init__.py": ("tests/audit/test_joint.py", "tests/audit/test_secure_branches.py"),
}


def judges(file: str) -> list[str]:
    """The files of tests that a mutant has to survive."""
    part, _, module = file.removesuffix(".py").partition("/")
    own = f"tests/{part}/test_{module}.py"
    found = {own, *OTHERS.get(file, ())} if (ROOT / own).exists() else set(OTHERS.get(file, ()))
    for folder in OF_PART[part]:
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            if path.stem.removeprefix("test_") not in LEFT_OUT[folder]:
                found.add(path.relative_to(ROOT).as_posix())
    return sorted(found)


class Session:
    def __init__(self, chosen: Iterable[str]) -> None:
        os.chdir(ROOT)
        config = _prepareconfig([*sorted({path for file in chosen for path in judges(file)}), *OPTIONS])
        config.option.tbstyle = "line"  # nobody reads why
        config._do_configure()
        self.session = pytest.Session.from_config(config)
        config.hook.pytest_sessionstart(session=self.session)
        self.tests: dict[str, list[pytest.Item]] = defaultdict(list)  # file -> its tests
        for item in self.session.perform_collect():
            self.tests[item.nodeid.partition("::")[0]].append(item)
        self.failed = False
        config.pluginmanager.register(self)
        for path in ("tests/rules/test_tables.py", "tests/audit/test_verdict.py"):  # what is loaded at first use
            for item in self.tests.get(path, ()):
                self.fails(item)
        gc.collect()
        gc.freeze()  # what is never touched is never copied
        self.seconds: dict[str, float] = {}  # of each test
        self.reached: dict[str, dict[int, list[pytest.Item]]] = {}  # file -> line -> tests
        self._reach()
        self.kills: Counter[tuple[Any, str]] = Counter()  # (file, function or statement; test) -> mutants it killed
        self.runs: Counter[tuple[Any, str]] = Counter()  # ... of those that something killed, it was run for

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def fails(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.failed

    def _reach(self) -> None:
        """Seconds and lines of each test; they stand while neither its file nor anything but test files changes."""
        common = _digest(p for p in (*ROOT.glob("model/**/*.py"), *ROOT.glob("tests/**/*.py")) if not _is_test(p))
        REACHED.mkdir(parents=True, exist_ok=True)
        for path, items in self.tests.items():
            wanted = f"{common} {_digest([ROOT / path])}"
            page = REACHED / (path.replace("/", " ") + ".json")
            known = json.loads(page.read_text(encoding="utf-8")) if page.exists() else {}
            there = {item.nodeid for item in items}  # else it was written to while they ran
            if known.get("of") != wanted or known["tests"].keys() != there:
                known = {"of": wanted, "tests": {item.nodeid: self._lines(item) for item in items}}
                page.write_text(json.dumps(known), encoding="utf-8")
            for item in items:
                self.seconds[item.nodeid], lines = known["tests"][item.nodeid]
                for file, numbers in lines.items():
                    for number in numbers:
                        self.reached.setdefault(file, {}).setdefault(number, []).append(item)

    def _lines(self, item: pytest.Item) -> tuple[float, dict[str, list[int]]]:
        def run() -> str:
            measured = _coverage()
            measured.start()
            before = os.times()
            if self.fails(item):
                return ""
            after = os.times()
            measured.stop()
            data = measured.get_data()
            lines = {Path(path).relative_to(BASE).as_posix(): data.lines(path) for path in data.measured_files()}
            return json.dumps((after.user + after.system - before.user - before.system, lines))

        told, _ = _in_a_fork(run)
        if not told:
            raise RuntimeError(f"{item.nodeid} fails without any mutant")
        return json.loads(told)  # type: ignore[no-any-return]

    def judge(self, mutant: Mutant) -> str:
        """killed, timeout or survived."""
        allowed = set(judges(mutant.file))
        reached = self.reached.get(mutant.file, {})
        items = list({item.nodeid: item for line in mutant.lines for item in reached.get(line, ())}.values())
        items = [item for item in items if item.nodeid.partition("::")[0] in allowed]
        if not items:
            return "survived"

        own = f"/test_{mutant.file.removesuffix('.py').partition('/')[2]}.py::"
        scopes = [(mutant.file,), (mutant.file, mutant.function), (mutant.file, mutant.function, mutant.lines)]

        def likely(item: pytest.Item) -> float:
            """How likely it fails by second: by what it did for the file, the function, the statement."""
            chance = 0.3 if own in item.nodeid else 0.05
            for scope in scopes:
                chance = (self.kills[scope, item.nodeid] + 2 * chance) / (self.runs[scope, item.nodeid] + 2)
            return chance / (0.005 + self.seconds[item.nodeid])

        items.sort(key=likely, reverse=True)

        def run() -> str:
            try:
                put_in(mutant, mutant.code)
            except BaseException as error:
                return f"cannot: {error!r}"
            for number, item in enumerate(items):
                used = resource.getrusage(resource.RUSAGE_SELF)
                most = int(used.ru_utime + used.ru_stime + CPU_SECONDS + TIMES * self.seconds[item.nodeid])
                resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
                try:
                    if self.fails(item):
                        return str(number)
                except BaseException:  # what ends the run of the tests
                    return str(number)
            return "none"

        told, status = _in_a_fork(run)
        if os.WIFSIGNALED(status):
            return "timeout"
        if told.startswith("cannot"):
            raise RuntimeError(f"{mutant.file} {mutant.name}: {told}: {mutant.change}")
        if told == "none":
            return "survived"
        if not told:  # the mutant ended the process
            return "killed"
        for scope in scopes:
            self.kills[scope, items[int(told)].nodeid] += 1
            for item in items[: int(told) + 1]:
                self.runs[scope, item.nodeid] += 1
        return "killed"


def _in_a_fork(run: Callable[[], str]) -> tuple[str, int]:
    """What it says, and how it ended."""
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        with contextlib.suppress(BaseException):
            os.close(told)
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            signal.alarm(WALL_SECONDS)
            said = run()
        with contextlib.suppress(BaseException), open(telling, "w", encoding="utf-8") as pipe:
            pipe.write(said)
        os._exit(0)
    os.close(telling)
    with open(told, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return said, status


def _coverage() -> Any:
    return coverage.Coverage(data_file=None, config_file=False, include=[f"{BASE}/*/*.py"])


def _is_test(path: Path) -> bool:
    return "tests" in path.parts and path.name.startswith("test_")


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
