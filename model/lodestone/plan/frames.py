"""The tables of a run as pandas frames, for those who go on in Python.

from model.report.frames import frames
frames("outputs/plan/base")["flows"].pivot_table("t", "from_region", "year", "sum")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lodestone.plan.key_figures import is_joint, table
from lodestone.plan.run_files import read_run
from lodestone.plan.tables import ORIGINS, SCENARIO, TABLES, VALUE_TABLES, Column, PlanTable, columns_of


def frames(run: Path | str) -> dict[str, pd.DataFrame]:
    """Every table of a run (its folder or plan.json) by name, with the columns of docs/plan_tables.md.

    In a run for several futures a column `scenario` comes first; what they share stands there once for each.
    Raises UsageError when there is no run.
    """
    plan = read_run(Path(run))
    future = [SCENARIO.name] if is_joint(plan) else []
    shapes = TABLES | VALUE_TABLES | {ORIGINS.name: ORIGINS}
    rows = {name: table(plan, name) for name in shapes} | {ORIGINS.name: plan.get(ORIGINS.name, [])}
    return {
        name: pd.DataFrame(rows[name], columns=[*future, *(column.name for column in _columns(name, shape, plan))])
        for name, shape in shapes.items()
    }


def _columns(name: str, shape: PlanTable, plan: Mapping[str, Any]) -> tuple[Column, ...]:
    return shape.columns if name == ORIGINS.name else columns_of(name, plan)
