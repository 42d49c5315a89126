"""`import lodestone as ls`: workbooks, plans and studies in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.make import write_book
from tests.solving import FIRST, add, close, home, lane, market

import lodestone as ls
from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.plan.tables import TABLES
from lodestone.progress import Progress

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "python.py"
TUTORIAL = ROOT / "inputs" / "tutorial.xlsx"


@pytest.fixture(scope="module")
def book() -> ls.Book:
    return ls.load(TUTORIAL)


@pytest.fixture(scope="module")
def plan(book: ls.Book) -> ls.Plan:
    return book.solve(gap=1e-9)


def python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_example_runs_beside_files_that_are_called_like_ours(tmp_path: Path) -> None:
    """docs/tutorial.md: 258.33 MUSD. A point of share in 2029 is 10 t, clean magnets cost 1 USD/kg more, and 0.6 t of
    the 60 t put into the reserve: 0.0106 MUSD below 60 %, where the plan would go by itself above that."""
    for name in ("model.py", "cli.py"):
        (tmp_path / name).write_text('raise SystemExit("not this one")')
    shutil.copy(TUTORIAL, tmp_path / "my_case.xlsx")
    shutil.copy(EXAMPLE, tmp_path / "notebook.py")
    done = python("notebook.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "258.33 MUSD, gap 0.0%" in done.stdout
    assert "0.0106" in done.stdout
    assert (tmp_path / "outputs" / "my_case" / "from_python" / "plan.json").exists()


def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, lodestone as ls; heavy = {'pyomo', 'pandas', 'numpy', 'highspy'}; light = set(sys.modules); "
        "ls.load; print(({'lodestone.book'} | heavy) & light, {'pyomo', 'pandas'} & set(sys.modules))"
    )
    assert python("-c", code, folder=tmp_path).stdout.strip() == "set() set()"
    assert {"load", "read", "compare", "Plan"} <= set(dir(ls))
    with pytest.raises(AttributeError, match="has no attribute 'open'"):
        ls.open  # noqa: B018


def test_a_workbook_shows_its_sheets_with_units(book: ls.Book) -> None:
    assert book.scenarios == ("base", "embargo")
    assert book.warnings == ()
    projects = book["Projects"]
    assert list(projects["project"]) == ["private_refinery", "public_refinery"]
    assert projects.attrs["units"]["capacity_t_per_yr"] == "t/yr"
    caps = book["ChinaShare"]
    assert caps.loc[0, "2029"] == close(0.5) and caps.attrs["units"]["2029"] == "share"
    settings = book["Settings"].set_index("setting")["value"]
    assert settings["last_year"] == 2029
    with pytest.raises(UsageError, match="did you mean Projects"):
        book["Project"]


def test_values_are_changed_without_a_file(book: ls.Book) -> None:
    before = TUTORIAL.read_bytes()
    other = book.changed({"ChinaShare/magnet_cap/2029": 0.4, "Projects/public_refinery/capex_musd": 40})
    again = other.changed({"ChinaShare/magnet_cap/2029": 0.3})
    shares = [each["ChinaShare"].loc[0, "2029"] for each in (book, other, again)]
    assert shares == close([0.5, 0.4, 0.3])
    assert again["Projects"].loc[1, "capex_musd"] == 40
    assert ls.load(TUTORIAL, {"Lanes/China/Home/oxide/open": False})["Lanes"].loc[1, "open"]  # a sheet as it stands
    assert TUTORIAL.read_bytes() == before


def test_problems_are_an_exception_that_lists_cells(tmp_path: Path) -> None:
    sheets = home()
    sheets["Demand"][1][0] = "Hone"
    path = write_book(tmp_path / "plan.xlsx", sheets)
    with pytest.raises(ls.InvalidWorkbook) as told:
        ls.load(path)
    error = told.value
    problem = error.problems[0]
    assert problem.cell == "Demand!A2"
    for text in (str(error), repr(error), error._repr_html_()):
        assert problem.cell in text and "Hone" in text and problem.mend in text
    with pytest.raises(ls.InvalidWorkbook, match="did you mean discount_rate"):
        ls.load(TUTORIAL, {"Settings/discount_rat": 0.1})
    with pytest.raises(UsageError, match=r"none\.xlsx"):
        ls.load(tmp_path / "none.xlsx")


def test_a_plan_has_cost_gap_and_tables(plan: ls.Plan) -> None:
    assert plan.cost == close(258.33)  # docs/tutorial.md, step 4
    assert plan.gap == pytest.approx(0, abs=1e-9)
    built = plan["investments"]
    assert list(built.columns) == list(TABLES["investments"].names)
    assert (built.loc[0, "project"], built.loc[0, "decision_year"]) == ("private_refinery", 2027)
    assert built.attrs["units"]["capex_musd"] == "MUSD"
    names = plan.keys()
    assert all(len(plan[name]) == len(plan.rows(name)) for name in names)
    with pytest.raises(UsageError, match="did you mean investments"):
        plan["investment"]
    assert "258.33" in plan._repr_html_() and "258.3 MUSD" in repr(plan)


def test_a_plan_is_the_one_of_the_command_and_is_read_back(tmp_path: Path, plan: ls.Plan) -> None:
    """The same fingerprint, which is of everything but times and places."""
    place = plan.save(tmp_path / "python")
    done = CliRunner().invoke(
        main, ["solve", str(TUTORIAL), "--gap", "1e-9", "--out", str(tmp_path / "command"), "--no-reference"]
    )
    assert done.exit_code == 0, done.output
    ours, theirs = (json.loads((folder / "plan.json").read_text()) for folder in (place, tmp_path / "command"))
    assert ours["fingerprint"] == theirs["fingerprint"]
    back = ls.read(place)
    assert back.rows("flows") == plan.rows("flows") and back.cost == plan.cost
    assert back.source == TUTORIAL
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(UsageError, match="would be replaced"):
        plan.save(tmp_path / "mine")


def test_futures_together(tmp_path: Path) -> None:
    """100 t a year from China at 60 USD/kg; in the future `dear`, half likely, at 90: 12 and 15 MUSD."""
    sheets = home(last=FIRST + 1)
    market(sheets, "china", "China")
    lane(sheets, "China", "Home")
    add(sheets, "Scenarios", scenario="dear", probability=0.5, from_year=FIRST + 1)
    add(sheets, "Changes", scenario="dear", sheet="Prices", row="oxide", column="years", operation="set", value=90)
    book = ls.load(write_book(tmp_path / "plan.xlsx", sheets))
    plan = book.solve(joint=True, gap=1e-9)
    assert plan.cost == close(13.5)
    assert plan.future("dear").cost == close(15)
    assert set(plan.future("dear")["flows"]["scenario"]) == {"dear"}
    assert plan.evpi_musd == close(0)
    with pytest.raises(UsageError, match="did you mean dear"):
        plan.future("deer")
    with pytest.raises(UsageError, match="has no future"):
        book.solve().future("dear")


def test_progress_is_told_and_a_bar_is_silent_where_nobody_looks(
    book: ls.Book, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[Progress] = []
    book.solve(progress=told.append)
    assert [progress.stage for progress in told][:2] == ["read", "build"]
    book.solve(progress=True)
    book.frontier(cap="magnet_cap", at=[0.5], from_year=2029, progress=True)
    assert capfd.readouterr() == ("", "")


def test_without_a_plan_the_error_explains(book: ls.Book) -> None:
    """The page docs/tutorial.md, step 3: 300 t must be served in 2026, and none of it can be clean."""
    with pytest.raises(ls.Infeasible, match=r"explain\(\)") as told:
        book.changed({"ChinaShare/magnet_cap/2026": 0}).solve()
    why = told.value.explain(time_limit=60)
    assert "Sectors!C2" in {rule.cell for rule in why.found.conflict}
    assert "Sectors!C2" in repr(why)


def test_a_comparison_has_its_bridge(book: ls.Book, plan: ls.Plan) -> None:
    other = book.changed({"ChinaShare/magnet_cap/2029": 0.4}).solve(gap=1e-9, start=plan)
    found = ls.compare(plan, other, names=["now", "tighter"])
    assert sum(found.bridge["tighter"].values()) == close(other.cost - plan.cost)
    assert found.table["tighter"].sum() == close(other.cost - plan.cost)
    assert found.table.attrs["units"]["tighter"] == "MUSD"
    assert found.names == ("now", "tighter")


def test_studies_have_tables(book: ls.Book, plan: ls.Plan) -> None:
    frontier = book.frontier(cap="magnet_cap", points=2, start=1.0, end=0.5, from_year=2029, gap=1e-9)
    assert list(frontier.table["Allowed share of magnet_cap"]) == [1.0, 0.5]
    assert frontier.table["least_cost_musd"].iloc[1] == close(plan.cost)
    stress = book.stress(plan, names=["mine"])
    assert set(stress.table["run"]) == {"mine"} and stress.from_year == 2028
    assert stress.table.set_index("case").loc["as planned", "extra_cost_musd"] == pytest.approx(0, abs=1e-6)
    sweep = book.sweep({"ChinaShare/magnet_cap/2029": [0.5, 0.6]}, gap=1e-9)
    assert sweep.table["objective_musd"].tolist() == [close(258.33), close(258.33 - 0.106)]
    assert sweep.failed == 0
    verdicts = book.alternatives(within=0.01, gap=1e-9).table
    assert set(verdicts["decision"]) == {"private_refinery", "public_refinery"}
    assert list(book.bankability()["project"]) == ["private_refinery"]
    assert "<table" in sweep._repr_html_()
    with pytest.raises(AttributeError):
        sweep.no_such_thing  # noqa: B018


@pytest.mark.slow
def test_studies_on_several_processes_find_the_same(book: ls.Book) -> None:
    values = {"ChinaShare/magnet_cap/2029": [0.5, 0.6]}
    here, there = book.sweep(values).table, book.sweep(values, processes=2).table
    assert here["objective_musd"].tolist() == there["objective_musd"].tolist()
