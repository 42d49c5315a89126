"""What planning costs besides the solver, by size and by way: `python -m benchmarks planning`.

Workbooks are generated from toy to a million flow variables. The smaller ones are solved from file to files; models
are taken to HiGHS on several ways: this project, Pyomo's two own interfaces, a bare highspy script with the finished
matrix, and the same network in linopy, in PyPSA and in plain Pyomo. Every measurement is a process of its own; ways
take turns, so that what else the machine does falls on all of them; medians are kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import everyday, textbook
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
    "pypsa": "same network, PyPSA",
    "textbook": "same network, textbook",
}

Answer = dict[str, Any]
Row = Mapping[str, Any]


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
COMMANDS = "commands"
SAME = 1e-6  # of the cost: ways that end further apart say different things
CASES = (
    Case("toy", Size(4, 2, 4), ways=tuple(WORDS)),
    Case("small network", Size(10, 5, 5), ways=tuple(WORDS)),
    Case("small plan", Size(8, 4, 6, projects=8), runs=1, ways=("lodestone",)),
    Case("small plan, 3 scenarios", Size(6, 3, 6, projects=6, scenarios=3), runs=1),
    Case("middle plan", Size(10, 5, 7, projects=16), gap=1e-3, runs=1, ways=("lodestone",)),
    Case("20,000 variables", Size(8, 8, 8), ways=tuple(WORDS)),
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


def tables(
    folder: Path, quick: bool, only: Sequence[str], runs: int, tell: Callable[[str], None]
) -> dict[str, list[Row]]:
    """Everything, or the cases whose name contains one of these words; `commands` are those of every day."""
    cases = [c for c in (QUICK if quick else CASES) if not only or any(part in c.name for part in only)]
    wholes, sides = measure([replace(case, runs=min(case.runs, runs)) for case in cases], folder, tell)
    daily: list[Row] = []
    if not only or COMMANDS in only:
        daily += everyday.commands(folder, 1 if quick else runs, None if quick else "0.05", tell)
        daily.append(everyday.lanes(folder, Size(4, 2, 2) if quick else Size(58, 20, 5), tell))
        daily.append(everyday.flows(folder, 100 if quick else 200_000, tell))
    found = {
        "by_size": [by_size(case, answer) for case, answer in wholes],
        "ways": [row for case, answers in sides for row in by_way(case, answers)],
        "commands": daily,
    }
    return {name: rows for name, rows in found.items() if rows}


def by_size(case: Case, a: Answer) -> Row:
    """A size from file to files, by the clock."""
    s, seconds, stages = case.size, a["seconds"], a["stages"]
    return {
        "size": case.name, "dimensions": f"{s.regions} x {s.minerals} x {s.years}", "projects": s.projects,
        "futures": s.scenarios + 1, "flows": a.get("flows"), "rows": a["rows"], "columns": a["columns"],
        "nonzeros": a["nonzeros"], "read_s": seconds["read"][WALL], "build_s": stages["build"],
        "load_s": stages["load"], "highs_s": seconds["highs"][WALL],
        "other_s": seconds["plan"][WALL] - stages["build"] - stages["load"], "write_s": seconds["write"][WALL],
        "peak_mb": a["peak_mb"], "root_gap": a.get("root_gap"), "nodes": a.get("nodes"),
    }  # fmt: skip


def by_way(case: Case, answers: dict[str, Answer]) -> list[Row]:
    """A size on each way, CPU seconds. Raises ValueError where two ways end at different optima."""
    own = outside(answers["lodestone"], CPU)
    costs = {way: a["objective"] for way, a in answers.items() if a["objective"] is not None}
    best = min(costs.values(), default=0.0)
    if any(cost - best > (SAME + case.gap * bool(case.size.projects)) * abs(best) for cost in costs.values()):
        raise ValueError(f"{case.name}: the ways end at different optima, so nothing can be compared: {costs}")
    rows: list[Row] = []
    for way, a in answers.items():
        spent = {f"{s}_s": a["seconds"][s][CPU] for s in OUTSIDE if s in a["seconds"]}
        if a["objective"] is None:
            spent.pop("back_s", None)
        cpu = outside(a, CPU)
        rows.append(
            {"size": case.name, "way": WORDS[way], "rows": a.get("rows"), "columns": a.get("columns"), **spent,
             "clock_s": outside(a, WALL), "cpu_s": cpu, "ratio": cpu / own, "peak_mb": a["peak_mb"],
             "cost_musd": a["objective"]}
        )  # fmt: skip
    return rows


def against_textbook(workbook: Path, folder: Path, time_limit: float, tell: Callable[[str], None]) -> list[Row]:
    """A workbook in this project and as a textbook would model it: size, build and load, and what HiGHS took."""
    setup = {"workbook": str(workbook.resolve()), "folder": str(folder), "gap": 0.01, "time_limit": time_limit,
             "paid": "operating_cost"}  # fmt: skip
    rules = (ROOT / "model" / "lodestone" / "rules").glob("*.py")
    files = {"lodestone": list(rules), "textbook": [Path(textbook.__file__)]}
    rows: list[Row] = []
    for way, name in {"lodestone": "this project", "textbook": "textbook"}.items():
        tell(f"{workbook.stem}, {way}")
        a = _apart(way, setup)
        spent = {f"{stage}_s": a["seconds"][stage][CPU] for stage in ("build", "load", "highs")}
        rows.append(
            {"workbook": workbook.stem, "model": name,
             "lines": sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files[way]),
             **{part: a[part] for part in ("rows", "columns", "integers", "nonzeros", "peak_mb")}, **spent,
             "gap": a["gap"], "cost_musd": a["objective"]}
        )  # fmt: skip
    return rows
