"""Comparison -> compare.xlsx, and the JSON file of the same name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lodestone.plan.labels import NONE, Labels
from lodestone.plan.shapes import NUMBER, TEXT, Also, ListOf, MapOf, Misfit, Part, Place, require_keys
from lodestone.plan.tables import Cell, Document
from lodestone.report.compare.workbook import write_compare_workbook
from lodestone.report.studies.study_files import Kind
from lodestone.studies.compare.results import Causes, Comparison


def _of_its_runs(document: Document, place: Place) -> None:
    if not document["runs"]:
        raise Misfit((*place, "runs"), "at least one run", "none")
    for term, costs in document["costs_musd"].items():
        require_keys(costs, [run["name"] for run in document["runs"]], (*place, "costs_musd", term))


SHAPE = Also(  # of what is read again
    Part(
        {
            "runs": ListOf(Part({"name": TEXT, "workbook_sha256": TEXT}), "run"),
            "costs_musd": MapOf(MapOf(NUMBER)),
            "remarks": ListOf(TEXT),
        }
    ),
    _of_its_runs,
)
KIND = Kind("compare", "compare", "comparison_format", (".xlsx", ".json"), SHAPE)


def write_comparison(comparison: Comparison, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    return KIND.write(out, document(comparison), lambda new: write_compare_workbook(labels.shown(comparison), new))


def document(comparison: Comparison) -> Document:
    """What the JSON file holds: everything the workbook shows, unrounded."""
    names = comparison.names

    def by_run(values: Sequence[Cell]) -> Document:
        return dict(zip(names, values, strict=True))

    def more(differences: Sequence[Cell]) -> Document:
        return dict(zip(names[1:], differences[1:], strict=True))

    def but(one: object, *left_out: str) -> Document:
        return {name: value for name, value in vars(one).items() if name not in left_out}

    return {
        "runs": [vars(run) for run in comparison.runs],
        "within_gap": {run.name: run.within_gap for run in comparison.runs[1:]},
        "remarks": list(comparison.remarks),
        "decisions": [{**but(d, "values"), "values": by_run(d.values)} for d in comparison.decisions],
        "key_figures": [
            {**but(f, "values"), "values": by_run(f.values), "differences": more(f.differences)}
            for f in comparison.key_figures
        ],
        "costs_musd": {term: by_run(amounts) for term, amounts in comparison.costs.items()},
        "bridge": comparison.bridge,
        **_causes(comparison.causes),
        "inputs_known": comparison.inputs_known,
        "inputs": [{"cell": d.cell, "values": by_run(d.values)} for d in comparison.inputs],
        "flows": [
            {**but(f, "values"), "t": by_run(f.values), "differences": more(f.differences)} for f in comparison.flows
        ],
        "china_share": [
            {**but(s, "values", "limits", "differences"), "share": by_run(s.values), "limit": by_run(s.limits)}
            for s in comparison.china_share
        ],
        "stocks": [
            {**but(s, "values", "days", "differences"), "t": by_run(s.values), "days_of_cover": by_run(s.days)}
            for s in comparison.stocks
        ],
    }


def _causes(found: Causes | None) -> Document:
    if found is None:
        return {}
    return {"causes": [vars(cause) for cause in found.changes], "causes_remark": found.remark}
