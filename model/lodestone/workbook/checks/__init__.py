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
from lodestone.workbook.checks.contracts import (
    contract_for_no_output,
    contracts_on_several_outputs,
    fixed_price_missing,
    supplier_not_allowed,
)
from lodestone.workbook.checks.limits import (
    collar_reversed,
    opening_over_capacity,
    volumes_reversed,
    year_window_reversed,
)
from lodestone.workbook.checks.names import group_named_like_a_region, region_or_group_unknown
from lodestone.workbook.checks.prices import price_missing, sell_market_without_volume, value_added_negative
from lodestone.workbook.checks.projects import circular_requires, floor_for_no_output, floor_not_allowed
from lodestone.workbook.checks.recipes import processes_sustain_themselves, recipes_on_a_ring, returns_gain
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
YEAR_CHECKS: tuple[Check, ...] = (scenario_year_outside, emergency_before_scenario)
WARNING_CHECKS: tuple[Check, ...] = (
    unit_out_of_reach,
    never_bankable,
    nothing_left_for_base,
    shows_itself_at_once,
    co_product_unwanted,
    whole_plant_without_effect,
    value_added_negative,
    recipes_on_a_ring,
)


def find_problems(futures: Sequence[Tables], *, horizon_known: bool = True) -> list[Problem]:
    """Every problem of every scenario, the base being the first of them; without a horizon, years are not checked."""
    checks = PROBLEM_CHECKS if horizon_known else tuple(check for check in PROBLEM_CHECKS if check not in YEAR_CHECKS)
    return _over_futures(futures, checks)


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
