"""What a plan says of its reference: what security costs, who pays it, and what it buys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lodestone.plan import key_figures as figures
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.studies.stress.results import Outcome

EXPOSED, SHORT, LASTS = "exposed share of deliveries", "demand not met", "days until the stock is empty"
LEAST_T = 0.5
Sums = defaultdict[str, float]


def with_reference(plan: Plan, nothing: Plan, own_outcomes: Iterable[Outcome], its: Iterable[Outcome]) -> Plan:
    """The plan with what it costs and buys beyond doing nothing; outcomes: of both, in the scenarios."""
    own, other = _payers(plan), _payers(nothing)
    payers = {payer: own.get(payer, 0.0) - other.get(payer, 0.0) for payer in dict.fromkeys((*own, *other))}
    return replace(
        plan,
        reference_musd=nothing.objective_musd,
        extra_cost_musd=plan.objective_musd - nothing.objective_musd,
        reference={
            "bound_musd": nothing.bound_musd,
            "payers_musd": {payer: musd for payer, musd in payers.items() if abs(musd) > 1e-9},
            "buys": [*_as_planned(plan, nothing), *_in_scenarios(own_outcomes, its)],
        },
    )


def _payers(plan: Plan) -> dict[str, float]:
    """What each pays in all, expected and discounted."""
    weight, sums = figures.weight(plan), Sums(float)
    for row in plan.rows("who_pays"):
        sums[row["payer"]] += weight(row) * row["discounted_musd"]
    return dict(sums)


def _figure(figure: str, of: str, scenario: str, unit: str, plan: Cell, reference: Cell) -> Row:
    return {"figure": figure, "of": of, "scenario": scenario, "unit": unit, "plan": plan, "reference": reference}


def _as_planned(plan: Plan, nothing: Plan) -> Iterator[Row]:
    """By mineral, what is worst without the plan first."""
    own, other = figures.by_mineral(plan), figures.by_mineral(nothing)
    shares = [(m, own[m].exposed_share, other[m].exposed_share) for m in own if m in other]
    for mineral, planned, without in sorted(shares, key=lambda row: -(row[2] or 0.0)):
        if planned is not None or without is not None:
            yield _figure(EXPOSED, mineral, "", "share", planned, without)
    short = [(m, own[m].short_t, other[m].short_t) for m in own if m in other]
    for mineral, planned, without in sorted(short, key=lambda row: -row[2]):
        if max(planned, without) >= LEAST_T:
            yield _figure(SHORT, mineral, "", "t", planned, without)


def _in_scenarios(own: Iterable[Outcome], other: Iterable[Outcome]) -> Iterator[Row]:
    """By scenario: what is short in each sector, and how long each stock lasts."""
    without: Mapping[str, Outcome] = {outcome.case: outcome for outcome in other}
    for outcome in own:
        beside = without.get(outcome.case)
        if beside is None or outcome.cost_musd is None or beside.cost_musd is None:
            continue
        for sector, t in (outcome.short_t or {}).items():
            there = (beside.short_t or {}).get(sector, 0.0)
            if max(t, there) >= LEAST_T:
                yield _figure(SHORT, sector, outcome.case, "t", t, there)
        for pile, lasts in (outcome.stock_days or {}).items():
            there_days = (beside.stock_days or {}).get(pile)
            if lasts is not None or there_days is not None:
                yield _figure(LASTS, pile, outcome.case, "days", lasts, there_days)
