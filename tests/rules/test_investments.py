from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, costs, covers, keys, total
from tests.rules.tiny_data import Y1, fork, plan, project, scenario

from lodestone.data.plan_data import time_of
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.solver.matrix import matrix


def test_build_is_a_whole_number_up_to_max_builds_where_it_produces_within_the_horizon():
    m = build(single(plan(projects=[project("mill", lead_years=1, max_builds=3)]))).model

    build_var = m.investments.build
    assert keys(build_var) == {(0, "mill"), (1, "mill")}  # decided in 2032 it would produce in 2033 [cheat]
    assert all(v.is_integer() and v.bounds == (0, 3) for v in build_var.values())


def test_build_only_inside_the_window():
    m = build(single(plan(projects=[project("mill", earliest_year=Y1, latest_year=Y1)]))).model

    assert keys(m.investments.build) == {(1, "mill")}


@covers("investments.so_far", "investments.once")
def test_once():
    projects = [project("mill", max_builds=3), project("late", earliest_year=2032)]
    m = build(single(plan(projects=projects))).model

    so_far, once = m.investments.so_far, m.investments.once
    assert keys(once) == {(2, "mill")}  # one decision year needs no row: the bound of build says it
    assert keys(so_far) == {(0, "mill"), (1, "mill"), (2, "mill")}
    assert_row(so_far[0, "mill"], {"investments.built[0,mill]": 1, "investments.build[0,mill]": -1}, "==", 0)
    added = {"investments.built[1,mill]": 1, "investments.build[1,mill]": -1, "investments.built[0,mill]": -1}
    assert_row(so_far[1, "mill"], added, "==", 0)
    assert_row(once[2, "mill"], {"investments.built[2,mill]": 1}, "<=", 3)


@covers("investments.so_far", "investments.once")
def test_once_on_each_path_of_a_tree():
    data = plan(projects=[project("mill")])
    m = build(fork(data, data)).model

    assert keys(m.investments.once) == {(2, "mill"), (4, "mill")}
    other = {"investments.built[3,mill]": 1, "investments.build[3,mill]": -1, "investments.built[0,mill]": -1}
    assert_row(m.investments.so_far[3, "mill"], other, "==", 0)
    assert_row(m.investments.once[4, "mill"], {"investments.built[4,mill]": 1}, "<=", 1)


def test_the_solver_branches_on_what_is_built_so_far():
    model = build(single(plan(projects=[project("mill"), project("late", earliest_year=2032)]))).model
    arrays = matrix(model)

    names = [v.name for v in arrays.variables]
    whole = {name for name, flag in zip(names, arrays.integer, strict=True) if flag}
    branched = {name for name, flag in zip(names, arrays.branched, strict=True) if flag}
    assert whole == {f"investments.build[{n}]" for n in ("0,mill", "1,mill", "2,mill", "2,late")}
    assert branched == {f"investments.built[{n},mill]" for n in range(3)} | {"investments.build[2,late]"}


@covers("investments.group")
def test_group():
    small = project("small", group="site", latest_year=2030, max_builds=2)
    large = project("large", group="site", earliest_year=2032)
    alone = project("alone", group="pit", latest_year=2030, max_builds=2)
    data = plan(projects=[small, large, alone, project("free", max_builds=2)])
    m = build(fork(data, data)).model

    assert keys(m.investments.group) == {(2, "site"), (4, "site"), (2, "pit"), (4, "pit")}
    trunk_and_base = {"investments.build[0,small]": 1, "investments.build[2,large]": 1}
    assert_row(m.investments.group[2, "site"], trunk_and_base, "<=", 1)
    assert_row(m.investments.group[4, "pit"], {"investments.build[0,alone]": 1}, "<=", 1)


@covers("investments.requires")
def test_requires():
    mine = project("mine", earliest_year=2031, max_builds=2)
    mill = project("mill", requires="mine", max_builds=3)
    m = build(single(plan(projects=[mine, mill]))).model

    assert keys(m.investments.requires) == {(0, "mill"), (1, "mill"), (2, "mill")}
    assert_row(m.investments.requires[0, "mill"], {"investments.build[0,mill]": 1}, "<=", 0)
    until_2031 = {"investments.build[0,mill]": 1, "investments.build[1,mill]": 1, "investments.build[1,mine]": -3}
    assert_row(m.investments.requires[1, "mill"], until_2031, "<=", 0)


@covers("investments.requires")
def test_requires_looks_back_along_the_path_only():
    data = plan(projects=[project("mine"), project("mill", requires="mine", earliest_year=2031)])
    m = build(fork(data, data)).model

    assert keys(m.investments.requires) == {(1, "mill"), (2, "mill"), (3, "mill"), (4, "mill")}
    trunk_and_other = {
        "investments.build[3,mill]": 1, "investments.build[0,mine]": -1, "investments.build[3,mine]": -1
    }  # fmt: skip
    assert_row(m.investments.requires[3, "mill"], trunk_and_other, "<=", 0)


def test_capacity_ramps_up_and_ends_with_life():
    mill = project("mill", capacity=60.0, lead_years=1, ramp_years=3, life_years=2, latest_year=2031)
    m = build(single(plan(projects=[mill], last_year=2034))).model

    capacity = {n: total(m.investments.capacity[n, "mill"]) for n in range(5)}
    assert capacity == {
        0: {},
        1: {"investments.build[0,mill]": 20},  # a third in its first year
        2: {"investments.build[0,mill]": 40, "investments.build[1,mill]": 20},
        3: {"investments.build[1,mill]": 40},  # that of 2030 was closed at the end of 2032
        4: {},
    }


def test_capacity_of_a_path_is_not_that_of_another():
    data = plan(projects=[project("mill", capacity=60.0)])
    m = build(fork(data, data)).model

    assert total(m.investments.capacity[4, "mill"]) == {
        "investments.build[0,mill]": 60, "investments.build[3,mill]": 60, "investments.build[4,mill]": 60
    }  # fmt: skip


def test_costs_of_a_public_project():
    mill = project(
        "mill", public=True, capex=50.0, fixed_cost=3.0, lead_years=1, life_years=5, ramp_years=4, latest_year=2031
    )
    m = build(single(plan(projects=[mill, project("private", capex=50.0, fixed_cost=3.0)]))).model

    b0, b1 = "investments.build[0,mill]", "investments.build[1,mill]"
    assert costs(m.investments, "capex") == {0: {b0: 50}, 1: {b1: 50}}
    assert costs(m.investments, "public_fixed_cost") == {1: {b0: 3}, 2: {b0: 3, b1: 3}}
    # decided 2030: works 2031-2035, 3 of 5 years after 2032; decided 2031: 4 of 5
    assert costs(m.investments, "salvage") == {2: {b0: -30, b1: -40}}


def test_a_public_project_that_ends_before_the_horizon_leaves_nothing():
    mill = project("mill", public=True, capex=50.0, fixed_cost=3.0, life_years=2, latest_year=2031)
    m = build(single(plan(projects=[mill]))).model

    b0, b1 = "investments.build[0,mill]", "investments.build[1,mill]"
    assert costs(m.investments, "public_fixed_cost") == {0: {b0: 3}, 1: {b0: 3, b1: 3}, 2: {b1: 3}}
    assert costs(m.investments, "salvage") == {}  # the second one ends with 2032


def test_costs_on_a_tree_are_those_of_the_nodes_after_the_decision():
    mill = project("mill", public=True, capex=50.0, fixed_cost=3.0, life_years=4, latest_year=2031)
    m = build(fork(plan(projects=[mill]), plan(projects=[mill], scenario=scenario()))).model

    b0, b1, b3 = (f"investments.build[{n},mill]" for n in (0, 1, 3))
    assert costs(m.investments, "capex") == {0: {b0: 50}, 1: {b1: 50}, 3: {b3: 50}}
    assert costs(m.investments, "public_fixed_cost") == {
        0: {b0: 3}, 1: {b0: 3, b1: 3}, 2: {b0: 3, b1: 3}, 3: {b0: 3, b3: 3}, 4: {b0: 3, b3: 3}
    }  # fmt: skip
    assert costs(m.investments, "salvage") == {2: {b0: -12.5, b1: -25}, 4: {b0: -12.5, b3: -25}}


def test_what_is_lost_has_no_capacity_from_then_on():
    data = replace(plan(projects=[project("mill"), project("other")]), lost={"mill": time_of(2031)})
    m = build(single(data)).model

    assert total(m.investments.capacity[0, "mill"]) == {"investments.build[0,mill]": 100}
    assert total(m.investments.capacity[1, "mill"]) == total(m.investments.capacity[2, "mill"]) == {}
    assert total(m.investments.capacity[1, "other"]) == {f"investments.build[{n},other]": 100 for n in (0, 1)}


@covers("investments.once", "investments.group")
def test_two_years_to_decide_in_and_a_group_that_nobody_can_join():
    late = project("late", group="west", earliest_year=2040)
    m = build(single(plan(projects=[project("mill", latest_year=2031), late]))).model

    assert keys(m.investments.once) == {(2, "mill")}
    assert keys(m.investments.group) == set()


@covers("investments.so_far")
def test_only_what_may_be_decided_in_several_years_is_counted_so_far():
    m = build(single(plan(projects=[project("once", latest_year=2030), project("mill", latest_year=2031)]))).model

    assert keys(m.investments.so_far) == {(0, "mill"), (1, "mill")}
