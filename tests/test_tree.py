from __future__ import annotations

from model.tree import single
from tests.rules.tiny_data import fork, plan


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
