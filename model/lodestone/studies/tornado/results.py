"""What a tornado found: groups of figures, what their being higher or lower costs, flips and breaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from lodestone.plan.formatting import in_words, musd, share
from lodestone.plan.shapes import COUNT, FLAG, NUMBER, TEXT, ListOf, OrBlank, Part
from lodestone.plan.tables import Document

MOST_NEXT = 5  # things to find out next
CLIFF_SHARE = 0.01  # of the cost: more than this beyond the first look is a cliff


@dataclass(frozen=True)
class Side:
    """The figures times a factor. screened_musd: the first look, with the plan as it is. breaks: rules that the plan's
    decisions break then. extra_musd: after another solve, None where there was none or no plan; message: why."""

    factor: float
    screened_musd: float
    breaks: tuple[str, ...] = ()
    solved: bool = False
    extra_musd: float | None = None
    flips: tuple[str, ...] = ()
    message: str = ""

    @property
    def no_plan(self) -> bool:
        """Whether it was solved, and there is no plan."""
        return self.solved and self.extra_musd is None

    def is_cliff(self, cost: float) -> bool:
        """Whether the plan breaks: no plan is left, its decisions do not hold, or it costs far more than it seemed."""
        if self.no_plan or self.breaks:
            return True
        beyond = 0.0 if self.extra_musd is None else abs(self.extra_musd) - 2 * abs(self.screened_musd)
        return beyond > CLIFF_SHARE * abs(cost)


@dataclass(frozen=True)
class Bar:
    """A group of figures. cells: where they stand."""

    sheet: str
    column: str
    source: str
    cells: str
    figures: int
    illustrative: bool
    low: Side
    high: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Lower and higher."""
        return self.low, self.high

    @property
    def name(self) -> str:
        """What is changed: 'operating_cost_usd_per_kg (Projects!I44:I47)'."""
        return f"{self.column} ({self.cells})"

    @property
    def breaks(self) -> frozenset[str]:
        """What of the plan does not hold when they are higher or lower."""
        return frozenset(name for side in self.sides for name in side.breaks)

    @property
    def swing(self) -> float:
        """The largest change of cost that is known, MUSD."""
        return max(abs(s.screened_musd if s.extra_musd is None else s.extra_musd) for s in self.sides)


@dataclass(frozen=True)
class Tornado:
    """bars: what matters most first: cliffs, those solved again before others, then by cost."""

    workbook: str
    plan_name: str
    scenario: str
    by: float
    only: str
    cost_musd: float
    gap_musd: float
    bars: tuple[Bar, ...]
    remarks: tuple[str, ...] = ()

    def cliffs(self) -> list[Bar]:
        """Those with which the plan breaks, in their order."""
        return [bar for bar in self.bars if self.is_cliff(bar)]

    def is_cliff(self, bar: Bar) -> bool:
        """Whether the plan breaks where these figures are others."""
        return any(side.is_cliff(self.cost_musd) for side in bar.sides)

    def next_to_find_out(self) -> list[Bar]:
        """What is worth a phone call: cliffs, those first whose figures are nobody's and that break most; of several
        that break the same, one. Then what moves the cost most, as far as that is more than what is not proved of it:
        a first look does not know that well enough."""
        cliffs = [bar for bar in self.bars if self.is_cliff(bar)]
        cliffs.sort(key=lambda bar: (not bar.illustrative, -len(bar.breaks), -bar.swing))
        others = [b for b in self.bars if not self.is_cliff(b) and b.low.solved and b.swing > self.gap_musd]
        return [*one_of_each(cliffs), *sorted(others, key=lambda bar: -bar.swing)][:MOST_NEXT]


def one_of_each(bars: Iterable[Bar]) -> list[Bar]:
    """The first of those that break the same decisions; all that break none."""
    seen: set[frozenset[str]] = set()
    kept = []
    for bar in bars:
        if not bar.breaks or bar.breaks not in seen:
            kept.append(bar)
        seen.add(bar.breaks)
    return kept


def finding(bar: Bar, cost: float) -> str:
    """A sentence for the planner."""
    said = []
    for side in bar.sides:
        change = f"{share(abs(side.factor - 1))} {'more' if side.factor > 1 else 'less'}"
        cliff = "a cliff: " if side.is_cliff(cost) else ""
        if side.no_plan:
            said.append(f"{change}: {cliff}no plan ({side.message})")
        elif side.solved and side.extra_musd is not None:
            flips = f", other decisions: {in_words(side.flips, 4)}" if side.flips else ""
            less_or_more = "more" if side.extra_musd >= 0 else "less"
            said.append(f"{change}: {cliff}{musd(abs(side.extra_musd))} {less_or_more}{flips}")
        elif side.breaks:
            said.append(f"{change}: {cliff}the plan does not hold ({in_words(side.breaks, 3)})")
        else:
            said.append(f"{change}: about {musd(side.screened_musd)}")
    return "; ".join(said)


def advice(found: Tornado) -> list[str]:
    """What to find out next, in words: the most important first."""
    lines = []
    for bar in found.next_to_find_out():
        whose = ", illustrative" if bar.illustrative else f", from {bar.source}" if bar.source else ", without a source"
        lines.append(f"{bar.name}{whose}: {finding(bar, found.cost_musd)}.")
    return lines or ["No figure that was solved again moves the cost by more than what is not proved of it."]


_SIDE = Part(
    {
        **{"factor": NUMBER, "screened_musd": NUMBER, "solved": FLAG, "extra_musd": OrBlank(NUMBER)},
        **{"breaks": ListOf(TEXT), "flips": ListOf(TEXT), "message": TEXT},
    }
)
SHAPE = Part(
    {
        **dict.fromkeys(("workbook", "plan_name", "scenario", "only"), TEXT),
        **{"by": NUMBER, "cost_musd": NUMBER, "gap_musd": NUMBER, "remarks": ListOf(TEXT), "next": ListOf(TEXT)},
        "bars": ListOf(
            Part(
                {
                    **dict.fromkeys(("sheet", "column", "source", "cells", "finding"), TEXT),
                    **{"figures": COUNT, "illustrative": FLAG, "cliff": FLAG, "swing_musd": NUMBER},
                    **{"low": _SIDE, "high": _SIDE},
                }
            ),
            "bar",
        ),
    }
)


def document(found: Tornado) -> Document:
    """What tornado.json holds."""
    bars = [
        {
            **asdict(bar),
            "swing_musd": bar.swing,
            "cliff": found.is_cliff(bar),
            "finding": finding(bar, found.cost_musd),
        }
        for bar in found.bars
    ]
    return {**asdict(found), "bars": bars, "remarks": list(found.remarks), "next": advice(found)}
