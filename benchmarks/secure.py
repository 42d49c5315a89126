"""Secure plans of the real workbook: `python -m benchmarks.secure`.

Solves rare_earth_magnets_threats (12 threats) against any K of them and says what that takes: CPU seconds, how often
those of the plain solve that it begins with, combinations, how many of them were tried, how many branches the plan
needed, what security costs and what is bought. --months: of a period in 2027 and 2028 (1, 3, or 12: not cut).
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
from lodestone.progress import Progress
from lodestone.rules.tables import plan_tables
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


def run(inputs: Inputs, k: int, gap: float, verbose: bool) -> None:
    """One plan, in a line, and what it decides that the plain plan does not."""
    data = scenario_data(inputs)
    plain: list[float] = []

    def tell(progress: Progress) -> None:
        if progress.stage.startswith("round") and not plain:
            plain.append(time.process_time() - began)
        if verbose and progress.best is None and progress.stage not in ("solve", "build", "load"):
            click.echo(f"    {time.process_time() - began:7.1f}  {progress.stage}")

    began = time.process_time()
    clock = Clock(tell)
    try:
        solved, security = solve_secure(inputs, single(data), k, Effort(gap, 3600.0).search(data), clock)
    except NoPlanError as error:
        click.echo(f"K = {k}: {time.process_time() - began:.1f} s CPU, {error}")
        return
    spent = time.process_time() - began
    outcome = solved.outcome
    line = f"K = {k}: {spent:.1f} s CPU, objective {outcome.objective:,.1f}, bound {outcome.bound:,.1f} MUSD"
    if security:
        told = security.told(outcome.objective)
        binding = "; ".join(" + ".join(branch.threats) for branch in security.chosen) or "none"
        many = f"{len(security.answers)} combinations, {security.prepared} tried, {len(security.chosen)} branches"
        line += (
            f", {spent / plain[0]:.1f} x plain ({plain[0]:.1f} s), price {told['price_musd']:,.1f} MUSD, "
            f"{many}: {binding}"
        )
    click.echo(line)
    tables = plan_tables(solved.built)
    for pile in dict.fromkeys(row["stockpile"] for row in tables["stockpile"]):
        most = max(row["stock_t"] for row in tables["stockpile"] if row["stockpile"] == pile and row["year"] <= 2028)
        click.echo(f"    {pile}: {most:,.0f} t at most until 2028")
    builds = (f"{row['project']} {row['decision_year']}" for row in tables["investments"])
    click.echo(f"    builds: {', '.join(builds)}")


@click.command()
@click.option("--months", default=1, show_default=True, help="Months of a period in 2027 and 2028.")
@click.option("--k", "ks", default="1,2", show_default=True, help="Threats at once, comma-separated.")
@click.option("--gap", default=0.001, show_default=True)
@click.option("--set", "sets", multiple=True, help="As for solve.")
@click.option("--verbose", is_flag=True, help="Each round too.")
def main(months: int, ks: str, gap: float, sets: tuple[str, ...], verbose: bool) -> None:
    """Time secure plans."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = load(cut(Path(folder), months), sets)
        for k in map(int, ks.split(",")):
            run(inputs, k, gap, verbose)


if __name__ == "__main__":
    main()
