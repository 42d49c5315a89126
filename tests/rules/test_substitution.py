from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import cut, plan, project, substitution

from lodestone.data.tree import single
from lodestone.rules.build import build

J = ("Home", "cars", "oxide")
DEMAND = {J: (100.0, 200.0, 50.0)}
THRIFT = substitution("thrift", "cars", 0.2, (0.1, 0.2, 0.2))


def avoid(n: int) -> str:
    return f"flows.avoid[{n},thrift,Home,cars,oxide]"


@covers("substitution.growth")
def test_it_grows_by_a_part_of_demand_each_year_from_nothing():
    m = build(single(plan(demand=DEMAND, substitution=[replace(THRIFT, ramp_share_per_yr=0.04)]))).model

    assert_row(m.substitution.growth[0, "thrift", *J], {avoid(0): 1}, "<=", 4)
    assert_row(m.substitution.growth[1, "thrift", *J], {avoid(1): 1, avoid(0): -1}, "<=", 8)


@covers("substitution.growth", "substitution.kept")
def test_in_periods_rates_are_compared_and_the_step_is_theirs():
    """2031 in quarters: 200 t a year x 0.04 a year x a quarter of a year = 2 t a year more in each."""
    data = plan(demand=DEMAND, substitution=[replace(THRIFT, ramp_share_per_yr=0.04, keep_share=0.5)])
    m = build(single(cut(data, y2031=3))).model

    assert_row(m.substitution.growth[1, "thrift", *J], {avoid(1): 4, avoid(0): -1}, "<=", 2)
    assert_row(m.substitution.growth[2, "thrift", *J], {avoid(2): 4, avoid(1): -4}, "<=", 2)
    assert_row(m.substitution.kept[2, "thrift", *J], {avoid(2): 4, avoid(1): -2}, ">=", 0)
    row = {avoid(5): 1, avoid(4): -4 * 0.5 * 10 / 40}  # 2032: of 10 t a year at most, where 40 were possible
    assert_row(m.substitution.kept[5, "thrift", *J], row, ">=", 0)


@covers("substitution.kept")
def test_what_is_designed_out_stays_out_as_far_as_there_is_demand_for_it():
    """The most that can be avoided: 10, 40, 10 t a year."""
    m = build(single(plan(demand=DEMAND, substitution=[replace(THRIFT, keep_share=0.8)]))).model

    assert keys(m.substitution.kept) == {(1, "thrift", *J), (2, "thrift", *J)}
    assert_row(m.substitution.kept[1, "thrift", *J], {avoid(1): 1, avoid(0): -0.8}, ">=", 0)
    assert_row(m.substitution.kept[2, "thrift", *J], {avoid(2): 1, avoid(1): -0.8 * 10 / 40}, ">=", 0)


@covers("substitution.required")
def test_it_is_possible_once_what_it_requires_is_in_production():
    lab = project("lab", recipe={"scrap": 1.0}, public=True, lead_years=1, life_years=1, latest_year=2031)
    data = plan(projects=[lab], demand=DEMAND, substitution=[replace(THRIFT, requires="lab")])
    m = build(single(data)).model

    assert_row(m.substitution.required[0, "thrift", *J], {avoid(0): 1}, "<=", 0)
    assert_row(m.substitution.required[1, "thrift", *J], {avoid(1): 1, "investments.build[0,lab]": -40}, "<=", 0)
    assert_row(m.substitution.required[2, "thrift", *J], {avoid(2): 1, "investments.build[1,lab]": -10}, "<=", 0)


def test_options_without_conditions_have_no_rows():
    m = build(single(plan(demand=DEMAND, substitution=[THRIFT]))).model

    assert keys(m.substitution.required) == keys(m.substitution.growth) == keys(m.substitution.kept) == set()


@covers("substitution.growth", "substitution.kept")
def test_demand_that_comes_later_is_avoided_from_nothing():
    data = plan(demand={J: (0.0, 200.0, 50.0)}, substitution=[replace(THRIFT, ramp_share_per_yr=0.04, keep_share=0.5)])
    m = build(single(data)).model

    assert_row(m.substitution.growth[1, "thrift", *J], {avoid(1): 1}, "<=", 8)
    assert keys(m.substitution.kept) == {(2, "thrift", *J)}


@covers("substitution.growth")
def test_an_option_that_cannot_grow_does_not():
    m = build(single(plan(demand=DEMAND, substitution=[replace(THRIFT, ramp_share_per_yr=0.0)]))).model

    assert_row(m.substitution.growth[0, "thrift", *J], {avoid(0): 1}, "<=", 0)
