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


# --- periods --------------------------------------------------------------------------------------------------------


def test_a_year_that_is_cut_has_a_node_for_each_period():
    tree = single(plan(periods={2031: 4}))

    assert tree.time == {0: 203001, 1: 203101, 2: 203105, 3: 203109, 4: 203201}
    assert tree.parent == {0: None, 1: 0, 2: 1, 3: 2, 4: 3}
    assert [tree.year[n] for n in tree.nodes] == [2030, 2031, 2031, 2031, 2032]
    assert [tree.month[n] for n in tree.nodes] == [1, 1, 5, 9, 1]
    assert [tree.months[n] for n in tree.nodes] == [12, 4, 4, 4, 12]
    assert [tree.length[n] for n in tree.nodes] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 1])
    assert [n for n in tree.nodes if tree.begins_year(n)] == [0, 1, 4]
    assert [n for n in tree.nodes if tree.ends_year(n)] == [0, 3, 4]


def test_the_nodes_of_a_year_are_those_on_the_path():
    tree = single(plan(periods={2031: 4}))

    assert tree.year_nodes(3) == (1, 2, 3)
    assert tree.year_nodes(2) == (1, 2)
    assert tree.nodes_of(4, 2031) == (1, 2, 3)
    assert tree.nodes_of(2, 2030) == (0,)
    assert tree.nodes_of(2, 2029) == ()


@pytest.mark.parametrize(("months", "nodes"), [(1, 12), (2, 6), (3, 4), (4, 3), (6, 2), (12, 1)])
def test_the_lengths_of_a_year_add_up_to_one(months: int, nodes: int):
    tree = single(plan(last_year=2030, periods={2030: months}))

    assert len(tree.nodes) == nodes
    assert sum(tree.length.values()) == pytest.approx(1)


def at_month(name: str, probability: float, year: int, month: int, parent: str | None = None) -> PlanData:
    shows = Scenario(name, probability, year, None, None, 0, parent=parent, from_month=month)
    return plan(scenario=shows, periods={2031: 3})


def test_a_scenario_leaves_within_a_year():
    tree = joint(plan(periods={2031: 3}), [at_month("ban", 0.25, 2031, 7)])

    assert [tree.time[n] for n in tree.nodes] == [
        203001, 203101, 203104, 203107, 203110, 203201, 203107, 203110, 203201,
    ]  # fmt: skip
    assert tree.path[tree.leaf_of["ban"]] == (0, 1, 2, 6, 7, 8)
    assert tree.shared == (0, 1, 2)
    assert list(tree.probability.values()) == pytest.approx([1] * 3 + [0.75] * 3 + [0.25] * 3)
    assert tree.year_nodes(7) == (1, 2, 6, 7)  # of the trunk too
    assert tree.along(8).nodes == (0, 1, 2, 6, 7, 8)
    assert [tree.along(8).months[n] for n in (2, 6)] == [3, 3]
    assert tree.period_before == {2: 1, 4: 3, 7: 6}  # not where a year begins, nor where futures part


def test_an_embargo_that_may_end_or_go_on():
    """It comes in April, and in October some know that it lasts: both share what was done until then."""
    ban, long = at_month("ban", 0.2, 2031, 4), at_month("long", 0.1, 2031, 10, parent="ban")
    tree = joint(plan(periods={2031: 3}), [long, ban])

    assert tree.path[tree.leaf_of["base"]] == (0, 1, 2, 3, 4, 5)
    assert tree.path[tree.leaf_of["ban"]] == (0, 1, 6, 7, 8, 9)
    assert tree.path[tree.leaf_of["long"]] == (0, 1, 6, 7, 10, 11)
    assert [tree.probability[n] for n in (1, 2, 6, 7, 8, 10)] == pytest.approx([1, 0.7, 0.3, 0.3, 0.2, 0.1])
    assert [tree.data[n].scenario.name for n in (1, 7, 8, 10)] == ["base", "ban", "ban", "long"]
    assert tree.shared == (0, 1, 6, 7)


def test_a_parent_without_probability_goes_on_until_its_last_child_leaves():
    ban, long = at_month("ban", 0.0, 2031, 1), at_month("long", 0.4, 2032, 1, parent="ban")
    tree = joint(plan(periods={2031: 3}), [ban, long])

    assert set(tree.leaf_of) == {"base", "long"}
    path = tree.path[tree.leaf_of["long"]]
    assert [tree.data[n].scenario.name for n in path] == ["base", *["ban"] * 4, "long"]
    assert [tree.probability[n] for n in path] == pytest.approx([1, *[0.4] * 5])


def test_a_child_of_a_child():
    line = [at_month("a", 0.1, 2031, 1), at_month("b", 0.1, 2031, 4, "a"), at_month("c", 0.1, 2031, 7, "b")]
    tree = joint(plan(periods={2031: 3}), line)

    names = [tree.data[n].scenario.name for n in tree.path[tree.leaf_of["c"]]]
    assert names == ["base", "a", "b", "c", "c", "c"]
    assert [tree.probability[n] for n in tree.path[tree.leaf_of["c"]]] == pytest.approx([1, 0.3, 0.2, 0.1, 0.1, 0.1])


def test_the_probabilities_of_a_time_add_up_to_one():
    futures = [
        at_month("a", 0.1, 2031, 4), at_month("b", 0.2, 2031, 4, None), at_month("c", 0.15, 2031, 10, "a"),
        at_month("d", 0.05, 2032, 1, "c"),
    ]  # fmt: skip
    tree = joint(plan(periods={2031: 3}), futures)

    for time in set(tree.time.values()):
        assert sum(tree.probability[n] for n in tree.nodes if tree.time[n] == time) == pytest.approx(1)
    for n in tree.nodes:
        following = [m for m in tree.nodes if tree.parent[m] == n]
        assert not following or sum(tree.probability[m] for m in following) == pytest.approx(tree.probability[n])
