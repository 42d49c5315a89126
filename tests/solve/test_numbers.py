"""Numbers at their limits: the right answer, worked out by hand, or none; and solves that end in other ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest
from tests.make import load_book, with_plants
from tests.solving import add, change, close, cost, home, kg, lane, market, only, problems, read, recipe, solve, total

from lodestone.audit import Audit, Finding
from lodestone.errors import LodestoneError, NoPlanError, StoppedError
from lodestone.solve import all_futures as joint_run
from lodestone.solve import one_scenario as run
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.solver.highs import CAREFUL, Solver
from lodestone.solver.highs_model import FEASIBILITY
from lodestone.workbook.reading.cells import UnusableCell, convert
from lodestone.workbook.schema.sheets import each_column

# --- data ------------------------------------------------------------------------------------------------------------


def supplied(**settings: Any) -> dict[str, Any]:
    """Home buys oxide in China, freight 1 USD/kg."""
    book = home(**settings)
    market(book, "china", "China", side="buy")
    lane(book, "China", "Home", freight=1)
    return book


def test_badly_scaled_numbers_in_one_workbook():
    """1e-6 t of one material at 1e9 USD/kg beside 1e9 t of another at 1e-6 USD/kg: each costs 1 MUSD."""
    book = home(demand=1e9, price=1e-6)
    market(book, "china", "China", side="buy")
    lane(book, "China", "Home")
    add(book, "Materials", material="isotope")
    add(book, "Prices", material="isotope", years=1e9)
    market(book, "isotopes", "Home", "isotope", side="buy")
    book["Sectors"][1][1] = 1e12
    add(book, "Demand", region="Home", sector="industry", material="isotope", years=1e-6)
    plan = solve(book)
    assert plan["objective_musd"] == close(1 + 1)
    assert only(plan, "demand", material="isotope")["short_t"] == pytest.approx(0, abs=1e-9)


def test_free_material_costs_its_freight():
    assert solve(supplied(price=0))["objective_musd"] == kg(100 * 1)


def test_nothing_is_wanted():
    plan = solve(supplied(demand=0))
    assert plan["objective_musd"] == kg(0)
    assert plan["gap"] == kg(0)
    assert plan["status"] == "optimal"
    assert total(plan, "flows", "t") == kg(0)


def test_sixty_years():
    """6.1 MUSD a year, discounted at 5 %: 6.1 x (1 - 1.05^-60) / (1 - 1/1.05)."""
    plan = solve(supplied(last=2085, discount_rate=0.05))
    assert plan["objective_musd"] == close(6.1 * (1 - 1.05**-60) / (1 - 1 / 1.05))


def test_a_discount_rate_of_one_and_a_gap_of_none():
    plan = solve_scenario(read(supplied(last=2028, discount_rate=1)), effort=Effort(gap=0))
    assert plan.objective_musd == close(6.1 * (1 + 1 / 2 + 1 / 4))
    assert plan.status == "optimal"


def test_negative_value_added_is_paid_no_more_than_it_costs():
    """2 t of ore at 50 make 1 t of oxide at 60: value added is -40, topped up to the operating cost of 5."""
    book = home()
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=50)
    market(book, "ore_market", "Home", "ore", side="buy")
    recipe(book, "refine", ore=-2, oxide=1)
    add(book, "Plants", plant="refinery", region="Home", process="refine", operating_cost_usd_per_kg=5, years=500)
    inputs = read(book)
    assert any("negative value" in warning.wrong for warning in inputs.warnings)
    plan = solve_scenario(inputs, effort=Effort(gap=1e-9))
    assert plan.objective_musd == kg(100 * (2 * 50 + 5))


@pytest.mark.parametrize("number", [1e308, 1e20, -1e300, 1.1e15])
def test_numbers_beyond_reckoning_are_a_problem(number: float):
    """A solver takes 1e20 for unlimited: the cell is named before anything is solved."""
    (problem,) = problems(supplied(price=number))
    assert problem.cell == "Prices!B2"
    assert "too large" in problem.wrong


def test_changes_can_make_no_such_number_either():
    book = supplied()
    change(book, "flood", "Demand", "*", 1e14, operation="multiply")
    (problem,) = problems(book)
    assert problem.cell == "Changes!D2" or problem.cell.startswith("Changes!")
    assert "too large" in problem.wrong


# --- years and pieces without end -----------------------------------------------------------------------------------


WALKED = [(sheet.name, column) for sheet, column in each_column() if column.kind == "integer" and column.unit != "year"]


def test_every_count_of_years_or_pieces_has_an_upper_limit():
    """Rules walk through them one by one: a life of 100 million years was never read to its end."""
    named = {f"{sheet}!{column.name}" for sheet, column in WALKED}
    assert named >= {
        "Projects!lead_years", "Projects!ramp_years", "Projects!life_years", "Projects!max_builds", "Returns!lag_years",
        "PriceFloors!tenor_years", "Contracts!tenor_years", "Contracts!start_delay_years", "Scenarios!refill_years",
    }  # fmt: skip
    for sheet, column in WALKED:
        most = {"years": 200, "": 10_000, "month": 12}[column.unit]
        assert convert(column, float(most)) == most, sheet
        with pytest.raises(UnusableCell, match=f"{column.name} must be at most {most}$"):
            convert(column, most + 1.0)


@pytest.mark.parametrize("years", [201, 1e8])
def test_a_life_without_end_is_a_problem_of_its_cell(years: float):
    book = with_plants()
    book["Projects"][0].append("life_years")
    book["Projects"][1].append(years)
    (problem,) = problems(book)
    assert (problem.cell, problem.wrong) == ("Projects!H2", "life_years must be at most 200")
    assert problem.mend == "enter a whole number from 1 to 200 in years"


def test_a_year_of_the_calendar_is_no_number_of_years():
    book = with_plants()
    book["Projects"][2][6] = 2028
    (problem,) = problems(book)
    assert (problem.cell, problem.wrong) == ("Projects!G3", "lead_years must be at most 200")
    assert problem.mend == "enter how many years, no year of the calendar: a whole number from 0 to 200 in years"


def test_set_and_changes_keep_to_it_too(tmp_path):
    life = "Projects/home_refinery/life_years"
    (problem,) = load_book(tmp_path, with_plants(), [f"{life}=100000000"]).problems
    assert (problem.cell, problem.wrong) == (f"--set {life}=100000000", "the value must be at most 200")

    book = with_plants()
    book["Scenarios"][1][2] = 2026
    book["Changes"].append(["embargo", "Projects", "home_refinery", "life_years", "multiply", 9])  # 25 x 9 = 225
    (problem,) = load_book(tmp_path, book).problems
    assert problem.cell == "Changes!F3"
    assert "must be at most 200, but would become 225" in problem.wrong


def escalating(growth: float, tenor: int, life: int) -> dict[str, Any]:
    book = with_plants()
    book["Contracts"] = [
        [*book["Contracts"][0], "escalation_share_per_yr"],
        [*book["Contracts"][1][:-1], tenor, growth],
    ]
    book["Projects"][0].append("life_years")
    for row in book["Projects"][1:]:
        row.append(life)
    return book


def test_a_price_that_doubles_for_a_thousand_years_is_no_traceback():
    (problem,) = problems(escalating(1, 1100, 25))
    assert (problem.cell, problem.wrong) == ("Contracts!G2", "tenor_years must be at most 200")


def test_a_price_beyond_reckoning_is_a_problem_of_the_growth():
    """90 USD/kg doubled 43 times is 90 x 8.796e12 = 7.9e14, and once more 1.6e15, which is over 1e15."""
    assert not problems(escalating(1, 44, 200))
    (problem,) = problems(escalating(1, 45, 200))
    assert problem.cell == "Contracts!H2"
    assert "from 90 to 1.6e+15 USD/kg in 44 years" in problem.wrong
    assert not problems(escalating(1, 45, 44)), "the works do not live that long"


# --- figures that the solver would take for 0 -----------------------------------------------------------------------


def doped(isotope: float) -> dict[str, Any]:
    """1e6 t of oxide of 1 t of ore and a little isotope each, at cost; ore 1 USD/kg, isotope 1e9 USD/kg."""
    book = home(demand=1e6)
    for material, price in (("ore", 1), ("isotope", 1e9)):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=price)
        market(book, f"{material}_market", "Home", material, side="buy")
    recipe(book, "refine", ore=-1, isotope=-isotope, oxide=1)
    add(book, "Plants", plant="refinery", region="Home", process="refine", pricing="cost", years=1e6)
    return book


def test_a_small_input_of_a_dear_material_is_paid():
    """1e6 t x (1 + 2e-9 x 1e9) USD/kg = 3,000 MUSD."""
    assert solve(doped(2e-9))["objective_musd"] == kg(1e6 * (1 + 2))


@pytest.mark.parametrize("isotope", [1e-9, 5e-10, 1e-14])
def test_one_that_the_solver_would_leave_out_is_a_problem(isotope: float):
    (problem,) = problems(doped(isotope))
    assert problem.cell == "Processes!C3"
    assert "take it for 0" in problem.wrong
    assert problem.mend.startswith("enter a number of at least 1e-8;"), "0 makes no sense here"


@pytest.mark.parametrize("demand", [1e-9, 5.55e-17])
def test_a_demand_that_the_solver_would_leave_out_is_a_problem(demand: float):
    (problem,) = problems(supplied(demand=demand))
    assert problem.cell == "Demand!D2"
    assert problem.mend.startswith("enter 0 or a number of at least 1e-8;")


def test_a_change_can_leave_no_such_number_but_0():
    book = supplied(demand=0.3)
    for less in (-0.1, -0.2):  # in floating point 0.3 - 0.1 - 0.2 is -2.8e-17
        change(book, "none", "Demand", "*/*/*", less, operation="add")
    assert cost(book, "none") == 0

    book = supplied()
    change(book, "less", "Demand", "*/*/*", 1e-12, operation="multiply")
    (problem,) = problems(book)
    assert problem.cell == "Changes!E2"
    assert "take it for 0" in problem.wrong


def test_a_tight_gap_is_no_small_figure():
    assert not problems(supplied(mip_gap=1e-10))


def test_what_is_small_only_as_a_product_stops_the_run():
    """Without a contract 1e-6 of a capacity of 1e-4 t can be bought: 1e-10, which no cell alone holds."""
    book = home()
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=1)
    market(book, "ores", "Home", "ore", side="buy")
    recipe(book, "refine", ore=-1, oxide=1)
    add(book, "Projects", project="works", region="Home", process="refine", capacity_t_per_yr=1e-4, capex_musd=0,
        spot_share=1e-6)  # fmt: skip
    inputs = read(book)
    assert not inputs.problems
    with pytest.raises(StoppedError, match=r"take a number of the model for 0: 1e-10, about .*works"):
        solve_scenario(inputs)


# --- how a solve ends ------------------------------------------------------------------------------------------------


def little() -> Solver:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
    m.row = pyo.Constraint(expr=2 * m.x >= 3)
    m.objective = pyo.Objective(expr=m.x)
    return Solver(m)


STATUSES = list(highspy.HighsModelStatus.__members__.values())


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.name)
def test_only_what_is_proved_is_called_without_a_plan(status: Any, monkeypatch: pytest.MonkeyPatch):
    """Whatever else the solver says is a stop without a plan, in words."""
    solver = little()
    if status == highspy.HighsModelStatus.kOptimal:
        return
    monkeypatch.setattr(solver, "_attempt", lambda *_: None)
    monkeypatch.setattr(solver.highs, "getModelStatus", lambda: status, raising=False)
    with pytest.raises(LodestoneError) as raised:
        solver.solve(1e-9, 60)
    proved = status == highspy.HighsModelStatus.kInfeasible
    assert isinstance(raised.value, NoPlanError if proved else StoppedError)
    assert proved or "infeasible" not in str(raised.value).lower()
    assert "kUn" not in str(raised.value)


@pytest.mark.parametrize("limit", ["simplex_iteration_limit", "mip_max_nodes"])
def test_limits_of_the_solver_are_no_proof(limit: str):
    book = with_plants()
    with pytest.MonkeyPatch.context() as patch:
        options = Solver._options

        def limited(self: Solver, **given: Any) -> None:
            options(self, **given)
            options(self, **{limit: 0, "presolve": "off"})

        patch.setattr(Solver, "_options", limited)
        try:
            plan = solve_scenario(read(book))
        except StoppedError as error:
            assert "limit" in str(error)
        else:
            assert plan.gap is not None


# --- a plan that does not pass ---------------------------------------------------------------------------------------

FAILED = Audit((), (Finding("balance", "Home/oxide 2026", "100 t", "99 t"),))


def failing(audit: Callable[..., Audit], times: int) -> Callable[..., Audit]:
    left = iter(range(times))
    return lambda *args, **kwargs: FAILED if next(left, None) is not None else audit(*args, **kwargs)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options with which models were solved."""
    seen: list[dict[str, Any]] = []
    attempt = Solver._attempt

    def watched(self: Solver, *given: Any) -> None:
        names = ("presolve", "primal_feasibility_tolerance", "mip_feasibility_tolerance")
        seen.append({name: self.highs.getOptionValue(name)[1] for name in names})
        attempt(self, *given)

    monkeypatch.setattr(Solver, "_attempt", watched)
    return seen


USUAL = {"presolve": "choose", "primal_feasibility_tolerance": FEASIBILITY, "mip_feasibility_tolerance": 1e-6}
WITH_CARE = {"presolve": "off", "primal_feasibility_tolerance": CAREFUL, "mip_feasibility_tolerance": CAREFUL}


def test_a_plan_that_fails_its_audit_is_sought_again_with_care(tmp_path, monkeypatch, attempts):
    inputs = load_book(tmp_path, with_plants())
    expected = solve_scenario(inputs)
    assert attempts == [USUAL]
    attempts.clear()
    monkeypatch.setattr(run, "audit", failing(run.audit, 1))
    plan = solve_scenario(inputs)
    assert attempts == [USUAL, WITH_CARE]
    assert plan.objective_musd == pytest.approx(expected.objective_musd, rel=2e-4)
    assert plan.audit
    assert all(line["ok"] for line in plan.audit)


def test_one_that_fails_twice_is_none(tmp_path, monkeypatch, attempts):
    monkeypatch.setattr(run, "audit", failing(run.audit, 2))
    with pytest.raises(StoppedError, match="did not pass its audit") as raised:
        solve_scenario(load_book(tmp_path, with_plants()))
    assert raised.value.exit_code == 4
    assert attempts == [USUAL, WITH_CARE]


def test_where_care_finds_nothing_the_audit_is_what_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "audit", failing(run.audit, 1))
    solve_usually = Solver.solve

    def solve_once(self: Solver, *given: Any, **more: Any) -> Any:
        if self.highs.getOptionValue("presolve")[1] == "off":
            raise NoPlanError("none within the tighter tolerances")
        return solve_usually(self, *given, **more)

    monkeypatch.setattr(Solver, "solve", solve_once)
    with pytest.raises(StoppedError, match="did not pass its audit"):
        solve_scenario(load_book(tmp_path, with_plants()))


def test_a_joint_plan_is_sought_again_too(tmp_path, monkeypatch, attempts):
    monkeypatch.setattr(joint_run, "audit_joint", failing(joint_run.audit_joint, 1))
    plan = solve_joint(load_book(tmp_path, with_plants()), values=False)
    assert attempts == [USUAL, WITH_CARE]
    assert all(line["ok"] for line in plan.audit)


def test_a_careful_solver_stays_careful_when_it_is_asked_twice():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
    m.row = pyo.Constraint(expr=2 * m.x >= 3)
    m.objective = pyo.Objective(expr=m.x)
    solver = Solver(m, careful=True)
    for _ in range(2):
        assert solver.solve(1e-9, 60).objective == pytest.approx(2)
        assert solver.highs.getOptionValue("presolve")[1] == "off"
    assert np.allclose(solver.values(), [2])
