"""Costs and key figures of several plans: the bridge from one to the other, and what the Compare sheet shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lodestone.errors import UsageError
from lodestone.plan.formatting import PAYERS, sentence_case, term_label
from lodestone.plan.key_figures import begin, by_mineral, exposed_share, grouped, mineral_of, total
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS, Row
from lodestone.studies.compare.results import NOISE, KeyFigure
from lodestone.studies.compare.side_by_side import by_future, differences, named, split, union, worst

ADDS_UP = 1e-6  # MUSD: the bridge against the difference of the costs


def _terms(plans: Sequence[Plan]) -> list[str]:
    """Every term of any run, in the order of the breakdown."""
    return list(dict.fromkeys([*COST_TERMS, *(term for plan in plans for term in plan.costs_musd)]))


def costs(plans: Sequence[Plan]) -> dict[str, tuple[float, ...]]:
    """term -> discounted MUSD of each run."""
    return {term: tuple(plan.costs_musd.get(term, 0.0) for plan in plans) for term in _terms(plans)}


def bridge(first: Plan, other: Plan, name: str = "") -> dict[str, float]:
    """By term, what the other run costs more than the first. Raises UsageError when it does not add up."""
    steps = {term: other.costs_musd.get(term, 0.0) - first.costs_musd.get(term, 0.0) for term in _terms([first, other])}
    difference = other.expected_cost_musd - first.expected_cost_musd
    rest = difference - math.fsum(steps.values())
    if not abs(rest) <= ADDS_UP:
        raise UsageError(
            f"the cost terms of {name or other.scenario} and of the first run do not add up to their costs "
            f"({rest:g} MUSD are left over): a plan.json was changed or is damaged; solve it again"
        )
    return steps


# --- key figures ----------------------------------------------------------------------------------------------------


def key_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    """Cost, investment, China share, shortage and stocks, in reading order; of several futures the worst."""
    yield _figure("Cost", "Total cost", "MUSD", [plan.expected_cost_musd for plan in plans])
    if any(abs(plan.objective_musd - plan.expected_cost_musd) > ADDS_UP for plan in plans):
        yield _figure("Cost", "Objective, with the weight on bad futures", "MUSD", [p.objective_musd for p in plans])
    for payer in PAYERS:
        values = [plan.payers_musd.get(payer, 0.0) for plan in plans]
        yield _figure("Cost by payer", sentence_case(payer), "MUSD", values)
    for term, amounts in costs(plans).items():
        if any(amounts):
            yield _figure("Cost by term", term_label(term), "MUSD", amounts)
    for funding in ("public", "private"):
        values = [sum(r["capex_musd"] for r in p.rows("investments") if r["funding"] == funding) for p in plans]
        if any(values):
            yield _figure("Investment decided on", f"Capex of {funding} projects, undiscounted", "MUSD", values)
    yield from _share_figures(plans)
    yield from _shortage_figures(plans)
    yield from _stock_figures(plans)


def _share_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    for of, deliveries in _by_mineral(plans):
        shares = [worst(exposed_share(rows) for rows in split(own)) for own in deliveries]
        yield _figure("China share", f"Of all deliveries{of}", "share", shares)
    by_run = [
        {key: worst(r["share"] for r in rows if r["consumption_t"] > 0) for key, rows in groups.items()}
        for groups in (grouped(plan.rows("china_share"), "cap", "basis") for plan in plans)
    ]
    for cap, basis in union(by_run):
        values = [shares.get((cap, basis)) for shares in by_run]
        if any(value is not None for value in values):
            yield _figure("China share", f"Highest under {cap}, {basis}", "share", values)


def _by_mineral(plans: Sequence[Plan]) -> Iterable[tuple[str, list[list[Row]]]]:
    """The rows of demand of each plan, together; of several minerals, which are never added up, one after the other."""
    known = [mineral_of(plan) for plan in plans]
    minerals = dict.fromkeys(mineral for plan in plans for mineral in by_mineral(plan))
    if len(minerals) < 2 or "" in minerals:  # a plan that does not say which
        yield "", [plan.rows("demand") for plan in plans]
        return
    for m in minerals:
        own = [[r for r in p.rows("demand") if of(r["material"]) == m] for p, of in zip(plans, known, strict=True)]
        yield f" of {m}", own


def _shortage_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    for of, wanted in _by_mineral(plans):
        values = [worst(total(rows, "short_t") for rows in split(own)) for own in wanted]
        yield _figure("Shortage", f"All demand{of} not met", "t", values)
    by_run = [
        {key: worst(total(r, "short_t") for r in split(rows)) for key, rows in groups.items()}
        for groups in (grouped(plan.rows("demand"), "sector", "material") for plan in plans)
    ]
    for sector, material in union(by_run):
        values = [short.get((sector, material)) for short in by_run]
        if any((value or 0.0) > NOISE["t"] for value in values):
            yield _figure("Shortage", f"{sector}, {material}", "t", values)


def _stock_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    by_run = [by_future(plan, "stockpile", "stockpile", "material") for plan in plans]

    def days(rows: list[Row], *, required: bool) -> list[float]:
        """When cover is asked for, or at the end."""
        last = max(map(begin, rows))
        chosen = [r for r in rows if (r["required_days"] is not None if required else begin(r) == last)]
        return [r["days_of_cover"] for r in chosen if r["days_of_cover"] is not None]

    for key in union(by_run):
        stockpile, material, future = key
        name = named(f"{stockpile} ({material})", future)
        there = [groups.get(key) for groups in by_run]
        peaks = [max((r["stock_t"] for r in rows), default=None) if rows else None for rows in there]
        if not any((peak or 0.0) > NOISE["t"] for peak in peaks):
            continue
        yield _figure("Stocks", f"{name}: most held", "t", peaks)
        least = [min(days(rows, required=True), default=None) if rows else None for rows in there]
        if any(value is not None for value in least):
            yield _figure("Stocks", f"{name}: least cover where asked for", "days", least)
        end = [worst(days(rows, required=False)) if rows else None for rows in there]
        if any(value is not None for value in end):
            yield _figure("Stocks", f"{name}: cover at the end", "days", end)


def _figure(group: str, name: str, unit: str, values: Sequence[float | None]) -> KeyFigure:
    return KeyFigure(group, name, unit, tuple(values), differences(values))
