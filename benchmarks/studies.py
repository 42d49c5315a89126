"""What studies of many solves take, and what parallel gives: `python -m benchmarks studies`.

Seconds, CPU seconds of all processes, and ratios, each within one call on one machine:

- attack: any one or two of twelve threats, 78 combinations, in one process and in two;
- a frontier of twelve points in one command, in one process and in two, against a `solve` command for each point. Some
  of the commands are run (the first, the last and points between), and their mean stands for the rest;
- the same points in one loaded model, each started from the one before, against each solved from nothing;
- tornado: every group of figures looked at, the leaders solved again, in one process and in two;
- ranges: the least and the most of every figure of a plan, its decisions held; it has one process only;
- eight equal scenarios in two processes against one.

Without --workbook a generated one of middle size, which takes minutes; the tutorial takes seconds, the real ones hours.
A workbook without threats gets twelve: each plant and market in turn halved in a year.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from benchmarks.generate import Size, write_book
from lodestone.solve.one_scenario import scenario_data
from lodestone.studies.frontier.moved_caps import Move
from lodestone.studies.frontier.trace import scales, trace
from lodestone.workbook.inputs import load

ROOT = Path(__file__).parents[1]
POINTS, THREATS, SCENARIOS = 12, 12, 8
GENERATED, WIDE = Size(6, 3, 6, projects=6), Size(17, 5, 1)
STUDIES = ("attack", "frontier", "tornado", "ranges", "scenarios")
SOURCES = {"Plants": "process", "Demand": "material", "Lanes": "from_region", "Prices": "material"}
JOBS = (1, 2)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Bench:
    """What is measured with what: the workbook, a folder to write in, the gap, and whom to tell."""

    workbook: Path
    folder: Path
    gap: str
    tell: Callable[[str], None]

    def run(self, *arguments: str) -> tuple[float, float]:
        """Seconds by the clock of a command of Lodestone, and CPU seconds of all its processes."""
        self.tell(" ".join(arguments))
        command = [sys.executable, "-c", "from lodestone.commands import main; main()", *arguments, "--quiet"]
        began, before = time.perf_counter(), _cpu()
        subprocess.run(command, cwd=self.folder, env={**os.environ, "PYTHONPATH": str(ROOT / "model")}, check=True)
        return time.perf_counter() - began, _cpu() - before

    def found(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / name).read_text(encoding="utf-8")))


def _cpu() -> float:
    """Of processes that have ended, and those that they waited for."""
    used = os.times()
    return used.children_user + used.children_system


def generated(folder: Path) -> Path:
    """The workbook of middle size, with sources, so that its figures fall into fifty groups."""
    path = write_book(GENERATED, folder / "generated.xlsx")
    book = load_workbook(path)
    for name, column in SOURCES.items():
        sheet = book[name]
        heads = [cell.value for cell in sheet[1]]
        for i, row in enumerate(sheet.iter_rows(values_only=True), 1):
            said = "source" if i == 1 else f"invented: {row[heads.index(column)]}"
            sheet.cell(i, len(heads) + 1, said)
    book.save(path)
    return path


def threatened(workbook: Path, folder: Path) -> Path:
    """The workbook, or a copy with twelve threats where it has none."""
    inputs = load(workbook)
    inputs.require_valid()
    data = scenario_data(inputs)
    scenarios = inputs.tables().records.get("Scenarios", {}).values()
    if any(record.values.get("threat") for record in scenarios):
        return workbook
    suppliers = [*(("Plants", u) for u in data.plants), *(("Markets", v) for v in data.markets)]
    lost = list(islice(product(data.years, suppliers), THREATS))
    assert len(lost) == THREATS, "too few suppliers and years for twelve threats"
    book = load_workbook(workbook)
    for i, (year, (sheet, supplier)) in enumerate(lost, 1):
        _append(book, "Scenarios", {"scenario": f"threat_{i}", "from_year": year, "threat": "yes"})
        change = {"sheet": sheet, "row": supplier, "column": "years", "from_year": year, "to_year": year}
        _append(book, "Changes", {"scenario": f"threat_{i}", **change, "operation": "multiply", "value": 0.5})
    path = folder / f"{workbook.stem} threatened.xlsx"
    book.save(path)
    return path


def _append(book: Workbook, name: str, values: Mapping[str, Any]) -> None:
    """A row at the end of a sheet; sheets and columns that are missing are made."""
    sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
    heads = [cell.value for cell in sheet[1]] if sheet.max_row else []
    for column in values:
        if column not in heads:
            heads = [head for head in heads if head is not None] + [column]
            sheet.cell(1, len(heads), column)
    row = next(i for i in range(2, sheet.max_row + 2) if sheet.cell(i, 1).value is None)
    for column, value in values.items():
        sheet.cell(row, heads.index(column) + 1, value)


def measure(bench: Bench, end: float, commands: int, name: str, only: Sequence[str]) -> list[Row]:
    """All studies, or those named. end: factor on the shares at the last point of the frontier; name: of the workbook.

    Figures of a plan are few in the generated workbook, so ranges are sought in a wide one too.
    """
    asked = set(only or STUDIES)
    attacked = threatened(bench.workbook, bench.folder)
    rows: list[Row] = []
    if asked & {"attack", "ranges"}:
        bench.run("solve", str(attacked), "--gap", bench.gap, "--out", "run")
    if "attack" in asked:
        rows += _attack(bench, attacked)
    if "frontier" in asked:
        rows += [*_frontier(bench, end, commands), _point_to_point(bench, end)]
    if "tornado" in asked:
        rows += _tornado(bench)
    if "ranges" in asked:
        rows += _ranges(bench, "run")
    if "scenarios" in asked:
        rows += _equal_scenarios(bench)
    rows = [{"workbook": name, **row} for row in rows]
    if "ranges" in asked and name == "generated":
        wide = write_book(WIDE, bench.folder / "wide.xlsx")
        bench.run("solve", str(wide), "--gap", bench.gap, "--out", "wide")
        rows += [{"workbook": "generated, wide", **row} for row in _ranges(bench, "wide")]
    return rows


def _side_by_side(study: str, bench: Bench, *arguments: str) -> list[dict[str, Any]]:
    """The same study in one process, then in two."""
    rows: list[dict[str, Any]] = []
    for jobs in JOBS:
        seconds, cpu = bench.run(*arguments, "--jobs", str(jobs), "--out", f"{study}-{jobs}.xlsx")
        rows.append({"study": study, "jobs": jobs, "seconds": seconds, "cpu_s": cpu})
    first, second = rows
    second |= _held_against(second, "one process", first["seconds"], first["cpu_s"])
    return rows


def _held_against(row: Row, what: str, seconds: float, cpu: float) -> dict[str, Any]:
    ratios = {"ratio": row["seconds"] / seconds, "cpu_ratio": row["cpu_s"] / cpu}
    return {"against": what, "against_s": seconds, "against_cpu_s": cpu, **ratios}


def _counted(rows: Sequence[dict[str, Any]], count: int, solved: int | None = None) -> list[Row]:
    return [{**row, "count": count, "solved": solved} for row in rows]


def _attack(bench: Bench, attacked: Path) -> list[Row]:
    rows = _side_by_side("attack", bench, "attack", str(attacked), "run", "--k", "2")
    found = bench.found("attack-1.json")
    return _counted(rows, len(found["blows"]) + found["skipped"], len(found["blows"]))


def _frontier(bench: Bench, end: float, commands: int) -> list[Row]:
    steps = POINTS - 1
    span = ("--from", "1", "--to", str(end), "--steps", str(steps))
    rows = _side_by_side("frontier", bench, "frontier", str(bench.workbook), *span, "--gap", bench.gap)
    for jobs in JOBS:
        points = bench.found(f"frontier-{jobs}.json")["points"]
        assert len(points) == POINTS
        assert all(p["gap"] is not None and p["gap"] <= float(bench.gap) for p in points), "a point is not proved"
    from_year = bench.found("frontier-1.json")["from_year"]
    factors = [1 + (end - 1) * round(i * steps / (commands - 1)) / steps for i in range(commands)]
    apart = [bench.run("solve", str(_scaled(bench, f, from_year)), "--gap", bench.gap) for f in factors]
    alone, cpu = (POINTS * sum(column) / commands for column in zip(*apart, strict=True))
    words = f"{POINTS} solve commands ({commands} run)"
    return _counted([row | _held_against(row, words, alone, cpu) for row in rows], POINTS)


def _scaled(bench: Bench, factor: float, from_year: int | None) -> Path:
    """A copy of the workbook with the allowed shares times a factor, from the year on that the frontier moves."""
    book = load_workbook(bench.workbook)
    sheet = book["ChinaShare"]
    years = [cell.column for cell in sheet[1] if isinstance(cell.value, int) and cell.value >= (from_year or 0)]
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if cell.column in years and isinstance(cell.value, int | float):
                cell.value = cell.value * factor
    path = bench.folder / "scaled.xlsx"
    book.save(path)
    return path


def _point_to_point(bench: Bench, end: float) -> Row:
    data = scenario_data(load(bench.workbook))
    move = Move(from_year=bench.found("frontier-1.json")["from_year"])
    took = []
    for warm in (False, True):
        bench.tell(f"frontier in one model, {'from the point before' if warm else 'each from nothing'}")
        began, before = time.perf_counter(), time.process_time()
        trace(data, scales(1, end, POINTS - 1), move, least=False, gap=float(bench.gap), warm=warm)
        took.append((time.perf_counter() - began, time.process_time() - before))
    cold, (seconds, cpu) = took
    row = {"study": "frontier from point to point", "count": POINTS, "jobs": 1, "seconds": seconds, "cpu_s": cpu}
    return row | _held_against(row, "each point from nothing", *cold)


def _tornado(bench: Bench) -> list[Row]:
    rows = _side_by_side("tornado", bench, "tornado", str(bench.workbook), "--gap", bench.gap)
    bars = bench.found("tornado-1.json")["bars"]
    return _counted(rows, len(bars), sum(bar["low"]["solved"] or bar["high"]["solved"] for bar in bars))


def _ranges(bench: Bench, run: str) -> list[Row]:
    """With decisions held; those with decisions free take the time that they are given, which is none."""
    seconds, cpu = bench.run("ranges", run, "--within", "0.5%", "--time-limit", "0.001", "--out", "ranges.xlsx")
    row = {"study": "ranges", "jobs": 1, "seconds": seconds, "cpu_s": cpu}
    held = [found for found in bench.found("ranges.json")["ranges"] if found["decisions"] == "held"]
    return _counted([row], len(held))


def _equal_scenarios(bench: Bench) -> list[Row]:
    """A copy of the workbook in which every scenario but the base is the base under another name."""
    book = load_workbook(bench.workbook)
    for sheet in ("Scenarios", "Changes"):
        if sheet in book.sheetnames:
            book[sheet].delete_rows(2, book[sheet].max_row)
    for i in range(1, SCENARIOS):
        _append(book, "Scenarios", {"scenario": f"copy_{i}"})
    path = bench.folder / "equal.xlsx"
    book.save(path)
    rows = _side_by_side("equal scenarios", bench, "solve", str(path), "--all-scenarios", "--gap", bench.gap)
    return _counted(rows, SCENARIOS)
