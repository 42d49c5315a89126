"""What months cost: a workbook by years, then with some of its years in months, one after the other in one run.

`python -m benchmarks.months` takes the real workbook with 2027 and 2028 in months, 37 nodes instead of 15, to 1e-3.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click
from openpyxl import load_workbook

from benchmarks.everyday import ROOT, command

HEADINGS = ("years in months", "nodes", "rows", "columns", "CPU s", "of it HiGHS", "peak MB", "cost, MUSD", "gap")
LINE = "{:<18} {:>6} {:>9} {:>9} {:>9} {:>12} {:>8} {:>12} {:>9}"


@click.command()
@click.argument("workbook", type=click.Path(path_type=Path), default=ROOT / "inputs" / "rare_earth_magnets.xlsx")
@click.option("--years", default="2027,2028", show_default=True, help="Years that are cut.")
@click.option("--months", default=1, show_default=True, help="Months of a period.")
@click.option("--gap", default="0.001", show_default=True)
@click.option("--time-limit", default="1200", show_default=True, help="Seconds for each solve.")
def main(workbook: Path, years: str, months: int, gap: str, time_limit: str) -> None:
    """Solve a workbook by years and with years in months, and print the CPU seconds of both and their ratio."""
    os.environ["OMP_NUM_THREADS"] = "1"
    cut = [int(year) for year in years.split(",")]
    click.echo(LINE.format(*HEADINGS))
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        for chosen in ([], cut):
            book = _with_periods(workbook, chosen, months, Path(folder))
            out = Path(folder, f"run {len(chosen)}")
            asked = ("--gap", gap, "--time-limit", time_limit, "--out", str(out), "--quiet")
            outside, inside, peak = command("solve", str(book), *asked)
            plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
            spent.append(outside + inside)
            times = {(row["year"], row.get("month")) for row in plan["tables"]["demand"]}
            size = (len(times), *(f"{plan['model'][part]:,}" for part in ("rows", "columns")))
            found = (f"{spent[-1]:.1f}", f"{inside:.1f}", f"{peak:.0f}", f"{plan['objective_musd']:,.2f}")
            click.echo(LINE.format(", ".join(map(str, chosen)) or "none", *size, *found, f"{plan['gap']:.1e}"))
    click.echo(f"in months takes {spent[1] / spent[0]:.1f} times what years take")


def _with_periods(workbook: Path, years: list[int], months: int, folder: Path) -> Path:
    """A copy of the workbook in which these years are cut."""
    book = load_workbook(workbook)
    if "Periods" in book.sheetnames:
        del book["Periods"]
    sheet = book.create_sheet("Periods")
    for row in (["year", "months"], *([year, months] for year in years)):
        sheet.append(row)
    if not years:  # months of scenarios, which the base does not read, fit no period then
        for name in ("Scenarios", "Changes"):
            for column in book[name].columns:
                heading = next((cell for cell in column if str(cell.value).endswith("_month")), None)
                for cell in column[heading.row :] if heading else ():
                    cell.value = None
    path = folder / f"{workbook.stem} {len(years)}.xlsx"
    book.save(path)
    return path


if __name__ == "__main__":
    main()
