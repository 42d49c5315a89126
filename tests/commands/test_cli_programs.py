"""The command line for programs and other machines: --json, --quiet, pipes, run.log, doctor, completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from packaging.requirements import Requirement
from tests.make import tiny, with_plants, write_book

from lodestone.commands import main
from lodestone.errors import NoPlanError, StoppedError
from lodestone.runs import doctor

ROOT = Path(__file__).parents[2]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
PLAIN_STYLES = {"\x1b[0m", "\x1b[1m", "\x1b[2m"}  # bold and dim are no colours
SCREEN = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """plan.xlsx, capped.xlsx with a scenario `embargo`, and bad.xlsx with one problem, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "plan.xlsx", tiny())
    write_book(tmp_path / "capped.xlsx", with_plants())
    bad = tiny()
    bad["Demand"][1][3] = -5
    write_book(tmp_path / "bad.xlsx", bad)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def answer(*arguments: str) -> dict[str, Any]:
    """The one JSON document on stdout, with nothing beside it on stderr."""
    result = run(*arguments, "--json")
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code
    assert document["command"] == arguments[0]
    return document


# --- --json ---------------------------------------------------------------------------------------------------------


def test_solve_answers_key_figures_and_folder(here: Path) -> None:
    said = answer("solve", "plan.xlsx", "--set", "Settings/discount_rate=0")
    assert said["status"] == "optimal"
    assert said["objective_musd"] == pytest.approx(0.22 * 61)  # 220 t at 61 USD/kg
    assert said["payers_musd"]["buyers"] == pytest.approx(0.22 * 61)
    assert said["investments"] == []
    assert all(Path(file).is_file() for file in said["files"])
    assert Path(said["folder"], "plan.json").is_file()


def test_solve_answers_for_many(here: Path) -> None:
    said = answer("solve", "capped.xlsx", "--all-scenarios", "--jobs", "1", "--gap", "0.01")
    assert [run["scenario"] for run in said["runs"]] == ["base", "embargo"]
    assert {run["exit_code"] for run in said["runs"]} == {0}
    assert all(Path(run["folder"], "run.log").is_file() for run in said["runs"])


def test_solve_answers_for_all_futures_together(here: Path) -> None:
    said = answer("solve", "capped.xlsx", "--joint", "--no-values", "--gap", "0.01")
    assert said["scenario"] == "joint"
    assert said["cvar_musd"] >= said["expected_cost_musd"] - 1e-6


def test_check_answers_problems_and_warnings(here: Path) -> None:
    assert answer("check", "plan.xlsx") == {"command": "check", "exit_code": 0, "problems": [], "warnings": []}
    (problem,) = answer("check", "bad.xlsx")["problems"]
    assert problem == {
        "cell": "Demand!D2",
        "found": "-5",
        "wrong": "the value for 2026 must be at least 0",
        "mend": "enter a number of at least 0 in t/yr",
    }


def test_new_and_bankability_answer(here: Path) -> None:
    assert answer("new", "fresh.xlsx", "--example", "tutorial")["workbook"] == "fresh.xlsx"
    projects = {row["project"] for row in answer("bankability", "capped.xlsx")["projects"]}
    assert projects == {"home_refinery", "home_recycling"}


def test_studies_answer_their_files_and_a_summary(here: Path) -> None:
    run("solve", "plan.xlsx", "--quiet")
    run("solve", "plan.xlsx", "--quiet", "--set", "Demand/Home/defence/oxide/2026=200", "--out", "more")
    compared = answer("compare", "outputs/plan/base", "more")
    assert compared["runs"] == ["base", "more"]
    assert compared["difference_musd"]["more"] == pytest.approx(0.1 * 61)
    assert compared["inputs_that_differ"] == ["Demand/Home/defence/oxide/2026"]
    swept = answer("sweep", "plan.xlsx", "--vary", "Settings/discount_rate=0,0.05", "--jobs", "1")
    assert [point["objective_musd"] for point in swept["points"]] == pytest.approx([0.22 * 61, 6.1 + 7.32 / 1.05])
    curve = answer("frontier", "capped.xlsx", "--steps", "1", "--gap", "0.01", "--jobs", "1")
    assert [point["scale"] for point in curve["points"]] == [1, 0]
    stressed = answer("stress", "capped.xlsx", *_solved("capped.xlsx"), "--gap", "0.01")
    assert stressed["runs"] == ["base"]
    assert "embargo" in {case["name"] for case in stressed["cases"]}
    for said in (compared, swept, curve, stressed):
        assert said["files"]
        assert all(Path(file).is_file() for file in said["files"])


def _solved(workbook: str) -> tuple[str]:
    run("solve", workbook, "--quiet", "--gap", "0.01")
    return (f"outputs/{Path(workbook).stem}/base",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("solve", "missing.xlsx"), "does not exist"),
        (("solve", "plan.xlsx", "--scenario", "bsae"), "did you mean base?"),
        (("solve", "plan.xlsx", "--gap", "2"), "'--gap'"),
        (("solve", "plan.xlsx", "--gapp", "2"), "No such option"),
        (("solve",), "Missing argument"),
        (("compare", "nowhere"), "there is no plan"),
    ],
)
def test_what_goes_wrong_is_answered_too(here: Path, arguments: tuple[str, ...], words: str) -> None:
    said = answer(*arguments)
    assert said["exit_code"] == 2
    assert words in said["error"]


def test_problems_of_a_workbook_are_answered_by_every_command(here: Path) -> None:
    said = answer("bankability", "bad.xlsx")
    assert [problem["cell"] for problem in said["problems"]] == ["Demand!D2"]


@pytest.mark.parametrize(("error", "exit_code"), [(NoPlanError("no plan: cap"), 3), (StoppedError("too late"), 4)])
def test_no_plan_is_answered(here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, exit_code: int) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("lodestone.solve.one_scenario.solve_scenario", fail)
    said = answer("solve", "plan.xlsx")
    assert (said["command"], said["exit_code"], said["error"]) == ("solve", exit_code, str(error))
    assert ("explanation" in said) == (exit_code == 3)


def test_quiet_says_nothing(here: Path) -> None:
    for arguments in (
        ("check", "plan.xlsx"),
        ("new", "n.xlsx"),
        ("bankability", "capped.xlsx"),
        ("solve", "plan.xlsx"),
    ):
        assert run(*arguments, "--quiet").output == ""


# --- pipes and terminals --------------------------------------------------------------------------------------------


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, into pipes."""
    inherited = {name: value for name, value in os.environ.items() if name not in SCREEN}
    return subprocess.run(
        [sys.executable, "-c", "from lodestone.commands import main; main(prog_name='lodestone')", *arguments],
        env=inherited | {"PYTHONPATH": str(ROOT / "model")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_escape_codes_in_a_pipe_even_where_colours_are_forced(here: Path) -> None:
    for arguments in (("check", "bad.xlsx"), ("solve", "capped.xlsx", "--all-scenarios", "--jobs", "1")):
        done = shell(*arguments, FORCE_COLOR="1", TERM="xterm")
        assert "\x1b" not in done.stdout + done.stderr
        assert "\r" not in done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_progress_fits_a_narrow_terminal_without_colours(here: Path) -> None:
    columns = 40
    inner, outer = os.openpty()
    environment = os.environ | {
        "NO_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": str(columns),
        "PYTHONPATH": str(ROOT / "model"),
    }
    command = [
        sys.executable,
        "-c",
        "from lodestone.commands import main; main()",
        "solve",
        "capped.xlsx",
        "--all-scenarios",
        "--jobs",
        "1",
    ]
    with subprocess.Popen(command, env=environment, stdin=outer, stdout=outer, stderr=outer):
        os.close(outer)
        shown = ""
        while True:
            try:
                piece = os.read(inner, 65536)
            except OSError:  # how Linux says that the other side has closed
                break
            shown += piece.decode(errors="replace")
    os.close(inner)
    colours = [code for code in ESCAPE.findall(shown) if code.endswith("m") and code not in PLAIN_STYLES]
    assert colours == []
    lines = ESCAPE.sub("", shown).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= columns
    assert any("embargo" in line for line in lines)


# --- run.log --------------------------------------------------------------------------------------------------------


def test_a_run_leaves_a_log(here: Path) -> None:
    run("solve", "plan.xlsx", "--gap", "0.01", "--out", "my run", "--quiet")
    log = Path("my run/run.log").read_text(encoding="utf-8")
    facts = dict(line.split(maxsplit=1) for line in log.splitlines() if line and line[0].isalpha() and " " in line)
    assert facts["command"].endswith(" solve plan.xlsx --gap 0.01 --out 'my run' --quiet")
    assert facts["workbook"].startswith("plan.xlsx, SHA-256 ")
    assert "highspy" in facts["software"]
    assert facts["plan"].startswith("optimal, objective 13.0714")
    assert [line.split()[-1] for line in log.splitlines() if line.startswith("[")] == [
        *("read", "build", "load", "solve", "tidy", "audit", "nothing"),
    ]
    assert "Solving report" in log or "Model status" in log  # what HiGHS says itself
    assert all(f"{stage} " in facts["seconds"] for stage in ("read", "build", "solve", "audit", "write"))


def test_nothing_of_the_solver_reaches_the_screen(here: Path) -> None:
    done = shell("solve", "plan.xlsx")
    assert "Presolv" not in done.stdout + done.stderr
    assert done.returncode == 0


def test_a_run_from_a_program_has_a_log_without_a_command(here: Path) -> None:
    from lodestone.plan.run_log import RunLog
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.inputs import load

    assert "not from the command line" in RunLog().text(solve_scenario(load("plan.xlsx")))


def test_a_run_that_fails_leaves_the_earlier_one_alone(here: Path) -> None:
    run("solve", "plan.xlsx")
    before = {path.name: path.read_bytes() for path in Path("outputs/plan/base").iterdir()}
    assert run("solve", "plan.xlsx", "--set", "Demand/Home/defence/oxide/2026=-1").exit_code == 2
    assert {path.name: path.read_bytes() for path in Path("outputs/plan/base").iterdir()} == before


# --- doctor and completion ------------------------------------------------------------------------------------------


def test_the_doctor_finds_all_well(here: Path) -> None:
    said = answer("doctor")
    found = {finding["name"]: finding["found"] for finding in said["findings"]}
    assert said["healthy"]
    assert found["solver"].startswith("the tutorial costs 258.3300 MUSD")
    assert found["standard output"] == "holds the answer and nothing else"
    assert {"lodestone", "python", "cores", "memory", "outputs"} <= found.keys()
    assert run("doctor").stdout.endswith("All is well.\n")
    assert not Path("outputs").exists()


def test_the_doctor_finds_what_is_missing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("outputs").write_text("a file")
    monkeypatch.setattr(doctor, "_required", lambda: [Requirement("click"), Requirement("no-such-package")])
    monkeypatch.setattr(doctor, "TUTORIAL_MUSD", 200.0)
    result = run("doctor")
    assert result.exit_code == 2
    assert "no-such-package | missing: pip install no-such-package | FAULT" in result.stdout
    assert "and should cost 200.0 | FAULT" in result.stdout
    assert "cannot write to" in result.stdout
    assert result.stdout.endswith("3 faults found.\n")


@pytest.mark.parametrize(
    ("installed", "said", "ok"),
    [
        ("1.16.0", "1.16.0", True),
        ("1.14.2", "1.14.2; tested with 1.16.0", None),
        ("1.17.0", "1.17.0 cannot be used, Lodestone needs <1.17,>=1.13: pip install 'solver<1.17,>=1.13'", False),
        ("1.12.9", "1.12.9 cannot be used, Lodestone needs <1.17,>=1.13: pip install 'solver<1.17,>=1.13'", False),
    ],
)
def test_the_doctor_compares_versions(
    here: Path, monkeypatch: pytest.MonkeyPatch, installed: str, said: str, ok: bool | None
) -> None:
    monkeypatch.setattr(doctor, "_required", lambda: [Requirement("solver>=1.13,<1.17")])
    monkeypatch.setattr(doctor, "_tested", lambda: {"solver": "1.16.0"})
    monkeypatch.setattr(doctor, "version", lambda name: installed)
    monkeypatch.setattr(doctor, "_solve", list)
    (finding,) = [finding for finding in doctor.examine() if finding.name == "solver"]
    assert (finding.found, finding.ok) == (said, ok)


def test_the_doctor_hears_what_is_printed_beside_an_answer(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "COMMAND", f"print('Running HiGHS', flush=True); {doctor.COMMAND}")
    result = run("doctor")
    assert "standard output | a library prints there: Running HiGHS | FAULT" in result.stdout
    assert "solver | the tutorial costs 258.3300 MUSD" in result.stdout
    assert result.exit_code == 2


def test_the_doctor_survives_a_solver_that_does_not(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "COMMAND", "import sys; sys.exit('no such symbol')")
    result = run("doctor")
    assert "solver | a solve of the tutorial ended with exit code 1: no such symbol | FAULT" in result.stdout
    assert result.exit_code == 2


def test_every_dependency_has_a_tested_version() -> None:
    tested = doctor._tested()
    assert {asked.name for asked in doctor._required()} <= tested.keys()
    for asked in doctor._required():
        assert asked.specifier.contains(tested[asked.name]), asked


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_a_shell_can_complete(here: Path, shell_name: str) -> None:
    if shell_name == "bash" and os.name == "nt":
        pytest.skip("no bash")
    assert "_LODESTONE_COMPLETE" in run("completion", shell_name).stdout


def test_completion_knows_commands_and_options(here: Path) -> None:
    words = {"_LODESTONE_COMPLETE": "bash_complete", "COMP_WORDS": "lodestone sol", "COMP_CWORD": "1"}
    assert shell(**words).stdout == "plain,solve\n"
    words |= {"COMP_WORDS": "lodestone solve --jo", "COMP_CWORD": "2"}
    assert {line.split(",")[1] for line in shell(**words).stdout.split()} == {"--joint", "--jobs"}


def test_the_doctor_says_what_a_system_does_not_tell(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    def missing(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.os, "sysconf", unknown)
    monkeypatch.setattr(doctor, "requires", missing)
    monkeypatch.setattr(doctor, "version", missing)
    found = {finding["name"]: finding["found"] for finding in answer("doctor")["findings"]}
    assert found["memory"] == "not known on this system"
    assert found["distributed"].startswith("not installed; only for ")
    assert "click" not in found, "a checkout that was never installed declares nothing"


def test_nobody_reads_what_is_printed(here: Path) -> None:
    """`lodestone --help | head -1`, whose reader leaves before all is said."""
    code = "import sys, time; from lodestone.commands import main; sys.stdin.read(); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "completion", "bash"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "model")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stdin.close()
    assert "Traceback" not in process.stderr.read()
    assert process.wait() == 1
