"""On the real workbook, what is lost is never worth its loss."""

from __future__ import annotations

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
    return load(REAL)


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


@pytest.mark.slow
def test_who_loses_a_supplier_never_gains_on_who_keeps_it() -> None:
    """In the same emergency, known from the start: a plan that does without can be had by who could do with."""
    lost = scenario_data(real(), LOST)
    kept = replace(scenario_data(real()), scenario=lost.scenario)
    assert relaxed(build(single(lost))) >= relaxed(build(single(kept))) * (1 - 1e-7)


@pytest.mark.slow
def test_losing_the_largest_supplier_outside_china_costs_who_has_decided_already() -> None:
    """Nobody knew: builds, awards and signings, and stocks until 2028, are those of the plan for the base."""
    base, lost = scenario_data(real()), scenario_data(real(), LOST)
    assert lost.scenario.from_year == 2028
    held = decisions(solve_scenario(real(), effort=Effort(gap=0.01)).tables)
    planned = met(base, held, 2028)
    assert planned < float("inf")
    assert met(lost, held, 2028) >= planned
