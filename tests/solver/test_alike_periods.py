"""Alike periods summed: every plan of the whole is one of the sums at the same cost, so what they prove holds."""

import random

import numpy as np
import pyomo.environ as pyo
import pytest
from tests.cut_book import cut_book
from tests.make import Book
from tests.oracle.books_of_version_2 import some_book_of_version_2
from tests.solving import FIRST, add, read

from lodestone.data.tree import joint, single
from lodestone.errors import NoPlanError, StoppedError
from lodestone.rules.build import Built, build
from lodestone.solve.all_futures import all_futures
from lodestone.solve.effort import AS_SET
from lodestone.solve.one_scenario import scenario_data
from lodestone.solver import large_model, nearby_plans
from lodestone.solver.alike_periods import AlikePeriods, Summed, alike_periods
from lodestone.solver.current_model import CurrentModel
from lodestone.solver.highs import Solver
from lodestone.solver.large_model import LargeSolver, solver_of
from lodestone.solver.matrix import matrix


@pytest.fixture
def large(monkeypatch):
    for limit, value in (("LARGE", 0), ("TIGHT", 0.0), ("FEWER", 1.0)):
        monkeypatch.setattr(large_model, limit, value)


def halves(*made: float) -> pyo.ConcreteModel:
    """Periods of a year, in each of which a works makes up to `made` at 1 MUSD, a stock of 3 t gives some, 10 are
    needed; a licence for 5 MUSD lets it work at all."""
    m = pyo.ConcreteModel()
    nodes = range(len(made))
    m.act = pyo.Var([(n, "works") for n in nodes], domain=pyo.NonNegativeReals)
    m.released = pyo.Var(nodes, domain=pyo.NonNegativeReals)
    m.licence = pyo.Var(domain=pyo.Binary)
    m.most = pyo.Constraint(nodes, rule=lambda m, n: m.act[n, "works"] <= made[n])
    m.allowed = pyo.Constraint(nodes, rule=lambda m, n: m.act[n, "works"] <= 100 * m.licence)
    m.needed = pyo.Constraint(nodes, rule=lambda m, n: m.act[n, "works"] + m.released[n] == 10)
    m.stock = pyo.Constraint(expr=sum(m.released.values()) <= 3)
    m.objective = pyo.Objective(expr=sum(m.act.values()) + 5 * m.licence)
    m.period_before = pyo.Suffix()
    m.period_before[m.act] = {n: n - 1 for n in nodes if n}
    return m


def sums(m: pyo.ConcreteModel) -> tuple[AlikePeriods, Summed]:
    loaded = matrix(m)
    alike = alike_periods(m, loaded)
    assert alike is not None
    return alike, alike.summed(CurrentModel.of(Solver(loaded).highs))


def test_rows_in_which_something_flows_are_summed_and_no_others():
    """By hand: of three periods the first stays by itself; two of `most`, `allowed` and `needed` become one each."""
    alike, summed = sums(halves(12, 12, 12))
    m = summed.matrix
    assert alike.columns_left == 6  # act 0, act 1 + act 2, released of each, the licence
    assert len(m.variables) == 6
    assert m.row_upper.tolist() == [12, 24, 0, 0, 10, 20, 3]
    assert m.cost.tolist() == [1, 1, 0, 0, 0, 5]
    dense = np.zeros((7, 6))
    for i in range(7):
        part = slice(m.starts[i], m.starts[i + 1])
        dense[i, m.columns[part]] = m.coefficients[part]
    assert dense.tolist() == [
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, -100],
        [0, 1, 0, 0, 0, -200],
        [1, 0, 1, 0, 0, 0],
        [0, 1, 0, 1, 1, 0],
        [0, 0, 1, 1, 1, 0],
    ]
    assert summed.of.tolist() == [0, 1, 1, 2, 3, 4, 5]


def test_periods_with_other_limits_are_not_alike():
    m = halves(12, 12, 12, 9, 9)
    alike, _ = sums(m)
    assert alike.column[:5].tolist() == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("made", [(12,), (12, 12), (12, 11, 12)])
def test_no_sums_where_nothing_is_alike(made):
    m = halves(*made)
    assert alike_periods(m, matrix(m)) is None


def test_flows_of_other_cost_stay_apart():
    """Periods are told apart by their own figures; a row of the year that weighs them differently keeps them apart."""
    m = halves(12, 12, 12)
    m.year = pyo.Constraint([2], rule=lambda m, n: m.act[1, "works"] + 2 * m.act[2, "works"] <= 50)
    alike, summed = sums(m)
    assert (alike.columns_left, len(summed.matrix.variables)) == (6, 7)


def test_what_was_added_and_changed_since_counts():
    m = halves(12, 12, 12)
    loaded = matrix(m)
    alike = alike_periods(m, loaded)
    solver = Solver(loaded)
    solver.limit([(1.0, m.act[2, "works"])], 8)
    solver.new_column(cost=7.0, terms=[(1.0, 0)])
    summed = alike.summed(CurrentModel.of(solver.highs))
    assert len(summed.matrix.variables) == 8  # act 2 stands in a row of its own now
    assert summed.matrix.row_upper.tolist() == [12, 24, 0, 0, 10, 20, 3, 8]
    assert summed.matrix.cost[-1] == pytest.approx(7)


def test_the_plan_is_one_of_the_whole(large, monkeypatch):
    """12, 12 and 12 t: the stock helps wherever it is used, so the plan costs 30 - 3 + 5, and sums see it all."""
    parts = []
    part = CurrentModel.part
    monkeypatch.setattr(CurrentModel, "part", lambda whole, rows: parts.append(len(whole.lower)) or part(whole, rows))
    solver = solver_of(halves(12, 12, 12))
    outcome = solver.solve(1e-9, 60)
    assert (outcome.optimal, outcome.objective, outcome.bound) == (True, pytest.approx(32), pytest.approx(32))
    assert len(solver.values()) == 7
    assert set(parts) == {6}  # of the sums alone


def test_what_sums_do_not_see_is_searched_in_the_whole(large, monkeypatch):
    """The second period lacks 1 t, of which the stock may give 0.5: the sums see 3 t of stock for 2 that lack, and the
    whole has no plan."""
    m = halves(12, 9, 9)
    m.late = pyo.Constraint([0], rule=lambda m, n: m.released[1] <= 0.5)
    solver, columns = solver_of(m), []
    solve = LargeSolver.solve
    monkeypatch.setattr(
        LargeSolver, "solve", lambda self, *a, **k: columns.append(len(self.variables)) or solve(self, *a, **k)
    )
    with pytest.raises(NoPlanError):
        solver.solve(1e-9, 60)
    assert columns == [7, 6]  # the sums once, as another time they would say the same


def test_a_plan_that_costs_more_than_the_sums_is_proved_in_the_whole(large):
    """What the works lacks in the second period costs 9 MUSD a tonne: the sums do not need it, the whole 0.5 t."""
    m = halves(12, 9, 9)
    m.late = pyo.Constraint([0], rule=lambda m, n: m.released[1] <= 0.5)
    m.more = pyo.Var([0, 1, 2], domain=pyo.NonNegativeReals)
    for n in range(3):
        m.needed[n].set_value(m.act[n, "works"] + m.released[n] + m.more[n] == 10)
    m.objective.expr += 9 * sum(m.more.values())
    _, summed = sums(m)
    assert Solver(summed.matrix).solve(1e-9, 60).objective == pytest.approx(32)
    outcome = solver_of(m).solve(1e-9, 60)
    assert (outcome.optimal, outcome.objective, outcome.bound) == (True, pytest.approx(36), pytest.approx(36))


def test_a_loose_gap_is_met_by_the_sums_alone(large, monkeypatch):
    m = halves(12, 9, 9)
    monkeypatch.setattr(LargeSolver, "relaxed", _of_sums(LargeSolver.relaxed, len(matrix(m).variables)))
    outcome = solver_of(m).solve(0.2, 60)
    assert outcome.optimal
    assert outcome.bound <= outcome.objective <= outcome.bound + 0.2 * outcome.objective


def _of_sums(relaxed, columns):
    def watched(solver, *args):
        assert len(solver.variables) < columns, "the whole was searched"
        return relaxed(solver, *args)

    return watched


def test_a_start_is_a_plan_of_the_sums_too(large, monkeypatch):
    """It is within the gap asked for once 31 are proved, which the sums do: nothing else is held or sought."""
    m = halves(12, 12, 12)
    solver = solver_of(m)
    solver.solve(1e-9, 60)
    start = solver.values()
    held = []
    solver = solver_of(m)
    hold = LargeSolver.held
    monkeypatch.setattr(LargeSolver, "held", lambda self, x: held.append(len(x)) or hold(self, x))
    monkeypatch.setattr(LargeSolver, "relaxed", _of_sums(LargeSolver.relaxed, len(start)))
    solver.start_from(start)
    outcome = solver.solve(0.0, 60, absolute_gap=1.0, bound=0.0)
    assert (outcome.optimal, outcome.objective) == (True, pytest.approx(32))
    assert outcome.bound >= 31 - 1e-6
    assert held == [len(start), 6]


def test_no_time_for_the_sums_either(large):
    with pytest.raises(StoppedError):
        solver_of(halves(12, 12, 12)).solve(1e-9, 0.0)


# --- workbooks --------------------------------------------------------------------------------------------------------


def in_months(months: int = 1) -> Book:
    book = cut_book()
    book["Periods"] = [["year", "months"], [2027, months], [2028, months]]
    return book


def joint_model(book: Book) -> Built:
    return build(all_futures(read(book), AS_SET)[1])


def random_model(seed: int) -> Built:
    pick = random.Random(seed).choice
    book = some_book_of_version_2(pick)
    book.pop("Periods", None)
    for year in (FIRST, FIRST + 1):
        add(book, "Periods", year=year, months=pick([1, 2, 3]))
    base = scenario_data(read(book))
    return build(single(base) if seed % 2 else joint(base, []))


def test_months_between_changes_are_alike():
    """Demand rises in October; the ban is from April to June or December. The first month after futures part stays by
    itself, as the first of a year does."""
    built = joint_model(in_months())
    tree = built.tree
    loaded = matrix(built.model)
    alike = alike_periods(built.model, loaded)
    column = {id(v): i for i, v in enumerate(loaded.variables)}
    short = {index[0]: alike.column[column[id(v)]] for index, v in built.model.flows.short.items()}
    for name, runs in {
        "base": ["1", "2 3", "4", "5 6 7 8 9", "10 11 12"],
        "ban": ["1", "2 3", "4", "5 6", "7", "8 9", "10 11 12"],
        "long_ban": ["1", "2 3", "4", "5 6", "7", "8 9", "10 11 12"],
    }.items():
        months: dict[int, list[str]] = {}
        for n in tree.path[tree.leaf_of[name]]:
            if tree.year[n] == 2027:
                months.setdefault(short[n], []).append(str(tree.month[n]))
        assert [" ".join(found) for found in months.values()] == runs, name


def holds(summed: Summed, values: np.ndarray) -> tuple[bool, float]:
    """Whether a plan of the whole is one of the sums, and what it costs there."""
    m = summed.matrix
    x = np.bincount(summed.of, weights=values)
    row = np.repeat(np.arange(len(m.rows)), np.diff(m.starts))
    total = np.bincount(row, weights=m.coefficients * x[m.columns], minlength=len(m.rows))
    within = (total >= m.row_lower - 1e-5) & (total <= m.row_upper + 1e-5)
    bounded = (x >= m.lower - 1e-5) & (x <= m.upper + 1e-5)
    whole = np.abs(x - np.round(x))[m.integer] < 1e-5
    return bool(within.all() and bounded.all() and whole.all()), float(m.cost @ x) + m.offset


MODELS = [lambda: joint_model(in_months()), lambda: joint_model(in_months(3))] + [
    lambda seed=seed: random_model(seed) for seed in range(12)
]


@pytest.mark.parametrize("made", MODELS)
def test_each_plan_of_the_whole_is_one_of_the_sums_at_the_same_cost(made):
    """The cheapest, and the cheapest for costs drawn at random: so corners of all kinds."""
    model = made().model
    loaded = matrix(model)
    alike = alike_periods(model, loaded)
    solver = Solver(loaded)
    cost = loaded.cost
    for draw in range(3):
        weight = np.random.default_rng(draw).uniform(0.2, 5, len(cost)) if draw else np.ones(len(cost))
        solver.set_cost(cost * weight)
        try:
            solver.solve(1e-9, 60)
        except NoPlanError:
            return
        values = solver.values()
        solver.set_cost(cost)
        summed = alike.summed(CurrentModel.of(solver.highs))
        assert len(summed.matrix.variables) < len(loaded.variables)
        found, there = holds(summed, values)
        assert found
        assert there == pytest.approx(float(cost @ values) + loaded.offset, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("made", MODELS)
def test_the_plan_costs_what_it_costs_with_all_periods(large, monkeypatch, made):
    """Plans nearby are sought too, a year at a time, however close the plan is."""
    monkeypatch.setattr(large_model, "NEARER", 0.0)
    monkeypatch.setattr(nearby_plans, "AT_A_TIME", 1)
    model = made().model
    with pytest.MonkeyPatch.context() as small:
        small.setattr(large_model, "LARGE", 10**9)
        plain = solver_of(model)
    try:
        wanted = plain.solve(1e-9, 60).objective
    except NoPlanError:
        with pytest.raises(NoPlanError):
            solver_of(model).solve(1e-9, 60)
        return
    outcome = solver_of(model).solve(1e-9, 60)
    assert outcome.optimal
    assert outcome.objective == pytest.approx(wanted, rel=1e-7, abs=1e-6)
    assert outcome.bound == pytest.approx(wanted, rel=1e-7, abs=1e-6)
