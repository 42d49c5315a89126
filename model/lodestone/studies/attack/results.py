"""What an attack on a plan found, and as what it stands in attack.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lodestone.plan.tables import Document


@dataclass(frozen=True)
class Blow:
    """A combination of threats against a plan. short_t: t by sector, beyond what is short without it.

    extra_musd: what its periods cost more, discounted, shortage included; None where the plan breaks down.
    empty_after_days: stockpile -> days from the first threat until it is empty. limits: what would have prevented the
    shortage, dearest first. lacking: rules that had to give way.
    """

    scenario: str
    threats: tuple[str, ...]
    from_year: int
    short_t: Mapping[str, float]
    extra_musd: float | None
    empty_after_days: Mapping[str, float]
    limits: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def total_t(self) -> float:
        """Tonnes short in all sectors."""
        return sum(self.short_t.values())


@dataclass(frozen=True)
class Attack:
    """Every combination of at most k threats against a run, the worst first.

    skipped: combinations left out because they cannot be worse than one that was tried.
    """

    plan_name: str
    workbook: str
    run: str
    k: int
    threats: tuple[str, ...]
    sectors: tuple[str, ...]
    blows: tuple[Blow, ...]
    skipped: int
    remarks: tuple[str, ...] = ()

    def worst_for(self, sector: str) -> Blow | None:
        """The blow that leaves a sector shortest; None where none does."""
        hit = [blow for blow in self.blows if blow.short_t.get(sector, 0.0) > 0]
        return max(hit, key=lambda blow: blow.short_t[sector], default=None)


def document(attack: Attack) -> Document:
    """attack.json"""
    return asdict(attack)
