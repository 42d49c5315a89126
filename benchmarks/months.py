"""What months cost: a workbook by years, then with some of its years in months, one after the other in one call.

`python -m benchmarks months` takes the real workbook with 2027 and 2028 in months, 37 nodes instead of 15, to 1e-3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from benchmarks.everyday import command

Row = Mapping[str, Any]


def measure(
    workbook: Path, folder: Path, years: Sequence[int], months: int, gap: str, limit: str, tell: Callable[[str], None]
) -> list[Row]:
    """The workbook by years, and with these cut into periods of so many months."""
    rows: list[dict[str, Any]] = []
    for chosen in ((), years):
        cut = ", ".join(map(str, chosen)) or "none"
        tell(f"{workbook.stem}, years in months: {cut}")
        book = _with_periods(workbook, chosen, months, folder)
        out = folder / f"run {len(chosen)}"
        asked = ("--gap", gap, "--time-limit", limit, "--out", str(out), "--quiet")
        outside, inside, peak = command("solve", str(book), *asked)
        plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
        nodes = len({(row["year"], row.get("month")) for row in plan["tables"]["demand"]})
        rows.append(
            {"workbook": workbook.stem, "cut": cut, "nodes": nodes, "rows": plan["model"]["rows"],
             "columns": plan["model"]["columns"], "cpu_s": outside + inside, "highs_s": inside, "peak_mb": peak,
             "cost_musd": plan["objective_musd"], "gap": plan["gap"]}
        )  # fmt: skip
    rows[-1]["ratio"] = rows[-1]["cpu_s"] / rows[0]["cpu_s"]
    return list(rows)


def _with_periods(workbook: Path, years: Sequence[int], months: int, folder: Path) -> Path:
    """A copy of the workbook in which these years are cut, and no others."""
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
