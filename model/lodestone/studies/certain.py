"""What of a plan holds in every plan that is hardly dearer: its decisions (alternatives) and its figures (ranges)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from lodestone.plan.plan import Plan
from lodestone.progress import ShouldStop
from lodestone.studies.alternatives.search import alternatives
from lodestone.studies.parallel.solves import HERE, Where
from lodestone.studies.parallel.source import Source
from lodestone.studies.ranges.search import ranges_of
from lodestone.workbook.inputs import Inputs


def with_certainty(
    plan: Plan,
    inputs: Inputs,
    source: Source,
    within: float,
    where: Where = HERE,
    tell: Callable[[str], None] = lambda text: None,
    should_stop: ShouldStop | None = None,
) -> Plan:
    """The plan with both; within: share of its cost that the others may cost more."""
    others = alternatives(source, within, where, lambda label, news: tell(label), should_stop)
    found = ranges_of(plan, inputs, plan.scenario, within, source.time_limit, lambda i, n, of: tell(of), should_stop)
    certain = {
        "within": within,
        "decisions": [{"kind": c.kind, "name": c.name, "verdict": c.verdict} for c in others.choices],
        "ranges": [asdict(r) for r in found.ranges],
    }
    return replace(plan, certain=certain)
