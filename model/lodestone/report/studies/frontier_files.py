"""Frontier -> frontier.xlsx, which draws it, and frontier.json."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.labels import NONE, Labels
from lodestone.report.studies.frontier_workbook import write_frontier_workbook
from lodestone.report.studies.study_files import Kind, write_files
from lodestone.studies.frontier.results import SHAPE, Frontier, document

KIND = Kind("frontier", "frontier", "frontier_format", (".json", ".xlsx"), SHAPE)


def write_frontier(frontier: Frontier, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    path = KIND.check_out(out)
    json, book = write_files(
        path,
        {
            ".json": lambda new: KIND.write_json(document(frontier), new),
            ".xlsx": lambda new: write_frontier_workbook(labels.shown(frontier), new),
        },
    )
    return [book, json]
