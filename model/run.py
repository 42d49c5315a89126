"""One scenario from workbook to audited plan document: the only place that strings the stages together."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyomo.version
from pyomo.common.errors import InfeasibleConstraintException

from model import __version__
from model.audit import audit
from model.build import Built, build
from model.errors import NoPlanError, StoppedError
from model.highs import OnProgress, Outcome, Progress, ShouldStop, Solver
from model.highs import version as highs_version
from model.inputs import Inputs
from model.plan_data import PlanData, plan_data
from model.plan_tables import COST_TERMS
from model.results import cost_totals, plan_tables
from model.snapshot import input_snapshot
from model.tidy import tidy
from model.tree import single

FORMAT = 1  # of plan.json


class _Clock:
    """Seconds by stage, told to whoever watches."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self.seconds: dict[str, float] = {}
        self.started = self.last = time.monotonic()
        self.on_progress = on_progress

    def enter(self, stage: str) -> None:
        if self.on_progress:
            self.on_progress(Progress(stage, time.monotonic() - self.started))

    def leave(self, stage: str) -> None:
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.last
        self.last = now


def scenario_data(inputs: Inputs, scenario: str = "base") -> PlanData:
    """A scenario's data in model units. Raises WorkbookError while a problem stands."""
    inputs.require_valid()
    return plan_data(inputs.tables(scenario), inputs.tables("base"))


def solve_scenario(
    inputs: Inputs,
    scenario: str = "base",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> dict[str, Any]:
    """The audited plan document (plan.json) of one scenario, which knows its future.

    gap (share) and time_limit (s) replace the workbook's settings. Raises WorkbookError, NoPlanError when it is proved
    that there is no plan, StoppedError when the solve ends without one that passes the audit.
    """
    clock = _Clock(on_progress)
    clock.enter("read")
    data = scenario_data(inputs, scenario)
    clock.leave("read")
    clock.enter("build")
    built = build(single(data))
    clock.leave("build")
    clock.enter("load")
    solver = _load(built)
    clock.leave("load")
    size = {
        "rows": len(solver.rows),
        "columns": len(solver.variables),
        "nonzeros": solver.nonzeros,
        "integers": int(solver.integer.sum()),
    }
    wanted_gap = data.mip_gap if gap is None else gap
    limit = data.time_limit_s if time_limit is None else time_limit
    outcome = solver.solve(wanted_gap, limit, on_progress, should_stop, clock.started)
    clock.enter("tidy")
    values = solver.values()
    solver.store(values)
    tidied = tidy(built, solver, values)
    if tidied is not None:
        solver.store(tidied)
    clock.leave("solve")
    clock.enter("audit")
    plan = _document(inputs, data, built, outcome, wanted_gap, size)
    result = audit(data, plan)
    if not result.ok:
        finding = result.findings[0]
        raise StoppedError(
            f"the plan did not pass its audit and is not written: {finding.rule}, {finding.where}: "
            f"expected {finding.expected}, found {finding.found} ({len(result.findings)} findings)"
        )
    plan["audit"] = [asdict(line) for line in result.lines]
    clock.leave("audit")
    plan["seconds"] = clock.seconds
    return plan


def _load(built: Built) -> Solver:
    try:
        return Solver(built.model)
    except InfeasibleConstraintException as error:
        raise NoPlanError(f"no plan satisfies all rules of the workbook: {error}") from error


def _document(
    inputs: Inputs, data: PlanData, built: Built, outcome: Outcome, wanted_gap: float, size: Mapping[str, int]
) -> dict[str, Any]:
    tables = plan_tables(built)
    totals = cost_totals(built, tables)
    objective = sum(totals.values())
    bound = min(outcome.bound, objective)
    gap = (objective - bound) / max(abs(objective), 1e-9)
    payers = {
        payer: sum(totals[t] for t, p in COST_TERMS.items() if p == payer) for payer in ("public", "buyers", "shortage")
    }
    return {
        "format": FORMAT,
        "plan_name": data.name,
        "status": "optimal" if outcome.optimal or gap <= wanted_gap else "feasible",
        "objective_musd": objective,
        "expected_cost_musd": objective,
        "bound_musd": bound,
        "gap": gap,
        "seconds": {},
        "versions": {
            "lodestone": __version__,
            "python": platform.python_version(),
            "pyomo": pyomo.version.version,
            "highspy": highs_version(),
        },
        "workbook": inputs.path.name,
        "workbook_sha256": inputs.sha256,
        "scenario": data.scenario.name,
        "changes": [asdict(change) for change in inputs.changes(data.scenario.name)],
        "settings": dict(inputs.tables(data.scenario.name).settings),
        "inputs": input_snapshot(inputs.tables(data.scenario.name)),
        "horizon": [data.first_year, data.last_year],
        "costs_musd": totals,
        "payers_musd": payers,
        "tariff_revenue_musd": sum(row["discounted_musd"] for row in tables["costs"] if row["term"] == "tariffs"),
        "warnings": [asdict(warning) for warning in inputs.warnings],
        "model": dict(size),
        "tables": tables,
    }
