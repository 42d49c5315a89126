"""Thousands of workbooks spoilt at random, each through the whole command: does it end in a plan or in a reason?

    python -m benchmarks.fuzz --count 2000 --seed 1 [--jobs 2]

Every workbook must end with exit code 0 and a plan that passes the audit once more, as read from its file; or 2, with a
message that names a cell, a sheet or an option, and nothing written; or 3, with an explanation; or 4 when time was up.
Never with a traceback, never with half of a run. Where it is known what a change does to the plan, that is held against
it (`benchmarks.mutate`). What fails is printed with its seed and kept in the folder --keep.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType

import click
from click.testing import CliRunner
from openpyxl import load_workbook

from benchmarks.mutate import SAME, WRONG, Mutated, bases, mutate
from lodestone.audit import audit
from lodestone.commands import main as lodestone
from lodestone.plan.run_files import plan_book, read_run
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import load
from lodestone.workbook.schema.sheets import SHEETS

GAP = 1e-6
SECONDS = 10  # the time limit of a solve
HANGS = 180  # seconds after which a run counts as hanging
NAMED = re.compile(r"!\$?[A-Z]{1,3}\$?[0-9]+\b|\b(?:" + "|".join(SHEETS) + r")\b|\.xlsx")


@dataclass(frozen=True)
class Verdict:
    """fault: what must not happen, in words; empty if all is well."""

    seed: int
    mutated: Mutated
    exit_code: int
    fault: str


def judge(seed: int, keep: Path | None = None) -> Verdict:
    """Spoil a workbook, solve it, and look at what is left."""
    luck = random.Random(seed)
    base = luck.choice(bases())
    with tempfile.TemporaryDirectory() as folder:
        path, run = Path(folder, "book.xlsx"), Path(folder, "run")
        mutated = mutate(base, luck, path)
        done = CliRunner().invoke(
            lodestone,
            ["solve", str(path), "--out", str(run), "--gap", str(GAP), "--time-limit", str(SECONDS), "--json"],
        )
        fault = _fault(base.name, mutated, done.exit_code, done.output, done.exception, run)
        if fault and keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, keep / f"{seed}.xlsx")
    return Verdict(seed, mutated, done.exit_code, fault)


def _fault(base: str, mutated: Mutated, code: int, output: str, error: BaseException | None, run: Path) -> str:
    if error is not None and not isinstance(error, SystemExit):
        return f"raised {type(error).__name__}: {error}"
    left = sorted(p.name for p in run.parent.iterdir() if p.name not in ("book.xlsx", run.name))
    if left:
        return f"left {left}"
    if code == 0:
        return _fault_of_plan(base, mutated, run)
    said = json.loads(output)
    if mutated.expected == SAME:
        return f"exit {code} after changes that change nothing: {_first(said)}"
    if code == 2:
        if run.exists():
            return "a folder beside an exit code of 2"
        problems = said.get("problems", [])  # a sheet that is not known stands for itself
        named = [problem["cell"] for problem in problems if problem["cell"] != problem["found"]]
        named += [] if problems else [said["error"]]
        return "" if all(NAMED.search(text) or text in SHEETS for text in named) else f"names no cell: {_first(said)}"
    if mutated.expected == WRONG:
        return f"exit {code} although a cell is wrong"
    if code == 3:
        there = sorted(p.name for p in run.iterdir()) if run.exists() else []
        return "" if there == ["explanation.json", "explanation.xlsx"] else f"no plan and no explanation but {there}"
    if code == 4:
        return "" if "time limit" in said["error"] or "without limit" in said["error"] else f"stopped: {said['error']}"
    return f"exit {code}: {output}"


def _first(said: dict[str, object]) -> str:
    problems = said.get("problems")
    return str(problems[0] if isinstance(problems, list) and problems else said.get("error"))


def _fault_of_plan(base: str, mutated: Mutated, run: Path) -> str:
    if mutated.expected == WRONG:
        return "a plan although a cell is wrong"
    plan = read_run(run)
    inputs = load(run.parent / "book.xlsx")
    findings = audit(plan_data(inputs.tables(), inputs.tables()), plan.document()).findings
    if findings:
        return f"the plan fails its audit: {findings[0]}"
    load_workbook(plan_book(run), read_only=True).close()
    if mutated.expected == SAME and plan.status == "optimal":
        expected = _objective(base)
        if abs(plan.objective_musd - expected) > 4 * GAP * abs(expected) + 1e-6:
            return f"another plan after changes that change nothing: {plan.objective_musd} and not {expected}"
    return ""


@cache
def _objective(name: str) -> float:
    """The least cost of the unspoilt workbook."""
    with tempfile.TemporaryDirectory() as folder:
        path, run = Path(folder, "book.xlsx"), Path(folder, "run")
        path.write_bytes(next(base.content for base in bases() if base.name == name))
        done = CliRunner().invoke(lodestone, ["solve", str(path), "--out", str(run), "--gap", str(GAP), "--quiet"])
        assert done.exit_code == 0, done.output
        return float(read_run(run).objective_musd)


def _watched(seed: int, keep: Path | None) -> Verdict:
    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {HANGS} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(HANGS)
    try:
        return judge(seed, keep)
    except TimeoutError as error:
        return Verdict(seed, Mutated("", (), ""), -1, str(error))
    finally:
        signal.alarm(0)


@click.command()
@click.option("--count", default=2000, show_default=True, help="Workbooks.")
@click.option("--seed", default=1, show_default=True, help="Of the first; others lead to other workbooks.")
@click.option("--jobs", default=2, show_default=True, help="Workbooks at a time.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the workbooks that fail.")
def main(count: int, seed: int, jobs: int, keep: Path | None) -> None:
    """Spoil workbooks at random and solve each; exit code 1 if one ends as it must not."""
    began = time.monotonic()
    codes: Counter[int] = Counter()
    faults = 0
    seeds = range(seed * 1_000_000, seed * 1_000_000 + count)
    with ProcessPoolExecutor(jobs) as pool:
        for number, verdict in enumerate(pool.map(_watched, seeds, [keep] * count), 1):
            codes[verdict.exit_code] += 1
            if verdict.fault:
                faults += 1
                mutated = verdict.mutated
                click.echo(f"seed {verdict.seed} ({mutated.base}: {'; '.join(mutated.what)}): {verdict.fault}")
            if number % 100 == 0:
                click.echo(f"{number}: {dict(sorted(codes.items()))}, {faults} faults")
    ends = ", ".join(f"{times} with exit code {code}" for code, times in sorted(codes.items()))
    click.echo(f"{count} workbooks in {time.monotonic() - began:.0f} s: {ends}; {faults} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
