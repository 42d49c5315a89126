"""What a frontier is made of: points, the least attainable shares, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from lodestone.plan.formatting import musd, share
from lodestone.plan.shapes import FLAG, NUMBER, TEXT, WHOLE, ListOf, MapOf, Part, Shape
from lodestone.plan.tables import Document

NOISE = 1e-12  # a gap below it is rounding


@dataclass(frozen=True)
class Least:
    """The least share that any plan attains under a cap in a year, when that year alone matters.

    share None: there is no plan even without this cap. proved: else a plan attains it, but perhaps less is possible.
    """

    cap: str
    year: int
    share: float | None
    limit: float  # of the workbook
    proved: bool = True


@dataclass(frozen=True)
class Point:
    """One solve. scale: the allowed share (of a named cap), or the factor on all; objective None: see message.

    builds: project -> decision years. beyond: what cannot be attained of that point's limits.
    """

    scale: float
    objective_musd: float | None = None
    bound_musd: float | None = None
    builds: Mapping[str, Sequence[int]] | None = None
    message: str = ""
    beyond: tuple[Least, ...] = ()

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost; None where either is unknown."""
        if self.objective_musd is None or self.bound_musd is None:
            return None
        gap = (self.objective_musd - self.bound_musd) / max(abs(self.objective_musd), 1e-9)
        return gap if gap > NOISE else 0.0

    @property
    def cost(self) -> float:
        """Of a point that has a plan."""
        return math.nan if self.objective_musd is None else self.objective_musd

    @property
    def slack_musd(self) -> float:
        """By how much the least cost may lie below the objective."""
        return math.nan if self.bound_musd is None else self.cost - self.bound_musd


@dataclass(frozen=True)
class Step:
    """From one point to the next tighter one. price: MUSD per percentage point of share (or of scale).

    within_gap: the two costs may be the same, as far as is proved. changes: decisions that differ, in words.
    """

    from_scale: float
    to_scale: float
    price_musd: float
    within_gap: bool
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Frontier:
    """points: from the loosest to the tightest. cap None: all rows of ChinaShare are scaled together."""

    workbook: str
    plan_name: str
    scenario: str
    cap: str | None
    from_year: int | None  # limits are moved from this year on; None: in all years in force
    sets: tuple[str, ...]
    least_attainable: tuple[Least, ...]
    points: tuple[Point, ...]
    remark: str = ""  # where it does not begin with the first year

    @property
    def scale_name(self) -> str:
        """What was allowed, as the heading of a column."""
        return f"Allowed share of {self.cap}" if self.cap else "Factor on all allowed shares"

    @property
    def found(self) -> tuple[Point, ...]:
        """The points with a plan."""
        return tuple(point for point in self.points if point.objective_musd is not None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """From each point with a plan to the next."""
        return tuple(_step(loose, tight) for loose, tight in pairwise(self.found))


STEEP = 2.0  # times the price of a point before, for a knee


def knee(frontier: Frontier) -> str:
    """Where the price of a point jumps most, in words; "" where it nowhere doubles."""
    steps = frontier.steps
    jumps = [
        (after.price_musd - before.price_musd, n)
        for n, (before, after) in enumerate(pairwise(steps))
        if not after.within_gap and after.price_musd > STEEP * max(before.price_musd, 0.0) + NOISE
    ]
    if not jumps:
        return ""
    _, n = max(jumps)
    before, after = max(step.price_musd for step in steps[: n + 1]), steps[n + 1]
    dear = f"each point below it costs {musd(after.price_musd)}, down to {share(after.to_scale)}"
    if before <= NOISE:
        return f"Down to {share(after.from_scale)} a point costs nothing; {dear}."
    return f"Down to {share(after.from_scale)} a point costs at most {musd(before)}; {dear}."


def _step(loose: Point, tight: Point) -> Step:
    rise = tight.cost - loose.cost
    price = rise / ((loose.scale - tight.scale) * 100)
    within_gap = rise <= max(loose.slack_musd, tight.slack_musd) + 1e-6
    return Step(loose.scale, tight.scale, price, within_gap, tuple(_changes(loose.builds or {}, tight.builds or {})))


def _changes(before: Mapping[str, Sequence[int]], after: Mapping[str, Sequence[int]]) -> list[str]:
    changes = []
    for project in dict.fromkeys([*before, *after]):
        old, new = years(before.get(project)), years(after.get(project))
        if old and new and old != new:
            changes.append(f"{project} {old} -> {new}")
        elif old != new:
            changes.append(f"+ {project} {new}" if new else f"- {project} {old}")
    return changes


def years(decided: Sequence[int] | None) -> str:
    """Years of decision as they stand in a cell."""
    return ", ".join(map(str, decided or ()))


LEAST: dict[str, Shape] = {"cap": TEXT, "year": WHOLE, "share": NUMBER.or_blank()}
POINT: dict[str, Shape] = {
    "scale": NUMBER,
    **dict.fromkeys(("objective_musd", "bound_musd", "gap"), NUMBER.or_blank()),
    "builds": MapOf(ListOf(WHOLE)),
    "message": TEXT,
    "beyond": ListOf(Part(LEAST)),
}
STEP: dict[str, Shape] = {
    **dict.fromkeys(("from_scale", "to_scale"), NUMBER),
    "price_musd_per_point": NUMBER.or_blank(),
    "within_gap": FLAG,
    "changes": ListOf(TEXT),
}
SHAPE = Part(
    {
        **dict.fromkeys(("workbook", "plan_name", "scenario"), TEXT),
        "cap": TEXT.or_blank(),
        "from_year": WHOLE.or_blank(),
        "sets": ListOf(TEXT),
        "least_attainable": ListOf(Part({**LEAST, "limit": NUMBER, "proved": FLAG})),
        "points": ListOf(Part(POINT), "point"),
        "steps": ListOf(Part(STEP), "step"),
    }
)


def document(frontier: Frontier) -> Document:
    """What frontier.json holds."""
    return {
        **asdict(frontier),
        "knee": knee(frontier),
        "points": [
            {
                **asdict(p),
                "gap": p.gap,
                "builds": p.builds or {},
                "beyond": [{"cap": x.cap, "year": x.year, "share": x.share} for x in p.beyond],
            }
            for p in frontier.points
        ],
        "steps": [
            {"price_musd_per_point" if name == "price_musd" else name: value for name, value in asdict(s).items()}
            for s in frontier.steps
        ],
    }
