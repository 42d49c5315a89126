"""What security costs -> secure.xlsx and secure.json."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.formatting import in_words
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.table_book import FACTS, Table, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.frontier.security_results import SecurityCost, document

KIND = Kind("secure", "frontier --secure", "secure_format")
COLUMNS = (
    Column("k", "", "threats at once that the plan stands"),
    Column("secure_share", "share", "of the sectors that have one; blank: as in the workbook"),
    Column("objective_musd", "MUSD", "cost of the cheapest such plan"),
    Column("bound_musd", "MUSD", "no such plan is cheaper than this"),
    Column("price_musd", "MUSD", "beyond the plan that stands none"),
    Column("binding", "", "combinations of threats that the plan was made with"),
    Column("new", "", "decided here and not with one threat less"),
    Column("message", "", "why there is no plan"),
)


def write_security_cost(study: SecurityCost, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    facts, study = document(study), labels.shown(study)
    about = [
        ["workbook", study.workbook],
        ["scenario", study.scenario],
        ["threats", ", ".join(study.threats)],
        ["changes for all points", "; ".join(study.sets) or "none"],
    ]
    tables: list[Table] = [("Secure", COLUMNS, rows(study)), ("About", FACTS, about)]
    return KIND.write(out, facts, lambda new: write_tables(new, study.plan_name, tables, "cost of security"))


def rows(study: SecurityCost) -> list[list[Cell]]:
    """A row for each number of threats."""
    return [
        [
            *(p.k, p.share, p.objective_musd, p.bound_musd, p.price_musd),
            *(in_words(p.binding, 5), in_words(p.new, 8), p.message),
        ]
        for p in study.points
    ]
