"""Large models, solved on the rows that matter: the same plans as every model, and honest bounds."""

import numpy as np
import pyomo.environ as pyo
import pytest

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import Progress
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.solver import large_model
from lodestone.solver.large_model import LargeSolver, solver_of
from lodestone.template.examples import examples
from lodestone.workbook.inputs import load


@pytest.fixture(autouse=True)
def large(monkeypatch):
    monkeypatch.setattr(large_model, "LARGE", 0)
    monkeypatch.setattr(large_model, "TIGHT", 0.0)


def port(need: float = 1.6) -> pyo.ConcreteModel:
    """Three works, one tonne each, of which 0.9 must be used: A 40, B 50, C 70 MUSD, and 5 in any case. A port lets
    1.7 t of A and B through; more costs 300 MUSD a tonne.

    For 1.6 t the relaxation takes A and 0.6 of B, 75 MUSD: the port has room. Whole, A and B use 1.8 t: 95 and 30 for
    the port. A and C cost 115.
    """
    m = pyo.ConcreteModel()
    m.build = pyo.Var(["A", "B", "C"], domain=pyo.Binary)
    m.use = pyo.Var(["A", "B", "C"], domain=pyo.NonNegativeReals)
    m.more = pyo.Var(domain=pyo.NonNegativeReals)
    m.work = pyo.Constraint(["A", "B", "C"], rule=lambda m, g: m.use[g] <= m.build[g])
    m.least = pyo.Constraint(["A", "B", "C"], rule=lambda m, g: m.use[g] >= 0.9 * m.build[g])
    m.need = pyo.Constraint(expr=sum(m.use.values()) >= need)
    m.port = pyo.Constraint(expr=m.use["A"] + m.use["B"] - m.more <= 1.7)
    m.objective = pyo.Objective(expr=40 * m.build["A"] + 50 * m.build["B"] + 70 * m.build["C"] + 300 * m.more + 5)
    return m


def values_of(solver, model, **wanted: float) -> np.ndarray:
    """By column: builds as wanted, and what goes with them."""
    found = np.zeros(len(solver.variables))
    for g, number in wanted.items():
        found[solver.column[id(model.build[g])]] = number
    return found


def test_the_size_says_how_a_model_is_solved(monkeypatch):
    assert isinstance(solver_of(port()), LargeSolver)
    monkeypatch.setattr(large_model, "LARGE", 7)
    assert not isinstance(solver_of(port()), LargeSolver)  # it has seven columns


def test_rows_that_limit_join_until_the_plan_is_proved():
    m = port()
    solver = solver_of(m)
    outcome = solver.solve(1e-9, 60)
    assert outcome.optimal
    assert (outcome.objective, outcome.bound) == pytest.approx((115, 115))
    solver.store(solver.values())
    assert [round(m.build[g].value) for g in "ABC"] == [1, 0, 1]


def test_what_a_part_finds_costs_what_it_costs_in_the_whole(monkeypatch):
    """Without the row of the port the part builds A and B for 95; held, they cost 125, and the row joins."""
    costs, sizes = [], []
    held, part = LargeSolver.held, large_model.CurrentModel.part

    def noted(solver, values):
        found = held(solver, values)
        costs.append(None if found is None else found[0])
        return found

    def counted(whole, matters):
        sizes.append(int(matters.sum()))
        return part(whole, matters)

    monkeypatch.setattr(LargeSolver, "held", noted)
    monkeypatch.setattr(large_model.CurrentModel, "part", counted)
    outcome = solver_of(port()).solve(1e-9, 60)
    assert costs == pytest.approx([125, 115])
    assert sizes[:2] == [7, 8]  # six rows with builds, and what is needed; then the port's
    assert (outcome.objective, outcome.bound) == pytest.approx((115, 115))


def test_a_loose_gap_ends_sooner_and_its_bound_holds():
    m = port()
    outcome = solver_of(m).solve(0.5, 60)
    assert outcome.optimal
    assert outcome.bound <= 115 + 1e-6 <= outcome.objective + 2e-6
    assert outcome.objective - outcome.bound <= 0.5 * outcome.objective


def test_a_start_is_held_and_costs_what_it_costs():
    """A and B: 125, within 12 MUSD of what is known of the bound."""
    m = port()
    solver = solver_of(m)
    solver.start_from(values_of(solver, m, A=1, B=1))
    outcome = solver.solve(0.0, 60, absolute_gap=12.0, bound=114.0)
    assert (outcome.optimal, outcome.objective, outcome.bound) == (True, pytest.approx(125), 114.0)


def test_a_start_that_no_plan_has_is_passed_over():
    m = port()
    solver = solver_of(m)
    solver.start_from(values_of(solver, m, A=1))
    assert solver.solve(1e-9, 60).objective == pytest.approx(115)


def test_what_was_changed_before_a_solve_counts_and_stays():
    """Without C, A and B: 125. Then with all three again."""
    m = port()
    solver = solver_of(m)
    solver.hold(solver.column[id(m.build["C"])], 0)
    assert solver.solve(1e-9, 60).objective == pytest.approx(125)
    assert solver.solve(1e-9, 60).objective == pytest.approx(125)  # not undone by the search
    solver.free([solver.column[id(m.build["C"])]])
    assert solver.solve(1e-9, 60).objective == pytest.approx(115)


def test_a_linear_programme_after_a_search_has_its_own_values():
    """A and C are found; A and B are held then, for 125 MUSD."""
    m = port()
    solver = solver_of(m)
    solver.solve(1e-9, 60)
    b = solver.column[id(m.build["B"])]
    assert solver.values()[b] == pytest.approx(0)
    solver.hold_integers(values_of(solver, m, A=1, B=1))
    assert solver.solve_linear() == pytest.approx(125)
    assert solver.values()[b] == pytest.approx(1)


def test_rows_and_columns_that_are_added_count():
    """A and C not together: 125, or B and C for 125. Then a column that serves at 65 a tonne: A and 0.6 of it, 84."""
    m = port()
    solver = solver_of(m)
    a, c = (solver.column[id(m.build[g])] for g in "AC")
    solver.new_row(-np.inf, 1.0, [(1.0, a), (1.0, c)])
    assert solver.solve(1e-9, 60).objective == pytest.approx(125)
    extra = solver.new_column(cost=65.0, terms=[(1.0, solver.row[id(m.need)])])
    assert solver.solve(1e-9, 60).objective == pytest.approx(84)
    assert solver.all_values()[extra] == pytest.approx(0.6)


def test_no_plan():
    with pytest.raises(NoPlanError):
        solver_of(port(need=4.0)).solve(1e-9, 60)


def test_no_plan_with_whole_numbers_only():
    """There is no half of a work."""
    m = port(need=0.5)
    m.half = pyo.Constraint(expr=2 * m.build["A"] + 2 * m.build["B"] == 1)
    with pytest.raises(NoPlanError):
        solver_of(m).solve(1e-9, 60)


def test_costs_without_limit():
    m = port()
    m.sold = pyo.Var(domain=pyo.NonNegativeReals)
    m.some = pyo.Constraint(expr=m.sold >= m.use["A"])
    m.objective.expr = m.objective.expr - m.sold
    with pytest.raises(StoppedError, match="no volume limit"):
        solver_of(m).solve(1e-9, 60)


def test_no_time():
    with pytest.raises(StoppedError, match="time limit"):
        solver_of(port()).solve(1e-9, 0.0)


def test_a_start_is_kept_when_time_is_over():
    m = port()
    solver = solver_of(m)
    solver.start_from(values_of(solver, m, A=1, B=1))
    for limits in ({"time_limit": 0.0}, {"time_limit": 60.0, "should_stop": lambda: True}):
        solver.start_from(values_of(solver, m, A=1, B=1))
        outcome = solver.solve(1e-9, **limits)
        assert (outcome.optimal, outcome.objective) == (False, pytest.approx(125))
    assert solver.values()[solver.column[id(m.build["B"])]] == pytest.approx(1)


def test_progress_shows_plans_of_the_whole_only():
    """A part may be cheaper than any plan."""
    seen = []
    solver_of(port()).solve(1e-9, 60, seen.append)
    assert all(p.best is None or p.best >= 115 - 1e-6 for p in seen)
    assert all(p.bound is None or p.bound <= 115 + 1e-6 for p in seen)
    search = large_model.SearchOfRows(
        solver_of(port()), None, None, large_model.Wanted(0.0, 0.0, 0.0, seen.append), 80.0
    )
    search.cost, search.most = 115.0, 102.0
    search.tell(Progress("solve", 1.0, 97.0, 110.0))  # the part is done, and says that nothing is left under 110
    assert (seen[-1].best, seen[-1].bound) == (115.0, 102.0)


def test_a_start_counts_for_a_tight_gap_too(monkeypatch):
    """It is handed on: with no time for more, the plan is the start."""
    monkeypatch.setattr(large_model, "TIGHT", 1e-4)
    m = port()
    solver = solver_of(m)
    start = values_of(solver, m, A=1, B=1)
    for g in "AB":
        start[solver.column[id(m.use[g])]] = 0.9
    start[solver.column[id(m.more)]] = 0.1
    solver.start_from(start)
    outcome = solver.solve(1e-9, 0.0)
    assert (outcome.optimal, outcome.objective) == (False, pytest.approx(125))


@pytest.mark.parametrize("limit", ["MOST_ROUNDS", "TIGHT"])
def test_all_rows_at_once(monkeypatch, limit):
    """After too many rounds, and for a gap that would take too many."""
    monkeypatch.setattr(large_model, limit, {"MOST_ROUNDS": 1, "TIGHT": 1e-4}[limit])
    solver = solver_of(port())
    outcome = solver.solve(1e-9, 60)
    assert (outcome.optimal, outcome.objective, outcome.bound) == (True, pytest.approx(115), pytest.approx(115))
    assert len(solver.values()) == 7


def test_the_tutorial_costs_what_it_costs_by_hand():
    """258.33 MUSD (docs/tutorial.md)."""
    plan = solve_scenario(load(examples()["tutorial"]), effort=Effort(gap=1e-9))
    assert plan.objective_musd == pytest.approx(258.33, rel=1e-8)
    assert plan.bound_musd == pytest.approx(plan.objective_musd, rel=1e-8)
