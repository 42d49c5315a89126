"""Alternatives -> alternatives.xlsx (the decisions, the plans that differ most, how to read them) and .json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lodestone import __version__
from lodestone.plan.formatting import musd, share
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.table_book import FACTS, Table, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.alternatives.results import (
    MAY,
    MUST,
    NEVER,
    UNPROVED,
    VERDICTS,
    Alternatives,
    Choice,
    Differing,
    differences,
    document,
    in_words,
)

KIND = Kind("alternatives", "alternatives", "alternatives_format")
ORDER = (MUST, MAY, UNPROVED, NEVER)

DECISIONS = (
    Column("verdict", "", "must, may, never, or unproved: among the plans within the limit"),
    Column("kind", "", "project, floor (its award) or contract"),
    Column("decision", "", "row of the workbook"),
    Column("cell", "", "where it stands"),
    Column("in_best_plan", "", "whether the best plan takes it"),
    Column("years", "", "of decision, in the plans that were found"),
    Column("other_way_musd", "MUSD", "the cheapest plan found that decides the other way than the best plan"),
    Column(
        "other_way_at_least_musd", "MUSD", "no plan that decides the other way costs less; empty: not known, or none"
    ),
    Column("finding", "", "in words"),
)
PLANS = (
    Column("plan", "", "the best first"),
    Column("cost_musd", "MUSD", "discounted, as the objective"),
    Column("above_best", "share", "cost above the best plan"),
    Column("differs_in", "", "decisions that differ from the nearest plan above; copies of a project count in parts"),
    Column("takes", "", "what the best plan leaves out, with the years"),
    Column("leaves_out", "", "what the best plan takes"),
)


def write_alternatives(found: Alternatives, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    shown = _tables(labels.shown(found))
    return KIND.write(out, document(found), lambda new: write_tables(new, found.plan_name, shown))


def sorted_choices(found: Alternatives) -> list[Choice]:
    """What is certain first; then what the best plan takes and is dearest to do without."""

    def weight(choice: Choice) -> tuple[int, bool, float]:
        other = found.best_musd if choice.other_musd is None else choice.other_musd
        return ORDER.index(choice.verdict), not choice.in_best, -other if choice.in_best else other

    return sorted(found.choices, key=weight)


def plan_name(i: int) -> str:
    """What the plan in this place is called."""
    return f"other plan {i}" if i else "best plan"


def _tables(found: Alternatives) -> list[Table]:
    return [
        ("Decisions", DECISIONS, decision_rows(found)),
        ("Plans", PLANS, [_plan(i, plan, found) for i, plan in enumerate(found.plans)]),
        ("PlansByDecision", _plan_columns(found), _by_decision(found)),
        ("About", FACTS, _about(found)),
    ]


def decision_rows(found: Alternatives) -> list[list[Cell]]:
    """A row for each decision, with the columns of DECISIONS."""
    return [_decision(choice, found) for choice in sorted_choices(found)]


def _decision(choice: Choice, found: Alternatives) -> list[Cell]:
    years = ", ".join(map(str, choice.years))
    costs = (choice.other_musd, choice.other_bound_musd)
    row = [choice.verdict, choice.kind, choice.name, choice.cell, choice.in_best, years, *costs]
    return [*row, in_words(choice, found)]


def _plan(i: int, plan: Differing, found: Alternatives) -> list[Cell]:
    above = (plan.cost_musd - found.best_musd) / max(abs(found.best_musd), 1e-9)
    takes, leaves = differences(plan, found.plans[0])
    return [plan_name(i), plan.cost_musd, max(0.0, above), plan.distance or None, "; ".join(takes), "; ".join(leaves)]


def _plan_columns(found: Alternatives) -> list[Column]:
    plans = [Column(plan_name(i), "", "years of decision") for i in range(len(found.plans))]
    return [Column("kind", "", ""), Column("decision", "", ""), Column("verdict", "", ""), *plans]


def _by_decision(found: Alternatives) -> list[Sequence[Cell]]:
    """One row for each decision that some plan takes."""
    rows: list[Sequence[Cell]] = []
    for choice in sorted_choices(found):
        decided = [plan.decisions.get(choice.key, ()) for plan in found.plans]
        if any(decided):
            years = [", ".join(map(str, d)) if len(d) != 1 else d[0] for d in decided]
            rows.append([choice.kind, choice.name, choice.verdict, *years])
    return rows


def _about(found: Alternatives) -> list[list[str]]:
    return [
        ["plan", found.plan_name],
        ["workbook", found.workbook],
        ["scenario", found.scenario],
        ["changes for this study", "; ".join(found.sets) or "none"],
        [
            "least cost",
            f"{musd(found.best_musd)}, of the best plan found; no plan costs less than {musd(found.bound_musd)}",
        ],
        ["limit", f"{musd(found.limit_musd)}: {share(found.within)} of the amount of the least cost above it"],
        *([verdict, meaning] for verdict, meaning in VERDICTS.items()),
        ["years", "those of the plans that were found; other years may do as well"],
        [
            "plans that differ most",
            "one after another: as far as possible from the nearest plan before; all are audited",
        ],
        *(["remark", remark] for remark in found.remarks),
        ["Lodestone", __version__],
    ]
