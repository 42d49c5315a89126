"""A case solved as any workbook is, and compared with the published optimum."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.published.instances import Case
from lodestone.errors import LodestoneError, WorkbookError
from lodestone.plan.plan import Plan
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.workbook.inputs import load

TOLERANCE = 1e-6  # relative difference from the published optimum, beside the gap
GAP = 1e-9
LEFT_OVER_T = 1e-4  # what the audit takes for nothing


@dataclass(frozen=True)
class Result:
    """ours: the plan's objective in the instance's units, None where there is no plan. gap: what the solve left open.

    trouble: why this is not the published optimum, "" if it is.
    """

    case: Case
    ours: float | None
    gap: float
    seconds: float
    trouble: str

    @property
    def reproduced(self) -> bool:
        return not self.trouble and self.gap <= TOLERANCE

    @property
    def verdict(self) -> str:
        return self.trouble or ("reproduced" if self.reproduced else "not proved in time")

    @property
    def difference(self) -> float:
        """Relative to the published optimum."""
        return float("inf") if self.ours is None else relative(self.ours, self.case.reference.value)


def relative(ours: float, published: float) -> float:
    return abs(ours - published) / max(1.0, abs(published))


def solve(case: Case, time_limit: float, folder: Path | None = None) -> Result:
    """Write the case as a workbook (into `folder`, if given), solve it and compare."""
    started = time.monotonic()
    with TemporaryDirectory() as temporary:
        path = case.book.write((folder or Path(temporary)) / f"{case.file_name}.xlsx")
        try:
            plan = _plan(case, path, time_limit)
        except LodestoneError as error:
            return Result(case, None, 0.0, time.monotonic() - started, f"no plan: {_first(error)}")
    found, left = _figure(case, plan)
    ours = case.objective(found)
    bound = case.objective(found - left)
    gap = abs(ours - bound) / max(1.0, abs(ours))
    return Result(case, ours, gap, time.monotonic() - started, _trouble(case, plan, ours, gap))


def _plan(case: Case, path: Path, time_limit: float) -> Plan:
    if not case.joint:
        return solve_scenario(load(path), effort=Effort(gap=GAP, time_limit=time_limit))
    return solve_joint(load(path), effort=Effort(gap=GAP, time_limit=time_limit), values=case.joint != "objective")


def _figure(case: Case, plan: Plan) -> tuple[float, float]:
    """What is compared, MUSD, and what the solve left open."""
    open_musd = plan.objective_musd - plan.bound_musd
    if case.joint in ("", "objective"):
        return plan.objective_musd, open_musd
    if plan.evpi_musd is None or plan.vss_musd is None:
        return float("nan"), open_musd
    known = plan.objective_musd - plan.evpi_musd
    return {"known": known, "evpi": plan.evpi_musd, "vss": plan.vss_musd}[case.joint], open_musd


def _first(error: LodestoneError) -> str:
    """The message, with the first problem of a workbook."""
    if isinstance(error, WorkbookError):
        problem = error.problems[0]
        return f"{error}, first {problem.cell}: {problem.wrong}"
    return str(error)


def _trouble(case: Case, plan: Plan, ours: float, gap: float) -> str:
    found = []
    tables = plan.tables
    left = sum(row["discarded_t"] for row in tables["balance"] if row["material"] in case.all_used)
    if left > LEFT_OVER_T:
        found.append(f"{left:g} t left over, which the instance does not allow")
    untaken = sum(row["untaken_t"] for row in tables["contract_years"]) if case.all_taken else 0.0
    if untaken > LEFT_OVER_T:
        found.append(f"{untaken:g} t paid for and not taken, which the instance does not allow")
    if relative(ours, case.reference.value) > TOLERANCE + gap:
        found.append("differs")
    return "; ".join(found)
