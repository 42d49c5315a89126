"""The mutants of rules/, audit/ and what both ask of lenders: mutmut's operators, but for what only words a finding.

A mutant is kept as text: its function as it stands, what is taken out of it and what is put there. The trees from which
they are read are let go, so that the process which is forked for each of them stays small.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import pickle
import types
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider
from mutmut.mutation import file_mutation

ROOT = Path(__file__).parents[1]
BASE = ROOT / "model" / "lodestone"
MADE = ROOT / "mutants" / "made"  # to make them takes longer than to judge some hundreds
PARTS = ("rules", "audit")
LEFT_OUT = ("rules/__init__.py", "rules/build.py", "audit/secure.py")  # without rules; tests of the last one solve
ALSO = ("data/lenders.py", "data/capital.py")  # what rules and audit ask of lenders

# Arguments that only word a finding: where, what is compared, what was expected and found.
WORDING = {"equal": (0, 1), "at_most": (0, 1), "at_least": (0, 1), "same": (0, 1), "holds": (0, 2, 3)}


@dataclass(frozen=True)
class Mutant:
    """One small fault in a function of a file."""

    file: str  # in model/lodestone
    function: str  # with its class
    digest: str  # of the function as it stands
    number: int  # of the fault in it
    before: str  # code of the function
    start: int  # in it: what is taken out ...
    end: int
    new: str  # ... and what is put there
    lines: frozenset[int]  # of the file: who runs none of them runs the function as it was

    @property
    def name(self) -> str:
        return f"{self.function} {self.digest} {self.number}"

    @property
    def code(self) -> str:
        return self.before[: self.start] + self.new + self.before[self.end :]

    @property
    def change(self) -> str:
        """The lines that differ, as they were and as they were made."""
        before, after = self.before.splitlines(), self.code.splitlines()
        while before and after and before[0] == after[0]:
            before, after = before[1:], after[1:]
        while before and after and before[-1] == after[-1]:
            before, after = before[:-1], after[:-1]
        return "  ->  ".join(" ".join(line.strip() for line in lines) for lines in (before, after))


def files() -> list[str]:
    found = [path.relative_to(BASE).as_posix() for part in PARTS for path in sorted((BASE / part).glob("*.py"))]
    return [*(path for path in found if path not in LEFT_OUT), *ALSO]


def mutants_of(file: str) -> list[Mutant]:
    """Of a file; made once while neither it nor this changes."""
    text = (BASE / file).read_text(encoding="utf-8")
    maker = Path(__file__).read_text(encoding="utf-8") + version("mutmut")
    wanted = hashlib.sha256((text + maker).encode()).hexdigest()
    kept = MADE / (file.replace("/", " ") + ".pickle")
    if kept.exists():
        made, mutants = pickle.loads(kept.read_bytes())
        if made == wanted:
            return mutants  # type: ignore[no-any-return]
    mutants = _made(file, text)
    MADE.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps((wanted, mutants)))
    return mutants


def _made(file: str, text: str) -> list[Mutant]:
    module, mutations, *_ = file_mutation.create_mutations(str(BASE / file), text)
    wording, classes = _wording(module), _classes(module)
    places = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    own = _lines_of_statements(text)
    functions: dict[int, _Function] = {}
    numbers = Counter[str]()
    found: list[Mutant] = []
    for mutation in mutations:
        outer = mutation.contained_by_top_level_function
        if not isinstance(outer, cst.FunctionDef) or _only_words(mutation, wording):
            continue  # constants of a module are read before any test begins
        if id(outer) not in functions:
            functions[id(outer)] = _Function(outer, classes.get(id(outer), "") + outer.name.value)
        function = functions[id(outer)]
        place = places.get(mutation.original_node) or places[outer]
        lines = {line for at in range(place.start.line, place.end.line + 1) for line in own.get(at, (at,))}
        start, end, new = function.change(mutation)
        number = numbers[function.name]
        numbers[function.name] += 1
        found.append(
            Mutant(file, function.name, function.digest, number, function.code, start, end, new, frozenset(lines))
        )
    return found


class _Function:
    """Its code, written once, and where in it each node stands."""

    def __init__(self, node: cst.FunctionDef, name: str) -> None:
        self.node, self.name = node, name
        self.module = cst.Module(body=[node])
        self.code = self.module.code_for_node(node)
        self.digest = hashlib.sha256(self.code.encode()).hexdigest()[:12]
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        self.places: Any = wrapper.resolve(WhitespaceInclusivePositionProvider)
        self.begins = [0]
        for line in self.code.splitlines(keepends=True):
            self.begins.append(self.begins[-1] + len(line))

    def change(self, mutation: file_mutation.Mutation) -> tuple[int, int, str]:
        """From where to where the code is taken out, and what is put there."""
        new = self.module.code_for_node(mutation.mutated_node)
        at: CodeRange | None = self.places.get(mutation.original_node)
        if at is not None:
            start, end = (self.begins[place.line - 1] + place.column for place in (at.start, at.end))
            if self.code[start:end] == self.module.code_for_node(mutation.original_node):
                return start, end, new
        made = self.node.deep_replace(mutation.original_node, mutation.mutated_node)
        assert isinstance(made, cst.FunctionDef)
        return 0, len(self.code), self.module.code_for_node(made)


def _lines_of_statements(text: str) -> dict[int, range]:
    """Line -> those of the innermost statement it is part of; of one with a body, those before the body."""
    found: dict[int, range] = {}

    class Statements(ast.NodeVisitor):
        def generic_visit(self, node: ast.AST) -> None:
            if isinstance(node, ast.stmt):
                body = getattr(node, "body", None)
                first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
                last = max(first, body[0].lineno - 1) if body else node.end_lineno or first
                lines = range(first, last + 1)
                if isinstance(node, ast.FunctionDef):  # its default values are read where no test is running
                    lines = range(first, (node.end_lineno or last) + 1)
                found.update(dict.fromkeys(range(first, last + 1), lines))
            super().generic_visit(node)

    Statements().visit(ast.parse(text))
    return found


def _wording(module: cst.Module) -> set[int]:
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


def _only_words(mutation: file_mutation.Mutation, wording: set[int]) -> bool:
    """Whether a mutation changes nothing but words: inside them, or a call by taking them away."""
    before, after = mutation.original_node, mutation.mutated_node
    if id(before) in wording:
        return True
    if isinstance(before, cst.Call) and isinstance(after, cst.Call):
        kept = {id(argument) for argument in after.args}
        return any(id(argument) in wording for argument in before.args if id(argument) not in kept)
    return False


def _classes(module: cst.Module) -> dict[int, str]:
    """Method -> its class, with a dot."""
    return {
        id(method): f"{node.name.value}."
        for node in module.body
        if isinstance(node, cst.ClassDef)
        for method in node.body.body
    }


def put_in(mutant: Mutant, code: str) -> None:
    """Code in the place of the mutant's function, for all who know the function."""
    module = importlib.import_module(
        "lodestone." + mutant.file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    )
    holder, _, name = mutant.function.rpartition(".")
    known: Any = vars(vars(module)[holder])[name] if holder else vars(module)[name]
    known = getattr(known, "__func__", known)
    space = dict(vars(module))
    lines = code.splitlines()
    indent = next(len(line) - len(line.lstrip()) for line in lines if line.strip())
    code = "from __future__ import annotations\n" + "\n".join(line[indent:] for line in lines if line.strip())
    exec(compile(code, mutant.file, "exec"), space)
    made = getattr(space[name], "__func__", space[name])
    assert isinstance(known, types.FunctionType)
    known.__code__, known.__defaults__, known.__kwdefaults__ = made.__code__, made.__defaults__, made.__kwdefaults__
