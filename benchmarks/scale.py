"""What every size and every way costs: processes of their own, turn and turn about, and medians of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.generate import Size, write_book

ROOT = Path(__file__).parents[1]
WALL, CPU = 0, 1
OUTSIDE = ("build", "load", "back")  # all that is not HiGHS, from data to values in the model
WORDS = {
    "lodestone": "this project",
    "appsi": "same model, appsi_highs",
    "contrib": "same model, contrib.solver HiGHS",
    "bare": "same matrix, bare highspy",
    "linopy": "same network, linopy",
}

Answer = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A size, how far it is solved, and how often it is measured. time_limit 0: handed over, not solved."""

    name: str
    size: Size
    time_limit: float = 600.0
    gap: float = 1e-4
    runs: int = 3
    ways: tuple[str, ...] = ()  # compared side by side
    whole: bool = True  # solved from file to files too


QUICK = (Case("toy", Size(3, 1, 2), runs=1, ways=tuple(WORDS)),)
CASES = (
    Case("toy", Size(4, 2, 4), ways=tuple(WORDS)),
    Case("small network", Size(10, 5, 5), ways=tuple(WORDS)),
    Case("small plan", Size(8, 4, 6, projects=8), runs=1, ways=("lodestone",)),
    Case("small plan, 3 scenarios", Size(6, 3, 6, projects=6, scenarios=3), runs=1),
    Case("middle plan", Size(10, 5, 7, projects=16), gap=1e-3, runs=1, ways=("lodestone",)),
    Case("200,000 variables", Size(20, 10, 10), ways=tuple(WORDS)),
    Case("500,000 variables", Size(31, 10, 10), time_limit=0.0, ways=("lodestone", "linopy"), whole=False),
    Case("1,000,000 variables", Size(45, 10, 10), time_limit=0.0,
         ways=("lodestone", "appsi", "bare", "linopy"), whole=False),
)  # fmt: skip


def measure(
    cases: Iterable[Case], folder: Path, tell: Callable[[str], None]
) -> tuple[list[tuple[Case, Answer]], list[tuple[Case, dict[str, Answer]]]]:
    """(case, its solve from file to files), and (case, answer by way), of all that are measured so."""
    wholes, sides = [], []
    for case in cases:
        workbook = write_book(case.size, folder / "generated.xlsx")
        setup = {"workbook": str(workbook), "folder": str(folder), "gap": case.gap, "time_limit": case.time_limit}
        answers: dict[str, list[Answer]] = {way: [] for way in (*case.ways, *(["whole"] if case.whole else []))}
        for run in range(case.runs):
            for way, found in answers.items():
                tell(f"{case.name}, {way}, run {run + 1} of {case.runs}")
                found.append(_apart(way, setup))
        medians = {way: _median(found) for way, found in answers.items()}
        if case.whole:
            wholes.append((case, medians.pop("whole") | _tree_of(medians)))
        if medians:
            sides.append((case, medians))
    return wholes, sides


def _tree_of(medians: dict[str, Answer]) -> Answer:
    """What only the way of this project tells: flow variables, root gap and nodes."""
    own = medians.get("lodestone", {})
    return {name: own[name] for name in ("flows", "root_gap", "nodes") if name in own}


def _apart(way: str, setup: dict[str, Any]) -> Answer:
    command = [sys.executable, "-m", "benchmarks.contend", way, json.dumps(setup)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _median(answers: Sequence[Answer]) -> Answer:
    """The first answer, with the medians of what is measured."""
    stages = answers[0]["seconds"]
    seconds = {s: [median(a["seconds"][s][clock] for a in answers) for clock in (WALL, CPU)] for s in stages}
    return answers[0] | {"seconds": seconds, "peak_mb": median(a["peak_mb"] for a in answers)}


def outside(answer: Answer, clock: int) -> float:
    """Seconds from data to values in the model, HiGHS's own left out."""
    return float(sum(answer["seconds"].get(stage, [0.0, 0.0])[clock] for stage in OUTSIDE))
