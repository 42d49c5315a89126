"""Mutation testing: are the tests of rules/ and audit/ sharp enough to notice every small change of them?

    python -m benchmarks.mutants --minutes 60    # as many as that allows, a fair sample; then the next
    python -m benchmarks.mutants rules/capital.py # those of a file
    python -m benchmarks.mutants --again         # what survived, after more tests
    python -m benchmarks.mutants --write         # and the figures into benchmarks/MUTANTS.md

mutmut's operators make the mutants; what only words a finding is left alone (`is_wording`). Tests are collected once;
then a process is forked for each mutant, which puts its code in the place of the function's and runs tests until one
fails: those of its file, and those that put whole plans through (`judges`). What is known stands in
mutants/judged.json until the function changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import random
import resource
import time
import types
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import libcst as cst
import pytest
from _pytest.config import _prepareconfig
from mutmut.mutation import file_mutation

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("MUTANTS.md")
KNOWN = ROOT / "mutants" / "judged.json"
BEGIN, END = "<!-- figures: written by python -m benchmarks.mutants --write -->", "<!-- end of figures -->"
PARTS = ("rules", "audit")
LEFT_OUT = ("rules/__init__.py", "rules/build.py", "audit/secure.py")  # without rules; tests of the last one solve
ALSO = ("data/lenders.py", "data/capital.py")  # what rules and audit ask of lenders
CPU_SECONDS = 25  # of one mutant; none that ends takes half of it

OPTIONS = (  # of pytest: without what costs more than the tests
    *("-s", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest"),
    "--assert=plain",  # that a test fails is enough
    *("--deselect", "tests/audit/test_tampered_plans.py::test_no_row_can_be_left_out"),  # test_reading.py says the same
)

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


@dataclass
class Mutant:
    """One small fault in a function of a file. name: the function as it stands, and the number of the fault in it."""

    file: str  # in model/lodestone
    function: str  # with its class
    name: str
    module: cst.Module
    mutation: file_mutation.Mutation

    @cached_property
    def code(self) -> str:
        """Of the function."""
        assert self.mutation.contained_by_top_level_function
        made = self.mutation.contained_by_top_level_function.deep_replace(
            self.mutation.original_node, self.mutation.mutated_node
        )
        assert isinstance(made, cst.FunctionDef)
        return self.module.code_for_node(made)

    @cached_property
    def change(self) -> str:
        """The lines that differ, as they were and as they were made."""
        assert self.mutation.contained_by_top_level_function
        before = self.module.code_for_node(self.mutation.contained_by_top_level_function).splitlines()
        after = self.code.splitlines()
        while before and after and before[0] == after[0]:
            before, after = before[1:], after[1:]
        while before and after and before[-1] == after[-1]:
            before, after = before[:-1], after[:-1]
        return "  ->  ".join(" ".join(line.strip() for line in lines) for lines in (before, after))


def files() -> list[str]:
    base = ROOT / "model" / "lodestone"
    found = [path.relative_to(base).as_posix() for part in PARTS for path in sorted((base / part).glob("*.py"))]
    return [*(path for path in found if path not in LEFT_OUT), *ALSO]


def mutants_of(file: str) -> list[Mutant]:
    path = ROOT / "model" / "lodestone" / file
    module, mutations, *_ = file_mutation.create_mutations(str(path), path.read_text(encoding="utf-8"))
    wording, classes = wording_of(module), _classes(module)
    found: list[Mutant] = []
    numbers = Counter[str]()
    hashes: dict[int, str] = {}
    for mutation in mutations:
        outer = mutation.contained_by_top_level_function
        if not isinstance(outer, cst.FunctionDef) or is_wording(mutation, wording):
            continue  # constants of a module are read before any test begins
        if id(outer) not in hashes:
            hashes[id(outer)] = hashlib.sha256(module.code_for_node(outer).encode()).hexdigest()[:12]
        function = classes.get(id(outer), "") + outer.name.value
        name = f"{function} {hashes[id(outer)]} {numbers[function]}"
        numbers[function] += 1
        found.append(Mutant(file, function, name, module, mutation))
    return found


def _classes(module: cst.Module) -> dict[int, str]:
    """Method -> its class, with a dot."""
    return {
        id(method): f"{node.name.value}."
        for node in module.body
        if isinstance(node, cst.ClassDef)
        for method in node.body.body
    }


# --- judging ----------------------------------------------------------------------------------------------------------

# Besides the tests of the mutated file: those that put whole plans through all rules or the whole audit.
WHOLE = {
    "rules": ("tests/rules/test_money_tables.py", "tests/rules/test_tables.py"),
    "audit": (
        "tests/audit/test_verdict.py",
        "tests/audit/test_tampered_plans.py",
        "tests/audit/test_strict_workbooks.py",
    ),
    "data": ("tests/audit/test_lenders.py", "tests/audit/test_packages.py", "tests/rules/test_bankability.py"),
}
OTHERS = {  # of files that have no test file of their name
    "audit/projects.py": (
        "tests/audit/test_capacity.py",
        "tests/audit/test_lenders.py",
        "tests/audit/test_committed.py",
    ),
    "audit/__init__.py": ("tests/audit/test_joint.py",),
    "data/capital.py": ("tests/rules/test_capital.py", "tests/rules/test_earnings.py"),
}


def judges(file: str) -> tuple[str, ...]:
    """The files of tests that a mutant has to survive, its file's own first."""
    part, _, module = file.removesuffix(".py").partition("/")
    own = f"tests/{part}/test_{module}.py"
    return ((own,) if (ROOT / own).exists() else OTHERS.get(file, ())) + WHOLE[part]


class Session:
    """Tests collected once; those that killed mutants of a function are the first for the next of it."""

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
        self.killers: dict[str, list[pytest.Item]] = defaultdict(list)  # file and function -> the latest first
        self.failed = False
        config.pluginmanager.register(self)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def fails(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.failed

    def judge(self, mutant: Mutant | None) -> str:
        """killed, timeout or survived; of no mutant: of the code as it is, by all tests."""
        name = f"{mutant.file} {mutant.function}" if mutant else ""
        killers = self.killers[name]
        items = [item for path in (judges(mutant.file) if mutant else self.tests) for item in self.tests[path]]
        items.sort(key=lambda item: killers.index(item) if item in killers else len(killers))
        told, telling = os.pipe()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            number = -1
            with contextlib.suppress(BaseException):  # a mutant that cannot be put in is killed
                if mutant:
                    put_in(mutant)
                number = next((n for n, item in enumerate(items) if self.fails(item)), len(items))
            os.write(telling, str(number).encode())
            os._exit(0)
        os.close(telling)
        _, status = os.waitpid(child, 0)
        number = int(os.read(told, 20) or b"-1")
        os.close(told)
        if os.WIFSIGNALED(status):
            return "timeout"
        if 0 <= number < len(items):
            killer = items[number]
            self.killers[name] = [killer, *(item for item in killers if item is not killer)]
        return "survived" if number == len(items) else "killed"


def put_in(mutant: Mutant) -> None:
    """Its code in the place of the function's, for all who know the function."""
    module = importlib.import_module(
        "lodestone." + mutant.file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    )
    holder, _, name = mutant.function.rpartition(".")
    known: Any = vars(vars(module)[holder])[name] if holder else vars(module)[name]
    known = getattr(known, "__func__", known)
    space = dict(vars(module))
    lines = mutant.code.splitlines()
    indent = next(len(line) - len(line.lstrip()) for line in lines if line.strip())
    code = "from __future__ import annotations\n" + "\n".join(line[indent:] for line in lines if line.strip())
    exec(compile(code, mutant.file, "exec"), space)
    made = getattr(space[name], "__func__", space[name])
    assert isinstance(known, types.FunctionType)
    known.__code__, known.__defaults__, known.__kwdefaults__ = made.__code__, made.__defaults__, made.__kwdefaults__


# --- what is known ----------------------------------------------------------------------------------------------------

Known = dict[str, dict[str, str]]  # file -> mutant -> killed, timeout, survived


def earlier() -> Known:
    return json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}  # type: ignore[no-any-return]


def known_of(all_of_them: dict[str, list[Mutant]]) -> Known:
    """What was judged and is still a mutant."""
    found = earlier()
    return {
        file: {m.name: found[file][m.name] for m in mutants if m.name in found.get(file, {})}
        for file, mutants in all_of_them.items()
    }


def keep(known: Known) -> None:
    KNOWN.parent.mkdir(exist_ok=True)
    KNOWN.write_text(json.dumps(known), encoding="utf-8")


def figures(all_of_them: dict[str, list[Mutant]], known: Known) -> str:
    """Markdown: one line a file, and the sums."""
    lines = ["| file | mutants | judged | killed | timed out | survived | score |", "|---|--:|--:|--:|--:|--:|--:|"]
    total, parts = Counter[str](), defaultdict(Counter[str])
    for file, mutants in all_of_them.items():
        counts = Counter(known[file].values()) + Counter(all=len(mutants))
        total += counts
        parts[file.partition("/")[0]] += counts
        lines.append(_line(f"`model/lodestone/{file}`", counts))
    lines += [_line(f"**{part}**", counts) for part, counts in parts.items()]
    return "\n".join([*lines, _line("**all**", total)])


def _line(name: str, counts: Counter[str]) -> str:
    killed, timeout, survived = counts["killed"], counts["timeout"], counts["survived"]
    judged = killed + timeout + survived
    score = f"{(killed + timeout) / judged:.1%}" if judged else ""
    return f"| {name} | {counts['all']} | {judged} | {killed} | {timeout} | {survived} | {score} |"


def _chosen(
    names: tuple[str, ...], all_of_them: dict[str, list[Mutant]], known: Known, again: bool, most: int | None
) -> Iterator[Mutant]:
    """What is left to judge, shuffled: where a run stops, it has judged a fair sample."""
    sample = [
        (place, mutant)
        for file, mutants in all_of_them.items()
        if not names or file in names
        for place, mutant in list(enumerate(sorted(mutants, key=_chance)))[:most]
    ]
    for _, mutant in sorted(sample, key=lambda pair: pair[0] if most else _chance(pair[1])):
        status = known[mutant.file].get(mutant.name)
        if status == "survived" if again else status is None:
            yield mutant


def _chance(mutant: Mutant) -> float:
    return random.Random(f"{mutant.file} {mutant.name}").random()


@click.command()
@click.argument("names", nargs=-1)
@click.option("--minutes", type=float, help="Stop then; what was judged is kept.")
@click.option("--most", type=int, help="Of each file; the first of its fair sample.")
@click.option("--unchecked", is_flag=True, help="The tests are known to pass without mutants.")
@click.option("--again", is_flag=True, help="Judge again what survived.")
@click.option("--write", is_flag=True, help="Write the figures into benchmarks/MUTANTS.md.")
@click.option("--no-run", is_flag=True, help="Only what is known.")
def main(
    names: tuple[str, ...],
    minutes: float | None,
    most: int | None,
    unchecked: bool,
    again: bool,
    write: bool,
    no_run: bool,
) -> None:
    """Run the mutants; print the figures by file, and the survivors that MUTANTS.md does not name."""
    all_of_them = {file: mutants_of(file) for file in files() if write or not names or file in names}
    judged, known = earlier(), known_of(all_of_them)
    if not no_run:
        session = Session(all_of_them)
        if not unchecked and session.judge(None) != "survived":
            raise click.ClickException("a test fails without any mutant")
        begun = time.monotonic()
        for number, mutant in enumerate(_chosen(names, all_of_them, known, again, most)):
            if minutes is not None and time.monotonic() - begun > 60 * minutes:
                break
            known[mutant.file][mutant.name] = session.judge(mutant)
            if number % 5 == 0:
                keep(judged | known)
        keep(judged | known)
    page = PAGE.read_text(encoding="utf-8")
    for file, mutants in all_of_them.items():
        for mutant in mutants:
            if known[file].get(mutant.name) == "survived" and mutant.change not in page:
                click.echo(f"- {file} {mutant.function}: `` {mutant.change} ``")
    table = f"{BEGIN}\nmutmut {version('mutmut')}\n\n{figures(all_of_them, known)}\n{END}"
    click.echo(table)
    if write:
        PAGE.write_text(page[: page.index(BEGIN)] + table + page[page.index(END) + len(END) :], encoding="utf-8")


if __name__ == "__main__":
    main()
