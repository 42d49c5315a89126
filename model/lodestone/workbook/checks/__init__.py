"""Rules across rows and sheets: one function each, which yields what it finds in the data of one scenario.

`find_problems` runs all of them over every scenario. A problem that the base has too is told once; one that only
changed data has names its scenarios. A value may be missing (None) where a cell was unusable, a problem told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.checks.bankability import never_bankable
from lodestone.workbook.checks.committed import (
    committed_after_horizon,
    committed_without_project,
    two_of_a_group,
    two_packages_of_a_project,
    volume_outside_limits,
    volume_without_year,
    volumes_beyond_supplier,
)
from lodestone.workbook.checks.contracts import (
    contract_for_no_output,
    contracts_on_several_outputs,
    fixed_price_missing,
    supplier_not_allowed,
)
from lodestone.workbook.checks.futures import (
    freed_stockpile_unknown,
    not_after_its_parent,
    parents_in_a_ring,
    secure_against_nothing,
    threat_not_allowed,
)
from lodestone.workbook.checks.limits import (
    collar_reversed,
    least_over_capacity,
    opening_over_capacity,
    volumes_reversed,
    year_window_reversed,
)
from lodestone.workbook.checks.months import (
    cut_year_outside,
    emergency_months_before_scenario,
    emergency_months_reversed,
    month_within_a_period,
    month_without_year,
)
from lodestone.workbook.checks.names import group_named_like_a_region, region_or_group_unknown
from lodestone.workbook.checks.packages import (
    floor_beyond_its_most,
    floor_for_no_output,
    floor_not_allowed,
    loan_longer_than_life,
    narrow_margin,
    support_over_capex,
)
from lodestone.workbook.checks.prices import price_missing, sell_market_without_volume, value_added_negative
from lodestone.workbook.checks.projects import circular_requires
from lodestone.workbook.checks.recipes import processes_sustain_themselves, recipes_on_a_ring, returns_gain
from lodestone.workbook.checks.reserves import cover_held_by_a_rival
from lodestone.workbook.checks.same_names import nearly_the_same_name, one_country_twice
from lodestone.workbook.checks.scenarios import (
    emergency_before_scenario,
    emergency_incomplete,
    emergency_reversed,
    nothing_left_for_base,
    probabilities_over_one,
    probability_without_year,
    scenario_named_base,
    scenario_year_outside,
    shows_itself_at_once,
)
from lodestone.workbook.checks.trade import sells_above_what_it_buys
from lodestone.workbook.checks.units import co_product_unwanted, unit_out_of_reach, whole_plant_without_effect
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Tables

Check = Callable[[Tables], Iterable[Problem]]
PROBLEM_CHECKS: tuple[Check, ...] = (
    group_named_like_a_region,
    region_or_group_unknown,
    scenario_named_base,
    year_window_reversed,
    collar_reversed,
    volumes_reversed,
    opening_over_capacity,
    least_over_capacity,
    cover_held_by_a_rival,
    cut_year_outside,
    month_without_year,
    month_within_a_period,
    emergency_months_reversed,
    emergency_months_before_scenario,
    parents_in_a_ring,
    not_after_its_parent,
    threat_not_allowed,
    freed_stockpile_unknown,
    committed_after_horizon,
    committed_without_project,
    two_of_a_group,
    two_packages_of_a_project,
    volume_without_year,
    volume_outside_limits,
    volumes_beyond_supplier,
    support_over_capex,
    loan_longer_than_life,
    probabilities_over_one,
    probability_without_year,
    scenario_year_outside,
    emergency_incomplete,
    emergency_reversed,
    emergency_before_scenario,
    floor_not_allowed,
    floor_for_no_output,
    contract_for_no_output,
    supplier_not_allowed,
    contracts_on_several_outputs,
    fixed_price_missing,
    circular_requires,
    sell_market_without_volume,
    price_missing,
    processes_sustain_themselves,
    returns_gain,
)
YEAR_CHECKS: tuple[Check, ...] = (
    scenario_year_outside,
    emergency_before_scenario,
    cut_year_outside,
    month_within_a_period,
    committed_after_horizon,
    volumes_beyond_supplier,
)
SOUND_CHECKS: tuple[Check, ...] = (floor_beyond_its_most,)  # that need data without problems
WARNING_CHECKS: tuple[Check, ...] = (
    unit_out_of_reach,
    never_bankable,
    nothing_left_for_base,
    shows_itself_at_once,
    co_product_unwanted,
    whole_plant_without_effect,
    value_added_negative,
    recipes_on_a_ring,
    narrow_margin,
    sells_above_what_it_buys,
    secure_against_nothing,
    nearly_the_same_name,
    one_country_twice,
)


def find_problems(futures: Sequence[Tables], *, horizon_known: bool = True) -> list[Problem]:
    """Every problem of every scenario, the base being the first of them; without a horizon, years are not checked."""
    checks = PROBLEM_CHECKS if horizon_known else tuple(check for check in PROBLEM_CHECKS if check not in YEAR_CHECKS)
    return _over_futures(futures, checks)


def find_last_problems(futures: Sequence[Tables]) -> list[Problem]:
    """What can only be told of data that have no other problems."""
    return _over_futures(futures, SOUND_CHECKS)


def find_warnings(futures: Sequence[Tables]) -> list[Problem]:
    """Doubts that do not stop a solve; the data must have no problems."""
    return _over_futures(futures, WARNING_CHECKS)


def _over_futures(futures: Sequence[Tables], checks: Sequence[Check]) -> list[Problem]:
    found: dict[Problem, list[str]] = {}
    for tables in futures:
        for check in checks:
            for problem in check(tables):
                found.setdefault(problem, []).append(tables.scenario)
    return [problem if BASE in scenarios else _only_in(problem, scenarios) for problem, scenarios in found.items()]


def _only_in(problem: Problem, scenarios: Sequence[str]) -> Problem:
    where = f"in scenario {scenarios[0]}" if len(scenarios) == 1 else f"in scenarios {listed(scenarios)}"
    return replace(problem, wrong=f"{where}: {problem.wrong}")
