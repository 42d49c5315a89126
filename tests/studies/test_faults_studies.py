"""What goes wrong around a study: two at once, full disks, folders that take no file, killed workers, Ctrl-C."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.make import with_plants, write_book
from tests.processes import FULL, posix, python

from lodestone.commands import main
from lodestone.plan.run_files import plan_book
from lodestone.report.terminal.many import WatchMany
from lodestone.runs.folder_lock import claimed
from lodestone.runs.verify import holds, verify
from lodestone.solve.effort import Effort
from lodestone.studies.frontier.results import Point
from lodestone.studies.frontier.trace import frontier
from lodestone.studies.parallel.solves import Where
from lodestone.studies.parallel.source import Source

pytestmark = pytest.mark.slow

# Every study that writes more than one file: its command but for --out, the suffixes, how its JSON file begins.
STUDIES = {
    "compare": ("compare {run} {other}", (".xlsx", ".json"), "comparison"),
    "frontier": (
        "frontier {book} --cap oxide_cap --from 0.8 --to 0.7 --steps 1 --jobs 1",
        (".xlsx", ".json"),
        "frontier",
    ),
    "sweep": ("sweep {book} --vary Settings/discount_rate=0.1 --jobs 1", (".xlsx", ".csv", ".json"), "sweep"),
    "stress": ("stress {book} {run}", (".xlsx", ".json"), "stress"),
    "alternatives": ("alternatives {book} --jobs 1", (".xlsx", ".json"), "alternatives"),
    "explain": ("explain {run} --jobs 1", (".xlsx", ".json"), "what_binds"),
}
studies = pytest.mark.parametrize("study", STUDIES)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plan.xlsx, its run and another run of it."""
    place = tmp_path_factory.mktemp("studies")
    book = write_book(place / "plan.xlsx", with_plants())
    for run, more in (("run", ()), ("other", ("--set", "Settings/discount_rate=0.1"))):
        done = CliRunner().invoke(main, ["solve", str(book), "--out", str(place / run), "--quiet", *more])
        assert done.exit_code == 0, done.output
    return place


def command(study: str, solved: Path, out: Path) -> list[str]:
    places = {"book": solved / "plan.xlsx", "run": solved / "run", "other": solved / "other"}
    words = [word.format(**places) for word in STUDIES[study][0].split()]
    return [*words, "--quiet", "--out", str(out)]


def beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir())


# --- two at once -----------------------------------------------------------------------------------------------------


@studies
def test_a_study_that_another_is_writing_is_refused_before_anything_is_solved(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: str
) -> None:
    def solve(*_: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", solve)
    out = tmp_path / "study.xlsx"
    with claimed([out]):
        done = CliRunner().invoke(main, command(study, solved, out))
        assert done.exit_code == 2, done.output
        said = f"another run (process {os.getpid()}) is writing to {out}: wait for it, or name another with --out"
        assert done.output == f"Error: {said}\n"
        assert beside(out) == [".study.xlsx.lock"]
    assert beside(out) == []


@studies
def test_a_study_holds_its_place_until_its_last_file_stands(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: str
) -> None:
    """Another that put its files in place in between would leave a workbook of one and a JSON file of the other."""
    out, replace, put = tmp_path / "study.xlsx", Path.replace, []

    def watched(self: Path, target: Path) -> Path:
        if target.parent == tmp_path:
            put.append(target.suffix)
            assert CliRunner().invoke(main, command(study, solved, out)).exit_code == 2
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    done = CliRunner().invoke(main, command(study, solved, out))
    assert done.exit_code == 0, done.output
    assert sorted(put) == sorted(STUDIES[study][1])
    assert beside(out) == sorted(f"study{suffix}" for suffix in STUDIES[study][1])


def test_a_plan_in_the_workbook_of_another_run_is_noticed(solved: Path, tmp_path: Path) -> None:
    run = shutil.copytree(solved / "run", tmp_path / "run")
    assert holds(verify(run, solved / "plan.xlsx"))
    shutil.copy(solved / "other" / "plan - base (other).plan.xlsx", plan_book(run))
    ok, text = next((f.ok, f.text) for f in verify(run, solved / "plan.xlsx") if f.what.endswith(".plan.xlsx"))
    assert ok is False
    assert "shows other values than plan.json" in text


# --- full disks and folders that take no file ------------------------------------------------------------------------


@posix
@studies
def test_a_full_disk_leaves_the_study_before_as_it_was(solved: Path, tmp_path: Path, study: str) -> None:
    out = tmp_path / "study.xlsx"
    for suffix in STUDIES[study][1]:
        out.with_suffix(suffix).write_text(f'{{\n"{STUDIES[study][2]}_format": 1}}\n')
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    process = python(FULL, "300", *command(study, solved, out))
    _, error = process.communicate()
    assert process.returncode == 2, error
    assert re.match(r"Error: .*File too large", error), error
    assert "Traceback" not in error
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@posix
def test_a_full_disk_is_said_of_every_scenario(solved: Path, tmp_path: Path) -> None:
    book = shutil.copy(solved / "plan.xlsx", tmp_path)
    out = tmp_path / "runs"
    process = python(FULL, "300", "solve", str(book), "--all-scenarios", "--jobs", "1", "--quiet", "--out", str(out))
    _, error = process.communicate()
    assert process.returncode == 2, error
    assert [line.split(":")[1].strip() for line in error.splitlines()] == ["base", "embargo"]
    assert "Traceback" not in error
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["plan.xlsx"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is a folder in which nobody may write")
@studies
def test_a_folder_that_takes_no_file_is_said_before_anything_is_solved(
    solved: Path, monkeypatch: pytest.MonkeyPatch, study: str
) -> None:
    def solve(*_: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", solve)
    out = Path("/proc/study.xlsx")
    done = CliRunner().invoke(main, command(study, solved, out))
    assert done.exit_code == 2, done.output
    assert done.output.startswith(f"Error: cannot write to {out}: ")


# --- killed workers, Ctrl-C ------------------------------------------------------------------------------------------


def killer(times: int) -> Callable[[str, Any], None]:
    """Kills the workers when they are first heard, and those that take their place."""
    killed: set[int | None] = set()

    def hear(label: str, news: Any) -> None:
        for worker in multiprocessing.active_children():
            if worker.pid not in killed and len(killed) < times:
                killed.add(worker.pid)
                worker.kill()

    return hear


@posix
def test_a_frontier_goes_on_when_its_worker_is_killed(solved: Path) -> None:
    def points(**how: Any) -> list[Any]:
        found = frontier(
            Source.read(solved / "plan.xlsx", effort=Effort(gap=1e-9)),
            [0.7, 0.8],
            "oxide_cap",
            where=Where(processes=1),
            **how,
        )
        return [(p.scale, pytest.approx(p.objective_musd), p.message) for p in found.points]

    assert points(on_news=killer(1)) == points()


@posix
def test_a_frontier_that_loses_its_workers_twice_says_so_and_ends_with_4(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = killer(2)
    monkeypatch.setattr(WatchMany, "job", lambda self, label, news: hear(label, news))
    done = CliRunner().invoke(main, [*command("frontier", solved, tmp_path / "study.xlsx"), "--json"])
    assert done.exit_code == 4, done.output
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == 4
    lost = "its worker process ended without an answer 2 times (killed?); if memory is short, use fewer --jobs"
    assert [point["message"] for point in answer["points"]] == [lost, lost]


@posix
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_the_points_that_were_found_and_twice_nothing(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """201 points, of which the first is no sooner told than the study is asked to stop."""
    told: list[Point] = []

    def interrupted(self: WatchMany, label: str, news: Any) -> None:
        if isinstance(news, Point) and not told:
            told.append(news)
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(WatchMany, "job", interrupted)
    out = tmp_path / "study.xlsx"
    words = command("frontier", solved, out)
    words[words.index("--steps") + 1] = "200"
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 4, done.output
    answer = json.loads(done.stdout)
    if times == 2:
        assert answer["error"] == "stopped, no plan was written"
        assert beside(out) == []
        return
    ends = [point["message"] for point in answer["points"]]
    assert "" in ends
    assert "stopped before it was begun" in ends
    assert beside(out) == ["study.json", "study.xlsx"]


# --- places that are none --------------------------------------------------------------------------------------------


@studies
def test_a_place_where_a_study_cannot_stand_is_refused_and_left_as_it_was(
    solved: Path, tmp_path: Path, study: str
) -> None:
    def refused(out: Path) -> str:
        done = CliRunner().invoke(main, command(study, solved, out))
        assert done.exit_code == 2, done.output
        return done.output

    before = {path.name: path.read_bytes() for path in (solved / "run").iterdir()}
    assert "holds a run and nothing else may stand there" in refused(solved / "run" / "study.xlsx")
    assert {path.name: path.read_bytes() for path in (solved / "run").iterdir()} == before
    assert "end it in .xlsx" in refused(tmp_path / "study.ods")
    (tmp_path / "study.json").mkdir()
    assert "study.json" in refused(tmp_path / "study.xlsx")
    (tmp_path / "mine.xlsx").write_text("my own")
    assert "would be replaced" in refused(tmp_path / "mine.xlsx")
    assert (tmp_path / "mine.xlsx").read_text() == "my own"
    assert beside(tmp_path / "mine.xlsx") == ["mine.xlsx", "study.json"]
