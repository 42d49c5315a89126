"""What a study of other good plans found: which decisions are certain, and the plans that differ most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from lodestone.plan.formatting import musd, share, share_at_most
from lodestone.plan.tables import Document

MUST, MAY, NEVER, UNPROVED = "must", "may", "never", "unproved"
VERDICTS = {
    MUST: "in every plan within the limit",
    MAY: "in some plans within the limit, not in others",
    NEVER: "in no plan within the limit",
    UNPROVED: "not proved in the time given",
}


@dataclass(frozen=True)
class Choice:
    """One decision: whether a project is built, a package awarded, a contract signed, in any year.

    years: in which it is taken, in the plans that were found. other_musd: the cheapest plan found that decides the
    other way than the best plan; other_bound_musd: no plan that does costs less (None: nothing is known).
    """

    kind: str  # project, floor or contract
    name: str
    cell: str
    verdict: str
    in_best: bool
    years: tuple[int, ...] = ()
    other_musd: float | None = None
    other_bound_musd: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True)
class Differing:
    """A plan within the limit. decisions: (kind, name) -> years; distance: choices that differ from the nearest plan
    before it; most: proved that no plan within the limit differs in more, decisions that do nothing included."""

    cost_musd: float
    decisions: Mapping[tuple[str, str], tuple[int, ...]]
    distance: float = 0.0
    most: bool = False


@dataclass(frozen=True)
class Alternatives:
    """plans: the best one first. limit_musd: best_musd + within x |best_musd|."""

    workbook: str
    plan_name: str
    scenario: str
    sets: tuple[str, ...]
    within: float
    best_musd: float
    bound_musd: float
    choices: tuple[Choice, ...]
    plans: tuple[Differing, ...]
    remarks: tuple[str, ...] = ()

    @property
    def limit_musd(self) -> float:
        """What a plan may cost at most, MUSD."""
        return limit(self.best_musd, self.within)

    @property
    def gap(self) -> float:
        """Infinite when the best plan was stopped before it had a bound."""
        return max(0.0, (self.best_musd - self.bound_musd) / max(abs(self.best_musd), 1e-9))

    @property
    def gap_in_words(self) -> str:
        """The gap of the best plan as per cent."""
        return share(self.gap) if math.isfinite(self.gap) else "not known"

    def of(self, verdict: str) -> tuple[Choice, ...]:
        """The decisions with a verdict."""
        return tuple(choice for choice in self.choices if choice.verdict == verdict)


def limit(best: float, within: float) -> float:
    """The dearest plan that counts. Of the amount of the cost, so that a negative cost has a limit above it too."""
    return best + within * abs(best)


def in_words(choice: Choice, found: Alternatives) -> str:
    """A sentence for the planner."""
    what = {"project": "building", "floor": "awarding", "contract": "signing"}[choice.kind]
    verb = {"project": "built", "floor": "awarded", "contract": "signed"}[choice.kind]
    name = f"{choice.cell}: {choice.name}"
    most = f"within {share_at_most(found.within)} of the least cost"
    if choice.verdict == MUST:
        return f"{name} is {verb} in every plan {most}; {_at_least(choice, f'without {what} it')}"
    if choice.verdict == NEVER:
        return f"{name} is {verb} in no plan {most}; {_at_least(choice, f'{what} it')}"
    if choice.verdict == MAY:
        return f"{name} is {verb} in some plans {most} and not in others; {_extra(choice, found)}"
    side = "is in the best plan" if choice.in_best else "is not in the best plan"
    return f"{name} {side}; whether any plan {most} decides otherwise was not proved in the time given"


def _at_least(choice: Choice, doing: str) -> str:
    if choice.other_bound_musd is None:
        return f"{doing} leaves no plan at all"
    return f"{doing} costs {musd(choice.other_bound_musd)} in all or more"


def _extra(choice: Choice, found: Alternatives) -> str:
    other = found.best_musd if choice.other_musd is None else choice.other_musd
    more = max(0.0, other - found.best_musd)
    way = "without it" if choice.in_best else "with it"
    return f"the cheapest plan found {way} costs {musd(more)} more than the best"


def differences(plan: Differing, best: Differing) -> tuple[list[str], list[str]]:
    """What a plan takes that the best does not, and what it leaves out, with the years."""

    def named(
        decisions: Mapping[tuple[str, str], Sequence[int]], without: Mapping[tuple[str, str], object]
    ) -> list[str]:
        return [
            f"{name} {', '.join(map(str, years))}"
            for (kind, name), years in decisions.items()
            if (kind, name) not in without
        ]

    return named(plan.decisions, best.decisions), named(best.decisions, plan.decisions)


def document(found: Alternatives) -> Document:
    """What alternatives.json holds."""
    best = found.plans[0]
    return {
        **asdict(found),
        "gap": found.gap,
        "limit_musd": found.limit_musd,
        "choices": [{**asdict(x), "years": list(x.years), "finding": in_words(x, found)} for x in found.choices],
        "plans": [
            {
                "cost_musd": plan.cost_musd,
                "distance": plan.distance,
                "most_different_proved": plan.most,
                "takes": differences(plan, best)[0],
                "leaves_out": differences(plan, best)[1],
                "decisions": [
                    {"kind": kind, "name": name, "years": list(years)} for (kind, name), years in plan.decisions.items()
                ],
            }
            for plan in found.plans
        ],
    }
