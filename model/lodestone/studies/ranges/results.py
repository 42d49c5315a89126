"""Ranges: the least and the most of figures among plans that cost no more than a limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lodestone.plan.formatting import share_at_most
from lodestone.plan.tables import Document

HELD, FREE = "held", "free"
EXPOSED, SHORT, TERM, PAYER = "exposed share", "short", "cost term", "payer"
USE, STOCK, ORIGIN = "use of plant", "average stock", "flow by origin"


@dataclass(frozen=True)
class Range:
    """One figure. decisions: held as in the plan, or free. least, most: None where nothing limits it. proved: whether
    no plan within the limit goes further; always so with decisions held."""

    figure: str
    of: str
    unit: str
    decisions: str
    plan: float
    least: float | None
    most: float | None
    proved: bool = True

    @property
    def can_move(self) -> bool:
        """By more than rounding."""
        room = 1e-6 * max(1.0, abs(self.plan))
        return self.least is None or self.most is None or self.most - self.least > room


@dataclass(frozen=True)
class Ranges:
    """limit_musd: what the dearest plan costs that counts."""

    workbook: str
    plan_name: str
    run: str
    scenario: str
    within: float
    cost_musd: float
    limit_musd: float
    ranges: tuple[Range, ...]
    remarks: tuple[str, ...] = ()


def notes(found: Ranges) -> list[str]:
    """What is to be said of all."""
    lines = []
    for decisions, what in ((HELD, "with decisions as they are"), (FREE, "with decisions free")):
        of = [r for r in found.ranges if r.decisions == decisions]
        if of:
            firm = sum(not r.can_move for r in of)
            lines.append(
                f"{firm} of {len(of)} figures are the same in every plan within {share_at_most(found.within)}, {what}."
            )
    return [*lines, *found.remarks]


def document(found: Ranges) -> Document:
    """What ranges.json holds."""
    return {**asdict(found), "ranges": [asdict(r) for r in found.ranges], "remarks": list(found.remarks)}
