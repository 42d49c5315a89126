"""Secure plans of the real workbook: `python -m benchmarks.secure`.

Solves rare_earth_magnets_threats (12 threats) without threats and against any K of them, in one process, and says what
each takes: CPU seconds, how often the plain solve's, combinations, how many of them were tried, how many branches the
plan needed, and what security costs. --months: into how many months 2027 and 2028 are cut (1, 3 or 12: not at all).
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import click
from openpyxl import load_workbook

from lodestone.data.tree import single
from lodestone.errors import NoPlanError
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_secure
from lodestone.template.examples import examples
from lodestone.workbook.inputs import Inputs, load

EXAMPLE = "rare_earth_magnets_threats"


def cut(folder: Path, months: int) -> Path:
    """A copy of the example whose cut years have periods of so many months."""
    path = folder / f"{EXAMPLE}.xlsx"
    shutil.copyfile(examples()[EXAMPLE], path)
    book = load_workbook(path)
    for row in book["Periods"].iter_rows(min_row=2):
        row[1].value = months
    book.save(path)
    return path


def run(inputs: Inputs, k: int, gap: float, verbose: bool) -> tuple[float, str]:
    """CPU seconds, and the rest of the line."""
    data = scenario_data(inputs)

    def tell(progress: object) -> None:
        if verbose and (stage := getattr(progress, "stage", "")) not in ("solve", "build", "load"):
            click.echo(f"    {time.process_time() - began:7.1f}  {stage}")

    began = time.process_time()
    try:
        search = Effort(gap, 3600.0).search(data)
        solved, security = solve_secure(inputs, single(data), k, search, Clock(tell if verbose else None))
    except NoPlanError as error:
        return time.process_time() - began, str(error)
    spent = time.process_time() - began
    outcome = solved.outcome
    line = f"objective {outcome.objective:,.1f}, bound {outcome.bound:,.1f} MUSD"
    if security:
        told = security.told(outcome.objective)
        binding = "; ".join(" + ".join(branch.threats) for branch in security.chosen)
        line += (
            f", price {told['price_musd']:,.1f} MUSD, {len(security.answers)} combinations, {security.prepared} tried, "
            f"{len(security.chosen)} branches: {binding}"
        )
    return spent, line


@click.command()
@click.option("--months", default=1, show_default=True, help="Months of a period in 2027 and 2028.")
@click.option("--k", "ks", default="0,1,2", show_default=True, help="Threats at once, comma-separated.")
@click.option("--gap", default=0.02, show_default=True)
@click.option("--set", "sets", multiple=True, help="As for solve.")
@click.option("--verbose", is_flag=True, help="Each round too.")
def main(months: int, ks: str, gap: float, sets: tuple[str, ...], verbose: bool) -> None:
    """Time secure plans."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = load(cut(Path(folder), months), sets)
        plain = None
        for k in map(int, ks.split(",")):
            spent, line = run(inputs, k, gap, verbose)
            plain = spent if k == 0 else plain
            times = f" ({spent / plain:.1f} x plain)" if plain and k else ""
            click.echo(f"K = {k}: {spent:.1f} s CPU{times}, {line}")


if __name__ == "__main__":
    main()
