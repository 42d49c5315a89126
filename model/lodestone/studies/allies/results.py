"""What every coalition of allies pays for security, and how the cost of acting together may be shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import factorial

from lodestone.plan.formatting import in_words, musd
from lodestone.plan.tables import Document

Members = tuple[str, ...]
ROUNDING = 1e-6  # MUSD


@dataclass(frozen=True)
class Cost:
    """Of one coalition. extra_musd: what its security costs beyond doing nothing; None: no plan, message says why.
    gap_musd: by how much less it may be."""

    members: Members
    extra_musd: float | None
    gap_musd: float = 0.0
    message: str = ""

    @property
    def gap_share(self) -> float | None:
        """The gap as a part of the extra cost; None where there is none."""
        known = self.extra_musd is not None and self.extra_musd > ROUNDING
        return self.gap_musd / self.extra_musd if known and self.extra_musd else None


@dataclass(frozen=True)
class Allies:
    """costs: of every coalition, small ones first."""

    workbook: str
    plan_name: str
    scenario: str
    members: Members
    nothing_musd: float
    costs: tuple[Cost, ...]
    remarks: tuple[str, ...] = ()

    @property
    def extra(self) -> dict[frozenset[str], float]:
        """Coalition -> MUSD; those that have a plan, and 0 for nobody."""
        return {frozenset(): 0.0} | {frozenset(c.members): c.extra_musd for c in self.costs if c.extra_musd is not None}

    @property
    def together(self) -> float | None:
        """What the security of all members together costs beyond doing nothing, MUSD; None without a plan."""
        return self.extra.get(frozenset(self.members))

    @property
    def alone(self) -> float | None:
        """What all pay, each for itself."""
        each = [self.extra.get(frozenset((member,))) for member in self.members]
        return None if None in each else sum(x for x in each if x is not None)

    @property
    def gain(self) -> float | None:
        """What acting together saves against each alone; below 0 where they compete for what is scarce."""
        return None if self.alone is None or self.together is None else self.alone - self.together

    def shapley(self) -> dict[str, float] | None:
        """What each adds to the cost of those before it, on average over all orders of joining; None: not all known."""
        if len(self.extra) < 2 ** len(self.members):
            return None
        return shapley(self.members, self.extra)

    def would_leave(self, shares: Mapping[str, float]) -> list[tuple[Members, float]]:
        """Coalitions that pay less by themselves than by these shares, and how much less, most first."""
        found = [
            (c.members, sum(shares[m] for m in c.members) - c.extra_musd)
            for c in self.costs
            if c.extra_musd is not None and len(c.members) < len(self.members)
        ]
        return sorted(((m, less) for m, less in found if less > ROUNDING), key=lambda x: -x[1])


def shapley(members: Members, cost: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Shapley, A value for n-person games, 1953. They add up to the cost of all together."""
    n = len(members)
    shares = dict.fromkeys(members, 0.0)
    for group, value in cost.items():
        size = len(group)
        for member in members:
            if member in group:
                shares[member] += factorial(size - 1) * factorial(n - size) / factorial(n) * value
            elif size < n:
                shares[member] -= factorial(size) * factorial(n - size - 1) / factorial(n) * value
    return shares


def notes(found: Allies) -> list[str]:
    """What is to be said of all."""
    lines = []
    if found.gain is not None and found.together is not None:
        saved = (
            f"saves {musd(found.gain)}" if found.gain >= 0 else f"costs {musd(-found.gain)} more, for what is scarce,"
        )
        lines.append(f"Acting together {saved} against each alone: {musd(found.together)} in all.")
    shares = found.shapley()
    if shares is None:
        lines.append("Some coalition has no plan, so that there are no fair shares.")
    else:
        leaving = found.would_leave(shares)
        if leaving:
            told = [f"{' + '.join(members)} by {musd(less)}" for members, less in leaving]
            lines.append(f"At these shares some would do better by themselves: {in_words(told, 3)}.")
        else:
            lines.append("At these shares no group would do better by itself.")
    return [*lines, *found.remarks]


def document(found: Allies) -> Document:
    """What allies.json holds."""
    shares = found.shapley()
    return {
        **asdict(found),
        "members": list(found.members),
        "costs": [{**asdict(c), "members": list(c.members)} for c in found.costs],
        "remarks": list(found.remarks),
        "together_musd": found.together,
        "alone_musd": found.alone,
        "gain_musd": found.gain,
        "shapley_musd": shares,
        "would_leave": [{"members": list(m), "less_musd": x} for m, x in found.would_leave(shares)] if shares else [],
    }
