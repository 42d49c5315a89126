"""What the command line shows where no plan exists: why, the repairs, and where the rest is."""

from __future__ import annotations

import shutil
import sys
import textwrap
from pathlib import Path

import click

from lodestone.plan.formatting import count, one_line
from lodestone.plan.labels import Labels
from lodestone.report.studies.explanation_workbook import proof_words
from lodestone.studies.explanation.results import Explanation, conflict_heading

MOST_LINES = 6  # of findings, or of the conflict
WIDEST = 110


def show_explanation(explanation: Explanation, folder: Path, older: bool) -> None:
    """On stderr, as all that is told of a solve that failed. older: the folder holds the plan of an earlier run."""
    explanation = Labels(explanation.labels).shown(explanation)
    _told("")
    if explanation.findings:
        _told("What is wrong (plain arithmetic):")
        lines = [(f.cell, f.text) for f in explanation.findings]
    else:
        _told(conflict_heading(explanation))
        lines = [(rule.cell, rule.text) for rule in explanation.conflict if rule.kind == "rule"]
    for cell, text in lines[:MOST_LINES]:
        _told(f"{cell}: {text}", "  ")
    if len(lines) > MOST_LINES:
        _told(f"and {len(lines) - MOST_LINES} more, see explanation.xlsx", "  ")
    for number, repair in enumerate(explanation.repairs, 1):
        _told("")
        _told(f"Repair {number}: change {count(len(repair.changes), 'cell')}")
        for change in repair.changes:
            _told(f"{change.cell}: {change.text}", "  ")
        _told(proof_words(repair), "  ")
    _told("")
    for remark in explanation.remarks:
        _told(remark)
    if older:
        _told(f"The plan in {folder} is of an earlier run.")
    _told(f"Files: {folder / 'explanation.xlsx'} and explanation.json")


def _told(text: str, indent: str = "") -> None:
    width = min(shutil.get_terminal_size().columns, WIDEST) - 1 if sys.stderr.isatty() else 10_000
    click.echo(
        textwrap.fill(
            one_line(text), max(width, 20), initial_indent=indent, subsequent_indent=indent + "  " if indent else "",
            break_on_hyphens=False,
        ),
        err=True,
    )  # fmt: skip
