"""Every coalition of allies planned for by itself: 2^n - 1 solves, and doing nothing, on several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from lodestone.data.coalition import Coalition, regions_of
from lodestone.errors import UsageError
from lodestone.names import advice, readable
from lodestone.progress import ShouldStop
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.studies.allies.results import Allies, Cost
from lodestone.studies.parallel.solves import HERE, Where, run_tasks
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import AsItIs, Failure, OnLabel, Tell, Value, by_label, value_of
from lodestone.studies.reference.beside import LEAST_GAP

MOST_MEMBERS = 8  # 255 solves
EXTRA_GAP = 0.02  # of what a coalition pays: differences of costs are what is asked for


@dataclass(frozen=True)
class PartOfExtra:
    """How large the gap of a plan may be: a share of what it costs beyond doing nothing, MUSD."""

    share: float
    nothing: float

    def __call__(self, objective: float) -> float:
        return max(self.share * abs(objective - self.nothing), LEAST_GAP * abs(objective))


@dataclass(frozen=True)
class CoalitionTask(AsItIs):
    """What the security of a coalition costs: the objective and what is proved of it, MUSD."""

    source: Source
    coalition: Coalition
    enough: PartOfExtra | None = None

    @property
    def label(self) -> str:
        return " + ".join(self.coalition.members) or "doing nothing"

    def run(self, tell: Tell, should_stop: ShouldStop) -> tuple[float, float]:
        effort = replace(self.source.effort, on_progress=tell, should_stop=should_stop, of=self.coalition)
        if self.enough is None:  # doing nothing, which is part of every difference
            effort = replace(effort, gap=min(LEAST_GAP, 1.0 if effort.gap is None else effort.gap))
        else:
            effort = replace(effort, enough=self.enough)
        plan = solve_scenario(self.source.inputs(), self.source.scenario, effort)
        return plan.objective_musd, plan.objective_musd if plan.bound_musd is None else plan.bound_musd


def parse_members(text: str) -> tuple[str, ...]:
    """'USA, EU,Japan'. Raises UsageError for fewer than two, for too many and for one that is named twice."""
    members = tuple(name.strip() for name in text.split(",") if name.strip())
    if not 2 <= len(members) <= MOST_MEMBERS or len(set(members)) < len(members):
        raise UsageError(f"--members {text}: name 2 to {MOST_MEMBERS} regions or groups, each once, e.g. USA,EU,Japan")
    return members


def allies(
    source: Source,
    members: Sequence[str],
    extra_gap: float = EXTRA_GAP,
    where: Where = HERE,
    on_news: OnLabel | None = None,
    should_stop: ShouldStop | None = None,
) -> Allies:
    """What each coalition of the members pays by itself.

    extra_gap: how well that is known, as a share of it, where the time is enough. Doing nothing is solved first.
    Raises UsageError where a member is no region and no group of regions not of concern, or has a region in common with
    another; NoPlanError and StoppedError when not even doing nothing has a plan.
    """
    inputs = source.inputs()
    inputs.tables(source.scenario)  # an unknown name is said before anything is solved
    data = scenario_data(inputs, source.scenario)
    regions = regions_of(data, members)
    known = dict.fromkeys([*data.regions, *(r.group for r in data.regions.values() if r.group)])
    for member, own in regions.items():
        if not own:
            raise UsageError(
                f"--members {member}: no region or group has this name: {advice(member, known, 'there are')}"
            )
        if concern := sorted(r for r in own if data.regions[r].of_concern):
            raise UsageError(f"--members {member}: {concern[0]} is a region of concern, and no ally")
        if twice := sorted(r for r in own if sum(r in other for other in regions.values()) > 1):
            raise UsageError(f"--members {member}: {twice[0]} belongs to another member too")
    together = [c for size in range(1, len(regions) + 1) for c in combinations(regions, size)]
    first = [CoalitionTask(source, Coalition(regions, ()))]
    nothing, bound = value_of(run_tasks(first, where, by_label(first, on_news), should_stop)[0])
    enough = PartOfExtra(extra_gap, nothing)
    tasks = [CoalitionTask(source, Coalition(regions, group), enough) for group in together]
    values = run_tasks(tasks, where, by_label(tasks, on_news), should_stop)
    costs = [_cost(group, value, nothing) for group, value in zip(together, values, strict=True)]
    remarks = ["Caps and cover of regions that are no members are left out, and so are threats."]
    widest = max((c.gap_musd for c in costs), default=0.0) + nothing - bound
    if widest > 1e-6:
        remarks.append(f"Costs are known to {widest:,.2f} MUSD: smaller differences say nothing.")
    return Allies(
        readable(source.workbook), data.name, source.scenario, tuple(members), nothing, tuple(costs), tuple(remarks)
    )


def _cost(group: tuple[str, ...], value: Value, nothing: float) -> Cost:
    if isinstance(value, Failure):
        return Cost(group, None, message=value.message)
    objective, bound = value
    return Cost(group, objective - nothing, objective - bound)
