"""What a planner waits for besides the solver: start-up, the example workbooks, and 200,000 rows in and out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.generate import Size, write_book

ROOT = Path(__file__).parents[1]

Row = Mapping[str, Any]

_WRITTEN = """
import json, sys, time
from pathlib import Path
from benchmarks.memory import peak_mb
from lodestone.plan.run_files import read_run
from lodestone.report.plan.run_folder import write_run
plan, count = read_run(Path(sys.argv[1])), int(sys.argv[2])
flows = plan.tables["flows"]
plan.tables["flows"] = [{**flows[i % len(flows)], "t": i + 1 / 7} for i in range(count)]
began = time.process_time()
write_run(plan, Path(sys.argv[1], "again"))
print(json.dumps([time.process_time() - began, peak_mb()]))
"""

_MEASURED = """
import json, resource, sys
from benchmarks.memory import peak_mb
watch = None
if "solve" in sys.argv:
    from benchmarks.contend import Stopwatch
    watch = Stopwatch()
from lodestone.commands import main
code = 0
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
used = resource.getrusage(resource.RUSAGE_SELF)
highs = watch.inside if watch else [0, 0]
print(json.dumps([used.ru_utime + used.ru_stime - highs[1], highs[1], peak_mb()]), file=sys.stderr)
sys.exit(code)
"""


def command(*arguments: str) -> tuple[float, float, float]:
    """CPU seconds of a command outside HiGHS and inside it, start-up included, and its peak memory in MB."""
    outside, inside, peak = json.loads(_python(_MEASURED, *arguments).stderr.splitlines()[-1])
    return outside, inside, peak


def _python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = [sys.executable, "-c", script, *arguments]
    return subprocess.run(process, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)


def commands(folder: Path, runs: int, gap: str | None, tell: Callable[[str], None]) -> list[Row]:
    """CPU seconds outside HiGHS and inside, and peak MB, of each. gap: of the real workbook; None leaves it out."""
    inputs, out = ROOT / "inputs", str(folder / "run")
    asked: dict[str, tuple[str, ...]] = {
        "lodestone --help": ("--help",),
        "lodestone check tutorial.xlsx": ("check", str(inputs / "tutorial.xlsx")),
        "lodestone solve tutorial.xlsx": ("solve", str(inputs / "tutorial.xlsx"), "--out", out, "--quiet"),
    }
    if gap is not None:
        real = ("solve", str(inputs / "rare_earth_magnets.xlsx"), "--gap", gap, "--out", out, "--quiet")
        asked[f"lodestone solve rare_earth_magnets.xlsx --gap {gap}"] = real
    rows: list[Row] = []
    for words, arguments in asked.items():
        tell(words)
        found = [command(*arguments) for _ in range(runs)]
        rows.append(_row(f"`{words}`", *map(median, zip(*found, strict=True))))
    return rows


def lanes(folder: Path, size: Size, tell: Callable[[str], None]) -> Row:
    """A workbook in which every lane is a row of its own, read and checked."""
    count = size.regions * (size.regions - 1) * 3 * size.minerals
    tell(f"{count:,} rows of Lanes")
    path = write_book(Size(size.regions, size.minerals, size.years, lane_rows=True), folder / "lanes.xlsx")
    return _row(f"`lodestone check`, {count:,} rows of Lanes", *command("check", str(path)))


def flows(folder: Path, count: int, tell: Callable[[str], None]) -> Row:
    """A plan of so many flows, written as plan.xlsx and plan.json."""
    tell(f"{count:,} flows")
    run = folder / "flows"
    command("solve", str(ROOT / "inputs" / "tutorial.xlsx"), "--out", str(run), "--quiet")
    used, peak = json.loads(_python(_WRITTEN, str(run), str(count)).stdout)
    return _row(f"a plan of {count:,} flows, written", used, 0.0, peak)


def _row(words: str, outside: float, inside: float, peak: float) -> Row:
    return {"command": words, "outside_s": outside, "highs_s": inside, "peak_mb": peak}
