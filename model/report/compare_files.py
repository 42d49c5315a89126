"""compare.xlsx and the JSON file of the same name beside it, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xlsxwriter.exceptions import FileCreateError

from model.errors import UsageError
from model.report.compare_results import Comparison
from model.report.compare_workbook import write_compare_workbook
from model.report.plan_json import dumps, finite
from model.report.run_folder import PLAN_JSON

COMPARE_XLSX = "compare.xlsx"
FORMAT = 1
START = '{\n"comparison_format":'  # of every JSON file of a comparison


def check_out(out: Path) -> Path:
    """The workbook that --out means: a folder gets compare.xlsx. Raises UsageError when it is not to be replaced."""
    path = out / COMPARE_XLSX if out.is_dir() or not out.suffix else out
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{out} is no name for a comparison; end it in .xlsx, or name a folder")
    if (path.parent / PLAN_JSON).exists():
        raise UsageError(f"{path.parent} holds a run and nothing else may stand there; name another place with --out")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file")
    facts = path.with_suffix(".json")
    for there in (path, facts):
        if there.exists() and not _is_comparison(facts):
            advice = "move it, or name another place with --out"
            raise UsageError(f"{there} is no comparison and would be replaced; {advice}")
    return path


def write_comparison(comparison: Comparison, out: Path = Path(COMPARE_XLSX)) -> tuple[Path, Path]:
    """Write the workbook and the JSON file; returns both paths. Raises UsageError when they cannot be written."""
    path = check_out(out)
    facts = path.with_suffix(".json")
    new_facts, new_book = (place.with_name(f".new-{os.getpid()}-{place.name}") for place in (facts, path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = dumps(finite(document(comparison)))
        new_facts.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        write_compare_workbook(comparison, new_book)
        for new, place in ((new_facts, facts), (new_book, path)):
            with new.open("r+b") as file:
                os.fsync(file.fileno())
            new.replace(place)
    except (OSError, FileCreateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot write {path}: {reason} (is it open in another program?)") from error
    finally:
        for left in (new_facts, new_book):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return path, facts


def _is_comparison(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(START)) == START
    except OSError:
        return False


def document(comparison: Comparison) -> dict[str, Any]:
    """What the JSON file holds: everything the workbook shows, unrounded."""
    names = comparison.names

    def by_run(values: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(names, values, strict=True))

    def more(differences: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(names[1:], differences[1:], strict=True))

    return {
        "comparison_format": FORMAT,
        "runs": [vars(run) for run in comparison.runs],
        "within_gap": {run.name: run.within_gap for run in comparison.runs[1:]},
        "remarks": list(comparison.remarks),
        "decisions": [
            {"kind": d.kind, "name": d.name, "unit": d.unit, "differs": d.differs, "values": by_run(d.values)}
            for d in comparison.decisions
        ],
        "key_figures": [
            {
                "group": f.group,
                "name": f.name,
                "unit": f.unit,
                "values": by_run(f.values),
                "differences": more(f.differences),
            }
            for f in comparison.key_figures
        ],
        "costs_musd": {term: by_run(amounts) for term, amounts in comparison.costs.items()},
        "bridge": comparison.bridge,
        "inputs_known": comparison.inputs_known,
        "inputs": [{"cell": d.cell, "values": by_run(d.values)} for d in comparison.inputs],
        "flows": [
            {
                "material": f.material,
                "from_region": f.from_region,
                "to_region": f.to_region,
                "future": f.future,
                "year": f.year,
                "t": by_run(f.values),
                "differences": more(f.differences),
            }
            for f in comparison.flows
        ],
        "china_share": [
            {
                "cap": s.cap,
                "region": s.region,
                "sector": s.sector,
                "material": s.material,
                "basis": s.basis,
                "future": s.future,
                "year": s.year,
                "share": by_run(s.values),
                "limit": by_run(s.limits),
            }
            for s in comparison.china_share
        ],
        "stocks": [
            {
                "stockpile": s.stockpile,
                "region": s.region,
                "material": s.material,
                "future": s.future,
                "year": s.year,
                "t": by_run(s.values),
                "days_of_cover": by_run(s.days),
            }
            for s in comparison.stocks
        ],
    }
