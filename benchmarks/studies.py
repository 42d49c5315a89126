"""What studies of many solves gain: `python -m benchmarks.studies [--write]`.

Ratios, each within one run on the same machine:

- eight equal scenarios in two processes against one;
- a frontier of twelve points in one command, in one process and in two, against a `solve` command for each point. Some
  of the commands are run (the first, the last and points between), and their mean stands for the rest;
- the same points in one loaded model, each started from the one before, against each solved from nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
from openpyxl import load_workbook

from benchmarks.kept import keep
from lodestone.solve.one_scenario import scenario_data
from lodestone.studies.frontier.moved_caps import Move
from lodestone.studies.frontier.trace import scales, trace
from lodestone.workbook.inputs import load

ROOT = Path(__file__).parents[1]
POINTS = 12


def seconds(folder: str, *arguments: str) -> float:
    """Wall time of a command of Lodestone, start-up included."""
    began = time.perf_counter()
    command = [sys.executable, "-c", "from lodestone.commands import main; main()", *arguments, "--quiet"]
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(ROOT / "model"), "PATH": ""}, check=True)
    return time.perf_counter() - began


def equal_scenarios(workbook: Path, folder: str, count: int = 8) -> Path:
    """A copy of a workbook in which every scenario but the base is the base under another name."""
    book = load_workbook(workbook)
    for sheet in ("Scenarios", "Changes"):
        book[sheet].delete_rows(2, book[sheet].max_row)
    for i in range(1, count):
        book["Scenarios"].append([f"copy_{i}"])
    path = Path(folder, "equal.xlsx")
    book.save(path)
    return path


def parallel(workbook: Path, folder: str, gap: str) -> list[str]:
    path = str(equal_scenarios(workbook, folder))
    one, two = (seconds(folder, "solve", path, "--all-scenarios", "--gap", gap, "--jobs", jobs) for jobs in "12")
    return ["8 equal scenarios, two processes against one", f"{one:.0f}", f"{two:.0f}", f"{one / two:.2f}"]


def scaled(workbook: Path, folder: str, factor: float) -> Path:
    """A copy of a workbook with every allowed share times a factor."""
    book = load_workbook(workbook)
    sheet = book["ChinaShare"]
    years = [cell.column for cell in sheet[1] if isinstance(cell.value, int)]
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if cell.column in years and isinstance(cell.value, int | float):
                cell.value = cell.value * factor
    path = Path(folder, "scaled.xlsx")
    book.save(path)
    return path


def frontier(workbook: Path, folder: str, end: float, gap: str, commands: int) -> list[list[str]]:
    steps = POINTS - 1
    span = ("--from", "1", "--to", str(end), "--steps", str(steps))
    together = {}
    for jobs in ("1", "2"):
        there = f"frontier-{jobs}"
        together[jobs] = seconds(
            folder, "frontier", str(workbook), *span, "--gap", gap, "--jobs", jobs, "--out", f"{there}.xlsx"
        )
        points = json.loads(Path(folder, f"{there}.json").read_text(encoding="utf-8"))["points"]
        assert len(points) == POINTS
        assert all(point["gap"] is not None and point["gap"] <= float(gap) for point in points), "a point is not proved"
    factors = [1 + (end - 1) * round(i * steps / (commands - 1)) / steps for i in range(commands)]
    apart = [seconds(folder, "solve", str(scaled(workbook, folder, f)), "--gap", gap) for f in factors]
    alone = POINTS * sum(apart) / commands
    label = f"12 points of a frontier against 12 solve commands ({commands} of them run)"
    return [
        [f"{label}, {words}", f"{alone:.0f}", f"{together[jobs]:.0f}", f"{alone / together[jobs]:.2f}"]
        for jobs, words in (("1", "one process"), ("2", "two processes"))
    ]


def warm_starts(workbook: Path, end: float, gap: str) -> list[str]:
    data = scenario_data(load(workbook))
    took = []
    for warm in (False, True):
        began = time.perf_counter()
        trace(data, scales(1, end, POINTS - 1), Move(), least=False, gap=float(gap), warm=warm)
        took.append(time.perf_counter() - began)
    cold, warmed = took
    label = "12 points in one loaded model, cold against started from the point before"
    return [label, f"{cold:.0f}", f"{warmed:.0f}", f"{cold / warmed:.2f}"]


@click.command()
@click.option("--workbook", type=click.Path(path_type=Path), default=ROOT / "inputs" / "rare_earth_magnets.xlsx")
@click.option("--to", "end", default=0.8, show_default=True, help="Factor on the shares at the last point.")
@click.option("--gap", default="0.002", show_default=True)
@click.option("--commands", default=3, show_default=True, help="Solve commands that are run, of the twelve.")
@click.option("--write", is_flag=True, help="Keep the table in benchmarks/results, by version and machine.")
def main(workbook: Path, end: float, gap: str, commands: int, write: bool) -> None:
    """Measure what parallel solves and warm starts gain."""
    with tempfile.TemporaryDirectory() as folder:
        rows: Sequence[list[str]] = [
            parallel(workbook.resolve(), folder, gap),
            *frontier(workbook.resolve(), folder, end, gap, commands),
            warm_starts(workbook.resolve(), end, gap),
        ]
    head = ["what", "apart, s", "together, s", "ratio"]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---", "--:", "--:", "--:"], *rows)]
    text = f"# Studies\n\n`python -m benchmarks.studies`: {workbook.stem}, gap {gap}.\n\n" + "\n".join(lines) + "\n"
    click.echo(text)
    if write:
        click.echo(f"kept in {keep('studies', text)}", err=True)


if __name__ == "__main__":
    main()
