"""Data flows one way: a room of lodestone imports only from the rooms before its own, and rooms keep their word."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from benchmarks.house import files, imports_of, measure, owners, room
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "model"
TESTS = ROOT / "tests"

# What a room may import lies before it. A room is a folder of lodestone or a file beside them.
ROOMS = (
    "__init__ errors names progress",
    "system data",
    "solver workbook",
    "plan",
    "rules audit",
    "solve",
    "studies",
    "report",
    "template",
    "importing runs",
    "book commands",
    "__main__",
)
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms.split()}

FILES = files()

# A test file named in an import, also of code in a string that a process of its own runs.
_TEST_FILE = re.compile(r"^ *(?:from|import) (?:[\w.]*\.|.* )?(test_\w+)", re.MULTILINE)


@cache
def _imported() -> dict[str, set[str]]:
    """What every module imports; found out by the first test, as every process of pytest loads this file."""
    return {module: imports_of(path, FILES) for module, path in FILES.items()}


def _reached(modules: Iterable[str]) -> set[str]:
    """Everything that is loaded with these modules: ours, the packages that hold them, and what is not ours."""
    reached: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        reached.add(module)
        packages = {module.rsplit(".", n)[0] for n in range(1, module.count(".") + 1)} if module in FILES else set()
        waiting |= (_imported().get(module, set()) | packages) - reached
    return reached


def _package(name: str) -> set[str]:
    package = f"lodestone.{name}"
    return {module for module in FILES if module == package or module.startswith(f"{package}.")}


def _foreign(imports: set[str], *packages: str) -> set[str]:
    return {name for name in imports if name.split(".")[0] in packages}


def _users(package: str) -> set[str]:
    return {module.removeprefix("lodestone.") for module, imports in _imported().items() if _foreign(imports, package)}


def test_every_room_has_its_floor():
    assert {room(module) for module in FILES} - FLOOR.keys() == set(), "say in ROOMS where they belong"


def test_there_are_at_most_twenty_rooms_on_twelve_floors():
    assert len(FLOOR) <= 20
    assert len(ROOMS) <= 12


def test_the_architecture_lists_the_same_rooms():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+/?` ?)+)\|", page, flags=re.MULTILINE)
    named = [name.rstrip("/") for row in rows for name in re.findall(r"`(.+?)`", row)]
    assert set(named) >= FLOOR.keys() - {"__init__", "__main__"}
    assert [FLOOR[name] for name in named if name in FLOOR][: len(named)] == sorted(
        FLOOR[name] for name in named if name in FLOOR
    )


def test_no_arrow_turns_back():
    turned = [
        f"{module} imports {other}"
        for module, imports in _imported().items()
        for other in imports & FILES.keys()
        if room(other) != room(module) and FLOOR[room(other)] >= FLOOR[room(module)]
        if room(other) != "__init__"  # the package itself: its version
    ]
    assert turned == []


def test_nothing_is_imported_in_a_circle():
    TopologicalSorter({module: imports & FILES.keys() - {module} for module, imports in _imported().items()}).prepare()


def test_imports_name_modules_that_exist():
    assert _foreign(set().union(*_imported().values()), "lodestone") <= FILES.keys()


def test_tests_stand_in_the_rooms_they_test():
    """Besides rooms: the second implementation, what is tested from end to end, and at the top what is about the
    repository itself."""
    rooms = {path.parent.name for path in TESTS.glob("*/*.py")}
    assert rooms <= FLOOR.keys() | {"oracle", "whole"}
    of_the_repository = "backcast_allies backcast_gallium backcast_japan backcasts benchmarks contributing docs"
    of_the_repository += " docs_commands examples layers offline published published_deals trees versions"
    assert {path.stem for path in TESTS.glob("test_*.py")} == {f"test_{what}" for what in of_the_repository.split()}


def test_no_test_file_imports_from_another():
    """What two of them need stands in a file of its own, so that each can be read, moved and run alone."""
    files = list(TESTS.glob("**/*.py"))
    assert len(files) > 100
    named = {(path.name, word) for path in files for word in re.findall(_TEST_FILE, path.read_text(encoding="utf-8"))}
    assert named == set()


def test_nothing_needs_the_checkout():
    """The package stands alone: a model.py or a cli.py beside a notebook is not ours."""
    assert _foreign(set().union(*_imported().values()), "model", "cli", "tests", "benchmarks") == set()


def test_the_audit_shares_nothing_with_the_model():
    reached = _reached(_package("audit"))
    shared = {"lodestone.data.network", "lodestone.data.tree", "lodestone.data.lenders"}
    assert reached & (_package("rules") | _package("solver") | shared) == set()
    assert _foreign(reached, "pyomo", "highspy") == set()


def test_the_report_knows_the_plan_only():
    """Checked through everything that is loaded with it."""
    reached = _reached(_package("report"))
    assert _foreign(reached, "pyomo", "highspy") == set()
    assert reached & (_package("rules") | _package("solver") | _package("solve")) == set()


def test_only_what_builds_and_solves_knows_pyomo_and_highs():
    # one_scenario names Pyomo's version and exception; cycles solves two small LPs; mpi-sppy is handed Pyomo vectors
    assert {name.split(".")[0] for name in _users("pyomo")} == {"rules", "solver", "solve"}
    parts = ("highs_model", "highs", "large_model", "current_model", "elastic_model", "interior_point")
    solver = {f"solver.{part}" for part in parts}
    assert _users("highspy") == solver | {"workbook.checks.cycles"}


def test_only_the_ranks_know_mpi():
    """Nobody else needs the extra, and nobody loads it before it is asked for."""
    by_future = "lodestone.solve.decomposition"
    knowing = {module for module, imports in _imported().items() if _foreign(imports, "mpisppy", "mpi4py")}
    assert knowing == {f"{by_future}.hedging", f"{by_future}.rank"}
    importing = {module for module, imports in _imported().items() if imports & knowing}
    assert importing == {"lodestone.commands.solve", f"{by_future}.rank", f"{by_future}.run"}


def test_what_is_imported_is_installed_with_it():
    """A plain install has no more than pyproject.toml asks for; what an extra brings has its own test above."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    imported_as = {"python-pptx": "pptx"}
    names = (Requirement(line).name for line in project["dependencies"])
    asked = {imported_as.get(name, name) for name in names}
    extras = {"distributed", "dask", "mpi4py", "mpisppy"}
    known = {*sys.stdlib_module_names, *asked, *extras, "lodestone"}
    unknown = {(module, other) for module, imports in _imported().items() for other in imports}
    assert {(module, other) for module, other in unknown if other.split(".")[0] not in known} == set()


def test_only_commands_and_the_terminal_know_click():
    assert {name for name in _users("click") if not name.startswith(("commands", "report.terminal"))} == set()


def test_rules_do_not_know_which_kind_of_run_it_is():
    for module in _package("rules") - {"lodestone.rules.build", "lodestone.rules.tables"}:
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "lodestone.data.tree":
                assert [alias.name for alias in node.names] == ["Tree"], module


def test_money_per_mass_is_converted_on_the_way_in_in_one_place():
    multiplying = {
        module
        for module, path in FILES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and any(isinstance(side, ast.Name) and side.id == "MUSD_PER_T" for side in (node.left, node.right))
    }
    assert multiplying == {"lodestone.workbook.conversion"}


def test_a_house_is_measured(tmp_path: Path):
    """Two rooms by hand: `upper` imports from `lower`, one line of code of which is `Any`."""
    package = tmp_path / "lodestone"
    for name, text in {
        "__init__.py": '"""The package."""\n',
        "lower/__init__.py": "",
        "lower/a.py": '"""What it is.\n\nMore of it.\n"""\n\nfrom typing import Any\n\n\n'
        'def told(x: Any) -> Any:  # why\n    """Any text."""\n    # Any comment\n    return x\n',
        "upper/__init__.py": "",
        "upper/b.py": "import lodestone\nfrom lodestone.lower.a import told\n\n\nclass B:\n    def bare(self):\n"
        "        return told(\n            1\n        )\n\n    def _own(self): ...\n",
    }.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    house = measure(tmp_path)

    assert house.floors == {"__init__": 1, "lower": 1, "upper": 2}
    assert house.arrows == {"__init__": set(), "lower": set(), "upper": {"lower"}}
    a, b = house.rooms["lower"][1], house.rooms["upper"][1]
    assert (a.lines, sorted(a.code), a.any_lines) == (12, [6, 9, 12], 2)
    assert [node.name for node in b.public_functions] == ["bare"]
    assert sorted(b.code) == [1, 2, 5, 6, 7, 8, 9, 11]


def test_each_capability_of_the_house_has_files_of_its_own():
    named = [(name, [file.module for file in own]) for name, own in owners(measure()).items()]
    assert [name for name, own in named if not own] == []
    every = [module for _, own in named for module in own]
    assert len(every) == len(set(every))
