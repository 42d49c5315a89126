"""Plans near to one that is known: which decisions are open at a time, and what a search of them finds."""

import time
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from lodestone.data.tree import single
from lodestone.progress import Progress
from lodestone.rules.build import build
from lodestone.solve.one_scenario import scenario_data
from lodestone.solver.current_model import CurrentModel
from lodestone.solver.large_model import LargeSolver, SearchOfRows, Wanted
from lodestone.solver.matrix import matrix
from lodestone.solver.nearby_plans import there_and_back, windows
from lodestone.template.examples import examples
from lodestone.workbook.inputs import load

YEARS = range(2027, 2032)


def test_three_years_are_open_at_a_time_and_what_is_of_no_year_always():
    year = np.array([2027, 2028, 2028, 2030, 2033, 0, 2027])
    whole = np.array([True, True, True, True, True, True, False])
    first, second = windows(year, whole)
    assert first.tolist() == [True, True, True, True, False, True, False]  # 2027, 2028 and 2030
    assert second.tolist() == [False, True, True, True, True, True, False]  # 2028, 2030 and 2033


def test_of_three_years_all_would_be_open():
    assert windows(np.array([2027, 2028, 2029]), np.ones(3, dtype=bool)) == []


@pytest.mark.parametrize(("count", "order"), [(0, []), (1, [0]), (2, [0, 1]), (4, [0, 1, 2, 3, 2, 1])])
def test_there_and_back(count, order):
    assert there_and_back(count) == order


def works_and_port() -> pyo.ConcreteModel:
    """A works and a port, once each, 8 MUSD in all; from the year on in which both stand they save 3 of 10 MUSD a
    year."""
    m = pyo.ConcreteModel()
    things = ("works", "port")
    m.build = pyo.Var([(y, g) for y in YEARS for g in things], domain=pyo.Binary)
    m.dear = pyo.Var(YEARS, bounds=(0, 1))
    so_far = {(y, g): sum(m.build[z, g] for z in YEARS if z <= y) for y in YEARS for g in things}
    m.once = pyo.Constraint(things, rule=lambda m, g: so_far[2031, g] <= 1)
    m.needs = pyo.Constraint(list(so_far), rule=lambda m, y, g: m.dear[y] + so_far[y, g] >= 1)
    m.objective = pyo.Objective(expr=sum(4 * b for b in m.build.values()) + sum(7 + 3 * d for d in m.dear.values()))
    m.year_of = pyo.Suffix()
    m.year_of[m] = {y: y for y in YEARS}
    return m


def searched(begun: int, wanted_gap: float, bound: float = 35.0) -> tuple[SearchOfRows, pyo.ConcreteModel]:
    """What is found near to both in the year that is begun with."""
    m = works_and_port()
    solver = LargeSolver(m)
    whole = CurrentModel.of(solver.highs)
    everything = np.ones(len(whole.row_lower), dtype=bool)
    wanted = Wanted(0.0, wanted_gap, time.monotonic() + 60)
    search = SearchOfRows(solver, whole, everything, wanted, bound)
    start = np.zeros(len(solver.variables))
    for g in ("works", "port"):
        start[solver.column[id(m.build[begun, g])]] = 1
    search._hold(start)
    search._look_nearby()
    whole.put_back(solver.highs)
    solver.store(search.best)
    return search, m


def test_both_move_through_the_years_together():
    """By hand: both in 2031 cost 8 + 4 x 10 + 7 = 55. 2027 to 2029 are open, then 2028 to 2030: nothing, as each is
    built once. Then from 2029 on: both in 2029, 49. Then back, from 2028 on: both in 2028, 46; 2027 was looked at when
    nothing could move there."""
    search, m = searched(2031, 1.0)
    assert search.cost == pytest.approx(46)
    assert [(y, g) for (y, g), b in m.build.items() if b.value > 0.5] == [(2028, "works"), (2028, "port")]
    assert search.bound == pytest.approx(35)  # with decisions held nothing is proved


def test_what_is_proved_with_decisions_held_is_not_told(monkeypatch):
    """A window says that nothing is under 46: of the bound that is shown, 35, that says nothing."""
    told = []
    held = SearchOfRows._seek_within

    def within(search, window):
        search.wanted = replace(search.wanted, on_progress=told.append)
        search.tell(Progress("solve", 1.0, 46.0, 46.0))
        search.wanted = replace(search.wanted, on_progress=None)
        held(search, window)

    monkeypatch.setattr(SearchOfRows, "_seek_within", within)
    searched(2031, 1.0)
    assert [progress.bound for progress in told] == [35.0] * 4
    assert [progress.best for progress in told] == pytest.approx([55, 55, 55, 49])


def test_what_is_close_enough_is_proved_instead():
    """55 is within 1.8 times 12 MUSD of the bound."""
    search, m = searched(2031, 12.0)
    assert search.cost == pytest.approx(55)
    assert m.build[2031, "works"].value == pytest.approx(1)


def test_what_saves_too_little_is_left():
    """From 2028 to 2027 saves 3 MUSD; a quarter of 13 is more."""
    assert searched(2028, 11.0, bound=20.0)[0].cost == pytest.approx(43)
    assert searched(2028, 13.0, bound=20.0)[0].cost == pytest.approx(46)


def test_what_was_looked_at_is_not_looked_at_again_unless_others_gained(monkeypatch):
    """Forwards and back through three windows: the second comes twice, where the third has gained something."""
    looked = []
    within = SearchOfRows._seek_within
    monkeypatch.setattr(SearchOfRows, "_seek_within", lambda search, window: (looked.append(1), within(search, window)))
    searched(2027, 1.0)  # nothing is better
    assert len(looked) == 3
    searched(2031, 1.0)
    assert len(looked) == 3 + 4


def test_whole_numbers_of_a_plan_are_decided_in_years_of_its_tree():
    built = build(single(scenario_data(load(examples()["tutorial"]))))
    loaded = matrix(built.model)
    years = set(loaded.year[loaded.branched].tolist())
    assert len(years) > 1
    assert years <= set(built.tree.year.values())
    assert not loaded.year[~loaded.branched].any()
