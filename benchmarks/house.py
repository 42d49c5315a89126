"""What the code is made of: `python -m benchmarks.house` prints it, `--write` keeps it in benchmarks/HOUSE.md.

Rooms are the folders of model/lodestone and the files beside them; an arrow says that one imports from another. A line
of code is one that is not blank, no comment and no docstring. A capability is what could be taken away and leave a
tool that plans: its own files are counted, and the lines of other files that name it.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from lodestone import __version__

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "model"
PAGE = Path(__file__).with_name("HOUSE.md")
LONG_FILE = 400
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

# A capability: what its own files begin with, below model/lodestone, and how other files name it.
CAPABILITIES: dict[str, tuple[str, str]] = {
    "months and periods": ("data/times workbook/scenarios/periods workbook/checks/months", r"month|period"),
    "suppliers and Trade": ("rules/suppliers audit/suppliers workbook/checks/trade", r"supplier|trade"),
    "plants that close": ("rules/closure audit/closing", r"closure|closing|\bkept\b"),
    "what is committed": ("rules/commitments audit/committed workbook/checks/committed", r"committed"),
    "floors, stakes, loans, credits": (
        "rules/price_floors rules/credits rules/capital rules/bankability data/capital data/lenders audit/floors"
        " audit/stakes audit/packages audit/lenders workbook/checks/packages workbook/checks/bankability"
        " commands/bankability",
        r"floor|stake|loan|credit|lender|bankab",
    ),
    "earnings of private projects": ("rules/earnings audit/earnings", r"earning"),
    "substitution": ("rules/substitution", r"substitut"),
    "one plan for all futures": ("solve/all_futures audit/joint report/plan/joint_summary", r"joint|futures"),
    "decomposition by future": ("solve/decomposition/", r"decompos"),
    "chain by chain": ("data/chains solve/by_chain", r"by_chain|chains"),
    "studies on a cluster": ("studies/parallel/cluster studies/parallel/workers", r"scheduler|cluster"),
    "secure plans, attack": (
        "rules/secure solve/secure solve/branch solve/largest_share audit/secure report/plan/secure.py"
        " report/studies/security studies/frontier/security studies/attack/ report/studies/attack"
        " report/terminal/attack commands/attack",
        r"secure|threat|branch",
    ),
    "why no plan exists": (
        "studies/explanation/ report/studies/explanation report/terminal/explanation solver/elastic_model",
        r"explanation|explain",
    ),
    "what binds": (
        "studies/what_binds/ report/studies/what_binds report/terminal/what_binds solve/marginal commands/explain",
        r"what_binds|marginal",
    ),
    "doing nothing": ("data/reference studies/reference/ report/plan/security_cost", r"reference"),
    "allies": (
        "data/coalition studies/allies/ report/studies/allies report/terminal/allies commands/allies",
        r"allies",
    ),
    "alternatives, certain": (
        "studies/alternatives/ studies/certain report/plan/certainty report/studies/alternatives"
        " report/terminal/alternatives commands/alternatives",
        r"alternatives|certain",
    ),
    "ranges": ("studies/ranges/ report/studies/ranges report/terminal/ranges commands/ranges", r"\branges"),
    "tornado": ("studies/tornado/ report/studies/tornado report/terminal/tornado commands/tornado", r"tornado|cliff"),
    "stress": ("studies/stress/ report/studies/stress report/terminal/stress commands/stress", r"stress"),
    "frontier": (
        "studies/frontier/least studies/frontier/moved studies/frontier/results studies/frontier/trace"
        " studies/frontier/__init__ report/studies/frontier report/terminal/frontier commands/frontier",
        r"frontier",
    ),
    "sweep": ("studies/sweep/ report/studies/sweep report/terminal/sweep commands/sweep", r"sweep"),
    "compare": ("studies/compare/ report/compare/ report/terminal/compare commands/compare", r"compare|comparison"),
    "accounts: who pays": ("solve/accounts/", r"accounts|landed"),
    "import, pivot": ("importing/ commands/import_ commands/pivot", r"importing|pivot"),
    "calibrate": (
        "studies/calibration/ report/studies/calibration report/terminal/calibration commands/calibrate",
        r"calibrat",
    ),
    "the page of report": ("report/html/ commands/report", r"report\.html|plotly"),
    "brief": ("report/plan/brief commands/brief", r"\bbrief"),
    "history, pack, verify, watch": (
        "report/plan/history runs/pack runs/verify runs/saved_workbook commands/pack commands/verify commands/watch",
        r"history|\bpack\b|verify|watch",
    ),
    "doctor, completion, next step": (
        "runs/doctor commands/doctor commands/completion commands/next_step",
        r"doctor|completion",
    ),
    "marked copy": ("report/excel/marked_copy", r"marked_copy|--mark"),
    "blank workbook and examples": ("template/ commands/new", r"template|example"),
    "labels": ("plan/labels workbook/labels workbook/checks/labels workbook/checks/same_names", r"labels?\b"),
    "origins": ("workbook/origins report/plan/origins workbook/cell_locations", r"origin"),
    "import lodestone": ("book/", r"lodestone\.book"),
}


@dataclass(frozen=True)
class File:
    """A file of the package, parsed once."""

    module: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> int:
        return self.text.count("\n")

    @cached_property
    def code(self) -> set[int]:
        """Numbers of the lines that hold code."""
        found: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in NOT_CODE:
                found |= set(range(token.start[0], token.end[0] + 1))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                text = node.body[0]
                found -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        return found

    @cached_property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    @property
    def public_functions(self) -> list[ast.FunctionDef]:
        """What others may call: functions of the file, methods and properties of its public classes."""
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        bodies = [self.tree.body, *(node.body for node in classes)]
        return [
            node
            for body in bodies
            for node in body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]

    @property
    def any_lines(self) -> int:
        return sum(
            1 for n, line in enumerate(self.text.splitlines(), 1) if n in self.code and re.search(r"\bAny\b", line)
        )

    def naming(self, words: str, flags: re.RegexFlag = re.IGNORECASE) -> int:
        """How many lines of code hold one of these words."""
        seen = re.compile(words, flags)
        return sum(1 for n, line in enumerate(self.text.splitlines(), 1) if n in self.code and seen.search(line))


def files(source: Path = SOURCE) -> dict[str, Path]:
    """Every module of the package and where it stands; a package by its folder."""
    found = {}
    for path in sorted(source.glob("lodestone/**/*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path, modules: Iterable[str]) -> set[str]:
    """Every module that a file imports, wherever in the file; names inside a package as modules of their own."""
    found: set[str] = set()
    known = set(modules)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (below & known) or {str(node.module)}
    return found


def room(module: str) -> str:
    """The folder of the package, or the file beside the folders, in which a module stands."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@dataclass
class House:
    """What was measured: rooms, on which floor, what each imports from, and its files."""

    rooms: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))
    arrows: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def files(self) -> list[File]:
        return [file for inside in self.rooms.values() for file in inside]

    @cached_property
    def floors(self) -> dict[str, int]:
        """A room stands on the floor above the highest that it imports from; the lowest is 1."""
        found: dict[str, int] = {}

        def floor(name: str) -> int:
            if name not in found:
                found[name] = 1 + max((floor(below) for below in self.arrows[name]), default=0)
            return found[name]

        return {name: floor(name) for name in self.rooms}


def measure(source: Path = SOURCE) -> House:
    """Parse the package. What everything may import, its version in `__init__`, is no arrow."""
    found, house = files(source), House()
    for module, path in found.items():
        house.rooms[room(module)].append(File(module, path))
        others = {room(other) for other in imports_of(path, found) & found.keys()}
        house.arrows[room(module)] |= others - {room(module), "__init__"}
    return house


def page(house: House, measured: date) -> str:
    """The figures as Markdown."""
    return "\n".join((*_whole(house, measured), *_rooms(house), *_capabilities(house), *_open(house))) + "\n"


def _table(headings: str, rows: Iterable[Iterable[object]]) -> Iterator[str]:
    count = headings.count("|") + 1
    yield f"| {headings} |"
    yield f"|---|{'--:|' * (count - 1)}"
    for row in rows:
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"


def _whole(house: House, measured: date) -> Iterator[str]:
    every = house.files
    longest = max(((node, file) for file in every for node in file.functions), key=lambda pair: _length(pair[0]))
    public = [node for file in every for node in file.public_functions]
    yield "# The house, measured"
    yield ""
    yield f"Written by `python -m benchmarks.house --write`, version {__version__}, {measured}. A line of"
    yield "code is not blank, no comment and no docstring. `workbook/schema/sheets.py` and `plan/tables.py` may be"
    yield "long: they declare every column of the workbook and of a plan, and nothing else."
    yield ""
    rows = (
        ("rooms (at most 20)", len(house.rooms)),
        ("floors (at most 12)", max(house.floors.values())),
        ("arrows between rooms", sum(map(len, house.arrows.values()))),
        ("files", len(every)),
        ("lines", sum(file.lines for file in every)),
        ("lines of code", sum(len(file.code) for file in every)),
        ("lines of code with `Any`", sum(file.any_lines for file in every)),
        (f"files over {LONG_FILE} lines", len(_long(every))),
        ("longest function, lines", _length(longest[0])),
        ("public functions and methods", len(public)),
        ("of them without docstring", sum(ast.get_docstring(node) is None for node in public)),
    )
    yield from _table("whole | count", rows)
    yield ""
    yield f"Longest function: `{longest[0].name}` in `{_below(longest[1])}`."
    yield f"Over {LONG_FILE} lines: {', '.join(f'`{_below(file)}` ({file.lines})' for file in _long(every)) or 'none'}."


def _rooms(house: House) -> Iterator[str]:
    yield ""
    yield "## Rooms"
    yield ""
    rows = []
    for name in sorted(house.rooms, key=lambda name: (house.floors[name], name)):
        inside = house.rooms[name]
        code, lines = sum(len(file.code) for file in inside), sum(file.lines for file in inside)
        rows.append((f"`{name}`", house.floors[name], len(inside), lines, code, len(house.arrows[name])))
    yield from _table("room | floor | files | lines | of code | imports from rooms", rows)


def _capabilities(house: House) -> Iterator[str]:
    yield ""
    yield "## What each capability costs"
    yield ""
    yield "Lines of code of its own files; and lines of other files that name it, which says how far it reaches, not"
    yield "what would go with it: the words of one capability are also those of another."
    yield ""
    rows: list[tuple[str, int, int, int]] = []
    for name, own in owners(house).items():
        code = sum(len(file.code) for file in own)
        elsewhere = sum(file.naming(CAPABILITIES[name][1]) for file in house.files if file not in own)
        rows.append((name, len(own), code, elsewhere))
    rows.sort(key=lambda row: -row[2])
    yield from _table("capability | files | lines of code | named elsewhere", rows)
    rest = sum(len(file.code) for file in house.files) - sum(code for _, _, code, _ in rows)
    yield ""
    yield f"All else, {rest:,} lines: reading, checking, building, solving, auditing and writing one plan."


def owners(house: House) -> Mapping[str, list[File]]:
    """The files of each capability."""
    return {
        name: [file for file in house.files if _below(file).startswith(tuple(own.split()))]
        for name, (own, _) in CAPABILITIES.items()
    }


def _open(house: House) -> Iterator[str]:
    rows = [
        f"- `{_below(file)}`: {', '.join(f'`{node.name}`' for node in bare)}"
        for file in house.files
        if (bare := [node for node in file.public_functions if ast.get_docstring(node) is None])
    ]
    if rows:
        yield from (
            "",
            "## Public functions and methods without docstring",
            "",
            "Their names and types say it all.",
            "",
            *rows,
        )


def _length(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _long(every: Iterable[File]) -> list[File]:
    return sorted((file for file in every if file.lines > LONG_FILE), key=lambda file: -file.lines)


def _below(file: File) -> str:
    """Where a file stands below model/lodestone."""
    return file.path.as_posix().rpartition("/lodestone/")[2]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="keep the figures in benchmarks/HOUSE.md")
    text = page(measure(), date.today())
    if options.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
