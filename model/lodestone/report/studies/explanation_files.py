"""Explanation -> explanation.xlsx and explanation.json in the folder of the run that has no plan."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.labels import Labels
from lodestone.plan.run_files import EXPLANATION, PLAN_JSON
from lodestone.report.studies.explanation_workbook import write_explanation_workbook
from lodestone.report.studies.study_files import Kind, write_files
from lodestone.studies.explanation.results import Explanation, document

KIND = Kind(EXPLANATION, "solve", f"{EXPLANATION}_format")


def write_explanation(explanation: Explanation, folder: Path) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first. A plan that stands there stays."""
    facts, book = write_files(
        folder / f"{EXPLANATION}.xlsx",
        {
            ".json": lambda new: KIND.write_json(document(explanation), new),
            ".xlsx": lambda new: write_explanation_workbook(Labels(explanation.labels).shown(explanation), new),
        },
        beside=folder.parent,  # in the folder of a run nothing else may stand
    )
    return [book, facts]


def older_plan(folder: Path) -> bool:
    """Whether a plan of an earlier run stands in the folder."""
    return (folder / PLAN_JSON).exists()
