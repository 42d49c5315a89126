from __future__ import annotations

from typing import Any

import pytest
from tests.rules.tiny_data import fork, plan

from lodestone.data.plan_data import PlanData, Scenario
from lodestone.data.tree import joint, single


def test_one_scenario_is_one_node_a_year():
    data = plan()
    tree = single(data)

    assert tree.year == {0: 2030, 1: 2031, 2: 2032}
    assert tree.parent == {0: None, 1: 0, 2: 1}
    assert tree.probability == {0: 1.0, 1: 1.0, 2: 1.0}
    assert all(tree.data[n] is data for n in tree.nodes)
    assert tree.leaves == (2,)
    assert tree.path == {0: (0,), 1: (0, 1), 2: (0, 1, 2)}


def test_a_horizon_of_one_year():
    tree = single(plan(last_year=2030))

    assert tree.nodes == tree.leaves == (0,)
    assert tree.path == {0: (0,)}


def test_paths_and_leaves_of_a_fork():
    tree = fork(plan(), plan())

    assert tree.nodes == (0, 1, 2, 3, 4)
    assert tree.leaves == (2, 4)
    assert tree.path[2] == (0, 1, 2)
    assert tree.path[4] == (0, 3, 4)


def test_ancestors_are_counted_in_years_along_the_path():
    tree = fork(plan(), plan())

    assert [tree.ancestor(4, years) for years in range(5)] == [4, 3, 0, None, None]
    assert [tree.ancestor(2, years) for years in range(3)] == [2, 1, 0]


def future(name: str, probability: float, from_year: int, **changes: Any) -> PlanData:
    return plan(scenario=Scenario(name, probability, from_year, None, None, 0), **changes)


def test_scenarios_leave_the_trunk_in_their_year():
    base, early, late = plan(), future("early", 0.2, 2031), future("late", 0.3, 2032)
    tree = joint(base, [late, early])

    assert [tree.year[n] for n in tree.nodes] == [2030, 2031, 2032, 2032, 2031, 2032]
    assert [tree.parent[n] for n in tree.nodes] == [None, 0, 1, 1, 0, 4]
    assert list(tree.probability.values()) == pytest.approx([1.0, 0.8, 0.5, 0.3, 0.2, 0.2])
    assert [tree.data[n].scenario.name for n in tree.nodes] == ["base", "base", "base", "late", "early", "early"]
    assert tree.leaf_of == {"base": 2, "late": 3, "early": 5}
    assert tree.shared == (0, 1)


def test_scenarios_of_one_year_separate_in_it():
    tree = joint(plan(), [future("a", 0.25, 2031), future("b", 0.25, 2031)])

    assert tree.shared == (0,)
    assert {name: tree.path[leaf] for name, leaf in tree.leaf_of.items()} == {
        "base": (0, 1, 2), "a": (0, 3, 4), "b": (0, 5, 6),
    }  # fmt: skip


def test_a_base_without_probability_goes_on_until_the_last_scenario_leaves():
    tree = joint(plan(), [future("early", 0.4, 2031), future("late", 0.6, 2032)])

    assert [tree.year[n] for n in tree.nodes] == [2030, 2031, 2031, 2032, 2032]
    assert tree.leaf_of == {"early": 3, "late": 4}
    assert tree.probability[1] == pytest.approx(0.6)


def test_futures_without_probability_have_no_nodes():
    tree = joint(plan(), [future("never", 0.0, 2031), future("nearly", 1 - 1e-10, 2032)])

    assert tree.leaf_of == {"nearly": 2}
    assert tree.shared == ()
    assert joint(plan(), []).leaf_of == {"base": 2}


def test_scenarios_of_the_first_year_share_nothing():
    tree = joint(plan(), [future("a", 0.5, 2030), future("b", 0.5, 2030)])

    assert [n for n in tree.nodes if tree.parent[n] is None] == [0, 3]
    assert tree.shared == ()
    assert tree.path[5] == (3, 4, 5)


def test_a_future_alone_keeps_its_numbers():
    tree = joint(plan(), [future("early", 0.2, 2031)])
    alone = tree.along(tree.leaf_of["early"])

    assert alone.nodes == (0, 3, 4)
    assert alone.path[4] == (0, 3, 4)
    assert alone.leaves == (4,)
    assert set(alone.probability.values()) == {1.0}
