"""The tables of a plan as pandas frames, for those who go on in Python.

    frames("outputs/plan/base")["flows"].pivot_table("t", "from_region", "year", "sum")

`import lodestone as ls; ls.read("outputs/plan/base")["flows"]` is the same for one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lodestone.plan.plan import SHAPES
from lodestone.plan.run_files import read_run
from lodestone.plan.tables import Column, Row


def frame(rows: Sequence[Row], columns: Sequence[Column], meaning: str = "") -> pd.DataFrame:
    """Rows as a frame, with what they mean and the unit of each column in its attrs."""
    found = pd.DataFrame(rows, columns=[column.name for column in columns])
    found.attrs = {"meaning": meaning, "units": {column.name: column.unit for column in columns}}
    return found


def frames(run: Path | str) -> dict[str, pd.DataFrame]:
    """Every table of a run (its folder or plan.json) by name, with the columns of docs/plan_tables.md.

    In a run for several futures a column `scenario` comes first; what they share stands there once for each.
    Raises UsageError when there is no run.
    """
    plan = read_run(Path(run))
    return {name: plan[name] for name in SHAPES}
