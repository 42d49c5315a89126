"""Tables of a run as pandas frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import UsageError
from model.plan_tables import TABLES
from model.report.frames import frames
from model.report.run_folder import write_run
from tests.plan_document import plan_document


def test_every_table_of_a_run_is_a_frame_with_the_columns_of_its_page(tmp_path: Path) -> None:
    plan = plan_document()
    write_run(plan, tmp_path / "run")
    for place in (tmp_path / "run", str(tmp_path / "run" / "plan.json")):
        found = frames(place)
        assert list(found) == list(TABLES)
        for name, frame in found.items():
            assert list(frame.columns) == [column.name for column in TABLES[name].columns]
            assert len(frame) == len(plan["tables"].get(name, []))
    flows = frames(tmp_path / "run")["flows"]
    assert flows["t"].sum() == pytest.approx(sum(row["t"] for row in plan["tables"]["flows"]))


def test_no_run_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no plan"):
        frames(tmp_path)
