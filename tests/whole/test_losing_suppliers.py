"""On the real workbook, losing the largest supplier outside China never costs less than keeping it.

As the workbook has it: contracts are signed, and prices rise when it stops, as they did when MP stopped sending ore to
China. And by the rules alone, with prices as they were and without contracts with it: who has signed to take its oxide
at 110 USD/kg, whatever the market pays, is free of that while it delivers nothing (force majeure), and at prices that
do not move that would save money (docs/limits.md). Who keeps it has the same emergency: being excused from cover is
worth a little by itself. Until 2032, when its loss of 2028 to 2030 and the two years after it are over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules.build import Built, build
from lodestone.solve.effort import Effort
from lodestone.solve.fixed_decisions import Decisions, decisions, hold, hold_readiness, hold_stocks
from lodestone.solve.one_scenario import load_model, scenario_data, solve_scenario
from lodestone.workbook.inputs import Inputs, load

REAL = Path(__file__).resolve().parents[2] / "inputs" / "rare_earth_magnets.xlsx"
LOST = "lynas_lost"  # the largest supplier outside China stops from 2028 to 2030


@cache
def real() -> Inputs:
    return load(REAL, ["Settings/last_year=2032"])


def by_the_rules(scenario: str) -> PlanData:
    """Without contracts of what the loss strikes, at the prices of the base."""
    data, stricken = scenario_data(real(), scenario), {change.row for change in real().changes(LOST)}
    contracts = {name: row for name, row in data.contracts.items() if row.supplier not in stricken}
    assert len(contracts) < len(data.contracts)
    return replace(data, contracts=contracts, price=scenario_data(real()).price)


def as_it_is(scenario: str) -> PlanData:
    """With all that the workbook says."""
    return scenario_data(real(), scenario)


Future = Callable[[str], PlanData]
BOTH = pytest.mark.parametrize("future", [as_it_is, by_the_rules])


def kept_and_lost(future: Future) -> tuple[PlanData, PlanData]:
    lost = future(LOST)
    kept = replace(future("base"), scenario=lost.scenario)
    assert (lost.plants, lost.projects) != (kept.plants, kept.projects)
    return kept, lost


def relaxed(built: Built) -> float:
    """The least cost with integers free within their bounds: exact where all are held; inf where there is none."""
    solver = load_model(built)
    solver.relax(True)
    return solver.linear_bound()


def met(data: PlanData, held: Decisions, shows: int) -> float:
    """What it costs who has decided for the base and learns in the year `shows` what comes."""
    built = build(single(data))
    before = [n for n in built.tree.nodes if built.tree.year[n] < shows]
    hold(built, held, built.tree.nodes)
    hold_stocks(built, held, before)
    hold_readiness(built, held, before)
    return relaxed(built)


@pytest.mark.long
@BOTH
def test_who_loses_a_supplier_never_gains_on_who_keeps_it(future: Future) -> None:
    """In the same emergency, known from the start: a plan that does without can be had by who could do with. Of the
    linear relaxation."""
    without, least = (relaxed(build(single(data))) for data in reversed(kept_and_lost(future)))
    assert least < float("inf")
    assert without < float("inf")
    assert without >= least * (1 - 1e-7)


@cache
def planned() -> Decisions:
    """For the base, by who does not know."""
    return decisions(solve_scenario(real(), effort=Effort(gap=0.01)).tables)


@pytest.mark.long
@BOTH
def test_losing_the_largest_supplier_outside_china_costs_who_has_decided_already(future: Future) -> None:
    """Nobody knew: builds, awards and signings, and stocks until 2028, are those of the plan for the base."""
    kept, lost = kept_and_lost(future)
    assert lost.scenario.from_year == 2028
    least = met(kept, planned(), 2028)
    without = met(lost, planned(), 2028)
    assert least < float("inf")
    assert without < float("inf")
    assert without > least


@pytest.mark.long
def test_the_plan_of_the_workbook_costs_more_without_its_largest_supplier() -> None:
    """Whole decisions, all known from the start: what the loss costs at least is beyond the plan for the base."""
    kept = solve_scenario(real(), effort=Effort(gap=0.01))
    lost = solve_scenario(real(), LOST, effort=Effort(gap=0.01))
    assert lost.bound_musd > kept.objective_musd
