"""Some of several allies, planning for themselves alone: their caps, their reserves, their money.

Each member is a region, or a group of regions. Of a coalition

    caps            are held over its own regions; those of all others are left out
    cover           is asked of reserves in its regions, for its own regions
    support         public projects, packages and contracts are on offer where a member of it pays; where `public` or
                    anybody else pays, where they stand in its regions or in those of no member

What is committed stays. The empty coalition is doing nothing (data/reference.py). Material goes where it costs least,
whoever is in the coalition: others give way to it as long as they do not mind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lodestone.data.parts import Stockpile
from lodestone.data.plan_data import PlanData
from lodestone.data.reference import reference_data, without_measures


@dataclass(frozen=True)
class Coalition:
    """regions: of every member there is, by its name. members: those that act together."""

    regions: Mapping[str, frozenset[str]]
    members: tuple[str, ...]

    @property
    def own(self) -> frozenset[str]:
        """Regions of those that act together."""
        return frozenset(r for member in self.members for r in self.regions[member])

    @property
    def others(self) -> frozenset[str]:
        """Regions of members that are not in it."""
        return frozenset(r for regions in self.regions.values() for r in regions) - self.own

    def offers(self, payer: str, region: str) -> bool:
        """Whether it can have what somebody pays for and what stands in a region."""
        if payer in self.regions:
            return payer in self.members
        if any(payer in regions for regions in self.regions.values()):
            return payer in self.own
        return region not in self.others

    def __call__(self, data: PlanData) -> PlanData:
        """What it plans with."""
        if not self.members:
            return reference_data(data)
        plain = without_measures(data)
        caps = {
            name: replace(cap, regions=tuple(r for r in cap.regions if r in self.own))
            for name, cap in data.caps.items()
        }
        piles = {name: self._covered(pile, plain.stockpiles[name]) for name, pile in data.stockpiles.items()}
        return replace(
            plain,
            caps={name: cap for name, cap in caps.items() if cap.regions},
            stockpiles=piles,
            budgets=data.budgets,
            projects={
                name: p
                for name, p in data.projects.items()
                if not p.public or p.committed_year is not None or self.offers(p.payer, p.region)
            },
            floors={
                name: f
                for name, f in data.floors.items()
                if f.committed_year is not None or self.offers(f.payer, data.units[f.project].region)
            },
            contracts={
                name: c
                for name, c in data.contracts.items()
                if c.committed_year is not None or self.offers(c.payer, data.region_of(c.supplier))
            },
        )

    def _covered(self, pile: Stockpile, plain: Stockpile) -> Stockpile:
        covers = tuple(region for region in pile.covers if region in self.own)
        return replace(pile, covers=covers) if pile.region in self.own and covers else plain


def regions_of(data: PlanData, members: Iterable[str]) -> dict[str, frozenset[str]]:
    """The regions of each member: of a region itself, of a group all of it. Empty where there is no such name."""
    found = {}
    for name in members:
        found[name] = frozenset(r for r, region in data.regions.items() if name in (r, region.group))
    return found
