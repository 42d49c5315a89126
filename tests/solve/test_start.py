"""--start: what an earlier run decided is where the solver begins; the optimum is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.make import tiny, write_book
from tests.solving import add, change, home, lane, market, read, recipe, solved, solved_all

from lodestone.commands import main
from lodestone.data.tree import joint, single
from lodestone.rules.build import build
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.solve.warm_start import start_from
from lodestone.solver.highs import Solver

DECIDED = [("refinery", 2026)]


def book(capex: float = 1.0, **settings):
    """100 t a year wanted at Home; bought in China at 60 USD/kg, or made by a public refinery at 20 and capex."""
    sheets = home(last=2027, **settings)
    market(sheets, "china", "China")
    lane(sheets, "China", "Home")
    recipe(sheets, "refining", oxide=1)
    add(sheets, "Projects", project="refinery", region="Home", process="refining", funding="public",
        capacity_t_per_yr=100, capex_musd=capex, operating_cost_usd_per_kg=20, lead_years=0)  # fmt: skip
    return sheets


def decided(plan):
    return [(row["project"], row["decision_year"]) for row in plan.tables["investments"]]


def test_the_decisions_of_a_run_become_values_of_its_own_model():
    plan = solved(book())
    assert decided(plan) == DECIDED
    built = build(single(scenario_data(read(book()))))

    start = start_from(built, plan)

    assert {variable.name: number for variable, number in start.values} == {
        "investments.build[0,refinery]": 1,
        "investments.build[1,refinery]": 0,
    }
    assert (start.taken, start.left_out) == (1, ())


def test_what_this_workbook_does_not_know_is_left_out():
    plan = solved(book())
    other = book()
    other["Projects"][1][0] = "smelter"
    start = start_from(build(single(scenario_data(read(other)))), plan)
    assert (start.taken, start.left_out) == (0, ("build of refinery in 2026",))

    later = book()
    add(later, "Projects", project="late", region="Home", process="refining", capacity_t_per_yr=1, capex_musd=1,
        earliest_year=2027)  # fmt: skip
    later["Projects"][1][later["Projects"][0].index("earliest_year") :] = [2027]
    start = start_from(build(single(scenario_data(read(later)))), plan)
    assert start.left_out == ("build of refinery in 2026",)


def test_the_solver_begins_there():
    """Without any time to search, the plan is the start's."""
    plan = solved(book())
    built = build(single(scenario_data(read(book()))))
    solver = Solver(built.model)
    assert solver.start_near(start_from(built, plan).values)
    outcome = solver.solve(0.0, 1e-6)
    assert outcome.objective == pytest.approx(plan.objective_musd)


def test_decisions_that_no_plan_has_are_no_start():
    """A budget of 0 forbids the refinery of the earlier run."""
    start = solved(book())
    sheets = book()
    add(sheets, "Budgets", 0, budget="treasury", covers="capex")
    inputs = read(sheets)
    plan = solve_scenario(inputs, effort=Effort(gap=1e-9, start=start))
    assert plan.start == {"taken": 1, "left_out": [], "kept": False}
    assert decided(plan) == []
    assert plan.objective_musd == pytest.approx(solved(sheets).objective_musd)


@pytest.mark.parametrize("capex", [1.0, 10.0])
def test_the_optimum_is_the_same(capex):
    """Also where the start is not the best any more: at 10 MUSD, with 0.1 x 40 x 2 = 8 MUSD to gain, nobody builds."""
    start = solved(book(1.0))
    inputs = read(book(capex, stock_end_value_share=0))
    cold, warm = (
        solve_scenario(inputs, effort=Effort(gap=1e-9)),
        solve_scenario(inputs, effort=Effort(gap=1e-9, start=start)),
    )
    assert warm.objective_musd == pytest.approx(cold.objective_musd)
    assert decided(warm) == decided(cold)
    assert warm.start == {"taken": 1, "left_out": [], "kept": True}
    assert cold.start is None


def test_a_joint_plan_starts_from_one_of_a_single_future_and_the_other_way_round():
    sheets = book()
    sheets["Scenarios"] = [["scenario", "probability", "from_year"], ["embargo", 0.5, 2027]]
    change(sheets, "embargo", "Lanes", "China/*/*", 0)
    inputs = read(sheets)
    alone, together = solved(sheets), solved_all(sheets, values=False)
    tree = joint(scenario_data(inputs), [scenario_data(inputs, "embargo")])
    start = start_from(build(tree), alone)
    at = {(variable.index(), number) for variable, number in start.values}
    assert at == {((0, "refinery"), 1), ((1, "refinery"), 0), ((2, "refinery"), 0)}
    assert start_from(build(single(scenario_data(inputs, "embargo"))), together).taken == 1


def test_the_command(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_book("plan.xlsx", tiny())
    run = CliRunner().invoke
    assert run(main, ["solve", "plan.xlsx", "--out", "first"]).exit_code == 0
    again = run(main, ["solve", "plan.xlsx", "--out", "second", "--start", "first"])
    assert again.exit_code == 0
    assert "decisions of the earlier run" in again.stdout
    refused = run(main, ["solve", "plan.xlsx", "--all-scenarios", "--start", "first"])
    assert refused.exit_code == 2
    assert "--start goes with one scenario or with --joint" in refused.stderr
    assert run(main, ["solve", "plan.xlsx", "--start", "nowhere"]).exit_code == 2


def test_the_command_says_what_it_began_with(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_book("plan.xlsx", book())
    renamed, forbidden = book(), book()
    renamed["Projects"][1][0] = "smelter"
    write_book("renamed.xlsx", renamed)
    add(forbidden, "Budgets", 0, budget="treasury", covers="capex")
    write_book("forbidden.xlsx", forbidden)
    run = CliRunner().invoke
    assert run(main, ["solve", "plan.xlsx", "--out", "first"]).exit_code == 0

    def said(workbook: str) -> str:
        return run(main, ["solve", workbook, "--out", "second", "--start", "first"]).stdout.splitlines()[-1]

    assert said("plan.xlsx") == "Started from 1 decisions of the earlier run."
    assert said("renamed.xlsx") == (
        "Started from 0 decisions of the earlier run; not known here: build of refinery in 2026."
    )
    assert said("forbidden.xlsx") == (
        "Started from nothing: no plan of this workbook has the decisions of the earlier run."
    )
