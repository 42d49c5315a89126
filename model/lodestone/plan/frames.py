"""Rows of a table as a pandas frame. Loaded when the first frame is asked for, as pandas takes a while."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lodestone.plan.tables import Column, Row


def frame(rows: Sequence[Row], columns: Sequence[Column], meaning: str = "") -> pd.DataFrame:
    """Rows as a frame, with what they mean and the unit of each column in its attrs."""
    found = pd.DataFrame(rows, columns=[column.name for column in columns])
    found.attrs = {"meaning": meaning, "units": {column.name: column.unit for column in columns}}
    return found
