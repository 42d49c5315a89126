"""Mutation testing: are the tests of rules/ and audit/ sharp enough to notice every small change of them?

    python -m benchmarks.mutants                       # all; what stood before and did not change is not run again
    python -m benchmarks.mutants 'lodestone.rules.flows*'  # those mutants again
    python -m benchmarks.mutants --write               # and the figures into benchmarks/MUTANTS.md

mutmut makes the mutants and forks a process for each; what it mutates and which tests there are stands under
[tool.mutmut] in pyproject.toml. Here are added: what only words a finding is left alone (`is_wording`), tests are
collected once and the sharpest run first (`CollectedOnce`, `judges`), figures by file, survivors by what was changed.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import libcst as cst
import pytest
from _pytest.config import _prepareconfig
from mutmut import __main__ as mutmut
from mutmut.mutation import file_mutation, trampoline
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.runners import harness
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import change_cwd, walk_mutatable_files
from mutmut.workers import isolation

PAGE = Path(__file__).with_name("MUTANTS.md")
BEGIN, END = "<!-- figures: written by python -m benchmarks.mutants --write -->", "<!-- end of figures -->"

# Arguments that only word a finding: where, what is compared, what was expected and found.
WORDING = {"equal": (0, 1), "at_most": (0, 1), "at_least": (0, 1), "same": (0, 1), "holds": (0, 2, 3)}


def wording_of(module: cst.Module) -> set[int]:
    """Ids of the nodes that only word a finding, or name a row's equation (doc=)."""
    found: set[int] = set()

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            places = WORDING.get(node.func.value, ()) if isinstance(node.func, cst.Name) else ()
            for place, argument in enumerate(node.args):
                keyword = argument.keyword.value if argument.keyword else ""
                if place in places or keyword == "doc":
                    found.update(id(below) for below in _below(argument))

        def visit_Assign(self, node: cst.Assign) -> None:
            target = node.targets[0].target
            if isinstance(target, cst.Name) and target.value in ("where", "place"):
                found.update(id(below) for below in _below(node))

    module.visit(Calls())
    return found


def _below(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(deeper for child in node.children for deeper in _below(child))]


def is_wording(mutation: file_mutation.Mutation, wording: set[int]) -> bool:
    """Whether a mutation changes nothing but words: inside them, or a call by taking them away."""
    before, after = mutation.original_node, mutation.mutated_node
    if id(before) in wording:
        return True
    if isinstance(before, cst.Call) and isinstance(after, cst.Call):
        kept = {id(argument) for argument in after.args}
        return any(id(argument) in wording for argument in before.args if id(argument) not in kept)
    return False


def fair_order(mutant: str) -> tuple[bool, float]:
    """The rules first, then the audit, each shuffled: what is judged when a run is stopped is a fair sample."""
    return mutant.startswith("lodestone.audit"), random.Random(mutant).random()


def without_wording(*arguments: Any) -> Any:
    module, mutations, *ignored = MUTATIONS(*arguments)
    wording = wording_of(module)
    return module, [m for m in mutations if not is_wording(m, wording)], *ignored


MUTATIONS = file_mutation.create_mutations


# Besides the tests of the mutated file: those that put whole plans through all rules or the whole audit. The model with
# every feature is built once for all tests of a file: which of them a function reaches is known of the first alone.
BUILT_ONCE = ("tests/rules/test_tables.py", "tests/rules/test_register.py")
WHOLE = (
    "tests/audit/test_verdict.py",
    "tests/audit/test_tampered_plans.py",
    "tests/audit/test_strict_workbooks.py",
)


def judges(mutant: str, tests: Iterable[str], every: Iterable[str]) -> list[str]:
    """The tests that a mutant has to survive, its file's own first; tests: those that reach it, of every test there is.

    All that reach it, where its file has none of its own.
    """
    _, package, module, _ = mutant.split(".") if mutant.count(".") == 3 else ("", "audit", "", "")
    own = f"tests/{package}/test_{module}.py"
    if not Path(own).exists():
        return list(tests)
    whole = [t for t in (every if package == "rules" else tests) if t.startswith(BUILT_ONCE)]
    return [*(t for t in tests if t.startswith(own)), *whole, *(t for t in tests if t.startswith(WHOLE))]


class CollectedOnce(harness.PytestRunner):
    """Runs tests that were collected before the fork: pytest's own start would cost a mutant more than its tests do."""

    def run_forced_fail(self) -> int:
        """The last that runs before the mutants do."""
        code = super().run_forced_fail()
        with change_cwd("mutants"):
            config = _prepareconfig(["-s", "-p", "no:terminal", *self._pytest_add_cli_args, *self._selection()])
            config.option.tbstyle = "line"  # nobody reads why
            config._do_configure()
            self.session = pytest.Session.from_config(config)
            config.hook.pytest_sessionstart(session=self.session)
            self.tests = {item.nodeid: item for item in self.session.perform_collect()}
        return code

    def _selection(self) -> list[str]:
        return list(self._pytest_add_cli_args_test_selection)

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        if mutant_name is None:
            return int(super().run_tests(mutant_name=mutant_name, tests=tests))
        failed: list[str] = []
        trampoline.get_mutant_under_test = lambda: mutant_name  # asked at every call: the environment is slower

        class Failures:
            def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
                if report.failed:
                    failed.append(report.nodeid)

        self.session.config.pluginmanager.register(Failures())
        with change_cwd("mutants"):
            for name in judges(mutant_name, tests, self.tests):
                item = self.tests[name]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if failed:
                    return 1
        return 0


def status_by_mutant() -> dict[str, dict[str, str]]:
    """File -> mutant -> killed, timeout, survived, ..."""
    result = {}
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            result[str(path)] = {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
    return result


def figures(by_file: dict[str, dict[str, str]]) -> str:
    """Markdown: one line a file, and the sums."""
    lines = ["| file | mutants | judged | killed | timed out | survived | score |", "|---|--:|--:|--:|--:|--:|--:|"]
    total: Counter[str] = Counter()
    for path, mutants in by_file.items():
        counts = Counter(mutants.values())
        total += counts
        lines.append(_line(f"`{path}`", counts))
    for part in ("model/lodestone/rules/", "model/lodestone/audit/"):
        counts = Counter(s for path, mutants in by_file.items() if path.startswith(part) for s in mutants.values())
        lines.append(_line(f"**{part}**", counts))
    return "\n".join([*lines, _line("**all**", total)])


def _line(name: str, counts: Counter[str]) -> str:
    killed, timeout, judged = counts["killed"], counts["timeout"], counts.total() - counts["not checked"]
    score = f"{(killed + timeout) / judged:.1%}" if judged else ""
    return f"| {name} | {counts.total()} | {judged} | {killed} | {timeout} | {judged - killed - timeout} | {score} |"


def survivors(by_file: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    """(mutant, file and function, change in words) of every mutant that no test killed."""
    result = []
    for path, mutants in by_file.items():
        for name, status in mutants.items():
            if status not in ("killed", "timeout", "not checked"):
                function = re.sub(r"__mutmut_\d+$", "", name.rpartition(".")[2]).removeprefix("x_")
                result.append((name, f"{path} {function.replace('xǁ', '').replace('ǁ', '.')}", _change(name, path)))
    return result


def _change(name: str, path: str) -> str:
    """The line as it was and as it was made."""
    diff = get_diff_for_mutant(name, path=Path(path)).splitlines()[2:]
    was = " ".join(line[1:].strip() for line in diff if line.startswith("-"))
    made = " ".join(line[1:].strip() for line in diff if line.startswith("+"))
    return f"{was}  ->  {made}"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--processes", default=2, show_default=True)
@click.option("--write", is_flag=True, help="Write the figures into benchmarks/MUTANTS.md.")
@click.option("--no-run", is_flag=True, help="Only what is known of the last run.")
def main(names: tuple[str, ...], processes: int, write: bool, no_run: bool) -> None:
    """Run the mutants; print the figures by file, and the survivors that MUTANTS.md does not name."""
    file_mutation.create_mutations = without_wording
    isolation.PytestRunner = CollectedOnce
    mutmut.estimated_worst_case_time = fair_order  # by which the mutants are sorted
    if not no_run:
        mutmut._run(names, processes)
    by_file = status_by_mutant()
    table = f"{BEGIN}\nmutmut {version('mutmut')}\n\n{figures(by_file)}\n{END}"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"{BEGIN}\n{END}\n"
    for mutant, where, change in survivors(by_file):
        if change not in page:
            click.echo(f"{mutant}\n  {where}\n  {change}")
    click.echo(table)
    if write:
        page = page[: page.index(BEGIN)] + table + page[page.index(END) + len(END) :]
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
