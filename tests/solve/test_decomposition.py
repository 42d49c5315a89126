"""A joint plan found future by future: what they have in common, what is agreed, and mpi-sppy under mpiexec."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.futures import LAST, crisis, everything, future, with_futures
from tests.make import Book, load_book
from tests.processes import below
from tests.solving import FIRST, close, read, rows, solve_all

from lodestone.audit import audit_joint
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.tables import VALUE_TABLES
from lodestone.solve.all_futures import all_futures, joint_plan, weighed
from lodestone.solve.decomposition import launch
from lodestone.solve.decomposition.future import Future
from lodestone.solve.decomposition.run import number_of_processes, solve_decomposed, together
from lodestone.solve.decomposition.shared import THRESHOLD, alone, stretches
from lodestone.solve.effort import Effort, Search
from lodestone.solve.one_scenario import Proof
from lodestone.system.scratch import scratch

ROOT = Path(__file__).resolve().parents[2]
EXACT = Search(1e-9, 60.0)
mpi = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("mpisppy", "mpi4py")), reason='needs the extra "mpi"'
)


class Apart:
    """The futures of a workbook, each in a model of its own, without MPI."""

    def __init__(self, book: Book) -> None:
        self.inputs = read(book)
        self.base, self.tree = all_futures(self.inputs)
        self.likely = {name: self.tree.probability[leaf] for name, leaf in self.tree.leaf_of.items()}
        ends, self.futures = stretches(self.tree), {}
        for name, leaf in self.tree.leaf_of.items():
            passed = {n: ends[n] for n in self.tree.path[leaf] if n in ends}
            self.futures[name] = Future(alone(self.tree, leaf), passed)
        self.reference = max(self.futures, key=lambda name: len(self.futures[name].keys))
        self.keys = self.futures[self.reference].keys

    def place(self, name: str) -> list[int]:
        return [self.keys.index(key) for key in self.futures[name].keys]

    def bound(self, prices: dict[str, np.ndarray]) -> float:
        return sum(self.likely[name] * self.futures[name].priced(prices[name], EXACT).bound for name in self.futures)

    def agreed(self, x: np.ndarray) -> dict[str, float]:
        return {name: f.agreed(x[self.place(name)], EXACT).objective for name, f in self.futures.items()}

    def document(self, x: np.ndarray) -> dict[str, Any]:
        """The plan with x agreed, as the command would write it."""
        tables = {}
        for name, f in self.futures.items():
            f.agreed(x[self.place(name)], EXACT)
            tables[name] = f.tables(x[self.place(name)], f.values())
        proof = Proof(False, -np.inf, {}, 0.0)
        spliced = together(self.tree, tables, self.reference)
        return joint_plan(self.inputs, self.base, self.tree, spliced, proof).document()

    def audit(self, plan: dict[str, Any]) -> list[Any]:
        data = {name: self.tree.data[leaf] for name, leaf in self.tree.leaf_of.items()}
        return list(audit_joint(data, plan).findings)


# --- what futures have in common --------------------------------------------------------------------------------------


def test_common_is_what_links_the_years_before_a_parting_to_those_after():
    apart = Apart(everything())
    assert apart.reference == "base"
    years = {key[0]: set() for key in apart.keys}
    for kind, node, *_ in apart.keys:
        years[kind].add(FIRST + int(node))
    assert years == {
        "build": {FIRST, FIRST + 1, FIRST + 2},  # production must start by FIRST + 3
        "award": {FIRST, FIRST + 1, FIRST + 2},
        "sign": {FIRST, FIRST + 1, FIRST + 2},
        "volume": {FIRST, FIRST + 1, FIRST + 2},
        "stock": {FIRST + 1, FIRST + 2},  # where a stretch ends
        "deliver": {FIRST, FIRST + 1},  # FIRST + 2 comes back after the horizon
        "fill": {FIRST, FIRST + 1, FIRST + 2},
        "earned": {FIRST + 1, FIRST + 2},  # from the first year of production on
    }
    early = {int(key[1]) for key in apart.futures["embargo"].keys}
    assert early == {0, 1}
    assert set(apart.futures["embargo"].keys) < set(apart.keys)


def test_a_delivery_whose_scrap_is_back_before_the_parting_is_nobodys_business():
    book = everything()
    book["Returns"][1][book["Returns"][0].index("lag_years")] = 1
    apart = Apart(book)
    assert {FIRST + int(key[1]) for key in apart.keys if key[0] == "deliver"} == {FIRST + 1, FIRST + 2}


@pytest.mark.parametrize("make", [with_futures, everything])
@pytest.mark.parametrize("weight", [0, 0.5])
def test_any_prices_of_mean_nothing_bound_the_joint_plan_from_below(make: Any, weight: float):
    book = make()
    book["Settings"] |= {"risk_weight": weight, "risk_tail": 0.25}
    apart, best = Apart(book), solve_all(book, values=False)["objective_musd"]
    dice = random.Random(7)
    having = {key: [n for n, f in apart.futures.items() if key in f.keys] for key in apart.keys}
    bounds = []
    for scale in (0.0, 0.003, 0.03):
        prices = {name: np.zeros(len(f.keys)) for name, f in apart.futures.items()}
        for key, names in having.items():
            if key == THRESHOLD:
                continue
            drawn = {name: dice.gauss(0, scale) for name in names}
            mean = sum(apart.likely[n] * drawn[n] for n in names) / sum(apart.likely[n] for n in names)
            for name in names:
                prices[name][apart.futures[name].keys.index(key)] = drawn[name] - mean
        bounds.append(apart.bound(prices))
    assert all(bound <= best + 1e-6 for bound in bounds)
    assert bounds[0] > 0.5 * best  # without prices: each planned for alone


def test_what_one_future_would_do_can_be_agreed_on_and_passes_the_audit():
    """Rows of shared years are those of one future: nothing else links them to later years."""
    for book in (with_futures(), everything()):
        best = solve_all(book, values=False)["objective_musd"]
        for name in ("base", "dear", "embargo"):
            apart = Apart(book)
            if set(apart.futures[name].keys) != set(apart.keys):
                continue
            apart.futures[name].priced(np.zeros(len(apart.keys)), EXACT)
            x = apart.futures[name].common()
            try:
                costs = apart.agreed(x)
            except NoPlanError:
                continue
            plan = apart.document(x)
            assert apart.audit(plan) == []
            assert plan["futures"] == close(costs)
            assert plan["objective_musd"] >= best - 1e-6


@pytest.mark.parametrize("make", [with_futures, everything])
def test_the_joint_plans_own_numbers_agreed_cost_what_it_costs(make: Any):
    """The other direction: no number that futures need in common is missing from the vector, or held for nothing."""
    book = make()
    plan, apart = solve_all(book, values=False), Apart(book)
    x = np.array([_of_plan(plan, key) for key in apart.keys])
    costs = apart.agreed(x)
    assert weighed(apart.base, costs, apart.likely) == close(plan["objective_musd"])
    assert apart.audit(apart.document(x)) == []


def _of_plan(plan: dict[str, Any], key: tuple[str, ...]) -> float:
    """A number in common, read from the base's rows of a plan document."""
    kind, node, *names = key
    year = FIRST + int(node)

    def found(table: str, column: str, **keys: Any) -> float:
        return sum(row[column] for row in rows(plan, table, scenario="base", **keys))

    match kind:
        case "earned":
            of = {"unit": names[0], "year": year}
            sold = sum(found("plants", f"{part}_musd", **of) for part in ("value_added", "topup"))
            spent = sum(found("plants", f"{part}_musd", **of) for part in ("operating_cost", "fixed_cost"))
            floors = found("floor_payments", "payment_musd", project=names[0], year=year)
            offtakes = sum(
                found("contract_years", f"{part}_musd", supplier=names[0], year=year)
                for part in ("difference", "untaken")
            )
            return sold - spent + floors + offtakes
        case "build":
            return found("investments", "builds", project=names[0], decision_year=year)
        case "award":
            return len(rows(plan, "price_floors", scenario="base", floor=names[0], decision_year=year))
        case "sign":
            return len(rows(plan, "contracts", scenario="base", contract=names[0], signing_year=year))
        case "volume":
            return found("contracts", "annual_t", contract=names[0], signing_year=year)
        case "stock":
            exposed = found("stockpile", "exposed_t", stockpile=names[0], year=year)
            all_of_it = found("stockpile", "stock_t", stockpile=names[0], year=year)
            return exposed if names[1] == "exposed" else all_of_it - exposed
        case "fill":
            return found("stockpile", f"fill_{names[1]}_t", stockpile=names[0], year=year)
    region, sector, material, stream = names
    return found("demand", f"{stream}_t", region=region, sector=sector, material=material, year=year)


# --- under mpiexec ----------------------------------------------------------------------------------------------------


GAP = 0.002


@pytest.mark.slow
@mpi
@pytest.mark.parametrize("make, weight", [(with_futures, 0), (with_futures, 0.5), (everything, 0)])
def test_two_processes_find_the_plan_of_the_extensive_form(make: Any, weight: float):
    book = make()
    book["Settings"] |= {"risk_weight": weight, "risk_tail": 0.25}
    whole = solve_all(book)
    plan = solve_decomposed(read(book), 2, effort=Effort(gap=GAP, time_limit=120)).document()
    assert plan["bound_musd"] <= whole["objective_musd"] + 1e-6
    assert whole["objective_musd"] <= plan["objective_musd"] + 1e-6
    assert plan["status"] == "optimal"
    assert plan["gap"] <= GAP
    assert plan.keys() == whole.keys()
    assert plan["tables"].keys() == whole["tables"].keys() - VALUE_TABLES.keys()  # which need one model of all futures
    assert plan["known_musd"] == pytest.approx(whole["known_musd"], rel=GAP)
    assert plan["evpi_musd"] == pytest.approx(whole["evpi_musd"], abs=2 * GAP * whole["objective_musd"])
    assert plan["model"]["processes"] == 2
    assert all(line["ok"] for line in plan["audit"])


@pytest.mark.slow
@mpi
def test_more_processes_share_the_futures_out():
    book = with_futures()
    plan = solve_decomposed(read(book), 4, effort=Effort(gap=GAP, time_limit=120), values=False).document()
    assert plan["gap"] <= GAP
    assert plan["objective_musd"] == pytest.approx(solve_all(book, values=False)["objective_musd"], rel=GAP)
    assert plan["evpi_musd"] is None


@pytest.mark.slow
@mpi
def test_one_future_without_a_plan_means_there_is_none():
    book = with_futures()
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(1)
    del book["Stockpiles"]  # Ally and the works have 80 t of the 100 t that must be there
    with pytest.raises(NoPlanError, match=r"(embargo|late): no plan .* known from the start"):
        solve_decomposed(read(book), 2, effort=Effort(gap=GAP, time_limit=120))


@pytest.mark.slow
@mpi
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the process to kill in /proc")
def test_a_process_that_is_killed_ends_the_run_with_a_message():
    killed: list[int] = []

    def kill_one(progress: Any) -> None:
        if progress.stage.startswith("hedge") and not killed:
            ranks = [p for p in below(os.getpid()) if b"lodestone.solve.decomposition.rank" in _command(p)]
            ranks = [p for p in ranks if b"mpiexec" not in _command(p)]
            if len(ranks) == 2:
                os.kill(ranks[-1], signal.SIGKILL)
                killed.append(ranks[-1])

    with pytest.raises(StoppedError, match="ended before its time"):
        solve_decomposed(read(everything()), 2, effort=Effort(gap=0.0, time_limit=60, on_progress=kill_one))
    assert killed
    assert not [p for p in below(os.getpid()) if b"lodestone.solve.decomposition.rank" in _command(p)]


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
@mpi
def test_asked_to_stop_it_keeps_the_best_plan():
    seen: list[float] = []

    def note(progress: Any) -> None:
        if progress.best is not None:
            seen.append(progress.best)

    plan = solve_decomposed(
        read(with_futures()),
        2,
        effort=Effort(gap=0.0, time_limit=60, on_progress=note, should_stop=lambda: bool(seen)),
        values=False,
    ).document()
    assert plan["objective_musd"] <= seen[0] + 1e-6
    assert plan["bound_musd"] <= plan["objective_musd"]


SIGNALLED = """
import os, signal, sys
import lodestone.solve.decomposition.run as run
from lodestone.commands import main
from tests.processes import below
ranks, number = run.run_ranks, int(sys.argv.pop(1))
def watched(order, processes, tell, stop):
    def told(progress):
        tell(progress)
        if progress.best is not None and not sent:
            sent.extend([os.getpid()] if number == signal.SIGKILL else [*below(os.getpid()), os.getpid()])
            print(*below(os.getpid()), file=sys.__stdout__, flush=True)
            for process in sent:
                os.kill(process, number)
    return ranks(order, processes, told, stop)
sent = []
run.run_ranks = watched
main()
"""


def _signalled(tmp_path: Path, number: int) -> tuple[subprocess.CompletedProcess[str], list[int]]:
    """The command once a best plan is known and the signal was sent, to all its processes unless it kills."""
    load_book(tmp_path, with_futures(risk_weight=0.5))  # which takes MPI
    words = ["solve", "book.xlsx", "--joint", "--decompose", "--jobs", "2", "--gap", "0", "--no-values", "--out", "run"]
    command = [sys.executable, "-c", SIGNALLED, str(int(number)), *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    return done, [int(process) for process in done.stdout.splitlines()[0].split()]


@pytest.mark.slow
@mpi
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes in /proc")
def test_a_signal_to_all_processes_keeps_the_best_plan(tmp_path: Path):
    """As a batch system sends it when the time is up: to mpiexec and the ranks as well."""
    done, _ = _signalled(tmp_path, signal.SIGTERM)
    assert done.returncode == 0, done.stderr
    assert "Stopping with the best plan so far" in done.stderr
    assert (tmp_path / "run" / "plan.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx", "run"]


@pytest.mark.slow
@mpi
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes in /proc")
def test_processes_of_a_killed_command_end_and_the_next_removes_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done, ranks = _signalled(tmp_path, signal.SIGKILL)
    assert done.returncode == -signal.SIGKILL
    assert len(ranks) > 2
    until = time.monotonic() + 30
    while any(b"decomposition" in _command(process) for process in ranks) and time.monotonic() < until:
        time.sleep(0.2)
    assert not any(b"decomposition" in _command(process) for process in ranks)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch():
        assert len(list(tmp_path.glob("lodestone-*"))) == 1  # its own
    assert list(tmp_path.glob("lodestone-*")) == []


def _under_mpiexec(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        launch.mpiexec(),
        "-n",
        "2",
        sys.executable,
        "-c",
        "from lodestone.commands import main; main()",
        *arguments,
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "model")}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@mpi
def test_the_command_runs_under_the_users_mpiexec(tmp_path: Path):
    load_book(tmp_path, with_futures())
    out = tmp_path / "run"
    done = _under_mpiexec(
        "solve", str(tmp_path / "book.xlsx"), "--joint", "--decompose", "--gap", "0.01", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Expected cost") == 1  # one of them speaks
    assert (out / "plan.json").exists()
    assert not (ROOT / "hub.log").exists()  # which mpi-sppy writes where it is imported


@pytest.mark.slow
@mpi
def test_a_workbook_with_a_problem_ends_all_processes(tmp_path: Path):
    done = _under_mpiexec("solve", str(tmp_path / "none.xlsx"), "--joint", "--decompose")
    assert done.returncode == 2
    assert done.stderr.count("does not exist") == 1


# --- what is said when it cannot be done ------------------------------------------------------------------------------


def test_the_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'needs mpisppy and mpi4py: pip install "lodestone\[mpi\]"'):
        solve_decomposed(read(with_futures()))


def test_mpiexec_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launch, "find_spec", lambda name: object())
    monkeypatch.setattr(launch.shutil, "which", lambda *args, **kwargs: None)
    with pytest.raises(UsageError, match="needs mpiexec"):
        solve_decomposed(read(with_futures()))


def test_futures_that_share_no_year_are_not_hedged():
    book = crisis()
    future(book, "embargo", 0.5, FIRST, "Lanes", "China/*/*", value=0, from_year=LAST)
    with pytest.raises(UsageError, match="share nothing"):
        solve_decomposed(read(book))


def test_processes_come_in_pairs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert number_of_processes(None, 4) == 6
    assert number_of_processes(None, 2) == 4  # two for each future
    assert number_of_processes(8, 4) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert number_of_processes(None, 4) == 2
    with pytest.raises(UsageError, match="even"):
        number_of_processes(3, 4)
    with pytest.raises(UsageError, match="4 futures keep at most 8"):
        number_of_processes(10, 4)
