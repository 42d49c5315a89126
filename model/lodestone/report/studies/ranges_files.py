"""Ranges -> ranges.xlsx and ranges.json."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.formatting import musd, share
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.table_book import FACTS, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.ranges.results import FREE, Range, Ranges, document, notes

KIND = Kind("ranges", "ranges", "ranges_format")
COLUMNS = (
    Column("figure", "", "what it is; expected over futures, over the horizon, costs discounted"),
    Column("of", "", "cost term, payer, mineral, plant, stockpile or origin"),
    Column("unit", "", "of the figures"),
    Column("decisions", "", "held: as in the plan; free: builds, awards and signings too may be others"),
    Column("plan", "any", "in the plan"),
    Column("least", "any", "in any plan within the limit; empty where nothing limits it"),
    Column("most", "any", "in any plan within the limit; empty where nothing limits it"),
    Column("moves", "", "yes where it is not the same in all of them"),
    Column("proved", "", "no: with more time a wider range may be found"),
)


def write_ranges(found: Ranges, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    facts, found = document(found), labels.shown(found)
    about: list[list[Cell]] = [
        ["plan", found.plan_name],
        ["run", found.run],
        ["workbook", found.workbook],
        ["scenario", found.scenario],
        ["cost", musd(found.cost_musd)],
        ["limit", f"{musd(found.limit_musd)}, {share(found.within)} more"],
        *(["note", note] for note in notes(found)),
    ]
    tables = [("Ranges", COLUMNS, rows(found)), ("About", FACTS, about)]
    return KIND.write(out, facts, lambda new: write_tables(new, found.plan_name, tables, "ranges"))


def rows(found: Ranges) -> list[list[Cell]]:
    """A row for each figure, with the columns of COLUMNS; what moves most for its size first, headlines before."""
    return [_row(r) for r in sorted(found.ranges, key=lambda r: (r.decisions != FREE, -spread(r)))]


def spread(r: Range) -> float:
    """How far it moves, against its size in the plan."""
    if r.least is None or r.most is None:
        return float("inf")
    return (r.most - r.least) / max(abs(r.plan), 1.0 if r.unit == "share" else 1e-3)


def _row(r: Range) -> list[Cell]:
    said = ["yes" if r.can_move else "no", "yes" if r.proved else "no"]
    return [r.figure, r.of, r.unit, r.decisions, r.plan, r.least, r.most, *said]
