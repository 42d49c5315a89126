"""What each cost term comes to in each year, and who pays: the figures of sheet Costs and of the charts of cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS


@dataclass(frozen=True)
class CostMatrix:
    """Undiscounted MUSD. by_term: (payer, term) -> by year, terms that are counted, in the order of the breakdown."""

    years: range
    by_term: Mapping[tuple[str, str], list[float]]

    @property
    def by_payer(self) -> dict[str, list[float]]:
        """Payer -> MUSD by year; every payer, also one who pays nothing."""
        return {
            payer: self._added_up([values for (who, _), values in self.by_term.items() if who == payer])
            for payer in PAYERS
        }

    @property
    def total(self) -> list[float]:
        """MUSD by year."""
        return self._added_up(list(self.by_term.values()))

    def _added_up(self, lines: list[list[float]]) -> list[float]:
        return [sum(values) for values in zip(*lines, strict=True)] if lines else [0.0] * len(self.years)


def cost_matrix(plan: Plan) -> CostMatrix:
    """Of a plan; of one for several futures, each weighted by its probability."""
    first, last = plan.horizon
    years = range(first, last + 1)
    by_term: dict[str, list[float]] = {}
    weight, counted = figures.weight(plan), figures.is_counted(plan)
    for row in plan.rows("costs"):
        if counted(row):
            values = by_term.setdefault(row["term"], [0.0] * len(years))
            values[row["year"] - first] += weight(row) * row["musd"]
    return CostMatrix(years, {(COST_TERMS[term], term): by_term[term] for term in COST_TERMS if term in by_term})
