"""Standard streams that are closed, full or gone, and signals that end a run: each with a real process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.make import tiny, with_plants, write_book
from tests.processes import ENVIRONMENT, hard, posix, proved_but_for_a_gap, python

from lodestone.system.scratch import LOCK, is_abandoned, scratch

pytestmark = [posix, pytest.mark.slow]
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")

LODESTONE = f'"{sys.executable}" -c "from lodestone.commands import main; main()"'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    write_book(folder / "tiny.xlsx", tiny())
    write_book(folder / "plan.xlsx", with_plants())
    write_book(folder / "hard.xlsx", hard())
    return folder


def shell(place: Path, words: str, then: str) -> tuple[int, str, str]:
    """The exit code of a command beside what a shell does with its streams, and what comes out of both."""
    line = f"{LODESTONE} {words} {then}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=place, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


# --- streams ----------------------------------------------------------------------------------------------------------


@full
@pytest.mark.parametrize("then", ["2>&-", "2>/dev/full"])
def test_a_plan_does_not_hang_on_its_progress(place: Path, tmp_path: Path, then: str):
    code, out, _ = shell(place, f"solve tiny.xlsx --out {tmp_path / 'run'}", then)
    assert code == 0
    assert out.startswith("Plan ")
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["objective_musd"] > 0


@full
def test_workers_do_not_hang_on_it_either(place: Path, tmp_path: Path):
    """What the workers of a study inherit is as closed."""
    code, out, _ = shell(place, f"solve plan.xlsx --all-scenarios --jobs 2 --out {tmp_path}", "2>&-")
    assert code == 0
    assert out.endswith("2 plans written.\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["base", "embargo"]


def test_the_file_that_is_opened_first_does_not_become_standard_output(place: Path, tmp_path: Path):
    """With `>&-` descriptor 1 is free: what a library prints there must not go into the lock file or the plan."""
    code = (
        "import os, sys\nfrom lodestone.commands import main\nimport lodestone.report.plan.run_folder as folder\n"
        "write = folder._write_files\n"
        "def printing(*a):\n    os.write(1, b'a library says its name')\n    write(*a)\n"
        "folder._write_files = printing\nmain()"
    )
    command = [sys.executable, "-c", code, "solve", "tiny.xlsx", "--out", str(tmp_path / "run")]
    line = '"$@" >&- 2>&-'
    done = subprocess.run(["bash", "-c", line, "-", *command], cwd=place, env=ENVIRONMENT, timeout=120)
    assert done.returncode == 0
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "plan.json",
        "run.log",
        "tiny - base (run).plan.xlsx",
    ]
    for path in (tmp_path / "run").iterdir():
        assert b"says its name" not in path.read_bytes()


@pytest.mark.parametrize("words", ["check tiny.xlsx", "--help", "check tiny.xlsx --json"])
def test_standard_output_that_is_closed_wants_no_answer(place: Path, words: str):
    assert shell(place, words, ">&-") == (0, "", "")


@full
@pytest.mark.parametrize("words", ["check tiny.xlsx", "--help", "check tiny.xlsx --json", "check none.xlsx --json"])
def test_an_answer_that_finds_no_room_is_an_error(place: Path, words: str):
    said = "Error: cannot write to standard output: No space left on device\n"
    assert shell(place, words, ">/dev/full") == (2, "", said)


@pytest.mark.parametrize("words", ["completion bash", "--help", "check tiny.xlsx --json", "solve tiny.xlsx --out run"])
def test_whoever_reads_may_leave(place: Path, words: str):
    """`true` reads nothing, and the answer comes seconds later; both streams go there."""
    assert shell(place, words, "2>&1 | true") == (1, "", "")
    assert not list(place.glob(".*"))
    if words.startswith("solve"):
        assert (place / "run" / "plan.json").exists()


def test_an_error_keeps_its_code_when_nobody_hears_it(place: Path):
    assert shell(place, "check none.xlsx", "2>&-") == (2, "", "")
    assert shell(place, "check none.xlsx", "2>&1 | true") == (2, "", "")


# --- signals ----------------------------------------------------------------------------------------------------------


def begun(place: Path, words: str) -> subprocess.Popen[str]:
    """A command in a group of its own, once it tells of a best plan."""
    command = [sys.executable, "-c", "from lodestone.commands import main; main()", *words.split()]
    process = subprocess.Popen(
        command, cwd=place, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "MUSD" in line or "best" in line:
            return process
    raise AssertionError(f"it has ended: {process.wait()}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=60)
    assert "Traceback" not in out + error
    return process.returncode, out, error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_leaves_the_best_plan_so_far(place: Path, tmp_path: Path, number: int):
    """To the whole group and twice, as `timeout` sends it."""
    process = begun(place, f"solve hard.xlsx --gap 0 --out {tmp_path / 'run'}")
    os.killpg(process.pid, number)
    time.sleep(0.05)
    os.killpg(process.pid, number)
    code, _, error = ended(process)
    assert code == 0, error
    assert "Stopping with the best plan so far" in error
    proved_but_for_a_gap(tmp_path / "run")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_workers_leave_the_signal_to_their_parent(place: Path, tmp_path: Path):
    """A batch system sends SIGTERM to all processes at once."""
    process = begun(place, f"solve hard.xlsx --scenario base --all-scenarios --gap 0 --jobs 1 --out {tmp_path}")
    os.killpg(process.pid, signal.SIGTERM)
    code, out, error = ended(process)
    assert code == 0, error
    assert "1 plan written." in out
    proved_but_for_a_gap(tmp_path / "base")
    assert [p.name for p in tmp_path.iterdir()] == ["base"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_that_are_only_being_started_say_nothing(place: Path, tmp_path: Path, number: int):
    """They would print where in their imports the signal has met them."""
    code = (
        "import multiprocessing.context as c, os, sys\nfrom lodestone.commands import main\n"
        "start = c.SpawnProcess.start\n"
        "def signalled(self):\n    start(self)\n    os.killpg(0, number)\n"
        "c.SpawnProcess.start = signalled\n"
        "if __name__ == '__main__':\n    number = int(sys.argv.pop(1))\n    main()\n"
    )
    script = tmp_path / "started.py"
    script.write_text(code)
    words = [str(int(number)), "solve", "plan.xlsx", "--all-scenarios", "--jobs", "1", "--out", str(tmp_path / "runs")]
    process = subprocess.Popen(
        [sys.executable, str(script), *words], cwd=place, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    code_, out, _ = ended(process)
    assert code_ == 4
    assert "stopped before it was begun" in out
    assert [p.name for p in tmp_path.iterdir()] == ["started.py"]


def test_workers_of_a_killed_parent_end_and_say_nothing(place: Path, tmp_path: Path):
    process = begun(place, f"solve hard.xlsx --all-scenarios --gap 0 --jobs 1 --out {tmp_path}")
    process.kill()
    _, out, error = ended(process)  # their ends of the streams are closed as well
    assert out == ""
    assert "leaked" not in error
    assert not (tmp_path / "base").exists()


def test_a_command_that_seeks_no_plan_is_broken_off_and_leaves_nothing(place: Path, tmp_path: Path):
    code = (
        "import os, signal\nfrom lodestone.commands import main\nimport lodestone.report.excel.marked_copy as copy\n"
        "copy._lost = lambda *a: os.kill(os.getpid(), signal.SIGTERM)\nmain()"
    )
    process = python(code, "check", str(place / "tiny.xlsx"), "--mark", str(tmp_path / "marked.xlsx"))
    assert ended(process) == (4, "", "Error: stopped, no plan was written\n")
    assert list(tmp_path.iterdir()) == []


# --- a study that is stopped ------------------------------------------------------------------------------------------

STUDIES = {
    "frontier": "frontier {book} --cap oxide_cap --from 0.8 --to 0.7 --steps 1 --jobs 1",
    "sweep": "sweep {book} --vary Settings/discount_rate=0.1 --jobs 1",
    "alternatives": "alternatives {book} --jobs 1",
    "stress": "stress {book} {run}",
    "explain": "explain {run} --jobs 1",
}


@pytest.fixture(scope="module")
def solved(place: Path) -> Path:
    code, _, error = shell(place, "solve plan.xlsx --out solved --quiet", "")
    assert code == 0, error
    return place


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_that_is_stopped_does_not_replace_a_finished_one(solved: Path, tmp_path: Path, study: str):
    """The signal comes with its first news."""
    out = tmp_path / "study.xlsx"
    words = STUDIES[study].format(book=solved / "plan.xlsx", run=solved / "solved").split()
    code = (
        "import os, signal, sys\nfrom lodestone.commands import main\n"
        "from lodestone.report.terminal.progress_lines import Watch\n"
        "from lodestone.report.terminal.many import WatchMany\n"
        "def once(tell):\n    def told(self, *news):\n"
        "        if sys.argv[1] == 'stop' and news != ('read',) and not self._stopping:\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        "        tell(self, *news)\n    return told\n"
        "WatchMany.job, Watch.stage = once(WatchMany.job), once(Watch.stage)\n"
        "if __name__ == '__main__':\n    main(sys.argv[2:])\n"
    )
    script = tmp_path / "script" / "study.py"
    script.parent.mkdir()
    script.write_text(code)

    def run(how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), how, *words, "--out", str(out)]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)

    done = run("finish")
    assert done.returncode == 0, done.stderr
    before = {path.name: path.read_bytes() for path in tmp_path.glob("study*")}
    done = run("stop")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    more = sorted(path.name for path in tmp_path.glob("*") if path.name not in before)
    kept = sorted(name.replace("study", "study-stopped") for name in before)
    if study == "alternatives":  # without a best plan there is none to compare others with
        assert more in (["script"], ["script", *kept])
    else:
        assert more == ["script", *kept]
        assert f"{out} stays as it was" in done.stderr.replace("\n  ", " ")


# --- what killed runs leave -------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from lodestone.system.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "figures.xlsx").write_text("half")
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and its scratch folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], env=ENVIRONMENT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


def test_scratch_of_a_killed_process_is_removed_by_the_next(tmp_path: Path, other: tuple[subprocess.Popen[str], Path]):
    process, folder = other
    assert folder.parent == tmp_path
    assert not is_abandoned(folder)
    with scratch(tmp_path):
        assert (folder / "figures.xlsx").exists()  # its process is at work
    process.kill()
    process.wait()
    assert is_abandoned(folder)
    with scratch(tmp_path) as own:
        assert [path.name for path in tmp_path.iterdir()] == [own.name]
    assert list(tmp_path.iterdir()) == []


def test_scratch_of_others_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of another host, whose locks need not be seen here; without a lock; a link to somewhere else."""
    with monkeypatch.context() as there:
        there.setattr("platform.node", lambda: "another-host")
        with scratch(tmp_path) as folder:
            start = folder.name.rpartition("-")[0]
    with scratch(tmp_path) as folder:
        own = folder.name.rpartition("-")[0]
    assert start != own
    for name in (f"{start}-killed", f"{own}-unlocked"):
        (tmp_path / name).mkdir()
    (tmp_path / f"{start}-killed" / LOCK).touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / LOCK).touch()
    (tmp_path / f"{own}-link").symlink_to("elsewhere")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with scratch(tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_where_there_are_no_locks_nobody_is_surely_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    with scratch(tmp_path) as folder:
        kept = tmp_path / f"{folder.name.rpartition('-')[0]}-killed"
        kept.mkdir()
        (kept / LOCK).touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with scratch(tmp_path):
        assert not is_abandoned(kept)
    assert kept.exists()
