"""What security costs: the cheapest plan against any K threats, for several K and, if asked, several secure shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lodestone.errors import UsageError
from lodestone.names import readable
from lodestone.plan.tables import Rows
from lodestone.progress import ShouldStop
from lodestone.studies.frontier.results import years
from lodestone.studies.frontier.security_results import Secured, SecurityCost
from lodestone.studies.parallel.solves import HERE, Done, Job, OnJob, Where, solve_many
from lodestone.studies.parallel.source import Source

KEPT = ("investments", "price_floors", "contracts")
DECIDED = (("investments", "project", "decision_year"), ("price_floors", "floor", "decision_year"),
           ("contracts", "contract", "signing_year"))  # fmt: skip


def security_cost(
    source: Source,
    ks: Sequence[int],
    shares: Sequence[float] = (),
    where: Where = HERE,
    on_job: OnJob | None = None,
    should_stop: ShouldStop | None = None,
) -> SecurityCost:
    """Solve for every number of threats and every share. Raises UsageError where there are no threats."""
    inputs = source.inputs()
    tables = inputs.tables(source.scenario)
    threats = tuple(row.key[0] for row in tables.rows("Scenarios") if row["threat"])
    if not threats:
        raise UsageError("there is no threat to be secure against: enter yes under threat on the sheet Scenarios")
    sectors = [row.key[0] for row in tables.rows("Sectors") if row["secure_share"] > 0]
    given: list[float | None] = [*sorted(set(shares))] or [None]
    asked = [(k, share) for share in given for k in sorted(set(ks))]
    jobs = []
    for k, share in asked:
        more = [f"Settings/secure_against={k}"]
        more += [f"Sectors/{sector}/secure_share={share}" for sector in sectors if share is not None]
        label = f"K = {k}" if share is None else f"K = {k}, share {share:.0%}"
        jobs.append(Job.of(label, replace(source, sets=(*source.sets, *more)), keep=KEPT))
    answers = solve_many(jobs, where, on_job, should_stop)
    points = [_point(k, share, done) for (k, share), done in zip(asked, answers, strict=True)]
    return SecurityCost(
        readable(source.workbook), inputs.plan_name, source.scenario, source.sets, threats, tuple(_compared(points))
    )


def _point(k: int, share: float | None, done: Done) -> Secured:
    plan = done.plan
    if plan is None:
        return Secured(k, share, message=done.message)
    combinations = plan.secure["combinations"] if plan.secure else []
    binding = tuple(" + ".join(c["threats"]) for c in combinations if c["branch"] == "yes")
    decided = tuple(_decided(plan.tables))
    return Secured(k, share, plan.objective_musd, plan.bound_musd, binding=binding, decided=decided)


def _decided(tables: Rows) -> list[str]:
    return [f"{row[name]} {years([row[year]])}" for table, name, year in DECIDED for row in tables[table]]


def _compared(points: Sequence[Secured]) -> list[Secured]:
    """With the price of each, and what it decides that the one before does not."""
    found: list[Secured] = []
    for point in points:
        same = [p for p in found if p.share == point.share and p.objective_musd is not None]
        none = next((p for p in same if p.k == 0), None)
        if point.objective_musd is not None:
            if none is not None and none.objective_musd is not None:
                point = replace(point, price_musd=max(0.0, point.objective_musd - none.objective_musd))
            if same:
                point = replace(point, new=tuple(x for x in point.decided if x not in same[-1].decided))
        found.append(point)
    return found
