"""Data flows one way: a module of model/ imports only from the stages before its own, and packages keep their word."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]

# What a module (or a package, as a whole) may import lies above it. New modules: find them a place.
STAGES = (
    "model lodestone.gc_pause lodestone.errors lodestone.names lodestone.workbook.checks.cycles lodestone.workbook.schema.columns lodestone.plan.tables",
    "lodestone.workbook.schema.sheets",
    "lodestone.workbook.file.archive lodestone.workbook.tables",
    "lodestone.workbook.file.worksheet",
    "lodestone.workbook.file.xlsx",
    "lodestone.workbook.reading.cells lodestone.workbook.scenarios.lanes",
    "lodestone.workbook.reading.sheets lodestone.workbook.snapshot lodestone.workbook.origins",
    "lodestone.workbook.reading.records",
    "lodestone.workbook.scenarios.changes",
    "lodestone.workbook.scenarios.applied lodestone.data.plan_data",
    "lodestone.workbook.conversion lodestone.data.lenders",
    "lodestone.workbook.checks",
    "lodestone.workbook.inputs",
    "lodestone.workbook.cell_locations lodestone.audit",
    "lodestone.data.tree",
    "lodestone.data.network",
    "lodestone.rules",
    "lodestone.rules.build lodestone.solver.matrix",
    "lodestone.solver.highs_model",
    "lodestone.solver.highs",
    "lodestone.solve.tie_breaking lodestone.rules.tables lodestone.solve.fixed_decisions lodestone.solver.slack lodestone.solver.elastic_model lodestone.solve.marginal_values",
    "lodestone.solve.warm_start",
    "lodestone.solve.one_scenario",
    "lodestone.solve.all_futures",
    "lodestone.solve.decomposition",
    "lodestone.report",
    "lodestone.template",
    "lodestone.template.examples",
    "lodestone.studies",
    "lodestone.commands",
    "cli",
)
STAGE = {module: stage for stage, modules in enumerate(STAGES) for module in modules.split()}


def _files() -> dict[str, Path]:
    files = {}
    for path in [*ROOT.glob("model/**/*.py"), ROOT / "cli.py"]:
        if path.exists():
            parts = path.relative_to(ROOT).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


FILES = _files()


def _imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file; names inside a package as modules of their own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (below & FILES.keys()) or {str(node.module)}
    return found


IMPORTS = {module: _imports(path) for module, path in FILES.items()}


def _unit(module: str) -> str:
    """The module or package that has a place in STAGES."""
    return ".".join(module.split(".")[:2])


def _reached(modules: set[str]) -> set[str]:
    """Everything that is loaded with these modules, as far as it is ours, and what that imports from elsewhere."""
    reached: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= IMPORTS.get(module, set()) - reached
    return reached


def _package(name: str) -> set[str]:
    return {module for module in FILES if module == name or module.startswith(f"{name}.")}


def test_every_module_has_its_stage():
    assert {_unit(module) for module in FILES} - STAGE.keys() == set(), "say in STAGES where they belong"


def test_the_architecture_lists_the_same_stages():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ((?:`[\w.]+` ?)+) \|", page, flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(STAGES) + 1))
    assert [modules.replace("`", "") for _, modules in rows] == list(STAGES)


def test_no_arrow_turns_back():
    turned = [
        f"{module} imports {other}"
        for module, imports in IMPORTS.items()
        for other in imports & FILES.keys()
        if _unit(other) != _unit(module) and STAGE[_unit(other)] >= STAGE[_unit(module)]
    ]
    assert turned == []


def test_nothing_is_imported_in_a_circle():
    TopologicalSorter({module: imports & FILES.keys() - {module} for module, imports in IMPORTS.items()}).prepare()


def test_imports_name_modules_that_exist():
    assert _foreign(set().union(*IMPORTS.values()), "model", "cli") <= FILES.keys()


def test_the_audit_shares_nothing_with_the_model():
    reached = _reached(_package("lodestone.audit"))
    the_models = _package("lodestone.rules") | {
        "lodestone.rules.build",
        "lodestone.data.network",
        "lodestone.data.tree",
        "lodestone.data.lenders",
    }
    assert reached & the_models == set()
    assert _foreign(reached, "pyomo", "highspy") == set()


def test_the_report_knows_the_plan_only():
    for module in _package("lodestone.report"):
        assert _foreign(IMPORTS[module], "pyomo", "highspy") == set(), module
        assert IMPORTS[module] & _package("lodestone.rules") == set(), module


def test_only_what_builds_and_solves_knows_pyomo_and_highs():
    # run names Pyomo's version and exception; cycles solves two small LPs of its own; mpi-sppy is handed Pyomo vectors
    assert _users("pyomo") == {
        "lodestone.rules",
        "lodestone.rules.build",
        "lodestone.solver.matrix",
        "lodestone.solver.highs_model",
        "lodestone.solver.highs",
        "lodestone.solve.one_scenario",
        "lodestone.solve.decomposition",
    }
    assert _users("highspy") == {
        "lodestone.solver.highs_model",
        "lodestone.solver.highs",
        "lodestone.workbook.checks.cycles",
        "lodestone.solver.elastic_model",
    }


def test_only_the_ranks_know_mpi():
    """Nobody else needs the extra, and nobody loads it before it is asked for."""
    knowing = {module for module, imports in IMPORTS.items() if _foreign(imports, "mpisppy", "mpi4py")}
    assert knowing == {"lodestone.solve.decomposition.hedging", "lodestone.solve.decomposition.rank"}
    importing = {module for module, imports in IMPORTS.items() if imports & knowing}
    assert importing == {
        "lodestone.commands.solve",
        "lodestone.solve.decomposition.rank",
        "lodestone.solve.decomposition.run",
    }


def test_what_is_imported_is_installed_with_it():
    """A plain install has no more than pyproject.toml asks for; what an extra brings has its own test above."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(line).name for line in project["dependencies"]}
    extras = {"distributed", "dask", "mpi4py", "mpisppy"}
    known = {*sys.stdlib_module_names, *asked, *extras, "model", "cli"}
    unknown = {(module, other) for module, imports in IMPORTS.items() for other in imports}
    assert {(module, other) for module, other in unknown if other.split(".")[0] not in known} == set()


def test_the_library_does_not_import_the_command_line():
    assert _users("cli") == set()
    assert _users("click") <= {
        "cli",
        "lodestone.commands",
        "lodestone.report",
    }  # report/terminal.py writes what commands show


def test_rules_do_not_know_which_kind_of_run_it_is():
    for module in _package("lodestone.rules"):
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


def _foreign(imports: set[str], *packages: str) -> set[str]:
    return {name for name in imports if name.split(".")[0] in packages}


def _users(package: str) -> set[str]:
    return {_unit(module) for module, imports in IMPORTS.items() if _foreign(imports, package)}
