"""What goes wrong around a run: killed processes, full disks, read-only folders, Ctrl-C, two runs at once."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.kills import kills
from click.testing import CliRunner
from tests.make import tiny, with_plants, write_book
from tests.plan_document import small_plan
from tests.processes import ENVIRONMENT, FULL, hard, posix, proved_but_for_a_gap, python

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.report.plan.run_folder import write_run
from lodestone.runs.folder_lock import claimed

# --- kill -9 ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@posix
def test_killed_at_any_moment_a_run_leaves_the_old_plan_or_the_new(tmp_path: Path):
    """`python -m benchmarks.kills` does it a hundred times."""
    path = write_book(tmp_path / "plan.xlsx", {**tiny(), "Settings": {"first_year": 2026, "last_year": 2027}})
    (tmp_path / "runs").mkdir()
    code = "import sys; from pathlib import Path; from benchmarks.kills import kills; "
    code += "print(sum(kills(6, 3, Path(sys.argv[1]), Path(sys.argv[2])).values()))"
    out, error = python(code, str(tmp_path / "runs"), str(path)).communicate()  # forks beside pytest's threads may hang
    assert out.strip() == "6", error
    assert kills.__doc__


# --- full disks and read-only folders --------------------------------------------------------------------------------


@pytest.mark.slow
@posix
@pytest.mark.parametrize("bytes_free", [0, 500, 5_000, 20_000])
def test_a_full_disk_loses_nothing(tmp_path: Path, bytes_free: int):
    path = write_book(tmp_path / "plan.xlsx", with_plants())
    run = tmp_path / "run"
    assert CliRunner().invoke(main, ["solve", str(path), "--out", str(run), "--quiet"]).exit_code == 0
    before = {p.name: p.read_bytes() for p in run.iterdir()}

    process = python(FULL, str(bytes_free), "solve", str(path), "--out", str(run), "--gap", "0.5")
    _, error = process.communicate()
    assert process.returncode == 2, error
    assert "Error: cannot write to" in error
    assert "Traceback" not in error
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.xlsx", "run"]


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    "command",
    [
        ("compare", "{run}", "{run}", "--out", "{out}/compare.xlsx"),
        ("sweep", "{book}", "--vary", "Settings/discount_rate=0.1", "--jobs", "1", "--out", "{out}/sweep.xlsx"),
        ("report", "{run}", "--out", "{out}/report.html"),
        ("check", "{book}", "--mark", "{out}/marked.xlsx"),
        ("new", "{out}/new.xlsx"),
    ],
    ids=lambda command: command[0],
)
def test_a_full_disk_is_said_by_every_command(tmp_path: Path, command: tuple[str, ...]):
    places = {"run": tmp_path / "run", "book": tmp_path / "plan.xlsx", "out": tmp_path / "out"}
    write_book(places["book"], with_plants())
    places["out"].mkdir()
    done = CliRunner().invoke(main, ["solve", str(places["book"]), "--out", str(places["run"]), "--quiet"])
    assert done.exit_code == 0
    process = python(FULL, "300", *(part.format(**places) for part in command))
    _, error = process.communicate()
    assert process.returncode == 2, error
    assert "Error: " in error
    assert "Traceback" not in error
    assert list(places["out"].iterdir()) == []


@posix
def test_a_read_only_folder_is_said_before_the_solve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whoever runs the tests may be root, for whom no folder is read-only: the system's answer is put in its mouth."""
    path = write_book(tmp_path / "plan.xlsx", tiny())

    def refuse(self: Path, *_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = CliRunner().invoke(main, ["solve", str(path), "--out", str(tmp_path / "runs" / "a")])
    assert done.exit_code == 2
    assert "cannot write to" in done.output
    assert "Permission denied" in done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.xlsx"]


# --- Ctrl-C and time limits ------------------------------------------------------------------------------------------


INTERRUPTED = """
import os, signal, sys
import lodestone.solver.highs
from lodestone.commands import main
attempt, times = lodestone.solver.highs.Solver._attempt, int(sys.argv.pop(1))
def watched(self, on_progress, should_stop, *more):
    def tell(progress):
        global times
        on_progress(progress)
        if progress.best is not None and times:
            times -= 1
            os.kill(os.getpid(), signal.SIGINT)
    attempt(self, tell, should_stop, *more)
lodestone.solver.highs.Solver._attempt = watched
main()
"""


@pytest.mark.slow
@posix
def test_ctrl_c_leaves_the_best_plan_so_far(tmp_path: Path):
    path = write_book(tmp_path / "plan.xlsx", hard())
    process = python(INTERRUPTED, "1", "solve", str(path), "--gap", "0", "--out", str(tmp_path / "run"))
    out, error = process.communicate()
    assert process.returncode == 0, error
    proved_but_for_a_gap(tmp_path / "run")
    assert "gap" in out.lower()


@pytest.mark.slow
@posix
def test_a_second_ctrl_c_gives_up(tmp_path: Path):
    path = write_book(tmp_path / "plan.xlsx", hard())
    process = python(INTERRUPTED, "2", "solve", str(path), "--gap", "0", "--out", str(tmp_path / "run"))
    _, error = process.communicate()
    assert process.returncode == 4, error
    assert error.strip().endswith("Error: stopped, no plan was written")
    assert [p.name for p in tmp_path.iterdir()] == ["plan.xlsx"]


def test_a_time_limit_leaves_the_best_plan_so_far(tmp_path: Path):
    path = write_book(tmp_path / "plan.xlsx", hard())
    done = CliRunner().invoke(
        main, ["solve", str(path), "--gap", "0", "--time-limit", "3", "--out", str(tmp_path / "run"), "--json"]
    )
    assert done.exit_code == 0, done.output
    plan = proved_but_for_a_gap(tmp_path / "run")
    said = json.loads(done.stdout)
    assert said["status"] == "feasible"
    assert said["gap"] == pytest.approx(plan.gap)


# --- two at once -----------------------------------------------------------------------------------------------------


def test_a_folder_that_another_run_holds_is_refused(tmp_path: Path):
    path = write_book(tmp_path / "plan.xlsx", tiny())
    with claimed([tmp_path / "run"]):
        done = CliRunner().invoke(main, ["solve", str(path), "--out", str(tmp_path / "run")])
        assert done.exit_code == 2
        assert f"another run (process {os.getpid()}) is writing to" in done.output
        done = CliRunner().invoke(main, ["solve", str(path), "--all-scenarios", "--out", str(tmp_path)])
        assert done.exit_code == 0, "another folder is free"
    done = CliRunner().invoke(main, ["solve", str(path), "--out", str(tmp_path / "run")])
    assert done.exit_code == 0


HOLD = """
import os, signal, sys
from pathlib import Path
from lodestone.runs.folder_lock import claimed
with claimed([Path(sys.argv[1])]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@posix
def test_of_two_processes_one_is_refused_until_the_other_is_killed(tmp_path: Path):
    folder = tmp_path / "deep" / "run"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env=ENVIRONMENT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(UsageError, match=f"process {other.pid}"), claimed([folder]):
        pass
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert (tmp_path / "deep" / ".run.lock").exists()  # nobody holds it any more
    with claimed([folder]):
        write_run(small_plan(), folder)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["run"]


def test_a_claim_leaves_no_folders_behind(tmp_path: Path):
    with claimed([tmp_path / "a" / "b" / "run", tmp_path / "a" / "c" / "run"]):
        assert (tmp_path / "a" / "b" / ".run.lock").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="locks are asked for otherwise there")
def test_a_drive_without_locks_takes_a_run_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with claimed([tmp_path / "run"]):
        (tmp_path / "run").mkdir()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
