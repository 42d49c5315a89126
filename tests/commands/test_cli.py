"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from tests.make import tiny, write_book
from tests.plan_document import small_plan

from lodestone.commands import main
from lodestone.errors import NoPlanError, StoppedError
from lodestone.plan.plan import Plan
from lodestone.progress import Progress
from lodestone.solve.effort import Effort
from lodestone.template.examples import examples

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(main.commands)
ANSWERS_PEOPLE_ONLY = {"watch", "completion"}  # no --json: one goes on, the other prints a script


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a valid workbook and one that has two problems."""
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "plan.xlsx", tiny())
    bad = tiny()
    bad["Demand"][1][3] = -5
    bad["Demand"][1][0] = "[red]Hone[/red]"
    write_book(tmp_path / "bad.xlsx", bad)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "\x1b" not in result.output
    return result


def solving(monkeypatch: pytest.MonkeyPatch, instead: Callable[..., Plan]) -> None:
    monkeypatch.setattr("lodestone.solve.one_scenario.solve_scenario", instead)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    text = run(command, "--help").stdout
    assert f"Example:\n    lodestone {command}" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`lodestone {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ANSWERS_PEOPLE_ONLY])
def test_every_command_answers_programs_and_can_be_silent(command: str) -> None:
    options = {option for parameter in main.commands[command].params for option in parameter.opts}
    assert {"--json", "--quiet"} <= options


def test_help_and_version() -> None:
    from lodestone import __version__

    text = run("--help").stdout
    assert all(command in text for command in COMMANDS)
    assert run("--version").stdout == f"lodestone, version {__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from lodestone.commands import main; "
    code += "print(*{'pyomo', 'pandas', 'openpyxl', 'xlsxwriter', 'rich', 'highspy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_check_needs_neither_pyomo_nor_the_solver() -> None:
    code = (
        "import sys; from lodestone.commands import main; "
        "main(['check', 'inputs/tutorial.xlsx'], standalone_mode=False); "
        "print(*{'pyomo', 'numpy', 'pandas', 'openpyxl', 'xlsxwriter', 'matplotlib', 'highspy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["0 problems, 0 warnings.", ""]


def test_a_solve_does_not_wait_for_pandas(here: Path) -> None:
    solve = "import sys; from lodestone.commands import main; "
    solve += "main(['solve', 'plan.xlsx', '--quiet'], standalone_mode=False); "
    code = solve + "print('pandas' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_solve_writes_a_run_and_says_where(here: Path) -> None:
    result = run("solve", "plan.xlsx")
    assert result.exit_code == 0
    folder = Path("outputs/plan/base")
    assert {p.name for p in folder.iterdir()} == {"plan - base.plan.xlsx", "plan.json", "run.log"}
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["Plan"].startswith("plan, scenario base: optimal (gap 0.0%)")
    assert lines["Build"] == "nothing"
    assert lines["Files"] == f"{folder / 'plan - base.plan.xlsx'} and plan.json"
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["expected_cost_musd"] == pytest.approx(0.1 * 61 + 0.12 * 61 / 1.05)
    stages = [line.split()[0] for line in result.stderr.splitlines()]
    assert stages[0] == "read"
    assert stages[-1] == "write"


def test_set_out_and_quiet(here: Path) -> None:
    result = run("solve", "plan.xlsx", "--set", "Settings/discount_rate=0", "--out", "my run", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    plan = json.loads(Path("my run/plan.json").read_text(encoding="utf-8"))
    assert plan["expected_cost_musd"] == pytest.approx(0.22 * 61)
    assert [change["new"] for change in plan["changes"]] == [0]


def test_gap_and_time_limit_are_handed_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    solving(
        monkeypatch,
        lambda inputs, scenario, effort: seen.extend([scenario, effort.gap, effort.time_limit]) or small_plan(),
    )
    assert run("solve", "plan.xlsx", "--gap", "0.02", "--time-limit", "5", "--no-reference").exit_code == 0
    assert seen == ["base", 0.02, 5.0]


@pytest.mark.parametrize(
    "option", [("--gap", "nan"), ("--gap", "2"), ("--time-limit", "0"), ("--time-limit", "inf"), ("--x",)]
)
def test_unusable_options_are_usage_errors(here: Path, option: tuple[str, ...]) -> None:
    assert run("solve", "plan.xlsx", *option).exit_code == 2


@pytest.mark.parametrize(
    ("error", "exit_code"), [(NoPlanError("no plan: cap ban"), 3), (StoppedError("time limit without a plan"), 4)]
)
def test_no_plan_and_stopped(here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, exit_code: int) -> None:
    def fail(*_: Any) -> dict[str, Any]:
        raise error

    solving(monkeypatch, fail)
    result = run("solve", "plan.xlsx", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", f"Error: {error}\n")
    written = {p.name for p in Path("outputs").rglob("*.*")}
    assert written == ({"explanation.xlsx", "explanation.json"} if exit_code == 3 else set())


def test_what_stops_a_run_is_said_before_the_solve(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solving(monkeypatch, lambda *_: pytest.fail("solved"))
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("")
    for arguments, message in [
        (("missing.xlsx",), "missing.xlsx"),
        (("plan.xlsx", "--scenario", "bsae"), "did you mean base?"),
        (("plan.xlsx", "--out", "mine"), "holds files that are no run of Lodestone (notes.txt)"),
        (("plan.xlsx", "--out", "plan.xlsx"), "is a file"),
    ]:
        result = run("solve", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
    assert Path("mine/notes.txt").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_may_not_be_written(here: Path) -> None:
    here.chmod(0o500)
    try:
        assert run("solve", "plan.xlsx").exit_code == 2
    finally:
        here.chmod(0o700)


def test_problems_are_listed_once_all_together(here: Path) -> None:
    result = run("check", "bad.xlsx")
    assert result.exit_code == 2
    heading, *problems, summary = result.stdout.splitlines()
    assert heading == "Sheet!Cell | What stands there | What is wrong | How to mend"
    assert {line.split(" | ")[0] for line in problems} == {"Demand!A2", "Demand!D2"}
    assert any("[red]Hone[/red]" in line for line in problems)
    assert summary == "2 problems, 0 warnings."
    solved = run("solve", "bad.xlsx", "--quiet")
    assert (solved.exit_code, solved.stdout) == (2, "")
    assert solved.stderr.splitlines()[:-1] == [heading, *problems]
    assert solved.stderr.splitlines()[-1] == "Error: 2 problems in the workbook; nothing was solved"


def test_check_of_a_good_workbook(here: Path) -> None:
    result = run("check", "plan.xlsx")
    assert (result.exit_code, result.stdout) == (0, "0 problems, 0 warnings.\n")


def test_warnings_follow_the_problems_and_do_not_fail(here: Path) -> None:
    book = tiny()
    book["Processes"] = [["process", "material", "t_per_t"], ["mine", "oxide", 1]]
    book["Regions"].append(["Island", "no", None])
    book["Plants"] = [["plant", "region", "process", 2026], ["lonely", "Island", "mine", 5]]
    write_book(here / "lonely.xlsx", book)
    result = run("check", "lonely.xlsx")
    assert result.exit_code == 0
    assert result.stdout.startswith("0 problems, 1 warning.\nSheet!Cell")
    assert "lonely" in result.stdout


def test_new_blank_and_example(here: Path) -> None:
    assert run("new", "blank.xlsx").exit_code == 0
    assert "has no rows" in run("check", "blank.xlsx").stdout
    for name, path in examples().items():
        assert run("new", f"{name}.xlsx", "--example", name).exit_code == 0
        assert Path(f"{name}.xlsx").read_bytes() == path.read_bytes()
    assert not [p for p in here.iterdir() if p.name.startswith(".")]


def test_new_with_years(here: Path) -> None:
    run("new", "later.xlsx", "--first-year", "2030")
    settings = load_workbook("later.xlsx")["Settings"]
    assert (settings["B3"].value, settings["B4"].value) == (2030, 2044)
    assert [cell.value for cell in load_workbook("later.xlsx")["Tariffs"][1]][5:20] == list(range(2030, 2045))
    reversed_years = run("new", "x.xlsx", "--first-year", "2030", "--last-year", "2029")
    assert (reversed_years.exit_code, "before the first" in reversed_years.stderr) == (2, True)
    assert run("new", "x.xlsx", "--example", "tutorial", "--last-year", "2040").exit_code == 2
    assert not Path("x.xlsx").exists()


def test_new_never_overwrites_unasked(here: Path) -> None:
    before = Path("plan.xlsx").read_bytes()
    result = run("new", "plan.xlsx")
    assert (result.exit_code, result.stderr) == (2, "Error: plan.xlsx exists; --force replaces it\n")
    assert Path("plan.xlsx").read_bytes() == before
    assert run("new", "plan.xlsx", "--example", "tutorial", "--force").exit_code == 0
    assert Path("plan.xlsx").read_bytes() == examples()["tutorial"].read_bytes()


def test_new_lists_the_examples_when_the_name_is_wrong(here: Path) -> None:
    result = run("new", "x.xlsx", "--example", "tutorail")
    assert result.exit_code == 2
    assert all(name in result.stderr for name in examples())
    assert run("new", "x.csv").exit_code == 2
    assert run("new", "no/such/folder/x.xlsx", "--example", "tutorial").exit_code == 2


def test_bankability_shows_every_private_project(here: Path) -> None:
    run("new", "tutorial.xlsx", "--example", "tutorial")
    result = run("bankability", "tutorial.xlsx")
    assert result.exit_code == 0
    assert result.stdout.startswith("Project | Decided | Gap (MUSD)")
    assert "private_refinery | " in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_first_ctrl_c_writes_the_best_plan_so_far(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(inputs: Any, scenario: str, effort: Effort) -> Plan:
        assert effort.start is None
        effort.on_progress(Progress("solve", 1.0, 120.0, 90.0, 0.25))
        assert not effort.should_stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert effort.should_stop()
        return small_plan(status="feasible", gap=0.25)

    solving(monkeypatch, search)
    before = signal.getsignal(signal.SIGINT)
    result = run("solve", "plan.xlsx")
    assert result.exit_code == 0
    assert "solve  best 120.0  bound 90.0  gap 25.0%" in result.stderr
    assert "Stopping with the best plan so far" in result.stderr
    assert "feasible (gap 25.0%)" in result.stdout
    assert json.loads(Path("outputs/plan/base/plan.json").read_text())["status"] == "feasible"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_second_ctrl_c_gives_up(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(*_: Any) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("not interrupted")

    solving(monkeypatch, search)
    result = run("solve", "plan.xlsx", "--quiet")
    assert (result.exit_code, result.stderr) == (4, "Error: stopped, no plan was written\n")
    assert not Path("outputs").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_on_a_terminal_nothing_is_wider_than_it(here: Path, columns: int) -> None:
    inner, outer = os.openpty()
    environment = os.environ | {
        "NO_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": str(columns),
        "PYTHONPATH": str(ROOT / "model"),
    }
    command = [sys.executable, "-c", "from lodestone.commands import main; main()", "check", "bad.xlsx"]
    with subprocess.Popen(command, env=environment, stdin=outer, stdout=outer, stderr=outer):
        os.close(outer)
        shown = "".join(until_closed(inner))
    shown = shown.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\r", "")
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= columns
    assert "Demand!D2" in shown
    assert "2 problems" in shown


def until_closed(terminal: int) -> Iterator[str]:
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side has closed
            data = b""
        if not data:
            os.close(terminal)
            return
        yield data.decode()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--joint", "--scheduler", "tcp://localhost:1"), "--joint is one solve"),
        (("--joint", "--decompose", "--start", "run"), "leave out --decompose"),
        (("--decompose",), "goes with --joint"),
        (("--joint", "--all-scenarios"), "leave out --scenario"),
    ],
)
def test_options_that_do_not_go_together_are_refused(here: Path, options: tuple[str, ...], words: str) -> None:
    result = run("solve", "plan.xlsx", *options)
    assert (result.exit_code, Path("outputs").exists()) == (2, False)
    assert words in result.stderr
