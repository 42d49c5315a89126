"""Processes that tests start, and runs that are cut short."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.make import Book
from tests.solving import add, home

from lodestone.plan.plan import Plan
from lodestone.plan.run_files import read_run
from lodestone.runs.verify import holds, verify
from lodestone.studies.parallel.tasks import attempt

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "model")}
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


FULL = """
import os, resource, signal, sys
# Pyomo makes a semaphore when it and multiprocessing are loaded, which is a file to this limit and not to a disk
import lodestone.solve.one_scenario, lodestone.studies.parallel.workers
from lodestone.commands import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), most))
sys.argv[1:] = sys.argv[2:]
os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # workers stay on the full disk to their end
try:
    main()
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # who measures coverage writes its file now
"""


def hard() -> Book:
    """Public projects at a capex of nearly their capacity: no solver proves soon which of them serve a demand best."""
    capacities = [2 * (500_000 + 7919 * i * i % 99_991) for i in range(34)]
    book = home(demand=sum(capacities) // 2 // 2 * 2 + 1, shortage=1_000_000)
    for i, capacity in enumerate(capacities):
        add(book, "Processes", process=f"make_{i}", material="oxide", t_per_t=1)
        add(
            book, "Projects", project=f"p{i}", region="Home", process=f"make_{i}", funding="public",
            capacity_t_per_yr=capacity, capex_musd=capacity / 1e3 + 0.001 * (i % 7), life_years=1,
        )  # fmt: skip
    return book


def proved_but_for_a_gap(run: Path) -> Plan:
    plan = read_run(run)
    assert plan.status == "feasible"
    assert plan.gap > 0
    assert plan.bound_musd < plan.objective_musd
    assert plan.audit
    assert all(line["ok"] for line in plan.audit)
    assert holds(verify(run))
    return plan


def below(process: int) -> list[int]:
    """Its children, and theirs."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [process]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return sorted(found[1:])


def in_this_process(tasks: Sequence[Any], *_: Any) -> list[Any]:
    return [attempt(lambda task=task: task.run(lambda news: None, lambda: False)) for task in tasks]
