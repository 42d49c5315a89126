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
from lodestone.workbook.checks import (
    bankability,
    changes,
    committed,
    contracts,
    futures,
    given,
    horizon,
    labels,
    lanes,
    limits,
    magnitudes,
    months,
    names,
    packages,
    policies,
    prices,
    projects,
    recipes,
    reserves,
    same_names,
    scenarios,
    trade,
    units,
    unused,
)
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Tables

Check = Callable[[Tables], Iterable[Problem]]
PROBLEM_CHECKS: tuple[Check, ...] = (
    names.group_named_like_a_region,
    names.region_or_group_unknown,
    scenarios.scenario_named_base,
    limits.year_window_reversed,
    limits.collar_reversed,
    limits.volumes_reversed,
    limits.opening_over_capacity,
    limits.fixed_price_out_of_bounds,
    limits.least_over_capacity,
    reserves.cover_held_by_a_rival,
    months.cut_year_outside,
    months.month_without_year,
    months.month_within_a_period,
    months.emergency_months_reversed,
    months.emergency_months_before_scenario,
    futures.parents_in_a_ring,
    futures.not_after_its_parent,
    futures.threat_not_allowed,
    futures.freed_stockpile_unknown,
    committed.committed_after_horizon,
    committed.committed_without_project,
    committed.two_of_a_group,
    committed.two_packages_of_a_project,
    committed.volume_without_year,
    committed.volume_outside_limits,
    committed.volumes_beyond_supplier,
    packages.support_over_capex,
    packages.loan_longer_than_life,
    scenarios.probabilities_over_one,
    scenarios.probability_without_year,
    scenarios.scenario_year_outside,
    scenarios.emergency_incomplete,
    scenarios.emergency_reversed,
    scenarios.emergency_before_scenario,
    packages.floor_not_allowed,
    packages.floor_for_no_output,
    contracts.contract_for_no_output,
    contracts.supplier_not_allowed,
    contracts.contracts_on_several_outputs,
    contracts.fixed_price_missing,
    projects.circular_requires,
    prices.sell_market_without_volume,
    prices.price_missing,
    recipes.processes_sustain_themselves,
    recipes.returns_gain,
)
YEAR_CHECKS: tuple[Check, ...] = (
    scenarios.scenario_year_outside,
    scenarios.emergency_before_scenario,
    months.cut_year_outside,
    months.month_within_a_period,
    committed.committed_after_horizon,
    committed.volumes_beyond_supplier,
)
SOUND_CHECKS: tuple[Check, ...] = (packages.floor_that_closes_no_gap,)  # that need data without problems
WARNING_CHECKS: tuple[Check, ...] = (
    scenarios.nothing_left_for_base,
    scenarios.shows_itself_at_once,
    units.co_product_unwanted,
    prices.value_added_negative,
    recipes.recipes_on_a_ring,
    trade.sells_above_what_it_buys,
    futures.secure_against_nothing,
    same_names.one_country_twice,
    changes.change_twice,
    changes.change_without_effect,
    changes.change_past_horizon,
    magnitudes.change_out_of_proportion,
)
# Of the base only: to cut lanes, to make projects dearer or prices jump is what many scenarios are for.
BASE_CHECKS: tuple[Check, ...] = (
    units.unit_out_of_reach,
    lanes.demand_out_of_reach,
    lanes.market_out_of_reach,
    lanes.stockpile_out_of_reach,
    bankability.never_bankable,
    packages.narrow_margin,
    packages.floor_beyond_its_most,
    bankability.floor_worth_nothing,
    unused.scenario_empty,
    prices.shortage_cheaper_than_price,
    policies.substitution_dearer_than_shortage,
    policies.cover_over_capacity,
    policies.market_of_concern_called_clean,
    given.freight_left_blank,
    unused.recipe_without_output,
    magnitudes.unit_in_doubt,
    magnitudes.time_limit_very_short,
    labels.label_in_doubt,
)
# What has an effect in some scenario has an effect.
EFFECT_CHECKS: tuple[Check, ...] = (
    given.cells_without_effect,
    given.settings_without_effect,
    given.closed_lane_filled_in,
    lanes.lane_without_effect,
    lanes.lane_that_carries_nothing,
    lanes.tariff_without_effect,
    policies.cap_without_consumption,
    policies.cap_never_binds,
    policies.nothing_is_exposed,
    policies.all_is_of_concern,
    policies.cover_without_consumption,
    policies.substitution_of_no_demand,
    policies.returns_of_no_demand,
    policies.returns_nobody_uses,
    policies.returns_after_horizon,
    policies.budget_for_nothing,
    policies.budget_words_without_effect,
    unused.region_unused,
    unused.material_unused,
    unused.sector_unused,
    unused.process_unused,
    unused.nothing_in_any_year,
    unused.group_of_one,
    unused.spot_share_of_nothing,
    horizon.window_outside,
    horizon.project_never_produces,
    horizon.requires_later_project,
    horizon.contract_never_delivers,
    horizon.refill_beyond_horizon,
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
