"""Many solves at once: the same plans as one by one, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.make import with_plants, write_book

import lodestone
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import OF_THE_RUN
from lodestone.plan.run_files import plan_book, read_run
from lodestone.progress import Progress
from lodestone.runs.batch import jobs_for
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.frontier.trace import frontier
from lodestone.studies.parallel.solves import Done, Job, Where, exit_code, run_tasks, solve_many
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import Failure
from lodestone.studies.sweep.grid import parse_vary, sweep
from lodestone.studies.sweep.results import rows
from lodestone.workbook.inputs import load

pytestmark = pytest.mark.slow

FOUR = ("base", "embargo", "dear", "glut")


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = with_plants()
    for name, factor in (("dear", 1.5), ("glut", 0.5)):
        book["Scenarios"].append([name, None, 2027])
        book["Changes"].append([name, "Prices", "oxide", "years", "multiply", factor])
    return write_book(tmp_path_factory.mktemp("many") / "plan.xlsx", book)


@pytest.fixture(scope="module")
def one_by_one(workbook: Path) -> dict[str, Any]:
    inputs = load(workbook)
    return {name: plain(solve_scenario(inputs, name)) for name in FOUR}


def plain(plan: Plan) -> dict[str, Any]:
    """Without what differs from run to run and from place to place."""
    return {key: value for key, value in plan.document().items() if key not in OF_THE_RUN}


def plans(answers: list[Done]) -> dict[str, Any]:
    assert [done.message for done in answers if done.message] == []
    return {done.job.scenario: plain(done.plan) for done in answers if done.plan is not None}


# --- in processes ---------------------------------------------------------------------------------------------------


def test_plans_solved_in_parallel_equal_those_solved_one_by_one(workbook, one_by_one):
    news: list[tuple[str, Any]] = []
    answers = solve_many(
        jobs_for(workbook, FOUR), Where(processes=2), on_job=lambda label, told: news.append((label, told))
    )

    assert plans(answers) == one_by_one
    assert [done.job.scenario for done in answers] == list(FOUR)
    assert exit_code(answers) == 0
    for name in FOUR:
        stages = [told.stage for label, told in news if label == name and isinstance(told, Progress)]
        assert list(dict.fromkeys(stages))[:3] == ["read", "build", "load"]
        assert [type(told) for label, told in news if label == name].count(Done) == 1


def test_a_scenario_that_fails_does_not_stop_the_others(workbook, one_by_one):
    jobs = jobs_for(workbook, ("base", "no_such_scenario", "glut"))
    bad_set = replace(jobs[0], label="bad set", sets=("Settings/discount_rate=7",))
    late = replace(jobs[0], label="no workbook", content=b"not a workbook")
    answers = solve_many([jobs[0], bad_set, jobs[1], late, jobs[2]], Where(processes=2))

    assert [done.exit_code for done in answers] == [0, 2, 2, 2, 0]
    assert exit_code(answers) == 2
    assert "--set Settings/discount_rate=7: the value must be at most 1" in answers[1].message
    assert "no scenario no_such_scenario" in answers[2].message
    assert plans([answers[0], answers[4]]) == {name: one_by_one[name] for name in ("base", "glut")}


def test_workers_write_the_runs_themselves(workbook, one_by_one, tmp_path):
    folders = {name: tmp_path / "runs" / name for name in FOUR[:2]}
    answers = solve_many(jobs_for(workbook, FOUR[:2], folders=folders, keep=("costs",)), Where(processes=2))

    for done in answers:
        assert done.plan is not None
        assert set(done.plan.tables) == {"costs"}
        assert plain(read_run(folders[done.job.scenario])) == as_read(one_by_one[done.job.scenario])
        assert plan_book(folders[done.job.scenario]).exists()


def test_a_run_that_cannot_be_written_is_a_failure_with_its_reason(workbook, tmp_path):
    (tmp_path / "taken").write_text("mine")
    answers = solve_many(jobs_for(workbook, ["base"], folders={"base": tmp_path / "taken"}), Where(processes=1))

    assert (answers[0].plan, answers[0].exit_code) == (None, 2)
    assert "is a file" in answers[0].message
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_workbook_that_is_not_there():
    with pytest.raises(UsageError, match="does not exist"):
        jobs_for(Path("nowhere.xlsx"), ["base"])


def as_read(plan: dict[str, Any]) -> dict[str, Any]:
    import json

    from lodestone.plan.plan_json import dumps, finite

    read: dict[str, Any] = json.loads(dumps(finite(plan)))
    return read


# --- workers that are killed, and other mishaps ---------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A task without a solve. mark: a file by which it knows that it was begun before."""

    label: str
    mark: Path
    does: str = ""

    def run(self, tell: Callable[[Any], None], should_stop: Callable[[], bool]) -> str:
        tell(f"{self.label} begun")
        first = not self.mark.exists()
        self.mark.write_text("begun")
        if self.does == "die" or (self.does == "die once" and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does == "no plan":
            raise NoPlanError("no plan")
        if self.does == "mistake":
            raise ZeroDivisionError("oops")
        while self.does == "wait" and not should_stop():
            time.sleep(0.05)
        return self.label

    def finish(self, value: str) -> str:
        return f"{value} finished"


def pieces(folder: Path, **does: str) -> list[Piece]:
    return [Piece(name, folder / name, what) for name, what in does.items()]


posix = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


@posix
def test_what_a_killed_worker_had_is_done_by_another(tmp_path):
    tasks = pieces(tmp_path, a="", b="die once", c="", d="die once", e="")

    assert run_tasks(tasks, Where(processes=2)) == [f"{name} finished" for name in "abcde"]


@posix
def test_a_task_that_kills_its_workers_fails_alone(tmp_path):
    values = run_tasks(pieces(tmp_path, a="", b="die", c=""), Where(processes=2))

    assert values[0] == "a finished"
    assert values[2] == "c finished"
    assert values[1].exit_code == 4
    assert "ended without an answer 2 times" in values[1].message


@posix
def test_a_solve_goes_on_when_its_worker_is_killed(workbook, one_by_one, tmp_path):
    jobs = [Killed(**vars(job), mark=tmp_path / job.scenario) for job in jobs_for(workbook, FOUR[:2])]

    assert plans(solve_many(jobs, Where(processes=2))) == {name: one_by_one[name] for name in FOUR[:2]}
    assert len(list(tmp_path.iterdir())) == 2


@dataclass(frozen=True)
class Killed(Job):
    """A job whose worker is killed in the middle of its first try."""

    mark: Path = Path()

    def run(self, tell: Callable[[Any], None], should_stop: Callable[[], bool]) -> tuple[Any, str]:
        def dying(progress: Any) -> None:
            tell(progress)
            if progress.stage == "load" and not self.mark.exists():
                self.mark.write_text("killed")
                os.kill(os.getpid(), signal.SIGKILL)

        return super().run(dying, should_stop)


def test_what_goes_wrong_is_said_in_words(tmp_path):
    values = run_tasks(pieces(tmp_path, a="no plan", b="mistake", c=""), Where(processes=1))

    assert values[0] == Failure(3, "no plan")
    assert values[1].exit_code == 4
    assert values[1].message.startswith("a mistake in the program, please report it: ZeroDivisionError: oops")
    assert values[2] == "c finished"


def test_asked_to_stop_running_tasks_end_and_others_are_not_begun(tmp_path):
    news: list[tuple[int, Any]] = []
    values = run_tasks(
        pieces(tmp_path, a="wait", b="wait", c="wait"),
        Where(processes=2),
        lambda place, told: news.append((place, told)),
        should_stop=lambda: {told for _, told in news} >= {"a begun", "b begun"},
    )

    assert values == ["a finished", "b finished", Failure(4, "stopped before it was begun")]
    assert not (tmp_path / "c").exists()


def test_broken_off_leaves_no_worker_behind(tmp_path):
    def break_off() -> bool:
        if (tmp_path / "a").exists():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        run_tasks(pieces(tmp_path, a="wait", b="wait"), Where(processes=2), should_stop=break_off)

    import multiprocessing

    assert multiprocessing.active_children() == []


def test_nothing_to_do():
    assert run_tasks([], Where(processes=2)) == []
    assert exit_code([]) == 0


# --- on a cluster ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes; a killed one is started again."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as local:
        yield local


def test_on_a_cluster_the_plans_are_the_same(cluster, workbook, one_by_one, tmp_path):
    news: list[tuple[str, Any]] = []
    folders = {"base": tmp_path / "base"}
    answers = solve_many(
        jobs_for(workbook, FOUR, folders=folders),
        Where(scheduler=cluster.scheduler_address),
        on_job=lambda label, told: news.append((label, told)),
    )

    assert plans(answers) == one_by_one
    assert plain(read_run(folders["base"])) == as_read(one_by_one["base"])
    assert {label for label, told in news if isinstance(told, Done)} == set(FOUR)


def test_a_cluster_that_loses_a_worker_completes_the_study(cluster, workbook, one_by_one, tmp_path):
    jobs = [Killed(**vars(job), mark=tmp_path / "killed") for job in jobs_for(workbook, FOUR)]  # one of them dies
    answers = solve_many(jobs, Where(scheduler=cluster.scheduler_address))

    assert (tmp_path / "killed").exists()
    assert plans(answers) == one_by_one


def test_a_frontier_and_a_sweep_are_the_same_on_a_cluster(cluster, workbook):
    def points(**where: Any) -> list[Any]:
        found = frontier(
            Source.read(workbook, effort=Effort(gap=1e-9)), [0.5, 0.6, 0.7, 0.8], "oxide_cap", where=Where(**where)
        )
        return [*found.least_attainable, *((p.scale, pytest.approx(p.objective_musd), p.builds) for p in found.points)]

    def table(**where: Any) -> Any:
        return rows(
            sweep(
                Source.read(workbook), parse_vary(["Settings/discount_rate=0.03,0.08"], FOUR[:2]), where=Where(**where)
            )
        )

    address = cluster.scheduler_address
    assert points(scheduler=address) == points(processes=2)
    assert table(scheduler=address) == table(processes=2)


def test_failures_on_a_cluster_are_the_same(cluster, tmp_path):
    values = run_tasks(pieces(tmp_path, a="no plan", b="mistake", c=""), Where(scheduler=cluster.scheduler_address))

    assert values[0] == Failure(3, "no plan")
    assert "ZeroDivisionError: oops" in values[1].message
    assert values[2] == "c finished"


def test_a_cluster_can_be_asked_to_stop(cluster, tmp_path):
    values = run_tasks(
        pieces(tmp_path, a="wait", b="wait", c="wait", d="wait"),
        Where(scheduler=cluster.scheduler_address),
        should_stop=lambda: len(list(tmp_path.iterdir())) >= 2,
    )

    ended = [value for value in values if isinstance(value, str)]
    assert len(ended) >= 2
    assert all("stopped before" in value.message for value in values if isinstance(value, Failure))


def test_a_worker_that_missed_the_stop_is_told_again(cluster, tmp_path, monkeypatch):
    """One that joins later has not heard it either."""
    from lodestone.studies.parallel import cluster as module

    stops: list[int] = []
    stop = module._Study._stop

    def lost_at_first(study: Any, pending: Any) -> None:
        stops.append(len(pending))
        if len(stops) > 1:
            stop(study, pending)

    monkeypatch.setattr(module._Study, "_stop", lost_at_first)
    monkeypatch.setattr(module, "REMIND_S", 0.5)
    (value,) = run_tasks(
        pieces(tmp_path, a="wait"),
        Where(scheduler=cluster.scheduler_address),
        should_stop=lambda: (tmp_path / "a").exists(),
    )
    assert value == "a finished"
    assert len(stops) > 1


def asked_for(scheduler: str, tmp_path: Path) -> tuple[str, float]:
    """What is said of a scheduler, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(UsageError) as refused:
        run_tasks(pieces(tmp_path, a=""), Where(scheduler=scheduler))
    assert not (tmp_path / "a").exists()
    return str(refused.value), time.monotonic() - began


@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["closed", "silent", "web"])
def test_a_port_without_a_scheduler_is_said_within_10_s(tmp_path: Path, answer: bytes | None):
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if answer is None:
            server.close()
        elif answer:
            threading.Thread(target=lambda: server.accept()[0].sendall(answer), daemon=True).start()
        said, seconds = asked_for(address, tmp_path)
    assert said == f"no Dask scheduler answers at {address}; write it like tcp://host:8786"
    assert seconds < 10


@pytest.mark.parametrize("address", ["nonsense://x", "8786", "tcp://h:abc", "tcp://[::1", "inproc://x", "http://h:1"])
def test_a_malformed_address_is_said_at_once(tmp_path: Path, address: str):
    pytest.importorskip("distributed")
    said, seconds = asked_for(address, tmp_path)
    assert said.startswith(f"{address!r} is no address of a Dask scheduler: write it like tcp://host:8786")
    assert seconds < 5


def test_a_scheduler_without_workers_says_how_to_start_one(tmp_path: Path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty:
        said, seconds = asked_for(address := empty.scheduler_address, tmp_path)
    assert said.startswith(
        f"the Dask scheduler at {address} has no worker: start some, each with dask worker {address}"
    )
    assert seconds < 10


def _of_version(number: str) -> None:
    import lodestone

    lodestone.__version__ = number


def _without_lodestone() -> None:
    sys.modules["lodestone.studies.parallel.cluster"] = None  # type: ignore[assignment]


def _with_lodestone() -> None:
    del sys.modules["lodestone.studies.parallel.cluster"]


def test_a_worker_that_is_something_else_is_refused_by_name(cluster, tmp_path, monkeypatch):
    from distributed import Client

    from lodestone import __version__

    address = cluster.scheduler_address
    with Client(address, set_as_default=False) as client:
        one = min(client.scheduler_info()["workers"])
        try:
            client.run(_of_version, "0.0.9", workers=[one])
            said, _ = asked_for(address, tmp_path)
            assert said.startswith(f"the worker {one} has Lodestone 0.0.9 (code ")
            assert f"instead of {__version__} (code " in said
            assert said.count("the worker") == 1

            monkeypatch.setattr(
                "lodestone.studies.parallel.cluster._require_same", lambda client: None
            )  # it comes later
            client.run(_of_version, "0.0.9")
            (late,) = run_tasks(pieces(tmp_path, a=""), Where(scheduler=address))
            assert late.exit_code == 2
            assert "has Lodestone 0.0.9" in late.message
            assert not (tmp_path / "a").exists()
            monkeypatch.undo()
        finally:
            client.run(_of_version, __version__)
        client.run(_without_lodestone, workers=[one])
        said, _ = asked_for(address, tmp_path)
        client.run(_with_lodestone, workers=[one])
    assert said.startswith(f"the worker {one} has no Lodestone {__version__} (")
    assert run_tasks(pieces(tmp_path, a=""), Where(scheduler=address)) == ["a finished"]


def test_what_must_be_the_same_for_the_same_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A line of code that differs makes it another program, whatever number it has; the end of a line does not."""
    from lodestone.studies.parallel import cluster

    assert list(cluster.versions()) == ["Lodestone", "Python", "NumPy", "Pyomo", "HiGHS"]
    codes = []
    for text in (b"rate = 1\n", b"rate = 1\r\n", b"rate = 2\n"):
        (tmp_path / "a.py").write_bytes(text)
        monkeypatch.setattr(lodestone, "__file__", str(tmp_path / "__init__.py"))
        codes.append(cluster._code.__wrapped__())
    assert codes[0] == codes[1] != codes[2]


def test_a_task_that_a_cluster_gives_up_is_a_failure_with_its_reason(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    (lost,) = run_tasks(pieces(tmp_path, a="die"), Where(scheduler=cluster.scheduler_address))

    assert lost == Failure(4, "its worker was lost again and again (killed? short of memory?)")


# --- a machine that starts no processes ------------------------------------------------------------------------------


def test_workers_that_end_as_soon_as_they_are_started(tmp_path, monkeypatch):
    """As where memory is short, or a policy forbids it: said after three, not tried for ever."""
    import multiprocessing

    started = []

    def ends_at_once(process: Any) -> None:
        started.append(process)
        process._target, process._args = os._exit, (1,)
        start(process)

    start = multiprocessing.get_context("spawn").Process.start
    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", ends_at_once)
    with pytest.raises(StoppedError, match="worker processes end as soon as they are started; try --jobs 1"):
        run_tasks(pieces(tmp_path, a=""), Where(processes=1))
    assert len(started) == 3
    assert not (tmp_path / "a").exists()


def test_a_full_disk_in_a_worker_is_no_mistake_of_the_program(tmp_path):
    (lost,) = run_tasks([Piece("a", tmp_path / "none" / "a")], Where(processes=1))

    assert lost == Failure(2, f"{tmp_path / 'none' / 'a'}: No such file or directory")


def test_a_cluster_without_dask_is_said_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'lodestone\[dask\]'"):
        run_tasks(pieces(tmp_path, a=""), Where(scheduler="tcp://127.0.0.1:1"))
