"""Calibration -> a workbook of lanes, buyers and plants."""

from __future__ import annotations

from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Column
from lodestone.report.excel.table_book import write_tables
from lodestone.studies.calibration.results import Calibration

SENT = (Column("trade_t", "t", "in Trade"), Column("plan_t", "t", "in the plan's first year"))
SHARES = (Column("trade_share", "share", "in Trade"), Column("plan_share", "share", "in the plan"))
CLOSE = Column("close", "", "what would close it")
LANES = (Column("material", "", ""), Column("from_region", "", ""), Column("to_region", "", ""), *SENT, *SHARES, CLOSE)
BUYERS = (Column("material", "", ""), Column("region", "", ""), *SENT, *SHARES)
PLANTS = (
    *(Column(name, "", "") for name in ("plant", "region", "material")),
    Column("use_share", "share", "of its capacity"),
    *SENT,
    CLOSE,
)


def write_calibration(found: Calibration, path: Path, force: bool = False, labels: Labels = NONE) -> None:
    """Raises UsageError when the file exists, or cannot be written."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path}: the name of a workbook ends in .xlsx")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; --force replaces it")
    found = labels.shown(found)
    tables = [
        (name, columns, [[getattr(item, column.name) for column in columns] for item in items])
        for name, columns, items in (
            ("Lanes", LANES, found.lanes),
            ("Buyers", BUYERS, found.buyers),
            ("Plants", PLANTS, found.plants),
        )
    ]
    write_tables(path, found.plan_name, tables, "calibration")
