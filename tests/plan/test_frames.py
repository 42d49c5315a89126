"""Tables of a run as pandas frames."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.futures import with_futures
from tests.solving import solved, solved_all

import lodestone as ls
from lodestone.errors import UsageError
from lodestone.report.plan.run_folder import write_run

PAGE = (Path(__file__).parents[2] / "docs" / "plan_tables.md").read_text(encoding="utf-8")
COLUMNS = {
    name: re.findall(r"^\| (\w+) \|", body, flags=re.MULTILINE)[1:]
    for name, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("joint", [False, True])
def test_every_table_of_the_page_is_a_frame_with_its_columns_and_rows(tmp_path: Path, joint: bool) -> None:
    plan = solved_all(with_futures(), values=False) if joint else solved(with_futures())
    write_run(plan, tmp_path / "run")
    for place in (tmp_path / "run", str(tmp_path / "run" / "plan.json")):
        back = ls.read(place)
        assert list(back.keys()) == list(COLUMNS)
        found = {name: back[name] for name in COLUMNS}
        for name, frame in found.items():
            assert list(frame.columns) == (["scenario"] if joint else []) + COLUMNS[name]
            assert len(frame) == len(plan.rows(name))
    assert len(found["flows"]) > 0 and len(found["origins"]) > 0 and len(found["supply_cost"]) > 0
    assert found["flows"]["t"].sum() == pytest.approx(sum(row["t"] for row in plan.tables["flows"]))


def test_no_run_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no plan"):
        ls.read(tmp_path)
