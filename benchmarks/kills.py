"""Runs killed at random moments (kill -9): is what stands in their folder always one whole plan, the old or the new?

    python -m benchmarks.kills --count 120 --seed 1

Half of the kills come at any moment of a solve, half while its files are written. POSIX only: the runs are forks.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
from openpyxl import load_workbook

import lodestone.report.plan.run_folder as run_folders
import lodestone.solve.all_futures  # noqa: F401  loaded once, before the forks
from lodestone.commands import main as command
from lodestone.plan.plan_json import fingerprint
from lodestone.plan.run_files import HISTORY, plan_book, read_run

ROOT = Path(__file__).resolve().parents[1]
OLD, NEW = "the old plan", "the new plan"


def kills(count: int, seed: int, folder: Path, workbook: Path = ROOT / "inputs" / "tutorial.xlsx") -> Counter[str]:
    """How many kills left the plan before, how many the one that was on its way. Raises AssertionError for a third."""
    luck = random.Random(seed)
    run = folder / "run"
    began = time.monotonic()
    whole, writing = _run(workbook, run, "plan 0"), _Pipe()
    seconds = time.monotonic() - began
    assert whole == 0
    before, ends = "plan 0", Counter[str]()
    for number in range(1, count + 1):
        name = f"plan {number}"
        in_write = number % 2 == 0
        child = os.fork()
        if child == 0:
            os._exit(_solve(workbook, run, name, writing if in_write else None))
        if in_write:
            writing.wait()
        time.sleep(luck.uniform(0, 0.4 * seconds if in_write else seconds))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        found = _whole_plan(run)
        assert found in (before, name), f"kill {number} left {found}"
        ended = "after its end" if os.WIFEXITED(status) else "in the write" if in_write else "at any moment"
        ends[f"{OLD if found == before else NEW}, killed {ended}"] += 1
        before = found
    assert _run(workbook, run, "the last plan") == 0
    assert _whole_plan(run) == "the last plan"
    left = sorted(p.name for p in folder.iterdir())
    assert left == ["run"], f"left over: {left}"
    return ends


class _Pipe:
    """A child says that it begins to write."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def say(self) -> None:
        os.write(self.writer, b"w")

    def wait(self) -> None:
        os.read(self.reader, 1)


def _run(workbook: Path, run: Path, name: str) -> int:
    child = os.fork()
    if child == 0:
        os._exit(_solve(workbook, run, name, None))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _solve(workbook: Path, run: Path, name: str, writing: _Pipe | None) -> int:
    if writing is not None:
        put_right = run_folders._put_right

        def told(folder: Path) -> None:
            writing.say()
            put_right(folder)

        run_folders._put_right = told
    try:
        command(["solve", str(workbook), "--out", str(run), "--set", f"Settings/plan_name={name}", "--quiet"])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 1


def _whole_plan(run: Path) -> str:
    """The name of the plan that stands there, every file of it readable and of one run."""
    plan = read_run(run)
    assert fingerprint(plan.document()) == plan.fingerprint, "plan.json is not what was written"
    names = {path.name for path in run.iterdir() if path.name != HISTORY}
    assert names == {"plan.json", plan_book(run).name, "run.log"}, names
    book = load_workbook(plan_book(run), read_only=True)
    shown = {cell for row in book["Summary"].iter_rows(values_only=True) for cell in row}
    book.close()
    assert plan.plan_name in shown, "its workbook is of another run"
    return str(plan.plan_name)


@click.command()
@click.option("--count", default=120, show_default=True, help="Kills.")
@click.option("--seed", default=1, show_default=True, help="Of the moments.")
def main(count: int, seed: int) -> None:
    """Kill runs at random moments, and look at what stands in their folder."""
    with tempfile.TemporaryDirectory() as folder:
        ends = kills(count, seed, Path(folder))
    for end, times in sorted(ends.items()):
        click.echo(f"{times:5} {end}")
    click.echo(f"{count} kills, every time one whole plan")


if __name__ == "__main__":
    main()
