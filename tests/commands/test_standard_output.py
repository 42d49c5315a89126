"""Standard output belongs to the answer: seen through real pipes, beside libraries that print whenever they can."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.make import tiny, with_plants, write_book

from lodestone import commands

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

# A solver that prints when it is made, as HiGHS 1.16 does, and one that prints when it is given a model; a library that
# prints, from C and from Python, when it is loaded for the answer. Every word is also noted in a file.
LOUD = """
import os, sys
import highspy

def speak(who):
    os.write(1, f"{who} in C\\n".encode())
    with open(os.environ["SPOKEN"], "a") as file:
        file.write(f"{who} {os.getpid()}\\n")

class Loud(highspy.Highs):
    def __init__(self):
        speak("made")
        super().__init__()

    def passModel(self, *arguments):
        if "QUITE_LOUD" not in os.environ:
            speak("model")
            print("model in Python", flush=True)
        return super().passModel(*arguments)

highspy.Highs = Loud

class Loading:
    def find_spec(self, name, path=None, target=None):
        if name.endswith(".plan_json") and "QUITE_LOUD" not in os.environ:
            speak("loaded")
            print("loaded in Python", flush=True)

sys.meta_path.insert(0, Loading())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """plan.xlsx and capped.xlsx, each with a run of its own, and what makes every Python that starts here loud."""
    folder = tmp_path_factory.mktemp("loud")
    (folder / "loud").mkdir()
    (folder / "loud" / "sitecustomize.py").write_text(LOUD)
    write_book(folder / "plan.xlsx", tiny())
    write_book(folder / "capped.xlsx", with_plants())
    bad = tiny()
    bad["Demand"][1][3] = -5
    write_book(folder / "bad.xlsx", bad)
    for workbook in ("plan", "capped"):
        assert lodestone(folder, "solve", f"{workbook}.xlsx", "--gap", "0.01", "--out", workbook).returncode == 0
    return folder


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join((str(folder / "loud"), str(ROOT)))
    (folder / "spoken").write_text("")
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths, "SPOKEN": str(folder / "spoken")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lodestone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-c", "from lodestone.commands import main; main(prog_name='lodestone')", *arguments)


def spoken(folder: Path) -> list[tuple[str, str]]:
    """What was printed, and by which process."""
    lines = (folder / "spoken").read_text().splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


ANSWERS = {
    "solve": ("plan.xlsx",),
    "check": ("plan.xlsx",),
    "new": ("fresh.xlsx", "--force"),
    "explain": ("plan",),
    "alternatives": ("plan.xlsx", "--jobs", "1"),
    "bankability": ("capped.xlsx",),
    "compare": ("plan", "capped"),
    "frontier": ("capped.xlsx", "--steps", "1", "--gap", "0.01", "--jobs", "1"),
    "sweep": ("plan.xlsx", "--vary", "Settings/discount_rate=0,0.05", "--jobs", "1"),
    "stress": ("capped.xlsx", "capped", "--gap", "0.01"),
    "report": ("plan",),
    "pack": ("plan", "--force"),
    "verify": ("plan",),
    "doctor": (),
    "ranges": ("plan",),
    "tornado": ("plan.xlsx", "--leaders", "1", "--jobs", "1"),
    "brief": ("plan",),
    "attack": ("capped.xlsx", "capped", "--set", "Scenarios/embargo/threat=yes"),
}
# Those that need more than the tutorial has: a sheet Trade, files of statistics, two allies.
REFUSALS = {
    "calibrate": ("plan.xlsx",),
    "import": ("fresh.xlsx", "plan.xlsx", "--mineral", "nickel"),
    "allies": ("plan.xlsx", "--members", "Home,Nobody"),
    "pivot": ("plan.xlsx",),
}


def test_every_command_that_answers_programs_is_asked() -> None:
    with_json = {
        name for name, command in commands.main.commands.items() if any("--json" in p.opts for p in command.params)
    }
    assert with_json == ANSWERS.keys() | REFUSALS.keys()


@pytest.mark.parametrize("command", REFUSALS)
def test_a_refusal_is_one_json_document(folder: Path, command: str) -> None:
    done = lodestone(folder, command, *REFUSALS[command], "--json")

    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["command"], said["exit_code"], done.returncode, done.stderr) == (command, 2, 2, "")


@pytest.mark.parametrize("command", ANSWERS)
def test_an_answer_is_one_json_document(folder: Path, command: str) -> None:
    done = lodestone(folder, command, *ANSWERS[command], "--json")

    assert spoken(folder), "nothing was printed beside the answer"
    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["command"], said["exit_code"], done.stderr) == (command, done.returncode, "")
    assert done.returncode == 0


def test_what_goes_wrong_is_one_json_document(folder: Path) -> None:
    done = lodestone(folder, "solve", "bad.xlsx", "--json")

    assert ("loaded" in dict(spoken(folder)), done.returncode, done.stderr) == (True, 2, "")
    assert [problem["cell"] for problem in json.loads(done.stdout)["problems"]] == ["Demand!D2"]


@pytest.mark.parametrize(
    "how",
    [
        ("--all-scenarios", "--jobs", "2"),
        ("--joint", "--decompose", "--jobs", "2", "--no-values", "--gap", "0.01"),
    ],
)
def test_so_it_is_with_several_processes(folder: Path, how: tuple[str, ...]) -> None:
    done = lodestone(folder, "solve", "capped.xlsx", *how, "--json")

    assert len({process for what, process in spoken(folder) if what == "made"}) > 1
    assert (json.loads(done.stdout)["exit_code"], done.returncode, done.stderr) == (0, 0, "")


@pytest.mark.parametrize("how", [(), ("--all-scenarios", "--jobs", "2")])
def test_quiet_is_quiet(folder: Path, how: tuple[str, ...]) -> None:
    done = lodestone(folder, "solve", "capped.xlsx", *how, "--quiet")

    assert spoken(folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_people_find_on_standard_error_what_libraries_print(folder: Path) -> None:
    done = lodestone(folder, "solve", "plan.xlsx")

    assert done.stdout.startswith("Plan ")
    assert "in C" not in done.stdout and "in Python" not in done.stdout
    assert {"model in C", "model in Python"} <= set(done.stderr.splitlines())


def test_the_watch_too(folder: Path) -> None:
    """Stopped by Ctrl-C after its first plan."""
    code = (
        "import lodestone.runs.saved_workbook as watching\n"
        "first = watching.SavedWorkbook.wait\n"
        "waits = []\n"
        "def wait(self):\n"
        "    waits.append(1)\n"
        "    if len(waits) > 1: raise KeyboardInterrupt\n"
        "    first(self)\n"
        "watching.SavedWorkbook.wait = wait\n"
        "from lodestone.commands import main\n"
        "main()\n"
    )
    done = python(folder, "-c", code, "watch", "plan.xlsx", "--out", "watched")
    assert "\nPlan  " in done.stdout, done.stderr
    assert "model in" not in done.stdout and "made in" not in done.stdout
    assert {"model in C", "model in Python"} <= set(done.stderr.splitlines())


FROM_PYTHON = """
import os, subprocess, sys
from pathlib import Path

from lodestone.workbook.inputs import load
from lodestone.solve.one_scenario import solve_scenario
from lodestone.runs.batch import jobs_for
from lodestone.solve.effort import Effort
from lodestone.studies.parallel.solves import Where, solve_many


def main():
    print("begin")
    solve_scenario(load("capped.xlsx"), effort=Effort(gap=0.01))
    print("between")
    answers = solve_many(jobs_for(Path("capped.xlsx"), ("base", "embargo"), effort=Effort(gap=0.01)), Where(2))
    print([answer.plan is not None for answer in answers], flush=True)
    os.write(1, b"mine in C\\n")
    subprocess.run([sys.executable, "-S", "-c", "print('mine in a process')"], check=True)
    print("end")


if __name__ == "__main__":
    main()
"""


def test_from_python_only_the_solver_is_kept_from_standard_output(folder: Path) -> None:
    (folder / "mine.py").write_text(FROM_PYTHON)
    done = python(folder, "mine.py", QUITE_LOUD="yes")

    assert len({process for what, process in spoken(folder) if what == "made"}) > 1
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        *("begin", "between", "[True, True]", "mine in C", "mine in a process", "end"),
    ]


ON_A_CLUSTER = """
from pathlib import Path

from distributed import LocalCluster

from lodestone.runs.batch import jobs_for
from lodestone.studies.parallel.solves import Where, solve_many

if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        (answer,) = solve_many(jobs_for(Path("plan.xlsx"), ("base",)), Where(scheduler=cluster.scheduler_address))
        print(answer.plan.status)
"""


def test_workers_of_a_cluster_that_were_started_here_print_nothing(folder: Path) -> None:
    pytest.importorskip("distributed")
    (folder / "cluster.py").write_text(ON_A_CLUSTER)
    done = python(folder, "cluster.py", QUITE_LOUD="yes")

    assert "made" in dict(spoken(folder))
    assert done.stdout == "optimal\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell closes descriptors there otherwise")
def test_no_file_is_opened_in_the_place_of_a_closed_standard_output(folder: Path) -> None:
    code = "from lodestone.commands import main; main()"
    command = f'exec "{sys.executable}" -c "{code}" solve plan.xlsx --out closed >&-'
    paths = os.pathsep.join((str(folder / "loud"), str(ROOT)))
    (folder / "spoken").write_text("")
    environment = os.environ | {"PYTHONPATH": paths, "SPOKEN": str(folder / "spoken")}
    subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)

    assert spoken(folder)
    for file in (folder / "closed").iterdir():
        assert b"in C" not in file.read_bytes(), file.name
