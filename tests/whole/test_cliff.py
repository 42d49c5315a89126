"""The cliff is gone: where floors are left blank, dearer work lifts the floors and moves the plan little.

With a menu of fixed floors one guess of 4 USD/kg raised to 4.8 doubled the cost of the whole plan: a finishing line had
no package that fitted any more. Minutes for each solve of the real workbook: run with `pytest -m long`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from lodestone.plan.plan import Plan
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.workbook.inputs import Inputs, load

REAL = Path(__file__).parents[2] / "inputs" / "rare_earth_magnets.xlsx"
GAP = 0.005
PROCESSES = sorted({project.process for project in scenario_data(load(REAL)).projects.values()})


def with_blank_floors(folder: Path, dearer: str | None = None) -> Inputs:
    """The real workbook, every floor of a project left blank, and the work of one process a fifth dearer."""
    book = load_workbook(REAL)
    projects = {row[0].value: row for row in book["Projects"].iter_rows(min_row=2) if row[0].value}
    named = {sheet: {cell.value: cell.column for cell in book[sheet][1]} for sheet in ("PriceFloors", "Projects")}
    for row in book["PriceFloors"].iter_rows(min_row=2):
        if row[named["PriceFloors"]["project"] - 1].value in projects:
            row[named["PriceFloors"]["floor_usd_per_kg"] - 1].value = None
    for row in projects.values():
        cost = row[named["Projects"]["operating_cost_usd_per_kg"] - 1]
        if row[named["Projects"]["process"] - 1].value == dearer:
            cost.value *= 1.2
    path = folder / "blank.xlsx"
    book.save(path)
    return load(path)


def test_the_workbook_with_blank_floors_is_sound(tmp_path: Path) -> None:
    inputs = with_blank_floors(tmp_path)
    assert inputs.problems == ()
    plain, blank, dear = (scenario_data(x) for x in (load(REAL), inputs, with_blank_floors(tmp_path, "sinter_magnet")))
    assert all(f.floor is None for f in blank.floors.values() if f.project in blank.projects)
    for name, project in plain.projects.items():
        by = 1.2 if project.process == "sinter_magnet" else 1.0
        assert dear.projects[name].operating_cost == pytest.approx(by * project.operating_cost)
    assert any(project.process == "sinter_magnet" for project in plain.projects.values())


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan at the costs of the workbook."""
    return solve_scenario(with_blank_floors(tmp_path_factory.mktemp("before")), effort=Effort(gap=GAP))


@pytest.mark.long
@pytest.mark.parametrize("process", PROCESSES)
def test_work_that_is_a_fifth_dearer_moves_the_cost_by_less_than_a_tenth(
    process: str, before: Plan, tmp_path: Path
) -> None:
    after = solve_scenario(with_blank_floors(tmp_path, process), effort=Effort(gap=GAP))
    assert after.objective_musd < 1.1 * before.objective_musd

    def short(plan: Plan) -> set[tuple[str, str, str]]:
        return {(r["region"], r["sector"], r["material"]) for r in plan.rows("demand") if r["short_t"] > 1}

    assert short(after) <= short(before)
