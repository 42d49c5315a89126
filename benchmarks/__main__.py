"""What planning costs besides the solver: `python -m benchmarks [--quick] [--write]`.

Workbooks are generated from toy to a million flow variables. The smaller ones are solved from file to files, and models
are taken to HiGHS on five ways side by side: this project, Pyomo's two own interfaces, a bare highspy script with the
finished matrix, and linopy with the same network. Every measurement is a process of its own; ways take turns, so that
what else the machine does falls on all of them; CPU seconds are given beside the clock.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click

from benchmarks import everyday, scale
from benchmarks.generate import Size
from benchmarks.kept import keep
from benchmarks.scale import CPU, WALL, WORDS, Answer, Case


@click.command()
@click.option("--quick", is_flag=True, help="A toy size once, to see that everything runs.")
@click.option("--only", multiple=True, help="Only the cases whose name contains this, or 'commands'; repeatable.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="At most so many of each.")
@click.option("--write", is_flag=True, help="Keep the tables in benchmarks/results, by version and machine.")
def main(quick: bool, only: tuple[str, ...], runs: int, write: bool) -> None:
    """Measure reading, building, handing over, solving and writing, by size and by way."""

    def tell(what: str) -> None:
        click.echo(what, err=True)

    cases = [c for c in (scale.QUICK if quick else scale.CASES) if not only or any(part in c.name for part in only)]
    cases = [replace(case, runs=min(case.runs, runs)) for case in cases]
    daily: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wholes, sides = scale.measure(cases, folder, tell)
        if not only or "commands" in only:
            daily = everyday.commands(folder, 1 if quick else runs, "0.5" if quick else "0.05", tell)
            daily.append(everyday.lanes(folder, Size(4, 2, 2) if quick else Size(58, 20, 5), tell))
            daily.append(everyday.flows(folder, 100 if quick else 200_000, tell))
    text = report(wholes, sides, daily, runs)
    click.echo(text)
    if write:
        tell(f"kept in {keep('planning', text)}")


def report(
    wholes: Sequence[tuple[Case, Answer]],
    sides: Sequence[tuple[Case, dict[str, Answer]]],
    daily: Sequence[Sequence[str]],
    runs: int = 3,
) -> str:
    """The tables as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("pyomo", "highspy", "linopy", "numpy"))
    parts = [
        "# What planning costs besides the solver",
        f"`python -m benchmarks`: {platform.machine()}, {platform.system()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, {used}. Other work ran on the machine: compare within a table, CPU rather than"
        f" clock. Medians of {runs} runs, of one for plans.",
    ]
    if wholes:
        parts += ["## From file to files, by size", _table(WHOLE_HEAD, [_whole(case, a) for case, a in wholes])]
    if sides:
        parts += [
            "## The same model on five ways",
            "From data in memory to values in the model, HiGHS's own time left out; load is from the finished model to"
            " HiGHS; CPU seconds, but for the clock. The Pyomo model of the three Pyomo ways is built by the same code."
            " Where no values come back, HiGHS was given no time. linopy has as many variables, rows and non-zeros."
            " Ratios are of CPU seconds, this project = 1. The last column is the least cost that was found.",
            _table(SIDE_HEAD, [row for case, answers in sides for row in _side(case, answers)]),
        ]
    if daily:
        parts += [
            "## Commands, start-up included",
            _table(("command", "CPU s outside HiGHS", "CPU s in HiGHS", "peak MB"), daily),
        ]
    return "\n\n".join(parts) + "\n"


WHOLE_HEAD = ("size", "regions x minerals x years", "projects", "futures", "flow variables", "rows", "columns",
              "non-zeros", "read s", "build s", "load s", "HiGHS s", "other s", "write s", "peak MB", "root gap",
              "nodes")  # fmt: skip
SIDE_HEAD = ("size", "way", "columns", "build s", "load s", "back s", "clock s", "CPU s", "CPU ratio", "peak MB",
             "cost, MUSD")  # fmt: skip


def _whole(case: Case, a: Answer) -> list[str]:
    s, seconds = case.size, a["seconds"]
    stages = a["stages"]
    spent = {stage: stages[stage] for stage in ("build", "load")}
    other = seconds["plan"][WALL] - sum(spent.values())
    return [
        case.name, f"{s.regions} x {s.minerals} x {s.years}", str(s.projects), str(s.scenarios + 1),
        f"{a['flows']:,}" if "flows" in a else "", f"{a['rows']:,}", f"{a['columns']:,}", f"{a['nonzeros']:,}",
        f"{seconds['read'][WALL]:.2f}", f"{spent['build']:.2f}", f"{spent['load']:.2f}",
        f"{seconds['highs'][WALL]:.2f}", f"{other:.2f}", f"{seconds['write'][WALL]:.2f}", f"{a['peak_mb']:.0f}",
        f"{a['root_gap']:.2%}" if a.get("root_gap") is not None else "", f"{a.get('nodes', '')}",
    ]  # fmt: skip


def _side(case: Case, answers: dict[str, Answer]) -> list[list[str]]:
    own = scale.outside(answers["lodestone"], CPU)
    columns = f"{answers['lodestone']['columns']:,}"
    rows = []
    for way, a in answers.items():
        stages = [f"{a['seconds'][stage][CPU]:.2f}" if stage in a["seconds"] else "" for stage in scale.OUTSIDE]
        if a["objective"] is None:
            stages[-1] = ""
        cpu = scale.outside(a, CPU)
        cost = "" if a["objective"] is None else f"{a['objective']:,.4f}"
        rows.append([case.name, WORDS[way], columns, *stages, f"{scale.outside(a, WALL):.2f}", f"{cpu:.2f}",
                     f"{cpu / own:.2f}", f"{a['peak_mb']:.0f}", cost])  # fmt: skip
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
