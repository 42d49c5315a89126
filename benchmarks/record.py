"""The long solves behind the figures of the docs: `python -m benchmarks.record --write docs/record.json`.

Solves `rare_earth_magnets` and `critical_minerals` at a gap of 0.3 % or as said, in many ways: half an hour on two
quiet cores. Results that stand in --folder are taken over if they are of these workbooks. Pages name a figure by its
key in a comment, and a test compares (tests/test_docs_commands.py). --pages writes the figures of the record into the
pages anew, each with its decimals; the sentences around them are to be read again.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from benchmarks.analyst import analyst
from benchmarks.every_plan import every_plan
from lodestone.template.examples import examples

GAP = "0.003"
MAGNETS, NINE = "rare_earth_magnets", "critical_minerals"
OUT, OUT_NINE = f"outputs/{MAGNETS}", f"outputs/{NINE}"
WITHOUT_CAPS = ("--set", "ChinaShare/*/years=1")
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {  # name -> what is written, by which command
    "base": (f"{OUT}/base/plan.json", ("solve", f"{MAGNETS}.xlsx")),
    "no_caps": (
        f"{OUT}/no_caps/plan.json",
        ("solve", f"{MAGNETS}.xlsx", "--no-reference", "--gap", GAP, *WITHOUT_CAPS, "--out", f"{OUT}/no_caps"),
    ),
    "tight_2026": (
        f"{OUT}/tight_2026/plan.json",
        (
            *("solve", f"{MAGNETS}.xlsx", "--no-reference", "--gap", GAP),
            *("--set", "ChinaShare/ally_*/2026=0.72", "--out", f"{OUT}/tight_2026"),
        ),
    ),
    "embargo_2y": (
        f"{OUT}/embargo_2y/plan.json",
        ("solve", f"{MAGNETS}.xlsx", "--no-reference", "--gap", GAP, "--scenario", "embargo_2y"),
    ),
    "frontier": (
        f"{OUT}/frontier.json",
        (
            *("frontier", f"{MAGNETS}.xlsx", "--from", "1", "--to", "0.5", "--steps", "5"),
            *("--gap", "0.003", "--time-limit", "150", "--jobs", "1"),
        ),
    ),
    "nine_no_caps": (
        f"{OUT_NINE}/no_caps/plan.json",
        ("solve", f"{NINE}.xlsx", "--no-reference", *WITHOUT_CAPS, "--out", f"{OUT_NINE}/no_caps"),
    ),
    "nine": (
        f"{OUT_NINE}/fine/plan.json",
        ("solve", f"{NINE}.xlsx", "--no-reference", "--gap", "0.001", "--out", f"{OUT_NINE}/fine"),
    ),
    "nine_base": (
        f"{OUT_NINE}/base/plan.json",
        ("solve", f"{NINE}.xlsx", "--all-scenarios", "--gap", GAP, "--jobs", "2"),
    ),
}
USED = {MAGNETS: "base", NINE: "nine"}
BOUNDED: dict[str, tuple[str, ...]] = {  # figures that are bounded over every plan that costs no more
    "base": (
        *("projects", "magnet_works", "private", "floors", "private_capex_musd"),
        *("grants_musd", "floor_payments_musd", "substitution_musd"),
    ),
    "no_caps": ("projects", "magnet_works", "magnet.2040.share", "magnet_ht.2040.share"),
}
BEFORE = 2028  # last year before futures part
YEARS, NINE_YEARS = (2026, 2028, 2030, 2035, 2040), (2026, 2030, 2035)
DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTED = re.compile(r"(?P<number>-?\d[\d,]*(?:\.\d+)?)(?P<rest>(?P<percent> %)?(?: [A-Za-z]+)?<!-- (?P<key>[\w.]+) -->)")

Record = dict[str, Any]


def runs(folder: Path) -> dict[str, Any]:
    """Every result by its name, solved where it does not stand in the folder."""
    for example in (MAGNETS, NINE):
        source, workbook = examples()[example], folder / f"{example}.xlsx"
        if workbook.exists() and workbook.read_bytes() != source.read_bytes():
            shutil.rmtree(folder / "outputs" / example)
        shutil.copyfile(source, workbook)
    found = {}
    for name, (file, command) in COMMANDS.items():
        if not (folder / file).exists():
            click.echo(f"{name}: lodestone {' '.join(command)}", err=True)
            subprocess.run(
                [sys.executable, "-c", "from lodestone.commands import main; main()", *command], cwd=folder, check=True
            )
        found[name] = _read(folder / file)
    for name, keys in BOUNDED.items():
        kept = folder / OUT / f"every_{name}.json"
        if not kept.exists():
            click.echo(f"{name}: bounds over every plan that costs no more", err=True)
            bounds = every_plan((folder / COMMANDS[name][0]).parent, folder / f"{MAGNETS}.xlsx", keys)
            kept.write_text(json.dumps(bounds), encoding="utf-8")
        found[f"every_{name}"] = _read(kept)
    for file in sorted((folder / OUT_NINE).glob("*/plan.json")):
        if file.parent.name != "fine":
            found[f"nine_{file.parent.name}"] = _read(file)
    return found


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def record(found: dict[str, Any]) -> Record:
    """The figures that pages may name, by key."""
    base = found["base"]
    figures: Record = {}
    for name in ("base", "no_caps", "tight_2026", "embargo_2y"):
        figures |= {f"{name}.{key}": value for key, value in _plan(found[name]).items()}
    for name in BOUNDED:
        figures |= {f"every.{name}.{key}": value for key, value in found[f"every_{name}"].items()}
    figures |= _dearer("caps", base, found["no_caps"])
    figures |= _dearer("tight_2026", found["tight_2026"], base)
    figures |= _dearer("embargo_2y_known", found["embargo_2y"], base)
    figures |= _frontier(found["frontier"])
    figures |= _values(base)
    figures |= analyst(base)
    figures |= _nine(found)
    figures |= _workbook()
    return {
        "command": "python -m benchmarks.record --write docs/record.json",
        "workbook_sha256": {f"{name}.xlsx": found[run]["workbook_sha256"] for name, run in USED.items()},
        "versions": base["versions"],
        "figures": {key: _short(value) for key, value in figures.items()},
    }


def _plan(plan: dict[str, Any]) -> Record:
    tables, costs = plan["tables"], plan["costs_musd"]
    built = tables["investments"]
    figures: Record = {
        "cost_musd": plan["objective_musd"],
        "bound_musd": plan["bound_musd"],
        "gap": plan["gap"],
        "public_musd": plan["payers_musd"]["public"],
        "shortage_musd": plan["payers_musd"]["shortage"],
        "projects": sum(row["builds"] for row in built),
        "private": sum(row["builds"] for row in built if row["funding"] == "private"),
        "public": sum(row["builds"] for row in built if row["funding"] == "public"),
        "magnet_works": sum(row["builds"] for row in built if "_magnet" in row["project"]),
        "private_capex_musd": sum(row["capex_musd"] for row in built if row["funding"] == "private"),
        "floors": len(tables["price_floors"]),
        "contracts": len(tables["contracts"]),
        **{f"{term}_musd": costs[term] for term in ("grants", "floor_payments", "substitution", "owed_beyond_horizon")},
    }
    for material in ("magnet", "magnet_ht"):
        for row in tables["china_share"]:
            if row["cap"] == f"ally_{material}" and row["basis"] == "deliveries" and row["year"] in YEARS:
                figures[f"{material}.{row['year']}.share"] = row["share"]
                figures[f"{material}.{row['year']}.limit"] = row["limit"]
    return figures | {f"stock.{material}": t for material, t in _stock(tables["stockpile"]).items()}


def _stock(rows: list[dict[str, Any]]) -> dict[str, float]:
    """t by material in all stockpiles at the end of the year before futures part (of its last period)."""
    rows = [r for r in rows if r["year"] == BEFORE and r.get("scenario", "base") in ("base", "embargo_2y")]
    last = max((row.get("month", 1) for row in rows), default=1)
    held: dict[str, float] = {}
    for row in rows:
        if row.get("month", 1) == last:
            held[row["material"]] = held.get(row["material"], 0.0) + row["stock_t"]
    return held


def _dearer(name: str, plan: dict[str, Any], other: dict[str, Any]) -> Record:
    """How much dearer one plan is: as found, and the least and the most that is proved."""
    return {
        f"{name}.found_musd": plan["objective_musd"] - other["objective_musd"],
        f"{name}.least_musd": plan["bound_musd"] - other["objective_musd"],
        f"{name}.most_musd": plan["objective_musd"] - other["bound_musd"],
    }


def _frontier(frontier: dict[str, Any]) -> Record:
    """Cost of every point, and what a further point of share costs from the point before to it."""
    figures: Record = {}
    for before, point in pairwise([None, *frontier["points"]]):
        name = f"frontier.{point['scale'] * 100:.0f}"
        figures |= {f"{name}.cost_musd": point["objective_musd"], f"{name}.gap": point["gap"]}
        if before is not None:
            dearer = point["objective_musd"] - before["objective_musd"]
            figures[f"{name}.dearer_musd"] = dearer
            figures[f"{name}.per_point_musd"] = dearer / (100 * (before["scale"] - point["scale"]))
    return figures


def _values(plan: dict[str, Any]) -> Record:
    """What a point of share is worth, by cap and year, with the builds as they are."""
    rows = [row for row in plan["tables"]["what_binds"] if row["rule"] == "China share"]
    figures: Record = {f"value.{row['name']}.{row['year']}": row["value"] for row in rows}
    for name in {row["name"] for row in rows}:
        figures[f"value.{name}.all_years"] = sum(row["present_value"] for row in rows if row["name"] == name)
    return dict(sorted(figures.items()))


def _nine(found: dict[str, Any]) -> Record:
    """Twelve minerals (keys say nine, as once): exposed shares, what the caps cost, every scenario."""
    figures: Record = {}
    for name in ("nine", "nine_no_caps"):
        plan = found[name]
        figures |= {f"{name}.{key}": plan["model"][key] for key in ("rows", "columns", "integers", "nonzeros")}
        figures |= {f"{name}.{key}": value for key, value in _plan(plan).items()}
        for material in sorted({row["material"] for row in plan["tables"]["demand"]}):
            for year in NINE_YEARS:
                rows = [r for r in plan["tables"]["demand"] if (r["material"], r["year"]) == (material, year)]
                exposed, clean = (sum(r[key] for r in rows) for key in ("exposed_t", "clean_t"))
                figures[f"{name}.{material}.{year}.share"] = exposed / (exposed + clean)
    figures |= _dearer("nine_caps", found["nine"], found["nine_no_caps"])
    built, anyway = ({row["project"] for row in found[n]["tables"]["investments"]} for n in ("nine", "nine_no_caps"))
    figures["nine.projects_anyway"] = len(built & anyway)
    scenarios = {name: plan for name, plan in found.items() if name.startswith("nine_") and name != "nine_no_caps"}
    for name, plan in scenarios.items():
        figures |= {f"{name}.cost_musd": plan["objective_musd"], f"{name}.gap": plan["gap"]}
        figures[f"{name}.shortage_musd"] = plan["payers_musd"]["shortage"]
    return figures


def _workbook() -> Record:
    """Rows of every sheet; rows with figures, and how many of them have one that says illustrative."""
    from openpyxl import load_workbook

    figures: Record = {}
    rows = marked = 0
    for sheet in load_workbook(examples()[MAGNETS], read_only=True, data_only=True):
        headings, *lines = sheet.iter_rows(values_only=True)
        if "source" not in headings:  # ReadMe, lists of the drop-downs
            continue
        lines = [line for line in lines if any(value is not None for value in line)]
        figures[f"workbook.{sheet.title}"] = len(lines)
        for line in lines:
            if any(isinstance(value, int | float) for value in line):
                rows += 1
                marked += "illustrative" in str(line[headings.index("source")])
    return figures | {"workbook.rows": rows, "workbook.illustrative": marked}


def with_figures(text: str, figures: Record) -> str:
    """A page with the figures of the record in place of its own, each with as many decimals; signs stay as written."""

    def anew(found: re.Match[str]) -> str:
        number, key = found["number"], found["key"]
        if key not in figures:
            click.echo(f"no figure {key}", err=True)
            return found[0]
        value = abs(figures[key]) * (100 if found["percent"] else 1)
        sign = "-" if number.startswith("-") else ""
        return f"{sign}{value:,.{len(number.partition('.')[2])}f}{found['rest']}"

    return NOTED.sub(anew, text)


def _short(value: Any) -> Any:
    return float(f"{value:.7g}") if isinstance(value, float) else value


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where runs are kept. [default: nowhere]")
@click.option("--write", type=click.Path(path_type=Path), help="Write the record as JSON.")
@click.option("--pages", is_flag=True, help="Write the figures of docs/record.json into the pages; solves nothing.")
def main(folder: Path | None, write: Path | None, pages: bool) -> None:
    """Solve what the case study tells of, and print its figures."""
    if pages:
        figures = _read(DOCS / "record.json")["figures"]
        for page in sorted(DOCS.glob("*.md")):
            page.write_text(with_figures(page.read_text(encoding="utf-8"), figures), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        text = json.dumps(record(runs(place)), indent=1) + "\n"
    click.echo(text)
    if write:
        write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
