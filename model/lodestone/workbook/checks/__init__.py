"""Rules across rows and sheets: one function each, which yields what it finds in the data of one scenario.

`find_problems` runs all of them over every scenario. A problem that the base has too is told once; one that only
changed data has names its scenarios. A value may be missing (None) where a cell was unusable, a problem told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from lodestone.errors import MOST_ON_A_SHEET, Problem
from lodestone.names import listed
from lodestone.workbook.checks.bankability import floor_worth_nothing, never_bankable
from lodestone.workbook.checks.changes import change_past_horizon, change_twice, change_without_effect
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
from lodestone.workbook.checks.given import (
    cells_without_effect,
    closed_lane_filled_in,
    freight_left_blank,
    settings_without_effect,
)
from lodestone.workbook.checks.horizon import (
    contract_never_delivers,
    project_never_produces,
    refill_beyond_horizon,
    requires_later_project,
    window_outside,
)
from lodestone.workbook.checks.labels import label_in_doubt
from lodestone.workbook.checks.lanes import (
    demand_out_of_reach,
    lane_that_carries_nothing,
    lane_without_effect,
    market_out_of_reach,
    stockpile_out_of_reach,
    tariff_without_effect,
)
from lodestone.workbook.checks.limits import (
    collar_reversed,
    fixed_price_out_of_bounds,
    least_over_capacity,
    opening_over_capacity,
    volumes_reversed,
    year_window_reversed,
)
from lodestone.workbook.checks.magnitudes import (
    change_out_of_proportion,
    time_limit_very_short,
    unit_in_doubt,
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
    floor_that_closes_no_gap,
    loan_longer_than_life,
    narrow_margin,
    support_over_capex,
)
from lodestone.workbook.checks.policies import (
    all_is_of_concern,
    budget_for_nothing,
    budget_words_without_effect,
    cap_never_binds,
    cap_without_consumption,
    cover_over_capacity,
    cover_without_consumption,
    market_of_concern_called_clean,
    nothing_is_exposed,
    returns_after_horizon,
    returns_nobody_uses,
    returns_of_no_demand,
    substitution_dearer_than_shortage,
    substitution_of_no_demand,
)
from lodestone.workbook.checks.prices import (
    price_missing,
    sell_market_without_volume,
    shortage_cheaper_than_price,
    value_added_negative,
)
from lodestone.workbook.checks.projects import circular_requires
from lodestone.workbook.checks.recipes import processes_sustain_themselves, recipes_on_a_ring, returns_gain
from lodestone.workbook.checks.reserves import cover_held_by_a_rival
from lodestone.workbook.checks.same_names import one_country_twice
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
from lodestone.workbook.checks.units import co_product_unwanted, unit_out_of_reach
from lodestone.workbook.checks.unused import (
    group_of_one,
    material_unused,
    nothing_in_any_year,
    process_unused,
    recipe_without_output,
    region_unused,
    scenario_empty,
    sector_unused,
    spot_share_of_nothing,
)
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
    fixed_price_out_of_bounds,
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
SOUND_CHECKS: tuple[Check, ...] = (floor_that_closes_no_gap,)  # that need data without problems
WARNING_CHECKS: tuple[Check, ...] = (
    nothing_left_for_base,
    shows_itself_at_once,
    co_product_unwanted,
    value_added_negative,
    recipes_on_a_ring,
    sells_above_what_it_buys,
    secure_against_nothing,
    one_country_twice,
    change_twice,
    change_without_effect,
    change_past_horizon,
    change_out_of_proportion,
)
# Of the base only: to cut lanes, to make projects dearer or prices jump is what many scenarios are for.
BASE_CHECKS: tuple[Check, ...] = (
    unit_out_of_reach,
    demand_out_of_reach,
    market_out_of_reach,
    stockpile_out_of_reach,
    never_bankable,
    narrow_margin,
    floor_beyond_its_most,
    floor_worth_nothing,
    scenario_empty,
    shortage_cheaper_than_price,
    substitution_dearer_than_shortage,
    cover_over_capacity,
    market_of_concern_called_clean,
    freight_left_blank,
    recipe_without_output,
    unit_in_doubt,
    time_limit_very_short,
    label_in_doubt,
)
# What has an effect in some scenario has an effect.
EFFECT_CHECKS: tuple[Check, ...] = (
    cells_without_effect,
    settings_without_effect,
    closed_lane_filled_in,
    lane_without_effect,
    lane_that_carries_nothing,
    tariff_without_effect,
    cap_without_consumption,
    cap_never_binds,
    nothing_is_exposed,
    all_is_of_concern,
    cover_without_consumption,
    substitution_of_no_demand,
    returns_of_no_demand,
    returns_nobody_uses,
    returns_after_horizon,
    budget_for_nothing,
    budget_words_without_effect,
    region_unused,
    material_unused,
    sector_unused,
    process_unused,
    nothing_in_any_year,
    group_of_one,
    spot_share_of_nothing,
    window_outside,
    project_never_produces,
    requires_later_project,
    contract_never_delivers,
    refill_beyond_horizon,
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
    base, *scenarios = futures
    found = [*_over_futures([base], BASE_CHECKS), *_over_futures(futures, WARNING_CHECKS)]
    for check in EFFECT_CHECKS:
        found += _in_all(base, scenarios, check)
    return found


def _in_all(base: Tables, scenarios: Sequence[Tables], check: Check) -> list[Problem]:
    """What a check finds in the base, as far as no scenario is free of it."""
    found = list(check(base))
    for tables in scenarios:
        if found:  # mostly there is nothing to ask of the scenarios
            cells = {problem.cell for problem in check(tables)}
            found = [problem for problem in found if problem.cell in cells]
    return found


def _over_futures(futures: Sequence[Tables], checks: Sequence[Check]) -> list[Problem]:
    found: dict[Problem, list[str]] = {}
    for tables in futures:
        for check in checks:
            for problem in islice(check(tables), MOST_ON_A_SHEET):
                found.setdefault(problem, []).append(tables.scenario)
    return [problem if BASE in scenarios else _only_in(problem, scenarios) for problem, scenarios in found.items()]


def _only_in(problem: Problem, scenarios: Sequence[str]) -> Problem:
    where = f"in scenario {scenarios[0]}" if len(scenarios) == 1 else f"in scenarios {listed(scenarios)}"
    return replace(problem, wrong=f"{where}: {problem.wrong}")
